"""The globals that guests find of themselves."""

from __future__ import annotations

import logging
import math
from typing import Any

import pytest

from bindgen_patch import js
from bindgen_patch.js import model
from bindgen_patch.js.builtins import GLOBALS
from bindgen_patch.js.classes import Class, with_lengths, without_this
from bindgen_patch.js.ordinary import Ordinary


def test_what_wasm_bindgen_imports_for_itself_is_there() -> None:
    paths = ["Array.isArray", "Reflect.get", "BigInt", "Symbol", "Error", "JSON.parse", "JSON.stringify", "Number"]
    for path in paths:
        value: Any = dict(GLOBALS)
        for name in path.split("."):
            value = model.get(value, name)
        assert callable(value), path


def test_number() -> None:
    number = GLOBALS["Number"]
    assert (number(), number(" 1 "), number(js.BigInt(5)), number(2**60), number([7])) == (0, 1, 5, 2.0**60, 7)
    assert math.isnan(number(None))
    assert type(number(2**53 + 2)) is float
    assert number(js.BigInt(10**400)) == math.inf


def test_bigint() -> None:
    bigint = GLOBALS["BigInt"]
    assert [bigint(value) for value in (True, 5, 1e21, "0x10", "", [5], 2**70)] == [1, 5, 10**21, 16, 0, 5, 2**70]
    assert all(type(bigint(value)) is js.BigInt for value in (True, 5, 1.0, "7"))
    for value, error in ((1.5, js.RangeError), (math.inf, js.RangeError), (math.nan, js.RangeError), ("x", js.SyntaxError)):
        with pytest.raises(error):
            bigint(value)
    for value in (None, js.null, js.Symbol()):
        with pytest.raises(js.TypeError):
            bigint(value)


def test_string_boolean_symbol() -> None:
    assert [GLOBALS["String"](*args) for args in ((), (None,), ([1, 2],), (js.Symbol("s"),))] == ["", "undefined", "1,2", "Symbol(s)"]
    assert GLOBALS["Boolean"]([]) is True
    assert [GLOBALS["Symbol"](*args).description for args in ((), (None,), (5,))] == [None, None, "5"]
    assert GLOBALS["Symbol"]("a") != GLOBALS["Symbol"]("a")


def test_errors_can_be_made() -> None:
    for name in ("Error", "TypeError", "RangeError", "ReferenceError", "SyntaxError", "EvalError", "URIError"):
        error = GLOBALS[name]("message")
        assert (error.name, error.message) == (name, "message")


def test_reflect() -> None:
    reflect, obj = GLOBALS["Reflect"], {"a": 1}
    assert reflect["get"](obj, "a") == 1
    assert reflect["set"](obj, "b", 2)
    assert reflect["has"](obj, "b")
    assert reflect["deleteProperty"](obj, "a")
    assert obj == {"b": 2}
    assert not reflect["set"]((1,), 0, 2)
    assert not reflect["deleteProperty"]((1,), 0)
    for name, args in {"get": ("x",), "set": ("x", 1), "has": ("x",), "deleteProperty": ("x",)}.items():
        for target in (None, js.null, 5, "text", True, js.Symbol()):
            with pytest.raises(js.TypeError, match=rf"Reflect\.{name} called on non-object"):
                reflect[name](target, *args)


def test_the_console_is_a_logger(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "bindgen_patch.console"):
        for name in ("debug", "log", "info", "warn", "error"):
            GLOBALS["console"][name]("text", 1, ["a"], {"b": js.null}, "100%s")
    assert {record.getMessage() for record in caplog.records} == {'text 1 ["a"] Object({"b":null}) 100%s'}
    assert [record.levelname for record in caplog.records] == ["DEBUG", "INFO", "INFO", "WARNING", "ERROR"]


def test_tables_of_functions_become_classes() -> None:
    """How a module that knows nothing of objects is wired up: its tables, and one entry."""
    prototype = {"repeat": lambda this, count=None, mark=None: this.text * count, "same": lambda this: this}
    statics = {"largest": lambda *values: max(values), "first": lambda value=None, _other=None: value}

    class Text(Ordinary):
        __slots__ = ("text",)
        _bp_class = "Text"

        def __init__(self, text: str) -> None:
            self.text = text

    made = Class(
        "Text",
        call=str,
        construct=Text,
        length=1,
        statics=with_lengths(without_this(statics), largest=2),
        prototype=with_lengths(prototype, repeat=1),
        getters={"size": lambda this: len(this.text)},
        tag="Text",
    )
    text = model.construct(made, ["ab", "too much"])
    method = model.get(made.prototype, "repeat")
    assert model.apply(method, text, [2, None, "dropped"]) == "abab"
    assert [model.get(method, key) for key in ("name", "length")] == ["repeat", 1]
    assert [model.get(model.get(made, name), "length") for name in ("largest", "first")] == [2, 2]
    assert model.call(made, "largest", [1, 3, 2]) == 3
    assert model.call(made, "first", []) is None
    assert model.own(made.prototype, "size").get.invoke(text, ()) == 2  # type: ignore[union-attr]
    assert made("x") == "x"
    text_object = model.get(made.prototype, "constructor")
    assert text_object is made
