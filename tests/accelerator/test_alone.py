"""In a process without other threads the accelerator keeps the interpreter during a call; as soon as there is another, it lets it go."""

from __future__ import annotations

import platform
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bindgen_patch.accelerator import native
from tests.run.kit import with_package

Load = Callable[..., Any]

GLIBC = tuple(map(int, platform.libc_ver()[1].split("."))) if platform.libc_ver()[0] == "glibc" else ()

pytestmark = pytest.mark.skipif(native is None, reason="this run is without the accelerator")

SCRIPT = """
    import ctypes, sys, threading, time
    import {name} as module
    from bindgen_patch import GuestAborted, Limits, PanicError

    def alone():
        return ctypes.c_char.in_dll(ctypes.CDLL(None), "__libc_single_threaded").value == b"\\1"

    def died(call):
        try:
            call()
        except GuestAborted as death:
            return death.kind

    def host(depth):
        return i.add(depth, 1) if depth < 3 else i.nest(1) if depth == 3 else i.counter()

    i = module.Instance(imports={{"call_host": host, "log": lambda line: None}}, on_abort="reinit")
    print(i.add(2, 3), i.greet("Ada"), i.sum([1.0, 2.0]), i.nest(2), i.increment())
    try:
        i.panic_with("no")
    except PanicError as panic:
        print(panic.message)
    print(died(i.abort), i.counter())
    was_alone = alone()

    def start(depth):
        stopper = threading.Thread(target=lambda: (time.sleep(0.1), i.terminate("enough")))
        stopper.start()
        i.spin()

    i = module.Instance(imports={{"call_host": start}})
    print(died(lambda: i.nest(1)))
    i = module.Instance()
    with i.deadline(0.1):
        print(died(i.spin))
    print(died(module.Instance(limits=Limits(seconds_per_call=0.1)).spin))
    ended = []
    i = module.Instance()
    threads = [threading.Thread(target=lambda: ended.append(died(i.spin))), threading.Thread(target=lambda: i.terminate("enough"))]
    threads[0].start()
    time.sleep(0.1)
    threads[1].start()
    [thread.join() for thread in threads]
    print(*ended)
    print("alone" if was_alone else "among others")
"""

DEADLINE_FIRST = """
    import sys
    import {name} as module
    from bindgen_patch import GuestAborted, Limits

    i = module.Instance(limits=Limits(seconds_per_call=0.1))
    try:
        i.spin()
    except GuestAborted as death:
        print(death.kind)
"""


@pytest.mark.skipif(GLIBC < (2, 32), reason="only glibc tells whether there are other threads, since 2.32")
def test_alone_and_no_longer(load: Load, tmp_path: Path) -> None:
    module = load("recovery", "unwind")
    expected = ["5 Hello, Ada! 3.0 4 2", "no", "unreachable 0", "terminated", "deadline", "deadline", "terminated"]
    assert lines(SCRIPT, module, tmp_path)[:-1] == expected
    assert lines(SCRIPT, module, tmp_path) == [*expected, "alone"]  # nothing had to be compiled, which takes threads


def test_a_deadline_comes_with_somebody_who_keeps_it(load: Load, tmp_path: Path) -> None:
    """The very first call of a process: who is to end it is there before it begins."""
    module = load("recovery", "unwind")
    assert [lines(DEADLINE_FIRST, module, tmp_path) for _ in range(2)] == [["deadline"]] * 2


def lines(text: str, module: Any, cache: Path) -> list[str]:
    """What a fresh process prints; a second one finds compiled code in ``cache``."""
    return with_package(text, module, BINDGEN_PATCH_CACHE=str(cache), BINDGEN_PATCH_ACCELERATOR="on")
