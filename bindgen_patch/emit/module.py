"""A whole package as data: every class, enum, function, import and closure type with its final names, ready for the template."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from bindgen_patch import ir, symbols
from bindgen_patch.emit import abi, plan
from bindgen_patch.emit.hints import DictText, Hints
from bindgen_patch.emit.layout import quoted
from bindgen_patch.emit.names import (
    BUILTINS,
    CALLED_BUILTINS,
    INSTANCE_CONTROL,
    MODULE_RESERVED,
    OBJECT_CONTROL,
    PREFIX,
    Scope,
    as_in_rust,
    enum_members,
    identifier,
    unique,
)
from bindgen_patch.emit.plan import Function
from bindgen_patch.emit.typescript import declarations


@dataclass(frozen=True, slots=True)
class EnumText:
    """An enum; ``members`` are (name, value as Python source, doc lines)."""

    name: str
    base: str
    doc: tuple[str, ...]
    members: tuple[tuple[str, str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class ClassText:
    """An exported struct. ``renamed`` is the source of a dict: JavaScript name -> Python name where those differ."""

    name: str
    doc: tuple[str, ...]
    free: str
    functions: tuple[Function, ...]
    renamed: str


@dataclass(frozen=True, slots=True)
class ClosureText:
    """A closure type."""

    name: str
    doc: tuple[str, ...]
    shim: int
    signature: str
    mutable: bool
    record: bool
    call: Function


@dataclass(frozen=True, slots=True)
class TargetText:
    """A variable that finds an imported item."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ImportText:
    """A line of the import table; ``module``, ``symbol`` and ``adapter`` are expressions, ``function`` the adapter's text if it is ours."""

    module: str
    symbol: str
    signature: str
    adapter: str
    catch: bool
    asyncness: bool
    fatal: str
    host_slot: bool
    function: Function | None
    target: TargetText | None


@dataclass(frozen=True, slots=True)
class PyModule:
    """The generated ``__init__.py``, as data."""

    doc: tuple[str, ...]
    enums: tuple[EnumText, ...]
    classes: tuple[ClassText, ...]
    functions: tuple[Function, ...]
    aliases: tuple[tuple[str, str], ...]
    """(module-level name, attribute of the default instance)."""
    closures: tuple[ClosureText, ...]
    imports: tuple[ImportText, ...]
    exports: tuple[tuple[str, str, str], ...]
    """(call name, wasm export as Python source, signature)."""
    start: tuple[tuple[str, tuple[int, ...]], ...]
    slots: tuple[str, ...]
    """What the host table of ``module.wasm`` holds: exports of ``shims.wasm`` as Python source."""
    table: bool
    qualified_builtins: bool
    dicts: tuple[DictText, ...] = ()
    """Object types of TypeScript's; their hints are final."""
    plans: tuple[tuple[str, str], ...] = ()
    """What the accelerator can call by itself: (class and function, how)."""
    host_plans: tuple[tuple[str, str], ...] = ()
    """What it can do for the guest by itself: (adapter, how)."""
    abort_handler: bool = True
    """Whether a death is one: without, the instance goes on (``gen --abort-handler=off``)."""
    notes: tuple[str, ...] = ()
    """What the user should know: renamed things, and what this version left out."""


@dataclass(slots=True)
class _Builder:
    module: ir.Module
    pep8: bool
    reset_state: bool
    notes: list[str] = field(default_factory=list)
    calls: dict[str, tuple[str, str]] = field(default_factory=dict)
    closures: dict[tuple[ir.Signature, bool], str] = field(default_factory=dict)
    taken: set[str] = field(default_factory=lambda: {"_bp", "_builtins", "_enum"})
    """The module's names, public and private."""

    def renamed(self, what: str, name: str, final: str) -> str:
        if name != final:
            self.notes.append(f"{what} is {final} in Python")
        return final

    def call(self, wanted: str, symbol: str, wasm: ir.FuncType) -> str:
        """A call name for a wasm export: readable, and apart from all others."""
        name = base = "call_" + "".join(c if ("a" + c).isidentifier() else "_" for c in unicodedata.normalize("NFKC", wanted))
        number = 2
        while name in self.calls and self.calls[name][0] != symbol:
            name, number = f"{base}_{number}", number + 1
        self.calls[name] = (symbol, abi.signature(wasm))
        return name

    def closure(self, signature: ir.Signature, mutable: bool) -> str:
        if (signature, mutable) not in self.closures:
            self.closures[signature, mutable] = unique(f"_Closure{len(self.closures)}", self.taken)
        return self.closures[signature, mutable]


def build(
    module: ir.Module,
    *,
    title: str,
    slots: Iterable[str] = (),
    pep8: bool = False,
    abort_handler: bool = True,
    reset_state: bool = False,
) -> PyModule:
    """Name and plan everything. ``slots`` are the host table's, as ``edit`` has laid them out; the rest are options of ``gen``.

    Raises :class:`GenerationError` for collisions and for code that its descriptors do not fit.
    """
    b = _Builder(module, pep8, reset_state)
    if not abort_handler:
        b.notes.append(_UNWINDS_ANYWAY if module.facts.unwinds else _NO_ABORT_HANDLER)
    b.calls.update((name, (symbol, signature)) for name, symbol, signature in _RUNTIME_CALLS if symbol in module.facts.exports)
    scope = Scope("bindings", MODULE_RESERVED)
    uses = Counter(item.name for kind in (module.enums, module.string_enums, module.structs) for item in kind)
    shared = {name for name, count in uses.items() if count > 1}
    enums = {e.key: _claim_type(b, scope, e.name, "enum", e.private, e.namespace, shared) for e in _sorted(module.enums)}
    string_enums = {e.key: _claim_type(b, scope, e.name, "string enum", e.private) for e in _sorted(module.string_enums)}
    structs = {s.key: _claim_type(b, scope, s.name, "class", s.private, s.namespace, shared) for s in _sorted(module.structs)}
    free = sorted((item for item in module.exports if item.owner is None), key=lambda item: (item.namespace, item.name))
    names = {id(item): _claim_function(b, scope, item) for item in free}
    members = {item.name for item in module.exports} | set(names.values())
    b.taken |= set(scope.taken)
    parameters = {as_in_rust(param.name) for item in module.exports for param in item.params}
    taken = frozenset(scope.taken) | (members & set(BUILTINS)) | (parameters & set(CALLED_BUILTINS))
    counts = {e.key: len(e.variants) for e in module.string_enums}
    hints = _hints(b, structs, members | {identifier(name) for name in parameters})
    writer = plan.Writer(abi.Names(structs, enums, string_enums, counts, b.closure, hints.of), taken)
    known = set(structs.values()) | set(enums.values()) | set(string_enums.values())

    classes = tuple(_class(b, writer, s, structs[s.key], known) for s in _sorted(module.structs))
    functions, aliases = _functions(b, writer, free, names, known, set(structs.values()))
    imports = tuple(_imports(b, writer, structs))
    closures = tuple(_closures(b, writer))
    dicts = tuple(_dict(writer, text) for text in sorted(hints.made.values(), key=lambda text: text.name))
    start = tuple(
        (b.call(f"start_{symbol}", symbol, _start_type(module, symbol)), _start_arguments(module, symbol)) for symbol in module.start
    )
    return PyModule(
        doc=(
            *plan.doc_lines(f"Python bindings for the guest ``{title}``."),
            "",
            "The functions here run on :data:`instance`, which starts at the first call; :class:`Instance` makes others, apart from it.",
        ),
        enums=(
            *(_enum(e, enums[e.key]) for e in _sorted(module.enums)),
            *(_string_enum(e, string_enums[e.key]) for e in _sorted(module.string_enums)),
        ),
        dicts=dicts,
        classes=classes,
        functions=functions,
        aliases=aliases,
        closures=closures,
        imports=imports,
        exports=tuple((name, quoted(symbol), signature) for name, (symbol, signature) in b.calls.items()),
        start=start,
        slots=tuple(map(quoted, slots)),
        table=module.facts.function_table,
        qualified_builtins=writer.shadowed,
        plans=tuple(_plans(classes, functions)),
        host_plans=tuple((item.function.name, item.function.plan) for item in imports if item.function and item.function.plan),
        abort_handler=abort_handler or module.facts.unwinds,
        notes=tuple(b.notes),
    )


def _hints(b: _Builder, structs: Mapping[str, str], others: set[str]) -> Hints:
    """What TypeScript's words for a ``JsValue`` mean here."""
    names = {e.name: "{int}" for e in b.module.enums} | {e.name: "{str}" for e in b.module.string_enums}
    names |= {s.name: structs[s.key] for s in b.module.structs}
    reserved = MODULE_RESERVED | others

    def claim(name: str) -> str:
        return unique(name + "_" if name in reserved or name in BUILTINS else name, b.taken)

    return Hints(declarations(b.module.typescript), names, claim)


def _dict(writer: plan.Writer, text: DictText) -> DictText:
    shadows = {name for name, _ in text.fields}
    fields = tuple((name, writer.hint(hint, shadows)) for name, hint in text.fields)
    return dataclasses.replace(text, fields=fields)


_NO_ABORT_HANDLER = "--abort-handler=off: a call that fails leaves the instance live, and the next call runs on what is left of it"
_UNWINDS_ANYWAY = "--abort-handler=off changes nothing: a guest whose panics unwind always has the handler"

_RESET = Function(
    name="reset_state",
    params=("self",),
    returns="None",
    doc=(
        "Put a fresh guest instance in the place of this one.",
        "",
        "At once, or, while a call is running, before the next outermost one. Objects of the present instance become stale; no hook runs.",
    ),
    body=("super()._bp_reset()",),
)
"""What upstream exports as ``__wbg_reset_state`` with ``--experimental-reset-state-function``. That name would be mangled in a class."""

T = TypeVar("T", ir.StructDef, ir.EnumDef, ir.StringEnumDef)


def _sorted(items: Iterable[T]) -> list[T]:
    """By name: rustc leaves a crate's items in no order that a reader would know."""
    return sorted(items, key=lambda item: (item.name, item.key))


_RUNTIME_CALLS = (
    ("call_malloc", symbols.MALLOC, "ii:i"),
    ("call_free", symbols.FREE, "iii:"),
    ("call_exn_store", symbols.EXN_STORE, "i:"),
    ("call_destroy_closure", symbols.DESTROY_CLOSURE, "ii:"),
)
"""What the run time calls on its own account: allocator, error slot, closures."""


def _claim_type(
    b: _Builder, scope: Scope, name: str, what: str, private: bool, namespace: tuple[str, ...] = (), shared: Container[str] = ()
) -> str:
    """What a class is called; the namespace is part of it where a name is ``shared`` by several."""
    path = (*namespace, name) if name in shared else (name,)
    wanted = identifier("_".join(path))
    while private and wanted in scope.taken:
        wanted += "_"
    return b.renamed(f"{what} {'.'.join(path)}", name, scope.claim(wanted, f"{what} {'.'.join(path)}"))


def _claim_function(b: _Builder, scope: Scope, item: ir.Export) -> str:
    name = "_".join((*item.namespace, item.name))
    return b.renamed(
        f"function {'.'.join((*item.namespace, item.name))}", name, scope.claim(identifier(name, pep8=b.pep8), f"function {item.name}")
    )


def _enum(e: ir.EnumDef, name: str) -> EnumText:
    members = zip(enum_members([v.name for v in e.variants], int), e.variants, strict=True)
    texts = tuple((member, str(v.value), plan.doc_lines(v.doc)) for member, v in members)
    return EnumText(name, "_enum.IntEnum", plan.doc_lines(e.doc, f"Rust's ``enum {e.name}``."), texts)


def _string_enum(e: ir.StringEnumDef, name: str) -> EnumText:
    members = zip(enum_members([v.name for v in e.variants], str), e.variants, strict=True)
    texts = tuple((member, quoted(str(v.value)), plan.doc_lines(v.doc)) for member, v in members)
    return EnumText(name, "_enum.StrEnum", plan.doc_lines(e.doc, f"The strings of Rust's ``enum {e.name}``."), texts)


_ORDER = {"constructor": 0, "static": 1, "static_getter": 1, "static_setter": 1, "getter": 2, "setter": 2, "method": 3}


def _class(b: _Builder, writer: plan.Writer, s: ir.StructDef, name: str, known: set[str]) -> ClassText:
    scope = Scope(name, OBJECT_CONTROL)
    functions, renamed = [], []
    own = [item for item in b.module.exports if item.owner == s.key]
    readable = {item.name for item in own if item.kind == "getter"}
    methods = {item.name for item in own if item.kind == "method"}
    for item in sorted(own, key=lambda item: (_ORDER[item.kind], item.name, item.kind != "getter")):
        wanted = {"static_getter": f"get_{item.name}", "static_setter": f"set_{item.name}"}.get(item.kind, item.name)
        what = f"{item.kind} {s.name}.{item.name}"
        if item.kind in ("getter", "setter") and item.name in methods:
            b.notes.append(f"{what} is left out: the method of that name hides it, as it does in JavaScript")
            continue
        final = "__init__" if item.kind == "constructor" else scope.claim(
            identifier(wanted, pep8=b.pep8), what, accessor=item.kind in ("getter", "setter")
        )  # fmt: skip
        if item.kind != "constructor" and final != item.name:
            renamed.append(f"{quoted(item.name)}: {quoted(b.renamed(what, item.name, final))}")
        call = b.call(f"{name}_{_call_suffix(item)}", item.symbol, item.wasm)
        try:
            function = plan.export(writer, item, final, call, set(known))
        except abi.Unsupported as reason:
            b.notes.append(f"{what} is left out: {reason}")
            continue
        if item.kind == "setter" and item.name not in readable:
            functions.append(plan.write_only(writer, final, function.doc))
        functions.append(function)
    free = b.call(f"{name}_free", s.free, ir.FuncType(("i32", "i32"), ()))
    members = "{" + ", ".join(renamed) + "}" if renamed else ""
    return ClassText(name, plan.doc_lines(s.doc, f"Rust's ``struct {s.name}``."), free, tuple(functions), members)


def _plans(classes: Iterable[ClassText], functions: Iterable[Function]) -> Iterable[tuple[str, str]]:
    owners = [*((cls.name, cls.functions) for cls in classes), ("Instance", functions)]
    for owner, members in owners:
        for function in members:
            if function.plan:
                setter = any(decorator.endswith(".setter") for decorator in function.decorators)
                yield f"{owner}.{function.name}{'=' * setter}", function.plan


def _call_suffix(item: ir.Export) -> str:
    prefix = {"getter": "get_", "setter": "set_", "static_getter": "get_", "static_setter": "set_"}.get(item.kind, "")
    return "new" if item.kind == "constructor" else prefix + item.name


def _functions(
    b: _Builder, writer: plan.Writer, free: Iterable[ir.Export], names: dict[int, str], known: set[str], classes: set[str]
) -> tuple[tuple[Function, ...], tuple[tuple[str, str], ...]]:
    """Free functions as methods of ``Instance``, and their module-level names."""
    control = INSTANCE_CONTROL | {_RESET.name} if b.reset_state else INSTANCE_CONTROL
    scope = Scope("Instance", control, {name: f"class {name}" for name in classes})
    functions, aliases = [], []
    for item in free:
        name = names[id(item)]
        method = scope.claim(name, f"function {item.name}")
        if method != name:
            b.notes.append(f"function {item.name} is {method} on Instance, where {name} is a control name")
        try:
            functions.append(plan.export(writer, item, method, b.call(name, item.symbol, item.wasm), set(known)))
        except abi.Unsupported as reason:
            b.notes.append(f"function {item.name} is left out: {reason}")
            continue
        aliases.append((name, method))
    if b.reset_state:
        functions.append(_RESET)
        aliases.append((symbols.RESET_STATE, _RESET.name))
    return tuple(functions), tuple(aliases)


def _closures(b: _Builder, writer: plan.Writer) -> Iterable[ClosureText]:
    """Every closure type that was named so far; planning one may name more."""
    done = 0
    while done < len(b.closures):
        (signature, mutable), name = list(b.closures.items())[done]
        done += 1
        function, wasm, record = plan.closure(writer, signature)
        doc = plan.doc_lines(f"``dyn {'FnMut' if mutable else 'Fn'}{abi.arrow(signature)}``")
        yield ClosureText(name, doc, signature.shim, wasm, mutable, record, function)


def _imports(b: _Builder, writer: plan.Writer, structs: dict[str, str]) -> Iterable[ImportText]:
    tasks = any(isinstance(item.role, ir.Call) and item.role.task_queue for item in b.module.imports)
    for item in b.module.imports:
        fatal = _fatal(item.role) if tasks else ""
        name = unique(_private(_import_name(item)), b.taken)
        target = _target(item.role, unique(f"{name}_target", b.taken))
        signature = abi.signature(item.wasm)
        asyncness = isinstance(item.role, ir.Call) and item.role.asyncness
        catch = isinstance(item.role, ir.Call) and item.role.catch and not asyncness
        if isinstance(item.role, ir.Call) and item.role.name == symbols.CLOSURE_UNREF:
            item = dataclasses.replace(item, role=ir.Intrinsic("cb_unref"))  # the run time knows its closures
        try:
            function = plan.adapter(writer, item, name, target.name if target else "", structs)
            adapter = name if function else _ready_made(item.role)
        except abi.Unsupported as reason:
            b.notes.append(f"import {_import_name(item)} fails when the guest calls it: {reason}")
            function, adapter, target = None, f"_bp.unsupported({quoted(str(reason))})", None
        host_slot = item.function is not None
        yield ImportText(quoted(item.module), quoted(item.symbol), signature, adapter, catch, asyncness, fatal, host_slot, function, target)


def _fatal(role: ir.Role) -> str:
    """What keeps an import from ending as it does in JavaScript, so that tasks of js-sys may hang for ever: see ``runtime.Import``.

    Functions of the host's own are not concerned, nor those that are there to raise something.
    """
    if not isinstance(role, ir.Call):
        return "" if isinstance(role, ir.Intrinsic) and role.name in ("throw", "rethrow") else "interrupt"
    return "failure" if symbols.PROMISE in role.target.path or role.name == symbols.QUEUE_MICROTASK else ""


def _ready_made(role: ir.Role) -> str:
    if isinstance(role, ir.Intrinsic):
        return f'_bp.intrinsic("{role.name}")'
    assert isinstance(role, ir.Unsupported)
    return f"_bp.unsupported({quoted(role.reason)})"


def _private(name: str) -> str:
    """A host function's name: behind an underscore, apart from what else starts with one."""
    name = name.strip("_")
    return f"_import_{name}".rstrip("_") if not name or f"_{name}".startswith(PREFIX) else f"_{name}"


def _import_name(item: ir.Import) -> str:
    match item.role:
        case ir.Call(target, operation, name):
            path = [*target.path[:-1], name] if operation in ("call",) else [*target.path, *([] if operation == "new" else [name])]
            prefix = {"new": "new_", "get": "get_", "set": "set_", "static_get": "get_", "static_set": "set_"}.get(operation, "")
            return prefix + "_".join(identifier(part).strip("_") for part in path if part)
        case ir.Static(target, _):
            return "static_" + identifier(target.path[-1]).strip("_")
        case ir.InstanceOf(target):
            return "is_" + identifier(target.path[-1]).strip("_")
        case ir.Wrap(key):
            return "wrap_" + identifier(key.rpartition("::")[2])
        case ir.Unwrap(key):
            return "unwrap_" + identifier(key.rpartition("::")[2])
        case ir.ConstString():
            return "string"
        case ir.Cast():
            return "cast"
        case ir.Intrinsic(name):
            return name
        case ir.Unsupported():
            return identifier(item.symbol).strip("_")


_THIS = {"method", "get", "set", "index_get", "index_set", "index_delete"}


def _target(role: ir.Role, name: str) -> TargetText | None:
    match role:
        case ir.Call(target, operation) if operation not in _THIS:
            rust = abi.declaration(role)
        case ir.Static(target, t):
            rust = f"static {target.path[-1]}: {abi.rust(t)}"
        case ir.InstanceOf(target):
            rust = f"type {target.path[-1]}"
        case _:
            return None
    parts = [quoted(part) for part in target.path]
    if target.module is not None:
        parts.append(f"module={quoted(target.module)}")
    if target.vendor_prefixes:
        parts.append(f"prefixes=({', '.join(map(quoted, target.vendor_prefixes))},)")
    return TargetText(name, ", ".join([*parts, f"rust={quoted(rust)}"]))


def _start_type(module: ir.Module, symbol: str) -> ir.FuncType:
    return ir.FuncType(("i32", "i32"), ("i32",)) if symbol == symbols.MAIN else ir.FuncType((), ())


def _start_arguments(module: ir.Module, symbol: str) -> tuple[int, ...]:
    return (0, 0) if symbol == symbols.MAIN else ()
