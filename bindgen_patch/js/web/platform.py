"""``crypto`` (Web Cryptography 10, what is random of it) and ``performance`` (High Resolution Time 7)."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from .. import errors, model
from ..buffers import DataView, typed
from ..classes import Class, Fixed
from ..ordinary import Object

_MOST_BYTES: Final = 1 << 16
_RESOLUTION = 5_000
"""Nanoseconds: what the standard lets a page see that is isolated from others (5.2)."""
_ORIGIN = time.perf_counter_ns()
_TIME_ORIGIN = time.time_ns() // _RESOLUTION * _RESOLUTION / 1e6


def _get_random_values(_this: object, array: Any) -> Any:
    view = None if isinstance(array, DataView) else typed(array)
    if view is None or view.element.code in "efd":
        if model.is_primitive(array):
            raise errors.TypeError("crypto.getRandomValues was not given an array")
        raise errors.DOMException("The data argument must be an integer-type TypedArray", "TypeMismatchError")
    size = len(view) * view.element.size
    if size > _MOST_BYTES:
        raise errors.DOMException(f"The requested length exceeds {_MOST_BYTES} bytes", "QuotaExceededError")
    view.put(0, os.urandom(size))
    return array


def now(_this: object = None) -> float:
    """``performance.now()``: milliseconds since this module was loaded."""
    return (time.perf_counter_ns() - _ORIGIN) // _RESOLUTION * _RESOLUTION / 1e6


def _refuse(*_args: object) -> Any:
    raise errors.TypeError("Illegal constructor")


def _object(cls: str) -> Fixed:
    """The one object of a class: it has nothing of its own, and its methods need no ``this``."""
    return Fixed({}, cls)


_CRYPTO: Mapping[str, Callable[..., Any]] = {"getRandomValues": _get_random_values, "randomUUID": lambda _this: str(uuid.uuid4())}

CLASSES: Mapping[str, Any] = MappingProxyType(
    {
        "Crypto": Class("Crypto", construct=_refuse, prototype=_CRYPTO, tag="Crypto"),
        "Performance": Class(
            "Performance",
            construct=_refuse,
            prototype={"now": now, "toJSON": lambda _this: Object(timeOrigin=_TIME_ORIGIN)},
            getters={"timeOrigin": lambda _this: _TIME_ORIGIN},
            tag="Performance",
            parent="EventTarget",
        ),
        "crypto": _object("Crypto"),
        "performance": _object("Performance"),
    }
)
