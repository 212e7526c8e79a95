"""Webhooks through the door of the served product, against a bare Flask route that keeps one row.

Each is a message of its own, signed as the provider signs. The worker applies them meanwhile, as it does in life.
"""

from __future__ import annotations

import atexit
import json
import time
from contextlib import ExitStack
from uuid import uuid4

import sqlalchemy as sa

from app.parts import Parts
from app.simulators.payments.courier import signature
from tools.bench.bare_hook import TABLE
from tools.bench.paired import Cost, Pair, cost, spread
from tools.bench.served import CLIENTS, Knock, gunicorn, knock

_MANY = 200
_RATE, _SECONDS = 200, 5
TARGET_MS = 50.0
_KEPT = ExitStack()
atexit.register(_KEPT.close)


def pair(parts: Parts) -> Pair:
    """Two hundred messages per sample, as fast as eight clients can; and two hundred a second for five seconds."""
    config = parts.config
    door = f"{config.base_url}/hooks/payments/{config.payments_endpoint_key}"
    engine = sa.create_engine(config.owner_url)
    with engine.begin() as connection:
        connection.execute(TABLE)
    bare_door = _KEPT.enter_context(gunicorn("tools.bench.bare_hook:create_app()"))

    def sample(address: str) -> Cost:
        messages = _messages(config.webhook_secrets, _MANY)
        return cost(_MANY, lambda: float(len(knock(address, messages)) * 0), everywhere=True)

    def paced() -> dict[str, object]:
        found = {}
        for name, address in (("paced", door), ("bare_paced", bare_door)):
            messages = _messages(config.webhook_secrets, _RATE * _SECONDS)
            found[name] = spread(knock(address, messages, per_second=_RATE))
        held = found["paced"]["p95_ms"] <= TARGET_MS
        return {"rate_per_second": _RATE, **found, "target": f"p95 <= {TARGET_MS:g} ms", "met": held}

    return Pair(
        "webhooks",
        f"signed webhook kept and answered, {CLIENTS} clients at once, against a bare Flask route that keeps one row",
        lambda: sample(door),
        lambda: sample(bare_door),
        paced,
    )


def _messages(secrets: list[str], number: int) -> list[Knock]:
    """Of a kind that is kept and asks for nothing more: what is measured is the door."""
    now = int(time.time())
    made = []
    for _ in range(number):
        thing = {"id": f"cus_{uuid4().hex}", "object": "customer", "description": "x" * 800, "metadata": {}}
        event = {"id": f"evt_{uuid4().hex}", "object": "event", "type": "customer.updated", "created": now}
        body = json.dumps({**event, "livemode": False, "data": {"object": thing}}).encode()
        headers = {"Content-Type": "application/json", "Stripe-Signature": signature(body, secrets, now)}
        made.append(Knock(body, headers))
    return made
