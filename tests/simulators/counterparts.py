"""Two programs that claim to be the provider: ours, and localstripe. The contract asks both the same questions."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import requests
import stripe

from app.clients.payments_stripe import StripePayments
from tests.databases import ROOT
from tests.processes import free_port, wait_for
from tests.simulators.provider import KEY, SECRET, Provider, Receiver, receiver

ASKS = {"number": "4000002500003155", "exp_month": "12", "exp_year": "2030", "cvc": "123"}


@dataclass
class Counterpart:
    """A running program, our client for it, the bare SDK, and the shop that it sends its events to."""

    url: str
    shop: Receiver

    def __post_init__(self) -> None:
        self.payments = StripePayments(self.url, KEY, timeout_seconds=5)
        session = requests.Session()
        session.trust_env = False
        transport = stripe.RequestsClient(timeout=5, session=session)
        bases: stripe._base_address.BaseAddresses = {"api": self.url, "files": self.url}
        self.sdk = stripe.StripeClient(KEY, base_addresses=bases, max_network_retries=0, http_client=transport).v1

    def pay(self, intent_id: str, card: str = "pm_card_visa") -> stripe.PaymentIntent:
        """As the customer's browser does it: a card is put beside the payment and then confirmed."""
        self.sdk.payment_intents.update(intent_id, {"payment_method": card})
        return self.sdk.payment_intents.confirm(intent_id, {})

    def asking_card(self) -> str:
        """A card whose bank wants to be asked first."""
        return "pm_card_authenticationRequired"

    def bank_answers(self, intent_id: str, *, agreed: bool) -> None:
        httpx.post(f"{self.url}/pay/{intent_id}/bank", data={"do": "confirm" if agreed else "refuse"})


class Localstripe(Counterpart):
    """Knows its own cards by number, and has a back door in place of the bank's page."""

    def asking_card(self) -> str:
        fields = {"type": "card"} | {f"card[{name}]": value for name, value in ASKS.items()}
        return str(self._post("payment_methods", fields)["id"])

    def bank_answers(self, intent_id: str, *, agreed: bool) -> None:
        secret = str(self.sdk.payment_intents.retrieve(intent_id).client_secret)
        self._post(
            f"payment_intents/{intent_id}/_authenticate", {"client_secret": secret, "success": str(agreed).lower()}
        )

    def _post(self, path: str, fields: dict[str, str]) -> dict[str, object]:
        answer = httpx.post(f"{self.url}/v1/{path}", data=fields, headers={"Authorization": f"Bearer {KEY}"})
        found: dict[str, object] = answer.raise_for_status().json()
        return found


@contextmanager
def simulator(folder: Path) -> Iterator[Counterpart]:
    with receiver() as shop:
        provider = Provider(folder, shop.url)
        provider.start()
        yield Counterpart(provider.url, shop)
        provider.end()


@contextmanager
def localstripe(folder: Path) -> Iterator[Counterpart]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with receiver() as shop, (folder / "localstripe.log").open("wb") as log:
        argv = [sys.executable, "-m", "tests.simulators.stranger", str(port)]
        process = subprocess.Popen(argv, cwd=ROOT, stdout=log, stderr=log)
        hook = {"url": shop.url, "secret": SECRET}
        wait_for(lambda: process.poll() is not None or _takes(f"{url}/_config/webhooks/shop", hook), 30)
        assert process.poll() is None, (folder / "localstripe.log").read_text()
        yield Localstripe(url, shop)
        process.terminate()
        process.wait(10)


def _takes(url: str, fields: dict[str, str]) -> bool:
    try:
        return httpx.post(url, data=fields).is_success
    except httpx.HTTPError:
        return False


STARTS = {"simulator": simulator, "localstripe": localstripe}
