"""Customers who order, pay in every way and change their minds; providers who take work on, or do not."""

from __future__ import annotations

import threading
from http import HTTPStatus
from io import BytesIO

from lxml import html
from PIL import Image

from tools.demo.visitor import StoryBroken
from tools.soak.desk import STAFF, Desk
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
    "4000 0000 0000 0259": 1,
    "4000 0000 0000 1976": 1,
}
"""Test cards and how often each is used: pays, declined, asks the bank, slow refund, failing refund, disputed, inquired
about."""
TYPED = {
    "request_changes": {"reason": "The second socket is still loose."},
    "decline": {"code": "not_available", "reason": "We are away that week."},
    "deliver": {"note": "The new board, tested and labelled."},
    "cancel": {"reason": "It does not fit any more."},
    "new": {"code": "poor_work", "text": "The cover of the board is broken and two circuits are not labelled."},
}
SAID = {"text": "We have talked about it and see it differently.", "reason": "We have found a way."}
PROBLEM = {"respond": 0.7, "provide": 0.8, "agree": 0.5, "reject": 0.3, "withdraw": 0.15}
MADE = {"new": "open_dispute"}
"""Forms that are called otherwise than the move they make."""
ANSWERS = {HTTPStatus.SEE_OTHER, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY}


def gather(world: World, seed: int, over: threading.Event, diary: Diary) -> list[Person]:
    """Everybody, at the door and signed in."""
    slugs = [slug for (slug,) in world.ask(LISTED)]
    people: list[Person] = [Customer(world.base_url, email, seed, over, diary) for email in CUSTOMERS]
    for one in people:
        if isinstance(one, Customer):
            one.slugs = slugs
    people += [Desk(world.base_url, email, seed, over, diary) for email in STAFF]
    for one in people:
        if isinstance(one, Desk):
            one.world = world
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
            where = f"/orders/{reference}"
            page = self.look(where)
            if not (_aside(self, page, where, "/cancel", 0.1) or _aside(self, page, where, "/problem/new", 0.25)):
                _act(self, page, where, {"accept_delivery": 0.6, "request_changes": 0.2, "cancel": 0.12})
            _aside(self, page, where, "/problem", 0.7)


class Provider(Person):
    """Answers most orders, works, delivers."""

    def turn(self) -> None:
        lane = self.chance.choice(("answer", "answer", "agreed", "work", "waiting"))
        if reference := _one_of(self, self.look(f"/pro/orders?show={lane}"), "/pro/orders/"):
            where = f"/pro/orders/{reference}"
            page = self.look(where)
            if not _aside(self, page, where, "/cancel", 0.06):
                _act(self, page, where, {"accept": 0.75, "decline": 0.12, "start": 0.9, "deliver": 0.9})
            _aside(self, page, where, "/problem", 0.7)


def _one_of(person: Person, page: html.HtmlElement, below: str) -> str | None:
    links = {link.partition("?")[0] for link in page.xpath("//main//a/@href") if link.startswith(f"{below}FX-")}
    return person.chance.choice(sorted(links)).removeprefix(below) if links else None


def _aside(person: Person, page: html.HtmlElement, where: str, after: str, wish: float) -> bool:
    """Goes to the page of the order that ends so, if there is a way to it and the wish; whether it went there."""
    if f"{where}{after}" not in page.xpath("//main//a/@href") or person.chance.random() >= wish:
        return False
    there = person.look(f"{where}{after}")
    _act(person, there, where, PROBLEM if after == "/problem" else {after.rpartition("/")[2]: 1.0})
    return True


def _act(person: Person, page: html.HtmlElement, where: str, wishes: dict[str, float]) -> None:
    """At most one of the moves that the page offers, as likely as it is wished for."""
    offered = {str(form.action or "").rstrip("/").rpartition("/")[2] for form in page.xpath("//main//form")}
    for event in sorted(offered & wishes.keys()):
        if person.chance.random() < wishes[event]:
            shown = _photo(person.chance.randbytes(48))
            files = {"file": ("board.png", shown, "image/png")} if event == "deliver" else None
            answer = person.press(TYPED.get(event, SAID), action=f"/{event}/", files=files)
            if answer.status_code == HTTPStatus.SEE_OTHER and event not in PROBLEM:
                person.diary.kept.append((where.rpartition("/")[2], MADE.get(event, event)))
            elif answer.status_code not in ANSWERS:
                raise StoryBroken(f"{person.name} got {answer.status_code} for {event} at {where}")
            return


def _photo(pixels: bytes) -> bytes:
    """Sixteen pixels: another picture each time."""
    made = BytesIO()
    Image.frombytes("RGB", (4, 4), pixels).save(made, "PNG")
    return made.getvalue()
