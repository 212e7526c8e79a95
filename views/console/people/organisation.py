"""Customers and providers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from models.people.membership import Membership
from models.people.organisation import Organisation
from models.people.seller import Seller
from views import drawing
from views.base import ConsoleView
from views.columns import Column, EnumFacet, SinceFacet, Test, TestFacet
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
        SinceFacet("joined", "Joined", O.created_at),
    )

    def sections(self, row: Organisation) -> Sequence[tuple[str, Sequence[tuple[str, Any]]]]:
        session = self.datamodel.session()
        members = session.scalars(sa.select(Membership).where(Membership.organisation_id == row.id)).all()
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
            ("Who acts for them", [(m.role.value, drawing.person(m.user.get_full_name())) for m in members]),
            *([("As a seller", [("Standing", drawing.status(seller.state))])] if seller else []),
        ]
