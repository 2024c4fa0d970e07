"""Translating legacy exception handling: small functions whose every path is run, and whole guests."""

from __future__ import annotations

import itertools

import pytest
import wasmtime

from bindgen_patch import GenerationError
from bindgen_patch.decode import opcodes
from bindgen_patch.decode.container import Wasm
from bindgen_patch.decode.opcodes import walk
from bindgen_patch.edit.legacy import translate
from tests.conftest import FIXTURES
from tests.edit.assembler import THROWER, module, run

LEGACY = sorted(FIXTURES.glob("*/legacy.wasm"))

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
    assert run(translate(module(THROWER, text)), 1, range(4)) == expected


def test_untouched_code_stays_byte_for_byte() -> None:
    wasm = module(THROWER, CASES["rethrow"][0], THROWER)
    translated = Wasm(translate(wasm), "translated.wasm")
    before = [wasm.data[start:end] for start, end in wasm.bodies]
    after = [translated.data[start:end] for start, end in translated.bodies]
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, False, True]
    plain = module(THROWER)
    assert translate(plain) == plain.data


@pytest.mark.parametrize(
    "text",
    ["catch_all end const 0", "rethrow 0 const 0", "try i32 const 0 delegate 7", "try i32 const 0 catch 9 end",
     "try i32 const 0 catch_all const 0 catch_all const 0 end",
     "try void rethrow 0 end const 0", "try 99 const 0 end", "block i32 const 0 delegate 0", "rethrow 5 const 0"],
)  # fmt: skip
def test_malformed_code_is_refused(text: str) -> None:
    with pytest.raises(GenerationError) as caught:
        translate(module(THROWER, text))
    assert caught.value.hint


@pytest.mark.parametrize("path", LEGACY, ids=lambda path: path.parent.name)
def test_guests(path: object) -> None:
    """Valid, free of legacy instructions, and untouched where there were none."""
    data = path.read_bytes()  # type: ignore[attr-defined]
    wasm = Wasm(data, "legacy.wasm")
    translated = Wasm(translate(wasm), "translated.wasm")
    config = wasmtime.Config()
    config.wasm_exceptions = True
    wasmtime.Module.validate(wasmtime.Engine(config), translated.data)
    changed = 0
    for (start, end), (new_start, new_end) in itertools.zip_longest(wasm.bodies, translated.bodies, fillvalue=(0, 0)):
        had = any(True for _ in walk(data, opcodes.code_start(data, start, end), end, opcodes.LEGACY_EH))
        assert had == (data[start:end] != translated.data[new_start:new_end])
        new_code = opcodes.code_start(translated.data, new_start, new_end)
        assert not any(True for _ in walk(translated.data, new_code, new_end, opcodes.LEGACY_EH))
        changed += had
    assert changed > 10
