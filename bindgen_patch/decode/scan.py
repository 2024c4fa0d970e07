"""Facts found in function bodies without walking all of them.

A guest is megabytes of code of which wasm-bindgen's share is small, so searching is left to ``bytes.find`` and only bodies that hold a
candidate are walked instruction by instruction, to tell a call from a constant that looks like one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Set

from bindgen_patch.decode import opcodes
from bindgen_patch.decode.blame import DAMAGED
from bindgen_patch.decode.container import Wasm
from bindgen_patch.decode.reader import Reader
from bindgen_patch.decode.writer import uleb
from bindgen_patch.errors import GenerationError

_CALLS = frozenset({opcodes.CALL, opcodes.RETURN_CALL})


def callees(wasm: Wasm, function: int) -> Counter[int]:
    """The functions that ``function`` calls directly, and how often it calls each."""
    body = wasm.body(function)
    if body is None:
        return Counter()
    data = wasm.data
    start = opcodes.code_start(data, *body)
    operands = Counter(data[call.start + 1 : call.end] for call in opcodes.walk(data, start, body[1], _CALLS))
    called: Counter[int] = Counter()
    for operand, count in operands.items():  # one function may be written padded here and short there
        called[Reader(operand).u32()] += count
    if called and max(called) >= len(wasm.functions):
        raise GenerationError(f"function {function} calls function {max(called)}, which there is not", hint=DAMAGED)
    return called


def relinked(body: bytes, places: Mapping[int, int]) -> bytes:
    """A body whose direct calls go to ``places[function]``."""
    parts: list[bytes] = []
    kept = 0
    for call in opcodes.walk(body, opcodes.code_start(body, 0, len(body)), len(body), _CALLS):
        target = Reader(body, call.start + 1, call.end).u32()
        parts += (body[kept : call.start + 1], uleb(places[target]))
        kept = call.end
    return b"".join(parts) + body[kept:]


def reachable(wasm: Wasm, roots: Iterable[int], leaves: Set[int] = frozenset()) -> set[int]:
    """Every function that ``roots`` can come to through direct calls, themselves included; what ``leaves`` call does not count.

    Raises ``GenerationError`` at a call of a function that there is not.
    """
    seen: set[int] = set()
    todo = list(roots)
    while todo:
        function = todo.pop()
        if function not in seen:
            seen.add(function)
            todo += callees(wasm, function).keys() - seen if function not in leaves else ()
    return seen


def callers(wasm: Wasm, target: int) -> dict[int, int]:
    """The defined functions that call ``target`` directly, in order, and how often each does."""
    candidates = sorted({function for at in _call_sites(wasm, target) if (function := wasm.function_at(at)) is not None})
    counted = {function: callees(wasm, function)[target] for function in candidates}
    return {function: count for function, count in counted.items() if count}


def _call_sites(wasm: Wasm, target: int) -> Iterator[int]:
    """Offsets of bytes that look like a call of ``target``: its index at its shortest, or padded to five bytes as linkers write it."""
    if not wasm.bodies:
        return
    first, last = wasm.bodies[0][0], wasm.bodies[-1][1]
    padded = bytes(target >> shift & 0x7F | 0x80 for shift in (0, 7, 14, 21)) + bytes((target >> 28,))
    for opcode in _CALLS:
        for operand in (uleb(target), padded):
            needle = bytes((opcode,)) + operand
            at = wasm.data.find(needle, first, last)
            while at >= 0:
                yield at
                at = wasm.data.find(needle, at + 1, last)


def uses_legacy_eh(wasm: Wasm, function: int) -> bool:
    """Whether the body of ``function`` holds an instruction of legacy exception handling."""
    body = wasm.body(function)
    if body is None:
        return False
    start = opcodes.code_start(wasm.data, *body)
    return any(True for _ in opcodes.walk(wasm.data, start, body[1], opcodes.LEGACY_EH))
