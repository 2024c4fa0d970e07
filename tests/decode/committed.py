"""The committed guests."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2] / "fixtures"
PATHS = sorted([*ROOT.glob("*/*.wasm"), *ROOT.glob("real/*/*.wasm")])


def title(path: Path) -> str:
    """A short name for a test's parameter."""
    return "-".join(path.relative_to(ROOT).with_suffix("").parts)
