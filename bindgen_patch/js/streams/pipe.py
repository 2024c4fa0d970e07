"""Piping (WHATWG Streams 4.9.1, ReadableStreamPipeTo) and teeing (ReadableStreamDefaultTee)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from .. import model
from ..errors import TypeError
from ..ordinary import Array
from ..promise import Promise, promised
from . import bytes as streams_bytes
from .common import Strategy, member, nothing, upon
from .readable import ReadableStream, ReadableStreamDefaultController, ReadableStreamDefaultReader, ReadRequest
from .writable import WritableStream, WritableStreamDefaultWriter


class PipeOptions(NamedTuple):
    """``StreamPipeOptions``."""

    prevent_abort: bool
    prevent_cancel: bool
    prevent_close: bool
    signal: Any

    @classmethod
    def of(cls, options: Any) -> PipeOptions:
        """From what a guest gave. Raises ``TypeError`` for a signal that is no ``AbortSignal``."""
        abort, cancel, close = (model.truthy(member(options, name)) for name in ("preventAbort", "preventCancel", "preventClose"))
        signal = member(options, "signal")
        if signal is not None and (model.is_primitive(signal) or not callable(model.get(signal, "addEventListener"))):
            raise TypeError(f"{model.describe(signal)} is not an AbortSignal")
        return cls(abort, cancel, close, signal)


def pipe_to(source: ReadableStream, destination: WritableStream, options: PipeOptions) -> Promise[Any]:
    """ReadableStreamPipeTo, of streams that are not locked."""
    return _Pipe(source, destination, options).promise


class _Pipe:
    """One that is going on."""

    def __init__(self, source: ReadableStream, destination: WritableStream, options: PipeOptions) -> None:
        self.source = source
        self.destination = destination
        self.options = options
        self.jobs = source._jobs
        self.promise: Promise[Any] = Promise._make(self.jobs)
        self.reader = ReadableStreamDefaultReader(source)
        self.writer = WritableStreamDefaultWriter(destination)
        self.shutting_down = False
        self.written = promised(None, self.jobs)
        """The latest write."""
        self.listener = self._abort
        source._disturbed = True
        if options.signal is not None:
            if model.truthy(model.get(options.signal, "aborted")):
                self._abort()
                return
            model.call(options.signal, "addEventListener", ["abort", self.listener])
        self._watch()
        self._go_on(False)

    # ------------------------------------------------------------------ what ends it

    def _watch(self) -> None:
        """Errors and closing are propagated forward and backward, in this order of precedence."""
        source, destination, options = self.source, self.destination, self.options

        def source_failed(reason: Any) -> None:
            if options.prevent_abort:
                self._shut_down(None, (reason,))
            else:
                self._shut_down(lambda: destination._abort(reason), (reason,))

        def destination_failed(reason: Any) -> None:
            if options.prevent_cancel:
                self._shut_down(None, (reason,))
            else:
                self._shut_down(lambda: source._cancel(reason), (reason,))

        def source_closed(_value: Any = None) -> None:
            self._shut_down(None if options.prevent_close else self.writer._close_with_error_propagation, None)

        if source._state == "errored":
            source_failed(source._stored_error)
        else:
            upon(self.reader._closed, None, source_failed)
        if destination._state == "errored":
            destination_failed(destination._stored_error)
        else:
            upon(self.writer._closed, None, destination_failed)
        if source._state == "closed":
            source_closed()
        else:
            upon(self.reader._closed, source_closed)
        if destination._close_queued_or_in_flight or destination._state == "closed":
            closed = TypeError("the destination writable stream closed before all data could be piped to it")
            destination_failed(closed)

    def _abort(self, *_event: object) -> None:
        """The signal says so: both ends are told, and waited for."""
        reason = model.get(self.options.signal, "reason")
        actions: list[Callable[[], Promise[Any]]] = []
        if not self.options.prevent_abort:
            actions.append(lambda: self.destination._abort(reason) if self.destination._state == "writable" else promised(None, self.jobs))
        if not self.options.prevent_cancel:
            actions.append(lambda: self.source._cancel(reason) if self.source._state == "readable" else promised(None, self.jobs))
        self._shut_down(lambda: self._all([action() for action in actions]), (reason,))

    def _all(self, promises: list[Promise[Any]]) -> Promise[Any]:
        """Fulfilled when all of them are, rejected with the first that is."""
        gathered = Promise._make(self.jobs)
        left = len(promises)

        def one(_value: Any) -> None:
            nonlocal left
            left -= 1
            if not left:
                gathered._resolve(None)

        for promise in promises:
            upon(promise, one, gathered._reject)
        if not promises:
            gathered._resolve(None)
        return gathered

    def _shut_down(self, action: Callable[[], Promise[Any]] | None, error: tuple[Any] | None) -> None:
        """Shutdown, with an action or without; ``error`` is the reason, if there is one."""
        if self.shutting_down:
            return
        self.shutting_down = True

        def act(_value: Any = None) -> None:
            if action is None:
                self._finish(error)
            else:
                upon(action(), lambda _value: self._finish(error), lambda reason: self._finish((reason,)))

        if self.destination._state == "writable" and not self.destination._close_queued_or_in_flight:
            self._wait_for_writes(act)
        else:
            act()

    def _wait_for_writes(self, then: Callable[[], None]) -> None:
        latest = self.written

        def again(_value: Any) -> None:
            then() if latest is self.written else self._wait_for_writes(then)

        upon(latest, again, again)

    def _finish(self, error: tuple[Any] | None) -> None:
        """Finalize."""
        self.writer.release_lock()
        self.reader.release_lock()
        if self.options.signal is not None and callable(model.get(self.options.signal, "removeEventListener")):
            model.call(self.options.signal, "removeEventListener", ["abort", self.listener])
        if error is None:
            self.promise._resolve(None)
        else:
            self.promise._reject(error[0])

    # ------------------------------------------------------------------ reading and writing

    def _go_on(self, done: Any) -> None:
        """Write what is read, as fast as the destination wants it."""
        if done or self.shutting_down:
            return
        upon(self.writer._ready, self._step, nothing)

    def _step(self, _value: Any) -> None:
        if self.shutting_down:
            return
        step = Promise._make(self.jobs)

        def arrived(chunk: Any) -> None:
            self.written = self.writer._write(chunk)._then(None, nothing)
            step._resolve(False)

        self.reader._read(ReadRequest(arrived, lambda: step._resolve(True), nothing))
        upon(step, self._go_on)


# ------------------------------------------------------------------------------------------- tee


def tee(stream: ReadableStream) -> tuple[ReadableStream, ReadableStream]:
    """ReadableStreamTee: chunks are not copied, but of bytes the second gets its own. Raises ``TypeError`` when the stream is locked.

    A stream of bytes is read as any other, whoever brings a buffer to its branches.
    """
    in_bytes = not isinstance(stream._controller, ReadableStreamDefaultController)
    jobs = stream._jobs
    reader = ReadableStreamDefaultReader(stream)
    reading = read_again = False
    canceled: list[tuple[Any] | None] = [None, None]
    branches: list[ReadableStream] = []
    cancel_promise = Promise._make(jobs)

    def controllers() -> list[Any]:
        return [branch._controller for branch, reason in zip(branches, canceled, strict=True) if reason is None]

    def pull(_controller: Any) -> Promise[Any]:
        nonlocal reading, read_again
        if reading:
            read_again = True
            return promised(None, jobs)
        reading = True

        def arrived(chunk: Any) -> None:
            def later(_value: Any) -> None:
                nonlocal reading, read_again
                read_again = False
                for index, controller in enumerate(controllers()):
                    controller._enqueue(streams_bytes.cloned(chunk) if in_bytes and index == 0 else chunk)
                reading = False
                if read_again:
                    pull(None)

            upon(promised(None, jobs), later)

        def closed() -> None:
            nonlocal reading
            reading = False
            for controller in controllers():
                controller._close()
                if in_bytes and controller._pending:
                    controller._respond(0)
            if None in canceled:
                cancel_promise._resolve(None)

        def failed(_reason: Any) -> None:
            nonlocal reading
            reading = False

        reader._read(ReadRequest(arrived, closed, failed))
        return promised(None, jobs)

    def cancel(which: int) -> Callable[[Any], Promise[Any]]:
        def algorithm(reason: Any) -> Promise[Any]:
            canceled[which] = (reason,)
            if None not in canceled:
                cancel_promise._resolve(stream._cancel(Array(given[0] for given in canceled if given is not None)))
            return cancel_promise

        return algorithm

    for which in (0, 1):
        if in_bytes:
            branches.append(streams_bytes.byte_branch(jobs, pull, cancel(which)))
        else:
            branches.append(ReadableStream._make(jobs, None, pull, cancel(which), Strategy(1, lambda _chunk: 1)))

    def source_failed(reason: Any) -> None:
        for branch in branches:
            branch._controller._error(reason)
        if None in canceled:
            cancel_promise._resolve(None)

    upon(reader._closed, None, source_failed)
    return branches[0], branches[1]
