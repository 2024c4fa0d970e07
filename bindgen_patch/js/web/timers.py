"""``setTimeout`` and its kin (HTML 8.6): the timers of one guest instance. They end with it."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from .. import errors, model
from ..alarms import Alarm
from ..classes import apply
from ..primitives import to_int32

if TYPE_CHECKING:
    from ..realm import Realm

MAX_TIMERS: Final = 1 << 16
"""How many may be pending in one instance."""
_LEAST = 1
"""Milliseconds that a timer takes at least, as in Node."""
_NESTED, _LEAST_NESTED = 5, 4
"""A timer that was set by one that was set by … : after so many it takes so long at least."""


class Timers:
    """Those of one realm, by number."""

    def __init__(self, realm: Realm) -> None:
        self._realm = realm
        self._alarms: dict[int, Alarm] = {}
        self._numbers = itertools.count(1)
        self._nesting = 0
        """How deep the timer that is running was nested."""

    def __len__(self) -> int:
        return len(self._alarms)

    def begin(self, function: Any = None, delay: Any = None, *args: Any, repeat: bool = False) -> int:
        """``setTimeout(function, delay, ...args)``, ``setInterval``: a number for :meth:`clear`. Source text is no function."""
        if not callable(function):
            raise errors.TypeError(f'The "callback" argument must be of type function. Received {model.describe(function)}')
        milliseconds = to_int32(model.to_number(delay))
        if len(self._alarms) >= MAX_TIMERS:
            raise errors.RangeError(f"more than {MAX_TIMERS} timers")
        number = next(self._numbers)
        if not self._realm.ended:
            self._set(number, lambda: apply(function, None, args), milliseconds, repeat, self._nesting + 1)
        return number

    def clear(self, number: Any = None) -> None:
        """``clearTimeout(number)``, ``clearInterval``: what is no timer's number is ignored."""
        alarm = self._alarms.pop(to_int32(model.to_number(number)), None)
        if alarm is not None:
            alarm.cancel()

    def end(self) -> None:
        """None of them rings any more."""
        alarms = list(self._alarms.values())
        self._alarms.clear()
        for alarm in alarms:
            alarm.cancel()

    def _set(self, number: int, call: Callable[[], Any], milliseconds: int, repeat: bool, nesting: int) -> None:
        """Timer initialization steps."""
        wait = max(milliseconds, _LEAST_NESTED if nesting > _NESTED else _LEAST)

        def ring() -> None:
            if not repeat:
                self._alarms.pop(number, None)
            self._nesting = nesting
            try:
                self._realm.task(call)
            finally:
                self._nesting = 0
            if number in self._alarms:
                self._set(number, call, milliseconds, repeat, nesting + 1)

        self._alarms[number] = self._realm.jobs.after(wait / 1000, ring)
