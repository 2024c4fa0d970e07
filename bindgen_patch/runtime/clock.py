"""One thread that sleeps until the next moment somebody asked for; what deadlines are made of.

There is no ticking: while nobody asks, the thread sleeps, and until somebody has, it does not exist.
"""

from __future__ import annotations

import heapq
import itertools
import math
import os
import threading
from time import monotonic
from typing import Protocol

from ..recovery.log import log

_LONGEST_SLEEP = 86_400.0
_STALE = 64
"""So many entries that nobody waits for any more may lie in the heap, besides as many as there are others."""


class Alarm(Protocol):
    """Somebody who wants to be woken."""

    def ring(self, now: float) -> float | None:
        """It is time; :attr:`Clock.lock` is held, so be quick. Returns when to ring again, if at all."""
        ...


class Clock:
    """Rings alarms when it is their time, by :func:`time.monotonic`."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        """Held while alarms ring: whoever has it knows that none does."""
        self._changed = threading.Condition(self.lock)
        self.times: dict[Alarm, float] = {}
        """When who will ring."""
        self._heap: list[tuple[float, int, Alarm]] = []
        """Entries that :attr:`times` says something else about are dropped when their time comes."""
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None
        self._wakes = 0.0
        """When the thread looks next, by itself."""

    def at(self, when: float, alarm: Alarm) -> None:
        """Ring ``alarm`` at that time, instead of at any other."""
        with self._changed:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name="bindgen_patch clock", daemon=True)
                thread.start()
                self._thread = thread
            entry = (when, next(self._numbers), alarm)
            heapq.heappush(self._heap, entry)
            self.times[alarm] = when
            if len(self._heap) > 2 * len(self.times) + _STALE:
                self._heap = [entry for entry in self._heap if self.times.get(entry[2]) == entry[0]]
                heapq.heapify(self._heap)
            if when < self._wakes:
                self._changed.notify()

    def forget(self, alarm: Alarm) -> None:
        """Do not ring it any more: nobody wakes up for it."""
        with self.lock:
            self.times.pop(alarm, None)

    def ring(self, now: float) -> float | None:
        """Ring what is due. Returns when the next one will be."""
        with self._changed:
            while self._heap and self._heap[0][0] <= now:
                when, _, alarm = heapq.heappop(self._heap)
                if self.times.get(alarm) != when:
                    continue
                del self.times[alarm]
                try:
                    again = alarm.ring(now)
                    if again is not None and alarm not in self.times:
                        self.at(again, alarm)
                except Exception:
                    log.exception("a deadline could not be seen to")
            while self._heap and self.times.get(self._heap[0][2]) != self._heap[0][0]:
                heapq.heappop(self._heap)
            return self._heap[0][0] if self._heap else None

    def _run(self) -> None:
        with self._changed:
            while True:
                soonest = self.ring(monotonic())
                self._wakes = math.inf if soonest is None else soonest
                self._changed.wait(None if soonest is None else max(0.0, min(soonest - monotonic(), _LONGEST_SLEEP)))


clock = Clock()
"""The one of this process."""

if hasattr(os, "register_at_fork"):
    # The child has neither the thread nor those that wait. A call during which it was forked goes on there without its deadline.
    os.register_at_fork(after_in_child=lambda: Clock.__init__(clock))
