"""What happened to one instance so far, as plain numbers."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Counters:
    """Counts since the Instance was made; a fresh guest instance does not reset them."""

    calls: int = 0
    """Calls that were let in, nested ones included."""
    panics: int = 0
    """Rust panics that unwound to the host."""
    aborts: dict[str, int] = field(default_factory=dict)
    """Deaths by :attr:`.GuestAborted.kind`."""
    reinits: int = 0
    """Fresh instances that took the place of another."""
    refusals: int = 0
    """Calls that got :class:`.ModuleTerminated`."""
    live_handles: int = 0
    """Host values that the guest holds at this moment."""

    def died(self, kind: str) -> None:
        """One more death."""
        self.aborts[kind] = self.aborts.get(kind, 0) + 1
