"""Mails: written in the transaction that has something to say, sent after it by a job, once per key.

What can happen twice is only the last step: a mail server that took a mail while this machine died gets it again, with
the same Message-ID, by which mail programs show it once. Its times are real ones: a rehearsal moves no mail server.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app import audit_trail
from app.outbox import send
from app.services.platform import clock
from models.actor import Actor
from models.errors import Conflict, Invalid
from models.platform.mail_message import MailMessage
from models.types import uuid7
from reports.mail import letter
from reports.mail.letter import Sender

M = MailMessage
GIVE_UP_AFTER = timedelta(days=2)
"""A mail server that is away this long: the mail failed, and a person decides."""
LONGEST_REASON = 1000
_from: dict[str, Sender] = {}


@dataclass(frozen=True, slots=True)
class ToSend:
    """What the job hands to the mail server."""

    id: UUID
    to_address: str
    subject: str
    text: str
    html: str
    unsubscribe_url: str
    attempts: int


def write_as(sender: Sender) -> None:
    """Whose name stands below the mails of this process; said once, when it is put together."""
    _from["sender"] = sender


def sender() -> Sender:
    """As `write_as` said. Raises RuntimeError before it did."""
    if "sender" not in _from:
        raise RuntimeError("nobody said whose mails these are: call mail.write_as first")
    return _from["sender"]


def post(
    session: Session,
    template: str,
    *,
    to: str,
    words: Mapping[str, Any],
    key: str,
    user_id: int | None = None,
    unsubscribe_url: str = "",
    not_before: datetime | None = None,
) -> MailMessage:
    """Writes the mail `reports/mail/<template>` now and asks for it to be sent after the commit, once per `key`.

    An equal key answers the mail that is there, whatever the words. Raises Invalid for an address that is none.
    """
    known = session.scalars(sa.select(M).where(M.key == key)).one_or_none()
    if known is not None:
        return known
    written = letter.write(template, words, sender=sender(), unsubscribe_url=unsubscribe_url)
    row = {
        "key": key,
        "template": template,
        "to_address": _address(to),
        "user_id": user_id,
        "subject": written.subject,
        "text": written.text,
        "html": written.html,
        "unsubscribe_url": unsubscribe_url,
    }
    return _queued(session, row, not_before=not_before)


def resend(session: Session, message: MailMessage, *, actor: Actor, reason: str) -> MailMessage:
    """A copy to the same address, by staff, who say why. Raises Conflict while the first is still on its way.

    Two people who press at once make one copy: the number of copies is part of the key.
    """
    if not reason.strip():
        raise Invalid("The mail was not sent again.", {"reason": "Say why it is sent again."})
    session.refresh(message, with_for_update=True)
    if not message.over:
        raise Conflict("This mail is still on its way. If the mail server is away, it is tried again by itself.")
    first = message.resend_of_id or message.id
    copies = session.scalar(sa.select(sa.func.count()).where(M.resend_of_id == first)) or 0
    kept = ("template", "to_address", "user_id", "subject", "text", "html", "unsubscribe_url")
    row = {name: getattr(message, name) for name in kept}
    copy = _queued(session, {**row, "key": f"resend:{first}:{copies + 1}", "resend_of_id": first})
    session.info["verb"] = "mail_message.resend"
    told = {"copy": str(copy.id), "reason": reason.strip()[:LONGEST_REASON], "by": actor.user_id}
    audit_trail.note(session, "mail_message", str(message.id), told)
    return copy


def to_send(session: Session, message_id: UUID) -> ToSend | None:
    """The mail, or None when it was sent, failed, or is gone: then there is nothing to do."""
    row = session.get(M, message_id, populate_existing=True)
    if row is None or row.over:
        return None
    return ToSend(row.id, row.to_address, row.subject, row.text, row.html, row.unsubscribe_url, row.attempts)


def record_sent(session: Session, message_id: UUID) -> None:
    """The mail server took it. Said twice, it stays as it was said first."""
    row = session.get_one(M, message_id, with_for_update=True, populate_existing=True)
    if row.sent_at is None:
        row.sent_at, row.failed_at, row.attempts, row.last_error = clock.real(), None, row.attempts + 1, ""
        session.flush()


def record_failed(session: Session, message_id: UUID, error: str, *, permanent: bool) -> bool:
    """Counts a failure. True when that was the last one: the server said no for good, or was away for two days."""
    row = session.get_one(M, message_id, with_for_update=True, populate_existing=True)
    if row.over:
        return True
    row.attempts += 1
    row.last_error = error[:2000]
    if permanent or clock.real() - row.created_at > GIVE_UP_AFTER:
        row.failed_at = clock.real()
    session.flush()
    return row.failed_at is not None


def _address(text: str) -> str:
    """Good enough to hand to a mail server, which knows best. Raises Invalid."""
    name, at, host = text.strip().rpartition("@")
    if not (name and at and host) or any(c.isspace() or ord(c) < ord(" ") or c in ",;<>" for c in text.strip()):
        raise Invalid("This is no e-mail address.", {"email": "Enter an address like name@example.com."})
    return text.strip()


def _queued(session: Session, values: Mapping[str, Any], *, not_before: datetime | None = None) -> MailMessage:
    ident = uuid7()
    added = insert(M).values(id=ident, created_at=clock.real(), **values)
    made = session.scalar(added.on_conflict_do_nothing(index_elements=["key"]).returning(M.id))
    if made is not None:
        payload = {"message_id": str(ident)}
        send(
            session,
            "platform.mail_message.send",
            key=f"mail:{ident}",
            payload=payload,
            queue="mail",
            not_before=not_before,
        )
    return session.scalars(sa.select(M).where(M.key == values["key"])).one()
