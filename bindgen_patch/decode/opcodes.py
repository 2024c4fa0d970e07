"""The shape of every instruction rustc and LLVM emit, and a walk over bodies that follows from it.

The table says how an opcode's immediates are laid out, nothing about what it does. From the table one regular expression is made per
set of interesting opcodes: it passes over everything else at the speed of the regular-expression engine, so that Python runs once per
*interesting* instruction only. Garbage-collection opcodes (``0xFB``) are left out on purpose: no Rust compiler emits them.

Sources: the core specification 3.0 (binary format, instructions), the legacy exception-handling and threads proposals.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

from bindgen_patch.decode.reader import Reader

BLOCK, LOOP, IF, TRY, CATCH, THROW, RETHROW, THROW_REF, END = 0x02, 0x03, 0x04, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B
BR, BR_IF, BR_TABLE, BR_ON_NULL, BR_ON_NON_NULL = 0x0C, 0x0D, 0x0E, 0xD5, 0xD6
CALL, CALL_INDIRECT, CALL_REF = 0x10, 0x11, 0x14
RETURN_CALL, RETURN_CALL_INDIRECT, RETURN_CALL_REF = 0x12, 0x13, 0x15
DELEGATE, CATCH_ALL, SELECT_TYPED, TRY_TABLE = 0x18, 0x19, 0x1C, 0x1F
I32_CONST, I64_CONST, GLOBAL_GET, LOCAL_GET, NOP, UNREACHABLE, REF_FUNC = 0x41, 0x42, 0x23, 0x20, 0x01, 0x00, 0xD2

LEGACY_EH = frozenset({TRY, CATCH, RETHROW, DELEGATE, CATCH_ALL})
BRANCHES = frozenset({BR, BR_IF, BR_ON_NULL, BR_ON_NON_NULL})
"""Those that name one label."""

_LEB = rb"[\x80-\xff]{0,9}+[\x00-\x7f]"
_MEMORY = rb"(?:[\x00-\x3f]" + _LEB + rb"|[\x40-\x7f]" + _LEB + _LEB + rb")"

_SHAPES = {
    "none": rb"",
    "leb": _LEB,
    "leb leb": _LEB + _LEB,
    "memory": _MEMORY,
    "memory lane": _MEMORY + rb"[\x00-\xff]",
    "1": rb"[\x00-\xff]",
    "4": rb"[\x00-\xff]{4}",
    "8": rb"[\x00-\xff]{8}",
    "16": rb"[\x00-\xff]{16}",
}
"""Immediates of fixed structure, as patterns."""

_VECTORS = {BR_TABLE, SELECT_TYPED, TRY_TABLE}
"""Opcodes whose immediates hold a counted list; :func:`_skip_vector` reads them."""

_PLAIN: tuple[tuple[str, tuple[tuple[int, int], ...]], ...] = (
    ("none", ((0x00, 0x01), (0x05, 0x05), (0x0A, 0x0B), (0x0F, 0x0F), (0x19, 0x1B), (0x45, 0xC4), (0xD1, 0xD1), (0xD3, 0xD4))),
    ("leb", ((0x02, 0x04), (0x06, 0x09), (0x0C, 0x0D), (0x10, 0x10), (0x12, 0x12), (0x14, 0x15), (0x18, 0x18), (0x20, 0x26))),
    ("leb", ((0x3F, 0x42), (0xD0, 0xD0), (0xD2, 0xD2), (0xD5, 0xD6))),
    ("leb leb", ((0x11, 0x11), (0x13, 0x13))),
    ("memory", ((0x28, 0x3E),)),
    ("4", ((0x43, 0x43),)),
    ("8", ((0x44, 0x44),)),
)
"""Shapes of one-byte opcodes, in inclusive ranges."""

_PREFIXED: dict[int, tuple[tuple[str, tuple[tuple[int, int], ...]], ...]] = {
    0xFC: (
        ("none", ((0, 7), (19, 22))),
        ("leb", ((9, 9), (11, 11), (13, 13), (15, 17))),
        ("leb leb", ((8, 8), (10, 10), (12, 12), (14, 14))),
    ),
    0xFD: (
        ("memory", ((0, 11), (92, 93))),
        ("16", ((12, 13),)),
        ("none", ((14, 20), (35, 83), (94, 275))),
        ("1", ((21, 34),)),
        ("memory lane", ((84, 91),)),
    ),
    0xFE: (
        ("memory", ((0, 2), (0x10, 0x4E))),
        ("1", ((3, 3),)),
    ),
}
"""Shapes of opcodes behind a prefix byte: saturating and bulk operations, SIMD, atomics."""


class Instruction(NamedTuple):
    """An instruction that a walk stopped at: ``data[start:end]``, its opcode being the first byte."""

    opcode: int
    start: int
    end: int


def walk(data: bytes, start: int, end: int, interest: frozenset[int]) -> Iterator[Instruction]:
    """The instructions of ``data[start:end]`` whose opcode is in ``interest``, in order.

    ``start`` is the first instruction (see :func:`code_start`). Raises ``GenerationError`` at an opcode that is not in the table and
    at immediates that pass ``end``.
    """
    match = _up_to(interest).match
    pos = start
    while found := match(data, pos, end):
        at, pos = found.span(1)
        if at < 0:  # nothing that the pattern knows: the end, a list, or an instruction that there is not
            at = found.end()
            if at >= end:
                return
            pos = _skip(data, at, end)
        if data[at] in interest:
            yield Instruction(data[at], at, pos)


def catches_all(data: bytes, start: int, end: int) -> bool:
    """Whether the ``try_table`` at ``data[start:end]`` has a clause for everything, ``catch_all`` or ``catch_all_ref``."""
    reader = Reader(data, start + 1, end)
    reader.s33()
    for _ in range(reader.count(2)):
        if reader.byte() >= 2:
            return True
        reader.u32()
        reader.u32()
    return False


def code_start(data: bytes, start: int, end: int) -> int:
    """Where the instructions of a function body begin: behind its local declarations."""
    if data[start : start + 1] == b"\0" and start < end:
        return start + 1
    reader = Reader(data, start, end)
    for _ in range(reader.count(2)):
        reader.u32()
        if reader.byte() in (0x63, 0x64):  # a typed reference names its heap type
            reader.s33()
    return reader.pos


def _skip(data: bytes, pos: int, end: int) -> int:
    opcode = data[pos]
    if opcode in _VECTORS:
        return _skip_vector(data, pos, end)
    match = _any().match(data, pos, end)
    if match is None:
        Reader(data, pos, end).fail(f"unknown or cut off instruction {opcode:#04x}")
    return match.end()


def _skip_vector(data: bytes, pos: int, end: int) -> int:
    reader = Reader(data, pos, end)
    opcode = reader.byte()
    if opcode == BR_TABLE:
        for _ in range(reader.count() + 1):
            reader.u32()
    elif opcode == SELECT_TYPED:
        for _ in range(reader.count()):
            if reader.byte() in (0x63, 0x64):
                reader.s33()
    else:  # TRY_TABLE: block type, then clauses: kind, tag unless it is a catch_all, label
        reader.s33()
        for _ in range(reader.count(2)):
            if reader.byte() < 2:
                reader.u32()
            reader.u32()
    return reader.pos


def _alternatives(wanted: Callable[[int], bool]) -> bytes:
    """A pattern for one instruction, as far as its immediates have a fixed structure, of those whose first byte passes."""
    plain = [
        _byte_class(bytes(op for op in _expand(ranges) if wanted(op))) + _SHAPES[shape]
        for shape, ranges in _PLAIN
        if any(map(wanted, _expand(ranges)))
    ]
    prefixed = [
        re.escape(bytes((prefix,))) + rb"(?:" + rb"|".join(_leb_class(_expand(ranges)) + _SHAPES[shape] for shape, ranges in shapes) + rb")"
        for prefix, shapes in _PREFIXED.items()
        if wanted(prefix)
    ]
    return rb"|".join(plain + prefixed) or rb"(?!)"


def _expand(ranges: tuple[tuple[int, int], ...]) -> list[int]:
    return [op for first, last in ranges for op in range(first, last + 1)]


def _byte_class(values: bytes) -> bytes:
    return b"[" + b"".join(b"\\x%02x" % value for value in values) + b"]"


def _leb_class(values: list[int]) -> bytes:
    """A pattern for the LEB128 of any of ``values`` (below 0x4000)."""
    short = bytes(value for value in values if value < 0x80)
    parts = [_byte_class(short)] if short else []
    for high in sorted({value >> 7 for value in values if value >= 0x80}):
        low = bytes(value & 0x7F | 0x80 for value in values if value >> 7 == high)
        parts.append(_byte_class(low) + b"\\x%02x" % high)
    return rb"(?:" + rb"|".join(parts) + rb")"


@cache
def _up_to(interest: frozenset[int]) -> re.Pattern[bytes]:
    """Everything before the next interesting instruction, and that as the group, unless it holds a list."""
    return re.compile(rb"(?:" + _alternatives(lambda op: op not in interest) + rb")*+(" + _alternatives(interest.__contains__) + rb")?+")


@cache
def _any() -> re.Pattern[bytes]:
    return re.compile(_alternatives(lambda op: True))
