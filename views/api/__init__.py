"""JSON for programs: the verbs of the shop and of the console, for customers, providers and staff."""

from __future__ import annotations

from flask import Flask


def install(app: Flask) -> None:
    """Registers every operation. The import is late: the operations import this package."""
    from views.api import site

    site.install(app)
