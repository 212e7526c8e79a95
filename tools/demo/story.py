"""The steps of the story, each by the person whose step it is."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass

from lxml import html
from PIL import Image

from app.commands.seed import PASSWORD
from tools.demo.visitor import StoryBroken, Visitor

NODE = "services/electrical/eicr"
CARD = "4242 4242 4242 4242"
TITLE = "Landlord electrical report with certificate"
DESCRIPTION = (
    "Inspection and testing of every circuit up to twelve, dead and live, with the faults graded as BS 7671 asks. The "
    "report and the certificate for the council come the same evening. Repairs are quoted apart."
)


@dataclass
class Cast:
    """Who takes part."""

    provider: Visitor
    moderator: Visitor
    customer: Visitor

    @classmethod
    def at(cls, base: str) -> Cast:
        """Everyone signed in, staff at their own door."""
        provider, customer = Visitor(base, "the provider"), Visitor(base, "the customer")
        for who, address in ((provider, "elin@avonelectrical.test"), (customer, "priya@customer.test")):
            who.go("/sign-in")
            who.send({"email": address, "password": PASSWORD})
        moderator = Visitor(base, "the moderator")
        moderator.go("/console/login/")
        moderator.send({"username": "moss@fixnado.test", "password": PASSWORD})
        return cls(provider, moderator, customer)


def offer(provider: Visitor) -> str:
    """The provider writes a listing and hands it in; answers its address."""
    slug = write(provider, TITLE)
    provider.send({}, action=f"/{slug}/submit/")
    return slug


def write(provider: Visitor, title: str) -> str:
    """A draft; answers its address."""
    provider.go(f"/pro/listings/new?node={NODE}")
    provider.send(
        {
            "title": title,
            "description": DESCRIPTION,
            "price": "240.00",
            "duration": "210",
            "crew_size": "1",
            "notice_days": "1",
            "areas": "BS, BA",
            "facet_property_type": ["flat", "house"],
            "facet_circuits": "12",
            "facet_written_report": "true",
            "w1_starts": "08:00",
            "w1_ends": "10:00",
            "w1_days": ["1", "2", "3", "4", "5"],
        }
    )
    return provider.at.url.path.rpartition("/")[2]


def approve(moderator: Visitor, slug: str) -> None:
    """A moderator finds it in the queue and approves it."""
    queue = moderator.go("/console/review/list/")
    links = [link for link in queue.iter("a") if TITLE in (link.text_content() or "")]
    if not links:
        raise StoryBroken(f"{slug} is not in the review queue")
    moderator.go(links[0].get("href"))
    moderator.send({"reason": "Scope, price and area are clear to a customer."}, action="/move/approve/")


def order(customer: Visitor, slug: str) -> str:
    """The customer orders, pays on the provider's page and comes back; answers the order's reference."""
    choose(customer, slug)
    agree(customer)
    return pay(customer)


def choose(customer: Visitor, slug: str) -> None:
    """The first visit that is offered; the customer is at the checkout then."""
    page = customer.go(f"/l/{slug}")
    window = page.xpath("//input[@name='window']/@value")[0]
    customer.send({"window": window}, action=f"/l/{slug}/order/")


def agree(customer: Visitor) -> None:
    """Where the work is, and yes to its price; the customer is at the payment page then."""
    customer.send(
        {
            "site_address": "14 Stackpool Road\nBristol",
            "site_postcode": "BS3 1NG",
            "access_notes": "The meter is under the stairs.",
            "express_start": "y",
        }
    )
    if "/pay/" not in customer.at.url.path:
        raise StoryBroken(f"the customer is at {customer.at.url} and not on the payment page")


def pay(customer: Visitor) -> str:
    """The test card, and the wait for the bank's word; answers the order's reference."""
    customer.send({"card": CARD}, button="do=pay")
    return customer.wait(str(customer.at.url), lambda _page: _reference(customer))


def work(provider: Visitor, customer: Visitor, reference: str) -> None:
    """Accepted, begun, delivered with a photo, accepted by the customer."""
    begin(provider, reference)
    deliver(provider, reference)
    accept(customer, reference)


def begin(provider: Visitor, reference: str) -> None:
    """The provider takes the order on and begins."""
    for act in ("accept", "start"):
        provider.go(f"/pro/orders/{reference}")
        provider.send({}, action=f"/{act}/")


def deliver(provider: Visitor, reference: str) -> None:
    """The provider says that it is done, and shows it."""
    provider.go(f"/pro/orders/{reference}")
    shown = ("board.jpg", photo(), "image/jpeg")
    provider.send({"note": "The new board, tested and labelled."}, action="/deliver/", files={"file": shown})


def accept(customer: Visitor, reference: str) -> None:
    """The customer accepts, which releases the money."""
    customer.go(f"/orders/{reference}")
    customer.send({}, action="/accept_delivery/")


def cancel(customer: Visitor, reference: str) -> None:
    """The customer reads what comes back, and cancels."""
    customer.go(f"/orders/{reference}/cancel")
    customer.send({}, action="/cancel/")


def complain(customer: Visitor, reference: str) -> None:
    """The customer reports a problem, with a photo."""
    customer.go(f"/orders/{reference}/problem/new")
    said = {"code": "poor_work", "text": "Two sockets hang crooked, and the one in the hall does not work."}
    customer.send(said, action="/problem/new/", files={"file": ("sockets.jpg", photo(), "image/jpeg")})


def papers(customer: Visitor, reference: str) -> dict[str, str]:
    """Both papers, read by the customer: SHA-256 of the bytes that came."""
    found = {}
    for kind in ("contract", "receipt"):
        address = f"/orders/{reference}/documents/{kind}.pdf"
        customer.wait(f"/orders/{reference}", lambda page, wanted=address: _link(page, wanted))
        data = customer.fetch(address)
        if not data.startswith(b"%PDF-"):
            raise StoryBroken(f"{address} is no PDF")
        found[kind] = hashlib.sha256(data).hexdigest()
    return found


def _link(page: html.HtmlElement, address: str) -> bool | None:
    return True if address in page.xpath("//a/@href") else None


def _reference(customer: Visitor) -> str | None:
    path = customer.at.url.path
    return path.rpartition("/")[2] if path.startswith("/orders/FX-") else None


def photo(number: int = 0) -> bytes:
    """A plain one; another number is another picture."""
    made = io.BytesIO()
    Image.new("RGB", (640, 480), (236, 221, 200 - number)).save(made, "JPEG")
    return made.getvalue()
