"""The container: what it reads of real guests, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
import wasmtime

from bindgen_patch.decode import decode
from bindgen_patch.decode.container import Id, Wasm, global_names
from bindgen_patch.decode.rewrite import assemble
from bindgen_patch.errors import GenerationError
from tests.decode.handmade import section, small_guest, uleb

HEADER = b"\0asm\x01\0\0\0"


def wat(text: str) -> Wasm:
    return Wasm(bytes(wasmtime.wat2wasm(text)), "hand")


def test_index_spaces_agree_with_wasmtime(runnable_path: Path) -> None:
    data = runnable_path.read_bytes()
    wasm = Wasm(data, runnable_path.name)
    module = wasmtime.Module(wasmtime.Engine(exceptions()), data)
    assert [(i.module, i.name) for i in wasm.imports] == [(i.module, i.name) for i in module.imports]
    assert {e.name for e in wasm.exports} == {e.name for e in module.exports}
    types = {e.name: e.type for e in module.exports if isinstance(e.type, wasmtime.FuncType)}
    assert types.keys() == wasm.exported_functions.keys()
    for name, index in wasm.exported_functions.items():
        signature = wasm.signature(index)
        assert signature.params == tuple(map(str, types[name].params)), name
        assert signature.results == tuple(map(str, types[name].results)), name


def exceptions() -> wasmtime.Config:
    config = wasmtime.Config()
    config.wasm_exceptions = True
    return config


def test_a_module_put_together_unchanged_is_the_same(guest_path: Path) -> None:
    wasm = Wasm(guest_path.read_bytes(), guest_path.name)
    assert assemble(wasm, {}, lambda custom: True) == wasm.data


def test_every_section_is_read() -> None:
    wasm = wat("""(module (import "m" "f" (func (param i32 f64) (result i64))) (import "m" "g" (global i32)) (table 3 externref)
        (memory 2 5) (tag (param i32)) (global $g (mut i32) (i32.const 77)) (global f64 (f64.const 1))
        (export "e" (func 1)) (export "t" (table 0)) (func $own (local i64 v128)))""")
    assert [(i.module, i.name, i.kind) for i in wasm.imports] == [("m", "f", "function"), ("m", "g", "global")]
    assert wasm.signature(0).params == ("i32", "f64")
    assert (wasm.tables[0].element, wasm.tables[0].minimum) == ("externref", 3)
    assert (wasm.memories[0].minimum, wasm.memories[0].shared) == (2, False)
    assert [(g.type, g.mutable, g.init) for g in wasm.globals] == [("i32", False, None), ("i32", True, 77), ("f64", False, None)]
    assert len(wasm.tags) == 1
    assert [(e.name, e.kind, e.index) for e in wasm.exports] == [("e", "function", 1), ("t", "table", 0)]
    assert wasm.body(0) is None
    start, end = wasm.bodies[0]
    assert [wasm.function_at(at) for at in (start - 1, start, end - 1, end)] == [None, 1, 1, None]
    assert global_names(wasm) == {1: "g"}


def test_sections_added_replaced_and_left_out() -> None:
    wasm = wat('(module (memory 1) (export "m" (memory 0)) (data "x"))')
    added = assemble(wasm, {Id.TABLE: b"\x01\x70\0\x05", Id.EXPORT: None, Id.DATA: b"\0"}, lambda custom: False)
    again = Wasm(added, "hand")
    assert [s.number for s in again.sections] == [Id.TABLE, Id.MEMORY, Id.DATA]
    assert again.tables[0].minimum == 5


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (section(Id.TYPE, b"\x01\x5f\0"), "garbage-collected types"),
        (section(Id.TYPE, b"\x01\x4e\x01\x60\0\0"), "garbage-collected types"),
        (section(Id.TYPE, b"\x01\x33"), "unknown type form 0x33 (at offset 0xb)"),
        (section(Id.TYPE, b"\x01\x60\x01\x01\0"), "unknown value type 0x01"),
        (section(Id.MEMORY, b"\x01\x04\x01"), "a 64-bit memory (at offset 0xb): it was built for wasm64"),
        (section(Id.TABLE, b"\x01\x70\x05\x01\x01"), "a 64-bit table"),
        (section(Id.FUNCTION, b"\x01\x07"), "there is no type 7"),
        (section(Id.TYPE, b"\0") + section(Id.TYPE, b"\0"), "section 1 is doubled or out of order"),
        (section(Id.MEMORY, b"\0") + section(Id.TABLE, b"\0"), "section 4 is doubled or out of order"),
        (section(99, b""), "unknown section 99"),
        (section(Id.EXPORT, b"\x01\x01x\0\x05"), "export `x` names function 5, which there is not"),
        (section(Id.EXPORT, b"\x01\x01x\x09\x05"), "unknown kind of export 9"),
        (section(Id.IMPORT, b"\x01\x01x\x01y\x09"), "unknown kind of import 9"),
        (section(Id.CODE, b"\x01\x02\0\x0b"), "0 functions are declared, but the code section has 1"),
        (section(Id.GLOBAL, b"\x01\x7f\0\x41\x01"), "a constant expression has no end"),
        (section(Id.TYPE, uleb(2**32 - 1)), "claims 4294967295 items"),
        (section(Id.TYPE, b"\0\0"), "1 bytes too many after section 1"),
        (b"\0\x7f", "unexpected end of data"),
    ],
)
def test_what_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(GenerationError) as caught:
        Wasm(HEADER + content, "hand")
    assert message in str(caught.value)


def test_references_in_types_are_read_and_kept_from_the_host() -> None:
    data = HEADER + section(Id.TYPE, b"\x01\x60\x04\x69\x6f\x63\x70\x7b\x01\x70")
    signature = Wasm(data, "hand").types[0]
    assert signature.params == ("exnref", "externref", "ref", "v128")
    assert signature.words() is None


def test_a_damaged_name_section_names_nothing() -> None:
    wasm = wat("(module (global $g (mut i32) (i32.const 77)))")
    section_ = wasm.custom("name")[0]
    for at in range(section_.start, section_.end):
        broken = bytearray(wasm.data)
        broken[at] ^= 0xFF
        global_names(Wasm(bytes(broken), "hand"))


def test_a_guest_cut_off_anywhere_is_refused() -> None:
    data = small_guest()
    decode(data)
    for size in range(len(data)):
        with pytest.raises(GenerationError) as caught:
            decode(data[:size], "cut.wasm")
        assert str(caught.value).startswith("cut.wasm: ")
        assert caught.value.hint
