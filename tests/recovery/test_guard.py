"""The door, with a guest that keeps accounts: examples of each promise, then a machine that tries everything in any order."""

from __future__ import annotations

import ctypes
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bindgen_patch import GuestAborted, ModuleTerminated, PanicError
from bindgen_patch.accelerator import native
from bindgen_patch.recovery.guard import Guard
from bindgen_patch.recovery.state import State


class Fake:
    """A guest without wasm. It notes everything that a guard may not do."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.death: GuestAborted | None = None
        self.raised_flag = False
        self.garbage: list[Callable[[], None]] = []
        self.stack_pointer = 1000
        self.frames: list[int] = []
        self.lent: list[int] = []
        self.fallen: object = None
        self.calm = False
        self.running = 0
        self.hooks_run = 0
        self.discarded = False
        self.limited = False

    def expect(self, what: str, holds: bool) -> None:
        """An assertion that nothing can swallow: see :func:`world`."""
        if not holds:
            self.world.violations.append(what)

    def alive(self) -> None:
        """Nothing enters a guest that is dead or given back, and nothing while another thread may be inside."""
        self.expect("a discarded instance was entered", not self.discarded)
        self.expect("a dead instance was entered", self.death is None)
        self.expect("the lock was not held", self.world.door.held())

    def troubled(self) -> int:
        return 2 if self.raised_flag or self.garbage or self.death else int(self.world.limits)

    def at_ease(self) -> bool:
        return not (self.death or self.frames or self.garbage or self.world.limits)

    def die(self, death: GuestAborted) -> None:
        self.death = death
        self.calm = False

    def collected(self, destructor: Callable[[], None]) -> None:
        """It is to run before the next call."""
        self.garbage.append(destructor)
        self.calm = False

    def tend(self) -> None:
        self.alive()
        self.expect("destructors ran inside a call", not self.running)
        while self.garbage:
            self.garbage.pop()()
        if self.raised_flag and self.death is None:
            self.die(GuestAborted("its own flag", kind="terminated"))

    def tidy(self) -> None:
        self.alive()
        self.expect("tidied inside a call", not self.running)
        self.frames.clear()
        self.stack_pointer = 1000

    def limit(self) -> bool:
        self.alive()
        self.expect("a limit within a limit", not self.limited)
        self.limited = self.world.limits
        return self.limited

    def unlimit(self) -> None:
        self.expect("no limit to be lifted", self.limited)
        self.limited = False

    def kill(self, death: GuestAborted) -> None:
        self.expect("a discarded instance was killed", not self.discarded or self.death is not None)
        if self.death is None:
            self.die(death)

    def start(self) -> None:
        self.alive()
        self.expect("start ran in a state of no use", self.world.door.state is State.LIVE)
        self.world.start(self)

    def push_frame(self) -> None:
        self.alive()
        self.frames.append(self.stack_pointer)
        self.calm = False
        self.stack_pointer -= 32

    def pop_frame(self) -> None:
        self.expect("a discarded instance was used", not self.discarded)
        if self.frames:
            self.stack_pointer = self.frames.pop()

    def restore_stack(self) -> None:
        self.alive()
        self.stack_pointer = self.frames[-1] - 32 if self.frames else 1000

    def run_abort_hook(self) -> None:
        self.hooks_run += 1
        self.expect(
            "the hook ran without a death, after the end, or twice", self.death is not None and not self.discarded and self.hooks_run == 1
        )
        self.world.guest_hook()

    def discard(self) -> None:
        self.expect("discarded twice, or while it ran", not self.discarded and not self.running)
        self.discarded = True
        if self.death is None:
            self.death = GuestAborted("replaced", kind="terminated")

    # ------------------------------------------------------------------ what wasm code does

    def run(self, body: Callable[[], Any]) -> Any:
        """Rust code that calls the host: whatever the host does, a dead instance is not resumed."""
        self.alive()
        self.stack_pointer -= 64
        self.running += 1
        try:
            result = body()
        finally:
            self.running -= 1
        if self.death is not None:
            raise self.death
        self.stack_pointer += 64
        return result

    def trap(self, kind: str = "unreachable") -> None:
        self.alive()
        death = GuestAborted("it trapped", kind=kind)
        self.die(death)
        raise death


def nothing(*_: object) -> None:
    """Does nothing."""


class World:
    """A door, the guests behind it, and what its user sees."""

    def __init__(self, *, ordinary: bool = native is None, **options: Any) -> None:
        self.ordinary = ordinary
        """Whether calls begin as quick code has them."""
        self.guests: list[Fake] = []
        self.violations: list[str] = []
        self.start: Callable[[Fake], None] = nothing
        self.guest_hook: Callable[[], None] = nothing
        self.make: Callable[[], None] = nothing
        self.deaths: list[GuestAborted] = []
        self.limits = False
        self.ordinary_calls = 0
        self.door: Guard[Fake] = Guard(self._make, **options)
        self.door.hooks.append(self.deaths.append)

    def _make(self) -> Fake:
        self.make()
        self.guests.append(Fake(self))
        return self.guests[-1]

    def call(self, body: Callable[[Fake], Any] = nothing) -> Any:
        """A way in, as ``runtime/quick.py`` and the guard pass write it; ``body`` is the Rust code."""
        door = self.door
        if self.ordinary and door._ready:
            here = threading.get_ident()
            try:
                del door._open; door._inside = here; door._ready = False; guest = door._guest  # fmt: skip  # noqa: E702
            except AttributeError:
                pass
            else:
                assert guest is not None
                try:
                    if guest.calm and not guest.raised_flag:
                        self.ordinary_calls += 1
                        return guest.run(lambda: body(guest))
                except BaseException as failure:
                    raise door.failed(guest, failure)  # noqa: B904
                finally:
                    if guest.calm: door._ready = True; door._inside = 0; door._open = None  # fmt: skip  # noqa: E701, E702
                    else:
                        try:
                            door.leave(guest, False)
                        finally:
                            if door._inside == here:
                                door._inside = 0
        nested = door.held()
        with door.lock:
            guest = door.enter(nested)
            try:
                return guest.run(lambda: body(guest))
            except BaseException as failure:
                raise door.failed(guest, failure)  # noqa: B904
            finally:
                door.leave(guest, nested)


ORDINARY = [True, False] if native is None else [False]  # the accelerator's lock knows no ordinary calls


@pytest.fixture(params=ORDINARY, ids=lambda ordinary: "ordinary" if ordinary else "by the lock")
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    world = World(ordinary=request.param)
    yield world
    assert not world.violations


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "bindgen_patch")


def die(guest: Fake) -> None:
    """Rust code that traps."""
    guest.trap()


# ------------------------------------------------------------------------------------------- life and death


def test_nothing_is_made_before_the_first_call(world: World) -> None:
    assert (world.guests, world.door.state, world.door.instance_id) == ([], State.NEW, 0)
    world.call()
    world.call()
    assert (len(world.guests), world.door.state, world.door.instance_id) == (1, State.LIVE, 0)


@pytest.mark.parametrize("error", [PanicError("oh"), ValueError("mine"), KeyboardInterrupt(), SystemExit(3), GeneratorExit()])
def test_an_error_passes_as_it_is_and_changes_nothing(world: World, error: BaseException) -> None:
    def fail(_: Fake) -> None:
        raise error

    with pytest.raises(type(error)) as caught:
        world.call(fail)
    assert caught.value is error
    assert world.guests[0].stack_pointer == 1000
    assert world.door.state is State.LIVE
    world.call()
    assert not world.deaths


def test_a_death_is_told_once_and_later_calls_are_refused(world: World) -> None:
    with pytest.raises(GuestAborted) as first:
        world.call(die)
    assert world.deaths == [first.value]
    assert world.guests[0].hooks_run == 1
    assert world.guests[0].discarded
    for _ in range(3):
        with pytest.raises(ModuleTerminated, match="it trapped") as refused:
            world.call()
        assert refused.value.cause_of_death is first.value
    assert (len(world.guests), len(world.deaths), world.door.state) == (1, 1, State.TERMINATED)


def test_a_death_can_not_be_swallowed(world: World) -> None:
    def outer(_: Fake) -> str:
        with pytest.raises(GuestAborted):
            world.call(die)
        with pytest.raises(ModuleTerminated):
            world.call()
        return "all is well"

    with pytest.raises(GuestAborted) as caught:
        world.call(outer)
    assert world.deaths == [caught.value]
    assert world.guests[0].hooks_run == 1


def test_a_death_can_not_be_replaced(world: World) -> None:
    def outer(_: Fake) -> None:
        try:
            world.call(die)
        except GuestAborted:
            raise ValueError("something else") from None

    with pytest.raises(GuestAborted):
        world.call(outer)


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt(), SystemExit()])
def test_an_interrupt_passes_even_a_death(world: World, interrupt: BaseException) -> None:
    def outer(_: Fake) -> None:
        with pytest.raises(GuestAborted):
            world.call(die)
        raise interrupt

    with pytest.raises(type(interrupt)) as caught:
        world.call(outer)
    assert caught.value is interrupt
    assert (len(world.deaths), world.door.state) == (1, State.TERMINATED)
    with pytest.raises(ModuleTerminated):
        world.call()


def test_the_guests_own_flag_is_a_death(world: World) -> None:
    world.call()
    world.guests[0].raised_flag = True
    with pytest.raises(ModuleTerminated):
        world.call()
    assert (len(world.deaths), world.guests[0].hooks_run, world.guests[0].discarded) == (1, 1, True)


def test_a_death_that_nobody_raised_is_noticed_before_the_next_call(world: World) -> None:
    with world.door.lock:
        guest = world.door.enter(False)
        guest.die(GuestAborted("found out meanwhile", kind="abi_violation"))
        world.door.leave(guest, False)
    with pytest.raises(ModuleTerminated):
        world.call()
    assert (len(world.deaths), guest.discarded) == (1, True)


def test_a_death_that_nobody_raised_is_noticed_before_a_nested_call(world: World) -> None:
    def outer(guest: Fake) -> None:
        guest.die(GuestAborted("found out meanwhile", kind="abi_violation"))
        with pytest.raises(ModuleTerminated):
            world.call()

    with pytest.raises(GuestAborted, match="found out meanwhile"):
        world.call(outer)
    assert len(world.deaths) == 1


# ------------------------------------------------------------------------------------------- fresh instances


def test_reinit_serves_the_next_outermost_call(world: World) -> None:
    def outer(guest: Fake) -> None:
        world.door.schedule_reinit()
        world.call(lambda nested: seen.append(nested))
        assert world.guests == [guest]

    seen: list[Fake] = []
    world.call(outer)
    assert seen == world.guests
    world.call()
    assert (len(world.guests), world.door.instance_id, world.guests[0].discarded) == (2, 1, True)
    assert not world.deaths, "no hook runs when nobody died"
    world.call()
    assert len(world.guests) == 2


def test_reinit_after_death(world: World) -> None:
    with pytest.raises(GuestAborted):
        world.call(die)
    world.door.schedule_reinit()
    world.call()
    assert (world.door.state, world.door.instance_id) == (State.LIVE, 1)
    with pytest.raises(GuestAborted):
        world.call(die)
    with pytest.raises(ModuleTerminated):
        world.call()


def test_on_abort_reinit() -> None:
    world = World(reinit_on_abort=True)
    for number in range(3):
        assert world.door.instance_id in (number, number - 1)
        with pytest.raises(GuestAborted):
            world.call(die)
    world.call()
    assert (world.door.instance_id, len(world.deaths), world.door.state) == (3, 3, State.LIVE)


def test_a_hook_may_schedule(world: World) -> None:
    world.guest_hook = world.door.schedule_reinit
    with pytest.raises(GuestAborted):
        world.call(die)
    world.call()
    assert world.door.instance_id == 1


def test_no_fresh_instance_under_a_running_call(world: World) -> None:
    def outer(_: Fake) -> None:
        with pytest.raises(GuestAborted):
            world.call(die)
        world.door.schedule_reinit()
        with pytest.raises(ModuleTerminated):
            world.call()

    with pytest.raises(GuestAborted):
        world.call(outer)
    assert len(world.guests) == 1
    world.call()
    assert world.door.instance_id == 1


def test_reinit_asked_for_before_the_first_call_costs_nothing(world: World) -> None:
    world.door.schedule_reinit()
    world.call()
    world.call()
    assert (len(world.guests), world.door.instance_id) == (1, 0)


def test_a_fresh_instance_that_can_not_be_made(world: World) -> None:
    def fail() -> None:
        raise MemoryError("no room")

    world.call()
    world.door.schedule_reinit()
    world.make = fail
    for _ in range(2):
        with pytest.raises(MemoryError):
            world.call()
    assert (world.door.state, world.guests[0].discarded) == (State.NEW, True)
    world.door.terminate(GuestAborted("while there is none", kind="terminated"))
    world.make = nothing
    world.door.schedule_reinit()
    world.call()
    assert (world.door.instance_id, world.door.state) == (1, State.LIVE)


# ------------------------------------------------------------------------------------------- start


@pytest.mark.parametrize("error", [ValueError("start"), KeyboardInterrupt()])
def test_start_that_fails(world: World, error: BaseException) -> None:
    def fail(_: Fake) -> None:
        raise error

    world.start = fail
    for count in (1, 2):
        with pytest.raises(type(error)) as caught:
            world.call()
        assert caught.value is error
        assert (len(world.guests), world.door.state, world.door.instance_id) == (count, State.NEW, 0)
    assert all(guest.discarded for guest in world.guests)
    assert not world.deaths
    world.start = nothing
    world.call()
    assert (world.door.state, world.door.instance_id) == (State.LIVE, 0)


def test_start_that_traps_tells_no_hook(world: World) -> None:
    world.start = die
    with pytest.raises(GuestAborted):
        world.call()
    assert (world.deaths, world.door.state, world.guests[0].discarded) == ([], State.NEW, True)


def test_start_may_call_the_host_which_calls_back(world: World) -> None:
    calls: list[Fake] = []
    world.start = lambda guest: world.call(calls.append)
    world.call()
    assert calls == world.guests


def test_a_death_inside_start_can_not_be_swallowed(world: World) -> None:
    def start(guest: Fake) -> None:
        with pytest.raises(GuestAborted):
            world.call(die)

    world.start = start
    with pytest.raises(GuestAborted):
        world.call()
    assert (world.door.state, world.guests[0].discarded) == (State.NEW, True)


@pytest.mark.parametrize("when", ["start", "make"])
def test_closing_inside_start(world: World, when: str) -> None:
    setattr(world, when, lambda *_: world.door.close())
    with pytest.raises((GuestAborted, ModuleTerminated)):
        world.call()
    assert (world.door.state, world.guests[0].discarded) == (State.CLOSED, True)


def test_terminating_inside_start(world: World) -> None:
    world.start = lambda guest: world.door.terminate(GuestAborted("enough", kind="terminated"))
    with pytest.raises(GuestAborted, match="enough"):
        world.call()
    assert (world.door.state, world.deaths) == (State.NEW, [])


def test_calls_while_the_instance_is_being_made_are_refused(world: World) -> None:
    """A finalizer may run anywhere."""

    def make() -> None:
        world.make = nothing
        with pytest.raises(ModuleTerminated):
            world.call()

    world.make = make
    world.call()
    assert len(world.guests) == 1


# ------------------------------------------------------------------------------------------- terminate and close


def test_terminate(world: World) -> None:
    death = GuestAborted("enough", kind="terminated")
    world.call()
    world.door.terminate(death)
    world.door.terminate(GuestAborted("again", kind="terminated"))
    assert (world.deaths, world.door.state, world.guests[0].discarded) == ([death], State.TERMINATED, True)
    with pytest.raises(ModuleTerminated) as refused:
        world.call()
    assert refused.value.cause_of_death is death


def test_terminate_before_the_first_call() -> None:
    world = World(reinit_on_abort=True)

    def hook(_: GuestAborted) -> None:
        with pytest.raises(ModuleTerminated):
            world.call()

    world.door.hooks.append(hook)
    world.door.terminate(GuestAborted("enough", kind="terminated"))
    assert (len(world.deaths), world.guests) == (1, []), "a hook starts nothing"
    world.call()
    assert world.door.state is State.LIVE


def test_terminate_from_inside(world: World) -> None:
    death = GuestAborted("enough", kind="terminated")
    with pytest.raises(GuestAborted) as caught:
        world.call(lambda _: world.door.terminate(death))
    assert caught.value is death
    assert world.deaths == [death]


def test_the_first_death_counts(world: World) -> None:
    def outer(guest: Fake) -> None:
        guest.death = first
        world.door.terminate(GuestAborted("enough", kind="terminated"))

    first = GuestAborted("found out meanwhile", kind="abi_violation")
    with pytest.raises(GuestAborted) as caught:
        world.call(outer)
    assert caught.value is first
    assert world.deaths == [first]


def test_close(world: World) -> None:
    world.call()
    world.door.close()
    world.door.close()
    assert (world.door.state, world.guests[0].discarded, world.deaths) == (State.CLOSED, True, [])
    world.door.schedule_reinit()
    with pytest.raises(ModuleTerminated, match="closed"):
        world.call()
    world.door.terminate(GuestAborted("late", kind="terminated"))
    assert world.door.state is State.CLOSED


def test_close_from_inside_waits_for_the_call_to_end(world: World) -> None:
    def outer(guest: Fake) -> None:
        world.door.close()
        assert not guest.discarded
        with pytest.raises(ModuleTerminated):
            world.call()

    with pytest.raises(GuestAborted, match="closed"):
        world.call(outer)
    assert world.guests[0].discarded


# ------------------------------------------------------------------------------------------- hooks


def test_a_hook_that_fails_hides_nothing(world: World) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("hook")

    told: list[GuestAborted] = []
    world.guest_hook = fail
    world.door.hooks[:0] = [fail]
    world.door.hooks.append(told.append)
    with pytest.raises(GuestAborted) as caught:
        world.call(die)
    assert told == world.deaths == [caught.value]


@pytest.mark.parametrize("reinit", [False, True])
def test_an_interrupt_in_a_hook_passes_and_the_death_counts(reinit: bool) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    world = World(reinit_on_abort=reinit)
    world.guest_hook = interrupt
    with pytest.raises(KeyboardInterrupt):
        world.call(die)
    assert (len(world.deaths), world.guests[0].discarded) == (1, True)
    if reinit:
        world.call()
    else:
        with pytest.raises(ModuleTerminated, match="it trapped"):
            world.call()


def test_hooks_are_inside_the_call(world: World) -> None:
    refused: list[bool] = []

    def hook(*_: object) -> None:
        world.door.schedule_reinit()
        with pytest.raises(ModuleTerminated):
            world.call()
        refused.append(True)

    world.guest_hook = hook
    world.door.hooks.append(hook)
    with pytest.raises(GuestAborted):
        world.call(die)
    world.call()
    world.door.terminate(GuestAborted("enough", kind="terminated"))
    world.call()
    world.guests[-1].raised_flag = True
    world.call()
    assert (refused, world.door.instance_id) == ([True] * 6, 3)


def test_a_hook_may_close(world: World) -> None:
    world.guest_hook = world.door.close
    with pytest.raises(GuestAborted):
        world.call(die)
    assert (world.door.state, world.guests[0].discarded) == (State.CLOSED, True)


# ------------------------------------------------------------------------------------------- destructors


def test_destructors_run_before_the_next_call_and_count_as_inside(world: World) -> None:
    order: list[str] = []

    def destroy() -> None:
        world.door.schedule_reinit()
        world.call(lambda _: order.append("nested"))
        order.append("destroyed")

    world.call()
    world.guests[0].collected(destroy)
    world.call(lambda guest: order.append(f"call on {world.guests.index(guest)}"))
    assert order == ["nested", "destroyed", "call on 1"]


def test_a_destructor_that_kills(world: World) -> None:
    world.call()
    world.guests[0].collected(lambda: setattr(world.guests[0], "raised_flag", True))
    with pytest.raises(ModuleTerminated):
        world.call()
    assert (len(world.deaths), world.guests[0].discarded) == (1, True)


def test_garbage_of_a_replaced_instance_is_left(world: World) -> None:
    world.call()
    world.guests[0].collected(lambda: pytest.fail("nothing of it is entered"))
    world.door.schedule_reinit()
    world.call()


# ------------------------------------------------------------------------------------------- threads


class Meanwhile:
    """Something that another thread does while a call is running, or afterwards."""

    def __init__(self, work: Callable[[], object]) -> None:
        self.outcome: list[object] = []

        def run() -> None:
            try:
                self.outcome.append(work())
            except BaseException as error:
                self.outcome.append(error)

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()

    def waits(self) -> bool:
        """Whether it is not done after a while."""
        self.thread.join(0.1)
        return self.thread.is_alive()

    def result(self) -> object:
        self.thread.join(PATIENCE)
        assert not self.thread.is_alive(), "it waits for ever"
        return self.outcome[0]


PATIENCE = 30.0


@pytest.fixture(params=ORDINARY, ids=lambda ordinary: "ordinary" if ordinary else "by the lock")
def busy(request: pytest.FixtureRequest) -> Iterator[World]:
    """A world whose next call is an ordinary one, if there are any."""
    world = World(ordinary=request.param)
    world.call()
    yield world
    assert (world.ordinary_calls > 0, world.violations) == (request.param, [])


def test_other_threads_wait(busy: World) -> None:
    order: list[str] = []

    def body(_: Fake) -> None:
        others.append(Meanwhile(lambda: busy.call(lambda _: order.append("second"))))
        assert others[0].waits()
        order.append("first")

    others: list[Meanwhile] = []
    busy.call(body)
    assert (others[0].result(), order) == (None, ["first", "second"])
    assert (busy.door.held(), busy.door.free()) == (False, True)


def test_a_call_from_inside_does_not_wait_for_those_who_wait_for_it(busy: World) -> None:
    others: list[Meanwhile] = []

    def body(_: Fake) -> None:
        others.append(Meanwhile(busy.call))
        assert others[0].waits()
        busy.call()
        with pytest.raises(KeyboardInterrupt):
            busy.call(interrupt)
        assert others[0].waits()

    def interrupt(_: Fake) -> None:
        raise KeyboardInterrupt

    busy.call(body)
    assert others[0].result() is None


def test_who_is_inside_is_told(busy: World) -> None:
    door = busy.door
    told: list[object] = []

    def body(_: Fake) -> None:
        told.extend([(door.held(), door.free()), Meanwhile(lambda: (door.held(), door.free())).result()])

    busy.call(body)
    with door.lock:
        told.extend([(door.held(), door.free()), Meanwhile(lambda: (door.held(), door.free())).result()])
    assert told == [(True, True), (False, False)] * 2
    assert (door.held(), door.free()) == (False, True)


@pytest.mark.parametrize("ordinary", ORDINARY)
def test_who_waits_too_long_has_touched_nothing(ordinary: bool) -> None:
    world = World(ordinary=ordinary, lock_timeout=0.02)
    outcomes: list[object] = []

    def body(_: Fake) -> None:
        outcomes.append(Meanwhile(world.call).result())
        world.call()

    for _ in range(3):
        world.call(body)
    assert [type(outcome) for outcome in outcomes] == [TimeoutError] * 3
    assert (Meanwhile(world.call).result(), world.violations) == (None, [])


def test_terminate_does_not_wait_for_another_ones_call(busy: World) -> None:
    death = GuestAborted("enough", kind="terminated")

    def body(_: Fake) -> None:
        Meanwhile(lambda: busy.door.terminate(death)).result()
        assert busy.deaths == []

    with pytest.raises(GuestAborted) as raised:
        busy.call(body)
    assert (raised.value, busy.deaths, busy.guests[0].discarded) == (death, [death], True)


def test_terminate_while_another_thread_waits(busy: World) -> None:
    others: list[Meanwhile] = []

    def body(_: Fake) -> None:
        others.append(Meanwhile(busy.call))
        assert others[0].waits()
        busy.door.terminate(GuestAborted("enough", kind="terminated"))

    with pytest.raises(GuestAborted):
        busy.call(body)
    assert isinstance(others[0].result(), ModuleTerminated)


def test_close_waits_and_ends_it(busy: World) -> None:
    others: list[Meanwhile] = []

    def body(_: Fake) -> None:
        others.append(Meanwhile(busy.door.close))
        assert others[0].waits()

    with pytest.raises(GuestAborted):
        busy.call(body)
    assert (others[0].result(), busy.door.state) == (None, State.CLOSED)


def interrupted(thread: threading.Thread) -> None:
    """An interrupt for that thread: it is raised where the interpreter next looks for one."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(KeyboardInterrupt))


def test_an_interrupt_while_waiting(busy: World) -> None:
    others: list[Meanwhile] = []

    def body(_: Fake) -> None:
        others.append(Meanwhile(busy.call))
        assert others[0].waits()
        interrupted(others[0].thread)
        if busy.ordinary:  # else it waits in C code, which does not look
            assert isinstance(others[0].result(), KeyboardInterrupt)
            assert Meanwhile(lambda: (busy.door.held(), busy.door.free())).result() == (False, False)

    busy.call(body)
    assert isinstance(others[0].result(), KeyboardInterrupt)
    assert Meanwhile(busy.call).result() is None


@pytest.mark.skipif(native is not None, reason="a tracer does not see the accelerator's lock")
@pytest.mark.parametrize("traced", [False, True])
def test_one_at_a_time_whatever_they_do(traced: bool) -> None:
    """With a tracer that lets other threads run at every line."""
    world = World()
    world.call()
    inside: list[int] = []

    def body(guest: Fake) -> None:
        inside.append(threading.get_ident())
        time.sleep(0)
        guest.expect("two threads were inside", {*inside} == {threading.get_ident()})
        if len(inside) < 2 and len(world.guests) % 2:
            world.call(body)
        inside.pop()

    def let_others_run(frame: Any, *_: Any) -> Any:
        if not frame.f_code.co_filename.endswith(("lock.py", "guard.py", "test_guard.py")):
            return None
        time.sleep(0)
        return let_others_run

    def work() -> None:
        if traced:
            sys.settrace(let_others_run)
        for k in range(150):
            if k % 50 == 49:
                world.door.schedule_reinit()
            world.call(body)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        workers = [Meanwhile(work) for _ in range(4)]
        assert [worker.result() for worker in workers] == [None] * 4
    finally:
        sys.setswitchinterval(before)
    assert (world.violations, inside, len(world.guests) > 1, world.ordinary_calls > 0) == ([], [], True, True)


# ------------------------------------------------------------------------------------------- everything, in any order

STEPS = st.sampled_from(
    [*["panic", "raise", "interrupt", "trap", "silent death", "flag", "garbage"], *["nested", "swallow", "reinit", "terminate", "close"]]
)
scripts = st.recursive(st.lists(STEPS, max_size=4), lambda inner: st.lists(STEPS | inner, max_size=4), max_leaves=12)


class AnyOrder(RuleBasedStateMachine):
    """Rust code that does anything, with a host that does anything in between.

    What may never happen is noted by :class:`Fake`, where it would happen; what must hold between calls is said here.
    """

    @initialize(reinit=st.booleans(), limits=st.booleans(), ordinary=st.sampled_from(ORDINARY))
    def begin(self, reinit: bool, limits: bool, ordinary: bool) -> None:
        self.world = World(reinit_on_abort=reinit, ordinary=ordinary)
        self.world.limits = limits
        self.failing_start: list[Any] | None = None
        self.failing_hook: type[BaseException] | None = None
        self.world.start = self.run_start
        self.world.guest_hook = self.hook
        self.world.door.hooks.insert(0, lambda death: self.hook())
        self.highest = 0
        self.closed = False

    def run_start(self, guest: Fake) -> None:
        if self.failing_start is not None:
            script, self.failing_start = self.failing_start, None
            guest.run(lambda: self.perform(guest, script))

    def hook(self) -> None:
        with pytest.raises(ModuleTerminated):
            self.world.call()
        if self.failing_hook is not None:
            kind, self.failing_hook = self.failing_hook, None
            raise kind

    def perform(self, guest: Fake, script: list[Any]) -> None:
        """One body of Rust code, step by step."""
        for step in script:
            before = len(self.world.guests)
            match step:
                case "panic":
                    raise PanicError("oh")
                case "raise":
                    raise ValueError("host")
                case "interrupt":
                    raise KeyboardInterrupt
                case "trap":
                    guest.trap()
                case "flag":
                    guest.raised_flag = True
                case "silent death" if guest.death is None:
                    guest.die(GuestAborted("silent", kind="abi_violation"))
                case "nested":
                    self.world.call()
                case "swallow":
                    with swallowing(Exception):
                        self.world.call(die)
                case "reinit":
                    self.world.door.schedule_reinit()
                case "terminate":
                    self.world.door.terminate(GuestAborted("enough", kind="terminated"))
                case "close":
                    self.closed = True
                    self.world.door.close()
                case "garbage":
                    guest.collected(self.world.door.schedule_reinit)
                case list():
                    with swallowing(Exception):
                        self.world.call(lambda nested, script=step: self.perform(nested, script))
            assert len(self.world.guests) == before, "an instance was replaced under a running call"
            if guest.death is not None:
                return  # wasm code goes no further: see Fake.run

    @rule(script=scripts)
    def call(self, script: list[Any]) -> None:
        seen: list[Fake] = []

        def body(guest: Fake) -> None:
            seen.append(guest)
            self.perform(guest, script)

        error: BaseException | None = None
        try:
            self.world.call(body)
        except BaseException as caught:
            error = caught
        if isinstance(error, AssertionError):
            raise error
        if seen and seen[0].death is not None and not isinstance(error, KeyboardInterrupt) and error is not None:
            replaced = seen[0].death.message == "replaced"
            assert replaced or error is seen[0].death, "a death was hidden"
        if not seen:
            assert isinstance(error, ModuleTerminated | GuestAborted | PanicError | ValueError | KeyboardInterrupt)

    @rule(script=scripts)
    def the_next_start_does(self, script: list[Any]) -> None:
        self.failing_start = script

    @rule(kind=st.sampled_from([RuntimeError, KeyboardInterrupt]))
    def the_next_hook_fails(self, kind: type[BaseException]) -> None:
        self.failing_hook = kind

    @rule()
    def schedule(self) -> None:
        self.world.door.schedule_reinit()

    @rule()
    def terminate(self) -> None:
        with swallowing(KeyboardInterrupt):
            self.world.door.terminate(GuestAborted("from outside", kind="terminated"))

    @precondition(lambda self: not self.closed)
    @rule(really=st.integers(0, 9))
    def close(self, really: int) -> None:
        if not really:
            self.closed = True
            self.world.door.close()

    @rule()
    def flag(self) -> None:
        if self.world.guests:
            self.world.guests[-1].raised_flag = True

    @invariant()
    def between_calls(self) -> None:
        if not hasattr(self, "world"):
            return
        world, door = self.world, self.world.door
        assert not world.violations
        assert not door.held()
        assert all(not guest.limited for guest in world.guests)
        current = [guest for guest in world.guests if not guest.discarded]
        assert len(current) == (door.state is State.LIVE), "one instance while live, none otherwise"
        for guest in current:
            assert guest is world.guests[-1]
            assert (guest.stack_pointer, guest.frames) == (1000, [])
        for guest in world.guests:
            assert guest.hooks_run <= 1
        assert len(world.deaths) == len({id(death) for death in world.deaths}), "told twice"
        assert door.instance_id >= self.highest
        self.highest = door.instance_id
        assert (door.state is State.CLOSED) == self.closed


@contextmanager
def swallowing(*kinds: type[BaseException]) -> Iterator[None]:
    """A host that lets nothing show, but for what is wrong with the test."""
    try:
        yield
    except AssertionError:
        raise
    except kinds:
        pass


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=300, stateful_step_count=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
