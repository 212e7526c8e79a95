"""The database's permission rows become those of the table."""

from __future__ import annotations

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import PermissionView, Role

from security.permissions import every
from security.roles import ROLES
from security.sync import hand_made, sync


def test_the_database_is_equal_to_the_table_after_prepare(session):
    report = sync(session)
    assert not report.changed
    assert session.scalar(sa.select(sa.func.count()).select_from(PermissionView)) == len(list(every()))
    assert {role.name for role in session.scalars(sa.select(Role))} == {role.name for role in ROLES}


def test_a_grant_that_was_taken_away_by_hand_comes_back_and_one_given_by_hand_goes(session):
    auditor = session.scalar(sa.select(Role).where(Role.name == "Auditor"))
    clerk = session.scalar(sa.select(Role).where(Role.name == "Finance clerk"))
    money = next(p for p in clerk.permissions if p.view_menu.name == "Refund" and p.permission.name == "can_retry")
    auditor.permissions.append(money)
    clerk.permissions.remove(money)
    session.flush()
    report = sync(session)
    assert report.added == ("Finance clerk: can_retry on Refund",)
    assert report.removed == ("Auditor: can_retry on Refund",)


def test_a_hand_made_role_is_reported_and_left_alone(session):
    session.add(Role(name="Friend of the house"))
    session.flush()
    assert sync(session).hand_made == hand_made(session) == ("Friend of the house",)
