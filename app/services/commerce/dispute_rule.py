"""What the clock proposes when nobody else does: a rule, so that no problem rests for ever. A person still decides."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.services.commerce import dispute, escrow, money
from app.services.platform import machine, timer
from models.actor import Actor
from models.commerce.dispute import Dispute
from models.platform.transition import Transition


@timer.on_timer("dispute", "propose_by_rule", first=lambda _session, row: row.order)
def propose_by_rule(session: Session, row: Dispute, *, actor: Actor) -> Transition:
    """Thirty days under review: who never said anything loses, else it is halved; a person still decides."""
    held = escrow.remaining(session, row.order)
    spoke = {one.party for one in row.statements}
    if "buyer" in spoke and "seller" not in spoke:
        buyer_minor, why = held, "The provider never answered."
    elif "seller" in spoke and "buyer" not in spoke:
        buyer_minor, why = 0, "The customer never answered."
    else:
        buyer_minor, why = money.half_up(held, 2), "Both sides stand against each other after thirty days."
    moved = machine.apply(session, row, "propose_by_rule", actor=actor, detail={"buyer_minor": buyer_minor})
    dispute.proposed(session, row, buyer_minor, actor=actor, text=why)
    return moved
