"""Imports that fail where the compiler expects nothing to come out: the heap stays right, the instance alive, the exception the same.

Such a place lies in the range of another call's clean-up, which frees what it should not. The first tests let each call of an import
fail in turn; the others pick places that are known to be unsafe, and go there again and again.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from typing import Any

import pytest

from bindgen_patch import GuestAborted, PanicError, js
from bindgen_patch.decode.container import Wasm
from tests.conftest import FIXTURES
from tests.run.kit import guest_of
from tests.run.test_hostile import Liar

Load = Callable[..., Any]
LONG = "a text of some length, so that its block is one of the larger ones"
ROUNDS = 50


class Failure(Exception):
    """Raised by host functions."""


class Faults:
    """Lets one call of an import fail: the ``left``-th from now on."""

    def __init__(self, module: Any) -> None:
        self.calls = 0
        self.left = -1
        program = module._bp_program
        program.imports = tuple(item._replace(adapter=self._failing(item.adapter)) for item in program.imports)

    def _failing(self, adapter: Callable[..., Any]) -> Callable[..., Any]:
        def call(guest: Any, *words: Any) -> Any:
            self.calls += 1
            if self.left >= 0:
                self.left -= 1
                if self.left < 0:
                    raise Failure
            return adapter(guest, *words)

        return call

    def count(self, use: Callable[[], object]) -> int:
        """How many calls of imports ``use`` makes."""
        before = self.calls
        use()
        return self.calls - before


def check_heap(module: Any) -> None:
    """What the allocator hands out are blocks apart from one another, of all sizes."""
    guest = guest_of(module)
    with module.instance._bp_door.lock:
        blocks = [(guest.call_malloc(size, 1), size) for size in (1, 2, 4, 8, 16, 40, 66, 100, 1000) for _ in range(4)]
        for number, (address, size) in enumerate(blocks):
            guest.write(address, bytes([number + 1]) * size)
        for number, (address, size) in enumerate(blocks):
            assert guest.read(address, size) == bytes([number + 1]) * size, "two blocks overlap"
        for address, size in reversed(blocks):
            guest.free(address, size, 1)
    assert module.instance.state == "live"


# ------------------------------------------------------------------------------------------- every call, in turn


def failing(error: type[Exception], call: Callable[..., object], *arguments: object) -> None:
    with contextlib.suppress(error):
        call(*arguments)


USES: dict[str, Callable[[Any], object]] = {
    "owned": lambda g: g.owned(LONG, [1.0, 2.0], 3),
    "lent": lambda g: g.lent(LONG, LONG, g.Holder(b"bytes", LONG)),
    "given": lambda g: g.given(LONG, g.Holder(b"bytes", LONG), LONG),
    "lists": lambda g: g.lists([g.Holder(b"bytes", LONG) for _ in range(3)], [1, "two", [3]], [LONG, "b"], 1),
    "maybe": lambda g: g.maybe(LONG, b"bytes", g.Holder(b"bytes", LONG), 1),
    "append": lambda g: g.Holder(b"bytes", LONG).append(LONG),
    "into_bytes": lambda g: g.Holder(b"bytes", LONG).into_bytes(),
    "checked": lambda g: g.Holder.checked(b"bytes", LONG),
    "make_texts": lambda g: g.make_texts(5),
    "make_holders": lambda g: g.make_holders(4),
    "make_or_fail": lambda g: failing(js.Error, g.make_or_fail, True),
    "fail_with": lambda g: failing(js.Error, g.fail_with, LONG, [1.0, 2.0]),
    "panic_with": lambda g: failing(PanicError, g.panic_with, LONG, [1.0, 2.0]),
    "through_host": lambda g: g.through_host(LONG),
    "give_host": lambda g: g.give_host(60),
    "try_give_host": lambda g: g.try_give_host(60),
    "closure": lambda g: g.make_closure(60)(LONG),
}


@pytest.mark.parametrize("use", USES)
def test_any_call_of_an_import_may_fail(load: Load, use: str) -> None:
    module = load("alloc", "unwind")
    faults = Faults(module)
    module.instance.provide({"host_text": lambda text: text, "host_take": lambda _text, _bytes: [1.0]})
    run = USES[use]
    calls = faults.count(lambda: run(module))
    for _ in range(3):
        for number in range(calls):
            before = module.live_bytes(), module.live_allocations()
            faults.left = number
            with contextlib.suppress(Failure):  # a `catch` import may swallow it
                run(module)
            faults.left = -1
            assert module.instance.state == "live", number
            after = module.live_bytes(), module.live_allocations()
            assert after >= before, f"call {number}: something was freed twice"
            check_heap(module)
    run(module)


# ------------------------------------------------------------------------------------------- unsafe places, again and again


def provide(module: Any, **imports: Any) -> None:
    module.instance.provide(imports)


def test_a_null_pointer_where_a_text_was_taken(load: Load) -> None:
    """``qr_svg`` of a published crate: the clean-up in whose range it throws frees the text, which has been freed already."""
    module = load("real/fast_qr", "unwind")
    door = module.instance._bp_door

    def call(text: bytes) -> None:
        """What the generated function does, but for its look at the second argument."""
        with door.lock:
            guest = door.enter(False)
            try:
                guest.call_qr_svg(guest.result, guest.put(text), len(text), 0)
            except BaseException as error:
                raise door.failed(guest, error) from None
            finally:
                door.leave(guest, False)

    for text in (b"abcd", b"a", b"a" * 40, b"a" * 1000):
        for _ in range(ROUNDS):
            with pytest.raises(js.Error, match="null pointer passed to rust"):
                call(text)
        check_heap(module)
    assert "svg" in module.qr_svg("a text that fits", module.SvgOptions())


def test_frames_of_appended_functions_have_names(load: Load, generated: Callable[..., Any]) -> None:
    """In a guest whose appended functions all end at once."""
    raw = Wasm((FIXTURES / "real/fast_qr/unwind.wasm").read_bytes(), "raw")
    liar = Liar(generated("real/fast_qr", "unwind").files["module.wasm"], lambda: load("real/fast_qr", "unwind"))
    liar.bodies |= dict.fromkeys(range(len(raw.functions), len(liar.wasm.functions)), b"\0\0\x0b")
    module = liar.install()
    guest = guest_of(module)
    with pytest.raises(GuestAborted) as caught:
        guest.call_qr_svg(guest.result, guest.put(b"text"), 4, 0)
    assert re.fullmatch(r"[\w:<>]+\.trap", caught.value.frames[0].function)
    assert not any(frame.function.endswith(".trap") for frame in caught.value.frames[1:])


@pytest.mark.parametrize("mode", ["unwind", "legacy"])
def test_a_borrowed_object_given_away_beside_a_text(load: Load, mode: str) -> None:
    module = load("recovery", mode)
    counters: list[Any] = []

    def give_away(_depth: int) -> int:
        return len(module.consume_before_text(counters[-1], LONG))

    provide(module, call_host=give_away)
    for _ in range(ROUNDS):
        counters.append(module.Counter(1))
        with pytest.raises(js.Error, match="attempted to take ownership of Rust value while it was borrowed"):
            counters[-1].call_host_shared(0)
        assert module.instance.state == "live"
    check_heap(module)
    assert module.join(LONG, LONG) == LONG + LONG
    assert module.consume_before_text(module.Counter(7), LONG) == f"{LONG} 7"


@pytest.mark.parametrize("mode", ["unwind", "legacy"])
@pytest.mark.parametrize("error", [Failure, KeyboardInterrupt])
def test_host_functions_that_fail_in_unsafe_places(load: Load, mode: str, error: type[BaseException]) -> None:
    module = load("imports", mode)
    raised: list[BaseException] = []

    def fail(*_arguments: object) -> Any:
        raised.append(error())
        raise raised[-1]

    class Animal:
        def __init__(self, name: str) -> None:
            if name == "":
                fail()

        def speak(self) -> str:
            return str(fail())

    provide(module, host_join=fail, host_many=fail, Animal=Animal)
    calls: list[Callable[[], object]] = [
        lambda: module.lend_texts(LONG, LONG),
        lambda: module.call_many(object()),
        lambda: module.animal_speaks(""),
        lambda: module.animal_speaks(LONG),
        lambda: module.speak_all(Animal("a")),
    ]
    for _ in range(ROUNDS):
        for call in calls:
            with pytest.raises(error) as caught:
                call()
            assert caught.value is raised[-1]
            assert module.instance.state == "live"
    check_heap(module)
    provide(module, host_join="|".join)
    assert module.lend_texts(LONG, LONG) == f"{LONG}|{LONG}|"


def test_a_guests_own_trap_stays_a_death_after_such_a_failure(load: Load) -> None:
    module = load("recovery", "unwind")
    counter = module.Counter(1)
    provide(module, call_host=lambda _depth: len(module.consume_before_text(counter, LONG)))
    with pytest.raises(js.Error):
        counter.call_host_shared(0)
    with pytest.raises(GuestAborted) as caught:
        module.unreachable()
    assert caught.value.kind == "unreachable"
    assert module.instance.state == "terminated"
