"""What a guest may look into: what the host has exposed, and nothing else.

Being handed a value is not being shown what is inside. This file says which objects are open, and which of their names.
"""

from __future__ import annotations

import builtins
import sys
import types
from array import array
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar
from weakref import WeakSet

T = TypeVar("T")

_types: WeakSet[type] = WeakSet()
_MARK = "__bindgen_patch_exposed__"


class HostObject:
    """Base of host objects that guests may look into: their public attributes are visible."""

    __slots__ = ()


def expose(obj: T) -> T:
    """Let guests see the public attributes of ``obj``, and call its public methods.

    A class given here makes all its instances visible. For any other object its class stays hidden and only this one
    object is marked; objects that cannot be marked (slots, built-in types) raise ``TypeError``: expose their class instead.
    """
    if obj is object or obj is type:
        raise TypeError(f"exposing {obj!r} would make everything visible")
    if isinstance(obj, type):
        _types.add(obj)
    else:
        try:
            vars(obj)[_MARK] = True
        except TypeError:
            raise TypeError(f"cannot mark {type(obj).__name__!r} objects as visible; expose the class instead") from None
    return obj


def expose_import(value: object) -> None:
    """What the host gives as an import is visible: an object, a class with its instances, a module with the classes it offers.

    So is what the host has put into a plain namespace (a ``dict`` or ``SimpleNamespace``), and into namespaces in it.
    """
    waiting, seen = [value], set()
    while waiting:
        item = waiting.pop()
        if isinstance(item, Mapping | types.SimpleNamespace):
            if id(item) not in seen:
                seen.add(id(item))
                members = item if isinstance(item, Mapping) else vars(item)
                waiting.extend(
                    member for name, member in members.items() if offers(item, name, member) or isinstance(member, types.ModuleType)
                )
        elif isinstance(item, types.ModuleType):
            expose(item)
            waiting.extend(member for name, member in vars(item).items() if isinstance(member, type) and offers(item, name, member))
        elif isinstance(item, type) or not (callable(item) or getattr(item, "__dict__", None) is None):
            expose(item)


def is_exposed(obj: object) -> bool:
    """Whether guests may look into ``obj``."""
    if isinstance(obj, type):
        return any(base in _types for base in obj.__mro__)
    return isinstance(obj, HostObject) or is_exposed(type(obj)) or getattr(obj, "__dict__", {}).get(_MARK) is True


def is_public(name: str) -> bool:
    """Whether ``name`` may be looked up on a host object at all."""
    return bool(name) and not name.startswith("_")


def offers(space: object, name: object, member: object) -> bool:
    """Whether a namespace or module that the host gave as an import has ``name`` for guests.

    Of a module that is what its ``__all__`` says, else what it defines itself: not what it happens to import.
    """
    if not (isinstance(name, str) and is_public(name) and is_reachable(member)):
        return False
    if not isinstance(space, types.ModuleType):
        return True
    if hasattr(space, "__all__"):
        return name in space.__all__
    home = getattr(member, "__module__", None) if isinstance(member, type | types.FunctionType | types.BuiltinFunctionType) else None
    return home is None or f"{home}.".startswith(f"{space.__name__}.")


def is_reachable(value: Any) -> bool:
    """Whether an attribute of an exposed object may be passed on: no innards of the interpreter, nothing of ``builtins``."""
    if isinstance(value, types.ModuleType | types.FrameType | types.TracebackType | types.CodeType):
        return False
    return not (isinstance(value, type | types.BuiltinFunctionType) and getattr(builtins, value.__name__, None) is value)


def is_memory(value: object) -> bool:
    """Bytes and numbers side by side: what guests may see as a typed array. Not whatever else has the buffer protocol."""
    return isinstance(value, bytes | bytearray | memoryview | array) or (
        type(value).__module__ == "numpy" and type(value).__name__ == "ndarray"
    )


def is_moment(value: object) -> bool:
    """A ``datetime``: what guests may see as a ``Date``. Who has one has loaded its module."""
    module = sys.modules.get("datetime")
    return module is not None and isinstance(value, module.datetime)


COLLECTIONS: tuple[type, ...] = (set, frozenset, range, deque, type({}.keys()), type({}.values()), type({}.items()))
"""Collections of Python's own that JavaScript has no other view of: guests may go through them."""
_OF_THE_LANGUAGE = ("builtins", "itertools", "collections", "_collections")


def is_host_iterator(value: object) -> bool:
    """An iterator of Python's own, or a generator: to hand it over is to say that its items are for the guest."""
    return isinstance(value, Iterator) and (isinstance(value, types.GeneratorType) or type(value).__module__ in _OF_THE_LANGUAGE)
