"""The optional accelerator: C code that does what Python code here does, sooner. ``pip install`` brings it; nothing needs it.

It is picked up where it is installed and fits; ``BINDGEN_PATCH_ACCELERATOR=off`` leaves it alone. What it does not do, or declines to do
in the case at hand, Python code does as ever; see ``accelerator/accelerator.c``.
"""

from __future__ import annotations

import os
import threading
from importlib import import_module
from typing import TYPE_CHECKING, Any

_ABI_VERSION = 1


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

if native is None or TYPE_CHECKING:
    RLock = threading.RLock

    class Gate:
        """The fields of a guard that every call reads."""

        _rlock: Any = None
        _guest: Any = None
        _ready: bool = False
        _due: bool = False
        _limited: bool = False
        _calls: int = 0

    class Core:
        """The fields of a guest that every call reads."""

        def _bind(self, number: int, store: int, index: int) -> None:
            """Which function of the engine's is export ``number``."""

        def _unbind(self) -> None:
            """Forget them all: the store is about to be freed."""

    def set_plain(plain: bool) -> None:
        """Say whether there is nothing to look at before a call in this thread."""

else:
    RLock, Gate, Core, set_plain = native.RLock, native.Gate, native.Core, native.set_plain
