"""The command line: ``gen`` and ``inspect``. It talks to people; the work is in :mod:`bindgen_patch.pipeline`."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from bindgen_patch import __version__, pipeline, report
from bindgen_patch.emit.package import check_ours, differences, write
from bindgen_patch.errors import GenerationError
from bindgen_patch.precompile import differences as compiled_differences
from bindgen_patch.precompile import precompiled, settle

_PATH = click.Path(path_type=Path)
_PIPE_WIDTH = 400
"""Columns of a table that no terminal wraps."""


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
    options = pipeline.Options(vendor, pep8, abort_handler == "on", reset_state)
    made = pipeline.generate(pipeline.read(module), module.name, options)
    if show is not None:
        click.echo({"ir": report.ir_text(made.module), "plain": made.plain, "guarded": made.guarded}[show], nl=False)
        return
    assert out is not None
    stale = sorted(made.files) if check else []
    if check and out.is_dir():
        stale = differences(made.files, out) + compiled_differences(made.files, out, wanted=precompile)
    elif not check:
        made = replace(made, files=made.files | (precompiled(made.files) if precompile else {}))
        write(made.files, out)
        settle(made.files, out)
    if as_json:
        click.echo(json.dumps(report.generated(made, out, stale if check else None), indent=2))
    elif check and stale:
        click.echo(f"{out} is stale: {', '.join(stale)}; run `bindgen-patch gen {module} -o {out}`", err=True)
    elif not quiet:
        _say(made, out, check=check, verbose=verbose)
    ctx.exit(1 if stale else 0)


def _say(made: pipeline.Generated, out: Path, *, check: bool, verbose: bool) -> None:
    m = made.python
    verb = "is up to date" if check else "written"
    counts = ((m.functions, "function", "functions"), (m.classes, "class", "classes"), (m.enums, "enum", "enums"))
    offered = ", ".join(f"{len(items)} {one if len(items) == 1 else many}" for items, one, many in counts if items)
    click.echo(f"{out} {verb}: {offered or 'nothing to call'}; {report.panics(made.module)}")
    for note in m.notes if verbose else m.notes[:5]:
        click.echo(f"note: {note}")
    if not verbose and len(m.notes) > 5:
        click.echo(f"note: {len(m.notes) - 5} more; -v lists them")
    if verbose:
        for name, content in sorted(made.files.items()):
            click.echo(f"  {name}  {len(content)} bytes")


@main.command()
@click.argument("module", type=_PATH)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def inspect(module: Path, as_json: bool) -> None:
    """Show what MODULE exports and wants, what of recovery it supports, and why not."""
    facts = report.inspected(pipeline.read(module), module.name)
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
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


def _plain(value: object) -> str:
    from rich.markup import escape

    text = {True: "yes", False: "no", None: "-"}.get(value, value) if isinstance(value, bool | None) else value
    return escape(str(text))


if __name__ == "__main__":
    main()
