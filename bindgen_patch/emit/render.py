"""The plain text of a package's ``__init__.py``: the template, filled in. It knows nothing of failure."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

import jinja2

from bindgen_patch.emit.hints import DictText
from bindgen_patch.emit.layout import quoted, wrap
from bindgen_patch.emit.module import ClassText, EnumText, PyModule
from bindgen_patch.emit.package import MARKER

INSTALLED_RUNTIME = "import bindgen_patch.runtime as _bp"
VENDORED_RUNTIME = "from ._bindgen_patch import runtime as _bp"


@cache
def _environment() -> jinja2.Environment:
    here = Path(__file__).resolve().parent.parent
    folders = [here / "templates", here.parent / "templates"]  # in a wheel; in a checkout
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        autoescape=False,
    )


def render(module: PyModule, wasm: bytes, shims: bytes, *, vendor: bool) -> str:
    """The plain text. ``wasm`` and ``shims`` are the files that will lie beside it; their sha256 go in."""
    types: tuple[ClassText | EnumText | DictText, ...] = (*module.classes, *module.enums, *module.dicts)
    names = [*(t.name for t in types), *(alias for alias, _ in module.aliases)]
    text = (
        _environment()
        .get_template("package.py.j2")
        .render(
            m=module,
            marker=MARKER,
            runtime_import=VENDORED_RUNTIME if vendor else INSTALLED_RUNTIME,
            public=[quoted(name) for name in sorted({*names, "Instance", "instance"})],
            targets=[item.target for item in module.imports if item.target is not None],
            adapters=[item.function for item in module.imports if item.function is not None],
            str="_builtins.str" if module.qualified_builtins else "str",
            float="_builtins.float" if module.qualified_builtins else "float",
            module_digest=hashlib.sha256(wasm).hexdigest(),
            shims_digest=hashlib.sha256(shims).hexdigest(),
        )
    )
    return wrap(_tidy(text))


def _tidy(text: str) -> str:
    """Two blank lines between top-level things, one between others, one newline at the end."""
    text = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
    text = re.sub(r"\n{3,}(?=\S)", "\n\n\n", text)
    text = re.sub(r"\n{3,}(?=[ \t])", "\n\n", text)
    text = re.sub(r"\n+(?=(?:@|class |def )\S)", "\n\n\n", text)
    return text.strip("\n") + "\n"
