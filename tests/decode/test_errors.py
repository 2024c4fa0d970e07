"""Inputs that are no usable guest: each is told apart from the others, and says what to do."""

from __future__ import annotations

import pytest
import wasmtime

from bindgen_patch import symbols
from bindgen_patch.decode import decode
from bindgen_patch.edit import edit
from bindgen_patch.edit.legacy import translate
from bindgen_patch.errors import GenerationError
from tests.decode.handmade import MARKER_IMPORT, UNIT_FUNCTION, custom, export, metadata, module, program, section, shim, small_guest

RUSTC = "give the file that rustc wrote, `target/wasm32-unknown-unknown/release/<crate>.wasm`"
CORE = b"\0asm\x01\0\0\0"
DESCRIBES = {shim("nothing"): UNIT_FUNCTION}
NOTHING = f'(func (export "{shim("nothing")}"))'
META = metadata(program(exports=[export("nothing")]))


def wat(text: str) -> bytes:
    return bytes(wasmtime.wat2wasm(text))


def with_code(code: str, imports: str = "", customs: bytes = META) -> bytes:
    return module(NOTHING + code, describes=DESCRIBES, imports=imports, customs=customs)


def edited(data: bytes) -> bytes:
    module_, wasm = decode(data)
    return edit(wasm, module_).module


CASES = {
    "empty": (b"", "this is not a WebAssembly file", RUSTC),
    "not wasm": (b"#!/bin/sh\n", "this is not a WebAssembly file", RUSTC),
    "text": (b"  (module)", "this is WebAssembly text, not a .wasm file", RUSTC),
    "cut in the magic": (b"\0as", "the file ends after 3 bytes, within its header", "the file is damaged"),
    "cut in the header": (b"\0asm\x01", "the file ends after 5 bytes, within its header", "the file is damaged"),
    "a component": (b"\0asm\x0d\0\x01\0", "this is a WebAssembly component", "without `cargo component`"),
    "a version to come": (b"\0asm\x02\0\0\0", "unknown WebAssembly version 02 00 00 00", RUSTC),
    "truncated": (small_guest()[:100], "unexpected end of data", "the file is damaged; build the guest again"),
    "the CLI's output": (
        wat('(module (import "./x_bg.js" "__wbg_log" (func)) (func (export "add")))'),
        "the wasm-bindgen CLI (or wasm-pack, or trunk) has already processed this file",
        RUSTC,
    ),
    "the CLI's output, with a handle table": (
        wat('(module (table (export "__wbindgen_externrefs") 1 externref))'),
        "already processed",
        RUSTC,
    ),
    "the CLI's output for Node": (wat(f'(module (import "{symbols.PLACEHOLDER_MODULE}" "x" (func)))'), "already processed", RUSTC),
    "our output": (edited(small_guest()), "already edited by bindgen-patch", RUSTC),
    "stripped": (with_code("", customs=b""), f"the `{symbols.METADATA_SECTION}` section is missing", "before `wasm-strip`"),
    "no wasm-bindgen": (wat('(module (func (export "add")))'), "nothing in it is marked `#[wasm_bindgen]`", "depends on wasm-bindgen"),
    "emscripten": (
        with_code("", customs=META + custom(symbols.EMSCRIPTEN_MARKERS[0], b"\1")),
        "built for Emscripten",
        "wasm32-unknown-unknown",
    ),
    "wasm64": (CORE + section(5, b"\x01\x04\x01"), "built for wasm64", "wasm32-unknown-unknown"),
    "threads": (
        wat('(module (import "env" "memory" (memory 1 2 shared)))'),
        "the guest imports its memory (`env.memory`), as builds with threads do",
        "+atomics",
    ),
    "a table from outside": (with_code("", '(import "env" "t" (table 1 funcref))'), "the guest imports a table (`env.t`)", "plain cdylib"),
    "no exports": (module("", customs=metadata(program())), "the guest exports nothing that could be called", '["cdylib"]'),
}


@pytest.mark.parametrize("case", CASES)
def test_unusable_inputs(case: str) -> None:
    data, message, hint = CASES[case]
    with pytest.raises(GenerationError) as caught:
        decode(data, "guest.wasm")
    assert str(caught.value).startswith("guest.wasm: ")
    assert message in str(caught.value)
    assert caught.value.hint is not None
    assert hint in caught.value.hint


def test_what_wasmtime_refuses_is_refused() -> None:
    valid = with_code("(func (drop (i32.const 1000000)))")
    constant = valid.index(bytes.fromhex("41 c0 84 3d 1a"))
    broken = valid[:constant] + b"\x01" * 4 + valid[constant + 4 :]  # drops what is not there
    with pytest.raises(GenerationError, match=r"guest\.wasm: the module is not valid WebAssembly: type mismatch") as caught:
        decode(broken, "guest.wasm")
    assert caught.value.hint == "the file is damaged; build the guest again"


# ------------------------------------------------------------------------------------------ legacy exception handling


def legacy_guest() -> bytes:
    """A guest whose exported function has a legacy ``try``; assembled from the modern form, which wat2wasm can write."""
    data = with_code('(tag $t) (func (export "legacy") (block (nop) (nop) (nop) (nop)))')
    body = bytes.fromhex("00 02 40 01 01 01 01 0b 0b")
    assert data.count(body) == 1
    return data.replace(body, bytes.fromhex("00 06 40 01 01 19 01 0b 0b"))


def test_legacy_guests_are_read_and_translated() -> None:
    module_, wasm = decode(legacy_guest(), "old.wasm")
    assert module_.facts.eh == "legacy"
    assert module_.facts.unwinds
    again, _ = decode(translate(wasm).data, "new.wasm")
    assert again.facts.eh == "exnref"
    assert edit(wasm, module_).module


# ------------------------------------------------------------------------------------------ metadata at odds with the module


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (module("", describes={}, customs=META), "exports nothing that could be called"),
        (module(NOTHING, describes={shim("nothing"): (33,)}, customs=META), f"`{shim('nothing')}`: a function was expected"),
        (module(NOTHING, describes={shim("nothing"): (*UNIT_FUNCTION, 1)}, customs=META), "words left over"),
        (
            module(f'(func (export "{shim("nothing")}") (param externref))', describes=DESCRIBES, customs=META),
            f"export `{shim('nothing')}` takes or gives `externref`, which no wasm-bindgen function does",
        ),
        (
            with_code("(func (drop (call $marker (i32.const 0) (i32.const 0))))", MARKER_IMPORT),
            "generic import 3: unexpected end (word 0 of 0 of a type descriptor)",
        ),
        (
            with_code("(func (call $describe (i32.const 0)) (call $describe (i32.const 15)) (call $describe (i32.const 0))"
                      " (call $describe (i32.const 0)) (call $describe (i32.const 33)) (call $describe (i32.const 33))"
                      " (drop (call $marker (i32.const 0) (i32.const 0))))", MARKER_IMPORT),
            "generic import 3: a cast takes one value, this one 0",
        ),
    ],
)  # fmt: skip
def test_descriptors_at_odds_with_the_metadata(data: bytes, message: str) -> None:
    with pytest.raises(GenerationError) as caught:
        decode(data)
    assert message in str(caught.value)
