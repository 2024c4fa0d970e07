"""``js.Promise``: JavaScript's promise (ECMA-262 27.2), which asyncio can await.

Settling, adopting thenables, and the order in which reactions run, turn by turn, are the standard's. What is Python's: awaiting
(:meth:`Promise.__await__`), waiting without a loop (:meth:`Promise.result`), and that any awaitable of the host is a promise to
guest code (:func:`adopted`).
"""

from __future__ import annotations

import threading
import types
from collections.abc import Awaitable, Callable, Generator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar
from weakref import ref

from ..errors import GuestAborted, GuestException, ModuleTerminated, StaleObjectError
from ..recovery.log import log
from . import errors
from .jobs import Jobs, collect_stranded, notify, running_jobs, running_loop
from .ordinary import Object, extra_of

if TYPE_CHECKING:
    from .realm import Realm
    from .turns import Members

T = TypeVar("T")
U = TypeVar("U")
T_co = TypeVar("T_co", covariant=True)

Resolve = Callable[..., None]
_own = threading.local()
_settling = threading.RLock()
"""Held while promises are settled or asked whether they are, for this may be in several threads. Nothing else happens under it."""


def default_jobs() -> Jobs:
    """The queue of promises that host code makes: one for each thread; in a job, that of the job."""
    jobs: Jobs | None = getattr(_own, "jobs", None) if (running := running_jobs()) is None else running
    if jobs is None:
        jobs = _own.jobs = Jobs()
    return jobs


class Promise(Awaitable[T_co], Generic[T_co]):
    """A value that is there later, or the reason why it never will be.

    ``Promise(executor)`` calls ``executor(resolve, reject)`` at once, as in JavaScript. Promises of a guest are made by it: each
    asynchronous function that it exports returns one. ``await`` gives the value or raises the reason; so does :meth:`result`.
    """

    __slots__ = (
        "__weakref__",
        "_abandoned",
        "_handled",
        "_jobs",
        "_kept",
        "_label",
        "_lift",
        "_reactions",
        "_realm",
        "_state",
        "_trace",
        "_value",
        "_waiters",
    )

    _state: Literal["pending", "fulfilled", "rejected"]

    def __init__(self, executor: Callable[[Resolve, Resolve], object]) -> None:
        """Raises ``TypeError`` when ``executor`` is no function. What it raises is a rejection."""
        self._begin(default_jobs())
        self._execute(executor)

    @classmethod
    def _make(cls, jobs: Jobs) -> Promise[Any]:
        """A pending one, for who has the resolving functions."""
        self: Promise[Any] = object.__new__(Promise)
        self._begin(jobs)
        return self

    def _begin(self, jobs: Jobs) -> None:
        self._jobs = jobs
        self._state = "pending"
        self._value: Any = None
        self._trace: types.TracebackType | None = None
        self._handled = False
        self._abandoned = False
        """A task that has waited for it was cancelled."""
        self._reactions: list[Reaction] = []
        self._waiters: list[Callable[[], None]] = []
        self._realm: Realm | None = None
        self._kept: tuple[object, ...] | None = None
        """What has to live as long as this."""
        self._label: str | None = None
        """What Rust calls the function that returned it."""
        self._lift: Callable[[Any], Any] | None = None
        """How the value that guest code sees becomes the one that the host was promised."""

    def _execute(self, executor: Callable[..., object]) -> None:
        if not callable(executor):
            raise errors.TypeError("Promise resolver is not a function")
        resolve, reject = self._functions()
        try:
            executor(resolve, reject)
        except Exception as error:
            reject(error.value if isinstance(error, GuestException) else error)

    @staticmethod
    def resolve(value: Any = None) -> Promise[Any]:
        """A promise of ``value``: itself when it is a promise, adopted when it is another awaitable."""
        return promised(value, default_jobs())

    @staticmethod
    def reject(reason: Any) -> Promise[Any]:
        """A promise that is rejected already."""
        promise = Promise._make(default_jobs())
        promise._reject(reason)
        return promise

    def __repr__(self) -> str:
        return f"<js.Promise {self._state}>"

    # ------------------------------------------------------------------ for Python code

    def __await__(self) -> Generator[Any, None, T_co]:
        """Wait in asyncio or trio. Raises what the promise was rejected with; a value that is no exception in a :class:`.GuestException`.

        ``RuntimeError`` inside a host function that the guest is calling: see :mod:`.jobs`. A task that is cancelled here leaves
        the promise as it is. If nobody else waits for it, what the host owes to this call alone is cancelled with the task
        (:meth:`.Jobs.abandon`), and Rust sees an ``Err`` there; ``asyncio.shield`` keeps that from happening.
        """
        self._handled = True
        if self._state == "pending":
            self._jobs.refuse_nested()
            collect_stranded()
            self._jobs.awaited()
            yield from self._settled_in_loop().__await__()
        return self._read()

    async def _settled_in_loop(self) -> None:
        import asyncio

        loop: Any = running_loop()
        if loop is None:
            raise RuntimeError("await a promise in asyncio or trio, or take its result() where neither runs")
        if not isinstance(loop, asyncio.AbstractEventLoop):
            await loop.wait(self)
            return
        future = loop.create_future()

        def done() -> None:
            if not future.done():
                future.set_result(None)

        def wake() -> None:
            done() if running_loop() is loop else notify(loop, done)

        try:
            if self._watch(wake):
                await future
        except asyncio.CancelledError:
            self._unwatch(wake)
            self._jobs.abandon(self)
            raise
        finally:
            self._unwatch(wake)

    @property
    def _unwanted(self) -> bool:
        """Whether the last who has waited for it was cancelled."""
        return self._abandoned and self._state == "pending" and not self._waiters and not self._reactions

    def _watch(self, call: Callable[[], None]) -> bool:
        """Have ``call`` called, in whatever thread, when this is settled; false when it is settled already."""
        with _settling:
            if self._state == "pending":
                self._waiters.append(call)
                return True
        return False

    def _unwatch(self, call: Callable[[], None]) -> None:
        with _settling, suppress(ValueError):
            self._waiters.remove(call)

    def result(self, timeout: float | None = None) -> T_co:
        """The value, without a running event loop: one is driven until the promise is settled.

        Raises what the promise was rejected with, ``TimeoutError`` after ``timeout`` seconds, and ``RuntimeError`` where it
        could never be settled: in a thread whose event loop is running (``await`` it there), and in a host function that the guest
        is calling. The loop is the Instance's own and kept, so what else is pending goes on at the next :meth:`result`.
        """
        self._handled = True
        if self._state == "pending":
            self._jobs.refuse_nested()
            if running_loop() is not None:
                raise RuntimeError("an event loop is running in this thread: await the promise, do not block on it")
            settled = threading.Event()
            ours: list[Callable[[], None]] = []

            def when_settled(call: Callable[[], None]) -> None:
                ours.append(call)
                if not self._watch(call):
                    call()

            when_settled(settled.set)
            try:
                if not self._jobs.wait(settled, when_settled, timeout):
                    raise TimeoutError(f"the promise is still pending after {timeout} seconds")
            finally:
                for call in ours:
                    self._unwatch(call)
        return self._read()

    def then(self, on_fulfilled: Callable[[T_co], Any] | None = None, on_rejected: Callable[[Any], Any] | None = None) -> Promise[Any]:
        """What ``on_fulfilled`` makes of the value, or ``on_rejected`` of the reason; without a function either is passed on."""
        return self._then(_after(self._lift, on_fulfilled), on_rejected)

    def catch(self, on_rejected: Callable[[Any], Any] | None = None) -> Promise[Any]:
        """The value, or what ``on_rejected`` makes of the reason."""
        return self.then(None, on_rejected)

    def finally_(self, on_settled: Callable[[], Any] | None = None) -> Promise[T_co]:
        """The same outcome, after ``on_settled()``; if that raises, or what it returns is rejected, that outcome instead."""
        derived = self._finally(on_settled)
        derived._lift = self._lift
        return derived

    def _read(self) -> T_co:
        if self._state == "fulfilled":
            value: T_co = self._value if self._lift is None else self._lift(self._value)
            return value
        reason = self._value
        if isinstance(reason, BaseException):
            try:
                raise reason.with_traceback(self._trace)
            finally:
                del reason  # which holds this frame
        raise GuestException(reason)

    def __del__(self) -> None:
        if getattr(self, "_state", None) == "rejected" and not self._handled and not isinstance(self._value, _QUIET):
            reason = self._value
            log.error(
                "a promise was rejected, and nobody looked: %r",
                reason,
                exc_info=(type(reason), reason, self._trace) if isinstance(reason, BaseException) else None,
            )

    # ------------------------------------------------------------------ the standard's operations

    def _functions(self) -> tuple[Settle, Settle]:
        """CreateResolvingFunctions: of the two, the first call counts."""
        once = Once(self)
        return Settle(once, Promise._resolve), Settle(once, Promise._reject)

    def _resolve(self, value: Any = None) -> None:
        """A promise resolve function (27.2.1.3.2)."""
        if value is self:
            self._reject(errors.TypeError("Chaining cycle detected for promise #<Promise>"))
            return
        try:
            then = _then_of(value, self._jobs)
        except Exception as error:
            self._reject(error)
            return
        if then is None:
            self._settle("fulfilled", value)
        else:
            (realm.jobs if (realm := realm_of(then)) else self._jobs).add(lambda: self._follow(then))

    def _follow(self, then: Callable[..., Any]) -> None:
        """NewPromiseResolveThenableJob (27.2.2.2)."""
        resolve, reject = self._functions()
        try:
            then(resolve, reject) if (realm := realm_of(then)) is None else realm.run(then, resolve, reject)
        except Exception as error:
            reject(error)

    def _reject(self, reason: Any = None) -> None:
        if isinstance(reason, GuestException):
            reason = reason.value
        self._trace = reason.__traceback__ if isinstance(reason, BaseException) else None
        self._settle("rejected", reason)

    def _settle(self, state: Literal["fulfilled", "rejected"], value: Any) -> None:
        """FulfillPromise and RejectPromise. Runs no code of anybody's."""
        with _settling:
            if self._state != "pending":
                return
            self._value, self._state = value, state
            reactions, self._reactions = self._reactions, []
            waiters, self._waiters = self._waiters, []
        if self._realm is not None:
            self._realm.settled(self)
            self._realm = None
        try:
            for reaction in reactions:
                self._react(reaction)
            for wake in waiters:
                wake()
        except BaseException as error:
            for reaction in reactions:
                reaction.derived._jobs.doubt(error)
            for wake in waiters:  # once more: they look at what is, and one who was left out would wait for ever
                wake()
            raise

    def _then(self, on_fulfilled: Any = None, on_rejected: Any = None) -> Promise[Any]:
        """PerformPromiseThen (27.2.5.4.1). The derived promise belongs to the realm of the functions."""
        on_fulfilled = on_fulfilled if callable(on_fulfilled) else None
        on_rejected = on_rejected if callable(on_rejected) else None
        realm = realm_of(on_fulfilled) or realm_of(on_rejected)
        derived = Promise._make(realm.jobs if realm else self._jobs)
        if realm is not None:
            realm.keep(derived)
        reaction = Reaction(derived, on_fulfilled, on_rejected)
        if realm is not None and on_fulfilled is not None and on_rejected is not None:
            realm.turns.awaits(reaction)
        self._subscribe(reaction)
        return derived

    def _subscribe(self, reaction: Reaction) -> None:
        self._handled = True
        with _settling:
            if self._state == "pending":
                self._reactions.append(reaction)
                return
        self._react(reaction)

    def _finally(self, on_settled: Any = None) -> Promise[Any]:
        """27.2.5.3."""
        if not callable(on_settled):
            return self._then(on_settled, on_settled)
        realm = realm_of(on_settled)
        jobs = realm.jobs if realm else self._jobs
        return self._then(
            _Finally(on_settled, realm, lambda value: promised(on_settled(), jobs)._then(lambda _: value)),
            _Finally(on_settled, realm, lambda reason: promised(on_settled(), jobs)._then(lambda _: rejected(reason, jobs))),
        )

    def _react(self, reaction: Reaction) -> None:
        """Enqueue NewPromiseReactionJob (27.2.2.1), in the realm of the function that it will call."""
        state, value = self._state, self._value
        handler = reaction.on_fulfilled if state == "fulfilled" else reaction.on_rejected
        realm = realm_of(handler)
        (realm.jobs if realm else reaction.derived._jobs).add(lambda: reaction.run(handler, realm, state, value))


class Reaction:
    """What happens once a promise is settled."""

    __slots__ = ("derived", "on_fulfilled", "on_rejected", "wakes")

    def __init__(self, derived: Promise[Any], on_fulfilled: Any, on_rejected: Any) -> None:
        self.wakes: Members = {}
        """Whose futures may go on when this has happened."""
        self.derived = derived
        self.on_fulfilled = on_fulfilled
        self.on_rejected = on_rejected

    def run(self, handler: Any, realm: Realm | None, state: str, value: Any) -> None:
        """The job. A continuation of an instance that has ended is dropped: its derived promise was rejected then."""
        if handler is None:
            self.derived._resolve(value) if state == "fulfilled" else self.derived._reject(value)
            return
        calls = getattr(handler, "_bp_calls", 0)
        try:
            result = handler(value) if realm is None else self._enter(realm, handler, value)
        except Exception as error:
            if realm is None or getattr(handler, "_bp_calls", None) != calls or not self._tell(handler, realm, error):
                self.derived._reject(error)
        else:
            self.derived._resolve(result)

    def _enter(self, realm: Realm, handler: Any, value: Any) -> Any:
        realm.turns.wake(self.wakes)
        try:
            return realm.run(handler, value, derived=self.derived)
        finally:
            realm.turns.woken()

    def _tell(self, handler: Any, realm: Realm, error: Exception) -> bool:
        """A value that the guest's function does not take never got there: that is a rejection to the function beside it.

        Rust waits for one of the two to be called.
        """
        other = self.on_rejected
        if realm.ended or handler is other or realm_of(other) is not realm:
            return False
        self.run(other, realm, "rejected", error)
        return True


class Once:
    """What the two resolving functions of a promise share: the promise, until one of them is called."""

    __slots__ = ("_promise",)

    def __init__(self, promise: Promise[Any]) -> None:
        self._promise: Promise[Any] | None = promise

    def take(self) -> Promise[Any] | None:
        promise, self._promise = self._promise, None
        return promise

    def __del__(self) -> None:
        promise = self._promise
        if promise is not None and promise._realm is not None:
            promise._realm.dropped(promise)


class Settle:
    """A resolving function."""

    __slots__ = ("_once", "_settle")

    def __init__(self, once: Once, settle: Callable[[Promise[Any], Any], None]) -> None:
        self._once = once
        self._settle = settle

    def __call__(self, value: Any = None, *_rest: Any) -> None:
        promise = self._once.take()
        if promise is not None:
            try:
                self._settle(promise, value)
            except BaseException as error:
                promise._jobs.doubt(error)
                raise


class _Finally:
    """What ``finally`` hands to ``then``: it calls a function of a realm, so it belongs there too."""

    __slots__ = ("_bp_realm", "_call", "_on_settled")

    def __init__(self, on_settled: Any, realm: Realm | None, call: Callable[[Any], Any]) -> None:
        self._on_settled = on_settled
        self._bp_realm = realm
        self._call = call

    def __call__(self, value: Any) -> Any:
        return self._call(value)


def realm_of(function: object) -> Realm | None:
    """The realm that a function belongs to: that of its guest, ``None`` for the host's own."""
    return function._bp_realm if hasattr(type(function), "_bp_realm") else None  # type: ignore[attr-defined]


def jobs_of(*values: object) -> Jobs:
    """The queue of the first guest that one of these belongs to, else that of host code."""
    realm = next(filter(None, map(realm_of, values)), None)
    return default_jobs() if realm is None else realm.jobs


def _after(lift: Callable[[Any], Any] | None, function: Callable[[Any], Any] | None) -> Any:
    if lift is None or function is None:
        return function if function is not None else lift
    return lambda value: function(lift(value))


def is_promise(value: object) -> bool:
    """``value instanceof Promise``."""
    return isinstance(value, Awaitable)


def _then_of(value: Any, jobs: Jobs) -> Callable[..., Any] | None:
    """The method ``then`` of a thenable. Raises what looking it up raises."""
    kind = type(value)
    if kind in _PLAIN or (kind is Object and "then" not in value and extra_of(value) is None):  # Object.prototype has none
        return None
    from . import model

    if model.is_primitive(value) or isinstance(value, BaseException):
        return None
    if isinstance(value, Awaitable):
        return adopted(value, jobs)._then
    then = model.lookup(value, "then", None)
    return then if callable(then) else None


_PLAIN = frozenset({type(None), bool, int, float, str})


def thenable(awaitable: Any, method: str, *args: Any) -> Promise[Any]:
    """``awaitable.then(…)``, ``.catch(…)`` or ``.finally(…)``, as guest code calls it."""
    realm = next(filter(None, map(realm_of, args)), None)
    promise = adopted(awaitable, realm.jobs if realm else default_jobs())
    match method:
        case "then":
            return promise._then(*args[:2])
        case "catch":
            return promise._then(None, *args[:1])
    return promise._finally(*args[:1])


def promised(value: Any, jobs: Jobs) -> Promise[Any]:
    """PromiseResolve (27.2.4.7.1)."""
    if isinstance(value, Awaitable):
        return adopted(value, jobs)
    promise = Promise._make(jobs)
    promise._resolve(value)
    return promise


def rejected(reason: Any, jobs: Jobs) -> Promise[Any]:
    """A rejected promise."""
    promise = Promise._make(jobs)
    promise._reject(reason)
    return promise


_QUIET = (GuestAborted, ModuleTerminated, StaleObjectError)
"""Deaths are told once, when they happen."""

# ------------------------------------------------------------------------------------------- awaitables of the host

_adopted: dict[int, tuple[Callable[[], Any], Promise[Any]]] = {}
"""By identity: what gives the awaitable (a weak reference, where that is possible), and its promise."""


def adopted(awaitable: Any, jobs: Jobs) -> Promise[Any]:
    """The one promise that stands for a coroutine, future or other awaitable. It is run as a task on the loop of ``jobs``.

    What it raises is the reason; a cancelled one rejects with an ``AbortError``. A ``KeyboardInterrupt`` or ``SystemExit`` is not for
    guests: it ends the loop, and the promise stays as it is.
    """
    if isinstance(awaitable, Promise):
        return awaitable
    key = id(awaitable)
    known = _adopted.get(key)
    if known is not None and known[0]() is awaitable:  # and not one before it that had the same address
        return known[1]
    promise = Promise._make(jobs)

    def forget(_gone: object) -> None:
        _adopted.pop(key, None)

    try:
        kept: Callable[[], Any] = ref(awaitable, forget)
    except TypeError:  # it cannot be referred to weakly: it is kept until it is done

        def kept() -> Any:
            return awaitable

    _adopted[key] = kept, promise

    def done(future: Any) -> None:
        if not isinstance(kept, ref):
            forget(None)
        if future.cancelled():
            promise._reject(aborted("the awaitable was cancelled"))
        elif (error := future.exception()) is None:
            promise._resolve(future.result())
        elif isinstance(error, Exception):
            promise._reject(error)

    jobs.start(awaitable, done, promise)
    return promise


def aborted(message: str) -> Exception:
    """What JavaScript throws where something was given up."""
    return errors.DOMException(message, "AbortError")
