"""How somebody wants to be told, read and changed by themselves."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import time

from sqlalchemy.orm import Session

from app.services.platform.notification_event import Channel, Event, optional_groups
from app.services.platform.notification_hours import zones
from models.errors import Invalid
from models.platform.notification_preference import Digest, NotificationPreference

P = NotificationPreference
ZONE = "Europe/London"


def preferences(session: Session, user_id: int) -> NotificationPreference:
    """Theirs, or a row that says what holds without one; that one is not added."""
    return session.get(P, user_id) or P(user_id=user_id, switched_off=[], zone=ZONE, digest=Digest.off)


def wants(row: NotificationPreference | None, event: Event, channel: Channel) -> bool:
    """Whether this person is told this by this channel."""
    if channel not in event.channels:
        return False
    return not event.may_be_switched_off or row is None or f"{event.group}:{channel}" not in row.switched_off


def change_preferences(
    session: Session,
    user_id: int,
    *,
    on: Collection[tuple[str, Channel]],
    quiet_from: time | None,
    quiet_to: time | None,
    zone: str,
    digest: Digest,
) -> NotificationPreference:
    """Everything at once, as the form has it: `on` is what stays switched on. Raises Invalid."""
    wrong = {}
    if (quiet_from is None) != (quiet_to is None):
        wrong["quiet_to" if quiet_to is None else "quiet_from"] = "Give both times, or neither."
    elif quiet_from is not None and quiet_from == quiet_to:
        wrong["quiet_to"] = "Choose an end that differs from the beginning."
    if zone not in zones():
        wrong["zone"] = "Choose a place from the list."
    if wrong:
        raise Invalid("Your settings were not saved.", wrong)
    row = _locked(session, user_id)
    row.switched_off = sorted(
        f"{group}:{channel}" for group in optional_groups() for channel in Channel if (group, channel) not in on
    )
    row.quiet_from, row.quiet_to, row.zone, row.digest = quiet_from, quiet_to, zone, digest
    session.info["verb"] = "notification_preference.change"
    session.flush()
    return row


def switch_off(session: Session, user_id: int, what: Iterable[tuple[str, Channel]]) -> None:
    """These as well; everything else stays as it is."""
    row = _locked(session, user_id)
    row.switched_off = sorted({*row.switched_off, *(f"{group}:{channel}" for group, channel in what)})
    session.info["verb"] = "notification_preference.switch_off"
    session.flush()


def _locked(session: Session, user_id: int) -> NotificationPreference:
    row = session.get(P, user_id, with_for_update=True, populate_existing=True)
    if row is None:
        row = P(user_id=user_id, switched_off=[], zone=ZONE, digest=Digest.off)
        session.add(row)
    return row
