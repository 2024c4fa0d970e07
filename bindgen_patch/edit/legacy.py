"""Legacy exception handling -> exnref: rustc's default for ``panic=unwind`` made into what the engine runs.

Only functions that use the legacy instructions are written anew; the code of all others stays byte for byte, and nothing is renumbered
(block types that did not exist are appended to the type section). Code that lies behind them moves; in a guest with debug information a
list of what lay where goes along. A ::

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

Parameters of the try are parameters of all of these blocks. ``rethrow`` needs the exception itself: the clauses of a try that one names are
``catch_ref``/``catch_all_ref``, and its handlers begin by putting the exception into an appended local, which depends on how many such
tries are open. ``try … delegate`` is a ``try_table (catch_all_ref)`` whose target is a block just inside the
try it delegates to, with ``throw_ref`` behind it: the exception is thrown again there, and caught by that try and nothing between.

Sources: the legacy and the final exception-handling proposals.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from bindgen_patch.decode import opcodes
from bindgen_patch.decode.blame import DAMAGED
from bindgen_patch.decode.container import Id, Signature, Wasm
from bindgen_patch.decode.opcodes import Instruction
from bindgen_patch.decode.reader import Reader
from bindgen_patch.decode.rewrite import after_count
from bindgen_patch.decode.writer import sleb, uleb, vector
from bindgen_patch.edit.moved import with_bodies
from bindgen_patch.errors import GenerationError

_RETURN, _LOCAL_SET = 0x0F, 0x21
_EMPTY, _EXNREF = 0x40, 0x69
_CATCH, _CATCH_REF, _CATCH_ALL, _CATCH_ALL_REF = range(4)
_PLAIN_BLOCKS = frozenset({opcodes.BLOCK, opcodes.LOOP, opcodes.IF, opcodes.TRY_TABLE})
_OPENING = _PLAIN_BLOCKS | {opcodes.TRY}
_STRUCTURE = _OPENING | opcodes.LEGACY_EH | opcodes.BRANCHES | {opcodes.END, opcodes.BR_TABLE}

_VALUE_BYTES = {"i32": 0x7F, "i64": 0x7E, "f32": 0x7D, "f64": 0x7C, "v128": 0x7B, "funcref": 0x70, "externref": 0x6F, "exnref": _EXNREF}
_MOST_VALUES = 1000
"""What wasmtime allows a function's type to take or give: nothing much longer than what is read is written."""


def translate(wasm: Wasm) -> Wasm:
    """The module with every legacy instruction translated. Raises ``GenerationError`` for code that is not well formed."""
    types = _Types(wasm)
    first = len(wasm.imported_functions)
    bodies, stretches = {}, {}
    for place, (start, end) in enumerate(wasm.bodies):
        code = opcodes.code_start(wasm.data, start, end)
        if any(True for _ in opcodes.walk(wasm.data, code, end, opcodes.LEGACY_EH)):
            function = _Function(wasm, types, first + place)
            bodies[first + place], stretches[first + place] = function.translated(), function.stretches
    return with_bodies(wasm, bodies, stretches, types.section()) if bodies else wasm


class _Types:
    """Function types by index, growing at the end."""

    def __init__(self, wasm: Wasm) -> None:
        self.wasm = wasm
        self.numbers: dict[Signature, int] = {}
        for number, signature in enumerate(wasm.types):
            if _VALUE_BYTES.keys() >= {*signature.params, *signature.results}:
                self.numbers.setdefault(signature, number)
        self.added: list[Signature] = []

    def carried(self, tag: int) -> tuple[str, ...]:
        """The values of an exception."""
        if tag >= len(self.wasm.tags):
            raise _malformed(f"catch of tag {tag}, which there is not")
        return self.wasm.types[self.wasm.tags[tag]].params

    def taken(self, number: int) -> tuple[str, ...]:
        """The parameters of a block, by the number that stands for its type in the code."""
        if number >= len(self.wasm.types):
            raise _malformed(f"a block of type {number}, which there is not")
        return self.wasm.types[number].params if number >= 0 else ()

    def block(self, params: tuple[str, ...], results: tuple[str, ...]) -> bytes:
        """A block's type, as it stands in the code."""
        if not params and not results:
            return bytes((_EMPTY,))
        if not params and len(results) == 1:
            return _value_type(results[0])
        wanted = Signature(params, results)
        if wanted not in self.numbers:
            if max(len(params), len(results)) > _MOST_VALUES:
                raise _malformed(f"an exception or a try with more than {_MOST_VALUES} values")
            self.numbers[wanted] = len(self.wasm.types) + len(self.added)
            self.added.append(wanted)
        return sleb(self.numbers[wanted])

    def section(self) -> bytes:
        """The content of the type section, the new types behind the old ones."""
        section = self.wasm.section(Id.TYPE)
        old = self.wasm.data[after_count(self.wasm, section) : section.end] if section else b""
        added = [b"\x60" + vector(map(_value_type, new.params)) + vector(map(_value_type, new.results)) for new in self.added]
        return uleb(len(self.wasm.types) + len(added)) + old + b"".join(added)


def _value_type(name: str) -> bytes:
    if name not in _VALUE_BYTES:
        raise _malformed(f"an exception or a try with a value of type {name}")
    return bytes((_VALUE_BYTES[name],))


# ---------------------------------------------------------------------------------------------- what a function holds


@dataclass(slots=True)
class _Try:
    """One legacy try, as found before anything is written."""

    type: bytes
    params: tuple[str, ...]
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
    """One open label while reading: the try it belongs to, if any, and the one that guards what is in it, ``None`` in handlers' place."""

    block: _Try | None
    guard: _Try | None

    @property
    def in_handler(self) -> bool:
        """Whether a handler of this try has begun."""
        return self.block is not None and self.guard is not self.block


@dataclass(slots=True)
class _Open:
    """One open label while writing: ``br`` goes to the block at ``height``, what is delegated to it to the one at ``landing``."""

    height: int
    landing: int
    block: _Try | None = None
    in_handler: bool = False
    local: int = 0
    """Holds the exception of a try that is rethrown."""


class _Function:
    """Writes one function anew."""

    def __init__(self, wasm: Wasm, types: _Types, function: int) -> None:
        self.data = wasm.data
        self.types = types
        start, self.end = wasm.body(function) or (0, 0)
        self.code = opcodes.code_start(self.data, start, self.end)
        self.declarations, self.groups, declared = _declarations(Reader(self.data, start, self.code))
        self.first_local = len(wasm.signature(function).params) + declared
        self.tries: dict[int, _Try] = {}
        self.to_caller = False
        self.out = bytearray()
        self.kept = self.code
        self.height = 0
        self.labels: list[_Open] = []
        self.stretches: list[tuple[int, int]] = []
        """What was copied: how far from the end of the new body, and from where."""
        self.rethrown = self.most_rethrown = 0

    def translated(self) -> bytes:
        """The new body: local declarations, then code."""
        self._survey()
        self._write()
        self.stretches = [(len(self.out) - place, was) for place, was in self.stretches]
        added = [uleb(self.most_rethrown) + bytes((_EXNREF,))] if self.most_rethrown else []
        return uleb(self.groups + len(added)) + self.declarations + b"".join(added) + bytes(self.out)

    # ------------------------------------------------------------------ reading

    def _instructions(self) -> Iterator[Instruction]:
        return opcodes.walk(self.data, self.code, self.end, _STRUCTURE)

    def _survey(self) -> None:
        """Find every try with its clauses, what is rethrown, and where delegates lead. Behind this, labels and nesting are right."""
        labels = [_Label(None, None)]
        after = self.code
        for opcode, at, after in self._instructions():
            if not labels:
                raise _malformed("instructions behind the end of a function")
            top = labels[-1]
            if opcode == opcodes.TRY:
                params = self.types.taken(Reader(self.data, at + 1, after).s33())
                block = self.tries[at] = _Try(self.data[at + 1 : after], params)
                labels.append(_Label(block, block))
            elif opcode in _PLAIN_BLOCKS:
                labels.append(_Label(None, top.guard))
            elif opcode in (opcodes.CATCH, opcodes.CATCH_ALL):
                if top.block is None or None in top.block.tags[-1:]:
                    raise _malformed("a catch that belongs to no try")
                top.block.tags.append(self._operand(at, after) if opcode == opcodes.CATCH else None)
                top.guard = labels[-2].guard
            elif opcode == opcodes.DELEGATE:
                labels.pop()
                if top.block is None or top.in_handler:
                    raise _malformed("a delegate that belongs to no try")
                top.block.delegates = self._operand(at, after)
                self._delegated(_at(labels, top.block.delegates).guard)
            elif opcode == opcodes.END:
                labels.pop()
            elif opcode == opcodes.RETHROW:
                named = _at(labels, self._operand(at, after))
                if named.block is None or not named.in_handler:
                    raise _malformed("a rethrow outside of a handler")
                named.block.rethrown = True
            else:
                for relative in self._targets(opcode, at, after):
                    _at(labels, relative)
        if labels or after != self.end:
            raise _malformed("a function whose blocks do not end where its code does")

    def _delegated(self, guard: _Try | None) -> None:
        if guard is None:
            self.to_caller = True
        else:
            guard.is_target = True

    def _operand(self, at: int, after: int) -> int:
        return Reader(self.data, at + 1, after).u32()

    def _targets(self, opcode: int, at: int, after: int) -> list[int]:
        """The labels of a branch, as they stand."""
        reader = Reader(self.data, at + 1, after)
        return [reader.u32() for _ in range(reader.count() + 1 if opcode == opcodes.BR_TABLE else 1)]

    # ------------------------------------------------------------------ writing

    def _write(self) -> None:
        self.height = 1
        self.labels = [_Open(height=0, landing=self._open_landing(()) if self.to_caller else 0)]
        for opcode, at, after in self._instructions():
            if self.kept < at:
                self.stretches.append((len(self.out), self.kept))
                self.out += self.data[self.kept : at]
            self.kept = after
            if opcode == opcodes.TRY:
                self._try(self.tries[at])
            elif opcode in _PLAIN_BLOCKS:
                self._plain(opcode, at, after)
            elif opcode in (opcodes.CATCH, opcodes.CATCH_ALL):
                self._catch()
            elif opcode == opcodes.RETHROW:
                self._put(opcodes.LOCAL_GET, self.labels[-1 - self._operand(at, after)].local)
                self.out.append(opcodes.THROW_REF)
            elif opcode in (opcodes.DELEGATE, opcodes.END):
                self._end()
            else:
                targets = [self._to(self.labels[-1 - relative].height) for relative in self._targets(opcode, at, after)]
                self.out.append(opcode)
                if opcode == opcodes.BR_TABLE:
                    self.out += uleb(len(targets) - 1)
                self.out += b"".join(map(uleb, targets))

    def _put(self, opcode: int, operand: int) -> None:
        self.out += bytes((opcode,)) + uleb(operand)

    def _to(self, height: int) -> int:
        """The label of the block at ``height``, from here."""
        return self.height - 1 - height

    def _open(self, opcode: int, block_type: bytes) -> int:
        """Gives the height of the block."""
        self.out += bytes((opcode,)) + block_type
        self.height += 1
        return self.height - 1

    def _close(self) -> None:
        self.out.append(opcodes.END)
        self.height -= 1

    def _open_landing(self, params: tuple[str, ...]) -> int:
        """A block just inside of what delegates lead to; :meth:`_close_landing` throws behind its end."""
        return self._open(opcodes.BLOCK, self.types.block(params, ("exnref",)))

    def _close_landing(self, leave: bytes) -> None:
        self.out += leave
        self._close()
        self.out.append(opcodes.THROW_REF)

    def _plain(self, opcode: int, at: int, after: int) -> None:
        if opcode == opcodes.TRY_TABLE:
            raise _malformed("both forms of exception handling in one function")
        self.labels.append(_Open(self._open(opcode, self.data[at + 1 : after]), self.labels[-1].landing))

    def _try(self, block: _Try) -> None:
        label = _Open(self.height, self.labels[-1].landing, block)
        if block.tags:
            self._open(opcodes.BLOCK, block.type)
            for tag in reversed(block.tags):
                carried = self.types.carried(tag) if tag is not None else ()
                self._open(opcodes.BLOCK, self.types.block(block.params, (*carried, "exnref") if block.rethrown else carried))
        clauses = list(self._clauses(block))
        self._open(opcodes.TRY_TABLE if clauses else opcodes.BLOCK, block.type + (vector(clauses) if clauses else b""))
        if block.is_target:
            label.landing = self._open_landing(block.params)
        if block.rethrown:
            label.local = self.first_local + self.rethrown
            self.rethrown += 1
            self.most_rethrown = max(self.most_rethrown, self.rethrown)
        self.labels.append(label)

    def _clauses(self, block: _Try) -> Iterator[bytes]:
        """The clauses of the try_table about to be written; their labels count from outside of it."""
        if block.delegates is not None:
            yield bytes((_CATCH_ALL_REF,)) + uleb(self._to(self.labels[-1 - block.delegates].landing))
        for label, tag in enumerate(block.tags):
            if tag is None:
                yield bytes((_CATCH_ALL_REF if block.rethrown else _CATCH_ALL,)) + uleb(label)
            else:
                yield bytes((_CATCH_REF if block.rethrown else _CATCH,)) + uleb(tag) + uleb(label)

    def _catch(self) -> None:
        """A handler begins: what ran before it goes to the end of the try."""
        label = self.labels[-1]
        assert label.block is not None
        if not label.in_handler:
            self._end_body(label.block)
        self._put(opcodes.BR, self._to(label.height))
        self._close()
        label.in_handler, label.landing = True, self.labels[-2].landing
        if label.block.rethrown:
            self._put(_LOCAL_SET, label.local)

    def _end_body(self, block: _Try) -> None:
        """The end of what a try guards."""
        if block.is_target:
            self._close_landing(bytes((opcodes.BR, 1)))
        self._close()

    def _end(self) -> None:
        label = self.labels.pop()
        if not self.labels and self.to_caller:
            self._close_landing(bytes((_RETURN,)))
        if label.block is None:
            self._close()
            return
        self.rethrown -= label.block.rethrown
        if label.in_handler:
            self._close()
        else:
            self._end_body(label.block)


def _at(labels: list[_Label], relative: int) -> _Label:
    if relative >= len(labels):
        raise _malformed(f"a label {relative} that is not open")
    return labels[-1 - relative]


def _declarations(reader: Reader) -> tuple[bytes, int, int]:
    """Local declarations without their number, their number, and how many locals they declare."""
    number = reader.count(2)
    start, declared = reader.pos, 0
    for _ in range(number):
        declared += reader.u32()
        if reader.byte() in (0x63, 0x64):
            reader.s33()
    return reader.data[start : reader.pos], number, declared


def _malformed(what: str) -> GenerationError:
    return GenerationError(f"the code holds {what}", hint=DAMAGED)
