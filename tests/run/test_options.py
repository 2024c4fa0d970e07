"""Options of ``gen`` that change what happens after a failure: ``--abort-handler=off`` and ``--reset-state``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bindgen_patch import GuestAborted, ModuleTerminated, PanicError, StaleObjectError, pipeline

from .test_deaths import CAUSES, Liar, recovery_guest
from .test_hostile import FAR, const
from .test_recovery import DEATHS, PANICS

Load = Callable[..., Any]
Generated = Callable[..., pipeline.Generated]

OWN_FAILURES = {name: CAUSES[name][2] for name in DEATHS} | {f"panic: {name}": call for name, (call, _) in PANICS.items()}
"""Of the guest's own code, seen as traps."""


def unhandled(load: Load, mode: str) -> Any:
    return recovery_guest(lambda case, mode: load(case, mode, abort_handler=False), mode)


# ------------------------------------------------------------------------------------------- --abort-handler=off


@pytest.mark.parametrize("event", OWN_FAILURES)
def test_the_instance_goes_on(load: Load, event: str) -> None:
    """As upstream's do by default: nobody is told, nothing is marked, state is as the failure left it."""
    module = unhandled(load, "abort")
    hooks: list[GuestAborted] = []
    module.instance.on_abort(hooks.append)
    module.hook_log()
    module.increment()
    stack = module.instance._bp_door._guest._stack()
    with pytest.raises(GuestAborted) as caught:
        OWN_FAILURES[event](module)
    assert caught.value.frames
    assert module.instance.state == "live"
    assert module.instance._bp_door._guest._stack() == stack
    assert module.increment() > 1
    assert (module.instance.instance_id, hooks) == (0, [])


def test_its_kind_and_message_are_the_same(load: Load) -> None:
    module = load("panic_hook", "abort", abort_handler=False)
    for text in ("once", "again"):
        with pytest.raises(GuestAborted) as caught:
            module.panic_with(text)
        assert (caught.value.kind, caught.value.message) == ("panic", text)
    with pytest.raises(GuestAborted) as caught:
        module.abort()
    assert (caught.value.kind, caught.value.location) == ("unreachable", None)


def test_many_failures_in_a_row(load: Load) -> None:
    """Each takes some of the guest's stack; upstream's default has none left after a few thousand."""
    module = unhandled(load, "abort")
    for _ in range(10_000):
        with pytest.raises(GuestAborted):
            module.panic_static()
    assert module.greet("you") == "Hello, you!"
    assert module.instance.state == "live"


def test_a_nested_failure_can_be_swallowed(load: Load) -> None:
    module = unhandled(load, "abort")

    def call(_depth: int) -> int:
        with pytest.raises(GuestAborted):
            module.abort()
        return int(module.increment())

    module.instance.provide({"call_host": call})
    assert module.nest(0) == 3
    assert module.instance.state == "live"


def test_what_the_host_does_still_kills(load: Load) -> None:
    module = unhandled(load, "abort")
    hooks: list[GuestAborted] = []
    module.instance.on_abort(hooks.append)
    module.increment()
    module.instance.terminate("enough")
    with pytest.raises(ModuleTerminated, match="enough"):
        module.increment()
    assert [death.kind for death in hooks] == ["terminated"]


def test_a_broken_protocol_still_kills(load: Load, generated: Generated) -> None:
    data = generated("recovery", "abort", abort_handler=False).files["module.wasm"]
    liar = Liar(data, lambda: unhandled(load, "abort"))
    module = liar.swap("increment", const(FAR) + const(100) + liar.call("log") + const(1)).install()
    with pytest.raises(GuestAborted) as caught:
        module.increment()
    assert caught.value.kind == "abi_violation"
    assert module.instance.state == "terminated"


@pytest.mark.parametrize("mode", ["unwind", "legacy"])
def test_unwinding_guests_always_have_the_handler(load: Load, generated: Generated, mode: str) -> None:
    made = generated("recovery", mode, abort_handler=False)
    assert made.guarded == generated("recovery", mode).guarded
    assert [note for note in made.python.notes if "--abort-handler" in note] == [
        "--abort-handler=off changes nothing: a guest whose panics unwind always has the handler"
    ]
    module = unhandled(load, mode)
    with pytest.raises(GuestAborted):
        module.abort()
    assert module.instance.state == "terminated"


def test_gen_says_what_it_means(generated: Generated) -> None:
    made = generated("recovery", "abort", abort_handler=False)
    assert "    abort_handler=False,\n" in made.guarded
    assert (
        "--abort-handler=off: a call that fails leaves the instance live, and the next call runs on what is left of it" in made.python.notes
    )
    assert "abort_handler" not in generated("recovery", "abort").guarded


# ------------------------------------------------------------------------------------------- --reset-state


@pytest.fixture
def resettable(load: Load, mode: str) -> Any:
    return recovery_guest(lambda case, mode: load(case, mode, reset_state=True), mode)


def test_reset_replaces_the_instance_at_once(resettable: Any) -> None:
    hooks: list[GuestAborted] = []
    resettable.instance.on_abort(hooks.append)
    resettable.hook_log()
    counter = resettable.Counter(1)
    assert resettable.increment() == 1
    resettable.__wbg_reset_state()
    assert (resettable.instance.instance_id, resettable.instance.state) == (1, "live")
    with pytest.raises(StaleObjectError):
        counter.increment()
    assert resettable.increment() == 1
    assert (resettable.instance.instance_id, hooks) == (1, [])


def test_reset_before_the_first_call_makes_the_first_instance(resettable: Any) -> None:
    resettable.instance.reset_state()
    assert (resettable.instance.instance_id, resettable.instance.state) == (0, "live")


def test_reset_brings_a_dead_instance_back(resettable: Any) -> None:
    with pytest.raises(GuestAborted):
        resettable.abort()
    resettable.instance.reset_state()
    assert (resettable.instance.instance_id, resettable.instance.state) == (1, "live")
    assert resettable.increment() == 1


def test_reset_inside_a_call_waits_for_its_end(resettable: Any) -> None:
    """Upstream replaces the instance under the call that is running, whose results then come from a memory that is gone."""

    def call(_depth: int) -> int:
        resettable.instance.reset_state()
        assert resettable.instance.instance_id == 0
        return int(resettable.increment())

    resettable.instance.provide({"call_host": call})
    assert resettable.increment() == 1
    assert resettable.nest(0) == 3
    assert resettable.instance.instance_id == 0
    assert resettable.increment() == 1
    assert resettable.instance.instance_id == 1


def test_reset_of_another_instance_of_the_package(resettable: Any) -> None:
    one, two = resettable.Instance(), resettable.Instance()
    assert [one.increment(), two.increment()] == [1, 1]
    one.reset_state()
    assert [one.increment(), two.increment()] == [1, 2]


def test_reset_of_a_closed_instance(resettable: Any) -> None:
    i = resettable.Instance()
    i.close()
    with pytest.raises(ModuleTerminated, match="closed"):
        i.reset_state()


@pytest.mark.parametrize("event", ["no string", "method"])
def test_reset_after_a_panic(load: Load, event: str) -> None:
    module = recovery_guest(lambda case, mode: load(case, mode, reset_state=True), "unwind")
    with pytest.raises(PanicError):
        PANICS[event][0](module)
    module.__wbg_reset_state()
    assert module.increment() == 1


def test_reset_whose_start_fails(load: Load) -> None:
    answers = iter([0, 2])
    module = load("start_fails", "abort", reset_state=True)
    module.instance.provide({"host_start_mode": lambda: next(answers)})
    module.instance.reset_state()
    with pytest.raises(GuestAborted):
        module.instance.reset_state()
    assert module.instance.state == "new"


def test_only_who_asks_gets_it(generated: Generated, load: Load) -> None:
    assert "reset_state" not in generated("recovery", "unwind").guarded
    assert not hasattr(load("recovery", "unwind").instance, "reset_state")
    assert '    "__wbg_reset_state",\n' in generated("recovery", "unwind", reset_state=True).guarded
