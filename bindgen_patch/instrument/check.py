"""Proof that guarded text is guarded: run on what is about to be written, in every ``gen`` and in every test.

The question is not what the pass did but whether the text has a way round. So this is a list of what a generated module may say,
and whatever is not on it is refused:

- **A way in** is a function that names ``_bp_guest``: a method that is, docstring aside, exactly one guard of its own receiver.
- **A host function** is a function of the module that is given a ``guest``. It is named in the import table and nowhere else.
- In either, the guest itself can be used in three ways: one of its methods is called, its ``result`` is read, or it is the first
  argument of something known to keep it. So it stays inside.
- Functions name their parameters, their ``_bp_…`` locals, the module's classes and targets, a few built-ins, and ``_bp.…``. So there is
  no other way to an instance, its door or its functions. They have no ``except``, so a failure gets to the guard.
- The module has the known imports, classes of the known bases with constants and such functions, targets, the program, the default
  instance and names for its methods.

It shares the guard's shape with the pass and nothing else; the text is read by the standard library's parser.
"""

from __future__ import annotations

import ast
import io
import types
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache

from bindgen_patch.errors import GenerationError
from bindgen_patch.instrument.guards import DOOR, GUARD, GUEST, NESTED

IMPORTS = frozenset(
    {
        "from __future__ import annotations",
        "import builtins as _builtins",
        "import enum as _enum",
        "import bindgen_patch.runtime as _bp",
        "from ._bindgen_patch import runtime as _bp",
    }
)
BASES = frozenset({"_bp.Object", "_bp.Instance", "_bp.Closure", "_bp.hints.TypedDict", "_enum.IntEnum", "_enum.StrEnum"})
BUILTINS = frozenset({"AttributeError", "bool", "bytes", "classmethod", "float", "int", "len", "list", "object", "property", "str", "type"})
TYPES = frozenset({"BaseException", "bool", "bytes", "dict", "float", "int", "list", "memoryview", "object", "str"})
"""The built-in types of annotations."""
GUEST_METHODS = frozenset(
    {
        *("consume", "drop", "error", "invoke", "load", "object", "objects", "pointer", "static", "store", "unwrap", "wrap"),
        *("promise", "promised", "task_queue"),
        *("handle", "lend", "lend_option", "lend_slice", "option_handle", "put", "put_values", "value", "view"),
        *("read", "string", "numbers", "borrowed_values", "take", "take_bytes", "take_cells", "take_numbers"),
        *("take_string", "take_string_cells", "take_strings", "take_values"),
    }
)
"""What generated code does with a guest, beside calling its functions (``call_…``)."""

RESET = "super()._bp_reset()"
"""All that the ``reset_state`` of an Instance does."""

PROGRAM = frozenset({"module", "shims", "exports", "imports", "slots", "start", "table", "abort_handler", "plans", "host_plans"})
"""What a program is told. ``abort_handler`` only ever takes something away, and never where panics unwind: ``gen`` sees to that."""

Function = ast.FunctionDef
Holes = Iterator[tuple[int, str]]


def check_guards(text: str, name: str = "__init__.py") -> None:
    """Raise :class:`GenerationError` unless every way into the guest is guarded."""
    for line, hole in find_holes(text):
        raise GenerationError(
            f"{name}: the generated text leaves a way into the guest unguarded: line {line}: {hole}",
            hint="this is a bug of bindgen-patch, and nothing was written; please report it with the guest",
        )


def find_holes(text: str) -> Holes:
    """Every hole, as a line number and a sentence."""
    module = _Module()
    for _, node in _statements(text):
        module.learn(node)
    if not module.postponed:
        yield 1, "annotations would be evaluated"
    for above, node in _statements(text):
        yield from ((above + line, hole) for line, hole in module.statement(node))


def _statements(text: str) -> Iterator[tuple[int, ast.stmt]]:
    """The statements of the module, each with the number of lines above the text that its own line numbers count from.

    It is read a class or a function at a time, for the tree of a large module would take hundreds of megabytes. The parser has the last
    word on where one may stop: what it takes for a module is whole statements, and so is what follows.
    """
    piece: list[str] = []
    above = 0
    for number, line in enumerate(io.StringIO(text, newline="")):
        if line.startswith(("class ", "def ", "@")) and (tree := _parsed("".join(piece))):
            yield from ((above, node) for node in tree.body)
            piece, above = [], number
        piece.append(line)
    yield from ((above, node) for node in ast.parse("".join(piece)).body)


def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except SyntaxError:
        return None


@dataclass
class _Scope:
    """What the code of one function may name: its parameters and locals, and the guest that it has."""

    names: set[str]
    receiver: str | None = None
    guest: str | None = None
    locals: set[str] = field(default_factory=set)


class _Module:
    """What is known of a module's names; it is told of every statement before it is asked about one."""

    def __init__(self) -> None:
        self.postponed = False
        self.classes: dict[str, str] = {}
        self.methods: set[str] = set()
        self.variables: set[str | None] = set()
        self.hosts: set[str] = set()
        self.targets: set[str] = set()
        self.nameable: set[str] = set()
        self.taken = {"_bp", "_builtins", "_enum", "super"}

    def learn(self, node: ast.stmt) -> None:
        match node:
            case ast.ClassDef():
                self.classes[node.name] = _text(node.bases)
                if self.classes[node.name] != "_bp.Instance":
                    self.nameable.add(node.name)
                if node.name == "Instance":
                    self.methods |= {item.name for item in node.body if isinstance(item, Function)}
            case ast.FunctionDef():
                self.hosts.add(node.name)
            case ast.Assign():
                self.variables.add(_assigned(node))
                if _is_call(node.value, "_bp.Target"):
                    self.targets.add(_assigned(node) or "")
                    self.nameable.add(_assigned(node) or "")
            case ast.ImportFrom():
                self.postponed |= ast.unparse(node) == "from __future__ import annotations"

    # ------------------------------------------------------------------ the module

    def statement(self, node: ast.stmt) -> Holes:
        name = node.name if isinstance(node, Function | ast.ClassDef) else _assigned(node)
        if name in self.taken:
            yield _hole(node, f"{name} gets a second meaning")
        self.taken |= {name} if name else set()
        match node:
            case ast.Import() | ast.ImportFrom():
                if ast.unparse(node) not in IMPORTS:
                    yield _hole(node, f"`{ast.unparse(node)}` is none of the imports there are")
            case ast.ClassDef():
                yield from self.class_(node)
            case ast.FunctionDef():
                yield from self.host_function(node)
            case ast.Assign(value=value) if name:
                yield from self.variable(name, value)
            case ast.Expr(ast.Constant()):
                pass
            case _:
                yield _hole(node, "a statement that no module has")

    def variable(self, name: str, value: ast.expr) -> Holes:
        match value:
            case ast.Attribute(ast.Name("instance"), method) if method in self.methods - {"__init__"}:
                return
            case ast.Call(ast.Name("Instance"), [], []) if name == "instance":
                return
            case ast.Call() if _is_call(value, "_bp.Target") and _constant(*value.args, *(keyword.value for keyword in value.keywords)):
                return
            case ast.Call() if _is_call(value, "_bp.Program") and name == "_bp_program":
                if not {keyword.arg for keyword in value.keywords} <= PROGRAM:
                    yield _hole(value, "the program is told something that no program is")
                for node in ast.walk(value):
                    if not self.in_program(node):
                        yield _hole(value, f"`{ast.unparse(node)}` is nothing that the program is made of")
                return
        if name != "__all__" or not _constant(value):
            yield _hole(value, f"{name} is no constant, target, program, instance or method of the instance")

    def in_program(self, node: ast.AST) -> bool:
        match node:
            case ast.Call():
                return any(_is_call(node, f"_bp.{name}") for name in ("Program", "Import", "intrinsic", "unsupported"))
            case ast.Attribute():
                return ast.unparse(node) in ("_bp.Program", "_bp.Import", "_bp.intrinsic", "_bp.unsupported")
            case ast.Name(name):
                return name in self.hosts or name in ("_bp", "__package__", "__name__")
        return isinstance(node, ast.Constant | ast.Dict | ast.Tuple | ast.BoolOp | ast.Or | ast.UnaryOp | ast.USub | ast.keyword | ast.Load)

    # ------------------------------------------------------------------ classes

    def class_(self, node: ast.ClassDef) -> Holes:
        if _text(node.bases) not in BASES or node.keywords or node.decorator_list:
            yield _hole(node, f"class {node.name} is of an unknown kind")
        is_dict = _text(node.bases) == "_bp.hints.TypedDict"
        for item in node.body:
            match item:
                case ast.AnnAssign(ast.Name(), annotation, None, 1) if is_dict:
                    yield from self.annotation(annotation)
                case ast.FunctionDef() if not is_dict:
                    yield from self.method(node, item)
                case ast.Assign(value=value) if not is_dict and _assigned(item) not in (None, DOOR, GUEST) and _constant(value):
                    pass
                case ast.Expr(ast.Constant()):
                    pass
                case _:
                    yield _hole(item, f"class {node.name} holds something else than constants and functions")

    def method(self, owner: ast.ClassDef, node: Function) -> Holes:
        allowed = {f"{prefix}{name}" for prefix in ("", "_builtins.") for name in ("property", "classmethod")} | {f"{node.name}.setter"}
        if not {ast.unparse(decorator) for decorator in node.decorator_list} <= allowed:
            yield _hole(node, f"{node.name} is decorated")
        if node.name.startswith("_bp") and node.name != "_bp_drop":
            yield _hole(node, f"{node.name} takes a name of the run time's")
        yield from self.parameters(node)
        scope = _Scope(_parameters(node), next((arg.arg for arg in [*node.args.posonlyargs, *node.args.args]), None))
        body = _without_docstring(node)
        if any(_names_guest(part) for part in ast.walk(node)):
            scope.guest = GUEST
            inner = _guarded(body, scope.receiver)
            if inner is None:
                yield _hole(node, f"{node.name} is not exactly one guard of its receiver")
            else:
                yield from self.statements(inner, scope)
        elif node.name == "reset_state" and _text(owner.bases) == "_bp.Instance" and [ast.unparse(part) for part in body] == [RESET]:
            pass
        elif node.name == "__init__" and _text(owner.bases) == "_bp.Instance":
            yield from self.instance_init(body, scope)
        else:
            yield from self.statements(body, scope)

    def instance_init(self, body: list[ast.stmt], scope: _Scope) -> Holes:
        for statement in body:
            match statement:
                case ast.Expr(ast.Call(func=func, args=[ast.Name("_bp_program"), *rest], keywords=keywords)) if (
                    ast.unparse(func) == "super().__init__"
                ):
                    for value in [*rest, *(keyword.value for keyword in keywords)]:
                        yield from self.expression(value, scope)
                case ast.Assign([target], ast.Call(func, [ast.Name(name)], [])) if self.classes.get(name) == "_bp.Object" and (
                    ast.unparse(target) == f"{scope.receiver}.{name}" and ast.unparse(func) == f"{scope.receiver}._bp_bind"
                ):
                    pass
                case _:
                    yield _hole(statement, "Instance does more than passing its program on and binding its classes")

    # ------------------------------------------------------------------ functions

    def host_function(self, node: Function) -> Holes:
        if node.decorator_list or node.name.startswith("__") or not node.args.args or node.args.args[0].arg != "guest":
            yield _hole(node, f"{node.name} is no host function")
        yield from self.parameters(node)
        yield from self.statements(_without_docstring(node), _Scope(_parameters(node), guest="guest"))

    def parameters(self, node: Function) -> Holes:
        reserved = any(name.startswith("_bp") for name in _parameters(node))
        if reserved or not _constant(*node.args.defaults, *filter(None, node.args.kw_defaults)):
            yield _hole(node, f"{node.name} has parameters that no function has")
        for part in ast.walk(node.args):
            if isinstance(part, ast.arg) and part.annotation is not None:
                yield from self.annotation(part.annotation)
        if node.returns is not None:
            yield from self.annotation(node.returns)

    def annotation(self, node: ast.expr) -> Holes:
        """A hint: whoever asks for the hints of a function has its text evaluated."""
        match node:
            case ast.Constant(None | types.EllipsisType()):
                pass
            case ast.Name(name) if name in self.classes or name in TYPES:
                pass
            case ast.Attribute(ast.Name("_bp") | ast.Attribute(ast.Name("_bp"), "hints")):
                pass
            case ast.Attribute(ast.Name("_builtins"), name) if name in TYPES:
                pass
            case ast.Subscript(ast.Attribute(ast.Name("_bp"), "Literal"), values) if _constant(values):
                pass
            case ast.Subscript(generic, values):
                yield from self.annotation(generic)
                yield from self.annotation(values)
            case ast.BinOp(left, ast.BitOr(), right):
                yield from self.annotation(left)
                yield from self.annotation(right)
            case ast.Tuple(parts) | ast.List(parts):
                for part in parts:
                    yield from self.annotation(part)
            case _:
                yield _hole(node, f"`{ast.unparse(node)}` is no type that is known here")

    def statements(self, body: Iterable[ast.stmt], scope: _Scope) -> Holes:
        for node in body:
            match node:
                case ast.Expr(ast.Call() as value) | ast.Return(ast.expr() as value) | ast.Raise(ast.expr() as value, None):
                    yield from self.expression(value, scope)
                case ast.Assign([target], value):
                    yield from self.expression(value, scope)
                    for part in target.elts if isinstance(target, ast.Tuple) else [target]:
                        yield from self.binding(part, scope)
                case ast.AnnAssign(target, _, ast.expr() as value):  # what a local is annotated with is never evaluated, by nobody
                    yield from self.expression(value, scope)
                    yield from self.binding(target, scope)
                case ast.If(test, then, otherwise):
                    yield from self.expression(test, scope)
                    yield from self.statements([*then, *otherwise], scope)
                case ast.Try(then, [], [], last) if all(isinstance(statement, ast.Expr) for statement in last):
                    yield from self.statements([*then, *last], scope)
                case ast.Return(None) | ast.Pass():
                    pass
                case _:
                    yield _hole(node, "a statement that no function has")

    def binding(self, target: ast.expr, scope: _Scope) -> Holes:
        if not isinstance(target, ast.Name) or not target.id.startswith("_bp_") or target.id in (GUEST, DOOR, NESTED):
            yield _hole(target, f"`{ast.unparse(target)}` is no local of ours")
        else:
            scope.names.add(target.id)
            scope.locals.add(target.id)

    # ------------------------------------------------------------------ expressions

    def expression(self, node: ast.expr, scope: _Scope) -> Holes:
        match node:
            case ast.Constant():
                pass
            case ast.Name(name):
                if name == scope.guest or not (name in scope.names or name in self.nameable or self.is_builtin(name)):
                    yield _hole(node, f"{name} is named")
            case ast.Attribute(ast.Name("_bp"), attribute) if attribute.startswith("as_"):
                pass
            case ast.Attribute(ast.Name(owner), attribute):
                if not (owner == scope.guest and attribute == "result") and not (owner in scope.locals and attribute == "numbers"):
                    yield _hole(node, f"{owner}.{attribute} is looked up")
            case ast.Call():
                yield from self.call(node, scope)
            case ast.ListComp(element, [ast.comprehension(target=target, iter=source, ifs=[], is_async=0)]):
                yield from self.expression(source, scope)
                yield from self.binding(target, scope)
                yield from self.expression(element, scope)
            case ast.Tuple() | ast.List() | ast.Starred() | ast.BoolOp() | ast.BinOp() | ast.UnaryOp() | ast.Compare() | ast.IfExp():
                for part in ast.iter_child_nodes(node):
                    if isinstance(part, ast.expr):
                        yield from self.expression(part, scope)
            case _:
                yield _hole(node, f"`{ast.unparse(node)}` is nothing that a function says")

    def call(self, node: ast.Call, scope: _Scope) -> Holes:
        keeps_guest = False
        match node.func:
            case ast.Attribute(ast.Name(owner), method) if owner == scope.guest:
                known = method in GUEST_METHODS or method.startswith("call_")
            case ast.Attribute(ast.Name(owner), method) if owner == scope.receiver:
                known = keeps_guest = method in ("_bp_own", "_bp_check")
            case ast.Attribute(ast.Name(owner), method) if owner in scope.names:
                known = owner in scope.locals and method in ("release", "_bp_expire")
            case ast.Attribute(ast.Name(owner), method) if owner in self.targets:
                known = keeps_guest = method in ("find", "function", "has_instance")
            case ast.Attribute(ast.Name("_bp") | ast.Attribute(ast.Name("_bp"), "js"), function):
                known = function[0].islower()
            case ast.Attribute(ast.Name("_builtins"), function):
                known = function in BUILTINS
            case ast.Call(ast.Attribute(ast.Name(owner), "find" | "function")) as found if (
                owner in self.targets and owner not in scope.names
            ):
                known = True
                yield from self.call(found, scope)
            case ast.Name(name):
                base = "" if name in scope.names else self.classes.get(name, "")
                keeps_guest = base == "_bp.Closure"
                known = keeps_guest or base.startswith("_enum.") or (name not in scope.names and self.is_builtin(name))
            case _:
                known = False
        args = list(node.args)
        if keeps_guest and args and isinstance(args[0], ast.Name) and args[0].id == scope.guest:
            del args[0]
        elif keeps_guest or not known:
            yield _hole(node, f"`{ast.unparse(node.func)}` is called")
        for value in [*args, *(keyword.value for keyword in node.keywords)]:
            yield from self.expression(value, scope)

    def is_builtin(self, name: str) -> bool:
        """Whether ``name`` is still Python's own: an export may have taken it."""
        return name in BUILTINS and name not in self.variables


def _hole(node: ast.AST, what: str) -> tuple[int, str]:
    return getattr(node, "lineno", 0), what


def _text(nodes: list[ast.expr]) -> str:
    return ", ".join(map(ast.unparse, nodes))


def _assigned(node: ast.AST) -> str | None:
    """The one name that a statement assigns to."""
    match node:
        case ast.Assign([ast.Name(name)]):
            return name
    return None


def _is_call(node: ast.AST, function: str) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == function


def _constant(*nodes: ast.expr) -> bool:
    try:
        for node in nodes:
            ast.literal_eval(node)
    except (ValueError, TypeError):
        return False
    return True


def _without_docstring(node: Function) -> list[ast.stmt]:
    return node.body[ast.get_docstring(node, clean=False) is not None :]


def _parameters(node: Function) -> set[str]:
    return {part.arg for part in ast.walk(node.args) if isinstance(part, ast.arg)}


def _names_guest(node: ast.AST) -> bool:
    """Whether ``_bp_guest`` occurs in a node, as a name of any kind."""
    fields = [] if isinstance(node, ast.Constant) else ast.iter_fields(node)
    return any(value == GUEST or (isinstance(value, list) and GUEST in value) for _, value in fields)


def _guarded(body: list[ast.stmt], receiver: str | None) -> list[ast.stmt] | None:
    """What the guard guards, if ``body`` is one guard of ``receiver`` and nothing else."""
    match body:
        case [*asking, ast.With(body=[_, ast.Try(body=inner)]) as guard] if _hollow(asking, guard) == _expected(receiver):
            return inner
    return None


def _hollow(asking: list[ast.stmt], guard: ast.With) -> str:
    """A guard without what it guards, so that two of them compare."""
    enter, attempt = guard.body
    assert isinstance(attempt, ast.Try)
    shell = ast.Try([], attempt.handlers, attempt.orelse, attempt.finalbody)
    return "\n".join(map(ast.dump, [*asking, ast.With(guard.items, [enter, shell], guard.type_comment)]))


@cache
def _expected(receiver: str | None) -> str:
    *asking, guard = ast.parse(GUARD.format(receiver=receiver)).body
    assert isinstance(guard, ast.With)
    return _hollow(asking, guard)
