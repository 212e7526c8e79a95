"""`flask prepare`: everything a database needs before the product may run on it. Safe to repeat."""

from __future__ import annotations

import logging

import click
from flask.cli import with_appcontext
from flask_migrate import upgrade

from app.commands.seed import PASSWORD, accounts, seed_demonstration
from app.services.catalogue import taxonomy
from app.services.commerce import cancellation_policy, rate
from app.session import session_scope
from app.unit_of_work import unit_of_work
from models.actor import Actor
from security.sync import sync

ACTOR = Actor.system("prepare")


@click.command("prepare")
@click.option("--seed/--no-seed", default=False, help="also make the demonstration people, listings and orders")
@with_appcontext
def command(*, seed: bool) -> None:
    """Migrate as the owner, make roles equal to the code, bring taxonomy and rates, seed an empty database."""
    logging.getLogger("alembic").setLevel(logging.WARNING)
    upgrade()
    with session_scope():
        with unit_of_work(ACTOR) as session:
            report = sync(session)
        with unit_of_work(ACTOR) as session:
            taxonomy.apply(session, actor=ACTOR)
            rate.apply(session)
            cancellation_policy.apply(session)
        if report.hand_made:
            click.echo(f"roles not in the code, left alone: {', '.join(report.hand_made)}")
        if seed:
            seed_demonstration()
            for email, name, does in accounts():
                click.echo(f"account: {email:<26}{name} ({does})")
            click.echo(f"account: all with the password {PASSWORD}")
