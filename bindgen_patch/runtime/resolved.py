"""What an asynchronous export resolved its promise with, as the Python value that its signature declares.

The value has crossed as a ``JsValue``: numbers as JavaScript has them, enums as numbers or text. Each function here takes such a
value and returns what the same type gives where it is returned directly, or raises :class:`js.TypeError` for one that is no such thing.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, NoReturn, TypeVar

from .. import js
from ..js import model
from .values import Array

E = TypeVar("E", bound=Enum)
T = TypeVar("T")


def _wrong(value: object, expected: str) -> NoReturn:
    raise js.TypeError(f"the guest resolved a promise of {expected} with {model.describe(value)}")


def as_int(value: Any) -> int:
    """Any integer; a bigint is one."""
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    _wrong(value, "int")


def as_float(value: Any) -> float:
    """``f32`` and ``f64``."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    _wrong(value, "float")


def as_bool(value: Any) -> bool:
    """``bool``."""
    return value if isinstance(value, bool) else _wrong(value, "bool")


def as_str(value: Any) -> str:
    """``String``."""
    return value if isinstance(value, str) else _wrong(value, "str")


def as_none(value: Any) -> None:
    """``()``."""
    if value is not None:
        _wrong(value, "None")


def as_enum(cls: type[E]) -> Callable[[Any], E]:
    """A member of ``cls``, from its value."""

    def convert(value: Any) -> E:
        try:
            return cls(value)
        except (ValueError, TypeError):
            _wrong(value, cls.__name__)

    return convert


def as_instance(cls: type[T]) -> Callable[[Any], T]:
    """An object of ``cls``."""

    def convert(value: Any) -> T:
        return value if isinstance(value, cls) else _wrong(value, cls.__name__)

    return convert


as_bytes = as_instance(bytes)
"""``Vec<u8>``."""
as_array = as_instance(Array)
"""``Vec`` of any other numbers."""


def as_any(value: Any) -> Any:
    """Whatever it is."""
    return value


def as_option(convert: Callable[[Any], T]) -> Callable[[Any], T | None]:
    """``Option``: undefined is ``None``."""
    return lambda value: None if value is None else convert(value)


def as_list(convert: Callable[[Any], T]) -> Callable[[Any], list[T]]:
    """``Vec`` of what is not a number."""
    return lambda value: [convert(item) for item in value] if isinstance(value, list) else _wrong(value, "list")
