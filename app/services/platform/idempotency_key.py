"""A command that arrives twice is done once: its key is made with the form and stored with its effect."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from models.errors import Conflict
from models.platform.idempotency_key import IdempotencyKey

LONGEST_KEY = 120
KEPT_FOR = timedelta(days=30)
"""So long a second sending finds the first one's answer. Keys of the ledger stand in the journal, for ever."""
BATCH = 5_000
PATIENCE = "8s"
"""A browser that sent a form twice waits so long for the first answer; shorter than the database's own limits."""
_LOCK_NOT_AVAILABLE = "55P03"


class IdempotencyMismatch(Conflict):
    """The key was used before, for something else."""

    status: ClassVar[int] = 422


class IdempotencyInFlight(Conflict):
    """The first sending is still being done: neither its answer nor its failure is known yet."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the first run answered; `replayed` when that was not this one."""

    response: dict[str, Any]
    replayed: bool


def once(
    session: Session, scope: str, key: str, request: dict[str, Any], command: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """`answer` for people at forms: a second sending waits for the first one, a few seconds at most."""
    return answer(session, scope, key, request, command, wait=True).response


def answer(
    session: Session,
    scope: str,
    key: str,
    request: dict[str, Any],
    command: Callable[[], dict[str, Any]],
    *,
    wait: bool,
) -> Answer:
    """Runs `command` unless its caller used `key` in `scope`, and answers what the first run answered (a JSON object).
    The caller is the actor of the unit of work: another person's key is another key.

    Key and effect are one transaction, so a command that is refused leaves no key behind. Raises IdempotencyMismatch
    when the same key comes with another request, IdempotencyInFlight while the first one is at work (with `wait`: when
    it still is after PATIENCE).
    """
    if not 0 < len(key) <= LONGEST_KEY:
        raise Conflict("The form's key is missing. Open the page again.")
    if caller := session.info.get("actor"):
        scope = f"{scope}|{caller.kind}:{caller.user_id or ''}:{caller.organisation_id or ''}"
    _take(session, f"{scope}\x1f{key}", wait=wait)
    digest = hashlib.sha256(json.dumps(request, sort_keys=True, default=str).encode()).digest()
    values = {"scope": scope, "key": key, "request_hash": digest, "response": {}}
    mine = session.scalar(
        insert(IdempotencyKey).values(**values).on_conflict_do_nothing().returning(IdempotencyKey.key)
    )
    if mine is None:
        return Answer(_first_answer(session, scope, key, digest), replayed=True)
    response = command()
    session.execute(
        sa.update(IdempotencyKey)
        .where(IdempotencyKey.scope == scope, IdempotencyKey.key == key)
        .values(response=response)
    )
    return Answer(response, replayed=False)


def _take(session: Session, name: str, *, wait: bool) -> None:
    """Holds the key until the transaction ends. Two names with the same 64-bit hash only wait for each other."""
    number = sa.func.hashtextextended(name, 0)
    if session.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(number))):
        return
    if not wait:
        raise IdempotencyInFlight("The first request with this key is still being done. Ask again in a moment.")
    session.execute(sa.text(f"SET LOCAL lock_timeout = '{PATIENCE}'"))
    try:
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(number)))
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
            raise
        raise IdempotencyInFlight(
            "You sent this already, and it is still being done. Wait a moment, then load this page again."
        ) from error
    session.execute(sa.text("SET LOCAL lock_timeout TO DEFAULT"))


def _first_answer(session: Session, scope: str, key: str, digest: bytes) -> dict[str, Any]:
    first = session.get_one(IdempotencyKey, (scope, key))
    if first.request_hash != digest:
        raise IdempotencyMismatch(
            "This was sent before with other contents, and that was done. See what came of it before you send it again."
        )
    return first.response


def prune(session: Session, *, now: datetime) -> int:
    """Forgets keys older than KEPT_FOR at `now` (real time, UTC), a batch of them; answers how many went."""
    old = sa.select(IdempotencyKey.scope, IdempotencyKey.key).where(IdempotencyKey.created_at < now - KEPT_FOR)
    names = sa.tuple_(IdempotencyKey.scope, IdempotencyKey.key)
    gone = session.execute(sa.delete(IdempotencyKey).where(names.in_(old.limit(BATCH))).returning(IdempotencyKey.key))
    return len(gone.all())
