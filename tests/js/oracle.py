"""Node as the judge of what JavaScript does: pairs of equal values, and a way to ask about many of them in one process."""

from __future__ import annotations

import json
import math
import random
import shutil
import struct
import subprocess
from dataclasses import dataclass
from typing import Any

import pytest

from bindgen_patch import js
from bindgen_patch.js import errors, model
from bindgen_patch.js.primitives import bigint_to_string, is_bigint, number_to_string
from bindgen_patch.js.printing import stringify

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None, reason="node, which says what JavaScript does, is not installed")

_PROGRAM = """
const show = value => {
  switch (typeof value) {
    case "number": return "number " + (Object.is(value, -0) ? "-0" : String(value));
    case "bigint": return "bigint " + value;
    case "string": return "string " + JSON.stringify(value);
    case "object": return value === null ? "null" : "object";
    default: return typeof value === "boolean" ? String(value) : typeof value;
  }
};
const ask = source => { try { return show(eval(source)); } catch (error) { return "throws " + error.name; } };
let text = "";
process.stdin.on("data", chunk => text += chunk);
process.stdin.on("end", () => process.stdout.write(JSON.stringify(JSON.parse(text).map(ask))));
"""


def ask(sources: list[str]) -> list[str]:
    """What each of these JavaScript expressions gives, as :func:`show` writes it."""
    assert NODE is not None
    done = subprocess.run([NODE, "-e", _PROGRAM], input=json.dumps(sources), capture_output=True, text=True, check=True)
    answers: list[str] = json.loads(done.stdout)
    return answers


def show(function: Any, *args: Any) -> str:
    """What a function of ours gives, in the form of :func:`ask`."""
    try:
        value = function(*args)
    except errors.Error as error:
        return f"throws {error.name}"
    if isinstance(value, bool):
        return str(value).lower()
    if is_bigint(value):
        return f"bigint {bigint_to_string(value)}"
    if isinstance(value, int | float):
        return "number " + ("-0" if value == 0 and math.copysign(1, value) < 0 else number_to_string(value))
    if isinstance(value, str):
        return f"string {stringify(value)}"
    return "null" if value is js.null else model.typeof(value)


@dataclass(frozen=True)
class Same:
    """One value, in JavaScript's words and as Python has it."""

    source: str
    value: Any

    def __repr__(self) -> str:
        return self.source


def number(value: float) -> Same:
    """A number."""
    if math.isnan(value) or math.isinf(value):
        return Same({math.inf: "Infinity", -math.inf: "(-Infinity)"}.get(value, "NaN"), value)
    return Same(f"({value!r})", value)


def bigint(value: int) -> Same:
    """A bigint."""
    return Same(f"({value}n)", js.BigInt(value))


def text(value: str) -> Same:
    """A string."""
    return Same(json.dumps(value), value)


def array(items: list[Same]) -> Same:
    """An array of others."""
    return Same(f"[{', '.join(item.source for item in items)}]", [item.value for item in items])


ATOMS = [
    Same("undefined", None),
    Same("null", js.null),
    Same("true", True),
    Same("false", False),
    *map(
        number, [0, -0.0, 1, -1, 2, 3, 0.5, -1.5, 31, 32, 33, 255, 2**31 - 1, 2**31, -(2**31), 2**32, 2**53, -(2**53), 1e21, 1e300, 5e-324]
    ),
    *map(number, [math.inf, -math.inf, math.nan]),
    *map(bigint, [0, 1, -1, 2, 3, -7, 63, 64, 2**53, 2**53 + 1, -(2**63), 2**64, 10**25]),
    *map(
        text, ["", " ", "0", "-0", "1", "01", "1.5", "-1", "+1", "1e3", ".5", "5.", "0x1F", "0b11", "0o17", "0x", "Infinity", "-Infinity"]
    ),
    *map(text, ["inf", "nan", "NaN", "1_000", "1n", " \t\n42\u00a0\ufeff", "\u0663", "\x1c7", "abc", "B", "true", "null", "9" * 30]),
    *map(text, ["\U0001f980", "\uffff", "\ud83e", "\udd80", "a\u0301"]),
    Same("[]", []),
    Same("[5]", [5]),
    Same("[1, [2, null, [3]], undefined]", [1, [2, js.null, [3]], None]),
    Same("({})", {}),
    Same("({a: 1})", {"a": 1}),
    Same("({valueOf: () => 7})", {"valueOf": lambda: 7}),
    Same("({toString: () => '8'})", {"toString": lambda: "8"}),
    Same("({valueOf: () => ({}), toString: () => 9n})", {"valueOf": dict, "toString": lambda: js.BigInt(9)}),
    Same("({valueOf: () => ({}), toString: () => ({})})", {"valueOf": dict, "toString": dict}),
    Same("new Error('bad')", js.Error("bad")),
    Same("new TypeError('')", js.TypeError("")),
    Same("Symbol('s')", js.Symbol("s")),
]


def doubles(seed: int, count: int) -> list[float]:
    """Doubles of every magnitude: random bits, and numbers people write."""
    rng = random.Random(seed)
    found: list[float] = []
    while len(found) < count:
        (bits,) = struct.unpack("<d", rng.randbytes(8))
        written = rng.choice([1, -1]) * round(rng.random() * 10 ** rng.randint(-8, 23), rng.randint(0, 8))
        found += [value for value in (bits, written, float(rng.randint(-(2**60), 2**60))) if math.isfinite(value)]
    return found[:count]


def values(seed: int, count: int) -> list[Same]:
    """Values of every kind: the interesting ones, and random relatives of them."""
    rng = random.Random(seed)

    def any_value(depth: int) -> Same:
        match rng.randrange(10 if depth else 9):
            case 0 | 1 | 2:
                return rng.choice(ATOMS)
            case 3 | 4:
                return number(rng.choice(doubles(rng.random(), 3)))  # type: ignore[arg-type]
            case 5:
                return number(rng.randint(-1000, 1000))
            case 6:
                return bigint(rng.randint(-(2 ** rng.randint(1, 90)), 2 ** rng.randint(1, 90)))
            case 7:
                return text(rng.choice(["", " ", "-", "+", "0x"]) + str(rng.randint(-99, 10**12)) + rng.choice(["", "n", "\n", ".0", "e2"]))
            case 8:
                return text("".join(rng.choice("ab1 \u00e9\U0001f600\ud800") for _ in range(rng.randint(0, 4))))
        return array([item for item in (any_value(depth - 1) for _ in range(rng.randint(0, 3))) if not isinstance(item.value, js.Symbol)])

    return [any_value(2) for _ in range(count)]
