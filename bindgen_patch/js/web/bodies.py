"""What requests and responses carry (Fetch 5.2 and 5.3): bytes, all there at once, though guests may read them as a stream."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from .. import errors, model, printing
from ..buffers import ArrayBuffer, DataView, Uint8Array, typed
from ..classes import Function, builtin
from ..ordinary import Object, Ordinary
from ..primitives import null
from .blobs import Blob, rejecting
from .forms import FormData, boundary_of, read_multipart, write_multipart
from .headers import Headers
from .text_codecs import bytes_of, utf8
from .url import URLSearchParams, parse_form

_UNUSABLE = "Body is unusable: Body has already been read"
NULL_STATUS = frozenset({101, 103, 204, 205, 304})
"""Of responses that have no body."""


class Body(Ordinary):
    """What :class:`.Request` and :class:`.Response` have in common."""

    __slots__ = ("_content", "_stream", "headers", "used")
    _bp_class: ClassVar[str] = "Object"

    def __init__(self, content: bytes | None, headers: Headers) -> None:
        self._content = content
        """``None``: there is no body."""
        self._stream: Any = None
        self.headers = headers
        self.used = False
        """Guest code has read it. Host code may read it as often as it likes."""

    @property
    def content(self) -> bytes:
        """All of the body; empty where there is none."""
        return self._content or b""

    @property
    def disturbed(self) -> bool:
        """Whether somebody has begun to read it."""
        return self.used or (self._stream is not None and self._stream._disturbed)

    @property
    def unusable(self) -> bool:
        """Whether it cannot be read any more: it was, or somebody holds a reader of its stream."""
        return self.disturbed or (self._stream is not None and bool(model.get(self._stream, "locked")))

    def take(self) -> bytes:
        """Consume it (5.3). Raises :class:`.TypeError` for one that was used."""
        if self.unusable:
            raise errors.TypeError(_UNUSABLE)
        self.used = self._content is not None
        return self.content


def stream_of(body: Body) -> Any:
    """The attribute ``body``: null, or a ``ReadableStream`` that gives the bytes in one chunk and uses them up."""
    if body._content is None:
        return null
    if body._stream is None:

        def pull(controller: Any) -> None:
            if body.used:
                model.call(controller, "error", [errors.TypeError(_UNUSABLE)])
                return
            body.used = True
            if body.content:
                model.call(controller, "enqueue", [Uint8Array(body.content)])
            model.call(controller, "close", [])

        body._stream = model.construct(builtin("ReadableStream"), [Object(pull=pull), Object(highWaterMark=0)])
    return body._stream


def extracted(value: object) -> tuple[bytes | None, str | None]:
    """Extract a body (5.2): its bytes, and the type that it tells."""
    if value is None or value is null:
        return None, None
    if isinstance(value, Blob):
        return value.content, value.type or None
    if isinstance(value, FormData):
        return write_multipart(value)
    if isinstance(value, URLSearchParams):
        return str(value).encode(), "application/x-www-form-urlencoded;charset=UTF-8"
    if isinstance(value, ArrayBuffer | DataView) or typed(value) is not None:
        return bytes_of(value), None
    if getattr(type(value), "_bp_class", None) == "ReadableStream":
        raise errors.TypeError("a body that is a stream is not supported: give its bytes")
    return utf8(model.to_string(value)), "text/plain;charset=UTF-8"


# ------------------------------------------------------------------------------------------- reading it


def _array_buffer(body: Body) -> ArrayBuffer:
    return ArrayBuffer(body.take())


def _blob(body: Body) -> Blob:
    return Blob(body.take(), type=body.headers.get("content-type", ""))


def _bytes(body: Body) -> Uint8Array:
    return Uint8Array(body.take())


def _text(body: Body) -> str:
    return body.take().decode(errors="replace").removeprefix("\ufeff")


def _json(body: Body) -> Any:
    return printing.parse(_text(body))


def _form_data(body: Body) -> FormData:
    kind = body.headers.get("content-type", "")
    match kind.partition(";")[0].strip().lower():
        case "multipart/form-data":
            return read_multipart(body.take(), boundary_of(kind))
        case "application/x-www-form-urlencoded":
            form = FormData()
            for name, value in parse_form(body.take().decode(errors="replace")):
                form.append(name, value)
            return form
    raise errors.TypeError("the Content-Type of the body is not that of a form")


def methods(check: Callable[[object], Body]) -> dict[str, Any]:
    """The methods that read a body."""
    readers: Mapping[str, Callable[[Body], Any]] = {
        "arrayBuffer": _array_buffer,
        "blob": _blob,
        "bytes": _bytes,
        "formData": _form_data,
        "json": _json,
        "text": _text,
    }

    def method(name: str, read: Callable[[Body], Any]) -> Function:
        return Function(name, rejecting(lambda this: read(check(this))), 0)

    return {name: method(name, read) for name, read in readers.items()}


def getters(check: Callable[[object], Body]) -> Mapping[str, Callable[[object], Any]]:
    """The attributes that tell of it."""
    return MappingProxyType(
        {
            "body": lambda this: stream_of(check(this)),
            "bodyUsed": lambda this: check(this).disturbed,
            "headers": lambda this: check(this).headers,
        }
    )
