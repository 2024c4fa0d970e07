"""``python -m bindgen_patch``."""

from bindgen_patch.cli import main

main(prog_name="bindgen-patch")
