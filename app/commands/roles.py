"""`flask roles sync|print`."""

from __future__ import annotations

import click
from flask.cli import with_appcontext

from app.session import session_scope
from app.unit_of_work import unit_of_work
from models.actor import Actor
from security.roles import table
from security.sync import sync


@click.group("roles")
def command() -> None:
    """Roles are code (security/roles.py); the database follows."""


@command.command("sync")
@with_appcontext
def sync_roles() -> None:
    """Make the database's roles equal to the code's."""
    with session_scope(), unit_of_work(Actor.system("roles")) as session:
        report = sync(session)
    for word, lines in (("added", report.added), ("removed", report.removed), ("hand-made", report.hand_made)):
        for line in lines:
            click.echo(f"{word}: {line}")


@command.command("print")
def print_roles() -> None:
    """The table of roles and permissions."""
    click.echo(table(), nl=False)
