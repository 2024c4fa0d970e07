"""``js.Promise``: JavaScript's order, turn by turn, and what asyncio adds to it."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import random
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from typing import Any, ClassVar
from unittest.mock import Mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bindgen_patch import GuestAborted, GuestException, ModuleTerminated, js
from bindgen_patch.js import model
from bindgen_patch.js.promise import adopted, default_jobs, thenable

from .oracle import NODE, needs_node


def pending() -> tuple[js.Promise[Any], Callable[..., None], Callable[..., None]]:
    """A promise with its resolving functions."""
    functions: list[Any] = []
    promise: js.Promise[Any] = js.Promise(lambda *both: functions.extend(both))
    return promise, functions[0], functions[1]


@pytest.fixture
def caplog(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What earlier tests have left behind is not collected, and logged, during this one."""
    gc.collect()
    caplog.clear()
    return caplog


async def idle() -> None:
    """Until all microtasks have run, those included that earlier tests have left without a loop."""
    default_jobs().awaited()
    while len(default_jobs()):
        await asyncio.sleep(0)


# ------------------------------------------------------------------------------------------- the order of reactions

Value = tuple[str, int]
Step = tuple[Any, ...]


class Tiny:
    """The standard's promise with nothing left out that can be seen, and nothing else: a model to compare with."""

    queue: ClassVar[deque[Callable[[], None]]] = deque()

    def __init__(self) -> None:
        self.state, self.value = "pending", None
        self.reactions: list[Any] = []

    def functions(self) -> tuple[Callable[[Any], None], Callable[[Any], None]]:
        called: list[bool] = []

        def once(function: Callable[[Any], None]) -> Callable[[Any], None]:
            def call(value: Any = None) -> None:
                if not called:
                    called.append(True)
                    function(value)

            return call

        return once(self.resolve), once(lambda reason: self.settle("rejected", reason))

    def resolve(self, value: Any) -> None:
        if value is self:
            self.settle("rejected", "cycle")
        elif isinstance(value, Tiny):
            self.queue.append(lambda: value.then(*self.functions()) and None)
        else:
            self.settle("fulfilled", value)

    def settle(self, state: str, value: Any) -> None:
        self.state, self.value = state, value
        for reaction in self.reactions:
            self.queue.append(reaction)

    def then(self, on_fulfilled: Any = None, on_rejected: Any = None) -> Tiny:
        derived = Tiny()

        def reaction() -> None:
            resolve, reject = derived.functions()
            handler = on_fulfilled if self.state == "fulfilled" else on_rejected
            if handler is None:
                (resolve if self.state == "fulfilled" else reject)(self.value)
                return
            try:
                result = handler(self.value)
            except GuestException as error:
                reject(error.value)
            else:
                resolve(result)

        if self.state == "pending":
            self.reactions.append(reaction)
        else:
            self.queue.append(reaction)
        return derived

    def finally_(self, on_settled: Any) -> Tiny:
        def after(outcome: Callable[[Any], Tiny]) -> Any:
            def call(value: Any) -> Tiny:
                result = on_settled()
                return (result if isinstance(result, Tiny) else fulfilled(result)).then(lambda _: outcome(value))

            return call

        def fulfilled(value: Any) -> Any:
            promise = Tiny()
            promise.resolve(value)
            return promise

        def rejected(reason: Any) -> Any:
            promise = Tiny()
            promise.settle("rejected", reason)
            return promise

        return self.then(after(lambda value: value), after(rejected))


def play(
    steps: list[Step], new: Callable[[], tuple[Any, Any, Any]], queue: Callable[[Callable[[], None]], None]
) -> tuple[list[str], list[Any]]:
    """Run a program; its promises are numbered in the order of the steps that made them."""
    log: list[str] = []
    promises: list[tuple[Any, Any, Any]] = []

    def value_of(what: Value) -> Any:
        kind, number = what
        return promises[number % len(promises)][0] if kind == "promise" and promises else number

    def handler(number: int, what: Value | None) -> Any:
        if what is None:
            return None

        def call(value: Any = None) -> Any:
            log.append(f"{number} got {'a cycle' if value == 'cycle' or isinstance(value, js.TypeError) else value}")
            if what[0] == "throw":
                raise GuestException(what[1])
            if what[0] == "micro":
                queue(lambda: log.append(f"{number} micro {what[1]}"))
            return value_of(what)

        return call

    for number, (kind, target, *rest) in enumerate(steps):
        if kind == "micro":
            queue(lambda target=target: log.append(f"micro {target}"))
        elif kind == "new" or not promises:
            promises.append(new())
        else:
            promise, resolve, reject = promises[target % len(promises)]
            if kind == "resolve" and resolve:
                resolve(value_of(rest[0]))
            elif kind == "reject" and reject:
                reject(rest[0][1])
            elif kind == "then":
                promises.append((promise.then(handler(number, rest[0]), handler(number, rest[1])), None, None))
            elif kind == "finally":
                promises.append((promise.finally_(handler(number, rest[0])), None, None))
    return log, [promise for promise, *_ in promises]


def by_model(steps: list[Step]) -> list[str]:
    """What the model says."""
    Tiny.queue.clear()

    def new() -> tuple[Any, Any, Any]:
        promise = Tiny()
        return promise, *promise.functions()

    log, promises = play(steps, new, Tiny.queue.append)
    while Tiny.queue:
        Tiny.queue.popleft()()
    return log + [promise.state for promise in promises]


def by_us(steps: list[Step]) -> list[str]:
    """What ours do."""

    async def run() -> list[str]:
        log, promises = play(steps, pending, default_jobs().add)
        await idle()
        states = [promise._state for promise in promises]
        for promise in promises:
            promise.catch()._handled = True
        await idle()
        return log + states

    return asyncio.run(run())


values = st.tuples(st.sampled_from(["value", "value", "promise"]), st.integers(0, 9))
results = st.none() | st.tuples(st.sampled_from(["value", "promise", "throw", "micro"]), st.integers(0, 9))
targets = st.integers(0, 9)
steps = st.one_of(
    st.tuples(st.just("new"), targets),
    st.tuples(st.just("resolve"), targets, values),
    st.tuples(st.just("reject"), targets, values),
    st.tuples(st.just("then"), targets, results, results),
    st.tuples(st.just("then"), targets, results, results),
    st.tuples(st.just("finally"), targets, results.filter(bool)),
    st.tuples(st.just("micro"), targets),
)


@settings(max_examples=250, deadline=None, derandomize=True)
@given(st.lists(steps, max_size=25))
def test_order_is_that_of_the_model(program: list[Step]) -> None:
    assert by_us(program) == by_model(program)


_PLAYER = """
const play = (steps) => {
  const log = [], promises = [];
  const valueOf = ([kind, number]) => kind === "promise" && promises.length ? promises[number % promises.length][0] : number;
  const handler = (number, what) => what === null ? undefined : (value) => {
    log.push(`${number} got ${value instanceof TypeError ? "a cycle" : value === undefined ? "None" : value}`);
    if (what[0] === "throw") throw what[1];
    if (what[0] === "micro") queueMicrotask(() => log.push(`${number} micro ${what[1]}`));
    return valueOf(what);
  };
  steps.forEach(([kind, target, ...rest], number) => {
    if (kind === "micro") queueMicrotask(() => log.push(`micro ${target}`));
    else if (kind === "new" || !promises.length) promises.push(newPromise());
    else {
      const [promise, resolve, reject] = promises[target % promises.length];
      if (kind === "resolve" && resolve) resolve(valueOf(rest[0]));
      else if (kind === "reject" && reject) reject(rest[0][1]);
      else if (kind === "then") promises.push([promise.then(handler(number, rest[0]), handler(number, rest[1]))]);
      else if (kind === "finally") promises.push([promise.finally(handler(number, rest[0]))]);
    }
  });
  return log;
};
const newPromise = () => {
  let functions;
  return [new Promise((...both) => { functions = both; }), ...functions];
};
process.on("unhandledRejection", () => {});
let text = "";
process.stdin.on("data", chunk => text += chunk);
process.stdin.on("end", async () => {
  const results = [];
  for (const steps of JSON.parse(text)) { const log = play(steps); await new Promise(done => setImmediate(done)); results.push(log); }
  process.stdout.write(JSON.stringify(results));
});
"""


def program_of(luck: random.Random) -> list[Step]:
    """A random program."""

    def number() -> int:
        return luck.randrange(10)

    def result() -> Value | None:
        return luck.choice([None, (luck.choice(["value", "promise", "throw", "micro"]), number())])

    def step() -> Step:
        kind = luck.choice(["new", "resolve", "resolve", "reject", "then", "then", "then", "finally", "micro"])
        more: list[Any] = []
        if kind in ("resolve", "reject"):
            more = [(luck.choice(["value", "value", "promise"]), number())]
        elif kind == "then":
            more = [result(), result()]
        elif kind == "finally":
            more = [(luck.choice(["value", "promise", "throw", "micro"]), number())]
        return (kind, number(), *more)

    return [step() for _ in range(luck.randrange(4, 30))]


@needs_node
def test_order_is_that_of_node() -> None:
    luck = random.Random(7)
    programs = [program_of(luck) for _ in range(300)]
    done = subprocess.run([str(NODE), "-e", _PLAYER], input=json.dumps(programs), capture_output=True, text=True, check=True)
    for program, expected in zip(programs, json.loads(done.stdout), strict=True):
        assert by_us(program)[: len(expected)] == expected, program


def test_resolving_with_a_promise_takes_two_more_turns() -> None:
    async def main() -> list[str]:
        log: list[str] = []
        slow: js.Promise[Any] = js.Promise(lambda resolve, _: resolve(js.Promise.resolve(1)))
        slow.then(lambda _: log.append("slow"))
        chain: js.Promise[Any] = js.Promise.resolve()
        for number in range(4):
            chain = chain.then(lambda _, number=number: log.append(f"turn {number}"))
        await chain
        return log

    assert asyncio.run(main()) == ["turn 0", "turn 1", "slow", "turn 2", "turn 3"]


# ------------------------------------------------------------------------------------------- settling


def test_the_first_call_counts() -> None:
    promise, resolve, reject = pending()
    resolve(1)
    resolve(2)
    reject(3)
    assert promise.result() == 1


def test_an_executor_that_raises_rejects() -> None:
    def executor(_resolve: Any, _reject: Any) -> None:
        raise KeyError("no")

    with pytest.raises(KeyError, match="no"):
        js.Promise(executor).result()
    with pytest.raises(js.TypeError, match="Promise resolver is not a function"):
        js.Promise(5)  # type: ignore[arg-type]


def test_what_is_no_exception_comes_in_one() -> None:
    with pytest.raises(GuestException) as caught:
        js.Promise.reject("plain").result()
    assert caught.value.value == "plain"


def test_the_same_exception_again_and_again() -> None:
    error = ValueError("once")
    promise = js.Promise.reject(error)
    depths = []
    for _ in range(3):
        with pytest.raises(ValueError, match="once") as caught:
            promise.result()
        assert caught.value is error
        depths.append(len(caught.traceback))
    assert len(set(depths)) == 1, "its traceback grows"


def test_resolving_with_itself_is_an_error() -> None:
    promise, resolve, _ = pending()
    resolve(promise)
    with pytest.raises(js.TypeError, match="Chaining cycle"):
        promise.result()


def test_a_promise_is_its_own_resolution() -> None:
    promise, _, _ = pending()
    assert js.Promise.resolve(promise) is promise


def test_a_thenable_is_called_once_and_believed_once() -> None:
    def then(resolve: Any, reject: Any) -> None:
        resolve(5)
        reject(6)
        raise KeyError("late")

    assert js.Promise.resolve({"then": then}).result() == 5

    def broken(_resolve: Any, _reject: Any) -> None:
        raise KeyError("early")

    with pytest.raises(KeyError, match="early"):
        js.Promise.resolve({"then": broken}).result()
    assert js.Promise.resolve({"then": 5}).result() == {"then": 5}


def test_then_catch_and_finally() -> None:
    seen: list[Any] = []
    promise = js.Promise.resolve(3).then(lambda value: value + 1).finally_(lambda: seen.append("finally"))
    assert promise.result() == 4
    assert js.Promise.reject(3).catch(lambda reason: reason * 2).result() == 6
    assert js.Promise.resolve(3).catch(seen.append).result() == 3
    with pytest.raises(KeyError):
        js.Promise.resolve(3).then(lambda _: {}["missing"]).result()
    with pytest.raises(ZeroDivisionError):
        js.Promise.resolve(3).finally_(lambda: 1 // 0).result()
    assert seen == ["finally"]


def test_functions_that_have_every_attribute() -> None:
    handler = Mock(return_value=6)
    assert js.Promise.resolve(5).then(handler).finally_(Mock(return_value=None)).result() == 6
    handler.assert_called_once_with(5)


# ------------------------------------------------------------------------------------------- asyncio


def test_await_before_and_after() -> None:
    async def main() -> list[int]:
        promise, resolve, _ = pending()
        asyncio.get_running_loop().call_later(0.001, resolve, 5)
        return [await promise, await promise]

    assert asyncio.run(main()) == [5, 5]


def test_an_awaiter_that_is_cancelled_leaves_the_promise_alone() -> None:
    async def main() -> int:
        promise, resolve, _ = pending()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(promise, 0.001)
        assert promise._waiters == []
        resolve(5)
        return int(await promise)

    assert asyncio.run(main()) == 5


def test_settled_by_another_thread() -> None:
    async def main() -> int:
        promise, resolve, _ = pending()
        threading.Timer(0.01, resolve, [7]).start()
        return int(await asyncio.wait_for(promise, 5))

    assert asyncio.run(main()) == 7


def test_result_waits_for_another_thread() -> None:
    promise, resolve, _ = pending()
    threading.Timer(0.01, resolve, [7]).start()
    assert promise.result(5) == 7


def test_result_times_out_and_goes_on() -> None:
    promise, resolve, _ = pending()
    begun = time.monotonic()
    with pytest.raises(TimeoutError, match=r"pending after 0\.01 seconds"):
        promise.result(0.01)
    assert time.monotonic() - begun < 2
    resolve(1)
    assert promise.result(0) == 1


def test_result_in_a_running_loop_is_refused() -> None:
    async def main() -> None:
        promise, resolve, _ = pending()
        with pytest.raises(RuntimeError, match="await"):
            promise.result()
        resolve(1)
        assert promise.result() == 1

    asyncio.run(main())


def test_result_keeps_what_else_is_pending() -> None:
    log: list[str] = []

    async def slow() -> None:
        await asyncio.sleep(0.02)
        log.append("slow")

    slow_one = js.Promise.resolve(slow())
    assert js.Promise.resolve(asyncio.sleep(0, "quick")).result() == "quick"
    assert log == []
    slow_one.result()
    assert log == ["slow"]


def test_jobs_wait_for_a_loop() -> None:
    log: list[int] = []
    derived = js.Promise.resolve(1).then(log.append)
    assert log == []

    async def main() -> None:
        await derived

    asyncio.run(main())
    assert log == [1]


def test_two_loops_after_one_another() -> None:
    promise, resolve, _ = pending()
    log: list[int] = []

    async def first() -> None:
        promise.then(log.append)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(promise, 0.001)
        resolve(4)  # the loop ends before the reaction has its turn

    async def second() -> int:
        return int(await promise.then(lambda value: value + 1))

    asyncio.run(first())
    assert asyncio.run(second()) == 5
    assert log == [4]


def test_a_failing_microtask_is_no_error_of_the_loop(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> list[Any]:
        errors: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: errors.append(context))
        default_jobs().add(lambda: 1 // 0)  # type: ignore[arg-type,return-value]
        default_jobs().add(lambda: errors.append("the next one runs"))
        await idle()
        return errors

    assert asyncio.run(main()) == ["the next one runs"]
    assert "ZeroDivisionError" in caplog.text


def test_an_interrupt_leaves_the_rest_of_the_queue() -> None:
    log: list[int] = []

    def interrupt() -> None:
        raise KeyboardInterrupt

    default_jobs().add(interrupt)
    promise = js.Promise.resolve(1).then(log.append)
    with pytest.raises(KeyboardInterrupt):
        promise.result()
    promise.result()
    assert log == [1]


# ------------------------------------------------------------------------------------------- awaitables of the host


class Own:
    """An awaitable that is neither coroutine nor future."""

    def __await__(self) -> Generator[Any, None, int]:
        yield from asyncio.sleep(0).__await__()
        return 9


class Slotted(Own):
    """One that cannot be referred to weakly."""

    __slots__ = ()


def test_any_awaitable_is_adopted_once() -> None:
    async def coroutine(value: int) -> int:
        await asyncio.sleep(0)
        return value

    async def main() -> list[Any]:
        loop = asyncio.get_running_loop()
        future = loop.create_future()
        loop.call_soon(future.set_result, 2)
        awaitables: list[Any] = [coroutine(1), future, loop.create_task(coroutine(3)), Own(), Slotted()]
        jobs = default_jobs()
        promises = [js.Promise.resolve(awaitable) for awaitable in awaitables]
        assert [adopted(awaitable, jobs) for awaitable in awaitables] == promises
        return [await promise for promise in promises]

    assert asyncio.run(main()) == [1, 2, 3, 9, 9]


def test_what_guests_see_of_an_awaitable() -> None:
    async def coroutine() -> int:
        return 5

    async def main() -> Any:
        value = coroutine()
        assert model.typeof(value) == "object"
        assert [model.has(value, name) for name in ("then", "catch", "finally", "send", "cr_frame", "close")] == [True] * 3 + [False] * 3
        assert model.try_set(value, "then", 1) is False
        return await model.call(value, "then", [lambda number: number + 1])

    assert asyncio.run(main()) == 6


def test_exposed_awaitables_keep_their_attributes() -> None:
    class Job(js.HostObject):
        label = "a job"

        def __await__(self) -> Generator[Any, None, int]:
            yield from ()
            return 1

    assert model.get(Job(), "label") == "a job"
    assert callable(model.get(Job(), "then"))


def test_a_cancelled_awaitable_rejects() -> None:
    async def main() -> None:
        task = asyncio.ensure_future(asyncio.sleep(5))
        promise = js.Promise.resolve(task)
        task.cancel()
        with pytest.raises(js.Error, match="the awaitable was cancelled"):
            await promise

    asyncio.run(main())


def test_what_an_awaitable_raises_is_the_reason() -> None:
    error = ValueError("mine")

    async def fails() -> None:
        raise error

    with pytest.raises(ValueError, match="mine") as caught:
        js.Promise.resolve(fails()).result()
    assert caught.value is error


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, SystemExit])
def test_interrupts_are_no_reasons(interrupt: type[BaseException]) -> None:
    async def fails() -> None:
        raise interrupt

    seen: list[Any] = []
    promise = js.Promise.resolve(fails())
    derived = promise.catch(seen.append)
    with pytest.raises(interrupt):
        derived.result()
    with pytest.raises(TimeoutError):
        derived.result(0.01)
    assert seen == []


def test_a_started_task_survives_collection() -> None:
    async def slow() -> int:
        await asyncio.sleep(0.01)
        return 3

    async def main() -> int:
        promise = thenable(slow(), "then", lambda value: value)
        gc.collect()
        return int(await promise)

    assert asyncio.run(main()) == 3


# ------------------------------------------------------------------------------------------- nobody looked


def rejections(caplog: pytest.LogCaptureFixture, make: Callable[[], object]) -> list[str]:
    caplog.clear()
    make()
    gc.collect()
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


def test_a_rejection_that_nobody_sees_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    assert rejections(caplog, lambda: js.Promise.reject(ValueError("lost"))) == [
        "a promise was rejected, and nobody looked: ValueError('lost')"
    ]


@pytest.mark.parametrize(
    "look",
    [
        lambda promise: promise.catch(lambda _: None).result(),
        lambda promise: look_at(promise),
        lambda promise: asyncio.run(swallow(promise)),
    ],
    ids=["catch", "result", "await"],
)
def test_one_that_somebody_sees_is_not(caplog: pytest.LogCaptureFixture, look: Callable[[Any], object]) -> None:
    assert rejections(caplog, lambda: look(js.Promise.reject(ValueError("seen")))) == []


def test_deaths_are_told_once(caplog: pytest.LogCaptureFixture) -> None:
    for error in (ModuleTerminated("gone"), GuestAborted("dead", kind="unreachable")):
        assert rejections(caplog, lambda error=error: js.Promise.reject(error)) == []


def look_at(promise: js.Promise[Any]) -> None:
    with pytest.raises(ValueError, match="seen"):
        promise.result()


async def swallow(promise: js.Promise[Any]) -> None:
    with pytest.raises(ValueError, match="seen"):
        await promise


def test_awaiting_in_a_task_group_of_many() -> None:
    async def one(number: int) -> int:
        await asyncio.sleep(0)
        return number

    async def main() -> int:
        coroutines: list[Coroutine[Any, Any, int]] = [one(number) for number in range(1000)]
        return sum(await asyncio.gather(*map(js.Promise.resolve, coroutines)))

    assert asyncio.run(main()) == 499500
