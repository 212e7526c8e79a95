"""The whole game, and how each of its examples ends: nobody begins anything new, and the money must come out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.commerce.market.buying import Buying
from tests.commerce.market.returning import Returning
from tests.commerce.market.working import Working
from tests.oracle import way_out
from tests.oracle.world import LIVE_CASE

ROUNDS = 60


class Ending(Buying, Working, Returning):
    def find_the_way_out(self) -> None:
        """The provider tells what it has not told, the bank decides, jobs run, finance sees to failed refunds, and the
        clock goes from timer to timer."""
        self._hear_everything()
        for number in range(ROUNDS):
            self._others_act()
            left = way_out.unsettled(self.world)
            if not left:
                return
            if self.world.timers:  # a refused one comes again each hour: ever longer steps, so as not to count hours
                self.go_to(max(min(self.world.timers.values()), self.shop.now + timedelta(hours=number)))
        raise AssertionError(f"the money has no way out: {left}")

    def _hear_everything(self) -> None:
        """Whatever is not told yet; what we know the end of is told no more."""
        bank = self.shop.bank
        for thing in list(bank.things.values()):
            paid = thing["object"] == "payment_intent" and thing["status"] == "succeeded"
            if paid and self.sale_of(thing["id"]).captured is None:
                self.deliver(bank.tell("payment_intent.succeeded", thing))
        for thing in list(bank.things.values()):
            if thing["object"] == "dispute":
                self._decide(thing)
            elif thing["object"] == "refund":
                if thing["status"] == "pending":
                    bank.settle(thing, "succeeded")
                row = self.refund_of(self.sale_of(thing["payment_intent"]), thing)
                if row.state in {"submitted", "unknown", "succeeded"} and row.state != thing["status"]:
                    self.deliver(bank.tell("refund.updated", thing))

    def _decide(self, thing: dict[str, Any]) -> None:
        bank, sale = self.shop.bank, self.sale_of(thing["payment_intent"])
        if thing["status"].startswith("warning_"):
            thing["status"] = "warning_closed"
        elif thing["status"] not in {"won", "lost"}:
            bank.rule(thing, "lost" if len(bank.events) % 2 else "won", self.shop.now)
        if not any(one.name == thing["id"] and one.state not in LIVE_CASE for one in sale.cases):
            self.deliver(bank.tell("charge.dispute.closed", thing))

    def _others_act(self) -> None:
        while self.picture.jobs:
            self.run_job(min(self.picture.jobs))
        for sale in self.world.sales:
            for place, row in enumerate(sale.refunds):
                if row.state in {"submitted", "unknown"}:
                    self.go_to(self.shop.now + timedelta(minutes=3))
                    self.sweep()
                if row.state == "requested" and self.shop.now > row.entered + timedelta(days=14):
                    self._answer(sale, place, 1, yes=False, twice=False)
                if row.state == "failed":
                    self.care(sale, place, "record", 1)
                    self.care(sale, place, "confirm", 2)
                if row.state == "failed":  # the second one had entered it
                    self.care(sale, place, "confirm", 1)
