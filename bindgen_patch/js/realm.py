"""A realm (ECMA-262 9.3): what one guest instance has of its own in JavaScript's world, and what ends with it.

That is its globals (those that need to know who asks) and the promises that only it can settle. When the instance dies, is
replaced or closed, these are rejected at once, and none of its functions is called by a job again.
"""

from __future__ import annotations

import logging
import re
from collections import ChainMap
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any
from weakref import ref

from .. import symbols
from ..errors import Frame, GuestAborted, ModuleTerminated
from . import errors
from .builtins import GLOBALS
from .jobs import Jobs
from .promise import Promise, is_promise, promised, rejected
from .views import BuiltinClass

log = logging.getLogger("bindgen_patch")


class Realm:
    """Of one guest instance. ``jobs`` is the queue of its Instance, which outlives it, ``provided`` what the host gives as globals."""

    def __init__(self, jobs: Jobs, provided: Mapping[str, Any]) -> None:
        self.jobs = jobs
        own: dict[str, Any] = {"Promise": _PromiseClass(self), "queueMicrotask": self.queue_microtask}
        own["globalThis"] = MappingProxyType(ChainMap(provided, own, GLOBALS))  # type: ignore[arg-type]
        self.globals: Mapping[str, Any] = own
        self.ended = False
        self.abandoned: list[Promise[Any]] = []
        """Pending promises whose resolving functions the guest has dropped during the present job."""
        self.failed_in: tuple[Frame, ...] = ()
        """Where the guest stood when a host function failed during the present job."""
        self.running = False
        """Whether a job of the guest's is going on."""
        self._derived: Promise[Any] | None = None
        self._pending: dict[int, ref[Promise[Any]]] = {}

    # ------------------------------------------------------------------ globals

    def queue_microtask(self, callback: Any = None, *_rest: object) -> None:
        """``queueMicrotask(callback)``."""
        if not callable(callback):
            raise errors.TypeError("queueMicrotask was not given a function")
        self.jobs.add(lambda: self._microtask(callback))

    def _microtask(self, callback: Callable[[], Any]) -> None:
        calls = getattr(callback, "_bp_calls", 0)
        try:
            self.run(callback)
        except Exception as error:
            if self.ended:
                return
            if not self.blame(error):
                log.exception("uncaught in a microtask")
            if getattr(callback, "_bp_is_queue", False) and getattr(callback, "_bp_calls", 0) > calls:
                # js-sys polls several tasks in one microtask. The rest of them would wait until something wakes another one.
                self.queue_microtask(callback)

    # ------------------------------------------------------------------ promises that depend on the instance

    def keep(self, promise: Promise[Any]) -> None:
        """This promise is settled by the guest or by nobody."""
        if self.ended:
            return
        promise._realm = self
        self._pending[id(promise)] = ref(promise, self._forget(id(promise)))

    def _forget(self, key: int) -> Callable[[object], None]:
        pending = self._pending

        def forget(_gone: object) -> None:
            pending.pop(key, None)

        return forget

    def settled(self, promise: Promise[Any]) -> None:
        """It was settled in time."""
        self._pending.pop(id(promise), None)

    def pending(self) -> list[Promise[Any]]:
        """All that are pending, in the order in which they were made."""
        return [promise for reference in list(self._pending.values()) if (promise := reference()) is not None]

    # ------------------------------------------------------------------ jobs

    def run(self, function: Callable[..., Any], *args: Any, derived: Promise[Any] | None = None) -> Any:
        """Call a function in a job, for the promise ``derived`` if it is a reaction. One of a guest that has ended is not called."""
        if self.ended:
            raise _gone(None)
        self.abandoned.clear()
        self.failed_in = ()
        self.running, self._derived = True, derived
        try:
            return function(*args)
        except Exception:
            raise
        except BaseException as interrupt:  # not for guests: whoever waits for what was interrupted must hear of it all the same
            for promise in self.abandoned:
                promise._reject(errors.Error(f"interrupted by {type(interrupt).__name__}"))
            raise
        finally:
            self.running, self._derived = False, None

    def dropped(self, promise: Promise[Any]) -> None:
        """The guest has let go of the resolving functions of a pending promise."""
        if self.running:
            self.abandoned.append(promise)

    def blame(self, error: Exception) -> bool:
        """A poll failed and the instance lives: reject the promises whose future it was. False when it was none's.

        When a future is dropped half way, so are the resolving functions that it owned: that tells. Code that does not unwind
        drops nothing; there the names of the frames tell, as for a death.
        """
        culprits = self.abandoned or _named(self.pending(), self.failed_in) or []
        for promise in tuple(culprits):
            promise._reject(error)
        self.abandoned.clear()
        return bool(culprits)

    # ------------------------------------------------------------------ the end

    def end(self, death: GuestAborted | None) -> None:
        """The instance is gone: of ``death``, or replaced or closed. Every promise that depends on it is rejected now. May be repeated.

        Which of them died? A death outside of a job (inside a call of the host's) is nobody's. For one inside a job the frames
        tell: the function that polls the future of an asynchronous export has that export in its name. So

        - what ``then`` returned for the function that was running gets it, and
        - the pending promises of the exports that are named get the death itself, all of them when an export was called twice;
        - when the guest has no names at all, every pending promise of an asynchronous export gets it, for each may be the one;
        - all others, and all of them when a task of ``spawn_local`` died, get :class:`.ModuleTerminated` with the cause.
        """
        self.ended = True
        pending = self.pending()
        culprits = {id(self._derived), *map(id, _culprits(pending, death.frames))} if death is not None and self.running else set()
        for promise in pending:  # whom an interrupt leaves out gets it when this is called again
            promise._reject(death if id(promise) in culprits else _gone(death))
        self.globals = {}


def _gone(death: GuestAborted | None) -> ModuleTerminated:
    why = f": {death.kind}: {death.message}" if death else ": the instance was replaced or closed while this was pending"
    return ModuleTerminated(f"Module terminated{why}", cause_of_death=death)


_GENERATED = re.compile(rf"{symbols.GENERATED}(\w+)")


def _labels(frames: tuple[Frame, ...]) -> set[str]:
    return {label for frame in frames for label in _GENERATED.findall(frame.function)}


def _named(pending: list[Promise[Any]], frames: tuple[Frame, ...]) -> list[Promise[Any]]:
    labels = _labels(frames)
    return [promise for promise in pending if promise._label in labels] if labels else []


def _culprits(pending: list[Promise[Any]], frames: tuple[Frame, ...]) -> list[Promise[Any]]:
    exported = [promise for promise in pending if promise._label is not None]
    named = _named(exported, frames)
    unnamed = not any(not frame.function.startswith("wasm-function[") for frame in frames)
    return exported if unnamed else named


class _PromiseClass(BuiltinClass):
    """The global ``Promise`` of one realm."""

    __slots__ = ("_realm",)

    def __init__(self, realm: Realm) -> None:
        super().__init__("Promise", is_promise, resolve=self._resolve, reject=self._reject)
        self._realm = realm

    def __call__(self, executor: Any = None, *_rest: object) -> Promise[Any]:
        promise = Promise._make(self._realm.jobs)
        self._realm.keep(promise)
        promise._execute(executor)
        return promise

    def _resolve(self, value: Any = None, *_rest: object) -> Promise[Any]:
        return promised(value, self._realm.jobs)

    def _reject(self, reason: Any = None, *_rest: object) -> Promise[Any]:
        return rejected(reason, self._realm.jobs)
