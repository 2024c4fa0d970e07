"""Streams and asynchronous iterators without a guest: what goes in comes out. In which order, scripts/streams.js says."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bindgen_patch import GuestException, js
from bindgen_patch.js import model, quota
from bindgen_patch.js.asynchronous import each_settled
from bindgen_patch.js.builtins import GLOBALS
from bindgen_patch.js.jobs import Jobs
from bindgen_patch.js.promise import default_jobs
from bindgen_patch.js.symbols import ASYNC_ITERATOR

some = settings(max_examples=40, deadline=None, derandomize=True)


def run(main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run ``main``; fail when it takes long."""
    return asyncio.run(asyncio.wait_for(main(), 5))


async def paced(items: list[Any], pauses: list[int]) -> AsyncIterator[Any]:
    """Items, with turns of the loop between them."""
    for number, item in enumerate(items):
        for _ in range(pauses[number % len(pauses)] if pauses else 0):
            await asyncio.sleep(0)
        yield item


# ------------------------------------------------------------------------------------------- what goes in comes out

chunks = st.lists(st.integers(0, 9), max_size=12)
pauses = st.lists(st.integers(0, 3), max_size=4)


@some
@given(chunks, pauses, st.integers(1, 5), st.integers(0, 5), st.booleans())  # where nothing may wait, nothing is ever piped
def test_through_pipes_transforms_and_tees(items: list[int], wait: list[int], before: int, after: int, slow: bool) -> None:
    async def transform(chunk: int, controller: Any) -> None:
        if slow:
            await asyncio.sleep(0)
        for _ in range(chunk % 3):
            controller.enqueue(chunk)

    async def main() -> None:
        expected = [chunk for chunk in items for _ in range(chunk % 3)]
        strategies = {"highWaterMark": before}, {"highWaterMark": after, "size": lambda _: 2}
        between = js.TransformStream({"transform": transform}, *strategies)
        left, right = js.ReadableStream.from_(paced(items, wait)).pipe_through(between).tee()
        written: list[int] = []

        async def write(chunk: int, _controller: Any) -> None:
            await asyncio.sleep(0)
            written.append(chunk)

        piped = left.pipe_to(js.WritableStream({"write": write}, {"highWaterMark": before}))
        assert [chunk async for chunk in right] == expected
        await piped
        assert written == expected

    run(main)


@some
@given(st.lists(st.binary(min_size=1, max_size=9), max_size=8), st.lists(st.integers(1, 12), min_size=1, max_size=5), st.data())
def test_bytes_by_any_reader(parts: list[bytes], sizes: list[int], data: st.DataObject) -> None:
    """Chunks of any length come as requested: by the chunk, into buffers of any type of element, at least so much, in turns."""
    kinds = data.draw(st.lists(st.sampled_from(["Uint8Array", "Uint16Array", "Float32Array", "DataView", "chunk"]), min_size=1, max_size=4))
    by_request, slow = data.draw(st.booleans()), data.draw(st.booleans())
    whole = b"".join(parts)
    whole = whole[: len(whole) // 4 * 4]  # ends with a whole element, of whatever type
    waiting = [whole[at : at + 3] for at in range(0, len(whole), 3)] if by_request else []

    async def pull(controller: Any) -> None:
        if slow:
            await asyncio.sleep(0)
        if not waiting:
            controller.close()
            if controller.byob_request is not None:
                controller.byob_request.respond(0)
        elif (request := controller.byob_request) is not None and len(request.view) >= len(waiting[0]):
            part = waiting.pop(0)
            request.view.memoryview[: len(part)] = part
            request.respond(len(part))
        else:
            controller.enqueue(waiting.pop(0))

    def start(controller: Any) -> None:
        at = 0
        for part in parts:
            if chunk := whole[at : at + len(part)]:
                controller.enqueue(chunk)
            at += len(part)
        controller.close()

    async def main() -> bytes:
        source = {"type": "bytes", "pull": pull} if by_request else {"type": "bytes", "start": start}
        stream, got, step = js.ReadableStream(source), b"", 0
        while True:
            kind, size = kinds[step % len(kinds)], sizes[step % len(sizes)]
            step += 1
            if kind == "chunk":
                reader = stream.get_reader()
                state = await reader.read()
            else:
                reader = stream.get_reader({"mode": "byob"})
                view = model.construct(GLOBALS[kind], [js.ArrayBuffer(size * 4)])
                greedy = step % 3 == 0 and kind == "Uint8Array" and len(whole) - len(got) >= size
                state = await reader.read(view, {"min": size if greedy else 1})
            reader.release_lock()
            value = state["value"]
            if state["done"]:
                return got
            if kind == "DataView":
                got += bytes(value.buffer[value.byte_offset : value.byte_offset + value.size()])
            else:
                got += value.bytes()

    assert run(main) == whole


# ------------------------------------------------------------------------------------------- asynchronous iteration


@some
@given(chunks, pauses, st.integers(1, 20))
def test_generators_asked_ahead(items: list[int], wait: list[int], times: int) -> None:
    """However many steps are asked for before the first is answered."""

    async def main() -> None:
        generator = paced(items, wait)
        states = [model.call(generator, "next", []) for _ in range(times)]
        values = [await state for state in states]
        assert [state["value"] for state in values] == [*items, *[None] * times][:times]
        assert [state["done"] for state in values] == [number >= len(items) for number in range(times)]

    run(main)


def test_what_a_guest_may_do_with_a_generator_of_the_host() -> None:
    async def echo() -> AsyncIterator[Any]:
        sent = []
        try:
            while True:
                try:
                    sent.append((yield len(sent)))
                except GuestException as thrown:
                    sent.append(thrown.value)
        finally:
            log.append(sent)

    log: list[Any] = []

    async def main() -> None:
        generator = echo()
        assert model.get(generator, ASYNC_ITERATOR) is not None
        assert model.call(generator, ASYNC_ITERATOR, []) is generator
        asked = [model.call(generator, *step) for step in (("next", ["dropped"]), ("next", ["a"]), ("throw", ["b"]), ("return", ["c"]))]
        assert [await each for each in asked] == [{"value": n, "done": False} for n in range(3)] + [{"value": "c", "done": True}]
        assert log == [["a", "b"]]
        assert await model.call(generator, "next", []) == {"value": None, "done": True}

    run(main)


def test_for_await_closes_what_it_leaves() -> None:
    log: list[str] = []

    def iterator() -> Any:
        return js.Object({"next": lambda: {"value": 1, "done": False}, "return": lambda: log.append("return") or js.Object()})

    async def main() -> None:
        items = each_settled(js.Object({ASYNC_ITERATOR: iterator}))
        assert await anext(items) == 1
        await items.aclose()  # type: ignore[attr-defined]
        assert log == ["return"]
        log.clear()
        waiting = js.Object({"next": lambda: js.Promise(lambda *_both: None), "return": lambda: log.append("return") or js.Object()})
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(js.aiter(waiting)), 0.01)
        assert log == ["return"]

    run(main)


# ------------------------------------------------------------------------------------------- what guests cannot do


def test_nothing_of_ours_is_seen() -> None:
    for stream in (js.ReadableStream(), js.WritableStream(), js.TransformStream()):
        names = [name for cls in type(stream).__mro__ for name in getattr(cls, "__slots__", ())]
        for name in (*names, "__class__", "__init__", "get_reader", "_make", "from_"):
            assert model.get(stream, name) is None
        prototype = model.prototype_of(stream)
        with pytest.raises(js.TypeError):
            model.set(prototype, "locked", 5)
        assert not model.try_set(prototype, "mine", 5)


def test_iterators_that_nobody_has_shown_to_guests() -> None:
    class Hidden:
        def __aiter__(self) -> Any:
            raise AssertionError("a guest ran this")

    with pytest.raises(js.TypeError):
        model.call(GLOBALS["ReadableStream"], "from", [Hidden()])
    step = model.get(model.prototype_of(js.expose(Hidden())), "next")
    with pytest.raises(js.TypeError):
        model.apply(step, Hidden(), [])


def test_iterators_of_any_class() -> None:
    class Plain:
        __slots__ = ("left",)
        __hash__ = None  # type: ignore[assignment]

        def __init__(self) -> None:
            self.left = 2

        def __aiter__(self) -> Any:
            return self

        async def __anext__(self) -> int:
            self.left -= 1
            if self.left < 0:
                raise StopAsyncIteration
            return self.left

    js.expose(Plain)

    async def main() -> None:
        plain = Plain()
        assert [(await model.call(plain, "next", []))["value"] for _ in range(3)] == [1, 0, None]
        assert [item async for item in js.aiter(Plain())] == [1, 0]
        stream = model.call(GLOBALS["ReadableStream"], "from", [Plain()])
        assert [item async for item in stream] == [1, 0]

    run(main)


def test_what_waits_in_a_stream_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "MAX_VALUES", 1 << 13)

    def flood(controller: Any) -> None:
        while True:
            controller.enqueue(b"x")

    for source in ({"start": flood}, {"start": flood, "type": "bytes"}):
        with pytest.raises(js.RangeError):
            js.ReadableStream(source)
    reader = js.ReadableStream().get_reader()
    with pytest.raises(js.RangeError):
        for _ in range(1 << 15):
            reader.read()


def test_what_a_job_begins_belongs_to_its_queue() -> None:
    jobs, seen = Jobs(), []

    async def main() -> None:
        jobs.add(lambda: seen.append(default_jobs()))
        await asyncio.sleep(0)
        assert seen == [jobs]
        assert default_jobs() is not jobs

    run(main)


def test_a_stream_that_nobody_reads_is_collected(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        for _ in range(3):
            js.ReadableStream.from_(paced([1, 2], [])).tee()
        gc.collect()

    run(main)
    assert not [record for record in caplog.records if "streams" in record.getMessage()]
