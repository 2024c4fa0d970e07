"""Builds what a run measures, into ``bench/.build``, and only what is not there yet.

    python -m bench.build [NAME …]       the artefacts by name (default: all); what cannot be built is told, and the rest goes on

Guests are compiled as those of the tests are (``RUSTC`` and ``CARGO`` name the compiler, see ``fixtures/README.md``), libraries for
the host by ``BENCH_HOST_CARGO`` (default: the ``cargo`` on the path). ``CARGO_TARGET_DIR`` says where compilers work. Every artefact
has the hash of its sources in its name, so one that is there is up to date. Bindings are made anew each time: they are what changes.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

from bench import api
from fixtures import build as fixtures

HERE = Path(__file__).resolve().parent
GUESTS = HERE / "guests"
PLACE = HERE / ".build"
TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or PLACE / "target").absolute()
UPSTREAM = "0.2.130"

MODES = {"bindgen": "unwind", "core": "unwind", "component": "abort", "extism": "abort", "photon": "unwind", "big": "unwind"}
"""How each guest is built. Components and Extism's plug-ins have no unwinding."""


class Missing(Exception):
    """A peer that this machine cannot have; the message says why."""


def run(*command: str | Path | int, **options: object) -> str:
    """What a command prints. Its last words when it fails."""
    try:
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]
    except OSError as error:
        raise Missing(f"{Path(str(command[0])).name}: {error.strerror}") from None
    if done.returncode:
        words = (done.stderr or done.stdout).strip().splitlines()
        raise Missing(f"{Path(str(command[0])).name} failed: " + " | ".join(words[-3:]))
    return str(done.stdout).strip()


def sources(*names: str) -> str:
    """A hash over crates of the workspace and all that they are built with."""
    files = [GUESTS / "Cargo.toml", GUESTS / "Cargo.lock"]
    files += [path for name in names for path in sorted((GUESTS / name).rglob("*")) if path.is_file()]
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()[:12]


def kept(name: str, make: Callable[[Path], None]) -> Path:
    """The artefact of that name; made, whole or not at all, when it is not there."""
    path = PLACE / name
    if not path.exists():
        print(f"building {name} …", file=sys.stderr, flush=True)
        PLACE.mkdir(exist_ok=True)
        fresh = path.with_name(f"new-{name}")
        make(fresh)
        fresh.replace(path)
    return path


# ---------------------------------------------------------------- guests


@cache
def toolchain() -> dict[str, str]:
    try:
        return fixtures.toolchain()
    except (fixtures.Trouble, OSError, subprocess.CalledProcessError) as trouble:
        raise Missing(f"no guests: {trouble}") from None


def guest(name: str) -> Path:
    """A guest as rustc leaves it."""

    def compile_it(path: Path) -> None:
        path.write_bytes(_compiled(GUESTS, GUESTS, name, MODES[name]))

    return kept(f"{name}-{sources(name, 'workload')}.wasm", compile_it)


def members(count: int) -> Path:
    """A guest with an API of so many members, written by :mod:`bench.api`."""

    def compile_it(path: Path) -> None:
        crate = PLACE / f"api{count}"
        api.write(crate, count, UPSTREAM)
        path.write_bytes(_compiled(crate, crate, crate.name, "unwind", locked=False))

    return kept(f"api{count}-{api.version(count)}.wasm", compile_it)


def _compiled(root: Path, folder: Path, name: str, mode: str, locked: bool = True) -> bytes:
    cargo = tomllib.loads(((folder / name if locked else folder) / "Cargo.toml").read_text("utf-8"))
    if not locked:
        run(toolchain()["cargo"], "generate-lockfile", cwd=folder)
    try:
        return fixtures.compile_guest(root, folder, cargo, mode, toolchain(), TARGET)
    except fixtures.Trouble as trouble:
        raise Missing(str(trouble)) from None


def component() -> Path:
    """The component, and first of all what makes one of a module."""

    def wrap(path: Path) -> None:
        run(native("componentize", "componentize"), guest("component"), path)

    return kept(f"component-{sources('component', 'workload', 'componentize')}.component.wasm", wrap)


# ---------------------------------------------------------------- for the host


def native(crate: str, made: str) -> Path:
    """What cargo makes of a crate for this machine."""

    def compile_it(path: Path) -> None:
        cargo = os.environ.get("BENCH_HOST_CARGO") or shutil.which("cargo") or "cargo"
        target = TARGET / "host"
        outer = {name: value for name, value in os.environ.items() if name not in ("RUSTC", "CARGO", "RUSTFLAGS")}
        package = tomllib.loads((GUESTS / crate / "Cargo.toml").read_text("utf-8"))["package"]["name"]
        environment = outer | {"CARGO_TARGET_DIR": str(target)}
        run(cargo, "build", "--release", "--locked", "--jobs", "2", "--package", package, cwd=GUESTS, env=environment)
        shutil.copy2(target / "release" / made, path)

    return kept(f"{made.partition('.')[0]}-{sources(crate, 'workload')}{Path(made).suffix}", compile_it)


def _importable(library: Path, folder: str, name: str) -> Path:
    """A folder to put on ``sys.path``, with the library in it under the name that it is loaded by."""
    place = PLACE / folder
    place.mkdir(exist_ok=True)
    shutil.copy2(library, place / name)
    return place


def unguarded() -> Path:
    """The folder of an accelerator without its guard, built from the sources that are there as ``pip`` builds it."""
    source, parts = HERE / "unguarded.c", sorted((HERE.parent / "accelerator").glob("*.[ch]"))
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in (source, *parts))).hexdigest()[:12]
    folder = PLACE / f"unguarded-{digest}"
    made = folder / f"bindgen_patch_accelerator{sysconfig.get_config_var('EXT_SUFFIX')}"
    if not made.exists():
        folder.mkdir(parents=True, exist_ok=True)
        flags = [*(sysconfig.get_config_var("CFLAGS") or "").split(), "-O3", "-fPIC", "-shared", f"-I{sysconfig.get_path('include')}"]
        run(os.environ.get("CC", "cc"), *flags, source, "-o", made)
    return folder


def pyo3() -> Path:
    return _importable(native("pyo3", "libbench_pyo3.so"), "pyo3", "bench_pyo3.so")


def uniffi() -> Path:
    tool = native("uniffi", "uniffi-bindgen")
    place = _importable(native("uniffi", "libbench_uniffi.so"), "uniffi", "libbench_uniffi.so")
    run(tool, "generate", "--no-format", "--language", "python", "--out-dir", place, place / "libbench_uniffi.so", cwd=GUESTS)
    return place


# ---------------------------------------------------------------- upstream's tools


def cli() -> str:
    """Upstream's command line, in the version that our guests are made for."""
    command = shutil.which("wasm-bindgen") or str(Path.home() / ".cargo/bin/wasm-bindgen")
    said = run(command, "--version")
    if said.split()[-1] != UPSTREAM:
        raise Missing(f"{said}: {UPSTREAM} is wanted (cargo install wasm-bindgen-cli --version {UPSTREAM})")
    return command


def node() -> str:
    """Node 24 or later: what runs upstream's bindings of a guest that unwinds. ``NODE`` names it."""
    command = os.environ.get("NODE") or shutil.which("node") or "node"
    if int(run(command, "--version").lstrip("v").partition(".")[0]) < 24:
        raise Missing(f"{command} is older than 24 (npm i node@24 carries one; NODE names it)")
    return command


def glue(name: str) -> Path:
    """Upstream's bindings of a guest, for Node; a folder."""
    place = PLACE / "node" / name
    run(cli(), "--target", "nodejs", "--experimental-reset-state-function", "--out-dir", place, "--out-name", name, guest(name))
    return place


ARTEFACTS: dict[str, Callable[[], object]] = {
    **{name: partial(guest, name) for name in MODES},
    "component": component,
    "pyo3": pyo3,
    "uniffi": uniffi,
    **{f"node-{name}": partial(glue, name) for name in ("bindgen", "big")},
    **{f"api{count}": partial(members, count) for count in api.SIZES},
}

if __name__ == "__main__":
    for artefact in sys.argv[1:] or ARTEFACTS:
        try:
            print(f"{artefact}: {ARTEFACTS[artefact]()}", flush=True)
        except Missing as missing:
            print(f"{artefact}: {missing}", flush=True)
