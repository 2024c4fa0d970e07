"""What is printed of a run: libtest's lines, as upstream's runner has them; on a terminal with colours, above a bar."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from typing import Any

from .run import Outcome

_COLORS = {"ok": "green", "FAIL": "red", "FAILED": "red", "ignored": "yellow"}
_SIGNS = {"ok": ".", "FAIL": "F", "ignored": "i"}
_SIGNS_PER_LINE = 88


def record(outcomes: Sequence[Outcome], filtered: int) -> dict[str, Any]:
    """The same for programs (``--json``): totals, and of each test its name, what became of it, why, and the modules that it missed."""
    counts = Counter(outcome.status for outcome in outcomes)
    tests = [
        {"name": one.test.name, "status": one.status, "seconds": round(one.seconds, 4), "missing": list(one.missing), "detail": one.detail}
        for one in outcomes
    ]
    totals = {"passed": counts["ok"], "failed": counts["FAIL"], "ignored": counts["ignored"], "filtered": filtered}
    return {**totals, "tests": tests}


def show(outcomes: Iterable[Outcome], total: int, filtered: int, *, terse: bool) -> list[Outcome]:
    """Print each outcome as it comes and the summary behind them. Returns them all."""
    began = monotonic()
    page = _Page()
    page.line(f"running {total} {'test' if total == 1 else 'tests'}")
    shown: list[Outcome] = []
    counts: Counter[str] = Counter()
    with page.bar(0 if terse else total) as advance:
        for outcome in outcomes:
            counts[outcome.status] += 1
            if terse:
                page.sign(outcome.status, last=counts.total() == total or not counts.total() % _SIGNS_PER_LINE)
            else:
                reason = f", {outcome.detail}" if outcome.status == "ignored" and outcome.detail else ""
                page.line(f"test {outcome.test.name} ... ", outcome.status, reason)
            shown.append(outcome)
            advance()
    failed = [outcome for outcome in shown if outcome.status == "FAIL"]
    if failed:
        page.line("\nfailures:\n")
        for outcome in failed:
            page.line(outcome.detail)
        page.line("failures:\n")
        for outcome in failed:
            page.line(f"    {outcome.test.name}")
    told = f"{counts['ok']} passed; {len(failed)} failed; {counts['ignored']} ignored; {filtered} filtered out"
    page.line("\ntest result: ", "FAILED" if failed else "ok", f". {told}; finished in {monotonic() - began:.2f}s\n")
    return shown


class _Page:
    """Standard output: a terminal, or plain text."""

    def __init__(self) -> None:
        self._console: Any = None
        if sys.stdout.isatty():
            from rich.console import Console

            self._console = Console(highlight=False)

    def line(self, before: str, verdict: str = "", after: str = "") -> None:
        """A line, the verdict in it in colour."""
        self._write(before, verdict, verdict, after, "\n")

    def sign(self, verdict: str, *, last: bool) -> None:
        """One character for a test; ``last`` in its line."""
        self._write("", verdict, _SIGNS[verdict], "", "\n" if last else "")

    def _write(self, before: str, verdict: str, shown: str, after: str, end: str) -> None:
        if self._console is None:
            print(before + shown + after, end=end, flush=True)
            return
        from rich.text import Text

        self._console.print(Text.assemble(before, (shown, _COLORS.get(verdict, "")), after), end=end, soft_wrap=True)

    @contextmanager
    def bar(self, total: int) -> Iterator[Any]:
        """A bar below the lines that are written meanwhile, where there is a terminal; gives what moves it on."""
        if self._console is None or not total:
            yield lambda: None
            return
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeElapsedColumn

        with Progress(BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=self._console, transient=True) as progress:
            task = progress.add_task("", total=total)
            yield lambda: progress.advance(task)
