"""`make map`: how many files each area has on each floor; the shape of the house at a glance."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import PurePosixPath

FLOORS = {
    "models": "nouns",
    "app/services": "verbs",
    "views/console": "screens",
    "views/storefront": "shop",
    "views/hooks": "hooks",
    "jobs": "clockwork",
    "reports": "paper",
    "tests": "tests",
}
AREAS = ["people", "catalogue", "moderation", "commerce", "platform"]


def _place(path: str) -> tuple[str, str] | None:
    """Floor and area of a file; a file directly on its floor belongs to `(floor)`."""
    for floor in FLOORS:
        if path.startswith(f"{floor}/"):
            first, *rest = PurePosixPath(path).relative_to(floor).parts
            return floor, first if rest and first in AREAS else "(floor)"
    return None


def main() -> int:
    listed = subprocess.run(["git", "ls-files", "*.py"], check=True, capture_output=True, text=True)
    counts = Counter(place for path in listed.stdout.split() if (place := _place(path)))
    columns = [*AREAS, "(floor)"]
    print(f"{'':<28}" + "".join(f"{area:>12}" for area in columns))
    for floor, kind in FLOORS.items():
        cells = "".join(f"{counts[floor, area] or '.':>12}" for area in columns)
        print(f"{floor:<18}{kind:<10}{cells}")
    print("\nImports only go down: factory → views | jobs → security → services → reports | clients → models.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
