"""JavaScript's primitive values and the conversions between them (ECMA-262, chapters 6 and 7).

Python's own ``None``, ``bool``, ``int``, ``float`` and ``str`` stand for undefined, booleans, numbers, bigints beyond
2**53 and strings; :data:`null` and :class:`BigInt` are what Python has no value for.
"""

from __future__ import annotations

import math
import re
from typing import Final, final

from .errors import SyntaxError, TypeError

MAX_SAFE_INTEGER: Final = 2**53
"""An ``int`` up to this magnitude is a number, a larger one a bigint."""


@final
class Null:
    """The type of :data:`null`."""

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


def is_bigint(value: object) -> bool:
    """Whether JavaScript would call ``value`` a bigint."""
    return isinstance(value, BigInt) or (type(value) is int and not -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER)


def is_number(value: object) -> bool:
    """Whether JavaScript would call ``value`` a number."""
    return isinstance(value, float) or (isinstance(value, int) and not isinstance(value, bool) and not is_bigint(value))


def number(value: float) -> int | float:
    """A JavaScript number as Python likes it: an ``int`` when it is integral and safe, else the ``float``."""
    if value == value and abs(value) <= MAX_SAFE_INTEGER and value == int(value) and (value or math.copysign(1, value) > 0):
        return int(value)
    return value


_DECIMAL = re.compile(r"[+-]?(Infinity|(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?)")
_RADIX = {"0x": 16, "0o": 8, "0b": 2}


def string_to_number(text: str) -> int | float:
    """``Number(text)``: NaN for anything that is not a numeric literal."""
    text = text.strip("\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff")
    if not text:
        return 0
    radix = _RADIX.get(text[:2].lower())
    if radix is not None:
        digits = text[2:]
        return number(float(int(digits, radix))) if digits.isalnum() and _digits_fit(digits, radix) else math.nan
    if not _DECIMAL.fullmatch(text):
        return math.nan
    return number(float(text.replace("Infinity", "inf")))


def string_to_bigint(text: str) -> BigInt:
    """``BigInt(text)``; raises :class:`SyntaxError` for anything that is not an integer literal."""
    text = text.strip()
    radix = _RADIX.get(text[:2].lower(), 10)
    digits = text[2:] if radix != 10 else text.lstrip("+-") if text[:1] in "+-" and len(text) > 1 else text
    if not text:
        return BigInt(0)
    if not (digits.isascii() and digits.isalnum() and _digits_fit(digits, radix)):
        raise SyntaxError(f"Cannot convert {text} to a BigInt")
    return BigInt(int(digits, radix) * (-1 if text[0] == "-" else 1))


def _digits_fit(digits: str, radix: int) -> bool:
    allowed = "0123456789abcdef"[:radix]
    return bool(digits) and all(digit in allowed for digit in digits.lower())


def number_to_string(value: int | float) -> str:
    """``String(value)`` for a number: the shortest digits that read back, laid out as ECMA-262 6.1.6.1.20 says."""
    if isinstance(value, int):
        return str(int(value)) if abs(value) < 10**21 else number_to_string(float(value))
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "0"
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = int(exponent or 0) + len(whole)
    if whole == "0":
        point = int(exponent or 0) - (len(fraction) - len(fraction.lstrip("0")))
    digits = digits.rstrip("0") or "0"
    sign = "-" if value < 0 else ""
    if len(digits) <= point <= 21:
        return sign + digits + "0" * (point - len(digits))
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    power = point - 1
    tail = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{tail}e{'+' if power >= 0 else '-'}{abs(power)}"


def to_int32(value: int | float) -> int:
    """ECMA-262 ToInt32: modulo 2**32, into the signed range; NaN and the infinities give 0."""
    if isinstance(value, float):
        if not math.isfinite(value):
            return 0
        value = int(value)
    return ((int(value) + 0x8000_0000) & 0xFFFF_FFFF) - 0x8000_0000


def mixed() -> TypeError:
    """The error for arithmetic between a bigint and a number."""
    return TypeError("Cannot mix BigInt and other types, use explicit conversions")
