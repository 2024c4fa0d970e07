"""What of recovery a guest supports, and why not: what ``inspect`` tells beside its exports and imports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bindgen_patch import ir, symbols
from bindgen_patch.decode import Wasm
from bindgen_patch.edit import Layout
from bindgen_patch.emit.module import PyModule


@dataclass(frozen=True, slots=True)
class Capability:
    """One thing that recovery can do. ``supported``: ``"yes"``, ``"partly"`` or ``"no"``; ``why`` says what decides it, and what to do."""

    feature: str
    supported: str
    why: str


def capabilities(module: ir.Module, wasm: Wasm, layout: Layout, python: PyModule) -> Iterator[Capability]:
    """Everything in ``docs/recovery.md`` that depends on how a guest was written or built."""
    facts = module.facts
    yield _panics(facts)
    yield _destructors(module, layout)
    yield Capability("aborts are contained", "yes", "a dead instance is never entered again; a fresh one is made on request")
    yield _abort_hook(facts)
    yield _reinit(module)
    yield _stack(facts)
    yield _closures(facts, python)
    yield _objects(module)
    yield _async(module)
    yield Capability("calls can be stopped", "yes", "deadlines, terminate() from any thread, fuel, memory and stack limits")
    yield from _frames(wasm)
    yield _messages(facts)


def _panics(facts: ir.Facts) -> Capability:
    if not facts.unwinds:
        why = "built with panic=abort: a panic ends the instance; build std with -Cpanic=unwind for PanicError and kept state"
        return Capability("panics unwind", "no", why)
    form = {"legacy": "legacy exception handling, which gen translates", "exnref": "exception handling in its final form"}
    return Capability("panics unwind", "yes", form.get(facts.eh, "its own code handles no exceptions"))


def _destructors(module: ir.Module, layout: Layout) -> Capability:
    feature = "destructors run when a host function fails"
    if not module.facts.unwinds:
        return Capability(feature, "no", "built with panic=abort")
    if not layout.trapping:
        return Capability(feature, "yes", "where the compiler kept them: direct calls of imports are declared not to unwind")
    count = len(layout.trapping)
    what = "1 import" if count == 1 else f"{count} imports"
    return Capability(feature, "partly", f"calls of {what} stand where an exception would free memory twice: they fail by a trap instead")


def _abort_hook(facts: ir.Facts) -> Capability:
    feature = "the guest's abort hook runs"
    missing = {symbols.ABORT_HANDLER, symbols.INSTANCE_TERMINATED} - facts.exports
    if missing:
        why = f"it exports no {' and no '.join(sorted(missing))}: its wasm-bindgen is too old for wasm_bindgen::handler"
        return Capability(feature, "no", why)
    if not facts.function_table:
        return Capability(feature, "no", "it has no function table, so it can have installed none")
    return Capability(feature, "yes", "set_on_abort; hooks of the host run after it")


def _reinit(module: ir.Module) -> Capability:
    asks = any(isinstance(item.role, ir.Intrinsic) and item.role.name == "reinit" for item in module.imports)
    why = "it calls schedule_reinit" if asks else "it never calls schedule_reinit; the host can, at any time"
    return Capability("the guest asks for a fresh instance", "yes" if asks else "no", why)


def _stack(facts: ir.Facts) -> Capability:
    feature = "the shadow stack is given back after every failure"
    if facts.stack_pointer is None:
        return Capability(feature, "no", "its stack pointer was not found: functions with results of several words cannot be called")
    return Capability(feature, "yes", "its stack pointer was found")


def _closures(facts: ir.Facts, python: PyModule) -> Capability:
    if not python.closures:
        return Capability("closures are guarded", "yes", "it hands out none")
    if not facts.function_table:
        return Capability("closures are guarded", "no", "it has no function table to call them through")
    return Capability("closures are guarded", "yes", f"{len(python.closures)} types")


def _objects(module: ir.Module) -> Capability:
    feature = 'objects come back after a reinit (stale="recreate")'
    constructed = {item.owner for item in module.exports if item.kind == "constructor"}
    with_, without = ([s.name for s in module.structs if (s.key in constructed) is has] for has in (True, False))
    if not module.structs:
        return Capability(feature, "yes", "it exports no classes")
    if not without:
        return Capability(feature, "yes", "every class has a constructor")
    why = f"no constructor: {', '.join(sorted(without))}; a callable can restore those"
    return Capability(feature, "partly" if with_ else "no", why)


def _async(module: ir.Module) -> Capability:
    count = sum(item.asyncness for item in module.exports)
    why = f"{count} asynchronous functions" if count else "it exports no asynchronous function"
    return Capability("pending awaitables are rejected when an instance ends", "yes", why)


def _frames(wasm: Wasm) -> Iterator[Capability]:
    named, lines = wasm.custom("name"), wasm.custom(".debug_line")
    yield Capability("deaths name Rust functions", "yes" if named else "no", "it has a name section" if named else "it was stripped")
    why = "it has debug information" if lines else 'build with debug = "line-tables-only"'
    yield Capability("deaths name files and lines", "yes" if lines else "no", why)


def _messages(facts: ir.Facts) -> Capability:
    if facts.unwinds:
        return Capability("panics tell their message", "yes", "in PanicError")
    why = "where a panic hook tells the host, as console_error_panic_hook does"
    return Capability("panics tell their message", "partly", why)
