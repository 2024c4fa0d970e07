"""A short form of the soak: every part of it, for a few seconds."""

from __future__ import annotations

import logging

import pytest

from bench.soak import soak


def test_a_short_soak(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "bindgen_patch")
    report = soak(5.0, seed=7)
    assert not report.wrong, str(report)
    for event in ("panic", "abort", "deadline", "bystander", "increment", "wait", "object", "nest", "closure"):
        assert report.events[event] > 0, str(report)
    assert len(report.recoveries) > 10
    assert report.growth() < 16 * 2**20, str(report)
    assert report.handles < 100, str(report)
