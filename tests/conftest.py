"""Generated packages for tests: each fixture guest goes through ``gen`` once per session and is imported under its own name."""

from __future__ import annotations

import gc
import importlib.util
import itertools
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import settings

from bindgen_patch import pipeline
from bindgen_patch.emit.package import write

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
MODES = ("unwind", "abort")
EVERY_MODE = ("unwind", "legacy", "abort")
"""The guests in which panics matter are built with legacy exception handling too, which the editor translates."""
CASES = sorted(path.parent.name for path in FIXTURES.glob("*/unwind.wasm"))
BUILDS = [
    (folder.relative_to(FIXTURES).as_posix(), mode)
    for folder in sorted([*FIXTURES.glob("*"), *FIXTURES.glob("real/*")])
    for mode in MODES
    if (folder / f"{mode}.wasm").is_file()
]
"""Every committed guest that runs as it is: (``"classes"``, ``"unwind"``), (``"real/grex"``, ``"abort"``)."""

_numbers = itertools.count()
_loaded: set[str] = set()
"""Generated packages in ``sys.modules``."""
_forgotten: list[str] = []
"""Those that are garbage, if nobody has collected it since."""
_MANY = 50


settings.register_profile("same", derandomize=True)
settings.load_profile("same")  # the same examples in every run: a test that fails, fails for everybody


@pytest.fixture(scope="session", autouse=True)
def compiled_code(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Compiled guests are kept for the session, and nowhere in the user's own cache."""
    before = os.environ.get("BINDGEN_PATCH_CACHE")
    os.environ["BINDGEN_PATCH_CACHE"] = str(tmp_path_factory.getbasetemp() / "compiled")
    yield
    if before is None:
        del os.environ["BINDGEN_PATCH_CACHE"]
    else:
        os.environ["BINDGEN_PATCH_CACHE"] = before


@pytest.fixture(scope="session")
def generated() -> Callable[..., pipeline.Generated]:
    """``generated("classes", "unwind")``: what every stage made of a fixture guest."""
    made: dict[tuple[Any, ...], pipeline.Generated] = {}

    def get(case: str, mode: str, **options: bool) -> pipeline.Generated:
        key = (case, mode, *sorted(options.items()))
        if key not in made:
            path = FIXTURES / case / f"{mode}.wasm"
            made[key] = pipeline.generate(path.read_bytes(), f"{case}.wasm", pipeline.Options(**options))
        return made[key]

    return get


@pytest.fixture(scope="session")
def load(generated: Callable[..., pipeline.Generated], tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """``load("classes", "unwind")``: a freshly imported package for a fixture guest, with a default instance of its own."""
    root = tmp_path_factory.mktemp("packages")

    def get(case: str, mode: str, **options: bool) -> ModuleType:
        kind = "_".join((re.sub(r"\W", "_", case), mode, *(name if on else f"no_{name}" for name, on in sorted(options.items()))))
        if not (root / kind).exists():
            write(generated(case, mode, **options).files, root / kind)
        # Each under a name of its own, all from one place: Python compiles the text once.
        name = f"{kind}_{next(_numbers)}"
        spec = importlib.util.spec_from_file_location(name, root / kind / "__init__.py", submodule_search_locations=[str(root / kind)])
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        _loaded.add(name)
        spec.loader.exec_module(module)
        return module

    return get


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Packages that nobody has any more after the test go, with their instances and what is mapped of their code."""
    yield
    gone = [name for name in _loaded if name not in sys.modules or sys.getrefcount(sys.modules[name]) <= 2]
    for name in gone:
        _loaded.remove(name)
        sys.modules.pop(name, None)
    if gone and len(_forgotten) >= _MANY:
        _forgotten.clear()
        gc.collect()
    _forgotten.extend(gone)


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    """Both ways a guest is built: panics that unwind, panics that abort."""
    return str(request.param)
