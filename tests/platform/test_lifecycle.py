"""The tables of moves, and `move_to`, the only way a state changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy.orm import Session

from app.unit_of_work import unit_of_work
from models.actor import Actor, ActorKind
from models.errors import IllegalMove, NotAllowed
from models.lifecycle import Timer
from models.people.seller import SELLER, Seller, SellerState
from models.types import utc_now
from tests.platform.conftest import CLOCKWORK

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_a_timer_counts_from_entering_the_state() -> None:
    assert Timer(after=timedelta(days=1)).due(SimpleNamespace(), NOON) == NOON + timedelta(days=1)


def test_a_timer_counts_from_a_moment_in_a_column() -> None:
    row = SimpleNamespace(captured_at=NOON - timedelta(days=80))
    assert Timer(timedelta(days=85), "captured_at").due(row, NOON) == NOON + timedelta(days=5)


def test_a_timer_without_its_moment_is_not_armed() -> None:
    assert Timer(at="effective_at").due(SimpleNamespace(effective_at=None), NOON) is None
    assert Timer(timedelta(days=1), "captured_at").due(SimpleNamespace(captured_at=None), NOON) is None


def test_a_move_that_is_not_in_the_table_is_refused_in_words(scope: Session, seller: Seller) -> None:
    with pytest.raises(IllegalMove, match="This seller is applied: approve is not possible now"):
        seller.legal("approve", ActorKind.operator)


def test_a_move_of_another_party_is_refused_in_words(scope: Session, seller: Seller) -> None:
    with pytest.raises(NotAllowed, match="Only the seller can do this"):
        seller.legal("submit_kyc", ActorKind.operator)


def test_a_move_writes_its_history(scope: Session, seller: Seller) -> None:
    actor = Actor(ActorKind.seller, user_id=7, organisation_id=seller.organisation_id, request_id="r-1")
    with unit_of_work(actor) as session:
        row = session.get_one(Seller, seller.id)
        moved = row.move_to("submit_kyc", actor=actor, at=NOON, reason="ready", detail={"papers": 3})
    assert (moved.machine, moved.subject_id, moved.event) == ("seller", seller.id, "submit_kyc")
    assert (moved.from_state, moved.to_state) == ("applied", "kyc_pending")
    assert (moved.actor_kind, moved.actor_user_id, moved.request_id) == ("seller", 7, "r-1")
    assert (moved.reason, moved.detail, moved.at) == ("ready", {"papers": 3}, NOON)
    assert (row.state, row.state_entered_at) == (SellerState.kyc_pending, NOON)


def test_a_move_raises_the_version(scope: Session, seller: Seller) -> None:
    with unit_of_work(CLOCKWORK) as session:
        row = session.get_one(Seller, seller.id)
        before = row.version
        row.move_to("lapse", actor=CLOCKWORK, at=utc_now())
    assert row.version == before + 1


def test_a_row_outside_a_session_cannot_move() -> None:
    loose = Seller(state=SellerState.applied)
    with pytest.raises(RuntimeError, match="belongs to a session"):
        loose.move_to("lapse", actor=CLOCKWORK, at=NOON)


def test_a_table_is_found_by_state_and_event() -> None:
    found = SELLER.find(SellerState.active, "close")
    assert found is not None
    assert found.target is SellerState.closed
    assert SELLER.find(SellerState.closed, "close") is None
    assert [move.event for move in SELLER.leaving(SellerState.terminating)] == ["appeal_upheld", "take_effect"]
