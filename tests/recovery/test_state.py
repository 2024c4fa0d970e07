"""The tables: total, and true to what the states mean."""

from __future__ import annotations

import itertools

import pytest

from bindgen_patch.recovery.state import ADMISSIONS, TRANSITIONS, Admission, Event, State


def test_every_arrival_has_an_answer() -> None:
    assert set(ADMISSIONS) == set(itertools.product(State, (False, True), (False, True)))


def test_only_the_outermost_call_makes_an_instance() -> None:
    assert all(outermost for (_, _, outermost), admission in ADMISSIONS.items() if admission is Admission.MAKE)


def test_a_call_runs_on_a_live_instance_only() -> None:
    assert {state for (state, _, _), admission in ADMISSIONS.items() if admission is Admission.RUN} == {State.LIVE}


def test_nothing_is_made_again_unless_asked_for() -> None:
    for (state, due, _), admission in ADMISSIONS.items():
        if admission is Admission.MAKE:
            assert due or state is State.NEW


def test_what_is_asked_for_is_made() -> None:
    for state in set(State) - {State.CLOSED}:
        assert ADMISSIONS[state, True, True] is Admission.MAKE


def test_closed_is_for_ever() -> None:
    assert {admission for (state, _, _), admission in ADMISSIONS.items() if state is State.CLOSED} == {Admission.REFUSE}
    assert {(event, after) for (state, event), after in TRANSITIONS.items() if state is State.CLOSED} == {(Event.CLOSED, State.CLOSED)}


@pytest.mark.parametrize("state", State)
def test_every_state_can_be_reached_and_closed(state: State) -> None:
    reached = {State.NEW}
    while more := {after for (before, _), after in TRANSITIONS.items() if before in reached} - reached:
        reached |= more
    assert state in reached
    assert TRANSITIONS[state, Event.CLOSED] is State.CLOSED


def test_where_each_event_leads() -> None:
    leads = {event: {after for (_, given), after in TRANSITIONS.items() if given is event} for event in Event}
    assert leads == {
        Event.MADE: {State.LIVE},
        Event.START_FAILED: {State.NEW},
        Event.DIED: {State.TERMINATED},
        Event.CLOSED: {State.CLOSED},
    }


def test_what_users_see_is_lower_case() -> None:
    assert [str(state) for state in State] == ["new", "live", "terminated", "closed"]
