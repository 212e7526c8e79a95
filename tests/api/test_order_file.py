"""Signed addresses of an order's files: one person, one file, ten minutes, and only while they are a party."""

from __future__ import annotations

from io import BytesIO

import pytest

from app.clients.storage import StoredContent
from app.services.commerce import document, order_file
from app.services.people import account_standing
from app.services.platform import signed_link, unsubscribe
from models.commerce.document import DocumentKind
from models.people.membership import Membership
from tests.api.conftest import PHOTO
from tests.factories import commerce, people

PAPER = b"%PDF-1.7 the contract"


def with_papers(work, told, contract: StoredContent) -> str:
    made = commerce.accepted(work, told)
    document.record(work, made, DocumentKind.contract, contract)
    return f"/orders/{made.reference}"


@pytest.fixture
def at(app, arrange, seller, told) -> str:
    found = arrange(with_papers, told, app.extensions["parts"].storage.put_content(PAPER, "pdf"))
    seller.done(f"{found}/start")
    seller.send(f"{found}/deliver", {"note": "The new board", "file": (BytesIO(PHOTO), "board.png", "image/png")})
    return str(found)


@pytest.fixture
def url(buyer, at) -> str:
    (paper,) = buyer.read(at)["documents"]
    return str(paper["url"])


def test_a_contract_and_evidence_are_read_by_their_address_alone(client, buyer, seller, at):
    for party in (buyer, seller):
        page = party.read(at)
        (paper,), (shown,) = page["documents"], page["evidence"]
        assert (paper["kind"], paper["media_type"]) == ("contract", "application/pdf")
        answer = client.get(paper["url"])
        assert (answer.status_code, answer.data) == (200, PAPER)
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert client.get(shown["url"]).status_code == 200


def test_files_of_messages_and_of_problems_too(client, buyer, seller, at):
    buyer.send(f"{at}/messages", {"text": "This door.", "file": (BytesIO(PHOTO), "door.png", "image/png")})
    shown = {"file": (BytesIO(PHOTO), "crooked.png", "image/png")}
    buyer.send(f"{at}/report-problem", {"code": "poor_work", "text": "The board hangs crooked.", **shown})
    said = seller.read(f"{at}/messages")["items"][0]["files"]
    held = seller.read(f"{at}/problem")["statements"][0]["files"]
    assert [one["name"] for one in (*said, *held)] == ["door.png", "crooked.png"]
    assert {client.get(one["url"]).status_code for one in (*said, *held)} == {200}


def test_staff_read_that_there_are_files_and_open_them_in_the_console(staff, at):
    (paper,) = staff("Operations").read(at)["documents"]
    assert paper["url"] is None


@pytest.mark.parametrize(
    "change", [lambda one: one[:-9] + ("A" if one[-9] != "A" else "B") + one[-8:], lambda one: one + "x"]
)
def test_an_altered_address_opens_nothing(client, url, change):
    assert client.get(change(url)).status_code == 404


def test_another_kind_of_link_opens_nothing(client, told, url):
    del url
    other = unsubscribe.address(told.buyer.user.id, "all").rsplit("/", 1)[1]
    assert client.get(f"{order_file.PATH}{other}").status_code == 404
    assert client.get(f"{order_file.PATH}{signed_link.token('x', [1, 'document', 'x'])}").status_code == 404


def test_an_old_address_opens_nothing(client, url, monkeypatch):
    monkeypatch.setattr(order_file, "VALID_SECONDS", -1)
    assert client.get(url).status_code == 404


def suspended(work, told) -> None:
    account_standing.suspend(work, told.buyer.user, reason="Payments were not theirs.")


def gone(work, told) -> None:
    member = work.query(Membership).filter_by(organisation_id=told.buyer.organisation.id).one()
    member.user_id = people.customer(work, name="Owen Reed").user.id


@pytest.mark.parametrize("happens", [suspended, gone])
def test_who_is_no_party_any_more_opens_nothing_with_an_address_from_before(client, arrange, told, url, happens):
    assert client.get(url).status_code == 200
    arrange(happens, told)
    assert client.get(url).status_code == 404
