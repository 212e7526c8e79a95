"""A problem as its page tells it: what was said, what is proposed for whom, what can be done, what comes next. Reads
only; told to both parties in the same order with the same files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from markupsafe import Markup
from sqlalchemy.orm import Session

from app.services.commerce import dispute as disputes
from app.services.commerce import settlement
from app.services.commerce.money import written
from app.services.platform.machine import choices
from models.actor import ActorKind
from models.commerce.dispute import Dispute, DisputeState
from models.commerce.dispute_file import DisputeFile
from models.commerce.dispute_statement import DisputeStatement, StatementKind
from models.commerce.order import Order
from models.platform.timer import TimerRow, TimerState
from views.storefront import words
from views.storefront.commerce.dispute_words import BY_CLOCK, MINE, SAID, THEIRS, Words
from views.storefront.commerce.order_facts import US, facts_of, say
from views.storefront.commerce.order_money import money_of
from views.storefront.commerce.order_story import rows_of

ANSWERS = ("respond", "provide", "agree", "reject")


@dataclass(frozen=True, slots=True)
class Said:
    """One statement: who, what for, when, in their words, with the files that show it."""

    who: str
    did: str
    at: datetime
    text: str
    files: list[DisputeFile]
    ours: bool


@dataclass(frozen=True, slots=True)
class Proposal:
    """How what is held would be divided. Minor units; `seller_minor` is after commission, `gross_minor` before."""

    version: int
    buyer_minor: int
    gross_minor: int
    seller_minor: int
    text: str
    agreed: list[str]


@dataclass(frozen=True, slots=True)
class Problem:
    """Everything the template needs. `acts` maps each move of this side to the sentence that refuses it."""

    row: Dispute
    code: str
    words: Words
    title: str
    lede: Markup
    said: list[Said]
    earlier: list[tuple[str, list[Said]]]
    proposal: Proposal | None
    acts: dict[str, str]
    mine: bool


def tell(session: Session, order: Order, row: Dispute, side: ActorKind) -> Problem:
    """The newest problem of an order as this side reads it, with those before it."""
    rows = rows_of(session, order)
    acts = {one.move.event: one.refusal for one in choices(session, row, side, by=side)}
    mine = any(event in acts and not acts[event] for event in ("respond", "provide", "agree"))
    said = MINE[row.state] if mine and row.state in MINE else THEIRS[row.state]
    money = money_of(session, order, rows.hold, rows.refunds, rows.chargebacks)
    facts = {
        **facts_of(order, money, side),
        "opener": _who(row.opened_by, order),
        "until": _until(session, row),
        "decided": _decided(row, order),
    }
    return Problem(
        row=row,
        code=_code(row),
        words=said,
        title=said.title.format(**facts),
        lede=say(said.lede, facts),
        said=_said(row, order),
        earlier=[(_code(one), _said(one, order)) for one in rows.disputes if one.id != row.id],
        proposal=_proposal(session, row, order) if row.state is DisputeState.proposed else None,
        acts=acts,
        mine=mine,
    )


def _said(row: Dispute, order: Order) -> list[Said]:
    return [
        Said(_who(one.party, order), _did(one), one.created_at, one.text, list(one.files), one.party == "operator")
        for one in row.statements
    ]


def _did(one: DisputeStatement) -> str:
    if one.party == "system" and one.kind is StatementKind.note:
        return "noted"
    return SAID[one.kind]


def _who(party: str, order: Order) -> str:
    return {"buyer": order.buyer_organisation.name, "seller": order.seller_organisation.name}.get(party, US)


def _code(row: Dispute) -> str:
    return BY_CLOCK if row.code == disputes.BY_CLOCK else disputes.CODES.get(row.code, row.code)


def _until(session: Session, row: Dispute) -> Markup | str:
    due = session.scalar(
        sa.select(sa.func.min(TimerRow.due_at)).where(
            TimerRow.subject_id == row.id, TimerRow.state == TimerState.waiting
        )
    )
    return words.moment(due) if due else ""


def _decided(row: Dispute, order: Order) -> Markup:
    """What the decision did with the money; what the seller keeps of it stands on their order."""
    if row.decided_minor is None:
        return Markup("")
    parts = {
        "back": written(row.decided_minor, order.currency),
        "buyer": order.buyer_organisation.name,
        "seller": order.seller_organisation.name,
        "fee": " The order fee goes back as well." if row.decided_fee else "",
    }
    if not row.decided_minor:
        return say("What was held is released to {seller}.", parts)
    if row.state is DisputeState.decided_refund:
        return say("{back} goes back to {buyer}.{fee}", parts)
    return say("{back} goes back to {buyer}, the rest of what was held is released to {seller}.{fee}", parts)


def _proposal(session: Session, row: Dispute, order: Order) -> Proposal:
    division = settlement.preview(session, order, buyer_minor=row.proposed_minor or 0)
    texts = [one.text for one in row.statements if one.kind is StatementKind.proposal]
    agreed = {order.buyer_organisation.name: row.buyer_agreed, order.seller_organisation.name: row.seller_agreed}
    return Proposal(
        version=row.proposals,
        buyer_minor=row.proposed_minor or 0,
        gross_minor=sum(part.gross for part in division.seller),
        seller_minor=division.seller_minor,
        text=texts[-1] if texts else "",
        agreed=[name for name, yes in agreed.items() if yes],
    )
