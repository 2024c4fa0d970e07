"""The one guarded door: every way into a guest goes through :class:`Guard`, nothing else decides anything.

The generated code wraps each way in like this (see ``instrument/guards.py``)::

    with door.lock:
        guest = door.enter()
        try:
            …                                   # check arguments, lower, call, lift
        except BaseException as error:
            raise door.failed(guest, error)
        finally:
            door.leave(guest)

``enter`` comes before anything touches the guest. This module knows no wasm engine: what it needs of an instance is
written down in :class:`Guest`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar

from ..errors import GuestAborted, ModuleTerminated
from .state import ADMISSIONS, TRANSITIONS, Admission, Event, State

log = logging.getLogger("bindgen_patch")

AbortHook = Callable[[GuestAborted], object]


class Guest(Protocol):
    """One instance of a guest, as the guard sees it."""

    death: GuestAborted | None
    """Set, once, by whoever finds out that this instance may never run again."""

    def troubled(self) -> bool:
        """Whether there is something to see to before a call: the guest's own flag is up, or objects wait to be freed."""
        ...

    def tend(self) -> None:
        """See to it. May set ``death``, never raises for the guest's sake."""

    def start(self) -> None:
        """Run the guest's start functions. Raises what they raise."""

    def push_frame(self) -> None:
        """A nested call begins: remember the stack pointer, the borrowed handles and the result area."""

    def pop_frame(self) -> None:
        """A call ended, outermost or nested: give back what it borrowed."""

    def restore_stack(self) -> None:
        """A call failed half way: put the stack pointer back to where the innermost frame found it."""

    def run_abort_hook(self) -> None:
        """Raise the guest's terminated flag and run the hook it installed, if any."""

    def discard(self) -> None:
        """Give everything back to the engine. Nothing may be done with this instance afterwards."""


G = TypeVar("G", bound=Guest)


class Guard(Generic[G]):
    """Guards one instance of a guest, and every fresh one that takes its place.

    ``make`` instantiates. ``reinit_on_abort`` schedules a fresh instance at every death.
    """

    def __init__(self, make: Callable[[], G], *, reinit_on_abort: bool = False) -> None:
        self.lock = threading.RLock()
        """One thread at a time; held from before ``enter`` until after ``leave``."""
        self.state = State.NEW
        self.instance_id = 0
        self.reinit_on_abort = reinit_on_abort
        self.hooks: list[AbortHook] = []
        self._make = make
        self._made = 0
        self._guest: G | None = None
        self._depth = 0
        self._due = False
        self._ready = False
        self._cause: GuestAborted | None = None

    # ------------------------------------------------------------------ the door

    def enter(self) -> G:
        """The instance that serves this call, made afresh when one is due.

        Raises :class:`ModuleTerminated` when this call may not run, and whatever instantiating and ``start`` raise.
        """
        guest = self._guest
        if not self._ready or guest is None or self._due or guest.troubled():
            guest = self._admit()
        self._ready = False
        if self._depth:
            guest.push_frame()
        self._depth += 1
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

    def leave(self, guest: G) -> None:
        """The counterpart of :meth:`enter`, however the call ended."""
        self._depth -= 1
        guest.pop_frame()
        if self._depth:
            return
        if self.state is State.LIVE:
            self._ready = guest.death is None
        else:
            self._let_go()

    def busy(self) -> bool:
        """Whether this thread is inside a call."""
        if not self.lock.acquire(blocking=False):
            return False
        try:
            return self._depth > 0
        finally:
            self.lock.release()

    # ------------------------------------------------------------------ what hosts and guests ask for

    def schedule_reinit(self) -> None:
        """A fresh instance serves the next outermost call. Safe from any thread, hooks and host functions included."""
        self._due = True

    def terminate(self, death: GuestAborted) -> None:
        """Kill the instance: a call that is running does not get back into Rust, the next one finds it dead."""
        with self.lock, self._nested():
            guest = self._guest
            if self.state is State.NEW:
                self._die(death)
                self._call_hooks(death)
            elif self.state is State.LIVE and guest is not None and guest.death is None:
                guest.death = death
                self._bury(guest)

    def close(self) -> None:
        """No call is served again. The instance is given back at once, or when the call that is running ends."""
        with self.lock, self._nested():
            guest, was_live = self._guest, self.state is State.LIVE
            self._move(Event.CLOSED)
            if was_live and guest is not None and guest.death is None:
                guest.death = GuestAborted("the instance was closed", kind="terminated")

    # ------------------------------------------------------------------ behind the door

    @contextmanager
    def _nested(self) -> Iterator[None]:
        """As if inside a call: what hooks and destructors call meanwhile may not replace the instance."""
        self._ready = False
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if not self._depth and self.state is not State.LIVE:
                self._let_go()

    def _admit(self) -> G:
        guest, outermost = self._guest, not self._depth
        tended = outermost and not self._due
        if guest is not None and self.state is State.LIVE and (tended or guest.death is not None):
            with self._nested():
                if tended and guest.death is None:
                    guest.tend()
                if guest.death is not None:
                    self._bury(guest)
        admission = ADMISSIONS[self.state, self._due, outermost]
        if admission is Admission.MAKE:
            return self._make_fresh()
        if admission is Admission.REFUSE or guest is None:
            raise self._refusal()
        return guest

    def _refusal(self) -> ModuleTerminated:
        if self.state is State.CLOSED:
            return ModuleTerminated("Module terminated: the instance was closed")
        cause = self._cause
        why = f": {cause.kind}: {cause.message}" if cause else ""
        log.debug("call refused%s", why)
        return ModuleTerminated(f"Module terminated{why}", cause_of_death=cause)

    def _make_fresh(self) -> G:
        """Instantiate, then run ``start`` as a call of its own: it may call the host, and the host may call back."""
        self._let_go()
        self._due = False
        self._move(Event.MADE)
        self.instance_id = self._made
        guest: G | None = None
        self._depth += 1
        try:
            guest = self._guest = self._make()
            if self.state is State.LIVE:
                guest.start()
            if guest.death is not None or self.state is not State.LIVE:
                raise guest.death or self._refusal()
        except BaseException as error:
            # It never served anybody: no hook runs, and the next call tries afresh.
            failure = _first(guest, error)
            if self.state is not State.CLOSED:
                self._move(Event.START_FAILED)
            self._let_go()
            try:
                raise failure  # the error itself, or the death that it tells of
            finally:
                del failure  # which holds this frame
        finally:
            self._depth -= 1
        self._made += 1
        self._cause = None
        if self.instance_id:
            log.info("instance %d serves from now on", self.instance_id)
        return guest

    def _bury(self, guest: G) -> None:
        """Once per dead instance: the guest's hook, then the host's."""
        if guest is not self._guest or self.state is not State.LIVE:
            return
        assert guest.death is not None
        self._die(guest.death)
        try:
            guest.run_abort_hook()
        except Exception:
            log.exception("the guest's abort hook failed")
        finally:
            self._call_hooks(guest.death)

    def _die(self, death: GuestAborted) -> None:
        self._move(Event.DIED)
        self._cause = death
        if self.reinit_on_abort:
            self._due = True
        log.warning("instance %d died: %s: %s", self.instance_id, death.kind, death.message)

    def _call_hooks(self, death: GuestAborted) -> None:
        for hook in tuple(self.hooks):
            try:
                hook(death)
            except Exception:
                log.exception("abort hook %r failed", hook)

    def _let_go(self) -> None:
        """Discard the instance there is, if there is one."""
        guest, self._guest = self._guest, None
        if guest is not None:
            guest.discard()

    def _move(self, event: Event) -> None:
        self.state = TRANSITIONS[self.state, event]


def _first(guest: Guest | None, error: BaseException) -> BaseException:
    """Of an error and the death of its instance, the one that counts."""
    return error if guest is None or guest.death is None or not isinstance(error, Exception) else guest.death
