"""``String``: its methods and statics (ECMA-262 22.1).

JavaScript indexes UTF-16 code units, Python code points. They are the same in most text; where a character is beyond the basic
plane, methods work on :func:`units`, one character for each code unit, and join the halves of pairs again in what they return. A
half that is left over stays a lone surrogate.

Case and normalization forms are those of Python's Unicode database. ``localeCompare`` follows the root order of the Unicode
collation algorithm for Latin text, and code points beyond that; locales are not looked at.
"""

from __future__ import annotations

import functools
import math
import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from . import model, quota
from .coercions import clamp, relative, require_object_coercible, to_integer, to_length, to_uint32
from .errors import RangeError, TypeError
from .locales import prepared_for_lower, prepared_for_upper
from .ordinary import Ordinary
from .primitives import SPACE, code_units, to_int32
from .symbols import MATCH

_MAX_KEPT: Final = 1 << 20
_PAIR: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_HALF: Final = re.compile("[\ud800-\udfff]")


class Pattern(Ordinary, ABC):
    """What ``match``, ``replace`` and kin hand their work to: a regular expression, by its methods for the well-known symbols."""

    @property
    @abstractmethod
    def flags(self) -> str:
        """The flags, in the order of the alphabet."""

    @abstractmethod
    def match(self, text: str) -> Any:
        """``pattern[Symbol.match](text)``."""

    @abstractmethod
    def match_all(self, text: str) -> Iterator[Any]:
        """``pattern[Symbol.matchAll](text)``."""

    @abstractmethod
    def replace(self, text: str, replacement: object) -> str:
        """``pattern[Symbol.replace](text, replacement)``."""

    @abstractmethod
    def search(self, text: str) -> int:
        """``pattern[Symbol.search](text)``."""

    @abstractmethod
    def split(self, text: str, limit: object = None) -> list[str | None]:
        """``pattern[Symbol.split](text, limit)``."""


# ------------------------------------------------------------------------------------------- code units


def units(text: str) -> str:
    """``text`` with one character for each code unit. The latest ones are kept: guests walk through text index by index."""
    if text.isascii():
        return text
    return _kept_units(text) if len(text) <= _MAX_KEPT else code_units(text)


_kept_units = functools.lru_cache(maxsize=4)(code_units)


def joined(text: str) -> str:
    """The reverse of :func:`units`: two halves of a pair that stand together become one character."""
    return text if text.isascii() else _PAIR.sub(quota.pacing(_join_pair), text)


def _join_pair(pair: re.Match[str]) -> str:
    return chr(0x10000 + ((ord(pair[0][0]) - 0xD800) << 10) + ord(pair[0][1]) - 0xDC00)


def length(this: str) -> int:
    """``text.length``."""
    return len(units(this))


def assemble(pieces: Iterable[str]) -> str:
    """The pieces in one. Raises :class:`RangeError` before more than a string may hold is put together."""
    return joined(assemble_units(pieces))


def assemble_units(pieces: Iterable[str]) -> str:
    """The same for what is :func:`units` and stays so."""
    whole: list[str] = []
    kept: list[str] = []
    size = 0
    for piece in pieces:
        kept.append(piece)
        size += len(piece)
        quota.fits(size)
        if len(kept) == quota.STRIDE:  # a list of small pieces is many times as large as their text
            quota.check()
            whole.append("".join(kept))
            kept.clear()
    quota.text(size)
    return "".join([*whole, *kept])


def _this(this: object, method: str) -> str:
    if isinstance(this, str):
        return this
    require_object_coercible(this, f"String.prototype.{method}")
    return model.to_string(this)


def _units(this: object, method: str) -> str:
    return units(_this(this, method))


def is_regexp(value: object) -> bool:
    """IsRegExp (7.2.6): what ``Symbol.match`` says of an object, else whether it is a regular expression."""
    if model.is_primitive(value):
        return False
    matcher = model.get(value, MATCH)
    return isinstance(value, Pattern) if matcher is None else model.truthy(matcher)


def _plain(argument: object, method: str) -> str:
    if is_regexp(argument):
        raise TypeError(f"First argument to String.prototype.{method} must not be a regular expression")
    return units(model.to_string(argument))


# ------------------------------------------------------------------------------------------- characters


def at(this: object, index: object = None) -> str | None:
    """``String.prototype.at``: negative indices count from the end."""
    text = _units(this, "at")
    position = to_integer(index)
    if position < 0:
        position += len(text)
    return text[int(position)] if 0 <= position < len(text) else None


def char_at(this: object, index: object = None) -> str:
    """``String.prototype.charAt``."""
    text = _units(this, "charAt")
    position = to_integer(index)
    return text[int(position)] if 0 <= position < len(text) else ""


def char_code_at(this: object, index: object = None) -> int | float:
    """``String.prototype.charCodeAt``."""
    text = _units(this, "charCodeAt")
    position = to_integer(index)
    return ord(text[int(position)]) if 0 <= position < len(text) else math.nan


def code_point_at(this: object, index: object = None) -> int | None:
    """``String.prototype.codePointAt``."""
    text = _units(this, "codePointAt")
    position = to_integer(index)
    return ord(joined(text[int(position) : int(position) + 2])[0]) if 0 <= position < len(text) else None


def iterate(this: object) -> Iterator[str]:
    """``String.prototype[Symbol.iterator]``: by code points."""
    return iter(joined(_this(this, "[Symbol.iterator]")))


def from_char_code(*codes: object) -> str:
    """``String.fromCharCode``."""
    return assemble(chr(to_int32(model.to_number(code)) & 0xFFFF) for code in codes)


def from_code_point(*codes: object) -> str:
    """``String.fromCodePoint``."""
    return assemble(map(_from_code_point, codes))


def _from_code_point(code: object) -> str:
    value = model.to_number(code)
    if not 0 <= value <= 0x10FFFF or value != int(value):
        raise RangeError(f"Invalid code point {model.to_string(code)}")
    return chr(int(value))


def raw(template: object = None, *substitutions: object) -> str:
    """``String.raw``."""
    literals = model.get(template, "raw")
    count = to_length(model.get(literals, "length"))

    def pieces() -> Iterator[str]:
        for index in quota.paced(range(count)):
            yield model.to_string(model.get(literals, str(index)))
            if index < min(len(substitutions), count - 1):
                yield model.to_string(substitutions[index])

    return assemble(pieces())


# ------------------------------------------------------------------------------------------- finding


def includes(this: object, search: object = None, position: object = None) -> bool:
    """``String.prototype.includes``."""
    text, wanted = _units(this, "includes"), _plain(search, "includes")
    return text.find(wanted, clamp(position, len(text))) >= 0


def index_of(this: object, search: object = None, position: object = None) -> int:
    """``String.prototype.indexOf``."""
    text, wanted = _units(this, "indexOf"), units(model.to_string(search))
    return text.find(wanted, clamp(position, len(text)))


def last_index_of(this: object, search: object = None, position: object = None) -> int:
    """``String.prototype.lastIndexOf``: NaN, which undefined is too, means the end."""
    text, wanted = _units(this, "lastIndexOf"), units(model.to_string(search))
    start = model.to_number(position)
    end = len(text) if math.isnan(start) else clamp(start, len(text))
    return text.rfind(wanted, 0, end + len(wanted))


def starts_with(this: object, search: object = None, position: object = None) -> bool:
    """``String.prototype.startsWith``."""
    text, wanted = _units(this, "startsWith"), _plain(search, "startsWith")
    return text.startswith(wanted, clamp(position, len(text)))


def ends_with(this: object, search: object = None, end: object = None) -> bool:
    """``String.prototype.endsWith``."""
    text, wanted = _units(this, "endsWith"), _plain(search, "endsWith")
    return text.endswith(wanted, 0, clamp(end, len(text), len(text)))


# ------------------------------------------------------------------------------------------- parts


def slice_(this: object, start: object = None, end: object = None) -> str:
    """``String.prototype.slice``: negative places count from the end."""
    text = _units(this, "slice")
    first = relative(start, len(text))
    return joined(text[first : relative(end, len(text), len(text))])


def substring(this: object, start: object = None, end: object = None) -> str:
    """``String.prototype.substring``: the places in either order."""
    text = _units(this, "substring")
    first, last = clamp(start, len(text)), clamp(end, len(text), len(text))
    return joined(text[min(first, last) : max(first, last)])


def substr(this: object, start: object = None, count: object = None) -> str:
    """``String.prototype.substr`` (annex B)."""
    text = _units(this, "substr")
    first = relative(start, len(text))
    return joined(text[first : first + clamp(count, len(text) - first, len(text) - first)])


def trim(this: object) -> str:
    """``String.prototype.trim``."""
    return _this(this, "trim").strip(SPACE)


def trim_start(this: object) -> str:
    """``String.prototype.trimStart``."""
    return _this(this, "trimStart").lstrip(SPACE)


def trim_end(this: object) -> str:
    """``String.prototype.trimEnd``."""
    return _this(this, "trimEnd").rstrip(SPACE)


def split(this: object, separator: object = None, limit: object = None) -> list[Any]:
    """``String.prototype.split``."""
    text = _this(this, "split")
    if isinstance(separator, Pattern):
        return separator.split(text, limit)
    most = 2**32 - 1 if limit is None else to_uint32(limit)
    between = units(model.to_string(separator))
    if not most:
        return []
    if separator is None:
        return [text]
    whole = units(text)
    quota.values(min(most, whole.count(between) if between else len(whole)))
    if not between:
        return list(whole[:most])
    return [joined(part) for part in quota.paced(whole.split(between, most)[:most])]


# ------------------------------------------------------------------------------------------- new text


def concat(this: object, *others: object) -> str:
    """``String.prototype.concat``."""
    return assemble([_this(this, "concat"), *map(model.to_string, others)])


def repeat(this: object, count: object = None) -> str:
    """``String.prototype.repeat``."""
    text = _this(this, "repeat")
    times = to_integer(count)
    if not 0 <= times < math.inf:
        raise RangeError(f"Invalid count value: {model.to_string(count)}")
    quota.text(len(text) * int(times))
    return joined(text * int(times)) if text else ""


def pad_start(this: object, width: object = None, fill: object = None) -> str:
    """``String.prototype.padStart``."""
    text = _units(this, "padStart")
    return joined(_padding(text, width, fill) + text)


def pad_end(this: object, width: object = None, fill: object = None) -> str:
    """``String.prototype.padEnd``."""
    text = _units(this, "padEnd")
    return joined(text + _padding(text, width, fill))


def _padding(text: str, width: object, fill: object) -> str:
    missing = to_length(width) - len(text)
    if missing <= 0:
        return ""
    filler = " " if fill is None else units(model.to_string(fill))
    if not filler:
        return ""
    quota.text(len(text) + missing)
    return (filler * (missing // len(filler) + 1))[:missing]


def to_lower_case(this: object) -> str:
    """``String.prototype.toLowerCase``: the full mapping of Unicode, for no language in particular."""
    return _mapped(_this(this, "toLowerCase"), str.lower, 3)


def to_upper_case(this: object) -> str:
    """``String.prototype.toUpperCase``."""
    return _mapped(_this(this, "toUpperCase"), str.upper, 3)


def to_locale_lower_case(this: object, locales: object = None) -> str:
    """``String.prototype.toLocaleLowerCase``: Turkish, Azeri and Lithuanian have rules of their own."""
    return to_lower_case(prepared_for_lower(_this(this, "toLocaleLowerCase"), locales))


def to_locale_upper_case(this: object, locales: object = None) -> str:
    """``String.prototype.toLocaleUpperCase``."""
    return to_upper_case(prepared_for_upper(_this(this, "toLocaleUpperCase"), locales))


def normalize(this: object, form: object = None) -> str:
    """``String.prototype.normalize``."""
    text = _this(this, "normalize")
    name: Any = "NFC" if form is None else model.to_string(form)
    if name not in ("NFC", "NFD", "NFKC", "NFKD"):
        raise RangeError("The normalization form should be one of NFC, NFD, NFKC, NFKD.")
    return text if text.isascii() else _mapped(text, lambda part: unicodedata.normalize(name, part), 18)


def _mapped(text: str, mapping: Callable[[str], str], growth: int) -> str:
    """``mapping(text)``; what could become too long, at ``growth`` for one, is measured part by part first."""
    if len(text) * growth > quota.MAX_STRING:
        size = 0
        for start in range(0, len(text), 1 << 16):
            size += len(mapping(text[start : start + (1 << 16)]))
            quota.fits(size)
            quota.check()
    quota.text(len(text))
    return mapping(text)


def is_well_formed(this: object) -> bool:
    """``String.prototype.isWellFormed``: whether it has no lone surrogate."""
    text = _this(this, "isWellFormed")
    return text.isascii() or not _HALF.search(joined(text))


def to_well_formed(this: object) -> str:
    """``String.prototype.toWellFormed``: lone surrogates become U+FFFD."""
    text = _this(this, "toWellFormed")
    return text if text.isascii() else _HALF.sub("\ufffd", joined(text))


# ------------------------------------------------------------------------------------------- patterns


def _pattern(source: object, flags: str = "") -> Pattern:
    if isinstance(source, Pattern):
        return source
    from .regexp.regexp import RegExp

    return RegExp(source, flags)


def match(this: object, pattern: object = None) -> Any:
    """``String.prototype.match``."""
    text = _this(this, "match")
    return _pattern(pattern).match(text)


def match_all(this: object, pattern: object = None) -> Iterator[Any]:
    """``String.prototype.matchAll``."""
    text = _this(this, "matchAll")
    _demand_global(pattern, "matchAll")
    return _pattern(pattern, "g").match_all(text)


def search(this: object, pattern: object = None) -> int:
    """``String.prototype.search``."""
    text = _this(this, "search")
    return _pattern(pattern).search(text)


def _demand_global(pattern: object, method: str) -> None:
    if isinstance(pattern, Pattern) and "g" not in pattern.flags:
        raise TypeError(f"String.prototype.{method} called with a non-global RegExp argument")


def replace(this: object, pattern: object = None, replacement: object = None) -> str:
    """``String.prototype.replace``: the first one."""
    text = _this(this, "replace")
    if isinstance(pattern, Pattern):
        return pattern.replace(text, replacement)
    return _replaced(text, model.to_string(pattern), replacement, all=False)


def replace_all(this: object, pattern: object = None, replacement: object = None) -> str:
    """``String.prototype.replaceAll``."""
    text = _this(this, "replaceAll")
    _demand_global(pattern, "replaceAll")
    if isinstance(pattern, Pattern):
        return pattern.replace(text, replacement)
    return _replaced(text, model.to_string(pattern), replacement, all=True)


def _replaced(text: str, wanted: str, replacement: object, all: bool) -> str:
    whole, wanted_units = units(text), units(wanted)
    template = replacement if callable(replacement) else units(model.to_string(replacement))
    if all and isinstance(template, str) and "$" not in template:
        count = whole.count(wanted_units)
        quota.text(len(whole) + count * (len(template) - len(wanted_units)))
        return joined(whole.replace(wanted_units, template))

    def pieces() -> Iterator[str]:
        end, place = 0, whole.find(wanted_units)
        while place >= 0:
            yield whole[end:place]
            if isinstance(template, str):
                yield substitution(template, whole, place, wanted_units, ())
            else:
                yield units(model.to_string(template(wanted, place, text)))
            end = place + len(wanted_units)
            place = whole.find(wanted_units, max(end, place + 1)) if all and place < len(whole) else -1
        yield whole[end:]

    return assemble(pieces())


_REFERENCE: Final = re.compile(r"\$(?:([$&`'])|([0-9]{1,2})|<)")


def substitution(
    template: str, text: str, position: int, matched: str, captures: Sequence[str | None], named: Callable[[str], object] | None = None
) -> str:
    """GetSubstitution (22.1.3.19.1): ``template`` with what ``$&``, ``$1``, ``$<name>`` … stand for. All text is :func:`units`."""
    return assemble_units(_substituted(template, text, position, matched, captures, named)) if "$" in template else template


def _substituted(
    template: str, text: str, position: int, matched: str, captures: Sequence[str | None], named: Callable[[str], object] | None
) -> Iterator[str]:
    done = 0
    last_name = template.rfind(">")
    while reference := _REFERENCE.search(template, done):
        yield template[done : reference.start()]
        done = reference.end()
        special, digits = reference.groups()
        if special == "$":
            yield "$"
        elif special == "&":
            yield matched
        elif special == "`":
            yield text[:position]
        elif special == "'":
            yield text[position + len(matched) :]
        elif digits:
            count = len(digits) if 1 <= int(digits) <= len(captures) else 1
            number = int(digits[:count])
            yield (captures[number - 1] or "") + digits[count:] if 1 <= number <= len(captures) else reference[0]
        elif named is None or last_name < done:
            yield "$<"
        else:
            end = template.index(">", done)
            value = named(joined(template[done:end]))
            done = end + 1
            yield "" if value is None else units(model.to_string(value))
    yield template[done:]


# ------------------------------------------------------------------------------------------- order

_MAX_COLLATED: Final = 1 << 18
"""The longest text that ``localeCompare`` takes: a sort key is many times as large as its text."""
_PUNCTUATION: Final = {char: place for place, char in enumerate("_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$")}
_LETTERS: Final = str.maketrans({"æ": "ae", "œ": "oe", "ø": "o\u0338", "đ": "d\u0335", "ł": "l\u0335", "ð": "d\u0335", "\u0131": "i"})


_SENSITIVITY: Final = {"base": (0,), "accent": (0, 1), "case": (0, 2), "variant": (0, 1, 2)}
_NUMBER: Final = re.compile("[0-9]+")


def locale_compare(this: object, other: object = None, _locales: object = None, options: object = None) -> int:
    """``String.prototype.localeCompare``: letters first, then accents, then case. Options: ``sensitivity`` and ``numeric``."""
    left, right = _this(this, "localeCompare"), model.to_string(other)
    asked, numeric = None, False
    if options is not None:
        asked, numeric = model.get(options, "sensitivity"), model.truthy(model.get(options, "numeric"))
    sensitivity = "variant" if asked is None else model.to_string(asked)
    if sensitivity not in _SENSITIVITY:
        raise RangeError(f"Value {sensitivity[:80]} out of range for Intl.Collator options property sensitivity")
    if left == right:
        return 0
    if max(len(left), len(right)) > _MAX_COLLATED:
        raise RangeError("Invalid string length: too long to be compared by the rules of a language")
    ours, theirs = _collation(left, numeric), _collation(right, numeric)
    for level in _SENSITIVITY[sensitivity]:
        mine: Any = ours[level]
        if mine != theirs[level]:
            return 1 if mine > theirs[level] else -1
    return 0


def _collation(text: str, numeric: bool) -> tuple[list[tuple[int, int, str]], list[str], list[int]]:
    """The sort key of a text: its base characters, the marks on each, and its case: small, small by way of another letter, large."""
    bases: list[tuple[int, int, str]] = []
    marks: list[str] = []
    sizes: list[int] = []
    if numeric:  # a number is as many digits as it has, and then these
        text = _NUMBER.sub(lambda digits: f"{_private(len(digits[0].lstrip('0')))}{digits[0].lstrip('0')}", text)
    for char in unicodedata.normalize("NFKD", text):
        category = unicodedata.category(char)
        if category.startswith("M"):
            if marks:
                marks[-1] += char
        elif category != "Cc" or char.isspace():
            for base in char.casefold().translate(_LETTERS):
                if unicodedata.combining(base):
                    marks[-1] += base
                else:
                    bases.append(_primary(base))
                    marks.append("")
                    sizes.append(2 if char != char.lower() else char != base)
    return bases, marks, sizes


def _private(length: int) -> str:
    """A character for private use that stands for the length of a number, before its digits."""
    return chr(0xF0000 + min(length, 0xFFFD))


def _primary(char: str) -> tuple[int, int, str]:
    """Spaces, punctuation, other signs, digits, letters."""
    if char >= "\U000f0000":
        return 3, ord(char), char
    if char.isspace():
        return 0, 0, char
    if char in _PUNCTUATION:
        return 1, _PUNCTUATION[char], char
    digit = unicodedata.digit(char, -1)
    if digit >= 0:
        return 3, digit, ""
    return (4 if char.isalpha() else 2), 0, char


# ------------------------------------------------------------------------------------------- tables


def _value_of(method: str) -> Callable[[object], str]:
    def value_of(this: object) -> str:
        if isinstance(this, str):
            return this
        raise TypeError(f"String.prototype.{method} requires that 'this' be a String")

    return value_of


PROTOTYPE: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "at": at,
        "charAt": char_at,
        "charCodeAt": char_code_at,
        "codePointAt": code_point_at,
        "concat": concat,
        "endsWith": ends_with,
        "includes": includes,
        "indexOf": index_of,
        "isWellFormed": is_well_formed,
        "lastIndexOf": last_index_of,
        "localeCompare": locale_compare,
        "match": match,
        "matchAll": match_all,
        "normalize": normalize,
        "padEnd": pad_end,
        "padStart": pad_start,
        "repeat": repeat,
        "replace": replace,
        "replaceAll": replace_all,
        "search": search,
        "slice": slice_,
        "split": split,
        "startsWith": starts_with,
        "substr": substr,
        "substring": substring,
        "toLocaleLowerCase": to_locale_lower_case,
        "toLocaleUpperCase": to_locale_upper_case,
        "toLowerCase": to_lower_case,
        "toString": _value_of("toString"),
        "toUpperCase": to_upper_case,
        "toWellFormed": to_well_formed,
        "trim": trim,
        "trimEnd": trim_end,
        "trimLeft": trim_start,
        "trimRight": trim_end,
        "trimStart": trim_start,
        "valueOf": _value_of("valueOf"),
    }
)
"""``String.prototype``: functions of ``this`` and the arguments."""

GETTERS: Mapping[str, Callable[[Any], Any]] = MappingProxyType({"length": length})
"""What strings have besides methods."""

STATICS: Mapping[str, Callable[..., Any]] = MappingProxyType({"fromCharCode": from_char_code, "fromCodePoint": from_code_point, "raw": raw})
"""The functions of ``String``."""
