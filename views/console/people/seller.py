"""Sellers: their checks, restrictions and how they end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import Any

from flask import url_for
from markupsafe import Markup
from sqlalchemy.orm import Session, joinedload

from app.services.people import seller
from models.actor import Actor
from models.errors import Invalid
from models.people.organisation import Organisation
from models.people.seller import Seller, SellerState
from views import drawing
from views.base import Duty, counted
from views.columns import Column, EnumFacet, Tab
from views.interface import Interface
from views.moments import from_business_time
from views.record import REASON, Ask, RecordView, Verb

S = SellerState
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
    newest = (Seller.state_entered_at,)
    road = (S.applied, S.kyc_pending, S.active)
    search = (Organisation.name,)
    columns = (
        Column("organisation", "Seller", "title", get=str, order=Organisation.name, slot="title"),
        Column("state", "Standing", "status", order=Seller.state, slot="status", width="ml"),
        Column("vat_registered", "VAT registered", "yes", width="m", prio=2),
        Column("state_entered_at", "Since", "ago", order=Seller.state_entered_at, width="s", slot="end"),
        Column("created_at", "Applied", "when", order=Seller.created_at, width="ml", prio=3),
    )
    facets = (EnumFacet("state", "Standing", Seller.state, "list-check"),)
    tabs = (
        Tab("All"),
        Tab("Checks pending", {"state": ["kyc_pending"]}, counted=True),
        Tab("Restricted or ending", {"state": ["restricted", "terminating"]}, counted=True, tone="warning"),
    )
    verbs_of = (
        Verb("approve", "Approve", "verify", seller.approve, "They may sell from now on", "check", "primary"),
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
        return counted(Seller, Seller.state == S.kyc_pending)

    def duties(self) -> Sequence[Duty]:
        return (Duty("Sellers to check", "verify", self.waiting(), {"state": ["kyc_pending"]}),)

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
