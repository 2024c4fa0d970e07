"""Objects across a fresh instance: refused, built again, or restored from what their owner has saved."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import pytest

from bindgen_patch import GuestAborted, PanicError, StaleObjectError, js

Load = Callable[..., Any]

STALE = "Invalid stale object from previous Wasm instance"


@pytest.fixture(params=["unwind", "legacy", "abort"])
def module(load: Load, request: pytest.FixtureRequest) -> Any:
    return load("recovery", request.param)


def renew(i: Any) -> None:
    """What follows is served by a fresh instance."""
    i.schedule_reinit()


def test_raise_is_the_default(module: Any) -> None:
    for i in (module.instance, module.Instance(), module.Instance(stale="raise")):
        counter = i.Counter(1)
        renew(i)
        with pytest.raises(StaleObjectError, match=f"^{STALE}$"):
            counter.increment()
        assert i.state == "live"


def test_an_unknown_policy_is_refused(module: Any) -> None:
    for policy in ("restore", None, 1):
        with pytest.raises(ValueError, match="'raise', 'recreate' or a callable"):
            module.Instance(stale=policy)
        with pytest.raises(ValueError, match="'raise', 'recreate' or a callable"):
            module.instance.on_stale(module.Counter, policy)


USES: dict[str, tuple[Callable[[Any, Any], Any], object]] = {
    "method": (lambda i, c: c.increment(), 8),
    "getter": (lambda i, c: c.value, 7),
    "setter": (lambda i, c: setattr(c, "value", 3), None),
    "field": (lambda i, c: c.name, "seven"),
    "borrowed": (lambda i, c: i.peek(c), 7),
    "borrowed exclusively": (lambda i, c: i.bump(c), 8),
    "by value": (lambda i, c: i.consume(c), 7),
    "after a text": (lambda i, c: i.consume_with_text("text", c), "text 7"),
    "before a text": (lambda i, c: i.consume_before_text(c, "text"), "text 7"),
    "in a list": (lambda i, c: i.total([i.Counter(1), c]), 8),
}


@pytest.mark.parametrize("use", USES)
def test_recreate(module: Any, use: str) -> None:
    call, expected = USES[use]
    i = module.Instance(stale="recreate")
    counter = i.Counter(7, name="seven")
    counter.increment()
    renew(i)
    assert call(i, counter) == expected
    assert (i.instance_id, i.state) == (1, "live")
    if "value" not in use and "text" not in use and "list" not in use:
        assert i.live_objects() == 1
        assert counter.increment() in (4, 8, 9)
        counter.free()
    assert i.live_objects() == 0


def test_recreate_keeps_the_object_and_does_it_each_time(module: Any) -> None:
    i = module.Instance(stale="recreate", on_abort="reinit")
    counter = i.Counter(1)
    for _ in range(3):
        assert counter.increment() == 2
        with pytest.raises(GuestAborted):
            counter.set_then_abort(50)
    assert counter.value == 1
    assert i.instance_id == 3
    del counter
    gc.collect()
    assert i.live_objects() == 0


def test_recreate_of_what_rust_made(module: Any) -> None:
    i = module.Instance(stale="recreate")
    counter = i.Counter._bp_wrap(*made_by_rust(i))
    renew(i)
    with pytest.raises(StaleObjectError, match="not known with what arguments"):
        i.peek(counter)


def made_by_rust(i: Any) -> tuple[Any, int]:
    """A Rust value without a Python object, as a function that returns a `Counter` gives it."""
    counter = i.Counter(4)
    guest, pointer = counter._bp_guest, counter._bp_pointer
    counter._bp_pointer = 0
    return guest, pointer


def test_what_was_freed_or_given_away_is_not_brought_back(module: Any) -> None:
    i = module.Instance(stale="recreate")
    freed, consumed = i.Counter(1), i.Counter(2)
    freed.free()
    i.consume(consumed)
    renew(i)
    for counter in (freed, consumed):
        with pytest.raises(js.Error, match="null pointer passed to rust"):
            counter.increment()
    freed.free()
    assert i.live_objects() == 0


def test_freeing_a_stale_object_recreates_nothing(module: Any) -> None:
    i = module.Instance(stale="recreate")
    counter = i.Counter(1)
    renew(i)
    counter.free()
    assert i.live_objects() == 0


def test_a_constructor_that_fails_the_second_time(module: Any) -> None:
    class Named(module.Counter):  # type: ignore[misc,name-defined]
        broken = False

        def __init__(self, value: int) -> None:
            if Named.broken:
                raise LookupError("not now")
            super().__init__(value, "name")

    module.instance.on_stale(module.Counter, "recreate")
    counter = Named(1)
    renew(module.instance)
    Named.broken = True
    with pytest.raises(LookupError, match="not now"):
        counter.increment()
    Named.broken = False
    assert counter.increment() == 2


def test_restore_gets_class_arguments_and_state(module: Any) -> None:
    seen: list[Any] = []

    def restore(cls: type[Any], args: tuple[Any, ...] | None, state: Any) -> Any:
        seen.append((cls, args, state))
        return cls(state["value"], args[1] if args else None)

    i = module.Instance(stale=restore)
    counter = i.Counter(1, name="one")
    i.save(counter, {"value": 41})
    renew(i)
    assert counter.increment() == 42
    assert counter.name == "one"
    assert seen == [(i.Counter, (1, "one"), {"value": 41})]
    i.save(counter, {"value": 10})
    renew(i)
    assert counter.value == 10


def test_restore_without_state_or_arguments(module: Any) -> None:
    i = module.Instance(stale=lambda cls, args, state: cls(9) if (args, state) == (None, None) else None)
    counter = i.Counter._bp_wrap(*made_by_rust(i))
    renew(i)
    assert counter.value == 9


@pytest.mark.parametrize("wrong", [lambda *_: None, lambda *_: 5, lambda cls, *_: OLD.get("counter")])
def test_restore_that_returns_something_else(module: Any, wrong: Callable[..., Any]) -> None:
    i = module.Instance(stale=wrong)
    OLD["counter"] = counter = i.Counter(1)
    renew(i)
    with pytest.raises(StaleObjectError, match="which is no new one"):
        counter.increment()
    assert i.state == "live"
    OLD.clear()


OLD: dict[str, Any] = {}


def test_restore_that_raises(module: Any) -> None:
    def restore(*_: Any) -> Any:
        raise LookupError("nothing saved")

    i = module.Instance(stale=restore)
    counter = i.Counter(1)
    renew(i)
    with pytest.raises(LookupError, match="nothing saved"):
        counter.increment()
    assert i.state == "live"


def test_restore_that_panics(load: Load) -> None:
    module = load("recovery", "unwind")
    i = module.Instance(stale=lambda cls, *_: cls.panicking())
    counter = i.Counter(1)
    renew(i)
    with pytest.raises(PanicError, match="no counter today"):
        counter.increment()
    assert i.state == "live"


def test_restore_that_kills(module: Any) -> None:
    i = module.Instance(stale=lambda *_: i.abort())
    counter = i.Counter(1)
    renew(i)
    with pytest.raises(GuestAborted):
        counter.increment()
    assert i.state == "terminated"


def test_a_policy_for_one_class_of_one_instance(module: Any) -> None:
    one, two = module.Instance(), module.Instance()
    one.on_stale(one.Counter, "recreate")
    first, second, other = one.Counter(1), two.Counter(1), module.Counter(1)
    for i in (one, two, module.instance):
        renew(i)
    assert first.value == 1
    for counter in (second, other):
        with pytest.raises(StaleObjectError):
            counter.increment()
    one.on_stale(module.Counter, "raise")
    assert first.increment() == 2
    renew(one)
    with pytest.raises(StaleObjectError):
        first.increment()


def test_the_default_instances_policy_is_its_own(module: Any) -> None:
    module.instance.on_stale(module.Counter, "recreate")
    counter, other = module.Counter(1), module.Instance()
    stranger = other.Counter(2)
    renew(module.instance)
    renew(other)
    assert counter.value == 1
    with pytest.raises(StaleObjectError):
        stranger.increment()


def test_classes_and_objects_of_another_instance_are_refused(module: Any) -> None:
    one, two = module.Instance(), module.Instance()
    for cls in (two.Counter, int, "Counter"):
        with pytest.raises(TypeError, match="no class of this Instance"):
            one.on_stale(cls, "recreate")
    for obj in (two.Counter(1), 5):
        with pytest.raises(TypeError, match="no class of this Instance"):
            one.save(obj, 1)


def test_nothing_is_kept_where_nothing_is_made_again(module: Any) -> None:
    assert module.Counter(1, "text")._bp_origin is None


def test_an_object_in_use_when_the_instance_died(module: Any) -> None:
    """The outer call is over; the object comes back with the next one."""
    i = module.Instance(stale="recreate", on_abort="reinit", imports={"call_host": lambda _depth: i.abort()})
    counter = i.Counter(5)
    with pytest.raises(GuestAborted):
        counter.call_host_exclusive(0)
    assert counter.value == 5
