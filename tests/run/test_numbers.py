"""Scalars, there and back: every number type at its limits, ``bool``, ``char``, pointers, and ``Option`` of each."""

from __future__ import annotations

import inspect
import math
import struct
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bindgen_patch import GuestAborted, PanicError

from ..conftest import MODES
from .kit import examples, not_entered

Load = Callable[..., Any]

WIDTHS = (8, 16, 32, 64, 128)
LIMITS = {f"i{bits}": (-(1 << bits - 1), (1 << bits - 1) - 1) for bits in WIDTHS} | {f"u{bits}": (0, (1 << bits) - 1) for bits in WIDTHS}
LIMITS |= {"isize": LIMITS["i32"], "usize": LIMITS["u32"]}
POINTERS = ("const_ptr", "mut_ptr", "non_null")


@pytest.fixture(scope="module", params=MODES)
def numbers(load: Load, request: pytest.FixtureRequest) -> Any:
    """The guest of numbers in both builds; no test that takes it kills it."""
    return load("numbers", request.param)


def echoes(module: Any, kind: str) -> tuple[Callable[[Any], Any], Callable[..., Any]]:
    """The function that returns its argument, and its optional twin."""
    return getattr(module, f"echo_{kind}"), getattr(module, f"maybe_{kind}")


class Index:
    """A number by way of ``__index__``, as numpy's integers are."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __index__(self) -> int:
        return self.value


# ------------------------------------------------------------------------------------------- integers


@pytest.mark.parametrize("kind", LIMITS)
def test_integers_at_their_limits(numbers: Any, kind: str) -> None:
    low, high = LIMITS[kind]
    echo, maybe = echoes(numbers, kind)
    assert getattr(numbers, f"min_{kind}")() == low
    assert getattr(numbers, f"max_{kind}")() == high
    powers = [1 << bits for bits in (0, 7, 8, 15, 16, 24, 31, 32, 53, 63, 64, 127)]
    for value in {low, high, *(sign * power + step for power in powers for sign in (-1, 1) for step in (-2, -1, 0, 1))}:
        if low <= value <= high:
            for result in (echo(value), maybe(value)):
                assert (result, type(result)) == (value, int)
    assert echo(Index(7)) == 7
    assert maybe(None) is None
    assert maybe() is None


@pytest.mark.parametrize("kind", LIMITS)
def test_integers_out_of_range(numbers: Any, kind: str) -> None:
    low, high = LIMITS[kind]
    with not_entered(numbers):
        for function in echoes(numbers, kind):
            for value in (low - 1, high + 1, 1 << 200, -(1 << 200), Index(high + 1)):
                with pytest.raises(OverflowError, match=r"^value: -?\d+ does not fit in [iu]\d+ \(-?\d+ to \d+\)$"):
                    function(value)


@pytest.mark.parametrize("kind", LIMITS)
def test_what_is_no_integer(numbers: Any, kind: str) -> None:
    echo, maybe = echoes(numbers, kind)
    with not_entered(numbers):
        for value in (1.0, "1", b"1", True, [1], Decimal(1), object(), 1j):
            for function in (echo, maybe):
                with pytest.raises(TypeError, match=f"^value: expected int, not {type(value).__name__}$"):
                    function(value)
        with pytest.raises(TypeError, match=r"^value: expected int, not NoneType$"):
            echo(None)


@pytest.mark.parametrize("kind", LIMITS)
@examples
@given(data=st.data())
def test_integers_there_and_back(numbers: Any, kind: str, data: st.DataObject) -> None:
    values = data.draw(st.lists(st.integers(*LIMITS[kind]), max_size=50))
    echo, maybe = echoes(numbers, kind)
    assert [echo(value) for value in values] == values
    assert [maybe(value) for value in values] == values


@pytest.mark.parametrize("kind", LIMITS)
@examples
@given(data=st.data())
def test_addition(numbers: Any, kind: str, data: st.DataObject) -> None:
    low, high = LIMITS[kind]
    left = data.draw(st.integers(low, high))
    right = data.draw(st.integers(low - min(left, 0), high - max(left, 0)))
    assert getattr(numbers, f"add_{kind}")(left, right) == left + right


@pytest.mark.parametrize("kind", LIMITS)
def test_addition_that_overflows_panics(load: Load, mode: str, kind: str) -> None:
    module = load("numbers", mode)
    add = getattr(module, f"add_{kind}")
    if mode == "abort":
        with pytest.raises(GuestAborted) as caught:
            add(LIMITS[kind][1], 1)
        assert caught.value.kind == "panic"
        return
    with pytest.raises(PanicError, match=r"^attempt to add with overflow$"):
        add(LIMITS[kind][1], 1)
    assert add(1, 1) == 2
    assert module.instance.instance_id == 0


# ------------------------------------------------------------------------------------------- floats


def single(value: float) -> float:
    """``value`` as the nearest f32."""
    try:
        result: float = struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)
    return result


def same(left: float, right: float) -> bool:
    """The same number, sign of zero included, or both not a number."""
    return struct.pack("<d", left) == struct.pack("<d", right) or (math.isnan(left) and math.isnan(right))


FLOATS = [0.0, -0.0, 0.1, -1.5, 1e-45, 5e-324, 3.4028234663852886e38, 3.5e38, 1.7976931348623157e308, math.inf, -math.inf, math.nan]
FLOATS += [float((1 << 53) - step) for step in range(3)]


@pytest.mark.parametrize("value", FLOATS)
def test_floats(numbers: Any, value: float) -> None:
    check_float(numbers, value)


def check_float(numbers: Any, value: float) -> None:
    assert same(numbers.echo_f64(value), value)
    assert same(numbers.maybe_f64(value), value)
    assert same(numbers.echo_f32(value), single(value))
    assert same(numbers.maybe_f32(value), single(value))


@examples
@given(value=st.floats())
def test_floats_there_and_back(numbers: Any, value: float) -> None:
    check_float(numbers, value)
    if not math.isnan(value):
        assert numbers.f64_bits(value) == struct.unpack("<Q", struct.pack("<d", value))[0]


def test_what_is_as_good_as_a_float(numbers: Any) -> None:
    for echo in (numbers.echo_f64, numbers.echo_f32, numbers.maybe_f64, numbers.maybe_f32):
        for value in (3, Fraction(6, 2), Decimal(3), Index(3)):
            result = echo(value)
            assert (result, type(result)) == (3.0, float)
    assert numbers.maybe_f64(None) is None
    assert numbers.maybe_f64() is None
    assert numbers.maybe_f32(None) is None
    assert numbers.maybe_f32() is None


@pytest.mark.parametrize("kind", ["f32", "f64"])
def test_what_is_no_float(numbers: Any, kind: str) -> None:
    echo, maybe = echoes(numbers, kind)
    with not_entered(numbers):
        for value in ("1", b"1", True, [1.0], object(), 1j):
            for function in (echo, maybe):
                with pytest.raises(TypeError, match=f"^value: expected float, not {type(value).__name__}$"):
                    function(value)
        with pytest.raises(TypeError, match=r"^value: expected float, not NoneType$"):
            echo(None)
        with pytest.raises(OverflowError, match=r"^value: "):
            echo(10**400)


def test_arithmetic_of_floats(numbers: Any) -> None:
    assert numbers.add_f64(0.1, 0.2) == 0.1 + 0.2
    assert numbers.add_f32(0.1, 0.2) == single(single(0.1) + single(0.2))
    assert math.isnan(numbers.nan())
    assert numbers.infinity(False) == math.inf
    assert numbers.infinity(True) == -math.inf
    assert numbers.scale(3.0, 0.5) == 1.5
    assert numbers.scale(3.0) == 3.0
    assert numbers.scale(value=3.0, factor=None) == 3.0
    assert same(numbers.scale(3.0, -0.0), -0.0)


# ------------------------------------------------------------------------------------------- bool and char


NO_BOOLS: list[object] = [0, 1, "", "true", 1.0, []]


def test_bool(numbers: Any) -> None:
    for value in (True, False):
        assert numbers.echo_bool(value) is value
        assert numbers.maybe_bool(value) is value
        assert numbers.xor(value, True) is not value
        assert numbers.xor(value, False) is value
    assert numbers.maybe_bool(None) is None
    assert numbers.maybe_bool() is None
    with not_entered(numbers):
        for wrong in NO_BOOLS:
            for function in (numbers.echo_bool, numbers.maybe_bool):
                with pytest.raises(TypeError, match=f"^value: expected bool, not {type(wrong).__name__}$"):
                    function(wrong)
        with pytest.raises(TypeError, match=r"^right: expected bool, not int$"):
            numbers.xor(True, 1)


@examples
@given(value=st.characters(exclude_categories=["Cs"]))
def test_char_there_and_back(numbers: Any, value: str) -> None:
    assert numbers.echo_char(value) == value
    assert numbers.maybe_char(value) == value
    assert numbers.code_point(value) == ord(value)


def test_char_at_its_limits(numbers: Any) -> None:
    for value in ("\0", "a", "\x7f", "\x80", "\ud7ff", "\ue000", "\ufeff", "\uffff", "\U00010000", "\U0010ffff"):
        assert numbers.echo_char(value) == value
        assert numbers.maybe_char(value) == value
    assert numbers.maybe_char() is None
    assert numbers.next_char("a") == "b"
    assert numbers.next_char("\ud7ff") == "\ue000"
    assert numbers.next_char("\U0010ffff") is None


NO_TEXTS: list[object] = [97, b"a", ["a"]]


def test_what_is_no_char(numbers: Any) -> None:
    with not_entered(numbers):
        for function in (numbers.echo_char, numbers.maybe_char, numbers.code_point):
            for wrong in NO_TEXTS:
                with pytest.raises(TypeError, match=r"^value: expected a str of one character, not "):
                    function(wrong)
            for length in (0, 2):
                with pytest.raises(ValueError, match=f"^value: expected a str of one character, got {length}$"):
                    function("a" * length)
            for surrogate in ("\ud800", "\udbff", "\udc00", "\udfff"):
                with pytest.raises(ValueError, match=r"^value: a lone surrogate is no char$"):
                    function(surrogate)


# ------------------------------------------------------------------------------------------- pointers


@pytest.mark.parametrize("kind", POINTERS)
def test_pointers(numbers: Any, kind: str) -> None:
    echo, maybe = echoes(numbers, kind)
    for value in (1, 8, (1 << 31) - 1, 1 << 31, (1 << 32) - 1):
        assert echo(value) == value
        assert maybe(value) == value
    assert maybe(None) is None
    assert maybe() is None
    with not_entered(numbers):
        for function in (echo, maybe):
            for beyond in (-1, 1 << 32):
                with pytest.raises(OverflowError, match="pointer"):
                    function(beyond)
            with pytest.raises(TypeError):
                function("0")


def test_null(numbers: Any) -> None:
    assert numbers.null_pointer() == 0
    for kind in ("const_ptr", "mut_ptr"):
        echo, maybe = echoes(numbers, kind)
        assert (echo(0), maybe(0)) == (0, 0)
    with not_entered(numbers):
        for function in echoes(numbers, "non_null"):
            with pytest.raises(OverflowError, match="non-null"):
                function(0)


def test_an_address_of_the_guest(numbers: Any) -> None:
    address = numbers.bytes_address()
    assert address == numbers.non_null() > 0
    assert [numbers.byte_at(address, k) for k in range(4)] == [10, 20, 30, 40]


# ------------------------------------------------------------------------------------------- signatures


def test_arguments_arrive_in_their_places(numbers: Any) -> None:
    assert numbers.sum_of_all(1, -20, 300, -4000, 0.5, 0.25, True, "A", 1 << 70) == 1 - 20 + 300 - 4000 + 0.75 + 1 + 65 + 2.0**70
    assert numbers.add_ten(*range(10)) == 45
    for bits in range(8):
        first, second, third = bits & 1, bits & 2, bits & 4
        assert numbers.given(0 if first else None, 0 if second else None, False if third else None) == bits
    assert numbers.given() == 0
    assert numbers.given(third=True) == 4
    assert numbers.nothing() is None
    assert numbers.seven() == 7


def test_python_knows_the_signatures(numbers: Any) -> None:
    assert str(inspect.signature(numbers.add_u8)) == "(left: 'int', right: 'int') -> 'int'"
    assert str(inspect.signature(numbers.scale)) == "(value: 'float', factor: 'float | None' = None) -> 'float'"
    assert str(inspect.signature(numbers.maybe_char)) == "(value: 'str | None' = None) -> 'str | None'"
    assert numbers.add_u8.__doc__ == "Adds two numbers; panics on overflow."
    with not_entered(numbers):
        for arguments in ((), (1,), (1, 2, 3)):
            with pytest.raises(TypeError):
                numbers.add_u8(*arguments)
        with pytest.raises(TypeError, match=r"^right: "):
            numbers.add_u8(right="1", left=1)


def test_division(load: Load, mode: str) -> None:
    module = load("numbers", mode)
    assert module.divide(-7, 2) == -3
    assert module.checked_divide(7, 2) == 3
    assert module.checked_divide(7, 0) is None
    assert module.checked_divide(-(1 << 31), -1) is None
    if mode == "unwind":
        with pytest.raises(PanicError, match="divide by zero"):
            module.divide(7, 0)
        with pytest.raises(PanicError, match="divide with overflow"):
            module.divide(-(1 << 31), -1)
        with pytest.raises(PanicError, match="not an address of mine"):
            module.byte_at(0, 0)
        assert module.seven() == 7
    else:
        with pytest.raises(GuestAborted):
            module.divide(7, 0)
