"""Quotes: a customer describes a job, its provider offers a price and a visit, and what is accepted becomes a checkout.

Every verb locks the quote; a checkout's end locks the checkout first and the quote after it, and nothing locks them in
the other order.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.catalogue import offer as visits
from app.services.catalogue import search
from app.services.commerce import checkout as checkouts
from app.services.commerce import quote_guard, quote_news
from app.services.commerce.quote_job import MOST, Job, plain
from app.services.commerce.quote_terms import Terms
from app.services.people import membership
from app.services.platform import clock, machine, timer
from models.actor import Actor, ActorKind
from models.catalogue.listing import Listing, ListingKind
from models.commerce.checkout import Checkout, CheckoutState
from models.commerce.quote_offer import QuoteOffer
from models.commerce.quote_offer_line import QuoteOfferLine
from models.commerce.quote_request import ANSWER_WITHIN, QuoteRequest, QuoteState
from models.commerce.quote_request_file import QuoteRequestFile
from models.errors import Conflict, Invalid, NotAllowed
from models.platform.transition import Transition

R, S = QuoteRequest, QuoteState
DAY, MOST_A_DAY, MOST_OPEN = timedelta(days=1), 10, 3
"""So many quotes a person asks for in a day, and so many are open about one listing."""
NOT_ON_SALE = "This is not on sale at the moment, so its provider takes no requests about it."
DECLINE_REASONS = {
    "too_busy": "No time in these weeks",
    "too_far": "Too far away",
    "not_our_work": "Not the kind of work we do",
    "too_little_known": "Too little is known to name a price",
    "other": "Another reason",
}
_ONE_AT_A_TIME = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


class OfferChanged(Conflict):
    """The provider changed the offer after the page was opened."""


def refusal(session: Session, listing: Listing, *, actor: Actor) -> str:
    """Why this person may not ask for a quote from it; empty when they may."""
    if actor.organisation_id is None or actor.user_id is None:
        return "Sign in to ask for a quote."
    own = listing.organisation_id == actor.organisation_id
    if own or membership.belongs(session, actor.user_id, listing.organisation_id):
        return "This is your own listing."
    return ""


def ask(session: Session, listing: Listing, *, actor: Actor, job: Job) -> QuoteRequest:
    """Raises NotAllowed for one's own listing, Conflict when it is not on sale or too much was asked, Invalid."""
    if why := refusal(session, listing, actor=actor):
        raise NotAllowed(why)
    on_sale = sa.select(Listing.id).where(Listing.id == listing.id, *search.on_sale())
    if listing.kind is not ListingKind.service or session.scalar(on_sale) is None:
        raise Conflict(NOT_ON_SALE)
    files = list(job.files)
    job.check(listing, files)
    session.execute(_ONE_AT_A_TIME, {"name": f"quote:{actor.user_id}"})  # two tabs count one after the other
    _few_enough(session, listing, actor)
    row = QuoteRequest(
        listing_id=listing.id,
        buyer_organisation_id=actor.organisation_id,
        buyer_user_id=actor.user_id,
        seller_organisation_id=listing.organisation_id,
        text=plain(job.text),
        site_address=plain(job.address),
        site_postcode=job.postcode.strip().upper(),
        wished_from=job.wished_from,
        wished=plain(job.wished),
        created_at=clock.now(),
    )
    row.files = [QuoteRequestFile(stored_file_id=one.id) for one in files]
    machine.begin(session, row)
    quote_news.tell(session, row, "quote.requested", "seller", answer_by=row.state_entered_at + ANSWER_WITHIN)
    return row


def offer(session: Session, request: QuoteRequest, *, actor: Actor, terms: Terms, after: int = 0) -> QuoteOffer:
    """The provider's offer, or another in place of offer number `after`. Raises NotAllowed, Conflict, Invalid."""
    _require(request, actor, ActorKind.seller)
    machine.lock(session, request)
    last = _last(session, request)
    event = "revise" if last else "offer"
    request.legal(event, actor.kind)
    if (last.number if last else 0) != after:
        raise OfferChanged("Somebody of yours changed the offer meanwhile. Look at it and change it again.")
    quote_guard.require_offered(session, request.listing)
    now = clock.now()
    visit = terms.check(now)
    if back := quote_guard.away(session, request.listing, visit):
        raise Invalid("The offer was not sent.", {"visit": f"You are away until {back}. Choose another visit."})
    row = QuoteOffer(
        quote_id=request.id,
        number=after + 1,
        user_id=actor.user_id,
        currency=request.listing.currency,
        visit_start=visit.starts_at,
        visit_end=visit.ends_at,
        visit_zone=visit.zone,
        valid_until=terms.valid_until(now),
        note=plain(terms.note),
        created_at=now,
    )
    row.lines = [
        QuoteOfferLine(position=position, title=item.title.strip(), net_minor=item.net_minor)
        for position, item in enumerate(terms.items, 1)
    ]
    session.add(row)
    request.valid_until = row.valid_until
    machine.apply(session, request, event, actor=actor, detail={"number": row.number})
    session.refresh(request, ["offers"])
    quote_news.tell(session, request, "quote.offered", "buyer", key=str(row.number), valid_until=row.valid_until)
    return row


def decline(session: Session, request: QuoteRequest, *, actor: Actor, code: str, reason: str = "") -> Transition:
    """The provider makes no offer, or takes theirs back. Raises NotAllowed, IllegalMove, Invalid."""
    _require(request, actor, ActorKind.seller)
    more = plain(reason)
    wrong = {} if code in DECLINE_REASONS else {"code": "Choose a reason."}
    if len(more) > MOST or (code == "other" and not more):
        wrong["reason"] = "Say why, in a sentence."
    if wrong:
        raise Invalid("Say why.", wrong)
    text = ": ".join(part for part in (DECLINE_REASONS[code], more) if part)
    moved = machine.apply(session, request, "decline", actor=actor, reason=text, detail={"code": code})
    quote_news.tell(session, request, "quote.declined", "buyer", reason=text)
    return moved


def withdraw(session: Session, request: QuoteRequest, *, actor: Actor) -> Transition:
    """The customer takes it back before there is an offer."""
    return _turn_away(session, request, actor, "withdraw")


def refuse(session: Session, request: QuoteRequest, *, actor: Actor) -> Transition:
    """The customer does not want the offer."""
    return _turn_away(session, request, actor, "refuse")


def accept(session: Session, request: QuoteRequest, *, actor: Actor, number: int) -> Checkout:
    """The checkout of offer `number`, which the customer saw; the same one when it is accepted already. Raises
    OfferChanged, NotAllowed, IllegalMove, Conflict."""
    _require(request, actor, ActorKind.buyer)
    machine.lock(session, request)
    last = _last(session, request)
    there = checkout_of(session, request)
    if request.state is S.accepted and there is not None:
        return there
    request.legal("accept", actor.kind)
    if actor.user_id is not None and membership.belongs(session, actor.user_id, request.seller_organisation_id):
        raise NotAllowed("This is an offer of your own business. A colleague who does not belong to it accepts it.")
    if last is None or last.number != number:
        raise OfferChanged("The provider changed the offer after you opened the page. Nothing was accepted.")
    if clock.now() > last.valid_until:
        raise Conflict("This offer is no longer valid. Ask the provider for a new one.")
    visit = visits.from_moments(last.visit_start, last.visit_end, last.visit_zone)
    if back := quote_guard.away(session, request.listing, visit):
        name = request.seller_organisation.name
        raise Conflict(f"{name} is away until {back}, and the visit is before that. Ask them for another offer.")
    made = checkouts.start_quoted(session, request.listing, last, actor=actor)
    machine.apply(session, request, "accept", actor=actor, detail={"number": number, "checkout": str(made.id)})
    quote_news.tell(session, request, "quote.accepted", "seller", key=str(made.id))
    return made


@timer.on_timer("quote", "lapse")
def lapse(session: Session, request: QuoteRequest, *, actor: Actor) -> Transition:
    """Seven days without an offer, or the end of the offer."""
    unanswered = request.state is S.requested
    moved = machine.apply(session, request, "lapse", actor=actor)
    reason = "No offer was made within 7 days." if unanswered else "The offer was not accepted in time."
    for side in ("buyer", "seller"):
        quote_news.tell(session, request, "quote.expired", side, reason=reason)
    return moved


@machine.follow("checkout", "lapse", "cancel", "give_back", "attempts_exhausted")
def _stands_again(session: Session, checkout: Checkout, _event: str, _moved: int) -> None:
    """A checkout that ends unpaid leaves its offer as it was before: open while it is valid, and its provider told,
    who was told that a payment was on its way. An offer that is over tells them itself (`lapse`)."""
    offered = checkouts.offer_of(session, checkout)
    if offered is None:
        return
    request = session.get_one(QuoteRequest, offered.quote_id)
    machine.lock(session, request)
    if request.state is not S.accepted:
        return
    machine.apply(session, request, "reopen", actor=Actor.system("quote"), detail={"checkout": str(checkout.id)})
    if clock.now() <= offered.valid_until:
        quote_news.tell(session, request, "quote.reopened", "seller", key=str(checkout.id))


def give_back(session: Session, request: QuoteRequest, *, actor: Actor) -> None:
    """The customer does not go on with what they accepted and have not paid: its checkout ends, and with that the offer
    stands as before. Raises NotAllowed, Conflict when nothing waits to be paid, IllegalMove when it is paid."""
    _require(request, actor, ActorKind.buyer)
    there = checkout_of(session, request)
    if there is None:
        raise Conflict("Nothing of this quote waits to be paid.")
    checkouts.give_back(session, there, actor=actor)  # locks the checkout, then the quote


def checkout_of(session: Session, request: QuoteRequest) -> Checkout | None:
    """The checkout that an accepted offer became, or None."""
    live = (CheckoutState.draft, CheckoutState.awaiting_payment, CheckoutState.paid)
    query = sa.select(Checkout).join(QuoteOffer, QuoteOffer.id == Checkout.quote_offer_id)
    return session.scalars(query.where(QuoteOffer.quote_id == request.id, Checkout.state.in_(live))).first()


def of_checkout(session: Session, checkout_id: UUID) -> UUID | None:
    """The quote that a checkout (or the order it became) came from."""
    query = sa.select(QuoteOffer.quote_id).join(Checkout, Checkout.quote_offer_id == QuoteOffer.id)
    return session.scalar(query.where(Checkout.id == checkout_id))


def _turn_away(session: Session, request: QuoteRequest, actor: Actor, event: str) -> Transition:
    _require(request, actor, ActorKind.buyer)
    moved = machine.apply(session, request, event, actor=actor)
    quote_news.tell(session, request, "quote.refused", "seller")
    return moved


def _last(session: Session, request: QuoteRequest) -> QuoteOffer | None:
    """As it is now, under the lock: another transaction may have added one."""
    session.refresh(request, ["offers"])
    return request.offer


def _require(request: QuoteRequest, actor: Actor, kind: ActorKind) -> None:
    own = {ActorKind.buyer: request.buyer_organisation_id, ActorKind.seller: request.seller_organisation_id}
    mine = actor.organisation_id is not None and own[kind] == actor.organisation_id
    if actor.kind is not kind or not mine or actor.user_id is None:
        raise NotAllowed(f"Only the {'customer' if kind is ActorKind.buyer else 'provider'} can do this.")


def _few_enough(session: Session, listing: Listing, actor: Actor) -> None:
    today = sa.select(sa.func.count()).where(R.buyer_user_id == actor.user_id, R.created_at > clock.now() - DAY)
    if (session.scalar(today) or 0) >= MOST_A_DAY:
        raise Conflict(f"You have asked for {MOST_A_DAY} quotes in the last day. Ask for this one tomorrow.")
    mine = sa.or_(R.buyer_user_id == actor.user_id, R.buyer_organisation_id == actor.organisation_id)
    open_ = R.state.in_((S.requested, S.offered))
    here = sa.select(sa.func.count()).where(R.listing_id == listing.id, open_, mine)
    if (session.scalar(here) or 0) >= MOST_OPEN:
        raise Conflict(f"{MOST_OPEN} quotes of yours about this listing are open. Take one back, or wait for its end.")
