"""Translating legacy exception handling: small functions whose every path is run, and whole guests."""

from __future__ import annotations

import itertools
import re

import pytest
import wasmtime

from bindgen_patch import GenerationError
from bindgen_patch.decode import opcodes, writer
from bindgen_patch.decode.container import Wasm
from bindgen_patch.decode.opcodes import walk
from bindgen_patch.edit.legacy import translate
from tests.conftest import FIXTURES

LEGACY = sorted(FIXTURES.glob("*/legacy.wasm"))

_OPCODES = {
    "unreachable": 0x00, "nop": 0x01, "block": 0x02, "loop": 0x03, "if": 0x04, "else": 0x05, "try": 0x06, "catch": 0x07, "throw": 0x08,
    "rethrow": 0x09, "end": 0x0B, "br": 0x0C, "br_if": 0x0D, "br_table": 0x0E, "return": 0x0F, "call": 0x10, "delegate": 0x18,
    "catch_all": 0x19, "drop": 0x1A, "get": 0x20, "set": 0x21, "const": 0x41, "add": 0x6A, "eq": 0x46, "i64": 0x42, "wrap": 0xA7,
}  # fmt: skip
_BLOCKS = {"void": b"\x40", "i32": b"\x7f", "i64": b"\x7e"}
# Types: 0 i32 -> i32, 1 i32 -> (tag 0), 2 () -> (tag 1), 3 i64 i32 -> (tag 2), 4 () -> i32 i32, 5 i32 -> i32 i32, 6 i64 i32 -> i32 i32
_TYPES = [
    b"\x60\1\x7f\1\x7f",
    b"\x60\1\x7f\0",
    b"\x60\0\0",
    b"\x60\2\x7e\x7f\0",
    b"\x60\0\2\x7f\x7f",
    b"\x60\1\x7f\2\x7f\x7f",
    b"\x60\2\x7e\x7f\2\x7f\x7f",
]


def assemble(text: str) -> bytes:
    """Instructions by name, operands behind them; a block's type is ``void``, ``i32`` or a number of ``_TYPES``."""
    out = bytearray()
    for word in re.sub(r";;.*", "", text).split():
        if word in _OPCODES:
            out.append(_OPCODES[word])
        elif word in _BLOCKS:
            out += _BLOCKS[word]
        else:
            out += writer.sleb(int(word))
    return bytes(out)


def module(*functions: str, locals_: int = 2) -> Wasm:
    """A module of functions i32 -> i32 with i32 locals; the last one is exported as ``f``."""
    count = len(functions)
    tags = [b"\0\1", b"\0\2", b"\0\3"]
    code = [writer.sized(b"\1" + writer.uleb(locals_) + b"\x7f" + assemble(f) + b"\x0b") for f in functions]
    data = writer.HEADER + b"".join(
        writer.section(number, content)
        for number, content in (
            (1, writer.vector(_TYPES)),
            (3, writer.vector([b"\0"] * count)),
            (13, writer.vector(tags)),
            (7, writer.vector([writer.export("f", 0, count - 1)])),
            (10, writer.vector(code)),
        )
    )
    return Wasm(data, "test.wasm")


def run(wasm: Wasm, *arguments: int) -> list[int | str]:
    """What the translated ``f`` returns for each argument, or that it threw."""
    config = wasmtime.Config()
    config.wasm_exceptions = True
    engine = wasmtime.Engine(config)
    translated = wasmtime.Module(engine, translate(wasm))
    results: list[int | str] = []
    for argument in arguments:
        store = wasmtime.Store(engine)
        f = wasmtime.Instance(store, translated, []).exports(store)["f"]
        assert isinstance(f, wasmtime.Func)
        try:
            results.append(f(store, argument))
        except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
            results.append("thrown" if "thrown Wasm exception" in str(error) else str(error))
    return results


# Function 0 of every module: throws tag 0 with its argument when that is 1, tag 1 when 2, tag 2 when 3; else returns it.
THROWER = """
    get 0 const 1 eq if void get 0 throw 0 end
    get 0 const 2 eq if void throw 1 end
    get 0 const 3 eq if void i64 40 get 0 throw 2 end
    get 0"""

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
    "two parameters": ("i64 9 get 0 try 6 call 0 set 1 wrap get 1 catch_all const 2 const 3 end add", [9, 5, 5, 5]),
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
    assert run(module(THROWER, text), 0, 1, 2, 3) == expected


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
