"""What all instances of one generated package share: its wasm, compiled and linked, and its table of functions."""

from __future__ import annotations

import os
import sys
import threading
import types
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from weakref import ref

from .. import symbols
from ..accelerator import native
from ..errors import BindgenPatchError, GuestAborted
from . import engine, quick, trap, values
from .calls import Adapter, companion_type, epoch_callback, host_function
from .engine import Settings
from .objects import Object
from .typed import CHECKS, Plan

if TYPE_CHECKING:
    from .dwarf import DebugInfo
    from .engine import Engine
    from .guest import Guest
    from .memory import Lease


NativeImport = tuple[str | None, tuple[str, ...], str, str]
"""A host function that the accelerator can carry out by itself: the global that it calls (``None``: its argument is the value), the types
of its arguments and of the value (empty for none), and what messages call the value."""


RawPlan = tuple[str, str, dict[str, str], str, bool]
"""A :class:`.typed.Plan` as generated packages write it."""


class Import(NamedTuple):
    """One thing the guest asks of its host: a wasm import, or (``host_slot``) a swapped body that reaches us through the host table."""

    module: str
    symbol: str
    signature: str
    adapter: Adapter
    catch: bool = False
    asyncness: bool = False
    fatal: Literal["interrupt", "failure", ""] = ""
    """The guest's tasks depend on it: what cuts it off leaves them in doubt, and doubt is death.

    ``"failure"``: whatever is no error of JavaScript's. ``"interrupt"``: what is no ``Exception``.
    """
    host_slot: bool = False


class PackageFile:
    """A wasm file of a generated package. See :class:`.engine.Source`.

    It is read through the loader of the package, so that may lie in a zip file. :mod:`importlib.resources` is asked where the loader
    does not say; to import that costs more than to map the compiled code.
    """

    def __init__(self, package: str, name: str, digest: str) -> None:
        self.package, self.name, self.digest = package, name, digest

    def read(self) -> bytes:
        """Its content. Raises :class:`BindgenPatchError` when that is missing or another one."""
        data = self._content(self.name)
        if data is None:
            raise self._missing()
        import hashlib

        if hashlib.sha256(data).hexdigest() != self.digest:
            raise BindgenPatchError(
                f"{self.package}/{self.name} is not the file that these bindings were generated for; run `bindgen-patch gen` again"
            )
        return data

    def stamp(self) -> str:
        """How long it is and when it was written, where it is a file of its own."""
        folder = self._folder()
        if folder is None or not os.path.isdir(folder):  # noqa: PTH112
            return ""
        try:
            about = os.stat(os.path.join(folder, self.name))  # noqa: PTH116, PTH118
        except OSError:
            raise self._missing() from None
        return f"{about.st_size}.{about.st_mtime_ns}"

    def shipped(self, name: str) -> str | bytes | None:
        """Compiled code of that name in the package."""
        folder = self._folder()
        if folder is not None and os.path.isdir(folder):  # noqa: PTH112
            path = os.path.join(folder, symbols.PRECOMPILED, name)  # noqa: PTH118
            return path if os.path.isfile(path) else None  # noqa: PTH113
        return self._content(symbols.PRECOMPILED, name)

    def _folder(self) -> str | None:
        return next(iter(getattr(sys.modules.get(self.package), "__path__", ())), None)

    def _content(self, *names: str) -> bytes | None:
        folder = self._folder()
        loader: Any = getattr(sys.modules.get(self.package), "__loader__", None)
        try:
            if folder is not None and hasattr(loader, "get_data"):
                data: bytes = loader.get_data(os.path.join(folder, *names))  # noqa: PTH118
                return data
            from importlib import resources

            return resources.files(self.package).joinpath(*names).read_bytes()
        except (OSError, ImportError):
            return None

    def _missing(self) -> BindgenPatchError:
        return BindgenPatchError(f"{self.package}/{self.name} is missing; run `bindgen-patch gen` again")


class Program:
    """One guest, as its generated package describes it.

    ``exports`` maps the names that the generated code calls to (wasm export, signature); ``imports`` are in the order in
    which ``shims.wasm`` numbers them, ``slots`` what it exports for each slot of the guest's host table. Without the
    ``abort_handler`` an instance goes on after a failure of its own. ``plans`` tell of plain exports: methods as ``"Class.name"``,
    setters as ``"Class.name="``; ``host_plans`` are for the accelerator, by the names of adapters. Nothing is read or compiled before the
    first instance is made.
    """

    def __init__(
        self,
        package: str | None,
        *,
        module: str,
        shims: str,
        exports: dict[str, tuple[str, str]],
        imports: tuple[Import, ...],
        slots: tuple[str, ...] = (),
        start: tuple[tuple[str, tuple[int, ...]], ...] = (),
        table: bool = False,
        abort_handler: bool = True,
        plans: dict[str, RawPlan] | None = None,
        host_plans: dict[str, NativeImport] | None = None,
    ) -> None:
        self.package = package or "__main__"
        self.exports = exports
        self.imports = imports
        self.slots = slots
        self.start = start
        self.table = table
        self.abort_handler = abort_handler
        self._plans = plans or {}
        """:class:`.typed.Plan` by the name of what calls it: ``"Counter.increment"``, ``"Counter.value="`` for a setter."""
        self._host_plans = host_plans or {}
        self.throwing: set[int] = set()
        """The numbers of exports, and of whole calls of them, that a host's exception has left: they are called by a catcher. See
        ``edit/shims.py``."""
        self._classes: dict[type, None] = {}
        """Generated ones that were made faster, or will be."""
        self._quickened: set[str] = set()
        self.module = PackageFile(self.package, "module.wasm", module)
        self.shims = PackageFile(self.package, "shims.wasm", shims)
        self._lock = threading.Lock()
        self.loaded: dict[Settings, Loaded] = {}
        """By what engines differ in, as far as it has been used."""
        self._overflows: dict[Settings, Loaded] = {}
        self._debug_info: DebugInfo | None = None
        self.guest_types: dict[type[Guest], type[Guest]] = {}
        """See :meth:`.Guest.of`."""
        self.guests: dict[int, ref[Guest]] = {}
        """By serial number; weak, so that an Instance nobody uses any more can be collected."""

    @cached_property
    def plans(self) -> dict[str, Plan]:
        """The exports that are called with values, by call name."""
        return {plan[0]: Plan(*plan) for plan in self._plans.values()}

    @cached_property
    def numbers(self) -> dict[str, int]:
        """How the accelerator calls exports, and the functions for whole calls; it knows the first two."""
        whole = [symbols.whole(call) for call, plan in self.plans.items() if plan.carries]
        return {name: number for number, name in enumerate(dict.fromkeys(("call_malloc", "call_free", *self.exports, *whole)))}

    def speed_up(self, cls: type) -> None:
        """Have the accelerator carry out what it can of a generated class, once per class. Without it, see :meth:`quicken`."""
        if cls in self._classes:
            return
        self._classes[cls] = None
        if native is None:
            return
        for owner in self._generated(cls):
            for name, (call, role, params, result, fallible) in self._plans_of(owner):
                kinds = tuple(params.values())
                attribute, found, plain = _function(owner, name)
                if plain is None:
                    continue
                numbers = self.numbers[call], self.numbers.get(symbols.whole(call), -1)
                made = native.Export(plain, *numbers, role, kinds, result, fallible, values.Array)
                if isinstance(found, property):
                    made = found.setter(made) if name.endswith("=") else found.getter(made)
                elif isinstance(found, classmethod):
                    made = classmethod(made)
                setattr(owner, attribute, made)

    def quicken(self, call: str) -> None:
        """Have a plain export take the short way in pure Python from now on: it was called once, for good or in passing."""
        with self._lock:
            if call in self._quickened:
                return
            self._quickened.add(call)
            for owner in dict.fromkeys(owner for cls in self._classes for owner in self._generated(cls)):
                for name, plan in self._plans_of(owner):
                    function = _function(owner, name)[2] if plan[0] == call else None
                    if function is not None:
                        quick.quicken(owner, function, Plan(*plan))

    def plan(self, call: str) -> Plan:
        """How a plain export, or a destructor, is called."""
        return self.plans.get(call) or Plan(call, "drop", {}, "", fallible=False)

    def _generated(self, cls: type) -> list[type]:
        return [owner for owner in cls.__mro__ if owner.__module__ == self.package]

    def _plans_of(self, owner: type) -> list[tuple[str, RawPlan]]:
        """Those of one class, by the attribute: ``"value="`` for a setter. Its destructor has one, too."""
        found = self._by_owner.get(owner.__name__, [])
        return [*found, ("_bp_drop", (owner._bp_free, "drop", {}, "", False))] if issubclass(owner, Object) else found

    @cached_property
    def _by_owner(self) -> dict[str, list[tuple[str, RawPlan]]]:
        found: dict[str, list[tuple[str, RawPlan]]] = {}
        for name, plan in self._plans.items():
            owner, _, attribute = name.rpartition(".")
            found.setdefault(owner, []).append((attribute, plan))
        return found

    def host_plan(self, adapter: Adapter) -> tuple[Any, ...] | str | None:
        """How the accelerator does what an ``adapter`` does: see :func:`.calls.host_function`."""
        if adapter.__module__ == f"{__package__}.intrinsics":
            return adapter.__name__
        plan = self._host_plans.get(adapter.__name__) if adapter.__module__ == self.package else None
        if plan is None:
            return None
        called, params, result, label = plan
        return called, params, result, CHECKS.get(result), label

    # ------------------------------------------------------------------ loading

    def load(self, settings: Settings) -> Loaded:
        """Compile and link, once per process and engine: for a place, while there are free ones."""
        with self._lock:
            if settings not in self.loaded:
                at, module = engine.load(self.module, settings)
                _, shims = engine.load(self.shims, settings, at)
                self.loaded[settings] = Loaded(self, at, module, shims, settings)
            loaded = self.loaded[settings]
            if loaded.engine.free != []:
                return loaded
            if settings not in self._overflows:
                self._overflows[settings] = loaded.moved(engine.engine(settings))
            return self._overflows[settings]

    # ------------------------------------------------------------------ instances

    def instantiate(self, guest: Guest) -> tuple[int, int, Any, Companion]:
        """A fresh store with the guest in it: (store, context, what :data:`.capi.Maker` has made, its companion).

        Raises :class:`GuestAborted` when the guest does not get that far: it wants more than it may have, or runs code of its own
        before the instance is there.
        """
        loaded, capi = guest.loaded, guest.loaded.capi
        limits = guest.host.limits
        while loaded.engine.free is not None:
            try:
                loaded.engine.free.pop()
                break
            except IndexError:  # somebody was quicker
                loaded = guest.loaded = self.load(guest.host.settings)
        store = capi.store_new(loaded.engine.address, None, None)
        context = capi.store_context(store)
        try:
            limits.apply(store)
            if limits.fuel_per_call is not None:
                capi.set_fuel(context, limits.fuel_per_call)
            self.guests[guest.serial] = ref(guest)
            made = capi.Made()
            error = loaded.make(guest, store, context, made)
            if error is not None or made.trap is not None:
                raise self._unmade(error, made.trap)
            return store, context, made, Companion(capi, context, made)
        except BaseException:
            self.give_back(guest, store)
            raise

    def _unmade(self, error: int | None, pointer: int) -> GuestAborted:
        """What instantiating came to."""
        from . import capi

        if error is not None:
            reason = trap.reason(capi.error_message(error))
            if "os error 12" in reason:  # it is not memory that is short: none has been touched
                reason += ": no address space is left for another guest; Limits(reserve_bytes=…) sets less aside for each"
            return GuestAborted(reason, kind="host_error")
        return trap.aborted(capi.take_trap(pointer), self.debug_info)

    def debug_info(self) -> DebugInfo:
        """What the guest tells about its sources; read when somebody looks at a death, once per process."""
        if self._debug_info is None:
            from .dwarf import DebugInfo

            try:
                self._debug_info = DebugInfo(self.module.read())
            except (BindgenPatchError, OSError):  # the file was replaced meanwhile
                self._debug_info = DebugInfo(b"")
        return self._debug_info

    def export(self, guest: Guest, name: str, kind: int) -> Any:
        """What the instance exports under a wasm name, or ``None`` when that is missing or of another kind."""
        return guest._capi.export(guest._context, guest._instance, guest._capi.GUEST, name, kind)

    def function(self, guest: Guest, name: str, signature: str) -> Any:
        """The exported function of that name and type, or ``None``. Its type is one of the module: that is asked for once."""
        item = self.export(guest, name, guest._capi.FUNC)
        if item is None:
            return None
        known = guest.loaded.signatures
        if name not in known:
            known[name] = guest._capi.signature(guest._context, item.of.func)
        return item.of.func if known[name] == signature else None

    def constant(self, guest: Guest, name: str) -> int | None:
        """The value of an exported immutable i32 global, ``None`` where there is none. It is the same in all instances: asked for once."""
        known = guest.loaded.constants
        if name not in known:
            item = self.export(guest, name, guest._capi.GLOBAL)
            known[name] = None if item is None else guest._capi.I32(guest._context, item, guest._capi.IN_EXTERN).get()
        return known[name]

    def give_back(self, guest: Guest, store: int, lease: Lease | None = None) -> None:
        """Free an instance, at once or when the lease is gone; host functions are not called on its behalf any more."""
        self.guests.pop(guest.serial, None)
        if lease is None:
            _free(guest.loaded, store)
        else:
            lease.free = partial(_free, guest.loaded, store)


def _function(owner: type, name: str) -> tuple[str, Any, types.FunctionType | None]:
    """What ``owner`` has for a plan of that name: attribute, what is there, and the generated function, ``None`` if it is not its own."""
    attribute, setter, _ = name.partition("=")
    found = owner.__dict__.get(attribute)
    function = (found.fset if setter else found.fget) if isinstance(found, property) else found
    plain = getattr(function, "__func__", function)
    return attribute, found, plain if isinstance(plain, types.FunctionType) else None


def _free(loaded: Loaded, store: int) -> None:
    loaded.capi.store_delete(store)
    if loaded.engine.free is not None:
        loaded.engine.free.append(None)


class Companion:
    """How the companion of an instance tells that it has ended a call. Most never do: what is needed for it is looked up then."""

    __slots__ = ("_capi", "_context", "_made", "_take", "_trapped")

    def __init__(self, capi: Any, context: int, made: Any) -> None:
        self._capi, self._context, self._made = capi, context, made
        self._take: Any = None
        self._trapped: Any = None

    def catcher(self, signature: str) -> Any:
        """What calls functions of this type and catches what shims throw; ``None`` where there is none."""
        item = self._capi.export(self._context, self._made, self._capi.COMPANION, symbols.catcher(signature), self._capi.FUNC)
        return None if item is None else item.of.func

    def took_exception(self) -> bool | None:
        """Take the exception that just left the guest out of the store. Says whether it is the companion's; ``None``: there is none."""
        if self._take is None:
            tag = self._capi.export(self._context, self._made, self._capi.COMPANION, symbols.SHIM_TAG, self._capi.TAG)
            self._take = self._capi.exception_taker(self._context, tag)
        found: bool | None = self._take()
        return found

    def has_trapped(self) -> bool:
        """Whether it made the trap that ended the call: a host function had failed where no exception may be thrown."""
        capi = self._capi
        if self._trapped is None:
            trapped = capi.export(self._context, self._made, capi.COMPANION, symbols.SHIM_TRAPPED, capi.GLOBAL)
            self._trapped = capi.I32(self._context, trapped, capi.IN_EXTERN)
        if not self._trapped.get():
            return False
        self._trapped.set(0)
        return True


class Loaded:
    """The compiled half of a program, in one engine."""

    def __init__(self, program: Program, at: Engine, module: Any, shims: Any, settings: Settings) -> None:
        from . import capi

        self.capi = capi
        self.engine, self.module = at, module
        self._program, self._shims, self._settings = program, shims, settings
        places = {(item.module, item.symbol): number for number, item in enumerate(program.imports) if not item.host_slot}
        imports = [symbols.shim(places[item]) for item in capi.module_imports(module)]
        linker = capi.linker_new(at.address)
        self.signatures: dict[str, str] = {}
        """Of exported functions, as far as they were looked up."""
        self.constants: dict[str, int | None] = {}
        """Values of exported globals, likewise."""
        self.unhooked: int | None = None
        """What a fresh instance has for an abort hook: one of wasm-bindgen's that does nothing, its sign for none (``NO_OP_PTR``)."""
        self.callbacks = []
        for number, item in enumerate(program.imports):
            callback = host_function(
                program.guests,
                item.adapter,
                item.signature,
                catch=item.catch,
                asyncness=item.asyncness,
                fatal=item.fatal,
                plan=program.host_plan(item.adapter),
            )
            capi.define(linker, symbols.SHIM_HOST_MODULE, str(number), *companion_type(item.signature), callback)
            self.callbacks.append(callback)
        companion, look = capi.instantiate_pre(linker, shims), epoch_callback(program.guests) if settings.interruptible else None
        own = (symbols.EXPORT_HOST, symbols.MEMORY, symbols.EXPORT_STACK_POINTER)
        self.make = capi.maker(companion, module, look, own, symbols.SHIM_INSTANCE, imports, program.slots)

    def moved(self, to: Engine) -> Loaded:
        """The same code in another engine."""
        capi = self.capi
        module, shims = (capi.module_deserialize(to.address, capi.module_serialize(code)) for code in (self.module, self._shims))
        return Loaded(self._program, to, module, shims, self._settings)
