"""What a guest tries, and does not get."""

from __future__ import annotations

import asyncio
import collections
import functools
import gc
import io
import itertools
import logging
import math
import os
import pathlib
import random
import subprocess
import sys
import threading
import types
from collections.abc import Iterator
from typing import Any

import pytest

from bindgen_patch import GuestException, js
from bindgen_patch.js import model, quota, visibility
from bindgen_patch.js.builtins import GLOBALS
from bindgen_patch.js.classes import HOMES, MISSING, Class, Fixed, Function, builtin
from bindgen_patch.js.realm import Realm
from bindgen_patch.js.symbols import ITERATOR
from bindgen_patch.runtime.host import Host, Target

from .test_model import Generated


class Plain:
    """An object of the host's that nobody exposed."""

    public = "secret"
    _private = "secret"

    def method(self) -> str:
        return "secret"

    @staticmethod
    def static() -> str:
        return "secret"

    @property
    def computed(self) -> str:
        raise AssertionError("a guest ran this")


class Shown(js.HostObject):
    """An object of the host's that is exposed, with things inside that are not for guests."""

    public = "public"
    _private = "secret"
    module = os
    opener = open
    evaluate = eval
    metaclass = type
    plain = Plain()

    def __init__(self) -> None:
        self.value = 1
        self._hidden = "secret"
        self.frame = sys._getframe()

    def method(self) -> str:
        return "public"

    def _internal(self) -> str:
        return "secret"


def failure() -> BaseException:
    try:
        try:
            raise KeyError("inner")
        except KeyError as error:
            raise ValueError("outer") from error
    except ValueError as error:
        return error


def generator() -> Iterator[int]:
    yield 1


async def coroutine() -> None: ...


def opaque() -> dict[str, Any]:
    """Values of which a guest may see nothing at all."""
    waiting = coroutine()
    waiting.close()
    return {
        "function": lambda: 0,
        "function of the module": failure,
        "builtin function": len,
        "dangerous builtin": eval,
        "bound method": Plain().method,
        "method of a list": [].append,
        "partial": functools.partial(open, "/etc/passwd"),
        "class": Plain,
        "builtin class": dict,
        "type": type,
        "object": object(),
        "instance": Plain(),
        "module": os,
        "generator": generator(),
        "coroutine": waiting,
        "frame": sys._getframe(),
        "code": failure.__code__,
        "traceback": failure().__traceback__,
        "set": {1, 2},
        "deque": collections.deque([1]),
        "path": pathlib.Path("/etc"),
        "file": io.StringIO("secret"),
        "thread": threading.current_thread(),
        "loop policy": asyncio.DefaultEventLoopPolicy if sys.version_info < (3, 14) else asyncio.Runner,
        "number": 5,
        "float": 1.5,
        "bool": True,
        "bigint": js.BigInt(5),
        "complex": 1j,
        "ellipsis": ...,
    }


def names_of(value: object) -> set[str]:
    """Whatever Python would find on it, and what attackers try first."""
    tried = {
        "__class__",
        "__dict__",
        "__globals__",
        "__builtins__",
        "__traceback__",
        "__mro__",
        "__subclasses__",
        "constructor",
        "prototype",
    }
    return {*dir(value), *dir(type(value)), *tried, "toString", "0", "length", "_private", "f_globals", "gi_frame", "tb_frame", "mro"}


def inherited(value: object) -> dict[str, Any]:
    """What the built-in prototypes of a value offer: functions and classes of JavaScript's, and text. Nothing else is on the chain."""
    found: dict[str, Any] = {}
    parent = model.prototype_of(value)
    while parent is not js.null:
        assert type(parent) in (Fixed, Class)
        for name, member in parent.members.items():
            assert member.is_accessor or isinstance(member.value, Function | Class | Fixed) or model.is_primitive(member.value)
            if isinstance(name, str):
                found.setdefault(name, member.value)
        parent = model.prototype_of(parent)
    return found


@pytest.mark.parametrize("kind", opaque())
def test_nothing_of_an_opaque_value_is_there(kind: str) -> None:
    """But for the name of a function, and for what JavaScript's prototypes have."""
    value = opaque()[kind]
    of_javascript = inherited(value)
    for name in names_of(value) & set(of_javascript) - {"name", "length", "description"}:
        assert model.get(value, name) is of_javascript[name]
        with pytest.raises(js.TypeError):
            model.set(value, name, 1)
    for name in names_of(value) - set(of_javascript) - ({"name", "length"} if callable(value) else set()):
        assert model.get(value, name) is None, name
        with pytest.raises(js.TypeError):
            model.set(value, name, 1)
        with pytest.raises(js.TypeError):
            model.call(value, name, [])
        with pytest.raises(js.TypeError):
            model.apply_method(value, name, [value])
        with pytest.raises(js.TypeError):
            model.apply_method(type(value), name, [value])
        assert model.delete(value, name)
        if not model.is_primitive(value):
            assert not model.has(value, name)


VISIBLE: dict[str, tuple[Any, set[str]]] = {
    "list": ([1], {"0", "length"}),
    "tuple": ((1,), {"0", "length"}),
    "str": ("a", {"0", "length"}),
    "dict": ({"a": 1}, {"a"}),
    "ordered dict": (collections.OrderedDict(a=1), {"a"}),
    "namespace": (types.SimpleNamespace(a=1, _b=2), {"a"}),
    "exception": (failure(), {"name", "message", "stack"}),
    "interrupt": (KeyboardInterrupt("x"), {"name", "message", "stack"}),
    "js error": (js.TypeError("x"), {"name", "message", "stack"}),
    "shown": (Shown(), {"public", "plain", "value", "method"}),
    "generated": (Generated(), {"method", "class_", "constant", "create", "count", "entered", "__wbg_ptr"}),
    "Array": (GLOBALS["Array"], {"name", "length", "prototype", "isArray"}),
    "bytes": (b"abc", {"0"}),
    "bytearray": (bytearray(b"abc"), {"0"}),
    "JSON": (GLOBALS["JSON"], {"parse", "stringify"}),
}


@pytest.mark.parametrize("kind", VISIBLE)
def test_of_other_values_only_what_is_listed(kind: str) -> None:
    value, visible = VISIBLE[kind]
    found = {name for name in names_of(value) | visible if model.lookup(value, name, ...) is not ...}
    if kind == "generated":
        visible |= {"class"} & found
    of_javascript = inherited(value)
    assert visible <= found
    assert found <= visible | set(of_javascript)
    assert all(of_javascript[name] in (MISSING, model.get(value, name)) for name in found - visible)
    for name in names_of(value) - visible - set(of_javascript):
        with pytest.raises(js.TypeError):
            model.call(value, name, [])
        if kind not in ("dict", "ordered dict", "namespace", "js error", "shown") or name.startswith("_"):
            with pytest.raises(js.TypeError):
                model.set(value, name, 1) if kind not in ("dict", "ordered dict") else model.set(None, name, 1)


def test_a_function_can_be_called_and_not_changed() -> None:
    for name in ("call", "apply", "bind", "name"):
        assert model.has(failure, name)
        with pytest.raises(js.TypeError):
            model.set(failure, name, lambda: 0)
        before = model.get(failure, name)
        model.delete(failure, name)
        assert model.get(failure, name) == before
    bound = model.call(print, "bind", [None, "x"])
    assert [model.get(bound, name) for name in ("func", "args", "keywords", "__self__")] == [None] * 4


def test_an_object_that_an_exposed_class_makes_is_not_exposed_by_that() -> None:
    class Api:
        inner = Plain

    target = Target("api", "inner")
    guest: Any = types.SimpleNamespace(host=Host({"api": Api()}, None, None))
    assert model.get(target.function(guest)(), "public") is None


def test_an_exception_shows_no_traceback_and_no_cause() -> None:
    error = failure()
    for name in ("__traceback__", "__cause__", "__context__", "args", "cause", "with_traceback", "__notes__", "add_note"):
        assert model.get(error, name) is None
        assert not model.has(error, name)


def test_making_an_error_of_an_object_tells_nothing_about_it() -> None:
    class Secretive:
        def __repr__(self) -> str:
            return "secret"

    for cls in (GLOBALS["Error"], GLOBALS["TypeError"]):
        error = cls(Secretive())
        assert (error.message, model.to_string(error)) == ("[object Object]", f"{cls.__name__}: [object Object]")
        assert [cls(value).message for value in (None, js.null, 5, js.BigInt(7), ["a"])] == ["", "null", "5", "7", "a"]


def test_strings_do_not_format() -> None:
    for name in ("format", "format_map", "join", "encode", "__mod__", "__format__", "translate"):
        with pytest.raises(js.TypeError):
            model.call("{0.__class__.__init__.__globals__}", name, [failure])


def test_exposed_objects_keep_their_insides() -> None:
    shown = Shown()
    for name in (
        "_private",
        "_hidden",
        "_internal",
        "__class__",
        "__dict__",
        "__init__",
        "module",
        "opener",
        "evaluate",
        "metaclass",
        "frame",
    ):
        assert model.get(shown, name) is None, name
        with pytest.raises(js.TypeError):
            model.call(shown, name, [])
    plain = model.get(shown, "plain")
    assert isinstance(plain, Plain)
    assert model.get(plain, "public") is None
    method = model.get(shown, "method")
    assert [model.get(method, name) for name in ("__self__", "__func__", "__globals__", "__wrapped__")] == [None] * 4


def test_methods_of_an_exposed_object_can_not_be_replaced() -> None:
    shown = Shown()
    model.set(shown, "value", 2)
    model.set(shown, "public", "mine")
    assert (shown.value, shown.public, Shown.public) == (2, "mine", "public")
    for name in ("method", "_hidden", "__class__", "__dict__", "opener"):
        with pytest.raises(js.TypeError):
            model.set(shown, name, lambda: 0)
    assert shown.method() == "public"
    assert not model.delete(shown, "value")


def test_frozen_objects_refuse_politely() -> None:
    class Frozen(js.HostObject):
        __slots__ = ("x",)

        @property
        def y(self) -> int:
            return 1

    for name in ("y", "z"):
        with pytest.raises(js.TypeError, match="Cannot set property"):
            model.set(Frozen(), name, 1)


def test_the_mark_of_exposure_can_not_be_forged() -> None:
    plain, space = Plain(), types.SimpleNamespace()
    for target in (plain, space, failure(), js.Error("x"), Shown()):
        with pytest.raises(js.TypeError):
            model.set(target, visibility._MARK, True)
    assert not model.get(plain, "public")
    assert js.expose(plain) is plain
    assert model.get(plain, "public") == "secret"
    assert model.get(plain, visibility._MARK) is None
    assert not model.get(Plain(), "public"), "only that one object"


@pytest.mark.parametrize("value", [object(), 5, "text", [], (), len, ..., object, type])
def test_some_things_can_not_be_exposed(value: object) -> None:
    with pytest.raises(TypeError):
        js.expose(value)


def test_an_exposed_class_shows_no_methods_without_an_object() -> None:
    class Api:
        limit = 3
        helper = Plain
        opener = open
        module = os
        mapping = dict

        def method(self) -> object:
            return self.__dict__

        @functools.lru_cache  # noqa: B019
        def cached(self) -> object:
            return self

        @property
        def computed(self) -> int:
            return 1

        @classmethod
        def create(cls) -> Api:
            return cls()

        @staticmethod
        def version() -> int:
            return 7

        @staticmethod
        def _secret() -> int:
            return 8

    js.expose(Api)
    assert (model.get(Api, "limit"), model.call(Api, "version", []), type(model.call(Api, "create", []))) == (3, 7, Api)
    for name in (
        "opener",
        "module",
        "mapping",
        "method",
        "cached",
        "computed",
        "_secret",
        "mro",
        "__subclasses__",
        "__init__",
        "__dict__",
        "register",
    ):
        assert model.get(Api, name) is None, name
    with pytest.raises(js.TypeError):
        model.set(Api, "limit", 4)
    with pytest.raises(js.TypeError):
        model.call(model.get(Api, "helper"), "static", [])


def test_a_method_is_applied_to_its_own_objects_only() -> None:
    class Api:
        def method(self) -> object:
            return vars(self)

        @staticmethod
        def static(value: object) -> object:
            return value

        def _private(self) -> object:
            return self

    api = Api()
    with pytest.raises(js.TypeError):
        model.apply_method(Api, "method", [api])
    js.expose(Api)
    assert model.apply_method(Api, "method", [api]) == {}
    for args in ([], [Plain()], [js.Error("x")], [Api], [None]):
        with pytest.raises(js.TypeError):
            model.apply_method(Api, "method", args)
    for name in ("_private", "__init__", "__getattribute__", "static", "mro", "missing"):
        with pytest.raises(js.TypeError):
            model.apply_method(Api, name, [api])


def test_the_globals_are_everybodys_and_nobody_changes_them() -> None:
    for name, value in GLOBALS.items():
        if model.is_primitive(value):
            continue
        for key in ("parse", "get", "isArray", "name", "message", "members", "has_instance", "prototype", "x"):
            with pytest.raises(js.TypeError):
                model.set(value, key, lambda: 0)
            assert not GLOBALS["Reflect"]["set"](value, key, 1)
            before = model.lookup(value, key, ...)
            model.delete(value, key)
            assert model.lookup(value, key, ...) is before, name
    with pytest.raises(TypeError):
        GLOBALS["JSON"] = None  # type: ignore[index]
    for make in (GLOBALS["Function"], model.get(len, "constructor")):
        with pytest.raises(js.EvalError):
            make("return process")
        with pytest.raises(js.EvalError):
            model.construct(make, ["return process"])
    assert not {"eval", "globalThis", "window", "process", "require", "import"} & set(GLOBALS)


# ------------------------------------------------------------------------------------------- imports


def find(target: Target, **given: Any) -> Any:
    """What a guest's import finds."""
    host = Host(given.get("imports"), given.get("modules"), None)
    guest = types.SimpleNamespace(host=host, realm=Realm(host.jobs, host.globals))
    return target.find_or_none(guest)  # type: ignore[arg-type]


@pytest.fixture
def module() -> types.ModuleType:
    """A host's module that imports things of its own."""
    made = types.ModuleType("host_module")
    source = "import os\nfrom subprocess import run\nfrom pathlib import Path\n_secret = 1\nlimit = 3\n"
    source += "def log(text): return text\nclass Api: x = 1\n"
    exec(source, made.__dict__)
    return made


def test_a_module_offers_what_it_defines(module: types.ModuleType) -> None:
    assert find(Target("log", module="m"), modules={"m": module})("x") == "x"
    assert find(Target("limit", module="m"), modules={"m": module}) == 3
    assert find(Target("Api", module="m"), modules={"m": module}) is module.Api
    assert model.get(module.Api(), "x") == 1
    for name in ("os", "run", "Path", "_secret", "__builtins__", "__name__", "__dict__"):
        assert find(Target(name, module="m"), modules={"m": module}) is None, name
        assert find(Target("m", name), imports={"m": module}) is None, name
    assert find(Target("os", "system", module="m"), modules={"m": module}) is None
    assert model.get(pathlib.Path("/etc"), "name") is None, "a class that it imports is not exposed"


def test_a_module_offers_what_its_all_says(module: types.ModuleType) -> None:
    module.__all__ = ["run"]  # type: ignore[attr-defined]
    assert find(Target("run", module="m"), modules={"m": module}) is subprocess.run
    assert find(Target("log", module="m"), modules={"m": module}) is None


def test_a_package_offers_what_its_own_modules_define(module: types.ModuleType) -> None:
    def inside() -> None: ...
    def beside() -> None: ...

    inside.__module__, beside.__module__ = "host_module.inner", "host_module_of_another"
    vars(module).update(inside=inside, beside=beside)
    assert find(Target("inside", module="m"), modules={"m": module}) is inside
    assert find(Target("beside", module="m"), modules={"m": module}) is None


def test_namespaces_inside_themselves_can_be_given() -> None:
    space: dict[str, Any] = {"Plain": Shown}
    space["self"] = types.SimpleNamespace(space=space)
    assert find(Target("space", "self", "space", "Plain"), imports={"space": space}) is Shown


def test_the_path_of_an_import_leads_through_what_is_exposed_only() -> None:
    class Api:
        def __init__(self) -> None:
            self.plain = Plain()
            self.table = {"f": len}

        def method(self) -> int:
            return 1

    given = {"imports": {"api": Api(), "f": failure, "Api": Api}}
    assert find(Target("api", "method"), **given)() == 1
    assert find(Target("api", "table", "f"), **given) is len
    for path in (("api", "plain", "method"), ("api", "__class__"), ("api", "method", "__func__"), ("f", "__globals__"), ("Api", "mro")):
        assert find(Target(*path), **given) is None, path
    assert find(Target("JSON", "parse"))("1") == 1
    assert find(Target("JSON", "__class__")) is None


def test_what_an_import_exposes() -> None:
    class Slotted:
        __slots__ = ("x",)

    class Called:
        secret = 1

        def __call__(self) -> None: ...

    class Member:
        x = 1

    called, slotted = Called(), Slotted()
    Host({"f": failure, "c": called, "s": slotted, "ns": {"Member": Member, "_Plain": Plain}, "Object": 5}, None, None)
    assert model.get(called, "secret") is None
    assert model.get(Member(), "x") == 1
    assert model.get(Plain(), "public") is None
    with pytest.raises(TypeError):
        Host({1: failure}, None, None)  # type: ignore[dict-item]


# ------------------------------------------------------------------------------------------- the world's built-ins


def everything() -> Iterator[tuple[str, Any]]:
    """Every built-in, prototype, method and accessor there is, with a path to it."""
    waiting: list[tuple[str, Any]] = [(name, builtin(name)) for name in HOMES]
    seen: set[int] = set()
    while waiting:
        path, value = waiting.pop()
        if id(value) in seen or model.is_primitive(value):
            continue
        seen.add(id(value))
        yield path, value
        for key in model.own_keys(value):
            found = model.own(value, key)
            assert found is not None
            waiting += [(f"{path}.{key}", part) for part in (found.value, found.get, found.set) if part not in (MISSING, None)]
        waiting.append((f"{path}.[[Prototype]]", model.prototype_of(value)))


def is_logging(path: str) -> bool:
    """One of the functions that would fill the log."""
    return path.startswith("console.") and "[[" not in path


def owner(value: object, key: object) -> Any:
    """The property that a key leads to, wherever on the chain."""
    while value is not js.null:
        if (found := model.own(value, key)) is not None:
            return found
        value = model.prototype_of(value)
    return None


def test_all_that_is_shared_is_ours_and_cannot_be_changed() -> None:
    reflect = GLOBALS["Reflect"]
    count = 0
    for path, value in everything():
        count += 1
        assert type(value) in (Class, Fixed, Function), path
        getters = {key for key in names_of(value) if (found := owner(value, key)) is not None and found.is_accessor}
        for key in ("toString", "x", "constructor", "name", js.Symbol("s")):
            if (found := owner(value, key)) is not None and found.is_accessor:
                continue
            before = model.lookup(value, key, ...)
            assert not reflect["set"](value, key, 1), path
            assert not reflect["defineProperty"](value, key, {"value": 1}), path
            model.delete(value, key)
            assert model.lookup(value, key, ...) is before, path
            assert not model.try_set({}, key, 1) or not model.has(value, "x")
        assert not reflect["setPrototypeOf"](value, {})
        for name in names_of(value) - getters - {key for key in model.own_keys(value) if isinstance(key, str)}:
            assert model.lookup(value, name, None) in (None, inherited(value).get(name)), (path, name)
    assert count > 300


def test_no_method_reaches_into_an_opaque_object() -> None:
    """Every method there is, called on each kind of thing that nobody showed the guest."""

    class Loud:
        def _fail(self, *_args: object) -> Any:
            raise AssertionError("a guest ran this")

        __iter__ = __next__ = __len__ = __getitem__ = __contains__ = __eq__ = __bool__ = __str__ = __repr__ = __index__ = __float__ = _fail
        __int__ = __hash__ = __format__ = __aiter__ = __anext__ = __enter__ = __exit__ = __reversed__ = __add__ = __lt__ = _fail
        construct = invoke = get = set = next = close = send = throw = target = handler = members = element = value = keys = _fail

    class LoudFunction(Loud):
        def __call__(self, *args: object) -> Any:
            return len(args)

    mapping = {"prototype": js.Object()}
    ours = (js.RegExp("a", "g"), js.Date(0), js.URL("http://a/"), js.URLSearchParams("a=1"))
    for loud in (Loud(), LoudFunction(), [Loud()], js.Array([Loud()]), js.Map({"x": Loud()})):
        for path, method in everything():
            if not callable(method) or "console" in path:
                continue
            for args in ([], [loud], [loud, loud], [mapping, "x", loud]):
                for this in (loud, None, [1], js.Map(), js.Uint8Array(1), {"a": 1}, js.Object(), "text", *ours):
                    try:
                        made = model.apply(method, this, args)
                    except (js.Error, RecursionError, GuestException):
                        continue
                    assert not isinstance(made, type | types.ModuleType | types.FrameType), path


def test_a_guest_constructs_what_it_was_handed_and_no_more() -> None:
    class Factory:
        def __call__(self, *args: object) -> int:
            return len(args)

        def construct(self, *_args: object) -> Any:
            raise AssertionError("a guest ran this")

    assert model.construct(Factory(), [1, 2]) == 2
    for name in ("constructor",):
        for value in (Plain(), Plain, len, failure(), generator(), object(), os, Shown, b"", sys._getframe()):
            assert model.get(value, name) in [builtin(kind) for kind in ("Object", "Function", "Error", "Generator", "Uint8Array")]
    with pytest.raises(js.TypeError, match="not a constructor"):
        model.construct(model.get([], "push"), [])


def test_iterating_is_for_what_was_handed_over_to_be_iterated() -> None:
    class Hidden:
        def __iter__(self) -> Any:
            raise AssertionError("a guest ran this")

        __next__ = __iter__

    take_over = model.get({1, 2}, ITERATOR)
    step = model.get(iter([1]), "next")
    for target in (Hidden(), io.StringIO("secret"), pathlib.Path("/etc").iterdir, os.environ, open):
        for method in (take_over, step, model.get(generator(), "next"), model.get(generator(), "throw")):
            with pytest.raises(js.TypeError):
                model.apply(method, target, [1])
        with pytest.raises(js.TypeError):
            list(model.iterate(target))
    assert list(model.iterate({7})) == [7]


def test_memory_is_seen_where_it_was_handed_over_only() -> None:
    import ctypes
    import mmap

    region = mmap.mmap(-1, 16)
    for hidden in (region, (ctypes.c_char * 4)(), object()):
        assert model.get(hidden, 0) is None
        with pytest.raises(js.TypeError):
            model.apply(model.get(js.Uint8Array(1), "set"), hidden, [[1]])
        assert not model.call(GLOBALS["ArrayBuffer"], "isView", [hidden])
    with pytest.raises(js.TypeError):
        model.set(b"abc", 0, 1)
    frozen = memoryview(b"abc")
    for method, args in (("fill", [0]), ("set", [[1]]), ("sort", []), ("reverse", [])):
        with pytest.raises(js.TypeError):
            model.call(frozen, method, args)
    assert bytes(frozen) == b"abc"


def test_errors_keep_what_python_put_in() -> None:
    error = js.Error("x")
    with pytest.raises(KeyError) as caught:
        raise KeyError("inner") from error
    for name in ("__cause__", "__context__", "__traceback__", "args", "_bp_class", "__dict__", "add_note", "with_traceback"):
        for value in (caught.value, error):
            assert model.get(value, name) is None
            assert not model.has_own(value, name)
            assert name not in model.own_keys(value)
            with pytest.raises(js.TypeError):
                model.call(GLOBALS["Object"], "defineProperty", [value, name, {"value": 1, "writable": True}])


def test_what_guests_can_make_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "MAX_ARRAY", 1 << 14)
    long = js.Array([0] * (1 << 12))
    with pytest.raises(js.RangeError):
        for _ in range(8):
            long = model.call(long, "concat", [long])
    for attempt in (
        lambda: model.construct(GLOBALS["Array"], [2**32 - 1]),
        lambda: model.call(GLOBALS["Array"], "from", [{"length": 2**53}]),
        lambda: model.apply(model.get([], "forEach"), {"length": 2**53}, [len]),
        lambda: model.apply(model.get([], "fill"), {"length": 2**53}, [0]),
        lambda: model.apply(model.get([], "join"), {"length": 2**53}, ["x"]),
        lambda: model.construct(GLOBALS["ArrayBuffer"], [2**40]),
        lambda: model.construct(GLOBALS["Float64Array"], [2**40]),
        lambda: model.construct(GLOBALS["Uint8Array"], [{"length": 2**40}]),
        lambda: model.call(GLOBALS["Object"], "keys", ["x" * (1 << 23)]),
        lambda: model.call([1], "flat", [math.inf]) and model.call(laughs(), "flat", [math.inf]),
        lambda: model.call(iter(int, 1), "toArray", []),
    ):
        with pytest.raises(js.RangeError):
            attempt()


def laughs() -> list[Any]:
    made: list[Any] = ["ha"]
    for _ in range(60):
        made = [made, made]
    return made


def test_built_ins_fail_as_javascripts_do(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever they are called on and with: no error of Python's tells that there is Python behind."""
    caplog.set_level(logging.CRITICAL, "bindgen_patch")  # promises that are rejected, and nobody looks
    rng = random.Random(6)

    def odd() -> Any:
        symbol, proxy = js.Symbol("s"), model.construct(GLOBALS["Proxy"], [[1, 2], {}])
        view, form = model.construct(GLOBALS["DataView"], [js.ArrayBuffer(8)]), js.FormData()
        form.append("a", "b")
        return rng.choice(
            [
                *(
                    None,
                    js.null,
                    True,
                    0,
                    -1,
                    7,
                    2**31,
                    2**53,
                    -0.0,
                    0.5,
                    1e21,
                    math.inf,
                    -math.inf,
                    math.nan,
                    js.BigInt(5),
                    js.BigInt(-(2**70)),
                ),
                *(
                    "",
                    "a\ud83e",
                    "0",
                    "length",
                    symbol,
                    ITERATOR,
                    [],
                    [1, [2, None]],
                    (1, 2),
                    {},
                    {"length": 2, "0": "x"},
                    js.Array([3, 1, 2]),
                ),
                *(
                    js.Object(a=1),
                    js.Map({1: 2}),
                    js.Set("ab"),
                    js.WeakMap(),
                    js.Uint8Array([1, 2, 3]),
                    js.BigInt64Array(2),
                    js.ArrayBuffer(4),
                ),
                *(
                    view,
                    proxy,
                    js.Error("e"),
                    KeyError("k"),
                    lambda *args: args,
                    lambda *args: args[:1],
                    iter([1]),
                    generator(),
                    {1, 2},
                    b"ab",
                ),
                *(
                    GLOBALS["Array"],
                    GLOBALS["Map"],
                    model.get([], "push"),
                    model.to_object("abc"),
                    {"next": lambda: {"done": True}},
                    object(),
                ),
                *(
                    {"valueOf": lambda: js.null, "toString": lambda: []},  # noqa: PIE807
                    {"get": lambda: 5},
                    model.call([1, 2], "values", []),
                ),
                *(
                    js.Headers({"a": "b"}),
                    js.Request("http://a/", method="PUT", body=b"x"),
                    js.Response("[1]"),
                    js.Blob(b"x"),
                    form,
                    js.Event("e"),
                    js.EventTarget(),
                    js.AbortController().signal,
                    js.TextDecoder(),
                    js.DOMException("m"),
                ),
            ]
        )

    methods = [(path, value) for path, value in everything() if callable(value) and not is_logging(path)]
    wrong = []
    for path, method in methods:
        for _ in range(25):
            this, args = odd(), [odd() for _ in range(rng.randint(0, 4))]
            for attempt in (lambda: model.apply(method, this, args), lambda: model.construct(method, args)):  # noqa: B023
                try:
                    attempt()
                except (js.Error, GuestException, RecursionError):
                    pass
                except KeyError as error:
                    assert error.args == ("k",), (path, this, args)
                except Exception as error:
                    wrong.append((path, this, args, repr(error)))
    assert wrong == []
    gc.collect()


def test_built_ins_come_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes on for ever without any code of the guest's: nothing could stop it."""
    monkeypatch.setattr(quota, "MAX_STEPS", 1000)
    again = model.call(GLOBALS["Reflect"]["get"], "bind", [None, {"r": {"done": False, "value": 1}}, "r"])
    forever = {ITERATOR: model.call(GLOBALS["Reflect"]["get"], "bind", [None, {"i": {"next": again}}, "i"])}
    looping = js.Object()
    handler = {"getPrototypeOf": model.call(GLOBALS["Reflect"]["get"], "bind", [None, looping, "p"])}
    looping["p"] = proxy = model.construct(GLOBALS["Proxy"], [{}, handler])
    count = itertools.count()
    for attempt in (
        lambda: model.construct(GLOBALS["Set"], [forever]),
        lambda: model.construct(GLOBALS["Set"], [count]),
        lambda: model.call(count, "forEach", [GLOBALS["Object"]]),
        lambda: model.call(count, "every", [GLOBALS["Object"]]),
        lambda: model.call(model.call(count, "drop", [2**50]), "toArray", []),
        lambda: model.call(GLOBALS["Object"], "groupBy", [count, GLOBALS["Symbol"]]),
        lambda: model.instanceof(proxy, GLOBALS["Map"]),
        lambda: model.call(GLOBALS["Object"]["prototype"], "isPrototypeOf", [proxy]),
    ):
        with pytest.raises(js.RangeError):
            attempt()
    assert model.get(model.call(count, "next", []), "value") > 0, "step by step there is no limit"
