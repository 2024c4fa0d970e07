"""A realm (ECMA-262 9.3): what one guest instance has of its own in JavaScript's world, and what ends with it.

That is its globals (those that need to know who asks), its timers, what it fetches, and the promises that only it can settle. When the
instance dies, is replaced or closed, these are rejected at once, and none of its functions is called by a job again.
"""

from __future__ import annotations

import re
import threading
from collections import ChainMap
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from weakref import ref

from .. import symbols
from ..errors import GuestAborted, ModuleTerminated, StaleObjectError
from . import errors
from .builtins import GLOBALS
from .classes import Class, Function
from .jobs import Jobs
from .promise import Promise, is_promise, promised, realm_of, rejected
from .turns import Turns

if TYPE_CHECKING:
    from .web.timers import Timers


class Realm:
    """Of one guest instance. ``jobs`` is the queue of its Instance, which outlives it, ``provided`` what the host gives as globals.

    ``transport`` is what its ``fetch`` goes through: one or none.
    """

    def __init__(self, jobs: Jobs, provided: Mapping[str, Any], transport: Sequence[Callable[[Any], Any]] = ()) -> None:
        self.jobs = jobs
        self._provided = provided
        self._transport = transport
        self.ended = False
        self.closing: dict[object, Callable[[], None]] = {}
        """What else has to stop when the instance ends, and how."""
        self._runner = 0
        """The thread in which a job of the guest's is going on."""
        self.failed_in: tuple[str, ...] = ()
        """The functions that were on the stack when the guest failed during the present job, as the name section has them."""
        self._failed = False
        self._turns_are_asked_for = False
        """The guest is a debug build, which checks that a turn is one that its queue asked for."""
        self._derived: Promise[Any] | None = None
        self._abandoned: list[Promise[Any]] = []
        """Pending promises whose resolving functions the guest has dropped during the present job."""
        self._accused: list[tuple[Exception, list[Promise[Any]]]] = []
        self._pending: dict[int, ref[Promise[Any]]] = {}

    # ------------------------------------------------------------------ globals

    @cached_property
    def globals(self) -> Mapping[str, Any]:
        """What is its own, by name. Made when the guest asks for a global: one that dies young never does."""
        own: dict[str, Any] = {"Promise": _PromiseClass(self), "queueMicrotask": self.queue_microtask, "fetch": self._fetch}
        own |= {"setTimeout": self._set_timeout, "setInterval": self._set_interval}
        own["clearTimeout"] = own["clearInterval"] = self._clear_timer
        own["globalThis"] = MappingProxyType(ChainMap(self._provided, own, GLOBALS))  # type: ignore[arg-type]
        return own

    def queue_microtask(self, callback: Any = None, *_rest: object) -> None:
        """``queueMicrotask(callback)``."""
        if not callable(callback):
            raise errors.TypeError("queueMicrotask was not given a function")
        if realm_of(callback) is self and getattr(callback, "_bp_is_task_queue", False):
            self.turns.asked()
            self.jobs.add(lambda: self._turn(callback))
        else:
            self.jobs.add(lambda: self._microtask(callback))

    @cached_property
    def _timers(self) -> Timers:
        from .web.timers import Timers

        timers = Timers(self)
        self.closing[timers] = timers.end
        return timers

    def _set_timeout(self, function: Any = None, delay: Any = None, *args: Any) -> int:
        return self._timers.begin(function, delay, *args)

    def _set_interval(self, function: Any = None, delay: Any = None, *args: Any) -> int:
        return self._timers.begin(function, delay, *args, repeat=True)

    def _clear_timer(self, number: Any = None, *_rest: object) -> None:
        if number is not None:
            self._timers.clear(number)

    def task(self, call: Callable[[], Any]) -> None:
        """What a timer does: an error is told to nobody but the log, as everything that is uncaught."""
        try:
            self.run(call)
        except Exception as error:
            if self.ended:
                return
            self._reject_abandoned(error)
            self.jobs.uncaught(error, "a timer")

    def _fetch(self, resource: Any = None, init: Any = None, *_rest: object) -> Promise[Any]:
        from .web.fetching import fetch

        return fetch(self, self._transport[0] if self._transport else None, resource, init)

    def _microtask(self, callback: Callable[[], Any]) -> None:
        calls = getattr(callback, "_bp_calls", None)
        try:
            self.run(callback)
        except Exception as error:
            if self.ended:
                return
            refused = isinstance(error, (errors.Error, StaleObjectError))
            if calls is not None and not refused and getattr(callback, "_bp_calls", None) == calls:
                raise  # it was not even called
            if getattr(error, "message", None) == symbols.TASK_QUEUE_ASSERTION:
                self._turns_are_asked_for = True
            elif not self._blame(error):
                self.jobs.uncaught(error, "a microtask")

    def _turn(self, poll_all: Callable[[], Any]) -> None:
        """js-sys polls the tasks that wait. When one fails the rest would wait until something wakes another: they get a turn, too.

        A debug build of js-sys panics in such a turn before it polls anybody. There it is as upstream has it.
        """
        calls = getattr(poll_all, "_bp_calls", 0)
        self.turns.begin()
        members = self.turns.members
        self._failed = True
        try:
            self._microtask(poll_all)
        finally:  # by an interrupt, too
            self.turns.end()
            if self._failed and not (self.ended or self._turns_are_asked_for) and getattr(poll_all, "_bp_calls", 0) > calls:
                self.turns.wake(members)
                self.queue_microtask(poll_all)
                self.turns.woken()

    @cached_property
    def turns(self) -> Turns:
        """Whose futures may be polled when."""
        return Turns()

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
        self._abandoned.clear()
        self.failed_in = ()
        self._runner, self._derived, self._failed = threading.get_ident(), derived, True
        try:
            result = function(*args)
            self._failed = False
            return result
        except Exception:
            raise
        except BaseException as interrupt:  # not for guests: whoever waits for what was interrupted must hear of it all the same
            for promise in self._abandoned:
                promise._reject(errors.Error(f"interrupted by {type(interrupt).__name__}"))
            raise
        finally:
            self._runner, self._derived = 0, None

    @property
    def running(self) -> bool:
        """Whether this thread is in a job of the guest's."""
        return self._runner == threading.get_ident()

    def dropped(self, promise: Promise[Any]) -> None:
        """The guest has let go of the resolving functions of a pending promise."""
        if self.running:
            self._abandoned.append(promise)

    def _reject_abandoned(self, error: Exception) -> None:
        for promise in tuple(self._abandoned):
            promise._reject(error)
        self._abandoned.clear()

    def _blame(self, error: Exception) -> bool:
        """A poll failed, and the instance lives: have the promise rejected whose future it was. False when it was none's.

        A future that is dropped half way drops the resolving functions that it owns: that tells. Where nothing is dropped, because
        the code does not unwind, there are suspects (see :meth:`end`). They are given the time to be settled.
        """
        if self._abandoned:
            self._reject_abandoned(error)
            return True
        suspects = self._suspects()
        if suspects:
            self._accused.append((error, suspects))
            self.jobs.at_rest(self._judge)
        return bool(suspects)

    def _judge(self) -> None:
        """Nothing more is going to happen by itself. As many errors as suspects are theirs in this order; else it may be each of them."""
        accused, self._accused = self._accused, []
        left = list({id(promise): promise for _, suspects in accused for promise in suspects if promise._state == "pending"}.values())
        if len(left) == len(accused):
            for promise, (error, _) in zip(left, accused, strict=True):
                promise._reject(error)
        for error, suspects in accused:
            for promise in suspects:
                promise._reject(error)

    def _suspects(self) -> list[Promise[Any]]:
        """The pending promises of asynchronous exports that may have been polled there; empty when it was a task of another kind."""
        exported = [promise for promise in self.pending() if promise._label is not None]
        functions, members = self.failed_in, self.turns.members
        labels = {label for function in functions for label in re.findall(_GENERATED, function)}
        if not labels and len(functions) >= _FRAMES_KEPT:  # it was polled further out than can be seen
            return exported if members is None else [promise for promise in exported if id(promise) in members]
        stripped = functions and all(function.startswith("wasm-function[") for function in functions)
        named = exported if stripped else [promise for promise in exported if promise._label in labels]
        return [promise for promise in named if members is not None and id(promise) in members] or named

    # ------------------------------------------------------------------ the end

    def end(self, death: GuestAborted | None) -> None:
        """The instance is gone: of ``death``, or replaced or closed. Every promise that depends on it is rejected now. May be repeated.

        Which of them died? A death outside of a job (inside a call of the host's) is nobody's. For one inside a job the frames
        tell: what polls the future of an asynchronous export has that export in its name.

        - What ``then`` returned for the function that was running gets the death itself.
        - So do the pending promises of the exports that are named. When an export was called more than once: those whose turn it
          was (see :mod:`.turns`), all of them if that cannot be told.
        - When the guest was stripped of all names, every pending promise of an asynchronous export may be the one. When the stack was so
          deep that the outermost frames are not known: those whose turn it was.
        - All others, and all of them when a task of ``spawn_local`` died, get :class:`.ModuleTerminated` with the cause.
        """
        self.ended = True
        for stop in list(self.closing.values()):
            stop()
        self.closing.clear()
        culprits = {id(self._derived), *map(id, self._suspects())} if death is not None and self.running else set()
        for promise in self.pending():  # whom an interrupt leaves out gets it when this is called again
            promise._reject(death if id(promise) in culprits else _gone(death))
        self.globals = {}


def _gone(death: GuestAborted | None) -> ModuleTerminated:
    why = f": {death.kind}: {death.message}" if death else ": the instance was replaced or closed while this was pending"
    return ModuleTerminated(f"Module terminated{why}", cause_of_death=death)


_FRAMES_KEPT = 20
"""How many frames the engine keeps of a stack, the innermost ones."""

_GENERATED = rf"{symbols.GENERATED}(\w+)"


_COMBINATORS = {"all": 1, "allSettled": 1, "any": 1, "race": 1, "try": 1, "withResolvers": 0}
"""Name -> ``length``."""


class _PromiseClass(Class):
    """The global ``Promise`` of one realm."""

    __slots__ = ("_combinators", "_realm")

    def __init__(self, realm: Realm) -> None:
        self._realm = realm
        self._combinators: Mapping[str, Any] = {}
        statics = {
            **{name: (self._combinator(name), length) for name, length in _COMBINATORS.items()},
            "resolve": lambda _this, value: promised(value, realm.jobs),
            "reject": lambda _this, reason: rejected(reason, realm.jobs),
        }
        super().__init__("Promise", construct=self._make, length=1, statics=statics, tag="Promise")

    def has_instance(self, value: object) -> bool:
        return is_promise(value)

    def _combinator(self, name: str) -> Callable[..., Any]:
        """One that is loaded when it is first called: every instance has a realm, and few need these."""

        def call(this: object, *args: object) -> Any:
            if not self._combinators:
                from .combinators import statics

                self._combinators = {key: Function(key, *entry) for key, entry in statics(self._realm).items()}
            return self._combinators[name].invoke(this, args)

        return call

    def _make(self, executor: Any = None) -> Promise[Any]:
        promise = Promise._make(self._realm.jobs)
        self._realm.keep(promise)
        self._realm.turns.wake({id(promise): promise})
        try:
            promise._execute(executor)
        finally:
            self._realm.turns.woken()
        return promise
