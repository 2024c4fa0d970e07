"""From a raw guest to one that a host can drive.

:func:`edit` appends exports and a host table, swaps the bodies of generic imports and drops the describe exports
(:mod:`~bindgen_patch.edit.guest`), and makes the companion through which the host's errors become wasm exceptions
(:mod:`~bindgen_patch.edit.shims`), or traps where an exception would do harm (:mod:`~bindgen_patch.edit.hazards`). Before that, functions
with legacy exception handling (:mod:`~bindgen_patch.edit.legacy`) or short loops (:mod:`~bindgen_patch.edit.loops`) are written anew. Every
other body stays as it was, byte for byte, and nothing is renumbered.
"""

from __future__ import annotations

from dataclasses import dataclass

from bindgen_patch import ir
from bindgen_patch.decode import Wasm
from bindgen_patch.decode.blame import blaming
from bindgen_patch.decode.checks import validate
from bindgen_patch.edit.guest import Layout, edited_guest
from bindgen_patch.edit.hazards import NOTHING, unsafe_calls
from bindgen_patch.edit.legacy import translate
from bindgen_patch.edit.loops import unrolled
from bindgen_patch.edit.shims import shims
from bindgen_patch.edit.whole import whole_calls

__all__ = ["Edited", "Layout", "edit"]


@dataclass(frozen=True, slots=True)
class Edited:
    """What lies beside the generated package's text: ``module.wasm`` and ``shims.wasm``."""

    module: bytes
    shims: bytes
    layout: Layout


def _exported_types(wasm: Wasm, module: ir.Module) -> list[ir.FuncType]:
    """Of the functions that a host may call, as far as words are all that they take and give."""
    exported = (wasm.signature(index).words() for name, index in wasm.exported_functions.items() if name in module.facts.exports)
    return list(dict.fromkeys(words for words in exported if words is not None))


def edit(wasm: Wasm, module: ir.Module) -> Edited:
    """Edit a guest as :func:`bindgen_patch.decode.decode` read it. Both results are valid for wasmtime with exceptions.

    Raises ``GenerationError`` when the guest already exports a name of ours.
    """
    with blaming(wasm.name):
        if module.facts.eh == "legacy":
            wasm = translate(wasm)
        wasm = unrolled(wasm)
        supplied = {imported.function for imported in module.imports if imported.function is not None}
        unsafe = NOTHING if module.facts.eh == "none" else unsafe_calls(wasm, supplied)
        whole = whole_calls(wasm, module)
        data, layout = edited_guest(wasm, module, unsafe, whole)
        companion = shims(module.imports, layout.trapping, [*_exported_types(wasm, module), *(item.type for item in whole)])
        validate(data)
        validate(companion)
        return Edited(data, companion, layout)
