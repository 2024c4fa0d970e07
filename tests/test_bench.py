"""The benchmark hangs together: nothing is timed or built here."""

from __future__ import annotations

import importlib
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from bench import report, rows, run
from bench.peers import PEERS

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"


def verbs(name: str) -> set[str]:
    """The operations of a peer."""
    module = PEERS[name].module
    if module.endswith(".mjs"):
        table = (ROOT / "bench/peers" / module).read_text("utf-8").partition("const VERBS = {")[2].partition("\n};")[0]
        return set(re.findall(r"^    (\w+):", table, re.MULTILINE))
    return set(importlib.import_module(f"bench.peers.{module}").VERBS)


def test_every_sample_of_every_row_is_an_operation_of_its_peer() -> None:
    aliases = {"ours": "pure", "plain": "pure-plain"}
    wrong = [f"{peer}.{op}" for peer, op in rows.samples(rows.ROWS + rows.FLOORS + rows.MORE) if op not in verbs(aliases.get(peer, peer))]
    assert wrong == []


def test_samples_are_sums() -> None:
    found = {
        "add": {"ctypes": [{"cpu": 10.0}, {"cpu": 20.0}, None], "pure": [{"cpu": 1.0, "wall": 2.0}] * 3},
        "callback": {"ctypes": [{"cpu": 1.0}] * 3},
    }
    assert rows.terms("ours.add:wall") == [rows.Term(1.0, "ours", "add", "wall")]
    assert run.case(found, "pure", "ctypes.add + 4 ctypes.callback - 2 ours.add", "") == [12.0, 22.0]
    assert run.case(found, "pure", "ctypes.add", "ours.add:wall") == [5.0, 10.0]
    assert run.case(found, "accelerated", "ours.add", "") == []
    with pytest.raises(AssertionError):
        rows.terms("ctypes.add * 4")


def test_targets_are_understood() -> None:
    targets = {target for row in rows.ROWS for claim in row.claims for target in (claim.pure, claim.accelerated) if target}
    assert {target for target in targets if rows.met(1.0, target) is None} == set()
    assert rows.met(1.5, "≤ 1.5") and not rows.met(1.51, "≤ 1.5") and rows.met(4.0, "≥ 4") and not rows.met(3.9, "≥ 4")


@pytest.fixture(scope="module")
def result() -> dict[str, Any]:
    """The run that is committed."""
    loaded: dict[str, Any] = json.loads((DOCS / "bench.json").read_text("utf-8"))
    return loaded


def test_the_committed_run_shows_every_row_with_its_targets(result: dict[str, Any]) -> None:
    shown = {
        (row["measure"], claim["says"]): (claim["pure"]["target"], claim["accelerated"]["target"])
        for row in result["rows"]
        for claim in row["claims"]
    }
    assert shown == {(row.measure, claim.says): (claim.pure, claim.accelerated) for row in rows.ROWS for claim in row.claims}


def test_the_page_and_the_chart_are_those_of_the_committed_run(result: dict[str, Any]) -> None:
    assert report.markdown(result) == (DOCS / "bench.md").read_text("utf-8")
    assert report.chart(result) == (DOCS / "bench.svg").read_text("utf-8")
    ElementTree.parse(DOCS / "bench.svg")
