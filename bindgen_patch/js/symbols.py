"""The well-known symbols (ECMA-262 6.1.5.1), and the registry of ``Symbol.for``.

Symbols say nothing and hold nothing, so all guests of a process may share these. The registry forgets those that nobody has.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from weakref import WeakValueDictionary

from .primitives import Symbol

ASYNC_DISPOSE: Final = Symbol("Symbol.asyncDispose")
ASYNC_ITERATOR: Final = Symbol("Symbol.asyncIterator")
DISPOSE: Final = Symbol("Symbol.dispose")
HAS_INSTANCE: Final = Symbol("Symbol.hasInstance")
IS_CONCAT_SPREADABLE: Final = Symbol("Symbol.isConcatSpreadable")
ITERATOR: Final = Symbol("Symbol.iterator")
MATCH: Final = Symbol("Symbol.match")
MATCH_ALL: Final = Symbol("Symbol.matchAll")
REPLACE: Final = Symbol("Symbol.replace")
SEARCH: Final = Symbol("Symbol.search")
SPECIES: Final = Symbol("Symbol.species")
SPLIT: Final = Symbol("Symbol.split")
TO_PRIMITIVE: Final = Symbol("Symbol.toPrimitive")
TO_STRING_TAG: Final = Symbol("Symbol.toStringTag")
UNSCOPABLES: Final = Symbol("Symbol.unscopables")

WELL_KNOWN: Final[Mapping[str, Symbol]] = MappingProxyType(
    {
        "asyncDispose": ASYNC_DISPOSE,
        "asyncIterator": ASYNC_ITERATOR,
        "dispose": DISPOSE,
        "hasInstance": HAS_INSTANCE,
        "isConcatSpreadable": IS_CONCAT_SPREADABLE,
        "iterator": ITERATOR,
        "match": MATCH,
        "matchAll": MATCH_ALL,
        "replace": REPLACE,
        "search": SEARCH,
        "species": SPECIES,
        "split": SPLIT,
        "toPrimitive": TO_PRIMITIVE,
        "toStringTag": TO_STRING_TAG,
        "unscopables": UNSCOPABLES,
    }
)
"""Name in JavaScript, behind ``Symbol.`` -> symbol."""

_registry: WeakValueDictionary[str, Symbol] = WeakValueDictionary()


def registered(key: str) -> Symbol:
    """``Symbol.for(key)``: the same symbol for the same text, as long as somebody has it."""
    symbol = _registry.get(key)
    if symbol is None:
        symbol = _registry[key] = Symbol(key)
    return symbol


def registered_key(symbol: Symbol) -> str | None:
    """``Symbol.keyFor(symbol)``."""
    key = symbol.description
    return key if key is not None and _registry.get(key) is symbol else None
