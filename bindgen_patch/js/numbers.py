"""``Number`` and ``BigInt``: their methods, statics and constants, and the global functions on numbers (ECMA-262 19.2, 21.1, 21.2).

What the standard leaves open is as in V8: the fraction's digits in other radices than ten.
"""

from __future__ import annotations

import functools
import math
import re
import sys
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from . import model
from .classes import Class, functions, with_lengths, without_this
from .coercions import MAX_INDEX, to_bigint, to_index, to_integer
from .errors import RangeError, TypeError
from .locales import punctuated
from .primitives import (
    DECIMAL,
    MAX_BIGINT_BITS,
    SPACE,
    BigInt,
    bigint,
    bigint_to_string,
    decimal_layout,
    is_bigint,
    is_number,
    number,
    number_to_string,
    shortest_digits,
    string_to_bigint,
    to_double,
    to_int32,
)
from .wrappers import Wrapper, unwrapping

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_MAX_FRACTION: Final = 3
"""How many digits of a fraction ``toLocaleString`` shows."""


def _this_number(this: object, method: str) -> int | float:
    if is_number(this):
        return this  # type: ignore[return-value]
    raise TypeError(f"Number.prototype.{method} requires that 'this' be a Number")


def _this_bigint(this: object, method: str) -> int:
    if is_bigint(this):
        return int(this)  # type: ignore[call-overload,no-any-return]
    raise TypeError(f"BigInt.prototype.{method} requires that 'this' be a BigInt")


def _radix(argument: object) -> int:
    radix = 10 if argument is None else to_integer(argument)
    if not 2 <= radix <= 36:
        raise RangeError("toString() radix argument must be between 2 and 36")
    return int(radix)


# ------------------------------------------------------------------------------------------- numbers to text


def to_string(this: object, radix: object = None) -> str:
    """``Number.prototype.toString``."""
    value = _this_number(this, "toString")
    base = _radix(radix)
    if base == 10 or not math.isfinite(value):
        return number_to_string(value)
    return "-" + _in_radix(-value, base) if value < 0 else _in_radix(value, base)


def _in_radix(value: float, radix: int) -> str:
    """A finite number of at least 0, as V8 writes it: digits of the fraction until the double is told from its neighbours."""
    whole = int(value)
    fraction = float(value) - whole
    delta = max(0.5 * (math.nextafter(value, math.inf) - value), math.ulp(0.0)) if fraction else math.inf
    digits: list[int] = []
    while fraction >= delta:
        fraction *= radix
        delta *= radix
        digits.append(int(fraction))
        fraction -= digits[-1]
        if (fraction > 0.5 or (fraction == 0.5 and digits[-1] & 1)) and fraction + delta > 1:
            while digits and digits[-1] == radix - 1:
                digits.pop()
            if digits:
                digits[-1] += 1
            else:
                whole += 1
            break
    return _whole_in_radix(whole, radix) + ("." if digits else "") + "".join(_DIGITS[digit] for digit in digits)


def _whole_in_radix(whole: int, radix: int) -> str:
    """Beyond 2**53 V8 divides in doubles, and writes 0 for each digit that a double cannot tell."""
    if whole <= MAX_INDEX:
        return _int_in_radix(whole, radix)
    rest = float(whole)
    digits: list[str] = []
    while rest / radix >= 2.0**53:
        rest /= radix
        digits.append("0")
    while rest > 0:
        remainder = math.fmod(rest, radix)
        digits.append(_DIGITS[int(remainder)])
        rest = (rest - remainder) / radix
    return "".join(reversed(digits))


def _int_in_radix(value: int, radix: int) -> str:
    """Digits of an int of at least 0: halved until they are few, so that long ones take less than quadratic time."""
    if value < radix:
        return _DIGITS[value]
    if value.bit_length() <= 64:
        digits = ""
        while value:
            value, digit = divmod(value, radix)
            digits = _DIGITS[digit] + digits
        return digits
    half = int(value.bit_length() / math.log2(radix)) // 2
    high, low = divmod(value, radix**half)
    return _int_in_radix(high, radix) + _int_in_radix(low, radix).rjust(half, "0")


def to_fixed(this: object, digits: object = None) -> str:
    """``Number.prototype.toFixed``."""
    value = _this_number(this, "toFixed")
    count = to_integer(digits)
    if not 0 <= count <= 100:
        raise RangeError("toFixed() digits argument must be between 0 and 100")
    if not abs(value) < 1e21:
        return number_to_string(value)
    text = str(_rounded(abs(value), 10 ** int(count))).rjust(int(count) + 1, "0")
    if count:
        text = f"{text[: -int(count)]}.{text[-int(count) :]}"
    return "-" + text if value < 0 else text


def to_exponential(this: object, digits: object = None) -> str:
    """``Number.prototype.toExponential``; as many digits as it takes when none are asked for."""
    value = _this_number(this, "toExponential")
    count = to_integer(digits)
    if not math.isfinite(value):
        return number_to_string(value)
    if not 0 <= count <= 100:
        raise RangeError("toExponential() argument must be between 0 and 100")
    if value == 0:
        text, exponent = "0" * (int(count) + 1), 0
    elif digits is None:
        text, point = shortest_digits(abs(value))
        exponent = point - 1
    else:
        text, exponent = _significant(abs(value), int(count) + 1)
    return ("-" if value < 0 else "") + _scientific(text, exponent)


def to_precision(this: object, precision: object = None) -> str:
    """``Number.prototype.toPrecision``."""
    value = _this_number(this, "toPrecision")
    if precision is None:
        return number_to_string(value)
    count = to_integer(precision)
    if not math.isfinite(value):
        return number_to_string(value)
    if not 1 <= count <= 100:
        raise RangeError("toPrecision() argument must be between 1 and 100")
    text, exponent = _significant(abs(value), int(count)) if value else ("0" * int(count), 0)
    laid_out = _scientific(text, exponent) if exponent < -6 or exponent >= count else decimal_layout(text, exponent + 1)
    return "-" + laid_out if value < 0 else laid_out


def _scientific(digits: str, exponent: int) -> str:
    return f"{digits[0]}{'.' if len(digits) > 1 else ''}{digits[1:]}e{exponent:+d}"


def _significant(value: float, count: int) -> tuple[str, int]:
    """The ``count`` digits nearest to a positive number, of two such the larger, and the power of ten of the first."""
    from decimal import Decimal

    exponent = Decimal(value).adjusted()
    shift = count - 1 - exponent
    digits = str(_rounded(value, 10**shift) if shift >= 0 else _rounded(value, 1, 10**-shift))
    return digits[:count], exponent + len(digits) - count


def _rounded(value: float, times: int, over: int = 1) -> int:
    """``value * times / over`` to the nearest int, halves up; exactly."""
    above, below = value.as_integer_ratio()
    below *= over
    return (2 * above * times + below) // (2 * below)


def to_locale_string(this: object, locales: object = None, _options: object = None) -> str:
    """``Number.prototype.toLocaleString``: groups of three, at most three digits of a fraction, see :mod:`.locales`."""
    from decimal import ROUND_HALF_UP, Context, Decimal

    value = _this_number(this, "toLocaleString")
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "∞" if value > 0 else "-∞"
    exact = Decimal(repr(float(value)))  # the shortest digits are what ICU rounds
    if -exact.as_tuple().exponent > _MAX_FRACTION:  # type: ignore[operator]
        exact = exact.quantize(Decimal(1).scaleb(-_MAX_FRACTION), ROUND_HALF_UP, Context(prec=400))
    text = f"{exact:f}"
    return punctuated(text.rstrip("0").rstrip(".") if "." in text else text, locales)


def bigint_text(this: object, radix: object = None) -> str:
    """``BigInt.prototype.toString``."""
    value = _this_bigint(this, "toString")
    base = _radix(radix)
    if base == 10:
        return bigint_to_string(value)
    return "-" + _int_in_radix(-value, base) if value < 0 else _int_in_radix(value, base)


def bigint_locale_text(this: object, locales: object = None, _options: object = None) -> str:
    """``BigInt.prototype.toLocaleString``."""
    return punctuated(bigint_to_string(_this_bigint(this, "toLocaleString")), locales)


# ------------------------------------------------------------------------------------------- text to numbers


def parse_float(text: object = None) -> int | float:
    """``parseFloat``: the longest prefix that is a decimal literal."""
    found = re.match(DECIMAL, model.to_string(text).lstrip(SPACE))
    return number(float(found[0])) if found else math.nan


def parse_int(text: object = None, radix: object = None) -> int | float:
    """``parseInt``: the longest prefix that is an integer in ``radix``, rounded once."""
    digits = model.to_string(text).lstrip(SPACE)
    base = to_int32(model.to_number(radix))
    negative = digits.startswith("-")
    if digits[:1] in ("+", "-"):
        digits = digits[1:]
    if base in (0, 16) and digits[:2] in ("0x", "0X"):
        digits, base = digits[2:], 16
    base = base or 10
    if not 2 <= base <= 36:
        return math.nan
    found = _integer(base).match(digits)
    if not found:
        return math.nan
    value = _magnitude(found[0].lstrip("0") or "0", base)
    return number(-value if negative else value)


@functools.cache
def _integer(base: int) -> re.Pattern[str]:
    return re.compile(f"[{_DIGITS[:base]}{_DIGITS[10:base].upper()}]+")


def _magnitude(digits: str, base: int) -> float:
    if base == 10:
        return float(digits)
    try:
        return float(int(digits, base)) if len(digits) <= sys.float_info.max_exp else math.inf
    except OverflowError:
        return math.inf


# ------------------------------------------------------------------------------------------- tests and wrapping


def is_nan(value: object = None) -> bool:
    """The global ``isNaN``, which converts."""
    return math.isnan(model.to_number(value))


def is_finite(value: object = None) -> bool:
    """The global ``isFinite``, which converts."""
    return math.isfinite(model.to_number(value))


def _is_integer(value: object = None) -> bool:
    return is_number(value) and float(value).is_integer()  # type: ignore[arg-type]


def as_int_n(bits: object = None, value: object = None) -> BigInt:
    """``BigInt.asIntN``: modulo 2**bits, into the signed range."""
    count = to_index(bits)
    integer = to_bigint(value)
    if count > integer.bit_length():
        return integer
    wrapped = integer & ((1 << count) - 1)
    return BigInt(wrapped - (1 << count) if count and wrapped >> (count - 1) else wrapped)


def as_uint_n(bits: object = None, value: object = None) -> BigInt:
    """``BigInt.asUintN``: modulo 2**bits."""
    count = to_index(bits)
    integer = to_bigint(value)
    if integer >= 0 and count >= integer.bit_length():
        return integer
    if count > MAX_BIGINT_BITS:
        raise RangeError("Maximum BigInt size exceeded")
    return bigint(integer & ((1 << count) - 1))


# ------------------------------------------------------------------------------------------- tables

GLOBALS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {"parseFloat": parse_float, "parseInt": parse_int, "isNaN": is_nan, "isFinite": is_finite}
)
"""The global functions."""

PROTOTYPE: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "toString": to_string,
        "toLocaleString": to_locale_string,
        "toFixed": to_fixed,
        "toExponential": to_exponential,
        "toPrecision": to_precision,
        "valueOf": lambda this: _this_number(this, "valueOf"),
    }
)
"""``Number.prototype``: functions of ``this`` and the arguments."""

STATICS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "isFinite": lambda value=None: is_number(value) and math.isfinite(value),
        "isInteger": _is_integer,
        "isNaN": lambda value=None: is_number(value) and math.isnan(value),
        "isSafeInteger": lambda value=None: _is_integer(value) and abs(value) <= MAX_INDEX,
        "parseFloat": parse_float,
        "parseInt": parse_int,
    }
)
"""The functions of ``Number``."""

CONSTANTS: Mapping[str, int | float] = MappingProxyType(
    {
        "EPSILON": sys.float_info.epsilon,
        "MAX_SAFE_INTEGER": MAX_INDEX,
        "MAX_VALUE": sys.float_info.max,
        "MIN_SAFE_INTEGER": -MAX_INDEX,
        "MIN_VALUE": math.ulp(0.0),
        "NaN": math.nan,
        "NEGATIVE_INFINITY": -math.inf,
        "POSITIVE_INFINITY": math.inf,
    }
)
"""The constants of ``Number``."""

BIGINT_PROTOTYPE: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "toString": bigint_text,
        "toLocaleString": bigint_locale_text,
        "valueOf": lambda this: BigInt(_this_bigint(this, "valueOf")),
    }
)
"""``BigInt.prototype``."""

BIGINT_STATICS: Mapping[str, Callable[..., Any]] = MappingProxyType({"asIntN": as_int_n, "asUintN": as_uint_n})
"""The functions of ``BigInt``."""


# ------------------------------------------------------------------------------------------- the classes


def _number(value: object = 0) -> int | float:
    numeric = model.to_numeric(value)
    return number(to_double(numeric)) if isinstance(numeric, BigInt) else numeric


def _bigint(value: object = None) -> BigInt:
    primitive = model.to_primitive(value, "number")
    match primitive:
        case str():
            return string_to_bigint(primitive)
        case float() if not primitive.is_integer():
            text = model.to_string(primitive)
            raise RangeError(f"The number {text} cannot be converted to a BigInt because it is not an integer")
        case bool() | int() | float():
            return bigint(int(primitive))
    raise TypeError(f"Cannot convert {model.describe(primitive)} to a BigInt")


_GLOBAL: Final = functions(GLOBALS)

CLASSES: Mapping[str, Any] = MappingProxyType(
    {
        "Number": Class(
            "Number",
            call=_number,
            construct=lambda value=0: Wrapper(_number(value)),
            length=1,
            statics={**without_this(STATICS), "parseFloat": _GLOBAL["parseFloat"], "parseInt": _GLOBAL["parseInt"]},
            constants=CONSTANTS,
            prototype=unwrapping(with_lengths(PROTOTYPE, toLocaleString=0)),
        ),
        "BigInt": Class(
            "BigInt",
            call=_bigint,
            length=1,
            statics=without_this(BIGINT_STATICS),
            prototype=unwrapping(with_lengths(BIGINT_PROTOTYPE, toString=0, toLocaleString=0)),
            tag="BigInt",
        ),
        **_GLOBAL,
    }
)
