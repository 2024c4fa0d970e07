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
from bindgen_patch.js import model

from ..conftest import EVERY_MODE, FIXTURES
from .partners import PARTNERS

Load = Callable[..., Any]

CRATES = sorted(path.parent.name for path in FIXTURES.glob("real/*/golden.json"))
BUILDS = [(crate, mode) for crate in CRATES for mode in EVERY_MODE if (FIXTURES / "real" / crate / f"{mode}.wasm").is_file()]

REFUSED_EARLIER = {"invalid enum value passed": ValueError}
"""What upstream's bindings leave to the guest and ours see before they enter it: message -> the exception instead."""


class Replay:
    """Makes the calls of a golden file, in order, and says what came of each in the same form."""

    def __init__(self, module: Any, callbacks: Callable[..., dict[str, Any]]) -> None:
        self.module = module
        self.log: list[Any] = []
        self.callbacks = callbacks(lambda *values: self.log.extend(values))
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
            case dict():
                ((kind, content),) = value.items()
                return self.lift_as(kind, content)
        return value

    def lift_as(self, kind: str, content: Any) -> Any:
        match kind:
            case "ref":
                return self.objects[content]
            case "member":
                return getattr(self.module, content[0])[content[1]]
            case "callback":
                return self.callbacks[content]
            case "floats":
                return array.array("d", content)
            case "bytes":
                return base64.b64decode(content)
            case "big":
                return js.BigInt(content)
            case "record":
                return {name: self.lift(item) for name, item in content.items()}
            case "map":
                return js.Map(tuple(map(self.lift, entry)) for entry in content)  # type: ignore[arg-type]
            case "date":
                return js.Date(content)
            case "regexp":
                return js.RegExp(*content)
            case "promise":
                return js.Promise.resolve(self.lift(content))
        assert kind == "rejects"
        return js.Promise.reject(js.Error(content))

    def lower(self, value: Any) -> Any:
        """The other way round."""
        match value:
            case bytes() | js.Uint8Array():
                return {"bytes": base64.b64encode(bytes(list(value))).decode()}
            case array.array(typecode="d"):
                return {"floats": value.tolist()}
            case list() | tuple() | array.array():
                return [self.lower(item) for item in value]
            case js.Map():
                return {"map": [[self.lower(key), self.lower(item)] for key, item in value.items()]}
            case js.Date():
                return {"date": model.call(value, "getTime", [])}
            case js.BigInt():
                return {"big": str(int(value))}
            case js.Error():
                return {"failure": {"name": value.name, "message": value.message}}
            case dict():
                return {"record": {name: self.lower(item) for name, item in value.items()}}
            case js.null:
                return None
        return {"instance": type(value).__name__} if self.is_object(value) else value

    def is_object(self, value: Any) -> bool:
        cls = getattr(self.module, type(value).__name__, None)
        return isinstance(cls, type) and isinstance(value, cls) and not isinstance(value, enum.Enum)

    def make(self, call: dict[str, Any]) -> Any:
        if "enumeration" in call:
            return {member.name: member.value for member in getattr(self.module, call["enumeration"])}
        if "get" in call:
            return getattr(self.objects[call["on"]], call["get"])
        owner = self.objects[call["on"]] if "on" in call else self.guest
        for name in call["call"].removeprefix("new ").split("."):
            owner = getattr(owner, identifier(name))  # `from` is `from_` in Python
        result = owner(*map(self.lift, call["args"]))
        return result.result() if isinstance(result, js.Promise) else result

    def outcome(self, call: dict[str, Any]) -> dict[str, Any]:
        told = self.told(call)
        log = self.lower(self.log)
        self.log.clear()
        return told | {"log": log} if log else told

    def told(self, call: dict[str, Any]) -> dict[str, Any]:
        try:
            result = self.make(call)
        except (js.Error, PanicError) as error:
            return {"error": {"name": error.name, "message": error.message}}
        except GuestException as error:
            return {"thrown": self.lower(error.value)}
        if "as" in call:
            self.objects[call["as"]] = result
        if "enumeration" in call:
            return {"result": result}
        return {"object": type(result).__name__} if self.is_object(result) else {"result": self.lower(result)}


@pytest.mark.parametrize(("crate", "mode"), BUILDS)
def test_same_answers_as_upstream(load: Load, crate: str, mode: str) -> None:
    calls = json.loads((FIXTURES / "real" / crate / "golden.json").read_text())
    replay = Replay(load(f"real/{crate}", mode), PARTNERS.get(crate, lambda _log: {}))
    for call in calls:
        if call.get("fresh"):
            replay.fresh()
        expected = {key: call[key] for key in ("result", "object", "error", "thrown", "log") if key in call}
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
    assert CRATES == ["blurhash-wasm", "csv", "fast_qr", "futures", "grex", "minijinja"]
