"""The verbs on plain values, as JavaScript has them. What a guest may not reach is in test_sandbox.py."""

from __future__ import annotations

import asyncio
import enum
import math
import sys
import types
from collections import OrderedDict, defaultdict
from typing import Any, ClassVar

import pytest

from bindgen_patch import GuestException, PanicError, js
from bindgen_patch.js import builtins, model, quota


class Colour(enum.IntEnum):
    RED = 1


class Word(enum.StrEnum):
    HELLO = "hello"


# ------------------------------------------------------------------------------------------- what a value is


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "undefined"),
        (js.null, "object"),
        (True, "boolean"),
        (0, "number"),
        (1.5, "number"),
        (math.nan, "number"),
        (2**53, "number"),
        (2**53 + 1, "bigint"),
        (js.BigInt(0), "bigint"),
        (Colour.RED, "number"),
        ("", "string"),
        (Word.HELLO, "string"),
        (js.Symbol(), "symbol"),
        ([], "object"),
        ((), "object"),
        ({}, "object"),
        (b"", "object"),
        (ValueError(), "object"),
        (object(), "object"),
        (asyncio, "object"),
        (len, "function"),
        (lambda: 0, "function"),
        (int, "function"),
        ([].append, "function"),
        (builtins.GLOBALS["Array"], "function"),
        (builtins.GLOBALS["JSON"], "object"),
    ],
)
def test_typeof(value: object, kind: str) -> None:
    assert model.typeof(value) == kind
    assert model.is_object(value) is (kind == "object" and value is not js.null)
    assert model.is_primitive(value) is (kind not in ("object", "function") or value is js.null)


@pytest.mark.parametrize("value", [None, js.null, False, 0, 0.0, -0.0, math.nan, "", js.BigInt(0)])
def test_falsy(value: object) -> None:
    assert not model.truthy(value)


@pytest.mark.parametrize("value", [True, 1, -1, math.inf, " ", "0", "false", js.BigInt(1), [], {}, (), b"", len, js.Symbol(), ValueError()])
def test_truthy(value: object) -> None:
    assert model.truthy(value)


def test_truthiness_asks_no_host_object() -> None:
    class Undecided:
        def __bool__(self) -> bool:
            raise AssertionError("a guest ran this")

    assert model.truthy(Undecided())
    assert model.strict_equal(1, Undecided()) is False


@pytest.mark.parametrize(
    ("value", "cls", "expected"),
    [
        (js.Error("x"), js.Error, True),
        (js.TypeError("x"), js.Error, True),
        (KeyError("x"), js.Error, True),
        (PanicError("x"), js.Error, True),
        (KeyboardInterrupt(), js.Error, True),
        ("x", js.Error, False),
        (js.TypeError("x"), js.TypeError, True),
        (js.RangeError("x"), js.TypeError, False),
        ([], builtins.GLOBALS["Array"], True),
        ((), builtins.GLOBALS["Array"], True),
        ({}, builtins.GLOBALS["Array"], False),
        ([], builtins.GLOBALS["Object"], True),
        (len, builtins.GLOBALS["Object"], True),
        (js.null, builtins.GLOBALS["Object"], False),
        (len, builtins.GLOBALS["Function"], True),
        ([], builtins.GLOBALS["Function"], False),
        (5, int, True),
        (5, 5, False),
        (5, None, False),
        (5, lambda: 0, False),
        (5, "int", False),
    ],
)
def test_instanceof(value: object, cls: object, expected: bool) -> None:
    assert model.instanceof(value, cls) is expected


# ------------------------------------------------------------------------------------------- conversions


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Word.HELLO, "hello"),
        (Colour.RED, "1"),
        (2**60, "1152921504606846976"),
        (ValueError("bad"), "ValueError: bad"),
        (ValueError(), "ValueError"),
        (PanicError("oh"), "PanicError: oh"),
        (types.SimpleNamespace(a=1), "[object Object]"),
        (object(), "[object Object]"),
        (len, "function len() { [native code] }"),
        ([1, (2, [js.null]), None, "a"], "1,2,,,a"),
        ([[]], ""),
        ([[], []], ","),
    ],
)
def test_to_string(value: object, text: str) -> None:
    assert model.to_string(value) == text


def test_bigints_of_any_length_have_a_text() -> None:
    assert model.to_string(js.BigInt(10**5000)) == "1" + "0" * 5000


def test_arrays_inside_themselves() -> None:
    loop: list[Any] = [1]
    loop += [loop, 2]
    assert model.to_string(loop) == "1,,2"
    one: list[Any] = []
    other = [one, 3]
    one.append(other)
    assert model.to_string(one) == ",3"
    shared = [7]
    assert model.to_string([shared, shared]) == "7,7"


def test_deep_arrays_need_no_stack() -> None:
    deep: list[Any] = [5]
    for _ in range(100_000):
        deep = [deep]
    assert model.to_string(deep) == "5"
    assert model.to_number(deep) == 5
    while deep and isinstance(deep[0], list):  # taken apart by hand: so does Python's collector not have to
        deep = deep[0]


def test_text_too_long_for_a_bigint_equals_none() -> None:
    assert not model.loose_equal("9" * 300_000, js.BigInt(1))


def test_what_guests_can_join_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "MAX_STRING", 1000)
    laughs: list[Any] = ["ha"]
    for _ in range(60):
        laughs = [laughs, laughs]
    with pytest.raises(js.RangeError, match="Invalid string length"):
        model.to_string(laughs)


@pytest.mark.parametrize("convert", [model.to_string, model.to_number, model.to_primitive])
def test_objects_that_will_not_become_primitive(convert: Any) -> None:
    with pytest.raises(js.TypeError, match="Cannot convert object to primitive value"):
        convert({"toString": dict, "valueOf": list})


def test_an_error_in_valueof_passes() -> None:
    def fail() -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        model.to_number({"valueOf": fail})


# ------------------------------------------------------------------------------------------- properties of plain objects


@pytest.mark.parametrize("obj", [None, js.null])
def test_nothing_can_be_asked_of_undefined_and_null(obj: object) -> None:
    for verb in (
        lambda: model.get(obj, "x"),
        lambda: model.set(obj, "x", 1),
        lambda: model.delete(obj, "x"),
        lambda: model.has(obj, "x"),
        lambda: model.call(obj, "x", []),
    ):
        with pytest.raises(js.TypeError):
            verb()
    assert model.lookup(obj, "x", "nothing") == "nothing"


def test_the_message_names_the_property() -> None:
    with pytest.raises(js.TypeError, match=r"Cannot read properties of undefined \(reading 'length'\)"):
        model.get(None, "length")
    with pytest.raises(js.TypeError, match=r"dict\.go is not a function"):
        model.call({}, "go", [])


@pytest.mark.parametrize("make", [dict, OrderedDict, lambda: defaultdict(list)])
def test_plain_objects(make: Any) -> None:
    obj = make()
    assert model.get(obj, "a") is None
    assert not model.has(obj, "a")
    model.set(obj, "a", None)
    assert model.has(obj, "a")
    model.set(obj, "_private", 1)
    model.set(obj, "__class__", 2)
    assert (model.get(obj, "_private"), model.get(obj, "__class__"), obj.__class__) == (1, 2, type(make()))
    assert model.delete(obj, "a")
    assert model.delete(obj, "never there")
    assert dict(obj) == {"_private": 1, "__class__": 2}


def test_keys_become_text() -> None:
    obj: dict[Any, Any] = {}
    for key in (1, 1.5, True, None, js.null, js.BigInt(7), [2, 3], {}):
        model.set(obj, key, key)
    assert list(obj) == ["1", "1.5", "true", "undefined", "null", "7", "2,3", "[object Object]"]
    assert model.get(obj, "true") is True
    assert model.get(obj, [[2], 3]) == [2, 3]


def test_symbols_are_keys_of_their_own() -> None:
    key, obj = js.Symbol("a"), {"a": 1}
    model.set(obj, key, 2)
    assert (model.get(obj, key), model.get(obj, "a"), model.get(obj, js.Symbol("a"))) == (2, 1, None)
    assert model.delete(obj, key)
    assert obj == {"a": 1}
    for other in ([], "text", types.SimpleNamespace(), js.Error("x"), len, 5):
        assert model.get(other, key) is None


def test_number_keys_that_python_made() -> None:
    obj = {1: "one", "2": "two", (3,): "three", None: "none", 4.5: "four and a half"}
    assert [model.get(obj, key) for key in (1, "1", 1.0, 2, "2")] == ["one", "one", "one", "two", "two"]
    assert [model.get(obj, key) for key in ("3", [3], (3,), None, "None", 4.5, True)] == [None] * 7
    model.set(obj, "1", "ONE")
    assert obj[1] == "ONE"
    assert model.has(obj, "1")
    assert model.delete(obj, "1")
    assert 1 not in obj


def test_text_keys_come_before_number_keys() -> None:
    obj = {1: "number", "1": "text"}
    assert model.get(obj, 1) == "text"
    model.set(obj, 1, "new")
    assert obj == {1: "number", "1": "new"}


def test_read_only_mappings() -> None:
    obj = types.MappingProxyType({"a": 1})
    assert model.get(obj, "a") == 1
    with pytest.raises(js.TypeError, match="Cannot set property 'a'"):
        model.set(obj, "a", 2)
    assert not model.delete(obj, "a")
    assert model.delete(obj, "b")


def test_namespaces() -> None:
    obj = types.SimpleNamespace(a=1, _hidden=2)
    assert (model.get(obj, "a"), model.get(obj, "_hidden"), model.has(obj, "_hidden")) == (1, None, False)
    model.set(obj, "b", None)
    assert model.has(obj, "b")
    with pytest.raises(js.TypeError):
        model.set(obj, "_hidden", 3)
    assert model.delete(obj, "_hidden")
    assert model.delete(obj, "a")
    assert vars(obj) == {"b": None, "_hidden": 2}


# ------------------------------------------------------------------------------------------- arrays and strings


def test_arrays() -> None:
    obj: list[Any] = [10, None]
    assert [model.get(obj, key) for key in (0, "0", 0.0, -0.0, js.BigInt(0), "length", 1, 2, "00", -1, 0.5, "x")] == [
        *[10] * 5,
        2,
        *[None] * 6,
    ]
    assert [model.has(obj, key) for key in (0, 1, 2, "length", "push", "pull")] == [True, True, False, True, True, False]
    model.set(obj, 3, "x")
    assert obj == [10, None, None, "x"]
    assert model.delete(obj, 0)
    assert model.delete(obj, 99)
    assert not model.delete(obj, "length")
    assert obj == [None, None, None, "x"]
    model.set(obj, "length", 1)
    assert obj == [None]
    model.set(obj, "length", 3)
    assert obj == [None] * 3
    with pytest.raises(js.TypeError):
        model.set(obj, "name", 1)


@pytest.mark.parametrize("length", [-1, 1.5, 2**32, math.nan, math.inf, "3", True, None])
def test_lengths_that_are_none(length: object) -> None:
    with pytest.raises(js.RangeError):
        model.set([1], "length", length)


def test_tuples_are_frozen() -> None:
    obj = (1, 2)
    assert (model.get(obj, 1), model.get(obj, "length")) == (2, 2)
    for key in (0, 2, "length"):
        with pytest.raises(js.TypeError):
            model.set(obj, key, 0)
    assert not model.delete(obj, 0)
    assert model.delete(obj, 5)


@pytest.mark.parametrize("index", [2**16 + 2, 2**31, 2**32 - 2, "4294967294"])
def test_arrays_grow_within_reason(index: object) -> None:
    obj = [1]
    with pytest.raises(js.RangeError, match="refused to grow"):
        model.set(obj, index, 0)
    with pytest.raises(js.RangeError):
        model.set(obj, "length", 2**32 - 1)
    assert obj == [1]


@pytest.mark.parametrize("key", [2**32 - 1, 2**53, 1e300, math.inf, math.nan, "9" * 10_000, "4294967295", "\u0663", "1e3", "+1", " 1"])
def test_keys_that_are_no_index(key: object) -> None:
    assert model.get([1, 2, 3, 4], key) is None
    with pytest.raises(js.TypeError):
        model.set([1], key, 0)


def test_strings_count_in_utf_16() -> None:
    assert (model.get("a\U0001f980b", "length"), model.get("a\U0001f980b", 3), model.get("a\U0001f980b", 1)) == (4, "b", "\ud83e")
    assert [model.get("abc", key) for key in ("length", 0, 3, "x")] == [3, "a", None, None]
    with pytest.raises(js.TypeError):
        model.set("abc", 0, "x")
    with pytest.raises(js.TypeError):
        model.has("abc", "length")
    assert not model.delete("abc", 0)


# ------------------------------------------------------------------------------------------- errors and classes


def test_errors() -> None:
    error = js.RangeError("too far")
    assert [model.get(error, key) for key in ("name", "message", "stack", "code")] == ["RangeError", "too far", "RangeError: too far", None]
    model.set(error, "code", 5)
    model.set(error, "message", "farther")
    model.set(error, "name", "Far")
    assert (model.get(error, "code"), error.message, model.to_string(error)) == (5, "farther", "Far: farther")
    assert model.has(error, "code")
    assert js.RangeError("x").name == "RangeError"
    for key, value in (("args", ()), ("with_traceback", 1), ("add_note", 1), ("_x", 1), ("__cause__", 1), ("message", 5)):
        with pytest.raises(js.TypeError):
            model.set(error, key, value)


def test_python_exceptions_are_errors_too() -> None:
    error = OSError(2, "No such file", "/etc/secret")
    assert model.get(error, "name") == "FileNotFoundError"
    assert [model.get(error, key) for key in ("filename", "errno", "strerror", "cause", "characters_written")] == [None] * 5
    with pytest.raises(js.TypeError):
        model.set(error, "message", "other")
    assert model.get(GuestException(5), "value") is None


def test_errors_that_the_host_shows() -> None:
    class ApiError(js.HostObject, Exception):
        status = 404

    assert (model.get(ApiError("gone"), "status"), model.get(ApiError("gone"), "message")) == (404, "gone")


def test_error_classes_are_pythons_too() -> None:
    for ours, theirs in (
        (js.TypeError, TypeError),
        (js.RangeError, ValueError),
        (js.SyntaxError, ValueError),
        (js.ReferenceError, NameError),
    ):
        error = ours("m")
        assert isinstance(error, theirs)
        assert (error.name, error.message, str(error)) == (ours.__name__, "m", "m")
    assert js.Error().message == ""


class Generated:
    """What the run time's generated classes look like from here."""

    __slots__ = ("_bp_guest", "_bp_pointer", "_secret", "count", "entered")
    _bp_members: ClassVar = {"class": "class_", "method": "method", "hidden": "_secret"}

    def __init__(self) -> None:
        self._bp_pointer, self._bp_guest, self._secret, self.count, self.entered = 64, object(), "secret", 0, 0

    def method(self, number: int) -> int:
        return number + 1

    @property
    def class_(self) -> str | None:
        self.entered += 1
        return None

    @class_.setter
    def class_(self, value: int) -> None:
        self.count = value

    @property
    def constant(self) -> int:
        return 3

    @classmethod
    def create(cls) -> Generated:
        return cls()


def test_objects_of_generated_classes() -> None:
    obj = Generated()
    assert model.get(obj, "__wbg_ptr") == 64
    assert model.call(obj, "method", [4]) == 5
    assert model.has(obj, "class")
    assert obj.entered == 0, "looking whether a property is there does not enter the guest"
    assert (model.get(obj, "class"), obj.entered) == (None, 1)
    model.set(obj, "class", 9)
    assert (obj.count, obj.entered) == (9, 1)
    for key in ("method", "constant", "create", "unknown", "_bp_pointer", "__wbg_ptr", "hidden"):
        with pytest.raises(js.TypeError):
            model.set(obj, key, 0)
    assert not model.delete(obj, "method")
    assert model.delete(obj, "unknown")


# ------------------------------------------------------------------------------------------- calling


def test_calls() -> None:
    class Host(js.HostObject):
        factor = 3

        def scale(self, value: int) -> int:
            return self.factor * value

        @staticmethod
        def double(value: int) -> int:
            return 2 * value

    js.expose(Host)
    host = Host()
    assert model.call(host, "scale", [5]) == 15
    assert model.call({"f": lambda *args: args}, "f", (1, 2)) == (1, 2)
    assert model.call(types.SimpleNamespace(f=len), "f", ["abc"]) == 3
    assert model.call([len], "0", ["abc"]) == 3
    assert model.call(Host, "double", [5]) == 10
    host.scale = lambda value: -1  # type: ignore[method-assign]
    assert model.call(host, "scale", [5]) == -1
    assert model.apply_method(Host, "scale", [host, 5]) == 15


def test_functions_have_what_functions_have() -> None:
    def function(*args: object) -> tuple[object, ...]:
        return args

    assert model.call(function, "call", ["this", 1, 2]) == (1, 2)
    assert model.call(function, "call", []) == ()
    assert model.call(function, "apply", ["this", [1, 2]]) == (1, 2)
    assert [model.call(function, "apply", args) for args in ([], [None, js.null], [None, None])] == [()] * 3
    bound = model.call(function, "bind", ["this", 1])
    assert (bound(2), model.call(bound, "call", [None, 3]), model.typeof(bound)) == ((1, 2), (1, 3), "function")
    assert [model.get(value, "name") for value in (function, len, int, bound)] == ["function", "len", "int", "bound function"]
    with pytest.raises(js.TypeError, match="CreateListFromArrayLike"):
        model.call(function, "apply", [None, 5])


def test_constants_of_an_exposed_class_can_be_set_by_a_static_setter() -> None:
    class Api:
        limit = 3

        @staticmethod
        def method() -> None: ...

    with pytest.raises(js.TypeError):
        model.set_static(Api, "limit", 4)
    js.expose(Api)
    model.set_static(Api, "limit", 4)
    assert Api.limit == 4
    for name in ("method", "new", "_x", "__doc__"):
        with pytest.raises(js.TypeError):
            model.set_static(Api, name, 4)
    for shared in (js.Error, builtins.GLOBALS["JSON"], builtins.GLOBALS["Array"]):
        for name in ("name", "parse", "isArray"):
            with pytest.raises(js.TypeError):
                model.set_static(shared, name, 4)
    space = {"x": 1}
    model.set_static(space, "x", 2)
    assert space == {"x": 2}


def test_the_hint_is_for_the_hosts_author() -> None:
    class Host:
        def scale(self) -> None: ...

    with pytest.raises(js.TypeError, match=r"Host\.scale is not a function; .* js\.expose\(\)"):
        model.call(Host(), "scale", [])
    js.expose(Host)
    with pytest.raises(js.TypeError, match="of a class, guests see static methods and class methods only"):
        model.call(Host, "scale", [])
    with pytest.raises(js.TypeError, match=r"is not a function$"):
        model.call([], "extend", [1])


def test_describing_runs_nobodys_code() -> None:
    class Loud:
        def __repr__(self) -> str:
            raise AssertionError("a guest ran this")

        __str__ = __repr__

    assert model.describe(Loud()) == "Loud"
    assert model.describe(Loud) == "Loud"
    assert model.to_string(Loud()) == "[object Object]"
    assert len(model.describe("x" * 10_000)) < 100
    assert len(model.describe(js.BigInt(10) ** 10_000)) < 100


def test_recursion_is_not_deepened_for_this() -> None:
    """The interpreter's limit is as it was: nothing here may raise it for its own convenience."""
    assert sys.getrecursionlimit() <= 10_000
