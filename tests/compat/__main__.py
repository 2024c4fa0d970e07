"""``python -m tests.compat FOLDER``: write docs/js-compat.md from the runs in a folder.

``FOLDER/<suite>.json`` is what ``bindgen-patch test --json`` wrote of a run without partners, ``FOLDER/<suite>-partners.json`` of one
with those in :mod:`tests.compat.partners`, if there was one. A test that fails without a known reason makes this fail.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from .crates import VERSIONS
from .reasons import reason

_SUITES = {"js-sys": "js-sys, `crates/js-sys/tests/wasm`", "wasm-bindgen": "wasm-bindgen, `tests/wasm`"}
_HERE = Path(__file__).resolve().parent
_DOCUMENT = _HERE.parent.parent / "docs" / "js-compat.md"
_FAILED = "FAIL"


def document(folder: Path) -> str:
    """The text. Raises ``SystemExit`` for a test without a reason."""
    rows, chapters = [], []
    for suite, title in _SUITES.items():
        plain = json.loads((folder / f"{suite}.json").read_text("utf-8"))
        with_partners = folder / f"{suite}-partners.json"
        helped = json.loads(with_partners.read_text("utf-8")) if with_partners.exists() else None
        failed = [test for test in plain["tests"] if test["status"] == _FAILED]
        lacking = [test for test in failed if test["missing"]]
        others = [test for test in failed if not test["missing"]]
        unknown = [
            test["name"] for test in [*failed, *(helped["tests"] if helped else ())] if test["status"] == _FAILED and not reason(test)
        ]
        if unknown:
            raise SystemExit(f"{suite}: nobody knows why these fail: {', '.join(unknown)}")
        left = "-" if helped is None else helped["passed"]
        rows.append(
            f"| {title} | {len(plain['tests'])} | {plain['ignored']} | {len(lacking)} | **{plain['passed']}** | {len(others)} | {left} |"
        )
        chapters.append("\n".join([f"## {title}", "", *_others(others), *_lacking(lacking), *_helped(helped)]))
    text = (_HERE / "head.md").read_text("utf-8").replace("<!-- totals -->", "\n".join(rows)).replace("<!-- versions -->", _versions())
    return "\n\n".join([text.rstrip(), *(chapter.rstrip() for chapter in chapters)]) + "\n"


def _versions() -> str:
    crates = ", ".join(f"{name} {version}" for name, version in VERSIONS.items())
    return f"Published crates: {crates}; debug builds with `panic=abort`."


def _others(tests: Iterable[dict[str, Any]]) -> Iterable[str]:
    yield "### What fails though it needs no module"
    yield ""
    yield from _by_reason(tests)


def _lacking(tests: Iterable[dict[str, Any]]) -> Iterable[str]:
    yield "### What needs a module of JavaScript's"
    yield ""
    yield from _by_reason(tests)


def _helped(record: dict[str, Any] | None) -> Iterable[str]:
    if record is None:
        return
    yield "### What fails with Python modules in the place of JavaScript's"
    yield ""
    yield from _by_reason(test for test in record["tests"] if test["status"] == _FAILED)


def _by_reason(tests: Iterable[dict[str, Any]]) -> Iterable[str]:
    groups: dict[str, list[str]] = defaultdict(list)
    for test in tests:
        groups[reason(test) or ""].append(test["name"])
    for why, names in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])):
        yield f"- {why} ({len(names)}): {', '.join(f'`{name}`' for name in sorted(names))}"
    yield ""


if __name__ == "__main__":
    _DOCUMENT.write_text(document(Path(sys.argv[1])), "utf-8")
