"""`flask audit verify`: exit 0 it holds, 1 it is broken and the rows are named, 2 it could not be checked."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from app.commands.ledger import answer, chain_faults, known_option
from app.services.platform import audit_event


@click.group("audit")
def command() -> None:
    """The sealed trail of who changed what."""


@command.command("verify")
@known_option
@with_appcontext
def verify(known: tuple[tuple[int, bytes], ...]) -> None:
    """Check every event and block, and the personal text that lies aside."""
    answer("audit", lambda session: chain_faults(session, "audit", known) + audit_event.personal_faults(session))
