"""Drives a run: starts the peers, interleaves their rounds, and makes quotients of what they answer."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from bench import build, report
from bench.peers import PEERS, Peer
from bench.rows import FLOORS, MORE, ROWS, Row, Term, met, samples, terms

DOCS = build.HERE.parent / "docs"
Measured = dict[str, dict[str, list[dict[str, float] | None]]]
"""operation -> peer -> the values of each round; ``None`` for a round that it was not in."""

ONCE = {"scale", "threads"}
"""Measured once a run: they take long, and repeat inside."""
SLOW_SECONDS, SLOW_ROUNDS = 0.4, 5
"""An operation that takes longer than this in the first round is in no more rounds than that."""


class Running:
    """One peer's process."""

    def __init__(self, name: str, peer: Peer) -> None:
        self.name = name
        environment = os.environ | peer.environment
        if peer.module.endswith(".mjs"):
            for guest in ("bindgen", "big"):
                build.glue(guest)
            command = [build.node(), str(build.HERE / "peers" / peer.module), str(build.PLACE / "node")]
        else:
            command = [sys.executable, "-m", "bench.driver", peer.module, peer.argument]
        self._process = subprocess.Popen(
            command, cwd=build.HERE.parent, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        hello = self._answer()
        if "missing" in hello:
            raise build.Missing(hello["missing"])
        self.verbs: list[str] = hello["verbs"]
        self.version: str = hello["version"]

    def measure(self, op: str, seconds: float) -> dict[str, float]:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"op": op, "seconds": seconds}) + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        if "error" in answer:
            raise build.Missing(answer["error"])
        return dict(answer["values"])

    def close(self) -> None:
        self._process.communicate()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise build.Missing(f"its process ended, status {self._process.wait()}")
        return dict(json.loads(line))


def start(names: list[str], missing: dict[str, str]) -> dict[str, Running]:
    """The peers that can be had; the others are told."""
    running = {}
    for name in names:
        print(f"starting {PEERS[name].title} …", file=sys.stderr, flush=True)
        try:
            running[name] = Running(name, PEERS[name])
        except build.Missing as why:
            missing[name] = str(why)
            print(f"  without {PEERS[name].title}: {why}", file=sys.stderr, flush=True)
    return running


def measure(running: dict[str, Running], ops: list[str], rounds: int, seconds: float, missing: dict[str, str]) -> Measured:
    """Round after round, operation after operation, each peer in turn; who comes first changes with every round."""
    found: Measured = defaultdict(lambda: defaultdict(list))
    for number in range(rounds):
        for op in ops:
            taking_part = [name for name, peer in running.items() if op in peer.verbs and f"{name}.{op}" not in missing]
            turn = number % max(1, len(taking_part))
            for name in taking_part[turn:] + taking_part[:turn]:
                before = found[op][name]
                if number and (op in ONCE or (number >= SLOW_ROUNDS and (before[0] or {}).get("wall", 0) > SLOW_SECONDS)):
                    before.append(None)
                    continue
                try:
                    before.append(running[name].measure(op, seconds))
                except build.Missing as why:
                    missing[f"{name}.{op}"] = str(why).partition("\n")[0]
                    print(f"  without {op} of {PEERS[name].title}: {why}", file=sys.stderr, flush=True)
                    found[op].pop(name, None)
        print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
    return found


# ---------------------------------------------------------------- quotients


def case(found: Measured, ours: str, over: str, under: str) -> list[float]:
    """The quotient of each round that both were in."""

    def one(term: Term) -> list[float | None]:
        name = {"ours": ours, "plain": f"{ours}-plain"}.get(term.peer, term.peer)
        every = (values.get(term.value) if values is not None else None for values in found.get(term.op, {}).get(name, []))
        return [None if value is None else term.factor * value for value in every]

    def values(sample: str) -> list[float | None]:
        rounds = zip(*map(one, terms(sample)), strict=False)
        return [None if None in summands else sum(value for value in summands if value is not None) for summands in rounds]

    if not under:
        return [value for value in values(over) if value is not None]
    pairs = zip(values(over), values(under), strict=False)
    return [above / below for above, below in pairs if above is not None and below]


def judge(found: Measured, rows: tuple[Row, ...], *, columns: tuple[str, ...] = report.OURS) -> list[dict[str, Any]]:
    """What became of each row, ready for the report; ``columns`` are those that it is about."""
    judged = []
    for row in rows:
        claims = []
        for claim in row.claims:
            results: dict[str, Any] = {"says": claim.says, "unit": claim.unit}
            for ours, target in (("pure", claim.pure), ("accelerated", claim.accelerated)):
                every = [case(found, ours, *pair) if ours in columns else [] for pair in claim.cases]
                medians = [statistics.median(values) if values else None for values in every]
                verdicts = [met(value, target) if value is not None and value >= claim.least else None for value in medians]
                results[ours] = {
                    "target": target,
                    "medians": medians,
                    "spread": [[min(values), max(values)] if values else None for values in every],
                    "met": None if None in verdicts else all(verdicts),
                }
            claims.append(results)
        judged.append({"key": row.key, "measure": row.measure, "claims": claims})
    return judged


def medians(found: Measured) -> dict[str, dict[str, dict[str, float]]]:
    """operation -> peer -> value -> its median over rounds."""
    return {
        op: {
            name: {key: statistics.median(one[key] for one in every if one) for key in next(one for one in every if one)}
            for name, every in peers.items()
            if any(every)
        }
        for op, peers in found.items()
    }


def processor() -> str:
    """What the machine calls its processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or "?"
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "?")


def main() -> int:
    keys = list(dict.fromkeys(row.key for row in ROWS + FLOORS + MORE))
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measures every peer and us, side by side.")
    parser.add_argument("--only", metavar="KEYS", help=f"rows, by key, with commas between: {', '.join(keys)}")
    parser.add_argument("--peers", metavar="NAMES", help=f"these only: {', '.join(PEERS)}")
    parser.add_argument("--quick", action="store_true", help="3 short rounds instead of 9: a look, not a measurement")
    parser.add_argument("--rounds", type=int, help="how many rounds")
    parser.add_argument("--write", action="store_true", help="write docs/bench.* also when only a part was measured")
    options = parser.parse_args()
    wanted = options.only.split(",") if options.only else keys
    names = options.peers.split(",") if options.peers else list(PEERS)
    if unknown := [word for word in wanted if word not in keys] + [word for word in names if word not in PEERS]:
        parser.error(f"unknown: {', '.join(unknown)}")
    rounds, seconds = options.rounds or (3 if options.quick else 9), 0.02 if options.quick else 0.05
    rows, floors, more = (tuple(row for row in which if row.key in wanted) for which in (ROWS, FLOORS, MORE))
    needed = samples(rows + floors + more)
    ops = sorted({op for _, op in needed})

    missing: dict[str, str] = {}
    running = start(names, missing)
    try:
        found = measure(running, ops, rounds, seconds, missing)
    finally:
        for peer in running.values():
            peer.close()
    result = rounded(
        {
            "date": datetime.date.today().isoformat(),
            "machine": {"processor": processor(), "cores": os.cpu_count(), "system": f"{platform.system()} {platform.machine()}"},
            "rounds": rounds,
            "seconds": seconds,
            "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
            "versions": {name: peer.version for name, peer in running.items()},
            "missing": missing,
            "rows": judge(found, rows),
            "floors": judge(found, floors, columns=("pure",)),
            "more": judge(found, more),
            "medians": medians(found),
        }
    )
    text = report.markdown(result)
    print(text)
    if options.write or not (options.only or options.peers or options.quick):
        (DOCS / "bench.json").write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        (DOCS / "bench.md").write_text(text, encoding="utf-8")
        (DOCS / "bench.svg").write_text(report.chart(result), encoding="utf-8")
    return 0


def rounded(value: Any) -> Any:
    """Four digits are more than was measured."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    return [rounded(one) for one in value] if isinstance(value, list) else value


if __name__ == "__main__":
    sys.exit(main())
