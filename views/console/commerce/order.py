"""Orders. One page answers every question about one: who, what, how far, where the money is, what was signed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import abort, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from markupsafe import Markup
from sqlalchemy.orm import aliased, joinedload

from app.services.commerce import ledger
from app.services.platform import clock
from models.commerce.document import Document
from models.commerce.escrow import Escrow
from models.commerce.evidence import Evidence
from models.commerce.order import Order, OrderState
from models.commerce.payment import Payment
from models.commerce.refund import Refund
from models.people.organisation import Organisation
from models.platform.transition import Transition
from views import drawing
from views.columns import Column, EnumFacet, SinceFacet, Tab, Test, TestFacet
from views.console.commerce.file import download
from views.interface import Interface
from views.record import RecordView

O, S = Order, OrderState  # noqa: E741  one letter each, as in the services
BUYER, SELLER = aliased(Organisation), aliased(Organisation)
OPEN = [S.pending_acceptance, S.accepted, S.in_progress, S.delivered, S.disputed]


class OrderView(RecordView):
    """Staff read orders; the parties and the clock move them."""

    datamodel = Interface(O, eager=(joinedload(O.buyer_organisation), joinedload(O.seller_organisation)))
    resource, label, group, icon, nouns = "Order", "Orders", "Commerce", "receipt", "orders"
    route_base = "/orders"
    show_template = "console/order.html"
    include_route_methods = {"list", "show", "file"}
    newest = (O.created_at,)
    road = (S.pending_acceptance, S.accepted, S.in_progress, S.delivered, S.completed)
    columns = (
        Column("reference", "Order", "title", order=O.reference, slot="title", width="m"),
        Column("buyer", "Customer", get=lambda o: o.buyer_organisation.name, order=BUYER.name, slot="meta", width="l"),
        Column("seller", "Provider", get=lambda o: o.seller_organisation.name, order=SELLER.name, width="l", prio=2),
        Column("state", "State", "status", order=O.state, slot="status", width="ml"),
        Column("visit_start", "Visit", "when", order=O.visit_start, width="ml", prio=3),
        Column("total_minor", "Total", "money", order=O.total_minor, slot="end", width="s"),
        Column("created_at", "Paid", "ago", order=O.created_at, slot="due", width="s", prio=2),
    )
    facets = (
        EnumFacet("state", "State", O.state, "list-check"),
        SinceFacet("paid", "Paid", O.created_at),
        TestFacet(
            "late",
            "Late",
            {
                "acceptance": Test(
                    "Not accepted in time", lambda: (O.state == S.pending_acceptance) & (O.accept_by < clock.now())
                )
            },
            "clock",
        ),
    )
    tabs = (
        Tab("All"),
        Tab("Open", {"state": [state.name for state in OPEN]}, counted=True),
        Tab("Awaiting acceptance", {"state": ["pending_acceptance"]}, counted=True),
        Tab("Disputed", {"state": ["disputed"]}, counted=True, tone="danger"),
        Tab("Completed", {"state": ["completed"]}),
    )
    search = (O.reference, O.site_postcode, BUYER.name, SELLER.name)

    def narrowed(self) -> Any:
        joined = super().narrowed().join(BUYER, BUYER.id == O.buyer_organisation_id)
        return joined.join(SELLER, SELLER.id == O.seller_organisation_id)

    def reference(self, row: Order) -> str:
        return row.reference

    def facts(self, row: Order) -> Sequence[tuple[str, Any]]:
        return [
            ("Customer", party(row.buyer_organisation)),
            ("Provider", party(row.seller_organisation)),
            (
                "Visit",
                Markup("{}<small>until {}, {}</small>").format(
                    drawing.when(row.visit_start), drawing.when(row.visit_end), row.visit_zone
                ),
            ),
            ("Where", Markup("{}<small>{}</small>").format(row.site_address, row.site_postcode)),
            ("Access", drawing.plain(row.access_notes)),
            ("Paid", drawing.when(row.captured_at)),
            ("Accept by", drawing.when(row.accept_by)),
            ("Accepted", drawing.when(row.accepted_at)),
            ("Delivered", drawing.when(row.delivered_at)),
            ("Ended", drawing.when(row.closed_at)),
            ("Rounds of changes", drawing.plain(row.change_rounds)),
        ]

    def more(self, row: Order) -> dict[str, Any]:
        session = self.datamodel.session()
        hold = session.scalar(sa.select(Escrow).where(Escrow.order_id == row.id))
        refunds = session.scalars(sa.select(Refund).where(Refund.order_id == row.id).order_by(Refund.id)).all()
        payments = session.scalars(sa.select(Payment).where(Payment.checkout_id == row.checkout_id)).all()
        about = [f"order:{row.id}", *(f"payment:{payment.id}" for payment in payments)]
        files = sa.select(Document).options(joinedload(Document.stored_file)).where(Document.order_id == row.id)
        proofs = sa.select(Evidence).options(joinedload(Evidence.stored_file)).where(Evidence.order_id == row.id)
        subjects = [row.id, row.checkout_id, *([hold.id] if hold else []), *(refund.id for refund in refunds)]
        moves = sa.select(Transition).where(Transition.subject_id.in_(subjects)).order_by(Transition.id)
        return {
            "hold": hold,
            "refunds": refunds,
            "payments": payments,
            "postings": sorted(
                (entry for subject in about for entry in ledger.entries(session, subject)), key=lambda pair: pair[0].id
            ),
            "documents": session.scalars(files.order_by(Document.id)).all(),
            "evidence": session.scalars(proofs.order_by(Evidence.id)).all(),
            "whole_story": session.scalars(moves).all(),
        }

    @expose("/file/<pk>/<file_id>")
    @has_access
    @permission_name("read")
    def file(self, pk: str, file_id: str) -> ResponseReturnValue:
        """A document or a piece of evidence of this order, and of no other."""
        order, session = self.row(pk), self.datamodel.session()
        paper = session.scalar(sa.select(Document).where(Document.order_id == order.id, _is(Document, file_id)))
        if paper is not None:
            return download(paper.stored_file, f"{paper.number}.pdf")
        proof = session.scalar(sa.select(Evidence).where(Evidence.order_id == order.id, _is(Evidence, file_id)))
        if proof is None:
            abort(404)
        return download(proof.stored_file, proof.stored_file.original_name or f"{order.reference}-evidence")


def _is(model: Any, text: str) -> Any:
    key = Interface(model).key(text)
    return model.id == key if key is not None else sa.false()


def party(organisation: Organisation) -> Markup:
    """A link to who it is."""
    return Markup('<a href="{}">{}</a>').format(url_for("OrganisationView.show", pk=organisation.id), organisation)
