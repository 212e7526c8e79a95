"""The money desks of the console: a refund by two people, a problem, a bank that asks its money back."""

from __future__ import annotations

from typing import Any

from lxml import html

from app.commands.seed import PASSWORD
from tools.demo import story
from tools.demo.visitor import StoryBroken, Visitor
from tools.screenshots.camera import Camera

CONTESTED = "4000 0000 0000 2685"
"""The test card whose bank asks for the money back afterwards."""
WHY = "Two of the twelve circuits were left out of the report."


def picture(base: str, cast: story.Cast, slug: str, done: str, pictures: Camera) -> None:
    """`done` is the reference of an order that is completed; the rest is made here."""
    sunny, fern, otto = (staff(base, name) for name in ("sunny", "fern", "otto"))
    _refunded(sunny, fern, done, pictures)
    problem = story.order(cast.customer, slug)
    story.begin(cast.provider, problem)
    story.deliver(cast.provider, problem)
    _decided(sunny, otto, problem, pictures)
    _contested(cast.customer, fern, slug, pictures)
    pictures.take("console-home-finance", fern, "/console/")
    pictures.take("console-home-operations", otto, "/console/")


def staff(base: str, name: str) -> Visitor:
    """Somebody of the staff, signed in."""
    visitor = Visitor(base, name)
    visitor.go("/console/login/")
    visitor.send({"username": f"{name}@fixnado.test", "password": PASSWORD})
    return visitor


def linked(visitor: Visitor, address: str, words: str) -> str:
    """Where the first link with these words leads. Raises StoryBroken when the page has none."""
    links = [link for link in visitor.go(address).iter("a") if words in (link.text_content() or "")]
    if not links:
        raise StoryBroken(f"{words} is not at {address}")
    return str(links[0].get("href"))


def _order_page(visitor: Visitor, reference: str) -> str:
    return linked(visitor, f"/console/orders/list/?q={reference}", reference)


def _worked_out(visitor: Visitor, address: str, typed: dict[str, Any]) -> None:
    """Both steps of a form that shows first what it comes to."""
    visitor.go(address)
    action = f"/console{address.partition('/console')[2]}"
    visitor.send(typed, action=action, button="step=look")
    visitor.send(typed, action=action, button="step=do")


def _line(page: html.HtmlElement) -> str:
    return str(page.xpath("//main//input[starts-with(@name, 'line_')]/@name")[0])


def _refunded(sunny: Visitor, fern: Visitor, reference: str, pictures: Camera) -> None:
    """Support asks, finance approves."""
    order = _order_page(sunny, reference)
    ask = order.replace("/orders/show/", "/refunds/new/")
    typed = {_line(sunny.go(ask)): "48.00", "cause": "not_as_described", "reason": WHY}
    pictures.take("console-refund-new", sunny, ask, typed)
    _worked_out(sunny, ask, typed)
    pictures.take("console-refund-asked", sunny)
    pictures.take("console-refunds", fern, "/console/refunds/list/?state=requested")
    page = linked(fern, "/console/refunds/list/?state=requested", reference)
    pictures.take("console-refund-approve", fern, page)
    fern.go(page)
    fern.send({}, action="/move/approve/")
    pictures.take("console-refund-approved", fern, page)
    pictures.take("console-order-refunded", fern, order)


def _decided(sunny: Visitor, otto: Visitor, reference: str, pictures: Camera) -> None:
    """Support reports it for the customer, operations decide."""
    order = _order_page(sunny, reference)
    report = order.replace("/orders/show/", "/problems/report/")
    pictures.take("console-problem-report", sunny, report)
    sunny.go(report)
    sunny.send({"code": "not_done", "text": f"The customer rang. {WHY}"}, action="/problems/report/")
    page = linked(otto, "/console/problems/list/?state=open", reference)
    otto.go(page)
    otto.send({}, action="/move/take_up/")
    pictures.take("console-problems", otto, "/console/problems/list/")
    pictures.take("console-problem", otto, page)
    decide = page.replace("/show/", "/decide/")
    typed = {"outcome": "split", "buyer": "48.00", "reasons": f"{WHY} Their share of the price goes back."}
    pictures.take("console-problem-decide", otto, decide, typed)
    _worked_out(otto, decide, typed)
    pictures.take("console-problem-decided", otto, page)


def _contested(customer: Visitor, fern: Visitor, slug: str, pictures: Camera) -> None:
    """A payment whose bank asks it back."""
    story.choose(customer, slug)
    story.agree(customer)
    customer.send({"card": CONTESTED}, button="do=pay")
    address = "/console/chargebacks/list/"
    fern.wait(address, lambda page: True if page.xpath("//main//a[@class='row-link']") else None)
    pictures.take("console-chargebacks", fern, address)
    pictures.take("console-chargeback", fern, str(fern.go(address).xpath("//main//a[@class='row-link']/@href")[0]))
