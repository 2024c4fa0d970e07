"""wasmtime-py as its documentation shows it: ``exports(store)["add"](store, 2, 3)``, memory through ``Memory.read`` and ``write``."""

from __future__ import annotations

import array
import struct
from typing import Any

import wasmtime

from bench.peers.wasm import load, version

__all__ = ["VERBS", "setup", "version"]


def setup(argument: str) -> dict[str, Any]:
    linker, module = load(lambda linker, kind: linker.define_func("env", "callback", kind, lambda number: number + 1))
    store = wasmtime.Store(linker.engine)
    exports = linker.instantiate(store, module).exports(store)
    memory: Any = exports["memory"]
    call: dict[str, Any] = {name: exports[name] for name in _NAMES}
    allocate, release = call["allocate"], call["release"]

    def lower(data: Any) -> tuple[int, int]:
        size = len(data)
        address = allocate(store, size)
        memory.write(store, data, address)
        return address, size

    def lift(result: int) -> bytearray:
        address, size = struct.unpack("<II", memory.read(store, result, result + 8))
        data: bytearray = memory.read(store, address, address + size)
        release(store, address, size)
        return data

    def greet(name: str) -> str:
        address, size = lower(name.encode())
        result = call["greet"](store, address, size)
        release(store, address, size)
        return lift(result).decode()

    def total(values: Any) -> float:
        if not isinstance(values, array.array):
            values = array.array("d", values)
        address, size = lower(bytearray(memoryview(values).cast("B")))
        result: float = call["sum"](store, address, len(values))
        release(store, address, size)
        return result

    def fill(count: int) -> array.array[float]:
        values = array.array("d")
        values.frombytes(lift(call["fill"](store, count)))
        return values

    def checked(number: int) -> None:
        result = call["checked"](store, number)
        if result:
            raise ValueError(lift(result).decode())

    def boom(number: int) -> None:
        result = call["boom"](store, number)
        if result:
            raise RuntimeError(lift(result).decode())

    return {
        **call, "store": store, "counter": call["counter_new"](store, 5),
        "greet": greet, "sum": total, "fill": fill, "checked": checked, "boom": boom,
    }  # fmt: skip


_NAMES = ["allocate", "release", "add", "greet", "sum", "fill", "apply", "checked", "boom"]
_NAMES += ["counter_new", "counter_increment", "counter_drop"]

VERBS = {
    "add": "add(store, 2, 3)",
    "increment": "counter_increment(store, counter)",
    "greet16": "greet(text16)",
    "greet4k": "greet(text4k)",
    "sum_buffer": "sum(array1m)",
    "sum_list": "sum(list1m)",
    "fill": "fill(1_000_000)",
    "new_drop": "counter_drop(store, counter_new(store, 5))",
    "callback": "apply(store, 1000)",
    "err": "try:\n    checked(-1)\nexcept ValueError:\n    pass",
    "panic": "try:\n    boom(-1)\nexcept RuntimeError:\n    pass",
}
