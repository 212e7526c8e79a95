"""Orders. One page answers every question about one: who, what, how far, where the money is, what was signed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import abort, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from markupsafe import Markup
from sqlalchemy.orm import aliased, joinedload

from app.services.commerce import dispute, escrow, freeze, ledger, refund_request
from app.services.commerce.freeze import ALARM_AFTER, LIMIT_AFTER
from app.services.platform import clock
from models.commerce.allocation import Allocation
from models.commerce.chargeback import Chargeback
from models.commerce.dispute import Dispute
from models.commerce.document import Document
from models.commerce.escrow import Escrow, EscrowState
from models.commerce.evidence import Evidence
from models.commerce.order import Order, OrderState
from models.commerce.payment import Payment
from models.commerce.refund import Refund
from models.people.organisation import Organisation
from models.platform.transition import Transition
from views import drawing
from views.base import Duty, counted
from views.columns import Column, EnumFacet, PeriodFacet, Tab, Test, TestFacet
from views.console.commerce import cancellation, order_message
from views.console.commerce.file import download
from views.console.commerce.posting import spoken
from views.console.platform import timer
from views.interface import Interface
from views.record import RecordView, Verb
from views.worksheet import worked

O, S = Order, OrderState  # noqa: E741  one letter each, as in the services
BUYER, SELLER = aliased(Organisation), aliased(Organisation)
OLD = timedelta(days=80)
PROBLEMS = {**dispute.CODES, dispute.BY_CLOCK: "Held too long"}
OPEN = [S.pending_acceptance, S.accepted, S.in_progress, S.delivered, S.disputed]


class OrderView(RecordView):
    """The parties and the clock move orders. Staff refund, cancel and report problems, each on a page that says
    first what comes of it."""

    datamodel = Interface(O, eager=(joinedload(O.buyer_organisation), joinedload(O.seller_organisation)))
    resource, label, group, icon, nouns = "Order", "Orders", "Commerce", "receipt", "orders"
    route_base = "/orders"
    show_template = "console/order.html"
    include_route_methods = {"list", "show", "file", "cancel", "messages", "message_file"}
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
        PeriodFacet("paid", "Paid", O.created_at),
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
        TestFacet(
            "hold",
            "Hold",
            {
                "old": Test("Held for 80 days or more", lambda: _held_since(OLD)),
                "ends": Test("Held for 85 days or more", lambda: _held_since(ALARM_AFTER)),
            },
            "hourglass",
        ),
    )
    tabs = (
        Tab("All"),
        Tab("Open", {"state": [state.name for state in OPEN]}, counted=True),
        Tab("Awaiting acceptance", {"state": ["pending_acceptance"]}, counted=True),
        Tab("Disputed", {"state": ["disputed"]}, counted=True, tone="danger"),
        Tab("Held long", {"hold": ["old"]}, counted=True, tone="warning"),
        Tab("Completed", {"state": ["completed"]}),
    )
    search = (O.reference, O.site_postcode, BUYER.name, SELLER.name)
    verbs_of = (
        Verb("refund", "Refund", "request", None, "By line or amount; another person approves it", "arrow-back-up",
             "primary", key="f", page="RefundView.ask", resource="Refund"),
        Verb("open_dispute", "Report a problem", "open", None, "For a party that told us; freezes the hold",
             "message-question", key="p", page="DisputeView.report", resource="Dispute"),
        Verb("cancel", "Cancel", "cancel", None, "For both parties, by the published terms", "ban", "danger", key="c",
             page="OrderView.cancel"),
    )  # fmt: skip

    def duties(self) -> Sequence[Duty]:
        def held(since: timedelta) -> Any:
            return counted(O, _held_since(since))

        alarmed = "read" if self.appbuilder.sm.may("Refund", "approve") else "cancel"  # finance is told, too
        return (
            Duty("Holds of 80 days or more", "cancel", held(OLD), {"hold": ["old"]}),
            Duty("Holds of 85 days or more, refunded on day 89", alarmed, held(ALARM_AFTER), {"hold": ["ends"]}, True),
        )

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

    def open_moves(self, row: Order) -> dict[str, str]:
        """Refunds are no move of the order's machine, and have reasons of their own to wait."""
        found, session = super().open_moves(row), self.datamodel.session()
        contested = freeze.order_contested(session, row)
        frozen = escrow.of_order(session, row).state is EscrowState.frozen
        if contested:
            found["refund"] = freeze.CONTESTED
        elif frozen:
            found["refund"] = "The payment hold is frozen. Decide the problem first."
        elif not refund_request.tender_left(session, row):
            found["refund"] = "Everything has gone back, or is asked for."
        else:
            found["refund"] = ""
        return found

    def more(self, row: Order) -> dict[str, Any]:
        session = self.datamodel.session()
        hold = session.scalar(sa.select(Escrow).where(Escrow.order_id == row.id))
        refunds, disputes, cases = (
            session.scalars(sa.select(noun).where(noun.order_id == row.id).order_by(noun.id)).all()
            for noun in (Refund, Dispute, Chargeback)
        )
        payments = session.scalars(sa.select(Payment).where(Payment.checkout_id == row.checkout_id)).all()
        about = [f"order:{row.id}", *(f"payment:{payment.id}" for payment in payments)]
        files = sa.select(Document).options(joinedload(Document.stored_file)).where(Document.order_id == row.id)
        proofs = sa.select(Evidence).options(joinedload(Evidence.stored_file)).where(Evidence.order_id == row.id)
        parts = sa.select(Allocation).where(Allocation.order_line_id.in_([line.id for line in row.lines]))
        lives = [row, *([hold] if hold else []), *refunds, *disputes, *cases]
        subjects = [row.checkout_id, *(one.id for one in lives)]
        moves = sa.select(Transition).where(Transition.subject_id.in_(subjects)).order_by(Transition.id)
        return {
            "hold": hold,
            "held_for": (clock.now() - hold.captured_at).days if hold and hold.captured_at else 0,
            "hold_ends": hold.captured_at + LIMIT_AFTER if hold and hold.captured_at else None,
            "frozen_by": freeze.reasons(session, hold) if hold and hold.state is EscrowState.frozen else [],
            "refunds": refunds,
            "disputes": disputes,
            "chargebacks": cases,
            "problem_words": PROBLEMS,
            "payments": payments,
            "divided": session.scalars(parts.order_by(Allocation.id)).all(),
            "titles": {line.id: line.title for line in row.lines},
            "postings": sorted(
                (entry for subject in about for entry in ledger.entries(session, subject)), key=lambda pair: pair[0].id
            ),
            "spoken": spoken,
            "documents": session.scalars(files.order_by(Document.id)).all(),
            "evidence": session.scalars(proofs.order_by(Evidence.id)).all(),
            "whole_story": session.scalars(moves).all(),
            "timers": timer.waiting_for(session, [one.id for one in lives]),
            "messages": order_message.how_many(session, row),
            "what": timer.what,
            "becomes": timer.becomes,
        }

    @expose("/cancel/<pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("cancel")
    def cancel(self, pk: str) -> ResponseReturnValue:
        """Staff cancel for both parties, by terms that are shown before."""
        return worked(cancellation.sheet(self, self.datamodel.session(), self.row(pk)))

    @expose("/messages/<pk>")
    @has_access
    @permission_name("messages")
    def messages(self, pk: str) -> ResponseReturnValue:
        """What the parties wrote to each other; that somebody read it is in the audit trail."""
        order = self.row(pk)
        found = order_message.looked_at(order)
        page: str = self.render_template("console/messages.html", view=self, item=order, **found)
        return page

    @expose("/message-file/<pk>/<file_id>")
    @has_access
    @permission_name("messages")
    def message_file(self, pk: str, file_id: str) -> ResponseReturnValue:
        """A file of this order's messages, and of no other."""
        return order_message.file(self.row(pk), file_id)

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


def _held_since(age: timedelta) -> Any:
    """Orders whose hold still holds something and is at least so old."""
    held = (Escrow.order_id == O.id) & Escrow.state.in_((EscrowState.held, EscrowState.frozen))
    return sa.exists().where(held, Escrow.captured_at <= clock.now() - age)


def _is(model: Any, text: str) -> Any:
    key = Interface(model).key(text)
    return model.id == key if key is not None else sa.false()


def party(organisation: Organisation) -> Markup:
    """A link to who it is."""
    return Markup('<a href="{}">{}</a>').format(url_for("OrganisationView.show", pk=organisation.id), organisation)
