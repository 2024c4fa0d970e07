"""Metadata: programs encoded from the schema's text come back, and the framing holds nothing loose."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bindgen_patch import symbols
from bindgen_patch.decode import decode, metadata
from bindgen_patch.decode import program as model
from bindgen_patch.decode.container import Wasm
from bindgen_patch.decode.program import Case
from bindgen_patch.decode.schemas import SCHEMAS
from bindgen_patch.errors import GenerationError
from tests.decode.handmade import HEADER, V130, custom, encode, export, imported, program, record, small_guest

EMPTY = b"\0asm\x01\0\0\0"


def read(*sections: bytes) -> metadata.Metadata | None:
    return metadata.read(Wasm(EMPTY + b"".join(sections), "hand"))


def values(wire: str) -> st.SearchStrategy[Any]:
    """Values of a wire type, in the form that ``handmade.encode`` takes."""
    if wire.endswith("[]"):
        return st.lists(st.deferred(lambda: values(wire[:-2])), max_size=2)
    if wire.endswith("?"):
        return st.none() | st.deferred(lambda: values(wire[:-1]))
    if wire == "str":
        return st.text(max_size=4)
    if wire == "u32":
        return st.integers(0, 2**32 - 1)
    if wire == "bool":
        return st.booleans()
    if wire in V130.choices:
        return st.one_of([st.tuples(st.just(name), values(inner) if inner else st.none()) for name, inner in V130.choices[wire]])
    return st.fixed_dictionaries({field: values(inner) for field, inner in V130.records[wire]})


def expected(wire: str, value: Any) -> Any:
    """What decoding gives for a value that was encoded."""
    if wire.endswith("[]"):
        return tuple(expected(wire[:-2], item) for item in value)
    if wire.endswith("?"):
        return None if value is None else expected(wire[:-1], value)
    if wire in V130.choices:
        name, payload = value
        inner = dict(V130.choices[wire])[name]
        return expected(inner, payload) if inner in V130.records else Case(name, payload)
    if wire in V130.records:
        cls = getattr(model, wire, None)
        known = cls._fields if cls else ()
        return cls and cls(**{field: expected(inner, value[field]) for field, inner in V130.records[wire] if field in known})
    return value


@settings(max_examples=60, deadline=None)
@given(st.lists(values("Program"), min_size=1, max_size=2), st.sampled_from([1, 5]))
def test_programs_come_back(programs: list[dict[str, Any]], width: int) -> None:
    found = read(custom(symbols.METADATA_SECTION, b"".join(record(encode(V130, "Program", one, width)) for one in programs)))
    assert found is not None
    assert found.programs == tuple(expected("Program", one) for one in programs)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_end_in_programs_or_an_error(blob: bytes) -> None:
    try:
        read(custom(symbols.METADATA_SECTION, record(blob)))
    except GenerationError as error:
        assert "offset" in str(error)


def test_the_schema_and_the_model_agree() -> None:
    for record_, layout in V130.records.items():
        cls = getattr(model, record_, None)
        if cls is not None:
            assert set(cls._fields) <= {name for name, _ in layout}, record_
    named = {wire.rstrip("[]?") for layout in (*V130.records.values(), *V130.choices.values()) for _, wire in layout if wire}
    assert named <= V130.records.keys() | V130.choices.keys() | {"str", "u32", "bool"}
    assert len(V130.tags) == 39


def test_another_schema_is_data() -> None:
    older = SCHEMAS["0.2.128"]
    assert dict(V130.records["Program"]).keys() - dict(older.records["Program"]).keys() == {"module_path"}
    assert V130.tags[:37] == older.tags
    blob = b"".join(record(encode(older, "Program", one), HEADER.replace("130", "128")) for one in (program(), program(inline_js=["x"])))
    found = read(custom(symbols.METADATA_SECTION, blob))
    assert found is not None
    assert found.schema is older
    assert [(one.inline_js, one.module_path, one.module_hash) for one in found.programs] == [((), "", None), (("x",), "", None)]


def test_real_metadata_is_read_to_the_end(guest_path: Path) -> None:
    found = metadata.read(Wasm(guest_path.read_bytes(), guest_path.name))
    assert found is not None
    assert found.version in found.schema.versions
    assert found.version == {"older128": "0.2.128", "older129": "0.2.129"}.get(guest_path.parent.name, "0.2.130")
    assert {one.unique_crate_identifier.rpartition("-")[0] for one in found.programs} >= {"wasm-bindgen"}


def test_several_sections_and_records_are_one_list() -> None:
    one, two, three = (record(encode(V130, "Program", program(exports=[export(name)]))) for name in "abc")
    found = read(custom(symbols.METADATA_SECTION, one + two), custom("other", b"x"), custom(symbols.METADATA_SECTION, three))
    assert found is not None
    assert [p.exports[0].function.name for p in found.programs] == ["a", "b", "c"]


def test_a_revision_behind_the_version_is_kept() -> None:
    blob = record(encode(V130, "Program", program()), HEADER[:-2] + ' (0123456ab)"}')
    found = read(custom(symbols.METADATA_SECTION, blob))
    assert found is not None
    assert found.version == "0.2.130 (0123456ab)"


def test_no_section_is_no_metadata() -> None:
    assert read() is None


@pytest.mark.parametrize(
    ("blob", "message"),
    [
        (b"\x01\0", "unexpected end of data"),
        (record(b"", "not json"), "does not begin as it should"),
        (record(b""), "unexpected end of data"),
        (record(encode(V130, "Program", program()) + b"x"), "1 bytes too many after a program"),
        (record(encode(V130, "Program", program()).replace(b"\x05crate\0", b"\x05crate\2")), "an optional value is marked 2"),
        (record(encode(V130, "Program", program()))[:-1], "unexpected end of data"),
    ],
)
def test_framing_is_checked(blob: bytes, message: str) -> None:
    with pytest.raises(GenerationError, match=message):
        read(custom(symbols.METADATA_SECTION, blob))


def test_unknown_alternatives_are_refused() -> None:
    blob = bytearray(encode(V130, "Program", program(imports=[imported("String", {"shim": "s", "string": "t"})])))
    blob[blob.index(b"\x02\x01s\x01t")] = 9
    with pytest.raises(GenerationError, match="unknown ImportKind 9"):
        read(custom(symbols.METADATA_SECTION, record(bytes(blob))))


def test_an_unknown_schema_names_both_versions_and_what_to_do() -> None:
    data = small_guest().replace(b'"schema_version":"0.2.130","version":"0.2.130"', b'"schema_version":"0.2.127","version":"0.2.127"')
    with pytest.raises(GenerationError) as caught:
        decode(data, "old.wasm")
    assert str(caught.value).startswith("old.wasm: the guest was built with wasm-bindgen 0.2.127, whose metadata has schema 0.2.127;")
    assert "reads schema 0.2.128, 0.2.130" in str(caught.value)
    assert caught.value.hint == "in the guest's crate: `cargo update -p wasm-bindgen --precise 0.2.130`, then build it again"
