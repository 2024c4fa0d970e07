"""Who hears of what: records are made for those who listen, and only a death is told where nobody has set up any logging."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest

from bindgen_patch.recovery.log import Log

NAME = "tests.of.the.log"


@pytest.fixture
def name() -> Iterator[str]:
    """Of a logger that passes nothing on: pytest listens further up."""
    yield NAME
    logger = logging.getLogger(NAME)
    logger.handlers.clear(), logger.filters.clear()
    logger.propagate, logger.disabled = True, False
    logger.setLevel(logging.NOTSET)


def apart(name: str) -> logging.Logger:
    """That logger. Made so in the middle of a test: at its beginning pytest listens to loggers that pass nothing on, too."""
    logger = logging.getLogger(name)
    logger.handlers.clear()
    logger.propagate = False
    return logger


@pytest.mark.parametrize("alone", [False, True])
def test_without_any_handler_the_caller_says(name: str, alone: bool) -> None:
    apart(name)
    assert Log(NAME).heard(logging.WARNING, alone=alone) is alone


def test_a_handler_that_does_nothing_does_not_listen(name: str) -> None:
    logger = apart(name)
    logger.addHandler(logging.NullHandler())
    assert not Log(NAME).heard(logging.WARNING, alone=True)


def test_a_handler_listens_from_its_level_on(name: str) -> None:
    logger = apart(name)
    logger.addHandler(logging.NullHandler())
    logger.addHandler(logging.StreamHandler())
    logger.handlers[1].setLevel(logging.ERROR)
    assert not Log(NAME).heard(logging.WARNING, alone=True)
    assert Log(NAME).heard(logging.ERROR)


def test_handlers_further_up_listen(name: str) -> None:
    logger = apart(name)
    logger.propagate = True
    root = logging.StreamHandler()
    logging.getLogger().addHandler(root)
    try:
        assert Log(NAME).heard(logging.WARNING)
    finally:
        logging.getLogger().removeHandler(root)


def test_the_level_of_the_logger_comes_first(name: str) -> None:
    logger = apart(name)
    logger.addHandler(logging.StreamHandler())
    assert not Log(NAME).heard(logging.INFO)
    logger.setLevel(logging.INFO)
    assert Log(NAME).heard(logging.INFO)
    logger.disabled = True
    assert not Log(NAME).heard(logging.ERROR)


def test_a_filter_listens(name: str) -> None:
    """There are those who count in one."""
    logger = apart(name)
    logger.addFilter(lambda record: False)
    assert Log(NAME).heard(logging.WARNING)


def test_nobody_listens_where_the_library_is_not_loaded() -> None:
    words = (
        "import sys; from bindgen_patch.recovery.log import log; "
        "assert not log.heard(30) and log.heard(30, alone=True) and 'logging' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", words], check=True)
