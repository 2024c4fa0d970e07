"""Legacy exception handling, run as its proposal says, over trees: what a translation must not change.

A handler's exception, a delegated one and a branch each travel outwards as a Python exception, one label at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.edit.assembler import TYPES
from tests.edit.tree import CARRIED, SIGNATURES, Block, Node


class Thrown(Exception):
    """A wasm exception."""

    def __init__(self, tag: int, values: list[int]) -> None:
        self.tag = tag
        self.values = values


class Delegated(Exception):
    """A wasm exception on its way to a label, past every handler before it."""

    def __init__(self, labels: int, thrown: Thrown) -> None:
        self.labels = labels
        self.thrown = thrown


class Branch(Exception):
    """A branch on its way to its label."""

    def __init__(self, labels: int, values: list[int]) -> None:
        self.labels = labels
        self.values = values


class Trapped(Exception):
    """``unreachable`` was."""


@dataclass(slots=True)
class Label:
    """An open label: how many values a branch to it takes, and the exception whose handler runs."""

    arity: int
    caught: Thrown | None = None


def run(functions: Sequence[list[Node]], number: int, argument: int) -> int | str:
    """What a function returns, or that it has ``thrown`` or ``trapped``."""
    try:
        return _Call(functions).result(functions[number], argument)
    except Thrown:
        return "thrown"
    except Trapped:
        return "trapped"


class _Call:
    """One call of one function."""

    def __init__(self, functions: Sequence[list[Node]]) -> None:
        self.functions = functions
        self.stack: list[int] = []
        self.labels: list[Label] = []

    def result(self, body: list[Node], argument: int) -> int:
        self.locals = [argument, 0, 0]
        self.labels.append(Label(arity=1))
        try:
            self.nodes(body)
        except Branch as branch:
            assert branch.labels == 0
            self.stack = branch.values
        except Delegated as delegated:
            assert delegated.labels == 0
            raise delegated.thrown from None
        (value,) = self.stack
        return value

    def nodes(self, nodes: list[Node]) -> None:
        for node in nodes:
            if isinstance(node, Block):
                self.block(node)
            else:
                self.instruction(*node.split())

    def block(self, block: Block) -> None:
        params, results = SIGNATURES[block.type]
        taken = block.opcode != "if" or self.stack.pop() != 0
        height = len(self.stack) - len(params)
        again = True
        while again:
            again = False
            self.labels.append(Label(len(params if block.opcode == "loop" else results)))
            try:
                if block.opcode == "try":
                    self.guarded(block, height)
                else:
                    self.nodes(block.body if taken else block.arms[0][1] if block.arms else [])
            except Branch as branch:
                if branch.labels > 0:
                    raise Branch(branch.labels - 1, branch.values) from None
                self.stack[height:] = branch.values
                again = block.opcode == "loop"
            except Delegated as delegated:
                if delegated.labels > 0:
                    raise Delegated(delegated.labels - 1, delegated.thrown) from None
                raise delegated.thrown from None
            finally:
                self.labels.pop()
        assert len(self.stack) == height + len(results)

    def guarded(self, block: Block, height: int) -> None:
        """A try: its body, and the handler of what that throws."""
        label = self.labels[-1]
        try:
            return self.nodes(block.body)
        except Thrown as exception:
            thrown = exception
        except Delegated as delegated:
            if delegated.labels > 0:
                raise
            thrown = delegated.thrown
        if block.delegate is not None:
            raise Delegated(block.delegate + 1, thrown)
        for title, handler in block.arms:
            if title == "catch_all" or title == f"catch {thrown.tag}":
                label.caught = thrown
                self.stack[height:] = thrown.values if title != "catch_all" else []
                return self.nodes(handler)
        raise thrown

    def instruction(self, name: str, *operands: str) -> None:
        stack, numbers = self.stack, [int(operand) for operand in operands]
        match name:
            case "const" | "const64":
                stack.append(numbers[0])
            case "get":
                stack.append(self.locals[numbers[0]])
            case "set":
                self.locals[numbers[0]] = stack.pop()
            case "tee":
                self.locals[numbers[0]] = stack[-1]
            case "drop":
                stack.pop()
            case "extend":
                pass
            case "wrap":
                stack.append(_i32(stack.pop()))
            case "add" | "mul" | "and" | "eq":
                right, left = stack.pop(), stack.pop()
                stack.append(_i32({"add": left + right, "mul": left * right, "and": left & right, "eq": int(left == right)}[name]))
            case "br":
                self.branch(numbers[0])
            case "br_if":
                if stack.pop():
                    self.branch(numbers[0])
            case "br_table":
                count, *targets = numbers
                choice = stack.pop() % 2**32
                self.branch(targets[min(choice, count)])
            case "return":
                self.branch(len(self.labels) - 1)
            case "unreachable":
                raise Trapped
            case "throw":
                raise Thrown(numbers[0], self.popped(len(CARRIED[numbers[0]])))
            case "rethrow":
                caught = self.labels[-1 - numbers[0]].caught
                assert caught is not None
                raise caught
            case "call":
                assert TYPES[0] == (("i32",), ("i32",))
                stack.append(_Call(self.functions).result(self.functions[numbers[0]], stack.pop()))
            case _:
                raise AssertionError(name)

    def branch(self, label: int) -> None:
        raise Branch(label, self.popped(self.labels[-1 - label].arity))

    def popped(self, count: int) -> list[int]:
        return self.stack[len(self.stack) - count :]


def _i32(value: int) -> int:
    return (value + 2**31) % 2**32 - 2**31
