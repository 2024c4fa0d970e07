"""Which definition a name means, and the key it goes by in :class:`bindgen_patch.ir.Module`.

Two crates, or two modules of one crate, may define types of one name as long as at most one is public. The public one keeps the name,
copies marked ``private`` are numbered (``Name2``, ``Name3`` …) in an order that depends on nothing but their crates and modules, as
wasm-bindgen's CLI numbers them. Rules: ``resolve_item_identities`` upstream; abi.md 2.2 (module hashes).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from bindgen_patch import symbols
from bindgen_patch.decode.blame import DAMAGED
from bindgen_patch.decode.program import DynamicUnion, Program, StringEnum, module_hash
from bindgen_patch.errors import GenerationError

VALUE, STRING_ENUM, UNION = range(3)
"""Kinds of definitions, in upstream's order. Structs and numeric enums are of one kind: both are values in JavaScript."""


class _Definition(NamedTuple):
    """One definition, in the order that numbering follows. Structs have no ``module``: a crate cannot have two of one name."""

    crate: str
    module: str
    kind: int
    private: bool

    @property
    def place(self) -> str:
        return f"module `{self.module}`" if self.module else f"crate `{self.crate.rpartition('-')[0] or self.crate}`"


Key = tuple[int, str, int | None, str]
"""Kind, crate, module hash (structs: ``None``), qualified name."""


class Identities:
    """Keys of everything a guest defines. It is the :class:`~bindgen_patch.decode.descriptors.Names` of descriptors.

    Raises ``GenerationError`` when two public definitions have one name.
    """

    def __init__(self, programs: Iterable[Program]) -> None:
        self._keys: dict[Key, str] = {}
        self._variants: dict[str, int] = {}
        self._signed: set[str] = set()
        programs = tuple(programs)
        grouped: defaultdict[str, set[_Definition]] = defaultdict(set)
        for program in programs:
            for name, definition in _definitions(program):
                grouped[name].add(definition)
        taken = set(grouped)
        for name, definitions in sorted(grouped.items()):
            self._assign(name, sorted(definitions), taken)
        for program in programs:
            crate, module = program.unique_crate_identifier, program.module_hash
            for text in _string_enums(program):
                self._variants[self._find(STRING_ENUM, crate, module, text.name)] = len(text.variant_values)
            self._signed |= {self.enum(symbols.qualified(e.js_namespace or (), e.name), crate, module) for e in program.enums if e.signed}

    def struct(self, name: str, crate: str) -> str:
        """The key of an exported struct; ``name`` is qualified."""
        return self._find(VALUE, crate, None, name)

    def enum(self, name: str, crate: str, module: int | None) -> str:
        """The key of an exported numeric enum; ``name`` is qualified."""
        return self._find(VALUE, crate, module, name)

    def signed(self, enum: str) -> bool:
        """Whether the numeric enum of that key has numbers below zero."""
        return enum in self._signed

    def string_enum(self, name: str, crate: str | None, module: int | None, variants: int) -> str:
        """The key of a string enum."""
        key = self._find(STRING_ENUM, crate, module, name)
        known = self._variants[key]
        if variants != known:
            raise GenerationError(f"string enum `{name}` has {known} variants, but is described with {variants}", hint=DAMAGED)
        return key

    def union(self, name: str, crate: str | None, module: int | None) -> str:
        """The name of a dynamic union."""
        return self._find(UNION, crate, module, name)

    def class_of(self, name: str, crate: str) -> str | None:
        """The key of the class that methods of ``crate`` name by its qualified ``name``."""
        return self._keys.get((VALUE, crate, None, name))

    def parent_of(self, name: str, crate: str) -> str | None:
        """The key of the class that a struct of ``crate`` extends: its own crate's of that name, else the only one of that name,
        else the only one of that name in some namespace (``extends`` need not repeat the parent's)."""
        structs = {(owner, known): key for (kind, owner, module, known), key in self._keys.items() if (kind, module) == (VALUE, None)}
        named = [key for (_, known), key in structs.items() if known == name]
        spaced = [key for (_, known), key in structs.items() if known.endswith(symbols.qualified(("",), name))]
        if (crate, name) in structs:
            return structs[crate, name]
        return next((found[0] for found in (named, spaced) if len(found) == 1), None)

    def _find(self, kind: int, crate: str | None, module: int | None, name: str) -> str:
        key = self._only(kind, name) if crate is None else self._keys.get((kind, crate, module, name))
        if key is None:
            whose = f" of crate `{crate}`" if crate else ""
            raise GenerationError(f"a type descriptor names `{name}`{whose}, which the guest does not define", hint=DAMAGED)
        return key

    def _only(self, kind: int, name: str) -> str | None:
        """The key of the one definition of that name: descriptors of earlier schemas do not say whose it is."""
        found = {owner: key for (known, owner, _, called), key in self._keys.items() if (known, called) == (kind, name)}
        if len(found) > 1:
            crates = " and ".join(f"crate `{owner.rpartition('-')[0] or owner}`" for owner in sorted(found))
            raise GenerationError(
                f"`{name}` is defined by {crates}, and the guest's wasm-bindgen does not say which of them is meant",
                hint="rename one of them, or build the guest with wasm-bindgen 0.2.130 or later",
            )
        return next(iter(found.values()), None)

    def _assign(self, name: str, definitions: list[_Definition], taken: set[str]) -> None:
        _refuse_public_doubles(name, definitions)
        free = all(d.private for d in definitions)
        number = 2
        for definition in definitions:
            identity = name
            if definition.private and not free:
                while (identity := f"{name}{number}") in taken:
                    number += 1
                taken.add(identity)
            elif definition.private:
                free = False
            key = (definition.kind, definition.crate, module_hash(definition.module), name)
            if key in self._keys:
                raise GenerationError(
                    f"`{name}` is defined twice in {definition.place}, or in modules whose hashes collide",
                    hint="move one definition into a module of its own, or rename it",
                )
            self._keys[key] = identity


def _definitions(program: Program) -> Iterator[tuple[str, _Definition]]:
    crate, module = program.unique_crate_identifier, program.module_path
    for struct in program.structs:
        yield symbols.qualified(struct.js_namespace or (), struct.name), _Definition(crate, "", VALUE, struct.private)
    for enum in program.enums:
        yield symbols.qualified(enum.js_namespace or (), enum.name), _Definition(crate, module, VALUE, enum.private)
    for imported in program.imports:
        match imported.kind:
            case StringEnum() as found:
                yield found.name, _Definition(crate, module, STRING_ENUM, found.private)
            case DynamicUnion() as found:
                yield found.name, _Definition(crate, module, UNION, found.private)
            case _:
                pass


def _string_enums(program: Program) -> Iterator[StringEnum]:
    return (imported.kind for imported in program.imports if isinstance(imported.kind, StringEnum))


def _refuse_public_doubles(name: str, definitions: list[_Definition]) -> None:
    for kind in (VALUE, STRING_ENUM, UNION):
        public = [d.place for d in definitions if d.kind == kind and not d.private]
        if len(public) > 1:
            raise GenerationError(
                f"`{name}` is exported more than once: by {' and by '.join(public)}",
                hint="rename one with `js_name` or `js_namespace`, or mark copies that nobody needs `#[wasm_bindgen(private)]`",
            )
