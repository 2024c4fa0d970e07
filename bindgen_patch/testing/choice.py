"""Which tests of a suite are to be run: filters and flags, which mean what they mean to libtest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bindgen_patch.decode.suite import Test


@dataclass(frozen=True, slots=True)
class Choice:
    """``filters``: any of these must be part of the name (``exact``: all of it); ``skip``: none of these. ``ignored`` says what becomes
    of ignored tests: told of, run like the others, or run and nothing else."""

    filters: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    exact: bool = False
    ignored: Literal["told", "run", "only"] = "told"

    def of(self, tests: Sequence[Test]) -> list[Test]:
        """The chosen ones, in the order of the guest's exports."""
        return [test for test in tests if self._takes(test)]

    def in_turn(self, chosen: Sequence[Test]) -> list[Test]:
        """The same in the order in which upstream has them: what is only told of, then what is run, from the last to the first."""
        told = [test for test in chosen if test.ignored and self.ignored == "told"]
        return [*told, *(test for test in reversed(chosen) if test not in told)]

    def _takes(self, test: Test) -> bool:
        if self.filters and not any(self._fits(test, text) for text in self.filters):
            return False
        return not any(self._fits(test, text) for text in self.skip) and (test.ignored or self.ignored != "only")

    def _fits(self, test: Test, text: str) -> bool:
        return test.name == text if self.exact else text in test.name
