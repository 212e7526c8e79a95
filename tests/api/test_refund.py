"""Refunds over the API: one person asks, another approves; the parties of the order read them."""

from __future__ import annotations

import pytest

from tests.factories import commerce, people


@pytest.fixture
def order(arrange, told):
    return arrange(commerce.completed, told)


@pytest.fixture
def agent(staff):
    return staff("Support agent")


@pytest.fixture
def clerk(staff):
    return staff("Finance clerk")


def pounds(minor):
    return {"amount_minor": minor, "currency": "GBP"}


def asked(order, agent, **changes):
    body = {"amount": pounds(5_000), "cause": "goodwill", "reason": "They waited for two hours.", **changes}
    return agent.post(f"/orders/{order.reference}/refunds", body)


def test_one_person_asks_and_another_approves(order, agent, clerk, buyer, seller):
    made = asked(order, agent)
    assert made.status_code == 201, made.text
    assert (made.json["state"], made.json["amount"]) == ("requested", pounds(5_000))
    at = f"/refunds/{made.json['id']}"
    assert agent.post(f"{at}/approve").status_code == 403
    assert clerk.done(f"{at}/approve")["state"] == "approved"
    for reader in (buyer, seller, clerk):
        (mine,) = reader.read("/refunds", order=order.reference)["items"]
        assert (mine["cause"], mine["order"]) == ("goodwill", order.reference)
        assert reader.read(at) == mine


def test_a_refund_by_line(order, agent):
    (line,) = agent.read(f"/orders/{order.reference}")["lines"]
    made = asked(order, agent, amount=None, lines=[{"line": line["id"], "amount": pounds(100)}], fee=True)
    assert made.json["amount"] == pounds(600)


def test_a_rejection_needs_a_reason(order, agent, clerk):
    at = f"/refunds/{asked(order, agent).json['id']}"
    assert clerk.post(f"{at}/reject").json["errors"][0]["pointer"] == "#/reason"
    assert clerk.done(f"{at}/reject", {"reason": "They got a discount already."})["state"] == "rejected"


@pytest.mark.parametrize(
    "changes",
    [
        {"amount": pounds(28_801)},
        {"amount": {"amount_minor": 100, "currency": "EUR"}},
        {"amount": {"amount_minor": 1.5, "currency": "GBP"}},
        {"amount": {"amount_minor": -1, "currency": "GBP"}},
        {"cause": "declined"},
        {"reason": ""},
        {"lines": [{"line": "01a20d26-2ace-79b4-a033-404eb3fea7dd", "amount": pounds(1)}]},
    ],
)
def test_what_cannot_be_asked_is_told_at_its_field(order, agent, changes):
    answer = asked(order, agent, **changes)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid")
    assert answer.json["errors"][0]["pointer"].startswith(("#/amount", "#/cause", "#/reason", "#/lines"))


def test_a_party_cannot_ask_and_a_stranger_finds_nothing(order, agent, buyer, seller, arrange, program):
    made = asked(order, agent).json
    for party in (buyer, seller):
        assert asked(order, party).status_code == 403
        assert party.post(f"/refunds/{made['id']}/approve").status_code == 403
    stranger = program(arrange(people.customer, name="Owen Reed").user)
    assert stranger.get(f"/refunds/{made['id']}").status_code == 404
    assert stranger.post(f"/refunds/{made['id']}/approve").status_code == 404
    assert stranger.read("/refunds")["items"] == []


def test_refunds_come_in_pages(arrange, told, buyer, seller):
    for _ in range(3):
        order = arrange(commerce.paid, told)
        seller.done(f"/orders/{order.reference}/decline", {"code": "price"})
    first = buyer.read("/refunds", limit=2)
    assert len(first["items"]) == 2
    assert len(buyer.read("/refunds", before=first["next"])["items"]) == 1
    assert buyer.get("/refunds", before="x").status_code == 422
