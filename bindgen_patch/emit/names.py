"""What things are called in Python.

Functions and classes keep the name that wasm-bindgen exports. A name that Python or the package itself needs gets a trailing
``_``; characters that no identifier may have become ``_``. Every change is noted, two things that end up with one name are
an error.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from bindgen_patch.errors import GenerationError

PREFIX = "_bp"
"""Every private name in generated code starts with this, so that no parameter of a guest's can meet one."""

MODULE_RESERVED = frozenset({"Instance", "instance", "super", "_builtins", "_enum"})
INSTANCE_CONTROL = frozenset(
    {
        *("provide", "state", "instance_id", "schedule_reinit", "terminate", "on_abort", "close"),
        *("deadline", "to_thread", "counters", "on_stale", "save"),
    }
)
"""What ``Instance`` offers its host; an export of that name is ``name_`` there."""
OBJECT_CONTROL = frozenset({"free"})

BUILTINS = (
    *("AttributeError", "BaseException", "bool", "bytes", "classmethod", "dict", "float", "int", "len", "list", "object", "property"),
    *("str", "type"),
)
"""The built-ins that generated code names."""
CALLED_BUILTINS = ("AttributeError", "int", "len")
"""Those that bodies call: a parameter may be called so, too."""


def identifier(name: str, *, pep8: bool = False) -> str:
    """``name`` as a Python identifier that is free to use."""
    if pep8 and name != name.upper():
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    name = unicodedata.normalize("NFKC", name.strip("[]"))
    name = "".join(c if ("a" + c).isidentifier() else "_" for c in name) or "_"
    if not name.isidentifier():
        name = "_" + name
    if name.startswith("__"):  # Python keeps these for itself, and mangles the others inside a class
        name = "_" + name.lstrip("_")
    if name.startswith(PREFIX):
        name = name[1:] + "_"
    return name + "_" if keyword.iskeyword(name) else name


@dataclass(slots=True)
class Scope:
    """The names of one namespace of the generated package: the module, ``Instance``, or a class."""

    title: str
    reserved: frozenset[str] = frozenset()
    taken: dict[str, str] = field(default_factory=dict)
    """Python name -> what it stands for, in words."""

    def claim(self, name: str, what: str, *, accessor: bool = False) -> str:
        """A name for ``what``. Raises :class:`GenerationError` when it is taken; getters and setters share theirs."""
        if name in self.reserved:
            name += "_"
        other = self.taken.get(name)
        if other is not None and not (accessor and other.endswith("(accessor)")):
            raise GenerationError(
                f"two exports of the guest end up as {self.title}.{name}: {other} and {what}",
                hint="rename one of them in Rust with #[wasm_bindgen(js_name = …)]",
            )
        self.taken[name] = f"{what} (accessor)" if accessor else what
        return name


def enum_members(names: Iterable[str], base: type) -> list[str]:
    """Names for the members of an enum over ``base``; those of a string enum are made from its strings.

    A string without letters is spelled out (``EM_DASH``). What means something to ``base`` or :mod:`enum` gets a trailing ``_``.
    """
    taken: set[str] = set()
    result = []
    for name in names:
        member = identifier(name)
        if not member.strip("_"):
            member = identifier("_".join(unicodedata.name(c, f"U_{ord(c):04X}") for c in name) or "EMPTY")
        if member.startswith("_") and (member.endswith("_") or "__" in member):
            member = f"V{member}"
        if member in ("mro", "name", "value") or member in dir(base):
            member += "_"
        result.append(unique(member, taken))
    return result


def unique(name: str, taken: set[str]) -> str:
    """``name``, with a number behind it where it is taken already."""
    result, number = name, 2
    while result in taken:
        result, number = f"{name}_{number}", number + 1
    taken.add(result)
    return result


_LOCALS = frozenset({"door", "error", "failed", "failure", "guest", "item", "program", "ret"})
"""What generated functions call their own locals, behind the prefix."""


def checked_local(name: str) -> str:
    """The local for a parameter's value once it is checked."""
    name = name.removeprefix(PREFIX + "_")
    return f"{PREFIX}_{name}_" if name.rstrip("_") in _LOCALS or name.isdigit() else f"{PREFIX}_{name}"


_JAVASCRIPT_WORDS = frozenset(
    """await break case catch class const continue debugger default delete do else enum export extends false finally for function if
    implements import in instanceof interface let new null package private protected public return static super switch this throw true
    try typeof var void while with yield""".split()  # noqa: SIM905 (a word list reads best as words)
)


def as_in_rust(name: str) -> str:
    """A parameter's name as its author wrote it: the macro puts ``_`` before words that JavaScript reserves."""
    return name[1:] if name[:1] == "_" and name[1:] in _JAVASCRIPT_WORDS else name


def parameter(name: str, taken: set[str]) -> str:
    """A parameter's name: as in Rust, but apart from ``taken`` (``self``, classes that the body may mention)."""
    result = identifier(as_in_rust(name))
    while result in taken:
        result += "_"
    taken.add(result)
    return result
