"""Stands in for ``tests/wasm/Symbol.js`` of js-sys: each function sees that a well-known symbol does what it should."""

from typing import Any

from bindgen_patch import js
from bindgen_patch.js import model
from bindgen_patch.js.builtins import GLOBALS


def test_has_instance(symbol: js.Symbol) -> None:
    assert model.instanceof([], js.Object({symbol: model.is_array}))


def test_is_concat_spreadable(symbol: js.Symbol) -> None:
    alpha, numeric = js.Array(["a", "b", "c"]), js.Array([1, 2, 3])
    assert model.call(alpha, "concat", [numeric]) == ["a", "b", "c", 1, 2, 3]
    model.set(numeric, symbol, False)
    assert model.call(alpha, "concat", [numeric]) == ["a", "b", "c", numeric]


def test_iterator(symbol: js.Symbol) -> None:
    assert list(model.iterate(js.Object({symbol: lambda: iter([1, 2, 3])}))) == [1, 2, 3]


async def test_async_iterator(symbol: js.Symbol) -> None:
    values = iter([0])

    def step() -> Any:
        done = js.Object({"done": True, "value": 1})
        return js.Promise.resolve(next((js.Object({"done": False, "value": value}) for value in values), done))

    iterable = js.Object({symbol: lambda: js.Object({"next": step})})
    assert await model.call(GLOBALS["Array"], "fromAsync", [iterable]) == [0]


def test_match(symbol: js.Symbol) -> None:
    pattern = js.RegExp("foo")
    try:
        model.call("/foo/", "startsWith", [pattern])
    except js.TypeError:
        model.set(pattern, symbol, False)
    assert model.call("/foo/", "startsWith", [pattern])
    assert not model.call("/baz/", "endsWith", [pattern])


def test_replace(symbol: js.Symbol) -> None:
    assert model.call("foo", "replace", [js.Object({symbol: lambda text, _by: f"s/{text}/bar/g"})]) == "s/foo/bar/g"


def test_search(symbol: js.Symbol) -> None:
    assert model.call("foobar", "search", [js.Object({symbol: lambda text: text.index("bar")})]) == 3


def test_species(symbol: js.Symbol) -> None:
    array = js.Array([1, 2, 3])
    model.set(array, "constructor", js.Object({symbol: GLOBALS["Array"]}))
    assert model.call(array, "map", [lambda value, *_: value * value]) == [1, 4, 9]


def test_split(symbol: js.Symbol) -> None:
    def split(text: str, _limit: object) -> str:
        before, found, after = text.partition("foo")
        return f"{found}{before}/{after}"

    assert model.call("foobar", "split", [js.Object({symbol: split})]) == "foo/bar"


def test_to_primitive(symbol: js.Symbol) -> None:
    assert model.to_number(js.Object({symbol: lambda hint: 42 if hint == "number" else js.null})) == 42


def test_to_string_tag(symbol: js.Symbol) -> None:
    to_string = model.get(model.get(GLOBALS["Object"], "prototype"), "toString")
    assert to_string.invoke(js.Object({symbol: "Validator"}), []) == "[object Validator]"
