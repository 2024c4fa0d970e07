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

    A call of a member of N inside such a range is unsafe if it is a call of an import, or of a function that comes to call one through
    calls of members of N outside such ranges.

The other calls of N, outside of all ranges, are harmless: the exception leaves that frame at once, without its destructors, up to a call
that is known to unwind. So a function that calls an import may be safe to call here and unsafe there, and the cure is per call: an unsafe
one goes to something that traps where the original throws. For an import that is a function of our own, for a function of the guest's
a copy in which all such calls do the same (:func:`bindgen_patch.edit.guest.edited_guest`).

Everything that LLVM can infer to be ``nounwind`` lies in N; N may hold more, where LLVM gave up. That is the safe direction: what is taken
into N by mistake only turns calls unsafe that are not, and their failure then leaves the guest without running destructors, which
harms nothing in its heap. A function wrongly kept out of N would let an exception loose.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Set
from dataclasses import dataclass
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
    """What matters of one function: where it throws by itself, its calls outside of every range, and those inside one."""

    throws: list[int]
    loose: list[Call]
    held: list[Call]


@dataclass(frozen=True, slots=True)
class Unsafe:
    """The calls to be led elsewhere, each list in the order of the code.

    ``calls`` has those that stand in ranges, by the function they are in. ``copies`` has the functions of the guest's that they call
    directly or indirectly, and for each the calls to be led elsewhere in a copy of it. ``imports`` are the imports among all targets.
    """

    calls: dict[int, list[Call]]
    copies: dict[int, list[Call]]
    imports: tuple[int, ...]


NOTHING = Unsafe({}, {}, ())
"""For a guest without handlers."""


def unsafe_calls(wasm: Wasm, supplied: Set[int] = frozenset()) -> Unsafe:
    """What is unsafe in an unwinding guest of the exnref form.

    ``supplied`` are defined functions whose bodies the host will supply: imports in all but form. They are called like imports if the
    compiler saw nothing come out of the body they had.
    """
    bodies = _bodies(wasm)
    closed = _closed(bodies)
    imports = {*range(len(wasm.imported_functions)), *(supplied & closed)}
    risky = _callers(bodies, imports, closed - supplied) | imports
    calls = {
        function: found
        for function, body in bodies.items()
        if function not in supplied and (found := [call for call in body.held if call.target in risky])
    }
    copies: dict[int, list[Call]] = {}
    todo = [call.target for found in calls.values() for call in found]
    targets = set(todo)
    while todo:
        function = todo.pop()
        if function not in imports and function not in copies:
            found = [call for call in bodies[function].loose if call.target in risky]
            copies[function] = sorted([*found, *calls.get(function, ())], key=lambda call: call.start)
            fresh = {call.target for call in found} - targets
            targets |= fresh
            todo += fresh
    return Unsafe(calls, {function: copies[function] for function in sorted(copies)}, tuple(sorted(targets & imports)))


def _callers(bodies: dict[int, _Body], targets: Set[int], among: Set[int]) -> set[int]:
    """The functions ``among`` these that come to call one of ``targets`` through calls outside of every range."""
    callers: dict[int, list[int]] = defaultdict(list)
    for function in among:
        for call in bodies[function].loose:
            callers[call.target].append(function)
    found: set[int] = set()
    todo = list(targets)
    while todo:
        fresh = {caller for caller in callers[todo.pop()] if caller not in found}
        found |= fresh
        todo += fresh
    return found


def _closed(bodies: dict[int, _Body]) -> set[int]:
    """The defined members of N."""
    opened = {function for function, body in bodies.items() if body.throws}
    return bodies.keys() - opened - _callers(bodies, opened, bodies.keys())


def _bodies(wasm: Wasm) -> dict[int, _Body]:
    operands: dict[bytes, int] = {}
    data, first = wasm.data, len(wasm.imported_functions)
    bodies = {}
    for place, (start, end) in enumerate(wasm.bodies):
        code = opcodes.code_start(data, start, end)
        body = _Body([], [], [])
        for opcode, at, after, inside in _leaving(data, code, end):
            if opcode in _DIRECT:
                operand = data[at + 1 : after]
                target = operands.get(operand)
                if target is None:
                    target = operands[operand] = Reader(operand).u32()
                (body.held if inside else body.loose).append(Call(target, at + 1, after))
            elif not inside:
                body.throws.append(at)
        bodies[first + place] = body
    return bodies


def _leaving(data: bytes, code: int, end: int) -> Iterator[tuple[int, int, int, bool]]:
    """Instructions that may leave a body, each with whether it stands inside the range of a handler for everything.

    Blocks are counted from a ``try_table`` to its end and nowhere else: most code is in none.
    """
    while code < end:
        for opcode, at, after in opcodes.walk(data, code, end, _FLAT):
            code = after
            if opcode == opcodes.TRY_TABLE:
                break
            yield opcode, at, after, False
        else:
            return
        blocks = [opcodes.catches_all(data, at, code)]
        ranges = sum(blocks)
        for opcode, at, after in opcodes.walk(data, code, end, _NESTED):
            if opcode == opcodes.END:
                ranges -= blocks.pop()
                if not blocks:
                    code = after
                    break
            elif opcode in _BLOCKS:
                blocks.append(opcode == opcodes.TRY_TABLE and opcodes.catches_all(data, at, after))
                ranges += blocks[-1]
            else:
                yield opcode, at, after, ranges > 0 and opcode not in _TAIL
        else:
            return
