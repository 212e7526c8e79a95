"""Files that people and attackers send as pictures, made in memory."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

from PIL import Image

GPS = 0x8825
ORIENTATION = 0x0112


def scene(width: int = 640, height: int = 480) -> Image.Image:
    """Red at the left, blue at the right: an orientation can be seen."""
    image = Image.new("RGB", (width, height), (200, 40, 40))
    image.paste((40, 40, 200), (width // 2, 0, width, height))
    return image


def written(image: Image.Image, form: str = "JPEG", **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def png(number: int = 0) -> bytes:
    """A small one; another number is another picture."""
    return written(Image.new("RGB", (64, 48), (number % 256, number // 256 % 256, 120)), "PNG")


def jpeg(width: int = 640, height: int = 480, **options: Any) -> bytes:
    return written(scene(width, height), **options)


def located() -> bytes:
    """Taken sideways, at a place, by a camera with a name."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[0x010F] = "SECRETCAM"
    exif.get_ifd(GPS).update({1: "N", 2: (51.0, 26.0, 40.0), 3: "W", 4: (2.0, 36.0, 12.0)})
    return written(scene(), exif=exif.tobytes(), comment=b"SECRETNOTE")


def png_claiming(width: int, height: int) -> bytes:
    """A header that promises many pixels over next to no data."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" * 5000)) + chunk(b"IEND", b"")


def webp_claiming(width: int, height: int) -> bytes:
    """An extended header with a canvas of this size and nothing on it."""
    body = struct.pack("<I", 0) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunk = b"VP8X" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", len(chunk) + 4) + b"WEBP" + chunk


def moving(form: str) -> bytes:
    frames = [Image.new("RGB", (400, 400), colour) for colour in ("red", "green", "blue")]
    return written(frames[0], form, save_all=True, append_images=frames[1:], duration=100)
