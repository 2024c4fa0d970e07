"""The files of a generated package, and how they get on disk: all of them, or none."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bindgen_patch.emit.render import MARKER
from bindgen_patch.errors import GenerationError

Files = Mapping[str, bytes]
"""Path inside the package, with forward slashes -> content."""

VENDORED = "_bindgen_patch"
PRECOMPILED = "_precompiled"
"""Compiled code: what it is depends on the machine, and is not looked at here. See ``precompile.py``."""
_RUNTIME_PARTS = ("__init__.py", "accelerator.py", "errors.py", "symbols.py", "recovery", "runtime", "js")
_OURS = {"__init__.py", "module.wasm", "shims.wasm", "py.typed", "__pycache__", VENDORED, PRECOMPILED}


def package(text: str, wasm: bytes, shims: bytes, *, vendor: bool) -> dict[str, bytes]:
    """Everything that goes into the package's folder."""
    files = {"__init__.py": text.encode(), "module.wasm": wasm, "shims.wasm": shims, "py.typed": b""}
    return files | (vendored() if vendor else {})


def vendored() -> dict[str, bytes]:
    """The run-time half of this project, verbatim, under :data:`VENDORED`."""
    root = Path(__file__).resolve().parent.parent
    files = {}
    for part in _RUNTIME_PARTS:
        for path in sorted([root / part] if part.endswith(".py") else (root / part).rglob("*.py")):
            files[f"{VENDORED}/{path.relative_to(root).as_posix()}"] = path.read_bytes()
    return files


def differences(files: Files, folder: Path) -> list[str]:
    """What in ``folder`` is not as ``files`` say: paths that are missing, different or left over."""
    paths = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    found = {place.as_posix(): path for place, path in paths.items() if "__pycache__" not in place.parts and place.parts[0] != PRECOMPILED}
    stale = [name for name, content in files.items() if name not in found or found[name].read_bytes() != content]
    return sorted(stale + [name for name in found if name not in files])


def write(files: Files, folder: Path) -> None:
    """Put the package at ``folder``, in place of an earlier one of ours.

    Everything is written beside it first, then the folders change places. Raises :class:`GenerationError`, leaving things as
    they were, when the folder holds anything that no ``gen`` has put there, or cannot be written.
    """
    check_ours(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        workspace = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    except OSError as error:
        raise _unwritable(folder, error) from error
    try:
        fresh, old = workspace / "new", workspace / "old"
        for name, content in files.items():
            path = fresh / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            _keep_time(path, folder / name)
        if folder.exists():
            folder.replace(old)
        try:
            fresh.replace(folder)
        except OSError:
            if old.exists():
                old.replace(folder)
            raise
    except OSError as error:
        raise _unwritable(folder, error) from error
    finally:
        shutil.rmtree(workspace, ignore_errors=True)


def _keep_time(path: Path, old: Path) -> None:
    """A file with the content that it had before was not changed: the run time need not look whether it is still the right one."""
    if old.is_file() and old.stat().st_size == path.stat().st_size and old.read_bytes() == path.read_bytes():
        os.utime(path, ns=(old.stat().st_atime_ns, old.stat().st_mtime_ns))


def check_ours(folder: Path) -> None:
    """Refuse a folder that holds something else than an earlier package."""
    if not folder.exists():
        return
    hint = "name a folder that does not exist yet, is empty, or holds an earlier package of bindgen-patch's"
    if not folder.is_dir():
        raise GenerationError(f"{folder} is not a folder", hint=hint)
    names = sorted(path.name for path in folder.iterdir())
    if not names:
        return
    init = folder / "__init__.py"
    if not init.is_file() or MARKER not in init.read_text(errors="replace"):
        raise GenerationError(f"{folder} holds {names[0]} and no package that bindgen-patch generated", hint=hint)
    foreign = [name for name in names if name not in _OURS]
    if foreign:
        raise GenerationError(
            f"{folder} holds {foreign[0]} beside the generated package", hint="move it elsewhere: gen replaces the whole folder"
        )


def _unwritable(folder: Path, error: OSError) -> GenerationError:
    return GenerationError(
        f"cannot write {folder}: {error.strerror or error}", hint="nothing was changed; check the path and its permissions"
    )
