"""Operators, equality and conversions: every pair of interesting values, and some thousands of random ones, against node."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable
from typing import Any

import pytest

from bindgen_patch import js
from bindgen_patch.js import builtins, model, operators
from bindgen_patch.js.primitives import MAX_BIGINT_BITS, is_bigint

from .oracle import ATOMS, Same, ask, needs_node, show, values

BINARY: dict[str, Callable[[Any, Any], object]] = {
    "+": operators.add,
    "-": operators.sub,
    "*": operators.mul,
    "/": operators.div,
    "%": operators.rem,
    "&": operators.bit_and,
    "|": operators.bit_or,
    "^": operators.bit_xor,
    "<<": operators.shl,
    ">>": operators.shr,
    ">>>": operators.unsigned_shr,
    "<": operators.lt,
    "<=": operators.le,
    ">": operators.gt,
    ">=": operators.ge,
    "==": model.loose_equal,
    "===": model.strict_equal,
}
UNARY: dict[str, Callable[[Any], object]] = {
    "-{}": operators.neg,
    "~{}": operators.bit_not,
    "+{}": model.to_number,
    "`${{{}}}`": model.to_string,
    "typeof {}": model.typeof,
    "!!{}": model.truthy,
    "Number({})": builtins.GLOBALS["Number"],
    "BigInt({})": builtins.GLOBALS["BigInt"],
    "String({})": builtins.GLOBALS["String"],
    "Array.isArray({})": builtins.GLOBALS["Array"]["isArray"],
    "{} instanceof Object": lambda value: model.instanceof(value, builtins.GLOBALS["Object"]),
    "{} instanceof Error": lambda value: model.instanceof(value, js.Error),
}


def differences(questions: list[tuple[str, Callable[..., object], tuple[Same, ...]]]) -> list[str]:
    """What node answers otherwise than we do."""
    answers = ask([source for source, _, _ in questions])
    ours = [show(function, *(same.value for same in operands)) for _, function, operands in questions]
    return [
        f"{source}: node says {theirs!r}, we say {mine!r}"
        for (source, _, _), theirs, mine in zip(questions, answers, ours, strict=True)
        if theirs != mine
    ]


def comparable_with_node(op: str, a: Same, b: Same) -> bool:
    """Whether node's answer is the standard's, and ours to give."""
    if op in ("==", "===") and a is b:
        return model.typeof(a.value) not in ("object", "function", "symbol") or a.value is js.null  # one in Python, two in the expression
    if op in ("<<", ">>") and isinstance(b.value, js.BigInt):
        return abs(b.value) < 1000  # larger ones are refused; see below
    if op in ("<", "<=", ">", ">="):
        # V8 compares a bigint with an object's text as numbers (`5n > ["2.0"]`); in ECMA-262 such text is no bigint.
        return model.is_primitive(a.value) == model.is_primitive(b.value) or not is_bigint(a.value) | is_bigint(b.value)
    return True


@needs_node
def test_every_operator_on_every_pair_of_interesting_values() -> None:
    triples = itertools.product(ATOMS, ATOMS, BINARY)
    assert not differences([(f"{a} {op} {b}", BINARY[op], (a, b)) for a, b, op in triples if comparable_with_node(op, a, b)])


@needs_node
def test_operators_on_random_pairs() -> None:
    some = values(20, 3000)
    rng = random.Random(21)
    triples = [(rng.choice(some), rng.choice(some), rng.choice(list(BINARY))) for _ in range(8000)]
    assert not differences([(f"{a} {op} {b}", BINARY[op], (a, b)) for a, b, op in triples if comparable_with_node(op, a, b)])


@needs_node
@pytest.mark.parametrize("form", UNARY)
def test_conversions(form: str) -> None:
    assert not differences([(form.format(value), UNARY[form], (value,)) for value in [*ATOMS, *values(22, 1000)]])


@needs_node
def test_powers_of_bigints() -> None:
    some = [value for value in ATOMS if isinstance(value.value, js.BigInt) and abs(value.value) < 100]
    pairs = itertools.product(some, [*some, *ATOMS[:6]])
    assert not differences([(f"{a} ** {b}", operators.pow, (a, b)) for a, b in pairs])


@needs_node
def test_powers_of_numbers() -> None:
    """The last digits are the implementation's own business, says ECMA-262."""
    some = [value for value in [*ATOMS, *values(23, 100)] if not isinstance(value.value, js.BigInt | js.Symbol)]
    pairs = list(itertools.product(some, some))
    for (a, b), theirs in zip(pairs, ask([f"{a} ** {b}" for a, b in pairs]), strict=True):
        mine = show(operators.pow, a.value, b.value)
        if mine != theirs:
            left, right = (float(side.removeprefix("number ").replace("Infinity", "inf")) for side in (mine, theirs))
            assert math.isclose(left, right, rel_tol=1e-13), f"{a} ** {b}: node says {theirs}, we say {mine}"


def test_equality_of_what_is_the_same_object() -> None:
    class Thing(js.HostObject):
        def method(self) -> None: ...

    thing, other = Thing(), Thing()
    for equal in (model.strict_equal, model.loose_equal):
        for value in ([], {}, thing, len, print, js.Error("x"), js.Symbol()):
            assert equal(value, value)
        assert not equal([], [])
        assert not equal({}, {})
        assert equal(model.get(thing, "method"), model.get(thing, "method"))
        assert not equal(model.get(thing, "method"), model.get(other, "method"))
        assert not equal(1, True) or equal is model.loose_equal
        assert not equal(math.nan, math.nan)
        assert equal(0.0, -0.0)


def test_equal_python_objects_are_not_equal_to_a_guest() -> None:
    """``__eq__`` of a host object is the host's own code."""

    class Agrees:
        def __eq__(self, other: object) -> bool:
            raise AssertionError("a guest ran this")

        __hash__ = None  # type: ignore[assignment]

    for equal in (model.strict_equal, model.loose_equal):
        assert not equal(Agrees(), Agrees())
        assert not equal(Agrees(), 5)


@pytest.mark.parametrize(
    "compute",
    [
        lambda: operators.shl(js.BigInt(1), js.BigInt(MAX_BIGINT_BITS + 1)),
        lambda: operators.shl(js.BigInt(1), js.BigInt(10**40)),
        lambda: operators.shr(js.BigInt(1), js.BigInt(-(10**40))),
        lambda: operators.pow(js.BigInt(2), js.BigInt(10**40)),
        lambda: operators.pow(js.BigInt(10**300), js.BigInt(10**6)),
        lambda: operators.mul(js.BigInt(1 << 200_000), js.BigInt(1 << 200_000)),
    ],
)
def test_bigints_end_somewhere(compute: Callable[[], object]) -> None:
    with pytest.raises(js.RangeError):
        compute()


def test_large_shifts_that_are_no_problem() -> None:
    assert operators.shl(js.BigInt(0), js.BigInt(10**40)) == 0
    assert operators.shr(js.BigInt(5), js.BigInt(10**40)) == 0
    assert operators.shr(js.BigInt(-5), js.BigInt(10**40)) == -1
    assert operators.shl(js.BigInt(-5), js.BigInt(-(10**40))) == -1
    assert operators.pow(js.BigInt(-1), js.BigInt(10**40 + 1)) == -1


def test_a_plain_int_beyond_2_to_the_53_is_a_bigint() -> None:
    assert operators.add(2**60, js.BigInt(1)) == 2**60 + 1
    with pytest.raises(js.TypeError, match="Cannot mix BigInt"):
        operators.add(2**60, 1)


def test_integral_results_are_ints() -> None:
    assert [type(operators.add(a, b)) for a, b in ((1, 2), (0.5, 0.5), (2**53, 2**53))] == [int, int, float]
    assert math.copysign(1, operators.neg(0)) == -1  # type: ignore[arg-type]
