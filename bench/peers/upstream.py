"""Upstream's command line: what ``gen`` is measured against."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

from bench import build, spawn
from bench.driver import Values


def setup(argument: str) -> dict[str, Any]:
    build.cli()
    return {}


def version() -> str:
    return build.run(build.cli(), "--version")


def _gen(guest: str, seconds: float) -> Values:
    path: Path = build.members(2800) if guest == "api2800" else build.guest(guest)
    folder = build.PLACE / "generated" / f"upstream_{guest}_{os.getpid()}"
    return spawn.spawned(build.cli(), "--target", "nodejs", "--out-dir", str(folder), str(path))


VERBS = {
    f"gen_{size}": partial(_gen, guest) for size, guest in {"60kb": "bindgen", "3mb": "photon", "7mb": "big", "2800": "api2800"}.items()
}
