"""wasm-bindgen's own imports: what each does to words and handles (``b`` borrowed, ``o`` owned in the notes below).

The generated package names them in its import table by the name after ``__wbindgen_``; :func:`intrinsic` finds them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .. import js, symbols
from ..errors import GuestException, PanicError
from ..js import model, operators, printing
from ..js.primitives import is_bigint, is_number
from . import values
from .calls import Adapter
from .handles import throwable
from .objects import Closure

if TYPE_CHECKING:
    from .guest import Guest

_ADAPTERS: dict[str, Adapter] = {}


def intrinsic(name: str) -> Adapter:
    """The adapter for ``__wbindgen_<name>``. Raises ``KeyError`` for one that does not exist."""
    return _ADAPTERS[name]


def names() -> frozenset[str]:
    """Every intrinsic there is."""
    return frozenset(_ADAPTERS)


def _adapter(function: Adapter) -> Adapter:
    _ADAPTERS[function.__name__.removeprefix("_")] = function
    return function


def _of_one(name: str, function: Callable[[Any], object], lower: Callable[[Guest, Any], Any]) -> None:
    _ADAPTERS[name] = lambda guest, a: lower(guest, function(guest.value(a)))


def _of_two(name: str, function: Callable[[Any, Any], object], lower: Callable[[Guest, Any], Any]) -> None:
    _ADAPTERS[name] = lambda guest, a, b: lower(guest, function(guest.value(a), guest.value(b)))


def _flag(_guest: Guest, value: Any) -> int:
    return int(bool(value))


def _owned(guest: Guest, value: Any) -> int:
    return guest.handle(value)


def _word(_guest: Guest, value: Any) -> int:
    return int(value)


for _name, _test in {
    "is_null": lambda v: v is js.null,
    "is_undefined": lambda v: v is None,
    "is_null_or_undefined": lambda v: v is None or v is js.null,
    "is_symbol": lambda v: model.typeof(v) == "symbol",
    "is_object": model.is_object,
    "is_function": lambda v: model.typeof(v) == "function",
    "is_string": lambda v: isinstance(v, str),
    "is_bigint": is_bigint,
    "is_falsy": lambda v: not model.truthy(v),
}.items():
    _of_one(_name, _test, _flag)

_of_one("typeof", model.typeof, _owned)
_of_one("neg", operators.neg, _owned)
_of_one("bit_not", operators.bit_not, _owned)
_of_two("in", lambda key, obj: model.has(obj, key), _flag)
_of_two("jsval_eq", model.strict_equal, _flag)
_of_two("jsval_loose_eq", model.loose_equal, _flag)
_of_two("unsigned_shr", operators.unsigned_shr, _word)

for _name in ("add", "sub", "mul", "div", "rem", "pow", "bit_and", "bit_or", "bit_xor", "shl", "shr"):
    _of_two(_name, getattr(operators, _name), _owned)
for _name in ("lt", "le", "gt", "ge"):
    _of_two(_name, getattr(operators, _name), _flag)


# ------------------------------------------------------------------------------------------- handles


@_adapter
def object_clone_ref(guest: Guest, b: int) -> int:
    return guest.handle(guest.value(b))


@_adapter
def object_drop_ref(guest: Guest, o: int) -> None:
    guest.take(o)


@_adapter
def externref_statics_end(_guest: Guest) -> int:
    """Companions answer it themselves (``edit/shims.py``)."""
    return symbols.FIRST_HANDLE


@_adapter
def externref_heap_live_count(guest: Guest) -> int:
    return guest.live_handles


@_adapter
def cb_unref(guest: Guest, b: int) -> None:
    """Rust dropped a ``Closure``. Structural in JavaScript, ours to answer here."""
    closure = guest.value(b)
    if isinstance(closure, Closure):
        closure._bp_unref()


# ------------------------------------------------------------------------------------------- primitives


@_adapter
def number_get(guest: Guest, ret: int, b: int) -> None:
    value = guest.value(b)
    if is_number(value):
        guest.store(ret, "<I4xd", 1, float(value))
    else:
        guest.store(ret, "<I4xd", 0, 0.0)


@_adapter
def boolean_get(guest: Guest, b: int) -> int:
    value = guest.value(b)
    return int(value) if isinstance(value, bool) else values.HOLE_SMALL


@_adapter
def string_get(guest: Guest, ret: int, b: int) -> None:
    value = guest.value(b)
    if isinstance(value, str):
        data = values.utf8(value, "value")
        guest.store(ret, "<II", guest.put(data), len(data))
    else:
        guest.store(ret, "<II", 0, 0)


@_adapter
def bigint_get_as_i64(guest: Guest, ret: int, b: int) -> None:
    value = guest.value(b)
    big = value if is_bigint(value) else None
    guest.store(ret, "<I4xQ", int(big is not None), int(big or 0) & 0xFFFF_FFFF_FFFF_FFFF)


@_adapter
def string_from_utf8_lossy(guest: Guest, address: int, size: int) -> int:
    return guest.handle(guest.read(address, size).decode("utf-8", "replace"))


@_adapter
def debug_string(guest: Guest, ret: int, b: int) -> None:
    data = values.utf8(printing.debug_string(guest.value(b)), "value")
    guest.store(ret, "<II", guest.put(data), len(data))


@_adapter
def try_into_number(guest: Guest, b: int) -> int:
    try:
        return guest.handle(model.to_number(guest.value(b)))
    except js.Error as error:
        return guest.handle(error)


@_adapter
def checked_div(guest: Guest, a: int, b: int) -> int:
    try:
        return guest.handle(operators.div(guest.value(a), guest.value(b)))
    except js.RangeError as error:
        return guest.handle(error)


# ------------------------------------------------------------------------------------------- errors


@_adapter
def throw(guest: Guest, address: int, size: int) -> None:
    raise js.Error(guest.string(address, size))


@_adapter
def rethrow(guest: Guest, o: int) -> None:
    raise throwable(guest.take(o))  # named here it would keep itself alive, by the frame in its traceback


@_adapter
def panic_error(guest: Guest, b: int) -> int:
    """A panic that unwound to an export, with its payload if that is a string."""
    payload = guest.value(b)
    if not isinstance(payload, str):
        payload = payload.value if isinstance(payload, GuestException) else None
    panic = PanicError(payload if isinstance(payload, str) else "No panic message available")
    guest.door.panicked(panic)
    return guest.handle(panic)


# ------------------------------------------------------------------------------------------- the rest


@_adapter
def copy_to_typed_array(guest: Guest, address: int, size: int, b: int) -> None:
    """What the guest made of a ``&mut [T]`` argument goes back to its owner."""
    target = guest.value(b)
    data = guest.read(address, size)
    if not isinstance(target, values.MutSlice) or target.numbers.nbytes != len(data):
        raise guest.violation(f"{len(data)} bytes are no part of what the host lent")
    target.write(data)


@_adapter
def memory(guest: Guest) -> int:
    """``wasm_bindgen::memory()``."""
    return guest.handle(guest.pages.object)


@_adapter
def reinit(guest: Guest) -> None:
    guest.door.schedule_reinit()


@_adapter
def jspi_in_context(_guest: Guest) -> int:
    """There is no JavaScript stack to suspend."""
    return 0


def unsupported(reason: str) -> Adapter:
    """An import that this version cannot serve: the call fails, with the reason."""

    def fail(_guest: Guest, *_words: float) -> None:
        raise NotImplementedError(reason)

    return fail


for _name in ("exports", "module", "instance", "function_table"):
    _ADAPTERS[_name] = unsupported(f"this host has no WebAssembly {_name} object to hand to the guest")
for _name in (
    "jspi_suspend",
    "jspi_spawn_poll",
    "jspi_spawn_first",
    "externref_table_grow",
    "externref_table_set_null",
    "init_externref_table",
):
    _ADAPTERS[_name] = unsupported(f"{symbols.INTRINSIC_PREFIX}{_name} is never called by a guest whose handles the host keeps")
for _name in ("describe", "describe_generic_import"):
    _ADAPTERS[_name] = unsupported("descriptors are not computed at run time")
