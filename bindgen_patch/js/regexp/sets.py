"""Sets of characters, and which characters are the same when case is ignored (ECMA-262 22.2.2.7.3 and 22.2.2.9).

A pattern's classes are closed under case when they are parsed, so that matching is a look into a set whatever the flags.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from ..primitives import SPACE

LAST: Final = 0x10FFFF


@dataclass(frozen=True, slots=True)
class CharSet:
    """A set of code points (of code units without ``u``): disjoint ranges in order, both ends included."""

    ranges: tuple[tuple[int, int], ...]

    @staticmethod
    def of(*parts: str | int | tuple[int, int]) -> CharSet:
        """The characters of texts, single code points, and ranges."""
        spans: list[tuple[int, int]] = []
        for part in parts:
            if isinstance(part, str):
                spans += [(ord(char), ord(char)) for char in part]
            else:
                spans.append((part, part) if isinstance(part, int) else part)
        return CharSet(_merged(spans))

    def __contains__(self, code: int) -> bool:
        place = bisect_right(self.ranges, (code, LAST + 1)) - 1
        return place >= 0 and code <= self.ranges[place][1]

    def __or__(self, other: CharSet) -> CharSet:
        return CharSet(_merged([*self.ranges, *other.ranges]))

    def __invert__(self) -> CharSet:
        gaps: list[tuple[int, int]] = []
        start = 0
        for low, high in self.ranges:
            if low > start:
                gaps.append((start, low - 1))
            start = high + 1
        return CharSet((*gaps, (start, LAST)) if start <= LAST else tuple(gaps))

    def __and__(self, other: CharSet) -> CharSet:
        return ~(~self | ~other)

    def __sub__(self, other: CharSet) -> CharSet:
        return self & ~other

    def isdisjoint(self, other: CharSet) -> bool:
        """Whether they have no character in common."""
        return not (self & other).ranges

    def single(self) -> str | None:
        """The character, if there is just one."""
        return chr(self.ranges[0][0]) if len(self.ranges) == 1 and self.ranges[0][0] == self.ranges[0][1] else None

    def python(self) -> str:
        """As a class of Python's ``re``."""
        if not self.ranges:
            return "(?!)"
        return f"[{''.join(f'{_escaped(low)}-{_escaped(high)}' if low < high else _escaped(low) for low, high in self.ranges)}]"


def _escaped(code: int) -> str:
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _merged(spans: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    kept: list[tuple[int, int]] = []
    for low, high in sorted(spans):
        if kept and low <= kept[-1][1] + 1:
            kept[-1] = (kept[-1][0], max(kept[-1][1], high))
        else:
            kept.append((low, high))
    return tuple(kept)


class Membership(dict[str, bool]):
    """Whether a character is in a set, looked up once for each that is common."""

    def __init__(self, chars: CharSet) -> None:
        super().__init__()
        self._chars = chars

    def __missing__(self, char: str) -> bool:
        answer = ord(char) in self._chars
        if len(self) < 1024:
            self[char] = answer
        return answer


NOTHING: Final = CharSet(())
EVERYTHING: Final = CharSet(((0, LAST),))
DIGITS: Final = CharSet.of((0x30, 0x39))
WORD: Final = CharSet.of((0x30, 0x39), (0x41, 0x5A), (0x61, 0x7A), "_")
SPACES: Final = CharSet.of(SPACE)
LINE_ENDS: Final = CharSet.of("\n\r\u2028\u2029")


# ------------------------------------------------------------------------------------------- case


def canonical(char: str) -> str:
    """Canonicalize without ``u``: upper case, where that is one code unit and does not lead into ASCII from outside it."""
    upper = char.upper()
    if len(upper) != 1 or upper > "\uffff" or (char >= "\x80" > upper):
        return char
    return upper


_LATE_FOLDINGS: Final = {"\u1fd3": "\u0390", "\u1fe3": "\u03b0", "\ufb05": "\ufb06"}
"""Simple foldings that Unicode gained after the full ones that Python knows."""


def simple_fold(char: str) -> str:
    """Canonicalize with ``u`` or ``v``: simple case folding."""
    folded = char.casefold()
    if len(folded) == 1:
        return folded
    lower = char.lower()
    return lower if len(lower) == 1 and lower != char else _LATE_FOLDINGS.get(char, char)


@functools.cache
def _variants(unicode: bool) -> Mapping[int, tuple[int, ...]]:
    """Each character that has others which are the same when case is ignored, with all of them."""
    fold: Callable[[str], str] = simple_fold if unicode else canonical
    groups: dict[str, list[int]] = {}
    for code in range(0x20000 if unicode else 0x10000):  # no script beyond has cases
        char = chr(code)
        same = fold(char)
        if same != char:
            groups.setdefault(same, [ord(same)]).append(code)
    return {code: tuple(group) for group in groups.values() for code in group}


def closed(chars: CharSet, unicode: bool) -> CharSet:
    """``chars`` with every character that is the same as one of them when case is ignored."""
    variants = _variants(unicode)
    size = sum(high - low + 1 for low, high in chars.ranges)
    if size < len(variants):
        there = [code for low, high in chars.ranges for code in range(low, high + 1) if code in variants]
    else:
        there = [code for code in variants if code in chars]
    return chars | CharSet.of(*(other for code in there for other in variants[code]))


def word_characters(ignore_case: bool, unicode: bool) -> CharSet:
    """WordCharacters (22.2.2.9.3): with ``iu`` also what folds to a word character."""
    return closed(WORD, True) if ignore_case and unicode else WORD


# ------------------------------------------------------------------------------------------- Unicode properties

_CATEGORIES: Final = {
    "Cased_Letter": "LC", "Close_Punctuation": "Pe", "Connector_Punctuation": "Pc", "Control": "Cc", "cntrl": "Cc", "Currency_Symbol": "Sc",
    "Dash_Punctuation": "Pd", "Decimal_Number": "Nd", "digit": "Nd", "Enclosing_Mark": "Me", "Final_Punctuation": "Pf", "Format": "Cf",
    "Initial_Punctuation": "Pi", "Letter": "L", "Letter_Number": "Nl", "Line_Separator": "Zl", "Lowercase_Letter": "Ll", "Mark": "M",
    "Combining_Mark": "M", "Math_Symbol": "Sm", "Modifier_Letter": "Lm", "Modifier_Symbol": "Sk", "Nonspacing_Mark": "Mn", "Number": "N",
    "Open_Punctuation": "Ps", "Other": "C", "Other_Letter": "Lo", "Other_Number": "No", "Other_Punctuation": "Po", "Other_Symbol": "So",
    "Paragraph_Separator": "Zp", "Private_Use": "Co", "Punctuation": "P", "punct": "P", "Separator": "Z", "Space_Separator": "Zs",
    "Spacing_Mark": "Mc", "Surrogate": "Cs", "Symbol": "S", "Titlecase_Letter": "Lt", "Unassigned": "Cn", "Uppercase_Letter": "Lu",
}  # fmt: skip
_SHORT: Final = frozenset(_CATEGORIES.values())


@functools.cache
def _by_category() -> Mapping[str, CharSet]:
    spans: dict[str, list[tuple[int, int]]] = {}
    start, current = 0, unicodedata.category("\0")
    for code in range(1, LAST + 2):
        category = unicodedata.category(chr(code)) if code <= LAST else ""
        if category != current:
            spans.setdefault(current, []).append((start, code - 1))
            start, current = code, category
    return {category: CharSet(tuple(ranges)) for category, ranges in spans.items()}


@functools.cache
def _category(name: str) -> CharSet:
    wanted = ("Lu", "Ll", "Lt") if name == "LC" else (name,)
    return CharSet(_merged(span for key, chars in _by_category().items() if key.startswith(wanted) for span in chars.ranges))


def _where(test: Callable[[str], bool]) -> CharSet:
    return CharSet.of(*(code for code in range(0x30000) if test(chr(code))))


def _id_start() -> CharSet:
    return (_category("L") | _category("Nl") | CharSet.of("\u1885\u1886\u2118\u212e\u309b\u309c")) - CharSet.of("\u2e2f")


def _id_continue() -> CharSet:
    marks = _category("Mn") | _category("Mc") | _category("Nd") | _category("Pc")
    return _id_start() | marks | CharSet.of("\u00b7\u0387\u19da\u200c\u200d\u30fb\uff65", (0x1369, 0x1371))


_BINARY: Final[Mapping[str, Callable[[], CharSet]]] = {
    "ASCII": lambda: CharSet.of((0, 0x7F)),
    "ASCII_Hex_Digit": lambda: CharSet.of("0123456789abcdefABCDEF"),
    "Any": lambda: EVERYTHING,
    "Assigned": lambda: ~_category("Cn"),
    "ID_Continue": _id_continue,
    "ID_Start": _id_start,
    "Lowercase": lambda: _where(str.islower),
    "Noncharacter_Code_Point": lambda: CharSet.of(
        (0xFDD0, 0xFDEF), *((plane | 0xFFFE, plane | 0xFFFF) for plane in range(0, LAST, 0x10000))
    ),
    "Pattern_White_Space": lambda: CharSet.of("\t\n\v\f\r \x85\u200e\u200f\u2028\u2029"),
    "Regional_Indicator": lambda: CharSet.of((0x1F1E6, 0x1F1FF)),
    "Uppercase": lambda: _where(str.isupper),
    "White_Space": lambda: (SPACES | CharSet.of("\x85")) - CharSet.of("\ufeff"),
}
_ALIASES: Final = {
    "AHex": "ASCII_Hex_Digit", "IDC": "ID_Continue", "IDS": "ID_Start", "Lower": "Lowercase", "NChar": "Noncharacter_Code_Point",
    "Pat_WS": "Pattern_White_Space", "RI": "Regional_Indicator", "Upper": "Uppercase", "space": "White_Space",
}  # fmt: skip


@functools.lru_cache(maxsize=64)
def property_set(name: str, value: str | None) -> CharSet | None:
    """The characters of ``\\p{name=value}`` or ``\\p{name}``; ``None`` where Python has no data for it, or there is no such property."""
    if value is not None:
        known = name in ("General_Category", "gc")
        category = _CATEGORIES.get(value, value)
    else:
        binary = _BINARY.get(_ALIASES.get(name, name))
        if binary is not None:
            return binary()
        known = True
        category = _CATEGORIES.get(name, name)
    return _category(category) if known and (category in _SHORT) else None


def compiled(chars: CharSet, suffix: str = "") -> re.Pattern[str]:
    """The set as a pattern of Python's, for what its engine does in one go."""
    return re.compile(chars.python() + suffix)
