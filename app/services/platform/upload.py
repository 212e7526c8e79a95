"""A stranger's private file: told apart by its first bytes, read through, and rid of what it says on the side.

Pictures keep every pixel as it was compressed, for they may be evidence, and lose the rest: where and with what they
were taken, comments, and whatever hangs behind their end. Papers stay as they are, or are refused.
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageFile

from models.errors import Invalid

MOST_BYTES = 10 * 1024 * 1024
MOST_PIXELS = 50_000_000
MOST_SCANS = 24
"""A progressive JPEG has about ten; each costs a walk over all its pixels."""
MOST_UNPACKED = 256 * 1024 * 1024
"""What the parts of a PDF may come to when a reader opens it."""
MOST_READ = 4 * MOST_BYTES
"""What is read to find that out. Parts lie one behind the other; in a PDF that was made to cost time they lie in each
other, and each is read to the end of the file."""
MOST_PARTS = 20_000
_STEP = 1024 * 1024
_SIP = 64 * 1024
_TAIL = 2048
_ORIENTATION = 0x0112
_BROKEN = (OSError, ValueError, SyntaxError, struct.error, EOFError, IndexError, KeyError, MemoryError)
_PDF, _JPEG, _PNG = b"%PDF-", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_FF, _APP0, _EXIF, _ICC, _ADOBE, _APP15, _COMMENT = 0xFF, 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE
_SCAN, _END = 0xDA, 0xD9
_BARE = frozenset((0x01, *range(0xD0, 0xD8)))
"""Markers of a JPEG; the bare ones have nothing after them."""
_SCAN_ENDS = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")
_STREAM = re.compile(rb"stream\r?\n")
_SHOWN = frozenset((b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"pHYs"))
"""The parts of a PNG that a picture is made of."""


@dataclass(frozen=True, slots=True)
class Clean:
    """What may be stored, what it is, and how its name ends."""

    data: bytes
    media_type: str
    extension: str


def clean(data: bytes) -> Clean:
    """The file as it may be kept. Raises Invalid (field `file`) with what to do for everything else."""
    if not data:
        raise _refused("That file is empty.", "The file is empty. Choose another one.")
    if len(data) > MOST_BYTES:
        raise _refused("That file is too big.", "Choose a file of at most 10 MB.")
    if data.startswith(_PDF):
        return Clean(_paper(data), "application/pdf", ".pdf")
    if data.startswith(_JPEG):
        return Clean(_jpeg(data, _turned(data, "JPEG")), "image/jpeg", ".jpg")
    if data.startswith(_PNG):
        _turned(data, "PNG")
        return Clean(_png(data), "image/png", ".png")
    raise _refused("That kind of file cannot be shown.", "Choose a PDF, a JPEG or a PNG file.")


def _refused(what: str, to_do: str) -> Invalid:
    return Invalid(what, {"file": to_do})


def _damaged() -> Invalid:
    return _refused("That file cannot be read.", "The file is damaged or cut short. Choose another one.")


def _turned(data: bytes, form: str) -> int:
    """How the camera was held (1 is upright), once every pixel could be read."""
    if form == "JPEG" and data.count(b"\xff\xda") > MOST_SCANS:  # inside picture data an FF never stands before DA
        raise _refused("That file cannot be read.", "This JPEG is built in an unusual way. Save it again elsewhere.")
    try:
        with Image.open(BytesIO(data), formats=[form]) as image:
            if image.width * image.height > MOST_PIXELS:
                raise _too_many()
            turned = image.getexif().get(_ORIENTATION, 1)
            if form == "JPEG":
                image.draft(image.mode, (1, 1))  # decodes an eighth of it
            ImageFile.LOAD_TRUNCATED_IMAGES = False  # WeasyPrint switches it on for the whole process
            image.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_many() from None
    except _BROKEN:
        raise _damaged() from None
    return turned if turned in range(2, 9) else 1


def _too_many() -> Invalid:
    most = MOST_PIXELS // 1_000_000
    return _refused("That picture is too large.", f"This picture has more than {most} million pixels. Save it smaller.")


def _jpeg(data: bytes, turned: int) -> bytes:
    """Tables and scans up to the end of the picture; of what was written beside them only how it was held."""
    parts = [b"\xff\xd8"]
    if turned != 1:
        exif = Image.Exif()
        exif[_ORIENTATION] = turned
        body = exif.tobytes()
        parts.append(b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body)
    for marker, body in _segments(data):
        if _belongs(marker, body):
            parts.append(bytes((_FF, marker)) + body)
    return b"".join([*parts, b"\xff\xd9"])


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and what follows it, up to the end of the first picture."""
    at = 2
    while at < len(data):
        if data[at] != _FF:
            raise _damaged()
        while data[at : at + 1] == b"\xff":  # markers may be padded
            at += 1
        marker, at = data[at] if at < len(data) else _END, at + 1
        if marker == _END:
            return
        end = at
        if marker not in _BARE:
            end = at + int.from_bytes(data[at : at + 2], "big")
            if not at + 2 <= end <= len(data):
                raise _damaged()
        if marker == _SCAN:
            after = _SCAN_ENDS.search(data, end)
            end = after.start() if after else len(data)
        yield marker, data[at:end]
        at = end


def _belongs(marker: int, body: bytes) -> bool:
    """Whether a part is needed to show the picture: no comment, and of what programs add only colours and density."""
    if marker == _APP0:
        return body[2:].startswith(b"JFIF\0")
    if marker == _ICC:
        return body[2:].startswith(b"ICC_PROFILE\0")
    return marker == _ADOBE or not (_EXIF <= marker <= _APP15 or marker == _COMMENT)


def _png(data: bytes) -> bytes:
    parts, at = [_PNG], len(_PNG)
    while at < len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        kind = data[at + 4 : at + 8]
        if kind in _SHOWN:
            parts.append(data[at:end])
        if kind == b"IEND":
            break
        at = end
    return b"".join(parts)


def _paper(data: bytes) -> bytes:
    """A PDF that ends as one, is no archive besides, and does not swell when it is opened."""
    if b"%%EOF" not in data[-_TAIL:]:
        raise _damaged()
    if zipfile.is_zipfile(BytesIO(data)):
        raise _refused("That file is two things.", "This PDF is an archive as well. Print it to a new PDF.")
    room, patience = MOST_UNPACKED, MOST_READ
    for place, found in enumerate(_STREAM.finditer(data)):
        if place > MOST_PARTS:
            raise _unusual()
        for read, size in _unpacked(memoryview(data)[found.end() :]):
            room, patience = room - size, patience - read
            if patience < 0:
                raise _unusual()
            if room < 0:
                raise _refused("That PDF is too large.", "This PDF swells when it is opened. Print it to a new PDF.")
    return data


def _unusual() -> Invalid:
    return _refused("That file cannot be read.", "This PDF is built in an unusual way. Print it to a new PDF.")


def _unpacked(packed: memoryview) -> Iterator[tuple[int, int]]:
    """How much was read and how much came out, a step at a time. Parts that are packed in another way come to nothing
    here."""
    if len(packed) < 2 or packed[0] & 0x0F != zlib.DEFLATED or (packed[0] << 8 | packed[1]) % 31:  # noqa: PLR2004  RFC 1950
        return
    reader, at = zlib.decompressobj(), 0
    given: bytes | memoryview = b""
    try:
        while not reader.eof and (given := reader.unconsumed_tail or packed[at : at + _SIP]):
            at += 0 if reader.unconsumed_tail else len(given)
            size = len(reader.decompress(given, _STEP))
            yield len(given) - len(reader.unconsumed_tail) - len(reader.unused_data), size
    except zlib.error:
        yield len(given), 0
