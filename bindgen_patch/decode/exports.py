"""What a guest offers: functions, classes with their members, enums, and what runs at start.

Each function here turns the programs' entries of one sort into :mod:`~bindgen_patch.ir` nodes. Entries come once per codegen unit, so the
first of a symbol counts; an export without a descriptor is dropped, as upstream drops it. Names of shims: abi.md 1.4; start: abi.md 4.4.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from bindgen_patch import ir, symbols
from bindgen_patch.decode.blame import DAMAGED
from bindgen_patch.decode.guest import Guest, doc, namespace, qualified
from bindgen_patch.decode.program import Argument, Case, Enum, Export, Operation, Program, StringEnum, Struct, StructField
from bindgen_patch.errors import GenerationError

_ACCESSORS: dict[tuple[str, bool], ir.ExportKind] = {
    ("Getter", False): "getter",
    ("Setter", False): "setter",
    ("Getter", True): "static_getter",
    ("Setter", True): "static_setter",
}


def exports(guest: Guest) -> tuple[ir.Export, ...]:
    """Every function a host may call, in program order; fields count as a getter and, unless read-only, a setter."""
    found: dict[str, ir.Export] = {}
    for program in guest.metadata.programs:
        for export in program.exports:
            symbol = _symbol(program, export)
            if symbol not in found and export.start.name != "Private" and (made := _export(guest, program, export, symbol)):
                found[symbol] = made
        for struct in program.structs:
            for field in struct.fields:
                for made in _field(guest, program, struct, field):
                    found.setdefault(made.symbol, made)
    return tuple(found.values())


def start(guest: Guest) -> tuple[str, ...]:
    """Exports to run after instantiation, in program order. Without any, a C ``main`` that is no export of the macro's."""
    found: dict[str, None] = {}
    for program in guest.metadata.programs:
        for export in program.exports:
            symbol = _symbol(program, export)
            if export.start.name != "None" and symbol in guest.described.shims:
                if guest.exported(symbol) != ir.FuncType((), ()):
                    raise GenerationError(f"start function `{export.function.name}` takes or gives values", hint=DAMAGED)
                found[symbol] = None
    if not found and (index := guest.wasm.exported_functions.get(symbols.MAIN)) is not None:
        words = guest.wasm.signature(index).words()
        if words == ir.FuncType(("i32", "i32"), ("i32",)):
            return (symbols.MAIN,)
    return tuple(found)


def structs(guest: Guest) -> tuple[ir.StructDef, ...]:
    """Every exported struct, in program order."""
    found: dict[str, ir.StructDef] = {}
    parents: dict[str, tuple[str, str]] = {}
    for program in guest.metadata.programs:
        for struct in program.structs:
            made = _struct(guest, program, struct)
            if made.key not in found:
                found[made.key] = made
                if parent := _parent(guest, program, struct):
                    parents[made.key] = parent
    return tuple(_with_ancestors(struct, parents) for struct in found.values())


def enums(guest: Guest) -> tuple[ir.EnumDef, ...]:
    """Every exported numeric enum, in program order."""
    found: dict[str, ir.EnumDef] = {}
    for program in guest.metadata.programs:
        for enum in program.enums:
            made = _enum(guest, program, enum)
            found.setdefault(made.key, made)
    return tuple(found.values())


def string_enums(guest: Guest) -> tuple[ir.StringEnumDef, ...]:
    """Every string enum, in program order."""
    found: dict[str, ir.StringEnumDef] = {}
    for program in guest.metadata.programs:
        for imported in program.imports:
            if isinstance(imported.kind, StringEnum):
                made = _string_enum(guest, program, imported.kind)
                found.setdefault(made.key, made)
    return tuple(found.values())


# ---------------------------------------------------------------------------------------------- functions


def _symbol(program: Program, export: Export) -> str:
    name = export.function.name
    base = symbols.free_function(name) if export.class_ is None else symbols.class_function(export.class_, name)
    return symbols.mangled(qualified(export.js_namespace, base), program.crate_hash)


def _export(guest: Guest, program: Program, export: Export, symbol: str) -> ir.Export | None:
    signature = guest.signature(symbol)
    if signature is None:
        return None
    name, kind = _role(export)
    return ir.Export(
        symbol=symbol,
        name=name,
        kind=kind,
        owner=_owner(guest, program, export),
        params=_params(export, signature),
        ret=_said(signature.ret, None if export.function.asyncness else export.function.ret_ty_override),
        logical=_said(signature.logical, export.function.ret_ty_override),
        wasm=guest.exported(symbol),
        doc=doc(export.comments),
        consumes=export.consumed,
        variadic=export.function.variadic,
        asyncness=export.function.asyncness,
        namespace=namespace(export.js_namespace),
        late=export.function.asyncness and guest.metadata.schema.late_borrows,
    )


def _role(export: Export) -> tuple[str, ir.ExportKind]:
    """The name JavaScript knows it by, and its kind."""
    name = export.function.name
    if export.class_ is None:
        return name, "function"
    match export.method_kind:
        case Case():
            return name, "constructor"
        case Operation(is_static, Case(kind, property_)):
            if (kind, is_static) in _ACCESSORS:
                return str(property_), _ACCESSORS[kind, is_static]
            return name, "static" if is_static else "method"


def _owner(guest: Guest, program: Program, export: Export) -> str | None:
    if export.class_ is None:
        return None
    name = qualified(export.js_namespace, export.class_)
    key = guest.identities.class_of(name, program.unique_crate_identifier)
    if key is None:
        raise GenerationError(
            f"`{export.function.name}` is exported as a member of class `{name}`, which is not exported",
            hint="a struct with `js_name` or `js_namespace` needs the same as `js_class` and `js_namespace` on its impl block",
        )
    return key


def _params(export: Export, signature: ir.Signature) -> tuple[ir.Param, ...]:
    """Types are the descriptor's; a name that is missing is made up."""
    told = export.function.args[: len(signature.params)]
    paired = enumerate(zip_longest(told, signature.params, fillvalue=None))
    return tuple(_param(argument or Argument(""), type_, place) for place, (argument, type_) in paired if type_ is not None)


def _param(argument: Argument, type_: ir.Type, place: int) -> ir.Param:
    override = argument.ty_override
    if override is not None and argument.optional:
        override = f"({override}) | undefined"
    return ir.Param(argument.name or f"arg{place}", _said(type_, override), argument.optional and isinstance(type_, ir.JsValue))


def _said(type_: ir.Type, override: str | None) -> ir.Type:
    """A type whose ``JsValue`` is called in TypeScript as its author says. Rust's other types are known better than that."""
    match type_:
        case ir.JsValue() if override is not None:
            return ir.JsValue(override)
        case ir.Ref(target, mutable):
            return ir.Ref(_said(target, override), mutable)
        case ir.Result(ok):
            return ir.Result(_said(ok, override))
    return type_


# ---------------------------------------------------------------------------------------------- classes


def _field(guest: Guest, program: Program, struct: Struct, field: StructField) -> Iterator[ir.Export]:
    owner = qualified(struct.js_namespace, struct.name)
    getter = symbols.mangled(symbols.field_getter(owner, field.name), program.crate_hash)
    setter = symbols.mangled(symbols.field_setter(owner, field.name), program.crate_hash)
    type_ = guest.type(getter)
    if type_ is None:
        return
    key = guest.identities.struct(owner, program.unique_crate_identifier)
    text = doc(field.comments)
    yield ir.Export(getter, field.name, "getter", key, (), type_, type_, guest.exported(getter), text)
    if not field.readonly:
        unit = ir.Unit()
        yield ir.Export(setter, field.name, "setter", key, (ir.Param("value", type_),), unit, unit, guest.exported(setter), text)


def _struct(guest: Guest, program: Program, struct: Struct) -> ir.StructDef:
    name = qualified(struct.js_namespace, struct.name)
    key = guest.identities.struct(name, program.unique_crate_identifier)
    free = symbols.mangled(symbols.destructor(name), program.crate_hash)
    guest.exported(free)
    return ir.StructDef(
        key=key,
        name=struct.name + key.removeprefix(name),
        doc=doc(struct.comments),
        free=free,
        namespace=namespace(struct.js_namespace),
        private=struct.private,
    )


def _parent(guest: Guest, program: Program, struct: Struct) -> tuple[str, str] | None:
    """The parent's key and the export that casts to it."""
    bare = struct.extends_js_class or struct.extends
    if bare is None:
        return None
    child = qualified(struct.js_namespace, struct.name)
    name = qualified(struct.extends_js_namespace, bare)
    key = guest.identities.parent_of(name, program.unique_crate_identifier)
    if key is None:
        raise GenerationError(
            f"`{child}` extends `{name}`, which is not exported, or more than once",
            hint="export the parent under a name of its own",
        )
    symbol = symbols.mangled(symbols.upcast(child, name), program.crate_hash)
    guest.exported(symbol)
    return key, symbol


def _with_ancestors(struct: ir.StructDef, parents: dict[str, tuple[str, str]]) -> ir.StructDef:
    upcasts: list[tuple[str, str]] = []
    key = struct.key
    while parent := parents.get(key):
        key = parent[0]
        if key == struct.key or len(upcasts) > len(parents):
            raise GenerationError(f"`{struct.name}` extends itself", hint=DAMAGED)
        upcasts.append(parent)
    if not upcasts:
        return struct
    return ir.StructDef(
        struct.key, struct.name, struct.doc, struct.free, struct.namespace, struct.private, extends=upcasts[0][0], upcasts=tuple(upcasts)
    )


# ---------------------------------------------------------------------------------------------- enums


def _enum(guest: Guest, program: Program, enum: Enum) -> ir.EnumDef:
    name = qualified(enum.js_namespace, enum.name)
    key = guest.identities.enum(name, program.unique_crate_identifier, program.module_hash)
    sign = 1 << 31 if enum.signed else 0
    variants = tuple(ir.Variant(v.name, (v.value ^ sign) - sign, doc(v.comments)) for v in enum.variants)
    return ir.EnumDef(key, enum.name + key.removeprefix(name), doc(enum.comments), variants, namespace(enum.js_namespace), enum.private)


def _string_enum(guest: Guest, program: Program, enum: StringEnum) -> ir.StringEnumDef:
    """Rust's names of the variants are not recorded, so a variant's name is its value."""
    values = enum.variant_values
    key = guest.identities.string_enum(enum.name, program.unique_crate_identifier, program.module_hash, len(values))
    return ir.StringEnumDef(key, key, doc(enum.comments), tuple(ir.Variant(value, value) for value in values), enum.private)
