"""``Function``: what functions inherit (ECMA-262 20.2). There is no compiler, so none is ever made of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from . import model
from .classes import Bound, Class, Table, call_as_given
from .errors import EvalError, TypeError
from .primitives import null
from .symbols import HAS_INSTANCE


def _refuse(*_args: object) -> Any:
    raise EvalError("Code generation from strings disallowed for this context")


def _demand_function(this: object, method: str) -> None:
    if not callable(this):
        raise TypeError(f"Function.prototype.{method} was called on {model.describe(this)}, which is not a function")


def arguments(given: object) -> Sequence[Any]:
    """CreateListFromArrayLike (7.3.19)."""
    if isinstance(given, list | tuple):
        return list(given)
    if model.is_primitive(given):
        raise TypeError("CreateListFromArrayLike called on non-object")
    from .arrays import length_of

    return [model.get(given, index) for index in range(length_of(given))]


def _apply(this: object, receiver: object, args: object) -> Any:
    _demand_function(this, "apply")
    return call_as_given(this, receiver, () if args is None or args is null else arguments(args))


def _bind(this: Any, receiver: object = None, *args: object) -> Bound:
    _demand_function(this, "bind")
    length, name = model.get(this, "length"), model.get(this, "name")
    left = max(0, length - len(args)) if isinstance(length, int) else 0
    return Bound(f"bound {name if isinstance(name, str) else ''}", left, this, receiver, args)


def _call(this: object, receiver: object = None, *args: object) -> Any:
    _demand_function(this, "call")
    return call_as_given(this, receiver, args)


def _to_string(this: object) -> str:
    _demand_function(this, "toString")
    name = model.get(this, "name")
    return f"function {name if isinstance(name, str) else ''}() {{ [native code] }}"


def _has_instance(this: object, value: object) -> bool:
    """``Function.prototype[Symbol.hasInstance]``; a guest's own functions have no prototype to look for."""
    if isinstance(this, Class | type | Bound):
        return model.instanceof(value, this)
    prototype = model.get(this, "prototype") if callable(this) else None
    return not model.is_primitive(prototype) and model.inherits(value, prototype)


PROTOTYPE: Table = MappingProxyType(
    {"apply": _apply, "bind": (_bind, 1), "call": (_call, 1), "toString": _to_string, HAS_INSTANCE: _has_instance}
)

CLASSES: Mapping[str, Any] = MappingProxyType(
    {"Function": Class("Function", call=_refuse, construct=_refuse, length=1, prototype=PROTOTYPE, values={"length": 0, "name": ""})}
)
