"""Only letters that the document's own font can draw: what a reader sees is what was written, on every machine.

A missing letter is written as its code, `[U+5C71]`, rather than as an empty box, which accessible PDF forbids anyway.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

FONT: Traversable = resources.files("fontpkg_inter") / "files" / "Inter[opsz,wght].ttf"


@cache
def _drawable() -> frozenset[int]:
    with FONT.open("rb") as file:
        return frozenset(TTFont(file, lazy=True).getBestCmap())


def composed(text: str) -> str:
    """One form per letter, one kind of line end.

    For plain text only: in markup, the end of a tag and a combining stroke after it would become one letter.
    """
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\t", " "))


def legible(text: str) -> str:
    """The text, or markup, as it will be printed.

    Invisible controls go, among them the ones that turn the writing direction around and so could make a line
    read otherwise than it is stored. New lines stay.
    """
    return "".join(map(_letter, text))


def _letter(letter: str) -> str:
    if letter == "\n" or ord(letter) in _drawable():
        return letter
    if unicodedata.category(letter) in {"Cc", "Cf"}:
        return ""
    return f"[U+{ord(letter):04X}]"
