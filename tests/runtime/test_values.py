"""What may be passed where Rust wants a type, and what comes back: every converter, at both ends of its range."""

from __future__ import annotations

import array
import ctypes
import decimal
import enum
import fractions
import math
import struct
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bindgen_patch import js
from bindgen_patch.runtime import values

quick = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=200)

INTEGERS = {
    **{f"u{bits}": (0, 2**bits - 1) for bits in (8, 16, 32, 64, 128)},
    **{f"i{bits}": (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64, 128)},
    "pointer": (0, 2**32 - 1),
    "nonnull": (1, 2**32 - 1),
}
ARRAYS = {code: (0 if code.isupper() else -(256 ** struct.calcsize(code) // 2)) for code in "BbHhIiQq"}


class Index:
    """An integer of somebody else's, as numpy's are."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __index__(self) -> int:
        return self.value


class Float:
    """A float of somebody else's."""

    def __init__(self, value: float) -> None:
        self.value = value

    def __float__(self) -> float:
        return self.value


class NumpyBool:
    """What numpy's bool is to us: no subclass of Python's, with everything that makes a number."""

    def __init__(self, value: bool) -> None:
        self.value = value

    def __bool__(self) -> bool:
        return self.value

    __index__ = __float__ = __bool__


NumpyBool.__module__, NumpyBool.__name__ = "numpy", "bool_"


class Colour(enum.IntEnum):
    RED = 0
    GREEN = 7
    BLUE = -3


class Other(enum.IntEnum):
    RED = 0


class Mood(enum.StrEnum):
    HAPPY = "happy"
    SAD = "so sad"


# ------------------------------------------------------------------------------------------- integers


@pytest.mark.parametrize("name", INTEGERS)
def test_integers_reach_both_ends_and_no_further(name: str) -> None:
    check: Callable[[Any, str], int] = getattr(values, name)
    low, high = INTEGERS[name]
    for value in (low, low + 1, high - 1, high):
        assert check(value, "n") == value
        result = check(Index(value), "n")
        assert (result, type(result)) == (value, int)
    for value in (low - 1, high + 1, 10**5000, -(10**5000), Index(high + 1)):
        with pytest.raises(OverflowError, match=r"^n: .* does not fit in "):
            check(value, "n")


@pytest.mark.parametrize("name", INTEGERS)
@pytest.mark.parametrize(
    "value", [True, False, NumpyBool(True), 1.0, 1.5, "1", b"1", None, [1], decimal.Decimal(1), 1j, int, Index, object()]
)
def test_what_is_no_integer(name: str, value: Any) -> None:
    with pytest.raises(TypeError, match=r"^n: expected int, not "):
        getattr(values, name)(value, "n")


def test_integers_of_subclasses() -> None:
    assert values.u8(Colour.GREEN, "n") == 7
    assert values.i128(js.BigInt(-5), "n") == -5


@quick
@given(st.integers(-(2**127), 2**127 - 1))
def test_i128_crosses_in_two_words(value: int) -> None:
    low, high = (ctypes.c_int64(word).value for word in (value, value >> 64))
    assert values.to_i128(low, high) == value
    assert values.to_u128(low, high) == value % 2**128
    assert values.to_i128(low % 2**64, high % 2**64) == value


@quick
@given(st.integers(-(2**31), 2**31 - 1), st.integers(-(2**63), 2**63 - 1))
def test_words_read_unsigned(small: int, large: int) -> None:
    assert values.to_u32(small) == small % 2**32
    assert values.to_u64(large) == large % 2**64


# ------------------------------------------------------------------------------------------- floats, bools, chars


@pytest.mark.parametrize("check", [values.f64, values.f32])
def test_floats(check: Callable[[Any, str], float]) -> None:
    for value in (1.5, 2, Float(1.5), Index(3), decimal.Decimal("0.5"), fractions.Fraction(1, 4), Colour.GREEN, -0.0, 2**53, math.inf):
        result = check(value, "x")
        assert result == float(value)
        assert type(result) is float
        assert math.copysign(1, result) == math.copysign(1, float(value))
    assert math.isnan(check(math.nan, "x"))
    with pytest.raises(OverflowError, match=r"^x: "):
        check(10**400, "x")


@pytest.mark.parametrize("check", [values.f64, values.f32])
@pytest.mark.parametrize("value", [True, NumpyBool(False), "1", "nan", b"1", bytearray(b"1"), None, [1.0], 1j, float, object()])
def test_what_is_no_float(check: Callable[[Any, str], float], value: Any) -> None:
    with pytest.raises(TypeError, match=r"^x: expected float, not "):
        check(value, "x")


def test_booleans() -> None:
    assert values.boolean(True, "b") is True
    assert values.boolean(False, "b") is False
    for value in (True, False):
        assert values.boolean(NumpyBool(value), "b") is value  # type: ignore[arg-type]
    for wrong in (0, 1, None, "", "True", [], 1.0, type("bool", (), {})()):
        with pytest.raises(TypeError, match=r"^b: expected bool, not "):
            values.boolean(wrong, "b")  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["a", "\0", "\xff", "\ud7ff", "\ue000", "\uffff", "\U0010ffff"])
def test_chars_cross_both_ways(value: str) -> None:
    word = values.char(value, "c")
    assert word == ord(value)
    assert values.to_char(word) == value


@pytest.mark.parametrize(("value", "error"), [("", ValueError), ("ab", ValueError), ("\ud800", ValueError), ("\udfff", ValueError)])
def test_what_is_no_char(value: str, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"^c: "):
        values.char(value, "c")
    for wrong in (97, b"a", None):
        with pytest.raises(TypeError, match=r"^c: expected a str of one character, not "):
            values.char(wrong, "c")  # type: ignore[arg-type]


@pytest.mark.parametrize("word", [-1, 0x110000, 2**31 - 1, -(2**31)])
def test_words_that_are_no_char(word: int) -> None:
    assert values.to_char(word) == "\ufffd"


# ------------------------------------------------------------------------------------------- strings


@pytest.mark.parametrize(
    ("value", "data"),
    [
        ("", b""),
        ("a\0b", b"a\0b"),
        ("\ufeffx", b"\xef\xbb\xbfx"),
        ("\U0001f980", b"\xf0\x9f\xa6\x80"),
        ("\ud83e\udd80", b"\xf0\x9f\xa6\x80"),
        ("\ud800", b"\xef\xbf\xbd"),
        ("a\udc00b\ud800c\ud800", b"a\xef\xbf\xbdb\xef\xbf\xbdc\xef\xbf\xbd"),
        ("\ud800\ud83e\udd80\udc00", b"\xef\xbf\xbd\xf0\x9f\xa6\x80\xef\xbf\xbd"),
        (Mood.SAD, b"so sad"),
    ],
)
def test_utf8(value: str, data: bytes) -> None:
    assert values.utf8(value, "s") == data


@quick
@given(st.text(st.characters(exclude_categories=())))
def test_utf8_is_always_valid_and_loses_lone_surrogates_only(value: str) -> None:
    back = values.utf8(value, "s").decode()
    units = memoryview(value.encode("utf-16-le", "surrogatepass")).cast("H").tolist()
    expected, place = [], 0
    while place < len(units):
        unit, following = units[place], units[place + 1] if place + 1 < len(units) else 0
        if 0xD800 <= unit < 0xDC00 <= following < 0xE000:
            expected.append(chr(0x10000 + ((unit - 0xD800) << 10) + following - 0xDC00))
            place += 1
        else:
            expected.append("\ufffd" if 0xD800 <= unit < 0xE000 else chr(unit))
        place += 1
    assert back == "".join(expected)


@pytest.mark.parametrize("value", [b"x", 1, None, ["x"], bytearray(b"x")])
def test_what_is_no_string(value: Any) -> None:
    with pytest.raises(TypeError, match=r"^s: expected str, not "):
        values.utf8(value, "s")


def test_sequences_of_strings() -> None:
    assert values.strings(["a", Mood.HAPPY], "s") == ["a", "happy"]
    assert values.strings((c for c in "ab"), "s") == ["a", "b"]
    for wrong in ("ab", b"ab", 5, None):
        with pytest.raises(TypeError, match=r"^s: expected a sequence, not "):
            values.strings(wrong, "s")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"^s: expected str elements, found int"):
        values.strings(["a", 1], "s")  # type: ignore[list-item]


def test_sequences_of_anything() -> None:
    assert values.items((1, None), "s") == [1, None]
    assert values.items({"a": 1}, "s") == ["a"]
    source = [1, 2]
    assert values.items(source, "s") is not source
    for wrong in ("ab", b"ab", 5, None):
        with pytest.raises(TypeError, match=r"^s: expected a sequence, not "):
            values.items(wrong, "s")  # type: ignore[type-var]


# ------------------------------------------------------------------------------------------- enums


def test_enums() -> None:
    assert [values.enum(value, Colour, "e") for value in (Colour.GREEN, 7, -3)] == [7, 7, -3]
    with pytest.raises(ValueError, match=r"^e: 5 is not a valid Colour"):
        values.enum(5, Colour, "e")
    for wrong in (True, 0.0, "RED", None, Other.RED, Index(7)):
        with pytest.raises(TypeError, match=r"^e: expected Colour, not "):
            values.enum(wrong, Colour, "e")  # type: ignore[arg-type]


def test_string_enums_cross_both_ways() -> None:
    for place, member in enumerate(Mood):
        assert values.string_enum(member, Mood, "e") == place
        assert values.string_enum(str(member), Mood, "e") == place
        assert values.to_string_enum(place, Mood) is member
        assert values.from_option_string_enum(place, Mood) is member
    with pytest.raises(ValueError, match=r"^e: 'angry' is not a valid Mood"):
        values.string_enum("angry", Mood, "e")
    with pytest.raises(TypeError, match=r"^e: expected Mood, not int"):
        values.string_enum(0, Mood, "e")  # type: ignore[arg-type]


def test_places_of_string_enums_that_are_no_variant() -> None:
    for word in (2, 3, 4, -1, 99):
        with pytest.raises(ValueError, match="none of its variants"):
            values.to_string_enum(word, Mood)
    assert values.from_option_string_enum(3, Mood) is None
    assert values.from_option_string_enum(4, Mood) is None
    with pytest.raises(ValueError, match="none of its variants"):
        values.from_option_string_enum(2, Mood)  # Rust's __Invalid


# ------------------------------------------------------------------------------------------- options


@quick
@given(st.none() | st.integers(-(2**15), 2**16 - 1))
def test_small_options_cross_both_ways(value: int | None) -> None:
    assert values.from_option_small(values.option_small(value)) == value


@quick
@given(st.none() | st.integers(-(2**31), 2**32 - 1))
def test_32_bit_options_cross_both_ways(value: int | None) -> None:
    word = values.option_32(value)
    assert type(word) is float
    assert values.from_option_32(word) == value


@quick
@given(st.none() | st.floats(width=32))
def test_f32_options_cross_both_ways(value: float | None) -> None:
    word = values.option_f32(value)
    assert type(word) is float
    back = values.from_option_f32(word)
    assert back == value or (value is not None and math.isnan(value) and math.isnan(back))  # type: ignore[arg-type]


@quick
@given(st.floats(allow_nan=False))
def test_f32_options_are_rounded_as_rust_rounds(value: float) -> None:
    assert values.option_f32(value) == ctypes.c_float(value).value


@pytest.mark.parametrize("hole", [values.HOLE_32, values.HOLE_32 - 1])
def test_an_f32_option_can_not_be_mistaken_for_none(hole: float) -> None:
    """The two numbers that stand for nothing are no f32: what rounds to one rounds past them."""
    assert values.from_option_f32(values.option_f32(hole)) == 2.0**53


@quick
@given(st.none() | st.booleans())
def test_bool_options_cross_both_ways(value: bool | None) -> None:
    assert values.from_option_bool(values.option_small(value)) is value


@quick
@given(st.none() | st.characters(exclude_categories=("Cs",)))
def test_char_options_cross_both_ways(value: str | None) -> None:
    assert values.from_option_char(values.option_small(None if value is None else values.char(value, "c"))) == value


def test_null_reads_as_none_where_a_guest_sends_it() -> None:
    assert values.from_option_small(values.HOLE_SMALL - 1) is None
    assert values.from_option_32(values.HOLE_32 - 1) is None
    assert values.from_option_f32(values.HOLE_32 - 1) is None


@pytest.mark.parametrize("word", [math.nan, math.inf, -math.inf, 1e300])
def test_words_that_are_no_integer_are_none(word: float) -> None:
    assert values.from_option_32(word) is None


# ------------------------------------------------------------------------------------------- numbers for slices and Vecs


@pytest.mark.parametrize("code", [*ARRAYS, "f", "d"])
def test_a_buffer_of_the_right_format_is_taken_as_it_is(code: str) -> None:
    source = array.array(code, [1, 2, 3])
    for value in (source, memoryview(source), values.Array(code, source), (source)):
        view = values.numbers(value, code, "v")
        assert (view.format, view.tolist(), view.c_contiguous, view.ndim) == (code, [1, 2, 3], True, 1)
        view[0] = 9
        assert memoryview(value)[0] == 9
        view[0] = 1


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (b"\1\2\3\4", "B"),
        (bytearray(b"\1\2\3\4"), "B"),
        (memoryview(b"\1\2\3\4").cast("c"), "B"),
        (memoryview(b"\1\2\3\4").cast("B", (2, 2)), "B"),
        ((ctypes.c_uint8 * 4)(1, 2, 3, 4), "B"),
        ((ctypes.c_int32 * 4)(1, 2, 3, 4), "i"),
        (array.array("l", [1, 2, 3, 4]), "q" if array.array("l").itemsize == 8 else "i"),
        ((ctypes.c_double * 4)(1, 2, 3, 4), "d"),
    ],
)
def test_what_exporters_call_the_same_format(value: Any, code: str) -> None:
    view = values.numbers(value, code, "v")
    assert (view.format, view.tolist(), view.ndim) == (code, [1, 2, 3, 4], 1)
    assert view.obj is memoryview(value).obj, "not copied"


@pytest.mark.parametrize("code", [*ARRAYS, "f", "d"])
@pytest.mark.parametrize(
    "make",
    [
        list,
        tuple,
        iter,
        lambda numbers: (n for n in numbers),
        lambda numbers: [Index(n) for n in numbers],
        lambda numbers: array.array("h", numbers),
        lambda numbers: array.array("b", [n for pair in zip(numbers, (0, 0, 0), strict=True) for n in pair])[::2],
        lambda numbers: memoryview(bytes(n for number in numbers for n in (number, 0)))[::2],
        lambda numbers: (ctypes.c_int32.__ctype_be__ * 3)(*numbers),
        lambda numbers: dict.fromkeys(numbers),
    ],
)
def test_everything_else_is_converted_number_by_number(code: str, make: Callable[[list[int]], Any]) -> None:
    view = values.numbers(make([1, 2, 3]), code, "v")
    assert (view.format, view.tolist()) == (code, [1, 2, 3])


@pytest.mark.parametrize("code", ARRAYS)
def test_elements_are_range_checked(code: str) -> None:
    low = ARRAYS[code]
    high = low + 256 ** struct.calcsize(code) - 1
    assert values.numbers([low, high], code, "v").tolist() == [low, high]
    for value in (low - 1, high + 1, 10**30, Index(high + 1)):
        with pytest.raises(OverflowError, match=r"^v: "):
            values.numbers([value], code, "v")
    if high + 1 < 2**63:
        with pytest.raises(OverflowError, match=r"^v: "):
            values.numbers(array.array("q", [high + 1]), code, "v")


@pytest.mark.parametrize("code", [*ARRAYS, "f", "d"])
@pytest.mark.parametrize("value", ["123", "", 5, None, object(), ["1"], [None], [[1]], [1j]])
def test_what_is_no_numbers(code: str, value: Any) -> None:
    with pytest.raises(TypeError, match=r"^v: "):
        values.numbers(value, code, "v")


@pytest.mark.parametrize("code", ARRAYS)
def test_floats_are_no_integers(code: str) -> None:
    for value in ([1.0], array.array("d", [1.0])):
        with pytest.raises(TypeError, match=r"^v: "):
            values.numbers(value, code, "v")


def test_integers_are_floats() -> None:
    assert values.numbers([1, Index(2), Float(2.5), decimal.Decimal("0.5")], "d", "v").tolist() == [1.0, 2.0, 2.5, 0.5]
    assert values.numbers(array.array("i", [1]), "d", "v").tolist() == [1.0]
    assert values.numbers([1e300, -1e300, 0.1], "f", "v").tolist() == [math.inf, -math.inf, ctypes.c_float(0.1).value]
    with pytest.raises(OverflowError, match=r"^v: "):
        values.numbers([10**400], "d", "v")


def test_two_dimensions_are_taken_when_nothing_needs_converting() -> None:
    grid = memoryview(array.array("i", range(6))).cast("B").cast("i", (2, 3))
    assert values.numbers(grid, "i", "v").tolist() == list(range(6))
    with pytest.raises(TypeError, match=r"^v: expected one dimension and elements of format 'd', got 2 and 'i'"):
        values.numbers(grid, "d", "v")


@pytest.mark.parametrize("code", [*ARRAYS, "f", "d"])
@pytest.mark.parametrize("value", [b"", [], array.array("i"), memoryview(b"")[::2], iter(())])
def test_nothing_is_numbers_too(code: str, value: Any) -> None:
    view = values.numbers(value, code, "v")
    assert (view.format, len(view)) == (code, 0)


def test_an_error_of_the_caller_passes() -> None:
    def source() -> Iterator[int]:
        yield 1
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        values.numbers(source(), "i", "v")


@pytest.mark.parametrize("code", ["I", "d"])
def test_cells(code: str) -> None:
    view = values.cells(code, (n for n in (1, 2)))
    assert (view.format, view.tolist()) == (code, [1, 2])


# ------------------------------------------------------------------------------------------- &mut slices


@pytest.mark.parametrize("code", [*ARRAYS, "f", "d"])
def test_a_list_is_written_back(code: str) -> None:
    target = [1, 2, 3]
    lent = values.mut_numbers(target, code, "v")
    lent.write(array.array(code, [4, 5, 6]).tobytes())
    assert target == [4, 5, 6]
    assert all(type(item) is (float if code in "fd" else int) for item in target)


@pytest.mark.parametrize("code", [*ARRAYS, "f", "d"])
def test_a_writable_buffer_is_written_back(code: str) -> None:
    for target in (array.array(code, [1, 2, 3]), memoryview(array.array(code, [1, 2, 3])), values.Array(code, [1, 2, 3])):
        lent = values.mut_numbers(target, code, "v")
        assert lent.numbers.tolist() == [1, 2, 3]
        lent.write(array.array(code, [4, 5, 6]).tobytes())
        assert list(target) == [4, 5, 6]


def test_buffers_of_other_kinds_that_can_be_written() -> None:
    data, grid = bytearray(b"abcd"), memoryview(bytearray(4)).cast("B", (2, 2))
    for target in (data, grid, (ctypes.c_uint8 * 4)()):
        values.mut_numbers(target, "B", "v").write(b"wxyz")
        assert memoryview(target).tobytes() == b"wxyz"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (b"abcd", "B"),
        (memoryview(b"abcd"), "B"),
        (array.array("i", [1]), "q"),
        (array.array("i", [1]), "I"),
        (array.array("d", [1]), "f"),
        (memoryview(bytearray(8))[::2], "B"),
        (memoryview(array.array("i", [1, 2, 3, 4]))[::2], "i"),
        ((ctypes.c_int32.__ctype_be__ * 3)(), "i"),
        ((1, 2), "i"),
        (range(3), "i"),
        ("abc", "B"),
        (None, "B"),
        (iter([1]), "i"),
    ],
)
def test_what_can_not_be_written_back(value: Any, code: str) -> None:
    with pytest.raises(TypeError, match=rf"^v: expected a list or a writable contiguous buffer of format '{code}', not "):
        values.mut_numbers(value, code, "v")


def test_a_list_is_checked_like_any_other() -> None:
    with pytest.raises(OverflowError, match=r"^v: "):
        values.mut_numbers([256], "B", "v")
    with pytest.raises(TypeError, match=r"^v: "):
        values.mut_numbers([1.5], "B", "v")


def test_nothing_is_written_back_to_nothing() -> None:
    empty: list[int] = []
    values.mut_numbers(empty, "i", "v").write(b"")
    values.mut_numbers(bytearray(), "B", "v").write(b"")
    assert empty == []


def test_a_write_of_another_size_is_refused() -> None:
    for target in ([1, 2], array.array("i", [1, 2])):
        lent = values.mut_numbers(target, "i", "v")
        for data in (b"1234", b"123456789012"):
            with pytest.raises(ValueError, match=r".+"):
                lent.write(data)
        assert list(target) == [1, 2]


# ------------------------------------------------------------------------------------------- what Rust returns


def test_arrays_equal_lists_and_each_other() -> None:
    result = values.Array("i", [1, 2, 3])
    assert result == [1, 2, 3]
    assert result == (1, 2, 3)
    assert result == [1, 2, 3]
    assert result == array.array("i", [1, 2, 3])
    assert result == values.Array("q", [1, 2, 3])
    for other in ([1, 2], [1, 2, 4], [], (3, 2, 1), array.array("i", [1, 2]), "123", None, 5, {1, 2, 3}):
        assert result != other
        assert not result == other  # noqa: SIM201
    assert values.Array("d", [math.nan]) != [math.nan]


def test_arrays_are_arrays() -> None:
    result = values.Array("d", [1, 2])
    assert memoryview(result).tolist() == [1.0, 2.0]
    assert (result[0], len(result), sum(result), list(reversed(result))) == (1.0, 2, 3.0, [2.0, 1.0])
    with pytest.raises(TypeError, match="unhashable"):
        hash(result)
    result.append(3)
    assert result == [1, 2, 3]
    assert values.numbers(result, "d", "v").obj is result


def test_functions() -> None:
    assert values.function(len, "f") is len
    with pytest.raises(TypeError, match=r"^f: expected a callable, not int"):
        values.function(5, "f")


def test_what_becomes_a_js_value() -> None:
    assert (values.to_js_number(1.0), type(values.to_js_number(1.0))) == (1, int)
    assert type(values.to_js_number(1.5)) is float
    assert math.copysign(1, values.to_js_number(-0.0)) == -1
    assert (values.to_bigint(5), type(values.to_bigint(5))) == (5, js.BigInt)
