"""A provider's pictures of a listing: added, put in order, described, removed, while the listing is a draft."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.clients.storage import AlreadyStored, Storage
from app.services.catalogue import photo_image
from app.services.catalogue.photo_image import Prepared
from app.services.catalogue.search import on_sale
from app.services.platform import clock, machine
from models.actor import Actor
from models.catalogue.listing import Listing, ListingState
from models.catalogue.listing_photo import MOST, ListingPhoto
from models.errors import IllegalMove, Invalid, NotFound

ALT = (3, 200)


def key(digest: bytes, name: str) -> str:
    """Where a variant (`960.webp`) lies in storage."""
    text = digest.hex()
    return f"photo/{text[:2]}/{text[2:]}/{name}"


def keep(storage: Storage, data: bytes) -> Prepared:
    """An upload as stored pictures, before the transaction that needs them. Raises Invalid (field `file`)."""
    return stored(storage, photo_image.prepare(data))


def stored(storage: Storage, prepared: Prepared) -> Prepared:
    """Writes every variant; the same picture again is already there, whichever encoder wrote it."""
    for variant in prepared.variants:
        with suppress(AlreadyStored):
            storage.put(key(prepared.digest, variant.name), variant.data)
    return prepared


def add(session: Session, listing: Listing, prepared: Prepared, *, alt: str, actor: Actor) -> ListingPhoto:
    """The last picture of a draft. Raises IllegalMove when it is no draft, Invalid without a description, for a
    picture it has already, and when there are enough."""
    _changeable(session, listing, actor)
    words = _described(alt)
    if len(listing.photos) >= MOST:
        raise Invalid("There are enough pictures.", {"file": f"A listing has up to {MOST} pictures. Remove one first."})
    if any(one.digest == prepared.digest for one in listing.photos):
        raise Invalid("That picture is there already.", {"file": "This listing has that picture already."})
    row = ListingPhoto(
        position=len(listing.photos) + 1,
        alt=words,
        digest=prepared.digest,
        width=prepared.width,
        height=prepared.height,
        widths=list(prepared.widths),
    )
    listing.photos.append(row)
    _changed(session, listing, "listing.photo.add")
    return row


def describe(session: Session, listing: Listing, photo_id: UUID, *, alt: str, actor: Actor) -> ListingPhoto:
    """Other words for those who cannot see it. Raises as `add` does, NotFound for another listing's picture."""
    _changeable(session, listing, actor)
    row = _of(listing, photo_id)
    row.alt = _described(alt)
    _changed(session, listing, "listing.photo.describe")
    return row


def shift(session: Session, listing: Listing, photo_id: UUID, *, step: int, actor: Actor) -> ListingPhoto:
    """One place to the front (-1) or the back (1); at the end it stays. Raises as `describe` does."""
    _changeable(session, listing, actor)
    row = _of(listing, photo_id)
    order = [one for one in listing.photos if one is not row]
    order.insert(max(0, row.position - 1 + step), row)
    _numbered(order)
    _changed(session, listing, "listing.photo.shift")
    return row


def remove(session: Session, listing: Listing, photo_id: UUID, *, actor: Actor) -> None:
    """It is no longer shown. The stored pixels stay: decisions about the listing name them."""
    _changeable(session, listing, actor)
    listing.photos.remove(_of(listing, photo_id))
    session.flush()
    _numbered(listing.photos)
    _changed(session, listing, "listing.photo.remove")


def shown_to_all(session: Session, digest: bytes) -> bool:
    """A listing that is on sale now shows this picture."""
    found = sa.select(ListingPhoto.id).join(Listing, Listing.id == ListingPhoto.listing_id)
    return session.scalar(found.where(ListingPhoto.digest == digest, *on_sale()).limit(1)) is not None


def shown_to(session: Session, digest: bytes, *, organisation_id: UUID) -> bool:
    """A listing of this organisation, in any state, shows this picture."""
    found = sa.select(ListingPhoto.id).join(Listing, Listing.id == ListingPhoto.listing_id)
    mine = found.where(ListingPhoto.digest == digest, Listing.organisation_id == organisation_id)
    return session.scalar(mine.limit(1)) is not None


def first_of(session: Session, listings: Iterable[UUID]) -> dict[UUID, ListingPhoto]:
    """The leading picture of each listing that has one. One statement."""
    leading = sa.select(ListingPhoto).where(ListingPhoto.listing_id.in_(listings), ListingPhoto.position == 1)
    return {row.listing_id: row for row in session.scalars(leading)}


def _changeable(session: Session, listing: Listing, actor: Actor) -> None:
    if actor.organisation_id != listing.organisation_id:
        raise NotFound("There is no such listing.")
    machine.lock(session, listing)
    if listing.state is not ListingState.draft:
        raise IllegalMove(
            f"This listing is {listing.state.value.lower()}: take it back to a draft before you change its pictures."
        )
    session.refresh(listing, ["photos"])


def _described(alt: str) -> str:
    words = " ".join(alt.replace("\0", " ").split())
    if not ALT[0] <= len(words) <= ALT[1]:
        sentence = f"Say what is on the picture, in {ALT[0]} to {ALT[1]} characters."
        raise Invalid("The picture is not described.", {"alt": sentence})
    return words


def _of(listing: Listing, photo_id: UUID) -> ListingPhoto:
    found = next((one for one in listing.photos if one.id == photo_id), None)
    if found is None:
        raise NotFound("There is no such picture.")
    return found


def _numbered(order: Iterable[ListingPhoto]) -> None:
    for position, one in enumerate(order, 1):
        one.position = position


def _changed(session: Session, listing: Listing, verb: str) -> None:
    """The listing's version moves with its pictures: a moderator decides about what they saw."""
    listing.content_changed_at = clock.now()
    session.info["verb"] = verb
    session.flush()
    session.refresh(listing, ["photos"])
