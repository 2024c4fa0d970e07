"""The README's state diagram, drawn from the table in code: ``python -m tests.diagram`` writes it."""

from __future__ import annotations

import re
from pathlib import Path

from bindgen_patch.recovery.state import TRANSITIONS, State

README = Path(__file__).resolve().parent.parent / "README.md"
_PLACE = re.compile(r"(<!-- state diagram -->\n).*?(<!-- end of state diagram -->)", re.DOTALL)


def diagram() -> str:
    """Mermaid text: an arrow per transition."""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {State.NEW}"]
    lines += [f"    {before} --> {after}: {event}" for (before, event), after in TRANSITIONS.items()]
    return "\n".join([*lines, "```", ""])


def with_diagram(text: str) -> str:
    """``text`` with the diagram in its place."""
    return _PLACE.sub(lambda match: match[1] + diagram() + match[2], text)


if __name__ == "__main__":
    README.write_text(with_diagram(README.read_text()))
