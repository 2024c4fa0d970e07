"""Guests that do something when they start, guests whose start fails, and the hook that tells the console why a guest died."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from bindgen_patch import GuestAborted, MissingImport, ModuleTerminated, PanicError, js

from ..conftest import EVERY_MODE

Load = Callable[..., Any]


# ------------------------------------------------------------------------------------------- start


@pytest.fixture(params=EVERY_MODE)
def mode(request: pytest.FixtureRequest) -> str:
    """How the guest is built."""
    return str(request.param)


@pytest.fixture
def told() -> list[str]:
    return []


@pytest.fixture
def guest(load: Load, mode: str, told: list[str]) -> Any:
    module = load("start", mode)
    module.instance.provide({"host_started": told.append})
    return module


def test_start_runs_once_before_the_first_call(guest: Any, told: list[str]) -> None:
    assert told == []
    assert [guest.starts(), guest.starts()] == [1, 1]
    assert told == ["started"]


def test_start_is_a_public_function_too(guest: Any, told: list[str]) -> None:
    assert guest.begin() is None
    assert told == ["started"] * 2
    assert guest.starts() == 2


def test_start_runs_in_each_fresh_instance(guest: Any, told: list[str]) -> None:
    guest.starts()
    guest.instance.schedule_reinit()
    assert (guest.starts(), told, guest.instance.instance_id) == (1, ["started"] * 2, 1)
    guest.reinit()
    assert told == ["started"] * 2, "a fresh instance comes with the next call"
    assert (guest.starts(), told, guest.instance.instance_id) == (1, ["started"] * 3, 2)
    with pytest.raises(GuestAborted):
        guest.abort()
    assert told == ["started"] * 3
    guest.instance.schedule_reinit()
    assert (guest.starts(), told, guest.instance.instance_id) == (1, ["started"] * 4, 3)


def test_start_runs_in_each_isolated_instance(guest: Any, told: list[str]) -> None:
    i = guest.Instance({"host_started": lambda message: told.append("another")})
    assert (i.starts(), guest.starts()) == (1, 1)
    assert told == ["another", "started"]


def test_start_without_its_import(load: Load, mode: str) -> None:
    module = load("start", mode)
    for _ in range(2):
        with pytest.raises(MissingImport, match="host_started"):
            module.starts()
        assert module.instance.state == "new"
    module.instance.provide({"host_started": lambda message: None})
    assert module.starts() == 1


@pytest.mark.parametrize("error", [LookupError("no"), KeyboardInterrupt(), js.Error("no")])
def test_a_host_function_that_fails_in_start(guest: Any, error: BaseException) -> None:
    def fail(message: str) -> None:
        raise error

    guest.instance.provide({"host_started": fail})
    with pytest.raises(type(error)) as caught:
        guest.starts()
    assert caught.value is error
    assert guest.instance.state == "new"
    guest.instance.provide({"host_started": lambda message: None})
    assert (guest.starts(), guest.instance.instance_id, guest.instance.state) == (1, 0, "live")


def test_calls_from_inside_start_run_on_the_instance_that_starts(guest: Any) -> None:
    seen: list[object] = []

    def started(message: str) -> None:
        seen.append((guest.starts(), guest.instance.state))

    guest.instance.provide({"host_started": started})
    assert guest.starts() == 1
    assert seen == [(1, "live")]


def test_closing_inside_start(guest: Any) -> None:
    guest.instance.provide({"host_started": lambda message: guest.instance.close()})
    with pytest.raises((GuestAborted, ModuleTerminated)):
        guest.starts()
    assert guest.instance.state == "closed"
    with pytest.raises(ModuleTerminated, match="closed"):
        guest.starts()


def test_terminate_inside_start(guest: Any) -> None:
    """A start that fails like any other: nobody's hook runs, and the next call tries afresh."""
    deaths: list[GuestAborted] = []
    guest.instance.on_abort(deaths.append)
    guest.instance.provide({"host_started": lambda message: guest.instance.terminate("not yet")})
    with pytest.raises(GuestAborted, match="not yet"):
        guest.starts()
    assert (guest.instance.state, guest.instance.counters.aborts, deaths) == ("new", {}, [])
    guest.instance.provide({"host_started": lambda message: None})
    assert guest.starts() == 1


# ------------------------------------------------------------------------------------------- a start that fails

START, PANIC, ABORT, FAIL, THROW = range(5)


@pytest.fixture
def failing(load: Load, mode: str) -> Any:
    module = load("start_fails", mode)
    module.say = lambda *answers: module.instance.provide(
        {"host_start_mode": lambda: answers[0] if len(answers) == 1 else answers_in_turn(answers)}
    )

    def answers_in_turn(answers: tuple[int, ...]) -> int:
        module.asked = getattr(module, "asked", -1) + 1
        return answers[module.asked]

    return module


FAILURES: dict[int, tuple[type[Exception], str]] = {
    PANIC: (PanicError, "panicked at the start"),
    ABORT: (GuestAborted, ""),
    FAIL: (js.Error, "failed at the start"),
    THROW: (js.Error, "thrown at the start"),
}


@pytest.mark.parametrize("how", FAILURES)
def test_a_start_that_fails(failing: Any, how: int, mode: str) -> None:
    """The error comes as it is, nobody's hook runs, and the next call tries afresh."""
    expected, message = FAILURES[how]
    if how == PANIC and mode == "abort":
        expected, message = GuestAborted, ""
    deaths: list[GuestAborted] = []
    failing.instance.on_abort(deaths.append)
    failing.say(how)
    for _ in range(3):
        with pytest.raises(expected) as caught:
            failing.started()
        assert message in str(caught.value)
        assert (failing.instance.state, failing.instance.instance_id) == ("new", 0)
    failing.say(START)
    assert (failing.started(), failing.instance.state, failing.instance.instance_id) == (1, "live", 0)
    assert deaths == []


@pytest.mark.parametrize("how", FAILURES)
def test_a_restart_that_fails(failing: Any, how: int) -> None:
    failing.say(START, how, how, START)
    assert failing.started() == 1
    failing.instance.schedule_reinit()
    for _ in range(2):
        with pytest.raises((js.Error, GuestAborted, PanicError)):
            failing.started()
        assert failing.instance.state == "new"
    assert (failing.started(), failing.instance.instance_id) == (1, 1)


def test_a_start_that_fails_after_a_death(failing: Any) -> None:
    failing.say(START, FAIL, START)
    with pytest.raises(GuestAborted):
        failing.abort()
    failing.instance.schedule_reinit()
    with pytest.raises(js.Error, match="failed at the start"):
        failing.started()
    assert failing.started() == 1


def test_failing_starts_leave_nothing_behind(failing: Any) -> None:
    failing.say(FAIL)
    for _ in range(50):
        with pytest.raises(js.Error):
            failing.started()
    assert len(failing._bp_program.guests) == 0


# ------------------------------------------------------------------------------------------- console_error_panic_hook


@pytest.fixture
def telling(load: Load) -> Any:
    """A guest built with panic=abort that has the usual hook."""
    return load("panic_hook", "abort")


def test_the_message_of_a_panic_that_aborts(telling: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="bindgen_patch"), pytest.raises(GuestAborted) as caught:
        telling.panic_with("grüße\nfrom Rust")
    assert caught.value.kind == "panic"
    assert caught.value.message == "grüße\nfrom Rust"
    assert caught.value.location is not None
    assert caught.value.location.endswith("src/lib.rs:14:5")
    assert str(caught.value) == caught.value.message
    console = [record for record in caplog.records if record.name == "bindgen_patch.console"]
    assert [record.levelname for record in console] == ["ERROR"]
    assert "grüße\nfrom Rust" in console[0].getMessage()
    with pytest.raises(ModuleTerminated, match="from Rust"):
        telling.divide(1, 1)


def test_each_death_has_its_own_message(telling: Any) -> None:
    i = telling.Instance(on_abort="reinit")
    for text in ("first", "second"):
        with pytest.raises(GuestAborted) as caught:
            i.panic_with(text)
        assert caught.value.message == text
    with pytest.raises(GuestAborted) as caught:
        i.divide(1, 0)
    assert caught.value.message == "attempt to divide by zero"
    assert caught.value.kind == "panic"
    with pytest.raises(GuestAborted) as caught:
        i.abort()
    assert caught.value.kind == "unreachable"
    assert "panicked" not in caught.value.message


def test_a_console_of_the_hosts_own(telling: Any) -> None:
    lines: list[str] = []
    telling.instance.provide({"console": {"error": lines.append}})
    with pytest.raises(GuestAborted, match=r"^mine\n"):
        telling.panic_with("mine")
    assert len(lines) == 1
    assert lines[0].startswith("panicked at ")


def test_a_console_that_fails(telling: Any) -> None:
    """The hook cannot report: what it raised comes out, as from any import, and nothing has aborted yet."""

    def error(text: str) -> None:
        raise LookupError("no console")

    telling.instance.provide({"console": {"error": error}})
    with pytest.raises((LookupError, GuestAborted)):
        telling.panic_with("lost")


def test_without_a_hook_the_message_is_lost(load: Load) -> None:
    guest = load("classes", "abort")
    with pytest.raises(GuestAborted) as caught:
        guest.Counter(1).panic_shared()
    assert (caught.value.kind, "panicked at" in caught.value.message) == ("panic", False)
