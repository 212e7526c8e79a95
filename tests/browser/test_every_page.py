"""Every page that a customer, a provider or a passer-by can open, looked at in a real browser in every way.

The list of pages is the application's own: a new page is looked at the day it is added. What belongs into the blanks of
an address comes from the story that walks the walls.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httpx
import pytest
from flask import Flask
from playwright.sync_api import Error, Response
from werkzeug.routing import Rule

from app import session as sessions
from app.clients.storage import Storage
from app.services.catalogue import photo
from app.session import session_scope
from app.unit_of_work import unit_of_work
from config import Config
from models.actor import Actor
from tests.browser.conftest import Reader
from tests.browser.look import look
from tests.factories import commerce, people, pictures
from tests.storefront.test_weight import KIB, MOST
from tests.walls.test_walls import blanks_of, rules
from tests.walls.world import World, addresses, build

SIDES = {"buyer": ("customer", "person"), "seller": ("provider",)}
PUBLIC_BLANKS = {"text_id": "order-terms", "version": "1.1.0", "branch": "electrical"}
NOT_LOOKED_AT = {"/kit", "/checkout/<uuid:checkout_id>/return"}
"""The parts of the shop for whoever draws it; an address that is only passed through."""


@dataclass
class Shop:
    """A shop with one story in it. `pages` are addresses by who looks at them."""

    base: str
    story: commerce.Story
    pages: dict[str, list[str]]


@pytest.fixture
def shop(app: Flask, processes: Any, committed: Any) -> Shop:
    sessions.configure(committed.url, **Config.from_environment().engine_options())
    storage = Storage(processes.env["STORAGE_URL"])
    with session_scope(), unit_of_work(Actor.system("test")) as work:
        world = build(work, storage.put_content(b"%PDF-1.7 a contract", "pdf"))
        photo.keep(storage, pictures.jpeg())
        pages = {side: list(_private(app, world, guards)) for side, guards in SIDES.items()}
        told = world.story
        asked, done = commerce.paid(work, told).reference, commerce.completed(work, told).reference
        pages["buyer"] += [f"/orders/{asked}", f"/orders/{done}", f"/orders/{done}/review", f"/orders/{asked}/cancel"]
        pages["seller"] += [f"/pro/orders/{asked}", f"/pro/orders/{done}", f"/pro/orders/{done}/review"]
        party = told.seller.organisation.slug
        pages["nobody"] = [*_public(app), f"/l/{told.listing.slug}", f"/sellers/{party}", f"/reviews/{party}"]
    processes.web()
    return Shop(processes.base_url, told, pages)


def _private(app: Flask, world: World, guards: tuple[str, ...]) -> Iterator[str]:
    for rule in rules(app, *guards):
        if _is_page(rule):
            yield from addresses(app, world.blanks, rule)


def _public(app: Flask) -> Iterator[str]:
    """Those without anything that belongs to somebody."""
    for rule in rules(app, "public"):
        if _is_page(rule) and blanks_of(rule) <= PUBLIC_BLANKS.keys():
            yield from addresses(app, PUBLIC_BLANKS, rule)


def _is_page(rule: Rule) -> bool:
    return "GET" in (rule.methods or ()) and rule.endpoint.startswith("storefront.") and rule.rule not in NOT_LOOKED_AT


def test_every_page_is_fit_to_be_seen(shop, reader):
    """At 1280 and 390 pixels, light and dark, at 320, with letters twice as large and with lines further apart."""
    found: dict[str, list[str]] = defaultdict(list)
    seen = 0
    for side in ("nobody", "buyer", "seller"):
        one = reader(shop.base)
        _listen(one, found)
        if side != "nobody":
            one.sign_in(getattr(shop.story, side).user.email, people.PASSWORD)
        for path in dict.fromkeys(shop.pages[side]):
            heard = len(one.complaints)
            if not _opened(one, path):
                del one.complaints[heard:]  # the browser's own viewer of a file is no page of ours
                continue
            seen += 1
            for what in look(one):
                found[what].append(path)
    assert not found, "\n".join(f"{what}\n    at {' '.join(where)}" for what, where in found.items())
    assert seen > 50


def _listen(one: Reader, found: dict[str, list[str]]) -> None:
    """Notes pictures, scripts and styles that are missing or somebody else's."""

    def note(answer: Response) -> None:
        lost = answer.status >= HTTPStatus.BAD_REQUEST and answer.request.resource_type != "document"
        if lost or not answer.url.startswith((one.base, "data:")):
            found[f"{answer.status} from {answer.url}"].append(one.page.url)

    one.page.on("response", note)


def _opened(one: Reader, path: str) -> bool:
    """Whether there is a page to look at, and no file to keep."""
    one.page.set_viewport_size({"width": 1280, "height": 900})
    try:
        answer = one.go(path)
    except Error as refused:
        if "Download is starting" in str(refused) or "ERR_ABORTED" in str(refused):
            return False
        raise
    kind = answer.headers.get("content-type", "")
    assert answer.status < HTTPStatus.INTERNAL_SERVER_ERROR, path
    return answer.ok and kind.startswith("text/html")


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
