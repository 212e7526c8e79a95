"""The mail server: the one place that speaks SMTP.

Two kinds of trouble, because they ask for two different things of the caller: `MailRefused` (this mail will never be
taken) and `MailUnavailable` (not now; nothing is known to have been sent, and trying again is right).
"""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr
from typing import Any
from urllib.parse import urlsplit

from models.types import utc_now

TIMEOUT = 20.0
"""Seconds for each answer of the server."""
_PORTS = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
_PERMANENT = range(500, 600)
_OURS = {502, 503, 504, 530, 534, 535, 538}
"""Permanent codes about how we are set up (commands, signing in), which a person repairs: the mail itself can wait."""


class MailRefused(Exception):  # noqa: N818  the names read as answers
    """Permanent: the server will not take this mail, however often it is asked."""


class MailUnavailable(Exception):  # noqa: N818  the names read as answers
    """Temporary: the server is away, busy, or does not know us. The same mail may be taken later."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """One mail to one person. `ident` is our own id of it, which becomes its Message-ID; `unsubscribe` an https address
    where a POST ends mails of this kind (RFC 8058), or empty."""

    to: str
    subject: str
    text: str
    html: str
    ident: str
    unsubscribe: str = ""


class Mailer:
    """`url` is smtp://host:port (plain), smtp+tls:// (STARTTLS, refused without) or smtps:// (TLS from the start)."""

    def __init__(self, url: str, sender: str, *, user: str = "", password: str = "") -> None:
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError(f"{url!r} is no mail server: smtp://host, smtp+tls://host or smtps://host")
        self.scheme, self.host, self.port = parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]
        self.user, self.password = user, password
        self.name, self.address = parseaddr(sender)
        self.domain = self.address.rpartition("@")[2]

    def message_id(self, ident: str) -> str:
        """The same for the same mail, however often it is handed over."""
        return f"<{ident}@{self.domain}>"

    def compose(self, envelope: Envelope) -> EmailMessage:
        """The mail as it travels: text and HTML, no attachments, nothing loaded from elsewhere."""
        made = EmailMessage(policy=SMTPUTF8)
        made["From"] = Address(self.name, addr_spec=self.address)
        made["To"] = envelope.to
        made["Subject"] = envelope.subject
        made["Date"] = format_datetime(utc_now())
        made["Message-ID"] = self.message_id(envelope.ident)
        made["Auto-Submitted"] = "auto-generated"  # RFC 3834: holiday notices do not answer it
        if envelope.unsubscribe:
            made["List-Unsubscribe"] = f"<{envelope.unsubscribe}>"
            made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        made.set_content(envelope.text, cte="quoted-printable")
        made.add_alternative(envelope.html, subtype="html", cte="quoted-printable")
        return made

    def send(self, envelope: Envelope) -> None:
        """Hands it over; returns when the server has taken it. Raises MailRefused or MailUnavailable."""
        try:
            made = self.compose(envelope)
        except ValueError as error:  # an address or a subject that cannot stand in a header
            raise MailRefused(str(error)) from error
        try:
            self._hand_over(made, envelope.to)
        except smtplib.SMTPRecipientsRefused as error:
            code, words = next(iter(error.recipients.values()))
            raise _trouble(code, words) from error
        except smtplib.SMTPNotSupportedError as error:
            raise MailRefused(str(error)) from error
        except smtplib.SMTPAuthenticationError as error:
            raise MailUnavailable(f"the server does not let us in: {error.smtp_code}") from error
        except smtplib.SMTPSenderRefused as error:  # about us, not about this mail
            raise MailUnavailable(f"{error.smtp_code} {_text(error.smtp_error)}") from error
        except smtplib.SMTPResponseException as error:
            raise _trouble(error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPException, OSError) as error:
            raise MailUnavailable(f"{type(error).__name__}: {error}") from error

    def _hand_over(self, made: EmailMessage, to: str) -> None:
        server = self._connected()
        try:
            if self.user:
                server.login(self.user, self.password)
            international = not to.isascii() or not self.address.isascii()
            options = ["SMTPUTF8", "BODY=8BITMIME"] if international else []
            flat = made.as_bytes(policy=SMTPUTF8 if international else SMTP)
            server.sendmail(self.address, [to], flat, mail_options=options)
        except BaseException:
            server.close()
            raise
        try:
            server.quit()  # it has the mail: how it says goodbye is of no interest
        except (smtplib.SMTPException, OSError):
            server.close()

    def _connected(self) -> smtplib.SMTP:
        if self.scheme == "smtps":
            return smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT, context=ssl.create_default_context())
        server = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT)
        try:
            server.ehlo_or_helo_if_needed()
            if self.scheme == "smtp+tls":
                server.starttls(context=ssl.create_default_context())
                server.ehlo()
        except smtplib.SMTPNotSupportedError as error:  # it offers no TLS today: nothing is sent in the clear
            server.close()
            raise smtplib.SMTPException(str(error)) from error
        except BaseException:
            server.close()
            raise
        return server


def _text(words: Any) -> str:
    return words.decode(errors="replace") if isinstance(words, bytes) else str(words)


def _trouble(code: int, words: Any) -> MailRefused | MailUnavailable:
    kind = MailRefused if code in _PERMANENT and code not in _OURS else MailUnavailable
    return kind(f"{code} {_text(words)}")
