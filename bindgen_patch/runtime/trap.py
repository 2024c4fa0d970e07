"""Why a call did not return: a wasmtime trap or error as a :class:`GuestAborted` with a kind and the Rust frames."""

from __future__ import annotations

import re
from typing import Any

from ..errors import Frame, GuestAborted

_KINDS = {
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
    "UNREACHABLE": "unreachable",
    "INTERRUPT": "deadline",
    "OUT_OF_FUEL": "fuel",
    "ALLOCATION_TOO_LARGE": "out_of_memory",
}

# What stands on the stack tells why Rust reached its `unreachable`; names as the v0 and legacy demanglers print them.
_OUT_OF_MEMORY = re.compile(r"handle_alloc_error|__rust_alloc_error_handler|rust_oom|rdl_oom|default_alloc_error_hook|alloc_error")
_PANIC = re.compile(r"panicking::|rust_panic|begin_unwind|begin_panic|panic_fmt|__rust_start_panic|rust_end_short_backtrace")

_FRAME = re.compile(r"^ +\d+: +(0x[0-9a-f]+) - (?:[^!\n]*!)?(.+)$(?:\n +at (.+?):(\d+)(?::\d+)?$)?", re.MULTILINE)


def frames(trap: Any) -> tuple[Frame, ...]:
    """The guest's frames, innermost first, as the engine prints them: names demangled, lines where there is DWARF."""
    return tuple(
        Frame(name.removeprefix("<unknown>!"), int(offset, 16), file or None, int(line) if line else None)
        for offset, name, file, line in _FRAME.findall(trap.message)
    )


def aborted(trap: Any, *, thrown: bool, stack_exhausted: bool, last_words: str | None) -> GuestAborted:
    """The death that ``trap`` means.

    ``thrown``: a wasm exception left the guest. ``stack_exhausted``: the shadow stack ran below its end. ``last_words``: what
    the guest's panic hook has said.
    """
    code = trap.trap_code
    kind = "foreign_exception" if thrown else _KINDS.get(code.name, "host_error") if code else "host_error"
    where = frames(trap)
    names = "\n".join(frame.function for frame in where)
    if kind == "unreachable":
        kind = "out_of_memory" if _OUT_OF_MEMORY.search(names) else "panic" if _PANIC.search(names) else kind
    elif kind == "out_of_bounds" and stack_exhausted:
        kind = "stack_overflow"
    message = _message(last_words) if kind == "panic" and last_words else reason(trap.message)
    return GuestAborted(message, kind=kind, frames=where)


def _message(last_words: str) -> str:
    """What a panic hook says, without the stack that hooks for browsers add: the host's own, of no use to anybody."""
    return last_words.partition("\n\nStack:\n")[0].rstrip()


def reason(message: str) -> str:
    """The last line of a trap's text: what happened, without the backtrace."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return re.sub(r"^(\d+: )?(wasm trap: )?", "", lines[-1]) if lines else "unknown reason"
