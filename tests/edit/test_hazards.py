"""Which calls are unsafe: by hand, each rule of the analysis; and on the committed guests, that the edited ones are led elsewhere."""

from __future__ import annotations

import pytest
import wasmtime

from bindgen_patch.decode.container import Wasm
from bindgen_patch.edit.hazards import NOTHING, Unsafe, unsafe_calls
from tests.edit.host import engine

HEAD = """(module
    (type $v (func)) (import "m" "a" (func $a)) (import "m" "b" (func $b (param i32) (result i32)))
    (tag $rust (param i32)) (table 2 funcref)
"""
A, B = 0, 1
"""The two imports; the first defined function is 2."""


def analysed(code: str, supplied: frozenset[int] = frozenset()) -> Unsafe:
    data = bytes(wasmtime.wat2wasm(f"{HEAD} {code})"))
    wasmtime.Module.validate(engine(), data)
    return unsafe_calls(Wasm(data, "hand"), supplied)


def targets(unsafe: Unsafe) -> dict[int, list[int]]:
    """The functions that are called unsafely, by the function they are called in."""
    return {function: [call.target for call in calls] for function, calls in unsafe.calls.items()}


def copied(unsafe: Unsafe) -> dict[int, list[int]]:
    return {function: [call.target for call in calls] for function, calls in unsafe.copies.items()}


def handled(body: str) -> str:
    """``body`` in the range of a clean-up, which throws on."""
    return f"(block $pad (result exnref) (try_table (catch_all_ref $pad) {body}) (return)) (throw_ref)"


THROWER = "(func $thrower (throw $rust (i32.const 1)))"


@pytest.mark.parametrize(
    ("body", "called"),
    [
        (handled("(call $a)"), [A]),
        ("(call $a)", []),
        (f"(call $a) {handled('(drop (call $b (i32.const 1)))')} (call $a)", [B]),
        (f"{handled('(call $a) (drop (call $b (i32.const 1))) (call $a)')}", [A, B, A]),
        (f"(block $out {handled('(nop)')}) (call $a)", []),
        ("(block $pad (try_table (catch_all $pad) (call $a)))", [A]),
        ("(try_table (call $a))", []),
        ("(block $pad (result i32) (try_table (catch $rust $pad) (call $a)) (return)) (drop)", []),
        (
            "(block $pad (result i32) (try_table (catch $rust $pad) (block $all (try_table (catch_all $all) (call $a)))) (return)) (drop)",
            [A],
        ),
        ("(block $all (try_table (catch_all $all) (try_table (call $a)) (call $a)) (call $a))", [A, A]),
        ("(block $all (try_table (catch_all $all) (block (loop (if (i32.const 1) (then (call $a)) (else (call $a)))))) (call $a))", [A, A]),
        ("(block $x (block $y (try_table (catch_all $y) (block (br_table 0 1 2 (i32.const 16))) (call $a)) (call $a)) (call $a))", [A]),
        ("(block $all (try_table (catch_all $all) (call_indirect (type $v) (i32.const 0))))", []),
        ("(block $all (try_table (catch_all $all) (drop (i32.const 16)) (drop (i64.const 0x101010101f1f)) (call $thrower)))", []),
        ("(block $all (try_table (catch_all $all) (call $all_is_well)))", []),
        ("(block $all (try_table (catch_all $all) (return_call $a)))", []),
    ],
)
def test_calls_of_imports(body: str, called: list[int]) -> None:
    found = analysed(f"(func $f {body}) {THROWER} (func $all_is_well (nop))")
    assert targets(found) == ({2: called} if called else {})
    assert found.copies == {}
    assert found.imports == tuple(sorted(set(called)))


def test_a_call_in_a_handler_is_outside_of_its_range() -> None:
    assert analysed("(func (block $pad (result exnref) (try_table (catch_all_ref $pad) (nop)) (return)) (call $a) (throw_ref))") == NOTHING


def test_through_two_functions_out_of_which_nothing_comes() -> None:
    """Only the call in the range changes; what it reaches is copied, for it may be called from safe places too."""
    found = analysed(f"(func {handled('(call $g)')}) (func $g (call $h) (call $quiet)) (func $h (call $a)) (func $quiet) (func (call $g))")
    assert targets(found) == {2: [3]}
    assert copied(found) == {3: [4], 4: [A]}
    assert found.imports == (A,)


@pytest.mark.parametrize(
    "unwinds",
    [
        "(throw $rust (i32.const 1))",
        "(call_indirect (type $v) (i32.const 0))",
        "(call $thrower)",
        "(return_call_indirect (type $v) (i32.const 0))",
        "(block $x (try_table (catch_all $x) (return_call $thrower)))",
        "(block $x (result i32) (try_table (catch $rust $x) (call $thrower)) (return)) (drop)",
        handled("(call $thrower)"),
    ],
)
def test_what_is_known_to_unwind_has_a_landing_pad_of_its_own(unwinds: str) -> None:
    assert analysed(f"(func {handled('(call $g)')}) (func $g (call $a) {unwinds}) {THROWER}") == NOTHING


@pytest.mark.parametrize("inner", ["(call $thrower)", "(call_indirect (type $v) (i32.const 0))", "(throw $rust (i32.const 1))"])
def test_what_a_handler_stops_does_not_unwind(inner: str) -> None:
    code = f"(func {handled('(call $g)')}) (func $g (call $a) (block $x (try_table (catch_all $x) {inner}))) {THROWER}"
    found = analysed(code)
    assert (targets(found), copied(found)) == ({2: [3]}, {3: [A]})


def test_functions_that_only_call_one_another_do_not_unwind() -> None:
    found = analysed(f"(func {handled('(call $g)')}) (func $g (call $h)) (func $h (call $g) (call $a)) (func $i (call $i))")
    assert (targets(found), copied(found)) == ({2: [3]}, {3: [4], 4: [3, A]})


def test_a_copy_keeps_its_own_unsafe_calls() -> None:
    inner = "(block $x (try_table (catch_all $x) (call $a))) (drop (call $b (i32.const 1)))"
    found = analysed(f"(func {handled('(call $g)')}) (func $g {inner})")
    assert targets(found) == {2: [3], 3: [A]}
    assert copied(found) == {3: [A, B]}
    assert found.imports == (A, B)


def test_supplied_functions_are_called_like_imports() -> None:
    """One that may unwind has a landing pad of its own where it is called; one that may not is as unsafe as an import."""
    code = f"(func {handled('(call $cast) (call $thrower)')}) (func $cast (call $a)) {THROWER}"
    found = analysed(code, frozenset({3, 4}))
    assert (targets(found), copied(found), found.imports) == ({2: [3]}, {}, (3,))


def test_operands_are_where_the_module_says() -> None:
    data = bytes(wasmtime.wat2wasm(f"{HEAD} (func {handled('(drop (call $b (i32.const 1)))')}))"))
    ((call,),) = unsafe_calls(Wasm(data, "hand")).calls.values()
    assert data[call.start - 1 : call.end] == bytes((0x10, B))
