"""Why Rust reached its ``unreachable``: what stands on the stack tells."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from bindgen_patch.runtime import trap


def died_in(*functions: str) -> str:
    """The kind of a death, from its frames, innermost first, with names as the engine demangles them."""
    frames = [
        SimpleNamespace(module_name=None, module_offset=offset, func_name=f"_R{offset}", func_index=offset)
        for offset in range(len(functions))
    ]
    lines = [f"  {number}: 0x{number:x} - <unknown>!{name}" for number, name in enumerate(functions)]
    found = SimpleNamespace(code="UNREACHABLE_CODE_REACHED", functions=list(functions), frames=frames, message="\n".join(lines))
    return trap.aborted(found, lambda: None).kind  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize(
    ("functions", "kind"),
    [
        (["std::process::abort", "guest::work"], "unreachable"),
        (["__rustc::rust_panic", "std::panicking::panic_with_hook", "core::panicking::panic_fmt", "guest::work"], "panic"),
        (["core::panicking::panic_nounwind_fmt", "guest::work"], "panic"),
        (["guest::work::{closure#0}", "std::panicking::catch_unwind::<(), guest::work::{closure#0}>", "guest_work"], "unreachable"),
        (["guest::work", "std::panicking::try::do_call::<guest::work, ()>", "std::panicking::try::<(), guest::work>"], "unreachable"),
        (["core::panicking::panic_fmt", "guest::work", "std::panicking::catch_unwind::<(), guest::work>"], "panic"),
        (["alloc::alloc::handle_alloc_error", "std::panicking::catch_unwind::<(), guest::work>"], "out_of_memory"),
    ],
)
def test_kinds(functions: list[str], kind: str) -> None:
    assert died_in(*functions) == kind
