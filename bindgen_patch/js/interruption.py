"""What takes long in Python asks now and then whether it is still wanted.

Nothing of a guest runs meanwhile, so the engine can not stop it; whoever runs guests says here how to find out.
"""

from __future__ import annotations

from collections.abc import Callable

asked: list[Callable[[], None]] = []
"""What each of them raises ends the work."""


def check() -> None:
    """Raises what ends the work of this thread, if anything does."""
    for ask in asked:
        ask()
