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
    """Wrap every way in. Text without ways in comes back as it is."""
    return cst.parse_module(text).visit(_Inserter()).code


class _Inserter(cst.CSTTransformer):
    """Goes down to the functions of the module and its classes, and no further: that is where the time would go."""

    def visit_SimpleStatementLine(self, node: cst.SimpleStatementLine) -> bool:  # noqa: N802 (libcst's naming)
        return False

    def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:  # noqa: N802
        return False

    def leave_FunctionDef(self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef) -> cst.FunctionDef:  # noqa: N802
        block = updated_node.body
        receiver = next(iter((*updated_node.params.posonly_params, *updated_node.params.params)), None)
        if not isinstance(block, cst.IndentedBlock) or receiver is None or not _is_way_in(updated_node):
            return updated_node
        docstring, body = _split(list(block.body))
        *asking, guard = _guard(receiver.name.value)
        return updated_node.with_changes(body=block.with_changes(body=[*docstring, *asking, guard.visit(_Body(body))]))


def _is_way_in(function: cst.FunctionDef) -> bool:
    """Whether it names the guest; a text that mentions it does not. Looked up in Python's own tree, which is there much sooner."""
    code = cst.Module([]).code_for_node(function)
    return GUEST in code and any(isinstance(node, ast.Name) and node.id == GUEST for node in ast.walk(ast.parse(code)))


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
