"""One cell: a fresh Instance of the guest, one event, one way in. What came of it is found out, and that nothing is left over."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from bindgen_patch import GuestAborted, GuestException, ModuleTerminated, PanicError, js

from .plan import ALIASING, EVENTS, WAYS
from .world import HostError, Outcome, World

DEADLINE = 0.1
"""Seconds; a slow machine must get into the guest in that time."""


@contextmanager
def errors_logged() -> Iterator[list[logging.LogRecord]]:
    """Errors told to the log, which nobody else gets."""
    records: list[logging.LogRecord] = []
    log, handler = logging.getLogger("bindgen_patch"), logging.Handler(logging.ERROR)
    handler.emit = records.append  # type: ignore[method-assign, assignment]
    propagate, log.propagate = log.propagate, False
    log.addHandler(handler)
    try:
        yield records
    finally:
        log.removeHandler(handler)
        log.propagate = propagate


class Cell:
    """``event`` by ``way`` in a guest built like ``build``, of which ``module`` is the package."""

    def __init__(self, module: Any, event: str, way: str, build: str) -> None:
        self.world = World(module, event)
        self.i = self.world.i
        self.of_guest = getattr(module.Event, event)
        self.event, self.way = EVENTS[event], WAYS[way]
        self.unwinds = build != "abort"
        self.drops = self.drops_before = self.handles = 0
        self.enter: Callable[[Any], Any] = lambda event: None

    def run(self) -> Outcome:
        """What comes of it. Raises ``AssertionError`` when something is not as it is after any such outcome."""
        with errors_logged() as records:
            if self.way.first:
                self.enter = self.way.prepare(self.world)
            else:
                self.warm_up()
            outcome, error = self.act()
            logged, state = bool(records), self.i.state
            for thread in self.world.threads:
                thread.join(10)
        fresh, left = state == "live" and bool(self.i._bp_door._due or self.i.instance_id), ""
        match state:
            case "live" if fresh:
                self.check_fresh()
            case "live":
                left = self.check_live()
            case "terminated":
                self.check_dead(error)
            case _:
                self.check_new()
        self.i.close()
        if outcome.ending == "host" and self.world.had_loop:
            with errors_logged():  # a promise that was interrupted may tell so when it is collected
                self.world.error = error = None
                gc.collect()
        detail = outcome.detail or "".join(death.kind for death in self.world.deaths)
        return Outcome(outcome.ending, detail, state, logged, fresh, left)

    def warm_up(self) -> None:
        """Goes in twice with nothing happening: what that leaves behind, and how many guards it drops, is what to expect afterwards."""
        self.i.hook_that_logs()
        self.enter = self.way.prepare(self.world)
        self.enter(self.world.nothing)
        if self.of_guest.name == "BorrowConflict":
            self.world.other = self.i.Thing(self.world.nothing)
        before = self.i.drops()
        self.enter(self.world.nothing)
        gc.collect(0)
        assert self.i.count() == 1
        self.drops_before = self.i.drops()
        self.drops = self.drops_before - before
        self.handles = self.i.counters.live_handles

    def act(self) -> tuple[Outcome, BaseException | None]:
        """Goes in with the event."""
        if self.of_guest.name == "Deadline" and self.way is not WAYS["hook"]:  # a hook has a second of its own
            with self.i.deadline(DEADLINE):
                return self.ending(self.of_guest)
        return self.ending(self.of_guest)

    def ending(self, event: Any) -> tuple[Outcome, BaseException | None]:
        """How the call ends, as its caller sees it, and the exception."""
        try:
            self.enter(event)
        except PanicError as panic:
            return Outcome("panic", panic.message), panic
        except GuestAborted as death:
            return Outcome("death", death.kind), death
        except ModuleTerminated as refusal:
            cause = refusal.cause_of_death
            return Outcome("refused", cause.kind if cause else "replaced"), cause
        except GuestException as thrown:
            return Outcome("error", f"{thrown.value!r}"), thrown
        except js.Error as error:
            return Outcome("error", error.message), error
        except (HostError, KeyboardInterrupt) as error:
            assert error is self.world.error, "it is not the same object"
            return Outcome("host", type(error).__name__), error
        return Outcome("returned"), None

    # ------------------------------------------------------------------ afterwards

    def check_works(self) -> None:
        """Functions and this way in work, and nothing of any call is left."""
        assert self.i.greet("you") == "Hello, you!"
        if not self.way.first:
            assert self.ending(self.world.nothing)[0] == Outcome("returned")
        assert self.i.state == "live"
        guest = self.i._bp_door.guest
        assert (guest.frames, guest.lent, guest.host_error) == (None, [], None)
        assert guest._stack() == guest.result == guest._stack_base

    def check_live(self) -> str:
        """State is kept, and destructors ran where they should. Says what is left of the call."""
        panicked = self.unwinds and self.event.outcomes[0].ending == "panic"
        assert (self.world.deaths, self.world.lines, self.i.counters.aborts) == ([], [], {})
        assert self.i.counters.panics == int(panicked)
        assert (self.i.count(), self.i.instance_id) == (1 if self.way.first else 2, 0)
        left = ""
        if not self.way.first:
            left = "handles" if self.i.counters.live_handles != self.handles else ""
            if self.drops:
                assert (self.i.drops() - self.drops_before == self.drops) == self.destructors_run()
            if self.world.subject is not None:
                try:
                    self.world.subject.exclusive(self.world.nothing)
                except js.Error as error:
                    assert error.message == ALIASING
                    left = "borrowed"
                    self.prepare_again()
        self.check_works()
        return left

    def destructors_run(self) -> bool:
        """Whether each frame of the guest's drops what it owns."""
        if self.unwinds:
            return self.event.unwinds
        return not self.event.cuts_off and not (self.event.returns_err and self.way.through_host)

    def check_fresh(self) -> None:
        """A fresh instance was asked for: it knows nothing of the one before. No hook runs."""
        assert (self.i.count(), self.i.instance_id, self.i.counters.reinits) == (1, 1, 1)
        assert (self.world.deaths, self.world.lines, self.i.counters.aborts) == ([], [], {})
        self.prepare_again()
        self.check_works()

    def check_dead(self, error: BaseException | None) -> None:
        """Hooks ran once, every call is refused, and the same names work again when a fresh instance was asked for."""
        world, i = self.world, self.i
        [death] = world.deaths
        assert error is death or not isinstance(error, GuestAborted)
        assert i.counters.aborts == {death.kind: 1}
        assert world.lines == ([] if self.way.first else ["aborted"])
        count, greet = i.count, i.greet
        if not i._bp_door._due:
            refusals = i.counters.refusals
            for call in (count, lambda: greet("you")):
                with pytest.raises(ModuleTerminated) as refused:
                    call()
                assert refused.value.cause_of_death is death
            if not self.way.first:
                assert self.ending(world.nothing)[0] in (Outcome("refused", death.kind), Outcome("returned"))
            assert i.counters.refusals > refusals + 1
            assert i._bp_door.guest is None
            i.schedule_reinit()
        assert greet("you") == "Hello, you!"
        assert (count(), i.state, i.instance_id, i.counters.reinits) == (1, "live", 1, 1)
        self.prepare_again()
        self.check_works()
        assert len(world.deaths) == 1

    def check_new(self) -> None:
        """It never served anybody: no hook, and the next call tries afresh."""
        assert (self.world.deaths, self.world.lines, self.i.counters.aborts, self.i.instance_id) == ([], [], {}, 0)
        assert (self.i.count(), self.i.state, self.i.instance_id) == (1, "live", 0)
        self.check_works()

    def prepare_again(self) -> None:
        """Objects and closures of another instance are of no use."""
        if not self.way.first:
            self.enter = self.way.prepare(self.world)


def run(module: Any, event: str, way: str, build: str) -> Outcome:
    """What comes of one cell; an ``AssertionError`` says in which."""
    try:
        return Cell(module, event, way, build).run()
    except AssertionError as error:
        error.add_note(f"{event} by {way}, {build}")
        raise
