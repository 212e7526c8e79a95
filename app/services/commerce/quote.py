"""What a listing costs, all in: the one calculation behind card, listing page, checkout and order."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from app.services.commerce import money, rate
from app.services.people import vat_status
from models.catalogue.listing import Listing
from models.commerce.checkout import Checkout
from models.commerce.quote_offer import QuoteOffer

STANDARD = "standard"
UK = ZoneInfo("Europe/London")
"""Tax days are days of the jurisdiction, which is Great Britain for everything sold today."""


@dataclass(frozen=True, slots=True)
class NetLine:
    """What a seller asks for one thing: words, and minor units net of VAT."""

    title: str
    description: str
    net_minor: int


@dataclass(frozen=True, slots=True)
class QuotedLine:
    """One line; names and units as in models/commerce/checkout_line.py."""

    listing_id: UUID
    title: str
    description: str
    net_minor: int
    vat_bps: int
    vat_minor: int
    gross_minor: int
    tax_reason: str
    commission_bps: int
    commission_minor: int
    commission_vat_bps: int
    commission_vat_minor: int


LINE = tuple(field.name for field in fields(QuotedLine))


@dataclass(frozen=True, slots=True)
class Quote:
    """Minor units of `currency`. The buyer fee is charged once per order, VAT included in `fee_minor`."""

    currency: str
    lines: tuple[QuotedLine, ...]
    fee_net_minor: int
    fee_vat_minor: int
    fee_vat_bps: int

    @property
    def gross_minor(self) -> int:
        """The seller's lines, VAT included."""
        return sum(line.gross_minor for line in self.lines)

    @property
    def net_minor(self) -> int:
        """The seller's lines without VAT."""
        return sum(line.net_minor for line in self.lines)

    @property
    def vat_minor(self) -> int:
        """VAT in the seller's lines."""
        return sum(line.vat_minor for line in self.lines)

    @property
    def fee_minor(self) -> int:
        """The buyer fee, VAT included."""
        return self.fee_net_minor + self.fee_vat_minor

    @property
    def total_minor(self) -> int:
        """What the buyer pays, everything mandatory included (DMCC Act 2024: the headline price)."""
        return self.gross_minor + self.fee_minor

    @property
    def fingerprint(self) -> bytes:
        """SHA-256 over everything a buyer is shown: another price, rate or wording gives another fingerprint."""
        text = json.dumps(asdict(self), sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).digest()


@dataclass(frozen=True, slots=True)
class Terms:
    """The rates of one day, read once and used for any number of listings."""

    vat_bps: dict[str, int]
    commission_bps: int
    fee_minor: int


def terms(session: Session, currency: str, *, at: datetime, categories: frozenset[str] = frozenset()) -> Terms:
    """Rates in force at a moment (UTC). Raises Unavailable when one is not recorded."""
    on = at.astimezone(UK).date()
    vat = {category: rate.vat_bps(session, category, on) for category in {STANDARD, *categories}}
    return Terms(vat, rate.commission_bps(session, "service", on), rate.buyer_fee(session, currency, on))


def of_listing(session: Session, listing: Listing, *, at: datetime) -> Quote:
    """The price of ordering this listing alone at a moment (UTC). Raises Unavailable."""
    return _of_lines(session, listing, (_own_line(listing),), at)


def of_offer(session: Session, listing: Listing, offer: QuoteOffer, *, at: datetime) -> Quote:
    """The price of what a provider offered for a job, by the rates of a moment (UTC). Raises Unavailable."""
    return _of_lines(session, listing, offered_lines(listing, offer), at)


def of_checkout(checkout: Checkout) -> Quote:
    """What a checkout holds, as it was told and ordered: no rate of today's."""
    lines = tuple(QuotedLine(**{name: getattr(row, name) for name in LINE}) for row in checkout.lines)
    standard = lines[0].commission_vat_bps
    return Quote(checkout.currency, lines, checkout.fee_net_minor, checkout.fee_vat_minor, standard)


def offered_lines(listing: Listing, offer: QuoteOffer) -> tuple[NetLine, ...]:
    """The lines of an offer, as they are priced."""
    words = f"From a quote for {listing.title}"
    return tuple(NetLine(line.title, words, line.net_minor) for line in offer.lines)


def _of_lines(session: Session, listing: Listing, lines: Sequence[NetLine], at: datetime) -> Quote:
    category = listing.tax_category
    found = terms(session, listing.currency, at=at, categories=frozenset({category}))
    charging = vat_status.charging(session, [listing.organisation_id], at.astimezone(UK).date())
    return price_lines(listing, lines, found, category=category, vat_registered=listing.organisation_id in charging)


def price(listing: Listing, found: Terms, *, category: str, vat_registered: bool) -> Quote:
    """What ordering this listing alone costs by rates that were read before."""
    return price_lines(listing, (_own_line(listing),), found, category=category, vat_registered=vat_registered)


def price_lines(
    listing: Listing, lines: Sequence[NetLine], found: Terms, *, category: str, vat_registered: bool
) -> Quote:
    """The calculation itself: half up, once per line; commission on the net price, with VAT of its own."""
    standard = found.vat_bps[STANDARD]
    vat_bps = found.vat_bps[category] if vat_registered else 0
    reason = _reason(category, vat_registered=vat_registered)
    fee_vat = money.vat_in_gross(found.fee_minor, standard)
    priced = tuple(_priced(listing, line, found, vat_bps, standard, reason) for line in lines)
    return Quote(listing.currency, priced, found.fee_minor - fee_vat, fee_vat, standard)


def _priced(listing: Listing, line: NetLine, found: Terms, vat_bps: int, standard: int, reason: str) -> QuotedLine:
    vat = money.vat_on_net(line.net_minor, vat_bps)
    commission = money.share(line.net_minor, found.commission_bps)
    return QuotedLine(
        listing_id=listing.id,
        title=line.title,
        description=line.description,
        net_minor=line.net_minor,
        vat_bps=vat_bps,
        vat_minor=vat,
        gross_minor=line.net_minor + vat,
        tax_reason=reason,
        commission_bps=found.commission_bps,
        commission_minor=commission,
        commission_vat_bps=standard,
        commission_vat_minor=money.vat_on_net(commission, standard),
    )


def _own_line(listing: Listing) -> NetLine:
    return NetLine(listing.title, listing.description, listing.price_minor)


def _reason(category: str, *, vat_registered: bool) -> str:
    return f"{category}_rated" if vat_registered else "not_collecting"
