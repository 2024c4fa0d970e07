"""What is to happen at some time: the alarms of one queue of jobs, the earliest first, equal ones in the order in which they were set.

When they ring, and in which loop, :mod:`.jobs` decides. Alarms may be set and taken back in any thread.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable
from time import monotonic

_numbers = itertools.count()
_FEW = 64
"""So many that were taken back are not worth looking for."""


class Alarm:
    """One of them. ``job`` is ``None`` when it has rung or was taken back."""

    __slots__ = ("job",)

    def __init__(self, job: Callable[[], None]) -> None:
        self.job: Callable[[], None] | None = job

    def cancel(self) -> None:
        """It does not ring. What it was going to do, and all that hangs on that, is let go of."""
        self.job = None


class Alarms:
    """Those of one queue of jobs."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Alarm]] = []
        self._limit = _FEW
        self._lock = threading.RLock()

    def set(self, seconds: float, job: Callable[[], None]) -> Alarm:
        """One that rings in so many seconds."""
        alarm = Alarm(job)
        with self._lock:
            if len(self._heap) >= self._limit:
                self._heap = [entry for entry in self._heap if entry[2].job is not None]
                heapq.heapify(self._heap)
                self._limit = max(_FEW, 2 * len(self._heap))
            heapq.heappush(self._heap, (monotonic() + seconds, next(_numbers), alarm))
        return alarm

    @property
    def next(self) -> float | None:
        """When the next one rings, by :func:`time.monotonic`."""
        if not self._heap:
            return None
        with self._lock:
            while self._heap and self._heap[0][2].job is None:
                heapq.heappop(self._heap)
            return self._heap[0][0] if self._heap else None

    def due(self) -> bool:
        """Whether one should ring now."""
        when = self.next
        return when is not None and when <= monotonic()

    def ring(self) -> None:
        """Do what the next one is for, if it is due."""
        with self._lock:
            if not self.due():
                return
            alarm = heapq.heappop(self._heap)[2]
        job, alarm.job = alarm.job, None
        if job is not None:
            job()
