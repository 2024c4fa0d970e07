"""Why a call did not return: a wasmtime trap or error as a :class:`GuestAborted` with a kind and the Rust frames."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import symbols
from ..errors import Frame, GuestAborted, Kind

if TYPE_CHECKING:
    from .dwarf import DebugInfo

_KINDS: dict[str, Kind] = {
    "STACK_OVERFLOW": "stack_overflow",
    "MEMORY_OUT_OF_BOUNDS": "out_of_bounds",
    "HEAP_MISALIGNED": "out_of_bounds",
    "TABLE_OUT_OF_BOUNDS": "bad_call",
    "INDIRECT_CALL_TO_NULL": "bad_call",
    "BAD_SIGNATURE": "bad_call",
    "NULL_REFERENCE": "bad_call",
    "INTEGER_OVERFLOW": "arithmetic",
    "INTEGER_DIVISION_BY_ZERO": "arithmetic",
    "BAD_CONVERSION_TO_INTEGER": "arithmetic",
    "UNREACHABLE_CODE_REACHED": "unreachable",
    "INTERRUPT": "deadline",
    "OUT_OF_FUEL": "fuel",
    "ALLOCATION_TOO_LARGE": "out_of_memory",
}

OUTLIVED: frozenset[Kind] = frozenset(
    {"unreachable", "panic", "out_of_memory", "stack_overflow", "out_of_bounds", "bad_call", "arithmetic"}
)
"""What an instance without abort handler goes on after: failures of the guest's own code, seen as traps by its host."""

_MESSAGES: dict[Kind, str] = {
    "panic": "panicked, and told its host no message",
    "out_of_memory": "out of memory",
    "stack_overflow": "stack overflow",
}
"""Where the engine's own would be about something else."""

# Patterns are compiled when they are needed, which is after a failure only.
# What stands on the stack tells why Rust reached its `unreachable`; names as the v0 and legacy demanglers print them.
_HINTS = r"panic|begin_unwind|short_backtrace|oom|alloc"
"""Without any of these no pattern below matches, whether names are mangled or not: mangling keeps identifiers."""
_OUT_OF_MEMORY = r"handle_alloc_error|__rust_alloc_error_handler|rust_oom|rdl_oom|default_alloc_error_hook|alloc_error|malloc_failure"
_PANIC = r"panicking::(?!catch_unwind\b|try\b)|rust_panic|begin_unwind|begin_panic|panic_fmt|__rust_start_panic|rust_end_short_backtrace"

_NAMED = r"(?m)^(?!wasm-function\[)"

_FRAME = r"(?m)^ +(\d+): +0x([0-9a-f]+) - [^!\n]*!(.+)$"
_HASHES = r"(?<=\w)\[[0-9a-f]{1,16}\](?=::)|::h[0-9a-f]{16}$"

_LONGEST_NAME = 2000

PANICKED = "panicked at "
BEFORE_PANICKED = 200
"""How much a panic hook may put in front of that: a level, a target, a time."""
_PANIC_TEXTS = (
    r"(?s)panicked at ([^\n]+?:\d+:\d+):\n(.*)",
    r"(?s)panicked at '(?P<message>.*)', (?P<location>[^\n']+?:\d+:\d+)",
)
"""How a panic prints: since Rust 1.73, and before."""
_BEHIND_PANIC = r"\n\nStack:\n|\nnote: run with `RUST_BACKTRACE"
"""What hooks add: the host's own stack, or advice; of no use to anybody."""

Stack = tuple[tuple[str, int], ...]
"""(function, offset in the module) of each of the guest's frames, innermost first."""


class LastWords(NamedTuple):
    """What a panic hook has told its host."""

    message: str
    location: str


def last_words(text: str) -> LastWords | None:
    """What a panic says in ``text``, if it is one that speaks there."""
    if text.find(PANICKED, 0, BEFORE_PANICKED) < 0:
        return None
    for form in _PANIC_TEXTS:
        if found := re.search(form, text):
            named = found.groupdict() or {"location": found[1], "message": found[2]}
            return LastWords(re.split(_BEHIND_PANIC, named["message"])[0].rstrip("\n"), named["location"])
    return None


_reasons: dict[str, str] = {}
"""What the engine says of a trap of its own: the same whenever it has the same code. To have it say so costs as much as a call."""


def stack(trap: Any) -> tuple[Stack, int]:
    """The guest's frames, and how many of them belong to the innermost call; those of the companion and of whole calls are left out.

    The engine demangles names in its text only.
    """
    demangled = {(int(number), int(offset, 16)): name for number, offset, name in re.findall(_FRAME, trap.message)}
    found: list[tuple[str, int]] = []
    innermost = None
    for number, frame in enumerate(trap.frames):
        if frame.module_name == symbols.SHIM_MODULE:  # between the call that failed and the one around it
            innermost = len(found) if innermost is None else innermost
            continue
        offset, name = frame.module_offset, frame.func_name
        if name == symbols.WHOLE_NAME:
            continue
        if name is None:
            name = f"wasm-function[{frame.func_index}]"
        else:
            name = re.sub(_HASHES, "", demangled.get((number, offset), name))
        found.append((name, offset))
    return tuple(found), len(found) if innermost is None else innermost


def frames(trap: Any, sources: Callable[[], DebugInfo]) -> tuple[Frame, ...]:
    """Frames with files and lines, as far as the guest's debug information tells them. Found out when somebody looks."""
    from .dwarf import Place

    where = stack(trap)[0]
    if not where:
        return ()
    found = sources()
    return tuple(
        Frame(_readable(place.function or function), offset, _readable(place.file) if place.file else None, place.line)
        for function, offset in where
        for place in found.at(offset) or (Place(None, None, None),)
    )


def _readable(name: str) -> str:
    """A name that the guest gives, fit to be printed: it may not forge lines or move the cursor, nor fill the screen."""
    shown = name if name.isprintable() else name.encode("unicode_escape").decode()
    return shown if len(shown) <= _LONGEST_NAME else f"{shown[:_LONGEST_NAME]}…"


def aborted(
    trap: Any, sources: Callable[[], DebugInfo], *, thrown: bool = False, stack_exhausted: bool = False, words: LastWords | None = None
) -> GuestAborted:
    """The death that ``trap`` means.

    ``thrown``: a wasm exception left the guest. ``stack_exhausted``: the shadow stack ran below its end. ``words``: what the guest's
    panic hook has said during this call.
    """
    kind: Kind = "foreign_exception" if thrown else _KINDS.get(trap.code, "host_error")
    if kind == "unreachable":
        kind = _why_unreachable(trap, words)
    elif kind == "out_of_bounds" and stack_exhausted:
        kind = "stack_overflow"
    message, location = _MESSAGES.get(kind) or _reason(trap), None
    if kind == "panic" and words:
        message, location = words
    return GuestAborted(message, kind=kind, frames=partial(frames, trap, sources), location=location)


def locate(death: GuestAborted, trap: Any, sources: Callable[[], DebugInfo]) -> None:
    """A guest that was killed from outside has been stopped: ``trap`` tells where it was."""
    if death._frames == ():
        death._frames = partial(frames, trap, sources)


def _why_unreachable(trap: Any, words: LastWords | None) -> Kind:
    """Names of functions tell most. Without them a panic that spoke is known, and nothing else is."""
    if not words and not re.search(_HINTS, "\n".join(name or "" for name in trap.functions)):
        return "unreachable"
    where, innermost = stack(trap)
    names = "\n".join(function for function, _ in where[:innermost])
    if re.search(_OUT_OF_MEMORY, names):
        return "out_of_memory"
    if re.search(_PANIC, names) or (words and not re.search(_NAMED, names)):
        return "panic"
    return "unreachable"


def _reason(trap: Any) -> str:
    if trap.code is None:
        return reason(trap.message)
    if trap.code not in _reasons:
        _reasons[trap.code] = reason(trap.message)
    return _reasons[trap.code]


def reason(message: str) -> str:
    """The last line of a trap's text: what happened, without the backtrace."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return re.sub(r"^(\d+: )?(wasm trap: )?", "", lines[-1]) if lines else "unknown reason"
