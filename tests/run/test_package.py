"""Generated packages as files: imported, moved, zipped, vendored, tampered with, compiled once, and given back."""

from __future__ import annotations

import gc
import importlib
import json
import os
import subprocess
import sys
import weakref
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import wasmtime

from bindgen_patch import BindgenPatchError, GuestAborted, ModuleTerminated
from bindgen_patch.emit.package import write
from bindgen_patch.precompile import precompiled, settle
from tests.run.kit import elsewhere

Load = Callable[..., Any]

ROOT = Path(__file__).resolve().parent.parent.parent
SITE = Path(wasmtime.__file__).resolve().parent.parent


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path, and what it imported forgotten afterwards."""
    folder = tmp_path / "place"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    before = set(sys.modules)
    yield folder
    for name in set(sys.modules) - before:
        if str(folder) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("BINDGEN_PATCH_CACHE", str(folder))
    return folder


def fresh(name: str) -> ModuleType:
    importlib.invalidate_caches()
    return importlib.import_module(name)


# ------------------------------------------------------------------------------------------- importing


def test_importing_compiles_nothing_and_calling_runs_nothing_of_wasmtimes_package(generated: Load, tmp_path: Path) -> None:
    write(generated("strings", "unwind").files, tmp_path / "bindings")
    loaded = elsewhere(
        """
        import bindings
        print([name for name in ("wasmtime", "libcst", "jinja2", "click", "rich") if name in sys.modules], bindings.instance.state)
        bindings.Instance()
        print("bindgen_patch.runtime.capi" in sys.modules)
        bindings.echo_str("a")
        print([name for name in ("wasmtime", "libcst", "jinja2", "click", "rich") if name in sys.modules])
        """,
        folder=tmp_path,
    )
    assert loaded.splitlines() == ["[] new", "False", "[]"]


def test_what_a_package_is_made_of(generated: Load, tmp_path: Path) -> None:
    write(generated("strings", "unwind").files, tmp_path / "bindings")
    assert sorted(path.name for path in (tmp_path / "bindings").iterdir()) == [
        *("__init__.py", "module.wasm", "py.typed", "receipt.json", "shims.wasm"),
    ]
    assert (tmp_path / "bindings" / "py.typed").read_bytes() == b""


@pytest.mark.parametrize("name", ["module.wasm", "shims.wasm"])
@pytest.mark.parametrize("change", ["flipped", "truncated", "empty", "another"])
def test_files_that_were_tampered_with(generated: Load, place: Path, name: str, change: str) -> None:
    write(generated("strings", "unwind").files, place / "tampered")
    path = place / "tampered" / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    other = generated("numbers", "unwind").files[name]
    path.write_bytes({"flipped": bytes(data), "truncated": path.read_bytes()[:-1], "empty": b"", "another": other}[change])
    bindings = fresh("tampered")
    for _ in range(2):
        with pytest.raises(BindgenPatchError, match=rf"tampered/{name} is not the file .*bindgen-patch gen"):
            bindings.echo_str("a")
        assert bindings.instance.state == "new"
    write(generated("strings", "unwind").files, place / "tampered")
    assert bindings.echo_str("a") == "a"


@pytest.mark.parametrize("name", ["module.wasm", "shims.wasm"])
def test_a_file_that_is_missing(generated: Load, place: Path, name: str) -> None:
    write(generated("strings", "unwind").files, place / "torn")
    (place / "torn" / name).unlink()
    with pytest.raises(BindgenPatchError, match=rf"torn/{name} is missing.*bindgen-patch gen"):
        fresh("torn").echo_str("a")


def test_two_packages_in_one_process(generated: Load, place: Path) -> None:
    write(generated("strings", "unwind").files, place / "one")
    write(generated("strings", "abort").files, place / "two")
    write(generated("classes", "unwind").files, place / "three")
    one, two, three = fresh("one"), fresh("two"), fresh("three")
    assert (one.echo_str("a"), two.echo_str("b"), three.Counter(5).increment()) == ("a", "b", 6)
    one.instance.terminate()
    with pytest.raises(ModuleTerminated):
        one.echo_str("a")
    assert two.echo_str("b") == "b"


def test_a_package_inside_another(generated: Load, place: Path) -> None:
    (place / "outer" / "inner").mkdir(parents=True)
    (place / "outer" / "__init__.py").write_text("from .inner.bindings import echo_str\n")
    (place / "outer" / "inner" / "__init__.py").touch()
    write(generated("strings", "unwind").files, place / "outer" / "inner" / "bindings")
    assert fresh("outer").echo_str("a") == "a"


def test_a_package_in_a_namespace(generated: Load, place: Path) -> None:
    write(generated("strings", "unwind").files, place / "space" / "bindings")
    assert fresh("space.bindings").echo_str("a") == "a"


@pytest.mark.parametrize("vendor", [False, True])
def test_a_package_in_a_zip_file(generated: Load, tmp_path: Path, vendor: bool) -> None:
    write(generated("strings", "unwind", vendor=vendor).files, tmp_path / "unpacked" / "zipped")
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in (tmp_path / "unpacked").rglob("*"):
            file.write(path, path.relative_to(tmp_path / "unpacked"))
    assert elsewhere("import zipped\nprint(zipped.echo_str('a'), zipped.__file__)", folder=archive).startswith(f"a {archive}")


def test_a_package_with_another_name_and_place(generated: Load, place: Path) -> None:
    write(generated("strings", "unwind").files, place / "before")
    (place / "before").rename(place / "after")
    assert fresh("after").echo_str("a") == "a"


# ------------------------------------------------------------------------------------------- vendored


VENDORED = f"""
    sys.path.remove({str(ROOT)!r})
    sys.path.append({str(SITE)!r})
    sys.modules["bindgen_patch"] = None
"""


@pytest.mark.parametrize("options", [("-I", "-S"), ("-S",)])
def test_a_vendored_package_needs_wasmtime_only(generated: Load, tmp_path: Path, options: tuple[str, ...]) -> None:
    write(generated("classes", "unwind", vendor=True).files, tmp_path / "vendored")
    code = """
    import vendored
    from vendored._bindgen_patch.errors import ModuleTerminated, PanicError
    from vendored._bindgen_patch import js, StaleObjectError
    print(vendored.Counter(5).increment())
    c = vendored.Counter(1)
    try:
        c.set_then_panic(3)
    except PanicError as error:
        print(error.message, c.get())
    vendored.instance.schedule_reinit()
    try:
        c.get()
    except StaleObjectError as error:
        print(error)
    vendored.instance.terminate()
    try:
        vendored.Counter(1)
    except ModuleTerminated as error:
        print(error)
    third = {name.partition(".")[0] for name in sys.modules} - sys.stdlib_module_names - {"bindgen_patch_accelerator"}
    print(sorted(name for name in third if not name.startswith("_")))
    """
    lines = elsewhere(VENDORED + code, *options, folder=tmp_path).splitlines()
    assert lines[0] == "6"
    assert lines[1].startswith("panicked after setting the value to 3")
    assert lines[1].endswith(" 3")
    assert lines[2:4] == ["Invalid stale object from previous Wasm instance", "Module terminated: terminated: terminated by the host"]
    assert lines[4] == "['bindgen_patch', 'vendored']"


def test_two_vendored_packages_share_nothing(generated: Load, tmp_path: Path) -> None:
    write(generated("strings", "unwind", vendor=True).files, tmp_path / "one")
    write(generated("strings", "abort", vendor=True).files, tmp_path / "two")
    code = """
    import one, two
    print(one.echo_str("a"), two.echo_str("b"), one._bp.Instance is two._bp.Instance)
    """
    assert elsewhere(VENDORED + code, folder=tmp_path) == "a b False"


def test_an_installed_and_a_vendored_package_side_by_side(generated: Load, tmp_path: Path) -> None:
    write(generated("strings", "unwind", vendor=True).files, tmp_path / "one")
    write(generated("strings", "unwind").files, tmp_path / "two")
    assert elsewhere("import one, two\nprint(one.echo_str('a'), two.echo_str('b'))", folder=tmp_path) == "a b"


# ------------------------------------------------------------------------------------------- compiled code

TIMES = """
    import json
    from bindgen_patch.runtime import capi
    compiled = []
    module_new = capi.module_new
    capi.module_new = lambda *args: (compiled.append(len(args)), module_new(*args))[1]
    import bindings
    print(json.dumps([bindings.echo_str("a"), len(compiled)]))
"""


def compiled(folder: Path, cache: Path | str) -> int:
    """How many modules a fresh process compiles to call into ``bindings``."""
    result, count = json.loads(elsewhere(TIMES, folder=folder, BINDGEN_PATCH_CACHE=str(cache)))
    assert result == "a"
    return int(count)


@pytest.fixture
def bindings(generated: Load, tmp_path: Path) -> Path:
    write(generated("strings", "unwind").files, tmp_path / "packages" / "bindings")
    return tmp_path / "packages"


def test_compiled_code_is_kept(bindings: Path, cache: Path) -> None:
    assert compiled(bindings, cache) == 2
    files = sorted(cache.iterdir())
    assert [path.suffix for path in files] == [".cwasm"] * 2
    stamps = [path.stat().st_mtime_ns for path in files]
    assert compiled(bindings, cache) == 0
    assert [path.stat().st_mtime_ns for path in sorted(cache.iterdir())] == stamps


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_the_cache_is_its_owners_alone(bindings: Path, cache: Path) -> None:
    compiled(bindings, cache)
    assert cache.stat().st_mode & 0o777 == 0o700
    for path in cache.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600
        path.chmod(0o666)
    assert compiled(bindings, cache) == 2, "code that others may write is not run"
    assert compiled(bindings, cache) == 0, "it was replaced"


@pytest.mark.parametrize("damage", ["empty", "short", "truncated", "garbage", "flipped", "longer", "folder", "swapped", "sealed"])
def test_damaged_files_are_replaced(bindings: Path, cache: Path, damage: str) -> None:
    compiled(bindings, cache)
    whole = {path: path.read_bytes() for path in cache.iterdir()}
    for path, data in whole.items():
        flipped = bytearray(data)
        flipped[len(data) * 2 // 3] ^= 0x10
        path.unlink()
        if damage == "folder":
            path.mkdir()
            continue
        other = next(content for name, content in whole.items() if name != path)
        path.write_bytes(
            {
                "empty": b"",
                "short": data[:10],
                "truncated": data[: len(data) // 2],
                "garbage": os.urandom(len(data)),
                "flipped": bytes(flipped),
                "longer": data + b"\0",
                "swapped": other,
                "sealed": data[:-512] + other[-512:],
            }[damage]
        )
        path.chmod(0o600)
    assert compiled(bindings, cache) == 2
    if damage != "folder":
        assert {path: path.read_bytes() for path in cache.iterdir()} == whole
        assert compiled(bindings, cache) == 0


def test_code_that_was_found_right_is_not_read_again(bindings: Path, cache: Path) -> None:
    """It is mapped, for nobody has written to it since. Whatever changes the file changes the time it was written, and it is read."""
    code = """
        import hashlib
        hashed = []
        sha256 = hashlib.sha256
        hashlib.sha256 = lambda data=b"", **options: (hashed.append(len(data)), sha256(data, **options))[1]
        import bindings
        print(bindings.echo_str("a"), len(hashed))
    """
    compiled(bindings, cache)
    assert elsewhere(code, folder=bindings, BINDGEN_PATCH_CACHE=str(cache)) == "a 0"
    for path in cache.iterdir():
        os.utime(path)
    assert elsewhere(code, folder=bindings, BINDGEN_PATCH_CACHE=str(cache)) == "a 2"
    assert elsewhere(code, folder=bindings, BINDGEN_PATCH_CACHE=str(cache)) == "a 0", "it was right"
    for path in cache.iterdir():
        with path.open("r+b") as file:
            file.seek(path.stat().st_size // 2)
            file.write(b"\0\1\2\3")
    assert compiled(bindings, cache) == 2


@pytest.mark.parametrize("name", ["module.wasm", "shims.wasm"])
def test_another_guest_is_noticed_though_the_old_one_is_compiled(bindings: Path, cache: Path, name: str) -> None:
    compiled(bindings, cache)
    path = bindings / "bindings" / name
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    code = """
        import bindings
        try:
            bindings.echo_str("a")
        except bindings._bp.Program.__init__.__globals__["BindgenPatchError"] as error:
            print(error)
    """
    assert "is not the file that these bindings" in elsewhere(code, folder=bindings, BINDGEN_PATCH_CACHE=str(cache))


def test_code_that_may_not_be_mapped_is_copied(bindings: Path, cache: Path) -> None:
    """From a file system without permission to execute, the engine cannot map it."""
    compiled(bindings, cache)
    code = """
        from bindgen_patch import BindgenPatchError
        from bindgen_patch.runtime import capi

        def refuse(*args):
            raise BindgenPatchError("mprotect: permission denied")

        def compile(*args):
            raise AssertionError("compiled")

        capi.module_deserialize_file, capi.module_new = refuse, compile
        import bindings
        print(bindings.echo_str("a"))
    """
    assert elsewhere(code, folder=bindings, BINDGEN_PATCH_CACHE=str(cache)) == "a"


@pytest.fixture
def shipped(generated: Load, tmp_path: Path) -> Path:
    """A package with compiled code, as ``gen --precompile`` writes it."""
    files = generated("strings", "unwind").files
    files = files | precompiled(files)
    write(files, tmp_path / "shipped" / "bindings")
    settle(files, tmp_path / "shipped" / "bindings")
    return tmp_path / "shipped"


def test_shipped_code_is_used_where_nothing_is_kept(shipped: Path, tmp_path: Path) -> None:
    assert compiled(shipped, "off") == 0
    for path in (shipped / "bindings" / "_precompiled").iterdir():
        os.utime(path)  # as an installer leaves it
        path.chmod(0o444)
    assert compiled(shipped, tmp_path / "cache") == 0
    assert not (tmp_path / "cache").exists()


def test_shipped_code_in_a_zip_file(shipped: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in shipped.rglob("*"):
            file.write(path, path.relative_to(shipped))
    assert compiled(archive, "off") == 0


@pytest.mark.parametrize("damage", ["flipped", "truncated", "empty", "another machine", "another guest"])
def test_shipped_code_that_does_not_fit_is_passed_over(shipped: Path, cache: Path, damage: str) -> None:
    paths = list((shipped / "bindings" / "_precompiled").iterdir())
    contents = [path.read_bytes() for path in paths]
    for path, content, other in zip(paths, contents, reversed(contents), strict=True):
        middle = len(content) // 2
        flipped = content[:middle] + bytes([content[middle] ^ 4]) + content[middle + 1 :]
        path.write_bytes({"flipped": flipped, "truncated": content[:-1], "empty": b"", "another guest": other}.get(damage, content))
        if damage == "another machine":
            path.rename(path.with_name(path.name.replace("-wasmtime-", "-wasmtime-0")))
    assert compiled(shipped, cache) == 2
    assert compiled(shipped, cache) == 0, "it is kept as ever"


def test_shipped_code_is_for_default_limits(shipped: Path) -> None:
    code = """
        from bindgen_patch import Limits
        import bindings
        print(bindings.Instance(limits=Limits(fuel_per_call=10_000_000)).echo_str("a"))
    """
    assert elsewhere(code, folder=shipped, BINDGEN_PATCH_CACHE="off") == "a"


@pytest.mark.parametrize("off", ["off", "OFF", "0"])
def test_the_cache_can_be_turned_off(bindings: Path, tmp_path: Path, off: str) -> None:
    home = tmp_path / "home"
    home.mkdir()
    code = "import bindings\nprint(bindings.echo_str('a'))"
    environment = {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "LOCALAPPDATA": str(home)}
    assert elsewhere(code, folder=bindings, BINDGEN_PATCH_CACHE=off, **environment) == "a"
    assert list(home.rglob("*")) == []
    assert elsewhere(code, folder=bindings, BINDGEN_PATCH_CACHE="", **environment) == "a"
    assert len(list(home.rglob("*.cwasm"))) == 2


def test_a_folder_that_cannot_be_written(bindings: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "a file"
    blocked.touch()
    for place in (blocked, blocked / "below", Path("/proc/nowhere"), "\0"[:0] or tmp_path / ("long" * 100)):
        assert compiled(bindings, place) == 2


def test_many_processes_at_once_on_a_cold_cache(bindings: Path, cache: Path) -> None:
    script = f"import sys; sys.path[:0] = [{str(bindings)!r}, {str(ROOT)!r}]; import bindings; print(bindings.echo_str('grüße'))"
    environment = {**os.environ, "BINDGEN_PATCH_CACHE": str(cache), "PYTHONIOENCODING": "utf-8"}
    started = [
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) for _ in range(8)
    ]
    for process in started:
        out, error = process.communicate(timeout=120)
        assert (out.decode().strip(), error.decode(), process.returncode) == ("grüße", "", 0)
    assert sorted(path.suffix for path in cache.iterdir()) == [".cwasm"] * 2, "nothing half-written is left"
    assert compiled(bindings, cache) == 0


# ------------------------------------------------------------------------------------------- given back


def guests(module: Any) -> int:
    """How many guest instances of a package there are."""
    gc.collect()
    return len(module._bp_program.guests)


def test_an_instance_that_nobody_has_any_more_is_freed(load: Load, mode: str) -> None:
    module = load("classes", mode)
    i = module.Instance({"host": lambda: None})
    c = i.Counter(1)
    assert guests(module) == 1
    watch = weakref.ref(i)
    del i
    assert guests(module) == 1, "its objects keep it alive"
    assert c.increment() == 2
    del c
    assert (guests(module), watch()) == (0, None)


def test_an_instance_that_died_is_freed(load: Load, mode: str) -> None:
    module = load("recovery", mode)
    i = module.Instance()
    counter, closure = i.Counter(1), i.make_closure()
    with pytest.raises(GuestAborted):
        i.abort()
    assert guests(module) == 0
    watch = weakref.ref(i)
    del i, counter, closure
    gc.collect()
    assert watch() is None


def test_replaced_and_closed_instances_are_freed(load: Load, mode: str) -> None:
    module = load("recovery", mode)
    for _ in range(3):
        module.increment()
        module.instance.schedule_reinit()
    module.increment()
    assert guests(module) == 1
    with module.Instance() as i:
        i.increment()
        assert guests(module) == 2
    assert guests(module) == 1
    module.instance.close()
    assert guests(module) == 0


def test_instances_used_from_threads_are_freed(load: Load) -> None:
    import threading

    module = load("recovery", "unwind")

    def work() -> None:
        i = module.Instance()
        for _ in range(20):
            i.increment()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert guests(module) == 0


FLAT = """
    import gc
    import bindings

    def pages():
        with open("/proc/self/statm") as file:
            size, resident = file.read().split()[:2]
        return int(size) * 4 // 1024, int(resident) * 4 // 1024

    def use(i):
        c = i.Counter(5)
        assert c.describe("x" * 100).endswith("things: 5") and i.peek(c) == 5

    def reinit():
        use(bindings)
        bindings.instance.schedule_reinit()

    def make_and_close():
        i = bindings.Instance()
        use(i)
        i.close()

    def make_and_forget():
        use(bindings.Instance())

    for what in (reinit, make_and_close, make_and_forget):
        for _ in range(50):
            what()
        gc.collect()
        before = pages()
        for _ in range(300):
            what()
        gc.collect()
        after = pages()
        print(what.__name__, after[0] - before[0], after[1] - before[1])
    print(len(bindings._bp_program.guests))
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads /proc")
def test_memory_stays_flat(generated: Load, tmp_path: Path, mode: str) -> None:
    """Megabytes of address space and of memory in use, over 300 rounds after the first 50."""
    write(generated("classes", mode).files, tmp_path / "bindings")
    *rows, left = elsewhere(FLAT, folder=tmp_path).splitlines()
    for row in rows:
        _what, address_space, resident = row.split()
        assert int(resident) <= 4, row
        assert int(address_space) <= 64, row
    assert len(rows) == 3
    assert int(left) == 1


FORKED = """
    import os, signal
    import bindings
    assert bindings.echo_str("a") == "a"  # the engine's threads are there now
    child = os.fork()
    if not child:
        signal.alarm(60)
        from other import add
        os._exit(0 if add(2, 3) == 5 and bindings.echo_str("b") == "b" else 1)
    print(os.waitpid(child, 0)[1])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_process_compiles_by_itself(bindings: Path, generated: Load) -> None:
    """The threads that compile have stayed behind: one that waited for them would do so for ever."""
    write(generated("recovery", "unwind").files, bindings / "other")
    assert elsewhere(FORKED, folder=bindings, BINDGEN_PATCH_CACHE="off") == "0"
