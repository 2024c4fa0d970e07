"""What a guest must know of the thread that calls it: how much stack there is, and whether somebody may want to cancel what it does.

asyncio runs blocking functions in the threads of an executor. When a task that waits for one is cancelled, asyncio calls the ``cancel``
of the executor's future, and that does nothing for a function that is running. So an outermost call that finds itself in a worker
thread looks for the future of its work item, and puts something in the place of that ``cancel`` which stops the guest when it is
asyncio that calls it. Where the standard library's innards are others, nothing is found, and nothing happens.
"""

from __future__ import annotations

import ctypes
import math
import os
import sys
import threading
from collections.abc import Callable
from contextvars import copy_context
from types import BuiltinFunctionType
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import ref

from ..accelerator import set_plain
from ..errors import GuestAborted
from ..recovery.lock import this_thread
from .clock import clock
from .engine import DEFAULT_STACK_BYTES

if TYPE_CHECKING:
    from concurrent.futures import Future

    from .guest import Guest

T = TypeVar("T")

HOST_STACK_BYTES = 256 * 1024
"""What the interpreter may need of a thread's stack, below the guest and above it."""

_MOST_FRAMES = 64
"""How far up an executor's work item is looked for."""


class _Here(threading.local):
    """What is known of the present thread."""

    plain = 0
    """The thread, where nothing has to be looked at: there is stack enough for default limits, and nobody who cancels."""
    known = False
    stack: float = math.inf
    """Bytes; no end of them where that cannot be found out."""
    worker = False
    """A thread of a ``ThreadPoolExecutor``."""
    given: Cancellation | None = None
    """Of the function that :func:`in_thread` runs here."""
    found: Cancellation | None = None
    """Of the work item that was last seen to run here."""


here = _Here()


def _one_thread() -> Any:
    """What is true while this process has no other thread, where the C library tells: glibc does (2.32 and later).

    It knows nothing of greenlets; where those take the place of threads, it is not asked.
    """
    if not isinstance(this_thread, BuiltinFunctionType):
        return False
    try:
        return ctypes.c_bool.in_dll(ctypes.CDLL(None), "__libc_single_threaded")
    except (OSError, TypeError, ValueError):
        return False


class _Only:
    """The same of a process's one thread, for as long as it is ``alone``: that takes a third of the time to read."""

    __slots__ = ("alone", "plain")

    def __init__(self) -> None:
        self.alone = _one_thread()
        self.plain = 0


only = _Only()


def _forked() -> None:
    only.plain = here.plain


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)


class Cancellation:
    """Whether a function that runs in a thread is to be cancelled, and the guests it is in."""

    __slots__ = ("_future", "asked", "begun", "guests")

    def __init__(self, future: Future[Any] | None = None) -> None:
        self._future = None if future is None else ref(future)
        self.asked = False
        self.begun = False
        self.guests: list[Guest] = []
        """Those of outermost calls that run now: the host function of one may have called another."""

    def enter(self, guest: Guest) -> None:
        """An outermost call begins. Raises ``CancelledError`` when it may not."""
        with clock.lock:
            if self.asked:
                raise _cancelled()
            self.guests.append(guest)

    def leave(self, guest: Guest) -> None:
        """It ended."""
        with clock.lock:
            if guest in self.guests:
                self.guests.remove(guest)

    def cancel(self) -> bool:
        """Stop what runs, and let nothing begin. Returns whether the function had begun at all."""
        with clock.lock:
            self.asked = True
            for guest in self.guests:
                guest.kill(GuestAborted("the task that made the call was cancelled", kind="terminated"))
            return self.begun

    def __call__(self) -> bool:
        """In the place of the ``cancel`` of a future whose function is running."""
        future = None if self._future is None else self._future()
        if future is None:
            return False
        cancelled = type(future).cancel(future)
        if not cancelled and not future.done() and sys._getframe(1).f_globals.get("__name__") == "asyncio.futures":
            self.cancel()
        return cancelled

    @property
    def over(self) -> bool:
        """Its work item is done."""
        future = None if self._future is None else self._future()
        return future is None or future.done()


def _cancelled() -> Exception:
    from concurrent.futures import CancelledError

    return CancelledError("the task that this call is made for was cancelled")


def require_stack(guest_bytes: int) -> None:
    """Raise ``RuntimeError`` when this thread has no room for a guest: overrunning its stack would end the process."""
    if not here.known:
        _look_round()
    if here.stack < guest_bytes + HOST_STACK_BYTES:
        raise RuntimeError(
            f"this thread's stack of {here.stack} bytes is too small: the guest may use {guest_bytes} (Limits(stack_bytes=…)), "
            f"and the host needs {HOST_STACK_BYTES}"
        )


def cancellation() -> Cancellation | None:
    """Of the function that this thread runs, if that can be cancelled."""
    if here.plain:
        return None
    if here.given is not None or not here.worker:
        return here.given
    if here.found is None or here.found.over:
        here.found = _of_work_item()
    return here.found


def _look_round() -> None:
    here.stack = _stack_bytes() or math.inf
    worker = getattr(sys.modules.get("concurrent.futures.thread"), "_worker", None)
    here.worker = worker is not None and getattr(threading.current_thread(), "_target", None) is worker
    plain = not here.worker and here.stack >= DEFAULT_STACK_BYTES + HOST_STACK_BYTES
    here.plain = this_thread() if plain else 0
    if only.alone:
        only.plain = here.plain
    set_plain(plain)
    here.known = True


def _of_work_item() -> Cancellation | None:
    try:
        run = sys.modules["concurrent.futures.thread"]._WorkItem.run.__code__
        frame: Any = sys._getframe(2)
        for _ in range(_MOST_FRAMES):
            if frame is None or frame.f_code is run:
                break
            frame = frame.f_back
        else:
            return None
        if frame is None:
            return None
        future = frame.f_locals["self"].future
        found = Cancellation(future)
        future.cancel = found
    except (AttributeError, KeyError, TypeError):
        return None
    return found


async def in_thread(function: Callable[..., T], args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
    """``asyncio.to_thread`` that can be cancelled: guests that the function is in are killed, and it is waited for."""
    import asyncio

    wanted, context = Cancellation(), copy_context()

    def run() -> T:
        with clock.lock:
            if wanted.asked:
                raise _cancelled()
            wanted.begun = True
        before, here.given, here.plain = here.given, wanted, 0
        set_plain(False)
        try:
            return context.run(function, *args, **kwargs)
        finally:
            here.given, here.known = before, False

    future = asyncio.get_running_loop().run_in_executor(None, run)
    try:
        await asyncio.wait([future])
    except asyncio.CancelledError:
        if not wanted.cancel():
            future.cancel()
        while not future.done():
            try:
                await asyncio.wait([future])
            except asyncio.CancelledError:
                continue
        if not future.cancelled():
            future.exception()  # seen: asyncio need not tell that nobody asked for it
        raise
    return future.result()


# ------------------------------------------------------------------ the size of a thread's stack


def _stack_bytes() -> int | None:
    try:
        if sys.platform == "win32":
            return _of_windows()
        library = ctypes.CDLL(None)
        if sys.platform == "darwin":
            return _of_darwin(library)
        return _of_posix(library)
    except (AttributeError, OSError):
        return None


def _of_posix(library: Any) -> int | None:
    """``pthread_getattr_np``: glibc and musl have it, and so have the BSDs under another name (there: unknown)."""
    attributes, address, size, guard = (ctypes.c_uint64 * 64)(), ctypes.c_void_p(), ctypes.c_size_t(), ctypes.c_size_t()
    library.pthread_self.restype = ctypes.c_void_p
    if library.pthread_getattr_np(ctypes.c_void_p(library.pthread_self()), attributes):
        return None
    library.pthread_attr_getstack(attributes, ctypes.byref(address), ctypes.byref(size))
    library.pthread_attr_getguardsize(attributes, ctypes.byref(guard))
    library.pthread_attr_destroy(attributes)
    return size.value - guard.value


def _of_darwin(library: Any) -> int | None:
    library.pthread_self.restype = ctypes.c_void_p
    library.pthread_get_stacksize_np.restype = ctypes.c_size_t
    return int(library.pthread_get_stacksize_np(ctypes.c_void_p(library.pthread_self()))) or None


def _of_windows() -> int | None:
    kernel: Any = getattr(ctypes, "windll").kernel32  # noqa: B009 (other platforms' type checkers do not know it)
    low, high = ctypes.c_size_t(), ctypes.c_size_t()
    kernel.GetCurrentThreadStackLimits(ctypes.byref(low), ctypes.byref(high))
    return high.value - low.value
