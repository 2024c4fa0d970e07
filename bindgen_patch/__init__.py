"""bindgen-patch: Rust guests built with wasm-bindgen, in Python, with panics that unwind and aborts that are contained.

This module gives hosts the errors and the run-time API. It loads neither the tool's dependencies nor wasmtime.
"""

from . import js
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
