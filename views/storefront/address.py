"""The one address of a page as the outside knows it: made of the setting, never of the host a request claims."""

from __future__ import annotations

from typing import Any

from flask import current_app, url_for


def base() -> str:
    """`https://fixnado.example`, without a slash at the end."""
    return str(current_app.extensions["parts"].config.base_url).rstrip("/")


def absolute(endpoint: str, **values: Any) -> str:
    """The full address of a view."""
    return base() + url_for(endpoint, **values)
