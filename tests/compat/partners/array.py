"""Stands in for ``tests/wasm/Array.js`` of js-sys."""
# ruff: noqa: N802 (JavaScript chose these names)

from collections.abc import AsyncIterator, Iterator
from typing import Any

from bindgen_patch import js


class TestItem:
    """Something with an ``id`` and a ``name``."""

    __test__ = False

    def __init__(self, id: int, name: str) -> None:
        self.id, self.name = id, name

    def with_prefix(self, prefix: str) -> "TestItem":
        return TestItem(self.id, prefix + self.name)


def populate_array(array: Any, start: int, length: int) -> None:
    big = isinstance(array[0], js.BigInt)
    for place in range(length):
        array[place] = js.BigInt(start + place) if big else start + place


async def createAsyncIterable(values: list[Any]) -> AsyncIterator[Any]:
    for value in values:
        yield value


def createTestItemArray() -> list[TestItem]:
    return [TestItem(1, "first"), TestItem(2, "second"), TestItem(3, "third")]


def processTestItemArray(items: list[TestItem]) -> int:
    return sum(item.id for item in items)


def checkArrayType(items: Any) -> bool:
    return isinstance(items, list) and all(isinstance(item, TestItem) for item in items)


def createThrowingIterable() -> Iterator[int]:
    yield 1
    yield 2
    raise js.Error("iterator error")
