"""The checks of `make check` that are tools of our own: each holds here, and each was seen to bite."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.databases import ROOT
from tools import lock

FILES = ["pyproject.toml", "package.json", "package-lock.json", "requirements-node.lock", *lock.LOCKS]


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The dependency files in a folder where they may be spoiled."""
    for name in FILES:
        shutil.copy(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def spoil(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_the_locks_equal_what_the_project_asks_for(copy: Path) -> None:
    assert lock.faults() == []


def test_a_dependency_without_a_lock_is_found(copy: Path) -> None:
    spoil(copy / "pyproject.toml", '  "gunicorn>=27",', '  "gunicorn>=27",\n  "waitress>=3",')
    found = lock.faults()
    assert "requirements.lock was not made from this pyproject.toml: run `make lock`" in found
    assert "requirements.lock does not hold waitress>=3: run `make lock`" in found


def test_an_address_in_a_lock_is_found(copy: Path) -> None:
    with (copy / "requirements.lock").open("a") as file:
        file.write("--index-url https://mirror.example/simple\n")
    assert "requirements.lock holds an address: --index-url" in lock.faults()


def test_two_locks_that_disagree_are_found(copy: Path) -> None:
    (line,) = [x for x in (copy / "requirements.lock").read_text().splitlines() if x.startswith("gunicorn==")]
    spoil(copy / "requirements-dev.lock", line, "gunicorn==27.0.99 \\")
    assert "requirements-dev.lock pins gunicorn otherwise than a smaller lock" in lock.faults()


def test_a_browser_package_without_a_lock_is_found(copy: Path) -> None:
    spoil(copy / "package.json", '"esbuild"', '"left-pad": "^1.0.0",\n    "esbuild"')
    assert lock.faults() == ["package-lock.json was not made from this package.json: run `npm install`"]


def test_a_browser_lock_with_an_address_is_found(copy: Path) -> None:
    spoil(copy / "package-lock.json", '"node_modules/esbuild": {', '"node_modules/esbuild": {"resolved": "there",')
    assert lock.faults() == ["package-lock.json holds the address of node_modules/esbuild"]


def scan(path: Path) -> int:
    hook = [sys.executable, "-m", "detect_secrets.pre_commit_hook", "--baseline", ".secrets.baseline", str(path)]
    return subprocess.run(hook, cwd=ROOT, capture_output=True).returncode


def test_a_key_in_a_file_is_found_and_an_ordinary_line_is_not(tmp_path: Path) -> None:
    plain, leak = tmp_path / "plain.py", tmp_path / "leak.py"
    plain.write_text("key = read_key()\n")
    leak.write_text("key = '" + "AKIA" + "IOSFODNN7" + "EXAMPLE" + "'\n")
    assert (scan(plain), scan(leak)) == (0, 1)


def test_every_command_says_what_it_does() -> None:
    text = (ROOT / "Makefile").read_text()
    (phony,) = [line for line in text.splitlines() if line.startswith(".PHONY: ")]
    internal = {"installed", "ready"}
    help_text = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    described = {line.split()[0] for line in help_text.splitlines()}
    assert set(phony.split()[1:]) - internal == described


def test_ci_is_make_check() -> None:
    assert "exec make check" in (ROOT / ".ci" / "run").read_text()
