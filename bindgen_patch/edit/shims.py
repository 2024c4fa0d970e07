"""The companion module ``shims.wasm``: one small function per import of the guest, between the guest and the host.

An exception that a host function raises must reach Rust as a *wasm* exception: then destructors run and ``catch`` imports
work; what the engine makes of a host error is seen by no ``try_table``. So the guest is linked against this module, whose
functions call the host's and throw when those have failed. No call site of the guest changes.

The protocol between a shim and its host function (``bindgen_patch/runtime/calls.py`` is the other side):

- the host function takes one i32 in front of the arguments, the number of this instance (the exported global
  ``instance``, set by the host after instantiation, never 0), and returns one i32 in front of the results: 0 when it ran to
  its end. Both live in the same slot of the call, so a host function that could not even start (the interpreter's stack
  is used up) leaves the number standing and counts as failed;
- -1 makes the shim trap: the guest has died while it called the host, and nothing of it may run again, no destructor either;
- any other status makes the shim throw ``tag``, which has no payload: the host remembers what it raised;
- some imports have a second shim, ``3.trap`` beside ``3``, for calls where an exception would do harm (:mod:`.hazards`). It calls the same
  host function; where the other throws, it sets the exported global ``trapped`` to 1 and traps. So the host can tell its own failure,
  which leaves the guest alive, from a trap of the guest's.

Guests without exception handling get the same companion: its exception passes through their frames as a trap would, and
the rule about host functions that never started holds for them too.
"""

from __future__ import annotations

from collections.abc import Sequence

from bindgen_patch import ir, symbols
from bindgen_patch.decode.writer import HEADER, custom, export, name, section, sized, uleb, vector
from bindgen_patch.edit import instructions as op

_TYPE, _IMPORT, _FUNCTION, _GLOBAL, _EXPORT, _CODE, _TAG = 1, 2, 3, 6, 7, 10, 13
_EXPORT_FUNCTION, _EXPORT_GLOBAL, _EXPORT_TAG = 0, 3, 4
_INSTANCE, _TRAPPED = 0, 1
"""Its globals."""

_FAIL_BY_THROWING = op.THROW_0
_FAIL_BY_TRAPPING = op.const(1) + op.global_set(_TRAPPED) + op.UNREACHABLE


def shims(imports: Sequence[ir.Import], trapping: Sequence[int] = ()) -> bytes:
    """The companion for these imports, in this order: host functions ``host.0`` …, shims exported as ``0`` ….

    ``trapping`` are the places of those that have a trapping shim too.
    """
    types: dict[bytes, int] = {op.functype((), ()): 0}

    def type_index(params: Sequence[int], results: Sequence[int]) -> int:
        return types.setdefault(op.functype(params, results), len(types))

    sides = [(op.codes(item.wasm.params), op.codes(item.wasm.results)) for item in imports]
    hosts = [type_index((op.I32, *params), (op.I32, *results)) for params, results in sides]
    own = [type_index(params, results) for params, results in sides]
    count = len(imports)
    exports = [export(symbols.shim(k), _EXPORT_FUNCTION, count + k) for k in range(count)]
    exports += [export(symbols.trapping_shim(k), _EXPORT_FUNCTION, index) for index, k in enumerate(trapping, 2 * count)]
    exports += [export(symbols.SHIM_INSTANCE, _EXPORT_GLOBAL, _INSTANCE), export(symbols.SHIM_TRAPPED, _EXPORT_GLOBAL, _TRAPPED)]
    exports += [export(symbols.SHIM_TAG, _EXPORT_TAG, 0)]
    bodies = [_body(k, *side, _FAIL_BY_THROWING) for k, side in enumerate(sides)]
    bodies += [_body(k, *sides[k], _FAIL_BY_TRAPPING) for k in trapping]
    parts = (
        (_TYPE, vector(types)),
        (_IMPORT, vector(name(symbols.SHIM_HOST_MODULE) + name(str(k)) + b"\0" + uleb(index) for k, index in enumerate(hosts))),
        (_FUNCTION, vector(uleb(index) for index in [*own, *(own[k] for k in trapping)])),
        (_TAG, vector([b"\0" + uleb(0)])),
        (_GLOBAL, vector([bytes((op.I32, 1)) + op.const(0) + op.END] * 2)),
        (_EXPORT, vector(exports)),
        (_CODE, vector(map(sized, bodies))),
    )
    return HEADER + b"".join(section(number, content) for number, content in parts) + custom("name", section(0, name(symbols.SHIM_MODULE)))


def _body(host: int, params: Sequence[int], results: Sequence[int], fail: bytes) -> bytes:
    """Call the host; results wait in locals while the status below them is looked at, and ``fail`` is run if that is not 0."""
    kept = range(len(params), len(params) + len(results))
    status = kept.stop
    return op.body(
        (*results, op.I32),
        op.global_get(_INSTANCE),
        *map(op.get, range(len(params))),
        op.call(host),
        *map(op.put, reversed(kept)),
        *(op.tee(status), op.IF),
        *(op.get(status), op.const(symbols.SHIM_DEAD), op.I32_EQ, op.IF, op.UNREACHABLE, op.END),
        *(fail, op.END),
        *map(op.get, kept),
    )
