"""The layering rules: who may import whom, what is loaded when, and where a name is spelled."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import bindgen_patch

ROOT = Path(bindgen_patch.__file__).parent
FILES = {path.relative_to(ROOT).as_posix(): path for path in ROOT.rglob("*.py")}
TOOL_DEPENDENCIES = {"libcst", "jinja2", "click", "rich"}
RUN_TIME = {"recovery", "runtime", "js"}
"""The folders that a generated package needs; ``errors`` and ``symbols`` serve both halves."""
TOOL = {"decode", "edit", "emit", "instrument"}

MAY_IMPORT = {
    "errors": set(),
    "symbols": set(),
    "ir": set(),
    "plain": {"ir"},
    "accelerator": set(),
    "recovery": {"errors", "accelerator"},
    "js": {"errors", "symbols", "recovery"},
    "runtime": {"errors", "symbols", "accelerator", "recovery", "js"},
    "decode": {"errors", "symbols", "ir"},
    "edit": {"errors", "symbols", "ir", "plain", "decode"},
    "emit": {"errors", "symbols", "ir", "plain"},
    "instrument": {"errors"},
    "testing": {"errors", "symbols", "inputs", "decode", "emit", "js", "runtime"},
}
"""Part -> the other parts that it may import. Folder order is data-flow order: nothing imports a later stage. ``testing`` is a command: it
has bindings generated, and runs them."""


def part(name: str) -> str:
    """The part of the project that a file, or a dotted name below the project, belongs to."""
    return re.split("[./]", name)[0]


def imports(file: str) -> Iterator[str]:
    """The full names of everything that a file imports, at whatever place and under whatever condition."""
    package = ["bindgen_patch", *file.split("/")[:-1]]
    for node in ast.walk(ast.parse(FILES[file].read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *filter(None, [node.module])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def own(file: str) -> set[str]:
    """The parts of this project that a file imports, other than its own."""
    inside = {name.removeprefix("bindgen_patch.") for name in imports(file) if name.startswith("bindgen_patch.")}
    return {part(name) for name in inside} - {part(file)}


def files(*parts: str) -> list[str]:
    """The files of these parts."""
    return sorted(file for file in FILES if part(file) in parts)


@pytest.mark.parametrize("file", files(*MAY_IMPORT))
def test_who_imports_whom(file: str) -> None:
    assert own(file) <= MAY_IMPORT[part(file)]


@pytest.mark.parametrize("file", files(*RUN_TIME, "errors", "symbols"))
def test_the_run_time_half_needs_wasmtime_and_nothing_else(file: str) -> None:
    outside = {part(name) for name in imports(file)} - {"bindgen_patch", *sys.stdlib_module_names}
    assert outside <= {"wasmtime"}
    assert not outside or file.startswith("runtime/")


@pytest.mark.parametrize("file", files(*RUN_TIME))
def test_the_run_time_half_can_be_copied(file: str) -> None:
    """``--vendor`` puts it into another package: it names itself by relative imports only."""
    nodes = list(ast.walk(ast.parse(FILES[file].read_text())))
    absolute = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level]
    absolute += [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    assert "bindgen_patch" not in {part(name) for name in absolute}


@pytest.mark.parametrize("file", files(*TOOL))
def test_no_stage_imports_the_run_time_half(file: str) -> None:
    assert not own(file) & RUN_TIME


@pytest.mark.parametrize("file", files("recovery", "js"))
def test_recovery_and_values_know_no_engine(file: str) -> None:
    assert "wasmtime" not in {part(name) for name in imports(file)}


def loaded_by(statement: str) -> set[str]:
    """The top-level modules that a fresh interpreter has after a statement."""
    program = f"import sys\n{statement}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "statement", ["import bindgen_patch", "import bindgen_patch.runtime", "from bindgen_patch import js, Limits, PanicError"]
)
def test_importing_the_project_loads_neither_tool_nor_engine(statement: str) -> None:
    loaded = loaded_by(statement)
    assert "bindgen_patch" in loaded
    assert not loaded & (TOOL_DEPENDENCIES | {"wasmtime"})


def test_asyncio_is_loaded_when_it_is_awaited_and_not_before() -> None:
    assert not loaded_by("from bindgen_patch import js\njs.Promise.resolve(1).then(print)") & {"asyncio", "concurrent"}
    assert "asyncio" in loaded_by("from bindgen_patch import js\njs.Promise.resolve(1).then().result()")


def test_reading_a_guest_loads_no_template_and_no_command_line() -> None:
    assert not loaded_by("import bindgen_patch.decode, bindgen_patch.edit, bindgen_patch.ir") & TOOL_DEPENDENCIES


PREFIXES = ("__wbindgen_", "__wbg_", "__wasm_bindgen", "__instance_terminated", "__abort_handler", "_wbg_cb_unref", "__stack_pointer")


def strings(tree: ast.AST) -> Iterator[str]:
    """The string constants of a file, docstrings apart."""
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return (
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings
    )


@pytest.mark.parametrize("file", [file for file in FILES if file != "symbols.py"])
def test_symbol_names_are_spelled_in_one_place(file: str) -> None:
    assert not [text for text in strings(ast.parse(FILES[file].read_text())) if text.startswith(PREFIXES)]


def test_symbol_names_are_spelled_once() -> None:
    tree = ast.parse(FILES["symbols.py"].read_text())
    spelled = [text for text in strings(tree) if text.startswith(PREFIXES)]
    prefixes = {"__wbindgen_", "__wbg_"}
    assert sorted(set(spelled) - prefixes) == sorted(text for text in spelled if text not in prefixes)


def test_the_page_is_a_page() -> None:
    assert len(FILES["pipeline.py"].read_text().splitlines()) < 60
