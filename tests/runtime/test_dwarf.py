"""Files and lines: the same that the engine finds when it is asked to, and nothing for what is malformed."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from random import Random

import pytest
import wasmtime

from bindgen_patch.decode.container import Id, Wasm
from bindgen_patch.decode.writer import custom, sleb, uleb
from bindgen_patch.runtime.dwarf import DebugInfo
from bindgen_patch.symbols import MOVED_CODE
from tests.conftest import FIXTURES

PLACE = re.compile(r"- (.+)\n +at (.+):(\d+):\d+$", re.MULTILINE)
FRAME = re.compile(r"^ +\d+: +0x([0-9a-f]+) (.+?)(?=^ +\d+: +0x|^Caused by|\Z)", re.MULTILINE | re.DOTALL)


@pytest.fixture(params=["unwind", "abort"])
def guest(request: pytest.FixtureRequest) -> bytes:
    return (FIXTURES / "debug" / f"{request.param}.wasm").read_bytes()


def traps(data: bytes) -> Iterator[str]:
    """What the engine says of each trap that an exported function ends in, called with small numbers."""
    config = wasmtime.Config()
    config.wasm_exceptions = True
    engine = wasmtime.Engine(config)
    module = wasmtime.Module(engine, data)
    linker = wasmtime.Linker(engine)
    linker.define_unknown_imports_as_traps(module)
    for export in module.exports:
        if isinstance(export.type, wasmtime.FuncType):
            for argument in range(3):
                store = wasmtime.Store(engine)
                function = linker.instantiate(store, module).exports(store)[export.name]
                assert isinstance(function, wasmtime.Func)
                try:
                    function(store, *[argument] * len(export.type.params))
                except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
                    yield str(error)


def test_the_engine_finds_the_same(guest: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASMTIME_BACKTRACE_DETAILS", "1")
    info = DebugInfo(guest)
    seen = set()
    for text in traps(guest):
        for offset, places in FRAME.findall(text):
            expected = [(file, int(line)) for _, file, line in PLACE.findall(places)]
            names = [name for name, _, _ in PLACE.findall(places)]
            found = info.at(int(offset, 16))
            assert [(place.file, place.line) for place in found if place.line] == expected, text
            assert [place.function for place in found if place.line][:-1] == names[:-1], text
            seen.add(offset)
    assert len(seen) > 30


def test_nothing_where_there_is_no_debug_information() -> None:
    data = (FIXTURES / "recovery" / "unwind.wasm").read_bytes()
    code = Wasm(data, "guest").section(Id.CODE)
    assert code is not None
    info = DebugInfo(data)
    assert {info.at(offset) for offset in range(code.start, code.end, 97)} == {()}
    assert DebugInfo(b"").at(0) == ()


def test_damaged_debug_information(guest: bytes) -> None:
    """Fewer places or wrong ones, in little time, and never an error."""
    wasm = Wasm(guest, "guest")
    sections = [section for section in wasm.sections if section.name.startswith(".debug_")]
    offsets = [start + 10 for start, end in wasm.bodies if end - start > 20][::5]
    started = time.process_time()
    for seed in range(60):
        random = Random(seed)
        damaged = bytearray(guest)
        section = random.choice(sections)
        for _ in range(random.choice((1, 10, 100, 1000))):
            damaged[random.randrange(section.start, section.end)] = random.choice((0, 1, 0x7F, 0x80, 0xFF, random.randrange(256)))
        info = DebugInfo(bytes(damaged[: random.choice((len(damaged), section.end, random.randrange(len(damaged))))]))
        for offset in offsets:
            for place in info.at(offset):
                assert place.function is None or isinstance(place.function, str)
                assert (place.file is None) == (place.line is None)
    assert time.process_time() - started < 60


def test_time_is_limited() -> None:
    """A unit of many entries, each with many attributes that take no bytes."""
    attributes = b"".join(uleb(number) + uleb(0x19) for number in range(0x1000, 0x5000))
    abbreviation = b"\1\x11\1" + b"\x11\1\x12\6\0\0" + b"\2\x2e\0" + attributes + b"\0\0" + b"\0"
    entries = b"\1" + (16).to_bytes(4, "little") + (1000).to_bytes(4, "little") + b"\2" * 200_000
    header = (4).to_bytes(2, "little") + (0).to_bytes(4, "little") + b"\4"
    unit = (len(header) + len(entries)).to_bytes(4, "little") + header + entries
    data = b"\0asm\1\0\0\0" + custom(".debug_abbrev", abbreviation) + custom(".debug_info", unit)
    started = time.process_time()
    assert DebugInfo(data).at(100) == ((None, None, None),)
    assert time.process_time() - started < 20


def test_code_that_was_moved() -> None:
    pairs = [(5, 5), (20, 10), (3, 8)]
    info = DebugInfo(b"\0asm\1\0\0\0" + custom(MOVED_CODE, b"".join(uleb(a) + uleb(b) for a, b in pairs)))
    assert [info._original(at) for at in (0, 4, 5, 14, 15, 24, 25, 27, 28, 40)] == [0, 4, 5, 14, 14, 14, 15, 17, 23, 35]
    assert DebugInfo(b"\0asm\1\0\0\0" + custom(MOVED_CODE, b"\x80"))._original(7) == 7


def test_code_that_was_copied_and_moved_again() -> None:
    """Two bytes, and three copies of what was from 10 to 20; behind that, three bytes were put in before."""
    first = custom(MOVED_CODE, uleb(23) + sleb(20))
    second = custom(MOVED_CODE, b"".join(uleb(a) + sleb(b) for a, b in [(12, 10), (10, 0), (10, 0), (10, 10)]))
    info = DebugInfo(b"\0asm\1\0\0\0" + first + second)
    assert [info._original(at) for at in (9, 11, 12, 21, 22, 31, 32, 41, 42, 44, 45, 50)] == [9, 9, 10, 19, 10, 19, 10, 19, 19, 19, 20, 25]
