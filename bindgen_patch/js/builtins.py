"""The JavaScript globals that guests find without the host providing them: pure ones only.

Host code wins over every name here. One table serves all guests of a process, so nothing in it can be written to. What is behind a
name is loaded when a guest asks for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from .classes import HOMES, builtin
from .primitives import null

_VALUES: Mapping[str, Any] = MappingProxyType({"undefined": None, "null": null, "NaN": math.nan, "Infinity": math.inf})
_INTERNAL = frozenset(
    {"AsyncIterable", "AsyncIterator", "AsyncGenerator", "Generator", "Iterable", "ReadableStreamAsyncIterator", "TypedArray"}
)
"""Built-ins that have no global name; nor have those with a space in theirs."""


class _Globals(Mapping[str, Any]):
    """Name -> value. Names that are missing are for the host to provide."""

    def __getitem__(self, name: str) -> Any:
        if name in LOADED:
            return LOADED[name]
        if name not in _NAMES:
            raise KeyError(name)
        value = LOADED[name] = builtin(name)
        return value

    def __iter__(self) -> Iterator[str]:
        yield from _VALUES
        yield from _NAMES

    def __len__(self) -> int:
        return len(_VALUES) + len(_NAMES)


_NAMES = {name: None for name in HOMES if name not in _INTERNAL and " " not in name}

LOADED: dict[str, Any] = dict(_VALUES)
"""Those that somebody has asked for: for the accelerator, which looks into plain dictionaries. None that a realm has of its own is here."""
GLOBALS: Mapping[str, Any] = _Globals()
