"""Problems with an order: reported, answered, talked about, decided. The hold is frozen meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.commerce import escrow, freeze, money, rate, refund, settlement
from app.services.commerce.refund import NO_FEE
from app.services.platform import clock, machine, timer
from models.actor import Actor, ActorKind
from models.commerce.dispute import LIVE, MOST_PROPOSALS, Dispute, DisputeState
from models.commerce.dispute_file import DisputeFile
from models.commerce.dispute_statement import DisputeStatement, StatementKind
from models.commerce.order import Order, OrderState
from models.commerce.refund import RefundCause
from models.errors import Conflict, GuardFailed, Invalid, NotAllowed
from models.platform.stored_file import StoredFile
from models.platform.transition import Transition

SYSTEM = Actor.system("dispute")
UK = ZoneInfo("Europe/London")
CODES = {
    "nobody_came": "Nobody came",
    "not_done": "The work was not done",
    "poor_work": "The work was not done well",
    "damage": "Something was damaged",
    "not_as_agreed": "Something else than was agreed",
    "no_access": "The site could not be reached",
    "other": "Something else",
}
"""What people choose from when they report a problem."""
BY_CLOCK = "hold_age"
SHORTEST = 10
OBJECT_WITHIN = timedelta(days=14)
"""So long after delivery a buyer may report a problem; then the work counts as accepted."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A stored file that shows something, and what it shows."""

    stored_file: StoredFile
    note: str = ""


def open_dispute(
    session: Session, order: Order, *, actor: Actor, code: str, text: str, exhibits: Sequence[Exhibit] = ()
) -> Dispute:
    """A party (or staff for one) reports a problem: the order is disputed and its hold is frozen.

    Raises Invalid (field errors), IllegalMove, GuardFailed when it is too early or too late.
    """
    wrong = {} if code in CODES else {"code": "Choose what is wrong."}
    if len(text.strip()) < SHORTEST:
        wrong["text"] = "Say what happened, in a sentence or two."
    if wrong:
        raise Invalid("Some of that cannot be taken.", wrong)
    _require_order_party(order, actor)
    machine.lock(session, order)
    before = order.state
    machine.apply(session, order, "open_dispute", actor=actor, reason=CODES[code])
    return _open(session, order, before, code, actor, text.strip(), exhibits)


def open_by_clock(session: Session, order: Order, before: OrderState, text: str) -> Dispute:
    """The hold grows too old: the order is disputed already, and staff must decide."""
    return _open(session, order, before, BY_CLOCK, SYSTEM, text, ())


def open_when_late(session: Session, order: Order) -> Dispute | None:
    """Delivered work whose fourteen days end after the hold's own limit is decided by staff, and not refunded by the
    clock alone: 85 days after payment it becomes a problem. None when there is no need. The order is locked already."""
    before, late = order.state, clock.now() >= order.captured_at + freeze.ALARM_AFTER
    if not late or before is not OrderState.delivered:
        return None
    if order.state_entered_at + OBJECT_WITHIN <= order.captured_at + freeze.LIMIT_AFTER:
        return None
    machine.apply(session, order, "hold_alarm", actor=SYSTEM, reason="held for 85 days")
    return open_by_clock(session, order, before, "Delivered so late that the payment hold ends first.")


def of_order(session: Session, order: Order) -> Dispute | None:
    """The newest problem of an order, live or not."""
    query = (
        sa.select(Dispute).where(Dispute.order_id == order.id).order_by(Dispute.created_at.desc(), Dispute.id.desc())
    )
    return session.scalars(query).first()


def respond(session: Session, row: Dispute, *, actor: Actor, text: str, exhibits: Sequence[Exhibit] = ()) -> Transition:
    """The other party's side of it."""
    _require_party(row, actor)
    moved = machine.apply(session, row, "respond", actor=actor, by=actor.kind)
    _say(session, row, actor, StatementKind.answer, _text(text), exhibits)
    return moved


def take_up(session: Session, row: Dispute, *, actor: Actor) -> Transition:
    """Staff begin without waiting for the answer."""
    return machine.apply(session, row, "take_up", actor=actor)


def add(session: Session, row: Dispute, *, actor: Actor, text: str, exhibits: Sequence[Exhibit] = ()) -> None:
    """A party or staff add something while it is open; both parties read it. Raises GuardFailed when it is over."""
    _require_party(row, actor)
    machine.lock(session, row)
    if not row.live:
        raise GuardFailed("This problem is closed.")
    session.info["verb"] = "dispute.add"
    _say(session, row, actor, StatementKind.note, _text(text), exhibits)


def withdraw(session: Session, row: Dispute, *, actor: Actor, reason: str = "") -> Transition:
    """Whoever opened it takes it back: the order goes on from where it was, its clock begins again."""
    _require_party(row, actor)
    order = _locked(session, row)
    machine.apply(session, row, "withdraw", actor=actor, reason=reason, by=actor.kind)
    row.closed_at = clock.now()
    session.flush()
    moved = machine.apply(session, order, f"withdrawn_to_{row.opened_from}", actor=actor, reason=reason)
    escrow.thaw(session, order, reason="the problem was withdrawn")
    open_when_late(session, order)
    return moved


def request_info(session: Session, row: Dispute, *, actor: Actor, party: ActorKind, question: str) -> Transition:
    """Staff ask one party; five days without an answer are noted as such."""
    if party not in {ActorKind.buyer, ActorKind.seller}:
        raise Invalid("Choose whom to ask.", {"party": "Choose the customer or the provider."})
    moved = machine.apply(session, row, "request_info", actor=actor, detail={"party": party.value})
    row.asked_party = party.value
    _say(session, row, actor, StatementKind.question, _text(question, "question"))
    return moved


def provide(session: Session, row: Dispute, *, actor: Actor, text: str, exhibits: Sequence[Exhibit] = ()) -> Transition:
    """The party that was asked answers."""
    _require_party(row, actor)
    moved = machine.apply(session, row, "provide", actor=actor, by=actor.kind)
    row.asked_party = None
    _say(session, row, actor, StatementKind.information, _text(text), exhibits)
    return moved


def propose(session: Session, row: Dispute, *, actor: Actor, buyer_minor: int, text: str) -> Transition:
    """Staff propose how what is held is divided: `buyer_minor` back, the rest to the seller. At most three times."""
    order = _locked(session, row)
    held = fits(session, order, buyer_minor)
    detail = {"buyer_minor": buyer_minor, "seller_minor": held - buyer_minor}
    moved = machine.apply(session, row, "propose", actor=actor, detail=detail)
    proposed(session, row, buyer_minor, actor=actor, text=_text(text))
    return moved


def agree(session: Session, row: Dispute, *, actor: Actor, version: int) -> Transition:
    """A party agrees to the proposal it read; when both have, it is carried out. Raises Conflict for an older one."""
    _require_party(row, actor)
    order = _locked(session, row)
    if version != row.proposals:
        raise Conflict("There is a newer proposal. Read it before you agree.")
    if row.proposed_of_minor != escrow.remaining(session, order):  # a bank took part of it back since
        raise Conflict("Less is held now than when this was proposed. Wait for a new proposal.")
    moved = machine.apply(session, row, "agree", actor=actor, detail={"version": version}, by=actor.kind)
    setattr(row, f"{actor.kind.value}_agreed", True)
    _say(session, row, actor, StatementKind.agreement, "Agreed to the proposal.")
    if row.buyer_agreed and row.seller_agreed:
        moved = machine.apply(session, row, "accept_both", actor=SYSTEM)
        row.decided_minor = row.proposed_minor or 0
        _carry_out(session, row, order, actor=SYSTEM, reason="Both parties agreed to the proposal.")
    return moved


def reject(session: Session, row: Dispute, *, actor: Actor, text: str) -> Transition:
    """A party does not agree, and says why."""
    _require_party(row, actor)
    moved = machine.apply(session, row, "reject", actor=actor)
    _say(session, row, actor, StatementKind.objection, _text(text))
    return moved


def decide(
    session: Session, row: Dispute, *, actor: Actor, buyer_minor: int, reasons: str, fee: bool = False
) -> Transition:
    """Staff decide, with a statement of reasons for both parties: `buyer_minor` of what is held goes back (with `fee`
    also the order fee), the rest is released. Above the limit the decider is another than the proposer, and decides
    what was proposed.

    Raises Invalid, GuardFailed, Conflict (a contested payment).
    """
    order = _locked(session, row)
    held = fits(session, order, buyer_minor)
    if fee and not buyer_minor:
        raise Invalid("The order fee goes back only with money.", {"fee": "Nothing goes back to the customer."})
    if fee and row.two_people and buyer_minor < held:
        raise Invalid(
            "That needs two people.", {"fee": "Above the limit the order fee goes back only with everything."}
        )
    event = "decide_refund" if buyer_minor == held else "decide_split" if buyer_minor else "decide_release"
    text = _text(reasons, "reasons")
    detail = {"buyer_minor": buyer_minor, "seller_minor": held - buyer_minor}
    moved = machine.apply(
        session, row, event, actor=actor, reason=text, detail=detail, by=actor.user_id, buyer_minor=buyer_minor
    )
    row.decided_minor, row.decided_fee, row.decided_by_user_id = buyer_minor, fee, actor.user_id
    _say(session, row, actor, StatementKind.reasons, text)
    _carry_out(session, row, order, actor=actor, reason=text)
    return moved


def close_with_order(session: Session, order: Order) -> None:
    """The order ended by itself: its problem is over without a decision."""
    query = sa.select(Dispute).where(Dispute.order_id == order.id, Dispute.state.in_(LIVE)).with_for_update()
    for row in session.scalars(query):
        machine.apply(session, row, "order_closed", actor=SYSTEM)
        row.closed_at = clock.now()
        session.flush()


@timer.on_timer("dispute", "no_answer")
@timer.on_timer("dispute", "no_info")
@timer.on_timer("dispute", "no_agreement")
def silence(session: Session, row: Dispute, *, actor: Actor) -> Transition:
    """Nobody answered in time: noted, and staff go on."""
    event, note = {
        DisputeState.open: ("no_answer", "No answer within three days."),
        DisputeState.awaiting_info: ("no_info", "No answer to the question within five days."),
        DisputeState.proposed: ("no_agreement", "No agreement within seven days."),
    }[row.state]
    moved = machine.apply(session, row, event, actor=actor, reason=note)
    row.asked_party = None
    _say(session, row, actor, StatementKind.note, note)
    return moved


def _open(
    session: Session,
    order: Order,
    before: OrderState,
    code: str,
    actor: Actor,
    text: str,
    exhibits: Sequence[Exhibit],
) -> Dispute:
    hold = escrow.freeze_hold(session, order, reason="a problem was reported")
    limit = rate.two_person_limit(session, order.currency, clock.now().astimezone(UK).date())
    row = Dispute(
        order_id=order.id,
        opened_by=actor.kind.value,
        opened_from=before.name,
        code=code,
        two_people=hold.remaining_minor > limit,
    )
    machine.begin(session, row)
    _say(session, row, actor, StatementKind.report, text, exhibits)
    return row


def _say(
    session: Session,
    row: Dispute,
    actor: Actor,
    kind: StatementKind,
    text: str,
    exhibits: Sequence[Exhibit] = (),
) -> None:
    said = DisputeStatement(
        dispute_id=row.id, party=actor.kind.value, user_id=actor.user_id, kind=kind, text=text, created_at=clock.now()
    )
    session.add(said)
    session.flush()
    for one in exhibits:
        session.add(DisputeFile(statement_id=said.id, stored_file_id=one.stored_file.id, note=one.note))
    session.flush()
    session.expire(row, ["statements"])


def proposed(session: Session, row: Dispute, buyer_minor: int, *, actor: Actor, text: str) -> None:
    """Keeps a proposal as the one that stands: nobody has agreed to it yet."""
    row.proposals += 1
    row.proposed_minor, row.proposed_by_user_id = buyer_minor, actor.user_id
    row.proposed_of_minor = escrow.remaining(session, row.order)
    row.buyer_agreed = row.seller_agreed = False
    _say(session, row, actor, StatementKind.proposal, text)


def _carry_out(session: Session, row: Dispute, order: Order, *, actor: Actor, reason: str) -> None:
    buyer_minor = row.decided_minor or 0
    row.reasons, row.closed_at = reason, clock.now()
    session.flush()
    event = "resolve_cancel" if buyer_minor == escrow.remaining(session, order) else "resolve_complete"
    machine.apply(session, order, event, actor=actor, reason=reason)
    settlement.divide(
        session,
        order,
        buyer_minor=buyer_minor,
        fee=refund.fee_left(session, order) if row.decided_fee else NO_FEE,
        cause=RefundCause.dispute_decided,
        actor=actor,
        reason=reason,
    )


def _locked(session: Session, row: Dispute) -> Order:
    """Order and hold before the dispute, as every verb locks them."""
    machine.lock(session, row.order)
    escrow.locked(session, row.order)
    machine.lock(session, row)
    return row.order


def fits(session: Session, order: Order, buyer_minor: int) -> int:
    """What is held, if so much of it can go back to the buyer. Raises Invalid with the limit in the sentence."""
    held = escrow.remaining(session, order)
    if not 0 <= buyer_minor <= held:
        most = money.written(held, order.currency)
        raise Invalid(
            "That cannot be divided so.", {"buyer": f"Enter a sum from 0 to {most}, which is all that is held."}
        )
    return held


def _text(text: str, field: str = "text") -> str:
    if len(text.strip()) < SHORTEST:
        raise Invalid("Say a little more.", {field: "Write a sentence or two: both parties read it."})
    return text.strip()


def _require_party(row: Dispute, actor: Actor) -> None:
    _require_order_party(row.order, actor)


def _require_order_party(order: Order, actor: Actor) -> None:
    own = {ActorKind.buyer: order.buyer_organisation_id, ActorKind.seller: order.seller_organisation_id}
    if actor.kind in own and own[actor.kind] != actor.organisation_id:
        raise NotAllowed("Only the parties of this order can do this.")


@machine.guard("order", "open_dispute")
def _in_time(_session: Session, order: Order, _arguments: object) -> str | None:
    now = clock.now()
    if order.state is OrderState.accepted and now < order.visit_start:
        return "The visit has not begun. You can cancel the order instead."
    if order.state is OrderState.delivered and now >= order.state_entered_at + OBJECT_WITHIN:
        return "The fourteen days after delivery are over."
    return None


@machine.guard("dispute", "respond")
def _the_other_one(_session: Session, row: Dispute, arguments: dict[str, object]) -> str | None:
    same = arguments.get("by") == row.opened_by
    return "You reported this problem; the other side is to answer. You can add something instead." if same else None


@machine.guard("dispute", "withdraw")
def _whoever_opened_it(_session: Session, row: Dispute, arguments: dict[str, object]) -> str | None:
    return None if arguments.get("by") == row.opened_by else "Only who reported a problem can take it back."


@machine.guard("dispute", "provide")
def _whoever_was_asked(_session: Session, row: Dispute, arguments: dict[str, object]) -> str | None:
    return None if arguments.get("by") == row.asked_party else "The question went to the other side."


@machine.guard("dispute", "agree")
def _once_each(_session: Session, row: Dispute, arguments: dict[str, object]) -> str | None:
    return "You agreed already." if getattr(row, f"{arguments.get('by')}_agreed", False) else None


@machine.guard("dispute", "propose", "propose_by_rule")
def _few_proposals(_session: Session, row: Dispute, _arguments: object) -> str | None:
    if row.two_people or row.proposals < MOST_PROPOSALS:  # where two people decide, the first one always proposes
        return None
    return "Three proposals were made. Decide."


@machine.guard("dispute", "decide_refund", "decide_release", "decide_split")
def _two_people(_session: Session, row: Dispute, arguments: dict[str, object]) -> str | None:
    if not row.two_people:
        return None
    if row.proposed_by_user_id is None or row.proposed_minor != arguments.get("buyer_minor"):
        return "So much is held that two people decide: one proposes these figures, another decides."
    if row.proposed_by_user_id == arguments.get("by"):
        return "Another person than the one who proposed it must decide."
    return None
