"""`flask ledger verify`: exit 0 it holds, 1 it is broken and the rows are named, 2 it could not be checked.

`flask ledger export` writes the file that strangers check by themselves; exit 2 when it could not be written.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.parts import Parts
from app.services.commerce import ledger_export
from app.services.platform import seal, seal_head
from app.session import session_scope
from models.errors import Refused

BROKEN, COULD_NOT_RUN = 1, 2


class HeadOption(click.ParamType[tuple[int, bytes]]):
    """`HEIGHT:HASH`, the hash in hexadecimal."""

    name = "HEIGHT:HASH"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, bytes]:
        height, _, digest = value.partition(":")
        try:
            return int(height), bytes.fromhex(digest)
        except ValueError:
            self.fail("say the height, a colon and the block hash in hexadecimal", param, ctx)


known_option = click.option(
    "--known", type=HeadOption(), multiple=True, help="a head you kept: the chain must still contain it"
)


@click.group("ledger")
def command() -> None:
    """The sealed journal."""


@command.command("verify")
@known_option
@with_appcontext
def verify(known: tuple[tuple[int, bytes], ...]) -> None:
    """Check every entry and block, and that the heads published in storage are still part of the chain."""
    answer("ledger", lambda session: chain_faults(session, "ledger", known))


@command.command("export")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="the file to write")
@with_appcontext
def export(out: Path) -> None:
    """Write the sealed ledger as JSON Lines; anyone checks it with fixnado_verify.py. Whole or not at all."""
    unfinished = out.with_name(f"{out.name}.unfinished")
    try:
        with session_scope() as session, unfinished.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(ledger_export.lines(session))
        unfinished.replace(out)
    except (SQLAlchemyError, OSError) as error:
        unfinished.unlink(missing_ok=True)
        click.echo(f"ledger: could not be exported: {str(error).splitlines()[0]}", err=True)
        sys.exit(COULD_NOT_RUN)
    click.echo(f"ledger: exported to {out}")


def chain_faults(session: Session, chain: str, known: tuple[tuple[int, bytes], ...]) -> list[seal.Fault]:
    """What is wrong with a chain, each fault once. Raises Refused when storage does not answer."""
    parts: Parts = current_app.extensions["parts"]
    heads, faults = seal_head.published(parts.storage, chain, seal_head.signer(parts.config.seal_signing_key))
    heads += [seal.Head(chain, height, digest) for height, digest in known]
    return faults + seal.verify(session, chain) + seal.lost_heads(session, heads)


def answer(what: str, check: Callable[[Session], list[seal.Fault]]) -> None:
    """Runs the check, says what it found and ends the process with the exit code that goes with it."""
    try:
        with session_scope() as session:
            faults = check(session)
            head = seal.head(session, what)
    except (SQLAlchemyError, Refused) as error:
        click.echo(f"{what}: could not be checked: {str(error).splitlines()[0]}", err=True)
        sys.exit(COULD_NOT_RUN)
    for fault in faults:
        click.echo(str(fault))
    if faults:
        sys.exit(BROKEN)
    click.echo(f"{what}: ok, head {head.height}:{head.block_hash.hex()}" if head else f"{what}: ok, nothing sealed yet")
