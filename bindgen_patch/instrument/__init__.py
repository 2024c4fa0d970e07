"""Plain text -> guarded text: the pass that inserts guards, and the checker that proves them."""

from bindgen_patch.instrument.check import check_guards
from bindgen_patch.instrument.guards import insert_guards

__all__ = ["check_guards", "insert_guards"]
