"""The values that a guest holds, by handles.

A handle that it makes up, or has given up, is an error and never another value.
"""

from __future__ import annotations

import itertools
import struct
from typing import Any

from .. import js, symbols
from ..errors import GuestException
from .linear import MASK, Linear

FIXED: dict[int, object] = {0: None, 1024: None, 1025: js.null, 1026: True, 1027: False}
FIRST_HANDLE = symbols.FIRST_HANDLE


class Handles(Linear):
    """The part of a :class:`.Guest` that knows what the host keeps for it."""

    lent: list[int]
    """Handles that are good until the call is over."""
    values: dict[int, object]
    """The handle table. Handles count upwards and are not reused, so a made-up or dropped one is never another value."""
    _next_handle: int
    _wrapped: bool
    """They have counted to the end once."""

    def put_values(self, items: list[Any]) -> int:
        """Copy owned handles of ``items`` into fresh guest memory."""
        return self.put(memoryview(struct.pack(f"<{len(items)}I", *map(self.handle, items))), 4)

    def take_string_cells(self, address: int, count: int) -> list[str]:
        """Borrowed strings, their places in a buffer that is ours to free."""
        count &= MASK
        places = struct.unpack(f"<{2 * count}I", self.read(address, 8 * count)) if count else ()
        result = [self.string(*places[i : i + 2]) for i in range(0, 2 * count, 2)]
        self.free(address, 8 * count, 4)
        return result

    def take_strings(self, address: int, count: int) -> list[str]:
        """A ``Vec<String>``: handles of strings."""
        result = self.take_values(address, count)
        for item in result:
            if not isinstance(item, str):
                raise self.violation(f"a {type(item).__name__} in a Vec<String>")
        return result

    def take_values(self, address: int, count: int) -> list[Any]:
        """Owned handles in memory that is ours to free."""
        return [self.take(handle) for handle in self.take_cells("I", address, count)]

    def borrowed_values(self, address: int, count: int) -> list[Any]:
        """Borrowed handles in borrowed memory."""
        return [self.value(handle) for handle in self.numbers("I", address, count)]

    def handle(self, value: object) -> int:
        """A new handle that the guest owns."""
        if value is None:
            return 1024
        if value is True:
            return 1026
        if value is False:
            return 1027
        if value is js.null:
            return 1025
        handle = self._next_handle
        if handle < MASK and not self._wrapped:
            self._next_handle = handle + 1
            self.values[handle] = value
            return handle
        if handle > MASK:
            handle, self._wrapped = next(h for h in itertools.count(FIRST_HANDLE) if h not in self.values), True
        self._next_handle = handle + 1
        while self._next_handle in self.values:
            self._next_handle += 1
        self.values[handle] = value
        return handle

    @property
    def live_handles(self) -> int:
        """How many values the guest holds."""
        return len(self.values) - len(FIXED)

    def lend(self, value: object) -> int:
        """A handle that is good until the call is over."""
        handle = self.handle(value)
        if handle >= FIRST_HANDLE:
            self.lent.append(handle)
            self.calm = False
        return handle

    def lend_option(self, value: object) -> int:
        """The same, 0 for ``None`` and null."""
        return 0 if value is None or value is js.null else self.lend(value)

    def value(self, handle: int) -> Any:
        """What a borrowed handle stands for."""
        try:
            return self.values[handle & MASK]
        except KeyError:
            raise self.violation(f"handle {handle & MASK} stands for nothing") from None

    def take(self, handle: int) -> Any:
        """What an owned handle stands for; the handle is given up."""
        handle &= MASK
        if handle < FIRST_HANDLE:
            return self.value(handle)
        try:
            return self.values.pop(handle)
        except KeyError:
            raise self.violation(f"handle {handle} stands for nothing") from None

    def option_handle(self, value: object) -> int:
        """An owned handle, 0 for ``None`` and null: how an optional ``JsValue`` crosses."""
        return 0 if value is None or value is js.null else self.handle(value)

    def error(self, handle: int) -> BaseException:
        """The exception for an ``Err`` that the guest returned."""
        return throwable(self.take(handle))


def throwable(value: object) -> BaseException:
    """What to raise for a value that the guest threw."""
    return value if isinstance(value, BaseException) else GuestException(value)
