"""The web's values as the host sees them, timers in loops and threads, and where Node is not the standard. The rest: ``scripts/web.js``."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bindgen_patch import GuestException, js
from bindgen_patch.js import model
from bindgen_patch.js.alarms import Alarms
from bindgen_patch.js.builtins import GLOBALS
from bindgen_patch.js.jobs import Jobs
from bindgen_patch.js.realm import Realm
from bindgen_patch.js.web import forms, text_codecs, timers

from .oracle import NODE
from .test_scripts import is_recent

call, get = model.call, model.get
ENCODINGS = Path(__file__).with_name("encoding_goldens.json")
"""Label -> the name of its encoding, and where that is one of single bytes, what the bytes from 128 are."""


def new(name: str, *args: object) -> Any:
    return model.construct(GLOBALS[name], args)


@pytest.fixture
def realm() -> Realm:
    return Realm(Jobs(), {})


# ------------------------------------------------------------------ text

_SHOW = """
const shown = {};
for (const label of JSON.parse(require("fs").readFileSync(0))) {
  const decoder = new TextDecoder(label);
  const text = decoder.decode(Uint8Array.from({length: 128}, (_, i) => i + 128));
  shown[label] = text.length === 128 && !label.startsWith("utf") ? [decoder.encoding, text] : [decoder.encoding];
}
process.stdout.write(JSON.stringify(shown));
"""


def test_encodings() -> None:
    goldens = json.loads(ENCODINGS.read_text())
    assert goldens.keys() == text_codecs._LABELS.keys()
    for label, (name, *upper) in goldens.items():
        decoder = js.TextDecoder(label)
        assert decoder.encoding == name
        if decoder._table is not None:
            assert [decoder.decode(bytes(range(128, 256)))] == upper
            assert decoder.decode(bytes(range(128))) == bytes(range(128)).decode("ascii")


@pytest.mark.skipif(not is_recent(), reason="node 24, which says what JavaScript does, is not installed")
def test_node_says_so_of_encodings() -> None:
    assert NODE is not None
    labels = json.dumps(sorted(text_codecs._LABELS))
    done = subprocess.run([NODE, "-e", _SHOW], input=labels, capture_output=True, text=True, check=True)
    now = json.loads(done.stdout)
    now = {label: entry if js.TextDecoder(label)._table is not None else entry[:1] for label, entry in now.items()}
    if os.environ.get("BLESS"):
        ENCODINGS.write_text(json.dumps(now, indent=0) + "\n")
    assert now == json.loads(ENCODINGS.read_text())


@given(st.binary(max_size=12), st.lists(st.integers(0, 12), max_size=3))
def test_a_stream_of_bytes_is_the_text_of_all(data: bytes, cuts: list[int]) -> None:
    for label in ("utf-8", "utf-16le", "shift_jis", "windows-1253"):
        decoder, whole = js.TextDecoder(label), js.TextDecoder(label).decode(data)
        places = [0, *sorted(cuts), len(data)]
        parts = [decoder.decode(data[start:end], stream=True) for start, end in pairwise(places)]
        assert "".join([*parts, decoder.decode()]) == whole


@given(st.text(max_size=8), st.integers(0, 20))
def test_encoding_into_fills_what_fits(text: str, room: int) -> None:
    target = js.Uint8Array(room)
    result = call(new("TextEncoder"), "encodeInto", [text, target])
    data = "".join("\ufffd" if "\ud800" <= char <= "\udfff" else char for char in text).encode()
    written = result["written"]
    assert bytes(target)[:written] == data[:written]
    assert written == len(data) or written + 4 > room
    assert result["read"] == len(data[:written].decode().encode("utf-16-le")) // 2


# ------------------------------------------------------------------ headers


def test_headers_are_a_mapping() -> None:
    headers = js.Headers({"Content-Type": "text/plain", "X-A": "1"})
    headers.append("x-a", "2")
    assert dict(headers) == {"content-type": "text/plain", "x-a": "1, 2"} == headers.to_python()
    assert headers["X-A"] == "1, 2" and "CONTENT-TYPE" in headers and len(headers) == 2
    assert headers.get_all("X-a") == ["1", "2"]
    headers["x-A"] = "3"
    del headers["content-type"]
    assert headers.pairs == [("X-A", "3")]
    with pytest.raises(KeyError):
        headers["content-type"]
    assert headers.get("no") is None
    for name, value in (("a b", "1"), ("", "1"), ("a", "x\r\nb: 2"), ("a", "\u0100"), ("a", "\0")):
        with pytest.raises(js.TypeError):
            headers[name] = value
    with pytest.raises(js.RangeError):
        js.Headers([("a", "b")] * 100_000)


_NAMES = st.sampled_from(["a", "A", "b", "Set-Cookie", "set-cookie", "c-D"])


@given(st.lists(st.tuples(_NAMES, st.text("xyz, ", max_size=4))))
def test_headers_hold_what_they_are_given(pairs: list[tuple[str, str]]) -> None:
    headers = js.Headers(pairs)
    expected: dict[str, list[str]] = {}
    for name, value in pairs:
        expected.setdefault(name.lower(), []).append(value.strip())
    assert dict(headers) == {name: ", ".join(values) for name, values in expected.items()}
    assert list(headers) == sorted(expected)
    assert call(headers, "getSetCookie", []) == expected.get("set-cookie", [])
    copied = js.Headers(headers)
    copied["a"] = "other"
    assert dict(headers) == {name: ", ".join(values) for name, values in expected.items()}


# ------------------------------------------------------------------ requests, responses, forms


def test_requests_and_responses_of_the_host() -> None:
    request = js.Request("https://Example.org/a b?c", method="post", body="text", headers={"X": "1"}, redirect="manual")
    assert (request.method, request.url, request.content, request.redirect) == ("POST", "https://example.org/a%20b?c", b"text", "manual")
    assert dict(request.headers) == {"x": "1", "content-type": "text/plain;charset=UTF-8"}
    response = js.Response(b"\xff", status=404, status_text="Gone", headers={"A": "b"})
    assert (response.status, response.ok, response.content, dict(response.headers)) == (404, False, b"\xff", {"a": "b"})
    copied = response.clone()
    copied.headers["a"] = "c"
    assert response.headers["a"] == "b" and copied.content == b"\xff"
    for wrong in ({"status": 199}, {"status": 204, "body": b"x"}, {"status_text": "a\n"}, {"headers": {"a": "b\nc"}}):
        with pytest.raises((js.RangeError, js.TypeError)):
            js.Response(**{"body": None, **wrong})  # type: ignore[arg-type]
    for url in ("", "/a", "http://u:p@a/", "http://"):
        with pytest.raises(js.TypeError):
            js.Request(url)


def test_a_body_is_read_once_by_guests_and_as_often_as_it_likes_by_the_host() -> None:
    response = js.Response(b'{"a": [1]}')
    assert call(response, "json", []).result() == {"a": [1]}
    assert get(response, "bodyUsed") is True
    assert response.content == b'{"a": [1]}' == response.content
    with pytest.raises(js.TypeError, match="already been read"):
        call(response, "text", []).result()
    with pytest.raises(js.TypeError):
        response.clone()


_FIELDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


@given(st.lists(st.tuples(_FIELDS, _FIELDS | st.binary(max_size=6)), max_size=4))
def test_forms_there_and_back(pairs: list[tuple[str, str | bytes]]) -> None:
    form = js.FormData()
    for name, value in pairs:
        form.append(name, js.File(value, "f.bin", type="a/b") if isinstance(value, bytes) else value)
    body, kind = forms.write_multipart(form)
    back = forms.read_multipart(body, forms.boundary_of(kind))
    expected = [(forms._line(name), value if isinstance(value, bytes) else forms._line(value)) for name, value in pairs]
    found = [(name, value.content if isinstance(value, js.File) else value) for name, value in back]
    assert found == [(name.replace("%22", '"').replace("%0A", "\n").replace("%0D", "\r"), value) for name, value in expected]


@given(st.binary(max_size=60))
def test_a_form_that_is_none(body: bytes) -> None:
    with pytest.raises(js.TypeError):
        forms.read_multipart(b"--x\r\n" + body, "x")


def test_blobs_and_forms_do_not_grow_beyond_what_a_buffer_may() -> None:
    large = js.Blob(bytes(1 << 20))
    with pytest.raises(js.RangeError, match="buffer"):
        new("Blob", js.Array([large] * 300))
    form = js.FormData()
    for _ in range(300):
        form.append("a", large)
    with pytest.raises(js.RangeError, match="buffer"):
        new("Response", form)
    with pytest.raises(js.RangeError, match="entries"):
        for _ in range(100_000):
            form.append("a", "b")


# ------------------------------------------------------------------ events


def test_listeners_that_capture_come_first() -> None:
    """DOM 2.9, since 2021; Node goes by the order in which they came."""
    target, seen = js.EventTarget(), []
    target.add_event_listener("x", lambda _event: seen.append(1))
    target.add_event_listener("x", lambda _event: seen.append(2), capture=True)
    assert target.dispatch_event(js.Event("x"))
    assert seen == [2, 1]


def test_an_event_is_dispatched_once_at_a_time() -> None:
    target, seen = js.EventTarget(), []

    def again(event: js.Event) -> None:
        with pytest.raises(js.DOMException) as raised:
            target.dispatch_event(event)
        seen.append(raised.value.name)

    target.add_event_listener("x", again)
    event = js.Event("x")
    target.dispatch_event(event)
    target.dispatch_event(event)
    assert seen == ["InvalidStateError"] * 2


def test_a_listener_that_fails_is_logged_and_the_others_hear_of_it(caplog: pytest.LogCaptureFixture) -> None:
    target, seen = js.EventTarget(), []

    def fail(_event: js.Event) -> None:
        raise js.Error("in a listener")

    target.add_event_listener("x", fail)
    target.add_event_listener("x", seen.append)
    target.dispatch_event(js.Event("x"))
    assert len(seen) == 1
    assert "in a listener" in caplog.text


def test_signals_of_the_host() -> None:
    controller = js.AbortController()
    seen: list[object] = []
    forget = controller.signal.when_aborted(lambda: seen.append("forgotten"))
    controller.signal.when_aborted(lambda: seen.append(controller.signal.reason))
    forget()
    controller.abort("why")
    controller.abort("again")
    controller.signal.when_aborted(lambda: seen.append("at once"))
    assert seen == ["why", "at once"]
    with pytest.raises(GuestException):
        controller.signal.throw_if_aborted()
    with pytest.raises(js.DOMException, match="aborted") as raised:
        js.AbortSignal.abort().throw_if_aborted()
    assert (raised.value.name, raised.value.code) == ("AbortError", 20)


def test_a_signal_lives_as_long_as_somebody_waits_for_it() -> None:
    async def main() -> list[str]:
        seen: list[str] = []
        js.AbortSignal.timeout(5).add_event_listener("abort", lambda _event: seen.append("heard"))
        js.AbortSignal.any([js.AbortSignal.timeout(5)]).add_event_listener("abort", lambda _event: seen.append("heard too"))
        js.AbortSignal.timeout(5)
        gc.collect()
        for _ in range(1000):
            await asyncio.sleep(0.005)
            if len(seen) == 2:
                break
        return seen

    assert sorted(asyncio.run(main())) == ["heard", "heard too"]


# ------------------------------------------------------------------ timers


def test_alarms() -> None:
    alarms, rung = Alarms(), []
    assert alarms.next is None and not alarms.due()
    kept = [alarms.set(0, lambda n=n: rung.append(n)) for n in range(5)]  # type: ignore[misc]
    alarms.set(1000, lambda: rung.append("late"))
    kept[0].cancel()
    kept[3].cancel()
    time.sleep(0.001)
    while alarms.due():
        alarms.ring()
    assert rung == [1, 2, 4]
    for _ in range(10_000):
        alarms.set(1000, lambda: None).cancel()
    assert len(alarms._heap) < 200


def test_timers_wait_for_a_loop(realm: Realm) -> None:
    rung: list[int] = []
    realm.globals["setTimeout"](rung.append, 1, 5)
    time.sleep(0.005)
    assert rung == []
    promise = js.Promise._make(realm.jobs)
    realm.globals["setTimeout"](lambda: promise._resolve("set later"), 2)
    assert promise.result() == "set later"
    assert rung == [5]


def test_the_loop_of_timers_may_end_and_another_begin(realm: Realm) -> None:
    rung: list[int] = []

    async def begin() -> None:
        realm.globals["setTimeout"](rung.append, 50, 5)
        await asyncio.sleep(0)

    async def go_on() -> None:
        realm.jobs.schedule()
        await asyncio.sleep(0.02)

    asyncio.run(begin())
    time.sleep(0.06)
    assert rung == []
    asyncio.run(go_on())
    assert rung == [5]


def test_a_timer_set_in_a_thread_rings_in_the_loop(realm: Realm) -> None:
    async def main() -> list[int]:
        rung: list[int] = []
        realm.globals["setTimeout"](lambda: None, 1)
        await asyncio.to_thread(realm.globals["setTimeout"], lambda: rung.append(threading.get_ident()), 1)
        while not rung:
            await asyncio.sleep(0.002)
        return rung

    assert asyncio.run(main()) == [threading.get_ident()]


def test_timers_end_with_their_realm(realm: Realm) -> None:
    async def main() -> list[str]:
        rung: list[str] = []
        for _ in range(3):
            realm.globals["setTimeout"](lambda: rung.append("timeout"), 2)
        set_timeout = realm.globals["setTimeout"]
        realm.globals["setInterval"](lambda: rung.append("interval"), 1)
        realm.end(None)
        set_timeout(lambda: rung.append("set afterwards"), 1)
        await asyncio.sleep(0.02)
        return rung

    assert asyncio.run(main()) == []
    assert realm.jobs._alarms.next is None


def test_a_timer_that_ends_its_realm(realm: Realm) -> None:
    rung: list[int] = []

    def end() -> None:
        rung.append(1)
        realm.end(None)

    async def main() -> None:
        realm.globals["setInterval"](end, 1)
        realm.globals["setTimeout"](lambda: rung.append(2), 1)
        await asyncio.sleep(0.02)

    asyncio.run(main())
    assert rung == [1]


def test_a_timer_that_fails_is_logged(realm: Realm, caplog: pytest.LogCaptureFixture) -> None:
    rung: list[int] = []

    def fail() -> None:
        rung.append(1)
        raise js.Error("in a timer")

    async def main() -> None:
        realm.globals["setInterval"](fail, 1)
        while len(rung) < 2:
            await asyncio.sleep(0.002)
        realm.end(None)

    asyncio.run(main())
    assert "uncaught in a timer" in caplog.text and "in a timer" in caplog.text


def test_timers_that_set_timers_leave_the_loop_its_time(realm: Realm) -> None:
    """HTML 8.6: from the sixth on each takes 4 ms."""
    rung: list[float] = []

    def again() -> None:
        rung.append(time.monotonic())
        if len(rung) < 12:
            realm.globals["setTimeout"](again, 0)

    async def main() -> None:
        realm.globals["setTimeout"](again, 0)
        while len(rung) < 12:
            await asyncio.sleep(0.005)

    asyncio.run(main())
    assert rung[-1] - rung[6] >= 5 * 0.004 - 0.001


def test_there_is_an_end_to_timers(realm: Realm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timers, "MAX_TIMERS", 100)
    numbers = [realm.globals["setTimeout"](print, 10_000) for _ in range(100)]
    with pytest.raises(js.RangeError, match="timers"):
        realm.globals["setTimeout"](print, 10_000)
    realm.globals["clearTimeout"](numbers[7])
    realm.globals["setTimeout"](print, 10_000)
    realm.end(None)


def test_an_own_loop_does_not_keep_what_waits_in_it() -> None:
    from weakref import ref

    realm = Realm(Jobs(), {})
    realm.globals["setTimeout"](print, 100_000)
    promise = js.Promise._make(realm.jobs)
    realm.globals["setTimeout"](promise._resolve, 1)
    promise.result()
    gone = ref(realm.jobs)
    del realm, promise
    gc.collect()
    assert gone() is None


# ------------------------------------------------------------------ fetch


Transport = Callable[[js.Request], Any]


def fetching(transport: Transport | None) -> Realm:
    return Realm(Jobs(), {}, [] if transport is None else [transport])


def test_fetch_without_a_transport() -> None:
    promise = fetching(None).globals["fetch"]("http://localhost/")
    with pytest.raises(js.TypeError, match=r"Instance\(fetch=transport\)"):
        promise.result()


def test_fetch_goes_through_the_transport() -> None:
    seen: list[js.Request] = []

    def transport(request: js.Request) -> js.Response:
        seen.append(request)
        return js.Response("answer", headers={"a": "b"})

    response = fetching(transport).globals["fetch"]("http://a/b#c", {"method": "put", "headers": {"x": "y"}, "body": "q"}).result()
    assert (seen[0].method, seen[0].url, seen[0].content, seen[0].headers["x"]) == ("PUT", "http://a/b#c", b"q", "y")
    assert (get(response, "url"), get(response, "type"), response.content) == ("http://a/b", "basic", b"answer")
    with pytest.raises(js.TypeError, match="immutable"):
        call(get(response, "headers"), "set", ["a", "c"])


@pytest.mark.parametrize("answer", [None, b"bytes", "text", 5, js.Response], ids=repr)
def test_a_transport_that_returns_no_response(answer: object) -> None:
    with pytest.raises(js.TypeError, match="fetch failed") as raised:
        fetching(lambda _request: answer).globals["fetch"]("http://a/").result()
    assert "which is no js.Response" in str(raised.value.__cause__)


def test_what_a_transport_raises_is_not_for_the_guest() -> None:
    def transport(request: js.Request) -> js.Response:
        if request.url.endswith("own"):
            raise js.DOMException("not allowed", "NotAllowedError")
        raise ConnectionError("connecting to 10.0.0.7 failed: /etc/secret")

    fetch = fetching(transport).globals["fetch"]
    with pytest.raises(js.TypeError) as raised:
        fetch("http://a/").result()
    assert isinstance(raised.value.__cause__, ConnectionError)
    assert "10.0.0.7" not in "".join(str(get(raised.value, key)) for key in (*model.own_keys(raised.value), "stack", "cause", "message"))
    with pytest.raises(js.DOMException, match="not allowed"):
        fetch("http://a/own").result()


def test_an_abort_cancels_the_task_of_the_transport() -> None:
    async def main() -> list[object]:
        told: list[object] = []

        async def transport(_request: js.Request) -> js.Response:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                told.append("cancelled")
                raise
            return js.Response()

        realm, controller = fetching(transport), js.AbortController()
        promise = realm.globals["fetch"]("http://a/", {"signal": controller.signal})
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        controller.abort()
        with pytest.raises(js.DOMException) as raised:
            await promise
        while not told:
            await asyncio.sleep(0.001)
        assert not realm.closing
        return [raised.value.name, *told]

    assert asyncio.run(main()) == ["AbortError", "cancelled"]


def test_an_abort_before_the_transport_begins() -> None:
    async def main() -> None:
        called: list[object] = []
        realm, controller = fetching(called.append), js.AbortController()
        promise = realm.globals["fetch"]("http://a/", {"signal": controller.signal})
        controller.abort()
        with pytest.raises(js.DOMException):
            await promise
        await asyncio.sleep(0.01)
        assert called == []

    asyncio.run(main())
