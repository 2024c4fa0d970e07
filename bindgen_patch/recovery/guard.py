"""The one guarded door: every way into a guest goes through :class:`Guard`, nothing else decides anything.

The generated code wraps each way in like this (see ``instrument/guards.py``)::

    door = self._bp_door
    nested = door.held()
    with door.lock:
        guest = door.enter(nested)
        try:
            …                                   # check arguments, lower, call, lift
        except BaseException as error:
            raise door.failed(guest, error)
        finally:
            door.leave(guest, nested)

``enter`` comes before anything touches the guest. Whether a call is nested is read off the lock, which no exception can
leave in disorder: there is no depth to be counted, and so none to be miscounted when a ``KeyboardInterrupt`` strikes
between two lines. A call that was cut off anywhere leaves the door not *ready*, and the next outermost call puts the
instance in order before it uses it.

This module knows no wasm engine: what it needs of an instance is written down in :class:`Guest`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from ..errors import GuestAborted, ModuleTerminated, PanicError
from .counters import Counters
from .lock import Lock
from .log import DEBUG, INFO, WARNING, log
from .state import ADMISSIONS, TRANSITIONS, Admission, Event, State

_LIVE = State.LIVE
AbortHook = Callable[[GuestAborted], object]


class Guest(Protocol):
    """One instance of a guest, as the guard sees it."""

    death: GuestAborted | None
    """Set, once, by whoever finds out that this instance may never run again; by other threads through :meth:`kill`."""

    lent: list[int]
    """What the call that runs has lent to the guest."""

    fallen: object
    """What is known of a call that did not return, until somebody has found out why; mostly ``None``."""

    calm: bool
    """Nothing has happened that the end of a call or the beginning of the next would have to look at, but for the guest's own flag.

    Whoever changes something that :meth:`at_ease` looks at puts this to false afterwards.
    """

    def at_ease(self) -> bool:
        """Whether it may be called calm."""
        ...

    @property
    def frames(self) -> object:
        """What nested calls have put aside; ``None`` in an outermost one."""
        ...

    def troubled(self) -> int:
        """Whether there is something to see to before a call.

        0: nothing. 1: limits, see :meth:`limit`. 2: more than that; the guest's own flag is up, or objects wait to be freed.
        """
        ...

    def tidy(self) -> None:
        """No call is running: give back whatever one that was cut off has left behind. May set ``death``."""

    def tend(self) -> None:
        """See to what :meth:`troubled` tells of. May set ``death``, never raises for the guest's sake."""

    def start(self) -> None:
        """Run the guest's start functions. Raises what they raise."""

    def limit(self) -> bool:
        """An outermost call begins: put the limits of calls in force. Says whether there are any, to be lifted afterwards.

        Raises what the caller gets when they do not let the call begin: nothing happened then.
        """
        ...

    def unlimit(self) -> None:
        """The call ended. May be repeated."""

    def push_frame(self) -> None:
        """A nested call begins: remember the stack pointer, the borrowed handles and the result area."""

    def pop_frame(self) -> None:
        """A call ended, outermost or nested: give back what it borrowed."""

    def restore_stack(self) -> None:
        """A call failed half way: put the stack pointer back to where the innermost frame found it."""

    def run_abort_hook(self) -> None:
        """Raise the guest's terminated flag and run the hook it installed, if any."""

    def kill(self, death: GuestAborted) -> None:
        """Set ``death`` unless there is one, and make code that is running come back. Safe from any thread."""

    def discard(self) -> None:
        """Give everything back to the engine. Nothing may be done with this instance afterwards."""


G = TypeVar("G", bound=Guest)


class Guard(Lock, Generic[G]):
    """Guards one instance of a guest, and every fresh one that takes its place.

    ``make`` instantiates; ``name`` is what log records call it. ``reinit_on_abort`` has every death followed by a fresh instance.
    ``lock_timeout``: how many seconds a thread waits for another one's call before it gets a ``TimeoutError``; ``None``: for ever.
    """

    def __init__(
        self, make: Callable[[], G], *, name: str = "instance", reinit_on_abort: bool = False, lock_timeout: float | None = None
    ) -> None:
        super().__init__(lock_timeout)
        self.name = name
        self.instance_id = 0
        self.reinit_on_abort = reinit_on_abort
        self.hooks: list[AbortHook] = []
        self.counters = Counters()
        self._calls = 0
        self._make = make
        self._made = 0
        self._guest: G | None = None
        self._state = State.NEW
        self._started = False
        """Whether the instance got through its start. One that is LIVE without was cut off, or is just being made."""
        self._ready = False
        """No call is running, the last one ended in order, and there is nothing else to look at."""
        self._limited = False
        """The call that is running has limits of its own, to be lifted when it ends."""
        self._due = False
        self._sentence: GuestAborted | None = None
        """The death of an instance that is just being made."""
        self._cause: GuestAborted | None = None

    @property
    def state(self) -> State:
        """Where the instance stands. One that another thread has just killed counts as dead, though its call may not have ended."""
        guest = self._guest
        doomed = self._state is State.LIVE and guest is not None and guest.death is not None
        return State.TERMINATED if doomed else self._state

    @property
    def guest(self) -> G | None:
        """The present instance, for those who only look."""
        return self._guest

    # ------------------------------------------------------------------ the door

    def enter(self, nested: bool) -> G:
        """The instance that serves this call, made afresh when one is due.

        Raises :class:`ModuleTerminated` when this call may not run, and whatever instantiating and ``start`` raise.
        """
        guest = self._guest
        if not self._ready or nested or guest is None or self._due:
            guest = self._admit(nested)
        elif trouble := guest.troubled():
            if trouble > 1:
                guest = self._admit(nested)
            else:
                self._ready = False
                self._limited = guest.limit()
        self._ready = False
        self._calls += 1
        return guest

    def failed(self, guest: G, error: BaseException) -> BaseException:
        """What the caller gets for ``error``: the error itself, or, when the instance died of it, its death.

        Nothing that a host function does in between (swallowing an error, raising another) can hide a death. Only what is
        no ``Exception`` passes it by: a ``KeyboardInterrupt`` is about the whole process.
        """
        if guest.death is None:
            guest.restore_stack()
            return error
        self._bury(guest)
        return _first(guest, error)

    def leave(self, guest: G, nested: bool) -> None:
        """The counterpart of :meth:`enter`, however the call ended."""
        if guest.frames is not None or guest.lent:
            guest.pop_frame()
        if nested:
            return
        if guest.death is None and guest.fallen is None and self._state is _LIVE and not self._limited:
            self._ready = True
            if guest.death is None:  # looked at last: see terminate()
                self.reopen(guest)
                return
            self._ready = False
        self._end(guest)

    # ------------------------------------------------------------------ what hosts and guests ask for

    def schedule_reinit(self) -> None:
        """A fresh instance serves the next outermost call. Safe from any thread, hooks and host functions included."""
        self._due = True
        self.look()

    def reset(self) -> None:
        """The same at once, unless a call is running: nothing can take its instance from it. Raises what :meth:`enter` raises."""
        self.schedule_reinit()
        if not self.held():
            with self.lock:
                self.leave(self.enter(False), False)

    def panicked(self, panic: PanicError) -> None:
        """The guest tells of a panic that unwound."""
        self.counters.panics += 1
        if log.heard(WARNING):
            self._tell(WARNING, "panic", "instance %d panicked: %s", self.instance_id, panic.message)

    def terminate(self, death: GuestAborted) -> None:
        """Kill the instance: a call that is running, in this thread or another, does not get back into Rust; the next one finds it dead.

        Safe from any thread, and it does not wait for another one's call to end: that call sees to the hooks when it does.
        """
        guest = self._guest
        if guest is None and self._state is State.LIVE:
            self._sentence = death  # it is just being made
            return
        if guest is not None:
            guest.kill(death)
        # A call that ends looks for a death after it has said that it did: one of the two of us sees the other.
        nested = self.held()
        if nested and not self._started:
            return  # its start fails of it, and the next call tries afresh
        if nested or self._ready or guest is None:
            with self.lock:
                try:
                    self._carry_out(death)
                finally:
                    if not nested:
                        self._let_go_of_the_dead()

    def close(self) -> None:
        """No call is served again. One that is running does not get back into Rust, and the instance is given back when it has ended."""
        closed = GuestAborted("the instance was closed", kind="terminated")
        nested = self.held()
        if self._guest is not None and not nested:
            self._guest.kill(closed)
        with self.lock:
            guest = self._guest
            try:
                if guest is not None and guest.death is not None and guest.death is not closed:
                    self._bury(guest)
            finally:
                self._move(Event.CLOSED)
                if guest is not None:
                    guest.kill(closed)
                if not nested:
                    self._let_go_of_the_dead()

    # ------------------------------------------------------------------ behind the door

    def _admit(self, nested: bool) -> G:
        self._ready = False
        if nested:
            guest = self._guest
            if guest is not None and guest.death is not None:
                self._bury(guest)
        else:
            self._put_in_order()
        guest = self._guest
        due = self._due or (self.reinit_on_abort and self._state is State.TERMINATED)
        admission = ADMISSIONS[self._state, due, not nested]
        if admission is Admission.MAKE:
            guest = self._make_fresh()
        elif admission is Admission.REFUSE or guest is None:
            raise self._refusal()
        if nested:
            guest.push_frame()
        else:
            self._limited = guest.limit()
        return guest

    def _put_in_order(self) -> None:
        """Before an outermost call: whatever happened since the last one, or cut it off, is seen to."""
        guest = self._guest
        if self._state is State.LIVE and (guest is None or not self._started):
            self._move(Event.START_FAILED)
        elif self._state is State.LIVE and guest is not None:
            if guest.death is None:
                guest.tidy()
                if not self._due:
                    guest.tend()
            try:
                if guest.death is not None:
                    self._bury(guest)
            finally:
                self._let_go_of_the_dead()

    def _end(self, guest: G) -> None:
        """An outermost call ended, and something is to be done about it."""
        if guest.fallen is not None:
            guest.tidy()
        if self._limited:
            guest.unlimit()
            self._limited = False
        try:
            if guest.death is not None:
                self._bury(guest)
        finally:
            self._let_go_of_the_dead()
        self._ready = self._state is State.LIVE
        if self._ready and guest.death is not None:  # as in leave()
            self._ready = False
            self._end(guest)
        elif self._ready:
            self.reopen(guest)

    def _refusal(self) -> ModuleTerminated:
        self.counters.refusals += 1
        if self._state is State.CLOSED:
            refusal = ModuleTerminated("Module terminated: the instance was closed")
        else:
            cause = self._cause
            why = f": {cause.kind}: {cause.message}" if cause else ""
            refusal = ModuleTerminated(f"Module terminated{why}", cause_of_death=cause)
        self._tell(DEBUG, "refusal", "call refused: %s", refusal)
        return refusal

    def _make_fresh(self) -> G:
        """Instantiate, then run ``start`` as a call of its own: it may call the host, and the host may call back."""
        self._let_go()
        self._due = self._started = False
        self._sentence = None
        self.instance_id = self._made
        guest: G | None = None
        self._move(Event.MADE)
        try:
            guest = self._guest = self._make()
            if self._sentence is not None:
                guest.kill(self._sentence)
            if guest.death is None and self._state is State.LIVE:
                guest.start()
            if guest.death is not None or self._state is not State.LIVE:
                raise guest.death or self._refusal()
        except BaseException as error:
            # It never served anybody: no hook runs, and the next call tries afresh.
            failure = _first(guest, error)
            if self._state is not State.CLOSED:
                self._move(Event.START_FAILED)
            self._let_go()
            try:
                raise failure  # the error itself, or the death that it tells of
            finally:
                del failure  # which holds this frame
        self._made += 1
        self._cause = None
        self._started = True
        if self.instance_id:
            self.counters.reinits += 1
            self._tell(INFO, "reinit", "instance %d serves from now on", self.instance_id)
        return guest

    def _carry_out(self, death: GuestAborted) -> None:
        """The lock is ours: bury the instance that was killed, if nobody has yet, or the one that was never made."""
        guest = self._guest
        if guest is not None and guest.death is not None:
            self._bury(guest)
        elif guest is None and self._state is State.NEW:
            self._die(death)
            self._call_hooks(death)

    def _bury(self, guest: G) -> None:
        """Once per dead instance: the guest's hook, then the host's."""
        if guest is not self._guest or self._state is not State.LIVE:
            return
        assert guest.death is not None
        death = guest.death
        self._die(death)
        try:
            guest.run_abort_hook()
        except Exception:
            log.exception("the guest's abort hook failed")
        finally:
            self._call_hooks(death)

    def _die(self, death: GuestAborted) -> None:
        self._cause = death
        self._move(Event.DIED)
        self.counters.died(death.kind)
        self._tell(WARNING, "abort", "instance %d died: %s: %s", self.instance_id, death.kind, death.message, alone=True)

    def _call_hooks(self, death: GuestAborted) -> None:
        for hook in tuple(self.hooks):
            try:
                hook(death)
            except Exception:
                log.exception("abort hook %r failed", hook)

    def _let_go_of_the_dead(self) -> None:
        if self._state is not State.LIVE:
            self._let_go()

    def _let_go(self) -> None:
        """Discard the instance there is, if there is one."""
        guest, self._guest = self._guest, None
        self._ready = False
        if guest is not None:
            guest.discard()

    def _move(self, event: Event) -> None:
        self._state = TRANSITIONS[self._state, event]

    def _tell(self, level: int, event: str, text: str, *args: object, alone: bool = False) -> None:
        """A log record, if somebody hears it. ``event``, ``instance``, ``instance_id`` are attributes of it, for those who filter or count.

        ``alone``: it is printed where nobody has set up any logging. An instance was lost; all else is told by what the caller gets.
        """
        if log.heard(level, alone=alone):
            log.log(level, text, *args, extra={"event": event, "instance": self.name, "instance_id": self.instance_id})


def _first(guest: Guest | None, error: BaseException) -> BaseException:
    """Of an error and the death of its instance, the one that counts."""
    return error if guest is None or guest.death is None or not isinstance(error, Exception) else guest.death
