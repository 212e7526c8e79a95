"""Private files, in and out: told apart by their first bytes, never shown in place, checked against their hash."""

from __future__ import annotations

from hashlib import sha256
from io import BytesIO
from pathlib import PurePath

from flask import current_app, send_file
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage
from werkzeug.utils import secure_filename

from app.clients.storage import Storage, StoredContent
from models.errors import Invalid
from models.platform.stored_file import StoredFile

MOST_BYTES = 10 * 1024 * 1024
_KINDS = (
    (b"%PDF-", "application/pdf", ".pdf"),
    (b"\xff\xd8\xff", "image/jpeg", ".jpg"),
    (b"\x89PNG\r\n\x1a\n", "image/png", ".png"),
)


def storage() -> Storage:
    """The storage this process was put together with."""
    found: Storage = current_app.extensions["parts"].storage
    return found


def keep(upload: FileStorage) -> tuple[StoredContent, str, str]:
    """Stores an upload; answers what was written, its media type and a harmless name. Raises Invalid (field `file`)."""
    data = upload.stream.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise Invalid("That file is too big.", {"file": "Choose a file of at most 10 MB."})
    for magic, media_type, extension in _KINDS:
        if data.startswith(magic):
            stem = PurePath(secure_filename(upload.filename or "")).stem[:80] or "evidence"
            return storage().put_content(data, extension), media_type, f"{stem}{extension}"
    raise Invalid("That kind of file cannot be shown.", {"file": "Choose a PDF, a JPEG or a PNG file."})


def send(file: StoredFile, name: str) -> ResponseReturnValue:
    """The bytes as a download. Raises RuntimeError when they are not those that were recorded."""
    data = storage().get(file.key)
    if sha256(data).digest() != file.sha256:
        raise RuntimeError(f"stored file {file.id} does not have its recorded hash")
    answer = send_file(BytesIO(data), mimetype=file.media_type, as_attachment=True, download_name=name)
    answer.headers["Cache-Control"] = "private, no-store"  # as every page with somebody's name on it
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
