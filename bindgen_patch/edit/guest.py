"""The edited guest: exports, a host table and functions that use it appended, generic imports wired to it, describe exports gone.

The bodies of generic imports are swapped for a call through the host table (abi.md 2.4 and 7). A new body is filled up with ``nop`` to the
size of the old one, so that no offset in the code section moves: debug information and stack traces stay right. The describe *functions*
stay too (without their exports nothing enters them), and so does every custom section but wasm-bindgen's own.

An unsafe call (:mod:`~bindgen_patch.edit.hazards`) goes to an appended function instead. In place of an import that is one which reaches
a trapping shim of the companion through the same table, in place of a function of the guest's a copy of it whose own calls go there.
Nothing but the operands of such calls changes, and they keep the width that the linker gave them. What is appended has names, in a guest
that has kept its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bindgen_patch import ir, symbols
from bindgen_patch.decode import opcodes
from bindgen_patch.decode.container import KINDS, Id, Wasm
from bindgen_patch.decode.rewrite import assemble, code_section, extended
from bindgen_patch.decode.writer import export, sleb, uleb, vector
from bindgen_patch.edit import instructions as op
from bindgen_patch.edit.hazards import Call, Unsafe
from bindgen_patch.edit.names import with_names
from bindgen_patch.edit.whole import Whole
from bindgen_patch.errors import GenerationError

_FUNCREF = 0x70


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a host finds what was appended: export names, ``None`` where the guest has no such thing.

    ``host`` is a table that the host fills with exports of the companion right after instantiation: see :attr:`slots`.
    ``supplied`` and ``trapping`` are places in ``ir.Module.imports``: those whose bodies the host supplies, and those that are called
    where no exception may be thrown.
    """

    stack_pointer: str | None
    table: str | None
    host: str | None
    supplied: tuple[int, ...]
    trapping: tuple[int, ...]

    @property
    def slots(self) -> tuple[str, ...]:
        """What belongs into each slot of the host table, as the companion exports it."""
        return (*map(symbols.shim, self.supplied), *map(symbols.trapping_shim, self.trapping))


def edited_guest(wasm: Wasm, module: ir.Module, unsafe: Unsafe, whole_calls: Iterable[Whole]) -> tuple[bytes, Layout]:
    """The bytes of the edited guest, its ``unsafe`` calls led to functions that trap, and where things are in it."""
    supplied = {imported.function: place for place, imported in enumerate(module.imports) if imported.function is not None}
    layout = Layout(
        stack_pointer=symbols.EXPORT_STACK_POINTER if module.facts.stack_pointer is not None else None,
        table=symbols.EXPORT_TABLE if module.facts.function_table else None,
        host=symbols.EXPORT_HOST if supplied or unsafe.imports else None,
        supplied=tuple(supplied.values()),
        trapping=tuple(supplied.get(function, function) for function in unsafe.imports),
    )
    exports = [*_kept_exports(wasm, module), *_own_exports(wasm, module, layout)]
    replaced: dict[int, bytes | None] = {}
    bodies: dict[int, bytes] = {}
    added = _Added(wasm)
    if layout.slots:
        bodies = {function: _padded(_host_call(wasm, function, slot), wasm, function) for slot, function in enumerate(supplied)}
        twins = {function: len(wasm.functions) + place for place, function in enumerate([*unsafe.imports, *unsafe.copies])}
        bodies |= {function: _redirected(wasm, function, calls, twins) for function, calls in unsafe.calls.items()}
        for slot, function in enumerate(unsafe.imports, len(supplied)):
            added.twin(function, _host_call(wasm, function, slot))
        for function, calls in unsafe.copies.items():
            added.twin(function, _redirected(wasm, function, calls, twins))
        replaced[Id.TABLE] = _tables(wasm, len(layout.slots))
    for whole in whole_calls:
        exports.append(export(whole.export, KINDS.index("function"), added.function(whole.type, whole.body)))
    replaced[Id.EXPORT] = vector(exports)
    replaced |= added.sections(bodies)
    names = with_names(wasm, added.twins, added.own)
    data = assemble(wasm, replaced, lambda custom: custom.name != symbols.METADATA_SECTION, names)
    return data, layout


class _Added:
    """Functions behind the guest's own."""

    def __init__(self, wasm: Wasm) -> None:
        self._wasm = wasm
        self.twins: dict[int, int] = {}
        """Function of the guest's -> another form of it."""
        self.own: list[int] = []
        """Those that are nobody's twins."""
        self._types: dict[bytes, int] = {}
        """New ones, and their indexes."""
        self._functions: list[tuple[int, bytes]] = []

    def twin(self, function: int, body: bytes) -> None:
        self.twins[function] = self._add(self._wasm.functions[function], body)

    def function(self, functype: ir.FuncType, body: bytes) -> int:
        encoded = op.functype(op.codes(functype.params), op.codes(functype.results))
        index = self._add(self._types.setdefault(encoded, len(self._wasm.types) + len(self._types)), body)
        self.own.append(index)
        return index

    def _add(self, type_index: int, body: bytes) -> int:
        self._functions.append((type_index, body))
        return len(self._wasm.functions) + len(self._functions) - 1

    def sections(self, bodies: Mapping[int, bytes]) -> dict[int, bytes | None]:
        """The sections that they, and new ``bodies`` of others, are in."""
        wasm = self._wasm
        changed: dict[int, bytes | None] = {}
        if self._types:
            changed[Id.TYPE] = extended(wasm, Id.TYPE, self._types)
        if self._functions:
            changed[Id.FUNCTION] = extended(wasm, Id.FUNCTION, [uleb(type_index) for type_index, _ in self._functions])
        if bodies or self._functions:
            changed[Id.CODE] = code_section(wasm, bodies, [body for _, body in self._functions])
        return changed


def _kept_exports(wasm: Wasm, module: ir.Module) -> list[bytes]:
    return [export(e.name, KINDS.index(e.kind), e.index) for e in wasm.exports if e.name not in module.facts.describes]


def _own_exports(wasm: Wasm, module: ir.Module, layout: Layout) -> list[bytes]:
    own = (
        (layout.stack_pointer, "global", module.facts.stack_pointer),
        (layout.table, "table", 0),
        (layout.host, "table", len(wasm.tables)),
    )
    ours = {symbols.EXPORT_STACK_POINTER, symbols.EXPORT_TABLE, symbols.EXPORT_HOST}
    for name in sorted(module.facts.exports):
        if name in ours or name.startswith(symbols.WHOLE_PREFIX):
            raise GenerationError(f"the guest already exports `{name}`", hint="give the .wasm that rustc wrote, not a generated package's")
    return [export(name, KINDS.index(kind), index) for name, kind, index in own if name is not None and index is not None]


def _tables(wasm: Wasm, slots: int) -> bytes:
    """The table section with the host table behind the guest's own."""
    return extended(wasm, Id.TABLE, [bytes((_FUNCREF, 1)) + uleb(slots) * 2])


def _host_call(wasm: Wasm, function: int, slot: int) -> bytes:
    """A body for the type of ``function`` that hands its parameters to what is in ``slot`` of the host table."""
    code = bytearray(b"\0")  # no locals
    for place in range(len(wasm.signature(function).params)):
        code += bytes((opcodes.LOCAL_GET,)) + uleb(place)
    code += bytes((opcodes.I32_CONST,)) + sleb(slot)
    code += bytes((opcodes.CALL_INDIRECT,)) + uleb(wasm.functions[function]) + uleb(len(wasm.tables))
    return bytes(code) + bytes((opcodes.END,))


def _padded(body: bytes, wasm: Wasm, function: int) -> bytes:
    """``body``, as long as the one that ``function`` has where that is longer."""
    start, end = wasm.body(function) or (0, 0)
    return body[:-1] + bytes((opcodes.NOP,)) * (end - start - len(body)) + body[-1:]


def _redirected(wasm: Wasm, function: int, calls: Iterable[Call], twins: Mapping[int, int]) -> bytes:
    """The body of ``function`` with ``calls`` going to ``twins`` of their targets: as long as before, unless an operand is too short."""
    start, end = wasm.body(function) or (0, 0)
    parts: list[bytes] = []
    for call in calls:
        parts += (wasm.data[start : call.start], uleb(twins[call.target], call.end - call.start))
        start = call.end
    return b"".join(parts) + wasm.data[start:end]
