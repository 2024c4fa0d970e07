"""A lock that is waited for so long and no longer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, cast


def patient(lock: threading.RLock, seconds: float) -> AbstractContextManager[Any]:
    """``lock`` as a context manager whose entry raises ``TimeoutError`` when another thread has it for more than ``seconds``.

    It is given back by the lock's own ``__exit__``: no line of Python stands between a call and the lock's release.
    """
    owned = lock._is_owned  # type: ignore[attr-defined]

    def enter(_self: object) -> None:
        nested = owned()
        try:
            if not lock.acquire(timeout=seconds):
                raise TimeoutError(f"the instance has been busy in another thread for {seconds} seconds")
        except BaseException:
            if not nested and owned():  # an interrupt that arrived while waiting is raised when the lock is had
                lock.release()
            raise

    return cast("AbstractContextManager[Any]", type("PatientLock", (), {"__enter__": enter, "__exit__": lock.__exit__})())


def is_free(lock: threading.RLock) -> Callable[[], bool]:
    """A function that says whether no other thread has ``lock`` at this moment. It knows the lock, and nobody who uses it."""
    attempt: AbstractContextManager[Any] | None = None

    def free() -> bool:
        nonlocal attempt
        if attempt is None:  # a class of its own: most instances never ask
            attempt = patient(lock, 0)
        try:
            with attempt:
                return True
        except TimeoutError:
            return False

    return free
