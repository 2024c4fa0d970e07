"""A run of trio, as far as microtasks and promises need an event loop. Only loaded where trio is running.

What the guest waits for runs as a system task: no nursery of the host's is known here. trio itself is never imported, only found.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from ..recovery.log import log

if TYPE_CHECKING:
    from .promise import Promise

_runs: WeakKeyDictionary[Any, TrioLoop] = WeakKeyDictionary()
"""By trio's token of a run."""


def running_trio() -> TrioLoop | None:
    """The run of trio that this thread is in."""
    trio = sys.modules.get("trio")
    if trio is None or not getattr(trio, "lowlevel", None) or not trio.lowlevel.in_trio_run():
        return None
    token = trio.lowlevel.current_trio_token()
    return _runs.get(token) or _runs.setdefault(token, TrioLoop(trio, token))


class TrioLoop:
    """What of ``asyncio.AbstractEventLoop`` is used here."""

    def __init__(self, trio: Any, token: Any) -> None:
        self._trio = trio
        self._token = token

    def is_running(self) -> bool:
        """Whether it goes on."""
        try:
            self._token.run_sync_soon(int)
        except self._trio.RunFinishedError:
            return False
        return True

    def call_soon(self, call: Callable[..., object], *args: Any) -> None:
        """From any thread. Raises ``RuntimeError`` when it is over."""
        self._token.run_sync_soon(call, *args)

    call_soon_threadsafe = call_soon

    def call_later(self, seconds: float, call: Callable[..., object], *args: Any) -> None:
        """In this thread."""

        async def later() -> None:
            await self._trio.sleep(seconds)
            call(*args)

        self._trio.lowlevel.spawn_system_task(later)

    def start(self, awaitable: Any, done: Callable[[Future[Any]], None]) -> Future[Any]:
        """Run an awaitable; ``done`` is called with its future when that is finished. Who cancels the future cancels the awaitable."""
        future = _Future(scope := self._trio.CancelScope())

        async def run() -> None:
            try:
                with scope:
                    future.set_result(await awaitable)
            except Exception as error:
                future.set_exception(error)
            except BaseException:
                future.set_cancelled()
                raise
            finally:
                if not future.done():
                    future.set_cancelled()
                try:
                    done(future)
                except Exception:
                    log.exception("what waits for an awaitable failed")

        self._trio.lowlevel.spawn_system_task(run)
        return future

    async def wait(self, promise: Promise[Any]) -> None:
        """Until the promise is settled."""
        event = self._trio.Event()

        def wake() -> None:
            with suppress(self._trio.RunFinishedError):
                self._token.run_sync_soon(event.set)

        try:
            if promise._watch(wake):
                await event.wait()
        except self._trio.Cancelled:
            promise._unwatch(wake)
            promise._jobs.abandon(promise)
            raise
        finally:
            promise._unwatch(wake)


class _Future(Future[Any]):
    """One that is cancelled by way of its scope."""

    def __init__(self, scope: Any) -> None:
        super().__init__()
        self._scope = scope

    def cancel(self) -> bool:
        self._scope.cancel()
        return True

    def set_cancelled(self) -> None:
        super().cancel()
        self.set_running_or_notify_cancel()
