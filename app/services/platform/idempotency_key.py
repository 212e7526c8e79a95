"""A command that arrives twice is done once: its key is made with the form and stored with its effect."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from models.errors import Conflict
from models.platform.idempotency_key import IdempotencyKey

LONGEST_KEY = 120


class IdempotencyMismatch(Conflict):
    """The key was used before, for something else."""


def once(
    session: Session, scope: str, key: str, request: dict[str, Any], command: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """Runs `command` unless its caller used `key` in `scope`, and answers what the first run answered (a JSON object).
    The caller is the actor of the unit of work: another person's key is another key.

    A second sending waits for the first one's transaction; a command that is refused leaves no key behind.
    Raises IdempotencyMismatch when the same key comes with another request.
    """
    if not 0 < len(key) <= LONGEST_KEY:
        raise Conflict("The form's key is missing. Open the page again.")
    if caller := session.info.get("actor"):
        scope = f"{scope}|{caller.kind}:{caller.user_id or ''}:{caller.organisation_id or ''}"
    digest = hashlib.sha256(json.dumps(request, sort_keys=True, default=str).encode()).digest()
    values = {"scope": scope, "key": key, "request_hash": digest, "response": {}}
    mine = session.scalar(
        insert(IdempotencyKey).values(**values).on_conflict_do_nothing().returning(IdempotencyKey.key)
    )
    if mine is None:
        return _first_answer(session, scope, key, digest)
    response = command()
    session.execute(
        sa.update(IdempotencyKey)
        .where(IdempotencyKey.scope == scope, IdempotencyKey.key == key)
        .values(response=response)
    )
    return response


def _first_answer(session: Session, scope: str, key: str, digest: bytes) -> dict[str, Any]:
    first = session.get_one(IdempotencyKey, (scope, key))
    if first.request_hash != digest:
        raise IdempotencyMismatch("This form was sent before with other contents. Open the page again.")
    return first.response
