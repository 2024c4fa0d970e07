"""Proof that guarded text is guarded: run on what is about to be written, in every ``gen`` and in every test.

It shares the guard's shape with the pass and nothing else: this is the standard library's parser, and the question is not what
the pass did but whether the text has a way round.

1. A function that names ``_bp_guest`` is, docstring aside, exactly one guard; its body does not rebind or capture the name.
2. ``_bp_guest`` and ``_bp_door`` are named nowhere else.
3. A guest's functions (``….call_…``) are reached through ``_bp_guest``, or through the ``guest`` that a host function was given.
4. A function of the module that takes a ``guest`` is a host function: named in the import table, and nowhere else.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from bindgen_patch.errors import GenerationError
from bindgen_patch.instrument.guards import DOOR, GUARD, GUEST

Function = ast.FunctionDef | ast.AsyncFunctionDef
_CLOSED_OVER = (ast.Lambda, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.GeneratorExp, ast.Yield, ast.YieldFrom, ast.Await)


def check_guards(text: str, name: str = "__init__.py") -> None:
    """Raise :class:`GenerationError` unless every way into the guest is guarded."""
    problems = list(find_holes(text))
    if problems:
        raise GenerationError(
            f"{name}: the generated text leaves a way into the guest unguarded: {problems[0]}",
            hint="this is a bug of bindgen-patch, and nothing was written; please report it with the guest",
        )


def find_holes(text: str) -> Iterator[str]:
    """Every hole, as a line number and a sentence."""
    tree = ast.parse(text)
    guarded: set[int] = set()
    for function in _functions(tree):
        if any(_is_guest(node) for node in ast.walk(function) if node is not function):
            yield from _check_way_in(function)
            guarded.update(id(node) for node in ast.walk(function))
    host_functions = [node for node in tree.body if isinstance(node, ast.FunctionDef) and any(arg.arg == "guest" for arg in node.args.args)]
    hosts = {function.name for function in host_functions}
    allowed = {id(node) for call in ast.walk(tree) if _is_import_entry(call) for node in ast.walk(call)}
    inside = {id(node) for function in host_functions for node in ast.walk(function)}
    aliases = {id(node.value) for node in tree.body if isinstance(node, ast.Assign) and _is_method_of_default(node.value)}
    for node in ast.walk(tree):
        line = f"line {getattr(node, 'lineno', 0)}"
        if id(node) not in guarded:
            if _is_guest(node):
                yield f"{line}: {GUEST} is named outside a guard"
            if (isinstance(node, ast.Attribute) and node.attr == DOOR) or (isinstance(node, ast.Name) and node.id == DOOR):
                yield f"{line}: {DOOR} is named outside a guard"
        if isinstance(node, ast.Attribute) and node.attr.startswith("call_") and id(node) not in aliases:
            owner = node.value.id if isinstance(node.value, ast.Name) else ""
            if not (owner == GUEST and id(node) in guarded) and not (owner == "guest" and id(node) in inside):
                yield f"{line}: {node.attr} is reached through something else than the guest"
        if isinstance(node, ast.Name) and node.id in hosts and id(node) not in allowed:
            yield f"{line}: the host function {node.id} is named outside the import table"


def _functions(tree: ast.AST) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _is_guest(node: ast.AST) -> bool:
    match node:
        case ast.Name(name) | ast.arg(name) | ast.Attribute(attr=name) | ast.keyword(arg=name) | ast.alias(asname=name):
            return name == GUEST
        case ast.Global(names) | ast.Nonlocal(names):
            return GUEST in names
        case ast.ExceptHandler(name=name) | ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.MatchAs(name=name):
            return name == GUEST
    return False


def _is_method_of_default(node: ast.AST) -> bool:
    """``instance.name``: an exported function may well be called ``call_something``."""
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "instance"


def _is_import_entry(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "_bp.Import"


def _check_way_in(function: Function) -> Iterator[str]:
    where = f"line {function.lineno}: {function.name}"
    body = function.body[1:] if ast.get_docstring(function, clean=False) is not None else function.body
    arguments = [*function.args.posonlyargs, *function.args.args]
    if isinstance(function, ast.AsyncFunctionDef) or not arguments or len(body) != 1 or not isinstance(body[0], ast.With):
        yield f"{where} is not wrapped in a guard"
        return
    around = [*function.decorator_list, *function.args.defaults, *function.args.kw_defaults]
    if any(_is_guest(node) for part in around if part is not None for node in ast.walk(part)):
        yield f"{where} names the guest outside its body"
    guard = body[0]
    inner = guard.body[1].body if len(guard.body) == 2 and isinstance(guard.body[1], ast.Try) else []
    expected = ast.parse(GUARD.format(receiver=arguments[0].arg)).body[0]
    if not inner or ast.dump(_without_body(guard)) != ast.dump(_without_body(expected)):
        yield f"{where} has a guard of another shape"
        return
    for statement in inner:
        for node in ast.walk(statement):
            if _is_guest(node) and not (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)):
                yield f"{where} binds {GUEST} again"
            if isinstance(node, _CLOSED_OVER) and any(_is_guest(part) for part in ast.walk(node)):
                yield f"{where} lets {GUEST} out of the guard"
            if isinstance(node, ast.Attribute) and node.attr == DOOR:
                yield f"{where} reaches for the door inside the guard"
            if _lets_out(node):
                yield f"{where} lets {GUEST} out of the guard"


def _lets_out(node: ast.AST) -> bool:
    """The bare name as the value of a return or an assignment."""
    match node:
        case ast.Return(ast.Name(name)) | ast.Assign(value=ast.Name(name)) | ast.AnnAssign(value=ast.Name(name)) | ast.NamedExpr(value=ast.Name(name)):
            return name == GUEST
    return False


def _without_body(guard: ast.stmt) -> ast.stmt:
    """The guard with its body taken out, so that two of them compare."""
    copy = ast.parse(ast.unparse(guard)).body[0]
    if isinstance(copy, ast.With) and len(copy.body) == 2 and isinstance(copy.body[1], ast.Try):
        copy.body[1].body = [ast.Pass()]
    return copy
