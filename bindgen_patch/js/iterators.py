"""Iterators (ECMA-262 27.1): the protocol both ways, the iterators of the built-ins, and their helper methods.

An iterator of ours is one in Python, too. What the host hands over is iterable for guests when it is a plain collection, an
iterator or generator of the language's own, or exposed; any other ``__iter__`` is host code that nobody has shown to the guest.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import islice
from types import MappingProxyType
from typing import Any

from ..errors import GuestException
from . import model, quota
from .classes import MISSING, Class, Table
from .coercions import to_integer
from .errors import RangeError, TypeError
from .ordinary import Array, Object, Ordinary, extra_of
from .primitives import null
from .symbols import ITERATOR
from .visibility import COLLECTIONS, is_exposed, is_host_iterator

# ------------------------------------------------------------------------------------------- iterators of ours


class BuiltinIterator(Ordinary):
    """An iterator of a built-in's: Python's over what it gives, under the name of its prototype."""

    __slots__ = ("_bp_class", "_close", "_items")

    def __init__(self, items: Iterator[Any], kind: str, close: Callable[[], None] | None = None) -> None:
        self._items = items
        self._bp_class = kind  # type: ignore[misc]
        self._close = close

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return next(self._items)

    def __repr__(self) -> str:
        return f"<js {self._bp_class}>"

    def close(self) -> None:
        """Let go of what it goes through."""
        self._items = iter(())
        if self._close is not None:
            close, self._close = self._close, None
            close()


def iterator_over(obj: Any, what: str, kind: str = "Array Iterator") -> BuiltinIterator:
    """CreateArrayIterator (23.1.5.1): ``keys``, ``values`` or ``entries``; it sees what is there when it comes to it."""

    def walk() -> Iterator[Any]:
        from .arrays import length_of

        index = 0
        while index < length_of(obj):
            if not index % quota.STRIDE:
                quota.check()
            match what:
                case "keys":
                    yield index
                case "values":
                    yield model.get(obj, index)
                case _:
                    yield Array((index, model.get(obj, index)))
            index += 1

    return BuiltinIterator(walk(), kind)


def result(value: Any, done: bool) -> Object:
    """CreateIterResultObject (7.4.14)."""
    return Object(value=value, done=done)


# ------------------------------------------------------------------------------------------- what is iterable


def iterate(value: Any) -> Iterator[Any]:
    """GetIterator and IteratorStep (7.4.3, 7.4.9). Raises ``TypeError`` for what is not iterable.

    Who leaves it before the end closes it (:func:`close`, :func:`iterating`).
    """
    if value is None or value is null:
        raise TypeError(f"{model.describe(value)} is not iterable")
    if isinstance(value, str):
        return characters(value)
    if isinstance(value, list | tuple) and extra_of(value) is None:
        return iterator_over(value, "values")
    if type(value) in COLLECTIONS:
        return iter(value)
    method = model.get(value, ITERATOR)
    if not callable(method):
        raise TypeError(f"{model.describe(value)} is not iterable")
    iterator = model.apply(method, value, ())
    if model.is_primitive(iterator):
        raise TypeError(f"Result of the Symbol.iterator method is not an object: {model.describe(iterator)}")
    return python_iterator(iterator)


def python_iterator(iterator: Any) -> Iterator[Any]:
    """Python's iterator over one that has ``next`` for guests."""
    if isinstance(iterator, BuiltinIterator) and extra_of(iterator) is None:
        return iterator
    return Stepping(iterator)


class Stepping:
    """Python's iterator over a guest's, or over any object that has ``next``."""

    __slots__ = ("_iterator", "_left", "_step", "done")

    def __init__(self, iterator: Any) -> None:
        self._iterator = iterator
        self._step = MISSING if is_host_iterator(iterator) else model.get(iterator, "next")
        self._left = quota.MAX_STEPS
        self.done = False
        """It has come to its end, or failed: then nobody closes it (7.4.9)."""

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self.done:
            raise StopIteration
        self.done = True
        self._left -= 1
        if not self._left % quota.STRIDE:
            quota.check()
        if self._left < 0:
            raise RangeError("an iterator that does not come to an end")
        if self._step is MISSING:
            value = next(self._iterator)
            self.done = False
            return value
        state = model.apply(self._step, self._iterator, ())
        if model.is_primitive(state):
            raise TypeError(f"Iterator result {model.describe(state)} is not an object")
        if model.truthy(model.get(state, "done")):
            raise StopIteration
        value = model.get(state, "value")
        self.done = False
        return value

    def close(self) -> None:
        """Tell the iterator that nobody wants the rest."""
        if not self.done:
            self.done = True
            close(self._iterator)


@contextmanager
def iterating(value: Any) -> Iterator[Iterator[Any]]:
    """:func:`iterate`; if going through it fails on this side, the iterator is told, and the first error stands."""
    items = iterate(value)
    try:
        yield items
    except BaseException:
        with suppress(Exception):
            close(items)
        raise


def close(iterator: Any) -> None:
    """IteratorClose (7.4.11), for one that somebody does not want to see the end of."""
    if isinstance(iterator, BuiltinIterator | Stepping | types.GeneratorType):
        iterator.close()
    elif not is_host_iterator(iterator):
        method = model.get(iterator, "return")
        if method is not None and method is not null:
            model.apply(method, iterator, ())


def characters(text: str) -> BuiltinIterator:
    """The code points of a string (22.1.5)."""
    return BuiltinIterator(iter(text), "String Iterator")


# ------------------------------------------------------------------------------------------- next, return, throw


def step(this: Any) -> Object:
    """``next`` of the iterators of ours and of the host's."""
    if not isinstance(this, BuiltinIterator) and not is_host_iterator(this):
        raise TypeError(f"next method called on incompatible receiver {model.describe(this)}")
    value = next(this, MISSING)
    return result(None, True) if value is MISSING else result(value, False)


def _finish(this: Any, value: object = None) -> Object:
    close(this)
    return result(value, True)


def _generator_next(this: Any, *args: object) -> Object:
    """``Generator.prototype.next(value)``: Python's ``send``; the first time there is nobody to take the value."""
    _demand_generator(this)
    try:
        begun = inspect.getgeneratorstate(this) != inspect.GEN_CREATED
        return result(this.send(args[0]) if args and begun else next(this), False)
    except StopIteration as stop:
        return result(stop.value, True)


def _generator_throw(this: Any, reason: object = None) -> Object:
    _demand_generator(this)
    try:
        return result(this.throw(thrown(reason)), False)
    except StopIteration as stop:
        return result(stop.value, True)


def _demand_generator(this: object) -> None:
    if not isinstance(this, types.GeneratorType):
        raise TypeError(f"next method called on incompatible receiver {model.describe(this)}")


def thrown(reason: object) -> BaseException:
    """What Python raises where JavaScript throws ``reason``."""
    return reason if isinstance(reason, Exception) else GuestException(reason)


def caught(error: BaseException) -> object:
    """What JavaScript catches where Python raised ``error``."""
    return error.value if isinstance(error, GuestException) else error


# ------------------------------------------------------------------------------------------- helpers (27.1.4)


def _direct(this: object) -> Iterator[Any]:
    if model.is_primitive(this):
        raise TypeError(f"Iterator helper called on {model.describe(this)}, which is not an object")
    return python_iterator(this)


def _helper(body: Callable[..., Iterator[Any]]) -> Callable[..., Any]:
    """A method that gives another iterator: ``body(items, call)``."""

    def method(this: Any, function: object) -> BuiltinIterator:
        items = _direct(this)
        call = model.callback(function)
        return BuiltinIterator(body(items, call), "Iterator Helper", lambda: close(this))

    return method


def _counted(body: Callable[[Iterator[Any], Any], Iterator[Any]]) -> Callable[..., Any]:
    def method(this: Any, limit: object) -> BuiltinIterator:
        number = model.to_number(limit)
        if number != number or to_integer(number) < 0:
            raise RangeError(f"{model.describe(limit)} must be positive")
        count = min(to_integer(number), 2**53)
        return BuiltinIterator(body(_direct(this), int(count)), "Iterator Helper", lambda: close(this))

    return method


def _flat_map(items: Iterator[Any], call: Callable[..., Any]) -> Iterator[Any]:
    for index, item in enumerate(items):
        inner = call(None, item, index)
        if model.is_primitive(inner):
            raise TypeError(f"{model.describe(inner)} is not an object")
        yield from iterate(inner) if model.get(inner, ITERATOR) is not None else python_iterator(inner)


def _taken(items: Iterator[Any], limit: int) -> Iterator[Any]:
    while limit > 0 and (item := next(items, MISSING)) is not MISSING:
        yield item
        limit -= 1
    if not limit:
        close(items)


def _dropped(items: Iterator[Any], limit: int) -> Iterator[Any]:
    yield from islice(items, limit, None)


def _every(this: Any, function: object) -> bool:
    call = model.callback(function)
    return _first(this, lambda item, index: not model.truthy(call(None, item, index))) is MISSING


def _some(this: Any, function: object) -> bool:
    call = model.callback(function)
    return _first(this, lambda item, index: model.truthy(call(None, item, index))) is not MISSING


def _find(this: Any, function: object) -> Any:
    call = model.callback(function)
    found = _first(this, lambda item, index: model.truthy(call(None, item, index)))
    return None if found is MISSING else found


def _first(this: Any, test: Callable[[Any, int], bool]) -> Any:
    for index, item in enumerate(_direct(this)):
        if test(item, index):
            close(this)
            return item
    return MISSING


def _for_each(this: Any, function: object) -> None:
    call = model.callback(function)
    for index, item in enumerate(_direct(this)):
        call(None, item, index)


def _reduce(this: Any, function: object, *initial: object) -> Any:
    call = model.callback(function)
    total = initial[0] if initial else MISSING
    for index, item in enumerate(_direct(this)):
        total = item if total is MISSING else call(None, total, item, index)
    if total is MISSING:
        raise TypeError("Reduce of a done iterator with no initial value")
    return total


def _to_array(this: Any) -> Array:
    from .arrays import collect

    return collect(_direct(this))


def _from(_this: object, source: Any) -> Any:
    """``Iterator.from`` (27.1.3.2.1)."""
    if model.is_primitive(source) and not isinstance(source, str):
        raise TypeError(f"{model.describe(source)} is not an object")
    items = iterate(source) if model.get(source, ITERATOR) is not None else python_iterator(source)
    return items if isinstance(items, BuiltinIterator) else BuiltinIterator(items, "Iterator Helper")


def _concat(_this: object, *sources: Any) -> BuiltinIterator:
    """``Iterator.concat``: one after the other, each begun when its turn comes."""
    for source in sources:
        if model.is_primitive(source) or not callable(model.get(source, ITERATOR)):
            raise TypeError(f"{model.describe(source)} is not iterable")
    current: list[Any] = []

    def walk() -> Iterator[Any]:
        for source in sources:
            current[:] = [iterate(source)]
            yield from current[0]
        current.clear()

    return BuiltinIterator(walk(), "Iterator Helper", lambda: close(current.pop()) if current else None)


def _host_values(this: Any) -> BuiltinIterator:
    """``Symbol.iterator`` of the host's collections: on nothing else, whatever a guest calls it on."""
    if type(this) not in COLLECTIONS and not is_exposed(this):
        raise TypeError(f"{model.describe(this)} is not iterable")
    return BuiltinIterator(iter(this), "Iterator Helper")


def _abstract(*_args: object) -> Any:
    raise TypeError("Abstract class Iterator not directly constructable")


_HELPERS: Table = MappingProxyType(
    {
        "drop": _counted(_dropped),
        "every": _every,
        "filter": _helper(lambda items, call: (item for n, item in enumerate(items) if model.truthy(call(None, item, n)))),
        "find": _find,
        "flatMap": _helper(_flat_map),
        "forEach": _for_each,
        "map": _helper(lambda items, call: (call(None, item, n) for n, item in enumerate(items))),
        "reduce": (_reduce, 1),
        "some": _some,
        "take": _counted(_taken),
        "toArray": _to_array,
        ITERATOR: lambda this: this,
    }
)
_NEXT: Table = MappingProxyType({"next": step})


def kind(name: str) -> Class:
    """What iterators of a built-in's inherit from."""
    return _kind(name, _NEXT)


def _kind(name: str, prototype: Table, parent: str = "Iterator") -> Class:
    return Class(name, prototype=prototype, parent=parent, tag=name)


CLASSES: Mapping[str, Any] = MappingProxyType(
    {
        "Iterator": Class(
            "Iterator", construct=_abstract, statics={"from": _from, "concat": (_concat, 0)}, prototype=_HELPERS, tag="Iterator"
        ),
        "Iterable": Class("Object", prototype={ITERATOR: _host_values}),
        **{name: _kind(name, _NEXT) for name in ("Array Iterator", "Map Iterator", "Set Iterator", "String Iterator")},
        "Iterator Helper": _kind("Iterator Helper", {**_NEXT, "return": _finish}),
        "Generator": _kind("Generator", {"next": (_generator_next, 1), "return": (_finish, 1), "throw": (_generator_throw, 1)}),
    }
)
