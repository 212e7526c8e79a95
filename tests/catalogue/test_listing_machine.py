"""The listing's table of moves, held against itself."""

from __future__ import annotations

from collections import Counter

from models.actor import ActorKind
from models.catalogue.listing import LISTING, ListingState


def test_every_state_is_reached_and_every_living_one_can_be_left_for_the_end():
    reached, ends = {LISTING.initial}, set(LISTING.terminal)
    for _ in ListingState:
        reached |= {move.target for move in LISTING.moves if move.source in reached}
        ends |= {move.source for move in LISTING.moves if move.target in ends}
    assert reached == set(ListingState)
    assert ends == set(ListingState)


def test_no_state_has_two_moves_for_one_event():
    assert max(Counter((move.source, move.event) for move in LISTING.moves).values()) == 1


def test_every_waiting_state_has_a_timer_or_someone_who_must_act():
    owned = {state for state, _ in LISTING.owned}
    timed = {move.source for move in LISTING.moves if move.timer}
    assert owned | timed | LISTING.terminal == set(ListingState)


def test_only_staff_put_something_into_the_shop_from_review_or_suspension():
    for move in LISTING.moves:
        if move.target is ListingState.live and move.source is not ListingState.paused:
            assert move.who == {ActorKind.operator}
