"""JavaScript's own classes, functions and prototypes as tables.

Everything here is made once and shared by all guests of a process, so nothing of it can be changed: what one guest did to a
prototype, another would see. A module of built-ins says in its ``CLASSES`` what it has, name -> value; it is loaded when somebody
asks for one of its names (:func:`builtin`), or looks up a property on an object that inherits from one (:func:`prototype`).

In the tables a method is a Python function of ``this`` and the arguments, as they come. The number of parameters behind ``this`` is
the method's ``length``; where the standard has another, the table says ``(function, length)``. What is missing is undefined, what is
too much is dropped.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from types import FunctionType, MappingProxyType, MethodType
from typing import Any, Final

from . import errors
from .primitives import Symbol, null
from .symbols import TO_STRING_TAG

Key = str | Symbol
Body = Callable[..., Any]
Table = Mapping[Any, Any]
"""Key -> function, or ``(function, length)``; a :class:`Function` stays what it is."""

MISSING: Final[Any] = object()
"""What stands for a property, or a part of one, that is not there."""


class Property:
    """A property descriptor (ECMA-262 6.2.6): what it does not say is :data:`MISSING`, or ``None`` for a flag."""

    __slots__ = ("configurable", "enumerable", "get", "set", "value", "writable")

    def __init__(
        self,
        value: Any = MISSING,
        writable: bool | None = None,
        enumerable: bool | None = None,
        configurable: bool | None = None,
        get: Any = MISSING,
        set: Any = MISSING,
    ) -> None:
        self.value = value
        self.writable = writable
        self.enumerable = enumerable
        self.configurable = configurable
        self.get = get
        self.set = set

    @property
    def is_accessor(self) -> bool:
        """Whether reading or writing it runs a function."""
        return self.get is not MISSING or self.set is not MISSING

    @property
    def is_data(self) -> bool:
        """Whether it says something about a value."""
        return self.value is not MISSING or self.writable is not None

    @property
    def is_plain(self) -> bool:
        """Whether it is as an assignment makes it."""
        return bool(self.writable and self.enumerable and self.configurable) and not self.is_accessor


# ------------------------------------------------------------------------------------------- functions


class Invocable:
    """A function object that is told its ``this``. Called from Python it has none."""

    __slots__ = ("__weakref__",)

    def invoke(self, this: Any, args: Sequence[Any]) -> Any:
        """[[Call]]."""
        raise NotImplementedError

    def construct(self, args: Sequence[Any], new_target: Any) -> Any:
        """[[Construct]], which most of them do not have."""
        raise errors.TypeError(f"{getattr(self, 'name', 'it')} is not a constructor")

    def __call__(self, *args: Any) -> Any:
        return self.invoke(None, args)

    def __repr__(self) -> str:
        return f"<js function {getattr(self, 'name', '')}>"


class Function(Invocable):
    """A built-in function: ``body(this, *args)``."""

    __slots__ = ("_body", "_least", "_most", "length", "name")

    def __init__(self, name: str, body: Body, length: int | None = None) -> None:
        self.name = name
        self._body = body
        most = accepted(body)
        self._most = MISSING if most is None else most - 1
        self._least = required(body) - 1
        self.length = length if length is not None else self._least if most is None else most - 1

    @property
    def __name__(self) -> str:
        return self.name

    @property
    def members(self) -> Mapping[Key, Property]:
        """Its own properties."""
        return {"length": Property(self.length, False, False, True), "name": Property(self.name, False, False, True)}

    @property
    def parent(self) -> Any:
        return prototype("Function")

    def invoke(self, this: Any, args: Sequence[Any]) -> Any:
        given = len(args)
        if given < self._least:
            return self._body(this, *args, *[None] * (self._least - given))
        if self._most is not MISSING and given > self._most:
            args = args[: self._most]
        return self._body(this, *args)


class Bound(Function):
    """What ``bind`` makes (ECMA-262 10.4.1)."""

    __slots__ = ("args", "target")

    def __init__(self, name: str, length: int, target: Any, this: Any, args: Sequence[Any]) -> None:
        self.target = target
        self.args = tuple(args)
        super().__init__(name, lambda _this, *rest: call_as_given(target, this, [*self.args, *rest]), length)


_VARARGS = 0x04
"""``inspect.CO_VARARGS``, without that module."""


def call_as_given(function: Any, this: Any, args: Sequence[Any]) -> Any:
    """A call that a guest wrote. To give a function of the host's more than it takes is a mistake that its author wants to hear of."""
    if isinstance(function, Invocable) or hasattr(type(function), "_bp_realm"):
        return apply(function, this, args)
    return function(*args)


def apply(function: Any, this: Any, args: Sequence[Any]) -> Any:
    """[[Call]], by a built-in: it gives what the standard says, and what a function does not take of it is dropped.

    Functions of the host's and of a guest know no ``this``.
    """
    if isinstance(function, Invocable):
        return function.invoke(this, args)
    if not callable(function):
        raise errors.TypeError(f"{type(function).__name__} is not a function")
    most = accepted(function)
    return function(*args) if most is None or len(args) <= most else function(*args[:most])


def accepted(function: Any) -> int | None:
    """How many positional arguments a callable takes; ``None`` when there is no limit, or none can be told."""
    code, bound = _code(function)
    return None if code is None or code.co_flags & _VARARGS else code.co_argcount - bound


def required(function: Any) -> int:
    """How many of them it cannot do without, as far as can be told."""
    code, bound = _code(function)
    if code is None:
        return 0
    plain = function if isinstance(function, FunctionType) else getattr(function, "__func__", None)
    if plain is None:
        plain = _initialiser(function) if isinstance(function, type) else type(function).__call__
    return int(code.co_argcount - bound - len(getattr(plain, "__defaults__", None) or ()))


def _initialiser(cls: Any) -> Any:
    return cls.__init__


def _code(function: Any) -> tuple[Any, int]:
    if isinstance(function, FunctionType):
        return function.__code__, 0
    if isinstance(function, MethodType):
        return getattr(function.__func__, "__code__", None), 1
    if isinstance(function, type):
        return getattr(_initialiser(function), "__code__", None), 1
    return getattr(getattr(type(function), "__call__", None), "__code__", None), 1  # noqa: B004


# ------------------------------------------------------------------------------------------- objects that nobody changes


class Fixed:
    """A built-in object, a prototype or a namespace: properties, and what it inherits from."""

    __slots__ = ("__weakref__", "_parent", "members")

    def __init__(self, members: Mapping[Key, Property], parent: str | None = "Object") -> None:
        self.members: Mapping[Key, Property] = MappingProxyType(dict(members))
        self._parent = parent

    @property
    def parent(self) -> Any:
        """Its prototype."""
        return null if self._parent is None else prototype(self._parent)

    def __getitem__(self, key: Key) -> Any:
        return self.members[key].value


def namespace(tag: str, functions: Table, constants: Mapping[Any, Any] = MappingProxyType({})) -> Fixed:
    """An object like ``Math``: functions and constants."""
    members = {**_functions(functions), **_constants(constants), TO_STRING_TAG: Property(tag, False, False, True)}
    return Fixed(members)


def without_this(table: Table) -> dict[Any, Any]:
    """A table of functions that know the arguments only: what is static, and the globals."""
    bodies = {key: entry if isinstance(entry, tuple) else (entry, None) for key, entry in table.items()}
    return {key: (_without_this(body), Function("", body, length).length + (length is None)) for key, (body, length) in bodies.items()}


def functions(table: Table, **lengths: int) -> dict[str, Function]:
    """Global functions, of a table of functions that know the arguments only."""
    return {name: Function(name, *entry) for name, entry in with_lengths(without_this(table), **lengths).items()}


def with_lengths(table: Table, **lengths: int) -> dict[Any, Any]:
    """A table whose functions have another ``length`` than the number of their parameters: optional ones do not count."""
    return {
        key: (entry[0] if isinstance(entry, tuple) else entry, lengths[key]) if key in lengths else entry for key, entry in table.items()
    }


def _functions(table: Table) -> dict[Key, Property]:
    """Properties of the functions in a table. One body that has two names is one function, under the first of them."""
    made: dict[Any, Function] = {}
    members: dict[Key, Property] = {}
    for key, entry in table.items():
        body, length = entry if isinstance(entry, tuple) else (entry, None)
        if isinstance(body, Function):
            made[body] = body
        elif body not in made:
            made[body] = Function(key if isinstance(key, str) else f"[{key.description}]", body, length)
        members[key] = Property(made[body], not isinstance(key, Symbol) or key.description == "Symbol.iterator", False, True)
    return members


def _constants(table: Mapping[Any, Any]) -> dict[Key, Property]:
    return {key: Property(value, False, False, False) for key, value in table.items()}


def _accessors(getters: Table, setters: Table) -> dict[Key, Property]:
    members: dict[Key, Property] = {}
    for key in {**getters, **setters}:
        name = key if isinstance(key, str) else f"[{key.description}]"
        get = Function(f"get {name}", getters[key]) if key in getters else None
        set = Function(f"set {name}", setters[key], 1) if key in setters else None
        members[key] = Property(None, None, False, True, get, set)
        members[key].value = MISSING
    return members


class Class(Invocable):
    """A constructor of JavaScript's, with its prototype.

    ``call`` is what ``C(...)`` does, ``construct`` what ``new C(...)`` does; without one of them that is an error. ``parent`` names the
    class that it extends. ``tag`` is the prototype's ``Symbol.toStringTag``.
    """

    __slots__ = ("_call", "_construct", "_parent", "length", "members", "name", "prototype")

    def __init__(
        self,
        name: str,
        *,
        call: Body | None = None,
        construct: Body | None = None,
        length: int = 0,
        statics: Table = MappingProxyType({}),
        constants: Mapping[Any, Any] = MappingProxyType({}),
        static_getters: Table = MappingProxyType({}),
        prototype: Table = MappingProxyType({}),
        values: Mapping[Any, Any] = MappingProxyType({}),
        getters: Table = MappingProxyType({}),
        setters: Table = MappingProxyType({}),
        tag: str | None = None,
        parent: str | None = "Object",
    ) -> None:
        self.name = name
        self.length = length
        self._call = None if call is None else Function(name, _without_this(call))
        self._construct = None if construct is None else Function(name, _without_this(construct))
        self._parent = parent
        members = {**_functions(prototype), **_accessors(getters, setters)}
        members.update({key: Property(value, True, False, True) for key, value in values.items()})
        if tag is not None:
            members[TO_STRING_TAG] = Property(tag, False, False, True)
        self.prototype = Fixed({"constructor": Property(self, True, False, True), **members}, parent)
        self.members: Mapping[Key, Property] = MappingProxyType(
            {
                "length": Property(length, False, False, True),
                "name": Property(name, False, False, True),
                "prototype": Property(self.prototype, False, False, False),
                **_functions(statics),
                **_constants(constants),
                **_accessors(static_getters, {}),
            }
        )

    @property
    def __name__(self) -> str:
        return self.name

    @property
    def parent(self) -> Any:
        """Its own prototype: the class that it extends, else what all functions inherit from."""
        return prototype("Function") if self._parent in (None, "Object") else builtin(self._parent)

    def __getitem__(self, key: Key) -> Any:
        return self.members[key].value

    def invoke(self, this: Any, args: Sequence[Any]) -> Any:
        if self._call is None:
            raise errors.TypeError(f"Class constructor {self.name} cannot be invoked without 'new'")
        return self._call.invoke(this, args)

    def construct(self, args: Sequence[Any], new_target: Any) -> Any:
        """``new C(...args)``."""
        if self._construct is None:
            raise errors.TypeError(f"{self.name} is not a constructor")
        made = self._construct.invoke(None, args)
        if new_target is not self:
            from .model import inherit_from

            inherit_from(made, new_target)
        return made

    def has_instance(self, value: object) -> bool:
        """OrdinaryHasInstance (ECMA-262 7.3.22)."""
        from .model import inherits

        return inherits(value, self.prototype)


def _without_this(body: Body) -> Body:
    """What calls and constructs has no use for ``this``; the limits on its arguments are the body's own."""
    most, least = accepted(body), required(body)

    def call(_this: Any, *args: Any) -> Any:
        given = args if most is None else args[:most]
        return body(*given, *[None] * (least - len(given)))

    return call


# ------------------------------------------------------------------------------------------- where they are

HOMES: Mapping[str, str] = MappingProxyType(
    {
        "Object": "objects",
        "Function": "functions",
        "Array": "arrays",
        **dict.fromkeys(
            ("Iterator", "Array Iterator", "Map Iterator", "Set Iterator", "String Iterator"),
            "iterators",
        ),
        **dict.fromkeys(("Iterator Helper", "Iterable", "Generator"), "iterators"),
        **dict.fromkeys(("AsyncIterator", "AsyncIterable", "AsyncGenerator", "Async-from-Sync Iterator"), "asynchronous"),
        **dict.fromkeys(("Boolean", "Symbol"), "wrappers"),
        **dict.fromkeys(("Number", "BigInt", "isFinite", "isNaN", "parseFloat", "parseInt"), "numbers"),
        "Math": "maths",
        "String": "texts",
        **dict.fromkeys(("RegExp", "RegExp String Iterator"), "regexp.patterns"),
        "Date": "dates",
        **dict.fromkeys(("URL", "URLSearchParams", "URLSearchParams Iterator"), "web.url"),
        **dict.fromkeys(
            ("decodeURI", "decodeURIComponent", "encodeURI", "encodeURIComponent", "escape", "unescape"),
            "uri",
        ),
        **dict.fromkeys(
            ("Error", "AggregateError", "EvalError", "RangeError", "ReferenceError", "SuppressedError", "SyntaxError"), "failures"
        ),
        **dict.fromkeys(("TypeError", "URIError", "DOMException"), "failures"),
        **dict.fromkeys(("Map", "Set", "WeakMap", "WeakSet", "WeakRef", "FinalizationRegistry"), "keyed"),
        **dict.fromkeys(("ArrayBuffer", "SharedArrayBuffer", "DataView", "TypedArray"), "buffers"),
        **dict.fromkeys(("Int8Array", "Uint8ClampedArray", "Int16Array", "Uint16Array", "Int32Array"), "buffers"),
        **dict.fromkeys(("Uint32Array", "BigInt64Array", "BigUint64Array", "Float16Array", "Float32Array", "Float64Array"), "buffers"),
        "Uint8Array": "encodings",
        "Atomics": "atomics",
        **dict.fromkeys(("Intl", "Intl Collator", "Intl DateTimeFormat", "Intl ListFormat", "Intl NumberFormat"), "intl"),
        **dict.fromkeys(("Intl PluralRules", "Intl RelativeTimeFormat"), "intl"),
        "Proxy": "proxies",
        **dict.fromkeys(("DisposableStack", "AsyncDisposableStack"), "disposal"),
        **dict.fromkeys(("ReadableStream", "ReadableStreamDefaultReader", "ReadableStreamDefaultController"), "streams"),
        **dict.fromkeys(("ReadableStreamBYOBReader", "ReadableStreamBYOBRequest", "ReadableByteStreamController"), "streams"),
        **dict.fromkeys(("WritableStream", "WritableStreamDefaultWriter", "WritableStreamDefaultController"), "streams"),
        **dict.fromkeys(("TransformStream", "TransformStreamDefaultController", "ReadableStreamAsyncIterator"), "streams"),
        **dict.fromkeys(("CountQueuingStrategy", "ByteLengthQueuingStrategy"), "streams"),
        "Reflect": "reflect",
        "JSON": "namespaces",
        "console": "namespaces",
        "structuredClone": "cloning",
        **dict.fromkeys(("WebAssembly", "WebAssembly Memory"), "memory"),
        # The web's. What needs to know who asks (timers, ``fetch``) is in :mod:`.realm`.
        **dict.fromkeys(("TextDecoder", "TextEncoder"), "web.text_codecs"),
        **dict.fromkeys(("atob", "btoa"), "encodings"),
        **dict.fromkeys(("Crypto", "Performance", "crypto", "performance"), "web.platform"),
        **dict.fromkeys(("CustomEvent", "Event", "EventTarget"), "web.events"),
        **dict.fromkeys(("AbortController", "AbortSignal"), "web.aborting"),
        **dict.fromkeys(("Headers", "Headers Iterator"), "web.headers"),
        **dict.fromkeys(("Blob", "File"), "web.blobs"),
        **dict.fromkeys(("FormData", "FormData Iterator"), "web.forms"),
        **dict.fromkeys(("Request", "Response"), "web.fetching"),
    }
)
"""Name of a built-in -> the module that has it in its ``CLASSES``."""

_loaded: dict[str, Any] = {}


def builtin(name: str) -> Any:
    """A built-in by its name: a :class:`Class`, a namespace or a function. Raises ``KeyError`` for one that is none."""
    found = _loaded.get(name, MISSING)
    if found is MISSING:
        module = importlib.import_module(f".{HOMES[name]}", __package__)
        for key, value in module.CLASSES.items():
            _loaded.setdefault(key, value)
        found = _loaded[name]
    return found


def prototype(name: str) -> Any:
    """The prototype of a built-in class."""
    return builtin(name).prototype


def tied(obj: object) -> Any:
    """The built-in class that a Python class of ours stands for, else what was given."""
    name = obj.__dict__.get("_bp_class") if isinstance(obj, type) else None
    return builtin(name) if isinstance(name, str) else obj
