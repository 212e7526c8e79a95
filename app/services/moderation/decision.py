"""Deciding about a listing: the move and the one row that says why, in one transaction."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, selectinload

from app.services.moderation import listing_news  # noqa: F401  follows every decision
from app.services.moderation.statement import statement_of_reasons
from app.services.platform import clock, machine
from models.actor import Actor, ActorKind
from models.catalogue.listing import Listing, ListingState
from models.catalogue.listing_node import ListingNode
from models.catalogue.listing_snapshot import fingerprint, snapshot
from models.catalogue.taxonomy_node import TaxonomyNode
from models.errors import Conflict, Invalid, NotAllowed
from models.moderation.moderation_decision import ModerationDecision, Outcome
from models.moderation.policy import APPROVING, POLICIES, Policy
from models.people.membership import Membership
from models.people.seller import Seller, SellerState

SHORTEST_REASON = 20
EVENTS = {
    Outcome.approved: "approve",
    Outcome.rejected: "reject",
    Outcome.suspended: "suspend",
    Outcome.reinstated: "reinstate",
}
RESTRICTIONS = frozenset({Outcome.rejected, Outcome.suspended})


def decide(
    session: Session,
    listing: Listing,
    *,
    actor: Actor,
    approve: bool,
    policy: str,
    reason: str,
    expected_version: int,
) -> ModerationDecision:
    """in review → live or rejected. `expected_version` is the version the moderator read.

    Raises Conflict when someone decided, withdrew or changed it meanwhile; NotAllowed to a moderator who belongs to
    the provider; Invalid for a policy that does not fit or a reason that says too little.
    """
    outcome = Outcome.approved if approve else Outcome.rejected
    return _decide(session, listing, outcome, actor=actor, policy=policy, reason=reason, version=expected_version)


def suspend(
    session: Session, listing: Listing, *, actor: Actor, policy: str, reason: str, expected_version: int
) -> ModerationDecision:
    """live or paused → suspended, with a statement of reasons (DSA art. 17). Raises as `decide` does."""
    return _decide(
        session, listing, Outcome.suspended, actor=actor, policy=policy, reason=reason, version=expected_version
    )


def reinstate(
    session: Session, listing: Listing, *, actor: Actor, reason: str, expected_version: int
) -> ModerationDecision:
    """suspended → live. Raises as `decide` does."""
    return _decide(
        session, listing, Outcome.reinstated, actor=actor, policy=APPROVING, reason=reason, version=expected_version
    )


def waiting(session: Session, *, limit: int = 50) -> list[Listing]:
    """The review queue: strictest lane first, then who waits longest."""
    question = (
        sa.select(Listing)
        .join(ListingNode, sa.and_(ListingNode.listing_id == Listing.id, ListingNode.is_primary))
        .join(TaxonomyNode, TaxonomyNode.id == ListingNode.node_id)
        .where(Listing.state == ListingState.in_review)
        .order_by(TaxonomyNode.moderation_lane, Listing.state_entered_at, Listing.id)
        .limit(limit)
        .options(joinedload(Listing.organisation), selectinload(Listing.nodes).joinedload(ListingNode.node))
    )
    return list(session.scalars(question))


def decisions(session: Session, listing: Listing) -> list[ModerationDecision]:
    """Everything ever decided about a listing, the newest first."""
    question = sa.select(ModerationDecision).where(ModerationDecision.listing_id == listing.id)
    return list(session.scalars(question.order_by(ModerationDecision.decided_at.desc())))


def _decide(
    session: Session, listing: Listing, outcome: Outcome, *, actor: Actor, policy: str, reason: str, version: int
) -> ModerationDecision:
    rule, words = _checked(outcome, policy, reason)
    decider = _impartial(session, listing, actor)
    machine.lock(session, listing)
    if listing.version != version:
        raise Conflict("This listing changed after you opened it. Look at it again before you decide.")
    event, seen, now = EVENTS[outcome], snapshot(listing), clock.now()
    listing.legal(event, actor.kind)
    if listing.published_at is None and outcome is Outcome.approved:
        listing.published_at = now
    moved = machine.apply(session, listing, event, actor=actor, reason=words, detail={"policy": rule.code})
    row = ModerationDecision(
        listing_id=listing.id,
        transition_id=moved.id,
        outcome=outcome,
        policy=rule.code,
        reason=words,
        statement=statement_of_reasons(listing, rule, outcome, words, now) if outcome in RESTRICTIONS else None,
        listing_version=version,
        snapshot=seen,
        snapshot_sha256=fingerprint(seen),
        decider_id=decider,
        decided_at=now,
    )
    session.add(row)
    session.flush()
    return row


def _checked(outcome: Outcome, code: str, reason: str) -> tuple[Policy, str]:
    words, rule = " ".join(reason.replace("\0", " ").split()), POLICIES.get(code)
    wrong = {}
    if rule is None or (rule.code == APPROVING) is (outcome in RESTRICTIONS):
        wrong["policy"] = "Choose the rule that this decision rests on."
    if len(words) < SHORTEST_REASON:
        wrong["reason"] = f"Say why in at least {SHORTEST_REASON} characters: the provider reads it."
    if rule is None or wrong:
        raise Invalid("The decision is not complete.", wrong)
    return rule, words


def _impartial(session: Session, listing: Listing, actor: Actor) -> int:
    """The decider's user id. Nobody decides about a provider they belong to."""
    if actor.kind is not ActorKind.operator or actor.user_id is None:
        raise NotAllowed("Only a moderator decides.")
    member = sa.select(Membership.id).where(
        Membership.user_id == actor.user_id, Membership.organisation_id == listing.organisation_id
    )
    if session.scalar(member) is not None:
        raise NotAllowed("You belong to this provider: someone else has to decide.")
    return actor.user_id


@machine.guard("listing", "approve", "reinstate")
def _seller_is_active(session: Session, listing: Listing, _arguments: dict[str, Any]) -> str | None:
    state = session.scalar(sa.select(Seller.state).where(Seller.organisation_id == listing.organisation_id))
    return None if state is SellerState.active else "The seller is not active: nothing of theirs goes into the shop."
