"""Descriptors: every type comes back from its words, and no words do harm."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bindgen_patch import ir
from bindgen_patch.decode.descriptors import DEPTH_LIMIT, Descriptors
from bindgen_patch.decode.schemas import SCHEMAS
from bindgen_patch.errors import GenerationError
from tests.decode.handmade import TAG, chars, signature_words, words


class Anything:
    """Definitions of every name in :data:`CRATE`."""

    def struct(self, name: str, crate: str) -> str:
        return name

    def enum(self, name: str, crate: str, module: int | None) -> str:
        return name

    def signed(self, enum: str) -> bool:
        return enum.startswith("signed")

    def string_enum(self, name: str, crate: str | None, module: int | None, variants: int) -> str:
        return name

    def union(self, name: str, crate: str | None, module: int | None) -> str:
        return name


DESCRIPTORS = Descriptors(SCHEMAS["0.2.130"], Anything())
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=4)
INTS = st.builds(ir.Int, st.sampled_from([8, 16, 32, 64, 128]), st.booleans())
LEAVES = st.one_of(
    INTS,
    st.builds(ir.Float, st.sampled_from([32, 64])),
    st.sampled_from([ir.Bool(), ir.Char(), ir.Unit(), ir.JsValue()]),
    st.builds(ir.Pointer, st.booleans()),
    st.builds(ir.String, st.booleans()),
    st.builds(ir.JsValue, NAMES),
    st.builds(ir.Struct, NAMES),
    st.builds(ir.Enum, NAMES, st.integers(0, 2**32 - 1)),
    st.builds(ir.StringEnum, NAMES),
)


def signatures(types: st.SearchStrategy[ir.Type]) -> st.SearchStrategy[ir.Signature]:
    return st.builds(ir.Signature, st.lists(types, max_size=3).map(tuple), types, types, st.integers(0, 2**32 - 1))


TYPES: st.SearchStrategy[ir.Type] = st.recursive(
    LEAVES,
    lambda types: st.one_of(
        st.builds(ir.Ref, types, st.booleans()),
        *(st.builds(cls, types) for cls in (ir.Slice, ir.Vec, ir.Option, ir.Nullable, ir.Result)),
        st.builds(ir.DynamicUnion, NAMES, st.lists(types, max_size=3).map(tuple)),
        st.builds(ir.Function, signatures(types)),
        st.builds(ir.Closure, st.booleans(), st.booleans(), signatures(types)),
    ),
    max_leaves=12,
)


@given(TYPES)
def test_types_come_back(type_: ir.Type) -> None:
    assert DESCRIPTORS.type(words(type_)) == type_


@given(signatures(TYPES), st.text(st.characters(exclude_categories=["Cs"]), max_size=5))
def test_signatures_come_back(signature: ir.Signature, key: str) -> None:
    assert DESCRIPTORS.signature(signature_words(signature)) == signature
    assert DESCRIPTORS.generic_import([*chars(key), *signature_words(signature)]) == (key, signature)


@given(TYPES)
def test_every_word_is_needed(type_: ir.Type) -> None:
    told = words(type_)
    for size in range(len(told)):
        with pytest.raises(GenerationError):
            DESCRIPTORS.type(told[:size])
    with pytest.raises(GenerationError, match="words left over"):
        DESCRIPTORS.type([*told, 0])


@settings(max_examples=300)
@given(st.lists(st.integers(0, 40) | st.integers(0, 2**32 - 1), max_size=20))
def test_any_words_end_in_a_type_or_an_error(told: list[int]) -> None:
    for read in (DESCRIPTORS.type, DESCRIPTORS.signature, DESCRIPTORS.generic_import):
        try:
            read(told)  # type: ignore[operator]
        except GenerationError as error:
            assert "of a type descriptor" in str(error)


@pytest.mark.parametrize(
    ("told", "type_"),
    [
        ([TAG["LONGREF"], TAG["EXTERNREF"]], ir.JsValue()),
        ([TAG["LONGREF"], TAG["NAMED_EXTERNREF"], *chars("any")], ir.JsValue("any")),
        ([TAG["LONGREF"], TAG["STRING"]], ir.Ref(ir.String())),
        ([TAG["CLAMPED"], TAG["VECTOR"], TAG["U8"]], ir.Vec(ir.Int(8, False))),
        ([TAG["SEQ_MODE"], 0b1110, TAG["VECTOR"], TAG["F32"]], ir.Vec(ir.Float(32))),
    ],
)
def test_what_only_javascript_needs_is_forgotten(told: list[int], type_: ir.Type) -> None:
    assert DESCRIPTORS.type(told) == type_


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ([39], "unknown type 39"),
        ([TAG["I64_AS_F64"]], "type I64_AS_F64 is not supported"),
        ([TAG["CLOSURE"], 2, 0], "2 is no truth value"),
        ([TAG["CLOSURE"], 0, 0, TAG["UNIT"]], "a function was expected"),
        ([TAG["NAMED_EXTERNREF"], 1, 0xD800], "holds no Unicode character"),
        ([TAG["NAMED_EXTERNREF"], 1, 0x110000], "holds no Unicode character"),
        ([TAG["NAMED_EXTERNREF"], 2**32 - 1], "4294967295 items claimed"),
        ([TAG["FUNCTION"], 0, 2**32 - 1], "4294967295 items claimed"),
        ([TAG["SEQ_MODE"], 3, TAG["U8"]], "unknown sequence mode 3"),
        ([TAG["REF"]] * (DEPTH_LIMIT + 1), "nested too deep"),
        ([TAG["REF"]] * 100_000, "nested too deep"),
        ([], "unexpected end"),
    ],
)
def test_what_is_refused(told: list[int], message: str) -> None:
    with pytest.raises(GenerationError, match=message):
        DESCRIPTORS.type(told)


# ---------------------------------------------------------------------------------------------- schema 0.2.128

OLDER = Descriptors(SCHEMAS["0.2.128"], Anything())


@pytest.mark.parametrize(
    ("told", "type_"),
    [
        ([TAG["ENUM"], *chars("Color"), 3, *chars("crate-0")], ir.Enum("Color", 3, ir.Int(32, False))),
        ([TAG["ENUM"], *chars("signed"), 1, *chars("crate-0")], ir.Enum("signed", 1, ir.Int(32, True))),
        ([TAG["STRING_ENUM"], *chars("Mood"), 2], ir.StringEnum("Mood")),
        ([TAG["DYNAMIC_UNION"], *chars("Any"), 2, TAG["F64"], TAG["BOOLEAN"]], ir.DynamicUnion("Any", (ir.Float(64), ir.Bool()))),
        ([TAG["RUST_STRUCT"], *chars("Thing"), *chars("crate-0")], ir.Struct("Thing")),
        ([TAG["REF"], TAG["VECTOR"], TAG["U8"]], ir.Ref(ir.Vec(ir.Int(8, False)))),
    ],
)
def test_how_the_schema_before_tells_of_types(told: list[int], type_: ir.Type) -> None:
    assert OLDER.type(told) == type_


@pytest.mark.parametrize("tag", ["SEQ_MODE", "NULLABLE"])
def test_the_schema_before_has_fewer_tags(tag: str) -> None:
    with pytest.raises(GenerationError, match=f"unknown type {TAG[tag]}"):
        OLDER.type([TAG[tag], 0, TAG["U8"]])
