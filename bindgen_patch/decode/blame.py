"""Whose fault it is: what errors of this package have in common."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bindgen_patch.errors import GenerationError

DAMAGED = "the file is damaged; build the guest again"
"""The hint for bytes that no compiler writes."""


@contextmanager
def blaming(owner: str) -> Iterator[None]:
    """Put what an error is about (a file, a shim) in front of it."""
    try:
        yield
    except GenerationError as error:
        raise GenerationError(f"{owner}: {error}", hint=error.hint) from None
