"""Names for appended functions in a guest that has kept those of its own, so that a trace through them reads like any other."""

from __future__ import annotations

from collections.abc import Mapping

from bindgen_patch.decode.container import Wasm
from bindgen_patch.decode.reader import Reader
from bindgen_patch.decode.writer import name, sized, uleb
from bindgen_patch.errors import GenerationError

_FUNCTIONS = 1
"""The subsection of the name section that names functions, in the order of their indexes."""


def with_twins(wasm: Wasm, twins: Mapping[int, int]) -> dict[str, bytes]:
    """The content of the name section with names for ``twins`` (original -> appended function) added at the end of its list.

    A twin is called after the original, with ``.trap`` behind it: compilers mark parts and copies of functions like that. Nothing where
    the guest has no such names, or a name section that is damaged.
    """
    sections = wasm.custom("name")
    if len(sections) != 1 or not twins:
        return {}
    try:
        content = _extended(wasm, Reader(wasm.data, sections[0].start, sections[0].end), twins)
    except GenerationError:
        return {}
    return {"name": content} if content else {}


def _extended(wasm: Wasm, reader: Reader, twins: Mapping[int, int]) -> bytes | None:
    before = reader.pos
    while reader.left:
        start, number = reader.pos, reader.byte()
        content = reader.sub(reader.u32())
        if number == _FUNCTIONS:
            listed = content.count(2)
            names_start = content.pos
            names = {content.u32(): content.text() for _ in range(listed)}
            imported = {place: item.name for place, item in enumerate(wasm.imported_functions)}
            if not names or max(names) >= min(twins.values()):
                return None
            added = {twin: names.get(function) or imported.get(function) for function, twin in twins.items()}
            entries = [uleb(twin) + name(f"{title}.trap") for twin, title in sorted(added.items()) if title]
            extended = uleb(listed + len(entries)) + wasm.data[names_start : content.pos] + b"".join(entries)
            return wasm.data[before:start] + bytes((_FUNCTIONS,)) + sized(extended) + wasm.data[content.end : reader.end]
    return None
