"""Generates our bindings for a guest: ``python -m bench.bindings GUEST.wasm FOLDER [plain]``.

``plain`` is guard off: the text before the guard pass, as ``gen --show plain`` prints it, packaged like any other. That text names the
guest, ``_bp_guest``, without defining it. Whoever imports it (see :func:`without_guard`) makes it a global of the module.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType


def generate(guest: Path, folder: Path, plain: bool) -> None:
    from bindgen_patch import pipeline
    from bindgen_patch.decode import decode
    from bindgen_patch.edit import edit
    from bindgen_patch.emit.package import package, write

    data = guest.read_bytes()
    made = pipeline.generate(data, folder.name)
    if plain:
        module, wasm = decode(data, folder.name)
        edited = edit(wasm, module)
        write(package(made.plain, edited.module, edited.shims, vendor=False), folder)
    else:
        write(made.files, folder)


def without_guard(name: str) -> ModuleType:
    """A plain package whose guest is there: made once, through the door, then bound for good."""
    bindings = importlib.import_module(name)
    door = bindings.instance._bp_door
    bindings.instance.provide({"callback": lambda number: number + 1})
    with door.lock:
        door.leave(door.enter(False), False)
    bindings.__dict__["_bp_guest"] = door.guest
    return bindings


if __name__ == "__main__":
    generate(Path(sys.argv[1]), Path(sys.argv[2]), "plain" in sys.argv[3:])
