"""What the ``#[wasm_bindgen]`` macro wrote about one use of it: names and roles, never types.

One :class:`Program` stands for one attribute, and may come more than once (once per codegen unit). Fields mean what they mean upstream
(``crates/shared/src/lib.rs``); most of those that only serve TypeScript are read and forgotten. The wire order is not here but in
:mod:`~bindgen_patch.decode.schemas`: a field with a default may be missing there. These are named tuples because a guest brings tens of
thousands of them (every import that js-sys declares, used or not), and frozen dataclasses take three times as long to make.
"""

from __future__ import annotations

from typing import NamedTuple

Strings = tuple[str, ...]


class Case(NamedTuple):
    """An alternative that is no record: its name, and its value if it has one."""

    name: str
    value: str | int | None = None


class Argument(NamedTuple):
    """A parameter's name, and what TypeScript is told of it where that is not what its Rust type says."""

    name: str
    ty_override: str | None = None
    optional: bool = False


class Function(NamedTuple):
    """A function as JavaScript sees it. ``args`` leave out the receiver of exported methods, and hold that of imported ones."""

    args: tuple[Argument, ...]
    asyncness: bool
    name: str
    variadic: bool
    ret_ty_override: str | None = None


class Operation(NamedTuple):
    """``kind``: Regular, RegularThis, Getter(property), Setter(property), IndexingGetter, IndexingSetter, IndexingDeleter."""

    is_static: bool
    kind: Case


class MethodData(NamedTuple):
    """``kind`` is Constructor or an operation."""

    class_: str
    kind: Case | Operation


class ImportFunction(NamedTuple):
    """An imported function, method, accessor or constructor. ``generic_per_mono``: bound once per use, with the types of that use."""

    shim: str
    catch: bool
    variadic: bool
    method: MethodData | None
    structural: bool
    function: Function
    suspending: bool = False
    generic_per_mono: bool = False


class ImportStatic(NamedTuple):
    """An imported value."""

    name: str
    shim: str


class ImportString(NamedTuple):
    """A constant string."""

    shim: str
    string: str


class ImportType(NamedTuple):
    """An imported class."""

    name: str
    instanceof_shim: str
    vendor_prefixes: Strings


class StringEnum(NamedTuple):
    """An enum of strings; upstream counts it among the imports."""

    name: str
    variant_values: Strings
    comments: Strings
    private: bool


class DynamicUnion(NamedTuple):
    """A union of strings and types; upstream counts it among the imports."""

    name: str
    private: bool


ImportKind = ImportFunction | ImportStatic | ImportString | ImportType | StringEnum | DynamicUnion


class Import(NamedTuple):
    """``module``: Named(identifier of a local module), RawNamed(module), Inline(index of a snippet), or none for globals."""

    module: Case | None
    js_namespace: Strings | None
    kind: ImportKind


class Export(NamedTuple):
    """An exported function or method. ``consumed``: takes ``self`` by value. ``start``: None, Public or Private."""

    class_: str | None
    comments: Strings
    consumed: bool
    function: Function
    js_namespace: Strings | None
    method_kind: Case | Operation
    start: Case


class EnumVariant(NamedTuple):
    """``value`` holds the bits of an ``i32`` in a signed enum."""

    name: str
    value: int
    comments: Strings


class Enum(NamedTuple):
    """An exported numeric enum."""

    name: str
    signed: bool
    variants: tuple[EnumVariant, ...]
    comments: Strings
    js_namespace: Strings | None
    private: bool


class StructField(NamedTuple):
    """A public field."""

    name: str
    readonly: bool
    comments: Strings


class Struct(NamedTuple):
    """An exported struct."""

    name: str
    fields: tuple[StructField, ...]
    comments: Strings
    js_namespace: Strings | None
    private: bool
    extends: str | None = None
    extends_js_class: str | None = None
    extends_js_namespace: Strings | None = None


class LinkedModule(NamedTuple):
    """A ``link_to!``: the import that asks for a module's address."""

    module: Case
    link_function_name: str


class Program(NamedTuple):
    """Everything one attribute declares, in the crate and module that hold it."""

    exports: tuple[Export, ...]
    enums: tuple[Enum, ...]
    imports: tuple[Import, ...]
    structs: tuple[Struct, ...]
    inline_js: Strings
    unique_crate_identifier: str
    linked_modules: tuple[LinkedModule, ...]
    module_path: str = ""
    typescript_custom_sections: Strings = ()

    @property
    def crate_hash(self) -> str:
        """What the macro appends to the symbols of this crate."""
        return self.unique_crate_identifier.rpartition("-")[2]

    @property
    def module_hash(self) -> int | None:
        """How descriptors name the module that holds the attribute."""
        return module_hash(self.module_path)


def module_hash(path: str) -> int | None:
    """FNV-1a of 32 bits of a module's path; ``None`` of no path, which structs have, and everything in schemas without paths."""
    value = 0x811C9DC5
    for byte in path.encode():
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value if path else None
