"""What a package is made from, apart from this tool: a guest and options."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bindgen_patch.errors import GenerationError


@dataclass(frozen=True, slots=True)
class Options:
    """What a user may choose: the options of ``gen``, which explains them. ``tests`` is what the command of that name needs."""

    vendor: bool = False
    pep8: bool = False
    abort_handler: bool = True
    reset_state: bool = False
    tests: bool = False


DEFAULTS = Options()


def read(path: Path) -> bytes:
    """The guest's bytes. Raises :class:`GenerationError` with what to do when there is no such file."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise GenerationError(f"{path}: no such file", hint="cargo leaves guests in target/wasm32-unknown-unknown/release/") from None
    except OSError as error:
        raise GenerationError(f"{path}: {error.strerror or error}", hint="name the .wasm file that cargo built") from None
