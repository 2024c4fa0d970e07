"""``Map``, ``Set`` and what holds things weakly (ECMA-262 24 and 26)."""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, ItemsView, Iterable, Iterator, KeysView, Mapping, MutableMapping, MutableSet, ValuesView
from itertools import islice
from types import BuiltinMethodType, MappingProxyType, MethodType
from typing import Any, ClassVar, TypeVar
from weakref import ref

from . import model, quota
from .classes import MISSING, Class, Table
from .coercions import to_integer
from .errors import RangeError, TypeError
from .iterators import BuiltinIterator, close, iterating, python_iterator
from .objects import grouped
from .ordinary import Array, Ordinary
from .primitives import Symbol, is_bigint, null
from .promise import default_jobs, realm_of
from .symbols import ITERATOR, SPECIES, registered_key

K = TypeVar("K")
V = TypeVar("V")


def map_key(value: Any) -> Any:
    """Something hashable that two values share when they are the same (SameValueZero): objects by identity, numbers by value."""
    match value:
        case str() | None:
            return value
        case bool():
            return bool, value
        case int() | float():
            if value != value:
                return float, "NaN"
            return (int, int(value)) if is_bigint(value) else value
        case MethodType():  # Python makes them anew at each look
            return MethodType, id(value.__self__), id(value.__func__)
        case BuiltinMethodType():
            return BuiltinMethodType, id(value.__self__), value.__name__
    return object, id(value)


class _Entry:
    """One of a list that may be changed while somebody goes through it: what is removed still knows what was before it."""

    __slots__ = ("before", "key", "live", "next", "value")

    def __init__(self, key: Any, value: Any, before: _Entry | None) -> None:
        self.key = key
        self.value = value
        self.live = True
        self.before = before
        self.next: _Entry | None = None


class _Entries:
    """Keys and values in the order in which the keys came."""

    __slots__ = ("_first", "_last", "found")

    def __init__(self) -> None:
        self.found: dict[Any, _Entry] = {}
        self._first = self._last = _Entry(None, None, None)

    def get(self, key: Any) -> _Entry | None:
        return self.found.get(map_key(key))

    def put(self, key: Any, value: Any) -> None:
        place = map_key(key)
        entry = self.found.get(place)
        if entry is not None:
            entry.value = value
            return
        if isinstance(key, float) and key == 0:
            key = 0  # -0 is 0 (24.5.1)
        self.found[place] = self._last.next = self._last = _Entry(key, value, self._last)

    def remove(self, key: Any) -> bool:
        entry = self.found.pop(map_key(key), None)
        if entry is None:
            return False
        assert entry.before is not None
        entry.live = False
        entry.before.next = entry.next
        if entry.next is None:
            self._last = entry.before
        else:
            entry.next.before = entry.before
        return True

    def clear(self) -> None:
        for entry in self.found.values():
            entry.live, entry.before = False, self._first
        self.found.clear()
        self._last = self._first
        self._first.next = None

    def __iter__(self) -> Iterator[_Entry]:
        entry: _Entry | None = self._first
        while entry is not None:
            while not entry.live:
                assert entry.before is not None
                entry = entry.before
            entry = entry.next
            if entry is not None:
                yield entry


class _Keyed(Ordinary):
    """What maps and sets have in common. They are equal to themselves only, as in JavaScript."""

    __slots__ = ("_entries",)

    _entries: _Entries

    def __contains__(self, key: object) -> bool:
        return self._entries.get(key) is not None

    def __iter__(self) -> Iterator[Any]:
        return (entry.key for entry in self._entries)

    def __len__(self) -> int:
        return len(self._entries.found)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return object.__hash__(self)

    def __repr__(self) -> str:
        return f"<js.{self._bp_class} of {len(self)}>"

    def clear(self) -> None:
        self._entries.clear()


class Map(_Keyed, MutableMapping[K, V]):
    """A JavaScript ``Map``. To Python it is a mapping; keys are compared as JavaScript does it, objects by identity."""

    __slots__ = ()
    _bp_class: ClassVar[str] = "Map"

    def __init__(self, items: Mapping[K, V] | Iterable[tuple[K, V]] = ()) -> None:
        self._entries = _Entries()
        for key, value in items.items() if isinstance(items, Mapping) else items:
            self._entries.put(key, value)

    def __getitem__(self, key: K) -> V:
        entry = self._entries.get(key)
        if entry is None:
            raise KeyError(key)
        found: V = entry.value
        return found

    def __setitem__(self, key: K, value: V) -> None:
        self._entries.put(key, value)

    def __delitem__(self, key: K) -> None:
        if not self._entries.remove(key):
            raise KeyError(key)

    def keys(self) -> KeysView[K]:
        return KeysView(self)

    def values(self) -> ValuesView[V]:
        return ValuesView(self)

    def items(self) -> ItemsView[K, V]:
        return ItemsView(self)

    def to_python(self) -> dict[K, V]:
        """A ``dict`` with the same items. Raises ``TypeError`` when a key is of a kind that no ``dict`` takes."""
        return {entry.key: entry.value for entry in self._entries}


class Set(_Keyed, MutableSet[V]):
    """A JavaScript ``Set``. To Python it is a set, in the order in which its values came; objects are compared by identity."""

    __slots__ = ()
    _bp_class: ClassVar[str] = "Set"

    def __init__(self, values: Iterable[V] = ()) -> None:
        self._entries = _Entries()
        for value in values:
            self._entries.put(value, value)

    def add(self, value: V) -> None:
        self._entries.put(value, value)

    def discard(self, value: V) -> None:
        self._entries.remove(value)

    def to_python(self) -> set[V]:
        """A ``set`` of the same values. Raises ``TypeError`` when one is of a kind that no ``set`` takes."""
        return set(self)


def _of(kind: type, name: str) -> Callable[[object, str], Any]:
    def check(this: object, method: str) -> Any:
        if isinstance(this, kind):
            return this
        raise TypeError(f"Method {name}.prototype.{method} called on incompatible receiver {model.describe(this)}")

    return check


_map, _set = _of(Map, "Map"), _of(Set, "Set")

# ------------------------------------------------------------------------------------------- Map


def _new_map(entries: object = None) -> Map[Any, Any]:
    made: Map[Any, Any] = Map()
    _fill(entries, lambda key, value: made._entries.put(key, value))
    return made


def _fill(entries: object, put: Callable[[Any, Any], object]) -> None:
    """AddEntriesFromIterable (24.1.1.2)."""
    if entries is None or entries is null:
        return
    with iterating(entries) as items:
        for entry in items:
            if model.is_primitive(entry):
                raise TypeError(f"Iterator value {model.describe(entry)} is not an entry object")
            put(model.get(entry, 0), model.get(entry, 1))


def _map_get(this: object, key: object) -> Any:
    entry = _map(this, "get")._entries.get(key)
    return None if entry is None else entry.value


def _map_set(this: object, key: object, value: object) -> Any:
    _map(this, "set")._entries.put(key, value)
    return this


def _get_or_insert(this: object, key: object, value: object) -> Any:
    entries = _map(this, "getOrInsert")._entries
    if entries.get(key) is None:
        entries.put(key, value)
    return entries.found[map_key(key)].value


def _get_or_compute(this: object, key: object, function: object) -> Any:
    entries, call = _map(this, "getOrInsertComputed")._entries, model.callback(function)
    entry = entries.get(key)
    if entry is not None:
        return entry.value
    value = call(None, key)
    entries.put(key, value)
    return value


def _each(check: Callable[[object, str], Any]) -> Callable[..., None]:
    def for_each(this: object, function: object, receiver: object = None) -> None:
        entries = check(this, "forEach")._entries
        call = model.callback(function)
        for entry in islice(entries, quota.MAX_STEPS):
            call(receiver, entry.value, entry.key, this)

    return for_each


def _iterators(check: Callable[[object, str], Any], kind: str) -> dict[Any, Any]:
    """``keys``, ``values`` and ``entries``."""

    def iterator(name: str, shown: Callable[[_Entry], Any]) -> Callable[..., Any]:
        return lambda this: BuiltinIterator((shown(entry) for entry in check(this, name)._entries), kind)

    return {
        "entries": iterator("entries", lambda entry: Array((entry.key, entry.value))),
        "values": iterator("values", lambda entry: entry.value),
        "keys": iterator("keys", lambda entry: entry.key),
    }


def _common(check: Callable[[object, str], Any]) -> dict[Any, Any]:
    return {
        "clear": lambda this: check(this, "clear")._entries.clear(),
        "delete": lambda this, key: check(this, "delete")._entries.remove(key),
        "forEach": (_each(check), 1),
        "has": lambda this, key: check(this, "has")._entries.get(key) is not None,
    }


def _group_by(_this: object, items: object, function: object) -> Map[Any, Any]:
    return Map(grouped(items, function))


_map_iterators = _iterators(_map, "Map Iterator")
_MAP: Table = MappingProxyType(
    {
        **_common(_map),
        **_map_iterators,
        "get": _map_get,
        "getOrInsert": _get_or_insert,
        "getOrInsertComputed": _get_or_compute,
        "set": _map_set,
        ITERATOR: _map_iterators["entries"],
    }
)

# ------------------------------------------------------------------------------------------- Set


def _new_set(values: object = None) -> Set[Any]:
    made: Set[Any] = Set()
    if values is not None and values is not null:
        for value in model.iterate(values):
            made.add(value)
    return made


def _set_add(this: object, value: object) -> Any:
    _set(this, "add").add(value)
    return this


class _Other:
    """A Set Record (24.2.1.2): whatever passes for a set."""

    def __init__(self, other: Any) -> None:
        if model.is_primitive(other):
            raise TypeError(f"{model.describe(other)} is not an object")
        size = model.to_number(model.get(other, "size"))
        if math.isnan(size):
            raise TypeError("The 'size' property must be a number")
        self.size = to_integer(size)
        if self.size < 0:
            raise RangeError(f"'{self.size}' is an invalid size")
        self._other = other
        self._has = model.callback(model.get(other, "has"))
        self._keys = model.callback(model.get(other, "keys"))

    def has(self, value: Any) -> bool:
        return model.truthy(self._has(self._other, value))

    def values(self) -> Iterator[Any]:
        iterator = self._keys(self._other)
        if model.is_primitive(iterator):
            raise TypeError(f"{model.describe(iterator)} is not an object")
        return python_iterator(iterator)


def _combining(name: str, combine: Callable[[Set[Any], _Other], Any]) -> Callable[..., Any]:
    return lambda this, other: combine(_set(this, name), _Other(other))


def _intersection(mine: Set[Any], other: _Other) -> Set[Any]:
    if len(mine) <= other.size:
        return Set(value for value in mine if other.has(value))
    return Set(value for value in other.values() if value in mine)


def _difference(mine: Set[Any], other: _Other) -> Set[Any]:
    made = Set(mine)
    if len(mine) <= other.size:
        for value in mine:
            if other.has(value):
                made.discard(value)
    else:
        for value in other.values():
            made.discard(value)
    return made


def _symmetric_difference(mine: Set[Any], other: _Other) -> Set[Any]:
    made = Set(mine)
    for value in other.values():
        if value in mine:
            made.discard(value)
        else:
            made.add(value)
    return made


def _is_superset(mine: Set[Any], other: _Other) -> bool:
    return len(mine) >= other.size and not _any(other.values(), lambda value: value not in mine)


def _is_disjoint(mine: Set[Any], other: _Other) -> bool:
    if len(mine) <= other.size:
        return not any(other.has(value) for value in mine)
    return not _any(other.values(), lambda value: value in mine)


def _any(items: Iterator[Any], test: Callable[[Any], bool]) -> bool:
    for item in items:
        if test(item):
            close(items)
            return True
    return False


_SET_OPERATIONS: Mapping[str, Callable[[Set[Any], _Other], Any]] = MappingProxyType(
    {
        "difference": _difference,
        "intersection": _intersection,
        "isDisjointFrom": _is_disjoint,
        "isSubsetOf": lambda mine, other: len(mine) <= other.size and all(other.has(value) for value in mine),
        "isSupersetOf": _is_superset,
        "symmetricDifference": _symmetric_difference,
        "union": lambda mine, other: Set[Any]([*mine, *other.values()]),
    }
)
_set_iterators = _iterators(_set, "Set Iterator")
_SET: Table = MappingProxyType(
    {
        **_common(_set),
        **{name: _combining(name, combine) for name, combine in _SET_OPERATIONS.items()},
        **_set_iterators,
        "add": _set_add,
        "keys": _set_iterators["values"],
        ITERATOR: _set_iterators["values"],
    }
)

# ------------------------------------------------------------------------------------------- weak ones


def _weakly(value: Any, use: str, forget: Callable[[Any], object] | None = None) -> ref[Any]:
    """A weak reference to an object, or to a symbol that cannot be had again (9.13). Raises ``TypeError`` for everything else."""
    if model.is_primitive(value) and not (isinstance(value, Symbol) and registered_key(value) is None):
        raise TypeError(f"Invalid value used {use}: {model.describe(value)}")
    try:
        return ref(value, forget)
    except builtins.TypeError:
        raise TypeError(f"Invalid value used {use}: a {type(value).__name__!r} of the host's cannot be held weakly") from None


class _Weak(Ordinary):
    """Things beside objects, for as long as these live."""

    __slots__ = ("_held",)
    _bp_use = ""

    def __init__(self) -> None:
        self._held: dict[int, tuple[ref[Any], Any]] = {}

    def get(self, key: object) -> Any:
        """What is held beside ``key``, or :data:`MISSING`."""
        reference, value = self._held.get(id(key), (None, MISSING))
        return value if reference is not None and reference() is key else MISSING

    def put(self, key: object, value: Any) -> None:
        held, place = self._held, id(key)

        def forget(gone: ref[Any]) -> None:
            if place in held and held[place][0] is gone:
                del held[place]

        held[place] = _weakly(key, self._bp_use, forget), value

    def weakly(self, key: object) -> None:
        """Raise ``TypeError`` for what can be no key."""
        _weakly(key, self._bp_use)

    def remove(self, key: object) -> bool:
        return self.get(key) is not MISSING and self._held.pop(id(key), None) is not None


class WeakMap(_Weak):
    """A JavaScript ``WeakMap``: a value is kept as long as somebody else has its key."""

    __slots__ = ()
    _bp_class: ClassVar[str] = "WeakMap"
    _bp_use = "as weak map key"


class WeakSet(_Weak):
    """A JavaScript ``WeakSet``."""

    __slots__ = ()
    _bp_class: ClassVar[str] = "WeakSet"
    _bp_use = "in weak set"


class WeakRef(Ordinary):
    """A JavaScript ``WeakRef``."""

    __slots__ = ("_target",)
    _bp_class: ClassVar[str] = "WeakRef"

    def __init__(self, target: object) -> None:
        self._target = _weakly(target, "as WeakRef target")

    def deref(self) -> Any:
        """The object, or ``None`` when it is gone."""
        return self._target()


class FinalizationRegistry(Ordinary):
    """A JavaScript ``FinalizationRegistry``: calls back, in a job, after an object is gone. It must be alive then itself."""

    __slots__ = ("_cells", "_cleanup")
    _bp_class: ClassVar[str] = "FinalizationRegistry"

    def __init__(self, cleanup: Callable[[Any], Any]) -> None:
        if not callable(cleanup):
            raise TypeError("FinalizationRegistry: cleanup must be callable")
        self._cleanup = cleanup
        self._cells: dict[int, tuple[ref[Any], Any, ref[Any] | None]] = {}

    def register(self, target: object, held: object = None, token: object = None) -> None:
        """Call back with ``held`` once ``target`` is gone."""
        if target is held and not model.is_primitive(target):
            raise TypeError("FinalizationRegistry.prototype.register: target and holdings must not be same")
        known = None if token is None else _weakly(token, "as unregister token")
        registry, cells = ref(self), self._cells

        def gone(reference: ref[Any]) -> None:
            _, held, _ = cells.pop(id(reference), (None, None, None))
            if (alive := registry()) is not None:
                alive._later(held)

        cell = _weakly(target, "as registry target", gone)
        cells[id(cell)] = cell, held, known

    def _later(self, held: object) -> None:
        cleanup = self._cleanup
        realm = realm_of(cleanup)
        if realm is not None:
            realm.queue_microtask(lambda: cleanup(held))
        else:
            default_jobs().add(lambda: cleanup(held))

    def unregister(self, token: object) -> bool:
        """Forget what was registered with this token."""
        if model.is_primitive(token) and not isinstance(token, Symbol):
            raise TypeError(f"Invalid unregisterToken ('{model.describe(token)}')")
        found = [key for key, (_, _, known) in self._cells.items() if known is not None and known() is token]
        for key in found:
            del self._cells[key]
        return bool(found)


_weak_map, _weak_set = _of(WeakMap, "WeakMap"), _of(WeakSet, "WeakSet")
_weak_ref, _registry = _of(WeakRef, "WeakRef"), _of(FinalizationRegistry, "FinalizationRegistry")


def _new_weak_map(entries: object = None) -> WeakMap:
    made = WeakMap()
    _fill(entries, made.put)
    return made


def _new_weak_set(values: object = None) -> WeakSet:
    made = WeakSet()
    if values is not None and values is not null:
        for value in model.iterate(values):
            made.put(value, True)
    return made


def _weak_get(this: object, key: object) -> Any:
    value = _weak_map(this, "get").get(key)
    return None if value is MISSING else value


def _weak_get_or_insert(this: object, key: object, value: object) -> Any:
    held = _weak_map(this, "getOrInsert")
    if held.get(key) is MISSING:
        held.put(key, value)
    return held.get(key)


def _weak_get_or_compute(this: object, key: object, function: object) -> Any:
    held, call = _weak_map(this, "getOrInsertComputed"), model.callback(function)
    held.weakly(key)
    if held.get(key) is MISSING:
        held.put(key, call(None, key))
    return held.get(key)


def _weak_set_value(this: object, key: object, value: object) -> Any:
    _weak_map(this, "set").put(key, value)
    return this


def _weak_add(this: object, value: object) -> Any:
    _weak_set(this, "add").put(value, True)
    return this


def _weak_common(check: Callable[[object, str], Any]) -> dict[str, Any]:
    return {
        "delete": lambda this, key: check(this, "delete").remove(key),
        "has": lambda this, key: check(this, "has").get(key) is not MISSING,
    }


_REGISTRY: Table = MappingProxyType(
    {
        "register": (lambda this, target, held, token=None: _registry(this, "register").register(target, held, token), 2),
        "unregister": lambda this, token: _registry(this, "unregister").unregister(token),
    }
)
_SPECIES: Table = MappingProxyType({SPECIES: lambda this: this})

CLASSES: Mapping[str, Any] = MappingProxyType(
    {
        "Map": Class(
            "Map",
            construct=_new_map,
            statics={"groupBy": _group_by},
            static_getters=_SPECIES,
            prototype=_MAP,
            getters={"size": lambda this: len(_map(this, "size"))},
            tag="Map",
        ),
        "Set": Class(
            "Set",
            construct=_new_set,
            static_getters=_SPECIES,
            prototype=_SET,
            getters={"size": lambda this: len(_set(this, "size"))},
            tag="Set",
        ),
        "WeakMap": Class(
            "WeakMap",
            construct=_new_weak_map,
            prototype={
                **_weak_common(_weak_map),
                "get": _weak_get,
                "getOrInsert": _weak_get_or_insert,
                "getOrInsertComputed": _weak_get_or_compute,
                "set": _weak_set_value,
            },
            tag="WeakMap",
        ),
        "WeakSet": Class("WeakSet", construct=_new_weak_set, prototype={**_weak_common(_weak_set), "add": _weak_add}, tag="WeakSet"),
        "WeakRef": Class(
            "WeakRef",
            construct=lambda target=None: WeakRef(target),
            length=1,
            prototype={"deref": lambda this: _weak_ref(this, "deref").deref()},
            tag="WeakRef",
        ),
        "FinalizationRegistry": Class(
            "FinalizationRegistry",
            construct=lambda cleanup=None: FinalizationRegistry(cleanup),
            length=1,
            prototype=_REGISTRY,
            tag="FinalizationRegistry",
        ),
    }
)
