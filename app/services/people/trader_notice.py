"""What a seller is told about its checks, its documents and its standing: in-app and by mail, to each owner, once.

Whoever keeps it out of the shop owes reasons and a way to contest them (DSA art. 17, P2B 2019/1150 art. 4), so most of
it cannot be switched off.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Session

from app.services.platform import notification
from app.services.platform.notification import Reasons
from models.people.membership import Membership, MembershipRole
from models.people.seller import Seller
from models.people.trader_document import TraderDocument

LIST, PAPERS, INSURANCE, LISTINGS = "/pro/setup", "/pro/setup/identity", "/pro/setup/insurance", "/pro/listings"
DECIDED = {
    "approve": ("trader.approved", LISTINGS),
    "ask_for_more": ("trader.more_needed", LIST),
    "reject": ("trader.refused", LIST),
    "lapse": ("trader.lapsed", LIST),
    "restrict": ("trader.restricted", LIST),
    "lift": ("trader.back", LISTINGS),
    "notice_terminate": ("trader.notice", LIST),
    "appeal_upheld": ("trader.notice_withdrawn", LIST),
    "take_effect": ("trader.ended", LIST),
}
"""The event of each move of a seller, and where it leads."""


def ending(session: Session, row: TraderDocument, *, days: int) -> None:
    """The document runs out in so many days."""
    words = {
        "document": row.kind.value,
        "days": "one day" if days == 1 else f"{days} days",
        "last_day": f"{row.valid_until:%-d %B %Y}",
    }
    _tell(session, row.seller, "trader.document_ending", words, key=f"{row.id}:{days}", link=_of(row))


def ended(session: Session, row: TraderDocument) -> None:
    """It has run out, and nothing left the shop for it."""
    words = {"document": row.kind.value}
    _tell(session, row.seller, "trader.document_ended", words, key=f"{row.id}:0", link=_of(row))


def refused(session: Session, row: TraderDocument, reason: str) -> None:
    """Staff did not take it."""
    words = {"document": row.kind.value.lower(), "reason": Reasons(reason)}
    _tell(session, row.seller, "trader.document_refused", words, key=f"{row.id}:no", link=_of(row))


def hidden(session: Session, row: Seller) -> None:
    """Their listings left the shop, because no policy is in force."""
    _tell(session, row, "trader.hidden", {}, key=_now(row), link=INSURANCE)


def back(session: Session, row: Seller, reason: str) -> None:
    """Their listings are back by themselves."""
    _tell(session, row, "trader.back", {"reason": reason}, key=_now(row), link=LISTINGS)


def decided(session: Session, row: Seller, event: str, reason: str = "") -> None:
    """A move of the seller that its owners are told of, with the reasons whoever made it gave."""
    code, link = DECIDED[event]
    words: dict[str, Any] = {"reason": Reasons(reason)}
    if row.effective_at is not None:
        words["ends"] = row.effective_at
    _tell(session, row, code, words, key=_now(row), link=link)


def _of(row: TraderDocument) -> str:
    return INSURANCE if row.kind.insures else PAPERS


def _now(row: Seller) -> str:
    """A move is told once: each has a version of its own."""
    return f"{row.id}:{row.version}"


def _tell(session: Session, row: Seller, event: str, words: dict[str, Any], *, key: str, link: str) -> None:
    """Owners only: a member does the daily work and does not answer for the business."""
    owners = sa.select(User.id).join(Membership, Membership.user_id == User.id)
    owners = owners.where(
        Membership.organisation_id == row.organisation_id, Membership.role == MembershipRole.owner, User.active
    )
    words = {"seller": str(row), **words}
    for user_id in session.scalars(owners.order_by(User.id)):
        notification.tell(session, event, to=user_id, words=words, link=link, key=f"trader:{key}")
