"""The committed guests as parameters, as for the tests of decode."""

from tests.decode.conftest import pytest_generate_tests

__all__ = ["pytest_generate_tests"]
