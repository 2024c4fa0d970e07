"""Names for appended functions, so that a trace through them reads like any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bindgen_patch import symbols
from bindgen_patch.decode.container import Wasm
from bindgen_patch.decode.reader import Reader
from bindgen_patch.decode.writer import name, section, sized, uleb, vector
from bindgen_patch.errors import GenerationError

_FUNCTIONS = 1
"""The subsection of the name section that names functions, in the order of their indexes."""


def with_names(wasm: Wasm, twins: Mapping[int, int], own: Sequence[int]) -> dict[str, bytes]:
    """The content of the name section with names for appended functions at the end of its list.

    A twin (original -> appended function) is called after the original, with ``.trap`` behind it: compilers mark parts and copies of
    functions like that. ``own`` are those of whole calls, and all that have a name in a guest that has not kept those of its own. Nothing
    where there is a name section that is damaged.
    """
    sections = wasm.custom("name")
    if not sections and own:
        return {"name": section(_FUNCTIONS, vector(uleb(function) + name(symbols.WHOLE_NAME) for function in own))}
    if len(sections) != 1 or not (twins or own):
        return {}
    try:
        content = _extended(wasm, Reader(wasm.data, sections[0].start, sections[0].end), twins, own)
    except GenerationError:
        return {}
    return {"name": content} if content else {}


def _extended(wasm: Wasm, reader: Reader, twins: Mapping[int, int], own: Sequence[int]) -> bytes | None:
    before = reader.pos
    while reader.left:
        start, number = reader.pos, reader.byte()
        content = reader.sub(reader.u32())
        if number == _FUNCTIONS:
            listed = content.count(2)
            names_start = content.pos
            names = {content.u32(): content.text() for _ in range(listed)}
            imported = {place: item.name for place, item in enumerate(wasm.imported_functions)}
            if not names or max(names) >= len(wasm.functions):
                return None
            added = {twin: names.get(function) or imported.get(function) for function, twin in twins.items()}
            titles = {twin: f"{title}.trap" for twin, title in added.items() if title} | dict.fromkeys(own, symbols.WHOLE_NAME)
            entries = [uleb(function) + name(title) for function, title in sorted(titles.items())]
            extended = uleb(listed + len(entries)) + wasm.data[names_start : content.pos] + b"".join(entries)
            return wasm.data[before:start] + bytes((_FUNCTIONS,)) + sized(extended) + wasm.data[content.end : reader.end]
    return None
