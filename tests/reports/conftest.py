"""Documents are rendered once per module: typesetting is the slow part."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pikepdf
import pytest
from pypdf import PdfReader


def plain(pdf: bytes) -> str:
    """The text of all pages, without line breaks in between words."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages).split())


def structure(pdf: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every element of the structure tree: its tag, its id and the ids of the headers it names."""
    with pikepdf.open(BytesIO(pdf)) as document:
        waiting: list[Any] = [document.Root.StructTreeRoot.K]
        while waiting:
            node = waiting.pop()
            if isinstance(node, pikepdf.Array):
                waiting.extend(node)
            elif isinstance(node, pikepdf.Dictionary) and "/S" in node:
                yield str(node.S), {"ID": str(node.get("/ID", "")), "Headers": _headers(node)}
                waiting.extend([node.K] if "/K" in node else [])


def _headers(node: Any) -> set[str]:
    attributes = node.get("/A", pikepdf.Array())
    listed = attributes if isinstance(attributes, pikepdf.Array) else [attributes]
    return {str(name) for one in listed for name in one.get("/Headers", pikepdf.Array())}


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
