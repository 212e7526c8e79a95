"""From a listing to the payment page over the API, with the same checks and the same recorded texts as the shop's."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.clients.payments import Intent, PaymentsUnavailable
from app.services.commerce import checkout
from models.actor import Actor
from models.commerce.cancellation_policy import CancellationPolicy
from models.commerce.checkout import Checkout, CheckoutState
from models.commerce.payment import Payment
from tests.factories import commerce, people

KEY = "01a20d26-2ace-79b4-a033-404eb3fea7dd"


@dataclass
class FakeProvider:
    """Opens one intent per key, as the real one does; `away` makes it unreachable."""

    opened: dict[str, Intent] = field(default_factory=dict)
    away: bool = False

    def open_intent(self, *, amount_minor, currency, reference, key, **_rest) -> Intent:
        if self.away:
            raise PaymentsUnavailable("no answer")
        made = Intent(f"pi_{reference}", "requires_payment_method", amount_minor, currency, 0, reference)
        return self.opened.setdefault(key, made)

    def pay_url(self, intent_id: str) -> str:
        return f"http://pay.test/pay/{intent_id}"


@pytest.fixture
def provider(app, monkeypatch):
    fake = FakeProvider()
    monkeypatch.setitem(app.extensions["parts"].__dict__, "payments", fake)
    return fake


@pytest.fixture
def begun(buyer, told):
    return buyer.done("/checkouts", {"listing": told.listing.slug})


def filled(begun, **changes):
    return {
        "window": begun["windows"][0]["key"],
        "site_address": "14 Stackpool Road\nBristol",
        "site_postcode": "BS3 1NG",
        "access_notes": "Ring twice",
        "fingerprint": begun["fingerprint"],
        "ladder": begun["ladder"]["id"],
        **begun["texts"],
        **changes,
    }


def stricter(work, told):
    work.merge(told.listing).cancellation_policy = "strict"


def test_a_checkout_begins_at_todays_price_and_says_what_to_show(buyer, begun, told):
    assert begun["total"] == {"amount_minor": 29_300, "currency": "GBP"}
    assert begun["state"] == "draft"
    assert begun["texts"]["cancellation"].startswith("cancellation-information@")
    assert begun["windows"][0]["starts_at"].endswith("Z")
    assert buyer.read(f"/checkouts/{begun['id']}") == begun


def test_a_submitted_checkout_answers_where_to_pay(buyer, begun, provider, session):
    at = f"/checkouts/{begun['id']}/submit"
    first = buyer.post(at, filled(begun), key=KEY)
    assert first.status_code == 200, first.text
    (row,) = session.scalars(sa.select(Payment))
    assert first.json["pay_url"] == f"http://pay.test/pay/pi_{row.id}"
    assert first.json["state"] == "awaiting_payment"
    again = buyer.post(at, filled(begun), key=KEY)
    assert (again.json, again.headers["Idempotent-Replayed"]) == (first.json, "true")
    assert len(provider.opened) == 1
    kept = session.scalars(sa.select(Checkout)).one()
    assert (kept.site_postcode, kept.cancellation_text) == ("BS3 1NG", begun["texts"]["cancellation"])


def test_when_the_provider_is_away_the_same_request_tries_again(buyer, begun, provider, session):
    provider.away = True
    at = f"/checkouts/{begun['id']}/submit"
    answer = buyer.post(at, filled(begun), key=KEY)
    assert (answer.status_code, answer.json["code"]) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    provider.away = False
    assert buyer.done(at, filled(begun), key=KEY)["pay_url"]
    assert session.scalar(sa.select(sa.func.count()).select_from(Payment)) == 1


def test_every_wrong_field_is_named_at_once(buyer, begun, provider):
    wrong = filled(begun, site_address="x", site_postcode="nowhere", window="2001-01-01T00:00Z", express_start="")
    answer = buyer.post(f"/checkouts/{begun['id']}/submit", wrong)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid")
    assert {one["pointer"] for one in answer.json["errors"]} == {"#/site_address", "#/site_postcode", "#/window"}


@pytest.mark.parametrize(
    "change", [{"sitepostcode": "BS3"}, {"fingerprint": "x"}, {"window": 7}, {"window": None}, {"ladder": "x"}]
)
def test_a_field_that_is_unknown_or_of_another_kind_is_refused(buyer, begun, change):
    answer = buyer.post(f"/checkouts/{begun['id']}/submit", filled(begun, **change))
    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json["errors"]] == [f"#/{next(iter(change))}"]


def test_a_text_that_is_not_the_one_in_force_is_not_recorded(buyer, begun, provider):
    answer = buyer.post(f"/checkouts/{begun['id']}/submit", filled(begun, cancellation="something@0.0.1"))
    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == "#/cancellation"


def test_a_checkout_says_what_comes_back_after_a_cancellation(begun, told, session):
    kept = session.scalars(sa.select(CancellationPolicy).where(CancellationPolicy.code == "standard")).one()
    shown = begun["ladder"]
    steps = shown.pop("steps")
    assert shown == {
        "id": str(kept.id), "code": "standard", "name": "Standard", "since": "2026-01-01", "summary": kept.summary,
    }  # fmt: skip
    assert [(one["hours_before"], one["bps"], one["back"]["amount_minor"]) for one in steps] == [
        (48, 10_000, 28_800),
        (24, 5_000, 14_400),
        (0, 0, 0),
    ]
    assert [f"{one['until']}: {one['share']}" for one in steps] == [
        "Until 48 hours before the visit: Everything",
        "Until 24 hours before the visit: Half",
        "After that, until the visit begins: Nothing",
    ]


def test_the_ladder_that_was_shown_goes_into_the_order(buyer, begun, told, arrange, provider, session):
    buyer.done(f"/checkouts/{begun['id']}/submit", filled(begun))
    assert str(session.scalars(sa.select(Checkout.cancellation_policy_id)).one()) == begun["ladder"]["id"]
    arrange(stricter, told)
    assert buyer.read(f"/checkouts/{begun['id']}")["ladder"] == begun["ladder"]


def test_a_ladder_that_changed_meanwhile_orders_nothing_and_is_read_again(
    buyer, begun, told, arrange, provider, session
):
    arrange(stricter, told)
    at = f"/checkouts/{begun['id']}/submit"
    answer = buyer.post(at, filled(begun), key=KEY)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid")
    assert [one["pointer"] for one in answer.json["errors"]] == ["#/ladder"]
    assert session.scalars(sa.select(Checkout.state)).one() is CheckoutState.draft
    assert session.scalar(sa.select(sa.func.count()).select_from(Payment)) == 0
    now = buyer.read(f"/checkouts/{begun['id']}")
    assert now["ladder"]["code"] == "strict"
    assert buyer.done(at, filled(now), key=KEY)["state"] == "awaiting_payment"


def test_nobody_orders_without_the_ladder_they_were_shown(buyer, begun, provider):
    sent = filled(begun)
    del sent["ladder"]
    answer = buyer.post(f"/checkouts/{begun['id']}/submit", sent)
    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json["errors"]] == ["#/ladder"]


def test_the_same_request_is_answered_alike_after_the_ladder_changed(buyer, begun, told, arrange, provider):
    at, sent = f"/checkouts/{begun['id']}/submit", filled(begun)
    first = buyer.done(at, sent, key=KEY)
    arrange(stricter, told)
    assert buyer.done(at, sent, key=KEY) == first


def test_what_ended_as_a_draft_agreed_to_no_ladder(buyer, begun, arrange):
    arrange(lambda work: checkout.lapse(work, work.get_one(Checkout, UUID(begun["id"])), actor=Actor.system("test")))
    assert buyer.read(f"/checkouts/{begun['id']}")["ladder"] is None


def test_a_price_that_changed_is_told_and_the_checkout_has_the_new_one(buyer, begun, told, arrange, provider):
    def dearer(work):
        work.merge(told.listing).price_minor = 30_000

    arrange(dearer)
    answer = buyer.post(f"/checkouts/{begun['id']}/submit", filled(begun))
    assert (answer.status_code, answer.json["code"]) == (409, "price_changed")
    now = buyer.read(f"/checkouts/{begun['id']}")
    assert now["fingerprint"] != begun["fingerprint"]
    assert buyer.done(f"/checkouts/{begun['id']}/submit", filled(now))["total"] == now["total"]


def test_a_checkout_can_be_given_up(buyer, begun, provider, session):
    buyer.done(f"/checkouts/{begun['id']}/submit", filled(begun))
    assert buyer.done(f"/checkouts/{begun['id']}/cancel", key=KEY)["state"] == "abandoned"
    assert buyer.post(f"/checkouts/{begun['id']}/cancel", key=KEY).status_code == 200
    assert buyer.post(f"/checkouts/{begun['id']}/cancel").status_code == 409
    assert session.scalars(sa.select(Checkout.state)).one() is CheckoutState.abandoned


def test_a_checkout_of_somebody_else_does_not_exist(begun, arrange, program, seller):
    for other in (program(arrange(people.customer, name="Owen Reed").user), seller):
        assert other.get(f"/checkouts/{begun['id']}").status_code == 404
        assert other.post(f"/checkouts/{begun['id']}/submit", filled(begun)).status_code == 404
        assert other.post(f"/checkouts/{begun['id']}/cancel").status_code == 404


def test_nobody_orders_what_is_not_on_sale_and_staff_order_nothing(seller, staff, told):
    assert seller.post("/checkouts", {"listing": "no-such-listing"}).status_code == 404
    assert staff("Operations").post("/checkouts", {"listing": told.listing.slug}).status_code == 403


def test_the_order_is_named_when_the_money_has_come(buyer, arrange, told):
    order = arrange(commerce.paid, told)
    assert buyer.read(f"/checkouts/{order.checkout_id}")["order"] == order.reference
