"""PyO3: the same Rust in an extension module."""

from __future__ import annotations

import importlib
import re
import sys
from typing import Any

from bench import build


def setup(argument: str) -> dict[str, Any]:
    sys.path.insert(0, str(build.pyo3()))
    module: Any = importlib.import_module("bench_pyo3")
    names = {name: getattr(module, name) for name in ("add", "greet", "sum", "sum_list", "fill", "apply", "checked", "boom", "Counter")}
    panic = None
    try:
        module.boom(-1)
    except BaseException as error:  # PanicException is not exported by anybody
        panic = type(error)
    return names | {"counter": module.Counter(5), "Panic": panic}


def version() -> str:
    return locked("pyo3")


def locked(crate: str) -> str:
    """A crate and its version, as Cargo.lock has it."""
    found = re.search(rf'name = "{crate}"\nversion = "(.*)"', (build.GUESTS / "Cargo.lock").read_text("utf-8"))
    return f"{crate} {found[1] if found else '?'}"


VERBS = {
    "add": "add(2, 3)",
    "increment": "counter.increment()",
    "greet16": "greet(text16)",
    "greet4k": "greet(text4k)",
    "sum_buffer": "sum(array1m)",
    "sum_list": "sum_list(list1m)",
    "fill": "fill(1_000_000)",
    "new_drop": "Counter(5)",
    "callback": "apply(1000, callback)",
    "err": "try:\n    checked(-1)\nexcept ValueError:\n    pass",
    "panic": "try:\n    boom(-1)\nexcept Panic:\n    pass",
}
