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
from collections.abc import Callable, Sequence
from ctypes import POINTER, addressof, byref, c_bool, c_char_p, c_int32, c_size_t, c_uint8, c_uint32, c_uint64, c_void_p
from functools import cache, partial
from itertools import repeat
from typing import Any, NamedTuple, TypeVar

from ..accelerator import native
from ..errors import BindgenPatchError

T = TypeVar("T")

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


def _quick(name: str, result: Any, *params: Any) -> Any:
    """The same for arguments that were converted beforehand: to convert them is half of what a short call costs.

    It takes arguments as they are, and only what the ``from_param`` of a type or ``byref`` has made may be given to it: a plain integer
    would be cut to 32 bits.
    """
    _function(name, result, *params)
    function = _short[name]
    function.restype = result
    return function


declared: dict[str, Any] = {}
"""Every function of the library that is used, by name."""


_pointer, _size, _text = c_void_p.from_param, c_size_t.from_param, c_char_p.from_param


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


def _void_is_null() -> bool:
    """Whether a C function that ctypes makes of a Python one, for ``void``, leaves a null pointer where others have their result.

    That is so where libffi leaves its own number for the type there, which is 0 for ``void``, whatever the Python function does: its
    closures for x86-64 (``ffi_closure_unix64``) and AArch64 (``ffi_closure_SYSV``). Elsewhere, on Windows say, it is what memory holds.
    """
    if sys.platform == "win32" or sys.implementation.name != "cpython" or os.uname().machine not in ("x86_64", "aarch64", "arm64"):
        return False
    tried = ctypes.cast(_BODY(lambda *_: None), HOST_FUNCTION)
    return all(tried(given, given, given) is None for given in (0, 1, 2**63))


_VOID_IS_NULL = _void_is_null()


def _returning_null(kind: Any, body: Any) -> Any:
    """A C function of ``kind`` that runs ``body``, one for ``void``, and returns NULL, whatever becomes of it.

    ``ctypes`` leaves the result of a callback that raises undefined, and the engine would take that for the address of a trap. No
    Python function can promise not to raise: with a signal waiting, or the interpreter's stack used up, it fails before its first
    line. So what the engine calls has no result to get wrong. Where ``void`` is not null a function that does return something
    stands between, which runs no Python of ours and takes as long again.
    """
    return ctypes.cast(body, kind) if _VOID_IS_NULL else kind(body)


def host_function(body: Callable[[int, int, int], None]) -> Any:
    """A C function that runs ``body(environment, caller, slots)``, as the engine calls it: see :func:`_returning_null`."""
    return _returning_null(HOST_FUNCTION, _BODY(body))


EPOCH_CALLBACK = ctypes.CFUNCTYPE(c_void_p, c_void_p, c_void_p, c_void_p, c_void_p)
_EPOCH_BODY = ctypes.PYFUNCTYPE(None, c_void_p, c_void_p, c_void_p, c_void_p)
YIELD = 1


def epoch_callback(look: Callable[[int, int, int, int], None]) -> Any:
    """What stores call when the engine's epoch was incremented: ``look(context, data, address of a u64, address of a u8)``.

    As in :func:`host_function`, the engine sees NULL whatever happens. When ``look`` has stored 1 in the u64 the guest goes on; a
    ``look`` that could not begin is called again at once. When it has stored :data:`YIELD` in the u8 the call ends: a guest that was
    called as ours are cannot yield, and that is an error with a backtrace.
    """
    return _returning_null(EPOCH_CALLBACK, _EPOCH_BODY(look))


class Func(ctypes.Structure):
    """``wasmtime_func_t``: a function of the guest's, or a catcher of the companion's for one (see ``edit/shims.py``)."""

    number = -1
    """Of the export, where it is to be told that a host's exception has left it: see :meth:`.Guest.throws`."""
    inner = 0
    """Where the function is that a catcher calls."""
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


class Made(ctypes.Structure):
    """What a :class:`Maker` has made: the instances of companion and guest, and what the run time needs of the guest's at once.

    ``trap`` is why there is none. ``base`` and ``size`` are where its memory is in the host; the kind of an item that the guest does not
    export is :data:`NOTHING`.
    """

    _fields_ = (
        ("companion", Instance),
        ("instance", Instance),
        ("memory", Extern),
        ("stack_pointer", Extern),
        ("trap", c_void_p),
        ("base", c_void_p),
        ("size", c_size_t),
    )


class Vec(ctypes.Structure):
    """``wasm_byte_vec_t``, and all other vectors: how many elements, and where."""

    _fields_ = (("size", c_size_t), ("data", c_void_p))

    def bytes(self) -> bytes:
        """The content of a vector of bytes."""
        return ctypes.string_at(self.data, self.size) if self.size else b""

    def addresses(self) -> list[int]:
        """The content of a vector of addresses."""
        # An array type of that length would do, but ctypes forgets one that nobody has: making it anew costs more than a guest's call.
        return memoryview(ctypes.string_at(self.data, self.size * ctypes.sizeof(c_void_p))).cast("P").tolist() if self.size else []


_KINDS = {"i": 0, "l": 1, "f": 2, "d": 3}
_LETTERS = {kind: letter for letter, kind in _KINDS.items()}
_FUNCREF = 5

FUNC, GLOBAL, TABLE, MEMORY, TAG, NOTHING = 0, 1, 2, 3, 5, 255
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

_call = _long("wasmtime_func_call_unchecked", c_void_p, c_void_p, c_void_p, c_void_p, c_size_t, c_void_p)
_prepared_call = library["wasmtime_func_call_unchecked"]
_prepared_call.restype = c_void_p


def prepared_call(context: int, func: int, slots: int, count: int, trap: int) -> tuple[Callable[..., int | None], tuple[Any, ...]]:
    """A call of the function at address ``func``, ready to be made again and again: what to call, with what. Returns an error or ``None``.

    The arguments are converted here, once: that would be most of what a call through :mod:`ctypes` costs.
    """
    arguments = zip(_call.argtypes, (context, func, slots, count, trap), strict=True)
    return _prepared_call, tuple([kind.from_param(value) for kind, value in arguments])


store_new = _function("wasmtime_store_new", c_void_p, c_void_p, c_void_p, c_void_p)
store_context = _function("wasmtime_store_context", c_void_p, c_void_p)
store_delete = _long("wasmtime_store_delete", None, c_void_p)
store_limiter = _function("wasmtime_store_limiter", None, c_void_p, *[ctypes.c_int64] * 5)
_epoch_callback = _quick("wasmtime_store_epoch_deadline_callback", None, c_void_p, EPOCH_CALLBACK, c_void_p, c_void_p)
_set_epoch_deadline = _quick("wasmtime_context_set_epoch_deadline", None, c_void_p, c_uint64)
increment_epoch = _function("wasmtime_engine_increment_epoch", None, c_void_p)
"""Make every guest of an engine that is running call its store's :data:`EPOCH_CALLBACK`. Safe from any thread."""
_set_fuel = _function("wasmtime_context_set_fuel", c_void_p, c_void_p, c_uint64)
instance_new = _long("wasmtime_instance_new", c_void_p, c_void_p, c_void_p, c_void_p, c_size_t, c_void_p, c_void_p)
instance_pre_instantiate = _long("wasmtime_instance_pre_instantiate", c_void_p, c_void_p, c_void_p, c_void_p, c_void_p)
export_get = _quick("wasmtime_instance_export_get", c_bool, c_void_p, c_void_p, c_char_p, c_size_t, c_void_p)
memory_data = _function("wasmtime_memory_data", c_void_p, c_void_p, c_void_p)
memory_data_size = _function("wasmtime_memory_data_size", c_size_t, c_void_p, c_void_p)
_memory_grow = _long("wasmtime_memory_grow", c_void_p, c_void_p, c_void_p, c_uint64, c_void_p)
_global_get = _quick("wasmtime_global_get", None, c_void_p, c_void_p, c_void_p)
_global_set = _quick("wasmtime_global_set", c_void_p, c_void_p, c_void_p, c_void_p)
_table_get = _function("wasmtime_table_get", c_bool, c_void_p, c_void_p, c_uint64, c_void_p)
_table_set = _quick("wasmtime_table_set", c_void_p, c_void_p, c_void_p, c_uint64, c_void_p)
_func_type = _function("wasmtime_func_type", _FUNCTYPE, c_void_p, c_void_p)
func_to_raw = _function("wasmtime_func_to_raw", c_void_p, c_void_p, c_void_p)
"""Where the function at that address is, as a slot of a call has it."""
_func_new = _function("wasmtime_func_new_unchecked", None, c_void_p, c_void_p, HOST_FUNCTION, c_void_p, c_void_p, c_void_p)
_take_exception = _quick("wasmtime_context_take_exception", c_bool, c_void_p, c_void_p)
_exception_tag = _quick("wasmtime_exnref_tag", c_void_p, c_void_p, c_void_p, c_void_p)
_exception_unroot = _quick("wasmtime_exnref_unroot", None, c_void_p)
_tag_eq = _quick("wasmtime_tag_eq", c_bool, c_void_p, c_void_p, c_void_p)


_NEXT = c_uint64.from_param(1)


def set_fuel(context: int, amount: int) -> None:
    """How much the guest may burn from now on."""
    raise_error(_set_fuel(context, amount))


@cache
def _named(name: str) -> tuple[Any, Any]:
    """The name of an export, and its length."""
    encoded = name.encode()
    return _text(encoded), _size(len(encoded))


def export(context: int, made: Made, instance: int, name: str, kind: int) -> Any:
    """The ``Extern`` that :data:`GUEST` or :data:`COMPANION` exports as ``name``; ``None`` when that is nothing, or of another kind."""
    item = Extern()
    return item if _find(context, made, instance, name, kind, item) else None


def _found(context: int, made: Made, instance: int, name: str, kind: int, item: Extern) -> bool:
    found: bool = export_get(_pointer(context), byref(made, instance), *_named(name), byref(item))
    return found and item.kind == kind


_find: Any = _found if native is None else native.find
_PLACES = {field[0]: getattr(Made, field[0]).offset for field in Made._fields_}
COMPANION, GUEST = _PLACES["companion"], _PLACES["instance"]
IN_EXTERN = Extern.of.offset
"""Where the item itself is in an ``Extern``."""
STACK_POINTER = _PLACES["stack_pointer"] + IN_EXTERN
"""Where that is in a :class:`Made`."""


class _I32:
    """An exported i32 global, which must be mutable to be set. It is so many bytes behind the beginning of ``holder``."""

    __slots__ = ("_context", "_place", "_value", "_where")

    def __init__(self, context: int, holder: Any, offset: int) -> None:
        value = Val()
        self._value = value.of
        self._context, self._where, self._place = _pointer(context), byref(holder, offset), byref(value)

    def get(self) -> int:
        """The value, unsigned."""
        _global_get(self._context, self._where, self._place)
        value: int = self._value.i32
        return value & 0xFFFF_FFFF

    def set(self, number: int) -> None:
        """Store a value."""
        self._value.i32 = number
        error = _global_set(self._context, self._where, self._place)
        if error is not None:
            raise_error(error)


I32: Any = _I32 if native is None else native.I32


class _Maker:
    """Makes instances of one guest in stores: one of its companion first, then its own, linked to that.

    The guest cannot be linked once for all: what it imports belongs to its companion, of which each instance has its own. What is
    looked up by name on the way is what instantiating needs and nothing else.
    """

    def __init__(self, owned: Any, companion: int, module: int, look: int, names: tuple[bytes, ...], imports: int, slots: int) -> None:
        self._owned, self._companion, self._module = owned, companion, module
        self._look = ctypes.cast(look, EPOCH_CALLBACK) if look else None
        own, theirs = names[:_OWN_NAMES], names[_OWN_NAMES:]
        self._own, (self._table, self._memory, self._stack_pointer) = own, [(_text(name), _size(len(name))) for name in own]
        self._slots = slots
        self._new_links = partial(Links, theirs, imports)
        self.links: list[Links] = []
        """Those that nobody uses at this moment: at most one for each thread that has instantiated."""

    def __call__(self, guest: Any, store: int, context: int, made: Made) -> int | None:
        """In that store, which is the guest's. An error, if there is one; or there is a ``made.trap``."""
        first, at = addressof(made), _pointer(context)
        if self._look is not None:
            _epoch_callback(_pointer(store), self._look, _pointer(guest.serial), None)
            _set_epoch_deadline(at, _NEXT)
        error: int | None = instance_pre_instantiate(self._companion, context, first, first + _PLACES["trap"])
        if error is not None or made.trap is not None:
            return error
        try:
            links = self.links.pop()
        except IndexError:
            links = self._new_links()
        links.find(at, byref(made), guest.serial)
        instance = byref(made, _PLACES["instance"])
        error = instance_new(context, self._module, links.imports, links.count, instance, first + _PLACES["trap"])
        if error is not None or made.trap is not None:
            return error
        if self._slots:
            table = Extern()
            if not export_get(at, instance, *self._table, byref(table)) or table.kind != TABLE:
                raise BindgenPatchError(f"the guest exports no {self._own[0].decode()}")
            links.fill(at, byref(table, IN_EXTERN))
        self.links.append(links)  # one that a failure leaves in disorder is not used again
        memory, stack_pointer = byref(made, _PLACES["memory"]), byref(made, _PLACES["stack_pointer"])
        if not export_get(at, instance, *self._stack_pointer, stack_pointer) or made.stack_pointer.kind != GLOBAL:
            made.stack_pointer.kind = NOTHING
        if not export_get(at, instance, *self._memory, memory) or made.memory.kind != MEMORY:
            made.memory.kind = NOTHING
        else:
            where = byref(made, _PLACES["memory"] + IN_EXTERN)
            made.base, made.size = memory_data(at, where), memory_data_size(at, where)
        return None


_OWN_NAMES = 3
Maker: Any = _Maker if native is None else native.Maker


def maker(
    companion: Owned, module: Owned, look: Any, own: tuple[str, str, str], serial: str, imports: Sequence[str], slots: Sequence[str]
) -> Any:
    """A :class:`Maker` for instances of ``module`` with a ``companion``, which is one of :func:`instantiate_pre`.

    ``look`` is called with the number of the instance when the guest runs and the epoch was incremented: one of :func:`epoch_callback`, or
    ``None`` where nobody increments it.

    ``own`` names what the guest exports: the host table, its memory, and its stack pointer. ``serial`` names the companion's global for
    the number of the instance, ``imports`` its functions for the guest's imports, ``slots`` those for the host table, each in order.
    """
    names = tuple(name.encode() for name in (*own, serial, *imports, *slots))
    address = 0 if look is None else ctypes.cast(look, c_void_p).value
    return Maker((companion, module, look), companion.address, module.address, address, names, len(imports), len(slots))


class Links:
    """What instances of the companion export for the guests that are linked to them: a place for all of it, used by one at a time.

    ``wanted`` are the names of its global for the number of the instance, of the functions for so many ``imports``, and of those for the
    guest's host table. Places and names are the same for every instance, so they are converted once.
    """

    def __init__(self, wanted: tuple[bytes, ...], imports: int) -> None:
        self.wanted, self.count, slots = wanted, imports, len(wanted) - 1 - imports
        self._items = (Extern * len(wanted))()
        first = addressof(self._items)
        self._names, self._lengths = tuple(map(_text, wanted)), tuple(_size(len(name)) for name in wanted)
        self._places = tuple(_pointer(first + _EXTERN_BYTES * number) for number in range(len(wanted)))
        self.imports = first + _EXTERN_BYTES
        """Where the functions for the imports are, as ``instance_new`` wants them."""
        self._slots = self._places[1 + imports :]
        self._indices = tuple(map(c_uint64.from_param, range(slots)))
        self._funcrefs = bytes((_FUNCREF,)) * slots
        self._kinds = memoryview(self._items).cast("B")[(1 + imports) * _EXTERN_BYTES :: _EXTERN_BYTES]
        self._serial = Val(kind=0)
        self._global, self._number = byref(self._items[0].of.global_), byref(self._serial)

    def find(self, context: Any, companion: Any, serial: int) -> None:
        """Look all of it up in an instance of the companion, and tell it its number."""
        found = list(map(export_get, repeat(context), repeat(companion), self._names, self._lengths, self._places))
        if not all(found):
            raise BindgenPatchError(f"the companion exports no {self.wanted[found.index(False)].decode()}")
        self._serial.of.i32 = serial
        raise_error(_global_set(context, self._global, self._number))

    def fill(self, context: Any, table: Any) -> None:
        """Put the functions for the slots into the first slots of the guest's table."""
        self._kinds[:] = self._funcrefs  # and so each is a Val: a function lies at the same place in both
        for error in map(_table_set, repeat(context), repeat(table), self._indices, self._slots):
            if error is not None:
                raise_error(error)


def table_func(context: int, item: Any, index: int) -> Any:
    """The ``Func`` in slot ``index`` of an exported table; ``None`` for an empty slot or none at all."""
    value = Val()
    if not _table_get(context, byref(item.of.table), index, byref(value)):
        return None
    if value.kind != _FUNCREF or value.of.funcref.store_id == 0:
        return None
    return value.of.funcref


def memory_grow(context: int, item: Any, pages: int) -> int | None:
    """Add pages to an exported memory; returns how many it had, ``None`` when it may not have that many."""
    before = c_uint64()
    error = _memory_grow(context, byref(item.of.memory), pages, byref(before))
    if error is not None:
        take_error(error)
        return None
    return before.value


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
        number = c_uint8()
        self.code: str | None = None
        """Why the engine trapped, a name of ``wasmtime_trap_code_t``; ``None`` for what is no trap of its own: an exception that left
        the guest, say."""
        if is_trap and _trap_code(address, number):
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
        return self._of_frames(
            lambda at: StackFrame(_name(_frame_module_name(at)), _name(_frame_function_name(at)), _frame_function(at), _frame_offset(at))
        )

    @property
    def functions(self) -> list[str | None]:
        """The names of their functions, for a fraction of what the frames cost."""
        return self._of_frames(lambda at: _name(_frame_function_name(at)))

    def _of_frames(self, read: Callable[[int], T]) -> list[T]:
        found = Vec()
        (_trap_trace if self._is_trap else _error_trace)(self.address, byref(found))
        try:
            return [read(at) for at in found.addresses()]
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
        sides = [side(functype).contents.addresses() for side in (_functype_params, _functype_results)]
        return ":".join(["".join([_LETTERS.get(_valtype_kind(item), "?") for item in side]) for side in sides])
    finally:
        _functype_delete(functype)


# ------------------------------------------------------------------------------------------- exceptions


class ExceptionTaker:
    """Takes the exception that just left a guest out of its store.

    It does so inside a host function: taking one adds to a list of references that the store clears when a host function returns, and
    at no other time.
    """

    __slots__ = ("_at", "_call", "_context", "_exception", "_kept", "_tag", "_thrown", "_words", "found")

    def __init__(self, context: int, tag: Any) -> None:
        func, nothing = Func(), _functype("", "")
        _func_new(context, nothing, _take_callback, context, None, byref(func))
        _functype_delete(nothing)
        slots, trap, exception, thrown = (c_uint64 * 2)(), c_void_p(), ExnRef(), Item()
        self._context, self._kept = context, (func, slots, trap)
        self._call, self._words = prepared_call(context, addressof(func), addressof(slots), 1, addressof(trap))
        self._at, self._exception, self._thrown, self._tag = _pointer(context), byref(exception), byref(thrown), byref(tag.of.tag)
        self.found: bool | None = None

    def __call__(self) -> bool | None:
        """Whether the exception carries the tag; ``None`` when there is none."""
        self.found = None
        _takers[self._context] = self
        try:
            raise_error(self._call(*self._words))
        finally:
            _takers.pop(self._context, None)
        return self.found

    def take(self) -> None:
        """Inside the host function."""
        if _take_exception(self._at, self._exception):
            try:
                raise_error(_exception_tag(self._at, self._exception, self._thrown))
                self.found = _tag_eq(self._at, self._thrown, self._tag)
            finally:
                _exception_unroot(self._exception)


def exception_taker(context: int, tag: Any) -> Callable[[], bool | None]:
    """An :class:`ExceptionTaker`, or the accelerator's."""
    if native is None:
        return ExceptionTaker(context, tag)
    taker: Any = native.Taker(context, bytes(tag.of.tag))
    func, nothing = Func(), _functype("", "")
    _func_new(context, nothing, _native_taken, taker.environment, None, byref(func))
    _functype_delete(nothing)
    taker.bind(func.store_id, func.private)
    made: Callable[[], bool | None] = taker
    return made


_takers: dict[int, ExceptionTaker] = {}
"""Context -> who is about to take an exception out of its store."""
_take_callback = host_function(lambda context, _caller, _slots: _takers[context].take())


# ------------------------------------------------------------------------------------------- engines, modules, linkers

_config_new = _function("wasm_config_new", c_void_p)
_config_exceptions = _function("wasmtime_config_wasm_exceptions_set", None, c_void_p, c_bool)
_config_may_move = _function("wasmtime_config_memory_may_move_set", None, c_void_p, c_bool)
_config_epochs = _function("wasmtime_config_epoch_interruption_set", None, c_void_p, c_bool)
_config_fuel = _function("wasmtime_config_consume_fuel_set", None, c_void_p, c_bool)
_config_parallel = _function("wasmtime_config_parallel_compilation_set", None, c_void_p, c_bool)
_config_stack = _function("wasmtime_config_max_wasm_stack_set", None, c_void_p, c_size_t)
_config_reserve = _function("wasmtime_config_memory_reservation_set", None, c_void_p, c_uint64)
_config_growth = _function("wasmtime_config_memory_reservation_for_growth_set", None, c_void_p, c_uint64)
_config_guard = _function("wasmtime_config_memory_guard_size_set", None, c_void_p, c_uint64)
_engine_new = _function("wasm_engine_new_with_config", c_void_p, c_void_p)
_config_pool = _function("wasmtime_pooling_allocation_strategy_set", None, c_void_p, c_void_p)
_pool_new = _function("wasmtime_pooling_allocation_config_new", c_void_p)
_pool_delete = _function("wasmtime_pooling_allocation_config_delete", None, c_void_p)
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


_POOL = "wasmtime_pooling_allocation_config_{}_set"
_pool = {
    name: _function(_POOL.format(name), None, c_void_p, kind)
    for kind, names in (
        (c_uint32, "total_core_instances total_memories total_gc_heaps total_tables total_stacks max_tables_per_module"),
        (c_size_t, "max_memory_size max_core_instance_size table_elements table_keep_resident"),
    )
    for name in names.split()
}
"""How many there are places for, and how large each may be."""
_GIB = 2**30
_TABLES, _TABLE_BYTES, _GUARDS = 4, 2**23, 2**28
"""Of one place: tables, the address space of each, and what there is around memories and tables at the most."""


def engine_new(*, interruptible: bool, fuel: bool, stack_bytes: int, reserve_bytes: int, places: int = 0, parallel: bool = True) -> int:
    """An engine, which is never freed: other threads may use it until the very end of the process.

    It compiles with as many threads as there are cores, unless it is not to be ``parallel``. ``reserve_bytes`` of address space are set
    aside for each memory, which cannot grow further; with 4 GiB code checks no addresses. With ``places`` it can hold so many guests
    with their companions, in address space that is reserved once for all and used again and again; see :func:`may_reserve`.
    """
    config = _config_new()
    _config_exceptions(config, True)
    _config_may_move(config, False)  # guest addresses are turned into host addresses once
    _config_epochs(config, interruptible)
    _config_fuel(config, fuel)
    _config_stack(config, stack_bytes)
    _config_parallel(config, parallel)
    if reserve_bytes < 4 * _GIB:
        _config_reserve(config, reserve_bytes)
        _config_growth(config, 0)
        _config_guard(config, 65_536)
    if places:
        pool = _pool_new()
        numbers = {
            "total_core_instances": 2 * places,
            "total_memories": 2 * places,  # the other one is for the exceptions of a store
            "total_gc_heaps": places,
            "total_tables": _TABLES * places,
            "total_stacks": 0,
            "max_tables_per_module": _TABLES,
            "max_memory_size": reserve_bytes,
            "max_core_instance_size": 2**24,
            "table_elements": _TABLE_BYTES // 8,
            "table_keep_resident": 2**14,  # bytes, cleared by writing: to give back a page and be given it anew costs more
        }
        for name, number in numbers.items():
            _pool[name](pool, number)
        _config_pool(config, pool)
        _pool_delete(pool)
    made: int = _engine_new(config)  # takes the configuration over
    return made


def may_reserve(places: int, reserve_bytes: int) -> bool:
    """Whether there is address space for so many places, twice what they take. An engine that does not get it ends the process.

    That may be due to ``RLIMIT_AS``, or to a processor with narrow addresses. Asked on Linux only, where to reserve costs nothing.
    """
    if sys.platform != "linux" or sys.maxsize < 2**32:
        return False
    library = ctypes.CDLL(None)
    reserve, give_back, size = library.mmap, library.munmap, 2 * places * (2 * reserve_bytes + _TABLES * _TABLE_BYTES + _GUARDS)
    reserve.restype, reserve.argtypes = c_size_t, (c_void_p, c_size_t, c_int32, c_int32, c_int32, c_size_t)
    give_back.argtypes = (c_void_p, c_size_t)
    nothing, private, anonymous, unaccounted = 0, 0x02, 0x20, 0x4000
    where = reserve(None, size, nothing, private | anonymous | unaccounted, -1, 0)
    return where != 2**64 - 1 and not give_back(where, size)


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
    native.bind(*_addresses(_call, _global_set), ctypes.sizeof(Func), 2 * ctypes.sizeof(c_uint64), ctypes.sizeof(Val))
    native.bind_exceptions(
        *_addresses(_take_exception, _exception_tag, _exception_unroot, _tag_eq, _trap_code, _trap_delete),
        ctypes.sizeof(ExnRef),
        ctypes.sizeof(Item),
    )
    native.bind_instances(
        *_addresses(
            _epoch_callback,
            _set_epoch_deadline,
            instance_pre_instantiate,
            instance_new,
            export_get,
            _global_get,
            _table_set,
            memory_data,
            memory_data_size,
        ),
        ctypes.sizeof(Made),
        BindgenPatchError,
        raise_error,
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
