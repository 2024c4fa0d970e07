"""The JavaScript globals that guests find without the host providing them: pure ones only.

Just what wasm-bindgen's own crate imports for itself, and the error classes. Host code wins over every name here. One table
serves all guests of a process, so nothing in it can be written to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from ..recovery import log
from . import errors, model, printing
from .primitives import BigInt, Symbol, bigint, null, number, string_to_bigint, to_double
from .views import BuiltinClass

_console = log.Log("bindgen_patch.console")


def _number(value: object = 0) -> int | float:
    numeric = model.to_numeric(value)
    return number(to_double(numeric)) if isinstance(numeric, BigInt) else numeric


def _bigint(value: object = None) -> BigInt:
    primitive = model.to_primitive(value)
    match primitive:
        case str():
            return string_to_bigint(primitive)
        case float() if not primitive.is_integer():
            text = model.to_string(primitive)
            raise errors.RangeError(f"The number {text} cannot be converted to a BigInt because it is not an integer")
        case bool() | int() | float():
            return bigint(int(primitive))
    raise errors.TypeError(f"Cannot convert {model.describe(primitive)} to a BigInt")


def _string(value: object = "") -> str:
    return repr(value) if isinstance(value, Symbol) else model.to_string(value)


def _symbol(description: object = None) -> Symbol:
    return Symbol(None if description is None else model.to_string(description))


def _is_array(value: object) -> bool:
    return isinstance(value, list | tuple)


def _on_objects(function: Callable[..., Any]) -> Callable[..., Any]:
    def reflect(obj: object = None, *args: object) -> Any:
        if model.is_primitive(obj):
            raise errors.TypeError(f"Reflect was called on {model.describe(obj)}, which is no object")
        return function(obj, *args)

    return reflect


def _log(level: int) -> Callable[..., None]:
    def write(*args: object) -> None:
        _console.log(level, "%s", " ".join(arg if isinstance(arg, str) else printing.debug_string(arg) for arg in args))

    return write


def _namespace(**members: Callable[..., Any]) -> Mapping[str, Any]:
    return MappingProxyType(members)


_ERRORS = (errors.Error, errors.TypeError, errors.RangeError, errors.ReferenceError, errors.SyntaxError, errors.EvalError, errors.URIError)

GLOBALS: Mapping[str, Any] = MappingProxyType(
    {
        "undefined": None,
        "null": null,
        "NaN": float("nan"),
        "Infinity": float("inf"),
        "Array": BuiltinClass("Array", _is_array, isArray=_is_array),
        "Function": BuiltinClass("Function", callable),
        "Object": BuiltinClass("Object", lambda value: not model.is_primitive(value)),
        "BigInt": _bigint,
        "Boolean": model.truthy,
        "Number": _number,
        "String": _string,
        "Symbol": _symbol,
        "Reflect": _namespace(
            get=_on_objects(model.get), set=_on_objects(model.try_set), has=_on_objects(model.has), deleteProperty=_on_objects(model.delete)
        ),
        "JSON": _namespace(parse=printing.parse, stringify=printing.stringify),
        "console": _namespace(
            debug=_log(log.DEBUG),
            log=_log(log.INFO),
            info=_log(log.INFO),
            warn=_log(log.WARNING),
            error=_log(log.ERROR),
        ),
        **{cls.__name__: cls for cls in _ERRORS},
    }
)
"""Name -> value. Names that are missing are for the host to provide."""
