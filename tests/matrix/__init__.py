"""The recovery matrix: what happens, by whichever way in, in each build. ``python -m tests.matrix`` writes docs/recovery.md's tables.

``plan`` is what should happen, as data. ``cell`` makes one event happen by one way in and says what came of it, checking what holds after
any failure on the way. ``table`` shows what was seen.
"""
