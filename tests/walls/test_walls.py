"""Every address of the shop and of the API, walked by people it is not for: they learn nothing and change nothing.

The walk knows no list of addresses: it asks the application. A new page is walked the day it is added; one with a new
blank in its address fails here until tests/walls/world.py says which thing of the story belongs there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.routing import AnyConverter, Rule

from app.extensions import limiter
from app.services.people import access_token
from app.unit_of_work import unit_of_work
from models.actor import Actor
from models.platform.transition import Transition
from models.types import utc_now, uuid7
from security.sessions import stamp
from tests.conftest import Arrange
from tests.factories import people
from tests.walls.world import World, address, build

AWAY = {401, 403, 404, 405}
NOT_YET = {"/orders/<reference>/receipt-proof.json", "/pro/orders/<reference>/receipt-proof.json"}
"""Papers that this story has not come to."""
PRIVATE = ("customer", "provider", "person", "token")


@pytest.fixture(autouse=True)
def _unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiter, "enabled", False)


@pytest.fixture
def world(arrange: Arrange) -> World:
    return arrange(build)


@pytest.fixture
def browser(app: Flask) -> Callable[[people.Party], Any]:
    """Signed in through the form."""

    def sign_in(party: people.Party) -> Any:
        client = app.test_client()
        answer = client.post("/sign-in", data={"email": party.user.email, "password": people.PASSWORD})
        assert answer.status_code == 303, answer.text
        return client

    return sign_in


@pytest.fixture
def program(app: Flask, arrange: Arrange) -> Callable[[people.Party], dict[str, str]]:
    """The headers of a program with this person's token."""

    def issue(party: people.Party) -> dict[str, str]:
        with app.app_context():
            mark = stamp(party.user)
        _, secret = arrange(access_token.issue, user_id=party.user.id, stamp=mark, label="walk", now=utc_now())
        return {"Authorization": f"Bearer {secret}"}

    return issue


def guard(app: Flask, rule: Rule) -> str:
    return getattr(app.view_functions[rule.endpoint], "shop_guard", "")


def rules(app: Flask, *guards: str) -> list[Rule]:
    """The shop's and the API's private addresses."""
    floors = ("storefront.", "api.")
    found = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith(floors)]
    return [rule for rule in found if guard(app, rule) in (guards or PRIVATE)]


def has_a_thing(rule: Rule) -> bool:
    """Whether the address names something that belongs to somebody."""
    return any(not isinstance(rule._converters[name], AnyConverter) for name in rule.arguments)


Answers = Iterator[tuple[str, Any]]


def walk(app: Flask, blanks: dict[str, str], client: Any, headers: dict[str, str], those: list[Rule]) -> Answers:
    """Each address with each of its methods, and what came back."""
    for rule in those:
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            more = {"Idempotency-Key": str(uuid7())} if rule.endpoint.startswith("api.") else {}
            body = {"json": {}} if rule.endpoint.startswith("api.") and method != "GET" else {}
            answer = client.open(address(app, blanks, rule), method=method, headers={**headers, **more}, **body)
            yield f"{method} {rule.rule}", answer


def leaks(world: World, text: str) -> list[str]:
    return [one for one in world.secrets if one in text]


def never(world: World) -> dict[str, str]:
    """Blanks of the same shape that belong to nothing."""
    return {name: str(uuid4()) if name.endswith("_id") else "FX-2222-22" for name in world.blanks} | {
        "kind": "contract"
    }


def is_away(answer: Any) -> bool:
    """Refused, or sent to sign in."""
    to_sign_in = answer.status_code in {302, 303} and answer.location.startswith("/sign-in")
    return answer.status_code in AWAY or to_sign_in


def moves(session: Session) -> int:
    session.rollback()
    return int(session.scalar(sa.select(sa.func.count()).select_from(Transition)) or 0)


def test_every_blank_of_an_address_has_its_thing_in_the_story(app: Flask, world: World) -> None:
    missing = set()
    for rule in rules(app):
        blanks = {name for name in rule.arguments if not isinstance(rule._converters[name], AnyConverter)}
        missing |= blanks - world.blanks.keys()
    assert not missing, "say in tests/walls/world.py which thing of the story belongs there"


def test_who_is_not_signed_in_is_sent_to_sign_in(app: Flask, world: World, session: Session) -> None:
    before = moves(session)
    for where, answer in walk(app, world.blanks, app.test_client(), {}, rules(app)):
        assert is_away(answer), f"{where}: {answer.status_code}"
        assert not leaks(world, answer.text.replace(answer.request.path, "")), where
    assert moves(session) == before


@pytest.mark.parametrize("who", ["stranger", "rival"])
def test_a_stranger_finds_nothing_of_it(
    app: Flask, world: World, session: Session, arrange: Arrange, browser: Any, program: Any, who: str
) -> None:
    """Another customer, and another provider: not even that there is something, for what was never there answers so
    too. (A body that does not fit is refused before anything is looked up.)"""
    make = {"stranger": people.customer, "rival": people.provider}[who]
    other = arrange(make, name="Owen Reed")
    before = moves(session)
    client, headers = browser(other), program(other)
    things = [rule for rule in rules(app) if has_a_thing(rule)]
    invented = {where: answer.status_code for where, answer in walk(app, never(world), client, headers, things)}
    assert set(invented.values()) <= {403, 404, 422}
    for where, answer in walk(app, world.blanks, client, headers, things):
        assert answer.status_code == invented[where], f"{where}: {answer.status_code}, invented {invented[where]}"
        assert not leaks(world, answer.text.replace(answer.request.path, "")), where
    for where, answer in walk(app, world.blanks, client, headers, [r for r in rules(app) if not has_a_thing(r)]):
        assert not leaks(world, answer.text), where
    assert moves(session) == before


@pytest.mark.parametrize("side", ["buyer", "seller"])
def test_each_side_has_its_own_pages(app: Flask, world: World, session: Session, browser: Any, side: str) -> None:
    """The customer never acts at the provider's desk, nor the provider as the customer."""
    wrong = {"buyer": "provider", "seller": "customer"}[side]
    client = browser(getattr(world.story, side))
    before = moves(session)
    for where, answer in walk(app, world.blanks, client, {}, [r for r in rules(app, wrong) if has_a_thing(r)]):
        assert answer.status_code in {403, 404}, f"{where}: {answer.status_code}"
    assert moves(session) == before


def test_the_parties_themselves_are_let_in(app: Flask, world: World, browser: Any) -> None:
    """Or the walk would prove nothing."""
    plain = {"reference", "slug", "checkout_id"}
    for side, mine in (("buyer", "customer"), ("seller", "provider")):
        client = browser(getattr(world.story, side))
        pages = [r for r in rules(app, mine) if "GET" in r.methods and has_a_thing(r) and r.arguments <= plain]
        answers = {rule.rule: client.get(address(app, world.blanks, rule)).status_code for rule in pages}
        shut = {where for where, status in answers.items() if status in AWAY}
        assert shut <= NOT_YET, f"{side}: {shut}"


def test_who_was_suspended_a_moment_ago_is_nobody(
    app: Flask, world: World, session: Session, browser: Any, program: Any
) -> None:
    """The party of the order itself, with the browser and the token from before."""
    party = world.story.buyer
    client, headers = browser(party), program(party)
    with unit_of_work(Actor.system("test")) as work:
        work.merge(party.user).active = False
    before = moves(session)
    for where, answer in walk(app, world.blanks, client, headers, rules(app)):
        assert is_away(answer), f"{where}: {answer.status_code}"
        assert not leaks(world, answer.text.replace(answer.request.path, "")), where
    assert moves(session) == before
