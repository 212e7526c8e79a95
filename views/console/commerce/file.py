"""A stored file as a download: never shown in place, and only the bytes that were recorded."""

from __future__ import annotations

from hashlib import sha256
from io import BytesIO

from flask import current_app, send_file
from flask.typing import ResponseReturnValue

from app.clients.storage import Storage
from models.platform.stored_file import StoredFile


def download(file: StoredFile, name: str) -> ResponseReturnValue:
    """Raises RuntimeError when the bytes are not those of the recorded hash."""
    storage: Storage = current_app.extensions["parts"].storage
    data = storage.get(file.key)
    if sha256(data).digest() != file.sha256:
        raise RuntimeError(f"stored file {file.id} does not have its recorded hash")
    answer = send_file(BytesIO(data), mimetype=file.media_type, as_attachment=True, download_name=name)
    answer.headers["Cache-Control"] = "private, no-store"  # as every page with somebody's name on it
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
