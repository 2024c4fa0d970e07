"""Descriptors, obtained by running the functions that tell them (on an :mod:`analysis copy <bindgen_patch.decode.analysis_copy>`).

A hostile guest can neither hang here (fuel is counted) nor take memory (the copy's is fixed). This module does not know what the words
mean.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import wasmtime

from bindgen_patch import symbols
from bindgen_patch.decode import scan
from bindgen_patch.decode.analysis_copy import CURSOR, MARKED, RUN, STACK, TERMINATOR, WORDS, AnalysisCopy
from bindgen_patch.decode.blame import DAMAGED
from bindgen_patch.decode.container import Wasm
from bindgen_patch.decode.engine import engine, reason
from bindgen_patch.errors import GenerationError

Words = Sequence[int]
"""One descriptor: unsigned 32-bit words."""

FUEL_FIXED, FUEL_EACH = 10_000_000, 100_000
"""Instructions that may be run: a fixed part, and one per function that describes something."""


@dataclass(frozen=True, slots=True)
class Described:
    """What the guest told."""

    shims: Mapping[str, Words]
    """By shim: an exported or imported function's symbol, or a field getter's."""
    generic_imports: Mapping[int, Words]
    """By index of the function whose body the host must supply."""


def describe(wasm: Wasm, stack_pointer: int | None) -> Described:
    """Run the describe exports that matter, and every caller of the generic-import marker.

    A describe export matters when the shim it describes is exported or imported: most belong to imports that the linker found unused
    (measured: 1,519 of 1,589 in a guest with js-sys). Raises ``GenerationError`` when one traps, loops, tells too much, or is not a
    function that could describe anything.
    """
    shims = _describe_functions(wasm)
    describes = sorted(set(shims.values()))
    generic = _marker_callers(wasm)
    if not describes and not generic:
        return Described({}, {})
    _check_types(wasm, describes, generic)
    told, generic_told = _Run(AnalysisCopy(wasm, describes, generic, stack_pointer)).all()
    return Described({shim: told[function] for shim, function in shims.items()}, generic_told)


def _describe_functions(wasm: Wasm) -> dict[str, int]:
    exported = wasm.exported_functions
    live = exported.keys() | {i.name for i in wasm.imported_functions}
    prefix = symbols.DESCRIBE_PREFIX
    told = {name.removeprefix(prefix): index for name, index in exported.items() if name.startswith(prefix)}
    return {shim: index for shim, index in told.items() if shim in live}


def _marker_callers(wasm: Wasm) -> list[int]:
    marker = (symbols.PLACEHOLDER_MODULE, symbols.DESCRIBE_GENERIC_IMPORT)
    counted: Counter[int] = Counter()
    for index, imported in enumerate(wasm.imported_functions):
        if (imported.module, imported.name) == marker:
            counted.update(scan.callers(wasm, index))
    for function, count in counted.items():
        if count > 1:
            raise GenerationError(
                f"function {function} asks for {count} generic imports, but can stand for one only",
                hint="an optimiser merged two of them; give the .wasm exactly as rustc left it",
            )
    return sorted(counted)


def _check_types(wasm: Wasm, describes: Iterable[int], generic: Iterable[int]) -> None:
    for function in describes:
        if not wasm.signature(function).is_empty:
            raise GenerationError(f"describe function {function} takes or gives values", hint=DAMAGED)
    for function in generic:
        wasm.words(function, f"generic import {function}")


class _Run:
    """One instance of a copy."""

    def __init__(self, copy: AnalysisCopy) -> None:
        self.copy = copy
        self.store = wasmtime.Store(engine())
        self.store.set_fuel(FUEL_FIXED + FUEL_EACH * (len(copy.describes) + len(copy.generic)))
        try:
            module = wasmtime.Module(engine(), copy.module_bytes())
            self.exports = wasmtime.Instance(self.store, module, []).exports(self.store)
        except (wasmtime.WasmtimeError, wasmtime.Trap) as error:
            raise GenerationError(f"the code that describes the guest's types is not valid: {reason(error)}", hint=DAMAGED) from None
        self.cursor = self._global(CURSOR)
        self.marked = self._global(MARKED)

    def all(self) -> tuple[dict[int, Words], dict[int, Words]]:
        """The words of every describe function and of every generic import."""
        told = self._describes() if self.copy.describes else []
        return dict(zip(self.copy.describes, told, strict=True)), {f: self._generic(f) for f in self.copy.generic}

    def _describes(self) -> list[Words]:
        failure = self._call(RUN)
        told = _split(self._cells())
        if failure is not None:
            function = self.copy.describes[min(len(told), len(self.copy.describes) - 1)]
            raise GenerationError(f"describing {self._title(function)} failed: {failure}", hint=DAMAGED)
        return told

    def _generic(self, function: int) -> Words:
        self.cursor.set_value(self.store, 0)
        self.marked.set_value(self.store, 0)
        stack = self._global(STACK) if self.copy.stack_pointer is not None else None
        before = stack.value(self.store) if stack else None
        zeros = (0 if word in ("i32", "i64") else 0.0 for word in self.copy.wasm.signature(function).params)
        failure = self._call(str(function), *zeros)
        if not self.marked.value(self.store):
            why = failure or "it returned without naming what it stands for"
            raise GenerationError(f"describing generic import {function} failed: {why}", hint=DAMAGED)
        if stack:  # the marker never returns, so the frame was not given back
            stack.set_value(self.store, before)
        return self._cells()

    def _call(self, name: str, *params: float) -> str | None:
        """Call an export; the reason when it trapped."""
        function = self.exports[name]
        assert isinstance(function, wasmtime.Func)
        try:
            function(self.store, *params)
        except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
            return reason(error)
        return None

    def _cells(self) -> array[int]:
        words = self.exports[WORDS]
        assert isinstance(words, wasmtime.Memory)
        return array("Q", bytes(words.read(self.store, 0, self.cursor.value(self.store))))

    def _global(self, name: str) -> wasmtime.Global:
        found = self.exports[name]
        assert isinstance(found, wasmtime.Global)
        return found

    def _title(self, function: int) -> str:
        names = [name for name, index in self.copy.wasm.exported_functions.items() if index == function]
        return f"`{min(names).removeprefix(symbols.DESCRIBE_PREFIX)}`"


def _split(cells: array[int]) -> list[Words]:
    told: list[Words] = []
    start = 0
    for place, cell in enumerate(cells):
        if cell == TERMINATOR:
            told.append(cells[start:place])
            start = place + 1
    return told
