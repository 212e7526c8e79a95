"""Reviews of completed orders. Staff hide what breaks the rules or dismiss a report; nobody edits anybody's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload

from app.services.commerce import review
from models.commerce.order import Order
from models.commerce.review import Review, ReviewState
from models.people.organisation import Organisation
from views import drawing
from views.base import Duty, counted
from views.columns import Column, EnumFacet, Tab, WordFacet
from views.console.commerce.order import party
from views.interface import Interface
from views.record import REASON, RecordView, Verb, names_of

R, S = Review, ReviewState
AUTHOR, SUBJECT = aliased(Organisation), aliased(Organisation)
SIDES = {"buyer": "Customer about provider", "seller": "Provider about customer"}


class ReviewsView(RecordView):
    """Reported ones first. The words are read-only for everybody, by a trigger of the database."""

    datamodel = Interface(
        R, eager=(joinedload(R.order), joinedload(R.author_organisation), joinedload(R.subject_organisation))
    )
    resource, label, group, icon, nouns = "OrderReview", "Reviews", "Moderation", "star", "reviews"
    route_base = "/order-reviews"
    show_template = "console/order_review.html"
    empty = "When customers and providers review each other, it will be listed here."
    newest = (R.created_at,)
    road = (S.waiting, S.published)
    landing = {"state": ["reported"]}
    search = (Order.reference, AUTHOR.name, SUBJECT.name, R.text)
    columns = (
        Column("order", "Order", "title", get=lambda r: r.order.reference, order=Order.reference, slot="title",
               sub=lambda r: SIDES[r.author], width="l"),
        Column("stars", "Stars", "number", get=lambda r: f"{r.stars} of 5", order=R.stars, width="s", slot="end"),
        Column("author", "By", get=lambda r: r.author_organisation.name, order=AUTHOR.name, width="l", slot="meta"),
        Column("subject", "About", get=lambda r: r.subject_organisation.name, order=SUBJECT.name, width="l", prio=2),
        Column("state", "State", "status", order=R.state, width="ml", slot="status"),
        Column("created_at", "Written", "ago", order=R.created_at, width="s", slot="due"),
    )  # fmt: skip
    facets = (EnumFacet("state", "State", R.state, "list-check"), WordFacet("who", "Who", R.author, SIDES, "users"))
    tabs = (
        Tab("Reported", {"state": ["reported"]}, counted=True, tone="warning"),
        Tab("Published", {"state": ["published"]}),
        Tab("Hidden", {"state": ["hidden"]}),
        Tab("All"),
    )
    verbs_of = (
        Verb("dismiss", "Dismiss the reports", "decide", review.dismiss, "It stays as it is", "check", "primary",
             (REASON,), "d"),
        Verb("hide", "Hide", "decide", review.hide, "Out of sight and out of the figures; its author is told why",
             "eye-off", "danger", (REASON,), "h"),
        Verb("restore", "Show again", "decide", review.restore, "It is read and counts again", "eye", "", (REASON,)),
    )  # fmt: skip

    def waiting(self) -> Any:
        return counted(R, R.state == S.reported)

    def duties(self) -> Sequence[Duty]:
        return (Duty("Reported reviews", "decide", self.waiting(), {"state": ["reported"]}),)

    def narrowed(self) -> Any:
        query = super().narrowed().join(Order, Order.id == R.order_id)
        query = query.join(AUTHOR, AUTHOR.id == R.author_organisation_id)
        return query.join(SUBJECT, SUBJECT.id == R.subject_organisation_id)

    def heading(self, row: Review) -> str:
        return f"{row.stars} of 5 stars, {row.order.reference}"

    def facts(self, row: Review) -> Sequence[tuple[str, Any]]:
        return [
            ("Order", row.order.reference),
            ("Written by", party(row.author_organisation)),
            ("About", party(row.subject_organisation)),
            ("Which side", SIDES[row.author]),
            ("Stars", f"{row.stars} of 5"),
            ("Written", drawing.when(row.created_at)),
            ("Published", drawing.when(row.published_at)),
        ]

    def more(self, row: Review) -> dict[str, Any]:
        session, reports = self.datamodel.session(), list(row.reports)
        reporters = sa.select(Organisation.id, Organisation.name).where(
            Organisation.id.in_([one.organisation_id for one in reports])
        )
        return {
            "reports": reports,
            "reasons": review.REPORT_REASONS,
            "reporters": {key: name for key, name in session.execute(reporters)},  # noqa: C416  Rows are no pairs to mypy
            "names": names_of(session, [one.user_id for one in reports]),
        }
