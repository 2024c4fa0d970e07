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
- the question how many handles are fixed is answered here: it comes with every value that is cloned or dropped, and the answer is always
  the same;
- some imports have a second shim, ``3.trap`` beside ``3``, for calls where an exception would do harm (:mod:`.hazards`). It calls the same
  host function; where the other throws, it sets the exported global ``trapped`` to 1 and traps. So the host can tell its own failure,
  which leaves the guest alive, from a trap of the guest's;
- for each type of the guest's exports there is a *catcher*, ``catch ii:i``: it calls a function of that type and catches ``tag``. An
  exception that leaves wasm costs the engine a backtrace, and the host some calls to find out whose it was; one that is caught costs
  neither. A catcher takes a 0 in front of the arguments and the function behind them, and returns a status in front of the result: 0 when
  the function has returned, 1 when the exception came. The first slot of the call so tells the host whether it ended well, be it by this
  status or by the trap that the engine stores there. The function stands in the third slot or behind: no result overwrites it.

Guests without exception handling get the same companion: its exception passes through their frames as a trap would, and
the rule about host functions that never started holds for them too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bindgen_patch import ir, symbols
from bindgen_patch.decode.writer import HEADER, custom, export, name, section, sized, uleb, vector
from bindgen_patch.edit import instructions as op

_TYPE, _IMPORT, _FUNCTION, _GLOBAL, _EXPORT, _CODE, _TAG = 1, 2, 3, 6, 7, 10, 13
_EXPORT_FUNCTION, _EXPORT_GLOBAL, _EXPORT_TAG = 0, 3, 4
_INSTANCE, _TRAPPED = 0, 1
"""Its globals."""

_FAIL_BY_THROWING = op.THROW_0
_FAIL_BY_TRAPPING = op.const(1) + op.global_set(_TRAPPED) + op.UNREACHABLE


def shims(imports: Sequence[ir.Import], trapping: Sequence[int] = (), exported: Iterable[ir.FuncType] = ()) -> bytes:
    """The companion for these imports, in this order: host functions ``host.0`` …, shims exported as ``0`` ….

    ``trapping`` are the places of those that have a trapping shim too, ``exported`` the types that there are catchers for.
    """
    types: dict[bytes, int] = {op.functype((), ()): 0}

    def type_index(params: Sequence[int], results: Sequence[int]) -> int:
        return types.setdefault(op.functype(params, results), len(types))

    sides = [(op.codes(item.wasm.params), op.codes(item.wasm.results)) for item in imports]
    hosts = [type_index((op.I32, *params), (op.I32, *results)) for params, results in sides]
    own = [type_index(params, results) for params, results in sides]
    catchers = {
        symbols.signature(item.params, item.results): (op.codes(item.params), op.codes(item.results))
        for item in exported
        if len(item.results) < 2
    }
    called = [type_index(*side) for side in catchers.values()]
    catching = [types.setdefault(_catcher_type(index, *side), len(types)) for index, side in zip(called, catchers.values(), strict=True)]
    count = len(imports)
    exports = [export(symbols.shim(k), _EXPORT_FUNCTION, count + k) for k in range(count)]
    exports += [export(symbols.trapping_shim(k), _EXPORT_FUNCTION, index) for index, k in enumerate(trapping, 2 * count)]
    first = 2 * count + len(trapping)
    exports += [export(symbols.catcher(signature), _EXPORT_FUNCTION, first + k) for k, signature in enumerate(catchers)]
    exports += [export(symbols.SHIM_INSTANCE, _EXPORT_GLOBAL, _INSTANCE), export(symbols.SHIM_TRAPPED, _EXPORT_GLOBAL, _TRAPPED)]
    exports += [export(symbols.SHIM_TAG, _EXPORT_TAG, 0)]

    def body(k: int, fail: bytes) -> bytes:
        if imports[k].symbol == symbols.STATICS_END and sides[k] == ((), (op.I32,)):
            return op.body((), op.const(symbols.FIRST_HANDLE))
        return _body(k, *sides[k], fail)

    bodies = [body(k, _FAIL_BY_THROWING) for k in range(count)]
    bodies += [body(k, _FAIL_BY_TRAPPING) for k in trapping]
    bodies += [_catching_body(index, *side) for index, side in zip(called, catchers.values(), strict=True)]
    parts = (
        (_TYPE, vector(types)),
        (_IMPORT, vector(name(symbols.SHIM_HOST_MODULE) + name(str(k)) + b"\0" + uleb(index) for k, index in enumerate(hosts))),
        (_FUNCTION, vector(uleb(index) for index in [*own, *(own[k] for k in trapping), *catching])),
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


def _padded(params: Sequence[int]) -> Sequence[int]:
    """So many that the function behind them stands in the third slot at least."""
    return params or (op.I32,)


def _catcher_type(function: int, params: Sequence[int], results: Sequence[int]) -> bytes:
    """What catches for functions of the type ``function``."""
    given = [bytes((op.I64,)), *(bytes((word,)) for word in _padded(params)), op.reference(function)]
    return b"\x60" + vector(given) + sized(bytes((op.I64, *results)))


def _catching_body(function: int, params: Sequence[int], results: Sequence[int]) -> bytes:
    """Call the function, and return its result behind a 0; or a 1 and some result."""
    arguments = map(op.get, (*range(1, 1 + len(params)), 1 + len(_padded(params))))
    called = b"".join((*arguments, op.call_ref(function)))
    return op.body((), op.catching(called, op.ZEROS[op.I64], results), b"\x42\1", *(op.ZEROS[word] for word in results))
