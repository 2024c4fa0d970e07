"""``Request``, ``Response`` and ``fetch`` (https://fetch.spec.whatwg.org, 5.3 to 5.6).

They are values. What ``fetch`` does with them is the host's: it goes through a *transport* that the host gives, a function of a
:class:`Request` that returns a :class:`Response` or an awaitable of one. Without one, nothing is fetched.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from ...errors import GuestException
from ...recovery.log import DEBUG, log
from .. import errors, model, printing
from ..asynchronous import Later
from ..classes import Class
from ..coercions import to_integer
from ..jobs import notify
from ..primitives import null
from ..promise import Promise, rejected
from ..strings import to_well_formed
from .aborting import AbortSignal
from .bodies import NULL_STATUS, Body, extracted, getters, methods
from .events import arguments, attribute, dictionary, this_is
from .headers import Headers, filled
from .url_parser import FailureError, Record, parse

if TYPE_CHECKING:
    from ..realm import Realm

NO_TRANSPORT = (
    "fetch failed: the host has not given this guest access to any network. Whoever embeds it can do so with a transport:"
    " Instance(fetch=transport), or instance.provide(fetch=transport) on one that is there"
)
_METHOD = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_NORMALIZED = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"})
_FORBIDDEN = frozenset({"CONNECT", "TRACE", "TRACK"})
_WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "cache": ("default", "no-store", "reload", "no-cache", "force-cache", "only-if-cached"),
        "credentials": ("same-origin", "omit", "include"),
        "duplex": ("half",),
        "mode": ("cors", "navigate", "same-origin", "no-cors"),
        "priority": ("auto", "high", "low"),
        "redirect": ("follow", "error", "manual"),
        "referrerPolicy": (
            *("", "no-referrer", "no-referrer-when-downgrade", "same-origin", "origin", "strict-origin", "origin-when-cross-origin"),
            *("strict-origin-when-cross-origin", "unsafe-url"),
        ),
    }
)
"""Members of a RequestInit that are one of some words; the first is the default."""


def _parsed(text: str) -> Record:
    try:
        return parse(text)
    except FailureError:
        raise errors.TypeError(f"Failed to parse URL from {text[:200]}") from None


# ------------------------------------------------------------------------------------------- requests


class Request(Body):
    """What is to be fetched. ``method``, ``url``, ``headers`` and ``content`` are for transports; they should heed ``redirect``.

    ``signal`` tells when nobody wants it any more; the task of an asynchronous transport is cancelled then by itself.
    """

    __slots__ = ("integrity", "keepalive", "method", "referrer", "signal", "url", "words")
    _bp_class: ClassVar[str] = "Request"

    def __init__(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Any = None,
        body: Any = None,
        redirect: str = "follow",
        signal: AbortSignal | None = None,
    ) -> None:
        """``body``: bytes, text, a form or :class:`.Blob`. Raises :class:`.TypeError` for what is no request."""
        content, kind = extracted(body)
        super().__init__(content, Headers(headers))
        record = _parsed(url)
        if record.username or record.password:
            raise errors.TypeError("Request cannot be constructed from a URL that includes credentials")
        self.url = record.href()
        self.method = _method(method)
        if content is not None and self.method in ("GET", "HEAD"):
            raise errors.TypeError("Request with GET/HEAD method cannot have body.")
        if kind is not None and "content-type" not in self.headers:
            self.headers["Content-Type"] = kind
        self.signal = AbortSignal.any([] if signal is None else [signal])
        self.words = {name: words[0] for name, words in _WORDS.items()} | {"redirect": redirect}
        """The members that are one of some words, by their name in JavaScript."""
        self.referrer = "about:client"
        self.integrity = ""
        self.keepalive = False

    @property
    def redirect(self) -> str:
        """What to do about redirects: ``"follow"`` them, take one for an ``"error"``, or ``"manual"``: give it as it is."""
        return self.words["redirect"]

    def __repr__(self) -> str:
        return f"<js.Request {self.method} {self.url}>"

    def clone(self) -> Request:
        """Another one like it, with the same body. Raises :class:`.TypeError` when guest code has read that."""
        if self.unusable:
            raise errors.TypeError("Request.clone: Body has already been consumed.")
        made = Request(self.url, method=self.method, headers=self.headers, signal=self.signal)
        made._content = self._content
        made.words, made.referrer, made.integrity, made.keepalive = dict(self.words), self.referrer, self.integrity, self.keepalive
        return made


def _method(text: str) -> str:
    if not _METHOD.fullmatch(text) or text.upper() in _FORBIDDEN:
        raise errors.TypeError(f"{model.describe(text)} is not a valid HTTP method.")
    return text.upper() if text.upper() in _NORMALIZED else text


def _word(name: str, value: object) -> str:
    text = model.to_string(value)
    if text not in _WORDS[name]:
        raise errors.TypeError(f"{model.describe(text)} is no {name} of a request")
    return text


_MEMBERS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "body": extracted,
        "cache": lambda value: _word("cache", value),
        "credentials": lambda value: _word("credentials", value),
        "duplex": lambda value: _word("duplex", value),
        "headers": filled,
        "integrity": model.to_string,
        "keepalive": model.truthy,
        "method": model.to_string,
        "mode": lambda value: _word("mode", value),
        "priority": lambda value: _word("priority", value),
        "redirect": lambda value: _word("redirect", value),
        "referrer": lambda value: to_well_formed(model.to_string(value)),
        "referrerPolicy": lambda value: _word("referrerPolicy", value),
        "signal": lambda value: _signal(value),
        "window": lambda value: value,
    }
)
"""RequestInit: what becomes of each member, in the order in which they are read."""


def _signal(value: object) -> AbortSignal | None:
    if value is null or isinstance(value, AbortSignal):
        return value if isinstance(value, AbortSignal) else None
    raise errors.TypeError("the signal of a request is an AbortSignal")


def made_of(resource: object, init: object) -> Request:
    """``new Request(resource, init)`` (5.4)."""
    base = resource if isinstance(resource, Request) else None
    url = base.url if base is not None else to_well_formed(model.to_string(resource))
    option = dictionary(init, "RequestInit")
    given = {name: convert(value) for name, convert in _MEMBERS.items() if (value := option(name)) is not None}
    if given.get("window", null) is not null:
        raise errors.TypeError("window can only be null")
    if given.get("mode") == "navigate":
        raise errors.TypeError("a request cannot navigate")
    signal = given.get("signal", None if base is None else base.signal)
    method = given.get("method", "GET" if base is None else base.method)
    made = Request(url, method=method, headers=given.get("headers", None if base is None else base.headers), signal=signal)
    if base is not None:
        made.words, made.referrer, made.integrity, made.keepalive = dict(base.words), base.referrer, base.integrity, base.keepalive
    made.words |= {name: given[name] for name in _WORDS if name in given}
    made.integrity, made.keepalive = given.get("integrity", made.integrity), given.get("keepalive", made.keepalive)
    if "referrer" in given:
        made.referrer = "no-referrer" if given["referrer"] == "" else _parsed(given["referrer"]).href()
    content, kind = given.get("body", (None, None))
    if (content is not None or (base is not None and base._content is not None)) and made.method in ("GET", "HEAD"):
        raise errors.TypeError("Request with GET/HEAD method cannot have body.")
    if content is not None:
        made._content = content
        if kind is not None and "content-type" not in made.headers:
            made.headers["Content-Type"] = kind
    elif base is not None and base._content is not None:
        made._content = base.take()
    return made


# ------------------------------------------------------------------------------------------- responses


class Response(Body):
    """An answer. A transport makes it: ``js.Response(b"…", status=404, headers={"Content-Type": "text/plain"})``."""

    __slots__ = ("redirected", "status", "status_text", "type", "url")
    _bp_class: ClassVar[str] = "Response"

    def __init__(
        self,
        body: Any = None,
        *,
        status: int = 200,
        status_text: str = "",
        headers: Any = None,
        url: str = "",
        redirected: bool = False,
    ) -> None:
        """``body``: bytes, text, a form or :class:`.Blob`; ``headers``: a mapping or pairs; ``url``: where it came from after redirects.

        Raises :class:`.RangeError` for a status outside of 200 to 599, :class:`.TypeError` for what can not be a header.
        """
        content, kind = extracted(body)
        super().__init__(content, Headers(headers))
        if not 200 <= status <= 599:
            raise errors.RangeError('init["status"] must be in the range of 200 to 599, inclusive.')
        if any(not (char == "\t" or " " <= char <= "\xff") or char == "\x7f" for char in status_text):
            raise errors.TypeError("Invalid statusText")
        if content is not None and status in NULL_STATUS:
            raise errors.TypeError(f"Response constructor: Invalid response status code {status}")
        if kind is not None and "content-type" not in self.headers:
            self.headers["Content-Type"] = kind
        self.status = status
        self.status_text = status_text
        self.type = "default"
        self.url = url
        self.redirected = redirected

    @property
    def ok(self) -> bool:
        """Whether the status is one of success."""
        return 200 <= self.status <= 299

    def __repr__(self) -> str:
        return f"<js.Response {self.status}>"

    def clone(self) -> Response:
        """Another one like it, with the same body. Raises :class:`.TypeError` when guest code has read that."""
        if self.unusable:
            raise errors.TypeError("Response.clone: Body has already been consumed.")
        made = Response(headers=self.headers, url=self.url, redirected=self.redirected)
        made._content, made.status, made.status_text, made.type = self._content, self.status, self.status_text, self.type
        made.headers.immutable = self.headers.immutable
        return made

    @staticmethod
    def error() -> Response:
        """A network error."""
        made = Response()
        made.status, made.type, made.headers.immutable = 0, "error", True
        return made


def _response_init(init: object) -> dict[str, Any]:
    """A ResponseInit, as Python's arguments."""
    option = dictionary(init, "ResponseInit")
    given: dict[str, Any] = {}
    if (value := option("headers")) is not None:
        given["headers"] = filled(value)
    if (value := option("status")) is not None:
        given["status"] = _unsigned_short(value)
    if (value := option("statusText")) is not None:
        given["status_text"] = model.to_string(value)
    return given


def _unsigned_short(value: object) -> int:
    number = to_integer(value)
    return number & 0xFFFF if isinstance(number, int) else 0


def _new_response(body: object = None, init: object = None) -> Response:
    content, kind = extracted(body)
    made = Response(content, **_response_init(init))
    if kind is not None and "content-type" not in made.headers:
        made.headers["Content-Type"] = kind
    return made


def _json_response(_this: object, *args: Any) -> Response:
    arguments(1, args, "Response.json")
    text = printing.stringify(args[0])
    if text is None:
        raise errors.TypeError("Value is not JSON serializable")
    made = Response(to_well_formed(text).encode(), **_response_init(args[1] if len(args) > 1 else None))
    made.headers.setdefault("content-type", "application/json")
    return made


def _redirect(_this: object, *args: Any) -> Response:
    arguments(1, args, "Response.redirect")
    url = to_well_formed(model.to_string(args[0]))
    status = _unsigned_short(args[1]) if len(args) > 1 and args[1] is not None else 302
    href = _parsed(url).href()
    if status not in (301, 302, 303, 307, 308):
        raise errors.RangeError(f"Invalid status code {status}")
    made = Response(status=status, headers={"Location": href})
    made.headers.immutable = True
    return made


# ------------------------------------------------------------------------------------------- fetch


def fetch(realm: Realm, transport: Callable[[Request], Any] | None, resource: object, init: object) -> Promise[Any]:
    """``fetch(resource, init)`` (5.6) of a guest instance: a promise of a response. Every error is a rejection."""
    try:
        request = made_of(resource, init)
        request.signal.throw_if_aborted()
        if transport is None:
            raise errors.TypeError(NO_TRANSPORT)
    except Exception as error:
        return rejected(error, realm.jobs)
    return _Flight(realm, transport, request).promise


class _Flight:
    """A request on its way. It ends with its instance, or when its signal is aborted: the transport's task is cancelled then."""

    def __init__(self, realm: Realm, transport: Callable[[Request], Any], request: Request) -> None:
        self._realm = realm
        self._transport = transport
        self._request = request
        self._over = False
        self._task: Any = None
        self.promise: Promise[Any] = Promise._make(realm.jobs)
        realm.keep(self.promise)
        realm.closing[self] = self._stop
        self._forget = request.signal.when_aborted(self._abort)
        realm.jobs.start(Later(self._go), self._done, self.promise)

    async def _go(self) -> Any:
        """In the loop, outside of any call of the guest's."""
        import asyncio

        if self._over:
            return None
        with suppress(RuntimeError):  # no loop of asyncio's: then nothing is cancelled, an answer that comes late is ignored
            self._task = asyncio.current_task()
        answer = self._transport(self._request)
        return await answer if isinstance(answer, Awaitable) else answer

    def _stop(self) -> None:
        self._over = True
        task, self._task = self._task, None
        if task is not None:
            notify(task.get_loop(), task.cancel)

    def _abort(self) -> None:
        """Abort the fetch() call."""
        self._realm.closing.pop(self, None)
        self._stop()
        self.promise._reject(self._request.signal.reason)

    def _done(self, future: Any) -> None:
        self._realm.closing.pop(self, None)
        self._forget()
        self._task = None
        if self._over:
            return
        if future.cancelled():
            self.promise._reject(errors.DOMException("the transport was cancelled", "AbortError"))
        elif isinstance(error := future.exception(), errors.Error | GuestException):
            self.promise._reject(error)
        elif isinstance(error, Exception):
            self.promise._reject(_failure(error))
        elif error is None:
            self._answer(future.result())

    def _answer(self, response: object) -> None:
        if not isinstance(response, Response):
            self.promise._reject(_failure(TypeError(f"the transport returned {type(response).__name__}, which is no js.Response")))
        elif response.type == "error":
            self.promise._reject(errors.TypeError("fetch failed"))
        else:
            response.type = "basic" if response.type == "default" else response.type
            response.url = response.url or self._request.url
            response.headers.immutable = True
            self.promise._resolve(response)


def _failure(cause: Exception) -> errors.TypeError:
    """What a guest hears of a transport that failed: that it did. The host finds the cause in the log, and behind the error."""
    log.log(DEBUG, "fetch failed", exc_info=cause)
    error = errors.TypeError("fetch failed")
    error.__cause__ = cause
    return error


# ------------------------------------------------------------------------------------------- as guests see them

_request, _response = this_is(Request), this_is(Response)


def _new_request(*args: Any) -> Request:
    arguments(1, args, "Request constructor")
    return made_of(args[0], args[1] if len(args) > 1 else None)


def _of_word(name: str) -> Callable[[object], Any]:
    return lambda this: _request(this).words[name]


CLASSES: Mapping[str, Any] = MappingProxyType(
    {
        "Request": Class(
            "Request",
            construct=_new_request,
            length=1,
            prototype={**methods(_request), "clone": lambda this: _request(this).clone()},
            getters={
                **getters(_request),
                **{name: _of_word(name) for name in _WORDS if name != "priority"},
                "destination": lambda this: _request(this) and "",
                "integrity": attribute(Request, "integrity"),
                "keepalive": attribute(Request, "keepalive"),
                "method": attribute(Request, "method"),
                "referrer": attribute(Request, "referrer"),
                "signal": attribute(Request, "signal"),
                "url": attribute(Request, "url"),
            },
            tag="Request",
        ),
        "Response": Class(
            "Response",
            construct=_new_response,
            statics={"error": (lambda _this: Response.error(), 0), "json": (_json_response, 1), "redirect": (_redirect, 1)},
            prototype={**methods(_response), "clone": lambda this: _response(this).clone()},
            getters={
                **getters(_response),
                "ok": attribute(Response, "ok"),
                "redirected": attribute(Response, "redirected"),
                "status": attribute(Response, "status"),
                "statusText": attribute(Response, "status_text"),
                "type": attribute(Response, "type"),
                "url": lambda this: _response(this).url.partition("#")[0],
            },
            tag="Response",
        ),
    }
)
