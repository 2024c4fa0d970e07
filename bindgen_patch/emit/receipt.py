"""What a package was made from, kept inside it: so a ``gen`` that would change nothing finds that out by reading.

A package follows from the guest's bytes, the name of its file, the options, and the code of this tool. The receipt names these, the
sha256 of every file that came of them, and what ``gen`` had to say. While all of it still holds, there is nothing to do; when anything
differs (another guest, another option, a file edited, gone or added, a receipt that somebody wrote by hand) the package is made anew.

This module must stay quick to import: no stage of the pipeline, and none of their libraries.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from bindgen_patch import symbols

FILE = "receipt.json"
"""Its name in the package."""

Options = Mapping[str, bool]
"""The options of ``gen`` by name."""
Told = dict[str, Any]
"""What ``gen`` says of a package, as plain data."""


def receipt(files: Mapping[str, bytes], told: Told, data: bytes, name: str, options: Options) -> bytes:
    """The content of the receipt for ``files``, made from the guest ``data`` with file name ``name``."""
    content = {"made_from": _made_from(data, name, options), "files": _digests(files), "told": told}
    return _sealed(content)


def unchanged(folder: Path, data: bytes, name: str, options: Options) -> Told | None:
    """What was said of the package in ``folder``, if ``gen`` would write exactly that again; else ``None``."""
    try:
        text = (folder / FILE).read_bytes()
        content = json.loads(text)
        del content["sha256"]
        if _sealed(content) == text and content["made_from"] == _made_from(data, name, options):
            files = {name: path.read_bytes() for name, path in present(folder).items() if name != FILE}
            if content["files"] == _digests(files):
                told: Told = content["told"]
                return told
    except (OSError, ValueError, KeyError, TypeError):
        pass  # there is no receipt, or none of ours
    return None


def present(folder: Path) -> dict[str, Path]:
    """The files of the package in ``folder`` by their paths inside it, with forward slashes.

    Neither what Python caches nor compiled code, of which no receipt speaks: what it is depends on the machine.
    """
    paths = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file()}
    return {
        place.as_posix(): path
        for place, path in paths.items()
        if "__pycache__" not in place.parts and place.parts[0] != symbols.PRECOMPILED
    }


def _made_from(data: bytes, name: str, options: Options) -> dict[str, Any]:
    return {"guest": name, "sha256": _digest(data), "options": dict(options), "tool": _tool()}


@cache
def _tool() -> str:
    """One digest of this tool's code, the run time that it may copy and the templates included: no change is without a new one."""
    root = Path(__file__).resolve().parent.parent
    sources = {path.relative_to(root).as_posix(): path for path in root.rglob("*.py")}
    for templates in (root / "templates", root.parent / "templates"):  # in a wheel; in a checkout
        sources |= {f"templates/{path.name}": path for path in templates.glob("*.j2")}
    return _digest(b"".join(_digest(name.encode() + b"\0" + sources[name].read_bytes()).encode() for name in sorted(sources)))


def _digests(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: _digest(files[name]) for name in sorted(files)}


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _sealed(content: dict[str, Any]) -> bytes:
    """As JSON, with a digest of itself."""
    text = json.dumps(content, indent=1)
    return (json.dumps(content | {"sha256": _digest(text.encode())}, indent=1) + "\n").encode()
