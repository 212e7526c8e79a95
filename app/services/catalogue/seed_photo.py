"""Pictures for the demonstration: surfaces drawn from noise and light, always the same. No people, no places."""

from __future__ import annotations

import random
from collections.abc import Callable
from functools import cache

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from app.services.catalogue.photo_image import Prepared, encoded

SIZE = (1200, 900)
Colour = tuple[int, int, int]


@cache
def drawn(surface: str) -> Prepared:
    """One of SURFACES as stored pictures; drawn once, because it takes half a second."""
    return encoded(SURFACES[surface][0](random.Random(surface)))  # noqa: S311  a drawing, not a secret


def _grain(rng: random.Random, size: tuple[int, int], spread: int) -> Image.Image:
    """Soft grey noise of this many cells, stretched over the picture."""
    cells = Image.frombytes("L", size, rng.randbytes(size[0] * size[1]))
    middle = Image.new("L", size, 128)
    return Image.blend(middle, cells, spread / 128).resize(SIZE, Image.Resampling.BICUBIC)


def _coloured(height: Image.Image, dark: Colour, light: Colour) -> Image.Image:
    """A height map as a surface: low is dark, high is light, lit from the upper left."""
    bands = [
        height.point([round(a + (b - a) * level / 255) for level in range(256)])
        for a, b in zip(dark, light, strict=True)
    ]
    flat = Image.merge("RGB", bands)
    relief = height.filter(ImageFilter.Kernel((3, 3), (2, 1, 0, 1, 0, -1, 0, -1, -2), scale=2, offset=128))
    return ImageChops.soft_light(flat, Image.merge("RGB", (relief, relief, relief)))


def _lit(image: Image.Image, rng: random.Random) -> Image.Image:
    """A window somewhere to the left."""
    glow = Image.linear_gradient("L").rotate(90).resize(SIZE).point([255 - level // 3 for level in range(256)])
    shade = Image.merge("RGB", (glow, glow, glow))
    if rng.random() < 0.5:  # noqa: PLR2004  heads or tails
        shade = shade.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return ImageChops.multiply(image, shade)


def _plaster(rng: random.Random) -> Image.Image:
    clouds = ImageChops.multiply(_grain(rng, (9, 7), 70), _grain(rng, (60, 45), 40))
    fine = Image.blend(clouds, _grain(rng, (400, 300), 60), 0.35)
    return _lit(_coloured(fine, (150, 104, 88), (246, 222, 208)), rng)


def _paint(rng: random.Random) -> Image.Image:
    """A wall half painted: the roller's edge runs across it."""
    wall = _coloured(_grain(rng, (240, 180), 45), (196, 190, 180), (244, 240, 232))
    fresh = _coloured(_grain(rng, (260, 24), 40), (38, 92, 76), (92, 158, 134))
    mask, y = Image.new("L", SIZE, 0), 470.0
    draw = ImageDraw.Draw(mask)
    for x in range(0, SIZE[0], 4):
        y += rng.uniform(-5, 5) + (470 - y) * 0.03
        draw.rectangle((x, 0, x + 4, y), fill=255)
    wall.paste(fresh, mask=mask.filter(ImageFilter.GaussianBlur(1.2)))
    return _lit(wall, rng)


def _boards(rng: random.Random) -> Image.Image:
    """Floorboards seen from above."""
    wood, top = Image.new("RGB", SIZE), 0
    while top < SIZE[1]:
        tone = rng.randint(-18, 18)
        dark, light = (112 + tone, 74 + tone, 44 + tone), (206 + tone, 160 + tone, 112 + tone)
        grain = _coloured(_grain(rng, (12, 420), 80), dark, light)
        wood.paste(grain.crop((0, top, SIZE[0], top + 118)), (0, top))
        draw = ImageDraw.Draw(wood)
        draw.line((0, top, SIZE[0], top), fill=(52, 34, 22), width=5)
        seam = rng.randint(150, SIZE[0] - 150)
        draw.line((seam, top, seam, top + 118), fill=(60, 40, 26), width=4)
        top += 118
    return _lit(wood, rng)


def _tiles(rng: random.Random) -> Image.Image:
    """Glazed tiles around a basin, laid in half bond."""
    wall = _coloured(_grain(rng, (200, 150), 30), (150, 150, 146), (206, 204, 198))
    for row, top in enumerate(range(0, SIZE[1], 112)):
        for left in range(-(row % 2) * 100, SIZE[0], 200):
            tone = rng.randint(-9, 9)
            glaze = _coloured(
                _grain(rng, (8, 6), 36), (36 + tone, 96 + tone, 104 + tone), (150 + tone, 202 + tone, 200 + tone)
            )
            wall.paste(glaze.crop((200, 300, 392, 404)), (left, top))
            edge = ImageDraw.Draw(wall)
            edge.line((left + 3, top + 3, left + 188, top + 3), fill=(214, 236, 232), width=3)
    return _lit(wall, rng)


def _metal(rng: random.Random) -> Image.Image:
    """Brushed steel with a row of switches, every one of them labelled by its place."""
    plate = _coloured(_grain(rng, (14, 700), 50), (118, 124, 128), (226, 230, 232))
    draw = ImageDraw.Draw(plate)
    draw.rounded_rectangle((90, 250, 1110, 650), 26, fill=(240, 240, 236), outline=(96, 100, 104), width=6)
    for number in range(10):
        left = 130 + number * 95
        draw.rounded_rectangle((left, 320, left + 78, 580), 8, fill=(58, 64, 68))
        up = rng.random() < 0.9  # noqa: PLR2004  now and then one is off
        knob = (214, 225, 92) if number == 0 else (228, 230, 230)
        draw.rounded_rectangle((left + 20, 360 if up else 460, left + 58, 440 if up else 540), 6, fill=knob)
    return _lit(plate, rng)


def _copper(rng: random.Random) -> Image.Image:
    """Copper pipes clipped to a wall, one valve among them."""
    wall = _coloured(_grain(rng, (220, 165), 34), (198, 192, 184), (242, 238, 230))
    draw = ImageDraw.Draw(wall)
    for left in (300, 470, 640, 810):
        for across in range(64):
            shine = 1 - abs(across - 22) / 46
            tint = tuple(
                round(low + (high - low) * max(0.0, shine)) for low, high in ((104, 240), (56, 176), (36, 132))
            )
            draw.line((left + across, 0, left + across, SIZE[1]), fill=tint)
        clip = rng.randint(160, 760)
        draw.rounded_rectangle(
            (left - 16, clip, left + 80, clip + 34), 8, fill=(236, 236, 232), outline=(150, 150, 146), width=3
        )
    draw.rounded_rectangle((622, 380, 722, 520), 14, fill=(150, 108, 52), outline=(90, 62, 28), width=4)
    draw.rounded_rectangle((560, 420, 784, 462), 20, fill=(184, 44, 36), outline=(110, 22, 18), width=4)
    return _lit(wall.filter(ImageFilter.GaussianBlur(0.6)), rng)


def _paper(rng: random.Random) -> Image.Image:
    """Wallpaper with a printed leaf, its strips meeting without a seam."""
    ground = _coloured(_grain(rng, (300, 225), 26), (196, 206, 190), (234, 238, 226))
    draw = ImageDraw.Draw(ground)
    for row, top in enumerate(range(-60, SIZE[1], 150)):
        for left in range(-80 + (row % 2) * 90, SIZE[0], 180):
            lean = rng.randint(-8, 8)
            draw.line((left + 60, top + 130, left + 60 + lean, top + 20), fill=(52, 92, 72), width=5)
            for side in (-1, 1):
                for step in range(3):
                    y = top + 40 + step * 28
                    box = sorted((left + 60, left + 60 + side * 44))
                    draw.ellipse((box[0], y, box[1], y + 22), fill=(70, 122, 94) if step % 2 else (104, 150, 116))
    return _lit(ground.filter(ImageFilter.GaussianBlur(0.8)), rng)


SURFACES: dict[str, tuple[Callable[[random.Random], Image.Image], str]] = {
    "boards": (_boards, "Floorboards from above, newly oiled"),
    "copper": (_copper, "Copper pipes clipped to a pale wall, a red valve on one of them"),
    "metal": (_metal, "A row of breakers in a steel board, each in its place"),
    "paint": (_paint, "A wall half painted green, the roller's edge across it"),
    "paper": (_paper, "Wallpaper with a printed leaf, its strips meeting without a seam"),
    "plaster": (_plaster, "A skimmed plaster wall in daylight"),
    "tiles": (_tiles, "Glazed blue tiles in half bond"),
}
"""Drawing and what is on it."""

_OF_TRADES = {
    "services/electrical": ("metal", "boards", "plaster"),
    "services/plumbing-and-heating": ("copper", "tiles", "plaster"),
    "services/decorating": ("paint", "boards", "plaster"),
    "services/decorating/wallpapering": ("paper", "plaster"),
    "services/carpentry": ("boards", "paint"),
    "services/cleaning": ("tiles", "boards"),
}


def surfaces_of(lineage: str, turn: int) -> tuple[str, ...]:
    """What fits a category: that of the longest lineage named here, the first two changing places each `turn`."""
    parts = lineage.split("/")
    paths = ("/".join(parts[:depth]) for depth in range(len(parts), 0, -1))
    found = next((_OF_TRADES[path] for path in paths if path in _OF_TRADES), ("plaster",))
    return (found[1], found[0], *found[2:]) if turn % 2 and len(found) > 1 else found
