"""Loggers of the standard library, which is not loaded before something is to be logged: to import it is a sixth of a start."""

from __future__ import annotations

import sys
from typing import Any

DEBUG, INFO, WARNING, ERROR = 10, 20, 30, 40
"""Levels, with the values that :mod:`logging` documents."""


class Log:
    """``logging.getLogger(name)``, by and by."""

    __slots__ = ("_logger", "_name")

    def __init__(self, name: str) -> None:
        self._name = name
        self._logger: Any = None

    def _get(self) -> Any:
        if self._logger is None:
            import logging

            self._logger = logging.getLogger(self._name)
        return self._logger

    def log(self, level: int, text: str, *args: object, **options: Any) -> None:
        """As ``Logger.log``. Below a warning, nobody hears it as long as nobody has loaded the library."""
        if level >= WARNING or self._logger is not None or "logging" in sys.modules:
            self._get().log(level, text, *args, stacklevel=2, **options)

    def error(self, text: str, *args: object, **options: Any) -> None:
        """As ``Logger.error``."""
        self._get().error(text, *args, stacklevel=2, **options)

    def exception(self, text: str, *args: object) -> None:
        """As ``Logger.exception``: with the exception that is being handled."""
        self._get().exception(text, *args, stacklevel=2)


log = Log("bindgen_patch")
