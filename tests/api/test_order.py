"""Orders over the API: the same verbs as the shop's, for both parties and for staff, and nothing for strangers."""

from __future__ import annotations

from io import BytesIO

import pytest
import sqlalchemy as sa

from app.session import engine
from models.commerce.evidence import Evidence
from models.commerce.order import OrderState
from tests.api.conftest import PHOTO
from tests.factories import commerce, people, pictures

WHOLE = {"amount_minor": 29_300, "currency": "GBP"}


@pytest.fixture
def order(arrange, told):
    return arrange(commerce.paid, told)


@pytest.fixture
def at(order):
    return f"/orders/{order.reference}"


def photo(name="board.png", data=PHOTO):
    return (BytesIO(data), name, "image/png")


def test_an_order_is_read_with_its_lines_its_hold_and_its_moves(buyer, seller, at, order):
    mine, theirs = buyer.read(at), seller.read(at)
    assert mine["total"] == WHOLE
    assert (mine["side"], theirs["side"]) == ("buyer", "seller")
    assert mine["hold"]["held"] == {"amount_minor": 28_800, "currency": "GBP"}
    assert mine["lines"][0]["commission"] is None
    assert theirs["lines"][0]["commission"]["amount_minor"] > 0
    assert mine["paid_at"].endswith("Z")
    assert {one["event"]: one["refusal"] for one in mine["moves"]} == {"cancel": None}
    assert {one["event"] for one in theirs["moves"]} == {"accept", "decline"}
    assert mine["moves"][0]["href"] == f"/api/v1{at}/cancel"


def test_the_whole_story_from_yes_to_release(buyer, seller, at, session):
    assert seller.done(f"{at}/accept")["state"] == "accepted"
    assert seller.done(f"{at}/start")["state"] == "in_progress"
    sent = seller.send(
        f"{at}/deliver", {"note": "The new board", "file": [photo(), photo("report.png", pictures.png(2))]}
    )
    assert sent.status_code == 200, sent.text
    assert session.scalar(sa.select(sa.func.count()).select_from(Evidence)) == 2
    assert buyer.done(f"{at}/request-changes", {"reason": "The label is missing."})["state"] == "in_progress"
    seller.send(f"{at}/deliver", {"note": "With its label", "file": photo("label.png", pictures.png(3))})
    told = buyer.done(f"{at}/accept-delivery")
    assert told["state"] == "completed"
    hold = buyer.read(at)["hold"]
    assert (hold["state"], hold["held"]["amount_minor"], hold["released"]["amount_minor"]) == ("settled", 0, 28_800)


def test_a_delivery_sent_twice_is_one_and_with_another_picture_a_mismatch(seller, at, session):
    seller.done(f"{at}/accept")
    seller.done(f"{at}/start")
    key = "01a20d26-2ace-79b4-a033-404eb3fea7dd"
    first = seller.send(f"{at}/deliver", {"note": "The board", "file": photo()}, key=key)
    again = seller.send(f"{at}/deliver", {"note": "The board", "file": photo()}, key=key)
    other = seller.send(f"{at}/deliver", {"note": "The board", "file": photo(data=pictures.png(2))}, key=key)
    assert (first.status_code, again.json, other.status_code) == (200, first.json, 422)
    assert session.scalar(sa.select(sa.func.count()).select_from(Evidence)) == 1


def test_a_delivery_needs_a_picture_that_is_one(seller, at):
    seller.done(f"{at}/accept")
    seller.done(f"{at}/start")
    for fields in ({"note": "No file"}, {"note": "Not a picture", "file": (BytesIO(b"MZ"), "a.exe")}):
        answer = seller.send(f"{at}/deliver", fields)
        assert answer.status_code == 422
        assert [one["pointer"] for one in answer.json["errors"]] == ["#/file"]
    assert seller.send(f"{at}/deliver", {"file": photo()}).json["errors"][0]["pointer"] == "#/note"


def test_declining_names_the_reasons_there_are(seller, at):
    answer = seller.post(f"{at}/decline", {"code": "bored"})
    assert answer.status_code == 422
    assert "not_available" in answer.json["errors"][0]["detail"]
    assert seller.done(f"{at}/decline", {"code": "price", "reason": "Too far"})["state"] == "declined"


def test_cancelling_says_before_what_goes_back_and_holds_to_it(buyer, at):
    terms = buyer.read(f"{at}/cancellation")
    assert terms["back"] == WHOLE
    agreed = {**WHOLE, "amount_minor": 1}
    answer = buyer.post(f"{at}/cancel", {"agreed": agreed})
    assert answer.status_code == 409
    assert "changed since" in answer.json["detail"]
    assert buyer.post(f"{at}/cancel", {"agreed": {**WHOLE, "currency": "EUR"}}).status_code == 422
    assert buyer.done(f"{at}/cancel", {"agreed": terms["back"]})["state"] == "cancelled"


def test_staff_cancel_with_a_reason_and_the_permission(staff, seller, at):
    seller.done(f"{at}/accept")
    operations, support = staff("Operations"), staff("Support agent")
    assert support.post(f"{at}/cancel", {"reason": "They asked for it."}).status_code == 403
    assert operations.post(f"{at}/cancel").status_code == 422
    assert operations.done(f"{at}/cancel", {"reason": "They asked for it."})["state"] == "cancelled"


def test_only_staff_say_how_much_is_done(buyer, at):
    assert buyer.post(f"{at}/cancel", {"delivered_bps": 0}).status_code == 403


def test_the_wrong_side_is_told_whose_move_it_is(buyer, seller, at):
    answer = buyer.post(f"{at}/accept")
    assert answer.status_code == 403
    assert "the provider" in answer.json["detail"]
    assert seller.post(f"{at}/accept-delivery").status_code == 403


def test_a_move_that_is_not_open_says_why(seller, at):
    answer = seller.post(f"{at}/start")
    assert (answer.status_code, answer.json["code"]) == (409, "illegal_move")
    assert "not possible now" in answer.json["detail"]


@pytest.mark.parametrize("verb", ["accept", "decline", "cancel", "start", "accept-delivery", "report-problem"])
def test_strangers_find_no_order_and_cannot_tell_it_from_none(arrange, program, told, at, verb):
    stranger = program(arrange(people.customer, name="Owen Reed").user)
    rival = program(arrange(people.provider, name="Severn Sparks").user)
    body = {"decline": {"code": "price"}, "report-problem": {"code": "damage", "text": "Something broke."}}
    for one in (stranger, rival):
        here, nowhere = (one.post(f"{path}/{verb}", body.get(verb)) for path in (at, "/orders/FX-AAAA-AA"))
        assert (here.status_code, nowhere.status_code) == (404, 404)
        assert here.json["detail"] == nowhere.json["detail"]
        assert one.get(at).status_code == one.get(f"{at}/cancellation").status_code == 404
        assert one.read("/orders")["items"] == []


def test_staff_without_the_permission_find_none_either(staff, at):
    moderator = staff("Moderator")
    assert moderator.get(at).status_code == 404
    assert moderator.read("/orders")["items"] == []
    assert staff("Support agent").read(at)["side"] == "operator"


def test_the_list_comes_in_pages_newest_first(buyer, seller, staff, arrange, told):
    made = [arrange(commerce.paid, told).reference for _ in range(3)][::-1]
    first = buyer.read("/orders", limit=2)
    rest = buyer.read("/orders", limit=2, before=first["next"])
    assert [one["reference"] for one in (*first["items"], *rest["items"])] == made
    assert rest["next"] is None
    assert len(seller.read("/orders", side="seller")["items"]) == 3
    assert seller.read("/orders", side="buyer")["items"] == []
    assert len(staff("Auditor").read("/orders")["items"]) == 3
    assert buyer.read("/orders", state=OrderState.accepted.name)["items"] == []


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"before": "x"}, "before"),
        ({"state": "lost"}, "state"),
        ({"sort": "asc"}, "sort"),
    ],
)
def test_a_query_that_cannot_be_read_is_told_where(buyer, query, where):
    answer = buyer.get("/orders", **query)
    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json["errors"]] == [f"#/{where}"]


def test_a_page_costs_the_same_however_full(buyer, staff, arrange, told):
    readers, seen = (buyer, staff("Auditor")), []

    def note(_connection, _cursor, statement, *_rest):
        seen.append(statement)

    def count(reader):
        seen.clear()
        reader.read("/orders")
        return len(seen)

    sa.event.listen(engine(), "before_cursor_execute", note)
    try:
        arrange(commerce.paid, told)
        one = [count(reader) for reader in readers]
        for _ in range(4):
            arrange(commerce.paid, told)
        five = [count(reader) for reader in readers]
    finally:
        sa.event.remove(engine(), "before_cursor_execute", note)
    assert one == five
    assert max(five) <= 8
