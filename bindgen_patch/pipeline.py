"""The page: from a guest's bytes to the files of a package, stage by stage."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bindgen_patch import ir
from bindgen_patch.decode import decode
from bindgen_patch.edit import edit
from bindgen_patch.emit.module import PyModule, build
from bindgen_patch.emit.package import package
from bindgen_patch.emit.render import render
from bindgen_patch.errors import GenerationError
from bindgen_patch.instrument import check_guards, insert_guards


@dataclass(frozen=True, slots=True)
class Options:
    """What a user may choose: the options of ``gen``, which explains them."""

    vendor: bool = False
    pep8: bool = False
    abort_handler: bool = True
    reset_state: bool = False


@dataclass(frozen=True, slots=True)
class Generated:
    """What every stage made of one guest."""

    module: ir.Module
    python: PyModule
    plain: str
    guarded: str
    files: dict[str, bytes]


def generate(data: bytes, name: str, options: Options = Options()) -> Generated:
    """The package for the guest ``data``. Raises :class:`GenerationError`; writes nothing."""
    module, wasm = decode(data, name)
    edited = edit(wasm, module)
    chosen = {"pep8": options.pep8, "abort_handler": options.abort_handler, "reset_state": options.reset_state}
    python = build(module, title=name, slots=edited.layout.slots, **chosen)
    plain = render(python, edited.module, edited.shims, vendor=options.vendor)
    guarded = insert_guards(plain)
    check_guards(guarded)
    return Generated(module, python, plain, guarded, package(guarded, edited.module, edited.shims, vendor=options.vendor))


def read(path: Path) -> bytes:
    """The guest's bytes. Raises :class:`GenerationError` with what to do when there is no such file."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise GenerationError(f"{path}: no such file", hint="cargo leaves guests in target/wasm32-unknown-unknown/release/") from None
    except OSError as error:
        raise GenerationError(f"{path}: {error.strerror or error}", hint="name the .wasm file that cargo built") from None
