"""A transport for the ``fetch()`` of guests, over httpx: ``pip install bindgen-patch[fetch]``.

    from bindgen_patch.fetch_httpx import HttpxTransport

    async with HttpxTransport(origins=["https://api.example.org"]) as transport:
        instance = bindings.Instance(fetch=transport)
        await instance.work()

This is no part of the run-time half: a package generated with ``--vendor`` does not carry it, but can be given one.
"""

from __future__ import annotations

import importlib
import types
from collections.abc import Iterable
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Self

import httpx

if TYPE_CHECKING:
    from .js import Request, Response

_FRAMING = frozenset(
    {b"connection", b"content-length", b"expect", b"host", b"keep-alive", b"te", b"trailer", b"transfer-encoding", b"upgrade"}
)
"""Headers of a request that are for the client alone to set: how a message is framed, and to whom it goes."""
_HOP_BY_HOP = frozenset({"connection", "content-encoding", "content-length", "keep-alive", "transfer-encoding"})
"""Headers of a response that are not true of the bytes that a guest gets, which are decoded."""


class HttpxTransport:
    """Sends what guests fetch. One is good for any number of instances in one event loop.

    ``origins`` are the only ones that may be reached (``"https://example.org"``, ``"http://localhost:8000"``), at first and by
    redirects; ``None`` lets a guest reach whatever this machine can, services inside its network included. ``max_bytes`` is how large
    a body may be, ``max_redirects`` how many are followed, ``timeout`` how many seconds httpx waits for each step. ``client`` is an
    :class:`httpx.AsyncClient` of your own, say with credentials or a proxy, which is yours to close.

    Nothing is kept from one request to the next but connections: cookies are not, unless your own client does.
    """

    def __init__(
        self,
        *,
        origins: Iterable[str] | None = None,
        max_bytes: int = 64 << 20,
        max_redirects: int = 20,
        timeout: float = 30.0,
        client: httpx.AsyncClient | None = None,
    ) -> None:
        self._origins = None if origins is None else frozenset(_origin(httpx.URL(origin)) for origin in origins)
        self._max_bytes = max_bytes
        self._max_redirects = max_redirects
        self._timeout = timeout
        self._given = client
        self._own: httpx.AsyncClient | None = None

    async def __call__(self, request: Request) -> Response:
        """Raises httpx's errors, and ``PermissionError`` for an origin that may not be reached. To the guest each is a ``TypeError``."""
        client = self._given or self._client()
        pairs = ((name.encode(), value.encode("latin-1")) for name, value in request.headers.pairs)
        headers = [(name, value) for name, value in pairs if name.lower() not in _FRAMING]
        sent = client.build_request(request.method, request.url, headers=headers, content=request.content or None)
        redirects = 0
        while True:
            self._demand(sent.url)
            answer = await client.send(sent, stream=True, follow_redirects=False)
            try:
                following = answer.next_request if request.redirect != "manual" else None
                if following is None:
                    return self._response(request, answer, await self._body(answer), redirects > 0)
            finally:
                await answer.aclose()
            if request.redirect == "error":
                raise httpx.TooManyRedirects("the request follows no redirects", request=sent)
            redirects += 1
            if redirects > self._max_redirects:
                raise httpx.TooManyRedirects(f"more than {self._max_redirects} redirects", request=sent)
            sent = following

    def _client(self) -> httpx.AsyncClient:
        if self._own is None:
            none = CookieJar(DefaultCookiePolicy(allowed_domains=()))  # what one guest is given, another must not send
            self._own = httpx.AsyncClient(timeout=self._timeout, cookies=none, trust_env=False)
        return self._own

    def _demand(self, url: httpx.URL) -> None:
        if url.scheme not in ("http", "https"):
            raise PermissionError(f"the scheme {url.scheme!r} is not fetched")
        if self._origins is not None and _origin(url) not in self._origins:
            raise PermissionError(f"the origin {url.scheme}://{url.netloc.decode()} is not among those that may be reached")

    async def _body(self, answer: httpx.Response) -> bytes:
        chunks, size = [], 0
        async for chunk in answer.aiter_bytes():
            size += len(chunk)
            if size > self._max_bytes:
                raise httpx.StreamError(f"the body has more than {self._max_bytes} bytes")
            chunks.append(chunk)
        return b"".join(chunks)

    @staticmethod
    def _response(request: Request, answer: httpx.Response, body: bytes, redirected: bool) -> Response:
        made: type[Response] = importlib.import_module(type(request).__module__).Response  # of the run time that asks, which may be a copy
        empty = request.method == "HEAD" or answer.status_code in (204, 205, 304)
        return made(
            None if empty else body,
            status=answer.status_code,
            status_text=answer.reason_phrase,
            headers=[(name, value) for name, value in _pairs(answer) if name not in _HOP_BY_HOP],
            url=str(answer.url),
            redirected=redirected,
        )

    async def aclose(self) -> None:
        """Close the connections."""
        own, self._own = self._own, None
        if own is not None:
            await own.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: types.TracebackType | None, /) -> None:
        await self.aclose()


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme)


def _pairs(answer: httpx.Response) -> Iterable[tuple[str, str]]:
    return ((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in answer.headers.raw)
