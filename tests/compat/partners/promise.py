"""Stands in for ``tests/wasm/Promise.js`` of js-sys: asynchronous functions, and classes."""
# ruff: noqa: N802 (JavaScript chose these names)

from collections.abc import Awaitable
from typing import Any

from bindgen_patch import js


class TestValue:
    """A text in a box."""

    __test__ = False

    def __init__(self, value: str) -> None:
        self.value = value

    def transform(self, suffix: str) -> "TestValue":
        return TestValue(self.value + suffix)


class TestResult:
    """What may have worked out."""

    __test__ = False

    def __init__(self, success: bool, data: Any) -> None:
        self.success, self.data = success, data


async def createTestValuePromise(value: str) -> TestValue:
    return TestValue(value)


async def createTestResultPromise(success: bool, value: str) -> TestResult:
    return TestResult(success, TestValue(value))


async def processTestValuePromise(promise: Awaitable[TestValue]) -> TestValue:
    return (await promise).transform("_processed")


async def chainTestValuePromises(first: Awaitable[TestValue], second: Awaitable[TestValue]) -> TestValue:
    return TestValue(f"{(await first).value}+{(await second).value}")


async def checkTestValuePromise(promise: Awaitable[TestValue]) -> None:
    if not isinstance(await promise, TestValue):
        raise js.Error("no TestValue")
