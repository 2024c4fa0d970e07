"""Node's opinion on the built-ins: scripts with what Node makes of them, and what ours does.

``scripts/*.js`` hold one script a line, and below it what Node 24 says; in ``scripts_async/*.js`` it is what becomes of the value after a
while. ``BLESS=1`` asks Node again.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from .oracle import NODE
from .script import ours, ours_later, theirs

ASYNC_FILES = sorted((Path(__file__).parent / "scripts_async").glob("*.js"))
FILES = sorted((Path(__file__).parent / "scripts").glob("*.js"))
_MARK = "//> "


def is_recent() -> bool:
    """Whether there is a Node that has all of this."""
    if NODE is None:
        return False
    version = subprocess.run([NODE, "--version"], capture_output=True, text=True, check=True).stdout
    return int(version.removeprefix("v").split(".")[0]) >= 24


def scripts(file: Path) -> list[str]:
    """The scripts of a file."""
    return [line for line in file.read_text().splitlines() if line and not line.startswith("//")]


def answers(file: Path) -> list[str]:
    """What Node says of each of them."""
    return [line.removeprefix(_MARK) for line in file.read_text().splitlines() if line.startswith(_MARK)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_ours_do_what_node_says(file: Path) -> None:
    sources, expected = scripts(file), answers(file)
    assert len(sources) == len(expected) > 10
    differences = [(source, got, answer) for source, answer in zip(sources, expected, strict=True) if (got := ours(source)) != answer]
    assert differences == []


@pytest.mark.parametrize("file", ASYNC_FILES, ids=lambda file: file.stem)
def test_ours_come_to_what_node_says(file: Path) -> None:
    sources, expected = scripts(file), answers(file)
    assert len(sources) == len(expected) > 10
    given = zip(sources, ours_later(sources), expected, strict=True)
    assert [difference for difference in given if difference[1] != difference[2]] == []


@pytest.mark.skipif(not is_recent(), reason="node 24, which says what JavaScript does, is not installed")
@pytest.mark.parametrize("file", FILES + ASYNC_FILES, ids=lambda file: file.stem)
def test_node_says_so(file: Path) -> None:
    sources = scripts(file)
    now = theirs(sources, later=file in ASYNC_FILES)
    if os.environ.get("BLESS"):
        file.write_text("".join(f"{source}\n{_MARK}{answer}\n" for source, answer in zip(sources, now, strict=True)))
    assert now == answers(file)
