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
        logger = self._logger
        if logger is None:
            if "logging" not in sys.modules:
                return alone
            logger = self._get()
        if logger.filters:
            return bool(logger.isEnabledFor(level))
        handlers, above = logger.handlers, logger.parent if logger.propagate else None
        while above is not None:
            if above.handlers:
                handlers = handlers + above.handlers
            above = above.parent if above.propagate else None
        for handler in handlers:
            if handler.__class__ is not self._deaf and handler.level <= level:
                return bool(logger.isEnabledFor(level))  # asked last: it takes longest, and mostly nobody listens
        return alone and not handlers and bool(logger.isEnabledFor(level))

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
