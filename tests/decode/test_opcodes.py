"""The opcode table against every body of every committed guest, and against instructions that those lack."""

from __future__ import annotations

from pathlib import Path

import pytest
import wasmtime

from bindgen_patch.decode import opcodes
from bindgen_patch.decode.checks import exception_handling
from bindgen_patch.decode.container import Wasm
from bindgen_patch.decode.rewrite import without_handlers
from bindgen_patch.errors import GenerationError

EVERYTHING = frozenset(range(256))
OPENERS = {opcodes.BLOCK, opcodes.LOOP, opcodes.IF, opcodes.TRY, opcodes.TRY_TABLE}


def walked(data: bytes, start: int, end: int, interest: frozenset[int] = EVERYTHING) -> list[opcodes.Instruction]:
    return list(opcodes.walk(data, opcodes.code_start(data, start, end), end, interest))


def check_body(data: bytes, start: int, end: int) -> None:
    """Walked one by one, the instructions join up, are balanced, and the last ``end`` is the last byte."""
    instructions = walked(data, start, end)
    at, depth = opcodes.code_start(data, start, end), 1
    for instruction in instructions:
        assert instruction.start == at
        assert depth > 0
        at = instruction.end
        depth += (instruction.opcode in OPENERS) - (instruction.opcode in (opcodes.END, opcodes.DELEGATE))
    assert (at, depth) == (end, 0)
    calls = frozenset({opcodes.CALL})
    assert walked(data, start, end, calls) == [i for i in instructions if i.opcode == opcodes.CALL]


def test_every_body_is_walked_to_its_exact_end(guest_path: Path) -> None:
    wasm = Wasm(guest_path.read_bytes(), guest_path.name)
    for start, end in wasm.bodies:
        check_body(wasm.data, start, end)


@pytest.mark.parametrize(
    "code",
    [
        "(drop (i32.const -1)) (drop (i64.const -9223372036854775808)) (drop (f32.const 1)) (drop (f64.const 1))",
        "(drop (i32.load offset=70000 align=1 (i32.const 0))) (i64.store32 (i32.const 0) (i64.const 1))",
        "(memory.fill (i32.const 0) (i32.const 0) (i32.const 0)) (memory.copy (i32.const 0) (i32.const 0) (i32.const 0))",
        "(memory.init $d (i32.const 0) (i32.const 0) (i32.const 0)) (data.drop $d)",
        "(table.init $t $e (i32.const 0) (i32.const 0) (i32.const 0)) (elem.drop $e)",
        "(table.set $t (i32.const 0) (table.get $t (i32.const 0))) (drop (table.grow $t (ref.null func) (i32.const 0)))",
        "(table.fill $t (i32.const 0) (ref.func $f) (i32.const 0)) (table.copy (i32.const 0) (i32.const 0) (i32.const 0))",
        "(drop (i32.trunc_sat_f64_u (f64.const 0))) (drop (table.size $t)) (drop (ref.is_null (ref.null extern)))",
        "(block (block (br_table 0 1 0 1 (i32.const 3))))",
        "(drop (select (result f64) (f64.const 0) (f64.const 1) (i32.const 1)))",
        "(drop (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 (v128.const i64x2 0 11) (v128.const i64x2 0 11)))",
        "(drop (v128.load8_lane 3 (i32.const 0) (v128.const i64x2 0 0))) (drop (v128.load64_zero (i32.const 0)))",
        "(drop (i32x4.extract_lane 2 (i32x4.splat (i32.const 0)))) (drop (f64x2.sqrt (v128.const f64x2 0 0)))",
        "(drop (i32x4.relaxed_trunc_f32x4_s (v128.const f32x4 0 0 0 0)))",
        "(drop (i32.atomic.rmw.cmpxchg (i32.const 0) (i32.const 0) (i32.const 0))) (atomic.fence)",
        "(drop (memory.atomic.wait64 (i32.const 0) (i64.const 0) (i64.const 0)))",
        "(call_indirect $t (type $empty) (i32.const 0)) (return_call $f)",
        "(return_call_indirect $t (type $empty) (i32.const 0))",
        "(block $b (result exnref) (try_table (catch_all_ref $b) (catch $tag 1) (call $f)) (return)) (throw_ref)",
        "(block $b (try_table (catch_all $b) (throw $tag)))",
    ],
)
def test_instructions_the_guests_lack(code: str) -> None:
    data = bytes(
        wasmtime.wat2wasm(f"""(module (type $empty (func)) (memory 1) (table $t 1 funcref) (tag $tag)
            (func $f (local i32 v128) {code}) (elem $e func $f) (data $d "x"))""")
    )
    wasm = Wasm(data, "hand")
    check_body(data, *wasm.bodies[0])


@pytest.mark.parametrize("code", ["00 ff 0b", "00 fb 00 0b", "00 41", "00 44 00 00", "00 fc 7f 0b", "00 0e ff ff ff ff 0f 0b"])
def test_what_is_no_instruction_is_refused(code: str) -> None:
    body = bytes.fromhex(code)
    with pytest.raises(GenerationError, match="offset"):
        walked(body, 0, len(body))


# ------------------------------------------------------------------------------------------ legacy exception handling

LEGACY = bytes.fromhex("00 06 40 10 05 07 00 1a 06 40 01 19 01 0b 19 09 00 0b 06 40 10 06 18 00 0b")
"""try (call 5) catch 0 (drop, try nop catch_all nop end) catch_all rethrow end; try (call 6) delegate 0; end"""


def test_handlers_are_left_out_and_their_tries_become_blocks() -> None:
    assert without_handlers(LEGACY) == bytes.fromhex("00 02 40 10 05 0b 02 40 10 06 0b 0b")


def test_a_body_without_handlers_is_left_alone() -> None:
    body = bytes.fromhex("01 02 7f 02 40 03 40 41 06 1a 0c 00 0b 0b 0b")
    assert without_handlers(body) == body


def test_the_form_of_exception_handling(guest_path: Path) -> None:
    wasm = Wasm(guest_path.read_bytes(), guest_path.name)
    assert exception_handling(wasm) == {"unwind": "exnref", "abort": "none", "legacy": "legacy"}[guest_path.stem]
