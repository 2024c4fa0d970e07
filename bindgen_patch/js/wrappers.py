"""The objects around primitives, and the functions ``Boolean`` and ``Symbol``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from . import errors, model
from .classes import Class, Function, Key, Property, Table
from .ordinary import Ordinary
from .primitives import Symbol
from .symbols import TO_PRIMITIVE, WELL_KNOWN, registered, registered_key
from .views import TEXT, Stored, array_index, register


class Wrapper(Ordinary):
    """A primitive as an object: ``Object(5)``, ``new String("text")``."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    @property
    def _bp_class(self) -> str:  # type: ignore[override]
        return model.typeof(self.value).replace("bigint", "bigInt").capitalize().replace("Bigint", "BigInt")

    def __repr__(self) -> str:
        return f"js.Object({self.value!r})"


class _Wrapped(Stored):
    """A wrapper shows the characters of a string (ECMA-262 10.4.3)."""

    def _read(self, obj: Wrapper, key: Key) -> Any:
        if isinstance(obj.value, str) and (key == "length" or array_index(key) is not None):
            return TEXT.value(obj.value, key, obj.value)
        return super()._read(obj, key)

    def own(self, obj: Wrapper, key: Key) -> Property | None:
        return (TEXT.own(obj.value, key) if isinstance(obj.value, str) else None) or super().own(obj, key)

    def keys(self, obj: Wrapper) -> list[Key]:
        text = TEXT.keys(obj.value) if isinstance(obj.value, str) else []
        return [*text, *super().keys(obj)]


register(Wrapper, _Wrapped())


def unwrapping(table: Table) -> dict[Any, Any]:
    """Methods of primitives as those of their prototype, where ``this`` may be a wrapper, too."""

    def unwrapped(entry: Any) -> Any:
        inner = Function("", *entry) if isinstance(entry, tuple) else Function("", entry)
        return lambda this, *args: inner.invoke(this.value if isinstance(this, Wrapper) else this, args), inner.length

    return {key: unwrapped(entry) for key, entry in table.items()}


def _this(kind: str, test: Callable[[Any], bool]) -> Callable[[object, str], Any]:
    def check(this: object, method: str) -> Any:
        if test(this):
            return this
        raise errors.TypeError(f"{kind}.prototype.{method} requires that 'this' be a {kind}")

    return check


# ------------------------------------------------------------------------------------------- the functions


def _symbol(description: object = None) -> Symbol:
    return Symbol(None if description is None else model.to_string(description))


def _key_for(_this: object, symbol: object) -> str | None:
    if not isinstance(symbol, Symbol):
        raise errors.TypeError(f"{model.describe(symbol)} is not a symbol")
    return registered_key(symbol)


_boolean_of = _this("Boolean", lambda value: isinstance(value, bool))
_symbol_of = _this("Symbol", lambda value: isinstance(value, Symbol))

BOOLEAN: Table = MappingProxyType(
    {
        "toString": lambda this: model.to_string(_boolean_of(this, "toString")),
        "valueOf": lambda this: _boolean_of(this, "valueOf"),
    }
)
SYMBOL: Table = MappingProxyType(
    {
        "toString": lambda this: repr(_symbol_of(this, "toString")),
        "valueOf": lambda this: _symbol_of(this, "valueOf"),
        TO_PRIMITIVE: lambda this, _hint: _symbol_of(this, "[Symbol.toPrimitive]"),
    }
)

CLASSES: Mapping[str, Any] = MappingProxyType(
    {
        "Boolean": Class(
            "Boolean",
            call=model.truthy,
            construct=lambda value=None: Wrapper(model.truthy(value)),
            length=1,
            prototype=unwrapping(BOOLEAN),
        ),
        "Symbol": Class(
            "Symbol",
            call=_symbol,
            length=0,
            statics={"for": lambda _this, key: registered(model.to_string(key)), "keyFor": _key_for},
            constants=WELL_KNOWN,
            prototype=unwrapping(SYMBOL),
            getters={"description": lambda this: _symbol_of(this.value if isinstance(this, Wrapper) else this, "description").description},
            tag="Symbol",
        ),
    }
)
