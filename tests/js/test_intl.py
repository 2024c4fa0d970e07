"""``Intl``: what it does is compared with Node's in ``scripts/intl.js``; here is what it refuses, and what only we have."""

from __future__ import annotations

import time
from typing import Any

import pytest

from bindgen_patch import js
from bindgen_patch.js import model
from bindgen_patch.js.builtins import GLOBALS


def make(name: str, locale: object = None, **options: object) -> Any:
    return model.construct(model.get(GLOBALS["Intl"], name), [locale, js.Object(options)])


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("NumberFormat", {"style": "percent"}),
        ("NumberFormat", {"maximumFractionDigits": 2}),
        ("NumberFormat", {"currency": "EUR"}),
        ("DateTimeFormat", {"dateStyle": "long"}),
        ("DateTimeFormat", {"hour": "numeric"}),
        ("DateTimeFormat", {"timeZone": "Europe/Berlin"}),
        ("Collator", {"caseFirst": "upper"}),
        ("PluralRules", {"minimumFractionDigits": 1}),
        ("RelativeTimeFormat", {"numeric": "auto"}),
        ("ListFormat", {"style": "narrow"}),
        ("DisplayNames", {"type": "language"}),
        ("Locale", {}),
        ("Segmenter", {}),
    ],
)
def test_what_is_not_there_is_refused_and_never_passed_over(name: str, options: dict[str, object]) -> None:
    with pytest.raises(js.TypeError, match=r"^Intl is not provided: "):
        make(name, "en-US", **options)


def test_values_that_are_supported_are_data() -> None:
    with pytest.raises(js.TypeError, match=r"^Intl is not provided: "):
        model.call(GLOBALS["Intl"], "supportedValuesOf", ["currency"])


def test_other_languages_are_not_available() -> None:
    made = make("NumberFormat", js.Array(["de", "fr-FR"]))
    assert model.get(model.call(made, "resolvedOptions", []), "locale") == "en-US"
    assert model.call(model.get(GLOBALS["Intl"], "NumberFormat"), "supportedLocalesOf", [js.Array(["de", "en-AU"])]) == ["en-AU"]


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the time zone of a process is fixed here")
def test_the_local_time_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    time.tzset()
    try:
        made = make("DateTimeFormat")
        assert model.get(model.call(made, "resolvedOptions", []), "timeZone") == "Asia/Kolkata"
        assert model.apply(model.get(made, "format"), None, [20 * 3_600_000]) == "1/2/1970"
        monkeypatch.setenv("TZ", "XYZ-3:30")
        time.tzset()
        assert model.get(model.call(made, "resolvedOptions", []), "timeZone") == "+03:30"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_nobody_can_change_it() -> None:
    assert not model.try_set(GLOBALS["Intl"], "NumberFormat", 1)
    assert not model.try_set(model.get(model.get(GLOBALS["Intl"], "NumberFormat"), "prototype"), "format", 1)
