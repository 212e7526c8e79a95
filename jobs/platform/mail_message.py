"""Clockwork for mails: handed to the mail server outside any transaction."""

from __future__ import annotations

from uuid import UUID

import structlog

from app.clients.mail import Envelope, MailRefused, MailUnavailable
from app.services.platform import mail
from jobs.base import JobRun, NotYet, job

log = structlog.get_logger("jobs")
PAUSES = (5, 30, 120, 600, 1800, 3600)


@job("platform.mail_message.send", queue="mail")
def send(run: JobRun, *, message_id: str) -> None:
    """The mail server has the mail, once: one that was sent is never sent again. A server that is away is tried for two
    days. Dying between its yes and our note sends a second copy under the same Message-ID."""
    key = UUID(message_id)
    with run.transaction() as session:
        found = mail.to_send(session, key)
    if found is None:
        return
    envelope = Envelope(
        found.to_address, found.subject, found.text, found.html, ident=str(found.id), unsubscribe=found.unsubscribe_url
    )
    try:
        run.parts.mailer.send(envelope)
    except MailRefused as error:
        with run.finish() as session:
            mail.record_failed(session, key, str(error), permanent=True)
        log.warning("mail refused", mail=message_id)
        return
    except MailUnavailable as error:
        with run.transaction() as session:
            over = mail.record_failed(session, key, str(error), permanent=False)
        if over:
            return
        raise NotYet(PAUSES[min(found.attempts, len(PAUSES) - 1)]) from error
    with run.finish() as session:
        mail.record_sent(session, key)
