"""``String``: the class of the methods in :mod:`.strings`, with the patterns that guests bring (ECMA-262 22.1.3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from . import model, strings
from .classes import Class, Table, with_lengths, without_this
from .coercions import require_object_coercible
from .errors import TypeError
from .iterators import BuiltinIterator, characters
from .ordinary import Array, Object, extra_of, make_extra
from .primitives import Symbol, null
from .symbols import ITERATOR, MATCH, MATCH_ALL, REPLACE, SEARCH, SPLIT
from .wrappers import Wrapper, unwrapping

# ------------------------------------------------------------------------------------------- what matches look like to a guest


def match_array(found: Any) -> Any:
    """A match as guests know it: an array that has ``index``, ``input`` and ``groups``; null and plain lists are none."""
    if found is None or found is null:
        return null
    array = Array(found)
    if hasattr(found, "position"):
        members = make_extra(array).members
        members.update(index=found.position, input=found.input, groups=_groups(found.groups))
        if found.indices is not None:
            members["indices"] = indices = Array(None if span is None else Array(span) for span in found.indices)
            groups = _groups(found.indices.groups)
            if groups is not None:
                groups.update({name: Array(span) for name, span in groups.items() if span is not None})
            make_extra(indices).members["groups"] = groups
    return array


def _groups(groups: dict[str, Any] | None) -> Object | None:
    if groups is None:
        return None
    made = Object(groups)
    make_extra(made).prototype = null
    return made


def matches(found: Iterator[Any]) -> BuiltinIterator:
    """What ``matchAll`` gives."""
    return BuiltinIterator(map(match_array, found), "RegExp String Iterator")


def replacement(value: Any) -> Any:
    """What takes the place of a match; a function is given as many arguments as it takes."""
    return partial(model.callback(value), None) if callable(value) else value


# ------------------------------------------------------------------------------------------- methods


def _by(symbol: Symbol, method: Callable[..., Any], name: str) -> Callable[..., Any]:
    """A method that leaves its work to the pattern's own, under ``symbol``, if it is an object that has one."""

    def run(this: object, pattern: object, more: object = None) -> Any:
        require_object_coercible(this, f"String.prototype.{name}")
        if not model.is_primitive(pattern) and not (isinstance(pattern, strings.Pattern) and extra_of(pattern) is None):
            if name in ("matchAll", "replaceAll") and strings.is_regexp(pattern):
                flags = model.get(pattern, "flags")
                require_object_coercible(flags, f"String.prototype.{name}")
                if "g" not in model.to_string(flags):
                    raise TypeError(f"String.prototype.{name} called with a non-global RegExp argument")
            own = model.get(pattern, symbol)
            if own is not None and own is not null:
                return model.apply(own, pattern, [this] if name in ("match", "matchAll", "search") else [this, more])
        return method(this, pattern, more)

    return run


PROTOTYPE: Table = MappingProxyType(
    {
        "trimStart": strings.trim_start,  # before their other names, which are not the functions' own
        "trimEnd": strings.trim_end,
        **with_lengths(
            strings.PROTOTYPE,
            concat=1,
            endsWith=1,
            includes=1,
            indexOf=1,
            lastIndexOf=1,
            localeCompare=1,
            normalize=0,
            startsWith=1,
            toLocaleLowerCase=0,
            toLocaleUpperCase=0,
        ),
        **unwrapping({"toString": strings.PROTOTYPE["toString"], "valueOf": strings.PROTOTYPE["valueOf"]}),
        "match": (_by(MATCH, lambda this, pattern, _: match_array(strings.match(this, pattern)), "match"), 1),
        "matchAll": (_by(MATCH_ALL, lambda this, pattern, _: matches(strings.match_all(this, pattern)), "matchAll"), 1),
        "replace": (_by(REPLACE, lambda this, pattern, by: strings.replace(this, pattern, replacement(by)), "replace"), 2),
        "replaceAll": (_by(REPLACE, lambda this, pattern, by: strings.replace_all(this, pattern, replacement(by)), "replaceAll"), 2),
        "search": (_by(SEARCH, lambda this, pattern, _: strings.search(this, pattern), "search"), 1),
        "split": (_by(SPLIT, lambda this, between, limit: Array(strings.split(this, between, limit)), "split"), 2),
        ITERATOR: lambda this: characters("".join(strings.iterate(this))),
    }
)


def _string(value: object = "") -> str:
    return repr(value) if isinstance(value, Symbol) else model.to_string(value)


CLASSES: Mapping[str, Any] = MappingProxyType(
    {
        "String": Class(
            "String",
            call=_string,
            construct=lambda value="": Wrapper(model.to_string(value)),
            length=1,
            statics=with_lengths(without_this(strings.STATICS), fromCharCode=1, fromCodePoint=1, raw=1),
            prototype=PROTOTYPE,
            values={"length": 0},
        ),
    }
)
