"""Asynchronous functions, on real guests: values, order, and every way in which a poll, or its instance, can fail."""

from __future__ import annotations

import asyncio
import gc
import importlib
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bindgen_patch import GuestAborted, GuestException, MissingImport, ModuleTerminated, PanicError, ir, js, pipeline
from bindgen_patch.emit.package import write

from ..conftest import FIXTURES
from .kit import guest_of, run

Load = Callable[..., Any]
MODES = ("unwind", "legacy", "abort")


in_every_build = pytest.mark.parametrize("guest", MODES, indirect=True)
"""With the form of exception handling that the editor translates, too."""


class HostError(Exception):
    """What the host raises."""


class Host:
    """What the guest asks for."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.fetch: Callable[[str], Any] = lambda url: url

    def plain(self, value: int) -> int:
        if not value:
            raise HostError("zero")
        return value

    def imports(self) -> dict[str, Any]:
        return {
            "log": self.lines.append,
            "plain": lambda value: self.plain(value),
            "fetch": lambda url: self.fetch(url),
            "fetch_number": lambda url: self.fetch(url),
            "fetch_or_die": lambda url: self.fetch(url),
            "fetch_nothing": lambda: self.fetch(""),
            "pause": lambda: asyncio.sleep(0),
        }


@pytest.fixture
def caplog(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What earlier tests have left behind is not collected, and logged, during this one."""
    gc.collect()
    caplog.clear()
    return caplog


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture(params=["unwind", "abort"])
def guest(load: Load, host: Host, request: pytest.FixtureRequest) -> Any:
    """The guest as it is built in two ways, on its default instance; see :data:`in_every_build`."""
    module = load("futures", request.param)
    module.instance.provide(host.imports())
    return module


@pytest.fixture(params=["unwind", "legacy"])
def unwinding(load: Load, host: Host, request: pytest.FixtureRequest) -> Any:
    """Panics unwind, by either form of exception handling."""
    module = load("futures", request.param)
    module.instance.provide(host.imports())
    return module


@pytest.fixture
def aborting(load: Load, host: Host) -> Any:
    module = load("futures", "abort")
    module.instance.provide(host.imports())
    return module


async def turns(module: Any, count: int = 3) -> None:
    """Let the loop go round."""
    for _ in range(count):
        await asyncio.sleep(0)
    assert not len(module.instance._bp_host.jobs)


def pending() -> tuple[js.Promise[Any], Callable[..., None], Callable[..., None]]:
    """A promise of the host with its resolving functions."""
    functions: list[Any] = []
    promise: js.Promise[Any] = js.Promise(lambda *both: functions.extend(both))
    return promise, functions[0], functions[1]


async def failure(promise: Any) -> BaseException:
    """What awaiting it raises."""
    try:
        value = await asyncio.wait_for(promise, 10)
    except Exception as error:
        return error
    raise AssertionError(f"it gave {value!r}")


async def gone(promise: Any, death: BaseException | None) -> None:
    """It is rejected because its instance is gone."""
    error = await failure(promise)
    assert isinstance(error, ModuleTerminated)
    assert error.cause_of_death is death


def errors_logged(caplog: pytest.LogCaptureFixture) -> list[str]:
    gc.collect()
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


# ------------------------------------------------------------------------------------------- values


@in_every_build
def test_values(guest: Any) -> None:
    async def main() -> None:
        exact: list[tuple[Any, Any]] = [
            (guest.nothing(), None),
            (guest.echo_u32(2**32 - 1), 2**32 - 1),
            (guest.echo_i64(-(2**63)), -(2**63)),
            (guest.echo_i64(5), 5),
            (guest.echo_u128(2**128 - 1), 2**128 - 1),
            (guest.echo_f64(2), 2.0),
            (guest.echo_bool(True), True),
            (guest.echo_string("Grüße 🎉"), "Grüße 🎉"),
            (guest.shout("leise"), "LEISE"),
            (guest.echo_option(None), None),
            (guest.echo_option(0), 0),
            (guest.echo_option_string(), None),
            (guest.echo_option_string(""), ""),
            (guest.echo_bytes(b"\x00\xff"), b"\x00\xff"),
            (guest.echo_strings(["a", "ß"]), ["a", "ß"]),
            (guest.echo_color(guest.Color.Green), guest.Color.Green),
            (guest.maybe_color(guest.Color.Red), guest.Color.Red),
            (guest.maybe_color(), None),
            (guest.echo_mood("sad"), guest.Mood("sad")),
            (guest.ok_or_error(False), 7),
            (guest.maybe_counter(None), None),
        ]
        for promise, expected in exact:
            assert isinstance(promise, js.Promise)
            value = await promise
            assert value == expected
            assert type(value) is type(expected)
        assert await guest.echo_floats([1, 2.5]) == [1.0, 2.5]
        thing = object()
        assert await guest.echo_value(thing) is thing
        counter = await guest.maybe_counter(3)
        assert isinstance(counter, guest.Counter)
        assert counter.value == 3

    run(main)


def test_values_mean_the_same_to_callbacks_and_to_the_guest(guest: Any) -> None:
    """A typed promise hands its own type to ``then``; given to the guest it is what it was: a small ``i64`` still is a bigint."""

    async def main() -> list[Any]:
        return [
            await guest.echo_color(guest.Color.Red).then(lambda color: color.name),
            type(await guest.echo_i64(5).then()),
            await guest.wait_for_both(guest.echo_i64(5), guest.echo_color(guest.Color.Red)),
            type(await guest.echo_i64(5).finally_(lambda: None)),
        ]

    assert run(main) == ["Red", int, "ok JsValue(5n);ok JsValue(1);", int]


def test_a_guest_that_resolves_with_something_else(guest: Any) -> None:
    promise = guest.echo_u32(1)
    promise._resolve("no number")
    with pytest.raises(js.TypeError, match=r'the guest resolved a promise of int with "no number"'):
        promise.result()


def test_bad_arguments_are_refused_at_once(guest: Any) -> None:
    guest.nothing().result()
    handles = len(guest_of(guest).values)
    with pytest.raises(OverflowError):
        guest.echo_u32(-1)
    with pytest.raises(TypeError):
        guest.echo_string(b"bytes")
    with pytest.raises(TypeError):
        guest.Counter.create("1")
    assert len(guest_of(guest).values) == handles


def test_methods(guest: Any) -> None:
    async def main() -> None:
        promise, resolve, _ = pending()
        counter = await guest.Counter.create(4)
        reading = counter.read_after(promise)
        await turns(guest)
        assert counter.value == 4
        with pytest.raises(js.Error, match="recursive use of an object"):
            counter.value = 5  # it is borrowed until the future ends
        resolve(None)
        assert await reading == 4
        counter.value = 6
        assert await counter.finish() == 6
        with pytest.raises(js.Error, match="null pointer passed to rust"):
            counter.finish()
        assert guest.live_trackers() == 0

    run(main)


def test_errors_of_the_guest(guest: Any) -> None:
    async def main() -> None:
        error = await failure(guest.ok_or_error(True))
        assert (type(error), str(error)) == (js.Error, "failed as asked")
        mine = HostError("mine")
        assert await failure(guest.reject_with(mine)) is mine
        odd = await failure(guest.reject_with("text"))
        assert isinstance(odd, GuestException)
        assert odd.value == "text"

    run(main)
    assert guest.instance.state == "live"


# ------------------------------------------------------------------------------------------- promises both ways


def test_identity(guest: Any) -> None:
    async def main() -> None:
        promise, _, _ = pending()
        assert guest.same_promise(promise) is promise
        made = guest.never()
        assert guest.same_promise(made) is made
        waiting = asyncio.sleep(0, 5)
        adopted = guest.same_promise(waiting)
        assert guest.same_promise(waiting) is adopted
        assert await adopted == 5
        future = asyncio.get_running_loop().create_future()
        assert [guest.is_promise(value) for value in (promise, future, adopted, {"then": len}, None, 5)] == [True] * 3 + [False] * 3

    run(main)


@pytest.mark.parametrize("kind", ["coroutine", "future", "task", "promise"])
def test_awaitables_are_promises(guest: Any, kind: str) -> None:
    async def main() -> Any:
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        loop.call_later(0.001, future.set_result, "done")
        made: dict[str, Callable[[], Any]] = {
            "coroutine": lambda: asyncio.sleep(0.001, "done"),
            "future": lambda: future,
            "task": lambda: loop.create_task(asyncio.sleep(0, "done")),
            "promise": lambda: js.Promise.resolve("done"),
        }
        awaitable = made[kind]()
        return await guest.wait_for_both(awaitable, awaitable), await guest.wait_directly(made[kind]())

    assert run(main) == ('ok JsValue("done");ok JsValue("done");', "done")


def test_a_cancelled_awaitable_is_an_err(guest: Any) -> None:
    async def main() -> str:
        task = asyncio.ensure_future(asyncio.sleep(10))
        answer = guest.wait_for_both(task, js.Promise.resolve(1))
        await turns(guest)
        task.cancel()
        return str(await answer)

    assert run(main) == "err JsValue(AbortError: the awaitable was cancelled);ok JsValue(1);"


def test_then_catch_finally(guest: Any, host: Host) -> None:
    async def main() -> None:
        await guest.watch(asyncio.sleep(0, 1))
        assert host.lines == ["then JsValue(1)", "finally"]
        host.lines.clear()
        rejected = js.Promise.reject(HostError("no"))
        await guest.watch(rejected)
        assert host.lines == ["catch JsValue(HostError: no)", "finally"]

    run(main)


def test_executors(guest: Any) -> None:
    async def main() -> None:
        assert await guest.make_promise(False, 5) == 5
        mine = HostError("mine")
        assert await failure(guest.make_promise(True, mine)) is mine
        assert await failure(guest.rejected(mine)) is mine

    run(main)


def test_an_executor_that_panics_rejects(unwinding: Any) -> None:
    async def main() -> BaseException:
        return await failure(unwinding.panicking_executor())

    error = run(main)
    assert isinstance(error, PanicError)
    assert error.message == "in an executor"
    assert unwinding.instance.state == "live"


ORDER = [
    *("synchronous", "then 1", "microtask 1", "task 1", "task 2", "then 2", "microtask 2", "value 1", "task 1.1", "then in task 1"),
    *("after an async value", "then 2.1", "value 2", "task 1 goes on", "resolved with a promise", "value 3", "task 1 ends"),
]
"""What ``order()`` logs under Node 24, through the glue of wasm-bindgen 0.2.130."""


@in_every_build
def test_microtasks_run_in_the_order_of_javascript(guest: Any, host: Host) -> None:
    async def main() -> None:
        guest.order()
        assert host.lines == ["synchronous"]
        await turns(guest)

    run(main)
    assert host.lines == ORDER


def test_microtasks_wait_for_a_loop(guest: Any, host: Host) -> None:
    guest.order()
    assert host.lines == ["synchronous"]
    guest.nothing().result()
    assert host.lines == ORDER


# ------------------------------------------------------------------------------------------- functions of the host


def test_asynchronous_imports(guest: Any, host: Host) -> None:
    async def answer(url: str) -> str:
        await asyncio.sleep(0)
        return url.upper()

    async def main() -> None:
        host.fetch = answer
        assert await guest.fetch_twice("a") == "A!"
        host.fetch = lambda url: url * 2  # a plain value will do
        assert await guest.fetch_twice("a") == "aa!aa!"
        host.fetch = lambda url: js.Promise.resolve(len(url))
        assert await guest.fetch_and_add("four") == 5.0
        assert await guest.fetch_bravely("four") == 4
        assert await guest.fetch_quietly() is None
        assert await guest.pause_then(3) == 3

    run(main)


def test_imports_of_every_form(guest: Any, host: Host) -> None:
    class Client:
        def __init__(self, name: str) -> None:
            self.name = name

        async def get(self, path: str) -> str:
            return f"{self.name}/{path}"

        @staticmethod
        async def connect(name: str) -> str:
            return f"connected to {name}"

    async def remote(value: int) -> int:
        return value + 1

    guest.instance.provide({"Client": Client}, {"./remote.js": {"remote": remote}})

    async def main() -> list[Any]:
        return [await guest.ask_client("host", "index"), await guest.connect_client("host"), await guest.ask_remote(1)]

    assert run(main) == ["host/index", "connected to host", 2]


@in_every_build
@pytest.mark.parametrize("when", ["at once", "later"])
def test_exceptions_of_the_host_pass_through(guest: Any, host: Host, when: str) -> None:
    error = HostError("mine")

    async def later(_url: str) -> None:
        await asyncio.sleep(0)
        raise error

    def at_once(_url: str) -> None:
        raise error

    async def main() -> None:
        host.fetch = later if when == "later" else at_once
        for call in (guest.fetch_twice, guest.fetch_and_add):
            assert await failure(call("url")) is error
        assert await failure(guest.fetch_quietly()) is error
        assert await guest.fetch_or_tell("url") == "told JsValue(HostError: mine)"
        assert await failure(guest.wait_for(later(""))) is error

    run(main)
    assert guest.instance.state == "live"


def test_a_missing_import_is_an_err(load: Load) -> None:
    async def main() -> BaseException:
        return await failure(load("futures", "unwind").fetch_quietly())

    error = run(main)
    assert isinstance(error, MissingImport)
    assert "the guest called `fetch_nothing`" in str(error)


def test_a_rejection_without_catch_is_a_panic(unwinding: Any, host: Host) -> None:
    async def fails(_url: str) -> None:
        raise HostError("mine")

    async def main() -> BaseException:
        host.fetch = fails
        return await failure(unwinding.fetch_bravely("url"))

    error = run(main)
    assert isinstance(error, PanicError)
    assert "uncaught exception" in error.message
    assert unwinding.instance.state == "live"


def test_a_value_of_the_wrong_type_is_an_err(guest: Any, host: Host) -> None:
    """Rust waits for one of two functions, and neither takes it."""

    async def main() -> BaseException:
        host.fetch = lambda url: f"no number but {url}"
        return await failure(guest.fetch_and_add("this"))

    assert isinstance(run(main), TypeError)
    assert guest.instance.state == "live"


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("where", ["in the awaitable", "in the call"])
def test_interrupts_never_become_an_err(guest: Any, host: Host, interrupt: type[BaseException], where: str) -> None:
    async def later() -> None:
        raise interrupt

    def fetch(_url: str) -> Any:
        if where == "in the call":
            raise interrupt
        return later()

    host.fetch = fetch
    with pytest.raises(interrupt):
        guest.fetch_or_tell("url").result(5)
    assert guest.instance.state == "live"
    assert guest.echo_u32(1).result(5) == 1


@in_every_build
def test_an_interrupt_in_a_poll_leaves_the_others_alone(guest: Any, host: Host) -> None:
    """Those that js-sys would have polled in the same call are polled in the next."""

    def interrupt(_value: int) -> int:
        raise KeyboardInterrupt

    host.plain = interrupt  # type: ignore[method-assign]
    interrupted = guest.call_plain(None, 1)
    other = guest.echo_u32(2)
    with pytest.raises(KeyboardInterrupt):
        other.result(5)
    assert other.result(5) == 2
    assert guest.instance.state == "live"
    del interrupted


@in_every_build
def test_a_failing_host_function_without_catch(guest: Any) -> None:
    """The same object comes out of the awaitable whose poll it was, of those that were polled in one go; the others go on."""

    async def main() -> list[str]:
        seen = []
        for promise in (None, js.Promise.resolve()):
            ready = [guest.call_plain(promise, 1), guest.call_plain(promise, 0), guest.echo_u32(5), guest.call_plain(promise, 0)]
            seen += [repr(value) for value in await asyncio.gather(*ready, guest.call_plain(promise, 2), return_exceptions=True)]
        return seen

    assert run(main) == ["1", "HostError('zero')", "5", "HostError('zero')", "2"] * 2
    assert guest.instance.state == "live"


def test_who_waits_for_something_else_is_not_blamed(guest: Any) -> None:
    async def main() -> None:
        first, resolve_first, _ = pending()
        second, resolve_second, _ = pending()
        failing, innocent = guest.call_plain(first, 0), guest.call_plain(second, 3)
        await turns(guest)
        resolve_first()
        error = await failure(failing)
        assert isinstance(error, HostError)
        resolve_second()
        assert await innocent == 3

    run(main)


# ------------------------------------------------------------------------------------------- panics and deaths


@pytest.mark.parametrize("when", ["before", "after"])
def test_panic_in_a_poll(unwinding: Any, when: str) -> None:
    async def main() -> BaseException:
        unwinding.count()
        other = unwinding.bystander(asyncio.sleep(0.001, "alive"))
        error = await failure(getattr(unwinding, f"panic_{when}")(js.Promise.resolve(5)))
        assert await other == "alive"
        return error

    error = run(main)
    assert isinstance(error, PanicError)
    assert error.message == {"before": "before the first await", "after": "after the await: JsValue(5)"}[when]
    assert unwinding.instance.state == "live"
    assert unwinding.count() == {"before": 3, "after": 2}[when]
    assert (unwinding.live_trackers(), unwinding.drops_seen()) == (0, 1)


def test_panic_in_an_async_method(unwinding: Any) -> None:
    counter = unwinding.Counter(4)
    with pytest.raises(PanicError, match="the counter stands at 4"):
        counter.panic_after(js.Promise.resolve()).result()
    counter.value = 5  # it is not borrowed any more
    assert counter.value == 5


@in_every_build
@pytest.mark.parametrize("call", ["panic_before", "panic_after", "abort_before", "abort_after"])
def test_death_in_a_poll(guest: Any, call: str) -> None:
    """Panics of an unwinding guest are no deaths; in any other case the awaitable raises the death itself, and hooks run once."""
    deaths: list[GuestAborted] = []
    guest.instance.on_abort(deaths.append)

    async def main() -> None:
        never, _, _ = pending()
        others = [guest.bystander(never), guest.wait_for_signal()]
        await turns(guest)
        error = await failure(getattr(guest, call)(js.Promise.resolve(5)))
        if isinstance(error, PanicError):
            assert call.startswith("panic")
            guest.instance.terminate()
            assert len(deaths) == 1
        else:
            assert isinstance(error, GuestAborted)
            assert error.kind == ("panic" if call.startswith("panic") else "unreachable")
            assert deaths == [error]
            assert guest.instance.state == "terminated"
        for other in others:
            await gone(other, deaths[0])
        with pytest.raises(ModuleTerminated):
            guest.nothing()
        guest.instance.schedule_reinit()
        assert await guest.echo_u32(1) == 1

    run(main)
    assert len(deaths) == 1


def test_death_in_an_async_method(guest: Any) -> None:
    async def main() -> None:
        counter, other = guest.Counter(1), guest.Counter(2)
        never, _, _ = pending()
        waiting = other.read_after(never)
        error = await failure(counter.abort_after(js.Promise.resolve()))
        assert isinstance(error, GuestAborted)
        await gone(waiting, error)

    run(main)


@in_every_build
def test_of_two_calls_of_one_export_that_one_died_whose_turn_it_was(guest: Any) -> None:
    async def main(together: bool) -> None:
        first, resolve_first, _ = pending()
        second, _, _ = pending()
        dying = guest.abort_if(first, True)
        if not together:
            await turns(guest)
        waiting = guest.abort_if(second, False)
        await turns(guest)
        resolve_first()
        error = await failure(dying)
        assert isinstance(error, GuestAborted)
        assert any("sink" in frame.function for frame in error.frames)
        await gone(waiting, error)

    run(lambda: main(together=False))
    guest.instance.schedule_reinit()
    run(lambda: main(together=True))


def test_of_two_calls_of_one_export_each_died_if_nobody_can_tell(guest: Any) -> None:
    """They are woken in one go, by the promise of either."""

    async def main() -> None:
        promise, resolve, _ = pending()
        both = [guest.abort_if(promise, die) for die in (False, True)]
        other = guest.abort_after(asyncio.sleep(10))
        await turns(guest)
        resolve()
        assert await both[0] == 3
        error = await failure(both[1])
        assert isinstance(error, GuestAborted)
        await gone(other, error)
        guest.instance.schedule_reinit()
        both = [guest.abort_if(js.Promise.resolve(), die) for die in (True, False)]
        errors = [await failure(promise) for promise in both]
        assert isinstance(errors[0], GuestAborted)
        assert errors[1] is errors[0]

    run(main)


def without_names(module: bytes) -> bytes:
    """A guest without its name section."""
    kept, at = [module[:8]], 8
    while at < len(module):
        begin, at = at, at + 1
        size = shift = 0
        while True:
            byte, at = module[at], at + 1
            size, shift = size | (byte & 0x7F) << shift, shift + 7
            if byte < 0x80:
                break
        if module[begin] or module[at : at + 5] != b"\x04name":
            kept.append(module[begin : at + size])
        at += size
    return b"".join(kept)


@pytest.mark.parametrize("mode", ["unwind", "abort"])
def test_death_in_a_guest_without_names(mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was polled can be told all the same, if it was one alone."""
    data = without_names((FIXTURES / "futures" / f"{mode}.wasm").read_bytes())
    write(pipeline.generate(data, "futures.wasm").files, tmp_path / f"nameless_{mode}")
    monkeypatch.syspath_prepend(str(tmp_path))
    guest = importlib.import_module(f"nameless_{mode}")

    async def main() -> None:
        never, _, _ = pending()
        other = guest.bystander(never)
        await turns(guest)
        dying = guest.abort_after(js.Promise.resolve())
        error = await failure(dying)
        assert isinstance(error, GuestAborted)
        assert all(frame.function.startswith("wasm-function[") for frame in error.frames)
        await gone(other, error)

    run(main)


@in_every_build
def test_death_in_a_task_is_nobodys(guest: Any) -> None:
    deaths: list[GuestAborted] = []
    guest.instance.on_abort(deaths.append)

    async def main() -> None:
        never, _, _ = pending()
        waiting = guest.bystander(never)
        await turns(guest)
        guest.spawn_abort()
        error = await failure(waiting)
        await gone(waiting, deaths[0])
        assert isinstance(error, ModuleTerminated)

    run(main)
    assert len(deaths) == 1


def test_death_in_a_reaction(guest: Any) -> None:
    async def main() -> None:
        never, _, _ = pending()
        waiting = guest.bystander(never)
        error = await failure(guest.then_abort(js.Promise.resolve(1)))
        assert isinstance(error, GuestAborted)
        await gone(waiting, error)

    run(main)


def test_panic_in_a_reaction(unwinding: Any) -> None:
    async def main() -> BaseException:
        return await failure(unwinding.then_panic(js.Promise.resolve(1)))

    assert str(run(main)) == "in a reaction"
    assert unwinding.instance.state == "live"


def test_panics_that_nobody_waits_for_are_logged(unwinding: Any, host: Host, caplog: pytest.LogCaptureFixture) -> None:
    """And who was to be polled after the task that panicked is polled all the same."""

    async def main() -> int:
        unwinding.microtask_panic()
        unwinding.spawn_panic()
        unwinding.spawn_log("goes on")
        return int(await unwinding.echo_u32(3))

    assert run(main) == 3
    assert host.lines == ["goes on"]
    assert errors_logged(caplog) == ["uncaught in a microtask"] * 2
    assert ["PanicError: in a" in str(record.exc_text) for record in caplog.records if record.exc_info] == [True, True]
    assert unwinding.instance.state == "live"


def test_death_in_a_call_while_others_wait(guest: Any) -> None:
    async def main() -> None:
        never, _, _ = pending()
        waiting = [guest.bystander(never), guest.wait_for_signal(), guest.nothing()]
        with pytest.raises(GuestAborted) as caught:
            guest.abort()
        for promise in waiting:
            assert promise._state == "rejected", "at once"
            await gone(promise, caught.value)

    run(main)


def test_terminate_while_others_wait(guest: Any) -> None:
    async def main() -> None:
        waiting = guest.wait_for_signal()
        await turns(guest)
        asyncio.get_running_loop().call_soon(guest.instance.terminate, "enough")
        error = await failure(waiting)
        assert isinstance(error, ModuleTerminated)
        assert error.cause_of_death is not None
        assert error.cause_of_death.message == "enough"

    run(main)


@in_every_build
@pytest.mark.parametrize("who", ["host", "guest"])
def test_reinit_while_pending(guest: Any, who: str, caplog: pytest.LogCaptureFixture) -> None:
    """Pending awaitables are rejected when the fresh instance is made; what then happens to their promises never gets into it."""

    async def main() -> None:
        promise, resolve, _ = pending()
        waiting = [guest.wait_for(promise), guest.wait_for_signal(), guest.Counter(1).read_after(promise)]
        await turns(guest)
        assert guest.live_trackers() == 2
        guest.instance.schedule_reinit() if who == "host" else guest.schedule_reinit()
        assert [waiter._state for waiter in waiting] == ["pending"] * 3
        assert guest.live_trackers() == 0
        for waiter in waiting:
            assert waiter._state == "rejected", "at once"
            await gone(waiter, None)
        resolve("late")
        await turns(guest)
        assert (guest.instance.instance_id, guest.instance.state) == (1, "live")
        assert (guest.live_trackers(), guest.drops_seen()) == (0, 0)
        assert await guest.wait_for(promise) == "late"

    run(main)
    assert errors_logged(caplog) == []


def test_reinit_with_microtasks_in_the_queue(guest: Any, host: Host, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        guest.order()
        waiting = guest.echo_u32(1)
        guest.instance.schedule_reinit()
        assert guest.count() == 1
        await gone(waiting, None)
        await turns(guest)
        assert host.lines == ["synchronous"]
        guest.spawn_log("fresh")
        await turns(guest)
        assert host.lines == ["synchronous", "fresh"]

    run(main)
    assert errors_logged(caplog) == []


def test_a_poll_may_be_the_call_that_finds_a_fresh_instance_due(guest: Any, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        waiting = guest.echo_u32(1)
        guest.instance.schedule_reinit()
        await gone(waiting, None)
        assert guest.instance.instance_id == 1

    run(main)
    assert errors_logged(caplog) == []


def test_close_while_pending(guest: Any, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        promise, resolve, _ = pending()
        with guest.Instance() as i:
            waiting = [i.wait_for(promise), i.nothing(), i.wait_for_signal()]
        for waiter in waiting:
            await gone(waiter, None)
        resolve(1)
        await turns(guest)
        with pytest.raises(ModuleTerminated):
            i.nothing()

    run(main)
    assert errors_logged(caplog) == []


def test_rejections_by_a_death_are_not_logged_again(guest: Any, caplog: pytest.LogCaptureFixture) -> None:
    guest.wait_for_signal()
    promise = guest.bystander(js.Promise.resolve(1))
    with pytest.raises(GuestAborted):
        guest.abort()
    del promise
    assert errors_logged(caplog) == []


def test_an_instance_that_is_collected_leaves_nobody_waiting(guest: Any) -> None:
    async def main() -> None:
        waiting = guest.Instance().wait_for_signal()
        await turns(guest)
        gc.collect()
        await gone(waiting, None)

    run(main)


def test_a_promise_keeps_its_instance(guest: Any, host: Host) -> None:
    async def main() -> Any:
        waiting = guest.Instance(host.imports()).wait_for(asyncio.sleep(0.01, "kept"))
        await turns(guest)
        gc.collect()
        return await waiting

    assert run(main) == "kept"


# ------------------------------------------------------------------------------------------- tasks


def test_tasks_without_promises(guest: Any, host: Host) -> None:
    async def main() -> None:
        guest.spawn_log_after(asyncio.sleep(0), "after")
        guest.spawn_log_after(js.Promise.reject(HostError("no")), "failed")
        guest.spawn_log("soon")
        assert host.lines == []
        await asyncio.sleep(0.001)
        await turns(guest)

    run(main)
    assert host.lines == ["soon", "failed: JsValue(HostError: no)", "after"]


def test_a_task_that_is_woken_from_outside(guest: Any) -> None:
    async def main() -> int:
        waiting = guest.wait_for_signal()
        await turns(guest)
        guest.signal()
        return int(await waiting)

    assert run(main) == 5


def test_a_task_that_gives_way_lets_others_run(guest: Any) -> None:
    """It looks again and again, and what it looks for is another microtask's to do."""

    async def main() -> int:
        spinning = guest.spin_until_signalled()
        guest.nothing().then().then().then(lambda _: guest.signal())
        return int(await spinning)

    assert run(main) > 0


def test_a_task_that_never_stops_giving_way_does_not_stop_the_loop(guest: Any) -> None:
    """JavaScript's event loop would starve; here timeouts still pass, and others are served."""

    async def main() -> None:
        spinning = guest.spin_until_signalled()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(spinning, 0.01)
        assert await guest.echo_u32(3) == 3
        guest.signal()
        assert await spinning > 0

    run(main)
    guest.instance.schedule_reinit()
    with pytest.raises(TimeoutError):
        guest.spin_until_signalled().result(0.01)


@pytest.mark.parametrize("mode", MODES)
def test_the_queue_of_tasks_is_known_from_other_microtasks(generated: Callable[..., pipeline.Generated], mode: str) -> None:
    """The guest imports ``queueMicrotask`` twice; what js-sys gives to its own is polled again when a task fails."""
    roles = [item.role for item in generated("futures", mode).module.imports if isinstance(item.role, ir.Call)]
    asking = [role for role in roles if role.operation == "call" and role.target.path == ("queueMicrotask",)]
    assert sorted(role.task_queue for role in asking) == [False, True]
    assert sum(role.task_queue for role in roles) == 1


# ------------------------------------------------------------------------------------------- loops and threads


def test_result_without_a_loop(guest: Any, host: Host) -> None:
    assert guest.echo_string("blocking").result() == "blocking"
    assert guest.wait_for(asyncio.sleep(0.001, "slept")).result() == "slept"
    with pytest.raises(js.Error, match="failed as asked"):
        guest.ok_or_error(True).result()
    slow = guest.wait_for(asyncio.sleep(0.02, "slow"))
    assert guest.pause_then(1).result() == 1
    assert slow._state == "pending"
    assert slow.result() == "slow"
    with pytest.raises(TimeoutError):
        guest.wait_for_signal().result(0.01)
    with pytest.raises(TimeoutError):
        guest.never().result(0.01)
    assert guest.instance.state == "live"


def test_result_in_a_running_loop(guest: Any) -> None:
    async def main() -> int:
        promise = guest.echo_u32(3)
        with pytest.raises(RuntimeError, match="await"):
            promise.result()
        return int(await promise)

    assert run(main) == 3


def test_waiting_inside_a_call_of_the_guest_is_refused(guest: Any, host: Host) -> None:
    """No job runs below a frame of the guest, so such waiting would not end."""
    promises: list[Any] = []

    def wait(line: str) -> None:
        if line != "synchronous":
            return
        promise = guest.echo_string(line)
        promises.append(promise)

        async def main() -> None:
            await promise

        for way in (promise.result, lambda: asyncio.run(main())):
            with pytest.raises(RuntimeError, match="cannot wait for the guest"):
                way()

    guest.instance.provide({"log": wait})
    guest.order()
    assert promises[0].result(5) == "synchronous"
    assert guest.instance.state == "live"


def test_waiting_inside_a_poll_is_refused(guest: Any, host: Host) -> None:
    messages: list[str] = []

    def wait(value: int) -> int:
        with pytest.raises(RuntimeError) as caught:
            guest.echo_u32(value).result()
        messages.append(str(caught.value))
        return value

    host.plain = wait  # type: ignore[method-assign]
    assert guest.call_plain(None, 4).result(5) == 4
    assert ["cannot wait for the guest" in message for message in messages] == [True]


def test_loops_after_one_another(guest: Any) -> None:
    kept: list[Any] = []

    async def first() -> int:
        kept.append(guest.wait_for_signal())
        guest.order()
        return int(await guest.echo_u32(1))

    async def second() -> int:
        guest.signal()
        return int(await kept[0])

    assert run(first) == 1
    assert run(second) == 5
    assert guest.echo_u32(6).result() == 6
    assert run(first) == 1


def test_an_awaitable_of_a_loop_that_ended_is_an_err(guest: Any) -> None:
    kept: list[Any] = []

    async def first() -> None:
        kept.append(guest.wait_for_both(asyncio.sleep(10), js.Promise.resolve(1)))
        await turns(guest)

    async def second() -> str:
        return str(await kept[0])

    run(first)
    assert run(second) == "err JsValue(AbortError: the awaitable was cancelled);ok JsValue(1);"


def test_calls_from_worker_threads(guest: Any) -> None:
    async def main() -> None:
        assert await guest.echo_u32(0) == 0  # now it is known which loop the instance is used on
        promises = await asyncio.gather(*(asyncio.to_thread(guest.echo_u32, number) for number in range(20)))
        assert await asyncio.gather(*promises) == list(range(20))
        assert await asyncio.to_thread(lambda: guest.echo_string("blocking").result(5)) == "blocking"
        assert await asyncio.to_thread(lambda: guest.wait_for(asyncio.sleep(0, "here")).result(5)) == "here"
        home = threading.get_ident()
        ran_in: list[int] = []
        await asyncio.to_thread(lambda: guest.nothing().then(lambda _: ran_in.append(threading.get_ident())).result(5))
        assert ran_in == [home]

    run(main)


def test_a_call_in_another_thread_does_not_block_the_loop(guest: Any, host: Host) -> None:
    """It may be waiting for that very loop. Microtasks have their turn when it is over."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        inside = asyncio.Event()

        def wait(line: str) -> None:
            if line != "synchronous":
                return
            loop.call_soon_threadsafe(inside.set)
            asyncio.run_coroutine_threadsafe(asyncio.sleep(0.02), loop).result(5)

        guest.instance.provide({"log": wait})
        waiting = guest.wait_for(inside.wait())
        await turns(guest)
        calling = asyncio.create_task(asyncio.to_thread(guest.order))
        assert await waiting is True
        await calling

    run(main)


def test_two_loops_at_the_same_time(guest: Any) -> None:
    results: list[Any] = []

    def work(number: int) -> None:
        async def main() -> list[int]:
            return [await guest.wait_for(asyncio.sleep(0, step * number)) for step in range(30)]

        results.append((number, run(main)))

    threads = [threading.Thread(target=work, args=[number]) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(results) == [(number, [step * number for step in range(30)]) for number in range(3)]


def test_two_threads_block_on_one_instance(guest: Any) -> None:
    results: list[Any] = []

    def block(number: int) -> None:
        results.append(guest.wait_for(asyncio.sleep(0.005 * number, number)).result(10))

    threads = [threading.Thread(target=block, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(results) == [0, 1, 2, 3]


def test_death_in_another_thread_wakes_those_who_wait(guest: Any) -> None:
    async def main() -> None:
        waiting = guest.wait_for_signal()
        await turns(guest)
        with pytest.raises(GuestAborted) as caught:
            await asyncio.to_thread(guest.abort)
        await gone(waiting, caught.value)

    run(main)


# ------------------------------------------------------------------------------------------- leaks


@in_every_build
def test_settled_promises_leave_nothing_behind(guest: Any, host: Host) -> None:
    async def answer(url: str) -> str:
        return url

    host.fetch = answer

    async def some(count: int) -> None:
        for number in range(count):
            assert await guest.echo_u32(number) == number
            await guest.fetch_twice("a")
            await guest.wait_for(asyncio.sleep(0))
            await failure(guest.ok_or_error(True))

    async def main() -> None:
        await some(5)
        gc.collect()
        before = len(guest_of(guest).values)
        await some(250)
        gc.collect()
        assert len(guest_of(guest).values) == before
        assert guest.live_trackers() == 0
        realm = guest_of(guest).realm
        assert realm._pending == {}
        assert realm.turns._next in ({}, None)

    run(main)


def test_panics_leave_nothing_behind(unwinding: Any) -> None:
    async def some(count: int) -> None:
        for _ in range(count):
            await failure(unwinding.panic_after(js.Promise.resolve()))
            await failure(unwinding.panic_before(js.Promise.resolve()))

    async def main() -> None:
        await some(5)
        before = len(guest_of(unwinding).values)
        await some(100)
        gc.collect()
        assert len(guest_of(unwinding).values) == before

    run(main)
