"""The desk of sellers: every fact and document is checked on its own, by somebody else, as it was on the screen."""

from __future__ import annotations

import html
import re

import pytest
import sqlalchemy as sa

from app.services.people import trader, vat_status
from models.people.membership import Membership, MembershipRole
from models.people.seller import Seller, SellerState
from models.people.trader_check import CheckItem, TraderCheck
from models.people.trader_document import DocumentState, TraderDocument
from tests.factories import people
from tests.factories import trader as papers
from tests.factories.staff import account, form, signed_in

ITEMS = [item.name for item in CheckItem]


@pytest.fixture
def party(session):
    made = people.provider(session, active=False)
    session.commit()
    return made


@pytest.fixture
def checker(session):
    return account(session, "Operations")


@pytest.fixture
def desk(app, checker):
    return signed_in(app, checker)


def at(party, tail: str = "show") -> str:
    return f"/console/sellers/{tail}/{party.seller.id}"


def seen(page: str, item: str) -> str:
    found = re.search(rf'/mark/{item}/.*?name="seen" value="([0-9a-f]+)"', page, re.DOTALL)
    return found[1]


def mark(client, party, item):
    page = client.get(at(party)).text
    return client.post(at(party, f"mark/{item}"), data=form(seen=seen(page, item)))


def documents(session) -> list[TraderDocument]:
    session.expire_all()
    return list(session.scalars(sa.select(TraderDocument).order_by(TraderDocument.id)))


def decide(client, party, one, event="check", **more):
    return client.post(f"/console/sellers/take/{event}/{party.seller.id}/{one.id}", data=form(**more))


def test_each_item_is_marked_and_then_the_seller_is_approved(desk, party, checker, session):
    page = desk.get(at(party)).text
    assert "Not checked yet: Person responsible" in page
    assert "GB999912005" in page
    for item in ITEMS:
        assert mark(desk, party, item).status_code == 303
    for one in documents(session):
        assert decide(desk, party, one).status_code == 303
    page = desk.get(at(party)).text
    assert "Not checked yet" not in page
    assert page.count(html.escape(checker.last_name)) >= len(ITEMS)
    assert desk.post(at(party, "move/approve"), data=form()).status_code == 303
    session.expire_all()
    assert session.get(Seller, party.seller.id).state is SellerState.active
    assert {one.user_id for one in session.scalars(sa.select(TraderCheck))} == {checker.id}


def test_what_changed_while_it_was_read_is_not_marked(desk, party, session):
    page = desk.get(at(party)).text
    trader.say_company(
        session, party.seller, actor=party.actor, legal_form="limited_company", legal_name="Another Ltd",
        company_number="09990121",
    )  # fmt: skip
    session.commit()
    answer = desk.post(at(party, "mark/company"), data=form(seen=seen(page, "company")))
    assert answer.status_code == 409
    assert "changed while you looked" in answer.text


@pytest.mark.parametrize("bad", ["", "zz", "0" * 64])
def test_a_mark_without_what_was_seen_is_refused(desk, party, session, bad):
    assert desk.post(at(party, "mark/company"), data=form(seen=bad)).status_code == 409
    assert desk.post(at(party, "mark/nothing"), data=form(seen=bad)).status_code == 404
    assert session.scalar(sa.select(sa.func.count(TraderCheck.id))) == 0


def test_nobody_checks_their_own_business(app, party, session):
    both = account(session, "Operations")
    session.add(Membership(user_id=both.id, organisation_id=party.organisation.id, role=MembershipRole.member))
    session.commit()
    answer = mark(signed_in(app, both), party, "company")
    assert answer.status_code == 403
    assert "your own organisation" in answer.text


def test_a_document_is_not_taken_without_a_reason_that_the_seller_reads(desk, party, session):
    one = documents(session)[0]
    assert decide(desk, party, one, "refuse").status_code == 422
    assert decide(desk, party, one, "refuse", reason="The photograph is cut off.").status_code == 303
    assert documents(session)[0].state is DocumentState.refused
    assert "The photograph is cut off." in desk.get(at(party)).text


def test_only_those_who_verify_open_a_document(app, desk, party, session):
    from app.clients.storage import Storage

    storage: Storage = app.extensions["parts"].storage
    kept = storage.put_content(b"%PDF-1.7 a passport", "pdf")
    one = documents(session)[0]
    one.stored_file.key, one.stored_file.sha256, one.stored_file.size = kept.key, kept.sha256, kept.size
    session.commit()
    where = f"/console/sellers/paper/{party.seller.id}/{one.id}"
    answer = desk.get(where)
    assert (answer.data, answer.headers["Cache-Control"]) == (b"%PDF-1.7 a passport", "private, no-store")
    for role in ("Moderator", "Auditor", "Support agent"):
        assert signed_in(app, account(session, role)).get(where).status_code == 403
    other = people.provider(session, name="Severn Sparks")
    session.commit()
    assert desk.get(f"/console/sellers/paper/{other.seller.id}/{one.id}").status_code == 404


def test_a_selling_seller_who_changes_something_is_looked_at_again(desk, party, session):
    papers.checked(session, party.seller, actor=people.operator(session, "Operations"))
    session.commit()
    desk.post(at(party, "move/approve"), data=form())
    session.expire_all()
    row = session.get(Seller, party.seller.id)
    trader.say_contact(session, row, actor=party.actor, phone="0117 496 0199", email="new@provider.test")
    assert row.to_check_since is None
    vat_status.declare(session, row, actor=party.actor, registered=False)
    session.commit()
    assert (row.state, row.to_check_since is None) == (SellerState.active, False)
    assert str(row) in desk.get("/console/sellers/list/?again=yes").text
    assert "Changed since" in desk.get(at(party)).text
    assert mark(desk, party, "vat").status_code == 303
    session.expire_all()
    assert session.get(Seller, row.id).to_check_since is None


def test_asked_for_more_it_waits_for_the_seller(desk, party, session):
    assert desk.post(at(party, "move/ask_for_more"), data=form()).status_code == 422
    assert desk.post(at(party, "move/ask_for_more"), data=form(reason="Send a policy.")).status_code == 303
    session.expire_all()
    assert session.get(Seller, party.seller.id).state is SellerState.more_needed
    assert "Send a policy." in desk.get(at(party)).text
