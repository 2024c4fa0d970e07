"""``Headers`` (Fetch 5.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from itertools import islice
from types import MappingProxyType
from typing import Any, ClassVar, Final, cast

from .. import errors, model, quota
from ..classes import Class
from ..iterators import BuiltinIterator, kind
from ..ordinary import Array, Ordinary
from ..primitives import null
from ..symbols import ITERATOR
from .events import arguments, this_is

_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_SPACE: Final = "\t\n\r "
MAX_HEADERS: Final = 1 << 14
"""How many there may be in one list."""


def _name(value: object) -> str:
    text = value if isinstance(value, str) else model.to_string(value)
    if not _NAME.fullmatch(text):
        raise errors.TypeError(f"{model.describe(text)} is an invalid header name")
    return text


def _value(value: object) -> str:
    """A ByteString, normalized (2.2.2)."""
    text = (value if isinstance(value, str) else model.to_string(value)).strip(_SPACE)
    if any(char > "\xff" for char in text):
        raise errors.TypeError("a header value has a character above 255")
    if any(char in "\0\r\n" for char in text):
        raise errors.TypeError("an invalid header value")
    return text


def _joined(values: list[str]) -> str:
    quota.text(sum(map(len, values)) + 2 * len(values))
    return ", ".join(values)


class Headers(Ordinary, MutableMapping[str, str]):
    """The headers of a request or response: a mapping whose keys are the same in small and capital letters.

    Values of one name are joined by a comma, but those of ``Set-Cookie``: :meth:`get_all`, :meth:`append`. Made of another mapping, or of
    pairs. Raises :class:`TypeError` for what can not be a header.
    """

    __slots__ = ("_sorted", "immutable", "pairs")
    _bp_class: ClassVar[str] = "Headers"

    def __init__(self, init: Mapping[str, str] | Iterable[tuple[str, str]] | None = None) -> None:
        self.pairs: list[tuple[str, str]] = []
        """As they came, the names as they were written first."""
        self._sorted: list[tuple[str, str]] | None = None
        """Sorted and combined, since they were changed last."""
        self.immutable = False
        if isinstance(init, Headers):
            self.pairs = list(init.pairs)
        elif init is not None:
            for name, value in cast("Iterable[tuple[str, str]]", init.items() if isinstance(init, Mapping) else init):
                self.append(name, value)

    def append(self, name: str, value: str) -> None:
        """One more."""
        name, value = _name(name), _value(value)
        self._writable()
        if len(self.pairs) >= MAX_HEADERS:
            raise errors.RangeError(f"more than {MAX_HEADERS} headers")
        known = next((found for found, _ in self.pairs if found.lower() == name.lower()), name)
        self.pairs.append((known, value))

    def get_all(self, name: str) -> list[str]:
        """Every value of a name."""
        wanted = name.lower()
        return [value for found, value in self.pairs if found.lower() == wanted]

    def _writable(self) -> None:
        if self.immutable:
            raise errors.TypeError("immutable")
        self._sorted = None

    @property
    def combined(self) -> list[tuple[str, str]]:
        """Sort and combine (2.2.2): what iterating gives, as things are now."""
        if self._sorted is None:
            values: dict[str, list[str]] = {}
            for name, value in self.pairs:
                values.setdefault(name.lower(), []).append(value)
            self._sorted = []
            for name, found in sorted(values.items()):
                self._sorted += [(name, value) for value in (found if name == "set-cookie" else [_joined(found)])]
        return self._sorted

    def __getitem__(self, name: str) -> str:
        values = self.get_all(name)
        if not values:
            raise KeyError(name)
        return _joined(values)

    def __setitem__(self, name: str, value: str) -> None:
        name, value = _name(name), _value(value)
        self._writable()
        wanted = name.lower()
        place = next((place for place, (found, _) in enumerate(self.pairs) if found.lower() == wanted), len(self.pairs))
        known = self.pairs[place][0] if place < len(self.pairs) else name
        self.pairs[place:] = [(known, value), *(pair for pair in self.pairs[place:] if pair[0].lower() != wanted)]

    def __delitem__(self, name: str) -> None:
        self._writable()
        left = [pair for pair in self.pairs if pair[0].lower() != name.lower()]
        if len(left) == len(self.pairs):
            raise KeyError(name)
        self.pairs[:] = left

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and any(found.lower() == name.lower() for found, _ in self.pairs)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for name, _ in self.combined))

    def __len__(self) -> int:
        return len({name.lower() for name, _ in self.pairs})

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return object.__hash__(self)

    def __repr__(self) -> str:
        return f"js.Headers({self.pairs!r})"

    def to_python(self) -> dict[str, str]:
        """The combined values by name."""
        return dict(self)


# ------------------------------------------------------------------------------------------- as guests see them


def filled(init: object) -> Headers:
    """What ``new Headers(init)`` makes (fill, 5.1): of pairs, or of an object."""
    headers = Headers()
    if init is None:
        return headers
    if model.is_primitive(init):
        raise errors.TypeError("headers are given as an object or as an array of pairs")
    if isinstance(init, Headers):
        return Headers(init)
    if not model.is_nullish(model.get(init, ITERATOR)):
        for pair in model.iterate(init):
            parts = [] if model.is_primitive(pair) else list(islice(model.iterate(pair), 3))
            if len(parts) != 2:
                raise errors.TypeError("each header is given as a name and a value")
            headers.append(_name(parts[0]), _value(parts[1]))
        return headers
    for key in model.own_keys(init):
        found = model.own(init, key)
        if found is not None and found.enumerable:
            headers.append(_name(key), _value(model.get(init, key)))
    return headers


_headers = this_is(Headers)


def _append(this: object, *args: Any) -> None:
    headers = _headers(this)
    arguments(2, args, "Headers.append")
    headers.append(model.to_string(args[0]), model.to_string(args[1]))


def _set(this: object, *args: Any) -> None:
    headers = _headers(this)
    arguments(2, args, "Headers.set")
    headers[model.to_string(args[0])] = model.to_string(args[1])


def _of_name(method: str, do: Callable[[Headers, str], Any]) -> Callable[..., Any]:
    def call(this: object, *args: Any) -> Any:
        headers = _headers(this)
        arguments(1, args, f"Headers.{method}")
        return do(headers, _name(args[0]))

    return call


def _delete(headers: Headers, name: str) -> None:
    headers._writable()
    headers.pop(name, None)


def _walk(pick: Callable[[tuple[str, str]], Any]) -> Callable[[object], BuiltinIterator]:
    def walk(headers: Headers) -> Iterator[Any]:
        index = 0
        while index < len(headers.combined):
            yield pick(headers.combined[index])
            index += 1

    return lambda this: BuiltinIterator(walk(_headers(this)), "Headers Iterator")


def _for_each(this: object, *args: Any) -> None:
    headers = _headers(this)
    arguments(1, args, "Headers.forEach")
    call, index = model.callback(args[0]), 0
    while index < len(headers.combined):
        name, value = headers.combined[index]
        call(args[1] if len(args) > 1 else None, value, name, headers)
        index += 1


_entries = _walk(Array)

CLASSES: Mapping[str, Any] = MappingProxyType(
    {
        "Headers": Class(
            "Headers",
            construct=lambda init=None: filled(init),
            prototype={
                "append": (_append, 2),
                "delete": (_of_name("delete", _delete), 1),
                "entries": _entries,
                "forEach": (_for_each, 1),
                "get": (_of_name("get", lambda headers, name: headers.get(name, null)), 1),
                "getSetCookie": lambda this: Array(_headers(this).get_all("set-cookie")),
                "has": (_of_name("has", lambda headers, name: name in headers), 1),
                "keys": _walk(lambda entry: entry[0]),
                "set": (_set, 2),
                "values": _walk(lambda entry: entry[1]),
                ITERATOR: _entries,
            },
            tag="Headers",
        ),
        "Headers Iterator": kind("Headers Iterator"),
    }
)
