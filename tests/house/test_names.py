"""One noun has one file name on every floor; names and words that may not be here are not here."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.house.tree import AREAS, PACKAGES, ROOT, Source, sample, sources

FLOORS = ("models", "app/services", "views/console", "views/storefront", "jobs", "reports")
VAGUE = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "misc",
    "tools",
    "lib",
    "core",
    "base_utils",
    "stuff",
    "manager2",
}
TEXT = {
    ".py",
    ".html",
    ".j2",
    ".css",
    ".js",
    ".mjs",
    ".md",
    ".txt",
    ".toml",
    ".yaml",
    ".yml",
    ".sh",
    ".ini",
    ".svg",
    "",
}
RULES = {"tests/house/test_names.py", "tests/catalogue/test_blueprint.py"}
"""Files that have to spell them to forbid them."""
FORBIDDEN = {
    re.compile(
        r"\b(course|courses|learner|learners|instructor|instructors)\b", re.IGNORECASE
    ): "another product's word",
    re.compile(r"\b(TODO|FIXME|XXX|HACK)\b"): "do it, or write it down where people plan",
    re.compile(r"/work/|/home/[a-z]|/root/|\.\./shared"): "a path of one machine",
    re.compile(r"\blorem ipsum\b", re.IGNORECASE): "invented text",
}


def _areas_of(names: Iterable[str]) -> dict[str, set[str]]:
    """Noun → areas it is filed under, over all floors."""
    found: dict[str, set[str]] = {}
    for name in names:
        for floor in FLOORS:
            parts = name.removeprefix(f"{floor}/").split("/")
            if name.startswith(f"{floor}/") and len(parts) == 2 and parts[1] != "__init__.py":
                found.setdefault(parts[1].removesuffix(".py"), set()).add(parts[0])
    return found


def _filed(noun: str, areas: set[str]) -> str | None:
    known = areas & AREAS
    return f"{noun} is filed under {sorted(known)}: one noun, one area" if len(known) > 1 else None


def test_a_noun_lives_in_one_area_on_every_floor() -> None:
    found = _areas_of(source.name for source in sources()).items()
    assert not [told for noun, areas in found if (told := _filed(noun, areas))]


def test_a_noun_in_two_areas_is_seen() -> None:
    found = _areas_of(["models/commerce/order.py", "jobs/people/order.py"])
    assert _filed("order", found["order"]) == "order is filed under ['commerce', 'people']: one noun, one area"


def test_areas_are_those_of_the_house() -> None:
    """A room stays empty until its first noun; then it is named in tests/house/tree.py."""
    for floor in ("models", "app/services", "jobs"):
        rooms = {path.parent.name for path in (ROOT / floor).glob("*/__init__.py")}
        assert rooms <= AREAS, f"{floor}: {sorted(rooms - AREAS)}"


def _unknown_nouns(jobs: Iterable[str], known: Iterable[str]) -> list[str]:
    there = set(known)
    return [name for name in jobs if f"models/{name}" not in there and f"app/services/{name}" not in there]


def test_a_job_is_filed_under_the_noun_it_works_on() -> None:
    names = [source.name for source in sources()]
    jobs = [name.removeprefix("jobs/") for name in names if name.startswith("jobs/") and name.count("/") == 2]
    jobs = [name for name in jobs if not name.endswith("__init__.py")]
    assert not _unknown_nouns(jobs, names), "name the file after its model or its verbs"
    assert _unknown_nouns(["people/nobody.py"], names) == ["people/nobody.py"]


def _vague(paths: Iterable[Path]) -> list[str]:
    return [str(path) for path in paths if {part.removesuffix(".py") for part in path.parts} & VAGUE]


def test_no_file_is_called_utils_or_helpers_or_common() -> None:
    paths = [Path(source.name) for source in sources(*PACKAGES, "tests")]
    assert not _vague(paths), "name it after what it does; a module without a subject collects everything"
    assert _vague([Path("app/services/people/utils.py")])


def _tracked() -> list[Source]:
    """Everything a reader can see, as far as it is text and ours."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True
    ).stdout.split("\n")
    names = (
        listed if any(listed) else [str(p.relative_to(ROOT)) for folder in PACKAGES for p in (ROOT / folder).rglob("*")]
    )
    kept = [name for name in names if name and Path(name).suffix in TEXT and not name.endswith((".lock", "-lock.json"))]
    return [
        Source(name, (ROOT / name).read_text(encoding="utf-8", errors="replace"))
        for name in kept
        if (ROOT / name).is_file() and name not in RULES
    ]


def _forbidden(source: Source) -> Iterator[str]:
    for number, line in enumerate(source.text.splitlines(), 1):
        for pattern, why in FORBIDDEN.items():
            if found := pattern.search(line):
                yield f"{source.name}:{number} {found[0]!r}: {why}"


def test_no_forbidden_word_is_anywhere() -> None:
    found = [line for source in _tracked() for line in _forbidden(source)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("text", ["# TODO later", "a learner", "open('/work/x')", "Lorem ipsum"])
def test_a_forbidden_word_is_seen(text: str) -> None:
    assert list(_forbidden(sample(text)))


SHOWN = re.compile(
    r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|<!--.*?-->|(?:href|class|id|name|for|action)=\"[^\"]*\"", re.DOTALL
)
ESCROW = re.compile(r"\bescrow", re.IGNORECASE)


def _said_to_consumers(text: str) -> list[str]:
    return ESCROW.findall(SHOWN.sub(" ", text))


def test_consumers_read_of_a_protected_payment_hold() -> None:
    """`escrow` is a regulated word: pages, papers and policy texts for consumers do not promise it."""
    pages = [*(ROOT / "views/templates/storefront").rglob("*.html"), *(ROOT / "reports").rglob("*.j2")]
    pages += [*(ROOT / "legal_content").rglob("*.md")]
    said = [str(page.relative_to(ROOT)) for page in pages if _said_to_consumers(page.read_text(encoding="utf-8"))]
    assert not said, f"say `protected payment hold`: {said}"


def test_the_word_is_seen_in_text_and_not_in_code() -> None:
    assert _said_to_consumers("<p>Held in Escrow.</p>")
    assert not _said_to_consumers("<p>{{ escrow.state.value }}</p>")
