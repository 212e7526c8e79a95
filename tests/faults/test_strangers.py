"""What is not yours does not exist: every address of the shop that names something, walked by everyone it is not for.

The walk is made from the routes themselves, so a new one that names something must be added here before this passes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from app.services.commerce import dispute, document
from app.unit_of_work import unit_of_work
from models.actor import Actor
from models.commerce.checkout import Checkout
from models.commerce.dispute_file import DisputeFile
from models.commerce.document import DocumentKind
from models.commerce.evidence import Evidence
from models.commerce.order import Order
from tests.factories import catalogue, commerce, people, staff

SECRETS = ("Priya", "Nair", "Stackpool", "BS3 1NG", "Key safe", "Avon Electrical", "Secret draft", "The board")
"""Words of what the walk is about; none of them may stand in an answer."""
OPEN = {"storefront.legal_text", "storefront.legal_version", "storefront.services", "storefront.proof_head"}
"""Routes with a parameter whose things are published for everybody."""
BODY = {"key": "k", "code": "price", "reason": "no", "note": "n", "site_address": "x", "title": "t", "price": "1"}


@dataclass
class Place:
    """What there is to find: an order with papers, evidence and a problem, a checkout, an unpublished listing."""

    buyer: User
    seller: User
    order: Order
    checkout: Checkout
    evidence: Evidence
    draft_slug: str
    problem_file: DisputeFile

    def values(self, rule: Rule) -> dict[str, str]:
        """The parameters of a route, filled in with what exists."""
        known = {
            "reference": self.order.reference,
            "checkout_id": str(self.checkout.id),
            "evidence_id": str(self.evidence.id),
            "kind": "contract",
            "slug": self.draft_slug,
            "file_id": str(self.problem_file.id),
        }
        return {name: known[name] for name in rule.arguments if name in known}


@pytest.fixture
def place(app: Flask, session: Session) -> Place:
    content = app.extensions["parts"].storage.put_content(b"%PDF-1.7 for two parties only", "pdf")
    with unit_of_work(Actor.system("test")) as work:
        told = commerce.story(work)
        order = commerce.delivered(work, told)
        document.record(work, order, DocumentKind.contract, content)
        waiting = commerce.draft(work, told)
        draft = catalogue.draft(work, told.seller.actor, title="Secret draft of a new service")
        evidence = work.scalars(sa.select(Evidence).where(Evidence.order_id == order.id)).one()
        problem = dispute.open_dispute(
            work,
            order,
            actor=told.buyer.actor,
            code="poor_work",
            text="The board hangs crooked.",
            exhibits=[dispute.Exhibit(evidence.stored_file)],
        )
        shown = problem.statements[0].files[0]
        return Place(told.buyer.user, told.seller.user, order, waiting, evidence, draft.slug, shown)


def rules(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Every route of the shop that names something, with a method it answers."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("storefront.") and rule.arguments and rule.endpoint not in OPEN:
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                yield rule, method


def address(rule: Rule, values: dict[str, str]) -> str:
    built = rule.build(values)
    assert built, f"the walk does not know what {rule.rule} names: add it to Place.values"
    return built[1]


def addresses(app: Flask, place: Place) -> list[tuple[str, str]]:
    """Method and address of each, one for every event that a route takes."""
    found = []
    for rule, method in rules(app):
        known = place.values(rule)
        events = getattr(rule._converters.get("event"), "items", ())
        each = [known | {"event": event} for event in sorted(events)] or [known]
        found += [(method, address(rule, values)) for values in each]
    return found


STRANGERS: dict[str, Callable[[Session], User]] = {
    "another customer": lambda work: people.customer(work, name="Tom Hale").user,
    "another provider": lambda work: people.provider(work, "Pulteney Heating").user,
    "a moderator": lambda work: people.staff(work, "Moderator"),
    "an administrator": lambda work: people.staff(work, "Administrator"),
}


@pytest.mark.parametrize("name", STRANGERS)
def test_nothing_that_is_somebody_elses_exists(app: Flask, session: Session, place: Place, name: str) -> None:
    with unit_of_work(Actor.system("test")) as work:
        stranger = STRANGERS[name](work)
    client, before = staff.signed_in(app, stranger), snapshot(session)
    seen = []
    for method, address in addresses(app, place):
        answer = client.open(address, method=method, data=BODY if method == "POST" else None)
        said = [word for word in SECRETS if word in answer.text]
        seen.append((method, address, answer.status_code, said))
    assert [one for one in seen if one[2:] != (404, [])] == []
    assert snapshot(session) == before, "nothing moved"


def test_nobody_in_particular_is_sent_to_sign_in(app: Flask, client: FlaskClient, place: Place) -> None:
    for method, address in addresses(app, place):
        answer = client.open(address, method=method, data=BODY if method == "POST" else None)
        public = address.startswith("/l/")
        assert answer.status_code in ({303, 404} if public else {303}), (method, address)
        if answer.status_code == 303:
            assert answer.headers["Location"].startswith("/sign-in"), (method, address)
        assert not [word for word in SECRETS if word in answer.text]


def test_the_walk_names_things_that_exist_for_their_owners(app: Flask, place: Place) -> None:
    """Otherwise it would prove nothing."""
    buyer, seller = staff.signed_in(app, place.buyer), staff.signed_in(app, place.seller)
    reference, draft = place.order.reference, place.draft_slug
    for client, at in (
        (buyer, f"/orders/{reference}"),
        (buyer, f"/orders/{reference}/documents/contract.pdf"),
        (buyer, f"/checkout/{place.checkout.id}"),
        (seller, f"/pro/orders/{reference}"),
        (seller, f"/pro/orders/{reference}/documents/contract.pdf"),
        (seller, f"/pro/listings/{draft}"),
    ):
        assert client.get(at).status_code == 200, at
    assert buyer.get(f"/pro/orders/{reference}").status_code == 404
    assert seller.get(f"/orders/{reference}").status_code == 404


def test_lists_hold_only_ones_own(app: Flask, session: Session, place: Place) -> None:
    with unit_of_work(Actor.system("test")) as work:
        customer = people.customer(work, name="Tom Hale").user
        provider = people.provider(work, "Pulteney Heating").user
    for who, addresses_ in (
        (customer, ["/orders", f"/orders?before={uuid4()}"]),
        (
            provider,
            ["/orders", "/pro/listings", *(f"/pro/orders?show={lane}" for lane in ("answer", "waiting", "over"))],
        ),
    ):
        client = staff.signed_in(app, who)
        for address in addresses_:
            answer = client.get(address)
            assert answer.status_code in {200, 404}, address
            assert not [word for word in (*SECRETS, place.order.reference) if word in answer.text], address


@pytest.mark.parametrize("side", ["buyer", "seller"])
def test_a_file_or_document_opens_only_through_its_own_order(
    app: Flask, session: Session, place: Place, side: str
) -> None:
    """One's own order in the address does not open the evidence of another."""
    with unit_of_work(Actor.system("test")) as work:
        other = commerce.story(work)
        mine = commerce.delivered(work, other)
        theirs = {"buyer": other.buyer.user, "seller": other.seller.user}[side]
    client, start = staff.signed_in(app, theirs), "" if side == "buyer" else "/pro"
    own = f"{start}/orders/{mine.reference}"
    assert client.get(own).status_code == 200
    assert client.get(f"{own}/evidence/{place.evidence.id}").status_code == 404
    assert client.get(f"{own}/evidence/{uuid4()}").status_code == 404
    assert client.get(f"{own}/documents/contract.pdf").status_code == 404
    assert client.get(f"{own}/documents/../{place.order.reference}.pdf").status_code == 404


def test_the_console_is_nothing_to_customers_and_providers(app: Flask, place: Place) -> None:
    console = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/console")]
    assert len(console) > 50
    for user in (place.buyer, place.seller):
        client = staff.signed_in(app, user)
        for rule in console:
            method, at = (
                "GET" if "GET" in (rule.methods or ()) else "POST",
                address(rule, dict.fromkeys(rule.arguments, "1")),
            )
            assert client.open(at, method=method).status_code == 404, (method, at)


@pytest.mark.parametrize("side", ["buyer", "seller"])
def test_a_suspended_persons_session_ends_at_once(app: Flask, session: Session, place: Place, side: str) -> None:
    user: User = getattr(place, side)
    client = staff.signed_in(app, user)
    page = f"/orders/{place.order.reference}" if side == "buyer" else f"/pro/orders/{place.order.reference}"
    assert client.get(page).status_code == 200
    session.rollback()
    session.execute(sa.update(User).where(User.id == user.id).values(active=False))
    session.commit()
    before = snapshot(session)
    gone = [client.get(page), client.post(f"/orders/{place.order.reference}/accept_delivery", data=BODY)]
    assert [answer.headers.get("Location", "").split("?")[0] for answer in gone] == ["/sign-in", "/sign-in"]
    signing_in = {"email": user.email, "password": people.PASSWORD}
    assert client.post("/sign-in", data=signing_in).status_code == 422
    assert snapshot(session) == before


def snapshot(session: Session) -> list[tuple[object, ...]]:
    """Everything a stranger could have moved."""
    session.rollback()
    counted = ("transition", "order_evidence", "payment", "refund", "checkout", "listing", "stored_file")
    parts = " union all ".join(
        f"select '{table}', count(*), coalesce(max(xmin::text), '') from {table}" for table in counted
    )
    return [tuple(row) for row in session.execute(sa.text(parts))]
