"""Cancelling what waits, on either side of the border: who hears of it, and who goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from bindgen_patch import js

from .kit import run
from .test_futures import Host, Load, turns

ABORTED = "err JsValue(AbortError: the awaitable was cancelled);ok JsValue(1);"


class Slow:
    """A coroutine function of the host that says what becomes of it."""

    def __init__(self) -> None:
        self.log: list[str] = []
        self.go = asyncio.Event()

    async def __call__(self, *_args: object) -> str:
        self.log.append("begun")
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.log.append("cancelled")
            raise
        return "done"


@pytest.fixture(params=["unwind", "abort"])
def guest(load: Load, request: pytest.FixtureRequest) -> Any:
    module = load("futures", request.param)
    module.instance.provide(Host().imports())
    return module


async def waiting(promise: Any) -> asyncio.Task[Any]:
    """A task that waits for it."""

    async def wait() -> Any:
        return await promise

    task = asyncio.ensure_future(wait())
    await turns_of_loop()
    return task


async def turns_of_loop() -> None:
    for _ in range(6):
        await asyncio.sleep(0)


async def cancel(task: asyncio.Task[Any]) -> None:
    """Cancel it, and let the loop go round."""
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await turns_of_loop()


def test_what_only_this_call_waits_for_is_cancelled_with_it(guest: Any) -> None:
    async def main() -> None:
        slow = Slow()
        promise = guest.wait_for_both(slow(), js.Promise.resolve(1))
        await cancel(await waiting(promise))
        assert slow.log == ["begun", "cancelled"]
        assert await promise == ABORTED
        await turns(guest)

    run(main)
    assert guest.instance.state == "live"
    assert guest.live_trackers() == 0


def test_so_is_what_an_import_returns(guest: Any) -> None:
    async def main() -> None:
        slow = Slow()
        guest.instance.provide({"fetch": slow})
        promise = guest.fetch_or_tell("url")
        await cancel(await waiting(promise))
        assert slow.log == ["begun", "cancelled"]
        assert await promise == "told JsValue(AbortError: the awaitable was cancelled)"
        with pytest.raises(js.Error) as caught:
            guest.instance.provide({"fetch": Slow()})
            passed_on = guest.fetch_twice("url")
            await cancel(await waiting(passed_on))
            await passed_on
        assert caught.value.name == "AbortError"

    run(main)
    assert guest.instance.state == "live"


def test_a_timeout_cancels(guest: Any) -> None:
    async def main() -> None:
        slow = Slow()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(guest.wait_for(slow()), 0.01)
        await turns_of_loop()
        assert slow.log == ["begun", "cancelled"]
        assert await guest.echo_u32(1) == 1

    run(main)
    assert guest.live_trackers() == 0


def test_a_shield_keeps_it_going(guest: Any) -> None:
    async def main() -> None:
        slow = Slow()
        promise = guest.wait_for(slow())
        await cancel(await waiting(asyncio.shield(promise)))
        assert slow.log == ["begun"]
        slow.go.set()
        assert await promise == "done"

    run(main)


@pytest.mark.parametrize("how", ["awaited twice", "then"])
def test_who_else_waits_keeps_it_going(guest: Any, how: str) -> None:
    async def main() -> None:
        slow = Slow()
        promise = guest.wait_for(slow())
        task = await waiting(promise)
        other = await waiting(promise if how == "awaited twice" else promise.then(lambda value: value))
        await cancel(task)
        await turns_of_loop()
        assert slow.log == ["begun"]
        slow.go.set()
        assert await other == "done"

    run(main)


def test_what_two_calls_wait_for_is_cancelled_with_the_second(guest: Any) -> None:
    async def main() -> None:
        slow = Slow()
        shared = slow()
        calls = [guest.wait_for(shared), guest.bystander(shared)]
        tasks = [await waiting(call) for call in calls]
        await cancel(tasks[0])
        assert slow.log == ["begun"]
        await cancel(tasks[1])
        assert slow.log == ["begun", "cancelled"]
        for call in calls:
            with pytest.raises(js.Error, match="the awaitable was cancelled"):
                await call

    run(main)


def test_futures_and_tasks_of_the_host_are_its_own(guest: Any) -> None:
    async def main() -> None:
        slow = Slow()
        future, task = asyncio.get_running_loop().create_future(), asyncio.ensure_future(slow())
        promises = [guest.wait_for(future), guest.wait_for(task)]
        for promise in promises:
            await cancel(await waiting(promise))
        assert not future.cancelled()
        assert slow.log == ["begun"]
        future.set_result(5)
        slow.go.set()
        assert [await promise for promise in promises] == [5, "done"]

    run(main)


def test_cancelled_and_settled_at_once(guest: Any) -> None:
    async def main() -> None:
        slow = Slow()
        promise = guest.wait_for(slow())
        task = await waiting(promise)
        slow.go.set()
        await cancel(task)
        assert slow.log == ["begun"]
        assert await promise == "done"

    run(main)


def test_many_at_once(guest: Any) -> None:
    async def main() -> None:
        slow = [Slow() for _ in range(200)]
        half = [guest.wait_for(each()) for each in slow]
        tasks = [asyncio.ensure_future(asyncio.wait_for(promise, 10)) for promise in half]
        await turns_of_loop()
        for task in tasks[::2]:
            task.cancel()
        await turns_of_loop()
        assert [each.log[-1] for each in slow] == ["cancelled", "begun"] * 100
        for each in slow:
            each.go.set()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [asyncio.CancelledError, str] * 100
        await asyncio.gather(*half, return_exceptions=True)

    run(main)
    assert guest.live_trackers() == 0
    assert guest.instance.state == "live"


def test_very_many_one_after_the_other(guest: Any) -> None:
    """It takes a moment longer then, but not a look at all of them for each."""

    async def main() -> None:
        slow = [Slow() for _ in range(1000)]
        tasks = [asyncio.ensure_future(asyncio.wait_for(guest.wait_for(each()), 10)) for each in slow]
        await turns_of_loop()
        for task in tasks:
            task.cancel()
            await asyncio.sleep(0)
        await asyncio.sleep(0.1)
        assert {tuple(each.log) for each in slow} == {("begun", "cancelled")}
        await turns(guest)

    run(main)
    assert guest.live_trackers() == 0


def test_a_task_group(guest: Any) -> None:
    async def main() -> None:
        slow = Slow()
        with pytest.raises(ExceptionGroup) as caught:
            async with asyncio.TaskGroup() as group:
                group.create_task(asyncio.wait_for(guest.wait_for(slow()), 10))
                await turns_of_loop()
                group.create_task(asyncio.wait_for(guest.ok_or_error(True), 10))
        assert [str(error) for error in caught.value.exceptions] == ["failed as asked"]
        await turns_of_loop()
        assert slow.log == ["begun", "cancelled"]

    run(main)


def test_a_cancelled_awaitable_of_the_host(guest: Any) -> None:
    """It has a name that Rust code can tell it by; and what the host awaits then has it, too."""

    async def main() -> None:
        make: Callable[[], Any] = asyncio.get_running_loop().create_future
        future = make()
        promise = guest.wait_for(future)
        await turns(guest)
        future.cancel()
        with pytest.raises(js.Error) as caught:
            await promise
        assert (caught.value.name, str(caught.value)) == ("AbortError", "the awaitable was cancelled")

    run(main)
