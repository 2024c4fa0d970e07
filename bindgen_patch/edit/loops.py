"""Short loops, unrolled: a guest can be stopped in any loop, and a short one should not pay for that at every turn.

The engine looks at the beginning of each turn whether the guest is to stop (epoch interruption). The look itself is cheap, but what may
follow is a call, so values are kept in memory around it, and a loop that adds up numbers takes twice as long. Of ::

    loop (result t)  body  end

becomes, with as many copies of the body as there is room for, ::

    block (result t)                        ;; the way out
      loop (result t)
        block  body  br 2  end              ;; one of these for each copy but the last; a branch to the loop goes behind its end
        body
      end
    end

A body that ends in ``br_if 0`` is copied with ``i32.eqz  br_if 2`` in its place, without a block if nothing else branches to the loop: the
compiler puts off computing what is needed only behind a branch, and behind a ``br`` of its own that would be all turns before it again.

The last copy's branch to the loop goes to the loop: whoever turns for ever comes by the engine's look for ever. Branches inside the body
stay as they are, those to labels outside of the loop step over the new ones. Only loops without other loops or calls in them are unrolled,
which look by themselves. In a guest with debug information a list of what lay where goes along (:mod:`~bindgen_patch.edit.moved`).

Measured against an engine that does not look: a sum over a million numbers takes 1.05 times as long instead of 1.7 times, filters of an
image library 0.93 to 1.05 times instead of 1.2 to 1.45 times. It makes the code of larger guests 5 to 8 % longer.
"""

from __future__ import annotations

from typing import NamedTuple

from bindgen_patch.decode import opcodes
from bindgen_patch.decode.container import Wasm
from bindgen_patch.decode.opcodes import Instruction
from bindgen_patch.decode.reader import Reader
from bindgen_patch.decode.writer import uleb
from bindgen_patch.edit import instructions as op
from bindgen_patch.edit.moved import with_bodies

LONGEST = 128
"""Bytes of a body that is worth it: what a longer one does takes longer than the look."""
ROOM = 256
"""Bytes for all copies of one."""
MOST = 4
"""Copies."""
FLOATS_GET = 8
"""So many times that: a look costs a loop with floating-point arithmetic more, since no register for such values outlives a call."""

_LOOPS = frozenset({opcodes.LOOP})
_BLOCKS = frozenset({opcodes.BLOCK, opcodes.IF})
_CALLS = frozenset({opcodes.CALL, opcodes.CALL_INDIRECT, opcodes.CALL_REF})
_TAIL_CALLS = frozenset({opcodes.RETURN_CALL, opcodes.RETURN_CALL_INDIRECT, opcodes.RETURN_CALL_REF})
_LISTS = frozenset({opcodes.BR_TABLE, opcodes.TRY_TABLE}) | opcodes.LEGACY_EH
"""Those that name labels in other forms. They are rare in such loops."""
_LEFT_ALONE = _LOOPS | _CALLS | _TAIL_CALLS | _LISTS
_FLOATS = frozenset({*range(0x92, 0x99), *range(0xA0, 0xA7)})
"""Operations with two operands: what sums and products are made with."""
_STRUCTURE = _BLOCKS | opcodes.BRANCHES | _LEFT_ALONE | {opcodes.END}

_PLAIN = b"\x40"
"""The type of a block without results."""
_BLOCK = bytes((opcodes.BLOCK,)) + _PLAIN
_WITHOUT_PARAMETERS = frozenset({*_PLAIN, *op.WORDS.values()})


class _Loop(NamedTuple):
    """A loop to be unrolled: its instruction at ``start``, its body from ``body`` to its ``end`` at ``close``."""

    start: int
    body: int
    close: int
    leaving: list[tuple[Instruction, int]]
    """Its branches to labels outside of it, and the label that each names."""
    turning: list[Instruction]
    """Its branches to itself."""


def unrolled(wasm: Wasm) -> Wasm:
    """The module with its short loops unrolled, or as it is if it has none."""
    first = len(wasm.imported_functions)
    bodies, stretches = {}, {}
    for function, (start, end) in enumerate(wasm.bodies, first):
        code = opcodes.code_start(wasm.data, start, end)
        loops = [loop for at in opcodes.walk(wasm.data, code, end, _LOOPS) if (loop := _short(wasm.data, at, end))]
        if loops:
            written = _Written(wasm.data, start)
            for loop in loops:
                written.unroll(loop)
            bodies[function], stretches[function] = written.body(end)
    return with_bodies(wasm, bodies, stretches) if bodies else wasm


def _short(data: bytes, loop: Instruction, end: int) -> _Loop | None:
    """What there is to know of a loop that is to be unrolled."""
    leaving, turning, depth = [], [], 0
    if data[loop.start + 1] not in _WITHOUT_PARAMETERS:
        return None
    for instruction in opcodes.walk(data, loop.end, end, _STRUCTURE):
        opcode, at, after = instruction
        if at - loop.end > LONGEST or opcode in _LEFT_ALONE:
            return None
        if opcode in _BLOCKS:
            depth += 1
        elif opcode in opcodes.BRANCHES:
            label = Reader(data, at + 1, after).u32()
            if label == depth:
                turning.append(instruction)
            elif label > depth:
                leaving.append((instruction, label))
        elif depth:
            depth -= 1
        else:
            return _Loop(loop.start, loop.end, at, leaving, turning) if turning else None
    return None


class _Written:
    """A body being written anew."""

    def __init__(self, data: bytes, start: int) -> None:
        self._data = data
        self._out = bytearray()
        self._kept = start
        self._stretches: list[tuple[int, int]] = []

    def body(self, end: int) -> tuple[bytes, list[tuple[int, int]]]:
        """The new body, what is left of the old one included, and its :data:`~.moved.Stretches`."""
        self._copy(self._kept, end)
        return bytes(self._out), [(len(self._out) - place, was) for place, was in self._stretches]

    def unroll(self, loop: _Loop) -> None:
        """Copy what stands before ``loop``, and write that."""
        block_type = self._data[loop.start + 1 : loop.body]
        more = FLOATS_GET if any(opcodes.walk(self._data, loop.body, loop.close, _FLOATS)) else 1
        copies = min(MOST * more, ROOM * more // (loop.close - loop.body + 1))
        self._copy(self._kept, loop.start)
        self._out += bytes((opcodes.BLOCK,)) + block_type
        self._copy(loop.start, loop.body)
        for _ in range(copies - 1):
            self._copy_turn(loop, block_type)
        self._copy_body(loop, loop.close, 1)
        self._out += bytes((opcodes.END, opcodes.END))
        self._kept = loop.close + 1

    def _copy_turn(self, loop: _Loop, block_type: bytes) -> None:
        """One turn of a loop, behind which the next one follows."""
        last = loop.turning[-1]
        if last.opcode != opcodes.BR_IF or last.end != loop.close or block_type != _PLAIN:
            self._out += _BLOCK
            self._copy_body(loop, loop.close, 2)
            self._out += bytes((opcodes.BR, 2, opcodes.END))
        elif len(loop.turning) > 1:
            self._out += _BLOCK
            self._copy_body(loop, last.start, 2)
            self._out += op.I32_EQZ + bytes((opcodes.BR_IF, 2, opcodes.END))
        else:
            self._copy_body(loop, last.start, 1)
            self._out += op.I32_EQZ + bytes((opcodes.BR_IF, 1))

    def _copy_body(self, loop: _Loop, end: int, further: int) -> None:
        """A body up to ``end``, with so many labels between it and what is outside of the loop that were not there."""
        kept = loop.body
        for (opcode, at, after), label in loop.leaving:
            self._copy(kept, at)
            self._out += bytes((opcode,)) + uleb(label + further)
            kept = after
        self._copy(kept, end)

    def _copy(self, start: int, end: int) -> None:
        if start < end:
            self._stretches.append((len(self._out), start))
            self._out += self._data[start:end]
