"""A guest's linear memory, and the shadow stack in it: what is copied in and out, and seen in place.

Whatever the guest says is checked before it is used: an address or a length that points outside is a broken protocol, and the guest dies.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from .. import symbols
from ..accelerator import Core, native
from ..errors import GuestAborted
from . import trap, values

if TYPE_CHECKING:
    from ..js.buffers import TypedArray
    from ..recovery.guard import Guard
    from .deadlines import Due
    from .memory import Pages

MASK = 0xFFFF_FFFF
RESULT_BYTES = 32
"""The largest record a function returns is four words; the shadow stack stays aligned to 16."""

_FALSE_MEMORY = {
    symbols.AREA_NULL: "the guest's allocator returned a null pointer",
    symbols.AREA_OUTSIDE: "the guest's allocator returned memory that is not there",
}

Frames = tuple["Frames", int, int, int, BaseException | None, "Due | None"] | None
"""What nested calls put aside, innermost first: the frame outside, stack pointer, number of handles lent, result area, host
exception on its way, deadline. Never changed, only replaced: a host function can tell by identity whether what it called is all over.
"""

_struct = cache(struct.Struct)
_from_memory = ctypes.pythonapi.PyMemoryView_FromMemory
_from_memory.restype = ctypes.py_object
_from_memory.argtypes = (ctypes.c_void_p, ctypes.c_ssize_t, ctypes.c_int)
view_of: Callable[[int, int, int], memoryview] = _from_memory if native is None else native.view
"""``(address, size, flags) -> memoryview``. Whoever makes one sees to it that nobody has it when the memory is gone."""
WRITABLE = 0x200
_PANICKED, _SHORT = trap.PANICKED, trap.BEFORE_PANICKED


class Linear(Core):
    """The part of a :class:`.Guest` that knows its memory."""

    door: Guard[Any]
    death: GuestAborted | None
    discarded: bool
    frames: Frames
    """What nested calls put aside."""
    result: int
    """Where the function being called stores a result of several words: a place on the guest's own shadow stack."""
    last_words: tuple[Frames, trap.LastWords] | None
    """In which call, and what, the guest's panic hook has told the host."""
    _capi: Any
    _context: int
    _instance: Any
    _base: int
    _size: int
    _view: memoryview
    _pages: Pages | None
    _stack_pointer: Any
    _stack_base: int
    _area: int
    """Where whole calls (``edit/whole.py``) find what they are given, and leave what they return; 0: nowhere."""

    if TYPE_CHECKING:

        def call_malloc(self, size: int, align: int) -> int: ...

        def call_free(self, address: int, size: int, align: int) -> None: ...

        def die(self, death: GuestAborted) -> GuestAborted: ...

        def violation(self, what: str) -> GuestAborted: ...

        def _alive(self) -> None: ...

    def free(self, address: int, size: int, align: int) -> None:
        """Give memory back to the guest's allocator."""
        if size:
            self.call_free(address, size, align)

    def put(self, data: bytes | memoryview, align: int = 1) -> int:
        """Copy ``data`` into fresh guest memory and return its address, which is never 0."""
        if not isinstance(data, bytes):
            data = data.cast("B") if data.nbytes else b""
        size = len(data)
        try:
            address: int = self.call_malloc(size, align) & MASK
        except GuestAborted as death:
            raise out_of_memory(death, size) from None
        if not address:
            raise self.violation(_FALSE_MEMORY[symbols.AREA_NULL])
        end = address + size
        if end > self._size:
            self._check(address, size)
        if size:
            self._view[address:end] = data
        return address

    def _reserve(self, stack_pointer: int) -> int:
        """Take the area of whole calls off the shadow stack, which is the one memory that a host may have without asking an allocator.

        Returns where the stack begins from now on. Stacks below a megabyte, which is what Rust's linker makes, are left as they are.
        """
        if stack_pointer < symbols.AREA_STACK:
            return stack_pointer
        area = (stack_pointer & ~15) - symbols.AREA_BYTES
        self.write(area, bytes(symbols.AREA_RECORD))  # constructors may have run, on this very stack
        self._area = area
        return area

    def blamed(self, death: GuestAborted) -> GuestAborted:
        """What the guest died of, when a whole call may have died in its allocator."""
        if not self._area:
            return death
        word = self._view[self._area + symbols.AREA_ASKED : self._area + symbols.AREA_ASKED + 4]
        asked = int.from_bytes(word, "little", signed=True)
        word[:] = bytes(4)
        if asked in _FALSE_MEMORY:
            return GuestAborted(_FALSE_MEMORY[asked], kind="abi_violation", frames=death._frames)
        return out_of_memory(death, asked - 1) if asked > 0 else death

    def read(self, address: int, size: int) -> bytes:
        """``size`` bytes of guest memory; a negative size is an unsigned word."""
        address &= MASK
        if size < 0:
            size &= MASK
        self._check(address, size)
        return self._view[address : address + size].tobytes()

    def write(self, address: int, data: bytes | bytearray) -> None:
        """Store into guest memory."""
        address &= MASK
        self._check(address, len(data))
        self._view[address : address + len(data)] = data

    def load(self, layout: str) -> tuple[int, ...]:
        """The record that the call just made has stored; ``layout`` is a :mod:`struct` format."""
        return _struct(layout).unpack_from(self._view, self.result)

    def store(self, address: int, layout: str, *words: float) -> None:
        """Store a host function's result where the guest asked for it. Integers wrap to the width of their word."""
        try:
            data = _struct(layout).pack(*words)
        except struct.error:
            data = _wrapped(layout, words)
        self.write(address, data)

    @property
    def pages(self) -> Pages:
        """The memory as others may see it in place."""
        if self._pages is None:
            from .memory import Pages

            self._alive()
            self._pages = Pages(self)
        return self._pages

    def view(self, kind: str, address: int, count: int) -> TypedArray:
        """Borrowed numbers in place, as JavaScript has them: a typed array that shows them until memory grows or is gone."""
        return self.pages.view(kind, address & MASK, count & MASK)

    def lend_slice(self, code: str, address: int, count: int) -> LentSlice:
        """A ``&mut [T]`` for a host function."""
        return LentSlice(self, code, address, self.read(address, (count & MASK) * struct.calcsize(code)))

    def _check(self, address: int, size: int) -> None:
        if address + size > self._size:
            self._refresh()
            if address + size > self._size:
                raise self.violation(f"{size} bytes at {address:#x} are outside the guest's memory of {self._size} bytes")

    def _refresh(self) -> None:
        """Memory may have grown; it never moves or shrinks, so an old view is small but right."""
        self._alive()
        capi = self._capi
        memory = ctypes.byref(self._memory.of.memory)
        self._see(capi.memory_data(self._context, memory) or 0, capi.memory_data_size(self._context, memory))
        if self._pages is not None:
            self._pages.look()

    def _see(self, base: int, size: int) -> None:
        self._base = base
        self._view = view_of(base, size, WRITABLE)
        self._size = size  # last: what was checked against it must be there

    @property
    def _memory(self) -> Any:
        return self._instance.memory

    def _stack(self) -> int:
        return self._stack_pointer.get() if self._stack_pointer is not None else 0

    def _set_stack(self, address: int) -> None:
        if self._stack_pointer is not None and not self.discarded:
            self._stack_pointer.set(address)

    def _lower_stack(self, address: int) -> int:
        """Room for one result below ``address``; the stack pointer goes there too."""
        lowered = (address & ~15) - RESULT_BYTES
        if lowered <= 0:
            raise self.die(GuestAborted("the shadow stack is used up", kind="stack_overflow"))
        self._check(lowered, RESULT_BYTES)
        self._set_stack(lowered)
        return lowered

    def _stack_exhausted(self) -> bool:
        """The shadow stack grows down from its base; below address 0 it wraps round."""
        return self._stack_pointer is not None and self._stack() > self._stack_base

    def string(self, address: int, size: int) -> str:
        """Borrowed UTF-8."""
        if address < 0 or size < 0:
            address, size = address & MASK, size & MASK
        end = address + size
        if end > self._size:
            self._check(address, size)
        try:
            text = str(self._view[address:end], "utf-8")
        except UnicodeDecodeError as error:
            raise self.violation(f"a str that is not UTF-8 ({error.reason})") from None
        # In a short text, `in` finds it in a third of the time.
        if _PANICKED in text if size <= _SHORT else text.find(_PANICKED, 0, _SHORT) >= 0:
            words = trap.last_words(text)
            if words:
                self.last_words = self.frames, words
                self.calm = False
        return text

    def take_string(self, address: int, size: int) -> str:
        """UTF-8 that is ours to free."""
        text = self.string(address, size)
        if size:
            self.call_free(address, size, 1)
        return text

    def take_bytes(self, address: int, size: int) -> bytes:
        """Bytes that are ours to free."""
        result = self.read(address, size)
        self.free(address, size, 1)
        return result

    def numbers(self, code: str, address: int, count: int) -> values.Array:
        """Borrowed numbers, copied."""
        result, address = values.Array(code), address & MASK
        size = (count & MASK) * result.itemsize
        self._check(address, size)
        result.frombytes(self._view[address : address + size])
        return result

    def take_numbers(self, code: str, address: int, count: int) -> values.Array:
        """Numbers that are ours to free."""
        result = self.numbers(code, address, count)
        self.free(address, len(result) * result.itemsize, result.itemsize)
        return result

    def take_cells(self, code: str, address: int, count: int) -> list[int]:
        """Encoded elements that are ours to free."""
        return list(self.take_numbers(code, address, count))


class LentSlice:
    """A ``&mut [T]`` while a host function has it: a copy, for a host may keep what it was lent; :meth:`release` writes it back."""

    __slots__ = ("_address", "_data", "_guest", "numbers")

    def __init__(self, guest: Linear, code: str, address: int, data: bytes) -> None:
        self._guest = guest
        self._address = address
        self._data = bytearray(data)
        self.numbers: memoryview = memoryview(self._data).cast(code)  # type: ignore[call-overload]

    def release(self) -> None:
        """The host function has returned, or failed."""
        if self._guest.death is None:
            self._guest.write(self._address, self._data)


def _wrapped(layout: str, words: tuple[float, ...]) -> bytes:
    """``words`` packed modulo the width of each."""
    masks = {"I": MASK, "Q": 0xFFFF_FFFF_FFFF_FFFF}
    unsigned = layout.replace("i", "I").replace("q", "Q")
    kinds = [letter for letter in unsigned if letter in "IQfd"]
    wrapped = (int(word) & masks[kind] if kind in masks else word for word, kind in zip(words, kinds, strict=True))
    return _struct(unsigned).pack(*wrapped)


def out_of_memory(death: GuestAborted, size: int) -> GuestAborted:
    """What the guest's allocator died of when it was asked for ``size`` bytes."""
    if death.kind == "unreachable":  # how it says that there is nothing left; it has no other reason
        death.kind, death.message = "out_of_memory", f"out of memory: {size} bytes for an argument"
        death.args = (death.message,)
    return death
