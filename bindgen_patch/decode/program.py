"""What the ``#[wasm_bindgen]`` macro wrote about one use of it: names and roles, never types.

One :class:`Program` stands for one attribute, and may come more than once (once per codegen unit). Fields mean what they mean upstream
(``crates/shared/src/lib.rs``); those that only serve TypeScript are read and forgotten. The wire order is not here but in
:mod:`~bindgen_patch.decode.schemas`: a field with a default may be missing there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

Strings = tuple[str, ...]


class Case(NamedTuple):
    """An alternative that is no record: its name, and its value if it has one."""

    name: str
    value: str | int | None = None


@dataclass(frozen=True, slots=True)
class Argument:
    """A parameter's name."""

    name: str


@dataclass(frozen=True, slots=True)
class Function:
    """A function as JavaScript sees it. ``args`` leave out the receiver of exported methods, and hold that of imported ones."""

    args: tuple[Argument, ...]
    asyncness: bool
    name: str
    variadic: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """``kind``: Regular, RegularThis, Getter(property), Setter(property), IndexingGetter, IndexingSetter, IndexingDeleter."""

    is_static: bool
    kind: Case


@dataclass(frozen=True, slots=True)
class MethodData:
    """``kind`` is Constructor or an operation."""

    class_: str
    kind: Case | Operation


@dataclass(frozen=True, slots=True)
class ImportFunction:
    """An imported function, method, accessor or constructor. ``generic_per_mono``: bound once per use, with the types of that use."""

    shim: str
    catch: bool
    variadic: bool
    method: MethodData | None
    structural: bool
    function: Function
    suspending: bool = False
    generic_per_mono: bool = False


@dataclass(frozen=True, slots=True)
class ImportStatic:
    """An imported value."""

    name: str
    shim: str


@dataclass(frozen=True, slots=True)
class ImportString:
    """A constant string."""

    shim: str
    string: str


@dataclass(frozen=True, slots=True)
class ImportType:
    """An imported class."""

    name: str
    instanceof_shim: str
    vendor_prefixes: Strings


@dataclass(frozen=True, slots=True)
class StringEnum:
    """An enum of strings; upstream counts it among the imports."""

    name: str
    variant_values: Strings
    comments: Strings
    private: bool


@dataclass(frozen=True, slots=True)
class DynamicUnion:
    """A union of strings and types; upstream counts it among the imports."""

    name: str
    private: bool


ImportKind = ImportFunction | ImportStatic | ImportString | ImportType | StringEnum | DynamicUnion


@dataclass(frozen=True, slots=True)
class Import:
    """``module``: Named(identifier of a local module), RawNamed(module), Inline(index of a snippet), or none for globals."""

    module: Case | None
    js_namespace: Strings | None
    kind: ImportKind


@dataclass(frozen=True, slots=True)
class Export:
    """An exported function or method. ``consumed``: takes ``self`` by value. ``start``: None, Public or Private."""

    class_: str | None
    comments: Strings
    consumed: bool
    function: Function
    js_namespace: Strings | None
    method_kind: Case | Operation
    start: Case


@dataclass(frozen=True, slots=True)
class EnumVariant:
    """``value`` holds the bits of an ``i32`` in a signed enum."""

    name: str
    value: int
    comments: Strings


@dataclass(frozen=True, slots=True)
class Enum:
    """An exported numeric enum."""

    name: str
    signed: bool
    variants: tuple[EnumVariant, ...]
    comments: Strings
    js_namespace: Strings | None
    private: bool


@dataclass(frozen=True, slots=True)
class StructField:
    """A public field."""

    name: str
    readonly: bool
    comments: Strings


@dataclass(frozen=True, slots=True)
class Struct:
    """An exported struct."""

    name: str
    fields: tuple[StructField, ...]
    comments: Strings
    js_namespace: Strings | None
    private: bool
    extends: str | None = None
    extends_js_class: str | None = None
    extends_js_namespace: Strings | None = None


@dataclass(frozen=True, slots=True)
class LinkedModule:
    """A ``link_to!``: the import that asks for a module's address."""

    module: Case
    link_function_name: str


@dataclass(frozen=True, slots=True)
class Program:
    """Everything one attribute declares, in the crate and module that hold it."""

    exports: tuple[Export, ...]
    enums: tuple[Enum, ...]
    imports: tuple[Import, ...]
    structs: tuple[Struct, ...]
    inline_js: Strings
    unique_crate_identifier: str
    linked_modules: tuple[LinkedModule, ...]
    module_path: str = ""

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
