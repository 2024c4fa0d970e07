"""Nested data by way of serde-wasm-bindgen: from Python's values to a Rust struct and back, equal."""

from __future__ import annotations

import datetime
import math
import struct
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bindgen_patch import js

from ..conftest import MODES
from .kit import examples

Load = Callable[..., Any]
DEEP = settings(examples, max_examples=15)


@pytest.fixture(scope="module", params=MODES)
def guest(load: Load, request: pytest.FixtureRequest) -> Any:
    """The guest in both builds."""
    return load("serde", request.param)


def single(value: float) -> float:
    return float(struct.unpack("f", struct.pack("f", value))[0])


def integer(bits: int, *, signed: bool) -> st.SearchStrategy[int]:
    return st.integers(-(1 << bits - 1), (1 << bits - 1) - 1) if signed else st.integers(0, (1 << bits) - 1)


def ints(bits: int) -> st.SearchStrategy[list[int]]:
    return st.tuples(integer(bits, signed=True), integer(bits, signed=False)).map(list)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
DOUBLES = st.floats(allow_nan=False, allow_infinity=False)
SINGLES = st.floats(width=32, allow_nan=False, allow_infinity=False)
SMALL = st.integers(0, 255)
POINTS = st.fixed_dictionaries({"x": DOUBLES, "y": DOUBLES})
SHAPES = st.one_of(
    st.fixed_dictionaries({"kind": st.just("circle"), "centre": POINTS, "radius": DOUBLES}),
    st.fixed_dictionaries({"kind": st.just("path"), "points": st.lists(POINTS, max_size=3), "closed": st.none() | st.booleans()}),
)
OUTSIDE = st.one_of(
    st.just("Unit"),
    integer(32, signed=True).map(lambda n: {"New": n}),
    st.tuples(st.booleans(), TEXTS).map(lambda pair: {"Pair": list(pair)}),
    st.fixed_dictionaries({"a": SMALL, "b": st.none() | SINGLES}).map(lambda fields: {"Named": fields}),
)
BESIDE = st.one_of(
    st.just({"t": "Unit"}),
    integer(32, signed=True).map(lambda n: {"t": "New", "c": n}),
    st.tuples(st.booleans(), TEXTS).map(lambda pair: {"t": "Pair", "c": list(pair)}),
    st.fixed_dictionaries({"a": SMALL}).map(lambda fields: {"t": "Named", "c": fields}),
)
EITHER: st.SearchStrategy[Any] = st.recursive(
    st.booleans() | DOUBLES | TEXTS | POINTS, lambda inner: st.lists(inner, max_size=3), max_leaves=5
)


def maps(keys: st.SearchStrategy[Any], values: st.SearchStrategy[Any]) -> st.SearchStrategy[js.Map[Any, Any]]:
    """In the order in which Rust's ``BTreeMap`` has them."""
    return st.dictionaries(keys, values, max_size=4).map(lambda items: js.Map(sorted(items.items())))


FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "flag": st.booleans(),
    "small": st.tuples(ints(8), ints(16)).map(lambda pairs: [*pairs[0], *pairs[1]]),
    "middle": ints(32),
    "large": ints(64).map(lambda pair: list(map(js.BigInt, pair))),
    "huge": ints(128).map(lambda pair: list(map(js.BigInt, pair))),
    "single": SINGLES,
    "double": DOUBLES,
    "letter": st.characters(exclude_categories=["Cs"]),
    "text": TEXTS,
    "maybe": st.none() | integer(32, signed=True),
    "nothing": st.none(),
    "unit": st.none(),
    "meters": DOUBLES,
    "two": st.tuples(SMALL, TEXTS).map(list),
    "bytes": st.binary(max_size=20).map(js.Uint8Array),
    "rows": st.lists(st.lists(integer(32, signed=True), max_size=3), max_size=3),
    "by_name": maps(TEXTS, integer(32, signed=True)),
    "by_number": maps(integer(32, signed=True), TEXTS),
    "by_flag": maps(st.booleans(), st.lists(st.none() | SMALL, max_size=3)),
    "outside": st.lists(OUTSIDE, max_size=3),
    "beside": st.lists(BESIDE, max_size=3),
    "either": st.lists(EITHER, max_size=3),
    "shape": SHAPES,
}
EVERYTHING = st.fixed_dictionaries({**FIELDS, "inner": st.none() | st.fixed_dictionaries({**FIELDS, "inner": st.none()})})


def plain(value: Any) -> Any:
    """Python's own values, whose order of keys counts; bytes and maps are told apart from lists and objects, numbers from bigints."""
    match value:
        case js.Map():
            return "map", [(plain(key), plain(item)) for key, item in value.items()]
        case js.Uint8Array() | bytes():
            return "bytes", bytes(value)
        case js.BigInt():
            return "bigint", int(value)
        case dict():
            return {plain(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case float() if value.is_integer():
            return int(value)
        case js.null:
            return "null"
    return value


@pytest.fixture(scope="module")
def unwind(load: Load) -> Any:
    """One of the builds, for what takes long."""
    return load("serde", "unwind")


@DEEP
@given(EVERYTHING)
def test_everything_comes_back(unwind: Any, value: dict[str, Any]) -> None:
    result = unwind.round_trip("everything", value, "")
    assert plain(result) == plain(value)
    assert type(result).__mro__[1] is dict
    assert plain(unwind.round_trip("everything", result, "")) == plain(value)
    assert unwind.told("everything", result) == unwind.told("everything", value)


@DEEP
@given(EVERYTHING)
def test_as_the_serializer_is_told(unwind: Any, value: dict[str, Any]) -> None:
    objects = unwind.round_trip("everything", value | {"by_number": js.Map(), "by_flag": js.Map(), "inner": None}, "objects")
    assert (plain(objects["by_name"]), type(objects["by_name"])) == (plain(dict(value["by_name"])), js.Object)
    assert (objects["by_number"], objects["by_flag"]) == ({}, {})
    nulls = unwind.round_trip("everything", value, "null")
    assert nulls["nothing"] is nulls["unit"] is js.null
    assert nulls["maybe"] is js.null if value["maybe"] is None else nulls["maybe"] == value["maybe"]
    assert plain(unwind.round_trip("everything", nulls, "")) == plain(value)
    arrays = unwind.round_trip("everything", value, "arrays")
    assert arrays["bytes"] == list(bytes(value["bytes"]))
    assert plain(unwind.round_trip("everything", arrays, "")) == plain(value)


def test_compatible_with_json(guest: Any) -> None:
    with pytest.raises(js.Error, match="Map key is not a string and cannot be an object key"):
        guest.round_trip("by_number", js.Map([(1, "a"), (-2, "b")]), "json")
    assert guest.round_trip("bytes", b"\1\2", "json") == list(b"\1\2")
    assert guest.round_trip("option", None, "json") is js.null
    assert guest.round_trip("option", 5, "json") == 5
    shape = {"kind": "path", "points": [{"x": 1, "y": 2.5}]}
    assert guest.round_trip("shape", shape, "json") == shape | {"closed": js.null}


@pytest.mark.parametrize(
    ("kind", "how", "value", "expected"),
    [
        ("i64", "", 5, ("bigint", 5)),
        ("i64", "numbers", -5, -5),
        ("i64", "numbers", 2**53 - 1, 2**53 - 1),
        ("i64", "", js.BigInt(-(2**63)), ("bigint", -(2**63))),
        ("u64", "", 2**64 - 1, ("bigint", 2**64 - 1)),
        ("i128", "", js.BigInt(-(2**127)), ("bigint", -(2**127))),
        ("i128", "", 2**100, ("bigint", 2**100)),
        ("char", "", "\N{GRINNING FACE}", "\N{GRINNING FACE}"),
        ("option", "", None, None),
        ("option", "", js.null, None),
        ("bytes", "", bytearray(b"ab"), ("bytes", b"ab")),
        ("bytes", "", memoryview(b"ab"), ("bytes", b"ab")),
        ("bytes", "", js.ArrayBuffer(b"ab"), ("bytes", b"ab")),
        ("bytes", "", [1, 2], ("bytes", b"\1\2")),
        ("numbers", "", (1, 2.5), [1, 2.5]),
        ("numbers", "", {3: 0}.keys(), [3]),
        ("numbers", "", range(3), [0, 1, 2]),
        ("numbers", "", js.Set([1, 2]), [1, 2]),
        ("numbers", "", js.Float64Array([1, 2]), [1, 2]),
        ("numbers", "", [math.inf], [math.inf]),
        ("pair", "", (1, "a"), [1, "a"]),
        ("by_number", "", js.Map([(2, "b"), (1, "a")]), ("map", [(1, "a"), (2, "b")])),
        ("point", "", {"x": 1, "y": 2, "z": 3}, {"x": 1, "y": 2}),
        ("either", "", True, True),
        ("either", "", [1, "a", [{"x": 1, "y": 2}]], [1, "a", [{"x": 1, "y": 2}]]),
    ],
)
def test_values_of_the_host(guest: Any, kind: str, how: str, value: Any, expected: Any) -> None:
    assert plain(guest.round_trip(kind, value, how)) == expected


class Point:
    """A class of the host's."""

    def __init__(self) -> None:
        self.x, self.y, self._hidden = 1, 2, 3


def test_objects_of_the_host_are_seen_once_they_are_exposed(guest: Any) -> None:
    with pytest.raises(js.Error):
        guest.round_trip("point", Point(), "")
    assert plain(guest.round_trip("point", js.expose(Point()), "")) == {"x": 1, "y": 2}


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ("point", {"x": 1}, "missing field `y`"),
        ("point", {"x": 1, "y": "2"}, 'y: Error: invalid type: string "2", expected f64'),
        ("shape", {"kind": "square"}, "unknown variant `square`, expected `circle` or `path`"),
        ("shape", {"kind": "path", "points": [{"x": 1, "y": 2}, {"x": 1}]}, "missing field `y`"),
        ("numbers", [1, [2]], "[1]: Error: invalid type: "),
        ("by_number", js.Map([(1, "a"), ("b", "c")]), 'invalid type: string "b", expected i32'),
        ("i64", 1.5, "invalid type: floating point `1.5`, expected i64"),
        ("i64", js.BigInt(2**63), "i64"),
        ("char", "ab", "expected a character"),
        ("either", None, "data did not match any variant of untagged enum Either"),
        ("everything", {"flag": 1}, "flag: Error: invalid type: floating point `1.0`, expected a boolean"),
        ("point", js.Map([("x", 1), ("y", 2)]), "missing field `x`"),
        ("pair", (1,), "invalid length 1, expected a tuple of size 2"),
        ("bytes", "text", 'invalid type: string "text"'),
        ("numbers", datetime.datetime(2020, 1, 1), "invalid type: "),
    ],
)
def test_errors_say_where(guest: Any, kind: str, value: Any, message: str) -> None:
    with pytest.raises(js.Error) as caught:
        guest.round_trip(kind, value, "")
    assert message in caught.value.message


def test_too_large_for_a_number(guest: Any) -> None:
    with pytest.raises(js.Error, match="can't be represented as a JavaScript number"):
        guest.round_trip("i64", js.BigInt(2**60), "numbers")


def test_functions_with_declared_types(guest: Any) -> None:
    circle = {"kind": "circle", "centre": {"x": 1, "y": 2}, "radius": 3}
    assert guest.moved(circle, {"x": 1, "y": 1}) == circle | {"centre": {"x": 2, "y": 3}}
    assert guest.shouted(js.Object({"a": "b"})) == {"a": "B"}
    assert circle["centre"] == {"x": 1, "y": 2}
