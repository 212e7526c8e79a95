"""Reviews for programs: blind until both have written, read by everybody afterwards, answered and reported once."""

from __future__ import annotations

import pytest

from tests.factories import commerce, people

GOOD = {"stars": 4, "text": "On time, tidy, and the report was clear."}
FAIR = {"stars": 5, "text": "The parking was hard, but we agreed on everything."}


@pytest.fixture
def at(arrange, told) -> str:
    return f"/orders/{arrange(commerce.completed, told).reference}/review"


def test_both_sides_write_blind_and_everybody_reads_afterwards(buyer, seller, nobody, told, at):
    assert buyer.done(at, GOOD)["state"] == "waiting"
    blind = seller.read(at)
    assert (blind["theirs"], blind["other_wrote"], blind["mine"]) == (None, True, None)
    assert buyer.read(at)["mine"]["text"] == GOOD["text"]
    listing = f"/listings/{told.listing.slug}"
    assert nobody.read(f"{listing}/reviews")["items"] == []
    assert seller.done(at, FAIR)["state"] == "published"
    assert seller.read(at)["theirs"]["stars"] == 4
    for where in (f"{listing}/reviews", f"/sellers/{told.seller.organisation.slug}/reviews"):
        page = nobody.read(where)
        assert page["figures"] == {"count": 1, "average": "4.0", "distribution": [0, 0, 0, 1, 0]}
        assert [one["text"] for one in page["items"]] == [GOOD["text"]]
    assert nobody.read(listing)["seller"]["reviews"]["average"] == "4.0"
    assert buyer.post(at, GOOD).status_code == 409


def test_while_it_waits_it_is_changed_and_the_same_key_writes_once(buyer, at):
    first = buyer.done(at, GOOD, key="review-key-1")
    again = buyer.post(at, GOOD, key="review-key-1")
    assert again.json == first
    assert again.headers["Idempotent-Replayed"] == "true"
    assert buyer.done(at, {**GOOD, "stars": 2})["id"] == first["id"]
    assert buyer.read(at)["mine"]["stars"] == 2


def test_a_reply_is_written_once_and_stands_below_it(buyer, seller, nobody, told, at):
    assert seller.post(f"{at}/reply", {"text": "Thank you."}).status_code == 404
    buyer.done(at, GOOD)
    assert seller.post(f"{at}/reply", {"text": "Thank you."}).status_code == 404
    seller.done(at, FAIR)
    seller.done(f"{at}/reply", {"text": "Thank you."})
    assert seller.post(f"{at}/reply", {"text": "And again."}).status_code == 409
    (one,) = nobody.read(f"/sellers/{told.seller.organisation.slug}/reviews")["items"]
    assert one["reply"] == "Thank you."


def test_a_published_one_is_reported_once_by_whoever_may_read_it(buyer, seller, program, arrange, at):
    said = {"code": "private", "text": "It names my street."}
    waiting = buyer.done(at, GOOD)["id"]
    stranger = program(arrange(people.customer, name="Owen Reed").user)
    assert stranger.post(f"/reviews/{waiting}/report", said).status_code == 404
    seller.done(at, FAIR)
    assert stranger.done(f"/reviews/{waiting}/report", said)["state"] == "reported"
    assert stranger.post(f"/reviews/{waiting}/report", said).status_code == 409
    assert stranger.post(f"/reviews/{waiting}/report", {"code": "dull"}).status_code == 422
    hers = buyer.read(at)["theirs"]["id"]
    assert stranger.post(f"/reviews/{hers}/report", said).status_code == 404


def test_strangers_and_staff_do_not_review(program, arrange, staff, at):
    stranger = program(arrange(people.customer, name="Owen Reed").user)
    assert stranger.get(at).status_code == 404
    assert stranger.post(at, GOOD).status_code == 404
    assert staff("Operations").post(at, GOOD).status_code == 403
    assert stranger.post(at, {"stars": 9, "text": "x"}).status_code == 422


def test_pages_of_reviews_follow_each_other(buyer, seller, nobody, told, arrange):
    for number in range(3):
        where = f"/orders/{arrange(commerce.completed, told).reference}/review"
        buyer.done(where, {**GOOD, "text": f"Visit number {number} was fine."})
        seller.done(where, FAIR)
    at = f"/sellers/{told.seller.organisation.slug}/reviews"
    first = nobody.read(at, limit=2)
    second = nobody.read(at, limit=2, before=first["next"])
    assert [one["text"][13] for one in (*first["items"], *second["items"])] == ["2", "1", "0"]
    assert second["next"] is None
    assert nobody.get(at, before="nonsense").status_code == 422
