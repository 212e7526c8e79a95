"""Every row that a session writes leaves a sealed audit row, in the same transaction.

The listener runs after each flush, when new rows have their ids, and hands all of the flush to the database's
`audit_write` in one statement. Bulk SQL goes past a session's flush and so past this: a house test forbids it for
audited tables. Who, why and which verb come from the unit of work; Flask-AppBuilder's security manager commits by
itself, outside of one, and `outside_actor` tells who was at the edge then.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import InstanceState, Mapper, Session, sessionmaker

from app.observability import current_request_id
from models.actor import Actor
from models.platform.audit_event import ASIDE, SECRET
from models.platform.audit_value import plain
from models.platform.transition import Transition

UNAUDITED = {
    "account": "opened by the ledger, which seals it with each entry",
    "account_balance": "follows from postings",
    "audit_event": "is the trail",
    "audit_personal": "is the trail",
    "closing": "follows from postings, which the ledger seals",
    "favourite": "a person's own list: nobody decides by it, and what is taken off it is gone",
    "heartbeat": "machinery: says that a process lives",
    "idempotency_key": "machinery: remembers an answer for a repeated request",
    "journal_entry": "append-only and sealed in a chain of its own",
    "mail_message": "keeps the words themselves; who sent one again is noted",
    "notification": "tells of what is audited",
    "outbox_message": "machinery: what it causes is audited",
    "posting": "append-only and sealed in a chain of its own",
    "search_lexeme": "follows from listings, counted by the database",
    "seal": "is the seal",
    "seal_block": "is the seal",
    "seal_chain": "is the seal",
    "seal_leaf": "is the seal",
    "taxonomy_release_row": "append-only, under the Merkle root of its release",
    "timer": "machinery: the move it makes is audited",
    "transition": "append-only; the row that moved is audited with its event",
    "unsealed": "the sealer's queue",
}
"""Tables that leave no audit row, each with the reason."""
PERSONAL = {
    "ab_user": frozenset({"first_name", "last_name", "username", "email"}),
    "ab_register_user": frozenset({"first_name", "last_name", "username", "email"}),
}
"""Personal columns of tables that are not ours; a model of ours names its own in `__personal__`."""
SECRETS = frozenset({"password", "stamp", "secret", "key_hash", "lookup_hash", "registration_hash", "token_hash"})

outside_actor: ContextVar[Callable[[], Actor | None] | None] = ContextVar("outside_actor", default=None)
"""Set by the web edge: who is asking, for writes that are committed outside a unit of work."""
_NOBODY = Actor.system("outside a unit of work")
_WRITE = sa.text("SELECT audit_write(CAST(:events AS jsonb))")


def install(factory: sessionmaker[Session]) -> None:
    """Audits every session the factory makes."""
    event.listen(factory, "after_flush", _after_flush)


@event.listens_for(Mapper, "mapper_configured")
def _remember_before(mapper: Mapper[Any], entity: type[Any]) -> None:
    """Setting an expired attribute first loads what it held: there is no `before` otherwise."""
    if getattr(entity, "__tablename__", "") not in UNAUDITED:
        for column in mapper.column_attrs:
            getattr(entity, column.key).impl.active_history = True


def note(
    session: Session, entity: str, entity_id: str, facts: Mapping[str, Any], personal: Mapping[str, Any] | None = None
) -> None:
    """An event that writes no row of its own, such as an export: what is worth knowing is in `facts`, and what is
    personal in `personal`, where it can be erased."""
    aside = dict(personal or {})
    event = {
        **_circumstances(session),
        "entity": entity,
        "entity_id": entity_id,
        "op": "I",
        "after": {**facts, **dict.fromkeys(aside, ASIDE)},
        **({"personal": {"after": aside}} if aside else {}),
    }
    session.connection().execute(_WRITE, {"events": json.dumps([event], ensure_ascii=False)})


def of_new(session: Session, row: Any) -> dict[str, Any]:
    """The event of a new row that goes past the session, for whoever writes both in one statement; the row has its key
    and all its values."""
    return {**_circumstances(session), **(_change("I", row) or {})}


def _after_flush(session: Session, _context: object) -> None:
    changes = [change for op, row in _written(session) if (change := _change(op, row)) is not None]
    if not changes:
        return
    common, moves = _circumstances(session), _moves(session)
    events = [{**common, **change} for change in changes]
    for change in events:
        change["verb"] = moves.get(change["entity_id"], common["verb"])
    session.connection().execute(_WRITE, {"events": json.dumps(events, ensure_ascii=False)})


def _written(session: Session) -> Iterator[tuple[str, Any]]:
    for op, rows in (("I", session.new), ("U", session.dirty), ("D", session.deleted)):
        for row in rows:
            if row.__tablename__ not in UNAUDITED:
                yield op, row


def _circumstances(session: Session) -> dict[str, Any]:
    """Who and why. A person's name is theirs: the row names them by id only."""
    ask = outside_actor.get()
    actor = session.info.get("actor") or (ask() if ask else None) or _NOBODY
    return {
        "actor_kind": actor.kind.value,
        "actor_user_id": actor.user_id,
        "actor_organisation_id": plain(actor.organisation_id),
        "actor_name": actor.name if actor.user_id is None else "",
        "role": actor.role,
        "verb": session.info.get("verb", ""),
        "reason": session.info.get("reason", ""),
        "request_id": actor.request_id or current_request_id(),
    }


def _moves(session: Session) -> dict[str, str]:
    """A row that a state machine moved was changed by that event, whoever opened the unit of work."""
    return {str(row.subject_id): f"{row.machine}.{row.event}" for row in session.new if isinstance(row, Transition)}


def _change(op: str, row: Any) -> dict[str, Any] | None:
    """What is known of one written row, or None when an update changed nothing."""
    state: InstanceState[Any] = sa.inspect(row)
    before, after = _columns(op, state)
    links_before, links_after = _links(state)
    before, after = {**before, **links_before}, {**after, **links_after}
    if op == "U" and not before and not after:
        return None
    aside = {
        side: held for side, values in (("before", before), ("after", after)) if (held := _take_aside(row, values))
    }
    return {
        "entity": row.__tablename__,
        "entity_id": "/".join(str(part) for part in state.mapper.primary_key_from_instance(row)),
        "op": op,
        **({"before": before} if op != "I" else {}),
        **({"after": after} if op != "D" else {}),
        **({"personal": aside} if aside else {}),
    }


def _columns(op: str, state: InstanceState[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for column in state.mapper.column_attrs:
        name = column.key
        if column.columns[0].computed is not None:  # follows from the other columns
            continue
        if op == "U":
            history = state.attrs[name].history
            if history.has_changes():
                before[name] = plain(next(iter(history.deleted), None))
                after[name] = plain(next(iter(history.added), None))
        elif (value := state.dict.get(name)) is not None:
            (after if op == "I" else before)[name] = plain(value)
    return before, after


def _links(state: InstanceState[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Many-to-many links have no class of their own: they are told as lists on the row that was linked."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for relation in state.mapper.relationships:
        if relation.secondary is None:
            continue
        history = state.attrs[relation.key].history
        if history.has_changes():
            before[relation.key] = _names([*history.deleted, *history.unchanged])
            after[relation.key] = _names([*history.added, *history.unchanged])
    return before, after


def _names(rows: list[Any]) -> list[str]:
    return sorted(
        str(getattr(row, "name", None) or sa.inspect(row).mapper.primary_key_from_instance(row)) for row in rows
    )


def _take_aside(row: Any, values: dict[str, Any]) -> dict[str, Any]:
    """Takes personal values out and leaves a mark; secrets leave a mark and are kept nowhere."""
    personal = PERSONAL.get(row.__tablename__, getattr(row, "__personal__", frozenset()))
    held = {}
    for name, value in values.items():
        if name in SECRETS:
            values[name] = SECRET
        elif name in personal and value is not None:
            held[name] = value
            values[name] = ASIDE
    return held
