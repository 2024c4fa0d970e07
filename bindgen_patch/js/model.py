"""How guest code looks at Python values: a few verbs, each with the rules of ECMA-262.

What a guest may see at all is decided in :mod:`.views` and :mod:`.visibility`; nothing here reaches into an object past them.
"""

from __future__ import annotations

import math
import types
from collections.abc import Iterator, Sequence
from typing import Any

from . import errors
from .primitives import (
    MAX_STRING,
    BigInt,
    Symbol,
    bigint_to_string,
    is_bigint,
    null,
    number_to_string,
    string_to_bigint,
    string_to_number,
)
from .views import MISSING, OPAQUE, STATICS, BuiltinClass, Key, static, view_of
from .visibility import is_exposed, is_public

# ------------------------------------------------------------------------------------------- what a value is


def typeof(value: object) -> str:
    """``typeof value``."""
    match value:
        case None:
            return "undefined"
        case bool():
            return "boolean"
        case str():
            return "string"
        case int() | float():
            return "bigint" if is_bigint(value) else "number"
        case Symbol():
            return "symbol"
    return "function" if callable(value) else "object"


def is_object(value: object) -> bool:
    """A non-null value that is neither primitive nor a function."""
    return value is not null and typeof(value) == "object"


def is_primitive(value: object) -> bool:
    """Undefined, null, a boolean, number, bigint, string or symbol."""
    return value is null or typeof(value) not in ("object", "function")


def truthy(value: object) -> bool:
    """ToBoolean: everything but undefined, null, false, 0, NaN, 0n and the empty string."""
    if isinstance(value, int | float | str):
        return bool(value) and value == value
    return value is not None and value is not null


def instanceof(value: object, cls: object) -> bool:
    """``value instanceof cls``: false, never an error, when ``cls`` is no class. Every Python exception is an ``Error``."""
    if cls is errors.Error:
        return isinstance(value, BaseException)
    if isinstance(cls, BuiltinClass):
        return bool(cls.has_instance(value))
    return isinstance(cls, type) and isinstance(value, cls)


# ------------------------------------------------------------------------------------------- equality


def strict_equal(a: object, b: object) -> bool:
    """``a === b``."""
    kind = typeof(a)
    if kind != typeof(b):
        return False
    if kind in ("number", "bigint", "string", "boolean"):
        return a == b
    return a is b or (isinstance(a, types.MethodType | types.BuiltinMethodType) and a == b)  # Python makes methods anew at each look


def loose_equal(a: object, b: object) -> bool:
    """``a == b`` (ECMA-262 7.2.13)."""
    empty_a, empty_b = a is None or a is null, b is None or b is null
    if empty_a or empty_b:
        return empty_a and empty_b
    if is_primitive(a) != is_primitive(b):
        return loose_equal(to_primitive(a), to_primitive(b))
    kinds = {typeof(a), typeof(b)}
    if len(kinds) == 1 or not is_primitive(a) or "symbol" in kinds:
        return strict_equal(a, b)
    try:
        return comparable(a, "bigint" in kinds) == comparable(b, "bigint" in kinds)
    except (errors.SyntaxError, errors.RangeError):
        return False


def comparable(value: object, exactly: bool) -> int | float:
    """A primitive as a number that Python compares as JavaScript does; ``exactly``: with a bigint, so text is read as one."""
    if is_bigint(value):
        return int(value)  # type: ignore[call-overload,no-any-return]
    return string_to_bigint(value) if exactly and isinstance(value, str) else to_number(value)


# ------------------------------------------------------------------------------------------- conversions


def to_primitive(value: object, hint: str = "number") -> object:
    """ToPrimitive: an object's own ``valueOf`` and ``toString`` where a guest can see them, else its text."""
    if is_primitive(value):
        return value
    for name in ("toString", "valueOf") if hint == "string" else ("valueOf", "toString"):
        method = get(value, name)
        if callable(method):
            result = method()
            if is_primitive(result):
                return result
        elif method is None and name == "toString":
            return _object_text(value)
    raise errors.TypeError("Cannot convert object to primitive value")


def to_number(value: object) -> int | float:
    """ToNumber. Bigints and symbols are refused, as the unary operators do."""
    match to_primitive(value):
        case None:
            return math.nan
        case bool() as flag:
            return int(flag)
        case str() as text:
            return string_to_number(text)
        case int() | float() as number if not is_bigint(number):
            return number
        case primitive if primitive is null:
            return 0
        case primitive:
            raise errors.TypeError(f"Cannot convert a {'BigInt' if is_bigint(primitive) else 'Symbol'} value to a number")


def to_numeric(value: object) -> int | float:
    """ToNumeric: a number, or the bigint itself."""
    value = to_primitive(value)
    if isinstance(value, int) and is_bigint(value):
        return BigInt(value)
    return to_number(value)


def to_string(value: object) -> str:
    """ToString."""
    match to_primitive(value, "string"):
        case str() as text:
            return text
        case None:
            return "undefined"
        case bool() as flag:
            return "true" if flag else "false"
        case int() | float() as number:
            return bigint_to_string(int(number)) if is_bigint(number) else number_to_string(number)
        case Symbol():
            raise errors.TypeError("Cannot convert a Symbol value to a string")
    return "null"


def property_key(key: object) -> Key:
    """ToPropertyKey: text, or a symbol."""
    return key if isinstance(key, str | Symbol) else to_string(key)


def _object_text(value: object) -> str:
    """What ``toString`` gives for objects that have none of their own."""
    if isinstance(value, BaseException):
        name, message = errors.error_name(value), errors.error_message(value)
        return f"{name}: {message}" if name and message else name or message
    if isinstance(value, list | tuple):
        return _join(value)
    if callable(value):
        return f"function {getattr(value, '__name__', '')}() {{ [native code] }}"
    return "[object Object]"


def _join(array: Sequence[object]) -> str:
    """``array.join()``. Arrays in arrays flatten, however deep; one that is inside itself counts as empty."""
    pieces: list[str] = []
    size = 0
    path: list[tuple[object, Iterator[object]]] = [(array, iter(array))]
    inside = {id(array)}
    while path:
        current, rest = path[-1]
        item = next(rest, MISSING)
        if item is MISSING:
            path.pop()
            inside.remove(id(current))
        elif isinstance(item, list | tuple) and item and id(item) not in inside:
            path.append((item, iter(item)))
            inside.add(id(item))
        else:
            pieces.append("" if item is None or item is null or isinstance(item, list | tuple) else to_string(item))
            size += len(pieces[-1]) + 1
            if size > MAX_STRING:
                raise errors.RangeError("Invalid string length")
    return ",".join(pieces)


# ------------------------------------------------------------------------------------------- properties


def lookup(obj: object, key: object, default: Any) -> Any:
    """``obj[key]``, or ``default`` for what is not there. Says nothing about undefined and null: nothing is there."""
    value = view_of(obj).get(obj, property_key(key))
    return default if value is MISSING else value


def get(obj: object, key: object) -> Any:
    """``obj[key]``: ``None`` for what is not there; an error for undefined and null."""
    if obj is None or obj is null:
        raise errors.TypeError(f"Cannot read properties of {describe(obj)} (reading {_quoted(key)})")
    return lookup(obj, key, None)


def set(obj: object, key: object, value: object) -> None:
    """``obj[key] = value``; an error where nothing may be stored."""
    if not try_set(obj, key, value):
        raise errors.TypeError(f"Cannot set property {_quoted(key)} of {describe(obj)}")


def try_set(obj: object, key: object, value: object) -> bool:
    """The same; says whether it was stored."""
    return view_of(obj).set(obj, property_key(key), value)


def set_static(cls: object, name: str, value: object) -> None:
    """``Class.name = value``, by a setter that the guest declares: a class keeps its methods and gets nothing new."""
    if view_of(cls) is STATICS and (there := lookup(cls, name, MISSING)) is not MISSING and not callable(there):
        setattr(cls, name, value)
    else:
        set(cls, name, value)


def delete(obj: object, key: object) -> bool:
    """``delete obj[key]``: false when something is there that may not go; an error for undefined and null."""
    if obj is None or obj is null:
        raise errors.TypeError(f"Cannot convert {describe(obj)} to object")
    return view_of(obj).delete(obj, property_key(key))


def has(obj: object, key: object) -> bool:
    """``key in obj``; an error when ``obj`` is primitive."""
    if is_primitive(obj):
        raise errors.TypeError(f"Cannot use 'in' operator to search for {_quoted(key)} in {describe(obj)}")
    return view_of(obj).has(obj, property_key(key))


def call(obj: object, name: str, args: Sequence[object]) -> Any:
    """``obj.name(...args)``."""
    function = get(obj, name)
    if not callable(function):
        raise errors.TypeError(f"{describe(obj)}.{name} is not a function{_hidden(obj, name)}")
    return function(*args)


def apply_method(cls: object, name: str, args: Sequence[object]) -> Any:
    """``cls.prototype.name.call(...args)``: the method as the class has it, whatever the object says. ``args`` begin with it."""
    method = MISSING
    if isinstance(cls, type) and is_exposed(cls):
        name = getattr(cls, "_bp_members", {}).get(name, name)
        method = static(cls, name) if is_public(name) else MISSING
    if not callable(method) or isinstance(method, staticmethod | classmethod | type):
        raise errors.TypeError(f"{describe(cls)}.prototype.{name} is not a function")
    if not args or not isinstance(args[0], cls):  # type: ignore[arg-type]
        raise errors.TypeError(f"{describe(cls)}.prototype.{name} was called on {describe(args[0] if args else None)}")
    return getattr(cls, name)(*args)


# ------------------------------------------------------------------------------------------- messages


def describe(value: object) -> str:
    """A short description for error messages; it runs nobody's code."""
    if is_primitive(value):
        text = f'"{value}"' if isinstance(value, str) else repr(value) if isinstance(value, Symbol) else to_string(value)
        return text if len(text) <= 80 else f"{text[:80]}…"
    return value.__name__ if isinstance(value, type) else type(value).__name__


def _quoted(key: object) -> str:
    return f"'{key[:80]}'" if isinstance(key, str) else describe(key)


def _hidden(obj: object, name: str) -> str:
    """A remark for the host's author when ``name`` exists on ``obj`` but the guest may not see it."""
    view = view_of(obj)
    if view is STATICS and isinstance(obj, type) and static(obj, name) is not MISSING:
        return "; of a class, guests see static methods and class methods only"
    if view is OPAQUE and is_public(name) and not is_primitive(obj) and hasattr(type(obj), name):
        return f"; the guest may not look into {type(obj).__name__!r} objects unless the host calls js.expose()"
    return ""
