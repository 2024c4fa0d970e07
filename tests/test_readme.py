"""The README keeps its promises: its commands, its diagram, its links."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests import diagram

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()


def command(name: str) -> str:
    found = re.search(rf"<!-- {name} -->\n```sh\n(.*?)\n```", README, re.DOTALL)
    assert found is not None
    return found[1]


def test_the_diagram_is_drawn_from_the_table() -> None:
    assert diagram.with_diagram(README) == README


def test_both_commands_are_one_line() -> None:
    assert "\n" not in command("first command")
    assert "\n" not in command("test command")
    assert "pytest" in command("test command")


def test_the_first_command_prints_what_the_guest_returned(tmp_path: Path) -> None:
    """All of it but the virtual environment and the installation, which is the one these tests run in."""
    parts = command("first command").split(" && ")
    assert parts[:2] == ["python3 -m venv .venv", ".venv/bin/pip install -q ."]
    tools = {
        ".venv/bin/bindgen-patch": f"{sys.executable} -m bindgen_patch",
        ".venv/bin/python": sys.executable,
        "fixtures/": f"{ROOT}/fixtures/",
    }
    line = re.sub("|".join(map(re.escape, tools)), lambda match: tools[match[0]], " && ".join(parts[2:]))
    done = subprocess.run(line, shell=True, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "Hello, Ada!"


def test_ci_runs_the_readmes_test_command() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    extract = next(line for line in script.splitlines() if line.startswith("test_command="))
    told = subprocess.run(["bash", "-c", f'{extract}\necho "$test_command"'], cwd=ROOT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == command("test command")
    rest = script[script.index('bash -c "$test_command"') :]
    assert "ruff check" in rest
    assert "mypy" in rest


def test_links_lead_somewhere() -> None:
    for path in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text()):
            assert (path.parent / target).exists(), f"{path.name}: {target}"
