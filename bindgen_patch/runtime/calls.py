"""Crossing the boundary: one specialised Python function per wasm signature, in both directions.

A signature is written ``"il:d"``: a letter per parameter, a colon, a letter for the result if there is one; ``i`` is an
i32, ``l`` an i64, ``f`` an f32, ``d`` an f64. The functions are written out as source for each signature and compiled
once, as :mod:`dataclasses` does it: a loop over the arguments would cost several times what the call itself does.

Words are Python ``int`` and ``float``. Integers are taken modulo their width on the way in and signed on the way out.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Callable
from functools import cache
from typing import Any, Literal, NamedTuple

from .. import js, symbols
from ..accelerator import native
from ..errors import GuestException, PanicError
from . import trap

_SLOT_BYTES = 16
"""Size of ``wasmtime_val_raw_t``: one argument or result of an unchecked call."""

_SIGNED = {"i": "i", "l": "q", "f": "f", "d": "d"}
_UNSIGNED = {"i": "I", "l": "Q", "f": "f", "d": "d"}
"""Letters of a signature as formats of :mod:`struct`."""

Caller = Callable[..., Any]


CAUGHT = 1
"""What stands where the address of a trap would, when a catcher has caught what a host function raised."""


def slots_of(letters: str, count: int) -> list[str]:
    """Statements that prepare a call of ``func`` with ``count`` slots, among them those of these :mod:`struct` formats, and how to make it.

    They are made once: the engine reads the arguments before anything else runs and writes the result after everything else has, so a
    nested call may use them too. There is a slot in front of them and one behind for what a catcher takes besides.
    """
    return [
        f"raw = slot_array({2 * (count + 2)})()",
        *(f"{letter} = memoryview(raw).cast('B').cast('{letter}')" for letter in sorted({*letters})),
        "trap = c_void_p.from_buffer(raw)",
        f"invoke, words = prepared(guest, func, raw, {count})",
    ]


def _prepared(guest: Any, func: Any, raw: Any, count: int) -> Any:
    """The call, ready to be made again and again."""
    prepared = guest._capi.prepared_call
    first = ctypes.addressof(raw)
    if not func.inner:
        return prepared(guest._context, ctypes.addressof(func), first + _SLOT_BYTES, count, first)
    raw[2 * (count + 1)] = func.inner
    return prepared(guest._context, ctypes.addressof(func), first, count + 2, first)


@cache
def _slot_array(words: int) -> Any:
    """The type of an array of slots; ctypes forgets one that nobody has, and takes long to make it anew."""
    return ctypes.c_uint64 * words


def slot(letter: str, position: int) -> str:
    """The slot of argument number ``position``, of the result for 0, as an element of the view of that format."""
    return f"{letter}[{(1 + position) * (_SLOT_BYTES // struct.calcsize(letter))}]"


CROSSING = [
    "error = None",
    "try:",
    "    error = invoke(*words)",
    "    if error is not None or trap:",
    "        raise guest._failed(error, trap, func.number)",
    "except BaseException as reason:",
    "    guest.fallen = error, trap, func.number; guest.calm = False",
    "    guest._settle(reason)",
    "    raise",
]
"""Statements that make the call of ``func`` that :func:`slots_of` has prepared.

``_failed(error, trap, number)`` says what to raise when it did not return. ``_settle(reason)`` is told of every exception that leaves
here: it may be one that struck before ``_failed`` had looked. A ``KeyboardInterrupt`` mostly does, for it waits until the guest is done.
Where the interpreter's stack is used up neither can begin. So what there is to look at is left with the guest, and seen to before it is
called again.
"""


def compiled(lines: list[str], names: dict[str, Any]) -> Callable[..., Any]:
    """Run ``lines``, which define a function called ``bind``."""
    namespace: dict[str, Any] = {"slot_array": _slot_array, "c_void_p": ctypes.c_void_p, "prepared": _prepared, **names}
    exec(compile("\n".join(lines), "<calls>", "exec"), namespace)
    bind: Callable[..., Any] = namespace["bind"]
    return bind


@cache
def caller_factory(signature: str) -> Callable[[Any, Any], Caller]:
    """``(guest, wasmtime function) -> callable`` for functions of this signature. The callable takes and returns words."""
    params, _, result = signature.partition(":")
    names = [f"a{position}" for position in range(len(params))]
    wrapped = ["& 0xFFFF_FFFF" if letter == "i" else "& 0xFFFF_FFFF_FFFF_FFFF" if letter == "l" else "" for letter in params]
    formats = [_UNSIGNED[letter] for letter in params]
    returned = _SIGNED[result] if result else ""
    lines = [
        "def bind(guest, func):",
        *(f"    {line}" for line in slots_of("".join(formats) + returned, max(len(params), len(result), 1))),
        f"    def call({', '.join(names)}):",
        *(
            f"        {slot(letter, position)} = a{position} {wrap}"
            for position, (letter, wrap) in enumerate(zip(formats, wrapped, strict=True))
        ),
        *(f"        {line}" for line in CROSSING),
        *([f"        return {slot(returned, 0)}"] if result else []),
        "    call.owns = raw, trap, func",
        "    return call",
    ]
    return compiled(lines, {})


def caller(guest: Any, func: Any, signature: str) -> Caller:
    """A callable for the guest's function ``func``, which is known to be of this signature."""
    if native is not None:
        words: Caller = native.Words(guest, func.store_id, func.private, func.inner, func.number, signature)
        return words
    return caller_factory(signature)(guest, func)


if native is not None:
    native.know(js.null, js.Error, PanicError, trap.PANICKED.encode())

Adapter = Callable[..., Any]


_FRAMES_KNOWN = 256
"""How many places of a host function's slots are remembered: the engine puts them on its stack, and most calls come from as deep there."""


class Shape(NamedTuple):
    """What a host function is specialised for. Without ``params`` and ``result``: for words, which its adapter takes and returns."""

    signature: str
    passes: bool
    """What it raises simply leaves the guest: no ``Err``, no promise, no death."""
    params: tuple[str, ...] | None = None
    """The types of its arguments."""
    result: str = ""
    """The type of the value; empty for none."""
    called: Literal["global", "Error", "none"] = "none"
    """What makes it: a global, the global ``Error``, or nobody: the one argument is the value."""


def _shape(signature: str, passes: bool, plan: tuple[Any, ...] | str | None) -> Shape:
    """As the plan says, where all of its types are plain ones."""
    from .typed import PARAMETERS, RESULTS

    for_words = Shape(signature, passes)
    if plan is None or isinstance(plan, str):
        return for_words
    name, params, result, _, _ = plan
    if not RESULTS.keys() | {"&str"} >= {*params} or not PARAMETERS.keys() | {"", "JsValue"} >= {result}:
        return for_words
    if name is None:
        return Shape(signature, passes, params, result, "none") if len(params) == 1 else for_words
    return Shape(signature, passes, params, result, "Error" if (name, params) == ("Error", ("&str",)) else "global")


class _Views:
    """The slots of a host function at each address that it was called with: views of the formats that were asked for."""

    def __init__(self) -> None:
        self.letters: list[str] = []

    def slot(self, letter: str, position: int) -> str:
        """As :func:`slot`."""
        if letter not in self.letters:
            self.letters.append(letter)
        return slot(letter, position)

    def finder(self, size: int) -> tuple[dict[int, Any], Callable[[int], Any]]:
        """What is known by address, and what finds the views of ``size`` bytes at another one."""
        known: dict[int, Any] = {}
        letters, slots = tuple(self.letters), ctypes.c_char * size

        def find(address: int) -> Any:
            if len(known) >= _FRAMES_KNOWN:
                known.clear()
            place = memoryview(slots.from_address(address)).cast("B")
            views: Any = tuple([place.cast(letter) for letter in letters])  # type: ignore[call-overload]
            known[address] = views = views if len(views) > 1 else views[0]
            return views

        return known, find


@cache
def _host_factory(shape: Shape) -> Callable[..., Any]:
    """``(guests, adapter, refused, name, convert, label) -> function``: the last three of the plan, where there is one."""
    params, _, result = shape.signature.partition(":")
    views = _Views()
    status = views.slot("i", -1)
    words = "".join(f", {views.slot(_SIGNED[letter], position)}" for position, letter in enumerate(params))
    making, stored = [f"result = adapter(guest{words})"], "result"
    kept = _UNSIGNED[result] if result else ""
    if shape.params is not None:
        making, kept = _planned(shape, views, making[0])
    elif kept in _WRAPPED:
        stored = f"result & {_WRAPPED[kept]}"
    storing = [f"{views.slot(kept, 0)} = {stored}"] if result else []
    if shape.passes:  # as Guest.raised()
        refusing = ["if guest.death is None or not isinstance(error, Exception):", "    guest.host_error = error"]
    else:
        word = "word & " + _WRAPPED[_UNSIGNED[result]] if result in ("i", "l") else "word"
        refusing = ["word = refused(guest, error)", "if word is not None:", f"    {status} = 0", "    return"]
        refusing[2:2] = [f"    {views.slot(_UNSIGNED[result], 0)} = {word}"] if result else []
    lines = [
        "def bind(guests, adapter, refused, name, convert, label):",
        "    known, find = finder()",
        "    def host_function(environment, caller, raw):",
        "        try:",
        f"            {', '.join(views.letters)} = known[raw]",
        "        except KeyError:",
        f"            {', '.join(views.letters)} = find(raw)",
        f"        guest = guests[{status}]()",
        "        frames = guest.frames",
        "        try:",
        *(f"            {line}" for line in making),
        "            if guest.frames is not frames:",
        "                guest.unwind(frames)",
        "            if guest.death is None:",
        *(f"                {line}" for line in storing),
        f"                {status} = 0",
        "                return",
        "        except BaseException as error:",
        "            if guest.frames is not frames:",
        "                guest.unwind(frames)",
        *(f"            {line}" for line in refusing),
        "        if guest.death is not None:",
        "            guest.stopped = True",
        f"            {status} = {symbols.SHIM_DEAD}",
        "    return host_function",
    ]
    size = (1 + max(len(params), len(result))) * _SLOT_BYTES
    return compiled(lines, {"finder": lambda: views.finder(size), "Error": js.Error, "new": js.Error.__new__})


_WRAPPED = {"I": "0xFFFF_FFFF", "Q": "0xFFFF_FFFF_FFFF_FFFF"}
"""Formats of integers, and how one is taken modulo its width."""


def _planned(shape: Shape, views: _Views, otherwise: str) -> tuple[list[str], str]:
    """Statements that make the result out of values, and the format of its slot. What has to be looked for is left to the adapter."""
    from .typed import PARAMETERS, RESULTS

    assert shape.params is not None
    lifted, position = [], 0
    for kind in shape.params:
        if kind == "&str":
            lifted.append(f"guest.string({views.slot('i', position)}, {views.slot('i', position + 1)})")
            position += 2
        else:
            lift = RESULTS[kind]
            lifted.append(lift.lift.format(v=views.slot(lift.format, position)))
            position += 1
    if shape.result in PARAMETERS:
        parameter = PARAMETERS[shape.result]
        lowering = [f"if not ({parameter.fits.format(v='result')}):", "    result = convert(result, label)"]
        kept = parameter.format
    else:
        lowering, kept = ["result = guest.handle(result)"] if shape.result else [], "I"
    if shape.called == "none":
        return [f"result = {lifted[0]}", *lowering], kept
    called = [f"    result = function({', '.join(lifted)})", *(f"    {line}" for line in lowering)]
    if shape.called == "Error":  # what the built-in makes of a text
        called = [
            "    if name in provided:",
            f"        result = function({lifted[0]})",
            "    else:",
            f"        message = {lifted[0]}",
            "        result = new(Error, message)",
            "        result.message = message",
            *(f"    {line}" for line in lowering),
        ]
    return [
        "provided, builtin = guest._scopes",
        "function = provided[name] if name in provided else builtin.get(name)",
        "if callable(function):",
        *called,
        "else:",
        f"    {otherwise}",
    ], kept


def host_function(
    guests: dict[int, Any],
    adapter: Adapter,
    signature: str,
    *,
    catch: bool = False,
    asyncness: bool = False,
    fatal: str = "",
    plan: tuple[Any, ...] | str | None = None,
) -> Any:
    """A C callback for one import of the guest.

    It is called by the companion module (see ``edit/shims.py``), whose protocol is: slot 0 holds the number of the
    calling guest, which is never 0; the arguments follow. The callback puts 0 there once it has run to its end, so one
    that could not even start (the interpreter's stack was used up, say) counts as failed. With ``catch`` an ordinary
    exception becomes the guest's ``Err`` instead, with ``asyncness`` a promise that is rejected. What is ``fatal`` (see
    :class:`.program.Import`) ends the guest. For a guest that died meanwhile it puts -1 there, and the companion traps.

    ``plan`` says what the adapter does: the name of an intrinsic, or (name, types of arguments, type of value, ``convert``, label), see
    :data:`.program.NativeImport`; ``convert(value, label)`` is the word for a value that is not plainly of its type.
    """

    from . import capi

    def refused(guest: Any, error: BaseException) -> int | None:
        """The word to return all the same, if there is one."""
        if fatal and not isinstance(error, (js.Error, GuestException) if fatal == "failure" else Exception):
            guest.interrupted(error)
            return None
        if asyncness:
            word: int | None = guest.rejection(error)
            return word
        if catch:
            return 0 if guest.caught(error) else None
        guest.raised(error)
        return None

    passes = not (catch or asyncness or fatal)
    if native is not None:

        def fell(guest: Any, frames: Any, error: BaseException) -> int | None:
            guest.unwind(frames)
            return refused(guest, error)

        return native.Host(guests, adapter, fell, signature, passes, plan)
    shape = _shape(signature, passes, plan)
    name, convert, label = (plan[0], plan[3], plan[4]) if shape.params is not None and isinstance(plan, tuple) else (None, None, None)
    return capi.host_function(_host_factory(shape)(guests, adapter, refused, name, convert, label))


def epoch_callback(guests: dict[int, Any]) -> Any:
    """A C callback: the engine's epoch was incremented while a guest runs. That goes on, unless it was killed.

    It may also be that a signal waited for Python code to run in this thread. What its handler raises ends the guest, too.
    """

    from . import capi

    def look(_context: int, serial: int, delta: int, kind: int) -> None:
        # In one frame: that much room there is wherever a guest could be called.
        guest = guests[serial]()
        try:
            if guest.halted is None:
                ctypes.c_uint64.from_address(delta).value = 1
                return
        except BaseException as error:
            guest.interrupted(error)
        ctypes.c_uint8.from_address(kind).value = capi.YIELD

    return capi.epoch_callback(look)


def companion_type(signature: str) -> tuple[str, str]:
    """Parameters and results of the host function behind an import: one i32 in front on either side."""
    params, _, result = signature.partition(":")
    return "i" + params, "i" + result
