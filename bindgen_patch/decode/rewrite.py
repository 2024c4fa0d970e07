"""A module put together again with some sections and bodies changed, and everything else copied as bytes.

Used for the analysis copy and for the edited guest. It renumbers nothing: what comes out is as right as the replacements are.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType

from bindgen_patch.decode import opcodes
from bindgen_patch.decode.container import ORDER, Id, Section, Wasm
from bindgen_patch.decode.reader import Reader
from bindgen_patch.decode.writer import HEADER, custom, section, sized, uleb, vector

TRAP_BODY = bytes((0, opcodes.UNREACHABLE, opcodes.END))
"""A function body, valid for every type, that traps."""
EMPTY_BODY = bytes((0, opcodes.END))
"""A function body that does nothing, valid for ``() -> ()``."""


def assemble(
    wasm: Wasm,
    replaced: Mapping[int, bytes | None],
    keep_custom: Callable[[Section], bool],
    custom_content: Mapping[str, bytes] = MappingProxyType({}),
) -> bytes:
    """The module with the contents of some sections ``replaced`` (added where missing, left out where ``None``).

    Custom sections stay where they are if ``keep_custom`` says so; ``custom_content`` has another content for some, by name. What is
    missing of those comes last.
    """
    parts = [HEADER]
    waiting = sorted((ORDER.index(Id(number)), number) for number in replaced)

    def put_before(place: int) -> None:
        while waiting and waiting[0][0] < place:
            _, number = waiting.pop(0)
            content = replaced[number]
            if content is not None:
                parts.append(section(number, content))

    for found in wasm.sections:
        if found.number == Id.CUSTOM:
            if keep_custom(found):
                changed = custom_content.get(found.name)
                parts.append(wasm.data[found.header : found.end] if changed is None else custom(found.name, changed))
            continue
        place = ORDER.index(Id(found.number))
        put_before(place)
        if found.number in replaced:
            put_before(place + 1)
        else:
            parts.append(wasm.data[found.header : found.end])
    put_before(len(ORDER))
    present = {found.name for found in wasm.sections if found.number == Id.CUSTOM}
    parts += [custom(title, content) for title, content in custom_content.items() if title not in present]
    return b"".join(parts)


def code_section(wasm: Wasm, bodies: Mapping[int, bytes], added: Sequence[bytes] = ()) -> bytes | None:
    """The content of the code section with some functions' bodies swapped, by function index, and others ``added`` at its end.

    ``None`` when nothing changes.
    """
    found = wasm.section(Id.CODE)
    if found is None or not (bodies or added):
        return None
    kept = after_count(wasm, found)
    parts = [uleb(len(wasm.bodies) + len(added), kept - found.start)]
    for function in sorted(bodies):
        start, end = wasm.body(function) or (0, 0)
        body, size = bodies[function], end - start
        if len(body) == size:
            parts += (wasm.data[kept:start], body)
        else:
            place = function - len(wasm.imported_functions)
            length = wasm.bodies[place - 1][1] if place else after_count(wasm, found)
            parts += (wasm.data[kept:length], sized(body))
        kept = end
    parts.append(wasm.data[kept : found.end])
    return b"".join([*parts, *map(sized, added)])


def extended(wasm: Wasm, number: Id, added: Collection[bytes]) -> bytes:
    """The content of a section that is a vector, with items ``added`` at its end. It may be missing so far."""
    found = wasm.section(number)
    if found is None:
        return vector(added)
    count = Reader(wasm.data, found.start, found.end).u32()
    return uleb(count + len(added)) + wasm.data[after_count(wasm, found) : found.end] + b"".join(added)


def after_count(wasm: Wasm, section: Section) -> int:
    """Where the items of a section begin: behind their number."""
    reader = Reader(wasm.data, section.start, section.end)
    reader.u32()
    return reader.pos


_BLOCKS = frozenset({opcodes.BLOCK, opcodes.LOOP, opcodes.IF, opcodes.TRY, opcodes.TRY_TABLE})
_STRUCTURE = _BLOCKS | {opcodes.CATCH, opcodes.CATCH_ALL, opcodes.DELEGATE, opcodes.END}


def without_handlers(body: bytes) -> bytes:
    """A body whose legacy ``try`` s have become plain blocks, their handlers left out.

    Good for running code that throws nothing, on an engine that does not know the legacy instructions. Both forms open one label, so no
    branch changes. (wasm-bindgen's own interpreter reads ``try`` as a block in the same way.)
    """
    out, kept, depth = bytearray(), 0, 0
    handler: int | None = None  # the depth of the ``try`` whose handler is being left out
    for opcode, at, after in opcodes.walk(body, opcodes.code_start(body, 0, len(body)), len(body), _STRUCTURE):
        if opcode in _BLOCKS:
            depth += 1
            if opcode == opcodes.TRY and handler is None:
                out += body[kept:at] + bytes((opcodes.BLOCK,))
                kept = at + 1
            continue
        if opcode in (opcodes.CATCH, opcodes.CATCH_ALL):
            if handler is None:
                out += body[kept:at]
                handler = depth
            continue
        if handler == depth:
            handler, kept = None, at
        if opcode == opcodes.DELEGATE and handler is None:
            out += body[kept:at] + bytes((opcodes.END,))
            kept = after
        depth -= 1
    return bytes(out + body[kept:])
