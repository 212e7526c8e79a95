"""`flask clock advance 6d`: moves the clock of every process and of the payment simulator, for rehearsals.

Exit 0 done, 1 only half of it (the simulator does not answer; the next move takes it along), 2 refused or not possible.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from app.clients import simulator_clock
from app.clients.payments import PaymentsUnavailable
from app.parts import Parts
from app.services.platform import clock
from app.session import session_scope
from app.unit_of_work import unit_of_work
from models.actor import Actor
from models.errors import Refused
from models.types import utc_now

ACTOR = Actor.system("flask clock")
HALF_DONE, REFUSED = 1, 2
UNITS = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
SPELLED = re.compile(r"(\d{1,9}[dhms])+")


class Span(click.ParamType[timedelta]):
    """`6d`, `90m`, `1d12h`."""

    name = "SPAN"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        if not SPELLED.fullmatch(value):
            self.fail("say days, hours, minutes or seconds: 6d, 90m, 1d12h", param, ctx)
        try:
            return sum((timedelta(**{UNITS[u]: int(n)}) for n, u in re.findall(r"(\d+)([dhms])", value)), timedelta())
        except OverflowError:
            self.fail("that is farther than a calendar reaches", param, ctx)


@click.group("clock")
def command() -> None:
    """The time that the verbs believe in. Development and tests only; it goes forward."""


@command.command("advance")
@click.argument("by", type=Span())
@with_appcontext
def advance(by: timedelta) -> None:
    """Moves it by SPAN: timers that become due by that are run by the clock and a worker within seconds."""
    parts = _rehearsing()
    with _asked(), unit_of_work(ACTOR) as session:
        ahead = clock.advance(session, by)
    _tell(ahead)
    _move_simulator(parts, ahead)


@command.command("show")
@with_appcontext
def show() -> None:
    """What time it is for the verbs."""
    _rehearsing()
    _tell(clock.shift())


@command.command("reset")
@with_appcontext
def reset() -> None:
    """Back to real time. Rows keep their dates; a timer that was armed meanwhile waits for its moment."""
    parts = _rehearsing()
    with _asked(), unit_of_work(ACTOR) as session:
        clock.reset(session)
    _tell(timedelta())
    _move_simulator(parts, timedelta())


def _rehearsing() -> Parts:
    parts: Parts = current_app.extensions["parts"]
    if parts.config.production:
        click.echo("clock: it cannot be moved in production; people's money waits for real days", err=True)
        sys.exit(REFUSED)
    return parts


@contextmanager
def _asked() -> Iterator[None]:
    """A session; ends the process with a sentence when a verb or the database says no."""
    try:
        with session_scope():
            yield
    except (SQLAlchemyError, Refused) as error:
        click.echo(f"clock: {str(error).splitlines()[0]}", err=True)
        sys.exit(REFUSED)


def _tell(ahead: timedelta) -> None:
    there = f"{utc_now() + ahead:%a %d %b %Y, %H:%M:%S} UTC"
    click.echo(f"clock: {ahead} ahead, it is {there}" if ahead else f"clock: real time, it is {there}")


def _move_simulator(parts: Parts, ahead: timedelta) -> None:
    if parts.config.payments_provider != "simulator":
        return
    try:
        simulator_clock.bring_to(parts.config.payments_url, int(ahead.total_seconds()))
    except PaymentsUnavailable as error:
        click.echo(f"clock: {error}: its clock stands still; `flask clock advance` moves it too once it runs", err=True)
        sys.exit(HALF_DONE)
