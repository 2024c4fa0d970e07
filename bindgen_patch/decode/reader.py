"""A bounds-checked cursor over bytes; knows LEB128, strings and counts, but no wasm.

Every read either succeeds inside ``[pos, end)`` or raises :class:`~bindgen_patch.errors.GenerationError` that names the byte
offset in the file. Nothing is allocated on the word of the input: a count is refused when the bytes left could not hold it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn, TypeVar

from bindgen_patch.decode.blame import DAMAGED
from bindgen_patch.errors import GenerationError

T = TypeVar("T")


class Reader:
    """Reads ``data`` from ``pos`` up to ``end``; offsets in errors are offsets in ``data``."""

    __slots__ = ("data", "end", "pos")

    def __init__(self, data: bytes, pos: int = 0, end: int | None = None) -> None:
        self.data = data
        self.pos = pos
        self.end = len(data) if end is None else end

    def fail(self, what: str, at: int | None = None) -> NoReturn:
        """Blame the file: ``what`` is wrong at offset ``at`` (default: here)."""
        offset = self.pos if at is None else at
        raise GenerationError(f"{what} (at offset {offset:#x})", hint=DAMAGED)

    @property
    def left(self) -> int:
        """Bytes not yet read."""
        return self.end - self.pos

    def byte(self) -> int:
        """One byte."""
        pos = self.pos
        if pos >= self.end:
            self.fail("unexpected end of data")
        self.pos = pos + 1
        return self.data[pos]

    def take(self, size: int) -> bytes:
        """``size`` bytes."""
        start = self.skip(size)
        return self.data[start : self.pos]

    def skip(self, size: int) -> int:
        """Pass over ``size`` bytes; gives the offset where they start."""
        start = self.pos
        if size > self.end - start:
            self.fail(f"unexpected end of data: {size} bytes wanted, {self.end - start} left")
        self.pos = start + size
        return start

    def u32(self) -> int:
        """An unsigned LEB128 of at most 32 bits. Padding is fine (linkers leave room for relocation), overflow is not."""
        pos = self.pos
        if pos < self.end and (first := self.data[pos]) < 0x80:
            self.pos = pos + 1
            return first
        return self._leb(32)

    def _leb(self, bits: int) -> int:
        start, value, shift = self.pos, 0, 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
            if shift >= bits:
                self.fail("integer too long", start)
        if value >> bits:
            self.fail("integer too large", start)
        return value

    def s33(self) -> int:
        """A signed LEB128 of at most 33 bits, as block and heap types are written."""
        return self._signed(33)

    def s32(self) -> int:
        """A signed LEB128 of at most 32 bits."""
        return self._signed(32)

    def s64(self) -> int:
        """A signed LEB128 of at most 64 bits."""
        return self._signed(64)

    def _signed(self, bits: int) -> int:
        start, value, shift = self.pos, 0, 0
        while True:
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
            if shift >= bits:
                self.fail("integer too long", start)
        if byte & 0x40:
            value -= 1 << shift
        if not -(1 << (bits - 1)) <= value < 1 << (bits - 1):
            self.fail("integer too large", start)
        return value

    def u32_le(self) -> int:
        """A fixed 32-bit little-endian number."""
        return int.from_bytes(self.take(4), "little")

    def text(self) -> str:
        """A length and that many bytes of UTF-8."""
        size = self.u32()
        start = self.skip(size)
        try:
            return str(self.data[start : self.pos], "utf-8")
        except UnicodeDecodeError:
            self.fail("a name is not UTF-8", start)

    def count(self, at_least: int = 1) -> int:
        """The length of a vector whose items take ``at_least`` bytes each; more than the data can hold is refused."""
        start = self.pos
        count = self.u32()
        if count * at_least > self.left:
            self.fail(f"a list claims {count} items, but only {self.left} bytes follow", start)
        return count

    def vector(self, item: Callable[[], T]) -> list[T]:
        """A count, then that many items."""
        return [item() for _ in range(self.count())]

    def sub(self, size: int) -> Reader:
        """A reader of the next ``size`` bytes, which this one passes over."""
        start = self.skip(size)
        return Reader(self.data, start, self.pos)

    def finish(self, what: str) -> None:
        """Refuse bytes left over after ``what``."""
        if self.pos != self.end:
            self.fail(f"{self.left} bytes too many after {what}")
