"""Streams of bytes, and readers that bring their own buffers (WHATWG Streams 4.5, 4.7, 4.8), by their abstract operations.

A transferred buffer is a copy, and the one before is detached. Memory that is no ``ArrayBuffer`` (bytes of the host's, the guest's
own memory) is copied and stays as it is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, ClassVar, Literal, NamedTuple

from .. import model, quota
from ..buffers import ArrayBuffer, DataView, Uint8Array, typed
from ..coercions import to_index, to_integer
from ..errors import RangeError, TypeError
from ..iterators import caught, result
from ..jobs import Jobs
from ..ordinary import Ordinary
from ..promise import Promise, rejected
from .common import Algorithm, begin, member, nothing
from .readable import PullingController, ReadableStream, ReadableStreamDefaultReader, Reader, ReadRequest


class ReadIntoRequest(NamedTuple):
    """What becomes of a read into a buffer (4.5, "read-into request")."""

    chunk: Callable[[Any], None]
    close: Callable[[Any], None]
    error: Callable[[Any], None]


class Window(NamedTuple):
    """An ``ArrayBufferView``: its constructor, its buffer, and where in it; all in bytes."""

    kind: Callable[..., Any]
    element_size: int
    buffer: Any
    offset: int
    length: int

    @classmethod
    def of(cls, view: Any) -> Window:
        """Raises ``TypeError`` for what shows no bytes, or none that are still there."""
        if isinstance(view, DataView):
            return cls(DataView, 1, view.buffer, view.byte_offset, view.size())
        array = typed(view)
        if array is None:
            raise TypeError(f"{model.describe(view)} is not an ArrayBufferView")
        if isinstance(array.data, ArrayBuffer) and array.data.detached:
            raise TypeError("the buffer of this view is detached")
        return cls(type(array), array.element.size, array.data, array.byte_offset, len(array) * array.element.size)


def transfer(buffer: Any) -> ArrayBuffer:
    """TransferArrayBuffer (8.3). Raises ``TypeError`` for one that is gone, or that the host holds on to."""
    if isinstance(buffer, ArrayBuffer) and buffer.detached:
        raise TypeError("the buffer is detached")
    moved = ArrayBuffer(buffer)
    if isinstance(buffer, ArrayBuffer):
        buffer.resize(0)
        buffer.detached = True
    return moved


class PullInto:
    """A pull-into descriptor (4.7.2): a buffer that is to be filled."""

    __slots__ = ("buffer", "filled", "kind", "length", "minimum", "offset", "reader", "size", "whole")

    def __init__(self, window: Window, minimum: int, reader: Literal["default", "byob", "none"]) -> None:
        self.buffer: ArrayBuffer = transfer(window.buffer)
        self.whole = len(self.buffer)
        self.offset, self.length, self.kind, self.size = window.offset, window.length, window.kind, window.element_size
        self.filled = 0
        self.minimum = minimum
        self.reader = reader

    def view(self) -> Any:
        """ReadableByteStreamControllerConvertPullIntoDescriptor: what is filled."""
        return self.kind(transfer(self.buffer), self.offset, self.filled // self.size)


class ReadableByteStreamController(PullingController):
    """What a source of bytes has of its stream."""

    __slots__ = ("_auto", "_mark", "_pending", "_queue", "_request", "_total")
    _bp_class: ClassVar[str] = "ReadableByteStreamController"

    def __init__(self) -> None:
        raise TypeError("Illegal constructor")

    @classmethod
    def _make(cls) -> ReadableByteStreamController:
        return object.__new__(cls)

    def _set_up(
        self, stream: ReadableStream, start: Algorithm | None, pull: Algorithm | None, cancel: Algorithm | None, mark: float, auto: Any
    ) -> None:
        """SetUpReadableByteStreamController (4.9.5). Raises what ``start`` raises, ``TypeError`` for an automatic size of 0."""
        self._auto = None if auto is None else to_index(auto)
        if self._auto == 0:
            raise TypeError("autoAllocateChunkSize must be greater than 0")
        self._request: ReadableStreamBYOBRequest | None = None
        self._pending: deque[PullInto] = deque()
        self._queue: deque[tuple[ArrayBuffer, int, int]] = deque()
        self._total = 0
        self._mark = mark
        self._begin(stream, start, pull, cancel)

    # ------------------------------------------------------------------ for sources

    @property
    def byob_request(self) -> ReadableStreamBYOBRequest | None:
        """The buffer that is to be filled next, ``None`` when nobody has brought one."""
        if self._request is None and self._pending:
            first = self._pending[0]
            view = Uint8Array(first.buffer, first.offset + first.filled, first.length - first.filled)
            self._request = ReadableStreamBYOBRequest._make(self, view)
        return self._request

    @property
    def desired_size(self) -> float | None:
        """How many bytes more may wait; ``None`` when the stream has failed."""
        match self._stream._state:
            case "errored":
                return None
            case "closed":
                return 0
        return self._mark - self._total

    def close(self) -> None:
        """There is nothing more to come. Raises ``TypeError`` when it is closed, or in the middle of an element."""
        if self._close_requested or self._stream._state != "readable":
            raise TypeError("Invalid state: Controller is already closed")
        self._close()

    def enqueue(self, chunk: Any) -> None:
        """Put bytes into the stream. Raises ``TypeError`` for none, and when it is closed."""
        window = Window.of(chunk)
        if not window.length:
            raise TypeError("chunk must have non-zero byteLength")
        if self._close_requested or self._stream._state != "readable":
            raise TypeError("Invalid state: Controller is already closed")
        self._enqueue(chunk)

    def error(self, reason: Any = None) -> None:
        """The stream has failed."""
        self._error(reason)

    # ------------------------------------------------------------------ pulling (4.9.5)

    def _should_call_pull(self) -> bool:
        """ReadableByteStreamControllerShouldCallPull."""
        if self._stream._state != "readable" or self._close_requested or not self._started:
            return False
        return self._stream._waiting > 0 or self._waiting_into > 0 or self._mark > self._total

    @property
    def _waiting_into(self) -> int:
        """ReadableStreamGetNumReadIntoRequests."""
        reader = self._stream._reader
        return len(reader._requests) if isinstance(reader, ReadableStreamBYOBReader) else 0

    def _pull_steps(self, request: ReadRequest) -> None:
        if self._total:
            self._fill_read_request(request)
            return
        reader = self._stream._reader
        assert isinstance(reader, ReadableStreamDefaultReader)
        if self._auto is not None:
            try:
                window = Window.of(Uint8Array(self._auto))
            except RangeError as error:
                request.error(error)
                return
            self._pending.append(PullInto(window, 1, "default"))
        reader._requests.append(request)
        self._call_pull_if_needed()

    def _pull_into(self, window: Window, minimum: int, request: ReadIntoRequest) -> None:
        """ReadableByteStreamControllerPullInto."""
        try:
            into = PullInto(window, minimum * window.element_size, "byob")
        except Exception as error:
            request.error(caught(error))
            return
        reader = self._stream._reader
        assert isinstance(reader, ReadableStreamBYOBReader)
        if not self._pending:
            if self._stream._state == "closed":
                request.close(into.kind(into.buffer, into.offset, 0))
                return
            if self._total:
                if self._fill(into):
                    view = into.view()
                    self._handle_queue_drain()
                    request.chunk(view)
                    return
                if self._close_requested:
                    reason = TypeError("Insufficient bytes to fill elements in the given buffer")
                    self._error(reason)
                    request.error(reason)
                    return
        self._pending.append(into)
        reader._requests.append(request)
        self._call_pull_if_needed()

    # ------------------------------------------------------------------ the end

    def _cancel_steps(self, reason: Any) -> Promise[Any]:
        self._clear_pending()
        self._reset_queue()
        promise = begin(self._cancel or nothing, reason, jobs=self._stream._jobs)
        self._clear()
        return promise

    def _release_steps(self) -> None:
        if self._pending:
            first = self._pending[0]
            first.reader = "none"
            self._pending = deque([first])

    def _close(self) -> None:
        """ReadableByteStreamControllerClose."""
        if self._close_requested or self._stream._state != "readable":
            return
        if self._total:
            self._close_requested = True
            return
        if self._pending and self._pending[0].filled % self._pending[0].size:
            reason = TypeError("Insufficient bytes to fill elements in the given buffer")
            self._error(reason)
            raise reason
        self._clear()
        self._stream._close()

    def _error(self, reason: Any) -> None:
        """ReadableByteStreamControllerError."""
        if self._stream._state == "readable":
            self._clear_pending()
            self._reset_queue()
            self._clear()
            self._stream._error(reason)

    def _clear(self) -> None:
        """ReadableByteStreamControllerClearAlgorithms."""
        self._pull = self._cancel = None

    def _clear_pending(self) -> None:
        """ReadableByteStreamControllerClearPendingPullIntos."""
        self._invalidate()
        self._pending.clear()

    def _invalidate(self) -> None:
        """ReadableByteStreamControllerInvalidateBYOBRequest."""
        if self._request is not None:
            self._request._controller = self._request._view = None
            self._request = None

    def _reset_queue(self) -> None:
        self._queue.clear()
        self._total = 0

    # ------------------------------------------------------------------ bytes arrive

    def _enqueue(self, chunk: Any) -> None:
        """ReadableByteStreamControllerEnqueue."""
        stream = self._stream
        if self._close_requested or stream._state != "readable":
            return
        window = Window.of(chunk)
        entry = transfer(window.buffer), window.offset, window.length
        if self._pending:
            first = self._pending[0]
            self._invalidate()
            first.buffer = transfer(first.buffer)
            if first.reader == "none":
                self._enqueue_detached(first)
        if isinstance(stream._reader, ReadableStreamDefaultReader):
            self._process_read_requests()
            if stream._waiting:
                if self._pending:
                    self._pending.popleft()
                stream._fulfill(Uint8Array(*entry), False)
            else:
                self._queue_up(*entry)
        else:
            self._queue_up(*entry)
            if stream._reader is not None:
                for into in self._process_pull_intos():
                    self._commit(into)
        self._call_pull_if_needed()

    def _queue_up(self, buffer: ArrayBuffer, offset: int, length: int) -> None:
        """ReadableByteStreamControllerEnqueueChunkToQueue."""
        self._queue.append((buffer, offset, length))
        quota.grown(len(self._queue))
        self._total += length

    def _enqueue_clone(self, buffer: ArrayBuffer, offset: int, length: int) -> None:
        """ReadableByteStreamControllerEnqueueClonedChunkToQueue."""
        self._queue_up(ArrayBuffer(buffer[offset : offset + length]), 0, length)

    def _enqueue_detached(self, into: PullInto) -> None:
        """ReadableByteStreamControllerEnqueueDetachedPullIntoToQueue."""
        if into.filled:
            self._enqueue_clone(into.buffer, into.offset, into.filled)
        self._pending.popleft()

    def _process_read_requests(self) -> None:
        """ReadableByteStreamControllerProcessReadRequestsUsingQueue."""
        reader = self._stream._reader
        assert isinstance(reader, ReadableStreamDefaultReader)
        while reader._requests and self._total:
            self._fill_read_request(reader._requests.popleft())

    def _fill_read_request(self, request: ReadRequest) -> None:
        """ReadableByteStreamControllerFillReadRequestFromQueue."""
        entry = self._queue.popleft()
        self._total -= entry[2]
        self._handle_queue_drain()
        request.chunk(Uint8Array(*entry))

    def _handle_queue_drain(self) -> None:
        """ReadableByteStreamControllerHandleQueueDrain."""
        if not self._total and self._close_requested:
            self._clear()
            self._stream._close()
        else:
            self._call_pull_if_needed()

    # ------------------------------------------------------------------ buffers are filled

    def _fill(self, into: PullInto) -> bool:
        """ReadableByteStreamControllerFillPullIntoDescriptorFromQueue: whether that is enough."""
        count = min(self._total, into.length - into.filled)
        aligned = (into.filled + count) // into.size * into.size
        ready = aligned >= into.minimum
        left = aligned - into.filled if ready else count
        while left:
            buffer, offset, length = self._queue[0]
            part = min(left, length)
            start = into.offset + into.filled
            into.buffer[start : start + part] = buffer[offset : offset + part]
            if part == length:
                self._queue.popleft()
            else:
                self._queue[0] = buffer, offset + part, length - part
            self._total -= part
            into.filled += part
            left -= part
        return ready

    def _process_pull_intos(self) -> list[PullInto]:
        """ReadableByteStreamControllerProcessPullIntoDescriptorsUsingQueue."""
        filled = []
        while self._pending and self._total:
            if self._fill(self._pending[0]):
                filled.append(self._pending.popleft())
        return filled

    def _commit(self, into: PullInto) -> None:
        """ReadableByteStreamControllerCommitPullIntoDescriptor."""
        done = self._stream._state == "closed"
        reader = self._stream._reader
        if into.reader == "default":
            self._stream._fulfill(into.view(), done)
        elif isinstance(reader, ReadableStreamBYOBReader):
            request = reader._requests.popleft()
            (request.close if done else request.chunk)(into.view())

    def _respond(self, written: int) -> None:
        """ReadableByteStreamControllerRespond. Raises ``TypeError`` and :class:`RangeError` for what can not be."""
        first = self._pending[0]
        if self._stream._state == "closed":
            if written:
                raise TypeError("bytesWritten must be 0 when calling respond() on a closed stream")
        elif not written:
            raise TypeError("bytesWritten must be greater than 0 when calling respond() on a readable stream")
        elif first.filled + written > first.length:
            raise RangeError("bytesWritten out of range")
        first.buffer = transfer(first.buffer)
        self._respond_internal(written)

    def _respond_with(self, window: Window) -> None:
        """ReadableByteStreamControllerRespondWithNewView. Raises ``TypeError`` and :class:`RangeError` for another view."""
        first = self._pending[0]
        if self._stream._state == "closed":
            if window.length:
                raise TypeError("The view's length must be 0 when calling respondWithNewView() on a closed stream")
        elif not window.length:
            raise TypeError("The view's length must be greater than 0 when calling respondWithNewView() on a readable stream")
        if first.offset + first.filled != window.offset:
            raise RangeError("The region specified by view does not match byobRequest")
        if first.whole != len(window.buffer) or first.filled + window.length > first.length:
            raise RangeError("The buffer specified by view does not match byobRequest")
        first.buffer = transfer(window.buffer)
        self._respond_internal(window.length)

    def _respond_internal(self, written: int) -> None:
        """ReadableByteStreamControllerRespondInternal."""
        first = self._pending[0]
        self._invalidate()
        if self._stream._state == "closed":
            self._respond_closed(first)
        else:
            self._respond_readable(written, first)
        self._call_pull_if_needed()

    def _respond_closed(self, first: PullInto) -> None:
        """ReadableByteStreamControllerRespondInClosedState."""
        if first.reader == "none":
            self._pending.popleft()
        for into in [self._pending.popleft() for _ in range(self._waiting_into)]:
            self._commit(into)

    def _respond_readable(self, written: int, into: PullInto) -> None:
        """ReadableByteStreamControllerRespondInReadableState."""
        into.filled += written
        if into.reader == "none":
            self._enqueue_detached(into)
            filled = self._process_pull_intos()
        elif into.filled < into.minimum:
            return
        else:
            self._pending.popleft()
            rest = into.filled % into.size
            if rest:
                self._enqueue_clone(into.buffer, into.offset + into.filled - rest, rest)
                into.filled -= rest
            filled = [into, *self._process_pull_intos()]
        for each in filled:
            self._commit(each)


class ReadableStreamBYOBRequest(Ordinary):
    """A buffer for a source of bytes to fill."""

    __slots__ = ("_controller", "_view")
    _bp_class: ClassVar[str] = "ReadableStreamBYOBRequest"

    _controller: ReadableByteStreamController | None
    _view: Uint8Array | None

    def __init__(self) -> None:
        raise TypeError("Illegal constructor")

    @classmethod
    def _make(cls, controller: ReadableByteStreamController, view: Uint8Array) -> ReadableStreamBYOBRequest:
        self: ReadableStreamBYOBRequest = object.__new__(cls)
        self._controller, self._view = controller, view
        return self

    @property
    def view(self) -> Uint8Array | None:
        """Where the bytes go; ``None`` when they are no more wanted."""
        return self._view

    def respond(self, bytes_written: Any) -> None:
        """So many bytes of the view are there now. Raises ``TypeError`` and :class:`RangeError` for what can not be."""
        count = to_integer(bytes_written)
        if not 0 <= count < 2**53:
            raise TypeError(f"{model.describe(bytes_written)} is no number of bytes")
        self._demand()._respond(int(count))

    def respond_with_new_view(self, view: Any) -> None:
        """The bytes are in this view, of the buffer that was transferred meanwhile."""
        window = Window.of(view)
        self._demand()._respond_with(window)

    def _demand(self) -> ReadableByteStreamController:
        if self._controller is None:
            raise TypeError("This BYOB request has been invalidated")
        assert self._view is not None
        if self._view.data.detached:
            raise TypeError("The BYOB request's buffer has been detached")
        return self._controller


class ReadableStreamBYOBReader(Reader):
    """Reads a stream of bytes into buffers of its caller's."""

    __slots__ = ("_requests",)
    _bp_class: ClassVar[str] = "ReadableStreamBYOBReader"

    def __init__(self, stream: ReadableStream) -> None:
        """Raises ``TypeError`` when the stream is locked, or none of bytes."""
        if not isinstance(stream, ReadableStream):
            raise TypeError(f"{model.describe(stream)} is not a ReadableStream")
        if not stream.locked and not isinstance(stream._controller, ReadableByteStreamController):
            raise TypeError("Cannot construct a ReadableStreamBYOBReader for a stream not constructed with a byte source")
        self._attach(stream)
        self._requests: deque[ReadIntoRequest] = deque()

    def read(self, view: Any, options: Any = None) -> Promise[Any]:
        """Bytes in a view like this one, over its buffer, as ``{value, done}``; ``{"min": n}``: at least so many elements."""
        try:
            window = Window.of(view)
            least = member(options, "min")
            minimum = 1 if least is None else to_index(least)
            if not window.length:
                raise TypeError("view must have non-zero byteLength")
            if not minimum:
                raise TypeError("min must be greater than 0")
            if minimum * window.element_size > window.length:
                raise RangeError("min must be less than or equal to view's length")
            if self._stream is None:
                raise TypeError("Cannot read from a stream using a released reader")
        except Exception as error:
            return rejected(caught(error), self._jobs)
        promise = Promise._make(self._jobs)
        self._read(
            window,
            minimum,
            ReadIntoRequest(
                lambda chunk: promise._resolve(result(chunk, False)),
                lambda chunk: promise._resolve(result(chunk, True)),
                promise._reject,
            ),
        )
        return promise

    def _read(self, window: Window, minimum: int, request: ReadIntoRequest) -> None:
        """ReadableStreamBYOBReaderRead."""
        stream = self._stream
        assert stream is not None
        stream._disturbed = True
        if stream._state == "errored":
            request.error(stream._stored_error)
        else:
            controller = stream._controller
            assert isinstance(controller, ReadableByteStreamController)
            controller._pull_into(window, minimum, request)

    def _give_up(self, value: Any) -> None:
        """The stream is cancelled: reads that wait get nothing."""
        requests, self._requests = self._requests, deque()
        for request in requests:
            request.close(value)

    def _fail(self, reason: Any) -> None:
        """ReadableStreamBYOBReaderErrorReadIntoRequests."""
        requests, self._requests = self._requests, deque()
        for request in requests:
            request.error(reason)


def byte_branch(jobs: Jobs, pull: Algorithm, cancel: Algorithm) -> ReadableStream:
    """CreateReadableByteStream (4.9.1)."""
    stream: ReadableStream = object.__new__(ReadableStream)
    stream._begin(jobs)
    ReadableByteStreamController._make()._set_up(stream, None, pull, cancel, 0, None)
    return stream


def cloned(chunk: Any) -> Uint8Array:
    """CloneAsUint8Array (8.3)."""
    window = Window.of(chunk)
    return Uint8Array(ArrayBuffer(memoryview(window.buffer)[window.offset : window.offset + window.length]))
