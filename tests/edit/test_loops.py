"""Unrolling short loops: what they do stays the same, by hand, at random and in whole guests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import wasmtime
from hypothesis import given
from hypothesis import strategies as st

from bindgen_patch.decode import opcodes
from bindgen_patch.decode.checks import validate
from bindgen_patch.decode.container import Id, Wasm
from bindgen_patch.edit.legacy import translate
from bindgen_patch.edit.loops import FLOATS_GET, LONGEST, MOST, unrolled
from bindgen_patch.runtime.dwarf import DebugInfo
from tests.conftest import FIXTURES
from tests.edit.assembler import THROWER, module, run

ARGUMENTS = (0, 1, 2, 3, 7, 8, 9, 16, 100)
DOWN = "get 0 const -1 add tee 0"
"""One turn less is left."""
GATHER = "get 1 const 3 mul get 0 add set 1"

UNROLLED = {
    "do while": f"loop void {GATHER} {DOWN} br_if 0 end get 1",
    "one instruction": f"loop void {DOWN} br_if 0 end get 0",
    "a result": f"get 0 set 1 loop i32 get 1 const 3 add set 1 {DOWN} const 3 and br_if 0 get 1 end",
    "while": f"block void loop void get 0 const 0 eq br_if 1 {GATHER} {DOWN} drop br 0 end end get 1",
    "go on in the middle": f"loop void {DOWN} const 1 and br_if 0 {GATHER} get 0 br_if 0 end get 1",
    "go on inside of blocks": f"""
        loop void
          block void {DOWN} const 1 and if void get 0 br_if 2 br 1 end get 0 br_if 1 end
          {GATHER}
        end get 1""",
    "if and else": f"loop void get 0 const 1 and if void {GATHER} else get 1 const 5 add set 1 end {DOWN} br_if 0 end get 1",
    "out to everything": f"""
        block void block void block void
          loop void
            get 0 const 7 eq br_if 1
            block void get 0 const 8 eq br_if 3 get 0 const 16 eq br_if 4 end
            {GATHER} {DOWN} br_if 0
          end
        end const 1000 get 1 add set 1 end const 2000 get 1 add set 1 end get 1""",
    "out with a value": f"block i32 loop void {GATHER} get 1 get 0 const 9 eq br_if 1 drop {DOWN} br_if 0 end get 1 const 1 add end",
    "something lies around": f"block void loop void get 1 get 0 const 0 eq br_if 1 {GATHER} {DOWN} br 0 end end get 1",
    "return": f"loop void {GATHER} get 0 const 2 eq if void get 1 return end {DOWN} br_if 0 end const 77",
    "trap": f"loop void {GATHER} get 0 const 2 eq if void unreachable end {DOWN} br_if 0 end get 1",
    "throw": f"loop void {GATHER} get 0 const 2 eq if void throw 1 end {DOWN} br_if 0 end get 1",
    "the inner one of two": f"""
        loop void
          get 0 const 3 and const 1 add set 2
          loop void {GATHER} get 2 const -1 add tee 2 br_if 0 end
          {DOWN} br_if 0
        end get 1""",
    "one behind the other": f"""
        get 0 set 2 loop void {GATHER} {DOWN} br_if 0 end
        loop void get 1 get 2 add set 1 get 2 const -1 add tee 2 br_if 0 end get 1""",
    "in a handler's place": f"block void block void try_table void 1 2 0 loop void {GATHER} {DOWN} br_if 0 end end end end get 1",
    "labels of two bytes": "block void " * 130 + f"loop void {GATHER} {DOWN} br_if 0 get 1 br_if 126 end" + " end" * 130 + " get 1",
}

LEFT_ALONE = {
    "no loop": f"{GATHER} get 1",
    "it does not turn": f"loop void {GATHER} end get 1",
    "a call": f"loop void get 0 call 0 drop {DOWN} br_if 0 end get 1",
    "too long": "loop void " + f"{GATHER} " * (LONGEST // 10) + f"{DOWN} br_if 0 end get 1",
    "a table of branches": f"block void loop void {GATHER} {DOWN} br_table 1 1 0 end end get 1",
    "it takes values": "get 0 loop 0 const -1 add tee 0 get 0 br_if 0 end",
}


@pytest.mark.parametrize("name", UNROLLED)
def test_it_does_what_it_did(name: str) -> None:
    before = module(THROWER, UNROLLED[name], locals_=2)
    after = unrolled(before)
    validate(after.data)
    assert len(after.data) > len(before.data)
    assert after.bodies[0][1] - after.bodies[0][0] == before.bodies[0][1] - before.bodies[0][0]
    assert run(after.data, 1, ARGUMENTS[1:]) == run(before.data, 1, ARGUMENTS[1:])


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_others_stay_as_they_are(name: str) -> None:
    wasm = module(THROWER, LEFT_ALONE[name])
    validate(wasm.data)
    assert unrolled(wasm) is wasm


def test_so_many_copies() -> None:
    short, long = (module(f"loop void {'nop ' * size} {DOWN} br_if 0 end get 0") for size in (0, LONGEST - 15))
    assert counted(unrolled(short))[opcodes.BR_IF] == MOST
    assert 1 < counted(unrolled(long))[opcodes.BR_IF] < MOST
    floats = module(f"loop void get 0 fconvert fconst 0 0 0 0 fadd drop {DOWN} br_if 0 end get 0")
    assert counted(unrolled(floats))[opcodes.BR_IF] == MOST * FLOATS_GET


def counted(wasm: Wasm) -> Counter[int]:
    return Counter(opcode for opcode, _, _ in instructions(wasm))


def instructions(wasm: Wasm) -> Iterator[opcodes.Instruction]:
    for start, end in wasm.bodies:
        yield from found(wasm, start, end, frozenset(range(256)))


@pytest.mark.parametrize("text", ["loop void br 0 end get 0", "loop void block void get 0 br_if 1 end br 0 end get 0"])
def test_whoever_turns_for_ever_is_stopped(text: str) -> None:
    config = wasmtime.Config()
    config.epoch_interruption = config.wasm_exceptions = True
    engine = wasmtime.Engine(config)
    store = wasmtime.Store(engine)
    store.set_epoch_deadline(1)
    endless = unrolled(module(text))
    f = wasmtime.Instance(store, wasmtime.Module(engine, endless.data), []).exports(store)["0"]
    assert isinstance(f, wasmtime.Func)
    engine.increment_epoch()
    with pytest.raises(wasmtime.Trap, match="interrupt"):
        f(store, 1)


# ------------------------------------------------------------------------------------------------------ at random

LEAVE_AFTER = 40
"""Turns of all loops of one call."""


@st.composite
def steps(draw: st.DrawFn, labels: int, left: int) -> str:
    """Instructions that leave nothing on the stack, inside of so many labels."""
    out = []
    for _ in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(["gather", "count", "br", "br_if", "br_if", "block", "if", "return", "loop"]))
        label = draw(st.integers(0, labels - 1))
        if kind == "gather":
            out.append(GATHER)
        elif kind == "count":
            out.append("get 1 get 2 add set 1")
        elif kind == "br":
            out.append(f"br {label}")
        elif kind == "br_if":
            out.append(f"get {draw(st.integers(0, 2))} const {draw(st.sampled_from([1, 2, 3, 4]))} and br_if {label}")
        elif kind == "return":
            out.append("get 2 const 3 and const 3 eq if void get 1 return end")
        elif left:
            inside = draw(steps(labels + 1, left - 1))
            if kind == "loop":
                inside = f"get 2 const 1 add tee 2 const {LEAVE_AFTER} eq if void get 1 return end {inside}"
            elif kind == "if":
                kind = f"get {draw(st.integers(0, 2))} const 1 and if"
                inside += draw(st.sampled_from(["", " else " + GATHER]))
            out.append(f"{kind} void {inside} end")
    return " ".join(out)


@given(steps(1, 4).filter(lambda text: "loop" in text))
def test_at_random(text: str) -> None:
    """Whatever a loop does: as often, in the same order, and out of it by the same way."""
    wrapped = f"get 0 const 7 mul set 1 block void {text} end get 1 get 2 add"
    before = module(wrapped)
    assert run(unrolled(before).data, 0, range(4)) == run(before.data, 0, range(4))


# ------------------------------------------------------------------------------------------------------ whole guests


def test_guests(runnable_path: Path) -> None:
    """Valid, the calls the same, and functions without short loops too."""
    before = Wasm(runnable_path.read_bytes(), "guest.wasm")
    after = unrolled(before)
    validate(after.data)
    calls = frozenset({opcodes.CALL, opcodes.CALL_INDIRECT, opcodes.LOOP})
    changed = 0
    for old, new in zip(before.bodies, after.bodies, strict=True):
        was, now = ([wasm.data[i.start : i.end] for i in found(wasm, *body, calls)] for wasm, body in ((before, old), (after, new)))
        assert was == now
        changed += before.data[slice(*old)] != after.data[slice(*new)]
    assert changed > 0
    assert len(after.data) < len(before.data) * 1.4


def found(wasm: Wasm, start: int, end: int, interest: frozenset[int]) -> list[opcodes.Instruction]:
    return list(opcodes.walk(wasm.data, opcodes.code_start(wasm.data, start, end), end, interest))


@pytest.mark.parametrize("mode", ["abort", "unwind", "legacy"])
def test_where_code_was(mode: str) -> None:
    """In a guest with debug information every instruction of every copy leads back to the one that it is a copy of, also where another pass
    has moved code before."""
    old = Wasm((FIXTURES / "debug" / f"{mode}.wasm").read_bytes(), "debug.wasm")
    new = unrolled(translate(old))
    assert new.data != translate(old).data
    info = DebugInfo(new.data)
    old_code, new_code = (section.start for wasm in (old, new) if (section := wasm.section(Id.CODE)))
    structure = {opcodes.BLOCK, opcodes.LOOP, opcodes.IF, opcodes.END, opcodes.TRY_TABLE, *opcodes.BRANCHES, opcodes.BR_TABLE}
    checked = 0
    for opcode, at, after in instructions(new):
        was = info._original(at - new_code) + old_code
        if opcode not in structure | {0x0F, 0x21, 0x45, opcodes.LOCAL_GET, opcodes.THROW_REF}:  # what the passes put in
            assert old.data[was : was + after - at] == new.data[at:after]
            checked += 1
    assert checked > 5000
