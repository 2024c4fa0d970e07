"""The events table: each row that can happen here, on real guests that panic, abort and trap."""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import Callable
from typing import Any

import pytest

from bindgen_patch import GuestAborted, GuestException, MissingImport, ModuleTerminated, PanicError, StaleObjectError, js
from bindgen_patch.runtime.clock import clock

from .kit import guest_of

Load = Callable[..., Any]


class Host:
    """What the recovery guest calls: it logs lines, and runs whatever a test has put into ``on_call``."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.on_call: Callable[[int], int] = lambda depth: depth

    def imports(self) -> dict[str, Any]:
        return {
            "log": self.lines.append,
            "call_host": lambda depth: self.on_call(depth),
            "call_closure": lambda closure, value: closure(value),
        }


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture(params=["unwind", "legacy", "abort"])
def mode(request: pytest.FixtureRequest) -> str:
    """How the guest is built; ``legacy`` unwinds too, by the form of exception handling that the editor translates."""
    return str(request.param)


@pytest.fixture
def guest(load: Load, host: Host, mode: str) -> Any:
    """The recovery guest in both builds, on its default instance."""
    module = load("recovery", mode)
    module.instance.provide(host.imports())
    return module


@pytest.fixture(params=["unwind", "legacy"])
def unwinding(load: Load, host: Host, request: pytest.FixtureRequest) -> Any:
    """Panics unwind, by either form of exception handling."""
    module = load("recovery", request.param)
    module.instance.provide(host.imports())
    return module


@pytest.fixture
def aborting(load: Load, host: Host) -> Any:
    module = load("recovery", "abort")
    module.instance.provide(host.imports())
    return module


def die(module: Any) -> GuestAborted:
    with pytest.raises(GuestAborted) as caught:
        module.abort()
    return caught.value


# ------------------------------------------------------------------------------------------- states


def test_the_story_of_a_counter(guest: Any) -> None:
    """Panic, abort, refusal, reinit: through function objects taken before the crash."""
    increment, abort = guest.increment, guest.abort
    assert guest.instance.state == "new"
    assert [increment(), increment()] == [1, 2]
    assert guest.instance.state == "live"
    counter = guest.Counter(5)
    with pytest.raises(GuestAborted) as caught:
        abort()
    assert caught.value.kind == "unreachable"
    assert guest.instance.state == "terminated"
    with pytest.raises(ModuleTerminated, match=r"^Module terminated") as refused:
        increment()
    assert refused.value.cause_of_death is caught.value
    guest.instance.schedule_reinit()
    assert increment() == 1
    assert guest.instance.instance_id == 1
    assert guest.instance.state == "live"
    with pytest.raises(StaleObjectError, match="Invalid stale object from previous Wasm instance"):
        counter.increment()
    assert guest.instance.state == "live"


def test_every_way_in_is_refused_after_a_death(guest: Any, host: Host) -> None:
    counter = guest.Counter(1)
    closure = guest.make_closure()
    die(guest)
    ways: list[Callable[[], Any]] = [
        guest.increment,
        lambda: guest.Counter(1),
        counter.increment,
        lambda: counter.value,
        lambda: setattr(counter, "value", 3),
        lambda: counter.step,
        lambda: guest.Counter.panicking(),
        lambda: guest.peek(counter),
        closure,
    ]
    for way in ways:
        with pytest.raises(ModuleTerminated):
            way()
    counter.free()
    counter = closure = way = None
    ways.clear()
    gc.collect()
    assert guest.instance.state == "terminated"


def test_on_abort_reinit(load: Load, mode: str) -> None:
    module = load("recovery", mode)
    i = module.Instance(on_abort="reinit")
    assert i.increment() == 1
    with pytest.raises(GuestAborted):
        i.abort()
    assert i.state == "terminated"
    assert i.increment() == 1
    assert (i.instance_id, i.state) == (1, "live")


def test_instances_are_isolated(load: Load, mode: str) -> None:
    module = load("recovery", mode)
    one, two = module.Instance(), module.Instance()
    one.increment()
    with pytest.raises(GuestAborted):
        one.abort()
    assert (two.increment(), module.increment()) == (1, 1)
    counter = two.Counter(1)
    assert isinstance(counter, module.Counter)
    with pytest.raises(TypeError, match="another Instance"):
        module.peek(counter)


def test_terminate(guest: Any) -> None:
    deaths: list[GuestAborted] = []
    guest.instance.on_abort(deaths.append)
    guest.increment()
    guest.instance.terminate("enough")
    with pytest.raises(ModuleTerminated, match="enough"):
        guest.increment()
    assert [death.kind for death in deaths] == ["terminated"]
    guest.instance.schedule_reinit()
    assert guest.increment() == 1


def test_terminate_before_the_first_call(guest: Any) -> None:
    guest.instance.terminate("never")
    with pytest.raises(ModuleTerminated, match="never"):
        guest.increment()


def test_close(load: Load, mode: str) -> None:
    module = load("recovery", mode)
    with module.Instance() as i:
        i.increment()
    assert i.state == "closed"
    i.close()
    with pytest.raises(ModuleTerminated, match="closed"):
        i.increment()


def test_close_before_the_first_call(load: Load) -> None:
    i = load("recovery", "unwind").Instance()
    i.close()
    with pytest.raises(ModuleTerminated, match="closed"):
        i.increment()


# ------------------------------------------------------------------------------------------- panics

PANICS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "message": (lambda g: g.panic_with("Grüße"), "Grüße"),
    "static message": (lambda g: g.panic_static(), "a static message"),
    "below frames": (lambda g: g.panic_below(5), "panicked at the bottom"),
    "index": (lambda g: g.index_out_of_bounds(7), "index out of bounds: the len is 3 but the index is 7"),
    "unwrap": (lambda g: g.unwrap_none(), "called `Option::unwrap()` on a `None` value"),
    "expect": (lambda g: g.expect_err(), 'expected success: "the reason"'),
    "divide": (lambda g: g.divide(1, 0), "attempt to divide by zero"),
    "capacity": (lambda g: g.capacity_overflow(), "capacity overflow"),
    "refcell": (lambda g: g.borrow_twice(), "already borrowed"),
    "drop": (lambda g: g.panic_in_drop(), "panic in a destructor"),
    "resumed": (lambda g: g.resume_panic("again"), "again"),
    "static method": (lambda g: g.Counter.panicking(), "no counter today"),
    "getter": (lambda g: g.Counter(1).broken, "the property is broken"),
    "setter": (lambda g: setattr(g.Counter(1), "value", 13), "thirteen is refused"),
    "method": (lambda g: g.Counter(1).set_then_panic(4), "panicked after setting 4"),
    "by value": (lambda g: g.Counter(8).consume_then_panic(), "panicked with 8"),
    "no string": (lambda g: g.panic_with_number(7), "No panic message available"),
    "closure": (lambda g: g.lend_panicking_closure(7), "closure panicked with 7"),
    "after the host": (lambda g: g.nest_then_panic(0), "panicked after the host came back"),
}


@pytest.mark.parametrize("event", PANICS)
def test_panic_unwinds(unwinding: Any, event: str) -> None:
    call, message = PANICS[event]
    unwinding.increment()
    with pytest.raises(PanicError) as caught:
        call(unwinding)
    assert message in caught.value.message
    assert unwinding.instance.state == "live"
    assert unwinding.increment() == 2
    assert unwinding.instance.instance_id == 0


@pytest.mark.parametrize("event", PANICS)
def test_panic_aborts(aborting: Any, event: str) -> None:
    call, _ = PANICS[event]
    aborting.increment()
    with pytest.raises(GuestAborted) as caught:
        call(aborting)
    assert caught.value.kind == "panic"
    assert caught.value.frames
    with pytest.raises(ModuleTerminated):
        aborting.increment()


def test_state_is_kept_and_destructors_run(unwinding: Any) -> None:
    with pytest.raises(PanicError):
        unwinding.increment_then_panic()
    assert (unwinding.counter(), unwinding.drops_seen()) == (1, 1)
    with pytest.raises(PanicError):
        unwinding.panic_below(9)
    assert unwinding.drops_seen() == 11


def test_a_method_that_panicked_leaves_its_object_usable(unwinding: Any) -> None:
    counter = unwinding.Counter(1)
    with pytest.raises(PanicError):
        counter.set_then_panic(9)
    assert counter.value == 9
    assert counter.increment() == 10
    with pytest.raises(PanicError):
        counter.value = 13
    assert counter.value == 13


def test_panic_while_panicking(unwinding: Any) -> None:
    with pytest.raises(PanicError, match="second panic, in a destructor"):
        unwinding.panic_in_drop_while_panicking()
    assert unwinding.instance.state == "live"
    assert unwinding.panicking()


def test_panic_hook_runs_first(unwinding: Any, host: Host) -> None:
    unwinding.log_panics()
    with pytest.raises(PanicError):
        unwinding.panic_with("seen by the hook")
    assert len(host.lines) == 1
    assert "seen by the hook" in host.lines[0]


def test_many_panics_leak_nothing(unwinding: Any) -> None:
    for _ in range(20_000):
        with pytest.raises(PanicError):
            unwinding.panic_static()
    assert unwinding.instance.state == "live"
    assert unwinding.greet("you") == "Hello, you!"
    assert unwinding.overflow_shadow_stack.__self__ is unwinding.instance


# ------------------------------------------------------------------------------------------- deaths

DEATHS: dict[str, tuple[Callable[[Any], Any], set[str]]] = {
    "abort": (lambda g: g.abort(), {"unreachable"}),
    "exit": (lambda g: g.exit(1), {"unreachable"}),
    "unreachable": (lambda g: g.unreachable(), {"unreachable"}),
    "out of memory": (lambda g: g.allocate_forever(), {"out_of_memory"}),
    "shadow stack": (lambda g: g.overflow_shadow_stack(0), {"stack_overflow"}),
    "native stack": (lambda g: g.overflow_native_stack(), {"stack_overflow"}),
    "read outside": (lambda g: g.read_memory(0xFFFF_FFF0), {"out_of_bounds"}),
    "write outside": (lambda g: g.write_memory(0xFFFF_FFF0, 1), {"out_of_bounds"}),
    "table index": (lambda g: g.call_table(1_000_000), {"bad_call"}),
    "empty slot": (lambda g: g.call_table(0), {"bad_call"}),
    "signature": (lambda g: g.bad_signature(), {"bad_call"}),
    "in a closure": (lambda g: g.lend_aborting_closure(1), {"unreachable"}),
    "in a method": (lambda g: g.Counter(1).set_then_abort(2), {"unreachable"}),
    "in a destructor": (lambda g: g.Bomb(True).free(), {"unreachable"}),
    "in a kept closure": (lambda g: g.make_aborting_closure()(), {"unreachable"}),
}


@pytest.mark.parametrize("event", DEATHS)
def test_death(guest: Any, event: str) -> None:
    call, kinds = DEATHS[event]
    deaths: list[GuestAborted] = []
    guest.instance.on_abort(deaths.append)
    guest.increment()
    with pytest.raises(GuestAborted) as caught:
        call(guest)
    assert caught.value.kind in kinds
    assert caught.value.frames
    assert deaths == [caught.value]
    assert guest.instance.state == "terminated"
    with pytest.raises(ModuleTerminated) as refused:
        guest.greet("you")
    assert refused.value.cause_of_death is caught.value
    guest.instance.schedule_reinit()
    assert guest.greet("you") == "Hello, you!"
    assert guest.instance.instance_id == 1


def test_a_raw_rust_exception_is_a_death(unwinding: Any) -> None:
    closure = unwinding.make_uncaught_closure()
    with pytest.raises(GuestAborted) as caught:
        closure()
    assert caught.value.kind == "foreign_exception"
    assert unwinding.instance.state == "terminated"


def test_a_destructor_that_aborts_while_collected(guest: Any) -> None:
    bomb = guest.Bomb(True)
    del bomb
    gc.collect()
    with pytest.raises(ModuleTerminated) as refused:
        guest.increment()
    assert refused.value.cause_of_death is not None
    assert refused.value.cause_of_death.kind == "unreachable"


def test_frames_name_rust_functions(guest: Any) -> None:
    death = die(guest)
    assert any("abort" in frame.function for frame in death.frames)


# ------------------------------------------------------------------------------------------- hooks


def test_the_guests_hook_then_the_hosts(guest: Any, host: Host) -> None:
    guest.hook_log()
    guest.instance.on_abort(lambda death: host.lines.append(f"host: {death.kind}"))
    die(guest)
    assert host.lines == ["aborted", "host: unreachable"]


def test_without_a_hook_the_dead_are_not_entered_again(guest: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands in a hook's place until one is set does nothing, and nobody calls it or watches over it."""
    called: list[int] = []
    kind = type(guest_of(guest))
    table_call = kind.table_call
    monkeypatch.setattr(kind, "table_call", lambda self, slot, signature: (called.append(slot), table_call(self, slot, signature))[1])
    for hooked in (False, True, False):
        if hooked:
            guest.hook_log()
        watch, called[:] = guest_of(guest).watch, []
        die(guest)
        assert (len(called), watch in clock.times) == (hooked, False)
        guest.instance.schedule_reinit()


@pytest.mark.parametrize("hook", ["hook_reinit", "hook_log_reinit", "hook_reinit_trap"])
def test_a_hook_schedules_a_fresh_instance(guest: Any, hook: str, host: Host) -> None:
    getattr(guest, hook)()
    guest.increment()
    die(guest)
    assert guest.instance.state == "terminated"
    assert guest.increment() == 1
    assert guest.instance.instance_id == 1
    assert host.lines == (["aborted, coming back"] if hook == "hook_log_reinit" else [])


@pytest.mark.parametrize("hook", ["hook_panic", "hook_trap"])
def test_a_hook_that_fails_is_logged(guest: Any, hook: str, caplog: pytest.LogCaptureFixture) -> None:
    getattr(guest, hook)()
    seen: list[GuestAborted] = []
    guest.instance.on_abort(seen.append)
    with caplog.at_level(logging.ERROR, "bindgen_patch"):
        death = die(guest)
    assert seen == [death]
    assert "abort hook failed" in caplog.text
    with pytest.raises(ModuleTerminated):
        guest.increment()


def test_a_host_hook_that_fails_is_logged(guest: Any, caplog: pytest.LogCaptureFixture) -> None:
    @guest.instance.on_abort
    def hook(_death: GuestAborted) -> None:
        raise ValueError("hook")

    guest.instance.on_abort(lambda _death: guest.instance.schedule_reinit())
    die(guest)
    assert guest.increment() == 1
    assert hook is not None


def test_a_hook_may_call_the_host_but_the_host_not_the_guest(guest: Any, host: Host) -> None:
    seen: list[BaseException] = []

    def call(_depth: int) -> int:
        try:
            guest.increment()
        except ModuleTerminated as error:
            seen.append(error)
        return 0

    host.on_call = call
    guest.hook_call_host()
    die(guest)
    assert len(seen) == 1


def test_the_last_hook_wins(guest: Any, host: Host) -> None:
    assert guest.hook_twice() & 2
    die(guest)
    assert host.lines == ["second"]


# ------------------------------------------------------------------------------------------- nesting


def test_nested_calls(guest: Any, host: Host) -> None:
    host.on_call = lambda depth: guest.nest(depth - 1) if depth else 100
    assert guest.nest(40) == 141
    assert guest.counter() == 41


def test_nested_texts(guest: Any, host: Host) -> None:
    """The result areas of nested calls are apart."""
    host.on_call = lambda depth: len(guest.nest_text(depth - 1, "x" * depth)) if depth else 7
    assert guest.nest_text(3, "end") == "end 5"
    assert guest.counter() == 0


@pytest.mark.parametrize("outer", ["nest", "nest_catch"])
@pytest.mark.parametrize("swallow", [True, False])
def test_a_nested_abort_cannot_be_swallowed(guest: Any, host: Host, outer: str, swallow: bool) -> None:
    guest.hook_log()
    inner: list[GuestAborted] = []

    def call(_depth: int) -> int:
        try:
            guest.abort()
        except GuestAborted as error:
            inner.append(error)
            if not swallow:
                raise ValueError("instead") from error
        with pytest.raises(ModuleTerminated):
            guest.increment()
        return 1

    host.on_call = call
    with pytest.raises(GuestAborted) as caught:
        getattr(guest, outer)(1)
    assert [caught.value] == inner
    assert host.lines == ["aborted"]
    assert guest.instance.state == "terminated"


def test_only_the_outermost_call_replaces_the_instance(guest: Any, host: Host) -> None:
    host.on_call = lambda _depth: guest.increment()
    assert guest.reinit_then_call_host(0) == 2
    assert guest.instance.instance_id == 0
    assert guest.increment() == 1
    assert guest.instance.instance_id == 1


def test_a_nested_call_on_a_dead_instance_with_reinit_due(guest: Any, host: Host) -> None:
    guest.hook_reinit()

    def call(_depth: int) -> int:
        with pytest.raises(GuestAborted):
            guest.abort()
        with pytest.raises(ModuleTerminated):
            guest.increment()
        return 1

    host.on_call = call
    with pytest.raises(GuestAborted):
        guest.nest(0)
    assert guest.increment() == 1
    assert guest.instance.instance_id == 1


def test_terminate_inside_a_call(guest: Any, host: Host) -> None:
    def call(_depth: int) -> int:
        guest.instance.terminate("from inside")
        return 1

    host.on_call = call
    with pytest.raises(GuestAborted, match="from inside") as caught:
        guest.nest(0)
    assert caught.value.kind == "terminated"


def test_close_inside_a_call(load: Load, mode: str) -> None:
    module = load("recovery", mode)
    i = module.Instance(imports={"call_host": lambda _depth: i.close() or 1})
    with pytest.raises(GuestAborted, match="closed"):
        i.nest(0)
    assert i.state == "closed"


def test_endless_recursion_through_the_host(guest: Any, host: Host) -> None:
    host.on_call = lambda depth: guest.nest(depth + 1)
    with pytest.raises((GuestAborted, RecursionError)):
        guest.nest(0)
    guest.instance.schedule_reinit()
    assert guest.increment() == 1


def test_a_death_at_the_end_of_the_interpreters_stack(load: Load, mode: str) -> None:
    """Too little is left of it to find out why the call did not return. It is found out before the next one."""
    module = load("recovery", mode)

    def at(depth: int, i: Any) -> int:
        return at(depth - 1, i) if depth else i.trapping_division(1, 0)

    ends: list[tuple[str, int | None]] = []
    for depth in range(sys.getrecursionlimit() - 150, sys.getrecursionlimit()):
        i = module.Instance()
        assert i.trapping_division(4, 2) == 2
        with pytest.raises((GuestAborted, RecursionError)) as caught:
            at(depth, i)
        try:
            answer = i.trapping_division(4, 2)
        except ModuleTerminated as refusal:
            answer = None
            assert refusal.cause_of_death is not None
        ends.append((caught.type.__name__, answer))
    assert ends[0] == ("GuestAborted", None)
    assert ends[-1] == ("RecursionError", 2)
    assert {*ends} <= {ends[0], ends[-1], ("RecursionError", None)}


# ------------------------------------------------------------------------------------------- host exceptions


@pytest.mark.parametrize("error", [ValueError("host"), KeyboardInterrupt(), SystemExit(3), GuestException({"a": 1})])
def test_a_host_exception_comes_back_as_itself(guest: Any, host: Host, error: BaseException, mode: str) -> None:
    def call(_depth: int) -> int:
        raise error

    host.on_call = call
    with pytest.raises(type(error)) as caught:
        guest.nest(0)
    assert caught.value is error
    assert guest.instance.state == "live"
    assert guest.counter() == 0
    assert guest.drops_seen() == (1 if mode != "abort" else 0)


def test_a_host_exception_through_nested_calls(guest: Any, host: Host, mode: str) -> None:
    error = ValueError("deep down")

    def call(depth: int) -> int:
        if not depth:
            raise error
        return int(guest.nest(depth - 1))

    host.on_call = call
    with pytest.raises(ValueError) as caught:
        guest.nest(5)
    assert caught.value is error
    assert guest.drops_seen() == (6 if mode != "abort" else 0)
    assert guest.instance.state == "live"


def test_a_catch_import_gives_rust_an_err(guest: Any, host: Host) -> None:
    def call(_depth: int) -> int:
        raise ValueError("caught")

    host.on_call = call
    assert guest.nest_catch(0) == -1
    assert guest.drops_seen() == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_interrupts_are_never_an_err(guest: Any, host: Host, error: type[BaseException]) -> None:
    def call(_depth: int) -> int:
        raise error

    host.on_call = call
    with pytest.raises(error):
        guest.nest_catch(0)
    assert guest.instance.state == "live"


def test_many_host_exceptions_leak_nothing(guest: Any, host: Host) -> None:
    def call(_depth: int) -> int:
        raise ValueError

    host.on_call = call
    for _ in range(20_000):
        with pytest.raises(ValueError):
            guest.nest(0)
    assert guest.greet("you") == "Hello, you!"
    handles = len(guest.instance._bp_door._guest.values)
    assert handles == 5


def test_a_wrong_result_of_a_host_function_is_the_hosts_error(guest: Any, host: Host) -> None:
    host.on_call = lambda _depth: "no number"  # type: ignore[assignment, return-value]
    with pytest.raises(TypeError, match=r"call_host\(\) returned: expected int, not str"):
        guest.nest(0)
    assert guest.instance.state == "live"


def test_a_missing_import_is_named(load: Load, mode: str) -> None:
    module = load("recovery", mode)
    with pytest.raises(MissingImport, match="call_host") as caught:
        module.nest(1)
    assert caught.value.signature == "fn call_host(depth: u32) -> u32"
    assert module.instance.state == "live"


def test_err_and_throw(guest: Any, mode: str) -> None:
    with pytest.raises(js.Error) as caught:
        guest.fail("the message")
    assert caught.value.message == "the message"
    with pytest.raises(js.Error, match="thrown"):
        guest.throw_text("thrown")
    with pytest.raises(GuestException) as thrown:
        guest.throw_value([1, 2])
    assert thrown.value.value == [1, 2]
    error = KeyError("mine")
    with pytest.raises(KeyError) as mine:
        guest.throw_value(error)
    assert mine.value is error
    assert guest.drops_seen() == (4 if mode != "abort" else 1)
    assert guest.instance.state == "live"


# ------------------------------------------------------------------------------------------- upstream's own bugs


def test_first_call_after_reinit_passes_strings(guest: Any) -> None:
    guest.increment()
    guest.instance.schedule_reinit()
    assert guest.Counter(1, "abcdef").name == "abcdef"
    guest.instance.schedule_reinit()
    assert guest.greet("Ada") == "Hello, Ada!"
    guest.instance.schedule_reinit()
    assert guest.sum([1.0, 2.0]) == 3.0
    assert guest.instance.instance_id == 3


def test_first_call_after_reinit_on_an_old_object(guest: Any) -> None:
    counter, closure = guest.Counter(1), guest.make_closure()
    guest.instance.schedule_reinit()
    with pytest.raises(StaleObjectError, match="Invalid stale object from previous Wasm instance"):
        counter.increment()
    guest.instance.schedule_reinit()
    with pytest.raises(StaleObjectError, match="Cannot invoke closure from previous WASM instance"):
        closure()
    for use in (lambda: guest.peek(counter), lambda: guest.consume(counter), lambda: guest.total([counter])):
        with pytest.raises(StaleObjectError):
            use()
    assert isinstance(StaleObjectError(), ReferenceError)


def test_freeing_a_stale_object_frees_nothing(guest: Any) -> None:
    old = guest.Counter(1)
    guest.instance.schedule_reinit()
    fresh = guest.Counter(2)
    old.free()
    del old
    gc.collect()
    assert guest.live_objects() == 1
    assert fresh.value == 2


def test_wrong_arguments_kill_nothing(guest: Any) -> None:
    for call in (lambda: guest.take_i64("x"), lambda: guest.greet(5), lambda: guest.sum(7), lambda: guest.peek(object())):
        with pytest.raises(TypeError):
            call()
    with pytest.raises(OverflowError):
        guest.take_i64(2**63)
    assert guest.instance.state == "live"


# ------------------------------------------------------------------------------------------- objects


def test_borrow_conflicts(guest: Any, host: Host) -> None:
    counter = guest.Counter(1)
    aliasing = "recursive use of an object detected which would lead to unsafe aliasing in rust"
    owned = "attempted to take ownership of Rust value while it was borrowed"
    host.on_call = lambda _depth: counter.increment()
    with pytest.raises(js.Error, match=aliasing):
        counter.call_host_exclusive(0)
    if guest.instance.state == "live" and "abort" not in guest.__name__:
        assert counter.increment() > 1
    counter = guest.Counter(1)
    host.on_call = lambda _depth: guest.consume(counter)
    with pytest.raises(js.Error, match=owned):
        counter.call_host_shared(0)
    counter = guest.Counter(1)
    host.on_call = lambda _depth: counter.free() or 0
    with pytest.raises(js.Error, match=owned):
        counter.call_host_shared(0)
    assert guest.instance.state == "live"


def test_a_getter_conflict_is_a_death_when_unwinding(unwinding: Any, host: Host) -> None:
    """The macro's own field getters borrow outside of ``catch_unwind``: a raw exception leaves the guest."""
    counter = unwinding.Counter(1)
    host.on_call = lambda _depth: counter.step
    with pytest.raises(GuestAborted) as caught:
        counter.call_host_exclusive(0)
    assert caught.value.kind == "foreign_exception"


def test_use_after_free_and_after_consumption(guest: Any) -> None:
    counter = guest.Counter(1)
    assert guest.consume(counter) == 1
    for use in (counter.increment, lambda: guest.consume(counter), lambda: counter.value, lambda: guest.total([counter])):
        with pytest.raises(js.Error, match="null pointer passed to rust"):
            use()
    counter.free()
    other = guest.Counter(2)
    other.free()
    other.free()
    with pytest.raises(js.Error, match="null pointer passed to rust"):
        other.increment()
    with guest.Counter(3) as third:
        assert third.value == 3
    with pytest.raises(js.Error):
        third.increment()
    assert guest.live_objects() == 0


def test_the_same_object_twice_in_a_list(guest: Any) -> None:
    counter = guest.Counter(1)
    with pytest.raises(js.Error):
        guest.total([counter, counter])
    assert guest.instance.state == "live"


def test_wrong_class(guest: Any) -> None:
    with pytest.raises(TypeError, match="expected instance of Counter"):
        guest.peek(guest.Bomb(False))


def test_collected_objects_are_freed_before_the_next_call(guest: Any) -> None:
    counters = [guest.Counter(k) for k in range(50)]
    assert guest.live_objects() == 50
    del counters
    gc.collect()
    assert guest.live_objects() == 0


def test_closures_lent_to_the_host_expire(guest: Any) -> None:
    kept: list[Any] = []
    i = guest.Instance(imports={"call_closure": lambda closure, value: kept.append(closure) or closure(value)})
    assert i.lend_closure(21) == 42
    with pytest.raises(js.Error, match="closure invoked recursively or after being dropped"):
        kept[0](1)


def test_a_panicking_closure_that_the_host_swallows(unwinding: Any) -> None:
    def call(closure: Any, value: int) -> int:
        with pytest.raises(PanicError, match=f"closure panicked with {value}"):
            closure(value)
        return 5

    i = unwinding.Instance(imports={"call_closure": call})
    assert i.lend_panicking_closure(3) == 5
    assert i.counter() == 1
