"""What TypeScript says of a type, read, and made into hints: right, or not at all, and never anything but a hint."""

from __future__ import annotations

import ast
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bindgen_patch.emit import names
from bindgen_patch.emit import typescript as ts
from bindgen_patch.emit.hints import ANY, LIMIT, Hints
from bindgen_patch.instrument import check_guards

BUILTINS = {name: name for name in names.BUILTINS}
STRING, NUMBER = ts.Name("string"), ts.Name("number")

# ------------------------------------------------------------------------------------------- the reader

READ: dict[str, ts.Type] = {
    "string": STRING,
    "WebAssembly.Memory": ts.Name("WebAssembly.Memory"),
    "Map<string, number[]>": ts.Name("Map", (STRING, ts.Sequence((NUMBER,)))),
    "Array<Array<string>>": ts.Name("Array", (ts.Name("Array", (STRING,)),)),
    '"a" | \'it\\\'s "b"\' | -1 | 1.5 | true': ts.Union(tuple(map(ts.Literal, ("a", 'it\'s "b"', -1, 1.5, True)))),
    '"\\u00e9\\n{}"': ts.Literal("é\n{}"),
    "| A\n  | B": ts.Union((ts.Name("A"), ts.Name("B"))),
    "A & B | C": ts.Union((ts.Both((ts.Name("A"), ts.Name("B"))), ts.Name("C"))),
    "(string | number)[]": ts.Sequence((ts.Union((STRING, NUMBER)),)),
    "readonly string[]": ts.Sequence((STRING,)),
    "[a: string, b?: number, ...rest: boolean[]]": ts.Sequence((STRING, NUMBER, ts.Name("boolean"))),
    "[string, number?]": ts.Sequence((STRING, ts.Union((NUMBER, ts.Name("undefined"))))),
    "[]": ts.Sequence(()),
    "() => void": ts.Function((), ts.Name("void")),
    "(a: string, b: number) => Promise<string>": ts.Function((STRING, NUMBER), ts.Name("Promise", (STRING,))),
    "(a: string, b?: number) => string": ts.Function(None, STRING),
    "(...all: any[]) => string": ts.Function(None, STRING),
    "((a: string) => string) | null": ts.Union((ts.Function((STRING,), STRING), ts.Name("null"))),
    "{ a: string; readonly b?: number, 'c d': 1 }": ts.Record(
        {"a": ts.Field(STRING), "b": ts.Field(NUMBER, optional=True), "c d": ts.Field(ts.Literal(1))}
    ),
    "{\n  a: string\n  'b': number\n  c: string\n}": ts.Record({"a": ts.Field(STRING), "b": ts.Field(NUMBER), "c": ts.Field(STRING)}),
    "{ [key: string]: number }": ts.Record({}, NUMBER),
    "{ readonly: string; get: number; new: string; a }": ts.Record(
        {"readonly": ts.Field(STRING), "get": ts.Field(NUMBER), "new": ts.Field(STRING), "a": ts.Field(ts.Name("any"))}
    ),
    "/* a */ string // b": STRING,
}
UNREADABLE = [
    *("", "|", "string |", "string string", "(string", "string)", "Map<string", "[string", "{ a: string", "-", "1.", "=>", "1_000", "a[0]"),
    *("keyof A", "typeof a", "A extends B ? C : D", "A['b']", "`a${string}`", "new () => A", "asserts a is B", "unique symbol", "infer A"),
    *("{ a(): string }", "{ a?(): string }", "{ (): string }", "{ new (): A }", "{ get a(): string }", "{ [K in keyof A]: B }"),
    *("(a) => b is string", "readonly string", '"a\nb"', '"\\x41"', "'unclosed", "{ a<T>(): T }", "import('x').Y", "\0"),
    *(opening * 5000 for opening in ("[", "(", "{a:", "a|", "A<", "{", "()=>", "'")),
    *("__import__('os').system('false')", "string) -> None: ...\nimport os #"),
]


@pytest.mark.parametrize("text", READ)
def test_types_are_read(text: str) -> None:
    assert ts.parse(text) == READ[text]


@pytest.mark.parametrize("text", UNREADABLE)
def test_what_is_not_understood_is_unknown(text: str) -> None:
    assert ts.parse(text) == ts.UNKNOWN


def _written(t: ts.Type) -> str:
    """A type as TypeScript writes it."""
    match t:
        case ts.Name(name, args):
            return name + (f"<{', '.join(map(_written, args))}>" if args else "")
        case ts.Literal(bool(value)):
            return "true" if value else "false"
        case ts.Literal(str(value)):
            return "'" + "".join(f"\\u{ord(c):04x}" if ord(c) < 32 or c in "\\'\u2028" else c for c in value) + "'"
        case ts.Literal(value):
            return str(value)
        case ts.Union(members):
            return " | ".join(f"({_written(member)})" for member in members)
        case ts.Both(members):
            return "&".join(f"({_written(member)})" for member in members)
        case ts.Sequence((element,)):
            return f"({_written(element)})[]"
        case ts.Sequence(elements):
            return f"[{', '.join(map(_written, elements))}]"
        case ts.Record(fields, index):
            texts = [f'"{name}"{"?" * field.optional}: {_written(field.type)}' for name, field in fields.items()]
            return "{" + "; ".join([*texts, *([f"[key: string]: {_written(index)}"] if index else [])]) + "}"
        case ts.Function(params, ret):
            given = ["...rest: any[]"] if params is None else [f"p{k}: {_written(param)}" for k, param in enumerate(params)]
            return f"({', '.join(given)}) => {_written(ret)}"
    raise AssertionError(t)


NAMES = st.sampled_from(["string", "number", "Date", "Uint8Array", "Person", "null", "any", "Unheard.Of", "Map", "Promise"])
TEXTS = st.text(st.characters(exclude_categories=["Cs"], max_codepoint=0xFFFF), max_size=6)
LEAVES = st.builds(ts.Name, NAMES) | st.builds(ts.Literal, TEXTS | st.integers(-99, 99) | st.booleans() | st.sampled_from([0.5, -2.25]))
KEYS = st.from_regex(r"[A-Za-z_ {}'-][A-Za-z0-9_]{0,4}", fullmatch=True)


def _inside(inner: st.SearchStrategy[ts.Type]) -> st.SearchStrategy[ts.Type]:
    several = st.lists(inner, min_size=2, max_size=3).map(tuple)
    fields = st.dictionaries(KEYS, st.builds(ts.Field, inner, st.booleans()), max_size=3)
    return st.one_of(
        st.builds(ts.Name, NAMES, several),
        st.builds(ts.Union, several),
        st.builds(ts.Both, several),
        st.builds(ts.Sequence, several | st.tuples(inner)),
        st.builds(ts.Record, fields, st.none() | inner),
        st.builds(ts.Function, st.none() | several | st.just(()), inner),
    )


TYPES: st.SearchStrategy[ts.Type] = st.recursive(LEAVES, _inside, max_leaves=8)
PROPERTY = settings(max_examples=100, deadline=None, derandomize=True)


@PROPERTY
@given(TYPES)
def test_every_type_reads_as_it_was_written(t: ts.Type) -> None:
    text = _written(t)
    assert ts.parse(text) == t
    assert ts.declarations([f"/** It. */ export type Made = {text};\ninterface Next {{ a: string }}"]) == {
        "Made": t,
        "Next": ts.Record({"a": ts.Field(STRING)}),
    }


def test_declarations() -> None:
    section = """
        import { X } from "x";
        export interface A extends B, C<string> { a: string }
        declare type D = string
        export class E { type: string; interface(): void }
        declare function type(x: number): string;
        interface Generic<T> { a: T }
        type Broken = | ;
        type Good = number;
        const interface = { type: 1 };
    """
    found = ts.declarations([section, "type Twice = string", "interface Twice { a: string }"])
    assert found == {
        "A": ts.Record({"a": ts.Field(STRING)}, None, (ts.Name("B"), ts.Name("C", (STRING,)))),
        "D": STRING,
        "Generic": ts.UNKNOWN,
        "Broken": ts.UNKNOWN,
        "Good": NUMBER,
        "Twice": ts.UNKNOWN,
    }


# ------------------------------------------------------------------------------------------- hints

SECTION = """
interface Person { name: string; friends?: Person[]; class?: never }
interface Plain { a: string; b?: number }
interface More extends Plain { c: null }
interface Narrower extends Plain { a: "x" }
type Odd = { "a b": string };
type Either = { kind: "a"; x: number } | { kind: "b" } | "none";
type Loop = Loop | string;
type Tree = { children: Tree[] };
interface Strange extends Unheard { a: string }
interface __hidden__ { a: string }
interface Methods { a(): string }
type Generic<T> = T[];
"""
HINTED = {
    "string": "str",
    "number": "float",
    "bigint": "_bp.BigInt",
    "Promise<string>": "_bp.hints.Awaitable[str]",
    "Uint8Array | undefined": "_bp.Buffer | None",
    "string | null": "str | _bp.hints.Null",
    "(string | any)[]": "_bp.hints.Sequence[_bp.Any]",
    "string | any": None,
    "unknown": None,
    "Map<string, Unheard>": "_bp.hints.Map[str, _bp.Any]",
    "Map<string>": None,
    "Record<string, Date[]>": "dict[str, _bp.hints.Sequence[_bp.hints.Date | _bp.hints.datetime]]",
    "{}": None,
    "{ a: string }": "dict[str, _bp.Any]",
    "{ [key: string]: number }": "dict[str, float]",
    "'a{b}' | 1": "_bp.Literal['a{b}', 1]".replace("'", '"'),
    "(a: string, b: Unheard) => void": "_bp.hints.Callable[[str, _bp.Any], object]",
    "Plain": "Plain",
    "More": "More",
    "Narrower | Plain": "Narrower | Plain",
    "Person": "dict[str, _bp.Any]",
    "Odd": "dict[str, _bp.Any]",
    "Either": '_bp.Literal["none"] | Either1 | Either2',
    "Loop": None,
    "Tree[]": "_bp.hints.Sequence[Tree]",
    "Strange": None,
    "__hidden__": "dict[str, _bp.Any]",
    "Methods": None,
    "Generic<string>": None,
    "Readonly<Plain>": "Plain",
    "Partial<Plain>": None,
    "Plain & { d: Error }": "dict[str, _bp.Any]",
    "Counter | undefined": "Counter | None",
}


def hints(*sections: str) -> Hints:
    taken: set[str] = {"Counter"}
    return Hints(ts.declarations(sections), {"Counter": "Counter"}, lambda name: names.unique(name, taken))


def filled(hint: str | None) -> str | None:
    return None if hint is None else hint.format(**BUILTINS)


@pytest.mark.parametrize("text", HINTED)
def test_hints(text: str) -> None:
    assert filled(hints(SECTION).of(text)) == HINTED[text]


def test_object_types_become_classes() -> None:
    made = hints(SECTION)
    assert [made.of(name) for name in ("More", "Either", "Tree", "Plain", "More")][-1] == "More"
    assert {text.name: dict(text.fields) for text in made.made.values()} == {
        "More": {"a": "{str}", "b": "_bp.hints.NotRequired[{float} | None]", "c": "_bp.hints.Null"},
        "Either1": {"kind": '_bp.Literal["a"]', "x": "{float}"},
        "Either2": {"kind": '_bp.Literal["b"]'},
        "Tree": {"children": "_bp.hints.Sequence[Tree]"},
        "Plain": {"a": "{str}", "b": "_bp.hints.NotRequired[{float} | None]"},
    }


def test_no_hint_is_long() -> None:
    section = "\n".join(f"type T{k} = [T{k + 1}, T{k + 1}[]] | T{k + 1}[][];" for k in range(40)) + "type T40 = string;"
    made = hints(section)
    assert len(made.of("T0") or "") <= LIMIT
    assert made.of("T40") == "{str}"
    assert made.of("|".join(f'"{k}"' for k in range(1000))) is None


ALPHABET = st.sampled_from(
    [*"[]{}()<>|&;:,?.'\"\\= \n-", "=>", "...", "string", "Person", "'a'", "1", "type A =", "interface A {", "_bp", "__class__", "/*", "*/"]
)


@PROPERTY
@given(
    st.lists(ALPHABET, max_size=25).map("".join) | st.text(max_size=40) | TYPES.map(_written), st.lists(ALPHABET, max_size=25).map("".join)
)
def test_whatever_the_text_a_hint_is_a_hint(text: str, section: str) -> None:
    """As the checker sees it that has the last word on generated code."""
    made = hints(SECTION, section, f"type Of = {text}\n")
    for given_text in (text, "Of"):
        hint = filled(made.of(given_text))
        if hint is not None:
            assert_is_hint(hint, made)


def assert_is_hint(hint: str, made: Hints) -> None:
    classes = "".join(
        f"class {text.name}(_bp.hints.TypedDict):\n" + "".join(f"    {name}: {filled(field)}\n" for name, field in text.fields)
        for text in made.made.values()
    )
    text = f"from __future__ import annotations\nclass Counter(_bp.Object):\n    pass\n{classes}"
    text += f"class Instance(_bp.Instance):\n    def f(self, a: {hint}) -> {hint}:\n        return None\n"
    check_guards(text.replace("    pass\n", '    """A class."""\n'))
    assert "\n" not in hint
    names_in: Any = {node.id for node in ast.walk(ast.parse(hint, mode="eval")) if isinstance(node, ast.Name)}
    assert names_in <= {"_bp", "Counter", *made.made, *BUILTINS}
    assert ANY not in hint or hint != ANY
