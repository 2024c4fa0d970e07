"""The host's side of ``wasm-bindgen-test``: what the node.js half of upstream's runner gives a suite, for one test at a time.

That is a function which polls a test and tells when it fails, a place for the lines of the report, and a ``console``. Upstream hands what
a test writes to the console back to the guest, which keeps it for the report. Here it stays with the host: a test that kills its
instance has said things, too.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from bindgen_patch import symbols
from bindgen_patch.js.builtins import GLOBALS

_LEVELS = ("debug", "log", "info", "warn", "error")
"""Methods of ``console``, in the order in which a report shows what went to each."""
_ON_STDERR = ("warn", "error")
_STACK = "\n\nStack:\n\n"
"""Where the panic hook goes on with a stack of JavaScript's; there is none here."""


class Host:
    """What a suite imports, and what became of the present test. ``nocapture``: what it writes is printed as well, at once."""

    def __init__(self, *, nocapture: bool = False) -> None:
        self.nocapture = nocapture
        self.begin()

    def begin(self) -> None:
        """The next test begins."""
        self.lines: list[str] = []
        """What the context has reported."""
        self.output: dict[str, str] = dict.fromkeys(_LEVELS, "")
        """What the test has written, by the method of ``console``."""
        self.failure: BaseException | None = None
        """What the test raised when it was polled last."""
        self._polled = False

    def imports(self) -> dict[str, Any]:
        """The globals that a suite expects. Where ``self`` is one, it takes its host for a browser and reports to the page."""
        console = {level: self._console(level) for level in _LEVELS}
        return {
            symbols.TEST_INVOKE: self._invoke,
            symbols.TEST_WRITE: lambda line: self.lines.append(line),
            "console": {name: property.value for name, property in GLOBALS["console"].members.items()} | console,
            "self": None,
        }

    def _invoke(self, poll: Callable[[], object]) -> None:
        self._polled = True
        self.failure = None
        try:
            poll()
        except BaseException as failure:
            self.failure = failure
            raise

    def _console(self, level: str) -> Callable[..., None]:
        def write(*values: object) -> None:
            text = " ".join(map(GLOBALS["String"], values))
            if self.nocapture:
                print(text, file=sys.stderr if level in _ON_STDERR else sys.stdout, flush=True)
            if self._polled:  # before that the context announces the test
                self.output[level] += text.partition(_STACK)[0] + "\n"

        return write
