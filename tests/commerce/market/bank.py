"""The payment provider in memory: its documents look like the real one's, and it fails as it is told to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from app.clients import payments
from app.clients.payments import (
    Dispute,
    Intent,
    PaymentsRefused,
    PaymentsUnavailable,
    PaymentsUnknown,
    RefundResult,
)

Document = dict[str, Any]
DISPUTE_FEE = 15_00
OPEN = ("needs_response", "under_review", "warning_needs_response", "warning_under_review")
TROUBLES = ("none", "refused", "unavailable", "answer_lost", "request_lost", "silence")
"""`silence`: it is done, and nobody answers any more."""


@dataclass
class Bank:
    """`trouble` and `fate` hold for the next call: how it goes, and what becomes of a refund."""

    now: datetime = datetime(2027, 1, 1, tzinfo=UTC)
    trouble: str = "none"
    fate: str = "succeeded"
    things: dict[str, Document] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    events: list[bytes] = field(default_factory=list)
    told: int = 0

    def _new(self, kind: str, prefix: str, **facts: Any) -> Document:
        thing = {"id": f"{prefix}_{len(self.things)}", "object": kind, "created": self._stamp(), **facts}
        self.things[thing["id"]] = thing
        return thing

    def _stamp(self) -> int:
        return int(self.now.timestamp())

    def tell(self, kind: str, thing: Document) -> bytes:
        """A message about a thing as it is now; it waits to be delivered."""
        self.told += 1
        body = {"id": f"evt_{self.told}", "type": kind, "created": self._stamp(), "data": {"object": thing}}
        self.events.append(json.dumps(body).encode())
        return self.events[-1]

    def _of(self, kind: str, intent_id: str) -> Iterator[Document]:
        return (one for one in self.things.values() if one["object"] == kind and one["payment_intent"] == intent_id)

    # what buyers and their banks do there

    def opened(self, amount: int, reference: str, fee: int) -> Document:
        charge = {"balance_transaction": {"fee": fee}}
        facts = {"amount": amount, "currency": "gbp", "amount_received": 0, "metadata": {"reference": reference}}
        return self._new("payment_intent", "pi", status="requires_payment_method", latest_charge=charge, **facts)

    def pay(self, intent: Document) -> None:
        intent |= {"status": "succeeded", "amount_received": intent["amount"], "last_payment_error": None}
        self.tell("payment_intent.succeeded", intent)

    def decline(self, intent: Document) -> None:
        intent["last_payment_error"] = {"decline_code": "insufficient_funds", "charge": f"ch_{self.told}"}
        self.tell("payment_intent.payment_failed", intent)

    def settle(self, refund: Document, status: str) -> None:
        refund["status"] = status
        self.tell("refund.updated", refund)

    def contest(self, intent: Document, amount: int, due: datetime, *, inquiry: bool) -> Document:
        dispute = self._new(
            "dispute",
            "du",
            amount=amount,
            currency="gbp",
            payment_intent=intent["id"],
            reason="general",
            status="warning_needs_response" if inquiry else "needs_response",
            evidence_details={"due_by": int(due.timestamp())},
            balance_transactions=[] if inquiry else [{"amount": -amount, "fee": DISPUTE_FEE}],
        )
        self.tell("charge.dispute.created", dispute)
        return dispute

    def rule(self, dispute: Document, outcome: str, due: datetime) -> None:
        """The bank's word: won, lost, warning_closed, under_review, or escalated from an inquiry. This provider gives
        its fee back with an odd sum."""
        if outcome == "escalated":
            dispute |= {"status": "needs_response", "evidence_details": {"due_by": int(due.timestamp())}}
            dispute["balance_transactions"] = [{"amount": -dispute["amount"], "fee": DISPUTE_FEE}]
        else:
            dispute["status"] = outcome
        if outcome == "won":
            dispute["balance_transactions"] = [
                *dispute["balance_transactions"],
                {"amount": dispute["amount"], "fee": -DISPUTE_FEE if dispute["amount"] % 2 else 0},
            ]
        self.tell("charge.dispute.updated", dispute)

    # what the shop asks of it (app.clients.payments.Payments)

    def _before(self, *, asked: bool = False) -> None:
        """Questions are answered also by a provider that says no to everything that changes something."""
        if self.trouble == "refused" and not asked:
            raise PaymentsRefused("no")
        if self.trouble == "unavailable":
            raise PaymentsUnavailable("away")
        if self.trouble == "request_lost":
            raise PaymentsUnknown("lost on the way there")

    def _after(self) -> None:
        if self.trouble in {"answer_lost", "silence"}:
            self.trouble = {"silence": "request_lost"}.get(self.trouble, "none")
            raise PaymentsUnknown("lost on the way back")

    def intent(self, intent_id: str) -> Intent:
        self._before(asked=True)
        return payments.intent_of(self.things[intent_id])

    def cancel_intent(self, intent_id: str, *, key: str) -> Intent:
        self._before()
        thing = self.things[intent_id]
        if thing["status"] == "succeeded":
            self.trouble = "none"
            raise PaymentsRefused("It was paid.")
        thing["status"] = "canceled"
        self.tell("payment_intent.canceled", thing)
        self._after()
        return payments.intent_of(thing)

    def refund(
        self, intent_id: str, *, amount_minor: int, reference: str, key: str, metadata: Mapping[str, str] | None = None
    ) -> RefundResult:
        self._before()
        if key not in self.keys:
            self._require_left(intent_id, amount_minor)
            kept = {"reference": reference, **(metadata or {})}
            facts = {"amount": amount_minor, "currency": "gbp", "payment_intent": intent_id, "metadata": kept}
            thing = self._new("refund", "re", status=self.fate, **facts)
            self.keys[key] = thing["id"]
            self.tell("refund.created", thing)
        self._after()
        return payments.refund_of(self.things[self.keys[key]])

    def _require_left(self, intent_id: str, amount: int) -> None:
        if any(one["status"] in {"needs_response", "under_review"} for one in self._of("dispute", intent_id)):
            raise PaymentsRefused("charge_disputed")
        gone = sum(one["amount"] for one in self._of("refund", intent_id) if one["status"] != "failed")
        gone += sum(one["amount"] for one in self._of("dispute", intent_id) if one["status"] == "lost")
        if amount > self.things[intent_id]["amount_received"] - gone:
            raise PaymentsRefused("more than is left")

    def refund_by_id(self, refund_id: str) -> RefundResult:
        self._before(asked=True)
        return payments.refund_of(self.things[refund_id])

    def refunds_of(self, intent_id: str, *, reference: str | None = None) -> tuple[RefundResult, ...]:
        """Newest first, as the provider lists them."""
        self._before(asked=True)
        found = [payments.refund_of(one) for one in self._of("refund", intent_id)]
        return tuple(one for one in reversed(found) if reference in {None, one.reference})

    def dispute(self, dispute_id: str) -> Dispute:
        self._before(asked=True)
        return payments.dispute_of(self.things[dispute_id])

    def disputes_since(self, moment: datetime) -> Iterator[Dispute]:
        self._before(asked=True)
        since = moment.timestamp()
        found = [one for one in self.things.values() if one["object"] == "dispute" and one["created"] >= since]
        return iter([payments.dispute_of(one) for one in found])

    def submit_evidence(self, dispute_id: str, *, text: str, files: Any = (), key: str) -> Dispute:
        self._before()
        thing = self.things[dispute_id]
        if thing["status"] not in {"needs_response", "warning_needs_response"}:
            if self.keys.get(key) != dispute_id:
                raise PaymentsRefused("It takes no evidence any more.")
        else:
            self.rule(thing, {"needs_response": "under_review"}.get(thing["status"], "warning_under_review"), self.now)
            self.keys[key] = dispute_id
        self._after()
        return payments.dispute_of(thing)

    def close_dispute(self, dispute_id: str, *, key: str) -> Dispute:
        self._before()
        thing = self.things[dispute_id]
        if thing["status"] != "needs_response":
            self.trouble = "none"
            raise PaymentsRefused("It cannot be given in to.")
        self.rule(thing, "lost", self.now)
        self._after()
        return payments.dispute_of(thing)
