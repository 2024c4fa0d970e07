"""What things are called in Python.

Functions and classes keep the name that wasm-bindgen exports. A name that Python or the package itself needs gets a trailing
``_``; characters that no identifier may have become ``_``. Every change is noted, two things that end up with one name are
an error.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from dataclasses import dataclass, field

from bindgen_patch.errors import GenerationError

PREFIX = "_bp"
"""Every private name in generated code starts with this, so that no parameter of a guest's can meet one."""

MODULE_RESERVED = frozenset({"Instance", "instance"})
INSTANCE_CONTROL = frozenset({"provide", "state", "instance_id", "schedule_reinit", "terminate", "on_abort", "close", "deadline", "stats"})
"""What ``Instance`` offers its host; an export of that name is ``name_`` there."""
OBJECT_CONTROL = frozenset({"free"})

BUILTINS = ("bool", "bytes", "classmethod", "float", "int", "len", "list", "object", "property", "str", "type")
"""The built-ins that generated code names."""


def identifier(name: str, *, pep8: bool = False) -> str:
    """``name`` as a Python identifier that is free to use."""
    if pep8 and name != name.upper():
        name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    name = unicodedata.normalize("NFKC", name.strip("[]"))
    name = "".join(c if ("a" + c).isidentifier() else "_" for c in name) or "_"
    if not name.isidentifier():
        name = "_" + name
    if keyword.iskeyword(name) or name.startswith(PREFIX) or (name.startswith("__") and name.endswith("__")):
        name += "_"
    return name


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


def parameter(name: str, taken: set[str]) -> str:
    """A parameter's name: as in Rust, but apart from ``taken`` (``self``, classes that the body may mention)."""
    result = identifier(name)
    while result in taken:
        result += "_"
    taken.add(result)
    return result
