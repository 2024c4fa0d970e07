"""Enumerations, by number and by text: members, plain values that do for them, and what is refused."""

from __future__ import annotations

import enum
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from bindgen_patch import GuestException

from ..conftest import MODES
from .kit import not_entered

Load = Callable[..., Any]

NUMERIC: dict[str, dict[str, int]] = {
    "Color": {"Red": 0, "Green": 1, "Blue": 2},
    "Status": {"Ok": 200, "NotFound": 404, "ServerError": 500},
    "Level": {"Lowest": -(1 << 31), "Low": -1, "Middle": 0, "High": 1},
    "Large": {"One": 1, "Largest": (1 << 32) - 1},
    "Reserved": {"None_": 0, "True_": 1, "name_": 2, "value_": 3, "mro_": 4},
    "Renamed": {"Only": 3},
}
TEXTUAL: dict[str, dict[str, str]] = {
    "Mood": {"happy": "happy", "sad": "sad", "so_so__really": "so-so, really", "lambda_": "lambda"},
    "Unit": {"DEGREE_SIGN": "°", "EMPTY": ""},
}
ALL = NUMERIC | TEXTUAL


@pytest.fixture(scope="module", params=MODES)
def enums(load: Load, request: pytest.FixtureRequest) -> Any:
    return load("enums", request.param)


def functions(enums: Any, name: str) -> tuple[Any, Callable[[Any], Any], Callable[..., Any]]:
    """The class, the function that returns its argument, and its optional twin."""
    return getattr(enums, name), getattr(enums, f"echo_{name.lower()}"), getattr(enums, f"maybe_{name.lower()}")


@pytest.mark.parametrize("name", ALL)
def test_members(enums: Any, name: str) -> None:
    cls, _, _ = functions(enums, name)
    assert {member.name: member.value for member in cls} == ALL[name]
    assert issubclass(cls, enum.IntEnum if name in NUMERIC else enum.StrEnum)
    assert name in enums.__all__


@pytest.mark.parametrize("name", ALL)
def test_there_and_back(enums: Any, name: str) -> None:
    cls, echo, maybe = functions(enums, name)
    for member in cls:
        for given in (member, member.value):
            assert echo(given) is member
            assert maybe(given) is member
    assert maybe(None) is None
    assert maybe() is None


@pytest.mark.parametrize("name", NUMERIC)
def test_what_is_no_number_of_the_enum(enums: Any, name: str) -> None:
    cls, echo, maybe = functions(enums, name)

    class Other(enum.IntEnum):
        Same = next(iter(cls)).value

    wrong: list[Any] = [Other.Same, True, 0.0, "Red", b"0", [0], object()]
    with not_entered(enums):
        for value in wrong:
            for function in (echo, maybe):
                with pytest.raises(TypeError, match=f"^input: expected {name}, not {type(value).__name__}$"):
                    function(value)
        with pytest.raises(TypeError, match=f"^input: expected {name}, not NoneType$"):
            echo(None)
        for number in (-2, 77, 1 << 40, -(1 << 40), 1 << 200):
            for function in (echo, maybe):
                with pytest.raises(ValueError, match=f"{number} is not a valid {name}"):
                    function(number)


@pytest.mark.parametrize("name", TEXTUAL)
def test_what_is_no_text_of_the_enum(enums: Any, name: str) -> None:
    _, echo, maybe = functions(enums, name)
    wrong: list[Any] = [0, b"happy", ["happy"], 1.0, object()]
    with not_entered(enums):
        for function in (echo, maybe):
            for value in wrong:
                with pytest.raises(TypeError, match=f"^input: expected {name}, not {type(value).__name__}$"):
                    function(value)
            for text in ("Happy", "happy ", "nothing", "\ud800"):
                with pytest.raises(ValueError, match=f"is not a valid {name}"):
                    function(text)


def test_what_rust_makes_of_them(enums: Any) -> None:
    color, level, mood = enums.Color, enums.Level, enums.Mood
    assert [enums.next_color(c) for c in color] == [color.Green, color.Blue, color.Red]
    assert enums.name_of_level(level.Lowest) == "Lowest"
    assert enums.name_of_level(-1) == "Low"
    assert [enums.name_of_mood(m) for m in mood] == ["Happy", "Sad", "SoSo", "Lambda"]
    assert enums.opposite(mood.happy) is mood.sad
    assert enums.opposite("sad") is mood.happy
    assert enums.opposite("lambda") is None
    assert enums.describe("a", color.Blue, None, "so-so, really", 5) == "a Blue None SoSo 5"
    assert enums.describe("a", 0, level.Middle, mood.lambda_, 255) == "a Red Some(Middle) Lambda 255"
    with not_entered(enums):
        with pytest.raises(OverflowError, match=r"^count: "):
            enums.describe("a", color.Blue, None, mood.sad, 256)
        with pytest.raises(ValueError, match=r"is not a valid Mood"):
            enums.describe("a", color.Blue, None, "glad", 5)


def test_fields_and_properties(enums: Any) -> None:
    painting = enums.Painting(enums.Color.Green, "sad")
    assert painting.color is enums.Color.Green
    assert painting.level is None
    assert painting.mood is enums.Mood.sad
    painting.color, painting.level, painting.mood = 2, enums.Level.Middle, enums.Mood.happy
    assert (painting.color, painting.level, painting.mood) == (enums.Color.Blue, enums.Level.Middle, enums.Mood.happy)
    painting.level = None
    assert painting.level is None
    with not_entered(enums):
        with pytest.raises(TypeError, match=r"^value: expected Color, not str$"):
            painting.color = "Red"
        with pytest.raises(TypeError, match=r"expected Mood, not int$"):
            painting.mood = 0
        with pytest.raises(TypeError, match=r"^mood: expected Mood"):
            enums.Painting(enums.Color.Red, None)


def test_as_results_and_values(enums: Any) -> None:
    assert enums.check(enums.Status.Ok) is enums.Status.Ok
    with pytest.raises(GuestException) as caught:
        enums.check(enums.Status.NotFound)
    assert caught.value.value == 404
    assert enums.mood_value(enums.Mood.so_so__really) == "so-so, really"
    assert enums.mood_from_value("happy") is enums.Mood.happy
    for other in ("joyful", 5, None, object()):
        assert enums.mood_from_value(other) is None


def test_docstrings_and_signatures(enums: Any) -> None:
    assert inspect.getdoc(enums.Color) == "A primary colour.\n\nCounted from zero."
    assert str(inspect.signature(enums.echo_color)) == "(input: 'Color') -> 'Color'"
    assert str(inspect.signature(enums.maybe_mood)) == "(input: 'Mood | str | None' = None) -> 'Mood | None'"
