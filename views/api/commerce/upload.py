"""Files that come with a request: told apart by their first bytes and stored before the transaction begins."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request

from app.clients.storage import StoredContent
from models.errors import Invalid
from views.storefront.files import keep_all

MOST_FILES = 10


@dataclass(frozen=True, slots=True)
class Kept:
    """A file as it lies in storage; `sha256` (hex) makes it part of the request."""

    content: StoredContent
    media_type: str
    name: str

    @property
    def sha256(self) -> str:
        return self.content.sha256.hex()


def kept_files(*, needed: bool = False) -> list[Kept]:
    """The parts called `file`. Raises Invalid (field `file`) for a kind nobody can show, and for none where one is
    needed."""
    uploads = [one for one in request.files.getlist("file") if one.filename]
    if needed and not uploads:
        raise Invalid("A file is needed.", {"file": "Add a photo or a document that shows the work."})
    if len(uploads) > MOST_FILES:
        raise Invalid("Those are too many files.", {"file": f"Send at most {MOST_FILES} files."})
    return [Kept(*one) for one in keep_all(uploads)]
