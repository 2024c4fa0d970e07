"""JavaScript's error classes as Python exceptions.

``JsError::new("…")`` in Rust and every failure that wasm-bindgen's own code reports arrive as these; raising one from a
host function gives the guest an ``Error`` of that class.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable
from typing import cast


class Error(Exception):
    """A JavaScript ``Error``: ``name`` and ``message`` are what guest code reads from it."""

    name = "Error"
    _bp_class = "Error"

    def __init__(self, message: object = "") -> None:
        if not isinstance(message, str):  # a guest may give anything: what is inside it is not for ``str()`` to tell
            from .model import to_string

            message = "" if message is None else to_string(message)
        super().__init__(message)
        self.message: str = message


class TypeError(Error, builtins.TypeError):
    """A JavaScript ``TypeError``; also Python's."""

    name = "TypeError"
    _bp_class = "TypeError"


class RangeError(Error, builtins.ValueError):
    """A JavaScript ``RangeError``; also Python's ``ValueError``."""

    name = "RangeError"
    _bp_class = "RangeError"


class ReferenceError(Error, builtins.NameError):
    """A JavaScript ``ReferenceError``; also Python's ``NameError``, which is what it means."""

    name = "ReferenceError"
    _bp_class = "ReferenceError"


class SyntaxError(Error, builtins.ValueError):
    """A JavaScript ``SyntaxError``: text that a guest asked to be parsed is not well formed. Also a ``ValueError``."""

    name = "SyntaxError"
    _bp_class = "SyntaxError"


class EvalError(Error):
    """A JavaScript ``EvalError``."""

    name = "EvalError"
    _bp_class = "EvalError"


class URIError(Error, builtins.ValueError):
    """A JavaScript ``URIError``; also a ``ValueError``."""

    name = "URIError"
    _bp_class = "URIError"


class AggregateError(Error):
    """A JavaScript ``AggregateError``: several in one, ``errors``."""

    name = "AggregateError"
    _bp_class = "AggregateError"

    def __init__(self, errors: Iterable[object] = (), message: object = "") -> None:
        from .ordinary import Array

        super().__init__(message)
        self.errors: list[object] = Array(errors)


class SuppressedError(Error):
    """A JavaScript ``SuppressedError``: ``error``, which was thrown while ``suppressed`` was on its way."""

    name = "SuppressedError"
    _bp_class = "SuppressedError"

    def __init__(self, error: object = None, suppressed: object = None, message: object = "") -> None:
        super().__init__(message)
        self.error = error
        self.suppressed = suppressed


class DOMException(Error):
    """A ``DOMException`` (Web IDL 2.8.1): of the web's functions. What kind of failure it is says its ``name``, say ``"AbortError"``."""

    _bp_class = "DOMException"

    def __init__(self, message: object = "", name: str = "Error") -> None:
        super().__init__(message)
        self._name = name

    name = cast(str, property(lambda self: self._name))
    """What kind of failure it is. Guests see it as their prototype has it, a getter."""

    @property
    def code(self) -> int:
        """The number that old names have; 0 for others."""
        return DOM_CODES.get(self._name, 0)


_DOM_NAMES = (
    "IndexSizeError . HierarchyRequestError WrongDocumentError InvalidCharacterError . NoModificationAllowedError NotFoundError"
    " NotSupportedError InUseAttributeError InvalidStateError SyntaxError InvalidModificationError NamespaceError InvalidAccessError"
    " . TypeMismatchError SecurityError NetworkError AbortError URLMismatchError QuotaExceededError TimeoutError InvalidNodeTypeError"
    " DataCloneError"
)
DOM_CODES = {name: code for code, name in enumerate(_DOM_NAMES.split(), 1) if name != "."}
"""Name -> code (Web IDL 2.8.1)."""


def error_name(error: BaseException) -> str:
    """What guest code sees as ``error.name``: a Python exception goes by the name of its class."""
    return error.name if isinstance(error, Error) else type(error).__name__


def error_message(error: BaseException) -> str:
    """What guest code sees as ``error.message``."""
    return error.message if isinstance(error, Error) else str(error)
