"""What the reading and editing stages may import, and that well-known symbols are spelled in one place."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

import bindgen_patch

PACKAGE = Path(bindgen_patch.__file__).parent
STAGES = sorted([*PACKAGE.glob("decode/*.py"), *PACKAGE.glob("edit/*.py")])
ALLOWED = {f"bindgen_patch.{part}" for part in ("decode", "edit", "errors", "ir", "plain", "symbols")}
OUTSIDE = {"wasmtime"}


def imported(path: Path) -> set[str]:
    """Modules that a file names in its imports; of this package, down to the stage."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Import(names):
                found |= {name.name for name in names}
            case ast.ImportFrom(module=str(module), names=names):
                found |= {f"{module}.{name.name}" if module == "bindgen_patch" else module for name in names}
    return {".".join(name.split(".")[:2]) for name in found}


def title(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


@pytest.mark.parametrize("path", STAGES, ids=title)
def test_a_stage_imports_no_later_one_and_no_tool(path: Path) -> None:
    ours = {name for name in imported(path) if name.startswith("bindgen_patch")}
    assert ours <= ALLOWED
    if path.parent.name == "decode":
        assert "bindgen_patch.edit" not in ours
    tops = {name.partition(".")[0] for name in imported(path)} - {"bindgen_patch"}
    assert tops - OUTSIDE <= set(sys.stdlib_module_names)


@pytest.mark.parametrize("name", ["symbols.py", "errors.py", "ir.py"])
def test_what_everything_shares_imports_next_to_nothing(name: str) -> None:
    assert {top.partition(".")[0] for top in imported(PACKAGE / name)} <= {"__future__", "collections", "dataclasses", "typing"}


@pytest.mark.parametrize("path", STAGES, ids=title)
def test_symbols_are_spelled_once(path: Path) -> None:
    """Docstrings may name them; code may not."""
    tree = ast.parse(path.read_text())
    texts = {node.value.value for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)}
    spelled = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value not in texts
        if re.search(r"__wb|__wasm_bindgen|__bp_|__stack_pointer|__instance_terminated", node.value)
    ]
    assert spelled == []
