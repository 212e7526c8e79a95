"""A provider's listings: written by the category's own questions, submitted, taken back, paused, retired."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session, selectinload

from app.services.catalogue import facet, listing_copy
from app.services.catalogue import listing as listings
from app.services.commerce import quote
from app.services.platform import clock
from app.services.platform.idempotency_key import once
from app.services.platform.machine import choices
from app.session import session
from app.unit_of_work import unit_of_work
from models.actor import ActorKind
from models.catalogue.listing import Listing, ListingState
from models.catalogue.listing_node import ListingNode
from models.catalogue.taxonomy_node import TaxonomyNode
from models.errors import Conflict, Invalid, NotFound
from models.moderation.moderation_decision import ModerationDecision
from models.moderation.policy import POLICIES
from views.form_key import new_key
from views.storefront import ladder
from views.storefront.blueprint import storefront
from views.storefront.catalogue import listing_form
from views.storefront.catalogue.listing import duration, facts
from views.storefront.catalogue.photo import picture
from views.storefront.catalogue.tree import DOMAIN, tree
from views.storefront.guard import provider
from views.storefront.keyed import Keyed
from views.storefront.paging import page_of
from views.storefront.people.person import current_person
from views.storefront.trader import standing

VERBS = {
    "submit": listings.submit,
    "withdraw": listings.withdraw,
    "resubmit": listings.resubmit,
    "revise": listings.revise,
    "pause": listings.pause,
    "resume": listings.resume,
    "retire": listings.retire,
}


@storefront.get("/pro/listings")
@provider
def pro_listings() -> ResponseReturnValue:
    """Newest first; retired ones at the end of nothing: they are left out unless asked for."""
    retired = request.args.get("show") == "retired"
    mine = sa.select(Listing).where(
        Listing.organisation_id == current_person().seller().organisation_id,
        (Listing.state == ListingState.retired) == retired,
    )
    filed = selectinload(Listing.nodes).joinedload(ListingNode.node)
    page = page_of(session(), mine.options(filed), Listing.id, request.args.get("before"))
    return render_template("storefront/catalogue/pro_listings.html", page=page, retired=retired, new_key=new_key)


@storefront.get("/pro/listings/new")
@provider
def pro_listing_new() -> ResponseReturnValue:
    """First the category, because it asks the questions; then the form."""
    lineage = request.args.get("node", "")
    if not lineage:
        return render_template("storefront/catalogue/pro_category.html", top=tree(session()))
    node = _node(session(), lineage)
    return _form_page(listing_form.empty(facet.effective(session(), node)), node)


@storefront.post("/pro/listings/new")
@provider
def pro_listing_create() -> ResponseReturnValue:
    """A draft. The same form again answers with the same draft."""
    node = _node(session(), request.args.get("node", ""))
    form = listing_form.form_for(facet.effective(session(), node), listing_form.WINDOWS)()
    if not form.validate_on_submit():
        return _form_page(form, node), HTTPStatus.UNPROCESSABLE_ENTITY
    actor, terms, node_lineage = current_person().seller(), form.terms(node.id), node.lineage
    try:
        with unit_of_work(actor) as work:

            def command() -> dict[str, str]:
                return {"slug": listings.draft(work, terms, actor=actor).slug}

            asked = {"node": node_lineage, **form.contents()}
            made = once(work, "listing.draft", form.key.data or "", asked, command)
    except Invalid as wrong:
        form.take(wrong)
        return _form_page(form, _node(session(), node_lineage)), wrong.status
    except Conflict as refusal:
        form.again(refusal)
        form.form_errors.append(str(refusal))
        return _form_page(form, _node(session(), node_lineage)), refusal.status
    return redirect(url_for("storefront.pro_listing", slug=made["slug"]), HTTPStatus.SEE_OTHER)


@storefront.get("/pro/listings/<slug>")
@provider
def pro_listing(slug: str) -> ResponseReturnValue:
    """A draft opens as its form, everything else as what it says. Raises NotFound for other people's."""
    return _page(slug)


@storefront.post("/pro/listings/<slug>")
@provider
def pro_listing_edit(slug: str) -> ResponseReturnValue:
    """Replaces the content of a draft."""
    actor = current_person().seller()
    found = listings.find_own(session(), slug, actor=actor)
    node = found.primary_node
    form = listing_form.form_for(facet.effective(session(), node), listing_form.blocks_for(found))()
    if not form.validate_on_submit():
        return _page(slug, form), HTTPStatus.UNPROCESSABLE_ENTITY
    terms = form.terms(node.id)
    try:
        with unit_of_work(actor) as work:
            listings.edit(work, listings.find_own(work, slug, actor=actor), terms, actor=actor)
    except Invalid as wrong:
        form.take(wrong)
        return _page(slug, form), wrong.status
    except Conflict as refusal:
        return _page(slug, problem=str(refusal)), refusal.status
    return redirect(url_for("storefront.pro_listing", slug=slug, saved=1), HTTPStatus.SEE_OTHER)


@storefront.post("/pro/listings/<slug>/<any(submit, withdraw, resubmit, revise, pause, resume, retire):event>")
@provider
def pro_listing_act(slug: str, event: str) -> ResponseReturnValue:
    """One move; the same form again changes nothing."""
    actor, key = current_person().seller(), Keyed().key.data or ""
    try:
        with unit_of_work(actor) as work:
            found = listings.find_own(work, slug, actor=actor)

            def command() -> dict[str, str]:
                VERBS[event](work, found, actor=actor)
                return {"state": found.state.name}

            once(work, "listing.act", key, {"listing": str(found.id), "event": event}, command)
    except Invalid as wrong:
        current = listings.find_own(session(), slug, actor=actor)
        form = listing_form.filled(current, facet.effective(session(), current.primary_node))
        form.take(wrong)
        return _page(slug, form), wrong.status
    except Conflict as refusal:
        return _page(slug, problem=str(refusal)), refusal.status
    return redirect(url_for("storefront.pro_listing", slug=slug), HTTPStatus.SEE_OTHER)


@storefront.post("/pro/listings/<slug>/copy")
@provider
def pro_listing_copy(slug: str) -> ResponseReturnValue:
    """A draft of the same, opened to be changed. The same press again opens the same draft."""
    actor, key = current_person().seller(), Keyed().key.data or ""
    try:
        with unit_of_work(actor) as work:
            found = listings.find_own(work, slug, actor=actor)

            def command() -> dict[str, str]:
                return {"slug": listing_copy.copy(work, found, actor=actor).slug}

            made = once(work, "listing.copy", key, {"listing": str(found.id)}, command)
    except (Invalid, Conflict) as refusal:
        return _page(slug, problem=str(refusal)), refusal.status
    flash("This is a copy. Change what is different, then submit it.", "success")
    return redirect(url_for("storefront.pro_listing", slug=made["slug"]), HTTPStatus.SEE_OTHER)


def _node(work: Session, lineage: str) -> TaxonomyNode:
    """A category that takes listings: a leaf of the services. Raises NotFound."""
    found = work.scalars(sa.select(TaxonomyNode).where(TaxonomyNode.lineage == lineage)).first()
    leaf = found is not None and not work.scalar(
        sa.select(TaxonomyNode.id).where(TaxonomyNode.parent_id == found.id).limit(1)
    )
    if found is None or found.retired or not leaf or not lineage.startswith(f"{DOMAIN}/"):
        raise NotFound
    return found


def _form_page(form: listing_form.ListingForm, node: TaxonomyNode) -> str:
    return render_template(
        "storefront/catalogue/pro_listing_new.html", form=form, node=node, cancellation_policies=ladder.on_offer()
    )


def _page(slug: str, form: listing_form.ListingForm | None = None, problem: str = "") -> str:
    found = listings.find_own(session(), slug, actor=current_person().seller())
    rules = facet.effective(session(), found.primary_node)
    open_moves = {one.move.event: one.refusal for one in choices(session(), found, ActorKind.seller)}
    editable = found.state is ListingState.draft
    context: dict[str, Any] = {
        "listing": found,
        "moves": {event: refusal for event, refusal in open_moves.items() if event in VERBS},
        "form": (form or listing_form.filled(found, rules)) if editable else None,
        "act": Keyed(formdata=None),
        "standing": standing(session(), found.organisation_id),
        "gaps": listings.unfinished(session(), found) if editable else {},
        "price": quote.of_listing(session(), found, at=clock.now()),
        "decision": _decision(session(), found),
        "policies": POLICIES,
        "facts": facts(found),
        "cancellation_policies": ladder.on_offer() if editable else [],
        "ladder": None if editable else ladder.in_general(ladder.of_code(found.cancellation_policy)),
        "pictures": [picture(row, most=480) for row in found.photos],
        "duration": duration(found.service.duration_minutes) if found.service else "",
        "problem": problem,
        "saved": request.args.get("saved") == "1",
    }
    return render_template("storefront/catalogue/pro_listing.html", **context)


def _decision(work: Session, found: Listing) -> ModerationDecision | None:
    """The last thing a moderator decided about it."""
    query = sa.select(ModerationDecision).where(ModerationDecision.listing_id == found.id)
    return work.scalars(query.order_by(ModerationDecision.decided_at.desc()).limit(1)).first()
