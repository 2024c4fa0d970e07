"""Exceptions at every line of the run-time half, one at a time: the instance is live and right afterwards, or dead and can be re-made.

A story that uses everything is told once under a tracer, which writes down the lines it comes by. Then it is told once for each of
them, and there an exception strikes, as a signal handler's would. An exception that a thread sends comes at any bytecode.
"""

from __future__ import annotations

import asyncio
import ctypes
import dis
import gc
import linecache
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, ClassVar

import pytest

import bindgen_patch
from bindgen_patch import GuestAborted, Limits, ModuleTerminated, PanicError, js
from bindgen_patch.accelerator import native
from bindgen_patch.recovery import lock

Load = Callable[..., Any]
Place = tuple[CodeType, int, int]
"""Code, line (-1: before the first, -2: after the last), and how often it was passed before."""

HOME = Path(bindgen_patch.__file__).parent
WATCHED = tuple(str(HOME / part) for part in ("runtime", "recovery", "js"))


SEEN = (
    "__init__.py",
    "<calls>",
    "values.py",
    "objects.py",
    "model.py",
    "views.py",
    "primitives.py",
    "capi.py",
    "program.py",
    "trap.py",
    "guest.py",
    "handles.py",
    "linear.py",
    "guard.py",
    "calls.py",
    "host.py",
    "engine.py",
    "dwarf.py",
    "resolved.py",
    "intrinsics.py",
    "instance.py",
)


PATIENCE = 0.5
"""How many seconds to wait for a future that is due at once; one that nothing will ever settle fails by it."""


class Sent(KeyboardInterrupt):
    """The interrupt that strikes."""


class Bug(RuntimeError):
    """The error that strikes."""


def cannot_fail(frame: FrameType) -> bool:
    """Whether this line is told at a place where the interpreter raises nothing: at ``try:``, and at what lets go of locks on the way out.

    It looks for signals after calls and at jumps. At ``try:`` there is an empty instruction; and before ``__exit__`` is called, or what
    quick code does first in a ``finally``, there is nothing between that and what came last in the block.
    """
    if frame.f_code.co_code[frame.f_lasti] == NOP:  # so does a ``return`` on its way from one ``finally`` to the next
        return True
    key = (frame.f_code, frame.f_lineno)
    if key not in ENTRY:
        source = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
        offsets = [offset for offset, _, line in frame.f_code.co_lines() if line == frame.f_lineno]
        nowhere = source.startswith(("try:", "if guest.calm: ", "if door._inside == here: ")) or source.endswith("release()")
        ENTRY[key] = -1 if nowhere else min(offsets, default=-1) if source.startswith("with ") else None
    return ENTRY[key] not in (None, frame.f_lasti)


NOP = dis.opmap["NOP"]

ENTER = lock.Lock.__enter__.__code__ if native is None else None
"""What ``with`` calls. Between its return and the block the interpreter looks for no signals either."""

ENTRY: dict[tuple[CodeType, int], int | None] = {}
"""Where the code of a line begins that may be struck there only; ``None`` for most."""


class Tracer:
    """Notes every line of the run time and the generated package; at one of them it raises."""

    def __init__(self, module: Any, strike: Place | None = None, error: type[BaseException] = Sent) -> None:
        self.files = (*WATCHED, module.__file__, "<calls>")
        self.strike = strike
        self.error = error
        self.struck = False
        self.seen: dict[tuple[CodeType, int], int] = {}

    def __call__(self, frame: FrameType, event: str, _arg: object) -> Any:
        if not frame.f_code.co_filename.startswith(self.files):
            return None
        if event == "call" or (event == "return" and frame.f_code is not ENTER) or (event == "line" and not cannot_fail(frame)):
            key = (frame.f_code, {"call": -1, "return": -2}.get(event, frame.f_lineno))
            count = self.seen[key] = self.seen.get(key, -1) + 1
            if self.strike == (*key, count) and not self.struck:
                self.struck = True
                raise self.error
        return self

    def places(self, passes: int) -> list[Place]:
        """Where to strike; a line that is passed more often counts ``passes`` times only."""
        return [(*key, count) for key, last in self.seen.items() for count in range(min(last + 1, passes))]

    @contextmanager
    def watching(self) -> Iterator[None]:
        before = sys.gettrace()
        sys.settrace(self)
        try:
            yield
        finally:
            sys.settrace(before)


class Story:
    """One Instance and what its host does with it. Every answer is checked on the way."""

    options: ClassVar[dict[str, Any]] = {}

    def __init__(self, module: Any) -> None:
        self.module = module
        imports = {"call_host": self.call_host, "call_closure": lambda closure, value: closure(value), "log": lambda _line: None}
        self.i = module.Instance(imports=imports, **self.options)
        self.panics = "abort" not in module.__name__
        self.counter: Any = None

    def call_host(self, depth: int) -> int:
        if depth == 99:
            raise ValueError("host")
        return int(self.i.nest(depth - 1)) if depth else 100

    def tell(self) -> None:
        """Everything once: calls of each kind, failures of each kind, and a fresh instance."""
        i = self.i
        assert i.add(2, 3) == 5
        assert i.greet("Ada") == "Hello, Ada!"
        self.counter = counter = i.Counter(1, "name")
        assert counter.increment() == 2
        counter.value = 5
        assert (counter.name, i.peek(counter)) == ("name", 5)
        closure = i.make_closure()
        assert closure() == 1
        assert i.lend_closure(4) == 8
        assert i.nest(2) == 103
        with pytest.raises(ValueError, match="host"):
            i.nest(99)
        assert i.nest_catch(99) == -1
        with pytest.raises(js.Error, match="wrong"):
            i.fail("wrong")
        with pytest.raises(TypeError):
            i.greet(5)
        data = bytearray(b"\1\2")
        i.double_bytes(data)
        assert data == b"\2\4"
        assert i.sum([1.0, 2.0]) == 3.0
        assert i.consume(i.Counter(3)) == 3
        if self.panics:
            with pytest.raises(PanicError):
                i.panic_static()
            with pytest.raises(PanicError):
                counter.set_then_panic(6)
        i.Counter(9)  # let go of at once
        assert i.add(1, 1) == 2
        i.hook_log()
        with pytest.raises(GuestAborted):
            i.abort()
        with pytest.raises(ModuleTerminated):
            i.add(1, 1)
        i.schedule_reinit()
        assert i.counter() == 0
        i.terminate("enough")
        i.close()

    def examine(self) -> None:
        """Live and right, or dead and re-made on request."""
        i, door = self.i, self.i._bp_door
        assert not door.held()
        if i.state != "closed":
            if i.state == "live":
                with suppress(ModuleTerminated):  # the death may have to be noticed yet
                    self.battery()
            if i.state != "live":
                i.schedule_reinit()
                self.battery()
            assert i.state == "live"
            i.close()
        self.refused()

    def refused(self) -> None:
        """It is closed for good."""
        with pytest.raises(ModuleTerminated):
            self.i.add(1, 1)

    def battery(self) -> None:
        """Right answers, and nothing left over from what was cut off."""
        i = self.i
        assert i.add(2, 3) == 5
        guest = i._bp_door.guest
        assert (guest.frames, guest.lent, guest.host_error, guest.result) == (None, [], None, guest._stack_base)
        assert guest._stack() == guest._stack_base
        assert native is not None or self.options or (guest.calm and guest.at_ease())
        assert guest.live_handles <= 6
        assert i.join("left ", "right") == "left right"
        assert i.sum([0.5, 2.0]) == 2.5
        before = i.live_objects()
        counter = i.Counter(7, "seven")
        assert (counter.increment(), counter.name, i.peek(counter), i.live_objects()) == (8, "seven", 8, before + 1)
        counter.free()
        assert i.live_objects() == before
        assert i.nest(3) == 104
        assert i.lend_closure(5) == 10
        first = i.counter()
        closure = i.make_closure()
        assert [closure(), closure()] == [first + 1, first + 2]
        with pytest.raises(ValueError, match="host"):
            i.nest(99)
        assert i.nest_catch(99) == -1
        if self.panics:
            with pytest.raises(PanicError):
                i.panic_static()
        if self.counter is not None and self.counter._bp_guest is guest and self.counter._bp_pointer:
            assert self.counter.value in (1, 2, 5, 6)
        assert guest._stack() == guest._stack_base


class LimitedStory(Story):
    """The same with everything that limits calls."""

    options: ClassVar = {"limits": Limits(seconds_per_call=60, fuel_per_call=10**13), "lock_timeout": 5}

    def tell(self) -> None:
        i = self.i
        assert i.add(2, 3) == 5
        with i.deadline(60):
            assert i.nest(2) == 103
            with i.deadline(30):
                assert i.greet("Ada") == "Hello, Ada!"
        i.Counter(1)
        assert i.add(1, 1) == 2
        with i.deadline(0.03), pytest.raises(GuestAborted, match="deadline"):
            i.spin()
        i.schedule_reinit()
        assert i.counter() == 0
        i.terminate("enough")
        i.close()


class AsyncStory(Story):
    """Futures of the guest, awaited and driven, and what becomes of those that are pending when the instance goes."""

    def __init__(self, module: Any) -> None:
        self.module = module
        self.lines: list[str] = []
        self.i = module.Instance(imports={"log": self.lines.append, "plain": lambda value: value + 1, "pause": self.pause})
        self.panics = "abort" not in module.__name__

    async def pause(self) -> None:
        await asyncio.sleep(0)

    async def value(self, value: int) -> int:
        await asyncio.sleep(0)
        return value

    async def awaited(self) -> None:
        i = self.i
        assert await i.wait_for(self.value(3)) == 3
        assert await asyncio.gather(i.pause_then(1), i.pause_then(2), i.echo_string("x")) == [1, 2, "x"]
        i.spawn_log("spawned")
        with pytest.raises(js.Error):
            await i.ok_or_error(True)
        doubled = i.wait_for(self.value(4)).then(lambda value: value * 2).finally_(lambda: None)
        assert await doubled == 8

    def tell(self) -> None:
        i = self.i
        assert i.wait_for(self.value(2)).result(PATIENCE) == 2
        asyncio.run(asyncio.wait_for(self.awaited(), PATIENCE))
        assert self.lines == ["spawned"]
        if self.panics:
            with pytest.raises(PanicError):
                i.panic_after(self.value(1)).result(PATIENCE)
        pending = i.wait_for(i.never())
        i.schedule_reinit()
        assert i.echo_u32(7).result(PATIENCE) == 7
        with pytest.raises(ModuleTerminated):
            pending.result(PATIENCE)
        with pytest.raises(GuestAborted):
            i.abort_after(self.value(1)).result(PATIENCE)
        i.close()

    def battery(self) -> None:
        i = self.i
        assert i.wait_for(self.value(3)).result(PATIENCE) == 3
        assert asyncio.run(self.both()) == [4, 5]
        before = len(self.lines)
        i.spawn_log("again")
        assert i.echo_u32(1).result(PATIENCE) == 1
        assert self.lines[before:] == ["again"]
        guest = i._bp_door.guest
        assert (guest.frames, guest.lent, guest.host_error) == (None, [], None)
        assert guest._stack() == guest._stack_base

    async def both(self) -> list[int]:
        async with asyncio.timeout(PATIENCE):
            return list(await asyncio.gather(self.i.wait_for(self.value(4)), self.i.pause_then(5)))

    def refused(self) -> None:
        with pytest.raises(ModuleTerminated):
            self.i.count()


def described(place: Place) -> str:
    """Where it struck, for a message."""
    code, line, count = place
    return f"{Path(code.co_filename).name}:{line} in {code.co_qualname}, pass {count}"


def run(kind: type[Story], module: Any, tracer: Tracer) -> Story:
    """Tell the story under the tracer, whatever comes of it, in a thread of its own.

    What a tracer raises while the interpreter clears away a handled exception leaves that exception behind as the one being
    handled, in that thread. No signal comes there; and here it would become the context of all that later tests raise.
    """
    told: list[Story] = []

    def tell() -> None:
        with suppress(BaseException), tracer.watching():
            told.append(kind(module))
            told[0].tell()

    thread = threading.Thread(target=tell)
    thread.start()
    thread.join()
    gc.collect(0)
    return told[0] if told else kind(module)


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An exception in a callback's own machinery is told to this hook, and to nobody else.

    So is a coroutine that nobody came to await. What was cut off is collected here, and not in the middle of the next test.
    """
    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)
    yield
    gc.collect()


STORIES = [
    (Story, "recovery", "unwind", Sent, 2),
    (Story, "recovery", "unwind", Bug, 1),
    (Story, "recovery", "abort", Sent, 1),
    (LimitedStory, "recovery", "unwind", Sent, 1),
    (AsyncStory, "futures", "unwind", Sent, 2),
    (AsyncStory, "futures", "unwind", Bug, 1),
    (AsyncStory, "futures", "abort", Sent, 1),
]


@pytest.mark.usefixtures("quiet")
@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(("kind", "case", "mode", "error", "passes"), STORIES)
def test_an_exception_at_every_line(load: Load, kind: type[Story], case: str, mode: str, error: type[BaseException], passes: int) -> None:
    module = load(case, mode)
    kind(module).tell()
    tracer = Tracer(module)
    story = run(kind, module, tracer)
    assert story.i.state == "closed", "the tracer itself has failed"
    story.examine()
    places = tracer.places(passes)
    if kind is not Story:  # what the first story comes by is struck there
        places = [place for place in places if not place[0].co_filename.endswith(SEEN)]
    if error is Bug:  # a look-up in dictionaries: an interrupt may strike there, and does in the stories of those; an error cannot
        places = [place for place in places if place[0].co_qualname != "_Globals.__getitem__"]
    assert len(places) > 100
    struck, wrong = 0, []
    for place in places:
        tracer = Tracer(module, place, error)
        story = run(kind, module, tracer)
        struck += tracer.struck
        try:
            story.examine()
        except BaseException as failure:
            wrong.append(f"{described(place)}: {failure!r}")
    assert not wrong, "\n".join(wrong)
    assert struck > 0.8 * len(places)


def tell(story: Story, cut: list[BaseException]) -> None:
    """Tell the story in a thread; what it ends with is noted."""
    try:
        story.tell()
    except BaseException as error:
        cut.append(error)


@pytest.mark.usefixtures("quiet")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # one may come when the story is over
@pytest.mark.parametrize("mode", ["unwind", "abort"])
def test_an_exception_sent_by_another_thread(load: Load, mode: str) -> None:
    """It arrives between any two bytecodes, or when C code that was running comes back."""
    module = load("recovery", mode)
    module.add(1, 1)
    dice = random.Random(4)
    lengths = []
    for _ in range(3):  # the first one loads what is loaded when it is needed
        begun = time.perf_counter()
        Story(module).tell()
        lengths.append(time.perf_counter() - begun)
    length = min(lengths)
    interrupted = 0
    for _ in range(150):
        story = Story(module)
        cut: list[BaseException] = []
        thread = threading.Thread(target=tell, args=(story, cut))
        thread.start()
        time.sleep(dice.random() * length)
        assert thread.ident is not None
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(Sent))
        thread.join(30)
        assert not thread.is_alive()
        interrupted += any(isinstance(caught, Sent) for caught in cut)
        story.examine()
    assert interrupted > 5


@pytest.mark.usefixtures("quiet")
def test_an_interrupt_that_waits_while_the_guest_calls_its_host(load: Load) -> None:
    """A signal that came while the guest was running is raised before the first line of the next host function, or after the call."""
    module = load("recovery", "unwind")
    module.instance.provide({"call_host": lambda depth: depth})
    module.nest(0)
    ended = []
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        for _ in range(200):
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.0005)  # on a busy machine it may strike on this very line
                while True:
                    module.nest(1)
            except (KeyboardInterrupt, RecursionError) as error:
                ended.append(type(error))
            assert module.instance.state == "live"
            assert module.nest(5) == 6
    finally:
        signal.signal(signal.SIGALRM, before)
    assert KeyboardInterrupt in ended
