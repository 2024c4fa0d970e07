"""Damaged guests: whatever was done to the bytes, the outcome is a module or a ``GenerationError``, and what ``edit`` writes is valid.

Seeded, so that a failure can be repeated: its number is in the message. ``BINDGEN_PATCH_CORRUPTIONS`` sets how many are tried.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from functools import cache

import pytest

from bindgen_patch.decode import decode
from bindgen_patch.decode.container import Id, Section, Wasm
from bindgen_patch.edit import edit
from bindgen_patch.errors import GenerationError
from tests.decode.committed import PATHS, ROOT
from tests.decode.handmade import uleb

COUNT = int(os.environ.get("BINDGEN_PATCH_CORRUPTIONS", "10000"))
SHARDS = 20
SECONDS_EACH = 10
"""No single one may take longer, however loaded the machine is."""

SMALL = [path for path in PATHS if path.stat().st_size < 80_000]
"""Most damage is done to small guests: what is read is the same, and it is read faster."""


@cache
def guests() -> tuple[list[Wasm], list[Wasm]]:
    """The small guests, and all up to 200 kB."""
    small = [Wasm(path.read_bytes(), str(path.relative_to(ROOT))) for path in SMALL]
    larger = [Wasm(path.read_bytes(), str(path.relative_to(ROOT))) for path in PATHS if path not in SMALL and path.stat().st_size < 200_000]
    return small, larger


# ------------------------------------------------------------------------------------------ ways to do damage


def some_section(rng: random.Random, wasm: Wasm) -> Section:
    return rng.choice(wasm.sections)


def flip_anywhere(rng: random.Random, wasm: Wasm) -> bytes:
    """One to eight bits, anywhere."""
    data = bytearray(wasm.data)
    for _ in range(rng.randint(1, 8)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def flip_in_a_section(rng: random.Random, wasm: Wasm) -> bytes:
    """A few bytes of one section replaced; short sections are hit as often as long ones."""
    section = some_section(rng, wasm)
    data = bytearray(wasm.data)
    for _ in range(rng.randint(1, 4)):
        data[rng.randrange(section.header, section.end)] = rng.randrange(256)
    return bytes(data)


def flip_in_a_describe_function(rng: random.Random, wasm: Wasm) -> bytes:
    """A byte of code that will be run."""
    start, end = wasm.body(rng.choice([f for f in wasm.exported_functions.values() if wasm.body(f)])) or (0, 1)
    data = bytearray(wasm.data)
    data[rng.randrange(start, end)] = rng.randrange(256)
    return bytes(data)


def cut(rng: random.Random, wasm: Wasm) -> bytes:
    """The rest of the file gone."""
    return wasm.data[: rng.randrange(len(wasm.data))]


def remove_a_section(rng: random.Random, wasm: Wasm) -> bytes:
    """A section gone, header and all."""
    section = some_section(rng, wasm)
    return wasm.data[: section.header] + wasm.data[section.end :]


def shorten_a_section(rng: random.Random, wasm: Wasm) -> bytes:
    """The end of a section gone, its length put right."""
    section = some_section(rng, wasm)
    body = wasm.data[section.header + 1 : section.end]
    skipped = next(n for n, byte in enumerate(body) if byte < 0x80) + 1
    kept = body[skipped : skipped + rng.randrange(max(1, len(body) - skipped))]
    return wasm.data[: section.header] + bytes((section.number,)) + uleb(len(kept)) + kept + wasm.data[section.end :]


def swap_sections(rng: random.Random, wasm: Wasm) -> bytes:
    """Two sections change places."""
    parts = [wasm.data[s.header : s.end] for s in wasm.sections]
    one, other = rng.randrange(len(parts)), rng.randrange(len(parts))
    parts[one], parts[other] = parts[other], parts[one]
    return wasm.data[:8] + b"".join(parts)


def double_a_section(rng: random.Random, wasm: Wasm) -> bytes:
    """A section comes twice."""
    section = some_section(rng, wasm)
    return wasm.data[: section.end] + wasm.data[section.header :]


def blow_up_a_length(rng: random.Random, wasm: Wasm) -> bytes:
    """Five bytes of some section read as a number near the largest."""
    section = some_section(rng, wasm)
    at = rng.randrange(section.header, section.end)
    return wasm.data[:at] + uleb(rng.choice([2**32 - 1, 2**31, 2**28, 2**24])) + wasm.data[at + rng.choice([1, 2, 5]) :]


def blow_up_a_count(rng: random.Random, wasm: Wasm) -> bytes:
    """The number of items in a section, with the section's length put right."""
    section = rng.choice([s for s in wasm.sections if s.number not in (Id.CUSTOM, Id.START)])
    count = uleb(rng.choice([2**32 - 1, 2**31 - 1, 10**6, 1000]))
    content = count + wasm.data[section.start + 1 : section.end]
    return wasm.data[: section.header] + bytes((section.number,)) + uleb(len(content)) + content + wasm.data[section.end :]


def insert_noise(rng: random.Random, wasm: Wasm) -> bytes:
    """A few random bytes between others."""
    at = rng.randrange(8, len(wasm.data))
    return wasm.data[:at] + rng.randbytes(rng.randint(1, 16)) + wasm.data[at:]


def repeat_a_stretch(rng: random.Random, wasm: Wasm) -> bytes:
    """A stretch copied over another."""
    size = rng.randint(1, 64)
    source, target = rng.randrange(len(wasm.data)), rng.randrange(8, len(wasm.data))
    return wasm.data[:target] + wasm.data[source : source + size] + wasm.data[target + size :]


DAMAGE: list[Callable[[random.Random, Wasm], bytes]] = [
    flip_anywhere,
    flip_in_a_section,
    flip_in_a_section,
    flip_in_a_describe_function,
    cut,
    remove_a_section,
    shorten_a_section,
    swap_sections,
    double_a_section,
    blow_up_a_length,
    blow_up_a_count,
    insert_noise,
    repeat_a_stretch,
]


# ------------------------------------------------------------------------------------------ the test


def damaged(seed: int) -> tuple[str, bytes]:
    """The ``seed``-th damaged guest, and what it was made of."""
    rng = random.Random(seed)
    small, larger = guests()
    wasm = rng.choice(larger if larger and rng.random() < 0.1 else small)
    damage = rng.choice(DAMAGE)
    return f"corruption {seed} ({damage.__name__} of {wasm.name})", damage(rng, wasm)


@pytest.mark.parametrize("shard", range(SHARDS))
def test_damaged_guests_end_in_a_module_or_an_error(shard: int) -> None:
    for seed in range(shard, COUNT, SHARDS):
        title, data = damaged(seed)
        started = time.monotonic()
        try:
            module, wasm = decode(data, "guest.wasm")
            edit(wasm, module)  # validates what it makes
        except GenerationError as error:
            assert str(error).startswith("guest.wasm: "), title
            assert error.hint, title
        except BaseException as error:
            raise AssertionError(title) from error
        assert time.monotonic() - started < SECONDS_EACH, title
