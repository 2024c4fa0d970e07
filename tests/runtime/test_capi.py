"""Our declarations of wasmtime's C interface, held against those of its own package, which the run time does not run."""

from __future__ import annotations

import ctypes
import importlib.metadata
import io
import time
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
