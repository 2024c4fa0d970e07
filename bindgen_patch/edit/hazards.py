"""Calls out of an unwinding guest that must not be answered with an exception.

Imports are declared not to unwind, and LLVM relies on it. A call that may unwind gets its own landing pad, or is kept out of the ranges
of others; a call that may not is left where it happens to stand, and that may be inside the ``try_table`` of *another* call. An exception
thrown there runs that other call's clean-up, which drops values that have been moved away already: memory is freed twice, and nothing
tells. So the failure of an import may become an exception only where no clean-up can mistake it; everywhere else it has to leave the
guest as a trap, which no handler sees.

Whether a call may stay in a foreign range is LLVM's decision, and LLVM decides by what it knows to be ``nounwind``. From the code alone:

    N   every import, and every defined function out of which the compiler sees nothing come: no ``throw``, ``throw_ref``, indirect
        call or call of a function outside N but inside the range of a handler for everything (``catch_all``). A handler for one tag
        alone lets the others pass. The greatest such set: functions that only call one another belong to it.

    A call of a member of N inside such a range is a hazard. If it calls an import, this call is unsafe; if it calls a defined function,
    whatever import that function calls outside such ranges is, and so on through all members of N that it reaches.

Everything that LLVM can infer to be ``nounwind`` lies in N; N may hold more, where LLVM gave up. That is the safe direction: what is taken
into N by mistake only turns calls unsafe that are not, and their failure then leaves the guest without running destructors, which
harms nothing in its heap. A function wrongly kept out of N would let an exception loose. The other calls of N, outside of all ranges, are
harmless: the exception leaves that frame at once, without its destructors, up to a call that is known to unwind.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Set
from typing import NamedTuple

from bindgen_patch.decode import opcodes
from bindgen_patch.decode.container import Wasm
from bindgen_patch.decode.reader import Reader

_THROWS = frozenset({opcodes.THROW, opcodes.THROW_REF})
_DIRECT = frozenset({opcodes.CALL, opcodes.RETURN_CALL})
_INDIRECT = frozenset({opcodes.CALL_INDIRECT, opcodes.CALL_REF, opcodes.RETURN_CALL_INDIRECT, opcodes.RETURN_CALL_REF})
_TAIL = frozenset({opcodes.RETURN_CALL, opcodes.RETURN_CALL_INDIRECT, opcodes.RETURN_CALL_REF})
_LEAVING = _THROWS | _DIRECT | _INDIRECT
_BLOCKS = frozenset({opcodes.BLOCK, opcodes.LOOP, opcodes.IF, opcodes.TRY_TABLE})
_FLAT = _LEAVING | {opcodes.TRY_TABLE}
_NESTED = _LEAVING | _BLOCKS | {opcodes.END}


class Call(NamedTuple):
    """A direct call of ``target``; its operand is ``data[start:end]`` of the module."""

    target: int
    start: int
    end: int


class _Body(NamedTuple):
    """What matters of one function: whether it throws by itself, its calls outside of every range, and those inside one."""

    throws: bool
    loose: list[Call]
    held: list[Call]


def unsafe_calls(wasm: Wasm, supplied: Set[int] = frozenset()) -> dict[int, list[Call]]:
    """The unsafe calls of imports, by the function they stand in, each list in the order of the code.

    ``supplied`` are defined functions whose bodies the host will supply: imports in all but form. They are called like imports if the
    compiler saw nothing come out of the body they had.
    """
    bodies = _bodies(wasm)
    closed = _closed(bodies)
    imported = len(wasm.imported_functions)
    leaves = {*range(imported), *(supplied & closed)}
    found: dict[int, set[Call]] = defaultdict(set)
    hazards = [(function, call) for function, body in bodies.items() for call in body.held]
    reached: set[int] = set()
    while hazards:
        function, call = hazards.pop()
        if call.target in leaves:
            if function not in supplied:
                found[function].add(call)
        elif call.target in closed and call.target not in reached:
            reached.add(call.target)
            hazards += [(call.target, inner) for inner in bodies[call.target].loose]
    return {function: sorted(found[function], key=lambda call: call.start) for function in sorted(found)}


def _closed(bodies: dict[int, _Body]) -> set[int]:
    """The defined members of N."""
    callers: dict[int, list[int]] = defaultdict(list)
    for function, body in bodies.items():
        for call in body.loose:
            callers[call.target].append(function)
    opened = {function for function, body in bodies.items() if body.throws}
    todo = list(opened)
    while todo:
        fresh = {caller for caller in callers[todo.pop()] if caller not in opened}
        opened |= fresh
        todo += fresh
    return bodies.keys() - opened


def _bodies(wasm: Wasm) -> dict[int, _Body]:
    operands: dict[bytes, int] = {}
    data, first = wasm.data, len(wasm.imported_functions)
    bodies = {}
    for place, (start, end) in enumerate(wasm.bodies):
        code = opcodes.code_start(data, start, end)
        throws, loose, held = False, [], []
        for opcode, at, after, inside in _leaving(data, code, end):
            if opcode in _DIRECT:
                operand = data[at + 1 : after]
                target = operands.get(operand)
                if target is None:
                    target = operands[operand] = Reader(operand).u32()
                (held if inside else loose).append(Call(target, at + 1, after))
            elif not inside:
                throws = True
        bodies[first + place] = _Body(throws, loose, held)
    return bodies


def _leaving(data: bytes, code: int, end: int) -> Iterator[tuple[int, int, int, bool]]:
    """Instructions that may leave a body, each with whether it stands inside the range of a handler for everything."""
    seen = []
    for opcode, at, after in opcodes.walk(data, code, end, _FLAT):
        if opcode == opcodes.TRY_TABLE:
            break
        seen.append((opcode, at, after, False))
    else:
        yield from seen
        return
    ranges = 0
    blocks: list[bool] = []
    for opcode, at, after in opcodes.walk(data, code, end, _NESTED):
        if opcode == opcodes.END:
            if blocks:  # else it is the body's own
                ranges -= blocks.pop()
        elif opcode in _BLOCKS:
            blocks.append(opcode == opcodes.TRY_TABLE and opcodes.catches_all(data, at, after))
            ranges += blocks[-1]
        else:
            yield opcode, at, after, ranges > 0 and opcode not in _TAIL
