"""What happened to one instance so far, as plain numbers."""

from __future__ import annotations


class Counters:
    """Counts since the Instance was made; a fresh guest instance does not reset them."""

    __slots__ = ("aborts", "calls", "live_handles", "panics", "refusals", "reinits")

    def __init__(self) -> None:
        self.calls = 0
        """Calls that were let in, nested ones included."""
        self.panics = 0
        """Rust panics that unwound to the host."""
        self.aborts: dict[str, int] = {}
        """Deaths by :attr:`.GuestAborted.kind`."""
        self.reinits = 0
        """Fresh instances that took the place of another."""
        self.refusals = 0
        """Calls that got :class:`.ModuleTerminated`."""
        self.live_handles = 0
        """Host values that the guest holds at this moment."""

    def copy(self, calls: int, live_handles: int) -> Counters:
        """What is known now, as it will not change any more. Whose these are counts calls itself, where it is quickest."""
        copied = Counters()
        copied.calls, copied.panics, copied.reinits, copied.refusals = calls, self.panics, self.reinits, self.refusals
        copied.aborts, copied.live_handles = dict(self.aborts), live_handles
        return copied

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Counters) and all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        names = ("calls", "panics", "aborts", "reinits", "refusals", "live_handles")
        return f"Counters({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    def died(self, kind: str) -> None:
        """One more death."""
        self.aborts[kind] = self.aborts.get(kind, 0) + 1
