"""The run-time half: what generated packages import as ``_bp``.

It needs wasmtime and the standard library only, and ``gen --vendor`` copies it (with ``recovery``, ``js``, ``errors`` and
``symbols``) verbatim. Importing it loads no wasmtime: the first call into a guest does.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NoReturn

from ..js import BigInt, Promise
from ..js import model as js
from . import hints
from .guest import Guest
from .host import Target, Transport
from .instance import Instance
from .intrinsics import intrinsic, unsupported
from .limits import Limits
from .objects import Closure, Object, Policy
from .program import Import, Program
from .resolved import as_any, as_array, as_bool, as_bytes, as_enum, as_float, as_instance, as_int, as_list, as_none, as_option, as_str
from .values import (
    Array,
    Buffer,
    Floats,
    Ints,
    MutFloats,
    MutInts,
    boolean,
    cells,
    char,
    enum,
    f32,
    f64,
    from_option_32,
    from_option_bool,
    from_option_char,
    from_option_f32,
    from_option_small,
    from_option_string_enum,
    function,
    i8,
    i16,
    i32,
    i64,
    i128,
    items,
    mut_numbers,
    nonnull,
    numbers,
    option_32,
    option_f32,
    option_small,
    or_none,
    pointer,
    string_enum,
    strings,
    to_bigint,
    to_char,
    to_i128,
    to_js_number,
    to_string_enum,
    to_u32,
    to_u64,
    to_u128,
    u8,
    u16,
    u32,
    u64,
    u128,
    utf8,
)

__all__ = [
    "Any", "Array", "BigInt", "Buffer", "Closure", "Floats", "Guest", "Import", "Instance", "Ints", "Iterable", "Limits", "Literal",
    "Mapping", "MutFloats", "MutInts", "NoReturn", "Object", "Policy", "Program", "Promise", "Target", "Transport", "as_any",
    "as_array", "as_bool", "as_bytes", "as_enum", "as_float", "as_instance", "as_int", "as_list", "as_none", "as_option", "as_str",
    "boolean", "cells", "char", "enum", "f32", "f64", "from_option_32", "from_option_bool", "from_option_char", "from_option_f32",
    "from_option_small", "from_option_string_enum", "function", "hints", "i128", "i16", "i32", "i64", "i8", "intrinsic", "items", "js",
    "mut_numbers", "nonnull", "numbers", "option_32", "option_f32", "option_small", "or_none", "pointer", "string_enum", "strings",
    "to_bigint", "to_char", "to_i128", "to_js_number", "to_string_enum", "to_u128", "to_u32", "to_u64", "u128", "u16", "u32", "u64",
    "u8", "unsupported", "utf8",
]  # fmt: skip
"""The contract between generated code and the run time: nothing else of it may be named by a template."""
