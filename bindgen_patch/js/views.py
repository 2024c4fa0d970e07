"""What a guest sees of each kind of Python value: a table from kind to view.

A view answers four questions about a property: may it be read, written, deleted, is it there. What no view shows is not
there for a guest; where no view says how to write, nothing is written. Keys are ``str`` or :class:`Symbol`.

===================================  ==================================================================================
``dict`` and other mappings          their items; number keys go by their text
``types.SimpleNamespace``            its public attributes
``list``, ``tuple``, ``str``         elements and ``length``; lists can be written and grow within reason
promises and any other awaitable     ``then``, ``catch``, ``finally``
exceptions                           ``name``, ``message``, ``stack``; of ``js.Error`` what was set on it, too
objects of generated classes         the exported members
functions                            ``call``, ``apply``, ``bind`` and ``name``
what the host exposed                public attributes: see :mod:`.visibility`
an exposed class                     its class methods, static methods and constants
everything else                      nothing
===================================  ==================================================================================
"""

from __future__ import annotations

import functools
import types
from collections.abc import Awaitable, Iterable, Mapping, MutableMapping
from typing import Any, Final, TypeGuard

from ..symbols import OBJECT_POINTER
from .errors import Error, RangeError, TypeError, error_message, error_name
from .primitives import Symbol, code_units, null
from .promise import thenable
from .visibility import is_exposed, is_public, is_reachable, offers

Key = str | Symbol

MISSING: Final[Any] = object()
"""What a view gives for a property that is not there."""

_MAX_GROWTH = 1 << 16


class View:
    """Opaque: nothing is there, and nothing may be stored."""

    def get(self, obj: Any, key: Key) -> Any:
        """The property's value, or :data:`MISSING`."""
        return MISSING

    def has(self, obj: Any, key: Key) -> bool:
        """Whether the property is there."""
        return self.get(obj, key) is not MISSING

    def set(self, obj: Any, key: Key, value: Any) -> bool:
        """Store; false where that may not be."""
        return False

    def delete(self, obj: Any, key: Key) -> bool:
        """Delete; false when it is there and has to stay."""
        return not self.has(obj, key)

    def keys(self, obj: Any) -> list[str]:
        """The properties that ``JSON.stringify`` shows, in JavaScript's order: array indices first."""
        return []


class Items(View):
    """Mappings. Python code may have given them number keys; JavaScript's are text."""

    def _key(self, obj: Mapping[Any, Any], key: Key) -> object:
        index = array_index(key)
        return index if index is not None and key not in obj and index in obj else key

    def get(self, obj: Mapping[Any, Any], key: Key) -> Any:
        return obj.get(self._key(obj, key), MISSING)

    def has(self, obj: Mapping[Any, Any], key: Key) -> bool:
        return self._key(obj, key) in obj

    def set(self, obj: Mapping[Any, Any], key: Key, value: Any) -> bool:
        if not isinstance(obj, MutableMapping):
            return False
        obj[self._key(obj, key)] = value
        return True

    def delete(self, obj: Mapping[Any, Any], key: Key) -> bool:
        if not isinstance(obj, MutableMapping):
            return not self.has(obj, key)
        obj.pop(self._key(obj, key), None)
        return True

    def keys(self, obj: Mapping[Any, Any]) -> list[str]:
        return _ordered(str(key) for key in obj if isinstance(key, str) or type(key) is int)


class Elements(View):
    """Arrays: lists, and tuples, which are frozen."""

    def get(self, obj: list[Any] | tuple[Any, ...], key: Key) -> Any:
        index = array_index(key)
        if index is None:
            return len(obj) if key == "length" else MISSING
        return obj[index] if index < len(obj) else MISSING

    def set(self, obj: list[Any] | tuple[Any, ...], key: Key, value: Any) -> bool:
        if not isinstance(obj, list):
            return False
        index = array_index(key)
        if index is not None:
            _resize(obj, max(index + 1, len(obj)))
            obj[index] = value
        elif key == "length":
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**32 or value != int(value):
                raise RangeError("Invalid array length")
            _resize(obj, int(value))
        return index is not None or key == "length"

    def delete(self, obj: list[Any] | tuple[Any, ...], key: Key) -> bool:
        index = array_index(key)
        if index is not None and index < len(obj) and isinstance(obj, list):
            obj[index] = None
            return True
        return not self.has(obj, key)


class Text(View):
    """Strings, counted and indexed in UTF-16 code units."""

    def get(self, obj: str, key: Key) -> Any:
        units = code_units(obj)
        index = array_index(key)
        if index is None:
            return len(units) if key == "length" else MISSING
        return units[index] if index < len(units) else MISSING


class Namespace(View):
    """``types.SimpleNamespace``: a plain object with identifiers for keys."""

    def get(self, obj: object, key: Key) -> Any:
        return vars(obj).get(key, MISSING) if _public(key) else MISSING

    def set(self, obj: object, key: Key, value: Any) -> bool:
        if not _public(key):
            return False
        vars(obj)[key] = value
        return True

    def delete(self, obj: object, key: Key) -> bool:
        if _public(key):
            vars(obj).pop(key, None)
        return True

    def keys(self, obj: object) -> list[str]:
        return _ordered(key for key in vars(obj) if is_public(key))


class Callable(View):
    """Functions: what JavaScript has on ``Function.prototype``. Python functions know no ``this``: it is dropped."""

    def get(self, obj: Any, key: Key) -> Any:
        match key:
            case "call":
                return lambda _this=None, *args: obj(*args)
            case "apply":
                return lambda _this=None, args=(): obj(*self._arguments(args))
            case "bind":
                return lambda _this=None, *args: functools.partial(obj, *args)
            case "name":
                name = getattr(obj, "__name__", None)
                return name if isinstance(name, str) else ""
        return MISSING

    def _arguments(self, args: object) -> list[Any] | tuple[Any, ...]:
        if isinstance(args, list | tuple):
            return args
        if args is None or args is null:
            return ()
        raise TypeError("CreateListFromArrayLike called on non-object")


class Attributes(View):
    """An exposed object: its public attributes. What its class defines as a method stays as it is."""

    def get(self, obj: object, key: Key) -> Any:
        value = getattr(obj, key, MISSING) if _public(key) else MISSING
        if value is MISSING and callable(obj):
            return CALLABLE.get(obj, key)
        return value if is_reachable(value) else MISSING

    def set(self, obj: object, key: Key, value: Any) -> bool:
        if not _public(key) or callable(getattr(type(obj), key, None)):
            return False
        try:
            setattr(obj, key, value)
        except AttributeError:
            return False
        return True

    def keys(self, obj: object) -> list[str]:
        return _ordered(key for key in getattr(obj, "__dict__", {}) if is_public(key))


class Members(View):
    """An object of a generated class: what Rust exports, by its JavaScript name. Looking does not enter the guest, reading does."""

    def _name(self, obj: object, key: Key) -> str | None:
        name = type(obj)._bp_members.get(key, key)  # type: ignore[attr-defined]
        return name if _public(name) and static(type(obj), name) is not MISSING else None

    def get(self, obj: Any, key: Key) -> Any:
        if key == OBJECT_POINTER:
            return obj._bp_pointer
        name = self._name(obj, key)
        return MISSING if name is None else getattr(obj, name)

    def has(self, obj: Any, key: Key) -> bool:
        return key == OBJECT_POINTER or self._name(obj, key) is not None

    def set(self, obj: Any, key: Key, value: Any) -> bool:
        name = self._name(obj, key)
        accessor = None if name is None else static(type(obj), name)
        if name is None or not isinstance(accessor, property) or accessor.fset is None:
            return False
        setattr(obj, name, value)
        return True


class Failure(View):
    """Exceptions, as JavaScript's errors. Traceback, context and arguments are none of a guest's business."""

    def get(self, obj: BaseException, key: Key) -> Any:
        match key:
            case "name":
                return error_name(obj)
            case "message":
                return error_message(obj)
            case "stack":
                return f"{error_name(obj)}: {error_message(obj)}"
        if isinstance(obj, Error):
            return vars(obj).get(key, MISSING) if _public(key) else MISSING
        return ATTRIBUTES.get(obj, key) if is_exposed(obj) else MISSING

    def set(self, obj: BaseException, key: Key, value: Any) -> bool:
        text = key in ("name", "message")
        if not isinstance(obj, Error) or not _public(key) or (not isinstance(value, str) if text else hasattr(type(obj), key)):
            return False
        vars(obj)[key] = value
        return True


class Thenable(View):
    """A promise, or an awaitable that is adopted as one. If the host has exposed it, its attributes are there, too."""

    def get(self, obj: Any, key: Key) -> Any:
        if isinstance(key, str) and key in ("then", "catch", "finally"):
            return functools.partial(thenable, obj, key)
        return ATTRIBUTES.get(obj, key) if is_exposed(obj) else MISSING

    def set(self, obj: Any, key: Key, value: Any) -> bool:
        return is_exposed(obj) and ATTRIBUTES.set(obj, key, value)


class Statics(View):
    """An exposed class: what can be used without an object of it."""

    def get(self, obj: type, key: Key) -> Any:
        key = getattr(obj, "_bp_members", {}).get(key, key)
        if not _public(key):
            return MISSING
        raw = static(obj, key)
        if raw is MISSING or not (isinstance(raw, staticmethod | classmethod | type) or not hasattr(type(raw), "__get__")):
            return MISSING
        value = getattr(obj, key)
        return value if is_reachable(value) else MISSING


class Module(View):
    """A module given as an import: what it offers, see :func:`.visibility.offers`."""

    def get(self, obj: types.ModuleType, key: Key) -> Any:
        value = getattr(obj, key, MISSING) if _public(key) else MISSING
        return value if offers(obj, key, value) else MISSING


class Builtin(View):
    """One of JavaScript's own classes: shared by all guests of a process, so none may write to it."""

    def get(self, obj: BuiltinClass, key: Key) -> Any:
        return obj.name if key == "name" else obj.members.get(key, MISSING)


class BuiltinClass:
    """One of JavaScript's global classes that no Python class stands for; ``has_instance`` is a test of values."""

    __slots__ = ("has_instance", "members", "name")

    def __init__(self, name: str, has_instance: Any, **members: Any) -> None:
        self.name = name
        self.has_instance = has_instance
        self.members: Mapping[Any, Any] = types.MappingProxyType(members)

    def __call__(self, *_args: object) -> Any:
        raise NotImplementedError(f"this version does not let a guest make an object of JavaScript's {self.name}")


OPAQUE, CALLABLE, ATTRIBUTES, STATICS, MODULE, MEMBERS = View(), Callable(), Attributes(), Statics(), Module(), Members()
ITEMS, ELEMENTS, TEXT, FAILURE, NAMESPACE, THENABLE = Items(), Elements(), Text(), Failure(), Namespace(), Thenable()

_BY_TYPE: dict[type, View] = {dict: ITEMS, list: ELEMENTS, tuple: ELEMENTS, str: TEXT, int: OPAQUE, float: OPAQUE, bool: OPAQUE}
_BY_KIND: tuple[tuple[type, View], ...] = (
    (str, TEXT),
    (list, ELEMENTS),
    (tuple, ELEMENTS),
    (BaseException, FAILURE),
    (Mapping, ITEMS),
    (Awaitable, THENABLE),
    (types.SimpleNamespace, NAMESPACE),
    (BuiltinClass, Builtin()),
)
_IF_EXPOSED: tuple[tuple[type, View], ...] = ((type, STATICS), (types.ModuleType, MODULE), (object, ATTRIBUTES))


def view_of(obj: object) -> View:
    """How a guest sees ``obj``."""
    view = _BY_TYPE.get(type(obj))
    if view is not None:
        return view
    for kind, view in _BY_KIND:
        if isinstance(obj, kind):
            return view
    if getattr(type(obj), "_bp_members", None) is not None:
        return MEMBERS
    if is_exposed(obj):
        return next(view for kind, view in _IF_EXPOSED if isinstance(obj, kind))
    return CALLABLE if callable(obj) else OPAQUE


def static(cls: type, name: str) -> Any:
    """What the body of ``cls`` or of a base calls ``name``, not bound to anything; :data:`MISSING` when there is none."""
    return next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), MISSING)


def array_index(key: object) -> int | None:
    """The array index that a property key denotes, or ``None``."""
    if not isinstance(key, str) or not 0 < len(key) <= 10 or not (key.isascii() and key.isdecimal()) or (key[0] == "0" and key != "0"):
        return None
    index = int(key)
    return index if index < 2**32 - 1 else None


def _public(key: object) -> TypeGuard[str]:
    return isinstance(key, str) and is_public(key)


def _ordered(keys: Iterable[str]) -> list[str]:
    names = list(keys)
    indices = {key for key in names if array_index(key) is not None}
    return [*sorted(indices, key=int), *(key for key in names if key not in indices)]


def _resize(array: list[Any], length: int) -> None:
    if length - len(array) > _MAX_GROWTH:
        raise RangeError(f"refused to grow an array of {len(array)} elements to {length}")
    array[length:] = [None] * (length - len(array))
