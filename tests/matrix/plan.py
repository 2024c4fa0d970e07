"""What should happen: events, ways in, and the cells that are rightly different or cannot exist. Data only.

An *unwinding* build is panic=unwind, by either form of exception handling.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from .world import Enter, Outcome, World

RIGGED_BYTES = 4099
"""A text of this size makes the guest's allocator ask what to do."""

BUILDS = ("unwind", "legacy", "abort")

# ------------------------------------------------------------------------------------------- events

RETURNED = Outcome("returned")
REINIT = Outcome("returned", fresh=True)


def panic(message: str) -> tuple[Outcome, Outcome]:
    """(in unwinding builds, with panic=abort)."""
    return Outcome("panic", message), Outcome("death", "panic", "terminated")


def death(kind: str) -> tuple[Outcome, Outcome]:
    """The same in each build."""
    outcome = Outcome("death", kind, "terminated")
    return outcome, outcome


def error(message: str) -> tuple[Outcome, Outcome]:
    """Of the guest's making; the same in each build."""
    return (Outcome("error", message),) * 2


def host(name: str) -> tuple[Outcome, Outcome]:
    """The very object that a host function raised; the same in each build."""
    return (Outcome("host", name),) * 2


@dataclass(frozen=True)
class Event:
    """``title`` is for readers, ``outcomes`` are for unwinding builds and for panic=abort."""

    title: str
    outcomes: tuple[Outcome, Outcome]
    returns_err: bool = False
    """It is no exception before it reaches the host."""
    unwinds: bool = True
    """Whether the destructors of all frames run in unwinding builds, where the instance lives on."""


ALIASING = "recursive use of an object detected which would lead to unsafe aliasing in rust"

EVENTS: dict[str, Event] = {
    "Nothing": Event("nothing happens", (RETURNED, RETURNED)),
    "Panic": Event("panic with a text", panic("the text of the panic")),
    "PanicWithoutText": Event("panic without text", panic("No panic message available")),
    "Unwrap": Event("`None.unwrap()`", panic("called `Option::unwrap()` on a `None` value")),
    "Index": Event("index out of range", panic("index out of bounds: the len is 3 but the index is 3")),
    "PanicInDrop": Event("panic in a destructor while panicking", panic("the second panic"), unwinds=False),
    "PanicInExternC": Event('panic inside `extern "C"`', death("panic")),
    "Abort": Event("`process::abort`", death("unreachable")),
    "Unreachable": Event("`unreachable`", death("unreachable")),
    "OutOfMemory": Event("out of memory", death("out_of_memory")),
    "ShadowStack": Event("overflow of the guest's own stack", death("stack_overflow")),
    "NativeStack": Event("overflow of the engine's stack", death("stack_overflow")),
    "OutOfBounds": Event("access outside memory", death("out_of_bounds")),
    "TableIndex": Event("bad table index", death("bad_call")),
    "Signature": Event("bad signature", death("bad_call")),
    "BrokenAbi": Event("bad pointer handed to an import", death("abi_violation")),
    "ErrError": Event("`Err(JsError)`", error("the text of the error"), returns_err=True),
    "ErrValue": Event("`Err(value)`", error("7"), returns_err=True),
    "ThrowStr": Event("`throw_str`", error("the text thrown")),
    "ThrowVal": Event("`throw_val`", error("7")),
    "HostError": Event("host function raises, plain import", host("HostError")),
    "HostErrorCaught": Event("host function raises, `catch` import", (RETURNED, RETURNED)),
    "Interrupt": Event("`KeyboardInterrupt` in a host function, plain import", host("KeyboardInterrupt")),
    "InterruptCaught": Event("`KeyboardInterrupt` in a host function, `catch` import", host("KeyboardInterrupt")),
    "BorrowConflict": Event("borrow conflict", error(ALIASING)),
    #"Deadline": Event("endless loop, deadline", death("deadline")),
    #"Fuel": Event("endless loop, fuel", death("fuel")),
    #"TerminatedByThread": Event("endless loop, `terminate()` in another thread", death("terminated")),
    "TerminatedByHost": Event("`terminate()` in a host function", death("terminated")),
    "ReinitByGuest": Event("`schedule_reinit()` in the guest", (REINIT, REINIT)),
    "ReinitByHost": Event("`schedule_reinit()` in a host function", (REINIT, REINIT)),
}
"""By the name that the guest has for it."""

# ------------------------------------------------------------------------------------------- ways in


def as_it_is(_event: str, outcome: Outcome) -> Outcome:
    """The caller gets what happened."""
    return outcome


def swallowed(_event: str, outcome: Outcome) -> Outcome:
    """Whoever called swallows every ordinary exception. A death cannot be swallowed."""
    swallows = outcome.ending in ("panic", "error") or outcome.detail == "HostError"
    return RETURNED if swallows else outcome


def by_the_next_call(event: str, outcome: Outcome) -> Outcome:
    """Nobody called: an error is logged, a death is found by the next call."""
    return replace(outcome, ending="refused") if outcome.ending == "death" else by_nobody(event, outcome)


def by_nobody(_event: str, outcome: Outcome) -> Outcome:
    """Nobody called: an error is logged, a death is known at once."""
    if outcome.ending == "death":
        return replace(outcome, ending="returned")
    if outcome.ending in ("panic", "error") or outcome.detail == "HostError":
        return Outcome("returned", logged=True)
    return outcome


def in_a_start(_event: str, outcome: Outcome) -> Outcome:
    """It never served anybody: whatever it fails by, the next call tries afresh."""
    return outcome if outcome.ending == "returned" else replace(outcome, state="new")


def in_a_hook(_event: str, outcome: Outcome) -> Outcome:
    """The first death counts; what fails in the hook is logged. Only an interrupt is told instead."""
    if outcome.detail == "KeyboardInterrupt":
        return replace(outcome, state="terminated")
    return Outcome("death", "unreachable", "terminated", logged=outcome.ending != "returned")


def uncaught(_event: str, outcome: Outcome) -> Outcome:
    """A Rust exception that nobody catches in the guest is the end of it."""
    return Outcome("death", "foreign_exception", "terminated") if outcome.ending == "panic" else outcome


@dataclass(frozen=True)
class Way:
    """``prepare(world)`` gets everything ready and returns what is called with the event.

    ``translate`` makes of an event's outcome the one by this way. ``first``: it is tried on an instance in which nothing was done before.
    """

    prepare: Callable[[World], Enter]
    translate: Callable[[str, Outcome], Outcome] = as_it_is
    first: bool = False
    through_host: bool = False
    """Whether the guest was called by a host function that was called by the guest."""


def method(name: str) -> Way:
    """A method of one object."""
    return Way(lambda world: getattr(world.i.Thing(world.events.Nothing), name))


def closure(maker: str, translate: Callable[[str, Outcome], Outcome] = as_it_is) -> Way:
    """A closure that the host keeps."""
    return Way(lambda world: getattr(world.i, maker)(), translate)


def when_armed(make: Callable[[World], Callable[[], Any]], translate: Callable[[str, Outcome], Outcome] = as_it_is) -> Way:
    """A way in without arguments: the guest asks what to do."""

    def prepare(world: World) -> Enter:
        call = make(world)
        return lambda event: world.with_armed(event, call)

    return Way(prepare, translate)


def swallowing(world: World) -> Enter:
    """The host function that calls the guest swallows what that raises."""
    world.swallows = True
    return world.i.nest


def getter(world: World) -> Callable[[], Any]:
    thing = world.i.Thing(world.events.Nothing)
    return lambda: thing.property


def setter(world: World) -> Callable[[], Any]:
    thing = world.i.Thing(world.events.Nothing)
    return lambda: setattr(thing, "property", 1)


def field(world: World) -> Enter:
    """All that a field's own getter can do is to find the object borrowed."""

    def read(event: Any) -> Any:
        thing = world.i.Thing(world.events.Nothing)
        if event.name == "Nothing":
            return thing.field
        world.on_held = lambda: thing.field
        return thing.hold()

    return read


def freed(world: World) -> Callable[[], Any]:
    return lambda: world.i.Bomb().free()


def collected(world: World) -> Callable[[], Any]:
    """Its destructor runs before the next call."""

    def let_go() -> Any:
        world.i.Bomb()
        gc.collect(0)
        return world.i.drops()

    return let_go


def hook(world: World) -> Enter:
    world.i.hook_that_misbehaves()
    return lambda event: world.with_armed(event, lambda: world.i.call(world.events.Abort))


WAYS: dict[str, Way] = {
    "function": Way(lambda world: world.i.call),
    "function, text": Way(lambda world: lambda event: world.i.function_with_text(event, "text", [1, 2])),
    "constructor": Way(lambda world: world.i.Thing),
    "`&self`": method("shared"),
    "`&mut self`": method("exclusive"),
    "`self`": Way(lambda world: lambda event: world.i.Thing(world.events.Nothing).consume(event)),
    "static": Way(lambda world: world.i.Thing.unbound),
    "getter": when_armed(getter),
    "setter": when_armed(setter),
    "field": Way(field),
    "`free()`": when_armed(freed),
    "collected": when_armed(collected, by_the_next_call),
    "lent": Way(lambda world: world.i.lend_closure, through_host=True),
    "`Fn`": closure("closure"),
    "`FnMut`": closure("closure_mut"),
    "once": Way(lambda world: lambda event: world.i.closure_once()(event)),
    "aborting": closure("closure_aborting", uncaught),
    "nested": Way(lambda world: world.i.nest, through_host=True),
    "swallowed": Way(swallowing, swallowed),
    "`catch`": Way(lambda world: world.i.nest_catch, swallowed),
    "before await": Way(lambda world: lambda event: world.awaited(lambda: world.i.before_await(event))),
    "after await": Way(lambda world: lambda event: world.awaited(lambda: world.i.after_await(event))),
    "task": Way(lambda world: lambda event: world.turned(lambda: world.i.spawn(event)), by_nobody),
    "start": Way(lambda world: lambda event: world.with_armed(event, world.i.count), in_a_start, first=True),
    "hook": Way(hook, in_a_hook, first=True),
    "allocator": when_armed(lambda world: lambda: world.i.greet("x" * RIGGED_BYTES)),
}
"""By the name that the tables have for it."""

# ------------------------------------------------------------------------------------------- cells that differ, or do not exist

_ERRS = ("ErrError", "ErrValue")
_PANICS = ("Panic", "PanicWithoutText", "Unwrap", "Index", "PanicInDrop")
_THROWN = ("ThrowStr", "ThrowVal", "HostError", "Interrupt", "InterruptCaught", "BorrowConflict")

NO_SUCH_CELL: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "a destructor, a task and a hook return nothing, so there is no `Err`": (("`free()`", "collected", "task", "hook"), _ERRS),
    "the getter of a field runs no code of the guest's author": (("field",), tuple(e for e in EVENTS if e not in ("Nothing", "BorrowConflict"))),
    "an allocator returns an address, and may not unwind: Rust leaves undefined what comes of it": (("allocator",), (*_ERRS, *_PANICS, *_THROWN)),
}
"""Why there is none -> (ways, events)."""

UNWINDING = ("unwind", "legacy")

EXCEPTIONS: dict[tuple[str, str, tuple[str, ...]], tuple[Outcome, str]] = {}
"""(event, way, builds) -> (what happens instead, why)."""


def no_such_cell(event: str, way: str) -> str | None:
    """Why this cell does not exist."""
    return next((why for why, (ways, events) in NO_SUCH_CELL.items() if way in ways and event in events), None)


def expected(event: str, way: str, build: str) -> Outcome:
    """What should come of it."""
    for (of_event, of_way, builds), (outcome, _why) in EXCEPTIONS.items():
        if (of_event, of_way) == (event, way) and build in builds:
            return outcome
    return WAYS[way].translate(event, EVENTS[event].outcomes[build == "abort"])
