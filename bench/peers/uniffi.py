"""UniFFI's Python bindings of the same Rust. Buffers go as ``bytes``: lists of numbers take it microseconds an element."""

from __future__ import annotations

import array
import importlib
import sys
from typing import Any

from bench import build
from bench.peers.pyo3 import locked


def setup(argument: str) -> dict[str, Any]:
    sys.path.insert(0, str(build.uniffi()))
    module: Any = importlib.import_module("bench_uniffi")
    module.quiet()

    class Callback(module.Callback):  # type: ignore[misc]
        def call(self, number: int) -> int:
            return number + 1

    def sum_buffer(values: array.array[float]) -> float:
        total: float = module.sum_bytes(values.tobytes())
        return total

    def fill(count: int) -> array.array[float]:
        values = array.array("d")
        values.frombytes(module.fill_bytes(count))
        return values

    exports = ("add", "greet", "sum", "apply", "checked", "boom", "Counter", "Failure", "InternalError")
    names = {export: getattr(module, export) for export in exports}
    return names | {"counter": module.Counter(5), "sum_buffer": sum_buffer, "fill": fill, "foreign": Callback()}


def version() -> str:
    return locked("uniffi")


VERBS = {
    "add": "add(2, 3)",
    "increment": "counter.increment()",
    "greet16": "greet(text16)",
    "greet4k": "greet(text4k)",
    "sum_buffer": "sum_buffer(array1m)",
    "sum_list": "sum(list1m)",
    "fill": "fill(1_000_000)",
    "new_drop": "Counter(5)",
    "callback": "apply(1000, foreign)",
    "err": "try:\n    checked(-1)\nexcept Failure:\n    pass",
    "panic": "try:\n    boom(-1)\nexcept InternalError:\n    pass",
}
