"""The little that the built-ins know of languages: how numbers are punctuated, and which letters have cases of their own.

Languages go by their own rules, not by those of regions, and those that are missing here by the rules of American English. The
numbering systems of ``-u-nu-`` are known that take the punctuation of the language.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from . import model
from .errors import RangeError, TypeError
from .primitives import null

_TAG: Final = re.compile("(?:[a-zA-Z]{2,3}|[a-zA-Z]{5,8})(?:[-_][a-zA-Z0-9]{1,8})*")
_NUMBERING: Final = re.compile("-u-(?:[a-z0-9]+-)*nu-([a-z0-9]+)")

_SEPARATORS: Final[Mapping[str, str]] = {
    **dict.fromkeys(["ca", "da", "de", "el", "es", "hr", "id", "is", "it", "nl", "pt", "ro", "sl", "sr", "tr", "vi"], ".,"),
    **dict.fromkeys(["bg", "cs", "et", "fi", "hu", "lt", "lv", "nb", "no", "pl", "ru", "sk", "sv", "uk"], "\u00a0,"),
    "fr": "\u202f,",
}
"""Language -> what stands between groups of digits, and before the fraction."""
_UNGROUPED_THOUSANDS: Final = frozenset(["bg", "es", "et", "hu", "it", "lv", "pl", "sl"])
"""Languages which write four digits in one."""
_LONG_MINUS: Final = frozenset(["et", "fi", "hr", "lt", "nb", "no", "sl", "sv"])
_ZEROS: Final[Mapping[str, str]] = {
    "beng": "\u09e6",
    "deva": "\u0966",
    "fullwide": "\uff10",
    "thai": "\u0e50",
}
_HANIDEC: Final = "\u3007\u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u4e03\u516b\u4e5d"


def locale(locales: object) -> str:
    """The language tag that an argument asks for first. Raises :class:`RangeError` for what is none."""
    if isinstance(locales, list | tuple):
        locales = locales[0] if locales else None
    if locales is None:
        return "en-us"
    if locales is null:
        raise TypeError("Cannot convert undefined or null to object")
    tag = model.to_string(locales)
    if not _TAG.fullmatch(tag):
        raise RangeError(f"Incorrect locale information provided: {tag[:80]}")
    return tag.lower().replace("_", "-")


def punctuated(digits: str, locales: object) -> str:
    """A number in ASCII (``-1234.5``) as the language writes it."""
    tag = locale(locales)
    language = tag.partition("-")[0]
    separators = _SEPARATORS.get(language, ",.")
    sign = "-" if digits.startswith("-") else ""
    whole, _, fraction = digits.removeprefix("-").partition(".")
    if len(whole) > (4 if language in _UNGROUPED_THOUSANDS else 3):
        first = len(whole) % 3
        whole = separators[0].join(filter(None, [whole[:first], *(whole[at : at + 3] for at in range(first, len(whole), 3))]))
    text = whole + (separators[1] + fraction if fraction else "")
    found = _NUMBERING.search(tag)
    if found:
        text = text.translate(_digits(found[1]))
    return ("\u2212" if sign and language in _LONG_MINUS else sign) + text


def _digits(system: str) -> dict[int, str]:
    zero = _ZEROS.get(system)
    native = _HANIDEC if system == "hanidec" else "".join(chr(ord(zero) + value) for value in range(10)) if zero else "0123456789"
    return dict(enumerate(native, ord("0")))


# ------------------------------------------------------------------------------------------- letters

_SOFT_DOTTED: Final = "ij\u012f\u0268\u0456\u0458\u1e2d\u1ecb"
_DOT_ABOVE: Final = "\u0307"
_ACCENTED_I: Final = {"\u00cc": "i\u0307\u0300", "\u00cd": "i\u0307\u0301", "\u0128": "i\u0307\u0303"}


def prepared_for_lower(text: str, locales: object) -> str:
    """``text`` with those letters in lower case that a language has rules of its own for (SpecialCasing.txt)."""
    language = locale(locales).partition("-")[0]
    if language in ("tr", "az"):
        return text.replace("I\u0307", "i").replace("\u0130", "i").replace("I", "\u0131")
    if language != "lt":
        return text
    pieces: list[str] = []
    for place, char in enumerate(text):
        accented = char in "IJ\u012e" and place + 1 < len(text) and unicodedata.combining(text[place + 1]) == 230
        pieces.append(char.lower() + _DOT_ABOVE if accented else _ACCENTED_I.get(char, char))
    return "".join(pieces)


def prepared_for_upper(text: str, locales: object) -> str:
    """The same for upper case."""
    language = locale(locales).partition("-")[0]
    if language in ("tr", "az"):
        return text.replace("i", "\u0130")
    return re.sub(f"([{_SOFT_DOTTED}]){_DOT_ABOVE}", r"\1", text) if language == "lt" else text
