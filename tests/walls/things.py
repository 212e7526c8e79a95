"""What belongs to one person or one organisation of the story: a message's file, news, papers, a photo, sessions."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.catalogue import favourite, photo, photo_image, question
from app.services.commerce import order_message, quote_request, review
from app.services.people import access_token, invitation, organisation, sign_in
from app.services.platform import notification
from models.catalogue.listing import Listing
from models.commerce.order import Order
from models.commerce.order_message_file import OrderMessageFile
from models.people.membership import Membership, MembershipRole
from models.people.trader_document import TraderDocument
from models.platform.notification import Notification
from models.types import utc_now
from tests.factories import commerce, people, pictures, quote


def of(session: Session, told: commerce.Story, order: Order, draft: Listing) -> dict[str, str]:
    """The blanks of an address by name, each with the thing of the story that belongs there."""
    buyer, seller = told.buyer, told.seller
    seen = sign_in.Visitor("a browser of hers", "Firefox", "127.0.0.1")
    mine, _ = sign_in.begin(session, user_id=buyer.user.id, stamp="s", visitor=seen, now=utc_now())
    token, _ = access_token.issue(session, user_id=buyer.user.id, stamp="s", label="books", now=utc_now())
    favourite.save_listing(session, told.listing.slug, user_id=buyer.user.id)
    favourite.save_seller(session, seller.organisation.slug, user_id=buyer.user.id)
    things: dict[str, UUID] = {
        "attachment_id": _attachment(session, told, order),
        "notification_id": _news(session, told),
        "paper_id": session.scalars(sa.select(TraderDocument.id)).first(),
        "photo_id": _photo(session, told, draft),
        "question_id": _question(session, told),
        **_quote(session, told),
        "review_id": _review(session, told),
        "sign_in_id": mine.id,
        "token_id": token.id,
        "member_id": mate(session, seller),
        "invitation_id": invitation.invite(
            session,
            seller.organisation.id,
            email="new@provider.test",
            role=MembershipRole.member,
            user_id=seller.user.id,
        ).id,
    }
    return {**{name: str(value) for name, value in things.items()}, "party_slug": seller.organisation.slug}


def mate(session: Session, seller: people.Party) -> UUID:
    """Somebody who does the provider's daily work and does not own it."""
    user = people.customer(session, email="mate@provider.test", name="Bryn Mower").user
    return organisation.add_member(session, seller.organisation, user, role=MembershipRole.member).id


def mate_of(session: Session) -> Membership:
    """That somebody's membership."""
    return session.scalars(sa.select(Membership).where(Membership.role == MembershipRole.member)).one()


def _attachment(session: Session, told: commerce.Story, order: Order) -> UUID:
    shown = commerce.photo(session).stored_file
    order_message.send(session, order, actor=told.buyer.actor, text="The meter cupboard", files=[shown])
    return session.scalars(sa.select(OrderMessageFile.id)).one()


def _news(session: Session, told: commerce.Story) -> UUID:
    words = {"order": "an order", "who": "Avon Electrical", "title": "A visit"}
    notification.tell(session, "message.new", to=told.buyer.user.id, words=words, link="/orders", key="walk")
    mine = sa.select(Notification.id).where(Notification.user_id == told.buyer.user.id)
    return session.scalars(mine.order_by(Notification.id.desc())).first()


def _photo(session: Session, told: commerce.Story, draft: Listing) -> UUID:
    picture = photo_image.prepare(pictures.jpeg())
    return photo.add(session, draft, picture, alt="The board before", actor=told.seller.actor).id


def _question(session: Session, told: commerce.Story) -> UUID:
    """One that is answered and stands on no page."""
    row = question.ask(session, told.listing, actor=told.buyer.actor, text="Is the shed on the board of the house?")
    question.answer(session, row, actor=told.seller.actor, text="No, the shed has its own.")
    return row.id


def _quote(session: Session, told: commerce.Story) -> dict[str, UUID]:
    """One with a file and an offer."""
    shown = commerce.photo(session).stored_file
    row = quote.requested(session, told, text="The cellar has no light at all, and it should.", files=[shown])
    terms = quote.terms(told.listing, note="We bring the long ladder.")
    quote_request.offer(session, row, actor=told.seller.actor, terms=terms)
    return {"quote_id": row.id, "quote_file_id": row.files[0].id}


def _review(session: Session, told: commerce.Story) -> UUID:
    """One that its other side has not answered: it is blind."""
    done = commerce.completed(session, told)
    return review.write(session, done, actor=told.buyer.actor, stars=2, text="Late, and the van stood in the way.").id
