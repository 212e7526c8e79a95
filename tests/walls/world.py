"""One story with everything in it, and for every blank in an address the thing of that story which belongs there."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import uuid4

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.routing import AnyConverter, Rule

from app.services.commerce import dispute, order_message, refund_request, review
from models.commerce.dispute_file import DisputeFile
from models.commerce.evidence import Evidence
from models.commerce.refund import RefundCause
from models.people.trader_document import TraderDocument
from tests.factories import commerce, people

REVIEW = "They came on time and left it tidy."

ELSEWHERE = ("notification_id", "paper_id", "photo_id", "review_id", "sign_in_id", "token_id")
"""Things this story does not have: their walls have tests beside their pages."""


@dataclass
class World:
    """What lies behind the walls: `story`, its order with a problem, a second checkout that is not paid."""

    story: commerce.Story
    blanks: dict[str, str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    """Strings that only the parties may read, wherever they appear."""


def build(session: Session) -> World:
    """Made by the product's verbs in one unit of work."""
    told = commerce.story(session)
    order = commerce.delivered(session, told)
    clerk = people.operator(session, "Finance clerk")
    asked = refund_request.request(
        session,
        order,
        lines={order.lines[0].id: 100},
        cause=RefundCause.goodwill,
        reason="The visit began late.",
        actor=clerk,
        fee=False,
    )
    dispute.open_dispute(
        session,
        order,
        actor=told.buyer.actor,
        code="poor_work",
        text="Two of the new sockets are crooked.",
        exhibits=[dispute.Exhibit(commerce.photo(session).stored_file)],
    )
    draft = commerce.draft(session, told)
    unread = review.write(session, commerce.completed(session, told), actor=told.buyer.actor, stars=5, text=REVIEW)
    sent = order_message.send(
        session, order, actor=told.buyer.actor, text="The gate is green.", files=[commerce.photo(session).stored_file]
    )
    world = World(told)
    world.secrets = [order.reference, told.buyer.user.email, told.buyer.organisation.name]
    world.blanks = {
        **{name: str(uuid4()) for name in ELSEWHERE},
        "checkout_id": str(draft.id),
        "reference": order.reference,
        "refund_id": str(asked.id),
        "slug": told.listing.slug,
        "kind": "contract",
        "evidence_id": str(session.scalars(sa.select(Evidence.id).where(Evidence.order_id == order.id)).one()),
        "attachment_id": str(sent.files[0].id),
        "review_id": str(unread.id),
        "file_id": str(session.scalars(sa.select(DisputeFile.id)).one()),
        "paper_id": str(session.scalars(sa.select(TraderDocument.id).order_by(TraderDocument.id)).first()),
    }
    return world


def address(app: Flask, blanks: dict[str, str], rule: Rule) -> str:
    """The rule's address with the story's own things in its blanks. Raises KeyError for a blank nobody filled."""
    values = {}
    for name in rule.arguments:
        converter = rule._converters[name]
        values[name] = next(iter(converter.items)) if isinstance(converter, AnyConverter) else blanks[name]
    return app.url_map.bind("localhost").build(rule.endpoint, values, method=_method(rule))


def _method(rule: Rule) -> str:
    return next(iter(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})))
