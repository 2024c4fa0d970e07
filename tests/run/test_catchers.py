"""Exports that a host's exception has left are called by a catcher of the companion's from then on: nobody notices but the clock."""

from __future__ import annotations

import ctypes
import gc
import math
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from bindgen_patch import GuestAborted, Limits, PanicError
from bindgen_patch.runtime import calls
from bindgen_patch.runtime.program import Companion
from tests.run.kit import guest_of

Load = Callable[..., Any]
SCALARS: dict[str, tuple[Any, ...]] = {
    "u8": (0, 255), "i8": (-128, 127), "u16": (65535,), "i16": (-32768,), "u32": (0, 2**32 - 1), "i32": (-(2**31), 2**31 - 1),
    "u64": (2**64 - 1,), "i64": (-(2**63), 2**63 - 1), "f32": (1.5, math.inf), "f64": (-0.0, 1e300), "bool": (True, False),
    "usize": (2**32 - 1,), "isize": (-1,),
}  # fmt: skip


@pytest.fixture(params=["unwind", "abort"])
def guest(load: Load, request: pytest.FixtureRequest) -> Any:
    return load("imports", request.param)


def refuse(*_: object) -> Any:
    raise ZeroDivisionError


def learn(function: Callable[..., Any], *args: Any, error: type[BaseException] = ZeroDivisionError) -> None:
    with pytest.raises(error):
        function(*args)


@pytest.fixture
def unasked(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From now on nobody may have to look what left a guest."""

    def ask(_companion: Companion) -> None:
        raise AssertionError("an exception has left wasm")

    return lambda: monkeypatch.setattr(Companion, "took_exception", ask)


def test_the_second_exception_does_not_leave_wasm(guest: Any, unasked: Callable[[], None]) -> None:
    guest.instance.provide({"host_u32": refuse, "host_add": refuse})
    learn(guest.via_u32, 1)
    program = guest._bp_program
    assert program.throwing == {program.numbers["call_via_u32"]}
    unasked()
    for _ in range(3):
        learn(guest.via_u32, 1)
    learn(guest.Instance({"host_u32": refuse}).via_u32, 1)  # and not even the first one of another instance
    guest.instance.provide({"host_u32": lambda value: value + 1})
    assert guest.via_u32(41) == 42
    assert guest.instance.state == "live"


@pytest.mark.parametrize("kind", SCALARS)
def test_words_of_all_kinds(guest: Any, kind: str) -> None:
    function = getattr(guest, f"via_{kind}")
    seen: list[Any] = []
    guest.instance.provide({f"host_{kind}": refuse})
    for _ in range(2):
        learn(function, SCALARS[kind][0])
    guest.instance.provide({f"host_{kind}": lambda value: (seen.append(value), value)[1]})
    for value in SCALARS[kind]:
        assert repr(function(value)) == repr(value)
    assert list(map(repr, seen)) == list(map(repr, SCALARS[kind]))
    guest.instance.provide({f"host_{kind}": refuse})
    learn(function, SCALARS[kind][0])


def test_nested_calls_of_one_export(guest: Any) -> None:
    """All of them use the same slots."""
    depth = 0

    def call(value: int) -> int:
        if value == 0:
            raise ZeroDivisionError
        try:
            return int(guest.via_u32(value - 1))
        except ZeroDivisionError:
            if value == depth:
                return 7
            raise

    guest.instance.provide({"host_u32": call})
    learn(guest.via_u32, 0)
    for depth in (1, 2, 5):
        assert guest.via_u32(depth) == 7
    learn(guest.via_u32, 0)


def test_one_whose_function_is_replaced_while_it_runs(guest: Any) -> None:
    """The outer call has begun by the direct way when the inner one fails."""
    guest.instance.provide({"host_u32": lambda value: refuse() if value else (learn(guest.via_u32, 1), gc.collect(), 5)[2]})
    assert guest.via_u32(0) == 5
    assert guest.via_u32(0) == 5
    learn(guest.via_u32, 1)


def test_an_interrupt_comes_through(guest: Any, unasked: Callable[[], None]) -> None:
    def interrupt(_value: int) -> int:
        raise KeyboardInterrupt

    guest.instance.provide({"host_u32": interrupt})
    learn(guest.via_u32, 1, error=KeyboardInterrupt)
    unasked()
    learn(guest.via_u32, 1, error=KeyboardInterrupt)
    guest.instance.provide({"host_u32": lambda value: value})
    assert guest.via_u32(3) == 3


def test_what_was_passed_does_not_live_on(guest: Any) -> None:
    class Value:
        pass

    guest.instance.provide({"host_value": refuse})
    gc.disable()
    try:
        for _ in range(3):
            value = Value()
            learn(guest.via_value, value)
            gone = weakref.ref(value)
            del value
            guest_of(guest).values.clear()  # the guest does not drop what it gave away
            assert gone() is None, "an exception keeps the frames of its call"
    finally:
        gc.enable()


def test_a_host_that_could_not_begin(guest: Any) -> None:
    """As when the interpreter's stack is used up: its failure has no exception."""
    guest.instance.provide({"host_u32": refuse})
    learn(guest.via_u32, 1)
    inside = guest_of(guest)
    assert isinstance(inside._failed(None, ctypes.c_void_p(calls.CAUGHT)), RecursionError)
    assert inside.death is None


def test_a_killed_one_does_not_come_back(guest: Any) -> None:
    guest.instance.provide({"host_u32": refuse})
    learn(guest.via_u32, 1)
    guest.instance.provide({"host_u32": lambda _value: guest.instance.terminate("enough")})
    with pytest.raises(GuestAborted, match="enough") as caught:
        guest.via_u32(1)
    assert caught.value.kind == "terminated"


@pytest.mark.parametrize("mode", ["unwind", "legacy"])
def test_panics(load: Load, mode: str, unasked: Callable[[], None]) -> None:
    guest = load("recovery", mode)
    stack = guest_of(guest)._stack_pointer.get()
    learn(guest.panic_static, error=PanicError)  # one without text: whole calls (edit/whole.py) are not caught
    unasked()
    for _ in range(3):
        with pytest.raises(PanicError) as caught:
            guest.panic_static()
        assert caught.value.message == "a static message"
    assert guest_of(guest)._stack_pointer.get() == stack
    assert guest.instance.counters.panics == 4


def test_a_death_tells_the_same_frames(load: Load) -> None:
    """Those of the companion are left out, the catcher's too."""
    told = []
    for catching in (False, True):
        guest = load("recovery", "unwind")
        if catching:
            program = guest._bp_program
            program.throwing.add(program.numbers["call_unreachable"])
        with pytest.raises(GuestAborted) as caught:
            guest.unreachable()
        told.append((caught.value.kind, caught.value.message, caught.value.frames))
    assert told[0] == told[1]
    assert told[0][2]


def test_fuel_and_deadlines_hold(load: Load) -> None:
    guest = load("recovery", "unwind")
    program = guest._bp_program
    program.throwing.add(program.numbers["call_spin"])
    with pytest.raises(GuestAborted) as caught:
        guest.Instance(limits=Limits(fuel_per_call=100_000)).spin()
    assert caught.value.kind == "fuel"
    with pytest.raises(GuestAborted) as caught:
        guest.Instance(limits=Limits(seconds_per_call=0.05)).spin()
    assert caught.value.kind == "deadline"


def test_host_functions_are_called_from_more_places_than_are_remembered(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "_FRAMES_KNOWN", 2)
    guest = load("imports", "unwind")
    guest.instance.provide({"host_u32": lambda value: guest.via_u32(value - 1) + 1 if value else 0})
    for depth in (9, 3, 12, 0):
        assert guest.via_u32(depth) == depth
