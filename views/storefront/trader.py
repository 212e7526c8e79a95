"""Who a contract is made with: a trader's details as the law wants them shown before and after (CCR 2013, DSA art. 31).

Every page may ask `trader_of(organisation id)` and print it with templates/storefront/_trader.html.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.people import company_number, trader_gap
from app.session import session
from models.people.organisation import Organisation
from models.people.seller import Seller, SellerState
from models.people.trader import Trader
from models.platform.transition import Transition

HOUSE = "Companies House"
WAITS = {SellerState.kyc_pending: "We are checking the business. You can go on writing; submit the listing after that."}


@dataclass(frozen=True, slots=True)
class TraderDetails:
    """Empty strings for what is not known."""

    name: str
    legal_name: str
    legal_form: str
    register: str
    company_number: str
    vat_number: str
    address: str
    phone: str
    email: str
    certified_at: datetime | None
    approved_at: datetime | None


def trader_of(organisation_id: UUID) -> TraderDetails:
    """One statement. Raises LookupError for an organisation that does not exist."""
    approved = (
        sa.select(sa.func.max(Transition.at))
        .where(Transition.machine == "seller", Transition.subject_id == Seller.id, Transition.event == "approve")
        .scalar_subquery()
    )
    found = session().execute(
        sa.select(Organisation, Trader, approved)
        .outerjoin(Seller, Seller.organisation_id == Organisation.id)
        .outerjoin(Trader, Trader.seller_id == Seller.id)
        .where(Organisation.id == organisation_id)
    )
    row = found.first()
    if row is None:
        raise LookupError(organisation_id)
    party, said, at = row
    return TraderDetails(
        name=party.name,
        legal_name=party.legal_name,
        legal_form=said.legal_form.value if said and said.legal_form else "",
        register=_register(said.register if said else "", party.company_number),
        company_number=party.company_number,
        vat_number=party.vat_number,
        address=party.address,
        phone=party.phone,
        email=party.email,
        certified_at=said.certified_at if said else None,
        approved_at=at,
    )


def standing(work: Session, organisation_id: UUID) -> str:
    """What keeps this seller's listings out of the shop, as a sentence; empty when nothing does."""
    row = work.scalars(sa.select(Seller).where(Seller.organisation_id == organisation_id)).first()
    if row is None or row.state is SellerState.active:
        return ""
    if row.state in {SellerState.applied, SellerState.more_needed}:
        return trader_gap.sentence(work, row) or "Everything about the business is filled in: hand it in to be checked."
    return WAITS.get(row.state, "The business may not sell at the moment.")


def _register(register: str, number: str) -> str:
    place = company_number.jurisdiction(number) if register == HOUSE else ""
    return f"{register}, {place}" if place else register
