"""Exports that take and return Python values: one specialised function for each kind of them.

Most exports are of numbers, texts and buffers, and their whole call is written out here: every argument is checked, then lowered, the
boundary is crossed, the result is lifted. The functions are made from source as in :mod:`.calls`, and for the same reason: each step as a
function of its own would cost more than the crossing. What the generated code says for the other types are the same steps, one by one.

Which types those are is said in :data:`PARAMETERS` and :data:`RESULTS`; ``bindgen_patch/plain.py`` knows them by the same names.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from struct import Struct, calcsize
from typing import Any, NamedTuple

from ..accelerator import native
from . import values
from .calls import CROSSING, caller, compiled, slot, slots_of


class Plan(NamedTuple):
    """An export that is called with Python values."""

    call: str
    """Its call name."""
    role: str
    """``"method"``, ``"constructor"`` or ``"function"``; ``"drop"`` for a destructor."""
    params: dict[str, str]
    """The types of its parameters by their names."""
    result: str
    """The type of its result, empty for none. Of a constructor it is an address."""
    fallible: bool
    """Whether it may return an ``Err``."""

    @property
    def carries(self) -> bool:
        """Whether text or buffers cross: then there may be a function for whole calls (``edit/whole.py``)."""
        return any(kind and kind not in PARAMETERS for kind in (*self.params.values(), self.result))

    @property
    def whole_signature(self) -> str:
        """The type of that function, as :mod:`.calls` writes it."""
        letters = ["i"] * (self.role == "method") + [_LETTERS.get(kind, "i") for kind in self.params.values()] + ["i", "i"]
        returned = "i" if self.result not in RESULTS else "" if self.fallible else _LETTERS[self.result]
        return f"{''.join(letters)}:{returned if self.result else ''}"


class Parameter(NamedTuple):
    """A scalar. ``{v}`` is the value: ``fits`` says whether it may cross as it is, ``values.<check>`` sees to the others."""

    fits: str
    format: str
    """Of its slot."""
    kind: str = ""
    """What is left of ``fits`` where the slot itself refuses, by a ``ValueError``, what does not fit."""


class Result(NamedTuple):
    """A scalar: the format of its slot, and what becomes of ``{v}``, the number there."""

    format: str
    lift: str = "{v}"


def _int(low: int, high: int, format: str) -> Parameter:
    kind = "{v}.__class__ is int"
    return Parameter(f"{kind} and {low} <= {{v}} <= {high}", format, kind if high - low >= 2**32 - 1 else "")


PARAMETERS = {
    **{f"u{bits}": _int(0, 2**bits - 1, "I" if bits <= 32 else "Q") for bits in (8, 16, 32, 64)},
    **{f"i{bits}": _int(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1, "i" if bits <= 32 else "q") for bits in (8, 16, 32, 64)},
    "f32": Parameter("{v}.__class__ is float", "f"),
    "f64": Parameter("{v}.__class__ is float", "d"),
    "bool": Parameter("{v} is True or {v} is False", "I"),
}
"""The scalars by name; besides these there are ``str``, and ``[B]`` … ``[d]``: numbers of that format."""
RESULTS = {
    **{name: Result(parameter.format) for name, parameter in PARAMETERS.items()},
    **{f"u{bits}": Result("i") for bits in (8, 16)},
    "bool": Result("I", "{v} != 0"),
}
_LETTERS = {name: {"I": "i", "Q": "l", "q": "l"}.get(parameter.format, parameter.format) for name, parameter in PARAMETERS.items()}
CHECKS: dict[str, Callable[[Any, str], Any]] = {kind: getattr(values, "boolean" if kind == "bool" else kind) for kind in PARAMETERS}
"""What sees to a scalar that may not cross as it is."""
_WORDS = {"I": " & 0xFFFF_FFFF", "Q": " & 0xFFFF_FFFF_FFFF_FFFF"}
"""How a word becomes a number of that format, where it is not one already."""


def export(guest: Any, plan: Plan, func: Any, signature: str) -> Callable[..., Any]:
    """What calls the guest's function ``func``, which is known to be of this signature, as the plan says: values in, a value out.

    It raises what the checks of :mod:`.values` raise, what a call raises, and the ``Err`` that the guest returns.
    """
    if native is not None:
        return typed(guest, plan, caller(guest, func, signature))
    return _made(plan, by_words=False)(guest, func, *plan.params)


def typed(guest: Any, plan: Plan, words: Callable[..., Any]) -> Callable[..., Any]:
    """The same by way of a function that takes and returns words."""
    return _made(plan, by_words=True)(guest, words, *plan.params)


def _made(plan: Plan, *, by_words: bool) -> Callable[..., Callable[..., Any]]:
    return _factory(plan.role, tuple(plan.params.values()), plan.result, plan.fallible, by_words)


@cache
def _factory(role: str, params: tuple[str, ...], result: str, fallible: bool, by_words: bool) -> Callable[..., Callable[..., Any]]:
    """``(guest, func, name of each parameter) -> callable``. ``by_words``: ``func`` takes words; else it is the engine's."""
    names = [f"a{k}" for k in range(len(params))]
    checks, lowered, words = [], [], []
    for name, kind in zip(names, params, strict=True):
        if kind in PARAMETERS:
            checks += [f"if not ({PARAMETERS[kind].fits.format(v=name)}):", f"    {name} = check_{kind}({name}, label_{name})"]
            words.append((PARAMETERS[kind].format, name))
            continue
        code = kind.strip("[]")
        align = 1 if kind == "str" else calcsize(code)
        checks.append(f"{name} = utf8({name}, label_{name})" if kind == "str" else f"{name} = numbers({name}, {code!r}, label_{name})")
        lowered.append(f"p{name} = guest.put({name}, {align})")
        words += [("I", f"p{name}"), ("I", f"len({name})")]
    if role == "method":
        lowered[:0] = RECEIVER
        words.insert(0, ("I", "pointer"))
    returned = formats_of(result)
    record = fallible if not returned else len(returned) > 1 or fallible
    if record:
        lowered.append("record = guest.result")
        words.insert(0, ("I", "record"))
    if by_words:
        call = f"func({', '.join(word for _, word in words)})"
        crossing = [call if record or not returned else f"value = {call}{_WORDS.get(returned, '')}"]
    else:
        crossing = [*(f"{slot(format, position)} = {word}" for position, (format, word) in enumerate(words)), *CROSSING]
        if returned and not record:
            crossing.append(f"value = {slot(returned, 0)}")
    formats = "".join(format for format, _ in words) + ("" if record else returned)
    lines = [
        f"def bind(guest, func{''.join(f', label_{name}' for name in names)}):",
        *([] if by_words else (f"    {line}" for line in slots_of(formats, max(len(words), 1)))),
        f"    def call({', '.join(['self'] * (role == 'method') + names)}):",
        *(f"        {line}" for line in (*checks, *lowered, *crossing, *_lifting(result, returned, record, fallible))),
        *([] if by_words else ["    call.owns = raw, trap, func"]),
        "    return call",
    ]
    found: dict[str, Any] = {f"check_{kind}": check for kind, check in CHECKS.items()}
    found |= {"utf8": values.utf8, "numbers": values.numbers, "unpack": unpacker(returned, fallible=fallible)}
    return compiled(lines, found)


RECEIVER = ["pointer = self._bp_pointer", "if self._bp_guest is not guest or not pointer:", "    pointer = guest.pointer(self)"]
"""Statements that find the address behind a method's object."""


def formats_of(result: str) -> str:
    """The words of a result: one, or none, or an address and a length."""
    return RESULTS[result].format if result in RESULTS else "II" if result else ""


def unpacker(returned: str, *, fallible: bool) -> Callable[..., tuple[Any, ...]]:
    """What reads a record of these words, and of those that tell of an ``Err``."""
    return Struct(f"<{returned}{'II' * fallible}").unpack_from


def unpacked(returned: str, at: str, *, fallible: bool) -> list[str]:
    """Statements that read the record at ``at``, and raise the ``Err`` that it tells of."""
    found = ["value", "size"][: len(returned)] + ["err", "is_err"] * fallible
    return [f"{', '.join(found)} = unpack(guest._view, {at})", *(["if is_err:", "    raise guest.error(err)"] if fallible else [])]


def _lifting(result: str, returned: str, record: bool, fallible: bool) -> list[str]:
    return [*(unpacked(returned, "record", fallible=fallible) if record else []), *lifted(result)]


def lifted(result: str) -> list[str]:
    """Statements that return what ``value``, or ``value`` and ``size``, stand for; what lies in memory is freed."""
    lines = []
    if result in RESULTS:
        lines.append(f"return {RESULTS[result].lift.format(v='value')}")
    elif result == "str":
        lines.append("return guest.take_string(value, size)")
    elif result == "[B]":
        lines.append("return guest.take_bytes(value, size)")
    elif result:
        lines.append(f"return guest.take_numbers({result[1]!r}, value, size)")
    return lines
