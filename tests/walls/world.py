"""One story with everything in it, and for every blank in an address the thing of that story which belongs there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from uuid import uuid4

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.routing import AnyConverter, Rule

from app.clients.storage import StoredContent
from app.services.commerce import dispute, document, refund_request
from models.commerce.dispute_file import DisputeFile
from models.commerce.document import DocumentKind
from models.commerce.evidence import Evidence
from models.commerce.order import Order
from models.commerce.refund import RefundCause
from tests.factories import catalogue, commerce, people
from tests.walls import things

SECRETS = (
    "Priya Nair",
    "Stackpool",
    "BS3 1NG",
    "Key safe",
    "Avon Electrical",
    "Secret draft",
    "The board",
    "The meter cupboard",
    "the van stood",
    "The cellar has no light",
    "We bring the long ladder",
    "Is the shed on the board",
    "the shed has its own",
    "mate@provider.test",
    "new@provider.test",
)
"""Words of the story; none of them may stand in a stranger's answer."""


@dataclass
class World:
    """What lies behind the walls: an order with papers, evidence, a refund and a problem; a checkout; a draft."""

    story: commerce.Story
    order: Order
    draft_slug: str
    blanks: dict[str, str] = field(default_factory=dict)

    @property
    def secrets(self) -> list[str]:
        """Strings that only the parties may read, wherever they appear."""
        return [*SECRETS, self.order.reference, self.story.buyer.user.email]


def build(session: Session, contract: StoredContent) -> World:
    """Made by the product's verbs in one unit of work."""
    told = commerce.story(session)
    order = commerce.delivered(session, told)
    document.record(session, order, DocumentKind.contract, contract)
    asked = refund_request.request(
        session,
        order,
        lines={order.lines[0].id: 100},
        cause=RefundCause.goodwill,
        reason="The visit began late.",
        actor=people.operator(session, "Finance clerk"),
    )
    evidence = session.scalars(sa.select(Evidence).where(Evidence.order_id == order.id)).one()
    dispute.open_dispute(
        session,
        order,
        actor=told.buyer.actor,
        code="poor_work",
        text="The board hangs crooked.",
        exhibits=[dispute.Exhibit(evidence.stored_file)],
    )
    draft = catalogue.draft(session, told.seller.actor, title="Secret draft of a new service")
    world = World(told, order, draft.slug)
    world.blanks = {
        **things.of(session, told, order, draft),
        "checkout_id": str(commerce.draft(session, told).id),
        "reference": order.reference,
        "refund_id": str(asked.id),
        "slug": draft.slug,
        "kind": "contract",
        "evidence_id": str(evidence.id),
        "file_id": str(session.scalars(sa.select(DisputeFile.id)).one()),
    }
    return world


def never(blanks: dict[str, str]) -> dict[str, str]:
    """Blanks of the same shape that belong to nothing."""
    shapes = {"slug": "never-was-one", "party_slug": "never-was-one", "kind": "contract", "reference": "FX-2222-22"}
    return {name: shapes.get(name) or str(uuid4()) for name in blanks}


def addresses(app: Flask, blanks: dict[str, str], rule: Rule) -> Iterator[str]:
    """The rule's addresses, one for every choice it offers. Raises KeyError for a blank that nobody filled."""
    method = next(iter(sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})))
    choices = []
    for name in sorted(rule.arguments):
        converter = rule._converters[name]
        offered = sorted(converter.items) if isinstance(converter, AnyConverter) else [blanks[name]]
        choices.append([(name, value) for value in offered])
    for chosen in product(*choices):
        yield app.url_map.bind("localhost").build(rule.endpoint, dict(chosen), method=method)
