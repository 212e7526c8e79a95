"""Pictures as the browser gets them. Their address says what they are, so a copy of one is good for ever."""

from __future__ import annotations

from dataclasses import dataclass

from flask import url_for
from flask.typing import ResponseReturnValue

from app.services.catalogue import photo
from app.session import session
from models.catalogue.listing_photo import ListingPhoto
from models.errors import NotFound
from views import photo_bytes
from views.storefront.blueprint import storefront
from views.storefront.guard import public
from views.storefront.people.person import current_person

CARD_WIDTH = 960
"""A card is at most 420 px wide: this is for screens with two dots to a pixel."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What an `<img>` needs: addresses by width, the place it takes, and words for those who cannot see it."""

    src: str
    srcset: str
    small: str
    width: int
    height: int
    alt: str


def picture(row: ListingPhoto, *, most: int = 1600) -> Picture:
    """The picture up to `most` pixels wide. WebP: every browser this shop is drawn for shows it."""
    widths = [width for width in row.widths if width <= most] or row.widths[:1]
    addresses = [(address(row.digest, f"{width}.webp"), width) for width in widths]
    height = round(widths[-1] * row.height / row.width)
    srcset = ", ".join(f"{at} {width}w" for at, width in addresses)
    return Picture(addresses[-1][0], srcset, addresses[0][0], widths[-1], height, row.alt)


def address(digest: bytes, name: str, *, external: bool = False) -> str:
    """Of one variant, such as `960.webp`."""
    return url_for("storefront.photo_file", digest=digest.hex(), name=name, _external=external)


@storefront.get("/photos/<digest>/<name>")
@public
def photo_file(digest: str, name: str) -> ResponseReturnValue:
    """For everybody while a listing on sale shows it, before and after that for its provider alone."""
    found = photo_bytes.parsed(digest, name)
    if photo.shown_to_all(session(), found):
        return photo_bytes.answer(found, name, photo_bytes.FOR_EVER)
    party = current_person().selling
    if party is not None and photo.shown_to(session(), found, organisation_id=party.id):
        return photo_bytes.answer(found, name, photo_bytes.ONLY_NOW)
    raise NotFound
