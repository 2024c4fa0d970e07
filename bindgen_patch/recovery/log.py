"""Loggers of the standard library, which is not loaded before something is to be logged: to import it is a sixth of a start."""

from __future__ import annotations

import sys
from typing import Any

DEBUG, INFO, WARNING, ERROR = 10, 20, 30, 40
"""Levels, with the values that :mod:`logging` documents."""


class Log:
    """``logging.getLogger(name)``, by and by."""

    __slots__ = ("_deaf", "_logger", "_name")

    def __init__(self, name: str) -> None:
        self._name = name
        self._logger: Any = None
        self._deaf: Any = None
        """The class of handlers that do nothing."""

    def _get(self) -> Any:
        if self._logger is None:
            import logging

            self._deaf, self._logger = logging.NullHandler, logging.getLogger(self._name)
        return self._logger

    def heard(self, level: int, *, alone: bool = False) -> bool:
        """Whether a handler takes records of this level, one that does something with them: to make a record costs more than many a call.

        ``alone`` is the answer where there is no handler at all. Python then prints warnings by itself.
        """
        if self._logger is None and "logging" not in sys.modules:
            return alone
        own = logger = self._logger or self._get()
        if own.filters:
            return bool(own.isEnabledFor(level))
        while logger is not None:
            for handler in logger.handlers:
                if handler.level <= level and not isinstance(handler, self._deaf):
                    return bool(own.isEnabledFor(level))  # asked last: it takes longest, and mostly nobody listens
                alone = False
            logger = logger.parent if logger.propagate else None
        return alone and bool(own.isEnabledFor(level))

    def log(self, level: int, text: str, *args: object, **options: Any) -> None:
        """As ``Logger.log``."""
        self._get().log(level, text, *args, stacklevel=2, **options)

    def error(self, text: str, *args: object, **options: Any) -> None:
        """As ``Logger.error``."""
        self._get().error(text, *args, stacklevel=2, **options)

    def exception(self, text: str, *args: object) -> None:
        """As ``Logger.exception``: with the exception that is being handled."""
        self._get().exception(text, *args, stacklevel=2)


log = Log("bindgen_patch")
