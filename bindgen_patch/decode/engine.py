"""The wasmtime engine that generation uses, and what its errors mean in one line."""

from __future__ import annotations

import re
from functools import cache

import wasmtime


@cache
def engine() -> wasmtime.Engine:
    """An engine for short runs of little code: it compiles fast, knows exnref exception handling, and counts fuel."""
    config = wasmtime.Config()
    config.wasm_exceptions = True
    config.consume_fuel = True
    config.cranelift_opt_level = "none"
    config.cranelift_flag_set("regalloc_algorithm", "single_pass")
    config.wasm_multi_memory = True
    return wasmtime.Engine(config)


def reason(error: Exception) -> str:
    """What went wrong, without wasmtime's backtrace: the innermost cause, which comes last."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return re.sub(r"^\d+: ", "", lines[-1]) if lines else "unknown reason"
