"""Asynchronous iteration (ECMA-262 27.1.3 to 27.1.6 and 27.6), both ways.

What a guest sees: an asynchronous generator of the host's is one of JavaScript's, and so is an asynchronous iterator that the host has
exposed. What host code sees: ``async for`` goes through whatever JavaScript's ``for await`` does (:func:`aiter`).
"""

from __future__ import annotations

import builtins
import types
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Generator, Iterable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any
from weakref import WeakKeyDictionary

from . import model
from .classes import MISSING, Class
from .errors import TypeError
from .iterators import caught, iterate, result, thrown
from .iterators import close as close_iterator
from .jobs import Jobs
from .ordinary import Object, Ordinary
from .primitives import null
from .promise import Promise, adopted, default_jobs, jobs_of, promised, rejected
from .symbols import ASYNC_ITERATOR, ITERATOR
from .visibility import is_exposed

# ------------------------------------------------------------------------------------------- awaiting


class Later:
    """An awaitable, and so a promise to guests, for what an asynchronous function of ours is going to do once somebody waits for it."""

    __slots__ = ("__weakref__", "_begin")

    def __init__(self, begin: Callable[[], Awaitable[Any]]) -> None:
        self._begin = begin

    def __await__(self) -> Generator[Any, None, Any]:
        return self._begin().__await__()


async def settled(value: Any) -> Any:
    """``await value``."""
    if isinstance(value, Awaitable):
        return await value
    if not model.is_primitive(value) and callable(model.lookup(value, "then", None)):
        return await promised(value, default_jobs())
    return value


# ------------------------------------------------------------------------------------------- what can be gone through


class Steps:
    """An Iterator Record (7.4.1) of an asynchronous iterator."""

    __slots__ = ("_iterator", "_step")

    def __init__(self, iterator: Any) -> None:
        if model.is_primitive(iterator):
            raise TypeError(f"Result of the Symbol.asyncIterator method is not an object: {model.describe(iterator)}")
        self._iterator = iterator
        self._step = model.get(iterator, "next")

    def next(self) -> Any:
        """What ``next()`` returns: a promise of ``{value, done}``, if it is as it should be."""
        return model.apply(self._step, self._iterator, ())

    def finish(self, value: Any, missing: Any) -> Any:
        """What ``return(value)`` returns; ``missing`` when there is no such method."""
        method = model.get(self._iterator, "return")
        return missing if model.is_nullish(method) else model.apply(method, self._iterator, (value,))


def steps_of(items: Any) -> Steps:
    """GetIterator(items, async) (7.4.4). Raises ``TypeError`` for what guests can not go through."""
    if items is None or items is null:
        raise TypeError(f"{model.describe(items)} is not iterable")
    method = model.get(items, ASYNC_ITERATOR)
    if model.is_nullish(method):
        return Steps(AsyncFromSyncIterator(iterate(items), jobs_of(items, model.get(items, ITERATOR))))
    return Steps(model.apply(method, items, ()))


async def each_settled(items: Any) -> AsyncIterator[Any]:
    """What ``for await (… of items)`` sees (7.4.5); who leaves it before the end closes it."""
    steps, over = steps_of(items), False
    try:
        while True:
            over = True
            state = await settled(steps.next())
            if model.is_primitive(state):
                raise TypeError(f"Iterator result {model.describe(state)} is not an object")
            if model.truthy(model.get(state, "done")):
                return
            over = False
            yield model.get(state, "value")
    except Exception:
        raise
    except BaseException as error:  # cancelled, or left
        if over and not isinstance(error, GeneratorExit):
            _let_go(steps)  # whose answer may take long
        raise
    finally:
        if not over:
            await settled(steps.finish(None, None))


def _let_go(steps: Steps) -> None:
    with suppress(Exception):
        ended = steps.finish(None, None)
        if isinstance(ended, Awaitable):
            adopted(ended, default_jobs())._handled = True


def aiter(items: Any) -> AsyncIterator[Any]:
    """Go through whatever JavaScript's ``for await`` does: streams, iterators of guests, what is asynchronous in Python.

    Besides, what has a method ``next`` and nothing else, as Rust code makes it. ``aclose()`` lets go of it before the end.
    Raises ``TypeError`` for anything else.
    """
    if isinstance(items, AsyncIterable) and not isinstance(items, Object):
        return items.__aiter__()
    if not model.is_primitive(items) and model.is_nullish(model.get(items, ASYNC_ITERATOR)):
        if not model.is_nullish(model.get(items, ITERATOR)) or not callable(model.get(items, "next")):
            return each_settled(iterate(items))
        return each_settled(Object({ASYNC_ITERATOR: lambda: items}))
    return each_settled(items)


# ------------------------------------------------------------------------------------------- iterators that do not wait


class AsyncFromSyncIterator(Ordinary):
    """What CreateAsyncFromSyncIterator (27.1.6.1) makes of an iterator: its values are waited for."""

    __slots__ = ("_items", "_jobs")
    _bp_class = "Async-from-Sync Iterator"

    def __init__(self, items: Any, jobs: Jobs) -> None:
        self._items = items
        self._jobs = jobs

    def next(self) -> Promise[Any]:
        """%AsyncFromSyncIteratorPrototype%.next (27.1.6.2.1)."""
        try:
            value = next(self._items, MISSING)
        except Exception as error:
            return rejected(caught(error), self._jobs)
        return promised(result(None, True), self._jobs) if value is MISSING else self._go_on(value, False)

    def finish(self, value: Any = None) -> Promise[Any]:
        """``return`` (27.1.6.2.2)."""
        try:
            close_iterator(self._items)
        except Exception as error:
            return rejected(caught(error), self._jobs)
        return self._go_on(value, True)

    def _go_on(self, value: Any, done: bool) -> Promise[Any]:
        """AsyncFromSyncIteratorContinuation (27.1.6.4): a value that is rejected closes the iterator."""

        def close(reason: Any) -> None:
            if not done:
                close_iterator(self._items)
            raise thrown(reason)

        try:
            return promised(value, self._jobs)._then(lambda value: result(value, done), close)
        except Exception as error:
            return rejected(caught(error), self._jobs)


def _from_sync(this: object) -> AsyncFromSyncIterator:
    if not isinstance(this, AsyncFromSyncIterator):
        raise TypeError(f"{model.describe(this)} is not an Async-from-Sync Iterator")
    return this


# ------------------------------------------------------------------------------------------- those of the host

_last: WeakKeyDictionary[Any, Promise[Any]] = WeakKeyDictionary()
"""Generator or iterator of the host -> its latest step. JavaScript's are asked again before they have answered (27.6.3.8)."""


def _step(this: Any, run: Callable[[], Awaitable[Any]]) -> Promise[Any]:
    """The next step of an iterator of the host's, after those that it was asked for before."""
    before = None
    with suppress(builtins.TypeError):  # objects that cannot be referred to weakly are asked as they are
        before = _last.get(this)

    async def after() -> Any:
        if before is not None and before._state == "pending":
            await _over(before)
        return await run()

    step = adopted(Later(after), default_jobs())
    with suppress(builtins.TypeError):
        _last[this] = step
    return step


async def _over(promise: Promise[Any]) -> None:
    """Wait until it is settled, in whatever way."""
    await promise._then(lambda _value: None, lambda _reason: None)


def _next(this: Any, value: Any) -> Promise[Any]:
    begun = value is not None and isinstance(this, types.AsyncGeneratorType) and this in _last

    async def run() -> Object:
        try:
            return result(await (this.asend(value) if begun else this.__anext__()), False)
        except StopAsyncIteration:
            return result(None, True)

    return _step(_demand(this, "next"), run)


def _return(this: Any, value: Any) -> Promise[Any]:
    async def run() -> Object:
        given = await settled(value)
        if (close := getattr(this, "aclose", None)) is not None:
            await close()
        return result(given, True)

    return _step(_demand(this, "return"), run)


def _throw(this: Any, reason: Any) -> Promise[Any]:
    async def run() -> Object:
        if not isinstance(this, types.AsyncGeneratorType):
            raise thrown(reason)
        try:
            return result(await this.athrow(thrown(reason)), False)
        except StopAsyncIteration:
            return result(None, True)

    return _step(_demand(this, "throw"), run)


def _demand(this: Any, method: str) -> Any:
    if isinstance(this, types.AsyncGeneratorType) or (isinstance(this, AsyncIterator) and is_exposed(this)):
        return this
    raise TypeError(f"{method} method called on incompatible receiver {model.describe(this)}")


def _values(this: Any) -> Any:
    """``Symbol.asyncIterator`` of what the host exposed."""
    if not (isinstance(this, AsyncIterable) and is_exposed(this)):
        raise TypeError(f"{model.describe(this)} is not async iterable")

    async def each() -> AsyncIterator[Any]:
        async for item in this:
            yield item

    return each()


def host_steps(items: Any) -> Steps:
    """The same as :func:`steps_of` for what host code itself hands in: it may be anything that Python can go through."""
    if isinstance(items, AsyncIterable) and not isinstance(items, Object | Ordinary | types.AsyncGeneratorType):

        async def each() -> AsyncIterator[Any]:
            async for item in items:
                yield item

        return steps_of(each())
    if isinstance(items, Iterable) and not isinstance(items, Object | Ordinary | str) and not is_exposed(items):
        return Steps(AsyncFromSyncIterator(iter(items), default_jobs()))
    return steps_of(items)


_STEPS = {"next": (_next, 1), "return": (_return, 1), "throw": (_throw, 1)}

CLASSES: Mapping[str, Any] = MappingProxyType(
    {
        "AsyncIterator": Class("AsyncIterator", prototype={ASYNC_ITERATOR: lambda this: this}),
        "AsyncIterable": Class("Object", prototype={ASYNC_ITERATOR: _values, **_STEPS}),
        "AsyncGenerator": Class("AsyncGenerator", prototype=_STEPS, parent="AsyncIterator", tag="AsyncGenerator"),
        "Async-from-Sync Iterator": Class(
            "Async-from-Sync Iterator",
            prototype={
                "next": (lambda this: _from_sync(this).next(), 1),
                "return": (lambda this, value: _from_sync(this).finish(value), 1),
            },
            parent="AsyncIterator",
        ),
    }
)
