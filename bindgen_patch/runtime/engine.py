"""The engine that all packages of a process share, and compiled code kept per user."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import wasmtime

_lock = threading.Lock()
_engine: wasmtime.Engine | None = None

_SETTINGS = "exceptions,fixed-memory"
"""Part of the cache's key: it changes whenever :func:`engine` configures something else."""


def engine() -> wasmtime.Engine:
    """The one engine. Made at the first call into any guest; importing wasmtime is the larger part of that."""
    global _engine
    with _lock:
        if _engine is None:
            import wasmtime

            config = wasmtime.Config()
            config.wasm_exceptions = True
            config.memory_may_move = False  # guest addresses are turned into host addresses once
            _engine = wasmtime.Engine(config)
        return _engine


def compile_module(wasm: bytes, digest: str) -> Any:
    """Compile ``wasm``, or take the code that an earlier start has left. ``digest`` is its sha256.

    The cache is a folder of the user's (``BINDGEN_PATCH_CACHE``, else ``$XDG_CACHE_HOME/bindgen-patch``; ``off`` turns it
    off). Files are named after everything that decides their content and appear whole or not at all, so any number of
    processes may start at once. A file that cannot be used is compiled anew; a folder that cannot be written is no error.
    """
    import wasmtime

    shared, path = engine(), _cache_file(digest)
    if path is not None and path.is_file():
        try:
            return wasmtime.Module.deserialize_file(shared, str(path))
        except wasmtime.WasmtimeError:
            pass
    module = wasmtime.Module(shared, wasm)
    if path is not None:
        _save(path, module.serialize())
    return module


def _cache_file(digest: str) -> Path | None:
    place = os.environ.get("BINDGEN_PATCH_CACHE", "")
    if place.lower() in ("off", "0"):
        return None
    if place:
        folder = Path(place)
    elif sys.platform == "win32":
        folder = Path(os.environ.get("LOCALAPPDATA", str(Path.home() / "AppData" / "Local"))) / "bindgen-patch" / "cache"
    else:
        folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bindgen-patch"
    key = f"{digest}:{importlib.metadata.version('wasmtime')}:{_SETTINGS}:{sys.platform}:{sys.implementation.cache_tag}"
    return folder / f"{hashlib.sha256(key.encode()).hexdigest()}.cwasm"


def _save(path: Path, code: bytes | bytearray) -> None:
    """Write beside, then rename. The folder is the user's alone: compiled code is run as it is."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if hasattr(os, "getuid") and path.parent.stat().st_uid != os.getuid():
            return
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(code)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError:
        pass
