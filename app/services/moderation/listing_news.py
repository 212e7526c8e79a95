"""What a provider is told of a decision about its listing: in-app and by mail, to everybody of it, once for each move.

The move only asks for it; a job finds the decision and its words (docs/adr/0016-news-follows-moves.md). Reasons and the
way to contest them are owed with a restriction (DSA art. 17, P2B 2019/1150 art. 4), so none of it is switched off.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.outbox import send
from app.services.moderation.statement import in_words
from app.services.platform import machine, notification
from app.services.platform.notification import Reasons
from models.catalogue.listing import Listing
from models.moderation.moderation_decision import ModerationDecision

NEWS = {
    "approve": "listing.approved",
    "reject": "listing.rejected",
    "suspend": "listing.suspended",
    "reinstate": "listing.reinstated",
}
"""What is told of each move that staff make of a listing."""


@machine.follow("listing", *NEWS)
def ask(session: Session, row: Listing, event: str, moved: int) -> None:
    """Asks for the news of one move; the key is its history row."""
    key = f"listing_news:{row.id}:{moved}"
    send(session, "moderation.listing_news.tell", key=key, payload={"event": event, "moved": moved})


def tell(session: Session, *, event: str, moved: int) -> None:
    """Tells the provider. `moved` is the history row's id, and by it the decision is found."""
    found = sa.select(ModerationDecision).where(ModerationDecision.transition_id == moved)
    row = session.scalars(found).one()
    reason = Reasons(in_words(row.statement) if row.statement else row.reason)
    notification.tell(
        session,
        NEWS[event],
        to=row.listing.organisation_id,
        words={"listing": row.listing.title, "at": row.decided_at, "reason": reason},
        link=f"/pro/listings/{row.listing.slug}",
        key=f"listing:{row.listing_id}:{event}:{moved}",
    )
