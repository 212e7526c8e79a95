"""The policy texts of this repository, read from `legal_content/` and held to the checksums of its manifest.

A published version never changes: whoever edits one is told so by the checksum, and writes a new version instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from models.errors import NotFound

ROOT = Path(__file__).parents[2] / "legal_content"
_FRONT_MATTER = re.compile(r"---\n(?P<head>.*?)\n---\n(?P<body>.+)", re.DOTALL)
_VERSION = re.compile(r"\d+\.\d+\.\d+")


class LegalTextMissing(NotFound):
    """There is no such text, no such version, or none in force on that day."""


class LegalTextAlteredError(RuntimeError):
    """A file and the manifest disagree: the release is broken, and nothing may be agreed to with it."""


@dataclass(frozen=True, slots=True)
class LegalText:
    """One version of one text. `body` is Markdown; `sha256` is over the whole file, front matter included."""

    id: str
    version: str
    effective_on: date
    title: str
    body: str
    sha256: bytes


def text_version(text_id: str, version: str, root: Path = ROOT) -> LegalText:
    """The text as it was published under this version. Raises LegalTextMissing, LegalTextAlteredError."""
    for text in _versions(text_id, root):
        if text.version == version:
            return text
    raise LegalTextMissing(f"There is no version {version} of this text.")


def current_text(text_id: str, *, on: date, root: Path = ROOT) -> LegalText:
    """The version in force on a business day. Raises LegalTextMissing, LegalTextAlteredError."""
    in_force = [text for text in _versions(text_id, root) if text.effective_on <= on]
    if not in_force:
        raise LegalTextMissing("This text is not in force yet.")
    return max(in_force, key=lambda text: (text.effective_on, _order(text.version)))


@cache
def all_texts(root: Path = ROOT) -> tuple[LegalText, ...]:
    """Every version of every text, read once per process. Raises LegalTextAlteredError."""
    manifest: dict[str, Any] = yaml.safe_load((root / "manifest.yaml").read_text("utf-8"))
    listed = [(name, str(row["version"]), str(row["sha256"])) for name, rows in manifest.items() for row in rows]
    texts = tuple(_read(root / name / f"{version}.md", name, version, digest) for name, version, digest in listed)
    unlisted = {path.relative_to(root) for path in root.glob("*/*.md")} - {
        Path(text.id, f"{text.version}.md") for text in texts
    }
    if unlisted:
        raise LegalTextAlteredError(f"not in the manifest: {', '.join(sorted(map(str, unlisted)))}")
    return texts


def _versions(text_id: str, root: Path) -> list[LegalText]:
    found = [text for text in all_texts(root) if text.id == text_id]
    if not found:
        raise LegalTextMissing("There is no such text.")
    return found


def _order(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _read(path: Path, text_id: str, version: str, digest: str) -> LegalText:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise LegalTextAlteredError(f"{text_id} {version} is in the manifest and its file is missing") from None
    found = sha256(raw).hexdigest()
    if found != digest:
        raise LegalTextAlteredError(
            f"{text_id} {version} was changed after it was published: write a new version. Its checksum is now {found}"
        )
    parts = _FRONT_MATTER.fullmatch(raw.decode("utf-8"))
    head: dict[str, Any] = yaml.safe_load(parts["head"]) if parts else {}
    if not parts or (head.get("id"), head.get("version")) != (text_id, version) or not _VERSION.fullmatch(version):
        raise LegalTextAlteredError(f"{text_id} {version}: the front matter does not say the same")
    body = parts["body"].strip() + "\n"
    return LegalText(text_id, version, head["effective"], head["title"], body, bytes.fromhex(digest))
