"""The address in a mail that ends mails of its kind without signing in: signed, for one person and one group."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.services.platform import mail, notification_preference, signed_link
from app.services.platform.notification_event import GROUPS, Channel, optional_groups
from models.errors import NotFound

PURPOSE = "unsubscribe"
VALID_SECONDS = 400 * 24 * 3600
EVERY_GROUP = "all"


@dataclass(frozen=True, slots=True)
class Wish:
    """Whose mails end, and of which kind."""

    user_id: int
    group: str

    @property
    def title(self) -> str:
        """What ends, in words."""
        return "mails about anything that may wait" if self.group == EVERY_GROUP else f"mails: {GROUPS[self.group][0]}"


def address(user_id: int, group: str) -> str:
    """The link for this person's mails of this group."""
    return f"{mail.sender().site}/unsubscribe/{signed_link.token(PURPOSE, [user_id, group])}"


def read(token: str) -> Wish:
    """What a link says. Raises NotFound for one that we did not sign, or that is older than thirteen months."""
    said = signed_link.read(PURPOSE, token, seconds=VALID_SECONDS)
    if said is None:
        raise NotFound("This link is not ours, or it is too old. Sign in to change what you are told.")
    user_id, group = said
    if not isinstance(user_id, int) or group not in {*GROUPS, EVERY_GROUP}:
        raise NotFound("This link is not ours. Sign in to change what you are told.")
    return Wish(user_id, group)


def end(session: Session, wish: Wish) -> None:
    """No more mails of this kind to this person; what must be told still is. Twice is once."""
    groups = optional_groups() if wish.group == EVERY_GROUP else [wish.group]
    notification_preference.switch_off(session, wish.user_id, [(group, Channel.mail) for group in groups])
