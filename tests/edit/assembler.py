"""A tiny assembler of functions with legacy exception handling, which wasmtime's own text format cannot write, and a way to run them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

import wasmtime

from bindgen_patch.decode.container import Wasm
from bindgen_patch.decode.writer import HEADER, export, section, sized, sleb, uleb, vector

_OPCODES = {
    "unreachable": 0x00, "nop": 0x01, "block": 0x02, "loop": 0x03, "if": 0x04, "else": 0x05, "try": 0x06, "catch": 0x07, "throw": 0x08,
    "rethrow": 0x09, "end": 0x0B, "br": 0x0C, "br_if": 0x0D, "br_table": 0x0E, "return": 0x0F, "call": 0x10, "delegate": 0x18,
    "catch_all": 0x19, "drop": 0x1A, "get": 0x20, "set": 0x21, "tee": 0x22, "const": 0x41, "const64": 0x42, "eq": 0x46, "add": 0x6A,
    "mul": 0x6C, "and": 0x71, "wrap": 0xA7, "extend": 0xAC, "try_table": 0x1F,
    "fconvert": 0xB2, "fconst": 0x43, "fadd": 0x92,
}  # fmt: skip
_VALUES = {"i32": b"\x7f", "i64": b"\x7e"}

TYPES: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("i32",), ("i32",)),  # 0, every function
    (("i32",), ()),  # 1, tag 0
    ((), ()),  # 2, tag 1
    (("i64", "i32"), ()),  # 3, tag 2
    ((), ("i32", "i32")),  # 4
    (("i32",), ("i32", "i32")),  # 5
    (("i64", "i32"), ("i32", "i32")),  # 6
    ((), ("i64", "i32")),  # 7
    (("i64",), ()),  # 8
    (("i32", "i32"), ("i64",)),  # 9
    (("i64", "i32", "i64"), ("i32", "i64", "i32")),  # 10
)
"""Parameters and results of the types that every module has, by index."""
TAGS = (1, 2, 3)
"""The type of each tag."""

# Function 0 of most modules: throws tag 0 with its argument when that is 1, tag 1 when 2, tag 2 when 3; else returns it.
THROWER = """
    get 0 const 1 eq if void get 0 throw 0 end
    get 0 const 2 eq if void throw 1 end
    get 0 const 3 eq if void const64 40 get 0 throw 2 end
    get 0"""


def assemble(text: str) -> bytes:
    """Instructions by name, operands behind them; a block's type is ``void``, ``i32``, ``i64`` or a number of :data:`TYPES`."""
    out = bytearray()
    for word in re.sub(r";;.*", "", text).split():
        if word in _OPCODES:
            out.append(_OPCODES[word])
        elif word == "void":
            out.append(0x40)
        elif word in _VALUES:
            out += _VALUES[word]
        else:
            out += sleb(int(word))
    return bytes(out)


def module(*functions: str | bytes, locals_: int = 2) -> Wasm:
    """A module of functions i32 -> i32 with i32 locals, each exported by its number. Bytes are a whole body, locals and all."""
    declared = b"\1" + uleb(locals_) + b"\x7f"
    code = [f if isinstance(f, bytes) else declared + assemble(f) + b"\x0b" for f in functions]
    types = [b"\x60" + _value_types(params) + _value_types(results) for params, results in TYPES]
    data = HEADER + b"".join(
        section(number, vector(items))
        for number, items in (
            (1, types),
            (3, [b"\0" for _ in code]),
            (13, [b"\0" + uleb(tag) for tag in TAGS]),
            (7, [export(str(number), 0, number) for number in range(len(code))]),
            (10, map(sized, code)),
        )
    )
    return Wasm(data, "test.wasm")


def _value_types(names: tuple[str, ...]) -> bytes:
    return vector(_VALUES[name] for name in names)


@cache
def engine() -> wasmtime.Engine:
    """One with exceptions, which compiles fast."""
    config = wasmtime.Config()
    config.wasm_exceptions = True
    config.cranelift_opt_level = "none"
    return wasmtime.Engine(config)


def run(data: bytes, function: int, arguments: Iterable[int]) -> list[int | str]:
    """What a function of a module returns for each argument, or that it has ``thrown`` or ``trapped``."""
    return run_all(data, [function], arguments)[0]


def run_all(data: bytes, functions: Iterable[int], arguments: Iterable[int]) -> list[list[int | str]]:
    """The same for several functions of one module."""
    compiled = wasmtime.Module(engine(), data)
    results: list[list[int | str]] = []
    for function in functions:
        store = wasmtime.Store(engine())
        f = wasmtime.Instance(store, compiled, []).exports(store)[str(function)]
        assert isinstance(f, wasmtime.Func)
        results.append([_outcome(store, f, argument) for argument in arguments])
    return results


def _outcome(store: wasmtime.Store, f: wasmtime.Func, argument: int) -> int | str:
    try:
        result = f(store, argument)
    except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
        if "thrown Wasm exception" in str(error):
            return "thrown"
        if "`unreachable` instruction executed" in str(error):
            return "trapped"
        raise
    assert isinstance(result, int)
    return result
