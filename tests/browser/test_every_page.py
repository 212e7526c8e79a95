"""Every page that a customer, a provider or a passer-by can open, looked at in a real browser in every way.

The list of pages is the application's own: a new page is looked at the day it is added. What belongs into the blanks of
an address comes from the story that walks the walls. What is not looked at stands on a list here, with its reason.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Error, Response
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from app import session as sessions
from app.clients.storage import Storage
from app.services.catalogue import photo
from app.services.commerce import order, review
from app.services.people import account_link, person
from app.services.platform import unsubscribe
from app.session import session_scope
from app.unit_of_work import unit_of_work
from config import Config
from models.actor import Actor
from models.people.account_link import AccountLinkPurpose
from models.platform.mail_message import MailMessage
from tests.browser.conftest import Reader
from tests.browser.look import look
from tests.factories import commerce, people, pictures, question
from tests.storefront.account_story import secret_in
from tests.storefront.test_weight import KIB, MOST
from tests.walls.test_walls import rules
from tests.walls.world import addresses, build

P = AccountLinkPurpose
SIDES = {"buyer": ("customer", "person"), "seller": ("provider",)}
PUBLIC_BLANKS = {"text_id": "order-terms", "version": "1.1.0", "branch": "electrical"}
MEMBERS, UNCONFIRMED = "/account/organisations/<party_slug>", "/account/confirm"
NO_PAGES = {
    "/files/<token>": "a file",
    "/l/<slug>/card.jpg": "a picture",
    "/orders/<reference>/documents/<kind>.pdf": "a file",
    "/orders/<reference>/evidence/<uuid:evidence_id>": "a file",
    "/orders/<reference>/messages/files/<uuid:attachment_id>": "a file",
    "/orders/<reference>/problem/files/<uuid:file_id>": "a file",
    "/orders/<reference>/receipt-proof.json": "a file",
    "/orders/<reference>/visit.ics": "a file",
    "/photos/<digest>/<name>": "a picture",
    "/pro/setup/documents/<uuid:paper_id>": "a file",
    "/pro/earnings.csv": "a file",
    "/proof/fixnado_verify.py": "a file",
    "/proof/heads/<any(ledger, audit):chain>/<day>.json": "for programs",
    "/quotes/<uuid:quote_id>/files/<uuid:quote_file_id>": "a file",
    "/robots.txt": "for programs",
    "/search": "only passed through, to the services",
    "/sitemap.xml": "for programs",
    "/sitemap-<part>.xml": "for programs",
    "/account/favourites/wanted": "only passed through, with what was wanted before signing in",
    "/checkout/<uuid:checkout_id>/return": "only passed through, to the checkout or its order",
}
"""Addresses without a page, and why; the provider's of the same name too."""
ANSWERS = {"/nothing-here": HTTPStatus.NOT_FOUND, "/confirm?link=over": HTTPStatus.GONE}
"""Pages that say no."""


@dataclass
class Shop:
    """A shop with one story in it. `pages` are addresses by who looks at them."""

    base: str
    story: commerce.Story
    pages: dict[str, list[str]]
    names: dict[str, str]
    """The address that each of them signs in with."""
    answers: dict[str, HTTPStatus]
    """What a page answers if not 200."""


@pytest.fixture
def shop(app: Flask, processes: Any, committed: Any) -> Shop:
    sessions.configure(committed.url, **Config.from_environment().engine_options())
    storage = Storage(processes.env["STORAGE_URL"])
    with session_scope(), unit_of_work(Actor.system("test")) as work:
        world = build(work, storage.put_content(b"%PDF-1.7 a contract", "pdf"))
        photo.keep(storage, pictures.jpeg())
        told = world.story
        seen = _shown(work, told)
        blanks = {"buyer": world.blanks | seen, "seller": world.blanks}
        pages = {side: list(_private(app, blanks[side], guards)) for side, guards in SIDES.items()}
        asked, done = commerce.paid(work, told).reference, commerce.completed(work, told).reference
        agreed, late = commerce.accepted(work, told).reference, commerce.delivered(work, told).reference
        begun = commerce.accepted(work, told)
        order.start(work, begun, actor=told.seller.actor)
        for side, at in (("buyer", "/orders"), ("seller", "/pro/orders")):
            pages[side] += [f"{at}/{asked}", f"{at}/{agreed}/cancel", f"{at}/{done}", f"{at}/{done}/review"]
            pages[side] += [f"{at}/{late}"]
        pages["buyer"] += [f"/orders/{asked}/cancel", f"/orders/{late}/problem/new"]
        pages["seller"] += [f"/pro/orders/{begun.reference}/problem/new"]
        disputed = (f"/orders/{world.order.reference}/{what}" for what in ("cancel", "problem/new"))
        refused = {f"{pro}{path}": HTTPStatus.CONFLICT for path in disputed for pro in ("", "/pro")}
        members = MEMBERS.replace("<party_slug>", told.seller.organisation.slug)
        pages["seller"].append(members)
        pages["member"] = [members]
        pages["unconfirmed"] = [UNCONFIRMED, "/"]
        party = {"slug": told.seller.organisation.slug}
        pages["nobody"] = [*_public(app, seen, party, _links(work, told)), *ANSWERS]
        new = _unconfirmed(work)
    names = {"buyer": told.buyer.user.email, "seller": told.seller.user.email, "member": "mate@provider.test"}
    processes.web(ENVIRONMENT="development")  # for /kit
    return Shop(processes.base_url, told, pages, {**names, "unconfirmed": new}, {**ANSWERS, **refused})


def _shown(work: Session, told: commerce.Story) -> dict[str, str]:
    """What everybody reads, for the blanks of a customer's addresses: the walls have what is hidden."""
    done = commerce.completed(work, told)
    read = review.write(work, done, actor=told.buyer.actor, stars=5, text="On time, tidy, and the report was clear.")
    review.write(work, done, actor=told.seller.actor, stars=4, text="Friendly, and the way in was easy.")
    asked = question.published(work, told)
    return {"slug": told.listing.slug, "review_id": str(read.id), "question_id": str(asked.id)}


def _unconfirmed(work: Session) -> str:
    """Somebody who signed up and did not press the link yet."""
    hash_ = person.hashed(people.PASSWORD)
    return person.add(work, email="new@customer.test", hash_=hash_, first_name="Ines", last_name="Pinto").email


def _links(work: Session, told: commerce.Story) -> dict[str, str]:
    """Addresses of mails that still do something, by their rule."""

    def link(purpose: AccountLinkPurpose) -> str:
        _, secret = account_link.issue(work, user_id=told.buyer.user.id, purpose=purpose, email="other@customer.test")
        return f"?link={secret}"

    invited = work.scalars(sa.select(MailMessage).where(MailMessage.template == "invitation")).one()
    return {
        "/confirm": f"/confirm{link(P.confirm)}",
        "/password/new": f"/password/new{link(P.password)}",
        "/account/email/confirm": f"/account/email/confirm{link(P.email)}",
        "/account/email/undo": f"/account/email/undo{link(P.undo_email)}",
        "/invitation": f"/invitation?link={secret_in(invited)}",
        "/unsubscribe/<token>": urlsplit(unsubscribe.address(told.buyer.user.id, "progress")).path,
    }


def _private(app: Flask, blanks: dict[str, str], guards: tuple[str, ...]) -> Iterator[str]:
    for rule in rules(app, *guards):
        if _is_page(rule) and rule.rule not in {MEMBERS, UNCONFIRMED}:  # for whom they are: below
            yield from addresses(app, blanks, rule)


def _public(app: Flask, seen: dict[str, str], party: dict[str, str], links: dict[str, str]) -> Iterator[str]:
    """Raises KeyError for one whose blanks nobody filled."""
    for rule in rules(app, "public"):
        if rule.rule in links:
            yield links[rule.rule]
        elif _is_page(rule):
            whose = party if rule.rule.startswith(("/sellers/", "/reviews/")) else seen
            yield from addresses(app, PUBLIC_BLANKS | whose, rule)


def _is_page(rule: Rule) -> bool:
    mine = "GET" in (rule.methods or ()) and rule.endpoint.startswith("storefront.")
    return mine and rule.rule not in NO_PAGES and rule.rule.removeprefix("/pro") not in NO_PAGES


def test_every_page_is_fit_to_be_seen(shop, reader):
    """At 1280 and 390 pixels, light and dark, at 320, with letters twice as large and with lines further apart."""
    found: dict[str, list[str]] = defaultdict(list)
    for side, paths in shop.pages.items():
        one = reader(shop.base)
        _listen(one, found)
        if side in shop.names:
            one.sign_in(shop.names[side], people.PASSWORD)
        for path in dict.fromkeys(paths):
            if said := _opened(one, path, shop.answers.get(path, HTTPStatus.OK)):
                found[said].append(f"{side} {path}")
                continue
            for what in look(one):
                found[what].append(path)
        if side == "nobody":
            for what in _look_for_mail(one):
                found[what].append(one.page.url)
    assert not found, "\n".join(f"{what}\n    at {' '.join(where)}" for what, where in found.items())


def test_whatever_has_no_page_is_an_address_of_the_shop(app):
    assert NO_PAGES.keys() <= {rule.rule for rule in app.url_map.iter_rules()}


def _look_for_mail(one: Reader) -> Iterator[str]:
    """What a form answers whose answer comes by mail."""
    one.go("/password")
    one.page.fill("#email", "priya@customer.test")
    one.press("Send me a link")
    assert one.page.url == f"{one.base}/password"
    yield from look(one)


def _listen(one: Reader, found: dict[str, list[str]]) -> None:
    """Notes pictures, scripts and styles that are missing or somebody else's."""

    def note(answer: Response) -> None:
        lost = answer.status >= HTTPStatus.BAD_REQUEST and answer.request.resource_type != "document"
        if lost or not answer.url.startswith((one.base, "data:")):
            found[f"{answer.status} from {answer.url}"].append(one.page.url)

    one.page.on("response", note)


def _opened(one: Reader, path: str, expected: HTTPStatus) -> str:
    """Why this is no page to look at; empty when it is one."""
    one.page.set_viewport_size({"width": 1280, "height": 900})
    try:
        answer = one.go(path)
    except Error as refused:
        return f"not opened: {refused.message.splitlines()[0]}"
    if answer.status != expected:
        return f"answers {answer.status}"
    if answer.url != one.base + path:
        return f"leads to {urlsplit(answer.url).path}"
    kind = answer.headers.get("content-type", "")
    return "" if kind.startswith("text/html") else f"is {kind}"


def test_a_first_visit_costs_at_most_a_hundred_kilobytes_as_it_travels(shop):
    """The page and every style, script, icon and font that it asks for, packed; photos apart."""
    for path in ("/", f"/l/{shop.story.listing.slug}", "/sign-up"):
        with httpx.Client(base_url=shop.base, headers={"Accept-Encoding": "gzip"}) as client:
            page = client.get(path)
            parts = set(re.findall(r'(?:src|href)="(/static/dist/[^"#]+)', page.text))
            answers = [page, *(client.get(one) for one in parts)]
        assert {one.status_code for one in answers} == {200}
        weights = {one.url.path: one.num_bytes_downloaded / KIB for one in answers}
        assert len(weights) >= 6, "page, style, script, icons, two fonts"
        assert sum(weights.values()) <= MOST, weights
