"""A person at a browser who clicks too often, comes back too early or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from tests.factories import pictures
from tests.factories.people import PASSWORD
from tools.demo.visitor import Visitor

CARD = "4242 4242 4242 4242"
DECLINED_CARD = "4000 0000 0000 0002"
BANK_CARD = "4000 0025 0000 3155"
PHOTO = ("board.png", pictures.png(), "image/png")


@dataclass(frozen=True)
class Filled:
    """A form as it will be sent, so that it can be sent more than once."""

    url: str
    fields: dict[str, Any]
    files: Mapping[str, tuple[str, bytes, str]] | None = None


class Browser(Visitor):
    """A visitor whose clicks may go wrong: `press` answers whatever comes."""

    @classmethod
    @contextmanager
    def signed_in(cls, base: str, email: str) -> Iterator[Browser]:
        person = cls(base, email)
        with person.client:
            person.go("/sign-in")
            person.send({"email": email, "password": PASSWORD})
            yield person

    def fill(self, fields: Mapping[str, Any], *, action: str = "", files: Any = None) -> Filled:
        """The form of the present page whose address ends in `action`, with its hidden fields."""
        form = self._form(action)
        typed: dict[str, Any] = {}
        for name, value in form.form_values():
            typed.setdefault(name, []).append(value)
        return Filled(str(self.at.url.join(form.action or "")), {**typed, **fields}, files)

    def press(self, form: Filled, *, follow: bool = True) -> httpx.Response:
        return self.client.post(form.url, data=form.fields, files=form.files, follow_redirects=follow)

    def press_at_once(self, form: Filled, times: int = 2) -> list[httpx.Response]:
        """The same form, so often in the same moment; answers without following them."""
        return self.press_all([form] * times)

    def press_all(self, forms: list[Filled]) -> list[httpx.Response]:
        """Several forms in the same moment."""
        with ThreadPoolExecutor(len(forms)) as pool:
            return list(pool.map(lambda form: self.press(form, follow=False), forms))

    def to_checkout(self, slug: str) -> None:
        """From the listing to the form."""
        page = self.go(f"/l/{slug}")
        window = page.xpath("//input[@name='window']/@value")[0]
        self.send({"window": window}, action=f"/l/{slug}/order")

    def checkout_form(self) -> Filled:
        """The checkout, filled in."""
        page = self.go(str(self.at.url))
        return self.fill(
            {
                "window": page.xpath("//input[@name='window']/@value")[0],
                "site_address": "14 Stackpool Road\nBristol",
                "site_postcode": "BS3 1NG",
                "access_notes": "Key safe left of the door",
                "express_start": "y",
            }
        )

    @property
    def checkout_id(self) -> str:
        """Of the checkout page that is open."""
        return self.at.url.path.rpartition("/")[2]

    def to_payment(self, slug: str) -> Paying:
        """A new order, as far as the provider's page, which is not yet sent."""
        self.to_checkout(slug)
        checkout_id = self.checkout_id
        answer = self.press(self.checkout_form())
        assert answer.url.path.startswith("/pay/"), f"{answer.url}: {answer.text}"
        return Paying(checkout_id, str(answer.url))


@dataclass(frozen=True)
class Paying:
    """An order that waits for its money; `pay_page` is the provider's."""

    checkout_id: str
    pay_page: str

    @property
    def intent_id(self) -> str:
        return self.pay_page.rpartition("/")[2]

    @property
    def return_page(self) -> str:
        return f"/checkout/{self.checkout_id}/return"

    def pay(self, card: str = CARD) -> httpx.Response:
        """Types a card number on the provider's page; answers without going back to the shop."""
        return httpx.post(self.pay_page, data={"do": "pay", "card": card})

    def cancel(self) -> httpx.Response:
        """Cancels on the provider's page; answers without going back to the shop."""
        return httpx.post(self.pay_page, data={"do": "cancel"})
