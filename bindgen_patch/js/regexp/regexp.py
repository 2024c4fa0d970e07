"""``RegExp`` (ECMA-262 22.2), with the flags ``d g i m s u v y``, named groups, lookbehind, modifiers and the sets of ``v``.

A pattern is read by :mod:`.parser`. Where Python's engine means the same by it and needs linear time, it matches
(:mod:`.linear`), otherwise our own does (:mod:`.matcher`). Both are interruptible: :data:`patience` is called again and
again while they work, and what it raises ends the search.

These are refused with a ``SyntaxError`` though they are well formed:

* ``\\p{…}`` for what Python's Unicode database does not tell: ``Script`` and ``Script_Extensions``, the properties of strings, and all
  binary properties but ``ASCII``, ``ASCII_Hex_Digit``, ``Any``, ``Assigned``, ``ID_Continue``, ``ID_Start``, ``Lowercase``,
  ``Noncharacter_Code_Point``, ``Pattern_White_Space``, ``Regional_Indicator``, ``Uppercase`` and ``White_Space``. Every
  ``General_Category`` is there, as of the Unicode version of the running Python;
* patterns of more than 65,536 characters or 4,096 captures, or nested more than 80 deep.

The standard is followed where V8 leaves it: with ``u`` nothing matches between the halves of a pair, a group may not have the name of one
around it, modifiers (``(?i:…)``) end with their group, and with ``iv`` properties are closed under case.
"""

from __future__ import annotations

import functools
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from .. import model, quota, strings
from ..coercions import to_length, to_uint32
from ..errors import SyntaxError, TypeError
from ..primitives import SPACE, null
from ..strings import assemble, joined, substitution, units
from .linear import translate
from .matcher import STEPS, Captures, Matcher, Program, prefilter
from .parser import Flags, parse

patience: Callable[[], None] = quota.check
"""Called every few thousand steps of a search. What it raises ends the search: a deadline, or the interruption of a guest."""

_FLAGS: Final = {
    "d": "hasIndices",
    "g": "global",
    "i": "ignoreCase",
    "m": "multiline",
    "s": "dotAll",
    "u": "unicode",
    "v": "unicodeSets",
    "y": "sticky",
}
"""Flag -> the property that tells of it, in the order in which ``flags`` has them."""


_MAX_KEPT_PATTERN: Final = 1 << 10
_MAX_KEPT_TEXT: Final = 1 << 18
"""Larger ones are not kept for their next use: guests decide what there is, and what is kept is many times as large."""


class MatchArray(list[Any]):
    """What ``exec`` gives: the match and its captures, ``None`` for those that took no part. ``position`` is JavaScript's ``index``."""

    def __init__(self, items: list[str | None], index: int, text: str, groups: dict[str, Any] | None) -> None:
        super().__init__(items)
        self.position = index
        self.input = text
        self.groups = groups
        self.indices: Indices | None = None


class Indices(list[Any]):
    """``match.indices``: where each of them begins and ends."""

    def __init__(self, items: list[list[int] | None], groups: dict[str, Any] | None) -> None:
        super().__init__(items)
        self.groups = groups


# ------------------------------------------------------------------------------------------- searching


class _Subject:
    """A text as a pattern sees it: by code units, or with ``u`` by code points. JavaScript's indices are always those of code units."""

    def __init__(self, text: str, by_code_point: bool) -> None:
        self.text = text
        self.chars = joined(text) if by_code_point else units(text)
        self._long = [at for at, char in enumerate(self.chars) if char > "\uffff"] if by_code_point and len(units(text)) > len(text) else []
        self._long_units = [at + before for before, at in enumerate(self._long)]

    def to_unit(self, index: int) -> int:
        """The index in code units of a character."""
        return index + bisect_left(self._long, index)

    def from_unit(self, index: int) -> int:
        """The character that a code unit belongs to."""
        return index - bisect_left(self._long_units, index)

    def part(self, start: int, end: int) -> str:
        """A part between two characters."""
        return joined(self.chars[start:end])


class _Compiled:
    """A pattern, ready to search for."""

    def __init__(self, source: str, flags: Flags) -> None:
        pattern = parse(source, flags)
        self.captures = pattern.captures
        self.names = pattern.names
        self._starts = prefilter(pattern)
        translated = translate(pattern)
        self._linear: re.Pattern[str] | None = translated[0] if translated else None
        self._bounded = translated is not None and translated[1]
        self._program = None if translated else Program(pattern, flags.by_code_point)
        self._fuel = STEPS

    def find(self, chars: str, start: int, sticky: bool) -> Captures | None:
        """The first match at or after ``start``, with ``sticky`` just there."""
        self._spend(1)
        if not self._program:
            return self._first(chars, start, sticky, functools.partial(self._match_linear, chars))
        matcher = Matcher(self._program, chars, patience, self._fuel)
        found = self._first(chars, start, sticky, matcher.match)
        self._fuel = matcher.fuel
        return found

    def _first(self, chars: str, start: int, sticky: bool, match: Callable[[int], Captures | None]) -> Captures | None:
        while start <= len(chars):
            if self._starts and not sticky:
                candidate = self._starts.search(chars, start)
                if candidate is None:
                    return None
                start = candidate.start()
            found = match(start)
            if found is not None or sticky:
                return found
            start += 1
        return None

    def _match_linear(self, chars: str, start: int) -> Captures | None:
        """By Python's engine; unless the pattern is bounded, an attempt may take time in proportion to the rest of the text."""
        assert self._linear
        self._spend(1 if self._bounded else 1 + ((len(chars) - start) >> 10))
        found = self._linear.match(chars, start)
        return None if found is None else [end for span in found.regs for end in span]

    def _spend(self, steps: int) -> None:
        self._fuel -= steps
        if self._fuel <= 0:
            self._fuel = STEPS
            patience()


def _compile(source: str, flags: Flags) -> _Compiled:
    try:
        return _kept_compiled(source, flags) if len(source) <= _MAX_KEPT_PATTERN else _Compiled(source, flags)
    except RecursionError:
        raise SyntaxError("Regular expression too large") from None


_kept_compiled = functools.lru_cache(maxsize=128)(_Compiled)


# ------------------------------------------------------------------------------------------- RegExp


class RegExp(strings.Pattern):
    """A JavaScript regular expression."""

    _bp_class = _bp_tag = "RegExp"

    def __init__(self, pattern: object = None, flags: object = None) -> None:
        self.last_index: object = 0
        """``lastIndex``: where a search with ``g`` or ``y`` begins. A guest may put anything there."""
        if isinstance(pattern, RegExp):
            source, default = pattern._pattern, pattern._flags
        else:
            source, default = "" if pattern is None else model.to_string(pattern), ""
        self._initialize(source, default if flags is None else model.to_string(flags))

    def _initialize(self, source: str, flags: str) -> None:
        if not set(flags) <= set(_FLAGS) or len(set(flags)) < len(flags) or ("u" in flags and "v" in flags):
            raise SyntaxError(f"Invalid flags supplied to RegExp constructor '{flags[:80]}'")
        meaning = Flags("i" in flags, "m" in flags, "s" in flags, "u" in flags, "v" in flags)
        try:
            self._compiled = _compile(source, meaning)
        except SyntaxError as error:
            raise SyntaxError(f"Invalid regular expression: /{source[:200]}/{flags}: {error.message}") from None
        self._pattern = source
        self._flags = "".join(sorted(flags))
        self._by_code_point = meaning.by_code_point
        self._remembers = "g" in flags or "y" in flags

    def __repr__(self) -> str:
        return f"/{self.source}/{self.flags}"

    @property
    def flags(self) -> str:
        """The flags, in the order of the alphabet."""
        return self._flags

    @property
    def source(self) -> str:
        """The pattern, written so that it could stand between two slashes."""
        return _escaped_source(self._pattern)

    def exec(self, text: str) -> MatchArray | None:
        """RegExpBuiltinExec: the next match, or ``None``."""
        subject = _subject(text, self._by_code_point)
        found = self._next(subject)
        return None if found is None else self._array(subject, found)

    def test(self, text: str) -> bool:
        """Whether there is a next match."""
        return self._next(_subject(text, self._by_code_point)) is not None

    def match(self, text: str) -> Any:
        """``text.match(this)``: what ``exec`` gives, or with ``g`` the list of all matches; ``js.null`` when there is none."""
        if "g" not in self._flags:
            first = self.exec(text)
            return null if first is None else first
        subject = _subject(text, self._by_code_point)
        matches: list[str] = []
        for found in self._all(subject):
            matches.append(subject.part(found[0], found[1]))
            quota.grown(len(matches))
        return matches or null

    def match_all(self, text: str) -> Iterator[MatchArray]:
        """``text.matchAll(this)``: by a copy of this one."""
        copy = RegExp(self)
        copy.last_index = to_length(self.last_index)
        return copy._matches(text)

    def _matches(self, text: str) -> Iterator[MatchArray]:
        subject = _subject(text, self._by_code_point)
        while (found := self._next(subject)) is not None:
            yield self._array(subject, found)
            if "g" not in self._flags:
                return
            if found[0] == found[1]:
                self.last_index = subject.to_unit(found[1] + 1)

    def search(self, text: str) -> int:
        """``text.search(this)``: the index of the first match, or -1; ``last_index`` stays as it is."""
        subject = _subject(text, self._by_code_point)
        found = self._compiled.find(subject.chars, 0, "y" in self._flags)
        return -1 if found is None else subject.to_unit(found[0])

    def replace(self, text: str, replacement: object) -> str:
        """``text.replace(this, replacement)``: a template, or a function of the match, its captures, the index, and the text."""
        template = replacement if callable(replacement) else units(model.to_string(replacement))
        subject = _subject(text, self._by_code_point)
        results: Iterable[Captures]
        if "g" in self._flags:
            results = self._all(subject)
        else:
            found = self._next(subject)
            results = [] if found is None else [found]
        whole, names = units(text), self._compiled.names

        def pieces() -> Iterator[str]:
            done = 0
            for found in results:
                yield units(subject.part(done, found[0]))
                done = found[1]
                items = self._items(subject, found)
                groups = _groups(items, names)
                index = subject.to_unit(found[0])
                if isinstance(template, str):
                    captures = [None if item is None else units(item) for item in items[1:]]
                    named = None if groups is None else groups.get
                    yield substitution(template, whole, index, units(items[0] or ""), captures, named)
                else:
                    yield units(model.to_string(template(*items, index, text, *([] if groups is None else [groups]))))
            yield units(subject.part(done, len(subject.chars)))

        return assemble(pieces())

    def split(self, text: str, limit: object = None) -> list[str | None]:
        """``text.split(this, limit)``: the parts between matches, and the captures of each."""
        most = 2**32 - 1 if limit is None else to_uint32(limit)
        subject = _subject(text, self._by_code_point)
        size = len(subject.chars)
        parts: list[str | None] = []
        if not most:
            return parts
        if not size:
            return parts if self._compiled.find("", 0, True) else [text]
        done = at = 0
        while at < size and (found := self._compiled.find(subject.chars, at, False)) is not None and found[0] < size:
            if found[1] == done:
                at = found[0] + 1
                continue
            parts += [subject.part(done, found[0]), *self._items(subject, found)[1:]]
            quota.grown(len(parts))
            if len(parts) >= most:
                return parts[:most]
            done = at = found[1]
        parts.append(subject.part(done, size))
        return parts

    def _next(self, subject: _Subject) -> Captures | None:
        """The match that ``exec`` gives, with what it does to ``last_index``."""
        last = to_length(self.last_index)
        start = last if self._remembers else 0
        found = None
        if start <= subject.to_unit(len(subject.chars)):
            found = self._compiled.find(subject.chars, subject.from_unit(start), "y" in self._flags)
        if self._remembers:
            self.last_index = 0 if found is None else subject.to_unit(found[1])
        return found

    def _all(self, subject: _Subject) -> Iterator[Captures]:
        """All matches of a global pattern, one after the other; what becomes of it meanwhile has no influence."""
        compiled, sticky = self._compiled, "y" in self._flags
        start = 0
        self.last_index = 0
        while (found := compiled.find(subject.chars, start, sticky)) is not None:
            yield found
            start = found[1] + (found[0] == found[1])

    def _items(self, subject: _Subject, found: Captures) -> list[str | None]:
        pairs = zip(found[::2], found[1::2], strict=True)
        return [None if start < 0 or end < 0 else subject.part(start, end) for start, end in pairs]

    def _array(self, subject: _Subject, found: Captures) -> MatchArray:
        items = self._items(subject, found)
        result = MatchArray(items, subject.to_unit(found[0]), subject.text, _groups(items, self._compiled.names))
        if "d" in self._flags:
            places = [subject.to_unit(place) if place >= 0 else -1 for place in found]
            spans = [None if start < 0 or end < 0 else [start, end] for start, end in zip(places[::2], places[1::2], strict=True)]
            result.indices = Indices(spans, _groups(spans, self._compiled.names))
        return result


def _groups(items: list[Any], names: Mapping[str, Sequence[int]]) -> dict[str, Any] | None:
    """What each name stands for, of captures or of where they are; ``None`` for a pattern without names."""
    if not names:
        return None
    return {name: next((items[index] for index in indices if items[index] is not None), None) for name, indices in names.items()}


def _subject(text: str, by_code_point: bool) -> _Subject:
    """The latest ones are kept: ``exec`` is called again and again with one text."""
    return _Subject(text, by_code_point) if text.isascii() or len(text) > _MAX_KEPT_TEXT else _kept_subject(text, by_code_point)


_kept_subject = functools.lru_cache(maxsize=2)(_Subject)


_SLASH: Final = re.compile(r"\\.|\[(?:\\.|[^\]\\])*\]|/|[\n\r\u2028\u2029]", re.DOTALL)
_LINE_ENDS: Final = {"\n": "\\n", "\r": "\\r", "\u2028": "\\u2028", "\u2029": "\\u2029", "/": "\\/"}


def _escaped_source(source: str) -> str:
    """EscapeRegExpPattern (22.2.6.13.1)."""
    escaped = _SLASH.sub(lambda found: _LINE_ENDS.get(found[0], found[0]), source)
    return re.sub("[\n\r\u2028\u2029]", lambda found: _LINE_ENDS[found[0]], escaped) or "(?:)"


# ------------------------------------------------------------------------------------------- RegExp.escape

_ESCAPED: Final = {**{char: "\\" + char for char in "^$\\.*+?()[]{}|/"}, "\t": "\\t", "\n": "\\n", "\v": "\\v", "\f": "\\f", "\r": "\\r"}
_CODED: Final = frozenset(",-=<>#&!%:;@~'`\"" + SPACE)


def escape(text: object = None) -> str:
    """``RegExp.escape``: a pattern that matches just this text, wherever it stands in a larger one."""
    if not isinstance(text, str):
        raise TypeError("RegExp.escape was called with what is no string")
    return assemble(_escaped(char, first=not at) for at, char in enumerate(joined(text)))


def _escaped(char: str, first: bool) -> str:
    if first and char.isascii() and char.isalnum():
        return f"\\x{ord(char):02x}"
    if char in _ESCAPED:
        return _ESCAPED[char]
    if char in _CODED or "\ud800" <= char <= "\udfff":
        return f"\\x{ord(char):02x}" if char <= "\xff" else f"\\u{ord(char):04x}"
    return char


# ------------------------------------------------------------------------------------------- tables


def _this(this: object, method: str) -> RegExp:
    if isinstance(this, RegExp):
        return this
    raise TypeError(f"Method RegExp.prototype.{method} called on incompatible receiver {model.describe(this)}")


def _exec(this: object, text: object = None) -> Any:
    pattern = _this(this, "exec")
    found = pattern.exec(model.to_string(text))
    return null if found is None else found


def _test(this: object, text: object = None) -> bool:
    return _this(this, "test").test(model.to_string(text))


def _to_string(this: object) -> str:
    return repr(_this(this, "toString"))


def _recompile(this: object, pattern: object = None, flags: object = None) -> RegExp:
    """``RegExp.prototype.compile`` (annex B)."""
    target = _this(this, "compile")
    if isinstance(pattern, RegExp):
        if flags is not None:
            raise TypeError("Invalid flags supplied to RegExp.prototype.compile")
        target._initialize(pattern._pattern, pattern._flags)
    else:
        target._initialize("" if pattern is None else model.to_string(pattern), "" if flags is None else model.to_string(flags))
    target.last_index = 0
    return target


def _set_last_index(this: object, value: object) -> None:
    _this(this, "lastIndex").last_index = value


def _flag(flag: str, name: str) -> Callable[[object], bool]:
    return lambda this: flag in _this(this, name).flags


PROTOTYPE: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {"compile": _recompile, "exec": _exec, "test": _test, "toString": _to_string}
)
"""``RegExp.prototype``: functions of ``this`` and the arguments. The methods for symbols are those of :class:`RegExp`."""

GETTERS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "flags": lambda this: _this(this, "flags").flags,
        "lastIndex": lambda this: _this(this, "lastIndex").last_index,
        "source": lambda this: _this(this, "source").source,
        **{name: _flag(flag, name) for flag, name in _FLAGS.items()},
    }
)
"""What regular expressions have besides methods."""

SETTERS: Mapping[str, Callable[[Any, object], None]] = MappingProxyType({"lastIndex": _set_last_index})

STATICS: Mapping[str, Callable[..., Any]] = MappingProxyType({"escape": escape})
"""The functions of ``RegExp``."""
