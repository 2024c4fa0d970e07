"""Descriptor words as :mod:`~bindgen_patch.ir` types.

What only matters to JavaScript is resolved here and forgotten: a clamped ``u8`` is a ``u8``, a sequence mode is the type it marks, a long
reference to a handle is the owned handle. Every word must be consumed. Definitions are looked up by the caller's :class:`Names`; this
module knows neither programs nor wasm. Rules: abi.md 2.1 to 2.4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn, Protocol

from bindgen_patch import ir
from bindgen_patch.decode.blame import DAMAGED
from bindgen_patch.decode.schemas import Schema
from bindgen_patch.errors import GenerationError

DEPTH_LIMIT = 64
"""Types within types; no Rust type that crosses is deeper than a handful."""

_SEQ_MODES = range(16)
"""Two bits of mode, one for the key, one for "written out"; mode 3 is none."""


class Names(Protocol):
    """Where the types that a guest defines are found. Each gives the key of a definition, or raises ``GenerationError``."""

    def struct(self, name: str, crate: str) -> str:
        """An exported struct."""

    def enum(self, name: str, crate: str, module: int | None) -> str:
        """An exported numeric enum."""

    def signed(self, enum: str) -> bool:
        """Whether the numeric enum of that key has numbers below zero."""

    def string_enum(self, name: str, crate: str | None, module: int | None, variants: int) -> str:
        """A string enum of so many variants."""

    def union(self, name: str, crate: str | None, module: int | None) -> str:
        """A dynamic union."""


class Descriptors:
    """Decodes descriptors of one schema with one guest's definitions."""

    def __init__(self, schema: Schema, names: Names) -> None:
        self.schema = schema
        self.names = names

    def type(self, words: Sequence[int]) -> ir.Type:
        """One type; all of ``words``."""
        cursor = _Cursor(words, self)
        found = cursor.type()
        cursor.finish()
        return found

    def signature(self, words: Sequence[int]) -> ir.Signature:
        """A described function; all of ``words``."""
        cursor = _Cursor(words, self)
        found = cursor.function()
        cursor.finish()
        return found

    def generic_import(self, words: Sequence[int]) -> tuple[str, ir.Signature]:
        """What the generic-import marker was told: the shim's key (empty for a cast) and this use's signature."""
        cursor = _Cursor(words, self)
        found = cursor.text(), cursor.function()
        cursor.finish()
        return found


class _Cursor:
    """Reads words from the front, checking that there are any."""

    def __init__(self, words: Sequence[int], owner: Descriptors) -> None:
        self.words = words
        self.schema = owner.schema
        self.names = owner.names
        self.pos = 0
        self.depth = 0

    def fail(self, what: str) -> NoReturn:
        raise GenerationError(f"{what} (word {self.pos} of {len(self.words)} of a type descriptor)", hint=DAMAGED)

    def finish(self) -> None:
        if self.pos != len(self.words):
            self.fail("words left over")

    def word(self) -> int:
        if self.pos >= len(self.words):
            self.fail("unexpected end")
        self.pos += 1
        return self.words[self.pos - 1]

    def count(self) -> int:
        count = self.word()
        if count > len(self.words) - self.pos:
            self.fail(f"{count} items claimed")
        return count

    def text(self) -> str:
        points = [self.word() for _ in range(self.count())]
        if any(point > 0x10FFFF or 0xD800 <= point < 0xE000 for point in points):
            self.fail("a name holds no Unicode character")
        return "".join(map(chr, points))

    def flag(self) -> bool:
        word = self.word()
        if word > 1:
            self.fail(f"{word} is no truth value")
        return bool(word)

    def tag(self) -> str:
        word = self.word()
        if word >= len(self.schema.tags):
            self.fail(f"unknown type {word}")
        return self.schema.tags[word]

    def type(self) -> ir.Type:
        tag = self.tag()
        if tag in _PLAIN:
            return _PLAIN[tag]
        if tag not in _COMPOUND:
            self.fail(f"type {tag} is not supported")
        self.depth += 1
        if self.depth > DEPTH_LIMIT:
            self.fail("types are nested too deep")
        found = _COMPOUND[tag](self)
        self.depth -= 1
        return found

    def named(self, tag: str) -> dict[str, Any]:
        """What is said of a type that the guest defines; what its schema does not say is missing."""
        return {name: _READ[wire](self) for name, wire in self.schema.named[tag]}

    def function(self) -> ir.Signature:
        if self.tag() != "FUNCTION":
            self.fail("a function was expected")
        return self.function_body()

    def function_body(self) -> ir.Signature:
        shim = self.word()
        params = tuple(self.type() for _ in range(self.count()))
        return ir.Signature(params, ret=self.type(), logical=self.type(), shim=shim)


def _long_reference(cursor: _Cursor) -> ir.Type:
    target = cursor.type()
    return target if isinstance(target, ir.JsValue) else ir.Ref(target)


def _closure(cursor: _Cursor) -> ir.Type:
    return ir.Closure(owned=cursor.flag(), mutable=cursor.flag(), signature=cursor.function())


def _enum(cursor: _Cursor) -> ir.Type:
    said = cursor.named("ENUM")
    key = cursor.names.enum(said["name"], said["crate"], said.get("module"))
    number = ir.Float(64) if cursor.schema.enum_number == "f64" else ir.Int(32, cursor.names.signed(key))
    return ir.Enum(key, said["hole"], number)


def _string_enum(cursor: _Cursor) -> ir.Type:
    said = cursor.named("STRING_ENUM")
    return ir.StringEnum(cursor.names.string_enum(said["name"], said.get("crate"), said.get("module"), said["variants"]))


def _union(cursor: _Cursor) -> ir.Type:
    said = cursor.named("DYNAMIC_UNION")
    return ir.DynamicUnion(cursor.names.union(said["name"], said.get("crate"), said.get("module")), said["types"])


def _struct(cursor: _Cursor) -> ir.Type:
    said = cursor.named("RUST_STRUCT")
    return ir.Struct(cursor.names.struct(said["name"], said["crate"]))


def _sequence_mode(cursor: _Cursor) -> ir.Type:
    mode = cursor.word()
    if mode not in _SEQ_MODES or mode & 3 == 3:
        cursor.fail(f"unknown sequence mode {mode}")
    return cursor.type()


_READ: dict[str, Callable[[_Cursor], Any]] = {
    "text": _Cursor.text,
    "word": _Cursor.word,
    "type[]": lambda cursor: tuple(cursor.type() for _ in range(cursor.count())),
}
"""The wire types of :attr:`~bindgen_patch.decode.schemas.Schema.named`."""

_PLAIN: dict[str, ir.Type] = {
    "I8": ir.Int(8, True),
    "U8": ir.Int(8, False),
    "I16": ir.Int(16, True),
    "U16": ir.Int(16, False),
    "I32": ir.Int(32, True),
    "U32": ir.Int(32, False),
    "I64": ir.Int(64, True),
    "U64": ir.Int(64, False),
    "I128": ir.Int(128, True),
    "U128": ir.Int(128, False),
    "F32": ir.Float(32),
    "F64": ir.Float(64),
    "BOOLEAN": ir.Bool(),
    "CHAR": ir.Char(),
    "STRING": ir.String(),
    "CACHED_STRING": ir.String(cached=True),
    "EXTERNREF": ir.JsValue(),
    "UNIT": ir.Unit(),
    "NONNULL": ir.Pointer(nonnull=True),
    "RAW_POINTER": ir.Pointer(nonnull=False),
}
"""Tags that are a type by themselves. ``I64_AS_F64`` and ``U64_AS_F64`` are missing: only wasm64 has them."""

_COMPOUND: dict[str, Callable[[_Cursor], ir.Type]] = {
    "FUNCTION": lambda c: ir.Function(c.function_body()),
    "CLOSURE": _closure,
    "REF": lambda c: ir.Ref(c.type()),
    "REFMUT": lambda c: ir.Ref(c.type(), mutable=True),
    "LONGREF": _long_reference,
    "SLICE": lambda c: ir.Slice(c.type()),
    "VECTOR": lambda c: ir.Vec(c.type()),
    "NAMED_EXTERNREF": lambda c: ir.JsValue(c.text()),
    "ENUM": _enum,
    "STRING_ENUM": _string_enum,
    "DYNAMIC_UNION": _union,
    "RUST_STRUCT": _struct,
    "OPTIONAL": lambda c: ir.Option(c.type()),
    "NULLABLE": lambda c: ir.Nullable(c.type()),
    "RESULT": lambda c: ir.Result(c.type()),
    "CLAMPED": lambda c: c.type(),
    "SEQ_MODE": _sequence_mode,
}
"""Tags that are followed by something."""
