"""The other direction of :mod:`~bindgen_patch.decode.reader`: integers, names, vectors, sections and whole small modules.

It writes what the analysis copy, the edited guest and its companion need, no more. It checks nothing: callers pass what they have
already decoded.
"""

from __future__ import annotations

from collections.abc import Iterable

HEADER = b"\0asm\x01\0\0\0"


def uleb(value: int, width: int = 1) -> bytes:
    """The shortest unsigned LEB128 of ``value`` that has at least ``width`` bytes."""
    out = bytearray()
    while value > 0x7F or len(out) < width - 1:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def sleb(value: int) -> bytes:
    """The shortest signed LEB128 of ``value``."""
    out = bytearray()
    while not -0x40 <= value < 0x40:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value & 0x7F)
    return bytes(out)


def sized(payload: bytes) -> bytes:
    """``payload`` behind its length in bytes."""
    return uleb(len(payload)) + payload


def name(text: str) -> bytes:
    """A wasm name."""
    return sized(text.encode())


def vector(items: Iterable[bytes]) -> bytes:
    """``items`` behind their number."""
    listed = list(items)
    return uleb(len(listed)) + b"".join(listed)


def section(number: int, payload: bytes) -> bytes:
    """A section with its header."""
    return bytes((number,)) + sized(payload)


def custom(title: str, payload: bytes) -> bytes:
    """A custom section."""
    return section(0, name(title) + payload)


def export(title: str, kind: int, index: int) -> bytes:
    """One entry of the export section; ``kind`` is 0 function, 1 table, 2 memory, 3 global, 4 tag."""
    return name(title) + bytes((kind,)) + uleb(index)
