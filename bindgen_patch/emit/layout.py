"""Long lines of generated code, broken where a person would break them; and strings in double quotes.

A line that is too long is opened at its widest pair of brackets. What was between them goes on a line of its own, four columns
further in, or, where that is too long as well, one part per line::

    total = first(alpha, beta) + second(gamma, delta, epsilon)

    total = first(alpha, beta) + second(
        gamma, delta, epsilon
    )

    total = first(alpha, beta) + second(
        gamma,
        delta,
        epsilon,
    )

Comments and docstrings stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

LIMIT = 140
GUARD_INDENT = 8
"""By how much the guard pass moves the body of a function to the right."""

_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|[\[({]|[\])}]|, | for ')


def quoted(text: str) -> str:
    """``text`` as a string literal: in double quotes, unless it holds some."""
    literal = repr(text)
    return literal if '"' in text else f'"{literal[1:-1]}"'


def wrap(text: str, limit: int = LIMIT) -> str:
    """``text`` with every line of code within ``limit`` columns, where that can be done, once the guards are in."""
    return "\n".join(_lines(text, limit))


def _lines(text: str, limit: int) -> Iterator[str]:
    in_docstring = False
    for line in text.split("\n"):
        code = line.lstrip()
        quotes = code.count('"""')
        if in_docstring or quotes or code.startswith("#"):
            yield line
        else:
            yield from _broken(line, limit if code.startswith(("def ", "_bp.Import(")) else limit - GUARD_INDENT)
        in_docstring ^= quotes == 1


def _broken(line: str, limit: int) -> list[str]:
    """One line of code as several."""
    brackets = list(_brackets(line))
    if len(line) <= limit or not brackets:
        return [line]
    start, end = max(brackets, key=lambda place: place[1] - place[0])
    margin = " " * (len(line) - len(line.lstrip()))
    inner, content = margin + "    ", line[start:end]
    lines = [inner + content]
    if len(lines[0]) > limit:
        lines = [broken for part in _parts(content) for broken in _broken(inner + part, limit)]
    return [line[:start], *lines, margin + line[end:]]


def _brackets(line: str) -> Iterator[tuple[int, int]]:
    """What lies between each outermost pair of brackets, as (start, end)."""
    depth = start = 0
    for token in _TOKEN.finditer(line):
        if token[0] in "([{":
            depth += 1
            start = token.end() if depth == 1 else start
        elif token[0] in ")]}":
            depth -= 1
            if not depth and token.start() > start:
                yield start, token.start()


def _parts(content: str) -> list[str]:
    """The arguments of a call, each with its comma; or the clauses of a comprehension."""
    depth = 0
    cuts: dict[str, list[int]] = {", ": [0], " for ": [0]}
    for token in _TOKEN.finditer(content):
        depth += (token[0] in "([{") - (token[0] in ")]}")
        if not depth and token[0] in cuts:
            cuts[token[0]].append(token.start() + 1)
    comprehension = len(cuts[" for "]) > 1
    starts = cuts[" for " if comprehension else ", "]
    parts = [content[start:stop].strip() for start, stop in zip(starts, [*starts[1:], None], strict=True)]
    return parts if comprehension or len(parts) == 1 else [part.removesuffix(",") + "," for part in parts]
