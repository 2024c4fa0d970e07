"""Tests that take ``guest_path`` run for every committed guest; ``runnable_path`` leaves out those that wasmtime cannot run as they are."""

from __future__ import annotations

import pytest

from tests.decode.committed import PATHS, title

_MODES = {"guest_path": ("unwind", "abort", "legacy"), "runnable_path": ("unwind", "abort")}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for name, modes in _MODES.items():
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, [path for path in PATHS if path.stem in modes], ids=title)
