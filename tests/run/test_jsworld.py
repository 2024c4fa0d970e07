"""JavaScript's built-ins as a guest uses them, by way of js-sys."""

from __future__ import annotations

import array
import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from bindgen_patch import js
from bindgen_patch.js import model

from ..conftest import MODES

Load = Callable[..., Any]


@pytest.fixture(scope="module", params=MODES)
def guest(load: Load, request: pytest.FixtureRequest) -> Any:
    """The guest in both builds."""
    return load("jsworld", request.param)


def test_arrays(guest: Any) -> None:
    assert guest.count(1, 4) == [1, 2, 3]
    mine = [3, 1, 2]
    assert guest.sorted_down(mine) == [3, 2, 1]
    assert mine == [3, 1, 2]
    assert guest.sum_of_squares((1, 2, 3)) == 14
    hole = guest.hole()
    assert (hole, model.has(hole, 1)) == (["first", None, None], False)


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([1, 2], [1, 2]),
        ((1,), [1]),
        ({1: 2}.values(), [2]),
        (range(3), [0, 1, 2]),
        (js.Set("aba"), ["a", "b"]),
        (js.Uint8Array(b"\1"), [1]),
    ],
)
def test_what_the_host_has_can_be_gone_through(guest: Any, items: Any, expected: list[Any]) -> None:
    assert guest.gather(items) == expected


def test_generators_of_the_host(guest: Any) -> None:
    assert guest.gather(number * number for number in range(3)) == [0, 1, 4]

    class Opaque:
        def __iter__(self) -> Any:
            raise AssertionError("a guest ran this")

    for other in (Opaque(), {}, open):
        with pytest.raises(js.Error):
            guest.gather(other)


def test_iterators_of_the_guest(guest: Any) -> None:
    three = guest.yields_three()
    assert list(model.iterate(three)) == [0, 1, 2] == guest.gather(three)


def test_objects(guest: Any) -> None:
    made = guest.object(["b", "a"], [1, None], False)
    assert made == {"b": 1, "a": None}
    assert guest.put(made, "c", 2)
    frozen = guest.object(["x"], [1], True)
    assert not guest.put(frozen, "x", 2)
    assert not guest.put(frozen, "y", 2)
    assert frozen == {"x": 1}
    shown = guest.with_getter(js.Object(a=1), "x", 2.5)
    assert guest.entries(shown) == [["a", 1], ["x", 2.5]]
    with pytest.raises(js.TypeError, match="can have no read-only, hidden or computed properties"):
        guest.with_getter({}, "x", 2.5)


def test_kinds(guest: Any) -> None:
    assert guest.kind([]) == "object  1100"
    assert guest.kind({}) == "object [object Object] 0100"
    assert guest.kind(ValueError("x")) == "object ValueError: x 0101"
    assert guest.kind(len) == "function function len() { [native code] } 0110"
    assert guest.kind(object()) == "object [object Object] 0100"
    assert guest.kind(js.null) == "object - 0000"


def test_maps_and_sets(guest: Any) -> None:
    counted = guest.words(["a", "b", "a"])
    assert isinstance(counted, js.Map)
    assert counted.to_python() == {"a": 2, "b": 1}
    assert guest.total(js.Map({"a": 1, "b": 2})) == 3
    assert guest.distinct([1, 2, 1, 3], 2).to_python() == {1, 3}
    assert guest.beside()


def test_json(guest: Any) -> None:
    assert guest.round_trip('{"b": [1, null], "a": "\\u00e9"}') == '{"b":[1,null],"a":"é"}'
    with pytest.raises(js.SyntaxError):
        guest.round_trip("{")


def test_bytes(guest: Any) -> None:
    made = guest.bytes(b"abc")
    assert isinstance(made, js.Uint8Array)
    assert bytes(made.memoryview) == b"abc"
    assert list(guest.doubled(made)) == [194, 196, 198]
    assert list(guest.doubled(bytearray(b"\x81"))) == [2]
    target = js.Float64Array(4)
    guest.write(target, 1, [1.5, 2.5])
    assert target.to_python() == [0, 1.5, 2.5, 0]
    lent = array.array("d", [0, 0, 0])
    guest.write(lent, 0, [7.5])
    assert lent.tolist() == [7.5, 0, 0]
    shown, double, long = guest.views()
    assert (shown.to_python()[:8], double, long) == ([254] + [255] * 7, 98304, -2)


def test_functions_and_classes(guest: Any) -> None:
    assert guest.call(lambda *args: args, "this", [1, 2]) == (1, 2)
    made = guest.make(js.Map, [[["a", 1]]])
    assert isinstance(made, js.Map)
    assert guest.make(guest.follow([], ["constructor"]), [3]) == [None] * 3
    with pytest.raises(js.TypeError, match="not a constructor"):
        guest.make(guest.follow([], ["push"]), [])
    with pytest.raises(js.EvalError):
        guest.make(guest.follow(len, ["constructor"]), ["return 1"])


@pytest.mark.parametrize(
    "path",
    [
        ["__class__"],
        ["constructor", "__globals__"],
        ["constructor", "constructor", "_body"],
        ["constructor", "prototype", "members"],
        ["push", "_body"],
        ["_bp_extra"],
        ["__init__"],
    ],
)
def test_no_path_leads_out_of_the_world(guest: Any, path: list[str]) -> None:
    for start in ([], {}, js.Array(), js.Object(), js.Map(), js.Uint8Array(1), ValueError(), len, js.Map, guest.count):
        try:
            assert guest.follow(start, path) is None
        except js.TypeError as error:
            assert "non-object" in str(error)


def test_nothing_is_kept(guest: Any) -> None:
    made = guest.object(["x"], [js.Object()], False)
    watched = weakref.ref(made)
    guest.put(made, "self", made)
    del made
    gc.collect()
    guest.count(0, 1)
    assert watched() is None
