"""Text as points in time: the format of ECMA-262 (21.4.1.32), and what else V8 reads.

Other formats are the implementation's business; guests rely on V8's. It reads numbers, words and signs from left to right. A number
before a colon belongs to the time of day, one after a sign behind the time is an offset, others are parts of the date. Words that mean
nothing are skipped up to the first number; what is in parentheses is skipped everywhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from .primitives import SPACE

_ISO: Final = re.compile(
    r"(?P<year>[0-9]{4}|[+-][0-9]{6})(?:-(?P<month>0[1-9]|1[0-2])(?:-(?P<day>0[1-9]|[12][0-9]|3[01]))?)?"
    r"(?:[Tt](?P<hour>[0-9]{2}):(?P<minute>[0-5][0-9])(?::(?P<second>[0-5][0-9])(?:\.(?P<fraction>[0-9]+))?)?"
    r"(?P<offset>[Zz]|[+-][0-9]{2}:?[0-9]{2})?)?"
)
_ISO_DATE: Final = re.compile(r"([0-9]{4}|[+-][0-9]{6})(?:-([0-9]{2})(?![0-9])(?:-([0-9]{2})(?![0-9]))?)?(?![0-9])")
_TOKEN: Final = re.compile(
    f"(?P<number>[0-9]+)|(?P<word>[^\x00-@{SPACE}]+)|(?P<space>[{SPACE}])|(?P<sign>[:+.)-])|(?P<open>\\()|(?P<other>.)", re.DOTALL
)
_MONTH_NAMES: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS: Final = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
_ZONES: Final = {
    "ut": 0,
    "utc": 0,
    "z": 0,
    "gmt": 0,
    "edt": -4,
    "est": -5,
    "cdt": -5,
    "cst": -6,
    "mdt": -6,
    "mst": -7,
    "pdt": -7,
    "pst": -8,
}
_NOON: Final = {"am": 0, "pm": 12}


@dataclass(frozen=True, slots=True)
class Parsed:
    """The parts of a date that were read. ``offset`` is in minutes east of UTC, ``None`` for local time."""

    year: int
    month: int
    day: int
    hour: int = 0
    minute: int = 0
    second: int = 0
    millisecond: int = 0
    offset: int | None = None


def parse(text: str) -> Parsed | None:
    """What a text says; ``None`` if it is no date."""
    found = _ISO.fullmatch(text)
    if found and found["year"] != "-000000":
        return _iso(found)
    return _Reader(text).read()


def _iso(found: re.Match[str]) -> Parsed | None:
    """A date alone is in UTC, with a time of day it is local."""
    part = {name: int(digits or 0) for name, digits in found.groupdict().items() if name not in ("fraction", "offset")}
    if part["hour"] > 24 or (part["hour"] == 24 and (part["minute"] or part["second"] or int(found["fraction"] or 0))):
        return None
    offset: int | None = None if found["hour"] else 0
    if found["offset"]:
        zone = found["offset"].replace(":", "")
        offset = 0 if zone in "Zz" else int(zone[1:3]) * 60 + int(zone[3:])
        if zone[1:] and (int(zone[1:3]) > 23 or int(zone[3:]) > 59):
            return None
        offset = -offset if zone[0] == "-" else offset
    milliseconds = int((found["fraction"] or "")[:3].ljust(3, "0"))
    return Parsed(part["year"], part["month"] or 1, part["day"] or 1, part["hour"], part["minute"], part["second"], milliseconds, offset)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str

    @property
    def number(self) -> int:
        """The first nine digits that count."""
        return int(self.text.lstrip("0")[:9] or "0")


_END: Final = _Token("end", "")


@dataclass(slots=True)
class _Reader:
    """Everything but the standard's format."""

    text: str
    at: int = 0
    date: list[int] = field(default_factory=list)
    month: int | None = None
    time: list[int] = field(default_factory=list)
    noon: int | None = None
    zone_sign: int | None = None
    zone_hour: int | None = None
    zone_minute: int | None = None

    def read(self) -> Parsed | None:
        if not self._standard_date():
            return None
        seen_number = bool(self.date)
        while (token := self._next()) is not _END:
            match token.kind:
                case "number":
                    seen_number = True
                    if not self._number(token):
                        return None
                case "word":
                    if not self._word(token.text.lower(), seen_number):
                        return None
                case "sign" if token.text in "+-" and (self.time or (self.zone_hour == 0 and self.zone_minute == 0)):
                    seen_number = True
                    if not self._offset(token.text):
                        return None
                case "sign" if token.text in "+-)" and seen_number:
                    return None
        return self._composed()

    def _standard_date(self) -> bool:
        """A text that begins like one in the standard's format is read as such as far as it goes; false when it can be nothing else."""
        found = _ISO_DATE.match(self.text)
        if not found or found[1] == "-000000":
            return True
        self.date.append(int(found[1]))
        self.at = found.end(1)
        for digits, place, most in ((found[2], found.end(2), 12), (found[3], found.end(3), 31)):
            if digits is not None:
                if not 1 <= int(digits) <= most:
                    break
                self.date.append(int(digits))
                self.at = place
        if self.text[self.at : self.at + 1] == "-" and len(self.date) < 3:
            self.at += 1
        return not (self.text[self.at : self.at + 1] in ("T", "t") and not _is_letter(self.text[self.at + 1 : self.at + 2]))

    def _next(self) -> _Token:
        found = _TOKEN.match(self.text, self.at)
        if not found:
            return _END
        self.at = found.end()
        if found.lastgroup == "open":
            self._skip_parentheses()
        return _Token(found.lastgroup or "", found[0])

    def _skip_parentheses(self) -> None:
        depth = 1
        while depth and self.at < len(self.text):
            depth += {"(": 1, ")": -1}.get(self.text[self.at], 0)
            self.at += 1

    def _peek(self) -> _Token:
        at = self.at
        token = self._next()
        self.at = at
        return token

    def _skip(self, sign: str) -> bool:
        if self.text.startswith(sign, self.at):
            self.at += 1
            return True
        return False

    def _number(self, token: _Token) -> bool:
        value = token.number
        if self._skip(":"):
            if self._skip(":"):
                if self.time:
                    return False
                self.time += [value, 0]
                return True
            self.time.append(value)
            if self._peek().text == ".":
                self.at += 1
            return len(self.time) <= 4
        if self._skip(".") and self._expects_time(value):
            self.time.append(value)
            following = self._next()
            if following.kind != "number":
                return False
            self.time.append(int(following.text[:3].ljust(3, "0")))
            self._finish_time()
            return True
        if self.zone_hour is not None and self.zone_minute is None and value < 60:
            self.zone_minute = value
            return True
        if self._expects_time(value):
            self.time.append(value)
            self._finish_time()
            following = self._peek()
            return following.kind in ("end", "space") or following.text in ("+", "-") or following.text.lower() == "z"
        self.date.append(value)
        self._skip("-")
        return len(self.date) <= 3

    def _expects_time(self, value: int) -> bool:
        limits = {1: 60, 2: 60, 3: 1000}
        return value < limits.get(len(self.time), 0)

    def _finish_time(self) -> None:
        self.time += [0] * (4 - len(self.time))

    def _word(self, word: str, seen_number: bool) -> bool:
        """Names of months may go on after three letters, others may not."""
        if word in _NOON and self.time:
            self.noon = _NOON[word]
        elif word[:3] in _MONTHS:
            self.month = _MONTHS[word[:3]]
            self._skip("-")
        elif word in _ZONES and seen_number:
            self.zone_sign = -1 if _ZONES[word] < 0 else 1
            self.zone_hour, self.zone_minute = abs(_ZONES[word]), 0
        else:
            return not seen_number and self._peek().kind != "number"
        return True

    def _offset(self, sign: str) -> bool:
        self.zone_sign = -1 if sign == "-" else 1
        value = size = 0
        if self._peek().kind == "number":
            token = self._next()
            value, size = token.number, len(token.text)
        if self._peek().text == ":":
            self.zone_hour, self.zone_minute = value, None
        elif size in (1, 2):
            self.zone_hour, self.zone_minute = value, 0
        elif size in (3, 4):
            self.zone_hour, self.zone_minute = divmod(value, 100)
        else:
            return False
        return True

    def _composed(self) -> Parsed | None:
        """The order of the parts is told by which of them can be a day."""
        if not self.date:
            return None
        first, second, third = [*self.date, 1, 1][:3]
        if self.month is not None:
            month = self.month
            year, day = (second, first) if 1 <= first <= 31 else (first, second)
        elif 1 <= first <= 31:
            month, day, year = first, second, third
        else:
            year, month, day = first, second, third
        if 0 <= year <= 49:
            year += 2000
        elif 50 <= year <= 99:
            year += 1900
        hour, minute, second, millisecond = [*self.time, 0, 0, 0, 0][:4]
        if self.noon is not None:
            if hour > 12:
                return None
            hour = hour % 12 + self.noon
        in_range = hour < 24 and minute < 60 and second < 60 and millisecond < 1000
        if not (1 <= month <= 12 and 1 <= day <= 31 and (in_range or (hour, minute, second, millisecond) == (24, 0, 0, 0))):
            return None
        offset = None if self.zone_sign is None else self.zone_sign * ((self.zone_hour or 0) * 60 + (self.zone_minute or 0))
        return Parsed(year, month, day, hour, minute, second, millisecond, offset)


def _is_letter(char: str) -> bool:
    return char.isalpha()
