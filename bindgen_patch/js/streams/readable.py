"""Streams that are read from (WHATWG Streams 4), by their abstract operations.

Methods that Python code calls are named as Python does it; a private method says which operation of the standard it is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from .. import model, quota
from ..errors import RangeError, TypeError
from ..iterators import caught, result
from ..jobs import Jobs
from ..ordinary import Array, Ordinary
from ..promise import Promise, jobs_of, promised, rejected
from .common import (
    Algorithm,
    SizedQueue,
    Strategy,
    begin,
    demand_object,
    member,
    method_of,
    nothing,
    refused,
    strategy_of,
    tie,
    upon,
)

if TYPE_CHECKING:
    from ..asynchronous import Steps
    from .bytes import ReadableStreamBYOBReader
    from .writable import WritableStream


class ReadRequest(NamedTuple):
    """What becomes of a read (4.4, "read request")."""

    chunk: Callable[[Any], None]
    close: Callable[[], None]
    error: Callable[[Any], None]


class ReadableStream(Ordinary):
    """A JavaScript ``ReadableStream``: chunks, some of which may not be there yet.

    ``async for chunk in stream`` reads it; who leaves before the end cancels it. :meth:`from_` makes one of anything that can be
    gone through. ``underlying_source`` has the functions ``start``, ``pull`` and ``cancel``, as in JavaScript.
    """

    __slots__ = ("_controller", "_disturbed", "_jobs", "_reader", "_state", "_stored_error", "_tie")
    _bp_class: ClassVar[str] = "ReadableStream"

    _controller: PullingController
    _reader: ReadableStreamDefaultReader | ReadableStreamBYOBReader | None
    _tie: Promise[Any] | None

    def __init__(self, underlying_source: Any = None, strategy: Any = None) -> None:
        """Raises ``TypeError`` and ``RangeError`` for what is no source or strategy, and what ``start`` raises."""
        demand_object(underlying_source, "underlying source")
        size = member(underlying_source, "autoAllocateChunkSize")
        cancel, pull, start = (method_of(underlying_source, name) for name in ("cancel", "pull", "start"))
        kind = member(underlying_source, "type")
        if kind is not None and model.to_string(kind) != "bytes":
            raise TypeError(f"{model.describe(kind)} is no type of a source")
        self._begin(jobs_of(underlying_source, start, pull, cancel))
        self._tie = tie(self._fail, underlying_source, start, pull, cancel)
        if kind is not None:
            from .bytes import ReadableByteStreamController

            if member(strategy, "size") is not None:
                raise RangeError("The strategy for a byte stream cannot have a size function")
            mark = strategy_of(strategy, 0).high_water_mark
            ReadableByteStreamController._make()._set_up(self, start, pull, cancel, mark, size)
        else:
            ReadableStreamDefaultController._make()._set_up(self, start, pull, cancel, strategy_of(strategy, 1))

    @classmethod
    def _make(
        cls,
        jobs: Jobs,
        start: Algorithm | None,
        pull: Algorithm,
        cancel: Algorithm,
        strategy: Strategy,
    ) -> ReadableStream:
        """CreateReadableStream (4.9.1)."""
        self: ReadableStream = object.__new__(ReadableStream)
        self._begin(jobs)
        ReadableStreamDefaultController._make()._set_up(self, start, pull, cancel, strategy)
        return self

    def _begin(self, jobs: Jobs) -> None:
        """InitializeReadableStream."""
        self._jobs = jobs
        self._state = "readable"
        self._reader = None
        self._stored_error: Any = None
        self._disturbed = False
        self._tie = None

    def __repr__(self) -> str:
        return f"<js.ReadableStream {self._state}{', locked' if self.locked else ''}>"

    # ------------------------------------------------------------------ for everybody

    @staticmethod
    def from_(async_iterable: Any) -> ReadableStream:
        """ReadableStreamFromIterable (4.9.1): of anything that Python or JavaScript can go through, at once or waiting.

        It is asked for an item when somebody reads, and closed when the stream is cancelled.
        """
        from ..asynchronous import host_steps

        return ReadableStream._of(host_steps(async_iterable), jobs_of(async_iterable))

    @staticmethod
    def _of(steps: Steps, jobs: Jobs) -> ReadableStream:
        """The same, of an Iterator Record."""

        def pull(controller: ReadableStreamDefaultController) -> Promise[Any]:
            def arrived(state: Any) -> None:
                if model.is_primitive(state):
                    raise TypeError("The promise returned by the iterator.next() method must fulfill with an object")
                if model.truthy(model.get(state, "done")):
                    controller._close()
                else:
                    controller._enqueue(model.get(state, "value"))

            return begin(steps.next, jobs=jobs)._then(arrived)

        def cancel(reason: Any) -> Promise[Any]:
            def finished(state: Any) -> None:
                if state is not nothing and model.is_primitive(state):
                    raise TypeError("The promise returned by the iterator.return() method must fulfill with an object")

            return begin(steps.finish, reason, nothing, jobs=jobs)._then(finished)

        return ReadableStream._make(jobs, None, pull, cancel, Strategy(0, lambda _chunk: 1))

    @property
    def locked(self) -> bool:
        """Whether a reader has it."""
        return self._reader is not None

    def cancel(self, reason: Any = None) -> Promise[None]:
        """Say that nobody wants the rest."""
        if self.locked:
            return rejected(TypeError("Cannot cancel a stream that already has a reader"), self._jobs)
        return self._cancel(reason)

    def get_reader(self, options: Any = None) -> Any:
        """Lock it to a reader; with ``{"mode": "byob"}`` to one that fills its caller's buffers. Raises ``TypeError`` when locked."""
        mode = member(options, "mode")
        if mode is None:
            return ReadableStreamDefaultReader(self)
        if model.to_string(mode) != "byob":
            raise TypeError(f"{model.describe(mode)} is no mode of a reader")
        from .bytes import ReadableStreamBYOBReader

        return ReadableStreamBYOBReader(self)

    def pipe_through(self, transform: Any, options: Any = None) -> Any:
        """Pipe into ``transform.writable``, and give ``transform.readable``."""
        from .pipe import PipeOptions, pipe_to
        from .writable import WritableStream

        readable, writable = (member(transform, name) for name in ("readable", "writable"))
        if not isinstance(readable, ReadableStream) or not isinstance(writable, WritableStream):
            raise TypeError("pipeThrough needs an object with a readable and a writable stream")
        chosen = PipeOptions.of(options)
        if self.locked or writable.locked:
            raise TypeError("Cannot pipe a locked stream, nor into one")
        pipe_to(self, writable, chosen)._handled = True
        return readable

    def pipe_to(self, destination: WritableStream, options: Any = None) -> Promise[None]:
        """Write all of it to ``destination``, which is closed, or aborted, as this ends."""
        from .pipe import PipeOptions, pipe_to
        from .writable import WritableStream

        if not isinstance(destination, WritableStream):
            return rejected(TypeError(f"{model.describe(destination)} is not a WritableStream"), self._jobs)
        try:
            chosen = PipeOptions.of(options)
        except Exception as error:
            return rejected(caught(error), self._jobs)
        if self.locked or destination.locked:
            return rejected(TypeError("Cannot pipe a locked stream, nor into one"), self._jobs)
        return pipe_to(self, destination, chosen)

    def tee(self) -> list[ReadableStream]:
        """Two streams, each of which has everything."""
        from .pipe import tee

        return Array(tee(self))

    async def __aiter__(self) -> AsyncIterator[Any]:
        reader = ReadableStreamDefaultReader(self)
        ended = False
        try:
            while True:
                state = await reader.read()
                if state["done"]:
                    ended = True
                    return
                yield state["value"]
        except Exception:
            ended = self._state == "errored"
            raise
        finally:
            if not ended:
                self._cancel(None)._handled = True
            reader.release_lock()

    # ------------------------------------------------------------------ operations (4.9.2)

    def _cancel(self, reason: Any) -> Promise[Any]:
        """ReadableStreamCancel."""
        self._disturbed = True
        if self._state == "closed":
            return promised(None, self._jobs)
        if self._state == "errored":
            return rejected(self._stored_error, self._jobs)
        self._close()
        reader = self._reader
        if reader is not None and not isinstance(reader, ReadableStreamDefaultReader):
            reader._give_up(None)
        return self._controller._cancel_steps(reason)._then(lambda _value: None)

    def _close(self) -> None:
        """ReadableStreamClose."""
        self._state = "closed"
        self._tie = None
        reader = self._reader
        if reader is None:
            return
        reader._closed._resolve(None)
        if isinstance(reader, ReadableStreamDefaultReader):
            requests, reader._requests = reader._requests, deque()
            for request in requests:
                request.close()

    def _error(self, reason: Any) -> None:
        """ReadableStreamError."""
        self._state = "errored"
        self._stored_error = reason
        self._tie = None
        reader = self._reader
        if reader is None:
            return
        reader._closed._reject(reason)
        reader._closed._handled = True
        reader._fail(reason)

    def _fail(self, reason: Any) -> None:
        """Its guest is gone."""
        if self._state == "readable":
            self._controller._error(reason)

    def _fulfill(self, chunk: Any, done: bool) -> None:
        """ReadableStreamFulfillReadRequest."""
        reader = self._reader
        assert isinstance(reader, ReadableStreamDefaultReader)
        request = reader._requests.popleft()
        if done:
            request.close()
        else:
            request.chunk(chunk)

    @property
    def _waiting(self) -> int:
        """ReadableStreamGetNumReadRequests."""
        return len(self._reader._requests) if isinstance(self._reader, ReadableStreamDefaultReader) else 0


# ------------------------------------------------------------------------------------------- readers (4.3, 4.4)


class Reader(Ordinary):
    """What both kinds of reader have (4.3, ReadableStreamGenericReader)."""

    __slots__ = ("_closed", "_jobs", "_stream")
    _stream: ReadableStream | None

    def _attach(self, stream: ReadableStream) -> None:
        """ReadableStreamReaderGenericInitialize, of a stream that is not locked."""
        if stream.locked:
            raise TypeError("This stream has already been locked for exclusive reading by another reader")
        self._jobs = stream._jobs
        self._stream = stream
        stream._reader = self  # type: ignore[assignment]
        self._closed = Promise._make(stream._jobs)
        if stream._state == "closed":
            self._closed._resolve(None)
        elif stream._state == "errored":
            self._closed = refused(stream._stored_error, stream._jobs)

    @property
    def closed(self) -> Promise[None]:
        """Fulfilled when the stream is closed, rejected when it fails, or the lock is released."""
        return self._closed

    def cancel(self, reason: Any = None) -> Promise[None]:
        """Cancel the stream."""
        if self._stream is None:
            return rejected(TypeError("Cannot cancel a stream using a released reader"), self._jobs)
        return self._stream._cancel(reason)

    def release_lock(self) -> None:
        """Let go of the stream; reads that wait are rejected."""
        if self._stream is not None:
            self._release()
            self._fail(TypeError("Reader was released"))

    def _release(self) -> None:
        """ReadableStreamReaderGenericRelease."""
        stream = self._stream
        assert stream is not None
        reason = TypeError("Reader was released and can no longer be used to monitor the stream's closedness")
        if stream._state == "readable":
            self._closed._reject(reason)
        else:
            self._closed = rejected(reason, self._jobs)
        self._closed._handled = True
        stream._controller._release_steps()
        stream._reader = None
        self._stream = None

    def _fail(self, reason: Any) -> None:
        """Reject what waits."""
        raise NotImplementedError


class ReadableStreamDefaultReader(Reader):
    """Reads a stream chunk by chunk."""

    __slots__ = ("_requests",)
    _bp_class: ClassVar[str] = "ReadableStreamDefaultReader"

    def __init__(self, stream: ReadableStream) -> None:
        """Raises ``TypeError`` when the stream is locked."""
        if not isinstance(stream, ReadableStream):
            raise TypeError(f"{model.describe(stream)} is not a ReadableStream")
        self._attach(stream)
        self._requests: deque[ReadRequest] = deque()

    def read(self) -> Promise[Any]:
        """The next chunk, as ``{value, done}``."""
        if self._stream is None:
            return rejected(TypeError("Cannot read from a stream using a released reader"), self._jobs)
        promise = Promise._make(self._jobs)
        quota.grown(len(self._requests))
        self._read(
            ReadRequest(lambda chunk: promise._resolve(result(chunk, False)), lambda: promise._resolve(result(None, True)), promise._reject)
        )
        return promise

    def _read(self, request: ReadRequest) -> None:
        """ReadableStreamDefaultReaderRead."""
        stream = self._stream
        assert stream is not None
        stream._disturbed = True
        if stream._state == "closed":
            request.close()
        elif stream._state == "errored":
            request.error(stream._stored_error)
        else:
            stream._controller._pull_steps(request)

    def _fail(self, reason: Any) -> None:
        """ReadableStreamDefaultReaderErrorReadRequests."""
        requests, self._requests = self._requests, deque()
        for request in requests:
            request.error(reason)


# ------------------------------------------------------------------------------------------- the controller (4.6)


class PullingController(Ordinary):
    """What both controllers of readable streams do: ask the source when there is room, one question at a time."""

    __slots__ = ("_cancel", "_close_requested", "_pull", "_pull_again", "_pulling", "_started", "_stream")

    _stream: ReadableStream

    def _begin(self, stream: ReadableStream, start: Algorithm | None, pull: Algorithm | None, cancel: Algorithm | None) -> None:
        """The end of setting up (4.9.4, 4.9.5). Raises what ``start`` raises."""
        self._stream = stream
        self._started = self._close_requested = self._pull_again = self._pulling = False
        self._pull: Algorithm | None = pull
        self._cancel: Algorithm | None = cancel
        stream._controller = self

        def started(_value: Any) -> None:
            self._started = True
            self._call_pull_if_needed()

        upon(promised(None if start is None else start(self), stream._jobs), started, self._error)

    def _call_pull_if_needed(self) -> None:
        """Readable…ControllerCallPullIfNeeded."""
        if not self._should_call_pull():
            return
        if self._pulling:
            self._pull_again = True
            return
        self._pulling = True

        def pulled(_value: Any) -> None:
            self._pulling = False
            if self._pull_again:
                self._pull_again = False
                self._call_pull_if_needed()

        upon(begin(self._pull or nothing, self, jobs=self._stream._jobs), pulled, self._error)

    def _should_call_pull(self) -> bool:
        """Readable…ControllerShouldCallPull."""
        raise NotImplementedError

    def _error(self, reason: Any) -> None:
        """Readable…ControllerError."""
        raise NotImplementedError

    def _pull_steps(self, request: ReadRequest) -> None:
        """[[PullSteps]]."""
        raise NotImplementedError

    def _cancel_steps(self, reason: Any) -> Promise[Any]:
        """[[CancelSteps]]."""
        raise NotImplementedError

    def _release_steps(self) -> None:
        """[[ReleaseSteps]]."""
        raise NotImplementedError


class ReadableStreamDefaultController(PullingController):
    """What a source has of its stream."""

    __slots__ = ("_queue", "_strategy")
    _bp_class: ClassVar[str] = "ReadableStreamDefaultController"

    def __init__(self) -> None:
        raise TypeError("Illegal constructor")

    @classmethod
    def _make(cls) -> ReadableStreamDefaultController:
        return object.__new__(cls)

    def _set_up(
        self, stream: ReadableStream, start: Algorithm | None, pull: Algorithm | None, cancel: Algorithm | None, strategy: Strategy
    ) -> None:
        """SetUpReadableStreamDefaultController (4.9.4). Raises what ``start`` raises."""
        self._queue = SizedQueue()
        self._strategy = strategy
        self._begin(stream, start, pull, cancel)

    # ------------------------------------------------------------------ for sources

    @property
    def desired_size(self) -> float | None:
        """How much more may wait; ``None`` when the stream has failed. Below 0 there is too much already."""
        match self._stream._state:
            case "errored":
                return None
            case "closed":
                return 0
        return self._strategy.high_water_mark - self._queue.total

    def close(self) -> None:
        """There is nothing more to come; what waits can be read. Raises ``TypeError`` when it is closed."""
        if not self._may_enqueue:
            raise TypeError("Invalid state: Controller is already closed")
        self._close()

    def enqueue(self, chunk: Any = None) -> None:
        """Put a chunk into the stream. Raises ``TypeError`` when it is closed."""
        if not self._may_enqueue:
            raise TypeError("Invalid state: Controller is already closed")
        self._enqueue(chunk)

    def error(self, reason: Any = None) -> None:
        """The stream has failed."""
        self._error(reason)

    # ------------------------------------------------------------------ operations (4.9.4)

    @property
    def _may_enqueue(self) -> bool:
        """ReadableStreamDefaultControllerCanCloseOrEnqueue."""
        return not self._close_requested and self._stream._state == "readable"

    @property
    def _has_backpressure(self) -> bool:
        """ReadableStreamDefaultControllerHasBackpressure."""
        return not self._should_call_pull()

    def _should_call_pull(self) -> bool:
        """ReadableStreamDefaultControllerShouldCallPull."""
        if not self._may_enqueue or not self._started:
            return False
        return self._stream._waiting > 0 or self._strategy.high_water_mark - self._queue.total > 0

    def _clear(self) -> None:
        """ReadableStreamDefaultControllerClearAlgorithms: what they hold may go."""
        self._pull = self._cancel = None
        self._strategy = self._strategy._replace(size=lambda _chunk: 1)

    def _close(self) -> None:
        """ReadableStreamDefaultControllerClose."""
        if not self._may_enqueue:
            return
        self._close_requested = True
        if not self._queue:
            self._clear()
            self._stream._close()

    def _enqueue(self, chunk: Any) -> None:
        """ReadableStreamDefaultControllerEnqueue. Raises what the strategy's size function raises."""
        if not self._may_enqueue:
            return
        if self._stream._waiting:
            self._stream._fulfill(chunk, False)
        else:
            try:
                self._queue.enqueue(chunk, self._strategy.size(chunk))
            except Exception as error:
                self._error(caught(error))
                raise
        self._call_pull_if_needed()

    def _error(self, reason: Any) -> None:
        """ReadableStreamDefaultControllerError."""
        if self._stream._state == "readable":
            self._queue.reset()
            self._clear()
            self._stream._error(reason)

    def _cancel_steps(self, reason: Any) -> Promise[Any]:
        self._queue.reset()
        promise = begin(self._cancel or nothing, reason, jobs=self._stream._jobs)
        self._clear()
        return promise

    def _pull_steps(self, request: ReadRequest) -> None:
        stream = self._stream
        if not self._queue:
            reader = stream._reader
            assert isinstance(reader, ReadableStreamDefaultReader)
            reader._requests.append(request)
            self._call_pull_if_needed()
            return
        chunk = self._queue.dequeue()
        if self._close_requested and not self._queue:
            self._clear()
            stream._close()
        else:
            self._call_pull_if_needed()
        request.chunk(chunk)

    def _release_steps(self) -> None:
        pass
