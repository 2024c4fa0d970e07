"""What may happen to one guest instance: the whole state machine, as data.

Nothing here knows how a guest is run. :mod:`bindgen_patch.recovery.guard` is the only user of these tables; the
diagram in the README is drawn from them. The rules come from wasm-bindgen's call guard, with one difference: only the
outermost call may replace an instance.
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where an instance stands; the values are what ``Instance.state`` shows."""

    NEW = "new"
    """Nothing was instantiated yet, or ``start`` failed and the next call tries afresh."""
    LIVE = "live"
    TERMINATED = "terminated"
    """Rust never runs in this instance again."""
    CLOSED = "closed"


class Event(StrEnum):
    """What moves an instance from one state to another."""

    MADE = "a fresh instance is made"
    START_FAILED = "start fails"
    DIED = "trap, abort, unknown exception or terminate()"
    CLOSED = "close()"


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.NEW, Event.MADE): State.LIVE,
    (State.NEW, Event.DIED): State.TERMINATED,
    (State.NEW, Event.CLOSED): State.CLOSED,
    (State.LIVE, Event.MADE): State.LIVE,
    (State.LIVE, Event.START_FAILED): State.NEW,
    (State.LIVE, Event.DIED): State.TERMINATED,
    (State.LIVE, Event.CLOSED): State.CLOSED,
    (State.TERMINATED, Event.MADE): State.LIVE,
    (State.TERMINATED, Event.START_FAILED): State.NEW,
    (State.TERMINATED, Event.CLOSED): State.CLOSED,
    (State.CLOSED, Event.CLOSED): State.CLOSED,
}
"""The only moves there are; anything else is a bug of ours and raises ``KeyError``."""


class Admission(StrEnum):
    """What the guard does with a call that arrives."""

    RUN = "run"
    MAKE = "make a fresh instance, then run"
    REFUSE = "refuse"


ADMISSIONS: dict[tuple[State, bool, bool], Admission] = {
    # (state, reinit scheduled, outermost call)
    (State.NEW, False, True): Admission.MAKE,
    (State.NEW, True, True): Admission.MAKE,
    (State.NEW, False, False): Admission.REFUSE,
    (State.NEW, True, False): Admission.REFUSE,
    (State.LIVE, False, True): Admission.RUN,
    (State.LIVE, False, False): Admission.RUN,
    (State.LIVE, True, True): Admission.MAKE,
    (State.LIVE, True, False): Admission.RUN,
    (State.TERMINATED, False, True): Admission.REFUSE,
    (State.TERMINATED, False, False): Admission.REFUSE,
    (State.TERMINATED, True, True): Admission.MAKE,
    (State.TERMINATED, True, False): Admission.REFUSE,
    (State.CLOSED, False, True): Admission.REFUSE,
    (State.CLOSED, False, False): Admission.REFUSE,
    (State.CLOSED, True, True): Admission.REFUSE,
    (State.CLOSED, True, False): Admission.REFUSE,
}
"""Total on purpose: a combination that is missing would be a way round."""
