"""The clock: alarms ring when it is their time, once, and no thread wakes up for nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bindgen_patch.runtime.clock import Clock


class Stopped(Clock):
    """A clock without its thread: time is what the test says."""

    def __init__(self) -> None:
        super().__init__()
        self._thread = threading.current_thread()


class Note:
    """An alarm that notes when it rang, and says when it wants to again."""

    def __init__(self, again: Callable[[float], float | None] = lambda now: None) -> None:
        self.rang: list[float] = []
        self.again = again

    def ring(self, now: float) -> float | None:
        self.rang.append(now)
        return self.again(now)


MOMENTS = st.integers(0, 100).map(float)
STEPS = st.lists(st.tuples(st.sampled_from(["set", "pass"]), st.integers(0, 4), MOMENTS), max_size=60)


@settings(max_examples=200, deadline=None)
@given(STEPS)
def test_alarms_ring_at_the_time_that_was_last_asked_for(steps: list[tuple[str, int, float]]) -> None:
    """Against a model: a dictionary of times."""
    clock, notes, wanted, now = Stopped(), [Note() for _ in range(5)], dict[int, float](), 0.0
    for what, number, moment in steps:
        if what == "set":
            clock.at(now + moment, notes[number])
            wanted[number] = now + moment
        else:
            now += moment
            due = {n for n, when in wanted.items() if when <= now}
            before = [len(note.rang) for note in notes]
            soonest = clock.ring(now)
            assert [len(note.rang) - count for note, count in zip(notes, before, strict=True)] == [int(n in due) for n in range(5)]
            for n in due:
                del wanted[n]
            assert clock.times == {notes[n]: when for n, when in wanted.items()}
            assert soonest is None or soonest <= min(wanted.values(), default=soonest)
            assert wanted == {} or (soonest is not None and soonest > now)


def test_an_alarm_that_rings_again() -> None:
    clock, note = Stopped(), Note(lambda now: now + 10)
    clock.at(5.0, note)
    assert (clock.ring(4.0), clock.ring(5.0), clock.ring(15.0)) == (5.0, 15.0, 25.0)
    assert note.rang == [5.0, 15.0]


def test_an_alarm_may_set_itself() -> None:
    clock = Stopped()
    note = Note(lambda now: clock.at(now + 1, note) or now + 99)  # type: ignore[func-returns-value]
    clock.at(1.0, note)
    assert clock.ring(1.0) == 2.0


def test_an_alarm_that_fails_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_now: float) -> None:
        raise ValueError("broken")

    clock, good = Stopped(), Note()
    clock.at(1.0, Note(fail))
    clock.at(2.0, good)
    assert clock.ring(3.0) is None
    assert (good.rang, "broken" in caplog.text) == ([3.0], True)


def test_alarms_that_are_set_again_and_again_take_no_room() -> None:
    clock, note = Stopped(), Note()
    for moment in range(5000):
        clock.at(9000.0 - moment, note)
    assert len(clock._heap) < 200
    clock.ring(4001.0)
    assert (note.rang, clock.times) == ([4001.0], {})
    clock.ring(9000.0)
    assert (note.rang, clock._heap) == ([4001.0], [])


def test_no_thread_until_somebody_asks_and_no_waking_afterwards() -> None:
    clock = Clock()
    assert clock._thread is None
    rang = threading.Event()
    late = Note()
    clock.at(time.monotonic() + 3600, late)
    clock.at(time.monotonic() + 0.01, Note(lambda _now: rang.set()))
    assert rang.wait(10)
    thread, wakes = clock._thread, []
    ring = clock.ring
    clock.ring = lambda now: wakes.append(now) or ring(now)  # type: ignore[method-assign, func-returns-value]
    time.sleep(0.1)
    assert (len(wakes) <= 1, late.rang, clock._thread) == (True, [], thread)
    assert thread is not None
    assert thread.daemon


def test_nobody_wakes_for_an_alarm_that_was_forgotten() -> None:
    clock, gone, late = Stopped(), Note(), Note()
    clock.at(1.0, gone)
    clock.at(50.0, late)
    clock.forget(gone)
    clock.forget(Note())
    assert clock.ring(0.5) == 50.0
    assert (clock.ring(60.0), gone.rang, late.rang) == (None, [], [60.0])


def test_the_thread_is_woken_for_what_comes_sooner_and_for_nothing_else() -> None:
    clock, rang = Clock(), threading.Event()
    clock.at(time.monotonic() + 3600, Note())
    time.sleep(0.1)
    wakes, ring = list[float](), clock.ring
    clock.ring = lambda now: wakes.append(now) or ring(now)  # type: ignore[method-assign, func-returns-value]
    later = [Note() for _ in range(200)]
    for note in later:
        clock.at(time.monotonic() + 4000, note)
        clock.forget(note)
    time.sleep(0.1)
    assert wakes == []
    clock.at(time.monotonic() + 0.01, Note(lambda _now: rang.set()))
    assert rang.wait(10)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this platform")
def test_a_child_process_has_a_clock_of_its_own() -> None:
    script = """
import os, threading, time
from bindgen_patch.runtime.clock import clock
class Note:
    def ring(self, now): rang.set()
rang = threading.Event(); clock.at(time.monotonic() + 0.01, Note()); assert rang.wait(10)
clock.lock.acquire()
other = threading.Thread(target=lambda: clock.at(time.monotonic(), Note()), daemon=True); other.start()
child = os.fork()
if not child:
    rang = threading.Event(); clock.at(time.monotonic() + 0.01, Note())
    os._exit(0 if rang.wait(10) else 1)
clock.lock.release()
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout.strip(), done.stderr) == ("0", "")
