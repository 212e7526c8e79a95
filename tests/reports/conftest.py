"""Documents are rendered once per module: typesetting is the slow part."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import pikepdf
import pytest
from pypdf import PdfReader


def plain(pdf: bytes) -> str:
    """The text of all pages, without line breaks in between words."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


def structure(pdf: bytes) -> Iterator[tuple[str, pikepdf.Object]]:
    """Every element of the structure tree with its tag."""
    with pikepdf.open(BytesIO(pdf)) as document:
        waiting = [document.Root.StructTreeRoot.K]
        while waiting:
            node = waiting.pop()
            if isinstance(node, pikepdf.Array):
                waiting.extend(node)
            elif isinstance(node, pikepdf.Dictionary) and "/S" in node:
                yield str(node.S), node
                if "/K" in node:
                    waiting.append(node.K)


def fonts(pdf: bytes) -> set[tuple[str, bool]]:
    """Name without the subset's prefix, and whether the font is in the file, of every font."""
    found = set()
    with pikepdf.open(BytesIO(pdf)) as document:
        for item in document.objects:
            if isinstance(item, pikepdf.Dictionary) and item.get("/Type") == "/FontDescriptor":
                name = str(item.FontName).lstrip("/").partition("+")[2]
                found.add((name, "/FontFile2" in item or "/FontFile3" in item))
    return found


@pytest.fixture(autouse=True)
def _the_typesetter_has_nothing_to_complain_about(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """WeasyPrint only logs what it does not understand; here that is a failure."""
    yield
    said = [record.getMessage() for when in ("setup", "call") for record in caplog.get_records(when)]
    assert not said


@pytest.fixture(autouse=True)
def _no_network_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A document that opened a connection would fail here."""

    def refuse(*_args: object, **_options: object) -> None:
        raise AssertionError("a document tried to open a connection")

    monkeypatch.setattr("urllib.request.OpenerDirector.open", refuse)
