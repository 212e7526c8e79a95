"""Rows that are only about one person and that nothing needs when their account has ended."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.catalogue.favourite import Favourite
from models.people.access_token import AccessToken
from models.people.account_link import AccountLink
from models.people.account_request import AccountRequest
from models.people.invitation import Invitation
from models.people.sign_in import SignIn
from models.platform.notification import Notification
from models.platform.notification_preference import NotificationPreference

Place = tuple[str, object]
"""A row of the audit trail: table and key."""


def remove(session: Session, user_id: int, *, address: str) -> list[Place]:
    """Deletes them, also what was sent to `address`; answers where the trail may name their person."""
    theirs: list[sa.Select[Any]] = [sa.select(noun).where(noun.user_id == user_id) for noun in (AccountLink, SignIn)]
    theirs += [
        sa.select(AccessToken).where(AccessToken.user_id == user_id),
        sa.select(AccountRequest).where(sa.or_(AccountRequest.user_id == user_id, AccountRequest.email == address)),
        sa.select(Invitation).where(Invitation.email == address),
        sa.select(NotificationPreference).where(NotificationPreference.user_id == user_id),
    ]
    places: list[Place] = []
    for query in theirs:
        for row in session.scalars(query).all():
            places.append((row.__tablename__, getattr(row, "id", user_id)))
            session.delete(row)
    for noun in (Notification, Favourite):
        session.execute(sa.delete(noun).where(noun.user_id == user_id))
    session.flush()
    return places
