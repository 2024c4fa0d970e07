"""``JsValue``: any Python value held, looked at, compared and calculated with by a guest."""

from __future__ import annotations

import gc
import math
import types
import weakref
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest

from bindgen_patch import GuestException, PanicError, js

from ..conftest import EVERY_MODE

Load = Callable[..., Any]


@pytest.fixture(params=EVERY_MODE)
def mode(request: pytest.FixtureRequest) -> str:
    """How the guest is built."""
    return str(request.param)


@pytest.fixture
def guest(load: Load, mode: str) -> Any:
    """The guest of values in both builds."""
    return load("values", mode)


def handles(guest: Any) -> int:
    """How many values the guest holds."""
    gc.collect()
    guest.live_count()
    return len(guest.instance._bp_door._guest.values)


class Thing:
    """Just an object."""


def function(value: object = None) -> object:
    """Just a function."""
    return value


OBJECTS: list[Any] = [
    [1, [2]],
    {"a": {"b": 1}},
    (1, 2),
    {1, 2},
    b"bytes",
    bytearray(b"bytes"),
    function,
    print,
    [].append,
    Thing,
    Thing(),
    object(),
    ValueError("an error"),
    js.Error("an error"),
    types.SimpleNamespace(a=1),
    types,
    Fraction(1, 3),
    range(3),
    1j,
    NotImplemented,
    ...,
    js.null,
]

PRIMITIVES: list[Any] = [
    None,
    True,
    False,
    0,
    1,
    -1,
    2**53,
    -(2**53),
    2**53 + 1,
    2**200,
    0.5,
    -0.0,
    math.inf,
    "",
    "grüße 🦀",
    "\0",
    js.BigInt(5),
]


# ------------------------------------------------------------------------------------------- through and through


@pytest.mark.parametrize("value", [*OBJECTS, *PRIMITIVES], ids=lambda value: type(value).__name__)
def test_values_come_back_as_they_are(guest: Any, value: Any) -> None:
    guest.instance.provide({"host_map": lambda seen: seen})
    assert value is not js.null or guest.maybe(value) is None, "null is nothing to an Option"
    maybe = guest.echo if value is js.null else guest.maybe
    for way in (guest.echo, guest.echo_ref, maybe, guest.through_host, lambda v: guest.churn(v, 3), lambda v: guest.echo_all([v])[0]):
        returned = way(value)
        if way == guest.maybe and value is js.null:  # no value to Rust, as undefined is none
            assert returned is None
            continue
        assert returned is value or (value in PRIMITIVES and returned == value and type(returned) is type(value))
    first, second = guest.twice(value)
    assert first is second
    assert first is value or value in PRIMITIVES
    assert guest.equal(value, value)


def test_nan(guest: Any) -> None:
    assert math.isnan(guest.echo(math.nan))
    assert not guest.equal(math.nan, math.nan)


def test_lists_of_values(guest: Any) -> None:
    assert guest.echo_all([]) == []
    everything = [*OBJECTS, *PRIMITIVES]
    returned = guest.echo_all(everything)
    assert all(a is b or a == b for a, b in zip(returned, everything, strict=True))
    assert guest.echo_all(iter([1, 2])) == [1, 2]
    with pytest.raises(TypeError, match="values: expected a sequence, not int"):
        guest.echo_all(5)


def test_values_held_by_the_guest(guest: Any) -> None:
    thing = Thing()
    watch = weakref.ref(thing)
    assert guest.hold(thing) == 1
    assert guest.hold("second") == 2
    assert guest.held(0) is thing
    assert (guest.held(1), guest.held(2)) == ("second", None)
    del thing
    gc.collect()
    assert watch() is guest.held(0) is not None
    assert guest.release() == 2
    gc.collect()
    assert watch() is None


def test_a_fresh_instance_holds_nothing(guest: Any) -> None:
    watch = weakref.ref(thing := Thing())
    guest.hold(thing)
    del thing
    guest.instance.schedule_reinit()
    assert guest.held(0) is None
    gc.collect()
    assert watch() is None


def test_handles_are_given_back(guest: Any) -> None:
    guest.instance.provide({"host_map": lambda seen: {"seen": seen}})
    guest.echo(None)
    before = handles(guest)
    for value in OBJECTS:
        guest.echo(value)
        guest.echo_ref(value)
        guest.maybe(value)
        guest.through_host(value)
        guest.twice(value)
        guest.churn(value, 100)
        guest.echo_all([value] * 10)
        guest.debug(value)
        guest.tests(value)
        guest.type_of(value)
        guest.as_string(value)
        guest.compare("a", "b")
        guest.calculate("a", "+", "b")
    for call in (guest.to_number, guest.into_string, guest.into_i64, guest.thing_number):
        with pytest.raises((TypeError, GuestException)):
            call(OBJECTS[0]) if call is not guest.to_number else call(2**200)
    with pytest.raises(TypeError):
        guest.calculate(1, "+", 2**200)
    assert handles(guest) == before
    guest.forget(Thing())
    assert handles(guest) == before + 1


def test_primitives_with_places_of_their_own_take_no_handle(guest: Any) -> None:
    guest.echo(None)
    before = handles(guest)
    for value in (None, js.null, True, False):
        guest.hold(value)
    assert handles(guest) == before
    guest.hold("text")
    assert handles(guest) == before + 1


# ------------------------------------------------------------------------------------------- what a value is


TESTS: list[tuple[Any, str, str]] = [
    # value, what holds of it, typeof
    (None, "undefined,nullish,falsy", "undefined"),
    (js.null, "null,nullish,falsy", "object"),
    (True, "truthy", "boolean"),
    (False, "falsy", "boolean"),
    (0, "falsy", "number"),
    (5, "truthy", "number"),
    (0.5, "truthy", "number"),
    (math.nan, "falsy", "number"),
    (-0.0, "falsy", "number"),
    (2**53, "truthy", "number"),
    (2**53 + 1, "bigint,truthy", "bigint"),
    (js.BigInt(0), "bigint,falsy", "bigint"),
    (js.BigInt(5), "bigint,truthy", "bigint"),
    ("", "string,falsy", "string"),
    ("a", "string,truthy", "string"),
    ([], "object,array,truthy", "object"),
    ((), "object,array,truthy", "object"),
    ({}, "object,truthy", "object"),
    (function, "function,truthy", "function"),
    (print, "function,truthy", "function"),
    (Thing(), "object,truthy", "object"),
    (ValueError("a"), "object,truthy", "object"),
]


@pytest.mark.parametrize("value, holds, kind", TESTS, ids=lambda value: repr(value)[:20])
def test_predicates(guest: Any, value: Any, holds: str, kind: str) -> None:
    assert guest.tests(value) == holds
    assert guest.type_of(value) == kind


def test_what_is_inside(guest: Any) -> None:
    assert [guest.as_f64(v) for v in (1, 0.5, True, "1", None, 2**53 + 1, js.BigInt(1), [1])] == [1.0, 0.5, *[None] * 6]
    assert math.isnan(guest.as_f64(math.nan))
    assert [guest.as_string(v) for v in ("", "ü", 1, None, ["a"])] == ["", "ü", None, None, None]
    assert [guest.as_bool(v) for v in (True, False, 1, 0, None, "")] == [True, False, None, None, None, None]


def test_conversions(guest: Any) -> None:
    assert [guest.to_number(v) for v in (" 12 ", "0x10", True, js.null, [], ["5"], "")] == [12, 16, 1, 0, 0, 5, 0]
    assert all(math.isnan(guest.to_number(v)) for v in (None, "a", {}, [1, 2], function))
    with pytest.raises(js.TypeError, match="BigInt"):
        guest.to_number(js.BigInt(1))
    assert guest.unchecked_number("3") == 3
    assert guest.into_string("text") == "text"
    with pytest.raises(GuestException) as caught:
        guest.into_string(5)
    assert caught.value.value == 5
    assert (guest.into_i64(js.BigInt(-5)), guest.into_i64(js.BigInt(2**63 - 1))) == (-5, 2**63 - 1)
    assert guest.into_u64(js.BigInt(2**64 - 1)) == 2**64 - 1
    assert guest.into_i128(js.BigInt(-(2**127))) == -(2**127)
    assert guest.into_u128(js.BigInt(2**128 - 1)) == 2**128 - 1
    assert guest.into_u64(2**60) == 2**60
    for call, value in (
        (guest.into_i64, js.BigInt(2**63)),
        (guest.into_u64, js.BigInt(-1)),
        (guest.into_u64, js.BigInt(2**64)),
        (guest.into_i128, js.BigInt(2**127)),
        (guest.into_u128, js.BigInt(-1)),
        (guest.into_i64, 5),
        (guest.into_u128, "5"),
    ):
        with pytest.raises(GuestException) as caught:
            call(value)
        assert caught.value.value == value
    assert guest.into_strings(["a", "b"]) == ["a", "b"]
    assert [guest.into_strings(v) for v in (["a", 1], "ab", None)] == [None] * 3
    assert guest.into_numbers([1, 2.5]) == [1, 2.5]
    assert [guest.into_numbers(v) for v in (["a"], 5)] == [None] * 2


DEBUG: list[tuple[Any, str]] = [
    (None, "JsValue(undefined)"),
    (js.null, "JsValue(null)"),
    (True, "JsValue(true)"),
    (5, "JsValue(5)"),
    (0.5, "JsValue(0.5)"),
    (1e21, "JsValue(1e+21)"),
    ("text", 'JsValue("text")'),
    ([1, "a", [None]], 'JsValue([1, "a", [undefined]])'),
    ({"a": 1}, 'JsValue(Object({"a":1}))'),
    (function, "JsValue(Function(function))"),
    (js.BigInt(5), "JsValue(5n)"),
]


@pytest.mark.parametrize("value, text", DEBUG, ids=lambda value: repr(value)[:20])
def test_debug(guest: Any, value: Any, text: str) -> None:
    assert guest.debug(value) == text


def test_debug_of_anything(guest: Any) -> None:
    loop: list[Any] = []
    loop.append(loop)
    for value in (*OBJECTS, loop, {"loop": loop}, js.TypeError("bad")):
        assert guest.debug(value).startswith("JsValue(")
    assert "bad" in guest.debug(js.TypeError("bad"))
    assert "0x" not in guest.debug(Thing()), "addresses are none of a guest's business"


# ------------------------------------------------------------------------------------------- made by Rust

MADE: dict[str, Any] = {
    "undefined": None,
    "null": js.null,
    "true": True,
    "false": False,
    "u8": 255,
    "i8": -128,
    "u16": 2**16 - 1,
    "i16": -(2**15),
    "u32": 2**32 - 1,
    "i32": -(2**31),
    "u64": js.BigInt(2**64 - 1),
    "i64": js.BigInt(-(2**63)),
    "u128": js.BigInt(2**128 - 1),
    "i128": js.BigInt(-(2**127)),
    "usize": 2**32 - 1,
    "isize": -(2**31),
    "f64": 0.1,
    "f32": 0.10000000149011612,
    "infinity": math.inf,
    "bool": True,
    "char": "\U0001f980",
    "str": "a text, lent é",
    "string": "a text, owned 🦀",
    "empty": "",
    "lossy": "a\ufffdb🦀",
    "pointer": 16,
    "some": 5,
    "none": None,
    "bigint": js.BigInt(123456789012345678901234567890),
    "level": 2,
    "strings": ["a", "b"],
    "values": [js.null, 1],
}


@pytest.mark.parametrize("name", MADE)
def test_values_made_by_rust(guest: Any, name: str) -> None:
    made = guest.make(name)
    assert made == MADE[name]
    assert type(made) is type(MADE[name])


def test_numbers_made_by_rust(guest: Any) -> None:
    assert math.isnan(guest.make("nan"))
    assert math.copysign(1, guest.make("negative zero")) == -1
    for number in (0.0, 1.0, -1.0, 2.0**53, 1.5, 1e300):
        made = guest.from_f64(number)
        assert made == number
        assert type(made) is (int if number == int(number) and abs(number) <= 2**53 else float)
    assert isinstance(guest.from_i64(1), js.BigInt)
    assert guest.from_u64(2**64 - 1) == 2**64 - 1
    assert guest.bigint("-5") == -5
    assert guest.from_str("ü\0") == "ü\0"


def test_objects_made_by_rust(guest: Any) -> None:
    thing = guest.make("thing")
    assert (type(thing), thing.number) == (guest.Thing, 9)
    assert [t.number for t in guest.make("things")] == [1, 2]
    assert list(guest.make("bytes")) == [1, 2, 3]
    assert list(guest.make("doubles")) == [0.5, 1.5]
    assert list(guest.make("longs")) == [1, -1]
    error = guest.make("error")
    assert isinstance(error, js.Error)
    assert error.message == "an error"
    assert guest.instance.state == "live"


def test_symbols(guest: Any) -> None:
    symbol, plain = guest.make("symbol"), guest.make("plain symbol")
    assert symbol is not guest.make("symbol")
    assert guest.echo(symbol) is symbol
    assert guest.tests(symbol) == "symbol,truthy"
    assert guest.type_of(plain) == "symbol"
    assert guest.debug(symbol) == "JsValue(Symbol(described))"


def test_exported_objects_as_values(guest: Any) -> None:
    thing = guest.Thing(4)
    assert guest.echo(thing) is thing
    assert guest.tests(thing) == "object,truthy"
    assert guest.get_item(thing, "number") == 4
    guest.set_item(thing, "number", 5)
    assert thing.number == 5
    assert guest.get_item(thing, "__wbg_ptr") > 0
    assert guest.thing_number(thing) == 5
    with pytest.raises(js.Error, match="null pointer passed to rust"):
        _ = thing.number
    for wrong in (5, Thing(), None, guest.Thing):
        with pytest.raises(GuestException) as caught:
            guest.thing_number(wrong)
        assert caught.value.value is wrong or caught.value.value == wrong
    other = guest.Instance().Thing(3)
    with pytest.raises(GuestException):
        guest.thing_number(other)
    assert other.number == 3


# ------------------------------------------------------------------------------------------- comparing and calculating


def test_equality(guest: Any) -> None:
    values: list[Any] = [None, js.null, True, False, 0, 1, "", "1", js.BigInt(1), [], {}, function, Thing()]
    for i, left in enumerate(values):
        for j, right in enumerate(values):
            assert guest.equal(left, right) is (i == j), (left, right)
    assert guest.equal(1, 1.0)
    assert not guest.equal([], [])
    for left, right in ((None, js.null), (1, "1"), (1, True), (1, js.BigInt(1)), ("1", js.BigInt(1)), ("", 0), (False, "0"), ([5], 5)):
        assert guest.loosely_equal(left, right), (left, right)
        assert guest.loosely_equal(right, left), (right, left)
        assert not guest.equal(left, right)
    for left, right in ((None, 0), (js.null, False), ("a", 0), ({}, {}), (math.nan, math.nan)):
        assert not guest.loosely_equal(left, right), (left, right)
    assert (
        guest.equals("a", "a", 1, True),
        guest.equals(1, "a", 1, True),
        guest.equals(True, "a", 1, True),
        guest.equals(None, "", 0, False),
    ) == (1, 2, 4, 0)


@pytest.mark.parametrize(
    "left, right, holds",
    [
        (1, 2, "<<="),
        (2, 1, ">>="),
        (1, 1, "<=>="),
        ("a", "b", "<<="),
        ("10", "9", "<<="),
        ("10", 9, ">>="),
        (math.nan, 1, ""),
        (None, 1, ""),
        (js.null, 0, "<=>="),
        (js.BigInt(2), 1.5, ">>="),
        (js.BigInt(2**70), math.inf, "<<="),
        ("5", js.BigInt(5), "<=>="),
        ([2], 1, ">>="),
        (True, 1, "<=>="),
    ],
)
def test_comparing(guest: Any, left: Any, right: Any, holds: str) -> None:
    assert guest.compare(left, right) == holds


CALCULATIONS: list[tuple[Any, str, Any, Any]] = [
    (1, "+", 2, 3),
    (0.1, "+", 0.2, 0.30000000000000004),
    ("a", "+", 1, "a1"),
    ([1], "+", {}, "1[object Object]"),
    (js.BigInt(1), "+", js.BigInt(2), js.BigInt(3)),
    (2**53, "+", 1, 2**53),
    (5, "-", "3", 2),
    (True, "-", js.null, 1),
    (3, "*", "4", 12),
    (1, "/", 0, math.inf),
    (-1, "/", 0, -math.inf),
    (7, "/", 2, 3.5),
    (js.BigInt(-7), "/", js.BigInt(2), js.BigInt(-3)),
    (-7, "%", 3, -1),
    (5.5, "%", 2, 1.5),
    (js.BigInt(-7), "%", js.BigInt(3), js.BigInt(-1)),
    (2, "**", 10, 1024),
    (2, "**", -1, 0.5),
    (js.BigInt(2), "**", js.BigInt(100), js.BigInt(2**100)),
    (12, "&", 10, 8),
    (12, "|", 3, 15),
    (12, "^", 10, 6),
    (2**32 + 5, "|", 0, 5),
    (1, "<<", 31, -(2**31)),
    (1, "<<", 32, 1),
    (-8, ">>", 1, -4),
    (-1, ">>>", 0, 2**32 - 1),
    (js.BigInt(1), "<<", js.BigInt(70), js.BigInt(2**70)),
    (7, "checked /", 2, 3.5),
]


@pytest.mark.parametrize("left, operator, right, result", CALCULATIONS, ids=[f"{a!r}{o}{b!r}" for a, o, b, _ in CALCULATIONS])
def test_calculating(guest: Any, left: Any, operator: str, right: Any, result: Any) -> None:
    got = guest.calculate(left, operator, right)
    assert got == result
    assert type(got) is type(result)


def test_calculations_that_give_nan(guest: Any) -> None:
    for left, operator, right in ((None, "+", 1), (0, "/", 0), (1, "%", 0), ("a", "*", 1), (math.inf, "-", math.inf), ({}, "-", 1)):
        assert math.isnan(guest.calculate(left, operator, right))


def test_calculations_that_fail(guest: Any) -> None:
    for operator in ("+", "-", "*", "/", "%", "**", "&", "|", "^", "<<", ">>"):
        with pytest.raises(js.TypeError, match="mix BigInt"):
            guest.calculate(1, operator, js.BigInt(1))
    for left, operator, right in ((1, "/", 0), (1, "%", 0), (2, "**", -1)):
        with pytest.raises(js.RangeError):
            guest.calculate(js.BigInt(left), operator, js.BigInt(right))
    with pytest.raises(js.TypeError):
        guest.calculate(js.BigInt(1), ">>>", js.BigInt(1))
    error = guest.calculate(js.BigInt(1), "checked /", js.BigInt(0))
    assert isinstance(error, js.RangeError)
    for operator, exponent in (("**", 2**40), ("<<", 2**40)):
        with pytest.raises(js.RangeError):
            guest.calculate(js.BigInt(3), operator, js.BigInt(exponent))
    assert guest.instance.state == "live"


def test_operators_of_one(guest: Any) -> None:
    assert [guest.calculate_one("-", v) for v in (5, "5", js.BigInt(5), True)] == [-5, -5, -5, -1]
    assert math.copysign(1, guest.calculate_one("-", 0)) == -1
    assert [guest.calculate_one("~", v) for v in (5, -1, "5", js.BigInt(5), 2**32)] == [-6, 0, -6, -6, -1]
    assert [guest.calculate_one("!", v) for v in (5, 0, "", None, [])] == [False, True, True, True, False]


def test_in(guest: Any) -> None:
    things = {"a": 1, 5: 2}
    assert [guest.is_in(key, things) for key in ("a", "b", 5, "5", "get", "keys")] == [True, False, True, True, False, False]
    assert [guest.is_in(key, [7]) for key in (0, 1, "0", "length")] == [True, False, True, True]
    for wrong in ("text", 5, None):
        with pytest.raises(js.TypeError, match="in"):
            guest.is_in("a", wrong)


# ------------------------------------------------------------------------------------------- looking inside


def test_looking_inside(guest: Any) -> None:
    assert [guest.length_of(v) for v in ([1, 2], "grüße", (), {"length": 7}, {}, 5)] == [2, 5, 0, 7, None, None]
    assert guest.length_of("🦀") == 2, "JavaScript counts UTF-16 units"
    things: dict[str, Any] = {"a": [1]}
    assert guest.get_item(things, "a") is things["a"]
    assert guest.get_item(things, "b") is None
    guest.set_item(things, "b", things)
    assert things["b"] is things
    guest.delete_item(things, "b")
    guest.delete_item(things, "never there")
    assert things == {"a": [1]}
    row = [1]
    guest.set_item(row, "2", "x")
    assert row == [1, None, "x"]
    assert guest.get_item(row, "2") == "x"
    for empty in (None, js.null):
        with pytest.raises(js.TypeError):
            guest.get_item(empty, "a")
    with pytest.raises(js.TypeError):
        guest.set_item((1,), "0", 2)
    with pytest.raises((js.TypeError, js.RangeError)):
        guest.set_item(row, "4000000000", 1)
    error = ValueError("wrong")
    assert [guest.get_item(error, key) for key in ("name", "message", "args", "__traceback__")] == ["ValueError", "wrong", None, None]


def test_introspection_is_refused(guest: Any) -> None:
    assert repr(guest.introspect(0)).startswith("<js.WebAssembly.Memory of ")
    for which in range(1, 5):
        with pytest.raises(NotImplementedError, match="this host has no WebAssembly"):
            guest.introspect(which)
    assert guest.instance.state == "live"


def test_objects_that_misbehave(guest: Any) -> None:
    """Their errors are the host's own, and leave the guest as it was."""

    class Bad:
        def __eq__(self, other: object) -> bool:
            raise LookupError("never compare me")

        def __hash__(self) -> int:
            raise LookupError("never hash me")

        def __bool__(self) -> bool:
            raise LookupError("never ask me")

        def __repr__(self) -> str:
            raise LookupError("never show me")

        def __len__(self) -> int:
            raise LookupError("never count me")

    bad = Bad()
    assert guest.echo(bad) is bad
    assert guest.equal(bad, bad)
    assert not guest.equal(bad, 1)
    assert guest.tests(bad) == "object,truthy"
    assert guest.debug(bad) == "JsValue(Bad)"
    assert guest.calculate(bad, "+", "") == "[object Object]"
    assert guest.length_of(bad) is None
    assert guest.instance.state == "live"


def test_a_mapping_that_fails(guest: Any) -> None:
    class Failing(dict[str, int]):
        def get(self, *_args: Any) -> Any:
            raise LookupError("not today")

        def __contains__(self, key: object) -> bool:
            raise LookupError("not today")

    with pytest.raises(LookupError, match="not today"):
        guest.get_item(Failing(), "a")
    assert guest.instance.state == "live"


def test_panics_with_values_in_hand(load: Load) -> None:
    guest = load("values", "unwind")
    guest.echo(None)
    before = handles(guest)
    guest.instance.provide({"host_map": lambda value: _fail()})
    with pytest.raises(ZeroDivisionError):
        guest.through_host(Thing())
    assert handles(guest) == before
    assert not isinstance(guest.echo(1), PanicError)


def _fail() -> object:
    raise ZeroDivisionError
