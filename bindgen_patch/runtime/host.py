"""What the host provides: names from the globals and from modules, looked up when the guest calls them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import MissingImport
from ..js import errors, model
from ..js.builtins import GLOBALS, LOADED
from ..js.classes import Invocable
from ..js.jobs import Jobs
from ..js.visibility import expose_import
from .limits import Limits

if TYPE_CHECKING:
    from ..js.web.fetching import Request, Response
    from .guest import Guest

Transport = Callable[["Request"], "Response | Awaitable[Response]"]
"""What ``fetch()`` goes through, where the host gives one."""

_MISSING: Any = object()


class Host:
    """The imports of one Instance; they outlive every guest instance that it makes."""

    def __init__(self, imports: Mapping[str, Any] | None, modules: Mapping[str, Any] | None, limits: Limits | None) -> None:
        self.globals: dict[str, Any] = {}
        self.modules: dict[str, Any] = {}
        self.limits = limits or Limits()
        self.settings = self.limits.settings
        self.bounds: list[object] = [self.limits] if self.limits.concern_calls else []
        """What calls may be limited by; empty where calls need not look."""
        self.jobs = Jobs()
        self.transport: list[Transport] = []
        """What the guest's ``fetch`` goes through: one or none."""
        self.classes: dict[type, type] = {}
        """Generated class -> the same class bound to this Instance, where those differ."""
        self.provide(imports, modules)

    def provide(self, imports: Mapping[str, Any] | None, modules: Mapping[str, Any] | None) -> None:
        """Add to what is there. Classes given here are visible to the guest, and so are their instances."""
        for place, given in ((self.globals, imports), (self.modules, modules)):
            for name, value in (given or {}).items():
                if not isinstance(name, str):
                    raise TypeError(f"the names of imports are str, not {type(name).__name__}")
                place[name] = value
                expose_import(value)


class Target:
    """An imported item: a path of names below the globals, or below a module.

    ``rust`` is its declaration, for the message when it is missing.
    """

    __slots__ = ("module", "path", "prefixes", "rust")

    def __init__(self, *path: str, module: str | None = None, prefixes: tuple[str, ...] = (), rust: str = "") -> None:
        self.path = tuple(name for part in path for name in part.split("."))  # js-sys names a function ``prototype.set.call``
        self.module = module
        self.prefixes = prefixes
        self.rust = rust

    @property
    def name(self) -> str:
        """As messages show it."""
        dotted = ".".join(self.path)
        return dotted if self.module is None else f"{self.module}: {dotted}"

    def find(self, guest: Guest) -> Any:
        """The item itself. Raises :class:`MissingImport`."""
        return self._find(guest)[1]

    def _find(self, guest: Guest) -> tuple[Any, Any]:
        owner, value = self._look_up(guest)
        if value is _MISSING:
            raise MissingImport(self.name, self.rust)
        return owner, value

    def function(self, guest: Guest) -> Any:
        """The item, which is about to be called; a built-in is told what it was found on.

        Raises :class:`MissingImport` and ``TypeError``.
        """
        owner, value = self._find(guest)
        if not callable(value):
            raise errors.TypeError(f"the import `{self.name}` is {model.describe(value)}, which is no function")
        if owner is not None and isinstance(value, Invocable):
            return lambda *args: value.invoke(owner, args)
        return value

    def find_or_none(self, guest: Guest) -> Any:
        """The item, or ``None`` when it or anything on the way to it is missing."""
        value = self._look_up(guest)[1]
        return None if value is _MISSING else value

    def has_instance(self, guest: Guest, value: object) -> int:
        """``value instanceof item``; false when the item is missing."""
        return int(model.instanceof(value, self.find_or_none(guest)))

    def _look_up(self, guest: Guest) -> tuple[Any, Any]:
        """What has the item, ``None`` for a global, and the item."""
        host = guest.host
        owner = None
        first, *rest = self.path
        if self.module is None:
            value = host.globals.get(first, _MISSING)
            if value is _MISSING:
                value = guest.realm.globals.get(first, _MISSING)
            if value is _MISSING:
                value = LOADED.get(first, _MISSING)
            if value is _MISSING:
                value = GLOBALS.get(first, _MISSING)
        else:
            module = host.modules.get(self.module, _MISSING)
            value = model.lookup(module, first, _MISSING)
        for prefix in self.prefixes:
            if value is not _MISSING:
                break
            value = host.globals.get(prefix + first, _MISSING)
        for name in rest:
            if value is _MISSING:
                break
            owner, value = value, model.lookup(value, name, _MISSING)
        return owner, value
