"""Number and BigInt: examples from node, properties, and node itself where it is installed."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bindgen_patch import js
from bindgen_patch.js import numbers
from bindgen_patch.js.primitives import MAX_BIGINT_BITS, number

from .oracle import ask, doubles, needs_node, show

quick = settings(deadline=None, max_examples=100)
safe = st.integers(-(2**53), 2**53)
radices = st.integers(2, 36)


@pytest.mark.parametrize(
    ("value", "radix", "text"),
    [
        (255, 16, "ff"),
        (-255, 36, "-73"),
        (0, 2, "0"),
        (-0.0, 2, "0"),
        (0.5, 2, "0.1"),
        (-0.1, 3, "-0.0022002200220022002200220022002201"),
        (0.1, 36, "0.3lllllllllm"),
        (1e21, 7, "5135235413265003022600000"),
        (2.0**60, 36, "8rc4kbdvss00"),
        (4.678153968330621e16, 27, "8b5lidpg41np"),
        (0.9999999999999999, 3, "0.222222222222222222222222222222222"),
        (math.nan, 2, "NaN"),
        (-math.inf, 36, "-Infinity"),
        (1e21, None, "1e+21"),
        (7, "2", "111"),
    ],
)
def test_to_string_in_a_radix(value: float, radix: object, text: str) -> None:
    assert numbers.to_string(value, radix) == text


@quick
@given(safe, radices)
def test_integers_read_back_in_every_radix(value: int, radix: int) -> None:
    assert numbers.parse_int(numbers.to_string(value, radix), radix) == value


@quick
@given(st.integers(-(2**2000), 2**2000), radices)
def test_bigints_read_back_in_every_radix(value: int, radix: int) -> None:
    assert int(numbers.bigint_text(js.BigInt(value), radix), radix) == value


def test_the_longest_bigint_has_its_text_soon() -> None:
    value = js.BigInt((1 << MAX_BIGINT_BITS) - 1)
    assert len(numbers.bigint_text(value, 3)) == 165395
    assert numbers.bigint_text(value, 16) == "f" * (MAX_BIGINT_BITS // 4)


@pytest.mark.parametrize("radix", [1, 37, 0, -2, math.inf, math.nan, js.null])
def test_radices_that_are_none(radix: object) -> None:
    for function, value in ((numbers.to_string, 1), (numbers.bigint_text, js.BigInt(1))):
        with pytest.raises(js.RangeError, match="radix"):
            function(value, radix)


@pytest.mark.parametrize(
    ("value", "digits", "fixed", "exponential", "precision"),
    [
        (0, 2, "0.00", "0.00e+0", "0.0"),
        (-0.0, 1, "0.0", "0.0e+0", "0"),
        (1.005, 2, "1.00", "1.00e+0", "1.0"),
        (2.5, 1, "2.5", "2.5e+0", "3"),
        (-1.5, 1, "-1.5", "-1.5e+0", "-2"),
        (0.000001, 7, "0.0000010", "1.0000000e-6", "0.000001000000"),
        (-0.0000001, 2, "-0.00", "-1.00e-7", "-1.0e-7"),
        (123456, 2, "123456.00", "1.23e+5", "1.2e+5"),
        (1e21, 2, "1e+21", "1.00e+21", "1.0e+21"),
        (99.99, 1, "100.0", "1.0e+2", "1e+2"),
        (1e23, 5, "1e+23", "1.00000e+23", "1.0000e+23"),
        (0.1, 21, "0.100000000000000005551", "1.000000000000000055511e-1", "0.100000000000000005551"),
        (math.nan, 3, "NaN", "NaN", "NaN"),
        (-math.inf, 3, "-Infinity", "-Infinity", "-Infinity"),
    ],
)
def test_digits_on_demand(value: float, digits: int, fixed: str, exponential: str, precision: str) -> None:
    assert numbers.to_fixed(value, digits) == fixed
    assert numbers.to_exponential(value, digits) == exponential
    assert numbers.to_precision(value, digits) == precision


def test_digits_nobody_asked_for() -> None:
    assert numbers.to_fixed(2.5) == "3"
    assert numbers.to_exponential(123.456) == "1.23456e+2"
    assert numbers.to_exponential(0) == "0e+0"
    assert numbers.to_precision(1e21) == "1e+21"


@pytest.mark.parametrize(
    ("function", "digits"),
    [
        (numbers.to_fixed, 101),
        (numbers.to_fixed, -1),
        (numbers.to_exponential, 101),
        (numbers.to_precision, 0),
        (numbers.to_precision, 101),
    ],
)
def test_digits_have_their_limits(function: Callable[..., str], digits: int) -> None:
    with pytest.raises(js.RangeError, match="must be between"):
        function(1.5, digits)


def test_infinity_comes_before_the_limit_of_digits_but_for_to_fixed() -> None:
    assert numbers.to_exponential(math.inf, 1000) == numbers.to_precision(math.inf, 1000) == "Infinity"
    with pytest.raises(js.RangeError):
        numbers.to_fixed(math.inf, 1000)


@quick
@given(st.floats(-1e20, 1e20), st.integers(0, 20))
def test_to_fixed_is_the_nearest_decimal(value: float, digits: int) -> None:
    text = Decimal(numbers.to_fixed(value, digits))
    assert abs(text - Decimal(value)) <= Decimal(5).scaleb(-digits - 1)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1234567.8915, "1,234,567.892"),
        (1.0005, "1.001"),
        (-0.0, "-0"),
        (-0.0001, "-0"),
        (100, "100"),
        (999.9999, "1,000"),
        (1e21, "1,000,000,000,000,000,000,000"),
        (5e-324, "0"),
        (math.nan, "NaN"),
        (-math.inf, "-∞"),
    ],
)
def test_locale_text(value: float, text: str) -> None:
    assert numbers.to_locale_string(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (-123, "-123"), (1234, "1,234"), (-(10**6), "-1,000,000"), (10**20, "1" + ",000" * 6 + "00")]
)
def test_locale_text_of_bigints(value: int, text: str) -> None:
    expected = f"{value:,}"
    assert numbers.bigint_locale_text(js.BigInt(value)) == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3.14abc", 3.14),
        ("\ufeff -.5e1x", -5),
        ("1e", 1),
        ("1e+", 1),
        ("5.", 5),
        ("Infinityx", math.inf),
        ("1_000", 1),
        ("1e1000", math.inf),
        (True, math.nan),
        ("", math.nan),
        (".", math.nan),
        ("inf", math.nan),
        ("\u0663", math.nan),
    ],
)
def test_parse_float(text: object, value: float) -> None:
    assert repr(float(numbers.parse_float(text))) == repr(float(value))


@pytest.mark.parametrize(
    ("text", "radix", "value"),
    [
        ("42px", None, 42),
        (" -0x1F", None, -31),
        ("0x1f", 10, 0),
        ("0x1f", 16, 31),
        ("010", None, 10),
        ("12", 3, 5),
        ("zZ", 36, 1295),
        ("9" * 400, None, math.inf),
        ("1" * 40, 3, (3**40 - 1) / 2),
        ("z" * 5000, 36, math.inf),
        ("0" * 5000 + "7", 9, 7),
        ("11", 2**32 + 2, 3),
        ("", None, math.nan),
        ("-", None, math.nan),
        ("2", 2, math.nan),
        ("1", 1, math.nan),
        ("1", 37, math.nan),
        ("\u0663", None, math.nan),
        (None, None, math.nan),
        (1e21, None, 1),
        (js.null, 36, 1112745),
    ],
)
def test_parse_int(text: object, radix: object, value: float) -> None:
    assert numbers.parse_int(text, radix) == pytest.approx(value, rel=0, nan_ok=True)


def test_negative_zero_is_read() -> None:
    for result in (numbers.parse_int("-0"), numbers.parse_float("-0.0")):
        assert math.copysign(1, result) == -1


def test_the_statics_convert_nothing_and_the_globals_do() -> None:
    assert not numbers.STATICS["isFinite"]("1")
    assert numbers.GLOBALS["isFinite"]("1")
    assert not numbers.STATICS["isNaN"]("x")
    assert numbers.GLOBALS["isNaN"]("x")
    assert numbers.STATICS["isInteger"](5.0)
    assert not numbers.STATICS["isInteger"](True)
    assert numbers.STATICS["isSafeInteger"](2**53 - 1)
    assert not numbers.STATICS["isSafeInteger"](2**53)
    assert not numbers.STATICS["isFinite"](js.BigInt(1))
    assert numbers.CONSTANTS["EPSILON"] == 2**-52


@pytest.mark.parametrize(
    ("bits", "value", "signed", "unsigned"),
    [(8, 255, -1, 255), (8, -129, 127, 127), (0, 5, 0, 0), (64, 2**63, -(2**63), 2**63), (1, 1, -1, 1), (2**40, 7, 7, 7), (3, "10", 2, 2)],
)
def test_bigints_wrap(bits: int, value: int | str, signed: int, unsigned: int) -> None:
    argument = js.BigInt(value) if isinstance(value, int) else value
    for result, expected in ((numbers.as_int_n(bits, argument), signed), (numbers.as_uint_n(bits, argument), unsigned)):
        assert isinstance(result, js.BigInt)
        assert result == expected


def test_wrapping_has_its_limits() -> None:
    assert numbers.as_int_n(2**53 - 1, js.BigInt(-1)) == -1
    with pytest.raises(js.RangeError, match="Maximum BigInt"):
        numbers.as_uint_n(2**53 - 1, js.BigInt(-1))
    with pytest.raises(js.RangeError, match="safe integer"):
        numbers.as_int_n(-1, js.BigInt(1))
    with pytest.raises(js.TypeError, match="Cannot convert 1 to a BigInt"):
        numbers.as_int_n(1, 1)


@pytest.mark.parametrize("table", [numbers.PROTOTYPE, numbers.BIGINT_PROTOTYPE])
def test_the_methods_are_for_numbers(table: dict[str, Callable[..., Any]]) -> None:
    for method in table.values():
        with pytest.raises(js.TypeError, match="requires that 'this' be a"):
            method("1")


@needs_node
def test_numbers_as_node_has_them() -> None:
    rng = random.Random(21)
    questions: list[tuple[str, str]] = []
    for value in [*map(number, doubles(21, 1500)), 0.5, 2.5, -0.0, 0, 1.45, 25, 5e-324, 2.0**56]:
        digits = rng.choice([0, 1, 2, 5, 10, 20, 100, 101, -1])
        radix = rng.randint(2, 36)
        calls = [
            (f"toString({radix})", numbers.to_string, radix),
            (f"toFixed({digits})", numbers.to_fixed, digits),
            (f"toExponential({digits})", numbers.to_exponential, digits),
            (f"toPrecision({digits})", numbers.to_precision, digits),
        ]
        questions += [(f"({value!r}).{source}", show(function, value, argument)) for source, function, argument in calls]
        questions.append((f"({value!r}).toLocaleString()", show(numbers.to_locale_string, value)))
        text = rng.choice(["", " -", "+", "0x"]) + numbers.to_string(value, rng.choice([10, 16])) + rng.choice(["", "e5", "x"])
        questions.append((f"parseFloat('{text}')", show(numbers.parse_float, text)))
        questions.append((f"parseInt('{text}', {radix & 16})", show(numbers.parse_int, text, radix & 16)))
    answers = ask([source for source, _ in questions])
    assert [(source, ours, theirs) for (source, ours), theirs in zip(questions, answers, strict=True) if ours != theirs] == []
