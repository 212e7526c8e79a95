"""Saved views of the console's lists: kept by their owner, shared with a role, opened first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import assoc_user_role
from sqlalchemy.orm import Session, joinedload

from models.errors import Conflict, Invalid, NotFound
from models.platform.saved_view import SavedView

MOST = 20
"""One person's own views of one screen; the row of tabs ends somewhere."""
LONGEST = 40
V = SavedView
_ONE_AT_A_TIME = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


def of(session: Session, user_id: int) -> Sequence[SavedView]:
    """A person's own on every screen and those shared with a role of theirs, by name. A view is shared as long as its
    owner has the role as well. One statement."""
    roles = sa.select(assoc_user_role.c.role_id).where(assoc_user_role.c.user_id == user_id)
    owner = assoc_user_role.alias("owner")
    still = sa.exists().where(owner.c.user_id == V.user_id, owner.c.role_id == V.role_id)
    mine = sa.or_(V.user_id == user_id, sa.and_(V.role_id.in_(roles), still))
    query = sa.select(V).where(mine).options(joinedload(V.user), joinedload(V.role))
    return session.scalars(query.order_by(sa.func.lower(V.name), V.id)).all()


def save(
    session: Session,
    screen: str,
    *,
    user_id: int,
    name: str,
    query: Mapping[str, Sequence[str]],
    role_id: int | None = None,
    opens_first: bool = False,
) -> SavedView:
    """Keeps a list under a name; an own view of that name is replaced, so that a form sent twice keeps one. Raises
    Invalid for a name, Conflict when there are MOST already."""
    words = " ".join(name.split())
    if not 0 < len(words) <= LONGEST:
        raise Invalid("The view was not saved.", {"name": f"Give it a name of at most {LONGEST} characters."})
    _wait(session, user_id)
    own = session.scalars(sa.select(V).where(V.user_id == user_id, V.screen == screen).with_for_update()).all()
    row = next((one for one in own if one.name == words), None)
    if row is None:
        if len(own) >= MOST:
            raise Conflict(f"You have {MOST} views of this list. Remove one first.")
        row = V(user_id=user_id, screen=screen, name=words, opens_first=False)
        session.add(row)
    row.query, row.role_id = {key: list(values) for key, values in query.items()}, role_id
    session.info["verb"] = "saved_view.save"
    session.flush()
    if opens_first != row.opens_first:
        _open_first(session, row, own, yes=opens_first)
    return row


def open_first(session: Session, view_id: UUID, *, user_id: int, yes: bool) -> SavedView:
    """The menu opens this one, or the whole list again. Raises NotFound for somebody else's."""
    _wait(session, user_id)
    row = _own(session, view_id, user_id)
    others = session.scalars(sa.select(V).where(V.user_id == user_id, V.screen == row.screen).with_for_update()).all()
    session.info["verb"] = "saved_view.open_first"
    _open_first(session, row, others, yes=yes)
    return row


def remove(session: Session, view_id: UUID, *, user_id: int) -> SavedView:
    """Forgets it, for those it was shared with as well; answers what it was. Raises NotFound for somebody else's."""
    row = _own(session, view_id, user_id)
    session.info["verb"] = "saved_view.remove"
    session.delete(row)
    session.flush()
    return row


def _wait(session: Session, user_id: int) -> None:
    """One person's presses one after the other: rows that are not there yet cannot be locked."""
    session.execute(_ONE_AT_A_TIME, {"name": f"saved_view:{user_id}"})


def _own(session: Session, view_id: UUID, user_id: int) -> SavedView:
    row = session.scalar(sa.select(V).where(V.id == view_id, V.user_id == user_id).with_for_update())
    if row is None:
        raise NotFound
    return row


def _open_first(session: Session, row: SavedView, others: Sequence[SavedView], *, yes: bool) -> None:
    for other in others:
        other.opens_first = False
    session.flush()
    row.opens_first = yes
    session.flush()
