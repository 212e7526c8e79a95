"""The seller's checklist: each section says what is missing, and the whole is handed in to be checked."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.services.people import trader, trader_check, trader_document, trader_gap, vat_status
from app.session import session
from models.errors import Conflict, Invalid
from models.people.seller import Seller, SellerState
from models.people.trader_document import DocumentKind, TraderDocument
from models.platform.transition import Transition
from views.storefront import files
from views.storefront.blueprint import storefront
from views.storefront.guard import provider
from views.storefront.keyed import Keyed
from views.storefront.people import paper_forms, setup_act
from views.storefront.people.person import current_person
from views.storefront.people.setup_words import FORMS, PAPERS, SECTION, TITLES

HANDED_IN = frozenset({SellerState.applied, SellerState.more_needed})


@storefront.get("/pro/setup")
@provider
def pro_setup() -> ResponseReturnValue:
    """The checklist and where the seller stands. Raises NotFound for members who are not owners."""
    return _overview()


@storefront.post("/pro/setup/submit")
@provider
def pro_setup_submit() -> ResponseReturnValue:
    """Hands everything in."""
    form = Keyed()
    setup_act.own_seller(session())
    try:
        setup_act.hand_in(form)
    except Conflict as refused:
        form.again(refused)
        return _overview(form, str(refused)), refused.status
    return redirect(url_for("storefront.pro_setup"), HTTPStatus.SEE_OTHER)


@storefront.get(f"/pro/setup/<any({SECTION}):section>")
@provider
def pro_setup_section(section: str) -> ResponseReturnValue:
    """One section with what was said."""
    return _section(section)


@storefront.post("/pro/setup/<any(identity, company, vat, address, contact, lawful):section>")
@provider
def pro_setup_save(section: str) -> ResponseReturnValue:
    """422 with everything that was typed when it does not fit."""
    form = FORMS[section]()
    setup_act.own_seller(session())
    if not form.validate_on_submit():
        return _section(section, form=form), HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        setup_act.save(section, form)
    except (Invalid, Conflict) as refused:
        _say(form, refused)
        return _section(section, form=form), refused.status
    return redirect(url_for("storefront.pro_setup", _anchor=section), HTTPStatus.SEE_OTHER)


@storefront.post("/pro/setup/<any(identity, insurance):section>/documents")
@provider
def pro_setup_add(section: str) -> ResponseReturnValue:
    """Hands in a document; with a slip in the form the file is kept."""
    paper = PAPERS[section]()
    setup_act.own_seller(session())
    try:
        if not paper.validate_on_submit():
            paper.paper()
            return _section(section, paper=paper), HTTPStatus.UNPROCESSABLE_ENTITY
        setup_act.add(paper)
    except (Invalid, Conflict) as refused:
        _say(paper, refused)
        return _section(section, paper=paper), refused.status
    return redirect(url_for("storefront.pro_setup_section", section=section), HTTPStatus.SEE_OTHER)


@storefront.post("/pro/setup/documents/<uuid:paper_id>/remove")
@provider
def pro_setup_remove(paper_id: UUID) -> ResponseReturnValue:
    """Takes it back while nobody has checked it."""
    form, found = Keyed(), _document(paper_id)
    section = _section_of(found)
    try:
        setup_act.remove(paper_id, form)
    except Conflict as refused:
        return _section(section, problem=str(refused)), refused.status
    return redirect(url_for("storefront.pro_setup_section", section=section), HTTPStatus.SEE_OTHER)


@storefront.get("/pro/setup/documents/<uuid:paper_id>")
@provider
def pro_setup_document(paper_id: UUID) -> ResponseReturnValue:
    """The bytes as they were sent. Raises NotFound for everybody but the owners."""
    found = _document(paper_id).stored_file
    return files.send(found, found.original_name or "document")


def _document(paper_id: UUID) -> TraderDocument:
    setup_act.own_seller(session())
    return trader_document.find_own(session(), paper_id, actor=current_person().seller())


def _section_of(row: TraderDocument) -> str:
    return "insurance" if row.kind.insures else "identity"


def _say(form: Keyed, refused: Invalid | Conflict) -> None:
    if isinstance(refused, Invalid):
        form.take(refused)
    else:
        form.again(refused)
        form.form_errors.append(str(refused))


def _overview(form: Keyed | None = None, problem: str = "") -> str:
    work = session()
    row = setup_act.own_seller(work)
    gaps = trader_gap.missing(work, row)
    return render_template(
        "storefront/people/setup.html",
        seller=row,
        party=trader.organisation(work, row),
        titles=TITLES,
        gaps=gaps,
        ready=not any(gaps.values()),
        may_hand_in=row.state in HANDED_IN,
        marks={mark.item.name: mark for mark in trader_check.marks(work, row)},
        reason=_reason(work, row),
        form=form or Keyed(formdata=None),
        problem=problem,
    )


def _section(
    section: str,
    *,
    form: Keyed | None = None,
    paper: paper_forms.WithPaper | None = None,
    problem: str = "",
) -> str:
    work = session()
    row = setup_act.own_seller(work)
    kinds = [kind for kind in DocumentKind if kind.insures == (section == "insurance")]
    papers = [one for one in trader_document.of(work, row) if one.kind in kinds] if section in PAPERS else []
    return render_template(
        "storefront/people/setup_section.html",
        section=section,
        title=TITLES[section][0],
        seller=row,
        gaps=trader_gap.missing(work, row)[section],
        form=form or (FORMS[section](formdata=None, data=_said(work, row, section)) if section in FORMS else None),
        paper=paper or (PAPERS[section](formdata=None) if section in PAPERS else None),
        papers=papers,
        reasons={one.id: _reason(work, one) for one in papers},
        act=Keyed(formdata=None),
        problem=problem,
        vat_now=vat_status.in_force(work, row, vat_status.today()),
        vat_later=vat_status.coming(work, row),
    )


def _reason(work: Session, row: Any) -> str:
    """Why it stands where it does, in the words of whoever moved it there."""
    last = sa.select(Transition.reason).where(
        Transition.machine == row.machine.name,
        Transition.subject_id == row.id,
        Transition.to_state == row.state.name,
    )
    return work.scalar(last.order_by(Transition.id.desc()).limit(1)) or ""


def _said(work: Session, row: Seller, section: str) -> dict[str, Any]:
    said, party = trader.of(work, row), trader.organisation(work, row)
    if section == "vat":
        now = vat_status.in_force(work, row, vat_status.today())
        yes = None if now is None else "yes" if now.registered else "no"
        return {"registered": yes, "vat_number": now.number if now else ""}
    if section == "contact":
        return {"phone": party.phone, "email": party.email}
    return {
        "responsible_name": said.responsible_name,
        "legal_form": said.legal_form.name if said.legal_form else None,
        "legal_name": party.legal_name,
        "company_number": party.company_number,
        "register": "" if said.register == "Companies House" else said.register,
        "street": said.street,
        "street_more": said.street_more,
        "town": said.town,
        "postcode": said.postcode,
        "country": said.country or trader.HOME,
        "lawful_only": said.certified_at is not None,
    }
