"""A stranger's file becomes pictures that are safe to show: decoded, turned upright, encoded anew at a few widths.

Nothing of the upload survives but its pixels: no place, no camera, no thumbnail, nothing hung on behind the picture.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO

from PIL import Image, ImageCms, ImageFile, ImageOps

from models.errors import Invalid

MOST_BYTES = 10 * 1024 * 1024
LEAST_SIDE = 320
MOST_PIXELS = {"JPEG": 50_000_000, "PNG": 20_000_000, "WEBP": 20_000_000}
"""A JPEG is decoded at a fraction of its size, the others whole: each stays under about a second of work."""
MOST_SCANS = 24
"""A progressive JPEG has about ten; each costs a walk over all its pixels."""
WIDTHS = (480, 960, 1600)
MOST_HEIGHT = 1600
FORMATS = {"webp": "image/webp", "jpg": "image/jpeg"}

_JPEG, _PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
_BROKEN = (OSError, ValueError, SyntaxError, struct.error, EOFError, IndexError, KeyError, MemoryError)
_SRGB = ImageCms.createProfile("sRGB")
_ICC_MODES = ("RGB", "CMYK")


@dataclass(frozen=True, slots=True)
class Variant:
    """One encoded picture. `name` is `960.webp`: its width in pixels and its format."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Prepared:
    """`digest` (SHA-256 of the largest JPEG) names the photo; `width` and `height` are the largest variant's."""

    digest: bytes
    width: int
    height: int
    widths: tuple[int, ...]
    variants: tuple[Variant, ...]


def prepare(data: bytes) -> Prepared:
    """The pictures to store. Raises Invalid (field `file`) with what to do for everything that is no plain photo."""
    form = _sniffed(data)
    image = _opened(data, form)
    return encoded(_upright(image, data, form))


def encoded(image: Image.Image) -> Prepared:
    """Every width that the picture can fill, as WebP and JPEG, from an RGB image that is already safe."""
    full = _within(image, WIDTHS[-1])
    widths = (*(width for width in WIDTHS if width < full.width), full.width)
    variants: list[Variant] = []
    for width in widths:
        sized = full if width == full.width else _within(full, width)
        variants += (Variant(f"{width}.webp", _as_webp(sized)), Variant(f"{width}.jpg", _as_jpeg(sized)))
    digest = sha256(variants[-1].data).digest()
    return Prepared(digest, full.width, full.height, widths, tuple(variants))


def _refused(text: str) -> Invalid:
    return Invalid("That picture cannot be taken.", {"file": text})


def _sniffed(data: bytes) -> str:
    """The type by the first bytes; a name or a header of the upload says nothing."""
    if not data:
        raise _refused("The file is empty. Choose another picture.")
    if len(data) > MOST_BYTES:
        raise _refused("Choose a picture of at most 10 MB.")
    if data.startswith(_JPEG):
        if data.count(b"\xff\xda") > MOST_SCANS:  # inside picture data an FF never stands before DA
            raise _refused("This JPEG is built in an unusual way. Save it again in another program.")
        return "JPEG"
    if data.startswith(_PNG):
        return "PNG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    raise _refused("Choose a JPEG, PNG or WebP picture.")


def _opened(data: bytes, form: str) -> Image.Image:
    """The header only: no pixel is decoded before the size is known to be bearable."""
    if form == "WEBP":
        _bearable(form, *_webp_size(data))  # its decoder makes room for all pixels when it is opened
    try:
        image = Image.open(BytesIO(data), formats=[form])
        moving = form != "JPEG" and getattr(image, "n_frames", 1) > 1  # phones hang depth maps behind a JPEG
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _refused("This picture has too many pixels. Save it smaller.") from None
    except _BROKEN:
        raise _refused("The file is damaged. Choose another picture.") from None
    _bearable(form, *image.size)
    if moving:
        raise _refused("Moving pictures are not shown. Choose a still one.")
    return image


def _bearable(form: str, width: int, height: int) -> None:
    if width * height > MOST_PIXELS[form]:
        most = MOST_PIXELS[form] // 1_000_000
        raise _refused(f"This picture has more than {most} million pixels. Save it smaller.")
    if min(width, height) < LEAST_SIDE:
        raise _refused(f"This picture is too small to look at. Choose one of at least {LEAST_SIDE} pixels each way.")


def _webp_size(data: bytes) -> tuple[int, int]:
    """Width and height as the header declares them."""
    kind = data[12:16]
    try:
        if kind == b"VP8X":
            return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
        if kind == b"VP8L":
            bits = struct.unpack("<I", data[21:25])[0]
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        if kind == b"VP8 ":
            width, height = struct.unpack("<HH", data[26:30])
            return width & 0x3FFF, height & 0x3FFF
    except struct.error:
        pass
    raise _refused("The file is damaged. Choose another picture.")


def _upright(image: Image.Image, data: bytes, form: str) -> Image.Image:
    """Decoded, in sRGB, turned as the camera was held, without transparency."""
    try:
        if form == "JPEG":
            image.draft(image.mode, (WIDTHS[-1], MOST_HEIGHT))  # decodes a half, quarter or eighth where enough
        profile = image.info.get("icc_profile")
        ImageFile.LOAD_TRUNCATED_IMAGES = False  # WeasyPrint switches it on for the whole process
        image.load()
        turned = ImageOps.exif_transpose(image)
        return _plain(_in_srgb(turned, profile))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _refused("This picture has too many pixels. Save it smaller.") from None
    except _BROKEN:
        raise _refused("The file is damaged or cut short. Choose another picture.") from None
    finally:
        image.close()
        del data


def _in_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Colours as they were meant; a profile that cannot be read is as good as none."""
    if not profile or image.mode not in _ICC_MODES:
        return image
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        return ImageCms.profileToProfile(image, source, _SRGB, outputMode="RGB") or image
    except (ImageCms.PyCMSError, *_BROKEN):
        return image


def _plain(image: Image.Image) -> Image.Image:
    """RGB on white, and nothing else: a new image carries no info of the old one."""
    if image.mode.startswith("I"):  # sixteen bits of grey
        image = image.convert("I").point(lambda level: level / 256).convert("L")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        clear = image.convert("RGBA")
        ground = Image.new("RGB", clear.size, "white")
        ground.paste(clear, mask=clear.getchannel("A"))
        return ground
    plain = image.convert("RGB")
    plain.info = {}
    return plain


def _within(image: Image.Image, width: int) -> Image.Image:
    """At most `width` wide and MOST_HEIGHT high, never enlarged, its proportions kept."""
    scale = min(width / image.width, MOST_HEIGHT / image.height, 1)
    if scale == 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def _as_webp(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "WEBP", quality=78, method=4)
    return out.getvalue()


def _as_jpeg(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=80, progressive=True, optimize=True)
    return out.getvalue()
