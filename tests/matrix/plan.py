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

    @property
    def cuts_off(self) -> bool:
        """Whether Rust code ends by an exception: with panic=abort no destructor runs."""
        return self.outcomes[1].ending in ("error", "host") and not self.returns_err


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
    "Deadline": Event("endless loop, deadline", death("deadline")),
    "Fuel": Event("endless loop, fuel", death("fuel")),
    "TerminatedByThread": Event("endless loop, `terminate()` in another thread", death("terminated")),
    "TerminatedByHost": Event("`terminate()` in a host function", death("terminated")),
    "ReinitByGuest": Event("`schedule_reinit()` in the guest", (REINIT, REINIT)),
    "ReinitByHost": Event("`schedule_reinit()` in a host function", (REINIT, REINIT)),
}
"""By the name that the guest has for it."""

# ------------------------------------------------------------------------------------------- ways in


def as_it_is(outcome: Outcome) -> Outcome:
    """The caller gets what happened."""
    return outcome


def swallowed(outcome: Outcome) -> Outcome:
    """Whoever called swallows every ordinary exception. A death cannot be swallowed."""
    swallows = outcome.ending in ("panic", "error") or outcome.detail == "HostError"
    return RETURNED if swallows else outcome


def by_the_next_call(outcome: Outcome) -> Outcome:
    """Nobody called: an error is logged, a death is found by the next call."""
    return replace(outcome, ending="refused") if outcome.ending == "death" else by_nobody(outcome)


def by_nobody(outcome: Outcome) -> Outcome:
    """Nobody called: an error is logged, a death is known at once."""
    if outcome.ending == "death":
        return replace(outcome, ending="returned")
    if outcome.ending in ("panic", "error") or outcome.detail == "HostError":
        return Outcome("returned", logged=True)
    return outcome


def in_a_start(outcome: Outcome) -> Outcome:
    """It never served anybody: whatever it fails by, the next call tries afresh."""
    return outcome if outcome.ending == "returned" else replace(outcome, state="new")


def in_a_hook(outcome: Outcome) -> Outcome:
    """The first death counts; what fails in the hook is logged. Only an interrupt is told instead."""
    if outcome.detail == "KeyboardInterrupt":
        return replace(outcome, state="terminated")
    return Outcome("death", "unreachable", "terminated", logged=outcome.ending != "returned")


def uncaught(outcome: Outcome) -> Outcome:
    """A Rust exception that nobody catches in the guest is the end of it."""
    return Outcome("death", "foreign_exception", "terminated") if outcome.ending == "panic" else outcome


@dataclass(frozen=True)
class Way:
    """``prepare(world)`` gets everything ready and returns what is called with the event. ``title`` is for readers.

    ``translate`` makes of an event's outcome the one by this way.
    """

    title: str
    prepare: Callable[[World], Enter]
    translate: Callable[[Outcome], Outcome] = as_it_is
    first: bool = False
    """It is tried on an instance in which nothing was done before."""
    through_host: bool = False
    """Whether a host function stands between two calls of the guest's: an ``Err`` of the inner one is an exception to the outer one."""
    left: str = ""
    """What an exception leaves behind where it runs no destructors; see :attr:`.Outcome.left`."""


def method(title: str, name: str) -> Way:
    """A method of one object."""
    return Way(title, lambda world: getattr(world.make_subject(), name), left="borrowed")


def closure(title: str, maker: str, translate: Callable[[Outcome], Outcome] = as_it_is) -> Way:
    """A closure that the host keeps."""
    return Way(title, lambda world: getattr(world.i, maker)(), translate)


def when_armed(
    title: str,
    make: Callable[[World], Callable[[], Any]],
    translate: Callable[[Outcome], Outcome] = as_it_is,
    *,
    first: bool = False,
    left: str = "",
) -> Way:
    """A way in without arguments: the guest asks what to do."""

    def prepare(world: World) -> Enter:
        call = make(world)
        return lambda event: world.with_armed(event, call)

    return Way(title, prepare, translate, first=first, left=left)


def swallowing(world: World) -> Enter:
    """The host function that calls the guest swallows what that raises."""
    world.swallows = True
    return world.i.nest  # type: ignore[no-any-return]


def getter(world: World) -> Callable[[], Any]:
    """Reads a property."""
    thing = world.make_subject()
    return lambda: thing.property


def setter(world: World) -> Callable[[], Any]:
    """Sets a property."""
    thing = world.make_subject()
    return lambda: setattr(thing, "property", 1)


def field(world: World) -> Enter:
    """Reads a field; all that can go wrong is that the object is borrowed."""
    thing = world.make_subject()

    def read(event: Any) -> Any:
        if event.name == "Nothing":
            return thing.field
        world.on_held = lambda: thing.field
        return thing.hold()

    return read


def collected(world: World) -> Callable[[], Any]:
    """Lets go of an object; its destructor runs before the next call."""

    def let_go() -> Any:
        world.i.Bomb()
        gc.collect(0)
        return world.i.drops()

    return let_go


def hook(world: World) -> Callable[[], Any]:
    """Dies, so that the hook runs."""
    world.i.hook_that_misbehaves()
    return lambda: world.i.call(world.events.Abort)


WAYS: dict[str, Way] = {
    "function": Way("an exported function", lambda world: world.i.call),
    "text": Way("one with texts and lists", lambda world: lambda event: world.i.function_with_text(event, "text", [1, 2])),
    "new": Way("a constructor", lambda world: world.i.Thing),
    "`&self`": method("a method", "shared"),
    "`&mut self`": method("a method that borrows its object exclusively", "exclusive"),
    "`self`": Way("a method that consumes its object", lambda world: lambda event: world.i.Thing(world.nothing).consume(event)),
    "static": Way("a static method", lambda world: world.i.Thing.unbound),
    "get": when_armed("a getter", getter, left="borrowed"),
    "set": when_armed("a setter", setter, left="borrowed"),
    "field": Way("the getter that wasm-bindgen writes for a public field", field, left="borrowed"),
    "free": when_armed(
        "a destructor, by `free()`: wasm-bindgen catches no panic there", lambda world: lambda: world.i.Bomb().free(), uncaught
    ),
    "gc": when_armed("the same, because the object was collected", collected, lambda outcome: by_the_next_call(uncaught(outcome))),
    "lent": Way("a closure lent to a host function (`&dyn Fn`)", lambda world: world.i.lend_closure, through_host=True),
    "`Fn`": closure("a closure that the host keeps", "closure"),
    "`FnMut`": closure("one that may change what it captured", "closure_mut"),
    "once": Way("one that may be called once", lambda world: lambda event: world.i.closure_once()(event), left="handles"),
    "aborting": closure("one in which wasm-bindgen catches no panic (`own_aborting`)", "closure_aborting", uncaught),
    "nested": Way(
        "a function called by a host function that the guest called, which passes on what it raises",
        lambda world: world.i.nest,
        through_host=True,
    ),
    "swallowed": Way("the same, the host function swallows what it raises", swallowing, swallowed),
    "`catch`": Way("the same, the import is declared with `catch`", lambda world: world.i.nest_catch, swallowed),
    "async": Way(
        "an asynchronous function, before its first await",
        lambda world: lambda event: world.awaited(lambda: world.i.before_await(event)),
        left="handles",
    ),
    "await": Way(
        "the same, after its first await", lambda world: lambda event: world.awaited(lambda: world.i.after_await(event)), left="handles"
    ),
    "task": Way("a task (`spawn_local`)", lambda world: lambda event: world.turned(lambda: world.i.spawn(event)), by_nobody),
    "start": when_armed("the start function", lambda world: world.i.drops, in_a_start, first=True),
    "hook": when_armed("the abort hook, after a `process::abort`", hook, in_a_hook, first=True),
    "alloc": when_armed("the guest's allocator, for an argument", lambda world: lambda: world.i.greet("x" * RIGGED_BYTES)),
}
"""By the name that the tables have for it."""

# ------------------------------------------------------------------------------------------- cells that differ, or do not exist

_ERRS = ("ErrError", "ErrValue")
_PANICS = ("Panic", "PanicWithoutText", "Unwrap", "Index", "PanicInDrop")
_THROWN = ("ThrowStr", "ThrowVal", "HostError", "Interrupt", "InterruptCaught", "BorrowConflict")

NO_SUCH_CELL: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "a destructor, a task and a hook return nothing, so there is no `Err`": (("free", "gc", "task", "hook"), _ERRS),
    "the getter of a field runs no code of the guest's author": (
        ("field",),
        tuple(event for event in EVENTS if event not in ("Nothing", "BorrowConflict")),
    ),
    "an allocator returns an address, so there is no `Err`; and it may not unwind: what Rust makes of that is undefined": (
        ("alloc",),
        (*_ERRS, *_PANICS, *_THROWN),
    ),
}
"""Why there is none -> (ways, events)."""

UNWINDING = ("unwind", "legacy")
_FOREIGN = Outcome("death", "foreign_exception", "terminated")
_REPLACED = Outcome("refused", "replaced", fresh=True)

EXCEPTIONS: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], Outcome]] = {
    "the getter of a field borrows outside of where wasm-bindgen catches panics: a raw Rust exception leaves the guest": (
        ("BorrowConflict",),
        ("field",),
        UNWINDING,
        _FOREIGN,
    ),
    "the next poll is an outermost call: it is served by a fresh instance, and what the old one has promised is rejected": (
        ("ReinitByGuest", "ReinitByHost"),
        ("async",),
        BUILDS,
        _REPLACED,
    ),
    "an allocator that traps while an argument is written has run out of memory, as far as anybody can tell": (
        ("Abort", "Unreachable"),
        ("alloc",),
        BUILDS,
        Outcome("death", "out_of_memory", "terminated"),
    ),
}
"""Why -> (events, ways, builds, what happens there instead)."""


def no_such_cell(event: str, way: str) -> str | None:
    """Why this cell does not exist."""
    return next((why for why, (ways, events) in NO_SUCH_CELL.items() if way in ways and event in events), None)


def why_different(event: str, way: str, build: str) -> str | None:
    """Why this cell is not like its neighbours."""
    return next((why for why, (events, ways, builds, _) in EXCEPTIONS.items() if event in events and way in ways and build in builds), None)


def expected(event: str, way: str, build: str) -> Outcome:
    """What should come of it."""
    why = why_different(event, way, build)
    if why is not None:
        return EXCEPTIONS[why][3]
    outcome = WAYS[way].translate(EVENTS[event].outcomes[build == "abort"])
    left = WAYS[way].left if build == "abort" and outcome.state == "live" and EVENTS[event].cuts_off else ""
    return replace(outcome, left=left)


CELLS = [(event, way, build) for build in BUILDS for event in EVENTS for way in WAYS if no_such_cell(event, way) is None]
