"""Why tests of upstream's suites do not pass here: (what is looked at, pattern, reason).

A test that needs a module of JavaScript's needs no entry: the run says which. What fits nothing here is a bug, and makes
``python -m tests.compat`` fail.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

_REASONS: tuple[tuple[str, str, str], ...] = (
    ("name", r"WebAssembly::", "the `WebAssembly` namespace: guests get no engine of their own"),
    ("detail", r"this host has no WebAssembly \w+ object", "the `WebAssembly` namespace: gives an object of its to `tests/wasm/api.js`"),
    ("detail", r"EvalError: Code generation from strings", "makes a function of text; there is no JavaScript compiler"),
    ("detail", r"called `eval`", "evaluates text; there is no JavaScript compiler"),
    (
        "detail",
        r"`link_to!` asks for the address",
        "`link_to!` asks for the URL of a file, which `/tests/wasm/link_to.js` is to read; Python modules have none",
    ),
    (
        "detail",
        r"NAN\(\) returned: expected float",
        "`Number.NAN` is undefined, which is no `f64` here; goes on with `tests/wasm/imports.js`",
    ),
    ("detail", r"called `[^`]*: \w+\.prototype`", "classes of Python's have no `prototype` object"),
    ("name", r"Intl::", "Intl is not provided"),
    (
        "name",
        r"RegExp::(input|last_match|last_paren|left_context|right_context|n1_to_n9)$",
        "`RegExp.$1` and kin, which are not in ECMA-262: what one search found would be readable through a built-in",
    ),
    ("name", r"Error::stack_trace_limit$", "`Error.stackTraceLimit` is V8's, and built-ins cannot be changed"),
    (
        "name",
        r"(try_from_js_value::option_try_from_js_value|simple::externref_heap_live_count)$",
        "expects what the published crates do not do; fails under upstream's runner as well",
    ),
)


def reason(test: Mapping[str, Any]) -> str | None:
    """Why a test of a record (``bindgen-patch test --json``) failed; ``None`` where that is not known."""
    if test["missing"]:
        return "needs " + ", ".join(f"`{name}`" for name in test["missing"])
    return next((text for where, pattern, text in _REASONS if re.search(pattern, test[where])), None)


def idle(tests: Iterable[Mapping[str, Any]]) -> list[str]:
    """The reasons that none of these tests has: what they were for has been done."""
    given = {reason(test) for test in tests}
    return [text for _, _, text in _REASONS if text not in given]
