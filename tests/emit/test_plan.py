"""Plans made of hand-written models: names that could meet, and descriptors that the code does not fit."""

from __future__ import annotations

import ast
from dataclasses import replace

import pytest

from bindgen_patch import GenerationError, ir
from bindgen_patch.emit.module import build
from bindgen_patch.emit.render import render
from bindgen_patch.instrument import check_guards, insert_guards

FACTS = ir.Facts("none", False, 0, True, frozenset({"__wbindgen_malloc", "__wbindgen_free"}), frozenset())


def module(*exports: ir.Export, imports: tuple[ir.Import, ...] = ()) -> ir.Module:
    return ir.Module("0.2.130", "0.2.130", FACTS, exports, (), (), (), imports)


def export(name: str, params: dict[str, ir.Type], ret: ir.Type, wasm: ir.FuncType) -> ir.Export:
    return ir.Export(f"{name}_0", name, "function", None, tuple(ir.Param(n, t) for n, t in params.items()), ret, ret, wasm)


def text(model: ir.Module) -> str:
    guarded = insert_guards(render(build(model, title="guest"), b"", b"", vendor=False))
    check_guards(guarded)
    return guarded


@pytest.mark.parametrize(
    "name", ["guest", "failure", "error", "failed", "ret", "item", "door", "value", "self", "cls", "class", "_bp_guest", "_bp_0"]
)
def test_parameters_may_have_any_name(name: str) -> None:
    """None of them meets a local of the generated body, or the guard's."""
    words = ir.FuncType(("i32", *["i32"] * 6), ())
    item = export(
        "f", {name: ir.String(), "other": ir.Vec(ir.Bool()), "rest": ir.Vec(ir.Int(8, False))}, ir.Result(ir.Option(ir.Float(64))), words
    )
    tree = ast.parse(text(module(item)))
    method = next(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "f")
    bound = [node.id for node in ast.walk(method) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    assert len(bound) == len(set(bound)) + sum(b == "_bp_item" for b in bound) - ("_bp_item" in bound)
    assert len({arg.arg for arg in method.args.args}) == 4


def test_what_a_late_asynchronous_function_borrows_is_kept() -> None:
    """Guests of wasm-bindgen before 0.2.130 borrow at the first poll; what they are given by value or as text is theirs by then."""
    thing, words = ir.Struct("T"), ir.FuncType(("i32",) * 6, ("i32",))
    params = {"a": ir.Ref(thing), "b": thing, "c": ir.String(), "d": ir.Option(ir.Ref(thing))}
    made = tuple(ir.Param(name, type_) for name, type_ in params.items())
    method = ir.Export("m_0", "m", "method", "T", made, ir.JsValue(), ir.Unit(), words, asyncness=True)
    of_class = (ir.StructDef("T", "T", "", "free_0", (), False),)
    for late, kept in ((True, ", kept=(self, a, d)"), (False, "")):
        shown = text(replace(module(replace(method, late=late)), structs=of_class))
        assert f'_bp_guest.promise(_bp_ret, "T_m", _bp.as_none{kept})' in shown


def test_a_descriptor_that_the_code_does_not_fit() -> None:
    item = export("f", {"a": ir.Int(32, False)}, ir.Unit(), ir.FuncType(("i64",), ()))
    with pytest.raises(GenerationError, match="its descriptor asks for the wasm type i:, its code has l:") as caught:
        text(module(item))
    assert caught.value.hint


def test_two_exports_with_one_name() -> None:
    none = ir.FuncType((), ())
    with pytest.raises(GenerationError, match=r"two exports of the guest end up as bindings\.class_: function class and function class_"):
        text(module(export("class", {}, ir.Unit(), none), export("class_", {}, ir.Unit(), none)))


def test_classes_of_one_name_in_several_namespaces() -> None:
    """Their namespaces are part of the name then, and only then."""
    classes = [
        ir.StructDef(key, name, "", "free_0", (space,), False) for key, name, space in (("A", "T", "p"), ("B", "T", "q"), ("C", "U", "p"))
    ]
    shown = text(replace(module(), structs=tuple(classes)))
    bound = [node.name for node in ast.parse(shown).body if isinstance(node, ast.ClassDef)]
    assert [name for name in bound if name[-1] in "TU"] == ["p_T", "q_T", "U"]


def test_a_method_hides_a_field_of_its_name() -> None:
    of_class = (ir.StructDef("T", "T", "", "free_0", (), False),)
    method = replace(export("n", {}, ir.Unit(), ir.FuncType(("i32",), ())), owner="T", kind="method")
    getter = replace(export("n", {}, ir.Float(64), ir.FuncType(("i32",), ("f64",))), symbol="get_n", owner="T", kind="getter")
    plan = build(replace(module(method, getter), structs=of_class), title="guest")
    assert [function.decorators for function in plan.classes[0].functions if function.name == "n"] == [()]
    assert plan.notes == ("getter T.n is left out: the method of that name hides it, as it does in JavaScript",)


@pytest.mark.parametrize(
    "name",
    ["len", "int", "str", "list", "property", "type", "object", "float", "bool", "bytes", "memoryview", "super", "call_x", "_bp", "print"],
)
def test_exports_may_be_called_like_builtins(name: str) -> None:
    words = ir.FuncType(("i32", "i32", "i32"), ())
    guarded = text(
        module(export(name, {"text": ir.String()}, ir.String(), words), export("other", {"text": ir.String()}, ir.String(), words))
    )
    tree = ast.parse(guarded)
    body = next(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "other")
    assert name not in {node.id for node in ast.walk(body) if isinstance(node, ast.Name)} - {"_bp"}


@pytest.mark.parametrize("name", ["bp", "bp_program", "enum", "builtins", "Closure0", "bp_guest"])
def test_imports_may_have_any_name(name: str) -> None:
    none = ir.FuncType((), ())
    role = ir.Call(ir.Target(None, (name,)), "call", name, ir.Signature((), ir.Unit(), ir.Unit()))
    model = module(export("f", {}, ir.Unit(), none), imports=(ir.Import("m", f"{name}_1", none, role),))
    tree = ast.parse(text(model))
    bound = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    assert not {"_bp", "_bp_program", "_enum", "_builtins", "_bp_guest"} & set(bound)


def test_parameters_are_called_as_in_rust() -> None:
    """The macro puts an underscore before words that JavaScript reserves; Python reserves others."""
    words = ir.FuncType(("i32",) * 4, ())
    params: dict[str, ir.Type] = {
        "_function": ir.Int(32, True),
        "_class": ir.Int(32, True),
        "lambda": ir.Int(32, True),
        "_unused": ir.Int(32, True),
    }
    guarded = text(module(export("f", params, ir.Unit(), words)))
    assert "def f(self, function: int, class_: int, lambda_: int, _unused: int) -> None:" in guarded
