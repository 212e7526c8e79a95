"""`.env.example` is the list of knobs, and no knob is read past `config.Config`."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterator

from config import Config, example
from tests.house.tree import ROOT, Source, sample, sources

MAY_READ_THE_ENVIRONMENT = {
    "config.py": "the knobs",
    "app/metrics.py": "PROMETHEUS_MULTIPROC_DIR is the library's own variable, read before any setting",
    "reports/layout/press.py": "the typesetter and its fonts have no other switch; what was there is put back",
    "app/embedded.py": "a laptop's servers are started before there are settings",
    "migrations/env.py": "the owner's address, which the product never sees",
}
STARTERS = ("app/supervise/", "app/simulators/", "app/commands/", "tests/", "tools/")
"""These make an environment for others, or are another company's program."""


def test_the_example_lists_every_knob_with_its_sentence() -> None:
    """`python -c "import config; print(config.example(), end='')" > .env.example`"""
    assert (ROOT / ".env.example").read_text(encoding="utf-8") == example()


def test_the_example_holds_no_secret() -> None:
    for one in dataclasses.fields(Config):
        if one.metadata["secret"]:
            assert f"\n{one.name.upper()}=\n" in example(), f"{one.name} has a default that people would keep"


def test_every_knob_is_used() -> None:
    code = "\n".join(source.text for source in sources("app", "views", "jobs", "security", "migrations"))
    own = (ROOT / "config.py").read_text(encoding="utf-8")
    unused = [
        one.name
        for one in dataclasses.fields(Config)
        if not re.search(rf"\.{one.name}\b", code + own) and one.name.upper() not in code
    ]
    assert not unused, f"nothing reads {unused}: remove the knob"


def test_every_knob_stands_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    missing = [one.name.upper() for one in dataclasses.fields(Config) if one.name.upper() not in readme]
    assert not missing, f"say in README.md, under configuration, what these do: {missing}"


def _reads(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv"}:
            yield source.at(node)


def test_the_environment_is_read_in_one_place() -> None:
    found = [
        line
        for source in sources("config.py", "app", "views", "models", "security", "reports", "jobs", "migrations")
        if source.name not in MAY_READ_THE_ENVIRONMENT and not source.name.startswith(STARTERS)
        for line in _reads(source)
    ]
    assert not found, f"make it a knob of config.Config: {found}"
    assert list(_reads(sample("import os\nx = os.environ['X']")))
