"""The guard pass: plain bindings in, guarded bindings out.

A **way in** is a function that names ``_bp_guest``. Nothing in the plain text defines that name; this pass does, inside the
guard, around the whole body. So a way in that was missed fails with a ``NameError`` before it reaches any guest.

Before::

    def add(self, a: int, b: int) -> int:
        \"\"\"Adds.\"\"\"
        return _bp_guest.call_add(_bp.i32(a, 'a'), _bp.i32(b, 'b'))

After::

    def add(self, a: int, b: int) -> int:
        \"\"\"Adds.\"\"\"
        _bp_door = self._bp_door
        _bp_nested = _bp_door.held()
        with _bp_door.lock:
            _bp_guest = _bp_door.enter(_bp_nested)
            try:
                return _bp_guest.call_add(_bp.i32(a, 'a'), _bp.i32(b, 'b'))
            except BaseException as _bp_failure:
                raise _bp_door.failed(_bp_guest, _bp_failure)
            finally:
                _bp_door.leave(_bp_guest, _bp_nested)

Python's parser says where the ways in are, and the pass works on whole lines: what it does not move it does not touch.
:mod:`bindgen_patch.instrument.check` proves the result on its own terms.
"""

from __future__ import annotations

import ast
import io
import textwrap
from collections.abc import Iterator

GUEST = "_bp_guest"
DOOR = "_bp_door"
NESTED = "_bp_nested"

GUARD = f"""\
{DOOR} = {{receiver}}.{DOOR}
{NESTED} = {DOOR}.held()
with {DOOR}.lock:
    {GUEST} = {DOOR}.enter({NESTED})
    try:
        ...
    except BaseException as _bp_failure:
        raise {DOOR}.failed({GUEST}, _bp_failure)
    finally:
        {DOOR}.leave({GUEST}, {NESTED})
"""
"""The one shape of a guard; ``...`` stands for the body, ``receiver`` for ``self`` or ``cls``."""
_INDENT = 8 * " "
"""By how much it moves the body to the right."""


def insert_guards(text: str) -> str:
    """Wrap every way in. Text without ways in comes back as it is."""
    lines = list(io.StringIO(text, newline=""))  # as the parser counts them: Unicode has more ends of lines
    parts: list[str] = []
    kept = 0
    for function, receiver, body in _ways_in(ast.parse(text), lines):
        documented = len(body) < len(function.body)
        first = (function.body[0].end_lineno or 0) if documented else body[0].lineno - 1
        margin = lines[body[0].lineno - 1][: body[0].col_offset]
        before, after = textwrap.indent(GUARD.format(receiver=receiver), margin).split(f"{margin}{_INDENT}...\n")
        parts += (*lines[kept:first], before, *_indented(lines, first, body), after)
        kept = function.end_lineno or 0
    return "".join(parts + lines[kept:])


def _ways_in(module: ast.Module, lines: list[str]) -> Iterator[tuple[ast.FunctionDef, str, list[ast.stmt]]]:
    """The functions of the module and of its classes that name the guest, with their receivers and, docstrings aside, their statements.

    A text that mentions the guest does not name it. A function without a receiver or without lines of its own cannot be guarded.
    """
    for node in module.body:
        for item in node.body if isinstance(node, ast.ClassDef) else [node]:
            if isinstance(item, ast.FunctionDef) and any(isinstance(part, ast.Name) and part.id == GUEST for part in ast.walk(item)):
                receiver = next(iter((*item.args.posonlyargs, *item.args.args)), None)
                body = item.body[ast.get_docstring(item, clean=False) is not None :]
                if receiver and body and not lines[body[0].lineno - 1][: body[0].col_offset].strip():
                    yield item, receiver.arg, body


def _indented(lines: list[str], first: int, body: list[ast.stmt]) -> Iterator[str]:
    """The lines from ``first`` on that hold ``body``, where the guard has them. What stands inside a string stays where it is."""
    strings = [part for statement in body for part in ast.walk(statement) if isinstance(part, ast.Constant | ast.JoinedStr)]
    inside = {line for part in strings for line in range(part.lineno, part.end_lineno or 0)}
    for number in range(first, body[-1].end_lineno or 0):
        line = lines[number]
        yield line if number in inside or not line.strip() else _INDENT + line
