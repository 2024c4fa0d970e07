"""The least that can drive an edited guest: no handles, no runtime, just the companion's protocol."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import wasmtime

from bindgen_patch import ir, symbols
from bindgen_patch.edit import Edited
from tests.decode.committed import ROOT

SERIAL = 77
"""The number by which this host knows its one instance."""
FIRST_HANDLE = 1028

_KINDS = {"i32": wasmtime.ValType.i32, "i64": wasmtime.ValType.i64, "f32": wasmtime.ValType.f32, "f64": wasmtime.ValType.f64}

Handler = Callable[..., Any]


def engine() -> wasmtime.Engine:
    config = wasmtime.Config()
    config.wasm_exceptions = True
    return wasmtime.Engine(config)


class Host:
    """One instance. ``handlers`` answer imports by role name (``throw``, ``call_host``, ``cast`` …), with the words the guest sent."""

    def __init__(self, edited: Edited, module: ir.Module, handlers: dict[str, Handler]) -> None:
        shared = engine()
        self.store = wasmtime.Store(shared)
        self.handlers = handlers
        self.values: dict[int, Any] = {}
        self.raised: list[Exception] = []
        self.called: list[str] = []
        functions = [self._function(imported) for imported in module.imports]
        companion = wasmtime.Instance(self.store, wasmtime.Module(shared, edited.shims), functions).exports(self.store)
        serial = companion[symbols.SHIM_INSTANCE]
        assert isinstance(serial, wasmtime.Global)
        serial.set_value(self.store, SERIAL)
        linked = [companion[symbols.shim(place)] for place, imported in enumerate(module.imports) if imported.function is None]
        self.exports = wasmtime.Instance(self.store, wasmtime.Module(shared, edited.module), linked).exports(self.store)
        if edited.layout.host:
            table = self.exports[edited.layout.host]
            assert isinstance(table, wasmtime.Table)
            assert table.size(self.store) == len(edited.layout.slots)
            for slot, name in enumerate(edited.layout.slots):
                table.set(self.store, slot, companion[name])
        self.trapped = companion[symbols.SHIM_TRAPPED]

    def _function(self, imported: ir.Import) -> wasmtime.Func:
        name = role_name(imported.role)
        params = [_KINDS[word]() for word in ("i32", *imported.wasm.params)]
        results = [_KINDS[word]() for word in ("i32", *imported.wasm.results)]

        def answer(serial: int, *words: Any) -> Any:
            assert serial == SERIAL
            self.called.append(name)
            try:
                result = self.handlers[name](*words) if name in self.handlers else 0
            except Exception as error:
                self.raised.append(error)
                return [SERIAL, *(0 for _ in imported.wasm.results)] if imported.wasm.results else SERIAL
            return [0, result] if imported.wasm.results else 0

        return wasmtime.Func(self.store, wasmtime.FuncType(params, results), answer)

    def call(self, symbol: str, *words: Any) -> Any:
        function = self.exports[symbol]
        assert isinstance(function, wasmtime.Func)
        return function(self.store, *words)

    def handle(self, value: Any) -> int:
        self.values[FIRST_HANDLE + len(self.values)] = value
        return FIRST_HANDLE + len(self.values) - 1

    def text(self, address: int, size: int) -> str:
        memory = self.exports[symbols.MEMORY]
        assert isinstance(memory, wasmtime.Memory)
        return memory.read(self.store, address & 0xFFFFFFFF, (address & 0xFFFFFFFF) + size).decode()

    def lower(self, text: str) -> tuple[int, int]:
        encoded = text.encode()
        address = self.call(symbols.MALLOC, len(encoded), 1)
        memory = self.exports[symbols.MEMORY]
        assert isinstance(memory, wasmtime.Memory)
        memory.write(self.store, encoded, address & 0xFFFFFFFF)
        return address, len(encoded)


def role_name(role: ir.Role) -> str:
    match role:
        case ir.Intrinsic(name) | ir.Call(name=name):
            return name
        case _:
            return type(role).__name__.lower()


def guest(case: str, mode: str) -> bytes:
    return (ROOT / case / f"{mode}.wasm").read_bytes()
