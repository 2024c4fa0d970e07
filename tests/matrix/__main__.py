"""Runs every cell and writes the tables."""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from pathlib import Path
from types import ModuleType

from bindgen_patch import pipeline
from bindgen_patch.emit.package import write

from .cell import run
from .plan import BUILDS, CELLS
from .table import DOCUMENT, with_tables

FIXTURE = Path(__file__).resolve().parents[2] / "fixtures" / "matrix"


def package(build: str, folder: Path) -> ModuleType:
    """The bindings of the guest in this build."""
    name = f"matrix_{build}"
    write(pipeline.generate((FIXTURE / f"{build}.wasm").read_bytes(), "matrix.wasm", pipeline.Options()).files, folder / name)
    spec = importlib.util.spec_from_file_location(name, folder / name / "__init__.py", submodule_search_locations=[str(folder / name)])
    assert spec is not None
    assert spec.loader is not None
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        packages = {build: package(build, Path(folder)) for build in BUILDS}
        observed = {(event, way, build): run(packages[build], event, way, build) for event, way, build in CELLS}
    DOCUMENT.write_text(with_tables(DOCUMENT.read_text("utf-8"), observed), "utf-8")
