"""One function at a time: what its Python text is made of, as data that a template lays out.

Every plan is checked against the wasm type of the function it calls: the words of all parts must be the function's parameters
and results, in order. A guest whose descriptor and code disagree is refused here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from bindgen_patch import ir, symbols
from bindgen_patch.emit import abi
from bindgen_patch.emit.layout import quoted
from bindgen_patch.emit.names import BUILTINS, checked_local, parameter
from bindgen_patch.errors import GenerationError
from bindgen_patch.plain import plain_call


@dataclass(frozen=True, slots=True)
class Function:
    """The text of one Python function. ``params`` come with their annotations; ``doc`` and ``body`` are lines."""

    name: str
    params: tuple[str, ...]
    returns: str
    doc: tuple[str, ...]
    body: tuple[str, ...]
    decorators: tuple[str, ...] = ()
    plan: str = ""
    """For an export that the run time calls with Python values: how (``runtime.typed.Plan``). For a host function that the accelerator can
    carry out by itself: how (``runtime.program.NativeImport``)."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument on its way into the guest."""

    name: str
    label: str
    lowering: abi.Lowering


_WORD_HINTS: dict[ir.Word, str] = {"i32": "{int}", "i64": "{int}", "f32": "{float}", "f64": "{float}"}


class Writer:
    """Writes expressions with the module's own names for built-ins: an export may be called ``len``."""

    def __init__(self, names: abi.Names, taken: frozenset[str]) -> None:
        self.names = names
        self.builtins = {name: f"_builtins.{name}" if name in taken else name for name in BUILTINS}
        self.shadowed = any(name in taken for name in BUILTINS)

    def text(self, template: str, guest: str, *words: str, v: str = "", n: str = "", x: str = "") -> str:
        """An expression of :mod:`abi` with everything filled in."""
        return template.format(*words, g=guest, v=v, n=quoted(n), x=x, **self.builtins)

    def hint(self, template: str, shadows: Collection[str] = ()) -> str:
        """An annotation, where a function's parameters may have taken some of the names."""
        hidden = {name: f"_builtins.{name}" for name in BUILTINS if name in shadows}
        self.shadowed |= bool(hidden)
        return template.format(**(self.builtins | hidden))

    # ------------------------------------------------------------------ into the guest

    def lower_all(self, arguments: list[Argument], guest: str) -> tuple[list[str], list[str]]:
        """Statements that check every argument, then the words to pass.

        Nothing is lowered before everything is checked. Where lowering leaves no trace the check may stand in the call itself.
        """
        inline = all(argument.lowering.pure for argument in arguments)
        checks, words = [], []
        for argument in arguments:
            lowering = argument.lowering
            checked = self.text(lowering.check, guest, v=argument.name, n=argument.label)
            uses = sum(word.count("{x}") for word in lowering.words)
            local = argument.name
            if lowering.check != "{v}":
                if inline and uses == 1:
                    local = checked
                else:
                    local = checked_local(argument.name)
                    checks.append(f"{local} = {checked}")
            words += [self.text(word, guest, x=local) for word in lowering.words]
        return checks, words

    # ------------------------------------------------------------------ out of the guest

    def returning(
        self, ret: ir.Type, call: str, guest: str, *, into: str = "return {}", shadows: Collection[str] = ()
    ) -> tuple[str, list[str], tuple[ir.Word, ...]]:
        """How a call's result becomes a Python value: (annotation, statements, the words it returns).

        More than one word comes back through the result area. ``shadows`` are names that the function's parameters have taken.
        """
        fallible = isinstance(ret, ir.Result)
        value = abi.lift(ret.ok if isinstance(ret, ir.Result) else ret, self.names)
        types = (*value.types, "i32", "i32") if fallible else value.types
        hint = self.hint(value.hint)
        if not types:
            return hint, [call], ()
        if len(types) == 1:
            if value.value.count("{0}") == 1 and not value.value.startswith("{0}"):
                return hint, self._put(into, self.text(value.value, guest, call), value, shadows), types
            word = self.hint(_WORD_HINTS[types[0]])
            return hint, [f"_bp_ret: {word} = {call}", into.format(self.text(value.value, guest, "_bp_ret"))], types
        loaded = f'{guest}.load("{abi.layout(types)}")'
        in_order = ", ".join(f"{{{k}}}" for k in range(len(types)))
        if not fallible and value.value.endswith(f"{in_order})") and value.value.count("{0}") == 1:
            return hint, [call, into.format(self.text(value.value.replace(in_order, f"*{loaded}"), guest))], types
        locals_ = [f"_bp_{k}" for k in range(len(value.types))] + (["_bp_error", "_bp_failed"] if fallible else [])
        lines = [call, f"{', '.join(locals_)} = {loaded}"]
        if fallible:
            lines += ["if _bp_failed:", f"    raise {guest}.error(_bp_error)"]
        if value.types:
            lines += self._put(into, self.text(value.value, guest, *locals_), value, shadows)
        return hint, lines, types

    def _put(self, into: str, text: str, value: abi.Lifting, shadows: Collection[str]) -> list[str]:
        """What is done with a value; type checkers are told of what it is."""
        if not value.untyped or into != "return {}":
            return [into.format(text)]
        return [f"_bp_value: {self.hint(value.hint, shadows)} = {text}", "return _bp_value"]


def check_words(what: str, wasm: ir.FuncType, params: tuple[ir.Word, ...], returned: tuple[ir.Word, ...]) -> bool:
    """Compare a plan with the function's wasm type; says whether there is a result area in front.

    Raises :class:`GenerationError` when they differ.
    """
    record = len(returned) > 1
    expected = ir.FuncType(("i32", *params) if record else params, () if record else returned)
    if expected != wasm:
        raise GenerationError(
            f"{what}: its descriptor asks for the wasm type {abi.signature(expected)}, its code has {abi.signature(wasm)}",
            hint="the guest was changed after rustc built it, or built with a wasm-bindgen this version does not know",
        )
    return record


# ------------------------------------------------------------------------------------------- exports


def export(writer: Writer, item: ir.Export, name: str, call: str, taken: set[str]) -> Function:
    """A method of ``Instance`` or of a class for an export; ``call`` is its call name. Raises :class:`abi.Unsupported`."""
    guest = "_bp_guest"
    method = item.kind in ("method", "getter", "setter")
    parameters, arguments = _parameters(writer, item, taken | {"self", "cls", "_builtins"})
    checks, words = writer.lower_all(arguments, guest)
    if item.consumes:
        checks.insert(0, f"{guest}.pointer(self)")
        words.insert(0, f"{guest}.consume(self)")
    elif method:
        words.insert(0, f"{guest}.pointer(self)")
    types: list[ir.Word] = ["i32"] if method else []
    types += [word for argument in arguments for word in argument.lowering.types]
    into = "return {}"
    names = [argument.name for argument in arguments]
    ret = item.ret
    if item.kind == "constructor":
        ret, into = _constructed(item), f"self._bp_own({guest}, {{}})"
    promise = item.asyncness and isinstance(ret, ir.JsValue)
    if promise:
        ret, into = ir.Int(32, signed=True), f"return {guest}.promise({', '.join(['{}', *_promised(writer, item, names)])})"
    hint, _, returned = writer.returning(ret, "", guest)
    if check_words(f"export {item.symbol}", item.wasm, tuple(types), returned):
        words.insert(0, f"{guest}.result")
    plan = _plan(item, call, names)
    if plan:
        called = f"{guest}.{call}({', '.join(['self'] * method + names)})"
        checks, lines = [], [called]
        if item.kind == "constructor":
            lines = [into.format(called)]
        elif not isinstance(value := ret.ok if isinstance(ret, ir.Result) else ret, ir.Unit):
            lines = [f"_bp_ret: {writer.hint(abi.lift(value, writer.names).hint, names)} = {called}", "return _bp_ret"]
    else:
        _, lines, _ = writer.returning(ret, f"{guest}.{call}({', '.join(words)})", guest, into=into, shadows=names)
    first = "cls" if item.kind in ("static", "static_getter", "static_setter") else "self"
    return Function(
        name="__init__" if item.kind == "constructor" else name,
        params=(first, *parameters),
        returns="None" if item.kind == "constructor" else _promise_hint(writer, item) if promise else hint,
        doc=doc_lines(item.doc, _default_doc(item)),
        body=(*checks, *lines),
        decorators=_decorators(writer, item, name),
        plan=plan,
    )


_ROLES = {"constructor": "constructor", "method": "method", "getter": "method", "setter": "method"}


def _plan(item: ir.Export, call: str, names: list[str]) -> str:
    """How the run time calls a plain export (``runtime.typed.Plan``); empty for one of types that are written out here."""
    plain = plain_call(item)
    if plain is None:
        return ""
    params = dict(zip(names, plain.params, strict=True))
    return repr((call, _ROLES.get(item.kind, "function"), params, plain.result, plain.fallible)).replace("'", '"')


def _promised(writer: Writer, item: ir.Export, names: list[str]) -> list[str]:
    """What the run time is told of a promise that an asynchronous export returns: its name in Rust, how to make the value, and which of
    its arguments are to live as long as the promise."""
    label = symbols.generated_function(item.owner and item.owner.rpartition("::")[2], item.name)
    convert = abi.resolved(_output(item), writer.names)
    kept = ["self"] * (item.kind == "method" and not item.consumes)
    kept += [name for name, param in zip(names, item.params, strict=True) if _borrows_object(param.type)]
    comma = "," * (len(kept) == 1)
    return [quoted(label), *filter(None, [convert]), *([f"kept=({', '.join(kept)}{comma})"] if item.late and kept else [])]


def _borrows_object(t: ir.Type) -> bool:
    match t:
        case ir.Option(target) | ir.Ref(ir.Option(target)):
            return _borrows_object(target) or (isinstance(target, ir.Struct) and isinstance(t, ir.Ref))
        case ir.Ref(ir.Struct()):
            return True
    return False


def _promise_hint(writer: Writer, item: ir.Export) -> str:
    return f"_bp.Promise[{writer.hint(abi.lift(_output(item), writer.names).hint)}]"


def _output(item: ir.Export) -> ir.Type:
    """What an asynchronous function gives in the end."""
    return item.logical.ok if isinstance(item.logical, ir.Result) else item.logical


def _constructed(item: ir.Export) -> ir.Type:
    """A constructor's result is the bare word: the object exists already, and takes it over as its pointer."""
    pointer = ir.Int(32, signed=True)
    match item.ret:
        case ir.Struct():
            return pointer
        case ir.Result(ir.Struct()):
            return ir.Result(pointer)
    raise abi.Unsupported(f"a constructor that returns `{abi.rust(item.ret)}`")


def _decorators(writer: Writer, item: ir.Export, name: str) -> tuple[str, ...]:
    match item.kind:
        case "getter":
            return ("@" + writer.builtins["property"],)
        case "setter":
            return (f"@{name}.setter",)
        case "static" | "static_getter" | "static_setter":
            return ("@" + writer.builtins["classmethod"],)
    return ()


def write_only(writer: Writer, name: str, doc: tuple[str, ...]) -> Function:
    """The getter of a property that has none in Rust."""
    body = (f"raise {writer.builtins['AttributeError']}({quoted(f'{name} can be set, but not read')})",)
    return Function(name, ("self",), "_bp.NoReturn", doc, body, ("@" + writer.builtins["property"],))


def _default_doc(item: ir.Export) -> str:
    signature = ", ".join(f"{p.name}: {abi.rust(p.type)}" for p in item.params)
    tail = "" if isinstance(item.logical, ir.Unit) else f" -> {abi.rust(item.logical)}"
    match item.kind:
        case "getter" | "static_getter":
            return f"``{item.name}: {abi.rust(item.logical)}``"
        case "setter" | "static_setter":
            return f"Set ``{item.name}``."
    return f"``{'async ' if item.asyncness else ''}fn {item.name}({signature}){tail}``"


def _parameters(writer: Writer, item: ir.Export, taken: set[str]) -> tuple[list[str], list[Argument]]:
    """Annotated parameters; trailing optional ones may be left out, the last of a variadic function takes the rest."""
    lowerings = [abi.lower(param.type, writer.names) for param in item.params]
    names = [parameter(param.name, taken) for param in item.params]
    required = max((k + 1 for k, param in enumerate(item.params) if not (_is_optional(param.type) or param.optional)), default=0)
    if item.kind == "setter":
        required = len(names)
    texts = []
    for k, (name, lowering) in enumerate(zip(names, lowerings, strict=True)):
        hint = writer.hint(lowering.hint)
        if item.variadic and k == len(names) - 1:
            texts.append(f"*{name}: {_element_hint(writer, item.params[k].type)}")
        else:
            texts.append(f"{name}: {hint}" + (" = None" if k >= required else ""))
    return texts, [Argument(name, name, lowering) for name, lowering in zip(names, lowerings, strict=True)]


def _is_optional(t: ir.Type) -> bool:
    return isinstance(t, ir.Option) or (isinstance(t, ir.Ref) and isinstance(t.target, ir.Option))


def _element_hint(writer: Writer, t: ir.Type) -> str:
    match t:
        case ir.Vec(element) | ir.Ref(ir.Slice(element)):
            return writer.hint("{str}" if abi.is_string_handle(element) else abi.lower(element, writer.names).hint)
    return writer.hint("{object}")


# ------------------------------------------------------------------------------------------- closures


def closure(writer: Writer, signature: ir.Signature) -> tuple[Function, str, bool]:
    """``__call__`` of a closure type, with the wasm signature of the function behind it and whether it returns a record."""
    guest = "_bp_guest"
    arguments = [Argument(f"arg{k}", f"argument {k + 1}", abi.lower(t, writer.names)) for k, t in enumerate(signature.params)]
    required = max((k + 1 for k, a in enumerate(arguments) if not _accepts_none(a.lowering.hint)), default=0)
    checks, words = writer.lower_all(arguments, guest)
    hint, lines, returned = writer.returning(signature.ret, f"{guest}.invoke({', '.join(['self', *words])})", guest)
    record = len(returned) > 1
    types: list[ir.Word] = ["i32"] * (2 + record)
    types += [word for argument in arguments for word in argument.lowering.types]
    wasm = ir.FuncType(tuple(types), () if record else returned)
    params = [f"{a.name}: {writer.hint(a.lowering.hint)}" + (" = None" if k >= required else "") for k, a in enumerate(arguments)]
    body = (f"self._bp_check({guest})", *checks, *lines)
    function = Function("__call__", ("self", *params, *(("/",) if params else ())), hint, ("Run it in the guest.",), body)
    return function, abi.signature(wasm), record


def _accepts_none(hint: str) -> bool:
    return hint in ("{object}", "_bp.Any") or hint.endswith(" | None")


# ------------------------------------------------------------------------------------------- imports


def adapter(writer: Writer, item: ir.Import, name: str, target: str, classes: Mapping[str, str]) -> Function | None:
    """The host function behind an import; ``target`` is the variable of its :class:`Target`. ``None`` for intrinsics."""
    match item.role:
        case ir.Call():
            return _call(writer, item, item.role, name, target)
        case ir.Cast(param, ret):
            lifting = abi.lift(param, writer.names)
            words = _word_names(item)
            produced = abi.lower(_owned(ret), writer.names).types
            incoming = words[1:] if len(produced) > 1 else words
            _check_import(item, lifting.types, produced)
            view = abi.view(param, ret)
            lifted = writer.text(view or lifting.value, "guest", *incoming)
            converted, label = _js_number(param, ret, lifted), "a converted value"
            body, _ = _give(writer, ret, converted, label, words)
            function = _host_function(item, name, words, f"``{abi.rust(param)}`` to ``{abi.rust(ret)}``", body)
            return replace(function, plan=_native_import(None, (param,), ret, label)) if converted == lifted else function
        case ir.Static(_, t):
            value = f"guest.static({target}, optional=True)" if isinstance(t, ir.Option) else f"guest.static({target})"
            words = _word_names(item)
            body, produced = _give(writer, t, value, f"the static `{item.role.target.path[-1]}`", words)
            _check_import(item, (), produced)
            return _host_function(item, name, words, f"``static {abi.rust(t)}``", body)
        case ir.ConstString(text):
            _check_import(item, (), ("i32",))
            return _host_function(item, name, [], "A string constant.", [f"return guest.handle({quoted(text)})"])
        case ir.InstanceOf():
            _check_import(item, ("i32",), ("i32",))
            return _host_function(item, name, ["a0"], "``instanceof``", [f"return {target}.has_instance(guest, guest.value(a0))"])
        case ir.Wrap(key):
            _check_import(item, ("i32",), ("i32",))
            return _host_function(
                item, name, ["a0"], "A Rust value becomes a Python object.", [f"return guest.handle(guest.wrap({classes[key]}, a0))"]
            )
        case ir.Unwrap(key):
            _check_import(item, ("i32",), ("i32",))
            return _host_function(
                item, name, ["a0"], "A Python object gives its Rust value back.", [f"return guest.unwrap(a0, {classes[key]})"]
            )
        case ir.Intrinsic() | ir.Unsupported():
            return None


_BIGINTS = (64, 128)


def _js_number(param: ir.Type, ret: ir.Type, value: str) -> str:
    """A Rust number that becomes a ``JsValue`` is a number or a bigint there, and Python keeps the difference."""
    if not isinstance(ret, ir.JsValue):
        return value
    match param.target if isinstance(param, ir.Ref) else param:
        case ir.Float():
            return f"_bp.to_js_number({value})"
        case ir.Int(bits) if bits in _BIGINTS:
            return f"_bp.to_bigint({value})"
    return value


def _js_bigint(t: ir.Type, value: str) -> str:
    """An argument of 64 bits or more for an object of the host's: a bigint in JavaScript, and an ``int`` still."""
    match t:
        case ir.Int(bits) if bits in _BIGINTS:
            return f"_bp.to_bigint({value})"
    return value


def _word_names(item: ir.Import) -> list[str]:
    return [f"a{k}" for k in range(len(item.wasm.params))]


def _check_import(item: ir.Import, params: tuple[ir.Word, ...], returned: tuple[ir.Word, ...]) -> None:
    check_words(f"import {item.symbol}", item.wasm, params, returned)


def _host_function(item: ir.Import, name: str, words: list[str], doc: str, body: list[str]) -> Function:
    kinds = ("int" if word in ("i32", "i64") else "float" for word in item.wasm.params)
    result = {"i32": "int", "i64": "int", "f32": "float", "f64": "float"}[item.wasm.results[0]] if item.wasm.results else "None"
    params = ("guest: _bp.Guest", *(f"{word}: {kind}" for word, kind in zip(words, kinds, strict=True)))
    return Function(name, params, result, doc_lines(doc), tuple(body))


def _give(writer: Writer, t: ir.Type, value: str, label: str, words: list[str]) -> tuple[list[str], tuple[ir.Word, ...]]:
    """Statements that lower a host value and hand it to the guest, and the words they produce. Null is no value, as undefined is."""
    lowering = abi.lower(_owned(t), writer.names)
    if not lowering.types:
        return [value], ()
    if isinstance(t, ir.Option) and not isinstance(t.target, ir.JsValue | ir.DynamicUnion):
        value = f"_bp.or_none({value})"
    checks, lowered = writer.lower_all([Argument("_bp_value", label, lowering)], "guest")
    if len(lowering.types) == 1 and not checks:
        inlined = writer.text(lowering.words[0], "guest", x=writer.text(lowering.check, "guest", v=value, n=label))
        if lowering.words[0].count("{x}") == 1 and lowering.check.count("{v}") == 1:
            return [f"return {inlined}"], lowering.types
    lines = [f"_bp_value = {value}", *checks]
    if len(lowering.types) == 1:
        return [*lines, f"return {lowered[0]}"], lowering.types
    return [*lines, f'guest.store({words[0]}, "{abi.layout(lowering.types)}", {", ".join(lowered)})'], lowering.types


def _owned(t: ir.Type) -> ir.Type:
    """What a host function returns belongs to the guest, reference or not."""
    return t.target if isinstance(t, ir.Ref) and isinstance(t.target, ir.JsValue | ir.DynamicUnion | ir.String) else t


def _call(writer: Writer, item: ir.Import, role: ir.Call, name: str, target: str) -> Function:
    ret = role.signature.ret.ok if isinstance(role.signature.ret, ir.Result) else role.signature.ret
    produced = abi.lower(_owned(ret), writer.names).types
    words = _word_names(item)
    incoming = words[1:] if len(produced) > 1 else list(words)
    values: list[str] = []
    releases: list[str] = []
    setup: list[str] = []
    types: list[ir.Word] = []
    for k, t in enumerate(role.signature.params):
        lifting = abi.lift(t, writer.names, borrowed=False)
        used, incoming = incoming[: len(lifting.types)], incoming[len(lifting.types) :]
        types += lifting.types
        if len(used) < len(lifting.types):
            break  # check_words below says what is wrong
        value = writer.text(lifting.value, "guest", *used)
        if role.operation != "call":  # where JavaScript's built-ins are at the other end, and tell a bigint from a number
            value = _js_bigint(t, value)
        if lifting.release or (k < len(role.signature.params) - 1 and _frees(lifting)):
            local = f"_bp_{k}"
            setup.append(f"{local} = {value}")
            if lifting.release:
                releases.append(f"{local}.{lifting.release}()")
            value = local + lifting.lent
        values.append(value)
    if role.task_queue:
        values = [f"guest.task_queue({values[0]})"]
    _check_import(item, tuple(types), produced)
    label = f"{role.name}() returned"
    value = operation(role, values, target)
    body, _ = _give(writer, ret, f"guest.promised({value})" if role.asyncness else value, label, words)
    if releases:
        body = ["try:", *(f"    {line}" for line in body), "finally:", *(f"    {line}" for line in releases)]
    function = _host_function(item, name, words, f"``{abi.declaration(role)}``", [*setup, *body])
    plain = role.operation == "call" and role.target.module is None and not (role.variadic or role.asyncness or role.task_queue)
    if not plain or len(role.target.path) != 1 or setup:
        return function
    return replace(function, plan=_native_import(role.target.path[0], role.signature.params, ret, label))


def _native_import(called: str | None, params: tuple[ir.Type, ...], ret: ir.Type, label: str) -> str:
    """How the accelerator carries out a host function that calls the global of that name, or none; empty where it is left to Python."""
    types, result = [abi.native_import(t, result=False) for t in params], abi.native_import(_owned(ret), result=True)
    if None in types or result is None:
        return ""
    return repr((called, tuple(types), result, label)).replace("'", '"')


def _frees(lifting: abi.Lifting) -> bool:
    """Whether lifting enters the guest: then it comes before anything of the host is looked up."""
    return "take_" in lifting.value


def operation(role: ir.Call, values: list[str], target: str) -> str:
    """The Python expression for what an import does with its lifted arguments."""
    found = f"{target}.find(guest)"
    spread = [*values[:-1], f"*{values[-1]}"] if role.variadic and values else values
    this, rest = (values[0] if values else "None"), spread[1:]
    name = quoted(role.name)
    match role.operation:
        case "call":
            return f"{target}.function(guest)({', '.join(spread)})"
        case "new":
            return f"_bp.js.construct({found}, [{', '.join(spread)}])"
        case "static":
            return f"_bp.js.call({found}, {name}, [{', '.join(spread)}])"
        case "method":
            return f"_bp.js.call({this}, {name}, [{', '.join(rest)}])"
        case "final_method":
            return f"_bp.js.apply_method({found}, {name}, [{', '.join(spread)}])"
        case "get":
            return f"_bp.js.get({this}, {name})"
        case "set":
            return f"_bp.js.set({this}, {name}, {', '.join(rest)})"
        case "static_get":
            return f"_bp.js.get({found}, {name})"
        case "static_set":
            return f"_bp.js.set_static({found}, {name}, {', '.join(values)})"
        case "index_get" | "index_set" | "index_delete":
            return f"_bp.js.{role.operation.removeprefix('index_')}({', '.join(values)})"
        case "static_index_get" | "static_index_set" | "static_index_delete":
            return f"_bp.js.{role.operation.removeprefix('static_index_')}({', '.join([found, *values])})"


# ------------------------------------------------------------------------------------------- docs


_UNPRINTABLE = re.compile(r"[\\\x00-\x1f\x7f]")


def doc_lines(text: str, default: str = "") -> tuple[str, ...]:
    """A Rust doc comment as the lines of a docstring: its Markdown is kept, what would end the string is escaped.

    ``default`` stands in for an empty one.
    """
    lines = [_UNPRINTABLE.sub(lambda c: repr(c[0])[1:-1], line.rstrip()) for line in ((text.strip() and text) or default).splitlines()]
    lines = [line.replace('"""', '\\"\\"\\"') for line in lines]
    while lines and not lines[-1]:
        lines.pop()
    while lines and not lines[0]:
        lines.pop(0)
    if lines and lines[-1].endswith('"'):
        lines[-1] += " "
    return tuple(lines)
