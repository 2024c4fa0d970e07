"""``WebAssembly.Memory`` and its ``buffer``: a guest's memory as JavaScript shows it (WebAssembly JavaScript Interface, 5.3).

The buffer and the typed arrays on it are the memory itself, not a copy. When the memory grows, and when its instance is gone, the buffer
is detached: to guests it is empty then; Python code that asks for what it showed gets a ``TypeError``. What was handed out of it in
Python's own way is released with it, as far as that goes (see :meth:`MemoryBuffer.hand_out`); the instance's memory stays mapped as
long as there is any of that, so nobody ever reads freed memory.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Any, ClassVar, Protocol
from weakref import ref

from . import model
from .buffers import ArrayBuffer
from .classes import Class, namespace
from .coercions import to_integer
from .errors import RangeError, TypeError
from .ordinary import Ordinary
from .views import STORED, register

PAGE = 65536
"""Bytes of a page."""
_NOTHING = memoryview(b"")


class Pages(Protocol):
    """The memory of one instance, as the run time has it."""

    def size(self) -> int:
        """In bytes; 0 when the instance is gone."""
        raise NotImplementedError

    def buffer(self) -> MemoryBuffer:
        """What shows all of it at its present size: the same object until it grows."""
        raise NotImplementedError

    def grow(self, pages: int) -> int | None:
        """Add pages; returns how many there were, or ``None`` when that may not be."""


class MemoryBuffer(ArrayBuffer):
    """The ``ArrayBuffer`` that shows a guest's memory. It cannot be resized or transferred.

    As a ``bytearray`` it is empty: what it shows is :attr:`memoryview`.
    """

    __slots__ = ("_bytes", "_handed_out", "_pages", "_size")

    def __init__(self, pages: Pages, shown: memoryview) -> None:
        super().__init__()
        self._pages: Pages | None = pages
        self._bytes = shown
        self._size = len(shown)
        self._handed_out: list[ref[memoryview]] = []

    def window(self) -> memoryview:
        """All of the bytes; none when it is detached."""
        if self._pages is not None and self._pages.size() != self._size:
            self.detach()
        return self._bytes

    def hand_out(self, window: memoryview) -> memoryview:
        """A part of :meth:`window` for Python code to keep: it is released when this is detached.

        Python cannot release what somebody has made of it, a slice or an array of numpy's. Those go on showing memory that no guest uses
        any more, or after growth that of the guest.
        """
        self._handed_out = [known for known in self._handed_out if known() is not None]
        self._handed_out.append(ref(window))
        return window

    def detach(self) -> None:
        """The memory has grown or is gone."""
        self._pages, self._bytes = None, _NOTHING
        handed_out, self._handed_out = self._handed_out, []
        for known in handed_out:
            window = known()
            if window is not None:
                with suppress(BufferError):
                    window.release()

    @property
    def detached(self) -> bool:
        """Whether it shows nothing any more."""
        self.window()
        return self._pages is None

    @detached.setter
    def detached(self, _value: bool) -> None: ...

    @property
    def memoryview(self) -> builtins.memoryview:
        """The bytes in place. Raises ``TypeError`` when they are gone."""
        return self.hand_out(self._there()[:])

    def _there(self) -> builtins.memoryview:
        """All of the bytes, which are there. Raises ``TypeError``."""
        window = self.window()
        self.demand()
        return window

    def demand(self) -> None:
        """Raise ``TypeError`` when it is detached."""
        if self.detached:
            raise TypeError("this showed the memory of a guest, which has grown since, or whose instance is gone")

    def __buffer__(self, flags: int, /) -> builtins.memoryview:
        return self.memoryview

    def __len__(self) -> int:
        return len(self.window())

    def __getitem__(self, key: Any) -> Any:
        found = self._there()[key]
        return found if isinstance(found, int) else bytearray(found)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._there()[key] = value

    def __iter__(self) -> Any:
        return iter(bytes(self._there()))

    def __bytes__(self) -> bytes:
        return bytes(self._there())

    def to_python(self) -> bytes:
        """A copy."""
        return bytes(self)

    def demand_own(self) -> None:
        """It cannot be transferred."""
        raise TypeError("Cannot perform this operation on the ArrayBuffer of a WebAssembly.Memory")


register(MemoryBuffer, STORED)


class Memory(Ordinary):
    """A guest's ``WebAssembly.Memory``. ``memory.buffer`` shows it as it is now."""

    __slots__ = ("_pages",)
    _bp_class: ClassVar[str] = "WebAssembly Memory"

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    @property
    def buffer(self) -> ArrayBuffer:
        """The memory itself, until it grows."""
        return self._pages.buffer()

    def grow(self, pages: int) -> int:
        """Add pages of 64 KiB; returns how many there were. Raises ``RangeError`` when there can be no more."""
        before = self._pages.grow(pages)
        if before is None:
            raise RangeError("WebAssembly.Memory.grow(): Maximum memory size exceeded")
        return before

    def __repr__(self) -> str:
        return f"<js.WebAssembly.Memory of {self._pages.size() // PAGE} pages>"


def _memory(this: object) -> Memory:
    if isinstance(this, Memory):
        return this
    raise TypeError("Receiver is not a WebAssembly.Memory")


def _grow(this: object, delta: object) -> int:
    memory = _memory(this)
    pages = model.to_number(delta)
    if not 0 <= (count := to_integer(pages)) <= 0xFFFF_FFFF or pages != pages:
        raise TypeError("WebAssembly.Memory.grow(): Argument 0 must be convertible to a valid number")
    return memory.grow(int(count))


def _not_made(*_args: object) -> Any:
    raise TypeError("this host makes no WebAssembly.Memory: a guest has its own")


_MEMORY = Class(
    "Memory",
    construct=_not_made,
    length=1,
    prototype={"grow": _grow},
    getters={"buffer": lambda this: _memory(this).buffer},
    tag="WebAssembly.Memory",
)

CLASSES: Mapping[str, Any] = MappingProxyType(
    {"WebAssembly Memory": _MEMORY, "WebAssembly": namespace("WebAssembly", {}, {"Memory": _MEMORY})}
)
