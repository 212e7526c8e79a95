"""What a seller says of itself, section by section, and what is still missing before it can be checked."""

from __future__ import annotations

import re

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.people import company_number as numbers
from app.services.people.vat_status import look_again
from app.services.platform import clock
from models.actor import Actor
from models.catalogue.postcode_area import area_of
from models.errors import IllegalMove, Invalid, NotAllowed
from models.people.legal_form import LegalForm
from models.people.organisation import Organisation
from models.people.seller import SELLER, Seller
from models.people.trader import Trader

HOME = "GB"
COUNTRIES = {
    "GB": "United Kingdom", "AT": "Austria", "BE": "Belgium", "BG": "Bulgaria", "HR": "Croatia", "CY": "Cyprus",
    "CZ": "Czechia", "DK": "Denmark", "EE": "Estonia", "FI": "Finland", "FR": "France", "DE": "Germany", "GR": "Greece",
    "HU": "Hungary", "IE": "Ireland", "IT": "Italy", "LV": "Latvia", "LT": "Lithuania", "LU": "Luxembourg",
    "MT": "Malta", "NL": "Netherlands", "PL": "Poland", "PT": "Portugal", "RO": "Romania", "SK": "Slovakia",
    "SI": "Slovenia", "ES": "Spain", "SE": "Sweden",
}  # fmt: skip
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_FEWEST_DIGITS = 7


def of(session: Session, row: Seller) -> Trader:
    """The seller's row, made when there is none."""
    found = session.get(Trader, row.id)
    if found is None:
        found = Trader(seller_id=row.id)
        session.add(found)
        session.flush()
    return found


def organisation(session: Session, row: Seller) -> Organisation:
    """Whose details these are."""
    return session.get_one(Organisation, row.organisation_id)


def say_who(session: Session, row: Seller, *, actor: Actor, responsible_name: str) -> Trader:
    """The person who answers for the business. Raises Invalid."""
    said = _open(session, row, actor, "identity")
    if not responsible_name.strip():
        raise Invalid("Some of that cannot be taken.", {"responsible_name": "Enter the full name of the person."})
    said.responsible_name = " ".join(responsible_name.split())
    return _kept(session, row, said)


def say_company(
    session: Session,
    row: Seller,
    *,
    actor: Actor,
    legal_form: str,
    legal_name: str,
    company_number: str = "",
    register: str = "",
) -> Trader:
    """Legal form, registered name and number. `register` names a register outside the United Kingdom, whose numbers
    are not checked here; empty means Companies House. Raises Invalid."""
    said = _open(session, row, actor, "company")
    wrong, number = {}, ""
    if legal_form not in LegalForm.__members__:
        wrong["legal_form"] = "Choose what the business is."
    if not legal_name.strip():
        wrong["legal_name"] = "Enter the name as the register, or your invoices, have it."
    form = LegalForm.__members__.get(legal_form)
    abroad = " ".join(register.split())
    if form is not None and form.registered:
        try:
            number = " ".join(company_number.split()) if abroad else numbers.written(company_number, form)
        except Invalid as error:
            wrong |= error.fields
        if abroad and not number:
            wrong["company_number"] = "Enter the number under which the register has you."
    if wrong:
        raise Invalid("Some of that cannot be taken.", wrong)
    party = organisation(session, row)
    party.legal_name, party.company_number = " ".join(legal_name.split()), number
    said.legal_form = form
    said.register = abroad or ("Companies House" if number else "")
    return _kept(session, row, said)


def say_address(
    session: Session,
    row: Seller,
    *,
    actor: Actor,
    street: str,
    street_more: str,
    town: str,
    postcode: str,
    country: str,
) -> Trader:
    """Where post reaches the business. Raises Invalid."""
    said = _open(session, row, actor, "address")
    wrong = {}
    if country not in COUNTRIES:
        wrong["country"] = "Choose a country from the list."
    code = " ".join(postcode.upper().split())
    if country == HOME:
        try:
            area_of(code)
        except Invalid:
            wrong["postcode"] = "Enter a full postcode, like BS3 1JA."
    elif not code:
        wrong["postcode"] = "Enter the postcode."
    asked = (("street", street, "Enter the building and street."), ("town", town, "Enter the town or city."))
    wrong |= {name: sentence for name, text, sentence in asked if not text.strip()}
    if wrong:
        raise Invalid("Some of that cannot be taken.", wrong)
    said.street, said.street_more, said.town = (" ".join(one.split()) for one in (street, street_more, town))
    said.postcode, said.country = code, country
    lines = [said.street, said.street_more, said.town, code, "" if country == HOME else COUNTRIES[country]]
    organisation(session, row).address = "\n".join(line for line in lines if line)
    return _kept(session, row, said)


def say_contact(session: Session, row: Seller, *, actor: Actor, phone: str, email: str) -> Organisation:
    """How customers reach the business; taken without a new check. Raises Invalid."""
    _open(session, row, actor, "contact")
    wrong = {}
    if len(re.sub(r"\D", "", phone)) < _FEWEST_DIGITS:
        wrong["phone"] = "Enter a telephone number that customers can call, like 0117 496 0120."
    if not _MAIL.fullmatch(email.strip()):
        wrong["email"] = "Enter an e-mail address, like office@example.co.uk."
    if wrong:
        raise Invalid("Some of that cannot be taken.", wrong)
    party = organisation(session, row)
    party.phone, party.email = " ".join(phone.split()), email.strip()
    session.flush()
    return party


def certify(session: Session, row: Seller, *, actor: Actor, lawful_only: bool) -> Trader:
    """They certify to offer only services that the law allows (DSA art. 30(1)(e)). Raises Invalid."""
    said = _open(session, row, actor, "lawful")
    if not lawful_only:
        raise Invalid("We need this.", {"lawful_only": "Certify this, or you cannot sell here."})
    said.certified_at, said.certified_by_user_id = clock.now(), actor.user_id
    session.flush()
    return said


def _open(session: Session, row: Seller, actor: Actor, section: str) -> Trader:
    """Their own, and not over. Facts and checks of one seller wait for each other on its row."""
    if actor.organisation_id != row.organisation_id:
        raise NotAllowed("Only the organisation itself can do this.")
    session.execute(sa.select(Seller.id).where(Seller.id == row.id).with_for_update())
    if row.state in SELLER.terminal:
        raise IllegalMove("This seller account has ended.")
    session.info["verb"] = f"trader.{section}"
    return of(session, row)


def _kept(session: Session, row: Seller, said: Trader) -> Trader:
    """Facts that staff check: who changes them while selling is looked at again."""
    if session.is_modified(said) or session.is_modified(organisation(session, row)):
        look_again(row)
    session.flush()
    return said
