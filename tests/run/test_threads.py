"""Threads, on real guests: one at a time in each instance, many instances at the same time, and calls that others end."""

from __future__ import annotations

import asyncio
import concurrent.futures.thread
import contextlib
import gc
import os
import random
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from bindgen_patch import GuestAborted, ModuleTerminated
from bindgen_patch.runtime import threads
from tests.run.kit import with_package

Load = Callable[..., Any]

PATIENCE = 60.0


@pytest.fixture(params=["unwind", "legacy", "abort"])
def module(load: Load, request: pytest.FixtureRequest) -> Any:
    return load("recovery", str(request.param))


def together(*targets: Callable[[], object]) -> None:
    """Run them in threads of their own; what one of them raises is raised here."""
    with concurrent.futures.ThreadPoolExecutor(len(targets)) as pool:
        for future in [pool.submit(target) for target in targets]:
            future.result(PATIENCE)


async def until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end
        await asyncio.sleep(0.002)


# ------------------------------------------------------------------------------------------- one at a time


def test_one_thread_at_a_time(module: Any) -> None:
    inside: list[int] = []
    most: list[int] = []

    def host(_depth: int) -> int:
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.001)
        inside.pop()
        return 1

    i = module.Instance(imports={"call_host": host})
    together(*[lambda: [i.nest(0) for _ in range(20)]] * 4)
    assert (max(most), i.counter()) == (1, 80)


def test_a_thread_that_waits_too_long(module: Any) -> None:
    entered, leave = threading.Event(), threading.Event()

    def host(_depth: int) -> int:
        entered.set()
        assert leave.wait(PATIENCE)
        return i.add(1, 1)  # the same thread may, whatever the others wait for

    i = module.Instance(imports={"call_host": host}, lock_timeout=0.05)
    results: list[int] = []
    thread = threading.Thread(target=lambda: results.append(i.nest(0)))
    thread.start()
    assert entered.wait(PATIENCE)
    for call in (i.increment, lambda: i.Counter(1), lambda: i.greet("you")):
        with pytest.raises(TimeoutError, match="busy in another thread"):
            call()
    leave.set()
    thread.join()
    assert (results, i.increment(), i.state) == ([3], 2, "live")


def plainly(*targets: Callable[[], object]) -> None:
    """As :func:`together`, in threads that nobody can cancel anything in: their calls may be ordinary ones."""
    errors: list[BaseException] = []

    def run(target: Callable[[], object]) -> None:
        try:
            target()
        except BaseException as error:
            errors.append(error)

    runners = [threading.Thread(target=run, args=(target,), daemon=True) for target in targets]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join(PATIENCE)
        assert not runner.is_alive(), "it waits for ever"
    for error in errors:
        raise error


@pytest.mark.parametrize("nested", [False, True])
def test_ordinary_calls_in_many_threads(module: Any, nested: bool) -> None:
    """Short calls, each of which would be over before another thread looks; and some from inside of others."""
    inside: list[int] = []

    def host(depth: int) -> int:
        me = threading.get_ident()
        inside.append(me)
        time.sleep(0)
        assert {*inside} == {me}
        value = int(i.nest(depth - 1)) + int(i.add(1, 1)) if depth and nested else 1
        inside.pop()
        return value

    i = module.Instance(imports={"call_host": host})
    before = i.increment()

    def work() -> None:
        for k in range(300):
            i.increment()
            assert i.add(k, 1) == k + 1
            assert i.greet(str(k)) == f"Hello, {k}!"
            assert i.nest(k % 3) > 0

    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        plainly(work, work, work)
    finally:
        sys.setswitchinterval(switch)
    assert (i.increment() > before + 900, i.state, inside) == (True, "live", [])


def test_who_calls_all_the_time_lets_others_in(module: Any) -> None:
    stop = threading.Event()
    i = module.Instance(imports={"call_host": lambda depth: time.sleep(0) or depth})
    i.nest(0)

    def hog(call: Callable[[], object]) -> None:
        while not stop.is_set():
            call()

    def guest() -> None:
        for _ in range(20):
            i.increment()
            with i.deadline(PATIENCE):
                i.increment()
        stop.set()

    plainly(lambda: hog(lambda: i.nest(0)), lambda: hog(lambda: i.add(1, 1)), guest)
    assert i.increment() == i.counter() >= 41


FORKED = """
    import os, sys, threading
    import {name} as module

    i = module.Instance(imports={{"call_host": lambda depth: i.nest(depth - 1) + i.add(1, 1) if depth else 1}})

    def calls():
        i.increment()
        print(os.getpid() == first, i.add(2, 3), i.nest(2), i._bp_door.held(), i._bp_door.free(), flush=True)

    def fork():
        calls()
        child = os.fork()
        if not child:
            calls()
            other = threading.Thread(target=calls)
            other.start()
            other.join()
            calls()
            return
        assert os.waitpid(child, 0) == (child, 0)

    first = os.getpid()
    calls()
    thread = threading.Thread(target=fork)
    thread.start()
    thread.join()
    calls()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
def test_the_one_thread_of_a_forked_process_is_another(load: Load) -> None:
    """It made calls before, but it was not the only one then."""
    lines = with_package(FORKED, load("recovery", "unwind"))
    told = [line.partition(" ")[2] for line in lines]
    assert [line.split()[0] for line in lines] == ["True"] * 2 + ["False"] * 3 + ["True"]
    assert {*told} == {told[0]}
    assert told[0].endswith("False True")


def test_instances_run_at_the_same_time(module: Any) -> None:
    """Each is inside a call and waits, in its host function, for all the others to be."""
    meeting = threading.Barrier(4)
    many = [module.Instance(imports={"call_host": lambda _depth: meeting.wait(PATIENCE) * 0 + 1}) for _ in range(4)]
    together(*[lambda i=i: i.nest(0) for i in many])


def test_wasm_runs_while_python_does(module: Any) -> None:
    """Two guests that run for ever, and Python code besides: none of them keeps the others out."""
    one, two = module.Instance(), module.Instance()
    one.increment(), two.increment()
    ended: list[str] = []

    def spin(i: Any) -> None:
        with pytest.raises(GuestAborted):
            i.spin()
        ended.append(i.state)

    runners = [threading.Thread(target=spin, args=(i,)) for i in (one, two)]
    for runner in runners:
        runner.start()
    time.sleep(0.05)
    third = module.Instance()
    assert third.work(1000) >= 0
    assert all(runner.is_alive() for runner in runners)
    one.terminate()
    runners[0].join(PATIENCE)
    assert ended == ["terminated"]
    two.terminate()
    runners[1].join(PATIENCE)
    assert ended == ["terminated"] * 2


# ------------------------------------------------------------------------------------------- everything at once


def test_finalizers_in_any_thread(module: Any) -> None:
    """Objects die in threads that collect garbage while the guest runs; it frees them all, and never in the middle of something."""
    i = module.Instance(imports={"call_host": lambda _depth: gc.collect(0) * 0 + 1})
    i.increment()
    stop = threading.Event()
    wells: list[list[Any]] = [[] for _ in range(3)]

    def collect(well: list[Any]) -> None:
        while not stop.is_set():
            with contextlib.suppress(IndexError):
                obj = well.pop()
                loop = [obj]
                loop.append(loop)
                del obj, loop
            gc.collect(0)

    def make() -> None:
        for number in range(400):
            for well in wells:
                well.append(i.Counter(number))
                well.append(i.make_closure())
            assert i.nest(0) == 2
            assert i.Counter(number).increment() == number + 1
        stop.set()

    together(make, *[lambda well=well: collect(well) for well in wells])
    wells.clear()
    gc.collect()
    assert (i.live_objects(), i.state, i.instance_id) == (0, "live", 0)


@pytest.mark.parametrize("interruptible", [True, False])
def test_terminate_in_any_moment(load: Load, interruptible: bool) -> None:
    """A caller gets its result, the death or a refusal; every death is told once; nothing is left over.

    An instance that is killed while it is being made never served anybody: its death is raised, and no hook hears of it.
    """
    from bindgen_patch import Limits

    module = load("recovery", "unwind")
    i = module.Instance(on_abort="reinit", imports={"call_host": lambda depth: depth}, limits=Limits(interruptible=interruptible))
    told: list[GuestAborted] = []
    i.on_abort(told.append)
    dice = random.Random(7)
    seen: list[GuestAborted] = []
    stop = threading.Event()

    def call() -> None:
        while len(told) < 20:
            try:
                if dice.randrange(3):
                    assert i.work(dice.randrange(3000)) >= 0
                else:
                    assert i.nest(5) == 6
            except GuestAborted as death:
                seen.append(death)
            except ModuleTerminated as refused:
                assert refused.cause_of_death is not None

    def kill() -> None:
        number = 0
        while not stop.is_set():
            time.sleep(dice.random() / 2000)
            i.terminate(f"number {number}")
            number += 1

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        together(call, call)
    finally:
        stop.set()
        killer.join()
    i.add(1, 1) if i.state == "live" else None
    assert all(death.kind == "terminated" for death in (*seen, *told))
    assert len({id(death) for death in told}) == len(told) >= 20
    assert sum(i.counters.aborts.values()) == len(told)
    i.schedule_reinit()
    assert (i.increment(), i.nest(3)) == (1, 4)


def test_deadlines_in_any_moment(load: Load) -> None:
    """Calls that take about as long as they may."""
    from bindgen_patch import Limits

    module = load("recovery", "unwind")
    told: list[list[GuestAborted]] = [[], []]
    many = [module.Instance(on_abort="reinit", limits=Limits(seconds_per_call=0.002)) for _ in told]
    outcomes: list[str] = []

    def call(i: Any) -> None:
        for round in range(150):
            try:
                i.work(round * 40_000)
                outcomes.append("result")
            except GuestAborted as death:
                outcomes.append(death.kind)
            except ModuleTerminated:
                outcomes.append("refused")

    for i, deaths in zip(many, told, strict=True):
        i.on_abort(deaths.append)
    together(*[lambda i=i: call(i) for i in many])
    assert set(outcomes) <= {"result", "deadline", "refused"}
    assert {"result", "deadline"} <= set(outcomes)
    for i, deaths in zip(many, told, strict=True):
        assert len({id(death) for death in deaths}) == len(deaths) == sum(i.counters.aborts.values())


# ------------------------------------------------------------------------------------------- asyncio


WAITS: dict[str, Callable[[Any, Callable[[], Any]], Any]] = {
    "instance.to_thread": lambda i, call: i.to_thread(call),
    "asyncio.to_thread": lambda i, call: asyncio.to_thread(call),
    "run_in_executor": lambda i, call: asyncio.get_running_loop().run_in_executor(None, call),
    "wait_for": lambda i, call: asyncio.wait_for(asyncio.to_thread(call), PATIENCE),
}


@pytest.mark.parametrize("wait", WAITS)
def test_cancelling_a_task_stops_its_guest(load: Load, wait: str) -> None:
    module = load("recovery", "unwind")
    entered = threading.Event()
    i = module.Instance(imports={"call_host": lambda _depth: entered.set() or i.spin()})
    deaths: list[GuestAborted] = []
    i.on_abort(deaths.append)

    async def main() -> None:
        async def waiting() -> None:
            await WAITS[wait](i, lambda: i.nest(0))

        task = asyncio.create_task(waiting())
        await until(entered.is_set)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        if wait == "instance.to_thread":
            assert deaths, "it is waited for"
        await until(lambda: deaths and not i._bp_door.guest)

    asyncio.run(main())
    assert [(death.kind, death.message) for death in deaths] == [("terminated", "the task that made the call was cancelled")]
    with pytest.raises(ModuleTerminated):
        i.increment()
    i.schedule_reinit()
    assert i.increment() == 1


@pytest.mark.parametrize("wait", ["instance.to_thread", "asyncio.to_thread"])
def test_cancelling_between_two_calls(load: Load, wait: str) -> None:
    """Nothing is killed, and the calls that would follow are refused."""
    i = load("recovery", "unwind").Instance()
    between, go_on = threading.Event(), threading.Event()
    refused: list[BaseException] = []

    def job() -> None:
        i.increment()
        between.set()
        assert go_on.wait(PATIENCE)
        try:
            i.increment()
        except concurrent.futures.CancelledError as error:
            refused.append(error)

    async def main() -> None:
        task = asyncio.ensure_future(WAITS[wait](i, job))
        await until(between.is_set)
        task.cancel()
        asyncio.get_running_loop().call_later(0.02, go_on.set)
        with pytest.raises(asyncio.CancelledError):
            await task
        await until(lambda: refused)

    asyncio.run(main())
    assert (i.state, i.counter()) == ("live", 1)


def test_cancelling_one_task_leaves_the_call_of_another(load: Load) -> None:
    """It waited for the instance that another thread is in."""
    entered, leave = threading.Event(), threading.Event()
    i = load("recovery", "unwind").Instance(imports={"call_host": lambda _depth: entered.set() or leave.wait(PATIENCE) * 1})

    async def main() -> int:
        first = asyncio.create_task(i.to_thread(i.nest, 0))
        await until(entered.is_set)
        second = asyncio.create_task(i.to_thread(i.increment))
        await asyncio.sleep(0.02)
        second.cancel()
        await asyncio.sleep(0.02)
        leave.set()
        with pytest.raises(asyncio.CancelledError):
            await second
        return await first

    assert asyncio.run(main()) == 2
    assert (i.state, i.counter()) == ("live", 1)


def test_to_thread_gives_results_and_errors(load: Load) -> None:
    module = load("recovery", "unwind")
    i = module.Instance()

    async def main() -> None:
        assert await i.to_thread(i.add, 1, right=2) == 3
        assert await asyncio.gather(*[i.to_thread(module.Instance().add, k, 1) for k in range(8)]) == list(range(1, 9))
        with pytest.raises(TypeError):
            await i.to_thread(i.add, "1", 2)
        with i.deadline(0), pytest.raises(TimeoutError):
            await i.to_thread(i.add, 1, 2)
        assert await i.to_thread(i.add, 1, 2) == 3

    asyncio.run(main())


def test_a_direct_cancel_of_a_running_future_means_what_it_meant(load: Load) -> None:
    """Whoever cancels what has not begun yet lets the rest go on: only asyncio's cancelling is taken for more."""
    entered, leave = threading.Event(), threading.Event()
    i = load("recovery", "unwind").Instance(imports={"call_host": lambda _depth: entered.set() or leave.wait(PATIENCE) * 1})
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        future = pool.submit(i.nest, 0)
        assert entered.wait(PATIENCE)
        assert not future.cancel()
        leave.set()
        assert future.result(PATIENCE) == 2
        assert not future.cancel()


def test_other_innards_of_the_standard_library(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """A work item that keeps its future where nobody would look: calls run, and cannot be cancelled."""

    def run(item: Any) -> None:
        try:
            item.future.set_result(item.fn(*item.args))
        except BaseException as error:
            item.future.set_exception(error)

    monkeypatch.setattr(concurrent.futures.thread._WorkItem, "run", run)
    i = load("recovery", "unwind").Instance()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        assert pool.submit(lambda: (i.increment(), threads.here.found)).result(PATIENCE) == (1, None)
