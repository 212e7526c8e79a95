"""`python -m tools.bench [--rounds N] [--only NAME…]`: one line of JSON per pair.

Run it with `make bench`, which gives it a served product of its own: the entries it posts can't be taken back.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from contextlib import redirect_stdout

from flask import Flask

from app import observability
from app.factory import create_app
from app.parts import Parts, assemble
from tools.bench import books, deliveries, documents, hooks, oscar, pages, posts, shelf
from tools.bench.paired import Pair, compare

ROUNDS = 9


def main() -> int:
    """Prints as it goes; non-zero when it must not run here."""
    options = argparse.ArgumentParser(prog="python -m tools.bench")
    options.add_argument("--rounds", type=int, default=ROUNDS)
    options.add_argument("--only", nargs="*", default=[])
    chosen = options.parse_args()
    with redirect_stdout(sys.stderr):  # standard output is for results
        app, parts = create_app(), assemble()
    observability.setup("WARNING", "bench")
    if parts.config.environment == "production":
        print("bench posts to the ledger, which forgets nothing: not in production", file=sys.stderr)
        return 2
    for name, make in _pairs(app, parts).items():
        if not chosen.only or name in chosen.only:
            try:
                print(json.dumps(compare(make(), chosen.rounds)), flush=True)
            except oscar.MissingError as why:
                print(json.dumps({"pair": name, "skipped": str(why)}), flush=True)
    return 0


def _pairs(app: Flask, parts: Parts) -> dict[str, Callable[[], Pair]]:
    return {
        "posts": lambda: posts.pair(parts),
        "page": lambda: pages.pair(app),
        "pdf": documents.pair,
        "outbox": lambda: deliveries.pair(parts),
        "webhooks": lambda: hooks.pair(parts),
        "shelf": lambda: shelf.browsing(parts),
        "search": lambda: shelf.searching(parts),
        "oscar": lambda: shelf.beside_oscar(parts),
        "client-money": lambda: books.pair(parts),
    }


if __name__ == "__main__":
    sys.exit(main())
