"""``Intl`` (ECMA-402), as far as it goes without data: American English in its default formats.

Other languages are not available, so what asks for one gets ``en-US``, as the standard has it. An option that asks for more than there is
raises ``TypeError`` ("Intl is not provided: …") instead of being passed over, and so do ``DisplayNames``, ``Locale``, ``Segmenter`` and
``supportedValuesOf``, which are nothing but data. ``DurationFormat`` is missing, as in engines that do not have it.
"""

from __future__ import annotations

import math
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

from . import model, quota
from .arrays import collect, indices
from .classes import Class, Function, Table, namespace, without_this
from .dates import Date, fields_of, local_time, time_clip
from .errors import RangeError, TypeError
from .numbers import bigint_locale_text, to_locale_string
from .ordinary import Array, Object, Ordinary
from .primitives import BigInt, is_bigint, string_to_bigint
from .strings import locale_compare

_DEFAULT = "en-US"
_AVAILABLE = ("en-us", "en")
_DASH = "\u2013"
"""Between the ends of a range."""
_TAG = re.compile(
    r"(?P<language>[a-z]{2,3}|[a-z]{5,8})(?P<script>-[a-z]{4})?(?P<region>-(?:[a-z]{2}|[0-9]{3}))?(?P<variants>(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*)"
    r"(?P<extensions>(?:-[a-wyz0-9](?:-[a-z0-9]{2,8})+)*)(?P<private>-x(?:-[a-z0-9]{1,8})+)?",
    re.IGNORECASE,
)


class Part(NamedTuple):
    """A piece of a formatted text, as ``formatToParts`` tells of it."""

    type: str
    value: str


# ------------------------------------------------------------------------------------------- locales


def canonical(locales: object) -> list[str]:
    """CanonicalizeLocaleList (9.2.1): tags in their canonical form, each once. Aliases of languages and regions are not known."""
    if locales is None:
        return []
    given = [locales] if isinstance(locales, str) else model.to_object(locales)
    found: dict[str, None] = {}
    for index in indices(given):
        if not model.has(given, index):
            continue
        tag = model.get(given, index)
        if not isinstance(tag, str) and model.is_primitive(tag):
            raise TypeError("Incorrect locale information provided")
        found[_canonical(model.to_string(tag))] = None
    return list(found)


def _canonical(tag: str) -> str:
    match = _TAG.fullmatch(tag)
    if match is None:
        raise RangeError(f"Incorrect locale information provided: {tag[:80]}")
    rest = "".join(match[name] or "" for name in ("variants", "extensions", "private")).lower()
    return match["language"].lower() + (match["script"] or "").title() + (match["region"] or "").upper() + rest


def _available(tag: str) -> str | None:
    """BestAvailableLocale (9.2.2)."""
    language, *rest = tag.lower().partition("-u-")[0].split("-")
    return next((name for name in ("-".join([language, *rest[:1]]), language) if name in _AVAILABLE), None)


def _supported(_this: object, locales: object, options: object = None) -> Array:
    tags = canonical(locales)
    _matcher(options)
    return Array(tag for tag in tags if _available(tag))


# ------------------------------------------------------------------------------------------- options


def _matcher(options: object) -> None:
    if options is not None:
        _option(model.to_object(options), "localeMatcher", ("best fit", "lookup"), "best fit")


def _option(options: object, name: str, values: Sequence[str], default: str) -> str:
    """GetOption (9.2.12), of text."""
    value = model.get(options, name)
    if value is None:
        return default
    text = model.to_string(value)
    if text not in values:
        raise RangeError(f"Value {text[:80]} out of range for Intl options property {name}")
    return text


def _only(options: object, **defaults: object) -> None:
    """Options that have one value here."""
    for name, default in defaults.items():
        value = model.get(options, name)
        if value is not None and not model.same_value(value, default):
            raise TypeError(f"Intl is not provided: {name} is {model.describe(default)} here, whatever else is asked for")


# ------------------------------------------------------------------------------------------- the classes


class _Service(Ordinary):
    """What constructors of Intl make."""

    __slots__ = ("_bound", "locale")
    CALLABLE: ClassVar[bool] = False
    """Whether it may be called without ``new``, as it could be before there was such a rule."""

    def __init__(self, locales: object = None, options: object = None) -> None:
        tags = canonical(locales)
        given = Object() if options is None else model.to_object(options)
        _option(given, "localeMatcher", ("best fit", "lookup"), "best fit")
        self.locale = next((_canonical(name) for tag in tags if (name := _available(tag))), _DEFAULT)
        self._bound: Function | None = None
        self._take(given)

    def _take(self, options: Object) -> None:
        """Its options."""

    def resolved(self) -> dict[str, object]:
        """``resolvedOptions()``, less the locale."""
        raise NotImplementedError

    def bound(self, body: Callable[..., Any], length: int) -> Function:
        """The function that a getter gives: the same every time. ``body`` gets a ``this``, which it drops."""
        if self._bound is None:
            self._bound = Function("", body, length)
        return self._bound


class Collator(_Service):
    """``Intl.Collator``: see :func:`.strings.locale_compare`."""

    __slots__ = ("options",)
    _bp_class = "Intl Collator"
    CALLABLE = True

    def _take(self, options: Object) -> None:
        usage = _option(options, "usage", ("sort", "search"), "sort")
        numeric = model.get(options, "numeric")
        _only(options, collation="default", caseFirst="false", ignorePunctuation=False)
        sensitivity = _option(options, "sensitivity", ("base", "accent", "case", "variant"), "variant")
        self.options = {"usage": usage, "sensitivity": sensitivity, "numeric": model.truthy(numeric)}

    def compare(self, a: object = None, b: object = None) -> int:
        return locale_compare(model.to_string(a), b, None, Object(self.options))

    def resolved(self) -> dict[str, object]:
        fixed = {"ignorePunctuation": False, "collation": "default", "numeric": self.options["numeric"], "caseFirst": "false"}
        return {"usage": self.options["usage"], "sensitivity": self.options["sensitivity"], **fixed}


_DIGITS: Mapping[str, int] = MappingProxyType({"minimumIntegerDigits": 1, "minimumFractionDigits": 0, "maximumFractionDigits": 3})


def _numeric(value: object) -> int | float:
    """ToIntlMathematicalValue (16.5.16): text that is an integer keeps all of its digits."""
    value = model.to_primitive(value, "number")
    if isinstance(value, str):
        try:
            return BigInt(string_to_bigint(value))
        except Exception:  # no integer
            return model.to_number(value)
    return model.to_numeric(value)


def _number_text(value: int | float) -> str:
    return bigint_locale_text(value) if is_bigint(value) else to_locale_string(value)


def _number_parts(value: int | float) -> list[Part]:
    text = _number_text(value)
    parts = [Part("minusSign", "-")] if text.startswith("-") else []
    text = text.removeprefix("-")
    if text in ("NaN", "∞"):
        return [*parts, Part("nan" if text == "NaN" else "infinity", text)]
    whole, point, fraction = text.partition(".")
    quota.array(whole.count(",") * 2)
    for place, group in enumerate(whole.split(",")):
        parts += [Part("group", ",")] * (place > 0) + [Part("integer", group)]
    return parts + ([Part("decimal", "."), Part("fraction", fraction)] if point else [])


class NumberFormat(_Service):
    """``Intl.NumberFormat``: decimal, at most three digits of a fraction."""

    __slots__ = ()
    _bp_class = "Intl NumberFormat"
    CALLABLE = True
    FIXED: ClassVar[Mapping[str, object]] = {
        "signDisplay": "auto",
        "roundingIncrement": 1,
        "roundingMode": "halfExpand",
        "roundingPriority": "auto",
        "trailingZeroDisplay": "auto",
    }

    def _take(self, options: Object) -> None:
        _only(options, numberingSystem="latn", style="decimal", notation="standard", **_DIGITS, **self.FIXED, useGrouping="auto")
        for name in ("currency", "unit", "minimumSignificantDigits", "maximumSignificantDigits"):
            _only(options, **{name: None})

    def format(self, value: object = None) -> str:
        return _number_text(_numeric(value))

    def parts(self, value: object = None) -> list[Part]:
        return _number_parts(_numeric(value))

    def range(self, start: object, end: object) -> list[tuple[str, list[Part]]]:
        if start is None or end is None:
            raise TypeError("Invalid start or end of a range")
        ends = _numeric(start), _numeric(end)
        if any(value != value for value in ends):
            raise RangeError("Invalid start or end of a range: NaN")
        first, last = map(_number_parts, ends)
        if first == last:
            return [("shared", [Part("approximatelySign", "~"), *first])]
        signed = first[0].type == "minusSign" or last[0].type == "minusSign"
        return [("startRange", first), ("shared", [Part("literal", f" {_DASH} " if signed else _DASH)]), ("endRange", last)]

    def resolved(self) -> dict[str, object]:
        shown = {"numberingSystem": "latn", "style": "decimal", **_DIGITS, "useGrouping": "auto", "notation": "standard"}
        return {**shown, **self.FIXED}


class DateTimeFormat(_Service):
    """``Intl.DateTimeFormat``: month, day and year, in the local zone or UTC."""

    __slots__ = ("utc",)
    _bp_class = "Intl DateTimeFormat"
    CALLABLE = True

    def _take(self, options: Object) -> None:
        _only(options, calendar="gregory", numberingSystem="latn")
        zone = model.get(options, "timeZone")
        self.utc = zone is not None
        if self.utc and model.to_string(zone).upper() not in ("UTC", "ETC/UTC", "GMT", "ETC/GMT"):
            raise TypeError("Intl is not provided: the local time zone and UTC are the only ones here")
        _only(options, year="numeric", month="numeric", day="numeric")
        for name in (
            "weekday",
            "era",
            "dayPeriod",
            "hour",
            "minute",
            "second",
            "fractionalSecondDigits",
            "timeZoneName",
            "dateStyle",
            "timeStyle",
        ):
            _only(options, **{name: None})

    def parts(self, date: object = None) -> list[Part]:
        value = time.time() * 1000 // 1 if date is None else date.time if isinstance(date, Date) else model.to_number(date)
        value = time_clip(math.trunc(value) if math.isfinite(value) else math.nan)
        if isinstance(value, float):
            raise RangeError("Invalid time value")
        fields = fields_of(value if self.utc else local_time(value))
        year = fields.year if fields.year > 0 else 1 - fields.year
        slash = Part("literal", "/")
        return [Part("month", str(fields.month + 1)), slash, Part("day", str(fields.day)), slash, Part("year", str(year))]

    def format(self, date: object = None) -> str:
        return "".join(part.value for part in self.parts(date))

    def range(self, start: object, end: object) -> list[tuple[str, list[Part]]]:
        if start is None or end is None:
            raise TypeError("startDate or endDate cannot be undefined")
        first, last = self.parts(start), self.parts(end)
        if first == last:
            return [("shared", first)]
        return [("startRange", first), ("shared", [Part("literal", f"\u2009{_DASH}\u2009")]), ("endRange", last)]

    def resolved(self) -> dict[str, object]:
        fixed = dict.fromkeys(("year", "month", "day"), "numeric")
        return {"calendar": "gregory", "numberingSystem": "latn", "timeZone": "UTC" if self.utc else _local_zone(), **fixed}


def _local_zone() -> str:
    """The name of the local time zone, where the system tells; else its offset now."""
    place = os.environ.get("TZ", "").lstrip(":") or os.path.realpath("/etc/localtime")
    name = place.rpartition("zoneinfo/")[2]
    if re.fullmatch(r"[A-Z][A-Za-z_]+(/[A-Za-z_+\-0-9]+)+", name):
        return name.removeprefix("Etc/") if name == "Etc/UTC" else name
    minutes = time.localtime().tm_gmtoff // 60
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}" if minutes else "UTC"


class PluralRules(_Service):
    """``Intl.PluralRules``, with the rules of English."""

    __slots__ = ("type",)
    _bp_class = "Intl PluralRules"

    def _take(self, options: Object) -> None:
        self.type = _option(options, "type", ("cardinal", "ordinal"), "cardinal")
        _only(options, notation="standard", **_DIGITS)
        for name in ("minimumSignificantDigits", "maximumSignificantDigits"):
            _only(options, **{name: None})

    def select(self, value: object = None) -> str:
        number = model.to_number(value)
        shown = _number_text(abs(number)).replace(",", "")
        if not shown.isdecimal():
            return "other"
        if self.type == "cardinal":
            return "one" if shown == "1" else "other"
        if shown[-2:] in ("11", "12", "13"):
            return "other"
        return {"1": "one", "2": "two", "3": "few"}.get(shown[-1], "other")

    def select_range(self, start: object, end: object) -> str:
        """For English the range goes by its end."""
        if start is None or end is None:
            raise TypeError("Invalid start or end of a range")
        first, last = model.to_number(start), model.to_number(end)
        if first != first or last != last:
            raise RangeError("Invalid start or end of a range: NaN")
        return self.select(last) if self.type == "ordinal" or first == last else "other"

    def resolved(self) -> dict[str, object]:
        categories = ["one", "other"] if self.type == "cardinal" else ["one", "two", "few", "other"]
        return {"type": self.type, **_DIGITS, "pluralCategories": Array(categories)}


_UNITS = ("second", "minute", "hour", "day", "week", "month", "quarter", "year")


class RelativeTimeFormat(_Service):
    """``Intl.RelativeTimeFormat``: in numbers, at full length."""

    __slots__ = ()
    _bp_class = "Intl RelativeTimeFormat"

    def _take(self, options: Object) -> None:
        _only(options, numberingSystem="latn", style="long", numeric="always")

    def parts(self, value: object, unit: object) -> list[tuple[Part, str | None]]:
        """Parts, those of the number with their unit."""
        number, name = model.to_number(value), model.to_string(unit)
        name = name.removesuffix("s")
        if name not in _UNITS:
            raise RangeError(f"Invalid unit argument for format() '{name[:80]}'")
        if not math.isfinite(number):
            raise RangeError("The value need be finite number for Intl.RelativeTimeFormat.prototype.format()")
        shown: list[tuple[Part, str | None]] = [(part, name) for part in _number_parts(abs(number))]
        counted = f" {name}" if abs(number) == 1 else f" {name}s"
        if math.copysign(1, number) < 0:
            return [*shown, (Part("literal", f"{counted} ago"), None)]
        return [(Part("literal", "in "), None), *shown, (Part("literal", counted), None)]

    def resolved(self) -> dict[str, object]:
        return {"style": "long", "numeric": "always", "numberingSystem": "latn"}


class ListFormat(_Service):
    """``Intl.ListFormat``, at full length."""

    __slots__ = ("type",)
    _bp_class = "Intl ListFormat"

    def _take(self, options: Object) -> None:
        self.type = _option(options, "type", ("conjunction", "disjunction", "unit"), "conjunction")
        _only(options, style="long")

    def parts(self, items: object = None) -> list[Part]:
        texts = [] if items is None else collect(model.iterate(items))
        if not all(isinstance(text, str) for text in texts):
            raise TypeError("Iterable yielded a non-String value")
        word = {"conjunction": "and ", "disjunction": "or ", "unit": ""}[self.type]
        parts: list[Part] = []
        for place, text in enumerate(texts):
            last = place == len(texts) - 1
            if place:
                between = f" {word}" if word and len(texts) == 2 else f", {word}" if last else ", "
                parts.append(Part("literal", between))
            parts.append(Part("element", text))
        return parts

    def resolved(self) -> dict[str, object]:
        return {"type": self.type, "style": "long"}


# ------------------------------------------------------------------------------------------- what guests see


def _joined(parts: Sequence[Part]) -> str:
    quota.text(sum(len(part.value) for part in parts))
    return "".join(part.value for part in parts)


def _shown(parts: Sequence[Part], **more: object) -> list[Object]:
    return [Object({"type": part.type, "value": part.value, **more}) for part in parts]


def _shown_relative(parts: Sequence[tuple[Part, str | None]]) -> Array:
    return Array(Object({**part._asdict(), **({"unit": unit} if unit else {})}) for part, unit in parts)


def _shown_range(parts: Sequence[tuple[str, list[Part]]]) -> Array:
    return Array(shown for source, some in parts for shown in _shown(some, source=source))


def _class(service: type[_Service], methods: Mapping[str, tuple[Callable[..., Any], int]], getters: Table = MappingProxyType({})) -> Class:
    """A constructor; the methods get an object of the service."""
    name = service._bp_class.removeprefix("Intl ")

    def method(body: Callable[..., Any]) -> Callable[..., Any]:
        def call(this: object, *args: object) -> Any:
            if not isinstance(this, service):
                raise TypeError(f"Method of Intl.{name} called on incompatible receiver {model.describe(this)}")
            return body(this, *args)

        return call

    table = {key: (method(body), length) for key, (body, length) in methods.items()}
    table["resolvedOptions"] = (method(lambda it: Object({"locale": it.locale, **it.resolved()})), 0)
    return Class(
        name,
        call=service if service.CALLABLE else None,
        construct=service,
        statics={"supportedLocalesOf": (_supported, 1)},
        prototype=table,
        getters={key: method(body) for key, body in getters.items()},
        tag=f"Intl.{name}",
    )


_RANGES: Mapping[str, tuple[Callable[..., Any], int]] = MappingProxyType(
    {
        "formatToParts": (lambda it, value=None: Array(_shown(it.parts(value))), 1),
        "formatRange": (lambda it, start=None, end=None: "".join(_joined(some) for _, some in it.range(start, end)), 2),
        "formatRangeToParts": (lambda it, start=None, end=None: _shown_range(it.range(start, end)), 2),
    }
)
_FORMAT: Table = MappingProxyType({"format": lambda it: it.bound(lambda _this, value=None: it.format(value), 1)})

_CLASSES: Mapping[str, Class] = MappingProxyType(
    {
        "Collator": _class(Collator, {}, {"compare": lambda it: it.bound(lambda _this, a=None, b=None: it.compare(a, b), 2)}),
        "NumberFormat": _class(NumberFormat, _RANGES, _FORMAT),
        "DateTimeFormat": _class(DateTimeFormat, _RANGES, _FORMAT),
        "PluralRules": _class(
            PluralRules,
            {
                "select": (lambda it, value=None: it.select(value), 1),
                "selectRange": (lambda it, start=None, end=None: it.select_range(start, end), 2),
            },
        ),
        "RelativeTimeFormat": _class(
            RelativeTimeFormat,
            {
                "format": (lambda it, value=None, unit=None: "".join(part.value for part, _ in it.parts(value, unit)), 2),
                "formatToParts": (lambda it, value=None, unit=None: _shown_relative(it.parts(value, unit)), 2),
            },
        ),
        "ListFormat": _class(
            ListFormat,
            {
                "format": (lambda it, items=None: _joined(it.parts(items)), 1),
                "formatToParts": (lambda it, items=None: Array(_shown(it.parts(items))), 1),
            },
        ),
    }
)


def _refusing(name: str) -> Callable[..., Any]:
    def refuse(*_args: object) -> Any:
        raise TypeError(f"Intl is not provided: Intl.{name} needs data of languages, which this host does not have")

    return refuse


_INTL = namespace(
    "Intl",
    {
        **without_this({"getCanonicalLocales": (lambda locales=None: Array(canonical(locales)), 1)}),
        "supportedValuesOf": (_refusing("supportedValuesOf"), 1),
    },
    {**_CLASSES, **{name: Class(name, construct=_refusing(name)) for name in ("DisplayNames", "Locale", "Segmenter")}},
)

CLASSES: Mapping[str, Any] = MappingProxyType({"Intl": _INTL, **{f"Intl {name}": cls for name, cls in _CLASSES.items()}})
