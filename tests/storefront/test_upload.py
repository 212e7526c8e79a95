"""One table of what people and attackers send, through each of the four doors of the shop that take a file.

What cannot be taken leaves nothing behind, the words stay in the form, and the answer says what to do. What is taken
comes back as what it is, as a download, and without a word about where it was taken.
"""

from __future__ import annotations

import os
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from PIL import Image

from app.services.platform.upload import clean
from models.catalogue.listing_photo import ListingPhoto
from models.errors import Invalid
from models.platform.stored_file import StoredFile
from tests.factories import catalogue, commerce, pictures
from views.storefront.files import MOST_BYTES

pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
"""Large bodies lie in temporary files, which werkzeug's test client leaves to the collector."""


@dataclass
class Door:
    """Where a file goes, the page with its form, and what else is typed there."""

    at: str
    page: str
    typed: dict[str, str]
    link: str
    who: Any = None
    kinds: set[str] = field(default_factory=lambda: {"jpeg", "png", "pdf"})

    def links(self) -> set[str]:
        """Where the files lie that are there by now."""
        return {unescape(one) for one in re.findall(self.link, self.who.page(self.page))}

    def send(self, files: list[tuple[bytes, str]]) -> Any:
        return self.who.send(self.at, {**self.typed, "file": [(BytesIO(d), n) for d, n in files]}, seen_on=self.page)


def photo(told, arrange) -> Door:
    draft = arrange(catalogue.draft, told.seller.actor, title="Fuse board looked at and labelled")
    at = f"/pro/listings/{draft.slug}/photos"
    return Door(at, at, {"alt": "A tidy board with labels"}, r'src="(/photos/[^"]+)"', kinds={"jpeg", "png"})


def evidence(told, arrange) -> Door:
    def begun(work):
        made = commerce.accepted(work, told)
        commerce.order.start(work, made, actor=told.seller.actor)
        return made

    at = f"/pro/orders/{arrange(begun).reference}"
    return Door(f"{at}/deliver", at, {"note": "A tidy board with labels"}, r'href="([^"]+/evidence/[^"]+)"')


def message(told, arrange) -> Door:
    at = f"/orders/{arrange(commerce.accepted, told).reference}"
    return Door(f"{at}/messages", at, {"text": "A tidy board with labels"}, r'href="([^"]+/messages/files/[^"]+)"')


def paper(told, arrange) -> Door:
    at = "/pro/setup/insurance"
    typed = {
        "kind": "public_liability",
        "insurer": "A tidy board with labels",
        "policy_number": "P-1",
        "sum_insured": "2,000,000",
        "valid_from": "2026-01-02",
        "valid_until": "2031-05-04",
    }
    return Door(f"{at}/documents", at, typed, r'href="(/pro/setup/documents/[^"]+)"')


DOORS: dict[str, Callable[..., Door]] = {
    "photo of a listing": photo,
    "evidence of work": evidence,
    "message of an order": message,
    "trader's document": paper,
}


@pytest.fixture(params=DOORS)
def door(request, told, arrange, buyer, seller) -> Door:
    made = DOORS[request.param](told, arrange)
    made.who = buyer if made.at.startswith("/orders") else seller
    return made


def archive() -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as opened:
        opened.writestr("run.sh", "rm -rf /")
    return made.getvalue()


def swelling() -> bytes:
    """A PDF of half a megabyte that unpacks to five hundred."""
    packer = zlib.compressobj(9)
    stream = b"".join(packer.compress(bytes(1 << 20)) for _ in range(500)) + packer.flush()
    head = b"%PDF-1.7\n1 0 obj\n<</Filter/FlateDecode/Length " + str(len(stream)).encode() + b">>\nstream\n"
    return head + stream + b"\nendstream\nendobj\n%%EOF\n"


SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script></svg>"
PAGE = b"<!doctype html><script>alert(document.cookie)</script>"
REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "photo.jpg"),
    "more than ten megabytes": (pictures.jpeg() + bytes(MOST_BYTES), "photo.jpg"),
    "a drawing with a script": (SVG, "drawing.svg"),
    "the same under another name": (SVG, "photo.png"),
    "a page called a photo": (PAGE, "photo.jpg"),
    "a page behind the first bytes of a PNG": (b"\x89PNG\r\n\x1a\n" + PAGE, "photo.png"),
    "a page behind the first bytes of a JPEG": (b"\xff\xd8\xff\xe0" + PAGE, "photo.jpg"),
    "a GIF that says it is a JPEG": (b"GIF89a/*" + pictures.jpeg(), "photo.jpg"),
    "a program": (b"MZ\x90\0" + bytes(400), "invoice.pdf.exe"),
    "half a photo": (pictures.jpeg()[:3000], "photo.jpg"),
    "a bomb of pixels": (pictures.png_claiming(60_000, 60_000), "photo.png"),
    "a PDF that swells": (swelling(), "report.pdf"),
    "a PDF that is an archive": (b"%PDF-1.7\n%%EOF\n" + archive(), "report.pdf"),
    "half a PDF": (b"%PDF-1.7\n1 0 obj", "report.pdf"),
}


def stored() -> list[Path]:
    return [one for one in Path(urlsplit(os.environ["STORAGE_URL"]).path).rglob("*") if one.is_file()]


def rows(session) -> int:
    session.rollback()
    return sum(session.scalar(sa.select(sa.func.count()).select_from(one)) for one in (StoredFile, ListingPhoto))


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_taken_leaves_nothing_and_loses_no_word(session, door, name):
    lying, before = stored(), rows(session)
    answer = door.send([REFUSED[name]])
    assert answer.status_code == 422
    assert "<title>Error: " in answer.text
    assert "summary-box" in answer.text
    assert "A tidy board with labels" in answer.text
    assert (stored(), rows(session)) == (lying, before)


def test_a_body_beyond_all_limits_is_told_the_limit(session, door):
    lying, before = stored(), rows(session)
    answer = door.send([(pictures.jpeg() + bytes(13 << 20), "photo.jpg")])
    assert answer.status_code == 413
    assert "10 MB" in answer.text
    assert (stored(), rows(session)) == (lying, before)


def test_three_hundred_files_are_never_three_hundred(session, door):
    """Where several may come, none is kept of too many; where one may come, one is."""
    lying, before = len(stored()), rows(session)
    answer = door.send([(pictures.jpeg(400, 320, comment=b"%d" % number), "photo.jpg") for number in range(300)])
    if answer.status_code == 422:
        assert "at most 5 files" in answer.text
        assert (len(stored()), rows(session)) == (lying, before)
    else:
        assert answer.status_code == 303
        assert rows(session) == before + 1


def test_of_several_files_one_bad_one_stops_all(told, arrange, buyer):
    door = message(told, arrange)
    door.who, lying = buyer, stored()
    answer = door.send([(pictures.jpeg(), "good.jpg"), (SVG, "bad.svg")])
    assert answer.status_code == 422
    assert "bad.svg: Choose a PDF, a JPEG or a PNG file." in answer.text
    assert stored() == lying


def with_code() -> bytes:
    exif = Image.Exif()
    exif[0x010E] = "<?php system($_GET['c']); ?>"
    return pictures.written(pictures.scene(), exif=exif.tobytes(), comment=PAGE)


TAKEN: dict[str, tuple[bytes, str]] = {
    "a photo that says where": (pictures.located(), "photo.jpg"),
    "code in its notes": (with_code(), "photo.jpg"),
    "an archive behind a photo": (pictures.jpeg() + archive(), "photo.jpg"),
    "a page behind a PNG": (pictures.written(pictures.scene(), "PNG") + PAGE, "photo.png"),
    "the name of another folder": (pictures.jpeg(), "../../../etc/passwd"),
    "a name that turns round": (pictures.jpeg(), "invoice\u202egpj.exe"),
    "a name that ends early": (pictures.jpeg(), "photo.php\0.jpg"),
}
HIDDEN = (b"SECRETCAM", b"SECRETNOTE", b"<?php", b"<script", b"run.sh", b"GPS")


@pytest.mark.parametrize("name", TAKEN)
def test_what_is_taken_comes_back_as_what_it_is_and_says_nothing_else(door, name):
    before = door.links()
    assert door.send([TAKEN[name]]).status_code == 303
    back = door.who.get((door.links() - before).pop())
    assert back.status_code == 200
    assert back.headers["X-Content-Type-Options"] == "nosniff"
    assert not [one for one in HIDDEN if one in back.data]
    shown = Image.open(BytesIO(back.data))
    assert back.mimetype == Image.MIME[shown.format]
    assert set(dict(shown.getexif())) <= {0x0112}
    if "photos" in door.at:
        return
    assert set(shown.size) == {640, 480}
    assert re.fullmatch(r'attachment; filename="?[\w.-]+\.(jpg|png)"?', back.headers["Content-Disposition"])
    assert "sandbox" in back.headers["Content-Security-Policy"]


def test_a_photo_stays_as_it_was_compressed_and_as_it_was_held(told, arrange, buyer):
    """It may be evidence: no pixel of it is made anew."""
    door = message(told, arrange)
    door.who = buyer
    sent = pictures.located()
    door.send([(sent, "photo.jpg")])
    back = buyer.get(door.links().pop()).data
    assert Image.open(BytesIO(back)).tobytes() == Image.open(BytesIO(sent)).tobytes()
    assert Image.open(BytesIO(back)).getexif()[0x0112] == 6


def nested(depth: int, tail: int) -> bytes:
    """A PDF whose parts lie in each other: each begins in the one before it and goes on to the end of the file."""
    begins = b"stream\n\x78\x01"
    block = b"\x00" + struct.pack("<HH", len(begins), len(begins) ^ 0xFFFF) + begins
    return b"%PDF-1.7\n" + begins + block * depth + b"\x00\x00\x00\xff\xff" * (tail // 5) + b"\n%%EOF\n"


def test_a_pdf_that_is_read_again_and_again_is_not_read_to_its_end():
    """What comes out of it is nothing, so that only what goes in can be counted."""
    with pytest.raises(Invalid) as refused:
        clean(nested(depth=100, tail=8 << 20))
    assert "unusual way" in str(refused.value.fields)


def test_a_pdf_of_many_small_parts_of_every_kind_is_taken():
    rest = os.urandom(1 << 20)
    parts = [zlib.compress(rest[at : at + 900]) for at in range(0, 1 << 20, 900)]
    parts += [b"\xff\xd8" + rest[at : at + 900] for at in range(0, 1 << 20, 900)]  # packed in another way
    parts.append(zlib.compress(bytes(1 << 20)))
    paper = b"%PDF-1.7\n" + b"".join(b"obj stream\n" + one + b"\nendstream\n" for one in parts) + b"%%EOF\n"
    assert clean(paper).data == paper
