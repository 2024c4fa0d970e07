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

_CHECKSUM_BYTES = 32

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
