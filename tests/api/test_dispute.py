"""A problem with an order over the API: reported with files, answered, proposed, agreed or decided."""

from __future__ import annotations

from io import BytesIO

import pytest

from tests.api.conftest import PHOTO
from tests.factories import commerce, people

REPORT = {"code": "poor_work", "text": "The board is not labelled and one circuit is dead."}
HALF = {"amount_minor": 14_400, "currency": "GBP"}


@pytest.fixture
def at(arrange, told):
    return f"/orders/{arrange(commerce.delivered, told).reference}"


@pytest.fixture
def reported(buyer, at):
    file = {"file": (BytesIO(PHOTO), "board.png", "image/png")}
    answer = buyer.send(f"{at}/report-problem", {**REPORT, **file})
    assert answer.status_code == 201, answer.text
    return f"{at}/problem"


def test_a_reported_problem_freezes_the_hold_and_both_read_it(buyer, seller, at, reported):
    assert buyer.read(at)["state"] == "disputed"
    assert buyer.read(at)["hold"]["state"] == "frozen"
    mine, theirs = buyer.read(reported), seller.read(reported)
    own, other = (said["statements"][0]["files"][0].pop("url") for said in (mine, theirs))
    assert own != other, "each opens it for its reader"
    assert mine["statements"] == theirs["statements"]
    assert mine["statements"][0]["files"][0]["name"] == "board.png"
    assert {one["event"]: bool(one["refusal"]) for one in mine["moves"]} == {"respond": True, "withdraw": False}
    assert {one["event"]: bool(one["refusal"]) for one in theirs["moves"]} == {"respond": False, "withdraw": True}


def test_before_anybody_reports_there_is_no_problem(buyer, at):
    assert buyer.get(f"{at}/problem").status_code == 404
    assert buyer.post(f"{at}/problem/withdraw").status_code == 404


def test_it_is_answered_asked_about_proposed_and_agreed(buyer, seller, staff, reported, at):
    operations = staff("Operations")
    seller.done(f"{reported}/respond", {"text": "The label is in the delivery note."})
    operations.done(f"{reported}/request-info", {"party": "seller", "question": "Which circuit was tested last?"})
    assert buyer.post(f"{reported}/provide", {"text": "I was not asked at all."}).status_code == 409
    seller.done(f"{reported}/provide", {"text": "The kitchen ring, at noon."})
    buyer.done(f"{reported}/add", {"text": "It is the kitchen that is dead."})
    operations.done(f"{reported}/propose", {"buyer": HALF, "text": "Half of it seems fair to both sides."})
    assert buyer.read(reported)["proposal"] == {
        "version": 1,
        "buyer": HALF,
        "buyer_agreed": False,
        "seller_agreed": False,
    }
    assert buyer.post(f"{reported}/agree", {"version": 2}).status_code == 409
    buyer.done(f"{reported}/agree", {"version": 1})
    assert seller.done(f"{reported}/agree", {"version": 1})["state"] == "decided_split"
    assert buyer.read(at)["hold"]["held"]["amount_minor"] == 0


def test_a_proposal_is_rejected_and_staff_decide(buyer, staff, reported):
    operations = staff("Operations")
    operations.done(f"{reported}/take-up")
    operations.done(f"{reported}/propose", {"buyer": HALF, "text": "Half of it seems fair to both sides."})
    buyer.done(f"{reported}/reject", {"text": "All of the work is wrong, not half."})
    body = {"buyer": HALF, "reasons": "The photo shows that half of the work is right."}
    assert operations.post(f"{reported}/decide", {**body, "buyer": {**HALF, "currency": "EUR"}}).status_code == 422
    told = operations.done(f"{reported}/decide", body)
    assert told["state"] == "decided_split"
    assert buyer.read(reported)["decided"] == HALF


def test_whoever_reported_it_takes_it_back(buyer, seller, at, reported):
    assert seller.post(f"{reported}/withdraw").status_code == 409
    assert buyer.done(f"{reported}/withdraw", {"reason": "Found the label."})["state"] == "withdrawn"
    assert buyer.read(at)["state"] == "delivered"


def test_parties_do_not_decide_and_others_find_nothing(buyer, staff, arrange, program, reported):
    body = {"buyer": HALF, "reasons": "The photo shows that half of the work is right."}
    assert buyer.post(f"{reported}/decide", body).status_code == 403
    assert staff("Auditor").post(f"{reported}/decide", body).status_code == 403
    stranger = program(arrange(people.customer, name="Owen Reed").user)
    assert stranger.get(reported).status_code == 404
    assert stranger.post(f"{reported}/decide", body).status_code == 404


def test_a_report_without_words_is_told_so(buyer, at):
    answer = buyer.post(f"{at}/report-problem", {"code": "poor_work", "text": "Bad."})
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "#/text")
