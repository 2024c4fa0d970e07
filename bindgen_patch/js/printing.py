"""Values as text: ``JSON.parse``, ``JSON.stringify`` (ECMA-262 25.5), and what ``{:?}`` shows of a ``JsValue``."""

from __future__ import annotations

import math
import re
import types
from collections.abc import Iterator, Mapping
from typing import Any

from . import errors
from .model import describe, get, is_primitive, to_string, typeof
from .primitives import MAX_STRING, Symbol, bigint_to_string, null, number
from .views import BuiltinClass, view_of

_SURROGATE = "[\ud800-\udfff]"
_MAX_DEBUG = 1 << 16
_MAX_DEBUG_DEPTH = 8


def parse(text: object) -> Any:
    """``JSON.parse(text)``. Raises :class:`errors.SyntaxError`."""

    import json

    def refuse(constant: str) -> Any:
        raise ValueError(f"unexpected {constant}")

    def double(digits: str) -> int | float:
        return number(float(digits))

    try:
        return _with_null(json.loads(to_string(text), parse_int=double, parse_float=double, parse_constant=refuse))
    except ValueError as error:
        raise errors.SyntaxError(f"JSON.parse: {error}") from None
    except RecursionError:
        raise _too_deep() from None


def _with_null(parsed: Any) -> Any:
    """Python's parser says ``None`` for null."""
    outermost = [parsed]
    todo: list[Any] = [outermost]
    while todo:
        box = todo.pop()
        for key, item in enumerate(box) if isinstance(box, list) else box.items():
            if item is None:
                box[key] = null
            elif isinstance(item, list | dict):
                todo.append(item)
    return outermost[0]


def stringify(value: object) -> str | None:
    """``JSON.stringify(value)``: ``None`` for undefined and functions. Raises ``TypeError`` for bigints and what is inside itself."""
    try:
        return _json(value, {})
    except RecursionError:
        raise _too_deep() from None


def _too_deep() -> errors.RangeError:
    return errors.RangeError("Maximum call stack size exceeded")


def _json(value: object, inside: Mapping[int, object]) -> str | None:
    if not is_primitive(value) and callable(to_json := get(value, "toJSON")):
        value = to_json()
    match typeof(value):
        case "undefined" | "function" | "symbol":
            return None
        case "bigint":
            raise errors.TypeError("Do not know how to serialize a BigInt")
        case "string":
            return _quote(to_string(value))
        case "number" if not math.isfinite(value):  # type: ignore[arg-type]
            return "null"
        case "number" | "boolean":
            return to_string(value)
    if value is null:
        return "null"
    if id(value) in inside:
        raise errors.TypeError("Converting circular structure to JSON")
    inside = {**inside, id(value): value}
    if isinstance(value, list | tuple):
        return _bounded("[", (_json(item, inside) or "null" for item in value), "]")
    members = ((key, _json(get(value, key), inside)) for key in view_of(value).keys(value))
    return _bounded("{", (f"{_quote(key)}:{text}" for key, text in members if text is not None), "}")


def _bounded(opening: str, pieces: Iterator[str], closing: str) -> str:
    kept: list[str] = []
    size = 0
    for piece in pieces:
        kept.append(piece)
        size += len(piece) + 1
        if size > MAX_STRING:
            raise errors.RangeError("Invalid string length")
    return f"{opening}{','.join(kept)}{closing}"


def _quote(text: str) -> str:
    import json

    return re.sub(_SURROGATE, lambda half: f"\\u{ord(half[0]):04x}", json.dumps(text, ensure_ascii=False))


def debug_string(value: object, depth: int = 0) -> str:
    """What ``{:?}`` shows for a ``JsValue``, as wasm-bindgen's own ``debugString`` does; long and deep arrays are cut short."""
    match value:
        case str():
            return _quote(value)
        case list() | tuple():
            return f"[{', '.join(_elements(value, depth))}]"
        case Symbol(description=text):
            return "Symbol" if text is None else f"Symbol({text})"
        case dict() | types.SimpleNamespace():
            try:
                return f"Object({stringify(value)})"
            except Exception:  # as upstream: whatever a toJSON may do
                return "Object"
        case BaseException():
            return to_string(value)
        case BuiltinClass():
            return f"Function({value.name})"
    match typeof(value):
        case "bigint":
            return f"{bigint_to_string(value)}n"  # type: ignore[arg-type]
        case "function":
            name = getattr(value, "__name__", None)
            return f"Function({name})" if isinstance(name, str) and name else "Function"
        case "object":
            return describe(value)
    return to_string(value)


def _elements(array: list[Any] | tuple[Any, ...], depth: int) -> Iterator[str]:
    size = 0
    for item in array:
        if size > _MAX_DEBUG or depth >= _MAX_DEBUG_DEPTH:
            yield "…"
            return
        text = debug_string(item, depth + 1)
        size += len(text)
        yield text
