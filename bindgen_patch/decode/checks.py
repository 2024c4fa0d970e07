"""Guests that cannot be used, told apart: whose fault it is, and what to do.

Each check raises ``GenerationError``. They look only at what the container already holds, and at what wasmtime says of it.
"""

from __future__ import annotations

from typing import Literal, NoReturn

import wasmtime

from bindgen_patch import ir, symbols
from bindgen_patch.decode.blame import DAMAGED
from bindgen_patch.decode.container import Wasm
from bindgen_patch.decode.engine import engine, reason
from bindgen_patch.errors import GenerationError

_MAGIC = b"\0asm"
_CORE, _COMPONENT = b"\x01\0\0\0", b"\x0d\0\x01\0"
_RAW = "give the file that rustc wrote, `target/wasm32-unknown-unknown/release/<crate>.wasm`"
_LEGACY = "legacy_exceptions feature required"
"""How wasmtime refuses the first instruction of legacy exception handling."""

EhForm = Literal["none", "legacy", "exnref"]


def header(data: bytes) -> None:
    """The first eight bytes are those of a core wasm module."""
    magic, version = data[:4], data[4:8]
    if magic != _MAGIC[: len(magic)] or not data:
        text = data.lstrip()[:7] == b"(module"
        raise GenerationError(
            "this is WebAssembly text, not a .wasm file" if text else "this is not a WebAssembly file",
            hint=_RAW,
        )
    if len(data) < 8:
        raise GenerationError(f"the file ends after {len(data)} bytes, within its header", hint=DAMAGED)
    if version == _COMPONENT:
        raise GenerationError(
            "this is a WebAssembly component; wasm-bindgen guests are core modules",
            hint="build with `--target wasm32-unknown-unknown`, without `cargo component` or `wasm-tools component new`",
        )
    if version != _CORE:
        raise GenerationError(f"unknown WebAssembly version {version.hex(' ')}", hint=_RAW)


def platform(wasm: Wasm) -> None:
    """Built for wasm32-unknown-unknown, with a memory of its own."""
    for marker in symbols.EMSCRIPTEN_MARKERS:
        if wasm.custom(marker):
            raise GenerationError(
                "the guest was built for Emscripten, which links its own JavaScript run time",
                hint="build with `--target wasm32-unknown-unknown`",
            )
    for imported in wasm.imports:
        if imported.kind == "memory":
            raise GenerationError(
                f"the guest imports its memory (`{imported.module}.{imported.name}`), as builds with threads do",
                hint="build without `-Ctarget-feature=+atomics` and without `--import-memory`",
            )
        if imported.kind != "function":
            raise GenerationError(
                f"the guest imports a {imported.kind} (`{imported.module}.{imported.name}`), which no host of ours provides",
                hint="link a plain cdylib: no `-Crelocation-model=pic`, no `--import-table`",
            )


def metadata_missing(wasm: Wasm) -> NoReturn:
    """Called when a guest has no metadata; always raises, saying why it has none."""
    names = {export.name for export in wasm.exports}
    if names & {symbols.EXPORT_STACK_POINTER, symbols.EXPORT_TABLE, symbols.EXPORT_HOST}:
        raise GenerationError("this is the module of a generated package, already edited by bindgen-patch", hint=_RAW)
    if any(name.startswith(symbols.DESCRIBE_PREFIX) for name in names):
        raise GenerationError(
            f"the `{symbols.METADATA_SECTION}` section is missing: something stripped the guest's custom sections after the build",
            hint=f"{_RAW}, before `wasm-strip`, `wasm-opt --strip` or `llvm-objcopy --strip-all`; `strip = true` in Cargo.toml is fine",
        )
    modules = {imported.module for imported in wasm.imports}
    processed = (
        any(name in names for name in symbols.CLI_EXPORTS)
        or any(module.endswith(symbols.CLI_IMPORT_SUFFIX) for module in modules)
        or bool(modules & {symbols.CLI_IMPORT_MODULE, symbols.PLACEHOLDER_MODULE})
    )
    if processed:
        raise GenerationError("the wasm-bindgen CLI (or wasm-pack, or trunk) has already processed this file", hint=_RAW)
    raise GenerationError(
        "the file has no wasm-bindgen metadata: nothing in it is marked `#[wasm_bindgen]`",
        hint="build a crate that depends on wasm-bindgen and exports something with `#[wasm_bindgen]`",
    )


def offers_something(module: ir.Module) -> None:
    """There is something to call."""
    if not module.exports and not module.structs:
        raise GenerationError(
            "the guest exports nothing that could be called",
            hint='mark a `pub fn` or a struct with `#[wasm_bindgen]`, and build the crate as `crate-type = ["cdylib"]`',
        )


def validate(data: bytes) -> None:
    """wasmtime accepts the module."""
    if (why := _refusal(data)) is not None:
        raise GenerationError(f"the module is not valid WebAssembly: {why}", hint=DAMAGED)


def exception_handling(wasm: Wasm) -> EhForm:
    """Which form of exception handling the guest uses. Refuses a module that is not valid up to its first legacy instruction.

    No body is walked for it: wasmtime refuses the legacy instructions by name, a module without tags cannot throw, and the modern form is
    all that is left.
    """
    why = _refusal(wasm.data)
    if why is None:
        return "exnref" if wasm.tags else "none"
    if _LEGACY not in why:
        raise GenerationError(f"the module is not valid WebAssembly: {why}", hint=DAMAGED)
    return "legacy"


def _refusal(data: bytes) -> str | None:
    try:
        wasmtime.Module.validate(engine(), data)
    except wasmtime.WasmtimeError as error:
        return reason(error)
    return None
