"""Typed values: what Python may pass where Rust wants a ``u8`` or a ``&[f64]``, and what it gets back.

Every function here is pure: it checks and converts, and touches no guest. They run before the first word of a call is
lowered, so a bad third argument leaves nothing behind. The last argument is the parameter's name, for the message.
The rules are wasm-bindgen's (its `convert` and `describe` modules).
"""

from __future__ import annotations

import array
import math
import operator
import struct
from collections.abc import Callable, Iterable
from contextlib import suppress
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Any, Protocol, SupportsFloat, SupportsIndex, TypeGuard, TypeVar

from .. import js
from ..js.primitives import number

E = TypeVar("E", bound=StrEnum)
N = TypeVar("N", bound=IntEnum)
T = TypeVar("T")

HOLE_32 = 9007199254740991.0
"""``None`` where an ``Option`` of a 32-bit integer, a pointer or an f32 crosses as an f64."""
HOLE_SMALL = 0xFFFFFF
"""``None`` where an ``Option`` of something smaller crosses as an i32."""


class Buffer(Protocol):
    """Anything with the buffer protocol: ``bytes``, ``bytearray``, ``array``, ``memoryview``, numpy arrays."""

    def __buffer__(self, flags: int, /) -> memoryview: ...


Ints = Buffer | Iterable[SupportsIndex]
"""Integers, for ``&[u8]`` … ``Vec<i64>``."""
Floats = Buffer | Iterable[SupportsFloat]
"""Floats, for ``&[f32]`` and ``&[f64]``."""
MutInts = Buffer | list[int]
"""Where ``&mut [i32]`` and its kin write their result back: a writable buffer of that type, or a list."""
MutFloats = Buffer | list[float]
"""The same for floats."""


if TYPE_CHECKING:
    _Numbers = array.array[Any]
else:
    _Numbers = array.array  # subscriptable from Python 3.12 on


class Array(_Numbers):
    """The numbers of a ``Vec<T>``, as Rust returned them: an ``array.array`` that also equals a list of the same numbers.

    It has the buffer protocol, so ``memoryview(v)`` and ``numpy.asarray(v)`` see the numbers without copying.
    """

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if isinstance(other, list | tuple):
            return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))
        return super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        return not self == other if isinstance(other, list | tuple) else super().__ne__(other)

    __hash__ = None


def _wrong(value: object, expected: str, name: str) -> TypeError:
    return TypeError(f"{name}: expected {expected}, not {type(value).__name__}")


def _is_bool(value: object) -> bool:
    """Python's or numpy's, which is no subclass of it."""
    return isinstance(value, bool) or (type(value).__module__ == "numpy" and type(value).__name__ in ("bool", "bool_"))


def _no_bool(value: T) -> T:
    if _is_bool(value):
        raise TypeError
    return value


# ------------------------------------------------------------------------------------------- scalars


def _integer(expected: str, low: int, high: int) -> Callable[[SupportsIndex, str], int]:
    def check(value: SupportsIndex, name: str) -> int:
        if type(value) is not int:
            try:
                value = operator.index(_no_bool(value))
            except TypeError:
                raise _wrong(value, "int", name) from None
        if low <= value <= high:
            return value
        shown = value if value.bit_length() <= 256 else f"an int of {value.bit_length()} bits"
        raise OverflowError(f"{name}: {shown} does not fit in {expected} ({low} to {high})")

    check.__name__ = check.__qualname__ = expected
    check.__doc__ = f"``value`` as a Rust ``{expected}``. Raises ``TypeError`` and ``OverflowError``."
    return check


u8, u16, u32, u64, u128 = (_integer(f"u{bits}", 0, 2**bits - 1) for bits in (8, 16, 32, 64, 128))
i8, i16, i32, i64, i128 = (_integer(f"i{bits}", -(2 ** (bits - 1)), 2 ** (bits - 1) - 1) for bits in (8, 16, 32, 64, 128))
pointer = _integer("a pointer", 0, 2**32 - 1)
nonnull = _integer("a non-null pointer", 1, 2**32 - 1)


def f64(value: SupportsFloat, name: str) -> float:
    """``value`` as a Rust ``f64``: an ``int``, a ``float`` or anything with ``__float__``, but no ``str`` and no ``bool``."""
    if type(value) is float:
        return value
    if isinstance(value, str | bytes | bytearray):  # float() would parse them
        raise _wrong(value, "float", name)
    try:
        return float(_no_bool(value))
    except TypeError:
        raise _wrong(value, "float", name) from None
    except OverflowError as error:
        raise OverflowError(f"{name}: {error}") from None


def f32(value: SupportsFloat, name: str) -> float:
    """``value`` as a Rust ``f32``, rounded to the nearest one; beyond its range it becomes infinite, as ``as f32`` does."""
    return f64(value, name)


def boolean(value: bool, name: str) -> bool:
    """``value`` as a Rust ``bool``; truthiness is not enough."""
    if value is True or value is False:
        return value
    if _is_bool(value):
        return bool(value)
    raise _wrong(value, "bool", name)


def char(value: str, name: str) -> int:
    """The code point of a one-character ``str``; surrogates are no ``char``."""
    if not isinstance(value, str):
        raise _wrong(value, "a str of one character", name)
    if len(value) != 1:
        raise ValueError(f"{name}: expected a str of one character, got {len(value)}")
    code = ord(value)
    if 0xD800 <= code <= 0xDFFF:
        raise ValueError(f"{name}: a lone surrogate is no char")
    return code


def utf8(value: str, name: str) -> bytes:
    """The UTF-8 of ``value``; lone surrogates become U+FFFD, as JavaScript's ``TextEncoder`` does it."""
    if not isinstance(value, str):
        raise _wrong(value, "str", name)
    try:
        return value.encode()
    except UnicodeEncodeError:
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def or_none(value: object) -> Any:
    """What a host function returned where Rust has an ``Option``: null is nothing, too (``isLikeNone`` of upstream's glue)."""
    return None if value is js.null else value


def option_small(value: int | None) -> int:
    """A checked ``bool``, ``char`` or 8- or 16-bit integer, or ``None``, as one i32."""
    return HOLE_SMALL if value is None else value


def option_32(value: float | None) -> float:
    """A checked 32-bit integer, pointer or f32, or ``None``, as one f64."""
    return HOLE_32 if value is None else float(value)


def option_f32(value: float | None) -> float:
    """A checked f32, or ``None``, as one f64: rounded to single precision first."""
    if value is None or not math.isfinite(value):
        return HOLE_32 if value is None else value
    try:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


def enum(value: N | int, cls: type[N], name: str) -> int:
    """The discriminant of ``value``: a member of ``cls`` or the number of one."""
    if isinstance(value, cls):
        return int(value)
    if type(value) is not int:
        raise _wrong(value, cls.__name__, name)
    try:
        return int(cls(value))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def string_enum(value: E | str, cls: type[E], name: str) -> int:
    """The place of ``value`` among the variants of ``cls``; a plain ``str`` does for a member."""
    if not isinstance(value, str):
        raise _wrong(value, cls.__name__, name)
    try:
        return list(cls).index(cls(value))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


# ------------------------------------------------------------------------------------------- sequences


def numbers(value: Buffer | Iterable[Any], code: str, name: str) -> memoryview:
    """The numbers of a buffer or of any iterable as one contiguous ``memoryview`` of format ``code``.

    A C-contiguous buffer of the right format is taken as it is; everything else is converted number by number, with the
    range check of the element type. Raises ``TypeError`` and ``OverflowError``.
    """
    view = _view(value)
    if view is not None:
        if _is(view, code):
            return _cast(view, code)
        if view.ndim != 1:
            raise TypeError(f"{name}: expected one dimension and elements of format {code!r}, got {view.ndim} and {view.format!r}")
        with suppress(NotImplementedError):  # a format that Python cannot read; its owner may
            value = view.tolist()
    if isinstance(value, str) or not _is_iterable(value):
        raise _wrong(value, f"a buffer or sequence of {'floats' if code in 'fd' else 'ints'}", name)
    if isinstance(value, list) and len(value) >= _PACKED and code != "f":  # whose range struct checks, and Rust does not
        with suppress(struct.error, OverflowError):
            return _packed(value, code)
    try:
        return memoryview(array.array(code, value))
    except OverflowError as error:
        raise OverflowError(f"{name}: {error}") from None
    except (TypeError, NotImplementedError) as error:
        raise TypeError(f"{name}: {error}") from None


_PACKED = 1000
"""How many numbers are packed at a time."""


def _packed(items: list[Any], code: str) -> memoryview:
    """What ``array`` makes of a list, in half the time. Raises :class:`struct.error` for what is no such number, or out of range."""
    pack, width = struct.Struct(f"{_PACKED}{code}").pack_into, struct.calcsize(code)
    packed, rest = bytearray(len(items) * width), len(items) % _PACKED
    for first in range(0, len(items) - rest, _PACKED):
        pack(packed, first * width, *items[first : first + _PACKED])
    struct.pack_into(f"{rest}{code}", packed, len(packed) - rest * width, *items[len(items) - rest :])
    return memoryview(packed).cast(code)  # type: ignore[call-overload,no-any-return]


def _is_iterable(value: object) -> TypeGuard[Iterable[Any]]:
    """By ``__iter__``, or as ctypes' arrays are."""
    return isinstance(value, Iterable) or hasattr(type(value), "__getitem__")


def _view(value: object) -> memoryview | None:
    if isinstance(getattr(type(value), "memoryview", None), property):  # a typed array of ours: Python 3.11 has no ``__buffer__``
        value = value.memoryview  # type: ignore[attr-defined]
    try:
        return memoryview(value)  # type: ignore[arg-type]  # one of our own: a guest's memory may grow, and release the other, meanwhile
    except TypeError:
        return None


_SAME = {"B": "Bc?", "b": "b", "H": "H", "h": "h", "I": "IL", "i": "il", "Q": "QLN", "q": "qln", "f": "f", "d": "d"}


def _is(view: memoryview, code: str) -> bool:
    """Whether ``view`` holds elements of ``code``, whatever its exporter calls them."""
    native = view.format.lstrip("@=<") in _SAME[code]
    return native and view.itemsize == struct.calcsize(code) and view.c_contiguous and view.ndim > 0


def _cast(view: memoryview, code: str) -> memoryview:
    """``view`` as one row of ``code``; it was found to be of that kind."""
    if view.ndim == 1 and view.format == code:
        return view
    row: memoryview = view.cast("B").cast(code)  # type: ignore[call-overload]
    return row


class MutSlice:
    """A ``&mut [T]`` argument: the guest gets a copy, and what it made of it is written back after the call."""

    __slots__ = ("numbers", "target")

    def __init__(self, target: Any, numbers: memoryview) -> None:
        self.target = target
        self.numbers = numbers

    def write(self, data: bytes) -> None:
        """Store the guest's version. The sizes agree, or the guest broke the protocol: ``ValueError``."""
        if data:
            self.numbers.cast("B")[:] = data
        if isinstance(self.target, list):
            self.target[:] = self.numbers.tolist()


def mut_numbers(value: Any, code: str, name: str) -> MutSlice:
    """A writable buffer of format ``code``, or a list, to be lent as ``&mut [T]``."""
    if isinstance(value, list):
        return MutSlice(value, numbers(value, code, name))
    view = _view(value)
    if view is None or view.readonly or not _is(view, code):
        raise TypeError(f"{name}: expected a list or a writable contiguous buffer of format {code!r}, not {type(value).__name__}")
    return MutSlice(value, _cast(view, code))


def items(value: Iterable[T], name: str) -> list[T]:
    """The elements of any iterable but a ``str``."""
    if isinstance(value, str | bytes) or not _is_iterable(value):
        raise _wrong(value, "a sequence", name)
    return list(value)


def strings(value: Iterable[str], name: str) -> list[str]:
    """The elements of an iterable of ``str``."""
    result = items(value, name)
    for item in result:
        if not isinstance(item, str):
            raise TypeError(f"{name}: expected str elements, found {type(item).__name__}")
    return result


def cells(code: str, words: Iterable[float]) -> memoryview:
    """Encoded elements (``bool``, ``char``, enums), already checked, side by side."""
    return memoryview(array.array(code, words))


def function(value: Any, name: str) -> Any:
    """``value``, which must be callable."""
    if not callable(value):
        raise _wrong(value, "a callable", name)
    return value


# ------------------------------------------------------------------------------------------- lifting


def to_u32(word: int) -> int:
    """An i32 word as the unsigned number, address or length that it is."""
    return word & 0xFFFF_FFFF


def to_u64(word: int) -> int:
    """An i64 word as an unsigned number."""
    return word & 0xFFFF_FFFF_FFFF_FFFF


def to_i128(low: int, high: int) -> int:
    """Two i64 words as an ``i128``."""
    return (to_u64(high) ^ 1 << 63) - (1 << 63) << 64 | to_u64(low)


def to_u128(low: int, high: int) -> int:
    """Two i64 words as a ``u128``."""
    return to_u64(high) << 64 | to_u64(low)


def to_char(word: int) -> str:
    """An i32 word as a one-character ``str``."""
    return chr(word) if 0 <= word < 0x110000 else "\N{REPLACEMENT CHARACTER}"


def from_option_small(word: int) -> int | None:
    """The counterpart of :func:`option_small`."""
    return None if word in (HOLE_SMALL, HOLE_SMALL - 1) else word


def from_option_32(word: float) -> int | None:
    """The counterpart of :func:`option_32` for integers."""
    return None if word >= HOLE_32 - 1 or not math.isfinite(word) else int(word)


def from_option_f32(word: float) -> float | None:
    """The counterpart of :func:`option_f32`."""
    return None if word in (HOLE_32, HOLE_32 - 1) else word


def from_option_bool(word: int) -> bool | None:
    """The same for ``bool``."""
    value = from_option_small(word)
    return None if value is None else value != 0


def from_option_char(word: int) -> str | None:
    """The same for ``char``."""
    value = from_option_small(word)
    return None if value is None else to_char(value)


def to_string_enum(word: int, cls: type[E]) -> E:
    """The variant of ``cls`` at place ``word``; ``ValueError`` for Rust's ``__Invalid``."""
    members = list(cls)
    if 0 <= word < len(members):
        return members[word]
    raise ValueError(f"the guest returned a {cls.__name__} that none of its variants stands for")


def from_option_string_enum(word: int, cls: type[E]) -> E | None:
    """The same, where the places after the variants and ``__Invalid`` stand for ``None``."""
    return None if word in (len(cls) + 1, len(cls) + 2) else to_string_enum(word, cls)


def to_js_number(word: float) -> int | float:
    """An f64 that becomes a ``JsValue``."""
    return number(word)


def to_bigint(value: int) -> js.BigInt:
    """A 64- or 128-bit integer that becomes a ``JsValue``."""
    return js.BigInt(value)
