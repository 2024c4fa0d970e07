"""``Error`` and its kin, as guests see them (ECMA-262 20.5). The exceptions themselves are in :mod:`.errors`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from . import errors, model
from .classes import Class


def to_string(this: object) -> str:
    """``Error.prototype.toString``."""
    if model.is_primitive(this):
        raise errors.TypeError("Error.prototype.toString requires that 'this' be a JSReceiver")
    parts = model.get(this, "name"), model.get(this, "message")
    name, message = (default if part is None else model.to_string(part) for part, default in zip(parts, ("Error", ""), strict=True))
    return f"{name}: {message}" if name and message else name or message


def _maker(cls: type[errors.Error]) -> Callable[..., Any]:
    def make(message: object = None, options: object = None) -> errors.Error:
        return _caused(cls(None if message is None else model.to_string(message)), options)

    return make


def _aggregate(members: object = None, message: object = None, options: object = None) -> errors.Error:
    text = None if message is None else model.to_string(message)
    return _caused(errors.AggregateError(model.iterate(members), text), options)


def _suppressed(error: object = None, suppressed: object = None, message: object = None) -> errors.Error:
    return errors.SuppressedError(error, suppressed, None if message is None else model.to_string(message))


def _caused(error: errors.Error, options: object) -> errors.Error:
    """InstallErrorCause (20.5.8.1)."""
    if not model.is_primitive(options) and model.has(options, "cause"):
        vars(error)["cause"] = model.get(options, "cause")
    return error


def _capture_stack_trace(_this: object, obj: object, _function: object = None) -> None:
    """V8's: gives any object a ``stack``. What the host's stack looks like is not for guests."""
    if model.is_primitive(obj):
        raise errors.TypeError(f"Invalid argument: {model.describe(obj)}")
    if not isinstance(obj, BaseException):
        model.set(obj, "stack", model.to_string(obj))


def _class(cls: type[errors.Error], **more: Any) -> Class:
    given = {"construct": _maker(cls), "length": 1, **more}
    return Class(cls.name, call=given["construct"], values={"name": cls.name, "message": ""}, parent="Error", **given)


def _dom(message: object = None, name: object = None) -> errors.DOMException:
    text = "" if message is None else model.to_string(message)
    return errors.DOMException(text, "Error" if name is None else model.to_string(name))


def _of_dom(read: Callable[[errors.DOMException], Any]) -> Callable[[object], Any]:
    def get(this: object) -> Any:
        if not isinstance(this, errors.DOMException):
            raise errors.TypeError('Value of "this" must be of DOMException')
        return read(this)

    return get


def _constant(name: str) -> str:
    """``InvalidStateError`` -> ``INVALID_STATE_ERR``; the first ones have names of their own."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper().removesuffix("OR")
    return {"IN_USE_ATTRIBUTE_ERR": "INUSE_ATTRIBUTE_ERR", "URLMISMATCH_ERR": "URL_MISMATCH_ERR"}.get(words, words)


_DOM_CONSTANTS = {_constant(name): code for name, code in errors.DOM_CODES.items()}
_DOM_CONSTANTS |= {"DOMSTRING_SIZE_ERR": 2, "NO_DATA_ALLOWED_ERR": 6, "VALIDATION_ERR": 16}


_STATICS = {"captureStackTrace": (_capture_stack_trace, 2), "isError": lambda _this, value: isinstance(value, BaseException)}
_KINDS = (errors.EvalError, errors.RangeError, errors.ReferenceError, errors.SyntaxError, errors.TypeError, errors.URIError)

CLASSES: Mapping[str, Any] = MappingProxyType(
    {
        "Error": Class(
            "Error",
            call=_maker(errors.Error),
            construct=_maker(errors.Error),
            length=1,
            statics=_STATICS,
            constants={"stackTraceLimit": 10},
            prototype={"toString": to_string},
            values={"name": "Error", "message": ""},
        ),
        **{str(cls.name): _class(cls) for cls in _KINDS},
        "DOMException": Class(
            "DOMException",
            construct=_dom,
            constants=dict(sorted(_DOM_CONSTANTS.items(), key=lambda item: item[1])),
            values=_DOM_CONSTANTS,
            getters={
                "name": _of_dom(lambda error: error.name),
                "message": _of_dom(lambda error: error.message),
                "code": _of_dom(lambda error: error.code),
            },
            tag="DOMException",
            parent="Error",
        ),
        "SuppressedError": _class(errors.SuppressedError, construct=_suppressed, length=3),
        "AggregateError": _class(errors.AggregateError, construct=_aggregate, length=2),
    }
)
