"""`flask taxonomy plan | apply | verify`: blueprint, tables and published release held against each other."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import NoReturn, TypeVar

import click
import sqlalchemy as sa

from app.services.catalogue import blueprint, taxonomy
from app.services.catalogue.taxonomy import Change, Verified
from app.session import session_scope
from app.unit_of_work import unit_of_work
from models.actor import Actor
from models.errors import Refused

Answer = TypeVar("Answer")
EQUAL, DRIFT, COULD_NOT_RUN = 0, 1, 2


@click.group("taxonomy")
def command() -> None:
    """The taxonomy: blueprint, tables, releases. Exit 0: equal, 1: different, 2: could not run."""


@command.command("plan")
def plan_command() -> None:
    """Show what `apply` would write; exit 1 when that is anything."""

    def run() -> list[Change]:
        with session_scope() as session:
            return taxonomy.plan(session, blueprint.load())

    changes = _run(run)
    _show(changes)
    sys.exit(DRIFT if changes else EQUAL)


@command.command("apply")
@click.option("--note", default="blueprint", show_default=True, help="What the release says about itself.")
def apply_command(note: str) -> None:
    """Bring the tables to the blueprint and publish a release when that changed anything."""

    def run() -> list[Change]:
        with session_scope(), unit_of_work(Actor.system("taxonomy"), reason=note) as session:
            return taxonomy.apply(session, actor=Actor.system("taxonomy"), note=note)

    _show(_run(run))


@command.command("verify")
@click.option("--json", "as_json", is_flag=True, help="The whole report as one JSON object.")
def verify_command(as_json: bool) -> None:
    """Recompute every checksum from the database; print the rows and fields that differ from the last release."""
    started = time.monotonic()

    def run() -> Verified:
        with session_scope() as session:
            return taxonomy.verify(session)

    found = _run(run)
    if as_json:
        click.echo(json.dumps(_report(found, time.monotonic() - started), ensure_ascii=False, default=str))
    else:
        for drift in found.drift:
            click.echo(str(drift))
        state = f"{len(found.drift)} differences" if found.drift else "nothing differs"
        click.echo(f"release {found.release}, {found.rows} rows, root {found.root.hex()}: {state}")
    sys.exit(DRIFT if found.drift else EQUAL)


def _report(found: Verified, seconds: float) -> dict[str, object]:
    drift = [{name: getattr(d, name) for name in ("table", "name", "field", "published", "live")} for d in found.drift]
    return {
        "taxonomy": "broken" if drift else "ok",
        "release": found.release,
        "rows": found.rows,
        "root": found.root.hex(),
        "seconds": round(seconds, 3),
        "drift": drift,
    }


def _show(changes: list[Change]) -> None:
    for change in changes:
        click.echo(str(change))
    click.echo(f"{len(changes)} changes" if changes else "nothing to change")


def _run(work: Callable[[], Answer]) -> Answer:
    try:
        return work()
    except (Refused, blueprint.BlueprintError, OSError, sa.exc.SQLAlchemyError) as error:
        _give_up(error)


def _give_up(error: Exception) -> NoReturn:
    click.echo(f"could not run: {error}", err=True)
    sys.exit(COULD_NOT_RUN)
