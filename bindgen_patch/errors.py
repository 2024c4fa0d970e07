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

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

Kind = Literal[
    "unreachable",
    "panic",
    "out_of_memory",
    "stack_overflow",
    "out_of_bounds",
    "bad_call",
    "arithmetic",
    "foreign_exception",
    "abi_violation",
    "host_error",
    "deadline",
    "fuel",
    "terminated",
]
"""Why an instance died.

- ``"unreachable"``: ``process::abort``, or whatever else ended in wasm's ``unreachable`` without a sign of more
- ``"panic"``: a Rust panic in a guest built with ``panic=abort``
- ``"out_of_memory"``: an allocation failed, and Rust gave up
- ``"stack_overflow"``: of the engine's stack or of the guest's own
- ``"out_of_bounds"``: an access outside of memory
- ``"bad_call"``: a call through a table that has nothing there, or something of another type
- ``"arithmetic"``: a division or conversion that wasm does not define
- ``"foreign_exception"``: a raw Rust exception left an export
- ``"abi_violation"``: the guest broke wasm-bindgen's protocol
- ``"host_error"``: the engine failed, not the guest
- ``"deadline"``, ``"fuel"``: it ran for longer than it may
- ``"terminated"``: its host, or the guest itself, said so
"""


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
    args: tuple[str]

    def __init__(self, message: str) -> None:
        super().__init__(message)

    @property
    def message(self) -> str:
        """The same as ``str(error)``."""
        return self.args[0]


class Frame(NamedTuple):
    """One frame of guest code, innermost first in :attr:`GuestAborted.frames`."""

    function: str
    """The Rust symbol, demangled and without hashes, where the guest kept its name section, else ``wasm-function[index]``; an inlined
    function by its short name."""
    offset: int
    """Byte offset of the instruction in the package's ``module.wasm``."""
    file: str | None = None
    """Rust source file, as rustc wrote it, where the guest carries debug information."""
    line: int | None = None
    """Line in :attr:`file`, counted from one."""

    def __str__(self) -> str:
        place = f" at {self.file}:{self.line}" if self.file else f" at offset {self.offset:#x}"
        return self.function + place


_MOST_NOTED = 20
"""Frames that a traceback shows."""


class GuestAborted(GuestError):
    """The call that killed its instance: a trap, an abort, or an exception nobody may catch.

    ``kind`` says why: one of :data:`Kind`. ``message`` is what the panic said where it was one and the guest's panic hook told the host,
    ``location`` then is the panic's ``file:line:column``; else it is what the engine says.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: Kind,
        frames: tuple[Frame, ...] | Callable[[], tuple[Frame, ...]] = (),
        location: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.kind: Kind = kind
        self.location = location
        self._frames = frames
        self._notes: list[str] | None = None

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The Rust frames that were on the stack, innermost first, those of the calls around a nested one included.

        Functions that the compiler inlined have frames of their own where the guest has debug information, which is read when
        somebody asks.
        """
        if not isinstance(self._frames, tuple):
            self._frames = self._frames()
        return self._frames

    def _copy(self) -> GuestAborted:
        """The same without a traceback, which holds on to the frames of the call, and by them to all that was in it."""
        return GuestAborted(self.message, kind=self.kind, frames=self._frames, location=self.location)

    def _noted(self) -> list[str]:
        if self._notes is None:
            self._notes = [f"panicked at {self.location}"] if self.location else []
            if self.frames:
                shown = [f"  {frame}" for frame in self.frames[:_MOST_NOTED]]
                more = len(self.frames) - len(shown)
                self._notes.append("\n".join(["Rust frames, innermost first:", *shown, *([f"  … {more} more"] if more else [])]))
        return self._notes

    def _note(self, notes: list[str]) -> None:
        self._notes = notes

    if not TYPE_CHECKING:  # type checkers know it as the plain attribute that it is for everybody else
        __notes__ = property(_noted, _note, doc="What a traceback prints below the message (PEP 678); made when somebody looks.")

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled and copied with what is known; what was found out when is nobody's business."""
        return _aborted, (type(self), self.message, self.kind, self.frames, self.location, self.__notes__)


def _aborted(
    cls: type[GuestAborted], message: str, kind: Kind, frames: tuple[Frame, ...], location: str | None, notes: list[str]
) -> GuestAborted:
    death = cls(message, kind=kind, frames=frames, location=location)
    death.__notes__ = notes
    return death


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
