"""Ten thousand asynchronous calls on one instance at the same time, with panics in a tenth of them; and many loops, many threads."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import psutil
import pytest

from bindgen_patch import GuestAborted, ModuleTerminated, PanicError, js
from bindgen_patch.js.promise import _adopted

from .kit import guest_of, run
from .test_futures import Host, Load, pending, turns

MANY = 10_000


@pytest.fixture
def guest(load: Load) -> Any:
    module = load("futures", "unwind")
    module.instance.provide(Host().imports())
    return module


def test_ten_thousand_calls_in_flight(guest: Any) -> None:
    """Each ends as it should, none hangs, and nothing is left."""
    process = psutil.Process()

    async def main() -> list[Any]:
        loop = asyncio.get_running_loop()
        gates: list[asyncio.Future[int]] = [loop.create_future() for _ in range(MANY)]
        calls = [guest.panic_after(gate) if number % 10 == 3 else guest.bystander(gate) for number, gate in enumerate(gates)]
        outcomes = asyncio.gather(*calls, return_exceptions=True)
        await turns(guest, 20)
        assert len(guest_of(guest).values) > 3 * MANY
        for number, gate in enumerate(gates):
            gate.set_exception(ValueError(number)) if number % 10 == 7 else gate.set_result(number)
        return await asyncio.wait_for(outcomes, 15)  # ten times what it takes; were anything gone through for each call, that would be seen

    guest.echo_u32(1).result(5)
    inside, adopted = guest_of(guest), len(_adopted)
    handles, memory = len(inside.values), process.memory_info().rss
    outcomes = run(main)
    grown = process.memory_info().rss - memory
    assert Counter(type(outcome) for outcome in outcomes) == {int: MANY * 8 // 10, PanicError: MANY // 10, ValueError: MANY // 10}
    for number, outcome in enumerate(outcomes):
        match number % 10:
            case 3:
                assert outcome.message == f"after the await: JsValue({number})"
            case 7:
                assert outcome.args == (number,)
            case _:
                assert outcome == number
    del outcomes
    gc.collect()
    assert guest.live_trackers() == 0
    assert len(inside.values) == handles
    assert len(_adopted) == adopted
    assert inside.realm.pending() == []
    assert not guest.instance._bp_host.jobs._following
    assert guest_of(guest) is inside
    assert grown < 100 << 20


@pytest.mark.parametrize("call", ["each", "one by one"])
def test_many_that_wait_for_two_things_each(load: Load, call: str) -> None:
    """Nobody knows whose functions they are: every one of them may wake anybody."""
    streams = load("streams", "abort")
    count = MANY // 5

    async def main() -> None:
        gates = [asyncio.get_running_loop().create_future() for _ in range(2 * count)]
        calls = [asyncio.ensure_future(wait(streams.each(js.Array(gates[at : at + 2])))) for at in range(0, 2 * count, 2)]
        for at, gate in enumerate(gates):
            gate.set_result(at)
            if call == "one by one" and at % 50 == 0:
                await asyncio.sleep(0)
        assert await asyncio.gather(*calls) == [[f"Ok(JsValue({at}))", f"Ok(JsValue({at + 1}))"] for at in range(0, 2 * count, 2)]

    async def wait(promise: Any) -> Any:
        return await promise

    run(main)


def test_a_death_with_many_in_flight(guest: Any) -> None:
    async def main() -> None:
        gate, resolve, _ = pending()
        calls = [guest.bystander(gate) for _ in range(1000)]
        dying = guest.abort_after(js.Promise.resolve())
        outcomes = await asyncio.wait_for(asyncio.gather(*calls, dying, return_exceptions=True), 20)
        assert isinstance(outcomes[-1], GuestAborted)
        assert {type(outcome) for outcome in outcomes[:-1]} == {ModuleTerminated}
        assert {outcome.cause_of_death for outcome in outcomes[:-1]} == {outcomes[-1]}
        resolve(None)
        guest.instance.schedule_reinit()
        assert await guest.echo_u32(1) == 1

    run(main)


# ------------------------------------------------------------------------------------------- loops and threads


def in_threads(count: int, work: Callable[[int], object]) -> None:
    """Run ``work(number)`` in so many threads; what one of them raises is raised here."""
    failed: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=guarded, args=[number], daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive(), "it hangs"
    if failed:
        raise failed[0]


def test_a_loop_and_an_instance_in_each_of_several_threads(guest: Any) -> None:
    """Panics and deaths in one are none of the others' business."""

    def work(number: int) -> None:
        mine = guest.Instance(imports=Host().imports())

        async def main() -> None:
            home = threading.get_ident()
            ran_in: set[int] = set()

            async def answer(value: int) -> int:
                ran_in.add(threading.get_ident())
                await asyncio.sleep(0)
                return value

            for step in range(20):
                calls = [mine.wait_for(answer(step * number + at)) for at in range(10)]
                calls.append(mine.panic_after(answer(step)))
                outcomes = await asyncio.gather(*calls, return_exceptions=True)
                assert outcomes[:-1] == [step * number + at for at in range(10)]
                assert isinstance(outcomes[-1], PanicError)
            assert ran_in == {home}
            if number % 2:
                waiting = mine.wait_for(answer(0)), mine.abort_after(answer(1)), mine.never()
                outcomes = await asyncio.gather(*waiting[1:], return_exceptions=True)
                assert isinstance(outcomes[0], GuestAborted)
            assert mine.state == ("terminated" if number % 2 else "live")

        run(main)
        mine.close()

    in_threads(4, work)


def test_one_loop_after_another(guest: Any) -> None:
    """What is pending when a loop ends goes on in the next one; what the host owed it was cancelled with its loop."""
    kept: list[Any] = []
    gate, resolve, _ = pending()

    async def first() -> None:
        kept.append(guest.wait_for(gate))
        kept.append(guest.wait_for_both(asyncio.sleep(100), js.Promise.resolve(1)))
        assert await guest.echo_u32(1) == 1

    async def second() -> None:
        resolve("late")
        assert await kept[0] == "late"
        assert (await kept[1]).startswith("err JsValue(AbortError")

    run(first)
    run(second)
    assert guest.echo_u32(7).result(5) == 7
    for _ in range(20):
        assert run(lambda: gathered(guest)) == list(range(5))
    assert guest.live_trackers() == 0


async def gathered(guest: Any) -> list[int]:
    return list(await asyncio.gather(*(guest.wait_for(asyncio.sleep(0, number)) for number in range(5))))


def test_a_promise_of_one_loop_in_another(guest: Any) -> None:
    """Who waits elsewhere is woken there."""

    async def main() -> None:
        gate, resolve, _ = pending()
        promise = guest.wait_for(gate)
        await turns(guest)
        begun = threading.Barrier(4)

        def elsewhere() -> Any:
            async def wait() -> Any:
                begun.wait(10)
                return await promise

            return run(wait)

        waiting = [asyncio.to_thread(elsewhere) for _ in range(3)]
        tasks = [asyncio.ensure_future(each) for each in waiting]
        await asyncio.to_thread(begun.wait, 10)
        resolve("all")
        assert await asyncio.gather(*tasks) == ["all"] * 3
        assert await promise == "all"

    run(main)


def test_no_wake_up_is_lost(guest: Any) -> None:
    """Threads settle promises at whatever moment, while the loop begins to wait for them, or has nothing else to do."""
    rounds = 150

    async def main() -> None:
        made: list[Any] = [pending() for _ in range(rounds)]
        ready = threading.Semaphore(0)

        def settle() -> None:
            for _, resolve, _ in made:
                ready.acquire()
                resolve("settled")

        thread = threading.Thread(target=settle, daemon=True)
        thread.start()
        for number, (promise, _, _) in enumerate(made):
            if number % 3 == 0:
                ready.release()
                assert await asyncio.wait_for(guest.wait_for(promise), 10) == "settled"
            elif number % 3 == 1:
                call = guest.wait_for(promise)
                ready.release()
                assert await asyncio.wait_for(call, 10) == "settled"
            else:
                call = asyncio.ensure_future(asyncio.wait_for(guest.wait_for(promise), 10))
                await turns(guest)
                ready.release()
                assert await call == "settled"
        thread.join(10)

    run(main)
    in_threads(3, lambda number: [guest.wait_for(asyncio.sleep(0, number)).result(10) for _ in range(30)])
