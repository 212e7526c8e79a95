"""Bringing the taxonomy to the blueprint, publishing what stands, and proving that nothing moved since."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import rfc8785
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.catalogue import blueprint, search_words, taxonomy_row
from app.services.catalogue.taxonomy_row import TaxonomyRow
from app.services.platform import clock
from models.actor import Actor, ActorKind
from models.catalogue.taxonomy_domain import TaxonomyDomain
from models.catalogue.taxonomy_facet import TaxonomyFacet
from models.catalogue.taxonomy_node import TaxonomyNode
from models.catalogue.taxonomy_release import TaxonomyRelease, TaxonomyReleaseRow
from models.errors import Conflict, NotAllowed

ONE_AT_A_TIME = 0x66787478  # "fxtx": the key of the advisory lock that two appliers queue for


@dataclass(frozen=True, slots=True)
class Drift:
    """A field that is not what was published. `field` is empty when the whole row is missing or extra."""

    table: str
    key: str
    name: str
    field: str
    published: Any
    live: Any

    def __str__(self) -> str:
        if self.field:
            return f"{self.table} {self.name}: {self.field} is {self.live!r}, was published as {self.published!r}"
        return f"{self.table} {self.name} " + ("was published and is gone" if self.published else "was never published")


@dataclass(frozen=True, slots=True)
class Verified:
    """What `verify` found: the release it compared with, the root of the live rows, and every difference."""

    release: int
    root: bytes
    rows: int
    drift: tuple[Drift, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A row that `apply` writes: `verb` is add, change or retire; `fields` maps a column to (from, to)."""

    verb: str
    row: TaxonomyRow
    name: str
    fields: dict[str, tuple[Any, Any]]

    def __str__(self) -> str:
        shown = ", ".join(f"{name}: {old!r} → {new!r}" for name, (old, new) in self.fields.items())
        return f"{self.verb} {self.row.table} {self.name}" + (f" ({shown})" if self.verb == "change" else "")


def latest(session: Session) -> TaxonomyRelease | None:
    """The release that stands, or None before the first."""
    return session.scalar(sa.select(TaxonomyRelease).order_by(TaxonomyRelease.number.desc()).limit(1))


def verify(session: Session) -> Verified:
    """Recomputes every checksum from the live columns and compares with what was published.

    Raises Conflict before the first release: there is nothing to compare with.
    """
    release = latest(session)
    if release is None:
        raise Conflict("The taxonomy was never published: run `flask taxonomy apply`.")
    session.refresh(release)
    published = session.scalars(
        sa.select(TaxonomyReleaseRow)
        .where(TaxonomyReleaseRow.release_number == release.number)
        .execution_options(populate_existing=True)
    ).all()
    live = taxonomy_row.read(session)
    drift = [*_altered_records(release, published), *_drift(published, live)]
    root = taxonomy_row.roots_of(live).root
    if root != release.root and not drift:
        drift.append(_altered(release, "root", release.root.hex(), root.hex()))
    return Verified(release.number, root, len(live), tuple(drift))


def _altered_records(release: TaxonomyRelease, published: Iterable[TaxonomyReleaseRow]) -> list[Drift]:
    """The record itself is checked too: contents against their checksums, and all of them against the root."""
    found, leaves = [], []
    for row in published:
        entry = rfc8785.dumps(row.content)
        leaves.append((row.domain_id, row.table_name, row.row_key, entry))
        if (now := sha256(entry).digest()) != row.checksum:
            name = f"{row.release_number} {row.table_name} {row.row_key}"
            found.append(Drift("taxonomy_release_row", row.row_key, name, "checksum", row.checksum.hex(), now.hex()))
    roots = taxonomy_row.roots(leaves)
    if roots.root != release.root:
        found.append(_altered(release, "root", release.root.hex(), roots.root.hex()))
    if (now_domains := _hex(roots)) != release.domain_roots:
        found.append(_altered(release, "domain_roots", release.domain_roots, now_domains))
    return found


def _altered(release: TaxonomyRelease, field: str, recorded: Any, computed: Any) -> Drift:
    return Drift("taxonomy_release", str(release.number), str(release.number), field, recorded, computed)


def _hex(roots: taxonomy_row.Roots) -> dict[str, str]:
    return {str(domain): root.hex() for domain, root in roots.domains.items()}


def _drift(published: Iterable[TaxonomyReleaseRow], live: Iterable[TaxonomyRow]) -> list[Drift]:
    then = {(row.table_name, row.row_key): row.content for row in published}
    now = {row.place: row.content for row in live}
    names = _names([*now.values(), *then.values()])  # the published name is the one people know
    found = []
    for place in sorted(then.keys() | now.keys()):
        old, new = then.get(place), now.get(place)
        if old is None or new is None:
            found.append(Drift(*place, _name(place, names), "", old, new))
        elif old != new:
            fields = [name for name in sorted(old.keys() | new.keys()) if old.get(name) != new.get(name)]
            found += [Drift(*place, _name(place, names), name, old.get(name), new.get(name)) for name in fields]
    return found


def _names(contents: Iterable[dict[str, Any]]) -> dict[str, str]:
    """What people call a row: path of a node, key of a facet, slug of a domain; by id."""
    return {c["id"]: c.get("lineage") or c.get("key") or c["slug"] for c in contents if "id" in c}


def _name(place: tuple[str, str], names: dict[str, str]) -> str:
    return " ".join(names.get(part, part) for part in place[1].split("/"))


def plan(session: Session, wanted: list[TaxonomyRow]) -> list[Change]:
    """What `apply` would write. A row that the blueprint no longer has is retired, never deleted."""
    live = {row.place: row for row in taxonomy_row.read(session)}
    names = _names(row.content for row in [*wanted, *live.values()])
    changes = []
    for row in wanted:
        present = live.pop(row.place, None)
        fields = _differences(present, row)
        if fields:
            changes.append(Change("change" if present else "add", row, _name(row.place, names), fields))
    for row in live.values():
        if not row.values["retired"]:
            gone = TaxonomyRow(row.model, row.domain_id, row.values | {"retired": True})
            changes.append(Change("retire", gone, _name(row.place, names), {"retired": (False, True)}))
    return changes


def _differences(present: TaxonomyRow | None, row: TaxonomyRow) -> dict[str, tuple[Any, Any]]:
    old, new = present.content if present else {}, row.content
    return {name: (old.get(name), value) for name, value in new.items() if name not in old or old[name] != value}


def apply(
    session: Session, wanted: list[TaxonomyRow] | None = None, *, actor: Actor, note: str = "blueprint"
) -> list[Change]:
    """Makes the tables equal to `wanted` (the blueprint, if not given); publishes a release if that is new.

    Twice in a row changes nothing. Listings keep their nodes; the search words they repeat are written anew.
    Raises BlueprintError, or NotAllowed to anyone but staff and clockwork.
    """
    if actor.kind not in {ActorKind.operator, ActorKind.system}:
        raise NotAllowed("Only staff publish the taxonomy.")
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(ONE_AT_A_TIME)))
    session.info["verb"] = "taxonomy.apply"
    changes = plan(session, blueprint.load() if wanted is None else wanted)
    for change in changes:
        present = session.get(change.row.model, change.row.identity)
        if present is None:
            session.add(change.row.model(**change.row.values))
        else:
            session.refresh(present)
            for name in change.fields:
                setattr(present, name, change.row.values[name])
    session.flush()
    live = taxonomy_row.read(session)
    release, roots = latest(session), taxonomy_row.roots_of(live)
    if release is None or release.root != roots.root:
        _publish(session, live, roots, number=release.number + 1 if release else 1, note=note)
    touched = [change for change in changes if change.row.model in (TaxonomyDomain, TaxonomyNode, TaxonomyFacet)]
    if touched:
        search_words.refresh(session, {change.row.domain_id for change in touched})
    return changes


def _publish(session: Session, live: list[TaxonomyRow], roots: taxonomy_row.Roots, *, number: int, note: str) -> None:
    session.add(
        TaxonomyRelease(
            number=number, root=roots.root, domain_roots=_hex(roots), note=note[:120], published_at=clock.now()
        )
    )
    session.flush()
    session.add_all(
        TaxonomyReleaseRow(
            release_number=number,
            table_name=row.table,
            row_key=row.key,
            domain_id=row.domain_id,
            content=row.content,
            checksum=row.checksum,
        )
        for row in live
    )
    session.flush()
