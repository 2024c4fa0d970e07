"""The engines that all packages of a process share, one for each setting, and compiled code: made once, kept per user, or shipped."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ..errors import BindgenPatchError

if TYPE_CHECKING:
    from .capi import Owned

DEFAULT_STACK_BYTES = 512 * 1024
"""Of the thread's stack that wasm code may use: wasmtime's own default, said here because threads are measured against it."""

WIDE = 2**32
"""Bytes of address space, set aside for a memory so that it can grow to all it could ever be: code then need not check addresses."""
NARROW = 2**27
"""What is set aside instead where address space is scarce: under ``RLIMIT_AS``, or on processors with narrow addresses."""


class Settings(NamedTuple):
    """What engines differ in."""

    interruptible: bool = True
    """Whether code looks at the engine's epoch in every loop and function, so that it can be made to come back."""
    fuel: bool = False
    """Whether code counts what it executes."""
    stack_bytes: int = DEFAULT_STACK_BYTES
    reserve_bytes: int | None = None
    """Of address space, for a guest's memory, and as much again for its exceptions. ``None``: :data:`WIDE`, or else :data:`NARROW`."""

    @property
    def reserved(self) -> int:
        """In this process."""
        return self.reserve_bytes or _reserved()


class Source(Protocol):
    """A wasm file of a generated package."""

    digest: str
    """The sha256 that it must have."""

    def read(self) -> bytes:
        """Its content. Raises :class:`BindgenPatchError` when that is missing or another one."""
        ...

    def stamp(self) -> str:
        """What changes when somebody writes the file, without any blank; empty where nothing does. Raises when it is missing."""
        ...

    def shipped(self, name: str) -> str | bytes | None:
        """Compiled code of that name in the package: its path, or its content where it has none."""
        ...


PLACES = 100
"""How many guests have a place that is reserved beforehand, in each engine that reserves any: address space, and no memory.

A guest that gets one is made and given back for two thirds of what it costs to map memory for it and unmap it again. Those that live
beyond that number are mapped one by one.
"""


class Engine(NamedTuple):
    """An engine of the library's."""

    address: int
    free: list[None] | None
    """One for each place that is free: who makes a guest takes it off, and puts it back when that is gone. ``None``: none is reserved."""


_lock = threading.Lock()
_engines: dict[tuple[Settings, bool], Engine] = {}

_COMMON = "exceptions-fixed"
"""Part of the key of compiled code: it changes whenever :func:`.capi.engine_new` configures something else for all that concerns code."""


def engine(settings: Settings, *, reserving: bool = False) -> Engine:
    """The one engine with these settings, ``reserving`` places where address space is to be had. Both run the same code.

    Made at the first call into any guest; loading wasmtime is the larger part of that.
    """
    from . import capi

    settings = settings._replace(reserve_bytes=settings.reserved)
    with _lock:
        if reserving and (settings, True) not in _engines and not capi.may_reserve(PLACES, settings.reserved):
            reserving = False
        if (settings, reserving) not in _engines:
            address = capi.engine_new(**settings._asdict(), places=PLACES if reserving else 0)
            _engines[settings, reserving] = Engine(address, [None] * PLACES if reserving else None)
        return _engines[settings, reserving]


@cache
def _reserved() -> int:
    from . import capi

    return WIDE if sys.platform != "linux" or capi.may_reserve(1, WIDE) else NARROW


def load(source: Source, settings: Settings, only: Engine | None = None) -> tuple[Engine, Owned]:
    """The compiled module: what the package ships, what an earlier start has left, or compiled now. In the engine that reserves places
    if it fits into one; or in ``only`` that.

    The cache is a folder of the user's (``BINDGEN_PATCH_CACHE``, else ``$XDG_CACHE_HOME/bindgen-patch``; ``off`` turns it
    off). Files are named after everything that decides their content and appear whole or not at all, so any number of
    processes may start at once. A file that cannot be used is compiled anew; a folder that cannot be written is no error.
    """
    from . import capi

    stamp, name = source.stamp(), code_name(source.digest, settings)
    path = _cache_path(name)
    for place, ours in ((source.shipped(name), False), (path, True)):
        if place is None:
            continue
        for at in _engines_for(settings, only):
            found = _load(at.address, place, name, ours=ours)
            if found is not None:
                module, known = found
                if not stamp or known != stamp:  # the guest may not be the one that the bindings were made for
                    source.read()
                return at, module
    wasm = source.read()
    with _Patience(len(wasm), kept=path is not None):
        at, module = _compile(wasm, settings, only)
    if path is not None:
        _save(path, sealed(capi.module_serialize(module), name, stamp))
    return at, module


def _engines_for(settings: Settings, only: Engine | None) -> Iterator[Engine]:
    """The engines to be tried, in order."""
    first = only or engine(settings, reserving=True)
    yield first
    if only is None and first.free is not None:
        yield engine(settings)


def _compile(wasm: bytes, settings: Settings, only: Engine | None) -> tuple[Engine, Owned]:
    from . import capi

    if _forked:
        wasm = _compiled_here(wasm, settings)
    refusal: BindgenPatchError | None = None
    for at in _engines_for(settings, only):
        try:
            return at, (capi.module_deserialize if _forked else capi.module_new)(at.address, wasm)
        except BindgenPatchError as error:
            refusal = error
    assert refusal is not None
    raise refusal


_forked = False
"""The threads that compile have stayed behind in another process; an engine that has used them would wait for them for ever."""


def _in_a_fork() -> None:
    global _forked, _lock
    _forked, _lock = True, threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_a_fork)


def _compiled_here(wasm: bytes, settings: Settings) -> bytes:
    """Code for engines with these settings, compiled by this thread."""
    from . import capi

    alone = capi.engine_new(**settings._replace(reserve_bytes=settings.reserved)._asdict(), parallel=False)
    code: bytes = capi.module_serialize(capi.module_new(alone, wasm))
    return code


def compiled(wasm: bytes, digest: str, settings: Settings) -> tuple[str, bytes]:
    """Name and content of a file with the compiled code of ``wasm``, for a package that ships it."""
    from . import capi

    name = code_name(digest, settings)
    return name, sealed(capi.module_serialize(capi.module_new(engine(settings).address, wasm)), name, "")


def code_name(digest: str, settings: Settings) -> str:
    """The name of a file with compiled code: whatever decides its content. How much stack there is does not.

    What the engine finds out about the processor it looks at itself, when it loads the code.
    """
    from . import capi

    narrow = f"-within-{settings.reserved}" if settings.reserved != WIDE else ""
    code = f"{_COMMON}{'-epochs' * settings.interruptible}{'-fuel' * settings.fuel}{narrow}"
    return f"{digest}-wasmtime-{capi.version()}-{code}-{capi.platform}.cwasm"


def _cache_path(name: str) -> str | None:
    place = os.environ.get("BINDGEN_PATCH_CACHE", "")
    if place.lower() in ("off", "0"):
        return None
    if not place:
        home = os.path.expanduser("~")  # noqa: PTH111 (pathlib is not worth its import at every start)
        if sys.platform == "win32":
            place = os.path.join(os.environ.get("LOCALAPPDATA", os.path.join(home, "AppData", "Local")), "bindgen-patch", "cache")  # noqa: PTH118
        else:
            place = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.join(home, ".cache"), "bindgen-patch")  # noqa: PTH118
    return os.path.join(place, name)  # noqa: PTH118


# ------------------------------------------------------------------------------------------- files with compiled code

_SEAL_BYTES = 512
_MAGIC = "bindgen-patch-1"


def sealed(code: bytes, name: str, stamp: str) -> bytes:
    """A file with compiled code: the code, which the engine can map from there, and a seal of a fixed size behind it."""
    import hashlib

    checksum = hashlib.sha256(code + name.encode()).hexdigest()
    return code + f"\n{_MAGIC} {checksum} {name} {stamp}\n".encode().ljust(_SEAL_BYTES)


def _load(engine: int, place: str | bytes, name: str, *, ours: bool) -> tuple[Owned, str] | None:
    """The code in a file that :func:`sealed` has made, and the stamp of what it was compiled from; ``None`` for any other.

    The engine runs compiled code as it is: a file that lost a bit would crash the process, and one that somebody else may write would
    be that somebody's code. So of the cache a file counts only when it is ours, and nobody else may write it. What a package ships is
    trusted as its Python code is.

    Against damage there is a checksum. But to read the file for its sake would cost far more than to map it, so it is not done at
    every start: once it was found right the file gets a time of modification that is a part of the checksum, in 2001 or 2002. Whatever
    writes to the file afterwards, or makes another of it, gives it another time, and then it is read again. (What changes on the disk
    below the file system is not seen: neither is it in Python's own ``.pyc`` files, or in the engine's library.) A file that is
    mapped is never written to: a new one takes its name.
    """
    from . import capi

    if isinstance(place, bytes):
        if not _right(place, name):
            return None
        try:
            return capi.module_deserialize(engine, place[:-_SEAL_BYTES]), ""
        except BindgenPatchError:
            return None
    try:
        file = os.open(place, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))
    except OSError:
        return None
    try:
        about = os.fstat(file)
        if ours and hasattr(os, "geteuid") and (about.st_uid != os.geteuid() or about.st_mode & 0o022):
            return None
        os.lseek(file, max(0, about.st_size - _SEAL_BYTES), os.SEEK_SET)
        seal = _opened(os.read(file, _SEAL_BYTES), name)
        if seal is None:
            return None
        checksum, stamp = seal
        content = None
        if about.st_mtime_ns != _mark(checksum):
            content = _content(file)
            if not _right(content, name):
                return None
            if ours:
                settle(place, content)
        try:
            # The file that was looked at, whatever has that name by now.
            own = f"/proc/self/fd/{file}" if sys.platform == "linux" else place
            return capi.module_deserialize_file(engine, own), stamp
        except BindgenPatchError:
            # Nothing may be executed from some file systems: then a copy. Or this was made for another processor.
            return capi.module_deserialize(engine, (content or _content(file))[:-_SEAL_BYTES]), stamp
    except (OSError, BindgenPatchError):
        return None
    finally:
        os.close(file)


def _opened(seal: bytes, name: str) -> tuple[str, str] | None:
    """Checksum and stamp; ``None`` when this is no seal, or that of another file."""
    if len(seal) != _SEAL_BYTES or not seal.startswith(f"\n{_MAGIC} ".encode()):
        return None
    _, checksum, its_name, *stamp = seal.decode(errors="replace").split()
    return (checksum, "".join(stamp)) if its_name == name else None


def _content(file: int) -> bytes:
    os.lseek(file, 0, os.SEEK_SET)
    with open(file, "rb", closefd=False) as stream:
        return stream.read()


def _right(content: bytes, name: str) -> bool:
    import hashlib

    seal = _opened(content[-_SEAL_BYTES:], name)
    return seal is not None and hashlib.sha256(content[:-_SEAL_BYTES] + name.encode()).hexdigest() == seal[0]


def _mark(checksum: str) -> int:
    return (1_000_000_000 + int(checksum[:6], 16)) * 10**9


def settle(path: str, content: bytes) -> None:
    """The file has this content, of :func:`sealed`: it need not be read again until somebody has written to it."""
    seal = _opened(content[-_SEAL_BYTES:], os.path.basename(path))  # noqa: PTH119
    if seal is not None:
        when = _mark(seal[0])
        with suppress(OSError):
            os.utime(path, ns=(when, when))


def _save(path: str, content: bytes) -> None:
    """Write beside, then rename: the name is there when the content is on the disk. Only its owner may write the file."""
    from tempfile import mkstemp

    try:
        folder = os.path.dirname(path)  # noqa: PTH120
        os.makedirs(folder, mode=0o700, exist_ok=True)  # noqa: PTH103
        file, temporary = mkstemp(dir=folder, suffix=".tmp")
        try:
            with os.fdopen(file, "wb") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(file)
            os.replace(temporary, path)  # noqa: PTH105
            settle(path, content)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)  # noqa: PTH108
            raise
    except OSError:
        pass


# ------------------------------------------------------------------------------------------- a compile that lasts

_SECONDS_UNTOLD = 1.0


class _Patience:
    """While code is compiled: one line on a terminal when that takes long."""

    def __init__(self, size: int, *, kept: bool) -> None:
        self._text = f"bindgen-patch: compiling a guest of {size / 1e6:.1f} MB{'; later starts find it compiled' * kept}\n"
        self._done = threading.Event()

    def __enter__(self) -> None:
        with suppress(Exception):  # no stderr, an odd one, no more threads: nothing is told, then
            if sys.stderr.isatty():
                threading.Thread(target=self._wait, daemon=True).start()

    def _wait(self) -> None:
        if not self._done.wait(_SECONDS_UNTOLD):
            with suppress(Exception):
                sys.stderr.write(self._text)
                sys.stderr.flush()

    def __exit__(self, *_: object) -> None:
        self._done.set()
