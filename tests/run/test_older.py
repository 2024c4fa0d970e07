"""Guests of earlier wasm-bindgens: what they tell or lower in another way, in every position, and what becomes of each failure."""

from __future__ import annotations

import asyncio
import gc
import importlib
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bindgen_patch import GuestAborted, GuestException, ModuleTerminated, PanicError, js, pipeline
from bindgen_patch.decode.schemas import SCHEMAS
from bindgen_patch.emit.package import write

from ..conftest import FIXTURES
from .kit import not_entered

Load = Callable[..., Any]
BUILDS = [("older128", "unwind"), ("older128", "legacy"), ("older128", "abort"), ("older129", "unwind"), ("older129", "abort")]


@pytest.fixture(scope="module", params=BUILDS, ids="-".join)
def guest(load: Load, request: pytest.FixtureRequest) -> Any:
    return load(*request.param)


@pytest.fixture(params=BUILDS, ids="-".join)
def fresh(load: Load, request: pytest.FixtureRequest) -> Any:
    """A default instance of its own, for tests that end it."""
    return load(*request.param)


@pytest.mark.parametrize("build", BUILDS, ids="-".join)
def test_the_schema_is_told(build: tuple[str, str], generated: Callable[..., Any]) -> None:
    module = generated(*build).module
    assert (module.schema, module.version) == ("0.2.128", build[0].replace("older", "0.2."))


# ------------------------------------------------------------------------------------------- values


@pytest.mark.parametrize("name", ["Color", "Level", "Large", "Mood"])
def test_there_and_back(guest: Any, name: str) -> None:
    cls, echo, maybe = getattr(guest, name), getattr(guest, f"echo_{name.lower()}"), getattr(guest, f"maybe_{name.lower()}")
    for member in cls:
        assert echo(member) is member
        assert maybe(member.value) is member
    assert maybe(None) is None
    with not_entered(guest), pytest.raises((TypeError, ValueError)):
        echo(1.5)


@pytest.mark.parametrize(("name", "cls"), [("colors", "Color"), ("larges", "Large")])
def test_lists_of_enumerations(guest: Any, name: str, cls: str) -> None:
    members = [*getattr(guest, cls)] * 2
    given = [member.value for member in members]
    for function in (getattr(guest, f"echo_{name}"), getattr(guest, f"maybe_{name}")):
        assert function(given) == members
        assert all(type(item) is getattr(guest, cls) for item in function(iter(given)))
        assert function([]) == []
    assert getattr(guest, f"maybe_{name}")(None) is None
    with not_entered(guest), pytest.raises(ValueError, match=f"77 is not a valid {cls}"):
        getattr(guest, f"echo_{name}")([0, 77])


def test_what_rust_makes_of_them(guest: Any) -> None:
    color, level, large, mood = guest.Color, guest.Level, guest.Large, guest.Mood
    assert guest.names([color.Blue, 0], level.Lowest, large.Largest, mood.happy) == "[Blue, Red] Some(Lowest) Largest Happy"
    assert guest.names([], None, 0, "so-so, really") == "[] None Zero Sad"


def test_unions(guest: Any) -> None:
    marker = object()
    for value in ("yes", 2.5, marker):
        assert guest.echo_answer(value) == value
        assert guest.maybe_answer(value) == value
    assert guest.maybe_answer(None) is None


def test_fields(guest: Any) -> None:
    with guest.Painting(guest.Color.Green) as painting:
        assert (painting.color, painting.large) == (guest.Color.Green, None)
        painting.color, painting.large = guest.Color.Blue, guest.Large.Largest
        assert (painting.color, painting.large) == (guest.Color.Blue, guest.Large.Largest)
        assert painting.sell() is guest.Color.Blue


def test_everything_else_as_ever(guest: Any) -> None:
    assert guest.greet("Zoë") == "Hello, Zoë!"
    numbers = [1, -2, 3]
    guest.double(numbers)
    assert numbers == [2, -4, 6]


# ------------------------------------------------------------------------------------------- the host


def instance_of(guest: Any, **imports: Any) -> Any:
    return guest.Instance(imports=imports)


def test_the_host_is_given_members_and_gives_them(guest: Any) -> None:
    seen: list[Any] = []

    def host_enums(*given: Any) -> Any:
        seen.append(given)
        return given[1]

    instance = instance_of(guest, host_enums=host_enums, host_large=lambda large: guest.Large.Zero if large else 2**32 - 1)
    assert instance.ask_enums(2, guest.Level.Low, guest.Large.Largest, "happy") == "Some(Low)"
    assert instance.ask_enums(0, None, None, None) == "None"
    assert seen == [(guest.Color.Blue, guest.Level.Low, guest.Large.Largest, guest.Mood.happy), (guest.Color.Red, None, None, None)]
    assert [type(item) for item in seen[0]] == [guest.Color, guest.Level, guest.Large, guest.Mood]
    assert instance.ask_large(guest.Large.Largest) == "Zero"
    assert instance.ask_large(guest.Large.Zero) == "Largest"


def test_the_host_is_given_lists(guest: Any) -> None:
    seen: list[Any] = []

    def host_lists(numbers: Any, texts: Any, values: Any) -> str:
        seen.append((bytes(numbers), list(texts), values))
        return "taken"

    instance = instance_of(guest, host_levels=lambda levels: seen.append(levels) or [guest.Large.Largest], host_lists=host_lists)
    assert instance.ask_levels() == "[Largest]"
    assert seen.pop() == [*guest.Level]
    for some in (True, False) * 5:  # often: a list freed that is not ours would show
        assert instance.ask_lists(some) == "taken"
        assert seen.pop() == (b"\x01\x02\xff", ["one", "zwölf"], [1.5, True] if some else None)


def test_the_host_is_given_unions_and_closures(guest: Any) -> None:
    instance = instance_of(guest, host_answer=lambda answer: answer * 2, host_calls=lambda closure: closure(guest.Color.Blue))
    assert instance.ask_answer(1.5) == "Amount(3.0)"
    assert instance.ask_to_call() is guest.Large.Largest
    count = instance.make_counter()
    assert [count(guest.Level.Low), count(guest.Level.Middle), count(-1)] == [1, 1, 2]
    with pytest.raises(ValueError, match="7 is not a valid Level"):
        count(7)


def test_a_failing_host_is_an_error_of_rust(guest: Any) -> None:
    failure = KeyError("lost")

    def host_fails() -> None:
        raise failure

    instance = instance_of(guest, host_fails=host_fails)
    with pytest.raises(KeyError) as caught:
        instance.ask_failure()
    assert caught.value is failure
    assert instance.increment() == 1


# ------------------------------------------------------------------------------------------- failing


def test_errors(guest: Any) -> None:
    with pytest.raises(js.Error, match="as it was told"):
        guest.fail_with_error()


def test_a_panic_unwinds_or_ends_the_instance(fresh: Any) -> None:
    assert [fresh.increment(), fresh.increment()] == [1, 2]
    if "abort" in fresh.__name__:
        with pytest.raises(GuestAborted):
            fresh.fail_with_panic()
        with pytest.raises(ModuleTerminated):
            fresh.increment()
        fresh.instance.schedule_reinit()
        assert fresh.increment() == 1
    else:
        with pytest.raises(PanicError) as caught:
            fresh.fail_with_panic()
        assert caught.value.message == "as it was told"
        assert (fresh.drops_seen(), fresh.increment()) == (1, 3)


def test_an_abort_ends_the_instance_and_the_guest_comes_back_by_itself(fresh: Any) -> None:
    fresh.come_back()
    assert fresh.increment() == 1
    with pytest.raises(GuestAborted) as caught:
        fresh.fail_with_abort()
    assert caught.value.kind == "unreachable"
    assert fresh.increment() == 1
    assert fresh.instance.instance_id == 1
    with pytest.raises(GuestAborted):
        fresh.fail_with_abort()
    with pytest.raises(ModuleTerminated):  # the fresh instance was not told to come back
        fresh.increment()


def test_conflicting_borrows(fresh: Any) -> None:
    """0.2.130 throws an error; before, it is a panic wherever panics unwind. Each ends in an exception here, and the guest goes on."""
    painting = fresh.Painting(fresh.Color.Red)

    def host_large(large: Any) -> Any:
        painting.borrow()
        return large

    fresh.instance.provide({"host_large": host_large})
    with pytest.raises((PanicError, js.Error)) as caught:
        painting.borrow()
    assert "recursive use of an object" in str(caught.value)
    assert fresh.instance.state == "live"
    assert fresh.increment() == 1


def test_a_thrown_value(fresh: Any) -> None:
    def host_fails() -> None:
        raise GuestException({"code": 5})

    fresh.instance.provide({"host_fails": host_fails})
    with pytest.raises(GuestException) as caught:
        fresh.ask_failure()
    assert caught.value.value == {"code": 5}


# ------------------------------------------------------------------------------------------- borrowing late


def test_what_is_borrowed_at_the_first_poll_lives_until_then(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The guest is one of today, which borrows at once; its bindings are those of one that does not."""
    monkeypatch.setitem(SCHEMAS, "0.2.130", replace(SCHEMAS["0.2.130"], late_borrows=True))
    write(pipeline.generate((FIXTURES / "futures" / "abort.wasm").read_bytes(), "late.wasm").files, tmp_path / "late_borrows")
    monkeypatch.syspath_prepend(tmp_path)
    guest = importlib.import_module("late_borrows")

    async def main() -> None:
        counter = guest.Counter(7)
        seen = weakref.ref(counter)
        reading = counter.read_after(js.Promise.resolve(None))
        del counter
        gc.collect()
        assert seen() is not None
        assert await reading == 7
        del reading
        gc.collect()
        assert seen() is None

    asyncio.run(main())
