"""Streams that are written to (WHATWG Streams 5), by their abstract operations."""

from __future__ import annotations

from collections import deque
from typing import Any, ClassVar, NamedTuple

from .. import model
from ..errors import RangeError, TypeError
from ..iterators import caught
from ..jobs import Jobs
from ..ordinary import Ordinary
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


class Abort(NamedTuple):
    """A pending abort request."""

    promise: Promise[Any]
    reason: Any
    was_erroring: bool


class WritableStream(Ordinary):
    """A JavaScript ``WritableStream``: where chunks go, one after the other.

    ``underlying_sink`` has the functions ``start``, ``write``, ``close`` and ``abort``, as in JavaScript.
    """

    __slots__ = (
        "_abort_request",
        "_backpressure",
        "_close_request",
        "_controller",
        "_in_flight_close",
        "_in_flight_write",
        "_jobs",
        "_requests",
        "_state",
        "_stored_error",
        "_tie",
        "_writer",
    )
    _bp_class: ClassVar[str] = "WritableStream"

    _controller: WritableStreamDefaultController
    _tie: Promise[Any] | None

    def __init__(self, underlying_sink: Any = None, strategy: Any = None) -> None:
        """Raises ``TypeError`` and ``RangeError`` for what is no sink or strategy, and what ``start`` raises."""
        demand_object(underlying_sink, "underlying sink")
        abort, close, start = (method_of(underlying_sink, name) for name in ("abort", "close", "start"))
        kind = member(underlying_sink, "type")
        write = method_of(underlying_sink, "write")
        if kind is not None:
            raise RangeError("Invalid type is specified")
        self._begin(jobs_of(underlying_sink, start, write, close, abort))
        self._tie = tie(self._fail, underlying_sink, start, write, close, abort)
        WritableStreamDefaultController._make()._set_up(self, start, write, close, abort, strategy_of(strategy, 1))

    @classmethod
    def _make(
        cls, jobs: Jobs, start: Algorithm, write: Algorithm, close: Algorithm, abort: Algorithm, strategy: Strategy
    ) -> WritableStream:
        """CreateWritableStream (5.5.1)."""
        self: WritableStream = object.__new__(WritableStream)
        self._begin(jobs)
        WritableStreamDefaultController._make()._set_up(self, start, write, close, abort, strategy)
        return self

    def _begin(self, jobs: Jobs) -> None:
        """InitializeWritableStream."""
        self._jobs = jobs
        self._state = "writable"
        self._stored_error: Any = None
        self._writer: WritableStreamDefaultWriter | None = None
        self._requests: deque[Promise[Any]] = deque()
        self._in_flight_write: Promise[Any] | None = None
        self._close_request: Promise[Any] | None = None
        self._in_flight_close: Promise[Any] | None = None
        self._abort_request: Abort | None = None
        self._backpressure = False
        self._tie = None

    def __repr__(self) -> str:
        return f"<js.WritableStream {self._state}{', locked' if self.locked else ''}>"

    # ------------------------------------------------------------------ for everybody

    @property
    def locked(self) -> bool:
        """Whether a writer has it."""
        return self._writer is not None

    def abort(self, reason: Any = None) -> Promise[None]:
        """Give up at once: what waits is not written any more."""
        if self.locked:
            return rejected(TypeError("Cannot abort a stream that already has a writer"), self._jobs)
        return self._abort(reason)

    def close(self) -> Promise[None]:
        """Close it once everything is written."""
        if self.locked:
            return rejected(TypeError("Cannot close a stream that already has a writer"), self._jobs)
        if self._close_queued_or_in_flight:
            return rejected(TypeError("Cannot close an already-closing stream"), self._jobs)
        return self._close()

    def get_writer(self) -> WritableStreamDefaultWriter:
        """Lock it to a writer. Raises ``TypeError`` when it is locked."""
        return WritableStreamDefaultWriter(self)

    # ------------------------------------------------------------------ operations (5.5.1 and 5.5.2)

    @property
    def _close_queued_or_in_flight(self) -> bool:
        """WritableStreamCloseQueuedOrInFlight."""
        return self._close_request is not None or self._in_flight_close is not None

    def _abort(self, reason: Any) -> Promise[Any]:
        """WritableStreamAbort."""
        if self._state in ("closed", "errored"):
            return promised(None, self._jobs)
        self._controller._signal_abort(reason)
        if self._state in ("closed", "errored"):
            return promised(None, self._jobs)
        if self._abort_request is not None:
            return self._abort_request.promise
        was_erroring = self._state == "erroring"
        if was_erroring:
            reason = None
        promise = Promise._make(self._jobs)
        self._abort_request = Abort(promise, reason, was_erroring)
        if not was_erroring:
            self._start_erroring(reason)
        return promise

    def _close(self) -> Promise[Any]:
        """WritableStreamClose."""
        if self._state in ("closed", "errored"):
            return rejected(TypeError(f"Cannot close a stream that is {self._state}"), self._jobs)
        promise = self._close_request = Promise._make(self._jobs)
        writer = self._writer
        if writer is not None and self._backpressure and self._state == "writable":
            writer._ready._resolve(None)
        self._controller._request_close()
        return promise

    def _add_write_request(self) -> Promise[Any]:
        """WritableStreamAddWriteRequest."""
        promise = Promise._make(self._jobs)
        self._requests.append(promise)
        return promise

    def _deal_with_rejection(self, reason: Any) -> None:
        """WritableStreamDealWithRejection."""
        if self._state == "writable":
            self._start_erroring(reason)
        else:
            self._finish_erroring()

    def _start_erroring(self, reason: Any) -> None:
        """WritableStreamStartErroring."""
        self._state = "erroring"
        self._stored_error = reason
        if self._writer is not None:
            self._writer._ensure_ready_rejected(reason)
        if not self._has_operation_in_flight and self._controller._started:
            self._finish_erroring()

    def _finish_erroring(self) -> None:
        """WritableStreamFinishErroring."""
        self._state = "errored"
        self._controller._error_steps()
        requests, self._requests = self._requests, deque()
        for request in requests:
            request._reject(self._stored_error)
        request_to_abort, self._abort_request = self._abort_request, None
        if request_to_abort is None:
            self._reject_close_and_closed()
            return
        promise, reason, was_erroring = request_to_abort
        if was_erroring:
            promise._reject(self._stored_error)
            self._reject_close_and_closed()
            return

        def aborted(_value: Any) -> None:
            promise._resolve(None)
            self._reject_close_and_closed()

        def failed(why: Any) -> None:
            promise._reject(why)
            self._reject_close_and_closed()

        upon(self._controller._abort_steps(reason), aborted, failed)

    def _finish_write(self) -> None:
        """WritableStreamFinishInFlightWrite."""
        promise, self._in_flight_write = self._in_flight_write, None
        assert promise is not None
        promise._resolve(None)

    def _finish_write_with_error(self, reason: Any) -> None:
        """WritableStreamFinishInFlightWriteWithError."""
        promise, self._in_flight_write = self._in_flight_write, None
        assert promise is not None
        promise._reject(reason)
        self._deal_with_rejection(reason)

    def _finish_close(self) -> None:
        """WritableStreamFinishInFlightClose."""
        promise, self._in_flight_close = self._in_flight_close, None
        assert promise is not None
        promise._resolve(None)
        if self._state == "erroring":
            self._stored_error = None
            if self._abort_request is not None:
                self._abort_request.promise._resolve(None)
                self._abort_request = None
        self._state = "closed"
        self._tie = None
        if self._writer is not None:
            self._writer._closed._resolve(None)

    def _finish_close_with_error(self, reason: Any) -> None:
        """WritableStreamFinishInFlightCloseWithError."""
        promise, self._in_flight_close = self._in_flight_close, None
        assert promise is not None
        promise._reject(reason)
        if self._abort_request is not None:
            self._abort_request.promise._reject(reason)
            self._abort_request = None
        self._deal_with_rejection(reason)

    @property
    def _has_operation_in_flight(self) -> bool:
        """WritableStreamHasOperationMarkedInFlight."""
        return self._in_flight_write is not None or self._in_flight_close is not None

    def _reject_close_and_closed(self) -> None:
        """WritableStreamRejectCloseAndClosedPromiseIfNeeded."""
        self._tie = None
        if self._close_request is not None:
            self._close_request._reject(self._stored_error)
            self._close_request = None
        if self._writer is not None:
            self._writer._closed._reject(self._stored_error)
            self._writer._closed._handled = True

    def _update_backpressure(self, backpressure: bool) -> None:
        """WritableStreamUpdateBackpressure."""
        writer = self._writer
        if writer is not None and backpressure is not self._backpressure:
            if backpressure:
                writer._ready = Promise._make(self._jobs)
            else:
                writer._ready._resolve(None)
        self._backpressure = backpressure

    def _fail(self, reason: Any) -> None:
        """Its guest is gone."""
        self._controller._error_if_needed(reason)


class WritableStreamDefaultWriter(Ordinary):
    """Writes to a stream chunk by chunk."""

    __slots__ = ("_closed", "_jobs", "_ready", "_stream")
    _bp_class: ClassVar[str] = "WritableStreamDefaultWriter"

    _ready: Promise[Any]
    _closed: Promise[Any]

    def __init__(self, stream: WritableStream) -> None:
        """SetUpWritableStreamDefaultWriter (5.5.1). Raises ``TypeError`` when the stream is locked."""
        if not isinstance(stream, WritableStream):
            raise TypeError(f"{model.describe(stream)} is not a WritableStream")
        if stream.locked:
            raise TypeError("This stream has already been locked for exclusive writing by another writer")
        self._stream: WritableStream | None = stream
        jobs = self._jobs = stream._jobs
        stream._writer = self
        match stream._state:
            case "writable":
                waits = not stream._close_queued_or_in_flight and stream._backpressure
                self._ready = Promise._make(jobs) if waits else promised(None, jobs)
                self._closed = Promise._make(jobs)
            case "erroring":
                self._ready = refused(stream._stored_error, jobs)
                self._closed = Promise._make(jobs)
            case "closed":
                self._ready = promised(None, jobs)
                self._closed = promised(None, jobs)
            case _:
                self._ready = refused(stream._stored_error, jobs)
                self._closed = refused(stream._stored_error, jobs)

    # ------------------------------------------------------------------ for everybody

    @property
    def closed(self) -> Promise[None]:
        """Fulfilled when the stream is closed, rejected when it fails, or the lock is released."""
        return self._closed

    @property
    def ready(self) -> Promise[None]:
        """Fulfilled when more may be written without too much waiting."""
        return self._ready

    @property
    def desired_size(self) -> float | None:
        """How much more may wait; ``None`` when the stream has failed. Raises ``TypeError`` when the lock was released."""
        if self._stream is None:
            raise TypeError("Cannot get desiredSize of a released writer")
        return self._desired_size(self._stream)

    def abort(self, reason: Any = None) -> Promise[None]:
        """Abort the stream."""
        return self._released("abort") if self._stream is None else self._stream._abort(reason)

    def close(self) -> Promise[None]:
        """Close the stream once everything is written."""
        stream = self._stream
        if stream is None:
            return self._released("close")
        if stream._close_queued_or_in_flight:
            return rejected(TypeError("Cannot close an already-closing stream"), self._jobs)
        return stream._close()

    def release_lock(self) -> None:
        """WritableStreamDefaultWriterRelease (5.5.3): let go of the stream."""
        stream = self._stream
        if stream is None:
            return
        reason = TypeError("Writer was released and can no longer be used to monitor the stream's closedness")
        self._ensure_ready_rejected(reason)
        self._ensure_closed_rejected(reason)
        stream._writer = None
        self._stream = None

    def write(self, chunk: Any = None) -> Promise[None]:
        """Write a chunk: fulfilled when it is written."""
        return self._released("write to") if self._stream is None else self._write(chunk)

    # ------------------------------------------------------------------ operations (5.5.3)

    def _released(self, what: str) -> Promise[Any]:
        return rejected(TypeError(f"Cannot {what} a stream using a released writer"), self._jobs)

    def _close_with_error_propagation(self) -> Promise[Any]:
        """WritableStreamDefaultWriterCloseWithErrorPropagation."""
        stream = self._stream
        assert stream is not None
        if stream._close_queued_or_in_flight or stream._state == "closed":
            return promised(None, self._jobs)
        if stream._state == "errored":
            return rejected(stream._stored_error, self._jobs)
        return stream._close()

    def _ensure_ready_rejected(self, reason: Any) -> None:
        """WritableStreamDefaultWriterEnsureReadyPromiseRejected."""
        if self._ready._state == "pending":
            self._ready._reject(reason)
        else:
            self._ready = rejected(reason, self._jobs)
        self._ready._handled = True

    def _ensure_closed_rejected(self, reason: Any) -> None:
        """WritableStreamDefaultWriterEnsureClosedPromiseRejected."""
        if self._closed._state == "pending":
            self._closed._reject(reason)
        else:
            self._closed = rejected(reason, self._jobs)
        self._closed._handled = True

    @staticmethod
    def _desired_size(stream: WritableStream) -> float | None:
        """WritableStreamDefaultWriterGetDesiredSize."""
        if stream._state in ("errored", "erroring"):
            return None
        return 0 if stream._state == "closed" else stream._controller._desired_size

    def _write(self, chunk: Any) -> Promise[Any]:
        """WritableStreamDefaultWriterWrite."""
        stream = self._stream
        assert stream is not None
        controller = stream._controller
        size = controller._chunk_size(chunk)
        if stream is not self._stream:
            return self._released("write to")
        if stream._state == "errored":
            return rejected(stream._stored_error, self._jobs)
        if stream._close_queued_or_in_flight or stream._state == "closed":
            return rejected(TypeError("The stream is closing or closed and cannot be written to"), self._jobs)
        if stream._state == "erroring":
            return rejected(stream._stored_error, self._jobs)
        promise = stream._add_write_request()
        controller._write_chunk(chunk, size)
        return promise


_CLOSE = object()
"""The close sentinel: in the queue behind all chunks."""


class WritableStreamDefaultController(Ordinary):
    """What a sink has of its stream."""

    __slots__ = ("_abort", "_aborted", "_close", "_queue", "_signal", "_started", "_strategy", "_stream", "_write")
    _bp_class: ClassVar[str] = "WritableStreamDefaultController"

    _stream: WritableStream

    def __init__(self) -> None:
        raise TypeError("Illegal constructor")

    @classmethod
    def _make(cls) -> WritableStreamDefaultController:
        return object.__new__(cls)

    def _set_up(
        self,
        stream: WritableStream,
        start: Algorithm | None,
        write: Algorithm | None,
        close: Algorithm | None,
        abort: Algorithm | None,
        strategy: Strategy,
    ) -> None:
        """SetUpWritableStreamDefaultController (5.5.4). Raises what ``start`` raises."""
        self._stream = stream
        stream._controller = self
        self._queue = SizedQueue()
        self._started = False
        self._strategy = strategy
        self._write: Algorithm | None = write
        self._close: Algorithm | None = close
        self._abort: Algorithm | None = abort
        self._signal: Any = None
        self._aborted: tuple[Any] | None = None
        stream._update_backpressure(self._backpressure)

        def started(_value: Any) -> None:
            self._started = True
            self._advance()

        def failed(reason: Any) -> None:
            self._started = True
            stream._deal_with_rejection(reason)

        upon(promised(None if start is None else start(self), stream._jobs), started, failed)

    # ------------------------------------------------------------------ for sinks

    def error(self, reason: Any = None) -> None:
        """The stream has failed."""
        if self._stream._state == "writable":
            self._error(reason)

    @property
    def signal(self) -> Any:
        """An ``AbortSignal`` that tells when the stream is aborted."""
        if self._signal is None:
            from ..classes import builtin

            self._signal = model.construct(builtin("AbortController"), [])
            if self._aborted is not None:
                model.call(self._signal, "abort", self._aborted)
        return model.get(self._signal, "signal")

    # ------------------------------------------------------------------ operations (5.5.4)

    @property
    def _backpressure(self) -> bool:
        """WritableStreamDefaultControllerGetBackpressure."""
        return self._desired_size <= 0

    @property
    def _desired_size(self) -> float:
        """WritableStreamDefaultControllerGetDesiredSize."""
        return self._strategy.high_water_mark - self._queue.total

    def _signal_abort(self, reason: Any) -> None:
        self._aborted = (reason,)
        if self._signal is not None:
            model.call(self._signal, "abort", self._aborted)

    def _chunk_size(self, chunk: Any) -> Any:
        """WritableStreamDefaultControllerGetChunkSize."""
        try:
            return self._strategy.size(chunk)
        except Exception as error:
            self._error_if_needed(caught(error))
            return 1

    def _write_chunk(self, chunk: Any, size: Any) -> None:
        """WritableStreamDefaultControllerWrite."""
        try:
            self._queue.enqueue(chunk, size)
        except Exception as error:
            self._error_if_needed(caught(error))
            return
        stream = self._stream
        if not stream._close_queued_or_in_flight and stream._state == "writable":
            stream._update_backpressure(self._backpressure)
        self._advance()

    def _request_close(self) -> None:
        """WritableStreamDefaultControllerClose."""
        self._queue.enqueue(_CLOSE, 0)
        self._advance()

    def _advance(self) -> None:
        """WritableStreamDefaultControllerAdvanceQueueIfNeeded."""
        stream = self._stream
        if not self._started or stream._in_flight_write is not None:
            return
        if stream._state == "erroring":
            stream._finish_erroring()
        elif self._queue:
            if self._queue.peek() is _CLOSE:
                self._process_close()
            else:
                self._process_write(self._queue.peek())

    def _process_close(self) -> None:
        """WritableStreamDefaultControllerProcessClose."""
        stream = self._stream
        stream._in_flight_close, stream._close_request = stream._close_request, None
        self._queue.dequeue()
        promise = begin(self._close or nothing, jobs=stream._jobs)
        self._clear()
        upon(promise, lambda _value: stream._finish_close(), stream._finish_close_with_error)

    def _process_write(self, chunk: Any) -> None:
        """WritableStreamDefaultControllerProcessWrite."""
        stream = self._stream
        stream._in_flight_write = stream._requests.popleft()

        def written(_value: Any) -> None:
            stream._finish_write()
            state = stream._state
            self._queue.dequeue()
            if not stream._close_queued_or_in_flight and state == "writable":
                stream._update_backpressure(self._backpressure)
            self._advance()

        def failed(reason: Any) -> None:
            if stream._state == "writable":
                self._clear()
            stream._finish_write_with_error(reason)

        upon(begin(self._write or nothing, chunk, self, jobs=stream._jobs), written, failed)

    def _abort_steps(self, reason: Any) -> Promise[Any]:
        promise = begin(self._abort or nothing, reason, jobs=self._stream._jobs)
        self._clear()
        return promise

    def _error_steps(self) -> None:
        self._queue.reset()

    def _clear(self) -> None:
        """WritableStreamDefaultControllerClearAlgorithms: what they hold may go."""
        self._write = self._close = self._abort = None
        self._strategy = self._strategy._replace(size=lambda _chunk: 1)

    def _error_if_needed(self, reason: Any) -> None:
        """WritableStreamDefaultControllerErrorIfNeeded."""
        if self._stream._state == "writable":
            self._error(reason)

    def _error(self, reason: Any) -> None:
        """WritableStreamDefaultControllerError."""
        self._clear()
        self._stream._start_erroring(reason)
