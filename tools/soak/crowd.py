"""Customers who order, pay in every way and change their minds; providers who take work on, or do not."""

from __future__ import annotations

import threading
from http import HTTPStatus

from lxml import html

from tools.demo.visitor import StoryBroken
from tools.soak.person import Diary, Person
from tools.soak.world import World

CUSTOMERS = ("priya@customer.test", "tom@customer.test", "grace@lettings.test")
PROVIDERS = ("elin@avonelectrical.test", "jonah@pulteney.test", "wren@totterdown.test")
LISTED = "select slug from listing where state = 'live' order by slug"
CARDS = {
    "4242 4242 4242 4242": 12,
    "4000 0000 0000 0002": 2,
    "4000 0025 0000 3155": 2,
    "4000 0000 0000 7726": 2,
    "4000 0000 0000 5126": 1,
}
"""Test cards, and how many of twenty customers use each: pays, declined, asks the bank, slow refund, failing refund."""
PHOTO = ("board.png", b"\x89PNG\r\n\x1a\n" + b"the new board" * 20, "image/png")


def gather(world: World, seed: int, over: threading.Event, diary: Diary) -> list[Person]:
    """Everybody, at the door and signed in."""
    slugs = [slug for (slug,) in world.ask(LISTED)]
    people: list[Person] = [Customer(world.base_url, email, seed, over, diary) for email in CUSTOMERS]
    for one in people:
        if isinstance(one, Customer):
            one.slugs = slugs
    people += [Provider(world.base_url, email, seed, over, diary) for email in PROVIDERS]
    for one in people:
        one.sign_in()
    return people


class Customer(Person):
    """Orders often, looks after an order now and then."""

    slugs: list[str]

    def turn(self) -> None:
        if self.chance.random() < 0.55:  # noqa: PLR2004
            self.order()
        else:
            self.look_after()

    def order(self) -> None:
        """From the listing to the provider's page, and whatever happens there."""
        slug = self.chance.choice(self.slugs)
        windows = self.look(f"/l/{slug}").xpath("//input[@name='window']/@value")
        if not windows:
            return
        began = self.press({"window": windows[0]}, action=f"/l/{slug}/order/", named="begin")
        if "/checkout/" not in began.headers.get("Location", ""):
            return
        self.look(began.headers["Location"])
        answer = self.press(
            {
                "site_address": "14 Stackpool Road\nBristol",
                "site_postcode": "BS3 1NG",
                "access_notes": "The meter is under the stairs.",
                "express_start": "y",
            },
            named="order",
        )
        there = answer.headers.get("Location", "")
        if "/pay/" in there:
            self.pay(there)

    def pay(self, page: str) -> None:
        """Pays, is declined, changes cards, turns back, or walks away."""
        mood = self.chance.random()
        if mood < 0.08:  # noqa: PLR2004
            return
        if mood < 0.14:  # noqa: PLR2004
            self._until_answered("POST", page, data={"do": "cancel"})
            return
        for _ in range(3):
            (card,) = self.chance.choices(list(CARDS), list(CARDS.values()))
            answer = self._until_answered("POST", page, data={"do": "pay", "card": card})
            if answer.headers.get("Location", "").endswith("/bank"):
                word = "confirm" if self.chance.random() < 0.8 else "refuse"  # noqa: PLR2004
                answer = self._until_answered("POST", f"{page}/bank", data={"do": word})
            self.diary.answers[f"paying {answer.status_code}"] += 1
            if answer.status_code != HTTPStatus.UNPROCESSABLE_ENTITY:
                break
        if self.chance.random() < 0.5 and answer.is_redirect:  # noqa: PLR2004
            self.look(answer.headers["Location"])

    def look_after(self) -> None:
        """Accepts, asks for changes or withdraws, where the page offers it."""
        if reference := _one_of(self, self.look("/orders"), "/orders/"):
            page = self.look(f"/orders/{reference}")
            _act(self, page, reference, {"accept_delivery": 0.7, "request_changes": 0.2, "cancel": 0.12})


class Provider(Person):
    """Answers most orders, works, delivers."""

    def turn(self) -> None:
        lane = self.chance.choice(("answer", "answer", "agreed", "work"))
        if reference := _one_of(self, self.look(f"/pro/orders?show={lane}"), "/pro/orders/"):
            page = self.look(f"/pro/orders/{reference}")
            _act(self, page, reference, {"accept": 0.75, "decline": 0.12, "start": 0.9, "deliver": 0.9})


def _one_of(person: Person, page: html.HtmlElement, below: str) -> str | None:
    links = {link.partition("?")[0] for link in page.xpath("//main//a/@href") if link.startswith(f"{below}FX-")}
    return person.chance.choice(sorted(links)).removeprefix(below) if links else None


def _act(person: Person, page: html.HtmlElement, reference: str, wishes: dict[str, float]) -> None:
    """At most one of the moves that the page offers, as likely as it is wished for."""
    offered = {str(form.action or "").rstrip("/").rpartition("/")[2] for form in page.xpath("//main//form")}
    for event in sorted(offered & wishes.keys()):
        if person.chance.random() < wishes[event]:
            typed = {"reason": "The second socket is still loose.", "code": "not_available", "note": "The new board."}
            files = {"file": PHOTO} if event == "deliver" else None
            answer = person.press(typed, action=f"/{event}/", files=files)
            if answer.status_code == HTTPStatus.SEE_OTHER:
                person.diary.kept.append((reference, event))
            elif answer.status_code not in {HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}:
                raise StoryBroken(f"{person.name} got {answer.status_code} for {event} of {reference}")
            return
