"""The public face of a guest: the class that every generated ``Instance`` extends."""

from __future__ import annotations

import itertools
import types
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Literal, Self, TypeVar, cast
from weakref import ref

from ..accelerator import Front
from ..errors import GuestAborted
from ..recovery.counters import Counters
from ..recovery.guard import Guard
from . import threads
from .deadlines import Deadline
from .guest import Guest
from .host import Host, Transport
from .limits import Limits
from .objects import Object, Policy
from .program import Program

_numbers = itertools.count()

C = TypeVar("C", bound=Object)
T = TypeVar("T")
Hook = TypeVar("Hook", bound=Callable[[GuestAborted], object])


class Instance(Front):
    """One isolated instance of the guest, and every fresh one that takes its place.

    Generated packages add a method per export and the exported classes. Calls from several threads wait for one another;
    different Instances run in parallel.
    """

    _bp_door: Guard[Guest]

    def __init__(
        self,
        program: Program,
        imports: Mapping[str, Any] | None = None,
        modules: Mapping[str, Any] | None = None,
        *,
        on_abort: Literal["raise", "reinit"] = "raise",
        stale: Policy = "raise",
        limits: Limits | None = None,
        lock_timeout: float | None = None,
        fetch: Transport | None = None,
    ) -> None:
        """Nothing is compiled or started before the first call.

        ``imports`` are the globals that the guest may call or read, by name; ``modules`` what it imports from modules, by
        the module's name. ``on_abort="reinit"``: after every death the next call is served by a fresh instance, as if
        :meth:`schedule_reinit` had been called. ``stale`` says what becomes of an object whose guest instance was replaced, when it is
        used; :meth:`on_stale` says it for one class.

        One thread at a time may be inside; ``lock_timeout`` is how many seconds another one waits before it gets a ``TimeoutError``
        (``None``: for ever). The same thread may call again from inside a host function.

        ``fetch`` is what the guest's ``fetch()`` goes through: it takes a :class:`js.Request`, and returns a :class:`js.Response` or an
        awaitable of one. Without it a guest that fetches gets a ``TypeError``: it reaches no network.
        """
        if on_abort not in ("raise", "reinit"):
            raise ValueError(f"on_abort is 'raise' or 'reinit', not {on_abort!r}")
        self._bp_stale = _policy(stale)
        self._bp_program = program
        program.speed_up(type(self))
        host = self._bp_host = Host(imports, modules, limits)
        self._bp_fetch(fetch)
        owner = ref(self)

        def make() -> Guest:
            guest = _kind_of(host).of(program)(program, door, host)
            guest.owner = owner()  # objects and closures keep their Instance alive
            return guest

        def busy() -> bool:
            door = found()
            return door is not None and door.held()

        def free() -> bool:
            door = found()
            return door is None or door.free()

        def doubt(error: BaseException) -> None:
            door = found()
            guest = None if door is None else door.guest
            death = None if guest is None else guest.doubt(error)
            if door is not None and death is not None:
                door.terminate(death)

        name = f"{program.package}.Instance #{next(_numbers)}"
        door = self._bp_door = Guard(make, name=name, reinit_on_abort=on_abort == "reinit", lock_timeout=lock_timeout)
        found = ref(door)  # awaitables of the host know the queue, and may outlive the Instance
        host.jobs.busy, host.jobs.free, host.jobs.doubt = busy, free, doubt

    def _bp_bind(self, cls: type[C]) -> type[C]:
        """``cls`` for objects of this Instance."""
        self._bp_program.speed_up(cls)
        if "_bp_door" not in cls.__dict__:  # the package's default instance comes first and takes the classes themselves
            cls._bp_door = self._bp_door
            own: Any = cls
            own._bp_stale = self._bp_stale
            return cls
        members: dict[str, Any] = {"__slots__": (), "__doc__": cls.__doc__, "__module__": cls.__module__}
        members |= {"_bp_door": self._bp_door, "_bp_stale": self._bp_stale}
        bound = cast("type[C]", type(cls.__name__, (cls,), members))
        self._bp_host.classes[cls] = bound
        return bound

    def _bp_reset(self) -> None:
        """What ``gen --reset-state`` offers as ``reset_state``."""
        self._bp_door.reset()

    # ------------------------------------------------------------------ what a host may ask for

    def provide(
        self, imports: Mapping[str, Any] | None = None, modules: Mapping[str, Any] | None = None, *, fetch: Transport | None = None
    ) -> None:
        """Add imports and modules, and what ``fetch`` goes through; they are kept across every fresh instance.

        Meant to come before the first call: afterwards the guest may have kept what it found before.
        """
        self._bp_host.provide(imports, modules)
        self._bp_fetch(fetch)

    def _bp_fetch(self, fetch: Transport | None) -> None:
        if fetch is not None:
            if not callable(fetch):
                raise TypeError(f"fetch is a function of a js.Request, not {type(fetch).__name__}")
            self._bp_host.transport[:] = [fetch]

    @property
    def state(self) -> str:
        """``"new"``, ``"live"``, ``"terminated"`` or ``"closed"``."""
        return str(self._bp_door.state)

    @property
    def instance_id(self) -> int:
        """0 for the first guest instance, one more for every fresh one."""
        return self._bp_door.instance_id

    @property
    def counters(self) -> Counters:
        """What happened so far, as plain numbers: a copy that does not change any more."""
        door, guest = self._bp_door, self._bp_door.guest
        handles = 0 if guest is None else guest.live_handles
        return door.counters.copy(door._calls, handles)

    def schedule_reinit(self) -> None:
        """Have a fresh guest instance serve the next outermost call. Objects of the present one become stale."""
        self._bp_door.schedule_reinit()

    def terminate(self, why: str = "terminated by the host") -> None:
        """Kill the guest instance; hooks run as for any other death. The next call finds a dead instance.

        Safe from any thread: a call that is running in another one ends with the :class:`GuestAborted`, and runs the hooks then.
        """
        self._bp_door.terminate(GuestAborted(why, kind="terminated"))

    def deadline(self, seconds: float) -> AbstractContextManager[None]:
        """``with instance.deadline(0.5): …``: calls on this Instance have to be over so many seconds after the block was entered.

        It is about the calls that this thread or task makes in the block, and what they start there (``asyncio.to_thread``, tasks).
        Blocks may be nested, and the nearest deadline counts, that of :class:`Limits` included. A call that is running then ends with
        :class:`GuestAborted`, kind ``"deadline"``, time in host functions included; one that begins later is not let in
        (``TimeoutError``), and the instance stays live. Time to compile the guest does not count. Raises ``ValueError`` where
        ``Limits(interruptible=False)`` rules it out.
        """
        if not self._bp_host.limits.interruptible:
            raise ValueError("a guest with Limits(interruptible=False) cannot be stopped at a deadline")
        return Deadline(self._bp_host.bounds, seconds, self._bp_door.look)

    async def to_thread(self, function: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
        """``await instance.to_thread(instance.work, 7)``: run ``function`` in a worker thread, as ``asyncio.to_thread`` does.

        When the task that waits is cancelled, so is the function: a guest that is running in it is killed (kind ``"terminated"``), and a
        call that it makes later raises ``concurrent.futures.CancelledError``. The task's own ``CancelledError`` is raised once the
        thread has come back.
        """
        return await threads.in_thread(function, args, kwargs)

    def on_abort(self, hook: Hook) -> Hook:
        """Call ``hook`` with the :class:`GuestAborted`, once per dead instance, after the guest's own hook. A decorator."""
        self._bp_door.hooks.append(hook)
        return hook

    def on_stale(self, cls: type[Object], policy: Policy) -> None:
        """What becomes of this Instance's objects of class ``cls`` that were made before a fresh guest instance, when they are used.

        ``"raise"``: :class:`StaleObjectError`. ``"recreate"``: the object is built again with the arguments that its constructor was
        given first, and the call goes on; objects that Rust code made raise. A callable: it gets the class, those arguments (``None``
        if Rust code made the object) and what was last given to :meth:`save`, and returns a new object, whose Rust value the old one
        takes over. It holds for objects made from now on.
        """
        bound: Any = self._bp_host.classes.get(cls, cls)
        if getattr(bound, "_bp_door", None) is not self._bp_door:
            raise TypeError(f"{cls!r} is no class of this Instance")
        bound._bp_stale = _policy(policy)

    def save(self, obj: Object, state: object) -> None:
        """Keep ``state`` beside ``obj`` for the callable that brings it back; see :meth:`on_stale`."""
        if not isinstance(obj, Object) or obj._bp_door is not self._bp_door:
            raise TypeError(f"{type(obj).__name__} is no class of this Instance")
        obj._bp_state = state

    def close(self) -> None:
        """Free the guest instance. Every later call is refused."""
        self._bp_door.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None, /) -> None:
        self.close()


def _kind_of(host: Host) -> type[Guest]:
    if host.limits.memory_bytes is None:
        return Guest
    from .holdings import Bounded

    return Bounded


def _policy(policy: Policy) -> Policy:
    if policy not in ("raise", "recreate") and not callable(policy):
        raise ValueError(f"stale is 'raise', 'recreate' or a callable, not {policy!r}")
    return policy
