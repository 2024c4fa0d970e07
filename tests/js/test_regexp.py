"""RegExp: examples from node (`regexp_goldens.json`), the two engines against each other, hostile patterns, and node itself."""

from __future__ import annotations

import json
import random
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bindgen_patch import js
from bindgen_patch.js import strings
from bindgen_patch.js.regexp import regexp
from bindgen_patch.js.regexp.linear import translate
from bindgen_patch.js.regexp.matcher import Matcher, Program
from bindgen_patch.js.regexp.parser import Flags, parse
from bindgen_patch.js.regexp.regexp import RegExp

from .oracle import NODE, needs_node

P = strings.PROTOTYPE
GOLDENS = json.loads(Path(__file__).with_name("regexp_goldens.json").read_text())
"""Pattern, flags, text, ``lastIndex``; what ``exec`` gives in node and ``lastIndex`` after it, or the error."""


def executed(pattern: RegExp, text: str) -> dict[str, Any]:
    found = pattern.exec(text)
    if found is None:
        return {"last": pattern.last_index}
    result: dict[str, Any] = {"match": list(found), "index": found.position, "last": pattern.last_index}
    if found.groups is not None:
        result["groups"] = found.groups
    if found.indices is not None:
        result["indices"] = list(found.indices)
    return result


@pytest.mark.parametrize(("source", "flags", "text", "last", "expected"), GOLDENS)
def test_exec_as_node_does(source: str, flags: str, text: str, last: int, expected: object) -> None:
    if not isinstance(expected, str):
        pattern = RegExp(source, flags)
        pattern.last_index = last
        assert executed(pattern, strings.joined(text)) == expected
        return
    with pytest.raises(js.SyntaxError) as raised:
        RegExp(source, flags)
    same = expected == f"SyntaxError: {raised.value.message}"
    assert same or "Invalid property name" in raised.value.message


# ------------------------------------------------------------------------------------------- what strings do with patterns


@pytest.mark.parametrize(
    ("method", "this", "args", "result"),
    [
        ("match", "abcABC", (RegExp("[a-c]", "gi"),), ["a", "b", "c", "A", "B", "C"]),
        ("match", "abc", (RegExp("x", "g"),), js.null),
        ("match", "abc", (RegExp("x"),), js.null),
        ("match", "a.c", (".",), ["a"]),
        ("match", "abc", (), [""]),
        ("match", "\U0001f600x", (RegExp("", "gu"),), ["", "", ""]),
        ("match", "\U0001f600x", (RegExp("", "g"),), ["", "", "", ""]),
        ("search", "abc", (RegExp("c", "g"),), 2),
        ("search", "abc", (RegExp("c", "y"),), -1),
        ("search", "\U0001f600x", ("x",), 2),
        ("replace", "John Smith", (RegExp(r"(\w+)\s(\w+)"), "$2, $1"), "Smith, John"),
        ("replace", "aaa", (RegExp("a", "g"), "[$&$`$']"), "[aaa][aaa][aaa]"),
        ("replace", "2024-05", (RegExp(r"(?<y>\d+)-(?<m>\d+)"), "$<m>/$<y>$<none>"), "05/2024"),
        ("replace", "2024", (RegExp(r"\d(\d)"), "$<y>$1"), "$<y>024"),
        ("replace", "abc", (RegExp("(b)|(x)"), lambda *found: "|".join(map(str, found))), "ab|b|None|1|abcc"),
        ("replace", "ab", (RegExp("(?<n>b)"), lambda *found: found[-1]["n"] * 2), "abb"),
        ("replace", "abab", (RegExp("", "g"), "-"), "-a-b-a-b-"),
        ("replace", "aab", (RegExp("a", "gy"), "x"), "xxb"),
        ("replaceAll", "aab", (RegExp("a", "g"), "x"), "xxb"),
        ("split", "a1b2c", (RegExp(r"\d"),), ["a", "b", "c"]),
        ("split", "a1b2c", (RegExp(r"(\d)"), 3), ["a", "1", "b"]),
        ("split", "abc", (RegExp(""),), ["a", "b", "c"]),
        ("split", "", (RegExp(""),), []),
        ("split", "", (RegExp("a"),), [""]),
        ("split", "A<B>bold</B>", (RegExp(r"<(\/)?([^<>]+)>"),), ["A", None, "B", "bold", "/", "B", ""]),
        ("split", "test", (RegExp("(?=s)"),), ["te", "st"]),
        ("split", "\U0001f600\U0001f600", (RegExp("", "u"),), ["\U0001f600", "\U0001f600"]),
        ("split", "aXbxc", (RegExp("x", "iy"),), ["a", "b", "c"]),
    ],
)
def test_strings_hand_over_to_patterns(method: str, this: str, args: tuple[Any, ...], result: object) -> None:
    assert P[method](this, *args) == result


def test_match_all_works_on_a_copy() -> None:
    pattern = RegExp("(a)(?<n>.)?", "gd")
    pattern.last_index = 1
    found = list(P["matchAll"]("xabxa", pattern))
    assert [(list(match), match.position, match.groups, list(match.indices or [])) for match in found] == [
        (["ab", "a", "b"], 1, {"n": "b"}, [[1, 3], [1, 2], [2, 3]]),
        (["a", "a", None], 4, {"n": None}, [[4, 5], [4, 5], None]),
    ]
    assert pattern.last_index == 1
    assert [match.position for match in P["matchAll"]("aXa", "a")] == [0, 2]
    for method in ("matchAll", "replaceAll"):
        with pytest.raises(js.TypeError, match="non-global"):
            P[method]("a", RegExp("a"))
    for method in ("includes", "startsWith", "endsWith"):
        with pytest.raises(js.TypeError, match="must not be a regular expression"):
            P[method]("a", RegExp("a"))


def test_the_last_index_moves_for_global_and_sticky_patterns_only() -> None:
    for flags, places in (("g", [2, 4, 0]), ("y", [0, 0, 0]), ("", [7, 7, 7])):
        pattern = RegExp("b", flags)
        pattern.last_index = 7 if not flags else 0
        seen = []
        for _ in places:
            pattern.test("abab")
            seen.append(pattern.last_index)
        assert seen == places
    pattern = RegExp("b", "g")
    pattern.last_index = "3"
    assert executed(pattern, "abab") == {"match": ["b"], "index": 3, "last": 4}
    P["replace"]("abab", pattern, "x")
    assert pattern.last_index == 0


def test_a_last_index_within_a_pair_is_that_of_the_pair() -> None:
    pattern = RegExp("", "gu")
    pattern.last_index = 1
    found = pattern.exec("\U0001f600")
    assert found is not None
    assert (found.position, pattern.last_index) == (0, 0)


def test_what_patterns_tell_of_themselves() -> None:
    get = regexp.GETTERS
    pattern = RegExp("a/b[/]\n\\/", "yigd")
    assert (get["source"](pattern), get["flags"](pattern), get["lastIndex"](pattern)) == ("a\\/b[/]\\n\\/", "dgiy", 0)
    assert regexp.PROTOTYPE["toString"](pattern) == "/a\\/b[/]\\n\\//dgiy"
    names = {"hasIndices", "global", "ignoreCase", "sticky"}
    flags = {name for name in get if name not in ("source", "flags", "lastIndex")}
    assert {name for name in flags if get[name](pattern)} == names
    assert repr(RegExp()) == "/(?:)/"
    assert repr(RegExp(js.null)) == "/null/"
    assert repr(RegExp(RegExp("a", "g"))) == "/a/g"
    assert repr(RegExp(RegExp("a", "g"), "i")) == "/a/i"
    regexp.SETTERS["lastIndex"](pattern, "5")
    assert get["lastIndex"](pattern) == "5"
    assert regexp.PROTOTYPE["compile"](pattern, "x", "m") is pattern
    assert (repr(pattern), pattern.last_index) == ("/x/m", 0)


@pytest.mark.parametrize("method", [*regexp.PROTOTYPE, "source", "flags"])
def test_the_methods_are_for_patterns(method: str) -> None:
    with pytest.raises(js.TypeError, match=f"RegExp.prototype.{method}"):
        (regexp.PROTOTYPE.get(method) or regexp.GETTERS[method])("a")


def test_a_pattern_may_change_while_it_replaces() -> None:
    pattern = RegExp("(?<n>a)", "g")

    def change(*found: object) -> str:
        regexp.PROTOTYPE["compile"](pattern, "(?<m>(b)(c))")
        return str(found[-1])

    assert P["replace"]("aab", pattern, change) == "{'n': 'a'}{'n': 'a'}b"


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("foo-bar", "\\x66oo\\x2dbar"),
        ("1.5", "\\x31\\.5"),
        ("(*)/", "\\(\\*\\)\\/"),
        ("_\n \u2028\ufeff", "_\\n\\x20\\u2028\\ufeff"),
        ("\U0001f600\ud83d", "\U0001f600\\ud83d"),
        ("\u00e9", "\u00e9"),
        ("", ""),
    ],
)
def test_escape(text: str, escaped: str) -> None:
    assert regexp.STATICS["escape"](text) == escaped
    for flags in ("", "u", "v"):
        assert RegExp(f"^{escaped}$", flags).test(text)


def test_escape_is_for_text() -> None:
    with pytest.raises(js.TypeError):
        regexp.STATICS["escape"](5)


@pytest.mark.parametrize("source", ["\\p{Script=Greek}", "\\p{sc=Latn}", "\\p{Emoji}", "\\p{Alphabetic}", "\\p{RGI_Emoji}"])
def test_properties_without_data_are_named(source: str) -> None:
    with pytest.raises(js.SyntaxError, match=f"{source[3:-1]}.*or no data"):
        RegExp(source, "v")


@pytest.mark.parametrize("source", ["a" * 70_000, "(" * 5000 + ")" * 5000, "(?:" * 90 + ")" * 90, "[" * 90 + "]" * 90, "(?=" * 1000])
def test_patterns_that_are_too_large(source: str) -> None:
    with pytest.raises(js.SyntaxError, match=r"too large|Too many captures"):
        RegExp(source, "v")


# ------------------------------------------------------------------------------------------- time


class OutOfPatienceError(Exception):
    pass


@pytest.fixture
def deadline(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], int]]:
    """Patience that ends after a while; tells how often it was asked for."""
    asked = 0

    def ask() -> None:
        nonlocal asked
        asked += 1
        if asked > 20:
            raise OutOfPatienceError

    monkeypatch.setattr(regexp, "patience", ask)
    yield lambda: asked


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("(a+)+$", "a" * 40 + "b"),
        ("(a|aa)+$", "a" * 60 + "b"),
        ("(.*)*x", "a" * 2000),
        ("a*a*a*b", "a" * 3000),
        ("a*b", "a" * 30_000),
        (r"\s+$", " " * 30_000 + "x"),
        (".*?x", "y" * 30_000),
        ("(x+x+)+y", "x" * 50),
        ("((a?){50}){50}b", "a" * 40),
        ("(?:a?){9007199254740991}", "aaaaa"),
        (r"(?=(a+))*?(a*)*\2b", "a" * 2000),
        ("(?<=x(?:a+)+)b", "a" * 40 + "b"),
    ],
)
def test_hostile_patterns_end_when_patience_does(source: str, text: str, deadline: Callable[[], int]) -> None:
    start = time.monotonic()
    with pytest.raises(OutOfPatienceError):
        RegExp(source).exec(text)
    assert time.monotonic() - start < 5


def test_many_short_matches_ask_for_patience_too(deadline: Callable[[], int]) -> None:
    with pytest.raises(OutOfPatienceError):
        P["replace"]("ab" * 200_000, RegExp("a", "g"), "x")
    assert deadline() == 21


def test_a_stack_that_grows_too_high_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bindgen_patch.js.regexp.matcher.MAX_STACK", 10_000)
    with pytest.raises(js.RangeError, match="Maximum call stack size"):
        RegExp("(?:a|b)*c").exec("ab" * 20_000)


def test_long_texts_do_not_recurse() -> None:
    found = RegExp("(?:a|(b))*").exec("ab" * 50_000)
    assert found is not None
    assert len(found[0]) == 100_000


@pytest.mark.parametrize(
    ("source", "linear"),
    [
        ("foo", True),
        (r"\d{4}-\d\d", True),
        ("a*b", True),
        ("[^a]*a+b*c", True),
        (r"\s+$", True),
        ("(a+)-(b|c)?", True),
        (".*?x", True),
        ("(?:ab|a)c*", True),
        ("a*a*", False),
        (".*x.*", False),
        ("a*(?:b?a|c)+", False),
        ("(a+)+", False),
        ("(?:ab)*", False),
        ("(a)*", False),
        (r"(a)\1", False),
        ("(?=a)", False),
        ("(?:a|b|c|d)(?:a|b|c|d)(?:a|b|c|d)(?:a|b|c|d)", False),
        ("a{0,1000}a", False),
        ("(?:a*)?", False),
    ],
)
def test_who_matches_what(source: str, linear: bool) -> None:
    assert (translate(parse(source, Flags())) is not None) is linear


# ------------------------------------------------------------------------------------------- properties

ATOMS = st.sampled_from(
    [
        "a",
        "b",
        "c",
        "A",
        "1",
        "_",
        " ",
        ".",
        r"\d",
        r"\w",
        r"\W",
        r"\s",
        "[ab]",
        "[^a]",
        "[a-c]",
        r"\b",
        r"\B",
        "^",
        "$",
        "\u00e9",
        "\u017f",
        "\\n",
    ]
)
QUANTIFIERS = st.sampled_from(["", "", "", "*", "+", "?", "{2}", "{1,2}", "{0}", "*?", "+?", "??", "{1,}", "{2,3}?"])
SIMPLE = st.lists(
    st.builds(str.__add__, ATOMS.filter(lambda atom: atom not in ("^", "$", r"\b", r"\B")), QUANTIFIERS) | ATOMS, max_size=3
).map("".join)
GROUPS = st.builds(
    lambda opening, one, other, end: f"({opening}{one}|{other}){end}",
    st.sampled_from(["", "?:"]),
    SIMPLE,
    SIMPLE,
    st.sampled_from(["", "?", "??"]),
)
PATTERNS = st.lists(SIMPLE | GROUPS, max_size=3).map("".join)
TEXTS = st.text(st.sampled_from("abcA1_ \n\u00e9\u017fs\U0001f600"), max_size=10)


@settings(deadline=None, max_examples=400)
@given(PATTERNS, st.sampled_from(["", "i", "m", "s", "u", "iu"]), TEXTS)
def test_both_engines_find_the_same(source: str, flags: str, text: str) -> None:
    meaning = Flags("i" in flags, "m" in flags, "s" in flags, "u" in flags)
    pattern = parse(source, meaning)
    translated = translate(pattern)
    if translated is None:
        return
    chars = text if "u" in flags else strings.units(text)
    matcher = Matcher(Program(pattern, "u" in flags), chars, lambda: None)
    for start in range(len(chars) + 1):
        found = translated[0].match(chars, start)
        assert matcher.match(start) == (None if found is None else [place for span in found.regs for place in span])


@settings(deadline=None, max_examples=200)
@given(PATTERNS, st.sampled_from(["a", "ab", "c", " "]), st.sampled_from(["", "x\n"]))
def test_what_is_left_to_python_takes_linear_time(source: str, unit: str, end: str) -> None:
    translated = translate(parse(source, Flags()))
    if translated is not None:
        text = unit * 5000 + end
        start = time.process_time()
        translated[0].match(text)
        assert time.process_time() - start < 1  # MAX_WORK steps for each character are some hundredths of that


@settings(deadline=None, max_examples=200)
@given(PATTERNS, TEXTS, st.sampled_from(["", "u"]))
def test_parts_and_matches_make_up_the_text(source: str, text: str, flags: str) -> None:
    pattern = RegExp(source, "g" + flags)
    assert P["replace"](text, pattern, "$&") == text
    assert P["replace"](text, pattern, lambda matched, *_: matched) == text
    matches = P["match"](text, pattern)
    assert [match[0] for match in P["matchAll"](text, pattern)] == ([] if matches is js.null else matches)


_PROGRAM = """
let text = "";
process.stdin.on("data", chunk => text += chunk);
const plain = match => match && { match: [...match].map(x => x ?? null), index: match.index };
const run = ([source, flags, text]) => {
  try {
    const r = new RegExp(source, flags);
    return [plain(r.exec(text)), text.replace(r, "[$1$&]"), text.split(r).map(x => x ?? null), text.search(r), r.source];
  } catch (error) { return error.name; }
};
process.stdin.on("end", () => process.stdout.write(JSON.stringify(JSON.parse(text).map(run))));
"""


@needs_node
def test_random_patterns_as_node_matches_them() -> None:
    rng = random.Random(51)
    literals = [
        *"aabbcAB1_- \n",
        r"\d",
        r"\w",
        r"\W",
        ".",
        "[ab]",
        "[^a]",
        r"\b",
        r"\B",
        "^",
        "$",
        "\u00e9",
        "\u00c9",
        "\u017f",
        "\u03c2",
        "\u03a3",
    ]
    odd = [
        r"\1",
        r"\2",
        r"\k",
        "{",
        "}",
        "]",
        r"\8",
        r"\07",
        r"\c",
        r"\u",
        r"[\c1]",
        "[z-a]",
        r"[\w-a]",
        "a{2",
        "*",
        r"\-",
        "[]",
        "[^]",
        "{1}",
    ]
    odd += ["[a&&b]", r"[\w--\d]", r"[\q{ab|c|}]", "(?", "[(]"]

    def source(depth: int) -> str:
        pieces = []
        for _ in range(rng.randint(1, 3)):
            if depth and rng.random() < 0.4:
                piece = f"({rng.choice(['', '', '?:', '?=', '?!', '?<=', '?<!'])}{source(depth - 1)}|{source(depth - 1)})"
            else:
                piece = rng.choice(odd if rng.random() < 0.1 else literals)
            pieces.append(piece + rng.choice(["", "", "", "*", "+", "?", "{2}", "{1,2}", "*?", "??"]))
        return "".join(pieces)

    def flags() -> str:
        return "".join(flag for flag in "gims" if rng.random() < 0.3) + rng.choice(["", "", "u", "v"])

    cases = [
        (source(2), flags(), "".join(rng.choice("aabbcAB1_- \n\u00e9\u00c9sk\u03c3") for _ in range(rng.randint(0, 9))))
        for _ in range(3000)
    ]
    assert NODE is not None
    done = subprocess.run([NODE, "-e", _PROGRAM], input=json.dumps(cases), capture_output=True, text=True, check=True)

    def ours(source: str, flags: str, text: str) -> object:
        try:
            pattern = RegExp(source, flags)
        except js.SyntaxError:
            return "SyntaxError"
        found = pattern.exec(text)
        first = None if found is None else {"match": list(found), "index": found.position}
        return [first, P["replace"](text, pattern, "[$1$&]"), P["split"](text, pattern), P["search"](text, pattern), pattern.source]

    differences = [
        (case, mine, theirs) for case, theirs in zip(cases, json.loads(done.stdout), strict=True) if (mine := ours(*case)) != theirs
    ]
    assert differences == []
