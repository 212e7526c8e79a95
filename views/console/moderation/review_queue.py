"""The review queue: strictest lane first, then who waits longest. A keyboard is enough: a, r, j, k."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import redirect, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from sqlalchemy.orm import Session

from app.services.moderation import decision
from models.actor import Actor
from models.catalogue.listing import Listing, ListingState
from models.catalogue.listing_node import ListingNode
from models.catalogue.taxonomy_node import TaxonomyNode
from models.moderation.policy import APPROVING
from models.people.organisation import Organisation
from views.base import Duty, counted
from views.columns import Column, WordFacet
from views.console.catalogue.listing import READ_VERSION, RULE, WHY, ListingView, version
from views.record import Ask, Verb

L, N = Listing, TaxonomyNode
LANES = {"0": "Danger to life", "1": "Regulated trade", "2": "Trusted flag", "3": "Money and fraud", "4": "Ordinary"}


def _approve(session: Session, row: Listing, *, actor: Actor, reason: str, version_read: str) -> Any:
    return decision.decide(
        session, row, actor=actor, approve=True, policy=APPROVING, reason=reason, expected_version=version(version_read)
    )


def _reject(session: Session, row: Listing, *, actor: Actor, policy: str, reason: str, version_read: str) -> Any:
    return decision.decide(
        session, row, actor=actor, approve=False, policy=policy, reason=reason, expected_version=version(version_read)
    )


class ReviewView(ListingView):
    """Listings in review. A decision is about the version that was read; the second of two moderators is told."""

    resource, label, group, icon, nouns = "Review", "Review queue", "Moderation", "gavel", "listings in review"
    route_base = "/review"
    empty = "Everything is decided. New submissions appear here by themselves."
    show_template = "console/review.html"
    include_route_methods = {"list", "show", "move", "following", "photo"}
    newest = ()
    columns = (
        Column("title", "Listing", "title", order=L.title, slot="title"),
        Column(
            "organisation",
            "Provider",
            get=lambda r: r.organisation.name,
            order=Organisation.name,
            width="l",
            slot="meta",
        ),
        Column(
            "lane",
            "Lane",
            get=lambda r: LANES.get(str(r.primary_node.moderation_lane), ""),
            order=N.moderation_lane,
            width="m",
            slot="status",
        ),
        Column("node", "Category", get=lambda r: r.primary_node.label, order=N.label, width="l", prio=2),
        Column("price_minor", "Price, net", "money", order=L.price_minor, width="s", slot="end"),
        Column("state_entered_at", "Waiting since", "ago", order=L.state_entered_at, width="m", slot="due"),
    )
    facets = (WordFacet("lane", "Lane", N.moderation_lane, LANES, "shield-exclamation", int),)
    tabs = ()
    verbs_of = (
        Verb(
            "approve",
            "Approve",
            "decide",
            _approve,
            "It goes into the shop at once",
            "check",
            "primary",
            (Ask("reason", "Reason", WHY.hint), READ_VERSION),
            "a",
        ),
        Verb(
            "reject",
            "Reject",
            "decide",
            _reject,
            "Back to the provider, with the rule and your reason",
            "x",
            "danger",
            (RULE, WHY, READ_VERSION),
            "r",
        ),
    )

    def waiting(self) -> Any:
        return counted(L, L.state == ListingState.in_review)

    def duties(self) -> Sequence[Duty]:
        return (Duty("Listings to review", "decide", self.waiting(), {}),)

    def narrowed(self) -> Any:
        primary = (ListingNode.listing_id == L.id) & ListingNode.is_primary
        queue = super().narrowed().filter(L.state == ListingState.in_review)
        return queue.join(ListingNode, primary).join(N, N.id == ListingNode.node_id)

    def first_order(self) -> tuple[Any, ...]:
        return (N.moderation_lane.asc(), L.state_entered_at.asc())

    def after(self, pk: str) -> str:  # noqa: ARG002
        return url_for("ReviewView.following")

    def more(self, row: Listing) -> dict[str, Any]:
        ids = [key for (key,) in self.narrowed().order_by(*self.first_order(), L.id).with_entities(L.id).limit(500)]
        place = ids.index(row.id) if row.id in ids else -1
        around = {
            "before": ids[place - 1] if place > 0 else None,
            "behind": ids[place + 1] if 0 <= place < len(ids) - 1 else None,
        }
        return {**super().more(row), **around, "place": place + 1, "queue": len(ids)}

    @expose("/next")
    @has_access
    @permission_name("read")
    def following(self) -> ResponseReturnValue:
        """The first of the queue, or the empty queue."""
        first = self.narrowed().order_by(*self.first_order(), L.id).with_entities(L.id).first()
        return redirect(url_for("ReviewView.show", pk=first[0]) if first else url_for("ReviewView.list"), 303)
