"""Just enough JavaScript, expressed in the verbs, to ask the same of Node and of ours: expressions, arrow functions, ``let``, ``throw``.

There is no ``this``: ``method((self, …) => …)`` makes a function of it, ``t(() => …)`` gives what is thrown its name.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import time
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any
from unittest.mock import patch

from bindgen_patch import GuestException, js
from bindgen_patch.js import alarms, model, operators
from bindgen_patch.js.builtins import GLOBALS
from bindgen_patch.js.classes import MISSING, Function
from bindgen_patch.js.iterators import caught, thrown
from bindgen_patch.js.jobs import Jobs
from bindgen_patch.js.ordinary import Array, Object
from bindgen_patch.js.primitives import BigInt, number_to_string
from bindgen_patch.js.realm import Realm

from .oracle import NODE

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>0x[0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(?P<big>n)?|(?P<name>[A-Za-z_$][\w$]*)"""
    r"""|(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<sign>=>|\.\.\.|===|!==|==|!=|<=|>=|\*\*|&&|\|\||\?\?|[-+*/%<>!=?:;,.(){}\[\]]))"""
)
_BINARY: dict[str, tuple[int, Callable[[Any, Any], Any]]] = {
    "===": (4, model.strict_equal),
    "!==": (4, lambda a, b: not model.strict_equal(a, b)),
    "==": (4, model.loose_equal),
    "!=": (4, lambda a, b: not model.loose_equal(a, b)),
    "<": (5, operators.lt),
    ">": (5, operators.gt),
    "<=": (5, operators.le),
    ">=": (5, operators.ge),
    "in": (5, lambda key, obj: model.has(obj, key)),
    "instanceof": (5, model.instanceof),
    "+": (6, operators.add),
    "-": (6, operators.sub),
    "*": (7, operators.mul),
    "/": (7, operators.div),
    "%": (7, operators.rem),
}
_LAZY = {"??": (1, lambda value: value is None or value is js.null), "||": (2, lambda v: not model.truthy(v)), "&&": (3, model.truthy)}


class _Return(Exception):
    pass


class Scope(dict[str, Any]):
    """Variables, and those around."""

    def __init__(self, outer: Scope | None, names: dict[str, Any]) -> None:
        super().__init__(names)
        self.outer = outer

    def __missing__(self, name: str) -> Any:
        if self.outer is not None:
            return self.outer[name]
        if name in GLOBALS:
            return GLOBALS[name]
        raise js.ReferenceError(f"{name} is not defined")

    def assign(self, name: str, value: Any) -> None:
        scope: Scope = self
        while name not in scope:
            assert scope.outer is not None, name
            scope = scope.outer
        dict.__setitem__(scope, name, value)


Code = Callable[[Scope], Any]


class _Parser:
    """Source text to closures."""

    def __init__(self, source: str) -> None:
        self.tokens: list[tuple[str, Any]] = []
        position = 0
        source = source.rstrip()
        while position < len(source):
            found = _TOKEN.match(source, position)
            assert found, source[position:]
            position = found.end()
            if (number := found["number"]) is not None:
                value = int(number, 0) if re.fullmatch(r"0x.*|[1-9]\d*|0", number) else float(number)
                self.tokens.append(("value", BigInt(value) if found["big"] else model.to_number(number)))
            elif found["text"] is not None:
                quoted = found["text"][1:-1].replace("\\'", "'")
                self.tokens.append(("value", json.loads('"' + (quoted if found["text"][0] == '"' else quoted.replace('"', '\\"')) + '"')))
            else:
                self.tokens.append(("name", found["name"]) if found["name"] else ("sign", found["sign"]))
        self.at = 0

    def peek(self, *signs: str) -> bool:
        return self.at < len(self.tokens) and self.tokens[self.at][0] != "value" and self.tokens[self.at][1] in signs

    def take(self, *signs: str) -> bool:
        if self.peek(*signs):
            self.at += 1
            return True
        return False

    def need(self, sign: str) -> None:
        assert self.take(sign), (sign, self.tokens[self.at :])

    def next(self) -> tuple[str, Any]:
        self.at += 1
        return self.tokens[self.at - 1]

    # ---------------------------------------------------------------- statements

    def block(self) -> Code:
        codes: list[Code] = []
        while self.at < len(self.tokens) and not self.peek("}"):
            codes.append(self.statement())
            self.take(";")

        def run(scope: Scope) -> Any:
            result = None
            for code in codes:
                result = code(scope)
            return result

        return run

    def statement(self) -> Code:
        if self.take("let"):
            _, name = self.next()
            self.need("=")
            value = self.expression()
            return lambda scope: dict.__setitem__(scope, name, value(scope))
        if self.take("return"):
            value = self.expression()

            def give(scope: Scope) -> Any:
                raise _Return(value(scope))

            return give
        if self.take("throw"):
            value = self.expression()

            def throw(scope: Scope) -> Any:
                raise thrown(value(scope))

            return throw
        return self.expression()

    # ---------------------------------------------------------------- expressions

    def expression(self) -> Code:
        if (arrow := self.arrow()) is not None:
            return arrow
        left = self.binary(1)
        if self.take("?"):
            yes = self.expression()
            self.need(":")
            no = self.expression()
            return lambda scope: yes(scope) if model.truthy(left(scope)) else no(scope)
        if self.take("="):
            value = self.expression()
            return lambda scope: left.assign(scope, value(scope))  # type: ignore[attr-defined]
        return left

    def arrow(self) -> Code | None:
        start = self.at
        names: list[str] = []
        rest = False
        if self.take("("):
            while not self.peek(")"):
                rest = self.take("...")
                kind, name = self.next() if self.at < len(self.tokens) else ("", "")
                if kind != "name":
                    self.at = start
                    return None
                names.append(name)
                if not self.take(",") and not self.peek(")"):
                    self.at = start
                    return None
            self.next()
        elif self.at < len(self.tokens) and self.tokens[self.at][0] == "name":
            names.append(self.next()[1])
        if (not names and start == self.at) or not self.take("=>"):
            self.at = start
            return None
        if self.take("{"):
            body, block = self.block(), True
            self.need("}")
        else:
            body, block = self.expression(), False

        def make(scope: Scope) -> Any:
            def function(*args: Any) -> Any:
                bound = dict(zip(names, [*args, *[None] * len(names)], strict=False))
                if rest:
                    bound[names[-1]] = Array(args[len(names) - 1 :])
                try:
                    result = body(Scope(scope, bound))
                except _Return as done:
                    return done.args[0]
                return None if block else result

            function.__name__ = ""
            return function

        return make

    def binary(self, level: int) -> Code:
        left = self.unary()
        while self.at < len(self.tokens) and self.tokens[self.at][0] != "value":
            sign = self.tokens[self.at][1]
            if sign in _BINARY and _BINARY[sign][0] >= level:
                self.at += 1
                left = self._strict(_BINARY[sign][1], left, self.binary(_BINARY[sign][0] + 1))
            elif sign in _LAZY and _LAZY[sign][0] >= level:
                self.at += 1
                left = self._short(_LAZY[sign][1], left, self.binary(_LAZY[sign][0] + 1))
            else:
                break
        return left

    @staticmethod
    def _strict(apply: Callable[[Any, Any], Any], left: Code, right: Code) -> Code:
        return lambda scope: apply(left(scope), right(scope))

    @staticmethod
    def _short(goes_on: Callable[[Any], bool], left: Code, right: Code) -> Code:
        def run(scope: Scope) -> Any:
            value = left(scope)
            return right(scope) if goes_on(value) else value

        return run

    def unary(self) -> Code:
        for sign, apply in {"!": lambda v: not model.truthy(v), "-": operators.neg, "+": model.to_number, "typeof": model.typeof}.items():
            if self.take(sign):
                operand = self.unary()
                return lambda scope, apply=apply: apply(operand(scope))  # type: ignore[misc]
        if self.take("delete"):
            target = self.unary()

            def delete(scope: Scope) -> bool:
                if not target.delete(scope):  # type: ignore[attr-defined]
                    raise js.TypeError("Cannot delete")
                return True

            return delete
        if self.take("new"):
            cls = self.postfix(self.primary(), calls=False)
            args = self.arguments() if self.take("(") else lambda scope: []
            return self.postfix(lambda scope: model.construct(cls(scope), args(scope)))
        return self.postfix(self.primary())

    def postfix(self, code: Code, *, calls: bool = True) -> Code:
        while True:
            if self.take("."):
                name = self.next()[1]
                code = _Member(code, lambda scope, name=name: name)  # type: ignore[misc]
            elif self.take("["):
                key = self.expression()
                self.need("]")
                code = _Member(code, key)
            elif calls and self.take("("):
                code = _call(code, self.arguments())
            else:
                return code

    def arguments(self, end: str = ")") -> Callable[[Scope], list[Any]]:
        items: list[tuple[bool, Code]] = []
        while not self.take(end):
            if end == "]" and self.take(","):
                items.append((False, lambda scope: MISSING))
                continue
            items.append((self.take("..."), self.expression()))
            if not self.peek(end):
                self.need(",")

        def make(scope: Scope) -> list[Any]:
            made: list[Any] = []
            for spread, code in items:
                if spread:
                    made += model.iterate(code(scope))
                else:
                    made.append(code(scope))
            return made

        return make

    def primary(self) -> Code:
        kind, value = self.next()
        if kind == "value":
            return lambda scope: value
        if value == "(":
            inner = self.expression()
            self.need(")")
            return inner
        if value == "[":
            return _array(self.arguments("]"))
        if value == "{":
            return self.object()
        constants = {"undefined": None, "null": js.null, "true": True, "false": False}
        if value in constants:
            return lambda scope: constants[value]
        assert kind == "name", (value, self.tokens)
        return _Variable(value)

    def object(self) -> Code:
        members: list[tuple[Code | None, Code]] = []
        while not self.take("}"):
            key: Code | None
            if self.take("..."):
                key, value = None, self.expression()
            else:
                if self.take("["):
                    key = self.expression()
                    self.need("]")
                else:
                    name = self.next()[1]
                    key = lambda scope, name=name: name  # type: ignore[misc]  # noqa: E731
                value = self.expression() if self.take(":") else _Variable(name)
            members.append((key, value))
            if not self.peek("}"):
                self.need(",")

        def make(scope: Scope) -> Any:
            made = Object()
            for key, value in members:
                if key is None:
                    model.call(GLOBALS["Object"], "assign", [made, value(scope)])
                else:
                    model.create(made, key(scope), value(scope))
            return made

        return make


class _Variable:
    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, scope: Scope) -> Any:
        return scope[self.name]

    def assign(self, scope: Scope, value: Any) -> Any:
        scope.assign(self.name, value)
        return value


class _Member:
    def __init__(self, obj: Code, key: Code) -> None:
        self.obj, self.key = obj, key

    def __call__(self, scope: Scope) -> Any:
        return model.get(self.obj(scope), self.key(scope))

    def assign(self, scope: Scope, value: Any) -> Any:
        model.set(self.obj(scope), self.key(scope), value)
        return value

    def delete(self, scope: Scope) -> bool:
        return model.delete(self.obj(scope), self.key(scope))


def _call(code: Code, args: Callable[[Scope], list[Any]]) -> Code:
    if isinstance(code, _Member):
        return lambda scope: model.call(code.obj(scope), code.key(scope), args(scope))
    return lambda scope: model.apply(code(scope), None, args(scope))


def _array(items: Callable[[Scope], list[Any]]) -> Code:
    def make(scope: Scope) -> Any:
        made = Array()
        found = items(scope)
        for index, item in enumerate(found):
            if item is not MISSING:
                model.set(made, index, item)
        model.set(made, "length", len(found))
        return made

    return make


def _try(function: Any) -> Any:
    try:
        return function()
    except Exception as error:
        reason = caught(error)
        return model.get(reason, "name") if isinstance(reason, BaseException) else reason


PRELUDE = Scope(
    None,
    {
        "t": _try,
        "method": lambda function: Function("", lambda this, *args: function(this, *args), 0),
        "gather": lambda items: Array(model.iterate(items)),
    },
)


def run(source: str, globals: Mapping[str, Any] = MappingProxyType({})) -> Any:
    """The value of the last statement. ``globals``: those of a realm."""
    parser = _Parser(source)
    code = parser.block()
    assert parser.at == len(parser.tokens), parser.tokens[parser.at :]
    return code(Scope(Scope(PRELUDE, dict(globals)), {}))


def show(value: Any, depth: int = 0) -> str:
    """A value in full, as the program below writes it."""
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, BaseException):
        return f"[{model.get(value, 'name')}]"
    kind = model.typeof(value)
    if kind == "bigint":
        return f"{int(value)}n"
    if kind == "number":
        return "-0" if value == 0 and str(value).startswith("-") else number_to_string(value)
    if kind == "function":
        return f"f {model.get(value, 'name')}/{model.get(value, 'length')}"
    if kind == "symbol":
        return repr(value)
    if model.is_primitive(value):
        return model.to_string(value)
    if depth > 4:
        return "..."
    if model.is_array(value):
        length = model.get(value, "length")
        return f"[{','.join(show(model.get(value, i), depth + 1) if model.has(value, i) else '' for i in range(length))}]"
    tag = model.apply(model.get(model.get(GLOBALS["Object"], "prototype"), "toString"), value, ())
    tag = tag[8:-1]
    if tag in ("Map", "Set"):
        return f"{tag}{show(Array(model.iterate(value)), depth + 1)}"
    if tag.endswith("Array") or tag == "ArrayBuffer":
        view = model.construct(GLOBALS["Uint8Array"], [value]) if tag == "ArrayBuffer" else value
        return f"{tag}{show(Array(model.get(view, i) for i in range(model.get(view, 'length'))), depth + 1)}"
    members = []
    for key in model.own_keys(value):
        found = model.own(value, key)
        if found is not None and found.enumerable:
            members.append(f"{key if isinstance(key, str) else repr(key)}:{show(model.get(value, key), depth + 1)}")
    return ("" if tag == "Object" else tag) + "{" + ",".join(members) + "}"


_PROGRAM = r"""
const t = f => { try { return f(); } catch (e) { return e instanceof Error ? e.name : e; } };
const method = f => Object.defineProperties(function (...a) { return f(this, ...a); }, {name: {value: ""}});
const gather = x => [...x];
const show = (v, depth = 0) => {
  switch (typeof v) {
    case "string": return JSON.stringify(v).replace(/[\u0080-\uffff]/g, c => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
    case "bigint": return v + "n";
    case "number": return Object.is(v, -0) ? "-0" : String(v);
    case "function": return `f ${v.name}/${v.length}`;
    case "symbol": case "boolean": case "undefined": return String(v);
  }
  if (v === null) return "null";
  if (v instanceof Error) return `[${v.name}]`;
  if (depth > 4) return "...";
  if (Array.isArray(v)) return "[" + Array.from({length: v.length}, (_, i) => i in v ? show(v[i], depth + 1) : "").join(",") + "]";
  const tag = Object.prototype.toString.call(v).slice(8, -1);
  if (tag === "Map" || tag === "Set") return tag + show([...v], depth + 1);
  if (tag.endsWith("Array") || tag === "ArrayBuffer") return tag + show([...(tag === "ArrayBuffer" ? new Uint8Array(v) : v)], depth + 1);
  const members = Reflect.ownKeys(v).filter(k => Object.getOwnPropertyDescriptor(v, k)?.enumerable)
    .map(k => `${String(k)}:${show(v[k], depth + 1)}`);
  return (tag === "Object" ? "" : tag) + "{" + members.join(",") + "}";
};
const run = source => {
  try { return show((0, eval)(`'use strict';{${source}}`)); }
  catch (e) { return "throws " + (e instanceof Error ? e.name : show(e)); }
};
process.on("unhandledRejection", () => {});
globalThis.t = t; globalThis.method = method; globalThis.gather = gather;
let text = "";
process.stdin.on("data", chunk => text += chunk);
"""
_AT_ONCE = """
process.stdin.on("end", () => process.stdout.write(JSON.stringify(JSON.parse(text).map(run))));
"""
_LATER = """
const begin = source => { try { return (0, eval)(`'use strict';{${source}}`); } catch (e) { return `throws ${e.name}`; } };
process.stdin.on("end", () => {
  const values = JSON.parse(text).map(begin);
  setTimeout(() => { process.stdout.write(JSON.stringify(values.map(v => show(v)))); process.exitCode = 0; }, MILLISECONDS);
});
"""
MILLISECONDS = 250
"""When a script that has set timers is asked for its value."""


def ours(source: str) -> str:
    """What a script gives, as text."""
    try:
        return show(run(source))
    except Exception as error:
        reason = caught(error)
        if not isinstance(reason, js.Error | GuestException) and isinstance(reason, BaseException):
            raise
        return "throws " + (str(model.get(reason, "name")) if isinstance(reason, BaseException) else show(reason))


def ours_later(sources: list[str]) -> list[str]:
    """What scripts give after a while, each in a realm of its own and all in one loop."""
    realms = [Realm(Jobs(), {}) for _ in sources]

    def waiting() -> bool:
        return any((when := realm.jobs._alarms.next) is not None and when < time.monotonic() + 1 for realm in realms)

    values: list[Any] = [MISSING] * len(sources)

    def begin(index: int) -> None:
        values[index] = run(sources[index], realms[index].globals)

    async def main() -> list[Any]:
        now = time.monotonic()
        with patch.object(alarms, "monotonic", lambda: now):  # what the scripts set at first they set at the same time
            for index, realm in enumerate(realms):
                realm.jobs.add(partial(begin, index))
            while MISSING in values:
                await asyncio.sleep(0)
        await asyncio.sleep(MILLISECONDS / 1000)
        while waiting():
            await asyncio.sleep(0.01)
        return values

    return list(map(show, asyncio.run(main())))


def theirs(sources: list[str], *, later: bool = False) -> list[str]:
    """What Node says, a text for each script; ``later``: after a while."""
    assert NODE is not None
    program = _PROGRAM + (_LATER.replace("MILLISECONDS", str(MILLISECONDS)) if later else _AT_ONCE)
    done = subprocess.run([NODE, "-e", program], input=json.dumps(sources), capture_output=True, text=True, check=True)
    answers: list[str] = json.loads(done.stdout)
    return answers
