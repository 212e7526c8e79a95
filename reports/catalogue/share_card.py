"""The picture that stands beside a link to a listing elsewhere: its title, its price, its photo, and the level."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, ImageOps

SIZE = (1200, 630)
DESIGN = 2
"""Part of a card's name: another number draws them all anew."""
_GROUND, _INK, _QUIET, _BOTTLE, _DEEP = "#f9e9e2", "#13241d", "#44524b", "#0b5139", "#083a2a"
_GLASS, _BUBBLE, _LINE = "#dbe55c", "#fbfde6", "#7c8822"
_BEAM = 96
_LEFT, _TOP = 64, 56
_PHOTO = (680, 0, 1200, SIZE[1] - _BEAM)
_LINES = 4
_WIDE = SIZE[0] - 2 * _LEFT


@dataclass(frozen=True, slots=True)
class Fonts:
    """Variable fonts: `display` for title and price, `text` for the rest."""

    display: Path
    text: Path

    def of(self, display: bool, size: int, weight: int) -> ImageFont.FreeTypeFont:
        """Cut to a size in pixels and a weight."""
        font = ImageFont.truetype(self.display if display else self.text, size)
        font.set_variation_by_axes([weight])
        return font


@dataclass(frozen=True, slots=True)
class CardFacts:
    """Words as they are printed; `photo` is an encoded picture, empty for none."""

    title: str
    price: str
    seller: str
    trade: str
    photo: bytes = b""


def render(facts: CardFacts, fonts: Fonts) -> bytes:
    """A JPEG of 1200 by 630."""
    card = Image.new("RGB", SIZE, _GROUND)
    width = _WIDE
    if facts.photo:
        left, top, right, bottom = _PHOTO
        with Image.open(BytesIO(facts.photo), formats=["JPEG"]) as photo:
            card.paste(ImageOps.fit(photo.convert("RGB"), (right - left, bottom - top)), (left, top))
        width = left - 2 * _LEFT + 16
    draw = ImageDraw.Draw(card)
    draw.text((_LEFT, _TOP), "Fixnado", font=fonts.of(display=True, size=44, weight=780), fill=_BOTTLE)
    y = _TOP + 84
    draw.text((_LEFT, y), _cut(facts.trade, fonts.of(display=False, size=26, weight=560), width),
              font=fonts.of(display=False, size=26, weight=560), fill=_QUIET)  # fmt: skip
    title, lines = _fitted(facts.title, fonts, width)
    y += 44
    for line in lines:
        draw.text((_LEFT, y), line, font=title, fill=_INK)
        y += round(title.size * 1.12)
    price, small = fonts.of(display=True, size=64, weight=760), fonts.of(display=False, size=26, weight=500)
    foot = SIZE[1] - _BEAM - 44
    draw.text((_LEFT, foot - 40), facts.price, font=price, fill=_INK, anchor="ls")
    after = _LEFT + price.getlength(facts.price) + 16
    draw.text((after, foot - 40), "all-in", font=small, fill=_QUIET, anchor="ls")
    draw.text((_LEFT, foot), _cut(facts.seller, small, width), font=small, fill=_INK, anchor="ls")
    _beam(draw, fonts)
    out = BytesIO()
    card.save(out, "JPEG", quality=86, progressive=True, optimize=True)
    return out.getvalue()


def _beam(draw: ImageDraw.ImageDraw, fonts: Fonts) -> None:
    """The spirit level with its bubble in the middle: the money is held."""
    top, middle = SIZE[1] - _BEAM, SIZE[1] - _BEAM // 2
    draw.rectangle((0, top, *SIZE), fill=_BOTTLE)
    draw.rectangle((0, SIZE[1] - 8, *SIZE), fill=_DEEP)
    draw.rounded_rectangle((430, middle - 26, 770, middle + 18), 22, fill=_GLASS, outline=_LINE, width=2)
    for x in (552, 648):
        draw.line((x, middle - 24, x, middle + 16), fill=_INK, width=3)
    draw.ellipse((562, middle - 22, 638, middle + 14), fill=_BUBBLE, outline=_LINE, width=2)
    font = fonts.of(display=False, size=25, weight=560)
    draw.text((_LEFT, middle - 4), "Your money waits", font=font, fill="#ffffff", anchor="lm")
    draw.text((SIZE[0] - _LEFT, middle - 4), "until the work is right", font=font, fill="#ffffff", anchor="rm")


def _fitted(title: str, fonts: Fonts, width: int) -> tuple[ImageFont.FreeTypeFont, list[str]]:
    """The largest size at which the title stands in a few lines; the last line is cut when none does."""
    for size in (68, 60, 52, 46):
        font = fonts.of(display=True, size=size, weight=740)
        lines = _wrapped(title, font, width)
        if len(lines) * size * 1.12 <= 200 and len(lines) <= _LINES:  # noqa: PLR2004  pixels down to the price
            return font, lines
    return font, [*lines[: _LINES - 1], _cut(" ".join(lines[_LINES - 1 :]), font, width)]


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(_cut(word, font, width))
    return lines


def _cut(text: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"{text}…") > width:
        text = text[:-1]
    return f"{text.rstrip()}…"
