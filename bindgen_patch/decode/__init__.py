"""From the bytes of a raw ``.wasm`` guest to :class:`bindgen_patch.ir.Module`.

In the order of the data: ``container`` reads the sections, ``metadata`` what the macro wrote, ``analysis`` runs the functions that describe
types, ``descriptors`` reads what they said, and ``resolve`` puts it together. Whatever the bytes are, the outcome is a module or a
:class:`~bindgen_patch.errors.GenerationError`, in a time that follows the size of the guest's API.
"""

from __future__ import annotations

from bindgen_patch import ir
from bindgen_patch.decode import analysis, checks, metadata
from bindgen_patch.decode.blame import blaming
from bindgen_patch.decode.container import Wasm
from bindgen_patch.decode.guest import Guest
from bindgen_patch.decode.identities import Identities
from bindgen_patch.decode.resolve import resolve, stack_pointer

__all__ = ["Wasm", "decode"]


def decode(data: bytes, name: str = "module.wasm") -> tuple[ir.Module, Wasm]:
    """Read a raw guest: what is known of it, and its container for :func:`bindgen_patch.edit.edit`.

    ``name`` is what messages call the file. Guests with legacy exception handling are read as well; ``edit`` translates
    them. Raises ``GenerationError`` for every input that is not a guest we can serve.
    """
    with blaming(name):
        checks.header(data)
        wasm = Wasm(data, name)
        checks.platform(wasm)
        found = metadata.read(wasm)
        if found is None:
            checks.metadata_missing(wasm)
        eh, pointer = checks.exception_handling(wasm), stack_pointer(wasm)
        guest = Guest(wasm, found, analysis.describe(wasm, pointer), Identities(found.programs))
        module = resolve(guest, eh, pointer)
        checks.offers_something(module)
        return module, wasm
