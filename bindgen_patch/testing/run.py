"""Running the tests of a suite one by one, none of which can take the others along.

Each test is handed to a context of its own. A panic that unwinds ends the test and nothing else. One that does not (``panic=abort``), an
abort, a trap or a test that takes too long ends the instance; the next test gets a fresh one. Of a panic that cannot unwind the context
still learns, as from upstream's runner, and so it can say whether the test should have panicked: that is what a guest without abort
handler is for. After that its instance is given up all the same.
"""

from __future__ import annotations

import asyncio
import importlib.util
import logging
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import Any, Literal

from bindgen_patch import inputs, symbols
from bindgen_patch.decode.suite import Test
from bindgen_patch.emit.package import write
from bindgen_patch.errors import GenerationError, GuestAborted, MissingImport, ModuleTerminated
from bindgen_patch.runtime.host import Target
from bindgen_patch.runtime.limits import Limits

from .host import Host

OPTIONS = inputs.Options(abort_handler=False, tests=True)
"""How the bindings of a suite are generated."""

_PACKAGE = "bindgen_patch_suite"
_THROWN = "JS exception that was thrown:\n"
"""What the context puts before the failure that ended a test."""
_HARNESS = "wasm_bindgen_test::__rt"
"""Where functions are that call tests, or that were made for one."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a test. ``detail``: why it is ignored, or what there is to be said of its failure."""

    test: Test
    status: Literal["ok", "FAIL", "ignored"]
    detail: str = ""
    seconds: float = 0.0
    missing: tuple[str, ...] = ()
    """The modules that the test asked for and nobody provides."""


@contextmanager
def bindings(files: Mapping[str, bytes]) -> Iterator[Any]:
    """The generated package, imported for the time of the block."""
    with tempfile.TemporaryDirectory(prefix="bindgen-patch-test-") as folder:
        package = Path(folder) / _PACKAGE
        write(dict(files), package)
        try:
            yield _imported(_PACKAGE, package / "__init__.py", [str(package)])
        finally:
            sys.modules.pop(_PACKAGE, None)


def partner(name: str, path: Path) -> Any:
    """A Python module that stands in for a module of JavaScript's. Raises :class:`GenerationError` when it cannot be imported."""
    try:
        return _imported(f"{_PACKAGE}_{path.stem}", path)
    except Exception as error:
        what = f"{type(error).__name__}: {error}"
        raise GenerationError(f"{path} cannot be imported: {what}", hint=f"it is to stand in for the module {name}") from error


def _imported(name: str, path: Path, folders: list[str] | None = None) -> Any:
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=folders)
    if spec is None or spec.loader is None:
        raise ImportError("its name does not end in .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def unused(package: Any, names: Iterable[str]) -> Iterator[str]:
    """What there is to say of modules that stand in for none: that is no error, for cargo runs several suites alike."""
    wanted = sorted({target.module for target in vars(package).values() if isinstance(target, Target) and target.module})
    for name in names:
        if name not in wanted:
            yield f"this suite imports no module {name}, " + (f"but {', '.join(wanted)}" if wanted else "nor any other")


def run(package: Any, tests: Sequence[Test], host: Host, modules: Mapping[str, Any], timeout: float, *, ignored: bool) -> Iterator[Outcome]:
    """What becomes of each test, in order. ``timeout`` is in seconds, for each; ``ignored`` tests are run like others, or told of.

    As with upstream's runner they share an instance, until one of them kills it. To compile the suite takes none of their time.
    """
    instance = package.Instance(imports=host.imports(), limits=Limits(seconds_per_call=timeout))
    provided = instance._bp_host.modules = _Modules()
    instance.provide(modules=modules)
    with _quiet(), asyncio.Runner() as loop, instance:
        getattr(instance, symbols.TEST_CONTEXT)(False).free()
        for test in tests:
            provided.missing.clear()
            began = time.monotonic()
            outcome = loop.run(_Run(instance, test, host, timeout).outcome(ignored=ignored))
            yield replace(outcome, seconds=time.monotonic() - began, missing=tuple(provided.missing))


class _Modules(dict[str, Any]):
    """The modules that stand in for JavaScript's. A test may go on without one, or wait for it for ever: it is told what was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.missing: dict[str, None] = {}

    def get(self, name: str, default: Any = None) -> Any:
        if name not in self:
            self.missing[name] = None
        return super().get(name, default)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the log records of panics and deaths, of which the report tells."""

    def other(record: logging.LogRecord) -> bool:
        return not hasattr(record, "event")

    logger = logging.getLogger("bindgen_patch")
    logger.addFilter(other)
    try:
        yield
    finally:
        logger.removeFilter(other)


class _Run:
    """One test."""

    def __init__(self, instance: Any, test: Test, host: Host, timeout: float) -> None:
        self.instance, self.test, self.host, self.timeout = instance, test, host, timeout
        self.uncaught: Exception | None = None
        """What came out of a microtask: whom it kept from going on is not known, so the test may wait for ever."""

    async def outcome(self, *, ignored: bool) -> Outcome:
        self.host.begin()
        failure: BaseException | None = None
        passed = False
        try:
            passed = await self._passed(ignored=ignored)
        except Exception as error:
            failure = error
        finally:
            self._clean_up(failure)
        if passed and self.test.ignored and not ignored:
            return Outcome(self.test, "ignored", self._reason())
        return Outcome(self.test, "ok") if passed else Outcome(self.test, "FAIL", self._report(failure))

    async def _passed(self, *, ignored: bool) -> bool:
        hand_over: Callable[[int], None] = getattr(self.instance, self.test.method)
        task = asyncio.current_task()
        assert task is not None

        def end(error: Exception, _where: str) -> None:
            if self.uncaught is None:
                self.uncaught = error
                task.cancel()

        self.instance._bp_host.jobs.uncaught = end
        async with asyncio.timeout(self.timeout) as patience:
            context = getattr(self.instance, symbols.TEST_CONTEXT)(False)
            context.include_ignored(ignored)
            try:
                passed: bool = await context.run([lambda address: hand_over(int(address))])
            except asyncio.CancelledError:
                if self.uncaught is not None:
                    task.uncancel()
                    self.instance.terminate("uncaught in a job")
                    raise self.uncaught from None
                if patience.expired():
                    self.instance.terminate(self._too_long())
                raise
        context.free()
        return passed

    def _too_long(self) -> str:
        return f"the test has not ended within {self.timeout:g} seconds"

    def _clean_up(self, failure: BaseException | None) -> None:
        """Whatever has trapped, the next test finds a fresh instance."""
        killed = isinstance(self.host.failure, GuestAborted) or isinstance(failure, GuestAborted)
        if killed or self.instance.state == "terminated":
            self.instance.schedule_reinit()

    # ------------------------------------------------------------------ what is said of it

    def _reason(self) -> str:
        """Why it is ignored: ``test plain ... ignored, it takes too long``."""
        start = f"test {self.test.name} ... ignored, "
        return next((line.removeprefix(start) for line in self.host.lines if line.startswith(start)), "")

    def _report(self, failure: BaseException | None) -> str:
        """As upstream has it: what the context says of it, with what the test wrote in the middle."""
        title = f"---- {self.test.name} output ----\n"
        said = next((line.removeprefix(title) for line in self.host.lines if line.startswith(title)), None)
        notes, thrown, told = ("", _THROWN, "") if said is None else _unindented(said).partition(_THROWN)
        cause = self._cause(failure)
        if thrown and cause is not None:
            told = _indented(cause)
        written = "".join(f"{level} output:\n{_indented(text)}\n" for level, text in self.host.output.items() if text)
        return title + _indented(notes + written + thrown + told)

    def _cause(self, failure: BaseException | None) -> str | None:
        """What ended the test, when it is more than the context can know."""
        cause = failure if self.host.failure is None else self.host.failure
        if isinstance(cause, ModuleTerminated) and cause.cause_of_death is not None:
            cause = cause.cause_of_death
        if cause is None:
            return None
        if isinstance(failure, TimeoutError) or (isinstance(cause, GuestAborted) and cause.kind == "deadline"):
            return "\n".join([self._too_long(), *_frames(cause)])
        text = "\n".join([f"{type(cause).__name__}: {cause}", *_frames(cause)])
        if isinstance(cause, MissingImport) and ": " in cause.name:
            module = cause.name.partition(": ")[0]
            text += f"\na Python module can stand in for this one: --module {module}=FILE.py"
        return text


def _frames(error: BaseException) -> list[str]:
    """Where Rust was, down to what called the test. Of a panic the hook has told that."""
    if not isinstance(error, GuestAborted) or error.kind == "panic":
        return []
    return [f"  {frame}" for frame in takewhile(lambda frame: _HARNESS not in frame.function, error.frames)]


def _indented(text: str) -> str:
    return "".join(f"    {line}".rstrip() + "\n" for line in text.splitlines())


def _unindented(text: str) -> str:
    return "".join(f"{line.removeprefix('    ')}\n" for line in text.splitlines())
