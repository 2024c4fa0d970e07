"""Text there and back: borrowed, owned, optional, empty, long, and with every kind of character."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ..conftest import MODES
from .kit import examples, guest_of, not_entered

Load = Callable[..., Any]

TEXTS = [
    "",
    "\0",
    "a\0b",
    "\ufeff",
    "\ufeffbom",
    "é",
    "e\u0301",
    "€",
    "🦀",
    "👩‍👩‍👧‍👦",
    "\U0010ffff",
    "\uffff",
    "\u2028",
    "line\r\nline",
    "x" * 1000,
]
NO_TEXTS: list[object] = [None, 5, b"bytes", bytearray(b"bytes"), ["a"], object(), 1.5]


@pytest.fixture(scope="module", params=MODES)
def strings(load: Load, request: pytest.FixtureRequest) -> Any:
    return load("strings", request.param)


def check(strings: Any, text: str) -> None:
    data = text.encode()
    assert strings.echo_str(text) == text
    assert strings.echo_string(text) == text
    assert strings.maybe_string(text) == text
    assert strings.char_count(text) == len(text)
    assert strings.byte_length(text) == len(data)
    assert strings.utf8(text) == data
    assert strings.reverse(text) == text[::-1]
    assert strings.first_char(text) == (text[0] if text else None)


@pytest.mark.parametrize("text", TEXTS)
def test_texts(strings: Any, text: str) -> None:
    check(strings, text)


@examples
@given(texts=st.lists(st.text(), max_size=10))
def test_texts_there_and_back(strings: Any, texts: list[str]) -> None:
    for text in texts:
        check(strings, text)


@examples
@given(left=st.text(), right=st.text(), number=st.integers(0, 255))
def test_several_texts_at_once(strings: Any, left: str, right: str, number: int) -> None:
    assert strings.concat(left, right) == left + right
    assert strings.append(left, right) == left + right
    assert strings.three(left, right, number) == f"{left}-{right}-{number}"
    assert strings.owned_three(left, number, right) == f"{left}-{number}-{right}"


def encoded_as_javascript_does(text: str) -> str:
    """What ``TextEncoder`` makes of UTF-16: pairs of surrogates are a character, others become U+FFFD."""
    joined = re.sub(
        "[\ud800-\udbff][\udc00-\udfff]", lambda pair: chr(0x10000 + (ord(pair[0][0]) - 0xD800 << 10) + ord(pair[0][1]) - 0xDC00), text
    )
    return re.sub("[\ud800-\udfff]", "\ufffd", joined)


@pytest.mark.parametrize(
    "text", ["\ud800", "\udfff", "a\ud800b", "\ud83e\udd80", "\udd80\ud83e", "\ud800\ud800\udc00", "\ud83e", "\ud83ea\udd80"]
)
def test_lone_surrogates_are_replaced(strings: Any, text: str) -> None:
    assert strings.echo_str(text) == encoded_as_javascript_does(text)


@examples
@given(texts=st.lists(st.text(st.sampled_from("a🦀\0\ud800\udbff\udc00\udfff\ufffd")), max_size=20))
def test_surrogates_of_all_kinds(strings: Any, texts: list[str]) -> None:
    for text in texts:
        expected = encoded_as_javascript_does(text)
        assert strings.echo_string(text) == expected
        assert strings.maybe_string(text) == expected


def test_nothing_is_not_the_empty_text(strings: Any) -> None:
    assert strings.maybe_string(None) is None
    assert strings.maybe_string() is None
    assert strings.maybe_string("") == ""
    assert strings.is_none()
    assert strings.is_none(None)
    assert not strings.is_none("")
    assert strings.empty() == ""
    assert strings.empty_or_none(True) == ""
    assert strings.empty_or_none(False) is None


def test_the_rest(strings: Any) -> None:
    assert strings.greet("World") == "Hello, World!"
    assert strings.upper("straße") == "STRASSE"
    assert strings.upper("ABC") == "ABC"
    assert strings.sampler() == "\ufeffaé€🦀e\u0301\0z"
    assert strings.salute("Ada", "Lady") == "Good day, Lady Ada."
    assert strings.salute("Ada") == "Hi Ada"
    assert strings.salute(title="Lady", name="Ada") == "Good day, Lady Ada."


def test_a_str_of_another_class(strings: Any) -> None:
    class Text(str):
        pass

    assert strings.echo_str(Text("text")) == "text"
    assert type(strings.echo_str(Text("text"))) is str


@pytest.mark.parametrize("wrong", NO_TEXTS)
def test_what_is_no_text(strings: Any, wrong: Any) -> None:
    kind = type(wrong).__name__
    with not_entered(strings):
        for function in (strings.echo_str, strings.echo_string, strings.char_count, strings.utf8):
            with pytest.raises(TypeError, match=f"^text: expected str, not {kind}$"):
                function(wrong)
        with pytest.raises(TypeError, match=f"^suffix: expected str, not {kind}$"):
            strings.append("text", wrong)
        with pytest.raises(TypeError, match=f"^c: expected str, not {kind}$"):
            strings.owned_three("a", 1, wrong)
        if wrong is not None:
            with pytest.raises(TypeError, match=f"^text: expected str, not {kind}$"):
                strings.maybe_string(wrong)
        with pytest.raises(OverflowError, match=r"^b: 256 does not fit in u8"):
            strings.owned_three("a", 256, "c")


def test_a_megabyte_and_more(load: Load, mode: str) -> None:
    """The guest's memory grows while the arguments are put there, and during the call."""
    module = load("strings", mode)
    guest = guest_of(module)
    before = guest._size
    text = "é🦀ab" * (1 << 17)
    assert module.echo_string(text) == text
    assert guest._size > before
    assert module.concat(text, text) == text + text
    assert module.repeat("0123456789abcdef", 1 << 20) == "0123456789abcdef" * (1 << 20)
    assert module.byte_length(text) == 8 << 17
    assert module.reverse(module.reverse(text)) == text
    module.append(text, text)
    high_water = guest._size
    for _ in range(20):
        assert module.append(text, text) == text + text
    assert guest._size == high_water
