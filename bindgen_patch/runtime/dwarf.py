"""Rust files and lines from a guest's debug information: DWARF 4, which is what rustc writes for wasm.

Read when somebody looks at a death, and no more of it than the units that the frames are in. The engine could do the same, but it would
carry the debug information in its compiled code and look into it at every trap; and it knows nothing of code that ``gen`` has
moved, of which that keeps a list (:data:`~bindgen_patch.symbols.MOVED_CODE`).

The guest is not trusted: what is malformed gives no places, never an error.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from typing import NamedTuple, TypeVar

from .. import symbols

_SUBPROGRAM, _INLINED = 0x2E, 0x1D
_NAME, _STMT_LIST, _LOW_PC, _HIGH_PC = 0x03, 0x10, 0x11, 0x12
_COMP_DIR, _ORIGIN, _SPECIFICATION, _RANGES, _CALL_FILE, _CALL_LINE = 0x1B, 0x31, 0x47, 0x55, 0x58, 0x59
_ADDR, _STRING, _STRP, _REF_ADDR, _INDIRECT, _SDATA = 0x01, 0x08, 0x0E, 0x10, 0x16, 0x0D
_FIXED = {
    _ADDR: 4, 0x05: 2, 0x06: 4, 0x07: 8, 0x0B: 1, 0x0C: 1, _STRP: 4, _REF_ADDR: 4, 0x11: 1, 0x12: 2, 0x13: 4, 0x14: 8,
    0x17: 4, 0x19: 0, 0x20: 8,
}  # fmt: skip
"""Forms of attributes that take so many bytes."""
_ULEB = {0x0F, 0x15}
_BLOCKS = {0x0A: 1, 0x03: 2, 0x04: 4}
_VERSION = 4
_NOWHERE = 0xFFFF_FFF0
"""The linker gives functions that it left out an address at the end of the address space, or none."""
_MOST_WORK = 3_000_000
"""Attributes and ranges that are read of one guest: seconds. What lies beyond stays unknown."""

_MOST_INLINED = 100
"""Levels at one address."""

Range = tuple[int, int]
T = TypeVar("T")


class Place(NamedTuple):
    """One level at an address. ``function`` is that of an inlined call, ``None`` for the function that the code belongs to."""

    function: str | None
    file: str | None
    line: int | None


class _Cursor:
    __slots__ = ("data", "pos")

    def __init__(self, data: bytes, pos: int = 0) -> None:
        self.data = data
        self.pos = pos

    def fixed(self, size: int) -> int:
        self.pos += size
        if self.pos > len(self.data):
            raise IndexError
        return int.from_bytes(self.data[self.pos - size : self.pos], "little")

    def uleb(self) -> int:
        value = shift = 0
        while True:
            byte = self.data[self.pos]
            self.pos += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80 or shift > 63:
                return value
            shift += 7

    def sleb(self) -> int:
        start = self.pos
        value = self.uleb()
        bits = 7 * (self.pos - start)
        return value - (1 << bits) if self.data[self.pos - 1] & 0x40 else value

    def text(self) -> str:
        end = self.data.index(0, self.pos)
        found = self.data[self.pos : end].decode("utf-8", "replace")
        self.pos = end + 1
        return found


class _Abbreviation(NamedTuple):
    tag: int
    children: bool
    specs: list[tuple[int, int]]
    """(attribute, form)"""
    size: int | None
    """Of all attributes together, where that is known beforehand."""


Attributes = dict[int, tuple[int, int]]
"""Attribute -> (form, value); the value of a text is its place."""


class _Scope(NamedTuple):
    """A function, or an inlined call inside one."""

    depth: int
    ranges: list[Range]
    attributes: Attributes


@dataclass(slots=True)
class _Unit:
    start: int
    body: int
    end: int
    abbreviations: dict[int, _Abbreviation]
    root: Attributes = field(default_factory=dict)
    ranges: list[Range] = field(default_factory=list)
    scopes: list[_Scope] | None = None
    files: list[str] = field(default_factory=list)
    addresses: list[int] = field(default_factory=list)
    rows: list[tuple[int, int]] = field(default_factory=list)
    """(file, line) from each of ``addresses`` on."""

    def place(self, function: str | None, file: int, line: int) -> Place:
        known = line > 0 and file < len(self.files)
        return Place(function, self.files[file] or None, line) if known else Place(function, None, None)


class DebugInfo:
    """What the guest ``wasm`` tells about its sources."""

    def __init__(self, wasm: bytes) -> None:
        self._sections: dict[str, bytes] = {}
        self._moves: list[bytes] = []
        self._code = 0
        self._units: list[_Unit] | None = None
        self._tables: dict[int, dict[int, _Abbreviation]] = {}
        self._work = 0
        self._lock = threading.RLock()  # a signal handler may print a death while another is looked at
        _quietly(partial(self._read_sections, wasm), None)
        self._moved = [stretches for content in reversed(self._moves) if (stretches := _quietly(partial(_stretches, content), None))]
        """For each pass that moved code, the last one first: where stretches begin, and where they began before it."""

    def at(self, offset: int) -> tuple[Place, ...]:
        """The places that the instruction at ``offset`` of the module came from, innermost first; none where that is not known."""
        with self._lock:
            return _quietly(lambda: tuple(self._at(self._original(offset - self._code))), ())

    def _section(self, name: str) -> bytes:
        return self._sections.get(name, b"")

    def _spend(self, work: int) -> None:
        self._work += work
        if self._work > _MOST_WORK:
            raise ValueError("too much debug information")

    def _read_sections(self, wasm: bytes) -> None:
        cursor = _Cursor(wasm, 8)
        while cursor.pos < len(wasm):
            number, size = cursor.fixed(1), cursor.uleb()
            start = cursor.pos
            if number == 10:
                self._code = start
            elif number == 0:
                length = cursor.uleb()
                name = wasm[cursor.pos : cursor.pos + length].decode("utf-8", "replace")
                content = slice(cursor.pos + length, start + size)
                if name == symbols.MOVED_CODE:
                    self._moves.append(wasm[content])
                elif name.startswith(".debug_"):
                    self._sections[name] = wasm[content]
            cursor.pos = start + size

    # ------------------------------------------------------------------ code that was moved

    def _original(self, address: int) -> int:
        for moved in self._moved:
            place = bisect_right(moved, address, key=itemgetter(0))
            if place:
                now, before = moved[place - 1]
                address += before - now
                if place < len(moved) and before < moved[place][1]:  # what was put in between belongs to what stands before it
                    address = min(address, moved[place][1] - 1)
        return address

    # ------------------------------------------------------------------ units, functions, inlined calls

    def _at(self, address: int) -> Iterator[Place]:
        if self._units is None:
            self._units = []
            _quietly(self._read_units, None)
        unit = next((unit for unit in self._units if _covers(unit.ranges, address)), None)
        if unit is None:
            return
        if unit.scopes is None:
            unit.scopes = []
            _quietly(partial(self._read_lines, unit), None)
            _quietly(partial(self._read_scopes, unit, unit.scopes), None)
        place = bisect_right(unit.addresses, address)
        file, line = unit.rows[place - 1] if place else (0, 0)
        chain = sorted((scope for scope in unit.scopes if _covers(scope.ranges, address)), key=lambda scope: scope.depth)
        for scope in reversed(chain[1:][-_MOST_INLINED:]):
            yield unit.place(_quietly(partial(self._name, unit, scope.attributes), None), file, line)
            file, line = (scope.attributes.get(attribute, (0, 0))[1] for attribute in (_CALL_FILE, _CALL_LINE))
        yield unit.place(None, file, line)

    def _read_units(self) -> None:
        assert self._units is not None
        cursor = _Cursor(self._section(".debug_info"))
        while cursor.pos < len(cursor.data):
            start = cursor.pos
            end = cursor.fixed(4) + cursor.pos
            version, table, _address_size = cursor.fixed(2), cursor.fixed(4), cursor.fixed(1)
            if version == _VERSION:
                unit = _Unit(start, cursor.pos, end, self._abbreviations(table))
                unit.root = self._attributes(cursor, unit.abbreviations[cursor.uleb()])
                unit.ranges = self._ranges(unit, unit.root)
                self._units.append(unit)
            cursor.pos = end

    def _abbreviations(self, offset: int) -> dict[int, _Abbreviation]:
        if offset not in self._tables:
            cursor, table = _Cursor(self._section(".debug_abbrev"), offset), self._tables.setdefault(offset, {})
            while code := cursor.uleb():
                tag, children, specs = cursor.uleb(), bool(cursor.fixed(1)), []
                while (spec := (cursor.uleb(), cursor.uleb())) != (0, 0):
                    specs.append(spec)
                sizes = [_FIXED.get(form) for _, form in specs]
                table[code] = _Abbreviation(tag, children, specs, None if None in sizes else sum(size or 0 for size in sizes))
        return self._tables[offset]

    def _attributes(self, cursor: _Cursor, abbreviation: _Abbreviation) -> Attributes:
        self._spend(len(abbreviation.specs))
        return {attribute: _value(cursor, form) for attribute, form in abbreviation.specs}

    def _read_scopes(self, unit: _Unit, scopes: list[_Scope]) -> None:
        cursor, depth = _Cursor(self._section(".debug_info")[: unit.end], unit.body), 0
        while cursor.pos < unit.end:
            code = cursor.uleb()
            if not code:
                depth -= 1
                continue
            abbreviation = unit.abbreviations[code]
            if abbreviation.tag in (_SUBPROGRAM, _INLINED):
                attributes = self._attributes(cursor, abbreviation)
                scopes.append(_Scope(depth, self._ranges(unit, attributes), attributes))
            elif abbreviation.size is not None:
                cursor.pos += abbreviation.size
            else:
                self._attributes(cursor, abbreviation)
            depth += abbreviation.children

    def _text(self, form: int, place: int) -> str:
        return _Cursor(self._section(".debug_str" if form == _STRP else ".debug_info"), place).text()

    def _name(self, unit: _Unit, attributes: Attributes, hops: int = 4) -> str | None:
        if _NAME in attributes:
            return self._text(*attributes[_NAME])
        for link in (_ORIGIN, _SPECIFICATION):
            if link in attributes and hops:
                form, place = attributes[link]
                place += 0 if form == _REF_ADDR else unit.start
                owner = next(other for other in self._units or () if other.start <= place < other.end)
                cursor = _Cursor(self._section(".debug_info"), place)
                return self._name(owner, self._attributes(cursor, owner.abbreviations[cursor.uleb()]), hops - 1)
        return None

    def _ranges(self, unit: _Unit, attributes: Attributes) -> list[Range]:
        found: list[Range] = []
        if _RANGES in attributes:
            cursor, base = _Cursor(self._section(".debug_ranges"), attributes[_RANGES][1]), unit.root.get(_LOW_PC, (_ADDR, 0))[1]
            while (pair := (cursor.fixed(4), cursor.fixed(4))) != (0, 0):
                self._spend(1)
                if pair[0] == 0xFFFF_FFFF:
                    base = pair[1]
                else:
                    found.append((base + pair[0], base + pair[1]))
        elif _LOW_PC in attributes and _HIGH_PC in attributes:
            low, (form, high) = attributes[_LOW_PC][1], attributes[_HIGH_PC]
            found.append((low, high if form == _ADDR else low + high))
        return [(start, end) for start, end in found if 0 < start < end < _NOWHERE]

    # ------------------------------------------------------------------ lines

    def _read_lines(self, unit: _Unit) -> None:
        cursor = _Cursor(self._section(".debug_line"), unit.root[_STMT_LIST][1])
        end = cursor.fixed(4) + cursor.pos
        if cursor.fixed(2) != _VERSION:
            return
        program = cursor.fixed(4) + cursor.pos
        step, _operations, _is_statement, line_base, line_range, opcode_base = (cursor.fixed(1) for _ in range(6))
        line_base -= (line_base & 0x80) << 1
        operands = [cursor.fixed(1) for _ in range(opcode_base - 1)]
        unit.files = list(_files(cursor, self._text(*unit.root[_COMP_DIR]) if _COMP_DIR in unit.root else ""))
        rows: list[tuple[int, int, int]] = []
        sequence: list[tuple[int, int, int]] = []
        address, file, line = 0, 1, 1
        cursor.pos = program
        while cursor.pos < end:
            opcode = cursor.fixed(1)
            if opcode >= opcode_base:
                address += (opcode - opcode_base) // line_range * step
                line += line_base + (opcode - opcode_base) % line_range
                sequence.append((address, file, line))
            elif opcode == 0:
                after = cursor.uleb() + cursor.pos
                extended = cursor.fixed(1)
                if extended == 1:
                    if sequence and 0 < sequence[0][0] < _NOWHERE:
                        rows += [*sequence, (address, 0, 0)]
                    sequence, address, file, line = [], 0, 1, 1
                elif extended == 2:
                    address = cursor.fixed(4)
                cursor.pos = after
            elif opcode == 1:
                sequence.append((address, file, line))
            elif opcode == 2:
                address += cursor.uleb() * step
            elif opcode == 3:
                line += cursor.sleb()
            elif opcode == 4:
                file = cursor.uleb()
            elif opcode == 8:
                address += (255 - opcode_base) // line_range * step
            elif opcode == 9:
                address += cursor.fixed(2)
            else:
                for _ in range(operands[opcode - 1]):
                    cursor.uleb()
        rows.sort(key=lambda row: row[0])  # stable: of several rows for one address the last one counts
        unit.addresses = [address for address, _, _ in rows]
        unit.rows = [(file, line) for _, file, line in rows]


def _value(cursor: _Cursor, form: int) -> tuple[int, int]:
    """A form, and what the attribute of that form holds; nothing of use for a block."""
    if form in _FIXED:
        return form, cursor.fixed(_FIXED[form])
    if form in _ULEB:
        return form, cursor.uleb()
    if form == _SDATA:
        return form, cursor.sleb()
    if form == _INDIRECT:
        return _value(cursor, cursor.uleb())
    start = cursor.pos
    if form == _STRING:
        cursor.pos = cursor.data.index(0, start) + 1
    elif form in _BLOCKS or form in (0x09, 0x18):
        size = cursor.fixed(_BLOCKS[form]) if form in _BLOCKS else cursor.uleb()
        cursor.pos += size
    else:
        raise ValueError(form)
    return form, start


def _stretches(content: bytes) -> list[tuple[int, int]]:
    """Where stretches of code begin, and where they began before they were moved."""
    cursor, found, now, before = _Cursor(content), [(0, 0)], 0, 0
    while cursor.pos < len(cursor.data):
        now, before = now + cursor.uleb(), before + cursor.sleb()
        found.append((now, before))
    return found


def _files(cursor: _Cursor, start: str) -> Iterator[str]:
    """The paths in a line table as rustc wrote them, relative ones behind ``start``, the folder it was called in."""
    folders = [start]
    while folder := cursor.text():
        folders.append(_joined(start, folder))
    yield ""
    while name := cursor.text():
        folder, _time, _size = folders[cursor.uleb()], cursor.uleb(), cursor.uleb()
        yield _joined(folder, name)


def _joined(folder: str, path: str) -> str:
    return f"{folder.rstrip('/')}/{path}" if folder and not path.startswith("/") else path


def _covers(ranges: list[Range], address: int) -> bool:
    return any(start <= address < end for start, end in ranges)


def _quietly(read: Callable[[], T], otherwise: T) -> T:
    """What ``read`` gives, or, for what is malformed, ``otherwise``."""
    try:
        return read()
    except (IndexError, KeyError, ValueError, StopIteration, OverflowError, RecursionError, ZeroDivisionError):
        return otherwise
