"""Every address of the shop and of the API, walked by people it is not for: they learn nothing and change nothing.

The walk knows no list of addresses: it asks the application. A new page is walked the day it is added; one with a new
blank in its address fails here until tests/walls/world.py says which thing of the story belongs there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Session
from werkzeug.routing import AnyConverter, Rule

from app.unit_of_work import unit_of_work
from models.actor import Actor
from models.types import uuid7
from tests.conftest import Arrange
from tests.factories import people
from tests.walls import things
from tests.walls.world import World, addresses, never

REFUSED = {401, 403, 404, 405}
PRIVATE = ("customer", "provider", "person", "token")
NOT_YET = {
    "/orders/<reference>/receipt-proof.json",
    "/pro/orders/<reference>/receipt-proof.json",
    "/l/<slug>/question",
    "/l/<slug>/quote",
}
"""Papers that this story has not come to; its slug is a draft's, which nobody asks about or for a quote from."""
OWNERS = ("/pro/setup", "/account/organisations/<party_slug>/")
BODY = {"key": "k", "code": "price", "reason": "no", "note": "n", "site_address": "x", "title": "t", "price": "1"}
Answers = Iterator[tuple[str, Any]]
STRANGERS: dict[str, Callable[[Session], User]] = {
    "another customer": lambda work: people.customer(work, name="Tom Hale").user,
    "another provider": lambda work: people.provider(work, "Pulteney Heating").user,
    "a moderator": lambda work: people.staff(work, "Moderator"),
    "an administrator": lambda work: people.staff(work, "Administrator"),
}


def rules(app: Flask, *guards: str) -> list[Rule]:
    """The shop's and the API's addresses behind these guards; the private ones."""
    wanted = guards or PRIVATE
    found = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith(("storefront.", "api."))]
    return [rule for rule in found if getattr(app.view_functions[rule.endpoint], "shop_guard", "") in wanted]


def blanks_of(rule: Rule) -> set[str]:
    """What the address names that belongs to somebody."""
    return {name for name in rule.arguments if not isinstance(rule._converters[name], AnyConverter)}


def walk(app: Flask, blanks: dict[str, str], client: Any, headers: dict[str, str], those: list[Rule]) -> Answers:
    """Each address with each of its methods, and what came back; the shop's under `/`, the API's with its token."""
    for rule in those:
        by_program = rule.endpoint.startswith("api.")
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            more = {**headers, "Idempotency-Key": str(uuid7())} if by_program else {}
            body = {} if method == "GET" else {"json": {}} if by_program else {"data": BODY}
            for place, at in enumerate(addresses(app, blanks, rule)):
                yield f"{method} {rule.rule} {place}", client.open(at, method=method, headers=more, **body)


def leaks(world: World, answer: Any) -> list[str]:
    """Secrets in an answer; an address that was asked for may stand there again."""
    text = answer.text.replace(answer.request.path, "")
    return [one for one in world.secrets if one in text]


def is_away(answer: Any) -> bool:
    """Refused, or sent to sign in."""
    to_sign_in = answer.status_code in {302, 303} and answer.location.startswith("/sign-in")
    return answer.status_code in REFUSED or to_sign_in


def snapshot(session: Session) -> list[tuple[object, ...]]:
    """Everything a stranger could have moved. Not sign_in: whoever walks for five minutes is seen again."""
    session.rollback()
    counted = (
        "transition",
        "order_evidence",
        "payment",
        "refund",
        "checkout",
        "listing",
        "stored_file",
        "order_message",
        "question",
        "quote_request",
        "quote_offer",
        "membership",
        "invitation",
        "trader_document",
        "listing_photo",
        "review",
        "access_token",
        "sales_order",
        "dispute",
        "dispute_statement",
        "organisation",
        "seller",
        "trader",
        "vat_status",
        "notification",
        "favourite",
        "review_reply",
        "account_link",
    )
    parts = " union all ".join(
        f"select '{table}', count(*), coalesce(max(xmin::text::bigint), 0) from {table}" for table in counted
    )
    return [tuple(row) for row in session.execute(sa.text(parts))]


def test_every_blank_of_an_address_has_its_thing_in_the_story(app: Flask, world: World) -> None:
    missing = {blank for rule in rules(app) for blank in blanks_of(rule)} - world.blanks.keys()
    assert not missing, "say in tests/walls/world.py which thing of the story belongs there"


def test_who_is_not_signed_in_is_sent_to_sign_in(app: Flask, world: World, session: Session) -> None:
    before = snapshot(session)
    for where, answer in walk(app, world.blanks, app.test_client(), {}, rules(app)):
        assert is_away(answer), f"{where}: {answer.status_code}"
        assert not leaks(world, answer), where
    assert snapshot(session) == before


def test_what_is_not_published_has_no_public_page(app: Flask, world: World) -> None:
    """Under the address of a draft nobody finds a listing or its card; who would order it is asked to sign in."""
    public = [rule for rule in rules(app, "public") if blanks_of(rule) == {"slug"}]
    assert len(public) >= 4
    for where, answer in walk(app, world.blanks, app.test_client(), {}, public):
        assert is_away(answer), f"{where}: {answer.status_code}"
        assert not leaks(world, answer), where


@pytest.mark.parametrize("name", STRANGERS)
def test_a_stranger_finds_nothing_of_it(
    app: Flask, world: World, session: Session, arrange: Arrange, browser: Any, program: Any, name: str
) -> None:
    """Not even that there is something: what was never there answers so too. (The API refuses a body that does not fit
    before it looks anything up; staff have rights of their own there, so they walk the shop.)"""
    other = arrange(STRANGERS[name])
    client, headers = browser(other), program(other)
    member = other.roles == []
    mine = [rule for rule in rules(app) if member or not rule.endpoint.startswith("api.")]
    things = [rule for rule in mine if blanks_of(rule)]
    before = snapshot(session)
    invented = {where: one.status_code for where, one in walk(app, never(world.blanks), client, headers, things)}
    assert {status for where, status in invented.items() if "/api/" not in where} == {404}
    assert set(invented.values()) <= {403, 404, 422}
    for where, answer in walk(app, world.blanks, client, headers, things):
        assert answer.status_code == invented[where], f"{where}: {answer.status_code}, invented {invented[where]}"
        assert not leaks(world, answer), where
    lists = [rule for rule in mine if not blanks_of(rule) and "GET" in rule.methods]
    for where, answer in walk(app, world.blanks, client, headers, lists):
        assert not leaks(world, answer), where
    assert snapshot(session) == before


@pytest.mark.parametrize("side", ["buyer", "seller"])
def test_each_side_has_its_own_pages(app: Flask, world: World, session: Session, browser: Any, side: str) -> None:
    """The customer never acts at the provider's desk, nor the provider as the customer."""
    wrong = {"buyer": "provider", "seller": "customer"}[side]
    client, before = browser(getattr(world.story, side).user), snapshot(session)
    for where, answer in walk(app, world.blanks, client, {}, [r for r in rules(app, wrong) if blanks_of(r)]):
        assert answer.status_code in {403, 404}, f"{where}: {answer.status_code}"
    assert snapshot(session) == before


def test_the_parties_themselves_are_let_in(app: Flask, world: World, browser: Any) -> None:
    """Or the walk would prove nothing."""
    plain = {"reference", "slug", "checkout_id"}
    for side, mine in (("buyer", "customer"), ("seller", "provider")):
        client = browser(getattr(world.story, side).user)
        pages = [r for r in rules(app, mine) if "GET" in r.methods and blanks_of(r) and r.arguments <= plain]
        shut = {r.rule for r in pages for at in addresses(app, world.blanks, r) if is_away(client.get(at))}
        assert shut <= NOT_YET, f"{side}: {shut}"
        start = "/orders" if side == "buyer" else "/pro/orders"
        assert client.get(f"{start}/{world.order.reference}/documents/contract.pdf").status_code == 200


def test_a_member_does_the_daily_work_and_nothing_that_an_owner_decides(
    app: Flask, world: World, session: Session, browser: Any
) -> None:
    """Who else belongs to the organisation, and what it says of itself to the authorities, is for its owners."""
    client = browser(things.mate_of(session).user)
    assert client.get(f"/pro/orders/{world.order.reference}").status_code == 200
    assert client.get(f"/account/organisations/{world.blanks['party_slug']}").status_code == 200
    for_owners = [rule for rule in rules(app) if rule.rule.startswith(OWNERS) and not rule.rule.endswith("/leave")]
    verbs = [rule for rule in for_owners if "POST" in rule.methods]
    assert len(verbs) >= 7
    before = snapshot(session)
    for where, answer in walk(app, world.blanks, client, {}, verbs):
        assert answer.status_code in {403, 404, 422}, f"{where}: {answer.status_code}"
        assert "new@provider.test" not in answer.text, where
    assert snapshot(session) == before


def test_who_was_suspended_a_moment_ago_is_nobody(
    app: Flask, world: World, session: Session, browser: Any, program: Any
) -> None:
    """The parties of the order themselves, with the browser and the token from before."""
    for party in (world.story.buyer, world.story.seller):
        client, headers = browser(party.user), program(party.user)
        with unit_of_work(Actor.system("test")) as work:
            work.merge(party.user).active = False
        before = snapshot(session)
        for where, answer in walk(app, world.blanks, client, headers, rules(app)):
            assert is_away(answer), f"{where}: {answer.status_code}"
            assert not leaks(world, answer), where
        signing_in = {"email": party.user.email, "password": people.PASSWORD}
        assert client.post("/sign-in", data=signing_in).status_code == 422
        assert snapshot(session) == before
