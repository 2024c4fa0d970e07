"""Guests made by hand: WAT for the code, and encoders for metadata and descriptors written against abi.md, not against the decoder."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import wasmtime

from bindgen_patch import ir, symbols
from bindgen_patch.decode.schemas import SCHEMAS, Schema

V130 = SCHEMAS["0.2.130"]
HASH = "0123456789abcdef"
CRATE = f"crate-{HASH}"
HEADER = '{"schema_version":"0.2.130","version":"0.2.130"}'


# ------------------------------------------------------------------------------------------ primitives


def uleb(value: int, width: int = 1) -> bytes:
    """An unsigned LEB128, padded to at least ``width`` bytes."""
    out = []
    while True:
        out.append(value & 0x7F)
        value >>= 7
        if not value and len(out) >= width:
            return bytes(byte | 0x80 for byte in out[:-1]) + bytes(out[-1:])


def text(value: str, width: int = 1) -> bytes:
    encoded = value.encode()
    return uleb(len(encoded), width) + encoded


def section(number: int, content: bytes) -> bytes:
    return bytes((number,)) + uleb(len(content)) + content


def custom(name: str, content: bytes) -> bytes:
    return section(0, text(name) + content)


# ------------------------------------------------------------------------------------------ metadata


def encode(schema: Schema, wire: str, value: Any, width: int = 1) -> bytes:
    """``value`` as ``wire`` asks: records are dicts, alternatives ``(name, payload)``. ``width`` pads lengths, as rustc leaves some."""
    if wire.endswith("[]"):
        return uleb(len(value), width) + b"".join(encode(schema, wire[:-2], item, width) for item in value)
    if wire.endswith("?"):
        return b"\0" if value is None else b"\1" + encode(schema, wire[:-1], value, width)
    if wire == "str":
        return text(value, width)
    if wire == "u32":
        return uleb(value, width)
    if wire == "bool":
        return bytes((value,))
    if wire in schema.choices:
        cases = [name for name, _ in schema.choices[wire]]
        name, payload = value
        inner = dict(schema.choices[wire])[name]
        return bytes((cases.index(name),)) + (encode(schema, inner, payload, width) if inner else b"")
    return b"".join(encode(schema, inner, value[field], width) for field, inner in schema.records[wire])


def record(blob: bytes, header: str = HEADER) -> bytes:
    """One framed record of the metadata section."""
    head = header.encode()
    return struct.pack("<I", len(head)) + head + struct.pack("<I", len(blob)) + blob


def metadata(*programs: Mapping[str, Any]) -> bytes:
    """The section of these programs."""
    return custom(symbols.METADATA_SECTION, b"".join(record(encode(V130, "Program", program)) for program in programs))


def program(**given: Any) -> dict[str, Any]:
    base: dict[str, Any] = dict.fromkeys(
        ("exports", "enums", "imports", "structs", "typescript_custom_sections", "local_modules", "inline_js", "linked_modules"), ()
    )
    return base | {"unique_crate_identifier": CRATE, "module_path": "crate", "package_json": None} | given


def function(name: str, *args: str, **given: Any) -> dict[str, Any]:
    named = [{"name": arg, "ty_override": None, "optional": False, "desc": None} for arg in args]
    flags = dict.fromkeys(("asyncness", "jspi", "generate_typescript", "generate_jsdoc", "variadic"), False)
    return {"args": named, "name": name, "ret_ty_override": None, "ret_desc": None} | flags | given


REGULAR = ("Regular", None)
FREE = ("Operation", {"is_static": True, "kind": REGULAR})


def export(name: str, *args: str, **given: Any) -> dict[str, Any]:
    base = {"class_": None, "comments": (), "consumed": False, "js_namespace": None, "method_kind": FREE, "start": ("None", None)}
    return base | {"function": function(name, *args)} | given


def struct_(name: str, **given: Any) -> dict[str, Any]:
    base = {"fields": (), "comments": (), "is_inspectable": False, "generate_typescript": True, "js_namespace": None, "private": False}
    return base | {"name": name, "extends": None, "extends_js_class": None, "extends_js_namespace": None} | given


def field(name: str, readonly: bool = False) -> dict[str, Any]:
    return {"name": name, "readonly": readonly, "comments": (), "generate_typescript": True, "generate_jsdoc": True}


def imported(kind: str, payload: Mapping[str, Any], **given: Any) -> dict[str, Any]:
    return {"module": None, "js_namespace": None, "reexport": None, "generate_typescript": True, "kind": (kind, payload)} | given


def import_function(shim: str, name: str, *args: str, **given: Any) -> dict[str, Any]:
    flags = dict.fromkeys(("catch", "variadic", "assert_no_shim", "suspending", "generic_per_mono"), False)
    return {"shim": shim, "method": None, "structural": True, "function": function(name, *args)} | flags | given


def string_enum(name: str, *values: str, private: bool = False) -> dict[str, Any]:
    base = {"variant_values": values, "comments": (), "generate_typescript": True, "js_namespace": None}
    return base | {"name": name, "private": private}


# ------------------------------------------------------------------------------------------ descriptors

TAG = {name: number for number, name in enumerate(V130.tags)}
UNIT_FUNCTION = (TAG["FUNCTION"], 0, 0, TAG["UNIT"], TAG["UNIT"])


def chars(value: str) -> list[int]:
    return [len(value), *map(ord, value)]


def signature_words(signature: ir.Signature) -> list[int]:
    params = [word for param in signature.params for word in words(param)]
    return [TAG["FUNCTION"], signature.shim, len(signature.params), *params, *words(signature.ret), *words(signature.logical)]


def words(type_: ir.Type) -> list[int]:
    """The descriptor of a type, in the definitions' crate :data:`CRATE` and module hash 7."""
    match type_:
        case ir.Int(bits, signed):
            return [TAG[f"{'I' if signed else 'U'}{bits}"]]
        case ir.Float(bits):
            return [TAG[f"F{bits}"]]
        case ir.Bool():
            return [TAG["BOOLEAN"]]
        case ir.Char():
            return [TAG["CHAR"]]
        case ir.Unit():
            return [TAG["UNIT"]]
        case ir.Pointer(nonnull):
            return [TAG["NONNULL" if nonnull else "RAW_POINTER"]]
        case ir.String(cached):
            return [TAG["CACHED_STRING" if cached else "STRING"]]
        case ir.JsValue(None):
            return [TAG["EXTERNREF"]]
        case ir.JsValue(str(name)):
            return [TAG["NAMED_EXTERNREF"], *chars(name)]
        case ir.Struct(key):
            return [TAG["RUST_STRUCT"], *chars(key), *chars(CRATE)]
        case ir.Enum(key, hole):
            return [TAG["ENUM"], *chars(key), hole, *chars(CRATE), 7]
        case ir.StringEnum(key):
            return [TAG["STRING_ENUM"], *chars(key), 3, *chars(CRATE), 7]
        case ir.DynamicUnion(name, variants):
            return [TAG["DYNAMIC_UNION"], *chars(name), *chars(CRATE), 7, len(variants), *(w for v in variants for w in words(v))]
        case ir.Ref(target, mutable):
            return [TAG["REFMUT" if mutable else "REF"], *words(target)]
        case ir.Slice(element):
            return [TAG["SLICE"], *words(element)]
        case ir.Vec(element):
            return [TAG["VECTOR"], *words(element)]
        case ir.Option(target):
            return [TAG["OPTIONAL"], *words(target)]
        case ir.Nullable(target):
            return [TAG["NULLABLE"], *words(target)]
        case ir.Result(ok):
            return [TAG["RESULT"], *words(ok)]
        case ir.Function(signature):
            return signature_words(signature)
        case ir.Closure(owned, mutable, signature):
            return [TAG["CLOSURE"], owned, mutable, *signature_words(signature)]
    raise AssertionError(type_)


# ------------------------------------------------------------------------------------------ modules

DESCRIBE_IMPORT = f'(import "{symbols.PLACEHOLDER_MODULE}" "{symbols.DESCRIBE}" (func $describe (param i32)))'
MARKER_IMPORT = f'(import "{symbols.PLACEHOLDER_MODULE}" "{symbols.DESCRIBE_GENERIC_IMPORT}" (func $marker (param i32 i32) (result i32)))'


def tells(described: Iterable[int]) -> str:
    """Instructions that tell these words."""
    return " ".join(f"(call $describe (i32.const {word}))" for word in described)


def module(code: str, *, describes: Mapping[str, Sequence[int]] | None = None, imports: str = "", customs: bytes = b"") -> bytes:
    """A guest of this WAT, with a describe export per shim, and these custom sections at its end."""
    told = "\n".join(
        f'(func (export "{symbols.DESCRIBE_PREFIX}{shim}") {tells(described)})' for shim, described in (describes or {}).items()
    )
    skeleton = f"""(module {DESCRIBE_IMPORT} {imports}
        (memory (export "memory") 17) (global $pointer (mut i32) (i32.const 1048576))
        {code} {told})"""
    return bytes(wasmtime.wat2wasm(skeleton)) + customs


def shim(name: str) -> str:
    """A symbol of :data:`CRATE`."""
    return symbols.mangled(name, HASH)


def small_guest() -> bytes:
    """One function, ``nothing``, and all it takes to be a guest."""
    return module(
        f'(func (export "{shim("nothing")}"))',
        describes={shim("nothing"): UNIT_FUNCTION},
        customs=metadata(program(exports=[export("nothing")])),
    )
