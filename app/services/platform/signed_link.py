"""Links that are themselves the right to do one thing: signed by this installation, for one purpose, for a while."""

from __future__ import annotations

from typing import Any

from itsdangerous import BadData, URLSafeTimedSerializer

_secret: dict[str, str] = {}


def sign_with(secret: str) -> None:
    """The secret of this installation; said once, when a process is put together."""
    _secret["secret"] = secret


def token(purpose: str, says: list[Any]) -> str:
    """`says`, signed: readable by everybody, made by nobody else."""
    return str(_signer(purpose).dumps(says))


def read(purpose: str, given: str, *, seconds: int) -> list[Any] | None:
    """What a token says; None for one that we did not sign for this purpose, or that is older than that."""
    try:
        said = _signer(purpose).loads(given, max_age=seconds)
    except (BadData, ValueError, TypeError):
        return None
    return said if isinstance(said, list) else None


def _signer(purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(_secret["secret"], salt=purpose)
