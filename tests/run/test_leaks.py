"""Nothing leaks: not when an argument is bad, not when a call fails, not over a million calls.

``BINDGEN_PATCH_SOAK=1000000 pytest tests/run/test_leaks.py -s`` makes the long run long and prints its figures.
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from weakref import ref

import psutil
import pytest

from bindgen_patch import GuestAborted, PanicError, js

from ..conftest import EVERY_MODE
from .kit import guest_of, not_entered

Load = Callable[..., Any]

CALLS = int(os.environ.get("BINDGEN_PATCH_SOAK", "60000"))
"""How many calls the long run makes, both builds together."""

RSS_SLACK = 3 << 20
"""By how much the process may grow over the long run: Python's own allocator is never quite still."""


class HostError(Exception):
    """What the host raises on demand."""


class Host:
    """Answers the guest's calls; raises when told to."""

    def __init__(self) -> None:
        self.fails = False

    def text(self, text: str) -> str:
        if self.fails:
            raise HostError(text)
        return text[::-1]

    def take(self, text: str, data: bytes) -> list[float]:
        if self.fails:
            raise HostError(text)
        return [float(byte) for byte in data]


@pytest.fixture(scope="module", autouse=True)
def others() -> Iterator[None]:
    """What other tests have left in this process is none of the collector's business here: looking through it took seconds each time."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(params=EVERY_MODE)
def mode(request: pytest.FixtureRequest) -> str:
    """How the guest is built."""
    return str(request.param)


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def alloc(load: Load, host: Host, mode: str) -> Any:
    return start(load, host, mode)


def start(load: Load, host: Host, mode: str) -> Any:
    module = load("alloc", mode)
    module.instance.provide({"host_text": host.text, "host_take": host.take})
    return module


# ------------------------------------------------------------------------------------------- the state of a guest


@dataclass(frozen=True)
class State:
    """What must be the same before and after."""

    live_bytes: int
    live_allocations: int
    guest_handles: int
    host_handles: int
    memory: int


def state(module: Any) -> State:
    """The guest's own counters, the host's table of handles, and the size of the guest's memory."""
    gc.collect()
    counters = module.live_bytes(), module.live_allocations(), module.live_values()
    guest = guest_of(module)
    guest._refresh()
    return State(*counters, len(module.instance._bp_door._guest.values), guest._size)


def test_the_counters_count(alloc: Any) -> None:
    before = state(alloc)
    alloc.leak(1000)
    after = state(alloc)
    assert (after.live_bytes, after.live_allocations) == (before.live_bytes + 1000, before.live_allocations + 1)
    kept = alloc.make_closure(500), alloc.Holder(bytes(700), "text")
    assert state(alloc).live_bytes > after.live_bytes + 1200
    del kept
    assert state(alloc) == after


# ------------------------------------------------------------------------------------------- bad arguments

BAD: dict[str, Callable[[Any, Any], object]] = {
    "the third of three": lambda m, _: m.owned("text", [1.0, 2.0], "3"),
    "the third, out of range": lambda m, _: m.owned("text", [1.0, 2.0], 256),
    "the second of three": lambda m, _: m.owned("text", ["1"], 3),
    "too few": lambda m, _: m.owned("text", [1.0]),
    "an object that is none": lambda m, _: m.lent("left", "right", "holder"),
    "a text behind an object": lambda m, holder: m.given("left", holder, None),
    "a number behind lists": lambda m, holder: m.lists([holder], [object()], ["text"], -1),
    "a text in a list": lambda m, holder: m.lists([holder], [object()], ["text", 5], 1),
    "an object in a list": lambda m, holder: m.lists([holder, 5], [object()], ["text"], 1),
    "the last of optional ones": lambda m, holder: m.maybe("text", b"bytes", holder, 256),
    "an optional one in the middle": lambda m, _: m.maybe("text", 5, None, 3),
    "a value behind a buffer": lambda m, _: m.fill(bytearray(10), 256),
    "the text of a constructor": lambda m, _: m.Holder(bytes(100), None),
    "the text of a static method": lambda m, _: m.Holder.checked(bytes(100), 5),
    "the text of a method": lambda m, holder: holder.append(5),
    "what a property is set to": lambda m, holder: setattr(holder, "bytes", "text"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_argument_leaves_no_trace(alloc: Any, name: str) -> None:
    holder = alloc.Holder(b"1", "2")
    before, allocations = state(alloc), alloc.total_allocations()
    with not_entered(alloc):
        for _ in range(10):
            with pytest.raises((TypeError, OverflowError)):
                BAD[name](alloc, holder)
    assert alloc.total_allocations() == allocations
    assert state(alloc) == before


def test_a_bad_argument_of_a_closure_leaves_no_trace(alloc: Any) -> None:
    closure = alloc.make_closure(10)
    before = state(alloc)
    with not_entered(alloc), pytest.raises(TypeError, match=r"^argument 1: expected str, not int$"):
        closure(5)
    assert state(alloc) == before
    assert closure("text") == 14


def test_what_was_to_be_given_away_is_still_there(alloc: Any) -> None:
    holder = alloc.Holder(b"123", "text")
    with pytest.raises(TypeError):
        alloc.given("left", holder, None)
    with pytest.raises(OverflowError):
        alloc.lists([holder], [], [], -1)
    assert holder.size() == 7
    assert alloc.given("left", holder, "right") == 16


# ------------------------------------------------------------------------------------------- failing calls


def failing(module: Any, host: Host, *, unwinds: bool) -> Iterator[tuple[type[BaseException], Callable[[], Any]]]:
    """Calls that fail, and how. With panic=abort no destructors run for a panic, and the instance is lost with what it held."""
    yield js.Error, lambda: module.make_or_fail(True)
    yield js.Error, lambda: module.fail_with("text", [1.0])
    yield js.Error, lambda: module.Holder.checked(b"bytes", "")
    yield TypeError, lambda: module.owned("text", [1.0], None)
    host.fails = True
    yield HostError, lambda: module.give_host(100)
    host.fails = False
    if unwinds:
        yield PanicError, lambda: module.panic_with("text", [1.0])


def fail(module: Any, host: Host, *, unwinds: bool) -> int:
    """Make each of them; says how many."""
    count = 0
    for kind, call in failing(module, host, unwinds=unwinds):
        count += 1
        try:
            call()
        except kind:
            continue
        raise AssertionError("it did not fail")
    return count


def test_failures_free_what_they_were_given(alloc: Any, host: Host, mode: str) -> None:
    fail(alloc, host, unwinds=mode != "abort")
    before = state(alloc)
    for _ in range(200):
        fail(alloc, host, unwinds=mode != "abort")
    assert state(alloc) == before


def test_what_an_import_that_may_fail_was_given(alloc: Any, host: Host) -> None:
    host.fails = True
    assert alloc.try_give_host(100) is None
    before = state(alloc)
    for _ in range(200):
        assert alloc.try_give_host(100) is None
    assert state(alloc) == before


def test_the_engine_forgets_exceptions(alloc: Any, host: Host) -> None:
    """Each one that leaves the guest is an object of the engine's; the host must not keep them alive."""
    host.fails, process = True, psutil.Process()
    for count in (5_000, 25_000):
        gc.collect()
        resident = process.memory_info().rss
        for _ in range(count):
            with contextlib.suppress(HostError):
                alloc.give_host(1)
    assert process.memory_info().rss - resident < 400 << 10


# ------------------------------------------------------------------------------------------- a million calls


def rounds(module: Any, host: Host, *, unwinds: bool) -> Iterator[int]:
    """Calls of every kind, for ever; yields how many were made."""
    data, numbers, buffer, value = bytes(range(100)), array("d", range(20)), bytearray(50), {"a": 1}
    text, closure = "a text with ümläuts and 🦀", module.make_closure(5)
    while True:
        assert module.owned(text, numbers, 5) == len(text.encode()) + 25
        assert module.owned("", [], 0) == 0
        holder = module.Holder(data, text)
        assert module.lent("left", "right", holder) == 9 + holder.size()
        holder.append("more")
        holder.text = holder.text[:4]
        holder.bytes = holder.bytes[:10]
        assert module.given("left", holder, "right") == 9 + 14
        holders = module.make_holders(3)
        assert module.lists(holders, [value, None, "text", 5], ["a", "b"], 1) == 10
        assert module.maybe(None, data, module.Holder(b"", "x"), None) == 101
        assert module.maybe() == 0
        module.fill(buffer, 7)
        assert module.Holder(data, "").into_bytes() == data
        assert module.make_text(100) == "x" * 100
        assert len(module.make_bytes(1000)) == 1000
        assert module.make_texts(5) == ["0", "1", "2", "3", "4"]
        assert module.make_flags(3) == [True] * 3
        assert module.make_maybe(True) == "some"
        assert module.make_maybe(False) is None
        assert module.through_host(text) == text[::-1]
        module.give_host(10)
        assert module.try_give_host(10) == 10
        assert closure("abc") == 8
        assert module.make_closure(100)("text") == 104
        with module.Holder.checked(data, text) as holder:
            assert holder.size() > 100
        yield 36
        yield fail(module, host, unwinds=unwinds)


@pytest.mark.parametrize("mode", EVERY_MODE)
def test_a_million_calls(load: Load, host: Host, mode: str) -> None:
    module, process = start(load, host, mode), psutil.Process()
    calls = rounds(module, host, unwinds=mode != "abort")
    for _ in zip(range(300), calls, strict=False):
        pass  # until Python and the guest have settled
    before, resident = state(module), process.memory_info().rss
    made = 0
    while made < CALLS // 2:
        made += next(calls)
    after, grown = state(module), process.memory_info().rss - resident
    print(f"\n{mode}: {made} calls; {after}; resident set {resident >> 10} KiB, {grown / 1024:+.0f} KiB")
    assert after == before
    assert grown < RSS_SLACK


def test_what_a_death_leaves_goes_without_the_collector(load: Load, mode: str) -> None:
    """The error refers to the frames of the call, and these to the guest; were the guest to refer to the error, they would stay."""
    module = load("recovery", mode)
    i = module.Instance(on_abort="reinit")
    gone = []
    gc.disable()
    try:
        for _ in range(5):
            assert i.add(1, 2) == 3
            gone.append(ref(i._bp_door.guest))
            with contextlib.suppress(GuestAborted):
                i.abort()
        assert i.add(1, 2) == 3
        assert [reference() for reference in gone] == [None] * 5
    finally:
        gc.enable()


def test_a_package_that_nobody_has_is_collected(load: Load, mode: str) -> None:
    """Its instances, its compiled code and the functions of its host lead to each other."""
    module = load("alloc", mode)
    module.instance.provide({"host_text": lambda text: text})
    i = module.Instance()
    assert (i.live_bytes(), module.live_bytes()) == (0, 0)
    program, instance = ref(module._bp_program), ref(i)
    del sys.modules[module.__name__], module, i
    gc.collect()
    assert (program(), instance()) == (None, None)
