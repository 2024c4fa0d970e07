"""What a guest tries, and does not get."""

from __future__ import annotations

import asyncio
import collections
import functools
import io
import os
import pathlib
import subprocess
import sys
import threading
import types
from collections.abc import Iterator
from typing import Any

import pytest

from bindgen_patch import js
from bindgen_patch.js import model, visibility
from bindgen_patch.js.builtins import GLOBALS
from bindgen_patch.js.classes import MISSING, Class, Fixed, Function
from bindgen_patch.js.realm import Realm
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
