"""What a guest has the host's built-ins do ends within the deadline and the memory that it was given."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from bindgen_patch import GuestAborted, Limits, js
from bindgen_patch.js import model
from bindgen_patch.js.builtins import GLOBALS
from bindgen_patch.runtime import holdings

from ..conftest import MODES

Load = Callable[..., Any]
Attack = tuple[Any, Any, list[Any]]
"""A function, ``this``, and arguments."""

MEGABYTE = 1 << 20
SECONDS = 0.05
LATE = 1.5
"""Of CPU time, by when a call with that deadline has ended."""


@pytest.fixture(scope="module", params=MODES)
def module(load: Load, request: pytest.FixtureRequest) -> Any:
    """The guest in both builds."""
    return load("jsworld", request.param)


def method(value: Any, name: str, *args: Any) -> Attack:
    return model.get(value, name), value, list(args)


def borrowed(value: Any, name: str, *args: Any) -> Attack:
    """A method of arrays, for what is none."""
    return model.get(js.Array(), name), value, list(args)


def static(cls: str, name: str, *args: Any) -> Attack:
    return method(GLOBALS[cls], name, *args)


def numbers() -> js.Array:
    return js.Array(range(1 << 20))


def spread() -> js.Array:
    return js.Array(str(n * 7919 % (1 << 18)) for n in range(1 << 18))


def never() -> Any:
    """A comparison that tells nothing and takes its time."""
    return model.call(GLOBALS["Math"]["max"], "bind", [None, 1])


SLOW: dict[str, Callable[[], Attack]] = {
    "sorting": lambda: method(spread(), "sort"),
    "sorting by a comparison": lambda: method(spread(), "sort", never()),
    "joining": lambda: method(numbers(), "join", "-"),
    "to text": lambda: method(numbers(), "toString"),
    "looking for": lambda: method(numbers(), "lastIndexOf", "nothing"),
    "mapping": lambda: method(numbers(), "map", GLOBALS["Math"]["abs"]),
    "folding": lambda: method(numbers(), "reduceRight", GLOBALS["Math"]["max"]),
    "filling": lambda: borrowed({"length": 1 << 22}, "fill", 0),
    "flattening": lambda: method(js.Array([numbers()]), "flat"),
    "copying inside": lambda: borrowed({"length": 1 << 22, "0": 1}, "copyWithin", 1, 0),
    "reversing": lambda: borrowed({"length": 1 << 22}, "reverse"),
    "sparse": lambda: borrowed({"length": 1 << 22}, "indexOf", 1),
    "from a length": lambda: static("Array", "from", {"length": 1 << 22}),
    "entries": lambda: static("Object", "entries", numbers()),
    "freezing": lambda: static("Object", "freeze", numbers()),
    "assigning": lambda: static("Object", "assign", {}, numbers()),
    "grouping": lambda: static("Object", "groupBy", numbers(), GLOBALS["String"]),
    "writing JSON": lambda: static("JSON", "stringify", numbers()),
    "reading JSON": lambda: static("JSON", "parse", f"[{'1.5,' * (1 << 20)}1]"),
    "numbers as bytes": lambda: (model.get(GLOBALS["Reflect"], "construct"), None, [GLOBALS["Float32Array"], js.Array([numbers()])]),
    "typed mapping": lambda: method(js.Uint8Array(1 << 22), "map", GLOBALS["Math"]["abs"]),
    "typed sorting": lambda: method(js.Float64Array(1 << 20), "sort", never()),
    "splitting": lambda: method("😀 " * (1 << 20), "split", " "),
    "escaping": lambda: (GLOBALS["escape"], None, ["é" * (1 << 22)]),
    "a bad pattern": lambda: method(GLOBALS["RegExp"]("(a+)+$"), "test", "a" * 40 + "b"),
    "matching": lambda: method("ab" * (1 << 20), "replace", GLOBALS["RegExp"]("(a)(?=b)", "g"), "$1$1"),
}


@pytest.mark.parametrize("attack", SLOW)
def test_the_deadline_ends_it(module: Any, attack: str) -> None:
    i = module.Instance()
    i.count(0, 1)
    function, this, args = SLOW[attack]()
    with i.deadline(SECONDS), pytest.raises(GuestAborted) as caught:
        begun = time.process_time()
        i.call(function, this, args)
    assert caught.value.kind == "deadline"
    assert time.process_time() - begun < LATE
    i.schedule_reinit()
    assert i.count(1, 3) == [1, 2]


LARGE: dict[str, Callable[[], Attack]] = {
    "repeating": lambda: method("ab", "repeat", 1 << 25),
    "padding": lambda: method("ab", "padEnd", 1 << 26, "cd"),
    "replacing": lambda: method("a" * (1 << 14), "replaceAll", "a", "b" * (1 << 12)),
    "replacing by pattern": lambda: method("a" * (1 << 14), "replace", GLOBALS["RegExp"]("a", "g"), "b" * (1 << 12)),
    "concatenating": lambda: method("a" * MEGABYTE, "concat", *["b" * MEGABYTE] * 63),
    "joining": lambda: method(["a" * MEGABYTE] * 64, "join", ""),
    "sparse": lambda: static("Array", "from", {"length": 1 << 22}),
    "a long array": lambda: (model.get(GLOBALS["Reflect"], "construct"), None, [GLOBALS["Array"], [1 << 22]]),
    "a buffer": lambda: (model.get(GLOBALS["Reflect"], "construct"), None, [GLOBALS["ArrayBuffer"], [1 << 26]]),
    "a typed array": lambda: (model.get(GLOBALS["Reflect"], "construct"), None, [GLOBALS["Float64Array"], [1 << 23]]),
    "splitting": lambda: method("ab" * MEGABYTE, "split", "a"),
    "writing JSON": lambda: static("JSON", "stringify", ["\n" * MEGABYTE] * 32),
    "reading JSON": lambda: static("JSON", "parse", f"[{'[],' * (1 << 20)}1]"),
    "matches": lambda: method("ab" * MEGABYTE, "match", GLOBALS["RegExp"]("a", "g")),
    "escaping": lambda: (GLOBALS["encodeURIComponent"], None, ["€" * (1 << 22)]),
    "copying": lambda: (GLOBALS["structuredClone"], None, [js.ArrayBuffer(1 << 25)]),
}


@pytest.mark.parametrize("attack", LARGE)
def test_the_memory_limit_ends_it(module: Any, attack: str) -> None:
    i = module.Instance(limits=Limits(memory_bytes=16 * MEGABYTE))
    function, this, args = LARGE[attack]()
    with pytest.raises(js.RangeError, match=r"out of memory|refused to grow"):
        i.call(function, this, args)
    assert (i.state, i.count(1, 3)) == ("live", [1, 2])


def test_without_a_memory_limit_there_is_an_end_all_the_same(module: Any) -> None:
    i = module.Instance()
    for attack in (method("ab", "repeat", 1 << 28), static("Array", "from", {"length": 2**32})):
        with pytest.raises(js.RangeError, match="Invalid"):
            i.call(*attack)
    assert len(i.call(*method("ab", "repeat", MEGABYTE))) == 2 * MEGABYTE


def test_many_small_values_are_counted(module: Any) -> None:
    i = module.Instance(limits=Limits(memory_bytes=4 * MEGABYTE))
    assert len(i.count(0, 10_000)) == 10_000
    with pytest.raises(js.RangeError, match="out of memory"):
        i.count(1000, 1_000_000)
    assert (i.state, i.count(1, 3)) == ("live", [1, 2])
    assert i._bp_door.guest.live_handles <= 4


def test_what_is_let_go_of_is_not_counted(module: Any) -> None:
    i = module.Instance(limits=Limits(memory_bytes=4 * MEGABYTE))
    for _ in range(10):
        assert len(i.call(*method("a", "repeat", 2 * MEGABYTE))) == 2 * MEGABYTE
        assert len(i.count(0, 10_000)) == 10_000


def test_values_of_the_host_count_where_a_guest_holds_them(module: Any) -> None:
    i = module.Instance(limits=Limits(memory_bytes=4 * MEGABYTE))
    repeat = model.get("a", "repeat")
    assert i.call(repeat, "a" * 3 * MEGABYTE, [1]) == "a" * 3 * MEGABYTE
    with pytest.raises(js.RangeError, match="out of memory"):
        i.call(repeat, "a" * 5 * MEGABYTE, [1])
    with pytest.raises(js.RangeError, match="out of memory"):
        i.call(repeat, "a" * 3 * MEGABYTE, [2])
    assert (i.state, i.count(1, 3)) == ("live", [1, 2])


def test_other_guests_are_not_concerned(module: Any) -> None:
    bounded, free = module.Instance(limits=Limits(memory_bytes=2 * MEGABYTE)), module.Instance()
    assert bounded.count(1, 2) == [1]
    assert len(free.call(*method("a", "repeat", 8 * MEGABYTE))) == 8 * MEGABYTE


def nested(levels: int) -> Iterator[Any]:
    value: Any = js.Array()
    for _ in range(levels):
        value = js.Array([value])
    yield value
    yield js.Object({"deep": value})


def test_measuring() -> None:
    text = "x" * MEGABYTE
    shared = [text] * 1000
    assert MEGABYTE * 0.9 < holdings.measure([shared]) < MEGABYTE * 1.2
    del shared
    circular: list[Any] = [bytearray(MEGABYTE)]
    circular.append(circular)
    assert MEGABYTE < holdings.measure([circular, circular]) < MEGABYTE * 1.1
    for value in nested(100_000):
        assert 100_000 * 40 < holdings.measure([value]) < 100_000 * 400
    kept = js.Map([("key", bytearray(MEGABYTE))])
    adorned = js.Array()
    model.set(adorned, "name", bytearray(MEGABYTE))
    resolved = js.Promise.resolve(bytearray(MEGABYTE))
    for value in (kept, adorned, resolved, js.ArrayBuffer(MEGABYTE), js.Uint8Array(MEGABYTE), js.Error(text + "y"), {"a": (text + "z",)}):
        assert MEGABYTE * 0.9 < holdings.measure([value]) < MEGABYTE * 2, value
    host = type("Host", (), {"data": bytearray(MEGABYTE)})()
    for value in (host, module, lambda: text, GLOBALS["Array"], GLOBALS["JSON"]):
        assert holdings.measure([value]) < 10_000, value


def test_the_accounts_end_with_their_guests(module: Any) -> None:
    gc.collect()
    before = len(holdings._bounded)
    i = module.Instance(limits=Limits(memory_bytes=16 * MEGABYTE))
    i.count(1, 2)
    assert len(holdings._bounded) == before + 1
    i.schedule_reinit()
    i.count(1, 2)
    i.close()
    del i
    gc.collect()
    assert len(holdings._bounded) == before
