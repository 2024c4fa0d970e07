"""Stands in for ``tests/wasm/Function.js`` of js-sys: functions that are told their ``this``."""

from collections.abc import Callable
from typing import Any

from bindgen_patch import js
from bindgen_patch.js import model
from bindgen_patch.js.classes import Function


def get_function_to_bind() -> Function:
    return Function("", lambda this: model.lookup(this, "x", None) or 1)


def get_value_to_bind_to() -> dict[str, int]:
    return {"x": 2}


def list() -> Function:
    return Function("", lambda _this, *given: js.Array(given))


def add_arguments() -> Callable[[Any, Any], Any]:
    return lambda a, b: a + b


def call_function(function: Callable[[], Any]) -> Any:
    return function()


def call_function_arg(function: Callable[[Any], Any], given: Any) -> Any:
    return function(given)


def sum_many_arguments() -> Function:
    return Function("", lambda _this, *given: sum(value or 0 for value in given[:8]), 8)


def test_context() -> dict[str, int]:
    return {"multiplier": 10}


def multiply_sum() -> Function:
    return Function("", lambda this, *given: model.get(this, "multiplier") * sum(value or 0 for value in given[:8]), 8)


def invoke_for_each_callback(callback: Callable[[Any, int], Any], items: Any) -> None:
    for place, item in enumerate(items):
        callback(item, place)
