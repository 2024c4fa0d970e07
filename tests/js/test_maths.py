"""Math: where JavaScript's rules are its own, and node's opinion of the rest."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bindgen_patch import js
from bindgen_patch.js import maths
from bindgen_patch.js.primitives import number, number_to_string

from .oracle import ask, doubles, needs_node

quick = settings(deadline=None, max_examples=100)
F = maths.FUNCTIONS
NAN, INF = math.nan, math.inf


@pytest.mark.parametrize(
    ("name", "args", "value"),
    [
        ("max", (), -INF),
        ("min", (), INF),
        ("max", (-0.0, 0), 0.0),
        ("max", (0, -0.0), 0.0),
        ("min", (0, -0.0), -0.0),
        ("max", (1, NAN, 3), NAN),
        ("min", ("3", js.null, True), 0),
        ("round", (0.49999999999999994,), 0),
        ("round", (-0.5,), -0.0),
        ("round", (-0.2,), -0.0),
        ("round", (2.5,), 3),
        ("round", (-2.5,), -2),
        ("round", (4503599627370495.5,), 4503599627370496),
        ("round", (-4503599627370495.5,), -4503599627370495),
        ("round", (-1e-20,), -0.0),
        ("ceil", (-0.9,), -0.0),
        ("floor", (-0.0,), -0.0),
        ("trunc", (-0.9,), -0.0),
        ("floor", (1e300,), 1e300),
        ("ceil", (INF,), INF),
        ("sign", (-0.0,), -0.0),
        ("sign", (-7,), -1),
        ("sign", (NAN,), NAN),
        ("abs", (-0.0,), 0.0),
        ("abs", (), NAN),
        ("clz32", (0,), 32),
        ("clz32", (-1,), 0),
        ("clz32", (0.5,), 32),
        ("imul", (0xFFFFFFFF, 5), -5),
        ("imul", (0x7FFFFFFF, 0x7FFFFFFF), 1),
        ("imul", (), 0),
        ("fround", (5.05,), 5.050000190734863),
        ("fround", (1e40,), INF),
        ("fround", (-1e-50,), -0.0),
        ("fround", (2**53,), 2**53),
        ("f16round", (5.05,), 5.05078125),
        ("f16round", (65520,), INF),
        ("f16round", (65519,), 65504),
        ("f16round", (2.0**-25,), 0.0),
        ("f16round", (2.98e-8 * 1.1,), 2.0**-24),
        ("hypot", (), 0),
        ("hypot", (3, 4), 5),
        ("hypot", (NAN, -INF), INF),
        ("hypot", (-0.0,), 0.0),
        ("log", (0,), -INF),
        ("log", (-1,), NAN),
        ("log1p", (-1,), -INF),
        ("log1p", (-2,), NAN),
        ("log2", (8,), 3),
        ("log10", (-0.0,), -INF),
        ("atanh", (1,), INF),
        ("atanh", (-1,), -INF),
        ("atanh", (2,), NAN),
        ("acosh", (0.5,), NAN),
        ("exp", (1000,), INF),
        ("sinh", (-1000,), -INF),
        ("cosh", (-1000,), INF),
        ("expm1", (-0.0,), -0.0),
        ("cbrt", (-27,), -3),
        ("sqrt", (-0.0,), -0.0),
        ("sqrt", (-1,), NAN),
        ("sin", (INF,), NAN),
        ("pow", (1, INF), NAN),
        ("pow", (2, 0.5), math.sqrt(2)),
        ("pow", (-0.0, -1), -INF),
        ("atan2", (-0.0, -1), -math.pi),
    ],
)
def test_the_corners(name: str, args: tuple[Any, ...], value: float) -> None:
    result = F[name](*args)
    assert math.isnan(result) if math.isnan(value) else result == value
    assert math.copysign(1, result) == math.copysign(1, value) or math.isnan(value)


@pytest.mark.parametrize("name", [name for name in F if name != "random"])
def test_bigints_and_symbols_are_no_numbers(name: str) -> None:
    for argument in (js.BigInt(1), js.Symbol("s")):
        with pytest.raises(js.TypeError):
            F[name](argument)


@quick
@given(st.floats(allow_nan=False))
def test_whole_numbers_come_out_as_ints(value: float) -> None:
    for name in ("floor", "ceil", "round", "trunc"):
        result = F[name](value)
        assert abs(result - value) <= 1 or result == value
        assert isinstance(result, int) == (abs(result) <= 2**53 and str(result) != "-0.0")


def test_random_is_in_its_interval() -> None:
    assert all(0 <= F["random"]() < 1 for _ in range(1000))


@needs_node
def test_math_as_node_has_it() -> None:
    """To the digit where the standard says how, to four units in the last place where it does not."""
    exact = {"abs", "ceil", "clz32", "floor", "fround", "imul", "max", "min", "round", "sign", "sqrt", "trunc"}
    rng = random.Random(22)
    questions: list[tuple[str, str, float]] = []
    for value in [*map(number, doubles(22, 400)), -0.0, 0, 1, -1, 0.5, -0.5, 710, -710]:
        for name in F.keys() - {"random", "f16round"}:
            args = (value, number(rng.choice(doubles(23, 50)))) if name in ("atan2", "hypot", "imul", "max", "min", "pow") else (value,)
            questions.append((name, f"Math.{name}({', '.join(map(repr, args))})", F[name](*args)))
    for (name, source, ours), answer in zip(questions, ask([source for _, source, _ in questions]), strict=True):
        kind, _, theirs = answer.partition(" ")
        assert kind == "number"
        shown = "-0" if ours == 0 and math.copysign(1, ours) < 0 else number_to_string(ours)
        near = name not in exact and abs(ours - float(theirs)) <= 4 * math.ulp(ours) if shown != theirs else True
        assert near, (source, shown, theirs)
