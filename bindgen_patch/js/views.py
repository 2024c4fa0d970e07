"""How a guest sees each kind of Python value: a table from kind to view.

A view has the internal methods of such objects (ECMA-262 6.1.7.2). What is a property of the object itself each view says for
itself (:meth:`View.value`, :meth:`View.put` …); what is inherited, and everything in terms of descriptors, is the same for all.
What no view shows is not there for a guest; where no view says how to write, nothing is written. Keys are ``str`` or :class:`Symbol`.

===================================  ==================================================================================
``dict`` and other mappings          their items; number keys go by their text
``js.Object`` and ``js.Array``       what a guest made: the same, with all that JavaScript knows beside (:mod:`.ordinary`)
``types.SimpleNamespace``            its public attributes
``list``, ``tuple``, ``str``         elements and ``length``; lists can be written and grow within reason
``datetime``                         what a ``Date`` inherits; nobody can change it
promises and any other awaitable     ``then``, ``catch``, ``finally``
exceptions                           ``message``, ``name``, ``stack``; of ``js.Error`` what was set on it, too
objects of generated classes         the exported members
functions                            ``name`` and ``length``
what the host exposed                public attributes: see :mod:`.visibility`
an exposed class                     its class methods, static methods and constants
everything else                      nothing
===================================  ==================================================================================

Besides, all of them inherit the methods of the built-in class that is theirs; what nobody exposed is an ``Object`` or ``Function``.
"""

from __future__ import annotations

import functools
import types
from collections.abc import AsyncIterable, Awaitable, Iterable, Mapping, MutableMapping
from typing import Any, TypeGuard

from ..symbols import OBJECT_POINTER
from .classes import MISSING, Bound, Class, Fixed, Function, Key, Property, accepted, apply, prototype, tied
from .errors import Error, RangeError, TypeError, error_message, error_name
from .ordinary import Array, Object, Ordinary, changed, extra_of, make_extra
from .primitives import BigInt, Symbol, code_units, is_bigint, null
from .promise import thenable
from .visibility import COLLECTIONS, is_exposed, is_host_iterator, is_memory, is_moment, is_public, is_reachable, offers

_MAX_GROWTH = 1 << 16
_MAX_KEYS = 1 << 22
_PLAIN = (True, True, True)


class View:
    """Opaque: nothing is there, and nothing may be stored."""

    inherits = "Object"
    """The built-in class of such objects."""
    ordinary = True
    """Whether its prototype can be asked for without running anybody's code."""

    def is_array(self, obj: Any) -> bool:
        """Of what is not ordinary: whether it passes for an array."""
        return False

    def is_constructor(self, obj: Any) -> bool:
        """Of what is not ordinary: whether ``new`` can be tried on it."""
        return False

    # ------------------------------------------------------------------ its own properties: what kinds differ in

    def value(self, obj: Any, key: Key, receiver: Any) -> Any:
        """The value of a property of its own, or :data:`MISSING`; ``receiver`` is ``this`` for a getter."""
        return MISSING

    def put(self, obj: Any, key: Key, value: Any) -> bool:
        """Store a property of its own; false where that may not be."""
        return False

    def delete(self, obj: Any, key: Key) -> bool:
        """[[Delete]]: false when it is there and has to stay."""
        return self.own(obj, key) is None

    def keys(self, obj: Any) -> list[Key]:
        """[[OwnPropertyKeys]]: array indices first, symbols last."""
        return []

    def flags(self, obj: Any, key: Key) -> tuple[bool, bool, bool]:
        """Whether a property that is there is writable, enumerable and configurable."""
        return _PLAIN

    def extensible(self, obj: Any) -> bool:
        """[[IsExtensible]]."""
        return False

    def prototype(self, obj: Any) -> Any:
        """[[GetPrototypeOf]]: an object or null."""
        return prototype("Function" if callable(obj) else self.inherits)

    # ------------------------------------------------------------------ in terms of descriptors

    def own(self, obj: Any, key: Key) -> Property | None:
        """[[GetOwnProperty]]."""
        value = self.value(obj, key, obj)
        return None if value is MISSING else Property(value, *self.flags(obj, key))

    def define(self, obj: Any, key: Key, change: Property) -> bool:
        """[[DefineOwnProperty]]. Objects of the host's have no place for what an assignment does not make: ``TypeError``."""
        current = self.own(obj, key)
        result = changed(current, change, self.extensible(obj))
        if result is None:
            return False
        expected = _PLAIN if current is None else (current.writable, current.enumerable, current.configurable)
        if result.is_accessor or (result.writable, result.enumerable, result.configurable) != expected:
            raise TypeError(f"a {type(obj).__name__!r} of the host's can have no read-only, hidden or computed properties")
        return change.value is MISSING or self.put(obj, key, result.value)

    def set_prototype(self, obj: Any, parent: Any) -> bool:
        """[[SetPrototypeOf]]: false when it can not be another one."""
        return parent is self.prototype(obj)

    def prevent_extensions(self, obj: Any) -> bool:
        """[[PreventExtensions]]. Raises ``TypeError`` for objects of the host's that can be extended."""
        if self.extensible(obj):
            raise TypeError(f"a {type(obj).__name__!r} of the host's can be neither frozen, sealed nor closed to extensions")
        return True

    # ------------------------------------------------------------------ the same for a number, where there is a shorter way

    def element(self, obj: Any, index: int) -> Any:
        """[[Get]] of an integer of at least 0."""
        return self.get(obj, str(index), obj)

    def set_element(self, obj: Any, index: int, value: Any) -> bool:
        """[[Set]] of an integer of at least 0."""
        return self.set(obj, str(index), value, obj)

    # ------------------------------------------------------------------ with what is inherited (ECMA-262 10.1.7 to 10.1.9)

    def get(self, obj: Any, key: Key, receiver: Any) -> Any:
        """[[Get]]; :data:`MISSING` for what is nowhere."""
        value = self.value(obj, key, receiver)
        if value is not MISSING:
            return value
        parent = self.prototype(obj)
        return MISSING if parent is null else view_of(parent).get(parent, key, receiver)

    def has(self, obj: Any, key: Key) -> bool:
        """[[HasProperty]]."""
        if self.own(obj, key) is not None:
            return True
        parent = self.prototype(obj)
        return parent is not null and view_of(parent).has(parent, key)

    def set(self, obj: Any, key: Key, value: Any, receiver: Any) -> bool:
        """[[Set]]. What a built-in prototype has can be overridden, as if it were writable there."""
        own = self.own(obj, key)
        if own is None:
            parent = self.prototype(obj)
            if parent is not null:
                return view_of(parent).set(parent, key, value, receiver)
        elif own.is_accessor:
            if own.set is None or own.set is MISSING:
                return False
            apply(own.set, receiver, [value])
            return True
        elif own.writable is False and obj is not receiver and not isinstance(obj, Fixed):
            return False
        return view_of(receiver).store(receiver, key, value)

    def store(self, obj: Any, key: Key, value: Any) -> bool:
        """The end of [[Set]]: what it was called on gets the value (10.1.9.2, step 2)."""
        own = self.own(obj, key)
        if own is not None and (own.is_accessor or own.writable is False):
            return False
        return self.put(obj, key, value)


class Iterables(View):
    """What the host has that can be gone through, and no more: collections, iterators, generators."""

    def __init__(self, inherits: str) -> None:
        self.inherits = inherits


class Primitive(View):
    """Numbers, bigints, booleans and symbols: they inherit, and that is all."""

    def prototype(self, obj: Any) -> Any:
        match obj:
            case bool():
                return prototype("Boolean")
            case Symbol():
                return prototype("Symbol")
        return prototype("BigInt" if is_bigint(obj) else "Number")


class Items(View):
    """Mappings. Python code may have given them number keys; JavaScript's are text."""

    def value(self, obj: Mapping[Any, Any], key: Key, receiver: Any) -> Any:
        if isinstance(key, Symbol) and not isinstance(obj, dict):  # whose code may not expect one
            return MISSING
        return obj.get(_item(obj, key), MISSING)

    def put(self, obj: Mapping[Any, Any], key: Key, value: Any) -> bool:
        if not isinstance(obj, MutableMapping) or (isinstance(key, Symbol) and not isinstance(obj, dict)):
            return False
        obj[_item(obj, key)] = value
        return True

    def delete(self, obj: Mapping[Any, Any], key: Key) -> bool:
        if self.value(obj, key, obj) is MISSING:
            return True
        if not isinstance(obj, MutableMapping):
            return False
        del obj[_item(obj, key)]
        return True

    def keys(self, obj: Mapping[Any, Any]) -> list[Key]:
        return _ordered(str(key) if type(key) is int else key for key in obj if isinstance(key, str | Symbol) or type(key) is int)

    def flags(self, obj: Mapping[Any, Any], key: Key) -> tuple[bool, bool, bool]:
        return (True, True, True) if isinstance(obj, MutableMapping) else (False, True, False)

    def extensible(self, obj: Mapping[Any, Any]) -> bool:
        return isinstance(obj, MutableMapping)


class Elements(View):
    """Arrays: lists, and tuples, which are frozen."""

    inherits = "Array"

    def value(self, obj: list[Any] | tuple[Any, ...], key: Key, receiver: Any) -> Any:
        index = array_index(key)
        if index is None:
            return len(obj) if key == "length" else MISSING
        return obj[index] if index < len(obj) else MISSING

    def put(self, obj: list[Any] | tuple[Any, ...], key: Key, value: Any) -> bool:
        if not isinstance(obj, list):
            return False
        index = array_index(key)
        if index is not None:
            _resize(obj, max(index + 1, len(obj)))
            obj[index] = value
        elif key == "length":
            _resize(obj, _array_length(value))
        return index is not None or key == "length"

    def delete(self, obj: list[Any] | tuple[Any, ...], key: Key) -> bool:
        index = array_index(key)
        if index is not None and index < len(obj) and isinstance(obj, list):
            obj[index] = None
            return True
        return self.own(obj, key) is None

    def keys(self, obj: list[Any] | tuple[Any, ...]) -> list[Key]:
        return [*map(str, range(len(obj))), "length"]

    def flags(self, obj: list[Any] | tuple[Any, ...], key: Key) -> tuple[bool, bool, bool]:
        mutable = isinstance(obj, list)
        return (mutable, False, False) if key == "length" else (mutable, True, mutable)

    def extensible(self, obj: list[Any] | tuple[Any, ...]) -> bool:
        return isinstance(obj, list)


class Text(View):
    """Strings, counted and indexed in UTF-16 code units."""

    inherits = "String"

    def value(self, obj: str, key: Key, receiver: Any) -> Any:
        index = array_index(key)
        if index is None:
            return len(code_units(obj)) if key == "length" else MISSING
        units = code_units(obj)
        return units[index] if index < len(units) else MISSING

    def keys(self, obj: str) -> list[Key]:
        return [*indices(len(code_units(obj))), "length"]

    def flags(self, obj: str, key: Key) -> tuple[bool, bool, bool]:
        return False, key != "length", False


class Namespace(View):
    """``types.SimpleNamespace``: a plain object with identifiers for keys."""

    def value(self, obj: object, key: Key, receiver: Any) -> Any:
        return vars(obj).get(key, MISSING) if _public(key) else MISSING

    def put(self, obj: object, key: Key, value: Any) -> bool:
        if not _public(key):
            return False
        vars(obj)[key] = value
        return True

    def delete(self, obj: object, key: Key) -> bool:
        if _public(key):
            vars(obj).pop(key, None)
        return True

    def keys(self, obj: object) -> list[Key]:
        return _ordered(key for key in vars(obj) if is_public(key))

    def extensible(self, obj: object) -> bool:
        return True


class Callable(View):
    """Functions of the host and of guests."""

    inherits = "Function"

    def value(self, obj: Any, key: Key, receiver: Any) -> Any:
        if key == "name":
            name = getattr(obj, "__name__", None)
            return name if isinstance(name, str) else ""
        return (accepted(obj) or 0) if key == "length" else MISSING

    def keys(self, obj: Any) -> list[Key]:
        return ["length", "name"]

    def flags(self, obj: Any, key: Key) -> tuple[bool, bool, bool]:
        return False, False, True

    def delete(self, obj: Any, key: Key) -> bool:
        return key not in ("name", "length")


class Attributes(View):
    """An exposed object: its public attributes. What its class defines as a method stays as it is."""

    def value(self, obj: object, key: Key, receiver: Any) -> Any:
        value = getattr(obj, key, MISSING) if _public(key) else MISSING
        if value is MISSING and callable(obj):
            return CALLABLE.value(obj, key, receiver)
        return value if is_reachable(value) else MISSING

    def prototype(self, obj: Any) -> Any:
        if callable(obj):
            return prototype("Function")
        return prototype("Iterable" if isinstance(obj, Iterable) else "AsyncIterable" if isinstance(obj, AsyncIterable) else "Object")

    def put(self, obj: object, key: Key, value: Any) -> bool:
        if not _public(key) or callable(getattr(type(obj), key, None)):
            return False
        try:
            setattr(obj, key, value)
        except AttributeError:
            return False
        return True

    def keys(self, obj: object) -> list[Key]:
        return _ordered(key for key in getattr(obj, "__dict__", {}) if is_public(key) and self.value(obj, key, obj) is not MISSING)

    def flags(self, obj: object, key: Key) -> tuple[bool, bool, bool]:
        return True, key in getattr(obj, "__dict__", {}), True

    def extensible(self, obj: object) -> bool:
        return True

    def set(self, obj: object, key: Key, value: Any, receiver: Any) -> bool:
        return self.put(obj, key, value) if receiver is obj else super().set(obj, key, value, receiver)  # reads nothing


class Members(View):
    """An object of a generated class: what Rust exports, by its JavaScript name. Looking does not enter the guest, reading does."""

    def _name(self, obj: object, key: Key) -> str | None:
        name = type(obj)._bp_members.get(key, key)  # type: ignore[attr-defined]
        return name if _public(name) and static(type(obj), name) is not MISSING else None

    def value(self, obj: Any, key: Key, receiver: Any) -> Any:
        if key == OBJECT_POINTER:
            return obj._bp_pointer
        name = self._name(obj, key)
        return MISSING if name is None else getattr(obj, name)

    def own(self, obj: Any, key: Key) -> Property | None:
        if key != OBJECT_POINTER:
            name = self._name(obj, key)
            if name is None:
                return None
            accessor = static(type(obj), name)
            if isinstance(accessor, property):
                get, set = (None if part is None else functools.partial(part, obj) for part in (accessor.fget, accessor.fset))
                return Property(MISSING, None, False, False, get, set)
        return Property(self.value(obj, key, obj), False, key == OBJECT_POINTER, False)

    def put(self, obj: Any, key: Key, value: Any) -> bool:
        return False


class Failure(View):
    """Exceptions, as JavaScript's errors. Traceback, context and arguments are none of a guest's business."""

    inherits = "Error"

    def value(self, obj: BaseException, key: Key, receiver: Any) -> Any:
        match key:
            case "name" if not (isinstance(obj, Error) and "_bp_class" in vars(type(obj)) and "name" not in vars(obj)):
                return error_name(obj)
            case "message":
                return error_message(obj) or (MISSING if isinstance(obj, Error) else "")
            case "stack" if not (isinstance(obj, Error) and "stack" in vars(obj)):
                return f"{error_name(obj)}: {error_message(obj)}"
        if isinstance(obj, Error):
            return vars(obj).get(key, MISSING) if _own_of_errors(key) else MISSING  # type: ignore[arg-type]
        return ATTRIBUTES.value(obj, key, receiver) if is_exposed(obj) else MISSING

    def put(self, obj: BaseException, key: Key, value: Any) -> bool:
        text = key in ("name", "message")
        own = _own_of_errors(key)
        if not isinstance(obj, Error) or not own or (not isinstance(value, str) if text else hasattr(type(obj), str(key))):
            return False
        vars(obj)[key] = value  # type: ignore[index]
        return True

    def delete(self, obj: BaseException, key: Key) -> bool:
        if isinstance(obj, Error) and key == "message":
            obj.message = ""
        elif isinstance(obj, Error) and _own_of_errors(key):
            vars(obj).pop(key, None)  # type: ignore[arg-type]
        return self.own(obj, key) is None

    def keys(self, obj: BaseException) -> list[Key]:
        if not isinstance(obj, Error):
            return ["stack", "message"]
        more = (key for key in vars(obj) if _own_of_errors(key) and key not in ("stack", "message"))
        return _ordered(["stack", *(["message"] if obj.message else []), *more])

    def flags(self, obj: BaseException, key: Key) -> tuple[bool, bool, bool]:
        mutable = isinstance(obj, Error)
        return mutable, key not in ("stack", "message", "cause", "errors", "error", "suppressed"), mutable

    def extensible(self, obj: BaseException) -> bool:
        return isinstance(obj, Error)

    def prototype(self, obj: BaseException) -> Any:
        return prototype(getattr(type(obj), "_bp_class", "Error"))


class Thenable(View):
    """A promise, or an awaitable that is adopted as one. If the host has exposed it, its attributes are there, too."""

    def value(self, obj: Any, key: Key, receiver: Any) -> Any:
        if isinstance(key, str) and key in ("then", "catch", "finally"):
            return functools.partial(thenable, obj, key)
        return ATTRIBUTES.value(obj, key, receiver) if is_exposed(obj) else MISSING

    def put(self, obj: Any, key: Key, value: Any) -> bool:
        return is_exposed(obj) and ATTRIBUTES.put(obj, key, value)

    def flags(self, obj: Any, key: Key) -> tuple[bool, bool, bool]:
        return is_exposed(obj), False, False


class Statics(View):
    """An exposed class: what can be used without an object of it."""

    inherits = "Function"

    def value(self, obj: type, key: Key, receiver: Any) -> Any:
        key = getattr(obj, "_bp_members", {}).get(key, key)
        if not _public(key):
            return MISSING
        raw = static(obj, key)
        if raw is MISSING or not (isinstance(raw, staticmethod | classmethod | type) or not hasattr(type(raw), "__get__")):
            return MISSING
        value = getattr(obj, key)
        return value if is_reachable(value) else MISSING

    def flags(self, obj: type, key: Key) -> tuple[bool, bool, bool]:
        return False, False, False


class Module(View):
    """A module given as an import: what it offers, see :func:`.visibility.offers`."""

    def value(self, obj: types.ModuleType, key: Key, receiver: Any) -> Any:
        value = getattr(obj, key, MISSING) if _public(key) else MISSING
        return value if offers(obj, key, value) else MISSING

    def flags(self, obj: types.ModuleType, key: Key) -> tuple[bool, bool, bool]:
        return False, True, False


class Builtin(View):
    """JavaScript's own classes, prototypes, namespaces and functions: shared by all guests of a process, so none may change them."""

    def own(self, obj: Any, key: Key) -> Property | None:
        found: Property | None = tied(obj).members.get(key)
        return found

    def value(self, obj: Any, key: Key, receiver: Any) -> Any:
        found = tied(obj).members.get(key)
        if found is None:
            return MISSING
        if found.is_accessor:
            return None if found.get is None else found.get.invoke(receiver, ())
        return found.value

    def keys(self, obj: Any) -> list[Key]:
        return _ordered(tied(obj).members)

    def define(self, obj: Any, key: Key, change: Property) -> bool:
        return False

    def prototype(self, obj: Any) -> Any:
        return tied(obj).parent


class Stored(View):
    """What guests make. Its values are where ``_read`` and its kin say, attributes of properties are beside it."""

    def _values(self, obj: Any) -> Mapping[Any, Any]:
        extra = extra_of(obj)
        return {} if extra is None else extra.members

    def _read(self, obj: Any, key: Key) -> Any:
        return self._values(obj).get(key, MISSING)

    def _write(self, obj: Any, key: Key, value: Any) -> None:
        make_extra(obj).members[key] = value

    def _remove(self, obj: Any, key: Key) -> None:
        make_extra(obj).members.pop(key, None)

    def value(self, obj: Any, key: Key, receiver: Any) -> Any:
        value = self._read(obj, key)
        if (
            value is None
            and (extra := extra_of(obj)) is not None
            and (found := extra.attributes.get(key)) is not None
            and found.is_accessor
        ):
            return None if found.get is None else apply(found.get, receiver, [])
        return value

    def own(self, obj: Any, key: Key) -> Property | None:
        value = self._read(obj, key)
        if value is MISSING:
            return None
        extra = extra_of(obj)
        found = None if extra is None else extra.attributes.get(key)
        if found is None:
            return Property(value, *self.flags(obj, key))
        if found.is_accessor:
            return found
        return Property(value, found.writable, found.enumerable, found.configurable)

    def put(self, obj: Any, key: Key, value: Any) -> bool:
        if self._read(obj, key) is MISSING and not self.extensible(obj):
            return False
        self._write(obj, key, value)
        return True

    def define(self, obj: Any, key: Key, change: Property) -> bool:
        result = changed(self.own(obj, key), change, self.extensible(obj))
        if result is None:
            return False
        self._write(obj, key, None if result.is_accessor else result.value)
        if result.is_plain:
            if (extra := extra_of(obj)) is not None:
                extra.attributes.pop(key, None)
        else:
            make_extra(obj).attributes[key] = result
        return True

    def delete(self, obj: Any, key: Key) -> bool:
        own = self.own(obj, key)
        if own is None:
            return True
        if not own.configurable:
            return False
        self._remove(obj, key)
        if (extra := extra_of(obj)) is not None:
            extra.attributes.pop(key, None)
        return True

    def keys(self, obj: Any) -> list[Key]:
        return _ordered(self._values(obj))

    def extensible(self, obj: Any) -> bool:
        extra = extra_of(obj)
        return extra is None or extra.extensible

    def prevent_extensions(self, obj: Any) -> bool:
        make_extra(obj).extensible = False
        return True

    def prototype(self, obj: Any) -> Any:
        extra = extra_of(obj)
        return prototype(obj._bp_class) if extra is None or extra.prototype is MISSING else extra.prototype

    def set_prototype(self, obj: Any, parent: Any) -> bool:
        """OrdinarySetPrototypeOf (10.1.2.1)."""
        if parent is self.prototype(obj):
            return True
        if not self.extensible(obj):
            return False
        above = parent
        while above is not null and view_of(above).ordinary:
            if above is obj:
                return False
            above = view_of(above).prototype(above)
        make_extra(obj).prototype = parent
        return True


class Record(Stored):
    """``js.Object``: the values are its items."""

    def _values(self, obj: Object) -> Mapping[Any, Any]:
        return obj

    def _read(self, obj: Object, key: Key) -> Any:
        return obj.get(_item(obj, key), MISSING)

    def _write(self, obj: Object, key: Key, value: Any) -> None:
        obj[_item(obj, key)] = value

    def _remove(self, obj: Object, key: Key) -> None:
        obj.pop(_item(obj, key), None)

    def keys(self, obj: Object) -> list[Key]:
        return ITEMS.keys(obj)


class Vector(Stored):
    """``js.Array``: elements are its items, other properties are beside it (ECMA-262 10.4.2)."""

    def _read(self, obj: Array, key: Key) -> Any:
        index = array_index(key)
        if index is not None:
            if index >= len(obj):
                return MISSING
            value = obj[index]
            return MISSING if value is None and (extra := extra_of(obj)) is not None and index in extra.holes else value
        return len(obj) if key == "length" else super()._read(obj, key)

    def _write(self, obj: Array, key: Key, value: Any) -> None:
        index = array_index(key)
        if index is not None:
            resize(obj, max(index + 1, len(obj)))
            obj[index] = value
            if (extra := extra_of(obj)) is not None:
                extra.holes.discard(index)
        elif key == "length":
            resize(obj, _array_length(value))
        else:
            super()._write(obj, key, value)

    def _remove(self, obj: Array, key: Key) -> None:
        index = array_index(key)
        if index is None:
            super()._remove(obj, key)
        else:
            obj[index] = None
            make_extra(obj).holes.add(index)

    def put(self, obj: Array, key: Key, value: Any) -> bool:
        if key == "length":
            return self._shrink(obj, _array_length(value))
        return self._fits(obj, key) and super().put(obj, key, value)

    def define(self, obj: Array, key: Key, change: Property) -> bool:
        if key != "length":
            return self._fits(obj, key) and super().define(obj, key, change)
        length = len(obj) if change.value is MISSING else _array_length(change.value)
        result = changed(self.own(obj, key), Property(length, change.writable, change.enumerable, change.configurable), True)
        if result is None or change.is_accessor or not self._shrink(obj, length):
            return False
        if not result.writable:
            make_extra(obj).attributes["length"] = Property(MISSING, False, False, False)
        return True

    def _fits(self, obj: Array, key: Key) -> bool:
        """Whether an element may be there: a length that is read-only stays (10.4.2.1)."""
        index = array_index(key)
        return index is None or index < len(obj) or bool(self.own(obj, "length").writable)  # type: ignore[union-attr]

    def _shrink(self, obj: Array, length: int) -> bool:
        """ArraySetLength (10.4.2.4): elements that may not go stop it."""
        extra = extra_of(obj)
        if extra is not None and extra.attributes and length < len(obj):
            fixed = [index for key, found in extra.attributes.items() if not found.configurable and (index := array_index(key)) is not None]
            stop = max([length, *(index + 1 for index in fixed if index < len(obj))])
            resize(obj, stop)
            return stop == length
        resize(obj, length)
        return True

    def keys(self, obj: Array) -> list[Key]:
        extra = extra_of(obj)
        if extra is None:
            return [*map(str, range(len(obj))), "length"]
        indices = [str(index) for index, value in enumerate(obj) if value is not None or index not in extra.holes]
        return [*indices, *_ordered(["length", *extra.members])]

    def flags(self, obj: Array, key: Key) -> tuple[bool, bool, bool]:
        return (True, False, False) if key == "length" else _PLAIN


OPAQUE, CALLABLE, ATTRIBUTES, STATICS, MODULE, MEMBERS = View(), Callable(), Attributes(), Statics(), Module(), Members()
ITEMS, ELEMENTS, TEXT, FAILURE, NAMESPACE, THENABLE = Items(), Elements(), Text(), Failure(), Namespace(), Thenable()
PRIMITIVE, RECORD, VECTOR, STORED, BUILTIN = Primitive(), Record(), Vector(), Stored(), Builtin()

ITERATOR = Iterables("Iterator Helper")

_BY_TYPE: dict[type, View] = {
    **dict.fromkeys(COLLECTIONS, Iterables("Iterable")),
    types.GeneratorType: Iterables("Generator"),
    types.AsyncGeneratorType: Iterables("AsyncGenerator"),
    dict: ITEMS,
    list: ELEMENTS,
    tuple: ELEMENTS,
    str: TEXT,
    int: PRIMITIVE,
    float: PRIMITIVE,
    bool: PRIMITIVE,
    BigInt: PRIMITIVE,
    Symbol: PRIMITIVE,
    Object: RECORD,
    Array: VECTOR,
    Fixed: BUILTIN,
    Class: BUILTIN,
    Function: BUILTIN,
    Bound: BUILTIN,
}
_BY_KIND: tuple[tuple[type, View], ...] = (
    (str, TEXT),
    (int, PRIMITIVE),
    (float, PRIMITIVE),
    (Ordinary, STORED),
    (Array, VECTOR),
    (Object, RECORD),
    (list, ELEMENTS),
    (tuple, ELEMENTS),
    (BaseException, FAILURE),
    (Mapping, ITEMS),
    (Awaitable, THENABLE),
    (types.SimpleNamespace, NAMESPACE),
    (Class, BUILTIN),
    (Fixed, BUILTIN),
)
_IF_EXPOSED: tuple[tuple[type, View], ...] = ((type, STATICS), (types.ModuleType, MODULE), (object, ATTRIBUTES))


def register(kind: type, view: View) -> None:
    """Objects of this class are seen through ``view``: for modules of built-ins that have a kind of their own."""
    _BY_TYPE[kind] = view


def view_of(obj: object) -> View:
    """How a guest sees ``obj``."""
    view = _BY_TYPE.get(type(obj))
    if view is not None:
        return view
    for kind, view in _BY_KIND:
        if isinstance(obj, kind):
            return view if view is not STORED else next((_BY_TYPE[base] for base in type(obj).__mro__ if base in _BY_TYPE), view)
    if getattr(type(obj), "_bp_members", None) is not None:
        return MEMBERS
    if isinstance(obj, type) and "_bp_class" in obj.__dict__:
        return BUILTIN
    if is_exposed(obj):
        return next(view for kind, view in _IF_EXPOSED if isinstance(obj, kind))
    if is_moment(obj):
        from .dates import MOMENT

        return MOMENT
    if callable(obj):
        return CALLABLE
    if is_memory(obj):
        from .buffers import LENT

        return LENT
    return ITERATOR if is_host_iterator(obj) else OPAQUE


def static(cls: type, name: str) -> Any:
    """What the body of ``cls`` or of a base calls ``name``, not bound to anything; :data:`MISSING` when there is none."""
    return next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), MISSING)


def _item(obj: Mapping[Any, Any], key: Key) -> Any:
    """The key that a mapping has for a property: Python code may have put a number there."""
    index = array_index(key)
    return index if index is not None and key not in obj and index in obj else key


def array_index(key: object) -> int | None:
    """The array index that a property key denotes, or ``None``."""
    if not isinstance(key, str) or not 0 < len(key) <= 10 or not (key.isascii() and key.isdecimal()) or (key[0] == "0" and key != "0"):
        return None
    index = int(key)
    return index if index < 2**32 - 1 else None


def _public(key: object) -> TypeGuard[str]:
    return isinstance(key, str) and is_public(key)


def _own_of_errors(key: object) -> bool:
    """Whether an error may have a property of that name; symbols have no place in Python's attributes, and are kept there all the same."""
    return isinstance(key, Symbol) or _public(key)


def indices(length: int) -> list[Key]:
    """The keys of so many elements, if a list can be made of them: strings and buffers may be much longer than that."""
    if length > _MAX_KEYS:
        raise RangeError(f"refused to list {length} properties")
    return list(map(str, range(length)))


def _ordered(keys: Iterable[Any]) -> list[Key]:
    """OrdinaryOwnPropertyKeys (10.1.11.1)."""
    names = list(keys)
    indices = {key for key in names if array_index(key) is not None}
    if not indices and not any(isinstance(key, Symbol) for key in names):
        return names
    texts = [key for key in names if isinstance(key, str) and key not in indices]
    return [*sorted(indices, key=int), *texts, *(key for key in names if isinstance(key, Symbol))]


def _array_length(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2**32 or value != int(value):
        raise RangeError("Invalid array length")
    return int(value)


def resize(array: Array, length: int) -> None:
    """Give an array another length; where it grows there are holes."""
    before = len(array)
    if length == before:
        return
    _resize(array, length)
    extra = make_extra(array) if length > before else extra_of(array)
    if extra is not None:
        if length > before:
            extra.holes.update(range(before, length))
        else:
            extra.holes = {hole for hole in extra.holes if hole < length}


def _resize(array: list[Any], length: int) -> None:
    if length - len(array) > _MAX_GROWTH:
        raise RangeError(f"refused to grow an array of {len(array)} elements to {length}")
    array[length:] = [None] * (length - len(array))
