"""The globals that guests find of themselves."""

from __future__ import annotations

import logging
import math
from typing import Any

import pytest

from bindgen_patch import js
from bindgen_patch.js import model
from bindgen_patch.js.builtins import GLOBALS


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
            with pytest.raises(js.TypeError, match="which is no object"):
                reflect[name](target, *args)


def test_the_console_is_a_logger(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, "bindgen_patch.console"):
        for name in ("debug", "log", "info", "warn", "error"):
            GLOBALS["console"][name]("text", 1, ["a"], {"b": js.null}, "100%s")
    assert {record.getMessage() for record in caplog.records} == {'text 1 ["a"] Object({"b":null}) 100%s'}
    assert [record.levelname for record in caplog.records] == ["DEBUG", "INFO", "INFO", "WARNING", "ERROR"]
