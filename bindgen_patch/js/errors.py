"""JavaScript's error classes as Python exceptions.

``JsError::new("…")`` in Rust and every failure that wasm-bindgen's own code reports arrive as these; raising one from a
host function gives the guest an ``Error`` of that class.
"""

from __future__ import annotations

import builtins


class Error(Exception):
    """A JavaScript ``Error``: ``name`` and ``message`` are what guest code reads from it."""

    name = "Error"

    def __init__(self, message: object = "") -> None:
        if not isinstance(message, str):  # a guest may give anything: what is inside it is not for ``str()`` to tell
            from .model import to_string

            message = "" if message is None else to_string(message)
        super().__init__(message)
        self.message: str = message


class TypeError(Error, builtins.TypeError):
    """A JavaScript ``TypeError``; also Python's."""

    name = "TypeError"


class RangeError(Error, builtins.ValueError):
    """A JavaScript ``RangeError``; also Python's ``ValueError``."""

    name = "RangeError"


class ReferenceError(Error, builtins.NameError):
    """A JavaScript ``ReferenceError``; also Python's ``NameError``, which is what it means."""

    name = "ReferenceError"


class SyntaxError(Error, builtins.ValueError):
    """A JavaScript ``SyntaxError``: text that a guest asked to be parsed is not well formed. Also a ``ValueError``."""

    name = "SyntaxError"


class EvalError(Error):
    """A JavaScript ``EvalError``."""

    name = "EvalError"


class URIError(Error, builtins.ValueError):
    """A JavaScript ``URIError``; also a ``ValueError``."""

    name = "URIError"


def error_name(error: BaseException) -> str:
    """What guest code sees as ``error.name``: a Python exception goes by the name of its class."""
    return error.name if isinstance(error, Error) else type(error).__name__


def error_message(error: BaseException) -> str:
    """What guest code sees as ``error.message``."""
    return error.message if isinstance(error, Error) else str(error)
