"""Stands in for the smaller modules of js-sys: ``tests/wasm/JsString.js``, ``Number.js``, ``Object.js``, ``Proxy.js``, ``Reflect.js``,
``SharedArrayBuffer.js`` and ``Thenable.js``."""
# ruff: noqa: N802 (JavaScript chose these names)

import math
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from bindgen_patch import js
from bindgen_patch.js import model
from bindgen_patch.js.builtins import GLOBALS

_KEY = js.Symbol("")


def is_shared_array_buffer_supported() -> bool:
    return False


def const_epsilon() -> float:
    return sys.float_info.epsilon


def const_max_safe_integer() -> int:
    return 2**53 - 1


def const_max_value() -> float:
    return sys.float_info.max


def const_min_safe_integer() -> int:
    return 1 - 2**53


def const_min_value() -> float:
    return math.ulp(0.0)


def const_negative_infinity() -> float:
    return -math.inf


def const_positive_infinity() -> float:
    return math.inf


def map_with_symbol_key() -> js.Object:
    return js.Object({_KEY: 42})


def symbol_key() -> js.Symbol:
    return _KEY


class Foo:
    """With nothing in it."""


class Bar:
    """Likewise."""


def new_string_object() -> Any:
    return model.construct(GLOBALS["String"], ["hi"])


def get_replacer_function() -> Callable[[str, int, str], str]:
    return lambda match, offset, _text: ("-" if offset > 0 else "") + match.lower()


def proxy_target() -> dict[str, int]:
    return {"a": 100}


def proxy_handler() -> dict[str, Any]:
    return {"get": lambda target, key, _receiver: target.get(key, 37)}


def get_char_at() -> Any:
    return model.get("foo", "charAt")


class Rectangle(js.Object):
    """Something with an ``x`` and a ``y``, which guests may change as if they had made it."""

    def __init__(self, x: Any = None, y: Any = None) -> None:
        super().__init__({"x": x, "y": y})

    @staticmethod
    def eq(x: Any, y: Any) -> bool:
        return model.strict_equal(x, y)


class Rectangle2(Rectangle):
    """Another."""


def throw_all_the_time() -> Any:
    def refuse(*_args: object) -> Any:
        raise js.Error("nope")

    traps = ("getPrototypeOf", "setPrototypeOf", "isExtensible", "preventExtensions", "getOwnPropertyDescriptor", "defineProperty")
    traps += ("has", "get", "set", "deleteProperty", "ownKeys", "apply", "construct")
    return model.construct(GLOBALS["Proxy"], [js.Object(), js.Object(dict.fromkeys(traps, refuse))])


def createNumericThenable(value: float) -> js.Object:
    return js.Object({"then": lambda fulfil, _reject=None: js.Promise.resolve(value).then(fulfil)})


async def processNumericPromising(promising: Awaitable[float]) -> str:
    return f"Number: {model.to_string(await js.Promise.resolve(promising))}"
