"""How a type crosses: its words, and the Python expressions that lower and lift it.

One place for the rules of wasm-bindgen's ABI (chapter 3 of the dossier). Expressions are format strings:

- ``{v}`` the value as the caller gave it, ``{n}`` the text that names it in messages,
- ``{x}`` the value once checked,
- ``{0}`` ``{1}`` … the words of a value that comes out of the guest,
- ``{g}`` the guest, and ``{int}``, ``{len}`` … the built-ins, under a name that no export has taken.

A :class:`Lowering` checks first and touches the guest afterwards, so that a bad third argument leaves nothing behind.
The number of words stands beside the expressions; :mod:`bindgen_patch.emit.plan` compares it with the wasm type.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from bindgen_patch import ir, symbols
from bindgen_patch.emit.names import as_in_rust
from bindgen_patch.plain import format_of, plain_type

I32: tuple[ir.Word, ...] = ("i32",)


class Unsupported(Exception):
    """This type cannot cross here, in this version. Carries the reason."""


@dataclass(frozen=True, slots=True)
class Lowering:
    """From Python into the guest. ``pure``: the words leave no trace in the guest."""

    hint: str
    words: tuple[str, ...]
    types: tuple[ir.Word, ...]
    check: str = "{v}"
    pure: bool = True


@dataclass(frozen=True, slots=True)
class Lifting:
    """Out of the guest into Python.

    ``release``: a method to call on the value when the host function has returned. ``lent``: what the host function gets of it.
    ``untyped``: type checkers see nothing of the hint in the expression.
    """

    hint: str
    value: str
    types: tuple[ir.Word, ...]
    release: str | None = None
    lent: str = ""
    untyped: bool = False


@dataclass(frozen=True, slots=True)
class Names:
    """What the module calls its classes, enums and closure types."""

    structs: Mapping[str, str]
    enums: Mapping[str, str]
    string_enums: Mapping[str, str]
    string_counts: Mapping[str, int]
    closure: Callable[[ir.Signature, bool], str]
    typed: Callable[[str | None], str | None] = lambda _text: None
    """The hint of a ``JsValue`` that TypeScript calls so; ``None`` where there is none."""


# ------------------------------------------------------------------------------------------- scalars


@dataclass(frozen=True, slots=True)
class _Scalar:
    """A type of one or two number words."""

    hint: str
    check: str
    types: tuple[ir.Word, ...]
    lift: str
    optional: str
    """Which form ``Option`` takes: ``small``, ``32``, ``f32``, ``tag``, ``null``."""


def _scalar(t: ir.Type) -> _Scalar | None:
    match t:
        case ir.Int(128, signed):
            name = "i128" if signed else "u128"
            return _Scalar("{int}", f"_bp.{name}({{v}}, {{n}})", ("i64", "i64"), f"_bp.to_{name}({{0}}, {{1}})", "tag")
        case ir.Int(64, signed):
            name = "i64" if signed else "u64"
            return _Scalar("{int}", f"_bp.{name}({{v}}, {{n}})", ("i64",), "{0}" if signed else "_bp.to_u64({0})", "tag")
        case ir.Int(32, signed):
            name = "i32" if signed else "u32"
            return _Scalar("{int}", f"_bp.{name}({{v}}, {{n}})", I32, "{0}" if signed else "_bp.to_u32({0})", "32")
        case ir.Int(bits, signed):
            name = f"{'i' if signed else 'u'}{bits}"
            return _Scalar("{int}", f"_bp.{name}({{v}}, {{n}})", I32, "{0}", "small")
        case ir.Float(32):
            return _Scalar("{float}", "_bp.f32({v}, {n})", ("f32",), "{0}", "f32")
        case ir.Float():
            return _Scalar("{float}", "_bp.f64({v}, {n})", ("f64",), "{0}", "tag")
        case ir.Bool():
            return _Scalar("{bool}", "_bp.boolean({v}, {n})", I32, "{0} != 0", "small")
        case ir.Char():
            return _Scalar("{str}", "_bp.char({v}, {n})", I32, "_bp.to_char({0})", "small")
        case ir.Pointer(nonnull):
            check = "_bp.nonnull({v}, {n})" if nonnull else "_bp.pointer({v}, {n})"
            return _Scalar("{int}", check, I32, "_bp.to_u32({0})", "null" if nonnull else "32")
    return None


def _number(enum: ir.Enum) -> _Scalar:
    """The scalar that a numeric enum crosses as."""
    scalar = _scalar(enum.number)
    assert scalar is not None
    return scalar


def _words_of(count: int) -> tuple[str, ...]:
    return ("{x}", "{x} >> 64")[:count]


# ------------------------------------------------------------------------------------------- lowering


def lower(t: ir.Type, names: Names) -> Lowering:
    """An argument of an export or closure, or the result of a host function. Raises :class:`Unsupported`."""
    scalar = _scalar(t)
    if scalar is not None:
        return Lowering(scalar.hint, _words_of(len(scalar.types)), scalar.types, scalar.check)
    match t:
        case ir.String() | ir.Ref(ir.String()):
            return Lowering("{str}", ("{g}.put({x})", "{len}({x})"), ("i32", "i32"), "_bp.utf8({v}, {n})", pure=False)
        case ir.JsValue() | ir.DynamicUnion():
            return Lowering(_given(t, names), ("{g}.handle({x})",), I32, pure=False)
        case ir.Ref(ir.JsValue() | ir.DynamicUnion() as target):
            return Lowering(_given(target, names), ("{g}.lend({x})",), I32, pure=False)
        case ir.Struct(key):
            cls = names.structs[key]
            return Lowering(cls, ("{g}.consume({x})",), I32, f"{{g}}.object({{v}}, {cls}, {{n}})", pure=False)
        case ir.Ref(ir.Struct(key)):
            cls = names.structs[key]
            return Lowering(cls, ("{g}.pointer({x})",), I32, f"{{g}}.object({{v}}, {cls}, {{n}})")
        case ir.Enum(key):
            cls = names.enums[key]
            return Lowering(cls, ("{x}",), _number(t).types, f"_bp.enum({{v}}, {cls}, {{n}})")
        case ir.StringEnum(key):
            cls = names.string_enums[key]
            return Lowering(f"{cls} | {{str}}", ("{x}",), I32, f"_bp.string_enum({{v}}, {cls}, {{n}})")
        case ir.Ref(ir.Slice(element), mutable=True) if code := format_of(element):
            hint = "_bp.MutInts" if code not in "fd" else "_bp.MutFloats"
            words = (f"{{g}}.put({{x}}.numbers, {struct.calcsize(code)})", "{len}({x}.numbers)", "{g}.handle({x})")
            return Lowering(hint, words, ("i32", "i32", "i32"), f'_bp.mut_numbers({{v}}, "{code}", {{n}})', pure=False)
        case ir.Vec(element) | ir.Ref(ir.Slice(element)):
            return _lower_sequence(element, names)
        case ir.Option(target):
            return _lower_option(target, names)
        case ir.Ref(ir.Option(target)):
            return lower(ir.Option(ir.Ref(target)), names)
        case ir.Ref(target) if _scalar(target) is not None or isinstance(target, ir.Enum | ir.StringEnum):
            return lower(target, names)
        case ir.Unit():
            return Lowering("None", (), ())
        case ir.Nullable() | ir.Ref() | ir.Slice() | ir.Result() | ir.Function() | ir.Closure():
            raise Unsupported(f"a value of type `{rust(t)}` cannot be given to the guest here")
        case ir.Int() | ir.Float() | ir.Bool() | ir.Char() | ir.Pointer():
            raise AssertionError("scalars come first")
        case _:
            assert_never(t)


def _given(t: ir.JsValue | ir.DynamicUnion, names: Names, *, optional: bool = False) -> str:
    """The hint of a value that the guest is given."""
    hint = names.typed(t.name) if isinstance(t, ir.JsValue) else None
    return "{object}" if hint is None else f"{hint} | None" if optional else hint


def _got(t: ir.Type, names: Names, *, optional: bool = False) -> str:
    """The same for one that it gives."""
    hint = names.typed(t.name) if isinstance(t, ir.JsValue) else None
    return "_bp.Any" if hint in (None, "_bp.Any") else f"{hint} | None" if optional else str(hint)


def _cell(element: ir.Type) -> str:
    """Format of an encoded element: one that does not lie in a buffer as it is; empty for others."""
    if isinstance(element, ir.Enum):
        return "d" if element.number == ir.Float(64) else ""
    return {ir.Bool: "I", ir.Char: "I", ir.StringEnum: "I"}.get(type(element), "")


def is_string_handle(element: ir.Type) -> bool:
    """``Vec<String>`` describes its elements as a JavaScript ``string``."""
    return isinstance(element, ir.String) or (isinstance(element, ir.JsValue) and element.name == "string")


def _lower_sequence(element: ir.Type, names: Names) -> Lowering:
    two: tuple[ir.Word, ...] = ("i32", "i32")
    if code := format_of(element):
        hint = "_bp.Floats" if code in "fd" else "_bp.Ints"
        return Lowering(
            hint, (f"{{g}}.put({{x}}, {struct.calcsize(code)})", "{len}({x})"), two, f'_bp.numbers({{v}}, "{code}", {{n}})', pure=False
        )
    if code := _cell(element):
        inner = lower(element, names)
        check = inner.check.replace("{v}", "_bp_item")
        cells = f'_bp.cells("{code}", [{check} for _bp_item in _bp.items({{v}}, {{n}})])'
        return Lowering(f"_bp.Iterable[{inner.hint}]", (f"{{g}}.put({{x}}, {struct.calcsize(code)})", "{len}({x})"), two, cells, pure=False)
    words = ("{g}.put_values({x})", "{len}({x})")
    if is_string_handle(element):
        return Lowering("_bp.Iterable[{str}]", words, two, "_bp.strings({v}, {n})", pure=False)
    if isinstance(element, ir.JsValue | ir.DynamicUnion):
        return Lowering(f"_bp.Iterable[{_given(element, names)}]", words, two, "_bp.items({v}, {n})", pure=False)
    if isinstance(element, ir.Struct):
        cls = names.structs[element.key]
        return Lowering(f"_bp.Iterable[{cls}]", words, two, f"{{g}}.objects({{v}}, {cls}, {{n}})", pure=False)
    if isinstance(element, ir.Enum):
        inner = lower(element, names)
        check = inner.check.replace("{v}", "_bp_item")
        return Lowering(f"_bp.Iterable[{inner.hint}]", words, two, f"[{check} for _bp_item in _bp.items({{v}}, {{n}})]", pure=False)
    raise Unsupported(f"a sequence of `{rust(element)}` cannot be given to the guest")


def _lower_option(target: ir.Type, names: Names) -> Lowering:
    if isinstance(target, ir.JsValue | ir.DynamicUnion):
        return Lowering(_given(target, names, optional=True), ("{g}.option_handle({x})",), I32, pure=False)
    if isinstance(target, ir.Ref) and isinstance(target.target, ir.JsValue | ir.DynamicUnion):
        return Lowering(_given(target.target, names, optional=True), ("{g}.lend_option({x})",), I32, pure=False)
    inner = lower(target, names)
    hint, checked = f"{inner.hint} | None", f"None if {{v}} is None else {inner.check}"
    scalar = _scalar(target)
    if isinstance(target, ir.Enum):
        return Lowering(hint, ("{x}",), inner.types, f"{target.hole} if {{v}} is None else {inner.check}")
    if isinstance(target, ir.StringEnum):
        return Lowering(hint, ("{x}",), I32, f"{names.string_counts[target.key] + 1} if {{v}} is None else {inner.check}")
    if scalar is None or scalar.optional == "null":
        words = tuple(f"0 if {{x}} is None else {word}" for word in inner.words)
        return Lowering(hint, words, inner.types, checked, pure=inner.pure)
    if scalar.optional == "tag":
        values = ("0 if {x} is None else {x}", "0 if {x} is None else {x} >> 64")[: len(inner.types)]
        return Lowering(hint, ("{x} is not None", *values), ("i32", *inner.types), checked)
    return Lowering(hint, ("{x}",), I32 if scalar.optional == "small" else ("f64",), f"_bp.option_{scalar.optional}({checked})")


# ------------------------------------------------------------------------------------------- lifting


def lift(t: ir.Type, names: Names, *, borrowed: bool = False) -> Lifting:
    """The result of an export or closure, or an argument of a host function (where references are ``borrowed``)."""
    scalar = _scalar(t)
    if scalar is not None:
        return Lifting(scalar.hint, scalar.lift, scalar.types)
    match t:
        case ir.Ref(ir.Slice(element), mutable=True) if code := format_of(element):
            made = f'{{g}}.lend_slice("{code}", {{0}}, {{1}})'
            return Lifting("memoryview", made, ("i32", "i32"), release="release", lent=".numbers")
        case ir.Ref(ir.Function(signature), mutable):
            made = f"{names.closure(signature, mutable)}({{g}}, {{0}}, {{1}}, owned=False)"
            return Lifting("_bp.Any", made, ("i32", "i32"), release="_bp_expire")
        case ir.Closure(owned, mutable, signature):
            return Lifting("_bp.Any", f"{names.closure(signature, mutable)}({{g}}, {{0}}, {{1}}, owned={owned})", ("i32", "i32"))
        case ir.Ref(ir.Option(target)):
            return lift(ir.Option(ir.Ref(target)), names, borrowed=True)
        case ir.Ref(target):
            return lift(target, names, borrowed=True)
        case ir.String():
            return Lifting("{str}", "{g}.string({0}, {1})" if borrowed else "{g}.take_string({0}, {1})", ("i32", "i32"))
        case ir.JsValue() | ir.DynamicUnion():
            hint = _got(t, names)
            return Lifting(hint, "{g}.value({0})" if borrowed else "{g}.take({0})", I32, untyped=hint != "_bp.Any")
        case ir.Struct(key):
            if borrowed:
                raise Unsupported("a reference to a Rust object cannot be handed to the host")
            return Lifting(names.structs[key], f"{{g}}.wrap({names.structs[key]}, {{0}})", I32)
        case ir.Enum(key):
            number = _number(t)
            value = number.lift if number.hint == "{int}" else f"{{int}}({number.lift})"
            return Lifting(names.enums[key], f"{names.enums[key]}({value})", number.types)
        case ir.StringEnum(key):
            return Lifting(names.string_enums[key], f"_bp.to_string_enum({{0}}, {names.string_enums[key]})", I32)
        case ir.Vec(element):
            # A reference to one is the `slice_to_array` of 0.2.129 and before: numbers lie in the guest's list, handles in one made for us.
            return _lift_sequence(element, names, borrowed=borrowed and bool(format_of(element)))
        case ir.Slice(element):
            return _lift_sequence(element, names, borrowed=True)
        case ir.Option(target):
            return _lift_option(target, names, borrowed=borrowed)
        case ir.Unit():
            return Lifting("None", "None", ())
        case ir.Nullable() | ir.Result() | ir.Function():
            raise Unsupported(f"a value of type `{rust(t)}` cannot be taken from the guest here")
        case ir.Int() | ir.Float() | ir.Bool() | ir.Char() | ir.Pointer():
            raise AssertionError("scalars come first")
        case _:
            assert_never(t)


def _lift_sequence(element: ir.Type, names: Names, *, borrowed: bool) -> Lifting:
    two: tuple[ir.Word, ...] = ("i32", "i32")
    if code := format_of(element):
        if code == "B":
            return Lifting("{bytes}", "{g}.read({0}, {1})" if borrowed else "{g}.take_bytes({0}, {1})", two)
        return Lifting("_bp.Array", f'{{g}}.{"numbers" if borrowed else "take_numbers"}("{code}", {{0}}, {{1}})', two)
    if code := _cell(element):
        inner = lift(element, names)
        value = inner.value.replace("{0}", "_bp_item")
        return Lifting(f"{{list}}[{inner.hint}]", f'[{value} for _bp_item in {{g}}.take_cells("{code}", {{0}}, {{1}})]', two)
    if borrowed and isinstance(element, ir.String | ir.Ref):
        return Lifting("{list}[{str}]", "{g}.take_string_cells({0}, {1})", two)
    if is_string_handle(element):
        return Lifting("{list}[{str}]", "{g}.take_strings({0}, {1})", two)
    if isinstance(element, ir.JsValue | ir.DynamicUnion):
        return Lifting(
            f"{{list}}[{_got(element, names)}]", "{g}.borrowed_values({0}, {1})" if borrowed else "{g}.take_values({0}, {1})", two
        )
    if isinstance(element, ir.Struct) and not borrowed:
        return Lifting(f"{{list}}[{names.structs[element.key]}]", "{g}.take_values({0}, {1})", two)
    if isinstance(element, ir.Enum) and not borrowed:
        cls = names.enums[element.key]
        return Lifting(f"{{list}}[{cls}]", f"[{cls}({{int}}(_bp_item)) for _bp_item in {{g}}.take_values({{0}}, {{1}})]", two)
    raise Unsupported(f"a sequence of `{rust(element)}` cannot be taken from the guest")


_TYPED_ARRAYS = {
    "b": "Int8Array",
    "B": "Uint8Array",
    "h": "Int16Array",
    "H": "Uint16Array",
    "i": "Int32Array",
    "I": "Uint32Array",
    "q": "BigInt64Array",
    "Q": "BigUint64Array",
    "f": "Float32Array",
    "d": "Float64Array",
}


def view(param: ir.Type, ret: ir.Type) -> str:
    """The lifting of a cast of ``&[T]`` to a ``JsValue``, which shows the guest's memory in place (``Uint8Array::view``); else empty."""
    match param, ret:
        case ir.Ref(ir.Slice(element)), ir.JsValue(name) if code := format_of(element):
            clamped = code == "B" and name == "Uint8ClampedArray"
            return f'{{g}}.view("{name if clamped else _TYPED_ARRAYS[code]}", {{0}}, {{1}})'
    return ""


_OPTIONAL = {ir.Bool: "_bp.from_option_bool({0})", ir.Char: "_bp.from_option_char({0})"}


def _lift_option(target: ir.Type, names: Names, *, borrowed: bool) -> Lifting:
    inner = lift(target, names, borrowed=borrowed)
    hint = inner.hint if inner.hint == "_bp.Any" else f"{inner.hint} | None"
    scalar = _scalar(target)
    value = target.target if isinstance(target, ir.Ref) else target
    if inner.hint == "_bp.Any" or isinstance(value, ir.JsValue | ir.DynamicUnion):
        return replace(inner, hint=hint)  # handle 0 and that of undefined both read as None
    if isinstance(target, ir.Enum):
        return Lifting(hint, f"{inner.value} if {{0}} != {target.hole} else None", inner.types)
    if isinstance(target, ir.StringEnum):
        return Lifting(hint, f"_bp.from_option_string_enum({{0}}, {names.string_enums[target.key]})", inner.types)
    if scalar is None or scalar.optional == "null":
        return Lifting(hint, f"{inner.value} if {{0}} else None", inner.types)
    if scalar.optional == "tag":
        shifted = inner.value.replace("{1}", "{2}").replace("{0}", "{1}")
        return Lifting(hint, f"{shifted} if {{0}} == 1 else None", ("i32", *inner.types))
    types: tuple[ir.Word, ...] = I32 if scalar.optional == "small" else ("f64",)
    return Lifting(hint, _OPTIONAL.get(type(target), f"_bp.from_option_{scalar.optional}({{0}})"), types)


def native_import(t: ir.Type, *, result: bool) -> str | None:
    """The same for a host function that the accelerator can carry out: what it is given, or returns as a ``result``."""
    match t:
        case ir.Ref(ir.String(), mutable=False) if not result:
            return "&str"
        case ir.JsValue() | ir.DynamicUnion() if result:
            return "JsValue"
        case ir.Unit() | ir.Int() | ir.Float() | ir.Bool():
            return plain_type(t, result=result)
    return None


# ------------------------------------------------------------------------------------------- promises


def resolved(t: ir.Type, names: Names) -> str:
    """How what an asynchronous export resolves with becomes a value of its declared type: a converter, empty where it is one already."""
    match t:
        case ir.Int() | ir.Pointer():
            return "_bp.as_int"
        case ir.Float():
            return "_bp.as_float"
        case ir.Bool():
            return "_bp.as_bool"
        case ir.String() | ir.Char():
            return "_bp.as_str"
        case ir.Unit():
            return "_bp.as_none"
        case ir.Enum(key):
            return f"_bp.as_enum({names.enums[key]})"
        case ir.StringEnum(key):
            return f"_bp.as_enum({names.string_enums[key]})"
        case ir.Struct(key):
            return f"_bp.as_instance({names.structs[key]})"
        case ir.Vec(element) if code := format_of(element):
            return "_bp.as_bytes" if code == "B" else "_bp.as_array"
        case ir.Vec(element):
            inner = "_bp.as_str" if is_string_handle(element) else resolved(element, names)
            return f"_bp.as_list({inner})" if inner else "_bp.as_list(_bp.as_any)"
        case ir.Option(target):
            inner = resolved(target, names)
            return f"_bp.as_option({inner})" if inner else ""
    return ""


# ------------------------------------------------------------------------------------------- records and names


_FORMATS = {"i32": ("i", 4), "i64": ("q", 8), "f32": ("f", 4), "f64": ("d", 8)}


def signature(wasm: ir.FuncType) -> str:
    """A wasm type in the short form of the run time: ``"iil:d"``."""
    return symbols.signature(wasm.params, wasm.results)


def layout(types: tuple[ir.Word, ...]) -> str:
    """The :mod:`struct` format of a C struct of these words."""
    text, offset = "<", 0
    for word in types:
        code, size = _FORMATS[word]
        padding = -offset % size
        text += ("x" * padding) + code
        offset += padding + size
    return text


def rust(t: ir.Type) -> str:
    """A type as Rust writes it, for docstrings and messages."""
    match t:
        case ir.Int(bits, signed):
            return f"{'i' if signed else 'u'}{bits}"
        case ir.Float(bits):
            return f"f{bits}"
        case ir.Bool():
            return "bool"
        case ir.Char():
            return "char"
        case ir.Pointer(nonnull):
            return "NonNull<_>" if nonnull else "*const _"
        case ir.String():
            return "String"
        case ir.JsValue(name):
            return name or "JsValue"
        case ir.Struct(key) | ir.Enum(key) | ir.StringEnum(key):
            return key.rpartition("::")[2]
        case ir.DynamicUnion(name):
            return name
        case ir.Ref(ir.String(), mutable):
            return "&mut str" if mutable else "&str"
        case ir.Ref(ir.Function(sig), mutable):
            return f"&mut dyn FnMut{arrow(sig)}" if mutable else f"&dyn Fn{arrow(sig)}"
        case ir.Ref(ir.Vec(element)):
            return f"&[{rust(element)}]"
        case ir.Ref(target, mutable):
            return f"&{'mut ' if mutable else ''}{rust(target)}"
        case ir.Slice(element):
            return f"[{rust(element)}]"
        case ir.Vec(element):
            return f"Vec<{rust(element)}>"
        case ir.Option(target):
            return f"Option<{rust(target)}>"
        case ir.Nullable(target):
            return f"Nullable<{rust(target)}>"
        case ir.Result(ok):
            return f"Result<{rust(ok)}, _>"
        case ir.Unit():
            return "()"
        case ir.Function(sig):
            return f"dyn Fn{arrow(sig)}"
        case ir.Closure(_, mutable, sig):
            return f"Closure<dyn Fn{'Mut' if mutable else ''}{arrow(sig)}>"
        case _:
            assert_never(t)


def arrow(sig: ir.Signature, params: tuple[str, ...] = ()) -> str:
    """``(a: i32, b: &str) -> bool``; without names, ``(i32, &str) -> bool``."""
    named = (
        [f"{as_in_rust(name)}: {rust(t)}" for name, t in zip(params, sig.params, strict=False)] if params else [rust(t) for t in sig.params]
    )
    tail = "" if isinstance(sig.logical, ir.Unit) else f" -> {rust(sig.logical)}"
    return f"({', '.join(named)}){tail}"


def declaration(role: ir.Call) -> str:
    """An imported function as Rust declares it."""
    return f"{'async ' if role.asyncness else ''}fn {role.name}{arrow(role.signature, role.params)}"
