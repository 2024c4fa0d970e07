"""Asynchronous iteration of a stream by guests (WHATWG Streams 4.2.5; Web IDL 3.7.10)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any, ClassVar

from .. import model
from ..iterators import result, thrown
from ..ordinary import Ordinary
from ..promise import Promise, promised
from .common import member
from .readable import ReadableStream, ReadableStreamDefaultReader, ReadRequest


class ReadableStreamAsyncIterator(Ordinary):
    """What ``stream.values()`` gives: each step after the one before it (Web IDL 3.7.10)."""

    __slots__ = ("_finished", "_keep", "_ongoing", "_reader")
    _bp_class: ClassVar[str] = "ReadableStreamAsyncIterator"

    def __init__(self, stream: ReadableStream, options: Any = None) -> None:
        """Raises ``TypeError`` when the stream is locked."""
        self._keep = model.truthy(member(options, "preventCancel"))
        self._reader = ReadableStreamDefaultReader(stream)
        self._ongoing: Promise[Any] | None = None
        self._finished = False

    def __aiter__(self) -> AsyncIterator[Any]:
        return self

    async def __anext__(self) -> Any:
        state = await self.next()
        if state["done"]:
            raise StopAsyncIteration
        return state["value"]

    def next(self) -> Promise[Any]:
        """The next chunk, as ``{value, done}``."""
        return self._after(self._next)

    def finish(self, value: Any = None) -> Promise[Any]:
        """``return``: the stream is cancelled, and let go of."""
        return self._after(lambda: self._return(value))._then(lambda _value: result(value, True))

    def _after(self, step: Callable[[], Promise[Any]]) -> Promise[Any]:
        ongoing = self._ongoing
        self._ongoing = step() if ongoing is None else ongoing._then(lambda _value: step(), lambda _reason: step())
        return self._ongoing

    def _next(self) -> Promise[Any]:
        jobs = self._reader._jobs
        if self._finished:
            return promised(result(None, True), jobs)
        promise = Promise._make(jobs)

        def close() -> None:
            self._reader.release_lock()
            promise._settle("fulfilled", _END)

        def error(reason: Any) -> None:
            self._reader.release_lock()
            promise._reject(reason)

        self._reader._read(ReadRequest(lambda chunk: promise._settle("fulfilled", (chunk,)), close, error))

        def arrived(state: Any) -> Any:
            self._ongoing = None
            if state is _END:
                self._finished = True
                return result(None, True)
            return result(state[0], False)

        def failed(reason: Any) -> Any:
            self._ongoing = None
            self._finished = True
            raise thrown(reason)

        return promise._then(arrived, failed)

    def _return(self, value: Any) -> Promise[Any]:
        jobs = self._reader._jobs
        if self._finished:
            return promised(result(value, True), jobs)
        self._finished = True
        if self._reader._stream is None:
            return promised(None, jobs)
        ended = promised(None, jobs) if self._keep else self._reader.cancel(value)
        self._reader.release_lock()
        return ended


_END = object()
