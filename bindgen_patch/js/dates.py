"""``Date`` (ECMA-262 21.4): a point in time, in milliseconds since 1970, and its calendar.

Local time is that of the machine's zone, by the C library. Zones go by their abbreviations where V8 has long English names, except
for UTC; the ``toLocale…`` methods write American English whatever they are asked for.
"""

from __future__ import annotations

import datetime
import math
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from . import model
from .classes import Class, with_lengths, without_this
from .dates_parser import parse as parse_text
from .errors import RangeError, TypeError
from .ordinary import Ordinary
from .primitives import is_number, null
from .symbols import TO_PRIMITIVE
from .views import View, register

MAX_TIME: Final = 8_640_000_000_000_000
"""The last point in time, and as far before 1970 the first; 100,000,000 days."""
_DAY: Final = 86_400_000
_WEEKDAYS: Final = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_LONG_NAMES: Final = {"UTC": "Coordinated Universal Time", "GMT": "Greenwich Mean Time"}

Number = int | float

# ------------------------------------------------------------------------------------------- the calendar


class Fields(NamedTuple):
    """A point in time in the calendar; months from 0, weekdays from Sunday."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int
    millisecond: int
    weekday: int


def fields_of(value: int) -> Fields:
    """The fields of a time value, UTC or local alike."""
    days, rest = divmod(value, _DAY)
    year, month, day = _civil(days)
    seconds, millisecond = divmod(rest, 1000)
    minutes, second = divmod(seconds, 60)
    return Fields(year, month, day, *divmod(minutes, 60), second, millisecond, (days + 4) % 7)


def _civil(days: int) -> tuple[int, int, int]:
    """The date of a day since 1970. Years are counted from March, so that the leap day is their last."""
    era, day_of_era = divmod(days + 719_468, 146_097)
    year_of_era = (day_of_era - day_of_era // 1460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    month = (5 * day_of_year + 2) // 153
    return year_of_era + era * 400 + (month >= 10), (month + 2) % 12, day_of_year - (153 * month + 2) // 5 + 1


def _days(year: int, month: int) -> int:
    """The day since 1970 that a month begins with; months beyond a year go into other years."""
    year += (month - 2) // 12
    month = (month - 2) % 12
    return year * 365 + year // 4 - year // 100 + year // 400 + (153 * month + 2) // 5 - 719_468


def make_day(year: Number, month: Number, day: Number) -> float:
    """MakeDay (21.4.1.29), within the limits that V8 has for its arguments."""
    if not (abs(year) <= 1_000_000 and abs(month) <= 10_000_000 and math.isfinite(day)):
        return math.nan
    return float(_days(int(year), int(month))) + int(day) - 1


def make_time(hour: Number, minute: Number, second: Number, millisecond: Number) -> float:
    """MakeTime (21.4.1.28), in doubles as the standard says."""
    if not all(map(math.isfinite, (hour, minute, second, millisecond))):
        return math.nan
    hour, minute, second, millisecond = (float(int(part)) for part in (hour, minute, second, millisecond))
    return hour * 3_600_000 + minute * 60_000 + second * 1000 + millisecond


def make_date(day: float, time_of_day: float) -> float:
    """MakeDate (21.4.1.30)."""
    return day * _DAY + time_of_day


def time_clip(value: Number) -> Number:
    """TimeClip (21.4.1.31): an int, or NaN for what is out of range."""
    return int(value) if abs(value) <= MAX_TIME else math.nan


def _full_year(year: Number) -> Number:
    """MakeFullYear (21.4.1.32)."""
    return 1900 + int(year) if math.isfinite(year) and 0 <= int(year) <= 99 else year


# ------------------------------------------------------------------------------------------- local time


def _zone_at(value: int) -> tuple[int, str]:
    """The local offset from UTC in milliseconds at a time value, and the abbreviation of the zone."""
    try:
        local = time.localtime(value // 1000)
    except (OverflowError, ValueError, OSError):  # a C library with fewer years: a year of the same kind has the same offset
        fields = fields_of(value)
        like = 2000 + fields.year % 400 if fields.year % 400 < 37 else 2000 + fields.year % 28
        local = time.localtime((_days(like, fields.month) + fields.day - 1) * 86_400)
    return local.tm_gmtoff * 1000, local.tm_zone


def local_time(value: int) -> int:
    """LocalTime (21.4.1.25)."""
    return value + _zone_at(value)[0]


def utc(local: float) -> Number:
    """UTC (21.4.1.26). Of a time that there is twice it means the first, one that is skipped is counted by the offset before."""
    if not abs(local) <= MAX_TIME + _DAY:
        return math.nan
    value = int(local)
    before, after = _zone_at(value - _DAY)[0], _zone_at(value + _DAY)[0]
    if before != after and _zone_at(value - before)[0] != before and _zone_at(value - after)[0] == after:
        return value - after
    return value - before


# ------------------------------------------------------------------------------------------- Date


class Date(Ordinary):
    """A JavaScript date. ``time`` is its time value: an ``int``, or NaN when it is invalid."""

    __slots__ = ("time",)
    _bp_class = _bp_tag = "Date"

    def __init__(self, *args: object) -> None:
        """``new Date(…)``: now, or from a number, a text, a date, or from components in local time."""
        self.time: Number
        given = next(iter(args), None)
        if not args:
            self.time = now()
        elif len(args) > 1:
            self.time = time_clip(utc(_from_components(args)))
        elif isinstance(given, Date):
            self.time = given.time
        elif isinstance(given, datetime.datetime):
            self.time = _from_datetime(given)
        else:
            value = model.to_primitive(given, "default")
            self.time = parse(value) if isinstance(value, str) else time_clip(model.to_number(value))

    def __repr__(self) -> str:
        return f"Date({'invalid' if math.isnan(self.time) else to_iso_string(self)})"

    @classmethod
    def from_datetime(cls, moment: datetime.datetime) -> Date:
        """A date from Python's; one without a zone is local. Microseconds are cut off."""
        return cls(moment)

    def to_datetime(self) -> datetime.datetime:
        """The same moment in Python, in UTC. Raises :class:`RangeError` for what Python has no date for."""
        if math.isnan(self.time):
            raise RangeError("Invalid time value")
        try:
            return datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(milliseconds=self.time)
        except OverflowError:
            raise RangeError(f"Python has no datetime for {self!r}") from None

    to_python = to_datetime


def _from_datetime(moment: datetime.datetime) -> Number:
    if moment.tzinfo is None:
        local = moment.replace(tzinfo=datetime.UTC)
        return time_clip(utc(_milliseconds(local)))
    return time_clip(_milliseconds(moment))


def _milliseconds(moment: datetime.datetime) -> int:
    return (moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)) // datetime.timedelta(milliseconds=1)


def _from_components(args: tuple[object, ...]) -> float:
    """The components of ``new Date(…)`` and ``Date.UTC(…)``; a year of two digits is one of the last century."""
    numbers = [model.to_number(arg) for arg in args[:7]]
    year, month, day, *rest = [*numbers, *(math.nan, 0, 1, 0, 0, 0, 0)[len(numbers) :]]
    return make_date(make_day(_full_year(year), month, day), make_time(*rest))


def now() -> int:
    """``Date.now()``."""
    return time.time_ns() // 1_000_000


def parse(text: object = None) -> Number:
    """``Date.parse``: NaN for what is no date."""
    found = parse_text(model.to_string(text))
    if found is None:
        return math.nan
    value = make_date(
        make_day(found.year, found.month - 1, found.day), make_time(found.hour, found.minute, found.second, found.millisecond)
    )
    return time_clip(utc(value) if found.offset is None else value - found.offset * 60_000)


def utc_from_components(*args: object) -> Number:
    """``Date.UTC``."""
    return time_clip(_from_components(args))


def call(*_args: object) -> str:
    """``Date(…)`` without ``new``: what time it is, as text."""
    return to_string(Date())


def _this(this: object) -> Date:
    if isinstance(this, Date):
        return this
    if isinstance(this, datetime.datetime):
        return Date(this)
    raise TypeError("this is not a Date object.")


# ------------------------------------------------------------------------------------------- reading


def _getter(name: str, local: bool) -> Callable[[object], Number]:
    def get(this: object) -> Number:
        value = _this(this).time
        if isinstance(value, float):
            return math.nan
        part: int = getattr(fields_of(local_time(value) if local else value), name)
        return part

    return get


def get_time(this: object) -> Number:
    """``Date.prototype.getTime`` and ``valueOf``."""
    return _this(this).time


def get_timezone_offset(this: object) -> Number:
    """``Date.prototype.getTimezoneOffset``: minutes, west of UTC."""
    value = _this(this).time
    return math.nan if isinstance(value, float) else -int(_zone_at(value)[0] / 60_000)


def get_year(this: object) -> Number:
    """``Date.prototype.getYear`` (annex B)."""
    value = _this(this).time
    return math.nan if isinstance(value, float) else fields_of(local_time(value)).year - 1900


# ------------------------------------------------------------------------------------------- writing


def _setter(first: str, most: int, local: bool) -> Callable[..., Number]:
    """``setHours`` and kin: the field that they are named after, and up to ``most`` fields from there on."""
    place = Fields._fields.index(first)

    def set_fields(this: object, *args: object) -> Number:
        date = _changeable(this)
        value = date.time
        numbers = [model.to_number(arg) for arg in args[:most]] or [math.nan]
        if isinstance(value, float):
            if first != "year":
                return math.nan
            shifted = 0
        else:
            shifted = local_time(value) if local else value
        parts: list[Number] = list(fields_of(shifted)[:7])
        parts[place : place + len(numbers)] = numbers
        changed = make_date(make_day(*parts[:3]), make_time(*parts[3:]))
        date.time = time_clip(utc(changed) if local else changed)
        return date.time

    return set_fields


def _changeable(this: object) -> Date:
    if isinstance(this, datetime.datetime):
        raise TypeError("a datetime of the host's can not be changed")
    return _this(this)


def set_time(this: object, value: object = None) -> Number:
    """``Date.prototype.setTime``."""
    date = _changeable(this)
    date.time = time_clip(model.to_number(value))
    return date.time


def set_year(this: object, year: object = None) -> Number:
    """``Date.prototype.setYear`` (annex B)."""
    return _set_full_year(this, _full_year(model.to_number(year)))


_set_full_year = _setter("year", 3, local=True)


# ------------------------------------------------------------------------------------------- text


def _year(year: int) -> str:
    return f"{'-' if year < 0 else ''}{abs(year):04d}"


def _date_text(fields: Fields) -> str:
    return f"{_WEEKDAYS[fields.weekday]} {_MONTHS[fields.month]} {fields.day:02d} {_year(fields.year)}"


def _time_text(fields: Fields, offset: int, zone: str) -> str:
    hours, minutes = divmod(abs(offset) // 60_000, 60)
    clock = f"{fields.hour:02d}:{fields.minute:02d}:{fields.second:02d}"
    return f"{clock} GMT{'-' if offset < 0 else '+'}{hours:02d}{minutes:02d} ({_LONG_NAMES.get(zone, zone)})"


def _locale_date(fields: Fields) -> str:
    return f"{fields.month + 1}/{fields.day}/{fields.year if fields.year > 0 else 1 - fields.year}"


def _locale_time(fields: Fields) -> str:
    return f"{fields.hour % 12 or 12}:{fields.minute:02d}:{fields.second:02d} {'AM' if fields.hour < 12 else 'PM'}"


def _local_text(write: Callable[[Fields, int, str], str]) -> Callable[..., str]:
    """A method that writes local time; it may be given locales and options, which it does not look at."""

    def text(this: object, *_args: object) -> str:
        value = _this(this).time
        if isinstance(value, float):
            return "Invalid Date"
        offset, zone = _zone_at(value)
        return write(fields_of(value + offset), offset, zone)

    return text


to_string = _local_text(lambda fields, offset, zone: f"{_date_text(fields)} {_time_text(fields, offset, zone)}")


def to_utc_string(this: object) -> str:
    """``Date.prototype.toUTCString``."""
    value = _this(this).time
    if isinstance(value, float):
        return "Invalid Date"
    fields = fields_of(value)
    date = f"{_WEEKDAYS[fields.weekday]}, {fields.day:02d} {_MONTHS[fields.month]} {_year(fields.year)}"
    return f"{date} {fields.hour:02d}:{fields.minute:02d}:{fields.second:02d} GMT"


def to_iso_string(this: object) -> str:
    """``Date.prototype.toISOString``. Raises :class:`RangeError` for an invalid date."""
    value = _this(this).time
    if isinstance(value, float):
        raise RangeError("Invalid time value")
    year, month, day, hour, minute, second, millisecond, _ = fields_of(value)
    written = f"{year:04d}" if 0 <= year <= 9999 else f"{year:+07d}"
    return f"{written}-{month + 1:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}.{millisecond:03d}Z"


def to_json(this: object, _key: object = None) -> Any:
    """``Date.prototype.toJSON``: null for an invalid date."""
    if isinstance(this, datetime.datetime):
        this = Date(this)
    if isinstance(this, Date):
        return null if isinstance(this.time, float) else to_iso_string(this)
    value = model.to_primitive(this)
    if is_number(value) and not math.isfinite(value):  # type: ignore[arg-type]
        return null
    return model.call(this, "toISOString", [])


def to_primitive(this: object, hint: object = None) -> Any:
    """``Date.prototype[Symbol.toPrimitive]`` (21.4.4.45), which asks the methods that the date has: text unless a number is wanted."""
    if model.is_primitive(this):
        raise TypeError(f"Date.prototype[Symbol.toPrimitive] called on {model.describe(this)}")
    if not isinstance(hint, str) or hint not in ("default", "string", "number"):
        raise TypeError(f"Invalid hint: {model.describe(hint)}")
    return model.ordinary_to_primitive(this, "number" if hint == "number" else "string")


# ------------------------------------------------------------------------------------------- tables

_FIELDS: Final = {
    "FullYear": ("year", 3),
    "Month": ("month", 2),
    "Date": ("day", 1),
    "Hours": ("hour", 4),
    "Minutes": ("minute", 3),
    "Seconds": ("second", 2),
    "Milliseconds": ("millisecond", 1),
}
"""What methods are named after, the field, and how many arguments their setters take."""

PROTOTYPE: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        **{f"get{name}": _getter(field, local=True) for name, (field, _) in _FIELDS.items()},
        **{f"getUTC{name}": _getter(field, local=False) for name, (field, _) in _FIELDS.items()},
        **{f"set{name}": _setter(field, most, local=True) for name, (field, most) in _FIELDS.items()},
        **{f"setUTC{name}": _setter(field, most, local=False) for name, (field, most) in _FIELDS.items()},
        "getDay": _getter("weekday", local=True),
        "getTime": get_time,
        "getTimezoneOffset": get_timezone_offset,
        "getUTCDay": _getter("weekday", local=False),
        "getYear": get_year,
        "setTime": set_time,
        "setYear": set_year,
        "toDateString": _local_text(lambda fields, _offset, _zone: _date_text(fields)),
        "toGMTString": to_utc_string,
        "toISOString": to_iso_string,
        "toJSON": to_json,
        "toLocaleDateString": _local_text(lambda fields, _offset, _zone: _locale_date(fields)),
        "toLocaleString": _local_text(lambda fields, _offset, _zone: f"{_locale_date(fields)}, {_locale_time(fields)}"),
        "toLocaleTimeString": _local_text(lambda fields, _offset, _zone: _locale_time(fields)),
        "toString": to_string,
        "toTimeString": _local_text(_time_text),
        "toUTCString": to_utc_string,
        "valueOf": get_time,
    }
)
"""``Date.prototype``: functions of ``this`` and the arguments. What ``Symbol.toPrimitive`` stands for is :func:`to_primitive`."""

STATICS: Mapping[str, Callable[..., Any]] = MappingProxyType({"UTC": utc_from_components, "now": now, "parse": parse})
"""The functions of ``Date``."""


# ------------------------------------------------------------------------------------------- the class


class _Moment(View):
    """A ``datetime`` of the host's: a date that nobody changes."""

    inherits = "Date"


MOMENT: Final = _Moment()
register(datetime.datetime, MOMENT)


_SET: Final = {f"set{zone}{name}": most for name, (_, most) in _FIELDS.items() for zone in ("", "UTC")}

CLASSES: Mapping[str, Any] = MappingProxyType(
    {
        "Date": Class(
            "Date",
            call=call,
            construct=Date,
            length=7,
            statics=with_lengths(without_this(STATICS), UTC=7),
            prototype={
                "toUTCString": to_utc_string,  # before its other name
                **with_lengths(PROTOTYPE, **_SET, toLocaleDateString=0, toLocaleString=0, toLocaleTimeString=0),
                TO_PRIMITIVE: (to_primitive, 1),
            },
        )
    }
)
