"""What should not stand on a listing's page: reported by anybody, hidden or left by staff, never edited."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.catalogue.question import LEAST, said, tell
from app.services.platform import machine
from models.actor import Actor
from models.catalogue.question import SHOWN, Question
from models.errors import Conflict, Invalid, NotAllowed, NotFound
from models.platform.transition import Transition

MOST = 1000


def report(session: Session, question: Question, *, actor: Actor, reason: str) -> Transition:
    """Asks staff to look at it; it stays where it is until they have. Raises NotFound for one that nobody may read,
    Conflict for a second report, Invalid."""
    machine.lock(session, question)
    if question.state not in SHOWN:
        raise NotFound
    if actor.organisation_id is None or actor.user_id is None:
        raise NotAllowed("Sign in to report a question.")
    words = said(reason, "text", "The report was not sent.", LEAST, MOST)
    again = sa.select(Transition.id).where(
        Transition.machine == "question",
        Transition.subject_id == question.id,
        Transition.event == "report",
        Transition.actor_organisation_id == actor.organisation_id,
    )
    if session.scalar(again.limit(1)) is not None:
        raise Conflict("You have reported this already.")
    return machine.apply(session, question, "report", actor=actor, reason=words)


def dismiss(session: Session, question: Question, *, actor: Actor, reason: str) -> Transition:
    """The report is answered and it stands."""
    return machine.apply(session, question, "dismiss", actor=actor, reason=_why(reason))


def hide(session: Session, question: Question, *, actor: Actor, reason: str) -> Transition:
    """Nobody but staff reads it any more, except that the asker finds the words they wrote; both sides are told why."""
    moved = machine.apply(session, question, "hide", actor=actor, reason=_why(reason))
    sides = ((question.asker_user_id, "/account/questions"), (question.seller_organisation_id, "/pro/questions"))
    for to, link in sides:
        tell(session, question, "question.hidden", to=to, link=link, reason=moved.reason)
    return moved


def _why(reason: str) -> str:
    if not reason.strip():
        raise Invalid("Say why.", {"reason": "Say why, for the history."})
    return reason.strip()
