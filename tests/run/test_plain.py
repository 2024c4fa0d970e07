"""Plain exports: each call goes the short way where it can (quick code, whole calls, the accelerator), and nobody can tell."""

from __future__ import annotations

import builtins
import gc
import inspect
import traceback
from array import array
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bindgen_patch import GuestAborted, PanicError, symbols
from bindgen_patch.accelerator import native
from bindgen_patch.runtime.guest import Guest

Load = Callable[..., Any]
FITS = symbols.AREA_FITS
SIZES = [0, 1, 2, 3, 7, 8, 9, 500, 511, 512, 513, 1000, 1023, 1024, 1025, FITS - 9, FITS - 8, FITS - 1, FITS, FITS + 1, 3 * FITS]
"""Around what the accelerator finds worth it, and around what fits."""


def is_short(function: Any) -> bool:
    return native is not None or function.__code__.co_filename.startswith("<calls> ")


@pytest.fixture(params=["area", "no area"])
def strings(load: Load, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Any:
    """``no area``: the guest has a small shadow stack, so everything goes the long way."""
    if request.param == "no area":
        monkeypatch.setattr(symbols, "AREA_STACK", 1 << 30)
    module = load("strings", "unwind")
    assert module.echo_str("") == module.echo_str("")
    guest = module.instance._bp_door.guest
    assert (guest._area != 0) == (request.param == "area")
    assert native is not None or (guest.quick_call_echo_str != ()) == (request.param == "area")
    return module


@pytest.mark.parametrize("size", SIZES)
def test_texts_of_every_size(strings: Any, size: int) -> None:
    for text in ("x" * size, ("é" * size)[: size // 2], "a" * (size - 3) + "€" * (size > 2)):
        for _ in range(3):
            assert strings.echo_str(text) == text
            assert strings.echo_string(text) == text
            assert strings.utf8(text) == text.encode()
            assert strings.byte_length(text) == len(text.encode())
            assert strings.concat(text, text[::-1]) == text + text[::-1]
            assert strings.repeat(text, 2) == text * 2
            assert strings.three("a", text, 7) == strings.three("a", text, c=7)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.text(), st.text(max_size=3), st.text())))
def test_texts_one_behind_the_other(strings: Any, texts: list[tuple[str, str, str]]) -> None:
    for left, short, right in texts:
        assert strings.concat(left, right) == left + right
        assert strings.append(left + short, right) == left + short + right


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("code", ["u8", "i16", "u32", "f32", "f64", "u64"])
def test_numbers_of_every_size(load: Load, code: str, size: int) -> None:
    module = load("slices", "unwind")
    copy, echo = getattr(module, f"copy_{code}"), getattr(module, f"echo_{code}")
    format = {"u8": "B", "i16": "h", "u32": "I", "f32": "f", "f64": "d", "u64": "Q"}[code]
    numbers = array(format, [k % 100 for k in range(size)])
    for _ in range(2):
        for given_ in (numbers, numbers.tolist(), memoryview(numbers)):
            assert list(copy(given_)) == numbers.tolist()
            assert list(echo(given_)) == numbers.tolist()
    assert isinstance(copy(numbers), bytes if code == "u8" else array)
    assert module.dot(array("d", range(size)), [1.0] * size) == sum(range(size))


@pytest.mark.parametrize("size", [3, 2000, 20_000])
def test_an_iterator_is_used_once(load: Load, size: int) -> None:
    """Whichever way the call goes, and if it changes its mind because what comes out of it does not fit."""
    module = load("slices", "unwind")
    asked = []

    def numbers() -> Iterator[float]:
        asked.append(size)
        yield from map(float, range(size))

    for _ in range(3):
        assert module.sum(numbers()) == sum(range(size))
        assert len(module.copy_f64(numbers())) == size
    assert len(asked) == 6


def test_what_is_returned_is_kept(load: Load) -> None:
    """The area is used again by the next call."""
    module = load("slices", "unwind")
    first = [module.copy_f64(array("d", [k, k + 1])) for k in range(20)]
    kept = [module.bytes(k) for k in range(20)]
    assert [list(numbers) for numbers in first] == [[k, k + 1] for k in range(20)]
    assert [len(data) for data in kept] == list(range(20))
    text = load("strings", "unwind")
    assert [text.echo_str(f"text {k}") for k in range(20)] == [f"text {k}" for k in range(20)]


def test_each_call_is_one_call(load: Load) -> None:
    """What returns nothing, constructors and destructors too."""
    recovery = load("recovery", "unwind")
    for _ in range(3):
        recovery.add(1, 2)
    calls = recovery.instance.counters.calls
    for _ in range(10):
        assert recovery.add(2, 3) == 5
        counter = recovery.Counter(5)
        counter.increment()
        counter.free()
        counter.free()
    assert recovery.instance.counters.calls == calls + 40


def test_the_memory_of_the_guest_is_given_back(load: Load) -> None:
    module = load("strings", "unwind")
    for text in ("x" * 10, "x" * 600, "x" * 5000, "x" * 20_000):
        for _ in range(200):
            module.echo_string(text)
        size = module.instance._bp_door.guest._size
        for _ in range(2000):
            module.echo_string(text)
            module.concat(text, text)
        module.instance._bp_door.guest._refresh()
        assert module.instance._bp_door.guest._size <= size + 2 * 65536


def test_a_function_is_what_it_was(load: Load) -> None:
    """It is the same object, and tells the same of itself, whatever it runs."""
    module = load("strings", "unwind")
    kept = module.greet
    before = inspect.signature(kept), kept.__name__, kept.__qualname__, kept.__doc__
    for _ in range(3):
        assert kept("Ann") == module.instance.greet(name="Ann") == module.Instance.greet(module.instance, "Ann")
    assert (inspect.signature(kept), kept.__name__, kept.__qualname__, kept.__doc__) == before
    assert is_short(module.greet)
    other = module.Instance()
    assert other.greet("Bob") == module.greet("Bob")
    for wrong in ((), ("a", "b"), (1,), (None,)):
        with pytest.raises(TypeError):
            module.greet(*wrong)
    with pytest.raises(TypeError, match="name: expected str, not int"):
        module.greet(5)
    with pytest.raises(TypeError):
        module.greet(title="x")


def test_properties_go_the_short_way(load: Load) -> None:
    module = load("classes", "unwind")
    fields = module.Fields()
    for number in range(5):
        fields.word = number
        assert fields.word == number
        fields.text = f"text {number}"
        assert fields.text == f"text {number}"
    if native is None:
        prop = vars(module.Fields)["word"]
        assert is_short(prop.fget)
        assert is_short(prop.fset)
    else:
        prop = vars(module.Fields)["word"]
        assert type(prop.fget) is type(prop.fset) is native.Export


def test_frames_name_no_appended_function(load: Load) -> None:
    module = load("strings", "abort")
    for _ in range(3):
        assert module.repeat("ab", 2) == "abab"
    with pytest.raises(GuestAborted) as caught:
        module.repeat("xyz", 2**32 - 1)
    assert any("repeat" in frame.function for frame in caught.value.frames)
    assert not any(symbols.WHOLE_NAME in frame.function for frame in caught.value.frames)


def test_surrogates_become_replacement_characters(load: Load) -> None:
    module = load("strings", "unwind")
    for _ in range(3):
        assert module.echo_str("a\ud800b") == "a\ufffdb"


def test_a_dead_instance_refuses(load: Load) -> None:
    module = load("strings", "unwind")
    for _ in range(3):
        module.greet("x")
    module.instance.terminate()
    with pytest.raises(GuestAborted.__mro__[1]):
        module.greet("x")
    module.instance.schedule_reinit()
    for _ in range(3):
        assert module.greet("x") == module.greet("x")


def test_tracebacks_show_the_code(load: Load) -> None:
    module = load("recovery", "unwind")
    for _ in range(3):
        try:
            module.panic_static()
        except PanicError as error:
            shown = "".join(traceback.format_exception(error))
    assert native is not None or "raise door.failed(guest, error)" in shown


def test_nothing_keeps_an_instance_alive(load: Load) -> None:
    module = load("strings", "unwind")
    for _ in range(3):
        i = module.Instance()
        i.greet("x")
        i.greet("x")
        del i
    gc.collect()
    assert sum(type(thing).__mro__[1:2] == (Guest,) and thing.program is module._bp_program for thing in gc.get_objects()) <= 1


@pytest.mark.parametrize("code", ["u8", "i16", "u32", "f32", "f64", "i64"])
def test_long_lists_are_what_arrays_make_of_them(load: Load, code: str) -> None:
    """They are packed in another way: same values, same errors, whatever stands among them."""
    module = load("slices", "unwind")
    copy = getattr(module, f"copy_{code}")
    format = {"u8": "B", "i16": "h", "u32": "I", "f32": "f", "f64": "d", "i64": "q"}[code]
    for size in (999, 1000, 1001, 2999, 3000):
        numbers: list[Any] = [k % 100 for k in range(size)]
        numbers[size // 2] = True
        assert list(copy(numbers)) == array(format, numbers).tolist()
        for wrong in ("x", None, 2**70, -(2**70), 1e300, float("nan"), [1]):
            spoiled: list[Any] = [*numbers[:-1], wrong]
            try:
                expected: Any = array(format, spoiled).tolist()
            except (TypeError, OverflowError) as error:
                with pytest.raises(type(error)):
                    copy(spoiled)
            else:
                assert repr(list(copy(spoiled))) == repr(expected)


def test_exports_may_have_the_names_of_builtins(load: Load) -> None:
    """They are globals of the package then, and quick code is part of it."""
    module, strings, slices = load("recovery", "unwind"), load("strings", "unwind"), load("slices", "unwind")
    for package in (module, strings, slices):
        names = vars(builtins).keys() - vars(package).keys() - {"BaseException"}  # which is what the guard names
        vars(package).update(dict.fromkeys(names, "an export"))
    for _ in range(3):
        assert module.add(2, 3) == 5
        assert module.divide(7, 2) == 3
        assert strings.echo_str("text") == strings.echo_string("text") == "text"
        assert strings.echo_str("é") == "é"
        assert slices.sum([1.0, 2.0]) == 3.0
        assert list(slices.copy_f64([1.0])) == [1.0]
        assert slices.bytes(3) == slices.bytes(3)
        with pytest.raises(TypeError):
            module.add("2", 3)
        with pytest.raises(PanicError):
            module.panic_static()
        counter = module.Counter(1)
        counter.free()


@pytest.mark.skipif(native is not None, reason="there is no quick code")
def test_quick_code_can_be_hashed(load: Load) -> None:
    """Tracers and debuggers keep what they know of code in dictionaries."""
    module = load("numbers", "unwind")
    assert module.echo_u32(7) == 7
    assert is_short(module.Instance.echo_u32)
    assert hash(module.Instance.echo_u32.__code__)


@pytest.mark.parametrize("name", ["u32", "i32", "u64", "i64"])
def test_what_a_slot_refuses_is_told_as_ever(load: Load, name: str) -> None:
    """The first call goes the long way, the second the short one; and what is refused there is refused before anything runs."""
    module = load("numbers", "unwind")
    echo = getattr(module, f"echo_{name}")
    bits = int(name[1:])
    low, high = (0, 2**bits - 1) if name[0] == "u" else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    told = []
    for _ in range(3):
        for value in (low - 1, high + 1, 10**80, "5", 5.0, None, True):
            with pytest.raises((OverflowError, TypeError)) as raised:
                echo(value)
            told.append((repr(value), str(raised.value), repr(raised.value.__context__), raised.value.__cause__))
        assert [echo(value) for value in (low, high)] == [low, high]
    assert told == told[:7] * 3
    assert module.instance.state == "live"
