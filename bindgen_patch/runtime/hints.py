"""What the annotations of generated code name, beside :mod:`bindgen_patch.runtime` itself. Nothing here is needed to run it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

from ..js.primitives import Null, Symbol

if TYPE_CHECKING:
    from datetime import datetime

    from ..js import ArrayBuffer, DataView, Date, Map, RegExp, Set

__all__ = [
    "ArrayBuffer", "Awaitable", "Callable", "DataView", "Date", "Map", "NotRequired", "Null", "RegExp", "Sequence", "Set", "Symbol",
    "TypedDict", "datetime",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """JavaScript's classes are loaded when somebody evaluates an annotation."""
    if name == "datetime":
        from datetime import datetime

        return datetime
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .. import js

    return getattr(js, name)
