"""The matrix for readers: what was observed, as Markdown."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from pathlib import Path

from .plan import BUILDS, EVENTS, WAYS, no_such_cell, why_different
from .world import Outcome

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "recovery.md"
_PLACE = re.compile(r"(<!-- matrix -->\n).*?(<!-- end of matrix -->)", re.DOTALL)

Observed = Mapping[tuple[str, str, str], Outcome]
"""(event, way, build) -> what came of it."""

KINDS = {
    "unreachable": "u",
    "panic": "p",
    "out_of_memory": "m",
    "stack_overflow": "s",
    "out_of_bounds": "o",
    "bad_call": "c",
    "foreign_exception": "x",
    "abi_violation": "a",
    "deadline": "d",
    "fuel": "f",
    "terminated": "t",
}
NONE = "·"
_TITLES = {
    ("unwind", "legacy"): "Guests built with panic=unwind, by either form of exception handling",
    ("unwind",): "Guests built with panic=unwind, final exception handling",
    ("legacy",): "Guests built with panic=unwind, legacy exception handling",
    ("abort",): "Guests built with panic=abort",
}
LEGEND = """\
Each cell was run: a fresh instance, one event, one way in. `python -m tests.matrix` writes these tables from what it
observes. First what the caller gets:

| | | | |
|---|---|---|---|
| `✓` | the call returns | `P` | `PanicError` |
| `E` | the error that the guest returned or threw, or the very object that the host function raised | `†` | `GuestAborted` |
| `(†)` | nobody is told: the next call is refused | `log` | nobody is told: the error is logged |
| `R` | the awaitable raises `ModuleTerminated` | `·` | there is no such cell, for the reason in the footnote |

{kinds}

Then the instance. With a `†` it is terminated: hooks ran once, calls are refused until a fresh instance is asked for, and then the same
functions work again. With a `°`, after a `†` too, it is new: no hook ran, and the next call tries afresh. With `↻` it is replaced: a fresh
one serves the next call. Else it is live: state is kept, and nothing is left of the call, neither stack nor handles. With a `*` the
exception has passed frames whose destructors did not run, and that shows: an object stays borrowed, a value is not let go of. (With
panic=abort there are no such destructors anywhere; what those frames owned in memory is leaked.)

{ways}
"""


def symbol(outcome: Outcome) -> str:
    """A few characters for a cell."""
    dead = "†" + KINDS.get(outcome.detail, "?")
    match outcome.ending:
        case "death":
            text = dead
        case "refused" if outcome.state == "live":
            text = "R"
        case "returned" | "refused" if outcome.state == "terminated":
            text = f"({dead})"
        case ending:
            text = {"returned": "✓", "panic": "P", "error": "E", "host": "E"}[ending] + ("†" if outcome.state == "terminated" else "")
    if outcome.logged:
        text = "log" if text == "✓" else f"{text} log"
    if outcome.fresh:
        text = "↻" if text == "✓" else f"{text}↻"
    return text + ("*" if outcome.left else "") + ("°" if outcome.state == "new" else "")


def tables(observed: Observed) -> str:
    """One table for all builds in which the same was observed."""
    seen = {build: tuple(observed.get((event, way, build)) for event in EVENTS for way in WAYS) for build in BUILDS}
    groups = dict.fromkeys(tuple(build for build in BUILDS if seen[build] == seen[other]) for other in BUILDS)
    notes: list[str] = []
    text = [LEGEND.format(kinds=_kinds(), ways=_ways())]
    for group in groups:
        text += [f"#### {_TITLES[group]}", "", "| | " + " | ".join(WAYS) + " |", "|---" * (len(WAYS) + 1) + "|"]
        for name, event in EVENTS.items():
            cells = [_cell(observed, name, way, group[0], notes) for way in WAYS]
            text.append(f"| {event.title} | " + " | ".join(cells) + " |")
        text.append("")
    text += [f"{number}. {note[0].upper()}{note[1:]}." for number, note in enumerate(notes, 1)]
    return "\n".join([*text, ""])


def _kinds() -> str:
    """What the letters are, a paragraph."""
    letters = ", ".join(f"`{letter}` {kind}" for kind, letter in KINDS.items())
    return _paragraph(f"The letter after `†` is the kind: {letters}.")


def _ways() -> str:
    """What the columns are, a paragraph."""
    columns = "; ".join(f"**{name}** {way.title}" for name, way in WAYS.items())
    return _paragraph(f"The ways in: {columns}.")


def _paragraph(text: str) -> str:
    return textwrap.fill(text, 140, break_long_words=False, break_on_hyphens=False)


def _cell(observed: Observed, event: str, way: str, build: str, notes: list[str]) -> str:
    outcome = observed.get((event, way, build))
    text = NONE if outcome is None else symbol(outcome)
    note = no_such_cell(event, way) if outcome is None else why_different(event, way, build)
    if note is None:
        return text
    if note not in notes:
        notes.append(note)
    return f"{text}<sup>{notes.index(note) + 1}</sup>"


def with_tables(document: str, observed: Observed) -> str:
    """``document`` with the tables in their place."""
    return _PLACE.sub(lambda match: match[1] + tables(observed) + match[2], document)
