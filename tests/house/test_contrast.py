"""Every pair of colours that meets on a page is readable in light and in dark (WCAG 2.2: text 4.5, edges 3)."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest

TOKENS = Path("views/assets/tokens/tokens.css")
TEXT, EDGE = 4.5, 3.0
SCHEMES = ("light", "dark")
GROUNDS = ("page", "surface", "sunk", "raise", "band")
TINTS = ("held-tint", "ok-tint", "info-tint", "warn-tint", "danger-tint")
ON_TEXT = [
    *product(("ink", "ink-2"), (*GROUNDS, *TINTS, "band-strong")),
    *product(("ink-3",), ("page", "surface", "sunk", "band")),
    *product(("link",), (*GROUNDS, *TINTS)),
    *product(("on-action",), ("action", "action-hover")),
    *product(("on-danger",), ("danger", "danger-hover")),
    *product(("on-bottle", "on-bottle-2"), ("bottle", "bottle-deep")),
    *((f"{tone}-ink", f"{tone}-tint") for tone in ("held", "ok", "info", "warn", "danger")),
    *product(("danger-ink", "ok-ink"), ("page", "surface", "raise")),
    *product(("service",), ("surface", "page", "service-tint")),
    ("ink", "chosen"),
    ("page", "ink"),
    ("focus-ink", "focus-fill"),
    ("on-vial", "vial"),
]
ON_EDGES = [
    *product(("edge",), ("page", "surface", "sunk", "band")),
    *product(("focus-ring",), GROUNDS),
    *product(("action", "danger", "ok-ink"), ("surface", "page")),
    *product(("held-line",), ("held-tint", "surface")),
    ("action-foot", "page"),
    ("vial", "bottle"),
]


def tokens() -> dict[str, tuple[str, str]]:
    css = TOKENS.read_text()
    both = re.findall(r"--fx-([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", css)
    one = re.findall(r"--fx-([a-z0-9-]+): (#[0-9a-f]{6});", css)
    return {name: (light, dark) for name, light, dark in both} | {name: (value, value) for name, value in one}


def luminance(colour: str) -> float:
    channels = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("need", "pairs"), [(TEXT, ON_TEXT), (EDGE, ON_EDGES)], ids=["text", "edges"])
def test_colours_that_meet_can_be_told_apart(need, pairs):
    known = tokens()
    weak = [
        f"{scheme}: {front} on {back} is {ratio:.2f}, needs {need}"
        for (front, back), (at, scheme) in product(pairs, enumerate(SCHEMES))
        if (ratio := contrast(known[front][at], known[back][at])) < need
    ]
    assert not weak, "change the token in views/assets/tokens/tokens.css:\n" + "\n".join(weak)


def test_the_measure_itself_knows_black_on_white():
    assert round(contrast("#000000", "#ffffff"), 1) == 21.0
    assert contrast("#777777", "#ffffff") < TEXT


def test_the_shop_takes_its_colours_from_the_tokens():
    """A colour of its own would be outside the measure above. Drawn things (logo, vial, tape) are listed."""
    drawn = {"#0b5139", "#dbe55c", "#ffffff", "#fff", "#000", "#062a1e", "#b3261e"}
    css = "\n".join(part.read_text() for part in Path("views/assets/shop").rglob("*.css"))
    strangers = set(re.findall(r"#[0-9a-f]{3,8}\b", css)) - drawn
    assert not strangers, f"use a --fx token instead of {sorted(strangers)}"
