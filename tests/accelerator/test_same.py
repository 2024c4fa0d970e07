"""The accelerator and the Python code that it stands in for do the same: results, exceptions, and what is left behind.

Each guest is loaded twice into one process: once as users have it, once with the accelerator kept out of its calls and of its host
functions. Whatever is done, is done to both.
"""

from __future__ import annotations

import contextlib
import gc
import logging
import re
import sys
import threading
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bindgen_patch import BindgenPatchError, GuestAborted, PanicError, StaleObjectError, js
from bindgen_patch.accelerator import native
from bindgen_patch.js.builtins import GLOBALS
from bindgen_patch.runtime import calls, capi, program, typed
from bindgen_patch.runtime.trap import PANICKED

from ..run.kit import examples, guest_of

pytestmark = pytest.mark.skipif(native is None, reason="there is nothing to compare without the accelerator")

Load = Callable[..., Any]


@dataclass
class Both:
    """A guest with the accelerator and the same one without."""

    fast: ModuleType
    plain: ModuleType

    def each(self, action: Callable[[Any], object]) -> list[Any]:
        """What ``action`` comes to with either."""
        return [outcome(lambda module=module: action(module)) for module in (self.fast, self.plain)]

    def same(self, action: Callable[[Any], object]) -> Any:
        """The one outcome that ``action`` has with both; the state of the instance is part of it."""
        fast, plain = self.each(lambda module: (action(module), left_behind(module)))
        assert fast == plain
        states = [(module.instance.state, module.instance.counters) for module in (self.fast, self.plain)]
        assert states[0] == states[1]
        return fast


def left_behind(module: ModuleType) -> Any:
    guest = guest_of(module)
    return len(guest.values), guest.lent, guest.frames, guest._stack(), guest.host_error, guest._size


def outcome(action: Callable[[], object]) -> Any:
    """A result or an exception, as something that can be compared."""
    try:
        return "returned", shown(action())
    except BaseException as error:
        return shown(error)


def shown(value: Any) -> Any:
    if isinstance(value, GuestAborted):
        return "died", value.kind, value.message
    if isinstance(value, BaseException):
        text = re.sub(r"\w+\.(\w+) object at 0x\w+", r"\1", str(value))
        return "raised", [base.__qualname__ for base in type(value).__mro__], text, value.__context__ and shown(value.__context__)
    if isinstance(value, array):
        return type(value), value.typecode, list(map(repr, value))
    if isinstance(value, list | tuple):
        return type(value), [shown(item) for item in value]
    if isinstance(value, int | float | str | bytes | type(None)):
        return type(value), repr(value)
    return type(value).__name__


@pytest.fixture
def both(load: Load, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Both]:
    def get(case: str, mode: str = "unwind") -> Both:
        fast = load(case, mode)
        guest_of(fast)
        with monkeypatch.context() as patch:
            for part in (program, calls, typed):
                patch.setattr(part, "native", None)
            for name in ("Maker", "I32"):
                patch.setattr(capi, name, getattr(capi, f"_{name}"))
            plain = load(case, mode)
            guest = guest_of(plain)
            for name in guest.program.exports:  # looked up while the accelerator is away
                with contextlib.suppress(Exception):
                    getattr(guest, name)
        return Both(fast, plain)

    return get


def accelerated(module: ModuleType) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Functions that the accelerator knows: names, types of parameters. Not those that make as much as they are told."""
    for name, (_, role, params, result, _) in module._bp_program._plans.items():
        owner, _, function = name.rpartition(".")
        as_much_as_wanted = "u32" in params and (result == "str" or result.startswith("["))
        if owner == "Instance" and role == "function" and not as_much_as_wanted:
            yield function, params


def is_accelerated(function: Any) -> bool:
    return type(function).__name__ == "Export"


def test_the_two_are_what_they_are_taken_for(both: Callable[..., Both]) -> None:
    pair = both("imports")
    assert is_accelerated(vars(pair.fast.Instance)["call_host"])
    assert not is_accelerated(vars(pair.plain.Instance)["call_host"])
    assert all(isinstance(item, native.Host) for item in next(iter(pair.fast._bp_program.loaded.values())).callbacks)
    assert all(isinstance(item, capi.HOST_FUNCTION) for item in next(iter(pair.plain._bp_program.loaded.values())).callbacks)


# ------------------------------------------------------------------------------------------- a fresh instance


def test_an_instance_is_made_of_the_same(both: Callable[..., Both]) -> None:
    pair = both("recovery")
    made = []
    for module in (pair.fast, pair.plain):
        module.increment()
        guest = guest_of(module)
        stack_pointer, items = guest._stack_pointer, guest._instance
        before = stack_pointer.get()
        stack_pointer.set(2**32 - 16)
        moved = stack_pointer.get()
        stack_pointer.set(before)
        assert guest._base == items.base == capi.memory_data(guest._context, capi.addressof(items.memory.of.memory))
        assert guest._view.nbytes == guest._size == capi.memory_data_size(guest._context, capi.addressof(items.memory.of.memory))
        kinds = items.memory.kind, items.stack_pointer.kind
        made.append((kinds, guest._size, before, moved, guest.result, guest._flag.value, guest.loaded.unhooked, bytes(guest._view[-64:])))
    assert made[0] == made[1]
    assert made[0][3] == 2**32 - 16
    assert {type(guest_of(module).loaded.make).__name__ for module in (pair.fast, pair.plain)} == {"Maker", "_Maker"}


@pytest.mark.parametrize("name", ["SHIM_INSTANCE", "EXPORT_HOST"])
def test_a_package_that_is_not_as_it_was_generated(both: Callable[..., Both], monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(program.symbols, name, "nothing")
    raised = []
    for kind in ("Maker", "_Maker"):
        monkeypatch.setattr(capi, "Maker", getattr(native, kind) if kind == "Maker" else getattr(capi, kind))
        with pytest.raises(BindgenPatchError) as refused:
            both("recovery")
        raised.append(str(refused.value))
    assert raised == [f"the {'companion' if name == 'SHIM_INSTANCE' else 'guest'} exports no nothing"] * 2


def test_what_the_accelerator_is_given_is_looked_at(both: Callable[..., Both]) -> None:
    guest = guest_of(both("recovery").fast)
    items, item = guest._instance, capi.Extern()
    assert native.find(guest._context, items, capi.GUEST, "memory", capi.MEMORY, item)
    assert not native.find(guest._context, items, capi.GUEST, "memory", capi.TABLE, item)
    assert not native.find(guest._context, items, capi.COMPANION, "memory", capi.MEMORY, item)
    for wrong in ((items, 10_000, item), (item, capi.GUEST, item), (items, capi.GUEST, items)):
        with pytest.raises(ValueError, match="no instance is there"):
            native.find(guest._context, wrong[0], wrong[1], "memory", capi.MEMORY, wrong[2])
    for offset in (-1, 10_000):
        with pytest.raises(ValueError, match="no global is there"):
            native.I32(guest._context, items, offset)
    with pytest.raises(ValueError, match="not the names"):
        native.Maker(None, 0, 0, 0, (b"too", b"few"), 0, 0)
    with pytest.raises(TypeError):
        guest.loaded.make(object(), guest._store, guest._context, capi.Made())


# ------------------------------------------------------------------------------------------- whatever is passed


class Index:
    def __init__(self, value: int) -> None:
        self.value = value

    def __index__(self) -> int:
        return self.value


class Real:
    def __float__(self) -> float:
        return 2.5


class Text(str):
    __slots__ = ()


class Numbers(list[Any]):
    pass


INTS = [0, 1, -1, 5, 127, 128, -128, -129, 255, 256, 32767, 32768, 65536, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**32 - 1, 2**32]
INTS += [2**53, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 2**64 - 1, 2**64, 10**30]
OTHERS: list[Any] = [
    True, False, None, 1.5, -0.0, float("nan"), float("inf"), 1e300, 16777217.0, Index(3), Index(2**40), Real(),
    "", "text", "zwölf Boxkämpfer", "\U0001f980", "\ud800", Text("subclass"), "a\0b", "x" * 5000,
    b"", b"bytes", bytearray(b"array"), memoryview(b"view"), [], [1, 2], [1.0, 2.5], [True], ["a"], [2**40], [-1], Numbers([1, 2]), (1, 2),
    range(3), array("d", [1.0, 2.0]), array("B", [1, 2]), array("h", [-1]), array("Q", [2**64 - 1]), memoryview(array("i", [1, 2]))[::-1],
    memoryview(b"12345678").cast("B", (2, 4)), js.null, object(), len,
]  # fmt: skip


AS_LONG = {"bytes", "lend_mut", "lend_mut_bytes", "make_items", "repeat", "several"}
"""Functions whose result is as long as they are told: gigabytes, twice, would be no better a test."""


@pytest.mark.parametrize("case", ["classes", "enums", "imports", "numbers", "results", "slices", "strings"])
def test_every_function_with_everything(both: Callable[..., Both], case: str) -> None:
    pair = both(case)
    for module in (pair.fast, pair.plain):
        hosts = {plan[0]: (lambda *args: args[0] if args else None) for plan in module._bp_program._host_plans.values() if plan[0]}
        module.instance.provide(hosts | {"log": lambda *_: None, "call_closure": lambda closure, *args: closure(*args)})
        module.instance.on_abort(lambda _death, module=module: module.instance.schedule_reinit())
    for name, params in accelerated(pair.fast):
        for value in (*INTS, *OTHERS) if params else (None,):
            if name in AS_LONG and isinstance(value, int) and value > 2**20:
                continue
            for args in [(value,) * len(params), *([(value, *([1] * (len(params) - 1)))] if len(params) > 1 else [])]:
                fast, plain = pair.each(lambda module, name=name, args=args: getattr(module.instance, name)(*args))
                assert fast == plain, (name, args)
        assert pair.fast.instance.state == pair.plain.instance.state, name
    for args in ((), (1, 2, 3, 4, 5)):
        for name, _ in accelerated(pair.fast):
            fast, plain = pair.each(lambda module, name=name, args=args: getattr(module.instance, name)(*args))
            assert fast == plain, (name, args)
    assert pair.fast.instance.counters.aborts == pair.plain.instance.counters.aborts
    assert pair.fast.instance.counters.panics == pair.plain.instance.counters.panics


SCALARS = {"u8": 8, "u16": 16, "u32": 32, "u64": 64, "i8": 8, "i16": 16, "i32": 32, "i64": 64}


@pytest.mark.parametrize("kind", [*SCALARS, "usize", "isize", "f32", "f64", "bool"])
def test_numbers_through_the_host(both: Callable[..., Both], kind: str) -> None:
    """In as an argument, out to the host, back as its result, out as ours; and whatever else a host may return."""
    pair = both("imports")
    seen: list[Any] = []
    given_back: list[Any] = []

    def host(value: Any) -> Any:
        seen.append(value)
        return given_back[0] if given_back else value

    for module in (pair.fast, pair.plain):
        module.instance.provide({f"host_{kind}": host})

    numbers = st.integers(-(2**65), 2**65) | st.floats() | st.booleans() | st.none() | st.sampled_from(INTS)

    @examples
    @given(numbers, numbers | st.sampled_from(range(len(OTHERS))).map(OTHERS.__getitem__))
    def run(value: Any, returned: Any) -> None:
        given_back.clear()
        seen.clear()
        pair.same(lambda module: getattr(module, f"via_{kind}")(value))
        assert len(seen) in (0, 2)
        assert not seen or shown(seen[0]) == shown(seen[1])
        given_back.append(returned)
        pair.same(lambda module: getattr(module, f"via_{kind}")(1 if kind != "bool" else True))

    run()


@pytest.mark.parametrize("text", ["", "a", "ü", "\U0001f980" * 300, "a\0b", "\ud800", "panicked at src/lib.rs:1:2:\nno"])
def test_text_to_the_host(both: Callable[..., Both], text: str) -> None:
    pair = both("imports")
    seen: list[Any] = []
    for module in (pair.fast, pair.plain):
        module.instance.provide({"host_str": lambda value: seen.append(value) or len(value)})
    pair.same(lambda module: module.lend_str(text))
    assert len(seen) == 2
    assert seen[0] == seen[1]


def test_text_in_and_out(both: Callable[..., Both]) -> None:
    pair = both("strings")

    @examples
    @given(st.text(st.characters(exclude_categories=[])) | st.text(max_size=3).map(lambda text: text * 2000))
    def run(text: str) -> None:
        pair.same(lambda module: module.append(text, "ende"))

    run()


@pytest.mark.parametrize("code", "bBhHiIqQfd")
def test_sequences(both: Callable[..., Both], code: str) -> None:
    pair = both("slices")
    kind = f"{'f' if code in 'fd' else 'iu'[code.isupper()]}{8 * array(code).itemsize}"
    items = st.integers(-(2**64), 2**64) | st.integers(-3, 3) | st.floats() | st.booleans()

    @examples
    @given(st.lists(items, max_size=20) | st.lists(st.integers(0, 100)) | st.lists(st.floats(width=32)), st.sampled_from("bBhHiIqQfd"))
    def run(numbers: list[Any], other: str) -> None:
        pair.same(lambda module: getattr(module, f"copy_{kind}")(numbers))
        with contextlib.suppress(OverflowError, TypeError):
            buffer = array(other, numbers)
            pair.same(lambda module: getattr(module, f"copy_{kind}")(buffer))

    run()


# ------------------------------------------------------------------------------------------- failures


@pytest.mark.parametrize("mode", ["unwind", "abort"])
@pytest.mark.parametrize("error", [ValueError("plain"), js.Error("of JavaScript"), KeyboardInterrupt(), SystemExit(3), GeneratorExit()])
@pytest.mark.parametrize("function", ["call_host", "catches", "fail", "lend_str"])
def test_what_a_host_function_raises(both: Callable[..., Both], mode: str, function: str, error: BaseException) -> None:
    pair = both("imports", mode)

    def fail(*_args: Any) -> Any:
        raise error

    for module in (pair.fast, pair.plain):
        module.instance.provide(dict.fromkeys(("call_host", "host_try", "host_fail", "host_str"), fail))
    argument = 1 if function == "call_host" else "text"
    for _ in range(3):
        error.__traceback__ = error.__context__ = None
        pair.same(lambda module: getattr(module, function)(argument))
        caught = []
        for module in (pair.fast, pair.plain):
            with contextlib.suppress(BaseException):
                try:
                    getattr(module, function)(argument)
                except BaseException as raised:
                    caught.append(raised)
                    raise
        assert all(raised is error for raised in caught)


def test_the_host_may_not_be_there(both: Callable[..., Both]) -> None:
    pair = both("imports")
    for wrong in (None, 5, "text"):
        pair.same(lambda module: module.call_host(1))
        for module in (pair.fast, pair.plain):
            module.instance.provide({"call_host": wrong})
    for module in (pair.fast, pair.plain):
        module.instance.provide({"call_host": lambda depth: depth + 1})
    before = pair.same(lambda module: module.call_host(1))
    assert before[0] == "returned"
    for module in (pair.fast, pair.plain):
        module.instance.provide({"call_host": lambda depth: depth + 2})  # what was found before is not kept
    assert pair.same(lambda module: module.call_host(1)) != before


def test_names_of_a_realms_own_are_left_to_python(load: Load) -> None:
    """The accelerator looks among what the host provides and among the globals of all: it must not find there what a realm has itself."""
    module = load("imports", "unwind")
    assert not set(guest_of(module).realm.globals) & set(GLOBALS)


def test_err(both: Callable[..., Both]) -> None:
    pair = both("results")
    for name, params in accelerated(pair.fast):
        for args in [(value,) * len(params) for value in (True, False, 0, 7, "text", "", 1.5)]:
            pair.same(lambda module, name=name, args=args: getattr(module, name)(*args))


def test_an_error_that_is_made_for_the_guest(both: Callable[..., Both]) -> None:
    pair = both("results")
    errors = []
    for module in (pair.fast, pair.plain):
        with pytest.raises(js.Error) as caught:
            module.get_u32(True)
        errors.append(caught.value)
    errors.append(GLOBALS["Error"]("failed as asked"))
    for error in errors:
        assert type(error) is js.Error
        assert vars(error) == {"message": "failed as asked"}
        assert error.args == ("failed as asked",)
    with pytest.MonkeyPatch.context() as patched:  # neither of the two calls the built-in
        patched.setattr(type(GLOBALS["Error"]), "invoke", lambda *_: LookupError("asked"))
        for module in (pair.fast, pair.plain):
            with pytest.raises(js.Error):
                module.get_u32(True)
    for module in (pair.fast, pair.plain):
        module.instance.provide({"Error": lambda text: LookupError(text)})
    pair.same(lambda module: module.get_u32(True))


@pytest.mark.parametrize("mode", ["unwind", "abort"])
def test_panics_and_deaths(both: Callable[..., Both], mode: str) -> None:
    pair = both("recovery", mode)
    for action in (
        lambda module: module.panic_with("text"),
        lambda module: module.increment(),
        lambda module: module.divide(1, 0),
        lambda module: module.index_out_of_bounds(5),
        lambda module: module.abort(),
        lambda module: module.increment(),
        lambda module: module.instance.schedule_reinit(),
        lambda module: module.increment(),
    ):
        fast, plain = pair.each(action)
        assert fast == plain
        assert pair.fast.instance.state == pair.plain.instance.state
    assert pair.fast.instance.counters == pair.plain.instance.counters
    assert (pair.fast.instance.counters.panics > 0) is (mode == "unwind")


def test_a_raw_exception_is_no_hosts(both: Callable[..., Both]) -> None:
    """It is the engine's to hand out, as a host's is; who it belongs to is asked once, by one of the two."""
    pair = both("recovery")
    for module in (pair.fast, pair.plain):
        module.instance.provide({"call_closure": lambda closure, value: closure(value), "call_host": lambda _depth: 1 // 0})
        module.instance.on_abort(lambda _death, module=module: module.instance.schedule_reinit())
    for _ in range(3):
        assert pair.same(lambda module: module.nest(1))[0] == "raised"
        fast, plain = pair.each(lambda module: module.lend_aborting_closure(1))
        assert fast == plain
    assert pair.fast.instance.counters == pair.plain.instance.counters


# ------------------------------------------------------------------------------------------- objects


def test_objects(both: Callable[..., Both]) -> None:
    pair = both("classes")
    for action in (
        lambda module: module.Counter(5).get(),
        lambda module: module.Counter(5).free(),
        lambda module: module.Counter("five"),
        lambda module: module.Counter(2**40),
        lambda module: module.Counter(),
        lambda module: module.Counter(start=5).value,
        lambda module: module.Counter.sum(1, 2),
        lambda module: module.live_objects(),
        lambda module: module.Counter(5).divided(0),
        lambda module: module.Counter(5).divided(2),
        lambda module: module.Counter(5).set_then_panic(3),
        lambda module: module.Counter.get(5),
        lambda module: module.Counter.get(object.__new__(module.Counter)),
        lambda module: module.Counter.get(module.Counter.__new__(module.Counter)),
    ):
        pair.same(action)
        gc.collect()


def test_the_life_of_an_object(both: Callable[..., Both]) -> None:
    def use(module: Any) -> Any:
        counter = module.Counter(1)
        results = [counter.increment(), counter.free(), counter.free()]
        results.append(outcome(counter.increment))
        counter.__init__(7)
        results.append(counter.get())
        counter.__init__(8)  # what it held is dropped by the next call
        results += [counter.get(), module.live_objects()]
        with counter:
            counter.add(2)
        results.append(outcome(counter.get))
        return [*results, module.live_objects(), shown(counter._bp_pointer), counter._bp_state, counter._bp_origin]

    both("classes").same(use)


def test_collected_objects_are_dropped_by_the_next_call(both: Callable[..., Both]) -> None:
    pair = both("classes")
    for module in (pair.fast, pair.plain):
        kept = [module.Counter(k) for k in range(100)]
        assert module.live_objects() == 100
        del kept
        guest = guest_of(module)
        assert len(guest.garbage) == 0, "guest_of() made a call"
        lost = module.Counter(1)
        other = module.Counter(2)
        del lost
        assert len(guest.garbage) == 1
        assert guest.garbage.popleft() == ("call_Counter_free", (pytest.approx(0, abs=2**32), 1))
        assert other.get() == 2
        del other
        assert (len(guest.garbage), module.live_objects(), len(guest.garbage)) == (1, 1, 0)


def test_collected_in_another_thread_and_in_a_cycle(both: Callable[..., Both]) -> None:
    pair = both("classes")
    for module in (pair.fast, pair.plain):
        box = [module.Counter(1)]
        thread = threading.Thread(target=box.clear)
        thread.start()
        thread.join()
        assert module.live_objects() == 0
        ring = SimpleNamespace(counter=module.Counter(1))
        ring.itself = ring
        del ring
        gc.collect()
        assert module.live_objects() == 0


def test_objects_of_another_instance_and_of_an_earlier_one(both: Callable[..., Both]) -> None:
    def use(module: Any) -> Any:
        first, second = module.Instance(), module.Instance()
        counter = first.Counter(1)
        results = [outcome(lambda: second.Counter.get(counter)), outcome(lambda: module.Counter.get(counter))]
        first.schedule_reinit()
        results += [outcome(counter.get), outcome(counter.free), outcome(first.live_objects), outcome(counter.get)]
        with pytest.raises(StaleObjectError):
            counter.get()
        again = module.Instance(stale="recreate")
        kept = again.Counter(5)
        kept.increment()
        again.schedule_reinit()
        results += [kept.get(), shown(kept._bp_origin)]
        again.terminate()
        results += [outcome(kept.get), outcome(kept.free)]
        return results

    both("classes").same(use)


def test_the_drop_of_an_object_that_the_guest_is_using(both: Callable[..., Both]) -> None:
    def use(module: Any) -> Any:
        module.instance.provide({"call_host": lambda _depth: outcome(counter.free) and 0})
        counter = module.Counter(1)
        return outcome(lambda: counter.call_host_exclusive(1)), outcome(counter.increment)

    both("recovery").same(use)


# ------------------------------------------------------------------------------------------- the accelerator's own


def test_the_lock_is_one() -> None:
    lock, order = native.RLock(), []

    def work(name: str) -> None:
        for _ in range(200):
            with lock, lock:
                order.append((name, "in"))
                threading.Event().wait(0)
                order.append((name, "out"))

    threads = [threading.Thread(target=work, args=(str(k),)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(order) == 1600
    assert all(order[k][0] == order[k + 1][0] for k in range(0, len(order), 2))
    assert not lock._is_owned()
    with pytest.raises(RuntimeError, match="un-acquired"):
        lock.release()


def test_the_lock_waits_so_long_and_no_longer() -> None:
    lock, go, done = native.RLock(), threading.Event(), threading.Event()

    def hold() -> None:
        with lock:
            go.set()
            done.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    go.wait(60)
    assert not lock.acquire(timeout=0)
    assert not lock.acquire(timeout=0.01)
    assert not lock.acquire(blocking=False)
    done.set()
    assert lock.acquire(timeout=60)
    lock.release()
    thread.join(60)
    assert lock.acquire(timeout=0)


def test_a_queue_is_a_deque() -> None:
    queue = native.Queue()
    items = [(str(k), (k, 1)) for k in range(100)]
    queue.extend(items[:50])
    assert [queue.popleft() for _ in range(30)] == items[:30]
    for item in items[50:]:
        queue.append(item)
    assert (len(queue), bool(queue)) == (70, True)
    assert [queue.popleft() for _ in range(60)] == items[30:90]
    queue.clear()
    assert not queue
    with pytest.raises(IndexError):
        queue.popleft()


def test_how_a_panic_message_begins_is_the_same_in_bytes() -> None:
    """The accelerator was told it once, and looks for it in UTF-8."""
    assert PANICKED.isascii()


def busy(module: Any) -> None:
    """A bit of everything, failures included."""
    module.instance.provide({"call_host": lambda depth: depth, "log": lambda *_: None})
    with contextlib.suppress(PanicError):
        module.panic_with("text")
    with contextlib.suppress(js.Error):
        module.fail("text")
    module.greet("text")
    module.nest(3)
    counter = module.Counter(1)
    counter.name = "a name"
    counter.free()
    module.Counter(2)
    bomb = module.Bomb(False)
    bomb.free()
    module.Bomb(False)
    module.instance.provide({"call_host": lambda _depth: [][1]})
    with contextlib.suppress(IndexError):
        module.nest(1)
    with contextlib.suppress(TypeError):
        module.add("one", 2)


def test_nothing_leaks(load: Load, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "bindgen_patch")  # records are kept
    module = load("recovery", "unwind")
    for _ in range(300):
        busy(module)
    module.live_objects()
    gc.collect()
    process, watched = psutil.Process(), [None, True, js.Error, module.Counter, module.instance, guest_of(module), "text"]
    before, counts = process.memory_info().rss, [sys.getrefcount(item) for item in watched]
    for _ in range(3000):
        busy(module)
    module.live_objects()
    gc.collect()
    after = [sys.getrefcount(item) for item in watched]
    assert process.memory_info().rss - before < 2 << 20
    assert all(abs(one - other) < 50 for one, other in zip(counts, after, strict=True)), (counts, after)
