"""The key of a request: the same one does the thing once, whoever is fast, whatever is lost on the way back."""

from __future__ import annotations

import threading
from collections import Counter

import pytest
import sqlalchemy as sa

from app.services.commerce import order as verbs
from models.commerce.checkout import Checkout
from models.platform.idempotency_key import IdempotencyKey
from models.platform.transition import Transition
from tests.factories import commerce
from views.api import operation
from views.api.operation import OPERATIONS

KEY = "01a20d26-2ace-79b4-a033-404eb3fea7dd"


@pytest.fixture
def order(arrange, told):
    return arrange(commerce.paid, told)


@pytest.fixture
def accept(order):
    return f"/orders/{order.reference}/accept"


def moves(session, order):
    session.rollback()
    found = sa.select(Transition.event).where(Transition.machine == "order", Transition.subject_id == order.id)
    return list(session.scalars(found))


def keys(session):
    session.rollback()
    return session.scalar(sa.select(sa.func.count()).select_from(IdempotencyKey))


def test_everything_that_changes_something_needs_a_key():
    changing = {told.name for told in OPERATIONS.values() if told.method != "GET"}
    assert {told.name for told in OPERATIONS.values() if told.keyed} == changing - {"sign_in", "sign_out"}


@pytest.mark.parametrize("key", ["", "short", "x" * 65, "with space in it", "caf\u00e9-caf\u00e9"])
def test_a_request_without_a_proper_key_does_nothing(seller, session, order, accept, key):
    headers = {"Authorization": f"Bearer {seller.token}", **({"Idempotency-Key": key} if key else {})}
    answer = seller.client.post(f"/api/v1{accept}", json={}, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (400, "key_missing")
    assert "Idempotency-Key" in answer.json["detail"]
    assert moves(session, order) == []


def test_the_second_sending_gets_the_first_answer_and_is_told_so(seller, session, order, accept):
    first, second = seller.post(accept, key=KEY), seller.post(accept, key=f'"{KEY}"')
    assert first.json == second.json
    assert (first.status_code, second.status_code) == (200, 200)
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert moves(session, order) == ["accept"]


def test_the_first_answer_stays_the_answer_when_things_have_moved_on(seller, session, order, accept):
    first = seller.post(accept, key=KEY)
    seller.done(f"/orders/{order.reference}/start")
    assert seller.post(accept, key=KEY).json == first.json
    assert first.json["state"] == "accepted"


def test_another_body_or_another_address_under_the_key_is_a_mismatch(seller, session, order, accept):
    decline = f"/orders/{order.reference}/decline"
    seller.post(decline, {"code": "price"}, key=KEY)
    for path, body in ((decline, {"code": "safety"}), (decline, {"code": "price", "reason": "x"}), (accept, {})):
        answer = seller.post(path, body, key=KEY)
        assert (answer.status_code, answer.json["code"]) == (422, "idempotency_mismatch")
    assert moves(session, order) == ["decline"]


def test_a_refused_request_leaves_no_key_and_can_be_sent_again(seller, session, order, accept):
    start = f"/orders/{order.reference}/start"
    assert seller.post(start, key=KEY).status_code == 409
    assert seller.post(f"/orders/{order.reference}/decline", {"code": "no"}, key=KEY).status_code == 422
    assert keys(session) == 0
    assert seller.post(accept, key=KEY).status_code == 200


def test_another_persons_key_is_another_key(told, arrange, program, seller, session):
    from tests.factories import people

    others = [program(arrange(people.customer, name=name).user) for name in ("Owen Reed", "Ada Ross")]
    made = {one.done("/checkouts", {"listing": told.listing.slug}, key=KEY)["id"] for one in others}
    assert len(made) == 2
    assert session.scalar(sa.select(sa.func.count()).select_from(Checkout)) == 2


def test_while_the_first_is_at_work_the_second_is_told_to_come_back(seller, session, order, accept, monkeypatch):
    started, go_on, real, answers = threading.Event(), threading.Event(), verbs.accept, []

    def slow(*arguments, **named):
        started.set()
        assert go_on.wait(15)
        return real(*arguments, **named)

    monkeypatch.setattr(verbs, "accept", slow)
    first = threading.Thread(target=lambda: answers.append(seller.post(accept, key=KEY)))
    first.start()
    try:
        assert started.wait(5)
        told_off = seller.post(accept, key=KEY)
    finally:
        go_on.set()
        first.join(10)
    assert (told_off.status_code, told_off.json["code"]) == (409, "idempotency_in_flight")
    assert int(told_off.headers["Retry-After"]) > 0
    assert answers[0].status_code == 200
    again = seller.post(accept, key=KEY)
    assert (again.json, again.headers["Idempotent-Replayed"]) == (answers[0].json, "true")
    assert moves(session, order) == ["accept"]


def test_eight_at_once_are_done_once(seller, session, order, accept):
    """Each of the others is told that it is in flight, or gets the first one's answer."""
    answers, together = [], threading.Barrier(8)

    def press():
        together.wait(10)
        answers.append(seller.post(accept, key=KEY))

    threads = [threading.Thread(target=press) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(20)
    told = Counter((one.status_code, "Idempotent-Replayed" in one.headers, one.json.get("code")) for one in answers)
    assert told.pop((200, False, None)) == 1
    assert set(told) <= {(200, True, None), (409, False, "idempotency_in_flight")}
    assert moves(session, order) == ["accept"]


def test_eight_keys_at_once_for_one_thing_do_it_once_too(seller, session, order, accept):
    answers, together = [], threading.Barrier(8)

    def press():
        together.wait(10)
        answers.append(seller.post(accept))

    threads = [threading.Thread(target=press) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(20)
    assert sorted(one.status_code for one in answers) == [200] + [409] * 7
    assert moves(session, order) == ["accept"]


@pytest.mark.parametrize(
    "sent",
    [r'{"reason": "half \ud800 of one"}', r'{"a": [{"\udfff": 1}]}', r'{"a": "\u0000"}'],
    ids=["half", "key", "nul"],
)
def test_what_is_no_text_is_a_bad_request_and_does_nothing(seller, session, order, accept, sent):
    headers = {"Authorization": f"Bearer {seller.token}", "Idempotency-Key": KEY}
    answer = seller.client.post(f"/api/v1{accept}", data=sent, content_type="application/json", headers=headers)
    assert answer.status_code == 400
    assert "half of a surrogate pair" in answer.text
    assert keys(session) == 0


def test_a_whole_pair_of_surrogates_is_text(app):
    with app.test_request_context(method="POST", data=r'{"a": "\ud83d\ude00"}', content_type="application/json"):
        assert operation.body() == {"a": "\U0001f600"}
