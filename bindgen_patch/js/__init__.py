"""What a ``JsValue`` is in Python: JavaScript's values, errors and rules for host code to use."""

from typing import TYPE_CHECKING, Any

from .errors import (
    AggregateError,
    DOMException,
    Error,
    EvalError,
    RangeError,
    ReferenceError,
    SuppressedError,
    SyntaxError,
    TypeError,
    URIError,
)
from .ordinary import Array, Object
from .primitives import BigInt, Symbol, null
from .promise import Promise
from .visibility import HostObject, expose

if TYPE_CHECKING:
    from .asynchronous import aiter
    from .buffers import (
        ArrayBuffer,
        BigInt64Array,
        BigUint64Array,
        DataView,
        Float16Array,
        Float32Array,
        Float64Array,
        Int8Array,
        Int16Array,
        Int32Array,
        Uint8Array,
        Uint8ClampedArray,
        Uint16Array,
        Uint32Array,
    )
    from .dates import Date
    from .keyed import FinalizationRegistry, Map, Set, WeakMap, WeakRef, WeakSet
    from .regexp.patterns import RegExp
    from .streams import ByteLengthQueuingStrategy, CountQueuingStrategy, ReadableStream, TransformStream, WritableStream
    from .web.aborting import AbortController, AbortSignal
    from .web.blobs import Blob, File
    from .web.events import CustomEvent, Event, EventTarget
    from .web.fetching import Request, Response
    from .web.forms import FormData
    from .web.headers import Headers
    from .web.text_codecs import TextDecoder, TextEncoder
    from .web.url import URL, URLSearchParams

__all__ = [
    "AbortController",
    "AbortSignal",
    "AggregateError",
    "Array",
    "ArrayBuffer",
    "BigInt64Array",
    "BigUint64Array",
    "Blob",
    "CustomEvent",
    "DOMException",
    "ByteLengthQueuingStrategy",
    "CountQueuingStrategy",
    "DataView",
    "Date",
    "Event",
    "EventTarget",
    "File",
    "FinalizationRegistry",
    "Float16Array",
    "Float32Array",
    "Float64Array",
    "FormData",
    "Headers",
    "Int16Array",
    "Int32Array",
    "Int8Array",
    "Map",
    "Object",
    "ReadableStream",
    "RegExp",
    "Request",
    "Response",
    "Set",
    "SuppressedError",
    "TextDecoder",
    "TextEncoder",
    "TransformStream",
    "URL",
    "URLSearchParams",
    "Uint16Array",
    "Uint32Array",
    "Uint8Array",
    "Uint8ClampedArray",
    "WeakMap",
    "WeakRef",
    "WeakSet",
    "WritableStream",
    "aiter",
    "BigInt",
    "Error",
    "EvalError",
    "HostObject",
    "Promise",
    "RangeError",
    "ReferenceError",
    "Symbol",
    "SyntaxError",
    "TypeError",
    "URIError",
    "expose",
    "null",
]


def __getattr__(name: str) -> Any:
    """The classes that most programs never need are loaded when somebody names them."""
    from importlib import import_module

    from .classes import HOMES

    home = "asynchronous" if name == "aiter" else HOMES.get(name)
    if name not in __all__ or home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{home}", __name__), name)
    globals()[name] = value
    return value
