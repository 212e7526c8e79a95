"""The board of the state test: product and oracle side by side, one step at a time, compared after each."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from hypothesis import currently_in_test_context, note
from hypothesis.stateful import RuleBasedStateMachine
from sqlalchemy.orm import Session

from app.services.platform import invariant
from models.actor import Actor
from models.commerce.chargeback import Chargeback
from models.commerce.dispute import Dispute
from models.commerce.order import Order
from models.commerce.refund import Refund
from tests.commerce.market import picture
from tests.commerce.market.shop import Shop, order_of
from tests.oracle import chargeback, clockwork, order, refund, way_out
from tests.oracle.world import No, Sale, Timer, Who, World

T = TypeVar("T")
INBOX = "commerce.webhook_inbox.apply"
KINDS = ("buyer", "seller", "operator")


def say(text: str) -> None:
    """What Hypothesis prints of the story that breaks something, or plain pytest of one that is told in a test."""
    (note if currently_in_test_context() else print)(text)


class Board(RuleBasedStateMachine):
    """`shop` is lent by the test; `moves` and `joints` count what a whole run has seen."""

    shop: ClassVar[Shop]
    moves: ClassVar[Counter[tuple[str, str, str]]] = Counter()
    joints: ClassVar[set[tuple[Any, ...]]] = set()

    def __init__(self) -> None:
        super().__init__()
        self.shop.reset()
        self.world = World(self.shop.now)
        self.seen: set[str] = set()
        self.deferred: list[tuple[UUID, bytes]] = []
        self.picture = picture.of_product(self.shop)
        self.sound = True

    # naming

    def actor(self, sale: Sale, who: Who) -> Actor:
        cast = self.shop.cast
        if who.kind == "operator":
            return cast.staff[who.number - 1]
        return cast.sellers[sale.seller] if who.kind == "seller" else cast.buyers[0 if sale.consumer else 1]

    def checkout_id(self, sale: Sale) -> UUID:
        return UUID(self.picture.raw["sales"][sale.number]["id"])

    def order(self, session: Session, sale: Sale) -> Order:
        return order_of(session, self.checkout_id(sale))

    def _row(self, session: Session, noun: type[T], sale: Sale, key: str, place: int) -> T:
        return session.get_one(noun, UUID(self.picture.raw["sales"][sale.number][key][place]["id"]))

    def refund(self, session: Session, sale: Sale, place: int) -> Refund:
        return self._row(session, Refund, sale, "refunds", place)

    def problem(self, session: Session, sale: Sale) -> Dispute:
        return self._row(session, Dispute, sale, "disputes", -1)

    def case(self, session: Session, sale: Sale, place: int) -> Chargeback:
        return self._row(session, Chargeback, sale, "cases", place)

    def sales(self, *states: str) -> list[Sale]:
        """Orders in one of these states; without any, all."""
        return [one for one in self.world.sales if one.order and (not states or one.order.state in states)]

    @staticmethod
    def pick(number: int, things: Sequence[T]) -> T:
        return things[number % len(things)]

    # steps

    def step(
        self, text: str, real: Callable[[Session], object], model: Callable[[], object], *, twice: bool = False
    ) -> None:
        """A command, done by both: both do it or both refuse, and then everything is equal."""
        try:
            model()
            why = ""
        except No as no:
            why = f"{no}"
        said = self.shop.attempt(real, key=f"{self.shop.ask('select gen_random_uuid()')[0][0]}" if twice else "")
        say(f"{self.shop.now:%m-%d %H:%M} {text}{' twice' if twice else ''}: {said or 'done'}")
        self.hold_that(bool(said) == bool(why), f"{text}: product {said or 'yes'!r}, oracle {why or 'yes'!r}")
        self.compare(text)

    def hold_that(self, true: bool, otherwise: str) -> None:
        """Once something does not hold, the example is not played to its end."""
        self.sound = self.sound and true
        assert true, otherwise

    def compare(self, text: str) -> None:
        self.picture = picture.of_product(self.shop)
        found = picture.differences(self.picture.facts, picture.of_oracle(self.world))
        self.hold_that(not found, f"after {text}:\n{found}")
        for sale in self.world.sales:
            joint = way_out.joint(sale)
            if joint not in self.joints:
                self.joints.add(joint)
                stuck = way_out.look(self.world)
                self.hold_that(not stuck, f"after {text}, {joint} the money has no way out: {stuck}")

    def go_to(self, moment: datetime) -> None:
        """Time passes, and every timer that is due then fires, the oldest first."""
        self.shop.move_to(moment)
        self.world.now = moment
        say(f"it is {moment:%Y-%m-%d %H:%M}")
        for _ in range(200):
            due = self.shop.due()
            if not due:
                break
            key, noun, subject, event = due[0]
            self.shop.fire(key)
            if noun in picture.NOUNS:
                timer = self._timer(noun, str(subject), event)
                clockwork.fire(self.world, timer)
                say(f"  timer {timer}")
        else:
            raise AssertionError(f"timers without end: {due}")
        self.compare(f"the timers of {moment}")

    def _timer(self, noun: str, subject: str, event: str) -> Timer:
        name = self.picture.names[subject]
        if noun == "chargeback":
            found = ((sale.number, i) for sale in self.world.sales for i, one in enumerate(sale.cases))
            number, place = next(one for one in found if self.world.sales[one[0]].cases[one[1]].name == name)
        else:
            number, place = (int(part) for part in (f"{name}:0" if ":" not in name else name).split(":"))
        return Timer(noun, number, place, event)

    # the provider's words

    def sale_of(self, intent_id: str) -> Sale:
        reference = self.shop.bank.things[intent_id]["metadata"]["reference"]
        return self.world.sales[int(self.picture.names[reference])]

    def intent_of(self, sale: Sale) -> dict[str, Any]:
        payment = self.picture.raw["sales"][sale.number]["payment"]
        intents = (one for one in self.shop.bank.things.values() if one["object"] == "payment_intent")
        return next(one for one in intents if one["metadata"]["reference"] == payment)

    def deliver(self, payload: bytes) -> None:
        """A message at the door, and the job that reads its object again."""
        event = json.loads(payload)
        key, state = self.shop.receive(payload)
        fresh = event["id"] not in self.seen
        assert (state == "received") == fresh
        say(
            f"{self.shop.now:%m-%d %H:%M} message {event['id']} {event['type']} of {event['data']['object']['id']}: "
            f"{state}"
        )
        self.seen.add(event["id"])
        if fresh:
            self._apply(key, payload)
        self.compare(f"{event['id']} {event['type']}")

    def _apply(self, key: UUID, payload: bytes) -> None:
        if self.shop.perform(INBOX, inbox_id=str(key)) == "NotYet":
            self.deferred.append((key, payload))
        event = json.loads(payload)
        self.believe(event["data"]["object"]["id"], event["type"])

    def apply_deferred(self) -> None:
        waiting, self.deferred = self.deferred, []
        for key, payload in waiting:
            state = self.shop.ask("select state from webhook_inbox where id = %s", key)[0][0]
            if state == "deferred":
                self._apply(key, payload)
        self.compare("deferred messages")

    def believe(self, name: str, kind: str = "") -> None:
        """The oracle hears what a thing is at the provider now."""
        thing = self.shop.bank.things[name]
        if thing["object"] == "payment_intent":
            if thing["status"] == "succeeded":
                order.pay(self.world, self.sale_of(name))
            if kind == "payment_intent.payment_failed":
                order.declined(self.world, self.sale_of(name))
            return
        sale = self.sale_of(thing["payment_intent"])
        if thing["object"] == "refund":
            refund.said(self.world, sale, self.refund_of(sale, thing), *self.word(thing))
        elif sale.captured:
            chargeback.said(self.world, sale, self.bank_word(thing))

    def refund_of(self, sale: Sale, thing: dict[str, Any]) -> Any:
        return sale.refunds[int(self.picture.names[thing["metadata"]["reference"]].split(":")[1])]

    @staticmethod
    def word(thing: dict[str, Any]) -> tuple[str, str, int]:
        return thing["id"], thing["status"], int(thing["metadata"]["attempt"])

    def bank_word(self, thing: dict[str, Any]) -> chargeback.Word:
        moves = thing["balance_transactions"]
        taken, fee = sum(one["amount"] for one in moves) < 0, sum(one["fee"] for one in moves)
        due = datetime.fromtimestamp(thing["evidence_details"]["due_by"], self.shop.now.tzinfo)
        return chargeback.Word(thing["id"], thing["status"], thing["amount"], fee, due, taken)

    def sweep(self) -> None:
        """The clockwork asks about everything it has not heard the end of."""
        say(f"{self.shop.now:%m-%d %H:%M} sweep")
        now, bank = self.shop.now, self.shop.bank
        for sale in self.world.sales:
            self._sweep_sale(sale)
        self.shop.perform("commerce.payment.sweep")
        self.shop.perform("commerce.chargeback.sweep")
        for thing in list(bank.things.values()):
            recent = thing["created"] >= (now - timedelta(days=30)).timestamp()
            if thing["object"] == "dispute" and (recent or self._open_here(thing)):
                self.believe(thing["id"])
        self.compare("a sweep")

    def _open_here(self, thing: dict[str, Any]) -> bool:
        cases = self.sale_of(thing["payment_intent"]).cases
        return any(one.name == thing["id"] and one.state in {"needs_response", "under_review"} for one in cases)

    def _sweep_sale(self, sale: Sale) -> None:
        now, intent = self.shop.now, self.intent_of(sale)
        made = datetime.fromtimestamp(intent["created"], now.tzinfo)
        if sale.captured is None and now - timedelta(days=3) <= made <= now - timedelta(minutes=1):
            self.believe(intent["id"])
        for row in sale.refunds:
            if row.state in {"submitted", "unknown"} and row.entered < now - timedelta(minutes=2):
                things = list(self.shop.bank.things.values())
                found = [one for one in reversed(things) if one["object"] == "refund" and self._about(sale, row, one)]
                refund.heard(self.world, sale, row, [self.word(one) for one in found])

    def _about(self, sale: Sale, row: Any, thing: dict[str, Any]) -> bool:
        if self.sale_of(thing["payment_intent"]) is not sale or self.refund_of(sale, thing) is not row:
            return False
        return row.known_as in {None, thing["id"]}

    # ends

    def teardown(self) -> None:
        """The example is over: the money finds its way out in reality, and no invariant is broken."""
        if not self.sound:
            return
        try:
            self.find_the_way_out()
            broken = [one for one in self._invariants() if one.rows]
            assert not broken, broken
        finally:
            rows = self.shop.ask(
                "select machine, from_state, event from transition where machine = any(%s)", list(picture.NOUNS)
            )
            self.moves.update(tuple(row) for row in rows)

    def find_the_way_out(self) -> None:
        raise NotImplementedError

    def _invariants(self) -> list[invariant.Finding]:
        found: list[invariant.Finding] = []
        self.shop.attempt(lambda s: found.extend(invariant.check_all(s)))
        assert found
        return found
