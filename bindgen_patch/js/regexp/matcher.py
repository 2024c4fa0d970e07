"""A backtracking matcher for every pattern (ECMA-262 22.2.2), which can be interrupted.

A pattern is compiled to instructions. What may have to be taken back is on a stack of our own: places to go on from, and registers'
former values. So neither the length of the text nor that of a repetition is limited by Python's stack, and every few thousand steps
somebody is asked whether there is time left.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from ..errors import RangeError
from .parser import Back, Boundary, Capture, Chars, Choice, Edge, Look, Node, Pattern, Repeat, Sequential
from .sets import LINE_ENDS, CharSet, Membership, canonical, compiled, simple_fold

STEPS: Final = 4096
"""How many steps are made between two questions for patience."""
MAX_STACK: Final = 1 << 21
"""How much may be there to take back; V8 gives up at some size, too."""
_MAX_RUN: Final = 1 << 31

Captures = list[int]
"""Start and end of the match, then of each capture; -1 for one that has taken no part."""


# What an instruction does. It goes on with the next one unless its operands say where.
(
    _SET,  # a character of this set comes next
    _TEXT,  # these characters come next
    _RUN,  # so many characters of a set; the places between the least and the most are kept for later
    _SPLIT,  # go on at the first place, later at the second
    _JUMP,
    _SAVE,  # the position goes into a register
    _ZERO,  # a counter starts
    _FORGET,  # captures of a former turn of a loop are no more
    _LOOP,  # one turn more, or go on behind the loop; or both, one of them later
    _NEXT,  # a turn is over; one that matched nothing counts for as long as turns are demanded
    _SET_BEHIND,
    _TEXT_BEHIND,
    _BOUNDARY,
    _START,
    _END,
    _BACK,  # what a capture has matched comes next
    _LOOK,  # what follows, up to its own _MATCH, matches here
    _MATCH,
    _FAIL,
) = range(19)


class Program:
    """The instructions of a pattern."""

    def __init__(self, pattern: Pattern, by_code_point: bool) -> None:
        self.code: list[tuple[Any, ...]] = []
        self.captures = 2 * pattern.captures + 2
        self.registers = self.captures
        self._fold = simple_fold if by_code_point else canonical
        self._emit(pattern.root, behind=False)
        self.code.append((_MATCH,))

    def _register(self) -> int:
        self.registers += 1
        return self.registers - 1

    def _emit(self, node: Node, behind: bool) -> None:
        code = self.code
        match node:
            case Chars(chars):
                single = chars.single()
                if single is not None:
                    code.append((_TEXT_BEHIND if behind else _TEXT, single, 1))
                else:
                    code.append((_SET_BEHIND if behind else _SET, Membership(chars)))
            case Sequential(items):
                self._sequence(items, behind)
            case Choice(options):
                self._choice(options, behind)
            case Capture(index, body):
                first, last = (2 * index + 1, 2 * index) if behind else (2 * index, 2 * index + 1)
                code.append((_SAVE, first))
                self._emit(body, behind)
                code.append((_SAVE, last))
            case Repeat():
                self._repeat(node, behind)
            case Look(body, look_behind, negative):
                look = self._reserve()
                self._emit(body, look_behind)
                code.append((_MATCH,))
                code[look] = (_LOOK, negative, len(code))
            case Back(indices, ignore_case):
                code.append((_BACK, indices, self._fold if ignore_case else None, behind))
            case Edge(end, multiline):
                code.append((_END if end else _START, Membership(LINE_ENDS) if multiline else None))
            case Boundary(negative, word):
                code.append((_BOUNDARY, negative, Membership(word)))

    def _reserve(self) -> int:
        """Room for an instruction whose operands are known later."""
        self.code.append((_FAIL,))
        return len(self.code) - 1

    def _sequence(self, items: tuple[Node, ...], behind: bool) -> None:
        text = ""
        for item in reversed(items) if behind else items:
            single = item.chars.single() if isinstance(item, Chars) else None
            if single is not None:
                text = single + text if behind else text + single
                continue
            self._text(text, behind)
            text = ""
            self._emit(item, behind)
        self._text(text, behind)

    def _text(self, text: str, behind: bool) -> None:
        if text:
            self.code.append((_TEXT_BEHIND if behind else _TEXT, text, len(text)))

    def _choice(self, options: tuple[Node, ...], behind: bool) -> None:
        ends: list[int] = []
        for option in options[:-1]:
            split = self._reserve()
            self._emit(option, behind)
            ends.append(self._reserve())
            self.code[split] = (_SPLIT, split + 1, len(self.code))
        self._emit(options[-1], behind)
        for end in ends:
            self.code[end] = (_JUMP, len(self.code))

    def _repeat(self, node: Repeat, behind: bool) -> None:
        code = self.code
        low, high, greedy = node.low, node.high, node.greedy
        if high == 0:
            return
        if low >= _MAX_RUN and minimum(node.body):
            code.append((_FAIL,))  # no text is as long
            return
        if high is not None and high >= _MAX_RUN:
            high = None
        if isinstance(node.body, Chars) and not behind:
            most = "" if high is None else high
            code.append((_RUN, compiled(node.body.chars, f"{{0,{most}}}+"), low, greedy))
            return
        counted = low > 0 or high is not None
        counter = self._register() if counted else None
        started = None if minimum(node.body) else self._register()
        if counter is not None:
            code.append((_ZERO, counter))
        head = self._reserve()
        if started is not None:
            code.append((_SAVE, started))
        if node.first < node.last:
            code.append((_FORGET, 2 * node.first, 2 * node.last))
        self._emit(node.body, behind)
        if counter is None and started is None:
            code.append((_JUMP, head))
        else:
            code.append((_NEXT, counter, started, low, head))
        if counter is not None:
            code[head] = (_LOOP, counter, low, high, greedy, len(code))
        else:
            code[head] = (_SPLIT, head + 1, len(code)) if greedy else (_SPLIT, len(code), head + 1)


def minimum(node: Node) -> int:
    """The fewest characters that a node matches, or fewer; not more than one."""
    match node:
        case Chars():
            return 1
        case Sequential(items):
            return max(map(minimum, items), default=0)
        case Choice(options):
            return min(map(minimum, options))
        case Capture(_, body):
            return minimum(body)
        case Repeat(body, low):
            return minimum(body) if low else 0
    return 0


def beginnings(node: Node) -> tuple[CharSet, bool]:
    """The characters that what a node matches may begin with, and whether it may match nothing."""
    match node:
        case Chars(chars):
            return chars, False
        case Sequential(items):
            found = CharSet(())
            for item in items:
                chars, empty = beginnings(item)
                found |= chars
                if not empty:
                    return found, False
            return found, True
        case Choice(options):
            parts = [beginnings(option) for option in options]
            return CharSet.of(*(span for chars, _ in parts for span in chars.ranges)), any(empty for _, empty in parts)
        case Capture(_, body):
            return beginnings(body)
        case Repeat(body, low, high):
            chars, empty = beginnings(body)
            return (CharSet(()) if high == 0 else chars), empty or not low
        case Back():
            return ~CharSet(()), True
    return CharSet(()), True


class Matcher:
    """Runs a program on one text. ``patience`` is asked when the fuel is used up, then every :data:`STEPS` steps; it may raise."""

    def __init__(self, program: Program, text: str, patience: Callable[[], None], fuel: int = STEPS) -> None:
        self.program = program
        self.text = text
        self.patience = patience
        self.fuel = fuel

    def match(self, start: int) -> Captures | None:
        """The match that begins at ``start``."""
        registers = [-1] * self.program.registers
        registers[0] = start
        end = self._run(0, start, registers)
        if end < 0:
            return None
        registers[1] = end
        return registers[: self.program.captures]

    def _run(self, pc: int, pos: int, registers: list[int]) -> int:
        """Where a match ends, or -1; then the registers are as they were. One long function: a call for each step would double its cost.

        The stack holds ``(place, position, bound)``: go on there from that position, and if it is not the bound yet, later from the
        next one towards it. ``(-1 - register, value, 0)`` gives a register its former value back.
        """
        code, text, size = self.program.code, self.text, len(self.text)
        stack: list[tuple[int, int, int]] = []
        fuel = self.fuel
        while True:
            fuel -= 1
            if fuel <= 0:
                if len(stack) > MAX_STACK:
                    raise RangeError("Maximum call stack size exceeded: a regular expression has too much to try")
                self.patience()
                fuel = STEPS
            instruction = code[pc]
            op = instruction[0]
            failed = False
            if op == _SET:
                if pos < size and instruction[1][text[pos]]:
                    pos += 1
                    pc += 1
                else:
                    failed = True
            elif op == _TEXT:
                if text.startswith(instruction[1], pos):
                    pos += instruction[2]
                    pc += 1
                else:
                    failed = True
            elif op == _RUN:
                _, pattern, low, greedy = instruction
                end = pattern.match(text, pos).end()
                fuel -= (end - pos) >> 5
                pc += 1
                if end - pos < low:
                    failed = True
                elif greedy:
                    if end > pos + low:
                        stack.append((pc, end - 1, pos + low))
                    pos = end
                else:
                    pos += low
                    if end > pos:
                        stack.append((pc, pos + 1, end))
            elif op == _SPLIT:
                stack.append((instruction[2], pos, pos))
                pc = instruction[1]
            elif op == _JUMP:
                pc = instruction[1]
            elif op == _SAVE:
                register = instruction[1]
                stack.append((-1 - register, registers[register], 0))
                registers[register] = pos
                pc += 1
            elif op == _FORGET:
                for register in range(instruction[1], instruction[2]):
                    if registers[register] >= 0:
                        stack.append((-1 - register, registers[register], 0))
                        registers[register] = -1
                fuel -= (instruction[2] - instruction[1]) >> 2
                pc += 1
            elif op == _ZERO:
                register = instruction[1]
                stack.append((-1 - register, registers[register], 0))
                registers[register] = 0
                pc += 1
            elif op == _LOOP:
                _, register, low, high, greedy, after = instruction
                turns = registers[register]
                if turns < low:
                    pc += 1
                elif high is not None and turns >= high:
                    pc = after
                elif greedy:
                    stack.append((after, pos, pos))
                    pc += 1
                else:
                    stack.append((pc + 1, pos, pos))
                    pc = after
            elif op == _NEXT:
                _, register, started, low, head = instruction
                turns = 0 if register is None else registers[register]
                if started is not None and registers[started] == pos and turns >= low:
                    failed = True
                else:
                    if register is not None:
                        stack.append((-1 - register, turns, 0))
                        registers[register] = turns + 1
                    pc = head
            elif op == _SET_BEHIND:
                if pos > 0 and instruction[1][text[pos - 1]]:
                    pos -= 1
                    pc += 1
                else:
                    failed = True
            elif op == _TEXT_BEHIND:
                before = pos - instruction[2]
                if before >= 0 and text.startswith(instruction[1], before):
                    pos = before
                    pc += 1
                else:
                    failed = True
            elif op == _BOUNDARY:
                word = instruction[2]
                at_boundary = (pos > 0 and word[text[pos - 1]]) != (pos < size and word[text[pos]])
                failed = at_boundary is instruction[1]
                pc += 1
            elif op == _START:
                failed = pos > 0 and (instruction[1] is None or not instruction[1][text[pos - 1]])
                pc += 1
            elif op == _END:
                failed = pos < size and (instruction[1] is None or not instruction[1][text[pos]])
                pc += 1
            elif op == _BACK:
                length = self._back(pos, registers, *instruction[1:])
                failed = length is None
                if length is not None:
                    fuel -= abs(length) >> 5
                    pos += length
                    pc += 1
            elif op == _LOOK:
                former = registers[:]
                self.fuel = fuel - (len(former) >> 4)
                found = self._run(pc + 1, pos, registers) >= 0
                fuel = self.fuel
                if found and instruction[1]:
                    registers[:] = former
                elif found:
                    stack += [(-1 - at, old, 0) for at, old in enumerate(former) if old != registers[at]]
                failed = found is instruction[1]
                pc = instruction[2]
            elif op == _MATCH:
                self.fuel = fuel
                return pos
            else:
                failed = True
            while failed:
                if not stack:
                    self.fuel = fuel
                    return -1
                pc, pos, bound = stack.pop()
                if pc < 0:
                    registers[-1 - pc] = pos
                    continue
                failed = False
                if pos > bound:
                    stack.append((pc, pos - 1, bound))
                elif pos < bound:
                    stack.append((pc, pos + 1, bound))

    def _back(self, pos: int, registers: list[int], indices: Sequence[int], fold: Callable[[str], str] | None, behind: bool) -> int | None:
        """How far a reference to a capture goes from here; ``None`` where the text is another."""
        spans = (registers[2 * index : 2 * index + 2] for index in indices)
        start, end = next((span for span in spans if min(span) >= 0), (0, 0))
        length = end - start
        here = pos - length if behind else pos
        if here < 0 or here + length > len(self.text):
            return None
        wanted, found = self.text[start:end], self.text[here : here + length]
        if wanted != found and (fold is None or any(fold(one) != fold(other) for one, other in zip(wanted, found, strict=True))):
            return None
        return -length if behind else length


def prefilter(pattern: Pattern) -> re.Pattern[str] | None:
    """What finds the places where a match can begin; ``None`` where that may be anywhere."""
    chars, empty = beginnings(pattern.root)
    return None if empty or chars == ~CharSet(()) else compiled(chars)
