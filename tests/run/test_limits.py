"""Limits, on real guests: too long, too much or too deep ends as a death of its kind, and a fresh instance serves."""

from __future__ import annotations

import contextvars
import gc
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from weakref import ref

import pytest

from bindgen_patch import GuestAborted, Limits, ModuleTerminated, PanicError, js
from bindgen_patch.js import model
from bindgen_patch.runtime import engine
from bindgen_patch.runtime import guest as guest_module
from bindgen_patch.runtime.clock import clock
from tests.run.kit import with_package

Load = Callable[..., Any]

SOON = 0.1
"""A deadline for what never ends."""
LATE = 60.0
"""One that nothing here reaches."""


@pytest.fixture(params=["unwind", "legacy", "abort"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def module(load: Load, mode: str) -> Any:
    return load("recovery", mode)


def serves_again(i: Any) -> None:
    """Dead, refused, and served by a fresh instance on request."""
    assert i.state == "terminated"
    with pytest.raises(ModuleTerminated):
        i.increment()
    i.schedule_reinit()
    assert i.greet("you") == "Hello, you!"
    assert i.state == "live"


def dies(call: Callable[[], object], kind: str) -> GuestAborted:
    begun = time.monotonic()
    with pytest.raises(GuestAborted) as caught:
        call()
    assert caught.value.kind == kind
    assert time.monotonic() - begun < LATE / 2
    return caught.value


# ------------------------------------------------------------------------------------------- seconds per call


def test_seconds_per_call(module: Any) -> None:
    i = module.Instance(limits=Limits(seconds_per_call=SOON))
    deaths: list[GuestAborted] = []
    i.on_abort(deaths.append)
    assert i.add(1, 2) == 3
    begun = time.monotonic()
    death = dies(i.spin, "deadline")
    assert time.monotonic() - begun >= SOON
    assert death.message == "the call took more than 0.1 seconds"
    assert any("spin" in frame.function for frame in death.frames), "where it was when its time was up"
    assert deaths == [death]
    serves_again(i)


def test_time_in_host_functions_counts(module: Any) -> None:
    def host(_depth: int) -> int:
        while i.state == "live":
            time.sleep(0.001)
        with pytest.raises(ModuleTerminated):
            i.increment()
        return 1

    i = module.Instance(imports={"call_host": host}, limits=Limits(seconds_per_call=SOON))
    death = dies(lambda: i.nest(0), "deadline")
    assert any("nest" in frame.function for frame in death.frames)
    serves_again(i)


@pytest.mark.parametrize("call", ["nest", "nest_catch"])
def test_a_catastrophic_pattern_ends_with_the_guest(module: Any, call: str) -> None:
    hostile, harmless = js.RegExp("(a|a)*\\1b"), js.RegExp("(a|a)*\\1a")
    texts = ["a" * 40]
    i = module.Instance(imports={"call_host": lambda _depth: int(model.call(hostile, "test", texts))}, limits=Limits(seconds_per_call=SOON))
    dies(lambda: getattr(i, call)(0), "deadline")
    assert model.call(harmless, "test", ["a" * 9999]), "nobody else has to stop"
    serves_again(i)
    texts[0] = "aab"
    assert i.nest(0) == 2, "nor has the next instance"


@pytest.mark.parametrize("swallow", [True, False])
def test_a_nested_call_is_under_the_limit_of_the_outermost(module: Any, swallow: bool) -> None:
    def host(_depth: int) -> int:
        try:
            i.spin()
        except GuestAborted:
            if not swallow:
                raise
        return 1

    i = module.Instance(imports={"call_host": host}, limits=Limits(seconds_per_call=SOON))
    dies(lambda: i.nest_catch(0), "deadline")
    serves_again(i)


def test_each_call_has_its_own_time(module: Any) -> None:
    i = module.Instance(imports={"call_host": lambda _depth: time.sleep(0.06) or 1}, limits=Limits(seconds_per_call=0.3))
    for _ in range(8):
        assert i.nest(0) == 2
    assert i.instance_id == 0


def test_many_short_calls_leave_one_alarm(module: Any) -> None:
    i = module.Instance(limits=Limits(seconds_per_call=LATE))
    i.increment()
    before = len(clock._heap)
    for _ in range(1000):
        i.increment()
    assert len(clock._heap) <= before + 1
    assert i._bp_door.guest.watch.due is None


def test_panics_and_exceptions_lift_the_limit(load: Load) -> None:
    def host(_depth: int) -> int:
        raise ValueError("host")

    i = load("recovery", "unwind").Instance(imports={"call_host": host}, limits=Limits(seconds_per_call=0.2))
    for error, call in ((PanicError, i.panic_static), (ValueError, lambda: i.nest(0)), (TypeError, lambda: i.greet(5))):
        with pytest.raises(error):
            call()
        assert i._bp_door.guest.watch.due is None
    time.sleep(0.3)
    assert (i.increment(), i.instance_id) == (1, 0)


def test_every_way_in_is_limited(module: Any) -> None:
    """Methods, getters, setters, closures, destructors: they all run code that may not end, here that of the host."""

    def host(_depth: int) -> int:
        while i.state == "live":
            time.sleep(0.001)
        return 1

    i = module.Instance(
        imports={"call_host": host, "call_closure": lambda f, v: host(0)}, limits=Limits(seconds_per_call=0.05), on_abort="reinit"
    )
    dies(lambda: i.Counter(1).call_host_shared(0), "deadline")
    dies(lambda: i.Counter(1).call_host_exclusive(0), "deadline")
    dies(lambda: i.lend_closure(1), "deadline")
    assert i.Counter(3).increment() == 4


def test_no_limit_kills_an_idle_instance(module: Any) -> None:
    """A call that was cut off before it could take its deadline back: that kills neither the idle instance nor a later call."""
    i = module.Instance(limits=Limits(seconds_per_call=LATE))
    i.increment()
    watch = i._bp_door.guest.watch
    watch.arm((time.monotonic() + 0.02, "left behind"))
    time.sleep(0.1)
    assert (watch.due, i.state) == (None, "live")
    watch.arm((time.monotonic() + 0.05, "left behind"))
    assert i.increment() == 2
    time.sleep(0.1)
    assert (i.increment(), i.instance_id) == (3, 0)


def test_an_instance_with_a_deadline_far_away_is_collected(load: Load) -> None:
    i = load("recovery", "unwind").Instance(limits=Limits(seconds_per_call=LATE))
    i.increment()
    gone = ref(i._bp_door.guest)
    i.close()
    del i
    gc.collect()
    assert gone() is None


# ------------------------------------------------------------------------------------------- start, hooks, destructors


def test_the_abort_hook_is_limited(module: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(guest_module, "_SECONDS_PER_HOOK", SOON)
    stuck = threading.Event()

    def host(_depth: int) -> int:
        stuck.wait(SOON * 2)
        return 0

    i = module.Instance(imports={"call_host": host})
    told: list[GuestAborted] = []
    i.on_abort(told.append)
    i.hook_call_host()
    death = dies(i.abort, "unreachable")
    assert told == [death]
    assert "the abort hook took more than 0.1 seconds" in caplog.text
    serves_again(i)


def test_terminate_during_the_hook(module: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The dead guest does not get on, the first death stays, host hooks run once."""

    def host(_depth: int) -> int:
        thread = threading.Thread(target=i.terminate, args=("again",))
        thread.start()
        thread.join()
        return 0

    i = module.Instance(imports={"call_host": host})
    told: list[GuestAborted] = []
    i.on_abort(told.append)
    i.hook_call_host()
    assert told == [] or i.state == "live"
    death = dies(i.abort, "unreachable")
    assert told == [death]
    assert "the guest's abort hook failed" in caplog.text
    serves_again(i)


def test_start_functions_are_limited(load: Load) -> None:
    held = threading.Event()
    i = load("start", "unwind").Instance(
        imports={"host_started": lambda _message: held.wait(0.3) and None}, limits=Limits(seconds_per_call=0.05)
    )
    with pytest.raises(GuestAborted) as caught:
        i.starts()
    assert (caught.value.kind, i.state) == ("deadline", "new")
    held.set()
    assert (i.starts(), i.state) == (1, "live")


def test_a_deadline_that_passes_while_the_instance_is_made(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The instance is done all the same, and dead."""
    instantiate = module._bp_program.instantiate
    monkeypatch.setattr(module._bp_program, "instantiate", lambda *args: (time.sleep(0.2), instantiate(*args))[1])
    i = module.Instance(limits=Limits(seconds_per_call=0.05))
    dies(i.increment, "deadline")
    assert i.state == "new"
    monkeypatch.undo()
    assert i.increment() == 1


# ------------------------------------------------------------------------------------------- blocks


def test_a_deadline_block(module: Any) -> None:
    i = module.Instance()
    i.increment()
    with i.deadline(LATE):
        assert i.increment() == 2
    with i.deadline(SOON):
        assert i.increment() == 3
        death = dies(i.spin, "deadline")
    assert death.message == "the deadline of 0.1 seconds passed"
    serves_again(i)
    with i.deadline(SOON):
        pass
    time.sleep(SOON)
    assert i.increment() == 1


def test_a_call_after_the_deadline_is_not_let_in(module: Any) -> None:
    i = module.Instance(imports={"call_host": lambda _depth: 1})
    i.increment()
    with i.deadline(0):
        for call in (i.increment, lambda: i.Counter(1), lambda: i.greet("you")):
            with pytest.raises(TimeoutError, match="was not let in"):
                call()
    assert (i.increment(), i.state, i.instance_id, i.live_objects()) == (2, "live", 0, 0)


def test_the_time_to_compile_does_not_count(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    load, compiled = module._bp_program.load, []

    def slow(settings: object) -> Any:
        if not compiled:
            compiled.append(time.sleep(1.5))
        return load(settings)

    monkeypatch.setattr(module._bp_program, "load", slow)
    i = module.Instance()
    with i.deadline(1.0):
        assert i.increment() == 1


@pytest.mark.parametrize(("outer", "inner", "limit"), [(SOON, LATE, None), (LATE, SOON, None), (LATE, LATE, SOON), (SOON, LATE, LATE)])
def test_the_nearest_deadline_counts(load: Load, outer: float, inner: float, limit: float | None) -> None:
    i = load("recovery", "unwind").Instance(limits=Limits(seconds_per_call=limit))
    with i.deadline(outer), i.deadline(inner):
        dies(i.spin, "deadline")
    i.schedule_reinit()
    assert i.increment() == 1


def test_a_deadline_is_that_of_one_instance(load: Load) -> None:
    module = load("recovery", "unwind")
    one, two = module.Instance(), module.Instance()
    one.increment()
    with one.deadline(0):
        assert two.increment() == 1
        with pytest.raises(TimeoutError):
            one.increment()


def test_a_deadline_is_that_of_one_thread_and_what_it_hands_on(load: Load) -> None:
    i = load("recovery", "unwind").Instance()
    i.increment()
    seen: list[object] = []

    def call() -> None:
        try:
            seen.append(i.increment())
        except TimeoutError as error:
            seen.append(type(error))

    def run(target: Callable[[], object]) -> None:
        thread = threading.Thread(target=target)
        thread.start()
        thread.join()

    with i.deadline(0):
        context = contextvars.copy_context()
        run(call)
        run(lambda: context.run(call))
    run(lambda: context.run(call))
    assert seen == [2, TimeoutError, 3]


def test_a_deadline_block_around_a_nested_call(module: Any) -> None:
    """It ends with the block: the outer call is not held to it."""

    def host(depth: int) -> int:
        with i.deadline(SOON):
            i.add(1, 1)
        with i.deadline(0), pytest.raises(TimeoutError):
            i.add(1, 1)
        if depth:
            with i.deadline(SOON):
                i.spin()
        time.sleep(2 * SOON)
        return 1

    i = module.Instance(imports={"call_host": host})
    assert i.nest(0) == 2
    dies(lambda: i.nest(1), "deadline")
    serves_again(i)


def test_misuse_of_a_deadline(load: Load) -> None:
    i = load("recovery", "unwind").Instance()
    for wrong in (-1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="deadline"):
            i.deadline(wrong)
    for wrong in ("1", None, True):
        with pytest.raises(TypeError, match="deadline"):
            i.deadline(wrong)
    block = i.deadline(LATE)
    with block, pytest.raises(RuntimeError, match="once"):
        block.__enter__()


# ------------------------------------------------------------------------------------------- terminate


WAYS: dict[str, Callable[[Any], object]] = {
    "function": lambda i: i.spin(),
    "in a method": lambda i: i.Counter(1).call_host_shared(0),
    "in a closure": lambda i: i.lend_closure(1),
    "in a kept closure": lambda i: i.make_closure() and i.spin(),
    "below a host function": lambda i: i.nest(0),
}


@pytest.mark.parametrize("way", WAYS)
def test_terminate_from_another_thread(module: Any, way: str) -> None:
    i = module.Instance(imports={"call_host": lambda _depth: i.spin(), "call_closure": lambda _closure, _value: i.spin()})
    deaths: list[GuestAborted] = []
    i.on_abort(deaths.append)
    i.increment()
    timer = threading.Timer(0.05, i.terminate, ["enough"])
    timer.start()
    death = dies(lambda: WAYS[way](i), "terminated")
    timer.join()
    assert (death.message, deaths) == ("enough", [death])
    assert any("spin" in frame.function for frame in death.frames)
    serves_again(i)


def test_close_from_another_thread(module: Any) -> None:
    i = module.Instance()
    i.increment()
    timer = threading.Timer(0.05, i.close)
    timer.start()
    death = dies(i.spin, "terminated")
    timer.join(10)
    assert (death.message, i.state) == ("the instance was closed", "closed")


def test_others_go_on_when_one_is_stopped(module: Any) -> None:
    """They share an engine, and its epoch."""
    i, victim = module.Instance(), module.Instance(on_abort="reinit", limits=Limits(seconds_per_call=0.005))
    stop = threading.Event()

    def kill() -> None:
        while not stop.is_set():
            dies(victim.spin, "deadline")

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        assert [i.work(3_000_000) for _ in range(10)] == [i.work(3_000_000)] * 10
    finally:
        stop.set()
        thread.join()
    assert (i.instance_id, victim.counters.aborts.keys()) == (0, {"deadline"})


def test_what_cannot_be_interrupted(module: Any) -> None:
    """It is stopped when it calls its host; deadlines are refused."""
    calls: list[int] = []

    def host(depth: int) -> int:
        calls.append(depth)
        thread = threading.Thread(target=i.terminate, args=("enough",))
        thread.start()
        thread.join()
        return 1

    i = module.Instance(imports={"call_host": host}, limits=Limits(interruptible=False))
    with pytest.raises(ValueError, match="interruptible"):
        i.deadline(1)
    assert i.work(1000) >= 0
    dies(lambda: i.nest(0), "terminated")
    assert calls == [0]
    i.schedule_reinit()
    assert i.work(1000) >= 0


def test_a_signal_that_waits_ends_the_guest(module: Any) -> None:
    """Python's handlers run in the main thread when that runs Python code: here, when the guest is asked whether it is to stop."""
    i = module.Instance()
    i.increment()
    guest = i._bp_door.guest
    struck: list[bool] = []

    class Guest(type(guest)):  # type: ignore[misc]
        @property
        def halted(self) -> None:
            if not struck:
                struck.append(True)
                raise KeyboardInterrupt

        @halted.setter
        def halted(self, value: object) -> None:
            pass

    guest.__class__ = Guest
    timer = threading.Timer(0.05, guest.interrupt)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        i.spin()
    timer.join()
    assert struck
    serves_again(i)


# ------------------------------------------------------------------------------------------- fuel, memory, tables, stacks


def test_fuel(module: Any) -> None:
    i = module.Instance(imports={"call_host": lambda _depth: 1}, limits=Limits(fuel_per_call=200_000))
    for _ in range(100):
        assert i.work(2000) >= 0
        assert i.nest(0) == 2
    death = dies(i.spin, "fuel")
    assert any("spin" in frame.function for frame in death.frames)
    serves_again(i)
    dies(lambda: i.work(10_000_000), "fuel")


def test_fuel_is_the_same_in_every_run(load: Load) -> None:
    module = load("recovery", "unwind")
    reached = set()
    for _ in range(3):
        i = module.Instance(limits=Limits(fuel_per_call=50_000), on_abort="reinit")
        rounds = 1000
        while True:
            try:
                i.work(rounds)
            except GuestAborted as death:
                assert death.kind == "fuel"
                break
            rounds += 100
        reached.add(rounds)
    assert len(reached) == 1


def test_a_hook_has_fuel_of_its_own(module: Any) -> None:
    lines: list[str] = []
    i = module.Instance(imports={"log": lines.append}, limits=Limits(fuel_per_call=100_000))
    i.hook_log_reinit()
    dies(i.spin, "fuel")
    assert (lines, i.increment()) == (["aborted, coming back"], 1)


def test_memory(module: Any) -> None:
    i = module.Instance(limits=Limits(memory_bytes=32 << 20))
    i.increment()
    dies(i.allocate_forever, "out_of_memory")
    serves_again(i)


def test_stack_bytes(module: Any) -> None:
    small, large = (module.Instance(limits=Limits(stack_bytes=size)) for size in (65_536, 2 << 20))
    for i in (small, large, module.Instance()):
        i.increment()
        death = dies(i.overflow_native_stack, "stack_overflow")
        assert death.frames
        serves_again(i)


ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="/proc and RLIMIT_AS are read and set as Linux has them")


def address_space() -> int:
    """Of this process."""
    return next(int(line.split()[1]) << 10 for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmSize"))


def test_memory_does_not_outgrow_what_is_reserved(module: Any) -> None:
    i = module.Instance(limits=Limits(reserve_bytes=16 << 20))
    i.increment()
    dies(i.allocate_forever, "out_of_memory")
    serves_again(i)


@ON_LINUX
def test_address_space_is_bounded(module: Any) -> None:
    limits = Limits(reserve_bytes=4 << 20)
    first = module.Instance(limits=limits)
    first.increment()
    before = address_space()
    many = [module.Instance(limits=limits) for _ in range(engine.PLACES + 100)]  # those without a place, too
    for i in many:
        assert i.increment() == 1
    assert (address_space() - before) / len(many) < 16 << 20


SCARCE = """
    import resource, sys
    import {name} as module
    from bindgen_patch import GuestAborted, Limits

    resource.setrlimit(resource.RLIMIT_AS, (1500 << 20, 1500 << 20))
    i = module.Instance()
    print(i.increment(), i.increment())
    try:
        i.allocate_forever()
    except GuestAborted as death:
        print(death.kind)
    i.schedule_reinit()
    print(i.increment())
    print(module.Instance(limits=Limits(reserve_bytes=2 << 20)).increment())
    try:
        module.Instance(limits=Limits(reserve_bytes=1 << 32)).increment()
    except GuestAborted as death:
        print(death)
"""


@ON_LINUX
def test_where_address_space_is_scarce(load: Load) -> None:
    """Under ``ulimit -v`` a guest runs without being told anything; where it cannot, the message says what would help."""
    module = load("recovery", "unwind")
    lines = with_package(SCARCE, module)
    assert lines[:4] == ["1 2", "out_of_memory", "1", "1"]
    assert "no address space is left" in lines[4]
    assert "reserve_bytes" in lines[4]


SMALL_THREADS = """
    import resource, sys, threading
    import {name} as module
    from bindgen_patch import GuestAborted, Limits, ModuleTerminated

    outcomes = []
    def run(stack, limits=None, use=lambda i: i.overflow_native_stack()):
        i = module.Instance(imports={{"call_host": lambda depth: i.nest(depth + 1)}}, limits=limits)
        def call():
            try:
                use(i)
            except (GuestAborted, RuntimeError) as error:
                outcomes.append(getattr(error, "kind", type(error).__name__))
            outcomes.append(i.state)
        threading.stack_size(stack)
        thread = threading.Thread(target=call)
        thread.start()
        thread.join()

    run(256 << 10)
    run(1 << 20)
    run(384 << 10, Limits(stack_bytes=64 << 10))
    run(1 << 20, Limits(stack_bytes=1 << 20))
    run(4 << 20, Limits(stack_bytes=2 << 20))
    run(1 << 20, use=lambda i: i.nest(0))
    i = module.Instance(); i.hook_count()
    threading.stack_size(128 << 10)
    thread = threading.Thread(target=i.terminate); thread.start(); thread.join()
    outcomes.append(i.state)
    print(*outcomes)
"""


def test_no_thread_is_too_small(load: Load) -> None:
    """A thread's stack that cannot hold a guest's is refused; overrunning it would end the process."""
    words = " ".join(with_package(SMALL_THREADS, load("recovery", "unwind"))).split()
    refused, overflow = ["RuntimeError", "new"], ["stack_overflow", "terminated"]
    assert words[:10] == [*refused, *overflow, *overflow, *refused, *overflow]
    assert words[10:12] in (overflow, ["RecursionError", "live"])
    assert words[12:] == ["terminated"]


# ------------------------------------------------------------------------------------------- the class itself


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        *[(name, value) for name in ("memory_bytes", "table_elements", "fuel_per_call", "stack_bytes") for value in (-1, 2**63)],
        *[("memory_bytes", 100), ("fuel_per_call", 0), ("stack_bytes", 1000), ("stack_bytes", 2**31)],
        *[("reserve_bytes", 0), ("reserve_bytes", 65_535), ("reserve_bytes", 2**32 + 1)],
        *[("seconds_per_call", value) for value in (0, -1.0, float("nan"), float("inf"), 1e300)],
    ],
)
def test_limits_out_of_range(field: str, wrong: Any) -> None:
    with pytest.raises(ValueError, match=field):
        Limits(**{field: wrong})


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        *[(name, value) for name in ("memory_bytes", "table_elements", "fuel_per_call", "stack_bytes") for value in (1.5, "1", True)],
        *[("reserve_bytes", 1e9), ("reserve_bytes", True), ("interruptible", 1), ("interruptible", None)],
        *[("seconds_per_call", "1"), ("seconds_per_call", True)],
    ],
)
def test_limits_of_a_wrong_type(field: str, wrong: Any) -> None:
    with pytest.raises(TypeError, match=field):
        Limits(**{field: wrong})


def test_a_limit_that_nothing_could_enforce() -> None:
    with pytest.raises(ValueError, match="seconds_per_call"):
        Limits(seconds_per_call=1, interruptible=False)


def test_limits_are_values() -> None:
    assert Limits(memory_bytes=65_536) == Limits(memory_bytes=65_536)
    assert len({Limits(), Limits(), Limits(stack_bytes=65_536)}) == 2
