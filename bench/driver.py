"""What runs in a peer's process: asked on stdin for one measurement after the other, it answers each with one line of JSON.

    → {"op": "add", "seconds": 0.05}
    ← {"op": "add", "values": {"cpu": 8.1e-07, "wall": 8.4e-07}}          or, for good, {"op": "add", "error": "why it cannot be had"}

The first line that a peer says by itself: ``{"verbs": […], "version": "…"}``, or ``{"missing": "why"}``. A peer is a module with

- ``VERBS``: operation -> the statement that a user of that peer would write, or a function ``(seconds) -> values`` where it is no
  statement;
- ``setup(argument) -> dict``: the names that the statements use, apart from those of :func:`inputs`;
- ``prepare(op) -> dict`` (where needed): the same for one operation, when it is first asked for;
- ``version() -> str``.
"""

from __future__ import annotations

import array
import gc
import importlib
import json
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from itertools import repeat
from typing import Any

Values = dict[str, float]

PER = {"callback": 1000}
"""Operations of which one statement makes several."""


def inputs() -> dict[str, Any]:
    """What every peer is given: the same text, numbers and function."""
    numbers = [float(number) for number in range(1_000_000)]
    return {
        "text16": "Ada of Lovelace!",
        "text4k": "0123456789abcdef" * 256,
        "list1m": numbers,
        "array1m": array.array("d", numbers),
        "callback": lambda number: number + 1,
    }


class Timed:
    """A statement in a loop, as ``timeit`` does it."""

    def __init__(self, op: str, statement: str, names: dict[str, Any]) -> None:
        scope = dict(names)
        exec(f"def run(rounds):\n    for _ in rounds:\n{textwrap.indent(statement, ' ' * 8)}", scope)
        self._run: Callable[[Iterator[None]], None] = scope["run"]
        self._per = PER.get(op, 1)
        self._count = 0

    def __call__(self, seconds: float) -> Values:
        while not self._count:
            self._calibrate(seconds)
        cpu, wall = self._once(self._count)
        return {"cpu": cpu / self._count / self._per, "wall": wall / self._count / self._per}

    def _calibrate(self, seconds: float) -> None:
        """How often fits into the time; the first rounds warm up."""
        self._once(1)
        count = 1
        while (spent := self._once(count)[1]) < seconds / 5 and count < 10_000_000:
            count *= 4
        self._count = max(1, round(count * seconds / max(spent, 1e-9)))

    def _once(self, count: int) -> tuple[float, float]:
        cpu, wall = time.process_time(), time.perf_counter()
        self._run(repeat(None, count))
        return time.process_time() - cpu, time.perf_counter() - wall


def clocked(action: Callable[[], Any]) -> Values:
    """CPU and wall time of one call."""
    cpu, wall = time.process_time(), time.perf_counter()
    action()
    return {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}


def mean(seconds: float, once: Callable[[], Values]) -> Values:
    """The mean of as many as fit into the time: each clocks what of it counts."""
    every = [once() for _ in range(3)][1:]
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        every.append(once())
    return {name: sum(values[name] for values in every) / len(every) for name in every[0]}


def serve(name: str, argument: str) -> None:
    answers, sys.stdout = sys.stdout, sys.stderr

    def answer(**line: object) -> None:
        print(json.dumps(line), file=answers, flush=True)

    try:
        peer = importlib.import_module(f"bench.peers.{name}")
        names = inputs() | peer.setup(argument)
        verbs: dict[str, str | Callable[[float], Values]] = peer.VERBS
    except Exception as missing:
        return answer(missing=_words(missing))
    answer(verbs=list(verbs), version=peer.version())
    ready: dict[str, Callable[[float], Values]] = {}
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        request = json.loads(line)
        op = request["op"]
        try:
            if op not in ready:
                own = peer.prepare(op) if hasattr(peer, "prepare") else {}
                verb = verbs[op]
                ready[op] = Timed(op, verb, names | own) if isinstance(verb, str) else verb
            answer(op=op, values=ready[op](request["seconds"]))
        except Exception as error:
            answer(op=op, error=_words(error))
    return None


def _words(error: Exception) -> str:
    return str(error) if type(error).__name__ == "Missing" else f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "")
