"""A module made of the guest's describe functions, to be run without the guest.

It holds the functions that describing can reach through direct calls, and nothing else: calls are renumbered to fit. Memories are small
and cannot grow, tables are empty, there are no data, no elements, no imports. What the guest imported has become a function of the copy:
``__wbindgen_describe`` stores its word in a memory of its own, the generic-import marker sets a flag and traps, all others trap. One
appended driver calls every describe function in turn. So compiling and running follow the size of the API, at any optimisation level,
whatever the size of the guest.

Rules: abi.md 2.4 and 2.5. Like upstream's interpreter, describing may call functions directly and use the shadow stack; it can see
neither static data nor the function table.
"""

from __future__ import annotations

from collections.abc import Iterable

from bindgen_patch import symbols
from bindgen_patch.decode import opcodes, scan
from bindgen_patch.decode.blame import DAMAGED
from bindgen_patch.decode.container import Id, Wasm
from bindgen_patch.decode.rewrite import EMPTY_BODY, TRAP_BODY, after_count, assemble, without_handlers
from bindgen_patch.decode.writer import export, sized, sleb, uleb, vector
from bindgen_patch.errors import GenerationError

RUN, WORDS, CURSOR, MARKED, STACK = "run", "words", "cursor", "marked", "stack"
"""Exports of a copy: the driver, the memory of cells, the bytes used of it, the marker's flag, the guest's stack pointer."""

TERMINATOR = 1 << 32
"""A cell is a word widened to 64 bits; this one stands behind the words of each describe function."""

WORD_PAGES = 256
"""Pages for the cells of a guest: two million words."""
MEMORY_PAGES = 1024
"""At most this many pages of each guest memory; the shadow stack is at the bottom."""
CODE_LIMIT = 2 << 20
"""Bytes of code that describing may reach. Measured: 380 kB in a debug build with js-sys; the worst code that a hostile guest could put
there takes nine seconds and 1.4 GB to compile."""

_ELEMENTS = {"funcref": 0x70, "externref": 0x6F, "exnref": 0x69}


class AnalysisCopy:
    """The copy of one guest: ``describes`` are run by the driver in their order, ``generic`` are exported under their index."""

    def __init__(self, wasm: Wasm, describes: list[int], generic: list[int], stack_pointer: int | None) -> None:
        self.wasm = wasm
        self.describes = describes
        self.generic = generic
        self.stack_pointer = stack_pointer
        self.kept = sorted(self._reachable())
        self.places = {function: place for place, function in enumerate(self.kept)}

    def module_bytes(self) -> bytes:
        """The copy as a wasm module. Raises ``GenerationError`` where a function is not what describing takes it for."""
        wasm = self.wasm
        types = [wasm.functions[function] for function in self.kept]
        own = [wasm.functions[self.describes[0]]] * 2 if self.describes else []
        memories = [_fixed_memory(min(memory.minimum, MEMORY_PAGES)) for memory in wasm.memories]
        replaced: dict[int, bytes | None] = dict.fromkeys((Id.IMPORT, Id.START, Id.ELEMENT, Id.DATA, Id.DATA_COUNT))
        replaced |= {
            Id.FUNCTION: vector(uleb(type_index) for type_index in types + own),
            Id.TABLE: vector(bytes((_ELEMENTS[table.element], 1, 0, 0)) for table in wasm.tables),
            Id.MEMORY: vector([*memories, _fixed_memory(WORD_PAGES)]),
            Id.GLOBAL: self._globals(),
            Id.EXPORT: vector(self._exports()),
            Id.CODE: vector(sized(body) for body in self._bodies()),
        }
        return assemble(wasm, replaced, lambda custom: False)

    def _reachable(self) -> set[int]:
        wasm = self.wasm
        prologue = self._prologue()
        kept = scan.reachable(wasm, [*self.describes, *self.generic], prologue)
        size = sum(body[1] - body[0] for function in kept if (body := wasm.body(function)))
        if size > CODE_LIMIT:
            raise GenerationError(f"describing the guest's types runs through {size} bytes of code, more than {CODE_LIMIT}", hint=DAMAGED)
        return kept

    def _prologue(self) -> set[int]:
        """What every export calls first when the guest was linked as a command: its constructors, which describing does without."""
        function = self.wasm.exported_functions.get(symbols.SKIP_INTERPRET_CALLS)
        called = scan.callees(self.wasm, function) if function is not None else ()
        return {f for f in called if f < len(self.wasm.functions) and self.wasm.body(f) and self.wasm.signature(f).is_empty}

    def _exports(self) -> Iterable[bytes]:
        own_global = len(self.wasm.globals)
        yield export(WORDS, 2, len(self.wasm.memories))
        yield export(CURSOR, 3, own_global)
        yield export(MARKED, 3, own_global + 1)
        if self.describes:
            yield export(RUN, 0, len(self.kept) + 1)
        if self.stack_pointer is not None:
            yield export(STACK, 3, self.stack_pointer)
        for function in self.generic:
            yield export(str(function), 0, self.places[function])

    def _globals(self) -> bytes:
        """The guest's globals, behind them the cursor and the flag, mutable numbers that start at zero."""
        section = self.wasm.section(Id.GLOBAL)
        kept = self.wasm.data[after_count(self.wasm, section) : section.end] if section else b""
        own = bytes((0x7F, 1, opcodes.I32_CONST, 0, opcodes.END))
        return uleb(len(self.wasm.globals) + 2) + kept + own * 2

    # ------------------------------------------------------------------------------------------ bodies

    def _bodies(self) -> Iterable[bytes]:
        prologue = self._prologue()
        for function in self.kept:
            yield EMPTY_BODY if function in prologue else self._body(function)
        if self.describes:
            yield self._store_cell(bytes((opcodes.I64_CONST,)) + sleb(TERMINATOR))
            yield self._driver(terminate=len(self.kept))

    def _body(self, function: int) -> bytes:
        body = self.wasm.body(function)
        if body is None:
            return self._imported(function)
        code = self.wasm.data[body[0] : body[1]]
        if scan.uses_legacy_eh(self.wasm, function):
            code = without_handlers(code)
        return scan.relinked(code, self.places)

    def _imported(self, function: int) -> bytes:
        imported = self.wasm.imported_functions[function]
        signature = self.wasm.signature(function)
        if imported.module != symbols.PLACEHOLDER_MODULE:
            return TRAP_BODY
        if imported.name == symbols.DESCRIBE:
            if signature.params != ("i32",) or signature.results:
                raise GenerationError(f"import `{symbols.DESCRIBE}` does not take one number", hint=DAMAGED)
            return self._store_cell(bytes((opcodes.LOCAL_GET, 0, 0xAD)))  # i64.extend_i32_u
        if imported.name == symbols.DESCRIBE_GENERIC_IMPORT:
            return bytes((0, opcodes.I32_CONST, 1)) + self._set_global(1) + bytes((opcodes.UNREACHABLE, opcodes.END))
        return TRAP_BODY

    def _driver(self, terminate: int) -> bytes:
        call = bytes((opcodes.CALL,))
        return b"\0" + b"".join(call + uleb(self.places[f]) + call + uleb(terminate) for f in self.describes) + bytes((opcodes.END,))

    def _store_cell(self, value: bytes) -> bytes:
        """A body that stores the ``i64`` that ``value`` pushes, and moves the cursor."""
        memory = bytes((0x43,)) + uleb(len(self.wasm.memories)) + b"\0"  # aligned to 8, memory index follows, offset 0
        get = bytes((opcodes.GLOBAL_GET,)) + uleb(len(self.wasm.globals))
        advance = get + bytes((opcodes.I32_CONST, 8, 0x6A)) + self._set_global(0)  # i32.add
        return b"\0" + get + value + b"\x37" + memory + advance + bytes((opcodes.END,))  # i64.store

    def _set_global(self, own: int) -> bytes:
        return bytes((0x24,)) + uleb(len(self.wasm.globals) + own)


def _fixed_memory(pages: int) -> bytes:
    return b"\x01" + uleb(pages) + uleb(pages)
