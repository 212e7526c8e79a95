"""Accounts, businesses and what both sides say: the pages around the story of an order."""

from __future__ import annotations

import os
import re
import time
from typing import Any

import httpx

from tools.demo import story
from tools.demo.visitor import StoryBroken, Visitor
from tools.screenshots.camera import Camera

ADDRESS, PASSWORD = "ines@pinto.test", "nine quiet herons"
ACCOUNT = {
    "account": "/account",
    "favourites": "/account/favourites",
    "questions": "/account/questions",
    "security": "/account/security",
    "organisations": "/account/organisations",
    "notification-preferences": "/account/notifications",
    "notifications": "/notifications",
    "account-delete": "/account/delete",
}
BUSINESS = {
    "setup": "/pro/setup",
    "setup-identity": "/pro/setup/identity",
    "setup-company": "/pro/setup/company",
    "setup-insurance": "/pro/setup/insurance",
    "earnings": "/pro/earnings",
    "questions": "/pro/questions",
    "reviews": "/pro/reviews",
}
WAIT = 60


def picture(base: str, cast: story.Cast, slug: str, done: str, pictures: Camera) -> None:
    """`slug` is a live listing, `done` the reference of an order that is completed."""
    _arrived(base, slug, pictures)
    _said(cast, done, pictures)
    for name, address in ACCOUNT.items():
        pictures.take(name, cast.customer, address)
    for name, address in BUSINESS.items():
        pictures.take(f"provider-{name}", cast.provider, address)
    _photos(cast, pictures)


def _arrived(base: str, slug: str, pictures: Camera) -> None:
    """From the first look to a confirmed address."""
    new = Visitor(base, "somebody new")
    for name, address in {"sign-up": "/sign-up", "forgotten-password": "/password", "sell": "/sell"}.items():
        pictures.take(name, new, address)
    links = new.go(f"/l/{slug}").xpath("//a[starts-with(@href, '/sellers/')]/@href")
    pictures.take("seller", new, str(links[0]))
    pictures.take("seller-reviews", new, str(links[0]).replace("/sellers/", "/reviews/"))
    new.go("/sign-up")
    new.send({"first_name": "Ines", "last_name": "Pinto", "email": ADDRESS, "password": PASSWORD})
    link = _link()
    pictures.take("confirm", new, link)
    new.go(link)
    new.send({"password": PASSWORD})
    pictures.take("home-signed-in", new, "/")
    pictures.take("orders-none", new, "/orders")


def _link() -> str:
    """The path in the newest mail to the new address. Raises StoryBroken when none comes."""
    page = f"{os.environ['MAIL_PAGE_URL']}/messages.json"
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        mails: list[dict[str, Any]] = httpx.get(page, params={"to": ADDRESS}).json()
        for mail in mails:
            if found := re.search(r"https?://[^/\s]+(/confirm\?link=\S+)", mail["text"]):
                return found[1]
        time.sleep(0.5)
    raise StoryBroken(f"no mail for {ADDRESS} in {WAIT} s")


def _said(cast: story.Cast, done: str, pictures: Camera) -> None:
    """Messages, and reviews that stay blind until both wrote."""
    sides = ((cast.customer, f"/orders/{done}"), (cast.provider, f"/pro/orders/{done}"))
    words = ("The gate code is 1234. Park on the left, the drive is shared.", "Thank you. We will be there at eight.")
    for (who, at), text in zip(sides, words, strict=True):
        who.go(f"{at}/messages")
        who.send({"text": text}, action="/messages/")
    pictures.take("messages", cast.customer, f"/orders/{done}/messages")
    pictures.take("provider-messages", cast.provider, f"/pro/orders/{done}/messages")
    pictures.take("review", cast.customer, f"/orders/{done}/review")
    said = (("5", "On time, tidy, and the report was clear."), ("4", "Friendly, and the way in was easy."))
    for (who, at), (stars, text) in zip(sides, said, strict=True):
        who.go(f"{at}/review")
        who.send({"stars": stars, "text": text}, action="/review/")
        pictures.take(f"{'provider-' if at.startswith('/pro') else ''}review-written", who, f"{at}/review")


def _photos(cast: story.Cast, pictures: Camera) -> None:
    """The pictures of a draft."""
    provider = cast.provider
    at = f"/pro/listings/{story.write(provider, 'Board looked at and labelled')}/photos"
    provider.go(at)
    pictures.take("provider-photos-none", provider, at)
    for number, alt in enumerate(("A board with its cover off, every breaker labelled", "The van on the drive")):
        provider.go(at)
        photo = (f"{number}.jpg", story.photo(number), "image/jpeg")
        provider.send({"alt": alt}, action="/photos/", files={"file": photo})
    pictures.take("provider-photos", provider, at)
