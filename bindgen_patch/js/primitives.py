"""JavaScript's primitive values, and the conversions between them and text (ECMA-262, chapters 6 and 7).

Python's own ``None``, ``bool``, ``int``, ``float`` and ``str`` stand for undefined, booleans, numbers, bigints beyond
2**53 and strings; :data:`null`, :class:`BigInt` and :class:`Symbol` are what Python has no value for.
"""

from __future__ import annotations

import math
import re
from typing import Final, final

from . import quota
from .errors import RangeError, SyntaxError, TypeError

MAX_SAFE_INTEGER: Final = 2**53
"""An ``int`` up to this magnitude is a number, a larger one a bigint."""
MAX_BIGINT_BITS: Final = 1 << 18
"""The largest bigint that guest code may compute; engines have such a limit too (V8: 2**30)."""


@final
class Null:
    """The type of :data:`null`."""

    __slots__ = ()

    _instance: Null | None = None

    def __new__(cls) -> Null:
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def __repr__(self) -> str:
        return "js.null"

    def __bool__(self) -> bool:
        return False

    def __reduce__(self) -> str:
        return "null"


null: Final = Null()
"""JavaScript's ``null``; ``None`` is ``undefined``."""


class BigInt(int):
    """A JavaScript bigint: an ``int`` that is one whatever its size."""

    def __repr__(self) -> str:
        return f"BigInt({int(self)})"

    __str__ = int.__repr__


class Symbol:
    """A JavaScript symbol: a value, and a property key, that is equal to itself only."""

    __slots__ = ("__weakref__", "description")

    def __init__(self, description: str | None = None) -> None:
        self.description = description

    def __repr__(self) -> str:
        return f"Symbol({self.description or ''})"


# ------------------------------------------------------------------------------------------- numbers


def is_bigint(value: object) -> bool:
    """Whether JavaScript would call ``value`` a bigint."""
    return isinstance(value, BigInt) or (isinstance(value, int) and not -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER)


def is_number(value: object) -> bool:
    """Whether JavaScript would call ``value`` a number."""
    return isinstance(value, float) or (isinstance(value, int) and not isinstance(value, bool) and not is_bigint(value))


def number(value: float) -> int | float:
    """A JavaScript number as Python likes it: an ``int`` when it is integral and safe, else the ``float``."""
    if abs(value) <= MAX_SAFE_INTEGER and value == int(value) and (value or math.copysign(1, value) > 0):
        return int(value)
    return value


def to_double(value: int | float) -> float:
    """The nearest double; what is too large becomes infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def to_int32(value: int | float) -> int:
    """ToInt32: modulo 2**32, into the signed range; NaN and the infinities give 0."""
    if isinstance(value, float) and not math.isfinite(value):
        return 0
    return ((int(value) + 0x8000_0000) & 0xFFFF_FFFF) - 0x8000_0000


def bigint(value: int) -> BigInt:
    """A bigint that guest code computed. Raises :class:`RangeError` for one beyond :data:`MAX_BIGINT_BITS`."""
    if value.bit_length() > MAX_BIGINT_BITS:
        raise RangeError("Maximum BigInt size exceeded")
    return BigInt(value)


def mixed() -> TypeError:
    """The error for arithmetic between a bigint and a number."""
    return TypeError("Cannot mix BigInt and other types, use explicit conversions")


# ------------------------------------------------------------------------------------------- text to numbers

SPACE: Final = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
)
"""What ``trim`` takes off: WhiteSpace and LineTerminator (ECMA-262 12.2, 12.3)."""
_PREFIXED = r"0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+"
DECIMAL: Final = r"[+-]?(?:Infinity|(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
"""StrDecimalLiteral (ECMA-262 7.1.4.1), as a pattern."""
_INTEGER = r"[+-]?[0-9]+"


def string_to_number(text: str) -> int | float:
    """``Number(text)``: NaN for anything that is not a numeric literal."""
    text = text.strip(SPACE)
    if not text:
        return 0
    if re.fullmatch(_PREFIXED, text):
        return number(to_double(int(text, 0)))
    return number(float(text)) if re.fullmatch(DECIMAL, text) else math.nan


def string_to_bigint(text: str) -> BigInt:
    """``BigInt(text)``. Raises :class:`SyntaxError` for anything that is not an integer literal."""
    text = text.strip(SPACE)
    if not text:
        return BigInt(0)
    if len(text) > MAX_BIGINT_BITS:
        raise RangeError("Maximum BigInt size exceeded")
    if re.fullmatch(_PREFIXED, text):
        return bigint(int(text, 0))
    if re.fullmatch(_INTEGER, text):
        from decimal import Decimal

        return bigint(int(Decimal(text)))  # by way of Decimal, which knows no limit of 4,300 digits
    raise SyntaxError(f"Cannot convert {text[:80]} to a BigInt")


# ------------------------------------------------------------------------------------------- numbers to text


def bigint_to_string(value: int) -> str:
    """``String(value)`` for a bigint."""
    from decimal import Decimal

    return str(Decimal(int(value)))


def number_to_string(value: int | float) -> str:
    """``String(value)`` for a number: the shortest digits that read back, laid out as ECMA-262 6.1.6.1.20 says."""
    value = float(value)
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "0"
    digits, point = shortest_digits(abs(value))
    count = len(digits)
    if -6 < point <= 21:
        text = decimal_layout(digits, point)
    else:
        text = f"{digits[0]}{'.' if count > 1 else ''}{digits[1:]}e{point - 1:+d}"
    return "-" + text if value < 0 else text


def shortest_digits(value: float) -> tuple[str, int]:
    """The fewest digits that read back as a positive number, and where the decimal point stands, counted from the first."""
    mantissa, _, exponent = repr(float(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    return digits.rstrip("0"), len(digits) - len(fraction) + int(exponent or 0)


def decimal_layout(digits: str, point: int) -> str:
    """Digits without an exponent, padded with zeros to where the decimal point stands."""
    if point <= 0:
        return f"0.{'0' * -point}{digits}"
    if point >= len(digits):
        return digits.ljust(point, "0")
    return f"{digits[:point]}.{digits[point:]}"


# ------------------------------------------------------------------------------------------- strings


def code_units(text: str) -> str:
    """``text`` with one character for each UTF-16 code unit: what JavaScript indexes and counts."""
    if text.isascii() or max(text) <= "\uffff":
        return text
    parts = []
    for start in range(0, len(text), quota.LARGE):
        quota.check()
        units = memoryview(text[start : start + quota.LARGE].encode("utf-16-le", "surrogatepass")).cast("H")
        parts.append("".join(map(chr, units)))
    return "".join(parts)


def concat(left: str, right: str) -> str:
    """``left + right``; two halves of a surrogate pair that meet become one character."""
    quota.text(len(left) + len(right))
    if "\ud800" <= left[-1:] <= "\udbff" and "\udc00" <= right[:1] <= "\udfff":
        pair = (left[-1] + right[0]).encode("utf-16-le", "surrogatepass").decode("utf-16-le")
        return left[:-1] + pair + right[1:]
    return left + right
