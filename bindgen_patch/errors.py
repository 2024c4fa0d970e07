"""One tree of errors, for both halves of the project.

::

    BindgenPatchError
    ├── GenerationError        build time: a guest, a command line or an output folder we cannot work with
    └── GuestError             run time
        ├── PanicError         a Rust panic that unwound; the instance is live and its state kept
        ├── GuestAborted       the call that killed the instance
        ├── ModuleTerminated   refused: the instance died earlier
        ├── StaleObjectError   an object of an earlier instance was used (also a ReferenceError)
        ├── GuestException     the guest threw a value that is not an error
        └── MissingImport      the guest called something the host did not provide

Exceptions that a host function raises and that come back out of the guest are *not* in this tree:
they are the very same objects. This module imports nothing, so that either half may import it.
"""

from __future__ import annotations

from dataclasses import dataclass


class BindgenPatchError(Exception):
    """The root of every error that this project raises on its own account."""


class GenerationError(BindgenPatchError):
    """``gen`` or ``inspect`` cannot go on; nothing on disk was changed.

    ``str(error)`` says whose fault it is and where (``module.wasm: …``, with a byte offset where there is
    one); ``hint`` says what to do about it. The command line prints them as ``error:`` and ``hint:``.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint


class GuestError(BindgenPatchError):
    """The root of everything a guest can do to its caller."""


class PanicError(GuestError):
    """A Rust panic that unwound: destructors ran, the instance is live and its state is kept.

    ``message`` is the text given to ``panic!``, or ``"No panic message available"`` when the payload was
    not a string.
    """

    name = "PanicError"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True)
class Frame:
    """One frame of guest code, innermost first in :attr:`GuestAborted.frames`."""

    function: str
    """The Rust symbol, demangled where the guest kept its name section, else ``<wasm function index>``."""
    offset: int
    """Byte offset of the instruction in the guest's ``module.wasm``."""
    file: str | None = None
    """Rust source file, where the guest carries debug information."""
    line: int | None = None
    """Line in :attr:`file`, counted from one."""

    def __str__(self) -> str:
        place = f" at {self.file}:{self.line}" if self.file else f" at offset {self.offset:#x}"
        return self.function + place


class GuestAborted(GuestError):
    """The call that killed its instance: a trap, an abort, or an exception nobody may catch.

    ``kind`` is one of ``"unreachable"``, ``"out_of_bounds"``, ``"stack_overflow"``, ``"out_of_memory"``,
    ``"panic"`` (a guest built with ``panic=abort``), ``"bad_call"`` (a wrong table index or signature),
    ``"arithmetic"``, ``"foreign_exception"`` (a raw Rust exception left an export), ``"host_error"``,
    ``"abi_violation"`` (the guest broke the wasm-bindgen protocol) or ``"terminated"``.
    ``frames`` holds the Rust frames that were on the stack, innermost first.
    """

    def __init__(self, message: str, *, kind: str, frames: tuple[Frame, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.frames = frames


class ModuleTerminated(GuestError):
    """The call was refused: the instance died earlier and no fresh one was asked for.

    ``cause_of_death`` is the :class:`GuestAborted` that ended it, or ``None`` when it was closed.
    """

    def __init__(self, message: str, *, cause_of_death: GuestAborted | None = None) -> None:
        super().__init__(message)
        self.cause_of_death = cause_of_death


class StaleObjectError(GuestError, ReferenceError):
    """An object or closure that belongs to an earlier instance was used. The guest was not entered with it."""


class GuestException(GuestError):
    """The guest threw (or returned as ``Err``) a value that is not an error.

    ``value`` is that value, as Python sees it.
    """

    def __init__(self, value: object) -> None:
        super().__init__(value)
        self.value = value

    def __str__(self) -> str:
        return f"the guest threw {self.value!r}"


class MissingImport(GuestError):
    """The guest called something the host did not provide.

    ``name`` is the dotted JavaScript name (``./host.js: log`` for modules), ``signature`` how Rust declares it.
    """

    def __init__(self, name: str, signature: str) -> None:
        super().__init__(f"the guest called `{name}`, which this host does not provide; Rust declares it as `{signature}`")
        self.name = name
        self.signature = signature
