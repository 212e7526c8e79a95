"""Customers and providers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask import url_for
from markupsafe import Markup

from app.services.people import invitation, membership
from models.people.invitation import Invitation
from models.people.membership import Membership
from models.people.organisation import Organisation
from models.people.seller import Seller
from security.permissions import READ
from views import drawing
from views.base import ConsoleView
from views.columns import Column, EnumFacet, PeriodFacet, Test, TestFacet
from views.interface import Interface

O = Organisation  # noqa: E741  one letter, as in the services


class OrganisationView(ConsoleView):
    """Read only: an organisation describes itself in the shop."""

    datamodel = Interface(Organisation)
    resource, label, group, icon, nouns = "Organisation", "Organisations", "People", "building-store", "organisations"
    route_base = "/organisations"
    newest = (O.created_at,)
    search = (O.name, O.legal_name, O.email)
    columns = (
        Column("name", "Name", "title", order=O.name, slot="title"),
        Column("kind", "Kind", get=lambda o: o.kind.value, order=O.kind, slot="meta", width="s"),
        Column("email", "E-mail", slot="hide", prio=2),
        Column("personal", "Private person", "yes", prio=3, width="s"),
        Column("created_at", "Joined", "ago", order=O.created_at, slot="end", width="s"),
    )
    facets = (
        EnumFacet("kind", "Kind", O.kind, "users"),
        TestFacet(
            "who",
            "Who",
            {
                "person": Test("Private persons", lambda: O.personal.is_(True)),
                "business": Test("Businesses", lambda: O.personal.is_(False)),
            },
            "user",
        ),
        PeriodFacet("joined", "Joined", O.created_at),
    )

    def sections(self, row: Organisation) -> Sequence[tuple[str, Sequence[tuple[str, Any]]]]:
        session = self.datamodel.session()
        members = membership.list_members(session, row.id)
        invited = invitation.list_open(session, row.id)
        seller = session.scalar(sa.select(Seller).where(Seller.organisation_id == row.id))
        return [
            (
                "Who they are",
                [
                    ("Kind", row.kind.value),
                    ("Private person", drawing.yes(row.personal)),
                    ("Legal name", drawing.plain(row.legal_name)),
                    ("Company number", drawing.plain(row.company_number)),
                    ("VAT number", drawing.plain(row.vat_number)),
                    ("Joined", drawing.when(row.created_at)),
                ],
            ),
            (
                "How to reach them",
                [
                    ("E-mail", drawing.plain(row.email)),
                    ("Telephone", drawing.plain(row.phone)),
                    ("Address", drawing.plain(row.address)),
                ],
            ),
            ("Who acts for them", [(m.role.value, self._member(m)) for m in members]),
            *([("Who is invited", [(i.role.value, _invited(i)) for i in invited])] if invited else []),
            *([("As a seller", [("Standing", self._seller(seller))])] if seller else []),
        ]

    def _member(self, one: Membership) -> Markup:
        """Who, since when; a link for whoever may see people."""
        name = drawing.person(one.user.get_full_name())
        if self.appbuilder.sm.may("Person", READ):
            name = Markup('<a href="{}">{}</a>').format(url_for("PersonView.show", pk=one.user_id), name)
        out = "" if one.user.active else ", may not sign in"
        return Markup("{} <small>since {}{}</small>").format(name, drawing.when(one.created_at), out)

    def _seller(self, row: Seller) -> Markup:
        pill = drawing.status(row.state)
        if not self.appbuilder.sm.may("Seller", READ):
            return pill
        return Markup('<a href="{}">{}</a>').format(url_for("SellerView.show", pk=row.id), pill)


def _invited(one: Invitation) -> Markup:
    """The address, and until when the link works."""
    return Markup("{} <small>until {}</small>").format(one.email, drawing.when(one.expires_at))
