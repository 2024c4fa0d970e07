"""How much of the host an instance may use."""

from __future__ import annotations

import math
from typing import Any, NamedTuple, Self

from .engine import DEFAULT_STACK_BYTES, WIDE, Settings

_PAGE = 65_536
_MOST = 2**63 - 1
_LEAST_STACK, _MOST_STACK = 16_384, 2**30
_MOST_SECONDS = 1e9


class _Fields(NamedTuple):
    memory_bytes: int | None
    table_elements: int | None
    seconds_per_call: float | None
    fuel_per_call: int | None
    stack_bytes: int | None
    interruptible: bool
    reserve_bytes: int | None


class Limits(_Fields):
    """Limits of each guest instance; ``None`` leaves one out.

    ``memory_bytes``: the size that linear memory may grow to; a guest that wants more sees its allocation fail. And as much again, give
    or take a quarter, may be taken by the values that the host keeps for it: those that its handles lead to, in lists of lists, too,
    whoever made them. A built-in that would make more raises ``js.RangeError``, and so does a further handle.
    ``table_elements``: how many elements its tables may hold in all.
    ``seconds_per_call``: of wall-clock time from the beginning of an outermost call to its end, time in host functions included;
    destructors of collected objects, start functions and the abort hook have as much each. Past it: ``GuestAborted``, kind ``"deadline"``.
    ``fuel_per_call``: how many wasm instructions, roughly, an outermost call may execute: the same number in every run.
    Past it: kind ``"fuel"``. Counting costs as much time as being interruptible does.
    ``stack_bytes``: of the thread's stack that wasm code may use, 524288 unless told; past it: kind ``"stack_overflow"``. A thread that
    does not have so much, and 256 KiB for the host, is refused with a ``RuntimeError``.
    ``interruptible``: whether code that is running can be made to come back from outside. Code that can costs time: a test in every
    function and at every few turns of a loop, 14 to 20 % with a real guest (QR codes). Without it deadlines are refused, and a guest that
    was terminated goes on until it calls its host or returns.
    ``reserve_bytes``: of address space, set aside for linear memory and as much again for exceptions; memory cannot grow further. 4 GiB
    unless told, with which code need not check addresses (that costs 4 to 60 %), or 128 MiB where the process has no room for that
    (``RLIMIT_AS``). Each number used is code of its own, compiled once.

    Raises ``TypeError`` and ``ValueError``, naming the field.
    """

    __slots__ = ()

    def __new__(
        cls,
        *,
        memory_bytes: int | None = None,
        table_elements: int | None = None,
        seconds_per_call: float | None = None,
        fuel_per_call: int | None = None,
        stack_bytes: int | None = None,
        interruptible: bool = True,
        reserve_bytes: int | None = None,
    ) -> Self:
        _whole("memory_bytes", memory_bytes, _PAGE, _MOST)
        _whole("table_elements", table_elements, 0, _MOST)
        _whole("fuel_per_call", fuel_per_call, 1, _MOST)
        _whole("stack_bytes", stack_bytes, _LEAST_STACK, _MOST_STACK)
        _whole("reserve_bytes", reserve_bytes, _PAGE, WIDE)
        if seconds_per_call is not None:
            seconds("seconds_per_call", seconds_per_call, zero=False)
        if not isinstance(interruptible, bool):
            raise TypeError(f"interruptible: expected bool, not {type(interruptible).__name__}")
        if seconds_per_call is not None and not interruptible:
            raise ValueError("seconds_per_call: a guest with interruptible=False cannot be stopped when its time is up")
        concerning_calls = seconds_per_call, fuel_per_call, stack_bytes
        return super().__new__(cls, memory_bytes, table_elements, *concerning_calls, interruptible, reserve_bytes)

    def _replace(self, /, **changes: Any) -> Self:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Checked as a new one is; ``copy.replace`` and :mod:`pickle` come here, too."""
        return type(self)(**{**self._asdict(), **changes})

    __replace__ = _replace

    def __reduce__(self) -> tuple[Any, ...]:
        return _limits, (self._asdict(),)

    @property
    def settings(self) -> Settings:
        """The engine that can hold a guest to them."""
        return Settings(self.interruptible, self.fuel_per_call is not None, self.stack_bytes or DEFAULT_STACK_BYTES, self.reserve_bytes)

    @property
    def concern_calls(self) -> bool:
        """Whether there is something to be done at every call, and not just for a fresh instance."""
        return (self.seconds_per_call, self.fuel_per_call, self.stack_bytes) != (None, None, None)

    def apply(self, store: int) -> None:
        """Set those of memory and tables on a fresh store."""
        if self.memory_bytes is None and self.table_elements is None:
            return
        from . import capi

        capi.store_limiter(
            store,
            -1 if self.memory_bytes is None else self.memory_bytes,
            -1 if self.table_elements is None else self.table_elements,
            -1,
            -1,
            -1,
        )


def _limits(fields: dict[str, Any]) -> Limits:
    return Limits(**fields)


def _whole(name: str, value: object, least: int, most: int) -> None:
    if value is None:
        return
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name}: expected int, not {type(value).__name__}")
    if not least <= value <= most:
        raise ValueError(f"{name}: {value} is not in {least}…{most}")


def seconds(name: str, value: object, *, zero: bool = True) -> float:
    """``value`` as a span of time that can be waited for."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"{name}: expected float, not {type(value).__name__}")
    if not (0 <= value <= _MOST_SECONDS) or (not zero and not value) or math.isnan(value):
        raise ValueError(f"{name}: {value} is not a span of time{'' if zero else ' in which something can run'}")
    return float(value)
