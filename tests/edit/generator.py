"""Random functions i32 -> i32 full of legacy exception handling, valid by construction, that always end.

The writer keeps the types on the operand stack: whatever an instruction takes is there, or is pushed before it. In dead code operands
may be missing, as validation allows. Loops share a supply of rounds (local 2). Local 1 gathers what happened, in order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.edit.tree import CARRIED, SIGNATURES, Block, Node, Values

ROUNDS = 6
"""How often the loops of one call begin, all together."""
_GATHERED, _SPENT = 1, 2


@dataclass(slots=True)
class _Label:
    takes: Values
    """The operands of a branch to it."""
    is_try: bool = False
    handles: bool = False
    """Its handler runs: ``rethrow`` may name it."""


class Writer:
    """Writes one function, which may call ``callees``. With ``any_target``, delegates name labels of all blocks, not only of tries."""

    def __init__(self, random: Random, callees: tuple[int, ...], any_target: bool = True, size: int = 30) -> None:
        self.random = random
        self.callees = callees
        self.any_target = any_target
        self.left = size
        self.labels: list[_Label] = []
        self.out: list[Node] = []
        self.stack: list[str] = []
        self.dead = False

    def function(self) -> list[Node]:
        """The body of a function; half of them tell what they would have thrown."""
        told: list[Node] = ["get 1", "add", "const 7", "mul"]
        start: list[Node] = ["get 0", "set 1"]
        if self.random.random() < 0.5:
            return start + self.sequence(_Label(("i32",)), (), ("i32",)) + told
        self.labels.append(_Label(("i32",)))
        body = self.sequence(_Label(("i32",), is_try=True), (), ("i32",))
        arms = [("catch 0", told), ("catch 1", ["const 50", *told]), ("catch 2", [*told, "set 1", "wrap", "get 1", "mul"])]
        return [*start, Block("try", "i32", body, [(title, list(nodes)) for title, nodes in arms]), *told]

    def sequence(self, label: _Label, starts: Values, ends: Values) -> list[Node]:
        """What stands inside of a label."""
        outer = self.out, self.stack, self.dead
        self.out, self.stack, self.dead = [], list(starts), False
        self.labels.append(label)
        for _ in range(self.random.randint(0, 5)):
            if self.left <= 0:
                break
            self.left -= 1
            self.random.choice(_STEPS)(self)
        self.leave(ends)
        self.labels.pop()
        written = self.out
        self.out, self.stack, self.dead = outer
        return written

    # ------------------------------------------------------------------ operands

    def push(self, kind: str) -> None:
        number = self.random.choice((0, 1, 2, 3, 5, -1, 1000003))
        if kind == "i64":
            self.out += self.random.choice(([f"const64 {number}"], ["get 1", "extend"]))
        else:
            self.out += self.random.choice(([f"const {number}"], ["get 0"], ["get 1"], ["get 1", "const 3", "and"]))
        self.stack.append(kind)

    def need(self, kinds: Values) -> None:
        """Have operands of ``kinds`` on the stack; the caller takes them off."""
        if self.missing(kinds):
            self.stack = list(kinds)
            return
        there = next(n for n in range(len(kinds), -1, -1) if n <= len(self.stack) and tuple(self.stack[len(self.stack) - n :]) == kinds[:n])
        for kind in kinds[there:]:
            self.push(kind)

    def missing(self, kinds: Values) -> bool:
        """Whether dead code is to leave out what is not on its stack."""
        there = len(self.stack)
        return self.dead and there <= len(kinds) and tuple(self.stack) == kinds[len(kinds) - there :] and self.random.random() < 0.7

    def take(self, kinds: Values) -> None:
        self.need(kinds)
        del self.stack[len(self.stack) - len(kinds) :]

    def leave(self, kinds: Values) -> None:
        """Have ``kinds`` on the stack and nothing else."""
        if self.missing(kinds):
            return
        while tuple(self.stack) != kinds[: len(self.stack)]:
            self.gather()
        for kind in kinds[len(self.stack) :]:
            self.push(kind)

    def gather(self) -> None:
        """Take what is on top of the stack into account."""
        if not self.stack:
            self.push("i32")
        if self.stack.pop() == "i64":
            self.out.append("wrap")
        if self.random.random() < 0.2:
            self.out.append("drop")
        else:
            self.out += ["get 1", "const 31", "mul", "add", "set 1"]

    # ------------------------------------------------------------------ steps

    def value(self) -> None:
        self.push(self.random.choice(("i32", "i64")))

    def call(self) -> None:
        self.take(("i32",))
        if self.random.random() < 0.7:
            self.out += ["const 3", "and"]
        self.out.append(f"call {self.random.choice(self.callees)}")
        self.stack.append("i32")

    def leaving(self) -> None:
        """Go elsewhere, most often under a condition."""
        if self.random.random() < 0.15:
            self.go()
            return
        self.take(("i32",))
        self.out += [f"const {self.random.randint(0, 3)}", "eq"] if self.random.random() < 0.7 else []
        outer = self.out, self.stack, self.dead
        self.out, self.stack, self.dead = [], [], False
        self.labels.append(_Label(()))
        self.go()
        self.labels.pop()
        body = self.out
        self.out, self.stack, self.dead = outer
        self.out.append(Block("if", "void", body))

    def go(self) -> None:
        handlers = [n for n, label in enumerate(reversed(self.labels)) if label.handles]
        ways = ["br", "br", "br_table", "throw", "throw", "return", *["rethrow"] * (3 if handlers else 0)]
        if self.random.random() < 0.05:
            ways = ["unreachable"]
        way = self.random.choice(ways)
        number = self.random.randrange(len(self.labels))
        match way:
            case "br":
                self.take(self.takes(number))
                self.out.append(f"br {number}")
            case "br_table":
                alike = [n for n in range(len(self.labels)) if self.takes(n) == self.takes(number)]
                self.take((*self.takes(number), "i32"))
                targets = [self.random.choice(alike) for _ in range(self.random.randint(1, 4))]
                self.out.append(" ".join(map(str, ("br_table", len(targets) - 1, *targets))))
            case "throw":
                tag = self.random.randrange(len(CARRIED))
                self.take(CARRIED[tag])
                self.out.append(f"throw {tag}")
            case "rethrow":
                self.out.append(f"rethrow {self.random.choice(handlers)}")
            case "return":
                self.take(("i32",))
                self.out.append("return")
            case _:
                self.out.append(way)
        self.stack, self.dead = [], True

    def branch_if(self) -> None:
        number = self.random.randrange(len(self.labels))
        self.need((*self.takes(number), "i32"))
        self.stack.pop()
        self.out.append(f"br_if {number}")

    def takes(self, number: int) -> Values:
        return self.labels[-1 - number].takes

    def block(self) -> None:
        kind = self.block_type()
        starts, ends = SIGNATURES[kind]
        self.take(starts)
        body = self.sequence(_Label(ends), starts, ends)
        self.opened(Block("block", kind, body))

    def loop(self) -> None:
        kind = self.block_type()
        starts, ends = SIGNATURES[kind]
        self.take(starts)
        spent: list[Node] = ["get 2", "const 1", "add", "tee 2", f"const {ROUNDS}", "eq", Block("if", "void", ["get 1", "return"])]
        body = self.sequence(_Label(starts), starts, ends)
        self.opened(Block("loop", kind, spent + body))

    def condition(self) -> None:
        kind = self.block_type()
        starts, ends = SIGNATURES[kind]
        self.take((*starts, "i32"))
        body = self.sequence(_Label(ends), starts, ends)
        arms = [("else", self.sequence(_Label(ends), starts, ends))] if starts != ends or self.random.random() < 0.5 else []
        self.opened(Block("if", kind, body, arms))

    def attempt(self) -> None:
        """A try, with handlers or with delegate."""
        kind = self.block_type()
        starts, ends = SIGNATURES[kind]
        self.take(starts)
        body = self.sequence(_Label(ends, is_try=True), starts, ends)
        targets = [n for n, label in enumerate(reversed(self.labels)) if label.is_try or self.any_target or n == len(self.labels) - 1]
        if self.random.random() < 0.3:
            self.opened(Block("try", kind, body, delegate=self.random.choice(targets)))
            return
        tags = [self.random.randrange(len(CARRIED)) for _ in range(self.random.randint(0, 2))]
        arms = [(f"catch {tag}", self.sequence(_Label(ends, handles=True), CARRIED[tag], ends)) for tag in tags]
        if self.random.random() < 0.6:
            arms.append(("catch_all", self.sequence(_Label(ends, handles=True), (), ends)))
        self.opened(Block("try", kind, body, arms))

    def opened(self, block: Block) -> None:
        self.out.append(block)
        self.stack += SIGNATURES[block.type][1]

    def block_type(self) -> str:
        return self.random.choice(tuple(SIGNATURES))


_STEPS: tuple[Callable[[Writer], None], ...] = (
    *(Writer.value, Writer.gather, Writer.call, Writer.call, Writer.leaving, Writer.leaving, Writer.branch_if),
    *(Writer.block, Writer.loop, Writer.condition, Writer.attempt, Writer.attempt, Writer.attempt, Writer.attempt),
)
