"""Stands in for ``tests/wasm/Generator.js`` of js-sys: Python's generators are JavaScript's."""

from collections.abc import Generator
from typing import Any

from bindgen_patch import js


def one_two_generator() -> Generator[int, Any, None]:
    yield 1
    yield 2


def dummy_generator() -> Generator[str, Any, bool]:
    reply = yield "2 * 2"
    return bool(reply == 4)


def broken_generator() -> Generator[int, Any, None]:
    raise js.Error("Something went wrong")
    yield 1
