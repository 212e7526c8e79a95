"""Roles only add, and some things are never one person's."""

from __future__ import annotations

import pytest

from security.permissions import READ, every
from security.roles import APART, BY_NAME, ROLES, conflicts, grants


def test_each_grant_names_a_permission_that_exists():
    known = set(every())
    for role in ROLES:
        assert role.pairs() <= known, role.name


def test_no_role_holds_two_permissions_that_belong_to_two_people():
    for role in ROLES:
        assert conflicts([role.name]) == [], role.name


def test_each_rule_of_separation_names_permissions_that_exist():
    known = set(every())
    assert all(one in known and other in known for one, other, _ in APART)


def test_the_auditor_changes_nothing_but_their_own_account():
    changing = {(r, v) for r, v in BY_NAME["Auditor"].pairs() if v != READ}
    assert changing == {("Profile", "write")}


def test_the_administrator_has_no_money_and_no_moderation():
    changing = {(r, v) for r, v in BY_NAME["Administrator"].pairs() if v != READ}
    assert changing == {
        ("User", "write"),
        ("User", "reset"),
        ("Person", "help"),
        ("Person", "suspend"),
        ("Profile", "write"),
    }


@pytest.mark.parametrize(
    ("together", "refused"),
    [
        (["Moderator", "Catalogue manager"], False),
        (["Support agent", "Operations"], False),
        (["Administrator", "Finance clerk"], True),
        (["Administrator", "Moderator"], True),
        (["Administrator", "Operations"], True),
        (["Operations", "Finance clerk"], True),
        (["Auditor", "Support agent"], True),
    ],
)
def test_roles_that_may_not_be_held_together(together, refused):
    assert bool(conflicts(together)) is refused


def test_a_role_made_by_hand_gives_nothing_in_code():
    assert grants(["Friend of the house"]) == frozenset()
