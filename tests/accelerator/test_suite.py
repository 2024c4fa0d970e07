"""A part of the suite again, with the accelerator built from this checkout: the rest of this run is without, as users have it first.

``pip install ./accelerator`` and ``pytest`` run all of it so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from bindgen_patch.accelerator import native

ROOT = Path(__file__).parents[2]
CHOSEN = ("classes", "closures", "hostile", "imports", "leaks", "no_way_round", "recovery", "slices", "strings")
"""Of tests/run: whatever the accelerator has a hand in, for guests that unwind."""


@pytest.mark.skipif(native is not None, reason="this whole run is with the accelerator")
def test_with_the_accelerator(tmp_path: Path) -> None:
    compiler = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(compiler) is None:
        pytest.skip(f"the accelerator is C, and there is no {compiler} here")
    source, built = tmp_path / "accelerator", tmp_path / "built"
    shutil.copytree(ROOT / "accelerator", source, ignore=shutil.ignore_patterns("build", "*.egg-info"))
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", built, source], check=True)
    files = ["tests/accelerator", *(f"tests/run/test_{name}.py" for name in CHOSEN)]
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        *files,
        "-k",
        "unwind or not (abort or legacy)",
    ]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    environment |= {"PYTHONPATH": str(built), "BINDGEN_PATCH_ACCELERATOR": "on"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
    assert "without the accelerator" not in done.stdout, "it was built, and not picked up"
