"""Soak: many instances under mixed load in which guests panic, abort and run out of time.

    python -m bench.soak --minutes 20

Sixteen instances are driven by eight threads and an event loop. One call in twenty panics, one in a hundred aborts, one in a hundred
passes its deadline. What every answer has to be is known beforehand, so one that is wrong, a call that is lost, or a death that
reaches another instance is noticed there and then. At the end memory and handles have to be where they were after warming up.

``tests/run/test_soak.py`` runs a short form of the same.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import importlib
import random
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from bindgen_patch import GuestAborted, ModuleTerminated, PanicError, pipeline
from bindgen_patch.emit.package import write

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
THREADS = 8
SHARED = 4
"""Instances that all threads use; each thread has one of its own besides, whose every state is known."""
LOOPED = 4
"""Instances that the event loop drives, with asynchronous functions."""
PANICS, ABORTS, DEADLINES = 0.05, 0.01, 0.01
SPIN_SECONDS = 0.02
LATE = (GuestAborted, TimeoutError)
"""The second where the deadline has passed before the call could begin: on a busy machine, or while another thread was inside."""


@dataclass
class Report:
    """What was seen."""

    events: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    recoveries: list[float] = field(default_factory=list)
    """Seconds from the error to the answer of the next call."""
    rss: list[int] = field(default_factory=list)
    """Bytes, once a second."""
    handles: int = 0
    """Host values that guests still hold at the end."""

    def merge(self, other: Report) -> None:
        self.events += other.events
        self.wrong += other.wrong
        self.recoveries += other.recoveries

    def growth(self) -> int:
        """Bytes by which memory grew from the first third of the run to its end."""
        third = max(len(self.rss) // 3, 1)
        return int(statistics.median(self.rss[-third:]) - statistics.median(self.rss[third : 2 * third] or self.rss))

    def __str__(self) -> str:
        cuts = statistics.quantiles(self.recoveries, n=100) if len(self.recoveries) > 2 else [0.0] * 99
        low, high = (min(self.rss) / 2**20, max(self.rss) / 2**20) if self.rss else (0, 0)
        return "\n".join(
            (
                f"{sum(self.events.values()):,} calls: " + ", ".join(f"{count:,} {name}" for name, count in sorted(self.events.items())),
                f"wrong: {len(self.wrong)}" + "".join(f"\n  {text}" for text in self.wrong[:10]),
                f"recovery of {len(self.recoveries):,} deaths, ms: "
                + ", ".join(f"p{p} {cuts[p - 1] * 1e3:.2f}" for p in (50, 90, 95, 99))
                + f", max {max(self.recoveries, default=0) * 1e3:.2f}",
                f"memory: {low:.1f} to {high:.1f} MiB, grew by {self.growth() / 2**20:+.2f} MiB; handles left: {self.handles}",
            )
        )


class Model:
    """An Instance whose state is known after every call, because one thread alone uses it."""

    def __init__(self, instance: Any, dice: random.Random, report: Report) -> None:
        self.i = instance
        self.dice = dice
        self.report = report
        self.count = 0

    def expect(self, event: str, call: Callable[[], Any], answer: object) -> None:
        """An answer, and the right one."""
        self.report.events[event] += 1
        try:
            found = call()
        except BaseException as error:
            self.report.wrong.append(f"{event}: {error!r} instead of {answer!r}")
            return
        if found != answer:
            self.report.wrong.append(f"{event}: {found!r} instead of {answer!r}")

    def refuse(self, event: str, call: Callable[[], Any], error: type[BaseException] | tuple[type[BaseException], ...], text: str) -> None:
        """This error, and no other."""
        self.report.events[event] += 1
        try:
            found: object = call()
        except BaseException as raised:
            found = raised
        if not isinstance(found, error) or text not in (getattr(found, "kind", "") + str(found)):
            self.report.wrong.append(f"{event}: {found!r} instead of {error} with {text!r}")
        if isinstance(found, GuestAborted):
            self.recover()

    def recover(self) -> None:
        """The next call is served by a fresh instance; how long does that take?"""
        died, self.count = time.perf_counter(), 0
        self.increment()
        self.report.recoveries.append(time.perf_counter() - died)

    def step(self) -> None:
        """One call, or a few."""
        i, dice = self.i, self.dice
        chance = dice.random()
        if chance < PANICS:
            self.count += 1
            self.refuse("panic", i.increment_then_panic, PanicError, "panicked after counting")
        elif chance < PANICS + ABORTS:
            self.refuse("abort", i.abort, GuestAborted, "unreachable")
        elif chance < PANICS + ABORTS + DEADLINES:
            self.refuse("deadline", self.spin, LATE, "deadline")
        else:
            dice.choice((self.increment, self.texts, self.numbers, self.objects, self.nest, self.closure))()

    def spin(self) -> None:
        with self.i.deadline(SPIN_SECONDS):
            self.i.spin()

    def increment(self) -> None:
        self.count += 1
        self.expect("increment", self.i.increment, self.count)

    def texts(self) -> None:
        name = "".join(self.dice.choices("aäß€😀", k=self.dice.randrange(40)))
        self.expect("greet", lambda: self.i.greet(name), f"Hello, {name}!")

    def numbers(self) -> None:
        values = [float(self.dice.randrange(1000)) for _ in range(self.dice.randrange(50))]
        self.expect("sum", lambda: self.i.sum(values), sum(values))

    def objects(self) -> None:
        start = self.dice.randrange(1000)

        def use() -> tuple[int, str, int]:
            counter = self.i.Counter(start, "name")
            return counter.increment(), counter.name, self.i.consume(counter)

        self.expect("object", use, (start + 1, "name", start + 1))

    def nest(self) -> None:
        depth = self.dice.randrange(4)
        self.count += depth + 1
        self.expect("nest", lambda: self.i.nest(depth), 101 + depth)

    def closure(self) -> None:
        self.expect("closure", lambda: self.i.lend_closure(7), 14)

    def settle(self) -> None:
        """At the end: what Rust has counted is what was seen, and a fresh instance begins anew."""
        self.expect("counter", self.i.counter, self.count)
        self.i.schedule_reinit()
        self.count = 0
        self.increment()


class Stranger(Model):
    """An Instance that others use too: its state is not known, but what a call answers has to be right."""

    def step(self) -> None:
        i, dice = self.i, self.dice
        chance = dice.random()
        if chance < PANICS:
            self.refuse("panic", i.panic_static, PanicError, "a static message")
        elif chance < PANICS + ABORTS:
            self.refuse("abort", i.abort, GuestAborted, "unreachable")
        elif chance < PANICS + ABORTS + DEADLINES:
            self.refuse("deadline", self.spin, LATE, "deadline")
        else:
            dice.choice((self.texts, self.numbers))()

    def recover(self) -> None:
        """Another thread may have been faster."""


class Looped:
    """An Instance whose asynchronous functions a task awaits."""

    def __init__(self, instance: Any, dice: random.Random, report: Report) -> None:
        self.i = instance
        self.dice = dice
        self.report = report

    async def expect(self, event: str, awaitable: Any, answer: object) -> None:
        self.report.events[event] += 1
        try:
            found: object = await awaitable
        except Exception as error:
            found = error
        right = isinstance(found, answer) if isinstance(answer, type) else found == answer
        if not right:
            self.report.wrong.append(f"{event}: {found!r} instead of {answer!r}")

    async def later(self, value: object) -> object:
        await asyncio.sleep(self.dice.random() / 1000)
        return value

    async def step(self) -> None:
        i, dice = self.i, self.dice
        chance = dice.random()
        if chance < PANICS:
            await self.expect("panic", i.panic_after(self.later(1)), PanicError)
        elif chance < PANICS + ABORTS:
            bystander = asyncio.ensure_future(self.expect("bystander", i.bystander(asyncio.sleep(60)), ModuleTerminated))
            await self.expect("abort", i.abort_after(self.later(1)), GuestAborted)
            await bystander
        else:
            value = dice.randrange(2**32)
            await dice.choice(
                (
                    lambda: self.expect("echo", i.echo_u32(value), value),
                    lambda: self.expect("wait", i.wait_for(self.later(value)), value),
                    lambda: self.expect("text", i.echo_string(str(value)), str(value)),
                )
            )()


def soak(seconds: float, seed: int = 1) -> Report:
    """Drive everything for so long."""
    with tempfile.TemporaryDirectory() as folder:
        plain, futures = (_package(Path(folder), case) for case in ("recovery", "futures"))
        total = _drive(plain, futures, seconds, seed)
    for module in (plain, futures):
        sys.modules.pop(module.__name__, None)
    return total


def _drive(plain: Any, futures: Any, seconds: float, seed: int) -> Report:
    total = Report()
    instances = [plain.Instance(on_abort="reinit") for _ in range(THREADS + SHARED)]
    for i in instances:
        i.provide({"call_host": _host(i), "call_closure": lambda closure, value: closure(value), "log": lambda _line: None})
    looped = [futures.Instance(on_abort="reinit") for _ in range(LOOPED)]
    end = time.monotonic() + seconds
    reports = [Report() for _ in range(THREADS + 1)]

    def work(number: int) -> None:
        dice, report = random.Random(seed * 1000 + number), reports[number]
        mine = Model(instances[number], dice, report)
        others = [Stranger(i, dice, report) for i in instances[THREADS:]]
        while time.monotonic() < end:
            (mine if dice.random() < 0.7 else dice.choice(others)).step()
        mine.settle()

    async def tasks() -> None:
        await asyncio.gather(*(task(Looped(i, random.Random(seed * 1000 + 99 + k), reports[-1])) for k, i in enumerate(looped)))

    async def task(model: Looped) -> None:
        while time.monotonic() < end:
            await model.step()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    threads.append(threading.Thread(target=lambda: asyncio.run(tasks())))
    for thread in threads:
        thread.start()
    process = psutil.Process()
    while time.monotonic() < end:
        time.sleep(min(1.0, seconds / 12))
        total.rss.append(process.memory_info().rss)
    for thread in threads:
        thread.join(60)
    if any(thread.is_alive() for thread in threads):
        total.wrong.append("a thread did not come back")
    for report in reports:
        total.merge(report)
    gc.collect()
    _compare(total, [*instances, *looped])
    for i in (*instances, *looped):
        i.close()
    return total


def _compare(total: Report, instances: list[Any]) -> None:
    """What the instances have counted, and what was seen."""
    counters = [i.counters for i in instances]
    told: Counter[str] = Counter()
    for each in counters:
        told["panic"] += each.panics
        for kind, count in each.aborts.items():
            told[kind] += count
        if each.refusals:
            total.wrong.append(f"{each.refusals} calls were refused")
    seen = Counter({"panic": total.events["panic"], "unreachable": total.events["abort"], "deadline": told["deadline"]})
    if +told != +seen:
        total.wrong.append(f"counted {dict(told)}, seen {dict(seen)}")
    if told["deadline"] > total.events["deadline"]:
        total.wrong.append(f"{told['deadline']} deadlines counted, {total.events['deadline']} seen")
    total.handles = sum(each.live_handles for each in counters)


def _host(i: Any) -> Callable[[int], int]:
    return lambda depth: i.nest(depth - 1) if depth else 100


def _package(folder: Path, case: str) -> Any:
    name = f"soak_{case}"
    write(pipeline.generate((FIXTURES / case / "unwind.wasm").read_bytes(), f"{case}.wasm").files, folder / name)
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(folder))


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    import logging

    logging.getLogger("bindgen_patch").setLevel(logging.CRITICAL)
    with contextlib.suppress(KeyboardInterrupt):
        report = soak(options.minutes * 60, options.seed)
        print(report)
        return 1 if report.wrong else 0
    return 130


if __name__ == "__main__":
    sys.exit(main())
