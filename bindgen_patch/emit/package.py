"""The files of a generated package, and how they get on disk: all of them, or none."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bindgen_patch.emit.render import MARKER
from bindgen_patch.errors import GenerationError

Files = Mapping[str, bytes]
"""Path inside the package, with forward slashes -> content."""

VENDORED = "_bindgen_patch"
_RUNTIME_PARTS = ("__init__.py", "accelerator.py", "errors.py", "symbols.py", "recovery", "runtime", "js")
_OURS = {"__init__.py", "module.wasm", "shims.wasm", "py.typed", "__pycache__", VENDORED}


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
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
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
