"""Conversions of arguments."""

from __future__ import annotations

import math

import pytest

from bindgen_patch import js
from bindgen_patch.js import coercions


@pytest.mark.parametrize(
    ("value", "integer", "length", "uint32"),
    [
        (5, 5, 5, 5),
        (-1.9, -1, 0, 0xFFFFFFFF),
        (math.nan, 0, 0, 0),
        (None, 0, 0, 0),
        (js.null, 0, 0, 0),
        (True, 1, 1, 1),
        ("7.5", 7, 7, 7),
        (math.inf, math.inf, 2**53 - 1, 0),
        (-math.inf, -math.inf, 0, 0),
        (2**53, 2**53, 2**53 - 1, 0),
        (1e300, int(1e300), 2**53 - 1, int(1e300) % 2**32),
        ({"valueOf": lambda: 3}, 3, 3, 3),
    ],
)
def test_integers(value: object, integer: float, length: int, uint32: int) -> None:
    assert coercions.to_integer(value) == integer
    assert coercions.to_length(value) == length
    assert coercions.to_uint32(value) == uint32


@pytest.mark.parametrize("value", [-1, 2**53, math.inf, js.BigInt(1), 2**60, js.Symbol("s")])
def test_what_is_no_index(value: object) -> None:
    with pytest.raises((js.RangeError, js.TypeError)):
        coercions.to_index(value)


def test_indices_and_places() -> None:
    assert [coercions.to_index(value) for value in (None, "3", -0.5, 2**53 - 1)] == [0, 3, 0, 2**53 - 1]
    assert [coercions.clamp(value, 10, 4) for value in (None, -1, 3.9, math.inf, math.nan)] == [4, 0, 3, 10, 0]
    assert [coercions.relative(value, 10, 4) for value in (None, -1, 3.9, -math.inf, math.inf, -20)] == [4, 9, 3, 0, 10, 0]


@pytest.mark.parametrize(("value", "bigint"), [(js.BigInt(5), 5), ("0x10", 16), (True, 1), (2**60, 2**60), ([7], 7)])
def test_bigints(value: object, bigint: int) -> None:
    result = coercions.to_bigint(value)
    assert isinstance(result, js.BigInt)
    assert result == bigint


@pytest.mark.parametrize("value", [1, 1.5, None, js.null, js.Symbol("s")])
def test_what_is_no_bigint(value: object) -> None:
    with pytest.raises(js.TypeError, match="Cannot convert"):
        coercions.to_bigint(value)


def test_methods_are_for_something() -> None:
    coercions.require_object_coercible(0, "f")
    for value in (None, js.null):
        with pytest.raises(js.TypeError, match="f called on null or undefined"):
            coercions.require_object_coercible(value, "f")
