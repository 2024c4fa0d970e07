"""Conversions of arguments that the built-ins share (ECMA-262 7.1): to integers, indices, lengths and bigints."""

from __future__ import annotations

import math
from typing import Final

from . import model
from .errors import RangeError, TypeError
from .primitives import MAX_SAFE_INTEGER, BigInt, bigint, is_bigint, null, string_to_bigint, to_int32

MAX_INDEX: Final = 2**53 - 1
"""The largest length and the largest index; ``Number.MAX_SAFE_INTEGER``."""


def to_integer(value: object) -> int | float:
    """ToIntegerOrInfinity: the fraction is cut off, NaN is 0; the infinities stay as floats."""
    if type(value) is int and -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:  # what it is nearly always
        return value
    numeric = model.to_number(value)
    if isinstance(numeric, int):
        return numeric
    if math.isfinite(numeric):
        return int(numeric)
    return 0 if math.isnan(numeric) else numeric


def to_uint32(value: object) -> int:
    """ToUint32."""
    return to_int32(model.to_number(value)) & 0xFFFF_FFFF


def to_length(value: object) -> int:
    """ToLength: an integer from 0 to :data:`MAX_INDEX`, the nearest one."""
    return int(min(max(to_integer(value), 0), MAX_INDEX))


def to_index(value: object) -> int:
    """ToIndex. Raises :class:`RangeError` for what is no index."""
    index = to_integer(value)
    if not 0 <= index <= MAX_INDEX:
        raise RangeError("Invalid value: not (convertible to) a safe integer")
    return int(index)


def to_bigint(value: object) -> BigInt:
    """ToBigInt: unlike ``BigInt(value)`` it refuses numbers."""
    primitive = model.to_primitive(value)
    if isinstance(primitive, str):
        return string_to_bigint(primitive)
    if isinstance(primitive, bool) or is_bigint(primitive):
        return bigint(int(primitive))  # type: ignore[call-overload]
    raise TypeError(f"Cannot convert {model.describe(primitive)} to a BigInt")


def clamp(value: object, length: int, default: int = 0) -> int:
    """A position from 0 to ``length`` that an argument asks for, ``default`` for undefined."""
    return default if value is None else int(min(max(to_integer(value), 0), length))


def relative(value: object, length: int, default: int = 0) -> int:
    """The same, with negative numbers counted from the end."""
    if value is None:
        return default
    position = to_integer(value)
    return int(max(length + position, 0) if position < 0 else min(position, length))


def require_object_coercible(value: object, method: str) -> None:
    """RequireObjectCoercible, for a method's ``this``."""
    if value is None or value is null:
        raise TypeError(f"{method} called on null or undefined")
