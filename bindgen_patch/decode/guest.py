"""What the resolving modules share: one guest's bytes, metadata and descriptors, and the look-ups that need all three."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from bindgen_patch import ir, symbols
from bindgen_patch.decode.analysis import Described
from bindgen_patch.decode.blame import DAMAGED, blaming
from bindgen_patch.decode.container import Wasm
from bindgen_patch.decode.descriptors import Descriptors
from bindgen_patch.decode.identities import Identities
from bindgen_patch.decode.metadata import Metadata
from bindgen_patch.errors import GenerationError


@dataclass(frozen=True, slots=True)
class Guest:
    """A guest, read but not yet resolved."""

    wasm: Wasm
    metadata: Metadata
    described: Described
    identities: Identities

    @property
    def descriptors(self) -> Descriptors:
        """The decoder of this guest's descriptors."""
        return Descriptors(self.metadata.schema, self.identities)

    def signature(self, shim: str) -> ir.Signature | None:
        """How a function is described; ``None`` when it is not, which means that nothing uses it."""
        words = self.described.shims.get(shim)
        with blaming(f"`{shim}`"):
            return None if words is None else self.descriptors.signature(words)

    def type(self, shim: str) -> ir.Type | None:
        """How a field or a static is described."""
        words = self.described.shims.get(shim)
        with blaming(f"`{shim}`"):
            return None if words is None else self.descriptors.type(words)

    def exported(self, symbol: str) -> ir.FuncType:
        """The wasm type of an export that the metadata promises."""
        index = self.wasm.exported_functions.get(symbol)
        if index is None:
            raise GenerationError(f"export `{symbol}` is missing", hint=DAMAGED)
        return self.wasm.words(index, f"export `{symbol}`")


def doc(comments: tuple[str, ...]) -> str:
    """Doc comments as one text: common indentation (rustdoc's leading space) and outer blank lines gone."""
    text = textwrap.dedent("\n".join(comments))
    return "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")


def namespace(names: tuple[str, ...] | None) -> tuple[str, ...]:
    """A namespace that may be missing."""
    return names or ()


def qualified(names: tuple[str, ...] | None, name: str) -> str:
    """A name below a namespace that may be missing."""
    return symbols.qualified(namespace(names), name)
