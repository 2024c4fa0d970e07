"""Which exports are *plain*: of numbers, text and buffers of numbers only.

The run time carries these out as a whole (``runtime/typed.py``), the editor gives those with text or buffers a function that does so in one
crossing (``edit/whole.py``), and the emitter says which they are. All three call their types by the names used here: ``"u32"``, ``"f64"``,
``"bool"``, ``"str"``, and ``"[d]"`` for numbers of that :mod:`struct` format; a result of ``()`` is ``""``.
"""

from __future__ import annotations

from typing import NamedTuple

from bindgen_patch import ir


class PlainCall(NamedTuple):
    """The types of a plain export. Of a constructor the result is an address."""

    params: tuple[str, ...]
    result: str
    fallible: bool
    """Whether it may return an ``Err``."""


def plain_call(item: ir.Export) -> PlainCall | None:
    """How ``item`` is called, if it is plain."""
    ret, fallible = (item.ret.ok, True) if isinstance(item.ret, ir.Result) else (item.ret, False)
    params = tuple(kind for param in item.params if (kind := plain_type(param.type, result=False)) is not None)
    result = "u32" if item.kind == "constructor" else plain_type(ret, result=True)
    if len(params) < len(item.params) or result is None or item.variadic or item.consumes or item.asyncness:
        return None
    return PlainCall(params, result, fallible)


def plain_type(t: ir.Type, *, result: bool) -> str | None:
    """The name of a type that is plain, as an argument or as a ``result``; ``None`` for others."""
    match t:
        case ir.Unit() if result:
            return ""
        case ir.Int(bits, signed) if bits <= 64:
            return f"{'i' if signed else 'u'}{bits}"
        case ir.Float(bits):
            return f"f{bits}"
        case ir.Bool():
            return "bool"
        case ir.String():
            return "str"
        case ir.Ref(ir.String(), mutable=False) if not result:
            return "str"
        case ir.Vec(element) if code := format_of(element):
            return f"[{code}]"
        case ir.Ref(ir.Slice(element), mutable=False) if not result and (code := format_of(element)):
            return f"[{code}]"
    return None


def format_of(element: ir.Type) -> str:
    """The :mod:`struct` format of numbers that lie in a buffer as they are; empty for other elements."""
    match element:
        case ir.Int(bits, signed) if bits <= 64:
            code = {8: "b", 16: "h", 32: "i", 64: "q"}[bits]
            return code if signed else code.upper()
        case ir.Float(bits):
            return "f" if bits == 32 else "d"
    return ""
