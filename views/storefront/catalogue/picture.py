"""Which drawn scene stands for a category: the longest lineage that has one."""

from __future__ import annotations

_SCENES = {
    "services": "s-lock.svg",
    "services/carpentry": "s-floor.svg",
    "services/cleaning": "s-garden.svg",
    "services/decorating": "s-paint.svg",
    "services/electrical": "s-board.svg",
    "services/plumbing-and-heating": "s-tap.svg",
    "services/plumbing-and-heating/gas": "s-boiler.svg",
    "services/plumbing-and-heating/radiators": "s-boiler.svg",
    "services/roofing": "s-roof.svg",
}
OTHERWISE = "s-lock.svg"


def scene(lineage: str) -> str:
    """The file name under views/static/img."""
    parts = lineage.split("/")
    paths = ("/".join(parts[:depth]) for depth in range(len(parts), 0, -1))
    return next((_SCENES[path] for path in paths if path in _SCENES), OTHERWISE)
