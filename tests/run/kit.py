"""What the tests of real runs share."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

from hypothesis import HealthCheck, settings

from bindgen_patch.runtime.typed import typed

_ROOT = Path(__file__).parents[2]
examples = settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
"""Many examples against one instance; the same ones in every run."""


def guest_of(module: ModuleType) -> Any:
    """The guest instance behind a package's default instance, started if need be."""
    door = module.instance._bp_door
    with door.lock:
        guest = door.enter(False)
        door.leave(guest, False)
    return guest


def elsewhere(code: str, *options: str, folder: Path, **environment: str) -> str:
    """What a fresh interpreter prints that runs ``code`` with ``folder`` on its path."""
    text = f"import sys\nsys.path[:0] = [{str(folder)!r}, {str(_ROOT)!r}]\n" + textwrap.dedent(code)
    command, given = [sys.executable, *options, "-c", text], {**os.environ, **environment}
    done = subprocess.run(command, capture_output=True, text=True, env=given, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def with_package(code: str, module: ModuleType, **environment: str) -> list[str]:
    """The lines that it prints with a generated package at hand, whose name is ``{name}`` in the code."""
    folder = Path(module.__file__ or "").parent
    return elsewhere(textwrap.dedent(code).format(name=folder.name), folder=folder.parent, **environment).splitlines()


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
