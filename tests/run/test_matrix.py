"""The recovery matrix: every event by every way in, in each build, run for real.

``tests/matrix`` has the data and what runs a cell; docs/recovery.md shows what was observed. Here each cell is one test, by name:
``pytest -k "Panic-await-unwind"``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ..matrix.cell import run
from ..matrix.plan import BUILDS, CELLS, EVENTS, EXCEPTIONS, NO_SUCH_CELL, WAYS, expected, no_such_cell
from ..matrix.rows import ROWS
from ..matrix.table import DOCUMENT, KINDS, with_tables
from ..matrix.world import Outcome

Observe = Callable[[str, str, str], Outcome]


@pytest.fixture(scope="module")
def observe(load: Callable[..., Any]) -> Observe:
    """What comes of a cell. Each is run once, whoever asks."""
    packages = {build: load("matrix", build) for build in BUILDS}
    seen: dict[tuple[str, str, str], Outcome] = {}

    def get(event: str, way: str, build: str) -> Outcome:
        key = event, way, build
        if key not in seen:
            seen[key] = run(packages[build], event, way, build)
        return seen[key]

    return get


@pytest.mark.parametrize(("event", "way", "build"), CELLS, ids=["-".join(cell).replace("`", "") for cell in CELLS])
def test_cell(observe: Observe, event: str, way: str, build: str) -> None:
    assert observe(event, way, build) == expected(event, way, build)


def test_the_document_shows_what_was_observed(observe: Observe) -> None:
    text = DOCUMENT.read_text("utf-8")
    assert with_tables(text, {cell: observe(*cell) for cell in CELLS}) == text, "`python -m tests.matrix` writes it"


# ------------------------------------------------------------------------------------------- the plan


def test_the_plan_knows_every_event_of_the_guest(load: Callable[..., Any]) -> None:
    assert [event.name for event in load("matrix", "unwind").Event] == list(EVENTS)


def test_every_cell_has_an_outcome_or_a_reason() -> None:
    for event in EVENTS:
        for way in WAYS:
            assert no_such_cell(event, way) or {(event, way, build) for build in BUILDS} <= set(CELLS)


def test_reasons_are_about_something() -> None:
    for ways, events in NO_SUCH_CELL.values():
        assert set(ways) <= set(WAYS)
        assert set(events) <= set(EVENTS)
    for events, ways, builds, outcome in EXCEPTIONS.values():
        for event in events:
            for way in ways:
                usual = [WAYS[way].translate(EVENTS[event].outcomes[build == "abort"]) for build in builds]
                assert no_such_cell(event, way) is None
                assert outcome not in usual, "nothing exceptional"


def test_kinds_of_death_have_letters_of_their_own() -> None:
    assert len(set(KINDS.values())) == len(KINDS)
    assert {outcome.detail for event in EVENTS.values() for outcome in event.outcomes if outcome.ending == "death"} <= set(KINDS)


# ------------------------------------------------------------------------------------------- the document's other table

_HERE = Path(__file__).parent


def rows() -> list[str]:
    """The first cell of each row of the table of events."""
    section = DOCUMENT.read_text("utf-8").partition("\n## Events\n")[2].partition("\n## ")[0].partition("\n### ")[0]
    return [row.split(" | ")[0].removeprefix("| ") for row in re.findall(r"^\| .*", section, re.MULTILINE)][1:]


@pytest.mark.parametrize("row", rows())
def test_a_row_is_tested(row: str) -> None:
    """By cells of the matrix, or by tests that exist."""
    assert ROWS.get(row), "tests/matrix/rows.py says by what"
    for name in ROWS[row]:
        module, separator, test = name.partition("::")
        if separator:
            tree = ast.parse((_HERE / f"{module}.py").read_text("utf-8"))
            assert test in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, name
        else:
            assert name in EVENTS or name in WAYS, name


def test_no_row_is_about_nothing() -> None:
    assert set(ROWS) == set(rows())
