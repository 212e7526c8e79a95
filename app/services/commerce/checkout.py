"""A buyer's way to an order: started from a listing, submitted with everything the law wants told, paid or over."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.outbox import send
from app.services.catalogue import offer
from app.services.commerce import cancellation, cancellation_policy, payment, quote, quote_guard
from app.services.people import membership
from app.services.platform import clock, machine, timer
from models.actor import Actor
from models.catalogue.listing import Listing, ListingState
from models.commerce.checkout import MOST_ATTEMPTS, Checkout, CheckoutState
from models.commerce.checkout_line import CheckoutLine
from models.commerce.payment import Payment
from models.commerce.quote_offer import QuoteOffer
from models.commerce.quote_request import QuoteRequest
from models.errors import Conflict, Invalid, NotAllowed
from models.platform.transition import Transition

SHORTEST_ADDRESS = 5
LONGEST_WAIT = offer.FURTHEST
"""A visit ends at most so long after payment: the provider's limit for held money is 90 days."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where the work is and how to get in, as typed."""

    address: str
    postcode: str
    access_notes: str


@dataclass(frozen=True, slots=True)
class Told:
    """What the buyer was shown and agreed to, as `<text id>@<version>` of legal_content/. `express_start_text` is
    the wish to begin inside the 14 days to cancel, empty when it was not given (CCR 2013 reg. 36)."""

    cancellation_text: str
    express_start_text: str


class PriceChanged(Conflict):
    """The price is another than the one that was shown; the checkout now holds the new one."""


def start(session: Session, listing: Listing, *, actor: Actor) -> Checkout:
    """A draft at today's price. Raises NotAllowed for one's own listing, Conflict when it is not on sale."""
    if actor.organisation_id is None or actor.user_id is None:
        raise NotAllowed("Sign in to order.")
    if listing.organisation_id == actor.organisation_id or membership.belongs(
        session, actor.user_id, listing.organisation_id
    ):
        raise NotAllowed("This is your own listing.")
    _require_on_sale(session, listing)
    return _begin(session, listing, quote.of_listing(session, listing, at=clock.now()), actor)


def start_quoted(session: Session, listing: Listing, offered: QuoteOffer, *, actor: Actor) -> Checkout:
    """A draft at the price and for the visit of an offer, for whoever asked for it (app/services/commerce/quote_request
    looks to that). Raises Conflict when its provider sells nothing now or the listing was taken off sale by staff."""
    quote_guard.require_offered(session, listing)
    found = quote.of_offer(session, listing, offered, at=clock.now())
    return _begin(session, listing, found, actor, quote_offer_id=offered.id)


def _begin(session: Session, listing: Listing, found: quote.Quote, actor: Actor, **more: Any) -> Checkout:
    checkout = Checkout(
        buyer_organisation_id=actor.organisation_id,
        buyer_user_id=actor.user_id,
        seller_organisation_id=listing.organisation_id,
        **_sums(found),
        **more,
    )
    checkout.lines = [_line(position, line) for position, line in enumerate(found.lines, 1)]
    machine.begin(session, checkout)
    return checkout


def submit(
    session: Session,
    checkout: Checkout,
    *,
    actor: Actor,
    window_key: str,
    site: Site,
    told: Told,
    fingerprint: bytes,
    provider: str,
) -> Payment:
    """Fixes the order that will be made, and asks for its money; answers the payment to open at the provider.

    `fingerprint` is what the form showed. With a quote's offer, visit and place are those of the quote: empty ones
    mean these, others are refused; a holiday that was set after it was accepted changes nothing that is agreed. Raises
    PriceChanged, Invalid (field errors), Conflict.
    """
    machine.lock(session, checkout)
    _require_own(checkout, actor)
    now = clock.now()
    listing = session.get_one(Listing, checkout.lines[0].listing_id)
    quoted = offer_of(session, checkout)
    consumer = checkout.buyer_organisation.personal
    if quoted is None:
        _require_on_sale(session, listing)
        wanted, wrong = offer.chosen(session, listing, window_key, now=now), _site_problems(listing, site)
    else:
        quote_guard.require_offered(session, listing)
        wanted, agreed = _agreed(quoted, now), _quoted_site(session, quoted, site)
        wrong, site = _others(window_key, site, wanted, agreed), agreed
    window = _checked(wanted, wrong, told if consumer else None, now)
    if not fingerprint == checkout.quote_fingerprint == _price(session, listing, quoted, now).fingerprint:
        raise PriceChanged("The price has changed. Check it and order again.")
    checkout.visit_start, checkout.visit_end, checkout.visit_zone = window.starts_at, window.ends_at, window.zone
    checkout.site_address, checkout.site_postcode = site.address.strip(), site.postcode.strip().upper()
    checkout.access_notes = site.access_notes.strip()
    if consumer:
        checkout.cancellation_shown_at, checkout.cancellation_text = now, told.cancellation_text
    if consumer and told.express_start_text:
        checkout.express_start_at, checkout.express_start_text = now, told.express_start_text
    ladder = cancellation_policy.of_code(session, listing.cancellation_policy, now.astimezone(quote.UK).date())
    checkout.cancellation_policy_id = ladder.id
    machine.apply(session, checkout, "submit", actor=actor, detail={"total_minor": checkout.total_minor})
    return payment.prepare(session, checkout, provider=provider)


def refresh_price(session: Session, checkout: Checkout) -> bool:
    """Brings a draft to today's price; True when it changed. The page then says so before anybody pays."""
    if checkout.state is not CheckoutState.draft:
        return False
    listing = session.get_one(Listing, checkout.lines[0].listing_id)
    found = _price(session, listing, offer_of(session, checkout), clock.now())
    if found.fingerprint == checkout.quote_fingerprint:
        return False
    machine.lock(session, checkout)
    if checkout.state is not CheckoutState.draft:  # submitted meanwhile: what is being paid is not repriced
        return False
    for name, value in _sums(found).items():
        setattr(checkout, name, value)
    for row, line in zip(checkout.lines, found.lines, strict=True):
        for name, value in asdict(line).items():
            setattr(row, name, value)
    session.info["verb"] = "checkout.refresh_price"
    session.flush()
    return True


def cancel(session: Session, checkout: Checkout, *, actor: Actor) -> Transition:
    """The buyer turns back from paying. Raises IllegalMove once it is paid."""
    _require_own(checkout, actor)
    moved = machine.apply(session, checkout, "cancel", actor=actor)
    _void_payment(session, checkout)
    return moved


def give_back(session: Session, checkout: Checkout, *, actor: Actor) -> Transition:
    """The buyer does not go on: the draft ends, or the payment that is under way. Raises IllegalMove once it is paid or
    over."""
    _require_own(checkout, actor)
    machine.lock(session, checkout)
    if checkout.state is CheckoutState.awaiting_payment:
        return cancel(session, checkout, actor=actor)
    return machine.apply(session, checkout, "give_back", actor=actor)


def payment_cancelled(session: Session, checkout: Checkout, *, actor: Actor) -> bool:
    """The buyer turned back on the provider's page: nothing can be paid there any more. False when it was over."""
    machine.lock(session, checkout)
    if checkout.state is not CheckoutState.awaiting_payment:
        return False
    machine.apply(session, checkout, "cancel", actor=actor)
    return True


@timer.on_timer("checkout", "lapse")
def lapse(session: Session, checkout: Checkout, *, actor: Actor) -> Transition:
    """The payment window is over, or a week as a draft, or the offer that it is from."""
    moved = machine.apply(session, checkout, "lapse", actor=actor)
    _void_payment(session, checkout)
    return moved


def payment_failed(session: Session, checkout: Checkout, *, actor: Actor, decline: str) -> Transition:
    """The bank said no. After the fifth time the checkout is over."""
    machine.lock(session, checkout)
    checkout.attempts += 1
    moved = machine.apply(session, checkout, "payment_failed", actor=actor, detail={"decline": decline})
    if checkout.attempts >= MOST_ATTEMPTS:
        moved = machine.apply(session, checkout, "attempts_exhausted", actor=Actor.system("checkout", actor.request_id))
        _void_payment(session, checkout)
    return moved


def _void_payment(session: Session, checkout: Checkout) -> None:
    """Nothing is left open at the provider; what is not open yet is closed when it is (payment.opened)."""
    row = session.scalars(sa.select(Payment).where(Payment.checkout_id == checkout.id)).first()
    if row is not None and row.captured_at is None:
        send(session, "commerce.payment.void", key=f"payment.void:{row.id}", payload={"payment_id": str(row.id)})


def _require_own(checkout: Checkout, actor: Actor) -> None:
    if checkout.buyer_organisation_id != actor.organisation_id:
        raise NotAllowed("This is another buyer's checkout.")


def offer_of(session: Session, checkout: Checkout) -> QuoteOffer | None:
    """The offer that a checkout was priced from, None for one that began at a listing."""
    return session.get_one(QuoteOffer, checkout.quote_offer_id) if checkout.quote_offer_id else None


def _price(session: Session, listing: Listing, quoted: QuoteOffer | None, now: datetime) -> quote.Quote:
    return quote.of_offer(session, listing, quoted, at=now) if quoted else quote.of_listing(session, listing, at=now)


def _agreed(quoted: QuoteOffer, now: datetime) -> offer.Window:
    """The visit of the offer. Raises Conflict when the offer is over."""
    if now > quoted.valid_until:
        raise Conflict("This offer is no longer valid. Ask the provider for a new one.")
    return offer.from_moments(quoted.visit_start, quoted.visit_end, quoted.visit_zone)


def _quoted_site(session: Session, quoted: QuoteOffer, site: Site) -> Site:
    """Where the job is that the offer is for; how to get in is still the buyer's to say."""
    asked = session.get_one(QuoteRequest, quoted.quote_id)
    return Site(asked.site_address, asked.site_postcode, site.access_notes)


def _others(window_key: str, site: Site, wanted: offer.Window, agreed: Site) -> dict[str, str]:
    """What was sent and is not the quote's, field by field: nobody orders another visit or place than they named."""
    wrong: dict[str, str] = {}
    if window_key not in {"", wanted.key}:
        wrong["window"] = "The visit is the one of the offer. For another one, ask the provider for another offer."
    if site.address.strip() and site.address.split() != agreed.address.split():
        wrong["site_address"] = "The price is for the job at the address of the quote."
    if site.postcode.strip() and "".join(site.postcode.upper().split()) != "".join(agreed.postcode.split()):
        wrong["site_postcode"] = "The price is for the job at the postcode of the quote."
    return wrong


def _require_on_sale(session: Session, listing: Listing) -> None:
    if listing.state is not ListingState.live or not quote_guard.sells(session, listing):
        raise Conflict(quote_guard.OFF_SALE)


def _site_problems(listing: Listing, site: Site) -> dict[str, str]:
    wrong: dict[str, str] = {}
    if len(site.address.strip()) < SHORTEST_ADDRESS:
        wrong["site_address"] = "Enter the address where the work is."
    if problem := postcode_problem(listing, site.postcode):
        wrong["site_postcode"] = problem
    return wrong


def _checked(window: offer.Window | None, wrong: dict[str, str], told: Told | None, now: datetime) -> offer.Window:
    """The chosen window, when everything typed can be taken. Raises Invalid with what is wrong, field by field.

    `told` is None for a business: the right to cancel, and what follows from it, is a consumer's.
    """
    if told is not None and not told.cancellation_text:
        wrong["cancellation"] = "Read how you can cancel."
    if window is None:
        wrong["window"] = "Choose one of the visits that are still offered."
    elif window.ends_at > now + LONGEST_WAIT:
        wrong["window"] = "Choose a visit within the next 70 days."
    elif told is not None and not told.express_start_text and _inside_the_period(window, now):
        wrong["express_start"] = "Say whether the work may start before the 14 days to cancel are over."
    if wrong or window is None:
        raise Invalid("Some of that cannot be taken.", wrong)
    return window


def _inside_the_period(window: offer.Window, now: datetime) -> bool:
    return window.starts_at < cancellation.period_ends(now, window.zone)


def postcode_problem(listing: Listing, postcode: str) -> str:
    """What is wrong with the place of a job, empty when this provider works there."""
    try:
        served = offer.serves(listing, postcode)
    except Invalid:
        return "Enter a full postcode, like BS3 1JA."
    return "" if served else "This provider does not work there."


def _sums(found: quote.Quote) -> dict[str, Any]:
    return {
        "currency": found.currency,
        "gross_minor": found.gross_minor,
        "fee_net_minor": found.fee_net_minor,
        "fee_vat_minor": found.fee_vat_minor,
        "total_minor": found.total_minor,
        "quote_fingerprint": found.fingerprint,
    }


def _line(position: int, line: quote.QuotedLine) -> CheckoutLine:
    return CheckoutLine(position=position, **asdict(line))


def of_buyer(session: Session, checkout_id: UUID, organisation_ids: frozenset[UUID]) -> Checkout | None:
    """The checkout if one of these organisations is its buyer, else None: a stranger's looks like none."""
    found = session.get(Checkout, checkout_id)
    return found if found is not None and found.buyer_organisation_id in organisation_ids else None
