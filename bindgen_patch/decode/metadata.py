"""The ``__wasm_bindgen_unstable`` sections of a guest, as :class:`~bindgen_patch.decode.program.Program` s.

One interpreter reads every schema: it turns the wire types of :mod:`~bindgen_patch.decode.schemas` into functions once, and builds the
records of :mod:`~bindgen_patch.decode.program` by name. It knows no record itself. Framing: abi.md 1.1; primitives: abi.md 1.2.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from bindgen_patch import symbols
from bindgen_patch.decode import program
from bindgen_patch.decode.container import Wasm
from bindgen_patch.decode.program import Case, Program
from bindgen_patch.decode.reader import Reader
from bindgen_patch.decode.schemas import SCHEMAS, Schema
from bindgen_patch.errors import GenerationError

_HEADER = re.compile(r'\{"schema_version":"([^"]*)","version":"([^"]*)"\}')

Decoder = Callable[[Reader], Any]


@dataclass(frozen=True, slots=True)
class Metadata:
    """Everything the macro wrote into a guest, in link order. ``version`` is the wasm-bindgen release, as it names itself."""

    schema: Schema
    version: str
    programs: tuple[Program, ...]


def read(wasm: Wasm) -> Metadata | None:
    """The metadata of a guest; ``None`` when it has none. Raises ``GenerationError`` for a schema that is not in the table."""
    programs: list[Program] = []
    first: tuple[Schema, str] | None = None
    for section in wasm.custom(symbols.METADATA_SECTION):
        reader = Reader(wasm.data, section.start, section.end)
        while reader.left:
            schema, version = _header(reader.sub(reader.u32_le()))
            first = first or (schema, version)
            body = reader.sub(reader.u32_le())
            programs.append(_program_decoder(schema.name)(body))
            body.finish("a program")
    return Metadata(*first, tuple(programs)) if first else None


def _header(reader: Reader) -> tuple[Schema, str]:
    start = reader.pos
    match = _HEADER.fullmatch(reader.take(reader.left).decode("latin-1"))
    if match is None:
        reader.fail("the wasm-bindgen metadata does not begin as it should", start)
    name, version = match.groups()
    if name not in SCHEMAS:
        known = ", ".join(SCHEMAS)
        latest = [*SCHEMAS.values()][-1].versions[-1]
        raise GenerationError(
            f"the guest was built with wasm-bindgen {version}, whose metadata has schema {name}; this bindgen-patch reads schema {known}",
            hint=f"in the guest's crate: `cargo update -p wasm-bindgen --precise {latest}`, then build it again",
        )
    return SCHEMAS[name], version


# ---------------------------------------------------------------------------------------------- the interpreter


@cache
def _program_decoder(schema: str) -> Callable[[Reader], Program]:
    return _Compiler(SCHEMAS[schema]).decoder("Program")


class _Compiler:
    """Turns the wire types of one schema into functions that read them."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.made: dict[str, Decoder] = {"str": Reader.text, "u32": Reader.u32, "bool": _bool}

    def decoder(self, wire: str) -> Decoder:
        """The function that reads ``wire``."""
        if wire not in self.made:
            self.made[wire] = self._make(wire)
        return self.made[wire]

    def _make(self, wire: str) -> Decoder:
        if wire.endswith("[]"):
            return _list(self.decoder(wire[:-2]))
        if wire.endswith("?"):
            return _optional(self.decoder(wire[:-1]))
        if wire in self.schema.choices:
            return self._choice(wire)
        return self._record(wire)

    def _record(self, name: str) -> Decoder:
        layout = self.schema.records[name]
        decoders = [self.decoder(wire) for _, wire in layout]
        cls = getattr(program, name, None)
        if cls is None:
            return lambda reader: [decode(reader) for decode in decoders] and None
        written = [field for field, _ in layout]
        missing = [field for field in cls._fields if field not in written]
        places = [(written + missing).index(field) for field in cls._fields]
        defaults = [cls._field_defaults[field] for field in missing]
        make = cls._make

        def read_record(reader: Reader) -> Any:
            values = [decode(reader) for decode in decoders] + defaults
            return make([values[place] for place in places])

        return read_record

    def _choice(self, name: str) -> Decoder:
        cases = [self._case(case, wire) for case, wire in self.schema.choices[name]]

        def read_choice(reader: Reader) -> Any:
            number = reader.byte()
            if number >= len(cases):
                reader.fail(f"unknown {name} {number}", reader.pos - 1)
            return cases[number](reader)

        return read_choice

    def _case(self, name: str, wire: str) -> Decoder:
        if not wire:
            empty = Case(name)
            return lambda reader: empty
        payload = self.decoder(wire)
        if wire in self.schema.records:
            return payload
        return lambda reader: Case(name, payload(reader))


def _bool(reader: Reader) -> bool:
    return reader.byte() != 0


def _list(item: Decoder) -> Decoder:
    return lambda reader: tuple([item(reader) for _ in range(reader.count())])


def _optional(item: Decoder) -> Decoder:
    def read_optional(reader: Reader) -> Any:
        present = reader.byte()
        if present > 1:
            reader.fail(f"an optional value is marked {present}", reader.pos - 1)
        return item(reader) if present else None

    return read_optional
