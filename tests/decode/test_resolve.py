"""Programs and descriptors as the model: names, kinds, owners, roles, start."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bindgen_patch import ir, symbols
from bindgen_patch.decode import decode
from bindgen_patch.decode.container import Wasm
from bindgen_patch.decode.guest import doc
from bindgen_patch.decode.identities import Identities
from bindgen_patch.decode.metadata import read
from bindgen_patch.decode.program import Import, Program, StringEnum, module_hash
from bindgen_patch.errors import GenerationError
from tests.decode.committed import ROOT
from tests.decode.handmade import (
    CRATE,
    HASH,
    TAG,
    UNIT_FUNCTION,
    chars,
    custom,
    export,
    field,
    import_function,
    imported,
    metadata,
    module,
    program,
    shim,
    signature_words,
    string_enum,
    struct_,
    words,
)

U32, F64, VALUE, TEXT = ir.Int(32, False), ir.Float(64), ir.JsValue(), ir.Ref(ir.String())
UNIT = ir.Unit()
I32_TO_I32 = "(param i32) (result i32)"


def signature(*params: ir.Type, ret: ir.Type = UNIT) -> ir.Signature:
    return ir.Signature(params, ret, ret)


class Guest:
    """A hand-made guest that grows: exports with their describe functions, and imports with theirs."""

    def __init__(self) -> None:
        self.code: list[str] = []
        self.imports: list[str] = []
        self.describes: dict[str, list[int]] = {}

    def exports(self, symbol: str, described: list[int] | ir.Signature | None, type_: str = "") -> None:
        self.code.append(f'(func (export "{symbol}") {type_} unreachable)')
        self._describe(symbol, described)

    def asks(
        self, symbol: str, described: list[int] | ir.Signature | None, type_: str = "", module_: str = symbols.PLACEHOLDER_MODULE
    ) -> None:
        self.imports.append(f'(import "{module_}" "{symbol}" (func {type_}))')
        self._describe(symbol, described)

    def _describe(self, symbol: str, described: list[int] | ir.Signature | None) -> None:
        if described is not None:
            self.describes[symbol] = signature_words(described) if isinstance(described, ir.Signature) else described

    def decode(self, *programs: dict[str, Any]) -> ir.Module:
        base = program(exports=[export("nothing")])
        self.exports(shim("nothing"), list(UNIT_FUNCTION))
        data = module("\n".join(self.code), describes=self.describes, imports="\n".join(self.imports), customs=metadata(base, *programs))
        return decode(data)[0]


def only(found: ir.Module, name: str) -> ir.Export:
    (export_,) = (e for e in found.exports if e.name == name)
    return export_


# ------------------------------------------------------------------------------------------ functions and classes


def test_a_function() -> None:
    guest = Guest()
    guest.exports(shim("a__b__pick"), signature(TEXT, U32, ret=ir.Option(F64)), "(param i32 i32 i32 i32)")
    entry = export("pick", "text", "at", comments=(" Picks.", "", "   deeper", ""), js_namespace=("a", "b"))
    entry["function"] |= {"variadic": True, "asyncness": True}
    found = only(guest.decode(program(exports=[entry])), "pick")
    assert found == ir.Export(
        symbol=shim("a__b__pick"),
        name="pick",
        kind="function",
        owner=None,
        params=(ir.Param("text", TEXT), ir.Param("at", U32)),
        ret=ir.Option(F64),
        logical=ir.Option(F64),
        wasm=ir.FuncType(("i32",) * 4, ()),
        doc="Picks.\n\n  deeper",
        variadic=True,
        asyncness=True,
        namespace=("a", "b"),
    )


def test_names_that_are_missing_are_made_up() -> None:
    guest = Guest()
    guest.exports(shim("f"), signature(U32, U32), "(param i32 i32)")
    assert [p.name for p in only(guest.decode(program(exports=[export("f", "given")])), "f").params] == ["given", "arg1"]


def test_names_that_are_no_identifiers_are_bent() -> None:
    guest = Guest()
    guest.exports(shim("Symbol_iterator"), signature())
    assert only(guest.decode(program(exports=[export("[Symbol.iterator]")])), "[Symbol.iterator]").symbol == shim("Symbol_iterator")


def test_an_export_without_descriptor_is_dropped_and_a_double_counts_once() -> None:
    guest = Guest()
    guest.exports(shim("f"), signature())
    once = program(exports=[export("f"), export("ghost")])
    assert [e.name for e in guest.decode(once, once).exports] == ["nothing", "f"]


def test_an_export_that_is_described_but_missing_is_an_error() -> None:
    guest = Guest()
    guest.asks(shim("f"), signature())
    with pytest.raises(GenerationError, match=f"export `{shim('f')}` is missing"):
        guest.decode(program(exports=[export("f")]))


def member(name: str, kind: str, property_: str | None = None, static: bool = False, **given: Any) -> dict[str, Any]:
    operation = ("Operation", {"is_static": static, "kind": (kind, property_)})
    return export(name, class_="Owner", method_kind=operation, **given)


def class_guest() -> Guest:
    guest = Guest()
    guest.exports(shim("__wbg_owner_free"), None, "(param i32 i32)")
    return guest


def test_every_kind_of_member() -> None:
    guest = class_guest()
    for name in ("new", "go", "eat", "of", "get", "set_get", "all", "set_all"):
        guest.exports(shim(f"owner_{name}"), signature(), "(param i32)")
    found = guest.decode(
        program(
            structs=[struct_("Owner", comments=(" Owns.",))],
            exports=[
                export("new", class_="Owner", method_kind=("Constructor", None)),
                member("go", "Regular"),
                member("eat", "Regular", consumed=True),
                member("of", "Regular", static=True),
                member("get", "Getter", "size"),
                member("set_get", "Setter", "size"),
                member("all", "Getter", "count", static=True),
                member("set_all", "Setter", "count", static=True),
            ],
        )
    )
    assert [(e.name, e.kind, e.owner, e.consumes) for e in found.exports[1:]] == [
        ("new", "constructor", "Owner", False),
        ("go", "method", "Owner", False),
        ("eat", "method", "Owner", True),
        ("of", "static", "Owner", False),
        ("size", "getter", "Owner", False),
        ("size", "setter", "Owner", False),
        ("count", "static_getter", "Owner", False),
        ("count", "static_setter", "Owner", False),
    ]
    assert found.structs == (ir.StructDef("Owner", "Owner", "Owns.", shim("__wbg_owner_free")),)


def test_fields_are_accessors() -> None:
    guest = class_guest()
    for name in ("x", "y"):
        guest.exports(shim(f"__wbg_get_owner_{name}"), words(F64), "(param i32) (result f64)")
    guest.exports(shim("__wbg_set_owner_x"), None, "(param i32 f64)")
    found = guest.decode(program(structs=[struct_("Owner", fields=[field("x"), field("y", readonly=True), field("undescribed")])]))
    assert [(e.symbol, e.name, e.kind, e.params, e.ret) for e in found.exports[1:]] == [
        (shim("__wbg_get_owner_x"), "x", "getter", (), F64),
        (shim("__wbg_set_owner_x"), "x", "setter", (ir.Param("value", F64),), UNIT),
        (shim("__wbg_get_owner_y"), "y", "getter", (), F64),
    ]


def test_members_of_a_class_that_is_not_exported_are_an_error() -> None:
    guest = Guest()
    guest.exports(shim("owner_go"), signature(), "(param i32)")
    with pytest.raises(GenerationError, match="`go` is exported as a member of class `Owner`, which is not exported") as caught:
        guest.decode(program(exports=[member("go", "Regular")]))
    assert caught.value.hint is not None
    assert "js_class" in caught.value.hint


def test_ancestors_nearest_first() -> None:
    guest = Guest()
    for name in ("a", "b", "c"):
        guest.exports(shim(f"__wbg_{name}_free"), None, "(param i32 i32)")
    guest.exports(shim("__wbg_upcast_c_to_b"), None, I32_TO_I32)
    guest.exports(shim("__wbg_upcast_b_to_a"), None, I32_TO_I32)
    structs = [struct_("C", extends="B"), struct_("B", extends="X", extends_js_class="A"), struct_("A")]
    found = {s.key: s for s in guest.decode(program(structs=structs)).structs}
    assert found["C"].extends == "B"
    assert found["C"].upcasts == (("B", shim("__wbg_upcast_c_to_b")), ("A", shim("__wbg_upcast_b_to_a")))
    assert (found["A"].extends, found["A"].upcasts) == (None, ())


def test_a_parent_in_a_namespace_that_extends_does_not_repeat() -> None:
    guest = Guest()
    for name in ("ns__a", "ns__b"):
        guest.exports(shim(f"__wbg_{name}_free"), None, "(param i32 i32)")
    guest.exports(shim("__wbg_upcast_ns__b_to_a"), None, I32_TO_I32)
    structs = [struct_("A", js_namespace=("ns",)), struct_("B", js_namespace=("ns",), extends="A")]
    found = {s.key: s for s in guest.decode(program(structs=structs)).structs}
    assert found["ns__B"].upcasts == (("ns__A", shim("__wbg_upcast_ns__b_to_a")),)


def test_a_parent_that_is_not_there() -> None:
    guest = Guest()
    guest.exports(shim("__wbg_b_free"), None, "(param i32 i32)")
    with pytest.raises(GenerationError, match="`B` extends `A`, which is not exported, or more than once"):
        guest.decode(program(structs=[struct_("B", extends="A")]))


def test_a_circle_of_ancestors_is_an_error() -> None:
    guest = Guest()
    for one, other in ("ab", "ba"):
        guest.exports(shim(f"__wbg_{one}_free"), None, "(param i32 i32)")
        guest.exports(shim(f"__wbg_upcast_{one}_to_{other}"), None, I32_TO_I32)
    with pytest.raises(GenerationError, match="`A` extends itself"):
        guest.decode(program(structs=[struct_("A", extends="B"), struct_("B", extends="A")]))


# ------------------------------------------------------------------------------------------ enums and identities


def variant(name: str, value: int) -> dict[str, Any]:
    return {"name": name, "value": value, "comments": (" " + name.lower(),)}


def enum(name: str, *variants: dict[str, Any], signed: bool = False, private: bool = False, **given: Any) -> dict[str, Any]:
    base = {"comments": (), "generate_typescript": True, "js_namespace": None}
    return base | {"name": name, "signed": signed, "variants": variants, "private": private} | given


def test_numeric_enums() -> None:
    found = Guest().decode(program(enums=[enum("E", variant("A", 1), variant("B", 2**32 - 2), signed=True, js_namespace=("n",))]))
    assert found.enums == (ir.EnumDef("n__E", "E", "", (ir.Variant("A", 1, "a"), ir.Variant("B", -2, "b")), ("n",)),)


def described_enum(name: str, path: str) -> list[int]:
    return [TAG["ENUM"], *chars(name), 9, *chars(CRATE), module_hash(path) or 0]


def test_private_doubles_are_numbered_and_told_apart_by_module() -> None:
    guest = Guest()
    for name, path in (("of_a", "crate::a"), ("of_b", "crate::b"), ("of_c", "crate::c")):
        guest.exports(shim(name), [TAG["FUNCTION"], 0, 0, *described_enum("E", path) * 2], "(result f64)")
    found = guest.decode(
        program(module_path="crate::c", enums=[enum("E", private=True)], exports=[export("of_c")]),
        program(module_path="crate::b", enums=[enum("E")], exports=[export("of_b")]),
        program(module_path="crate::a", enums=[enum("E", private=True), enum("E2")], exports=[export("of_a")]),
    )
    assert {e.name: e.ret for e in found.exports[1:]} == {"of_a": ir.Enum("E3", 9), "of_b": ir.Enum("E", 9), "of_c": ir.Enum("E4", 9)}
    assert {e.key: e.name for e in found.enums} == {"E4": "E4", "E": "E", "E3": "E3", "E2": "E2"}


def test_public_doubles_are_an_error() -> None:
    with pytest.raises(GenerationError, match="`E` is exported more than once: by module `crate::a` and by module `crate::b`"):
        Guest().decode(program(module_path="crate::a", enums=[enum("E")]), program(module_path="crate::b", enums=[enum("E")]))


def test_two_crates_may_not_export_one_struct() -> None:
    other = f"other-{HASH}"
    one, two = program(structs=[struct_("S")]), program(structs=[struct_("S")], unique_crate_identifier=other)
    with pytest.raises(GenerationError, match="by crate `crate` and by crate `other`"):
        Guest().decode(one, two)


def test_the_hash_of_a_module() -> None:
    assert module_hash("") is None
    assert module_hash("a") == 0xE40C292C  # the published FNV-1a test vector


def test_string_enums_in_use() -> None:
    guest = Guest()
    described = [TAG["STRING_ENUM"], *chars("Used"), 2, *chars(CRATE), module_hash("crate") or 0]
    guest.exports(shim("f"), [TAG["FUNCTION"], 0, 1, TAG["OPTIONAL"], *described, TAG["UNIT"], TAG["UNIT"]], "(param i32)")
    enums = [imported("Enum", string_enum("Used", "a", "b-c")), imported("Enum", string_enum("Unused", "x"))]
    found = guest.decode(program(imports=enums, exports=[export("f")]))
    assert found.string_enums == (ir.StringEnumDef("Used", "Used", "", (ir.Variant("a", "a"), ir.Variant("b-c", "b-c"))),)
    assert found.exports[1].params == (ir.Param("arg0", ir.Option(ir.StringEnum("Used"))),)


@pytest.mark.parametrize(
    ("described", "message"),
    [
        ([TAG["STRING_ENUM"], *chars("S"), 3, *chars(CRATE), module_hash("crate")], "`S` has 1 variants, but is described with 3"),
        ([TAG["RUST_STRUCT"], *chars("Nobody"), *chars(CRATE)], "names `Nobody` of crate"),
        (described_enum("S", "crate"), "names `S` of crate"),
    ],
)
def test_definitions_that_are_not_there(described: list[int], message: str) -> None:
    guest = Guest()
    guest.exports(shim("f"), [TAG["FUNCTION"], 0, 0, *described * 2], "(result i32)")
    with pytest.raises(GenerationError, match=message):
        guest.decode(program(imports=[imported("Enum", string_enum("S", "a"))], exports=[export("f")]))


def test_a_name_without_a_crate_is_the_only_one_of_that_name() -> None:
    """Schema 0.2.128 tells of string enums and unions by name alone."""

    def defined(crate: str, *enums: tuple[Any, ...]) -> Program:
        return Program((), (), tuple(Import(None, None, StringEnum(*enum)) for enum in enums), (), (), crate, ())

    mood = ("Mood", ("a", "b"), (), False)
    one = Identities([defined(CRATE, mood)])
    assert one.string_enum("Mood", None, None, 2) == "Mood"
    with pytest.raises(GenerationError, match="names `Nobody`, which the guest does not define"):
        one.string_enum("Nobody", None, None, 2)
    two = Identities([defined(CRATE, mood), defined(f"other-{HASH}", (*mood[:3], True))])
    with pytest.raises(GenerationError, match="`Mood` is defined by crate `crate` and crate `other`, and the guest's wasm-bindgen"):
        two.string_enum("Mood", None, None, 2)


def test_identities_do_not_depend_on_order(guest_path: Path) -> None:
    found = read(Wasm(guest_path.read_bytes(), guest_path.name))
    assert found is not None
    forward, backward = Identities(found.programs), Identities(reversed(found.programs))
    assert forward._keys == backward._keys


# ------------------------------------------------------------------------------------------ imports


def role_of(entry: dict[str, Any], described: ir.Signature | list[int] | None, type_: str = "(param i32)", **given: Any) -> ir.Role:
    """The role of import ``it``, which ``entry`` explains."""
    guest = Guest()
    guest.asks("it", described, type_)
    found = guest.decode(program(imports=[entry], **given))
    (role,) = (i.role for i in found.imports if i.symbol == "it")
    return role


def function_of(method: Any = None, name: str = "name", *args: str, outer: dict[str, Any] | None = None, **given: Any) -> dict[str, Any]:
    return imported("Function", import_function("it", name, *args, method=method, **given), **(outer or {}))


def operation(kind: str, property_: str | None = None, static: bool = False) -> dict[str, Any]:
    return {"class_": "Class", "kind": ("Operation", {"is_static": static, "kind": (kind, property_)})}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (function_of(), ("call", "name", ("name",))),
        (function_of({"class_": "Class", "kind": ("Constructor", None)}, "new"), ("new", "new", ("Class",))),
        (function_of(operation("Regular")), ("method", "name", ("Class",))),
        (function_of(operation("Regular"), structural=False), ("final_method", "name", ("Class",))),
        (function_of(operation("Regular", static=True)), ("static", "name", ("Class",))),
        (function_of(operation("Getter", "size")), ("get", "size", ("Class",))),
        (function_of(operation("Setter", "size"), "set_size"), ("set", "size", ("Class",))),
        (function_of(operation("Getter", "size", static=True)), ("static_get", "size", ("Class",))),
        (function_of(operation("Setter", "size", static=True)), ("static_set", "size", ("Class",))),
        (function_of(operation("IndexingGetter")), ("index_get", "name", ("Class",))),
        (function_of(operation("IndexingSetter")), ("index_set", "name", ("Class",))),
        (function_of(operation("IndexingDeleter")), ("index_delete", "name", ("Class",))),
        (function_of(operation("IndexingGetter", static=True)), ("static_index_get", "name", ("Class",))),
    ],
)
def test_operations(entry: dict[str, Any], expected: tuple[str, str, tuple[str, ...]]) -> None:
    role = role_of(entry, signature(VALUE))
    assert isinstance(role, ir.Call)
    assert (role.operation, role.name, role.target.path) == expected


def test_what_a_call_carries() -> None:
    entry = function_of(None, "name", "this", "rest", catch=True, variadic=True, outer={"js_namespace": ("a", "b")})
    entry["kind"][1]["function"]["asyncness"] = True
    role = role_of(entry, signature(VALUE, ret=U32), "(param i32) (result i32)")
    assert role == ir.Call(
        ir.Target(None, ("a", "b", "name")), "call", "name", signature(VALUE, ret=U32), True, True, True, ("this", "rest")
    )


@pytest.mark.parametrize(
    ("module_", "name"),
    [
        (None, None),
        (("RawNamed", "node:fs"), "node:fs"),
        (("Named", CRATE + "/js/host.js"), "/js/host.js"),
        (("Inline", 1), "inline1"),
    ],
)
def test_modules(module_: tuple[str, Any] | None, name: str | None) -> None:
    role = role_of(function_of(outer={"module": module_}), signature(), "")
    assert isinstance(role, ir.Call)
    assert role.target.module == name


def test_snippets_are_numbered_through_a_crate() -> None:
    guest = Guest()
    guest.asks("it", signature())
    entry = function_of(outer={"module": ("Inline", 1)})
    found = guest.decode(program(inline_js=("one", "two")), program(inline_js=("three", "four"), imports=[entry]))
    assert [i.role.target.module for i in found.imports if isinstance(i.role, ir.Call)] == ["inline3"]


STATIC = imported("Static", {"name": "VERSION", "shim": "it"}, js_namespace=("app",))
STRING = imported("String", {"shim": "it", "string": "constant"})
TYPE = imported("Type", {"name": "Class", "instanceof_shim": "it", "vendor_prefixes": ("webkit", "moz")})
INTRINSIC = {"module": ("RawNamed", symbols.PLACEHOLDER_MODULE)}


@pytest.mark.parametrize(
    ("entry", "described", "expected"),
    [
        (STATIC, words(ir.Option(VALUE)), ir.Static(ir.Target(None, ("app", "VERSION")), ir.Option(VALUE))),
        (STRING, None, ir.ConstString("constant")),
        (TYPE, None, ir.InstanceOf(ir.Target(None, ("Class",), ("webkit", "moz")))),
        (function_of(name="__wbindgen_throw", outer=INTRINSIC), signature(TEXT), ir.Intrinsic("throw")),
        (
            function_of(suspending=True),
            signature(),
            ir.Unsupported("`name` is declared `suspending`, which needs a host that can suspend wasm"),
        ),
        (function_of(), None, ir.Unsupported("`it` is not described by the guest's metadata")),
        (STATIC, None, ir.Unsupported("`it` is not described by the guest's metadata")),
    ],
)
def test_other_roles(entry: dict[str, Any], described: ir.Signature | list[int] | None, expected: ir.Role) -> None:
    assert role_of(entry, described) == expected


def test_a_link_has_no_address_here() -> None:
    linked = {"module": ("RawNamed", "./worker.js"), "link_function_name": "it"}
    role = role_of(STRING | {"kind": ("String", {"shim": "other", "string": ""})}, None, linked_modules=[linked])
    assert isinstance(role, ir.Unsupported)
    assert "`./worker.js`" in role.reason


def test_imports_keep_the_order_of_the_guest() -> None:
    guest = class_guest()
    guest.asks(shim("__wbg_owner_new"), None, I32_TO_I32)
    guest.asks("fd_write", None, module_="wasi_snapshot_preview1")
    guest.asks(shim("__wbg_owner_unwrap"), None, I32_TO_I32)
    guest.asks("__wbindgen_externref_statics_end", None, "(result i32)", symbols.EXTERNREF_MODULE)
    guest.asks("mystery", None)
    found = guest.decode(program(structs=[struct_("Owner")]))
    assert [(i.symbol, i.role) for i in found.imports] == [
        (symbols.DESCRIBE, ir.Intrinsic("describe")),
        (shim("__wbg_owner_new"), ir.Wrap("Owner")),
        ("fd_write", ir.Unsupported("`wasi_snapshot_preview1.fd_write` is not an import of wasm-bindgen's")),
        (shim("__wbg_owner_unwrap"), ir.Unwrap("Owner")),
        ("__wbindgen_externref_statics_end", ir.Intrinsic("externref_statics_end")),
        ("mystery", ir.Unsupported("`mystery` is not described by the guest's metadata")),
    ]


def generic_guest(told: list[int], *imports: dict[str, Any]) -> ir.Module:
    marker = f'(import "{symbols.PLACEHOLDER_MODULE}" "{symbols.DESCRIBE_GENERIC_IMPORT}" (func $marker (param i32 i32) (result i32)))'
    calls = " ".join(f"(call $describe (i32.const {word}))" for word in told)
    code = f'(func (export "{shim("nothing")}")) (func {I32_TO_I32} {calls} (call $marker (i32.const 0) (i32.const 0)))'
    customs = metadata(program(exports=[export("nothing")], imports=imports))
    return decode(module(code, describes={shim("nothing"): UNIT_FUNCTION}, imports=marker, customs=customs))[0]


def test_casts() -> None:
    found = generic_guest([0, *signature_words(signature(F64, ret=VALUE))])
    assert found.imports[-1] == ir.Import(
        symbols.PLACEHOLDER_MODULE, "generic_0", ir.FuncType(("i32",), ("i32",)), ir.Cast(F64, VALUE), function=3
    )


def test_imports_bound_once_per_use() -> None:
    entry = imported("Function", import_function("key", "log", "value", generic_per_mono=True), js_namespace=("console",))
    role = generic_guest([*chars("key"), *signature_words(signature(U32))], entry).imports[-1].role
    assert role == ir.Call(ir.Target(None, ("console", "log")), "call", "log", signature(U32), params=("value",))
    with pytest.raises(GenerationError, match="does not say what `key` is"):
        generic_guest([*chars("key"), *signature_words(signature(U32))])


# ------------------------------------------------------------------------------------------ start and facts


def test_start_functions_run_in_order_and_private_ones_are_no_exports() -> None:
    guest = Guest()
    for name in ("one", "two"):
        guest.exports(shim(name), signature())
    guest.exports("main", None, "(param i32 i32) (result i32)")
    starts = [export("two", start=("Private", None)), export("one", start=("Public", None))]
    found = guest.decode(program(exports=starts))
    assert found.start == (shim("two"), shim("one"))
    assert [e.name for e in found.exports] == ["nothing", "one"]


def test_without_start_a_main_is_run() -> None:
    guest = Guest()
    guest.exports("main", None, "(param i32 i32) (result i32)")
    assert guest.decode().start == ("main",)


@pytest.mark.parametrize("type_", ["", "(param i32) (result i32)"])
def test_a_main_of_another_type_is_not(type_: str) -> None:
    guest = Guest()
    guest.exports("main", None, type_)
    assert guest.decode().start == ()


def test_start_takes_nothing() -> None:
    guest = Guest()
    guest.exports(shim("one"), signature(), "(param i32)")
    with pytest.raises(GenerationError, match="start function `one` takes or gives values"):
        guest.decode(program(exports=[export("one", start=("Public", None))]))


def test_facts() -> None:
    guest = Guest()
    guest.code.append(f'(table 1 funcref) (func (export "{symbols.SKIP_INTERPRET_CALLS}"))')
    facts = guest.decode().facts
    describe = symbols.DESCRIBE_PREFIX + shim("nothing")
    assert facts == ir.Facts(
        eh="none",
        unwinds=False,
        stack_pointer=0,
        function_table=True,
        exports=frozenset({"memory", shim("nothing")}),
        describes=frozenset({describe, symbols.SKIP_INTERPRET_CALLS}),
    )


@pytest.mark.parametrize(
    ("globals_", "found"),
    [
        ("", 0),
        ("(global (mut i32) (i32.const 5))", 0),  # the first of two
        ("(global (mut i32) (i32.const 5)) (global (mut i32) (i32.const 6))", None),
        ("(global (mut i32) (i32.const 5)) (global $__stack_pointer (mut i32) (i32.const 6))", 2),
        ("(global $__stack_pointer i32 (i32.const 6))", 0),  # a name is no proof
        ("(global (mut i64) (i64.const 5)) (global (mut i32) (i32.const 0))", 0),
    ],
)
def test_the_stack_pointer(globals_: str, found: int | None) -> None:
    guest = Guest()
    guest.code.append(globals_)
    assert guest.decode().facts.stack_pointer == found


@pytest.mark.parametrize(
    ("comments", "text"),
    [
        ((), ""),
        ((" One.", " Two."), "One.\nTwo."),
        ((" One.", "", "     code", " "), "One.\n\n    code"),
        (("No space.",), "No space."),
        ((" A line\u2028stays.",), "A line\u2028stays."),
    ],
)
def test_docs(comments: tuple[str, ...], text: str) -> None:
    assert doc(comments) == text


# ------------------------------------------------------------------------------------------ real guests


def load(case: str, mode: str = "unwind") -> ir.Module:
    return decode((ROOT / case / f"{mode}.wasm").read_bytes(), case)[0]


def test_every_import_of_every_guest_has_a_role(guest_path: Path) -> None:
    found, wasm = decode(guest_path.read_bytes(), guest_path.name)
    assert not [i for i in found.imports if isinstance(i.role, ir.Unsupported)]
    outer = [i for i in found.imports if i.function is None]
    assert [(i.module, i.symbol) for i in outer] == [(i.module, i.name) for i in wasm.imported_functions]
    assert list(found.imports[: len(outer)]) == outer
    assert found.facts.stack_pointer == 0
    assert found.facts.unwinds == (guest_path.stem != "abort")


def test_both_builds_of_a_guest_say_the_same(guest_path: Path) -> None:
    twin = guest_path.with_name("unwind.wasm" if guest_path.stem == "abort" else "abort.wasm")
    if not twin.exists():
        pytest.skip("built in one mode only")
    one, other = (decode(path.read_bytes(), path.name)[0] for path in (guest_path, twin))
    key: Callable[[ir.Export], str] = lambda e: e.symbol  # noqa: E731
    assert sorted(one.exports, key=key) == sorted(other.exports, key=key)
    assert set(one.structs) == set(other.structs)
    assert set(one.enums) == set(other.enums)


def test_custom_sections_may_be_doubled() -> None:
    guest = Guest()
    guest.exports(shim("f"), signature())
    data = module(
        "\n".join(guest.code),
        describes=guest.describes,
        customs=metadata(program()) + custom("x", b"") + metadata(program(exports=[export("f")])),
    )
    assert [e.name for e in decode(data)[0].exports] == ["f"]
