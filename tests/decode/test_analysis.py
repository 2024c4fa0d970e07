"""Running describe functions: what they may do, what they may not, and that they can do no harm."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import wasmtime

from bindgen_patch import symbols
from bindgen_patch.decode import analysis, scan
from bindgen_patch.decode.analysis_copy import AnalysisCopy
from bindgen_patch.decode.container import Wasm
from bindgen_patch.decode.resolve import stack_pointer
from bindgen_patch.errors import GenerationError
from tests.decode.handmade import MARKER_IMPORT, module, tells

PREFIX = symbols.DESCRIBE_PREFIX


def describe(code: str, imports: str = "") -> analysis.Described:
    wasm = Wasm(module(code, imports=imports), "hand")
    return analysis.describe(wasm, stack_pointer(wasm))


def told(code: str, imports: str = "") -> list[int]:
    """The words of shim ``f``, which is exported beside what describes it."""
    return list(describe(f'(func (export "f")) {code}', imports).shims["f"])


def describes(body: str, locals_: str = "") -> str:
    return f'(func (export "{PREFIX}f") {locals_} {body})'


# ------------------------------------------------------------------------------------------ what describing may do


def test_words_are_unsigned() -> None:
    assert told(describes(tells([0, 7, -1, -(2**31)]))) == [0, 7, 2**32 - 1, 2**31]


def test_calls_loops_and_the_shadow_stack_work() -> None:
    code = """
        (func $twice (param i32) (call $describe (local.get 0)) (call $describe (local.get 0)))
        (func $more (call $twice (i32.const 5)))
    """
    body = """
        (global.set $pointer (i32.sub (global.get $pointer) (i32.const 16)))
        (i32.store (global.get $pointer) (i32.const 3))
        (loop $again
            (call $more)
            (i32.store (global.get $pointer) (i32.sub (i32.load (global.get $pointer)) (i32.const 1)))
            (br_if $again (i32.load (global.get $pointer))))
        (global.set $pointer (i32.add (global.get $pointer) (i32.const 16)))
    """
    assert told(code + describes(body)) == [5] * 6


def test_one_function_may_describe_several_shims() -> None:
    both = f'(func (export "{PREFIX}f") (export "{PREFIX}g") {tells([1, 2])})'
    found = describe(f'(func (export "f")) (func (export "g")) {both}')
    assert {shim: list(words) for shim, words in found.shims.items()} == {"f": [1, 2], "g": [1, 2]}


def test_only_shims_that_exist_are_described() -> None:
    unused = f'(func (export "{PREFIX}unused") unreachable)'
    assert told(unused + describes(tells([4]))) == [4]


def test_constructors_of_a_command_are_left_out() -> None:
    code = f'(func $ctors unreachable) (func (export "{symbols.SKIP_INTERPRET_CALLS}") (call $ctors))'
    assert told(code + describes(f"(call $ctors) {tells([9])} (call $ctors)")) == [9]


def test_static_data_and_tables_are_not_there() -> None:
    code = '(data (i32.const 100) "\\07") (table 1 funcref) (elem (i32.const 0) $other) (func $other)'
    assert told(code + describes("(call $describe (i32.load8_u (i32.const 100)))")) == [0]
    with pytest.raises(GenerationError, match="describing `f` failed: wasm trap: undefined element"):
        told(code + describes("(call_indirect (i32.const 0))"))


# ------------------------------------------------------------------------------------------ what it may not


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("unreachable", "describing `f` failed: wasm trap: wasm `unreachable` instruction executed"),
        ("(loop $l (br $l))", "describing `f` failed: wasm trap: all fuel consumed"),
        (f"(loop $l {tells([1])} (br $l))", "describing `f` failed: wasm trap: all fuel consumed"),
        ("(call $deep)", "describing `f` failed: wasm trap: call stack exhausted"),
        ("(call $host)", "describing `f` failed: wasm trap: wasm `unreachable` instruction executed"),
        ("(i32.store (i32.const 0x7fffffff) (i32.const 1))", "describing `f` failed: wasm trap: out of bounds memory access"),
    ],
)
def test_what_fails_is_named(body: str, message: str) -> None:
    started = time.monotonic()
    with pytest.raises(GenerationError, match=message):
        told("(func $deep (call $deep))" + describes(body), imports='(import "env" "host" (func $host))')
    assert time.monotonic() - started < 20


def test_memory_cannot_grow() -> None:
    assert told(describes("(call $describe (memory.grow (i32.const 1)))")) == [2**32 - 1]


def test_describe_functions_take_and_give_nothing() -> None:
    with pytest.raises(GenerationError, match="describe function 2 takes or gives values"):
        told(f'(func (export "{PREFIX}f") (result i32) (i32.const 1))')


def test_describe_must_take_a_number() -> None:
    text = f"""(module (import "{symbols.PLACEHOLDER_MODULE}" "{symbols.DESCRIBE}" (func $d (param i64)))
        (func (export "f")) (func (export "{PREFIX}f") (call $d (i64.const 1))))"""
    with pytest.raises(GenerationError, match="does not take one number"):
        analysis.describe(Wasm(bytes(wasmtime.wat2wasm(text)), "hand"), None)


def test_describing_may_not_reach_megabytes_of_code() -> None:
    body = bytearray(Wasm(module(f'(func (export "f")) {describes("nop " * 2000)}'), "hand").data)
    wasm = Wasm(bytes(body), "hand")
    wasm.bodies[1] = (wasm.bodies[1][0], wasm.bodies[1][0] + (3 << 20))
    wasm.data = wasm.data[: wasm.bodies[1][0]] + b"\0" + b"\x01" * ((3 << 20) - 2) + b"\x0b"
    with pytest.raises(GenerationError, match="describing the guest's types runs through"):
        analysis.describe(wasm, None)


# ------------------------------------------------------------------------------------------ generic imports


MARKS = f"""(func $cast (export "cast") (param i32 f64 i64 f32) (result i32)
    (global.set $pointer (i32.sub (global.get $pointer) (i32.const 64)))
    {tells([0, 1, 2])} (drop (call $marker (i32.const 0) (i32.const 0))) unreachable)"""


def test_what_calls_the_marker_is_run_with_zeros() -> None:
    code = f"{MARKS} (func (call $cast (i32.const 0) (f64.const 0) (i64.const 0) (f32.const 0)) drop)"
    assert {f: list(words) for f, words in describe(code, MARKER_IMPORT).generic_imports.items()} == {2: [0, 1, 2]}


def test_the_stack_is_given_back_between_them() -> None:
    again = MARKS.replace("$cast", "$other").replace('"cast"', '"other"').replace("(i32.const 64)", "(i32.const 1048000)")
    code = f'{again} {MARKS} (global (export "sp") i32 (i32.const 0))'
    assert len(describe(code, MARKER_IMPORT).generic_imports) == 2


def test_tail_calls_of_the_marker_count() -> None:
    tail = MARKS.replace("drop (call $marker", "return_call $marker").replace("(i32.const 0))) unreachable)", "(i32.const 0)))")
    wasm = Wasm(module(tail, imports=MARKER_IMPORT), "hand")
    assert scan.callers(wasm, 1) == {2: 1}


@pytest.mark.parametrize("padding", [b"\x01", b"\x81\x80\x80\x80\x00"])
def test_calls_are_found_however_their_operand_is_written(padding: bytes) -> None:
    body = b"\0\x41\x10\x1a\x10" + padding + b"\x0b"  # the constant 16 looks like the start of a call
    data = (
        bytes.fromhex("00 61 73 6d 01 00 00 00  01 04 01 60 00 00  02 0d 02 01 61 01 62 00 00 01 61 01 63 00 00  03 02 01 00")
        + bytes((10, len(body) + 2, 1, len(body)))
        + body
    )
    assert scan.callers(Wasm(data, "hand"), 1) == {2: 1}


def test_a_number_that_looks_like_a_call_is_none() -> None:
    looks = "(func $looks (drop (i32.const 0x0110)) (drop (i64.const 0x8410)))"
    wasm = Wasm(module(looks, imports=MARKER_IMPORT), "hand")
    assert scan.callers(wasm, 1) == {}


def test_two_marks_in_one_function_are_refused() -> None:
    mark = "(drop (call $marker (i32.const 0) (i32.const 0)))"
    with pytest.raises(GenerationError, match="function 2 asks for 2 generic imports"):
        describe(f"(func {mark} {mark})", MARKER_IMPORT)


def test_a_generic_import_must_come_to_its_mark() -> None:
    with pytest.raises(GenerationError, match="generic import 2 failed: it returned without naming what it stands for"):
        describe("(func (param i32) (if (local.get 0) (then (drop (call $marker (i32.const 0) (i32.const 0))))))", MARKER_IMPORT)


# ------------------------------------------------------------------------------------------ cost


def test_the_copy_holds_what_describing_reaches_and_no_more() -> None:
    waste = "\n".join(f"(func (drop (i32.const {n})))" for n in range(2000))
    wasm = Wasm(module(f'(func (export "f")) {waste} {describes(tells([1]))}'), "hand")
    functions = [wasm.exported_functions[PREFIX + "f"]]
    copy = AnalysisCopy(wasm, functions, [], None).module_bytes()
    assert len(copy) < 500
    assert len(Wasm(copy, "copy").functions) == 4  # describe, the describe function, the terminator, the driver


def test_real_guests_tell_something_for_every_live_shim(guest_path: Path) -> None:
    wasm = Wasm(guest_path.read_bytes(), guest_path.name)
    found = analysis.describe(wasm, stack_pointer(wasm))
    live = {i.name for i in wasm.imported_functions} | wasm.exported_functions.keys()
    described = {name.removeprefix(PREFIX) for name in wasm.exported_functions if name.startswith(PREFIX)}
    assert found.shims.keys() == described & live
    assert all(found.shims.values())
    marker = [n for n, i in enumerate(wasm.imported_functions) if i.name == symbols.DESCRIBE_GENERIC_IMPORT]
    everywhere = {f for f in range(len(wasm.functions)) if marker and marker[0] in scan.callees(wasm, f)}
    assert found.generic_imports.keys() == everywhere
