"""Delivers signed events until they are taken, in its own thread; what is undelivered outlives the process."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import sqlite3
import threading
import time
from collections.abc import Sequence
from itertools import groupby

import httpx

from app.simulators.payments import alarms, knobs
from app.simulators.payments.settings import Settings
from app.simulators.payments.store import Store, Work, public

BATCH = 50
GIVE_UP_AFTER_S = 3 * 24 * 3600
LONGEST_WAIT_S = 300
REORDER_PATIENCE_S = 2
SECONDS_BETWEEN_LOOKS = 0.5
SECONDS_TO_ANSWER = 10


def signature(payload: bytes, secrets: Sequence[str], at: int) -> str:
    """The header of a delivery: one `v1` per live secret over "time.body"."""
    signed = f"{at}.".encode() + payload
    marks = [hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest() for secret in secrets]
    return ",".join([f"t={at}", *(f"v1={mark}" for mark in marks)])


class Courier:
    """Events go out one after the other; the copies of one event go out at the same time."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self.store, self.settings = store, settings
        self.wake, self.stopped, self.busy = threading.Event(), threading.Event(), threading.Lock()
        self.thread = threading.Thread(target=self._run, name="courier", daemon=True)
        self.client = httpx.Client(timeout=SECONDS_TO_ANSWER, trust_env=False, follow_redirects=False)

    def start(self) -> None:
        """Begin with whatever an earlier run left behind, without its waiting times."""
        with self.store.work() as work:
            work.rows("UPDATE delivery SET due = ? WHERE state = 'pending' AND attempts > 0", work.now())
        self.thread.start()

    def stop(self) -> None:
        """Finish the delivery in hand, unless its receiver hangs: then it is sent again after the next start."""
        self.stopped.set()
        self.wake.set()
        self.thread.join(timeout=1)

    def _run(self) -> None:
        while not self.stopped.is_set():
            self.wake.clear()
            if not self._look():
                self.wake.wait(SECONDS_BETWEEN_LOOKS)

    def _look(self) -> int:
        try:
            with self.busy:
                alarms.ring(self.store, self.settings)
                return self.deliver()
        except Exception:
            # One bad look must not end all deliveries: the next one starts from the file again.
            logging.getLogger(__name__).exception("The courier stumbled")
            return 0

    def deliver(self) -> int:
        """Send what is due; how many deliveries were tried."""
        due = self._due() if self.settings.webhook_url else []
        for _, copies in groupby(due, key=lambda row: str(row["event"])):
            if self.stopped.is_set():
                break
            self._send_at_once(list(copies))
        return len(due)

    def _send_at_once(self, copies: Sequence[sqlite3.Row]) -> None:
        # Daemon threads and no pool: a receiver that hangs must not keep the process from ending.
        others = [threading.Thread(target=self._send, args=(copy,), daemon=True) for copy in copies[1:]]
        for thread in others:
            thread.start()
        self._send(copies[0])
        for thread in others:
            thread.join()

    def _due(self) -> list[sqlite3.Row]:
        with self.store.work() as work:
            sql = """SELECT id, event, created FROM delivery LEFT JOIN shuffle ON shuffle.delivery = delivery.id
              WHERE state = 'pending' AND due <= ? ORDER BY CASE WHEN family IS NULL THEN id ELSE -id END LIMIT ?"""
            found = work.rows(sql, work.now(), BATCH)
            window = knobs.value(work, "hook_reorder")
            if not window or not found:
                return found
            if len(found) < window and work.now() - found[0]["created"] < REORDER_PATIENCE_S:
                return []
            return found[::-1]

    def _send(self, row: sqlite3.Row) -> None:
        with self.store.work() as work:
            payload = json.dumps(public(work.get("event", row["event"]))).encode()
        status, problem = self._post(payload)
        with self.store.work() as work:
            note(work, row, status, problem)

    def _post(self, payload: bytes) -> tuple[int | None, str | None]:
        # The signature carries the real time: a moved clock must not make the transport look like a replay.
        at = int(time.time())
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(payload, self.settings.webhook_secrets, at),
            "User-Agent": "Fixnado payment simulator",
        }
        try:
            return self.client.post(self.settings.webhook_url, content=payload, headers=headers).status_code, None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return None, type(error).__name__


def note(work: Work, row: sqlite3.Row, status: int | None, problem: str | None) -> None:
    """Write down how a delivery went; what was not taken is tried again, later each time, for three days."""
    taken = status is not None and httpx.codes.is_success(status)
    attempts = work.rows("SELECT attempts FROM delivery WHERE id = ?", row["id"])[0]["attempts"] + 1
    late = work.now() - row["created"] > GIVE_UP_AFTER_S
    state = "delivered" if taken else "given up" if late else "pending"
    due = work.now() + min(2 ** (attempts - 1), LONGEST_WAIT_S)
    sql = "UPDATE delivery SET state = ?, attempts = ?, due = ?, last_status = ?, last_error = ? WHERE id = ?"
    work.rows(sql, state, attempts, due, status, problem, row["id"])


def send_again(work: Work, delivery: int) -> None:
    """Make a delivery due now, whatever became of it."""
    work.rows("UPDATE delivery SET state = 'pending', due = ? WHERE id = ?", work.now(), delivery)
