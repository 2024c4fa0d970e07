"""One instance of a guest: its functions, its life and its death. What the generated code calls ``_bp_guest``.

Its memory is in :mod:`.linear`, its handles are in :mod:`.handles`.

Everything here may be called only between the guard's ``enter`` and ``leave``, or from a host function that the guest
called. Whatever the guest says is checked: addresses against the size of its memory, handles against the table,
function types against the signature. A guest that breaks the protocol is killed (``abi_violation``).
"""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar
from weakref import ref

from .. import js, symbols
from ..accelerator import Queue, native
from ..errors import GuestAborted, GuestException
from ..js import quota
from ..js.builtins import LOADED
from ..js.promise import Promise, promised, rejected
from ..js.realm import Realm
from ..recovery.guard import Guard
from ..recovery.log import log
from ..recovery.state import State
from . import deadlines, quick, threads, trap, values
from .calls import CAUGHT, caller
from .handles import FIRST_HANDLE, FIXED, Handles
from .linear import MASK, Frames, out_of_memory
from .typed import Plan, export

if TYPE_CHECKING:
    from .host import Host, Target
    from .objects import Closure, Object
    from .program import Loaded, Program

T = TypeVar("T", bound="Object")

_FRAMES_NEEDED = 40
"""How many frames of the interpreter a nested call may need on its way in and out, the host's own function apart."""

_NOT_BEGUN = "a host function could not begin: the interpreter's stack is used up, or an interrupt came first"

_SECONDS_PER_HOOK = 1.0
"""What the guest's abort hook may take where the limits say nothing: it runs in the middle of a failure."""

_NOTHING = memoryview(b"")
_here = threads.here
_serials = itertools.count(1)
_halted: dict[int, ref[Guest]] = {}
"""Guests that were killed, by :attr:`Guest.serial`, as long as there is something of them."""


class Exported:
    """An export that was not called yet. What is found then becomes an attribute of the instance and stands before this.

    With ``__getattr__`` instead, every other attribute would take five times as long to read (before CPython 3.12).
    """

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, guest: Guest | None, _cls: type[Guest]) -> Any:
        return self if guest is None else guest.look_up(self._name)


class Guest(Handles):
    """One wasm instance. Exports are attributes: ``guest.call_add(2, 3)``. See :meth:`look_up`."""

    owner: object = None
    halted: GuestAborted | None = None
    """Set by :meth:`kill`: code that is running has to come back."""
    discarded = stopped = False
    host_error: BaseException | None
    """What a host function raised, while its wasm exception (or trap) is on its way through the guest."""
    _unwound: BaseException | None
    """The last interrupt of a host function that went through the guest in order: Rust code knows of it."""
    _cancellation: threads.Cancellation | None = None
    """Of the outermost call that is running, where it can be cancelled."""
    _judging = False
    """Why a call failed is being found out. An interrupt in the middle of that leaves a doubt, and doubt is death."""
    _verdict: BaseException | None = None
    _store = 0
    _pages = None

    def __init__(self, program: Program, door: Guard[Guest], host: Host) -> None:
        self.program = program
        self.door: Guard[Guest] = door
        self.host = host
        self.bounds: list[object] = host.bounds
        """Whether calls may have limits: what sets them, shared by all guests of the Instance."""
        self.loaded = self._load()
        capi = self._capi = self.loaded.capi
        limits = host.limits
        self._seconds, self._fuel, self._stack_bytes = limits.seconds_per_call, limits.fuel_per_call, host.settings.stack_bytes
        self._overdue = "" if self._seconds is None else f"the call took more than {self._seconds:g} seconds"
        self.watch = deadlines.Watch(self)
        self.realm = Realm(host.jobs, host.globals, host.transport)
        self._scopes, self._numbers = (host.globals, LOADED), program.numbers
        self.garbage = Queue()
        """Destructors to run before the next call: (call name, arguments). Filled by finalizers, from any thread."""
        self.values, self._next_handle = dict(FIXED), FIRST_HANDLE
        self.lent = []
        self._statics: dict[Target, object] = {}
        self._stack_base = 0
        self._view = _NOTHING
        self._area = 0
        self._flag = ctypes.c_uint32(0)
        self._table_calls: dict[tuple[int, str], Callable[..., int]] = {}
        self._looked_up: list[str] = []
        """The functions that are attributes by now."""
        self.serial = next(_serials) & 0x7FFF_FFFF or next(_serials)
        """Which instance a host function is called by, among all of this process. Never 0."""
        self._instantiate()
        self._alive()
        made = self._instance
        if made.base is None and made.memory.kind != capi.MEMORY:
            raise self.violation("the guest exports no memory")
        self._see(made.base or 0, made.size)
        self._stack_pointer = None
        if made.stack_pointer.kind == capi.GLOBAL:
            self._stack_pointer = capi.I32(self._context, made, capi.STACK_POINTER)
            self._stack_at = ctypes.addressof(made) + capi.STACK_POINTER
            self._stack_base = self.result = self._lower_stack(self._reserve(self._stack_pointer.get()))
        address = self._address_of(symbols.INSTANCE_TERMINATED)
        if address is not None:
            self._flag_at = self._base + address
            self._flag = ctypes.c_uint32.from_address(self._flag_at)
        if self.loaded.unhooked is None:
            self.loaded.unhooked = self._hook()

    def _load(self) -> Loaded:
        """The compiled code. Who has to wait for it is given the time back: it is not the guest's."""
        settings = self.host.settings
        loaded = self.program.loaded.get(settings)
        if loaded is None or loaded.engine.free == []:
            began = monotonic()
            loaded = self.program.load(settings)
            deadlines.excuse(self.bounds, monotonic() - began)
        return loaded

    def _instantiate(self) -> None:
        """Until there is an instance, a guest that runs (which none that rustc writes does) may not call its host."""
        self.death = early = GuestAborted("the guest called its host before it was instantiated", kind="abi_violation")
        try:
            self._arm()
            self._store, self._context, self._instance, self._companion = self.program.instantiate(self)
        except GuestAborted as failure:
            raise self.halted or (early if self.stopped else failure) from None
        finally:
            if self.watch.due is not None:
                self.watch.disarm()
        self.death = self.halted  # its time may have been up just when it was done

    # ------------------------------------------------------------------ what the guard asks for

    def troubled(self) -> int:
        """2: the guest's own flag, objects to be freed, a panic hook that nothing died of, a death. 1: limits, or a thread, to look at."""
        if self.garbage or self._flag or self.last_words:
            return 2
        if self.bounds or not _here.plain:
            return 1 if self.death is None else 2
        return 0

    def at_ease(self) -> bool:
        """Nothing to see to, neither for the end of a call nor for the beginning of the next."""
        left = self.death is not None or self.frames is not None or self.fallen is not None or self.last_words is not None
        return not (left or self.lent or self.bounds or self.garbage)

    def tend(self) -> None:
        """Run the destructors of collected objects; take a raised flag for a death."""
        if self.garbage:
            self._timed(self._sweep)
        if self._flag and self.death is None:
            self.death = GuestAborted("the guest declared itself terminated", kind="terminated")

    def _sweep(self) -> None:
        while self.garbage and self.death is None:
            name, args = self.garbage.popleft()
            try:
                getattr(self, name)(*args)
            except Exception as error:
                self._not_destroyed(error)

    def _not_destroyed(self, error: BaseException) -> None:
        """The destructor of a collected object raised: nobody's error, but for an interrupt."""
        if not isinstance(error, Exception):
            raise error
        if self.death is None:
            self.restore_stack()
            log.error("the destructor of a collected object failed", exc_info=error)

    def start(self) -> None:
        """Run the start functions, in order."""
        if self.program.start:
            self._timed(self._run_start)

    def _run_start(self) -> None:
        for name, arguments in self.program.start:
            getattr(self, name)(*arguments)

    def tidy(self) -> None:
        """No call is running. One that was cut off between two lines may have left frames, handles, limits, or the stack lowered.

        What came of it may not have been looked at, either: see :data:`.calls.CROSSING`.
        """
        if self.fallen is not None:
            self._settle()
        self.unlimit()
        if self.frames is not None:
            self.unwind(None)
        if self.lent:
            self._drop_lent(0)
        self._set_stack(self._stack_base)
        self.result, self.host_error, self.last_words, self._judging = self._stack_base, None, None, False

    # ------------------------------------------------------------------ limits of calls

    def limit(self) -> bool:
        """Put the limits of one call in force; says whether there are any to be lifted.

        Raises ``TimeoutError`` and ``RuntimeError`` when they do not even let it begin.
        """
        threads.require_stack(self._stack_bytes)
        if self._fuel is not None:
            self._refuel()
        due = self._due() if self.bounds else None
        cancellation = threads.cancellation()
        if cancellation is not None:
            cancellation.enter(self)
            self._cancellation = cancellation
        if due is not None:
            self.watch.arm(due)
        return due is not None or cancellation is not None

    def unlimit(self) -> None:
        """Lift them."""
        if self.watch.due is not None:
            self.watch.disarm()
        if self._cancellation is not None:
            self._cancellation.leave(self)
            self._cancellation = None

    def _due(self) -> deadlines.Due | None:
        """When a call that begins now has to be over."""
        due = deadlines.nearest(self.bounds)
        if self._seconds is not None:
            end = monotonic() + self._seconds
            if due is None or end < due[0]:
                return end, self._overdue
        return due

    def _arm(self) -> None:
        """Rust is going to run, but not in a call: for no longer than one may."""
        threads.require_stack(self._stack_bytes)
        due = self._due() if self.bounds else None
        if due is not None:
            self.watch.arm(due)

    def _timed(self, work: Callable[[], None]) -> None:
        """Have Rust run so, with fuel of its own."""
        try:
            self._arm()
            self._refuel()
            work()
        finally:
            if self.watch.due is not None:
                self.watch.disarm()

    def _refuel(self) -> None:
        if self._fuel is not None:
            self._capi.set_fuel(self._context, self._fuel)

    def kill(self, death: GuestAborted) -> None:
        """Die as :meth:`die` does, from outside: a host function or another thread. Code that is running comes back as soon as it looks."""
        self.die(death)
        self.halted = death
        _halted[self.serial] = ref(self, _forget(self.serial))
        self.bounds = [death]  # the next call looks
        self.calm = False
        if not self.door.held():
            self.interrupt()
            self.watch.remind()

    def interrupt(self) -> None:
        """Have running guests look whether they are :attr:`halted`: all of the engine, most of which find that they are not."""
        if self.host.limits.interruptible:
            self._capi.increment_epoch(self.loaded.engine.address)

    def push_frame(self) -> None:
        """A nested call: a stack pointer, borrowed handles and result area of its own.

        It may come from a destructor that runs because a host function failed: that exception is on its way yet.
        """
        _headroom(_FRAMES_NEEDED)
        due, nearer = self.watch.due, deadlines.nearest(self.bounds) if self.bounds else None
        before = self._stack()
        self.frames = (self.frames, before, len(self.lent), self.result, self.host_error, due)
        self.calm = False
        if nearer is not None and (due is None or nearer[0] < due[0]):
            self.watch.arm(nearer)
        self.result = self._lower_stack(before) if self._stack_pointer is not None else 0
        self.host_error = None

    def pop_frame(self) -> None:
        """Drop what the call lent to the guest; back to the outer call's frame if there is one."""
        if self.frames is not None:
            self.unwind(self.frames[0])
        elif self.lent:
            self._drop_lent(0)

    def unwind(self, frames: Frames) -> None:
        """Back to the frame that was the innermost one then. A nested call that was cut off may have left its own.

        Each step may be repeated, so one that an interrupt has cut short is made up for by the next.
        """
        while self.frames is not frames and self.frames is not None:
            outer, before, mark, result, host_error, due = self.frames
            self._set_stack(before)
            self._drop_lent(mark)
            if self.watch.due is not due:
                self.watch.arm(due) if due is not None else self.watch.disarm()
            self.result, self.host_error = result, host_error
            self.frames = outer

    def _drop_lent(self, mark: int) -> None:
        if len(self.lent) > mark:
            for handle in self.lent[mark:]:
                self.values.pop(handle, None)
            del self.lent[mark:]

    def restore_stack(self) -> None:
        """Put ``__stack_pointer`` back to where the innermost call found it: a call that failed did not."""
        self._set_stack(self.result)

    def run_abort_hook(self) -> None:
        """Raise the guest's flag, then run the hook it installed with ``set_on_abort``; host functions work inside it.

        Where there is none nobody runs who could see the flag.
        """
        slot = self._hook()
        if slot in (0, self.loaded.unhooked) or not self.program.table:
            return
        self._flag.value = 1
        death, span = self.death, self._seconds or _SECONDS_PER_HOOK
        try:
            threads.require_stack(self._stack_bytes)
            self.watch.arm((monotonic() + span, f"the abort hook took more than {span:g} seconds"))
            self._in_hook, self.death, self.halted = True, None, None
            self._refuel()
            self.restore_stack()
            self.table_call(slot, ":")()
        finally:
            self._in_hook = False
            self.death = death
            self.watch.disarm()

    def _hook(self) -> int:
        """The slot of the abort hook; 0 where the guest has no place for one."""
        address = self._address_of(symbols.ABORT_HANDLER)
        return 0 if address is None else int.from_bytes(self.read(address, 4), "little")

    def discard(self) -> None:
        """Free the store. Every address this object knows is forgotten first. May be repeated."""
        if not self._store:
            return
        self.realm.end(None if self.door.state is State.CLOSED else self.death)
        death = self.death
        # The one that its callers get refers to frames, and they to this guest: only the garbage collector would find the two.
        self.death = GuestAborted("the instance was replaced", kind="terminated") if death is None else death._copy()
        self.discarded = True
        _halted.pop(self.serial, None)
        self.watch.end()
        self._unbind()
        view, self._view, self._base, self._size, self._area = self._view, _NOTHING, 0, 0, 0
        if view is not _NOTHING:
            view.release()
        self._flag = ctypes.c_uint32(1)
        self.garbage.clear()
        self.values.clear()
        self._statics.clear()
        self._table_calls.clear()
        for name in self._looked_up:
            self.__dict__.pop(name, None)
        lease = None if self._pages is None else self._pages.end()
        store, self._store = self._store, 0
        if store:
            self.program.give_back(self, store, lease)

    def __del__(self) -> None:
        if self._store:
            self.discard()

    def _address_of(self, symbol: str) -> int | None:
        """The address in an immutable global that the guest exports; ``None`` where it has none or it points nowhere."""
        address = self.program.constant(self, symbol)
        return address if address is not None and address + 4 <= self._size and not address % 4 else None

    # ------------------------------------------------------------------ functions

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Callable[..., Any]: ...

    else:
        call_malloc, call_free = Exported("call_malloc"), Exported("call_free")
        call_exn_store, call_destroy_closure = Exported("call_exn_store"), Exported("call_destroy_closure")

    @classmethod
    def of(cls, program: Program) -> type[Guest]:
        """The class of the program's guests: this one with its exports. Made once."""
        made = program.guest_types.get(cls)
        if made is None:
            exports: dict[str, Exported | None] = {name: Exported(name) for name in program.exports}
            bundles = {quick.bundle_name(name): None for name in program.exports}
            made = program.guest_types[cls] = type("Guest", (cls,), exports | bundles)
        return made

    def look_up(self, name: str) -> Callable[..., Any]:
        """The export of that name, which is an attribute from now on. It takes and returns words, or values where it has a plan."""
        self._alive()
        symbol, signature = self.program.exports.get(name, (name, ""))
        func = self._func(name, symbol, signature)
        plan = self.program.plans.get(name)
        function = caller(self, func, signature) if plan is None else export(self, plan, func, signature)
        self._looked_up.append(name)
        self.__dict__[name] = function
        if native is None:
            self.program.quicken(name)
        elif plan is not None and plan.carries:
            self._whole(plan, symbol)
        return function

    def short_way(self, name: str) -> tuple[Any, ...]:
        """What quick code needs to make that call in this instance (:mod:`.quick`); nothing where it has to go the long way."""
        self._alive()
        plan, (symbol, signature) = self.program.plan(name), self.program.exports[name]
        func = self._whole(plan, symbol) if plan.carries else self._func(name, symbol, signature)
        bundle = () if func is None else quick.bundle(self, plan, func)
        self._looked_up.append(quick.bundle_name(name))
        self.__dict__[quick.bundle_name(name)] = bundle
        return bundle

    def _func(self, name: str, symbol: str, signature: str) -> Any:
        func = self.program.function(self, symbol, signature)
        if func is None:
            raise self.violation(f"the guest has no function {symbol} of type {signature}")
        return self._bound(func, signature, name)

    def _whole(self, plan: Plan, symbol: str) -> Any:
        """The function for whole calls of a plain export, if it has one and there is an area."""
        func = self.program.function(self, symbols.whole(symbol), plan.whole_signature) if self._area else None
        return None if func is None else self._bound(func, plan.whole_signature, symbols.whole(plan.call))

    def _bound(self, func: Any, signature: str, name: str) -> Any:
        """``func`` as it is to be called, which the accelerator is told, too."""
        number = self.program.numbers.get(name, -1)
        func = self._by_catcher(func, signature, number)
        if number >= 0:
            self._bind(number, func.store_id, func.private, func.inner, func.number)
        return func

    def _by_catcher(self, func: Any, signature: str, number: int) -> Any:
        """``func`` with its number, or the companion's catcher for it, if there is one and the export of that number is known to throw."""
        catcher = self._companion.catcher(signature) if number in self.program.throwing else None
        if catcher is None:
            func.number = number
            return func
        catcher.inner = self._capi.func_to_raw(self._context, ctypes.addressof(func))
        return catcher

    def throws(self, number: int) -> None:
        """What a host function raised has left the export of that number: there it is caught from now on, which costs less."""
        if number < 0:
            return
        call = list(self.program.numbers)[number].removeprefix(symbols.WHOLE_PREFIX)
        self.__dict__.pop(call, None)
        self.__dict__.pop(quick.bundle_name(call), None)
        for name in (call, symbols.whole(call)):
            if name in self.program.numbers:
                self.program.throwing.add(self.program.numbers[name])
                self._bind(self.program.numbers[name], 0, 0, 0, -1)

    def table_call(self, slot: int, signature: str) -> Callable[..., int]:
        """The function in a slot of the guest's table, checked to be of this type."""
        function = self._table_calls.get((slot, signature))
        if function is None:
            self._alive()
            table = self.program.export(self, symbols.EXPORT_TABLE, self._capi.TABLE)
            func = None if table is None else self._capi.table_func(self._context, table, slot)
            if func is None or self._capi.signature(self._context, func) != signature:
                raise self.violation(f"slot {slot} of the guest's table holds no function of type {signature!r}")
            function = self._table_calls[slot, signature] = caller(self, func, signature)
        return function

    def invoke(self, closure: Closure, *words: float) -> int:
        """Call a closure of the guest's with lowered arguments."""
        data, begun = closure._bp_data, False
        try:
            begun = closure._bp_begin()
            call = self.table_call(closure._bp_shim, closure._bp_signature)
            if closure._bp_returns_record:
                return call(self.result, data, closure._bp_vtable, *words)
            return call(data, closure._bp_vtable, *words)
        finally:
            if begun:
                closure._bp_end(data)

    def _alive(self) -> None:
        if self.death is not None:
            raise self.death

    def _failed(self, error: int | None, trap_pointer: Any, number: int = -1) -> BaseException:
        """A call did not return: what to raise, a host exception on its way out or a death. ``number``: see :attr:`.capi.Func.number`."""
        self._judging = True
        self._verdict = verdict = self._judge(error, trap_pointer, number)
        self._judging = False
        return verdict

    def _fallen(self, error: int | None, trap_address: int | None, number: int = -1) -> NoReturn:
        """The same for who has the addresses only: raises what is to be raised."""
        trap_pointer = ctypes.c_void_p(trap_address)
        self._judged = True
        try:
            raise self._failed(error, trap_pointer, number)
        except BaseException as reason:
            self.fallen = error, trap_pointer, number
            self.calm = False
            self._settle(reason)
            raise

    def _malloc_failed(self, error: int | None, trap_address: int | None, size: int) -> NoReturn:
        """:meth:`_fallen` for the guest's allocator, which was asked for ``size`` bytes."""
        try:
            self._fallen(error, trap_address)
        except GuestAborted as death:
            raise out_of_memory(death, size) from None

    def _settle(self, reason: BaseException | None = None) -> None:
        """``reason`` leaves a call that has :attr:`fallen`: the verdict, or what struck before there was one."""
        error, trap_pointer, number = self.fallen
        if not isinstance(trap_pointer, ctypes.c_void_p):
            trap_pointer = ctypes.c_void_p(trap_pointer)
        if self._verdict is None or reason is not self._verdict:
            if trap_pointer.value is not None:
                self._failed(None, trap_pointer, number)
            elif self._judging:
                self.die(GuestAborted("interrupted while it was being found out why a call failed", kind="host_error"))
            elif error is not None and self._verdict is None:
                self._failed(error, trap_pointer, number)
        self._verdict = self.fallen = None

    def _judge(self, error: int | None, trap_pointer: Any, number: int) -> BaseException:
        pointer, trap_pointer.value = trap_pointer.value, None
        host_error, self.host_error = self.host_error, None
        if pointer == CAUGHT and error is None:
            return self._passed_on(host_error)
        caught: Any = self._capi.take_error(error) if error is not None else self._capi.take_trap(pointer)
        if self.realm.running and not self._in_hook:
            self.realm.failed_in = tuple(function for function, _ in trap.stack(caught)[0])
        try:
            if self._in_hook and self.death is None:
                return host_error or RuntimeError(f"the abort hook trapped: {trap.reason(caught.message)}")
            if self.death is not None:
                trap.locate(self.death, caught, self.program.debug_info)
                return host_error or self.death
            if error is not None:
                return self.die(GuestAborted(caught.message, kind="host_error"))
            ours = self._companion.took_exception() if caught.code is None else None
            if ours or (ours is None and self._companion.has_trapped()):  # the companion's own exception or trap, and not one of Rust's
                if ours:
                    self.throws(number)
                return self._passed_on(host_error)
            said_in, words = self.last_words or (None, None)
            death = trap.aborted(
                caught,
                self.program.debug_info,
                thrown=ours is not None,
                stack_exhausted=self._stack_exhausted(),
                words=words if said_in is self.frames else None,
            )
            death = self.blamed(death)
            outlived = not self.program.abort_handler and death.kind in trap.OUTLIVED
            return death if outlived else self.die(death)
        finally:
            host_error = None  # a frame that names the exception it is part of lives on, with all arguments of the call

    def _passed_on(self, host_error: BaseException | None) -> BaseException:
        """What a host function raised has come through the guest in order. There is none if it could not even begin."""
        try:
            if self.death is None:
                self._unwound = None if isinstance(host_error, Exception) else host_error
            return host_error or self.death or RecursionError(_NOT_BEGUN)
        finally:
            host_error = None  # as in _judge()

    def die(self, death: GuestAborted) -> GuestAborted:
        """Record why this instance may never run again; the guard does the rest. Returns what to raise."""
        if self.death is None:
            self.death = death
            self.calm = False
        return self.death

    def interrupted(self, error: BaseException) -> None:
        """Code was stopped half way, because Python code that ran in between was interrupted: ``error`` is what the caller gets."""
        self.die(_interruption(error))
        self.host_error = error

    def doubt(self, error: BaseException) -> GuestAborted | None:
        """Something was cut off half way that futures of this guest may wait for: what it dies of, unless ``error`` came from the guest."""
        return None if error is self._unwound else _interruption(error)

    def violation(self, what: str) -> GuestAborted:
        """The guest broke the protocol: there is no telling what state it is in."""
        return self.die(GuestAborted(what, kind="abi_violation"))

    # ------------------------------------------------------------------ host functions called by the guest

    def raised(self, error: BaseException) -> None:
        """A host function failed: remember the exception; the companion module throws or traps in its stead.

        Of a dead instance only an interrupt is still worth telling: see :meth:`.Guard.failed`.
        """
        if self.death is None or not isinstance(error, Exception):
            self.host_error = error

    def rejection(self, error: BaseException) -> int | None:
        """The same where the host function is asynchronous: a promise that is rejected already. ``None`` when it may not be one."""
        if self.death is not None or not isinstance(error, Exception):
            self.raised(error)
            return None
        try:
            return self.handle(rejected(error, self.realm.jobs))
        except BaseException as failure:
            self.raised(failure)
            return None

    def promised(self, value: object) -> Promise[Any]:
        """What an asynchronous host function returned, as a promise: an awaitable is one, a plain value becomes one."""
        return promised(value, self.realm.jobs)

    def task_queue(self, callback: Any) -> Any:
        """The closure by which js-sys polls its tasks, about to be scheduled."""
        from .objects import Closure

        if isinstance(callback, Closure):
            callback._bp_is_task_queue = True
        return callback

    def promise(
        self, handle: int, label: str, lift: Callable[[Any], Any] | None = None, *, kept: tuple[object, ...] | None = None
    ) -> Promise[Any]:
        """The promise that an asynchronous export returned.

        ``label`` is what Rust calls the export. ``lift`` makes a Python value of the one that guest code resolved it with. ``kept`` are
        objects that Rust has not borrowed yet, but will: they must not be collected before.
        """
        promise = promised(self.take(handle), self.realm.jobs)
        promise._label, promise._lift, promise._kept = label, lift, kept
        return promise

    def caught(self, error: BaseException) -> bool:
        """The same where Rust wants a ``Result``. Only ordinary exceptions become ``Err``."""
        if self.death is not None or not isinstance(error, Exception):
            self.raised(error)
            return False
        try:
            self.call_exn_store(self.handle(error.value if isinstance(error, GuestException) else error))
        except BaseException as failure:
            self.raised(failure)
            return False
        return True

    def static(self, target: Target, *, optional: bool = False) -> Any:
        """The value of an imported static, looked up once; a missing one is ``None`` where that is allowed."""
        if target not in self._statics:
            self._statics[target] = target.find_or_none(self) if optional else target.find(self)
        return self._statics[target]

    # ------------------------------------------------------------------ objects

    def object(self, value: object, cls: type[T], name: str) -> T:
        """``value``, which must be a usable object of class ``cls``."""
        if not isinstance(value, cls):
            raise TypeError(f"{name}: expected instance of {cls.__name__}, not {type(value).__name__}")
        self.pointer(value)
        return value

    def objects(self, value: Any, cls: type[T], name: str) -> list[T]:
        """The elements of ``value``, each a usable object of ``cls`` and each another one, for all are given away."""
        found = [self.object(item, cls, name) for item in values.items(value, name)]
        if len({id(item) for item in found}) < len(found):
            raise js.Error("null pointer passed to rust")
        return found

    def pointer(self, obj: Object) -> int:
        """The address of the Rust value behind ``obj``, which must belong to this instance and still own it.

        One that belonged to an earlier instance is brought back, where its class has a policy for that.
        """
        if obj._bp_guest is not self and obj._bp_guest is not None:
            if obj._bp_door is not self.door:
                raise TypeError(f"this {type(obj).__name__} belongs to another Instance")
            if obj._bp_pointer or type(obj)._bp_stale == "raise":
                obj._bp_revive(self)
        if not obj._bp_pointer:
            raise js.Error("null pointer passed to rust")
        return obj._bp_pointer

    def consume(self, obj: Object) -> int:
        """The address behind ``obj``, which gives it up for good (0 if it has none any more)."""
        address, obj._bp_pointer = obj._bp_pointer, 0
        return address

    def drop(self, obj: Object) -> None:
        """Give the Rust value behind ``obj`` up now; nothing happens where there is none, or it is of an earlier instance."""
        if obj._bp_guest is self and obj._bp_pointer:
            getattr(self, obj._bp_free)(self.consume(obj), 0)

    def wrap(self, cls: type[T], address: int) -> T:
        """A Python object that owns the Rust value at ``address``."""
        return self.door_class(cls)._bp_wrap(self, address & MASK)

    def door_class(self, cls: type[T]) -> type[T]:
        """``cls`` as the Instance that this guest serves knows it."""
        return self.host.classes.get(cls, cls)

    def unwrap(self, handle: int, cls: type[Object]) -> int:
        """The ``_unwrap`` imports: the address behind a borrowed handle if it is an object of ``cls``, else 0."""
        value = self.value(handle)
        if not isinstance(value, cls) or value._bp_door is not self.door or not value._bp_pointer:
            return 0
        if value._bp_guest is not self:
            if type(value)._bp_stale == "raise":
                return 0
            value._bp_revive(self)
        return self.consume(value)


def _forget(serial: int) -> Callable[[object], object]:
    return lambda _: _halted.pop(serial, None)


def _still_wanted() -> None:
    """Of what takes long in Python: not by a guest that was killed while this thread is in it."""
    for halted in list(_halted.values()):
        guest = halted()
        if guest is not None and guest.halted is not None and guest.door.guest is guest and guest.door.held():
            raise guest.halted


quota.asked.append(_still_wanted)


def _headroom(frames: int) -> None:
    """Raise ``RecursionError`` here, where nothing has happened yet, rather than half way through a nested call."""
    if frames:
        _headroom(frames - 1)


def _interruption(error: BaseException) -> GuestAborted:
    """What a guest dies of in whose service the host's own machinery was cut off."""
    if not isinstance(error, Exception):
        return GuestAborted("interrupted by the host", kind="terminated")
    death = GuestAborted(f"the host failed half way: {type(error).__name__}: {error}", kind="host_error")
    death.__cause__ = error
    return death
