"""The encodings of wasm-bindgen's metadata that this version reads, as data.

A schema is its records in wire order, in a notation of one line per record, its descriptor tags in order of their numbers, what follows the
tags of the guest's own types, and how its values cross where releases differ. To add one, write down what differs from the next one
and enter it in :data:`SCHEMAS`. What a record's fields are called here must agree with :mod:`~bindgen_patch.decode.program`; fields that
are not there are read and forgotten.

Sources: ``crates/shared/src/lib.rs`` and ``tys.rs`` of each published version, and what no schema number guards: the ``describe``
functions and conversions in ``macro-support/src/codegen.rs`` and ``src/convert``; abi.md 1.3, 1.5, 2.2 and 3.2.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Fields = tuple[tuple[str, str], ...]
"""``(name, wire type)`` in wire order. Wire types: ``str``, ``bool``, ``u32``, a record's name; ``T[]`` a list, ``T?`` an optional."""


@dataclass(frozen=True, slots=True)
class Schema:
    """One encoding. ``versions`` are the wasm-bindgen releases known to use it: other releases may still have changed what is *not*
    encoded here (the order in which descriptors are told, how values are lowered)."""

    name: str
    versions: tuple[str, ...]
    records: dict[str, Fields]
    choices: dict[str, Fields]
    """Alternatives in order of their numbers: ``(name, wire type of the payload)``, the latter empty where there is none."""
    tags: tuple[str, ...]
    named: dict[str, Fields]
    """What a descriptor says of a type that the guest defines, by its tag: ``text``, ``word``, and ``type[]``, a counted list."""
    enum_number: Literal["f64", "32"]
    """How a numeric enum crosses: as a float, or as an integer of 32 bits. Lists hold the floats themselves, but integers as JavaScript
    numbers, each by its handle."""
    late_borrows: bool
    """Asynchronous exports take hold of objects that they borrow when they are first polled: until then these must not be freed."""

    def without(self, *fields: str) -> Schema:
        """The same encoding less some fields, each given as ``Record.field``, and tags."""
        dropped = {tuple(field.split(".")) for field in fields}

        def kept(layouts: dict[str, Fields]) -> dict[str, Fields]:
            return {name: tuple(f for f in known if (name, f[0]) not in dropped) for name, known in layouts.items()}

        return replace(
            self, records=kept(self.records), named=kept(self.named), tags=tuple(tag for tag in self.tags if (tag,) not in dropped)
        )


def _records(text: str) -> dict[str, Fields]:
    """``Name field:type field:type …``, a record a line; a line that is indented goes on with the record above."""
    logical: list[str] = []
    for line in text.strip("\n").splitlines():
        if line[:1].isspace():
            logical[-1] += line
        else:
            logical.append(line)
    parsed: dict[str, Fields] = {}
    for words in map(str.split, logical):
        pairs = (word.partition(":") for word in words[1:])
        parsed[words[0]] = tuple((name, wire) for name, _, wire in pairs)
    return parsed


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_V130 = Schema(
    name="0.2.130",
    versions=("0.2.130",),
    records=_records("""
Program exports:Export[] enums:Enum[] imports:Import[] structs:Struct[] typescript_custom_sections:str[] local_modules:LocalModule[]
    inline_js:str[] unique_crate_identifier:str module_path:str package_json:str? linked_modules:LinkedModule[]
Import module:ImportModule? js_namespace:str[]? reexport:str? generate_typescript:bool kind:ImportKind
LinkedModule module:ImportModule link_function_name:str
ImportFunction shim:str catch:bool variadic:bool assert_no_shim:bool suspending:bool method:MethodData? structural:bool
    function:Function generic_per_mono:bool
MethodData class_:str kind:MethodKind
Operation is_static:bool kind:OperationKind
ImportStatic name:str shim:str
ImportString shim:str string:str
ImportType name:str instanceof_shim:str vendor_prefixes:str[]
StringEnum name:str variant_values:str[] comments:str[] generate_typescript:bool private:bool js_namespace:str[]?
DynamicUnion name:str variant_strings:str[] variant_type_cnt:u32 comments:str[] generate_typescript:bool private:bool fallback:bool
Export class_:str? comments:str[] consumed:bool function:Function js_namespace:str[]? method_kind:MethodKind start:StartKind
Enum name:str signed:bool variants:EnumVariant[] comments:str[] generate_typescript:bool js_namespace:str[]? private:bool
EnumVariant name:str value:u32 comments:str[]
Function args:Argument[] asyncness:bool jspi:bool name:str generate_typescript:bool generate_jsdoc:bool variadic:bool
    ret_ty_override:str? ret_desc:str?
Argument name:str ty_override:str? optional:bool desc:str?
Struct name:str fields:StructField[] comments:str[] is_inspectable:bool generate_typescript:bool js_namespace:str[]? private:bool
    extends:str? extends_js_class:str? extends_js_namespace:str[]?
StructField name:str readonly:bool comments:str[] generate_typescript:bool generate_jsdoc:bool
LocalModule identifier:str contents:str linked_module:bool
"""),
    choices=_records("""
ImportModule Named:str RawNamed:str Inline:u32
ImportKind Function:ImportFunction Static:ImportStatic String:ImportString Type:ImportType Enum:StringEnum DynamicUnion:DynamicUnion
MethodKind Constructor Operation:Operation
OperationKind Regular RegularThis Getter:str Setter:str IndexingGetter IndexingSetter IndexingDeleter
StartKind None Public Private
"""),
    tags=_words("""
I8 U8 I16 U16 I32 U32 I64 U64 I64_AS_F64 U64_AS_F64 I128 U128 F32 F64 BOOLEAN FUNCTION CLOSURE CACHED_STRING STRING REF REFMUT
LONGREF SLICE VECTOR EXTERNREF NAMED_EXTERNREF ENUM STRING_ENUM DYNAMIC_UNION RUST_STRUCT CHAR OPTIONAL RESULT UNIT CLAMPED NONNULL
RAW_POINTER SEQ_MODE NULLABLE
"""),
    named=_records("""
ENUM name:text hole:word crate:text module:word
STRING_ENUM name:text variants:word crate:text module:word
DYNAMIC_UNION name:text crate:text module:word types:type[]
RUST_STRUCT name:text crate:text
"""),
    enum_number="f64",
    late_borrows=False,
)

_V128 = replace(
    _V130.without(
        "Program.module_path", "ENUM.module", "STRING_ENUM.crate", "STRING_ENUM.module", "DYNAMIC_UNION.crate", "DYNAMIC_UNION.module",
        "SEQ_MODE", "NULLABLE",
    ),
    name="0.2.128",
    versions=("0.2.128", "0.2.129"),
    enum_number="32",
    late_borrows=True,
)  # fmt: skip

SCHEMAS: dict[str, Schema] = {schema.name: schema for schema in (_V128, _V130)}
"""Every schema that can be read, by name, the latest one last."""
