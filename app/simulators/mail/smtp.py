"""SMTP on loopback: aiosmtpd does the protocol, this says what becomes of a mail."""

from __future__ import annotations

import asyncio

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from app.simulators.mail.store import Store
from app.simulators.mail.trouble import trouble

LOOPBACK = "127.0.0.1"
LARGEST = 10 * 1024 * 1024


class Keeper:
    """Keeps what comes; refuses whom `trouble` names."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Trouble at the address, or room for the mail."""
        del server, session
        found = trouble(address)
        if found and found.answer:
            return found.answer
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Kept; a lost answer is lost after that."""
        del session
        raw = envelope.original_content or b""
        await asyncio.to_thread(self.store.keep, envelope.mail_from or "", envelope.rcpt_tos, raw)
        if any(found.after for one in envelope.rcpt_tos if (found := trouble(one))) and server.transport:
            server.transport.close()
        return "250 OK, kept"


def listener(store: Store, port: int) -> Controller:
    """Not yet started. Its thread ends with `stop()`."""
    return Controller(
        Keeper(store),
        hostname=LOOPBACK,
        port=port,
        data_size_limit=LARGEST,
        enable_SMTPUTF8=True,
        ident="Mailbox",
    )
