"""What the peers share that use a core module through wasmtime-py: an engine, the module, and the little that it imports."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable

import wasmtime

from bench import build


def version() -> str:
    return f"wasmtime {importlib.metadata.version('wasmtime')}"


def load(callback: Callable[[int], int]) -> tuple[wasmtime.Linker, wasmtime.Module]:
    """The workload as a core module, and a linker with what it imports."""
    config = wasmtime.Config()
    config.wasm_exceptions = True
    engine = wasmtime.Engine(config)
    linker = wasmtime.Linker(engine)
    i32 = wasmtime.ValType.i32()
    linker.define_func("env", "callback", wasmtime.FuncType([i32], [i32]), callback)
    return linker, wasmtime.Module.from_file(engine, str(build.guest("core")))
