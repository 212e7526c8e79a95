"""`flask invariants check`: exit 0 all hold, 1 some are broken and the rows are named, 2 they could not be checked."""

from __future__ import annotations

import sys

import click
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from app.commands.ledger import BROKEN, COULD_NOT_RUN
from app.services.platform import invariant
from app.session import session_scope


@click.group("invariants")
def command() -> None:
    """What must always hold."""


@command.command("check")
@with_appcontext
def check() -> None:
    """Ask the database about each invariant."""
    try:
        with session_scope() as session:
            findings = invariant.check_all(session)
    except SQLAlchemyError as error:
        click.echo(f"invariants: could not be checked: {str(error).splitlines()[0]}", err=True)
        sys.exit(COULD_NOT_RUN)
    for finding in findings:
        click.echo(
            f"{'ok    ' if finding.holds else 'BROKEN'} {finding.invariant.number:4} {finding.invariant.sentence}"
        )
        for row in finding.rows:
            click.echo(f"            {row}")
    if not all(finding.holds for finding in findings):
        sys.exit(BROKEN)
