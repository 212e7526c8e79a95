"""What a first visit weighs, gzip -9, fonts as they are. A page that needs more says so here, with its reason."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

DIST = Path("views/static/dist")
KIB = 1024
BUDGET = {"shop.css": 16, "shop.js": 3, "icons.svg": 9, "console.css": 42, "console.js": 10}
FONTS = {"figtree-latin-wght-normal.woff2", "bricolage-grotesque-latin-wght-normal.woff2"}
ICON = re.compile(r"""icon\(\s*["']([a-z0-9-]+)["']""")
STYLE_OR_HANDLER = re.compile(r"""<[a-z][^>]*\s(style|on[a-z]+)\s*=\s*["']""")


def manifest() -> dict[str, str]:
    return json.loads((DIST / "manifest.json").read_text())


def templates() -> list[Path]:
    return sorted(Path("views/templates").rglob("*.html"))


@pytest.mark.parametrize("name", BUDGET)
def test_a_style_sheet_or_script_keeps_its_budget(name):
    built = manifest()
    if name not in built:
        pytest.skip(f"{name} is not built")
    weight = len(gzip.compress((DIST.parent / built[name]).read_bytes(), 9)) / KIB
    assert weight <= BUDGET[name], f"{name} weighs {weight:.1f} KiB gz, {BUDGET[name]} allowed"


def test_the_two_preloaded_fonts_keep_their_budget():
    weight = sum((DIST.parent / manifest()[name]).stat().st_size for name in FONTS) / KIB
    assert weight <= 64, f"{weight:.1f} KiB"


def test_no_picture_of_the_shop_is_heavy():
    heavy = {p.name for p in Path("views/static/img").iterdir() if len(gzip.compress(p.read_bytes(), 9)) > 8 * KIB}
    assert not heavy, f"draw these with fewer shapes: {sorted(heavy)}"


def test_every_icon_a_template_names_is_in_the_sprite():
    known = set(Path("views/assets/icons.txt").read_text().split())
    named = {name for page in templates() for name in ICON.findall(page.read_text())}
    assert named <= known, f"add to views/assets/icons.txt: {sorted(named - known)}"


def test_no_template_needs_what_the_content_security_policy_forbids():
    found = {f"{p}: {m[0]}" for p in templates() for m in STYLE_OR_HANDLER.finditer(p.read_text())}
    assert not found, "use a class, an SVG attribute or a listener in views/assets:\n" + "\n".join(sorted(found))
