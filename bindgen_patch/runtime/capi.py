"""The one place that talks to wasmtime's C interface.

wasmtime's Python package builds types and value objects for every call, which costs twenty to forty times the call itself.
So the package brings the library, the engine and its compiler, and calls, stores and host functions go through the
prototypes below: plain integers for addresses, no object made per call. Nobody else uses ``ctypes`` on the library.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from ctypes import POINTER, addressof, byref, c_bool, c_char_p, c_int32, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p
from typing import Any

from wasmtime import _ffi

from ..accelerator import native

ffi: Any = _ffi

HOST_FUNCTION = ctypes.CFUNCTYPE(c_void_p, c_void_p, c_void_p, c_void_p)
"""``wasmtime_func_unchecked_callback_t``: (environment, caller, argument and result slots[, slot count]) -> trap or NULL."""
_BODY = ctypes.PYFUNCTYPE(None, c_void_p, c_void_p, c_void_p)


def host_function(body: Callable[[int, int, int], None]) -> Any:
    """A C function that runs ``body(environment, caller, slots)`` and returns NULL, whatever becomes of it.

    ``ctypes`` leaves the result of a callback that raises undefined, and the engine would take that for the address of a trap. No
    Python function can promise not to raise: with a signal waiting, or the interpreter's stack used up, it fails before its first
    line. So the function that the engine calls runs no Python of ours: it calls another one, which has no result to get wrong.
    """
    return HOST_FUNCTION(_BODY(body))


EPOCH_CALLBACK = ctypes.CFUNCTYPE(c_void_p, c_void_p, c_void_p, c_void_p, c_void_p)
_EPOCH_BODY = ctypes.PYFUNCTYPE(None, c_void_p, c_void_p, c_void_p, c_void_p)
YIELD = 1


def epoch_callback(look: Callable[[int, int, int, int], None]) -> Any:
    """What stores call when the engine's epoch was incremented: ``look(context, data, address of a u64, address of a u8)``.

    As in :func:`host_function`, the engine sees NULL whatever happens. When ``look`` has stored 1 in the u64 the guest goes on; a
    ``look`` that could not begin is called again at once. When it has stored :data:`YIELD` in the u8 the call ends: a guest that was
    called as ours are cannot yield, and that is an error with a backtrace.
    """
    return EPOCH_CALLBACK(_EPOCH_BODY(look))


Func = ffi.wasmtime_func_t
Extern = ffi.wasmtime_extern_t
Val = ffi.wasmtime_val_t

_KINDS = {"i": 0, "l": 1, "f": 2, "d": 3}

FUNC, GLOBAL, TABLE, MEMORY, TAG = 0, 1, 2, 3, 5
"""Kinds of exports."""


def _function(name: str, result: Any, *params: Any) -> Any:
    """A prototype of our own, apart from the one that wasmtime's package has made for the same function."""
    function = ffi.dll[name]
    function.restype = result
    function.argtypes = params
    return function


call = _function("wasmtime_func_call_unchecked", c_void_p, c_void_p, c_void_p, c_void_p, c_size_t, c_void_p)
"""(context, func, slots, slot count, &trap) -> error or NULL."""

store_new = _function("wasmtime_store_new", c_void_p, c_void_p, c_void_p, c_void_p)
store_context = _function("wasmtime_store_context", c_void_p, c_void_p)
store_delete = _function("wasmtime_store_delete", None, c_void_p)
store_limiter = _function("wasmtime_store_limiter", None, c_void_p, *[ctypes.c_int64] * 5)
store_epoch_callback = _function("wasmtime_store_epoch_deadline_callback", None, c_void_p, EPOCH_CALLBACK, c_void_p, c_void_p)
set_epoch_deadline = _function("wasmtime_context_set_epoch_deadline", None, c_void_p, c_uint64)
increment_epoch = _function("wasmtime_engine_increment_epoch", None, c_void_p)
"""Make every guest of an engine that is running call its store's :data:`EPOCH_CALLBACK`. Safe from any thread."""
_set_fuel = _function("wasmtime_context_set_fuel", c_void_p, c_void_p, c_uint64)
instance_new = _function("wasmtime_instance_new", c_void_p, c_void_p, c_void_p, c_void_p, c_size_t, c_void_p, c_void_p)
instance_pre_instantiate = _function("wasmtime_instance_pre_instantiate", c_void_p, c_void_p, c_void_p, c_void_p, c_void_p)
_export_get = _function("wasmtime_instance_export_get", c_bool, c_void_p, c_void_p, c_char_p, c_size_t, c_void_p)
memory_data = _function("wasmtime_memory_data", c_void_p, c_void_p, c_void_p)
memory_data_size = _function("wasmtime_memory_data_size", c_size_t, c_void_p, c_void_p)
_global_get = _function("wasmtime_global_get", None, c_void_p, c_void_p, c_void_p)
_global_set = _function("wasmtime_global_set", c_void_p, c_void_p, c_void_p, c_void_p)
_table_get = _function("wasmtime_table_get", c_bool, c_void_p, c_void_p, c_uint64, c_void_p)
_table_set = _function("wasmtime_table_set", c_void_p, c_void_p, c_void_p, c_uint64, c_void_p)
_func_type = _function("wasmtime_func_type", c_void_p, c_void_p, c_void_p)
_functype_delete = _function("wasm_functype_delete", None, c_void_p)
_functype_params = _function("wasm_functype_params", POINTER(ffi.wasm_valtype_vec_t), c_void_p)
_functype_results = _function("wasm_functype_results", POINTER(ffi.wasm_valtype_vec_t), c_void_p)
_valtype_kind = _function("wasm_valtype_kind", c_uint8, c_void_p)
_func_new = _function("wasmtime_func_new_unchecked", None, c_void_p, c_void_p, HOST_FUNCTION, c_void_p, c_void_p, c_void_p)
_take_exception = _function("wasmtime_context_take_exception", c_bool, c_void_p, c_void_p)
_exception_tag = _function("wasmtime_exnref_tag", c_void_p, c_void_p, c_void_p, c_void_p)
_exception_unroot = _function("wasmtime_exnref_unroot", None, c_void_p)
_tag_eq = _function("wasmtime_tag_eq", c_bool, c_void_p, c_void_p, c_void_p)
_linker_define = _function(
    "wasmtime_linker_define_func_unchecked",
    c_void_p, c_void_p, c_char_p, c_size_t, c_char_p, c_size_t, c_void_p, HOST_FUNCTION, c_void_p, c_void_p,
)  # fmt: skip
_linker_pre = _function("wasmtime_linker_instantiate_pre", c_void_p, c_void_p, c_void_p, c_void_p)


def raise_error(error: int | None) -> None:
    """Raise the ``wasmtime_error_t`` at ``error``, if there is one."""
    if error is not None:
        from wasmtime import WasmtimeError

        raise WasmtimeError._from_ptr(ctypes.cast(error, POINTER(ffi.wasmtime_error_t)))


def error_message(error: int) -> str:
    """The text of the ``wasmtime_error_t`` at ``error``, which is freed."""
    from wasmtime import WasmtimeError

    return str(WasmtimeError._from_ptr(ctypes.cast(error, POINTER(ffi.wasmtime_error_t))))


def take_trap(trap: int) -> Any:
    """A ``wasmtime.Trap`` that owns the trap at ``trap``."""
    from wasmtime import Trap

    return Trap._from_ptr(ctypes.cast(trap, POINTER(ffi.wasm_trap_t)))


class Stopped:
    """What :func:`take_trap` gives, of a call that ended with an error instead of a trap."""

    trap_code = None

    def __init__(self, error: Any) -> None:
        self._error = error

    @property
    def message(self) -> str:
        """The backtrace, then the reason."""
        return str(self._error)

    @property
    def frames(self) -> list[Any]:
        """Innermost first; none when the guest was not running."""
        from wasmtime._trap import Frame, FrameList

        found = FrameList(self)
        ffi.wasmtime_error_wasm_trace(self._error.ptr(), byref(found.vec))
        return [Frame._from_ptr(found.vec.data[position], found) for position in range(found.vec.size)]


def take_error(error: int) -> Stopped:
    """The ``wasmtime_error_t`` at ``error``, which is freed with the object."""
    from wasmtime import WasmtimeError

    return Stopped(WasmtimeError._from_ptr(ctypes.cast(error, POINTER(ffi.wasmtime_error_t))))


def watch_epoch(store: int, context: int, callback: Any, data: int) -> None:
    """Have ``callback`` (of :func:`epoch_callback`) called with ``data`` when the guest runs and the epoch was incremented since."""
    store_epoch_callback(store, callback, data, None)
    set_epoch_deadline(context, 1)


def set_fuel(context: int, amount: int) -> None:
    """How much the guest may burn from now on."""
    raise_error(_set_fuel(context, amount))


def export(context: int, instance: Any, name: str, kind: int) -> Any:
    """The ``Extern`` that ``instance`` exports as ``name``, or ``None`` when it exports nothing of that name and kind."""
    item, encoded = Extern(), name.encode()
    return item if _export_get(context, byref(instance), encoded, len(encoded), byref(item)) and item.kind == kind else None


def global_i32(context: int, item: Any) -> int:
    """The value of an exported i32 global, unsigned."""
    value = Val()
    _global_get(context, byref(item.of.global_), byref(value))
    return int(value.of.i32) & 0xFFFF_FFFF


def set_global_i32(context: int, item: Any, number: int) -> None:
    """Store into an exported mutable i32 global."""
    value = Val(kind=0)
    value.of.i32 = number
    raise_error(_global_set(context, byref(item.of.global_), byref(value)))


def i32_setter(context: int, item: Any) -> Callable[[int], None]:
    """:func:`set_global_i32` for one that is stored into often."""
    value = Val(kind=0)
    word, place, where = value.of, addressof(value), addressof(item.of.global_)

    def store(number: int) -> None:
        word.i32 = number
        error = _global_set(context, where, place)
        if error is not None:
            raise_error(error)

    store.__dict__["owns"] = value, item
    return store


def table_func(context: int, item: Any, index: int) -> Any:
    """The ``Func`` in slot ``index`` of an exported table; ``None`` for an empty slot or none at all."""
    value = Val()
    if not _table_get(context, byref(item.of.table), index, byref(value)):
        return None
    if value.kind != ffi.WASMTIME_FUNCREF.value or value.of.funcref.store_id == 0:
        return None
    return Func.from_buffer_copy(value.of.funcref)


def set_table_func(context: int, item: Any, index: int, func: Any) -> None:
    """Put a function into a slot of an exported funcref table."""
    value = Val(kind=ffi.WASMTIME_FUNCREF.value)
    value.of.funcref = func
    raise_error(_table_set(context, byref(item.of.table), index, byref(value)))


def signature(context: int, func: Any) -> str:
    """The type of a function in the short form that the run time uses: ``"iil:d"``; ``?`` for other types."""
    functype = _func_type(context, byref(func))
    try:
        letters = {kind: letter for letter, kind in _KINDS.items()}
        sides = (_functype_params(functype).contents, _functype_results(functype).contents)
        return ":".join("".join(letters.get(_valtype_kind(side.data[i]), "?") for i in range(side.size)) for side in sides)
    finally:
        _functype_delete(functype)


def exception_taker(context: int, tag: Any) -> Callable[[], bool | None]:
    """A function that takes the exception that just left the guest out of the store.

    It says whether the exception carries ``tag``; ``None`` when there is none. It does so inside a host function: taking one
    adds to a list of references that the store clears when a host function returns, and at no other time.
    """
    found: bool | None = None

    def take(_environment: int, _caller: int, _slots: int) -> None:
        nonlocal found
        exception, thrown = ffi.wasmtime_exnref(), ffi.wasmtime_tag_t()
        if _take_exception(context, byref(exception)):
            raise_error(_exception_tag(context, byref(exception), byref(thrown)))
            found = bool(_tag_eq(context, byref(thrown), byref(tag.of.tag)))
            _exception_unroot(byref(exception))

    from wasmtime import FuncType

    no_words = FuncType([], [])  # one that was used with an engine belongs to it
    callback, func = host_function(take), Func()
    _func_new(context, no_words.ptr(), callback, None, None, byref(func))
    slots, trap = (c_uint64 * 2)(), c_void_p()

    def taken() -> bool | None:
        nonlocal found
        found = None
        raise_error(call(context, addressof(func), addressof(slots), 1, addressof(trap)))
        return found

    taken.__dict__["owns"] = callback
    return taken


if native is not None:
    native.bind(ctypes.cast(call, c_void_p).value, ctypes.sizeof(Func), 2 * ctypes.sizeof(c_uint64))
    _native_host = ctypes.cast(native.HOST_CALL, HOST_FUNCTION)


def define(linker: Any, module: str, name: str, func_type: Any, callback: Any) -> None:
    """Define a host function in ``linker``: one of :func:`host_function`, or the accelerator's. The caller keeps it alive."""
    m, n = module.encode(), name.encode()
    c_function, environment = (callback, None) if isinstance(callback, HOST_FUNCTION) else (_native_host, callback.environment)
    raise_error(_linker_define(linker.ptr(), m, len(m), n, len(n), func_type.ptr(), c_function, environment, None))


def instantiate_pre(linker: Any, module: Any) -> Any:
    """An address of a ``wasmtime_instance_pre_t``: the module with all its imports resolved and checked."""
    pre = c_void_p()
    raise_error(_linker_pre(linker.ptr(), module.ptr(), byref(pre)))
    return pre.value


I32 = c_int32
U32 = c_uint32
