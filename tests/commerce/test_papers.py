"""The jobs that make contract and receipt: once, after the seal, and a clear word when a document cannot be made."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from app.services.commerce import order
from app.services.commerce import receipt as receipts
from app.services.platform import clock, outbox_message
from app.unit_of_work import unit_of_work
from jobs import base
from jobs.sealer import seal_waiting
from models.actor import Actor
from models.commerce.document import Document, DocumentKind
from models.commerce.order import Order
from models.platform.merkle import verify_inclusion
from models.platform.outbox_message import MAX_ATTEMPTS, OutboxMessage
from models.platform.stored_file import StoredFile
from reports.commerce import contract, receipt
from tests.factories import commerce
from tests.factories.paper import MARKETPLACE
from tests.reports.conftest import plain

Run = Callable[[str], OutboxMessage]
CLOCKWORK = Actor.system("test")


@pytest.fixture
def run(app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Hands a message out as the clock would, runs it as a worker would, and answers what became of it."""
    monkeypatch.setattr(base, "worker_parts", lambda: app.extensions["parts"])

    def run(key: str) -> OutboxMessage:
        with unit_of_work(CLOCKWORK) as work:
            claim = outbox_message.hand_out(work.scalars(sa.select(OutboxMessage).filter_by(key=key)).one())
        base.perform(claim.id, claim.number)
        session.rollback()
        session.expire_all()
        return session.get_one(OutboxMessage, claim.id)

    return run


def made(by: Callable[[Session, commerce.Story], Order]) -> Order:
    with unit_of_work(CLOCKWORK) as work:
        return by(work, commerce.story(work))


def papers(session: Session) -> list[tuple[DocumentKind, str]]:
    query = sa.select(Document.kind, Document.number).order_by(Document.id)
    return [(kind, number) for kind, number in session.execute(query)]


def test_an_accepted_order_has_one_contract_however_often_the_job_runs(app: Flask, session: Session, run: Run) -> None:
    order = made(commerce.accepted)
    key = f"contract:{order.id}"
    assert run(key).done_at is not None
    with unit_of_work(CLOCKWORK) as work:
        work.execute(sa.update(OutboxMessage).where(OutboxMessage.key == key).values(done_at=None))
    assert run(key).done_at is not None
    assert papers(session) == [(DocumentKind.contract, f"{order.reference}-C")]
    stored = session.scalars(sa.select(StoredFile).where(StoredFile.purpose == "contract")).one()
    assert app.extensions["parts"].storage.get(stored.key).startswith(b"%PDF-")


def test_a_receipt_waits_for_its_seal_and_carries_the_proof(session: Session, run: Run) -> None:
    order = made(commerce.completed)
    waits = run(f"receipt:{order.id}")
    assert (waits.done_at, waits.failures, waits.sent_at) == (None, 0, None), "it is looked at again, and no failure"
    assert papers(session) == []
    seal_waiting()
    assert run(f"receipt:{order.id}").done_at is not None
    (receipt,) = session.scalars(sa.select(Document).where(Document.kind == DocumentKind.receipt))
    proof = receipt.proof
    assert proof
    assert verify_inclusion(
        bytes.fromhex(proof["entry_hash"]),
        position=proof["position"],
        size=proof["size"],
        path=[bytes.fromhex(one) for one in proof["path"]],
        root=bytes.fromhex(proof["merkle_root"]),
    )


def test_a_copy_that_was_overtaken_while_it_set_the_document_keeps_nothing(
    session: Session, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = made(commerce.accepted)
    render = contract.render

    def overtaken(facts: Any) -> bytes:
        with unit_of_work(CLOCKWORK) as work:
            work.execute(sa.update(OutboxMessage).values(sends=OutboxMessage.sends + 1))
        return render(facts)

    with monkeypatch.context() as patched:
        patched.setattr(contract, "render", overtaken)
        message = run(f"contract:{order.id}")
    assert (message.done_at, message.failures) == (None, 0)
    assert papers(session) == []
    assert run(f"contract:{order.id}").done_at is not None
    assert papers(session) == [(DocumentKind.contract, f"{order.reference}-C")]


def test_a_machine_without_pango_leaves_a_dead_letter_that_says_what_to_install(
    session: Session, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = made(commerce.accepted)
    with monkeypatch.context() as without_pango:
        without_pango.setitem(sys.modules, "reports.layout.engine", None)
        for number in range(1, MAX_ATTEMPTS + 1):
            message = run(f"contract:{order.id}")
            assert (message.failures, message.dead_at is not None) == (number, number == MAX_ATTEMPTS)
    assert message.last_error.startswith(
        "PaperUnavailable: Documents cannot be made on this machine: install the Pango"
    )
    assert papers(session) == []
    with unit_of_work(CLOCKWORK) as work:
        outbox_message.revive(work, work.get_one(OutboxMessage, message.id), actor=Actor.operator(1))
    assert run(f"contract:{order.id}").done_at is not None, "Pango is there now, and somebody has run it again"
    assert papers(session) == [(DocumentKind.contract, f"{order.reference}-C")]


def test_storage_that_is_away_is_tried_again_and_is_no_dead_letter(
    app: Flask, session: Session, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.clients.storage import StorageUnavailable

    def away(*_: object) -> None:
        raise StorageUnavailable("File storage does not answer.")

    order = made(commerce.accepted)
    with monkeypatch.context() as patched:
        patched.setattr(type(app.extensions["parts"].storage), "put_content", away)
        message = run(f"contract:{order.id}")
    assert (message.failures, message.dead_at, message.done_at) == (1, None, None)
    assert run(f"contract:{order.id}").done_at is not None
    assert len(papers(session)) == 1


def test_an_order_nobody_accepted_has_no_contract_and_no_job(session: Session) -> None:
    order = made(commerce.paid)
    asked = sa.select(sa.func.count()).where(OutboxMessage.key == f"contract:{order.id}")
    assert session.scalar(asked) == 0


def divided(session: Session, told: commerce.Story) -> Order:
    """A trader cancelled late: half of it went back."""
    accepted = commerce.accepted(session, told)
    with clock.moved(accepted.visit_start - timedelta(hours=30) - clock.now()):
        order.cancel(session, accepted, actor=told.buyer.actor)
    return accepted


def test_the_receipt_of_a_divided_hold_says_what_was_released_and_what_went_back(session: Session) -> None:
    del session  # opens the application
    with unit_of_work(CLOCKWORK) as work:
        made_ = divided(work, commerce.story(work, trader=True))
    seal_waiting()
    with unit_of_work(CLOCKWORK) as work:
        facts = receipts.receipt_facts(work, made_.id, marketplace=MARKETPLACE, proof_url="https://fixnado.test/proof/")
        assert facts is not None
        words = plain(receipt.render(facts))
    assert "The protected payment hold was divided: £144.00 of it was released" in words
    assert "Card, refund" in words
    assert (facts.release.amount, facts.paid) == (144_00, 149_00)
