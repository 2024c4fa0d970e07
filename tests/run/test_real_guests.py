"""Crates that nobody here wrote, against what upstream's own JavaScript bindings answer on the same inputs.

``fixtures/goldens.mjs`` recorded the answers and explains the form of ``golden.json``.
"""

from __future__ import annotations

import array
import base64
import enum
import json
from collections.abc import Callable
from typing import Any

import pytest

from bindgen_patch import GuestAborted, GuestException, PanicError, js
from bindgen_patch.emit.names import identifier

from ..conftest import EVERY_MODE, FIXTURES

Load = Callable[..., Any]

CRATES = sorted(path.parent.name for path in FIXTURES.glob("real/*/golden.json"))

REFUSED_EARLIER = {"invalid enum value passed": ValueError}
"""What upstream's bindings leave to the guest and ours see before they enter it: message -> the exception instead."""


@pytest.fixture(params=EVERY_MODE)
def mode(request: pytest.FixtureRequest) -> str:
    """How the guest is built."""
    return str(request.param)


class Replay:
    """Makes the calls of a golden file, in order, and says what came of each in the same form."""

    def __init__(self, module: Any) -> None:
        self.module = module
        self.objects: dict[str, Any] = {}
        self.guest: Any = module.Instance()

    def fresh(self) -> None:
        self.objects.clear()
        self.guest = self.module.Instance()

    def lift(self, value: Any) -> Any:
        """A value of the file, as Python has it."""
        match value:
            case list():
                return [self.lift(item) for item in value]
            case {"ref": name}:
                return self.objects[name]
            case {"member": [cls, name]}:
                return getattr(self.module, cls)[name]
            case {"floats": numbers}:
                return array.array("d", numbers)
            case {"bytes": text}:
                return base64.b64decode(text)
        return value

    def lower(self, value: Any) -> Any:
        """The other way round."""
        if isinstance(value, bytes):
            return {"bytes": base64.b64encode(value).decode()}
        if isinstance(value, array.array):
            return {"floats": value.tolist()}
        return [self.lower(item) for item in value] if isinstance(value, list) else value

    def make(self, call: dict[str, Any]) -> Any:
        if "enumeration" in call:
            return {member.name: member.value for member in getattr(self.module, call["enumeration"])}
        owner = self.objects[call["on"]] if "on" in call else self.guest
        for name in call["call"].removeprefix("new ").split("."):
            owner = getattr(owner, identifier(name))  # `from` is `from_` in Python
        return owner(*map(self.lift, call["args"]))

    def outcome(self, call: dict[str, Any]) -> dict[str, Any]:
        try:
            result = self.make(call)
        except (js.Error, PanicError) as error:
            return {"error": {"name": error.name, "message": error.message}}
        except GuestException as error:
            return {"thrown": self.lower(error.value)}
        if "as" in call:
            self.objects[call["as"]] = result
        cls = getattr(self.module, type(result).__name__, None)
        is_object = isinstance(cls, type) and isinstance(result, cls) and not isinstance(result, enum.Enum)
        return {"object": type(result).__name__} if is_object else {"result": self.lower(result)}


@pytest.mark.parametrize("crate", CRATES)
def test_same_answers_as_upstream(load: Load, crate: str, mode: str) -> None:
    calls = json.loads((FIXTURES / "real" / crate / "golden.json").read_text())
    replay = Replay(load(f"real/{crate}", mode))
    for call in calls:
        if call.get("fresh"):
            replay.fresh()
        expected = {key: call[key] for key in ("result", "object", "error", "thrown") if key in call}
        error = expected.get("error", {"name": "", "message": ""})
        if error["name"] == "PanicError" and mode == "abort":
            with pytest.raises(GuestAborted) as death:
                replay.make(call)
            assert death.value.kind == "panic"
            assert replay.guest.state == "terminated"
        elif error["message"] in REFUSED_EARLIER:
            with pytest.raises(REFUSED_EARLIER[error["message"]]):
                replay.make(call)
        else:
            assert replay.outcome(call) == expected, call


def test_there_are_real_guests() -> None:
    assert CRATES == ["blurhash-wasm", "fast_qr", "grex"]
