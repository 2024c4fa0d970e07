"""What a run has to show, as data: every row of the table, what it is a ratio of, and the targets.

A sample is written ``peer.op`` or ``peer.op:value`` (``cpu`` unless said), or as a sum: ``a + 4 b``, ``a - b``. In it ``ours``
stands for ``pure`` and for ``accelerated``, ``plain`` for the same with the guard off: each row is measured for both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class Claim:
    """One quotient of a row, for one or more cases: (over, under), under empty for a value that is no quotient."""

    says: str
    cases: tuple[tuple[str, str], ...]
    pure: str = ""
    accelerated: str = ""
    unit: str = ""
    least: float = 0.0
    """Below this the two samples cannot be what they are taken for, and there is no verdict."""


@dataclass(frozen=True)
class Row:
    """A row of the table. ``key`` is what ``--only`` knows it by."""

    key: str
    measure: str
    claims: tuple[Claim, ...]


def versus(peer: str, *ops: str, pure: str = "", accelerated: str = "", says: str = "") -> Claim:
    """How much cheaper ours is than a peer."""
    title = {"core": "wasmtime-py", "uniffi": "UniFFI", "extism": "Extism", "node": "Node", "pyo3": "PyO3"}[peer]
    return Claim(says or f"{title} ÷ ours", tuple((f"{peer}.{op}", f"ours.{op}") for op in ops), pure, accelerated)


def over(says: str, *cases: tuple[str, str], pure: str = "", accelerated: str = "") -> Claim:
    return Claim(says, cases, pure, accelerated)


_CALLS = ("add", "increment")
_TEXTS = ("greet16", "greet4k")

ROWS: tuple[Row, ...] = (
    Row(
        "call",
        "guarded scalar call and method call ÷ bare ctypes call",
        (over("ours ÷ ctypes", *((f"ours.{op}", f"ctypes.{op}") for op in _CALLS), pure="≤ 1.5", accelerated="≤ 0.25"),),
    ),
    Row(
        "call",
        "… ÷ PyO3; UniFFI ÷ ours",
        (
            over("ours ÷ PyO3", *((f"ours.{op}", f"pyo3.{op}") for op in _CALLS), accelerated="≤ 3"),
            versus("uniffi", *_CALLS, pure="≥ 4", accelerated="≥ 30"),
        ),
    ),
    Row("call", "wasmtime-py core call ÷ ours", (versus("core", *_CALLS, pure="≥ 25", accelerated="≥ 200"),)),
    Row(
        "call",
        "guard on ÷ guard off (`--show plain` made runnable)",
        (Claim("on ÷ off", tuple((f"ours.{op}", f"plain.{op}") for op in _CALLS), "≤ 1.2", "≤ 1.1", least=0.9),),
    ),
    Row(
        "greet",
        "greet, 16 B and 4 KiB: wasmtime-py ÷ ours; UniFFI ÷ ours; Node ÷ ours",
        (
            versus("core", *_TEXTS, pure="≥ 60", accelerated="≥ 200"),
            versus("uniffi", *_TEXTS, pure="≥ 5", accelerated="≥ 20"),
            versus("node", *_TEXTS, accelerated="≥ 1.5"),
        ),
    ),
    Row(
        "sum",
        "sum(1e6 f64 from a buffer) ÷ (one memcpy + the wasm loop alone); PyO3",
        (
            over("ours ÷ (memcpy + loop)", ("ours.sum_buffer", "ctypes.sum_floor"), pure="≤ 1.1", accelerated="≤ 1.1"),
            over("ours ÷ PyO3", ("ours.sum_buffer", "pyo3.sum_buffer"), pure="≤ 1.7", accelerated="≤ 1.7"),
            over("with `Limits(interruptible=False)` ÷ (memcpy + loop)", ("ours.sum_unwatched", "ctypes.sum_floor")),
        ),
    ),
    Row(
        "list",
        "sum over a Python list of 1e6 floats ÷ PyO3",
        (over("ours ÷ PyO3", ("ours.sum_list", "pyo3.sum_list"), pure="≤ 2.5", accelerated="≤ 1"),),
    ),
    Row(
        "fill",
        "1e6 f64 returned as a buffer ÷ one memcpy into warm memory",
        (
            over("ours, the guest's making of it included ÷ memcpy", ("ours.fill", "ctypes.copy_out"), pure="≤ 1.5", accelerated="≤ 1.5"),
            over("ours ÷ (the guest's making of it + memcpy)", ("ours.fill", "ctypes.fill_floor")),
            over("(ours - the guest's making of it) ÷ memcpy", ("ours.fill - ctypes.fill_loop", "ctypes.copy_out")),
        ),
    ),
    Row("object", "new + drop of an object: UniFFI ÷ ours", (versus("uniffi", "new_drop", pure="≥ 2", accelerated="≥ 10"),)),
    Row(
        "callback",
        "callback, per call: wasmtime-py ÷ ours; UniFFI ÷ ours; Extism ÷ ours",
        (
            versus("core", "callback", pure="≥ 15", accelerated="≥ 60"),
            versus("uniffi", "callback", pure="≥ 2.5", accelerated="≥ 10"),
            versus("extism", "callback", pure="≥ 7", accelerated="≥ 30"),
        ),
    ),
    Row(
        "errors",
        "`Err` → exception: UniFFI ÷ ours; panic → PanicError: PyO3 ÷ ours, Node ÷ ours",
        (
            versus("uniffi", "err", says="`Err`: UniFFI ÷ ours", pure="≥ 4", accelerated="≥ 8"),
            versus("pyo3", "panic", says="panic: PyO3 ÷ ours", pure="≥ 0.6", accelerated="≥ 1"),
            versus("node", "panic", says="panic: Node ÷ ours", pure="≥ 1.5", accelerated="≥ 3"),
        ),
    ),
    Row(
        "recover",
        "abort → next successful call ÷ bare `InstancePre` instantiate",
        (over("ours ÷ instantiate", ("ours.recover", "ctypes.instantiate"), pure="≤ 3", accelerated="≤ 2"),),
    ),
    Row(
        "recover",
        "the same against Node's reset: small guest; multi-MB guest",
        (
            versus("node", "recover", says="small: Node ÷ ours", pure="≥ 2", accelerated="≥ 4"),
            versus("node", "recover_big", says="multi-MB: Node ÷ ours", pure="≥ 8", accelerated="≥ 12"),
            versus("node", "abort_cycle", says="small, the death itself included: Node ÷ ours"),
        ),
    ),
    Row(
        "cold",
        'cold start, fresh process to first result with a warm cache ÷ `python -c "import wasmtime"`',
        (over("ours ÷ import", ("ours.cold", "python.cold"), pure="≤ 1.1"),),
    ),
    Row(
        "gen",
        "`gen` ÷ upstream CLI, time: guests of 2-3 MB; of 7 MB; an API of 2,800 members",
        (
            over("2-3 MB", ("ours.gen_3mb", "upstream.gen_3mb"), pure="≤ 3"),
            over("7 MB", ("ours.gen_7mb", "upstream.gen_7mb"), pure="≤ 2"),
            over("2,800 members", ("ours.gen_2800", "upstream.gen_2800"), pure="≤ 5"),
            over("60 KB", ("ours.gen_60kb", "upstream.gen_60kb")),
        ),
    ),
    Row(
        "gen",
        "`gen` peak RSS ÷ CLI's, the same guests; `gen` again with nothing changed",
        (
            over(
                "peak RSS, 2-3 MB; 7 MB; 2,800 members",
                *((f"ours.gen_{size}:rss_mib", f"upstream.gen_{size}:rss_mib") for size in ("3mb", "7mb", "2800")),
                pure="≤ 1.5",
            ),
            Claim("again, 7 MB, CPU", (("ours.gen_again", ""),), pure="≤ 0.2", unit="s"),
        ),
    ),
    Row(
        "live",
        "live instances in one process",
        (
            Claim("how many", (("ours.scale:instances", ""),), pure="≥ 10000"),
            Claim("resident, what the guest touched included, each", (("ours.scale:kib", ""),), pure="≤ 64", unit="KiB"),
            Claim("address space, each", (("ours.scale:space_gib", ""),), unit="GiB"),
            Claim("the same with `Limits(reserve_bytes=2 << 20)`", (("ours.scale:bounded_mib", ""),), unit="MiB"),
        ),
    ),
    Row(
        "threads",
        "CPU-bound calls on two instances in two threads ÷ one",
        (
            Claim("throughput", (("ours.threads:throughput", ""),), pure="≥ 1.8", accelerated="≥ 1.8"),
            Claim("what two threads of `hashlib` reached just then", (("ours.threads:control", ""),)),
        ),
    ),
)
"""The rows of the table, in its order."""

MORE: tuple[Row, ...] = (
    Row(
        "scale",
        "cost of a call: exports 100, 500, 2,000 ÷ 10",
        (over("exports", *((f"ours.exports_{count}", "ours.exports_10") for count in (100, 500, 2000))),),
    ),
    Row(
        "live",
        "cost of a call, round robin over live instances: 10; 100; 1,000; 10,000 ÷ 1",
        (over("instances", *((f"ours.scale:call_at_{count}", "ours.scale:call_at_1") for count in (10, 100, 1000, 10000))),),
    ),
    Row(
        "live",
        "a fresh instance among live ones: 10,000 ÷ 1",
        (over("instances", ("ours.scale:reinit_at_10000", "ours.scale:reinit_at_1")),),
    ),
    Row(
        "object",
        "new, and left to the garbage collector: UniFFI ÷ ours",
        (over("UniFFI ÷ ours", ("uniffi.new_drop", "ours.new_collected")),),
    ),
    Row("cold", "Python with `import wasmtime` ÷ Python alone", (over("import", ("python.cold", "python.cold_bare")),)),
)
"""What is measured besides: no target."""

_ERR = "ctypes.add + ctypes.callback + parts.part_raise"
_PANIC = "ctypes.boom + 4 ctypes.callback + parts.part_raise"
"""What is left of them when there is nothing between ctypes and the engine: no texts, no handles, no second throw."""

FLOORS: tuple[Row, ...] = (
    Row(
        "call",
        "a guarded scalar call: each part ÷ all of it",
        (
            over("into the engine and back", ("parts.part_crossing", "parts.part_add")),
            over("checking and lowering arguments, lifting the result", ("parts.part_words - parts.part_crossing", "parts.part_add")),
            over("taking the lock, and giving it back", ("parts.part_add - parts.without_lock", "parts.part_add")),
            over("looking up what is known of this thread", ("parts.part_add - parts.without_thread", "parts.part_add")),
            over(
                "looking whether there is anything to see to, before and after",
                ("parts.part_add - parts.without_looks", "parts.part_add"),
            ),
            over("counting the call", ("parts.part_add - parts.without_count", "parts.part_add")),
        ),
    ),
    Row(
        "call",
        "were it nothing but the crossing with checks",
        (
            over("UniFFI ÷ that", *((f"uniffi.{op}", "parts.part_words") for op in _CALLS), pure="≥ 4"),
            over("wasmtime-py ÷ that", *((f"core.{op}", "parts.part_words") for op in _CALLS), pure="≥ 25"),
        ),
    ),
    Row(
        "greet",
        "4 KiB of text in and out",
        (
            over("encoding, decoding and two copies ÷ all of it", ("parts.part_text", "ours.greet4k")),
            over("a guarded scalar call ÷ all of it", ("ours.add", "ours.greet4k")),
            over("wasmtime-py ÷ these two", ("core.greet4k", "ours.add + parts.part_text"), pure="≥ 60"),
        ),
    ),
    Row(
        "object",
        "new + drop of an object",
        (
            over("two guarded scalar calls ÷ all of it", ("2 ours.add", "ours.new_drop")),
            over("UniFFI ÷ two bare ctypes calls", ("uniffi.new_drop", "ctypes.new_drop"), pure="≥ 2"),
        ),
    ),
    Row(
        "callback",
        "were a callback nothing but a bare ctypes one",
        (
            over("that ÷ ours", ("ctypes.callback", "ours.callback")),
            over("wasmtime-py ÷ that", ("core.callback", "ctypes.callback"), pure="≥ 15"),
            over("UniFFI ÷ that", ("uniffi.callback", "ctypes.callback"), pure="≥ 2.5"),
            over("Extism ÷ that", ("extism.callback", "ctypes.callback"), pure="≥ 7"),
        ),
    ),
    Row(
        "errors",
        "were `Err` a bare call, a bare callback and Python's `raise`; a panic one that unwinds, with four of them",
        (
            over("`Err`: that ÷ ours", (_ERR, "ours.err")),
            over("`Err`: UniFFI ÷ that", ("uniffi.err", _ERR), pure="≥ 4"),
            over("panic: that ÷ ours", (_PANIC, "ours.panic")),
            over("panic: PyO3 ÷ that", ("pyo3.panic", _PANIC), pure="≥ 0.6"),
            over("panic: Node ÷ that", ("node.panic", _PANIC), pure="≥ 1.5"),
        ),
    ),
)
"""What figures of pure Python that miss their targets are made of, and what they would be if all that could go were gone."""

OPERATIONS: dict[str, str] = {
    "add": "a scalar call, `add(2, 3)`",
    "increment": "a method call",
    "greet16": "16 bytes of text in and out",
    "greet4k": "4 KiB of text in and out",
    "sum_buffer": "1e6 f64 in, from a buffer",
    "sum_unwatched": "1e6 f64 in, from a buffer, by a guest that cannot be stopped",
    "sum_list": "1e6 f64 in, from a list",
    "fill": "1e6 f64 out, as a buffer",
    "new_drop": "an object made and dropped",
    "callback": "a function of the host called, each of 1,000 in one call",
    "err": "`Err` → exception",
    "panic": "panic → exception",
    "recover": "from the error to the answer of the next call, small guest",
    "recover_big": "the same, multi-MB guest",
    "abort_cycle": "abort, and the next call, small guest",
    "cold": "fresh process to first result (`python`: `import wasmtime`)",
    "cold_bare": "fresh process, nothing done",
    "gen_60kb": "generate: guest of 60 KB",
    "gen_3mb": "generate: guest of 2-3 MB",
    "gen_7mb": "generate: the largest guest",
    "gen_2800": "generate: 2,800 members",
    "sum_loop": "the loop of `sum` alone",
    "sum_floor": "one memcpy + the loop",
    "copy_out": "one memcpy of 8 MB, warm",
    "fill_loop": "the loop of `fill`, its vector freed",
    "fill_floor": "the loop of `fill` + one memcpy",
    "instantiate": "store + instance from `InstancePre`, given back",
}
"""The lines of the second table: everybody's CPU time."""

_TARGET = re.compile(r"([≤≥]) ([\d.]+)")


def met(value: float, target: str) -> bool | None:
    """Whether a value reaches its target; ``None`` where there is none."""
    parts = _TARGET.fullmatch(target)
    if parts is None:
        return None
    return value <= float(parts[2]) if parts[1] == "≤" else value >= float(parts[2])


class Term(NamedTuple):
    """One summand of a sample: so many times what a peer measured of an operation."""

    factor: float
    peer: str
    op: str
    value: str


_TERM = re.compile(r"([+-]?) ?(?:(\d+) )?(\w+)\.(\w+)(?::(\w+))?(?: |$)")


def terms(sample: str) -> list[Term]:
    """What a sample is the sum of."""
    found = _TERM.findall(sample)
    assert "".join("".join(part) for part in found) == re.sub("[ .:]", "", sample), sample
    return [Term(float(f"{sign}{factor or 1}"), peer, op, value or "cpu") for sign, factor, peer, op, value in found]


def samples(rows: tuple[Row, ...]) -> set[tuple[str, str]]:
    """(peer, operation) of all that rows are made of; ``ours`` and ``plain`` as they are."""
    written = (sample for row in rows for claim in row.claims for pair in claim.cases for sample in pair if sample)
    return {(term.peer, term.op) for sample in written for term in terms(sample)}
