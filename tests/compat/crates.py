"""``python -m tests.compat.crates CHECKOUT FOLDER``: make crates of upstream's suites that build against the published crates.

``CHECKOUT`` is a copy of wasm-bindgen's repository. Its tests for generic imports are left out: they are written for an attribute of the
macro that the published crates do not have, and need modules of JavaScript's throughout.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

VERSIONS = {
    "wasm-bindgen": "0.2.130",
    "js-sys": "0.3.107",
    "web-sys": "0.3.107",
    "wasm-bindgen-futures": "0.4.80",
    "wasm-bindgen-test": "0.3.80",
}

_WORKSPACE = '[workspace]\nmembers = ["js-sys", "wasm-bindgen", "a", "b"]\nresolver = "2"\n'
_CRATE = """\
[package]
name = "{name}"
version = "0.0.0"
edition = "2021"
autotests = false

[lib]
test = false
doctest = false

[features]
default = ["std", "unsafe-eval"]
std = []
unsafe-eval = []
serde-serialize = []
futures-core-03-stream = []

[dependencies]
wasm-bindgen = "={wasm-bindgen}"
js-sys = {{ version = "={js-sys}", features = ["unsafe-eval"] }}
wasm-bindgen-futures = "={wasm-bindgen-futures}"
wasm-bindgen-test = "={wasm-bindgen-test}"
"""
_JS_SYS = """\
web-sys = {{ version = "={web-sys}", features = ["Headers", "Response", "ResponseInit"] }}
futures-channel = "0.3"
futures-lite = {{ version = "2", default-features = false }}
half = "2"
"""
_WASM_BINDGEN = """\
once_cell = "1"
paste = "1"
serde_derive = "1.0"
wasm-bindgen-test-crate-a = {{ path = "../a" }}
wasm-bindgen-test-crate-b = {{ path = "../b" }}
"""
_TARGET = '\n[[test]]\nname = "{target}"\npath = "tests/wasm/main.rs"\n'


def crate(folder: Path, name: str, tests: Path | None, more: str = "") -> None:
    """A package whose library is empty, or what is there; ``tests`` become its suite, called like it."""
    (folder / "src").mkdir(parents=True, exist_ok=True)
    (folder / "src/lib.rs").touch()
    text = (_CRATE + more).format(name=name, **VERSIONS)
    if tests is not None:
        shutil.copytree(tests, folder / "tests", dirs_exist_ok=True)
        text += _TARGET.format(target=name.replace("-", "_"))
    (folder / "Cargo.toml").write_text(text)


def main(checkout: Path, folder: Path) -> None:
    """Write them all."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Cargo.toml").write_text(_WORKSPACE)
    crate(folder / "js-sys", "js-sys-suite", checkout / "crates/js-sys/tests", _JS_SYS)
    crate(folder / "wasm-bindgen", "wasm-bindgen-suite", checkout / "tests", _WASM_BINDGEN)
    suite = folder / "wasm-bindgen/tests/wasm/main.rs"
    suite.write_text(re.sub(r"(?m)^pub mod generic_import_\w+;\n", "", suite.read_text()))
    for name in "ab":
        shutil.copytree(checkout / "tests/crates" / name / "src", folder / name / "src", dirs_exist_ok=True)
        (folder / name / "tests/wasm").mkdir(parents=True, exist_ok=True)
        shutil.copy(checkout / "tests/wasm/duplicate_deps.js", folder / name / "tests/wasm")
        crate(folder / name, f"wasm-bindgen-test-crate-{name}", None)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
