"""``URL`` and ``URLSearchParams`` (https://url.spec.whatwg.org, 5 and 6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from types import MappingProxyType
from typing import Any

from .. import model
from ..classes import Class, with_lengths, without_this
from ..errors import TypeError
from ..iterators import BuiltinIterator, kind
from ..ordinary import Array, Ordinary
from ..primitives import null
from ..strings import to_well_formed
from ..symbols import ITERATOR
from .url_hosts import percent_decode, percent_encode
from .url_parser import SPECIAL, FailureError, Record, in_form, in_fragment, in_query, in_special_query, in_userinfo, parse, parse_part


def _text(value: object) -> str:
    """USVString: lone surrogates are replaced."""
    if isinstance(value, URL):
        return value.record.href()
    return to_well_formed(model.to_string(value))


# ------------------------------------------------------------------------------------------- application/x-www-form-urlencoded


def parse_form(text: str) -> list[tuple[str, str]]:
    """The pairs of a query (5.1)."""
    return [(_form_decoded(name), _form_decoded(value)) for name, _, value in (part.partition("=") for part in text.split("&") if part)]


def _form_decoded(text: str) -> str:
    return percent_decode(text.replace("+", " ").encode()).decode(errors="replace")


def write_form(pairs: Iterable[tuple[str, str]]) -> str:
    """Pairs as a query (5.2)."""
    return "&".join(f"{_form_encoded(name)}={_form_encoded(value)}" for name, value in pairs)


def _form_encoded(text: str) -> str:
    return percent_encode(text, in_form).replace("%20", "+")


# ------------------------------------------------------------------------------------------- URLSearchParams


class URLSearchParams(Ordinary):
    """The pairs of a query, in order; of a URL's, or by themselves. Iterating over it gives the pairs."""

    __slots__ = ("pairs", "url")
    _bp_class = "URLSearchParams"

    def __init__(self, init: object = None) -> None:
        self.pairs = _pairs(init)
        self.url: URL | None = None

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """The pairs, with those that are added meanwhile."""
        place = 0
        while place < len(self.pairs):
            yield self.pairs[place]
            place += 1

    def __len__(self) -> int:
        return len(self.pairs)

    def __contains__(self, name: object) -> bool:
        return any(key == name for key, _ in self.pairs)

    def __str__(self) -> str:
        return write_form(self.pairs)

    def __repr__(self) -> str:
        return f"URLSearchParams({str(self)!r})"

    def to_python(self) -> list[tuple[str, str]]:
        """The pairs."""
        return list(self.pairs)

    def changed(self) -> None:
        """The URL follows (6.2, update)."""
        if self.url is not None:
            self.url.record.query = write_form(self.pairs) or None


def _pairs(init: object) -> list[tuple[str, str]]:
    """What ``new URLSearchParams(…)`` is given: another one, pairs, an object, or text."""
    if init is None:
        return []
    if isinstance(init, URLSearchParams):
        return list(init.pairs)
    if not model.is_primitive(init) and model.get(init, ITERATOR) not in (None, null):
        return [_pair(pair) for pair in model.iterate(init)]
    if not model.is_primitive(init):
        record = {_text(key): _text(model.get(init, key)) for key in model.enumerable_keys(init)}
        return list(record.items())
    return parse_form(_text(init).removeprefix("?"))


def _pair(pair: object) -> tuple[str, str]:
    parts = None if model.is_primitive(pair) else list(islice(model.iterate(pair), 3))
    if parts is None or len(parts) != 2:
        raise TypeError("Each query pair must be an iterable [name, value] tuple")
    return _text(parts[0]), _text(parts[1])


def _params(this: object) -> URLSearchParams:
    if isinstance(this, URLSearchParams):
        return this
    raise TypeError('Value of "this" must be of type URLSearchParams')


def _demand(args: tuple[object, ...], *names: str) -> list[str]:
    if len(args) < len(names):
        raise TypeError(f"The {' and '.join(names)} argument{'s' if len(names) > 1 else ''} must be specified")
    return [_text(arg) for arg in args[: len(names)]]


def append(this: object, *args: object) -> None:
    """``URLSearchParams.prototype.append``."""
    params = _params(this)
    name, value = _demand(args, '"name"', '"value"')
    params.pairs.append((name, value))
    params.changed()


def delete(this: object, *args: object) -> None:
    """``URLSearchParams.prototype.delete``: all of a name, or those with a value."""
    params = _params(this)
    wanted = _matching(args)
    params.pairs[:] = [pair for pair in params.pairs if not wanted(pair)]
    params.changed()


def has(this: object, *args: object) -> bool:
    """``URLSearchParams.prototype.has``: a name, or one with a value."""
    params = _params(this)
    return any(map(_matching(args), params.pairs))


def _matching(args: tuple[object, ...]) -> Callable[[tuple[str, str]], bool]:
    (name,) = _demand(args, '"name"')
    if len(args) < 2 or args[1] is None:
        return lambda pair: pair[0] == name
    wanted = (name, _text(args[1]))
    return lambda pair: pair == wanted


def get(this: object, *args: object) -> Any:
    """``URLSearchParams.prototype.get``: the first value, or null."""
    params = _params(this)
    (name,) = _demand(args, '"name"')
    return next((value for key, value in params.pairs if key == name), null)


def get_all(this: object, *args: object) -> list[str]:
    """``URLSearchParams.prototype.getAll``."""
    params = _params(this)
    (name,) = _demand(args, '"name"')
    return [value for key, value in params.pairs if key == name]


def set_value(this: object, *args: object) -> None:
    """``URLSearchParams.prototype.set``: the first one gets the value, the others go."""
    params = _params(this)
    name, value = _demand(args, '"name"', '"value"')
    place = next((place for place, pair in enumerate(params.pairs) if pair[0] == name), len(params.pairs))
    params.pairs[place:] = [(name, value), *(pair for pair in params.pairs[place:] if pair[0] != name)]
    params.changed()


def sort(this: object) -> None:
    """``URLSearchParams.prototype.sort``: by names, in the order of code units."""
    params = _params(this)
    params.pairs.sort(key=lambda pair: pair[0].encode("utf-16-be"))
    params.changed()


def for_each(this: object, callback: object = None, this_arg: object = None) -> None:
    """``URLSearchParams.prototype.forEach``."""
    params = _params(this)
    if not callable(callback):
        raise TypeError('The "callback" argument must be of type function')
    call = model.callback(callback)
    for name, value in params:
        call(this_arg, value, name, params)


def entries(this: object) -> Iterator[list[str]]:
    """``URLSearchParams.prototype.entries``, and what ``Symbol.iterator`` stands for."""
    return ([name, value] for name, value in _params(this))


def keys(this: object) -> Iterator[str]:
    """``URLSearchParams.prototype.keys``."""
    return (name for name, _ in _params(this))


def values(this: object) -> Iterator[str]:
    """``URLSearchParams.prototype.values``."""
    return (value for _, value in _params(this))


# ------------------------------------------------------------------------------------------- URL


class URL(Ordinary):
    """A URL. Raises :class:`TypeError` for a text that is none."""

    __slots__ = ("params", "record")
    _bp_class = "URL"

    def __init__(self, url: object = None, base: object = None) -> None:
        try:
            self.record = _parsed(url, base)
        except FailureError:
            raise TypeError("Invalid URL") from None
        self.params = URLSearchParams()
        self.params.url = self
        self._read_params()

    def _read_params(self) -> None:
        self.params.pairs[:] = parse_form(self.record.query or "")

    def __str__(self) -> str:
        return self.record.href()

    def __repr__(self) -> str:
        return f"URL({str(self)!r})"

    def to_python(self) -> str:
        """The URL as text."""
        return self.record.href()

    # What follows are the attributes' setters (6.1); what a setter does not take it ignores.

    def set_href(self, text: str) -> None:
        """Another URL altogether."""
        try:
            self.record = parse(text)
        except FailureError:
            raise TypeError("Invalid URL") from None
        self._read_params()

    def set_protocol(self, text: str) -> None:
        """The scheme; what follows a colon does not matter."""
        parse_part(text + ":", self.record, "scheme_start")

    def set_username(self, text: str) -> None:
        """The user name, where there may be one."""
        if self._may_have_credentials():
            self.record.username = percent_encode(text, in_userinfo)

    def set_password(self, text: str) -> None:
        """The password, where there may be one."""
        if self._may_have_credentials():
            self.record.password = percent_encode(text, in_userinfo)

    def _may_have_credentials(self) -> bool:
        return bool(self.record.host) and self.record.scheme != "file"

    def set_host(self, text: str) -> None:
        """Host and port."""
        if isinstance(self.record.path, list):
            parse_part(text, self.record, "host")

    def set_hostname(self, text: str) -> None:
        """The host alone."""
        if isinstance(self.record.path, list):
            parse_part(text, self.record, "hostname")

    def set_port(self, text: str) -> None:
        """The port; an empty text takes it away."""
        if not self._may_have_credentials():
            return
        if text:
            parse_part(text, self.record, "port")
        else:
            self.record.port = None

    def set_pathname(self, text: str) -> None:
        """The path, unless it is opaque."""
        if isinstance(self.record.path, list):
            self.record.path = []
            parse_part(text, self.record, "path_start")

    def set_search(self, text: str) -> None:
        """The query."""
        inside = in_special_query if self.record.is_special else in_query
        self.record.query = percent_encode(_without_breaks(text.removeprefix("?")), inside) if text else None
        self._read_params()

    def set_hash(self, text: str) -> None:
        """The fragment."""
        self.record.fragment = percent_encode(_without_breaks(text.removeprefix("#")), in_fragment) if text else None


def _without_breaks(text: str) -> str:
    return text.translate({9: None, 10: None, 13: None})


def _parsed(url: object, base: object) -> Record:
    text = _text(url)
    return parse(text, None if base is None else parse(_text(base)))


def can_parse(url: object = None, base: object = None) -> bool:
    """``URL.canParse``."""
    try:
        _parsed(url, base)
    except FailureError:
        return False
    return True


def parse_url(url: object = None, base: object = None) -> Any:
    """``URL.parse``: null for what is no URL."""
    return URL(url, base) if can_parse(url, base) else null


def origin(record: Record) -> str:
    """The origin as text (4.7): opaque ones are ``null``."""
    if record.scheme == "blob" and isinstance(record.path, str):
        try:
            inner = parse(record.path)
        except FailureError:
            return "null"
        return origin(inner) if inner.scheme in ("http", "https") else "null"
    if record.scheme not in SPECIAL or record.scheme == "file":
        return "null"
    return f"{record.scheme}://{_host(record)}"


def _host(record: Record) -> str:
    return (record.host or "") + ("" if record.port is None else f":{record.port}")


# ------------------------------------------------------------------------------------------- tables


def _this(this: object) -> URL:
    if isinstance(this, URL):
        return this
    raise TypeError('Value of "this" must be of type URL')


def _getter(read: Callable[[Record], str]) -> Callable[[object], str]:
    return lambda this: read(_this(this).record)


def _setter(write: Callable[[URL, str], None]) -> Callable[[object, object], None]:
    return lambda this, value: write(_this(this), _text(value))


def _marked(mark: str, text: str | None) -> str:
    return mark + text if text else ""


def _href(this: object) -> str:
    return _this(this).record.href()


PROTOTYPE: Mapping[str, Callable[..., Any]] = MappingProxyType({"toJSON": _href, "toString": _href})
"""``URL.prototype``: functions of ``this`` and the arguments."""

GETTERS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "hash": _getter(lambda record: _marked("#", record.fragment)),
        "host": _getter(_host),
        "hostname": _getter(lambda record: record.host or ""),
        "href": _href,
        "origin": _getter(origin),
        "password": _getter(lambda record: record.password),
        "pathname": _getter(Record.pathname),
        "port": _getter(lambda record: "" if record.port is None else str(record.port)),
        "protocol": _getter(lambda record: record.scheme + ":"),
        "search": _getter(lambda record: _marked("?", record.query)),
        "searchParams": lambda this: _this(this).params,
        "username": _getter(lambda record: record.username),
    }
)
"""The attributes of URLs."""

SETTERS: Mapping[str, Callable[[Any, object], None]] = MappingProxyType(
    {
        "hash": _setter(URL.set_hash),
        "host": _setter(URL.set_host),
        "hostname": _setter(URL.set_hostname),
        "href": _setter(URL.set_href),
        "password": _setter(URL.set_password),
        "pathname": _setter(URL.set_pathname),
        "port": _setter(URL.set_port),
        "protocol": _setter(URL.set_protocol),
        "search": _setter(URL.set_search),
        "username": _setter(URL.set_username),
    }
)
"""Those that can be written to."""

STATICS: Mapping[str, Callable[..., Any]] = MappingProxyType({"canParse": can_parse, "parse": parse_url})
"""The functions of ``URL``."""

PARAMS_PROTOTYPE: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        "append": append,
        "delete": delete,
        "entries": entries,
        "forEach": for_each,
        "get": get,
        "getAll": get_all,
        "has": has,
        "keys": keys,
        "set": set_value,
        "sort": sort,
        "toString": lambda this: str(_params(this)),
        "values": values,
    }
)
"""``URLSearchParams.prototype``."""

PARAMS_GETTERS: Mapping[str, Callable[[Any], Any]] = MappingProxyType({"size": lambda this: len(_params(this))})
"""The attributes of ``URLSearchParams``."""


# ------------------------------------------------------------------------------------------- the classes


def _walk(items: Callable[[object], Iterator[Any]]) -> Callable[[object], BuiltinIterator]:
    return lambda this: BuiltinIterator(items(this), "URLSearchParams Iterator")


_entries = _walk(lambda this: map(Array, entries(this)))

CLASSES: Mapping[str, Any] = MappingProxyType(
    {
        "URL": Class(
            "URL",
            construct=URL,
            length=1,
            statics=with_lengths(without_this(STATICS), canParse=1, parse=1),
            prototype=PROTOTYPE,
            getters=GETTERS,
            setters=SETTERS,
            tag="URL",
        ),
        "URLSearchParams": Class(
            "URLSearchParams",
            construct=URLSearchParams,
            prototype={
                **with_lengths(PARAMS_PROTOTYPE, append=2, delete=1, forEach=1, get=1, getAll=1, has=1, set=2),
                "entries": _entries,
                "keys": _walk(keys),
                "values": _walk(values),
                "getAll": (lambda this, *args: Array(get_all(this, *args)), 1),
                ITERATOR: _entries,
            },
            getters=PARAMS_GETTERS,
            tag="URLSearchParams",
        ),
        "URLSearchParams Iterator": kind("URLSearchParams Iterator"),
    }
)
