"""The desk where a trader's facts and documents are checked one by one: part of the seller's record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import request
from sqlalchemy.orm import Session

from app.services.people import trader, trader_check, trader_document, trader_facts, vat_status
from app.services.people.trader_check import Mark
from app.services.people.trader_document import PAPERS
from app.services.platform import machine
from app.services.platform.idempotency_key import once
from app.unit_of_work import unit_of_work
from models.actor import Actor, ActorKind
from models.errors import NotFound
from models.people.seller import Seller
from models.people.trader_check import CheckItem
from models.people.trader_document import TraderDocument
from models.platform.transition import Transition
from views import drawing
from views.record import names_of

Command = Callable[[Session], object]


@dataclass(frozen=True)
class Fact:
    """One item on the desk: what is said, who found it right, and the digest of what is shown here."""

    mark: Mark
    said: list[tuple[str, Any]]
    who: str
    seen: str


@dataclass(frozen=True)
class Paper:
    """A document on the desk. `refusal` says why it cannot be checked now; `reason` why it was not taken."""

    row: TraderDocument
    facts: list[tuple[str, Any]]
    waits: bool
    refusal: str
    by: str
    reason: str


def facts(session: Session, row: Seller) -> list[Fact]:
    """Every item, in the order of the checklist."""
    marks = trader_check.marks(session, row)
    names = names_of(session, (mark.user_id for mark in marks))
    return [
        Fact(
            mark,
            [(label, drawing.plain(said)) for label, said in trader_facts.facts(session, row, mark.item).items()],
            names.get(mark.user_id or 0, ""),
            trader_facts.digest(session, row, mark.item).hex(),
        )
        for mark in marks
    ]


def papers(session: Session, row: Seller, user_id: int) -> list[Paper]:
    """Every document, newest first, with what can be done."""
    found = trader_document.of(session, row)
    past = session.scalars(
        sa.select(Transition)
        .where(Transition.machine == "trader_document", Transition.subject_id.in_([one.id for one in found]))
        .where(Transition.event.in_(["check", "refuse"]))
    ).all()
    last = {one.subject_id: one for one in past}
    names = names_of(session, (one.actor_user_id for one in past))
    return [_paper(session, one, user_id, last.get(one.id), names) for one in found]


def lawful(session: Session, row: Seller) -> Any:
    """When they certified to offer only what the law allows."""
    return drawing.when(trader.of(session, row).certified_at)


def vat_story(session: Session, row: Seller) -> list[tuple[str, Any]]:
    """What stands and what is declared to come."""
    now, later = vat_status.in_force(session, row, vat_status.today()), vat_status.coming(session, row)
    return [
        (f"From {one.from_day:%d %b %Y}", drawing.plain(one.number or "Not registered")) for one in (now, later) if one
    ]


def mark(row_id: UUID, item: str, *, actor: Actor) -> None:
    """The facts that were on the screen are right. Raises NotFound, Conflict, NotAllowed."""
    if item not in CheckItem.__members__:
        raise NotFound("There is no such item.")
    seen = request.form.get("seen", "")

    def command(work: Session) -> None:
        digest = bytes.fromhex(seen) if _is_hex(seen) else b""
        trader_check.mark(work, work.get_one(Seller, row_id), actor=actor, item=CheckItem[item], seen=digest)

    _do(actor, {"seller": str(row_id), "item": item, "seen": seen}, command)


def decide(row_id: UUID, paper_id: UUID, event: str, *, actor: Actor) -> None:
    """Checks a document, or does not take it. Raises NotFound, Invalid, Conflict."""
    reason = request.form.get("reason", "").strip()[:4000]

    def command(work: Session) -> None:
        row = paper_of(work, row_id, paper_id)
        if event == "check":
            trader_document.check(work, row, actor=actor)
        else:
            trader_document.refuse(work, row, actor=actor, reason=reason)

    _do(actor, {"seller": str(row_id), "paper": str(paper_id), "event": event, "reason": reason}, command)


def paper_of(session: Session, row_id: UUID, paper_id: UUID) -> TraderDocument:
    """A document of this seller, and of no other. Raises NotFound."""
    mine = sa.select(TraderDocument).where(TraderDocument.id == paper_id, TraderDocument.seller_id == row_id)
    found = session.scalar(mine)
    if found is None:
        raise NotFound("There is no such document.")
    return found


def _do(actor: Actor, asked: dict[str, str], command: Command) -> None:
    with unit_of_work(actor, reason=asked.get("reason", "")) as work:

        def once_only() -> dict[str, str]:
            command(work)
            return {"done": "yes"}

        once(work, "console.trader", request.form.get("key", ""), asked, once_only)


def _is_hex(text: str) -> bool:
    return len(text) == 64 and set(text) <= set("0123456789abcdef")  # noqa: PLR2004  SHA-256 in hexadecimal


def _paper(
    session: Session, row: TraderDocument, user_id: int, past: Transition | None, names: dict[int, str]
) -> Paper:
    open_ = {one.move.event: one.refusal for one in machine.choices(session, row, ActorKind.operator, by=user_id)}
    said = [
        ("What", PAPERS.get(row.paper, row.paper)),
        ("Insurer", row.insurer),
        ("Policy", row.policy_number),
        ("Covers", drawing.money(row.sum_minor, row.currency) if row.sum_minor else ""),
        ("From", f"{row.valid_from:%d %b %Y}" if row.valid_from else ""),
        ("Until", f"{row.valid_until:%d %b %Y}" if row.valid_until else ""),
        ("Handed in", drawing.when(row.created_at)),
    ]
    return Paper(
        row,
        [(label, value) for label, value in said if value],
        "check" in open_,
        open_.get("check", ""),
        f"{names.get(past.actor_user_id or 0, '')}" if past else "",
        past.reason if past else "",
    )
