"""The edited guest: exports and a host table appended, generic imports wired to it, describe exports gone.

The bodies of generic imports are swapped for a call through the host table (abi.md 2.4 and 7). A new body is filled up with ``nop`` to the
size of the old one, so that no offset in the code section moves: debug information and stack traces stay right. The describe *functions*
stay too (without their exports nothing enters them), and so does every custom section but wasm-bindgen's own.
"""

from __future__ import annotations

from dataclasses import dataclass

from bindgen_patch import ir, symbols
from bindgen_patch.decode import opcodes
from bindgen_patch.decode.container import KINDS, Id, Wasm
from bindgen_patch.decode.rewrite import after_count, assemble, code_section
from bindgen_patch.decode.writer import export, sleb, uleb, vector
from bindgen_patch.errors import GenerationError

_FUNCREF = 0x70


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a host finds what was appended: export names, ``None`` where the guest has no such thing.

    ``host`` is a table of ``slots`` functions that the host fills right after instantiation; slot *k* belongs to the *k*-th of
    ``ir.Module.imports`` whose ``function`` is not ``None``, and has that import's wasm type.
    """

    stack_pointer: str | None
    table: str | None
    host: str | None
    slots: int


def edited_guest(wasm: Wasm, module: ir.Module) -> tuple[bytes, Layout]:
    """The bytes of the edited guest, and where things are in it."""
    supplied = [imported.function for imported in module.imports if imported.function is not None]
    layout = Layout(
        stack_pointer=symbols.EXPORT_STACK_POINTER if module.facts.stack_pointer is not None else None,
        table=symbols.EXPORT_TABLE if module.facts.function_table else None,
        host=symbols.EXPORT_HOST if supplied else None,
        slots=len(supplied),
    )
    replaced: dict[int, bytes | None] = {Id.EXPORT: vector([*_kept_exports(wasm, module), *_own_exports(wasm, module, layout)])}
    if supplied:
        replaced[Id.TABLE] = _tables(wasm, len(supplied))
        replaced[Id.CODE] = code_section(wasm, {function: _host_call(wasm, function, slot) for slot, function in enumerate(supplied)})
    return assemble(wasm, replaced, lambda custom: custom.name != symbols.METADATA_SECTION), layout


def _kept_exports(wasm: Wasm, module: ir.Module) -> list[bytes]:
    return [export(e.name, KINDS.index(e.kind), e.index) for e in wasm.exports if e.name not in module.facts.describes]


def _own_exports(wasm: Wasm, module: ir.Module, layout: Layout) -> list[bytes]:
    own = (
        (layout.stack_pointer, "global", module.facts.stack_pointer),
        (layout.table, "table", 0),
        (layout.host, "table", len(wasm.tables)),
    )
    for name in (symbols.EXPORT_STACK_POINTER, symbols.EXPORT_TABLE, symbols.EXPORT_HOST):
        if name in module.facts.exports:
            raise GenerationError(f"the guest already exports `{name}`", hint="give the .wasm that rustc wrote, not a generated package's")
    return [export(name, KINDS.index(kind), index) for name, kind, index in own if name is not None and index is not None]


def _tables(wasm: Wasm, slots: int) -> bytes:
    """The table section with the host table behind the guest's own."""
    section = wasm.section(Id.TABLE)
    host = bytes((_FUNCREF, 1)) + uleb(slots) * 2
    if section is None:
        return vector([host])
    imported = sum(i.kind == "table" for i in wasm.imports)
    own = len(wasm.tables) - imported
    return uleb(own + 1) + wasm.data[after_count(wasm, section) : section.end] + host


def _host_call(wasm: Wasm, function: int, slot: int) -> bytes:
    """A body that hands its parameters to the host function in ``slot``; as long as the old one where that is longer."""
    start, end = wasm.body(function) or (0, 0)
    code = bytearray(b"\0")  # no locals
    for place in range(len(wasm.signature(function).params)):
        code += bytes((opcodes.LOCAL_GET,)) + uleb(place)
    code += bytes((opcodes.I32_CONST,)) + sleb(slot)
    code += bytes((opcodes.CALL_INDIRECT,)) + uleb(wasm.functions[function]) + uleb(len(wasm.tables))
    code += bytes((opcodes.NOP,)) * (end - start - len(code) - 1)
    return bytes(code) + bytes((opcodes.END,))
