"""What all instances of one generated package share: its wasm, compiled and linked, and its table of functions."""

from __future__ import annotations

import ctypes
import hashlib
import threading
import types
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal
from weakref import ref

from .. import symbols
from ..accelerator import native
from ..errors import BindgenPatchError, GuestAborted
from . import trap
from .calls import Adapter, companion_type, epoch_callback, host_function
from .dwarf import DebugInfo
from .engine import Settings, compile_module, engine
from .values import Array

if TYPE_CHECKING:
    from .guest import Guest


@dataclass(frozen=True, slots=True)
class Import:
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


Native = tuple[str, str, tuple[str, ...], str, bool]
"""An export that the accelerator can call by itself: call name, what it is (``"method"``, ``"constructor"``, ``"function"``), the types of
its parameters and of its result (empty for none), and whether it may return an ``Err``."""


class Program:
    """One guest, as its generated package describes it.

    ``exports`` maps the names that the generated code calls to (wasm export, signature); ``imports`` are in the order in
    which ``shims.wasm`` numbers them, ``slots`` what it exports for each slot of the guest's host table. Without the
    ``abort_handler`` an instance goes on after a failure of its own. ``plans`` are for the accelerator: methods as ``"Class.name"``,
    setters as ``"Class.name="``. Nothing is read or compiled before the first instance is made.
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
        plans: dict[str, Native] | None = None,
    ) -> None:
        self.package = package or "__main__"
        self.exports = exports
        self.imports = imports
        self.slots = slots
        self.start = start
        self.table = table
        self.abort_handler = abort_handler
        self._plans = plans or {}
        self._sped_up: set[type] = set()
        self.numbers = {name: number for number, name in enumerate(dict.fromkeys(("call_malloc", "call_free", *exports)))}
        """How the accelerator calls exports; it knows the first two."""
        self._digests = {"module.wasm": module, "shims.wasm": shims}
        self._lock = threading.Lock()
        self._loaded: dict[Settings, _Loaded] = {}
        self._debug_info: DebugInfo | None = None
        self.guests: dict[int, ref[Guest]] = {}
        """By serial number; weak, so that an Instance nobody uses any more can be collected."""

    def speed_up(self, cls: type) -> None:
        """Have the accelerator carry out what it can of a generated class, once per class."""
        if native is None or cls in self._sped_up:
            return
        self._sped_up.add(cls)
        for owner in cls.__mro__:
            if owner.__module__ != self.package:
                continue
            for name, (call, role, params, result, fallible) in self._plans.items():
                where, _, attribute = name.rpartition(".")
                attribute, _, setter = attribute.partition("=")
                found = owner.__dict__.get(attribute)
                if where != owner.__name__ or found is None:
                    continue
                function = found.fset if setter else found.fget if isinstance(found, property) else found
                if function is None or not isinstance(getattr(function, "__func__", function), types.FunctionType):
                    continue
                made = native.Export(getattr(function, "__func__", function), self.numbers[call], role, params, result, fallible, Array)
                if isinstance(found, property):
                    made = found.setter(made) if setter else found.getter(made)
                elif isinstance(found, classmethod):
                    made = classmethod(made)
                setattr(owner, attribute, made)

    # ------------------------------------------------------------------ loading

    def _read(self, name: str) -> bytes:
        try:
            data = (resources.files(self.package) / name).read_bytes()
        except FileNotFoundError:
            raise BindgenPatchError(f"{self.package}/{name} is missing; run `bindgen-patch gen` again") from None
        if hashlib.sha256(data).hexdigest() != self._digests[name]:
            raise BindgenPatchError(
                f"{self.package}/{name} is not the file that these bindings were generated for; run `bindgen-patch gen` again"
            )
        return data

    def load(self, settings: Settings) -> _Loaded:
        """Compile and link, once per process and engine."""
        with self._lock:
            if settings not in self._loaded:
                self._loaded[settings] = _Loaded(self, settings)
            return self._loaded[settings]

    # ------------------------------------------------------------------ instances

    def instantiate(self, guest: Guest) -> tuple[int, int, Any, Callable[[], bool | None], Any]:
        """A fresh store with the guest in it, and how the companion tells that it ended a call.

        (store, context, instance, taker of exceptions with the companion's tag, its global that is 1 after a trap of its own).
        Raises :class:`GuestAborted` when the guest does not get that far: it wants more than it may have, or runs code of its own
        before the instance is there.
        """
        from . import capi

        limits = guest.host.limits
        loaded = self.load(guest.host.settings)
        store = capi.store_new(loaded.engine, None, None)
        context = capi.store_context(store)
        try:
            limits.apply(store)
            if limits.interruptible:
                capi.watch_epoch(store, context, loaded.epoch_callback, guest.serial)
            if limits.fuel_per_call is not None:
                capi.set_fuel(context, limits.fuel_per_call)
            companion = capi.ffi.wasmtime_instance_t()
            self._finish(lambda out: capi.instance_pre_instantiate(loaded.companion, context, ctypes.byref(companion), out))
            capi.set_global_i32(context, capi.export(context, companion, symbols.SHIM_INSTANCE, capi.GLOBAL), guest.serial)
            self.guests[guest.serial] = ref(guest)
            shims = [capi.export(context, companion, name, capi.FUNC) for name in loaded.shim_names]
            externs = (capi.Extern * max(len(loaded.order), 1))()
            for position, number in enumerate(loaded.order):
                externs[position] = shims[number]
            instance = capi.ffi.wasmtime_instance_t()
            self._finish(
                lambda out: capi.instance_new(context, loaded.module.ptr(), externs, len(loaded.order), ctypes.byref(instance), out)
            )
            host = capi.export(context, instance, symbols.EXPORT_HOST, capi.TABLE)
            for slot, name in enumerate(self.slots):
                capi.set_table_func(context, host, slot, capi.export(context, companion, name, capi.FUNC).of.func)
            taker = capi.exception_taker(context, capi.export(context, companion, symbols.SHIM_TAG, capi.TAG))
            return store, context, instance, taker, capi.export(context, companion, symbols.SHIM_TRAPPED, capi.GLOBAL)
        except BaseException:
            self.forget(guest)
            capi.store_delete(store)
            raise

    def _finish(self, instantiate: Callable[[Any], int | None]) -> None:
        """Instantiate; a trap or an error becomes an exception."""
        from . import capi

        pointer = ctypes.c_void_p()
        error = instantiate(ctypes.byref(pointer))
        if error is not None:
            raise GuestAborted(trap.reason(capi.error_message(error)), kind="host_error")
        if pointer.value is not None:
            raise trap.aborted(capi.take_trap(pointer.value), self.debug_info)

    def debug_info(self) -> DebugInfo:
        """What the guest tells about its sources; read when somebody looks at a death, once per process."""
        if self._debug_info is None:
            try:
                self._debug_info = DebugInfo(self._read("module.wasm"))
            except (BindgenPatchError, OSError):  # the file was replaced meanwhile
                self._debug_info = DebugInfo(b"")
        return self._debug_info

    def export(self, guest: Guest, name: str, kind: int) -> Any:
        """What the instance exports under a wasm name, or ``None`` when that is missing or of another kind."""
        from . import capi

        return capi.export(guest._context, guest._instance, name, kind)

    def forget(self, guest: Guest) -> None:
        """Host functions are not called on behalf of this instance any more."""
        self.guests.pop(guest.serial, None)


class _Loaded:
    """The compiled half of a program."""

    def __init__(self, program: Program, settings: Settings) -> None:
        import wasmtime

        from . import capi

        shared = engine(settings)
        self.engine = shared.ptr()
        self.module = compile_module(program._read("module.wasm"), program._digests["module.wasm"], settings)
        shims = compile_module(program._read("shims.wasm"), program._digests["shims.wasm"], settings)
        self.shim_names = [symbols.shim(number) for number in range(len(program.imports))]
        places = {(item.module, item.symbol): number for number, item in enumerate(program.imports) if not item.host_slot}
        self.order = [places[item.module, item.name or ""] for item in self.module.imports]
        linker = wasmtime.Linker(shared)
        kinds = {"i": wasmtime.ValType.i32, "l": wasmtime.ValType.i64, "f": wasmtime.ValType.f32, "d": wasmtime.ValType.f64}
        self.callbacks = []
        for number, item in enumerate(program.imports):
            callback = host_function(
                program.guests, item.adapter, item.signature, catch=item.catch, asyncness=item.asyncness, fatal=item.fatal
            )
            params, results = ([kinds[letter]() for letter in side] for side in companion_type(item.signature))
            capi.define(linker, symbols.SHIM_HOST_MODULE, str(number), wasmtime.FuncType(params, results), callback)
            self.callbacks.append(callback)
        self.epoch_callback = epoch_callback(program.guests)
        self.linker = linker
        self.companion = capi.instantiate_pre(linker, shims)
