"""What a run is told as: the text of docs/bench.md, and its chart."""

from __future__ import annotations

import html
import math
from typing import Any

from bench.peers import PEERS
from bench.rows import OPERATIONS

HEAD = """\
# Measured: ours, and what one would use instead

`python -m bench` wrote this page, [bench.json](bench.json) and the chart; [bench/README.md](../bench/README.md) says how it measures.

**How to read it.** All peers do the same work: one Rust crate, compiled for each. Figures are CPU time (of the whole process, its other
threads included), not time on the clock: the machine had other things to do. A quotient is taken in every round, of two samples that
stand side by side in it, and the median over rounds is shown. Read differences below a fifth as none. ✓ and ✗ say whether the target
is reached, a dash that there is nothing to measure or no target. Several figures with / between them belong to the several cases of a row
in its order; the target is for each of them.
"""

NOTES = """\
**What stands behind some rows.** "Bare ctypes" writes the arguments into a buffer, calls `wasmtime_func_call_unchecked`, looks whether it
failed, and reads the result: for `greet`, four crossings and two copies. "Guard off" is the text that `gen --show plain` prints, its
guest bound once as a global of the module; for the accelerator, which does a guarded call as a whole, it is the same C code with the guard
left out (`bench/unguarded.c`). Recovery is clocked from the moment in which the host has the error until the next call,
served by a fresh instance, has answered; what the death itself costs is in "the death itself included". Node's is the same from `catch`
through `__wbg_reset_state()`. What a guest returns it has to make first: for `fill` that alone is more than a memcpy, so the row has two
more readings of its quotient. Where guard on is cheaper than guard off, the two do not take the same path, and the row says nothing of the
guard: no verdict. The bare instance is
one of the core guest: store, `wasmtime_instance_pre_instantiate`, store deleted. Objects are dropped with `free()` where that is what one
writes (ours, Node), by counting references elsewhere. PyO3 and UniFFI have their panic hooks silenced, ours its log. UniFFI's and
Extism's buffers go as `bytes`. Node's CPU time includes its compilers and its garbage collector. The components' and Extism's guests
cannot unwind, so they have no panic to compare. Threads are measured by the clock: where the control is far below 2, the machine had no
second core to give.
"""

WHY = """\
## Where a target is missed: what the time goes to, and what the floor is

- **Calls in pure Python.** The crossing is a third, and as much the checks and the result. All of the guard is the rest: shutting others
  out and letting them in again, which is five attributes set and one deleted, a sixth; one look at what may have happened and one into the
  guest's memory, a twelfth; in what thread this is, and counting the call, a twentieth each. There is nothing called in it. Guard on ÷
  guard off is that rest, less what the plain text loses by being two functions: for 1.2 it would have to be a fifth less for the function,
  and half for the method.
- **Calls with the accelerator** are the engine's own entry into wasm (what "guard off" measures, which is little else) and some
  nanoseconds of lock, state and limits. PyO3 enters nothing: two to three of its calls are that entry alone. All of it is measured in
  processes that have one thread, in which a call keeps the interpreter's lock: nobody could want it. Once there is another thread (the
  one that wakes at deadlines is enough, or those that compile) each call lets go of it and takes it back, which takes half as long again.
  What a call will take is not known before, and with the lock held nobody could stop a guest that does not come back.
- **Text in pure Python** is one such call, UTF-8 both ways with two copies, which for 4 KiB take as long as the call, and what the guest
  does: a `format!`, two allocations. With the accelerator nothing but that is left for 16 bytes, besides the entry; what Node takes for
  them differs by a factor of two between hosts of the same kind, so that quotient has been 1.4 to 1.7.
- **`sum` and `fill`** are loops of the guest's, and any guest can be stopped: the engine looks at every turn whether it is to. `gen`
  unrolls short loops, so that it looks once in four turns, or in 32 where they reckon with floating-point numbers; what that still costs
  is the difference to the row with `Limits(interruptible=False)`. The rest is the copy into memory that the loop has just left the
  caches for. What `fill` returns it makes first, and that alone takes twice as long as a memcpy: the floor of that quotient is 3, and the
  third reading is what is ours.
- **Objects in pure Python** are two guarded calls, and what Python does to make an object with four fields and to finalize it.
- **`Err` in pure Python** is a guarded call, a bare callback, and Python's `raise`: two fifths of it. The rest is what the callback does
  (it reads a text, makes an exception and a handle for it), and the record that the guest returns. The target is what native code takes.
- **A panic** calls four host functions and is thrown twice, by Rust and, once it was caught there, by the companion. The engine's two
  throws and the guest's own code take half of what it costs with the accelerator, as long as half of PyO3's panic. In pure Python a bare
  call that unwinds and four bare callbacks take half; the rest is the second throw, a text, two exceptions' handles, `PanicError` itself,
  the stack pointer that is put back, and finding out what came of the call.
- **From an abort to the next answer** the engine makes a store, the companion's instance and the guest's, a dozen exports are looked
  up, and a first call finds cold caches. In pure Python each question to the engine takes longer than its answer; the accelerator asks
  them all in one go. Against Node's reset of the small guest that was 3.7 to 5.1 in runs of the same day.
"""

MADE_OF = """\
Of pure Python. The crossing and what goes with it were measured in loops of their own; the parts of the guard by leaving each of them out
of the code that a call runs. What is left over is the function itself and finding its way to the guest's. Where a target stands behind a
quotient, that is what it would be if ours were nothing but the parts named: ✗ means that nothing written in Python can reach it.

"""

OURS = ("pure", "accelerated")
NONE = "\N{EN DASH}"


def markdown(result: dict[str, Any]) -> str:
    """The page."""
    machine = result["machine"]
    parts = [
        HEAD,
        f"{result['date']}, {machine['processor']}, {machine['cores']} cores, {machine['system']}; {result['rounds']} rounds.\n",
        "![CPU time of each operation, for each peer](bench.svg)\n",
        "## What it has to show\n\n" + _table(result["rows"]),
        *(["## What the missed figures are made of\n\n" + MADE_OF + _table(result["floors"])] if result["floors"] else []),
        *(["## Besides\n\n" + _table(result["more"])] if result["more"] else []),
        "## CPU time of each operation\n\n" + _times(result["medians"]),
        NOTES,
        WHY,
        "## Versions\n\n" + "".join(f"- {PEERS[name].title}: {version}\n" for name, version in result["versions"].items()),
    ]
    if result["missing"]:
        what = ((*name.split("."), why) for name, why in result["missing"].items())
        lines = [f"- {PEERS[peer].title}{', ' + rest[0] if rest[1:] else ''}: {rest[-1]}\n" for peer, *rest in what]
        parts.append("## What could not be had\n\n" + "".join(lines))
    return "\n".join(parts)


def _table(rows: list[dict[str, Any]]) -> str:
    lines = ["| measure | | target, pure | measured | target, accelerated | measured |", "|---|---|---|---|---|---|"]
    for row in rows:
        columns = [row["measure"], "<br>".join(claim["says"] for claim in row["claims"])]
        for ours in OURS:
            columns.append("<br>".join(claim[ours]["target"] or NONE for claim in row["claims"]))
            columns.append("<br>".join(_measured(claim[ours], claim["unit"]) for claim in row["claims"]))
        lines.append("| " + " | ".join(columns) + " |")
    return "\n".join(lines) + "\n"


def _measured(result: dict[str, Any], unit: str) -> str:
    if all(value is None for value in result["medians"]):
        return NONE
    text = " / ".join(NONE if value is None else _digits(value) for value in result["medians"])
    mark = {True: " ✓", False: " ✗", None: ""}[result["met"]]
    return f"{text}{' ' + unit if unit else ''}{mark}"


def _digits(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def duration(seconds: float) -> str:
    """A time, with three digits and the unit that fits."""
    for scale, unit in ((1, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns")):
        if seconds >= scale * 0.9995 or unit == "ns":
            return f"{seconds / scale:.3g} {unit}" if seconds / scale < 100 else f"{seconds / scale:.0f} {unit}"
    raise AssertionError


def _times(medians: dict[str, Any]) -> str:
    ops = [op for op in OPERATIONS if op in medians]
    peers = [name for name in PEERS if any(name in medians[op] for op in ops)]
    lines = ["| | " + " | ".join(PEERS[name].title for name in peers) + " |", "|---|" + "---|" * len(peers)]
    for op in ops:
        cells = [duration(medians[op][name]["cpu"]) if name in medians[op] else NONE for name in peers]
        lines.append(f"| {OPERATIONS[op]} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


# ---------------------------------------------------------------- the chart

CHARTED = ("add", "increment", "greet16", "greet4k", "new_drop", "callback", "err", "panic", "recover", "sum_buffer", "sum_list", "fill")
COLOURS = {
    "pure": "#c2410c", "accelerated": "#dc2626", "ctypes": "#78716c", "core": "#2563eb", "component": "#60a5fa",
    "extism": "#7c3aed", "uniffi": "#059669", "pyo3": "#0f172a", "node": "#ca8a04",
}  # fmt: skip
LEFT, RIGHT, TOP, STEP, WIDTH = 340, 20, 62, 30, 960


def chart(result: dict[str, Any]) -> str:
    """One line per operation, one dot per peer, time on a logarithmic axis."""
    medians = result["medians"]
    ops = [op for op in CHARTED if op in medians]
    shown = {op: {name: medians[op][name]["cpu"] for name in COLOURS if name in medians[op]} for op in ops}
    every = [seconds for dots in shown.values() for seconds in dots.values() if seconds > 0] or [1e-6]
    low, high = math.floor(math.log10(min(every))), math.ceil(math.log10(max(every)))
    bottom = TOP + STEP * len(ops)

    def across(seconds: float) -> float:
        return LEFT + (math.log10(max(seconds, 1e-10)) - low) / max(1, high - low) * (WIDTH - LEFT - RIGHT)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{bottom + 40}" viewBox="0 0 {WIDTH} {bottom + 40}"'
        ' font-family="system-ui, sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{bottom + 40}" fill="#ffffff"/>',
    ]
    peers = [name for name in COLOURS if any(name in dots for dots in shown.values())]
    for index, name in enumerate(peers):
        x, y = 20 + index % 5 * 185, 20 + index // 5 * 20
        out.append(f"<circle {_dot(name, x, y - 4)}/>")
        out.append(f'<text x="{x + 10}" y="{y}" fill="#1c1917">{html.escape(PEERS[name].title)}</text>')
    for power in range(low, high + 1):
        tick = across(10.0**power)
        out.append(f'<line x1="{tick:.1f}" y1="{TOP - 8}" x2="{tick:.1f}" y2="{bottom}" stroke="#e7e5e4"/>')
        out.append(f'<text x="{tick:.1f}" y="{bottom + 18}" text-anchor="middle" fill="#57534e">{duration(10.0**power)}</text>')
    for index, (op, dots) in enumerate(shown.items()):
        y = TOP + STEP * index + STEP // 2
        label = OPERATIONS[op].replace("`", "").partition(", each of")[0]
        out.append(f'<text x="{LEFT - 12}" y="{y + 4}" text-anchor="end" fill="#1c1917">{html.escape(label)}</text>')
        out.append(f'<line x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}" stroke="#f5f5f4"/>')
        for name, seconds in reversed(dots.items()):
            title = html.escape(f"{PEERS[name].title}: {duration(seconds)}")
            out.append(f"<circle {_dot(name, across(seconds), y)}><title>{title}</title></circle>")
    out.append(f'<text x="{LEFT}" y="{bottom + 34}" fill="#57534e">CPU time, logarithmic; further left is cheaper</text>')
    return "\n".join([*out, "</svg>"]) + "\n"


def _dot(name: str, x: float, y: float) -> str:
    """Ours are rings, so that what lies beneath can be seen."""
    if name in OURS:
        return f'cx="{x:.1f}" cy="{y}" r="7" fill="none" stroke="{COLOURS[name]}" stroke-width="3"'
    return f'cx="{x:.1f}" cy="{y}" r="5" fill="{COLOURS[name]}" fill-opacity="0.8"'
