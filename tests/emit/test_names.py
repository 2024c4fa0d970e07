"""What things are called: examples, and what holds of every name."""

from __future__ import annotations

import enum
import keyword
import unicodedata

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bindgen_patch import GenerationError, ir
from bindgen_patch.emit import names
from bindgen_patch.instrument import check_guards, insert_guards

from .test_plan import export, text
from .test_plan import module as model

quick = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=300)


@pytest.mark.parametrize(
    ("name", "python"),
    [
        ("add", "add"),
        ("camelCase", "camelCase"),
        ("class", "class_"),
        ("None", "None_"),
        ("async", "async_"),
        ("match", "match"),
        ("type", "type"),
        ("print", "print"),
        ("self", "self"),
        ("a-b.c", "a_b_c"),
        ("1st", "_1st"),
        ("", "_"),
        ("[Symbol.iterator]", "Symbol_iterator"),
        ("caf\u00e9", "caf\u00e9"),
        ("\ufb01", "fi"),
        ("\U0001d431", "x"),
        ("\u00b2", "_2"),
        ("$", "_"),
        ("_private", "_private"),
        ("__secret", "_secret"),
        ("__init__", "_init__"),
        ("_bp", "bp_"),
        ("_bp_guest", "bp_guest_"),
    ],
)
def test_identifiers(name: str, python: str) -> None:
    assert names.identifier(name) == python


@pytest.mark.parametrize(
    ("name", "python"),
    [
        ("camelCase", "camel_case"),
        ("toJSON", "to_json"),
        ("HTTPServer", "http_server"),
        ("already_snake", "already_snake"),
        ("MAX_SIZE", "MAX_SIZE"),
        ("X", "X"),
        ("getX1Y", "get_x1_y"),
        ("isClass", "is_class"),
        ("Class", "class_"),
    ],
)
def test_snake_case_on_request(name: str, python: str) -> None:
    assert names.identifier(name, pep8=True) == python


@quick
@given(st.text(max_size=12), st.booleans())
@example("_bp_door", False)
@example("__\u00e9__", True)
@example("\u037a", False)  # becomes a space and a mark in normal form
@example("\u211d\u2118", True)
def test_every_name_is_free_to_use(name: str, pep8: bool) -> None:
    result = names.identifier(name, pep8=pep8)
    assert result.isidentifier()
    assert not keyword.iskeyword(result)
    assert not result.startswith(names.PREFIX)
    assert not result.startswith("__"), "Python mangles these in classes, or means something by them"
    assert unicodedata.normalize("NFKC", result) == result, "Python would read another name"
    namespace: dict[str, int] = {}
    exec(f"{result} = 1", namespace)
    assert namespace[result] == 1


@quick
@given(st.text(st.characters(categories=("Ll", "Lu", "Nd")), max_size=12))
def test_a_name_that_is_free_stays(name: str) -> None:
    if name.isidentifier() and unicodedata.normalize("NFKC", name) == name and not keyword.iskeyword(name):
        assert names.identifier(name) == name


# ------------------------------------------------------------------------------------------- namespaces


def test_a_reserved_name_gets_an_underscore() -> None:
    scope = names.Scope("bindings", names.MODULE_RESERVED)
    assert [scope.claim(name, name) for name in ("Instance", "instance", "add")] == ["Instance_", "instance_", "add"]


def test_two_things_with_one_name_are_an_error_that_names_both() -> None:
    scope = names.Scope("Counter", frozenset({"free"}))
    scope.claim("free", "method Counter.free")
    with pytest.raises(GenerationError) as caught:
        scope.claim("free_", "method Counter.free_")
    assert str(caught.value) == "two exports of the guest end up as Counter.free_: method Counter.free and method Counter.free_"
    assert caught.value.hint is not None
    assert "js_name" in caught.value.hint


def test_a_getter_and_its_setter_share_a_name_with_nothing_else() -> None:
    scope = names.Scope("Counter")
    assert scope.claim("value", "getter Counter.value", accessor=True) == "value"
    assert scope.claim("value", "setter Counter.value", accessor=True) == "value"
    with pytest.raises(GenerationError, match=r"etter Counter\.value"):
        scope.claim("value", "method Counter.value")
    scope.claim("run", "method Counter.run")
    with pytest.raises(GenerationError, match=r"method Counter\.run"):
        scope.claim("run", "getter Counter.run", accessor=True)


def test_unique_names() -> None:
    taken: set[str] = set()
    assert [names.unique(name, taken) for name in ("a", "a", "b", "a", "a_2")] == ["a", "a_2", "b", "a_3", "a_2_2"]


def test_parameters_stay_apart() -> None:
    taken = {"self", "Counter"}
    found = [names.parameter(name, taken) for name in ("self", "Counter", "x", "x", "lambda", "_class", "_bp_x")]
    assert found == ["self_", "Counter_", "x", "x_", "lambda_", "class_", "bp_x_"]


@pytest.mark.parametrize("name", [*names.BUILTINS, *sorted(names.MODULE_RESERVED), "_bp", "_bp_guest", "guest", "cls", "memoryview"])
def test_parameters_may_be_called_like_what_the_body_needs(name: str) -> None:
    """Lowering, lifting and checking go on as before: the checker says that nothing of the caller's is called."""
    words = ir.FuncType(("i32", *["i32"] * 4), ())
    item = export("f", {name: ir.String(), "rest": ir.Vec(ir.Int(8, False))}, ir.Option(ir.Float(64)), words)
    check_guards(text(model(item)))


# ------------------------------------------------------------------------------------------- enum members


@pytest.mark.parametrize("base", [enum.IntEnum, enum.StrEnum])
@quick
@given(variants=st.lists(st.text(max_size=6), unique=True, max_size=6))
@example(
    variants=["", "-", "\u2014", "name", "value", "mro", "_x_", "__x__", "a b", "a-b", "title", "real", "None", "_generate_next_value_"]
)
def test_enum_members_are_members(base: type, variants: list[str]) -> None:
    members = names.enum_members(variants, base)
    assert len(set(members)) == len(members) == len(variants)
    body = "".join(f"    {member} = {place if base is enum.IntEnum else variants[place]!r}\n" for place, member in enumerate(members))
    namespace: dict[str, type[enum.Enum]] = {"Base": base}  # type: ignore[dict-item]
    exec(f"class E(Base):\n    '''Doc.'''\n{body}", namespace)
    assert [member.name for member in namespace["E"]] == members
    assert [member.value for member in namespace["E"]] == (list(range(len(members))) if base is enum.IntEnum else variants)


def test_the_pass_finds_nothing_to_guard_in_names() -> None:
    words = ir.FuncType((), ())
    plain = text(model(export("_bp_guest", {}, ir.Unit(), words)))
    assert plain.count(".enter(") == 1
    check_guards(insert_guards("from __future__ import annotations\n"))
