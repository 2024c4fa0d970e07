"""A guest, read and described, as the :class:`~bindgen_patch.ir.Module` that later stages work from."""

from __future__ import annotations

from bindgen_patch import ir, symbols
from bindgen_patch.decode import exports, imports
from bindgen_patch.decode.checks import EhForm
from bindgen_patch.decode.container import Global, Wasm, global_names
from bindgen_patch.decode.guest import Guest


def resolve(guest: Guest, eh: EhForm, stack_pointer: int | None) -> ir.Module:
    """Everything that is known of the guest. ``eh`` and ``stack_pointer`` are facts found before describing."""
    imported, exported = imports.imports(guest), exports.exports(guest)
    mentioned = _string_enums(exported, imported)
    crates = dict.fromkeys(program.unique_crate_identifier for program in guest.metadata.programs)
    return ir.Module(
        schema=guest.metadata.schema.name,
        version=guest.metadata.version,
        facts=_facts(guest.wasm, imported, eh, stack_pointer),
        exports=exported,
        structs=exports.structs(guest),
        enums=exports.enums(guest),
        string_enums=tuple(enum for enum in exports.string_enums(guest) if enum.key in mentioned),
        imports=imported,
        start=exports.start(guest),
        typescript=tuple(dict.fromkeys(text for program in guest.metadata.programs for text in program.typescript_custom_sections)),
        crates=tuple(crates),
    )


def stack_pointer(wasm: Wasm) -> int | None:
    """The ``__stack_pointer`` global: by name, else the only mutable ``i32`` that does not start at zero, or the first of two.

    Source: ``get_stack_pointer`` upstream, abi.md 7.
    """
    named = (index for index, name in global_names(wasm).items() if name == symbols.STACK_POINTER_NAME)
    shaped = [index for index, found in enumerate(wasm.globals) if _may_be_stack_pointer(found)]
    index = next(named, None)
    if index in shaped:
        return index
    return shaped[0] if 1 <= len(shaped) <= 2 else None


def _may_be_stack_pointer(found: Global) -> bool:
    return found.type == "i32" and found.mutable and bool(found.init)


def _facts(wasm: Wasm, imported: tuple[ir.Import, ...], eh: EhForm, pointer: int | None) -> ir.Facts:
    names = {export.name for export in wasm.exports}
    describes = {name for name in names if name.startswith(symbols.DESCRIBE_PREFIX) or name == symbols.SKIP_INTERPRET_CALLS}
    panic_error = ir.Intrinsic(symbols.PANIC_ERROR.removeprefix(symbols.INTRINSIC_PREFIX))
    return ir.Facts(
        eh=eh,
        unwinds=eh != "none" or any(i.role == panic_error for i in imported),
        stack_pointer=pointer,
        function_table=bool(wasm.tables) and wasm.tables[0].element == "funcref",
        exports=frozenset(names - describes),
        describes=frozenset(describes),
    )


# ---------------------------------------------------------------------------------------------- string enums in use


def _string_enums(exported: tuple[ir.Export, ...], imported: tuple[ir.Import, ...]) -> set[str]:
    """Keys of the string enums that cross anywhere. A crate like js-sys brings dozens that its users never touch."""
    types: list[ir.Type] = []
    for export in exported:
        types += (*(param.type for param in export.params), export.ret, export.logical)
    for one in imported:
        types += _role_types(one.role)
    found: set[str] = set()
    while types:
        type_ = types.pop()
        if isinstance(type_, ir.StringEnum):
            found.add(type_.key)
        types += _inner_types(type_)
    return found


def _role_types(role: ir.Role) -> tuple[ir.Type, ...]:
    match role:
        case ir.Call(signature=signature):
            return _signature_types(signature)
        case ir.Cast(param, ret):
            return param, ret
        case ir.Static(type=type_):
            return (type_,)
        case _:
            return ()


def _inner_types(type_: ir.Type) -> tuple[ir.Type, ...]:
    match type_:
        case ir.Ref(target) | ir.Option(target) | ir.Nullable(target) | ir.Slice(target) | ir.Vec(target) | ir.Result(target):
            return (target,)
        case ir.DynamicUnion(variants=variants):
            return variants
        case ir.Function(signature) | ir.Closure(signature=signature):
            return _signature_types(signature)
        case _:
            return ()


def _signature_types(signature: ir.Signature) -> tuple[ir.Type, ...]:
    return (*signature.params, signature.ret, signature.logical)
