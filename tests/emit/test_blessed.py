"""The text of every generated package, blessed.

``BLESS=1 pytest tests/emit/test_blessed.py`` writes what is generated now to ``fixtures/<case>/expected``; then read the diff.
``unwind.py`` there is the whole text, ``abort.diff`` what is different with panic=abort (``abort.py`` where there is no other
build). The sha256 of the wasm files are left out: they change with every byte of those.
"""

from __future__ import annotations

import ast
import difflib
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tokenize
from collections.abc import Callable
from pathlib import Path

import pytest

from bindgen_patch import pipeline
from bindgen_patch.emit.layout import LIMIT
from bindgen_patch.instrument import check_guards

from ..conftest import BUILDS, FIXTURES, MODES

Generate = Callable[..., pipeline.Generated]

SEVERAL = ("classes", "closures", "imports", "slices")
"""Guests with many names in many sets and dicts."""


def text_of(generated: Generate, case: str, mode: str) -> str:
    return re.sub(r'(?<=^    )(module|shims)="[0-9a-f]{64}"', r'\1="…"', generated(case, mode).guarded, flags=re.MULTILINE)


def blessed(generated: Generate, case: str, mode: str) -> tuple[Path, str]:
    """The file that keeps the text of a build, and what it holds if it is right."""
    folder, text = FIXTURES / case / "expected", text_of(generated, case, mode)
    if mode == MODES[0] or (case, MODES[0]) not in BUILDS:
        return folder / f"{mode}.py", text
    base = text_of(generated, case, MODES[0])
    lines = difflib.unified_diff(base.splitlines(), text.splitlines(), f"{MODES[0]}.py", f"{mode}.py", n=1, lineterm="")
    return folder / f"{mode}.diff", "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize(("case", "mode"), BUILDS)
def test_text_is_the_blessed_one(generated: Generate, case: str, mode: str) -> None:
    path, content = blessed(generated, case, mode)
    if os.environ.get("BLESS"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
    assert path.is_file(), f"{path} is missing; run BLESS=1 pytest tests/emit/test_blessed.py"
    assert content.splitlines() == path.read_text(encoding="utf-8").splitlines(), (
        "if this is as meant: BLESS=1 pytest tests/emit/test_blessed.py"
    )


def test_no_expectation_is_left_over(generated: Generate) -> None:
    wanted = {blessed(generated, case, mode)[0] for case, mode in BUILDS}
    found = {path for path in FIXTURES.rglob("expected/*") if path.is_file()}
    assert found == wanted
    assert sum(path.stat().st_size for path in found) < 2_000_000


@pytest.mark.parametrize(("case", "mode"), BUILDS)
def test_text_is_well_formed(generated: Generate, case: str, mode: str) -> None:
    """Guarded, in double quotes, within the line length (docstrings aside), and nothing is defined twice."""
    made = generated(case, mode)
    check_guards(made.guarded)
    tree = ast.parse(made.guarded)
    docstrings = [node for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)]
    exempt = {line for node in docstrings for line in range(node.lineno, (node.end_lineno or 0) + 1)}
    for number, line in enumerate(made.guarded.splitlines(), 1):
        assert line == line.rstrip()
        assert number in exempt or len(line) <= LIMIT, f"line {number} is {len(line)} columns long"
    for token in tokenize.generate_tokens(io.StringIO(made.guarded).readline):
        assert token.type != tokenize.STRING or token.string.startswith('"') or '"' in token.string
    assert made.guarded.endswith("\n")
    assert "\n\n\n\n" not in made.guarded
    top = [node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    assert len(top) == len(set(top))


def digests(files: dict[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


SCRIPT = """
import hashlib, json, pathlib, sys
from bindgen_patch import pipeline
result = {}
for path in map(pathlib.Path, sys.argv[1:]):
    files = pipeline.generate(path.read_bytes(), path.parent.name + ".wasm").files
    result[path.parent.name] = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
print(json.dumps(result))
"""


@pytest.mark.parametrize("seed", ["0", "1"])
def test_same_files_every_time(generated: Generate, seed: str) -> None:
    """In another process, whatever order its sets have."""
    paths = [str(FIXTURES / case / "unwind.wasm") for case in SEVERAL]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *paths],
        env=os.environ | {"PYTHONHASHSEED": seed},
        stdout=subprocess.PIPE,
        check=True,
        cwd=FIXTURES.parent,
    )
    assert json.loads(done.stdout) == {case: digests(generated(case, "unwind").files) for case in SEVERAL}


@pytest.mark.parametrize("case", SEVERAL)
def test_same_files_twice(generated: Generate, case: str) -> None:
    path = FIXTURES / case / "abort.wasm"
    assert pipeline.generate(path.read_bytes(), f"{case}.wasm").files == generated(case, "abort").files
