"""The command line as its users meet it: what it writes, what it says, and every way of getting it wrong."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bindgen_patch import symbols
from bindgen_patch.cli import main
from bindgen_patch.decode import writer
from bindgen_patch.emit import receipt
from tests.conftest import FIXTURES

GUEST = FIXTURES / "strings" / "unwind.wasm"


def run(*args: object) -> Result:
    return CliRunner().invoke(main, [str(arg) for arg in args])


def fails(*args: object, error: str, hint: str) -> None:
    """One ``error:`` line, one hint, exit status 2, nothing else."""
    result = run(*args)
    assert result.exit_code == 2, result.output
    lines = result.stderr.splitlines()
    assert len(lines) == 2, result.stderr
    assert lines[0].startswith("error: ")
    assert error in lines[0]
    assert lines[1].startswith("hint: ")
    assert hint in lines[1]
    assert not result.stdout


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# ------------------------------------------------------------------------------------------- gen


def test_gen_writes_a_package(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "bindings"
    result = run("gen", GUEST, "-o", out)
    assert result.exit_code == 0
    assert f"{out} written: 20 functions" in result.stdout
    assert set(snapshot(out)) == {"__init__.py", "module.wasm", "shims.wasm", "py.typed", "receipt.json"}
    assert sorted(path.name for path in out.parent.iterdir()) == ["bindings"]


def test_gen_is_deterministic_and_replaces_an_earlier_package(tmp_path: Path) -> None:
    out = tmp_path / "bindings"
    run("gen", FIXTURES / "numbers" / "abort.wasm", "-o", out, "--vendor")
    assert (out / "_bindgen_patch").is_dir()
    run("gen", GUEST, "-o", out)
    first = snapshot(out)
    assert not (out / "_bindgen_patch").exists()
    run("gen", GUEST, "-o", out)
    assert snapshot(out) == first
    other = subprocess.run(
        [sys.executable, "-m", "bindgen_patch", "gen", str(GUEST), "-o", str(tmp_path / "again"), "-q"],
        env=os.environ | {"PYTHONHASHSEED": "7"},
        capture_output=True,
        check=True,
    )
    assert not other.stdout
    assert snapshot(tmp_path / "again") == first


def test_what_did_not_change_keeps_its_time(tmp_path: Path) -> None:
    """So that the next start finds the compiled guest without looking whether it is another one."""
    out = tmp_path / "bindings"
    run("gen", GUEST, "-o", out)
    for path in out.iterdir():
        os.utime(path, ns=(10**18, 10**18))
    run("gen", GUEST, "-o", out, "--reset-state")
    kept = {path.name for path in out.iterdir() if path.stat().st_mtime_ns == 10**18}
    assert kept == {"module.wasm", "shims.wasm", "py.typed"}


def test_gen_precompile(tmp_path: Path) -> None:
    """Compiled code is added and nothing else changes. ``--check`` looks whether it is this guest's, with ``--precompile`` for all."""
    plain, out = tmp_path / "plain", tmp_path / "bindings"
    run("gen", GUEST, "-o", plain)
    assert run("gen", GUEST, "-o", out, "--precompile").exit_code == 0
    first = snapshot(out)
    added = set(first) - set(snapshot(plain))
    assert {Path(name).parent.name for name in added} == {"_precompiled"}
    assert len(added) == 2
    assert {name: content for name, content in first.items() if name not in added} == snapshot(plain)
    run("gen", GUEST, "-o", out, "--precompile")
    assert snapshot(out) == first, "the same machine compiles to the same code"

    assert run("gen", GUEST, "-o", out, "--check").exit_code == 0
    assert run("gen", GUEST, "-o", out, "--check", "--precompile").exit_code == 0
    result = run("gen", GUEST, "-o", plain, "--check", "--precompile")
    assert result.exit_code == 1
    assert all(name in result.stderr for name in added)
    for name in added:
        (out / name).rename(out / name.replace("linux", "elsewhere").replace("win32", "elsewhere").replace("darwin", "elsewhere"))
    assert run("gen", GUEST, "-o", out, "--check").exit_code == 0, "another machine's"
    assert run("gen", GUEST, "-o", out, "--check", "--precompile").exit_code == 1
    (out / "_precompiled" / f"{'0' * 64}-wasmtime.cwasm").write_bytes(b"of another guest")
    result = run("gen", GUEST, "-o", out, "--check")
    assert (result.exit_code, "_precompiled/0000" in result.stderr) == (1, True)
    run("gen", GUEST, "-o", out)
    assert snapshot(out) == snapshot(plain)


def test_gen_check(tmp_path: Path) -> None:
    out = tmp_path / "bindings"
    assert run("gen", GUEST, "-o", out, "--check").exit_code == 1
    assert not out.exists()
    run("gen", GUEST, "-o", out)
    assert run("gen", GUEST, "-o", out, "--check").exit_code == 0
    init = out / "__init__.py"
    init.write_text(init.read_text() + "# edited\n")
    before = snapshot(out)
    result = run("gen", GUEST, "-o", out, "--check")
    assert result.exit_code == 1
    assert "__init__.py" in result.stderr
    told = json.loads(run("gen", GUEST, "-o", out, "--check", "--json").stdout)
    assert told["stale"] == ["__init__.py"]
    assert snapshot(out) == before


# ------------------------------------------------------------------------------------------- gen with nothing changed


def touched(folder: Path) -> dict[str, tuple[int, int]]:
    """What tells whether a file was written again, even with the same content."""
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in [folder, *folder.rglob("*")]}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    out = tmp_path / "bindings"
    assert run("gen", GUEST, "-o", out).exit_code == 0
    return out


def test_what_is_up_to_date_is_not_written_again(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not made again either: no stage runs. What is said of it is the same."""
    told = json.loads(run("gen", GUEST, "-o", package, "--json").stdout)
    monkeypatch.setattr("bindgen_patch.pipeline.generate", None)
    before = touched(package)
    assert run("gen", GUEST, "-o", package).stdout == f"{package} is up to date: 20 functions; panic=unwind: panics are exceptions\n"
    assert json.loads(run("gen", GUEST, "-o", package, "--json").stdout) == told
    assert json.loads(run("gen", GUEST, "-o", package, "--check", "--json").stdout) == told | {"stale": []}
    assert run("gen", GUEST, "-o", package, "--check", "-q").output == ""
    assert touched(package) == before


def test_what_python_caches_is_no_part_of_a_package(package: Path) -> None:
    cached = package / "__pycache__" / "__init__.cpython-311.pyc"
    cached.parent.mkdir()
    cached.write_bytes(b"anything")
    before = touched(package)
    assert run("gen", GUEST, "-o", package).exit_code == 0
    assert touched(package) == before


EDITS: dict[str, Callable[[Path], object]] = {
    "a file edited": lambda out: (out / "__init__.py").write_text((out / "__init__.py").read_text() + "# mine\n"),
    "a byte of the guest": lambda out: (out / "module.wasm").write_bytes((out / "module.wasm").read_bytes()[:-1] + b"?"),
    "a file gone": lambda out: (out / "py.typed").unlink(),
    "a file added": lambda out: (out / "_bindgen_patch").write_text(""),
    "no receipt": lambda out: (out / "receipt.json").unlink(),
    "a receipt that is none": lambda out: (out / "receipt.json").write_text("[]"),
    "half a receipt": lambda out: (out / "receipt.json").write_bytes((out / "receipt.json").read_bytes()[:99]),
    "a receipt that says something else": lambda out: (out / "receipt.json").write_text(
        (out / "receipt.json").read_text().replace('"greet"', '"great"')
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_a_package_edited_by_hand_is_made_again(edit: str, package: Path) -> None:
    before = snapshot(package)
    EDITS[edit](package)
    assert snapshot(package) != before
    assert run("gen", GUEST, "-o", package, "--check").exit_code == 1
    assert "written" in run("gen", GUEST, "-o", package).stdout
    assert snapshot(package) == before


@pytest.mark.parametrize("option", ["--vendor", "--pep8", "--abort-handler=off", "--reset-state"])
def test_with_other_options_it_is_made_again(option: str, package: Path) -> None:
    for options in ([option], []):
        assert run("gen", GUEST, "-o", package, *options, "--check").exit_code == 1
        assert "written" in run("gen", GUEST, "-o", package, *options).stdout
        assert "is up to date" in run("gen", GUEST, "-o", package, *options).stdout


def test_from_another_guest_it_is_made_again(package: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.wasm"
    for data in (GUEST.read_bytes(), GUEST.read_bytes() + writer.custom("more", b"")):  # another name, then another content
        other.write_bytes(data)
        assert "written" in run("gen", other, "-o", package).stdout
        assert "is up to date" in run("gen", other, "-o", package).stdout


def test_by_another_version_it_is_made_again(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bindgen_patch.emit.receipt._tool", lambda: "another")
    assert run("gen", GUEST, "-o", package, "--check").exit_code == 1
    assert "written" in run("gen", GUEST, "-o", package).stdout
    assert "is up to date" in run("gen", GUEST, "-o", package).stdout


def test_a_tool_is_known_by_all_of_its_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run time and the templates, too: in a wheel the templates lie elsewhere, and that is the same tool."""
    root = Path(receipt.__file__).parents[1]
    checkout, wheel = tmp_path / "checkout" / "bindgen_patch", tmp_path / "wheel" / "bindgen_patch"
    for copy, templates in ((checkout, checkout.parent), (wheel, wheel)):
        shutil.copytree(root, copy, ignore=shutil.ignore_patterns("templates", "__pycache__"))
        shutil.copytree(FIXTURES.parent / "templates", templates / "templates")

    def tool(copy: Path) -> str:
        monkeypatch.setattr(receipt, "__file__", str(copy / "emit" / "receipt.py"))
        return receipt._tool.__wrapped__()

    own = tool(checkout)
    assert own == tool(wheel) == receipt._tool()
    for changed in (wheel / "templates" / "package.py.j2", wheel / "runtime" / "guest.py", wheel / "instrument" / "guards.py"):
        before = changed.read_text()
        changed.write_text(before + "\n")
        assert tool(wheel) != own
        changed.write_text(before)


def test_what_changes_nothing_loads_no_stage(package: Path) -> None:
    script = "import sys; from bindgen_patch.cli import main; main(sys.argv[1:], standalone_mode=False)"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", script, "gen", str(GUEST), "-o", str(package)],
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "is up to date" in done.stdout
    assert "bindgen_patch.emit.receipt" in loaded
    assert not {name.partition(".")[0] for name in loaded} & {"libcst", "jinja2", "rich", "wasmtime"}
    assert not {name for name in loaded if re.match(r"bindgen_patch\.(pipeline|decode|edit|instrument|runtime|js)", name)}


# ------------------------------------------------------------------------------------------- showing and telling


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
@pytest.mark.parametrize("patience", [0, 60])
def test_a_terminal_is_told_what_lasts(patience: int, tmp_path: Path) -> None:
    """And nothing of what does not last. (Elsewhere nothing is: the other tests compare what is said.)"""
    script = f"import sys; from bindgen_patch import cli; cli._PATIENCE = {patience}; cli.main(sys.argv[1:])"
    terminal, end = os.openpty()
    command = [sys.executable, "-c", script, "gen", str(GUEST), "-o", str(tmp_path / "a"), "-q"]
    with subprocess.Popen(command, stderr=end, stdout=subprocess.DEVNULL, env=os.environ | {"TERM": "xterm"}) as process:
        os.close(end)
        text = b""
        with os.fdopen(terminal, "rb", buffering=0) as shown, suppress(OSError):  # how Linux says that the other end is closed
            while part := shown.read(4096):
                text += part
    assert process.returncode == 0
    assert (b"unwind.wasm" in text) == (patience == 0)
    assert patience == 0 or not text


@pytest.mark.parametrize("stage", ["ir", "plain", "guarded"])
def test_gen_show(stage: str, tmp_path: Path) -> None:
    result = run("gen", GUEST, "--show", stage)
    assert result.exit_code == 0
    if stage == "ir":
        assert json.loads(result.stdout)["is"] == "Module"
    else:
        assert ("_bp_door.enter(" in result.stdout) == (stage == "guarded")
        compile(result.stdout, stage, "exec")


def test_gen_json_quiet_verbose(tmp_path: Path) -> None:
    told = json.loads(run("gen", FIXTURES / "classes" / "abort.wasm", "-o", tmp_path / "a", "--json").stdout)
    assert "Counter" in told["classes"]
    assert told["files"]["py.typed"] == 0
    assert run("gen", GUEST, "-o", tmp_path / "b", "-q").output == ""
    assert "module.wasm" in run("gen", GUEST, "-o", tmp_path / "b", "-v").stdout


def test_renames_are_reported(tmp_path: Path) -> None:
    result = run("gen", FIXTURES / "classes" / "unwind.wasm", "-o", tmp_path / "a", "-v")
    assert "note: function from is from_ in Python" in result.stdout
    assert "note: function close is close_ on Instance, where close is a control name" in result.stdout


def test_pep8(tmp_path: Path) -> None:
    told = json.loads(run("gen", FIXTURES / "classes" / "unwind.wasm", "-o", tmp_path / "a", "--pep8", "--json").stdout)
    assert not [name for name in told["functions"] if name != name.lower()]


# ------------------------------------------------------------------------------------------- inspect


def test_options_of_recovery(tmp_path: Path) -> None:
    told = run("gen", FIXTURES / "recovery" / "abort.wasm", "-o", tmp_path / "a", "--abort-handler=off", "--reset-state").stdout
    assert "note: --abort-handler=off: a call that fails leaves the instance live" in told
    text = (tmp_path / "a" / "__init__.py").read_text()
    assert "    abort_handler=False,\n" in text
    assert "\n__wbg_reset_state = instance.reset_state\n" in text
    told = run("gen", FIXTURES / "recovery" / "unwind.wasm", "-o", tmp_path / "b", "--abort-handler=off").stdout
    assert "note: --abort-handler=off changes nothing: a guest whose panics unwind always has the handler" in told
    told = run("gen", FIXTURES / "recovery" / "abort.wasm", "-o", tmp_path / "c", "--abort-handler=on").stdout
    assert "--abort-handler" not in told


def test_inspect() -> None:
    result = run("inspect", FIXTURES / "imports" / "unwind.wasm")
    assert result.exit_code == 0
    for text in ("schema: 0.2.130", "panic: unwind", "exception handling: exnref", "host_add", "./host.js", "Token"):
        assert text in result.stdout


@pytest.mark.parametrize("mode", ["unwind", "abort"])
def test_inspect_json(mode: str) -> None:
    told = json.loads(run("inspect", FIXTURES / "strings" / f"{mode}.wasm", "--json").stdout)
    assert told["guest"]["panic"] == mode
    assert {"name": "greet", "python": "(name: str) -> str", "doc": "Greets someone."} in told["exports"]


RECOVERY: dict[tuple[str, str], dict[str, str]] = {
    ("recovery", "unwind"): {
        "panics unwind": "yes",
        "destructors run when a host function fails": "partly",
        "the guest's abort hook runs": "yes",
    },
    ("recovery", "legacy"): {"panics unwind": "yes", "the guest asks for a fresh instance": "yes"},
    ("recovery", "abort"): {
        "panics unwind": "no",
        "destructors run when a host function fails": "no",
        "panics tell their message": "partly",
        'objects come back after a reinit (stale="recreate")': "yes",
    },
    ("strings", "unwind"): {
        "the guest asks for a fresh instance": "no",
        "deaths name files and lines": "no",
        "deaths name Rust functions": "yes",
    },
}


@pytest.mark.parametrize(("case", "mode"), RECOVERY)
def test_inspect_tells_what_of_recovery_is_supported(case: str, mode: str) -> None:
    told = json.loads(run("inspect", FIXTURES / case / f"{mode}.wasm", "--json").stdout)["recovery"]
    found = {item["feature"]: item["supported"] for item in told}
    assert found == found | RECOVERY[case, mode]
    assert all(item["why"] for item in told)
    assert set(found.values()) <= {"yes", "no", "partly"}
    shown = run("inspect", FIXTURES / case / f"{mode}.wasm").stdout
    assert all(item["feature"] in shown and item["why"] in shown for item in told)


def test_python_dash_m() -> None:
    done = subprocess.run([sys.executable, "-m", "bindgen_patch", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("bindgen-patch, version")


# ------------------------------------------------------------------------------------------- what can be wrong with a guest


@pytest.fixture
def guest(tmp_path: Path) -> Path:
    return tmp_path / "guest.wasm"


def sections(data: bytes) -> list[tuple[int, str, bytes]]:
    """(number, name of a custom section, whole section) of a module."""
    from bindgen_patch.decode.container import Wasm

    return [(s.number, s.name, data[s.header : s.end]) for s in Wasm(data, "x").sections]


def test_missing_file(tmp_path: Path) -> None:
    fails("gen", tmp_path / "no.wasm", "-o", tmp_path / "b", error="no such file", hint="cargo leaves guests in")
    fails("gen", tmp_path, "-o", tmp_path / "b", error="directory", hint="cargo built")
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("content", [b"", b"#!/bin/sh\n", b"(module)"])
def test_not_wasm(guest: Path, content: bytes) -> None:
    guest.write_bytes(content)
    fails("gen", guest, "-o", guest.parent / "b", error="guest.wasm", hint="wasm")


def test_component(guest: Path) -> None:
    guest.write_bytes(b"\0asm\x0d\0\1\0")
    fails("gen", guest, "-o", guest.parent / "b", error="component", hint="wasm32-unknown-unknown")


@pytest.mark.parametrize("percent", [1, 20, 50, 80, 99])
def test_truncated(guest: Path, percent: int) -> None:
    data = GUEST.read_bytes()
    guest.write_bytes(data[: len(data) * percent // 100])
    fails("gen", guest, "-o", guest.parent / "b", error="guest.wasm", hint="build")


def test_section_stripped(guest: Path) -> None:
    data = GUEST.read_bytes()
    guest.write_bytes(writer.HEADER + b"".join(whole for _, name, whole in sections(data) if name != symbols.METADATA_SECTION))
    fails("gen", guest, "-o", guest.parent / "b", error=symbols.METADATA_SECTION, hint="strip")


def test_already_processed(guest: Path) -> None:
    """What the wasm-bindgen command leaves: no metadata, its own start function and imports."""
    types = writer.section(1, writer.vector([b"\x60\0\0"]))
    imported = writer.section(2, writer.vector([writer.name("./guest_bg.js") + writer.name("__wbg_log_1") + b"\0\0"]))
    functions = writer.section(3, writer.vector([b"\0"]))
    exports = writer.section(7, writer.vector([writer.export("__wbindgen_start", 0, 1)]))
    code = writer.section(10, writer.vector([writer.sized(b"\0\x0b")]))
    guest.write_bytes(writer.HEADER + types + imported + functions + exports + code)
    fails("gen", guest, "-o", guest.parent / "b", error="wasm-bindgen", hint="target/wasm32-unknown-unknown/release")


def test_unknown_schema(guest: Path) -> None:
    guest.write_bytes(GUEST.read_bytes().replace(b'"schema_version":"0.2.130"', b'"schema_version":"0.2.131"'))
    fails("gen", guest, "-o", guest.parent / "b", error="0.2.131", hint="0.2.130")


def test_emscripten(guest: Path) -> None:
    guest.write_bytes(GUEST.read_bytes() + writer.custom(symbols.EMSCRIPTEN_MARKERS[0], b"\1"))
    fails("gen", guest, "-o", guest.parent / "b", error="Emscripten", hint="wasm32-unknown-unknown")


def test_wasm64(guest: Path) -> None:
    data = GUEST.read_bytes()
    memory = writer.section(5, writer.vector([b"\x04\x11"]))
    guest.write_bytes(writer.HEADER + b"".join(memory if number == 5 else whole for number, _, whole in sections(data)))
    fails("gen", guest, "-o", guest.parent / "b", error="64", hint="wasm32-unknown-unknown")


def test_no_exports(guest: Path) -> None:
    guest.write_bytes(writer.HEADER)
    fails("gen", guest, "-o", guest.parent / "b", error="guest.wasm", hint="wasm")


def test_invalid_body(guest: Path) -> None:
    data = bytearray(GUEST.read_bytes())
    code = next(whole for number, _, whole in sections(bytes(data)) if number == 10)
    end = data.index(code) + len(code)
    data[end - 40 : end - 2] = bytes(38)
    guest.write_bytes(data)
    fails("gen", guest, "-o", guest.parent / "b", error="guest.wasm", hint="")


# ------------------------------------------------------------------------------------------- what can be wrong with the folder


def test_folder_with_something_else(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "thesis.tex").write_text("years of work")
    fails("gen", GUEST, "-o", out, error="thesis.tex", hint="does not exist yet")
    assert snapshot(out) == {"thesis.tex": b"years of work"}


def test_foreign_file_beside_an_earlier_package(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run("gen", GUEST, "-o", out)
    (out / "notes.txt").write_text("mine")
    before = snapshot(out)
    fails("gen", GUEST, "-o", out, error="notes.txt", hint="move it")
    assert snapshot(out) == before


def test_package_that_is_not_ours(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "__init__.py").write_text("print('hello')")
    fails("gen", GUEST, "-o", out, error="no package that bindgen-patch generated", hint="empty")
    fails("gen", GUEST, "-o", out / "__init__.py", error="not a folder", hint="folder")


def test_a_bad_guest_leaves_the_earlier_package(tmp_path: Path) -> None:
    out, bad = tmp_path / "out", tmp_path / "bad.wasm"
    run("gen", GUEST, "-o", out)
    before = snapshot(out)
    bad.write_bytes(GUEST.read_bytes()[:5000])
    assert run("gen", bad, "-o", out).exit_code == 2
    assert snapshot(out) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.wasm", "out"]


def test_a_write_that_fails_leaves_the_earlier_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "out"
    run("gen", GUEST, "-o", out)
    before = snapshot(out)
    real = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError(28, "No space left on device")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    fails("gen", FIXTURES / "numbers" / "abort.wasm", "-o", out, error="No space left", hint="nothing was changed")
    assert snapshot(out) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


def test_usage_errors(tmp_path: Path) -> None:
    result = run("gen", GUEST)
    assert result.exit_code == 2
    assert "--out" in result.stderr
