"""The floor without native code of ours: ``wasmtime_func_call_unchecked`` through ctypes, every buffer made beforehand, and callbacks that
the engine calls as they are.

Besides, what other floors are made of: the loops of the guest alone, one copy of their data, one instance from a linked module.
"""

from __future__ import annotations

import ctypes
from ctypes import addressof, byref, c_int32, c_size_t, c_void_p
from functools import partial
from typing import Any

import wasmtime
from wasmtime import _ffi

from bench.driver import Values, clocked, mean
from bench.peers.wasm import load, version

__all__ = ["VERBS", "prepare", "setup", "version"]

ffi: Any = _ffi
_here: dict[str, Any] = {}


def _prototype(name: str, result: Any, *parameters: Any) -> Any:
    return ctypes.CFUNCTYPE(result, *parameters)((name, ffi.dll))


_call = _prototype("wasmtime_func_call_unchecked", c_void_p, c_void_p, c_void_p, c_void_p, c_size_t, c_void_p)
_store_new = _prototype("wasmtime_store_new", c_void_p, c_void_p, c_void_p, c_void_p)
_store_context = _prototype("wasmtime_store_context", c_void_p, c_void_p)
_store_delete = _prototype("wasmtime_store_delete", None, c_void_p)
_Callback = ctypes.CFUNCTYPE(c_void_p, c_void_p, c_void_p, c_void_p, c_size_t)
_define_unchecked = _prototype(
    "wasmtime_linker_define_func_unchecked",
    c_void_p, c_void_p, ctypes.c_char_p, c_size_t, ctypes.c_char_p, c_size_t, c_void_p, _Callback, c_void_p, c_void_p,
)  # fmt: skip
_pre_new = _prototype("wasmtime_linker_instantiate_pre", c_void_p, c_void_p, c_void_p, c_void_p)
_pre_instantiate = _prototype("wasmtime_instance_pre_instantiate", c_void_p, c_void_p, c_void_p, c_void_p, c_void_p)


def _define(linker: Any, kind: Any) -> None:
    """A host function that reads its argument, calls a function of the user's, and stores what that returns."""
    known: dict[int, c_int32] = {}

    def user(number: int) -> int:
        return number + 1

    def host_function(_environment: int, _caller: int, raw: int, _count: int) -> None:
        try:
            slot = known[raw]
        except KeyError:
            slot = known[raw] = c_int32.from_address(raw)
        slot.value = user(slot.value)

    _here["callback"] = callback = _Callback(host_function)
    assert not _define_unchecked(linker.ptr(), b"env", 3, b"callback", 8, kind.ptr(), callback, None, None)


def setup(argument: str) -> dict[str, Any]:
    linker, module = load(_define)
    store: Any = wasmtime.Store(linker.engine)
    exports = linker.instantiate(store, module).exports(store)
    context = ctypes.cast(store._context(), c_void_p).value
    slots = (c_int32 * 32)()  # values are 16 bytes apart
    at, trap = addressof(slots), c_void_p()
    trap_at = addressof(trap)

    def bare(name: str, arguments: int) -> Any:
        """A function of as many arguments that does nothing but call."""
        function: Any = exports[name]
        raw = function._func
        _here[name] = raw  # which has to stay where it is
        where = addressof(raw)

        def call2(first: int, second: int) -> int:
            slots[0] = first
            slots[4] = second
            if _call(context, where, at, 2, trap_at) or trap:
                raise RuntimeError(name)
            return slots[0]

        def call1(first: int) -> int:
            slots[0] = first
            if _call(context, where, at, 1, trap_at) or trap:
                raise RuntimeError(name)
            return slots[0]

        return call2 if arguments == 2 else call1

    names = {name: bare(name, count) for name, count in _ARITY.items()}
    memory: Any = exports["memory"]
    allocate, release, fill, greet = names["allocate"], names["release"], names["fill"], names["greet"]
    numbers = allocate(8_000_000)
    base = ctypes.cast(memory.data_ptr(store), c_void_p).value or 0
    _here["pre"] = _linked(linker, module)
    _here["alive"] = linker, module, store, memory

    def filled() -> None:
        result = fill(1_000_000) // 4
        words = ctypes.cast(base, ctypes.POINTER(ctypes.c_uint32))
        release(words[result], words[result + 1])

    def unwound() -> None:
        """A panic, caught in the guest, and its message freed."""
        result = names["boom"](-1) // 4
        words = ctypes.cast(base, ctypes.POINTER(ctypes.c_uint32))
        release(words[result], words[result + 1])

    def greeting(name: str) -> str:
        data = name.encode()
        size = len(data)
        address = allocate(size)
        ctypes.memmove(base + address, data, size)
        result = greet(address, size)
        release(address, size)
        where, length = ctypes.c_uint32.from_address(base + result).value, ctypes.c_uint32.from_address(base + result + 4).value
        text = ctypes.string_at(base + where, length).decode()
        release(where, length)
        return text

    warm = (ctypes.c_double * 1_000_000)()
    ctypes.memset(warm, 1, 8_000_000)
    return names | {
        "greeting": greeting, "filled": filled, "unwound": unwound, "copy": ctypes.memmove, "numbers": numbers, "inside": base + numbers,
        "warm": addressof(warm), "counter": names["counter_new"](5), "_keep": warm,
    }  # fmt: skip


def prepare(op: str) -> dict[str, Any]:
    return {}


def _linked(linker: Any, module: Any) -> tuple[Any, int]:
    pre = c_void_p()
    assert not _pre_new(linker.ptr(), module.ptr(), byref(pre))
    return linker.engine.ptr(), pre.value or 0


def _instantiate(seconds: float) -> Values:
    """A store, an instance in it, both given back."""
    engine, pre = _here["pre"]
    instance, trap = ffi.wasmtime_instance_t(), c_void_p()

    def once() -> None:
        store = _store_new(engine, None, None)
        assert not _pre_instantiate(pre, _store_context(store), byref(instance), byref(trap))
        _store_delete(store)

    return mean(seconds, partial(clocked, once))


_ARITY = {
    "add": 2, "allocate": 1, "release": 2, "greet": 2, "sum": 2, "fill": 1, "apply": 1, "boom": 1,
    "counter_new": 1, "counter_increment": 1, "counter_drop": 1,
}  # fmt: skip

VERBS: dict[str, Any] = {
    "add": "add(2, 3)",
    "increment": "counter_increment(counter)",
    "greet16": "greeting(text16)",
    "greet4k": "greeting(text4k)",
    "new_drop": "counter_drop(counter_new(5))",
    "callback": "apply(1000)",
    "boom": "unwound()",
    "sum_loop": "sum(numbers, 1_000_000)",
    "sum_floor": "copy(inside, warm, 8_000_000)\nsum(numbers, 1_000_000)",
    "copy_out": "copy(warm, inside, 8_000_000)",
    "fill_loop": "filled()",
    "fill_floor": "filled()\ncopy(warm, inside, 8_000_000)",
    "instantiate": _instantiate,
}
