"""``Result`` of every shape, errors of every kind, and the other ways to throw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bindgen_patch import GuestException, js

from ..conftest import EVERY_MODE
from .kit import examples, guest_of, not_entered

Load = Callable[..., Any]

RESULTS: dict[str, Any] = {"nothing": None, "none": None, "bool": True, "char": "🦀", "string": "a text", "bytes": b"\x01\x02\x03"}
RESULTS |= {"u32": 42, "i8": -7, "u64": (1 << 64) - 1, "i64": -(1 << 63), "u128": 1 << 100, "f32": 1.5, "f64": 2.5}
RESULTS |= {"doubles": [0.5, 1.5], "strings": ["a", "b"], "bools": [True, False], "value": "a value"}
RESULTS |= {"maybe_f64": 3.5, "maybe_u32": (1 << 32) - 1, "maybe_string": "maybe"}


@pytest.fixture(scope="module", params=EVERY_MODE)
def results(load: Load, request: pytest.FixtureRequest) -> Any:
    """The guest of failures in both builds: none of them kills it."""
    return load("results", request.param)


@pytest.mark.parametrize("name", RESULTS)
def test_results(results: Any, name: str) -> None:
    function = getattr(results, f"get_{name}")
    for _ in range(3):
        result = function(False)
        assert (result, type(result)) == (RESULTS[name], type(RESULTS[name])) if name != "doubles" else result == RESULTS[name]
        with pytest.raises(js.Error, match=r"^failed as asked$") as caught:
            function(True)
        assert type(caught.value) is js.Error
        assert caught.value.message == "failed as asked"
    assert results.instance.state == "live"
    with not_entered(results), pytest.raises(TypeError, match=r"^fail: expected bool, not int$"):
        function(1)


def test_results_that_are_objects(results: Any) -> None:
    assert results.get_thing(False).number == 5
    assert results.get_maybe_thing(False).number == 6
    assert [thing.number for thing in results.get_things(False)] == [7, 8]
    assert results.get_level(False) is results.Level.High
    for function in (results.get_thing, results.get_maybe_thing, results.get_things, results.get_level):
        with pytest.raises(js.Error, match=r"^failed as asked$"):
            function(True)


def test_a_class_that_may_fail(results: Any) -> None:
    with pytest.raises(js.Error, match=r"^zero is no number of a thing$"):
        results.Thing(0)
    thing = results.Thing(8)
    assert thing.divide(2) == 4
    with pytest.raises(GuestException) as caught:
        thing.divide(0)
    assert caught.value.value == "division by zero"
    assert thing.half == 2
    thing.half = 3
    assert thing.number == 6
    with pytest.raises(js.Error, match=r"^zero is refused$"):
        thing.half = 0
    thing.number = 7
    with pytest.raises(js.Error, match=r"^odd$"):
        _ = thing.half
    assert thing.finish(False) == 7
    with pytest.raises(js.Error, match=r"^null pointer passed to rust$"):
        thing.finish(False)
    other = results.Thing.parse("12")
    assert other.number == 12
    with pytest.raises(js.Error, match=r"^failed as asked$"):
        other.finish(True)
    with pytest.raises(js.Error, match=r"^null pointer passed to rust$"):
        _ = other.number
    with pytest.raises(js.Error, match=r"^invalid digit found in string$"):
        results.Thing.parse("twelve")


def test_errors_of_rust(results: Any) -> None:
    with pytest.raises(js.Error, match=r"^refused with code 7$"):
        results.fail_with_error(7)
    assert results.parse(" 2.5 ") == 2.5
    with pytest.raises(js.Error, match=r"^invalid float literal$"):
        results.parse("two")
    error = results.make_error("not raised")
    assert (type(error), str(error)) == (js.Error, "not raised")


@examples
@given(text=st.text())
def test_texts_of_errors(results: Any, text: str) -> None:
    with pytest.raises(js.Error) as error:
        results.fail_with_message(text)
    assert error.value.message == text
    for function in (results.fail_with_text, results.fail_with_string):
        with pytest.raises(GuestException) as caught:
            function(text)
        assert caught.value.value == text
    with pytest.raises(js.Error) as error:
        results.throw_text(text)
    assert error.value.message == text


def test_values_thrown(results: Any) -> None:
    mine = object()
    for value in (5, 2.5, True, "text", [1, 2], {"a": 1}, mine, js.null, None):
        for function in (results.fail_with_value, results.throw_value):
            with pytest.raises(GuestException) as caught:
                function(value)
            assert caught.value.value is value
    with pytest.raises(GuestException) as caught:
        results.fail_with_number(1.5)
    assert caught.value.value == 1.5
    with pytest.raises(GuestException) as caught:
        results.fail_with_undefined()
    assert caught.value.value is None
    with pytest.raises(GuestException) as caught:
        results.fail_with_level()
    assert caught.value.value == results.Level.Low
    with pytest.raises(GuestException) as caught:
        results.fail_with_thing(3)
    thing: Any = caught.value.value
    assert (type(thing), thing.number) == (results.Thing, 3)


def test_an_exception_comes_back_as_it_is(results: Any) -> None:
    for error in (ValueError("mine"), js.TypeError("mine"), KeyError("mine"), SystemExit(3), KeyboardInterrupt()):
        for function in (results.fail_with_value, results.throw_value):
            with pytest.raises(type(error)) as caught:
                function(error)
            assert caught.value is error


def test_unwrapping(results: Any) -> None:
    assert results.unwrap_option(5) == 5
    with pytest.raises(js.Error):
        results.unwrap_option(None)
    assert results.expect_option(5, "missing") == 5
    with pytest.raises(js.Error, match=r"^missing$"):
        results.expect_option(None, "missing")
    assert results.unwrap_result("5") == 5
    with pytest.raises(js.Error):
        results.unwrap_result("five")
    assert results.expect_result("5") == 5
    with pytest.raises(js.Error, match=r"not a number"):
        results.expect_result("five")


def test_many_failures_leave_nothing(results: Any) -> None:
    guest = guest_of(results)
    results.get_string(False)
    handles, size = len(guest.values), guest._size
    for _ in range(2000):
        for function in (results.get_string, results.get_u128, results.get_things):
            with pytest.raises(js.Error):
                function(True)
        with pytest.raises(GuestException):
            results.throw_value(5)
        with pytest.raises(js.Error):
            results.throw_text("text")
    assert (len(guest.values), guest._size) == (handles, size)
