"""Browsing services: the tree, words, a place, facets, pages by cursor. A plain GET form, all of it in the address."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.services.catalogue import search
from app.session import session
from models.catalogue.postcode_area import AREAS, PostcodeArea, area_of
from models.errors import Invalid, NotFound
from views.storefront.blueprint import storefront
from views.storefront.catalogue.card import cards
from views.storefront.catalogue.tree import DOMAIN, path_to, tree
from views.storefront.guard import public

FACET = "f-"
_BEGINNING = re.compile(r"([A-Z]{1,2})([0-9][0-9A-Z]?)?")
LONGEST_QUERY = 80


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for. `where_error` says why a place was not understood; the results then ignore it."""

    text: str
    where: str
    area: PostcodeArea | None
    where_error: str
    facets: dict[str, list[str]]
    after: str

    def query(self, *, without: tuple[str, str] | None = None, **changed: str) -> dict[str, Any]:
        """The address's arguments again, with some changed and one facet value left out; empty ones disappear."""
        plain = {"q": self.text, "where": self.where, **changed}
        found: dict[str, Any] = {name: value for name, value in plain.items() if value}
        for key, values in self.facets.items():
            if kept := [value for value in values if (key, value) != without]:
                found[FACET + key] = kept
        return found


def asked() -> Asked:
    """Reads the address; what is too long is cut."""
    where = request.args.get("where", "").strip()[:12]
    area, error = _place(where)
    facets = {
        name.removeprefix(FACET): values[:20]
        for name, values in request.args.lists()
        if name.startswith(FACET) and any(values)
    }
    text = " ".join(request.args.get("q", "").split())[:LONGEST_QUERY]
    return Asked(text, where, area, error, facets, request.args.get("after", "")[:200])


def _place(where: str) -> tuple[PostcodeArea | None, str]:
    """A full postcode, or the beginning of one: BS3, BS."""
    if not where:
        return None, ""
    letters = _BEGINNING.fullmatch(where.upper())
    if letters and (found := AREAS.get(letters[1])):
        return found, ""
    try:
        return area_of(where), ""
    except Invalid:
        return None, "Enter a postcode, like BS3 1JA, or its beginning, like BS3"


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
    found = search.find(
        session(),
        node=path[-1].lineage if path else DOMAIN,
        text=question.text,
        facets=question.facets,
        area=question.area.code if question.area else "",
        after=question.after,
    )
    return render_template(
        "storefront/catalogue/services.html",
        asked=question,
        top=top,
        path=path,
        here=path[-1] if path else None,
        branch=branch,
        found=found,
        cards=cards(session(), found.listings),
        chips=_chips(question, found, branch),
        more=url_for("storefront.services", branch=branch or None, **question.query(after=found.after or "")),
    )


def _chips(question: Asked, found: search.Found, branch: str) -> list[tuple[str, str]]:
    """Each filter that is on, with the address without it."""
    chips = []
    if question.text:
        chips.append((f"“{question.text}”", question.query(q="")))
    if question.area:
        chips.append((f"in {question.area.name} ({question.area.code})", question.query(where="")))
    for facet in found.facets:
        chips += [
            (f"{facet.label}: {count.label}", question.query(without=(facet.key, count.value)))
            for count in facet.counts
            if count.chosen
        ]
    return [(label, url_for("storefront.services", branch=branch or None, **query)) for label, query in chips]
