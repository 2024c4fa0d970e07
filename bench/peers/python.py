"""Python itself: what a process costs before anybody's bindings are in it."""

from __future__ import annotations

import platform
import sys
from functools import partial
from typing import Any

from bench import spawn
from bench.driver import Values


def setup(argument: str) -> dict[str, Any]:
    return {}


def version() -> str:
    return f"{platform.python_implementation()} {platform.python_version()}"


def _cold(words: str, seconds: float) -> Values:
    return spawn.spawned(sys.executable, "-c", words)


VERBS = {"cold": partial(_cold, "import wasmtime"), "cold_bare": partial(_cold, "pass")}
