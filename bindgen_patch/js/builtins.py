"""The JavaScript globals that guests find without the host providing them: pure ones only.

Just what wasm-bindgen's own crate imports for itself, and the error classes. Host code wins over every name here.
"""

from __future__ import annotations

import json
import logging
import types
from collections.abc import Callable
from typing import Any

from . import errors, model
from .primitives import BigInt, null, number, string_to_bigint

_console = logging.getLogger("bindgen_patch.console")


def _number(value: object = 0) -> int | float:
    if isinstance(value, int) and not isinstance(value, bool):
        return number(float(value))
    return model.to_number(value)


def _bigint(value: object = None) -> BigInt:
    match value:
        case bool() | int():
            return BigInt(value)
        case str():
            return string_to_bigint(value)
        case float() if value == value // 1:
            return BigInt(int(value))
        case float():
            raise errors.RangeError(f"The number {value} cannot be converted to a BigInt because it is not an integer")
    raise errors.TypeError(f"Cannot convert {model.to_string(value)} to a BigInt")


def _parse(text: object) -> Any:
    try:
        return json.loads(model.to_string(text), parse_float=lambda digits: number(float(digits)), object_pairs_hook=_plain, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise errors.SyntaxError(f"JSON.parse: {error}") from None


def _plain(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return {key: value for key, value in pairs}


def _refuse(constant: str) -> Any:
    raise ValueError(f"unexpected {constant}")


def _stringify(value: object) -> str | None:
    if value is None or model.typeof(value) == "function":
        return None
    try:
        return json.dumps(_jsonable(value), separators=(",", ":"), ensure_ascii=False)
    except (ValueError, RecursionError):
        raise errors.TypeError("Converting circular structure to JSON") from None


def _jsonable(value: object) -> Any:
    match value:
        case dict():
            return {model.to_string(k): _jsonable(v) for k, v in value.items() if v is not None and model.typeof(v) != "function"}
        case list() | tuple():
            return [None if item is None else _jsonable(item) for item in value]
        case float() if value != value or value in (float("inf"), float("-inf")):
            return None
        case float():
            return number(value)
        case _ if value is null or value is None:
            return None
        case str() | bool() | int():
            return value
        case types.SimpleNamespace():
            return _jsonable(vars(value))
    return {}


def _reflect_set(obj: object, key: object, value: object) -> bool:
    model.set(obj, key, value)
    return True


def _is_array(value: object) -> bool:
    return isinstance(value, list | tuple)


def _log(level: int) -> Callable[..., None]:
    def write(*args: object) -> None:
        _console.log(level, "%s", " ".join(arg if isinstance(arg, str) else model.debug_string(arg) for arg in args))

    return write


GLOBALS: dict[str, Any] = {
    "undefined": None,
    "NaN": float("nan"),
    "Infinity": float("inf"),
    "Array": model.BuiltinClass(has_instance=_is_array, isArray=_is_array),
    "Function": model.BuiltinClass(has_instance=callable),
    "Object": model.BuiltinClass(has_instance=lambda value: model.is_object(value) or callable(value)),
    "BigInt": _bigint,
    "Number": _number,
    "Reflect": types.SimpleNamespace(get=model.get, set=_reflect_set, has=model.has, deleteProperty=model.delete),
    "JSON": types.SimpleNamespace(parse=_parse, stringify=_stringify),
    "String": model.to_string,
    "Boolean": model.truthy,
    "console": types.SimpleNamespace(
        debug=_log(logging.DEBUG), log=_log(logging.INFO), info=_log(logging.INFO), warn=_log(logging.WARNING), error=_log(logging.ERROR)
    ),
    **{cls.__name__: cls for cls in (errors.Error, errors.TypeError, errors.RangeError, errors.ReferenceError, errors.SyntaxError, errors.EvalError, errors.URIError)},
}
