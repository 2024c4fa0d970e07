"""Translated legacy exception handling against those that know what it means: an interpreter, V8, and binaryen's own translation.

The interpreter is always asked. The other two need npm and node, and are asked when ``BINDGEN_PATCH_ORACLE=1`` is set;
``BINDGEN_PATCH_ORACLE_FUNCTIONS`` is how many functions.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bindgen_patch.edit.legacy import translate
from tests.edit import interpreter
from tests.edit.assembler import module, run, run_all
from tests.edit.generator import Writer
from tests.edit.tree import Block, Node, text

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
    assert run(translate(module(*source)), 2, ARGUMENTS) == expected, source


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
    """A folder with npm's binaryen in it."""
    if os.environ.get("BINDGEN_PATCH_ORACLE") != "1":
        pytest.skip("asking V8 and binaryen takes a download: set BINDGEN_PATCH_ORACLE=1")
    if not (shutil.which("npm") and shutil.which("node")):
        pytest.skip("npm and node are not installed")
    folder = tmp_path_factory.mktemp("npm")
    subprocess.run(["npm", "install", "--silent", "--prefix", folder, "binaryen"], check=True)
    return folder


def binaryen(folder: Path, data: bytes) -> bytes:
    """The module as binaryen translates it."""
    source, target = folder / "source.wasm", folder / "target.wasm"
    source.write_bytes(data)
    command: list[str | Path] = [
        folder / "node_modules" / ".bin" / "wasm-opt",
        source,
        "--all-features",
        "--translate-to-exnref",
        "-o",
        target,
    ]
    subprocess.run(command, check=True)
    return target.read_bytes()


def node(folder: Path, data: bytes) -> list[list[int | str]]:
    """What each function of a module returns in V8, untranslated."""
    source = folder / "v8.wasm"
    source.write_bytes(data)
    command: list[str | Path] = ["node", "-e", NODE, source, *map(str, ARGUMENTS)]
    found: list[list[int | str]] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return found


def by_binaryen(folder: Path, data: bytes, functions: range) -> list[list[int | str]]:
    return run_all(binaryen(folder, data), functions, ARGUMENTS)


def by_node(folder: Path, data: bytes, functions: range) -> list[list[int | str]]:
    return [node(folder, data)[function] for function in functions]


@pytest.mark.parametrize(("asked", "any_target"), [(by_node, True), (by_binaryen, False)], ids=["v8", "binaryen"])
def test_other_implementations_agree(npm: Path, asked: Callable[[Path, bytes, range], list[list[int | str]]], any_target: bool) -> None:
    """binaryen knows no delegates to blocks that are no tries."""
    for batch in range(0, FUNCTIONS, BATCH):
        trees = [THROWER]
        for place in range(BATCH):
            trees += pair(Random(batch + place), len(trees), any_target)
        source = [text(tree) for tree in trees]
        wasm, functions = module(*source), range(2, len(trees), 2)
        ours = run_all(translate(wasm), functions, ARGUMENTS)
        theirs = asked(npm, wasm.data, functions)
        read = [[interpreter.run(trees, function, argument) for argument in ARGUMENTS] for function in functions]
        for function, *results in zip(functions, ours, theirs, read, strict=True):
            assert results[0] == results[1] == results[2], (source[function - 1], source[function])
