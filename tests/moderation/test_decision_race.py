"""Real threads on real connections, each in its own unit of work."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.catalogue import listing as verbs
from app.services.moderation.decision import decide
from app.session import session_scope
from app.unit_of_work import unit_of_work
from models.actor import Actor
from models.catalogue.listing import Listing
from models.errors import Conflict
from models.moderation.moderation_decision import ModerationDecision
from models.platform.transition import Transition
from tests.factories.catalogue import draft, moderator, provider, submitted

THREADS = 6


def at_once(actors: list[Actor], verb: Callable[[Session, Listing, Actor], object], listing_id: object) -> list[str]:
    """What each thread got; all have read the listing before any of them acts."""
    start = Barrier(len(actors))

    def one(actor: Actor) -> str:
        with session_scope():
            try:
                with unit_of_work(actor) as session:
                    listing = session.get_one(Listing, listing_id)
                    start.wait(timeout=10)
                    verb(session, listing, actor)
            except Conflict:
                return "conflict"
            return "done"

    with ThreadPoolExecutor(len(actors)) as pool:
        return list(pool.map(one, actors))


def test_of_moderators_deciding_at_once_one_wins_and_the_others_are_told(session: Session):
    listing = submitted(session, provider(session))
    actors = [moderator(session) for _ in range(THREADS)]
    session.commit()
    read = listing.version

    def verb(work: Session, row: Listing, actor: Actor) -> None:
        approve = actor.user_id % 2 == 0
        policy = "listing.complete" if approve else "listing.unclear"
        why = "I have read it twice and decided."
        decide(work, row, actor=actor, approve=approve, policy=policy, reason=why, expected_version=read)

    answers = at_once(actors, verb, listing.id)
    assert sorted(answers) == ["conflict"] * (THREADS - 1) + ["done"]
    (made,) = session.scalars(sa.select(ModerationDecision)).all()
    session.refresh(listing)
    assert listing.state.name == ("live" if made.outcome.name == "approved" else "rejected")


def test_a_double_clicked_submit_is_one_submission(session: Session):
    seller = provider(session)
    listing = draft(session, seller)
    session.commit()
    answers = at_once([seller] * THREADS, lambda work, row, actor: verbs.submit(work, row, actor=actor), listing.id)
    assert sorted(answers) == ["conflict"] * (THREADS - 1) + ["done"]
    events = session.scalars(sa.select(Transition.event).where(Transition.subject_id == listing.id)).all()
    assert events == ["submit"]
