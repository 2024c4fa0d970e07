"""The optional accelerator: C code that does what Python code here does, sooner. ``pip install`` brings it; nothing needs it.

It is picked up where it is installed and fits; ``BINDGEN_PATCH_ACCELERATOR=off`` leaves it alone. What it does not do, or declines to do
in the case at hand, Python code does as ever; see ``accelerator/accelerator.c``.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Self

_ABI_VERSION = 6


def _find() -> Any:
    if os.environ.get("BINDGEN_PATCH_ACCELERATOR", "").lower() in ("off", "0"):
        return None
    try:
        found = import_module("bindgen_patch_accelerator")
    except ImportError:
        return None
    return found if found.ABI_VERSION == _ABI_VERSION else None


native: Any = _find()
"""The extension module, or ``None``."""

if TYPE_CHECKING:

    class RLock:
        """``_thread.RLock``, as those see it who extend it."""

        def __init__(self, patience: float | None = None) -> None: ...
        def acquire(self, blocking: bool = True, timeout: float = -1) -> bool: ...
        def release(self) -> None: ...
        def _is_owned(self) -> bool: ...
        def is_free(self) -> bool: ...
        def __enter__(self) -> bool: ...
        def __exit__(self, *error: object) -> None: ...

elif native is None:
    from _thread import RLock

if native is None or TYPE_CHECKING:

    class Gate(RLock):
        """The fields of a guard that every call reads; and here it is its own lock, see :mod:`.recovery.lock`."""

        __slots__ = ("_bell", "_calls", "_due", "_guest", "_inside", "_limited", "_locked", "_open", "_ready")

        _guest: Any
        _ready: bool
        _due: bool
        _limited: bool
        _calls: int
        _open: None
        """Is there when an ordinary call may begin."""
        _inside: int
        """The thread whose ordinary call is running."""
        _locked: bool
        """It was taken by its lock since it was open last."""
        _bell: Any
        """Put something into it on the way out: somebody waits for that."""

    class Front:
        """The field of an Instance that every call reads."""

        __slots__ = ("_bp_door",)

        _bp_door: Any

    class Core:
        """The fields of a guest that every call reads. There is nothing in them at first."""

        __slots__ = (
            "_area", "_base", "_context", "_flag", "_in_hook", "_judged", "_next_handle", "_numbers", "_scopes", "_size", "_stack_base",
            "_unwound", "_view", "_wrapped", "bounds", "calm", "death", "door", "fallen", "frames", "garbage", "host_error", "last_words",
            "lent", "result", "serial", "values",
        )  # fmt: skip

        def __new__(cls, *_args: object) -> Self:
            self = super().__new__(cls)
            self.death = self.host_error = self.last_words = self.frames = self.fallen = self._unwound = None
            self.result = self._base = self._size = 0
            self._in_hook = self._judged = self._wrapped = self.calm = False
            return self

        calm: bool
        """There is nothing to look at, neither when a call ends nor before the next: see :meth:`.runtime.guest.Guest.at_ease`."""
        bounds: list[object]
        garbage: Any
        lent: list[int]
        _area: int
        _flag: Any
        _stack_base: int
        death: Any
        last_words: Any
        frames: Any
        fallen: Any
        host_error: Any
        result: int
        _base: int
        _size: int
        _in_hook: bool
        _judged: bool
        _wrapped: bool
        _unwound: Any

        def _bind(self, number: int, store: int, index: int, inner: int, told: int) -> None:
            """How the engine gets to export ``number``: see :class:`.capi.Func`. With zeros it is forgotten."""

        def _unbind(self) -> None:
            """Forget them all: the store is about to be freed."""

    Queue = deque[tuple[str, tuple[int, ...]]]

    class Box:
        """The fields of an object of a generated class, and how it begins and ends."""

        __slots__ = ("_bp_guest", "_bp_origin", "_bp_pointer", "_bp_state")

        _bp_free: ClassVar[str]
        """The call name of the destructor."""
        _bp_stale: ClassVar[Any] = "raise"

        _bp_guest: Any
        _bp_pointer: int
        _bp_origin: tuple[tuple[Any, ...], Mapping[str, Any]] | None
        """What its constructor was given, kept where it may be needed again."""
        _bp_state: Any

        def __new__(cls, *args: Any, **kwargs: Any) -> Self:
            self = object.__new__(cls)
            self._bp_guest, self._bp_pointer = None, 0
            self._bp_origin = None if cls._bp_stale == "raise" else (args, kwargs)
            self._bp_state = None
            return self

        def free(self) -> None:
            """Drop the Rust value now. Does nothing when it is gone already, or its instance is."""
            guest = self._bp_guest
            if guest is not None and self._bp_pointer and guest.death is None:
                self._bp_drop()

        def _bp_drop(self) -> None:
            """The way in behind :meth:`free`; generated classes have it."""
            raise NotImplementedError

        def __del__(self) -> None:
            """Leave the Rust value to the next call: a finalizer may run anywhere, in any thread, so it enters nothing."""
            guest = self._bp_guest
            if guest is not None and self._bp_pointer and guest.death is None:
                guest.garbage.append((self._bp_free, (self._bp_pointer, 1)))
                guest.calm = False
            self._bp_pointer = 0

    def set_plain(plain: bool) -> None:
        """Say whether there is nothing to look at before a call in this thread."""

else:
    RLock, Gate, Front, Core = native.RLock, native.Gate, native.Front, native.Core
    Queue, Box, set_plain = native.Queue, native.Box, native.set_plain
