"""What a stranger finds in order to check us, and what a party of an order gets to check it with."""

from __future__ import annotations

import json
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from app.services.commerce import document
from app.services.commerce.receipt import proof_of, receipt_facts
from app.services.platform import seal_head
from app.unit_of_work import unit_of_work
from jobs.sealer import Sealer
from models.actor import Actor
from models.commerce.document import DocumentKind
from models.commerce.order import Order
from reports.commerce import fixnado_verify as checker
from tests.factories import commerce
from tests.factories.books import captures, close_all

PUBLIC = seal_head.public_key(seal_head.signer("4f" * 32))


@pytest.fixture
def parts(app):
    made = app.extensions["parts"]
    forget_heads(made)
    yield made
    forget_heads(made)


def forget_heads(parts) -> None:
    for name in (*parts.storage.keys("heads"), *parts.storage.keys("seals")):
        parts.storage.delete(name)


@pytest.fixture
def paid_out(told, arrange, parts, session) -> Order:
    """An order that is over, in a block with others, with its receipt, two blocks below a published head."""
    order = arrange(commerce.completed, told)
    close_all()
    for _ in range(2):
        captures(2)
        close_all()
    Sealer(parts).publish()
    with unit_of_work(Actor.system("test")) as work:
        facts = receipt_facts(work, order.id, marketplace=parts.marketplace, proof_url="http://localhost/proof/")
        paper = parts.storage.put_content(b"%PDF-a receipt", "pdf")
        row = work.get_one(Order, order.id)
        document.record(work, row, DocumentKind.receipt, paper, proof=proof_of(facts))
    return order


def check(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-I", "-S", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env={})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_stranger_downloads_the_checker_and_a_head_and_checks_it(visitor, paid_out, parts, tmp_path):
    page = visitor.page("/proof/")
    (head,) = seal_head.days(parts.storage, "ledger", most=9)
    address = f"/proof/heads/ledger/{head.day}.json"
    for fact in ("/proof/fixnado_verify.py", address, head.head.block_hash.hex(), head.signature, PUBLIC):
        assert fact in page, fact
    (tmp_path / "fixnado_verify.py").write_bytes(visitor.get("/proof/fixnado_verify.py").data)
    (tmp_path / "head.json").write_bytes(visitor.get(address).data)
    assert "It holds." in check(tmp_path, "fixnado_verify.py", "head", "head.json", "--key", PUBLIC)


def test_the_checker_is_the_very_file_and_its_fingerprint_is_on_the_page(visitor, parts):
    served = visitor.get("/proof/fixnado_verify.py")
    assert served.data == Path(checker.__file__).read_bytes()
    assert served.headers["Content-Disposition"] == 'attachment; filename="fixnado_verify.py"'
    assert sha256(served.data).hexdigest() in visitor.page("/proof/")


def test_the_page_stands_before_there_is_a_head_or_a_key(visitor, parts, monkeypatch):
    monkeypatch.setattr(seal_head, "signer", lambda _key: None)
    page = visitor.page("/proof/")
    assert "No head is published yet" in page
    assert "bear no signature" in page
    assert "--key" not in page


@pytest.mark.parametrize(
    "path", ["ledger/2020-01-01", "ledger/yesterday", "ledger/2026-13-01", "people/2026-01-01", "ledger/..%2f..%2fx"]
)
def test_no_other_file_is_had_by_asking_for_a_head(visitor, path):
    assert visitor.get(f"/proof/heads/{path}.json").status_code == 404


def test_the_buyer_proves_the_receipt_up_to_a_signed_head(buyer, paid_out, tmp_path):
    address = f"/orders/{paid_out.reference}/receipt-proof.json"
    page = buyer.page(f"/orders/{paid_out.reference}")
    assert address in page
    assert "/proof/" in page
    answer = buyer.get(address)
    assert answer.headers["Cache-Control"] == "private, no-store"
    (tmp_path / "proof.json").write_bytes(answer.data)
    words = check(tmp_path, checker.__file__, "receipt", "proof.json", "--key", PUBLIC)
    assert "The block of this receipt is part of it." in words
    assert len(answer.json["links"]) == 2


def test_the_seller_sees_what_the_entry_says_and_the_buyer_not_because_of_the_commission(
    buyer, seller, paid_out, tmp_path
):
    assert "entry" not in buyer.get(f"/orders/{paid_out.reference}/receipt-proof.json").json
    address = f"/pro/orders/{paid_out.reference}/receipt-proof.json"
    assert address in seller.page(f"/pro/orders/{paid_out.reference}")
    told = seller.get(address)
    (tmp_path / "proof.json").write_bytes(told.data)
    words = check(tmp_path, checker.__file__, "receipt", "proof.json")
    assert f"The content of entry {told.json['entry']['id']} gives the hash" in words
    assert ["revenue:commission", "income", "GBP", -2880] in [line[1:] for line in told.json["entry"]["lines"]]
    lied = told.json
    lied["entry"]["lines"][0][4] += 1
    (tmp_path / "lied.json").write_text(json.dumps(lied))
    command = [sys.executable, "-I", "-S", checker.__file__, "receipt", str(tmp_path / "lied.json")]
    assert subprocess.run(command, capture_output=True).returncode == 1


def test_nobody_else_gets_the_proof_and_without_a_receipt_there_is_none(
    visitor, stranger, rival, buyer, seller, paid_out, told, arrange
):
    mine, theirs = f"/orders/{paid_out.reference}", f"/pro/orders/{paid_out.reference}"
    assert visitor.get(f"{mine}/receipt-proof.json").status_code in {302, 303, 401}
    assert stranger.get(f"{mine}/receipt-proof.json").status_code == 404
    assert rival.get(f"{theirs}/receipt-proof.json").status_code == 404
    assert seller.get(f"{mine}/receipt-proof.json").status_code == 404
    fresh = arrange(commerce.paid, told)
    assert buyer.get(f"/orders/{fresh.reference}/receipt-proof.json").status_code == 404
    assert "receipt-proof.json" not in buyer.page(f"/orders/{fresh.reference}")


def test_a_proof_is_given_before_any_head_is_published(buyer, paid_out, parts):
    forget_heads(parts)
    told = buyer.get(f"/orders/{paid_out.reference}/receipt-proof.json").json
    assert "head" not in told
    assert list(checker.check_receipt(told, [], ""))
