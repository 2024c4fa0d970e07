"""``Atomics`` (ECMA-262 25.4). No memory is shared between threads here, so everything is atomic and nobody can be waited for."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from . import model
from .buffers import TypedArray, attached
from .classes import Table, namespace
from .coercions import to_bigint, to_index, to_integer
from .errors import RangeError, TypeError
from .primitives import BigInt


def _place(array: object, index: object) -> tuple[TypedArray, int]:
    """ValidateAtomicAccess, on integers only."""
    mine = attached(array)
    if mine.element.code in "efd" or mine._bp_class == "Uint8ClampedArray":
        raise TypeError("[object Array] is not an integer typed array.")
    position = to_index(index)
    if position >= len(mine):
        raise RangeError("Invalid atomic access index")
    return mine, position


def _operand(mine: TypedArray, value: object) -> Any:
    return to_bigint(value) if mine.element.read is BigInt else to_integer(value)


def _update(combine: Callable[[int, int], int]) -> Callable[..., Any]:
    def update(_receiver: object, array: object, index: object, value: object) -> Any:
        mine, position = _place(array, index)
        packed = mine.element.write(_operand(mine, value))
        before = mine.read(position)
        made = combine(int(before), int(packed))
        mine.write(position, BigInt(made) if mine.element.read is BigInt else made)
        return before

    return update


def _compare_exchange(_receiver: object, array: object, index: object, expected: object, value: object) -> Any:
    mine, position = _place(array, index)
    wanted, packed = mine.element.write(_operand(mine, expected)), mine.element.write(_operand(mine, value))
    before = mine.read(position)
    if int(before) == int(wanted):
        mine.write(position, BigInt(packed) if mine.element.read is BigInt else packed)
    return before


def _load(_receiver: object, array: object, index: object) -> Any:
    mine, position = _place(array, index)
    return mine.read(position)


def _store(_receiver: object, array: object, index: object, value: object) -> Any:
    mine, position = _place(array, index)
    operand = _operand(mine, value)
    mine.write(position, operand)
    return operand


def _notify(_receiver: object, array: object, index: object, _count: object = None) -> int:
    mine, _ = _place(array, index)
    if mine._bp_class not in ("Int32Array", "BigInt64Array"):
        raise TypeError(f"{model.describe(array)} is not an int32 or BigInt64 typed array.")
    return 0


def _wait(_receiver: object, array: object, index: object, _value: object, _timeout: object = None) -> Any:
    _notify(None, array, index)
    raise TypeError(f"{model.describe(array)} is not a shared typed array.")


FUNCTIONS: Table = MappingProxyType(
    {
        "add": _update(operator.add),
        "and": _update(operator.and_),
        "compareExchange": _compare_exchange,
        "exchange": _update(lambda _before, value: value),
        "isLockFree": lambda _this, size: to_integer(size) in (1, 2, 4, 8),
        "load": _load,
        "notify": (_notify, 3),
        "or": _update(operator.or_),
        "store": _store,
        "sub": _update(operator.sub),
        "wait": (_wait, 4),
        "waitAsync": (_wait, 4),
        "xor": _update(operator.xor),
    }
)

CLASSES: Mapping[str, Any] = MappingProxyType({"Atomics": namespace("Atomics", FUNCTIONS)})
