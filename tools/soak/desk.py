"""The people at the console: failed refunds sent again, problems taken up and decided, banks answered."""

from __future__ import annotations

import contextlib
from http import HTTPStatus

import psycopg

from app.commands.seed import PASSWORD
from tools.soak.person import Person
from tools.soak.world import World

STAFF = ("fern@fixnado.test", "otto@fixnado.test")
DESKS = (
    ("refunds", "select id::text from refund where state = 'failed' and attempts < 3", {"retry": 1.0}),
    (
        "chargebacks",
        "select id::text from chargeback where state = 'needs_response'",
        {"submit_evidence": 0.6, "concede": 0.2},
    ),
    (
        "problems",
        "select id::text from dispute where state in ('open', 'under_review')",
        {"take_up": 0.6, "add": 0.2},
    ),
)
"""Address in the console, what waits there, and how likely each move is made."""
TYPED = {
    "text": "Agreed, done and accepted as the photographs show; the customer was told on the day.",
    "reason": "Looked at together with both parties.",
}


class Desk(Person):
    """One of the staff, working off what waits."""

    world: World

    def sign_in(self) -> None:
        self._see(self._until_answered("GET", "/console/login/"))
        self.press({"username": self.name, "password": PASSWORD}, named="staff sign in")

    def turn(self) -> None:
        address, question, wishes = self.chance.choice(DESKS)
        waiting: list[tuple[str]] = []
        with contextlib.suppress(psycopg.OperationalError):
            waiting = self.world.ask(question)
        if not waiting:
            return
        (key,) = self.chance.choice(waiting)
        answer = self._until_answered("GET", f"/console/{address}/show/{key}")
        if answer.status_code != HTTPStatus.OK:
            return  # not this person's desk
        page = self._see(answer)
        for event, wish in wishes.items():
            moves = [form.action for form in page.xpath("//main//form") if f"/move/{event}/" in str(form.action)]
            if moves and self.chance.random() < wish:
                self.press(TYPED, action=f"/move/{event}/", named=f"{address} {event}")
                return
