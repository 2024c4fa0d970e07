"""Plain exports as one Python function each, guard and all: what the accelerator does in C.

A generated function hands its guard to :mod:`..recovery.guard` and its call to :mod:`.typed`, and each function on the way takes its time.
When a plain export is called for the first time, its code is replaced by one written for its signature (:func:`quicken`), which does what
those do in the ordinary case: an outermost call of a live instance with nothing to see to. In every other case it calls the code that it
has replaced. The order of things is that of ``Guard.enter`` and ``Guard.leave``, and their comments hold here.

The lock is passed by as :mod:`..recovery.lock` says, who is inside being the thread that :data:`.threads.here` knows. What could be to be
seen to is asked of the guest once, before and after, by its ``calm``. Where nothing that is called stands between two statements, nothing
can strike there; so the guard is given back first thing in a ``finally``.

Exports with text or buffers go through the function that ``edit/whole.py`` has appended to the guest: one crossing, what is carried lies in
the guest's area. What does not fit into that goes the long way, step by step.

A function stays the object that it was, for others may have it already: only its code changes. The code that was replaced becomes a static
method of the same class. What quick code needs besides is put in the place of constants.
"""

from __future__ import annotations

import builtins
import ctypes
import re
import sys
import types
from functools import cache
from struct import calcsize
from typing import Any

from .. import symbols
from . import threads, values
from .calls import CROSSING, compiled, slot, slots_of
from .linear import WRITABLE, view_of
from .typed import CHECKS, PARAMETERS, RECEIVER, RESULTS, Plan, formats_of, lifted, unpacked, unpacker

ONE_AT_A_TIME = sys.implementation.name == "cpython" and "free-threading" not in sys.version
"""Whether this interpreter runs one thread at a time and changes between them where :mod:`..recovery.lock` says."""

_ARGUMENT, _LABEL = "argument{}", "<label {}>"
_CALL, _BUNDLE, _LONG = "call_", "quick_", "_bp_long_"


def bundle_name(call: str) -> str:
    """The attribute of a guest that holds what quick code needs to make that call: ``None`` before the first, see ``Guest.short_way``."""
    return _BUNDLE + call


def bundle(guest: Any, plan: Plan, func: Any) -> tuple[Any, ...]:
    """What quick code needs to call ``func``: the export itself or, if that carries something, the function for whole calls."""
    shape = _shape(plan.role, tuple(plan.params.values()), plan.result, plan.fallible)
    found: tuple[Any, ...] = shape.bind(guest, func)
    return found


def quicken(owner: type, function: types.FunctionType, plan: Plan) -> None:
    """Have ``function``, a generated one that ``owner`` has, run quick code from now on. One without a guard is left alone."""
    old = function.__code__
    if "_bp_door" not in old.co_names or not ONE_AT_A_TIME:
        return
    shape = _shape(plan.role, tuple(plan.params.values()), plan.result, plan.fallible)
    long = types.FunctionType(old, function.__globals__, function.__name__, function.__defaults__, function.__closure__)
    long.__kwdefaults__, long.__qualname__ = function.__kwdefaults__, function.__qualname__
    setattr(owner, _LONG + plan.call, staticmethod(long))  # in a constant of the code the garbage collector would not see it
    variables = {"self": old.co_varnames[0]} | {_ARGUMENT.format(k): name for k, name in enumerate(plan.params)}
    names = {_CALL: plan.call, _BUNDLE: bundle_name(plan.call), _LONG: _LONG + plan.call}
    constants = {**_CONSTANTS, "<unpack>": shape.unpack, "<call>": plan.call}
    constants |= {_LABEL.format(k): name for k, name in enumerate(plan.params)}
    code = shape.code
    function.__code__ = code.replace(
        co_name=old.co_name,
        co_qualname=old.co_qualname,
        co_varnames=tuple(variables.get(name, f"_bp_{name}") for name in code.co_varnames),
        co_names=tuple(names.get(name, name) for name in code.co_names),
        co_consts=tuple(constants.get(value, value) if isinstance(value, str) else value for value in code.co_consts),
    )


class _Shape:
    """Quick code for all exports that look alike.

    ``code`` is that of a function in which the names ``argument0`` …, ``call_``, ``quick_`` and ``_bp_long_`` stand for those of the
    export, and texts for what :func:`quicken` knows. ``bind`` makes the bundle. ``unpack`` reads the record of several words.
    """

    def __init__(self, role: str, params: tuple[str, ...], result: str, *, fallible: bool) -> None:
        writer = _Writer(role, params, result, fallible=fallible)
        self.unpack = unpacker(writer.returned, fallible=fallible)
        self.bind = compiled(writer.binding(), {"texts": _TEXTS, "view_of": view_of, "WRITABLE": WRITABLE, "FITS": symbols.AREA_FITS})
        lines = [re.sub(r"\bexcept (\w+)", r"except '<\1>'", line) for line in writer.function()]  # constants, too: found when needed
        file = f"<calls> {role} ({', '.join(params)}) -> {result}{' or Err' * fallible}"
        linecache: Any = sys.modules.get("linecache")  # tracebacks show the code if it was there already; it takes long to load
        if linecache is not None:
            linecache.cache[file] = len(lines), None, [f"{line}\n" for line in lines], file
        made: dict[str, Any] = {}
        exec(compile("\n".join(lines), file, "exec"), made)
        self.code: types.CodeType = made["call"].__code__


@cache
def _shape(role: str, params: tuple[str, ...], result: str, fallible: bool) -> _Shape:
    return _Shape(role, params, result, fallible=fallible)


_TEXTS = ctypes.c_char * symbols.AREA_FITS


class _Writer:
    """Writes the two functions of a :class:`_Shape`."""

    def __init__(self, role: str, params: tuple[str, ...], result: str, *, fallible: bool) -> None:
        self.role, self.params, self.result, self.fallible = role, params, result, fallible
        self.names = [_ARGUMENT.format(k) for k in range(len(params))]
        self.carried = [name for name, kind in zip(self.names, params, strict=True) if kind not in PARAMETERS]
        self.whole = bool(self.carried) or (result != "" and result not in RESULTS)
        self.returned = formats_of(result)
        """The words of the result in a record."""
        self.record = fallible or len(self.returned) > 1
        self.direct = "i" if len(self.returned) > 1 else "" if self.record else self.returned
        """The word that the call returns itself."""
        words: list[tuple[str, str]] = [("I", "guest._stack_base")] if self.record and not self.whole else []
        if role in ("method", "drop"):
            words.append(("I", "pointer"))
        if role == "drop":
            words.append(("I", "0"))
        for name, kind in zip(self.names, params, strict=True):
            words.append(("I", f"count_{name}") if name in self.carried else (PARAMETERS[kind].format, name))
        if self.whole:
            words += [("I", "area"), ("I", str(symbols.AREA_FITS))]
        self.words = words
        preset = {"guest._stack_base", "0", "area", str(symbols.AREA_FITS)}
        self.preset = {place: word for place, (_, word) in enumerate(words) if word in preset and (place or not self.direct)}
        self.formats = sorted({*(format for format, _ in words), *self.direct})
        self.needed = [*self.formats, "trap", "invoke", "words", *(["area", "text", "data"] if self.whole else [])]
        """The parts of the bundle."""

    def binding(self) -> list[str]:
        """The text of ``bind(guest, func)``."""
        area = [
            "area = guest._area",
            f"text = texts.from_address(guest._base + area + {symbols.AREA_DATA})",
            f"data = view_of(guest._base + area + {symbols.AREA_DATA}, FITS, WRITABLE)",
        ]
        return [
            "def bind(guest, func):",
            *_indented(slots_of("".join(self.formats), max(len(self.words), 1))),
            *_indented(area if self.whole else []),
            *(f"    {slot('I', place)} = {word}" for place, word in self.preset.items()),
            f"    return {', '.join(self.needed)}, func",
        ]

    def function(self) -> list[str]:
        """The text of the function."""
        receiver = [] if self.role == "drop" else self.names
        return [
            f"def call({', '.join(['self', *receiver])}):",
            "    door = self._bp_door",
            "    if door._ready:",
            *(f"        {name} = '<{name}>'" for name in self._builtins()),
            "        only = '<only>'",
            "        here = only.plain if only.alone else '<here>'.plain",
            "        if here:",
            *(["            failure = None"] if self.fallible else []),
            "            try:",
            "                del door._open; door._inside = here; door._ready = False; guest = door._guest",
            "            except AttributeError:",
            "                pass",
            "            else:",
            "                try:",
            "                    if guest.calm and not guest._flag:",
            "                        door._calls += 1",
            f"                        bundle = guest.{_BUNDLE}",
            "                        if bundle is None:",
            "                            bundle = guest.short_way('<call>')",
            *(f"                        {line}" for line in (["if not bundle:", *self._long_way(converted=False)] if self.whole else [])),
            f"                        {', '.join(self.needed)}, func = bundle",
            *(f"                        {line}" for line in self._body()),
            "                except BaseException as error:",
            "                    raise door.failed(guest, error)",
            "                finally:",
            "                    if guest.calm: door._ready = True; door._inside = 0; door._open = None",
            "                    else:",
            "                        try:",
            "                            door.leave(guest, False)",
            "                        finally:",
            "                            if door._inside == here: door._inside = 0",
            *(f"                {line}" for line in (_RAISING if self.fallible else [])),
            f"    return self.{_LONG}({', '.join(['self', *receiver])})",
        ]

    def _builtins(self) -> list[str]:
        """What it names of Python's own: the module that it is part of may have exports of these names."""
        text = " ".join(self._body())
        return [name for name in _BUILTINS if re.search(rf"(?<!except )\b{name}\b", text)]

    def _body(self) -> list[str]:
        lines = []
        for k, (name, kind) in enumerate(zip(self.names, self.params, strict=True)):
            lines += self._checked(k, name, kind)
        if self.role == "method":
            lines += RECEIVER
        elif self.role == "drop":
            lines += [
                "pointer = self._bp_pointer",
                "if self._bp_guest is not guest or not pointer:",
                "    return None",
                "self._bp_pointer = 0",
            ]
        lines += self._carried_in()
        stores = [f"{slot(format, k)} = {word}" for k, (format, word) in enumerate(self.words) if k not in self.preset]
        going = [*CROSSING, *self._lifted()]
        refused = [self._check(k, self.names[k], kind) for k, kind in enumerate(self.params) if _refusing(kind)]
        if not refused:
            return [*lines, *stores, *going]
        # The check that raises does so outside of the handler: what the slot has raised is nobody's business.
        tried = ["try:", *_indented(stores), "except ValueError:", "    pass", "else:"]
        if self.fallible:
            refused = ["if failure is None:", *_indented(refused)]
        return [*lines, *tried, *_indented(going), *refused]

    def _checked(self, k: int, name: str, kind: str) -> list[str]:
        label = repr(_LABEL.format(k))
        if kind in PARAMETERS:
            fits = PARAMETERS[kind].kind or PARAMETERS[kind].fits
            return [f"if not ({fits.format(v=name)}):", f"    {self._check(k, name, kind)}"]
        if kind == "str":
            return [
                f"if {name}.__class__ is str and {name}.isascii():",
                f"    bytes_{name} = {name}.encode()",
                "else:",
                f"    utf8 = '<utf8>'; bytes_{name} = utf8({name}, {label})",
                f"count_{name} = size_{name} = len(bytes_{name})",
            ]
        return [
            f"numbers = '<numbers>'; bytes_{name} = numbers({name}, {kind[1]!r}, {label})",
            f"count_{name}, size_{name} = len(bytes_{name}), bytes_{name}.nbytes",
        ]

    def _check(self, k: int, name: str, kind: str) -> str:
        return f"check = '<check {kind}>'; {name} = check({name}, {_LABEL.format(k)!r})"

    def _carried_in(self) -> list[str]:
        """What the arguments hold into the area; the long way where it does not fit."""
        if not self.carried:
            return []
        lines, offset = [], "0"
        for name, kind in zip(self.names, self.params, strict=True):
            if name not in self.carried:
                continue
            taken = f"bytes_{name}" if kind == "str" else f"bytes_{name}.cast('B')"
            if offset == "0" and kind == "str":
                lines.append(f"text.value = {taken}")
            else:
                lines += [f"if size_{name}:", f"    data[{offset} : {offset} + size_{name}] = {taken}"]
            if name != self.carried[-1]:
                lines.append(f"end_{name} = ({offset} + size_{name} + 7) & -8")
                offset = f"end_{name}"
        sizes = [f"size_{name}" if name == self.carried[-1] else f"(size_{name} + 7 & -8)" for name in self.carried]
        return [f"if {' + '.join(sizes)} > {symbols.AREA_FITS}:", *self._long_way(converted=True), *lines]

    def _long_way(self, *, converted: bool) -> list[str]:
        """Inside of the guard, but step by step; indented. What was converted is not converted again: an iterator has been used up."""
        kinds = zip(self.names, self.params, strict=True)
        arguments = [f"bytes_{name}" if converted and kind.startswith("[") else name for name, kind in kinds]
        value = f"guest.{_CALL}({', '.join(['self'] * (self.role == 'method') + arguments)})"
        return _indented(self._returning(f"{value} & 0xFFFF_FFFF" if self.role == "constructor" else value))

    def _returning(self, value: str) -> list[str]:
        if self.role != "constructor":
            return [f"return {value}"]
        return [
            f"pointer = {value}",
            "if self._bp_pointer:",
            "    self._bp_own(guest, pointer)",
            "    return",
            "self._bp_guest, self._bp_pointer = guest, pointer",
            "return",
        ]

    def _lifted(self) -> list[str]:
        at = f"area + {symbols.AREA_RECORD}" if self.whole else "guest._stack_base"
        found = ["unpack = '<unpack>'", *unpacked(self.returned, at, fallible=self.fallible)[:1]] if self.record else []
        if len(self.returned) > 1:
            in_record = [*found, *self._unless_err(lifted(self.result))]
            return [f"size = {slot('i', 0)}", "if size < 0:", *_indented(in_record), "else:", *_indented(self._carried_out())]
        if not self.returned:
            return [*found, *self._unless_err(["return"])]
        if not self.record:
            found = [f"value = {slot(self.returned, 0)}"]
        return [*found, *self._unless_err(self._returning(RESULTS[self.result].lift.format(v="value")))]

    def _unless_err(self, lines: list[str]) -> list[str]:
        """An ``Err`` is raised when all is done: to go through handlers takes an exception longer than the whole call."""
        return ["if is_err:", "    failure = guest.error(err)", "else:", *_indented(lines)] if self.fallible else lines

    def _carried_out(self) -> list[str]:
        if self.result == "str":
            return [
                "try:",
                "    return text[:size].decode()",
                "except UnicodeDecodeError as error:",
                "    raise guest.violation(f'a str that is not UTF-8 ({error.reason})') from None",
            ]
        if self.result == "[B]":
            return ["return text[:size]"]
        width = calcsize(self.result[1])
        return [f"array = '<Array>'; array = array({self.result[1]!r})", f"array.frombytes(data[: size * {width}])", "return array"]


_RAISING = ["if failure is not None:", "    try:", "        raise failure", "    finally:", "        failure = None"]
"""A frame that names the exception that went through it would live as long as that."""


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _refusing(kind: str) -> bool:
    """Whether a slot refuses numbers that are not of this type."""
    return kind in PARAMETERS and PARAMETERS[kind].kind != ""


_BUILTINS = ("AttributeError", "BaseException", "UnicodeDecodeError", "ValueError", "float", "int", "len", "str")

_CONSTANTS: dict[str, object] = {
    **{f"<{name}>": getattr(builtins, name) for name in _BUILTINS},
    "<here>": threads.here,
    "<only>": threads.only,
    "<utf8>": values.utf8,
    "<numbers>": values.numbers,
    "<Array>": values.Array,
    **{f"<check {kind}>": check for kind, check in CHECKS.items()},
}
"""What stands for a text in quick code. Tracers look code up in dictionaries: so all of it can be hashed."""
