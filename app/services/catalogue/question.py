"""Questions about a listing: asked before anybody buys, answered once, shown on the page when both sides want it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.catalogue import search
from app.services.people import membership
from app.services.platform import clock, machine, notification, timer
from models.actor import Actor, ActorKind
from models.catalogue.listing import Listing
from models.catalogue.question import SHOWN, Question, QuestionState
from models.errors import Conflict, Invalid, NotAllowed
from models.platform.transition import Transition

Q, S = Question, QuestionState
LEAST, MOST, MOST_ANSWER = 10, 1000, 2000
DAY, MOST_A_DAY, MOST_OPEN = timedelta(days=1), 10, 3
"""So many questions a person asks in a day, and so many wait for an answer about one listing."""
NOT_ON_SALE = "This is not on sale at the moment, so its provider takes no questions about it."
_ONE_AT_A_TIME = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


def refusal(session: Session, listing: Listing, *, actor: Actor) -> str:
    """Why this person may not ask about it; empty when they may."""
    if actor.organisation_id is None or actor.user_id is None:
        return "Sign in to ask."
    own = listing.organisation_id == actor.organisation_id
    if own or membership.belongs(session, actor.user_id, listing.organisation_id):
        return "This is your own listing."
    return ""


def ask(session: Session, listing: Listing, *, actor: Actor, text: str, may_be_shown: bool = False) -> Question:
    """Raises NotAllowed for one's own listing, Conflict when it is not on sale or too much was asked, Invalid."""
    if why := refusal(session, listing, actor=actor):
        raise NotAllowed(why)
    if session.scalar(sa.select(Listing.id).where(Listing.id == listing.id, *search.on_sale())) is None:
        raise Conflict(NOT_ON_SALE)
    words = said(text, "text", "The question was not sent.", LEAST, MOST)
    session.execute(_ONE_AT_A_TIME, {"name": f"question:{actor.user_id}"})  # two tabs count one after the other
    _few_enough(session, listing, actor)
    row = Question(
        listing_id=listing.id,
        asker_user_id=actor.user_id,
        asker_organisation_id=actor.organisation_id,
        seller_organisation_id=listing.organisation_id,
        text=words,
        may_be_shown=may_be_shown,
        created_at=clock.now(),
    )
    machine.begin(session, row)
    tell(session, row, "question.asked", to=row.seller_organisation_id, link=f"/pro/questions/{row.id}")
    return row


def answer(session: Session, question: Question, *, actor: Actor, text: str) -> Transition | None:
    """The provider's answer; another one takes its place until the asker has read it, and then None is answered.
    Raises NotAllowed, Conflict, Invalid."""
    _require_seller(question, actor)
    words = said(text, "text", "The answer was not sent.", 1, MOST_ANSWER)
    machine.lock(session, question)
    if question.state is S.answered:
        if question.read_at is not None:
            raise Conflict("Your answer has been read, so it stays as it is.")
        question.answer, question.answered_by_id = words, actor.user_id
        session.info["verb"] = "question.correct"
        session.flush()
        return None
    question.legal("answer", actor.kind)
    question.answer, question.answered_at, question.answered_by_id = words, clock.now(), actor.user_id
    moved = machine.apply(session, question, "answer", actor=actor)
    tell(session, question, "question.answered", to=question.asker_user_id, link="/account/questions")
    return moved


@machine.guard("question", "publish")
def _agreed(_session: Session, question: Question, _arguments: dict[str, object]) -> str | None:
    return None if question.may_be_shown else "The customer did not agree to have it shown."


def publish(session: Session, question: Question, *, actor: Actor) -> Transition:
    """Everybody reads question and answer on the listing's page. Raises GuardFailed when the asker did not agree."""
    _require_seller(question, actor)
    return machine.apply(session, question, "publish", actor=actor)


def take_down(session: Session, question: Question, *, actor: Actor) -> Transition:
    """It is off the page again."""
    _require_seller(question, actor)
    return machine.apply(session, question, "take_down", actor=actor)


@timer.on_timer("question", "lapse")
def lapse(session: Session, question: Question, *, actor: Actor) -> Transition:
    """Thirty days without an answer."""
    return machine.apply(session, question, "lapse", actor=actor)


def read(session: Session, asker_organisation_id: UUID, seen: Mapping[UUID, int]) -> int:
    """The asker has these answers before them, each in the version of its row that was `seen`; answers how many were
    new. From then on they stay as they are. What was put right meanwhile was not seen, and stays unread."""
    news = sa.select(Q).where(
        Q.asker_organisation_id == asker_organisation_id,
        Q.answered_at.is_not(None),
        Q.read_at.is_(None),
        sa.tuple_(Q.id, Q.version).in_(list(seen.items())),
    )
    rows = session.scalars(news.with_for_update(skip_locked=True)).all()
    for row in rows:
        row.read_at = clock.now()
    session.info["verb"] = "question.read"
    session.flush()
    return len(rows)


def shown_of(session: Session, listing_id: UUID, most: int) -> Sequence[Question]:
    """What everybody reads on a listing's page, the newest answer first."""
    query = sa.select(Q).where(Q.listing_id == listing_id, Q.state.in_(SHOWN))
    return session.scalars(query.order_by(Q.answered_at.desc(), Q.id.desc()).limit(most)).all()


def waiting(session: Session, seller_organisation_id: UUID) -> int:
    """How many wait for this provider's answer."""
    query = sa.select(sa.func.count()).where(Q.seller_organisation_id == seller_organisation_id, Q.state == S.asked)
    return session.scalar(query) or 0


def _few_enough(session: Session, listing: Listing, actor: Actor) -> None:
    today = sa.select(sa.func.count()).where(Q.asker_user_id == actor.user_id, Q.created_at > clock.now() - DAY)
    if (session.scalar(today) or 0) >= MOST_A_DAY:
        raise Conflict(f"You have asked {MOST_A_DAY} questions in the last day. Ask this one tomorrow.")
    mine = sa.or_(Q.asker_user_id == actor.user_id, Q.asker_organisation_id == actor.organisation_id)
    here = sa.select(sa.func.count()).where(Q.listing_id == listing.id, Q.state == S.asked, mine)
    if (session.scalar(here) or 0) >= MOST_OPEN:
        raise Conflict(
            f"{MOST_OPEN} questions of yours about this listing wait for an answer. Ask again when one is answered."
        )


def tell(session: Session, row: Question, event: str, *, to: int | UUID, link: str, reason: str = "") -> None:
    """One side, once per event."""
    words = {"title": row.listing.title, "seller": row.seller_organisation.name, "reason": notification.Reasons(reason)}
    notification.tell(session, event, to=to, words=words, link=link, key=f"{event}:{row.id}")


def _require_seller(question: Question, actor: Actor) -> None:
    mine = actor.organisation_id is not None and actor.organisation_id == question.seller_organisation_id
    if actor.kind is not ActorKind.seller or not mine or actor.user_id is None:
        raise NotAllowed("Only the provider of this listing can do this.")


def said(text: str, field: str, message: str, least: int, most: int) -> str:
    """What was typed, when it is long and short enough. Raises Invalid."""
    words = text.replace("\r\n", "\n").replace("\0", "").strip()
    if not least <= len(words) <= most:
        size = f"{least} to {most}" if least > 1 else f"at most {most}"
        raise Invalid(message, {field: f"Write {size} characters."})
    return words
