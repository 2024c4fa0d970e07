"""The command line: ``gen``, ``inspect`` and ``test``. It talks to people; the work is in :mod:`bindgen_patch.pipeline`.

The stages and their libraries are imported when there is work for them: a ``gen`` that changes nothing does without.
"""

from __future__ import annotations

import gc
import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bindgen_patch import __version__, inputs, symbols
from bindgen_patch.emit import receipt
from bindgen_patch.emit.package import check_ours, differences, write
from bindgen_patch.errors import GenerationError

if TYPE_CHECKING:
    from bindgen_patch import pipeline

_PATH = click.Path(path_type=Path)
_PIPE_WIDTH = 400
"""Columns of a table that no terminal wraps."""
_PATIENCE = 0.7
"""Seconds after which a terminal is told what takes so long."""


class _Group(click.Group):
    """Prints what goes wrong with a guest as one ``error:`` line and a hint, exit status 2."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except GenerationError as error:
            click.echo(f"error: {' '.join(str(error).split())}", err=True)
            if error.hint:
                click.echo(f"hint: {error.hint}", err=True)
            ctx.exit(2)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="bindgen-patch")
def main() -> None:
    """Typed Python bindings for wasm-bindgen guests, guarded against panics and aborts."""


@main.command()
@click.argument("module", type=_PATH)
@click.option("-o", "--out", type=_PATH, help="Folder of the package; an earlier package there is replaced.")
@click.option("--vendor", is_flag=True, help="Copy the run time into the package, which then needs wasmtime only.")
@click.option("--pep8", is_flag=True, help="Offer camelCase exports under snake_case names.")
@click.option("--abort-handler", type=click.Choice(["on", "off"]), default="on", help="off: a panic=abort guest goes on after it failed.")
@click.option("--reset-state", is_flag=True, help="Offer __wbg_reset_state, which replaces the instance at once.")
@click.option("--precompile", is_flag=True, help="Ship code compiled for this machine's wasmtime; elsewhere it is ignored.")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 when the package in the folder is stale.")
@click.option("--show", type=click.Choice(["ir", "plain", "guarded"]), help="Print what a stage makes of the guest; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Report as JSON.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing when all is well.")
@click.option("-v", "--verbose", is_flag=True, help="List every file and every note.")
@click.pass_context
def gen(
    ctx: click.Context,
    module: Path,
    out: Path | None,
    vendor: bool,
    pep8: bool,
    abort_handler: str,
    reset_state: bool,
    precompile: bool,
    check: bool,
    show: str | None,
    as_json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Write a Python package for MODULE, a guest as cargo built it."""
    if out is None and show is None:
        raise click.UsageError("Missing option '-o' / '--out': the folder of the package.")
    if out is not None and not check and show is None:
        check_ours(out)
    options = inputs.Options(vendor, pep8, abort_handler == "on", reset_state)
    data = inputs.read(module)
    if show is not None:
        _show(_generate(data, module.name, options), show)
        return
    assert out is not None
    told = _unchanged(out, data, module.name, options, precompile=precompile, check=check)
    stale: list[str] = []
    verb = "is up to date"
    if told is None:
        from bindgen_patch import precompile as compiling

        made = _generate(data, module.name, options)
        told = made.told
        if check:
            stale = differences(made.files, out) + compiling.differences(made.files, out, wanted=precompile)
        else:
            files = made.files | (compiling.precompiled(made.files) if precompile else {})
            write(files, out)
            compiling.settle(files, out)
            verb = "written"
    if as_json:
        click.echo(json.dumps({"package": str(out)} | told | ({"stale": stale} if check else {}), indent=2))
    elif stale:
        click.echo(f"{out} is stale: {', '.join(stale)}; run `bindgen-patch gen {module} -o {out}`", err=True)
    elif not quiet:
        _say(told, f"{out} {verb}", verbose=verbose)
    ctx.exit(1 if stale else 0)


def _unchanged(out: Path, data: bytes, name: str, options: inputs.Options, *, precompile: bool, check: bool) -> receipt.Told | None:
    """What to say of the package in ``out`` when there is nothing to write, compiled code included; else ``None``."""
    told = receipt.unchanged(out, data, name, asdict(options))
    shipped = (out / symbols.PRECOMPILED).exists()
    if told is None or not (shipped or precompile):
        return told
    if shipped and not (precompile or check):
        return None  # it is not wanted any more
    from bindgen_patch import precompile as compiling

    files = {path: (out / path).read_bytes() for path in compiling.GUESTS}
    return None if compiling.differences(files, out, wanted=precompile) else told


def _generate(data: bytes, name: str, options: inputs.Options) -> pipeline.Generated:
    from bindgen_patch import pipeline

    gc.disable()  # what is made here is kept to the end, and looking for what could be freed would take a quarter of the time
    try:
        with _progress(name) as stage:
            return pipeline.generate(data, name, options, stage)
    finally:
        gc.enable()


@contextmanager
def _progress(name: str) -> Iterator[Callable[[str], None]]:
    """Tells somebody at a terminal which stage is at work, once it has taken a while."""
    now, status = name, None
    with ExitStack() as shown:

        def stage(title: str) -> None:
            nonlocal now
            now = f"{name}: {title}"
            if status is not None:
                status.update(now)

        def show() -> None:
            from rich.console import Console

            nonlocal status
            status = shown.enter_context(Console(stderr=True).status(now))

        if not sys.stderr.isatty():
            yield stage
            return
        patience = threading.Timer(_PATIENCE, show)
        patience.start()
        try:
            yield stage
        finally:
            patience.cancel()
            patience.join()


def _show(made: pipeline.Generated, stage: str) -> None:
    from bindgen_patch import report

    click.echo({"ir": report.ir_text(made.module), "plain": made.plain, "guarded": made.guarded}[stage], nl=False)


def _say(told: receipt.Told, what: str, *, verbose: bool) -> None:
    counts = (("functions", "function"), ("classes", "class"), ("enums", "enum"))
    offered = ", ".join(f"{len(told[many])} {one if len(told[many]) == 1 else many}" for many, one in counts if told[many])
    click.echo(f"{what}: {offered or 'nothing to call'}; {told['panics']}")
    notes = told["notes"]
    for note in notes if verbose else notes[:5]:
        click.echo(f"note: {note}")
    if not verbose and len(notes) > 5:
        click.echo(f"note: {len(notes) - 5} more; -v lists them")
    if verbose:
        for name, size in told["files"].items():
            click.echo(f"  {name}  {size} bytes")


@main.command()
@click.argument("module", type=_PATH)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def inspect(module: Path, as_json: bool) -> None:
    """Show what MODULE exports and wants, what of recovery it supports, and why not."""
    from bindgen_patch import report

    facts = report.inspected(inputs.read(module), module.name)
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH)
    for title, value in facts["guest"].items():
        console.print(f"[bold]{title.replace('_', ' ')}[/]: {_plain(value)}")
    for title, rows in (("recovery", facts["recovery"]), ("exports", facts["exports"]), ("imports to provide", facts["imports"])):
        if rows:
            table = Table(*rows[0], title=title, title_justify="left", box=None, pad_edge=False)
            for row in rows:
                table.add_row(*(_plain(cell) for cell in row.values()))
            console.print()
            console.print(table)
    for note in facts["notes"]:
        console.print(f"note: {note}", markup=False)


@main.command()
@click.argument("module", type=_PATH)
@click.argument("filters", nargs=-1)
@click.option("--exact", is_flag=True, help="Filters are whole names, not parts of them.")
@click.option("--skip", multiple=True, metavar="FILTER", help="Leave out the tests that this fits; may be given more than once.")
@click.option("--include-ignored", is_flag=True, help="Run ignored tests as well.")
@click.option("--ignored", is_flag=True, help="Run ignored tests and no others.")
@click.option("--list", "as_list", is_flag=True, help="List the tests; run none.")
@click.option("--nocapture", "--no-capture", is_flag=True, help="Print what tests write to the console at once, too.")
@click.option("--format", "form", type=click.Choice(["pretty", "terse"]), default="pretty", help="terse: one character per test.")
@click.option("-q", "--quiet", is_flag=True, help="The same as --format terse.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=20.0,
    show_default=True,
    envvar="WASM_BINDGEN_TEST_TIMEOUT",
    show_envvar=True,
    help="Seconds that a test may take.",
)
@click.option("--module", "given", multiple=True, metavar="NAME=FILE.py", help="Let a Python module stand in for one of JavaScript's.")
@click.option("--json", "record", type=_PATH, metavar="FILE", help="Write what became of each test to FILE as well.")
@click.option("--bench", is_flag=True, hidden=True)
@click.pass_context
def test(
    ctx: click.Context,
    module: Path,
    filters: tuple[str, ...],
    exact: bool,
    skip: tuple[str, ...],
    include_ignored: bool,
    ignored: bool,
    as_list: bool,
    nocapture: bool,
    form: str,
    quiet: bool,
    timeout: float,
    given: tuple[str, ...],
    record: Path | None,
    bench: bool,
) -> None:
    """Run the tests in MODULE, a suite of wasm-bindgen-test as cargo built it; FILTERS are parts of their names.

    Meant to be cargo's runner: CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER='bindgen-patch test'.
    """
    if ignored and include_ignored:
        raise GenerationError("--ignored and --include-ignored exclude each other", hint="--include-ignored runs all tests")
    if bench:
        raise GenerationError("benchmarks are not run", hint="upstream's wasm-bindgen-test-runner runs them")
    from bindgen_patch.decode import suite
    from bindgen_patch.testing.choice import Choice

    data = inputs.read(module)
    wasm = suite.read(data, module.name)
    found = suite.tests(wasm)
    choice = Choice(filters, skip, exact, "run" if include_ignored else "only" if ignored else "told")
    chosen = choice.of(found)
    if as_list:
        click.echo("".join(f"{one.name}: test\n" for one in chosen), nl=False)
        return
    if not chosen:
        click.echo("no tests to run!")
        return
    from bindgen_patch.testing import run, show
    from bindgen_patch.testing.host import Host

    if wanted := suite.mode(wasm):
        click.echo(f"note: the suite asks to be run in {wanted}; here it runs on a Python host", err=True)
    partners = {name: run.partner(name, path) for name, path in map(_partner, given)}
    host = Host(nocapture=nocapture)
    with run.bindings(_generate(data, module.name, run.OPTIONS).files) as package:
        for note in run.unused(package, partners):
            click.echo(f"note: {note}", err=True)
        filtered = len(found) - len(chosen)
        running = run.run(package, choice.in_turn(chosen), host, partners, timeout, ignored=choice.ignored != "told")
        outcomes = show.show(running, len(chosen), filtered, terse=quiet or form == "terse")
    if record is not None:
        record.write_text(json.dumps(show.record(outcomes, filtered), indent=1) + "\n", "utf-8")
    ctx.exit(1 if any(outcome.status == "FAIL" for outcome in outcomes) else 0)


def _partner(given: str) -> tuple[str, Path]:
    name, equals, path = given.rpartition("=")
    if not (name and equals and path):
        raise GenerationError(f"--module {given}: there is no NAME=FILE.py", hint="for instance --module ./host.js=tests/host.py")
    return name, Path(path)


def _plain(value: object) -> str:
    from rich.markup import escape

    text = {True: "yes", False: "no", None: "-"}.get(value, value) if isinstance(value, bool | None) else value
    return escape(str(text))


if __name__ == "__main__":
    main()
