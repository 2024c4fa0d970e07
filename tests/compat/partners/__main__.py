"""``python -m tests.compat.partners``: the options of ``bindgen-patch test`` that have these modules stand in."""

from pathlib import Path

_FILES = {
    **{name: name.lower() for name in ("Array", "Function", "Generator", "Iterator", "Promise", "Symbol")},
    **dict.fromkeys(("JsString", "Number", "Object", "Proxy", "Reflect", "SharedArrayBuffer", "Thenable"), "others"),
}

for name, file in _FILES.items():
    print(f"--module=tests/wasm/{name}.js={Path(__file__).with_name(file)}.py")
