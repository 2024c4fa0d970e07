"""Every name that wasm-bindgen, its linker and this project agree on, spelled once.

Both halves of the project read it, so it imports nothing of ours. Names are those of wasm-bindgen 0.2.130
(``crates/shared``, ``src/rt`` and ``cli-support``); a schema that spells one differently says so in
``decode/schemas.py``.
"""

from __future__ import annotations

from collections.abc import Iterable

# ------------------------------------------------------------------------------------- custom sections

METADATA_SECTION = "__wasm_bindgen_unstable"
"""The programs that the macro wrote; the CLI, and ``edit``, take it away."""

MOVED_CODE = "bindgen_patch_moved"
"""Ours, in a guest with debug information, one for each pass that moved code, the first one first: where stretches of it lie now and lay
before. Pairs of LEB128 numbers, each the distance from the pair before it, the second one signed; offsets in the code section."""

PRECOMPILED = "_precompiled"
"""Ours: the folder of a generated package where ``gen --precompile`` puts compiled code."""

EMSCRIPTEN_MARKERS = ("__wasm_bindgen_emscripten_marker", "__wasm_bindgen_emscripten_jspi_marker")

# ------------------------------------------------------------------------------------- import modules

PLACEHOLDER_MODULE = "__wbindgen_placeholder__"
"""Where a raw guest imports everything that a host must bind."""

EXTERNREF_MODULE = "__wbindgen_externref_xform__"
"""Where it imports the handle-table intrinsics, which the CLI would replace by code."""

# ------------------------------------------------------------------------------------- describing

DESCRIBE = "__wbindgen_describe"
"""Import: takes one word of the descriptor that is being told."""

DESCRIBE_GENERIC_IMPORT = "__wbindgen_describe_generic_import"
"""Import: ends a descriptor told by a function whose body the host must supply."""

DESCRIBE_PREFIX = "__wbindgen_describe_"
"""Exports: this and a shim's symbol name the function that tells that shim's descriptor."""

SKIP_INTERPRET_CALLS = "__wbindgen_skip_interpret_calls"
"""Export: what it calls is a wrapper's prologue (constructors), to be left out when describing."""

# ------------------------------------------------------------------------------------- run-time exports

MEMORY = "memory"
MALLOC = "__wbindgen_malloc"
REALLOC = "__wbindgen_realloc"
FREE = "__wbindgen_free"
EXN_STORE = "__wbindgen_exn_store"
DESTROY_CLOSURE = "__wbindgen_destroy_closure"
INSTANCE_TERMINATED = "__instance_terminated"
"""An immutable global: the address of the "this instance is dead" word."""
ABORT_HANDLER = "__abort_handler"
"""An immutable global: the address of the word that holds the abort hook's place in table 0."""
RESET_STATE = "__wbg_reset_state"
"""No export of the guest's: what upstream calls the function that replaces the instance."""
MAIN = "main"
STACK_POINTER_NAME = "__stack_pointer"
"""A name in the name section, or ``env``'s import; never a raw export."""

# ------------------------------------------------------------------------------------- imports with a meaning of their own

INTRINSIC_PREFIX = "__wbindgen_"
OBJECT_CLONE_REF = "__wbindgen_object_clone_ref"
OBJECT_DROP_REF = "__wbindgen_object_drop_ref"
STATICS_END = "__wbindgen_externref_statics_end"
"""Import: asks for :data:`FIRST_HANDLE`, before every clone and drop."""
FIRST_HANDLE = 1028
"""The first handle that is not one of the fixed ones; the guest neither clones nor drops those."""
CLOSURE_UNREF = "_wbg_cb_unref"
"""The structural method by which Rust lets go of a closure it gave to the host."""
OBJECT_POINTER = "__wbg_ptr"
"""What some crates read from an object to see whether it is one of theirs."""
JS_SYS = "js-sys-"
"""How the identifier of the crate begins that polls futures."""
QUEUE_MICROTASK = "queueMicrotask"
TASK_QUEUE_ASSERTION = "assertion failed: _was_scheduled"
"""What js-sys's queue of tasks panics with, in debug builds, when it is called without having asked for it."""
PROMISE = "Promise"
GENERATED = "__wasm_bindgen_generated_"
"""How the Rust names of exported functions begin; they are in the names of the futures that such a function makes, too."""
PANIC_ERROR = "__wbindgen_panic_error"
"""Imported by guests whose panics unwind, and by no other."""

# ------------------------------------------------------------------------------------- what the CLI leaves behind

CLI_EXPORTS = ("__wbindgen_start", "__wbindgen_externrefs", "__wbindgen_add_to_stack_pointer")
CLI_IMPORT_SUFFIX = "_bg.js"
CLI_IMPORT_MODULE = "wbg"

# ------------------------------------------------------------------------------------- what ``edit`` adds

EXPORT_STACK_POINTER = "__bp_stack_pointer"
EXPORT_TABLE = "__bp_table"
EXPORT_HOST = "__bp_host"
"""The appended table whose slots the host fills with the functions of ``Import.function`` imports."""

WHOLE_PREFIX = "__bp_call_"
WHOLE_NAME = "__bp_call"
"""What the name section calls every function that makes a whole call (``edit/whole.py``): traces leave them out."""
AREA_ASKED, AREA_LEFT, AREA_RECORD, AREA_DATA = 0, 4, 16, 64
"""Where things are in the area of whole calls. They are written into the guest's code: whoever changes them changes the prefix above."""
AREA_FITS = 16 * 1024 - AREA_DATA
"""Bytes of its data."""
AREA_BYTES = AREA_DATA + AREA_FITS
AREA_STACK = 1024 * 1024
"""The least shadow stack that it is taken from."""
AREA_NULL, AREA_OUTSIDE = -1, -2
"""In its first word: the allocator returned null, or memory that is not there."""

SHIM_MODULE = "bindgen_patch_shims"
"""The companion's own name: by it a trap tells its frames from those of the guest."""
SHIM_HOST_MODULE = "host"
"""The module name under which ``shims.wasm`` imports the host's functions."""
SHIM_TAG = "tag"
"""The export of ``shims.wasm`` that is the tag of the exceptions it throws."""
SHIM_TRAPPED = "trapped"
"""The export of ``shims.wasm`` that is a mutable i32: 1 once a trapping shim has ended a call. See ``edit/shims.py``."""
SHIM_INSTANCE = "instance"
"""The export of ``shims.wasm`` that is a mutable i32: the number by which the host knows the instance. See ``edit/shims.py``."""
SHIM_DEAD = -1
"""The status by which a host function tells its shim that the instance has died meanwhile, and is not to be resumed."""


def signature(params: Iterable[str], results: Iterable[str]) -> str:
    """A wasm type in the short form of the run time: ``"iil:d"``."""
    return ":".join("".join(_LETTERS[word] for word in side) for side in (params, results))


_LETTERS = {"i32": "i", "i64": "l", "f32": "f", "f64": "d"}


def whole(symbol: str) -> str:
    """The export that calls ``symbol`` in one crossing; see ``edit/whole.py``."""
    return WHOLE_PREFIX + symbol


def shim(number: int) -> str:
    """The export of ``shims.wasm`` for the import of that number: it throws when the host has failed."""
    return str(number)


def catcher(signature: str) -> str:
    """The export of ``shims.wasm`` that calls functions of this type and catches what its shims have thrown."""
    return f"catch {signature}"


def trapping_shim(number: int) -> str:
    """The same for calls where no exception may be thrown: it traps."""
    return f"{number}.trap"


# ------------------------------------------------------------------------------------- shims of exported items


def mangled(base: str, crate_hash: str) -> str:
    """``base`` as the macro exports it: with the hash of its crate, so that equal names of two crates can meet."""
    return f"{base}_{crate_hash}"


def qualified(namespace: tuple[str, ...], name: str) -> str:
    """``name`` below its JavaScript namespace, joined as the macro joins them."""
    return "__".join((*namespace, name))


def lower(name: str) -> str:
    """Lower case, letter by letter as Rust's ``char`` does it: a final sigma is not special."""
    return "".join(c.lower() for c in name)


def suffix(name: str) -> str:
    """A JavaScript name as the tail of a symbol: ``[Symbol.iterator]`` gives ``Symbol_iterator``."""
    return "".join(c if c.isascii() and c.isalnum() else "_" for c in name.replace("[", "").replace("]", ""))


def free_function(name: str) -> str:
    """The export behind a free function."""
    return suffix(name)


def class_function(owner: str, name: str) -> str:
    """The export behind a constructor, method, static or accessor."""
    return f"{lower(owner)}_{suffix(name)}"


def field_getter(owner: str, field: str) -> str:
    """The export that reads a public field; ``owner`` is qualified."""
    return f"__wbg_get_{lower(owner)}_{suffix(field)}"


def field_setter(owner: str, field: str) -> str:
    """The export that writes a public field; ``owner`` is qualified."""
    return f"__wbg_set_{lower(owner)}_{suffix(field)}"


def generated_function(owner: str | None, name: str) -> str:
    """What follows :data:`GENERATED` in the Rust name of the function that the macro makes of an export."""
    return "_".join(filter(None, (owner, "".join(c for c in name if c.isascii() and (c.isalnum() or c == "_")))))


def destructor(owner: str) -> str:
    """The export that gives up the host's count of a struct; ``owner`` is qualified."""
    return f"__wbg_{lower(owner)}_free"


def upcast(child: str, parent: str) -> str:
    """The export that turns a child's pointer into an owned one of its parent; both are qualified."""
    return f"__wbg_upcast_{lower(child)}_to_{lower(parent)}"


def wrap(owner: str) -> str:
    """The import that makes a host object of a pointer; ``owner`` is qualified."""
    return f"__wbg_{lower(owner)}_new"


def unwrap(owner: str) -> str:
    """The import that takes the pointer out of a host object; ``owner`` is qualified."""
    return f"__wbg_{lower(owner)}_unwrap"


# ------------------------------------------------------------------------------------- wasm-bindgen-test

TEST_PREFIX = "__wbgt_"
"""Exports: this, ``$`` if the test is ignored, ``_`` and its path name the function that hands a test to a context."""
TEST_MODE_SECTION = "__wasm_bindgen_test_unstable"
"""One byte: where the suite wants to be run, see ``decode/suite.py``."""
TEST_CONTEXT = "WasmBindgenTestContext"
"""The class that runs tests."""
TEST_INVOKE = "__wbg_test_invoke"
"""Import: calls the function that it is given, which polls a test."""
TEST_WRITE = "__wbgtest_og_console_log"
"""Import: writes a line of the context's report."""
