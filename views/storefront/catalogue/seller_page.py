"""A seller's page: who they are, what was checked and when, and everything of theirs that is in the shop."""

from __future__ import annotations

import sqlalchemy as sa
from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import joinedload, selectinload

from app.services.catalogue import favourite
from app.services.catalogue.search import on_sale
from app.services.people import absence, seller_public
from app.session import session
from models.catalogue.listing import Listing
from models.catalogue.listing_node import ListingNode
from models.errors import NotFound
from views.storefront.blueprint import storefront
from views.storefront.catalogue import shared
from views.storefront.catalogue.card import cards
from views.storefront.guard import public
from views.storefront.paging import page_of
from views.storefront.people.person import current_person
from views.storefront.review_block import block_of


@storefront.get("/sellers/<slug>")
@public
def seller(slug: str) -> ResponseReturnValue:
    """Raises NotFound unless they may sell now."""
    standing = seller_public.of_slug(session(), slug)
    if standing is None:
        raise NotFound
    person = current_person()
    filed = selectinload(Listing.nodes).joinedload(ListingNode.node)
    theirs = sa.select(Listing).where(Listing.organisation_id == standing.organisation.id, *on_sale())
    page = page_of(
        session(), theirs.options(filed, joinedload(Listing.organisation)), Listing.id, request.args.get("before")
    )
    return render_template(
        "storefront/catalogue/seller_page.html",
        standing=standing,
        seller=standing.organisation,
        registered=any(sign.isdigit() for sign in standing.organisation.company_number),
        page=page,
        cards=cards(session(), page.rows),
        reviews=block_of(session(), standing.organisation),
        shared=shared.of_seller(standing),
        away=absence.of_organisation(session(), standing.organisation.id),
        saved=person.user_id is not None and favourite.has_seller(session(), person.user_id, standing.organisation.id),
    )
