"""Sellers: their checks, restrictions and how they end."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import joinedload

from models.people.organisation import Organisation
from models.people.seller import Seller, SellerState
from views.base import counted
from views.columns import Column, EnumFacet, Tab
from views.interface import Interface
from views.record import RecordView

S = SellerState


class SellerView(RecordView):
    """A seller's standing, and its history."""

    datamodel = Interface(Seller, eager=(joinedload(Seller.organisation),))
    resource, label, group, icon, nouns = "Seller", "Sellers", "People", "briefcase", "sellers"
    route_base = "/sellers"
    newest = (Seller.state_entered_at,)
    road = (S.applied, S.kyc_pending, S.active)
    search = (Organisation.name,)
    columns = (
        Column("organisation", "Seller", "title", get=str, slot="title"),
        Column("state", "Standing", "status", order=Seller.state, slot="status", width="m"),
        Column("vat_registered", "VAT registered", "yes", width="s", prio=2),
        Column("state_entered_at", "Since", "ago", order=Seller.state_entered_at, width="s", slot="end"),
        Column("created_at", "Applied", "when", order=Seller.created_at, width="m", prio=3),
    )
    facets = (EnumFacet("state", "Standing", Seller.state, "list-check"),)
    tabs = (
        Tab("All"),
        Tab("Checks pending", {"state": ["kyc_pending"]}, counted=True),
        Tab("Restricted", {"state": ["restricted", "terminating"]}, counted=True, tone="warning"),
    )

    def narrowed(self) -> Any:
        return super().narrowed().join(Organisation, Organisation.id == Seller.organisation_id)

    def waiting(self) -> Any:
        return counted(Seller, Seller.state == S.kyc_pending)
