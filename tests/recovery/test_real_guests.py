"""What the guard promises, where it takes a real guest to break it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from bindgen_patch import GuestAborted, ModuleTerminated


@pytest.fixture
def guest(load: Callable[..., Any], mode: str) -> Any:
    """The guest of failures; its host function runs what a test puts into ``guest.on_call``."""
    module = load("recovery", mode)
    module.on_call = lambda depth: depth
    module.instance.provide(
        {"log": lambda line: None, "call_host": lambda depth: module.on_call(depth), "call_closure": lambda closure, value: closure(value)}
    )
    return module


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt(), SystemExit(3)])
def test_an_interrupt_is_not_lost_behind_a_death(guest: Any, interrupt: BaseException) -> None:
    def on_call(_: int) -> int:
        with pytest.raises(GuestAborted):
            guest.abort()
        raise interrupt

    guest.on_call = on_call
    with pytest.raises(type(interrupt)) as caught:
        guest.nest(0)
    assert caught.value is interrupt
    assert guest.instance.state == "terminated"
    with pytest.raises(ModuleTerminated):
        guest.increment()


def test_a_destructor_that_fails_while_collected_is_nobodys_error(guest: Any, caplog: pytest.LogCaptureFixture) -> None:
    def on_call(_: int) -> int:
        raise ValueError("the host failed a destructor")

    guest.on_call = on_call
    assert guest.increment() == 1
    inside = guest.instance._bp_door._guest
    stack = inside._stack()
    inside.garbage.extend([("call_nest", (0,))] * 3)  # any function that calls the host
    inside.calm = False
    with caplog.at_level(logging.ERROR, "bindgen_patch"):
        assert guest.increment() == 2
    assert [record.getMessage() for record in caplog.records] == ["the destructor of a collected object failed"] * 3
    assert (inside._stack(), guest.instance.state) == (stack, "live")


def test_an_interrupt_in_a_destructor_passes(guest: Any) -> None:
    def on_call(_: int) -> int:
        raise KeyboardInterrupt

    guest.on_call = on_call
    guest.increment()
    inside = guest.instance._bp_door._guest
    inside.garbage.append(("call_nest", (0,)))
    inside.calm = False
    with pytest.raises(KeyboardInterrupt):
        guest.increment()
    assert guest.increment() == 2


def test_a_nested_call_leaves_the_exception_of_the_outer_one_alone(guest: Any) -> None:
    """As when the destructor of a frame that a host's exception unwinds calls the host, and that the guest."""

    def on_call(_: int) -> int:
        raise ValueError("inner")

    guest.increment()
    inside = guest.instance._bp_door._guest
    outer = inside.host_error = KeyError("outer")
    inside.push_frame()
    inside.pop_frame()
    assert inside.host_error is outer
    inside.host_error = None
    guest.on_call = on_call
    with pytest.raises(ValueError, match="inner"):
        guest.nest(0)
    assert inside.host_error is None
