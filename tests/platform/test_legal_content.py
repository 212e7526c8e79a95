"""The policy texts are versioned files that cannot change unnoticed."""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from app.clients.legal_content import (
    LegalTextAlteredError,
    LegalTextMissing,
    all_texts,
    current_text,
    text_version,
)

NEEDED = {
    "order-terms",
    "cancellation-information",
    "model-cancellation-form",
    "express-start-consent",
    "protected-payment-hold",
}


def write(root: Path, *versions: tuple[str, str, str], manifest: str | None = None) -> Path:
    """A folder of one text `note` with (version, effective, body) and a manifest that fits, unless one is given."""
    lines = ["note:"]
    for version, effective, body in versions:
        path = root / "note" / f"{version}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            f"---\nid: note\nversion: {version}\neffective: {effective}\ntitle: Note\n---\n{body}\n", "utf-8"
        )
        lines += [f"  - version: {version}", f"    sha256: {sha256(path.read_bytes()).hexdigest()}"]
    (root / "manifest.yaml").write_text(manifest or "\n".join(lines), "utf-8")
    return root


def test_every_text_the_order_needs_is_in_force_and_never_says_escrow() -> None:
    assert {text.id for text in all_texts()} >= NEEDED
    for text_id in NEEDED:
        assert current_text(text_id, on=date(2026, 6, 1)).title
    assert not [text.id for text in all_texts() if "escrow" in text.body.lower()]


def test_the_checksum_is_that_of_the_file() -> None:
    text = text_version("order-terms", "1.0.0")
    file = Path(__file__).parents[2] / "legal_content" / "order-terms" / "1.0.0.md"
    assert text.sha256 == sha256(file.read_bytes()).digest()


def test_the_version_in_force_is_chosen_by_the_day(tmp_path: Path) -> None:
    root = write(tmp_path, ("1.9.0", "2026-01-01", "old"), ("1.10.0", "2026-03-01", "new"))
    assert current_text("note", on=date(2026, 2, 28), root=root).body == "old\n"
    assert current_text("note", on=date(2026, 3, 1), root=root).body == "new\n"
    assert text_version("note", "1.9.0", root).effective_on == date(2026, 1, 1)
    with pytest.raises(LegalTextMissing, match="not in force"):
        current_text("note", on=date(2025, 12, 31), root=root)


def test_an_unknown_text_or_version_is_refused() -> None:
    with pytest.raises(LegalTextMissing):
        text_version("nothing", "1.0.0")
    with pytest.raises(LegalTextMissing):
        text_version("order-terms", "0.0.1")


def test_a_text_edited_after_publication_is_found_and_the_message_says_the_fix(tmp_path: Path) -> None:
    root = write(tmp_path, ("1.0.0", "2026-01-01", "as agreed"))
    path = root / "note" / "1.0.0.md"
    path.write_text(path.read_text("utf-8").replace("as agreed", "otherwise"), "utf-8")
    with pytest.raises(LegalTextAlteredError, match="write a new version"):
        all_texts(root)


def test_a_file_that_the_manifest_does_not_list_is_found(tmp_path: Path) -> None:
    root = write(tmp_path, ("1.0.0", "2026-01-01", "text"))
    (root / "note" / "2.0.0.md").write_text("sneaked in", "utf-8")
    with pytest.raises(LegalTextAlteredError, match="not in the manifest"):
        all_texts(root)


def test_a_listed_file_that_is_gone_is_found(tmp_path: Path) -> None:
    root = write(tmp_path, ("1.0.0", "2026-01-01", "text"))
    (root / "note" / "1.0.0.md").unlink()
    with pytest.raises(LegalTextAlteredError, match="missing"):
        all_texts(root)


def test_front_matter_that_names_another_version_is_found(tmp_path: Path) -> None:
    root = write(tmp_path, ("1.0.0", "2026-01-01", "text"))
    path = root / "note" / "1.0.0.md"
    path.write_text(path.read_text("utf-8").replace("version: 1.0.0", "version: 1.0.1"), "utf-8")
    digest = sha256(path.read_bytes()).hexdigest()
    (root / "manifest.yaml").write_text(f"note:\n  - version: 1.0.0\n    sha256: {digest}\n", "utf-8")
    with pytest.raises(LegalTextAlteredError, match="front matter"):
        all_texts(root)
