"""``gen --precompile``: compiled code in the package, so that a fresh machine starts without compiling.

Between the halves: what the tool has generated is compiled as the run time would, under the name by which that looks for it. Which
wasmtime, processor and settings it is for is a part of the name; where another is wanted, it is not found, and the guest is compiled
as ever. It is for the default settings: with ``Limits(fuel_per_call=…)``, ``reserve_bytes=…`` and ``interruptible=False`` code is another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from bindgen_patch.runtime import engine
from bindgen_patch.symbols import PRECOMPILED

GUESTS = ("module.wasm", "shims.wasm")
"""The files of a package that are compiled."""
_SETTINGS = engine.Settings(reserve_bytes=engine.WIDE)


def precompiled(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files to be added to these of a package."""
    made = {}
    for guest in GUESTS:
        name, content = engine.compiled(files[guest], _digest(files[guest]), _SETTINGS)
        made[f"{PRECOMPILED}/{name}"] = content
    return made


def settle(files: Mapping[str, bytes], folder: Path) -> None:
    """The package was written to ``folder``: its compiled code need not be looked through at every start."""
    for name, content in files.items():
        if name.startswith(f"{PRECOMPILED}/"):
            engine.settle(str(folder / name), content)


def differences(files: Mapping[str, bytes], folder: Path, *, wanted: bool) -> list[str]:
    """What is stale of the compiled code in ``folder``, for a package of these files.

    Code for another machine is not: what the same guest compiles to is the machine's business. Code of another guest is, and where
    it is ``wanted``, code for this machine that is missing.
    """
    digests = {_digest(files[guest]) for guest in GUESTS}
    found = {path.name for path in (folder / PRECOMPILED).glob("*")}
    names = {engine.code_name(digest, _SETTINGS) for digest in digests} if wanted else set()
    stale = [name for name in found if name.partition("-")[0] not in digests]
    return sorted(f"{PRECOMPILED}/{name}" for name in [*stale, *(names - found)])


def _digest(wasm: bytes) -> str:
    return hashlib.sha256(wasm).hexdigest()
