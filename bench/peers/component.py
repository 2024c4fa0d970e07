"""wasmtime-py's component model. Lists are converted element by element; resources are values of the host until they are dropped."""

from __future__ import annotations

import array
from typing import Any

import wasmtime
from wasmtime import component

from bench import build
from bench.peers.wasm import version

__all__ = ["VERBS", "setup", "version"]


def setup(argument: str) -> dict[str, Any]:
    engine = wasmtime.Engine()
    store = wasmtime.Store(engine)
    linker = component.Linker(engine)
    with linker.root() as root:
        root.add_func("callback", lambda store, number: number + 1)
    made = component.Component.from_file(engine, str(build.component()))
    instance = linker.instantiate(store, made)

    def export(name: str, inside: Any = None) -> Any:
        index = instance.get_export_index(store, name, inside)
        return instance.get_func(store, index) if index is not None else None

    counters = instance.get_export_index(store, "counters")
    new = export("[constructor]counter", counters)

    def new_drop(start: int) -> None:
        new(store, start).drop(store)

    def checked(number: int) -> None:
        result = export_checked(store, number)
        if isinstance(result, str):
            raise ValueError(result)

    def fill(count: int) -> array.array[float]:
        return array.array("d", export_fill(store, count))

    export_checked, export_fill = export("checked"), export("fill")
    names = {name: export(name) for name in ("add", "greet", "sum", "apply")}
    increment = export("[method]counter.increment", counters)
    return names | {
        "store": store, "increment": increment, "counter": new(store, 5), "new_drop": new_drop, "checked": checked, "fill": fill,
    }  # fmt: skip


VERBS = {
    "add": "add(store, 2, 3)",
    "increment": "increment(store, counter)",
    "greet16": "greet(store, text16)",
    "greet4k": "greet(store, text4k)",
    "sum_list": "sum(store, list1m)",
    "fill": "fill(1_000_000)",
    "new_drop": "new_drop(5)",
    "callback": "apply(store, 1000)",
    "err": "try:\n    checked(-1)\nexcept ValueError:\n    pass",
}
