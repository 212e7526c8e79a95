"""A key means one piece of work: the same question gets the kept answer, another question gets an error.

After a day a key may be forgotten, as the provider forgets it: who repeats a call then, does it twice.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from app.simulators.payments import knobs
from app.simulators.payments.errors import ApiError, invalid
from app.simulators.payments.store import Store, Thing, Work

LONGEST_KEY = 255


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes out, and whether it had gone out before."""

    status: int
    body: Thing
    replayed: bool = False


def fingerprint(path: str, params: Thing) -> str:
    """Tells two questions apart."""
    return hashlib.sha256(json.dumps([path, params], sort_keys=True).encode()).hexdigest()


def claim(store: Store, key: str, print_of_question: str) -> Answer | None:
    """None when the work is ours to do; the kept answer when it was done; ApiError when it may not be done."""
    if len(key) > LONGEST_KEY:
        raise invalid("Idempotency keys are at most 255 characters long")
    with store.work() as work:
        oldest = work.now() - knobs.value(work, "key_keeps_s")
        work.rows("DELETE FROM answer WHERE key = ? AND status IS NOT NULL AND created < ?", key, oldest)
        known = work.rows("SELECT fingerprint, status, body FROM answer WHERE key = ?", key)
        if not known:
            sql = "INSERT INTO answer (key, fingerprint, created) VALUES (?, ?, ?)"
            work.rows(sql, key, print_of_question, work.now())
            return None
    if known[0]["fingerprint"] != print_of_question:
        said = "Keys for idempotent requests can only be used with the same parameters they were first used with."
        raise ApiError(400, "idempotency_error", said)
    if known[0]["status"] is None:
        said = "There is currently another in-progress request using this Idempotent Key."
        raise ApiError(409, "idempotency_error", said, code="idempotency_key_in_use")
    return Answer(known[0]["status"], json.loads(known[0]["body"]), replayed=True)


def keep(work: Work, key: str, answer: Answer) -> None:
    """Store the answer in the transaction that did the work."""
    work.rows("UPDATE answer SET status = ?, body = ? WHERE key = ?", answer.status, json.dumps(answer.body), key)


def forget(work: Work, key: str) -> None:
    """Nothing was begun: the key is free again."""
    work.rows("DELETE FROM answer WHERE key = ? AND status IS NULL", key)
