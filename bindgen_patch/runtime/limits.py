"""How much of the host an instance may use."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of each guest instance; ``None`` leaves one out.

    ``memory_bytes``: the size that linear memory may grow to; a guest that wants more sees its allocation fail.
    ``table_elements``: how many elements its tables may hold in all.
    """

    memory_bytes: int | None = None
    table_elements: int | None = None

    def apply(self, store: int) -> None:
        """Set them on a fresh store."""
        from . import capi

        capi.store_limiter(
            store,
            -1 if self.memory_bytes is None else self.memory_bytes,
            -1 if self.table_elements is None else self.table_elements,
            -1,
            -1,
            -1,
        )
