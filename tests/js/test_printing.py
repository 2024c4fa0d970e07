"""JSON and debug strings: node's opinion, and values that go on for ever."""

from __future__ import annotations

import json
import math
import types
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bindgen_patch import PanicError, js
from bindgen_patch.js import builtins, printing, quota

from .oracle import ask, needs_node, show, values

quick = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=200)
texts = st.text(st.characters(exclude_categories=()), max_size=6)
plain = st.recursive(
    st.just(js.null) | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


# ------------------------------------------------------------------------------------------- JSON


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, None),
        (len, None),
        (js.Symbol("x"), None),
        (js.null, "null"),
        (True, "true"),
        (1.0, "1"),
        (-0.0, "0"),
        (1e21, "1e+21"),
        (1e-7, "1e-7"),
        (math.nan, "null"),
        (math.inf, "null"),
        ('a"\\\n\x00\x7f\u2028\U0001f980\ud800', '"a\\"\\\\\\n\\u0000\x7f\u2028\U0001f980\\ud800"'),
        ([None, len, js.Symbol(), js.null, 1], "[null,null,null,null,1]"),
        ((1, (2,)), "[1,[2]]"),
        ({"a": None, "b": len, "c": js.null, "d": [{}]}, '{"c":null,"d":[{}]}'),
        ({"b": 1, "10": 2, "2": 3, "a": 4, "01": 5}, '{"2":3,"10":2,"b":1,"a":4,"01":5}'),
        ({1: "int key", "x": 0, (1, 2): "no key of an object", None: 1}, '{"1":"int key","x":0}'),
        (types.SimpleNamespace(a=1, _b=2), '{"a":1}'),
        ({"toJSON": lambda: [1]}, "[1]"),
        ({"a": {"toJSON": lambda: None}}, "{}"),
        (js.Error("x"), "{}"),
        (object(), "{}"),
        (b"ab", '{"0":97,"1":98}'),
        (builtins.GLOBALS["JSON"], "{}"),
    ],
)
def test_stringify(value: object, text: str | None) -> None:
    assert printing.stringify(value) == text


def test_stringify_shows_the_public_attributes_of_exposed_objects() -> None:
    class Host(js.HostObject):
        def __init__(self) -> None:
            self.a, self._b, self.c = 1, 2, len

    assert printing.stringify(Host()) == '{"a":1}'


def test_stringify_asks_no_key_for_its_text() -> None:
    class Key:
        def __str__(self) -> str:
            raise AssertionError("a guest ran this")

    assert printing.stringify({Key(): 1, "a": 2}) == '{"a":2}'


@pytest.mark.parametrize("value", [js.BigInt(1), 2**60, [js.BigInt(1)], {"a": 2**64}])
def test_bigints_are_not_json(value: object) -> None:
    with pytest.raises(js.TypeError, match="Do not know how to serialize a BigInt"):
        printing.stringify(value)


def test_what_is_inside_itself_is_not_json() -> None:
    array: list[Any] = [1]
    array.append({"a": [array]})
    obj: dict[str, Any] = {}
    obj["self"] = types.SimpleNamespace(obj=obj)
    for value in (array, obj):
        with pytest.raises(js.TypeError, match="Converting circular structure to JSON"):
            printing.stringify(value)
    shared: list[Any] = [1]
    assert printing.stringify([shared, shared]) == "[[1],[1]]"


def test_json_that_is_too_deep() -> None:
    deep: list[Any] = []
    for _ in range(50_000):
        deep = [deep]
    with pytest.raises(js.RangeError, match="Maximum call stack size exceeded"):
        printing.stringify(deep)
    with pytest.raises(js.RangeError, match="Maximum call stack size exceeded"):
        printing.parse("[" * 100_000 + "]" * 100_000)
    while deep:
        deep = deep[0]


def test_json_that_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "MAX_STRING", 1000)
    laughs: Any = "ha"
    for _ in range(60):
        laughs = [laughs, laughs]
    for value in (laughs, {"a": laughs}):
        with pytest.raises(js.RangeError, match="Invalid string length"):
            printing.stringify(value)


@quick
@given(plain)
def test_what_is_plain_survives(value: Any) -> None:
    text = printing.stringify(value)
    assert text is not None
    back = printing.parse(text)
    assert printing.stringify(back) == text
    text.encode()  # lone surrogates are escaped


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12345678901234567890", 12345678901234567168.0),
        ("9007199254740993", 9007199254740992),
        ("1" * 5000, math.inf),
        ("-0", -0.0),
        ("1.0", 1),
        ('{"a":1,"a":2}', {"a": 2}),
        (' \t\r\n[null, {"a": [null]}] ', [js.null, {"a": [js.null]}]),
        ("null", js.null),
        ('"\\ud800"', "\ud800"),
        ('"\\ud83e\\udd80"', "\U0001f980"),
    ],
)
def test_parse(text: str, value: Any) -> None:
    result = printing.parse(text)
    assert result == value
    if isinstance(value, int | float):
        assert type(result) is type(value)
        assert math.copysign(1, result) == math.copysign(1, value)


@pytest.mark.parametrize(
    "text", ["", "{", "[1,]", "01", "+1", "NaN", "Infinity", "-Infinity", "'a'", "\ufeff1", '"\n"', "undefined", None, {}]
)
def test_what_is_no_json(text: object) -> None:
    with pytest.raises(js.SyntaxError):
        printing.parse(text)


@needs_node
def test_json_as_node_does() -> None:
    some = values(30, 2000)
    answers = ask([f"JSON.stringify({value})" for value in some])
    assert [show(printing.stringify, value.value) for value in some] == answers
    texts = [json.loads(answer.removeprefix("string ")) for answer in answers if answer.startswith("string ")]
    texts += [text[:-1] for text in texts] + [text.replace(",", ",,") for text in texts]
    round_trip = [show(lambda text: printing.stringify(printing.parse(text)), text) for text in texts]
    assert round_trip == ask([f"JSON.stringify(JSON.parse({json.dumps(text)}))" for text in texts])


# ------------------------------------------------------------------------------------------- debug strings


class Thing:
    """Somebody's class."""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "undefined"),
        (js.null, "null"),
        (True, "true"),
        (1.5, "1.5"),
        (js.BigInt(7), "7n"),
        (2**60, "1152921504606846976n"),
        ('a"b\n', '"a\\"b\\n"'),
        (js.Symbol("s"), "Symbol(s)"),
        (js.Symbol(), "Symbol"),
        (len, "Function(len)"),
        (Thing, "Function(Thing)"),
        (builtins.GLOBALS["Array"], "Function(Array)"),
        ([1, "a", [None]], '[1, "a", [undefined]]'),
        ({"a": [1, None], "b": None}, 'Object({"a":[1,null]})'),
        ({"a": js.BigInt(1)}, "Object"),
        (js.TypeError("bad"), "TypeError: bad"),
        (PanicError("oh"), "PanicError: oh"),
        (KeyError("x"), "KeyError: 'x'"),
        (Thing(), "Thing"),
        (b"", "bytes"),
    ],
)
def test_debug_strings(value: object, text: str) -> None:
    assert printing.debug_string(value) == text


def test_debug_strings_end() -> None:
    loop: list[Any] = [1]
    loop.append(loop)
    obj: dict[str, Any] = {"loop": loop}
    obj["self"] = obj
    deep: list[Any] = []
    for _ in range(50_000):
        deep = [deep]
    laughs: list[Any] = ["ha"] * 100
    for _ in range(30):
        laughs = [laughs] * 100
    mapping: Any = {}
    for _ in range(50_000):
        mapping = {"a": mapping}
    assert printing.debug_string(loop) == "[1, " * 8 + "[…]" + "]" * 8
    assert printing.debug_string(obj) == "Object"
    assert printing.debug_string(deep) == "[" * 9 + "…" + "]" * 9
    assert printing.debug_string(mapping) == "Object"
    assert printing.debug_string([loop, obj]).endswith(", Object]")
    assert len(printing.debug_string(laughs)) < 200_000
    assert len(printing.debug_string(list(range(10**6)))) < 200_000
    while deep:
        deep = deep[0]
    while mapping:
        mapping = mapping["a"]


def test_debugging_survives_what_objects_do() -> None:
    def fail() -> None:
        raise KeyError("mine")

    assert printing.debug_string({"toJSON": fail}) == "Object"
