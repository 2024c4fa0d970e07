"""Streams that make something else of what goes through them (WHATWG Streams 6), by their abstract operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from ..errors import RangeError, TypeError
from ..iterators import caught, thrown
from ..jobs import Jobs
from ..ordinary import Ordinary
from ..promise import Promise, jobs_of, rejected
from .common import Algorithm, Strategy, begin, demand_object, member, method_of, nothing, strategy_of, tie, upon
from .readable import ReadableStream, ReadableStreamDefaultController
from .writable import WritableStream


class TransformStream(Ordinary):
    """A JavaScript ``TransformStream``: what is written to :attr:`writable` can be read, transformed, from :attr:`readable`.

    ``transformer`` has the functions ``start``, ``transform``, ``flush`` and ``cancel``, as in JavaScript.
    """

    __slots__ = ("_backpressure", "_change", "_controller", "_jobs", "_readable", "_tie", "_writable")
    _bp_class: ClassVar[str] = "TransformStream"

    _controller: TransformStreamDefaultController

    def __init__(self, transformer: Any = None, writable_strategy: Any = None, readable_strategy: Any = None) -> None:
        """Raises ``TypeError`` and ``RangeError`` for what is no transformer or strategy, and what ``start`` raises."""
        demand_object(transformer, "transformer")
        cancel, flush = (method_of(transformer, name) for name in ("cancel", "flush"))
        if member(transformer, "readableType") is not None:
            raise RangeError("Invalid readableType specified")
        start, transform = (method_of(transformer, name) for name in ("start", "transform"))
        if member(transformer, "writableType") is not None:
            raise RangeError("Invalid writableType specified")
        readable, writable = strategy_of(readable_strategy, 0), strategy_of(writable_strategy, 1)
        jobs = jobs_of(transformer, start, transform, flush, cancel)
        started = Promise._make(jobs)
        self._begin(jobs, started, writable, readable)
        self._tie = tie(self._error, transformer, start, transform, flush, cancel)
        controller = self._controller = TransformStreamDefaultController._make(self, transform, flush, cancel)
        started._resolve(None if start is None else start(controller))

    def _begin(self, jobs: Jobs, started: Promise[Any], writable: Strategy, readable: Strategy) -> None:
        """InitializeTransformStream (6.4.1)."""
        self._jobs = jobs
        self._backpressure: bool | None = None
        self._change: Promise[Any] | None = None
        self._writable = WritableStream._make(jobs, lambda _controller: started, self._write, self._sink_close, self._sink_abort, writable)
        self._readable = ReadableStream._make(jobs, lambda _controller: started, self._source_pull, self._source_cancel, readable)
        self._set_backpressure(True)

    def __repr__(self) -> str:
        return "<js.TransformStream>"

    @property
    def readable(self) -> ReadableStream:
        """Where the results come out."""
        return self._readable

    @property
    def writable(self) -> WritableStream:
        """Where chunks go in."""
        return self._writable

    # ------------------------------------------------------------------ operations (6.4.1)

    @property
    def _source(self) -> ReadableStreamDefaultController:
        controller = self._readable._controller
        assert isinstance(controller, ReadableStreamDefaultController)
        return controller

    def _error(self, reason: Any) -> None:
        """TransformStreamError."""
        self._source._error(reason)
        self._error_writable(reason)

    def _error_writable(self, reason: Any) -> None:
        """TransformStreamErrorWritableAndUnblockWrite."""
        self._controller._clear()
        self._writable._controller._error_if_needed(reason)
        self._unblock_write()

    def _unblock_write(self) -> None:
        """TransformStreamUnblockWrite."""
        if self._backpressure:
            self._set_backpressure(False)

    def _set_backpressure(self, backpressure: bool) -> None:
        """TransformStreamSetBackpressure."""
        if self._change is not None:
            self._change._resolve(None)
        self._change = Promise._make(self._jobs)
        self._backpressure = backpressure

    # ------------------------------------------------------------------ its sink (6.4.3)

    def _write(self, chunk: Any, _controller: Any) -> Any:
        """TransformStreamDefaultSinkWriteAlgorithm."""
        if not self._backpressure:
            return self._controller._perform_transform(chunk)
        assert self._change is not None

        def changed(_value: Any) -> Any:
            if self._writable._state == "erroring":
                raise thrown(self._writable._stored_error)
            return self._controller._perform_transform(chunk)

        return self._change._then(changed)

    def _sink_abort(self, reason: Any) -> Promise[Any]:
        """TransformStreamDefaultSinkAbortAlgorithm."""
        controller, source = self._controller, self._source
        return self._finished(
            lambda: begin(controller._cancel, reason, jobs=self._jobs), self._readable, lambda: source._error(reason), source._error
        )

    def _sink_close(self) -> Promise[Any]:
        """TransformStreamDefaultSinkCloseAlgorithm."""
        controller, source = self._controller, self._source
        return self._finished(lambda: begin(controller._flush, controller, jobs=self._jobs), self._readable, source._close, source._error)

    def _finished(
        self, last: Callable[[], Promise[Any]], other: Any, done: Callable[[], None], failed: Callable[[Any], None]
    ) -> Promise[Any]:
        """What ends it, once: the transformer's ``last`` word, then ``done`` unless the ``other`` side has failed, else ``failed``."""
        controller = self._controller
        if controller._finish is not None:
            return controller._finish
        finish = controller._finish = Promise._make(self._jobs)
        outcome = last()
        controller._clear()

        def succeed(_value: Any) -> None:
            if other._state == "errored":
                finish._reject(other._stored_error)
            else:
                done()
                finish._resolve(None)

        def fail(why: Any) -> None:
            failed(why)
            finish._reject(why)

        upon(outcome, succeed, fail)
        return finish

    # ------------------------------------------------------------------ its source (6.4.4)

    def _source_pull(self, _controller: Any) -> Promise[Any]:
        """TransformStreamDefaultSourcePullAlgorithm."""
        self._set_backpressure(False)
        assert self._change is not None
        return self._change

    def _source_cancel(self, reason: Any) -> Promise[Any]:
        """TransformStreamDefaultSourceCancelAlgorithm."""
        controller, writable = self._controller, self._writable

        def give_up(why: Any) -> None:
            writable._controller._error_if_needed(why)
            self._unblock_write()

        return self._finished(lambda: begin(controller._cancel, reason, jobs=self._jobs), writable, lambda: give_up(reason), give_up)


class TransformStreamDefaultController(Ordinary):
    """What a transformer has of its stream."""

    __slots__ = ("_cancel", "_finish", "_flush", "_stream", "_transform")
    _bp_class: ClassVar[str] = "TransformStreamDefaultController"

    _cancel: Algorithm
    _finish: Promise[Any] | None
    _flush: Algorithm
    _stream: TransformStream
    _transform: Algorithm

    def __init__(self) -> None:
        raise TypeError("Illegal constructor")

    @classmethod
    def _make(
        cls, stream: TransformStream, transform: Algorithm | None, flush: Algorithm | None, cancel: Algorithm | None
    ) -> TransformStreamDefaultController:
        """SetUpTransformStreamDefaultController (6.4.2)."""
        self: TransformStreamDefaultController = object.__new__(cls)
        self._stream = stream
        self._transform = transform or (lambda chunk, controller: controller._enqueue(chunk))
        self._flush = flush or nothing
        self._cancel = cancel or nothing
        self._finish = None
        return self

    # ------------------------------------------------------------------ for transformers

    @property
    def desired_size(self) -> float | None:
        """How much more may wait on the readable side; ``None`` when it has failed."""
        return self._stream._source.desired_size

    def enqueue(self, chunk: Any = None) -> None:
        """Put a chunk into the readable side. Raises ``TypeError`` when it is closed, and what it has failed with."""
        self._enqueue(chunk)

    def error(self, reason: Any = None) -> None:
        """Both sides have failed."""
        self._stream._error(reason)

    def terminate(self) -> None:
        """TransformStreamDefaultControllerTerminate: there is nothing more to come, and the rest is not wanted."""
        self._stream._source._close()
        self._stream._error_writable(TypeError("The transform stream has been terminated"))

    # ------------------------------------------------------------------ operations (6.4.2)

    def _clear(self) -> None:
        """TransformStreamDefaultControllerClearAlgorithms: what they hold may go."""
        self._transform = self._flush = self._cancel = nothing

    def _enqueue(self, chunk: Any) -> None:
        """TransformStreamDefaultControllerEnqueue."""
        stream = self._stream
        source = stream._source
        if not source._may_enqueue:
            raise TypeError("Readable side is not in a state that permits enqueue")
        try:
            source._enqueue(chunk)
        except Exception as error:
            stream._error_writable(caught(error))
            raise thrown(stream._readable._stored_error) from None
        backpressure = source._has_backpressure
        if backpressure is not stream._backpressure:
            stream._set_backpressure(True)

    def _perform_transform(self, chunk: Any) -> Promise[Any]:
        """TransformStreamDefaultControllerPerformTransform."""
        stream = self._stream

        def failed(reason: Any) -> Any:
            stream._error(reason)
            return rejected(reason, stream._jobs)

        return begin(self._transform, chunk, self, jobs=stream._jobs)._then(None, failed)
