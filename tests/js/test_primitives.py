"""Numbers, bigints, strings and symbols: examples, properties, and node's opinion."""

from __future__ import annotations

import copy
import math
import pickle

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bindgen_patch import js
from bindgen_patch.js import primitives as p
from bindgen_patch.js import quota

from .oracle import ask, doubles, needs_node, show

quick = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=300)
doubles_of_every_kind = st.floats(allow_nan=True, allow_infinity=True)


def test_null_is_one_falsy_object_that_survives_copies() -> None:
    assert not js.null
    assert repr(js.null) == "js.null"
    assert type(js.null)() is js.null
    assert copy.deepcopy(js.null) is js.null
    assert pickle.loads(pickle.dumps(js.null)) is js.null


def test_a_bigint_is_an_int_that_says_so() -> None:
    assert js.BigInt(5) == 5
    assert repr(js.BigInt(5)) == "BigInt(5)"
    assert f"{js.BigInt(5)} {js.BigInt(5)!s}" == "5 5"
    assert pickle.loads(pickle.dumps(js.BigInt(5))) == js.BigInt(5)


def test_a_symbol_equals_itself_only() -> None:
    one, other = js.Symbol("s"), js.Symbol("s")
    assert one != other
    assert {one: 1}.get(other) is None
    assert (repr(one), repr(js.Symbol())) == ("Symbol(s)", "Symbol()")


@pytest.mark.parametrize(
    ("value", "bigint", "number"),
    [
        (2**53, False, True),
        (2**53 + 1, True, False),
        (-(2**53), False, True),
        (-(2**53) - 1, True, False),
        (js.BigInt(1), True, False),
        (1e300, False, True),
        (math.nan, False, True),
        (True, False, False),
        ("1", False, False),
        (None, False, False),
    ],
)
def test_which_ints_are_bigints(value: object, bigint: bool, number: bool) -> None:
    assert p.is_bigint(value) is bigint
    assert p.is_number(value) is number


@quick
@given(doubles_of_every_kind)
def test_number_keeps_the_value_and_negative_zero(value: float) -> None:
    result = p.number(value)
    assert math.isnan(result) if math.isnan(value) else result == value
    assert math.copysign(1, result) == math.copysign(1, value) or math.isnan(value)
    negative_zero = value == 0 and math.copysign(1, value) < 0
    assert isinstance(result, int) == (value.is_integer() and abs(value) <= 2**53 and not negative_zero)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (1, "1"),
        (-1.5, "-1.5"),
        (1e21, "1e+21"),
        (1e20, "100000000000000000000"),
        (123456789012345680000.0, "123456789012345680000"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (1.5e-7, "1.5e-7"),
        (5e-324, "5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (0.1 + 0.2, "0.30000000000000004"),
        (2**53, "9007199254740992"),
        (math.nan, "NaN"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
    ],
)
def test_number_to_string(value: float, text: str) -> None:
    assert p.number_to_string(value) == text


@quick
@given(doubles_of_every_kind)
def test_a_number_survives_its_text(value: float) -> None:
    back = p.string_to_number(p.number_to_string(value))
    assert back == value or (math.isnan(back) and math.isnan(value))


@needs_node
def test_number_to_string_as_node_does() -> None:
    values = doubles(1, 4000)
    ours = [show(p.number_to_string, value) for value in values]
    assert ours == ask([f"String({value!r})" for value in values])


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", 0),
        (" \n\t\v\f\r\u00a0\ufeff\u2028\u3000", 0),
        ("12", 12),
        ("+12", 12),
        ("-12.5e-1", -1.25),
        (".5", 0.5),
        ("5.", 5),
        ("Infinity", math.inf),
        ("-Infinity", -math.inf),
        ("0xfF", 255),
        ("0B101", 5),
        ("0o17", 15),
        ("1e400", math.inf),
        ("0x" + "f" * 300, math.inf),
    ],
)
def test_numeric_text(text: str, value: float) -> None:
    result = p.string_to_number(text)
    assert result == value
    assert isinstance(result, int) == (value == value // 1 and math.isfinite(value))


@pytest.mark.parametrize(
    "text",
    [
        *["x", "1x", "1 2", "--1", "+-1", "+", "-", ".", "e5", "1e", "0x", "0xg", "-0x1", "+0b1", "0b2", "0o8", "inf", "infinity", "nan"],
        *["1_000", "1n", "\u0663", "\uff11", "\x1c1", "\x851", "1\x00", "1,5", "0x1_0", "NaN"],
    ],
)
def test_text_that_is_no_number(text: str) -> None:
    assert math.isnan(p.string_to_number(text))


def test_hostile_text_takes_no_time() -> None:
    assert math.isnan(p.string_to_number("1" * 200_000 + "x"))
    assert math.isnan(p.string_to_number("0x" + "1" * 200_000 + "x"))
    assert p.string_to_number("1" * 200_000) == math.inf


@pytest.mark.parametrize(
    ("text", "value"),
    [("", 0), ("  ", 0), ("-5", -5), ("+5", 5), ("\ufeff7\u00a0", 7), ("0x10", 16), ("0B11", 3), ("0o7", 7), ("-0", 0), ("007", 7)],
)
def test_bigint_text(text: str, value: int) -> None:
    result = p.string_to_bigint(text)
    assert result == value
    assert isinstance(result, js.BigInt)


@pytest.mark.parametrize(
    "text", ["-", "+", "--5", "+-5", "-0x1", "0x", "0b2", "1n", "1.0", "1e3", "\u0663", "\x1c1", "a", "Infinity", "1_0"]
)
def test_text_that_is_no_bigint(text: str) -> None:
    with pytest.raises(js.SyntaxError):
        p.string_to_bigint(text)


@quick
@given(st.integers(min_value=-(2**20_000), max_value=2**20_000))
def test_a_bigint_of_any_length_survives_its_text(value: int) -> None:
    assert p.string_to_bigint(p.bigint_to_string(value)) == value


@pytest.mark.parametrize("text", ["9" * 100_000, "0x" + "f" * 70_000, "9" * 300_000])
def test_a_bigint_has_a_largest_size(text: str) -> None:
    with pytest.raises(js.RangeError):
        p.string_to_bigint(text)


@quick
@given(doubles_of_every_kind | st.integers())
def test_to_int32(value: float) -> None:
    result = p.to_int32(value)
    assert -(2**31) <= result < 2**31
    assert (result - int(value)) % 2**32 == 0 if math.isfinite(p.to_double(value)) or isinstance(value, int) else result == 0


def test_to_double_rounds_and_overflows() -> None:
    assert p.to_double(2**53 + 1) == 2.0**53
    assert p.to_double(10**400) == math.inf
    assert p.to_double(-(10**400)) == -math.inf


@quick
@given(st.text(st.characters(exclude_categories=())))
def test_code_units_are_what_utf_16_has(text: str) -> None:
    units = p.code_units(text)
    assert len(units) == len(text.encode("utf-16-le", "surrogatepass")) // 2
    assert max(units, default="") <= "\uffff"
    assert p.code_units(units) == units


@quick
@given(st.text(), st.integers(min_value=0, max_value=20))
def test_halves_of_a_pair_join_again(text: str, place: int) -> None:
    units = p.code_units(text)
    assert p.concat(units[:place], units[place:]).encode("utf-16-le", "surrogatepass") == text.encode("utf-16-le")
    if len(text) == 1:
        assert p.concat(units[:1], units[1:]) == text


def test_strings_have_a_largest_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "MAX_STRING", 10)
    assert p.concat("12345", "67890") == "1234567890"
    with pytest.raises(js.RangeError):
        p.concat("123456", "67890")
