"""The one place that talks to wasmtime's C interface.

wasmtime's Python package declares thousands of functions and types when it is imported, and builds types and value objects for every
call: the import is most of a cold start, the objects cost twenty to forty times the call itself. So nothing of that package is run.
The shared library that it carries is loaded from where it lies, and the functions that the run time needs are declared here, with
plain integers for addresses. ``tests/runtime/test_capi.py`` holds every declaration against the package's own.

Two kinds of functions: those that run guest code, compile, or map memory let other threads run meanwhile; to the short ones, giving
the interpreter up and waiting for it again would cost more than they do. Nobody else uses ``ctypes`` on the library.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, Iterable
from ctypes import POINTER, addressof, byref, c_bool, c_char_p, c_int32, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p
from typing import Any, NamedTuple

from ..accelerator import native
from ..errors import BindgenPatchError

# ------------------------------------------------------------------------------------------- the library


def _library_path() -> str | None:
    """Where the installed wasmtime has its shared library, by the rules of its ``_ffi.py``; ``None`` where it has none there."""
    from importlib.util import find_spec

    spec = find_spec("wasmtime")
    places = spec.submodule_search_locations if spec else None
    if not places:
        return None
    if hasattr(os, "uname"):
        machine = os.uname().machine
    else:
        import platform

        machine = platform.machine()
    machine = {"AMD64": "x86_64", "arm64": "aarch64", "ARM64": "aarch64"}.get(machine, machine)
    system = "android" if hasattr(sys, "getandroidapilevel") else sys.platform
    name = {"win32": "_wasmtime.dll", "darwin": "_libwasmtime.dylib"}.get(system, "_libwasmtime.so")
    path = os.path.join(next(iter(places)), f"{system}-{machine}", name)  # noqa: PTH118 (pathlib would be imported for this)
    return path if os.path.isfile(path) else None  # noqa: PTH113


def _open() -> Any:
    path = _library_path()
    if path is not None:
        return ctypes.CDLL(path)
    from wasmtime import _ffi  # built in some other way, or not installed: it says so better than we could

    return _ffi.dll


library = _open()
platform = os.path.basename(os.path.dirname(library._name))  # noqa: PTH119, PTH120
"""The system and the processor that it is for."""
_short = ctypes.PyDLL(library._name, handle=library._handle)


def _function(name: str, result: Any, *params: Any, of: Any = _short) -> Any:
    """A prototype of our own, apart from any that wasmtime's package may have made for the same function."""
    function = of[name]
    function.restype = result
    function.argtypes = params
    declared[name] = function
    return function


def _long(name: str, result: Any, *params: Any) -> Any:
    """The same for a function during which other threads may run."""
    return _function(name, result, *params, of=library)


declared: dict[str, Any] = {}
"""Every function of the library that is used, by name."""


def version() -> str:
    """Of the installed wasmtime, as its metadata says it; else how long the library is, which no two versions have in common.

    To import :mod:`importlib.metadata` would cost a third of a start.
    """
    place = os.path.dirname(os.path.dirname(os.path.dirname(library._name)))  # noqa: PTH120
    try:
        found = [name[9:-10] for name in os.listdir(place) if name.startswith("wasmtime-") and name.endswith(".dist-info")]  # noqa: PTH208
    except OSError:
        found = []
    return found[0] if len(found) == 1 else f"of-{os.stat(library._name).st_size}-bytes"  # noqa: PTH116


# ------------------------------------------------------------------------------------------- types

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


class Func(ctypes.Structure):
    """``wasmtime_func_t``."""

    _fields_ = (("store_id", c_uint64), ("private", c_void_p))


class Item(ctypes.Structure):
    """``wasmtime_memory_t``, ``_table_t`` and ``_tag_t``: private to the engine but for the store."""

    _fields_ = (("store_id", c_uint64), ("private1", c_uint32), ("padding", c_uint32), ("private2", c_uint32))


class Global(ctypes.Structure):
    """``wasmtime_global_t``."""

    _fields_ = (("store_id", c_uint64), ("private1", c_uint32), ("private2", c_uint32), ("private3", c_uint32))


class _ExternOf(ctypes.Union):
    _fields_ = (("func", Func), ("global_", Global), ("table", Item), ("memory", Item), ("sharedmemory", c_void_p), ("tag", Item))


class Extern(ctypes.Structure):
    """``wasmtime_extern_t``: an exported item."""

    _fields_ = (("kind", c_uint8), ("of", _ExternOf))


_EXTERN_BYTES = ctypes.sizeof(Extern)


class ExnRef(ctypes.Structure):
    """``wasmtime_exnref_t``, which all references to garbage-collected objects look like."""

    _fields_ = (("store_id", c_uint64), ("private1", c_uint32), ("private2", c_uint32), ("private3", c_void_p))


class _ValOf(ctypes.Union):
    _fields_ = (
        ("i32", c_int32),
        ("i64", ctypes.c_int64),
        ("f32", ctypes.c_float),
        ("f64", ctypes.c_double),
        ("exnref", ExnRef),
        ("funcref", Func),
        ("v128", c_uint8 * 16),
    )


class Val(ctypes.Structure):
    """``wasmtime_val_t``."""

    _fields_ = (("kind", c_uint8), ("of", _ValOf))


class Instance(ctypes.Structure):
    """``wasmtime_instance_t``."""

    _fields_ = (("store_id", c_uint64), ("private", c_size_t))


class Vec(ctypes.Structure):
    """``wasm_byte_vec_t``, and all other vectors: how many elements, and where."""

    _fields_ = (("size", c_size_t), ("data", c_void_p))

    def bytes(self) -> bytes:
        """The content of a vector of bytes."""
        return ctypes.string_at(self.data, self.size) if self.size else b""

    def addresses(self) -> list[int]:
        """The content of a vector of addresses."""
        return list((c_void_p * self.size).from_address(self.data)) if self.size else []


_KINDS = {"i": 0, "l": 1, "f": 2, "d": 3}
_FUNCREF = 5

FUNC, GLOBAL, TABLE, MEMORY, TAG = 0, 1, 2, 3, 5
"""Kinds of exports."""

_TRAPS = (
    "STACK_OVERFLOW",
    "MEMORY_OUT_OF_BOUNDS",
    "HEAP_MISALIGNED",
    "TABLE_OUT_OF_BOUNDS",
    "INDIRECT_CALL_TO_NULL",
    "BAD_SIGNATURE",
    "INTEGER_OVERFLOW",
    "INTEGER_DIVISION_BY_ZERO",
    "BAD_CONVERSION_TO_INTEGER",
    "UNREACHABLE_CODE_REACHED",
    "INTERRUPT",
    "OUT_OF_FUEL",
    "ATOMIC_WAIT_NON_SHARED_MEMORY",
    "NULL_REFERENCE",
    "ARRAY_OUT_OF_BOUNDS",
    "ALLOCATION_TOO_LARGE",
)
"""``wasmtime_trap_code_t``, as far as guests can meet them, in order."""

_U8, _FUNCTYPE, _VALTYPES = POINTER(c_uint8), c_void_p, POINTER(Vec)

# ------------------------------------------------------------------------------------------- calls and stores

call = _long("wasmtime_func_call_unchecked", c_void_p, c_void_p, c_void_p, c_void_p, c_size_t, c_void_p)
"""(context, func, slots, slot count, &trap) -> error or NULL."""

store_new = _function("wasmtime_store_new", c_void_p, c_void_p, c_void_p, c_void_p)
store_context = _function("wasmtime_store_context", c_void_p, c_void_p)
store_delete = _long("wasmtime_store_delete", None, c_void_p)
store_limiter = _function("wasmtime_store_limiter", None, c_void_p, *[ctypes.c_int64] * 5)
store_epoch_callback = _function("wasmtime_store_epoch_deadline_callback", None, c_void_p, EPOCH_CALLBACK, c_void_p, c_void_p)
set_epoch_deadline = _function("wasmtime_context_set_epoch_deadline", None, c_void_p, c_uint64)
increment_epoch = _function("wasmtime_engine_increment_epoch", None, c_void_p)
"""Make every guest of an engine that is running call its store's :data:`EPOCH_CALLBACK`. Safe from any thread."""
_set_fuel = _function("wasmtime_context_set_fuel", c_void_p, c_void_p, c_uint64)
instance_new = _long("wasmtime_instance_new", c_void_p, c_void_p, c_void_p, c_void_p, c_size_t, c_void_p, c_void_p)
instance_pre_instantiate = _long("wasmtime_instance_pre_instantiate", c_void_p, c_void_p, c_void_p, c_void_p, c_void_p)
export_get = _function("wasmtime_instance_export_get", c_bool, c_void_p, c_void_p, c_char_p, c_size_t, c_void_p)
"""(context, &instance, name, its length, &item) -> whether there is such an item."""
memory_data = _function("wasmtime_memory_data", c_void_p, c_void_p, c_void_p)
memory_data_size = _function("wasmtime_memory_data_size", c_size_t, c_void_p, c_void_p)
_global_get = _function("wasmtime_global_get", None, c_void_p, c_void_p, c_void_p)
_global_set = _function("wasmtime_global_set", c_void_p, c_void_p, c_void_p, c_void_p)
_table_get = _function("wasmtime_table_get", c_bool, c_void_p, c_void_p, c_uint64, c_void_p)
_table_set = _function("wasmtime_table_set", c_void_p, c_void_p, c_void_p, c_uint64, c_void_p)
_func_type = _function("wasmtime_func_type", _FUNCTYPE, c_void_p, c_void_p)
_func_new = _function("wasmtime_func_new_unchecked", None, c_void_p, c_void_p, HOST_FUNCTION, c_void_p, c_void_p, c_void_p)
_take_exception = _function("wasmtime_context_take_exception", c_bool, c_void_p, c_void_p)
_exception_tag = _function("wasmtime_exnref_tag", c_void_p, c_void_p, c_void_p, c_void_p)
_exception_unroot = _function("wasmtime_exnref_unroot", None, c_void_p)
_tag_eq = _function("wasmtime_tag_eq", c_bool, c_void_p, c_void_p, c_void_p)


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
    return item if export_get(context, byref(instance), encoded, len(encoded), byref(item)) and item.kind == kind else None


def names(wanted: Iterable[str]) -> list[tuple[bytes, int]]:
    """Names of exports for :func:`exports`."""
    return [(name.encode(), len(name.encode())) for name in wanted]


def exports(context: int, instance: int, wanted: list[tuple[bytes, int]], found: Any) -> None:
    """Store the items that the instance at address ``instance`` exports under these names into the array ``found``."""
    place = addressof(found)
    for name, length in wanted:
        if not export_get(context, instance, name, length, place):
            raise BindgenPatchError(f"the companion exports no {name.decode()}")
        place += _EXTERN_BYTES


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


def fill_table(context: int, item: Any, functions: Any) -> None:
    """Put an array of exported functions into the first slots of an exported table."""
    table, place = byref(item.of.table), addressof(functions)
    for index, function in enumerate(functions):
        function.kind = _FUNCREF  # and so it is a Val: a function lies at the same place in both
        error = _table_set(context, table, index, place)
        if error is not None:
            raise_error(error)
        place += _EXTERN_BYTES


def table_func(context: int, item: Any, index: int) -> Any:
    """The ``Func`` in slot ``index`` of an exported table; ``None`` for an empty slot or none at all."""
    value = Val()
    if not _table_get(context, byref(item.of.table), index, byref(value)):
        return None
    if value.kind != _FUNCREF or value.of.funcref.store_id == 0:
        return None
    return Func.from_buffer_copy(value.of.funcref)


# ------------------------------------------------------------------------------------------- why a call did not return

_trap_code = _function("wasmtime_trap_code", c_bool, c_void_p, _U8)
_trap_message = _function("wasm_trap_message", None, c_void_p, c_void_p)
_trap_trace = _function("wasm_trap_trace", None, c_void_p, c_void_p)
_trap_delete = _function("wasm_trap_delete", None, c_void_p)
_error_message = _function("wasmtime_error_message", None, c_void_p, c_void_p)
_error_trace = _function("wasmtime_error_wasm_trace", None, c_void_p, c_void_p)
_error_delete = _function("wasmtime_error_delete", None, c_void_p)
_bytes_delete = _function("wasm_byte_vec_delete", None, c_void_p)
_frames_delete = _function("wasm_frame_vec_delete", None, c_void_p)
_frame_function = _function("wasm_frame_func_index", c_uint32, c_void_p)
_frame_offset = _function("wasm_frame_module_offset", c_size_t, c_void_p)
_frame_function_name = _function("wasmtime_frame_func_name", POINTER(Vec), c_void_p)
_frame_module_name = _function("wasmtime_frame_module_name", POINTER(Vec), c_void_p)


class StackFrame(NamedTuple):
    """A guest's or the companion's; names as the name section has them, ``None`` where it has none."""

    module_name: str | None
    func_name: str | None
    func_index: int
    module_offset: int


class Owned:
    """Something of the library's that is freed with this object."""

    __slots__ = ("_delete", "address")

    def __init__(self, address: int, delete: Callable[[int], object]) -> None:
        self.address, self._delete = address, delete

    def __del__(self) -> None:
        delete = getattr(self, "_delete", None)
        if delete is not None:  # else an interrupt struck before there was anything to free
            delete(self.address)


class Failure(Owned):
    """A trap or an error of the engine's. It keeps alive what its frames are about."""

    __slots__ = ("_is_trap", "code")

    def __init__(self, address: int, *, is_trap: bool) -> None:
        super().__init__(address, _trap_delete if is_trap else _error_delete)
        self._is_trap = is_trap
        self.code: str | None = None
        """Why the engine trapped, a name of ``wasmtime_trap_code_t``; ``None`` for what is no trap of its own: an exception that left
        the guest, say."""
        if is_trap:
            number = c_uint8()
            if _trap_code(address, number):
                self.code = _TRAPS[number.value] if number.value < len(_TRAPS) else f"TRAP_{number.value}"

    @property
    def message(self) -> str:
        """The backtrace, with demangled names, then the reason. It is put together now: tens of microseconds."""
        text = Vec()
        (_trap_message if self._is_trap else _error_message)(self.address, byref(text))
        try:
            return text.bytes().rstrip(b"\0").decode(errors="replace")
        finally:
            _bytes_delete(byref(text))

    @property
    def frames(self) -> list[StackFrame]:
        """Innermost first; none when the guest was not running."""
        found = Vec()
        (_trap_trace if self._is_trap else _error_trace)(self.address, byref(found))
        try:
            return [
                StackFrame(_name(_frame_module_name(at)), _name(_frame_function_name(at)), _frame_function(at), _frame_offset(at))
                for at in found.addresses()
            ]
        finally:
            _frames_delete(byref(found))


def _name(place: Any) -> str | None:
    return place.contents.bytes().decode(errors="replace") if place else None


def take_trap(trap: int) -> Failure:
    """The ``wasm_trap_t`` at ``trap``, which is ours from now on."""
    return Failure(trap, is_trap=True)


def take_error(error: int) -> Failure:
    """The ``wasmtime_error_t`` at ``error``, which is ours from now on."""
    return Failure(error, is_trap=False)


def error_message(error: int) -> str:
    """The text of the ``wasmtime_error_t`` at ``error``, which is freed."""
    return take_error(error).message


def raise_error(error: int | None) -> None:
    """Raise the ``wasmtime_error_t`` at ``error``, if there is one."""
    if error is not None:
        raise BindgenPatchError(error_message(error))


# ------------------------------------------------------------------------------------------- types of functions

_functype_new = _function("wasm_functype_new", c_void_p, _VALTYPES, _VALTYPES)
_functype_delete = _function("wasm_functype_delete", None, c_void_p)
_functype_params = _function("wasm_functype_params", _VALTYPES, c_void_p)
_functype_results = _function("wasm_functype_results", _VALTYPES, c_void_p)
_valtypes_new = _function("wasm_valtype_vec_new", None, c_void_p, c_size_t, c_void_p)
_valtype_new = _function("wasm_valtype_new", c_void_p, c_uint8)
_valtype_kind = _function("wasm_valtype_kind", c_uint8, c_void_p)


def _functype(params: str, results: str) -> int:
    """A ``wasm_functype_t``, to be deleted by the caller."""
    sides = []
    for letters in (params, results):
        side = Vec()
        _valtypes_new(byref(side), len(letters), (c_void_p * max(len(letters), 1))(*[_valtype_new(_KINDS[letter]) for letter in letters]))
        sides.append(side)
    address: int = _functype_new(*map(byref, sides))  # which takes the vectors over
    return address


def signature(context: int, func: Any) -> str:
    """The type of a function in the short form that the run time uses: ``"iil:d"``; ``?`` for other types."""
    functype = _func_type(context, byref(func))
    try:
        letters = {kind: letter for letter, kind in _KINDS.items()}
        sides = (_functype_params(functype).contents, _functype_results(functype).contents)
        return ":".join("".join(letters.get(_valtype_kind(item), "?") for item in side.addresses()) for side in sides)
    finally:
        _functype_delete(functype)


# ------------------------------------------------------------------------------------------- exceptions


def _take(context: int, _caller: int, _slots: int) -> None:
    exception, thrown = ExnRef(), Item()
    if _take_exception(context, byref(exception)):
        try:
            raise_error(_exception_tag(context, byref(exception), byref(thrown)))
            _taken[context] = thrown
        finally:
            _exception_unroot(byref(exception))


_taken: dict[int, Item] = {}
"""Context -> the tag of the exception that was just taken out of its store."""
_take_callback = host_function(_take)


def exception_taker(context: int, tag: Any) -> Callable[[], bool | None]:
    """A function that takes the exception that just left the guest out of the store.

    It says whether the exception carries ``tag``; ``None`` when there is none. It does so inside a host function: taking one
    adds to a list of references that the store clears when a host function returns, and at no other time.
    """
    func, nothing = Func(), _functype("", "")
    if native is not None:
        taker: Callable[[], bool | None] = native.Taker(context, bytes(tag.of.tag))
        _func_new(context, nothing, _native_taken, taker.environment, None, byref(func))  # type: ignore[attr-defined]
        _functype_delete(nothing)
        taker.bind(func.store_id, func.private)  # type: ignore[attr-defined]
        return taker
    _func_new(context, nothing, _take_callback, context, None, byref(func))
    _functype_delete(nothing)
    slots, trap = (c_uint64 * 2)(), c_void_p()

    def taken() -> bool | None:
        raise_error(call(context, addressof(func), addressof(slots), 1, addressof(trap)))
        thrown = _taken.pop(context, None)
        return None if thrown is None else bool(_tag_eq(context, byref(thrown), byref(tag.of.tag)))

    return taken


# ------------------------------------------------------------------------------------------- engines, modules, linkers

_config_new = _function("wasm_config_new", c_void_p)
_config_exceptions = _function("wasmtime_config_wasm_exceptions_set", None, c_void_p, c_bool)
_config_may_move = _function("wasmtime_config_memory_may_move_set", None, c_void_p, c_bool)
_config_epochs = _function("wasmtime_config_epoch_interruption_set", None, c_void_p, c_bool)
_config_fuel = _function("wasmtime_config_consume_fuel_set", None, c_void_p, c_bool)
_config_stack = _function("wasmtime_config_max_wasm_stack_set", None, c_void_p, c_size_t)
_engine_new = _function("wasm_engine_new_with_config", c_void_p, c_void_p)
_module_new = _long("wasmtime_module_new", c_void_p, c_void_p, c_char_p, c_size_t, c_void_p)
_module_delete = _function("wasmtime_module_delete", None, c_void_p)
_module_serialize = _long("wasmtime_module_serialize", c_void_p, c_void_p, c_void_p)
_module_deserialize = _long("wasmtime_module_deserialize", c_void_p, c_void_p, c_char_p, c_size_t, c_void_p)
_module_deserialize_file = _long("wasmtime_module_deserialize_file", c_void_p, c_void_p, c_char_p, c_void_p)
_module_imports = _function("wasmtime_module_imports", None, c_void_p, c_void_p)
_importtypes_delete = _function("wasm_importtype_vec_delete", None, c_void_p)
_importtype_module = _function("wasm_importtype_module", POINTER(Vec), c_void_p)
_importtype_name = _function("wasm_importtype_name", POINTER(Vec), c_void_p)
_linker_new = _function("wasmtime_linker_new", c_void_p, c_void_p)
_linker_delete = _function("wasmtime_linker_delete", None, c_void_p)
_linker_define = _function(
    "wasmtime_linker_define_func_unchecked",
    c_void_p, c_void_p, c_char_p, c_size_t, c_char_p, c_size_t, c_void_p, HOST_FUNCTION, c_void_p, c_void_p,
)  # fmt: skip
_linker_pre = _function("wasmtime_linker_instantiate_pre", c_void_p, c_void_p, c_void_p, c_void_p)
_pre_delete = _function("wasmtime_instance_pre_delete", None, c_void_p)


def engine_new(*, interruptible: bool, fuel: bool, stack_bytes: int) -> int:
    """An engine, which is never freed: other threads may use it until the very end of the process.

    It compiles with as many threads as there are cores, as every engine of this library does.
    """
    config = _config_new()
    _config_exceptions(config, True)
    _config_may_move(config, False)  # guest addresses are turned into host addresses once
    _config_epochs(config, interruptible)
    _config_fuel(config, fuel)
    _config_stack(config, stack_bytes)
    made: int = _engine_new(config)  # takes the configuration over
    return made


def module_new(engine: int, wasm: bytes) -> Owned:
    """Compile."""
    return _module(lambda out: _module_new(engine, wasm, len(wasm), out))


def module_deserialize_file(engine: int, path: str) -> Owned:
    """Map the compiled code in a file. The engine looks for a file made by another version, or for another machine, and for little else."""
    return _module(lambda out: _module_deserialize_file(engine, os.fsencode(path), out))


def module_deserialize(engine: int, code: bytes) -> Owned:
    """The same with a copy of ``code``."""
    return _module(lambda out: _module_deserialize(engine, code, len(code), out))


def _module(make: Callable[[Any], int | None]) -> Owned:
    address = c_void_p()
    raise_error(make(byref(address)))
    assert address.value is not None
    return Owned(address.value, _module_delete)


def module_serialize(module: Owned) -> bytes:
    """The compiled code, as a file."""
    code = Vec()
    raise_error(_module_serialize(module.address, byref(code)))
    try:
        return code.bytes()
    finally:
        _bytes_delete(byref(code))


def module_imports(module: Owned) -> list[tuple[str, str]]:
    """(module, name) of each import, in order."""
    found = Vec()
    _module_imports(module.address, byref(found))
    try:
        return [(_name(_importtype_module(item)) or "", _name(_importtype_name(item)) or "") for item in found.addresses()]
    finally:
        _importtypes_delete(byref(found))


def linker_new(engine: int) -> Owned:
    """A linker without any definition."""
    return Owned(_linker_new(engine), _linker_delete)


def _addresses(*functions: Any) -> list[int | None]:
    return [ctypes.cast(function, c_void_p).value for function in functions]


if native is not None:
    native.bind(*_addresses(call, _global_set), ctypes.sizeof(Func), 2 * ctypes.sizeof(c_uint64), ctypes.sizeof(Val))
    native.bind_exceptions(
        *_addresses(_take_exception, _exception_tag, _exception_unroot, _tag_eq, _trap_code, _trap_delete),
        ctypes.sizeof(ExnRef),
        ctypes.sizeof(Item),
    )
    _native_host, _native_taken = ctypes.cast(native.HOST_CALL, HOST_FUNCTION), ctypes.cast(native.TAKEN_OUT, HOST_FUNCTION)


def define(linker: Owned, module: str, name: str, params: str, results: str, callback: Any) -> None:
    """Define a host function of the type ``params`` -> ``results``, in letters.

    It is one of :func:`host_function`, or of the accelerator's, and must be kept alive by the caller.
    """
    c_function, environment = (callback, None) if isinstance(callback, HOST_FUNCTION) else (_native_host, callback.environment)
    m, n, functype = module.encode(), name.encode(), _functype(params, results)
    try:
        raise_error(_linker_define(linker.address, m, len(m), n, len(n), functype, c_function, environment, None))
    finally:
        _functype_delete(functype)


def instantiate_pre(linker: Owned, module: Owned) -> Owned:
    """A ``wasmtime_instance_pre_t``: the module with all its imports resolved and checked."""
    pre = c_void_p()
    raise_error(_linker_pre(linker.address, module.address, byref(pre)))
    assert pre.value is not None
    return Owned(pre.value, _pre_delete)
