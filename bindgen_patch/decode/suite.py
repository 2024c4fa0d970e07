"""The tests in a guest that was built from a suite of ``wasm-bindgen-test``.

The macro leaves one raw export per test, ``(context: i32)``, which no metadata mentions: its name tells the test's path and whether it is
ignored. To have them called like everything else, guard included, they join the functions of the module. Source:
``wasm-bindgen-test-macro`` and the ``wasm-bindgen-test-runner`` of wasm-bindgen-cli.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bindgen_patch import ir, symbols
from bindgen_patch.decode import checks
from bindgen_patch.decode.blame import DAMAGED, blaming
from bindgen_patch.decode.container import Wasm
from bindgen_patch.errors import GenerationError

_FIRST_MODE = 1
_MODES = ("a browser", "a dedicated worker", "a shared worker", "a service worker", "Node.js", "Emscripten")
"""Where ``wasm_bindgen_test_configure!`` says that the suite runs, by number."""


@dataclass(frozen=True, slots=True)
class Test:
    """One test: ``name`` is its path below the crate, ``method`` what generated bindings call the function that hands it over."""

    symbol: str
    name: str
    ignored: bool
    method: str


def read(data: bytes, name: str) -> Wasm:
    """A guest's sections. Raises :class:`GenerationError` for what is no wasm."""
    with blaming(name):
        checks.header(data)
        return Wasm(data, name)


def tests(wasm: Wasm) -> tuple[Test, ...]:
    """The tests of a guest, in the order of its exports."""
    found: list[Test] = []
    for export in wasm.exports:
        if export.kind == "function" and export.name.startswith(symbols.TEST_PREFIX):
            modifiers, _, path = export.name.removeprefix(symbols.TEST_PREFIX).partition("_")
            name = path.partition("::")[2]
            if name:
                found.append(Test(export.name, name, "$" in modifiers, f"_wbgt_{len(found)}"))
    return tuple(found)


def mode(wasm: Wasm) -> str | None:
    """Where the suite says that it wants to be run, in words; ``None`` where it does not."""
    for section in wasm.custom(symbols.TEST_MODE_SECTION):
        numbers = wasm.data[section.start : section.end]
        return next((text for number, text in enumerate(_MODES, _FIRST_MODE) if number in numbers), None)
    return None


def with_tests(module: ir.Module, wasm: Wasm) -> ir.Module:
    """The module with its tests among its functions, and without what runs at start: upstream's runner does not start a suite either."""
    word = ir.FuncType(("i32",), ())
    exports = []
    for test in tests(wasm):
        with blaming(wasm.name):
            if wasm.words(wasm.exported_functions[test.symbol], f"test `{test.name}`") != word:
                raise GenerationError(f"test `{test.name}` is no function of a test context", hint=DAMAGED)
        context = (ir.Param("context", ir.Int(32, False)),)
        exports.append(ir.Export(test.symbol, test.method, "function", None, context, ir.Unit(), ir.Unit(), word, f"Test ``{test.name}``."))
    return replace(module, exports=(*module.exports, *exports), start=())
