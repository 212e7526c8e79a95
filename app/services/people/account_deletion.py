"""The end of an account: 14 days to think again, what is in the way, and back; then it is carried out by the clock or
by staff, or refused by staff with reasons. Nobody decides their own."""

from __future__ import annotations

import calendar
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Session

from app import audit_trail
from app.services.people import account_blocker, account_erasure, account_standing, membership
from app.services.platform import audit_event, clock, machine, mail, timer
from models.actor import Actor
from models.errors import Conflict, Invalid
from models.people.deletion_request import DeletionRequest, DeletionState
from models.platform.audit_event import ASIDE
from models.platform.transition import Transition
from models.types import uuid7
from reports.mail.moments import deadline

TO_THINK = timedelta(days=14)
"""A deletion can be taken back for this long."""
SUSPENDED = "The account is suspended, so that its person cannot take this back: it waits until staff decide."
D = DeletionRequest


def waiting(session: Session, user_id: int) -> DeletionRequest | None:
    """What somebody asked for and has neither taken back nor been answered."""
    return session.scalar(sa.select(D).where(D.user_id == user_id, D.state == DeletionState.waiting))


def of_person(session: Session, user_id: int) -> Sequence[DeletionRequest]:
    """Every one of theirs, newest first."""
    return session.scalars(sa.select(D).where(D.user_id == user_id).order_by(D.id.desc())).all()


def ask_deletion(session: Session, user: User) -> DeletionRequest:
    """In 14 days the account is deleted unless its person says otherwise. Raises Conflict while something is open."""
    account_standing.of(session, user.id)  # locks: asked twice at once is asked once
    if waiting(session, user.id) is not None:
        raise Conflict("You asked for this already.")
    if user.roles:
        raise Conflict("An administrator ends the accounts of staff.")
    if found := account_blocker.of(session, user.id):
        raise Conflict(f"Your account cannot be deleted yet. {' '.join(found)}")
    now = clock.now()
    row = D(id=uuid7(), user_id=user.id, created_at=now, due_at=now + TO_THINK, answer_by=_month_after(now))
    machine.begin(session, row)
    words = {"name": user.first_name, "due": row.due_at, "link": "/account/delete"}
    mail.post(session, "account_deletion", to=user.email, words=words, key=f"deletion:{row.id}", user_id=user.id)
    return row


def reasons(session: Session, row: DeletionRequest) -> str:
    """Why staff refused it; empty when they did not, or when the words were erased with the account."""
    said = [one.after for one in audit_event.history(session, D.__tablename__, row.id) if one.after.get("by_staff")]
    words = said[-1].get("reason", "") if said else ""
    return "" if words == ASIDE else str(words)


def in_the_way(session: Session, user_ids: Collection[int]) -> dict[int, list[str]]:
    """Why the clock does not end these accounts, by person. Two statements."""
    found = account_blocker.of_many(session, user_ids)
    for user_id in account_standing.suspended_among(session, user_ids):
        found[user_id] = [SUSPENDED, *found.get(user_id, [])]
    return found


def cancel_deletion(session: Session, user: User, *, actor: Actor) -> None:
    """The account stays. Raises Conflict when nobody asked."""
    row = waiting(session, user.id)
    if row is None:
        raise Conflict("Nothing was asked for, so there is nothing to take back.")
    machine.apply(session, row, "withdraw", actor=actor)


def refuse(session: Session, row: DeletionRequest, *, actor: Actor, reason: str) -> Transition:
    """Staff do not delete it; its person is mailed why, and where to complain (GDPR art. 12(4)). Raises Invalid without
    reasons, GuardFailed for one's own."""
    if not reason.strip():
        raise Invalid("Say why: they are told the reasons.", {"reason": "Enter the reasons."})
    moved = machine.apply(session, row, "refuse", actor=actor, by=actor.user_id)
    said = {"reason": reason.strip()}  # it names people, and a move is never altered: it lies aside
    audit_trail.note(session, D.__tablename__, str(row.id), {"by_staff": "refuse"}, said)
    words = {"name": row.user.first_name, "reason": reason.strip()}
    key = f"deletion:{row.id}:refused"
    mail.post(session, "account_deletion_refused", to=row.user.email, words=words, key=key, user_id=row.user_id)
    return moved


@timer.on_timer("deletion_request", "carry_out")
def carry_out(session: Session, row: DeletionRequest, *, actor: Actor) -> Transition:
    """The account ends. Raises GuardFailed with what stands in the way; the clock then asks again every hour."""
    account_standing.of(session, row.user_id)
    membership.lock_all_of(session, row.user_id)  # no other owner leaves between the question and the end
    moved = machine.apply(session, row, "carry_out", actor=actor, by=actor.user_id)
    words, key = {"name": row.user.first_name}, f"deletion:{row.id}:done"
    mail.post(session, "account_deleted", to=row.user.email, words=words, key=key, user_id=row.user_id)
    account_erasure.erase(session, row.user, actor=actor)
    return moved


@machine.guard("deletion_request", "refuse", "carry_out")
def _not_ones_own(_session: Session, row: DeletionRequest, arguments: dict[str, Any]) -> str | None:
    return "This is about your own account. A colleague decides it." if row.user_id == arguments.get("by") else None


@machine.guard("deletion_request", "carry_out")
def _is_no_colleague(_session: Session, row: DeletionRequest, _arguments: dict[str, Any]) -> str | None:
    """Somebody may have become one since they asked."""
    return "This is a colleague's account now. An administrator ends those." if row.user.roles else None


@machine.guard("deletion_request", "carry_out")
def _they_had_time_to_think(_session: Session, row: DeletionRequest, _arguments: dict[str, Any]) -> str | None:
    if row.due_at <= clock.now():
        return None
    return f"They can take it back until {deadline(row.due_at, mail.sender().zone)}."


@machine.guard("deletion_request", "carry_out")
def _the_clock_ends_no_suspended_one(session: Session, row: DeletionRequest, arguments: dict[str, Any]) -> str | None:
    """They may contest it for six months (DSA art. 20) and cannot sign in: a person looks at it first."""
    by_the_clock = arguments.get("by") is None
    return SUSPENDED if by_the_clock and account_standing.suspended_among(session, [row.user_id]) else None


@machine.guard("deletion_request", "carry_out")
def _nothing_is_in_the_way(session: Session, row: DeletionRequest, _arguments: dict[str, Any]) -> str | None:
    return " ".join(account_blocker.of(session, row.user_id)) or None


def _month_after(moment: datetime) -> datetime:
    """The same day of the next month, or its last one."""
    year, month = (moment.year + 1, 1) if moment.month == 12 else (moment.year, moment.month + 1)  # noqa: PLR2004
    return moment.replace(year=year, month=month, day=min(moment.day, calendar.monthrange(year, month)[1]))
