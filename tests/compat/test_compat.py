"""The page about upstream's suites: nothing fails in it for a reason that nobody knows. The suites themselves are not kept here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from . import reasons
from .__main__ import SUITES, document


def record(path: Path, **tests: tuple[str, list[str], str]) -> None:
    told: list[dict[str, Any]] = [
        {"name": name.replace("__", "::"), "status": status, "missing": missing, "detail": detail}
        for name, (status, missing, detail) in tests.items()
    ]
    counts = {key: sum(test["status"] == status for test in told) for key, status in {"passed": "ok", "ignored": "ignored"}.items()}
    path.write_text(json.dumps({**counts, "tests": told}))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(reasons, "_REASONS", (("detail", "EvalError", "no compiler"),))
    for suite in SUITES:
        record(tmp_path / f"{suite}.json", a__b=("ok", [], ""), a__c=("FAIL", [], "EvalError: …"), a__d=("FAIL", ["./x.js"], "…"))
    return tmp_path


def test_the_page(folder: Path) -> None:
    record(folder / "js-sys-partners.json", a__b=("ok", [], ""), a__c=("FAIL", [], "EvalError"), a__d=("ok", [], ""))
    text = document(folder)
    assert "| js-sys, `crates/js-sys/tests/wasm` | 3 | 0 | 1 | **1** | 1 | 2 |\n" in text
    assert "| wasm-bindgen, `tests/wasm` | 3 | 0 | 1 | **1** | 1 | - |\n" in text
    assert text.count("- no compiler (1): `a::c`\n") == 3
    assert text.count("- needs `./x.js` (1): `a::d`\n") == 2


def test_what_fails_for_no_known_reason_is_no_page(folder: Path) -> None:
    record(folder / "js-sys.json", a__b=("FAIL", [], "TypeError: …"))
    with pytest.raises(SystemExit, match="nobody knows why these fail: a::b"):
        document(folder)


def test_nor_is_a_reason_that_nothing_needs(folder: Path) -> None:
    for suite in SUITES:
        record(folder / f"{suite}.json", a__b=("ok", [], ""))
    with pytest.raises(SystemExit, match="reasons that no test needs any more: no compiler"):
        document(folder)


def test_every_partner_is_there() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.compat.partners"], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    files = [line.partition(".js=")[2] for line in done.stdout.splitlines()]
    assert len(files) == 13
    for file in set(files):
        compile(Path(file).read_text("utf-8"), file, "exec")
