"""String's methods: examples from node, the code units of characters beyond the basic plane, limits, and node itself."""

from __future__ import annotations

import json
import math
import random
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bindgen_patch import js
from bindgen_patch.js import quota, strings
from bindgen_patch.js.printing import stringify

from .oracle import ask, needs_node, show

P = strings.PROTOTYPE
quick = settings(deadline=None, max_examples=100)
texts = st.text(st.sampled_from("ab\u00e9\U0001f600\ud83d\ude00")).map(strings.joined)
places = st.none() | st.integers(-9, 9)
CRAB = "\U0001f980"


@pytest.mark.parametrize(
    ("method", "this", "args", "result"),
    [
        ("at", "abc", (-1,), "c"),
        ("at", "abc", (3,), None),
        ("at", CRAB, (1,), "\udd80"),
        ("charAt", "abc", (), "a"),
        ("charAt", "abc", (-1,), ""),
        ("charCodeAt", CRAB, (0,), 0xD83E),
        ("codePointAt", CRAB, (0,), 0x1F980),
        ("codePointAt", CRAB, (1,), 0xDD80),
        ("codePointAt", "a", (1,), None),
        ("concat", "a", (1, js.null, None), "a1nullundefined"),
        ("concat", "\ud83e", ("\udd80",), CRAB),
        ("endsWith", "abc", ("b", 2), True),
        ("endsWith", "abc", ("",), True),
        ("includes", "abc", ("a", 1), False),
        ("includes", CRAB, ("\udd80",), True),
        ("indexOf", "abc", ("", 10), 3),
        ("indexOf", f"{CRAB}x", ("x",), 2),
        ("isWellFormed", CRAB, (), True),
        ("isWellFormed", "\ud83e", (), False),
        ("lastIndexOf", "abcb", ("b", math.nan), 3),
        ("lastIndexOf", "abcb", ("b", 2), 1),
        ("lastIndexOf", "abc", ("c", -5), -1),
        ("normalize", "e\u0301", (), "\u00e9"),
        ("normalize", "\ufb01", ("NFKD",), "fi"),
        ("padEnd", "abc", (6, "12"), "abc121"),
        ("padStart", "abc", (6, CRAB), f"{CRAB}\ud83eabc"),
        ("padStart", "abc", (6, ""), "abc"),
        ("padStart", "abc", (5,), "  abc"),
        ("repeat", "ab", (2.9,), "abab"),
        ("repeat", "\udd80\ud83e", (2,), f"\udd80{CRAB}\ud83e"),
        ("repeat", "", (2**40,), ""),
        ("replace", "abc", ("b", "[$$|$&|$`|$'|$1|$<x>]"), "a[$|b|a|c|$1|$<x>]c"),
        ("replace", "aXb", ("X", lambda *found: found), "aX,1,aXbb"),
        ("replace", "abc", ("x", "y"), "abc"),
        ("replaceAll", "abab", ("b", "$'"), "aaba"),
        ("replaceAll", "abc", ("", "-"), "-a-b-c-"),
        ("replaceAll", CRAB, ("", "-"), "-\ud83e-\udd80-"),
        ("slice", "abc", (-2, -1), "b"),
        ("slice", f"a{CRAB}", (1, 2), "\ud83e"),
        ("split", "a,b,c", (",", 2), ["a", "b"]),
        ("split", "abc", (), ["abc"]),
        ("split", "abc", ("", -1), ["a", "b", "c"]),
        ("split", "", ("",), []),
        ("split", "", (",",), [""]),
        ("split", "a,b", (",", 0), []),
        ("startsWith", "abc", ("b", 1), True),
        ("substr", "abc", (-2, 1), "b"),
        ("substring", "abc", (2, 0), "ab"),
        ("substring", "abc", (math.nan, math.inf), "abc"),
        ("toLowerCase", "\u0391\u03a3 \u0130", (), "\u03b1\u03c2 i\u0307"),
        ("toUpperCase", "stra\u00dfe\ufb01", (), "STRASSEFI"),
        ("toWellFormed", f"a\ud83e{CRAB}", (), f"a\ufffd{CRAB}"),
        ("trim", "\ufeff\u2028 a b\t\u00a0", (), "a b"),
        ("trim", "\x1c\u0085a\u200b", (), "\x1c\u0085a\u200b"),
        ("trimEnd", " a ", (), " a"),
        ("trimStart", " a ", (), "a "),
        ("valueOf", "a", (), "a"),
        ("trim", 12, (), "12"),
    ],
)
def test_methods(method: str, this: object, args: tuple[Any, ...], result: object) -> None:
    assert P[method](this, *args) == result


@pytest.mark.parametrize("method", list(P))
def test_methods_are_for_something(method: str) -> None:
    for nothing in (None, js.null):
        with pytest.raises(js.TypeError, match=f"String.prototype.(to|trim|{method})"):
            P[method](nothing)


@pytest.mark.parametrize(
    ("method", "args", "error"),
    [
        ("repeat", (-1,), js.RangeError),
        ("repeat", (math.inf,), js.RangeError),
        ("repeat", (2**28,), js.RangeError),
        ("padEnd", (2**53, "x"), js.RangeError),
        ("normalize", ("nfc",), js.RangeError),
        ("indexOf", (js.Symbol("s"),), js.TypeError),
    ],
)
def test_refusals(method: str, args: tuple[Any, ...], error: type[js.Error]) -> None:
    with pytest.raises(error):
        P[method]("ab", *args)


def test_only_text_has_a_value() -> None:
    for method in ("toString", "valueOf"):
        with pytest.raises(js.TypeError, match="requires that 'this' be a String"):
            P[method](1)


def test_statics() -> None:
    S = strings.STATICS  # noqa: N806
    assert S["fromCharCode"](0x1F980, 65.9, "66") == "\uf980AB"
    assert S["fromCharCode"](0xD83E, 0xDD80) == CRAB
    assert S["fromCodePoint"](0x1F980, 65) == f"{CRAB}A"
    assert S["raw"]({"raw": ["a", "b", "c"]}, 1, 2, 3) == "a1b2c"
    assert S["raw"]({"raw": "xy"}, js.null) == "xnully"
    for code in (-1, 1.5, 0x110000, math.nan):
        with pytest.raises(js.RangeError, match="Invalid code point"):
            S["fromCodePoint"](code)


def test_iteration_is_by_code_points() -> None:
    assert list(strings.iterate(f"a{CRAB}\ud83e")) == ["a", CRAB, "\ud83e"]


def test_long_texts_are_not_collated() -> None:
    with pytest.raises(js.RangeError, match="too long to be compared"):
        P["localeCompare"]("a" * 300_000, "b")


def test_many_pieces_make_one_text() -> None:
    text = "ab" * 100_000
    assert P["replaceAll"](text, "b", "$&c") == P["replaceAll"](text, "b", "bc") == "abc" * 100_000
    assert P["replaceAll"](text, "", lambda *_: "-") == P["replaceAll"](text, "", "-")


def test_the_length_is_that_of_code_units() -> None:
    assert [strings.GETTERS["length"](text) for text in ("", "abc", "\u00e9", f"a{CRAB}", "\ud83e")] == [0, 3, 1, 3, 1]


@pytest.mark.parametrize(
    ("method", "args"),
    [
        ("concat", ("x" * 95,)),
        ("repeat", (20,)),
        ("padStart", (101,)),
        ("replaceAll", ("", "x" * 20)),
        ("replaceAll", ("e", "$`$'" * 20)),
        ("replace", ("e", "x" * 100)),
    ],
)
def test_results_have_a_largest_length(method: str, args: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "MAX_STRING", 100)
    with pytest.raises(js.RangeError, match="Invalid string length"):
        P[method]("needle", *args)


def test_mappings_that_grow_are_measured_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "MAX_STRING", 100)
    assert P["toUpperCase"]("\u00df" * 50) == "SS" * 50
    for method, text in (("toUpperCase", "\u00df" * 51), ("toLowerCase", "\u0130" * 51)):
        with pytest.raises(js.RangeError):
            P[method](text)
    with pytest.raises(js.RangeError):
        P["normalize"]("\ufdfa" * 10, "NFKD")


def test_split_makes_no_array_that_is_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "MAX_VALUES", 3)
    assert P["split"]("abcdef", "", 3) == ["a", "b", "c"]
    for args in (("",), ("b",)):
        with pytest.raises(js.RangeError, match="Invalid array length"):
            P["split"]("abababab", *args)


def test_hostile_templates_take_no_time() -> None:
    start = time.monotonic()
    template = "$<" * 200_000
    assert strings.substitution(template, "", 0, "", (), lambda name: None) == template
    assert strings.substitution(template + ">", "", 0, "", (), lambda name: "!") == "!"
    assert time.monotonic() - start < 5


def test_captures_in_templates() -> None:
    captures = ["A", None, *"cdefghijk"]

    def substitute(template: str) -> str:
        return strings.substitution(template, "xMy", 1, "M", captures, {"n": 7}.get)

    assert substitute("$1|$2|$3|$11|$12|$0|$00|$01|$99") == "A||c|k|A2|$0|$00|A|i9"
    assert substitute("$<n>$<none>|$<|$") == "7|$<|$"
    assert strings.substitution("$1$10", "", 0, "", ["A"]) == "AA0"


@quick
@given(texts, places, places)
def test_parts_are_those_of_utf_16(text: str, first: int | None, last: int | None) -> None:
    whole = text.encode("utf-16-le", "surrogatepass")
    assert strings.joined(strings.units(text)) == text
    assert strings.length(text) == len(whole) // 2
    start = max(len(whole) // 2 + (first or 0), 0) if (first or 0) < 0 else first or 0
    end = len(whole) // 2 if last is None else max(len(whole) // 2 + last, 0) if last < 0 else last
    part = P["slice"](text, first, last)
    assert part.encode("utf-16-le", "surrogatepass") == whole[2 * start : 2 * max(start, end)]


@quick
@given(texts, texts)
def test_split_and_concat_undo_each_other(text: str, separator: str) -> None:
    parts = P["split"](text, separator)
    assert strings.joined(strings.units(separator).join(map(strings.units, parts))) == text


@pytest.mark.parametrize(
    "words",
    [
        [" ", "_", "-", "1", "10", "2", "a", "A", "\u00e1", "\u00e4", "ae", "\u00e6", "b", "B", "co-op", "coop"],
        ["resume", "Resume", "r\u00e9sum\u00e9", "ss", "\u00df", "z", "Z"],
    ],
)
def test_locale_compare_orders_as_the_collation_algorithm_does(words: list[str]) -> None:
    ranks = [[P["localeCompare"](one, other) for other in words] for one in words]
    assert ranks == [[(here > there) - (here < there) for there in range(len(words))] for here in range(len(words))]
    assert P["localeCompare"]("e\u0301", "\u00e9") == 0


@needs_node
def test_strings_as_node_has_them() -> None:
    rng = random.Random(31)
    numbers = ["undefined", "0", "1", "2", "-1", "5", "1.7", "NaN", "Infinity", "-Infinity", "'1'"]
    value = {"undefined": None, "NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf, "'1'": "1", "1.7": 1.7}

    def text(size: int) -> str:
        return strings.joined(
            "".join(
                rng.choice("abAB \ufeff\u00e91$&\u00df\u0130\u03c3\u03a3\U0001f600\ud83d\ude00\u0301") for _ in range(rng.randint(0, size))
            )
        )

    def argument(kind: str) -> tuple[str, Any]:
        if kind == "n":
            source = rng.choice(numbers)
            return source, value[source] if source in value else int(source)
        made = "".join(rng.choice(["$", "1", "&", "<", "a>", "`", "'", "x"]) for _ in range(5)) if kind == "$" else text(2)
        return json.dumps(made), made

    kinds = {"endsWith": "tn", "includes": "tn", "indexOf": "tn", "lastIndexOf": "tn", "startsWith": "tn", "concat": "tt", "split": "tn"}
    kinds |= {"replace": "t$", "replaceAll": "t$", "slice": "nn", "substr": "nn", "substring": "nn", "padEnd": "nt", "padStart": "nt"}
    kinds |= dict.fromkeys(["at", "charAt", "charCodeAt", "codePointAt", "repeat"], "n") | dict.fromkeys(
        ["localeCompare", "match", "matchAll", "search"], "-"
    )
    questions: list[tuple[str, str]] = []
    for _ in range(150):
        for method in [method for method in P if kinds.get(method) != "-"]:
            this, args = text(8), [argument(kind) for kind in kinds.get(method, "")]
            source = f"{json.dumps(this)}.{method}({', '.join(source for source, _ in args)})"

            def ours(method: str = method, this: str = this, args: list[Any] = args) -> object:
                result = P[method](this, *[made for _, made in args])
                return stringify(result) if isinstance(result, list) else result

            questions.append((f"JSON.stringify({source})" if method == "split" else source, show(ours)))
    answers = ask([source for source, _ in questions])
    assert [(source, ours, theirs) for (source, ours), theirs in zip(questions, answers, strict=True) if ours != theirs] == []
