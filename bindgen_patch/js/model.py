"""How guest code looks at Python values: a few verbs, each with the rules of ECMA-262.

What a guest may see at all is decided in :mod:`.views` and :mod:`.visibility`; nothing here reaches into an object past them.
"""

from __future__ import annotations

import math
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from . import errors, quota
from .classes import MISSING, Bound, Class, Fixed, Function, Invocable, Key, Property, accepted, call_as_given, tied
from .classes import apply as apply
from .ordinary import Array, Object, extra_of
from .primitives import (
    BigInt,
    Symbol,
    bigint_to_string,
    is_bigint,
    null,
    number_to_string,
    string_to_bigint,
    string_to_number,
)
from .symbols import HAS_INSTANCE, TO_PRIMITIVE
from .views import ITEMS, OPAQUE, STATICS, static, view_of
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
    return value is null or value is None or isinstance(value, str | int | float | Symbol)


def is_nullish(value: object) -> bool:
    """Undefined or null; asks nobody, as ``in`` would."""
    return value is None or value is null


def is_array(value: object) -> bool:
    """IsArray (ECMA-262 7.2.2)."""
    if isinstance(value, list | tuple):
        return True
    view = view_of(value)
    return not view.ordinary and view.is_array(value)


def truthy(value: object) -> bool:
    """ToBoolean: everything but undefined, null, false, 0, NaN, 0n and the empty string."""
    if isinstance(value, int | float | str):
        return bool(value) and value == value
    return value is not None and value is not null


def instanceof(value: object, cls: object) -> bool:
    """``value instanceof cls``: false, never an error, when ``cls`` is no class. Every Python exception is an ``Error``."""
    cls = tied(cls)
    if isinstance(cls, Class):
        return cls.has_instance(value)
    if isinstance(cls, Bound):
        return instanceof(value, cls.target)
    if isinstance(cls, type):
        return isinstance(value, cls)
    if is_primitive(cls):
        return False
    method = lookup(cls, HAS_INSTANCE, None)
    return callable(method) and truthy(apply(method, cls, [value]))


def inherits(value: object, prototype: object) -> bool:
    """Whether ``prototype`` is somewhere on the prototype chain of an object; false for primitives."""
    if is_primitive(value):
        return False
    for _ in range(_MAX_CHAIN):
        value = view_of(value).prototype(value)
        if value is prototype or value is null:
            return value is prototype
    raise errors.RangeError("a prototype chain that does not come to an end")  # there are proxies in it


_MAX_CHAIN = 1 << 14


def is_constructor(value: object) -> bool:
    """IsConstructor (ECMA-262 7.2.4). Whatever the host has that can be called may be tried; functions of a guest are arrow functions."""
    if isinstance(value, Function):
        return isinstance(value, Bound) and is_constructor(value.target)
    if isinstance(value, Class):
        return value._construct is not None
    view = view_of(value)
    return callable(value) and (view.ordinary or view.is_constructor(value)) and not hasattr(type(value), "_bp_realm")


# ------------------------------------------------------------------------------------------- equality


def strict_equal(a: object, b: object) -> bool:
    """``a === b``."""
    kind = typeof(a)
    if kind != typeof(b):
        return False
    if kind in ("number", "bigint", "string", "boolean"):
        return a == b
    return a is b or (isinstance(a, types.MethodType | types.BuiltinMethodType) and a == b)  # Python makes methods anew at each look


def same_value_zero(a: object, b: object) -> bool:
    """SameValueZero (ECMA-262 7.2.11): NaN is itself."""
    return strict_equal(a, b) or (isinstance(a, float) and isinstance(b, float) and a != a and b != b)


def same_value(a: object, b: object) -> bool:
    """SameValue (7.2.10), ``Object.is``: NaN is itself, and -0 is not 0."""
    if isinstance(a, int | float) and isinstance(b, int | float) and a == 0 and strict_equal(a, b):
        return math.copysign(1, a) == math.copysign(1, b)
    return same_value_zero(a, b)


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


def to_primitive(value: object, hint: str = "default") -> object:
    """ToPrimitive (ECMA-262 7.1.1): by an object's ``Symbol.toPrimitive``, else its ``valueOf`` and ``toString``."""
    if is_primitive(value):
        return value
    exotic = lookup(value, TO_PRIMITIVE, None)
    if exotic is not None and exotic is not null:
        result = apply(exotic, value, [hint])
        if is_primitive(result):
            return result
        raise errors.TypeError("Cannot convert object to primitive value")
    return ordinary_to_primitive(value, hint)


def ordinary_to_primitive(obj: object, hint: str) -> object:
    """OrdinaryToPrimitive (ECMA-262 7.1.1.1): by ``valueOf`` and ``toString``, in the order of the hint."""
    for name in ("toString", "valueOf") if hint == "string" else ("valueOf", "toString"):
        method = lookup(obj, name, None)
        if callable(method):
            result = apply(method, obj, ())
            if is_primitive(result):
                return result
    raise errors.TypeError("Cannot convert object to primitive value")


def to_number(value: object) -> int | float:
    """ToNumber. Bigints and symbols are refused, as the unary operators do."""
    match to_primitive(value, "number"):
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
    value = to_primitive(value, "number")
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
    if isinstance(key, str | Symbol):
        return key
    if type(key) is int:
        return str(key)
    key = to_primitive(key, "string")
    return key if isinstance(key, Symbol) else to_string(key)


def to_object(value: object) -> Any:
    """ToObject (7.1.18): primitives are wrapped; an error for undefined and null."""
    if value is None or value is null:
        raise errors.TypeError("Cannot convert undefined or null to object")
    if is_primitive(value):
        from .wrappers import Wrapper

        return Wrapper(value)
    return value


# ------------------------------------------------------------------------------------------- properties


def lookup(obj: object, key: object, default: Any) -> Any:
    """``obj[key]``, or ``default`` for what is not there. Says nothing about undefined and null: nothing is there."""
    if type(key) is int and type(obj) in _INDEXED and 0 <= key < len(obj):  # type: ignore[arg-type]
        value = obj[key]  # type: ignore[index]
        if value is not None or type(obj) is not Array:  # which may have a hole there, or a getter
            return value
    if obj is None or obj is null:
        return default
    view = view_of(obj)
    if type(key) is int and key >= 0:
        value = view.element(obj, key)
    else:
        value = view.get(obj, key if type(key) is str else property_key(key), obj)
    return default if value is MISSING else value


_INDEXED = frozenset({list, tuple, Array})


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
    if type(key) is int and type(obj) in (list, Array) and 0 <= key < len(obj) and extra_of(obj) is None:  # type: ignore[arg-type]
        obj[key] = value  # type: ignore[index]
        return True
    if obj is None or obj is null:
        return False
    if type(obj) is dict or (type(obj) is Object and extra_of(obj) is None):
        return ITEMS.put(obj, property_key(key), value)  # Object.prototype has no setters
    view = view_of(obj)
    if type(key) is int and key >= 0:
        return view.set_element(obj, key, value)
    return view.set(obj, property_key(key), value, obj)


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


def has_own(obj: object, key: object) -> bool:
    """HasOwnProperty (7.3.12)."""
    return view_of(obj).own(obj, property_key(key)) is not None


def own(obj: object, key: object) -> Property | None:
    """The property of an object's own, ``None`` where there is none."""
    return view_of(obj).own(obj, property_key(key))


def define(obj: object, key: object, change: Property) -> bool:
    """[[DefineOwnProperty]]; says whether it was done."""
    return view_of(obj).define(obj, property_key(key), change)


def create(obj: object, key: object, value: object) -> None:
    """CreateDataPropertyOrThrow (7.3.7): a property of its own, whatever it inherits."""
    if not define(obj, key, Property(value, True, True, True)):
        raise errors.TypeError(f"Cannot define property {_quoted(key)}, object is not extensible")


def own_keys(obj: object) -> list[Key]:
    """[[OwnPropertyKeys]]."""
    return view_of(obj).keys(obj)


def enumerable_keys(obj: object) -> list[str]:
    """``Object.keys(obj)``."""
    view = view_of(obj)
    keys = (key for key in quota.paced(view.keys(obj)) if isinstance(key, str))
    if type(obj) in _PLAIN or (type(obj) is Object and extra_of(obj) is None):
        return list(keys)
    return [key for key in keys if (found := view.own(obj, key)) is not None and found.enumerable]


_PLAIN = frozenset({dict, types.SimpleNamespace})


def prototype_of(obj: object) -> Any:
    """[[GetPrototypeOf]]: an object or null."""
    return view_of(obj).prototype(obj)


def inherit_from(obj: object, new_target: object) -> None:
    """What a constructor made gets the prototype that ``new.target`` names (GetPrototypeFromConstructor, 10.1.14)."""
    prototype = get(new_target, "prototype")
    if not is_primitive(prototype):
        view_of(obj).set_prototype(obj, prototype)


# ------------------------------------------------------------------------------------------- calls


def call(obj: object, name: object, args: Sequence[object]) -> Any:
    """``obj.name(...args)``."""
    function = get(obj, name)
    if isinstance(function, Invocable):
        return function.invoke(obj, args)
    if not callable(function):
        raise errors.TypeError(f"{describe(obj)}.{_name(name)} is not a function{_hidden(obj, name)}")
    return call_as_given(function, obj, args)


def construct(cls: object, args: Sequence[object], new_target: object = MISSING) -> Any:
    """``new cls(...args)``. A class or factory of the host's is called."""
    cls = tied(cls)
    if not is_constructor(cls):
        raise errors.TypeError(f"{describe(cls)} is not a constructor")
    if isinstance(cls, Bound):
        return construct(cls.target, [*cls.args, *args], MISSING if new_target is MISSING or new_target is cls else new_target)
    if isinstance(cls, Invocable):
        return cls.construct(args, cls if new_target is MISSING else tied(new_target))
    return cls(*args)  # type: ignore[operator]


def apply_method(cls: object, name: str, args: Sequence[object]) -> Any:
    """``cls.prototype.name.call(...args)``: the method as the class has it, whatever the object says. ``args`` begin with it."""
    cls = tied(cls)
    if isinstance(cls, Class):
        return apply(get(cls.prototype, name), args[0] if args else None, args[1:])
    method = MISSING
    if isinstance(cls, type) and is_exposed(cls):
        name = getattr(cls, "_bp_members", {}).get(name, name)
        method = static(cls, name) if is_public(name) else MISSING
    if not callable(method) or isinstance(method, staticmethod | classmethod | type):
        raise errors.TypeError(f"{describe(cls)}.prototype.{name} is not a function")
    if not args or not isinstance(args[0], cls):  # type: ignore[arg-type]
        raise errors.TypeError(f"{describe(cls)}.prototype.{name} was called on {describe(args[0] if args else None)}")
    return getattr(cls, name)(*args)


def callback(function: object) -> Callable[..., Any]:
    """A function that a built-in was given, as ``(this, *args)``. Raises ``TypeError`` for what is none."""
    if not callable(function):
        raise errors.TypeError(f"{describe(function)} is not a function")
    if isinstance(function, Invocable):
        return lambda this, *args: function.invoke(this, args)
    most = accepted(function)
    return lambda _this, *args: function(*args[:most])


def iterate(value: object) -> Iterator[Any]:
    """What ``for (… of value)`` sees."""
    from .iterators import iterate

    return iterate(value)


# ------------------------------------------------------------------------------------------- messages


def describe(value: object) -> str:
    """A short description for error messages; it runs nobody's code."""
    if is_primitive(value):
        text = f'"{value}"' if isinstance(value, str) else repr(value) if isinstance(value, Symbol) else to_string(value)
        return text if len(text) <= 80 else f"{text[:80]}…"
    if isinstance(value, Function | Class):
        return value.name
    if isinstance(value, Object | Array | Fixed):
        return "Array" if isinstance(value, Array) else "Object"
    return value.__name__ if isinstance(value, type) else type(value).__name__


def _quoted(key: object) -> str:
    return f"'{key[:80]}'" if isinstance(key, str) else describe(key)


def _name(key: object) -> str:
    return key if isinstance(key, str) else describe(key)


def _hidden(obj: object, name: object) -> str:
    """A remark for the host's author when ``name`` exists on ``obj`` but the guest may not see it."""
    view = view_of(obj)
    if not isinstance(name, str):
        return ""
    if view is STATICS and isinstance(obj, type) and static(obj, name) is not MISSING:
        return "; of a class, guests see static methods and class methods only"
    if view is OPAQUE and is_public(name) and not is_primitive(obj) and hasattr(type(obj), name):
        return f"; the guest may not look into {type(obj).__name__!r} objects unless the host calls js.expose()"
    return ""
