from __future__ import annotations

import hashlib

import psycopg
import pytest
import rfc8785
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.catalogue import listing as verbs
from app.services.moderation import decision
from app.services.platform import machine
from models.actor import Actor, ActorKind
from models.catalogue.listing import Listing, ListingState
from models.errors import Conflict, GuardFailed, IllegalMove, Invalid, NotAllowed
from models.moderation.moderation_decision import ModerationDecision, Outcome
from models.moderation.policy import POLICIES
from models.people.membership import Membership, MembershipRole
from models.people.seller import Seller, SellerState
from models.platform.transition import Transition
from tests.databases import Database
from tests.factories.catalogue import draft, live, moderator, painting, provider, state_of, submitted

WHY = "The price does not say what is included."


def reject(session: Session, listing: Listing, actor: Actor, **changes: object) -> ModerationDecision:
    given = {"approve": False, "policy": "listing.price", "reason": WHY, "expected_version": listing.version}
    return decision.decide(session, listing, actor=actor, **(given | changes))  # type: ignore[arg-type]


def test_an_approval_puts_it_in_the_shop_with_the_row_that_says_so(session: Session):
    listing, actor = submitted(session, provider(session)), moderator(session)
    session.commit()
    read = listing.version
    made = reject(session, listing, actor, approve=True, policy="listing.complete")
    session.commit()
    move = session.get(Transition, made.transition_id)
    assert listing.state is ListingState.live
    assert listing.published_at is not None
    assert (made.outcome, made.listing_version, made.decider_id) == (Outcome.approved, read, actor.user_id)
    assert made.statement is None
    assert (move.event, move.subject_id, move.actor_user_id) == ("approve", listing.id, actor.user_id)


def test_a_rejection_is_stated_with_its_reasons(session: Session):
    listing = submitted(session, provider(session))
    made = reject(session, listing, moderator(session))
    session.commit()
    assert listing.state is ListingState.rejected
    assert listing.published_at is None
    assert made.statement["decision_facts"] == WHY
    assert made.statement["decision_ground"] == "INCOMPATIBLE_CONTENT"
    assert made.statement["category"] == POLICIES["listing.price"].category
    assert made.statement["automated_decision"] == "NOT_AUTOMATED"
    assert "free of charge" in made.statement["redress"]


def test_the_snapshot_is_what_the_moderator_saw_and_its_digest_says_so(session: Session):
    seller = provider(session)
    listing = submitted(session, seller)
    made = reject(session, listing, moderator(session))
    verbs.resubmit(session, listing, actor=seller)
    verbs.edit(session, listing, painting(), actor=seller)
    session.commit()
    session.expire_all()
    assert made.snapshot["price_minor"] == 24_000
    assert made.snapshot["areas"] == ["BA", "BS"]
    assert {f["key"] for f in made.snapshot["facets"]} == {"circuits", "written_report", "property_type"}
    assert made.snapshot_sha256 == hashlib.sha256(rfc8785.dumps(made.snapshot)).digest()


def test_a_rejected_listing_comes_back_changed_and_can_be_approved(session: Session):
    seller = provider(session)
    listing = submitted(session, seller)
    reject(session, listing, moderator(session))
    verbs.resubmit(session, listing, actor=seller)
    verbs.submit(session, listing, actor=seller)
    reject(session, listing, moderator(session), approve=True, policy="listing.complete")
    session.commit()
    assert [row.outcome for row in decision.decisions(session, listing)] == [Outcome.approved, Outcome.rejected]
    assert listing.state is ListingState.live


def test_who_read_an_older_version_is_told_to_look_again(session: Session):
    seller, actor = provider(session), moderator(session)
    listing = submitted(session, seller)
    read = listing.version
    verbs.withdraw(session, listing, actor=seller)
    verbs.submit(session, listing, actor=seller)
    with pytest.raises(Conflict, match="Look at it again"):
        reject(session, listing, actor, expected_version=read)


def test_the_second_decision_is_a_conflict(session: Session):
    listing = submitted(session, provider(session))
    read = listing.version
    reject(session, listing, moderator(session))
    for version in (read, listing.version):
        with pytest.raises(Conflict):
            reject(session, listing, moderator(session), expected_version=version)
    assert len(decision.decisions(session, listing)) == 1


def test_nobody_decides_about_a_provider_they_belong_to(session: Session):
    listing, actor = submitted(session, provider(session)), moderator(session)
    session.add(Membership(user_id=actor.user_id, organisation_id=listing.organisation_id, role=MembershipRole.member))
    with pytest.raises(NotAllowed, match="someone else"):
        reject(session, listing, actor)


@pytest.mark.parametrize("kind", [ActorKind.seller, ActorKind.buyer, ActorKind.system])
def test_only_staff_decide(session: Session, kind: ActorKind):
    listing = submitted(session, provider(session))
    with pytest.raises(NotAllowed):
        reject(session, listing, Actor(kind, user_id=1, organisation_id=listing.organisation_id))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reason": "No."}, "reason"),
        ({"reason": " " * 40}, "reason"),
        ({"policy": "listing.ugly"}, "policy"),
        ({"policy": "listing.complete"}, "policy"),
        ({"policy": "listing.price", "approve": True}, "policy"),
    ],
)
def test_a_decision_rests_on_a_rule_that_fits_and_says_why(session: Session, changes: dict[str, object], field: str):
    listing = submitted(session, provider(session))
    with pytest.raises(Invalid) as refused:
        reject(session, listing, moderator(session), **changes)
    assert list(refused.value.fields) == [field]
    assert listing.state is ListingState.in_review


def test_a_draft_is_not_decided(session: Session):
    with pytest.raises(IllegalMove):
        reject(session, draft(session, provider(session)), moderator(session))


def test_nothing_of_an_inactive_seller_goes_into_the_shop(session: Session):
    seller = provider(session)
    listing = submitted(session, seller)
    standing = session.scalars(sa.select(Seller).where(Seller.organisation_id == seller.organisation_id)).one()
    standing.state = SellerState.restricted
    with pytest.raises(GuardFailed, match="not active"):
        reject(session, listing, moderator(session), approve=True, policy="listing.complete")


def test_a_suspension_is_stated_and_undone_by_another_decision(session: Session):
    listing, actor = live(session, provider(session)), moderator(session)
    first = listing.published_at
    made = decision.suspend(
        session, listing, actor=actor, policy="listing.unsafe", reason=WHY, expected_version=listing.version
    )
    session.commit()
    assert made.statement["decision_visibility"] == ["DISABLED"]
    assert made.statement["decision_ground"] == "ILLEGAL_CONTENT"
    decision.reinstate(
        session,
        listing,
        actor=actor,
        reason="The registration was shown and checked.",
        expected_version=listing.version,
    )
    session.commit()
    assert listing.state is ListingState.live
    assert listing.published_at == first


def test_the_queue_shows_strict_lanes_first_then_who_waits_longest(session: Session):
    seller = provider(session)
    early = submitted(session, seller, painting())
    later = submitted(session, seller, painting())
    strict = submitted(session, seller)
    draft(session, seller)
    session.commit()
    assert decision.waiting(session) == [strict, early, later]


@pytest.mark.parametrize("role", ["url", "owner_url"])
@pytest.mark.parametrize(
    "statement",
    ["update moderation_decision set reason = repeat('x', 40)", "delete from moderation_decision"],
)
def test_a_decision_is_final_for_application_and_owner(session: Session, database: Database, role: str, statement: str):
    reject(session, submitted(session, provider(session)), moderator(session))
    session.commit()
    refused = (psycopg.errors.InsufficientPrivilege, psycopg.errors.CheckViolation)
    with psycopg.connect(getattr(database, role)) as one, pytest.raises(refused):
        one.execute(statement)


@pytest.mark.parametrize("event", ["approve", "reject"])
def test_a_listing_decided_without_a_decision_does_not_commit(session: Session, event: str):
    listing = submitted(session, provider(session))
    session.commit()
    machine.lock(session, listing)
    listing.published_at = listing.state_entered_at
    machine.apply(session, listing, event, actor=moderator(session))
    with pytest.raises(sa.exc.IntegrityError, match="has no decision"):
        session.commit()
    session.rollback()
    assert state_of(session, listing) == "in_review"
