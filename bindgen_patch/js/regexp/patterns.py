"""``RegExp``: the class of what :mod:`.regexp` does (ECMA-262 22.2)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from .. import model
from ..classes import Class, Key, Table, with_lengths, without_this
from ..errors import TypeError
from ..iterators import kind
from ..ordinary import Array
from ..symbols import MATCH, MATCH_ALL, REPLACE, SEARCH, SPECIES, SPLIT
from ..texts import match_array, matches, replacement
from ..views import Stored, register
from . import regexp
from .regexp import RegExp as RegExp


class _Pattern(Stored):
    """``lastIndex`` is a property of its own."""

    def _read(self, obj: RegExp, key: Key) -> Any:
        return obj.last_index if key == "lastIndex" else super()._read(obj, key)

    def _write(self, obj: RegExp, key: Key, value: Any) -> None:
        if key == "lastIndex":
            obj.last_index = value
        else:
            super()._write(obj, key, value)

    def flags(self, obj: RegExp, key: Key) -> tuple[bool, bool, bool]:
        return (True, False, False) if key == "lastIndex" else super().flags(obj, key)

    def keys(self, obj: RegExp) -> list[Key]:
        return ["lastIndex", *super().keys(obj)]


register(RegExp, _Pattern())


def _this(this: object) -> RegExp:
    if not isinstance(this, RegExp):
        raise TypeError(f"RegExp method called on incompatible receiver {model.describe(this)}")
    return this


def _call(pattern: Any = None, flags: object = None) -> RegExp:
    """``RegExp(pattern)`` is the pattern itself, when it is one."""
    return pattern if isinstance(pattern, RegExp) and flags is None else RegExp(pattern, flags)


def _getter(read: Any, empty: object) -> Any:
    """``RegExp.prototype`` is no regular expression, but it may be asked (22.2.6)."""
    return lambda this: empty if this is CLASSES["RegExp"].prototype else read(this)


_GETTERS: Table = {
    name: _getter(read, {"source": "(?:)", "flags": ""}.get(name)) for name, read in regexp.GETTERS.items() if name != "lastIndex"
}

CLASSES: Mapping[str, Any] = MappingProxyType(
    {
        "RegExp": Class(
            "RegExp",
            call=_call,
            construct=RegExp,
            length=2,
            statics=without_this(regexp.STATICS),
            static_getters={SPECIES: lambda this: this},
            prototype={
                **with_lengths(regexp.PROTOTYPE, compile=2),
                "exec": lambda this, text: match_array(regexp.PROTOTYPE["exec"](this, text)),
                MATCH: lambda this, text: match_array(_this(this).match(model.to_string(text))),
                MATCH_ALL: lambda this, text: matches(_this(this).match_all(model.to_string(text))),
                REPLACE: lambda this, text, by: _this(this).replace(model.to_string(text), replacement(by)),
                SEARCH: lambda this, text: _this(this).search(model.to_string(text)),
                SPLIT: lambda this, text, limit: Array(_this(this).split(model.to_string(text), limit)),
            },
            getters=_GETTERS,
        ),
        "RegExp String Iterator": kind("RegExp String Iterator"),
    }
)
