"""Extism's SDK: one function takes bytes and returns bytes, so numbers are packed."""

from __future__ import annotations

import array
import importlib.metadata
import struct
from typing import Any

from bench import build


def setup(argument: str) -> dict[str, Any]:
    try:
        import extism  # type: ignore[import-untyped]
    except ImportError as missing:
        raise build.Missing(f"{missing} (pip install 'bindgen-patch[bench]')") from None

    @extism.host_fn(name="callback", signature=([extism.ValType.I64], [extism.ValType.I64]))  # type: ignore[untyped-decorator]
    def callback(plugin: Any, inputs: Any, outputs: Any, *data: Any) -> None:
        outputs[0].value = inputs[0].value + 1

    plugin = extism.Plugin(build.guest("extism").read_bytes())
    call = plugin.call
    pack, pack2, unpack = struct.Struct("<i").pack, struct.Struct("<ii").pack, struct.Struct("<i").unpack

    def number(data: bytes) -> int:
        return int(unpack(data)[0])

    def add(a: int, b: int) -> int:
        return number(call("add", pack2(a, b)))

    def counter(start: int) -> int:
        return number(call("counter_new", pack(start)))

    def increment(index: int) -> int:
        return number(call("counter_increment", pack(index)))

    def greet(name: str) -> str:
        return str(call("greet", name).decode())

    def total(values: array.array[float]) -> float:
        return float(struct.unpack("<d", call("sum", values.tobytes()))[0])

    def fill(count: int) -> array.array[float]:
        values = array.array("d")
        values.frombytes(call("fill", pack(count)))
        return values

    return {
        "call": call, "pack": pack, "add": add, "increment": increment, "greet": greet, "total": total, "fill": fill, "array": array.array,
        "new": counter, "counter": counter(5), "Error": extism.Error,
    }  # fmt: skip


def version() -> str:
    return f"extism {importlib.metadata.version('extism')}, extism-sys {importlib.metadata.version('extism-sys')}"


VERBS = {
    "add": "add(2, 3)",
    "increment": "increment(counter)",
    "greet16": "greet(text16)",
    "greet4k": "greet(text4k)",
    "sum_buffer": "total(array1m)",
    "sum_list": "total(array('d', list1m))",
    "fill": "fill(1_000_000)",
    "new_drop": "call('counter_drop', pack(new(5)))",
    "callback": "call('apply', pack(1000))",
    "err": "try:\n    call('checked', pack(-1))\nexcept Error:\n    pass",
}
