"""A stored picture as an answer: nothing but a picture, under an address that can name nothing else."""

from __future__ import annotations

from http import HTTPStatus

from flask import Response, current_app, request

from app.clients.storage import Storage
from app.services.catalogue import photo
from app.services.catalogue.photo_image import FORMATS
from models.errors import NotFound

FOR_EVER = "public, max-age=31536000, immutable"
ONLY_NOW = "private, no-cache"
_DIGEST = 64
_WIDTH = 4


def parsed(digest: str, name: str) -> bytes:
    """The digest. Raises NotFound for whatever is not exactly 64 hexadecimal digits and `<number>.<webp or jpg>`."""
    width, _, form = name.partition(".")
    plain = len(digest) == _DIGEST and digest.isascii() and digest.isalnum() and digest == digest.lower()
    if not plain or form not in FORMATS or not (width.isascii() and width.isdigit() and len(width) <= _WIDTH):
        raise NotFound
    try:
        return bytes.fromhex(digest)
    except ValueError:
        raise NotFound from None


def answer(digest: bytes, name: str, caching: str) -> Response:
    """The bytes, or 304 for who has them. Raises NotStored for a width that was not made."""
    tag = f"{digest.hex()[:32]}-{name}"
    if tag in request.if_none_match:
        response = Response(status=HTTPStatus.NOT_MODIFIED)
    else:
        storage: Storage = current_app.extensions["parts"].storage
        response = Response(storage.get(photo.key(digest, name)), mimetype=FORMATS[name.rpartition(".")[2]])
    response.set_etag(tag)
    response.headers["Cache-Control"] = caching
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
