"""Whose future may have been polled: js-sys polls many in one microtask, and a poll that fails does not say which it was.

What is known: a future is polled after it was made, and after a function has run that its poll gave to a promise (``then``). So
the futures of one *turn* are those made since the last one, and those woken since by a function that may be theirs. When the queue
of tasks asks for a turn at any other time, Rust code woke somebody on its own account; then it may be anybody's turn.

Within a turn futures are polled in the order in which they joined it, and one that goes on waiting has mostly given one pair of
functions to one promise. So when there are as many such pairs as members that wait, they belong to them in this order. Otherwise
each pair may belong to any member.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .promise import Promise, Reaction

Members = dict[int, "Promise[Any]"] | None
"""Promises by identity, in order; ``None`` is anybody."""


class Turns:
    """The turn that is going on, and the next one."""

    def __init__(self) -> None:
        self.members: Members = {}
        """Who may be polled now. Empty between turns."""
        self._reactions: list[Reaction] = []
        """What was given to promises during this turn."""
        self._next: Members = {}
        self._merged: dict[int, Members] = {}
        """What is in the next turn already, of those that are large: many functions may wake the same many."""
        self._known = False
        """Whom what is going on may wake is in the next turn already."""

    def begin(self) -> None:
        """The tasks that wait are polled, each once."""
        self.members, self._next = self._next, {}
        self._merged.clear()

    def end(self) -> None:
        """They have been polled, or one of them failed."""
        waiting = [] if self.members is None else [promise for promise in self.members.values() if promise._state == "pending"]
        if len(waiting) == len(self._reactions):
            for promise, reaction in zip(waiting, self._reactions, strict=True):
                reaction.wakes = {id(promise): promise}
        self.members, self._reactions = {}, []

    def awaits(self, reaction: Reaction) -> None:
        """A pair of functions is given to a promise."""
        reaction.wakes = self.members
        if self.members:
            self._reactions.append(reaction)

    def asked(self) -> None:
        """The queue of tasks asks for a turn."""
        if not self._known:
            self._next = None

    def wake(self, members: Members) -> None:
        """A function runs, until :meth:`woken`, that may make these go on."""
        self._known = bool(members)
        if members is None:
            self._next = None
        elif self._next is not None and id(members) not in self._merged:
            self._next.update(members)
            if len(members) > 8:
                self._merged[id(members)] = members

    def woken(self) -> None:
        """It has run."""
        self._known = False
