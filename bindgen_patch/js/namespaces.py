"""``JSON`` and ``console``: built-in objects that are no classes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from ..recovery import log
from . import printing
from .classes import namespace
from .strings import to_well_formed

_console = log.Log("bindgen_patch.console")


def _log(level: int) -> Callable[..., None]:
    def write(_this: object, *args: object) -> None:
        text = " ".join(arg if isinstance(arg, str) else printing.debug_string(arg) for arg in args)
        _console.log(level, "%s", to_well_formed(text))  # a lone surrogate cannot be written to a file

    return write


def _parse(_this: object, text: object, reviver: object = None) -> Any:
    return printing.parse(text, reviver)


def _stringify(_this: object, value: object, replacer: object = None, space: object = None) -> str | None:
    return printing.stringify(value, replacer, space)


CLASSES: Mapping[str, Any] = MappingProxyType(
    {
        "JSON": namespace("JSON", {"parse": _parse, "stringify": _stringify}),
        "console": namespace(
            "console",
            {
                "debug": _log(log.DEBUG),
                "log": _log(log.INFO),
                "info": _log(log.INFO),
                "warn": _log(log.WARNING),
                "error": _log(log.ERROR),
            },
        ),
    }
)
