"""Hints of values that are JavaScript's, from what TypeScript says of them.

A hint holds both ways: for what the guest gives, and for what it may be given. Where TypeScript's type has no such counterpart there is
none. Interfaces, and object types with a name, become :class:`typing.TypedDict` classes, of those that the guest's functions mention.
Expressions are format strings, as in :mod:`~bindgen_patch.emit.abi`.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count

from bindgen_patch.emit import typescript as ts
from bindgen_patch.emit.layout import quoted

ANY = "_bp.Any"
LIMIT = 600
"""Characters of a hint; what would be longer is none."""

_NAMED: dict[str, str] = {
    "string": "{str}",
    "String": "{str}",
    "number": "{float}",
    "Number": "{float}",
    "boolean": "{bool}",
    "Boolean": "{bool}",
    "bigint": "_bp.BigInt",
    "BigInt": "_bp.BigInt",
    "undefined": "None",
    "void": "None",
    "null": "_bp.hints.Null",
    "symbol": "_bp.hints.Symbol",
    "Symbol": "_bp.hints.Symbol",
    "Date": "_bp.hints.Date | _bp.hints.datetime",
    "RegExp": "_bp.hints.RegExp",
    "Function": f"_bp.hints.Callable[..., {ANY}]",
    "ArrayBuffer": "_bp.hints.ArrayBuffer",
    "DataView": "_bp.hints.DataView",
    **dict.fromkeys(("Error", "AggregateError", "EvalError", "RangeError", "ReferenceError"), "{BaseException}"),
    **dict.fromkeys(("SyntaxError", "TypeError", "URIError"), "{BaseException}"),
    **dict.fromkeys(("Int8Array", "Uint8Array", "Uint8ClampedArray", "Int16Array", "Uint16Array", "Int32Array"), "_bp.Buffer"),
    **dict.fromkeys(("Uint32Array", "BigInt64Array", "BigUint64Array", "Float16Array", "Float32Array", "Float64Array"), "_bp.Buffer"),
}
"""TypeScript's name -> hint. ``Symbol`` and its like are what js-sys calls those types."""

_GENERIC: dict[str, tuple[str, int]] = {
    "Array": ("_bp.hints.Sequence", 1),
    "ReadonlyArray": ("_bp.hints.Sequence", 1),
    "Promise": ("_bp.hints.Awaitable", 1),
    "PromiseLike": ("_bp.hints.Awaitable", 1),
    "Map": ("_bp.hints.Map", 2),
    "ReadonlyMap": ("_bp.hints.Map", 2),
    "Set": ("_bp.hints.Set", 1),
    "ReadonlySet": ("_bp.hints.Set", 1),
}
"""The same for those with parameters, and how many they have."""


@dataclass(frozen=True, slots=True)
class DictText:
    """A ``TypedDict``; ``fields`` are names and hints."""

    name: str
    doc: str
    fields: tuple[tuple[str, str], ...]


@dataclass(slots=True)
class Hints:
    """The hints of one package. ``names`` are types that it has anyway; ``claim`` gives a class a name that is free."""

    declared: Mapping[str, ts.Type]
    names: Mapping[str, str]
    claim: Callable[[str], str]
    made: dict[str, DictText] = field(default_factory=dict)
    """By the names that the package gives them."""
    _known: dict[str, str | None] = field(default_factory=dict)

    def of(self, text: str | None) -> str | None:
        """The hint of a type that TypeScript calls so; ``None`` when there is none."""
        return None if text is None else self._limited(self._hint(ts.parse(text)))

    def _limited(self, hint: str | None) -> str | None:
        return None if hint is None or len(hint) > LIMIT else hint

    def _hint(self, t: ts.Type) -> str | None:
        match t:
            case ts.Name(name, args):
                return self._named(name, args)
            case ts.Literal(value):
                return "{float}" if isinstance(value, float) else _literals([value])
            case ts.Union(members):
                return self._members(members, self._hint)
            case ts.Sequence(elements):
                return self._limited(f"_bp.hints.Sequence[{_union([self._some(element) for element in elements])}]")
            case ts.Record(fields, index, ()) if index is not None and not fields:
                return f"{{dict}}[{{str}}, {self._some(index)}]"
            case ts.Function(params, ret):
                given = "..." if params is None else f"[{', '.join(map(self._some, params))}]"
                result = "{object}" if ret == ts.Name("void") else self._some(ret)
                return self._limited(f"_bp.hints.Callable[{given}, {result}]")
            case ts.Record() | ts.Both():
                return f"{{dict}}[{{str}}, {ANY}]" if self._fields(t, frozenset()) else None
        return None

    def _members(self, members: tuple[ts.Type, ...], hint_of: Callable[[ts.Type], str | None]) -> str | None:
        """The hint of a union, all of its literals in one."""
        literals = [m.value for m in members if isinstance(m, ts.Literal) and not isinstance(m.value, float)]
        hints = [hint_of(m) for m in members if not isinstance(m, ts.Literal) or isinstance(m.value, float)]
        known = [*([_literals(literals)] if literals else []), *(hint for hint in hints if hint is not None)]
        return None if None in hints else self._limited(_union(known))

    def _some(self, t: ts.Type) -> str:
        """The same inside of another hint."""
        return self._limited(self._hint(t)) or ANY

    def _named(self, name: str, args: tuple[ts.Type, ...]) -> str | None:
        if name in self.names and not args:
            return self.names[name]
        if name in self.declared:
            return None if args else self._declared(name)
        if name in _GENERIC:
            cls, count = _GENERIC[name]
            return f"{cls}[{', '.join(map(self._some, args))}]" if len(args) == count else None
        if name == "Record" and len(args) == 2:
            return f"{{dict}}[{{str}}, {self._some(args[1])}]"
        if name == "Readonly" and len(args) == 1:
            return self._hint(args[0])
        return None if args else _NAMED.get(name)

    # ------------------------------------------------------------------ declarations

    def _declared(self, name: str) -> str | None:
        if name not in self._known:
            self._known[name] = None  # what a type says of itself in a way that no class can
            declared = self.declared[name]
            numbers = count(1)
            if isinstance(declared, ts.Union):
                found = self._members(declared.members, lambda member: self._class(f"{name}{next(numbers)}", member))
            elif isinstance(declared, ts.Record | ts.Both):
                found = self._class(name, declared, name)
            else:
                found = self._hint(declared)
            self._known[name] = self._limited(found)
        return self._known[name]

    def _class(self, name: str, t: ts.Type, declared: str = "") -> str | None:
        """The class of an object type; a plain ``dict`` where its properties have names that no class may have."""
        fields = self._fields(t, frozenset()) if isinstance(t, ts.Record | ts.Both) else None
        if not fields or not all(map(_may_be_field, [name, *fields])):
            return self._hint(t)
        cls = self.claim(name)
        if declared:
            self._known[declared] = cls  # its fields may be of its own type
        self.made[cls] = DictText(cls, f"TypeScript's ``{name}``.", ())
        hints = tuple((key, self._field(value)) for key, value in fields.items())
        self.made[cls] = DictText(cls, f"TypeScript's ``{name}``.", hints)
        return cls

    def _field(self, described: ts.Field) -> str:
        hint = self._some(described.type)
        if not described.optional:
            return hint
        return f"_bp.hints.NotRequired[{hint if hint == ANY else _union([hint, 'None'])}]"

    def _fields(self, t: ts.Type, seen: frozenset[str]) -> dict[str, ts.Field] | None:
        """The properties of an object type, inherited ones included; ``None`` when they are not all known."""
        match t:
            case ts.Record(fields, None, parents):
                parts: tuple[ts.Type, ...] = parents
            case ts.Both(parts):
                fields = {}
            case ts.Name(name, ()) if name in self.declared and name not in self.names and name not in seen:
                return self._fields(self.declared[name], seen | {name})
            case _:
                return None
        found: dict[str, ts.Field] = {}
        for part in parts:
            inherited = self._fields(part, seen)
            if inherited is None or any(found.get(key, value) != value for key, value in inherited.items()):
                return None
            found |= inherited
        if isinstance(t, ts.Both):
            return found
        return found | dict(fields)


def _union(hints: list[str]) -> str:
    return ANY if ANY in hints or not hints else " | ".join(dict.fromkeys(hints))


def _literals(values: Iterable[str | int]) -> str:
    """Texts, whole numbers and truth values that stand for their own types."""
    texts = ", ".join(quoted(value) if isinstance(value, str) else repr(value) for value in values)
    return f"_bp.Literal[{texts.replace('{', '{{').replace('}', '}}')}]"


def _may_be_field(name: str) -> bool:
    """Whether a class may have a field of that name, which then is the key."""
    return name.isidentifier() and not keyword.iskeyword(name) and not name.startswith("_") and name.isascii()
