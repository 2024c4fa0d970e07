"""Why tests of upstream's suites do not pass here: (what is looked at, pattern, reason).

A test that needs a module of JavaScript's needs no entry: the run says which. What fits nothing here is a bug, and makes
``python -m tests.compat`` fail.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_REASONS: tuple[tuple[str, str, str], ...] = (
    ("name", r"WebAssembly::", "the `WebAssembly` namespace: guests get no engine of their own"),
    ("detail", r"this host has no WebAssembly \w+ object", "the `WebAssembly` namespace: there is no object of its to hand out"),
    ("detail", r"EvalError: Code generation from strings", "makes a function of text; there is no JavaScript compiler"),
    ("detail", r"called `eval`", "evaluates text; there is no JavaScript compiler"),
    ("detail", r"called `setTimeout`", "timers belong to the host: `imports={'setTimeout': …}`"),
    ("detail", r"`link_to!` asks for the address", "`link_to!` asks for the URL of a file of JavaScript, and Python modules have none"),
    ("detail", r"NAN\(\) returned: expected float", "reads `Number.NAN`, which is undefined: here a result has to be what Rust declares"),
    ("detail", r"called `[^`]*: \w+\.prototype`", "classes of Python's have no `prototype` object"),
    ("name", r"Array::\w+_view_mut_raw$", "writes to a view of the guest's memory"),
    ("name", r"Intl::", "Intl is not provided"),
    (
        "name",
        r"RegExp::(input|last_match|last_paren|left_context|right_context|n1_to_n9)$",
        "`RegExp.$1` and kin, which are not in ECMA-262: what one search found would be readable through a built-in",
    ),
    ("name", r"Error::stack_trace_limit$", "`Error.stackTraceLimit` is V8's, and built-ins cannot be changed"),
    (
        "name",
        r"(try_from_js_value::option_try_from_js_value|simple::externref_heap_live_count|classes::exceptions|enum_vecs::test_invalid)$",
        "expects what the published crates no longer do; fails under upstream's runner as well",
    ),
)


def reason(test: Mapping[str, Any]) -> str | None:
    """Why a test of a record (``bindgen-patch test --json``) failed; ``None`` where that is not known."""
    if test["missing"]:
        return "needs " + ", ".join(f"`{name}`" for name in test["missing"])
    return next((text for where, pattern, text in _REASONS if re.search(pattern, test[where])), None)
