"""Translating legacy exception handling: small functions whose every path is run, and whole guests."""

from __future__ import annotations

import itertools
import os
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import wasmtime

from bindgen_patch import GenerationError, symbols
from bindgen_patch.decode import decode, opcodes
from bindgen_patch.decode.checks import validate
from bindgen_patch.decode.container import Id, Wasm
from bindgen_patch.decode.opcodes import walk
from bindgen_patch.decode.rewrite import TRAP_BODY, assemble, code_section
from bindgen_patch.edit import edit
from bindgen_patch.edit.legacy import translate
from bindgen_patch.runtime.dwarf import DebugInfo
from tests.conftest import FIXTURES
from tests.edit.assembler import THROWER, module, run

LEGACY = sorted([*FIXTURES.glob("*/legacy.wasm"), *FIXTURES.glob("real/*/legacy.wasm")])
SEEDS = int(os.environ.get("BINDGEN_PATCH_CORRUPTIONS", "80")) // 4

CASES: dict[str, tuple[str, list[int | str]]] = {
    "catch by tag": ("try i32 get 0 call 0 catch 0 const 10 add catch 1 const 20 end", [0, 11, 20, "thrown"]),
    "catch all": ("try i32 get 0 call 0 catch_all const 30 end", [0, 30, 30, 30]),
    "tag before all": ("try i32 get 0 call 0 catch 0 const 10 add catch_all const 30 end", [0, 11, 30, 30]),
    "two payloads": ("try i32 get 0 call 0 catch 2 set 1 wrap get 1 add end", [0, "thrown", "thrown", 43]),
    "no clauses": ("try i32 get 0 call 0 end", [0, "thrown", "thrown", "thrown"]),
    "nothing thrown in a handler's place": ("try i32 get 0 call 0 const 5 add catch_all const 1 end const 100 add", [105, 101, 101, 101]),
    "rethrow": ("try i32 try i32 get 0 call 0 catch 0 drop rethrow 0 end catch_all const 50 end", [0, 50, 50, 50]),
    "rethrow keeps the payload": (
        "try i32 try i32 get 0 call 0 catch_all rethrow 0 end catch 0 const 7 add end",
        [0, 8, "thrown", "thrown"],
    ),
    "rethrow of the outer one": (
        """try i32
             try i32 get 0 call 0
             catch_all try i32 throw 1 catch_all rethrow 1 end end
           catch 0 const 60 add
           catch 1 const 70 end""",
        [0, 61, 70, "thrown"],
    ),
    "handlers catch nothing of their own": (
        "try i32 try i32 get 0 call 0 catch_all const 1 throw 0 end catch 0 const 5 add end",
        [0, 6, 6, 6],
    ),
    "branch out of the body": ("block i32 try i32 get 0 call 0 get 0 br 1 catch_all const 8 end const 90 add end", [0, 98, 98, 98]),
    "branch to the try": ("try i32 get 0 call 0 br 0 catch_all const 8 br 0 end const 90 add", [90, 98, 98, 98]),
    "branch out of a handler": ("block i32 try i32 get 0 call 0 catch_all const 9 br 1 end const 90 add end", [90, 9, 9, 9]),
    "br_table across": (
        """block i32 block i32
             try i32 get 0 call 0 catch_all const 3 get 0 br_table 2 0 1 2 end
             const 100 add
           end const 1000 add end""",
        [1100, 1003, 3, 3],
    ),
    "return from the body": ("try i32 get 0 call 0 return catch_all const 4 return end", [0, 4, 4, 4]),
    "a loop that retries": (
        """get 0 set 1
           loop i32
             try i32 get 1 call 0
             catch_all get 1 const -1 add set 1 br 1 end
           end""",
        [0, 0, 0, 0],
    ),
    "delegate": ("try i32 try i32 try i32 get 0 call 0 delegate 1 catch_all const 1 end catch_all const 2 end", [0, 2, 2, 2]),
    "delegate to the next": ("try i32 try i32 get 0 call 0 delegate 0 catch_all const 2 end", [0, 2, 2, 2]),
    "delegate to the caller": ("try i32 try i32 get 0 call 0 delegate 1 catch_all const 2 end", [0, "thrown", "thrown", "thrown"]),
    "delegate past a block": ("try i32 block i32 try i32 get 0 call 0 delegate 0 end catch 0 const 5 add end", [0, 6, "thrown", "thrown"]),
    "delegate from a handler": (
        "try i32 try i32 get 0 call 0 catch_all try i32 get 0 call 0 delegate 0 end catch 0 const 5 add end",
        [0, 6, "thrown", "thrown"],
    ),
    "delegate to a delegate": (
        "try i32 try i32 try i32 try i32 get 0 call 0 delegate 0 delegate 1 catch_all const 1 end catch_all const 2 end",
        [0, 2, 2, 2],
    ),
    "delegate to a try without clauses": ("try i32 try i32 try i32 get 0 call 0 delegate 0 end catch_all const 6 end", [0, 6, 6, 6]),
    "two results": ("try 4 const 1 get 0 call 0 catch_all const 2 const 3 end add", [1, 5, 5, 5]),
    "a parameter": ("get 0 try 5 call 0 const 1 catch_all const 2 const 3 end add", [1, 5, 5, 5]),
    "two parameters": ("const64 9 get 0 try 6 call 0 set 1 wrap get 1 catch_all const 2 const 3 end add", [9, 5, 5, 5]),
    "a parameter, and delegated to": (
        "const 7 get 0 try 5 call 0 const 1 try void get 0 call 0 drop delegate 0 catch_all const 2 const 3 end add add",
        [8, 12, 12, 12],
    ),
    "two results, rethrown and delegated": (
        "try 4 try 4 try 4 const 1 get 0 call 0 delegate 0 catch_all rethrow 0 end catch_all const 2 const 3 end add",
        [1, 5, 5, 5],
    ),
    "one after the other": (
        "try i32 get 0 call 0 catch_all const 1 end try i32 get 0 call 0 catch_all const 2 end add",
        [0, 3, 3, 3],
    ),
    "empty": ("try void get 0 call 0 drop catch_all end const 5", [5, 5, 5, 5]),
    "unreachable ends": ("try i32 get 0 call 0 return unreachable catch_all const 3 return unreachable end", [0, 3, 3, 3]),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_behaviour(name: str) -> None:
    text, expected = CASES[name]
    assert run(translate(module(THROWER, text)).data, 1, range(4)) == expected


def test_untouched_code_stays_byte_for_byte() -> None:
    wasm = module(THROWER, CASES["rethrow"][0], THROWER)
    translated = translate(wasm)
    before = [wasm.data[start:end] for start, end in wasm.bodies]
    after = [translated.data[start:end] for start, end in translated.bodies]
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, False, True]
    plain = module(THROWER)
    assert translate(plain) is plain


@pytest.mark.parametrize(
    "text",
    ["catch_all end const 0", "rethrow 0 const 0", "try i32 const 0 delegate 7", "try i32 const 0 catch 9 end",
     "try i32 const 0 catch_all const 0 catch_all const 0 end", "try i32 const 0 catch_all const 0 catch 0 end",
     "try i32 const 0 catch_all const 0 delegate 0", "try void rethrow 0 end const 0", "try 99 const 0 end",
     "block i32 const 0 delegate 0", "rethrow 5 const 0", "try i32 br 2 catch_all const 0 end", "try i32 br_if 9 catch_all const 0 end",
     "try i32 const 0 const 0 br_table 1 0 9 catch_all const 0 end", "try i32 const 0 catch_all const 0 end end",
     "try i32 const 0 catch_all const 0 end end nop", "try i32 const 0 catch_all const 0", "try void catch_all end else end"],
)  # fmt: skip
def test_malformed_code_is_refused(text: str) -> None:
    with pytest.raises(GenerationError) as caught:
        translate(module(THROWER, text))
    assert caught.value.hint


def test_more_locals_than_there_can_be_are_refused() -> None:
    data = translate(module(THROWER, "try i32 try i32 throw 1 catch_all rethrow 0 end catch_all const 0 end", locals_=2**32 - 1)).data
    with pytest.raises(GenerationError):
        validate(data)


def test_time_follows_size() -> None:
    """Deep nesting costs what as many tries side by side do."""
    depth = 20_000
    text = "try void " * depth + "try void delegate 10000 " * depth + "catch_all rethrow 0 end " * depth + "const 0"
    started = time.process_time()
    translate(module(text))
    assert time.process_time() - started < 5


def excerpt(wasm: Wasm, function: int) -> Wasm:
    """The module with one body and, in place of all others, traps."""
    others = {len(wasm.imported_functions) + place: TRAP_BODY for place in range(len(wasm.bodies))}
    del others[function]
    return Wasm(assemble(wasm, {Id.CODE: code_section(wasm, others)}, lambda _custom: False), wasm.name)


def legacy_functions(wasm: Wasm) -> list[int]:
    first = len(wasm.imported_functions)
    return [first + place for place, body in enumerate(wasm.bodies) if is_legacy(wasm, *body)]


def is_legacy(wasm: Wasm, start: int, end: int) -> bool:
    return any(True for _ in walk(wasm.data, opcodes.code_start(wasm.data, start, end), end, opcodes.LEGACY_EH))


def damaged(rng: random.Random, data: bytes, start: int, end: int) -> bytes:
    """Some bytes of ``data[start:end]`` changed, most often into those that make structure; sometimes a stretch moved over another."""
    changed = bytearray(data)
    if rng.random() < 0.2:
        size = rng.randint(1, min(16, end - start))
        source, target = rng.randint(start, end - size), rng.randint(start, end - size)
        changed[target : target + size] = data[source : source + size]
        return bytes(changed)
    for _ in range(rng.randint(1, 3)):
        changed[rng.randrange(start, end)] = rng.choice((*_STRUCTURE, 0x40, 0x7F, 0xFF, rng.randrange(256)))
    return bytes(changed)


_STRUCTURE = (*opcodes.LEGACY_EH, opcodes.BLOCK, opcodes.LOOP, opcodes.END, 0x0C, 0x0D, opcodes.BR_TABLE)


@pytest.mark.parametrize("path", LEGACY, ids=lambda path: path.parent.name)
def test_damaged_functions_end_in_code_or_an_error(path: Path) -> None:
    """In each of many functions, cut out of a guest and then damaged."""
    wasm = Wasm(path.read_bytes(), "legacy.wasm")
    for number, function in enumerate(legacy_functions(wasm)[:25]):
        part = excerpt(wasm, function)
        start, end = part.body(function) or (0, 0)
        for seed in range(20):
            check_damaged(f"{path.parent.name}, function {function}, seed {seed}", lambda data: validate(translate(Wasm(data, "x")).data),
                          damaged(random.Random(1000 * number + seed), part.data, start, end))  # fmt: skip


@pytest.mark.parametrize("path", LEGACY, ids=lambda path: path.parent.name)
def test_damaged_guests_end_in_a_module_or_an_error(path: Path) -> None:
    """The same through all that reads and edits a guest."""

    def read_and_edit(data: bytes) -> None:
        found, read = decode(data, "guest.wasm")
        edit(read, found)

    wasm = Wasm(path.read_bytes(), "legacy.wasm")
    functions = legacy_functions(wasm)
    for seed in range(SEEDS):
        rng = random.Random(seed)
        start, end = wasm.body(rng.choice(functions)) or (0, 0)
        check_damaged(f"{path.parent.name}, seed {seed}", read_and_edit, damaged(rng, wasm.data, start, end))


def check_damaged(title: str, use: Callable[[bytes], None], data: bytes) -> None:
    try:
        use(data)
    except GenerationError as error:
        assert error.hint, title
    except BaseException as error:
        raise AssertionError(title) from error


@pytest.mark.parametrize("path", LEGACY, ids=lambda path: path.parent.name)
def test_guests(path: Path) -> None:
    """Valid, free of legacy instructions, and untouched where there were none."""
    data = path.read_bytes()
    wasm = Wasm(data, "legacy.wasm")
    translated = translate(wasm)
    config = wasmtime.Config()
    config.wasm_exceptions = True
    wasmtime.Module.validate(wasmtime.Engine(config), translated.data)
    changed = 0
    for (start, end), (new_start, new_end) in itertools.zip_longest(wasm.bodies, translated.bodies, fillvalue=(0, 0)):
        had = is_legacy(wasm, start, end)
        assert had == (data[start:end] != translated.data[new_start:new_end])
        assert not is_legacy(translated, new_start, new_end)
        changed += had
    assert changed > 5


def test_where_code_was() -> None:
    """Every call of a guest with debug information leads back to itself, in translated functions and behind them."""
    path = FIXTURES / "debug" / "legacy.wasm"
    old = Wasm(path.read_bytes(), "legacy.wasm")
    new = translate(old)
    info = DebugInfo(new.data)
    old_code, new_code = (section.start for wasm in (old, new) if (section := wasm.section(Id.CODE)))
    calls = {wasm: [at for body in wasm.bodies for at in calls_in(wasm, *body)] for wasm in (old, new)}
    assert len(calls[old]) > 500
    assert [info._original(at - new_code) + old_code for at in calls[new]] == calls[old]
    assert any(at - new_code != was - old_code for at, was in zip(calls[new], calls[old], strict=True))


def calls_in(wasm: Wasm, start: int, end: int) -> list[int]:
    code = opcodes.code_start(wasm.data, start, end)
    return [at for _, at, _ in walk(wasm.data, code, end, frozenset({opcodes.CALL, opcodes.CALL_INDIRECT}))]


@pytest.mark.parametrize("path", LEGACY, ids=lambda path: path.parent.name)
def test_only_guests_with_debug_information_tell_where_code_was(path: Path) -> None:
    translated = translate(Wasm(path.read_bytes(), "legacy.wasm"))
    assert bool(translated.custom(symbols.MOVED_CODE)) == bool(translated.custom(".debug_line")) == (path.parent.name == "debug")
