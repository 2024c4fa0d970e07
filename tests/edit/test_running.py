"""Edited guests, run: casts reach the host, host errors run destructors, panics come out as they should."""

from __future__ import annotations

import pytest
import wasmtime

from bindgen_patch import ir, symbols
from bindgen_patch.decode import decode
from bindgen_patch.edit import edit
from tests.edit.host import Handler, Host, guest


class Bound:
    """A guest with its symbols looked up by name."""

    def __init__(self, case: str, mode: str) -> None:
        self.module, wasm = decode(guest(case, mode), f"{case}.wasm")
        self.symbols = {export.name: export.symbol for export in self.module.exports if export.owner is None}
        self.edited = edit(wasm, self.module)

    def start(self, **handlers: Handler) -> Host:
        return Host(self.edited, self.module, handlers)

    def call(self, host: Host, name: str, *words: object) -> object:
        return host.call(self.symbols[name], *words)


@pytest.fixture(scope="module", params=["unwind", "abort"])
def recovery(request: pytest.FixtureRequest) -> Bound:
    return Bound("recovery", request.param)


@pytest.fixture(scope="module")
def imports() -> Bound:
    return Bound("imports", "unwind")


class Failure(Exception):
    """Raised by host functions."""


def failing(*words: object) -> None:
    raise Failure


def test_a_plain_call(recovery: Bound) -> None:
    host = recovery.start()
    assert recovery.call(host, "add", 2, 3) == 5
    assert host.called == []


def test_a_host_function_is_called_and_answers(recovery: Bound) -> None:
    host = recovery.start(call_host=lambda depth: depth * 10)
    nested = next(name for name in ("nest", "call_host", "nest_direct") if name in recovery.symbols)
    recovery.call(host, nested, 4)
    assert "call_host" in host.called


def test_destructors_run_when_a_host_function_fails(imports: Bound) -> None:
    host = imports.start(host_fail=failing)
    before = imports.call(host, "drops_seen")
    pointer = host.exports[symbols.EXPORT_STACK_POINTER]
    assert isinstance(pointer, wasmtime.Global)
    with pytest.raises(wasmtime.Trap, match="thrown Wasm exception"):
        imports.call(host, "fail_below", 3, *host.lower("x"))
    assert [type(error) for error in host.raised] == [Failure]
    pointer.set_value(host.store, 1 << 20)  # the run time puts it back
    after = imports.call(host, "drops_seen")
    assert isinstance(before, int)
    assert after == before + 5


def test_a_panic_reports_and_rethrows() -> None:
    bound = Bound("recovery", "unwind")
    texts: list[str] = []
    host = bound.start(cast=lambda address, size: texts.append(host.text(address, size)) or host.handle(texts[-1]), rethrow=failing)
    with pytest.raises(wasmtime.Trap, match="thrown Wasm exception"):
        bound.call(host, "panic_static")
    assert texts == ["a static message"]
    assert {"cast", "panic_error", "rethrow"} <= set(host.called)
    assert bound.call(host, "add", 1, 1) == 2


def test_a_panic_that_cannot_unwind_traps() -> None:
    bound = Bound("recovery", "abort")
    host = bound.start()
    with pytest.raises(wasmtime.Trap, match="unreachable"):
        bound.call(host, "panic_static")


def test_the_stack_pointer_and_the_table_are_the_guests_own(recovery: Bound) -> None:
    host = recovery.start()
    pointer, table = host.exports[symbols.EXPORT_STACK_POINTER], host.exports[symbols.EXPORT_TABLE]
    assert isinstance(pointer, wasmtime.Global)
    assert isinstance(table, wasmtime.Table)
    assert pointer.value(host.store) == 1 << 20
    assert not isinstance(table.get(host.store, 0), wasmtime.Func)
    hook = host.exports[symbols.ABORT_HANDLER]
    assert isinstance(hook, wasmtime.Global)
    memory = host.exports[symbols.MEMORY]
    assert isinstance(memory, wasmtime.Memory)
    slot = int.from_bytes(memory.read(host.store, hook.value(host.store), hook.value(host.store) + 4), "little")
    assert isinstance(table.get(host.store, slot), wasmtime.Func)


def test_every_cast_of_the_closures_has_a_slot() -> None:
    bound = Bound("closures", "unwind")
    casts = [i.role for i in bound.module.imports if i.function is not None]
    assert len(bound.edited.layout.supplied) == len(casts) > 10
    assert all(isinstance(role, ir.Cast) for role in casts)
    closures = [role.param for role in casts if isinstance(role, ir.Cast) and isinstance(role.param, ir.Closure)]
    host = bound.start()
    table = host.exports[symbols.EXPORT_TABLE]
    assert isinstance(table, wasmtime.Table)
    assert all(isinstance(table.get(host.store, closure.signature.shim), wasmtime.Func) for closure in closures)
