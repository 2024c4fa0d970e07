"""What a guest asks of its host: every kind of import and every type, both ways; and what it may not see."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from bindgen_patch import GuestAborted, GuestException, MissingImport, ModuleTerminated, js
from bindgen_patch.runtime import capi

from ..conftest import EVERY_MODE

Load = Callable[..., Any]


class Animal:
    """A class of the host, as a guest wants it."""

    made: ClassVar[list[str]] = []
    kingdom = "Animalia"

    def __init__(self, name: str) -> None:
        if name == "unicorn":
            raise LookupError("there are no unicorns")
        self.name = name
        self.legCount = 4
        self.items: dict[str, int] = {}
        self._secret = 42
        self.made.append(name)

    def speak(self) -> str:
        return f"I am {self.name}"

    def speakLoudly(self, times: int) -> str:  # noqa: N802 (the guest's name for it)
        return self.speak().upper() + "!" * times

    def eat(self, *food: str) -> int:
        return len(food)

    @property
    def broken(self) -> int:
        raise ValueError("broken")

    @classmethod
    def count(cls) -> int:
        return len(cls.made)

    @classmethod
    def namedAfter(cls, other: Animal) -> Animal:  # noqa: N802
        return cls(other.name + " II")


class Dog(Animal):
    def speak(self) -> str:
        return "Woof"

    def fetch(self, what: str) -> str:
        return f"{self.name} fetches {what}"


@pytest.fixture(params=EVERY_MODE)
def mode(request: pytest.FixtureRequest) -> str:
    """How the guest is built."""
    return str(request.param)


@pytest.fixture(autouse=True)
def fresh_animals() -> None:
    Animal.made.clear()
    Animal.kingdom = "Animalia"


@pytest.fixture
def guest(load: Load, mode: str) -> Any:
    """The guest of imports in both builds, with nothing provided."""
    return load("imports", mode)


def provided(guest: Any, **imports: Any) -> Any:
    guest.instance.provide(imports)
    return guest


# ------------------------------------------------------------------------------------------- functions of the globals


def test_a_function(guest: Any) -> None:
    seen: list[tuple[int, int]] = []

    def host_add(left: int, right: int) -> int:
        seen.append((left, right))
        return left + right

    provided(guest, host_add=host_add)
    assert guest.add(2, 3) == 5
    assert guest.add(2**31, 2**31 - 1) == 2**32 - 1
    assert seen == [(2, 3), (2**31, 2**31 - 1)]


def test_any_callable_will_do(guest: Any) -> None:
    class Adder:
        def __call__(self, left: int, right: int) -> int:
            return left + right

        def method(self, left: int, right: int) -> int:
            return left + right

    for function in (Adder(), Adder().method, lambda *numbers: sum(numbers), int.__add__):
        assert provided(guest, host_add=function).add(2, 3) == 5


def test_imports_are_looked_up_when_they_are_called(guest: Any) -> None:
    provided(guest, host_add=lambda left, right: 1)
    assert guest.add(2, 3) == 1
    provided(guest, host_add=lambda left, right: 2)
    assert guest.add(2, 3) == 2


def test_nothing_in_and_out(guest: Any) -> None:
    calls: list[tuple[object, ...]] = []
    provided(guest, host_nothing=lambda *args: calls.append(args))
    assert guest.call_nothing() is None
    provided(guest, host_nothing=lambda: "a result nobody asked for")
    assert guest.call_nothing() is None
    assert calls == [()]


def test_names_that_are_keywords(guest: Any) -> None:
    guest.instance.provide({"lambda": lambda value: value * 2})
    assert guest.keyword(4) == 8


def test_variadic_both_ways(guest: Any) -> None:
    provided(guest, host_variadic=lambda first, *rest: len(first) + sum(rest), host_variadic_values=lambda *values: list(values))
    assert guest.variadic("ab", [1, 2, 3.5]) == 8.5
    assert guest.variadic("ab", []) == 2
    thing = object()
    assert guest.variadic_values([1, "a", None, thing]) == [1, "a", None, thing]
    assert guest.variadic_values([]) == []
    assert (guest.export_variadic(1, 2, 3), guest.export_variadic(1)) == (6, 1)
    assert (guest.export_variadic_values(), guest.export_variadic_values(1, None, thing)) == (0, 3)
    with pytest.raises(TypeError):
        guest.export_variadic(1, "2")


def test_many_arguments(guest: Any) -> None:
    seen: list[Any] = []

    def host_many(*args: Any) -> str:
        seen.extend(args)
        return "done"

    thing = object()
    provided(guest, host_many=host_many)
    assert guest.call_many(thing) == "done"
    assert seen == [200, -(2**63), 1.5, "lent", "given", b"\1\2\3", thing, None, 2**32 - 1]


# ------------------------------------------------------------------------------------------- every type, in and out

TYPES: dict[str, tuple[list[Any], list[Any]]] = {
    # name: (values that come back as they are, results of the host function that are refused)
    "u8": ([0, 255], [256, -1, "1", None, 1.0, True]),
    "i8": ([-128, 127], [128, "1"]),
    "u16": ([0, 2**16 - 1], [2**16]),
    "i16": ([-(2**15), 2**15 - 1], [2**15]),
    "u32": ([0, 2**32 - 1], [2**32, -1, None]),
    "i32": ([-(2**31), 2**31 - 1], [2**31]),
    "u64": ([0, 2**64 - 1], [2**64, -1, 1.5]),
    "i64": ([-(2**63), 2**63 - 1], [2**63]),
    "u128": ([0, 2**128 - 1, 2**64, 2**64 - 1], [2**128, -1]),
    "i128": ([-(2**127), 2**127 - 1, -1, 2**64], [2**127]),
    "usize": ([0, 2**32 - 1], [2**32]),
    "isize": ([-(2**31)], [2**31]),
    "f32": ([0.5, -0.0, float("inf")], ["1", None, True]),
    "f64": ([0.1, 1e300, float("-inf")], ["1", None]),
    "bool": ([True, False], [1, 0, None, "true"]),
    "char": (["a", "\0", "\U0010ffff"], ["", "ab", 1, "\ud800"]),
    "pointer": ([0, 2**32 - 1], [2**32, "1"]),
    "string": (["", "grüße 🦀", "\ufeffbom", "a\0b"], [1, None, b"a"]),
    "value": ([1, "a", None, [1], js.null, print, 2.5, True], []),
    "bytes": ([b"", b"abc"], ["abc", None, [256], 5]),
    "longs": ([[], [2**63 - 1, -1]], [[2**63], ["1"], None]),
    "doubles": ([[], [0.5, 2.0]], [["1"], None, "1"]),
    "texts": ([[], ["a", "ü"]], [[1], None, "ab"]),
    "values": ([[], [1, None, "a", [2]]], [None, "ab", 5]),
    "flags": ([[], [True, False]], [[1], None]),
    "letters": ([[], ["a", "🦀"]], [["ab"], [1], None]),
    "boxed": ([[], [1, 2**16 - 1]], [[2**16], None]),
    "clamped": ([b"", b"\0\xff"], [[256], None]),
    "maybe_u8": ([None, 0, 255], [256, "1"]),
    "maybe_i32": ([None, 0, -1, -(2**31)], [2**31]),
    "maybe_u32": ([None, 0, 2**32 - 1], [2**32]),
    "maybe_i64": ([None, 0, -1, -(2**63)], [2**63]),
    "maybe_u64": ([None, 0, 2**64 - 1], [2**64]),
    "maybe_i128": ([None, 0, -1, 2**127 - 1], [2**127]),
    "maybe_f32": ([None, 0.0, 0.5, float("inf")], ["1"]),
    "maybe_f64": ([None, 0.0, 0.1, float("inf")], ["1"]),
    "maybe_bool": ([None, True, False], [1]),
    "maybe_char": ([None, "a", "\0"], ["ab"]),
    "maybe_string": ([None, "", "a"], [1]),
    "maybe_bytes": ([None, b"", b"a"], ["a"]),
    "maybe_value": ([None, 1, "a", [1]], []),
}


@pytest.mark.parametrize("name", TYPES)
def test_every_type_goes_out_and_comes_back(guest: Any, name: str) -> None:
    good, bad = TYPES[name]
    sent: list[Any] = []
    provided(guest, **{f"host_{name}": lambda value: sent.append(value) or value})
    via = getattr(guest, f"via_{name}")
    for value in good:
        returned = via(value)
        assert returned == value
        assert type(returned) is type(sent[-1])
        assert sent[-1] == value
    answer = good[0]
    for wrong in bad:
        provided(guest, **{f"host_{name}": lambda _value, wrong=wrong: wrong})
        with pytest.raises((TypeError, ValueError, OverflowError), match=rf"^host_{name}\(\) returned: "):
            via(answer)
        assert guest.instance.state == "live"
    if name not in ("value", "maybe_value"):
        provided(guest, **{f"host_{name}": lambda _value: object()})
        with pytest.raises(TypeError, match=rf"^host_{name}\(\) returned: .*object"):
            via(answer)
    assert guest.instance.state == "live"


@pytest.mark.parametrize("name", [name for name in TYPES if name.startswith("maybe_")])
def test_null_is_no_option(guest: Any, name: str) -> None:
    """As undefined is: what the web's interfaces return for nothing is null."""
    provided(guest, **{f"host_{name}": lambda _value: js.null})
    assert getattr(guest, f"via_{name}")(TYPES[name][0][1]) is None


def test_nan(guest: Any) -> None:
    provided(guest, host_f64=lambda value: value, host_maybe_f32=lambda value: value)
    nan, maybe = guest.via_f64(float("nan")), guest.via_maybe_f32(float("nan"))
    assert (nan != nan, maybe != maybe) == (True, True)


def test_enums(guest: Any) -> None:
    seen: list[Any] = []

    def echo(value: Any) -> Any:
        seen.append(value)
        return value

    provided(guest, host_color=echo, host_colors=echo, host_maybe_color=echo, host_mood=echo, host_moods=echo, host_maybe_mood=echo)
    assert guest.via_color(guest.Color.Blue) is guest.Color.Blue is seen[-1]
    assert guest.via_colors([guest.Color.Red, guest.Color.Blue]) == [guest.Color.Red, guest.Color.Blue] == seen[-1]
    assert guest.via_maybe_color(None) is None
    assert guest.via_maybe_color(guest.Color.Green) is guest.Color.Green
    assert guest.via_mood(guest.Mood.sad) is guest.Mood.sad is seen[-1]
    assert guest.via_mood("happy") is guest.Mood.happy
    assert guest.via_moods(["sad", guest.Mood.happy]) == [guest.Mood.sad, guest.Mood.happy] == seen[-1]
    assert guest.via_maybe_mood(None) is None
    assert guest.via_maybe_mood("sad") is guest.Mood.sad
    provided(guest, host_color=lambda _: 2, host_mood=lambda _: "happy")
    assert guest.via_color(guest.Color.Red) is guest.Color.Green, "the number of a variant stands for it"
    assert guest.via_mood("sad") is guest.Mood.happy
    for wrong, error in ((3, ValueError), ("Red", TypeError), (None, TypeError)):
        provided(guest, host_color=lambda _, wrong=wrong: wrong)
        with pytest.raises(error, match=r"3 is not a valid Color|host_color"):
            guest.via_color(guest.Color.Red)
    provided(guest, host_mood=lambda _: "angry")
    with pytest.raises(ValueError, match="'angry' is not a valid Mood"):
        guest.via_mood("sad")
    assert guest.instance.state == "live"


def test_objects_of_exported_classes(guest: Any) -> None:
    kept: list[Any] = []

    def echo(value: Any) -> Any:
        kept.append(value)
        return value

    provided(guest, host_token=echo, host_tokens=echo, host_maybe_token=echo, host_value=echo)
    token = guest.via_token(guest.Token(5))
    assert (type(token), token.number, type(kept[-1])) == (guest.Token, 5, guest.Token)
    with pytest.raises(js.Error, match="null pointer passed to rust"):
        _ = kept[-1].number
    assert guest.give_token(6) == 6
    assert [t.number for t in guest.via_tokens([guest.Token(1), guest.Token(2)])] == [1, 2]
    assert guest.via_maybe_token(None) is None
    assert guest.via_maybe_token(guest.Token(7)).number == 7
    through = guest.token_through_value(8)
    assert (through is kept[-1], through.number) == (True, 8)
    for wrong in (None, 5, guest.Token, object()):
        provided(guest, host_token=lambda _, wrong=wrong: wrong)
        with pytest.raises(TypeError, match=r"host_token\(\) returned: expected instance of Token"):
            guest.give_token(1)
    used = guest.Token(1)
    guest.instance.provide({"host_token": lambda token: used})
    assert guest.give_token(5) == 1
    with pytest.raises(js.Error, match="null pointer passed to rust"):
        guest.give_token(5)
    other = guest.Instance().Token(1)
    provided(guest, host_token=lambda _: other)
    with pytest.raises(TypeError, match="another Instance"):
        guest.give_token(1)
    kept.clear()
    del token, through
    assert guest.live_tokens() == 0
    assert guest.instance.state == "live"


def test_borrowed_arguments(guest: Any) -> None:
    seen: list[Any] = []

    def look(value: Any) -> int:
        seen.append(value)
        return len(value) if value is not None else 0

    provided(guest, host_str=look, host_sum_bytes=look, host_clamped_view=look)
    provided(guest, host_sum=lambda values: sum(values), host_maybe_str=lambda text: text is None)
    provided(
        guest,
        host_look=lambda value: seen.append(value) is None,
        host_join=lambda texts: "+".join(texts),
        host_all=lambda flags: all(flags),
    )
    assert (guest.lend_str("grüße"), guest.lend_str("")) == (5, 0)
    assert seen == ["grüße", ""]
    assert (guest.lend_maybe_str(None), guest.lend_maybe_str("")) == (True, False)
    assert (guest.lend_slice([0.5, 1]), guest.lend_slice([])) == (1.5, 0)
    assert guest.lend_bytes(b"abc") == 3
    assert guest.lend_clamped(b"\xff") == 1
    assert seen[-2:] == [b"abc", b"\xff"]
    thing = object()
    assert guest.lend_value(thing) is True
    assert seen[-1] is thing
    assert guest.lend_texts("a", "ü") == "a+ü+"
    assert (guest.lend_flags(True, True), guest.lend_flags(True, False)) == (True, False)


def test_slices_that_the_host_fills(guest: Any) -> None:
    kept: list[Any] = []

    def fill(values: Any, value: Any) -> None:
        kept.append(values)
        for k in range(len(values)):
            values[k] = value + k

    provided(guest, host_fill=fill, host_fill_bytes=fill)
    assert guest.lend_mut(3, 0.5) == [0.5, 1.5, 2.5]
    assert guest.lend_mut_bytes(3, 7) == b"\7\x08\x09"
    assert guest.lend_mut(0, 1) == []


def test_a_slice_that_the_host_keeps_is_not_the_guests_memory(guest: Any) -> None:
    """A host that keeps what it was lent, or a view of it, neither fails nor reads memory that is long gone."""
    kept: list[Any] = []

    def fill(values: Any, value: float) -> None:
        values[0] = value
        kept.append(values)
        kept.append(memoryview(values)[1:])

    provided(guest, host_fill=fill)
    assert guest.lend_mut(2, 0.5) == [0.5, 0.0]
    guest.instance.close()
    kept[0][1] = 9.0
    assert (list(kept[0]), list(kept[1])) == ([0.5, 9.0], [9.0])


def test_what_a_failing_host_function_wrote_is_kept(guest: Any) -> None:
    def fill(values: Any, value: float) -> None:
        values[0] = value
        raise LookupError("half way")

    with pytest.raises(LookupError, match="half way"):
        provided(guest, host_fill=fill).lend_mut(2, 0.5)
    assert guest.instance.state == "live"


# ------------------------------------------------------------------------------------------- modules and namespaces


class Store:
    """A class that a module exports."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def put(self, key: str, value: Any) -> None:
        self.values[key] = value

    def take(self, key: str) -> Any:
        return self.values.pop(key, None)


CONTENT: dict[str, Any] = {"moduleAdd": lambda left, right: left + right, "default": lambda: "by default", "VERSION": "1.2", "Store": Store}


def as_module() -> types.ModuleType:
    module = types.ModuleType("host")
    vars(module).update(CONTENT, __all__=[*CONTENT])
    return module


def as_object() -> object:
    class Host:
        VERSION = "1.2"
        Store = js.expose(Store)

        def moduleAdd(self, left: float, right: float) -> float:  # noqa: N802
            return left + right

        def default(self) -> str:
            return "by default"

    return Host()


@pytest.mark.parametrize(
    "make", [lambda: CONTENT, lambda: types.SimpleNamespace(**CONTENT), as_module, as_object, lambda: types.MappingProxyType(CONTENT)]
)
def test_modules(guest: Any, make: Callable[[], object]) -> None:
    guest.instance.provide(modules={"./host.js": make()})
    assert guest.add_in_module(1, 2.5) == 3.5
    assert guest.default_of_module() == "by default"
    assert guest.version_of_module() == "1.2"
    thing = object()
    assert guest.through_store(thing) is thing
    assert guest.through_store(None) is None


def test_modules_and_imports_given_to_the_constructor(load: Load, mode: str) -> None:
    i = load("imports", mode).Instance(imports={"host_add": lambda a, b: a * b}, modules={"./host.js": CONTENT})
    assert (i.add(3, 4), i.add_in_module(3, 4)) == (12, 7)


@dataclass
class Sink:
    name: str


def test_namespaces(guest: Any) -> None:
    lines: list[str] = []
    inner = {"level": {"info": 1, "error": 2}.__getitem__, "PREFIX": "> ", "Sink": Sink}
    provided(guest, logger={"info": lines.append, "inner": inner})
    guest.log_info("a line")
    assert lines == ["a line"]
    assert guest.log_level("error") == 2
    assert guest.log_prefix() == "> "
    assert guest.sink_name("drain") == "drain"
    spaces = types.SimpleNamespace(info=lines.append, inner=types.SimpleNamespace(**inner))
    assert provided(guest, logger=spaces).log_level("info") == 1
    assert guest.sink_name("drain") == "drain"


# ------------------------------------------------------------------------------------------- statics


def test_statics(guest: Any) -> None:
    value = {"a": 1}
    provided(guest, HOST_VALUE=value, HOST_NUMBER=2.5, hostOptional="here")
    assert guest.static_value() is value
    assert guest.static_value() is value
    assert guest.static_number() == 2.5
    assert guest.static_optional() == "here"
    provided(guest, HOST_NUMBER=9)
    assert guest.static_number() == 2.5, "fetched once"
    guest.instance.schedule_reinit()
    assert guest.static_number() == 9
    assert guest.static_text() == "a constant, with é"


def test_missing_statics(guest: Any) -> None:
    assert guest.static_optional() is None
    with pytest.raises(MissingImport, match="HOST_VALUE") as caught:
        guest.static_value()
    assert (caught.value.name, caught.value.signature) == ("HOST_VALUE", "static HOST_VALUE: JsValue")
    assert guest.instance.state == "live"
    provided(guest, HOST_NUMBER="2")
    with pytest.raises(TypeError, match="the static `HOST_NUMBER`: expected float, not str"):
        guest.static_number()
    assert guest.instance.state == "live"


# ------------------------------------------------------------------------------------------- classes of the host


def test_constructors_and_methods(guest: Any) -> None:
    provided(guest, Animal=Animal)
    assert guest.animal_speaks("Rex") == "I am Rex"
    rex = guest.make_animal("Rex")
    assert (type(rex), rex.name) == (Animal, "Rex")
    assert guest.speak_all(rex) == ["I am Rex", "I AM REX!!", "I am Rex", "I am Rex"]
    assert guest.feed(rex, ["a", "b"]) == 2
    assert guest.feed(rex, []) == 0
    assert guest.echo_animal(rex) is rex
    assert (guest.maybe_animal(rex), guest.maybe_animal(None)) == (rex, None)
    one, two = Animal("one"), Animal("two")
    assert guest.reverse_animals([one, two]) == [two, one]
    assert guest.try_make_animal("Rex").name == "Rex"
    assert guest.try_make_animal("unicorn") is None
    with pytest.raises(LookupError, match="there are no unicorns"):
        guest.make_animal("unicorn")


def test_final_methods_are_those_of_the_class(guest: Any) -> None:
    """A structural method is the object's own, a final one its class's."""
    provided(guest, Animal=Animal)
    dog = Dog("Rex")
    assert guest.speak_all(dog) == ["Woof", "WOOF!!", "I am Rex", "Woof"]
    plain = types.SimpleNamespace(name="Rex", speak=lambda: "structural", speakLoudly=lambda times: "loud", legCount=1)
    with pytest.raises(TypeError, match=r"Animal\.prototype\.speak was called on SimpleNamespace"):
        guest.speak_all(plain)


def test_getters_and_setters(guest: Any) -> None:
    provided(guest, Animal=Animal)
    rex = Animal("Rex")
    assert guest.rename(rex, "Max") == "Rex"
    assert rex.name == "Max"
    assert guest.rename_final(rex, "Bob") == "Max"
    assert rex.name == "Bob"
    assert (guest.add_leg(rex), rex.legCount) == (5, 5)
    assert guest.missing_property(rex) is None
    assert guest.broken_property(rex) is True
    rex.legCount = "four"  # type: ignore[assignment]
    with pytest.raises(TypeError, match=r"legCount.* expected int, not str"):
        guest.add_leg(rex)
    assert guest.instance.state == "live"


def test_indexers(guest: Any) -> None:
    provided(guest, Animal=Animal)
    things = {"old": 1}
    assert guest.index_animal(things, "new", 5) == "None Some(5) None"
    assert guest.index_animal(things, "old", 5) == "Some(1) Some(5) None"
    assert things == {}
    space = types.SimpleNamespace()
    assert guest.index_animal(space, "key", 5) == "None Some(5) None"


def test_statics_of_classes(guest: Any) -> None:
    provided(guest, Animal=Animal)
    assert guest.animal_statics(Animal("Rex")) == "1 Rex II Animalia Fungi"
    assert Animal.kingdom == "Fungi"


def test_a_static_setter_replaces_constants_only(guest: Any) -> None:
    class Odd(Animal):
        @classmethod
        def kingdom(cls) -> str:  # type: ignore[override]
            return "a method"

    class Without:
        made: ClassVar[list[str]] = []
        count, namedAfter = Animal.count, Animal.namedAfter  # noqa: N815

    for cls in (Odd, Without):
        with pytest.raises(TypeError):
            provided(guest, Animal=cls).animal_statics(Animal("Rex"))
    assert not hasattr(Without, "kingdom")
    assert callable(Odd.kingdom)


def test_inheritance_and_instanceof(guest: Any) -> None:
    provided(guest, Animal=Animal, Dog=Dog)
    assert guest.dog("Rex") == "Rex fetches stick Woof Rex"
    assert [guest.classify(value) for value in (Dog("a"), Animal("b"), object(), "text", None, Dog)] == ["dog", "animal", *["neither"] * 4]
    rex = Animal("Rex")
    assert guest.into_animal(rex) is rex
    with pytest.raises(GuestException) as caught:
        guest.into_animal("no animal")
    assert caught.value.value == "no animal"


def test_instanceof_a_class_that_is_missing_or_no_class(guest: Any) -> None:
    assert guest.classify(Dog("a")) == "neither"
    provided(guest, Animal="no class", Dog=lambda name: name)
    assert guest.classify(Dog("a")) == "neither"


def test_a_class_by_another_name(guest: Any) -> None:
    class Box:
        def __init__(self, value: Any) -> None:
            self._value = value

        def value(self) -> Any:
            return self._value

    thing = object()
    assert provided(guest, RenamedClass=Box).through_renamed(thing) is thing


# ------------------------------------------------------------------------------------------- what is missing


MISSING: dict[str, tuple[Callable[[Any], object], str, str]] = {
    "function": (lambda g: g.add(1, 2), "host_add", "fn host_add(left: u32, right: u32) -> u32"),
    "keyword": (lambda g: g.keyword(1), "lambda", "fn lambda(value: u32) -> u32"),
    "module": (lambda g: g.add_in_module(1, 2), "./host.js: moduleAdd", "fn moduleAdd(left: f64, right: f64) -> f64"),
    "namespace": (lambda g: g.log_info("a"), "logger.info", "fn info(line: &str)"),
    "nested namespace": (lambda g: g.log_level("a"), "logger.inner.level", "fn level(name: &str) -> u32"),
    "constructor": (lambda g: g.make_animal("a"), "Animal", "fn new(name: &str) -> JsValue"),
    "static method": (lambda g: g.animal_statics(Animal("a")), "Animal", "fn count() -> u32"),
    "closure result": (lambda g: g.via_maybe_i128(None), "host_maybe_i128", "fn host_maybe_i128(value: Option<i128>) -> Option<i128>"),
    "slices": (lambda g: g.lend_mut(1, 1), "host_fill", "fn host_fill(values: &mut [f64], value: f64)"),
}


@pytest.mark.parametrize("case", MISSING)
def test_missing(guest: Any, case: str) -> None:
    call, name, signature = MISSING[case]
    with pytest.raises(MissingImport) as caught:
        call(guest)
    assert (caught.value.name, caught.value.signature) == (name, signature)
    assert name in str(caught.value)
    assert signature in str(caught.value)
    assert guest.instance.state == "live"


def test_missing_members(guest: Any) -> None:
    guest.instance.provide({"logger": {"inner": 5}}, {"./host.js": {}})
    for call in (lambda: guest.log_info("a"), lambda: guest.log_level("a"), lambda: guest.add_in_module(1, 2)):
        with pytest.raises(MissingImport):
            call()


def test_a_missing_import_that_rust_catches(guest: Any) -> None:
    error = guest._catch("anything")
    assert isinstance(error, MissingImport)
    assert error.name == "host_try"


@pytest.mark.parametrize("wrong", [5, "text", None, {}, js.null])
def test_imports_that_cannot_be_called(guest: Any, wrong: Any) -> None:
    with pytest.raises(TypeError, match="host_add"):
        provided(guest, host_add=wrong).add(1, 2)
    assert guest.instance.state == "live"


def test_wrong_ways_to_provide(guest: Any) -> None:
    with pytest.raises(TypeError, match="names of imports are str"):
        guest.instance.provide({5: print})
    with pytest.raises((TypeError, AttributeError)):
        guest.instance.provide([print])


def test_imports_are_kept_across_fresh_instances(guest: Any) -> None:
    provided(guest, host_add=lambda left, right: left + right)
    assert guest.add(1, 2) == 3
    for expected in (1, 2):
        guest.instance.schedule_reinit()
        assert guest.add(1, 2) == 3
        assert guest.instance.instance_id == expected


def test_instances_have_imports_of_their_own(guest: Any) -> None:
    i = guest.Instance({"host_add": lambda left, right: 100})
    j = guest.Instance({"host_add": lambda left, right: 200})
    assert (i.add(1, 2), j.add(1, 2)) == (100, 200)
    with pytest.raises(MissingImport):
        guest.add(1, 2)


# ------------------------------------------------------------------------------------------- failing


@pytest.mark.parametrize(
    "error", [ValueError("no"), js.Error("no"), KeyError("no"), StopIteration("no"), RecursionError("no"), MemoryError("no")]
)
def test_catch(guest: Any, error: Exception) -> None:
    def host_try(what: str) -> Any:
        if what == "fail":
            raise error
        return what

    provided(guest, host_try=host_try)
    assert guest._catch("fail") is error
    assert guest._catch("fine") == "fine"
    assert (guest.catches("fail"), guest.catches("fine")) == (True, False)
    with pytest.raises(type(error)) as caught:
        guest.rethrow("fail")
    assert caught.value is error
    assert guest.rethrow("fine") == "fine"
    assert guest.instance.state == "live"


def test_catch_with_results_of_every_shape(guest: Any) -> None:
    answers: dict[str, Any] = {"number": 5, "text": "grüße", "nothing": None, "wrong": object()}

    def host_try(what: str) -> Any:
        return answers[what]

    provided(guest, host_try=host_try)
    assert guest.catch_number("number") == 5
    assert guest.catch_text("text") == "grüße"
    assert guest.catch_nothing("nothing") is True
    assert guest.catch_maybe("number") == 5.0
    assert guest.catch_maybe("nothing") is None
    for missing in ("missing", "wrong"):
        assert guest.catch_number(missing) == -1
        assert guest.catch_text(missing) == "failed"
        assert guest.catch_maybe(missing) == -1
    assert guest.catch_nothing("missing") is False


def test_a_thrown_value(guest: Any) -> None:
    """A host that wants Rust to see something else than an error raises it wrapped."""

    def host_try(what: str) -> Any:
        raise GuestException(what)

    provided(guest, host_try=host_try)
    assert guest._catch("just a text") == "just a text"
    with pytest.raises(GuestException) as caught:
        guest.rethrow("again")
    assert caught.value.value == "again"


@pytest.mark.parametrize("error", [ValueError("no"), js.RangeError("no"), KeyboardInterrupt(), SystemExit(3), GeneratorExit()])
def test_plain_imports_that_fail(guest: Any, error: BaseException, mode: str) -> None:
    def host_fail(what: str) -> None:
        raise error

    provided(guest, host_fail=host_fail)
    for call in (lambda: guest.fail("a"), lambda: guest.fail_below(5, "a")):
        with pytest.raises(type(error)) as caught:
            call()
        assert caught.value is error
    assert guest.drops_seen() == (8 if mode != "abort" else 0)
    assert guest.instance.state == "live"


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_interrupts_pass_through_catch(guest: Any, error: type[BaseException]) -> None:
    def host_try(what: str) -> None:
        raise error

    provided(guest, host_try=host_try)
    for call in (guest._catch, guest.catches, guest.rethrow, guest.catch_number, guest.catch_nothing):
        with pytest.raises(error):
            call("a")
    assert guest.instance.state == "live"


def test_the_traceback_leads_to_the_host_function(guest: Any) -> None:
    def host_fail(what: str) -> None:
        raise LookupError(what)

    provided(guest, host_fail=host_fail)
    with pytest.raises(LookupError) as caught:
        guest.fail("here")
    assert "host_fail" in [entry.name for entry in caught.traceback]


def test_nested_calls(guest: Any) -> None:
    def call_host(depth: int) -> int:
        return int(guest.call_host(depth - 1)) if depth else 0

    provided(guest, call_host=call_host)
    assert guest.call_host(5) == 6
    token = guest.Token(10)
    assert token.call_host_shared(1) == 11


def test_borrow_conflicts_through_the_host(guest: Any) -> None:
    token = guest.Token(1)
    conflicts: list[str] = []

    def call_host(depth: int) -> int:
        for use in (lambda: token.call_host(0), lambda: token.call_host_shared(0), token.free):
            try:
                use()
            except js.Error as error:
                conflicts.append(str(error))
        return 1

    provided(guest, call_host=call_host)
    assert token.call_host(1) == 3
    assert len(conflicts) == 3
    assert guest.instance.state == "live"


def test_endless_recursion(guest: Any) -> None:
    provided(guest, call_host=lambda depth: guest.recurse(depth))
    with pytest.raises((RecursionError, GuestAborted)):
        guest.recurse(0)
    if guest.instance.state == "live":
        provided(guest, call_host=lambda depth: 0)
        assert guest.recurse(0) == 1


@pytest.mark.parametrize("between", [False, True])
def test_at_the_end_of_the_interpreters_stack(load: Load, mode: str, monkeypatch: pytest.MonkeyPatch, between: bool) -> None:
    """A call that gets there just so, whose host function cannot begin, or cannot go on, ends with Python's error and nothing else."""
    if between:
        monkeypatch.setattr(capi, "_VOID_IS_NULL", False)
    monkeypatch.setattr(sys, "unraisablehook", lambda told: None)
    guest = provided(load("imports", mode), host_add=lambda left, right: left + right)
    assert guest.add(40, 1) == 41

    def at(depth: int) -> int:
        return at(depth - 1) if depth else guest.add(40, 2)

    outcomes: list[str] = []
    for depth in range(sys.getrecursionlimit() - 150, sys.getrecursionlimit()):
        try:
            outcomes.append(str(at(depth)))
        except (RecursionError, GuestAborted) as error:
            outcomes.append(type(error).__name__)
        if guest.instance.state == "terminated":
            guest.instance.schedule_reinit()
    assert outcomes[0] == "42"
    assert outcomes[-1] == "RecursionError"
    with suppress(ModuleTerminated):  # what was cut off while it was being found out why the call failed
        guest.add(40, 1)
    guest.instance.schedule_reinit()
    assert guest.add(40, 1) == 41


def test_closing_inside_an_import(guest: Any) -> None:
    i = guest.Instance()

    def host_add(left: int, right: int) -> int:
        i.close()
        return 0

    i.provide({"host_add": host_add})
    with pytest.raises((GuestAborted, ModuleTerminated)):
        i.add(1, 2)
    assert i.state == "closed"


# ------------------------------------------------------------------------------------------- the sandbox


class Account:
    """A class of the host that was not made for guests."""

    def __init__(self) -> None:
        self.name = "secret"
        self.legCount = 1

    def speak(self) -> str:
        return "spoken"


def test_an_object_handed_over_is_opaque(guest: Any) -> None:
    provided(guest, Animal=Animal)
    account = Account()
    with pytest.raises(js.TypeError, match=r"speak is not a function.*js\.expose"):
        guest.speak_unchecked(account)
    with pytest.raises(TypeError):
        guest.rename(account, "mine")
    with pytest.raises(TypeError):
        guest.add_leg(account)
    assert guest.missing_property(account) is None
    assert account.name == "secret"
    with pytest.raises(js.TypeError):
        guest.index_animal(account, "name", 1)
    assert (account.name, guest.instance.state) == ("secret", "live")


def test_an_exposed_object_is_visible(guest: Any) -> None:
    provided(guest, Animal=Animal)
    account, other = js.expose(Account()), Account()
    assert guest.speak_unchecked(account) == "spoken"
    assert guest.rename(account, "open") == "secret"
    assert account.name == "open"
    with pytest.raises(js.TypeError, match=r"js\.expose"):
        guest.speak_unchecked(other)


def test_an_exposed_class_shows_all_its_objects(guest: Any) -> None:
    class Shown(Account):
        pass

    js.expose(Shown)
    assert guest.speak_unchecked(Shown()) == "spoken"
    with pytest.raises(js.TypeError):
        guest.speak_unchecked(Account())


def test_objects_that_cannot_be_marked(guest: Any) -> None:
    class Slotted:
        __slots__ = ()

    for thing in (Slotted(), object(), 5, "text"):
        with pytest.raises(TypeError, match="expose the class"):
            js.expose(thing)


def test_the_root_of_all_classes_is_never_exposed(guest: Any) -> None:
    """Else one careless import would open every object there is."""
    for cls in (object, type):
        with pytest.raises(TypeError, match="would make everything visible"):
            js.expose(cls)
        with pytest.raises(TypeError, match="would make everything visible"):
            provided(guest, Animal=cls)
    with pytest.raises(js.TypeError, match=r"js\.expose"):
        guest.speak_unchecked(Account())


@pytest.mark.parametrize(
    "name", ["__class__", "__dict__", "_secret", "__init__", "__globals__", "mro", "__subclasses__", "__reduce__", "__wrapped__"]
)
def test_private_names_do_not_exist(load: Load, guest: Any, mode: str, name: str) -> None:
    looking = load("values", mode)
    provided(guest, Animal=Animal)
    things: list[object] = [
        Animal("Rex"),
        Animal,
        js.expose(Account()),
        types.SimpleNamespace(_secret=1),
        guest.Token(1),
        guest.Token,
        guest.instance,
    ]
    things += [print, provided, guest.Token(1).call_host, types, ValueError("a"), js.Error("a"), "text", 5, [], None.__class__]
    for thing in things:
        assert looking.get_item(thing, name) is None, f"{name} of {thing!r}"
        if name != "mro":
            with pytest.raises(js.TypeError):
                looking.set_item(thing, name, 666)
    assert looking.instance.state == guest.instance.state == "live"


def test_namespaces_do_not_lead_into_modules(guest: Any) -> None:
    """What a module of the host has imported for itself is not the guest's."""
    module = types.ModuleType("logger")
    inner = types.ModuleType("inner")
    vars(module).update(inner=inner)
    vars(inner).update(level=lambda name: 666, __all__=["level"])
    with pytest.raises(MissingImport, match=r"logger\.inner\.level"):
        provided(guest, logger=module).log_level("a")
    provided(guest, logger={"inner": inner})
    assert guest.log_level("a") == 666, "but a module that the host itself puts there is seen"


def test_namespaces_do_not_lead_into_hidden_objects(guest: Any) -> None:
    class Inner:
        def level(self, name: str) -> int:
            return 666

    class Logger:
        def __init__(self) -> None:
            self.inner = Inner()

    with pytest.raises(MissingImport):
        provided(guest, logger=Logger()).log_level("a")
    logger = Logger()
    js.expose(logger.inner)
    assert provided(guest, logger=logger).log_level("a") == 666


def test_a_module_that_says_what_it_exports(guest: Any) -> None:
    module = as_module()
    vars(module).update(__all__=["default"])
    guest.instance.provide(modules={"./host.js": module})
    assert guest.default_of_module() == "by default"
    with pytest.raises(MissingImport):
        guest.add_in_module(1, 2)


def test_classes_that_a_module_imported_stay_hidden(guest: Any) -> None:
    module = types.ModuleType("host")
    vars(module).update(Account=Account)
    guest.instance.provide(modules={"./host.js": module})
    with pytest.raises(js.TypeError, match=r"js\.expose"):
        guest.speak_unchecked(Account())


@pytest.mark.parametrize(
    "kind", ["u8", "i32", "i64", "i128", "f32", "f64", "bool", "char", "string", "bytes", "value", "color", "mood", "token"]
)
def test_null_is_nothing_where_rust_has_an_option(guest: Any, kind: str) -> None:
    """As upstream's glue has it (``isLikeNone``)."""
    name = f"host_maybe_{kind}"
    given: list[Any] = []
    provided(guest, **{name: lambda value: (given.append(value), js.null)[1]})
    assert getattr(guest, f"via_maybe_{kind}")(None) is None
    assert given == [None]
