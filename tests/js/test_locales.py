"""What the built-ins know of languages; the expectations are node's."""

from __future__ import annotations

from typing import Any

import pytest

from bindgen_patch import js
from bindgen_patch.js import locales, numbers, strings

P = strings.PROTOTYPE


@pytest.mark.parametrize(
    ("locale", "texts"),
    [
        (None, ["1,234.5", "-12,345.679", "999"]),
        ("en-US", ["1,234.5", "-12,345.679", "999"]),
        ("de-DE", ["1.234,5", "-12.345,679", "999"]),
        (["de", "en"], ["1.234,5", "-12.345,679", "999"]),
        ([], ["1,234.5", "-12,345.679", "999"]),
        ("es", ["1234,5", "-12.345,679", "999"]),
        ("fr", ["1\u202f234,5", "-12\u202f345,679", "999"]),
        ("sv", ["1\u00a0234,5", "\u221212\u00a0345,679", "999"]),
        (
            "zh-Hans-CN-u-nu-hanidec",
            ["\u4e00,\u4e8c\u4e09\u56db.\u4e94", "-\u4e00\u4e8c,\u4e09\u56db\u4e94.\u516d\u4e03\u4e5d", "\u4e5d\u4e5d\u4e5d"],
        ),
        ("en-u-nu-deva", ["\u0967,\u0968\u0969\u096a.\u096b", "-\u0967\u0968,\u0969\u096a\u096b.\u096c\u096d\u096f", "\u096f\u096f\u096f"]),
        ("xx-u-nu-nope", ["1,234.5", "-12,345.679", "999"]),
    ],
)
def test_numbers(locale: object, texts: list[str]) -> None:
    assert [numbers.to_locale_string(value, locale) for value in (1234.5, -12345.6789, 999)] == texts
    assert numbers.bigint_locale_text(js.BigInt(999), locale) == texts[2]


@pytest.mark.parametrize("tag", ["", "e", "en us", "abcd", "en-", ["1"]])
def test_tags_that_are_none(tag: object) -> None:
    with pytest.raises(js.RangeError, match="Incorrect locale information"):
        locales.locale(tag)


def test_null_is_no_locale() -> None:
    with pytest.raises(js.TypeError):
        locales.locale(js.null)


@pytest.mark.parametrize(
    ("locale", "lower", "upper"),
    [
        (None, "i\u0307 i \u0131", "I\u0307 I I"),
        ("tr", "i \u0131 \u0131", "\u0130\u0307 \u0130 I"),
        ("az-Latn", "i \u0131 \u0131", "\u0130\u0307 \u0130 I"),
        ("lt", "i\u0307 i \u0131", "I I I"),
    ],
)
def test_letters(locale: str | None, lower: str, upper: str) -> None:
    assert P["toLocaleLowerCase"]("\u0130 I \u0131", locale) == lower
    assert P["toLocaleUpperCase"]("i\u0307 i \u0131", locale) == upper


def test_lithuanian_keeps_its_dots() -> None:
    assert P["toLocaleLowerCase"]("I\u0300\u00ccJ\u0323I", "lt") == "i\u0307\u0300i\u0307\u0300j\u0323i"


@pytest.mark.parametrize(
    ("left", "right", "options", "order"),
    [
        ("r\u00e9sum\u00e9", "RESUME", None, 1),
        ("r\u00e9sum\u00e9", "RESUME", {}, 1),
        ("r\u00e9sum\u00e9", "RESUME", {"sensitivity": "base"}, 0),
        ("r\u00e9sum\u00e9", "RESUME", {"sensitivity": "accent"}, 1),
        ("r\u00e9sum\u00e9", "RESUME", {"sensitivity": "case"}, -1),
        ("a2", "a10", None, 1),
        ("a2", "a10", {"numeric": True}, -1),
        ("a02", "a2", {"numeric": True}, 0),
        ("a0", "a", {"numeric": True}, 1),
        ("1000000000000000000000", "999999999999999999999", {"numeric": True}, 1),
    ],
)
def test_comparing(left: str, right: str, options: dict[str, Any] | None, order: int) -> None:
    assert P["localeCompare"](left, right, "en", options) == order
    assert P["localeCompare"](right, left, "en", options) == -order


def test_a_sensitivity_that_is_none() -> None:
    with pytest.raises(js.RangeError, match="sensitivity"):
        P["localeCompare"]("a", "b", None, {"sensitivity": "none"})
