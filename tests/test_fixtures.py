"""The committed guests are what their sources say: nothing stale, nothing missing, nothing that nobody knows.

Each way to be stale is shown to be noticed, on a small copy of `fixtures/`.
"""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"


def load(path: Path) -> ModuleType:
    """A script as a module; `fixtures/` is no package."""
    spec = importlib.util.spec_from_file_location("fixtures_build", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


build = load(FIXTURES / "build.py")
AGAIN = "run `node fixtures/goldens.mjs`"
MANIFEST: dict[str, Any] = build.read_manifest(FIXTURES)


def test_every_committed_guest_matches_its_sources() -> None:
    assert build.problems(FIXTURES) == []


def test_the_manifest_says_how_each_guest_was_made() -> None:
    for name, entry in MANIFEST.items():
        assert entry["rustc"].startswith("rustc 1."), name
        assert entry["wasm-bindgen"] == {"older128": "0.2.128", "older129": "0.2.129"}.get(name, "0.2.130"), name
        for mode, module in entry["modules"].items():
            flags, std = build.MODES[mode]
            assert module["flags"] == [*flags, f"-Zbuild-std={std}"], (name, mode)
            assert module["size"] == (FIXTURES / name / f"{mode}.wasm").stat().st_size


def test_real_guests_name_their_crate_and_have_expected_results() -> None:
    real = {name: entry for name, entry in MANIFEST.items() if name.startswith("real/")}
    assert len(real) >= 3
    for name, entry in real.items():
        assert re.fullmatch(re.escape(name.removeprefix("real/")) + r" \d+\.\d+\.\d+", entry["crate"])
        calls = json.loads((FIXTURES / name / "golden.json").read_text("utf-8"))
        assert len(calls) > 20, name
        for call in calls:
            assert len(call.keys() & {"result", "object", "error", "thrown"}) == 1, call


@pytest.mark.parametrize("path", sorted(FIXTURES.glob("**/*.wasm")), ids=lambda path: path.relative_to(FIXTURES).as_posix())
def test_a_module_is_raw_has_names_and_tells_nothing_of_the_machine_that_built_it(path: Path) -> None:
    data = path.read_bytes()
    assert data.startswith(b"\0asm\x01\0\0\0")
    assert b"__wasm_bindgen_unstable" in data, "the wasm-bindgen CLI has run over it"
    assert b"\x04name" in data, "it was stripped"
    assert not build.FOREIGN_PATH.findall(data)


def test_a_path_of_the_building_machine_would_be_found() -> None:
    assert build.FOREIGN_PATH.findall(b"\0/home/someone/.cargo/registry/src/index/x-1.0/src/lib.rs\0")
    assert build.FOREIGN_PATH.findall(b"\0/usr/lib/rustlib/src/rust/library/core/src/panicking.rs\0")
    assert not build.FOREIGN_PATH.findall(b"\0rust/library/core/src/panicking.rs\0crates/wasm-bindgen-0.2.130/src/tmp/lib.rs\0")


# ---------------------------------------------------------------- each way to be stale


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Two guests and what belongs to them, with a manifest of these two."""
    names = ["strings", "real/blurhash-wasm"]
    root = tmp_path / "fixtures"
    for name in names:
        shutil.copytree(FIXTURES / name, root / name)
    for name in ["Cargo.toml", "Cargo.lock"]:
        shutil.copy(FIXTURES / name, root / name)
    build.write_manifest(root, {name: MANIFEST[name] for name in names})
    assert build.problems(root) == []
    return root


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text("utf-8") + text, "utf-8")


def edit_source(root: Path) -> None:
    append(root / "strings/src/lib.rs", "\n// changed\n")


def add_source(root: Path) -> None:
    (root / "strings/src/more.rs").write_text("pub fn more() {}\n", "utf-8")


def rename_source(root: Path) -> None:
    (root / "strings/src/lib.rs").rename(root / "strings/src/main.rs")


def edit_cargo_toml(root: Path) -> None:
    append(root / "strings/Cargo.toml", "\n[features]\nmore = []\n")


def change_lock(root: Path) -> None:
    path = root / "Cargo.lock"
    before, name, after = path.read_text("utf-8").partition('name = "wasm-bindgen-shared"')
    path.write_text(before + name + after.replace('checksum = "', 'checksum = "0', 1), "utf-8")


def change_profile(root: Path) -> None:
    path = root / "Cargo.toml"
    path.write_text(path.read_text("utf-8").replace('opt-level = "s"', "opt-level = 3"), "utf-8")


def swap_module(root: Path) -> None:
    shutil.copy(root / "strings/abort.wasm", root / "strings/unwind.wasm")


def delete_module(root: Path) -> None:
    (root / "strings/unwind.wasm").unlink()


def stray_module(root: Path) -> None:
    shutil.copy(root / "strings/unwind.wasm", root / "strings/legacy.wasm")


def new_guest(root: Path) -> None:
    shutil.copytree(root / "strings", root / "unknown", ignore=shutil.ignore_patterns("*.wasm"))


def lost_guest(root: Path) -> None:
    shutil.rmtree(root / "strings")


def ask_for_another_mode(root: Path) -> None:
    append(root / "strings/Cargo.toml", '\n[package.metadata.fixture]\nmodes = ["unwind"]\n')


def edit_golden(root: Path) -> None:
    append(root / "real/blurhash-wasm/golden.json", " ")


def edit_calls(root: Path) -> None:
    append(root / "real/blurhash-wasm/calls.mjs", "// changed\n")


def delete_golden(root: Path) -> None:
    (root / "real/blurhash-wasm/golden.json").unlink()


@pytest.mark.parametrize(
    ("break_it", "notice"),
    [
        (edit_source, "strings: its sources changed after it was built"),
        (add_source, "strings: its sources changed after it was built"),
        (rename_source, "strings: its sources changed after it was built"),
        (edit_cargo_toml, "strings: its sources changed after it was built"),
        (change_lock, "strings: its sources changed after it was built"),
        (change_profile, "strings: its sources changed after it was built"),
        (swap_module, "strings/unwind.wasm: not the module that was built"),
        (delete_module, "strings/unwind.wasm: missing"),
        (stray_module, "strings/legacy.wasm: nobody knows where it came from (not in manifest.json)"),
        (new_guest, "unknown: never built (not in manifest.json)"),
        (lost_guest, "strings: in manifest.json, but there is no such guest"),
        (ask_for_another_mode, "strings: built as abort, unwind, but Cargo.toml asks for unwind"),
        (edit_golden, "real/blurhash-wasm/golden.json: golden.json changed after it was made; " + AGAIN),
        (edit_calls, "real/blurhash-wasm/golden.json: calls.mjs changed after it was made; " + AGAIN),
        (delete_golden, "real/blurhash-wasm/golden.json: missing; " + AGAIN),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_stale_fixtures_are_noticed(copy: Path, break_it: Callable[[Path], None], notice: str, capsys: pytest.CaptureFixture[str]) -> None:
    break_it(copy)
    assert notice in build.problems(copy)
    assert build.main(["--check"], root=copy) == 1
    assert notice in capsys.readouterr().out


def test_a_manifest_of_another_module_is_noticed(copy: Path) -> None:
    manifest = build.read_manifest(copy)
    manifest["real/blurhash-wasm"]["golden"]["module"] = "0" * 64
    build.write_manifest(copy, manifest)
    assert build.problems(copy) == [f"real/blurhash-wasm/golden.json: unwind.wasm changed after it was made; {AGAIN}"]


def test_a_change_of_another_guest_makes_none_stale(copy: Path) -> None:
    path = copy / "Cargo.lock"
    path.write_text(path.read_text("utf-8").replace('name = "petgraph"', 'name = "another"'), "utf-8")
    (copy / "Cargo.toml").write_text((copy / "Cargo.toml").read_text("utf-8").replace('"strings"', '"strings", "another"'), "utf-8")
    assert build.problems(copy) == []


def test_line_endings_of_a_checkout_do_not_matter(copy: Path) -> None:
    for name in ["strings/src/lib.rs", "strings/Cargo.toml", "real/blurhash-wasm/calls.mjs", "real/blurhash-wasm/golden.json"]:
        path = copy / name
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert build.problems(copy) == []


# ---------------------------------------------------------------- building without a toolchain


def test_a_missing_toolchain_is_named(copy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", str(copy))
    monkeypatch.delenv("RUSTC", raising=False)
    monkeypatch.delenv("CARGO", raising=False)
    assert build.main(["strings"], root=copy) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: cannot build: missing rustc (not found; set RUSTC or install Rust), cargo")


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for rustc is a shell script")
def test_missing_sources_of_std_are_named(copy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    rustc = copy / "rustc"
    rustc.write_text(f"#!/bin/sh\necho {copy}\n", "utf-8")
    rustc.chmod(0o755)
    monkeypatch.setenv("RUSTC", str(rustc))
    monkeypatch.setenv("CARGO", str(rustc))
    assert build.main(["strings"], root=copy) == 2
    assert "missing the sources of std (rustup component add rust-src" in capsys.readouterr().err


def test_an_unknown_guest_is_named(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert build.main(["nonsense"], root=copy) == 2
    assert "no such guest: nonsense; there are: real/blurhash-wasm, strings" in capsys.readouterr().err
