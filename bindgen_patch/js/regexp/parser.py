"""Patterns as trees: ECMA-262 22.2.1 with annex B.1.2, and the sets of ``v``.

Flags are dealt with here: classes are closed under case, ``.`` and the assertions are what the flags in force make of them. Without
``u`` and ``v`` a pattern is read by code units, with them by code points.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Never

from ..errors import SyntaxError
from ..primitives import code_units
from ..strings import joined
from .sets import DIGITS, EVERYTHING, LINE_ENDS, NOTHING, SPACES, CharSet, closed, property_set, simple_fold, word_characters

MAX_PATTERN: Final = 1 << 16
MAX_DEPTH: Final = 80
"""How deep groups and classes may be nested: what reads and compiles them recurses."""
MAX_CAPTURES: Final = 1 << 12

# ------------------------------------------------------------------------------------------- the tree


@dataclass(frozen=True, slots=True)
class Chars:
    """One character of a set."""

    chars: CharSet


@dataclass(frozen=True, slots=True)
class Sequential:
    """One after the other."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """The first alternative that lets the rest match."""

    options: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Capture:
    """A group that remembers what it matched."""

    index: int
    body: Node


@dataclass(frozen=True, slots=True)
class Repeat:
    """A quantifier; ``high`` is ``None`` for no limit. Captures from ``first`` up to ``last`` are forgotten at each turn."""

    body: Node
    low: int
    high: int | None
    greedy: bool
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Look:
    """A lookahead or lookbehind."""

    body: Node
    behind: bool
    negative: bool


@dataclass(frozen=True, slots=True)
class Back:
    """What a group has matched, once more; of several that share a name, the one that has taken part."""

    indices: Sequence[int]
    ignore_case: bool


@dataclass(frozen=True, slots=True)
class Edge:
    """``^`` or ``$``."""

    end: bool
    multiline: bool


@dataclass(frozen=True, slots=True)
class Boundary:
    """``\\b`` or ``\\B``."""

    negative: bool
    word: CharSet


Node = Chars | Sequential | Choice | Capture | Repeat | Look | Back | Edge | Boundary


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern, the number of its captures, and which of them a name stands for."""

    root: Node
    captures: int
    names: Mapping[str, Sequence[int]]


@dataclass(frozen=True, slots=True)
class Flags:
    """The flags that change what a pattern means."""

    ignore_case: bool = False
    multiline: bool = False
    dot_all: bool = False
    unicode: bool = False
    sets: bool = False

    @property
    def by_code_point(self) -> bool:
        """``u`` or ``v``."""
        return self.unicode or self.sets


# ------------------------------------------------------------------------------------------- the parser

_SYNTAX: Final = frozenset("^$\\.*+?()[]{}|")
_CONTROLS: Final = {"t": 9, "n": 10, "v": 11, "f": 12, "r": 13}
_QUANTIFIER: Final = re.compile(r"\{([0-9]+)(?:(,)([0-9]*))?\}")
_MODIFIERS: Final = re.compile(r"\?([ims]*)(-?)([ims]*):")
_MAX_COUNT: Final = 1 << 53
_SET_SYNTAX: Final = frozenset("()[]{}/-\\|")
_SET_RESERVED: Final = frozenset("&-!#%,:;<=>@`~")
_DOUBLE: Final = frozenset(char * 2 for char in "&!#$%*+,.:;<=>?@^`~")


@dataclass(frozen=True, slots=True)
class _Set:
    """What a class of ``v`` matches: characters, and strings that are not one character long."""

    chars: CharSet
    strings: frozenset[str] = frozenset()
    may_hold_strings: bool = False


def parse(source: str, flags: Flags) -> Pattern:
    """The tree of a pattern. Raises :class:`SyntaxError` with what is wrong, which is for the caller to put into context."""
    text = joined(source) if flags.by_code_point else code_units(source)
    if len(text) > MAX_PATTERN:
        raise SyntaxError("Regular expression too large")
    return _Parser(text, flags).pattern()


class _Parser:
    def __init__(self, text: str, flags: Flags) -> None:
        self.text = text
        self.at = 0
        self.flags = flags
        self.depth = 0
        self.opened = 0
        self.names: dict[str, list[int]] = {}
        self.defined: dict[str, list[tuple[tuple[int, int], ...]]] = {}
        """For each name, the alternatives that its groups are in: two may share it if they are in two of one disjunction."""
        self.path: list[tuple[int, int]] = []
        self.disjunctions = 0
        self.captures, self.has_names = self._count_groups()
        self.named = self.has_names or flags.by_code_point

    def fail(self, what: str) -> Never:
        raise SyntaxError(what)

    def peek(self, ahead: int = 0) -> str:
        return self.text[self.at + ahead : self.at + ahead + 1]

    def eat(self, wanted: str) -> bool:
        if self.text.startswith(wanted, self.at):
            self.at += len(wanted)
            return True
        return False

    def next(self) -> str:
        self.at += 1
        return self.text[self.at - 1]

    def nest(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            self.fail("Regular expression too large")

    def _count_groups(self) -> tuple[int, bool]:
        """How many captures there are: escaped digits mean one thing or another by it."""
        count, named, depth, at = 0, False, 0, 0
        while at < len(self.text):
            char = self.text[at]
            if char == "\\":
                at += 1
            elif char == "[":
                depth = depth + 1 if self.flags.sets else 1
            elif char == "]":
                depth = max(depth - 1, 0)
            elif char == "(" and not depth:
                name = self.text.startswith("?<", at + 1) and self.text[at + 3 : at + 4] not in ("=", "!")
                named = named or name
                count += name or self.text[at + 1 : at + 2] != "?"
            at += 1
        if count > MAX_CAPTURES:
            self.fail("Too many captures")
        return count, named

    # ------------------------------------------------------------------ disjunctions and terms

    def pattern(self) -> Pattern:
        root = self.disjunction()
        if self.at < len(self.text):
            self.fail("Unmatched ')'")
        if any(not indices for indices in self.names.values()):
            self.fail("Invalid named capture referenced")
        return Pattern(root, self.captures, self.names)

    def disjunction(self) -> Node:
        self.nest()
        self.disjunctions += 1
        self.path.append((self.disjunctions, 0))
        options = [self.alternative()]
        while self.eat("|"):
            self.path[-1] = (self.path[-1][0], len(options))
            options.append(self.alternative())
        self.path.pop()
        self.depth -= 1
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def alternative(self) -> Node:
        items: list[Node] = []
        while self.peek() not in ("", "|", ")"):
            items.append(self.term())
        return items[0] if len(items) == 1 else Sequential(tuple(items))

    def term(self) -> Node:
        first = self.opened
        unicode = self.flags.by_code_point
        char = self.next()
        match char:
            case "^" | "$":
                return Edge(char == "$", self.flags.multiline)
            case "(":
                node = self.group()
                if isinstance(node, Look) and (unicode or node.behind):
                    if isinstance(self.quantified(node, first), Repeat):
                        self.fail("Invalid quantifier")
                    return node
            case "\\" if self.peek() in ("b", "B"):
                return Boundary(self.next() == "B", word_characters(self.flags.ignore_case, unicode))
            case "\\":
                node = self.atom_escape()
            case ".":
                node = Chars(EVERYTHING if self.flags.dot_all else ~LINE_ENDS)
            case "[":
                node = self.set_class() if self.flags.sets else self.plain_class()
            case "*" | "+" | "?":
                self.fail("Nothing to repeat")
            case "{" if unicode or _QUANTIFIER.match(self.text, self.at - 1):
                self.fail("Nothing to repeat")
            case "}" | "]" if unicode:
                self.fail("Lone quantifier brackets")
            case _:
                node = self.literal(ord(char))
        return self.quantified(node, first)

    def quantified(self, node: Node, first: int) -> Node:
        match self.peek():
            case "*":
                low, high = 0, None
                self.at += 1
            case "+":
                low, high = 1, None
                self.at += 1
            case "?":
                low, high = 0, 1
                self.at += 1
            case "{":
                found = _QUANTIFIER.match(self.text, self.at)
                if not found:
                    return self.fail("Incomplete quantifier") if self.flags.by_code_point else node
                low = _count(found[1])
                high = low if not found[2] else _count(found[3]) if found[3] else None
                if high is not None and high < low:
                    self.fail("numbers out of order in {} quantifier")
                self.at = found.end()
            case _:
                return node
        return Repeat(node, low, high, not self.eat("?"), first + 1, self.opened + 1)

    def literal(self, code: int) -> Chars:
        return Chars(self.folded(CharSet.of(code)))

    def folded(self, chars: CharSet) -> CharSet:
        return closed(chars, self.flags.by_code_point) if self.flags.ignore_case else chars

    # ------------------------------------------------------------------ groups

    def group(self) -> Node:
        for opening, behind, negative in (("?=", False, False), ("?!", False, True), ("?<=", True, False), ("?<!", True, True)):
            if self.eat(opening):
                return Look(self.closed_group(), behind, negative)
        if self.eat("?<"):
            return self.capture(self.group_name("Invalid capture group name"))
        if self.peek() != "?":
            return self.capture(None)
        found = _MODIFIERS.match(self.text, self.at)
        if not found:
            self.fail("Invalid group")
        self.at = found.end()
        on, minus, off = found.groups()
        if len(set(on + off)) < len(on + off):
            self.fail("Repeated flag in flag group")
        if minus and not on + off:
            self.fail("Invalid flag group")
        outer = self.flags
        names = {"i": "ignore_case", "m": "multiline", "s": "dot_all"}
        self.flags = replace(outer, **{names[flag]: flag in on for flag in on + off})
        body = self.closed_group()
        self.flags = outer
        return body if not isinstance(body, Look) else Sequential((body,))  # a quantifier after it is the group's

    def closed_group(self) -> Node:
        body = self.disjunction()
        if not self.eat(")"):
            self.fail("Unterminated group")
        return body

    def capture(self, name: str | None) -> Node:
        self.opened += 1
        index = self.opened
        if name is not None:
            here = tuple(self.path)
            if any(not _exclusive(here, there) for there in self.defined.setdefault(name, [])):
                self.fail("Duplicate capture group name")
            self.defined[name].append(here)
            self.names.setdefault(name, []).append(index)
        return Capture(index, self.closed_group())

    def group_name(self, wrong: str) -> str:
        """GroupName, after its ``<``."""
        name = ""
        while not self.eat(">"):
            if not self.peek():
                self.fail(wrong)
            char = self.next()
            if char == "\\":
                code = self.unicode_escape(True) if self.eat("u") else None
                if code is None:
                    self.fail("Invalid Unicode escape")
                char = chr(code)
            elif "\ud800" <= char <= "\udbff" and "\udc00" <= self.peek() <= "\udfff":
                char = joined(char + self.next())
            if not _in_name(char, start=not name):
                self.fail(wrong)
            name += char
        return name or self.fail(wrong)

    # ------------------------------------------------------------------ escapes

    def atom_escape(self) -> Node:
        char = self.peek()
        if char in "123456789" and char:
            found = re.compile("[0-9]+").match(self.text, self.at)
            assert found
            if len(found[0]) < 6 and int(found[0]) <= self.captures:
                self.at = found.end()
                return Back((int(found[0]),), self.flags.ignore_case)
            if self.flags.by_code_point:
                self.fail("Invalid escape")
        if char == "k" and self.named:
            self.at += 1
            if not self.eat("<"):
                self.fail("Invalid named reference")
            return Back(self.names.setdefault(self.group_name("Invalid named reference"), []), self.flags.ignore_case)
        if self.flags.sets and char in ("p", "P"):
            return _alternatives(self.class_property(), self)
        chars = self.class_escape()
        return Chars(self.folded(chars)) if chars is not None else self.literal(self.character_escape(in_class=False))

    def class_escape(self) -> CharSet | None:
        """``\\d`` and kin, after the backslash; ``None`` for other escapes."""
        char = self.peek()
        if char in ("p", "P") and self.flags.by_code_point:
            return self.class_property().chars
        chars = {"d": DIGITS, "s": SPACES, "w": NOTHING}.get(char.lower())
        if chars is None or not char:
            return None
        if char in "wW":
            chars = word_characters(self.flags.ignore_case, self.flags.by_code_point)
        self.at += 1
        return ~chars if char.isupper() else chars

    def class_property(self) -> _Set:
        """``\\p{…}`` and ``\\P{…}``."""
        negative = self.next() == "P"
        found = re.compile(r"\{(?:([A-Za-z_]+)=)?([A-Za-z0-9_]+)\}").match(self.text, self.at)
        if not found:
            self.fail("Invalid property name")
        name, value = (found[1], found[2]) if found[1] else (found[2], None)
        chars = property_set(name, value)
        if chars is None:
            self.fail(f"Invalid property name: there is none {found[0]}, or no data for it")
        self.at = found.end()
        if self.flags.sets:  # which folds before it takes the complement
            chars = self.folded(chars)
        return _Set(~chars if negative else chars)

    def character_escape(self, in_class: bool) -> int:
        """CharacterEscape, after the backslash: the character."""
        unicode = self.flags.by_code_point
        char = self.peek()
        if not char:
            self.fail("\\ at end of pattern")
        self.at += 1
        if char in _CONTROLS:
            return _CONTROLS[char]
        if char == "c":
            letter = self.peek()
            if letter.isascii() and (letter.isalpha() or (in_class and not unicode and letter and (letter.isdigit() or letter == "_"))):
                return ord(self.next()) & 31
            if unicode:
                self.fail("Invalid unicode escape")
            self.at -= 1
            return ord("\\")
        if char == "0" and not (self.peek().isascii() and self.peek().isdigit()):
            return 0
        if char in "01234567" and not unicode:
            found = re.compile("[0-3][0-7]{0,2}|[4-7][0-7]?").match(self.text, self.at - 1)
            assert found
            self.at = found.end()
            return int(found[0], 8)
        if char == "x" and (found := re.compile("[0-9a-fA-F]{2}").match(self.text, self.at)):
            self.at = found.end()
            return int(found[0], 16)
        if char == "u" and (code := self.unicode_escape(unicode)) is not None:
            return code
        if unicode:
            if char == "u":
                self.fail("Invalid Unicode escape")
            if char not in _SYNTAX and char != "/" and not (in_class and (char == "-" or (self.flags.sets and char in _SET_RESERVED))):
                self.fail("Invalid class escape" if in_class else "Invalid decimal escape" if char == "0" else "Invalid escape")
        elif char == "k" and self.named:
            self.fail("Invalid escape")
        return ord(char)

    def unicode_escape(self, unicode: bool) -> int | None:
        """RegExpUnicodeEscapeSequence, after ``\\u``; ``None``, with nothing taken, where there is none."""
        if unicode and (found := re.compile(r"\{([0-9a-fA-F]+)\}").match(self.text, self.at)):
            code = int(found[1].lstrip("0")[:7] or "0", 16)
            if code > 0x10FFFF:
                self.fail("Invalid Unicode escape")
            self.at = found.end()
            return code
        found = re.compile("[0-9a-fA-F]{4}").match(self.text, self.at)
        if not found:
            return None
        self.at = found.end()
        pair = re.compile(r"(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})", re.IGNORECASE).match(self.text, found.start())
        if unicode and pair:
            self.at = pair.end()
            return ord(joined(chr(int(pair[1], 16)) + chr(int(pair[2], 16))))
        return int(found[0], 16)

    # ------------------------------------------------------------------ classes without v

    def plain_class(self) -> Chars:
        negative = self.eat("^")
        parts: list[CharSet | tuple[int, int]] = []
        while not self.eat("]"):
            low = self.class_atom()
            if self.peek() != "-" or self.peek(1) in ("]", ""):
                parts.append((low, low) if isinstance(low, int) else low)
                continue
            self.at += 1
            high = self.class_atom()
            if isinstance(low, int) and isinstance(high, int):
                if low > high:
                    self.fail("Range out of order in character class")
                parts.append((low, high))
            elif self.flags.by_code_point:
                self.fail("Invalid character class")
            else:
                parts += [CharSet.of(end) if isinstance(end, int) else end for end in (low, high)]
                parts.append(CharSet.of("-"))
        spans = [span for part in parts for span in (part.ranges if isinstance(part, CharSet) else [part])]
        chars = self.folded(CharSet.of(*spans))
        return Chars(~chars if negative else chars)

    def class_atom(self) -> int | CharSet:
        if not self.peek():
            self.fail("Unterminated character class")
        char = self.next()
        if char != "\\":
            return ord(char)
        if self.eat("b"):
            return 8
        chars = self.class_escape()
        return self.character_escape(in_class=True) if chars is None else chars

    # ------------------------------------------------------------------ classes of v

    def set_class(self) -> Node:
        return _alternatives(self.nested_class(), self)

    def nested_class(self) -> _Set:
        """ClassContents with ``v``, after the opening bracket."""
        self.nest()
        negative = self.eat("^")
        contents = _Set(NOTHING) if self.peek() == "]" else self.set_contents()
        if not self.eat("]"):
            self.fail("Unterminated character class")
        self.depth -= 1
        if not negative:
            return contents
        if contents.may_hold_strings:
            self.fail("Negated character class may contain strings")
        return _Set(~contents.chars)

    def set_contents(self) -> _Set:
        start = self.at
        result = self.set_range()
        for operator in ("&&", "--"):
            if self.text.startswith(operator, self.at):
                self.at = start
                return self.set_operation(operator)
        while self.peek() not in ("]", ""):
            if self.text.startswith(("&&", "--"), self.at):
                self.fail("Invalid set operation in character class")
            other = self.set_range()
            result = _Set(result.chars | other.chars, result.strings | other.strings, result.may_hold_strings or other.may_hold_strings)
        return result

    def set_operation(self, operator: str) -> _Set:
        result = self.set_operand()
        while self.eat(operator):
            if operator == "&&" and self.peek() == "&":
                self.fail("Invalid character in character class")
            other = self.set_operand()
            if operator == "&&":
                may = result.may_hold_strings and other.may_hold_strings
                result = _Set(result.chars & other.chars, result.strings & other.strings, may)
            else:
                result = _Set(result.chars - other.chars, result.strings - other.strings, result.may_hold_strings)
        if self.peek() not in ("]", ""):
            self.fail("Invalid set operation in character class")
        return result

    def set_range(self) -> _Set:
        """One operand of a union: a range, or what an operand of the other operators may be."""
        if self.is_set_character():
            low = self.set_character()
            if self.peek() != "-" or self.peek(1) == "-":
                return _Set(self.folded(CharSet.of(low)))
            self.at += 1
            if not self.is_set_character():
                self.fail("Invalid character class")
            high = self.set_character()
            if low > high:
                self.fail("Range out of order in character class")
            return _Set(self.folded(CharSet.of((low, high))))
        return self.set_operand()

    def set_operand(self) -> _Set:
        if self.eat("["):
            return self.nested_class()
        if self.is_set_character():
            return _Set(self.folded(CharSet.of(self.set_character())))
        if self.eat("\\q{"):
            return self.class_strings()
        self.at += 1
        if self.peek() in ("p", "P"):
            operand = self.class_property()
        else:
            chars = self.class_escape()
            assert chars is not None
            operand = _Set(chars)
        return _Set(self.folded(operand.chars))

    def is_set_character(self) -> bool:
        """Whether a single character comes next, rather than a set; fails where nothing may."""
        char = self.peek()
        if char == "\\":
            return not (self.peek(1) in ("d", "D", "s", "S", "w", "W", "p", "P") or self.text.startswith("\\q{", self.at))
        return char != "["

    def set_character(self) -> int:
        if not self.peek():
            self.fail("Unterminated character class")
        if self.text[self.at : self.at + 2] in _DOUBLE:
            self.fail("Invalid set operation in character class")
        char = self.next()
        if char == "\\":
            return 8 if self.eat("b") else self.character_escape(in_class=True)
        if char in _SET_SYNTAX:
            self.fail("Invalid character in character class")
        return ord(char)

    def class_strings(self) -> _Set:
        """``\\q{…|…}``, after the opening brace."""
        chars = NOTHING
        strings: set[str] = set()
        text = ""
        while True:
            end = self.peek()
            if end in ("|", "}") and end:
                self.at += 1
                if len(text) == 1:
                    chars |= self.folded(CharSet.of(text))
                else:
                    strings.add("".join(map(simple_fold, text)) if self.flags.ignore_case else text)
                text = ""
                if end == "}":
                    return _Set(chars, frozenset(strings), bool(strings))
            else:
                text += chr(self.set_character())


def _alternatives(contents: _Set, parser: _Parser) -> Node:
    """A class of ``v`` as a node: longer strings are tried first."""
    if not contents.strings:
        return Chars(contents.chars)
    longest = sorted(contents.strings, key=len, reverse=True)
    options: list[Node] = [Sequential(tuple(parser.literal(ord(char)) for char in text)) for text in longest if text]
    options.append(Chars(contents.chars))
    if "" in contents.strings:
        options.append(Sequential(()))
    return Choice(tuple(options))


def _count(digits: str) -> int:
    return min(int(digits[:18]), _MAX_COUNT) if len(digits.lstrip("0")) <= 18 else _MAX_COUNT


def _exclusive(here: tuple[tuple[int, int], ...], there: tuple[tuple[int, int], ...]) -> bool:
    """Whether two groups are in two alternatives of one disjunction, so that they cannot both take part."""
    alternatives = dict(here)
    return any(alternatives.get(disjunction, place) != place for disjunction, place in there)


def _in_name(char: str, start: bool) -> bool:
    if char.isascii():
        return char in "$_" or char.isalpha() or (not start and char.isdigit())
    allowed = property_set("ID_Start" if start else "ID_Continue", None)
    assert allowed is not None
    return ord(char) in allowed or (not start and char in "\u200c\u200d")
