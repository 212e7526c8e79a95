"""The lock files: made (`make lock`) and checked without the network (`make check`).

Every lock begins with the digest of the dependency tables it was made from, so a changed pyproject.toml with an old
lock is found at once. A lock holds hashes and no address, and each is a superset of the one before.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCKS = {
    "requirements.lock": [],
    "requirements-dev.lock": ["--group", "dev"],
    "requirements-bench.lock": ["--group", "dev", "--group", "bench"],
}
MARK = "# made from the dependency tables of pyproject.toml, sha256 "
PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^ ;\\]+)(?: ; ([^\\]+?))? *\\$", re.MULTILINE)
ADDRESS = re.compile(r"\w+://|--(extra-)?index-url|--find-links")


def _tables() -> dict[str, object]:
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    return {"dependencies": project["project"]["dependencies"], "groups": project["dependency-groups"]}


def digest() -> str:
    """SHA-256 (hex) of what pyproject.toml asks for."""
    return hashlib.sha256(json.dumps(_tables(), sort_keys=True).encode()).hexdigest()


def make(more: list[str]) -> None:
    """Resolves again, keeping every version that may stay. `more` goes to uv, for example --upgrade."""
    for name, groups in LOCKS.items():
        fixed = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-annotate", "--no-header"]
        command = [".venv/bin/uv", "pip", "compile", "pyproject.toml", *groups, *fixed, "--quiet", *more, "-o", name]
        subprocess.run(command, check=True)
        lock = Path(name)
        lock.write_text(f"{MARK}{digest()}\n{lock.read_text(encoding='utf-8')}", encoding="utf-8")


def _pins(text: str) -> dict[str, set[str]]:
    pins: dict[str, set[str]] = {}
    for name, version, _ in PINNED.findall(text):
        pins.setdefault(canonicalize_name(name), set()).add(version)
    return pins


def _wanted(name: str) -> list[str]:
    tables = _tables()
    groups: dict[str, list[object]] = tables["groups"]  # type: ignore[assignment]
    wanted: list[str] = list(tables["dependencies"])  # type: ignore[call-overload]
    waiting: list[object] = [{"include-group": group} for group in LOCKS[name][1::2]]
    while waiting:
        entry = waiting.pop()
        if isinstance(entry, dict):
            waiting += groups[entry["include-group"]]
        else:
            wanted.append(str(entry))
    return wanted


def faults() -> list[str]:
    """What is wrong with the locks, one sentence each; empty when they hold."""
    found: list[str] = []
    smaller: dict[str, set[str]] = {}
    for name in LOCKS:
        text = Path(name).read_text(encoding="utf-8")
        pins = _pins(text)
        if not text.startswith(f"{MARK}{digest()}\n"):
            found.append(f"{name} was not made from this pyproject.toml: run `make lock`")
        for text_wanted in _wanted(name):
            wanted = Requirement(text_wanted)
            versions = pins.get(canonicalize_name(wanted.name), set())
            if not any(wanted.specifier.contains(version, prereleases=True) for version in versions):
                found.append(f"{name} does not hold {wanted}: run `make lock`")
        found += [
            f"{name} pins {pin} otherwise than a smaller lock" for pin in smaller if smaller[pin] != pins.get(pin)
        ]
        smaller = pins
    return found + _addresses() + _node()


def _addresses() -> list[str]:
    return [
        f"{name} holds an address: {hit.group()}"
        for name in [*LOCKS, "requirements-node.lock"]
        if (hit := ADDRESS.search(Path(name).read_text(encoding="utf-8")))
    ]


def _node() -> list[str]:
    lock = json.loads(Path("package-lock.json").read_text(encoding="utf-8"))["packages"]
    package = json.loads(Path("package.json").read_text(encoding="utf-8"))
    found = [f"package-lock.json holds the address of {name}" for name, entry in lock.items() if "resolved" in entry]
    kinds = ("dependencies", "devDependencies")
    if any(package.get(kind, {}) != lock[""].get(kind, {}) for kind in kinds):
        found.append("package-lock.json was not made from this package.json: run `npm install`")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    options, more = parser.parse_known_args()
    if not options.check:
        make(more)
        return 0
    found = faults()
    print(*found, sep="\n", file=sys.stderr, end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
