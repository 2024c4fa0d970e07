"""``Object``: what it can do to others, and what all objects inherit (ECMA-262 20.1)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from . import model, quota
from .classes import MISSING, Class, Property, Table
from .errors import TypeError
from .ordinary import Array, Object, prototype_or_null
from .primitives import Symbol, null
from .symbols import TO_STRING_TAG
from .views import view_of
from .visibility import is_moment

_PARTS = ("value", "writable", "get", "set", "enumerable", "configurable")

# ------------------------------------------------------------------------------------------- descriptors


def to_descriptor(given: object) -> Property:
    """ToPropertyDescriptor (6.2.6.5)."""
    if model.is_primitive(given):
        raise TypeError(f"Property description must be an object: {model.describe(given)}")
    parts: dict[str, Any] = {name: model.get(given, name) for name in _PARTS if model.has(given, name)}
    for name in ("writable", "enumerable", "configurable"):
        if name in parts:
            parts[name] = model.truthy(parts[name])
    for name in ("get", "set"):
        if parts.get(name) is not None and not callable(parts[name]):
            raise TypeError(f"{'Getter' if name == 'get' else 'Setter'} must be a function: {model.describe(parts[name])}")
    change = Property(**parts)
    if change.is_accessor and change.is_data:
        raise TypeError("Invalid property descriptor. Cannot both specify accessors and a value or writable attribute")
    return change


def from_descriptor(found: Property | None) -> Object | None:
    """FromPropertyDescriptor (6.2.6.4)."""
    if found is None:
        return None
    if found.is_accessor:
        parts = {"get": found.get, "set": found.set}
    else:
        parts = {"value": found.value, "writable": bool(found.writable)}
    shown = {name: None if part is MISSING else part for name, part in parts.items()}
    return Object({**shown, "enumerable": bool(found.enumerable), "configurable": bool(found.configurable)})


def define_or_throw(obj: object, key: object, change: Property) -> None:
    """DefinePropertyOrThrow (7.3.8)."""
    if not model.define(obj, key, change):
        raise TypeError(f"Cannot redefine property: {model.describe(model.property_key(key))[:80]}")


def set_integrity(obj: object, frozen: bool) -> bool:
    """SetIntegrityLevel (7.3.15)."""
    if not view_of(obj).prevent_extensions(obj):
        return False
    for key in quota.paced(model.own_keys(obj)):
        found = model.own(obj, key)
        if found is not None:
            read_only = False if frozen and not found.is_accessor else None
            define_or_throw(obj, key, Property(writable=read_only, configurable=False))
    return True


def has_integrity(obj: object, frozen: bool) -> bool:
    """TestIntegrityLevel (7.3.16)."""
    view = view_of(obj)
    if view.extensible(obj):
        return False
    owned = (view.own(obj, key) for key in quota.paced(view.keys(obj)))
    return not any(found is not None and (found.configurable or (frozen and found.writable)) for found in owned)


# ------------------------------------------------------------------------------------------- Object(…)


def _object(value: object = None) -> Any:
    return Object() if value is None or value is null else model.to_object(value)


def _assign(_this: object, target: object, *sources: object) -> Any:
    target = model.to_object(target)
    for source in sources:
        if source is None or source is null:
            continue
        source = model.to_object(source)
        for key in quota.paced(model.own_keys(source)):
            found = model.own(source, key)
            if found is not None and found.enumerable:
                model.set(target, key, model.get(source, key))
    return target


def _create(_this: object, parent: object, properties: object = None) -> Object:
    if not prototype_or_null(parent):
        raise TypeError(f"Object prototype may only be an Object or null: {model.describe(parent)}")
    made = Object()
    view_of(made).set_prototype(made, parent)
    return made if properties is None else _define_properties(None, made, properties)


def _define_properties(_this: object, obj: object, properties: object) -> Any:
    _demand_object(obj, "Object.defineProperties")
    given = model.to_object(properties)
    changes = [(key, to_descriptor(model.get(given, key))) for key in quota.paced(model.own_keys(given)) if _is_enumerable(given, key)]
    for key, change in changes:
        define_or_throw(obj, key, change)
    return obj


def _define_property(_this: object, obj: object, key: object, descriptor: object) -> Any:
    _demand_object(obj, "Object.defineProperty")
    key = model.property_key(key)
    define_or_throw(obj, key, to_descriptor(descriptor))
    return obj


def _entries(_this: object, obj: object) -> Array:
    obj = model.to_object(obj)
    return Array(Array((key, model.get(obj, key))) for key in quota.paced(model.enumerable_keys(obj)))


def _from_entries(_this: object, entries: object) -> Object:
    if entries is None or entries is null:
        raise TypeError(f"{model.describe(entries)} is not iterable")
    made = Object()
    for entry in model.iterate(entries):
        if model.is_primitive(entry):
            raise TypeError(f"Iterator value {model.describe(entry)} is not an entry object")
        model.create(made, model.get(entry, 0), model.get(entry, 1))
    return made


def _descriptor(_this: object, obj: object, key: object) -> Object | None:
    obj = model.to_object(obj)
    return from_descriptor(model.own(obj, key))


def _descriptors(_this: object, obj: object) -> Object:
    obj = model.to_object(obj)
    found = {key: from_descriptor(model.own(obj, key)) for key in quota.paced(model.own_keys(obj))}
    return Object({key: shown for key, shown in found.items() if shown is not None})


def grouped(items: object, function: object) -> list[tuple[Any, Array]]:
    """GroupBy (7.3.35): key and items, in the order of the first of each; keys as the function gives them."""
    from .keyed import map_key

    if items is None or items is null:
        raise TypeError(f"{model.describe(items)} is not iterable")
    key_of = model.callback(function)
    groups: dict[Any, tuple[Any, Array]] = {}
    for number, item in enumerate(model.iterate(items)):
        key = key_of(None, item, number)
        groups.setdefault(map_key(key), (key, Array()))[1].append(item)
    return list(groups.values())


def _group_by(_this: object, items: object, function: object) -> Object:
    made = Object()
    view_of(made).set_prototype(made, null)
    key_of = model.callback(function)
    for key, group in grouped(items, lambda item, number: model.property_key(key_of(None, item, number))):
        made[key] = group
    return made


def _get_prototype_of(_this: object, obj: object) -> Any:
    if obj is None or obj is null:
        raise TypeError("Cannot convert undefined or null to object")
    return model.prototype_of(obj)


def _set_prototype_of(_this: object, obj: object, parent: object) -> Any:
    if obj is None or obj is null:
        raise TypeError("Object.setPrototypeOf called on null or undefined")
    if not prototype_or_null(parent):
        raise TypeError(f"Object prototype may only be an Object or null: {model.describe(parent)}")
    if not model.is_primitive(obj) and not view_of(obj).set_prototype(obj, parent):
        raise TypeError(f"the prototype of this {model.describe(obj)} can not be set")
    return obj


def _freeze(frozen: bool) -> Any:
    def apply(_this: object, obj: object) -> Any:
        if not model.is_primitive(obj) and not set_integrity(obj, frozen):
            raise TypeError(f"Cannot {'freeze' if frozen else 'seal'}")
        return obj

    return apply


def _is_frozen(frozen: bool) -> Any:
    return lambda _this, obj: model.is_primitive(obj) or has_integrity(obj, frozen)


def _prevent_extensions(_this: object, obj: object) -> Any:
    if not model.is_primitive(obj) and not view_of(obj).prevent_extensions(obj):
        raise TypeError("Cannot prevent extensions")
    return obj


def _names(kind: type) -> Any:
    def names(_this: object, obj: object) -> Array:
        obj = model.to_object(obj)
        return Array(key for key in quota.paced(model.own_keys(obj)) if isinstance(key, kind))

    return names


def _values(_this: object, obj: object) -> Array:
    obj = model.to_object(obj)
    return Array(model.get(obj, key) for key in quota.paced(model.enumerable_keys(obj)))


def _is_enumerable(obj: object, key: object) -> bool:
    found = model.own(obj, key)
    return found is not None and bool(found.enumerable)


def _demand_object(obj: object, name: str) -> None:
    if model.is_primitive(obj):
        raise TypeError(f"{name} called on non-object")


STATICS: Table = MappingProxyType(
    {
        "assign": (_assign, 2),
        "create": (_create, 2),
        "defineProperties": _define_properties,
        "defineProperty": _define_property,
        "entries": _entries,
        "freeze": _freeze(frozen=True),
        "fromEntries": _from_entries,
        "getOwnPropertyDescriptor": _descriptor,
        "getOwnPropertyDescriptors": _descriptors,
        "getOwnPropertyNames": _names(str),
        "getOwnPropertySymbols": _names(Symbol),
        "getPrototypeOf": _get_prototype_of,
        "groupBy": _group_by,
        "hasOwn": lambda _this, obj, key: model.has_own(model.to_object(obj), key),
        "is": lambda _this, a, b: model.same_value(a, b),
        "isExtensible": lambda _this, obj: not model.is_primitive(obj) and view_of(obj).extensible(obj),
        "isFrozen": _is_frozen(frozen=True),
        "isSealed": _is_frozen(frozen=False),
        "keys": lambda _this, obj: Array(model.enumerable_keys(model.to_object(obj))),
        "preventExtensions": _prevent_extensions,
        "seal": _freeze(frozen=False),
        "setPrototypeOf": _set_prototype_of,
        "values": _values,
    }
)


# ------------------------------------------------------------------------------------------- Object.prototype


def to_string(this: object) -> str:
    """``Object.prototype.toString`` (20.1.3.6)."""
    if this is None:
        return "[object Undefined]"
    if this is null:
        return "[object Null]"
    tag = model.get(this, TO_STRING_TAG)
    return f"[object {tag if isinstance(tag, str) else _builtin_tag(this)}]"


def _builtin_tag(value: object) -> str:
    from .wrappers import Wrapper

    primitive = value.value if isinstance(value, Wrapper) else value
    if model.is_array(value):
        return "Array"
    if isinstance(value, BaseException):
        return "Error"
    if is_moment(value):
        return "Date"
    kind = model.typeof(primitive)
    named = {"boolean": "Boolean", "number": "Number", "string": "String", "function": "Function"}
    return named.get(kind, getattr(type(value), "_bp_tag", "Object"))


def _to_locale_string(this: object) -> Any:
    return model.call(this, "toString", ())


def _is_prototype_of(this: object, obj: object) -> bool:
    return not model.is_primitive(obj) and model.inherits(obj, this)


PROTOTYPE: Table = MappingProxyType(
    {
        "hasOwnProperty": lambda this, key: model.has_own(model.to_object(this), key),
        "isPrototypeOf": _is_prototype_of,
        "propertyIsEnumerable": lambda this, key: _is_enumerable(model.to_object(this), key),
        "toLocaleString": _to_locale_string,
        "toString": to_string,
        "valueOf": model.to_object,
    }
)

CLASSES: Mapping[str, Any] = MappingProxyType(
    {"Object": Class("Object", call=_object, construct=_object, length=1, statics=STATICS, prototype=PROTOTYPE, parent=None)}
)
