"""What the tests of real runs share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, NoReturn

from hypothesis import HealthCheck, settings

from bindgen_patch.runtime.typed import typed

examples = settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
"""Many examples against one instance; the same ones in every run."""


def guest_of(module: ModuleType) -> Any:
    """The guest instance behind a package's default instance, started if need be."""
    door = module.instance._bp_door
    with door.lock:
        guest = door.enter(False)
        door.leave(guest, False)
    return guest


def run(main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run ``main``; fail when it takes long, or when anything is thrown at the event loop."""

    async def guarded() -> Any:
        thrown: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: thrown.append(context))
        result = await asyncio.wait_for(main(), 20)
        assert thrown == []
        return result

    return asyncio.run(guarded())


def _refuse(*_words: float) -> NoReturn:
    raise AssertionError("the guest was entered")


@contextmanager
def not_entered(module: ModuleType) -> Iterator[None]:
    """Fail when what happens inside enters the guest, its allocator included, or leaves it a handle or a death."""
    guest = guest_of(module)
    before, handles = dict(guest.__dict__), len(guest.values)
    for name in guest.program.exports:
        plan = guest.program.plans.get(name)
        guest.__dict__[name] = _refuse if plan is None else typed(guest, plan, _refuse)
    try:
        yield
    finally:
        for name in guest.program.exports:
            del guest.__dict__[name]
            if name in before:
                guest.__dict__[name] = before[name]
    assert len(guest.values) == handles
    assert module.instance.state == "live"
