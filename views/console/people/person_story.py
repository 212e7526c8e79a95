"""The history of an account, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Session

from app.services.people import account_history
from views.record import AUTHORS, names_of

DID = {
    "person.create": "added the account",
    "account.confirm": "confirmed the e-mail address",
    "account.change_name": "changed the name",
    "account.change_email": "changed the e-mail address",
    "account.change_password": "changed the password",
    "deletion_request.begin": "asked for the account to be deleted",
    "deletion_request.withdraw": "took the deletion back",
    "deletion_request.refuse": "refused to delete the account",
    "account.delete": "ended the account and removed what names its person",
    "account.suspend": "suspended the account",
    "account.reactivate": "opened the account again",
    "account.resend_confirmation": "sent the confirmation again",
    "account.send_password_link": "sent a password link",
    "account.end_sessions": "ended all sessions",
    "account.end_session": "ended one session",
}


@dataclass(frozen=True)
class Told:
    """A line of the history, in words."""

    who: str
    what: str
    reason: str
    at: datetime


def of_account(session: Session, row: User) -> list[Told]:
    """What happened to it, newest first. Two statements."""
    events = account_history.of(session, row.id)
    names = names_of(session, (one.user_id for one in events))
    return [
        Told(
            names.get(one.user_id or 0) or AUTHORS.get(one.actor, one.actor),
            DID.get(one.verb, "changed the account"),
            one.reason,
            one.at,
        )
        for one in events
    ]
