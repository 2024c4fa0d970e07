"""What a guest asks of its host: every imported function, and every local one whose body the host must supply, with its role.

Roles come from the programs, matched by the shim's symbol; whatever no program explains is :class:`~bindgen_patch.ir.Unsupported`, so that
it fails when it is called and not before. Rules: abi.md 4 and 5.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from bindgen_patch import ir, symbols
from bindgen_patch.decode.blame import DAMAGED, blaming
from bindgen_patch.decode.guest import Guest, namespace, qualified
from bindgen_patch.decode.program import (
    Case,
    DynamicUnion,
    Import,
    ImportFunction,
    ImportStatic,
    ImportString,
    ImportType,
    Operation,
    Program,
    StringEnum,
    Strings,
)  # fmt: skip
from bindgen_patch.errors import GenerationError

_INDEXING: dict[str, tuple[ir.Operation, ir.Operation]] = {
    "IndexingGetter": ("index_get", "static_index_get"),
    "IndexingSetter": ("index_set", "static_index_set"),
    "IndexingDeleter": ("index_delete", "static_index_delete"),
}
_ACCESSORS: dict[str, tuple[ir.Operation, ir.Operation]] = {
    "Getter": ("get", "static_get"),
    "Setter": ("set", "static_set"),
}
_RAW_INTRINSICS = (symbols.OBJECT_CLONE_REF, symbols.OBJECT_DROP_REF, symbols.DESCRIBE, symbols.DESCRIBE_GENERIC_IMPORT)


def imports(guest: Guest) -> tuple[ir.Import, ...]:
    """Imported functions in the order of the import section, one for one, and behind them the generic imports by function index."""
    roles = _Roles(guest)
    imported = (
        ir.Import(i.module, i.name, guest.wasm.words(index, f"import `{i.name}`"), roles.of(i.module, i.name))
        for index, i in enumerate(guest.wasm.imported_functions)
    )
    return (*imported, *roles.generic_imports())


class _Roles:
    """Roles by symbol, gathered from all programs; the first program that names a symbol counts."""

    def __init__(self, guest: Guest) -> None:
        self.guest = guest
        self.prefixes = _vendor_prefixes(guest.metadata.programs)
        self.asked = {i.name for i in guest.wasm.imported_functions if i.module == symbols.PLACEHOLDER_MODULE}
        self.roles: dict[str, ir.Role] = {name: ir.Intrinsic(name.removeprefix(symbols.INTRINSIC_PREFIX)) for name in _RAW_INTRINSICS}
        self.generic: dict[str, _Bound] = {}
        snippets: dict[str, int] = {}
        for program in guest.metadata.programs:
            crate = program.unique_crate_identifier
            self._add(_Scope(program, snippets.get(crate, 0), self.prefixes))
            snippets[crate] = snippets.get(crate, 0) + len(program.inline_js)

    def of(self, module: str, symbol: str) -> ir.Role:
        """The role of one import."""
        if module == symbols.EXTERNREF_MODULE and symbol.startswith(symbols.INTRINSIC_PREFIX):
            return ir.Intrinsic(symbol.removeprefix(symbols.INTRINSIC_PREFIX))
        if module != symbols.PLACEHOLDER_MODULE:
            return ir.Unsupported(f"`{module}.{symbol}` is not an import of wasm-bindgen's")
        return self.roles.get(symbol) or ir.Unsupported(f"`{symbol}` is not described by the guest's metadata")

    def generic_imports(self) -> Iterator[ir.Import]:
        """Functions whose bodies the host supplies: casts, and imports bound once per use."""
        for number, (function, words) in enumerate(self.guest.described.generic_imports.items()):
            with blaming(f"generic import {function}"):
                key, signature = self.guest.descriptors.generic_import(words)
                role = self._generic(key, signature)
            wasm = self.guest.wasm.words(function, f"generic import {function}")
            yield ir.Import(symbols.PLACEHOLDER_MODULE, f"generic_{number}", wasm, role, function)

    def _generic(self, key: str, signature: ir.Signature) -> ir.Role:
        if key:
            if key not in self.generic:
                raise GenerationError(f"the guest's metadata does not say what `{key}` is", hint=DAMAGED)
            return self.generic[key].role(signature)
        if len(signature.params) != 1:
            raise GenerationError(f"a cast takes one value, this one {len(signature.params)}", hint=DAMAGED)
        return ir.Cast(signature.params[0], signature.ret)

    def _add(self, scope: _Scope) -> None:
        for linked in scope.program.linked_modules:
            text = f"`link_to!` asks for the address of module `{scope.module(linked.module)}`, and Python modules have none"
            self._put(linked.link_function_name, ir.Unsupported(text))
        for imported in scope.program.imports:
            self._import(scope, imported)
        for struct in scope.program.structs:
            name = qualified(struct.js_namespace, struct.name)
            key = self.guest.identities.struct(name, scope.program.unique_crate_identifier)
            self._put(symbols.mangled(symbols.wrap(name), scope.program.crate_hash), ir.Wrap(key))
            self._put(symbols.mangled(symbols.unwrap(name), scope.program.crate_hash), ir.Unwrap(key))

    def _put(self, symbol: str, role: ir.Role) -> None:
        self.roles.setdefault(symbol, role)

    def _import(self, scope: _Scope, imported: Import) -> None:
        match imported.kind:
            case ImportFunction(generic_per_mono=True) as function:
                self.generic.setdefault(function.shim, _Bound(scope, imported, function))
            case ImportFunction() as function if function.shim in self.asked and function.shim not in self.roles:
                if signature := self.guest.signature(function.shim):
                    self._put(function.shim, _Bound(scope, imported, function).role(signature))
            case ImportStatic(name, shim) if shim in self.asked and shim not in self.roles:
                if type_ := self.guest.type(shim):
                    self._put(shim, ir.Static(scope.target(imported, name), type_))
            case ImportString(shim, text):
                self._put(shim, ir.ConstString(text))
            case ImportType(name, shim) if shim in self.asked:
                self._put(shim, ir.InstanceOf(scope.target(imported, name)))
            case ImportFunction() | ImportStatic() | ImportType() | StringEnum() | DynamicUnion():
                pass
            case _:
                assert_never(imported.kind)


class _Scope:
    """Where a program's imports are looked up: ``snippets`` inline modules of its crate come before its own."""

    def __init__(self, program: Program, snippets: int, prefixes: dict[str, Strings]) -> None:
        self.program = program
        self.snippets = snippets
        self.prefixes = prefixes

    def module(self, module: Case | None) -> str | None:
        """The name the host provides a module under; local modules go by the path that the Rust author wrote."""
        match module:
            case None:
                return None
            case Case("Named", str(identifier)):
                return identifier.removeprefix(self.program.unique_crate_identifier)
            case Case("Inline", int(index)):
                return f"inline{index + self.snippets}"
            case Case(_, name):
                return str(name)

    def target(self, imported: Import, name: str) -> ir.Target:
        """Where an item is. Vendor prefixes belong to globals only."""
        path = (*namespace(imported.js_namespace), name)
        plain = imported.module is None and len(path) == 1
        return ir.Target(self.module(imported.module), path, self.prefixes.get(name, ()) if plain else ())


class _Bound:
    """An imported function in its scope, waiting for a signature."""

    def __init__(self, scope: _Scope, imported: Import, function: ImportFunction) -> None:
        self.scope = scope
        self.imported = imported
        self.function = function

    def role(self, signature: ir.Signature) -> ir.Role:
        """The function's role, with these types."""
        function = self.function
        name = function.function.name
        if function.method is None and self.imported.module == Case("RawNamed", symbols.PLACEHOLDER_MODULE):
            return ir.Intrinsic(name.removeprefix(symbols.INTRINSIC_PREFIX))
        if function.suspending:
            return ir.Unsupported(f"`{name}` is declared `suspending`, which needs a host that can suspend wasm")
        operation, attribute = self._operation()
        crate = self.scope.program.unique_crate_identifier
        owner = function.method.class_ if function.method else name
        return ir.Call(
            target=self.scope.target(self.imported, owner),
            operation=operation,
            name=attribute,
            signature=signature,
            catch=function.catch,
            variadic=function.variadic,
            asyncness=function.function.asyncness,
            task_queue=operation == "call" and name == symbols.QUEUE_MICROTASK and crate.startswith(symbols.JS_SYS),
            params=tuple(argument.name for argument in function.function.args),
        )

    def _operation(self) -> tuple[ir.Operation, str]:
        """What is done with the target, and the attribute it is done through."""
        name = self.function.function.name
        if self.function.method is None:
            return "call", name
        match self.function.method.kind:
            case Case():
                return "new", name
            case Operation(is_static, Case(kind, property_)):
                if kind in _INDEXING:
                    return _INDEXING[kind][is_static], name
                if kind in _ACCESSORS:
                    return _ACCESSORS[kind][is_static], str(property_)
                if is_static:
                    return "static", name
                return "method" if self.function.structural else "final_method", name


def _vendor_prefixes(programs: tuple[Program, ...]) -> dict[str, Strings]:
    found: dict[str, Strings] = {}
    for program in programs:
        for imported in program.imports:
            if isinstance(imported.kind, ImportType) and imported.kind.vendor_prefixes:
                known = found.get(imported.kind.name, ())
                found[imported.kind.name] = known + tuple(p for p in imported.kind.vendor_prefixes if p not in known)
    return found
