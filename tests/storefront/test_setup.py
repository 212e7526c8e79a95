"""The way to selling at the browser: what it takes, the checklist, the documents, handing in."""

from __future__ import annotations

import re
from datetime import timedelta
from io import BytesIO

import pytest
import sqlalchemy as sa

from app.services.people import organisation, person, vat_status
from app.services.people import seller as sellers
from models.actor import Actor, ActorKind
from models.people.membership import MembershipRole
from models.people.organisation import Organisation
from models.people.seller import Seller, SellerState
from models.people.trader_document import DocumentState, TraderDocument
from tests.factories import catalogue, people

PDF = b"%PDF-1.7 a certificate\n%%EOF"
ADDRESS = {"street": "3 Wells Road", "street_more": "", "town": "Bristol", "postcode": "bs3 1ja", "country": "GB"}


@pytest.fixture
def applicant(stranger):
    """A customer whose new business has applied."""
    answer = stranger.send("/sell", {"name": "Reed Rewiring"}, seen_on="/sell")
    assert (answer.status_code, answer.location) == (303, "/pro/setup")
    return stranger


def save(browser, section: str, typed: dict):
    at = f"/pro/setup/{section}"
    return browser.send(at, typed, seen_on=at)


def add(browser, section: str, typed: dict, file: bytes | None = PDF):
    at = f"/pro/setup/{section}"
    sent = {**typed, **({"file": (BytesIO(file), "certificate.pdf")} if file else {})}
    return browser.send(f"{at}/documents", sent, seen_on=at)


def days(first: int, last: int) -> dict[str, str]:
    today = vat_status.today()
    return {"valid_from": str(today + timedelta(days=first)), "valid_until": str(today + timedelta(days=last))}


def policy(**changes) -> dict:
    said = {"kind": "public_liability", "insurer": "Brunel Mutual", "policy_number": "BM-1", "sum_insured": "2,000,000"}
    return {**said, **days(-10, 300), **changes}


def fill_in(browser) -> None:
    for section, typed in (
        ("identity", {"responsible_name": "Owen Reed"}),
        ("company", {"legal_form": "limited_company", "legal_name": "Reed Rewiring Ltd", "company_number": "SC123456"}),
        ("vat", {"registered": "yes", "vat_number": "980 7806 84"}),
        ("address", ADDRESS),
        ("contact", {"phone": "0117 496 0177", "email": "office@reed.test"}),
        ("lawful", {"lawful_only": "y"}),
    ):
        assert save(browser, section, typed).status_code == 303, section
    assert add(browser, "identity", {"paper_kind": "passport"}).status_code == 303
    assert add(browser, "insurance", policy()).status_code == 303


def row_of(session, name: str = "Reed Rewiring") -> Seller:
    session.expire_all()
    return session.scalars(sa.select(Seller).join(Organisation).where(Organisation.name == name)).one()


def test_everybody_reads_what_it_takes(visitor):
    page = visitor.page("/sell")
    assert "Public liability insurance that is in force" in page
    assert "Sign in first" in page
    assert visitor.send("/sell", {"name": "Nobody"}).status_code == 303


def test_a_business_without_a_name_is_asked_for_one(stranger):
    answer = stranger.send("/sell", {"name": " "}, seen_on="/sell")
    assert answer.status_code == 422
    assert "Enter a name." in answer.text


def test_the_checklist_says_what_is_missing_and_takes_nothing_half(applicant, session):
    page = applicant.page("/pro/setup")
    assert "Still missing: the name of the person responsible, a document that shows who they are." in page
    assert "Hand it in" not in page
    answer = applicant.send("/pro/setup/submit", {"key": "early"})
    assert answer.status_code == 409
    assert "Still missing: the name of the person responsible" in answer.text
    assert row_of(session).state is SellerState.applied


def test_all_of_it_filled_in_is_handed_in(applicant, session):
    fill_in(applicant)
    assert "Still missing" not in applicant.page("/pro/setup")
    assert applicant.send("/pro/setup/submit", seen_on="/pro/setup").status_code == 303
    assert "We are checking it" in applicant.page("/pro/setup")
    row = row_of(session)
    party = row.organisation
    assert (row.state, row.vat_registered, party.vat_number) == (SellerState.kyc_pending, True, "GB980780684")
    assert party.address == "3 Wells Road\nBristol\nBS3 1JA"


@pytest.mark.parametrize(
    ("section", "typed", "said"),
    [
        ("company", {"legal_form": "limited_company", "legal_name": "Reed Ltd", "company_number": "12"}, "12"),
        ("company", {"legal_form": "", "legal_name": "Reed & Sons"}, "Reed &amp; Sons"),
        ("vat", {"registered": "yes", "vat_number": "GB123456789"}, "GB123456789"),
        ("address", {**ADDRESS, "postcode": "BS"}, "3 Wells Road"),
        ("contact", {"phone": "12", "email": "office@reed.test"}, "office@reed.test"),
        ("identity", {"responsible_name": ""}, "Enter the full name"),
        ("lawful", {}, "Certify this"),
    ],
)
def test_a_slip_is_said_and_nothing_typed_is_lost(applicant, section, typed, said):
    good = section == "company" and typed.get("company_number") == "12"
    answer = save(applicant, section, typed)
    assert answer.status_code == (303 if good else 422)
    if not good:
        assert "<title>Error:" in answer.text
        assert said in answer.text


def test_a_file_sent_with_a_slip_is_kept(applicant, session):
    answer = add(applicant, "insurance", policy(insurer=""))
    assert answer.status_code == 422
    assert "certificate.pdf is kept" in answer.text
    held = re.search(r'name="held"[^>]*value="([^"]+)"', answer.text)[1]
    assert add(applicant, "insurance", policy(held=held), file=None).status_code == 303
    assert session.scalars(sa.select(TraderDocument)).one().insurer == "Brunel Mutual"


def test_a_kept_file_is_nobody_elses(applicant, rival):
    answer = add(applicant, "insurance", policy(insurer=""))
    held = re.search(r'name="held"[^>]*value="([^"]+)"', answer.text)[1]
    other = add(rival, "insurance", policy(held=held), file=None)
    assert other.status_code == 422
    assert "Choose the document" in other.text


def test_a_policy_that_has_ended_and_a_file_that_is_no_document_are_refused(applicant):
    assert "This policy has ended" in add(applicant, "insurance", policy(**days(-300, -1))).text
    assert add(applicant, "insurance", policy(), file=b"<svg>").status_code == 422


def test_documents_are_for_owners_only(applicant, rival, buyer, visitor, arrange, signed_in, session):
    add(applicant, "identity", {"paper_kind": "passport"})
    one = session.scalars(sa.select(TraderDocument).order_by(TraderDocument.id.desc())).first()
    at = f"/pro/setup/documents/{one.id}"
    answer = applicant.get(at)
    assert (answer.data, answer.headers["Cache-Control"]) == (PDF, "private, no-store")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    mate = arrange(_member, one.seller_id)
    for browser in (rival, buyer, signed_in(mate)):
        assert browser.get(at).status_code == 404
        assert browser.send(f"{at}/remove", {"key": "k"}).status_code == 404
    assert signed_in(mate).get("/pro/setup").status_code == 404
    assert visitor.get(at).status_code == 303
    session.expire_all()
    assert one.state is DocumentState.waiting


def _member(work, seller_id) -> people.Party:
    user = person.create(work, email="mate@reed.test", password=people.PASSWORD, first_name="Ada", last_name="Mate")
    row = work.get_one(Seller, seller_id)
    organisation.add_member(work, row.organisation, user, role=MembershipRole.member)
    return people.Party(user, row.organisation, None)


def test_what_nobody_checked_is_taken_back(applicant, session):
    add(applicant, "identity", {"paper_kind": "passport"})
    one = session.scalars(sa.select(TraderDocument)).one()
    at = f"/pro/setup/documents/{one.id}/remove"
    assert applicant.send(at, seen_on="/pro/setup/identity").status_code == 303
    assert "certificate" not in applicant.page("/pro/setup/identity").split("Add a document")[0]


def test_the_same_business_is_begun_once(stranger, session):
    hidden = {"key": "one-key", "which": "new", "name": "Reed Rewiring"}
    first, second = (stranger.send("/sell", hidden) for _ in range(2))
    assert (first.status_code, second.status_code) == (303, 303)
    assert session.scalar(sa.select(sa.func.count()).where(Organisation.name == "Reed Rewiring")) == 1


def test_asked_for_more_it_says_what_and_is_handed_in_again(applicant, arrange, session):
    fill_in(applicant)
    applicant.send("/pro/setup/submit", seen_on="/pro/setup")
    seller_id = row_of(session).id
    arrange(_ask, seller_id)
    assert "The passport is cut off." in applicant.page("/pro/setup")
    assert applicant.send("/pro/setup/submit", seen_on="/pro/setup").status_code == 303
    assert row_of(session).state is SellerState.kyc_pending


def _ask(work, seller_id) -> None:
    staff = people.operator(work, "Operations")
    sellers.decide(
        work, work.get_one(Seller, seller_id), "ask_for_more", actor=staff, reason="The passport is cut off."
    )


def test_a_draft_says_what_is_missing_before_it_can_go_live(applicant, arrange, session):
    actor = Actor(ActorKind.seller, None, row_of(session).organisation_id)
    listing = arrange(catalogue.draft, actor)
    page = applicant.page(f"/pro/listings/{listing.slug}")
    assert "What is missing before this can go live" in page
    assert "Still missing: the name of the person responsible" in page
