"""What can be seen of an Instance: counters, and a log record for each event."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from bindgen_patch import GuestAborted, ModuleTerminated, PanicError

Load = Callable[..., Any]


def numbers(i: Any) -> tuple[int, int, dict[str, int], int, int]:
    c = i.counters
    return c.calls, c.panics, c.aborts, c.reinits, c.refusals


def test_counters_begin_at_nothing(load: Load) -> None:
    i = load("recovery", "unwind").Instance()
    assert numbers(i) == (0, 0, {}, 0, 0)
    assert i.counters.live_handles == 0
    assert i.state == "new"


@pytest.mark.parametrize("mode", ["unwind", "legacy", "abort"])
def test_each_event_is_counted_once(load: Load, mode: str) -> None:
    i = load("recovery", mode).Instance()
    i.provide({"call_host": lambda depth: i.nest(depth - 1) if depth else 0})
    i.nest(2)
    assert numbers(i) == (3, 0, {}, 0, 0)
    if mode != "abort":
        for _ in range(2):
            with pytest.raises(PanicError):
                i.panic_static()
        with pytest.raises(PanicError):
            i.Counter(1).set_then_panic(4)
        assert numbers(i) == (7, 3, {}, 0, 0)
    before = i.counters.calls
    with pytest.raises(GuestAborted):
        i.abort()
    for _ in range(4):
        with pytest.raises(ModuleTerminated):
            i.add(1, 1)
    assert numbers(i)[0] == before + 1
    assert numbers(i)[2:] == ({"unreachable": 1}, 0, 4)
    i.schedule_reinit()
    i.add(1, 1)
    i.terminate()
    i.schedule_reinit()
    i.add(1, 1)
    with pytest.raises(GuestAborted):
        i.unreachable()
    assert numbers(i)[2:] == ({"unreachable": 2, "terminated": 1}, 2, 4)


def test_a_panic_that_passes_several_levels_is_one(load: Load) -> None:
    i = load("recovery", "unwind").Instance(imports={"call_closure": lambda closure, value: closure(value)})
    with pytest.raises(PanicError):
        i.lend_panicking_closure(3)
    assert i.counters.panics == 1
    assert i.state == "live"


def test_counters_are_a_copy(load: Load) -> None:
    i = load("recovery", "unwind").Instance()
    i.add(1, 1)
    before = i.counters
    with pytest.raises(GuestAborted):
        i.abort()
    assert (before.calls, before.aborts) == (1, {})


def test_instances_count_for_themselves(load: Load) -> None:
    module = load("recovery", "unwind")
    one, two = module.Instance(), module.Instance()
    one.add(1, 1)
    assert (one.counters.calls, two.counters.calls, module.instance.counters.calls) == (1, 0, 0)


def test_live_handles(load: Load) -> None:
    i = load("values", "unwind").Instance()
    for k in range(3):
        i.hold({"held": k})
    assert i.counters.live_handles == 3
    i.schedule_reinit()
    i.hold(None)
    assert i.counters.live_handles == 0


def test_a_log_record_for_each_event(load: Load, caplog: pytest.LogCaptureFixture) -> None:
    i = load("recovery", "unwind").Instance()
    caplog.set_level(logging.DEBUG, "bindgen_patch")
    with pytest.raises(PanicError):
        i.panic_with("told to the log")
    with pytest.raises(GuestAborted):
        i.abort()
    with pytest.raises(ModuleTerminated):
        i.add(1, 1)
    i.schedule_reinit()
    i.add(1, 1)
    records: list[Any] = [record for record in caplog.records if hasattr(record, "event")]
    assert [(r.event, r.levelno, r.instance_id) for r in records] == [
        ("panic", logging.WARNING, 0),
        ("abort", logging.WARNING, 0),
        ("refusal", logging.DEBUG, 0),
        ("reinit", logging.INFO, 1),
    ]
    assert "told to the log" in records[0].getMessage()
    assert "unreachable" in records[1].getMessage()
    assert {r.instance for r in records} == {i._bp_door.name}
    assert i._bp_door.name.startswith(type(i).__module__)


def test_two_instances_have_two_names(load: Load) -> None:
    module = load("recovery", "unwind")
    assert module.Instance()._bp_door.name != module.Instance()._bp_door.name
