"""The host functions that the real guests are given: what ``callbacks`` in each ``calls.mjs`` makes, in Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bindgen_patch import js

Log = Callable[..., None]


def later(value: Any, turns: float) -> js.Promise[Any]:
    """A promise of ``value`` that takes so many turns."""
    promise = js.Promise.resolve(value)
    for _ in range(int(turns)):
        promise = promise.then(lambda same: same)
    return promise


def raising(error: Callable[[Any], Exception]) -> Callable[..., Any]:
    def function(value: Any = None) -> Any:
        raise error(value)

    return function


def minijinja(log: Log) -> dict[str, Any]:
    return {
        "shout": lambda text, times=1: text.upper() + "!" * times,
        "log": lambda *args: log(list(args)),
        "fails": raising(lambda _: js.TypeError("no such thing")),
        "swap": lambda value: {"was": value, "keys": list(value or {}), "list": [1, [2, js.null]]},
        "even": lambda number: number % 2 == 0,
        "silent": lambda: None,
    }


def futures(log: Log) -> dict[str, Any]:
    def double(value: int) -> js.Promise[int]:
        log(f"begin {value}")

        def end(same: int) -> int:
            log(f"end {same}")
            return same * 2

        return later(value, value % 7).then(end)

    def visit(name: str) -> js.Promise[Any]:
        log(name)
        return js.Promise.reject(js.Error("no")) if name == "b" else later(name, 3)

    return {
        "double": double,
        "moody": lambda value: js.Promise.reject(js.RangeError(f"not {value}")) if value == 3 else later(value, 10 - value),
        "throws": raising(lambda value: js.TypeError(f"thrown at {value}")),
        "plain": lambda value: value,
        "visit": visit,
        "part": lambda number: later(bytes(number * 16 + k for k in range(number + 1)), 2),
        "text": lambda _part: "no bytes",
    }


def csv(log: Log) -> dict[str, Any]:
    def once(cells: list[str], _line: int) -> bool:
        log(cells[0])
        return False

    return {
        "visit": lambda cells, line: log([cells, line]),
        "once": once,
        "fails": lambda cells, _line: raising(lambda cell: js.RangeError(f"no {cell}"))(cells[0]),
    }


PARTNERS: dict[str, Callable[[Log], dict[str, Any]]] = {"csv": csv, "futures": futures, "minijinja": minijinja}
