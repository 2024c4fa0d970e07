"""A guest that uses a little of the web, for real: timers, randomness, clocks, events, text, requests; and what it cannot reach."""

from __future__ import annotations

import asyncio
import builtins
import gc
import json
import logging
import os
import re
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from bindgen_patch import GuestAborted, GuestException, ModuleTerminated, js
from bindgen_patch.fetch_httpx import HttpxTransport

from .kit import guest_of

Load = Callable[..., Any]


@pytest.fixture(params=["unwind", "abort"])
def guest(load: Load, request: pytest.FixtureRequest) -> Any:
    return load("web", request.param)


@pytest.fixture
def unwinding(load: Load) -> Any:
    return load("web", "unwind")


@pytest.fixture
def caplog(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What earlier tests have left behind is not collected, and logged, during this one."""
    gc.collect()
    caplog.clear()
    return caplog


async def until(condition: Callable[[], object]) -> None:
    """Let the loop go on until something is so; not for ever."""
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.001)


def errors_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.message for record in caplog.records if record.levelno >= logging.ERROR]


# ------------------------------------------------------------------ timers


def test_a_timer_is_awaited(guest: Any) -> None:
    async def main() -> tuple[list[int], float]:
        began = time.monotonic()
        return await asyncio.gather(*map(guest.sleep, (30, 10, 20))), time.monotonic() - began

    values, took = asyncio.run(main())
    assert values == [30, 10, 20]
    assert took >= 0.03
    assert guest.sleep(3).result() == 3
    assert guest.race([80, 1, 40]).result() == ["1", "40", "80"]


def test_the_order_of_timers_and_microtasks(guest: Any) -> None:
    log: list[str] = []
    guest.order(log.append)
    assert log == ["call"]
    guest.sleep(10).result()
    assert log == ["call", "microtask", "timer 1", "microtask of timer 1", "timer 2", "microtask of timer 2"]


def test_the_host_is_called_later_or_never(guest: Any) -> None:
    log: list[str] = []

    async def main() -> None:
        guest.call_later(2, lambda: log.append("later"))
        guest.call_never(1, lambda: log.append("never"))
        guest.tick(1, lambda: log.append("tick"))
        while log.count("tick") < 3:
            await asyncio.sleep(0.002)
        guest.stop_ticking()
        seen = len(log)
        await asyncio.sleep(0.01)
        assert len(log) == seen

    asyncio.run(main())
    assert "later" in log and "never" not in log


def test_timers_give_their_handles_back(guest: Any) -> None:
    guest.race([1, 2, 3]).result()
    before = guest.instance.counters.live_handles

    async def main() -> None:
        await asyncio.gather(*(guest.sleep(n % 5) for n in range(200)))

    asyncio.run(main())
    assert guest.instance.counters.live_handles == before
    assert len(guest_of(guest).realm._timers) == 0


def test_a_panic_in_a_timer_is_logged_and_the_guest_goes_on(unwinding: Any, caplog: pytest.LogCaptureFixture) -> None:
    unwinding.panic_later(1)
    assert unwinding.sleep(10).result() == 10
    assert errors_in(caplog) == ["uncaught in a timer"]
    assert "too late" in caplog.text
    assert unwinding.instance.state == "live"


@pytest.mark.parametrize("what", ["abort_later", "panic_later"])
def test_a_death_in_a_timer(load: Load, what: str, caplog: pytest.LogCaptureFixture) -> None:
    guest, log, deaths = load("web", "abort"), [], []
    guest.instance.on_abort(deaths.append)

    async def main() -> None:
        getattr(guest, what)(2)
        guest.call_later(8, lambda: log.append("after death"))
        waiting = guest.sleep(1000)
        with pytest.raises((ModuleTerminated, GuestAborted)):
            await waiting
        await asyncio.sleep(0.02)

    asyncio.run(main())
    assert guest.instance.state == "terminated"
    assert len(deaths) == 1 and log == []
    assert "uncaught in a timer" not in caplog.text, "deaths are told once, when they happen"
    guest.instance.schedule_reinit()
    assert guest.sleep(1).result() == 1
    assert log == []


@pytest.mark.parametrize("end", ["close", "terminate", "schedule_reinit"])
def test_timers_end_with_their_instance(guest: Any, end: str) -> None:
    log: list[str] = []
    instance = guest.Instance()

    async def main() -> None:
        instance.call_later(5, lambda: log.append("late"))
        instance.tick(1, lambda: log.append("tick"))
        getattr(instance, end)()
        if end == "schedule_reinit":
            instance.new_uuid()
        await asyncio.sleep(0.02)

    asyncio.run(main())
    assert log == []


def test_one_instance_for_each_thread_with_a_loop(guest: Any) -> None:
    found: list[list[str]] = []

    def work() -> None:
        async def main() -> None:
            found.append(await guest.Instance().race([120, 1, 60]))

        asyncio.run(main())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [["1", "60", "120"]] * 4


# ------------------------------------------------------------------ randomness, clocks, environment


def test_randomness(guest: Any) -> None:
    for source in (guest.random_bytes, guest.random_bytes_02):
        first, second = source(70_000), source(70_000)
        assert len(first) == 70_000 and first != second
        assert len(set(bytes(first))) == 256
        assert source(0) == b""
    made = {guest.new_uuid() for _ in range(50)}
    assert len(made) == 50
    assert {uuid.UUID(text).version for text in made} == {4}


def test_clocks(guest: Any) -> None:
    took = guest.time_it(lambda: time.sleep(0.02))
    assert 20 <= took < 1000
    for clock in guest.wall_clock():
        assert abs(clock - time.time() * 1000) < 1000


def test_there_is_no_page(guest: Any) -> None:
    page = [
        "window",
        "document",
        "self",
        "navigator",
        "process",
        "require",
        "Deno",
        "Bun",
        "WorkerGlobalScope",
        "localStorage",
        "XMLHttpRequest",
    ]
    there = [
        "crypto",
        "performance",
        "setTimeout",
        "clearInterval",
        "queueMicrotask",
        "fetch",
        "Request",
        "AbortSignal",
        "TextDecoder",
        "atob",
    ]
    assert guest.present(page + there) == there
    assert not guest.has_window()


# ------------------------------------------------------------------ events, text


def test_events(guest: Any) -> None:
    detail = {"a": 1}
    seen = guest.dispatch(detail)
    assert seen == [["first", "ping", detail], ["second", "ping", detail], False, True]
    assert seen[0][2] is detail


def test_a_listener_that_panics(unwinding: Any, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[Any] = []
    assert unwinding.dispatch_panicking(seen.append) is True
    assert [event.type for event in seen] == ["ping"]
    assert "in a listener" in caplog.text
    assert unwinding.instance.state == "live"


def test_a_listener_that_dies(load: Load) -> None:
    guest = load("web", "abort")
    with pytest.raises(GuestAborted):
        guest.dispatch_panicking(lambda _event: None)
    assert guest.instance.state == "terminated"


def test_a_signal_of_the_host(guest: Any) -> None:
    controller, seen = js.AbortController(), []
    guest.when_aborted(controller.signal, seen.append)
    controller.abort({"why": 1})
    assert seen == [{"why": 1}]
    controller = js.AbortController()
    instance = guest.Instance()
    instance.when_aborted(controller.signal, seen.append)
    instance.close()
    controller.abort()
    assert len(seen) == 1, "a guest that has ended is not called"


def test_text(guest: Any) -> None:
    text = "caf\u00e9 \U0001f980"
    assert guest.recode(text) == text
    assert guest.decode("windows-1251", "привет".encode("cp1251")) == "привет"
    with pytest.raises(js.RangeError, match="not supported"):
        guest.decode("none", b"")
    assert guest.base64("h\u00ef") == ["aO8=", "h\u00ef"]
    with pytest.raises(js.DOMException) as raised:
        guest.base64("\u20ac")
    assert raised.value.name == "InvalidCharacterError"
    assert guest.urls("https://a.b/c?x=1", "n", "v w") == ["x=1", "https://a.b/c?x=1&n=v+w", "https://a.b"]
    value = {"a": [1, {"b": js.null}]}
    copied = guest.copied(value)
    assert copied == value and copied is not value


# ------------------------------------------------------------------ requests


def test_without_a_transport_nothing_is_fetched(guest: Any) -> None:
    for url in ("http://localhost/", "https://example.org/", "file:///etc/passwd", "data:text/plain,x"):
        with pytest.raises(js.TypeError, match="has not given this guest access to any network"):
            guest.get(url).result()


def echo(request: js.Request) -> js.Response:
    if request.url.endswith("/json"):
        return js.Response(json.dumps({"sent": json.loads(request.content)}), headers={"Content-Type": "application/json"})
    headers = [("Content-Type", "text/x"), ("X-Method", request.method), ("Set-Cookie", "a=1"), ("set-cookie", "b=2")]
    return js.Response(f"{request.url} {request.headers.get('x-guest')}", status=203, headers=headers)


async def slow_echo(request: js.Request) -> js.Response:
    await asyncio.sleep(0.005)
    return echo(request)


@pytest.mark.parametrize("transport", [echo, slow_echo])
def test_a_transport(guest: Any, transport: Any) -> None:
    instance = guest.Instance(fetch=transport)
    expected = {
        "status": 203,
        "ok": True,
        "type": "text/x",
        "headers": [["content-type", "text/x"], ["set-cookie", "a=1"], ["set-cookie", "b=2"], ["x-method", "GET"]],
        "used": True,
        "text": "http://a.b/c web",
    }
    assert instance.get("http://a.b/c").result() == expected

    async def main() -> list[Any]:
        return await asyncio.gather(*(instance.post_json("http://a.b/json", {"n": n, "é": [js.null, True]}) for n in range(20)))

    assert asyncio.run(main()) == [{"sent": {"n": n, "é": [js.null, True]}} for n in range(20)]


def test_null_is_none_to_rust(guest: Any) -> None:
    """``Headers.get`` gives null where there is no such header, and web-sys says that it returns an ``Option``."""
    found = guest.Instance(fetch=lambda _request: js.Response(b"x")).get("http://a.b/").result()
    assert (found["type"], found["headers"]) == (None, [])


def test_a_form_is_sent(guest: Any) -> None:
    sent: list[js.Request] = []

    def transport(request: js.Request) -> js.Response:
        sent.append(request)
        return js.Response(request.content)

    guest.instance.provide(fetch=transport)
    text = guest.post_form("http://a.b/").result()
    boundary = re.fullmatch("multipart/form-data; boundary=(.+)", sent[0].headers["content-type"])
    assert boundary is not None
    assert text.split("--" + boundary[1]) == [
        "",
        '\r\nContent-Disposition: form-data; name="name"\r\n\r\nAda\r\n',
        '\r\nContent-Disposition: form-data; name="file"; filename="numbers.txt"\r\nContent-Type: text/plain\r\n\r\none two\r\n',
        "--\r\n",
    ]


def test_a_transport_that_fails(guest: Any) -> None:
    class Refused(Exception):
        pass

    def transport(request: js.Request) -> js.Response:
        raise Refused("by the proxy at /home/me")

    instance = guest.Instance(fetch=transport)
    with pytest.raises(js.TypeError, match=r"^fetch failed$") as raised:
        instance.get("http://a.b/").result()
    assert isinstance(raised.value.__cause__, Refused)
    assert instance.state == "live"
    with pytest.raises(TypeError, match="fetch is a function"):
        guest.Instance(fetch=5)
    with pytest.raises(js.TypeError, match="Failed to parse URL"):
        instance.get("nowhere").result()


@pytest.mark.parametrize("way", ["get_within", "get_before_timeout"])
def test_a_fetch_is_aborted(guest: Any, way: str) -> None:
    cancelled: list[str] = []

    async def transport(request: js.Request) -> js.Response:
        try:
            await asyncio.sleep(0 if request.url.endswith("fast") else 60)
        except asyncio.CancelledError:
            cancelled.append(request.signal.reason.name)
            raise
        return js.Response()

    async def main() -> None:
        instance = guest.Instance(fetch=transport)
        name = "AbortError" if way == "get_within" else "TimeoutError"
        assert await getattr(instance, way)("http://a.b/slow", 5) == name
        await until(lambda: cancelled)
        assert cancelled == [name]
        assert await getattr(instance, way)("http://a.b/fast", 5000) == "in time"

    asyncio.run(main())


def test_what_is_fetched_ends_with_its_instance(guest: Any) -> None:
    begun: list[str] = []
    cancelled: list[str] = []

    async def transport(request: js.Request) -> js.Response:
        begun.append(request.url)
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.append(request.url)
            raise
        return js.Response()

    async def main() -> None:
        instance = guest.Instance(fetch=transport)
        waiting = instance.get("http://a.b/")
        await until(lambda: begun)
        instance.close()
        with pytest.raises(ModuleTerminated):
            await waiting
        await until(lambda: cancelled)

    asyncio.run(main())
    assert cancelled == ["http://a.b/"]


def test_a_transport_may_call_the_guest(guest: Any) -> None:
    instance = guest.Instance(fetch=lambda request: js.Response(instance.recode(request.url)))
    assert instance.get("http://a.b/").result()["text"] == "http://a.b/"


def test_a_guest_that_serves(guest: Any) -> None:
    response = guest.serve(js.Request("https://a.b/some/path?q", method="POST", body="hello")).result()
    assert (response.status, response.content, response.headers["x-path"]) == (200, b"HELLO", "/some/path")
    response = guest.serve(js.Request("https://a.b/")).result()
    assert (response.status, response.status_text, response.content) == (405, "Method Not Allowed", b"")


# ------------------------------------------------------------------ what it cannot reach


@pytest.fixture
def no_way_out(guest: Any, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every attempt to open a file or a connection is noted, and refused; what the guest needs itself is loaded."""
    guest.sleep(1).result()
    attempts: list[str] = []

    def refuse(kind: str) -> Any:
        def attempt(*args: object, **_named: object) -> Any:
            attempts.append(f"{kind} {args[:1]}")
            raise PermissionError(kind)

        return attempt

    monkeypatch.setattr(builtins, "open", refuse("open"))
    monkeypatch.setattr(os, "open", refuse("os.open"))
    monkeypatch.setattr(socket.socket, "connect", refuse("connect"))
    monkeypatch.setattr(socket, "getaddrinfo", refuse("getaddrinfo"))
    return attempts


def test_no_network_and_no_file(guest: Any, no_way_out: list[str]) -> None:
    for url in ("http://127.0.0.1:1/", "https://example.org/", "file:///etc/passwd", "ftp://a/", "blob:x", "about:blank"):
        with pytest.raises(js.TypeError):
            guest.get(url).result()
        with pytest.raises(js.TypeError):
            guest.post_form(url).result()
    assert no_way_out == []


INNARDS = (
    "__class__",
    "__dict__",
    "__init__",
    "__globals__",
    "__slots__",
    "_bp_extra",
    "_content",
    "_stream",
    "_reason",
    "_listeners",
    "pairs",
    "content",
    "words",
)


def test_requests_and_responses_show_nothing_of_the_host(guest: Any) -> None:
    controller = js.AbortController()
    request = js.Request("http://a.b/", method="POST", body=b"x", headers={"a": "b"}, signal=controller.signal)
    values = [request, js.Response(b"x"), request.headers, request.signal, controller, js.Event("x"), js.EventTarget(), js.Blob(b"x")]
    values += [js.File(b"x", "n"), js.FormData(), js.TextDecoder(), js.TextEncoder(), js.DOMException("m", "AbortError")]
    for value in values:
        found = guest.names(value)
        assert not [name for name in found if name.startswith("_")]
        assert all(re.fullmatch(r"[a-z]+([A-Z][a-zA-Z]*)*|[A-Z_]+", name) for name in found), found
        for start in ([], ["constructor"], ["constructor", "prototype"], ["headers"], ["signal"]):
            inner = value
            for name in INNARDS:
                assert guest.look(inner, [*start, name]) is None
    assert guest.look(request, ["method"]) == "POST"
    assert guest.look(request, ["headers", "constructor", "name"]) == "Headers"
    for name in ("fetch", "setTimeout", "clearTimeout", "queueMicrotask", "performance", "crypto", "AbortSignal"):
        assert guest.look(None, [name]) is not None
        for inner in ("__self__", "__func__", "__globals__", "__code__", "_realm", "_transport"):
            assert guest.look(None, [name, inner]) is None


def test_what_one_guest_does_to_the_web_another_does_not_see(guest: Any) -> None:
    one, other = guest.Instance(), guest.Instance()
    shared = one.look(js.Headers(), ["constructor"])
    for target in (shared, one.look(shared, ["prototype"])):
        with pytest.raises((js.TypeError, GuestException)):
            js_set(target, "stolen", 1)
        assert other.look(target, ["stolen"]) is None


def js_set(target: object, key: str, value: object) -> None:
    from bindgen_patch.js import model

    model.set(target, key, value)


# ------------------------------------------------------------------ over httpx


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(b"")

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, body: bytes) -> None:
        home = f"http://127.0.0.1:{self.server.server_port}"  # type: ignore[attr-defined]
        moved = {"/moved": f"{home}/text", "/away": "http://localhost:1/", "/round": "/round"}.get(self.path)
        text = b"x" * 5000 if self.path == "/long" else json.dumps({"sent": body.decode(), "host": self.headers["Host"]}).encode()
        cookie = self.headers["Cookie"]
        self.send_response(302 if moved else 200)
        if moved:
            self.send_header("Location", moved)
        self.send_header("Set-Cookie", "id=1")
        self.send_header("X-Cookie", str(cookie))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_args: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    served = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    served.daemon_threads = True
    thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{served.server_port}"
    served.shutdown()
    served.server_close()
    thread.join()


def over_httpx(guest: Any, use: Callable[[Any], Any], **options: Any) -> Any:
    async def main() -> Any:
        async with HttpxTransport(**options) as transport:
            return await use(guest.Instance(fetch=transport))

    return asyncio.run(main())


def test_httpx(unwinding: Any, server: str) -> None:
    host = server.removeprefix("http://")
    found = over_httpx(unwinding, lambda guest: guest.post_json(f"{server}/", {"a": 1}), origins=[server])
    assert found == {"sent": '{"a":1}', "host": host}
    found = over_httpx(unwinding, lambda guest: guest.get(f"{server}/moved"), origins=[server])
    assert (found["status"], json.loads(found["text"])["host"]) == (200, host)

    async def twice(guest: Any) -> Any:
        await guest.get(f"{server}/")
        return await guest.get(f"{server}/")

    headers = dict(over_httpx(unwinding, twice)["headers"])
    assert (headers["x-cookie"], headers["set-cookie"]) == ("None", "id=1")


@pytest.mark.parametrize(
    ("path", "options", "why"),
    [
        ("/away", {}, "origin"),
        ("/round", {"max_redirects": 3}, "more than 3"),
        ("/long", {"max_bytes": 4000}, "more than 4000"),
    ],
)
def test_httpx_stays_within_its_limits(unwinding: Any, server: str, path: str, options: dict[str, Any], why: str) -> None:
    with pytest.raises(js.TypeError, match="fetch failed") as raised:
        over_httpx(unwinding, lambda guest: guest.get(server + path), origins=[server], **options)
    assert why in str(raised.value.__cause__)


def test_httpx_goes_where_it_may(unwinding: Any, server: str) -> None:
    for url in ("http://localhost:9/", server.replace("127.0.0.1", "localhost"), "file:///etc/passwd", "https://127.0.0.1/"):
        with pytest.raises(js.TypeError, match="fetch failed") as raised:
            over_httpx(unwinding, lambda guest, url=url: guest.get(url), origins=[server])
        assert isinstance(raised.value.__cause__, PermissionError)


def test_httpx_and_the_redirect_mode(server: str) -> None:
    async def main() -> None:
        async with HttpxTransport() as transport:
            answer = await transport(js.Request(f"{server}/moved", redirect="manual"))
            assert (answer.status, answer.headers["location"], answer.redirected) == (302, f"{server}/text", False)
            answer = await transport(js.Request(f"{server}/moved"))
            assert (answer.status, answer.url, answer.redirected) == (200, f"{server}/text", True)
            with pytest.raises(Exception, match="follows no redirects"):
                await transport(js.Request(f"{server}/moved", redirect="error"))
            answer = await transport(js.Request(f"{server}/", headers={"Host": "elsewhere", "Content-Length": "5"}))
            assert json.loads(answer.content)["host"] == server.removeprefix("http://")

    asyncio.run(main())
