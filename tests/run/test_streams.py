"""Streams, sinks and asynchronous iterators between Rust and Python, on a real guest that uses the crate wasm-streams."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from bindgen_patch import GuestAborted, GuestException, ModuleTerminated, js

from .kit import guest_of, run

Load = Callable[..., Any]


class HostError(Exception):
    """What the host raises."""


@pytest.fixture
def guest(load: Load) -> Any:
    module = load("streams", "abort")
    module.lines()
    return module


async def turns(count: int = 20) -> None:
    """Let the loop go round."""
    for _ in range(count):
        await asyncio.sleep(0)


async def counting(count: int, log: list[str] | None = None, fail_at: int | None = None) -> AsyncIterator[int]:
    """An asynchronous generator of the host's, which says when it ends."""
    try:
        for number in range(count):
            await asyncio.sleep(0)
            if number == fail_at:
                raise HostError("as asked")
            yield number
    finally:
        if log is not None:
            log.append("closed")


class Counting:
    """The same as an object with ``__aiter__`` and ``__anext__``, and nothing else."""

    def __init__(self, count: int) -> None:
        self.left = count

    def __aiter__(self) -> Counting:
        return self

    async def __anext__(self) -> int:
        if not self.left:
            raise StopAsyncIteration
        self.left -= 1
        return self.left


# ------------------------------------------------------------------------------------------- Rust's streams in Python


def test_a_stream_of_rust_in_async_for(guest: Any) -> None:
    async def main() -> None:
        stream = guest.numbers(5)
        assert isinstance(stream, js.ReadableStream)
        assert guest.live_trackers() == 1
        assert [item async for item in stream] == [0, 1, 2, 3, 4]
        assert not stream.locked
        assert guest.live_trackers() == 0

    run(main)
    assert guest.lines() == [f"poll {number}" for number in range(6)]


def test_rust_is_asked_when_somebody_reads(guest: Any) -> None:
    async def main() -> None:
        stream = guest.numbers(5)
        await turns()
        assert guest.lines() == []
        reader = stream.get_reader()
        assert await reader.read() == {"value": 0, "done": False}
        await turns()
        assert guest.lines() == ["poll 0"]

    run(main)


def test_who_leaves_a_stream_cancels_it(guest: Any) -> None:
    async def main() -> None:
        stream = guest.numbers(5)
        async for item in stream:
            if item == 1:
                break
        await turns()
        assert not stream.locked
        assert guest.live_trackers() == 0

    run(main)


def test_a_cancelled_task_cancels_the_stream_it_reads(guest: Any) -> None:
    async def main() -> None:
        asked = asyncio.Event()

        async def answer(_number: int) -> None:
            asked.set()
            await asyncio.sleep(100)

        stream = guest.answers(answer, 3)
        task = asyncio.ensure_future(anext(aiter(stream)))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await turns()
        assert not stream.locked
        assert guest.live_trackers() == 0
        assert guest.instance.state == "live"

    run(main)


def test_errors_of_rust_streams(guest: Any) -> None:
    async def main() -> None:
        seen = []
        stream = guest.numbers(5, 2)
        with pytest.raises(js.Error, match="as asked"):
            async for item in stream:
                seen.append(item)
        assert seen == [0, 1]
        assert guest.live_trackers() == 0
        with pytest.raises(js.Error, match="as asked"):
            await stream.get_reader().read()

    run(main)


def test_errors_of_the_host_pass_through_a_stream_of_rust(guest: Any) -> None:
    mine = HostError("mine")

    async def answer(number: int) -> int:
        if number == 2:
            raise mine
        return number * 10

    async def main() -> None:
        seen = []
        with pytest.raises(HostError) as caught:
            async for item in guest.answers(answer, 5):
                seen.append(item)
        assert caught.value is mine
        assert seen == [0, 10]

    run(main)
    assert guest.live_trackers() == 0


def test_a_stream_dies_with_its_guest(guest: Any) -> None:
    """Whoever reads hears of it, and so does who reads from another stream of that guest."""

    async def main() -> None:
        other = guest.answers(lambda _number: asyncio.sleep(100), 1).get_reader().read()
        idle, sink = guest.numbers(5), guest.noting()
        await turns()
        with pytest.raises((GuestAborted, ModuleTerminated)):
            assert [item async for item in guest.numbers(5, None, 2)] == []
        for promise in (other, idle.get_reader().read(), sink.get_writer().write("lost")):
            with pytest.raises(ModuleTerminated):
                await asyncio.wait_for(promise, 5)
        guest.instance.schedule_reinit()
        assert [item async for item in guest.numbers(2)] == [0, 1]

    run(main)


def test_without_a_loop(guest: Any) -> None:
    reader = guest.numbers(2).get_reader()
    assert [reader.read().result(5)["value"] for _ in range(3)] == [0, 1, None]
    assert guest.sum(js.ReadableStream.from_([1, 2, 3])).result(5) == 6


# ------------------------------------------------------------------------------------------- Python's streams in Rust


@pytest.mark.parametrize("make", [counting, Counting, range, lambda count: list(range(count)), lambda count: iter(range(count))])
def test_what_python_can_go_through_is_a_stream_of_rust(guest: Any, make: Callable[[int], Any]) -> None:
    async def main() -> Any:
        return await guest.sum(js.ReadableStream.from_(make(5)))

    assert run(main) == 10
    assert guest.live_trackers() == 0


def test_rust_leaves_a_stream_of_the_host(guest: Any) -> None:
    log: list[str] = []

    async def main() -> Any:
        first = await guest.first(js.ReadableStream.from_(counting(100, log)), 3)
        await turns()
        return first

    assert run(main) == [0, 1, 2]
    assert log == ["closed"]


def test_errors_of_the_host_reach_rust(guest: Any) -> None:
    async def main() -> None:
        with pytest.raises(HostError, match="as asked"):
            await guest.sum(js.ReadableStream.from_(counting(5, None, 3)))
        with pytest.raises(HostError, match="as asked"):
            assert [item async for item in guest.doubled(js.ReadableStream.from_(counting(5, None, 3)))] == []

    run(main)
    assert guest.live_trackers() == 0


def test_there_and_back(guest: Any) -> None:
    async def main() -> Any:
        return [item async for item in guest.doubled(guest.doubled(js.ReadableStream.from_(counting(4))))]

    assert run(main) == [0, 4, 8, 12]


def test_cancelling_goes_all_the_way(guest: Any) -> None:
    log: list[str] = []

    async def main() -> None:
        async for item in guest.doubled(js.ReadableStream.from_(counting(100, log))):
            if item == 2:
                break
        await turns()

    run(main)
    gc.collect()
    assert log == ["closed"]
    assert guest.live_trackers() == 0
    assert guest_of(guest).realm.pending() == []


def test_reasons_of_cancelling(guest: Any) -> None:
    seen: list[Any] = []

    def refuse(reason: Any) -> None:
        raise HostError(reason)

    async def main() -> None:
        mine = HostError("mine")
        await guest.cancel(js.ReadableStream({"cancel": seen.append}), mine)
        assert seen == [mine]
        with pytest.raises(HostError, match="not now"):
            await guest.cancel(js.ReadableStream({"cancel": refuse}), "not now")

    run(main)


def test_tee(guest: Any) -> None:
    async def main() -> Any:
        left, right = guest.tee(guest.numbers(3))
        return [item async for item in left], await guest.sum(right)

    assert run(main) == ([0, 1, 2], 3)


def test_rust_makes_streams_of_what_the_host_gives(guest: Any) -> None:
    async def main() -> None:
        assert [item async for item in guest.stream_of(counting(3))] == [0, 1, 2]
        assert [item async for item in guest.stream_of([1, asyncio.sleep(0, 2)])] == [1, 2]
        with pytest.raises(js.TypeError):
            guest.stream_of(Counting(3))  # which the host has not shown to it
        assert [item async for item in guest.stream_of(js.expose(Counting(3)))] == [2, 1, 0]

    run(main)


@pytest.mark.parametrize("size", [0, 1, 10, 5000])
def test_bytes(guest: Any, size: int) -> None:
    data = bytes(range(256)) * 20
    data = data[:size]

    async def main() -> None:
        chunks = [bytes(chunk.memoryview) async for chunk in guest.byte_stream(data, 1024)]
        assert b"".join(chunks) == data
        assert [len(chunk) for chunk in chunks[:-1]] == [1024] * (len(chunks) - 1)
        assert await guest.read_bytes(guest.byte_stream(data, 16)) == data

        def start(controller: Any) -> None:
            for at in range(0, size, 100):
                controller.enqueue(data[at : at + 100])
            controller.close()

        assert await guest.read_bytes(js.ReadableStream({"type": "bytes", "start": start})) == data

    run(main)


# ------------------------------------------------------------------------------------------- sinks


def test_a_sink_of_rust(guest: Any) -> None:
    async def main() -> None:
        writer = guest.noting().get_writer()
        for text in ("a", "b"):
            await writer.ready
            await writer.write(text)
        assert guest.live_trackers() == 1
        await writer.close()
        assert guest.live_trackers() == 0
        assert guest.lines() == ["a", "b"]

    run(main)


def test_errors_of_a_sink_of_rust(guest: Any) -> None:
    async def main() -> None:
        writer = guest.noting("b").get_writer()
        results = await asyncio.gather(*(writer.write(text) for text in "abc"), return_exceptions=True)
        assert [str(result) for result in results] == ["None", "the sink is full", "the sink is full"]
        with pytest.raises(js.Error, match="the sink is full"):
            await writer.closed
        with pytest.raises(js.TypeError):
            await writer.close()

    run(main)
    assert guest.live_trackers() == 0


def test_aborting_a_sink_of_rust(guest: Any) -> None:
    async def main() -> None:
        sink = guest.noting()
        await sink.abort(HostError("enough"))
        assert guest.live_trackers() == 0
        with pytest.raises(HostError, match="enough"):
            await sink.get_writer().closed

    run(main)


def test_a_sink_of_the_host(guest: Any) -> None:
    log: list[Any] = []

    async def write(chunk: Any, _controller: Any) -> None:
        await asyncio.sleep(0)
        if chunk == "bad":
            raise HostError("bad")
        log.append(chunk)

    async def main() -> None:
        sink = {"write": write, "close": lambda: log.append("closed"), "abort": log.append}
        await guest.write_all(js.WritableStream(sink), ["a", "b"])
        assert log == ["a", "b", "closed"]
        with pytest.raises(HostError, match="bad"):
            await guest.write_all(js.WritableStream(sink), ["c", "bad", "d"])
        assert log == ["a", "b", "closed", "c"]

    run(main)


def test_pipes(guest: Any) -> None:
    async def main() -> None:
        await guest.pipe(js.ReadableStream.from_(counting(3)), guest.noting())
        assert guest.lines() == ["JsValue(0)", "JsValue(1)", "JsValue(2)"]
        await guest.numbers(2).pipe_to(guest.noting())
        assert [line for line in guest.lines() if "poll" not in line] == ["JsValue(0)", "JsValue(1)"]
        log: list[str] = []
        with pytest.raises(js.Error, match="the sink is full"):
            await js.ReadableStream.from_(counting(9, log)).pipe_to(guest.noting("JsValue(1)"))
        await turns()
        assert log == ["closed"]
        with pytest.raises(HostError):
            await js.ReadableStream.from_(counting(9, None, 1)).pipe_to(guest.noting())

    run(main)
    assert guest.live_trackers() == 0


def test_transform_streams(guest: Any) -> None:
    async def main() -> Any:
        upper = js.TransformStream(
            {
                "transform": lambda chunk, controller: controller.enqueue(chunk.upper()),
                "flush": lambda controller: controller.enqueue("END"),
            }
        )
        return await guest.through(upper, ["a", "b"])

    assert run(main) == ["A", "B", "END"]


# ------------------------------------------------------------------------------------------- asynchronous iterators


def test_an_iterator_of_the_host_in_rust(guest: Any) -> None:
    async def main() -> None:
        assert await guest.sum_of_iterator(counting(5)) == 10
        assert await guest.sum_of_iterator(js.expose(Counting(5))) == 10
        assert await guest.sum_of_iterator(guest.countdown(4, None, False)) == 10
        with pytest.raises(HostError, match="as asked"):
            await guest.sum_of_iterator(counting(5, None, 2))

    run(main)
    gc.collect()
    guest.lines()
    assert guest.live_trackers() == 0


def test_an_iterator_is_asked_before_it_has_answered(guest: Any) -> None:
    """Python's generators do not take that; JavaScript's queue it (ECMA-262 27.6.3.8)."""
    log: list[str] = []

    async def main() -> Any:
        return await guest.ask_ahead(counting(9, log), 4)

    assert run(main) == [0, 1, 2, 3]
    assert log == ["closed"]


@pytest.mark.parametrize("iterable", [True, False])
def test_an_iterator_of_rust_in_async_for(guest: Any, iterable: bool) -> None:
    async def main() -> None:
        iterator = guest.countdown(3, None, iterable)
        assert [item async for item in iterator] == [3, 2, 1]
        assert guest.lines() == []
        items = js.aiter(guest.countdown(3, None, iterable))
        async for item in items:
            if item == 2:
                break
        await items.aclose()  # type: ignore[attr-defined]
        assert guest.lines() == ["return"]
        with pytest.raises(js.Error, match="as asked"):
            assert [item async for item in guest.countdown(3, 2, iterable)] == []
        assert guest.lines() == []

    run(main)


def test_what_is_no_iterator(guest: Any) -> None:
    async def main() -> None:
        for odd in (5, None, js.Object(), js.null):
            with pytest.raises(js.TypeError):
                assert [item async for item in js.aiter(odd)] == []
        assert [item async for item in js.aiter([1, asyncio.sleep(0, 2)])] == [1, 2]
        with pytest.raises(GuestException):
            assert [item async for item in js.aiter([js.Promise.reject("odd")])] == []

    run(main)
