"""``structuredClone`` (HTML 2.7): a deep copy of plain data, with all that is shared and circular in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from . import errors, model
from .buffers import ArrayBuffer, DataView, TypedArray
from .classes import Function
from .keyed import Map, Set
from .ordinary import Array, Object
from .primitives import Symbol
from .visibility import is_moment
from .wrappers import Wrapper


def _refuse(value: object) -> errors.Error:
    return errors.DOMException(f"{model.describe(value)} could not be cloned.", "DataCloneError")


class _Cloner:
    """One call: what has been copied is copied once."""

    def __init__(self) -> None:
        self.copies: dict[int, Any] = {}

    def clone(self, value: Any) -> Any:
        if isinstance(value, Symbol):
            raise _refuse(value)
        if model.is_primitive(value):
            return value
        known = self.copies.get(id(value))
        return self._copy(value) if known is None else known

    def _keep(self, value: Any, copy: Any) -> Any:
        self.copies[id(value)] = copy
        return copy

    def _copy(self, value: Any) -> Any:
        if model.is_array(value) and isinstance(value, list | tuple):
            made = self._keep(value, Array())
            model.set(made, "length", len(value))
            self._members(value, made, model.enumerable_keys(value))
            return made
        match value:
            case ArrayBuffer():
                if value.detached:
                    raise _refuse(value)
                return self._keep(value, ArrayBuffer(bytes(value), value.limit))
            case TypedArray() | DataView():
                buffer = self.clone(value.buffer)
                return self._keep(value, type(value)(buffer, value.byte_offset, value._length))
            case Wrapper():
                return self._keep(value, Wrapper(self.clone(value.value)))
            case Map():
                copy = self._keep(value, Map())
                for entry in list(value._entries):
                    copy[self.clone(entry.key)] = self.clone(entry.value)
                return copy
            case Set():
                chosen = self._keep(value, Set())
                for item in list(value):
                    chosen.add(self.clone(item))
                return chosen
            case BaseException():
                return self._error(value)
        if getattr(type(value), "_bp_class", None) in ("Blob", "File"):
            from .web.blobs import Blob, File, file_of

            return self._keep(value, file_of(value, value.name) if isinstance(value, File) else Blob(value.content, type=value.type))
        if is_moment(value) or getattr(type(value), "_bp_class", None) in ("Date", "RegExp"):
            from . import Date, RegExp

            return self._keep(value, RegExp(value) if isinstance(value, RegExp) else Date(value))
        if type(value) in (dict, Object):
            copied = self._keep(value, Object())
            self._members(value, copied, model.enumerable_keys(value))
            return copied
        raise _refuse(value)

    def _members(self, value: Any, copy: Any, keys: Iterable[str]) -> None:
        for key in keys:
            model.create(copy, key, self.clone(model.get(value, key)))

    def _error(self, value: BaseException) -> errors.Error:
        if isinstance(value, errors.DOMException):
            same: errors.Error = self._keep(value, errors.DOMException(value.message, value.name))
            return same
        kinds = (errors.EvalError, errors.RangeError, errors.ReferenceError, errors.SyntaxError, errors.TypeError, errors.URIError)
        name = model.get(value, "name")
        cls = next((kind for kind in kinds if kind.name == name), errors.Error)
        copy: errors.Error = self._keep(value, cls(errors.error_message(value)))
        if isinstance(value, errors.Error) and "cause" in vars(value):
            vars(copy)["cause"] = self.clone(vars(value)["cause"])
        return copy


def structured_clone(_this: object, *args: Any) -> Any:
    """``structuredClone(value, {transfer})``: what is transferred is detached here, and the copy's."""
    if not args:
        raise errors.TypeError("structuredClone: 1 argument required, but only 0 present")
    value, options = args[0], args[1] if len(args) > 1 else None
    if not model.is_nullish(options) and model.is_primitive(options):
        raise errors.TypeError("the options of structuredClone must be an object")
    cloner = _Cloner()
    given = None if model.is_primitive(options) else model.get(options, "transfer")
    transferred = [] if given is None else list(model.iterate(given))
    seen: set[int] = set()
    for item in transferred:
        if not isinstance(item, ArrayBuffer) or item.detached or id(item) in seen:
            raise _refuse(item)
        seen.add(id(item))
    try:
        copy = cloner.clone(value)
    except RecursionError:
        raise errors.RangeError("Maximum call stack size exceeded") from None
    for item in transferred:
        item.resize(0)
        item.detached = True
    return copy


CLASSES: Mapping[str, Any] = MappingProxyType({"structuredClone": Function("structuredClone", structured_clone, 1)})
