"""Tells the story of `make demo` and takes a picture of each page that somebody sees in it; exit 1 when it breaks."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import httpx

from tools.demo import story
from tools.demo.visitor import StoryBroken, Visitor
from tools.screenshots import desks, people
from tools.screenshots.camera import Camera, camera

FOLDER = Path(__file__).parents[2] / "var" / "screenshots"
OPERATIONS = ("orders", "payments", "sellers", "outbox", "webhooks", "timers")
AUDIT = ("accounts", "journal", "audit")


def main() -> int:
    """Says where the pictures are."""
    base = os.environ["BASE_URL"]
    try:
        with camera(FOLDER) as pictures:
            _tell(base, pictures)
    except (StoryBroken, httpx.HTTPError) as broken:
        sys.stderr.write(f"picture | {broken}\n")
        return 1
    sys.stdout.write(f"{pictures.taken} pages in {FOLDER.relative_to(Path.cwd())}\n")
    return 0


def _tell(base: str, pictures: Camera) -> None:
    cast = story.Cast.at(base)
    slug = _offered(cast, pictures)
    _looked_for(Visitor(base, "a visitor"), slug, pictures)
    reference = _ordered(cast, slug, pictures)
    _worked(cast, reference, pictures)
    for kind in story.papers(cast.customer, reference):
        data = cast.customer.fetch(f"/orders/{reference}/documents/{kind}.pdf")
        (FOLDER / f"{kind}.pdf").write_bytes(data)
    pictures.take("order-done", cast.customer, f"/orders/{reference}")
    people.picture(base, cast, slug, reference, pictures)
    _gone_wrong(cast, slug, pictures)
    _overseen(base, reference, pictures)
    desks.picture(base, cast, slug, reference, pictures)


def _offered(cast: story.Cast, pictures: Camera) -> str:
    """A listing is written, and reviewed by a moderator; answers its address."""
    pictures.take("provider-listing-form", cast.provider, f"/pro/listings/new?node={story.NODE}")
    slug = story.offer(cast.provider)
    pictures.take("provider-listings", cast.provider, "/pro/listings")
    pictures.take("provider-listing", cast.provider, f"/pro/listings/{slug}")
    pictures.take("console-home", cast.moderator, "/console/")
    pictures.take("console-queue", cast.moderator, "/console/review/list/")
    pictures.take("console-review", cast.moderator, desks.linked(cast.moderator, "/console/review/list/", story.TITLE))
    story.approve(cast.moderator, slug)
    return slug


def _looked_for(visitor: Visitor, slug: str, pictures: Camera) -> None:
    """What everybody may see."""
    pages = {"home": "/", "services": "/services", "listing": f"/l/{slug}", "sign-in": "/sign-in"}
    for name, address in {**pages, "console-sign-in": "/console/login/"}.items():
        pictures.take(name, visitor, address)


def _ordered(cast: story.Cast, slug: str, pictures: Camera) -> str:
    """From the choice of a visit to the paid order; answers its reference."""
    story.choose(cast.customer, slug)
    pictures.take("checkout", cast.customer)
    story.agree(cast.customer)
    pictures.take("payment", cast.customer)
    reference = story.pay(cast.customer)
    pictures.take("order-asked", cast.customer, f"/orders/{reference}")
    return reference


def _worked(cast: story.Cast, reference: str, pictures: Camera) -> None:
    """From the provider's yes to the customer's."""
    pictures.take("provider-orders", cast.provider, "/pro/orders")
    pictures.take("provider-order-asked", cast.provider, f"/pro/orders/{reference}")
    story.begin(cast.provider, reference)
    pictures.take("provider-order-begun", cast.provider, f"/pro/orders/{reference}")
    story.deliver(cast.provider, reference)
    pictures.take("order-delivered", cast.customer, f"/orders/{reference}")
    story.accept(cast.customer, reference)
    pictures.take("orders", cast.customer, "/orders")


def _gone_wrong(cast: story.Cast, slug: str, pictures: Camera) -> None:
    """An order that is cancelled, and one with a problem."""
    reference = story.order(cast.customer, slug)
    pictures.take("order-cancel", cast.customer, f"/orders/{reference}/cancel")
    story.cancel(cast.customer, reference)
    pictures.take("order-cancelled", cast.customer, f"/orders/{reference}")
    reference = story.order(cast.customer, slug)
    story.begin(cast.provider, reference)
    pictures.take("problem-report", cast.customer, f"/orders/{reference}/problem/new")
    story.complain(cast.customer, reference)
    pictures.take("problem", cast.customer, f"/orders/{reference}/problem")
    pictures.take("provider-problem", cast.provider, f"/pro/orders/{reference}/problem")
    pictures.take("order-frozen", cast.customer, f"/orders/{reference}")


def _overseen(base: str, reference: str, pictures: Camera) -> None:
    """What operations and an auditor see of it afterwards."""
    otto, quill = desks.staff(base, "otto"), desks.staff(base, "quill")
    for name in OPERATIONS:
        pictures.take(f"console-{name}", otto, f"/console/{name}/list/")
    pictures.take("console-order", otto, desks.linked(otto, f"/console/orders/list/?q={reference}", reference))
    for name in AUDIT:
        pictures.take(f"console-{name}", quill, f"/console/{name}/list/")
    for name in ("invariants", "seals"):
        pictures.take(f"console-{name}", quill, f"/console/{name}/")


if __name__ == "__main__":
    sys.exit(main())
