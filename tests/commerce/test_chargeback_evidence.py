"""What a bank is sent is one letter: tried again it is the same, whichever try arrives."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from app.clients.storage import StoredContent
from app.services.commerce import chargeback, document
from models.commerce.chargeback import Chargeback
from models.commerce.document import DocumentKind
from models.platform.outbox_message import OutboxMessage
from tests.commerce.test_chargeback import opened
from tests.conftest import Arrange
from tests.factories import books, commerce, people

TEXT = "Ordered, accepted and paid on the same day."


def contested(work: Session, told: commerce.Story, contract: StoredContent) -> UUID:
    made = commerce.accepted(work, told)
    document.record(work, made, DocumentKind.contract, contract)
    row, _ = opened(work, made)
    return row.id


def sent(work: Session, row_id: UUID) -> dict[str, Any]:
    row = work.get_one(Chargeback, row_id)
    chargeback.send_evidence(work, row, actor=people.operator(work, "Finance clerk"), text=TEXT)
    asked = sa.select(OutboxMessage.payload).where(OutboxMessage.job == "commerce.chargeback.submit_evidence")
    return work.scalars(asked).one()


def letter(session: Session, said: dict[str, Any]) -> tuple[str, list[str]]:
    session.rollback()
    _, text = chargeback.evidence(session, UUID(said["chargeback_id"]), proved=said["proved"])
    return text, [name for name, _, _ in document.papers(session, [UUID(one) for one in said["papers"]])]


def receipt(work: Session, row_id: UUID, content: StoredContent) -> None:
    document.record(work, work.get_one(Chargeback, row_id).order, DocumentKind.receipt, content)


def test_a_paper_and_a_seal_that_come_between_two_tries_do_not_change_the_letter(
    app: Flask, arrange: Arrange, told: commerce.Story, session: Session
) -> None:
    storage = app.extensions["parts"].storage
    case = arrange(contested, told, storage.put_content(b"%PDF-1.7 the contract", "pdf"))
    said = arrange(sent, case)
    first = letter(session, said)
    assert (first[0], len(first[1])) == (TEXT, 1)
    arrange(receipt, case, storage.put_content(b"%PDF-1.7 the receipt", "pdf"))
    books.close_all()
    assert letter(session, said) == first


def test_a_sealed_payment_is_proved_in_the_letter(
    app: Flask, arrange: Arrange, told: commerce.Story, session: Session
) -> None:
    case = arrange(contested, told, app.extensions["parts"].storage.put_content(b"%PDF-1.7 the contract", "pdf"))
    books.close_all()
    text, papers = letter(session, arrange(sent, case))
    assert text.startswith(TEXT)
    assert "unaltered since" in text
    assert len(papers) == 1
