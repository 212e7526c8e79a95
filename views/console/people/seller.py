"""Sellers: their checks, restrictions and how they end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_login import current_user
from markupsafe import Markup
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, joinedload

from app.services.people import seller, trader_check
from models.actor import Actor
from models.errors import Invalid, NotFound, Refused
from models.people.organisation import Organisation
from models.people.seller import Seller, SellerState
from models.people.trader_document import TraderDocument
from views import drawing
from views.base import Duty, counted, operator
from views.columns import Column, EnumFacet, Tab, Test, TestFacet
from views.console.commerce.file import download
from views.console.people import trader_desk
from views.form_key import keep_key
from views.interface import Interface, refusal
from views.moments import from_business_time
from views.record import REASON, Ask, RecordView, Verb

S = SellerState
AGAIN = Seller.to_check_since.is_not(None)
MISSING = Ask("reason", "What is missing", "The seller reads it on their checklist.")
LAST_DAY = Ask("effective_on", "Last day", "Thirty days from today at the earliest.", kind="date")


def _decide(event: str) -> Any:
    def call(session: Session, row: Seller, *, actor: Actor, reason: str) -> Any:
        return seller.decide(session, row, event, actor=actor, reason=reason)

    return call


def _give_notice(session: Session, row: Seller, *, actor: Actor, reason: str, effective_on: str) -> Any:
    """The contract ends with that day, in the business zone."""
    try:
        day = datetime.strptime(effective_on, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError as error:
        raise Invalid("That is not a day.", {"effective_on": "Choose a day from the calendar."}) from error
    end = from_business_time(datetime.combine(day, time(23, 59)))
    return seller.notice_terminate(session, row, actor=actor, reason=reason, effective_at=end)


class SellerView(RecordView):
    """A seller's standing, and its history."""

    datamodel = Interface(Seller, eager=(joinedload(Seller.organisation),))
    resource, label, group, icon, nouns = "Seller", "Sellers", "People", "briefcase", "sellers"
    route_base = "/sellers"
    show_template = "console/seller.html"
    include_route_methods = {"list", "show", "move", "paper", "mark", "take"}
    newest = (Seller.state_entered_at,)
    road = (S.applied, S.kyc_pending, S.active)
    search = (Organisation.name,)
    columns = (
        Column("organisation", "Seller", "title", get=str, order=Organisation.name, slot="title"),
        Column("state", "Standing", "status", order=Seller.state, slot="status", width="ml"),
        Column("vat_registered", "VAT registered", "yes", width="m", prio=2),
        Column("state_entered_at", "Since", "ago", order=Seller.state_entered_at, width="s", slot="end"),
        Column("to_check_since", "Changed", "ago", order=Seller.to_check_since, width="s", prio=2),
        Column("created_at", "Applied", "when", order=Seller.created_at, width="ml", prio=3),
    )
    facets = (
        EnumFacet("state", "Standing", Seller.state, "list-check"),
        TestFacet("again", "Look again", {"yes": Test("Something changed", lambda: AGAIN)}, "refresh"),
    )
    tabs = (
        Tab("All"),
        Tab("Checks pending", {"state": ["kyc_pending"]}, counted=True),
        Tab("Changed since", {"again": ["yes"]}, counted=True, tone="warning"),
        Tab("Restricted or ending", {"state": ["restricted", "terminating"]}, counted=True, tone="warning"),
    )
    verbs_of = (
        Verb("approve", "Approve", "verify", seller.approve, "They may sell from now on", "check", "primary"),
        Verb(
            "ask_for_more",
            "Ask for more",
            "verify",
            _decide("ask_for_more"),
            "They put it right and hand it in again",
            "message-question",
            "",
            (MISSING,),
        ),
        Verb("reject", "Reject", "verify", _decide("reject"), "Ends the application", "x", "danger", (REASON,)),
        Verb(
            "restrict",
            "Restrict",
            "restrict",
            _decide("restrict"),
            "Nothing of theirs is sold until it is lifted",
            "lock",
            "danger",
            (REASON,),
        ),
        Verb("lift", "Lift", "restrict", _decide("lift"), "They sell again", "lock-open", "primary", (REASON,)),
        Verb(
            "notice_terminate",
            "Give notice",
            "terminate",
            _give_notice,
            "Ends the contract after 30 days or more",
            "logout",
            "danger",
            (REASON, LAST_DAY),
        ),
        Verb(
            "appeal_upheld",
            "Uphold the appeal",
            "terminate",
            _decide("appeal_upheld"),
            "The notice is taken back",
            "scale",
            "",
            (REASON,),
        ),
    )

    def waiting(self) -> Any:
        return counted(Seller, (Seller.state == S.kyc_pending) | AGAIN)

    def duties(self) -> Sequence[Duty]:
        return (
            Duty(
                "Sellers to check", "verify", counted(Seller, Seller.state == S.kyc_pending), {"state": ["kyc_pending"]}
            ),
            Duty("Sellers to look at again", "verify", counted(Seller, AGAIN), {"again": ["yes"]}),
        )

    def narrowed(self) -> Any:
        return super().narrowed().join(Organisation, Organisation.id == Seller.organisation_id)

    def reference(self, row: Seller) -> str:
        return str(row)

    def facts(self, row: Seller) -> Sequence[tuple[str, Any]]:
        party = row.organisation
        link = Markup('<a href="{}">{}</a>').format(url_for("OrganisationView.show", pk=party.id), party)
        return [
            ("Organisation", link),
            ("Legal name", drawing.plain(party.legal_name)),
            ("Company number", drawing.plain(party.company_number)),
            ("VAT number", drawing.plain(party.vat_number)),
            ("VAT registered", drawing.yes(row.vat_registered)),
            ("E-mail", drawing.plain(party.email)),
            ("Telephone", drawing.plain(party.phone)),
            ("Address", drawing.plain(party.address)),
            ("Applied", drawing.when(row.created_at)),
            ("Ends", drawing.when(row.effective_at)),
        ]

    def more(self, row: Seller) -> dict[str, Any]:
        session = self.datamodel.session()
        return {
            "said": trader_desk.facts(session, row),
            "papers": trader_desk.papers(session, row, current_user.id) if self.may("verify") else [],
            "certified": trader_desk.lawful(session, row),
            "vat_story": trader_desk.vat_story(session, row),
            "open_items": trader_check.unchecked(session, row),
            "may_verify": self.may("verify"),
        }

    @expose("/paper/<pk>/<paper_id>")
    @has_access
    @permission_name("verify")
    def paper(self, pk: str, paper_id: str) -> ResponseReturnValue:
        """A document of this seller, for whoever checks sellers."""
        row = self.row(pk)
        found = trader_desk.paper_of(self.datamodel.session(), row.id, self._paper_key(paper_id))
        return download(found.stored_file, found.stored_file.original_name or "document")

    @expose("/mark/<item>/<pk>", methods=["POST"])
    @has_access
    @permission_name("verify")
    def mark(self, item: str, pk: str) -> ResponseReturnValue:
        """One item was checked and is right."""
        row = self.row(pk)
        return self._done(pk, f"mark-{item}", lambda: trader_desk.mark(row.id, item, actor=operator()))

    @expose("/take/<event>/<pk>/<paper_id>", methods=["POST"])
    @has_access
    @permission_name("verify")
    def take(self, event: str, pk: str, paper_id: str) -> ResponseReturnValue:
        """A document is checked, or not taken."""
        row, key = self.row(pk), self._paper_key(paper_id)
        if event not in {"check", "refuse"}:
            raise NotFound
        return self._done(pk, f"{event}-{key}", lambda: trader_desk.decide(row.id, key, event, actor=operator()))

    def _paper_key(self, paper_id: str) -> UUID:
        found = Interface(TraderDocument).key(paper_id)
        if not isinstance(found, UUID):
            raise NotFound
        return found

    def _done(self, pk: str, form: str, act: Callable[[], None]) -> ResponseReturnValue:
        try:
            act()
        except NotFound:
            raise
        except Refused as refused:
            keep_key(form, request.form.get("key", ""))
            flash(
                " ".join([str(refused), *(refused.fields.values() if isinstance(refused, Invalid) else ())]), "danger"
            )
            return self.record(self.row(pk), refused.status)
        except SQLAlchemyError as error:
            return self._refused(pk, refusal(error))
        return redirect(self.after(pk), 303)
