"""From a listing to the payment page: begin, look at everything once, order with an obligation to pay."""

from __future__ import annotations

from http import HTTPStatus
from itertools import groupby
from uuid import UUID

from flask import current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import SelectChoice

from app.services.catalogue import offer
from app.services.commerce import cancellation
from app.services.commerce import checkout as checkouts
from app.services.people import absence
from app.services.platform import clock
from app.services.platform.idempotency_key import IdempotencyInFlight, IdempotencyMismatch, once
from app.session import session
from app.unit_of_work import unit_of_work
from models.actor import Actor
from models.catalogue.listing import Listing
from models.commerce.checkout import Checkout, CheckoutState
from models.commerce.quote_request import QuoteRequest
from models.errors import Invalid, NotFound
from reports.layout.prose import prose
from views.storefront import ladder, legal
from views.storefront.blueprint import storefront
from views.storefront.catalogue.on_sale import on_sale
from views.storefront.catalogue.picture import scene
from views.storefront.commerce.forms import CheckoutForm
from views.storefront.commerce.party import checkout_of as own
from views.storefront.commerce.payment import to_payment
from views.storefront.guard import customer, public
from views.storefront.keyed import Keyed
from views.storefront.people.person import current_person

CANCELLATION, EXPRESS = "cancellation-information", "express-start-consent"


@storefront.post("/l/<slug>/order")
@public
def begin(slug: str) -> ResponseReturnValue:
    """A draft at today's price. A visitor signs in first and comes back to the listing with the visit still chosen."""
    wanted = request.form.get("window", "")[:40]
    person = current_person()
    if not person.known:
        back = url_for("storefront.listing", slug=slug, window=wanted or None)
        return redirect(url_for("storefront.sign_in", next=back), HTTPStatus.SEE_OTHER)
    if not person.confirmed:
        return redirect(url_for("storefront.account_unconfirmed"), HTTPStatus.SEE_OTHER)
    if person.buying is None:
        raise NotFound
    form, actor = Keyed(), person.buyer()
    with unit_of_work(actor) as work:
        found = on_sale(work, slug)

        def command() -> dict[str, str]:
            return {"checkout": str(checkouts.start(work, found, actor=actor).id)}

        made = once(work, "checkout.start", form.key.data or "", {"listing": str(found.id)}, command)
    target = url_for("storefront.checkout", checkout_id=made["checkout"], window=wanted or None)
    return redirect(target, HTTPStatus.SEE_OTHER)


@storefront.get("/checkout/<uuid:checkout_id>")
@customer
def checkout(checkout_id: UUID) -> ResponseReturnValue:
    """The form while it is a draft; afterwards wherever the payment stands."""
    found = own(session(), checkout_id)
    if found.state is not CheckoutState.draft:
        return redirect(url_for("storefront.payment_return", checkout_id=checkout_id), HTTPStatus.SEE_OTHER)
    changed = _refresh(checkout_id)
    form = CheckoutForm(formdata=None, window=request.args.get("window", ""))
    return _page(checkout_id, form, changed=changed)


@storefront.post("/checkout/<uuid:checkout_id>")
@customer
def submit(checkout_id: UUID) -> ResponseReturnValue:
    """Orders with an obligation to pay, and goes to the provider's page. The same form again goes there again."""
    found = own(session(), checkout_id)
    form = CheckoutForm()
    form.window.choices = _choices(session(), found)
    if found.state is CheckoutState.draft:
        if _refresh(checkout_id):
            return _page(checkout_id, form, changed=True), HTTPStatus.CONFLICT
        current = form.validate_on_submit() and _texts_are_current(form)
        if not current or not _ladder_is_current(form, _listing(session(), found)):
            return _page(checkout_id, form), HTTPStatus.UNPROCESSABLE_ENTITY
        try:
            _submit(checkout_id, form, current_person().buyer())
        except Invalid as wrong:
            form.take(wrong)
            return _page(checkout_id, form), wrong.status
        except (IdempotencyInFlight, IdempotencyMismatch) as refusal:
            form.again(refusal)
            form.form_errors.append(str(refusal))
            return _page(checkout_id, form), refusal.status
        except checkouts.PriceChanged as changed:
            _refresh(checkout_id)
            return _page(checkout_id, form, changed=True), changed.status
    return to_payment(checkout_id)


def _submit(checkout_id: UUID, form: CheckoutForm, actor: Actor) -> None:
    site = checkouts.Site(form.site_address.data or "", form.site_postcode.data or "", form.access_notes.data or "")
    told = checkouts.Told(
        cancellation_text=form.cancellation.data or "",
        express_start_text=(form.express_start_text.data or "") if form.express_start.data else "",
    )
    asked = {"checkout": str(checkout_id), **form.contents()}
    with unit_of_work(actor) as work:
        found = own(work, checkout_id)

        def command() -> dict[str, str]:
            row = checkouts.submit(
                work,
                found,
                actor=actor,
                window_key=form.window.data,
                site=site,
                told=told,
                fingerprint=_digest(form.fingerprint.data or ""),
                provider=current_app.extensions["parts"].config.payments_provider,
            )
            return {"payment": str(row.id)}

        once(work, "checkout.submit", form.key.data or "", asked, command)


def _refresh(checkout_id: UUID) -> bool:
    with unit_of_work(current_person().buyer()) as work:
        return checkouts.refresh_price(work, own(work, checkout_id))


def _digest(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""


def _texts_are_current(form: CheckoutForm) -> bool:
    """What is recorded is what was shown: a version that was replaced meanwhile is shown anew."""
    shown = (form.cancellation.data, form.express_start_text.data)
    now = (legal.name_now(CANCELLATION), legal.name_now(EXPRESS))
    if shown != now:
        form.form_errors.append("Our texts have a new version. Read them again before you order.")
    return shown == now


def _ladder_is_current(form: CheckoutForm, listing: Listing) -> bool:
    """The order gets the cancellation policy that was shown; a listing that has another one now is shown anew."""
    same = bool(form.ladder.data == str(ladder.of_code(listing.cancellation_policy).id))
    if not same:
        form.form_errors.append("What comes back if you cancel has changed. Read it again before you order.")
    return same


def _listing(work: Session, found: Checkout) -> Listing:
    return work.get_one(Listing, found.lines[0].listing_id)


def _windows(work: Session, found: Checkout) -> list[offer.Window]:
    """The visits on offer; from a quote, the one that was offered."""
    if quoted := checkouts.offer_of(work, found):
        return [offer.from_moments(quoted.visit_start, quoted.visit_end, quoted.visit_zone)]
    return offer.on_offer(work, _listing(work, found), now=clock.now())


def _choices(work: Session, found: Checkout) -> list[SelectChoice]:
    """Also what a holiday has taken out meanwhile: the verb refuses it, and says why."""
    near = offer.windows(_listing(work, found), now=clock.now())
    return [SelectChoice(key) for key in sorted({one.key for one in (*near, *_windows(work, found))})]


def _page(checkout_id: UUID, form: CheckoutForm, *, changed: bool = False) -> str:
    found = own(session(), checkout_id)
    listing = _listing(session(), found)
    away = absence.of_organisation(session(), listing.organisation_id)
    windows = _windows(session(), found)
    form.window.choices = _choices(session(), found)
    job = _job(session(), found)
    if job is not None:
        form.window.data, form.site_address.data = windows[0].key, job.site_address
        form.site_postcode.data = job.site_postcode
    form.fingerprint.data = found.quote_fingerprint.hex()
    policy = ladder.of_code(listing.cancellation_policy)
    form.ladder.data = str(policy.id)
    right = cancellation.period_ends(clock.now(), windows[0].zone) if windows else None
    right = right if found.buyer_organisation.personal else None
    chosen = next((one for one in windows if one.key == form.window.data), None)
    form.cancellation.data, form.express_start_text.data = legal.name_now(CANCELLATION), legal.name_now(EXPRESS)
    return render_template(
        "storefront/commerce/checkout.html",
        checkout=found,
        form=form,
        changed=changed,
        days=[(day, list(group)) for day, group in groupby(windows, lambda one: one.day)],
        picture=scene(listing.primary_node.lineage),
        listing=listing,
        cancellation=legal.text_now(CANCELLATION),
        express=legal.text_now(EXPRESS),
        prose=prose,
        ladder=ladder.of_visit(policy, chosen.starts_at, found.gross_minor, found.currency, after=right)
        if chosen
        else ladder.in_general(policy),
        visit=chosen,
        away=away,
        express_until=right,
        job=job,
        quoted=checkouts.offer_of(session(), found),
    )


def _job(work: Session, found: Checkout) -> QuoteRequest | None:
    """The described job that the price is for, None for a checkout from a listing."""
    quoted = checkouts.offer_of(work, found)
    return work.get_one(QuoteRequest, quoted.quote_id) if quoted else None
