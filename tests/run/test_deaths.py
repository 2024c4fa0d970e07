"""Why it died: the kind of every death in every build, the frames with their Rust lines, what a panic said, and how it all reads."""

from __future__ import annotations

import copy
import itertools
import pickle
import re
import traceback
from collections.abc import Callable
from typing import Any, get_args

import pytest

from bindgen_patch import GuestAborted, Limits, PanicError, errors, pipeline
from bindgen_patch.decode.container import Wasm
from bindgen_patch.decode.rewrite import assemble
from bindgen_patch.decode.writer import custom, name, sized, uleb, vector
from bindgen_patch.errors import Frame

from ..conftest import FIXTURES
from .test_hostile import FAR, Liar, const
from .test_recovery import DEATHS, PANICS

Load = Callable[..., Any]
Generated = Callable[..., pipeline.Generated]

ALL = ("unwind", "legacy", "abort")
UNWINDING = ("unwind", "legacy")
LIMITED = Limits(memory_bytes=20 << 20)
DIVISION = const(1) + const(0) + b"\x6d"

CAUSES: dict[str, tuple[str, tuple[str, ...], Callable[[Any], Any]]] = {
    **{name: (next(iter(kinds)), ALL, call) for name, (call, kinds) in DEATHS.items()},
    **{f"panic: {name}": ("panic", ("abort",), call) for name, (call, _) in PANICS.items()},
    "raw exception": ("foreign_exception", UNWINDING, lambda g: g.make_uncaught_closure()()),
    "out of memory, limited": ("out_of_memory", ALL, lambda g: g.Instance(limits=LIMITED).allocate_forever()),
    "no room for an argument": ("out_of_memory", ALL, lambda g: g.Instance(limits=LIMITED).greet("x" * (30 << 20))),
    "no room to start": ("host_error", ALL, lambda g: g.Instance(limits=Limits(memory_bytes=1 << 16)).increment()),
    "terminated inside a call": ("terminated", ALL, lambda g: terminated_inside(g)),
    "closed inside a call": ("terminated", ALL, lambda g: closed_inside(g)),
}
"""What happens: (kind, builds in which it does, how)."""

SWAPPED: dict[str, tuple[str, bytes]] = {
    "division": ("arithmetic", DIVISION),
    "address outside of memory": ("abi_violation", const(FAR) + const(100) + b"\x10"),
}


def terminated_inside(module: Any) -> None:
    i = module.Instance(imports={"call_host": lambda _depth: i.terminate("enough") or 1})
    i.nest(0)


def closed_inside(module: Any) -> None:
    i = module.Instance(imports={"call_host": lambda _depth: i.close() or 1})
    i.nest(0)


def died(call: Callable[[], Any]) -> GuestAborted:
    with pytest.raises(GuestAborted) as caught:
        call()
    return caught.value


CASES = [(mode, cause) for cause, (_, modes, _) in CAUSES.items() for mode in modes]


def recovery_guest(load: Load, mode: str) -> Any:
    module = load("recovery", mode)
    module.instance.provide({"log": lambda _line: None, "call_host": lambda depth: depth, "call_closure": lambda f, value: f(value)})
    return module


@pytest.mark.parametrize(("mode", "cause"), CASES)
def test_kinds(load: Load, mode: str, cause: str) -> None:
    kind, _, call = CAUSES[cause]
    module = recovery_guest(load, mode)
    death = died(lambda: call(module))
    assert death.kind == kind
    assert bool(death.frames) == (kind != "host_error")


@pytest.mark.parametrize("mode", ["unwind", "abort"])
def test_kinds_of_what_rustc_does_not_write(load: Load, generated: Generated, mode: str) -> None:
    made = generated("recovery", mode)
    liar = Liar(made.files["module.wasm"], lambda: recovery_guest(load, mode))
    module = liar.swap("increment", DIVISION).install()
    assert died(module.increment).kind == "arithmetic"
    liar = Liar(made.files["module.wasm"], lambda: recovery_guest(load, mode))
    module = liar.swap("increment", const(FAR) + const(100) + liar.call("log") + const(1)).install()
    assert died(module.increment).kind == "abi_violation"


def test_every_kind_has_a_cause() -> None:
    tested = {kind for kind, _, _ in CAUSES.values()} | {"arithmetic", "abi_violation"}
    assert tested | {"deadline", "fuel"} == set(get_args(errors.Kind))  # those two want limits of their own


# ------------------------------------------------------------------------------------------- without names


@pytest.fixture
def nameless(load: Load, generated: Generated) -> Callable[..., Any]:
    """A guest whose name section was taken away."""

    def get(case: str, mode: str) -> Any:
        liar = Liar(generated(case, mode).files["module.wasm"], lambda: load(case, mode))
        liar.wasm = Wasm(assemble(liar.wasm, {}, lambda section: section.name != "name"), "nameless.wasm")
        return liar.install()

    return get


UNKNOWABLE = {"out of memory", "out of memory, limited"}
"""Without names nothing tells these from `process::abort`, nor a panic that tells its host nothing."""


@pytest.mark.parametrize(("mode", "cause"), [(mode, cause) for mode, cause in CASES if CAUSES[cause][0] != "panic"])
def test_kinds_without_names(nameless: Callable[..., Any], mode: str, cause: str) -> None:
    kind, _, call = CAUSES[cause]
    module = recovery_guest(nameless, mode)
    death = died(lambda: call(module))
    assert death.kind == ("unreachable" if cause in UNKNOWABLE else kind)
    assert all(re.fullmatch(r"wasm-function\[\d+\]", frame.function) for frame in death.frames)


def test_a_panic_that_speaks_is_known_without_names(nameless: Callable[..., Any]) -> None:
    module = nameless("panic_hook", "abort")
    death = died(lambda: module.panic_with("heard"))
    assert (death.kind, death.message) == ("panic", "heard")
    module.instance.schedule_reinit()
    assert died(module.abort).kind == "unreachable"


# ------------------------------------------------------------------------------------------- frames

SOURCE = (FIXTURES / "debug" / "src" / "lib.rs").read_text().splitlines()


def line(mark: str) -> int:
    """The line of the debug guest that bears a mark."""
    (found,) = (number for number, text in enumerate(SOURCE, 1) if text.endswith(f"// line: {mark}"))
    return found


class Debugged:
    """The guest with debug information, and what it logs."""

    def __init__(self, module: Any) -> None:
        self.module = module
        self.lines: list[str] = []
        self.on_call: Callable[[int], int] = lambda depth: depth
        self.instance = module.Instance(imports={"log": self.lines.append, "call_host": lambda depth: self.on_call(depth)})


@pytest.fixture
def debugged(load: Load, request: pytest.FixtureRequest) -> Debugged:
    return Debugged(load("debug", request.param))


def own(death: GuestAborted) -> list[tuple[str, int]]:
    """The frames in the guest's own source."""
    return [(f.function, f.line or 0) for f in death.frames if f.file == "fixtures/debug/src/lib.rs"]


def lines_in_order(death: GuestAborted, *marks: str) -> bool:
    found = [number for _, number in own(death)]
    return [number for number in found if number in {line(mark) for mark in marks}] == [line(mark) for mark in marks]


@pytest.mark.parametrize("debugged", ALL, indirect=True)
def test_file_and_line(debugged: Debugged) -> None:
    death = died(lambda: debugged.instance.fail(0))
    assert own(death)[:4] == [
        ("debug::below::deepest", line("abort")),
        ("inlined", line("inlined")),
        ("debug::middle", line("middle")),
        ("fail", line("outer")),
    ]
    assert death.frames[-1].function.startswith("fail_")
    assert [frame.offset for frame in death.frames] == sorted((f.offset for f in death.frames), key=[f.offset for f in death.frames].index)


@pytest.mark.parametrize("debugged", ALL, indirect=True)
def test_offsets_are_those_of_the_packages_module(debugged: Debugged, generated: Generated, request: pytest.FixtureRequest) -> None:
    mode = request.node.callspec.params["debugged"]
    data = generated("debug", mode).files["module.wasm"]
    wasm = Wasm(data, "module.wasm")
    death = died(lambda: debugged.instance.fail(0))
    assert data[death.frames[0].offset] == 0  # unreachable
    for frame in death.frames:
        assert wasm.function_at(frame.offset) is not None


@pytest.mark.parametrize("debugged", ALL, indirect=True)
def test_a_trap_in_an_inlined_function_of_std(debugged: Debugged) -> None:
    death = died(lambda: debugged.instance.fail(2))
    assert death.kind == "out_of_bounds"
    assert "read_volatile" in death.frames[0].function
    assert lines_in_order(death, "memory", "inlined", "middle", "outer")


@pytest.mark.parametrize("debugged", ["abort"], indirect=True)
def test_the_lines_of_a_panic(debugged: Debugged) -> None:
    death = died(lambda: debugged.instance.fail(1))
    assert death.kind == "panic"
    assert any(frame.file and frame.file.endswith("src/panicking.rs") for frame in death.frames)
    assert lines_in_order(death, "panic", "inlined", "middle", "outer")
    other = Debugged(debugged.module).instance
    assert lines_in_order(died(lambda: other.Thing().index(7)), "index")


@pytest.mark.parametrize("debugged", ALL, indirect=True)
def test_frames_of_nested_calls_are_the_whole_stack(debugged: Debugged) -> None:
    """Those of the guest, that is: the companion's are left out."""
    debugged.on_call = lambda depth: debugged.instance.nest(depth - 1) if depth else debugged.instance.fail(0)
    death = died(lambda: debugged.instance.nest(1))
    assert lines_in_order(death, "abort", "inlined", "middle", "outer", "nest", "nest")
    assert not any(frame.function.startswith("wasm-function") for frame in death.frames)


@pytest.mark.parametrize("debugged", ["unwind"], indirect=True)
def test_a_deep_stack_ends_where_the_engine_stops(debugged: Debugged) -> None:
    death = died(lambda: debugged.instance.abort_below(1000))
    assert len(death.frames) == 20
    assert {frame.line for frame in death.frames[1:]} == {line("recursion")}


@pytest.mark.parametrize("mode", ALL)
def test_no_line_is_made_up(load: Load, mode: str) -> None:
    death = died(recovery_guest(load, mode).abort)
    assert death.frames
    assert all(frame.file is None and frame.line is None for frame in death.frames)


@pytest.mark.parametrize("mode", ALL)
def test_names_are_demangled_and_without_hashes(load: Load, mode: str) -> None:
    module = recovery_guest(load, mode)
    names = [frame.function for frame in died(module.allocate_forever).frames]
    assert "alloc::alloc::handle_alloc_error" in names
    assert not [name for name in names if name.startswith(("_R", "_ZN")) or re.search(r"\[[0-9a-f]{8,}\]|::h[0-9a-f]{16}", name)]


def test_debug_information_that_is_damaged_gives_fewer_details(load: Load, generated: Generated) -> None:
    """Whatever stands there, the death is told."""
    data = generated("debug", "unwind").files["module.wasm"]
    sections = [s for s in Wasm(data, "module.wasm").sections if s.name.startswith(".debug_")]
    known = 0
    for section, step in itertools.product(sections, (1, 7, 61, 499)):
        damaged = bytearray(data)
        for place in range(section.start, section.end, step):
            damaged[place] ^= 0x55 + place % 7
        liar = Liar(bytes(damaged), lambda: load("debug", "unwind"))
        death = died(lambda liar=liar: liar.install().fail(0))  # type: ignore[misc]
        assert death.kind == "unreachable"
        assert any(frame.function == "debug::below::deepest" for frame in death.frames)
        known += any(frame.line for frame in death.frames)
    assert known


def test_names_cannot_forge_lines(load: Load, generated: Generated) -> None:
    """They are the guest's to choose."""
    liar = Liar(generated("recovery", "unwind").files["module.wasm"], lambda: recovery_guest(load, "unwind"))
    functions = range(len(liar.wasm.imported_functions), len(liar.wasm.functions))
    evil = "a\x1b[2J\n    0: 0x10 - m!b\n at c:1:2" + "x" * 5000
    names = vector(uleb(function) + name(evil) for function in functions)
    data = assemble(liar.wasm, {}, lambda section: section.name != "name") + custom("name", b"\1" + sized(names))
    liar.wasm = Wasm(data, "named.wasm")
    death = died(liar.install().abort)
    assert death.kind == "unreachable"
    for frame in death.frames:
        assert frame.function.isprintable()
        assert len(frame.function) < 2100
    assert len(death.__notes__[0].splitlines()) == len(death.frames) + 1


# ------------------------------------------------------------------------------------------- what a traceback shows


@pytest.mark.parametrize("debugged", ALL, indirect=True)
def test_notes(debugged: Debugged) -> None:
    death = died(lambda: debugged.instance.fail(0))
    text = "".join(traceback.format_exception(death))
    start = text.index("GuestAborted: ")
    shown = text[start:].splitlines()
    assert shown[1] == "Rust frames, innermost first:"
    assert f"  debug::below::deepest at fixtures/debug/src/lib.rs:{line('abort')}" in shown
    assert len(shown) == len(death.frames) + 2
    death.add_note("seen in the shop")
    assert traceback.format_exception(death)[-1].strip() == "seen in the shop"
    assert "".join(traceback.format_exception(death)).count("Rust frames") == 1


@pytest.mark.parametrize("debugged", ALL, indirect=True)
def test_long_notes_are_cut(debugged: Debugged) -> None:
    debugged.on_call = lambda depth: debugged.instance.nest(depth - 1) if depth else debugged.instance.fail(0)
    death = died(lambda: debugged.instance.nest(5))
    (note,) = death.__notes__
    assert len(death.frames) > 20
    assert note.splitlines()[-1] == f"  … {len(death.frames) - 20} more"
    assert len(note.splitlines()) == 22


def test_a_death_without_frames_has_no_notes() -> None:
    death = GuestAborted("enough", kind="terminated")
    assert death.__notes__ == []
    assert traceback.format_exception_only(death) == ["bindgen_patch.errors.GuestAborted: enough\n"]


@pytest.mark.parametrize("debugged", ["abort"], indirect=True)
def test_deaths_travel(debugged: Debugged) -> None:
    """Between processes, say: what is known goes along."""
    debugged.instance.hook_console()
    death = died(lambda: debugged.instance.fail(1))
    death.add_note("mine")
    for twin in (pickle.loads(pickle.dumps(death)), copy.copy(death)):
        assert type(twin) is GuestAborted
        assert (twin.kind, twin.message, twin.location) == (death.kind, death.message, death.location)
        assert twin.frames == death.frames
        assert twin.__notes__ == death.__notes__


def test_frames_in_words() -> None:
    assert str(Frame("f", 16)) == "f at offset 0x10"
    assert str(Frame("f", 16, "src/lib.rs", 3)) == "f at src/lib.rs:3"


# ------------------------------------------------------------------------------------------- what a panic said


@pytest.mark.parametrize("debugged", ["abort"], indirect=True)
@pytest.mark.parametrize("hook", ["hook_console", "hook_log", "hook_log_prefixed"])
def test_the_message_of_a_panic(debugged: Debugged, hook: str, load: Load) -> None:
    getattr(debugged.instance, hook)()
    death = died(lambda: debugged.instance.fail(1))
    unwinding = Debugged(load("debug", "unwind")).instance
    with pytest.raises(PanicError) as same:
        unwinding.fail(1)
    assert death.kind == "panic"
    assert death.message == str(death) == same.value.message == "the reason is 1"
    assert death.location is not None
    assert re.fullmatch(rf"debug/src/lib\.rs:{line('panic')}:\d+", death.location)
    assert death.__notes__[0] == f"panicked at {death.location}"


@pytest.mark.parametrize("debugged", ["abort"], indirect=True)
@pytest.mark.parametrize("hook", [None, "hook_silent", "hook_log_own_form"])
def test_a_panic_that_says_nothing_we_know(debugged: Debugged, hook: str | None) -> None:
    if hook:
        getattr(debugged.instance, hook)()
    death = died(lambda: debugged.instance.fail(1))
    assert (death.kind, death.message, death.location) == ("panic", "panicked, and told its host no message", None)


FAKE = "panicked at src/other.rs:1:2:\nanother time"


@pytest.mark.parametrize("debugged", ["abort"], indirect=True)
def test_no_words_of_an_earlier_call(debugged: Debugged) -> None:
    debugged.instance.hook_silent()
    assert debugged.instance.log_then(FAKE, 3) == 5
    assert debugged.lines == [FAKE]
    assert died(lambda: debugged.instance.fail(1)).location is None


@pytest.mark.parametrize("debugged", ["abort"], indirect=True)
def test_no_words_of_a_nested_call(debugged: Debugged) -> None:
    """One that returned: whatever it logged was no panic."""
    debugged.instance.hook_silent()

    def on_call(depth: int) -> int:
        if depth == 0:
            return int(debugged.instance.log_then(FAKE, 3))
        debugged.instance.log_then(FAKE, 3)
        return int(debugged.instance.fail(1))

    debugged.on_call = on_call
    assert debugged.instance.nest(0) == 6
    assert died(lambda: debugged.instance.nest(1)).location is None


@pytest.mark.parametrize("debugged", ["abort"], indirect=True)
def test_no_words_of_a_log_line_that_is_no_panic(debugged: Debugged) -> None:
    for text in ("panicked at the sight of it", "the server panicked at 3:15", "x" * 300 + FAKE):
        i = Debugged(debugged.module).instance
        i.hook_silent()
        death = died(lambda i=i, text=text: i.log_then(text, 1))  # type: ignore[misc]
        assert (death.kind, death.location) == ("panic", None)


@pytest.mark.parametrize("debugged", ["abort"], indirect=True)
def test_words_do_not_make_an_abort_a_panic(debugged: Debugged) -> None:
    death = died(lambda: debugged.instance.log_then(FAKE, 0))
    assert (death.kind, death.location) == ("unreachable", None)


@pytest.mark.parametrize("debugged", ["abort"], indirect=True)
def test_the_real_words_win(debugged: Debugged) -> None:
    debugged.instance.hook_log()
    assert died(lambda: debugged.instance.log_then(FAKE, 1)).message == "the reason is 1"


@pytest.mark.parametrize("debugged", ["abort"], indirect=True)
def test_what_stands_outside_of_a_nested_call_says_nothing_about_it(debugged: Debugged) -> None:
    """A panic hook tells its host, which calls the guest, which aborts: that is no panic."""
    deaths = []

    def log(_line: str) -> None:
        try:
            i.fail(0)
        except GuestAborted as death:
            deaths.append(death)

    i = debugged.module.Instance(imports={"log": log})
    i.hook_log()
    outer = died(lambda: i.fail(1))
    assert deaths == [outer]
    assert outer.kind == "unreachable"
    assert any("panic" in frame.function for frame in outer.frames)


# ------------------------------------------------------------------------------------------- exceptions of the host


def fails_on_purpose(_depth: int) -> int:
    raise LookupError("nothing there")


@pytest.mark.parametrize("debugged", ALL, indirect=True)
def test_a_host_exception_keeps_its_traceback(debugged: Debugged) -> None:
    debugged.on_call = fails_on_purpose
    with pytest.raises(LookupError) as caught:
        debugged.instance.nest(0)
    functions = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert functions[-1] == "fails_on_purpose"
    assert "nest" in functions
    assert functions.index("nest") < functions.index("fails_on_purpose")
    assert not getattr(caught.value, "__notes__", [])


@pytest.mark.parametrize("debugged", ALL, indirect=True)
def test_a_host_exception_keeps_its_traceback_through_nested_calls(debugged: Debugged) -> None:
    debugged.on_call = lambda depth: debugged.instance.nest(depth - 1) if depth else fails_on_purpose(depth)
    with pytest.raises(LookupError) as caught:
        debugged.instance.nest(3)
    functions = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert [name for name, _ in itertools.groupby(functions)].count("nest") == 4
    assert functions[-1] == "fails_on_purpose"
