"""The lock of a guard: one thread at a time, and who is inside may come in again.

``with guard.lock:`` takes an ``RLock``, and gives it back by that lock's own ``__exit__``: no line of Python stands between the end of a
call and the lock's release, so no interrupt can prevent it.

To take and release it is a fifth of what an ordinary call of pure Python costs. So those, see ``runtime/quick.py``, pass it by as long as
the guard is *open*::

    del guard._open; guard._inside = this_thread(); guard._ready = False    # AttributeError: somebody was quicker
    …
    guard._ready = True; guard._inside = 0; guard._open = None

Each of these lines is one step, for CPython runs other threads, signal handlers and finalizers at the beginning of functions, after calls
and at jumps back, and there are none here. Tracers may run anything between two lines, and so what belongs together is one line. Builds
without the interpreter's lock, and other interpreters, have no ordinary calls.

Whoever takes the lock shuts the guard, and a call that ends in order opens it: one that is cut off leaves it shut, and the next goes by
the lock. Who has that, finds the guard shut, and nobody is inside, is alone. Else he waits for a bell, and calls do not open as long as
there is one. Nested calls take no lock: their thread is alone, and who has the lock may be waiting for it.
"""

from __future__ import annotations

import threading
from _queue import Empty, SimpleQueue
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from time import monotonic
from typing import TYPE_CHECKING, Any

from ..accelerator import Gate, RLock, native

this_thread: Callable[[], int] = threading.get_ident
"""What is in ``_inside``. Bound once: where greenlets take the place of threads later on, they are still one thread to us."""
_LISTEN = 0.05
"""Seconds after which somebody who waits looks for himself: who was to ring the bell may have been interrupted."""
_NOTHING: AbstractContextManager[Any] = nullcontext()


def _busy(patience: float | None) -> TimeoutError:
    return TimeoutError(f"the instance has been busy in another thread for {patience:g} seconds")


if native is None or TYPE_CHECKING:

    class Lock(Gate):
        """Who waits for another thread's call does so for ``patience`` seconds, then gets a ``TimeoutError``; with ``None`` for ever."""

        def __init__(self, patience: float | None) -> None:
            self._patience = patience
            self._inside, self._bell, self._locked = 0, None, False

        @property
        def lock(self) -> AbstractContextManager[Any]:
            """One thread at a time; held from before ``enter`` until after ``leave``. There is nothing to lock for who is inside."""
            return _NOTHING if self.held() else self

        def held(self) -> bool:
            """Whether this thread is inside already: then its next call is a nested one."""
            if self._ready and not self._locked:
                return False  # nobody is, then
            return self._inside == this_thread() or self._is_owned()

        def free(self) -> bool:
            """Whether no other thread is inside."""
            inside = self._inside
            return inside == this_thread() if inside else self._is_owned() or repr(self).startswith("<unlocked")

        def reopen(self, guest: Any) -> None:
            """An outermost call ended in order. The next may be an ordinary one, but for somebody who waits."""
            if not guest.calm:
                guest.calm = True  # looked at next: who has something to be seen to does both in the other order
                if self._due or not guest.at_ease():
                    guest.calm = False
            bell = self._bell
            if bell is None:
                self._locked = False; self._inside = 0; self._open = None  # fmt: skip  # noqa: E702
            else:
                self._inside = 0
                bell.put(None)

        def __enter__(self) -> None:  # type: ignore[override]
            patience = self._patience
            end = None if patience is None else monotonic() + patience
            try:
                if not (self.acquire() if patience is None else self.acquire(timeout=patience)):
                    raise _busy(patience)
                shut = True
                try:
                    del self._open; self._locked = True  # fmt: skip  # noqa: E702
                except AttributeError:
                    shut = False
                if not shut and not self._shut(end):
                    raise _busy(patience)
            except BaseException:
                if self._is_owned():  # an interrupt that arrived while waiting is raised when the lock is had
                    self.release()
                raise

        def _shut(self, end: float | None) -> bool:
            """The lock is ours. Shut the guard, and wait until nobody is inside; false when that lasts too long."""
            try:
                while True:
                    inside, is_open = self._inside, hasattr(self, "_open")  # of one moment: nothing runs in between
                    if is_open:
                        try:
                            del self._open; self._locked = True  # fmt: skip  # noqa: E702
                            return True
                        except AttributeError:  # somebody was quicker
                            continue
                    if not inside:
                        self._locked = True
                        return True
                    if self._bell is None:  # and looks once more: who is inside may be leaving without having seen it
                        self._bell = SimpleQueue()
                        self.look()
                        continue
                    left = _LISTEN if end is None else min(_LISTEN, end - monotonic())
                    if left <= 0:
                        return False
                    with suppress(Empty):
                        self._bell.get(timeout=left)
            finally:
                self._bell = None

        def look(self) -> None:
            """There is something to see to before the next call begins, or when the one that is running ends."""
            guest = self._guest
            if guest is not None:
                guest.calm = False

else:

    class Lock(Gate):
        """The same with the accelerator's lock, which all calls take, and which is seen to be free as soon as an open guard is."""

        def __init__(self, patience: float | None) -> None:
            self.lock = lock = self._rlock = RLock(patience)
            self.held, self.free = lock._is_owned, lock.is_free

        def reopen(self, _guest: Any) -> None:
            """There is nothing to open."""

        def look(self) -> None:
            """Every call looks for itself."""
