"""JavaScript's operators on Python values, with its coercions (ECMA-262, chapter 13)."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable

from .errors import RangeError, SyntaxError, TypeError
from .model import comparable, to_numeric, to_primitive, to_string
from .primitives import MAX_BIGINT_BITS, BigInt, bigint, concat, is_bigint, mixed, number, to_int32

Number = int | float


def add(a: object, b: object) -> object:
    """``a + b``: concatenation as soon as one side is a string."""
    a, b = to_primitive(a), to_primitive(b)
    if isinstance(a, str) or isinstance(b, str):
        return concat(to_string(a), to_string(b))
    return _arithmetic(operator.add, operator.add)(a, b)


def _arithmetic(on_numbers: Callable[[float, float], Number], on_bigints: Callable[[int, int], int]) -> Callable[[object, object], Number]:
    """A binary operator from what it does to two numbers and to two bigints; mixing them is an error."""

    def apply(a: object, b: object) -> Number:
        left, right = to_numeric(a), to_numeric(b)
        if isinstance(left, BigInt) and isinstance(right, BigInt):
            return bigint(on_bigints(left, right))
        if isinstance(left, BigInt) or isinstance(right, BigInt):
            raise mixed()
        return number(on_numbers(float(left), float(right)))

    return apply


def _divide(a: float, b: float) -> float:
    if b:
        return a / b
    if a == 0 or math.isnan(a) or math.isnan(b):
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1, b)


def _remainder(a: float, b: float) -> float:
    if math.isinf(a) or b == 0 or math.isnan(a) or math.isnan(b):
        return math.nan
    return math.fmod(a, b)


def _power(a: float, b: float) -> float:
    """Where C's ``pow`` and JavaScript's differ: NaN exponents, and infinite ones of a base of 1."""
    if math.isnan(b) or (abs(a) == 1 and math.isinf(b)):
        return math.nan
    try:
        return math.pow(a, b)
    except OverflowError:
        return -math.inf if a < 0 and b % 2 == 1 else math.inf
    except ValueError:  # 0 to a negative power, or a root of a negative number
        if a:
            return math.nan
        return math.copysign(math.inf, a) if b % 2 == 1 else math.inf


def _big_divide(a: int, b: int) -> int:
    if not b:
        raise RangeError("Division by zero")
    quotient = abs(a) // abs(b)
    return quotient if (a < 0) == (b < 0) else -quotient


def _big_remainder(a: int, b: int) -> int:
    return a - b * _big_divide(a, b)


def _big_power(a: int, b: int) -> int:
    if b < 0:
        raise RangeError("Exponent must be non-negative")
    if abs(a) > 1 and (a.bit_length() - 1) * b > MAX_BIGINT_BITS:
        raise RangeError("Maximum BigInt size exceeded")
    return int(a**b)


def _big_shift(a: int, b: int) -> int:
    if b < 0:
        return a >> -b
    if a and b > MAX_BIGINT_BITS:
        raise RangeError("Maximum BigInt size exceeded")
    return a << b if a else 0


def _bits(on_ints: Callable[[int, int], int]) -> Callable[[float, float], Number]:
    return lambda a, b: to_int32(on_ints(to_int32(a), to_int32(b)))


sub = _arithmetic(operator.sub, operator.sub)
mul = _arithmetic(operator.mul, operator.mul)
div = _arithmetic(_divide, _big_divide)
rem = _arithmetic(_remainder, _big_remainder)
pow = _arithmetic(_power, _big_power)
bit_and = _arithmetic(_bits(operator.and_), operator.and_)
bit_or = _arithmetic(_bits(operator.or_), operator.or_)
bit_xor = _arithmetic(_bits(operator.xor), operator.xor)
shl = _arithmetic(_bits(lambda a, b: a << (b & 31)), _big_shift)
shr = _arithmetic(_bits(lambda a, b: a >> (b & 31)), lambda a, b: _big_shift(a, -b))


def unsigned_shr(a: object, b: object) -> int:
    """``a >>> b``; bigints have no such operator."""
    left, right = to_numeric(a), to_numeric(b)
    if isinstance(left, BigInt) != isinstance(right, BigInt):
        raise mixed()
    if isinstance(left, BigInt):
        raise TypeError("BigInts have no unsigned right shift, use >> instead")
    return (to_int32(left) & 0xFFFF_FFFF) >> (to_int32(right) & 31)


def neg(value: object) -> Number:
    """``-value``."""
    operand = to_numeric(value)
    return BigInt(-operand) if isinstance(operand, BigInt) else number(-float(operand))


def bit_not(value: object) -> Number:
    """``~value``."""
    operand = to_numeric(value)
    return BigInt(~operand) if isinstance(operand, BigInt) else ~to_int32(operand)


def _compare(a: object, b: object, test: Callable[[Number, Number], bool]) -> bool:
    a, b = to_primitive(a), to_primitive(b)
    if isinstance(a, str) and isinstance(b, str):
        # UTF-16 code units order differently from code points above the basic plane.
        left, right = a.encode("utf-16-be", "surrogatepass"), b.encode("utf-16-be", "surrogatepass")
        return test((left > right) - (left < right), 0)
    exactly = is_bigint(a) or is_bigint(b)
    try:
        return test(comparable(a, exactly), comparable(b, exactly))
    except SyntaxError:  # text that is no bigint compares with none
        return False


def lt(a: object, b: object) -> bool:
    """``a < b``."""
    return _compare(a, b, operator.lt)


def le(a: object, b: object) -> bool:
    """``a <= b``."""
    return _compare(a, b, operator.le)


def gt(a: object, b: object) -> bool:
    """``a > b``."""
    return _compare(a, b, operator.gt)


def ge(a: object, b: object) -> bool:
    """``a >= b``."""
    return _compare(a, b, operator.ge)
