from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import time
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.catalogue import listing as verbs
from app.services.catalogue.terms import Hours
from app.services.moderation.decision import suspend
from models.actor import Actor, ActorKind
from models.catalogue.identifiers import node_id
from models.catalogue.listing import LISTING, Listing, ListingState
from models.errors import GuardFailed, IllegalMove, Invalid, NotAllowed, NotFound
from models.people.seller import Seller, SellerState
from models.platform.transition import Transition
from tests.databases import Database
from tests.factories.catalogue import draft, live, moderator, painting, provider, state_of, submitted, terms


def restrict(session: Session, seller: Actor) -> None:
    row = session.scalars(sa.select(Seller).where(Seller.organisation_id == seller.organisation_id)).one()
    row.state = SellerState.restricted
    session.flush()


def test_a_draft_holds_what_was_typed_with_its_values_typed(session: Session):
    listing = draft(session, provider(session))
    session.commit()
    session.expire_all()
    assert listing.state is ListingState.draft
    assert (listing.price_minor, listing.currency, listing.tax_category) == (24_000, "GBP", "standard")
    assert listing.primary_node.lineage == "services/electrical/eicr"
    assert [covered.area for covered in listing.areas] == ["BA", "BS"]
    assert len(listing.visit_hours) == 5
    assert {f.facet.key: f.shown for f in listing.facets if f.facet.key != "property_type"} == {
        "circuits": "12 circuits",
        "written_report": "Yes",
    }
    assert [f.shown for f in listing.facets if f.facet.key == "property_type"] == ["Flat", "House"]


def test_the_address_is_readable_unique_and_stays(session: Session):
    seller = provider(session)
    one, other = (draft(session, seller, title="  Wärme & Licht:   Prüfung! ") for _ in range(2))
    assert one.slug.startswith("warme-licht-prufung-")
    assert one.slug != other.slug
    before = one.slug
    verbs.edit(session, one, terms(title="Something quite different"), actor=seller)
    session.commit()
    assert (one.slug, one.title) == (before, "Something quite different")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": "Short"}, "title"),
        ({"price_minor": 0}, "price"),
        ({"price_minor": 10_000_001}, "price"),
        ({"currency": "EUR"}, "currency"),
        ({"duration_minutes": 5}, "duration"),
        ({"crew_size": 0}, "crew_size"),
        ({"notice_days": 91}, "notice_days"),
        ({"zone": "Europe/Bristol"}, "zone"),
        ({"areas": ("JE",)}, "areas"),
        ({"areas": ("XX",)}, "areas"),
        ({"hours": (Hours(1, time(10), time(8)),)}, "hours"),
        ({"hours": (Hours(1, time(8), time(10)), Hours(1, time(9), time(11)))}, "hours"),
        ({"hours": (Hours(8, time(8), time(10)),)}, "hours"),
        ({"description": "x" * 5001}, "description"),
        ({"node_id": node_id("services", "services/electrical")}, "node"),
        ({"node_id": node_id("rentals", "rentals/earth-moving/dumpers")}, "node"),
        ({"facets": {"circuits": 99}}, "facet.circuits"),
    ],
)
def test_what_cannot_be_taken_is_named_by_its_field(session: Session, changes: dict[str, Any], field: str):
    with pytest.raises(Invalid) as refused:
        draft(session, provider(session), **changes)
    assert list(refused.value.fields) == [field]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"description": "Too little."}, "description"),
        ({"areas": ()}, "areas"),
        ({"hours": ()}, "hours"),
        ({"facets": {"written_report": True, "property_type": ["flat"]}}, "facet.circuits"),
    ],
)
def test_a_draft_may_be_unfinished_and_is_not_reviewed_before_it_is(
    session: Session, changes: dict[str, Any], field: str
):
    seller = provider(session)
    listing = draft(session, seller, **changes)
    with pytest.raises(Invalid) as refused:
        verbs.submit(session, listing, actor=seller)
    assert list(refused.value.fields) == [field]
    assert listing.state is ListingState.draft


def test_only_an_organisation_that_sells_drafts(session: Session):
    for actor in (Actor(ActorKind.seller, 1), Actor(ActorKind.seller, 1, node_id("x", "y"))):
        with pytest.raises(NotAllowed):
            verbs.draft(session, terms(), actor=actor)


def test_a_seller_who_is_not_yet_checked_drafts_and_does_not_submit(session: Session):
    seller = provider(session, active=False)
    listing = draft(session, seller)
    with pytest.raises(GuardFailed, match="active seller"):
        verbs.submit(session, listing, actor=seller)


def test_another_providers_listing_looks_as_if_it_did_not_exist(session: Session):
    listing, stranger = draft(session, provider(session)), provider(session)
    for verb in (verbs.submit, verbs.withdraw, verbs.revise, verbs.pause, verbs.resume, verbs.retire, verbs.resubmit):
        with pytest.raises(NotFound):
            verb(session, listing, actor=stranger)
    with pytest.raises(NotFound):
        verbs.edit(session, listing, terms(), actor=stranger)
    with pytest.raises(NotFound):
        verbs.find_own(session, listing.slug, actor=stranger)
    assert state_of(session, listing) == "draft"


def test_an_edit_replaces_everything_and_counts_as_a_version(session: Session):
    seller = provider(session)
    listing = draft(session, seller)
    session.commit()
    before = listing.version
    verbs.edit(session, listing, painting(areas=("CF",)), actor=seller)
    session.commit()
    session.expire_all()
    assert listing.version > before
    assert listing.primary_node.lineage.endswith("interior-painting")
    assert [covered.area for covered in listing.areas] == ["CF"]
    assert {f.facet.key for f in listing.facets} == {"property_type", "materials_included", "rooms", "coats"}
    assert "EICR" not in listing.search_words


def test_what_a_moderator_sees_or_has_seen_is_not_edited(session: Session):
    seller = provider(session)
    for listing in (submitted(session, seller), live(session, seller)):
        with pytest.raises(IllegalMove, match="back to a draft"):
            verbs.edit(session, listing, terms(), actor=seller)


def test_a_live_listing_leaves_the_shop_to_be_changed_and_is_reviewed_again(session: Session):
    seller = provider(session)
    listing = live(session, seller)
    verbs.revise(session, listing, actor=seller)
    verbs.edit(session, listing, terms(price_minor=26_000), actor=seller)
    verbs.submit(session, listing, actor=seller)
    session.commit()
    assert listing.state is ListingState.in_review
    events = session.scalars(
        sa.select(Transition.event).where(Transition.subject_id == listing.id).order_by(Transition.id)
    )
    assert list(events) == ["submit", "approve", "revise", "submit"]


def test_pause_and_resume_need_no_review_and_an_active_seller(session: Session):
    seller = provider(session)
    listing = live(session, seller)
    verbs.pause(session, listing, actor=seller)
    verbs.resume(session, listing, actor=seller)
    verbs.pause(session, listing, actor=seller)
    session.commit()
    restrict(session, seller)
    with pytest.raises(GuardFailed, match="active seller"):
        verbs.resume(session, listing, actor=seller)


def test_a_provider_cannot_lift_a_suspension(session: Session):
    seller = provider(session)
    listing = live(session, seller)
    suspend(
        session,
        listing,
        actor=moderator(session),
        policy="listing.unsafe",
        reason="The work is reserved for registered trades.",
        expected_version=listing.version,
    )
    for verb in (verbs.resume, verbs.revise, verbs.submit):
        with pytest.raises(IllegalMove):
            verb(session, listing, actor=seller)
    verbs.retire(session, listing, actor=seller)
    session.commit()
    assert state_of(session, listing) == "retired"


def arrange(session: Session, seller: Actor, state: ListingState) -> Listing:
    ways: dict[ListingState, Callable[[], Listing]] = {
        ListingState.draft: lambda: draft(session, seller),
        ListingState.in_review: lambda: submitted(session, seller),
        ListingState.live: lambda: live(session, seller),
    }
    return ways[state]()


@pytest.mark.parametrize("state", [ListingState.draft, ListingState.in_review, ListingState.live])
@pytest.mark.parametrize(
    "event", sorted({move.event for move in LISTING.moves} - {"approve", "reject", "suspend", "reinstate"})
)
def test_a_verb_works_exactly_where_the_table_has_its_move(session: Session, state: ListingState, event: str):
    seller = provider(session)
    listing = arrange(session, seller, state)
    found = LISTING.find(state, event)
    if found is None:
        with pytest.raises(IllegalMove):
            getattr(verbs, event)(session, listing, actor=seller)
        return
    getattr(verbs, event)(session, listing, actor=seller)
    session.commit()
    assert state_of(session, listing) == found.target.name


def test_a_listing_without_a_primary_node_does_not_commit(session: Session, database: Database):
    listing = draft(session, provider(session))
    session.commit()
    for statement in (
        "delete from listing_node where listing_id = %s",
        "update listing_node set is_primary = false where listing_id = %s",
    ):
        with closing(psycopg.connect(database.url)) as one:
            one.execute(statement, [listing.id])
            with pytest.raises(psycopg.errors.CheckViolation, match="no primary node"):
                one.commit()


def test_a_second_primary_node_is_refused(session: Session, database: Database):
    listing = draft(session, provider(session))
    session.commit()
    other = node_id("services", "services/electrical/fault-finding")
    with psycopg.connect(database.url) as one, pytest.raises(psycopg.errors.UniqueViolation):
        one.execute("insert into listing_node values (%s, %s, true, 100)", [listing.id, other])


def test_no_node_with_listings_is_deleted_even_by_the_owner(session: Session, database: Database):
    listing = draft(session, provider(session))
    session.commit()
    with psycopg.connect(database.owner_url) as one, pytest.raises(psycopg.errors.RestrictViolation):
        one.execute("delete from taxonomy_node where id = %s", [listing.primary_node.id])
