"""The host of one Instance of the ``matrix`` guest, and what can be seen of a call."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bindgen_patch import GuestAborted, Limits

Enter = Callable[[Any], Any]
"""Goes in with an event."""

LIMITS = {
    "Fuel": Limits(fuel_per_call=5_000_000),
    "OutOfMemory": Limits(memory_bytes=32 << 20),  # four gibibytes of addresses would do as well, but take longer
}


class HostError(Exception):
    """What the host raises."""


@dataclass(frozen=True)
class Outcome:
    """What came of a call, and of its instance."""

    ending: str
    """``"returned"``, ``"panic"``, ``"error"`` (the guest's), ``"host"`` (the host's own exception, that very object), ``"death"``, or
    ``"refused"`` (:class:`.ModuleTerminated`)."""
    detail: str = ""
    """The message, or the kind of death."""
    state: str = "live"
    """Of the instance, after the call."""
    logged: bool = False
    """Whether an error was logged: it struck where no caller could be told."""
    fresh: bool = False
    """Whether a fresh instance has taken over, or does so with the next call."""
    left: str = ""
    """What is left of the call in a live instance: ``"borrowed"`` (the object), ``"handles"``."""


class World:
    """Provides what the guest imports, and does the host's part of an event."""

    def __init__(self, module: Any, event: str) -> None:
        self.events = module.Event
        self.nothing = module.Event.Nothing
        self.armed = self.nothing
        self.swallows = False
        self.lines: list[str] = []
        self.deaths: list[GuestAborted] = []
        self.error: BaseException | None = None
        self.subject: Any = None
        """The object whose method is the way in."""
        self.other: Any = None
        self.had_loop = False
        self.on_held: Callable[[], Any] = lambda: None
        self.threads: list[threading.Thread] = []
        imports = {
            "armed": self.take_armed,
            "host": self.host,
            "nested": self.nested,
            "lend": lambda closure, event: closure(event),
            "held": lambda: self.on_held(),
            "turn": lambda: asyncio.sleep(0),
            "log": self.lines.append,
        }
        self.i: Any = module.Instance(imports, limits=LIMITS.get(event))
        self.i.on_abort(self.deaths.append)

    # ------------------------------------------------------------------ functions of the host

    def take_armed(self) -> Any:
        """Once only: in a fresh instance nothing happens again."""
        armed, self.armed = self.armed, self.nothing
        return armed

    def host(self, event: Any) -> None:
        """What the guest cannot do alone."""
        match event.name:
            case "HostError" | "HostErrorCaught":
                self.error = HostError("the host's own")
                raise self.error
            case "Interrupt" | "InterruptCaught":
                self.error = KeyboardInterrupt()
                raise self.error
            case "BorrowConflict":
                self.other = self.other or self.i.Thing(self.nothing)
                self.on_held = self.other.hold
                self.other.hold()
            case "TerminatedByThread":
                self.threads.append(threading.Thread(target=self.terminate_soon))
                self.threads[0].start()
            case "TerminatedByHost":
                self.i.terminate("by the host")
            case "ReinitByHost":
                self.i.schedule_reinit()

    def terminate_soon(self) -> None:
        """From another thread."""
        time.sleep(0.005)  # until the guest is in its loop; should it not be, it is stopped on its way there
        self.i.terminate("by a thread")

    def nested(self, event: Any) -> int:
        """A call inside a call."""
        try:
            return int(self.i.call(event))
        except Exception:
            if not self.swallows:
                raise
            return 0

    # ------------------------------------------------------------------ what ways in need

    def make_subject(self) -> Any:
        """An object, to go in by one of its methods."""
        self.subject = self.i.Thing(self.nothing)
        return self.subject

    def with_armed(self, event: Any, call: Callable[[], Any]) -> Any:
        """``call()``, during which the guest is told of ``event`` when it asks."""
        self.armed = event
        try:
            return call()
        finally:
            self.armed = self.nothing

    def awaited(self, call: Callable[[], Awaitable[Any]]) -> Any:
        """What an awaitable gives, in an event loop of its own."""

        async def main() -> Any:
            return await asyncio.wait_for(call(), 20)

        self.had_loop = True
        return asyncio.run(main())

    def turned(self, call: Callable[[], Any]) -> None:
        """``call()``, then a few turns of an event loop."""

        async def main() -> None:
            call()
            for _ in range(5):
                await asyncio.sleep(0)

        self.had_loop = True
        asyncio.run(main())
