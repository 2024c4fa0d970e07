"""``python -m tests.compat FOLDER``: write docs/js-compat.md from the runs in a folder.

``FOLDER/<suite>.json`` is what ``bindgen-patch test --json`` wrote of a run without partners, ``FOLDER/<suite>-partners.json`` of one
with those in :mod:`tests.compat.partners`, if there was one. A test that fails without a known reason makes this fail.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from .crates import VERSIONS
from .reasons import idle, reason

SUITES = {"js-sys": "js-sys, `crates/js-sys/tests/wasm`", "wasm-bindgen": "wasm-bindgen, `tests/wasm`"}
_HERE = Path(__file__).resolve().parent
_DOCUMENT = _HERE.parent.parent / "docs" / "js-compat.md"

Test = dict[str, Any]


def document(folder: Path) -> str:
    """The text. Raises ``SystemExit`` for a test without a reason, and for a reason without a test."""
    rows, chapters, every = [], [], []
    for suite, title in SUITES.items():
        plain, helped = _record(folder / f"{suite}.json"), _record(folder / f"{suite}-partners.json")
        assert plain is not None, f"{suite}.json is missing"
        failed, failed_still = _failed(plain), _failed(helped)
        every += failed + failed_still
        lacking, others = [t for t in failed if t["missing"]], [t for t in failed if not t["missing"]]
        left = helped["passed"] if helped else "-"
        counts = (len(plain["tests"]), plain["ignored"], len(lacking), f"**{plain['passed']}**", len(others), left)
        rows.append(f"| {title} | {' | '.join(map(str, counts))} |")
        lines = [
            f"## {title}",
            "",
            *_listed("fails though it lacks no module", others),
            *_listed("needs a module of JavaScript's", lacking),
        ]
        if helped:
            lines += _listed("fails with Python modules in the place of JavaScript's", failed_still)
        chapters.append("\n".join(lines))
    if unknown := [test["name"] for test in every if reason(test) is None]:
        raise SystemExit(f"nobody knows why these fail: {', '.join(unknown)}")
    if left_over := idle(every):
        raise SystemExit(f"reasons that no test needs any more: {'; '.join(left_over)}")
    crates = ", ".join(f"{name} {version}" for name, version in VERSIONS.items())
    text = (_HERE / "head.md").read_text("utf-8").replace("<!-- totals -->", "\n".join(rows)).replace("<!-- crates -->", crates)
    return "\n\n".join(part.rstrip() for part in (text, *chapters)) + "\n"


def _record(path: Path) -> dict[str, Any] | None:
    return json.loads(path.read_text("utf-8")) if path.exists() else None


def _failed(record: dict[str, Any] | None) -> list[Test]:
    return [test for test in record["tests"] if test["status"] == "FAIL"] if record else []


def _listed(what: str, tests: Iterable[Test]) -> Iterator[str]:
    """A section, with a line for each reason."""
    groups: dict[str, list[str]] = defaultdict(list)
    for test in tests:
        groups[reason(test) or ""].append(test["name"])
    yield f"### What {what}"
    yield ""
    for why, names in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])):
        yield f"- {why} ({len(names)}): {', '.join(f'`{name}`' for name in sorted(names))}"
    yield ""


if __name__ == "__main__":
    _DOCUMENT.write_text(document(Path(sys.argv[1])), "utf-8")
