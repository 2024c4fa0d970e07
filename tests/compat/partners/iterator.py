"""Stands in for ``tests/wasm/Iterator.js`` of js-sys."""

from typing import Any

from bindgen_patch import js
from bindgen_patch.js.symbols import ITERATOR


def get_iterable() -> list[str]:
    return ["one", "two", "three"]


def get_not_iterable() -> js.Object:
    return js.Object()


def get_symbol_iterator_throws() -> js.Object:
    def throw() -> Any:
        raise js.Error("nope")

    return js.Object({ITERATOR: throw})


def get_symbol_iterator_not_function() -> js.Object:
    return js.Object({ITERATOR: 5})


def get_symbol_iterator_returns_not_object() -> js.Object:
    return js.Object({ITERATOR: lambda: 5})


def get_symbol_iterator_returns_object_without_next() -> js.Object:
    return js.Object({ITERATOR: js.Object})
