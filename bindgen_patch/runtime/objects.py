"""What a host holds of a guest: objects of exported classes, and closures."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NoReturn, Self

from .. import js
from ..accelerator import Box
from ..errors import StaleObjectError

if TYPE_CHECKING:
    from ..js.realm import Realm
    from ..recovery.guard import Guard
    from .guest import Guest

Restore = Callable[[type[Any], tuple[Any, ...] | None, Any], Any]
"""``(class, the constructor's arguments, the state saved last) -> a new object of that class``. The arguments are ``None`` for an
object that Rust code made; the state is ``None`` when nothing was saved."""
Policy = Literal["raise", "recreate"] | Restore
"""What becomes of an object whose instance was replaced, when it is used."""

DROPPED = "closure invoked recursively or after being dropped"


class Object(Box):
    """A Rust value that Python owns. Base class of every generated class.

    It is freed when it is collected, at the latest before the next call into its instance; :meth:`free` or a
    ``with`` statement frees it at once. What becomes of an object whose instance was replaced, when it is used, is for its
    Instance to say: by default it raises :class:`StaleObjectError`.
    """

    __slots__ = ("__weakref__",)

    _bp_door: ClassVar[Guard[Guest]]
    _bp_members: ClassVar[dict[str, str]] = {}
    """What guest code may see of an object: JavaScript name -> Python attribute."""

    _bp_stale: ClassVar[Policy] = "raise"

    def __init__(self) -> None:
        raise TypeError(f"{type(self).__name__} has no constructor; Rust code makes its objects")

    @classmethod
    def _bp_wrap(cls, guest: Guest, pointer: int) -> Self:
        """The Python object for a Rust value that the guest has just given away."""
        self = Object.__new__(cls)
        self._bp_origin = None
        self._bp_own(guest, pointer)
        return self

    def _bp_revive(self, guest: Guest) -> None:
        """Its instance was replaced by ``guest``: take a new Rust value over, as the policy of its class has it."""
        cls, policy = type(self), type(self)._bp_stale
        if policy == "raise" or (policy == "recreate" and self._bp_origin is None):
            why = "" if policy == "raise" else f": it is not known with what arguments this {cls.__name__} was made"
            raise StaleObjectError(f"Invalid stale object from previous Wasm instance{why}")
        args, kwargs = self._bp_origin or ((), {})
        if policy == "recreate":
            fresh = cls(*args, **kwargs)
        else:
            from inspect import signature

            given = None if self._bp_origin is None else signature(cls).bind(*args, **kwargs).args
            fresh = policy(cls, given, self._bp_state)
        if type(fresh) is not cls or fresh is self or fresh._bp_guest is not guest or not fresh._bp_pointer:
            raise StaleObjectError(f"what should have brought this {cls.__name__} back returned {fresh!r}, which is no new one")
        self._bp_guest, self._bp_pointer = guest, fresh._bp_pointer
        fresh._bp_pointer = 0

    @property
    def _bp_realm(self) -> Realm:
        guest: Guest = self._bp_guest
        return guest.realm

    def _bp_own(self, guest: Guest, pointer: int) -> None:
        """Take over the Rust value at ``pointer``, letting go of what this object held before."""
        Object.__del__(self)
        self._bp_guest, self._bp_pointer = guest, pointer & 0xFFFF_FFFF

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} objects live in their guest: they can be neither copied nor pickled")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None, /) -> None:
        self.free()


class Closure:
    """A Rust closure as a Python callable. Generated subclasses know its signature.

    ``&dyn Fn`` arguments are good until the host function that got them returns; ``Closure`` values until Rust drops
    them or Python lets go of them.
    """

    __slots__ = ("__weakref__", "_bp_calls", "_bp_count", "_bp_data", "_bp_guest", "_bp_is_task_queue", "_bp_owned", "_bp_vtable")

    _bp_shim: ClassVar[int]
    """Slot of the function that runs it."""
    _bp_signature: ClassVar[str]
    _bp_mutable: ClassVar[bool]
    """``FnMut``: may not be entered twice."""
    _bp_returns_record: ClassVar[bool] = False

    _bp_guest: Guest

    def __init__(self, guest: Guest, data: int, vtable: int, *, owned: bool) -> None:
        self._bp_guest = guest
        self._bp_data = data
        self._bp_vtable = vtable
        self._bp_owned = owned
        self._bp_count = 1
        self._bp_calls = 0
        """How often it was entered."""
        self._bp_is_task_queue = False
        """It polls the tasks of js-sys."""

    @property
    def _bp_door(self) -> Guard[Guest]:
        return self._bp_guest.door

    @property
    def _bp_realm(self) -> Realm:
        return self._bp_guest.realm

    def __reduce__(self) -> NoReturn:
        raise TypeError("closures of a guest can be neither copied nor pickled")

    def _bp_check(self, guest: Guest) -> None:
        """Refuse before anything is lowered: closures of an earlier instance, dropped ones, and ``FnMut`` inside itself."""
        if self._bp_guest is not guest:
            raise StaleObjectError("Cannot invoke closure from previous WASM instance")
        if not self._bp_data:
            raise js.Error(DROPPED)

    def _bp_begin(self) -> bool:
        self._bp_calls += 1
        if self._bp_mutable:
            self._bp_data = 0
        self._bp_count += 1
        return True

    def _bp_end(self, data: int) -> None:
        if self._bp_mutable and self._bp_count > 1:
            self._bp_data = data
        self._bp_release(data)

    def _bp_release(self, data: int) -> None:
        self._bp_count -= 1
        if self._bp_count == 0:
            self._bp_data = 0
            if self._bp_owned and data and self._bp_guest.death is None:
                self._bp_guest.call_destroy_closure(data, self._bp_vtable)

    def _bp_unref(self) -> None:
        """Rust drops its ``Closure``: it is destroyed now, or when the call that runs it ends."""
        if not self._bp_owned:
            self._bp_data = self._bp_count = 0
        elif self._bp_count:
            self._bp_release(self._bp_data)

    def _bp_expire(self) -> None:
        """The host function that borrowed it has returned."""
        self._bp_data = 0

    def __del__(self) -> None:
        guest = self._bp_guest
        if self._bp_owned and self._bp_count and self._bp_data and guest.death is None:
            guest.garbage.append(("call_destroy_closure", (self._bp_data, self._bp_vtable)))
            guest.calm = False
