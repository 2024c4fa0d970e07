"""``FormData`` (XMLHttpRequest 4.3), and forms as bodies: ``multipart/form-data`` (RFC 7578, HTML 4.10.21.8), read and written."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Final

from .. import errors, model
from ..classes import Class
from ..iterators import BuiltinIterator, kind
from ..ordinary import Array, Ordinary
from ..primitives import null
from ..strings import to_well_formed
from ..symbols import ITERATOR
from .blobs import Blob, File, file_of, joined
from .events import arguments, this_is

MAX_PARTS: Final = 1 << 14
"""How many entries a form may have."""


class FormData(Ordinary):
    """Pairs of a name and a text or :class:`.File`, in order; iterating gives them."""

    __slots__ = ("pairs",)
    _bp_class: ClassVar[str] = "FormData"

    def __init__(self) -> None:
        self.pairs: list[tuple[str, str | File]] = []

    def append(self, name: str, value: str | Blob, filename: str | None = None) -> None:
        """One more."""
        if len(self.pairs) >= MAX_PARTS:
            raise errors.RangeError(f"more than {MAX_PARTS} entries")
        self.pairs.append((name, file_of(value, filename) if isinstance(value, Blob) else value))

    def get_all(self, name: str) -> list[str | File]:
        """Every value of a name."""
        return [value for key, value in self.pairs if key == name]

    def __iter__(self) -> Iterator[tuple[str, str | File]]:
        place = 0
        while place < len(self.pairs):
            yield self.pairs[place]
            place += 1

    def __len__(self) -> int:
        return len(self.pairs)

    def __repr__(self) -> str:
        return f"js.FormData({self.pairs!r})"

    def to_python(self) -> list[tuple[str, str | File]]:
        """The pairs."""
        return list(self.pairs)


# ------------------------------------------------------------------------------------------- as bodies


def _line(text: str) -> str:
    return re.sub(r"\r\n|\r|\n", "\r\n", text)


def _quoted(text: str) -> str:
    return text.replace("\n", "%0A").replace("\r", "%0D").replace('"', "%22")


def write_multipart(form: FormData) -> tuple[bytes, str]:
    """The body, and its type."""
    boundary = f"----formdata-{secrets.token_hex(16)}"
    return joined(_parts(form, boundary)), f"multipart/form-data; boundary={boundary}"


def _parts(form: FormData, boundary: str) -> Iterator[bytes]:
    for name, value in form.pairs:
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(_line(name))}"'
        if isinstance(value, File):
            head += f'; filename="{_quoted(value.name)}"\r\nContent-Type: {value.type or "application/octet-stream"}'
            content = value.content
        else:
            content = _line(value).encode()
        yield f"{head}\r\n\r\n".encode()
        yield content
        yield b"\r\n"
    yield f"--{boundary}--\r\n".encode()


_PARAMETER = re.compile(r';[ \t]*([\w*-]+)=(?:"([^"]*)"|([^;\s"]*))')


def _unquoted(text: str) -> str:
    return text.replace("%0A", "\n").replace("%0D", "\r").replace("%22", '"')


def boundary_of(content_type: str) -> str:
    """The parameter of that name. Raises ``TypeError`` when there is none."""
    for name, quoted, plain in _PARAMETER.findall(content_type):
        if name.lower() == "boundary" and (quoted or plain):
            return str(quoted or plain)
    raise errors.TypeError("multipart/form-data without a boundary")


def read_multipart(body: bytes, boundary: str) -> FormData:
    """The form that a body is. Raises ``TypeError`` for one that is not well formed."""
    mark = b"--" + boundary.encode()
    form = FormData()
    place = body.find(mark)
    if place < 0:
        raise errors.TypeError("a form without its boundary")
    while True:
        place += len(mark)
        if body[place : place + 2] == b"--":
            return form
        head = body.find(b"\r\n\r\n", place)
        end = body.find(b"\r\n" + mark, head)
        if body[place : place + 2] != b"\r\n" or head < 0 or end < 0:
            raise errors.TypeError("a form that is not well formed")
        _read_part(form, body[place + 2 : head].decode(errors="replace"), body[head + 4 : end])
        place = end + 2


def _read_part(form: FormData, head: str, content: bytes) -> None:
    fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head.split("\r\n"))}
    disposition = fields.get("content-disposition", "")
    found = {name.lower(): _unquoted(quoted or plain) for name, quoted, plain in _PARAMETER.findall(disposition)}
    if not disposition.lower().startswith("form-data") or "name" not in found:
        raise errors.TypeError("a part of a form without a name")
    if "filename" in found:
        form.append(found["name"], File(content, found["filename"], type=fields.get("content-type", "text/plain")))
    else:
        form.append(found["name"], content.decode(errors="replace"))


# ------------------------------------------------------------------------------------------- as guests see them

_form = this_is(FormData)


def _text(value: object) -> str:
    return to_well_formed(model.to_string(value))


def _new(form: object = None) -> FormData:
    if form is not None:
        raise errors.TypeError("there are no form elements here")
    return FormData()


def _entry(this: object, args: tuple[Any, ...], method: str) -> tuple[FormData, str, str | Blob, str | None]:
    form = _form(this)
    arguments(2, args, f"FormData.{method}")
    name, value = _text(args[0]), args[1] if isinstance(args[1], Blob) else _text(args[1])
    filename = _text(args[2]) if len(args) > 2 and args[2] is not None else None
    if filename is not None and not isinstance(value, Blob):
        raise errors.TypeError(f"FormData.{method}: the value is not a Blob")
    return form, name, value, filename


def _append(this: object, *args: Any) -> None:
    form, name, value, filename = _entry(this, args, "append")
    form.append(name, value, filename)


def _set(this: object, *args: Any) -> None:
    form, name, value, filename = _entry(this, args, "set")
    place = next((place for place, pair in enumerate(form.pairs) if pair[0] == name), None)
    if place is None:
        form.append(name, value, filename)
        return
    entry = (name, file_of(value, filename) if isinstance(value, Blob) else value)
    form.pairs[place:] = [entry, *(pair for pair in form.pairs[place:] if pair[0] != name)]


def _of_name(method: str, do: Callable[[FormData, str], Any]) -> tuple[Callable[..., Any], int]:
    def call(this: object, *args: Any) -> Any:
        form = _form(this)
        arguments(1, args, f"FormData.{method}")
        return do(form, _text(args[0]))

    return call, 1


def _delete(form: FormData, name: str) -> None:
    form.pairs[:] = [pair for pair in form.pairs if pair[0] != name]


def _for_each(this: object, *args: Any) -> None:
    form = _form(this)
    arguments(1, args, "FormData.forEach")
    call = model.callback(args[0])
    for name, value in form:
        call(args[1] if len(args) > 1 else None, value, name, form)


def _walk(pick: Callable[[tuple[str, str | File]], Any]) -> Callable[[object], BuiltinIterator]:
    return lambda this: BuiltinIterator(map(pick, iter(_form(this))), "FormData Iterator")


_entries = _walk(Array)

CLASSES: Mapping[str, Any] = MappingProxyType(
    {
        "FormData": Class(
            "FormData",
            construct=_new,
            prototype={
                "append": (_append, 2),
                "delete": _of_name("delete", _delete),
                "entries": _entries,
                "forEach": (_for_each, 1),
                "get": _of_name("get", lambda form, name: next(iter(form.get_all(name)), null)),
                "getAll": _of_name("getAll", lambda form, name: Array(form.get_all(name))),
                "has": _of_name("has", lambda form, name: any(key == name for key, _ in form.pairs)),
                "keys": _walk(lambda pair: pair[0]),
                "set": (_set, 2),
                "values": _walk(lambda pair: pair[1]),
                ITERATOR: _entries,
            },
            tag="FormData",
        ),
        "FormData Iterator": kind("FormData Iterator"),
    }
)
