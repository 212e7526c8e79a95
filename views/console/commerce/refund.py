"""The refund desk: what waits for a second person, what failed, what is on its way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import abort, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from markupsafe import Markup
from sqlalchemy.orm import Session, joinedload, selectinload

from app.services.commerce import escrow, ledger, refund, refund_request
from app.services.platform import machine
from models.actor import Actor
from models.commerce.allocation import Allocation
from models.commerce.order import Order
from models.commerce.refund import Refund, RefundState
from models.commerce.refund_line import RefundLine
from models.errors import Conflict, Refused
from views import drawing
from views.base import Duty, counted
from views.columns import Column, EnumFacet, Tab
from views.console.commerce import refund_request as asking
from views.console.commerce.posting import spoken
from views.interface import Interface
from views.record import REASON, Ask, RecordView, Verb, names_of
from views.worksheet import CHANGED, mark, worked

R, S = Refund, RefundState
SEEN = Ask("seen", "What was seen", kind="seen")
BANK = Ask("reference", "Bank's reference", "As it stands on our statement.", kind="text")
LINES = (joinedload(R.order).selectinload(Order.lines), selectinload(R.lines).joinedload(RefundLine.order_line))


def _approve(session: Session, row: Refund, *, actor: Actor, seen: str) -> Any:
    """What was read is what is approved: the hold may have moved meanwhile."""
    if row.order is not None:
        machine.lock(session, row.order)
        if mark(refund_request.preview_of(session, row)) != seen:
            raise Conflict(CHANGED)
    return refund_request.approve(session, row, actor=actor)


def _not_sent(session: Session, row: Refund, *, actor: Actor) -> None:  # noqa: ARG001  the unit of work knows who
    refund.withdraw_transfer(session, row)


class RefundView(RecordView):
    """One person asks, another approves; policy approves its own. People look at those that did not arrive."""

    datamodel = Interface(R, eager=(joinedload(R.order),))
    resource, label, group, icon, nouns = "Refund", "Refunds", "Commerce", "arrow-back-up", "refunds"
    route_base = "/refunds"
    show_template = "console/refund.html"
    include_route_methods = {"list", "show", "move", "ask"}
    landing = {"state": ["requested"]}
    newest = (R.created_at,)
    road = (S.requested, S.approved, S.submitted, S.succeeded)
    search = (Order.reference, R.provider_refund_id, R.transfer_reference)
    columns = (
        Column(
            "order",
            "Order",
            "title",
            get=lambda r: r.order.reference if r.order else "Late payment",
            order=Order.reference,
            slot="title",
        ),
        Column("cause", "Cause", get=lambda r: r.cause.value, order=R.cause, slot="meta", width="l", prio=2),
        Column("state", "State", "status", order=R.state, slot="status", width="ml"),
        Column("amount_minor", "Amount", "money", order=R.amount_minor, slot="end", width="s"),
        Column("asked_by", "Asked by", "person", get=lambda r: getattr(r, "asked_by", "") or None, width="m", prio=2),
        Column("attempts", "Attempts", "number", order=R.attempts, width="s", prio=3),
        Column("created_at", "Asked", "ago", order=R.created_at, slot="due", width="s"),
    )
    facets = (EnumFacet("state", "State", R.state, "list-check"), EnumFacet("cause", "Cause", R.cause, "info-circle"))
    tabs = (
        Tab("Waiting for approval", {"state": ["requested"]}, counted=True, tone="warning"),
        Tab("Failed", {"state": ["failed"]}, counted=True, tone="danger"),
        Tab("On their way", {"state": ["approved", "submitted"]}, counted=True),
        Tab("Unknown", {"state": ["unknown"]}, counted=True, tone="warning"),
        Tab("All"),
    )
    verbs_of = (
        Verb("approve", "Approve", "approve", _approve, "Posts it as below and sends the money", "check", "primary",
             (SEEN,), "a"),
        Verb("reject", "Reject", "approve", refund_request.reject, "Nothing moves; whoever asked reads why", "x",
             "danger", (REASON,), "r"),
        Verb("retry", "Send again", "retry", refund.retry, "Asks the provider once more, under a new key",
             "rotate-clockwise", "primary", sure=True),
        Verb("record_transfer", "Record a bank transfer", "transfer", refund.record_transfer,
             "You sent it by bank; another person confirms", "building-bank", "", (BANK,)),
        Verb("bank_transfer", "Confirm the transfer", "transfer", refund.confirm_transfer,
             "You saw it leave our account; the refund is over", "circle-check", "primary", sure=True),
        Verb("withdraw_transfer", "It was not sent", "transfer", _not_sent,
             "Forgets the transfer; the refund can be sent again", "x", "danger"),
    )  # fmt: skip

    def waiting(self) -> Any:
        return counted(R, R.state.in_((S.requested, S.failed)))

    def duties(self) -> Sequence[Duty]:
        def those(*states: RefundState) -> Any:
            return counted(R, R.state.in_(states))

        return (
            Duty("Refunds to approve", "approve", those(S.requested), {"state": ["requested"]}),
            Duty("Refunds that failed", "retry", those(S.failed), {"state": ["failed"]}, urgent=True),
            Duty("Refunds without an answer", "retry", those(S.unknown), {"state": ["unknown"]}),
        )

    def narrowed(self) -> Any:
        return super().narrowed().outerjoin(Order, Order.id == R.order_id)

    def enrich(self, rows: Sequence[Any]) -> None:
        names = names_of(self.datamodel.session(), [row.requested_by_user_id for row in rows])
        for row in rows:
            row.asked_by = names.get(row.requested_by_user_id, "")

    def heading(self, row: Refund) -> str:
        return f"Refund, {row.order.reference}" if row.order else "Refund of a late payment"

    def open_moves(self, row: Refund) -> dict[str, str]:
        found = super().open_moves(row)
        if row.state is S.failed:
            found["record_transfer"] = ""
            if row.transfer_reference:
                found["withdraw_transfer"] = ""
            else:
                found.pop("bank_transfer", None)
        found.pop("cancel", None)
        return found

    def road_of(self, row: Refund) -> tuple[Any, ...]:
        return (S.requested, S.approved, S.unknown, S.succeeded) if row.state is S.unknown else self.road

    def more(self, row: Refund) -> dict[str, Any]:
        session = self.datamodel.session()
        by = ("requested_by_user_id", "approved_by_user_id", "transfer_by_user_id", "transfer_confirmed_by_user_id")
        names = names_of(session, [getattr(row, one) for one in by])
        parts = session.scalars(sa.select(Allocation).where(Allocation.refund_id == row.id).order_by(Allocation.id))
        found, objection = self._preview(session, row)
        return {
            "order": row.order,
            "asked_by": names.get(row.requested_by_user_id or 0),
            "approved_by": names.get(row.approved_by_user_id or 0),
            "transfer_by": names.get(row.transfer_by_user_id or 0),
            "confirmed_by": names.get(row.transfer_confirmed_by_user_id or 0),
            "titles": {line.id: line.title for line in row.order.lines} if row.order else {},
            "divided": parts.all(),
            "outcome": found,
            "objection": objection,
            "held": escrow.remaining(session, row.order) if found and row.order else 0,
            "seen": mark(found),
            "spoken": spoken,
            "postings": _entries(session, row),
        }

    def _preview(self, session: Session, row: Refund) -> tuple[Any, str]:
        """What approving comes to, or why it cannot be approved now."""
        if row.state is not S.requested or row.order is None:
            return None, ""
        try:
            return refund_request.preview_of(session, row), ""
        except Refused as refused:
            return None, " ".join([str(refused), *getattr(refused, "fields", {}).values()])

    def facts(self, row: Refund) -> Sequence[tuple[str, Any]]:
        return [
            ("Order", order_link(self, row.order)),
            ("Amount", drawing.money(row.amount_minor, row.currency)),
            *([("Given by their bank", drawing.money(row.covered_minor, row.currency))] if row.covered_minor else []),
            ("Of it order fee", drawing.money(row.fee_net_minor + row.fee_vat_minor, row.currency)),
            ("Cause", row.cause.value),
            ("Attempts", drawing.plain(row.attempts)),
            ("At the provider", drawing.code(row.provider_refund_id)),
            ("Last error", drawing.plain(row.last_error)),
            ("Asked", drawing.when(row.created_at)),
        ]

    @expose("/new/<pk>", methods=["GET", "POST"])
    @has_access
    @permission_name("request")
    def ask(self, pk: str) -> ResponseReturnValue:
        """A refund of one order, worked out before it is asked for."""
        order = Interface(Order).get(pk) or abort(404)
        return worked(asking.sheet(self, self.datamodel.session(), order))


def order_link(view: Any, order: Order | None) -> Markup:
    """An order by its reference, as a link for whoever may open it."""
    if order is None:
        return drawing.NONE
    if not view.appbuilder.sm.may("Order", "read"):
        return drawing.plain(order.reference)
    return Markup('<a href="{}">{}</a>').format(url_for("OrderView.show", pk=order.id), order)


def _entries(session: Session, row: Refund) -> list[Any]:
    """The entries of the journal that touch what is owed for this refund."""
    subject = f"order:{row.order_id}" if row.order_id else f"payment:{row.payment_id}"
    own = f"refund:{row.id}:in_transit"
    return [
        (entry, lines) for entry, lines in ledger.entries(session, subject) if any(one.code == own for one in lines)
    ]
