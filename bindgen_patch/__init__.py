"""bindgen-patch: Rust guests built with wasm-bindgen, in Python, with panics that unwind and aborts that are contained.

This module gives hosts the errors and the run-time API. It loads neither the tool's dependencies nor wasmtime, and the run time when it is
first asked for: the command line does without.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .errors import (
    BindgenPatchError,
    Frame,
    GenerationError,
    GuestAborted,
    GuestError,
    GuestException,
    MissingImport,
    ModuleTerminated,
    PanicError,
    StaleObjectError,
)

if TYPE_CHECKING:
    from . import js
    from .runtime.limits import Limits

__version__ = "0.1.0"

__all__ = [
    "BindgenPatchError",
    "Frame",
    "GenerationError",
    "GuestAborted",
    "GuestError",
    "GuestException",
    "Limits",
    "MissingImport",
    "ModuleTerminated",
    "PanicError",
    "StaleObjectError",
    "js",
]


def __getattr__(name: str) -> Any:
    if name == "js":
        return import_module(".js", __name__)
    if name == "Limits":
        return import_module(".runtime.limits", __name__).Limits
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
