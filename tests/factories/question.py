"""Questions about a listing, made through the real verbs."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.services.catalogue import question
from models.catalogue.question import Question
from tests.factories import commerce

TEXT = "Do you also test the shed at the end of the garden?"
ANSWER = "Yes, when it hangs on the same board."


def asked(session: Session, told: commerce.Story, *, may_be_shown: bool = True, text: str = TEXT) -> Question:
    """One that waits for its answer."""
    return question.ask(session, told.listing, actor=told.buyer.actor, text=text, may_be_shown=may_be_shown)


def answered(session: Session, told: commerce.Story, *, may_be_shown: bool = True) -> Question:
    """One with its answer."""
    row = asked(session, told, may_be_shown=may_be_shown)
    question.answer(session, row, actor=told.seller.actor, text=ANSWER)
    return row


def published(session: Session, told: commerce.Story) -> Question:
    """One on the page of its listing."""
    row = answered(session, told)
    question.publish(session, row, actor=told.seller.actor)
    return row
