"""What the host keeps for a guest, against ``Limits.memory_bytes``: the values that its handles lead to.

A guest has no memory of the host's, but it has the host make texts, lists and buffers for it, and keeps them by a handle of a few
bytes. Nobody counts every one of them. What is about to be made is added up (:mod:`~bindgen_patch.js.quota`), and when that could be
too much, what there is is looked through and measured.
"""

from __future__ import annotations

import gc
import sys
from collections import deque
from collections.abc import Iterable
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import ref

from ..js import quota
from ..js.classes import Bound, Invocable
from ..js.errors import RangeError
from ..js.jobs import Jobs
from ..js.realm import Realm
from .guest import Guest

if TYPE_CHECKING:
    from ..recovery.guard import Guard
    from .host import Host
    from .program import Program

T = TypeVar("T", bound="Guest")

_HANDLE_BYTES = 64
"""Of a place in the table, and of a small value there."""
_ATOMS = (str, int, float, bytes)
_COLLECTIONS = (list, tuple, set, frozenset, deque, dict)
_OURS = f"{__package__.rpartition('.')[0]}.js."
_EVERYBODYS = (Realm, Jobs, Invocable)
"""Parts of JavaScript's world that are not this guest's alone: what they refer to is not followed."""
_bounded: dict[int, ref[Bounded]] = {}


class Bounded(Guest):
    """A guest that may hold as many bytes of the host's as its linear memory may have, give or take a quarter."""

    def __init__(self, program: Program, door: Guard[Guest], host: Host) -> None:
        self._most = host.limits.memory_bytes or 0
        self._slack = self._most
        """How much may be made until what there is is measured again."""
        self._held = self._made = 0
        super().__init__(program, door, host)
        self._wrapped = True  # a handle is never made in C
        serial = self.serial
        _bounded[serial] = ref(self, lambda _: _bounded.pop(serial, None) and None)

    def handle(self, value: object) -> int:
        """Counted: a guest may hold many small ones."""
        handle = super().handle(value)
        self._made += sys.getsizeof(value) if isinstance(value, _ATOMS) else _HANDLE_BYTES
        if self._made > self._slack:
            try:
                self.claim(0, 0)
            except BaseException:
                self.take(handle)
                raise
        return handle

    def claim(self, size: int, new: int) -> None:
        """So many bytes are about to be made for it, ``new`` ones among them. Raises :class:`RangeError` when it holds too much."""
        self._made += new
        if self._made <= self._slack:
            return
        self._held, self._made = measure(self.values.values()), size
        self._slack = max(self._most - self._held, self._most // 4)
        if self._held + size > self._most:
            raise RangeError(f"out of memory: of {self._most} bytes that the host keeps for this guest, {self._held} are in use")


def measure(values: Iterable[object]) -> int:
    """How many bytes these take, with all that can be reached from them. What several refer to is counted in parts, or once."""
    total = 0
    seen: set[int] = set()
    left: list[Iterable[object]] = [values]
    while left:
        for value in quota.paced(left.pop()):
            if isinstance(value, _ATOMS):
                total += sys.getsizeof(value) // max(sys.getrefcount(value) - 3, 1)
            elif (kind := type(value)) is not type and id(value) not in seen and (inside := _inside(kind, value)) is not None:
                seen.add(id(value))
                total += sys.getsizeof(value)
                left.append(inside)
    return total


def _inside(kind: type, value: Any) -> Iterable[object] | None:
    """What a value leads to; ``None`` for what is the host's own business."""
    if kind is bytearray:
        return ()
    if kind in _COLLECTIONS:
        return chain(value.keys(), value.values()) if kind is dict else value
    if kind.__module__.startswith(_OURS) and (not isinstance(value, _EVERYBODYS) or kind is Bound):
        return gc.get_referents(value)
    return None


def _claimed(size: int, new: int) -> None:
    for bounded in list(_bounded.values()):
        guest = bounded()
        if guest is not None and guest.door.guest is guest and guest.door.held():
            guest.claim(size, new)


quota.claimed.append(_claimed)
