"""``Blob`` and ``File`` (File API 3 and 4): bytes that nobody changes, with a type."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from .. import errors, model, quota
from ..buffers import ArrayBuffer, DataView, Uint8Array, typed
from ..classes import Class
from ..coercions import relative, to_integer
from ..ordinary import Ordinary
from ..promise import Promise, default_jobs, promised, rejected
from .events import arguments, attribute, dictionary, this_is
from .text_codecs import bytes_of, utf8


def _type(text: str) -> str:
    return text.lower() if all(" " <= char <= "~" for char in text) else ""


class Blob(Ordinary):
    """Bytes: :attr:`content`."""

    __slots__ = ("content", "type")
    _bp_class: ClassVar[str] = "Blob"

    def __init__(self, content: bytes = b"", *, type: str = "") -> None:
        self.content = content
        self.type = _type(type)

    def __len__(self) -> int:
        return len(self.content)

    def __bytes__(self) -> bytes:
        return self.content

    def __repr__(self) -> str:
        return f"<js.{self._bp_class} of {len(self)} bytes>"

    def to_python(self) -> bytes:
        """The bytes."""
        return self.content


class File(Blob):
    """A blob with a name. It is no file of the host's."""

    __slots__ = ("last_modified", "name")
    _bp_class: ClassVar[str] = "File"

    def __init__(self, content: bytes, name: str, *, type: str = "", last_modified: float | None = None) -> None:
        super().__init__(content, type=type)
        self.name = name
        self.last_modified = int(time.time() * 1000) if last_modified is None else last_modified


# ------------------------------------------------------------------------------------------- as guests see them


def rejecting(read: Callable[[object], Any]) -> Callable[[object], Promise[Any]]:
    """A method that gives a promise: whatever ``read`` raises is a rejection (Web IDL 3.7.7)."""

    def call(this: object) -> Promise[Any]:
        try:
            return promised(read(this), default_jobs())
        except Exception as error:
            return rejected(error, default_jobs())

    return call


def joined(parts: Iterable[bytes]) -> bytes:
    """Bytes one behind the other: a guest can name the same ones often. Raises :class:`.RangeError` when they are too many."""
    kept, size = [], 0
    for part in parts:
        size = quota.buffer(size + len(part))
        kept.append(part)
    quota.claim(size)
    return b"".join(kept)


def _joined(parts: object) -> bytes:
    """Process blob parts. Line endings stay as they are."""
    if parts is None:
        return b""
    if model.is_primitive(parts):
        raise errors.TypeError("the parts of a Blob are given as an array")
    return joined(map(_part, model.iterate(parts)))


def _part(part: object) -> bytes:
    if isinstance(part, Blob):
        return part.content
    if isinstance(part, ArrayBuffer | DataView) or typed(part) is not None:
        return bytes_of(part)
    return utf8(model.to_string(part))


def _option(options: Any, name: str) -> str:
    value = options(name)
    return "" if value is None else model.to_string(value)


def _endings(options: Any) -> None:
    value = _option(options, "endings")
    if value not in ("", "transparent", "native"):
        raise errors.TypeError(f"{model.describe(value)} is no way to end lines")


def _new_blob(parts: Any = None, options: object = None) -> Blob:
    content, option = _joined(parts), dictionary(options, "options")
    _endings(option)
    return Blob(content, type=_option(option, "type"))


def _new_file(*args: Any) -> File:
    arguments(2, args, "File constructor")
    content, name = _joined(args[0]), model.to_string(args[1])
    option = dictionary(args[2] if len(args) > 2 else None, "options")
    _endings(option)
    type, modified = _option(option, "type"), option("lastModified")
    return File(content, name, type=type, last_modified=None if modified is None else int(to_integer(modified)))


_blob = this_is(Blob)


def _slice(this: object, start: object = None, end: object = None, type: object = None) -> Blob:
    blob = _blob(this)
    first, last = relative(start, len(blob)), relative(end, len(blob), len(blob))
    return Blob(blob.content[first:last], type="" if type is None else model.to_string(type))


CLASSES: Mapping[str, Any] = MappingProxyType(
    {
        "Blob": Class(
            "Blob",
            construct=_new_blob,
            prototype={
                "arrayBuffer": (rejecting(lambda this: ArrayBuffer(_blob(this).content)), 0),
                "bytes": (rejecting(lambda this: Uint8Array(_blob(this).content)), 0),
                "slice": (_slice, 0),
                "text": (rejecting(lambda this: _blob(this).content.decode(errors="replace").removeprefix("\ufeff")), 0),
            },
            getters={"size": lambda this: len(_blob(this)), "type": attribute(Blob, "type")},
            tag="Blob",
        ),
        "File": Class(
            "File",
            construct=_new_file,
            length=2,
            getters={"lastModified": attribute(File, "last_modified"), "name": attribute(File, "name")},
            tag="File",
            parent="Blob",
        ),
    }
)


def file_of(value: Blob, name: str | None) -> File:
    """A blob as an entry of a form: a file, called ``blob`` where nobody says how."""
    if isinstance(value, File) and name is None:
        return value
    modified = value.last_modified if isinstance(value, File) else None
    return File(value.content, "blob" if name is None else name, type=value.type, last_modified=modified)
