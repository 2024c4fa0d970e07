"""A core wasm module as sections and index spaces. Function bodies stay what they are: ranges of bytes.

This module knows the binary format and nothing of wasm-bindgen. It takes exactly what a Rust linker writes: 32-bit memories and tables,
function types without garbage-collected references. Anything else is refused with the reason. It checks structure, not types; wasmtime
validates the rest (:func:`bindgen_patch.decode.checks.validate`).

Source: core specification 3.0, binary format, modules.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Literal, cast, get_args

from bindgen_patch import ir
from bindgen_patch.decode import opcodes
from bindgen_patch.decode.blame import DAMAGED
from bindgen_patch.decode.reader import Reader
from bindgen_patch.errors import GenerationError

Kind = Literal["function", "table", "memory", "global", "tag"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""What imports and exports can be, in the order of their numbers in the format."""


class Id(IntEnum):
    """Numbers of sections."""

    CUSTOM = 0
    TYPE = 1
    IMPORT = 2
    FUNCTION = 3
    TABLE = 4
    MEMORY = 5
    GLOBAL = 6
    EXPORT = 7
    START = 8
    ELEMENT = 9
    CODE = 10
    DATA = 11
    DATA_COUNT = 12
    TAG = 13


ORDER = (
    Id.TYPE, Id.IMPORT, Id.FUNCTION, Id.TABLE, Id.MEMORY, Id.TAG, Id.GLOBAL,
    Id.EXPORT, Id.START, Id.ELEMENT, Id.DATA_COUNT, Id.CODE, Id.DATA,
)  # fmt: skip
"""Sections other than custom ones, in the order a module must have them."""

_VALUE_TYPES = {
    0x7F: "i32", 0x7E: "i64", 0x7D: "f32", 0x7C: "f64", 0x7B: "v128",
    0x70: "funcref", 0x6F: "externref", 0x69: "exnref", 0x74: "nullexnref", 0x73: "nullfuncref", 0x72: "nullexternref",
}  # fmt: skip
_WORDS: tuple[str, ...] = get_args(ir.Word)


@dataclass(frozen=True, slots=True)
class Section:
    """One section: ``data[header:end]``, its content ``data[start:end]`` (for custom sections, behind the name)."""

    number: int
    name: str
    header: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Signature:
    """A function type, with value types that may be anything a function can take (``exnref``, ``v128`` …)."""

    params: tuple[str, ...]
    results: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """``() -> ()``."""
        return not self.params and not self.results

    def words(self) -> ir.FuncType | None:
        """The same with boundary words only; ``None`` when some value cannot cross to a host as a number."""
        if all(value in _WORDS for value in self.params + self.results):
            return ir.FuncType(cast("tuple[ir.Word, ...]", self.params), cast("tuple[ir.Word, ...]", self.results))
        return None


@dataclass(frozen=True, slots=True)
class Table:
    """A table and its least number of elements."""

    element: str
    minimum: int


@dataclass(frozen=True, slots=True)
class Memory:
    """A memory and its least size in pages of 64 KiB."""

    minimum: int
    shared: bool


@dataclass(frozen=True, slots=True)
class Global:
    """A global; ``init`` is its value when that is a plain ``i32.const``, else (or when imported) ``None``."""

    type: str
    mutable: bool
    init: int | None


Described = int | Table | Memory | Global
"""What an import asks for: a type's index (functions and tags), or the thing itself."""


@dataclass(frozen=True, slots=True)
class Import:
    """One import."""

    module: str
    name: str
    kind: Kind
    what: Described


@dataclass(frozen=True, slots=True)
class Export:
    """One export: ``index`` counts in the index space of its ``kind``."""

    name: str
    kind: Kind
    index: int


class Wasm:
    """A parsed module. Index spaces (``functions``, ``tables`` …) begin with what is imported, as the format counts them.

    ``data`` are its bytes, ``name`` what messages call it. ``functions`` and ``tags`` hold type indexes; ``bodies[i]`` is the
    ``(start, end)`` of the ``i``-th *defined* function's body, behind its length.
    """

    def __init__(self, data: bytes, name: str) -> None:
        self.data = data
        self.name = name
        self.sections = tuple(_sections(data))
        self.types: tuple[Signature, ...] = ()
        self.imports: tuple[Import, ...] = ()
        self.functions: list[int] = []
        self.tables: list[Table] = []
        self.memories: list[Memory] = []
        self.globals: list[Global] = []
        self.tags: list[int] = []
        self.exports: tuple[Export, ...] = ()
        self.bodies: list[tuple[int, int]] = []
        for number, read in _READERS.items():
            if section := self.section(number):
                reader = Reader(data, section.start, section.end)
                read(self, reader)
                reader.finish(f"section {number}")
        self._check()

    def section(self, number: int) -> Section | None:
        """The section of that number, custom sections excepted."""
        return next((s for s in self.sections if s.number == number), None)

    def custom(self, name: str) -> list[Section]:
        """Every custom section of that name, in order; linkers may leave several."""
        return [s for s in self.sections if s.number == Id.CUSTOM and s.name == name]

    @cached_property
    def imported_functions(self) -> tuple[Import, ...]:
        """Imports that are functions; their places here are their function indexes."""
        return tuple(i for i in self.imports if i.kind == "function")

    @cached_property
    def exported_functions(self) -> dict[str, int]:
        """Export name to function index."""
        return {e.name: e.index for e in self.exports if e.kind == "function"}

    def signature(self, function: int) -> Signature:
        """The type of a function, by its index."""
        return self.types[self.functions[function]]

    def words(self, function: int, what: str) -> ir.FuncType:
        """The type of a function that crosses to the host; ``what`` names it when it takes anything else than numbers."""
        words = self.signature(function).words()
        if words is None:
            odd = next(value for value in (*self.signature(function).params, *self.signature(function).results) if value not in _WORDS)
            raise GenerationError(f"{what} takes or gives `{odd}`, which no wasm-bindgen function does", hint=DAMAGED)
        return words

    def body(self, function: int) -> tuple[int, int] | None:
        """The body of a function, by its index; ``None`` for imported ones."""
        defined = function - len(self.imported_functions)
        return self.bodies[defined] if defined >= 0 else None

    def function_at(self, offset: int) -> int | None:
        """The index of the function whose body holds the byte at ``offset``."""
        place = bisect_right(self.bodies, (offset, len(self.data))) - 1
        if place < 0 or offset >= self.bodies[place][1]:
            return None
        return place + len(self.imported_functions)

    def _check(self) -> None:
        defined = len(self.functions) - len(self.imported_functions)
        if defined != len(self.bodies):
            raise GenerationError(f"{defined} functions are declared, but the code section has {len(self.bodies)}", hint=DAMAGED)
        spaces: dict[Kind, int] = {
            "function": len(self.functions),
            "table": len(self.tables),
            "memory": len(self.memories),
            "global": len(self.globals),
            "tag": len(self.tags),
        }
        for export in self.exports:
            if export.index >= spaces[export.kind]:
                raise GenerationError(f"export `{export.name}` names {export.kind} {export.index}, which there is not", hint=DAMAGED)


def _sections(data: bytes) -> list[Section]:
    reader = Reader(data, 8)
    found: list[Section] = []
    place = -1
    while reader.left:
        header = reader.pos
        number = reader.byte()
        content = reader.sub(reader.u32())
        title = content.text() if number == Id.CUSTOM else ""
        if number != Id.CUSTOM:
            if number not in ORDER:
                reader.fail(f"unknown section {number}", header)
            if ORDER.index(number) <= place:
                reader.fail(f"section {number} is doubled or out of order", header)
            place = ORDER.index(number)
        found.append(Section(number, title, header, content.pos, content.end))
    return found


# ---------------------------------------------------------------------------------------------- types


def _value_type(reader: Reader) -> str:
    start = reader.pos
    code = reader.byte()
    if code in (0x63, 0x64):
        reader.s33()
        return "ref"
    if code not in _VALUE_TYPES:
        reader.fail(f"unknown value type {code:#04x}", start)
    return _VALUE_TYPES[code]


def _signature(reader: Reader) -> Signature:
    start = reader.pos
    form = reader.byte()
    if form != 0x60:
        if form in (0x4E, 0x4F, 0x50, 0x5E, 0x5F, 0x5D):
            raise GenerationError(
                f"the module defines garbage-collected types (at offset {start:#x})",
                hint="guests compiled from Rust never do; this file was not made by rustc alone",
            )
        reader.fail(f"unknown type form {form:#04x}", start)
    params = reader.vector(lambda: _value_type(reader))
    return Signature(tuple(params), tuple(reader.vector(lambda: _value_type(reader))))


def _limits(reader: Reader, what: str) -> tuple[int, bool]:
    """The minimum and whether it is shared."""
    start = reader.pos
    flags = reader.byte()
    if flags & 0x04:
        raise GenerationError(
            f"the module has a 64-bit {what} (at offset {start:#x}): it was built for wasm64",
            hint="build it with `--target wasm32-unknown-unknown`",
        )
    if flags & ~0x03:
        reader.fail(f"unknown {what} limits {flags:#04x}", start)
    minimum = reader.u32()
    if flags & 0x01:
        reader.u32()
    return minimum, bool(flags & 0x02)


def _table_type(reader: Reader) -> Table:
    start = reader.pos
    element = _value_type(reader)
    if element not in ("funcref", "externref", "exnref"):
        reader.fail(f"unknown kind of table {element}", start)
    return Table(element, _limits(reader, "table")[0])


def _memory_type(reader: Reader) -> Memory:
    return Memory(*_limits(reader, "memory"))


def _global_type(reader: Reader) -> Global:
    return Global(_value_type(reader), reader.byte() == 1, None)


# ---------------------------------------------------------------------------------------------- sections


def _read_types(wasm: Wasm, reader: Reader) -> None:
    wasm.types = tuple(reader.vector(lambda: _signature(reader)))


def _type_index(wasm: Wasm, reader: Reader) -> int:
    start = reader.pos
    index = reader.u32()
    if index >= len(wasm.types):
        reader.fail(f"there is no type {index}", start)
    return index


def _tag_type(wasm: Wasm, reader: Reader) -> int:
    if reader.byte() != 0:
        reader.fail("unknown tag attribute", reader.pos - 1)
    return _type_index(wasm, reader)


def _read_imports(wasm: Wasm, reader: Reader) -> None:
    describe: tuple[Callable[[], Described], ...] = (
        lambda: _type_index(wasm, reader),
        lambda: _table_type(reader),
        lambda: _memory_type(reader),
        lambda: _global_type(reader),
        lambda: _tag_type(wasm, reader),
    )

    def one() -> Import:
        module, name, number = reader.text(), reader.text(), reader.byte()
        if number >= len(KINDS):
            reader.fail(f"unknown kind of import {number}", reader.pos - 1)
        return Import(module, name, KINDS[number], describe[number]())

    wasm.imports = tuple(reader.vector(one))
    for imported in wasm.imports:
        match imported.what:
            case Table():
                wasm.tables.append(imported.what)
            case Memory():
                wasm.memories.append(imported.what)
            case Global():
                wasm.globals.append(imported.what)
            case int():
                (wasm.functions if imported.kind == "function" else wasm.tags).append(imported.what)


def _read_functions(wasm: Wasm, reader: Reader) -> None:
    wasm.functions += reader.vector(lambda: _type_index(wasm, reader))


def _read_tables(wasm: Wasm, reader: Reader) -> None:
    def one() -> Table:
        if reader.data[reader.pos : reader.pos + 1] != b"\x40":
            return _table_type(reader)
        reader.skip(2)
        table = _table_type(reader)
        _constant(reader)
        return table

    wasm.tables += reader.vector(one)


def _read_memories(wasm: Wasm, reader: Reader) -> None:
    wasm.memories += reader.vector(lambda: _memory_type(reader))


def _read_tags(wasm: Wasm, reader: Reader) -> None:
    wasm.tags += reader.vector(lambda: _tag_type(wasm, reader))


def _read_globals(wasm: Wasm, reader: Reader) -> None:
    def one() -> Global:
        declared = _global_type(reader)
        return Global(declared.type, declared.mutable, _constant(reader))

    wasm.globals += reader.vector(one)


def _constant(reader: Reader) -> int | None:
    """Pass over a constant expression; its value when it is one ``i32.const``."""
    start = reader.pos
    ending = next(opcodes.walk(reader.data, start, reader.end, frozenset({opcodes.END})), None)
    if ending is None:
        reader.fail("a constant expression has no end", start)
    reader.pos = ending.end
    if reader.data[start] != opcodes.I32_CONST:
        return None
    first = Reader(reader.data, start + 1, ending.start)
    value = first.s32()
    return value if first.left == 0 else None


def _read_exports(wasm: Wasm, reader: Reader) -> None:
    def one() -> Export:
        name, number = reader.text(), reader.byte()
        if number >= len(KINDS):
            reader.fail(f"unknown kind of export {number}", reader.pos - 1)
        return Export(name, KINDS[number], reader.u32())

    wasm.exports = tuple(reader.vector(one))


def _read_code(wasm: Wasm, reader: Reader) -> None:
    def one() -> tuple[int, int]:
        start = reader.skip(0)
        size = reader.u32()
        start = reader.skip(size)
        return start, reader.pos

    wasm.bodies = reader.vector(one)


_READERS: dict[int, Callable[[Wasm, Reader], None]] = {
    Id.TYPE: _read_types,
    Id.IMPORT: _read_imports,
    Id.FUNCTION: _read_functions,
    Id.TABLE: _read_tables,
    Id.MEMORY: _read_memories,
    Id.TAG: _read_tags,
    Id.GLOBAL: _read_globals,
    Id.EXPORT: _read_exports,
    Id.CODE: _read_code,
}
"""How each section is read, in the order of :data:`ORDER`. The rest (start, elements, data) is only ever copied."""


def global_names(wasm: Wasm) -> dict[int, str]:
    """Names of globals, from subsection 7 of the name section. A damaged name section names nothing: it is no part of the module."""
    names: dict[int, str] = {}
    try:
        for section in wasm.custom("name"):
            reader = Reader(wasm.data, section.start, section.end)
            while reader.left:
                number = reader.byte()
                content = reader.sub(reader.u32())
                if number == 7:
                    names |= dict(content.vector(lambda content=content: (content.u32(), content.text())))  # type: ignore[misc]
    except GenerationError:
        return {}
    return names
