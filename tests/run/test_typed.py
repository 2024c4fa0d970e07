"""Hints say what is so: those of generated functions can be evaluated, and values are what they say."""

from __future__ import annotations

import typing
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from bindgen_patch import js

Load = Callable[..., Any]


@pytest.fixture(scope="module")
def typed(load: Load) -> Any:
    """The guest that gives everything back."""
    return load("typed", "unwind")


def test_hints_can_be_evaluated(typed: Any) -> None:
    functions = [member for name, member in vars(typed.Instance).items() if not name.startswith("_") and callable(member)]
    assert len(functions) > 70
    for function in functions:
        hints = typing.get_type_hints(function, vars(typed))
        assert hints.keys() >= {"return"}
    assert typing.get_type_hints(typed.Tree, vars(typed)) == {"value": float, "children": Sequence[typed.Tree]}
    assert typing.get_type_hints(typed.Instance.map, vars(typed))["return"].__origin__ is js.Map


def test_declared_types_change_nothing_of_what_crosses(typed: Any) -> None:
    person = {"name": "Ada", "tags": ["a"], "address": js.null, "friends": []}
    assert typed.said_person(person) is person
    assert typed.person(person) is person
    assert typed.said_string(5) == 5, "a hint is no check"
    assert typed.count("four") == 4
    assert typed.optional()
    assert not typed.optional(person)
    assert typed.option_person() is None
    assert typed.fetched(person).result() is person
    date = js.Date(0)
    assert typed.later(date).result() is date
    assert typed.dates([date])[0] is date
    with pytest.raises(js.Error, match="failed"):
        typed.checked(js.Uint8Array(1), True)
