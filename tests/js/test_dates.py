"""Date: the calendar, local time in zones with and without summer time, text (`date_goldens.json` is node's, in UTC), and node itself."""

from __future__ import annotations

import datetime
import json
import math
import os
import random
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bindgen_patch import js
from bindgen_patch.js import dates
from bindgen_patch.js.dates import MAX_TIME, Date

from .oracle import NODE, needs_node

P = dates.PROTOTYPE
NAN = math.nan
GOLDENS = json.loads(Path(__file__).with_name("date_goldens.json").read_text())
"""Texts, and what `Date.parse` makes of them in UTC; null is NaN."""
quick = settings(deadline=None, max_examples=200)
times = st.integers(-MAX_TIME, MAX_TIME) | st.integers(-(10**12), 5 * 10**12)
PYTHON_TIMES = st.integers(-62135596800000, 253402300799999)


@pytest.fixture(autouse=True)
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Sets the local zone, by the rules of POSIX; UTC at first."""

    def set_zone(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    set_zone("UTC0")
    yield set_zone
    monkeypatch.undo()
    time.tzset()


BERLIN = "CET-1CEST,M3.5.0,M10.5.0/3"


# ------------------------------------------------------------------------------------------- making dates


@pytest.mark.parametrize(
    ("args", "value"),
    [
        ((2024, 0), 1704067200000),
        ((2024, 1, 30, 25, 61, 61, 1001), 1709344922001),
        ((99, 11, 31), 946598400000),
        ((100, 0), -59011459200000),
        ((1970, -1), -2678400000),
        ((1970, 0, 1.9, "1"), 3600000),
        ((1970, NAN), NAN),
        ((275760, 8, 13, 0, 0, 0, 1), NAN),
        ((1e300, 0), NAN),
        ((1970, 0, 1, 80063993375, 29, 1, -288230376151711740.0), 29312),
        ((None,), NAN),
        ((js.null,), 0),
        ((True,), 1),
        (("2020",), 1577836800000),
        ((2020.9,), 2020),
        ((MAX_TIME,), MAX_TIME),
        ((MAX_TIME + 1,), NAN),
        ((-0.0,), 0),
        (({"valueOf": lambda: "2020-01-01"},), 1577836800000),
        ((Date(5),), 5),
    ],
)
def test_new(args: tuple[Any, ...], value: float) -> None:
    made = Date(*args).time
    assert math.isnan(made) if math.isnan(value) else made == value
    assert isinstance(made, int) or math.isnan(made)


def test_now() -> None:
    for value in (Date().time, dates.now()):
        assert abs(value - time.time() * 1000) < 5000
    assert re.fullmatch(r"\w{3} \w{3} \d\d \d{4} \d\d:\d\d:\d\d GMT\+0000 \(Coordinated Universal Time\)", dates.call(1, 2))


def test_utc_fills_in_what_is_missing() -> None:
    utc = dates.STATICS["UTC"]
    assert utc(2017) == 1483228800000
    assert utc(70, 0, 1, 0, 0, 0, 0) == 0
    assert math.isnan(utc())
    with pytest.raises(js.TypeError):
        utc(js.BigInt(1))
    with pytest.raises(js.TypeError):
        Date(js.Symbol("s"))


@quick
@given(PYTHON_TIMES)
def test_the_calendar_is_pythons(value: int) -> None:
    fields = dates.fields_of(value)
    moment = Date(value).to_datetime()
    assert fields[:6] == (moment.year, moment.month - 1, moment.day, moment.hour, moment.minute, moment.second)
    assert (fields.millisecond, fields.weekday) == (moment.microsecond // 1000, moment.isoweekday() % 7)
    assert Date.from_datetime(moment).time == value


@quick
@given(times)
def test_components_make_the_date_again(value: int) -> None:
    fields = dates.fields_of(value)
    assert dates.time_clip(dates.make_date(dates.make_day(*fields[:3]), dates.make_time(*fields[3:7]))) == value


def test_python_dates(zone: Callable[[str], None]) -> None:
    zone(BERLIN)
    naive = datetime.datetime(2024, 7, 1, 12, 0, 0, 999)
    assert Date(naive).time == Date.from_datetime(naive).time == 1719828000000
    assert Date(datetime.datetime(2024, 7, 1, 12, tzinfo=datetime.UTC)).to_python().isoformat() == "2024-07-01T12:00:00+00:00"
    assert Date(datetime.datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=datetime.UTC)).time == -1
    for value in (NAN, MAX_TIME):
        with pytest.raises(js.RangeError):
            Date(value).to_datetime()
    assert [repr(Date(value)) for value in (0, NAN)] == ["Date(1970-01-01T00:00:00.000Z)", "Date(invalid)"]


# ------------------------------------------------------------------------------------------- local time


def test_summer_time(zone: Callable[[str], None]) -> None:
    zone(BERLIN)
    summer, winter = Date(1719828000000), Date(1704067200000)
    assert (P["getHours"](summer), P["getUTCHours"](summer), P["getTimezoneOffset"](summer)) == (12, 10, -120)
    assert (P["getHours"](winter), P["getTimezoneOffset"](winter)) == (1, -60)
    assert P["toString"](summer) == "Mon Jul 01 2024 12:00:00 GMT+0200 (CEST)"
    skipped, twice = Date(2024, 2, 31, 2, 30), Date(2024, 9, 27, 2, 30)
    assert P["toISOString"](skipped) == "2024-03-31T01:30:00.000Z"
    assert P["toISOString"](twice) == "2024-10-27T00:30:00.000Z"
    assert P["setHours"](summer, 0) == 1719784800000
    assert dates.parse("2024-07-01T12:00") == 1719828000000
    assert dates.parse("2024-07-01") == 1719792000000


@quick
@given(times)
def test_local_components_make_the_date_again(value: int) -> None:
    os.environ["TZ"] = BERLIN
    time.tzset()
    fields = dates.fields_of(dates.local_time(value))[:7]
    if abs(value) < MAX_TIME - 10**8 and not 0 <= fields[0] <= 99:  # those years mean the twentieth century
        again = Date(*fields).time
        assert again in (value, value - 3_600_000)  # the hour that there is twice is the first


def test_west_of_greenwich(zone: Callable[[str], None]) -> None:
    zone("NST3:30")
    date = Date(0)
    assert P["getTimezoneOffset"](date) == 210
    assert P["toString"](date) == "Wed Dec 31 1969 20:30:00 GMT-0330 (NST)"


def test_a_c_library_with_fewer_years(monkeypatch: pytest.MonkeyPatch, zone: Callable[[str], None]) -> None:
    zone(BERLIN)
    real = time.localtime

    def limited(seconds: float) -> time.struct_time:
        if not 0 <= seconds < 2**31:
            raise OSError
        return real(seconds)

    monkeypatch.setattr(time, "localtime", limited)
    assert P["getTimezoneOffset"](Date(-(10**14))) in (-60, -120)
    assert P["getTimezoneOffset"](Date(dates.utc_from_components(2450, 6))) == -120
    assert P["getTimezoneOffset"](Date(dates.utc_from_components(1850, 0))) == -60


# ------------------------------------------------------------------------------------------- methods


@pytest.mark.parametrize(
    ("method", "args", "iso"),
    [
        ("setFullYear", (2023,), "2023-03-01T10:20:30.456Z"),
        ("setFullYear", (2023, 0, 31), "2023-01-31T10:20:30.456Z"),
        ("setMonth", (1,), "2024-02-29T10:20:30.456Z"),
        ("setMonth", (12, 0), "2024-12-31T10:20:30.456Z"),
        ("setDate", (0,), "2024-01-31T10:20:30.456Z"),
        ("setHours", (25, 61, 61, 1001), "2024-03-01T02:02:02.001Z"),
        ("setMinutes", (-1,), "2024-02-29T09:59:30.456Z"),
        ("setSeconds", (90, 5), "2024-02-29T10:21:30.005Z"),
        ("setMilliseconds", ("7",), "2024-02-29T10:20:30.007Z"),
        ("setUTCHours", (1, None), None),
        ("setUTCDate", (31, 99), "2024-03-02T10:20:30.456Z"),
        ("setHours", (), None),
        ("setTime", (5.9,), "1970-01-01T00:00:00.005Z"),
        ("setTime", (), None),
        ("setYear", (99,), "1999-03-01T10:20:30.456Z"),
        ("setFullYear", (275761,), None),
    ],
)
def test_setters(method: str, args: tuple[Any, ...], iso: str | None) -> None:
    date = Date(Date("2024-02-29T10:20:30.456Z"))
    result = P[method](date, *args)
    assert result is date.time
    assert P["toJSON"](date) == (js.null if iso is None else iso)


def test_an_invalid_date_stays_so_until_it_gets_a_year() -> None:
    date = Date(NAN)
    for method in ("setMonth", "setDate", "setUTCHours", "setMilliseconds"):
        assert math.isnan(P[method](date, 1))
    assert P["setFullYear"](date, 2000) == 946684800000


def test_invalid_dates_have_no_parts() -> None:
    date = Date(NAN)
    for method, function in P.items():
        if method.startswith("get") or method == "valueOf":
            assert math.isnan(function(date))
        elif method.startswith("to") and method not in ("toISOString", "toJSON"):
            assert function(date) == "Invalid Date"
    with pytest.raises(js.RangeError, match="Invalid time value"):
        P["toISOString"](date)
    assert P["toJSON"](date) is js.null


@pytest.mark.parametrize("method", [method for method in P if method != "toJSON"])
def test_the_methods_are_for_dates(method: str) -> None:
    with pytest.raises(js.TypeError, match="this is not a Date object"):
        P[method](0)


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        (
            0,
            [
                "Thu Jan 01 1970 00:00:00 GMT+0000 (Coordinated Universal Time)",
                "Thu Jan 01 1970",
                "00:00:00 GMT+0000 (Coordinated Universal Time)",
                "Thu, 01 Jan 1970 00:00:00 GMT",
                "1970-01-01T00:00:00.000Z",
                "1/1/1970, 12:00:00 AM",
                "1/1/1970",
                "12:00:00 AM",
            ],
        ),
        (
            -62198755200000,
            [
                "Fri Jan 01 -0001 00:00:00 GMT+0000 (Coordinated Universal Time)",
                "Fri Jan 01 -0001",
                "00:00:00 GMT+0000 (Coordinated Universal Time)",
                "Fri, 01 Jan -0001 00:00:00 GMT",
                "-000001-01-01T00:00:00.000Z",
                "1/1/2, 12:00:00 AM",
                "1/1/2",
                "12:00:00 AM",
            ],
        ),
        (
            MAX_TIME,
            [
                "Sat Sep 13 275760 00:00:00 GMT+0000 (Coordinated Universal Time)",
                "Sat Sep 13 275760",
                "00:00:00 GMT+0000 (Coordinated Universal Time)",
                "Sat, 13 Sep 275760 00:00:00 GMT",
                "+275760-09-13T00:00:00.000Z",
                "9/13/275760, 12:00:00 AM",
                "9/13/275760",
                "12:00:00 AM",
            ],
        ),
    ],
)
def test_text(value: int, texts: list[str]) -> None:
    methods = ["String", "DateString", "TimeString", "UTCString", "ISOString", "LocaleString", "LocaleDateString", "LocaleTimeString"]
    assert [P[f"to{method}"](Date(value)) for method in methods] == texts


def test_dates_as_primitives() -> None:
    date = Date(0)
    assert dates.to_primitive(date, "number") == 0
    assert dates.to_primitive(date, "default") == dates.to_primitive(date, "string") == P["toString"](date)
    with pytest.raises(js.TypeError, match="Invalid hint"):
        dates.to_primitive(date)


def test_to_json_is_generic() -> None:
    assert P["toJSON"]({"valueOf": lambda: 1, "toISOString": lambda: "mine"}) == "mine"
    assert P["toJSON"]({"valueOf": lambda: NAN}) is js.null


# ------------------------------------------------------------------------------------------- parsing


@pytest.mark.parametrize(("text", "value"), GOLDENS)
def test_parse_as_node_does(text: str, value: int | None) -> None:
    parsed = dates.parse(text)
    assert math.isnan(parsed) if value is None else parsed == value


@quick
@given(times)
def test_what_is_written_can_be_read(value: int) -> None:
    date = Date(value)
    assert dates.parse(P["toISOString"](date)) == value
    if dates.fields_of(value).year > 99:
        for method in ("toString", "toUTCString"):
            assert dates.parse(P[method](date)) == value // 1000 * 1000


def test_hostile_text_takes_no_time() -> None:
    start = time.monotonic()
    for text in ("(" * 300_000, "x" * 300_000, "Jan " * 100_000, "1" * 300_000, "2024-01-01T00:00:00." + "1" * 300_000, "-" * 300_000):
        dates.parse(text)
    assert time.monotonic() - start < 10


_PROGRAM = """
let text = "";
process.stdin.on("data", chunk => text += chunk);
process.stdin.on("end", () => {
  const [texts, values, sets, getters] = JSON.parse(text);
  process.stdout.write(JSON.stringify([
    texts.map(text => Date.parse(text)),
    values.map(value => getters.map(name => new Date(value)[name]())),
    sets.map(([value, name, args]) => { const date = new Date(value); return [date[name](...args), +date]; }),
  ]));
});
"""


@needs_node
def test_dates_as_node_has_them() -> None:
    rng = random.Random(61)
    pieces = [
        "2024",
        "-",
        "01",
        "02",
        "31",
        "T",
        "10:20",
        "10:20:30",
        ":45",
        ".123",
        "Z",
        "+01:00",
        "-0800",
        " ",
        "Jan",
        "feb",
        "Sat",
        "GMT",
    ]
    pieces += ["EST", "PM", "am", "12", ",", "/", "5", "99", "(x)", "13", "24:00", "::", "at", "+012345", "0"]
    texts = [rng.choice(["", " "]).join(rng.choice(pieces) for _ in range(rng.randint(1, 6))) for _ in range(1500)]
    texts = [text for text in texts if not re.search(r"\d{7}", text)]  # V8's offsets overflow
    values = [rng.choice([rng.randint(-MAX_TIME, MAX_TIME), rng.randint(-(10**12), 4 * 10**12)]) for _ in range(300)]
    getters = [name for name in P if name.startswith(("get", "to")) and name != "toJSON"]
    setters = [name for name in P if name.startswith("set") and name not in ("setYear", "setTime")]
    numbers = [0, 1, 2, 12, 24, 31, 59, 60, 99, 100, 1970, 2024, -1, 1.9, -0.5, 300000, 1e9, 1e15]
    sets = [(value, rng.choice(setters), [rng.choice(numbers) for _ in range(rng.randint(0, 4))]) for value in values * 3]
    assert NODE is not None
    done = subprocess.run(
        [NODE, "-e", _PROGRAM],
        input=json.dumps([texts, values, sets, getters]),
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "TZ": "UTC"},
    )
    parsed, got, was_set = json.loads(done.stdout)

    def plain(value: Any) -> Any:
        return None if isinstance(value, float) and math.isnan(value) else value

    assert [(text, ours, theirs) for text, theirs in zip(texts, parsed, strict=True) if (ours := plain(dates.parse(text))) != theirs] == []
    assert [[P[name](Date(value)) for name in getters] for value in values] == got
    for (value, name, args), theirs in zip(sets, was_set, strict=True):
        date = Date(value)
        assert [plain(P[name](date, *args)), plain(date.time)] == theirs, (value, name, args)
