"""The wasmtime engine that generation uses, and what its errors mean in one line."""

from __future__ import annotations

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
    """What went wrong, without wasmtime's backtrace."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    causes = [line.partition(": ")[2] or line for line in lines if line[:1].isdigit()]
    if "Caused by:" in lines:
        lines = lines[lines.index("Caused by:") + 1 :] or lines
        return causes[-1] if causes else lines[-1]
    return lines[0] if lines else "unknown reason"
