"""Long lines, quotes, docstrings: text that is laid out differently and means the same."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bindgen_patch import ir, pipeline
from bindgen_patch.emit.layout import GUARD_INDENT, quoted, wrap
from bindgen_patch.emit.names import enum_members
from bindgen_patch.emit.plan import doc_lines

from .test_plan import export, module, text

EXAMPLES = [
    (
        "    total = first(alpha, beta) + second(gamma)",
        "    total = first(alpha, beta) + second(gamma)",
    ),
    (
        "    total = first(alpha, beta) + second(gamma, delta, epsilon)",
        "    total = first(alpha, beta) + second(\n        gamma, delta, epsilon\n    )",
    ),
    (
        '    total = first(alpha) + second(gamma, "a, (b", function(zeta, eta, theta, iota, kappa))',
        '    total = first(alpha) + second(\n        gamma,\n        "a, (b",\n        function(zeta, eta, theta, iota, kappa),\n    )',
    ),
    (
        "    return [check(item, Color, 'value') for item in items(values, 'value')]",
        "    return [\n        check(item, Color, 'value')\n        for item in items(values, 'value')\n    ]",
    ),
    (
        "def function(self, alpha: int, beta: Iterable[Color], *gamma: str) -> list[int]:",
        "def function(\n    self, alpha: int, beta: Iterable[Color], *gamma: str\n) -> list[int]:",
    ),
    (
        '    """A docstring stays, however long it is, and whatever (brackets, commas) it has."""',
        '    """A docstring stays, however long it is, and whatever (brackets, commas) it has."""',
    ),
    (
        '    """A\n\n    docstring of (several, lines, each of which may be as long as it likes to be)\n    """\n    call()',
        '    """A\n\n    docstring of (several, lines, each of which may be as long as it likes to be)\n    """\n    call()',
    ),
    (
        "    a_name_without_brackets_is_longer_than_any_line_has_a_right_to_be = 5",
        "    a_name_without_brackets_is_longer_than_any_line_has_a_right_to_be = 5",
    ),
]


@pytest.mark.parametrize(("before", "after"), EXAMPLES)
def test_wrapping(before: str, after: str) -> None:
    assert wrap(before, 50 + GUARD_INDENT) == after


@pytest.mark.parametrize("case", ["classes", "closures", "imports", "slices", "enums"])
@pytest.mark.parametrize("limit", [40, 70, 100, 140])
def test_wrapped_text_means_the_same(generated: Callable[..., pipeline.Generated], case: str, limit: int) -> None:
    plain = generated(case, "unwind").plain
    assert ast.dump(ast.parse(wrap(plain, limit))) == ast.dump(ast.parse(plain))
    assert wrap(plain) == plain


@settings(deadline=None, derandomize=True)
@given(st.text())
def test_quoting(value: str) -> None:
    literal = quoted(value)
    assert ast.literal_eval(literal) == value
    assert "\n" not in literal
    assert literal.startswith('"') or '"' in value


HOSTILE = [
    '"""',
    '\\"""',
    'ends with "',
    "ends with \\",
    "a\0b",
    "a\rb",
    "a\x0cb",
    "a\u2028b",
    "tab\tbed",
    "\\N{DASH}",
    "\\",
    "{x}",
    "''' # \"\"\" '''",
]


@pytest.mark.parametrize("doc", HOSTILE)
def test_docstrings_hold_anything(doc: str) -> None:
    item = export("f", {}, ir.Unit(), ir.FuncType((), ()))
    item = ir.Export(item.symbol, item.name, item.kind, item.owner, item.params, item.ret, item.logical, item.wasm, doc=f"First\n\n{doc}")
    tree = ast.parse(text(module(item)))
    method = next(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "f")
    found = ast.get_docstring(method)
    assert found is not None
    assert found.split() == f"First\n\n{doc}".split()


def test_docstrings_begin_and_end_with_words() -> None:
    assert doc_lines("\n\n  Indented.  \n\nMore.\n\n") == ("  Indented.", "", "More.")
    assert doc_lines(" \n ", "a default") == ("a default",)
    assert doc_lines("") == ()


@pytest.mark.parametrize("name", ['"', "'", "\\", "\n", 'x") or f("', "a b", "{", "é", "\ufb01", "\U0001d54f", "1st", "", "\0"])
def test_names_of_any_kind(name: str) -> None:
    """A guest is not trusted with the text of its bindings either."""
    none = ir.FuncType((), ())
    role = ir.Call(ir.Target(name, (name,)), "call", name, ir.Signature((), ir.Unit(), ir.Unit()))
    imported = ir.Import(name, name, none, role)
    exported = ir.Export(name, name, "function", None, (), ir.Unit(), ir.Unit(), none)
    tree = ast.parse(text(module(exported, imports=(imported,))))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) in ("_bp.Target", "_bp.Import")]
    assert [node.args[0].value for node in calls if isinstance(node.args[0], ast.Constant)] == [name, name]
    exports = next(word.value for word in ast.walk(tree) if isinstance(word, ast.keyword) and word.arg == "exports")
    call, symbol = next((key, value) for key, value in ast.literal_eval(exports).items() if value[0] == name)
    assert symbol == (name, ":")
    assert f"_bp_guest.{call}()" in ast.unparse(tree)


@pytest.mark.parametrize("name", ["malloc", "free", "exn_store", "destroy_closure", "start_main"])
def test_exports_apart_from_what_the_run_time_calls(name: str) -> None:
    item = export(name, {"text": ir.String()}, ir.Unit(), ir.FuncType(("i32", "i32"), ()))
    guarded = text(module(item))
    assert '"call_malloc": ("__wbindgen_malloc", "ii:i"),' in guarded
    assert f'("{name}_0", "ii:"),' in guarded


@pytest.mark.parametrize(("name", "final"), [("__secret", "_secret"), ("__init__", "_init__"), ("_bp_x", "bp_x_"), ("is", "is_")])
def test_names_that_python_would_mangle_or_call_itself(name: str, final: str) -> None:
    guarded = text(module(export(name, {name: ir.Int(32, True)}, ir.Unit(), ir.FuncType(("i32",), ()))))
    assert f"def {final}(self, {final}: int) -> None:" in guarded
    assert f"\n{final} = instance.{final}\n" in guarded


@pytest.mark.parametrize(
    ("names", "base", "expected"),
    [
        (["Red", "None", "mro", "name", "value"], int, ["Red", "None_", "mro_", "name_", "value_"]),
        (["real", "to_bytes", "_Private", "__more", "_sunder_"], int, ["real_", "to_bytes_", "_Private", "_more", "V_sunder_"]),
        (["center", "title", "so-so", "so so", "1st"], str, ["center_", "title_", "so_so", "so_so_2", "_1st"]),
        (["", "°", "+", "<=", "_"], str, ["EMPTY", "DEGREE_SIGN", "PLUS_SIGN", "LESS_THAN_SIGN_EQUALS_SIGN", "LOW_LINE"]),
    ],
)
def test_members_of_enums(names: list[str], base: type, expected: list[str]) -> None:
    assert enum_members(names, base) == expected
