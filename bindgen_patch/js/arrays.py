"""``Array`` (ECMA-262 23.1). The methods work on whatever has a ``length``; lists without holes and oddities take the short way.

``Symbol.species`` is ignored: what a method makes is an array.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from types import MappingProxyType
from typing import Any

from . import model, quota
from .asynchronous import Later, each_settled, settled
from .classes import MISSING, Class, Table
from .coercions import relative, to_integer, to_length
from .errors import RangeError, TypeError
from .iterators import iterating, iterator_over
from .ordinary import Array, extra_of, make_extra
from .primitives import null
from .quota import paced, pacing
from .symbols import ASYNC_ITERATOR, IS_CONCAT_SPREADABLE, ITERATOR


def length_of(obj: object) -> int:
    """LengthOfArrayLike (7.3.18)."""
    if isinstance(obj, list | tuple):
        return len(obj)
    return quota.array(to_length(model.get(obj, "length")), 0)


def indices(obj: object, start: int = 0) -> Iterable[int]:
    """Those of an array-like, for loops."""
    return paced(range(start, length_of(obj)))


def collect(items: Iterable[Any]) -> Array:
    """An array of these, if they are not too many."""
    made = Array(paced(islice(items, quota.MAX_ARRAY + 1)))
    quota.array(len(made))
    return made


def is_dense(obj: object) -> bool:
    """Whether this is a list that holds just what it shows: methods may use it as one."""
    return type(obj) is list or (type(obj) is Array and extra_of(obj) is None)


def present(obj: Any, index: int) -> bool:
    """HasProperty of an element."""
    if isinstance(obj, list | tuple) and index < len(obj) and (type(obj) is not Array or obj[index] is not None):
        return True
    return model.has(obj, index)


def elements(obj: Any) -> Iterator[tuple[int, Any]]:
    """Index and value of every element that is there when its turn comes."""
    for index in indices(obj):
        if present(obj, index):
            yield index, model.get(obj, index)


def _remove(obj: object, index: int) -> None:
    if not model.delete(obj, index):
        raise TypeError(f"Cannot delete property '{index}' of {model.describe(obj)}")


def _move(obj: object, source: int, target: int) -> None:
    if present(obj, source):
        model.set(obj, target, model.get(obj, source))
    else:
        _remove(obj, target)


# ------------------------------------------------------------------------------------------- Array(…)


def _array(*args: object) -> Array:
    if len(args) != 1 or not isinstance(args[0], int | float) or isinstance(args[0], bool) or model.typeof(args[0]) != "number":
        return Array(args)
    made = Array()
    model.set(made, "length", args[0])
    return made


def _from(_this: object, items: object, function: object = None, receiver: object = None) -> Array:
    each = None if function is None else model.callback(function)
    if items is None or items is null:
        raise TypeError(f"{model.describe(items)} is not iterable")
    if not model.is_nullish(model.get(items, ITERATOR)):
        with iterating(items) as values:
            return collect(values if each is None else (each(receiver, value, index) for index, value in enumerate(values)))
    found = _array_like(items)
    return found if each is None else Array(each(receiver, value, index) for index, value in enumerate(paced(found)))


def _from_async(_this: object, items: object, function: object = None, receiver: object = None) -> Later:
    """``Array.fromAsync`` (ECMA-262 23.1.2.1 of 2026)."""
    each = None if function is None else model.callback(function)
    if items is None or items is null:
        raise TypeError(f"{model.describe(items)} is not iterable")
    iterable = any(not model.is_nullish(model.get(items, key)) for key in (ASYNC_ITERATOR, ITERATOR))

    async def gather() -> Array:
        made = Array()
        async for value in each_settled(items if iterable else _array_like(items)):
            made.append(value if each is None else await settled(each(receiver, value, len(made))))
            quota.array(len(made), 0)
        return made

    return Later(gather)


def _array_like(items: object) -> Array:
    like = model.to_object(items)
    quota.array(length_of(like))
    return Array(model.get(like, index) for index in indices(like))


STATICS: Table = MappingProxyType(
    {
        "fromAsync": (_from_async, 1),
        "from": (_from, 1),
        "isArray": lambda _this, value: model.is_array(value),
        "of": (lambda _this, *items: Array(items), 0),
    }
)


# ------------------------------------------------------------------------------------------- walking


def _walk(name: str) -> Callable[[Callable[[Any, Callable[..., Any]], Any]], Callable[..., Any]]:
    """A method ``(callback, thisArg)``: ``body(obj, each)``, where ``each(value, index)`` calls back."""

    def decorate(body: Callable[[Any, Callable[..., Any]], Any]) -> Callable[..., Any]:
        def method(this: object, function: object, receiver: object = None) -> Any:
            obj = model.to_object(this)
            length_of(obj)
            call = model.callback(function)
            return body(obj, lambda value, index: call(receiver, value, index, obj))

        method.__name__ = name
        return method

    return decorate


@_walk("every")
def _every(obj: Any, each: Callable[..., Any]) -> bool:
    return all(model.truthy(each(value, index)) for index, value in elements(obj))


@_walk("some")
def _some(obj: Any, each: Callable[..., Any]) -> bool:
    return any(model.truthy(each(value, index)) for index, value in elements(obj))


@_walk("filter")
def _filter(obj: Any, each: Callable[..., Any]) -> Array:
    return Array(value for index, value in elements(obj) if model.truthy(each(value, index)))


@_walk("forEach")
def _for_each(obj: Any, each: Callable[..., Any]) -> None:
    for index, value in elements(obj):
        each(value, index)


@_walk("map")
def _map(obj: Any, each: Callable[..., Any]) -> Array:
    made = Array([None] * quota.array(length_of(obj)))
    holes = set(range(len(made)))
    for index, value in elements(obj):
        made[index] = each(value, index)
        holes.discard(index)
    if holes:
        make_extra(made).holes = holes
    return made


@_walk("flatMap")
def _flat_map(obj: Any, each: Callable[..., Any]) -> Array:
    return collect(_flattened([each(value, index) for index, value in elements(obj)], 1))


def _find(reverse: bool, want: int) -> Callable[..., Any]:
    """``find`` and its kin look at every index; ``want``: 0 gives the index, 1 the value."""

    @_walk("find")
    def find(obj: Any, each: Callable[..., Any]) -> Any:
        order = range(length_of(obj))
        for index in paced(reversed(order) if reverse else order):
            value = model.get(obj, index)
            if model.truthy(each(value, index)):
                return (index, value)[want]
        return (-1, None)[want]

    return find


def _reduce(right: bool) -> Callable[..., Any]:
    def reduce(this: object, function: object, *initial: object) -> Any:
        obj = model.to_object(this)
        length = length_of(obj)
        call = model.callback(function)
        result = initial[0] if initial else MISSING
        for index in paced(range(length - 1, -1, -1) if right else range(length)):
            if not present(obj, index):
                continue
            value = model.get(obj, index)
            result = value if result is MISSING else call(None, result, value, index, obj)
        if result is MISSING:
            raise TypeError("Reduce of empty array with no initial value")
        return result

    return reduce


# ------------------------------------------------------------------------------------------- looking for something


def _at(this: object, index: object) -> Any:
    obj = model.to_object(this)
    length = length_of(obj)
    position = to_integer(index)
    position = position if position >= 0 else length + position
    return model.get(obj, int(position)) if 0 <= position < length else None


def _includes(this: object, wanted: object, start: object = None) -> bool:
    obj = model.to_object(this)
    length = length_of(obj)
    return any(model.same_value_zero(model.get(obj, index), wanted) for index in paced(range(relative(start, length), length)))


def _index_of(this: object, wanted: object, start: object = None) -> int:
    obj = model.to_object(this)
    length = length_of(obj)
    for index in paced(range(relative(start, length), length)):
        if present(obj, index) and model.strict_equal(model.get(obj, index), wanted):
            return index
    return -1


def _last_index_of(this: object, wanted: object, *start: object) -> int:
    obj = model.to_object(this)
    length = length_of(obj)
    position = to_integer(start[0]) if start else length - 1
    last = min(position, length - 1) if position >= 0 else length + position
    if last == -math.inf:
        return -1
    for index in paced(range(int(last), -1, -1)):
        if present(obj, index) and model.strict_equal(model.get(obj, index), wanted):
            return index
    return -1


# ------------------------------------------------------------------------------------------- making another


def _concat(this: object, *others: object) -> Array:
    made = Array()
    parts: list[Any] = [model.to_object(this), *others]
    for part in parts:
        if not _is_spreadable(part):
            made.append(part)
        elif is_dense(part) or type(part) is tuple:
            quota.array(len(made) + len(part), len(part))
            made += part
        else:
            base = len(made)
            quota.array(base + length_of(part), length_of(part))
            _lengthen(made, base + length_of(part))
            for index, value in elements(part):
                made[base + index] = value
                make_extra(made).holes.discard(base + index)
    return made


def _lengthen(array: Array, length: int) -> None:
    if length > len(array):
        make_extra(array).holes.update(range(len(array), length))
        array += [None] * (length - len(array))


def _is_spreadable(value: object) -> bool:
    """IsConcatSpreadable (23.1.3.2.1)."""
    if model.is_primitive(value):
        return False
    spreadable = model.get(value, IS_CONCAT_SPREADABLE)
    return model.is_array(value) if spreadable is None else model.truthy(spreadable)


def _flat(this: object, depth: object = None) -> Array:
    return collect(_flattened(model.to_object(this), 1 if depth is None else to_integer(depth)))


def _flattened(obj: Any, depth: float) -> Iterator[Any]:
    """FlattenIntoArray (23.1.3.13.1), without recursion."""
    levels = [elements(obj)]
    seen = 0
    while levels:
        _, value = next(levels[-1], (0, MISSING))
        if value is MISSING:
            levels.pop()
        elif len(levels) <= depth and model.is_array(value):
            levels.append(elements(value))
            seen += 1
            quota.array(max(seen, len(levels) * 64), 0)
        else:
            yield value


def _join(this: object, separator: object = None) -> str:
    obj = model.to_object(this)
    between = "," if separator is None else model.to_string(separator)
    return join(obj, between, {})


def join(obj: Any, separator: str, around: Mapping[int, object]) -> str:
    """``obj.join(separator)``. Arrays in arrays flatten, however deep; one that is inside itself counts as empty."""
    if separator == "," and not around and _is_unadorned(obj):
        return _join_nested(obj)
    pieces: list[str] = []
    size = 0
    for index in indices(obj):
        value = model.get(obj, index)
        if value is None or value is null or value is obj or id(value) in around:
            text = ""
        else:
            text = model.to_string(value)
        pieces.append(text)
        size += len(text) + len(separator)
        quota.fits(size)
    quota.text(size)
    return separator.join(pieces)


def _join_nested(array: Sequence[object]) -> str:
    pieces: list[str] = []
    size = 0
    path: list[tuple[object, Iterator[object]]] = [(array, iter(array))]
    inside = {id(array)}
    while path:
        current, rest = path[-1]
        item = next(rest, MISSING)
        if not len(pieces) % quota.STRIDE:
            quota.check()
        if item is MISSING:
            path.pop()
            inside.remove(id(current))
        elif _is_unadorned(item) and item and id(item) not in inside:
            path.append((item, iter(item)))  # type: ignore[call-overload]
            inside.add(id(item))
        else:
            pieces.append("" if item is None or item is null or _is_unadorned(item) else model.to_string(item))
            size += len(pieces[-1]) + 1
            quota.fits(size)
    quota.text(size)
    return ",".join(pieces)


def _is_unadorned(value: object) -> bool:
    """An array whose text is that of its elements, and nobody's ``toString``."""
    if not isinstance(value, list | tuple):
        return False
    extra = extra_of(value)
    return extra is None or (not extra.members and not extra.attributes and extra.prototype is MISSING)


def _to_string(this: object) -> Any:
    if _is_unadorned(this):
        return _join_nested(this)  # type: ignore[arg-type]
    obj = model.to_object(this)
    method = model.get(obj, "join")
    if callable(method):
        return model.apply(method, obj, ())
    from .objects import to_string

    return to_string(obj)


def _to_locale_string(this: object) -> str:
    obj = model.to_object(this)
    texts: list[str] = []
    size = 0
    for index in indices(obj):
        item = model.get(obj, index)
        texts.append("" if item is None or item is null else model.to_string(model.call(item, "toLocaleString", ())))
        size += len(texts[-1]) + 1
        quota.fits(size)
    quota.text(size)
    return ",".join(texts)


def _slice(this: object, start: object = None, end: object = None) -> Array:
    obj = model.to_object(this)
    length = length_of(obj)
    first, last = relative(start, length), relative(end, length, length)
    if is_dense(obj) or type(obj) is tuple:
        quota.array(last - first)
        return Array(obj[first:last])
    return _portion(obj, first, last)


def _portion(obj: Any, first: int, last: int) -> Array:
    made = Array()
    _lengthen(made, quota.array(last - first))
    for index in paced(range(first, last)):
        if present(obj, index):
            model.set(made, index - first, model.get(obj, index))
    if (extra := extra_of(made)) is not None and not extra.holes:
        del made._bp_extra
    return made


def _copy(obj: Any) -> Array:
    """Every element, holes as undefined: what the methods that change nothing begin with."""
    quota.array(length_of(obj))
    return Array(obj) if is_dense(obj) else Array(model.get(obj, index) for index in indices(obj))


def _to_spliced(this: object, *args: object) -> Array:
    copy = _copy(model.to_object(this))
    _splice(copy, *args)
    return copy


def _with(this: object, index: object, value: object) -> Array:
    copy = _copy(model.to_object(this))
    position = to_integer(index)
    position = position if position >= 0 else len(copy) + position
    if not 0 <= position < len(copy):
        raise RangeError("Invalid index : " + model.to_string(position))
    copy[int(position)] = value
    return copy


# ------------------------------------------------------------------------------------------- changing this one


def _copy_within(this: object, target: object, start: object, end: object = None) -> Any:
    obj = model.to_object(this)
    length = length_of(obj)
    to, first, last = relative(target, length), relative(start, length), relative(end, length, length)
    count = min(last - first, length - to)
    offsets = range(count)
    for offset in paced(reversed(offsets) if first < to else offsets):
        _move(obj, first + offset, to + offset)
    return obj


def _fill(this: object, value: object, start: object = None, end: object = None) -> Any:
    obj = model.to_object(this)
    length = length_of(obj)
    for index in paced(range(relative(start, length), relative(end, length, length))):
        model.set(obj, index, value)
    return obj


def _pop(this: object) -> Any:
    obj = model.to_object(this)
    if is_dense(obj):
        return obj.pop() if obj else None
    length = length_of(obj)
    if not length:
        model.set(obj, "length", 0)
        return None
    value = model.get(obj, length - 1)
    _remove(obj, length - 1)
    model.set(obj, "length", length - 1)
    return value


def _push(this: object, *items: object) -> int:
    obj = model.to_object(this)
    length = length_of(obj)
    quota.array(length + len(items), len(items))
    if is_dense(obj):
        obj += items
        return len(obj)
    for index, item in enumerate(items, length):
        model.set(obj, index, item)
    model.set(obj, "length", length + len(items))
    return length + len(items)


def _reverse(this: object) -> Any:
    obj = model.to_object(this)
    if is_dense(obj):
        obj.reverse()
        return obj
    length = length_of(obj)
    for low in paced(range(length // 2)):
        high = length - 1 - low
        there, here = (model.get(obj, index) if present(obj, index) else MISSING for index in (low, high))
        for index, value in ((low, here), (high, there)):
            if value is not MISSING:
                model.set(obj, index, value)
            elif present(obj, index):
                _remove(obj, index)
    return obj


def _shift(this: object) -> Any:
    obj = model.to_object(this)
    if is_dense(obj):
        return obj.pop(0) if obj else None
    removed = _replace(obj, 0, 1, ())
    return model.get(removed, 0)


def _unshift(this: object, *items: object) -> int:
    obj = model.to_object(this)
    quota.array(length_of(obj) + len(items), len(items))
    if is_dense(obj):
        obj[:0] = items
    else:
        _replace(obj, 0, 0, items)
    return length_of(obj)


def _splice(this: object, *args: object) -> Array:
    obj = model.to_object(this)
    length = length_of(obj)
    start = relative(args[0], length) if args else 0
    count = 0 if not args else length - start if len(args) == 1 else int(min(max(to_integer(args[1]), 0), length - start))
    items = args[2:]
    quota.array(length + len(items) - count, len(items))
    if is_dense(obj):
        removed = Array(obj[start : start + count])
        obj[start : start + count] = items
        return removed
    return _replace(obj, start, count, items)


def _replace(obj: Any, start: int, count: int, items: Sequence[object]) -> Array:
    """The general way of ``splice``, ``shift`` and ``unshift`` (23.1.3.31)."""
    length = length_of(obj)
    removed = _portion(obj, start, start + min(count, length - start))
    count = len(removed)
    by = len(items) - count
    moved = range(start + count, length)
    for index in paced(reversed(moved) if by > 0 else moved if by else ()):
        _move(obj, index, index + by)
    for index in paced(range(length - 1, length + by - 1, -1)):
        _remove(obj, index)
    for index, item in enumerate(items, start):
        model.set(obj, index, item)
    model.set(obj, "length", length + by)
    return removed


def ordered(values: Iterable[Any], compare: object) -> list[Any]:
    """The values sorted by a comparison of the guest's, or as text, by code units (23.1.3.30.2)."""
    if compare is None:
        return sorted(values, key=pacing(lambda value: model.to_string(value).encode("utf-16-be", "surrogatepass")))
    call = model.callback(compare)

    def sign(a: object, b: object) -> int:
        result = model.to_number(call(None, a, b))
        return (result > 0) - (result < 0)

    keys: list[Any] = [*map(functools.cmp_to_key(pacing(sign)), paced(values))]
    keys.sort()
    return [key.obj for key in keys]


def _sorted(values: Iterable[Any], compare: object) -> list[Any]:
    items = list(values)
    defined = ordered([item for item in items if item is not None], compare)
    return defined + [None] * (len(items) - len(defined))


def demand_comparator(compare: object) -> None:
    """Raise ``TypeError`` for what is neither a function nor undefined."""
    if compare is not None and not callable(compare):
        raise TypeError("The comparison function must be either a function or undefined")


def _sort(this: object, compare: object = None) -> Any:
    demand_comparator(compare)
    obj = model.to_object(this)
    length = length_of(obj)
    there = _sorted((value for _, value in elements(obj)), compare)
    for index, value in enumerate(paced(there)):
        model.set(obj, index, value)
    for index in paced(range(len(there), length)):
        if present(obj, index):
            _remove(obj, index)
    return obj


def _to_sorted(this: object, compare: object = None) -> Array:
    demand_comparator(compare)
    return Array(_sorted(_copy(model.to_object(this)), compare))


# ------------------------------------------------------------------------------------------- iterators


def _values(this: object) -> Any:
    return iterator_over(model.to_object(this), "values")


PROTOTYPE: Table = MappingProxyType(
    {
        "at": _at,
        "concat": (_concat, 1),
        "copyWithin": (_copy_within, 2),
        "entries": lambda this: iterator_over(model.to_object(this), "entries"),
        "every": (_every, 1),
        "fill": (_fill, 1),
        "filter": (_filter, 1),
        "find": (_find(reverse=False, want=1), 1),
        "findIndex": (_find(reverse=False, want=0), 1),
        "findLast": (_find(reverse=True, want=1), 1),
        "findLastIndex": (_find(reverse=True, want=0), 1),
        "flat": (_flat, 0),
        "flatMap": (_flat_map, 1),
        "forEach": (_for_each, 1),
        "includes": (_includes, 1),
        "indexOf": (_index_of, 1),
        "join": _join,
        "keys": lambda this: iterator_over(model.to_object(this), "keys"),
        "lastIndexOf": (_last_index_of, 1),
        "map": (_map, 1),
        "pop": _pop,
        "push": (_push, 1),
        "reduce": (_reduce(right=False), 1),
        "reduceRight": (_reduce(right=True), 1),
        "reverse": _reverse,
        "shift": _shift,
        "slice": _slice,
        "some": (_some, 1),
        "sort": _sort,
        "splice": (_splice, 2),
        "toLocaleString": _to_locale_string,
        "toReversed": lambda this: Array(reversed(_copy(model.to_object(this)))),
        "toSorted": _to_sorted,
        "toSpliced": (_to_spliced, 2),
        "toString": _to_string,
        "unshift": (_unshift, 1),
        "values": _values,
        "with": _with,
        ITERATOR: _values,
    }
)

CLASSES: Mapping[str, Any] = MappingProxyType(
    {"Array": Class("Array", call=_array, construct=_array, length=1, statics=STATICS, prototype=PROTOTYPE, values={"length": 0})}
)
