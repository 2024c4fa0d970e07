"""A guest's memory as others may see it in place: the run time's half of :mod:`bindgen_patch.js.memory`.

Addresses of freed memory are what must never be read. So whoever sees the memory holds, by what Python's buffers are made of, a
:class:`_Lease`, and the instance's store is freed when the last of them is gone: when the instance is given up, if nobody sees its
memory any more, else when the last ``memoryview`` or numpy array of it is collected.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any
from weakref import ref

from ..js.buffers import KINDS
from ..js.errors import TypeError
from ..js.memory import Memory, MemoryBuffer

if TYPE_CHECKING:
    from ..js.buffers import TypedArray
    from .linear import Linear


class Lease:
    """Lives as long as somebody may read the memory. ``free`` is what is done then."""

    __slots__ = ("free",)

    def __init__(self) -> None:
        self.free: Callable[[], None] | None = None

    def __del__(self) -> None:
        if self.free is not None:
            self.free()


@cache
def _region(size: int) -> type[Any]:
    """Bytes that are somebody else's, with room for the lease: who has a buffer of them has this."""
    return type("Region", (ctypes.c_ubyte * size,), {})


class Pages:
    """See :class:`bindgen_patch.js.memory.Pages`. It outlives the guest, and knows when that is over."""

    __slots__ = ("_buffer", "_capi", "_context", "_guest", "_lease", "_memory", "object")

    def __init__(self, guest: Linear) -> None:
        self._capi, self._context, self._memory = guest._capi, guest._context, guest._memory
        self._guest = ref(guest)
        self._lease: Lease | None = Lease()
        self._buffer: MemoryBuffer | None = None
        self.object = Memory(self)
        """What guests get for it."""

    def size(self) -> int:
        """In bytes; 0 when the instance is gone. May be asked by any thread at any time."""
        lease = self._lease  # as long as this call has it, the store is there
        return 0 if lease is None else int(self._capi.memory_data_size(self._context, ctypes.byref(self._memory.of.memory)))

    def buffer(self) -> MemoryBuffer:
        """What shows all of it at its present size; a detached one when the instance is gone."""
        if self._buffer is None or self._buffer.detached:
            lease, size = self._lease, self.size()
            shown = memoryview(b"")
            if lease is not None and size:
                region = _region(size).from_address(self._capi.memory_data(self._context, ctypes.byref(self._memory.of.memory)))
                region.lease = lease
                shown = memoryview(region).cast("B")
            self._buffer = MemoryBuffer(self, shown)
            if lease is None:
                self._buffer.detach()
        return self._buffer

    def grow(self, pages: int) -> int | None:
        """Add pages; ``None`` when that may not be. For guests: raises ``TypeError`` where none is running in this thread."""
        guest = self._guest()
        if guest is None or guest.discarded or not guest.door.held():
            raise TypeError("only a guest can grow its memory, while it is running")
        before: int | None = self._capi.memory_grow(self._context, self._memory, pages)
        if before is not None and self._buffer is not None:
            self._buffer.detach()
        return before

    def view(self, kind: str, address: int, count: int) -> TypedArray:
        """Numbers in place, as a typed array. Raises ``RangeError`` when they lie outside."""
        return KINDS[kind.removesuffix("Array")](self.buffer(), address, count)

    def look(self) -> None:
        """It may have grown."""
        if self._buffer is not None:
            self._buffer.window()

    def end(self) -> Lease | None:
        """The instance is gone. The store may be freed when what this returns is."""
        lease, self._lease = self._lease, None
        if self._buffer is not None:
            self._buffer.detach()
            self._buffer = None
        return lease
