"""Browsing services: the tree, words, a place, prices, facets, pages. A plain GET form, all in the address."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.services.catalogue import search, search_nothing
from app.session import session
from models.errors import NotFound
from views.storefront.blueprint import storefront
from views.storefront.catalogue.card import cards
from views.storefront.catalogue.tree import DOMAIN, Place, path_to, tree
from views.storefront.catalogue.wish import Asked, asked
from views.storefront.guard import public

NEAR = 6


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on, the address without it, and (when nothing was found) how many there are then."""

    label: str
    href: str
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Addresses of this search."""

    question: Asked
    branch: str

    def at(self, **changed: str) -> str:
        """With something changed."""
        return self._address(self.question.query(changed))

    def without(self, key: str, value: str) -> str:
        """Without one value of a facet."""
        return self._address(self.question.query(without=(key, value)))

    def _address(self, query: dict[str, Any]) -> str:
        return url_for("storefront.services", branch=self.branch or None, **query)


@storefront.get("/search")
@public
def search_page() -> ResponseReturnValue:
    """One address for one search: the same question at /services."""
    asked_as_is = request.query_string.decode("ascii", "ignore")
    return redirect(url_for("storefront.services") + (f"?{asked_as_is}" if asked_as_is else ""), 301)


@storefront.get("/services")
@storefront.get("/services/<path:branch>")
@public
def services(branch: str = "") -> ResponseReturnValue:
    """Raises NotFound for a category that does not exist."""
    question = asked()
    top = tree(session())
    path = path_to(top, f"{DOMAIN}/{branch}") if branch else []
    if branch and not path:
        raise NotFound
    node, page = path[-1].lineage if path else DOMAIN, Page(question, branch)
    found = search.search(session(), question.question(node), after=question.after)
    nothing = None if found.total else search_nothing.hint(session(), question.question(node), found.text)
    return render_template(
        "storefront/catalogue/services.html",
        asked=question,
        top=top,
        path=path,
        here=path[-1] if path else None,
        branch=branch,
        found=found,
        cards=cards(session(), found.listings),
        chips=_chips(page, found, nothing.without if nothing else {}),
        corrected=found.text if found.text != question.text else "",
        orders=[(one.value, page.at(sort=one.name if one.value != "Recommended" else ""), one) for one in search.Sort],
        words=[(word, page.at(q=word)) for word in nothing.words] if nothing else [],
        nearby=_nearby(top, path),
        page=page,
        more=page.at(after=found.after or ""),
    )


def _chips(page: Page, found: search.Found, without: dict[str, int | None]) -> list[Chip]:
    """Each filter that is on."""
    question, chips = page.question, []
    if question.text:
        chips.append(Chip(f"“{found.text}”", page.at(q=""), without.get("text")))
    if question.area:
        label = f"in {question.area.name} ({question.area.code})"
        chips.append(Chip(label, page.at(where=""), without.get("area")))
    if question.price:
        chips.append(Chip(f"{question.price} all-in", page.at(**{"from": "", "to": ""}), without.get("price")))
    for facet in found.facets:
        on = [count for count in facet.counts if count.chosen]
        alone = without.get(facet.key) if len(on) == 1 else None
        chips += [Chip(f"{facet.label}: {count.label}", page.without(facet.key, count.value), alone) for count in on]
    return chips


def _nearby(top: list[Place], path: list[Place]) -> list[Place]:
    """Categories beside this one that have something, else of the first level."""
    for level in (*(place.children for place in reversed(path[:-1])), top):
        if filled := [place for place in level if place.count and place not in path]:
            return _most(filled)
    return []


def _most(places: Iterable[Place]) -> list[Place]:
    return sorted(places, key=lambda place: -place.count)[:NEAR]
