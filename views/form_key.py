"""The key a form carries, made with its page: the same form sent twice does one thing."""

from __future__ import annotations

from flask import g

from models.types import uuid7


def new_key() -> str:
    """A fresh idempotency key (UUIDv7), made when a page is drawn."""
    return str(uuid7())


def keep_key(event: str, key: str) -> None:
    """The form of `event` comes back in this answer and is still the same command."""
    g.kept_keys = {event: key}


def key_for(event: str = "") -> str:
    """The key of the form that does `event`: the one it came back with, else a fresh one."""
    kept: dict[str, str] = g.get("kept_keys", {})
    return kept.get(event) or new_key()
