"""Our declarations of wasmtime's C interface, held against those of its own package, which the run time does not run."""

from __future__ import annotations

import contextlib
import ctypes
import importlib.metadata
import io
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from wasmtime import _bindings, _ffi

from bindgen_patch.runtime import capi, engine

THEIRS: Any = _bindings

STRUCTURES: dict[Any, Any] = {
    capi.Func: THEIRS.wasmtime_func_t,
    capi.Item: THEIRS.wasmtime_memory_t,
    capi.Global: THEIRS.wasmtime_global_t,
    capi.Extern: THEIRS.wasmtime_extern_t,
    capi.ExnRef: THEIRS.wasmtime_exnref_t,
    capi.Val: THEIRS.wasmtime_val_t,
    capi.Instance: THEIRS.wasmtime_instance_t,
    capi.Vec: THEIRS.wasm_byte_vec_t,
}


def shape(kind: Any) -> Any:
    """What a C compiler knows of a type: its size and alignment, and for scalars what sort it is. All addresses are one."""
    if kind is None:
        return None
    if issubclass(kind, (ctypes.Structure, ctypes.Union, ctypes.Array)):
        return ctypes.sizeof(kind), ctypes.alignment(kind)
    if issubclass(kind, (ctypes._Pointer, ctypes.c_void_p, ctypes.c_char_p, ctypes._CFuncPtr)):
        return "address"
    return kind._type_, ctypes.sizeof(kind)


@pytest.mark.parametrize("name", sorted(capi.declared))
def test_every_function_is_declared_as_the_package_declares_it(name: str) -> None:
    ours, theirs = capi.declared[name], getattr(THEIRS, f"_{name}")
    assert shape(ours.restype) == shape(theirs.restype)
    assert [shape(kind) for kind in ours.argtypes] == [shape(kind) for kind in theirs.argtypes]


@pytest.mark.parametrize("ours", STRUCTURES)
def test_every_structure_is_laid_out_as_the_package_lays_it_out(ours: Any) -> None:
    theirs = STRUCTURES[ours]
    assert shape(ours) == shape(theirs)
    for name, kind in ours._fields_:
        if hasattr(theirs, name):
            assert (getattr(ours, name).offset, getattr(ours, name).size) == (getattr(theirs, name).offset, getattr(theirs, name).size)
            if issubclass(kind, ctypes.Union):
                members = dict(dict(theirs._fields_)[name]._fields_)
                for member, member_kind in kind._fields_:
                    assert shape(member_kind) == shape(members[member]), member
        else:
            assert name.startswith("private") or name in ("store_id", "padding")
    assert ctypes.sizeof(capi.Item) == ctypes.sizeof(THEIRS.wasmtime_table_t) == ctypes.sizeof(THEIRS.wasmtime_tag_t)
    assert ctypes.sizeof(capi.Vec) == ctypes.sizeof(THEIRS.wasm_frame_vec_t) == ctypes.sizeof(THEIRS.wasm_importtype_vec_t)


def test_a_function_lies_at_one_place_in_an_item_and_in_a_value() -> None:
    """``fill_table`` makes the one into the other by writing its kind."""
    assert ctypes.sizeof(capi.Extern) == ctypes.sizeof(capi.Val)
    assert (capi.Extern.kind.offset, capi.Extern.of.offset) == (capi.Val.kind.offset, capi.Val.of.offset)


def test_numbers_are_the_packages() -> None:
    kinds = [getattr(_ffi, f"WASMTIME_EXTERN_{name}").value for name in ("FUNC", "GLOBAL", "TABLE", "MEMORY", "TAG")]
    assert kinds == [capi.FUNC, capi.GLOBAL, capi.TABLE, capi.MEMORY, capi.TAG]
    assert _ffi.WASMTIME_FUNCREF.value == capi._FUNCREF
    assert [_ffi.WASM_I32.value, _ffi.WASM_I64.value, _ffi.WASM_F32.value, _ffi.WASM_F64.value] == list(capi._KINDS.values())
    codes = list(THEIRS.wasmtime_trap_code_enum)[: len(capi._TRAPS)]
    assert [(code.value, code.name) for code in codes] == [(k, f"WASMTIME_TRAP_CODE_{name}") for k, name in enumerate(capi._TRAPS)]


def test_the_library_is_the_packages() -> None:
    assert capi.library._name == _ffi.dll._name
    assert capi.version() == importlib.metadata.version("wasmtime")


def test_calls_that_run_guests_let_other_threads_run() -> None:
    """``ctypes`` keeps the interpreter's lock for functions of a ``PyDLL`` only."""
    keeps = {name for name, function in capi.declared.items() if function._flags_ & 4}
    assert set(capi.declared) - keeps == {
        "wasmtime_func_call_unchecked", "wasmtime_instance_new", "wasmtime_instance_pre_instantiate", "wasmtime_store_delete",
        "wasmtime_memory_grow", "wasmtime_module_new", "wasmtime_module_serialize",
        "wasmtime_module_deserialize", "wasmtime_module_deserialize_file",
    }  # fmt: skip


# ------------------------------------------------------------------------------------------- functions that the engine calls


@pytest.fixture(params=["void", "between"])
def form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """As it is where ``void`` is null, and as it is elsewhere."""
    if request.param == "void" and not capi._VOID_IS_NULL:
        pytest.skip("what ctypes makes of a function without result returns no null here")
    monkeypatch.setattr(capi, "_VOID_IS_NULL", request.param == "void")
    return str(request.param)


@pytest.mark.parametrize("error", [None, ValueError(), KeyboardInterrupt(), SystemExit(1)])
@pytest.mark.parametrize("make", [capi.host_function, capi.epoch_callback])
def test_what_the_engine_calls_returns_null(
    form: str, monkeypatch: pytest.MonkeyPatch, make: Callable[..., Any], error: BaseException | None
) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda told: seen.append(told.exc_value))

    def body(*given: int) -> int:
        if error is not None:
            raise error
        return 7

    function, noise = make(body), capi.HOST_FUNCTION(lambda *given: 2**64 - 1)
    for number in range(50):
        assert noise(number, number, number) == 2**64 - 1  # which is on the stack, and in the register, from now on
        assert function(*[2**63 + number] * len(function.argtypes)) is None
    assert seen == [error] * (0 if error is None else 50)


def test_one_that_cannot_even_begin_returns_null(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the end of the interpreter's stack; :func:`tests.run.test_imports.test_at_the_end_of_the_interpreters_stack` has the rest."""
    if not capi._VOID_IS_NULL:
        pytest.skip("what ctypes makes of a function without result returns no null here")
    monkeypatch.setattr(sys, "unraisablehook", lambda told: None)
    begun, called = [0], [0]
    function = capi.host_function(lambda *given: begun.append(1))

    def at(depth: int) -> None:
        if depth:
            return at(depth - 1)
        called.append(1)
        assert function(1, 2, 3) is None
        return None

    for depth in range(sys.getrecursionlimit() - 200, sys.getrecursionlimit()):
        with contextlib.suppress(RecursionError, ctypes.ArgumentError):
            at(depth)
    assert len(called) > len(begun) > 2


# ------------------------------------------------------------------------------------------- a compile that lasts


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("stream", "seconds", "told"), [(Terminal, 0.3, True), (Terminal, 0.0, False), (io.StringIO, 0.3, False)])
def test_a_long_compile_is_told_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, stream: type[io.StringIO], seconds: float, told: bool
) -> None:
    stderr = stream()
    monkeypatch.setattr("sys.stderr", stderr)
    monkeypatch.setattr(engine, "_SECONDS_UNTOLD", 0.1)
    with engine._Patience(3_400_000, kept=True):
        time.sleep(seconds)
    text = "bindgen-patch: compiling a guest of 3.4 MB; later starts find it compiled\n"
    assert stderr.getvalue() == (text if told else "")


@pytest.mark.parametrize("stream", [None, object()])
def test_nothing_breaks_where_there_is_nobody_to_tell(monkeypatch: pytest.MonkeyPatch, stream: object) -> None:
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setattr(engine, "_SECONDS_UNTOLD", 0.0)
    with engine._Patience(1, kept=False):
        time.sleep(0.01)
