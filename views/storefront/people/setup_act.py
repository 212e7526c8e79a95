"""What the forms of the checklist do: one verb each, once per key. Files are stored before the transaction begins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.people import seller as sellers
from app.services.people import trader, trader_document, vat_status
from app.services.people.trader_document import Policy
from app.services.platform import stored_file
from app.services.platform.idempotency_key import once
from app.unit_of_work import unit_of_work
from models.actor import Actor
from models.errors import Invalid, NotFound
from models.people.membership import Membership, MembershipRole
from models.people.seller import Seller
from models.people.trader_document import DocumentKind
from views.storefront.keyed import Keyed
from views.storefront.people import paper_forms
from views.storefront.people.person import current_person


def own_seller(work: Session) -> Seller:
    """The standing of the organisation that the person owns. Raises NotFound for its members: it is not their work."""
    person = current_person()
    query = (
        sa.select(Seller)
        .join(Membership, Membership.organisation_id == Seller.organisation_id)
        .where(
            Seller.organisation_id == person.seller().organisation_id,
            Membership.user_id == person.user_id,
            Membership.role == MembershipRole.owner,
        )
    )
    found = work.scalar(query)
    if found is None:
        raise NotFound
    return found


def save(section: str, form: Keyed) -> None:
    """Keeps one section. Raises Invalid, Conflict."""
    _do(f"trader.{section}", form, {}, lambda work, row, actor: SAY[section](work, row, actor, form))


def hand_in(form: Keyed) -> None:
    """Everything is there: to be checked. Raises Conflict with what is missing."""
    _do("trader.submit", form, {}, lambda work, row, actor: sellers.submit_kyc(work, row, actor=actor))


def add(form: paper_forms.IdentityPaper | paper_forms.PolicyPaper) -> None:
    """Hands in a document. Raises Invalid, Conflict."""
    kept = form.paper()

    def command(work: Session, row: Seller, actor: Actor) -> None:
        content, media, name = kept
        file = stored_file.record(work, content, media_type=media, purpose="trader", original_name=name)
        if isinstance(form, paper_forms.IdentityPaper):
            trader_document.add_identity(
                work, row, file, actor=actor, paper=form.paper_kind.data or "", valid_until=form.valid_until.data
            )
        else:
            kind, policy = _kind(form), _policy(form)
            trader_document.add_policy(work, row, file, actor=actor, kind=kind, policy=policy)

    _do("trader.document", form, {"file": kept[0].sha256.hex()}, command)


def remove(document_id: UUID, form: Keyed) -> None:
    """Takes a document back that nobody has checked. Raises NotFound, Conflict."""

    def command(work: Session, _row: Seller, actor: Actor) -> None:
        trader_document.remove(work, trader_document.find_own(work, document_id, actor=actor), actor=actor)

    _do("trader.document.remove", form, {"document": str(document_id)}, command)


def _do(scope: str, form: Keyed, more: dict[str, Any], command: Callable[[Session, Seller, Actor], object]) -> None:
    actor = current_person().seller()
    with unit_of_work(actor) as work:
        row = own_seller(work)

        def once_only() -> dict[str, str]:
            command(work, row, actor)
            return {"state": row.state.name}

        asked = {name: str(value) for name, value in form.contents().items()}
        once(work, scope, form.key.data or "", {"seller": str(row.id), **asked, **more}, once_only)


def _kind(form: paper_forms.PolicyPaper) -> DocumentKind:
    found = DocumentKind.__members__.get(form.kind.data or "")
    if found is None or not found.insures:
        raise Invalid("Say which insurance.", {"kind": "Choose which insurance it is."})
    return found


def _policy(form: paper_forms.PolicyPaper) -> Policy:
    first, last = form.valid_from.data, form.valid_until.data
    if first is None or last is None:
        asked = {"valid_from": (first, "Choose the first day."), "valid_until": (last, "Choose the last day.")}
        raise Invalid("Some of that cannot be taken.", {name: text for name, (day, text) in asked.items() if not day})
    return Policy(form.insurer.data or "", form.policy_number.data or "", form.sum_insured.data or 0, first, last)


def _vat(work: Session, row: Seller, actor: Actor, form: Any) -> object:
    if form.registered.data not in {"yes", "no"}:
        raise Invalid("Say which.", {"registered": "Say whether the business is registered for VAT."})
    return vat_status.declare(
        work,
        row,
        actor=actor,
        registered=form.registered.data == "yes",
        number=form.vat_number.data or "",
        from_day=form.vat_from.data,
    )


def _typed(form: Keyed) -> dict[str, str]:
    return {name: value or "" for name, value in form.contents().items()}


SAY: dict[str, Callable[[Session, Seller, Actor, Any], object]] = {
    "identity": lambda work, row, actor, form: trader.say_who(work, row, actor=actor, **_typed(form)),
    "company": lambda work, row, actor, form: trader.say_company(work, row, actor=actor, **_typed(form)),
    "vat": _vat,
    "address": lambda work, row, actor, form: trader.say_address(work, row, actor=actor, **_typed(form)),
    "contact": lambda work, row, actor, form: trader.say_contact(work, row, actor=actor, **_typed(form)),
    "lawful": lambda work, row, actor, form: trader.certify(
        work, row, actor=actor, lawful_only=bool(form.lawful_only.data)
    ),
}
