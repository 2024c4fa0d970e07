"""Sequences there and back: of numbers out of every kind of buffer, of small things, of texts, values and objects."""

from __future__ import annotations

import array
import math
import struct
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bindgen_patch import GuestAborted, PanicError, js

from ..conftest import EVERY_MODE
from .kit import examples, guest_of, not_entered

Load = Callable[..., Any]

CODES: dict[str, Any] = {
    "u8": "B",
    "i8": "b",
    "u16": "H",
    "i16": "h",
    "u32": "I",
    "i32": "i",
    "u64": "Q",
    "i64": "q",
    "usize": "I",
    "isize": "i",
}
CODES |= {"f32": "f", "f64": "d"}
INTEGERS = [kind for kind in CODES if not kind.startswith("f")]


@pytest.fixture(params=EVERY_MODE)
def mode(request: pytest.FixtureRequest) -> str:
    """How the guest is built."""
    return str(request.param)


@pytest.fixture(scope="module", params=EVERY_MODE)
def slices(load: Load, request: pytest.FixtureRequest) -> Any:
    """The guest of sequences in both builds; no test that takes it kills it."""
    return load("slices", request.param)


def limits(kind: str) -> tuple[int, int]:
    bits = 8 * struct.calcsize(CODES[kind])
    return (-(1 << bits - 1), (1 << bits - 1) - 1) if CODES[kind].islower() else (0, (1 << bits) - 1)


def some(kind: str) -> list[Any]:
    """Numbers of a kind, its limits among them."""
    return [0.0, -1.5, 0.25, math.inf, 1e30] if kind == "f64" else [0.5, -0.0, 3.0] if kind == "f32" else [*limits(kind), 0, 1, 100]


def functions(slices: Any, kind: str) -> list[Callable[[Any], Any]]:
    """Those that return their argument."""
    return [getattr(slices, f"{name}_{kind}") for name in ("copy", "echo", "boxed", "maybe")]


# ------------------------------------------------------------------------------------------- numbers in and out


@pytest.mark.parametrize("kind", CODES)
def test_every_source_of_numbers(slices: Any, kind: str) -> None:
    code, numbers = CODES[kind], some(kind)
    packed = array.array(code, numbers)
    sources: list[Callable[[], Any]] = [
        lambda: numbers,
        lambda: tuple(numbers),
        lambda: packed,
        lambda: memoryview(packed),
        lambda: memoryview(packed).toreadonly(),
        lambda: memoryview(packed.tobytes()).cast(code),
        lambda: memoryview(array.array(code, numbers[::-1]))[::-1],
        lambda: iter(numbers),
        lambda: (number for number in numbers),
        lambda: slices.echo_u8(packed) if kind == "u8" else packed,
    ]
    for source in sources:
        for function in functions(slices, kind):
            result = function(source())
            assert list(result) == numbers
            view = memoryview(result)
            assert (view.format, view.nbytes) == (code, len(packed) * packed.itemsize)
            assert type(result) is bytes if kind == "u8" else isinstance(result, array.array)
            assert result == (bytes(numbers) if kind == "u8" else numbers)
    assert getattr(slices, f"maybe_{kind}")(None) is None
    assert getattr(slices, f"maybe_{kind}")() is None


@pytest.mark.parametrize("kind", CODES)
@examples
@given(data=st.data())
def test_numbers_there_and_back(slices: Any, kind: str, data: st.DataObject) -> None:
    one = st.integers(*limits(kind)) if kind in INTEGERS else st.floats(allow_nan=False, width=32 if kind == "f32" else 64)
    numbers = data.draw(st.lists(one, max_size=100))
    for function in functions(slices, kind):
        assert list(function(numbers)) == numbers
        assert list(function(array.array(CODES[kind], numbers))) == numbers


@pytest.mark.parametrize("kind", CODES)
def test_nothing_in_a_list(slices: Any, kind: str) -> None:
    empties: list[Any] = [
        [],
        (),
        iter(()),
        b"",
        bytearray(),
        array.array(CODES[kind]),
        memoryview(b""),
        memoryview(array.array(CODES[kind])),
    ]
    for empty in empties:
        if kind not in ("u8", "i8") and isinstance(empty, bytes | bytearray | memoryview) and memoryview(empty).itemsize == 1:
            continue
        for function in functions(slices, kind):
            result = function(empty)
            assert (result is not None, len(result)) == (True, 0)
    assert slices.empty_or_none(True) == b""
    assert slices.empty_or_none(False) is None
    assert not slices.is_none(b"")
    assert slices.is_none()
    assert slices.length([]) == 0


def test_bytes_of_every_kind(slices: Any) -> None:
    data = bytes(range(256))
    sources: list[Any] = [data, bytearray(data), memoryview(data), array.array("B", data), list(data)]
    sources += [memoryview(data).cast("c"), memoryview(data).cast("B", (16, 16))]
    for source in sources:
        assert slices.copy_u8(source) == data
        assert slices.sum_bytes(source) == sum(data)
        assert slices.echo_clamped(source) == data
        assert slices.boxed_clamped(source) == data
        assert slices.sum_clamped(source) == sum(data)
    assert slices.copy_u8(memoryview(data)[::2]) == data[::2]
    assert slices.copy_u8(memoryview(data)[10:20]) == data[10:20]
    assert slices.bytes(300) == bytes(k % 256 for k in range(300))


@pytest.mark.parametrize("kind", CODES)
def test_a_buffer_of_another_format_is_converted(slices: Any, kind: str) -> None:
    for code in CODES.values():
        if kind in INTEGERS and code in "fd":
            continue
        source = array.array(code, [1, 2, 3])
        for function in functions(slices, kind):
            assert list(function(source)) == [1, 2, 3]


@pytest.mark.parametrize("kind", INTEGERS)
def test_integers_out_of_range(slices: Any, kind: str) -> None:
    low, high = limits(kind)
    with not_entered(slices):
        for function in functions(slices, kind):
            for beyond in (low - 1, high + 1, 1 << 100):
                with pytest.raises(OverflowError, match=r"^values: "):
                    function([0, beyond])
        if kind != "u64":
            with pytest.raises(OverflowError, match=r"^values: "):
                getattr(slices, f"copy_{kind}")(array.array("Q", [(1 << 64) - 1]))


@pytest.mark.parametrize("kind", CODES)
def test_what_is_no_sequence_of_numbers(slices: Any, kind: str) -> None:
    wrong: list[Any] = [5, 1.5, "123", object(), ["1"], [None], [[1]], {"a": 1}, [b"1"]]
    if kind in INTEGERS:
        wrong += [[1.0], array.array("d", [1.0]), [1, 2.5]]
    with not_entered(slices):
        for function in functions(slices, kind):
            for value in wrong:
                with pytest.raises(TypeError, match=r"^values: "):
                    function(value)
        for function in functions(slices, kind)[:3]:
            with pytest.raises(TypeError, match=r"^values: "):
                function(None)


def test_an_iterable_that_fails(slices: Any) -> None:
    def numbers() -> Iterable[int]:
        yield 1
        raise LookupError("no second one")

    with not_entered(slices), pytest.raises(LookupError, match="no second one"):
        slices.echo_i32(numbers())


def test_an_iterable_that_calls_the_guest(slices: Any) -> None:
    assert slices.echo_i32(slices.length(range(k)) for k in range(5)) == [0, 1, 2, 3, 4]


def test_sums(slices: Any) -> None:
    assert slices.sum([0.5, 1, 2.5]) == 4.0
    assert slices.sum(range(5)) == 10.0
    assert slices.dot([1.0, 2.0], (3, 4)) == 11.0
    assert slices.roomy() == [1, 2, 3]
    assert slices.maybe_boxed([0.5]) == [0.5]
    assert slices.maybe_boxed() is None


def test_a_megabyte_and_more(load: Load, mode: str) -> None:
    module = load("slices", mode)
    guest = guest_of(module)
    before = guest._size
    data = bytes(range(256)) * (1 << 12)
    assert module.echo_u8(data) == data
    assert guest._size > before
    assert module.bytes(1 << 24) == bytes(range(256)) * (1 << 16)
    numbers = array.array("d", range(1 << 18))
    assert module.copy_f64(numbers) == numbers
    module.reverse_f64(numbers)
    assert numbers[0] == (1 << 18) - 1
    texts = [str(k) for k in range(20_000)]
    assert module.echo_strings(texts) == texts
    high_water = guest._size
    for _ in range(20):
        module.echo_u8(data)
    assert guest._size == high_water


# ------------------------------------------------------------------------------------------- written back


@pytest.mark.parametrize("kind", CODES)
def test_written_back(slices: Any, kind: str) -> None:
    code, numbers = CODES[kind], some(kind)
    reverse = getattr(slices, f"reverse_{kind}")
    packed = array.array(code, numbers)
    reverse(packed)
    assert packed.tolist() == numbers[::-1]
    reverse(memoryview(packed))
    assert packed.tolist() == numbers
    reverse(memoryview(packed)[1:3])
    assert packed.tolist() == [numbers[0], numbers[2], numbers[1], *numbers[3:]]
    mine = list(numbers)
    reverse(mine)
    assert mine == numbers[::-1]
    whole = bytearray(array.array(code, numbers).tobytes())
    reverse(memoryview(whole).cast(code))
    assert memoryview(whole).cast(code).tolist() == numbers[::-1]
    result = slices.echo_u16([1, 2, 3])
    slices.reverse_u16(result)
    assert result == [3, 2, 1]


@pytest.mark.parametrize("kind", CODES)
def test_nothing_to_write_back(slices: Any, kind: str) -> None:
    reverse = getattr(slices, f"reverse_{kind}")
    empties: list[Any] = [[], array.array(CODES[kind]), memoryview(array.array(CODES[kind]))]
    for empty in empties:
        reverse(empty)
        assert len(empty) == 0
    slices.reverse_u8(bytearray())


@pytest.mark.parametrize("kind", CODES)
@examples
@given(data=st.data())
def test_anything_written_back(slices: Any, kind: str, data: st.DataObject) -> None:
    one = st.integers(*limits(kind)) if kind in INTEGERS else st.floats(allow_nan=False, width=32 if kind == "f32" else 64)
    numbers = data.draw(st.lists(one, max_size=100))
    packed, mine = array.array(CODES[kind], numbers), list(numbers)
    getattr(slices, f"reverse_{kind}")(packed)
    getattr(slices, f"reverse_{kind}")(mine)
    assert packed.tolist() == mine == numbers[::-1]


@pytest.mark.parametrize("kind", CODES)
def test_what_cannot_be_written_back(slices: Any, kind: str) -> None:
    code = CODES[kind]
    other = "d" if code != "d" else "f"
    packed = array.array(code, [1, 2, 3, 4])
    wrong: list[Any] = [packed.tobytes(), tuple(packed), iter([1]), range(3), None, "text", 5, array.array(other, [1.0])]
    wrong += [memoryview(packed).toreadonly(), memoryview(packed)[::2]]
    with not_entered(slices):
        for value in wrong:
            with pytest.raises(TypeError, match=r"^values: expected a list or a writable contiguous buffer of format"):
                getattr(slices, f"reverse_{kind}")(value)
        with pytest.raises(TypeError, match=r"^values: "):
            getattr(slices, f"reverse_{kind}")(["1"])
    assert packed.tolist() == [1, 2, 3, 4]


def test_several_at_once(slices: Any) -> None:
    left, right = bytearray(b"left"), bytearray(b"right")
    slices.swap(left, right)
    assert (bytes(left), bytes(right)) == (b"righ", b"leftt")
    numbers = [1.0, 2.0, 4.0]
    slices.scale(numbers, 0.5)
    assert numbers == [0.5, 1.0, 2.0]
    with not_entered(slices), pytest.raises(TypeError, match=r"^factor: "):
        slices.scale(numbers, "2")


def test_a_panic_with_a_buffer_in_hand(load: Load, mode: str) -> None:
    module = load("slices", mode)
    buffer = bytearray(3)
    with pytest.raises(PanicError if mode != "abort" else GuestAborted):
        module.scale_then_panic(buffer)
    assert len(buffer) == 3
    if mode != "abort":
        buffer.append(1)  # nobody holds on to it
        with pytest.raises(PanicError, match="lengths differ"):
            module.dot([1.0], [])
        assert module.sum_bytes(b"\x01\x02") == 3


# ------------------------------------------------------------------------------------------- of other things


def test_flags(slices: Any) -> None:
    for flags in ([], [True], [True, False, True] * 100):
        assert slices.echo_bools(flags) == flags
        assert slices.echo_bools(tuple(flags)) == flags
        assert slices.maybe_bools(flags) == flags
    assert slices.maybe_bools() is None
    with not_entered(slices):
        for wrong in ([1], ["True"], "yes", b"\x01", 5, True):
            for function in (slices.echo_bools, slices.maybe_bools):
                with pytest.raises(TypeError, match=r"^values: expected"):
                    function(wrong)


def test_characters(slices: Any) -> None:
    for characters in ([], ["a"], ["\0", "é", "€", "🦀", "\ufeff", "\U0010ffff"]):
        assert slices.echo_chars(characters) == characters
    with not_entered(slices):
        with pytest.raises(TypeError, match=r"^values: expected"):
            slices.echo_chars("abc")
        with pytest.raises(TypeError, match=r"^values: expected"):
            slices.echo_chars([97])
        for wrong in ("", "ab", "\ud800"):
            with pytest.raises(ValueError, match=r"^values: "):
                slices.echo_chars([wrong])


@examples
@given(texts=st.lists(st.text(), max_size=20))
def test_texts(slices: Any, texts: list[str]) -> None:
    assert slices.echo_strings(texts) == texts
    assert slices.boxed_strings(iter(texts)) == texts
    assert slices.maybe_strings(tuple(texts)) == texts
    assert slices.join(texts, "—") == "—".join(texts)


def test_what_are_no_texts(slices: Any) -> None:
    assert slices.maybe_strings() is None
    assert slices.split("a,b,,c", ",") == ["a", "b", "", "c"]
    assert slices.echo_strings(["\ud800"]) == ["\ufffd"]
    with not_entered(slices):
        for wrong in ("abc", b"abc", [1], [b"a"], [None], 5, ["a", object()]):
            for function in (slices.echo_strings, slices.boxed_strings, slices.maybe_strings):
                with pytest.raises(TypeError, match=r"^values: expected"):
                    function(wrong)
        with pytest.raises(TypeError, match=r"^separator: "):
            slices.join(["a"], None)


def test_values_keep_their_identity(slices: Any) -> None:
    values = [None, True, False, js.null, 0, 1.5, "text", [1], {"a": 1}, object(), len, ValueError("an error"), b"bytes", 1 << 100]
    for result in (slices.echo_values(values), slices.maybe_values(tuple(values)), slices.reverse_values(values)[::-1]):
        assert len(result) == len(values)
        assert all(mine is theirs for mine, theirs in zip(values, result, strict=True))
    same = object()
    assert slices.echo_values([same] * 3) == [same] * 3
    assert slices.echo_values([]) == []
    assert slices.maybe_values() is None
    with not_entered(slices):
        for wrong in (5, None, "text"):
            with pytest.raises(TypeError, match=r"^values: expected a sequence"):
                slices.echo_values(wrong)


def test_enumerations(slices: Any) -> None:
    colors = [slices.Color.Blue, slices.Color.Red]
    assert slices.echo_colors(colors) == colors
    assert type(slices.echo_colors([2])[0]) is slices.Color
    assert slices.maybe_colors(iter(colors)) == colors
    assert slices.maybe_colors() is None
    directions = [slices.Direction.up, slices.Direction.down]
    assert slices.echo_directions(directions) == directions
    assert slices.echo_directions(["down"])[0] is slices.Direction.down
    with not_entered(slices):
        for wrong in (["Red"], [True], [1.0], "up", 5):
            with pytest.raises(TypeError, match=r"^values: expected"):
                slices.echo_colors(wrong)
        with pytest.raises(ValueError, match="3 is not a valid Color"):
            slices.echo_colors([3])
        with pytest.raises(ValueError, match="'left' is not a valid Direction"):
            slices.echo_directions(["left"])
        with pytest.raises(TypeError, match=r"^values: expected"):
            slices.echo_directions([0])


# ------------------------------------------------------------------------------------------- of objects


def test_objects(slices: Any) -> None:
    items = slices.make_items(4)
    assert [item.number for item in items] == [0, 1, 2, 3]
    assert all(type(item) is slices.Item for item in items)
    items[0].number = 10
    assert [item.number for item in items] == [10, 1, 2, 3]
    items[0].number = 0
    turned = slices.reverse_items(items)
    assert [item.number for item in turned] == [3, 2, 1, 0]
    assert slices.sum_items(tuple(turned)) == 6
    for gone in (*items, *turned):
        with pytest.raises(js.Error, match=r"^null pointer passed to rust$"):
            _ = gone.number
    assert slices.make_items(0) == []
    assert slices.sum_items([]) == 0
    assert slices.maybe_items() is None
    assert slices.maybe_items([]) == []
    assert [item.number for item in slices.maybe_items([slices.Item(9)])] == [9]


def test_what_are_no_objects(slices: Any) -> None:
    item, gone = slices.Item(1), slices.Item(2)
    gone.free()
    with not_entered(slices):
        for wrong in ([item, 5], [None], ["item"], 5, None, "items", item):
            with pytest.raises(TypeError, match=r"^items: expected"):
                slices.sum_items(wrong)
        with pytest.raises(js.Error, match=r"^null pointer passed to rust$"):
            slices.sum_items([item, gone])
    assert item.number == 1


def test_one_object_twice(slices: Any) -> None:
    item = slices.Item(1)
    with not_entered(slices), pytest.raises(js.Error, match=r"^null pointer passed to rust$"):
        slices.sum_items([item, item])
    assert item.number == 1


def test_lists_of_each_kind_at_once(slices: Any) -> None:
    out = array.array("I", [7, 7])
    assert slices.mixed(b"abc", ["a", "b"], [slices.Item(1)], out) == 8
    assert out.tolist() == [1, 1]
    items = [slices.Item(1)]
    with not_entered(slices), pytest.raises(TypeError, match=r"^out: "):
        slices.mixed(b"abc", ["a", "b"], items, b"\0\0\0\0")
    assert items[0].number == 1
