"""Whole calls: a plain export that takes or returns text or buffers, in one crossing.

JavaScript's glue enters a guest three times for such a call: to allocate, to call, to free. Here a function is appended that does all of it
and is entered once, for what fits into an *area* that the host has taken off the shadow stack. What does not fit goes the long way.

The protocol (``runtime/quick.py`` and the accelerator are the other side; the places in the area are in ``symbols``):

- it takes what the export takes, but for a buffer the number of its elements instead of an address and a number; no result area; and, last,
  the address of the area and the most bytes of a result that it copies there. What the buffers hold lies in the area's data, one behind
  the other, each at a multiple of 8;
- it returns what the export returns. A result of several words is in the area's record. Text and buffers are copied into the area's data,
  then freed, and the number of elements is returned; -1 when that was not done, for an ``Err`` or one that is larger: then the record tells
  of it, and it is the host's to free;
- what the host has to free it may leave to the next of these functions: three words in the area, address, bytes, alignment. They are
  looked at first;
- while the guest's allocator runs, the area's first word is 1 + the number of bytes it was asked for. It is -1 when the function trapped
  because that returned null, -2 when it returned memory that is not there.

The host uses it for outermost calls only, so there is one area. Nothing here is trusted: the area is the guest's memory, like any other.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from bindgen_patch import ir, symbols
from bindgen_patch.decode.container import Wasm
from bindgen_patch.edit import instructions as op
from bindgen_patch.plain import PlainCall, plain_call


class Whole(NamedTuple):
    """A function to be appended."""

    export: str
    type: ir.FuncType
    body: bytes


def whole_calls(wasm: Wasm, module: ir.Module) -> list[Whole]:
    """One for each export that has a use for it."""
    exported = wasm.exported_functions
    allocator, deallocator = exported.get(symbols.MALLOC), exported.get(symbols.FREE)
    if allocator is None or deallocator is None or not wasm.memories:
        return []
    if wasm.words(allocator, symbols.MALLOC) != _MALLOC or wasm.words(deallocator, symbols.FREE) != _FREE:
        return []
    found: dict[str, Whole] = {}
    for item in module.exports:
        call = plain_call(item)
        if call and any(map(width, (*call.params, call.result))):
            found[item.symbol] = _whole(item, call, exported[item.symbol], allocator, deallocator)
    return list(found.values())


_MALLOC = ir.FuncType(("i32", "i32"), ("i32",))
_FREE = ir.FuncType(("i32", "i32", "i32"), ())


def width(kind: str) -> int:
    """Bytes of an element of text or of a buffer; 0 for other types."""
    return 1 if kind == "str" else struct.calcsize(kind[1]) if kind.startswith("[") else 0


def _whole(item: ir.Export, call: PlainCall, target: int, allocator: int, deallocator: int) -> Whole:
    record = call.fallible or width(call.result) > 0
    words = list(item.wasm.params[record:])
    before = len(words) - sum(2 if width(kind) else 1 for kind in call.params)  # the receiver
    params = words[:before]
    buffers: dict[int, int] = {}
    """Local of a number of elements -> bytes of one."""
    place = before
    for kind in call.params:
        if width(kind):
            buffers[len(params)] = width(kind)
        params.append(words[place])
        place += 2 if width(kind) else 1
    area = len(params)
    fits, cursor, size, first = range(area + 1, area + 5)
    addresses = {local: first + k for k, local in enumerate(buffers)}
    code = _free_left(area, deallocator)
    code += [op.get(area), op.const(symbols.AREA_DATA), op.I32_ADD, op.put(cursor)] if buffers else []
    for local, each in buffers.items():
        code += _copy_in(area, cursor, size, local, addresses[local], each, allocator)
    if buffers:
        code += [op.get(area), op.const(0), op.store(symbols.AREA_ASKED)]
    if record:
        code += [op.get(area), op.const(symbols.AREA_RECORD), op.I32_ADD]
    for local in range(area):
        code += [op.get(addresses[local]), op.get(local)] if local in buffers else [op.get(local)]
    code.append(op.call(target))
    results: tuple[ir.Word, ...] = () if record else item.wasm.results
    if width(call.result):
        code += _copy_out(area, fits, cursor, size, width(call.result), call.fallible, deallocator)
        results = ("i32",)
    local_types = [op.I32] * (2 + len(buffers))
    return Whole(symbols.whole(item.symbol), ir.FuncType((*params, "i32", "i32"), results), op.body(local_types, *code))


def _free_left(area: int, deallocator: int) -> list[bytes]:
    address, size, align = (symbols.AREA_LEFT + offset for offset in (0, 4, 8))
    return [
        *(op.get(area), op.load(size), op.IF),
        *(op.get(area), op.load(address), op.get(area), op.load(size), op.get(area), op.load(align), op.call(deallocator)),
        *(op.get(area), op.const(0), op.store(size), op.END),
    ]


def _copy_in(area: int, cursor: int, size: int, count: int, address: int, each: int, allocator: int) -> list[bytes]:
    """``count`` elements from ``cursor`` into fresh memory at ``address``; the cursor goes on."""
    told = op.store(symbols.AREA_ASKED)
    return [
        *_times(count, each, size),
        *(op.get(area), op.get(size), op.const(1), op.I32_ADD, told),
        *(op.get(size), op.const(each), op.call(allocator), op.tee(address)),
        *(op.I32_EQZ, op.IF, op.get(area), op.const(symbols.AREA_NULL), told, op.UNREACHABLE, op.END),
        *(op.get(area), op.const(symbols.AREA_OUTSIDE), told),
        *(op.get(address), op.get(cursor), op.get(size), op.MEMORY_COPY),
        *(op.get(cursor), op.get(size), op.const(7), op.I32_ADD, op.const(-8), op.I32_AND, op.I32_ADD),
        op.put(cursor),
    ]


def _copy_out(area: int, fits: int, address: int, size: int, each: int, fallible: bool, deallocator: int) -> list[bytes]:
    """What the record tells of into the area; the number of its elements is left on the stack."""
    not_done = (op.IF, op.const(-1), op.RETURN, op.END)
    found, length, failed = (symbols.AREA_RECORD + offset for offset in (0, 4, 12))
    return [
        *((op.get(area), op.load(failed), *not_done) if fallible else ()),
        *(op.get(area), op.load(length), op.get(fits), op.const(each.bit_length() - 1), op.I32_SHR_U, op.I32_GT_U, *not_done),
        *(op.get(area), op.load(length), op.const(each.bit_length() - 1), op.I32_SHL, op.tee(size)),
        op.IF,
        # It lies in memory, whose size may be 2**32: all of this is modulo that.
        *(op.get(area), op.load(found), op.tee(address)),
        *(op.MEMORY_SIZE, op.const(16), op.I32_SHL, op.get(size), op.I32_SUB, op.I32_GT_U, *not_done),
        *(op.get(area), op.const(symbols.AREA_DATA), op.I32_ADD, op.get(address), op.get(size), op.MEMORY_COPY),
        *(op.get(address), op.get(size), op.const(each), op.call(deallocator)),
        op.END,
        *(op.get(area), op.load(length)),
    ]


def _times(count: int, each: int, size: int) -> tuple[bytes, ...]:
    return op.get(count), op.const(each.bit_length() - 1), op.I32_SHL, op.put(size)
