"""Nothing of an upload survives but its pixels, and what is no plain photo is refused before it costs anything."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image, ImageCms, ImageFile

from app.services.catalogue import photo_image
from app.services.catalogue.photo_image import MOST_BYTES, Prepared, prepare
from models.errors import Invalid
from tests.factories import pictures

SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PROGRESSIVE_BOMB = pictures.jpeg(progressive=True) + b"\xff\xda\0\x08" * 2000


def opened(prepared: Prepared, name: str) -> Image.Image:
    return Image.open(BytesIO(next(one.data for one in prepared.variants if one.name == name)))


def test_a_photo_is_kept_at_every_width_it_can_fill_twice():
    made = prepare(pictures.jpeg(2400, 1800))
    assert [one.name for one in made.variants] == [
        "480.webp", "480.jpg", "960.webp", "960.jpg", "1600.webp", "1600.jpg",
    ]  # fmt: skip
    assert (made.width, made.height, made.widths) == (1600, 1200, (480, 960, 1600))
    assert opened(made, "960.webp").size == (960, 720)


def test_a_small_photo_is_never_enlarged():
    assert prepare(pictures.jpeg(640, 480)).widths == (480, 640)


def test_a_tall_photo_is_not_taller_than_a_screen():
    made = prepare(pictures.jpeg(1000, 4000))
    assert (made.width, made.height) == (400, 1600)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_three_kinds_are_taken_whatever_their_name(form):
    assert prepare(pictures.written(pictures.scene(), form)).widths == (480, 640)


def test_place_camera_and_comment_are_gone_and_the_picture_stands_upright():
    made = prepare(pictures.located())
    assert (made.width, made.height) == (480, 640), "turned as the camera was held"
    for one in made.variants:
        assert not Image.open(BytesIO(one.data)).getexif()
        assert b"SECRET" not in one.data
        assert b"Exif" not in one.data
    top = opened(made, "480.jpg").getpixel((240, 20))
    assert top[0] > 150 > top[2], "red was at the left, and is at the top"


@pytest.mark.parametrize("tail", [b"PK\x03\x04 a zip", b"%PDF-1.7 a paper", b"<html><script>alert(1)</script>"])
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_what_hangs_behind_a_picture_is_gone(form, tail):
    made = prepare(pictures.written(pictures.scene(), form) + tail)
    assert not [one.name for one in made.variants if tail in one.data]


def test_a_colour_profile_is_applied_and_left_out():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    made = prepare(pictures.jpeg(icc_profile=profile))
    assert all("icc_profile" not in Image.open(BytesIO(one.data)).info for one in made.variants)


def test_a_broken_colour_profile_costs_nothing_but_itself():
    assert prepare(pictures.jpeg(icc_profile=b"\0" * 500)).widths == (480, 640)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_every_kind_of_pixel_becomes_red_green_and_blue(mode):
    image = Image.new("I;16", (400, 400), 40_000) if mode == "I;16" else pictures.scene().convert(mode)
    made = prepare(pictures.written(image, "PNG"))
    assert opened(made, f"{made.width}.jpg").mode == "RGB"


def test_print_colours_are_shown_on_a_screen():
    made = prepare(pictures.written(pictures.scene().convert("CMYK")))
    assert opened(made, "480.jpg").mode == "RGB"


def test_what_can_be_seen_through_lies_on_white():
    clear = Image.new("RGBA", (400, 400), (255, 0, 0, 0))
    made = prepare(pictures.written(clear, "PNG"))
    assert min(opened(made, "400.jpg").getpixel((200, 200))) > 250


def test_a_phone_that_hangs_a_depth_map_behind_its_photo_is_welcome():
    second = pictures.scene(400, 300)
    both = pictures.written(pictures.scene(800, 600), "MPO", save_all=True, append_images=[second])
    assert prepare(both).width == 800


def test_the_same_photo_has_the_same_name_and_another_has_another():
    once, again, other = prepare(pictures.jpeg()), prepare(pictures.jpeg()), prepare(pictures.jpeg(700, 500))
    assert once.digest == again.digest != other.digest


REFUSED = {
    "nothing at all": (b"", "empty"),
    "more than ten megabytes": (pictures.jpeg() + b"\0" * MOST_BYTES, "at most 10 MB"),
    "a drawing with a script, called photo.png": (SVG, "JPEG, PNG or WebP"),
    "a page": (b"<!doctype html><script>alert(1)</script>", "JPEG, PNG or WebP"),
    "a paper": (b"%PDF-1.7\n", "JPEG, PNG or WebP"),
    "an old moving picture": (pictures.moving("GIF"), "JPEG, PNG or WebP"),
    "a moving PNG": (pictures.moving("PNG"), "Moving"),
    "a moving WebP": (pictures.moving("WEBP"), "Moving"),
    "a bomb": (pictures.png_claiming(60_000, 60_000), "pixels"),
    "a smaller bomb": (pictures.png_claiming(9_000, 9_000), "20 million pixels"),
    "a bomb with a canvas": (pictures.webp_claiming(16_383, 16_383), "20 million pixels"),
    "a JPEG of endless scans": (PROGRESSIVE_BOMB, "unusual"),
    "a thumbnail": (pictures.jpeg(200, 200), "too small"),
    "half a JPEG": (pictures.jpeg()[:2000], "damaged"),
    "half a PNG": (pictures.written(pictures.scene(), "PNG")[:700], "damaged"),
    "half a WebP": (pictures.written(pictures.scene(), "WEBP")[:200], "damaged"),
    "a header alone": (b"\xff\xd8\xff", "damaged"),
    "the beginning of a WebP": (b"RIFF\0\0\0\0WEBPVP8 ", "damaged"),
    "noise under a PNG's name": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, "damaged"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_plain_photo_is_refused_with_what_to_do(name, monkeypatch):
    """Also where the typesetter has told Pillow to fill in what is missing."""
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    data, said = REFUSED[name]
    with pytest.raises(Invalid) as refusal:
        prepare(data)
    assert said in refusal.value.fields["file"]


@pytest.mark.parametrize("name", ["a bomb", "a smaller bomb", "a bomb with a canvas"])
def test_a_bomb_is_refused_before_one_pixel_is_decoded(name, monkeypatch):
    def never(*_args, **_named):
        raise AssertionError("decoded")

    monkeypatch.setattr(photo_image, "_upright", never)
    with pytest.raises(Invalid):
        prepare(REFUSED[name][0])
