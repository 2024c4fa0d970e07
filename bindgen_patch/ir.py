"""The model that the stages hand to one another: frozen dataclasses and closed unions, no behaviour.

``decode`` builds one :class:`Module` from a guest, ``edit`` and ``emit`` read it. Types mirror the descriptors
that the guest computes about itself (wasm-bindgen's ``WasmDescribe``), already resolved: whatever a later stage
would have to look up twice is on the node.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Word = Literal["i32", "i64", "f32", "f64"]
"""A wasm value type that may cross the boundary."""


@dataclass(frozen=True, slots=True)
class FuncType:
    """The wasm type of a function."""

    params: tuple[Word, ...]
    results: tuple[Word, ...]


# ---------------------------------------------------------------------------------------------- types


@dataclass(frozen=True, slots=True)
class Int:
    """``i8`` … ``i128``, ``u8`` … ``u128``; ``isize``/``usize`` are 32 bits wide."""

    bits: Literal[8, 16, 32, 64, 128]
    signed: bool


@dataclass(frozen=True, slots=True)
class Float:
    """``f32`` and ``f64``."""

    bits: Literal[32, 64]


@dataclass(frozen=True, slots=True)
class Bool:
    """``bool``."""


@dataclass(frozen=True, slots=True)
class Char:
    """``char``: one Unicode scalar value."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """``*const T``/``*mut T``, or ``NonNull<T>`` when ``nonnull``: an address in guest memory."""

    nonnull: bool


@dataclass(frozen=True, slots=True)
class String:
    """``String``, ``Box<str>``, and ``&str`` below a :class:`Ref`. ``cached``: the interning form."""

    cached: bool = False


@dataclass(frozen=True, slots=True)
class JsValue:
    """``JsValue`` and every imported JavaScript type; ``name`` is the TypeScript text when there is one."""

    name: str | None = None


@dataclass(frozen=True, slots=True)
class Struct:
    """An exported Rust struct; ``key`` names a :class:`StructDef` of the module."""

    key: str


@dataclass(frozen=True, slots=True)
class Enum:
    """An exported numeric enum; ``key`` names an :class:`EnumDef`, ``hole`` stands for ``None``.

    ``number`` is how it crosses: a float, or in guests of earlier wasm-bindgens an integer, whose lists hold handles of numbers.
    """

    key: str
    hole: int
    number: Float | Int = Float(64)


@dataclass(frozen=True, slots=True)
class StringEnum:
    """An imported string enum; ``key`` names a :class:`StringEnumDef`."""

    key: str


@dataclass(frozen=True, slots=True)
class DynamicUnion:
    """A dynamic union crosses as a handle; ``variants`` are the types it may hold."""

    name: str
    variants: tuple[Type, ...]


@dataclass(frozen=True, slots=True)
class Ref:
    """``&T`` (``&mut T`` when ``mutable``)."""

    target: Type
    mutable: bool = False


@dataclass(frozen=True, slots=True)
class Slice:
    """``[T]``, always below a :class:`Ref`."""

    element: Type


@dataclass(frozen=True, slots=True)
class Vec:
    """``Vec<T>`` and ``Box<[T]>``."""

    element: Type


@dataclass(frozen=True, slots=True)
class Option:
    """``Option<T>``; ``None`` stands for ``undefined``."""

    target: Type


@dataclass(frozen=True, slots=True)
class Nullable:
    """``Nullable<T>``: an optional whose empty value is ``null``."""

    target: Type


@dataclass(frozen=True, slots=True)
class Result:
    """``Result<T, E>``; only ever a return type."""

    ok: Type


@dataclass(frozen=True, slots=True)
class Unit:
    """``()``."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What a described function takes and gives.

    ``shim`` is the slot in the guest's function table for closures, 0 for everything else. ``logical`` is the declared
    return type where it differs from what crosses (async functions), else equal to ``ret``.
    """

    params: tuple[Type, ...]
    ret: Type
    logical: Type
    shim: int = 0


@dataclass(frozen=True, slots=True)
class Function:
    """``dyn Fn(..)`` below a :class:`Ref`: ``&dyn Fn`` or, when that is mutable, ``&mut dyn FnMut``."""

    signature: Signature


@dataclass(frozen=True, slots=True)
class Closure:
    """The Rust side of a ``Closure``/``ScopedClosure``; only ever the parameter of a cast."""

    owned: bool
    mutable: bool
    signature: Signature


Type = (
    Int | Float | Bool | Char | Pointer | String | JsValue | Struct | Enum | StringEnum | DynamicUnion
    | Ref | Slice | Vec | Option | Nullable | Result | Unit | Function | Closure
)  # fmt: skip


# ---------------------------------------------------------------------------------------------- exports


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter, under the name the Rust author gave it."""

    name: str
    type: Type
    optional: bool = False
    """It may be left out, though its type does not say so."""


ExportKind = Literal["function", "constructor", "method", "static", "getter", "setter", "static_getter", "static_setter"]


@dataclass(frozen=True, slots=True)
class Export:
    """One function of the guest that a host may call.

    ``symbol`` is the wasm export. ``name`` is what JavaScript calls it (for accessors: the property). ``params`` leave
    out the receiver, which is one leading ``i32`` for methods and instance accessors. ``consumes``: takes ``self`` by value.
    ``late``: an asynchronous function that takes hold of what it borrows when it is first polled, not when it is called.
    """

    symbol: str
    name: str
    kind: ExportKind
    owner: str | None
    params: tuple[Param, ...]
    ret: Type
    logical: Type
    wasm: FuncType
    doc: str = ""
    consumes: bool = False
    variadic: bool = False
    asyncness: bool = False
    namespace: tuple[str, ...] = ()
    late: bool = False


@dataclass(frozen=True, slots=True)
class StructDef:
    """An exported struct. Its methods and fields are :class:`Export` s whose ``owner`` is ``key``.

    ``free`` is the destructor's export.
    """

    key: str
    name: str
    doc: str
    free: str
    namespace: tuple[str, ...] = ()
    private: bool = False
    extends: str | None = None
    upcasts: tuple[tuple[str, str], ...] = ()
    """``(parent key, export symbol)`` for every ancestor, nearest first."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One variant of an enum; ``value`` is an ``int`` for numeric ones, a ``str`` for string ones."""

    name: str
    value: int | str
    doc: str = ""


@dataclass(frozen=True, slots=True)
class EnumDef:
    """An exported numeric enum."""

    key: str
    name: str
    doc: str
    variants: tuple[Variant, ...]
    namespace: tuple[str, ...] = ()
    private: bool = False


@dataclass(frozen=True, slots=True)
class StringEnumDef:
    """A string enum; it crosses as the index of a variant, ``len(variants)`` being "no such string"."""

    key: str
    name: str
    doc: str
    variants: tuple[Variant, ...]
    private: bool = False


# ---------------------------------------------------------------------------------------------- imports


@dataclass(frozen=True, slots=True)
class Target:
    """Where the host finds an imported item: attribute ``path`` of module ``module``, or of the globals.

    ``module`` is the name the host provides it under (``./host.js``, ``node:fs``); an inline snippet is called
    ``inline<N>`` after its place in the crate. ``vendor_prefixes`` are tried before the last name of ``path``.
    """

    module: str | None
    path: tuple[str, ...]
    vendor_prefixes: tuple[str, ...] = ()


Operation = Literal[
    "call",             # target(*args)
    "new",              # target(*args) as a constructor
    "static",           # attribute `name` of target, called
    "method",           # attribute `name` of args[0], called with the rest
    "final_method",     # attribute `name` of the target class, called with args[0] as its receiver
    "get", "set",       # attribute `name` of args[0]
    "static_get", "static_set",                      # attribute `name` of target
    "index_get", "index_set", "index_delete",        # args[0][args[1]]
    "static_index_get", "static_index_set", "static_index_delete",   # target[args[0]]
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Call:
    """An imported function, method, accessor, indexer or constructor."""

    target: Target
    operation: Operation
    name: str
    signature: Signature
    catch: bool = False
    variadic: bool = False
    asyncness: bool = False
    params: tuple[str, ...] = ()
    """Argument names, receiver included."""
    task_queue: bool = False
    """It is how js-sys asks for its tasks to be polled."""


@dataclass(frozen=True, slots=True)
class Intrinsic:
    """One of wasm-bindgen's own imports (``throw``, ``string_get``, ``object_drop_ref`` …), without its ``__wbindgen_``."""

    name: str


@dataclass(frozen=True, slots=True)
class Static:
    """An imported static: the value of ``target``, fetched once; ``None`` for a missing one where the type is optional."""

    target: Target
    type: Type


@dataclass(frozen=True, slots=True)
class ConstString:
    """A string constant (``thread_local_v2, static_string``)."""

    value: str


@dataclass(frozen=True, slots=True)
class InstanceOf:
    """``value instanceof target``."""

    target: Target


@dataclass(frozen=True, slots=True)
class Wrap:
    """Turn a pointer to a Rust struct into a handle of its host object."""

    key: str


@dataclass(frozen=True, slots=True)
class Unwrap:
    """Take the pointer back out of a host object."""

    key: str


@dataclass(frozen=True, slots=True)
class Cast:
    """A generic conversion: lift ``param``, lower the same value as ``ret``."""

    param: Type
    ret: Type


@dataclass(frozen=True, slots=True)
class Unsupported:
    """Something this version cannot serve; it fails when called, with ``reason``."""

    reason: str


Role = Call | Intrinsic | Static | ConstString | InstanceOf | Wrap | Unwrap | Cast | Unsupported


@dataclass(frozen=True, slots=True)
class Import:
    """One thing the guest asks of its host.

    Either an import of the wasm module (``module``, ``symbol``; ``function`` is ``None``) or a local function whose body is
    swapped for a call through the host table (``function`` is its index; ``symbol`` a made-up name).
    """

    module: str
    symbol: str
    wasm: FuncType
    role: Role
    function: int | None = None


# ---------------------------------------------------------------------------------------------- the module


@dataclass(frozen=True, slots=True)
class Facts:
    """What the editor and the run time need to know of the guest's insides."""

    eh: Literal["none", "legacy", "exnref"]
    """Exception handling form found in the code."""
    unwinds: bool
    """Built with ``panic=unwind`` (it imports ``panic_error``, or its code handles exceptions)."""
    stack_pointer: int | None
    """Index of the ``__stack_pointer`` global."""
    function_table: bool
    """Table 0 exists (closures and the abort hook live there)."""
    exports: frozenset[str]
    """Every export of the raw module, describe exports left out."""
    describes: frozenset[str]
    """The describe exports, which the edited guest drops."""


@dataclass(frozen=True, slots=True)
class Module:
    """Everything that is known of a guest."""

    schema: str
    version: str
    facts: Facts
    exports: tuple[Export, ...]
    structs: tuple[StructDef, ...]
    enums: tuple[EnumDef, ...]
    string_enums: tuple[StringEnumDef, ...]
    imports: tuple[Import, ...]
    start: tuple[str, ...] = ()
    """Exports to call once after every instantiation, in order; ``main`` takes two zeros."""
    typescript: tuple[str, ...] = ()
    """What the crates add to the guest's TypeScript declarations."""
    crates: tuple[str, ...] = field(default=())
    """Crates that contributed metadata, ``name-hash`` as in their ``unique_crate_identifier``."""
