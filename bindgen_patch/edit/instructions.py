"""The instructions that appended functions are made of, as bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bindgen_patch import ir
from bindgen_patch.decode.writer import sized, sleb, uleb, vector

WORDS: dict[ir.Word, int] = {"i32": 0x7F, "i64": 0x7E, "f32": 0x7D, "f64": 0x7C}
I32, I64 = WORDS["i32"], WORDS["i64"]
ZEROS = {0x7F: b"\x41\0", 0x7E: b"\x42\0", 0x7D: b"\x43" + bytes(4), 0x7C: b"\x44" + bytes(8)}
"""Value type -> the instruction that makes a 0 of it."""
UNREACHABLE, END, RETURN = b"\x00", b"\x0b", b"\x0f"
IF = b"\x04\x40"
"""With no result."""
I32_EQZ, I32_EQ, I32_GT_U = b"\x45", b"\x46", b"\x4b"
I32_ADD, I32_SUB, I32_AND, I32_SHL, I32_SHR_U = b"\x6a", b"\x6b", b"\x71", b"\x74", b"\x76"
MEMORY_SIZE, MEMORY_COPY = b"\x3f\0", b"\xfc\x0a\0\0"
THROW_0 = b"\x08\0"
"""With the first tag."""


def codes(words: Sequence[ir.Word]) -> tuple[int, ...]:
    """Value types as the format has them."""
    return tuple(WORDS[word] for word in words)


def functype(params: Iterable[int], results: Iterable[int]) -> bytes:
    """A function type."""
    return b"\x60" + sized(bytes(params)) + sized(bytes(results))


def body(local_types: Iterable[int], *code: bytes) -> bytes:
    """A function body: locals, one of each type, behind the parameters, and instructions; the last ``end`` is added."""
    return vector(bytes((1, kind)) for kind in local_types) + b"".join(code) + END


def catching(code: bytes, before: bytes, results: Sequence[int]) -> bytes:
    """Return the results of ``code`` behind what ``before`` makes; go on when the first tag is thrown, which has no payload."""
    return b"\x02\x40" + before + bytes((0x1F, *(results or (0x40,)), 1, 0, 0, 0)) + code + END + RETURN + END


def reference(function: int) -> bytes:
    """The type of references to functions of the type ``function``, which are not null."""
    return b"\x64" + sleb(function)


def call_ref(function: int) -> bytes:
    """``call_ref``."""
    return b"\x14" + uleb(function)


def const(value: int) -> bytes:
    """``i32.const``."""
    return b"\x41" + sleb(value)


def call(function: int) -> bytes:
    """``call``."""
    return b"\x10" + uleb(function)


def get(local: int) -> bytes:
    """``local.get``."""
    return b"\x20" + uleb(local)


def put(local: int) -> bytes:
    """``local.set``."""
    return b"\x21" + uleb(local)


def tee(local: int) -> bytes:
    """``local.tee``."""
    return b"\x22" + uleb(local)


def global_get(place: int) -> bytes:
    """``global.get``."""
    return b"\x23" + uleb(place)


def global_set(place: int) -> bytes:
    """``global.set``."""
    return b"\x24" + uleb(place)


def load(offset: int) -> bytes:
    """``i32.load``."""
    return b"\x28\2" + uleb(offset)


def store(offset: int) -> bytes:
    """``i32.store``."""
    return b"\x36\2" + uleb(offset)
