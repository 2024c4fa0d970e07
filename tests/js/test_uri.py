"""encodeURI and kin, escape and unescape."""

from __future__ import annotations

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bindgen_patch import js
from bindgen_patch.js import quota, uri

from .oracle import ask, needs_node, show

quick = settings(deadline=None, max_examples=100)
ASCII = "".join(map(chr, range(128)))


@pytest.mark.parametrize(
    ("function", "text", "result"),
    [
        (uri.encode_uri, "a b?c=d&\u00e9\U0001f980#", "a%20b?c=d&%C3%A9%F0%9F%A6%80#"),
        (uri.encode_uri_component, "a b?c=d&\u00e9/", "a%20b%3Fc%3Dd%26%C3%A9%2F"),
        (uri.encode_uri_component, js.null, "null"),
        (uri.decode_uri, "%41%2f%2F%C3%a9%23%3a", "A%2f%2F\u00e9%23%3a"),
        (uri.decode_uri_component, "%41%2f%C3%a9\ud800%f0%9F%A6%80", "A/\u00e9\ud800\U0001f980"),
        (uri.decode_uri_component, "\ud83e%41", "\ud83eA"),
        (uri.escape, "a b\u00fc\u0107\U0001f980@*_+-./", "a%20b%FC%u0107%uD83E%uDD80@*_+-./"),
        (uri.unescape, "%u0107%fC%uD83E%uDD80%zz%u12", "\u0107\u00fc\U0001f980%zz%u12"),
        (uri.unescape, None, "undefined"),
    ],
)
def test_examples(function: object, text: object, result: str) -> None:
    assert function(text) == result  # type: ignore[operator]


def test_what_stays_as_it_is() -> None:
    kept = {name: "".join(char for char in ASCII if function(char) == char) for name, function in uri.GLOBALS.items() if name[0] == "e"}
    assert kept["encodeURIComponent"] == "!'()*-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~"
    assert kept["encodeURI"] == "!#$&'()*+,-./0123456789:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~"
    assert kept["escape"] == "*+-./0123456789@ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(
    "text", ["%", "%4", "%zz", "%u0041", "%80", "%C3", "%C3A9", "%C0%80", "%ED%A0%80", "%F8%80%80%80%80", "%F4%90%80%80", "%C3%2F"]
)
def test_what_cannot_be_decoded(text: str) -> None:
    for function in (uri.decode_uri, uri.decode_uri_component):
        with pytest.raises(js.URIError, match="URI malformed"):
            function(text)


@pytest.mark.parametrize("text", ["\ud800", "a\udc00b", "\udc00\ud800"])
def test_halves_of_pairs_have_no_utf_8(text: str) -> None:
    for function in (uri.encode_uri, uri.encode_uri_component):
        with pytest.raises(js.URIError, match="URI malformed"):
            function(text)


def test_the_result_has_a_largest_length(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "MAX_STRING", 10_000)
    for function in (uri.encode_uri, uri.encode_uri_component, uri.escape):
        assert len(function(" " * 3000)) == 9000
        with pytest.raises(js.RangeError):
            function(" " * 4000)


def test_long_text_takes_no_time() -> None:
    assert uri.decode_uri_component("%41" * 300_000) == uri.decode_uri("%41" * 300_000) == "A" * 300_000


@quick
@given(st.text())
def test_decoding_undoes_encoding(text: str) -> None:
    assert uri.decode_uri_component(uri.encode_uri_component(text)) == text
    assert uri.decode_uri(uri.encode_uri(text)) == text
    assert uri.unescape(uri.escape(text)) == text


@needs_node
def test_as_node_does() -> None:
    rng = random.Random(41)
    parts = [
        "%",
        "%4",
        "%41",
        "%2f",
        "%2F",
        "%C3",
        "%a9",
        "%E2%82%AC",
        "%F0%9F",
        "%98%80",
        "%u0041",
        "%uD83D",
        "\ud83d",
        "\U0001f600",
        "/?#a ",
    ]
    texts = [rng.choice(["", "%41"]) + "".join(rng.choice(parts) for _ in range(rng.randint(0, 4))) for _ in range(1500)]
    questions = [(f"{name}({json.dumps(text)})", show(function, text)) for text in texts for name, function in uri.GLOBALS.items()]
    answers = ask([source for source, _ in questions])
    assert [(source, ours, theirs) for (source, ours), theirs in zip(questions, answers, strict=True) if ours != theirs] == []
