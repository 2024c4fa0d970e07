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

:mod:`bindgen_patch.instrument.check` proves the result on its own terms.
"""

from __future__ import annotations

import ast
import io
from collections.abc import Iterator
from functools import cache

import libcst as cst

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


def insert_guards(text: str) -> str:
    """Wrap every way in. Text without ways in comes back as it is.

    Python's own parser says where the ways in are, and libcst is given one of them at a time: its trees of a large module would take
    most of the time and of the memory that ``gen`` needs.
    """
    lines = list(io.StringIO(text, newline=""))  # like the parser: Unicode has more ends of lines than Python
    parts: list[str] = []
    kept = 0
    for function in _ways_in(ast.parse(text)):
        first, last = function.lineno - 1, function.end_lineno or 0
        parts += lines[kept:first]
        context = "class _:\n" if function.col_offset else ""
        parts.append(cst.parse_module(context + "".join(lines[first:last])).visit(_Inserter()).code.removeprefix(context))
        kept = last
    return "".join(parts + lines[kept:])


def _ways_in(module: ast.Module) -> Iterator[ast.FunctionDef]:
    """The functions of the module and of its classes that name the guest; a text that mentions it does not."""
    for node in module.body:
        for item in node.body if isinstance(node, ast.ClassDef) else [node]:
            if isinstance(item, ast.FunctionDef) and any(isinstance(part, ast.Name) and part.id == GUEST for part in ast.walk(item)):
                yield item


class _Inserter(cst.CSTTransformer):
    """Puts the guard into the one function that there is."""

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:  # noqa: N802 (libcst's naming)
        return False

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:  # noqa: N802
        block = updated_node.body
        receiver = next(iter((*updated_node.params.posonly_params, *updated_node.params.params)), None)
        if not isinstance(block, cst.IndentedBlock) or receiver is None:
            return updated_node
        docstring, body = _split(list(block.body))
        *asking, guard = _guard(receiver.name.value)
        return updated_node.with_changes(body=block.with_changes(body=[*docstring, *asking, guard.visit(_Body(body))]))


@cache
def _guard(receiver: str) -> tuple[cst.BaseStatement, ...]:
    """Its statements; the last is the ``with`` that guards."""
    body = cst.parse_module(GUARD.format(receiver=receiver)).body
    return tuple(statement for statement in body if isinstance(statement, cst.BaseStatement))


class _Body(cst.CSTTransformer):
    """Puts the statements where the guard has its ``...``."""

    def __init__(self, body: list[cst.BaseStatement]) -> None:
        self.body = body

    def leave_Try(self, original_node: cst.Try, updated_node: cst.Try) -> cst.Try:  # noqa: N802
        return updated_node.with_changes(body=cst.IndentedBlock(body=self.body))


def _split(body: list[cst.BaseStatement]) -> tuple[list[cst.BaseStatement], list[cst.BaseStatement]]:
    """The docstring, if there is one, and the rest."""
    first = body[0]
    is_doc = (
        isinstance(first, cst.SimpleStatementLine)
        and isinstance(first.body[0], cst.Expr)
        and isinstance(first.body[0].value, cst.SimpleString | cst.ConcatenatedString)
    )
    return (body[:1], body[1:]) if is_doc else ([], body)
