"""Deadlines of calls: blocks that set one, and what holds a guest to the one that its call has."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from time import monotonic
from typing import TYPE_CHECKING
from weakref import ref

from ..errors import GuestAborted
from .clock import clock
from .limits import seconds

if TYPE_CHECKING:
    from .guest import Guest

_REMIND = 0.02
"""Seconds until a guest that was stopped is told so once more."""
_REMIND_LEAST_OFTEN = 1.0

Due = tuple[float, str]
"""When a call has to be over, and what its death is to say."""

_current: ContextVar[Deadline | None] = ContextVar("bindgen_patch_deadline", default=None)


class Deadline:
    """``with instance.deadline(0.5):``, for the calls that this context makes in the block: one thread, or one task and what it awaits."""

    __slots__ = ("_bounds", "_look", "_outer", "passed", "seconds", "when")

    def __init__(self, bounds: list[object], span: float, look: Callable[[], None]) -> None:
        self._bounds, self._look = bounds, look
        self._outer: Deadline | None = None
        self.seconds = seconds("deadline", span)
        self.passed = f"the deadline of {self.seconds:g} seconds passed"
        self.when = 0.0

    def __enter__(self) -> None:
        if self.when:
            raise RuntimeError("a deadline can be used once")
        self.when = monotonic() + self.seconds
        self._outer = next(_open(_current.get()), None)
        _current.set(self)
        self._bounds.append(self)
        self._look()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None, /) -> None:
        self._bounds.remove(self)
        if _current.get() is self:  # it is not where a generator is resumed by another task
            _current.set(self._outer)

    @property
    def open(self) -> bool:
        """Between ``__enter__`` and ``__exit__``: afterwards it holds for no further call, whoever has copied the context."""
        return self in self._bounds


def _open(deadline: Deadline | None) -> Iterator[Deadline]:
    while deadline is not None:
        if deadline.open:
            yield deadline
        deadline = deadline._outer


def nearest(bounds: list[object]) -> Due | None:
    """The nearest deadline that this context has for the Instance with these ``bounds``. Raises ``TimeoutError`` when that has passed."""
    deadline, found = _current.get(), None
    while deadline is not None:
        if deadline._bounds is bounds and (found is None or deadline.when < found.when) and deadline.open:
            found = deadline
        deadline = deadline._outer
    if found is None:
        return None
    if found.when <= monotonic():
        raise TimeoutError(f"the deadline of {found.seconds:g} seconds has passed: the call was not let in")
    return found.when, found.passed


def excuse(bounds: list[object], lost: float) -> None:
    """So much time went by that was not the guest's: compiling it."""
    for deadline in _open(_current.get()):
        if deadline._bounds is bounds:
            deadline.when += lost


class Watch:
    """Kills a guest when the call that runs in it is overdue; and as long as one that was killed has not come back, tells it again.

    Once more may be needed: the engine may be told that a guest is to stop in the very moment in which that guest is being
    told to go on after an earlier interruption, and then it has missed it.
    """

    __slots__ = ("__weakref__", "_guest", "_interval", "due")

    def __init__(self, guest: Guest) -> None:
        self._guest = ref(guest)  # the clock must not keep an instance that nobody uses any more
        self._interval = _REMIND
        self.due: Due | None = None

    def arm(self, due: Due) -> None:
        """The call that begins, or goes on, has to be over then.

        The alarm is left where it is when that is early enough: a thousand calls within one limit set it once.
        """
        with clock.lock:
            self.due = due
            alarm = clock.times.get(self)
            if alarm is None or due[0] < alarm:
                clock.at(due[0], self)

    def disarm(self) -> None:
        """The call is over. Either it was killed before, or it is not any more."""
        with clock.lock:
            self.due = None

    def end(self) -> None:
        """The guest is gone."""
        if self in clock.times:
            clock.forget(self)

    def remind(self) -> None:
        """The guest was killed while it may have been running."""
        clock.at(monotonic() + _REMIND, self)

    def ring(self, now: float) -> float | None:
        """The clock's: it is time to look."""
        guest = self._guest()
        if guest is None or guest.discarded:
            return None
        if guest.halted:
            guest.interrupt()
            self._interval = min(2 * self._interval, _REMIND_LEAST_OFTEN)
            return now + self._interval
        if self.due is None or self.due[0] > now:
            return None if self.due is None else self.due[0]
        (_, why), self.due = self.due, None
        if not guest.door.free():  # else its call was cut off by an interrupt, before it could take the deadline back
            guest.kill(GuestAborted(why, kind="deadline"))
        return None
