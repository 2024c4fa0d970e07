"""Typed arrays that show a guest's memory: no copy, and never bytes that are somebody else's."""

from __future__ import annotations

import array
import ctypes
import gc
import struct
import threading
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bindgen_patch import GuestAborted, Limits, PanicError, js
from bindgen_patch.js import model
from bindgen_patch.js.memory import MemoryBuffer
from bindgen_patch.runtime import capi

from ..conftest import MODES
from .kit import examples, guest_of

Load = Callable[..., Any]
GONE = "this showed the memory of a guest"
RELEASED = "operation forbidden on released memoryview"


@pytest.fixture(scope="module", params=MODES)
def package(load: Load, request: pytest.FixtureRequest) -> Any:
    """The guest in both builds."""
    return load("memory", request.param)


@pytest.fixture
def guest(package: Any) -> Any:
    """A fresh instance."""
    return package.Instance()


@pytest.fixture
def freed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The stores that are freed from now on."""
    gc.collect()
    stores: list[int] = []
    delete = capi.store_delete
    monkeypatch.setattr(capi, "store_delete", lambda store: (stores.append(store), delete(store))[1])
    return stores


def store_of(instance: Any) -> int:
    store: int = guest_of(type("Package", (), {"instance": instance}))._store
    return store


# ------------------------------------------------------------------------------------------- in place


def test_a_view_is_the_memory_itself(guest: Any) -> None:
    pixels = guest.Pixels(1000)
    view = pixels.view()
    assert (type(view), len(view), view[255], view[256]) == (js.Uint8Array, 1000, 255, 0)
    assert view.byte_offset == pixels.address()
    before = pixels.sum()
    view[0] = 7
    view.memoryview[1] = 8
    assert pixels.sum() == before + 7 + 7
    assert pixels.view()[0] == 7
    assert bytes(view.memoryview[:3]) == b"\7\10\2"
    copy = pixels.copy()
    copy[0] = 99
    assert view[0] == 7
    assert pixels.view_mut()._bp_class == "Uint8ClampedArray"
    pixels.view_mut()[0] = 300
    assert view[0] == 255


def test_a_view_costs_no_copy(guest: Any) -> None:
    view = guest.Pixels(1 << 20).view()
    address = ctypes.addressof(ctypes.c_char.from_buffer(view.memoryview))
    assert address == ctypes.addressof(ctypes.c_char.from_buffer(view.memoryview))
    base = ctypes.addressof(ctypes.c_char.from_buffer(guest.buffer().memoryview))
    assert address == base + view.byte_offset
    interface = view.__array_interface__
    assert interface["offset"] == view.byte_offset
    assert memoryview(interface["data"]).nbytes == len(guest.buffer())


def test_each_kind(guest: Any) -> None:
    kinds = {view._bp_class: (view.memoryview.format, list(view)) for view in guest.each()}
    limits = {"Int8": 127, "Uint8": 255, "Uint8Clamped": 255, "Int16": 2**15 - 1, "Uint16": 2**16 - 1, "Int32": 2**31 - 1}
    limits |= {"Uint32": 2**32 - 1, "BigInt64": 2**63 - 1, "BigUint64": 2**64 - 1}
    for name, limit in limits.items():
        assert kinds[f"{name}Array"][1] == [0, 1, limit]
    assert kinds["Float32Array"] == ("f", [0, 1, struct.unpack("f", b"\xff\xff\x7f\x7f")[0]])
    assert kinds["Float64Array"][1][2] > 1e308
    assert len(kinds) == 11
    assert len(guest.empty()) == 0


def test_the_memory_object(guest: Any) -> None:
    pixels = guest.Pixels(100)
    memory, buffer = guest.memory_object(), guest.buffer()
    assert memory is guest.memory_object()
    assert isinstance(buffer, js.ArrayBuffer)
    assert memory.buffer is buffer is guest.buffer()
    assert model.get(buffer, "byteLength") == len(buffer) == len(buffer.memoryview)
    assert len(buffer) % 65536 == 0
    assert buffer[pixels.address() + 5] == 5
    assert bytes(buffer[pixels.address() :][:4]) == b"\0\1\2\3"
    pixels.fill_from(js.Uint8Array(b"abc"))
    assert bytes(pixels.copy())[:4] == b"abc\3"
    view = js.DataView(buffer, pixels.address())
    assert model.call(view, "getUint16", [0]) == 0x6162
    model.call(view, "setUint16", [0, 0x7778])
    assert bytes(pixels.copy())[:4] == b"wxc\3"
    for method in ("resize", "transfer", "transferToFixedLength"):
        with pytest.raises(js.TypeError):
            model.call(buffer, method, [1])
    copied = model.call(buffer, "slice", [pixels.address(), pixels.address() + 2])
    assert (type(copied), bytes(copied)) == (js.ArrayBuffer, b"wx")


def test_lent_for_a_call(guest: Any) -> None:
    pixels = guest.Pixels(10)
    seen = []

    def blank(view: Any) -> None:
        seen.append(view)
        model.call(view, "fill", [0])
        view[0] = 999

    assert pixels.lend(blank) == 255
    assert seen[0][0] == 255


@examples
@given(st.integers(0, 300), st.lists(st.tuples(st.integers(0, 299), st.integers(0, 255)), max_size=20))
def test_writes_through_a_view_are_writes(package: Any, size: int, writes: list[tuple[int, int]]) -> None:
    expected = bytearray(place % 256 for place in range(size))
    with package.Pixels(size) as pixels:
        view, window = pixels.view(), pixels.view().memoryview
        for number, (place, value) in enumerate(writes):
            if place < size:
                expected[place] = value
                (view if number % 2 else window)[place] = value
        assert bytes(pixels.copy()) == expected == bytes(view)


# ------------------------------------------------------------------------------------------- stale


def assert_gone(view: Any) -> None:
    """As a typed array on a detached buffer is to JavaScript, and an error to Python."""
    assert len(view) == 0
    assert model.get(view, "byteLength") == model.get(view, "byteOffset") == 0
    assert model.get(view, "0") is None
    model.set(view, "0", 1)
    with pytest.raises(js.TypeError):
        model.call(view, "at", [0])
    for use in (
        lambda: view[0], lambda: view.__setitem__(0, 1), lambda: list(view), lambda: view.to_python(), lambda: view.memoryview,
        lambda: view.__array_interface__,
    ):  # fmt: skip
        with pytest.raises(js.TypeError, match=GONE):
            use()


@pytest.mark.parametrize("by_method", [False, True])
def test_growth_detaches(guest: Any, by_method: bool) -> None:
    pixels = guest.Pixels(10)
    view, buffer = pixels.view(), guest.buffer()
    window = view.memoryview
    pages = len(buffer) // 65536
    assert guest.grow(2, by_method) == pages
    assert_gone(view)
    assert (len(buffer), buffer.detached, model.get(buffer, "byteLength")) == (0, True, 0)
    with pytest.raises(ValueError, match=RELEASED):
        window[0]
    with pytest.raises(js.TypeError, match=GONE):
        bytes(buffer)
    assert len(guest.buffer()) == (pages + 2) * 65536
    assert pixels.view()[9] == 9


def test_growth_as_the_guest_sees_it(guest: Any) -> None:
    """Node gives the same for the same steps."""
    assert guest.grown() == [3, True, 0, 0, 0, None, True, 3, True, False]


def test_growth_has_limits(package: Any) -> None:
    limited = package.Instance(limits=Limits(memory_bytes=2 << 20))
    with pytest.raises(js.RangeError, match="Maximum memory size exceeded"):
        limited.grow(1000, True)
    assert limited.grow(1000, False) == 0xFFFF_FFFF
    assert limited.Pixels(10).sum() == 45
    with pytest.raises(js.TypeError, match="only a guest can grow"):
        limited.memory_object().grow(1)


ENDS: dict[str, Callable[[Any], None]] = {
    "close": lambda guest: guest.close(),
    "terminate": lambda guest: (guest.terminate(), guest.schedule_reinit(), guest.total([])),  # type: ignore[dict-item,return-value]
    "reinit": lambda guest: (guest.schedule_reinit(), guest.total([])),  # type: ignore[dict-item,return-value]
}


def dies(guest: Any) -> None:
    with pytest.raises(GuestAborted):
        guest.abort()
    guest.schedule_reinit()
    guest.total([])


ENDS["abort"] = dies


@pytest.mark.parametrize("end", ENDS)
def test_the_end_of_an_instance_detaches(guest: Any, end: str, freed: list[int]) -> None:
    pixels = guest.Pixels(10)
    view, memory = pixels.view(), guest.memory_object()
    window, store = view.memoryview, store_of(guest)
    ENDS[end](guest)
    assert_gone(view)
    assert memory.buffer.detached
    with pytest.raises(ValueError, match=RELEASED):
        window[0]
    assert store in freed, "nobody can read it any more"


@pytest.mark.parametrize("end", ENDS)
def test_what_python_cannot_release_keeps_the_memory(guest: Any, end: str, freed: list[int]) -> None:
    """Slices, and what has taken the buffer of a window as numpy does: they show what was there, until they are gone themselves."""
    pixels = guest.Pixels(10)
    view, store = pixels.view(), store_of(guest)
    part = view.memoryview[3:6]
    numbers = (ctypes.c_ubyte * 10).from_buffer(view.memoryview)
    data = view.__array_interface__["data"]
    whole = memoryview(data)[view.byte_offset :]
    del data
    ENDS[end](guest)
    assert_gone(view)
    others = [type(guest)().Pixels(5000) if end == "close" else guest.Pixels(5000) for _ in range(3)]
    assert bytes(part) == b"\3\4\5"
    assert list(numbers) == list(range(10))
    assert bytes(whole[:10]) == bytes(range(10))
    assert store not in freed
    del part
    assert store not in freed
    del numbers
    gc.collect()
    assert store not in freed
    del whole
    assert store in freed
    assert others[2].sum() > 0


def test_a_view_keeps_no_instance(package: Any, freed: list[int]) -> None:
    instance = package.Instance()
    view, store = instance.Pixels(10).view(), store_of(instance)
    gone = weakref.ref(guest_of(type("Package", (), {"instance": instance})))
    del instance
    gc.collect()
    assert gone() is None
    assert_gone(view)
    assert store in freed


def test_growth_in_the_middle_of_a_call(package: Any) -> None:
    """A guest's own memory as an argument: the allocator may grow it between the look at it and the copy."""
    for _ in range(30):
        guest = package.Instance()
        pixels = guest.Pixels(200_000)
        assert guest.total_u8(pixels.view()) == pixels.sum()
        assert guest.total_u8(pixels.view().memoryview) == pixels.sum()
        assert guest.total_u8(pixels.view().memoryview[:10]) == 45


def test_views_are_read_while_instances_end(package: Any) -> None:
    """Whatever a thread reads is either right or an error."""
    guest = package.Instance()
    current: list[Any] = [guest.Pixels(256).view()]
    wrong: list[object] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            try:
                seen = bytes(current[0].memoryview[:256])
            except (js.TypeError, ValueError):
                continue
            if seen != bytes(range(256)):
                wrong.append(seen)

    thread = threading.Thread(target=read)
    thread.start()
    for _ in range(200):
        guest.schedule_reinit()
        current[0] = guest.Pixels(256).view()
    done.set()
    thread.join()
    assert wrong == []


def test_a_guest_that_lies_about_a_view_gets_nothing(guest: Any) -> None:
    inner = guest_of(type("Package", (), {"instance": guest}))
    size = len(inner.pages.buffer())
    for address, count in ((size, 1), (size - 4, 5), (0xFFFF_FFFF, 1), (0, 0xFFFF_FFFF), (-1, -1)):
        with pytest.raises(js.RangeError):
            inner.view("Uint8Array", address, count)
    with pytest.raises(js.RangeError):
        inner.view("Float64Array", 4, 1)


def test_a_panic_with_a_view_lent(guest: Any) -> None:
    pixels = guest.Pixels(3)

    def fill(_view: Any) -> None:
        pixels.fill_from(js.Uint8Array(4))

    with pytest.raises((PanicError, GuestAborted, js.Error)):
        pixels.lend(fill)


def test_a_memory_buffer_is_no_bytes_of_its_own(guest: Any) -> None:
    buffer = guest.buffer()
    assert isinstance(buffer, MemoryBuffer)
    assert repr(buffer) == str(buffer) == f"<js.ArrayBuffer of {len(buffer)} bytes>"
    assert repr(guest.memory_object()) == f"<js.WebAssembly.Memory of {len(buffer) // 65536} pages>"
    clone = model.call(js.Uint8Array(buffer, 0, 16), "slice", [])
    assert len(clone) == 16
    total = sum(bytes(buffer))
    assert guest.total_u8(buffer) >= total, "it grew meanwhile"
    assert buffer.detached


# ------------------------------------------------------------------------------------------- what comes in


NUMBERS = [1.5, -2.0, 3.25, 1e300]


class Foreign:
    """A buffer whose format Python cannot read, from an owner that can: like numpy's of the other byte order."""

    def __init__(self, code: str) -> None:
        self.data = struct.pack(f"{code}{len(NUMBERS)}d", *NUMBERS)

    def __iter__(self) -> Any:
        return iter(NUMBERS)

    def __len__(self) -> int:
        return len(NUMBERS)


@pytest.mark.parametrize(
    "source",
    [
        array.array("d", NUMBERS),
        memoryview(array.array("d", NUMBERS)).toreadonly(),
        memoryview(array.array("d", NUMBERS[::-1]))[::-1],
        memoryview(array.array("d", [n for number in NUMBERS for n in (number, 0)]))[::2],
        memoryview(array.array("d", NUMBERS)).cast("B").cast("d", (2, 2)),
        memoryview(b"xx" + struct.pack("4d", *NUMBERS) + b"x")[2:-1].cast("d"),
        (ctypes.c_double * 4)(*NUMBERS),
        (ctypes.c_double.__ctype_be__ * 4)(*NUMBERS),
        Foreign(">"),
        js.Float64Array(NUMBERS),
    ],
)
def test_buffers_of_every_sort_are_taken(guest: Any, source: Any) -> None:
    assert guest.total(source) == sum(NUMBERS)


@pytest.mark.parametrize(
    "source",
    [
        memoryview(array.array("d", NUMBERS)).cast("B").cast("d", (2, 2))[::-1],
        ctypes.c_double(1.5),
        (ctypes.c_double * 2 * 2)()[0:0],
        memoryview(bytearray(8)).cast("d", ()),
    ],
)
def test_buffers_of_no_one_row_are_not(guest: Any, source: Any) -> None:
    if isinstance(source, list):
        assert guest.total(source) == 0
    else:
        with pytest.raises((TypeError, NotImplementedError)):
            guest.total(source)


@pytest.mark.parametrize("source", [b"\1\2", (ctypes.c_int32 * 2)(1, 2), array.array("q", [1, 2]), js.Uint8Array(b"\1\2")])
def test_numbers_of_another_type_are_converted(guest: Any, source: Any) -> None:
    assert guest.total_i32(source) == 3


@pytest.mark.parametrize("source", [array.array("d", [1.0]), memoryview(bytes(8)).cast("d"), (ctypes.c_float * 1)()])
def test_numbers_are_not_rounded_by_themselves(guest: Any, source: Any) -> None:
    with pytest.raises(TypeError):
        guest.total_i32(source)


def test_nothing_is_written_into_what_is_read_only(guest: Any) -> None:
    numbers = array.array("d", NUMBERS)
    guest.increment(numbers)
    assert list(numbers) == [number + 1 for number in NUMBERS]
    refusing = [memoryview(numbers).toreadonly(), memoryview(numbers)[::2], struct.pack("d", 1), memoryview(bytearray(8)).cast("d", ())]
    for refused in refusing:
        with pytest.raises(TypeError, match="expected a list or a writable contiguous buffer"):
            guest.increment(refused)


@pytest.mark.parametrize("empty", [b"", [], array.array("d"), memoryview(b""), js.Float64Array(0), (ctypes.c_double * 0)()])
def test_none_at_all(guest: Any, empty: Any) -> None:
    assert guest.total(empty) == 0
