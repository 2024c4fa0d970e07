"""The same under trio, plain and by way of anyio: whoever runs the loop, promises are awaited and microtasks run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import anyio
import pytest
import trio

from bindgen_patch import GuestAborted, PanicError, js

from .test_futures import ORDER, Host, Load


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture(params=["unwind", "abort"])
def guest(load: Load, host: Host, request: pytest.FixtureRequest) -> Any:
    module = load("futures", request.param)
    module.instance.provide(host.imports())
    return module


def run(main: Callable[[], Any]) -> Any:
    """Run ``main``; fail when it takes long."""

    async def guarded() -> Any:
        with trio.fail_after(20):
            return await main()

    return trio.run(guarded)


async def turns() -> None:
    for _ in range(6):
        await trio.sleep(0)


async def later(value: object, log: list[str] | None = None, seconds: float = 0.001) -> object:
    """An awaitable that only trio can run."""
    try:
        await trio.sleep(seconds)
    except trio.Cancelled:
        assert log is not None
        log.append("cancelled")
        raise
    if isinstance(value, Exception):
        raise value
    return value


def test_values_and_errors(guest: Any) -> None:
    async def main() -> None:
        assert await guest.echo_u32(5) == 5
        assert await guest.wait_for(later("done")) == "done"
        mine = ValueError("mine")
        with pytest.raises(ValueError, match="mine") as caught:
            await guest.wait_for(later(mine))
        assert caught.value is mine
        with pytest.raises((PanicError, GuestAborted)):
            await guest.panic_after(later(5))

    run(main)


def test_many_tasks(guest: Any) -> None:
    seen: list[int] = []

    async def one(number: int) -> None:
        seen.append(await guest.wait_for(later(number)))

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            for number in range(50):
                nursery.start_soon(one, number)

    run(main)
    run(main)  # and in a second run
    assert sorted(seen) == sorted([*range(50)] * 2)


def test_the_order_of_microtasks(guest: Any, host: Host) -> None:
    async def main() -> None:
        guest.order()
        assert host.lines == ["synchronous"]
        await turns()

    run(main)
    assert host.lines == ORDER


def test_imports(guest: Any, host: Host) -> None:
    async def main() -> None:
        host.fetch = lambda url: later(url.upper())
        assert await guest.fetch_twice("a") == "A!"

    run(main)


def test_cancelling(guest: Any) -> None:
    async def main() -> None:
        log: list[str] = []
        promise = guest.wait_for_both(later("never", log, 100), js.Promise.resolve(1))
        with trio.move_on_after(0.01) as scope:
            await promise
        assert scope.cancelled_caught
        await turns()
        assert log == ["cancelled"]
        assert await promise == "err JsValue(AbortError: the awaitable was cancelled);ok JsValue(1);"

    run(main)
    assert guest.live_trackers() == 0


def test_threads(guest: Any) -> None:
    async def main() -> None:
        assert await guest.echo_u32(0) == 0  # now it is known which loop the instance is used on
        promise = await trio.to_thread.run_sync(lambda: guest.wait_for(later("here")))
        assert await promise == "here"
        assert await trio.to_thread.run_sync(lambda: guest.echo_u32(7).result(5)) == 7
        functions: list[Any] = []
        mine: js.Promise[Any] = js.Promise(lambda *both: functions.extend(both))
        threading.Timer(0.01, lambda: functions[0]("from a thread")).start()
        assert await guest.wait_for(mine) == "from a thread"
        with pytest.raises(RuntimeError, match="an event loop is running in this thread"):
            guest.never().result(1)

    run(main)


def test_streams(load: Load) -> None:
    streams = load("streams", "abort")

    async def count() -> Any:
        for number in range(4):
            yield await later(number)

    async def main() -> None:
        doubled = streams.doubled(js.ReadableStream.from_(count()))
        assert [item async for item in doubled] == [0, 2, 4, 6]

    run(main)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_anyio(guest: Any, backend: str) -> None:
    async def sleep(value: str) -> str:
        await anyio.sleep(0.001)
        return value

    async def main() -> None:
        assert await guest.wait_for(sleep("done")) == "done"
        with anyio.move_on_after(0.01) as scope:
            await guest.wait_for(anyio.sleep(100))
        assert scope.cancelled_caught
        with anyio.fail_after(20):
            assert await guest.echo_u32(5) == 5

    anyio.run(main, backend=backend)
    assert guest.live_trackers() == 0


def test_neither(guest: Any) -> None:
    promise = guest.wait_for(js.Promise(lambda *_both: None))
    with pytest.raises(RuntimeError, match="await a promise in asyncio or trio"):
        promise.__await__().send(None)
