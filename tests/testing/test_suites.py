"""``bindgen-patch test``, on a suite in which there is a test for each thing that can become of one."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bindgen_patch.cli import main
from bindgen_patch.decode import suite
from bindgen_patch.pipeline import generate
from bindgen_patch.testing import run as running
from bindgen_patch.testing.host import Host

from ..conftest import FIXTURES, MODES

SUITE = FIXTURES / "tested"
PARTNER = "/tests/partner.js"


def run(*args: object) -> Result:
    return CliRunner().invoke(main, ["test", *map(str, args)])


def results(result: Result) -> dict[str, str]:
    """What became of each test."""
    return dict(re.findall(r"^test (\S+) \.\.\. (.*)$", result.stdout, re.MULTILINE))


def detail(result: Result, test: str) -> str:
    """What is said of a test that failed, as it is printed, less the title and the indentation."""
    found = re.search(rf"^---- {test} output ----\n((?:    .*\n|\n)*)", result.stdout, re.MULTILINE)
    assert found, result.stdout
    return textwrap.dedent(found[1]).strip("\n")


@pytest.fixture(params=MODES)
def guest(request: pytest.FixtureRequest) -> Path:
    """The suite, in each way of building it."""
    return SUITE / f"{request.param}.wasm"


@pytest.fixture
def partner(tmp_path: Path) -> Path:
    path = tmp_path / "partner.py"
    path.write_text("def double(value: int) -> int:\n    return 2 * value\n")
    return path


# ------------------------------------------------------------------------------------------- a whole run

REPORT = """\
running 23 tests
test deadly::loops ... ignored, it never ends
test ignored::plainly ... ignored
test ignored::with_a_reason ... ignored, it takes too long
test later::never_ends ... ignored, it never ends
test tasks::one_fails_and_the_test_waits ... ignored, it never ends
test plain::throws ... FAIL
test plain::passes_with_a_result ... ok
test plain::passes ... ok
test plain::fails_with_a_result ... FAIL
test plain::fails ... FAIL
test panics::with_the_expected_text ... ok
test panics::with_another_text ... FAIL
test panics::not_at_all ... FAIL
test panics::as_it_should ... ok
test output::of_a_test_that_passes ... ok
test output::of_a_test_that_fails ... FAIL
test later::passes ... ok
test later::is_rejected ... FAIL
test later::fails ... FAIL
test host::lacks_something ... FAIL
test host::has_a_partner ... FAIL
test deadly::leaves_a_fresh_instance ... ok
test deadly::aborts ... FAIL

failures:

---- plain::throws output ----
    JS exception that was thrown:
        Error: thrown

---- plain::fails_with_a_result output ----
    JS exception that was thrown:
        Error: "not today"

---- plain::fails output ----
    error output:
        panicked at tests/suite.rs:44:9:
        assertion `left == right` failed: two and two
          left: 4
         right: 5

    JS exception that was thrown:
        PANIC: assertion `left == right` failed: two and two
          left: 4
         right: 5

---- panics::with_another_text output ----
    note: panic did not contain expected string
          panic message: `"panicked at tests/suite.rs:76:9:
    as told"`,
     expected substring: `"something else"`


---- panics::not_at_all output ----
    note: panics::not_at_all did not panic as expected


---- output::of_a_test_that_fails output ----
    debug output:
        details

    log output:
        one line
        two values: 1.5

    warn output:
        a warning
        of two lines

    error output:
        an error
        panicked at tests/suite.rs:140:9:
        at last

    JS exception that was thrown:
        PANIC: at last

---- later::is_rejected output ----
    JS exception that was thrown:
        Error: JsValue(Error: rejected)

---- later::fails output ----
    error output:
        panicked at tests/suite.rs:110:9:
        afterwards

    JS exception that was thrown:
        PANIC: afterwards

---- host::lacks_something output ----
    JS exception that was thrown:
        MissingImport: the guest called `nowhere.unknown`, which this host does not provide; Rust declares it as `fn unknown()`

---- host::has_a_partner output ----
    JS exception that was thrown:
        MissingImport: the guest called `/tests/partner.js: double`, which this host does not provide; \
Rust declares it as `fn double(value: u32) -> u32`
        a Python module can stand in for this one: --module /tests/partner.js=FILE.py

---- deadly::aborts output ----
    log output:
        last words

    JS exception that was thrown:
        GuestAborted: wasm `unreachable` instruction executed
          suite::deadly::aborts at offset 0x…

failures:

    plain::throws
    plain::fails_with_a_result
    plain::fails
    panics::with_another_text
    panics::not_at_all
    output::of_a_test_that_fails
    later::is_rejected
    later::fails
    host::lacks_something
    host::has_a_partner
    deadly::aborts

test result: FAILED. 7 passed; 11 failed; 5 ignored; 0 filtered out; finished in …s

"""
"""The lines and their order are those of upstream's ``wasm-bindgen-test-runner`` (with node, panic=abort), which has a partner, however.
``PANIC`` is the exception that a panic is here."""


def test_a_whole_run(guest: Path) -> None:
    result = run(guest)
    shown = re.sub(r"(?<=finished in )[\d.]+", "…", re.sub(r"(?<=offset 0x)[0-9a-f]+", "…", result.stdout))
    assert shown == REPORT.replace("PANIC", "PanicError" if guest.stem == "unwind" else "GuestAborted")
    assert result.stderr == ""
    assert result.exit_code == 1


def test_a_run_in_which_nothing_fails(guest: Path) -> None:
    result = run(guest, "passes", "should", "deadly::leaves")
    assert set(results(result).values()) == {"ok"}
    assert len(results(result)) == 6
    assert "failures:" not in result.stdout
    assert result.stdout.endswith("17 filtered out; finished in " + result.stdout.rpartition(" in ")[2])
    assert result.exit_code == 0


def test_nothing_else_is_said_of_panics_and_deaths(guest: Path) -> None:
    """In a process of its own, in which nobody has set up logging."""
    command = [sys.executable, "-m", "bindgen_patch", "test", guest, "plain::fails", "aborts"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.stderr, done.returncode) == ("", 1)
    assert "0 passed; 3 failed" in done.stdout


def test_what_never_ends_is_stopped_and_the_others_run(guest: Path) -> None:
    result = run(guest, "--include-ignored", "--timeout", "0.4", "never", "loops", "leaves_a_fresh", "later::passes")
    assert results(result) == {
        "later::passes": "ok",
        "later::never_ends": "FAIL",
        "deadly::loops": "FAIL",
        "deadly::leaves_a_fresh_instance": "ok",
    }
    for test in ("later::never_ends", "deadly::loops"):
        assert "the test has not ended within 0.4 seconds" in detail(result, test)


def test_what_nobody_catches_ends_the_test(guest: Path) -> None:
    """At once: the task that failed is none that the test would hear of."""
    result = run(guest, "--include-ignored", "--timeout", "30", "tasks", "later::passes", "leaves_a_fresh")
    test = "tasks::one_fails_and_the_test_waits"
    assert results(result) == {"later::passes": "ok", test: "FAIL", "deadly::leaves_a_fresh_instance": "ok"}
    assert "MissingImport: the guest called `nowhere.unknown`" in detail(result, test)


def test_the_time_limit_has_the_name_that_upstream_gives_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WASM_BINDGEN_TEST_TIMEOUT", "0.3")
    assert "not ended within 0.3 seconds" in detail(run(SUITE / "abort.wasm", "--ignored", "never"), "later::never_ends")


def test_each_death_leaves_a_fresh_instance(guest: Path) -> None:
    """Aborts, and between them a test that finds out whether another one has been in its instance."""
    tests = {test.name: test for test in suite.tests(suite.read(guest.read_bytes(), guest.name))}
    aborts, fresh = tests["deadly::aborts"], tests["deadly::leaves_a_fresh_instance"]
    with running.bindings(generate(guest.read_bytes(), guest.name, running.OPTIONS).files) as package:
        outcomes = [*running.run(package, [aborts, fresh, aborts, aborts, fresh], Host(), {}, 10, ignored=False)]
    assert [outcome.status for outcome in outcomes] == ["FAIL", "ok", "FAIL", "FAIL", "ok"]


def test_a_record_for_programs(tmp_path: Path, guest: Path) -> None:
    run(guest, "host", "later::passes", "ignored::with", "--json", tmp_path / "record.json")
    record = json.loads((tmp_path / "record.json").read_text("utf-8"))
    tests = {test.pop("name"): test for test in record.pop("tests")}
    assert record == {"passed": 1, "failed": 2, "ignored": 1, "filtered": 19}
    assert {name: (test["status"], test["missing"]) for name, test in tests.items()} == {
        "ignored::with_a_reason": ("ignored", []),
        "later::passes": ("ok", []),
        "host::lacks_something": ("FAIL", []),
        "host::has_a_partner": ("FAIL", [PARTNER]),
    }
    assert tests["ignored::with_a_reason"]["detail"] == "it takes too long"
    assert "nowhere.unknown" in tests["host::lacks_something"]["detail"]
    assert all(0 <= test["seconds"] < 30 for test in tests.values())


# ------------------------------------------------------------------------------------------- partners


def test_a_python_module_stands_in_for_a_partner(guest: Path, partner: Path) -> None:
    result = run(guest, "--module", f"{PARTNER}={partner}", "host")
    assert results(result) == {"host::lacks_something": "FAIL", "host::has_a_partner": "ok"}
    assert result.stderr == ""


def test_a_partner_without_the_function_and_one_that_fails(guest: Path, partner: Path) -> None:
    partner.write_text("def triple(value: int) -> int:\n    return 3 * value\n")
    result = run(guest, "--module", f"{PARTNER}={partner}", "partner")
    assert "MissingImport: the guest called `/tests/partner.js: double`" in detail(result, "host::has_a_partner")
    partner.write_text("def double(value: int) -> int:\n    raise OSError('out of order')\n")
    result = run(guest, "--module", f"{PARTNER}={partner}", "partner")
    assert detail(result, "host::has_a_partner") == "JS exception that was thrown:\n    OSError: out of order"


def test_a_partner_that_another_suite_needs_is_no_error(partner: Path) -> None:
    result = run(SUITE / "abort.wasm", "--module", f"./other.js={partner}", "plain::passes")
    assert result.stderr == f"note: this suite imports no module ./other.js, but {PARTNER}\n"
    assert result.exit_code == 0


# ------------------------------------------------------------------------------------------- flags


def test_list() -> None:
    guest = SUITE / "unwind.wasm"
    names = run(guest, "--list").stdout.splitlines()
    assert names[:2] == ["deadly::loops: test", "ignored::plainly: test"]
    assert len(names) == 23
    assert run(guest, "--list", "--ignored", "with").stdout == "ignored::with_a_reason: test\n"


@pytest.mark.parametrize(
    ("args", "left"),
    [
        (("plain::passes", "--exact"), ["plain::passes"]),
        (("passes", "--skip", "plain"), ["output::of_a_test_that_passes", "later::passes"]),
        (("passes", "--skip", "plain::passes", "--exact", "plain::passes"), []),
        (("panics", "--skip", "with", "--skip", "not"), ["panics::as_it_should"]),
        (("ignored",), ["ignored::plainly", "ignored::with_a_reason"]),
        (("--ignored", "plain"), ["ignored::plainly"]),
        (("nothing",), []),
    ],
)
def test_which_tests_are_chosen(args: tuple[str, ...], left: list[str]) -> None:
    listed = run(SUITE / "unwind.wasm", "--list", *args).stdout.splitlines()
    assert sorted(listed) == sorted(f"{name}: test" for name in left)


def test_ignored_tests_are_run_when_asked_for(guest: Path) -> None:
    assert results(run(guest, "ignored")) == {"ignored::plainly": "ignored", "ignored::with_a_reason": "ignored, it takes too long"}
    both = run(guest, "ignored", "--ignored")
    assert results(both) == {"ignored::plainly": "FAIL", "ignored::with_a_reason": "ok"}
    assert "it was not ignored" in detail(both, "ignored::plainly")
    included = run(guest, "ignored::with", "later::passes", "--include-ignored")
    assert results(included) == {"ignored::with_a_reason": "ok", "later::passes": "ok"}
    assert included.exit_code == 0


def test_terse() -> None:
    for flag in (["--format", "terse"], ["-q"], ["--quiet"]):
        result = run(SUITE / "unwind.wasm", "plain", *flag)
        assert result.stdout.startswith("running 6 tests\niF..FF\n\nfailures:\n")
        assert not results(result)


def test_nocapture() -> None:
    result = run(SUITE / "unwind.wasm", "of_a_test_that_fails", "--nocapture")
    assert "Invoking test: output::of_a_test_that_fails\none line\ntwo values: 1.5\n" in result.stdout
    assert result.stderr.startswith("a warning\nof two lines\nan error\npanicked at ")
    assert "one line" in detail(result, "output::of_a_test_that_fails")


def test_no_tests_to_run() -> None:
    for guest, filters in ((SUITE / "unwind.wasm", ["nothing"]), (FIXTURES / "strings" / "abort.wasm", [])):
        result = run(guest, *filters)
        assert (result.stdout, result.stderr, result.exit_code) == ("no tests to run!\n", "", 0)


def test_a_suite_that_wants_a_browser_is_told_where_it_is(tmp_path: Path) -> None:
    guest = tmp_path / "suite.wasm"
    name = b"__wasm_bindgen_test_unstable"
    guest.write_bytes((SUITE / "abort.wasm").read_bytes() + bytes((0, len(name) + 2, len(name))) + name + b"\1")
    result = run(guest, "plain::passes")
    assert result.stderr == "note: the suite asks to be run in a browser; here it runs on a Python host\n"
    assert result.exit_code == 0


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
@pytest.mark.parametrize(("flags", "bar"), [([], True), (["-q"], False)])
def test_a_terminal_gets_a_bar_and_colours(flags: list[str], bar: bool) -> None:
    import pty

    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "bindgen_patch", "test", SUITE / "unwind.wasm", "plain::passes", "--exact", *flags]
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | {"TERM": "xterm-256color", "COLUMNS": "100"}
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=theirs, stderr=subprocess.PIPE, env=environment) as process:
        os.close(theirs)
        shown = b""
        with suppress(OSError), os.fdopen(ours, "rb", buffering=0) as terminal:
            while piece := terminal.read(4096):
                shown += piece
    assert process.returncode == 0
    text = shown.decode()
    assert ("0/1" in text, "━" in text) == (bar, bar)
    assert ("\x1b[2Ktest plain::passes ... \x1b[32mok\x1b[0m\r\n" in text) == bar
    assert "test result: \x1b[32mok\x1b[0m. 1 passed" in text


# ------------------------------------------------------------------------------------------- misuse


@pytest.mark.parametrize(
    ("args", "error", "hint"),
    [
        (["missing.wasm"], "missing.wasm: no such file", "target/wasm32-unknown-unknown"),
        ([__file__], "test_suites.py: ", ""),
        ([SUITE / "abort.wasm", "--ignored", "--include-ignored"], "--ignored and --include-ignored exclude each other", "all tests"),
        ([SUITE / "abort.wasm", "--bench"], "benchmarks are not run", "wasm-bindgen-test-runner"),
        ([SUITE / "abort.wasm", "--module", "partner.py"], "--module partner.py: there is no NAME=FILE.py", "./host.js=tests/host.py"),
        ([SUITE / "abort.wasm", "--module", "./a.js=missing.py"], "missing.py cannot be imported: FileNotFoundError", "./a.js"),
        ([SUITE / "abort.wasm", "--module", f"./a.js={SUITE / 'Cargo.toml'}"], "its name does not end in .py", "./a.js"),
    ],
)
def test_misuse(args: list[object], error: str, hint: str) -> None:
    result = run(*args)
    first, second = result.stderr.splitlines()
    assert first.startswith("error: ")
    assert error in first
    assert second.startswith("hint: ")
    assert hint in second
    assert (result.stdout, result.exit_code) == ("", 2)


@pytest.mark.parametrize("args", [["--timeout", "0"], ["--timeout", "soon"], ["--format", "json"], ["--nonsense"]])
def test_unknown_options(args: list[str]) -> None:
    result = run(SUITE / "abort.wasm", *args)
    assert (result.stdout, result.exit_code) == ("", 2)


def test_an_export_that_is_no_test_but_is_called_so(tmp_path: Path) -> None:
    guest, name = tmp_path / "odd.wasm", b"__externref_drop_slice"
    data = (SUITE / "abort.wasm").read_bytes()
    assert name in data
    guest.write_bytes(data.replace(name, b"__wbgt__suite::a::test"))
    result = run(guest)
    assert (
        result.stderr
        == "error: odd.wasm: test `a::test` is no function of a test context\nhint: the file is damaged; build the guest again\n"
    )
    assert (result.stdout, result.exit_code) == ("", 2)


# ------------------------------------------------------------------------------------------- cargo

LINK = """\
#!/bin/sh
while [ $# -gt 0 ]; do [ "$1" = -o ] && cp '{guest}' "$2"; shift; done
"""
"""Stands in for the linker: whatever is compiled, the suite comes out."""
MANIFEST = """\
[package]
name = "guest"
edition = "2021"

[lib]
test = false
doctest = false

[[test]]
name = "suite"
harness = false
"""
BARE = "#![feature(no_core)]\n#![no_core]\n"


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for the linker is a shell script")
@pytest.mark.skipif(shutil.which("cargo") is None, reason="cargo is not installed")
def test_as_runner_of_cargo(tmp_path: Path, partner: Path) -> None:
    """The real cargo, on a crate that needs no library of that target."""
    for path, text in {
        "Cargo.toml": MANIFEST,
        "src/lib.rs": BARE,
        "tests/suite.rs": f"{BARE}#![no_main]\n",
        "link": LINK.format(guest=SUITE / "unwind.wasm"),
    }.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    (tmp_path / "link").chmod(0o755)
    target = "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_"
    environment = os.environ | {
        "RUSTC_BOOTSTRAP": "1",
        f"{target}LINKER": str(tmp_path / "link"),
        f"{target}RUNNER": f"{sys.executable} -m bindgen_patch test --module {PARTNER}={partner}",
        "CARGO_TARGET_DIR": str(tmp_path / "target"),
    }

    def cargo(*args: str) -> subprocess.CompletedProcess[str]:
        command = ["cargo", "test", "--offline", "--quiet", "--target", "wasm32-unknown-unknown", "--", *args]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    good = cargo("plain::passes", "partner")
    assert good.returncode == 0, good.stderr
    assert "test host::has_a_partner ... ok\n" in good.stdout
    assert "3 passed; 0 failed; 0 ignored; 20 filtered out" in good.stdout
    bad = cargo("plain::fails", "--exact")
    assert bad.returncode != 0
    assert "test plain::fails ... FAIL\n" in bad.stdout
    assert "exit status: 1" in bad.stderr
