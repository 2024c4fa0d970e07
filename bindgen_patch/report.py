"""What the command line tells about a guest, as plain data."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

from bindgen_patch import ir, symbols
from bindgen_patch.capabilities import capabilities
from bindgen_patch.decode import decode
from bindgen_patch.edit import edit
from bindgen_patch.emit import abi
from bindgen_patch.emit.module import PyModule, build
from bindgen_patch.emit.plan import Function
from bindgen_patch.emit.receipt import Told


def panics(module: ir.Module) -> str:
    """The guest's panic strategy in words."""
    if not module.facts.unwinds:
        return "panic=abort: a panic ends the instance"
    return "panic=unwind: panics are exceptions"


def ir_text(module: ir.Module) -> str:
    """The model, as JSON: what ``gen --show ir`` prints."""
    return json.dumps(_tagged(module), indent=2) + "\n"


def _tagged(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {"is": type(value).__name__} | {field.name: _tagged(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, frozenset):
        return sorted(value)
    return [_tagged(item) for item in value] if isinstance(value, tuple) else value


def generated(module: ir.Module, python: PyModule, files: Mapping[str, bytes]) -> Told:
    """What ``gen`` says of a package, and ``gen --json`` prints."""
    return {
        "files": {name: len(content) for name, content in sorted(files.items())},
        "panics": panics(module),
        "functions": [f.name for f in python.functions],
        "classes": [c.name for c in python.classes],
        "enums": [e.name for e in python.enums],
        "notes": list(python.notes),
    }


def inspected(data: bytes, name: str) -> dict[str, Any]:
    """What ``inspect`` shows. Raises :class:`GenerationError` for what cannot even be read."""
    module, wasm = decode(data, name)
    python = build(module, title=name)
    able = capabilities(module, wasm, edit(wasm, module).layout, python)
    facts = module.facts
    return {
        "guest": {
            "file": name,
            "bytes": len(data),
            "schema": module.schema,
            "wasm_bindgen": module.version,
            "panic": "unwind" if facts.unwinds else "abort",
            "exception_handling": facts.eh,
            "stack_pointer_found": facts.stack_pointer is not None,
            "function_table": facts.function_table,
            "guarded": _guarded(python),
            "crates": ", ".join(module.crates),
        },
        "recovery": [dataclasses.asdict(capability) for capability in able],
        "exports": _exports(python),
        "imports": _imports(module),
        "notes": list(python.notes),
    }


def _guarded(python: PyModule) -> str:
    methods = sum(len(c.functions) for c in python.classes)
    counts = {
        "functions": len(python.functions),
        "methods and accessors": methods,
        "destructors": len(python.classes),
        "closure types": len(python.closures),
    }
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "nothing"


def _exports(python: PyModule) -> list[dict[str, str]]:
    rows = [{"name": f.name, "python": _signature(f), "doc": f.doc[0] if f.doc else ""} for f in python.functions]
    for c in python.classes:
        rows.append({"name": c.name, "python": f"class {c.name}", "doc": c.doc[0]})
        rows += [{"name": f"{c.name}.{f.name}", "python": _signature(f), "doc": f.doc[0] if f.doc else ""} for f in c.functions]
    rows += [{"name": e.name, "python": f"class {e.name}({e.base.removeprefix('_enum.')})", "doc": e.doc[0]} for e in python.enums]
    return rows


def _signature(f: Function) -> str:
    params = [param for param in f.params if param not in ("self", "cls")]
    return f"({', '.join(params)}) -> {f.returns}".replace("_bp.", "")


def _imports(module: ir.Module) -> list[dict[str, str]]:
    rows = []
    for item in module.imports:
        match item.role:
            case ir.Call(name=symbols.CLOSURE_UNREF):
                continue
            case ir.Call(target, operation):
                where, use, rust = target, operation.replace("_", " "), abi.declaration(item.role)
            case ir.Static(target, t):
                where, use, rust = target, "static", f"static {target.path[-1]}: {abi.rust(t)}"
            case ir.InstanceOf(target):
                where, use, rust = target, "instanceof", f"type {target.path[-1]}"
            case _:
                continue
        rows.append({"from": where.module or "globals", "name": ".".join(where.path), "use": use, "rust": rust})
    return rows
