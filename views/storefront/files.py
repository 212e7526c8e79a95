"""Private files, in and out: cleaned before they are stored, never shown in place, checked against their hash."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from io import BytesIO
from pathlib import PurePath

from flask import current_app, send_file
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage
from werkzeug.utils import secure_filename

from app.clients.storage import Storage, StoredContent
from app.services.platform.upload import MOST_BYTES, Clean, clean
from models.errors import Invalid
from models.platform.stored_file import StoredFile


def storage() -> Storage:
    """The storage this process was put together with."""
    found: Storage = current_app.extensions["parts"].storage
    return found


def keep(upload: FileStorage) -> tuple[StoredContent, str, str]:
    """Stores an upload; answers what was written, its media type and a harmless name. Raises Invalid (field `file`)."""
    return keep_all([upload])[0]


def keep_all(uploads: Iterable[FileStorage]) -> list[tuple[StoredContent, str, str]]:
    """Stores all of them, or none when one cannot be taken. Raises as `keep` does, with the name of that one."""
    several = list(uploads)
    read = [(_clean(one, named=len(several) > 1), one.filename or "") for one in several]
    return [
        (storage().put_content(one.data, one.extension), one.media_type, _harmless(name, one)) for one, name in read
    ]


def _harmless(name: str, file: Clean) -> str:
    return f"{PurePath(secure_filename(name)).stem[:80] or 'evidence'}{file.extension}"


def _clean(one: FileStorage, *, named: bool) -> Clean:
    try:
        return clean(one.stream.read(MOST_BYTES + 1))
    except Invalid as wrong:
        name = secure_filename(one.filename or "")[:60]
        if not named or not name:
            raise
        raise Invalid(str(wrong), {field: f"{name}: {text}" for field, text in wrong.fields.items()}) from None


def send(file: StoredFile, name: str) -> ResponseReturnValue:
    """The bytes as a download. Raises RuntimeError when they are not those that were recorded."""
    data = storage().get(file.key)
    if sha256(data).digest() != file.sha256:
        raise RuntimeError(f"stored file {file.id} does not have its recorded hash")
    answer = send_file(BytesIO(data), mimetype=file.media_type, as_attachment=True, download_name=name)
    answer.headers["Cache-Control"] = "private, no-store"  # as every page with somebody's name on it
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
