"""The page: from a guest's bytes to the files of a package, stage by stage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

from bindgen_patch import ir, report
from bindgen_patch.decode import decode
from bindgen_patch.decode.suite import with_tests
from bindgen_patch.edit import edit
from bindgen_patch.emit.module import PyModule, build
from bindgen_patch.emit.package import package
from bindgen_patch.emit.receipt import FILE, Told, receipt
from bindgen_patch.emit.render import render
from bindgen_patch.inputs import DEFAULTS, Options
from bindgen_patch.instrument import check_guards, insert_guards


@dataclass(frozen=True, slots=True)
class Generated:
    """What every stage made of one guest."""

    module: ir.Module
    python: PyModule
    plain: str
    guarded: str
    files: dict[str, bytes]
    told: Told


def generate(data: bytes, name: str, options: Options = DEFAULTS, stage: Callable[[str], object] = str) -> Generated:
    """The package for the guest ``data``. Raises :class:`GenerationError`; writes nothing. ``stage`` is told what comes next."""
    stage("reading the guest")
    module, wasm = decode(data, name)
    module = with_tests(module, wasm) if options.tests else module
    stage("editing the guest")
    edited = edit(wasm, module)
    stage("writing the bindings")
    chosen = {"pep8": options.pep8, "abort_handler": options.abort_handler, "reset_state": options.reset_state}
    python = build(module, title=name, slots=edited.layout.slots, **chosen)
    plain = render(python, edited.module, edited.shims, vendor=options.vendor)
    stage("inserting the guards")
    guarded = insert_guards(plain)
    stage("checking the guards")
    check_guards(guarded)
    files = package(guarded, edited.module, edited.shims, vendor=options.vendor)
    told = report.generated(module, python, files)
    return Generated(module, python, plain, guarded, files | {FILE: receipt(files, told, data, name, asdict(options))}, told)
