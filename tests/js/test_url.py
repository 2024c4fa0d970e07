"""URL and URLSearchParams: what node makes of many texts (`url_goldens.json`), the rules where node is not the standard, and properties."""

from __future__ import annotations

import json
import random
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bindgen_patch import js
from bindgen_patch.js import strings
from bindgen_patch.js.web import url
from bindgen_patch.js.web.url import URL, URLSearchParams

from .oracle import NODE, needs_node

GOLDENS = json.loads(Path(__file__).with_name("url_goldens.json").read_text())
"""`parse`: text, base, then href, origin and host, or null; `set`: a URL, an attribute, its new value, the href after it or null."""
M = url.PARAMS_PROTOTYPE
quick = settings(deadline=None, max_examples=200)


@pytest.mark.parametrize("golden", GOLDENS["parse"], ids=lambda golden: str(golden[0]))
def test_parse_as_node_does(golden: list[Any]) -> None:
    text, base, href, *parts = golden
    assert url.STATICS["canParse"](text, base) is (href is not None)
    if href is None:
        assert url.STATICS["parse"](text, base) is js.null
        with pytest.raises(js.TypeError, match="Invalid URL"):
            URL(text, base)
        return
    made = URL(text, base)
    assert [url.GETTERS[name](made) for name in ("href", "origin", "host")] == [href, *parts]
    assert str(URL(href)) == href


@pytest.mark.parametrize(("text", "name", "value", "href"), GOLDENS["set"])
def test_set_as_node_does(text: str, name: str, value: str, href: str | None) -> None:
    made = URL(text)
    if href is None:
        with pytest.raises(js.TypeError, match="Invalid URL"):
            url.SETTERS[name](made, value)
        return
    url.SETTERS[name](made, value)
    assert str(made) == href
    assert list(made.params) == list(URLSearchParams(url.GETTERS["search"](made)))


def test_the_attributes() -> None:
    made = URL("https://user:p%20w@h:81/a/b?q=1#f")
    assert {name: get(made) for name, get in url.GETTERS.items() if name != "searchParams"} == {
        "hash": "#f",
        "host": "h:81",
        "hostname": "h",
        "href": "https://user:p%20w@h:81/a/b?q=1#f",
        "origin": "https://h:81",
        "password": "p%20w",
        "pathname": "/a/b",
        "port": "81",
        "protocol": "https:",
        "search": "?q=1",
        "username": "user",
    }
    assert url.PROTOTYPE["toJSON"](made) == url.PROTOTYPE["toString"](made) == str(made) == made.to_python()
    assert repr(URL("foo:x")) == "URL('foo:x')"
    assert str(URL({"toString": lambda: "foo:x"})) == "foo:x"
    assert str(URL("x", URL("http://h/"))) == "http://h/x"
    assert url.GETTERS["search"](URL("http://h/?#")) == url.GETTERS["hash"](URL("http://h/?#")) == ""


@pytest.mark.parametrize(
    "text",
    ["http://xn--a", "http://xn--", "http://xn--zca\u0301", "http://\u0301a", "http://\u05d01.2a", "http://a\u200db", "http://\ufffd"],
)
def test_names_that_are_not_valid(text: str) -> None:
    """Node takes some of them."""
    with pytest.raises(js.TypeError):
        URL(text)


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("\u05d0\u05d1.\u05d2", "xn--4dbc.xn--6db"),
        ("b\u0308.\u00df", "xn--b-ccb.xn--zca"),
        ("\u0915\u094d\u200d\u0937", "xn--11b2ezcw70k"),
        ("\u1e9e", "xn--zca"),
        ("XN--ZCA", "xn--zca"),
        ("\uff21\u3002com", "a.com"),
    ],
)
def test_international_names(text: str, host: str) -> None:
    assert url.GETTERS["host"](URL(f"http://{text}")) == host


# ------------------------------------------------------------------------------------------- URLSearchParams


@pytest.mark.parametrize(
    ("init", "text"),
    [
        (None, ""),
        (js.null, "null="),
        ("?a=1&b=2&a", "a=1&b=2&a="),
        ("??", "%3F="),
        ("&&a+b=%20%zz%ff&=", "a+b=+%25zz%EF%BF%BD&="),
        ({"a": 1, "b": js.null}, "a=1&b=null"),
        ([["a", "b"], ("c", 5)], "a=b&c=5"),
        (URLSearchParams("x=y"), "x=y"),
        ("\u00e9=\U0001f600\ud800", "%C3%A9=%F0%9F%98%80%EF%BF%BD"),
        ("*-._~!'()", "*-._%7E%21%27%28%29="),
    ],
)
def test_making_params(init: object, text: str) -> None:
    assert str(URLSearchParams(init)) == text


@pytest.mark.parametrize("init", [[["a"]], [["a", "b", "c"]], ["ab"], [1]])
def test_pairs_are_pairs(init: object) -> None:
    with pytest.raises(js.TypeError, match="pair"):
        URLSearchParams(init)


def test_params_are_a_list_of_pairs() -> None:
    params = URLSearchParams("a=1&b=2&a=3")
    assert (M["get"](params, "a"), M["get"](params, "x"), M["getAll"](params, "a")) == ("1", js.null, ["1", "3"])
    assert (M["has"](params, "a"), M["has"](params, "a", "3"), M["has"](params, "a", "2"), M["has"](params, "a", None)) == (
        True,
        True,
        False,
        True,
    )
    M["append"](params, "c", 4)
    M["set"](params, "a", 9)
    M["set"](params, "d", 5)
    assert str(params) == "a=9&b=2&c=4&d=5"
    M["delete"](params, "b", "x")
    M["delete"](params, "c")
    assert (str(params), len(params), "b" in params, url.PARAMS_GETTERS["size"](params)) == ("a=9&b=2&d=5", 3, True, 3)
    assert (list(M["keys"](params)), list(M["values"](params)), next(M["entries"](params))) == (
        ["a", "b", "d"],
        ["9", "2", "5"],
        ["a", "9"],
    )
    seen: list[object] = []
    M["forEach"](params, lambda *args: seen.append(args))
    assert seen[0] == ("9", "a", params)
    assert (params.to_python()[0], repr(params)) == (("a", "9"), "URLSearchParams('a=9&b=2&d=5')")


def test_sorting_is_by_code_units_and_stable() -> None:
    params = URLSearchParams([["\uffff", "1"], ["\U0001f600", "2"], ["a", "3"], ["\uffff", "4"], ["a", "5"]])
    M["sort"](params)
    assert list(M["values"](params)) == ["3", "5", "2", "1", "4"]


def test_what_is_added_while_iterating_is_seen() -> None:
    params = URLSearchParams("a=1")
    names = []
    for name, _ in params:
        names.append(name)
        if len(names) < 3:
            M["append"](params, name + "x", "")
    assert names == ["a", "ax", "axx"]


def test_params_and_their_url_follow_each_other() -> None:
    made = URL("http://h/?a=1#f")
    params = url.GETTERS["searchParams"](made)
    M["append"](params, "b", "\u00e9 ~")
    assert str(made) == "http://h/?a=1&b=%C3%A9+%7E#f"
    url.SETTERS["search"](made, "x=1&y=2")
    assert url.GETTERS["searchParams"](made) is params
    assert M["getAll"](params, "y") == ["2"]
    url.SETTERS["href"](made, "http://h/?z")
    assert str(params) == "z="
    M["delete"](params, "z")
    assert str(made) == "http://h/"


def test_the_methods_are_for_their_objects() -> None:
    for table in (url.PROTOTYPE, url.GETTERS):
        for function in table.values():
            with pytest.raises(js.TypeError, match="must be of type URL"):
                function("http://h/")
    for name, function in M.items():
        with pytest.raises(js.TypeError, match="URLSearchParams"):
            function({}) if name != "forEach" else function({}, print)
    for name in ("append", "set", "get", "has", "delete", "getAll"):
        with pytest.raises(js.TypeError, match="must be specified"):
            M[name](URLSearchParams())
    with pytest.raises(js.TypeError, match="callback"):
        M["forEach"](URLSearchParams(), 1)


# ------------------------------------------------------------------------------------------- properties

PIECES = [
    "http:",
    "file:",
    "foo:",
    "//",
    "/",
    "\\",
    "a",
    "b.c",
    "..",
    ".",
    "%2e",
    "?",
    "#",
    "@",
    ":",
    "80",
    "99999",
    "x=1",
    "+",
    " ",
    "%41",
    "%zz",
]
PIECES += [
    "[::1]",
    "[1::2:0:0:3]",
    "1.2.3.4",
    "0x7f.1",
    "256",
    "09",
    "localhost",
    "A",
    "\u00e9",
    "\u65e5",
    "\u00df",
    "\t",
    "'",
    '"',
    "<",
    "`",
    "{",
]
PIECES += ["|", "^", "~", "C:", "D|", "\U0001f600", "\x01", "\x7f", "\u3002"]
TEXTS = st.builds(
    str.__add__,
    st.sampled_from(["", "http://", "foo://", "file://", "ws:", "data:"]),
    st.lists(st.sampled_from(PIECES), max_size=6).map("".join),
)


@quick
@given(TEXTS)
def test_what_is_written_is_read_as_the_same(text: str) -> None:
    if url.can_parse(text):
        href = str(URL(text))
        assert href.isascii()
        assert str(URL(href)) == href


@quick
@given(st.lists(st.tuples(st.text(), st.text())))
def test_params_read_what_they_write(pairs: list[tuple[str, str]]) -> None:
    assert list(URLSearchParams(str(URLSearchParams(pairs)))) == pairs


def test_long_text_takes_no_time() -> None:
    start = time.monotonic()
    for piece in ("a", "/", "../", "@", "%", ":", ".", "[", "?&", "0"):
        url.can_parse("http://h" + piece * 50_000)
        url.can_parse("http://h/" + piece * 50_000)
    assert time.monotonic() - start < 10


_PROGRAM = """
let text = "";
process.stdin.on("data", chunk => text += chunk);
const parts = u => [u.href, u.origin, u.host, u.pathname, u.search, u.hash, u.username, u.password];
process.stdin.on("end", () => {
  if (parseInt(process.versions.node) < 24) return;
  const [parses, sets] = JSON.parse(text);
  process.stdout.write(JSON.stringify([
    parses.map(([text, base]) => { try { return parts(base === null ? new URL(text) : new URL(text, base)); } catch { return null; } }),
    sets.map(([text, name, value]) => { const u = new URL(text); u[name] = value; return parts(u); }),
  ]));
});
"""


@needs_node
def test_urls_as_node_has_them() -> None:
    rng = random.Random(71)

    def text(most: int) -> str:
        return rng.choice(["", "http://", "foo://", "file://", "ws:", "data:"]) + "".join(
            rng.choice(PIECES) for _ in range(rng.randint(0, most))
        )

    bases = [None, "http://u:p@h:8080/a/b?q#f", "file:///C:/x/y", "foo:bar", "foo://h/a/b"]
    parses = [(text(6), rng.choice(bases)) for _ in range(2500)]
    names = [name for name in url.SETTERS if name != "href"]
    sets = [(rng.choice(bases[1:]), rng.choice(names), text(3)) for _ in range(1500)]
    assert NODE is not None
    done = subprocess.run([NODE, "-e", _PROGRAM], input=json.dumps([parses, sets]), capture_output=True, text=True, check=True)
    if not done.stdout:
        pytest.skip("before version 24, node's parser had mistakes of its own")
    parsed, changed = json.loads(done.stdout)

    def parts(made: URL) -> list[str]:
        return [url.GETTERS[name](made) for name in ("href", "origin", "host", "pathname", "search", "hash", "username", "password")]

    ours = [parts(URL(text, base)) if url.can_parse(text, base) else None for text, base in parses]
    assert [(case, mine, theirs) for case, mine, theirs in zip(parses, ours, parsed, strict=True) if mine != theirs] == []
    for (start, name, value), theirs in zip(sets, changed, strict=True):
        made = URL(start)
        url.SETTERS[name](made, value)
        assert parts(made) == theirs, (start, name, value)


def test_well_formed_text_only() -> None:
    assert str(URL("foo:\ud800")) == "foo:%EF%BF%BD"
    assert strings.is_well_formed(str(URLSearchParams([["\udc00", ""]])))
