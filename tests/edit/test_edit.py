"""The edited guest: what was added is there, what was not touched is the same, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest
import wasmtime

from bindgen_patch import ir, symbols
from bindgen_patch.decode import decode
from bindgen_patch.decode.container import Id, Wasm
from bindgen_patch.decode.reader import Reader
from bindgen_patch.decode.rewrite import assemble, code_section
from bindgen_patch.edit import Edited, edit
from bindgen_patch.edit.hazards import NOTHING as NO_HAZARD
from bindgen_patch.edit.hazards import Call, unsafe_calls
from bindgen_patch.edit.loops import unrolled
from bindgen_patch.edit.whole import whole_calls
from bindgen_patch.errors import GenerationError
from tests.conftest import FIXTURES
from tests.decode.handmade import MARKER_IMPORT, UNIT_FUNCTION, custom, export, metadata, module, program, shim, small_guest
from tests.edit.host import engine


def edited(path: Path) -> tuple[ir.Module, Wasm, Edited, Wasm]:
    """The guest with its loops unrolled, and what was made of it."""
    found, wasm = decode(path.read_bytes(), path.name)
    result = edit(wasm, found)
    return found, unrolled(wasm), result, Wasm(result.module, "edited")


def test_all_bodies_but_the_swapped_and_the_unsafe_are_the_same_at_the_same_place(runnable_path: Path) -> None:
    found, wasm, _, after = edited(runnable_path)
    swapped = {imported.function for imported in found.imports if imported.function is not None}
    unsafe = unsafe_calls(wasm, swapped)
    assert unsafe == NO_HAZARD or found.facts.eh == "exnref"
    assert after.functions[: len(wasm.functions)] == wasm.functions
    twins = {function: len(wasm.functions) + place for place, function in enumerate([*unsafe.imports, *unsafe.copies])}
    assert len(after.functions) == len(wasm.functions) + len(twins) + len(whole_calls(wasm, found))

    def same_but_for(calls: list[Call], old: tuple[int, int], new: tuple[int, int]) -> bool:
        """Nothing but the operands of these calls has changed."""
        body = bytearray(after.data[slice(*new)])
        for call in calls:
            place = slice(call.start - old[0], call.end - old[0])
            assert Reader(bytes(body[place])).u32() == twins[call.target]
            body[place] = wasm.data[call.start : call.end]
        return bytes(body) == wasm.data[slice(*old)]

    before, behind = wasm.section(Id.CODE), after.section(Id.CODE)
    assert before is not None
    assert behind is not None
    for function in range(len(wasm.imported_functions), len(wasm.functions)):
        old, new = wasm.body(function), after.body(function)
        assert old is not None
        assert new is not None
        assert (old[0] - before.start, old[1] - before.start) == (new[0] - behind.start, new[1] - behind.start)
        assert (wasm.data[slice(*old)] == after.data[slice(*new)]) == (function not in swapped | unsafe.calls.keys()), function
        assert function in swapped or same_but_for(unsafe.calls.get(function, []), old, new)
    for function, calls in unsafe.copies.items():
        old, new = wasm.body(function), after.body(twins[function])
        assert old is not None
        assert new is not None
        assert same_but_for(calls, old, new)


def test_a_twin_has_the_type_of_its_import(runnable_path: Path) -> None:
    found, wasm, result, after = edited(runnable_path)
    twins = range(len(wasm.functions), len(wasm.functions) + len(result.layout.trapping))
    assert [after.signature(twin).words() for twin in twins] == [found.imports[number].wasm for number in result.layout.trapping]


def test_all_sections_but_the_edited_are_the_same(runnable_path: Path) -> None:
    _, wasm, _, after = edited(runnable_path)
    kept = [s for s in wasm.sections if s.name != symbols.METADATA_SECTION]
    if wasm.section(Id.TABLE) and wasm.custom("name"):
        assert [(s.number, s.name) for s in after.sections] == [(s.number, s.name) for s in kept]
    for section in kept:
        if section.number not in (Id.TYPE, Id.FUNCTION, Id.TABLE, Id.EXPORT, Id.CODE) and section.name != "name":
            twin = next(s for s in after.sections if (s.number, s.name) == (section.number, section.name))
            assert after.data[twin.header : twin.end] == wasm.data[section.header : section.end]


def function_names(wasm: Wasm) -> dict[int, str]:
    for section in wasm.custom("name"):
        reader = Reader(wasm.data, section.start, section.end)
        while reader.left:
            number, content = reader.byte(), reader.sub(reader.u32())
            if number == 1:
                return dict(content.vector(lambda content=content: (content.u32(), content.text())))  # type: ignore[misc]
    return {}


def test_appended_functions_have_names(runnable_path: Path) -> None:
    found, wasm, result, after = edited(runnable_path)
    before, names = function_names(wasm), function_names(after)
    assert {index: names[index] for index in before} == before
    whole = range(len(after.functions) - len(whole_calls(wasm, found)), len(after.functions))
    assert {names.pop(index) for index in whole} <= {symbols.WHOLE_NAME}
    appended = range(len(wasm.functions), whole.start)
    assert names.keys() - before.keys() == set(appended)
    imports = [imported.name for imported in wasm.imported_functions]
    assert all(names[index].endswith(".trap") for index in appended)
    assert {names[index].removesuffix(".trap") for index in appended} <= {*before.values(), *imports}
    assert len(appended) >= len(result.layout.trapping)


@pytest.mark.parametrize(
    "content",
    [b"", b"\1", b"\1\xff", b"\1\3\1\0", b"\1\4\1\0\1\xff", b"\1\1\0", b"\1\7\1\xff\xff\xff\x0f\1a", b"\0\4\3abc"],
)  # fmt: skip
def test_no_names_for_appended_functions_where_those_of_the_guest_are_damaged(content: bytes) -> None:
    """A name section that is damaged, or has names for functions there are not, stays as it is."""
    path = FIXTURES / "imports" / "unwind.wasm"
    found, wasm = decode(path.read_bytes(), path.name)
    data = assemble(wasm, {}, lambda custom: custom.name != "name") + custom("name", content)
    result = edit(Wasm(data, "stripped"), found)
    assert result.layout.trapping
    after = Wasm(result.module, "edited")
    assert [after.data[s.start : s.end] for s in after.custom("name")] == [content]


def test_whole_calls_have_names_where_the_guest_has_none() -> None:
    path = FIXTURES / "imports" / "unwind.wasm"
    found, wasm = decode(path.read_bytes(), path.name)
    stripped = Wasm(assemble(wasm, {}, lambda custom: custom.name != "name"), "stripped")
    after = Wasm(edit(stripped, found).module, "edited")
    count = len(whole_calls(wasm, found))
    assert count
    assert function_names(after) == dict.fromkeys(range(len(after.functions) - count, len(after.functions)), symbols.WHOLE_NAME)


def test_exports_are_kept_but_for_the_describe_functions(runnable_path: Path) -> None:
    found, wasm, result, after = edited(runnable_path)
    own = {name for name in (result.layout.stack_pointer, result.layout.table, result.layout.host) if name}
    own |= {whole.export for whole in whole_calls(wasm, found)}
    assert {e for e in after.exports if e.name not in own} == {e for e in wasm.exports if e.name not in found.facts.describes}
    assert {e.name for e in after.exports} == found.facts.exports | own


def test_what_was_appended(runnable_path: Path) -> None:
    found, wasm, result, after = edited(runnable_path)
    by_name = {e.name: (e.kind, e.index) for e in after.exports}
    assert by_name[symbols.EXPORT_STACK_POINTER] == ("global", found.facts.stack_pointer)
    assert by_name[symbols.EXPORT_TABLE] == ("table", 0)
    supplied = [place for place, i in enumerate(found.imports) if i.function is not None]
    assert list(result.layout.supplied) == supplied
    assert result.layout.slots[: len(supplied)] == tuple(map(symbols.shim, supplied))
    assert len(result.layout.slots) == len(supplied) + len(result.layout.trapping)
    if slots := len(result.layout.slots):
        assert by_name[symbols.EXPORT_HOST] == ("table", len(wasm.tables))
        assert after.tables[-1].minimum == slots
    else:
        assert (result.layout.host, after.tables) == (None, wasm.tables)


def test_editing_twice_gives_the_same_bytes(runnable_path: Path) -> None:
    assert edited(runnable_path)[2] == edited(runnable_path)[2]


def test_an_edited_guest_is_no_guest(runnable_path: Path) -> None:
    with pytest.raises(GenerationError, match="already edited by bindgen-patch"):
        decode(edited(runnable_path)[2].module)


# ------------------------------------------------------------------------------------------ by hand

NOTHING = {shim("nothing"): UNIT_FUNCTION}
META = metadata(program(exports=[export("nothing")]))


def by_hand(code: str = "", imports: str = "", customs: bytes = b"") -> tuple[Wasm, Edited, Wasm]:
    data = module(f'(func (export "{shim("nothing")}")) {code}', describes=NOTHING, imports=imports, customs=META + customs)
    found, wasm = decode(data, "hand.wasm")
    result = edit(wasm, found)
    return wasm, result, Wasm(result.module, "edited")


def test_nothing_to_wire_leaves_tables_and_code_alone() -> None:
    wasm, result, after = by_hand()
    assert (result.layout.table, result.layout.host, result.layout.slots) == (None, None, ())
    assert after.section(Id.TABLE) is None
    assert after.bodies[0][1] - after.bodies[0][0] == wasm.bodies[0][1] - wasm.bodies[0][0]


CAST = """(func $cast (param f64 i64 i32) (result i32)
    (call $describe (i32.const 0)) (call $describe (i32.const 15)) (call $describe (i32.const 0)) (call $describe (i32.const 1))
    (call $describe (i32.const 13)) (call $describe (i32.const 24)) (call $describe (i32.const 24))
    (call $marker (i32.const 0) (i32.const 0)))"""


@pytest.mark.parametrize("tables", ["", "(table 3 funcref)", "(table 3 funcref) (table 1 externref)"])
def test_a_cast_goes_through_the_host_table(tables: str) -> None:
    code = f'{CAST} {tables} (func (export "use") (result i32) (call $cast (f64.const 1.5) (i64.const -2) (i32.const 3)))'
    wasm, result, _ = by_hand(code, MARKER_IMPORT)
    shared = engine()
    store, found = wasmtime.Store(shared), wasmtime.Module(shared, result.module)
    trap = wasmtime.Func(store, wasmtime.FuncType([wasmtime.ValType.i32()], []), lambda word: None)
    two = [wasmtime.ValType.i32()] * 2
    marker = wasmtime.Func(store, wasmtime.FuncType(two, [wasmtime.ValType.i32()]), lambda a, b: 0)
    exports = wasmtime.Instance(store, found, [trap, marker]).exports(store)
    seen: list[tuple[float, int, int]] = []
    kinds = [wasmtime.ValType.f64(), wasmtime.ValType.i64(), wasmtime.ValType.i32()]
    host = wasmtime.Func(store, wasmtime.FuncType(kinds, [wasmtime.ValType.i32()]), lambda *words: seen.append(words) or 42)
    table = exports[symbols.EXPORT_HOST]
    assert isinstance(table, wasmtime.Table)
    table.set(store, 0, host)
    use = exports["use"]
    assert isinstance(use, wasmtime.Func)
    assert use(store) == 42
    assert seen == [(1.5, -2, 3)]
    assert len(result.layout.slots) == 1
    assert len(wasm.tables) == tables.count("table")


def test_custom_sections_stay_but_for_the_metadata() -> None:
    extra = custom("producers", b"\0") + custom("target_features", b"\0") + custom(".debug_info", b"debug")
    wasm, _, after = by_hand(customs=extra)
    assert [s.name for s in after.sections if s.number == Id.CUSTOM] == [
        s.name for s in wasm.sections if s.number == Id.CUSTOM and s.name != symbols.METADATA_SECTION
    ]
    assert after.custom(symbols.METADATA_SECTION) == []


@pytest.mark.parametrize("name", [symbols.EXPORT_STACK_POINTER, symbols.EXPORT_TABLE, symbols.EXPORT_HOST])
def test_our_names_must_be_free(name: str) -> None:
    with pytest.raises(GenerationError, match=rf"hand\.wasm: the guest already exports `{name}`") as caught:
        by_hand(f'(func (export "{name}"))')
    assert caught.value.hint


def test_a_longer_body_moves_what_follows_it() -> None:
    """No swapped body of a real guest outgrows the old one, but nothing says that none ever will."""
    text = '(module (func) (func (export "f") (result i32) (i32.const 7)) (func (export "g") (result i32) (i32.const 8)))'
    wasm = Wasm(bytes(wasmtime.wat2wasm(text)), "hand")
    for function in range(3):
        longer = bytes.fromhex("00") + b"\x01" * 300 + (bytes.fromhex("41 05 0b") if function else b"\x0b")
        changed = assemble(wasm, {Id.CODE: code_section(wasm, {function: longer})}, lambda custom: True)
        wasmtime.Module.validate(engine(), changed)
        after = Wasm(changed, "changed")
        assert [after.data[slice(*body)] for body in after.bodies] == [
            longer if place == function else wasm.data[slice(*body)] for place, body in enumerate(wasm.bodies)
        ]


def test_the_smallest_guest_runs() -> None:
    found, wasm = decode(small_guest())
    result = edit(wasm, found)
    shared = engine()
    store = wasmtime.Store(shared)
    describe = wasmtime.Func(store, wasmtime.FuncType([wasmtime.ValType.i32()], []), lambda word: None)
    exports = wasmtime.Instance(store, wasmtime.Module(shared, result.module), [describe]).exports(store)
    nothing = exports[shim("nothing")]
    assert isinstance(nothing, wasmtime.Func)
    assert nothing(store) is None


def test_the_companion_catches_for_every_type_that_is_exported(runnable_path: Path) -> None:
    found, wasm, result, _ = edited(runnable_path)
    companion = Wasm(result.shims, "companion")
    words = {"i32": "i", "i64": "l", "f32": "f", "f64": "d"}
    for name, index in wasm.exported_functions.items():
        params, results = wasm.signature(index).params, wasm.signature(index).results
        if name in found.facts.exports and len(results) < 2 and words.keys() >= {*params, *results}:
            catcher = symbols.catcher(":".join("".join(words[word] for word in side) for side in (params, results)))
            type_ = companion.signature(companion.exported_functions[catcher])
            assert type_.params[: 1 + len(params)] == ("i64", *params)
            assert type_.results == ("i64", *results)
            assert len(type_.params) == max(len(params), 1) + 2, "the function stands where no result does"
