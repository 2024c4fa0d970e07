"""Every generated package, and code that uses some of them, is clean under ``mypy --strict`` and ``pyright``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bindgen_patch import pipeline
from bindgen_patch.emit.package import write

from ..conftest import BUILDS

ROOT = Path(__file__).resolve().parents[2]

USER = '''\
"""What users write. Both checkers complain about an ignored error that is none."""

from collections.abc import Awaitable, Sequence
from typing import Any, Literal, assert_type

import classes_unwind as classes
import enums_unwind as enums
import futures_unwind as futures
import numbers_unwind as numbers
import results_unwind as results
import slices_unwind as slices
import serde_unwind as serde
import strings_unwind as strings
import typed_unwind as typed
from bindgen_patch import GuestAborted, js
from bindgen_patch.errors import Kind

assert_type(numbers.echo_u8(1), int)
assert_type(numbers.maybe_f64(1), float | None)
assert_type(numbers.maybe_f64(), float | None)
numbers.echo_u8("1")  # type: ignore[arg-type]
numbers.echo_u8()  # type: ignore[call-arg]

assert_type(strings.greet("World"), str)
strings.greet(b"World")  # type: ignore[arg-type]
strings.maybe_string(5)  # type: ignore[arg-type]

assert_type(slices.echo_u8(b"bytes"), bytes)
assert_type(slices.echo_strings(["a"]), list[str])
assert_type(slices.make_items(3), list[slices.Item])
slices.reverse_i32([1, 2])
slices.reverse_u8(bytearray(3))
slices.sum(range(3))
slices.sum(["1"])  # type: ignore[list-item]

assert_type(enums.next_color(enums.Color.Red), enums.Color)
assert_type(enums.opposite("sad"), enums.Mood | None)

assert_type(results.get_string(False), str)
assert_type(results.Thing(1).half, int)
results.Thing(1).half = "2"  # type: ignore[assignment]

assert_type(classes.Counter(1).value, int)
i = classes.Instance(on_abort="reinit", imports={})
counter = i.Counter(1)
assert_type(counter, classes.Counter)
assert_type(i.state, str)
classes.Instance(on_abort="never")  # type: ignore[arg-type]




async def asynchronous() -> None:
    """Awaitables know what they give."""
    assert_type(await futures.echo_u32(1), int)
    assert_type(await futures.nothing(), None)
    assert_type(await futures.echo_color(futures.Color.Red), futures.Color)
    assert_type(await futures.Counter.create(1), futures.Counter)
    assert_type(await futures.Counter(1).read_after(js.Promise.resolve(1)), int)
    assert_type(futures.maybe_counter(None), js.Promise[futures.Counter | None])
    await futures.echo_u32("1")  # type: ignore[arg-type]


assert_type(futures.echo_strings(["a"]).result(timeout=1), list[str])
assert_type(futures.echo_f64(1).finally_(print).result(), float)
futures.echo_u32(1).then(lambda value: value.bit_length()).catch(print)

ada: typed.Person = {"name": "Ada", "tags": [], "address": js.null, "friends": []}
assert_type(typed.said_person(ada), typed.Person)
assert_type(typed.person({"name": "Bob", "age": 3, "tags": ["a"], "address": js.null, "friends": [ada]})["friends"], Sequence[typed.Person])
assert_type(typed.option_person(), typed.Person | None)
typed.said_person({"name": 1, "tags": [], "address": js.null, "friends": []})  # type: ignore[typeddict-item]
typed.said_person({"name": "Ada"})  # type: ignore[typeddict-item]
assert_type(typed.said_promise(js.Promise.resolve(ada)), Awaitable[typed.Person])
assert_type(typed.texts(js.Promise.resolve(["a"])), Awaitable[Sequence[str]])
assert_type(typed.said_status("on"), Literal["on", "off", "it's \\"complicated\\""])
typed.said_status("broken")  # type: ignore[arg-type]
assert_type(typed.said_map(js.Map([("a", [1.0])]))["a"], Sequence[float])
assert_type(typed.said_unknown(1), Any)
assert_type(typed.evil(1), Any)
assert_type(typed.count("text"), int)
assert_type(typed.said_function(lambda name, count: True)(), bool | Awaitable[bool])
typed.uint8_array(b"bytes")
typed.uint8_array(js.Uint8Array(3))
typed.uint8_array("bytes")  # type: ignore[arg-type]
typed.date(js.Date(0))

event = typed.said_event({"type": "click", "x": 1, "y": 2})
if event["type"] == "click":
    assert_type(event["x"], float)
else:
    assert_type(event["code"], str)

shape = serde.moved({"kind": "circle", "centre": {"x": 0, "y": 0}, "radius": 1}, {"x": 1, "y": 2})
if shape["kind"] == "circle":
    assert_type(shape["centre"], serde.Point)
serde.moved({"kind": "square"}, {"x": 1, "y": 2})  # type: ignore[arg-type]


@i.on_abort
def report(death: GuestAborted) -> None:
    assert_type(death.kind, Kind)


with i, counter as same:
    assert_type(same, classes.Counter)
'''


@pytest.fixture(scope="module")
def packages(generated: Callable[..., pipeline.Generated], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all of them."""
    folder = tmp_path_factory.mktemp("typed")
    for case, mode in BUILDS:
        write(generated(case, mode).files, folder / f"{case.replace('/', '_').replace('-', '_')}_{mode}")
    write(generated("strings", "unwind", vendor=True).files, folder / "vendored")
    (folder / "user.py").write_text(USER)
    return folder


def run(*command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"MYPYPATH": str(ROOT), "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1"}
    return subprocess.run([sys.executable, "-m", *command], cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def test_mypy(packages: Path, tmp_path: Path) -> None:
    done = run("mypy", "--strict", "--config-file=", f"--cache-dir={tmp_path}", ".", cwd=packages)
    assert done.stdout.startswith(f"Success: no issues found in {len(list(packages.rglob('*.py')))} source files"), done.stdout
    assert done.returncode == 0


def test_pyright(packages: Path) -> None:
    settings = {"extraPaths": [str(ROOT)], "reportUnnecessaryTypeIgnoreComment": "error"}
    (packages / "pyrightconfig.json").write_text(json.dumps(settings))
    done = run("pyright", "--outputjson", "--pythonpath", sys.executable, cwd=packages)
    report = json.loads(done.stdout[done.stdout.index("{") :])
    problems = [f"{item['file']}:{item['range']['start']['line'] + 1}: {item['message']}" for item in report["generalDiagnostics"]]
    assert problems == []
    assert report["summary"]["filesAnalyzed"] == len(list(packages.rglob("*.py")))
