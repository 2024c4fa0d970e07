"""``ReadableStream``, ``WritableStream``, ``TransformStream`` and what belongs to them, as guests see them (WHATWG Streams).

What they do is in the modules beside this one; here are the tables of their members.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from ..asynchronous import steps_of
from ..classes import Body, Class, Table
from ..errors import TypeError
from ..primitives import null
from ..promise import default_jobs, jobs_of, rejected
from ..symbols import ASYNC_ITERATOR
from .bytes import ReadableByteStreamController, ReadableStreamBYOBReader, ReadableStreamBYOBRequest
from .common import STRATEGIES, ByteLengthQueuingStrategy, CountQueuingStrategy, branded
from .iterator import ReadableStreamAsyncIterator
from .readable import ReadableStream, ReadableStreamDefaultController, ReadableStreamDefaultReader
from .transform import TransformStream, TransformStreamDefaultController
from .writable import WritableStream, WritableStreamDefaultController, WritableStreamDefaultWriter


def _method(kind: type[Any], function: Callable[..., Any], length: int, promises: bool = False) -> tuple[Body, int]:
    """A method; of one that gives a promise, every error is a rejection (Web IDL 3.7.7)."""

    def call(this: object, *args: Any) -> Any:
        try:
            return function(branded(kind, this, function.__name__), *args[:most])
        except TypeError as error:
            if promises and not isinstance(this, kind):
                return rejected(error, default_jobs())
            raise

    most = function.__code__.co_argcount - 1
    return call, length


def _getter(kind: type[Any], name: str, promises: bool = False) -> Body:
    def get(this: object) -> Any:
        if promises and not isinstance(this, kind):
            return rejected(TypeError(f"{kind._bp_class}.{name} is of another kind of object"), default_jobs())
        value = getattr(branded(kind, this, name), name)
        return null if value is None else value

    return get


def _class(
    kind: type[Any],
    length: int = 0,
    *,
    methods: Mapping[str, tuple[Any, ...]] = MappingProxyType({}),
    getters: Mapping[str, tuple[Any, ...]] = MappingProxyType({}),
    **more: Any,
) -> Class:
    """``methods``: JavaScript name -> Python function, ``length``, whether it gives a promise. ``getters``: the same, by attribute."""
    name = kind._bp_class
    prototype: Table = {key: _method(kind, *entry) for key, entry in methods.items()}
    return Class(
        name,
        construct=kind,
        length=length,
        prototype={**prototype, **more.pop("prototype", {})},
        getters={key: _getter(kind, *entry) for key, entry in getters.items()},
        tag=name,
        **more,
    )


def _values(this: object, *options: Any) -> ReadableStreamAsyncIterator:
    return ReadableStreamAsyncIterator(branded(ReadableStream, this, "values"), *options[:1])


def _from(_this: object, items: Any) -> ReadableStream:
    return ReadableStream._of(steps_of(items), jobs_of(items))


CLASSES: Mapping[str, Any] = MappingProxyType(
    {
        **STRATEGIES,
        "ReadableStream": _class(
            ReadableStream,
            statics={"from": (_from, 1)},
            methods={
                "cancel": (ReadableStream.cancel, 0, True),
                "getReader": (ReadableStream.get_reader, 0),
                "pipeThrough": (ReadableStream.pipe_through, 1),
                "pipeTo": (ReadableStream.pipe_to, 1, True),
                "tee": (ReadableStream.tee, 0),
            },
            getters={"locked": ("locked",)},
            prototype={"values": (_values, 0), ASYNC_ITERATOR: (_values, 0)},
        ),
        "ReadableStreamAsyncIterator": Class(
            "ReadableStreamAsyncIterator",
            prototype={
                "next": _method(ReadableStreamAsyncIterator, ReadableStreamAsyncIterator.next, 0, True),
                "return": _method(ReadableStreamAsyncIterator, ReadableStreamAsyncIterator.finish, 1, True),
            },
            parent="AsyncIterator",
            tag="ReadableStream AsyncIterator",
        ),
        "ReadableStreamDefaultReader": _class(
            ReadableStreamDefaultReader,
            1,
            methods={
                "cancel": (ReadableStreamDefaultReader.cancel, 0, True),
                "read": (ReadableStreamDefaultReader.read, 0, True),
                "releaseLock": (ReadableStreamDefaultReader.release_lock, 0),
            },
            getters={"closed": ("closed", True)},
        ),
        "ReadableStreamBYOBReader": _class(
            ReadableStreamBYOBReader,
            1,
            methods={
                "cancel": (ReadableStreamBYOBReader.cancel, 0, True),
                "read": (ReadableStreamBYOBReader.read, 1, True),
                "releaseLock": (ReadableStreamBYOBReader.release_lock, 0),
            },
            getters={"closed": ("closed", True)},
        ),
        "ReadableStreamDefaultController": _class(
            ReadableStreamDefaultController,
            methods={
                "close": (ReadableStreamDefaultController.close, 0),
                "enqueue": (ReadableStreamDefaultController.enqueue, 0),
                "error": (ReadableStreamDefaultController.error, 0),
            },
            getters={"desiredSize": ("desired_size",)},
        ),
        "ReadableByteStreamController": _class(
            ReadableByteStreamController,
            methods={
                "close": (ReadableByteStreamController.close, 0),
                "enqueue": (ReadableByteStreamController.enqueue, 1),
                "error": (ReadableByteStreamController.error, 0),
            },
            getters={"byobRequest": ("byob_request",), "desiredSize": ("desired_size",)},
        ),
        "ReadableStreamBYOBRequest": _class(
            ReadableStreamBYOBRequest,
            methods={
                "respond": (ReadableStreamBYOBRequest.respond, 1),
                "respondWithNewView": (ReadableStreamBYOBRequest.respond_with_new_view, 1),
            },
            getters={"view": ("view",)},
        ),
        "WritableStream": _class(
            WritableStream,
            methods={
                "abort": (WritableStream.abort, 0, True),
                "close": (WritableStream.close, 0, True),
                "getWriter": (WritableStream.get_writer, 0),
            },
            getters={"locked": ("locked",)},
        ),
        "WritableStreamDefaultWriter": _class(
            WritableStreamDefaultWriter,
            1,
            methods={
                "abort": (WritableStreamDefaultWriter.abort, 0, True),
                "close": (WritableStreamDefaultWriter.close, 0, True),
                "releaseLock": (WritableStreamDefaultWriter.release_lock, 0),
                "write": (WritableStreamDefaultWriter.write, 0, True),
            },
            getters={"closed": ("closed", True), "desiredSize": ("desired_size",), "ready": ("ready", True)},
        ),
        "WritableStreamDefaultController": _class(
            WritableStreamDefaultController,
            methods={"error": (WritableStreamDefaultController.error, 0)},
            getters={"signal": ("signal",)},
        ),
        "TransformStream": _class(TransformStream, getters={"readable": ("readable",), "writable": ("writable",)}),
        "TransformStreamDefaultController": _class(
            TransformStreamDefaultController,
            methods={
                "enqueue": (TransformStreamDefaultController.enqueue, 0),
                "error": (TransformStreamDefaultController.error, 0),
                "terminate": (TransformStreamDefaultController.terminate, 0),
            },
            getters={"desiredSize": ("desired_size",)},
        ),
    }
)

__all__ = ["CLASSES", "ByteLengthQueuingStrategy", "CountQueuingStrategy", "ReadableStream", "TransformStream", "WritableStream"]
