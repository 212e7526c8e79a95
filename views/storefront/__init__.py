"""The public shop: pages for visitors, customers and providers."""

from __future__ import annotations

from flask import Flask


def install(app: Flask) -> None:
    """Registers every page. The import is late: the pages import this package."""
    from views.storefront import site

    site.install(app)
