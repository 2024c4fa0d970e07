"""Patterns that Python's own engine matches as JavaScript would, and in time that is linear in the text at each place.

Python's ``re`` is many times as fast as our matcher, but while it runs nothing can stop it. So it gets a pattern only if

* it means the same there: no lookaround, no reference to a capture, and no quantifier but on a character, or ``?`` on a group that
  matches something (JavaScript forgets captures at each turn of a loop, and ends loops that match nothing, in its own way);
* an attempt at one place takes at most :data:`MAX_WORK` steps for each character of the text: of every quantifier without a limit,
  either what comes next begins with a character that the quantifier's set does not have, and must match one, so that to give
  characters back fails at once; or nothing without a limit comes after it, so that there is one choice of a place and no other.
  Everything else is a bounded number of alternatives, which are counted.

The places themselves are tried one by one, by us: see :mod:`.regexp`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from .matcher import minimum
from .parser import Boundary, Capture, Chars, Choice, Edge, Node, Pattern, Repeat, Sequential
from .sets import LINE_ENDS, NOTHING, CharSet

MAX_WORK: Final = 100


class _NotLinearError(Exception):
    pass


@dataclass(frozen=True, slots=True)
class _Rest:
    """What is known of the rest of a pattern, from some place in it to its end."""

    begins: CharSet = NOTHING
    may_be_empty: bool = True
    bounded: bool = True
    work: int = 1
    """The steps to try it, for each character of the text where it is not bounded."""

    def __post_init__(self) -> None:
        if self.work > MAX_WORK:
            raise _NotLinearError


def translate(pattern: Pattern) -> tuple[re.Pattern[str], bool] | None:
    """The pattern as Python's, and whether an attempt takes some time whatever the text; ``None`` if Python is not to match it.

    Captures have the same numbers.
    """
    try:
        whole = _measure(pattern.root, _Rest())
    except _NotLinearError:
        return None
    return re.compile(_python(pattern.root)), whole.bounded


def _measure(node: Node, rest: _Rest) -> _Rest:
    """What is known of ``node`` with ``rest`` after it."""
    match node:
        case Chars(chars):
            return _Rest(chars, False, rest.bounded, rest.work + 1)
        case Sequential(items):
            for item in reversed(items):
                rest = _measure(item, rest)
            return rest
        case Choice(options):
            return _either([_measure(option, rest) for option in options])
        case Capture(_, body):
            return _measure(body, rest)
        case Edge() | Boundary():
            return _Rest(rest.begins, rest.may_be_empty, rest.bounded, rest.work + 1)
        case Repeat(Chars(chars)):
            return _run(node, chars, rest)
        case Repeat(body, 0, 1) if minimum(body):
            return _either([_measure(body, rest), rest])
    raise _NotLinearError


def _either(options: list[_Rest]) -> _Rest:
    return _Rest(
        CharSet.of(*(span for option in options for span in option.begins.ranges)),
        any(option.may_be_empty for option in options),
        all(option.bounded for option in options),
        sum(option.work for option in options),
    )


def _run(node: Repeat, chars: CharSet, rest: _Rest) -> _Rest:
    begins = rest.begins | chars if node.low == 0 else chars
    empty = node.low == 0 and rest.may_be_empty
    decided = not rest.may_be_empty and rest.begins.isdisjoint(chars)
    if node.high is None:
        if not (decided or rest.bounded) or node.low > MAX_WORK:
            raise _NotLinearError
        return _Rest(begins, empty, False, rest.work + 1)
    places = 1 if decided else node.high - node.low + 1
    return _Rest(begins, empty, rest.bounded, node.high + places * rest.work)


def _python(node: Node) -> str:
    match node:
        case Chars(chars):
            return chars.python()
        case Sequential(items):
            return "".join(map(_python, items))
        case Choice(options):
            return f"(?:{'|'.join(map(_python, options))})"
        case Capture(_, body):
            return f"({_python(body)})"
        case Edge(end, multiline):
            if not multiline:
                return r"\Z" if end else r"\A"
            return f"(?!{(~LINE_ENDS).python()})" if end else f"(?<!{(~LINE_ENDS).python()})"
        case Boundary(negative, word):
            inside, outside = ("(?=", "(?!") if negative else ("(?!", "(?=")
            char = word.python()
            return f"(?:(?<={char}){inside}{char})|(?<!{char}){outside}{char}))"
        case Repeat(body, low, high, greedy):
            return f"(?:{_python(body)}){{{low},{'' if high is None else high}}}{'' if greedy else '?'}"
    raise _NotLinearError
