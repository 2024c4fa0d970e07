"""Guests that lie: real ones, some of whose functions were swapped for hand-made code that breaks every rule.

Whatever such a guest says, the process lives on, nothing outside the guest's memory is read or written, no value is reached
that the guest was not given, the caller gets an error that says so, and a fresh instance can take over.
"""

from __future__ import annotations

import gc
import hashlib
import re
import struct
import sys
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from bindgen_patch import GuestAborted, GuestError, Limits, ModuleTerminated, js, pipeline
from bindgen_patch.decode.container import KINDS, Id, Wasm
from bindgen_patch.decode.rewrite import assemble, code_section
from bindgen_patch.decode.writer import export, sleb, uleb, vector
from bindgen_patch.runtime.guest import Guest

END, UNREACHABLE, DROP = b"\x0b", b"\x00", b"\x1a"
STORE, STORE_DOUBLE, LOAD_DOUBLE = b"\x36\0\0", b"\x39\0\0", b"\x2b\0\0"
"""Unaligned on purpose: the alignment is a hint only."""
GROW, TABLE_GET, TABLE_SET, NULL_FUNC = b"\x40\0", b"\x25\0", b"\x26\0", b"\xd0\x70"

FAR = 0xFFFF_FFF0
"""An address that no guest here has."""


def const(number: int) -> bytes:
    """``i32.const``, of an unsigned number too."""
    return b"\x41" + sleb((number & 0xFFFF_FFFF ^ 0x8000_0000) - 0x8000_0000)


def double(number: float) -> bytes:
    return b"\x44" + struct.pack("<d", number)


def get(local: int) -> bytes:
    return b"\x20" + uleb(local)


TRUNCATE = b"\xfc\x03"
"""``i32.trunc_sat_f64_u``."""


def set_stack_pointer(value: bytes) -> bytes:
    return value + b"\x24\0"


def store(address: bytes, *words: int) -> bytes:
    """Store words one after the other, from the address on that ``address`` puts on the stack."""
    return b"".join(address + const(4 * k) + b"\x6a" + const(word) + STORE for k, word in enumerate(words))


def returns(*words: int) -> bytes:
    """A body that stores a record where its first parameter says."""
    return store(get(0), *words)


class Liar:
    """A generated package whose guest is about to get other code."""

    def __init__(self, module: bytes, load: Callable[[], Any]) -> None:
        self.load = load
        self.wasm = Wasm(module, "liar.wasm")
        self.bodies: dict[int, bytes] = {}
        self.sections: dict[int, bytes | None] = {}

    def function(self, name: str) -> int:
        """The function exported under a name, with or without the hash behind it."""
        return next(index for symbol, index in self.wasm.exported_functions.items() if re.fullmatch(rf"{name}(_[0-9a-f]{{16}})?", symbol))

    def address(self, name: str) -> int:
        """The value of an exported global."""
        value = next(self.wasm.globals[item.index].init for item in self.wasm.exports if item.name == name)
        assert value is not None
        return value

    def call(self, name: str) -> bytes:
        """An instruction that calls an import."""
        names = [item.name for item in self.wasm.imported_functions]
        (found,) = (k for k, symbol in enumerate(names) if re.fullmatch(rf"(__wbg_)?{name}(_[0-9a-f]{{16}})?", symbol))
        return b"\x10" + uleb(found)

    def recurse(self, name: str) -> bytes:
        """An instruction that calls an export."""
        return b"\x10" + uleb(self.function(name))

    def swap(self, name: str, code: bytes) -> Liar:
        """Give an export another body."""
        self.bodies[self.function(name)] = b"\0" + code + END
        return self

    def install(self) -> Any:
        """The package, imported, with the changed guest behind it."""
        code = code_section(self.wasm, self.bodies)
        changed = self.sections | ({} if code is None else {int(Id.CODE): code})
        data = assemble(self.wasm, changed, lambda _custom: True)
        module = self.load()
        file = module._bp_program.module
        file.digest = hashlib.sha256(data).hexdigest()
        file.read = lambda: data
        return module


Make = Callable[[str, str], Liar]


@pytest.fixture(autouse=True, params=["long", "short"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first call of a plain export goes the long way, and most guests here do not survive theirs: so have the short way prepared."""
    if request.param == "short":
        start = Guest.start

        def prepared(guest: Guest) -> None:
            start(guest)
            for name in guest.program.plans:
                if guest.program.function(guest, *guest.program.exports[name]) is not None:
                    getattr(guest, name)

        monkeypatch.setattr(Guest, "start", prepared)


@pytest.fixture
def liar(generated: Callable[..., pipeline.Generated], load: Callable[..., Any]) -> Make:
    """``liar("strings", "unwind")``: that fixture's package, its guest yet honest."""
    return lambda case, mode: Liar(generated(case, mode).files["module.wasm"], lambda: load(case, mode))


def lives_on(module: Any, check: Callable[[Any], object]) -> None:
    """The instance is dead, the next call is refused, and a fresh one serves."""
    assert module.instance.state == "terminated"
    with pytest.raises(ModuleTerminated):
        check(module)
    module.instance.schedule_reinit()
    check(module)
    assert module.instance.state == "live"


def caught_lying(call: Callable[[], object], *kinds: str) -> GuestAborted:
    with pytest.raises(GuestAborted) as caught:
        call()
    assert caught.value.kind in (kinds or ("abi_violation",)), caught.value
    return caught.value


# ------------------------------------------------------------------------------------------- results

TEXTS: dict[str, tuple[int, int]] = {
    "outside": (FAR, 8),
    "just outside": (2**20 * 64, 1),
    "wrapping round": (FAR, 0x20),
    "huge": (16, 0xFFFF_FFFF),
    "huge and null": (0, 0x8000_0000),
    "negative": (-1, -1),
    "the last byte": (FAR + 15, 1),
}


def test_strings_outside_memory(liar: Make) -> None:
    lying = liar("strings", "unwind")
    exports = ("greet", "echo_str", "echo_string", "reverse", "upper", "maybe_string", "salute")
    for name, words in zip(exports, TEXTS.values(), strict=True):
        lying.swap(name, returns(*words))
    module = lying.install()
    for name, lie in zip(exports, TEXTS, strict=True):
        error = caught_lying(lambda name=name: getattr(module, name)("a"))
        assert "outside the guest's memory" in error.message, lie
        lives_on(module, lambda m: m.byte_length("a"))


def test_a_string_that_is_not_utf8(liar: Make, mode: str) -> None:
    lying = liar("strings", mode)
    module = lying.swap("echo_str", store(const(2048), 0xFFFE_80C0) + returns(2048, 4)).install()
    assert "UTF-8" in caught_lying(lambda: module.echo_str("a")).message
    lives_on(module, lambda m: m.byte_length("a"))


NUMBERS: dict[str, tuple[str, tuple[int, int]]] = {
    "outside": ("echo_f64", (FAR, 1)),
    "more bytes than an address has": ("copy_f64", (8, 0x2000_0000)),
    "as many as there are": ("boxed_f64", (8, 0xFFFF_FFFF)),
    "bytes": ("bytes", (8, 0xFFFF_FFFF)),
    "cells": ("echo_bools", (8, 0x4000_0001)),
    "chars": ("echo_chars", (FAR, 1)),
    "enums": ("echo_colors", (8, 0x2000_0001)),
    "strings": ("echo_strings", (FAR, 1)),
    "many strings": ("echo_strings", (0, 0x4000_0001)),
    "values": ("echo_values", (8, 0xFFFF_FFFF)),
    "objects": ("make_items", (FAR, 2)),
}


def test_sequences_outside_memory(liar: Make) -> None:
    lying = liar("slices", "unwind")
    for name, words in NUMBERS.values():
        lying.swap(name, returns(*words))
    module = lying.install()
    for name, _ in NUMBERS.values():
        caught_lying(lambda name=name: getattr(module, name)(1 if name in ("bytes", "make_items") else []))
        lives_on(module, lambda m: m.sum([1.0]))


def test_a_sequence_that_is_not_aligned(liar: Make, mode: str) -> None:
    """No harm on the host's side; what the guest's own allocator makes of it is the guest's affair."""
    lying = liar("slices", mode)
    module = lying.swap("echo_f64", returns(1025, 2)).swap("__wbindgen_free", b"").install()
    assert len(module.echo_f64([])) == 2


MADE_UP = [1, 5, 1023, 1028, 1029, 5000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF]


def test_made_up_handles(liar: Make) -> None:
    lying = liar("values", "unwind").swap("from_f64", get(0) + TRUNCATE).swap("__wbindgen_free", b"")
    lying.swap("twice", store(const(2048), 4711, 4711) + returns(2048, 2))
    module = lying.swap("into_string", store(get(0), 0, 0, 4711, 1)).install()
    for handle in MADE_UP:
        module.type_of(1)
        assert "stands for nothing" in caught_lying(lambda handle=handle: module.from_f64(handle)).message
        module.instance.schedule_reinit()
    for call in (module.twice, module.into_string):
        assert "4711 stands for nothing" in caught_lying(lambda call=call: call("a")).message
        module.instance.schedule_reinit()
    assert module.type_of(1) == "number"


def test_fixed_handles_are_fixed(liar: Make) -> None:
    module = liar("values", "unwind").swap("from_f64", get(0) + TRUNCATE).install()
    assert [module.from_f64(handle) for handle in (0, 1024, 1025, 1026, 1027)] == [None, None, js.null, True, False]


def test_the_same_handle_twice(liar: Make, mode: str) -> None:
    """A value is given away once."""
    lying = liar("values", mode).swap("__wbindgen_free", b"")
    module = lying.swap("twice", store(const(2048), 1028, 1028) + returns(2048, 2)).install()
    assert "stands for nothing" in caught_lying(lambda: module.twice("text")).message
    lives_on(module, lambda m: m.type_of(1))


def test_an_error_that_is_a_made_up_handle(liar: Make, mode: str) -> None:
    module = liar("values", mode).swap("into_string", store(get(0), 0, 0, 4711, 1)).install()
    assert "4711" in caught_lying(lambda: module.into_string("a")).message
    lives_on(module, lambda m: m.type_of(1))


def test_an_error_that_is_no_error(liar: Make, mode: str) -> None:
    """Any value may be thrown; undefined and null are no exceptions to that."""
    module = liar("values", mode).swap("into_string", store(get(0), 0, 0, 1025, 1)).install()
    with pytest.raises(GuestError) as caught:
        module.into_string("a")
    assert getattr(caught.value, "value", None) is js.null
    assert module.instance.state == "live"


def test_scalars_that_cannot_be(liar: Make) -> None:
    assert liar("strings", "unwind").swap("first_char", const(0x7FFF_FFFF)).install().first_char("a") == "\ufffd"
    lying = liar("imports", "unwind").swap("via_f64", const(2048) + get(0) + STORE_DOUBLE + get(0))
    module = lying.swap("via_color", const(2048) + LOAD_DOUBLE).swap("via_mood", const(77)).install()
    for number in (float("nan"), float("inf"), 3.0, 1e300, -1.0):
        module.via_f64(number)
        with pytest.raises((ValueError, OverflowError, GuestError)):
            module.via_color(module.Color.Red)
        assert module.instance.state == "live"
    with pytest.raises((ValueError, GuestError), match="Mood"):
        module.via_mood("happy")


# ------------------------------------------------------------------------------------------- objects


def test_an_object_with_a_made_up_pointer(liar: Make) -> None:
    """Only the guest itself ever follows it."""
    module = liar("classes", "unwind").swap("counter_new", get(0)).install()
    for pointer in (1, 8, FAR - 2**32, 0x7FFF_FFFF):
        counter = module.Counter(pointer)
        with pytest.raises((GuestError, js.Error)):
            counter.into_value()
        module.instance.schedule_reinit()
        module.Counter(pointer)
        with pytest.raises((GuestError, js.Error)):
            module.Counter.sum(1, 2)  # the collected one is freed first
            module.Counter(pointer).get()
        module.instance.schedule_reinit()
        assert module.Counter.sum(1, 2) == 3


def test_an_object_without_a_pointer(liar: Make, mode: str) -> None:
    module = liar("classes", mode).swap("counter_new", const(0)).install()
    with pytest.raises(js.Error, match="null pointer"):
        module.Counter(1).get()
    assert module.instance.state == "live"


def test_a_destructor_that_traps(liar: Make, mode: str) -> None:
    module = liar("classes", mode).swap("__wbg_counter_free", UNREACHABLE).install()
    counter = module.Counter(1)
    caught_lying(counter.free, "unreachable")
    lives_on(module, lambda m: m.Counter.sum(1, 2))
    module.Counter(1)
    gc.collect()
    with pytest.raises(ModuleTerminated) as refused:
        module.Counter.sum(1, 2)
    assert refused.value.cause_of_death is not None


def test_unwrapping_what_is_no_object(liar: Make, mode: str) -> None:
    lying = liar("slices", mode)
    lying.swap("sum_items", const(4711) + lying.call("__wbg_item_unwrap"))
    module = lying.install()
    assert "4711" in caught_lying(lambda: module.sum_items([])).message
    lying = liar("slices", mode)
    lying.swap("sum_items", const(1026) + lying.call("__wbg_item_unwrap"))
    assert lying.install().sum_items([]) == 0


# ------------------------------------------------------------------------------------------- imports


def imports(liar: Make, mode: str, swapped: Mapping[str, Callable[[Liar], bytes]]) -> Any:
    """The guest of imports, some exports swapped, everything provided."""
    lying = liar("imports", mode).swap("__wbindgen_free", b"")
    for name, code in swapped.items():
        lying.swap(name, code(lying))
    module = lying.install()
    echo = {f"host_{name.removeprefix('via_')}": lambda value: value for name in module.__all__ if name.startswith("via_")}
    host: dict[str, Any] = {
        "host_str": len,
        "host_sum": sum,
        "host_sum_bytes": sum,
        "host_fill": lambda values, value: None,
        "host_look": lambda value: True,
        "host_join": "".join,
        "host_all": all,
        "host_add": lambda left, right: left + right,
        "host_variadic_values": lambda *values: list(values),
        "host_try": lambda what: what,
        "call_host": lambda depth: depth,
    }
    module.instance.provide(echo | host)
    return module


def benign(module: Any) -> None:
    assert module.export_variadic(1, 2) == 3


ARGUMENTS: dict[str, tuple[str, Callable[[Liar], bytes], Callable[[Any], object]]] = {
    "text": ("lend_str", lambda g: const(FAR) + const(64) + g.call("host_str"), lambda m: m.lend_str("a")),
    "huge text": ("lend_str", lambda g: const(0) + const(-1) + g.call("host_str"), lambda m: m.lend_str("a")),
    "text that is not UTF-8": (
        "lend_str",
        lambda g: store(const(2048), 0xFF) + const(2048) + const(1) + g.call("host_str"),
        lambda m: m.lend_str("a"),
    ),
    "numbers": ("lend_slice", lambda g: const(FAR) + const(2) + g.call("host_sum"), lambda m: m.lend_slice([])),
    "too many numbers": ("lend_slice", lambda g: const(8) + const(0x2000_0000) + g.call("host_sum"), lambda m: m.lend_slice([])),
    "bytes": ("lend_bytes", lambda g: const(1) + const(-2) + g.call("host_sum_bytes"), lambda m: m.lend_bytes(b"")),
    "writable numbers": (
        "lend_mut",
        lambda g: const(FAR) + const(4) + double(1) + g.call("host_fill") + returns(8, 0),
        lambda m: m.lend_mut(1, 1),
    ),
    "too many writable numbers": (
        "lend_mut",
        lambda g: const(8) + const(0x2000_0001) + double(1) + g.call("host_fill") + returns(8, 0),
        lambda m: m.lend_mut(1, 1),
    ),
    "a value": ("lend_value", lambda g: const(4711) + g.call("host_look"), lambda m: m.lend_value(None)),
    "texts": ("lend_texts", lambda g: get(0) + const(FAR) + const(2) + g.call("host_join"), lambda m: m.lend_texts("a", "b")),
    "texts outside": (
        "lend_texts",
        lambda g: store(const(2048), FAR, 8) + get(0) + const(2048) + const(1) + g.call("host_join"),
        lambda m: m.lend_texts("a", "b"),
    ),
    "flags": ("lend_flags", lambda g: const(FAR) + const(64) + g.call("host_all"), lambda m: m.lend_flags(True, True)),
    "values": (
        "variadic_values",
        lambda g: store(const(2048), 4711) + const(2048) + const(1) + g.call("host_variadic_values"),
        lambda m: m.variadic_values([]),
    ),
    "an owned value": ("via_value", lambda g: const(4711) + g.call("host_value"), lambda m: m.via_value(None)),
    "an owned text": ("via_string", lambda g: get(0) + const(FAR) + const(64) + g.call("host_string"), lambda m: m.via_string("a")),
    "owned values": ("via_values", lambda g: get(0) + const(8) + const(-1) + g.call("host_values"), lambda m: m.via_values([])),
    "owned texts": (
        "via_texts",
        lambda g: store(const(2048), 1026) + get(0) + const(2048) + const(1) + g.call("host_texts"),
        lambda m: m.via_texts([]),
    ),
    "a place for a text": ("via_string", lambda g: const(FAR) + get(1) + get(2) + g.call("host_string"), lambda m: m.via_string("a")),
    "a place for an i128": (
        "via_u128",
        lambda g: const(FAR) + b"\x42\0" + b"\x42\0" + g.call("host_u128"),
        lambda m: m.via_u128(1),
    ),
    "a message to throw": ("call_nothing", lambda g: const(FAR) + const(64) + g.call("__wbindgen_throw"), lambda m: m.call_nothing()),
    "a value to throw": ("call_nothing", lambda g: const(4711) + g.call("__wbindgen_rethrow"), lambda m: m.call_nothing()),
    "a value to drop": ("call_nothing", lambda g: const(4711) + g.call("__wbindgen_object_drop_ref"), lambda m: m.call_nothing()),
    "a place in the borrow stack to drop": (
        "call_nothing",
        lambda g: const(1000) + g.call("__wbindgen_object_drop_ref"),
        lambda m: m.call_nothing(),
    ),
    "a value to clone": (
        "call_nothing",
        lambda g: const(-1) + g.call("__wbindgen_object_clone_ref") + DROP,
        lambda m: m.call_nothing(),
    ),
    "a pointer that is no object": ("lend_value", lambda g: const(4711) + g.call("__wbg_token_unwrap"), lambda m: m.lend_value(None)),
    "a place for a text inside a value": (
        "call_nothing",
        lambda g: const(FAR) + const(1026) + g.call("__wbindgen_string_get"),
        lambda m: m.call_nothing(),
    ),
    "an instance of something": (
        "call_nothing",
        lambda g: const(4711) + g.call("__wbg_instanceof_Animal") + DROP,
        lambda m: m.call_nothing(),
    ),
}


def _places() -> dict[str, int]:
    """In which round each lie is told: no export is swapped twice in one."""
    seen: dict[str, int] = {}
    places = {}
    for lie, (name, _, _) in ARGUMENTS.items():
        places[lie] = seen[name] = seen.get(name, -1) + 1
    return places


ROUNDS = [
    [lie for lie, place in place_of.items() if place == number] for place_of in [_places()] for number in range(1 + max(place_of.values()))
]


@pytest.mark.parametrize("lies", ROUNDS, ids="; ".join)
def test_lies_told_to_the_host(liar: Make, lies: list[str]) -> None:
    """One export tells one lie, so each round has a few."""
    module = imports(liar, "unwind", {name: code for name, code, _ in map(ARGUMENTS.__getitem__, lies)})
    for lie in lies:
        for _ in range(2):
            caught_lying(lambda lie=lie: ARGUMENTS[lie][2](module))
            lives_on(module, benign)


def test_a_dropped_handle_is_never_another_value(liar: Make, mode: str) -> None:
    """Dropped twice, or used afterwards: the number is not handed out again."""
    lying = liar("values", mode)
    drop, clone = lying.call("__wbindgen_object_drop_ref"), lying.call("__wbindgen_object_clone_ref")
    again = get(0) + clone + DROP
    for code in (get(0) + drop + get(0) + drop + get(0), again + get(0) + drop + get(0), get(0) + drop + again + const(1024)):
        module = liar("values", mode).swap("echo", code).install()
        assert "stands for nothing" in caught_lying(lambda module=module: module.echo("secret")).message


def test_dropping_what_was_only_lent(liar: Make, mode: str) -> None:
    lying = liar("values", mode)
    lying.swap("type_of", get(0) + lying.call("__wbindgen_object_drop_ref") + const(1024))
    module = lying.install()
    thing = object()
    assert module.type_of(thing) is None
    assert module.echo(thing) is thing


def test_dropping_fixed_handles(liar: Make, mode: str) -> None:
    lying = liar("values", mode)
    drop = lying.call("__wbindgen_object_drop_ref")
    lying.swap("type_of", b"".join(const(h) + drop for h in (0, 1024, 1025, 1026, 1027, 1026)) + const(1026))
    module = lying.install()
    assert module.type_of(1) is True
    assert [module.echo(v) for v in (None, js.null, True, False)] == [None, js.null, True, False]


def test_writing_back_more_or_less_than_was_lent(liar: Make) -> None:
    lying = liar("slices", "unwind")
    module = lying.swap("scale", const(1024) + get(3) + TRUNCATE + get(2) + lying.call("__wbindgen_copy_to_typed_array")).install()
    numbers = bytearray(16)
    for size in (0, 1, 15, 17, 2**32 - 1):
        caught_lying(lambda size=size: module.scale(memoryview(numbers).cast("d"), size))
        lives_on(module, lambda m: m.sum([1.0]))
    assert numbers == bytearray(16)
    assert module.scale(memoryview(numbers).cast("d"), 16) is None


def test_writing_into_what_was_not_lent_for_it(liar: Make, mode: str) -> None:
    """A guest that was handed a ``bytearray`` as a value may not write to it this way."""
    lying = liar("slices", mode)
    write_back = lying.call("__wbindgen_copy_to_typed_array")
    lying.swap("echo_values", const(1024) + const(3) + get(1) + b"\x28\0\0" + write_back + returns(8, 0))
    module = lying.install()
    secret = bytearray(b"abc")
    caught_lying(lambda: module.echo_values([secret]))
    assert secret == b"abc"


# ------------------------------------------------------------------------------------------- the allocator


@pytest.mark.parametrize("address", [0, FAR, 0x7FFF_FFFF, -1])
def test_an_allocator_that_lies(liar: Make, address: int) -> None:
    module = liar("strings", "unwind").swap("__wbindgen_malloc", const(address)).install()
    caught_lying(lambda: module.byte_length("text"))
    lives_on(module, lambda m: m.empty())
    if address != FAR + 15:
        caught_lying(lambda: module.byte_length(""))


def test_an_allocator_that_traps(liar: Make, mode: str) -> None:
    """Rust's allocator ends so when there is no memory left."""
    module = liar("strings", mode).swap("__wbindgen_malloc", UNREACHABLE).install()
    caught_lying(lambda: module.byte_length("text"), "out_of_memory")
    lives_on(module, lambda m: m.empty())
    module = liar("strings", mode).swap("__wbindgen_free", UNREACHABLE).install()
    caught_lying(lambda: module.echo_str("text"), "unreachable")
    lives_on(module, lambda m: m.empty())


def test_an_allocator_that_lies_while_the_host_answers(liar: Make, mode: str) -> None:
    lying = liar("imports", mode).swap("__wbindgen_malloc", const(FAR))
    module = lying.swap("lend_flags", get(0) + const(8) + const(0) + lying.call("host_join") + const(1)).install()
    module.instance.provide({"host_join": lambda texts: "an answer"})
    caught_lying(lambda: module.lend_flags(True, True))
    module.instance.provide({"host_nothing": lambda: None})
    lives_on(module, lambda m: m.call_nothing())


def test_addresses_beyond_two_gigabytes(liar: Make, mode: str) -> None:
    """They are unsigned: a guest that has grown that far is served."""
    far = 0xA000_0000
    grow = const(0xB000) + GROW + DROP
    lying = liar("strings", mode).swap("__wbindgen_free", b"").swap("__wbindgen_malloc", grow + const(far))
    module = lying.swap("echo_str", store(const(far + 64), 0x6261) + returns(far + 64, 2)).install()
    assert module.echo_str("the guest grows while it takes this") == "ab"
    lying = liar("imports", mode).swap("__wbindgen_free", b"").swap("__wbindgen_malloc", grow + const(far))
    module = lying.install()
    module.instance.provide({"host_string": lambda text: text + "!"})
    assert module.via_string("there and back") == "there and back!"


# ------------------------------------------------------------------------------------------- stacks


def test_endless_recursion(liar: Make, mode: str) -> None:
    lying = liar("strings", mode)
    module = lying.swap("empty", get(0) + lying.recurse("empty")).install()
    caught_lying(module.empty, "stack_overflow")
    lives_on(module, lambda m: m.byte_length("a"))


def test_endless_recursion_through_an_import(liar: Make, mode: str) -> None:
    """Each round goes through the host: somebody's stack ends it, and the process lives."""
    module = imports(liar, mode, {"add": lambda g: get(0) + get(1) + g.call("host_add")})
    module.instance.provide({"host_add": lambda left, right: module.add(left, right)})
    before = sys.getrecursionlimit()
    try:
        for limit in (before, 20_000):
            sys.setrecursionlimit(limit)
            with pytest.raises((RecursionError, GuestAborted)):
                module.add(1, 2)
            if module.instance.state == "terminated":
                module.instance.schedule_reinit()
    finally:
        sys.setrecursionlimit(before)
    benign(module)


def test_a_stack_pointer_that_was_moved(liar: Make) -> None:
    """By a call that then calls the host, which calls back: the nested call's results would go there."""
    module = imports(liar, "unwind", {"add": lambda g: set_stack_pointer(get(0)) + get(0) + get(1) + g.call("host_add")})
    module.instance.provide({"host_add": lambda left, right: len(module.via_string("text"))})
    for pointer in (0, 8, 31, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, FAR):
        caught_lying(lambda pointer=pointer: module.add(pointer, 2), "abi_violation", "stack_overflow", "out_of_bounds")
        lives_on(module, benign)


def test_a_stack_pointer_that_stays_moved(liar: Make, mode: str) -> None:
    module = imports(liar, mode, {"add": lambda g: set_stack_pointer(const(-1)) + const(7)})
    assert module.add(1, 2) == 7
    with pytest.raises((GuestAborted, js.Error)):
        module.call_many(None)
    if module.instance.state == "terminated":
        lives_on(module, benign)


# ------------------------------------------------------------------------------------------- functions and tables


def closures(liar: Make, mode: str, code: bytes) -> Any:
    """The guest of closures; ``live_closures()`` runs ``code``."""
    return liar("closures", mode).swap("live_closures", code + const(0)).install()


def slot_of(closure: Any) -> int:
    return int(type(closure)._bp_shim)


def test_closures_whose_slot_in_the_table_was_emptied_or_swapped(liar: Make, load: Any, mode: str) -> None:
    guest = load("closures", mode)
    slot, other = slot_of(guest.make_adder(1)), slot_of(guest.make_format())
    for what in (NULL_FUNC, const(other) + TABLE_GET):
        module = closures(liar, mode, const(slot) + what + TABLE_SET)
        adder = module.make_adder(5)
        module.live_closures()
        error = caught_lying(lambda adder=adder: adder(1))
        assert f"slot {slot} of the guest's table holds no function" in error.message
        lives_on(module, lambda m: m.drops_seen())


def test_a_closure_whose_destructor_traps(liar: Make, mode: str) -> None:
    module = liar("closures", mode).swap("__wbindgen_destroy_closure", UNREACHABLE).install()
    module.make_adder(1)
    gc.collect()
    with pytest.raises(ModuleTerminated) as refused:
        module.live_closures()
    assert refused.value.cause_of_death is not None
    assert refused.value.cause_of_death.kind == "unreachable"
    lives_on(module, lambda m: m.live_closures())


# ------------------------------------------------------------------------------------------- addresses of the protocol


def with_globals(lying: Liar, **addresses: int) -> Liar:
    """Other values for globals that the guest exports."""
    wasm = lying.wasm
    places = {item.index: addresses[item.name] for item in wasm.exports if item.kind == "global" and item.name in addresses}
    assert len(places) == len(addresses)
    items = []
    for index, item in enumerate(wasm.globals):
        value = places.get(index, item.init)
        assert item.type == "i32"
        assert value is not None
        items.append(b"\x7f" + bytes((item.mutable,)) + const(value) + END)
    lying.sections[int(Id.GLOBAL)] = vector(items)
    return lying


@pytest.mark.parametrize("address", [FAR, 0xFFFF_FFFF, 0x7FFF_FFFC, 0, 3, 1026])
def test_protocol_words_outside_memory(liar: Make, address: int) -> None:
    module = with_globals(liar("recovery", "unwind"), __instance_terminated=address, __abort_handler=address).install()
    for _ in range(2):
        with pytest.raises((GuestAborted, ModuleTerminated)):
            module.increment()
            module.abort()
        assert module.instance.state == "terminated"
        module.instance.schedule_reinit()
        gc.collect()


def test_an_abort_hook_that_is_no_function(liar: Make, mode: str) -> None:
    """The word that names the hook may say anything when the hook is due."""
    address = liar("recovery", mode).address("__abort_handler")
    for slot in (0x7FFF_FFFF, 0xFFFF_FFFF, 1, 0):
        module = liar("recovery", mode).swap("abort", store(const(address), slot) + UNREACHABLE).install()
        caught_lying(module.abort, "unreachable")
        lives_on(module, lambda m: m.increment())


def test_a_guest_that_raises_its_own_flag(liar: Make, mode: str) -> None:
    lying = liar("recovery", mode)
    module = lying.swap("counter", store(const(lying.address("__instance_terminated")), 1) + const(7)).install()
    assert module.counter() == 7
    with pytest.raises(ModuleTerminated) as refused:
        module.increment()
    assert refused.value.cause_of_death is not None
    assert refused.value.cause_of_death.kind == "terminated"
    lives_on(module, lambda m: m.increment())


EXPORTS = ["memory", "__wbindgen_malloc", "__wbindgen_free", "__instance_terminated", "__abort_handler", "__bp_stack_pointer", "__bp_table"]


@pytest.mark.parametrize("name", EXPORTS)
@pytest.mark.parametrize("as_what", ["function", "global", "memory", "table", "missing"])
def test_exports_of_another_kind(liar: Make, name: str, as_what: str) -> None:
    """Nothing is taken for what it is not."""
    lying = liar("strings", "unwind")
    items = []
    for item in lying.wasm.exports:
        kind, index = (KINDS.index(item.kind), item.index)
        if item.name == name:
            if as_what == "missing":
                continue
            kind, index = KINDS.index(as_what), lying.function("empty") if as_what == "function" else 0
        items.append(export(item.name, kind, index))
    lying.sections[int(Id.EXPORT)] = vector(items)
    module = lying.install()
    results = []
    for call in (module.empty, lambda: module.echo_str("a"), lambda: module.byte_length("a")):
        try:
            results.append(call())
        except GuestError as error:
            results.append(error)
            module.instance.schedule_reinit()
    assert all(isinstance(result, GuestError) or result == honest for result, honest in zip(results, ("", "a", 1), strict=True))


# ------------------------------------------------------------------------------------------- starting


@pytest.mark.parametrize("how", ["traps", "calls the host", "lies to the host", "recurses"])
def test_a_start_section(liar: Make, how: str) -> None:
    """rustc writes none. Its code runs before the instance is there: it may not call the host, and what it does else is its death."""
    lying = liar("imports", "unwind")
    start = "call_nothing"
    code = {
        "traps": UNREACHABLE,
        "calls the host": lying.call("host_nothing"),
        "lies to the host": const(FAR) + const(64) + lying.call("__wbindgen_throw"),
        "recurses": lying.recurse(start),
    }[how]
    lying.swap(start, code).sections[int(Id.START)] = uleb(lying.function(start))
    module = lying.install()
    module.instance.provide({"host_nothing": lambda: None})
    for _ in range(2):
        error = caught_lying(lambda: benign(module), "unreachable", "stack_overflow", "abi_violation")
        assert ("host" in how) == (error.kind == "abi_violation")
        assert module.instance.state == "new"
    gc.collect()
    assert len(module._bp_program.guests) == 0


def test_a_start_section_that_does_nothing(liar: Make, mode: str) -> None:
    lying = liar("imports", mode).swap("call_nothing", b"")
    lying.sections[int(Id.START)] = uleb(lying.function("call_nothing"))
    benign(lying.install())


def test_a_guest_that_has_all_the_memory_there_is(liar: Make, mode: str) -> None:
    lying = liar("strings", mode)
    lying.sections[int(Id.MEMORY)] = vector([b"\0" + uleb(65536)])
    module = lying.swap("__wbindgen_malloc", const(FAR)).swap("byte_length", get(1)).install()
    assert module.byte_length("0123456789abcdef") == 16
    caught_lying(lambda: module.byte_length("0123456789abcdefg"))


def test_a_guest_that_wants_more_than_it_may_have(liar: Make, mode: str) -> None:
    lying = liar("strings", mode)
    lying.sections[int(Id.MEMORY)] = vector([b"\0" + uleb(1000)])
    i = lying.install().Instance(limits=Limits(memory_bytes=999 * 65536))
    for _ in range(2):
        with pytest.raises(GuestAborted, match="memory"):
            i.empty()
        assert i.state == "new"


# ------------------------------------------------------------------------------------------- exceptions


def swallowing(code: bytes) -> bytes:
    """Run ``code``, swallow what it throws, and go on: ``block (try_table (catch_all 0) code end) end``."""
    return b"\x02\x40" + b"\x1f\x40\x01\x02\x00" + code + END + END


def test_a_guest_that_swallows_exceptions(liar: Make) -> None:
    """A raised exception that a guest catches is gone, and no later failure is taken for it."""
    module = imports(liar, "unwind", {"add": lambda g: swallowing(get(0) + get(1) + g.call("host_add") + DROP) + const(7)})

    def fail(left: int, right: int) -> int:
        raise LookupError("swallowed")

    module.instance.provide({"host_add": fail, "host_nothing": lambda: None})
    assert module.add(1, 2) == 7
    assert module.add(1, 2) == 7
    module.call_nothing()
    assert module.instance.state == "live"
    with pytest.raises(js.Error, match="null pointer"):
        module.Token(1).free()
        token = module.Token(1)
        token.free()
        _ = token.number


def test_a_guest_that_cannot_be_stopped_from_swallowing_a_death(liar: Make) -> None:
    """A nested abort ends the outer call whatever the outer call's code does: it never runs on."""
    module = imports(liar, "unwind", {"add": lambda g: swallowing(get(0) + get(1) + g.call("host_add") + DROP) + const(7)})
    module.instance.provide({"host_add": lambda left, right: module.instance.terminate("while inside") or 0})
    assert caught_lying(lambda: module.add(1, 2), "terminated").message == "while inside"
    lives_on(module, benign)
