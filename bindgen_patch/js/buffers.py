"""``ArrayBuffer``, the typed arrays and ``DataView`` (ECMA-262 23.2, 25.1 and 25.3).

An ``ArrayBuffer`` is a ``bytearray``; typed arrays and views are windows on one. What of the host's has the buffer protocol (bytes,
``array``, ``memoryview``, numpy arrays) passes for the typed array of its format, so memory that is lent needs no copy.
"""

from __future__ import annotations

import builtins
import itertools
import math
import struct
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from operator import length_hint
from types import MappingProxyType
from typing import Any, ClassVar

from . import arrays, model, quota
from .classes import MISSING, Class, Function, Key, Property, Table, builtin, prototype
from .coercions import relative, to_bigint, to_index, to_integer
from .errors import RangeError, TypeError
from .iterators import iterator_over
from .ordinary import Array, Extra, Ordinary
from .primitives import BigInt, number, number_to_string, string_to_number
from .symbols import ITERATOR, SPECIES, TO_STRING_TAG
from .views import STORED, Stored, View, indices, register
from .visibility import is_memory


class ArrayBuffer(bytearray):
    """A JavaScript ``ArrayBuffer``; to Python, bytes. It cannot be resized or transferred while somebody has a ``memoryview`` of it."""

    __slots__ = ("__weakref__", "_bp_extra", "detached", "limit")
    _bp_class: ClassVar[str] = "ArrayBuffer"
    _bp_extra: Extra

    def __init__(self, source: Any = 0, limit: int | None = None) -> None:
        quota.claim(source if isinstance(source, int) else len(source))
        super().__init__(source)
        self.limit = limit
        """How large it may become; ``None`` when it keeps its size."""
        self.detached = False

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:  # type: ignore[override]
        return object.__hash__(self)

    def __repr__(self) -> str:
        return f"<js.ArrayBuffer of {len(self)} bytes>"

    __str__ = __repr__

    def to_python(self) -> bytes:
        """A copy."""
        return bytes(self)

    def window(self) -> Any:
        """What has its bytes in place, for what is done to them here."""
        return self

    def hand_out(self, window: builtins.memoryview) -> builtins.memoryview:
        """A part of :meth:`window` that Python code is going to keep."""
        return window

    def demand_own(self) -> None:
        """Raise ``TypeError`` when its bytes belong to somebody else, so that they cannot be transferred."""

    def demand(self) -> None:
        """Raise ``TypeError`` when it is detached."""
        if self.detached:
            raise TypeError("the ArrayBuffer is detached: its bytes were transferred to another one")

    def resize(self, size: int) -> None:
        """Make it shorter, or longer by zeros. Raises ``TypeError`` while it is exported."""
        try:
            if size < len(self):
                del self[size:]
            else:
                self.extend(bytes(size - len(self)))
        except BufferError:
            raise TypeError("the host holds a memoryview of this ArrayBuffer: it cannot be resized") from None


register(ArrayBuffer, STORED)


# ------------------------------------------------------------------------------------------- elements


def _to_int(bits: int, signed: bool) -> Callable[[Any], int]:
    mask, half = (1 << bits) - 1, 1 << (bits - 1)

    def convert(value: Any) -> int:
        if type(value) is not int:
            numeric = model.to_number(value)
            value = int(numeric) if math.isfinite(numeric) else 0
        return ((int(value) + half) & mask) - half if signed else int(value) & mask

    return convert


def _to_clamped(value: Any) -> int:
    """ToUint8Clamp (7.1.12): to even when it is half way."""
    value = model.to_number(value)
    return 0 if value != value else round(min(max(value, 0), 255))


def _to_big(signed: bool) -> Callable[[Any], int]:
    wrap = _to_int(64, signed)
    return lambda value: wrap(int(to_bigint(value)))


def _to_float(code: str) -> Callable[[Any], float]:
    def convert(value: Any) -> float:
        double = float(model.to_number(value))
        try:
            struct.pack(code, double)
        except OverflowError:
            return math.copysign(math.inf, double)
        return double

    return convert


class Element:
    """The type of a typed array's elements."""

    __slots__ = ("code", "read", "size", "struct", "write")

    def __init__(self, code: str, write: Callable[[Any], float], read: Callable[[Any], Any]) -> None:
        self.code = code
        self.struct = struct.Struct("<" + code)
        self.size = self.struct.size
        self.write = write
        """A value as what :mod:`struct` packs."""
        self.read = read


def _same(value: int) -> int:
    return value


ELEMENTS: Mapping[str, Element] = MappingProxyType(
    {
        "Int8": Element("b", _to_int(8, True), _same),
        "Uint8": Element("B", _to_int(8, False), _same),
        "Uint8Clamped": Element("B", _to_clamped, _same),
        "Int16": Element("h", _to_int(16, True), _same),
        "Uint16": Element("H", _to_int(16, False), _same),
        "Int32": Element("i", _to_int(32, True), _same),
        "Uint32": Element("I", _to_int(32, False), _same),
        "BigInt64": Element("q", _to_big(True), BigInt),
        "BigUint64": Element("Q", _to_big(False), BigInt),
        "Float16": Element("e", _to_float("<e"), number),
        "Float32": Element("f", _to_float("<f"), number),
        "Float64": Element("d", lambda value: float(model.to_number(value)), number),
    }
)
"""Name in ``DataView``, and in front of ``Array`` -> type."""


class TypedArray(Ordinary):
    """A window on a buffer, as numbers of one type.

    ``Uint8Array(5)`` has a buffer of its own; ``Uint8Array(buffer, byte_offset, length)`` shows one; numbers and other buffers are
    copied. :attr:`memoryview`, and numpy by ``__array_interface__``, see the same bytes without copying.
    """

    __slots__ = ("_length", "buffer", "byte_offset")
    _bp_class: ClassVar[str] = "TypedArray"
    element: ClassVar[Element]

    def __init__(self, source: Any = 0, byte_offset: Any = None, length: Any = None) -> None:
        self.byte_offset = 0
        self._length: int | None = None
        self.buffer: Any
        if isinstance(source, ArrayBuffer):
            self._show(source, byte_offset, length)
            return
        self.buffer = ArrayBuffer()
        if model.is_primitive(source):
            self.buffer = ArrayBuffer(quota.buffer(to_index(source) * self.element.size))
        else:
            self._copy(source)
        self._length = len(self.buffer) // self.element.size

    def _show(self, buffer: ArrayBuffer, byte_offset: Any, length: Any) -> None:
        """InitializeTypedArrayFromArrayBuffer (23.2.5.1.3)."""
        size, start = self.element.size, to_index(byte_offset)
        if start % size:
            raise RangeError(f"start offset of {self._bp_class} should be a multiple of {size}")
        count = None if length is None else to_index(length)
        if buffer.detached:
            raise TypeError("Cannot perform Construct on a detached ArrayBuffer")
        if count is None and buffer.limit is None and (len(buffer) % size or start > len(buffer)):
            raise RangeError(f"byte length of {self._bp_class} should be a multiple of {size}")
        if start > len(buffer) or (count is not None and start + count * size > len(buffer)):
            raise RangeError(f"Invalid typed array length: {count}")
        self.buffer, self.byte_offset = buffer, start
        self._length = (len(buffer) - start) // size if count is None and buffer.limit is None else count

    def _copy(self, source: Any) -> None:
        other = typed(source)
        if other is not None:
            if (self.element.read is BigInt) != (other.element.read is BigInt):
                raise TypeError("Cannot mix BigInt and other types, use explicit conversions")
            if other.element.code == self.element.code:
                self.buffer = ArrayBuffer(other.bytes())
                return
            values: Iterable[Any] = other
        elif isinstance(source, Iterator) or not model.is_nullish(model.get(source, ITERATOR)):
            values = arrays.collect(model.iterate(source))
        else:
            values = (model.get(source, index) for index in arrays.indices(source))
        self.buffer = ArrayBuffer(self.packed(values))

    @classmethod
    def over(cls, data: memoryview) -> TypedArray:
        """Memory of somebody else's, as it is."""
        made: TypedArray = cls.__new__(cls)
        made.buffer, made.byte_offset, made._length = data, 0, len(data) // cls.element.size
        return made

    def packed(self, values: Iterable[Any]) -> bytearray:
        """Values as the bytes of such elements."""
        quota.buffer(length_hint(values) * self.element.size)
        packed, left = bytearray(), iter(values)
        while some := [*map(self.element.write, itertools.islice(left, quota.STRIDE))]:
            packed += struct.pack(f"<{len(some)}{self.element.code}", *some)
            if len(packed) > quota.MAX_VALUES * self.element.size:
                raise RangeError("Invalid typed array length")
            quota.check()
        return packed

    @property
    def data(self) -> Any:
        """What has the buffer's bytes in place."""
        buffer = self.buffer
        return buffer.window() if isinstance(buffer, ArrayBuffer) else buffer

    # ------------------------------------------------------------------ for Python code

    def __len__(self) -> int:
        size = len(self.buffer) - self.byte_offset
        if self._length is None:
            return max(size, 0) // self.element.size
        return self._length if self._length * self.element.size <= size else 0

    def _demand(self) -> None:
        """Raise ``TypeError`` when the bytes are gone: asked once they were read, for another thread may end the instance they are of."""
        if isinstance(self.buffer, ArrayBuffer):
            self.buffer.demand()

    def __iter__(self) -> Iterator[Any]:
        count, data = len(self), self.data
        self._demand()
        values = struct.unpack_from(f"<{count}{self.element.code}", data, self.byte_offset if count else 0)
        return iter(values) if self.element.read is _same else map(self.element.read, values)

    def __getitem__(self, index: int) -> Any:
        self._demand()
        count = len(self)
        if not -count <= index < count:
            raise IndexError(f"{self._bp_class} index out of range")
        return self.read(index % count)

    def __setitem__(self, index: int, value: Any) -> None:
        self._demand()
        count = len(self)
        if not -count <= index < count:
            raise IndexError(f"{self._bp_class} index out of range")
        self.write(index % count, value)

    def __repr__(self) -> str:
        return f"<js.{self._bp_class} of {len(self)}>"

    def to_python(self) -> list[Any]:
        """The numbers."""
        return list(self)

    @property
    def memoryview(self) -> builtins.memoryview:
        """The numbers in place: what is written there is written here. As long as it is held the buffer keeps its size.

        Of numbers in a guest's memory it is released when that grows or is given up. Raises ``TypeError`` when they are gone.
        """
        count, data = len(self), self.data
        self._demand()
        start = self.byte_offset if count else 0
        window = builtins.memoryview(data)[start : start + count * self.element.size]
        if self.element.code not in ("B", "e"):
            window = window.cast(self.element.code)  # type: ignore[call-overload]
        return self.buffer.hand_out(window) if isinstance(self.buffer, ArrayBuffer) else window

    def __buffer__(self, flags: int, /) -> builtins.memoryview:
        return self.memoryview

    @property
    def __array_interface__(self) -> dict[str, Any]:
        count, data = len(self), self.data
        self._demand()
        code = self.element.code
        kind = {"B": "u", "H": "u", "I": "u", "Q": "u"}.get(code, "f" if code in "efd" else "i")
        start = self.byte_offset if count else 0
        return {"version": 3, "shape": (count,), "typestr": f"<{kind}{self.element.size}", "data": data, "offset": start}

    # ------------------------------------------------------------------ elements and bytes

    def read(self, index: int) -> Any:
        """The element there; it is there."""
        (value,) = self.element.struct.unpack_from(self.data, self.byte_offset + index * self.element.size)
        return self.element.read(value)

    def write(self, index: int, value: Any) -> None:
        """Store an element, if it is still there after the value was converted (10.4.5.16)."""
        converted = self.element.write(value)
        if index < len(self):
            try:
                self.element.struct.pack_into(self.data, self.byte_offset + index * self.element.size, converted)
            except builtins.TypeError:
                raise TypeError(f"Cannot assign to read only element '{index}' of bytes of the host's") from None

    def bytes(self) -> builtins.bytes:
        """A copy of its part of the buffer."""
        start = self.byte_offset if len(self) else 0
        return builtins.bytes(builtins.memoryview(self.data)[start : start + len(self) * self.element.size])

    def put(self, index: int, data: builtins.bytes | bytearray) -> None:
        """Overwrite elements by bytes that fit."""
        start = self.byte_offset + index * self.element.size
        if not data:
            return
        try:
            with builtins.memoryview(self.data) as window:
                window[start : start + len(data)] = data
        except builtins.TypeError:
            raise TypeError("Cannot assign to read only bytes of the host's") from None

    def like(self, values: Iterable[Any]) -> TypedArray:
        """Another of the same type."""
        made = type(self)()
        made.buffer = ArrayBuffer(self.packed(values))
        made._length = len(made.buffer) // self.element.size
        return made


class Int8Array(TypedArray):
    """A JavaScript ``Int8Array``."""

    __slots__ = ()
    _bp_class: ClassVar[str] = "Int8Array"
    element = ELEMENTS["Int8"]


class Uint8Array(TypedArray):
    """A JavaScript ``Uint8Array``."""

    __slots__ = ()
    _bp_class: ClassVar[str] = "Uint8Array"
    element = ELEMENTS["Uint8"]


class Uint8ClampedArray(TypedArray):
    """A JavaScript ``Uint8ClampedArray``."""

    __slots__ = ()
    _bp_class: ClassVar[str] = "Uint8ClampedArray"
    element = ELEMENTS["Uint8Clamped"]


class Int16Array(TypedArray):
    """A JavaScript ``Int16Array``."""

    __slots__ = ()
    _bp_class: ClassVar[str] = "Int16Array"
    element = ELEMENTS["Int16"]


class Uint16Array(TypedArray):
    """A JavaScript ``Uint16Array``."""

    __slots__ = ()
    _bp_class: ClassVar[str] = "Uint16Array"
    element = ELEMENTS["Uint16"]


class Int32Array(TypedArray):
    """A JavaScript ``Int32Array``."""

    __slots__ = ()
    _bp_class: ClassVar[str] = "Int32Array"
    element = ELEMENTS["Int32"]


class Uint32Array(TypedArray):
    """A JavaScript ``Uint32Array``."""

    __slots__ = ()
    _bp_class: ClassVar[str] = "Uint32Array"
    element = ELEMENTS["Uint32"]


class BigInt64Array(TypedArray):
    """A JavaScript ``BigInt64Array``."""

    __slots__ = ()
    _bp_class: ClassVar[str] = "BigInt64Array"
    element = ELEMENTS["BigInt64"]


class BigUint64Array(TypedArray):
    """A JavaScript ``BigUint64Array``."""

    __slots__ = ()
    _bp_class: ClassVar[str] = "BigUint64Array"
    element = ELEMENTS["BigUint64"]


class Float16Array(TypedArray):
    """A JavaScript ``Float16Array``."""

    __slots__ = ()
    _bp_class: ClassVar[str] = "Float16Array"
    element = ELEMENTS["Float16"]


class Float32Array(TypedArray):
    """A JavaScript ``Float32Array``."""

    __slots__ = ()
    _bp_class: ClassVar[str] = "Float32Array"
    element = ELEMENTS["Float32"]


class Float64Array(TypedArray):
    """A JavaScript ``Float64Array``."""

    __slots__ = ()
    _bp_class: ClassVar[str] = "Float64Array"
    element = ELEMENTS["Float64"]


KINDS: Mapping[str, type[TypedArray]] = MappingProxyType(
    {
        "Int8": Int8Array,
        "Uint8": Uint8Array,
        "Uint8Clamped": Uint8ClampedArray,
        "Int16": Int16Array,
        "Uint16": Uint16Array,
        "Int32": Int32Array,
        "Uint32": Uint32Array,
        "BigInt64": BigInt64Array,
        "BigUint64": BigUint64Array,
        "Float16": Float16Array,
        "Float32": Float32Array,
        "Float64": Float64Array,
    }
)
_BY_FORMAT = {kind.element.code: kind for name, kind in KINDS.items() if name != "Uint8Clamped"}
_BY_FORMAT |= {"c": KINDS["Uint8"], "l": KINDS["Int32" if struct.calcsize("l") == 4 else "BigInt64"]}
_BY_FORMAT["L"] = KINDS["Uint32" if struct.calcsize("L") == 4 else "BigUint64"]


class DataView(Ordinary):
    """A JavaScript ``DataView``."""

    __slots__ = ("_length", "buffer", "byte_offset")
    _bp_class: ClassVar[str] = "DataView"

    def __init__(self, buffer: Any, byte_offset: Any = None, length: Any = None) -> None:
        if not isinstance(buffer, ArrayBuffer):
            raise TypeError("First argument to DataView constructor must be an ArrayBuffer")
        self.buffer = buffer
        self.byte_offset = to_index(byte_offset)
        if buffer.detached:
            raise TypeError("Cannot perform DataView on a detached ArrayBuffer")
        if self.byte_offset > len(buffer):
            raise RangeError(f"Start offset {self.byte_offset} is outside the bounds of the buffer")
        fixed = None if length is None else to_index(length)
        if fixed is not None and self.byte_offset + fixed > len(buffer):
            raise RangeError(f"Invalid DataView length {fixed}")
        self._length = len(buffer) - self.byte_offset if fixed is None and buffer.limit is None else fixed

    def size(self) -> int:
        """How many bytes it shows. Raises ``TypeError`` when they are gone."""
        there = len(self.buffer) - self.byte_offset
        if self.buffer.detached or there < (self._length or 0):
            raise TypeError("Cannot perform DataView method on a detached or shrunk ArrayBuffer")
        return max(there, 0) if self._length is None else self._length

    def __repr__(self) -> str:
        return "<js.DataView>"


# ------------------------------------------------------------------------------------------- how guests see them


def typed(value: Any) -> TypedArray | None:
    """A typed array, or what passes for one: anything of the host's with the buffer protocol and one row of numbers."""
    if isinstance(value, TypedArray):
        return value
    if not is_memory(value) or isinstance(value, ArrayBuffer):
        return None
    view = memoryview(value)
    kind = _BY_FORMAT.get(view.format.lstrip("@=<"))
    if kind is None or not view.c_contiguous or view.itemsize != kind.element.size:
        return None
    return kind.over(view if view.format == "B" and view.ndim == 1 else view.cast("B"))


def _numeric(key: Key) -> float | None:
    """CanonicalNumericIndexString (7.1.21)."""
    if not isinstance(key, str) or key[:1] not in _NUMERIC:
        return None
    if key == "-0":
        return -1
    value = string_to_number(key)
    return value if number_to_string(value) == key else None


_NUMERIC = frozenset("0123456789-IN")


class Indexed(Stored):
    """Typed arrays (10.4.5): every number is an element, or nothing."""

    def _find(self, obj: Any) -> TypedArray:
        mine: TypedArray = obj
        return mine

    def _index(self, obj: Any, key: Key) -> int | None:
        """The place of an element; -1 for a number that is none, ``None`` for a key that is no number."""
        place = _numeric(key)
        if place is None:
            return None
        return int(place) if 0 <= place < len(self._find(obj)) and place == int(place) else -1

    def _read(self, obj: Any, key: Key) -> Any:
        index = self._index(obj, key)
        if index is None:
            return super()._read(obj, key)
        return MISSING if index < 0 else self._find(obj).read(index)

    def get(self, obj: Any, key: Key, receiver: Any) -> Any:
        return super().get(obj, key, receiver) if self._index(obj, key) is None else self._read(obj, key)

    def element(self, obj: Any, index: int) -> Any:
        mine = self._find(obj)
        return mine.read(index) if index < len(mine) else MISSING

    def set_element(self, obj: Any, index: int, value: Any) -> bool:
        self._find(obj).write(index, value)
        return True

    def has(self, obj: Any, key: Key) -> bool:
        index = self._index(obj, key)
        return super().has(obj, key) if index is None else index >= 0

    def set(self, obj: Any, key: Key, value: Any, receiver: Any) -> bool:
        index = self._index(obj, key)
        if index is None or receiver is not obj:
            return super().set(obj, key, value, receiver)
        self._find(obj).write(index if index >= 0 else 1 << 60, value)
        return True

    def put(self, obj: Any, key: Key, value: Any) -> bool:
        index = self._index(obj, key)
        if index is None:
            return super().put(obj, key, value)
        self._find(obj).write(index if index >= 0 else 1 << 60, value)
        return True

    def define(self, obj: Any, key: Key, change: Property) -> bool:
        index = self._index(obj, key)
        if index is None:
            return super().define(obj, key, change)
        if index < 0 or change.is_accessor or False in (change.configurable, change.enumerable, change.writable):
            return False
        if change.value is not MISSING:
            self._find(obj).write(index, change.value)
        return True

    def delete(self, obj: Any, key: Key) -> bool:
        index = self._index(obj, key)
        return super().delete(obj, key) if index is None else index < 0

    def keys(self, obj: Any) -> list[Key]:
        return [*indices(len(self._find(obj))), *super().keys(obj)]


class Lent(Indexed):
    """Memory of the host's: elements, and no other properties."""

    def _find(self, obj: Any) -> TypedArray:
        found = typed(obj)
        if found is None:
            raise TypeError(f"a {type(obj).__name__!r} of the host's is no row of numbers")
        return found

    def _write(self, obj: Any, key: Key, value: Any) -> None:
        raise TypeError(f"a {type(obj).__name__!r} of the host's has elements and no other properties")

    def extensible(self, obj: Any) -> bool:
        return False

    def prevent_extensions(self, obj: Any) -> bool:
        return View.prevent_extensions(self, obj)

    def prototype(self, obj: Any) -> Any:
        return prototype(self._find(obj)._bp_class)

    def set_prototype(self, obj: Any, parent: Any) -> bool:
        return View.set_prototype(self, obj, parent)


INDEXED, LENT = Indexed(), Lent()
for _kind in KINDS.values():
    register(_kind, INDEXED)


# ------------------------------------------------------------------------------------------- ArrayBuffer


def _new_buffer(length: object = None, options: object = None) -> ArrayBuffer:
    size = to_index(length)
    limit = None if model.is_primitive(options) else model.get(options, "maxByteLength")
    if limit is not None and size > (limit := quota.buffer(to_index(limit))):
        raise RangeError("Invalid array buffer max length")
    return ArrayBuffer(quota.buffer(size), limit)


def _buffer(this: object, method: str) -> ArrayBuffer:
    if isinstance(this, ArrayBuffer):
        return this
    raise TypeError(f"Method ArrayBuffer.prototype.{method} called on incompatible receiver {model.describe(this)}")


def _attached(this: object, method: str) -> ArrayBuffer:
    buffer = _buffer(this, method)
    if buffer.detached:
        raise TypeError(f"Cannot perform ArrayBuffer.prototype.{method} on a detached ArrayBuffer")
    return buffer


def _resize(this: object, size: object = None) -> None:
    buffer = _buffer(this, "resize")
    if buffer.limit is None:
        raise TypeError("Method ArrayBuffer.prototype.resize called on incompatible receiver #<ArrayBuffer>")
    wanted = to_index(size)
    _attached(this, "resize")
    if wanted > buffer.limit:
        raise RangeError("ArrayBuffer.prototype.resize: Invalid length parameter")
    buffer.resize(wanted)


def _slice_buffer(this: object, start: object = None, end: object = None) -> ArrayBuffer:
    buffer = _attached(this, "slice")
    size = len(buffer)
    first, last = relative(start, size), relative(end, size, size)
    return ArrayBuffer(bytes(buffer[first : max(first, last)]))


def _transfer(keeps_limit: bool) -> Callable[..., ArrayBuffer]:
    def transfer(this: object, size: object = None) -> ArrayBuffer:
        buffer = _buffer(this, "transfer")
        wanted = len(buffer) if size is None else quota.buffer(to_index(size))
        _attached(this, "transfer").demand_own()
        made = ArrayBuffer(bytes(buffer[:wanted]).ljust(wanted, b"\0"), buffer.limit if keeps_limit else None)
        buffer.resize(0)
        buffer.detached = True
        return made

    return transfer


def _is_view(_this: object, value: object) -> bool:
    return isinstance(value, DataView) or typed(value) is not None


def _no_shared_memory(*_args: object) -> Any:
    raise TypeError("this host has one thread for a guest, and so no SharedArrayBuffer")


_BUFFER: Table = MappingProxyType(
    {
        "resize": (_resize, 1),
        "slice": _slice_buffer,
        "transfer": (_transfer(keeps_limit=True), 0),
        "transferToFixedLength": (_transfer(keeps_limit=False), 0),
    }
)
_BUFFER_GETTERS: Table = MappingProxyType(
    {
        "byteLength": lambda this: len(_buffer(this, "byteLength")),
        "detached": lambda this: _buffer(this, "detached").detached,
        "maxByteLength": lambda this: len(b) if (b := _buffer(this, "maxByteLength")).limit is None or b.detached else b.limit,
        "resizable": lambda this: _buffer(this, "resizable").limit is not None,
    }
)


# ------------------------------------------------------------------------------------------- TypedArray


def attached(value: object) -> TypedArray:
    """ValidateTypedArray (23.2.4.4)."""
    found = typed(value)
    if found is None:
        raise TypeError("this is not a typed array.")
    if isinstance(found.buffer, ArrayBuffer) and found.buffer.detached:
        raise TypeError("Cannot perform this operation on a detached ArrayBuffer")
    return found


def _checked(entry: Any) -> Any:
    """A method of ``Array.prototype``, for typed arrays only."""
    inner = Function("", *entry) if isinstance(entry, tuple) else Function("", entry)

    def method(this: Any, *args: Any) -> Any:
        attached(this)
        return inner.invoke(this, args)

    return method, inner.length


def _walked(this: object, function: object, receiver: object) -> Iterator[tuple[Any, Any]]:
    mine, call = attached(this), model.callback(function)
    quota.values(len(mine))
    for index in quota.paced(range(len(mine))):
        value = mine.read(index) if index < len(mine) else None
        yield value, call(receiver, value, index, this)


def _filter(this: object, function: object, receiver: object = None) -> TypedArray:
    return attached(this).like([value for value, keep in _walked(this, function, receiver) if model.truthy(keep)])


def _map(this: object, function: object, receiver: object = None) -> TypedArray:
    return attached(this).like([made for _, made in _walked(this, function, receiver)])


def _fill(this: object, value: object, start: object = None, end: object = None) -> Any:
    mine = attached(this)
    one = mine.packed([value])
    length = len(mine)
    first, last = relative(start, length), relative(end, length, length)
    mine.put(first, one * (min(last, len(mine)) - first))
    return this


def _set_all(this: object, source: object, offset: object = None) -> None:
    mine = attached(this)
    start = to_integer(offset)
    if start < 0:
        raise RangeError("offset is out of bounds")
    other = typed(source)
    if other is not None and (other.element.read is BigInt) != (mine.element.read is BigInt):
        raise TypeError("Cannot mix BigInt and other types, use explicit conversions")
    like = model.to_object(source) if other is None else other
    count = arrays.length_of(like) if other is None else len(other)
    if start + count > len(mine):
        raise RangeError("offset is out of bounds")
    if other is not None and other.element.code == mine.element.code and mine.element.write is not _to_clamped:
        mine.put(int(start), other.bytes())
    elif other is not None:
        mine.put(int(start), mine.packed(other))
    else:
        for index in quota.paced(range(count)):
            mine.write(int(start) + index, model.get(like, index))


def _slice(this: object, start: object = None, end: object = None) -> TypedArray:
    mine = attached(this)
    length = len(mine)
    first, last = relative(start, length), relative(end, length, length)
    made = type(mine)(max(0, last - first))
    made.put(0, mine.bytes()[first * mine.element.size : max(first, last) * mine.element.size])
    return made


def _subarray(this: object, start: object = None, end: object = None) -> TypedArray:
    mine = typed(this)
    if mine is None:
        raise TypeError("this is not a typed array.")
    length = len(mine)
    first, last = relative(start, length), relative(end, length, length)
    made: TypedArray = type(mine).__new__(type(mine))
    made.buffer, made.byte_offset = mine.buffer, mine.byte_offset + first * mine.element.size
    made._length = None if mine._length is None and end is None else max(0, last - first)
    return made


def _in_order(mine: TypedArray, compare: object) -> list[Any]:
    """The elements sorted: by a comparison of the guest's, or as numbers, -0 before 0 and NaN behind all (23.2.4.7)."""
    quota.values(len(mine))
    if compare is not None:
        return arrays.ordered(mine, compare)
    values = list(mine)
    numbers = [value for value in values if value == value]
    ordered: list[Any] = []
    for start in range(0, len(numbers), quota.LARGE):
        quota.check()
        ordered += sorted(numbers[start : start + quota.LARGE])
    ordered.sort()  # what is sorted in runs is merged
    first, behind = bisect_left(ordered, 0), bisect_right(ordered, 0)
    ordered[first:behind] = sorted(ordered[first:behind], key=lambda zero: math.copysign(1, zero))
    return ordered + [math.nan] * (len(values) - len(numbers))


def _sort(this: object, compare: object = None) -> Any:
    arrays.demand_comparator(compare)
    mine = attached(this)
    data = mine.packed(_in_order(mine, compare))
    mine.put(0, data[: len(mine) * mine.element.size])
    return this


def _to_sorted(this: object, compare: object = None) -> TypedArray:
    arrays.demand_comparator(compare)
    mine = attached(this)
    return mine.like(_in_order(mine, compare))


def _with(this: object, index: object, value: object) -> TypedArray:
    mine = attached(this)
    position = to_integer(index)
    position = position if position >= 0 else len(mine) + position
    one = mine.element.write(value)
    if not 0 <= position < len(mine):
        raise RangeError("Invalid typed array index")
    copy = mine.like(mine)
    copy.element.struct.pack_into(copy.data, int(position) * copy.element.size, one)
    return copy


def _from(this: object, items: object, function: object = None, receiver: object = None) -> Any:
    values = model.call(Array, "from", [items, *([] if function is None else [function, receiver])])
    return _made_by(this, values)


def _made_by(cls: object, values: list[Any]) -> Any:
    """TypedArrayCreateFromCtor (23.2.4.2)."""
    if not model.is_constructor(cls):
        raise TypeError(f"{model.describe(cls)} is not a constructor")
    made = model.construct(cls, [len(values)])
    if len(attached(made)) < len(values):
        raise TypeError("Derived TypedArray constructor created an array which was too small")
    for index, value in enumerate(values):
        model.set(made, index, value)
    return made


def _buffer_of(this: object) -> ArrayBuffer:
    mine = typed(this)
    if mine is None:
        raise TypeError("this is not a typed array.")
    return mine.buffer if isinstance(mine.buffer, ArrayBuffer) else ArrayBuffer(mine.bytes())


def _measure(read: Callable[[TypedArray], int]) -> Callable[[object], int]:
    def getter(this: object) -> int:
        mine = typed(this)
        if mine is None:
            raise TypeError("this is not a typed array.")
        return read(mine)

    return getter


def _tag(this: object) -> str | None:
    mine = typed(this)
    return None if mine is None else mine._bp_class


_SHARED = (
    *("at", "copyWithin", "every", "find", "findIndex", "findLast", "findLastIndex", "forEach", "includes", "indexOf", "join"),
    *("lastIndexOf", "reduce", "reduceRight", "reverse", "some", "toLocaleString"),
)
_TYPED: dict[Any, Any] = {name: _checked(arrays.PROTOTYPE[name]) for name in _SHARED}


def _iterator(name: str) -> Callable[[object], Any]:
    def method(this: object) -> Any:
        attached(this)
        return iterator_over(this, name)

    return method


_TYPED |= {
    "entries": _iterator("entries"),
    "fill": (_fill, 1),
    "filter": (_filter, 1),
    "keys": _iterator("keys"),
    "map": (_map, 1),
    "set": (_set_all, 1),
    "slice": _slice,
    "sort": _sort,
    "subarray": _subarray,
    "toReversed": lambda this: attached(this).like(reversed(list(attached(this)))),
    "toSorted": _to_sorted,
    "values": (values := _iterator("values")),
    "with": _with,
    ITERATOR: values,
}
_TYPED_GETTERS: Table = MappingProxyType(
    {
        "buffer": _buffer_of,
        "byteLength": _measure(lambda mine: len(mine) * mine.element.size),
        "byteOffset": _measure(lambda mine: mine.byte_offset if len(mine) or mine._length == 0 else 0),
        "length": _measure(len),
        TO_STRING_TAG: _tag,
    }
)


_NONE: Table = MappingProxyType({})


def _abstract(*_args: object) -> Any:
    raise TypeError("Abstract class TypedArray not directly constructable")


def array_class(name: str, kind: type[TypedArray], statics: Table = _NONE, prototype: Table = _NONE) -> Class:
    """The class of typed arrays of one type."""
    size = {"BYTES_PER_ELEMENT": kind.element.size}
    return Class(
        f"{name}Array",
        construct=lambda source=0, offset=None, length=None: kind(source, offset, length),
        length=3,
        statics=statics,
        prototype=prototype,
        constants=size,
        values=size,
        parent="TypedArray",
    )


# ------------------------------------------------------------------------------------------- DataView


def _view(this: object) -> DataView:
    if isinstance(this, DataView):
        return this
    raise TypeError(f"Method DataView.prototype method called on incompatible receiver {model.describe(this)}")


def _place(view: DataView, offset: int, element: Element) -> int:
    if offset + element.size > view.size():
        raise RangeError("Offset is outside the bounds of the DataView")
    return view.byte_offset + offset


def _getter(element: Element) -> Callable[..., Any]:
    def get(this: object, offset: object = None, little: object = None) -> Any:
        view, position = _view(this), to_index(offset)
        order = "<" if model.truthy(little) else ">"
        (value,) = struct.unpack_from(order + element.code, view.buffer.window(), _place(view, position, element))
        return element.read(value)

    return get


def _setter(element: Element) -> Callable[..., None]:
    def set(this: object, offset: object = None, value: object = None, little: object = None) -> None:
        view, position = _view(this), to_index(offset)
        converted = element.write(value)
        order = "<" if model.truthy(little) else ">"
        place = _place(view, position, element)
        struct.pack_into(order + element.code, view.buffer.window(), place, converted)

    return set


_DATA_VIEW: dict[str, Any] = {}
for _name, _element in ELEMENTS.items():
    if _name != "Uint8Clamped":
        _DATA_VIEW[f"get{_name}"] = _getter(_element), 1
        _DATA_VIEW[f"set{_name}"] = _setter(_element), 2

_SPECIES: Table = MappingProxyType({SPECIES: lambda this: this})

CLASSES: Mapping[str, Any] = MappingProxyType(
    {
        "ArrayBuffer": Class(
            "ArrayBuffer",
            construct=_new_buffer,
            length=1,
            statics={"isView": _is_view},
            static_getters=_SPECIES,
            prototype=_BUFFER,
            getters=_BUFFER_GETTERS,
            tag="ArrayBuffer",
        ),
        "SharedArrayBuffer": Class("SharedArrayBuffer", construct=_no_shared_memory, length=1, tag="SharedArrayBuffer"),
        "TypedArray": Class(
            "TypedArray",
            call=_abstract,
            construct=_abstract,
            statics={"from": (_from, 1), "of": (lambda this, *items: _made_by(this, list(items)), 0)},
            static_getters=_SPECIES,
            prototype={**_TYPED, "toString": builtin("Array").prototype["toString"]},
            getters=_TYPED_GETTERS,
        ),
        **{f"{name}Array": array_class(name, kind) for name, kind in KINDS.items() if name != "Uint8"},
        "DataView": Class(
            "DataView",
            construct=DataView,
            length=1,
            prototype=_DATA_VIEW,
            getters={
                "buffer": lambda this: _view(this).buffer,
                "byteLength": lambda this: _view(this).size(),
                "byteOffset": lambda this: _view(this).size() * 0 + _view(this).byte_offset,
            },
            tag="DataView",
        ),
    }
)
