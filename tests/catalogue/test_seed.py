from __future__ import annotations

import sqlalchemy as sa
import yaml
from sqlalchemy.orm import Session

from app.services.catalogue import offer, search, seed
from app.services.moderation.decision import waiting
from app.services.platform import clock
from models.catalogue.listing import Listing, ListingState
from tests.factories import people
from tests.factories.catalogue import moderator

ENTRIES = yaml.safe_load(seed.SOURCE.read_text("utf-8"))


def test_the_demonstration_sells_real_services_and_leaves_one_in_review(session: Session):
    actor = moderator(session)
    for key in ENTRIES:
        party = people.provider(session, key.replace("-", " ").title())
        made = seed.seed_listings(session, party.organisation, actor=party.actor, key=key, moderator=actor)
        assert len(made) == len(ENTRIES[key])
    session.commit()
    states = [listing.state for listing in session.scalars(sa.select(Listing))]
    assert len(states) == 8
    assert states.count(ListingState.live) == 7
    assert [listing.title for listing in waiting(session)] == ["Chimney breast or feature wall papered"]
    for listing in search.find(session).listings:
        assert offer.windows(listing, now=clock.now()), listing.title
        assert offer.serves(listing, "BS3 1JA") or offer.serves(listing, "BA1 5HY")


def test_a_provider_without_entries_gets_none(session: Session):
    party = people.provider(session)
    assert (
        seed.seed_listings(session, party.organisation, actor=party.actor, key="nobody", moderator=moderator(session))
        == []
    )
