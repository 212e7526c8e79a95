"""What is text travels packed, for whoever can unpack it. Built files are packed once and kept; pages as they are sent.

A page is padded by a random length: whoever watches sizes and can make somebody's browser ask for pages must not learn
from them what stands in one (the attack called BREACH; the padding is what Django does about it).
"""

from __future__ import annotations

import secrets
from functools import lru_cache
from gzip import GzipFile
from http import HTTPStatus
from io import BytesIO

from flask import Flask, Response, request

LEAST = 900
"""Bytes; below that it fits into one packet anyway."""
MOST_PADDING = 96
KINDS = frozenset(
    ("text/html", "text/css", "text/javascript", "application/javascript", "image/svg+xml", "application/json")
)


def install(app: Flask) -> None:
    """Packs what leaves the application. Other answers than whole, stored or made pages are left as they are."""

    @app.after_request
    def packed(response: Response) -> Response:
        if response.mimetype not in KINDS or (response.is_streamed and not _is_built(response)):
            return response
        response.vary.add("Accept-Encoding")
        if _may_be(response):
            _pack(response)
        return response


def _may_be(response: Response) -> bool:
    return (
        request.accept_encodings["gzip"] > 0
        and response.status_code not in {HTTPStatus.NOT_MODIFIED, HTTPStatus.PARTIAL_CONTENT, HTTPStatus.NO_CONTENT}
        and "Content-Encoding" not in response.headers
        and (response.content_length or response.calculate_content_length() or 0) >= LEAST
    )


def _pack(response: Response) -> None:
    if _is_built(response):
        data = _built(b"".join(response.iter_encoded()))
        response.direct_passthrough = False
        response.close()
    else:
        data = _gzip(response.get_data(), 5, "x" * secrets.randbelow(MOST_PADDING))
    response.set_data(data)
    response.headers["Content-Encoding"] = "gzip"


def _is_built(response: Response) -> bool:
    """A file that Flask found and is sending as it lies there; what it sends is packed, never what the address says."""
    return request.endpoint == "static" and response.status_code == HTTPStatus.OK and response.direct_passthrough


@lru_cache(maxsize=64)
def _built(data: bytes) -> bytes:
    """Packed as small as it gets: built files are few and sent often."""
    return _gzip(data, 9)


def _gzip(data: bytes, level: int, padding: str = "") -> bytes:
    """The padding stands in the header, where nobody reads it."""
    out = BytesIO()
    with GzipFile(padding, "wb", level, out, mtime=0) as file:
        file.write(data)
    return out.getvalue()
