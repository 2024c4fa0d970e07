"""``Reflect`` (ECMA-262 28.1): the verbs, for guests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from . import model
from .classes import MISSING, Table, accepted, call_as_given, namespace
from .errors import TypeError
from .functions import arguments
from .objects import from_descriptor, to_descriptor
from .ordinary import Array, prototype_or_null
from .views import view_of


def _on_objects(name: str, function: Callable[..., Any], length: int) -> tuple[Callable[..., Any], int]:
    most = accepted(function)
    given = None if most is None else most - 1

    def checked(_this: object, obj: object, *args: object) -> Any:
        if model.is_primitive(obj):
            raise TypeError(f"Reflect.{name} called on non-object")
        return function(obj, *args[:given])

    return checked, length


def _construct(target: object, args: object = None, *new_target: object) -> Any:
    for cls in (target, *new_target):
        if not model.is_constructor(cls):
            raise TypeError(f"{model.describe(cls)} is not a constructor")
    return model.construct(target, arguments(args), *new_target[:1])


def _apply(function: Any, this: object = None, args: object = None) -> Any:
    if not callable(function):
        raise TypeError(f"{model.describe(function)} is not a function")
    return call_as_given(function, this, arguments(args))


def _get(obj: Any, key: object = None, *receiver: object) -> Any:
    if not receiver:
        return model.get(obj, key)
    value = view_of(obj).get(obj, model.property_key(key), receiver[0])
    return None if value is MISSING else value


def _set(obj: Any, key: object = None, value: object = None, *receiver: object) -> bool:
    return view_of(obj).set(obj, model.property_key(key), value, receiver[0]) if receiver else model.try_set(obj, key, value)


def _set_prototype_of(obj: Any, parent: object = None) -> bool:
    if not prototype_or_null(parent):
        raise TypeError(f"Object prototype may only be an Object or null: {model.describe(parent)}")
    return view_of(obj).set_prototype(obj, parent)


def _define_property(obj: Any, key: object = None, change: object = None) -> bool:
    return model.define(obj, model.property_key(key), to_descriptor(change))


_FUNCTIONS: tuple[tuple[str, Callable[..., Any], int], ...] = (
    ("apply", _apply, 3),
    ("construct", _construct, 2),
    ("defineProperty", _define_property, 3),
    ("deleteProperty", lambda obj, key=None, *_: model.delete(obj, key), 2),
    ("get", _get, 2),
    ("getOwnPropertyDescriptor", lambda obj, key=None, *_: from_descriptor(model.own(obj, key)), 2),
    ("getPrototypeOf", lambda obj, *_: model.prototype_of(obj), 1),
    ("has", lambda obj, key=None, *_: model.has(obj, key), 2),
    ("isExtensible", lambda obj, *_: view_of(obj).extensible(obj), 1),
    ("ownKeys", lambda obj, *_: Array(model.own_keys(obj)), 1),
    ("preventExtensions", lambda obj, *_: view_of(obj).prevent_extensions(obj), 1),
    ("set", _set, 3),
    ("setPrototypeOf", _set_prototype_of, 2),
)
FUNCTIONS: Table = MappingProxyType({name: _on_objects(name, function, length) for name, function, length in _FUNCTIONS})

CLASSES: Mapping[str, Any] = MappingProxyType({"Reflect": namespace("Reflect", FUNCTIONS)})
