"""Functions with legacy exception handling as trees: what the generator makes, the interpreter runs and the assembler is given as text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.edit.assembler import TAGS, TYPES

Values = tuple[str, ...]

SIGNATURES: dict[str, tuple[Values, Values]] = {
    "void": ((), ()),
    "i32": ((), ("i32",)),
    "i64": ((), ("i64",)),
    **{str(number): signature for number, signature in enumerate(TYPES)},
}
"""Parameters and results of every block type, as the assembler writes it."""

CARRIED: tuple[Values, ...] = tuple(TYPES[tag][0] for tag in TAGS)
"""What each tag carries."""


@dataclass(slots=True)
class Block:
    """A block, loop, if or try. ``arms`` are what follows its body: ``else``, ``catch 0``, ``catch_all``; ``delegate`` the label."""

    opcode: str
    type: str
    body: list[Node]
    arms: list[tuple[str, list[Node]]] = field(default_factory=list)
    delegate: int | None = None


Node = str | Block
"""A block, or an instruction as the assembler reads it, such as ``br_table 1 0 2``."""


def text(nodes: Iterable[Node]) -> str:
    """What the assembler reads."""
    return " ".join(node if isinstance(node, str) else _block(node) for node in nodes)


def _block(block: Block) -> str:
    arms = [f"{title} {text(nodes)}" for title, nodes in block.arms]
    end = "end" if block.delegate is None else f"delegate {block.delegate}"
    return " ".join((block.opcode, block.type, text(block.body), *arms, end))
