"""TypeScript types, as far as guests write them: what ``typescript_custom_section``, ``typescript_type`` and ``unchecked_…_type`` say.

Only types and their declarations are read (``interface`` and ``type``); anything else is passed over. What cannot be read is
:data:`UNKNOWN`: this is for hints, and no hint is better than a wrong one. The text is the guest's: every step is bounded by its length.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

DEPTH_LIMIT = 48
"""Types within types."""


@dataclass(frozen=True, slots=True)
class Name:
    """A type by its name, dotted or not, and what it is given in angle brackets."""

    name: str
    args: tuple[Type, ...] = ()


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, number or truth value that stands for its own type."""

    value: str | float | bool


@dataclass(frozen=True, slots=True)
class Union:
    """``A | B``."""

    members: tuple[Type, ...]


@dataclass(frozen=True, slots=True)
class Both:
    """``A & B``."""

    members: tuple[Type, ...]


@dataclass(frozen=True, slots=True)
class Sequence:
    """``T[]``, and a tuple, whose elements are of any of these types."""

    elements: tuple[Type, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """A property."""

    type: Type
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Record:
    """``{ … }``: properties by name, those of what it ``extends`` and, as ``index``, the type of all others."""

    fields: Mapping[str, Field]
    index: Type | None = None
    extends: tuple[Type, ...] = ()


@dataclass(frozen=True, slots=True)
class Function:
    """``(a: A) => R``; ``params`` is ``None`` when their number is not fixed."""

    params: tuple[Type, ...] | None
    ret: Type


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that is not understood here."""


Type = Name | Literal | Union | Both | Sequence | Record | Function | Unknown
UNKNOWN = Unknown()

_TOKEN = re.compile(
    r"""(?P<skip>\s+|//[^\n]*|/\*.*?\*/)
    |(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<number>\d+(?:\.\d+)?(?![\w$]))
    |(?P<name>[^\W\d][\w$]*(?:\.[^\W\d][\w$]*)*)
    |(?P<mark>=>|\.\.\.|.)""",
    re.VERBOSE | re.DOTALL,
)


class _Unreadable(Exception):
    pass


def parse(text: str) -> Type:
    """One type; all of the text."""
    reader = _Reader(text)
    try:
        found = reader.type()
    except _Unreadable:
        return UNKNOWN
    return found if reader.at_end() else UNKNOWN


def declarations(sections: Iterable[str]) -> dict[str, Type]:
    """The types that sections of TypeScript declare, by name. Those with parameters, and those told more than once, are not understood."""
    found: dict[str, Type] = {}
    for section in sections:
        for name, type_ in _Reader(section).declarations():
            found[name] = UNKNOWN if name in found else type_
    return found


class _Reader:
    """Reads tokens from the front."""

    def __init__(self, text: str) -> None:
        self.tokens = [(str(m.lastgroup), m[0]) for m in _TOKEN.finditer(text) if m.lastgroup != "skip"]
        self.pos = 0
        self.depth = 0
        self.closing = _closing(self.tokens)

    # ------------------------------------------------------------------ tokens

    def at_end(self) -> bool:
        return self.pos >= len(self.tokens)

    def peek(self, ahead: int = 0) -> str:
        """A mark or a name; a text or number is none."""
        place = self.pos + ahead
        kind, token = self.tokens[place] if place < len(self.tokens) else ("", "")
        return token if kind in ("mark", "name") else ""

    def eat(self, *marks: str) -> str:
        """The next token if it is one of these, else nothing."""
        token = self.peek()
        if token not in marks:
            return ""
        self.pos += 1
        return token

    def demand(self, *marks: str) -> None:
        if not self.eat(*marks):
            raise _Unreadable

    def take(self, *kinds: str) -> tuple[str, str]:
        if self.at_end() or self.tokens[self.pos][0] not in kinds:
            raise _Unreadable
        self.pos += 1
        return self.tokens[self.pos - 1]

    # ------------------------------------------------------------------ declarations

    def declarations(self) -> Iterator[tuple[str, Type]]:
        """Those at the top level. One that cannot be read is passed over."""
        while not self.at_end():
            keyword, (kind, name) = self.peek(), self.tokens[self.pos + 1] if self.pos + 1 < len(self.tokens) else ("", "")
            if keyword not in ("interface", "type") or kind != "name":
                self.pos = self.closing.get(self.pos, self.pos) + 1
                continue
            start, self.depth = self.pos, 0
            self.pos += 2
            try:
                found = self.interface() if keyword == "interface" else self.alias()
            except _Unreadable:
                self.pos, found = start + 2, UNKNOWN
            yield name, found

    def interface(self) -> Type:
        if self.peek() == "<":
            raise _Unreadable
        parents = []
        if self.eat("extends"):
            parents.append(self.type())
            while self.eat(","):
                parents.append(self.type())
        made = self.record()
        return Record(made.fields, made.index, tuple(parents)) if isinstance(made, Record) else made

    def alias(self) -> Type:
        self.demand("=")
        made = self.type()
        if not (self.at_end() or self.peek() in (";", "}") or self.peek()[:1].isalpha()):
            raise _Unreadable
        return made

    # ------------------------------------------------------------------ types

    def type(self) -> Type:
        self.depth += 1
        if self.depth > DEPTH_LIMIT:
            raise _Unreadable
        self.eat("|")
        members = [self.intersection()]
        while self.eat("|"):
            members.append(self.intersection())
        if self.peek() in ("extends", "is"):
            raise _Unreadable
        self.depth -= 1
        return members[0] if len(members) == 1 else Union(tuple(members))

    def intersection(self) -> Type:
        self.eat("&")
        members = [self.postfix()]
        while self.eat("&"):
            members.append(self.postfix())
        return members[0] if len(members) == 1 else Both(tuple(members))

    def postfix(self) -> Type:
        readonly = self.peek() == "readonly" and bool(self.eat("readonly"))
        made = self.primary()
        while self.peek() == "[":
            self.pos += 1
            self.demand("]")
            made = Sequence((made,))
        if readonly and not isinstance(made, Sequence):
            raise _Unreadable
        return made

    def primary(self) -> Type:
        if self.at_end():
            raise _Unreadable
        kind, token = self.tokens[self.pos]
        if kind == "text":
            self.pos += 1
            return Literal(_text(token))
        if kind == "number" or token == "-":
            sign = -1 if self.eat("-") else 1
            return _number(sign, self.take("number")[1])
        if token == "(":
            return self.function() if self.is_function() else self.group()
        if token == "[":
            return self.tuple_type()
        if token == "{":
            return self.record()
        if kind == "name":
            return self.named()
        raise _Unreadable

    def named(self) -> Type:
        name = self.take("name")[1]
        if name in _OPERATORS:
            raise _Unreadable
        if name in ("true", "false"):
            return Literal(name == "true")
        args: list[Type] = []
        if self.eat("<"):
            args.append(self.type())
            while self.eat(","):
                args.append(self.type())
            self.demand(">")
        return Name(name, tuple(args))

    def group(self) -> Type:
        self.demand("(")
        made = self.type()
        self.demand(")")
        return made

    def tuple_type(self) -> Type:
        self.demand("[")
        elements: list[Type] = []
        while not self.eat("]"):
            rest = self.eat("...")
            if self.peek(1) in (":", "?") and self.peek(2 if self.peek(1) == "?" else 1) == ":":  # an element's label
                self.take("name")
                self.eat("?")
                self.demand(":")
            made = self.type()
            if rest:
                elements += made.elements if isinstance(made, Sequence) else [UNKNOWN]
            else:
                elements.append(Union((made, Name("undefined"))) if self.eat("?") else made)
            if self.peek() != "]":
                self.demand(",")
        return Sequence(tuple(elements))

    def record(self) -> Type:
        end = self.closing.get(self.pos)
        self.demand("{")
        fields: dict[str, Field] = {}
        index: Type | None = None
        while not self.eat("}"):
            if self.peek() == "readonly" and self.peek(1) not in (":", "?", "("):
                self.pos += 1
            if self.does_something() and end is not None:
                self.pos = end + 1
                return UNKNOWN
            if self.peek() == "[":
                index = self.index()
            else:
                name, field = self.field()
                fields[name] = field
            if self.peek() != "}" and not self.eat(";", ",") and not (self.peek().isidentifier() or self.is_text()):
                raise _Unreadable  # a line's end may stand for either; it is not kept
        return Record(fields, index)

    def is_text(self) -> bool:
        return not self.at_end() and self.tokens[self.pos][0] == "text"

    def does_something(self) -> bool:
        """Whether the member that begins here is a method, a signature or an accessor: what has one is no plain object."""
        name, following = self.peek(), self.peek(1)
        if following == "?":
            following = self.peek(2)
        return name in ("(", "<") or following in ("(", "<") or (name in ("get", "set", "new") and following.isidentifier())

    def index(self) -> Type:
        self.demand("[")
        self.take("name")
        self.demand(":")
        key = self.type()
        self.demand("]")
        self.demand(":")
        made = self.type()
        return made if key in (Name("string"), Name("number")) else UNKNOWN

    def field(self) -> tuple[str, Field]:
        kind, token = self.take("name", "text", "number")
        optional = bool(self.eat("?"))
        made: Type = Name("any")
        if self.eat(":"):
            made = self.type()
        return _text(token) if kind == "text" else token, Field(made, optional)

    def is_function(self) -> bool:
        """Whether what the parenthesis here closes is followed by an arrow."""
        end = self.closing.get(self.pos)
        return end is not None and self.peek(end + 1 - self.pos) == "=>"

    def function(self) -> Type:
        self.demand("(")
        params: list[Type] = []
        fixed = True
        while not self.eat(")"):
            if self.eat("..."):
                fixed = False
            self.take("name")
            if self.eat("?"):
                fixed = False
            params.append(self.type() if self.eat(":") else Name("any"))
            if self.peek() != ")":
                self.demand(",")
        self.demand("=>")
        return Function(tuple(params) if fixed else None, self.type())


_OPERATORS = frozenset({"keyof", "typeof", "infer", "unique", "asserts", "new", "abstract", "import", "is", "extends"})
"""What begins a type that is calculated, or a constructor's."""


def _closing(tokens: list[tuple[str, str]]) -> dict[int, int]:
    """Place of each opening bracket -> place of the one that closes it."""
    pairs: dict[int, int] = {}
    stack: list[tuple[int, str]] = []
    for place, (kind, token) in enumerate(tokens):
        if kind == "mark" and token in "([{":
            stack.append((place, {"(": ")", "[": "]", "{": "}"}[token]))
        elif kind == "mark" and token in ")]}" and stack and stack[-1][1] == token:
            pairs[stack.pop()[0]] = place
    return pairs


def _text(token: str) -> str:
    """What a literal in quotes stands for."""
    inner = token[1:-1]
    if "\\" not in inner:
        return inner
    if token[0] == "'":
        inner = re.sub(r"\\.|\"", lambda found: {"\\'": "'", '"': '\\"'}.get(found[0], found[0]), inner)
    try:
        value = json.loads(f'"{inner}"')
    except ValueError:
        raise _Unreadable from None
    return str(value)


def _number(sign: int, token: str) -> Literal:
    return Literal(sign * float(token) if "." in token or len(token) > 15 else sign * int(token))
