"""Values as text: ``JSON.parse``, ``JSON.stringify`` (ECMA-262 25.5), and what ``{:?}`` shows of a ``JsValue``."""

from __future__ import annotations

import math
import re
import sys
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from . import errors, quota
from .classes import Class, Fixed, Function, Property
from .model import (
    apply,
    callback,
    define,
    delete,
    describe,
    enumerable_keys,
    get,
    is_array,
    is_primitive,
    to_number,
    to_string,
    typeof,
)
from .ordinary import Array, Object
from .primitives import Symbol, bigint_to_string, null, number
from .quota import paced, pacing
from .symbols import TO_STRING_TAG
from .visibility import is_moment

_SURROGATE = "[\ud800-\udfff]"
_MAX_DEBUG = 1 << 16
_MAX_DEBUG_DEPTH = 8


def parse(text: object, reviver: object = None) -> Any:
    """``JSON.parse(text, reviver)``. Raises :class:`errors.SyntaxError`."""

    import json

    def refuse(constant: str) -> Any:
        raise ValueError(f"unexpected {constant}")

    def double(digits: str) -> int | float:
        return number(float(digits))

    source = to_string(text)
    quota.values(sum(map(source.count, ",[{")))
    try:
        parsed = _as_javascript(json.loads(source, parse_int=pacing(double), parse_float=pacing(double), parse_constant=refuse))
        return _revived(Object({"": parsed}), "", callback(reviver)) if callable(reviver) else parsed
    except ValueError as error:
        if isinstance(error, errors.Error):
            raise
        raise errors.SyntaxError(f"JSON.parse: {error}") from None
    except RecursionError:
        raise _too_deep() from None


def _as_javascript(parsed: Any) -> Any:
    """Python's parser says ``None`` for null, and makes objects that only the host could make."""
    outermost = [parsed]
    todo: list[Any] = [outermost]
    while todo:
        box = todo.pop()
        for key in paced(range(len(box)) if isinstance(box, list) else list(box)):
            item = box[key]
            if item is None:
                box[key] = null
            elif isinstance(item, list | dict):
                box[key] = made = Array(item) if isinstance(item, list) else Object(item)
                todo.append(made)
    return outermost[0]


def _revived(holder: Any, key: str, call: Callable[..., Any]) -> Any:
    """InternalizeJSONProperty (25.5.1.1)."""
    value = get(holder, key)
    if not is_primitive(value):
        for name in [str(index) for index in range(length_of(value))] if is_array(value) else enumerable_keys(value):
            item = _revived(value, name, call)
            if item is None:
                delete(value, name)
            else:
                define(value, name, Property(item, True, True, True))
    return call(holder, key, value)


class _Writer:
    """What one call of ``JSON.stringify`` was told (25.5.2)."""

    def __init__(self, replacer: object, space: object) -> None:
        self.replacer = callback(replacer) if callable(replacer) else None
        self.allowed = _listed(replacer) if not callable(replacer) and is_array(replacer) else None
        self.gap = _gap(space)

    def text(self, holder: Any, key: str, value: Any, inside: Mapping[int, object]) -> str | None:
        """SerializeJSONProperty (25.5.2.2); ``holder`` is ``None`` for the outermost value."""
        if not is_primitive(value) or typeof(value) == "bigint":
            to_json = get(value, "toJSON")
            if callable(to_json):
                value = apply(to_json, value, [key])
        if self.replacer is not None:
            value = self.replacer(Object({"": value}) if holder is None else holder, key, value)
        value = _unwrapped(value)
        match typeof(value):
            case "undefined" | "function" | "symbol":
                return None
            case "bigint":
                raise errors.TypeError("Do not know how to serialize a BigInt")
            case "string":
                return _quote(to_string(value))
            case "number" if not math.isfinite(value):
                return "null"
            case "number" | "boolean":
                return to_string(value)
        if value is null:
            return "null"
        if id(value) in inside:
            raise errors.TypeError("Converting circular structure to JSON")
        inside = {**inside, id(value): value}
        if is_array(value):
            return _bounded("[", self._elements(value, inside), "]", self.gap, len(inside))
        return _bounded("{", self._members(value, inside), "}", self.gap, len(inside))

    def _elements(self, array: Any, inside: Mapping[int, object]) -> Iterator[str]:
        for index in range(length_of(array)):
            yield self.text(array, str(index), get(array, index), inside) or "null"

    def _members(self, obj: Any, inside: Mapping[int, object]) -> Iterator[str]:
        colon = ": " if self.gap else ":"
        for key in enumerable_keys(obj) if self.allowed is None else self.allowed:
            text = self.text(obj, key, get(obj, key), inside)
            if text is not None:
                yield f"{_quote(key)}{colon}{text}"


def _unwrapped(value: Any) -> Any:
    """What is around a primitive stands for it; only who has loaded them can have made one."""
    module = sys.modules.get(f"{__package__}.wrappers")
    if module is None or not isinstance(value, module.Wrapper):
        return value
    match typeof(value.value):
        case "number":
            return to_number(value)
        case "string":
            return to_string(value)
    return value.value


def _listed(replacer: Any) -> list[str]:
    """The property list of an array (25.5.2, step 4)."""
    items = (_unwrapped(get(replacer, index)) for index in range(length_of(replacer)))
    return list(dict.fromkeys(to_string(item) for item in items if typeof(item) in ("string", "number")))


def _gap(space: Any) -> str:
    space = _unwrapped(space)
    if isinstance(space, str):
        return space[:10]
    return " " * int(max(0, min(10, space))) if typeof(space) == "number" and space == space else ""


def stringify(value: object, replacer: object = None, space: object = None) -> str | None:
    """``JSON.stringify``: ``None`` for undefined and functions. Raises ``TypeError`` for bigints and what is inside itself."""
    try:
        return _Writer(replacer, space).text(None, "", value, {})
    except RecursionError:
        raise _too_deep() from None


def _too_deep() -> errors.RangeError:
    return errors.RangeError("Maximum call stack size exceeded")


def _bounded(opening: str, pieces: Iterator[str], closing: str, gap: str, depth: int) -> str:
    kept: list[str] = []
    size = 0
    for piece in paced(pieces):
        kept.append(piece)
        size += len(piece) + 1 + len(gap) * depth
        quota.fits(size)
    quota.text(size)
    if not gap or not kept:
        return f"{opening}{','.join(kept)}{closing}"
    margin = "\n" + gap * depth
    return f"{opening}{margin}{f',{margin}'.join(kept)}{margin[: -len(gap)]}{closing}"


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
        case Class() | Function():
            return f"Function({value.name})"
        case Fixed():
            tag = value.members.get(TO_STRING_TAG)
            return "Object" if tag is None else str(tag.value)
    match typeof(value):
        case "bigint":
            return f"{bigint_to_string(value)}n"  # type: ignore[arg-type]
        case "function":
            name = getattr(value, "__name__", None)
            return f"Function({name})" if isinstance(name, str) and name else "Function"
        case "object":
            return "Date" if is_moment(value) else describe(value)
    return to_string(value)


def length_of(array: Any) -> int:
    """How many elements an array has, whatever kind of array it is."""
    from .arrays import length_of

    return length_of(array)


def _elements(array: list[Any] | tuple[Any, ...], depth: int) -> Iterator[str]:
    size = 0
    for item in array:
        if size > _MAX_DEBUG or depth >= _MAX_DEBUG_DEPTH:
            yield "…"
            return
        text = debug_string(item, depth + 1)
        size += len(text)
        yield text
