"""What guests make: objects and arrays that can be all that JavaScript's can (ECMA-262 10.1 and 10.4.2).

To the host they are a ``dict`` and a ``list``. What those have no place for is in an :class:`Extra` beside: another prototype,
properties that are read-only, hidden or computed, symbols and names on an array, holes. Most objects never need one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, ClassVar

from .classes import MISSING, Key, Property
from .primitives import null


class Extra:
    """What an object has beside its values."""

    __slots__ = ("attributes", "extensible", "holes", "members", "prototype")

    def __init__(self) -> None:
        self.prototype: Any = MISSING
        """An object or null, where it is not what such objects inherit from anyway."""
        self.extensible = True
        self.attributes: dict[Key, Property] = {}
        """Of those properties that are not as an assignment makes them; the value of a data property is not kept here."""
        self.members: dict[Any, Any] = {}
        """Named properties of what is no ``dict``."""
        self.holes: set[int] = set()
        """Of an array: where there is nothing, as long as it says ``None`` there. Host code may have moved things about."""


class Object(dict[Any, Any]):
    """A JavaScript object that a guest made. A property that is computed reads as ``None`` in Python."""

    __slots__ = ("__weakref__", "_bp_extra")
    _bp_class: ClassVar[str] = "Object"
    _bp_extra: Extra

    def __aiter__(self) -> AsyncIterator[Any]:
        """What ``for await`` goes through. Raises ``js.TypeError`` when it is no iterator and has none."""
        from .asynchronous import aiter

        return aiter(self)


class Array(list[Any]):
    """A JavaScript array that a guest made. A hole reads as ``None`` in Python."""

    __slots__ = ("__weakref__", "_bp_extra")
    _bp_class: ClassVar[str] = "Array"
    _bp_extra: Extra


class Ordinary:
    """Base of the project's classes that are JavaScript's: guests may give such an object further properties."""

    __slots__ = ("__weakref__", "_bp_extra")
    _bp_class: ClassVar[str] = "Object"
    _bp_extra: Extra


def extra_of(obj: Any) -> Extra | None:
    """What there is beside an object, if anything is."""
    return getattr(obj, "_bp_extra", None)


def make_extra(obj: Any) -> Extra:
    """The same, made when it is needed."""
    extra: Extra | None = getattr(obj, "_bp_extra", None)
    if extra is None:
        extra = obj._bp_extra = Extra()
    return extra


def changed(current: Property | None, change: Property, extensible: bool) -> Property | None:
    """ValidateAndApplyPropertyDescriptor (ECMA-262 10.1.6.3): what becomes of a property, ``None`` when that may not be."""
    if current is None:
        return _filled(change, Property(None, False, False, False, None, None)) if extensible else None
    if not current.configurable and not _permitted(current, change):
        return None
    if change.is_accessor != current.is_accessor and (change.is_accessor or change.is_data):
        return _filled(change, Property(None, False, current.enumerable, current.configurable, None, None))
    return _filled(change, current, accessor=current.is_accessor)


def _permitted(current: Property, change: Property) -> bool:
    from .model import same_value

    if change.configurable or (change.enumerable is not None and change.enumerable != current.enumerable):
        return False
    if (change.is_accessor or change.is_data) and change.is_accessor != current.is_accessor:
        return False
    if current.is_accessor:
        return all(new is MISSING or new is old for new, old in ((change.get, current.get), (change.set, current.set)))
    if current.writable:
        return True
    return not change.writable and (change.value is MISSING or same_value(change.value, current.value))


def _filled(change: Property, default: Property, accessor: bool = False) -> Property:
    def pick(name: str, missing: object) -> Any:
        given = getattr(change, name)
        return getattr(default, name) if given is missing else given

    flags = pick("enumerable", None), pick("configurable", None)
    if change.is_accessor or accessor:
        return Property(MISSING, None, *flags, pick("get", MISSING), pick("set", MISSING))
    return Property(pick("value", MISSING), pick("writable", None), *flags)


def prototype_or_null(value: Any) -> bool:
    """Whether a value can be a prototype."""
    from .model import is_primitive

    return value is null or not is_primitive(value)
