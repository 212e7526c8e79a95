"""Questions about listings. Staff hide what breaks the rules or dismiss a report; nobody edits anybody's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import aliased, joinedload

from app.services.catalogue import question_report
from models.catalogue.listing import Listing
from models.catalogue.question import Question, QuestionState
from models.people.organisation import Organisation
from views import drawing
from views.base import Duty, counted
from views.columns import Column, EnumFacet, Tab
from views.console.commerce.order import party
from views.interface import Interface
from views.record import REASON, RecordView, Verb

Q, S = Question, QuestionState
ASKER, SELLER = aliased(Organisation), aliased(Organisation)


class QuestionsView(RecordView):
    """Reported ones first."""

    datamodel = Interface(
        Q, eager=(joinedload(Q.listing), joinedload(Q.asker_organisation), joinedload(Q.seller_organisation))
    )
    resource, label, group, icon, nouns = "Question", "Questions", "Moderation", "message-question", "questions"
    route_base = "/questions"
    show_template = "console/question.html"
    empty = "When customers ask about listings, it will be listed here."
    newest = (Q.created_at,)
    road = (S.asked, S.answered, S.published)
    landing = {"state": ["reported"]}
    search = (Listing.title, ASKER.name, SELLER.name, Q.text, Q.answer)
    columns = (
        Column("listing", "Listing", "title", get=lambda r: r.listing.title, order=Listing.title, slot="title"),
        Column("asker", "Asked by", get=lambda r: r.asker_organisation.name, order=ASKER.name, width="l", slot="meta"),
        Column("seller", "Provider", get=lambda r: r.seller_organisation.name, order=SELLER.name, width="l", prio=2),
        Column("state", "State", "status", order=Q.state, width="ml", slot="status"),
        Column("created_at", "Asked", "ago", order=Q.created_at, width="s", slot="due"),
    )
    facets = (EnumFacet("state", "State", Q.state, "list-check"),)
    tabs = (
        Tab("Reported", {"state": ["reported"]}, counted=True, tone="warning"),
        Tab("Shown", {"state": ["published"]}),
        Tab("Hidden", {"state": ["hidden"]}),
        Tab("All"),
    )
    verbs_of = (
        Verb("dismiss", "Dismiss the reports", "hide", question_report.dismiss, "It stays as it is", "check", "primary",
             (REASON,), "d"),
        Verb("hide", "Hide", "hide", question_report.hide, "Out of sight for good; both sides are told why", "eye-off",
             "danger", (REASON,), "h"),
    )  # fmt: skip

    def waiting(self) -> Any:
        return counted(Q, Q.state == S.reported)

    def duties(self) -> Sequence[Duty]:
        return (Duty("Reported questions", "hide", self.waiting(), {"state": ["reported"]}),)

    def narrowed(self) -> Any:
        query = super().narrowed().join(Listing, Listing.id == Q.listing_id)
        query = query.join(ASKER, ASKER.id == Q.asker_organisation_id)
        return query.join(SELLER, SELLER.id == Q.seller_organisation_id)

    def heading(self, row: Question) -> str:
        return f"About {row.listing.title}"

    def facts(self, row: Question) -> Sequence[tuple[str, Any]]:
        return [
            ("Listing", row.listing.title),
            ("Asked by", party(row.asker_organisation)),
            ("Provider", party(row.seller_organisation)),
            ("May be shown", drawing.yes(row.may_be_shown)),
            ("Asked", drawing.when(row.created_at)),
            ("Answered", drawing.when(row.answered_at)),
            ("Read by the asker", drawing.when(row.read_at)),
        ]
