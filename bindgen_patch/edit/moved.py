"""Code that lies elsewhere than before, and the list of it that goes along with a guest that has debug information."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bindgen_patch import symbols
from bindgen_patch.decode.container import Id, Wasm
from bindgen_patch.decode.rewrite import assemble, code_section
from bindgen_patch.decode.writer import custom, sleb, uleb

Stretches = Sequence[tuple[int, int]]
"""What was copied into a body, in its order: how far from the end of the new body it begins, and where of the old module it began."""


def with_bodies(wasm: Wasm, bodies: Mapping[int, bytes], stretches: Mapping[int, Stretches], types: bytes | None = None) -> Wasm:
    """The module with other ``bodies`` of some functions, by index, and perhaps another type section."""
    replaced: dict[int, bytes | None] = {Id.CODE: code_section(wasm, bodies)}
    if types is not None:
        replaced[Id.TYPE] = types
    data = assemble(wasm, replaced, lambda _custom: True)
    new = Wasm(data, wasm.name)
    return Wasm(data + _moved(wasm, new, stretches), wasm.name) if wasm.custom(".debug_line") else new


def _moved(old: Wasm, new: Wasm, stretches: Mapping[int, Stretches]) -> bytes:
    """The section that tells where code was before: see :data:`.symbols.MOVED_CODE`."""
    old_code, new_code = (section.start if section else 0 for section in (old.section(Id.CODE), new.section(Id.CODE)))
    first = len(old.imported_functions)
    out = bytearray()
    now = before = 0
    for function, ((start, _), (new_start, new_end)) in enumerate(zip(old.bodies, new.bodies, strict=True), first):
        # Behind the declarations of locals, a body ends in the stretches of it.
        copied = [(new_end - from_end, was) for from_end, was in stretches.get(function, ())]
        for is_at, was_at in ((new_start, start), *copied):
            is_now, was_before = is_at - new_code, was_at - old_code
            if copied or is_now - now != was_before - before:  # one that goes on may still end before the next one
                out += uleb(is_now - now) + sleb(was_before - before)
                now, before = is_now, was_before
    return custom(symbols.MOVED_CODE, bytes(out))
