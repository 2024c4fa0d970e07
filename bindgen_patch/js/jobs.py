"""Microtasks: the queue of jobs that one Instance has, and the event loop that runs them.

ECMA-262 (9.5) asks for a first-in-first-out queue, emptied as a whole, jobs that the jobs add included, whenever the stack of
JavaScript frames is empty. Here an empty stack means: no call into the Instance is going on in this thread, and control is back
in the event loop. So a job never runs inside a call into the guest, and never under its lock.

- A job that is added while an asyncio loop runs in the same thread makes that loop empty the queue soon (``call_soon``), once.
- Added in another thread (say by a call under ``asyncio.to_thread``), it goes to the loop that the Instance was last used on.
- While a call in another thread is going on, jobs wait for it to end, and the loop does not: the call may be waiting for it.
- A run of trio is a loop, too (:mod:`.trio_loop`).
- Where no loop runs, jobs wait: until somebody awaits a promise in a loop, or :meth:`.Promise.result` drives one.
- Alarms (timers) are the tasks of HTML's event loop (8.1.7): one rings when the queue is empty, and what it adds comes before the next.

asyncio is imported when it is needed: a package that has no asynchronous function never loads it.
"""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any
from weakref import WeakSet, finalize, ref

from ..recovery.log import log
from .alarms import Alarm, Alarms

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from .promise import Promise

Job = Callable[[], None]

_NESTED = "a host function that the guest is calling cannot wait for the guest: its continuations run after that call"
_SLICE = 1_000
"""After so many jobs the loop has its turn: a guest whose jobs add jobs for ever must not keep timeouts from being noticed."""
_PATIENCE = 0.001
"""How many seconds to wait for a call in another thread before it is looked whether it has ended."""
_FEW = 256
"""How many awaitables of the host's may be looked through whenever a task is cancelled."""
_stranded: WeakSet[Jobs] = WeakSet()
"""Queues with jobs that no loop knows of."""
_running = threading.local()


def running_jobs() -> Jobs | None:
    """The queue of which this thread runs a job: what the job begins belongs there, too, or its order would not be JavaScript's."""
    return getattr(_running, "jobs", None)


def running_loop() -> AbstractEventLoop | None:
    """The loop that runs in this thread; a run of trio passes for one."""
    events = sys.modules.get("asyncio.events")
    loop: AbstractEventLoop | None = None if events is None else events._get_running_loop()
    if loop is None and "trio" in sys.modules:
        from .trio_loop import running_trio

        loop = running_trio()  # type: ignore[assignment]
    return loop


def collect_stranded() -> None:
    """There is a loop now: it takes over what waits for one."""
    for jobs in tuple(_stranded):
        _stranded.discard(jobs)
        jobs.schedule()


class Jobs:
    """One queue of jobs."""

    def __init__(self) -> None:
        self.busy: Callable[[], bool] = lambda: False
        """Whether this thread is inside a call into the Instance that the queue belongs to."""
        self.free: Callable[[], bool] = lambda: True
        """Whether no other thread is."""
        self.doubt: Callable[[BaseException], None] = lambda _error: None
        """To be told of an exception, most likely an interrupt, that cut something off on which promises of the guest may depend.

        Nobody can tell what it leaves waiting for ever, so the instance dies of it, unless it came out of the guest.
        """
        self.uncaught: Callable[[Exception, str], None] = lambda _error, where: log.exception(f"uncaught in {where}")
        """To be told, while it is handled, of an exception that nobody waits for, and of what it came out of."""
        self._alarms = Alarms()
        self._clock: tuple[AbstractEventLoop, float, Any] | None = None
        """The loop that has been told to ring the next alarm, when, and its handle for that."""
        self._queue: deque[Job] = deque()
        self._later: deque[Job] = deque()
        self._following: dict[Any, tuple[Callable[[Any], None], Promise[Any] | None]] = {}
        """Futures of the host's: what to call when they are done, and the promise that stands for what runs here as a task of ours."""
        self._giving_up = False
        """The loop has been told to look who is left without a purpose."""
        self._interrupted = False
        """One of them was done, and what there was to do then was cut off."""
        self._looked_in: AbstractEventLoop | None = None
        """The loop in which it was looked last which of them are done."""
        self._turn = threading.RLock()
        """Held while jobs run, for two threads must not run them at once."""
        self._home: AbstractEventLoop | None = None
        """The loop that was last seen running where the Instance was used."""
        self._scheduled: AbstractEventLoop | None = None
        """The loop that has been told to empty the queue, and has not begun yet."""
        self._own: AbstractEventLoop | None = None
        self._driving = threading.RLock()
        """Held by the thread that runs ``_own``."""

    def __len__(self) -> int:
        return len(self._queue)

    def add(self, job: Job) -> None:
        """Put a job at the end of the queue. From any thread."""
        self._queue.append(job)
        self.schedule()

    def at_rest(self, job: Job) -> None:
        """Inside a job: do this when the queue is empty."""
        self._later.append(job)

    def after(self, seconds: float, job: Job) -> Alarm:
        """Do this in so many seconds, if a loop runs then; else when one does. From any thread."""
        alarm = self._alarms.set(seconds, job)
        self.schedule()
        return alarm

    def awaited(self) -> None:
        """Somebody begins to wait. Whatever an interrupt has kept from happening before is made up for."""
        self._scheduled = None
        if self._interrupted or self._looked_in is not running_loop():  # an interrupt ends the loop it is raised in
            self._interrupted, self._looked_in = False, running_loop()
            for future, (done, _) in tuple(self._following.items()):
                if future.done():
                    done(future)
        self.schedule()

    def schedule(self) -> None:
        """Have a loop empty the queue, or wait for the next alarm, if there is anything to do and there is a loop."""
        if not (self._queue or self._later or self._alarms.due()):
            self._wind()
            return
        loop = running_loop()
        if loop is not None:
            if self._scheduled is not loop:
                loop.call_soon(self._drain, loop)
                self._home = self._scheduled = loop
            return
        loop = self.home()
        if loop is None:
            _stranded.add(self)
        elif self._scheduled is not loop:
            try:
                self._scheduled = loop  # first: it may begin at once
                loop.call_soon_threadsafe(self._drain, loop)
            except BaseException as error:  # closed since we looked, or interrupted
                self._scheduled = None
                _stranded.add(self)
                if not isinstance(error, RuntimeError):
                    raise

    def _wind(self) -> None:
        """Have a loop call when the next alarm is due."""
        when = self._alarms.next
        if when is None:
            return
        loop = running_loop()
        if self._clock is not None and self._clock[1] <= when and (self._clock[0] is loop or self._clock[0].is_running()):
            return
        if loop is None:
            home = self.home()
            if home is None:
                _stranded.add(self)
            else:
                notify(home, self.schedule)
            return
        if self._clock is not None and self._clock[0] is loop and (handle := self._clock[2]) is not None:
            handle.cancel()
        # A loop of the host's has its timers for as long as it runs. Our own waits for us, and must not keep us for that.
        owner: Callable[[], Jobs | None] = ref(self) if loop is self._own else lambda: self
        self._clock = loop, when, loop.call_later(max(when - monotonic(), 0.0), _ring, owner, loop)
        self._home = loop

    def home(self) -> AbstractEventLoop | None:
        """The loop of this Instance, if it is running in whatever thread."""
        loop = self._home
        return loop if loop is not None and loop.is_running() else None

    def _drain(self, loop: AbstractEventLoop) -> None:
        try:
            self._scheduled = None
            if self.busy() or self._turn._is_owned():  # type: ignore[attr-defined]
                _stranded.add(self)  # it is a loop that a host function or a job runs, which is not over yet
                return
            left = _SLICE
            while (self._queue or self._later or self._alarms.due()) and left > 0:
                left = self._empty(left, loop)
            if left >= 0:
                self.schedule()
        except BaseException as error:  # what is left has its turn all the same
            self.doubt(error)
            self.schedule()
            if not isinstance(error, Exception):
                raise
            log.exception("a microtask failed")  # jobs see to what guests and hosts raise; nothing is thrown at the loop

    def _empty(self, left: int, loop: AbstractEventLoop) -> int:
        """Run at most ``left`` jobs; how many more may be run, or -1 when it is not the time for any."""
        outer = running_jobs()
        try:
            if not self._turn.acquire(blocking=False):
                return -1  # the thread that runs jobs sees to these, too
            _running.jobs = self
            while (self._queue or self._later or self._alarms.due()) and left:
                if not self.free():  # that call may be waiting for this loop
                    loop.call_later(_PATIENCE, self._drain, loop)
                    self._scheduled = loop
                    return -1
                left -= 1
                if self._queue or self._later:
                    (self._queue.popleft() if self._queue else self._later.popleft())()
                else:
                    self._alarms.ring()
            return left
        finally:
            try:  # noqa: SIM105  # at once, before the interpreter looks for interrupts again; and whether or not it got this far
                self._turn.release()
            except RuntimeError:  # not ours
                pass
            _running.jobs = outer

    # ------------------------------------------------------------------ waiting

    def refuse_nested(self) -> None:
        """Raise ``RuntimeError`` where waiting could not end: inside a call into the Instance."""
        if self.busy():
            raise RuntimeError(_NESTED)

    def wait(self, settled: threading.Event, watch: Callable[[Callable[[], None]], None], timeout: float | None) -> bool:
        """Let the world go on until ``settled`` is set; false when that takes longer than ``timeout`` seconds.

        ``watch`` takes a function to be called, in any thread, when it is set.
        """
        import time

        end = None if timeout is None else time.monotonic() + timeout

        def left() -> float:
            return 3600.0 if end is None else max(end - time.monotonic(), 0.0)

        while not settled.is_set():
            try:
                if self.home() is None and self._driving.acquire(blocking=False):
                    self._run(watch, left())
                else:
                    settled.wait(min(left(), 0.1))  # somebody else's loop does the work: see now and then whether it is still there
            finally:
                try:  # noqa: SIM105  # as in _empty()
                    self._driving.release()
                except RuntimeError:
                    pass
            if end is not None and not left():
                break
        return settled.is_set()

    def _run(self, watch: Callable[[Callable[[], None]], None], seconds: float) -> None:
        """Run the Instance's own loop. It is kept, with all that is pending in it, for the next time."""
        import asyncio

        loop = self._own
        if loop is None or loop.is_closed():
            loop = self._own = asyncio.new_event_loop()
            finalize(self, _close, loop)

        async def until() -> None:
            collect_stranded()
            self._home, self._looked_in = loop, None
            self.awaited()
            done = asyncio.Event()
            watch(lambda: notify(loop, done.set))
            with suppress(TimeoutError):
                await asyncio.wait_for(done.wait(), seconds)

        loop.run_until_complete(until())

    # ------------------------------------------------------------------ awaitables of the host

    def start(self, awaitable: Any, done: Callable[[Any], None], promise: Promise[Any]) -> None:
        """Run ``awaitable`` on the loop of this Instance; ``done`` is called with its finished future, there. It may be called again.

        ``promise`` stands for it.
        """

        def settle(future: Any) -> None:
            try:
                done(future)
                self._following.pop(future, None)
            except BaseException as error:
                self._interrupted = True
                self.doubt(error)
                raise

        if running_loop() is not None:
            self._follow(awaitable, settle, promise)
        else:
            self.add(lambda: self._follow(awaitable, settle, promise))

    def _follow(self, awaitable: Any, settle: Callable[[Any], None], promise: Promise[Any]) -> None:
        """In a running loop: start the awaitable, if it does not run yet."""
        import asyncio

        running: Any = running_loop()
        if not isinstance(running, asyncio.AbstractEventLoop):
            self._following[running.start(awaitable, settle)] = settle, promise
            return
        if asyncio.isfuture(awaitable):
            future, loop = awaitable, awaitable.get_loop()
            if loop is not running_loop():
                notify(loop, lambda: future.add_done_callback(settle))
                return
        else:
            future = asyncio.ensure_future(awaitable)
        self._following[future] = settle, None if future is awaitable else promise  # and asyncio keeps weak references to its tasks only
        future.add_done_callback(settle)

    def abandon(self, promise: Promise[Any]) -> None:
        """The task that has waited for ``promise`` was cancelled: see soon, for all of them at once, who is left without a purpose."""
        if not self._following or (loop := running_loop()) is None:
            return
        promise._abandoned = True
        if not self._giving_up:
            self._giving_up = True
            if len(self._following) < _FEW:
                loop.call_soon(self._give_up)
            else:  # not for each of many that are cancelled one after the other
                loop.call_later(_PATIENCE * len(self._following) / _FEW, self._give_up)

    def _give_up(self) -> None:
        """Cancel the awaitables of the host for which only calls wait that nobody waits for any more.

        Who waits for what is as :mod:`.turns` knows it; where it does not, nothing is cancelled. Nor are futures and tasks that the
        host has made: it may have further plans for them.
        """
        self._giving_up = False
        for future, (_, promise) in tuple(self._following.items()):
            if promise is None or promise._waiters or not (reactions := promise._reactions):
                continue
            if all(reaction.wakes and all(call._unwanted for call in reaction.wakes.values()) for reaction in reactions):
                future.cancel()


def notify(loop: AbstractEventLoop, call: Callable[[], object]) -> None:
    """Call something in a loop, from any thread; nothing happens when that loop is closed."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(call)


def _ring(owner: Callable[[], Jobs | None], loop: AbstractEventLoop) -> None:
    """The next alarm of somebody's is due in this loop."""
    jobs = owner()
    if jobs is not None:
        jobs._clock = None
        jobs._drain(loop)


def _close(loop: AbstractEventLoop) -> None:
    """Give an own loop up that nobody can run again: what is pending in it is cancelled."""
    import asyncio

    if loop.is_closed() or loop.is_running():
        return
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    try:
        if tasks and running_loop() is None:
            loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    finally:
        loop.close()
