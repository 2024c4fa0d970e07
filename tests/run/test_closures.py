"""Functions as values: closures of the guest that Python calls, and functions of Python's that the guest calls."""

from __future__ import annotations

import copy
import gc
import pickle
import threading
from collections.abc import Callable
from typing import Any

import pytest

from bindgen_patch import GuestAborted, GuestException, ModuleTerminated, PanicError, StaleObjectError, js

from ..conftest import EVERY_MODE

Load = Callable[..., Any]

DROPPED = "^closure invoked recursively or after being dropped$"
STALE = "^Cannot invoke closure from previous WASM instance$"


@pytest.fixture(params=EVERY_MODE)
def mode(request: pytest.FixtureRequest) -> str:
    """How the guest is built."""
    return str(request.param)


@pytest.fixture
def guest(load: Load, mode: str) -> Any:
    """The guest of closures in both builds."""
    return load("closures", mode)


def provided(guest: Any, **imports: Any) -> Any:
    guest.instance.provide({f"host_{name}": value for name, value in imports.items()})
    return guest


def live(guest: Any) -> int:
    """How many closures of the guest live once everything collected has been destroyed."""
    gc.collect()
    return int(guest.live_closures())


# ------------------------------------------------------------------------------------------- lent


def test_a_lent_fn(guest: Any) -> None:
    assert provided(guest, apply=lambda closure, value: closure(value) * 10).lend_fn(2, 3) == 50
    assert live(guest) == 0


def test_a_lent_fn_mut(guest: Any) -> None:
    def each(closure: Callable[[int], None], count: int) -> None:
        for value in range(count):
            assert closure(value) is None

    assert provided(guest, each=each).lend_fn_mut(5) == 10


def test_lent_closures_of_every_shape(guest: Any) -> None:
    looked: list[object] = []
    provided(
        guest,
        text=lambda closure, text: closure(text) + "?",
        maybe=lambda closure, value: closure(value),
        bytes=lambda closure: len(closure(b"abc")) + (closure([1, 2]) == b"\2\1"),
        many=lambda closure: closure(1, -2, 3, 0.5, 0.25, True, "a"),
        long=lambda closure: closure(-(2**63), 2**64 - 1),
        two=lambda first, second: first(1) + second(first(2)) + second(0),
        values=lambda closure: [closure(1, 2), closure(1, "a"), closure()],
        look=lambda closure: looked.extend(closure(value) for value in (1, "a", None)),
    )
    assert guest.lend_text("grüße") == "GRÜSSE?"
    assert (guest.lend_maybe(4), guest.lend_maybe(3), guest.lend_maybe(None)) == (2, None, None)
    assert guest.lend_bytes() == 4
    assert guest.lend_many() == 1 - 2 + 3 + 0.5 + 0.25 + 1 + ord("a")
    assert guest.lend_long() == 2**63 - 1
    assert guest.lend_two() == (2 + 6 + 0) * 100 + 2
    assert guest.lend_values() == [1, "a", None]
    assert guest.lend_look() == ["number", "string", "undefined"]
    assert looked == [None, None, None]


def test_objects_through_a_lent_closure(guest: Any) -> None:
    def item(closure: Callable[[Any], Any], first: Any) -> Any:
        assert type(first) is guest.Item
        second = closure(first)
        with pytest.raises(js.Error, match="null pointer passed to rust"):
            closure(first)
        return closure(second)

    assert provided(guest, item=item).lend_item(5) == 20


def test_wrong_arguments_of_closures(guest: Any) -> None:
    """Refused before the guest is entered, and Python's own errors."""
    seen: list[BaseException] = []

    def many(closure: Callable[..., float]) -> float:
        good: list[Any] = [1, -2, 3, 0.5, 0.25, True, "a"]
        for place, wrong in enumerate([256, "2", -1, "x", None, 1, "ab"]):
            with pytest.raises((TypeError, ValueError, OverflowError), match=f"argument {place + 1}: ") as caught:
                closure(*good[:place], wrong, *good[place + 1 :])
            seen.append(caught.value)
        for args in ([], good[:-1], [*good, 8]):
            with pytest.raises(TypeError, match="argument"):
                closure(*args)
        return closure(*good)

    assert provided(guest, many=many).lend_many() > 0
    assert len(seen) == 7


def test_lent_closures_expire(guest: Any) -> None:
    kept: list[Callable[..., Any]] = []
    provided(guest, apply=lambda closure, value: kept.append(closure) or 0, each=lambda closure, count: kept.append(closure))
    guest.lend_fn(1, 2)
    guest.lend_fn_mut(3)
    for closure in kept:
        with pytest.raises(js.Error, match=DROPPED):
            closure(1)
    assert guest.instance.state == "live"
    assert live(guest) == 0


def test_a_lent_closure_expires_when_the_host_fails(guest: Any) -> None:
    kept: list[Callable[..., Any]] = []

    def apply(closure: Callable[[int], int], value: int) -> int:
        kept.append(closure)
        raise LookupError("no")

    with pytest.raises(LookupError):
        provided(guest, apply=apply).lend_fn(1, 2)
    with pytest.raises(js.Error, match=DROPPED):
        kept[0](1)


def test_a_scoped_closure(guest: Any) -> None:
    """``ScopedClosure``: alive inside the import only, as it is not the host's to keep."""
    kept: list[Callable[..., Any]] = []

    def keep(closure: Callable[[int], None]) -> None:
        closure(3)
        closure(4)
        kept.append(closure)

    assert provided(guest, keep=keep).lend_scoped() == 7
    with pytest.raises(js.Error, match=DROPPED):
        kept[0](1)
    kept.clear()
    gc.collect()
    assert guest.lend_scoped() == 7


def test_a_panicking_lent_closure(guest: Any, mode: str) -> None:
    caught: list[BaseException] = []

    def apply(closure: Callable[[int], int], value: int) -> int:
        try:
            return closure(value)
        except BaseException as error:
            caught.append(error)
            if value:
                raise
            return 7

    provided(guest, apply=apply)
    if mode == "abort":
        with pytest.raises(GuestAborted) as death:
            guest.lend_panicking(0)
        assert caught == [death.value]
        assert guest.instance.state == "terminated"
        return
    with pytest.raises(PanicError, match="panicked with 5") as passed:
        guest.lend_panicking(5)
    assert passed.value is caught[0]
    assert guest.lend_panicking(0) == 7
    assert guest.lend_panicking_caught(5) is caught[-1]
    assert live(guest) == 0
    assert guest.instance.state == "live"


def test_a_panicking_lent_closure_that_nobody_catches(guest: Any, mode: str) -> None:
    provided(guest, apply=lambda closure, value: closure(value))
    if mode == "abort":
        with pytest.raises(GuestAborted):
            guest.lend_panicking_caught(5)
    else:
        error = guest.lend_panicking_caught(5)
        assert isinstance(error, PanicError)
        assert error.message == "panicked with 5"


@pytest.mark.parametrize("swallow", [True, False])
def test_an_aborting_lent_closure(guest: Any, swallow: bool) -> None:
    def apply(closure: Callable[[int], int], value: int) -> int:
        try:
            return closure(value)
        except GuestAborted:
            if swallow:
                return 0
            raise

    with pytest.raises(GuestAborted) as caught:
        provided(guest, apply=apply).lend_aborting_caught(5)
    assert caught.value.kind == "unreachable"
    assert guest.instance.state == "terminated"


# ------------------------------------------------------------------------------------------- given to Python


def test_closures_made_in_every_way(guest: Any) -> None:
    adder, wrapped, counter = guest.make_adder(5), guest.make_wrapped(7), guest.make_counter()
    assert (adder(1), adder(2), wrapped(1)) == (6, 7, 8)
    assert [counter(), counter(), counter()] == [1, 2, 3]
    assert callable(adder)
    assert live(guest) == 3
    assert guest.make_format()("a", 1, True) == "a 1 Some(true)"
    assert guest.make_format()("a", 1) == "a 1 None"
    fallible = guest.make_fallible()
    assert fallible(4) == 8
    with pytest.raises(js.Error, match="negative"):
        fallible(-1)
    assert fallible(5) == 10
    with pytest.raises(TypeError, match="argument 1: expected int, not str"):
        adder("1")


def test_closures_are_python_objects(guest: Any) -> None:
    adder = guest.make_adder(1)
    assert list(map(adder, [1, 2, 3])) == [2, 3, 4]
    assert {adder: "it"}[adder] == "it"
    assert "Fn(i32) -> i32" in (type(adder).__doc__ or "")
    assert guest.is_function(adder) is True
    for clone in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="closure"):
            clone(adder)
    assert adder(1) == 2
    assert live(guest) == 1


@pytest.mark.parametrize("make", ["make_once", "make_once_closure"])
def test_once(guest: Any, make: str) -> None:
    once, args, result = (guest.make_once("a"), ("b",), "ab") if make == "make_once" else (guest.make_once_closure(5), (), 5)
    assert live(guest) == 1
    assert once(*args) == result
    with pytest.raises((js.Error, PanicError, GuestAborted)) as caught:
        once(*args)
    assert "more than once" in str(caught.value) or "closure invoked" in str(caught.value)
    assert guest.instance.state == "live"
    assert live(guest) == 0


def test_a_once_closure_that_is_never_called(guest: Any) -> None:
    kept = [guest.make_once_closure(1)]
    assert live(guest) == 1
    kept.clear()
    assert live(guest) == 0
    kept.append(guest.make_once("a"))
    kept.clear()
    assert live(guest) == 1, "`once_into_js` frees itself when it is called: until then Rust itself keeps it"


def test_objects_through_a_kept_closure(guest: Any) -> None:
    closure = guest.make_item_closure()
    item = guest.Item(5)
    assert closure(item).number == 6
    with pytest.raises(js.Error, match="null pointer passed to rust"):
        closure(item)
    with pytest.raises(TypeError, match="argument 1: expected instance of Item, not int"):
        closure(5)
    with pytest.raises(TypeError, match="another Instance"):
        closure(guest.Instance().Item(1))


def test_a_collected_closure_is_destroyed_before_the_next_call(guest: Any) -> None:
    kept = guest.make_many(50)
    assert [closure(1) for closure in kept] == list(range(1, 51))
    assert live(guest) == 50
    del kept[10:]
    assert live(guest) == 10
    kept.clear()
    assert live(guest) == 0
    assert guest.drops_seen() == 50


def test_a_closure_collected_in_another_thread(guest: Any) -> None:
    kept = guest.make_many(50)
    thread = threading.Thread(target=kept.clear)
    thread.start()
    thread.join()
    assert live(guest) == 0


def test_a_closure_collected_while_it_runs(guest: Any) -> None:
    closures = [guest.make_forwarder(lambda value: (closures.clear(), gc.collect(), None)[-1])]
    assert closures[0](1) is None
    gc.collect()
    assert guest.instance.state == "live"


def test_a_closure_keeps_its_instance_alive(guest: Any) -> None:
    adder = guest.Instance().make_adder(5)
    gc.collect()
    assert adder(1) == 6


def test_a_panicking_kept_closure(guest: Any, mode: str) -> None:
    closure = guest.make_panicking()
    if mode == "abort":
        with pytest.raises(GuestAborted) as caught:
            closure(1)
        assert caught.value.kind == "panic"
        with pytest.raises(ModuleTerminated):
            closure(1)
        return
    for value in (1, 2):
        with pytest.raises(PanicError, match=f"closure panicked with {value}"):
            closure(value)
    assert live(guest) == 1
    del closure
    assert live(guest) == 0


@pytest.mark.parametrize("make", ["make_uncaught", "make_aborting"])
def test_a_closure_that_kills(guest: Any, make: str, mode: str) -> None:
    closure = getattr(guest, make)()
    other = guest.make_adder(1)
    with pytest.raises(GuestAborted) as caught:
        closure(*[1][: make == "make_uncaught"])
    raw = make == "make_uncaught"
    assert caught.value.kind == ("unreachable" if not raw else "foreign_exception" if mode != "abort" else "panic")
    for dead in (closure, other):
        with pytest.raises(ModuleTerminated) as refused:
            dead(1) if dead is other or raw else dead()
        assert refused.value.cause_of_death is caught.value
    del closure, other
    gc.collect()
    guest.instance.schedule_reinit()
    assert live(guest) == 0


def test_entered_twice(guest: Any) -> None:
    """An ``FnMut`` may not be; an ``Fn`` may."""
    closure, shared = guest.make_reentrant(), guest.make_reentrant_shared()
    with pytest.raises(js.Error, match=DROPPED):
        closure(lambda depth: closure(lambda inner: inner))
    assert closure(lambda depth: depth) == 2, "after the failure it can be used again"
    assert shared(lambda depth: shared(lambda inner: (depth, inner))) == (1, 2)
    assert guest.instance.state == "live"


def test_a_closure_given_by_value(guest: Any) -> None:
    kept: list[Callable[[int], int]] = []
    provided(guest, keep=kept.append).give_owned(5)
    assert kept[0](1) == 6
    assert live(guest) == 1
    kept.clear()
    assert live(guest) == 0


def test_a_closure_that_rust_drops(guest: Any) -> None:
    kept: list[Callable[[int], int]] = []
    provided(guest, keep=lambda closure: (closure is not None and kept.append(closure)) or None)
    guest.lend_then_drop(5)
    guest.lend_option(6)
    guest.lend_option(None)
    assert len(kept) == 2
    for closure in kept:
        with pytest.raises(js.Error, match=DROPPED):
            closure(1)
    assert (live(guest), guest.drops_seen()) == (0, 2)
    kept.clear()
    assert live(guest) == 0


def test_a_closure_that_rust_forgets(guest: Any) -> None:
    """It is the host's alone then: it lives as long as Python has it."""
    kept: list[Callable[[int], int]] = []
    provided(guest, keep=kept.append).lend_then_forget(5)
    assert kept[0](1) == 6
    kept.clear()
    assert live(guest) in (0, 1)


def test_a_closure_kept_by_both(guest: Any) -> None:
    closure = guest.keep_in_guest(5)
    assert closure(1) == 6
    assert guest.drop_in_guest() is True
    assert guest.drop_in_guest() is False
    with pytest.raises(js.Error, match=DROPPED):
        closure(1)
    assert live(guest) == 0
    again = guest.keep_in_guest(6)
    del again
    assert live(guest) == 1, "Rust has it still"
    assert guest.drop_in_guest() is True
    assert live(guest) == 0


def test_a_closure_dropped_while_it_runs(guest: Any) -> None:
    closure = guest.make_suicidal()
    assert closure(5) == 5
    assert live(guest) == 0
    with pytest.raises(js.Error, match=DROPPED):
        closure(5)
    assert guest.instance.state == "live"


def test_stale_closures(guest: Any) -> None:
    kept: list[Callable[[int], int]] = [guest.make_adder(1), guest.make_wrapped(1), guest.make_counter(), guest.make_once("a")]
    guest.instance.schedule_reinit()
    assert guest.live_closures() == 0
    fresh = guest.make_adder(5)
    for closure in kept:
        for args in ((), (1,), ("b",)):
            with pytest.raises((StaleObjectError, TypeError)):
                closure(*args)
    with pytest.raises(StaleObjectError, match=STALE):
        kept[0](1)
    assert guest.instance.state == "live"
    kept.clear()
    assert live(guest) == 1, "what is left of the old ones destroys nothing in the fresh instance"
    assert fresh(1) == 6


def test_a_stale_closure_given_to_the_guest(guest: Any) -> None:
    """To the guest it is a function of the host like any other; calling it fails there."""
    old = guest.make_adder(1)
    guest.instance.schedule_reinit()
    assert guest.is_function(old)
    with pytest.raises(StaleObjectError, match=STALE):
        guest.call_function(old, 1)
    assert isinstance(guest.error_of(old), StaleObjectError | TypeError)


def test_a_first_call_after_reinit_through_a_closure(guest: Any) -> None:
    """The check comes after the exchange, so the old pointer never enters the fresh instance."""
    old = guest.make_adder(1)
    guest.instance.schedule_reinit()
    with pytest.raises(StaleObjectError, match=STALE):
        old(1)
    assert guest.instance.instance_id == 1


def test_a_closed_instance_takes_its_closures_along(guest: Any) -> None:
    i = guest.Instance()
    adder = i.make_adder(1)
    i.close()
    with pytest.raises(ModuleTerminated, match="closed"):
        adder(1)


# ------------------------------------------------------------------------------------------- functions of Python's


def test_python_functions_that_the_guest_calls(guest: Any) -> None:
    seen: list[object] = []
    thing = object()
    assert guest.call_function(seen.append, thing) is None
    assert seen == [thing]
    assert guest.call_function(lambda value: value, thing) is thing
    assert guest.call_function_two(lambda a, b: [a, b], 1, "x") == [1, "x"]
    assert guest.sum_with(lambda value: value * 2, 5) == 20.0
    assert guest.sum_with(str, 5) == 0.0
    assert guest.call_function(len, "four") == 4
    assert guest.call_function(int, "4") == 4


def test_functions_that_fail(guest: Any) -> None:
    error = LookupError("no")

    def fail(_value: object) -> None:
        raise error

    with pytest.raises(LookupError) as caught:
        guest.call_function(fail, 1)
    assert caught.value is error
    assert guest.error_of(fail) is error
    with pytest.raises(LookupError):
        guest.sum_with(fail, 3)
    with pytest.raises(TypeError):
        guest.call_function(lambda: None, 1)
    with pytest.raises(KeyboardInterrupt):
        guest.error_of(_interrupt)
    assert guest.instance.state == "live"


def _interrupt(_value: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("wrong", [5, "text", None, {}, object()])
def test_things_that_are_no_functions(guest: Any, wrong: Any) -> None:
    with pytest.raises(TypeError):
        guest.call_function(wrong, 1)
    assert guest.is_function(wrong) is False
    assert guest.instance.state == "live"


def test_functions_that_the_guest_keeps(guest: Any) -> None:
    with pytest.raises(GuestException) as caught:
        guest.call_stored(1)
    assert caught.value.value == "nothing is stored"
    calls: list[object] = []
    guest.store_function(calls.append)
    guest.call_stored("a")
    guest.store_function(lambda value: calls)
    assert guest.call_stored("b") is calls == ["a"]
    guest.store_function(None)
    with pytest.raises(GuestException):
        guest.call_stored(1)


def test_functions_go_through_the_guest_unchanged(guest: Any) -> None:
    kept: list[object] = []
    provided(guest, keep=kept.append)

    def function() -> None:
        pass

    for value in (function, print, str.upper, guest.make_adder(1), [].append):
        assert guest.echo_function(value) is value
        assert kept.pop() is value
        assert guest.is_function(value) is True


def test_a_closure_that_calls_python(guest: Any) -> None:
    forward = guest.make_forwarder(lambda value: [value])
    assert (forward(1), forward(None)) == ([1], [None])
    nested = guest.make_forwarder(guest.make_forwarder(lambda value: value))
    thing = object()
    assert nested(thing) is thing

    def fail(value: object) -> None:
        raise LookupError("from Python")

    with pytest.raises(LookupError, match="from Python"):
        guest.make_forwarder(fail)(1)


def test_a_closure_of_one_instance_called_by_another(guest: Any) -> None:
    i, j = guest.Instance(), guest.Instance()
    adder = i.make_adder(5)
    assert j.call_function(adder, 1) == 6
    assert j.sum_with(adder, 3) == 5 + 6 + 7
    dying = i.make_aborting()
    with pytest.raises(GuestAborted):
        j.call_function(lambda _: dying(), None)
    assert (i.state, j.state) == ("terminated", "live")


def test_deep_nesting_through_closures(guest: Any) -> None:
    def dive(depth: int) -> int:
        return int(guest.call_function(lambda value: dive(depth - 1) if depth else 0, depth)) + 1

    assert dive(15) == 16


def test_nothing_is_left_behind(guest: Any) -> None:
    provided(guest, apply=lambda closure, value: closure(value))
    guest.lend_fn(1, 2)
    handles = len(guest.instance._bp_door._guest.values)
    for k in range(200):
        guest.lend_fn(1, 2)
        guest.make_adder(k)(1)
        guest.call_function(lambda value: value, k)
        guest.make_once("a")("b")
    assert live(guest) == 0
    assert len(guest.instance._bp_door._guest.values) == handles
