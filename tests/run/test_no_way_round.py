"""No way into a guest goes past the guard: what a user can reach is walked, and the lowest door is watched while all of it is used.

Python hides nothing from one who means to look behind an underscore. The promise is about names that are public.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import inspect
import itertools
import pkgutil
import sys
import types
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

import bindgen_patch
from bindgen_patch import js
from bindgen_patch.accelerator import native
from bindgen_patch.recovery.guard import Guard
from bindgen_patch.runtime import Program, calls, capi, quick, typed
from bindgen_patch.runtime.guest import Guest
from tests.conftest import CASES

Load = Callable[..., Any]

INNARDS = (Guest, Guard, Program)
ATOMS = (str, bytes, int, float, complex, bool, type(None), range)
SAMPLES: list[Any] = [1, "text", 2.5, True, None, [1, 2], ["a"], b"bytes", bytearray(b"lent"), lambda *args: args, [], {}]


# ------------------------------------------------------------------------------------------- what can be reached


def public(thing: Any) -> Iterator[tuple[str, Any]]:
    """What a user gets from ``thing`` without a leading underscore: attributes, items, members."""
    if isinstance(thing, Mapping):
        yield from ((f"[{key!r}]", value) for key, value in thing.items())
    elif isinstance(thing, list | tuple | set | frozenset):
        yield from ((f"[{k}]", value) for k, value in enumerate(thing))
    for name in dir(thing):
        if not name.startswith("_"):
            try:
                yield f".{name}", getattr(thing, name)
            except Exception:
                continue


def walk(roots: dict[str, Any], inside: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    """Everything that can be reached from ``roots``, each once. Modules other than ``inside`` are not gone into."""
    waiting = list(roots.items())
    seen: dict[int, Any] = {}
    while waiting:
        path, thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, ATOMS):
            continue
        seen[id(thing)] = thing
        yield path, thing
        if isinstance(thing, types.ModuleType) and not thing.__name__.startswith(inside):
            continue
        if path.count(".") + path.count("[") < 7:
            waiting += [(path + step, value) for step, value in public(thing)]


def objects_of(module: Any) -> dict[str, Any]:
    """A package and what it hands out: an Instance, objects of every class that can be made, closures."""
    found: dict[str, Any] = {"package": module}
    for function in [name for name in module.__all__ if name.startswith(("make_", "new_"))]:
        with contextlib.suppress(Exception):
            found[function] = getattr(module, function)()
    for name in module.__all__:
        cls = getattr(module, name)
        if isinstance(cls, type) and issubclass(cls, bindgen_patch.runtime.Object):
            for args in itertools.chain.from_iterable(itertools.product(SAMPLES[:4], repeat=n) for n in range(3)):
                with contextlib.suppress(Exception):
                    found[name] = cls(*args)
                    break
    return found


@pytest.mark.parametrize("case", CASES)
def test_nothing_public_leads_to_the_innards(load: Load, case: str) -> None:
    module = load(case, "unwind")
    roots = objects_of(module)
    reached = list(walk(roots, (module.__name__,)))
    assert len(reached) > 20
    for path, thing in reached:
        assert not isinstance(thing, INNARDS), path
        assert type(thing).__module__.split(".")[0] not in ("ctypes", "_ctypes", "wasmtime"), path
        if isinstance(thing, types.FunctionType):
            assert thing.__code__.co_filename != "<calls>", path


def test_the_run_times_public_names_make_no_door() -> None:
    """What hosts import is errors, limits, and values of JavaScript. None of it knows an instance."""
    roots = {name: getattr(bindgen_patch, name) for name in bindgen_patch.__all__}
    reached = list(walk(roots, ("bindgen_patch.js",)))
    assert len(reached) > 40
    for path, thing in reached:
        assert not (isinstance(thing, INNARDS) or (isinstance(thing, type) and issubclass(thing, INNARDS))), path


def test_only_two_files_call_the_engine() -> None:
    """The unchecked call is named by the file that declares it and by the one that wraps it, and nowhere else in the run time."""
    callers = []
    for part in ("runtime", "recovery", "js"):
        package = importlib.import_module(f"bindgen_patch.{part}")
        for info in pkgutil.iter_modules(package.__path__):
            source = inspect.getsource(importlib.import_module(f"bindgen_patch.{part}.{info.name}"))
            if "capi.prepared_call" in source or "func_call" in source:
                callers.append(f"{part}.{info.name}")
    assert callers == ["runtime.calls", "runtime.capi"]


# ------------------------------------------------------------------------------------------- who stands at the lowest door


class Watch:
    """Stands where wasm code is called, and looks who is on the stack."""

    GUARDS = frozenset({Guard._make_fresh.__code__, Guard._put_in_order.__code__, Guard._bury.__code__, Guard._admit.__code__})

    program: Program

    def __init__(self, prepared_call: Callable[..., tuple[Callable[..., Any], tuple[Any, ...]]]) -> None:
        self.prepared_call = prepared_call
        self.entered = 0
        self.unguarded: list[str] = []
        self.guests: dict[int, Guest] = {}
        self.let_in: Counter[int] = Counter()

    def __call__(self, context: int, *rest: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        call, words = self.prepared_call(context, *rest)

        def watched(*words: Any) -> Any:
            self.look(context)
            return call(*words)

        return watched, words

    def look(self, context: int, change: int = 0) -> None:
        """Somebody is about to call wasm code; with a ``change``, the accelerator has let itself in or is about to leave."""
        self.let_in[context] += change
        if change < 0:
            return
        self.entered += 1
        door = self.door(context)
        if not door.held() or door._ready or not (self.let_in[context] or self.guarded(door)):
            frame: Any = sys._getframe(1)
            self.unguarded.append(" < ".join(f.f_code.co_name for f in stack(frame))[:300])

    def door(self, context: int) -> Guard[Guest]:
        """Whose instance it is: addresses are used again."""
        guest = self.guests.get(context)
        if guest is None or not guest._store:
            living = [guest for guest in (place() for place in self.program.guests.values()) if guest is not None]
            guest = self.guests[context] = next(guest for guest in living if getattr(guest, "_context", None) == context)
        return guest.door

    def guarded(self, door: Guard[Guest]) -> bool:
        for frame in stack(sys._getframe(1)):
            if frame.f_code in self.GUARDS and frame.f_locals.get("self") is door:
                return True
            quick = frame.f_code.co_filename.startswith("<calls> ")
            if frame.f_locals.get("_bp_door") is door and (quick or "_bp_nested" in frame.f_locals) and "_bp_guest" in frame.f_locals:
                return True
        return False


def stack(frame: types.FrameType | None) -> Iterator[types.FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def forget() -> None:
    """Code that was made knows the function it was made with."""
    calls.caller_factory.cache_clear()
    typed._factory.cache_clear()
    quick._shape.cache_clear()


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watch]:
    watch = Watch(capi.prepared_call)
    monkeypatch.setattr(capi, "prepared_call", watch)
    forget()
    if native is not None:
        native.watch(watch.look)
    yield watch
    monkeypatch.undo()
    if native is not None:
        native.watch(None)
    forget()


def arguments(function: Callable[..., Any]) -> Iterator[tuple[Any, ...]]:
    """Some tuples of arguments, in the hope that one of them fits."""
    count = 0
    with contextlib.suppress(ValueError, TypeError):
        count = len(inspect.signature(function).parameters)
    for sample in SAMPLES:
        yield (sample,) * count
    yield from itertools.islice(itertools.product(SAMPLES[:4], repeat=min(count, 3)), 8)


def use(thing: Any) -> None:
    """Call it, with this and that, and what comes of it too."""
    for args in arguments(thing):
        with contextlib.suppress(Exception):
            result = thing(*args)
            if callable(result) and not isinstance(result, type):
                with contextlib.suppress(Exception):
                    result(*args[:1])


SKIPPED = {"spin", "allocate_forever", "overflow_native_stack", "overflow_shadow_stack", "work", "sleep"}
"""Names of guests' functions that do not come back, or take long; how they end is tested elsewhere."""


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("mode", ["unwind", "abort"])
def test_whatever_is_used_the_guard_stands_in_front(load: Load, watch: Watch, case: str, mode: str) -> None:
    try:
        module = load(case, mode)
    except FileNotFoundError:
        pytest.skip(f"{case} is built in one mode only")
    watch.program = module._bp_program
    host: dict[str, Any] = {"call_host": lambda depth: depth, "call_closure": lambda closure, *args: closure(*args), "log": lambda *_: None}
    module.instance.provide(host)
    i = module.Instance(host, on_abort="reinit", stale="recreate")
    module.instance.on_abort(lambda _death: module.instance.schedule_reinit())
    for name in module.__all__:
        if name not in SKIPPED:
            for thing in {id(t): t for t in (getattr(module, name), getattr(i, name, None)) if callable(t)}.values():
                use(thing)
    for path, thing in list(objects_of(module).items()):
        for name in dir(thing):
            if not name.startswith("_") and path != "package" and name not in SKIPPED:
                with contextlib.suppress(Exception):
                    member = getattr(thing, name)
                    use(member) if callable(member) else setattr(thing, name, member)
        thing = None
    gc.collect()
    with contextlib.suppress(Exception):
        module.instance.schedule_reinit()
        use(getattr(module, module.__all__[-1]))
    i.close()
    assert not watch.unguarded, watch.unguarded[:5]
    assert watch.entered > 5
    assert js is bindgen_patch.js


def test_the_watch_sees_who_goes_past(load: Load, watch: Watch) -> None:
    module = load("recovery", "unwind")
    watch.program = module._bp_program
    assert module.add(1, 2) == 3
    assert not watch.unguarded
    door = module.instance._bp_door
    door.guest.call_add(1, 2)
    assert len(watch.unguarded) == 1
    with door.lock:
        door.guest.call_add(1, 2)
    assert len(watch.unguarded) == 2
    del watch.unguarded[:]
    assert module.add(1, 2) == 3
    assert not watch.unguarded
