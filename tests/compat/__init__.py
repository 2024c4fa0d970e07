"""Upstream's own suites under ``bindgen-patch test``: what passes, and why the rest does not."""
