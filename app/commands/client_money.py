"""`flask money client`: exit 0 the money that we owe is there, 1 there is a shortfall, 2 it could not be added up."""

from __future__ import annotations

import sys
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from app.services.commerce import client_money
from app.session import session_scope
from reports.layout.spreadsheet import money

SHORTFALL, COULD_NOT_RUN = 1, 2


@click.group("money")
def command() -> None:
    """What we owe to others, and whether it is there."""


@command.command("client")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="as of the end of this day; without it, now")
@with_appcontext
def client(day: datetime | None) -> None:
    """Required and resource of client money, per currency."""
    zone = ZoneInfo(current_app.extensions["parts"].config.business_time_zone)
    at = (day + timedelta(days=1)).replace(tzinfo=zone) if day else None
    try:
        with session_scope() as session:
            found = client_money.statement(session, at=at)
    except SQLAlchemyError as error:
        click.echo(f"client money: could not be added up: {str(error).splitlines()[0]}", err=True)
        sys.exit(COULD_NOT_RUN)
    for one in found:
        word = "ok       " if one.surplus >= 0 else "SHORTFALL"
        sums = f"required {money(one.owed)}, there {money(one.there)}"
        over = f"{money(one.surplus)} more" if one.surplus >= 0 else f"{money(-one.surplus)} missing"
        click.echo(f"{word} {one.currency} {sums}: {over}")
    if not found:
        click.echo("ok        nothing is owed: nothing was posted")
    if any(one.surplus < 0 for one in found):
        sys.exit(SHORTFALL)
