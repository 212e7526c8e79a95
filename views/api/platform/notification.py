"""Somebody's news: the list, what was read, and how they want to be told."""

from __future__ import annotations

from datetime import time
from typing import Any
from uuid import UUID

from marshmallow import fields, validate
from sqlalchemy.orm import Session

from app.services.platform import notification as verbs
from app.services.platform import notification_preference
from app.services.platform.notification_event import Channel, optional_groups
from app.session import session
from models.errors import NotFound
from models.platform.notification_preference import Digest, NotificationPreference
from views.api.operation import Deed, does, reads
from views.api.paging import cursor
from views.api.shapes import Gives, Moment, Takes
from views.storefront.people.person import current_person

GROUPS = list(optional_groups())
HOUR = validate.Regexp(r"^([01]\d|2[0-3]):[0-5]\d\Z", error="Send an hour and minutes, like 22:00.")
DIGESTS = [one.name for one in Digest]


class NewsQuery(Takes):
    """`before` is the `next` of the page that was read last."""

    before = fields.String(load_default="", validate=validate.Length(max=200))


class NewsShape(Gives):
    """One line; `link` is a path of this site."""

    id = fields.UUID()
    event = fields.String()
    line = fields.String()
    text = fields.String()
    link = fields.String()
    at = Moment()
    read_at = Moment(allow_none=True)


class NewsPage(Gives):
    """Newest first, thirty at a time."""

    items = fields.List(fields.Nested(NewsShape))
    unread = fields.Integer()
    next = fields.String(allow_none=True)


class Until(Takes):
    """The newest line that was seen; what came after it stays unread. Without it, all."""

    until = fields.UUID(load_default=None, allow_none=True)


class Unread(Gives):
    """How many lines are left unread."""

    unread = fields.Integer()


class SwitchedOff(Takes):
    """A kind of news that does not come by one of the ways."""

    group = fields.String(required=True, validate=validate.OneOf(GROUPS))
    channel = fields.String(required=True, validate=validate.OneOf([one.value for one in Channel]))


class SwitchedOffShape(Gives):
    """A kind of news that does not come by one of the ways."""

    group = fields.String()
    channel = fields.String()


class Preferences(Takes):
    """All of it at once. Quiet hours (HH:MM) are both given or neither; `zone` is theirs."""

    switched_off = fields.List(fields.Nested(SwitchedOff), required=True, validate=validate.Length(max=50))
    quiet_from = fields.String(required=True, allow_none=True, validate=HOUR)
    quiet_to = fields.String(required=True, allow_none=True, validate=HOUR)
    zone = fields.String(required=True, validate=validate.Length(1, 60))
    digest = fields.String(required=True, validate=validate.OneOf(DIGESTS))


class PreferencesShape(Gives):
    """As they are. `groups` are the kinds that may be switched off; the others always come."""

    groups = fields.List(fields.String())
    switched_off = fields.List(fields.Nested(SwitchedOffShape))
    quiet_from = fields.String(allow_none=True)
    quiet_to = fields.String(allow_none=True)
    zone = fields.String()
    digest = fields.String()


@reads("/notifications", gives=NewsPage, query=NewsQuery)
def notifications(asked: dict[str, Any]) -> dict[str, Any]:
    """The caller's news."""
    page = verbs.page(session(), _me(), after=cursor(asked["before"]))
    items = [
        {
            "id": row.id,
            "event": row.event,
            "line": row.line,
            "text": row.text,
            "link": row.link,
            "at": row.told_at,
            "read_at": row.read_at,
        }
        for row in page.rows
    ]
    following = str(page.after) if page.after else None
    return {"items": items, "unread": verbs.unread_count(session(), _me()), "next": following}


@does("/notifications/read", takes=Until, gives=Unread)
def read_notifications(asked: dict[str, Any]) -> Deed:
    """All that the caller has seen."""

    def run(work: Session) -> dict[str, Any]:
        verbs.mark_read(work, me, until=asked["until"])
        return {"unread": verbs.unread_count(work, me)}

    me = _me()
    return Deed(current_person().themselves(), run)


@does("/notifications/<uuid:notification_id>/read", gives=Unread)
def read_notification(_asked: dict[str, Any], notification_id: UUID) -> Deed:
    """One line. Another person's is not there."""

    def run(work: Session) -> dict[str, Any]:
        if verbs.opened(work, me, notification_id) is None:
            raise NotFound("There is no such notification.")
        return {"unread": verbs.unread_count(work, me)}

    me = _me()
    return Deed(current_person().themselves(), run)


@reads("/notification-preferences", gives=PreferencesShape)
def notification_preferences() -> dict[str, Any]:
    """How the caller wants to be told."""
    return _shape(notification_preference.preferences(session(), _me()))


@does("/notification-preferences", takes=Preferences, gives=PreferencesShape)
def change_notification_preferences(asked: dict[str, Any]) -> Deed:
    """All of it is saved, or none."""
    me, off = _me(), {(one["group"], one["channel"]) for one in asked["switched_off"]}
    on = {(group, channel) for group in GROUPS for channel in Channel if (group, channel.value) not in off}
    quiet = {name: time.fromisoformat(asked[name]) if asked[name] else None for name in ("quiet_from", "quiet_to")}
    named = {**quiet, "zone": asked["zone"], "digest": Digest[asked["digest"]], "on": on}
    change = notification_preference.change_preferences
    return Deed(current_person().themselves(), lambda work: _shape(change(work, me, **named)))


def _me() -> int:
    return current_person().user_id or 0


def _shape(row: NotificationPreference) -> dict[str, Any]:
    pairs = (one.partition(":") for one in row.switched_off)
    off = [{"group": group, "channel": channel} for group, _, channel in pairs]
    quiet = {"quiet_from": _hour(row.quiet_from), "quiet_to": _hour(row.quiet_to)}
    return {"groups": GROUPS, "switched_off": off, **quiet, "zone": row.zone, "digest": row.digest.name}


def _hour(moment: time | None) -> str | None:
    return None if moment is None else f"{moment:%H:%M}"
