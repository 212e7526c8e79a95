"""The pictures of a provider's listing: one page with a form for each thing that can be done, without any script."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import current_app, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.file import FileRequired
from sqlalchemy.orm import Session
from wtforms import FileField, StringField
from wtforms.validators import InputRequired, Length

from app.services.catalogue import listing as listings
from app.services.catalogue import photo
from app.services.catalogue.photo_image import MOST_BYTES
from app.services.platform.idempotency_key import once
from app.session import session
from app.unit_of_work import unit_of_work
from models.actor import Actor
from models.catalogue.listing import Listing, ListingState
from models.catalogue.listing_photo import MOST
from models.errors import Conflict, Invalid
from views.storefront.blueprint import storefront
from views.storefront.catalogue.photo import picture
from views.storefront.guard import provider
from views.storefront.keyed import Keyed
from views.storefront.people.person import current_person

_SAY = "Say what is on the picture"
STEPS = {"earlier": -1, "later": 1}


class NewPhoto(Keyed):
    """One picture and what is on it."""

    file = FileField(
        "Picture",
        [FileRequired("Choose a picture")],
        description="JPEG, PNG or WebP, up to 10 MB. Where and when it was taken is removed from it",
        render_kw={"accept": "image/jpeg,image/png,image/webp"},
    )
    alt = StringField(
        "What is on it?",
        [InputRequired(_SAY), Length(*photo.ALT, message=f"{_SAY}, in {photo.ALT[0]} to {photo.ALT[1]} characters")],
        description="For people who cannot see it, like: A fuse board with its cover off, every breaker labelled",
    )


class PhotoWords(Keyed):
    """Other words for a picture that is there."""

    alt = StringField("What is on it?", [Length(max=1000)])


@storefront.get("/pro/listings/<slug>/photos")
@provider
def pro_photos(slug: str) -> ResponseReturnValue:
    """Raises NotFound for other people's."""
    return _page(slug)


@storefront.post("/pro/listings/<slug>/photos")
@provider
def pro_photo_add(slug: str) -> ResponseReturnValue:
    """Encoded anew and stored before the transaction begins; the same form again adds nothing."""
    form, actor = NewPhoto(), current_person().seller()
    listings.find_own(session(), slug, actor=actor)
    if not form.validate_on_submit():
        return _page(slug, form), HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        prepared = photo.keep(current_app.extensions["parts"].storage, form.file.data.stream.read(MOST_BYTES + 1))
    except Invalid as wrong:
        form.take(wrong)
        return _page(slug, form), wrong.status

    def add(work: Session, found: Listing) -> Any:
        return photo.add(work, found, prepared, alt=form.alt.data or "", actor=actor)

    asked = {"alt": form.alt.data, "sha256": prepared.digest.hex()}
    return _act(slug, form, add, "add", asked, actor)


@storefront.post("/pro/listings/<slug>/photos/<uuid:photo_id>/<any(earlier, later, remove, describe):event>")
@provider
def pro_photo_act(slug: str, photo_id: UUID, event: str) -> ResponseReturnValue:
    """One step forward or back, away, or other words."""
    form, actor = PhotoWords(), current_person().seller()

    def act(work: Session, found: Listing) -> Any:
        if event in STEPS:
            return photo.shift(work, found, photo_id, step=STEPS[event], actor=actor)
        if event == "describe":
            return photo.describe(work, found, photo_id, alt=form.alt.data or "", actor=actor)
        return photo.remove(work, found, photo_id, actor=actor)

    return _act(slug, form, act, event, {"photo": str(photo_id), "alt": form.alt.data}, actor)


def _act(
    slug: str,
    form: Keyed,
    verb: Callable[[Session, Listing], Any],
    event: str,
    asked: dict[str, Any],
    actor: Actor,
) -> ResponseReturnValue:
    try:
        with unit_of_work(actor) as work:
            found = listings.find_own(work, slug, actor=actor)

            def command() -> dict[str, str]:
                verb(work, found)
                return {"event": event}

            once(
                work, "listing.photo", form.key.data or "", {"listing": str(found.id), "event": event, **asked}, command
            )
    except Invalid as wrong:
        form.take(wrong)
        if isinstance(form, NewPhoto):
            return _page(slug, form), wrong.status
        return _page(slug, problem=" ".join(wrong.fields.values()) or str(wrong)), wrong.status
    except Conflict as refusal:
        form.again(refusal)
        return _page(slug, form if isinstance(form, NewPhoto) else None, problem=str(refusal)), refusal.status
    return redirect(url_for("storefront.pro_photos", slug=slug), HTTPStatus.SEE_OTHER)


def _page(slug: str, form: NewPhoto | None = None, problem: str = "") -> str:
    found = listings.find_own(session(), slug, actor=current_person().seller())
    return render_template(
        "storefront/catalogue/pro_photos.html",
        listing=found,
        pictures=[(row, picture(row, most=480)) for row in found.photos],
        editable=found.state is ListingState.draft,
        most=MOST,
        form=form or NewPhoto(formdata=None),
        act=Keyed(formdata=None),
        problem=problem,
    )
