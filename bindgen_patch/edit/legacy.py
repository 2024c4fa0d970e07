"""Legacy exception handling -> exnref: rustc's default for ``panic=unwind`` made into what the engine runs.

Only functions that use the legacy instructions are written anew; the code of all others stays byte for byte, and nothing is renumbered
(block types that did not exist are appended to the type section). A ::

    try (result t)  body  catch $a  handler 0  catch_all  handler 1  end

becomes, with the handlers' labels around the body from the inside out ::

    block (result t)                        ;; what `br` to the try meant
      block                                 ;; handler 1 begins behind its end
        block (result i32)                  ;; handler 0 begins behind its end, the payload of $a on the stack
          try_table (result t) (catch $a 0) (catch_all 1)  body  end
          br 2
        end
        handler 0
        br 1
      end
      handler 1
    end

``rethrow`` needs the exception itself: the clauses of a try that one names are ``catch_ref``/``catch_all_ref``, and its handlers begin by
putting the exception into an appended local. ``try … delegate`` is a ``try_table (catch_all_ref)`` whose target is a block just inside the
try it delegates to, with ``throw_ref`` behind it: the exception is thrown again there, and caught by that try and nothing between.

Sources: the legacy and the final exception-handling proposals.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

from bindgen_patch.decode import opcodes
from bindgen_patch.decode.blame import DAMAGED
from bindgen_patch.decode.container import Id, Signature, Wasm
from bindgen_patch.decode.opcodes import Instruction
from bindgen_patch.decode.reader import Reader
from bindgen_patch.decode.rewrite import after_count, assemble, code_section
from bindgen_patch.decode.writer import sized, sleb, uleb, vector
from bindgen_patch.errors import GenerationError

_BR, _BR_IF, _RETURN, _THROW_REF = 0x0C, 0x0D, 0x0F, 0x0A
_BR_ON_NULL, _BR_ON_NON_NULL = 0xD5, 0xD6
_LOCAL_GET, _LOCAL_SET = 0x20, 0x21
_EMPTY, _EXNREF = 0x40, 0x69
_CATCH, _CATCH_REF, _CATCH_ALL, _CATCH_ALL_REF = range(4)
_PLAIN_BLOCKS = frozenset({opcodes.BLOCK, opcodes.LOOP, opcodes.IF, opcodes.TRY_TABLE})
_OPENING = _PLAIN_BLOCKS | {opcodes.TRY}
_STRUCTURE = _OPENING | opcodes.LEGACY_EH | {opcodes.END, _BR, _BR_IF, _BR_ON_NULL, _BR_ON_NON_NULL, opcodes.BR_TABLE}

_VALUE_BYTES = {"i32": 0x7F, "i64": 0x7E, "f32": 0x7D, "f64": 0x7C, "v128": 0x7B, "funcref": 0x70, "externref": 0x6F, "exnref": _EXNREF}


def translate(wasm: Wasm) -> bytes:
    """The module with every legacy instruction translated. Raises ``GenerationError`` for code that is not well formed."""
    types = _Types(wasm)
    first = len(wasm.imported_functions)
    bodies = {}
    for place, (start, end) in enumerate(wasm.bodies):
        code = opcodes.code_start(wasm.data, start, end)
        if any(True for _ in opcodes.walk(wasm.data, code, end, opcodes.LEGACY_EH)):
            bodies[first + place] = _Function(wasm, types, first + place).translated()
    replaced: dict[int, bytes | None] = {}
    if bodies:
        replaced = {Id.CODE: code_section(wasm, bodies), Id.TYPE: types.section()}
    return assemble(wasm, replaced, lambda _custom: True)


class _Types:
    """Function types by index, growing at the end."""

    def __init__(self, wasm: Wasm) -> None:
        self.wasm = wasm
        self.all = list(wasm.types)

    def of_tag(self, tag: int) -> tuple[str, ...]:
        """What a tag carries."""
        if tag >= len(self.wasm.tags):
            raise _malformed(f"catch of tag {tag}, which there is not")
        return self.all[self.wasm.tags[tag]].params

    def block(self, results: tuple[str, ...]) -> bytes:
        """The block type that takes nothing and gives ``results``."""
        if not results:
            return bytes((_EMPTY,))
        if len(results) == 1:
            return bytes((_value_byte(results[0]),))
        wanted = Signature((), results)
        if wanted not in self.all:
            self.all.append(wanted)
        return sleb(self.all.index(wanted))

    def section(self) -> bytes:
        """The content of the type section, the new types behind the old ones."""
        section = self.wasm.section(Id.TYPE)
        old = self.wasm.data[after_count(self.wasm, section) : section.end] if section else b""
        added = [b"\x60" + _value_types(s.params) + _value_types(s.results) for s in self.all[len(self.wasm.types) :]]
        return uleb(len(self.all)) + old + b"".join(added)


def _value_byte(name: str) -> int:
    if name not in _VALUE_BYTES:
        raise _malformed(f"an exception or a try block with a value of type {name}")
    return _VALUE_BYTES[name]


def _value_types(names: tuple[str, ...]) -> bytes:
    return sized(bytes(_value_byte(name) for name in names))


# ---------------------------------------------------------------------------------------------- what a function holds


@dataclass(slots=True)
class _Try:
    """One legacy try, as found before anything is written."""

    params: tuple[str, ...]
    results: tuple[str, ...]
    tags: list[int | None] = field(default_factory=list)
    """The tag of each clause; ``None`` for catch_all."""
    delegates: int | None = None
    """For ``try … delegate``: nothing in ``tags``, and this is the label it names, as it stands."""
    rethrown: bool = False
    """Some ``rethrow`` names it: the exception is kept in a local while its handlers run."""
    is_target: bool = False
    """Some ``delegate`` leads to it."""


@dataclass(slots=True)
class _Label:
    """One open label while reading: ``block`` is the try it belongs to, if any, ``in_body`` whether its handlers still guard."""

    block: _Try | None = None
    in_body: bool = True


@dataclass(slots=True)
class _Open:
    """One open label while writing: ``br`` goes to the block at height ``height``; ``delegate`` leads to ``landing``."""

    height: int
    block: _Try | None = None
    landing: int | None = None
    handler: int = -1
    """How many handlers have begun, less one."""
    local: int = 0


class _Function:
    """Writes one function anew."""

    def __init__(self, wasm: Wasm, types: _Types, function: int) -> None:
        self.data = wasm.data
        self.types = types
        self.start, self.end = wasm.body(function) or (0, 0)
        self.code = opcodes.code_start(self.data, self.start, self.end)
        self.signature = wasm.signature(function)
        self.tries: dict[int, _Try] = {}
        self.out = bytearray()
        self.height = 0
        self.kept = self.code
        self.labels: list[_Open] = []
        self.locals: list[str] = []
        self.exceptions = 0
        self.first_local = len(self.signature.params) + self._declared()
        self.to_caller = False

    def translated(self) -> bytes:
        """The new body: local declarations, then code."""
        self._survey()
        self._write()
        old, count = self._declarations()
        groups = [(len(list(run)), kind) for kind, run in groupby(self.locals)]
        added = b"".join(uleb(number) + bytes((_value_byte(kind),)) for number, kind in groups)
        return uleb(count + len(groups)) + old + added + bytes(self.out)

    # ------------------------------------------------------------------ reading

    def _instructions(self) -> Iterator[Instruction]:
        return opcodes.walk(self.data, self.code, self.end, _STRUCTURE)

    def _survey(self) -> None:
        """Find every try with its clauses, what is rethrown, and where delegates lead."""
        labels = [_Label()]
        for opcode, at, after in self._instructions():
            if not labels:
                raise _malformed("code behind the end of a function")
            top = labels[-1]
            if opcode == opcodes.TRY:
                params, results = self._block_type(at, after)
                self.tries[at] = _Try(params, results)
                labels.append(_Label(self.tries[at]))
            elif opcode in _PLAIN_BLOCKS:
                labels.append(_Label())
            elif opcode in (opcodes.CATCH, opcodes.CATCH_ALL):
                if top.block is None or None in top.block.tags:
                    raise _malformed("a catch that belongs to no try")
                top.block.tags.append(self._operand(at, after) if opcode == opcodes.CATCH else None)
                top.in_body = False
            elif opcode == opcodes.RETHROW:
                named = self._label(labels, self._operand(at, after))
                if named.block is None or named.in_body:
                    raise _malformed("a rethrow outside of a handler")
                named.block.rethrown = True
            elif opcode == opcodes.DELEGATE:
                labels.pop()
                if top.block is None or top.block.tags:
                    raise _malformed("a delegate that belongs to no try")
                top.block.delegates = self._operand(at, after)
                target = _guarding(labels, top.block.delegates)
                if target is None:
                    self.to_caller = True
                elif target.block is not None:
                    target.block.is_target = True
            elif opcode == opcodes.END:
                labels.pop()
        if labels:
            raise _malformed("a function without an end")

    def _label(self, labels: list[_Label], relative: int) -> _Label:
        if relative >= len(labels):
            raise _malformed(f"a label {relative} that is not open")
        return labels[-1 - relative]

    def _operand(self, at: int, after: int) -> int:
        return Reader(self.data, at + 1, after).u32()

    def _block_type(self, at: int, after: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        number = Reader(self.data, at + 1, after).s33()
        if number >= 0:
            if number >= len(self.types.all):
                raise _malformed(f"a block of type {number}, which there is not")
            found = self.types.all[number]
            return found.params, found.results
        byte = number & 0x7F
        if byte == _EMPTY:
            return (), ()
        names = {code: name for name, code in _VALUE_BYTES.items()}
        if byte not in names:
            raise _malformed(f"a block of type {byte:#04x}")
        return (), (names[byte],)

    def _declared(self) -> int:
        reader = Reader(self.data, self.start, self.code)
        total = 0
        for _ in range(reader.count(2)):
            total += reader.u32()
            if reader.byte() in (0x63, 0x64):
                reader.s33()
        return total

    def _declarations(self) -> tuple[bytes, int]:
        """The old local declarations without their count, and the count."""
        reader = Reader(self.data, self.start, self.code)
        count = reader.count(2)
        return self.data[reader.pos : self.code], count

    # ------------------------------------------------------------------ writing

    def _write(self) -> None:
        self.labels = [_Open(0)]
        self.height = 1
        if self.to_caller:
            self.labels[0].landing = self._open_landing()
        for opcode, at, after in self._instructions():
            self._copy(at)
            self.kept = after
            if opcode == opcodes.TRY:
                self._try(self.tries[at])
            elif opcode in _PLAIN_BLOCKS:
                self._plain(opcode, at, after)
            elif opcode in (opcodes.CATCH, opcodes.CATCH_ALL):
                self._catch()
            elif opcode == opcodes.RETHROW:
                local = self.labels[-1 - self._operand(at, after)].local
                self._put(_LOCAL_GET, local)
                self.out.append(_THROW_REF)
            elif opcode in (opcodes.DELEGATE, opcodes.END):
                self._end()
            elif opcode == opcodes.BR_TABLE:
                reader = Reader(self.data, at + 1, after)
                targets = [self._branch(reader.u32()) for _ in range(reader.count() + 1)]
                self.out += bytes((opcode,)) + uleb(len(targets) - 1) + b"".join(uleb(target) for target in targets)
            else:
                self._put(opcode, self._branch(self._operand(at, after)))

    def _copy(self, until: int) -> None:
        self.out += self.data[self.kept : until]

    def _put(self, opcode: int, operand: int) -> None:
        self.out += bytes((opcode,)) + uleb(operand)

    def _branch(self, relative: int) -> int:
        """A label of the old code as a label of the new, from here."""
        return self._to(self.labels[-1 - relative].height)

    def _to(self, height: int) -> int:
        return self.height - 1 - height

    def _open(self, opcode: int, block_type: bytes) -> int:
        self.out += bytes((opcode,)) + block_type
        self.height += 1
        return self.height - 1

    def _open_landing(self) -> int:
        """A block just inside of what delegates lead to; :meth:`_close_landing` throws behind its end."""
        return self._open(opcodes.BLOCK, bytes((_EXNREF,)))

    def _close_landing(self, leave: bytes) -> None:
        self.out += leave + bytes((opcodes.END, _THROW_REF))
        self.height -= 1

    def _plain(self, opcode: int, at: int, after: int) -> None:
        if opcode == opcodes.TRY_TABLE:
            raise _malformed("both forms of exception handling in one function")
        self.labels.append(_Open(self._open(opcode, self.data[at + 1 : after])))

    def _try(self, block: _Try) -> None:
        results = self.types.block(block.results)
        spilled = self._spill(block.params)
        label = _Open(self.height, block)
        if block.tags:
            self._open(opcodes.BLOCK, results)
            for tag in reversed(block.tags):
                carried = self.types.of_tag(tag) if tag is not None else ()
                self._open(opcodes.BLOCK, self.types.block((*carried, "exnref") if block.rethrown else carried))
        clauses = list(self._clauses(block))
        self._open(opcodes.TRY_TABLE if clauses else opcodes.BLOCK, results + (vector(clauses) if clauses else b""))
        if block.is_target:
            label.landing = self._open_landing()
        for local in spilled:
            self._put(_LOCAL_GET, local)
        if block.rethrown:
            label.local = self._exception_local()
        self.labels.append(label)

    def _clauses(self, block: _Try) -> Iterator[bytes]:
        """The clauses of the try_table about to be written; their labels count from outside of it."""
        if block.delegates is not None:
            yield bytes((_CATCH_ALL_REF,)) + uleb(self._to(self._landing(block.delegates)))
        for label, tag in enumerate(block.tags):
            if tag is None:
                yield bytes((_CATCH_ALL_REF if block.rethrown else _CATCH_ALL,)) + uleb(label)
            else:
                yield bytes((_CATCH_REF if block.rethrown else _CATCH,)) + uleb(tag) + uleb(label)

    def _landing(self, relative: int) -> int:
        """The height of the block that a delegate leads to, from outside of its try."""
        for label in reversed(self.labels[: len(self.labels) - relative]):
            if label.landing is not None and label.handler < 0:
                return label.landing
        raise AssertionError("every delegate's landing was opened")

    def _spill(self, params: tuple[str, ...]) -> list[int]:
        """Parameters of a try wait in locals until its body begins."""
        spilled = [self._new_local(kind) for kind in params]
        for local in reversed(spilled):
            self._put(_LOCAL_SET, local)
        return spilled

    def _new_local(self, kind: str) -> int:
        self.locals.append(kind)
        return self.first_local + len(self.locals) - 1

    def _exception_local(self) -> int:
        """A local for the exception of a try; those that are open at once have different ones."""
        used = {label.local for label in self.labels if label.block is not None and label.block.rethrown}
        for place, kind in enumerate(self.locals):
            if kind == "exnref" and self.first_local + place not in used:
                return self.first_local + place
        return self._new_local("exnref")

    def _catch(self) -> None:
        """A handler begins: what ran before it goes to the end of the try."""
        label = self.labels[-1]
        block = label.block
        assert block is not None
        if label.handler < 0:
            self._end_body(label)
        self._put(_BR, self._to(label.height))
        self.out.append(opcodes.END)
        self.height -= 1
        label.handler += 1
        if block.rethrown:
            self._put(_LOCAL_SET, label.local)

    def _end_body(self, label: _Open) -> None:
        """The end of what a try guards."""
        if label.landing is not None:
            self._close_landing(bytes((_BR, 1)))
        self.out.append(opcodes.END)
        self.height -= 1

    def _end(self) -> None:
        label = self.labels.pop()
        if not self.labels and label.landing is not None:
            self._close_landing(bytes((_RETURN,)))
        if label.block is not None and label.handler < 0:
            self._end_body(label)
            return
        self.out.append(opcodes.END)
        self.height -= 1


def _guarding(labels: list[_Label], relative: int) -> _Label | None:
    """The try that an exception thrown at a label comes to; ``None`` when it leaves the function."""
    if relative >= len(labels):
        raise _malformed(f"a label {relative} that is not open")
    for label in reversed(labels[: len(labels) - relative]):
        if label.block is not None and label.in_body:
            return label
    return None


def _malformed(what: str) -> GenerationError:
    return GenerationError(f"the code holds {what}", hint=DAMAGED)
