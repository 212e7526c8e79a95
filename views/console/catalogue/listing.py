"""Listings in every state, as staff see them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from flask import abort, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from markupsafe import Markup
from sqlalchemy.orm import Session, joinedload, selectinload

from app.services.moderation import decision
from models.actor import Actor
from models.catalogue.listing import Listing, ListingState
from models.catalogue.listing_node import ListingNode
from models.errors import Invalid
from models.moderation.policy import APPROVING, POLICIES
from models.people.organisation import Organisation
from views import drawing, photo_bytes
from views.columns import Column, EnumFacet, Facet, PeriodFacet, Tab
from views.interface import Interface
from views.record import Ask, RecordView, Verb

L, S = Listing, ListingState
EAGER = (joinedload(L.organisation), selectinload(L.nodes).joinedload(ListingNode.node))
RULE = Ask(
    "policy",
    "Rule",
    choices=tuple((code, policy.title) for code, policy in POLICIES.items() if code != APPROVING),
)
WHY = Ask("reason", "Reason", "At least 20 characters. The provider reads it, and it stays with the decision.")


def version(text: str) -> int:
    """The version of the listing that was on the page when somebody decided. Raises Invalid without one."""
    if not text.isdigit():
        raise Invalid("The page did not say which version you read. Open it again.")
    return int(text)


def _suspend(session: Session, row: Listing, *, actor: Actor, policy: str, reason: str, version_read: str) -> Any:
    return decision.suspend(
        session, row, actor=actor, policy=policy, reason=reason, expected_version=version(version_read)
    )


def _reinstate(session: Session, row: Listing, *, actor: Actor, reason: str, version_read: str) -> Any:
    return decision.reinstate(session, row, actor=actor, reason=reason, expected_version=version(version_read))


READ_VERSION = Ask("version_read", "Version", kind="version")


class ListingView(RecordView):
    """What is offered, where, for how much, and what was decided about it."""

    datamodel = Interface(L, eager=EAGER)
    resource, label, group, icon, nouns = "Listing", "Listings", "Catalogue", "tags", "listings"
    route_base = "/listings"
    show_template = "console/listing.html"
    include_route_methods: ClassVar[set[str]] = {"list", "show", "move", "photo"}
    newest: ClassVar[tuple[Any, ...]] = (L.state_entered_at,)
    road = (S.draft, S.in_review, S.live)
    search = (L.title, L.slug, Organisation.name)
    columns = (
        Column("title", "Listing", "title", order=L.title, slot="title"),
        Column(
            "organisation",
            "Provider",
            get=lambda r: r.organisation.name,
            order=Organisation.name,
            width="l",
            slot="meta",
            prio=2,
        ),
        Column("state", "State", "status", order=L.state, slot="status", width="m"),
        Column("node", "Category", get=lambda r: r.primary_node.label, width="l", prio=3),
        Column("price_minor", "Price, net", "money", order=L.price_minor, slot="end", width="s"),
        Column("state_entered_at", "Since", "ago", order=L.state_entered_at, width="s", slot="due", prio=2),
    )
    facets: ClassVar[tuple[Facet, ...]] = (
        EnumFacet("state", "State", L.state, "list-check"),
        PeriodFacet("changed", "Changed", L.content_changed_at),
    )
    tabs: ClassVar[tuple[Tab, ...]] = (
        Tab("All"),
        Tab("Live", {"state": ["live"]}, counted=True),
        Tab("In review", {"state": ["in_review"]}, counted=True),
        Tab("Suspended", {"state": ["suspended"]}, counted=True, tone="danger"),
    )
    verbs_of: ClassVar[tuple[Verb, ...]] = (
        Verb(
            "suspend",
            "Suspend",
            "suspend",
            _suspend,
            "Takes it out of the shop, with a statement of reasons",
            "ban",
            "danger",
            (RULE, WHY, READ_VERSION),
        ),
        Verb(
            "reinstate",
            "Put back",
            "suspend",
            _reinstate,
            "It is sold again",
            "arrow-back-up",
            "primary",
            (WHY, READ_VERSION),
        ),
    )

    def narrowed(self) -> Any:
        return super().narrowed().join(Organisation, Organisation.id == L.organisation_id)

    def reference(self, row: Listing) -> str:
        return f"version {row.version}"

    def more(self, row: Listing) -> dict[str, Any]:
        return {
            "decisions": decision.decisions(self.datamodel.session(), row),
            "policies": POLICIES,
            "pictures": [
                (one, url_for(f"{self.endpoint}.photo", pk=row.id, digest=one.digest.hex(), name=f"{one.width}.webp"))
                for one in row.photos
            ],
        }

    @expose("/photo/<pk>/<digest>/<name>")
    @has_access
    @permission_name("read")
    def photo(self, pk: str, digest: str, name: str) -> ResponseReturnValue:
        """A picture of this listing, whatever its state, and of no other."""
        found = photo_bytes.parsed(digest, name)
        if all(one.digest != found for one in self.row(pk).photos):
            abort(404)
        return photo_bytes.answer(found, name, photo_bytes.ONLY_NOW)

    def facts(self, row: Listing) -> Sequence[tuple[str, Any]]:
        provider = Markup('<a href="{}">{}</a>').format(
            url_for("OrganisationView.show", pk=row.organisation_id), row.organisation
        )
        service = row.service
        return [
            ("Provider", provider),
            ("Price, net", drawing.money(row.price_minor, row.currency)),
            ("Category", row.primary_node.label),
            ("Areas", drawing.tags([area.area for area in row.areas], most=12)),
            ("Duration", f"{service.duration_minutes} minutes" if service else drawing.NONE),
            ("Crew", drawing.plain(service.crew_size if service else None)),
            (
                "Notice",
                f"{service.notice_days} day{'s' if service.notice_days != 1 else ''}" if service else drawing.NONE,
            ),
            ("First live", drawing.when(row.published_at)),
            ("Changed", drawing.when(row.content_changed_at)),
        ]
