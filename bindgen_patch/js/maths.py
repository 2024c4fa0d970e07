"""``Math`` (ECMA-262 21.3). What the standard leaves to the implementation is the C library's: its last digit may differ from V8's."""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from . import model, operators
from .classes import namespace, with_lengths, without_this
from .coercions import to_uint32
from .primitives import number, to_int32


def _analytic(function: Callable[[float], float]) -> Callable[..., int | float]:
    """A function of C's: what it refuses is NaN, a pole or an overflow infinite with the sign that its limit has."""

    def apply(value: object = None) -> int | float:
        operand = model.to_number(value)
        try:
            return number(function(operand))
        except ValueError:
            return _POLES.get((function, operand), math.nan)
        except OverflowError:
            return -math.inf if operand < 0 and function is math.sinh else math.inf

    return apply


_POLES: Mapping[tuple[Callable[[float], float], float], float] = {
    (math.log, 0): -math.inf,
    (math.log2, 0): -math.inf,
    (math.log10, 0): -math.inf,
    (math.log1p, -1): -math.inf,
    (math.atanh, 1): math.inf,
    (math.atanh, -1): -math.inf,
}


def _to_integral(function: Callable[[float], int]) -> Callable[..., int | float]:
    """Rounding: infinities and NaN stay, and a zero keeps the sign of what was rounded."""

    def apply(value: object = None) -> int | float:
        operand = model.to_number(value)
        if isinstance(operand, int) or not math.isfinite(operand):
            return operand
        return number(math.copysign(float(function(operand)), operand))

    return apply


def _round_half_up(value: float) -> int:
    whole = math.floor(value)
    return whole + (value - whole >= 0.5)


def _to_format(code: str) -> Callable[..., int | float]:
    """Rounding to a smaller format of IEEE 754."""
    packing = struct.Struct(code)

    def apply(value: object = None) -> int | float:
        operand = float(model.to_number(value))
        try:
            (rounded,) = packing.unpack(packing.pack(operand))
        except OverflowError:
            rounded = math.copysign(math.inf, operand)
        return number(rounded)

    return apply


def _extreme(empty: float, better: Callable[[float, float], bool]) -> Callable[..., int | float]:
    """``max`` and ``min``: every argument is converted, one NaN decides, and -0 is less than 0."""

    def apply(*values: object) -> int | float:
        numbers = [model.to_number(value) for value in values]
        best: int | float = empty
        for candidate in numbers:
            if math.isnan(candidate):
                return math.nan
            signs = math.copysign(1, candidate), math.copysign(1, best)
            if better(candidate, best) or (candidate == best and better(*signs)):
                best = candidate
        return best

    return apply


def absolute(value: object = None) -> int | float:
    """``Math.abs``."""
    return number(math.fabs(model.to_number(value)))


def atan2(y: object = None, x: object = None) -> int | float:
    """``Math.atan2``."""
    return number(math.atan2(model.to_number(y), model.to_number(x)))


def clz32(value: object = None) -> int:
    """``Math.clz32``: the zeros before the first bit that is set, of 32."""
    return 32 - to_uint32(value).bit_length()


def _cube_root(value: float) -> float:
    """C's misses roots that are whole numbers; V8's does not."""
    root = math.cbrt(value)
    return round(root, 0) if math.isfinite(root) and round(root) ** 3 == value else root


def hypot(*values: object) -> int | float:
    """``Math.hypot``: an infinity outweighs NaN."""
    return number(math.hypot(*[model.to_number(value) for value in values]))


def imul(a: object = None, b: object = None) -> int:
    """``Math.imul``: the low 32 bits of a product, signed."""
    return to_int32(to_uint32(a) * to_uint32(b))


def power(base: object = None, exponent: object = None) -> int | float:
    """``Math.pow``."""
    result = operators.pow(model.to_number(base), model.to_number(exponent))
    assert isinstance(result, int | float)
    return result


def random() -> float:
    """``Math.random``: from the system's source, so that no guest can foretell another's."""
    return (int.from_bytes(os.urandom(7)) >> 3) * 2.0**-53


def sign(value: object = None) -> int | float:
    """``Math.sign``: -1, 1, or a zero or NaN as it was given."""
    operand = model.to_number(value)
    return operand if not operand or math.isnan(operand) else int(math.copysign(1, operand))


FUNCTIONS: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "abs": absolute,
        "acos": _analytic(math.acos),
        "acosh": _analytic(math.acosh),
        "asin": _analytic(math.asin),
        "asinh": _analytic(math.asinh),
        "atan": _analytic(math.atan),
        "atan2": atan2,
        "atanh": _analytic(math.atanh),
        "cbrt": _analytic(_cube_root),
        "ceil": _to_integral(math.ceil),
        "clz32": clz32,
        "cos": _analytic(math.cos),
        "cosh": _analytic(math.cosh),
        "exp": _analytic(math.exp),
        "expm1": _analytic(math.expm1),
        "f16round": _to_format("<e"),
        "floor": _to_integral(math.floor),
        "fround": _to_format("<f"),
        "hypot": hypot,
        "imul": imul,
        "log": _analytic(math.log),
        "log10": _analytic(math.log10),
        "log1p": _analytic(math.log1p),
        "log2": _analytic(math.log2),
        "max": _extreme(-math.inf, lambda a, b: a > b),
        "min": _extreme(math.inf, lambda a, b: a < b),
        "pow": power,
        "random": random,
        "round": _to_integral(_round_half_up),
        "sign": sign,
        "sin": _analytic(math.sin),
        "sinh": _analytic(math.sinh),
        "sqrt": _analytic(math.sqrt),
        "tan": _analytic(math.tan),
        "tanh": _analytic(math.tanh),
        "trunc": _to_integral(math.trunc),
    }
)
"""The functions of ``Math``."""

CONSTANTS: Mapping[str, float] = MappingProxyType(
    {
        "E": math.e,
        "LN10": math.log(10),
        "LN2": math.log(2),
        "LOG10E": math.log10(math.e),
        "LOG2E": math.log2(math.e),
        "PI": math.pi,
        "SQRT1_2": math.sqrt(0.5),
        "SQRT2": math.sqrt(2),
    }
)
"""The constants of ``Math``."""

CLASSES: Mapping[str, Any] = MappingProxyType(
    {"Math": namespace("Math", with_lengths(without_this(FUNCTIONS), hypot=2, max=2, min=2), CONSTANTS)}
)
