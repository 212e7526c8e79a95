"""What is text travels packed: pages with a padding of their own, built files always alike, and nothing else."""

from __future__ import annotations

import gzip
import re

import pytest

GZIP = {"Accept-Encoding": "br, gzip"}


def fetch(visitor, path, headers=None):
    return visitor.client.get(path, headers=headers, buffered=True)  # read to the end, and closed


def test_a_page_is_packed_for_who_can_unpack_it(visitor):
    plain, packed = fetch(visitor, "/services"), fetch(visitor, "/services", GZIP)
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) / 2
    assert "<h1" in gzip.decompress(packed.data).decode()


def test_sizes_of_the_same_page_differ(visitor):
    """Whoever watches learns little from them."""
    sizes = {len(fetch(visitor, "/password", GZIP).data) for _ in range(12)}
    assert len(sizes) > 3


def test_built_files_are_packed_alike_and_pictures_and_fonts_are_not(visitor):
    page = visitor.page("/")
    for path in set(re.findall(r'(?:src|href)="(/static/dist/[^"#]+)', page)):
        first, again = (fetch(visitor, path, GZIP) for _ in range(2))
        assert first.data == again.data
        assert ("Content-Encoding" in first.headers) is not path.endswith("woff2")
        assert "immutable" in first.headers["Cache-Control"]
    style = re.search(r'/static/dist/shop[^"]+css', page)[0]
    assert gzip.decompress(fetch(visitor, style, GZIP).data) == fetch(visitor, style).data


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../config.py",
        "/static/..%2f..%2fconfig.py",
        "/static/dist/../../../config.py",
        "/static/dist/nothing.css",
        "/static/dist",
    ],
)
def test_what_is_no_built_file_is_not_there_packed_or_plain(visitor, path):
    """What is packed is what is being sent, never what an address names."""
    for headers in ({}, GZIP):
        answer = fetch(visitor, path, headers)
        body = gzip.decompress(answer.data) if answer.headers.get("Content-Encoding") else answer.data
        assert (answer.status_code, b"class Config" in body) == (404, False)
        assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("headers", [{"Accept-Encoding": "gzip;q=0"}, {"Accept-Encoding": "br"}, {}])
def test_who_cannot_unpack_gets_it_plain(visitor, headers):
    assert "Content-Encoding" not in fetch(visitor, "/services", headers).headers


def test_what_is_known_already_is_not_sent_again(visitor):
    style = re.search(r'/static/dist/shop[^"]+css', visitor.page("/"))[0]
    mark = fetch(visitor, style, GZIP).headers["ETag"]
    again = fetch(visitor, style, {**GZIP, "If-None-Match": mark})
    assert (again.status_code, again.data) == (304, b"")


def test_the_head_of_a_page_has_no_body(visitor):
    answer = visitor.client.head("/services", headers=GZIP)
    assert (answer.status_code, answer.data) == (200, b"")
