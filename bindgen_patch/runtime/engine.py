"""The engines that all packages of a process share, one for each setting, and compiled code kept per user."""

from __future__ import annotations

import ctypes
import hashlib
import importlib.metadata
import os
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import wasmtime

DEFAULT_STACK_BYTES = 512 * 1024
"""Of the thread's stack that wasm code may use: wasmtime's own default, said here because threads are measured against it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What engines differ in."""

    interruptible: bool = True
    """Whether code looks at the engine's epoch in every loop and function, so that it can be made to come back."""
    fuel: bool = False
    """Whether code counts what it executes."""
    stack_bytes: int = DEFAULT_STACK_BYTES


_lock = threading.Lock()
_engines: dict[Settings, wasmtime.Engine] = {}

_CHECKSUM_BYTES = 32

_COMMON = "exceptions,fixed-memory"
"""Part of the cache's key: it changes whenever :func:`engine` configures something else for all."""


def engine(settings: Settings) -> wasmtime.Engine:
    """The one engine with these settings. Made at the first call into any guest; importing wasmtime is the larger part of that."""
    with _lock:
        if settings not in _engines:
            import wasmtime

            config = wasmtime.Config()
            config.wasm_exceptions = True
            config.memory_may_move = False  # guest addresses are turned into host addresses once
            config.epoch_interruption = settings.interruptible
            config.consume_fuel = settings.fuel
            config.max_wasm_stack = settings.stack_bytes
            made = wasmtime.Engine(config)
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(made))  # other threads may use it until the very end of the process
            _engines[settings] = made
        return _engines[settings]


def compile_module(wasm: bytes, digest: str, settings: Settings) -> Any:
    """Compile ``wasm``, or take the code that an earlier start has left. ``digest`` is its sha256.

    The cache is a folder of the user's (``BINDGEN_PATCH_CACHE``, else ``$XDG_CACHE_HOME/bindgen-patch``; ``off`` turns it
    off). Files are named after everything that decides their content and appear whole or not at all, so any number of
    processes may start at once. A file that cannot be used is compiled anew; a folder that cannot be written is no error.
    """
    import wasmtime

    shared, path = engine(settings), _cache_file(digest, settings)
    code = None if path is None else _load(path)
    if code is not None:
        try:
            return wasmtime.Module.deserialize(shared, code)
        except wasmtime.WasmtimeError:
            pass
    module = wasmtime.Module(shared, wasm)
    if path is not None:
        _save(path, module.serialize())
    return module


def _cache_file(digest: str, settings: Settings) -> Path | None:
    place = os.environ.get("BINDGEN_PATCH_CACHE", "")
    if place.lower() in ("off", "0"):
        return None
    if place:
        folder = Path(place)
    elif sys.platform == "win32":
        folder = Path(os.environ.get("LOCALAPPDATA", str(Path.home() / "AppData" / "Local"))) / "bindgen-patch" / "cache"
    else:
        folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bindgen-patch"
    code = f"{_COMMON}{',epochs' * settings.interruptible}{',fuel' * settings.fuel}"  # how much stack there is makes no difference to it
    key = f"{digest}:{importlib.metadata.version('wasmtime')}:{code}:{sys.platform}:{sys.implementation.cache_tag}"
    return folder / f"{hashlib.sha256(key.encode()).hexdigest()}.cwasm"


def _load(path: Path) -> bytes | None:
    """The code in a file that :func:`_save` has written; ``None`` for any other.

    The engine runs compiled code as it is: a file that lost a bit would crash the process, and one that somebody else may
    write would be that somebody's code.
    """
    try:
        with path.open("rb") as file:
            if hasattr(os, "geteuid"):
                about = os.fstat(file.fileno())
                if about.st_uid != os.geteuid() or about.st_mode & 0o022:
                    return None
            checksum, code = file.read(_CHECKSUM_BYTES), file.read()
    except OSError:
        return None
    return code if hashlib.sha256(code).digest() == checksum else None


def _save(path: Path, code: bytes | bytearray) -> None:
    """Write beside, then rename: a checksum, then the code. Only its owner may write the file."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(hashlib.sha256(code).digest())
                file.write(code)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError:
        pass
