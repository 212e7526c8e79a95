"""What a seller is told about its checks and documents: a mail to each owner, once per thing and day."""

from __future__ import annotations

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Session

from app.services.platform import clock, mail
from models.people.membership import Membership, MembershipRole
from models.people.seller import Seller
from models.people.trader_document import TraderDocument

LIST, INSURANCE = ("/pro/setup", "Your business"), ("/pro/setup/insurance", "Your insurance documents")
WHY = "You get this because you answer for a business that sells here."
DECIDED = {
    "ask_for_more": ("We need something more before {seller} can sell", "Put it right and hand it in again."),
    "reject": ("The application of {seller} has ended", ""),
    "restrict": ("Nothing of {seller} is sold at the moment", "Orders that exist go on."),
    "lift": ("{seller} sells again", ""),
}


def ending(session: Session, row: TraderDocument, *, days: int) -> None:
    """The document runs out in so many days."""
    _tell(
        session,
        row.seller,
        f"{row.kind.value} runs out in {days} days",
        f"The last day is {row.valid_until:%d %B %Y}. Add the next one before it, so that we can check it in time.",
        f"{row.id}:{days}",
        INSURANCE,
    )


def ended(session: Session, row: TraderDocument) -> None:
    """It has run out, and nothing left the shop for it."""
    _tell(session, row.seller, f"{row.kind.value} has run out", "It no longer counts.", f"{row.id}:0", INSURANCE)


def refused(session: Session, row: TraderDocument, reason: str) -> None:
    """Staff did not take it."""
    where = INSURANCE if row.kind.insures else ("/pro/setup/identity", "Your documents")
    _tell(session, row.seller, f"We could not take a document: {row.kind.value.lower()}", reason, f"{row.id}:no", where)


def hidden(session: Session, row: Seller) -> None:
    """Their listings left the shop, because no policy is in force."""
    text = (
        "Your public liability insurance has run out. Your listings are out of the shop from today and come back by"
        " themselves when a policy that is in force has been checked. Orders that exist go on."
    )
    _tell(session, row, f"Nothing of {row} is sold at the moment", text, _day(row, "hidden"), INSURANCE)


def back(session: Session, row: Seller) -> None:
    """Their listings are back."""
    text = "A policy that is in force has been checked. Your listings are back in the shop."
    _tell(session, row, f"{row} sells again", text, _day(row, "back"), LIST)


def decided(session: Session, row: Seller, event: str, reason: str) -> None:
    """Staff asked for more, rejected, restricted or lifted, with their reasons."""
    if event in DECIDED:
        title, more = DECIDED[event]
        text = "\n\n".join(part for part in (reason, more) if part)
        _tell(session, row, title.format(seller=row), text, f"{_day(row, event)}:{row.version}", LIST)


def _day(row: Seller, what: str) -> str:
    return f"{row.id}:{what}:{clock.now():%Y-%m-%d}"


def _tell(session: Session, row: Seller, title: str, text: str, key: str, where: tuple[str, str]) -> None:
    owners = sa.select(User).join(Membership, Membership.user_id == User.id)
    owners = owners.where(
        Membership.organisation_id == row.organisation_id, Membership.role == MembershipRole.owner, User.active
    )
    link, label = where
    words = {"title": title, "text": text, "link": link, "label": label, "reason": WHY}
    for user in session.scalars(owners.order_by(User.id)):
        mail.post(session, "message", to=user.email, words=words, key=f"trader:{key}:{user.id}", user_id=user.id)
