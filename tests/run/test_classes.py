"""Exported classes: made, used, lent, given away, freed, subclassed; on real guests."""

from __future__ import annotations

import copy
import gc
import inspect
import pickle
import pydoc
import threading
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from bindgen_patch import GuestAborted, GuestException, ModuleTerminated, PanicError, StaleObjectError, js

from ..conftest import EVERY_MODE

Load = Callable[..., Any]

BORROWED_TWICE = "recursive use of an object detected which would lead to unsafe aliasing in rust"
NULL = "null pointer passed to rust"


@pytest.fixture(params=EVERY_MODE)
def mode(request: pytest.FixtureRequest) -> str:
    """How the guest is built."""
    return str(request.param)


@pytest.fixture
def guest(load: Load, mode: str) -> Any:
    """The guest of classes in both builds."""
    return load("classes", mode)


def settle(guest: Any) -> int:
    """How many counters the guest holds once everything collected has been freed."""
    gc.collect()
    return int(guest.live_objects())


# ------------------------------------------------------------------------------------------- made and used


def test_constructor_methods_and_statics(guest: Any) -> None:
    c = guest.Counter(5)
    assert (c.increment(), c.increment(), c.get()) == (6, 7, 7)
    assert c.add(3) is None
    assert c.get() == 10
    assert guest.Counter.zero().get() == 0
    assert guest.Counter.sum(2, 3) == 5
    assert c.sum(2, 3) == 5, "a static is reached through an object too, as everywhere in Python"
    assert type(guest.Counter.zero()) is guest.Counter


def test_results_of_every_form(guest: Any) -> None:
    assert guest.Counter.labelled(3, "apples").describe() == "apples: 3"
    with pytest.raises(js.Error, match="a label must not be empty"):
        guest.Counter.labelled(3, "")
    assert guest.Counter.natural(4).get() == 4
    assert guest.Counter.natural(-1) is None
    assert [c.get() for c in guest.Counter.several(3)] == [0, 1, 2]
    assert guest.Counter.several(0) == []
    assert guest.Counter(9).divided(2) == 4
    with pytest.raises(GuestException) as caught:
        guest.Counter(9).divided(0)
    assert caught.value.value == "cannot divide"
    assert guest.instance.state == "live"


def test_optional_and_keyword_arguments(guest: Any) -> None:
    c = guest.Counter(start=2)
    assert [c.describe(), c.describe(None)] == ["things: 2"] * 2
    assert [c.describe("> "), c.describe(prefix="> ")] == ["> things: 2"] * 2
    p = guest.Point.at(y=2)
    assert (p.x, p.y) == (0.0, 2.0)


def test_getters_and_setters(guest: Any) -> None:
    c = guest.Counter(1)
    c.value = 40
    assert (c.value, c.get()) == (40, 40)
    assert not c.negative
    c.value = -1
    assert c.negative
    with pytest.raises(AttributeError):
        c.negative = False
    with pytest.raises(AttributeError):
        del c.value
    with pytest.raises(AttributeError):
        c.unknown = 1
    with pytest.raises(OverflowError, match="value"):
        c.value = 2**31
    with pytest.raises(TypeError, match="value: expected int, not str"):
        c.value = "1"
    assert c.value == -1


def test_a_property_that_can_only_be_written(guest: Any) -> None:
    c = guest.Counter(1)
    c.title = "loud"
    assert c.label == "LOUD"
    with pytest.raises(AttributeError, match="title"):
        _ = c.title
    assert "title" in dir(guest.Counter)


def test_public_fields(guest: Any) -> None:
    c = guest.Counter(7)
    assert (c.step, c.label, c.start, c.limit) == (1, "things", 7, None)
    c.step, c.label, c.limit = 5, "cats", 0.5
    assert (c.increment(), c.describe(), c.limit) == (12, "cats: 12", 0.5)
    c.limit = None
    assert c.limit is None
    with pytest.raises(AttributeError):
        c.start = 1
    assert c.start == 7
    assert not hasattr(c, "hidden")


FIELDS: dict[str, tuple[Any, list[Any], list[Any]]] = {
    # name: (at first, values that fit, values that do not)
    "byte": (0, [255], [256, -1, "1", 1.0, None, True]),
    "small": (0, [-(2**15), 2**15 - 1], [2**15]),
    "word": (0, [2**32 - 1], [2**32, -1]),
    "long": (0, [-(2**63), 2**63 - 1], [2**63]),
    "huge": (0, [2**128 - 1], [2**128, -1]),
    "single": (0.0, [0.5, float("inf")], ["0", None]),
    "double": (0.0, [1e300, 3], ["0", None]),
    "flag": (False, [True], [1, None]),
    "letter": ("\0", ["é", "🦀"], ["", "ab", "\ud800", 1]),
    "maybe_byte": (None, [0, 255, None], [256, "1"]),
    "maybe_long": (None, [-(2**63), None], [2**63]),
    "maybe_flag": (None, [True, False, None], [0]),
    "text": ("", ["grüße 🦀", ""], [None, b""]),
    "maybe_text": (None, ["", "a", None], [1]),
    "bytes": (b"", [b"abc", b""], ["abc", None, [256]]),
    "anything": (None, [[1], {"a": 2}, print, "text", 1.5, js.null, None], []),
    "class_": (0, [3], [-1]),
}


@pytest.mark.parametrize("name", FIELDS)
def test_fields_of_every_type(guest: Any, name: str) -> None:
    first, good, bad = FIELDS[name]
    fields = guest.Fields()
    assert getattr(fields, name) == first
    for value in good:
        setattr(fields, name, value)
        assert getattr(fields, name) == value
    before = getattr(fields, name)
    for value in bad:
        with pytest.raises((TypeError, OverflowError, ValueError)):
            setattr(fields, name, value)
    assert getattr(fields, name) == before
    assert guest.instance.state == "live"


def test_a_field_holds_the_very_object(guest: Any) -> None:
    fields, thing = guest.Fields(), object()
    fields.anything = thing
    assert fields.anything is thing
    assert fields.readOnly == 7
    with pytest.raises(AttributeError):
        fields.readOnly = 8


def test_fields_that_are_objects_are_copies(guest: Any) -> None:
    segment = guest.Segment(guest.Point.at(0, 0), guest.Point.at(3, 4))
    assert segment.length == 5.0
    copied = segment.to
    copied.x = 100
    assert segment.length == 5.0, "reading a field gives a copy"
    segment.to = copied
    assert segment.to.x == 100
    with pytest.raises(js.Error, match=NULL):
        _ = copied.x
    segment.from_ = guest.Point.at(100, 4)
    assert segment.length == 0


def test_a_class_without_a_constructor(guest: Any) -> None:
    with pytest.raises(TypeError, match="Point has no constructor"):
        guest.Point()
    point = guest.Point.at(1, 2)
    assert point.distanceTo(guest.Point.at(1, 5)) == 3.0


def test_objects_are_python_objects(guest: Any) -> None:
    c = guest.Counter(1)
    assert weakref.ref(c)() is c
    assert {c: 1}[c] == 1
    assert c != guest.Counter(1)
    assert "Counter" in repr(c)
    for clone in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="Counter"):
            clone(c)
    assert c.increment() == 2


# ------------------------------------------------------------------------------------------- lent and given away


def test_arguments_by_reference(guest: Any) -> None:
    a, b = guest.Counter(1), guest.Counter(10)
    assert (guest.peek(a), guest.peek_two(a, b), guest.peek_two(a, a), a.same_as(a)) == (1, 11, 2, True)
    assert guest.bump(a, 5) is None
    assert a.get() == 6
    a.drain(b)
    assert (a.get(), b.get()) == (16, 0)
    with pytest.raises(js.Error, match=BORROWED_TWICE):
        a.drain(a)
    assert (a.increment(), guest.instance.state) == (17, "live")


def test_arguments_by_value(guest: Any) -> None:
    a, b = guest.Counter(1), guest.Counter(10)
    assert guest.consume(a) == 1
    for use in (a.get, lambda: a.step, lambda: setattr(a, "step", 1), lambda: guest.peek(a), lambda: guest.consume(a), lambda: b.absorb(a)):
        with pytest.raises(js.Error, match=NULL):
            use()
    b.absorb(guest.Counter(5))
    assert b.get() == 15
    assert b.absorb_maybe(None) is False
    assert b.absorb_maybe() is False
    assert b.absorb_maybe(guest.Counter(5)) is True
    assert b.get() == 20
    assert (guest.consume_maybe(None), guest.consume_maybe()) == (None, None)
    assert guest.consume_maybe(guest.Counter(3)) == 3
    again = guest.echo_counter(b)
    assert (again is b, again.get()) == (False, 20)
    assert guest.keep_larger(again, guest.Counter(4)).get() == 20
    del again
    assert settle(guest) == 0


def test_self_by_value(guest: Any) -> None:
    c = guest.Counter(5)
    assert c.stepped().into_value() == 6
    with pytest.raises(js.Error, match=NULL):
        c.into_value()
    assert guest.Point.at(1, 2).mirrored().x == -1
    assert settle(guest) == 0


def test_lists_of_objects(guest: Any) -> None:
    counters = [guest.Counter(n) for n in range(4)]
    assert guest.total(counters) == 6
    assert guest.total([]) == 0
    assert guest.total(guest.Counter(n) for n in (1, 2)) == 3
    with pytest.raises(js.Error, match=NULL):
        guest.total(counters)
    c = guest.Counter(1)
    with pytest.raises(TypeError, match=r"counters: expected instance of Counter, not Point"):
        guest.total([c, guest.Point.at(1, 2)])
    assert c.get() == 1, "nothing was given away"
    del c
    assert settle(guest) == 0


def test_the_same_object_by_value_twice(guest: Any) -> None:
    c = guest.Counter(1)
    with pytest.raises(js.Error, match=NULL):
        guest.keep_larger(c, c)
    assert guest.instance.state == "live"
    assert settle(guest) == 0


@pytest.mark.parametrize("wrong", [None, 5, "Counter", object(), [], js.null])
def test_wrong_types(guest: Any, wrong: Any) -> None:
    for call in (guest.peek, guest.consume, guest.Counter(1).absorb, lambda value: guest.bump(value, 1)):
        with pytest.raises(TypeError, match="expected instance of Counter"):
            call(wrong)
    with pytest.raises(TypeError, match="expected instance of Counter, not type"):
        guest.peek(guest.Counter)
    assert guest.instance.state == "live"


def test_wrong_calls(guest: Any) -> None:
    for call in (guest.Counter, guest.Counter(1).add, guest.peek_two, lambda: guest.Counter(1, 2), lambda: guest.Counter(begin=1)):
        with pytest.raises(TypeError):
            call()
    assert guest.Counter.sum(1, 2) == 3


def test_panics(guest: Any, mode: str) -> None:
    expected: type[BaseException] = PanicError if mode != "abort" else GuestAborted
    c, other = guest.Counter(1), guest.Counter(2)
    with pytest.raises(expected):
        c.set_then_panic(9)
    if mode == "abort":
        assert guest.instance.state == "terminated"
        return
    assert c.increment() == 10
    with pytest.raises(PanicError, match="panicked at 10"):
        c.panic_shared()
    with pytest.raises(PanicError, match="panicked with 2"):
        guest.consume_then_panic(other)
    with pytest.raises(js.Error, match=NULL):
        other.get()
    with pytest.raises(PanicError, match="in hand"):
        c.panic_consumed()
    assert settle(guest) == 0


# ------------------------------------------------------------------------------------------- freed


def test_free(guest: Any) -> None:
    c = guest.Counter(1)
    assert guest.live_objects() == 1
    c.free()
    assert guest.live_objects() == 0
    c.free()
    assert guest.live_objects() == 0
    with pytest.raises(js.Error, match=NULL):
        c.get()
    del c
    assert settle(guest) == 0


def test_with(guest: Any) -> None:
    with guest.Counter(1) as c:
        assert c.increment() == 2
        assert guest.live_objects() == 1
    assert guest.live_objects() == 0
    with guest.Counter(1) as c, pytest.raises(js.Error, match=NULL):
        guest.consume(c)
        c.get()
    with pytest.raises(ZeroDivisionError), guest.Counter(1):
        raise ZeroDivisionError
    assert guest.live_objects() == 0


def test_objects_are_freed_when_collected(guest: Any) -> None:
    for _ in range(100):
        guest.Counter(1)
    guest.Counter.several(50)
    assert settle(guest) == 0


def test_finalizers_from_another_thread(guest: Any) -> None:
    """They enter nothing: what they leave behind is freed by the next call, in the thread that makes it."""
    made = [guest.Counter(n) for n in range(100)]

    def drop_all() -> None:
        while made:
            made.pop()
        gc.collect()

    thread = threading.Thread(target=drop_all)
    thread.start()
    thread.join()
    assert guest.live_objects() == 0


def test_objects_used_and_dropped_by_many_threads(guest: Any) -> None:
    sums: list[int] = []

    def work() -> None:
        total = 0
        for n in range(50):
            c = guest.Counter(n)
            total += c.increment()
        sums.append(total)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sums == [sum(range(1, 51))] * 4
    assert settle(guest) == 0


def test_a_finalizer_that_runs_inside_a_call(guest: Any) -> None:
    """A list is being built for the guest when the collector frees other objects of it."""

    def items() -> Any:
        for n in range(3):
            guest.Counter(100)
            gc.collect()
            yield guest.Counter(n)

    assert guest.total(items()) == 3
    assert settle(guest) == 0


def test_initialised_twice(guest: Any) -> None:
    """The second value takes the place of the first, which is freed; a failed second attempt changes nothing."""
    c = guest.Counter(1)
    c.__init__(5)
    assert c.get() == 5
    assert guest.live_objects() == 1
    with pytest.raises(TypeError):
        c.__init__("5")
    assert c.increment() == 6
    assert guest.live_objects() == 1


def test_stale_objects(guest: Any) -> None:
    c = guest.Counter(1)
    guest.instance.schedule_reinit()
    assert guest.live_objects() == 0
    fresh = guest.Counter(3)
    uses: list[Callable[[], object]] = [
        c.get,
        c.increment,
        c.stepped,
        lambda: c.step,
        lambda: setattr(c, "step", 2),
        lambda: guest.peek(c),
        lambda: guest.bump(c, 1),
        lambda: guest.consume(c),
        lambda: guest.total([fresh, c]),
        lambda: fresh.absorb_maybe(c),
        lambda: guest.peek_two(fresh, c),
    ]
    for use in uses:
        with pytest.raises(StaleObjectError, match="Invalid stale object from previous Wasm instance") as caught:
            use()
        assert isinstance(caught.value, ReferenceError)
    assert (fresh.get(), guest.live_objects()) == (3, 1)


def test_giving_up_stale_objects_frees_nothing(guest: Any) -> None:
    old = guest.Counter.several(3)
    guest.instance.schedule_reinit()
    fresh = guest.Counter.several(3)
    old.pop().free()
    with old.pop():
        pass
    old.clear()
    assert settle(guest) == 3
    assert [c.get() for c in fresh] == [0, 1, 2]


# ------------------------------------------------------------------------------------------- names


def test_renamed_classes_and_members(guest: Any) -> None:
    r = guest.Renamed("Ferris the crab")
    assert (r.fullName(), r.shortName) == ("Ferris the crab", "F")
    r.shortName = "Corro"
    assert r.fullName() == "Corro"
    assert guest.Renamed.fromNumber(7).fullName() == "7"
    assert not hasattr(guest, "InRustIAmCalledOtherwise")


def test_keywords(guest: Any) -> None:
    k = guest.Keywords(3)
    assert k.lambda_(1, 2, 3) == 9
    assert k.lambda_(def_=1, class_=2, is_=3) == 9
    assert guest.Keywords.from_(4).global_ == 4
    assert guest.Keywords.from_(lambda_=4).global_ == 4
    assert k.None_() == 0
    assert k.arguments(1, 2, 3) == 3 + 100 + 20 + 3
    assert k.arguments(self_=1, result=2, instance=3) == 126
    assert k.toString() == "Keywords(3)"
    assert k._init__() == 1
    assert k.close() == 2
    assert guest.from_(1) == 3
    assert guest.lambda_(1, nonlocal_=2) == 3
    assert guest.print("a", 1) == "a 1"
    assert guest.print(str="a", int=1) == "a 1"
    assert guest.camelCaseName(5) == 5
    k.pass_ = 8
    assert k.global_ == 8


def test_reserved_names(guest: Any) -> None:
    """Names of the package get a trailing ``_``; names of ``Instance`` do so there only."""
    assert guest.instance_() == 13
    assert guest.Instance_(5).number == 5
    assert (guest.state(), guest.close(), guest.terminate("four")) == (11, 12, 4)
    i = guest.instance
    assert (i.state_(), i.close_(), i.terminate_("four"), i.instance_()) == (11, 12, 4, 13)
    assert i.state == "live"
    assert i.Instance_(6).number == 6
    assert isinstance(guest.Instance(), type(i))


def test_namespaces(guest: Any) -> None:
    assert guest.Square(3).area() == 9
    assert guest.shapes_unit().area() == 1


def test_pep8(load: Load, mode: str) -> None:
    module = load("classes", mode, pep8=True)
    assert module.camel_case_name(5) == 5
    assert module.Renamed.from_number(7).full_name() == "7"
    assert module.Renamed("Ferris").short_name == "F"
    assert module.Fields().read_only == 7
    assert not hasattr(module, "camelCaseName")


def test_everything_public_is_in_all(guest: Any) -> None:
    assert {"Counter", "Point", "Renamed", "Instance", "Instance_", "instance", "instance_", "consume", "from_"} <= set(guest.__all__)
    for name in guest.__all__:
        assert hasattr(guest, name)
    assert not [name for name in guest.__all__ if name.startswith("_bp")]


# ------------------------------------------------------------------------------------------- documentation


def test_docs(guest: Any) -> None:
    assert inspect.getdoc(guest.Counter) == "Counts things.\n\nThe first class to try: it has one of everything."
    assert guest.Counter.__init__.__doc__ == "Starts counting at `start`."
    assert guest.Counter.increment.__doc__ == "Adds `step` and returns the new value."
    assert guest.Counter.sum.__doc__ == "The sum of two numbers: a static without any object."
    assert guest.Counter.step.__doc__ == "How much `increment` adds."
    assert guest.consume.__doc__ == "Uses a counter up."
    assert str(inspect.signature(guest.consume)) == "(counter: 'Counter') -> '_builtins.int'"  # this guest has a parameter called int
    assert list(inspect.signature(guest.Counter).parameters) == ["start"]
    text = pydoc.plain(pydoc.render_doc(guest))
    assert "Adds `step` and returns the new value." in text
    assert "What is counted." in text
    assert "Uses a counter up." in text
    assert "describe(self, prefix: 'str | None' = None) -> 'str'" in text
    assert "_bp_guest" not in text


# ------------------------------------------------------------------------------------------- isolated instances


def test_classes_of_an_isolated_instance(guest: Any) -> None:
    i = guest.Instance()
    c = i.Counter(1)
    assert isinstance(c, guest.Counter)
    assert issubclass(i.Counter, guest.Counter)
    assert (i.Counter.__name__, i.Counter.__doc__, i.Counter.__module__) == ("Counter", guest.Counter.__doc__, guest.__name__)
    assert (c.increment(), i.peek(c), i.live_objects()) == (2, 2, 1)
    assert guest.instance.state == "new", "the default instance has not been touched"
    assert guest.live_objects() == 0
    for made in (i.Counter.zero(), i.Counter.natural(1), i.Counter.several(1)[0], c.duplicate(), i.echo_counter(c)):
        assert type(made) is i.Counter
        assert i.peek(made) >= 0
    assert i.Segment(i.Point.at(0, 0), i.Point.at(3, 4)).length == 5


def test_objects_of_another_instance_are_refused(guest: Any) -> None:
    i, j = guest.Instance(), guest.Instance()
    ours, theirs = i.Counter(1), j.Counter(2)
    default = guest.Counter(3)
    uses: list[Callable[[], object]] = [
        lambda: i.peek(theirs),
        lambda: i.consume(theirs),
        lambda: i.consume_maybe(theirs),
        lambda: i.total([ours, theirs]),
        lambda: ours.absorb(theirs),
        lambda: ours.same_as(theirs),
        lambda: i.peek(default),
        lambda: guest.peek(ours),
        lambda: i.Segment(guest.Point.at(), i.Point.at()),
    ]
    for use in uses:
        with pytest.raises(TypeError, match="belongs to another Instance"):
            use()
    assert (ours.get(), theirs.get(), default.get()) == (1, 2, 3)
    assert (i.live_objects(), j.live_objects(), guest.live_objects()) == (1, 1, 1)


def test_objects_keep_their_instance_alive(guest: Any) -> None:
    c = guest.Instance().Counter(1)
    gc.collect()
    assert c.increment() == 2
    assert type(c)(5).get() == 5


def test_a_closed_instance_takes_its_objects_along(guest: Any) -> None:
    i = guest.Instance()
    c = i.Counter(1)
    i.close()
    for use in (c.get, lambda: c.step, lambda: i.Counter(1), i.Counter.zero):
        with pytest.raises(ModuleTerminated, match="closed"):
            use()
    c.free()


# ------------------------------------------------------------------------------------------- subclasses


def test_subclasses(guest: Any) -> None:
    class Named(guest.Counter):
        """A counter with a name in Python."""

        def __init__(self, name: str, start: int = 0) -> None:
            super().__init__(start)
            self.name = name

        def increment(self) -> int:
            return int(super().increment()) * 100

        @property
        def twice(self) -> int:
            return int(self.value) * 2

    n = Named("clicks", 4)
    assert (n.name, n.increment(), n.twice, n.get()) == ("clicks", 500, 10, 5)
    assert (guest.peek(n), isinstance(n, guest.Counter)) == (5, True)
    n.step = 7
    assert n.increment() == 1200
    assert type(n.duplicate()) is guest.Counter
    assert type(Named.zero()) is guest.Counter, "Rust makes its own objects"
    assert guest.consume(n) == 12
    del n
    assert settle(guest) == 0


def test_a_subclass_that_forgets_its_base(guest: Any) -> None:
    class Forgetful(guest.Counter):
        def __init__(self) -> None:
            pass

    f = Forgetful()
    for use in (f.get, lambda: f.step, lambda: guest.peek(f), lambda: guest.consume(f)):
        with pytest.raises(js.Error, match=NULL):
            use()
    f.free()
    assert guest.instance.state == "live"


def test_a_subclass_with_a_finalizer_of_its_own(guest: Any) -> None:
    seen: list[str] = []

    class Loud(guest.Counter):
        def __del__(self) -> None:
            seen.append("gone")
            super().__del__()

    loud = Loud(1)
    loud.__init__(2)
    assert seen == [], "initialising again is no finalization"
    del loud
    assert settle(guest) == 0
    assert seen == ["gone"]


def test_a_subclass_of_an_isolated_instances_class(guest: Any) -> None:
    i = guest.Instance()

    class Mine(i.Counter):
        pass

    assert (Mine(3).increment(), i.peek(Mine(8))) == (4, 8)
    assert guest.instance.state == "new"
