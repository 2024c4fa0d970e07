"""How guest code looks at Python values: a few verbs, each with the rules of ECMA-262 and of this sandbox.

A guest sees what it was handed and no more. Looking up a name reaches

- the items of a ``dict`` or ``types.SimpleNamespace`` (plain objects), the elements and length of a list, tuple or ``str``,
- ``name``, ``message``, ``stack`` and ``cause`` of an exception,
- the exported members of a generated class,
- public attributes of what the host exposed: with :func:`expose`, or by giving it as an import,

and nothing else: no private or dunder name, no attribute of a function, module, class or foreign object.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any, TypeVar
from weakref import WeakSet

from . import errors
from .errors import error_message, error_name
from .primitives import (
    BigInt,
    is_bigint,
    null,
    number_to_string,
    string_to_bigint,
    string_to_number,
)

T = TypeVar("T")


class BuiltinClass(types.SimpleNamespace):
    """One of JavaScript's global classes that no Python class stands for; ``has_instance`` is a test of values."""

    has_instance: Callable[[object], bool]

_exposed_types: WeakSet[type] = WeakSet()
_EXPOSED = "__bindgen_patch_exposed__"


class HostObject:
    """Base of host objects that guests may look into: their public attributes are visible."""


def expose(obj: T) -> T:
    """Let guests see the public attributes of ``obj``.

    A class given here makes all its instances visible. For any other object its class stays hidden and only this one
    object is marked; objects that cannot be marked (slots, built-in types) raise ``TypeError``: expose their class instead.
    """
    if isinstance(obj, type):
        _exposed_types.add(obj)
        return obj
    try:
        object.__setattr__(obj, _EXPOSED, True)
    except AttributeError:
        raise TypeError(f"cannot mark {type(obj).__name__!r} objects as visible; expose the class instead") from None
    return obj


def expose_import(value: object) -> None:
    """What the host gives as an import is visible: a class with its instances, a namespace with the classes in it."""
    if isinstance(value, type):
        _exposed_types.add(value)
    elif isinstance(value, Mapping | types.SimpleNamespace | types.ModuleType):
        members = value if isinstance(value, Mapping) else vars(value)
        for name, member in members.items():
            if isinstance(member, type) and isinstance(name, str) and is_public(name):
                _exposed_types.add(member)
    elif not callable(value) and getattr(value, "__dict__", None) is not None:
        expose(value)


def is_exposed(obj: object) -> bool:
    """Whether guests may read the public attributes of ``obj``."""
    if isinstance(obj, HostObject):
        return True
    if isinstance(obj, type):
        return any(base in _exposed_types for base in obj.__mro__)
    return is_exposed(type(obj)) or getattr(obj, "__dict__", {}).get(_EXPOSED) is True


# ------------------------------------------------------------------------------------------- what a value is


def typeof(value: object) -> str:
    """JavaScript's ``typeof``."""
    if value is None:
        return "undefined"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if is_bigint(value):
        return "bigint"
    if isinstance(value, int | float):
        return "number"
    return "function" if callable(value) else "object"


def is_object(value: object) -> bool:
    """A non-null value that is neither primitive nor a function."""
    return value is not null and typeof(value) == "object"


def truthy(value: object) -> bool:
    """ToBoolean: everything but undefined, null, false, 0, NaN, 0n and the empty string."""
    if value is None or value is null:
        return False
    if isinstance(value, float):
        return value == value and value != 0
    if isinstance(value, int | str):
        return bool(value)
    return True


def strict_equal(a: object, b: object) -> bool:
    """``a === b``."""
    kind = typeof(a)
    if kind != typeof(b):
        return False
    if kind in ("number", "bigint", "string", "boolean"):
        return a == b
    return a is b


def loose_equal(a: object, b: object) -> bool:
    """``a == b`` (ECMA-262 7.2.13)."""
    empty_a, empty_b = a is None or a is null, b is None or b is null
    if empty_a or empty_b:
        return empty_a and empty_b
    kind_a, kind_b = typeof(a), typeof(b)
    if kind_a == kind_b:
        return strict_equal(a, b)
    if kind_a in ("object", "function"):
        return kind_b not in ("object", "function") and loose_equal(to_primitive(a), b)
    if kind_b in ("object", "function"):
        return loose_equal(a, to_primitive(b))
    if {kind_a, kind_b} == {"bigint", "string"}:
        text, big = (a, b) if kind_a == "string" else (b, a)
        try:
            return string_to_bigint(str(text)) == big
        except errors.Error:
            return False
    return _comparable(a) == _comparable(b)


def _comparable(value: object) -> int | float:
    return int(value) if is_bigint(value) and isinstance(value, int) else to_number(value)


def instanceof(value: object, cls: object) -> bool:
    """``value instanceof cls``: false, never an error, when ``cls`` is no class. Every Python exception is an ``Error``."""
    if cls is errors.Error:
        return isinstance(value, BaseException)
    if isinstance(cls, BuiltinClass):
        return cls.has_instance(value)
    return isinstance(cls, type) and isinstance(value, cls)


# ------------------------------------------------------------------------------------------- conversions


def to_primitive(value: object) -> object:
    """ToPrimitive without a hint: objects become strings, as they do in JavaScript unless they say otherwise."""
    return value if typeof(value) not in ("object", "function") or value is null else to_string(value)


def to_number(value: object) -> int | float:
    """``Number(value)``, but bigints are refused as the unary operators do."""
    if value is None:
        return float("nan")
    if value is null:
        return 0
    if isinstance(value, bool):
        return int(value)
    if is_bigint(value):
        raise errors.TypeError("Cannot convert a BigInt value to a number")
    if isinstance(value, int | float):
        return value
    return string_to_number(value if isinstance(value, str) else to_string(value))


def to_numeric(value: object) -> int | float:
    """ToNumeric: a number, or the bigint itself."""
    value = to_primitive(value)
    if isinstance(value, int) and is_bigint(value):
        return BigInt(value)
    return to_number(value)


def to_string(value: object) -> str:
    """``String(value)``."""
    match value:
        case str():
            return value
        case None:
            return "undefined"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(int(value)) if isinstance(value, int) and is_bigint(value) else number_to_string(value)
        case BaseException():
            message = error_message(value)
            return f"{error_name(value)}: {message}" if message else error_name(value)
        case list() | tuple():
            return ",".join("" if item is None or item is null else to_string(item) for item in value)
        case _ if value is null:
            return "null"
        case _ if callable(value):
            return f"function {getattr(value, '__name__', '')}() {{ [native code] }}"
        case _:
            return "[object Object]"


# ------------------------------------------------------------------------------------------- properties


def get(obj: object, key: object) -> Any:
    """``obj[key]``: ``None`` for what is not there; an error for ``undefined`` and ``null``."""
    if obj is None or obj is null:
        raise errors.TypeError(f"Cannot read properties of {to_string(obj)} (reading '{to_string(key)}')")
    if isinstance(obj, Mapping):
        return obj.get(_property_key(obj, key))
    if isinstance(obj, list | tuple | str):
        index = array_index(key)
        if index is not None:
            return obj[index] if index < len(obj) else None
        return len(obj) if key == "length" else None
    name = to_string(key)
    if isinstance(obj, BaseException):
        return _error_property(obj, name)
    if isinstance(obj, types.SimpleNamespace):
        return vars(obj).get(name)
    members: dict[str, str] | None = getattr(type(obj), "_bp_members", None)
    if members is not None:
        return _member(obj, members.get(name, name))
    if is_exposed(obj):
        return getattr(obj, name, None) if is_public(name) else None
    return None


def set(obj: object, key: object, value: object) -> None:
    """``obj[key] = value``; an error where nothing may be stored."""
    if isinstance(obj, MutableMapping):
        obj[_property_key(obj, key)] = value
    elif isinstance(obj, MutableSequence) and (index := array_index(key)) is not None:
        _set_element(obj, index, value)
    elif isinstance(obj, types.SimpleNamespace) and is_public(to_string(key)):
        setattr(obj, to_string(key), value)
    elif (members := getattr(type(obj), "_bp_members", None)) is not None and _member(obj, name := members.get(to_string(key), to_string(key))) is not None:
        setattr(obj, name, value)
    elif is_exposed(obj) and not isinstance(obj, type) and is_public(to_string(key)):
        setattr(obj, to_string(key), value)
    else:
        raise errors.TypeError(f"Cannot set property '{to_string(key)}' of {describe(obj)}")


def delete(obj: object, key: object) -> bool:
    """``delete obj[key]``: true unless something is there that may not go."""
    if isinstance(obj, MutableMapping):
        obj.pop(_property_key(obj, key), None)
        return True
    if isinstance(obj, MutableSequence) and (index := array_index(key)) is not None:
        if index < len(obj):
            obj[index] = None
        return True
    if isinstance(obj, types.SimpleNamespace):
        vars(obj).pop(to_string(key), None)
        return True
    return get(obj, key) is None


def has(obj: object, key: object) -> bool:
    """``key in obj``; an error when ``obj`` is primitive."""
    if typeof(obj) not in ("object", "function") or obj is null:
        raise errors.TypeError(f"Cannot use 'in' operator to search for '{to_string(key)}' in {to_string(obj)}")
    if isinstance(obj, Mapping):
        return _property_key(obj, key) in obj
    return get(obj, key) is not None


def call(obj: object, name: str, args: Sequence[object]) -> Any:
    """``obj.name(...args)``."""
    function = get(obj, name)
    if not callable(function):
        raise errors.TypeError(f"{describe(obj)}.{name} is not a function{hidden_hint(obj, name)}")
    return function(*args)


def apply_method(cls: object, name: str, args: Sequence[object]) -> Any:
    """``cls.prototype.name.call(...args)``: the method as the class has it, whatever the object says."""
    if not isinstance(cls, type) or not is_exposed(cls) or not is_public(name):
        raise errors.TypeError(f"{describe(cls)} has no method {name}")
    function = getattr(cls, name, None)
    if not callable(function):
        raise errors.TypeError(f"{describe(cls)}.prototype.{name} is not a function")
    return function(*args)


def hidden_hint(obj: object, name: str) -> str:
    """A remark for the host's author when ``name`` exists on ``obj`` but the guest may not see it."""
    if is_public(name) and not is_exposed(obj) and getattr(type(obj), name, None) is not None and not isinstance(obj, Mapping | str | list | tuple):
        return f"; the guest may not look into {type(obj).__name__!r} objects unless the host calls js.expose()"
    return ""


def _member(obj: object, name: str) -> Any:
    """A member of a generated class; ``__wbg_ptr`` is what some crates tell such an object by."""
    if name == "__wbg_ptr":
        return getattr(obj, "_bp_pointer", None)
    return getattr(obj, name, None) if is_public(name) and hasattr(type(obj), name) else None


def is_public(name: str) -> bool:
    """Whether ``name`` may be looked up on a host object at all."""
    return bool(name) and not name.startswith("_")


def array_index(key: object) -> int | None:
    """The array index that ``key`` denotes, or ``None``."""
    if isinstance(key, str):
        return int(key) if key.isascii() and key.isdecimal() and (key == "0" or key[0] != "0") else None
    if isinstance(key, bool) or not isinstance(key, int | float) or key != key or key < 0 or key != key // 1:
        return None
    return int(key)


_MAX_GROWTH = 1 << 16


def _set_element(array: MutableSequence[Any], index: int, value: object) -> None:
    missing = index - len(array)
    if missing > _MAX_GROWTH:
        raise errors.TypeError(f"refused to grow an array of {len(array)} elements to {index + 1}")
    array.extend([None] * (missing + 1))
    array[index] = value


def _property_key(obj: Mapping[Any, Any], key: object) -> object:
    """Dictionaries made by Python may have number keys; JavaScript's have strings."""
    try:
        if key in obj:
            return key
    except TypeError:
        pass
    return to_string(key)


def _error_property(error: BaseException, name: str) -> Any:
    match name:
        case "name":
            return error_name(error)
        case "message":
            return error_message(error)
        case "stack":
            return to_string(error)
        case "cause":
            return error.__cause__
    return None


def describe(value: object) -> str:
    """A short description for error messages."""
    kind = typeof(value)
    if kind == "string":
        return f'"{value}"'
    if kind in ("object", "function") and value is not null:
        return type(value).__name__
    return to_string(value)


def debug_string(value: object, depth: int = 0) -> str:
    """What ``{:?}`` shows for a ``JsValue``."""
    match value:
        case str():
            return f'"{value}"'
        case list() | tuple():
            return f"[{', '.join(debug_string(item, depth + 1) for item in value)}]" if depth < 8 else "[…]"
        case dict():
            return f"Object({json_text(value)})"
        case BaseException():
            return to_string(value)
        case _ if typeof(value) == "function":
            name = getattr(value, "__name__", None)
            return f"Function({name})" if isinstance(name, str) else "Function"
        case _ if typeof(value) == "object" and value is not null:
            return type(value).__name__
        case _:
            return to_string(value)


def json_text(value: object) -> str:
    """``JSON.stringify`` as far as a debug string needs it."""
    try:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=describe)
    except (ValueError, RecursionError):
        return "…"
