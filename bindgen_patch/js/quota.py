"""How much a built-in makes for a guest, and how long it takes.

Nothing of the guest runs meanwhile, so the engine cannot stop it. So whatever goes on for long asks now and then whether it is still
wanted, and whatever makes much asks beforehand whether the guest may have it. Whoever runs guests says here how to find out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import count, islice
from operator import length_hint
from typing import Any, Final, TypeVar

from .errors import RangeError

T = TypeVar("T")

MAX_STRING: Final = 1 << 28
"""The longest text that guest code may make, in code points (V8: about 2**29 code units)."""
MAX_ARRAY: Final = 1 << 22
"""How long an array may be that a guest makes, or pretends to have."""
MAX_VALUES: Final = 1 << 24
"""How many values may be made by one call: parts of a text, numbers of a typed array, what a JSON text holds."""
VALUE_BYTES: Final = 64
"""What a value and its place in a list take, roughly."""
MAX_BYTES: Final = 1 << 28
"""The largest buffer that guest code may make."""
MAX_STEPS: Final = 1 << 22
"""How long a built-in goes through what somebody else keeps giving."""

STRIDE: Final = 4096
"""How many steps are taken between two questions: some milliseconds."""
LARGE: Final = 1 << 16
"""Nobody is asked about fewer bytes than this."""

asked: list[Callable[[], None]] = []
"""Called during what takes long. What one of them raises ends the work."""
claimed: list[Callable[[int, int], None]] = []
"""Called with a number of bytes before they are made, and with how many of them are new. What one of them raises ends the work."""


def check() -> None:
    """Raises what ends the work of this thread, if anything does."""
    for ask in asked:
        ask()


def paced(items: Iterable[T]) -> Iterable[T]:
    """The same items, with a :func:`check` at every :data:`STRIDE`."""
    return items if length_hint(items, LARGE) <= STRIDE else _paced(iter(items))


def _paced(items: Iterator[T]) -> Iterator[T]:
    while some := tuple(islice(items, STRIDE)):
        check()
        yield from some


def pacing(function: Callable[..., T], stride: int = STRIDE) -> Callable[..., T]:
    """The same function, with a :func:`check` at every so many calls."""
    calls = count(1)

    def paced(*args: Any) -> T:
        if not next(calls) % stride:
            check()
        return function(*args)

    return paced


def claim(size: int, new: int | None = None) -> None:
    """So many bytes are about to be made, ``new`` of them since this was last said: all of them unless told.

    Raises what keeps the guest from having them.
    """
    if size > LARGE:
        for ask in claimed:
            ask(size, size if new is None else new)


def fits(units: int) -> None:
    """A text has grown so long, and it goes on."""
    if units > MAX_STRING:
        raise RangeError("Invalid string length")


def text(units: int) -> None:
    """A text of so many code units is about to be made."""
    fits(units)
    claim(units)


def array(length: int, more: int | None = None) -> int:
    """An array is about to be so long, ``more`` elements of it new: all of them unless told."""
    if length > MAX_ARRAY:
        raise RangeError("Invalid array length")
    claim(8 * (length if more is None else more))
    return length


def values(count: int) -> None:
    """So many values are about to be made by one call."""
    if count > MAX_VALUES:
        raise RangeError("Invalid array length")
    claim(VALUE_BYTES * count)


def grown(count: int) -> None:
    """A list of values has grown so long, one by one, and it goes on."""
    if not count % STRIDE:
        check()
        if count > MAX_VALUES:
            raise RangeError("Invalid array length")
        claim(VALUE_BYTES * count, VALUE_BYTES * STRIDE)


def buffer(size: int) -> int:
    """A buffer of so many bytes is about to be made; it makes its own claim."""
    if size > MAX_BYTES:
        raise RangeError("Array buffer allocation failed")
    return size
