"""``Proxy`` (ECMA-262 10.5 and 28.2): an object whose internal methods a handler answers, within the limits that its target sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from . import model
from .classes import MISSING, Class, Invocable, Key, Property, call_as_given
from .errors import TypeError
from .functions import arguments
from .objects import to_descriptor
from .ordinary import Array, Object, changed, prototype_or_null
from .primitives import Symbol, null
from .views import View, register, view_of


class Proxy:
    """A proxy for an object."""

    __slots__ = ("__weakref__", "handler", "target")

    def __init__(self, target: Any, handler: Any) -> None:
        self.target = target
        self.handler = handler

    def __repr__(self) -> str:
        return "<js.Proxy>"


class FunctionProxy(Invocable):
    """A proxy for a function."""

    __slots__ = ("handler", "target")

    def __init__(self, target: Any, handler: Any) -> None:
        self.target = target
        self.handler = handler

    def __repr__(self) -> str:
        return "<js.Proxy of a function>"

    def invoke(self, this: Any, args: Sequence[Any]) -> Any:
        """[[Call]] (10.5.12)."""
        trap, target = _trap(self, "apply")
        if trap is None:
            return call_as_given(target, this, args)
        return model.apply(trap, self.handler, [target, this, Array(args)])

    def construct(self, args: Sequence[Any], new_target: Any) -> Any:
        """[[Construct]] (10.5.13)."""
        trap, target = _trap(self, "construct")
        if trap is None:
            return model.construct(target, args, target if new_target is self else new_target)
        made = model.apply(trap, self.handler, [target, Array(args), new_target])
        if model.is_primitive(made):
            raise TypeError("proxy [[Construct]] must return an object")
        return made


def _trap(proxy: Any, name: str) -> tuple[Any, Any]:
    """The handler's method, ``None`` when there is none, and the target. Raises ``TypeError`` when the proxy is revoked."""
    if proxy.handler is None:
        raise TypeError(f"Cannot perform '{name}' on a proxy that has been revoked")
    trap = model.get(proxy.handler, name)
    if trap is None or trap is null:
        return None, proxy.target
    if not callable(trap):
        raise TypeError(f"{model.describe(trap)} returned for property '{name}' of object '#<Object>' is not a function")
    return trap, proxy.target


def _broken(name: str, key: object = MISSING) -> TypeError:
    about = "" if key is MISSING else f" for property {model.describe(key)}"
    return TypeError(f"'{name}' on proxy: what the trap gave{about} contradicts the proxy target")


class Proxied(View):
    """Every internal method asks the handler, then checks the invariants of 6.1.7.3."""

    ordinary = False

    def _ask(self, proxy: Any, name: str, *args: Any) -> tuple[Any, Any, View]:
        """What the trap says (:data:`MISSING` without one), and the target with its view."""
        trap, target = _trap(proxy, name)
        answer = MISSING if trap is None else model.apply(trap, proxy.handler, [target, *args])
        return answer, target, view_of(target)

    def is_array(self, obj: Any) -> bool:
        if obj.handler is None:
            raise TypeError("Cannot perform 'IsArray' on a proxy that has been revoked")
        return model.is_array(obj.target)

    def is_constructor(self, obj: Any) -> bool:
        return obj.target is not None and model.is_constructor(obj.target)

    def prototype(self, obj: Any) -> Any:
        answer, target, view = self._ask(obj, "getPrototypeOf")
        if answer is MISSING:
            return view.prototype(target)
        if not prototype_or_null(answer):
            raise TypeError("'getPrototypeOf' on proxy: trap returned neither object nor null")
        if not view.extensible(target) and answer is not view.prototype(target):
            raise _broken("getPrototypeOf")
        return answer

    def set_prototype(self, obj: Any, parent: Any) -> bool:
        answer, target, view = self._ask(obj, "setPrototypeOf", parent)
        if answer is MISSING:
            return view.set_prototype(target, parent)
        if not model.truthy(answer):
            return False
        if not view.extensible(target) and parent is not view.prototype(target):
            raise _broken("setPrototypeOf")
        return True

    def extensible(self, obj: Any) -> bool:
        answer, target, view = self._ask(obj, "isExtensible")
        now = view.extensible(target)
        if answer is not MISSING and model.truthy(answer) != now:
            raise _broken("isExtensible")
        return now

    def prevent_extensions(self, obj: Any) -> bool:
        answer, target, view = self._ask(obj, "preventExtensions")
        if answer is MISSING:
            return view.prevent_extensions(target)
        if model.truthy(answer) and view.extensible(target):
            raise _broken("preventExtensions")
        return model.truthy(answer)

    def own(self, obj: Any, key: Key) -> Property | None:
        answer, target, view = self._ask(obj, "getOwnPropertyDescriptor", key)
        there = view.own(target, key)
        if answer is MISSING:
            return there
        if answer is None:
            if there is not None and (not there.configurable or not view.extensible(target)):
                raise _broken("getOwnPropertyDescriptor", key)
            return None
        if model.is_primitive(answer):
            raise _broken("getOwnPropertyDescriptor", key)
        found = changed(None, to_descriptor(answer), True)
        assert found is not None
        fits = changed(there, found, view.extensible(target)) is not None
        if not fits or (not found.configurable and (there is None or there.configurable or (there.writable and found.writable is False))):
            raise _broken("getOwnPropertyDescriptor", key)
        return found

    def define(self, obj: Any, key: Key, change: Property) -> bool:
        answer, target, view = self._ask(obj, "defineProperty", key, _partial(change))
        if answer is MISSING:
            return view.define(target, key, change)
        if not model.truthy(answer):
            return False
        there = view.own(target, key)
        fixed = change.configurable is False
        if there is None:
            broken = not view.extensible(target) or fixed
        else:
            broken = changed(there, change, True) is None or (fixed and bool(there.configurable))
            broken = broken or bool(not there.is_accessor and not there.configurable and there.writable and change.writable is False)
        if broken:
            raise _broken("defineProperty", key)
        return True

    def has(self, obj: Any, key: Key) -> bool:
        answer, target, view = self._ask(obj, "has", key)
        if answer is MISSING:
            return view.has(target, key)
        if not model.truthy(answer):
            there = view.own(target, key)
            if there is not None and (not there.configurable or not view.extensible(target)):
                raise _broken("has", key)
        return model.truthy(answer)

    def get(self, obj: Any, key: Key, receiver: Any) -> Any:
        answer, target, view = self._ask(obj, "get", key, receiver)
        if answer is MISSING:
            return view.get(target, key, receiver)
        there = view.own(target, key)
        if there is not None and not there.configurable:
            changes = not there.is_accessor and not there.writable and not model.same_value(answer, there.value)
            if changes or (there.is_accessor and _is_absent(there.get) and answer is not None):
                raise _broken("get", key)
        return answer

    def set(self, obj: Any, key: Key, value: Any, receiver: Any) -> bool:
        answer, target, view = self._ask(obj, "set", key, value, receiver)
        if answer is MISSING:
            return view.set(target, key, value, receiver)
        if not model.truthy(answer):
            return False
        there = view.own(target, key)
        if there is not None and not there.configurable:
            changes = not there.is_accessor and not there.writable and not model.same_value(value, there.value)
            if changes or (there.is_accessor and _is_absent(there.set)):
                raise _broken("set", key)
        return True

    def store(self, obj: Any, key: Key, value: Any) -> bool:
        there = self.own(obj, key)
        if there is None:
            return self.define(obj, key, Property(value, True, True, True))
        if there.is_accessor or not there.writable:
            return False
        return self.define(obj, key, Property(value))

    def delete(self, obj: Any, key: Key) -> bool:
        answer, target, view = self._ask(obj, "deleteProperty", key)
        if answer is MISSING:
            return view.delete(target, key)
        if not model.truthy(answer):
            return False
        there = view.own(target, key)
        if there is not None and (not there.configurable or not view.extensible(target)):
            raise _broken("deleteProperty", key)
        return True

    def keys(self, obj: Any) -> list[Key]:
        answer, target, view = self._ask(obj, "ownKeys")
        if answer is MISSING:
            return view.keys(target)
        if model.is_primitive(answer):
            raise TypeError("CreateListFromArrayLike called on non-object")
        keys: list[Key] = [key for key in arguments(answer) if isinstance(key, str | Symbol)]
        if len(keys) != len(arguments(answer)) or len({*keys}) != len(keys):
            raise _broken("ownKeys")
        there = view.keys(target)
        needed = there if not view.extensible(target) else [key for key in there if not view.own(target, key).configurable]  # type: ignore[union-attr]
        if not {*needed} <= {*keys} or (not view.extensible(target) and {*there} != {*keys}):
            raise _broken("ownKeys")
        return keys


def _is_absent(accessor: Any) -> bool:
    return accessor is None or accessor is MISSING


def _partial(change: Property) -> Any:
    """FromPropertyDescriptor of what may not say everything."""
    parts = {name: getattr(change, name) for name in ("value", "writable", "get", "set", "enumerable", "configurable")}
    missing = {"value": MISSING, "get": MISSING, "set": MISSING}
    return Object({name: part for name, part in parts.items() if part is not missing.get(name)})


PROXIED = Proxied()
register(Proxy, PROXIED)
register(FunctionProxy, PROXIED)


def _proxy(target: Any = None, handler: Any = None) -> Any:
    """ProxyCreate (10.5.14)."""
    if model.is_primitive(target) or model.is_primitive(handler):
        raise TypeError("Cannot create proxy with a non-object as target or handler")
    return (FunctionProxy if callable(target) else Proxy)(target, handler)


def _revocable(_this: object, target: object, handler: object) -> Any:
    made = _proxy(target, handler)

    def revoke() -> None:
        made.target = made.handler = None

    return Object({"proxy": made, "revoke": revoke})


CLASSES: Mapping[str, Any] = MappingProxyType({"Proxy": Class("Proxy", construct=_proxy, length=2, statics={"revocable": _revocable})})
