"""``DisposableStack`` and ``AsyncDisposableStack`` (ECMA-262 of 2026, 27.3 and 27.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from . import errors, model
from .asynchronous import Later, settled
from .classes import Class, Table
from .iterators import caught, thrown
from .ordinary import Ordinary
from .symbols import ASYNC_DISPOSE, DISPOSE


class DisposableStack(Ordinary):
    """What is to be disposed of, the last first."""

    __slots__ = ("disposed", "waiting")
    _bp_class: ClassVar[str] = "DisposableStack"

    def __init__(self) -> None:
        self.disposed = False
        self.waiting: list[Callable[[], Any]] = []


class AsyncDisposableStack(DisposableStack):
    """The same, where it may take time."""

    __slots__ = ()
    _bp_class: ClassVar[str] = "AsyncDisposableStack"


def _suppressed(error: BaseException, before: object) -> BaseException:
    """What was thrown now, with what it came on top of."""
    return errors.SuppressedError(caught(error), before)


def _dispose(stack: DisposableStack) -> None:
    """DisposeResources (7.5.8)."""
    failure: BaseException | None = None
    while stack.waiting:
        try:
            stack.waiting.pop()()
        except Exception as error:
            failure = error if failure is None else _suppressed(error, caught(failure))
    if failure is not None:
        raise failure


async def _dispose_slowly(stack: DisposableStack) -> None:
    failure: BaseException | None = None
    while stack.waiting:
        try:
            await settled(stack.waiting.pop()())
        except Exception as error:
            failure = error if failure is None else _suppressed(error, caught(failure))
    if failure is not None:
        raise thrown(caught(failure))


def _methods(kind: type[DisposableStack], keys: tuple[Any, ...]) -> Table:
    """The methods of both; ``keys``: by which symbols a value says how it is disposed of."""
    name = kind._bp_class

    def mine(this: object, method: str) -> DisposableStack:
        if type(this) is not kind:
            raise errors.TypeError(f"Method {name}.prototype.{method} called on incompatible receiver {model.describe(this)}")
        return this

    def open_stack(this: object, method: str) -> DisposableStack:
        stack = mine(this, method)
        if stack.disposed:
            raise errors.ReferenceError(f"Cannot add values to a disposed {name}")
        return stack

    def use(this: object, value: Any) -> Any:
        stack = open_stack(this, "use")
        if model.is_nullish(value):
            return value
        if model.is_primitive(value):
            raise errors.TypeError(f"{model.describe(value)} is not an object")
        method = next((found for key in keys if not model.is_nullish(found := model.get(value, key))), None)
        dispose = model.callback(method)
        stack.waiting.append(lambda: dispose(value))
        return value

    def adopt(this: object, value: Any, function: object) -> Any:
        stack = open_stack(this, "adopt")
        dispose = model.callback(function)
        stack.waiting.append(lambda: dispose(None, value))
        return value

    def defer(this: object, function: object) -> None:
        stack = open_stack(this, "defer")
        dispose = model.callback(function)
        stack.waiting.append(lambda: dispose(None))

    def move(this: object) -> DisposableStack:
        stack, other = open_stack(this, "move"), kind()
        other.waiting, stack.waiting, stack.disposed = stack.waiting, [], True
        return other

    def end(this: object) -> Any:
        stack = mine(this, "dispose")
        if kind is DisposableStack:
            if not stack.disposed:
                stack.disposed = True
                _dispose(stack)
            return None
        stack.disposed = True
        return Later(lambda: _dispose_slowly(stack))

    last = "dispose" if kind is DisposableStack else "disposeAsync"
    return {"adopt": adopt, "defer": defer, last: end, "move": move, "use": use, keys[0]: end}


def _class(kind: type[DisposableStack], keys: tuple[Any, ...]) -> Class:
    def disposed(this: object) -> bool:
        if type(this) is not kind:
            raise errors.TypeError(f"{kind._bp_class}.prototype.disposed called on incompatible receiver {model.describe(this)}")
        return this.disposed

    name = kind._bp_class
    return Class(name, construct=kind, prototype=_methods(kind, keys), getters={"disposed": disposed}, tag=name)


CLASSES: Mapping[str, Any] = MappingProxyType(
    {
        "DisposableStack": _class(DisposableStack, (DISPOSE,)),
        "AsyncDisposableStack": _class(AsyncDisposableStack, (ASYNC_DISPOSE, DISPOSE)),
    }
)
