"""What the tests of the contract do at a counterpart again and again."""

from __future__ import annotations

import secrets

from app.clients.payments import Intent, Payments, RefundResult, read_event
from tests.processes import wait_for
from tests.simulators.counterparts import Counterpart


def fresh(prefix: str) -> str:
    """A reference that no other test used: both programs live as long as this file."""
    return f"{prefix}-{secrets.token_hex(6)}"


def opened(payments: Payments, reference: str = "", amount: int = 29_300, key: str = "") -> Intent:
    reference = reference or fresh("O")
    return payments.open_intent(
        amount_minor=amount,
        currency="GBP",
        reference=reference,
        description="Order FX-1",
        return_url="http://shop.test/orders/1",
        key=key or fresh("open"),
        metadata={"order": "FX-1"},
    )


def paid(there: Counterpart, amount: int = 29_300, reference: str = "") -> Intent:
    intent = opened(there.payments, reference, amount)
    there.pay(intent.id)
    return there.payments.intent(intent.id)


def reserved(there: Counterpart, amount: int = 12_000) -> str:
    wanted = {"amount": amount, "currency": "gbp", "capture_method": "manual"}
    intent = there.sdk.payment_intents.create(wanted)  # type: ignore[arg-type]
    assert there.pay(intent.id).status == "requires_capture"
    return intent.id


def refunded(payments: Payments, intent: Intent, amount: int, reference: str = "", key: str = "") -> RefundResult:
    reference = reference or fresh("R")
    return payments.refund(intent.id, amount_minor=amount, reference=reference, key=key or fresh("refund"))


def delivered(there: Counterpart, kind: str, object_id: str, seconds: float = 5) -> tuple[bytes, str]:
    """The first delivery of that event, as bytes and signature."""

    def found() -> list[tuple[bytes, str]]:
        events = [(read_event(payload), (payload, header)) for payload, header in list(there.shop.got)]
        return [one for event, one in events if (event.type, event.object_id) == (kind, object_id)]

    return wait_for(found, seconds)[0]
