"""What the peers share that use a core module through wasmtime-py: an engine, the module, and the little that it imports."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable

import wasmtime

from bench import build


def version() -> str:
    return f"wasmtime {importlib.metadata.version('wasmtime')}"


def load(define: Callable[[wasmtime.Linker, wasmtime.FuncType], object]) -> tuple[wasmtime.Linker, wasmtime.Module]:
    """The workload as a core module, and a linker in which ``define`` has defined ``env.callback``, its one import, of that type."""
    config = wasmtime.Config()
    config.wasm_exceptions = True
    engine = wasmtime.Engine(config)
    linker = wasmtime.Linker(engine)
    i32 = wasmtime.ValType.i32()
    define(linker, wasmtime.FuncType([i32], [i32]))
    return linker, wasmtime.Module.from_file(engine, str(build.guest("core")))
