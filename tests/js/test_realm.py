"""What belongs to one guest instance: its globals, and whose future it was that failed."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable
from typing import Any

import pytest

from bindgen_patch import GuestAborted, GuestException, ModuleTerminated, PanicError, js, symbols
from bindgen_patch.js import model
from bindgen_patch.js.jobs import Jobs
from bindgen_patch.js.realm import Realm


class Function:
    """A function of a guest, as far as a realm looks at it."""

    _bp_realm: Realm | None = None

    def __init__(self, realm: Realm, body: Callable[..., Any], *, task_queue: bool = False) -> None:
        self._bp_realm = realm
        self._bp_calls = 0
        self._bp_is_task_queue = task_queue
        self.body = body

    def __call__(self, *args: Any) -> Any:
        self._bp_calls += 1
        return self.body(*args)


@pytest.fixture
def realm() -> Realm:
    return Realm(Jobs(), {"given": 5})


@pytest.fixture
def caplog(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """What earlier tests have left behind is not collected, and logged, during this one."""
    gc.collect()
    caplog.clear()
    return caplog


def exported(realm: Realm, label: str, spawn: Callable[[], object] = lambda: None) -> tuple[js.Promise[Any], list[Any]]:
    """What an asynchronous export returns, and the resolving functions that its future owns. ``spawn``: what js-sys does with that."""
    owned: list[Any] = []
    promise = model.construct(realm.globals["Promise"], [lambda *both: (owned.extend(both), spawn())])
    promise._label = label
    return promise, owned


def run(realm: Realm) -> None:
    """Until there are no jobs left."""

    async def main() -> None:
        realm.jobs.schedule()
        while len(realm.jobs):
            await asyncio.sleep(0)

    asyncio.run(main())


def poll(realm: Realm, *bodies: Callable[[], Any]) -> Function:
    """Have futures polled in one go, as js-sys does it: one that fails is gone, and those behind it wait."""
    waiting = list(bodies)

    def poll_all(_value: object = None) -> None:
        while waiting:
            waiting.pop(0)()

    queue = Function(realm, poll_all, task_queue=True)
    realm.globals["queueMicrotask"](queue)
    return queue


def fail(error: BaseException, owned: list[Any] | None = None) -> Callable[[], None]:
    def body() -> None:
        if owned is not None:
            owned.clear()  # the future is dropped with all that it owns
        raise error

    return body


def frames(*labels: str) -> tuple[str, ...]:
    return tuple(f"future_to_promise::<crate::_::{symbols.GENERATED}{label}::{{closure#0}}>" for label in labels)


def states(*promises: js.Promise[Any]) -> list[object]:
    return [promise._value if promise._state == "rejected" else promise._state for promise in promises]


def test_globals(realm: Realm) -> None:
    this = realm.globals["globalThis"]
    assert model.get(this, "given") == 5
    assert model.get(this, "queueMicrotask") == realm.queue_microtask
    assert model.get(this, "Promise") is realm.globals["Promise"]
    assert model.get(this, "globalThis") is this
    assert callable(model.get(model.get(this, "JSON"), "parse"))
    assert not model.try_set(this, "given", 6)
    assert not model.delete(this, "given")


def test_promise_is_a_class(realm: Realm) -> None:
    promise_class = realm.globals["Promise"]
    made = model.construct(promise_class, [lambda resolve, _reject: resolve(1)])
    assert model.instanceof(made, promise_class)
    assert not model.instanceof({"then": len}, promise_class)
    assert model.get(promise_class, "name") == "Promise"
    with pytest.raises(js.TypeError, match="not a function"):
        model.call(promise_class, "most", [[]])
    for bad in (None, 5):
        with pytest.raises(js.TypeError, match="Promise resolver"):
            model.construct(promise_class, [bad])
        with pytest.raises(js.TypeError, match="queueMicrotask"):
            realm.globals["queueMicrotask"](bad)


def test_a_future_that_was_dropped_is_the_one_that_failed(realm: Realm) -> None:
    (first, _keep), (second, owned), (third, _keep_too) = (exported(realm, "same") for _ in range(3))
    error = ValueError("in the poll")
    seen: list[str] = []
    poll(realm, lambda: seen.append("first"), fail(error, owned), lambda: seen.append("third"))
    run(realm)
    assert states(first, second, third) == ["pending", error, "pending"]
    assert seen == ["first", "third"], "the rest is polled all the same"


def test_what_is_dropped_in_peace_stays_pending(realm: Realm) -> None:
    promise, owned = exported(realm, "name")
    poll(realm, owned.clear)
    run(realm)
    assert states(promise) == ["pending"]


def test_an_interrupted_future_is_told_and_the_interrupt_goes_on(realm: Realm) -> None:
    (first, owned), (second, _keep) = exported(realm, "name"), exported(realm, "name")
    seen: list[str] = []
    poll(realm, fail(KeyboardInterrupt(), owned), lambda: seen.append("second"))
    with pytest.raises(KeyboardInterrupt):
        run(realm)
    run(realm)
    assert isinstance(first._value, js.Error)
    assert str(first._value) == "interrupted by KeyboardInterrupt"
    assert (states(second), seen) == (["pending"], ["second"])


def in_frames(realm: Realm, labels: tuple[str, ...], body: Callable[[], None]) -> Callable[[], None]:
    def polled() -> None:
        realm.failed_in = frames(*labels)
        body()

    return polled


def test_errors_go_to_those_that_nothing_clears_in_their_order(realm: Realm) -> None:
    promises = [exported(realm, "same") for _ in range(3)]
    errors = [ValueError("one"), ValueError("two")]
    settle = promises[1][1][0]
    poll(realm, in_frames(realm, ("same",), fail(errors[0])), lambda: settle(7), in_frames(realm, ("same",), fail(errors[1])))
    run(realm)
    assert states(*(promise for promise, _ in promises)) == [errors[0], "fulfilled", errors[1]]


def test_each_may_be_the_one_that_failed(realm: Realm) -> None:
    (first, _), (second, _), (other, _) = exported(realm, "same"), exported(realm, "same"), exported(realm, "other")
    error = ValueError("whose")
    poll(realm, in_frames(realm, ("same",), fail(error)))
    run(realm)
    assert states(first, second, other) == [error, error, "pending"]


def test_a_task_of_no_export_is_nobodys(realm: Realm, caplog: pytest.LogCaptureFixture) -> None:
    promise, _keep = exported(realm, "name")
    poll(realm, fail(ValueError("a task")))
    run(realm)
    assert states(promise) == ["pending"]
    assert "uncaught in a microtask" in caplog.text


def test_a_debug_build_gets_no_turn_that_it_did_not_ask_for(realm: Realm) -> None:
    """There js-sys panics in one before it polls anybody, and would again in the next."""
    uncaught: list[Exception] = []
    realm.jobs.uncaught = lambda error, _where: uncaught.append(error)
    first, panic = ValueError("a task"), PanicError(symbols.TASK_QUEUE_ASSERTION)
    left = [fail(first), *[fail(panic)] * 3]
    queue = poll(realm, lambda: left.pop(0)(), lambda: left.pop(0)(), lambda: left.pop(0)())
    run(realm)
    assert (uncaught, len(left)) == ([first], 2)
    realm.globals["queueMicrotask"](queue)
    run(realm)
    assert len(left) == 1
    assert uncaught == [first]


def dies(realm: Realm, label: str, end: GuestAborted) -> Callable[[], None]:
    return in_frames(realm, (label,), lambda: realm.end(end))


def death() -> GuestAborted:
    return GuestAborted("dead", kind="unreachable")


def test_a_death_in_a_turn_is_theirs_whose_turn_it_was(realm: Realm) -> None:
    early, _keep = exported(realm, "same", lambda: poll(realm, lambda: None))
    run(realm)
    end = death()
    late, _keep_too = exported(realm, "same", lambda: poll(realm, dies(realm, "same", end)))
    run(realm)
    assert late._value is end
    assert isinstance(early._value, ModuleTerminated)
    assert early._value.cause_of_death is end


def test_it_may_be_anybodys_turn(realm: Realm) -> None:
    """Rust code woke a task on its own account: the queue asks for a turn, and nobody knows for whom."""
    promises = [exported(realm, "same") for _ in range(2)]
    poll(realm, lambda: None)
    run(realm)
    end = death()
    poll(realm, dies(realm, "same", end))
    run(realm)
    assert states(*(promise for promise, _ in promises)) == [end, end]


def test_a_death_outside_of_a_job_is_nobodys(realm: Realm) -> None:
    promise, _keep = exported(realm, "name")
    end = death()
    realm.failed_in = frames("name")
    realm.end(end)
    assert isinstance(promise._value, ModuleTerminated)
    assert promise._value.cause_of_death is end


def test_after_the_end(realm: Realm, caplog: pytest.LogCaptureFixture) -> None:
    called: list[Any] = []
    function = Function(realm, called.append)
    source = js.Promise.resolve(1)
    derived = source._then(function)
    realm.globals["queueMicrotask"](Function(realm, lambda: called.append("microtask")))
    poll(realm, lambda: called.append("turn"))
    queued = realm.globals["Promise"]
    realm.end(None)
    late = model.construct(queued, [lambda *_: None])
    run(realm)
    assert called == []
    assert isinstance(derived._value, ModuleTerminated)
    assert derived._value.cause_of_death is None
    assert states(late) == ["pending"]
    assert caplog.records == []


def outcome(promise: js.Promise[Any]) -> Any:
    """What became of a promise."""
    try:
        return promise.result(5)
    except GuestException as error:
        return f"thrown {error.value}"
    except js.AggregateError as error:
        return [str(reason) for reason in error.errors]


def test_combinators(realm: Realm) -> None:
    promise_class = realm.globals["Promise"]

    def ask(name: str, *args: Any) -> Any:
        return outcome(model.call(promise_class, name, list(args)))

    ok, bad = js.Promise.resolve, js.Promise.reject

    def later() -> js.Promise[Any]:
        return ok(1).then(lambda _: ok("late"))

    assert ask("all", [ok(1), 2, {"then": lambda resolve, _reject: resolve(3)}]) == [1, 2, 3]
    assert ask("all", []) == []
    assert ask("all", [1, bad("no")]) == "thrown no"
    assert ask("allSettled", {ok(1)}) == [{"status": "fulfilled", "value": 1}]
    assert ask("allSettled", [bad(5)]) == [{"status": "rejected", "reason": 5}]
    assert ask("any", [bad(1), later(), ok(2)]) == 2
    assert ask("any", [bad(1), bad(2)]) == ["1", "2"]
    assert ask("race", [later(), bad("first")]) == "thrown first"
    assert ask("try", lambda *args: args, 1, 2) == (1, 2)
    with pytest.raises(KeyError):
        ask("try", {}.__getitem__, "x")
    for name in ("all", "any", "race", "allSettled"):
        with pytest.raises(js.TypeError, match="not iterable"):
            ask(name, 5)
    made = model.call(promise_class, "withResolvers", [])
    model.call(made, "resolve", [7])
    assert outcome(model.get(made, "promise")) == 7
    assert [model.get(model.get(promise_class, name), "length") for name in ("all", "withResolvers", "try")] == [1, 0, 1]
