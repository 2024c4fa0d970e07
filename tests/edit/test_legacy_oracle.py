"""Translated legacy exception handling against those that know what it means: an interpreter, V8, and binaryen's own translation.

The interpreter is always asked. The other two need npm and node, and are asked when ``BINDGEN_PATCH_ORACLE=1`` is set;
``BINDGEN_PATCH_ORACLE_FUNCTIONS`` is how many functions.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
import wasmtime
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bindgen_patch.decode.container import Wasm
from bindgen_patch.edit.legacy import translate
from tests.conftest import FIXTURES
from tests.edit import interpreter
from tests.edit.assembler import engine, module, run, run_all
from tests.edit.generator import Writer
from tests.edit.tree import SIGNATURES, Block, Node, text

ARGUMENTS = (0, 1, 2, 3, -1)
THROWER: list[Node] = [
    *("get 0", "const 1", "eq", Block("if", "void", ["get 0", "throw 0"])),
    *("get 0", "const 2", "eq", Block("if", "void", ["throw 1"])),
    *("get 0", "const 3", "eq", Block("if", "void", ["const64 40", "get 0", "throw 2"])),
    "get 0",
]
"""Function 0: throws the tag that its argument, less one, names; else returns it."""

FUNCTIONS = int(os.environ.get("BINDGEN_PATCH_ORACLE_FUNCTIONS", "2000"))
BATCH = 40


def pair(random: Random, first: int, any_target: bool = True) -> list[list[Node]]:
    """A callee, of index ``first``, and its caller."""
    return [
        Writer(random, (0,), any_target, size=10).function(),
        Writer(random, (0, first), any_target, size=30).function(),
    ]


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.randoms(use_true_random=False))
def test_the_interpreter_agrees(random: Random) -> None:
    trees = [THROWER, *pair(random, 1)]
    expected = [interpreter.run(trees, 2, argument) for argument in ARGUMENTS]
    source = [text(tree) for tree in trees]
    assert run(translate(module(*source)).data, 2, ARGUMENTS) == expected, source


def test_what_is_written_has_everything_in_it() -> None:
    """The test above means nothing if the writer writes nothing: every instruction, in nests, and every outcome."""
    words: set[str] = set()
    outcomes: set[str] = set()
    deepest = 0
    for seed in range(100):
        trees = [THROWER, *pair(Random(seed), 1)]
        outcomes |= {type(interpreter.run(trees, 2, argument)).__name__ for argument in ARGUMENTS}
        for tree in trees[1:]:
            depth = 0
            for word in text(tree).split():
                words.add(word)
                depth += (word == "try") - (word in ("delegate", "end"))
                deepest = max(deepest, depth)
    assert words >= {
        "try",
        "catch",
        "catch_all",
        "rethrow",
        "delegate",
        "throw",
        "block",
        "loop",
        "if",
        "br",
        "br_if",
        "br_table",
        "return",
    }
    assert words >= {"void", "i32", *(str(number) for number in SIGNATURES)}
    assert outcomes == {"int", "str"}
    assert deepest > 3


# ------------------------------------------------------------------------------------------ other implementations

NODE = """
const [path, ...given] = process.argv.slice(1);
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(require("fs").readFileSync(path)));
const outcome = (f, argument) => {
    try { return f(argument); }
    catch (error) {
        if (error instanceof WebAssembly.Exception) return "thrown";
        if (error instanceof WebAssembly.RuntimeError && error.message === "unreachable") return "trapped";
        throw error;
    }
};
console.log(JSON.stringify(Object.values(exports).map((f) => given.map((argument) => outcome(f, Number(argument))))));
"""


@pytest.fixture(scope="module")
def npm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with npm's binaryen and wabt in it."""
    if os.environ.get("BINDGEN_PATCH_ORACLE") != "1":
        pytest.skip("asking V8 and binaryen takes a download: set BINDGEN_PATCH_ORACLE=1")
    if not (shutil.which("npm") and shutil.which("node")):
        pytest.skip("npm and node are not installed")
    folder = tmp_path_factory.mktemp("npm")
    subprocess.run(["npm", "install", "--silent", "--prefix", folder, "binaryen", "wabt"], check=True)
    return folder


def binaryen(folder: Path, data: bytes, *passes: str) -> bytes:
    """The module as binaryen writes it again."""
    source, target = folder / "source.wasm", folder / "target.wasm"
    source.write_bytes(data)
    command: list[str | Path] = [folder / "node_modules" / ".bin" / "wasm-opt", source, "--all-features", *passes, "-o", target]
    subprocess.run(command, check=True, capture_output=True)
    return target.read_bytes()


def node(folder: Path, data: bytes) -> list[list[int | str]]:
    """What each function of a module returns in V8, untranslated."""
    source = folder / "v8.wasm"
    source.write_bytes(data)
    command: list[str | Path] = ["node", "-e", NODE, source, *map(str, ARGUMENTS)]
    found: list[list[int | str]] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return found


def batch(seeds: range, any_target: bool) -> tuple[list[list[Node]], range, bytes]:
    """Many functions in one module, which of them are callers, and the module."""
    trees = [THROWER]
    for seed in seeds:
        trees += pair(Random(seed), len(trees), any_target)
    return trees, range(2, len(trees), 2), module(*map(text, trees)).data


def test_v8_agrees(npm: Path) -> None:
    for start in range(0, FUNCTIONS, BATCH):
        trees, functions, data = batch(range(start, start + BATCH), any_target=True)
        ours = run_all(translate(Wasm(data, "batch")).data, functions, ARGUMENTS)
        theirs = node(npm, data)
        for function, result in zip(functions, ours, strict=True):
            assert result == theirs[function] == [interpreter.run(trees, function, a) for a in ARGUMENTS], text(trees[function])


def test_binaryen_agrees(npm: Path) -> None:
    """Wherever it reads what was written: it refuses some functions, and others do something else when it only reads and writes them.

    It knows no delegates to blocks that are no tries.
    """
    compared = sum(compare_with_binaryen(npm, range(start, start + BATCH)) for start in range(0, FUNCTIONS, BATCH))
    assert compared > 0.95 * FUNCTIONS


def compare_with_binaryen(npm: Path, seeds: range) -> int:
    """How many functions could be compared."""
    trees, functions, data = batch(seeds, any_target=False)
    try:
        read, translated = binaryen(npm, data), binaryen(npm, data, "--translate-to-exnref")
    except subprocess.CalledProcessError:
        half = len(seeds) // 2
        return half and compare_with_binaryen(npm, seeds[:half]) + compare_with_binaryen(npm, seeds[half:])
    wanted, kept = node(npm, data), node(npm, read)
    ours = run_all(translate(Wasm(data, "batch")).data, functions, ARGUMENTS)
    theirs = run_all(translated, functions, ARGUMENTS)
    right = [place for place, function in enumerate(functions) if wanted[function] == kept[function]]
    for place in right:
        assert ours[place] == theirs[place], text(trees[functions[place]])
    return len(right)


def test_guests_as_binaryen_translates_them(npm: Path) -> None:
    """Whatever a guest exports does the same in both translations, called with numbers and without a host."""
    for path in (FIXTURES / case / "legacy.wasm" for case in ("classes", "closures", "imports")):  # `recovery` loops on purpose
        wasm = Wasm(path.read_bytes(), path.parent.name)
        theirs = binaryen(npm, wasm.data, "--disable-compact-imports", "--translate-to-exnref")
        expected = list(calls(theirs))
        assert list(calls(translate(wasm).data)) == expected, wasm.name
        assert any(result for _, result in expected)


def test_wabt_takes_translated_guests(npm: Path) -> None:
    """The engine's own validation, which every ``gen`` runs, is that of wasm-tools; this is another."""
    paths = [*FIXTURES.glob("*/legacy.wasm"), *FIXTURES.glob("real/*/legacy.wasm")]
    assert len(paths) > 8
    for path in paths:
        target = npm / "translated.wasm"
        target.write_bytes(translate(Wasm(path.read_bytes(), path.parent.name)).data)
        subprocess.run([npm / "node_modules" / ".bin" / "wasm-validate", "--enable-all", target], check=True)


_ONES: dict[str, int | float] = {"i32": 1, "i64": 1, "f32": 1.0, "f64": 1.0}


def calls(data: bytes) -> Iterator[tuple[str, object]]:
    """What each exported function gives for ones, in an instance of its own; errors by what was wrong, without places."""
    compiled = wasmtime.Module(engine(), data)
    linker = wasmtime.Linker(engine())
    linker.define_unknown_imports_as_traps(compiled)
    for export in compiled.exports:
        if isinstance(export.type, wasmtime.FuncType):
            store = wasmtime.Store(engine())
            f = linker.instantiate(store, compiled).exports(store)[export.name]
            assert isinstance(f, wasmtime.Func)
            try:
                yield export.name, f(store, *[_ONES.get(str(kind)) for kind in export.type.params])
            except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
                yield export.name, str(error).splitlines()[-1]
