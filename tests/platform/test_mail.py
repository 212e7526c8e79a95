"""A mail is written with what it tells of, sent after the commit over real SMTP, once per key, and kept as it was."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from app.clients.mail import Envelope, Mailer, MailRefused, MailUnavailable
from app.parts import Parts
from app.services.platform import mail, outbox_message
from app.unit_of_work import unit_of_work
from config import Config
from jobs import base
from models.actor import Actor
from models.errors import Conflict, Invalid
from models.platform.audit_event import AuditEvent
from models.platform.mail_message import MailMessage
from models.platform.outbox_message import OutboxMessage
from tests.factories.staff import account, form, signed_in
from tests.platform.mailbox import Mailbox, running

WORDS = {
    "title": "Your receipt",
    "text": "It is ready.",
    "label": "See the receipt",
    "link": "/orders/1",
    "reason": "You placed an order.",
}
STAFF = Actor.operator(7)
FROM = "Fixnado <no-reply@fixnado.test>"


@pytest.fixture(scope="session")
def _mailbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mailbox]:
    with running(tmp_path_factory.mktemp("mailbox")) as started:
        yield started


@pytest.fixture
def mailbox(_mailbox: Mailbox) -> Mailbox:
    _mailbox.clear()
    return _mailbox


@pytest.fixture
def post(app: Flask, session: Session) -> Callable[..., MailMessage]:
    del app

    def run(to: str = "ann@customer.test", key: str = "one", **words: Any) -> MailMessage:
        with unit_of_work(Actor.system("test")) as work:
            return mail.post(work, "message", to=to, words={**WORDS, **words}, key=key)

    del session
    return run


@pytest.fixture
def deliver(app: Flask, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Runs every waiting message as the queue would; says what is left open of each."""
    parts = Parts(Config.from_environment({**os.environ, "SMTP_URL": mailbox.url, "MAIL_FROM": FROM}))
    monkeypatch.setattr(base, "worker_parts", lambda: parts)
    del app

    def run() -> list[str]:
        with unit_of_work(Actor.system("dispatcher")) as session:
            waiting = sa.select(OutboxMessage).where(
                OutboxMessage.job == "platform.mail_message.send", OutboxMessage.done_at.is_(None)
            )
            claims = [outbox_message.hand_out(one) for one in session.scalars(waiting)]
        for claim in claims:
            base.perform(claim.id, claim.number)
        with unit_of_work(Actor.system("dispatcher")) as session:
            left = session.scalars(waiting)
            return ["dead" if one.dead_at else "waiting" for one in left]

    return run


def test_a_mail_arrives_with_text_and_html_who_we_are_and_why(post, deliver, mailbox, session):
    row = post()
    assert deliver() == []
    (got,) = mailbox.got()
    assert got["to"] == ["ann@customer.test"]
    assert got["from"] == "no-reply@fixnado.test"
    assert got["subject"] == "Your receipt"
    for body in (got["text"], got["html"]):
        for words in ("It is ready.", "http://localhost/orders/1", "Fixnado Ltd", "You placed an order."):
            assert words in body, words
    assert "<img" not in got["html"]
    session.expire_all()
    assert session.get_one(MailMessage, row.id).sent_at is not None


def test_an_equal_key_is_one_mail_whatever_its_words(post, deliver, mailbox):
    assert post(title="First").id == post(title="Second").id
    deliver()
    assert [one["subject"] for one in mailbox.got()] == ["First"]


def test_what_is_rolled_back_is_not_mailed(app, session, deliver, mailbox):
    def write_and_fail() -> None:
        with unit_of_work(Actor.system("test")) as work:
            mail.post(work, "message", to="ann@customer.test", words=WORDS, key="never")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    assert deliver() == []
    assert mailbox.got() == []


def test_a_job_that_runs_twice_sends_once(post, deliver, mailbox, session):
    post()
    deliver()
    again = sa.update(OutboxMessage).values(done_at=None, sent_at=None)
    session.execute(again)
    session.commit()
    assert deliver() == []
    assert len(mailbox.got()) == 1


def test_dying_between_the_servers_yes_and_our_note_sends_a_copy_with_the_same_message_id(
    post, deliver, mailbox, session, monkeypatch
):
    """The one way to a second mail. Its Message-ID is the first one's, so that mail programs and filters know it."""
    post()

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(mail, "record_sent", die)
        with pytest.raises(KeyboardInterrupt):
            deliver()
    assert deliver() == []
    first, second = mailbox.got()
    assert first["headers"]["Message-ID"] == second["headers"]["Message-ID"]
    assert deliver() == []
    assert len(mailbox.got()) == 2


def test_an_answer_lost_on_the_way_is_tried_again_under_the_same_message_id(post, deliver, mailbox):
    post(to="lost@customer.test")
    assert deliver() == ["waiting"]
    deliver()
    ids = {one["headers"]["Message-ID"] for one in mailbox.got()}
    assert len(ids) == 1


def test_an_address_that_nobody_has_fails_at_once_and_for_good(post, deliver, mailbox, session):
    row = post(to="bounce@customer.test")
    assert deliver() == []
    session.expire_all()
    kept = session.get_one(MailMessage, row.id)
    assert kept.failed_at is not None
    assert "5.1.1" in kept.last_error
    assert mailbox.got() == []


def test_a_busy_server_is_tried_again_and_no_dead_letter_is_made_of_it(post, deliver, session):
    row = post(to="busy@customer.test")
    for attempt in range(1, 4):
        assert deliver() == ["waiting"]
        session.expire_all()
        assert session.get_one(MailMessage, row.id).attempts == attempt
    assert session.get_one(MailMessage, row.id).failed_at is None


def test_a_server_that_was_away_for_two_days_is_a_failure_that_a_person_sees(post, deliver, session):
    row = post(to="busy@customer.test")
    past = sa.update(MailMessage).values(created_at=sa.func.now() - sa.text("interval '49 hours'"))
    session.execute(past)
    session.commit()
    assert deliver() == []
    session.expire_all()
    assert session.get_one(MailMessage, row.id).failed_at is not None


def test_staff_send_a_failed_mail_again_with_a_reason_once_per_form(app, post, deliver, mailbox, session):
    row = post()
    deliver()
    support = account(session, "Support agent")
    client, data = signed_in(app, support), form(reason="She deleted the first one")
    for _ in range(2):
        assert client.post(f"/console/mails/resend/{row.id}", data=data).status_code == 303
    deliver()
    first, second = mailbox.got()
    assert first["text"] == second["text"]
    assert first["headers"]["Message-ID"] != second["headers"]["Message-ID"]
    noted = session.scalars(sa.select(AuditEvent).where(AuditEvent.verb == "mail_message.resend")).one()
    assert (noted.actor_user_id, noted.entity_id, noted.reason) == (support.id, str(row.id), data["reason"])


def test_a_mail_on_its_way_or_without_a_reason_is_not_sent_again(app, post, session):
    row = post()
    client = signed_in(app, account(session, "Operations"))
    assert client.post(f"/console/mails/resend/{row.id}", data=form(reason="why not")).status_code == 409
    session.execute(sa.update(MailMessage).values(sent_at=sa.func.now()))
    session.commit()
    answer = client.post(f"/console/mails/resend/{row.id}", data=form(reason=" "))
    assert answer.status_code == 422
    assert "Say why" in answer.text
    session.execute(sa.update(MailMessage).values(sent_at=None))
    session.commit()
    with pytest.raises(Conflict), unit_of_work(STAFF) as work:
        mail.resend(work, work.get_one(MailMessage, row.id), actor=STAFF, reason="why not")


def test_staff_read_the_mail_but_not_the_secret_in_its_link(app, post, session):
    secret = "s" * 43
    row = post(link=f"/reset/{secret}?next=/orders&token={secret}")
    client = signed_in(app, account(session, "Auditor"))
    for page in (f"/console/mails/show/{row.id}", f"/console/mails/html/{row.id}"):
        answer = client.get(page)
        assert answer.status_code == 200
        assert "It is ready." in answer.text
        assert secret not in answer.text, page
    assert "Send again" not in client.get(f"/console/mails/show/{row.id}").text
    assert client.post(f"/console/mails/resend/{row.id}", data=form(reason="x")).status_code == 403
    assert "frame-src 'self'" in client.get(f"/console/mails/show/{row.id}").headers["Content-Security-Policy"]
    assert "sandbox" in client.get(f"/console/mails/html/{row.id}").headers["Content-Security-Policy"]
    assert "ann@customer.test" in client.get("/console/mails/list/?q=ann@customer").text


def test_a_finance_clerk_sees_no_mails(app, post, session):
    row = post()
    assert signed_in(app, account(session, "Finance clerk")).get(f"/console/mails/show/{row.id}").status_code == 403


@pytest.mark.parametrize("address", ["", "ann", "@b.test", "ann@", "a b@c.d", "a@b.c,d@e.f", "a@b.c\nBcc: x@y.z"])
def test_what_is_no_address_is_refused_before_anything_is_written(post, address):
    with pytest.raises(Invalid):
        post(to=address)


def test_words_of_others_stay_words(post):
    row = post(title="One\r\nBcc: everybody@customer.test", text="<script>alert(1)</script> & {{ sender.site }}")
    assert "\n" not in row.subject
    assert "<script>" not in row.html
    assert "{{ sender.site }}" in row.text


def test_a_missing_word_is_an_error_of_ours_and_not_a_mail(app, session):
    with pytest.raises(Exception, match="undefined"), unit_of_work(STAFF) as work:
        mail.post(work, "message", to="a@b.test", words={"title": "x"}, key="missing")


def test_a_letter_of_any_script_arrives_whole(post, deliver, mailbox):
    long = "x" * 1200
    post(title="Zahlung für Zoë ✓", text=f".leading dot\n\n{long}\nŁódź")
    deliver()
    (got,) = mailbox.got()
    assert got["subject"] == "Zahlung für Zoë ✓"
    assert ".leading dot" in got["text"]
    assert long in got["text"]
    assert "Łódź" in got["text"]


def test_one_click_headers_are_there_when_a_mail_can_be_switched_off(mailbox):
    mailer = Mailer(mailbox.url, FROM)
    mailer.send(Envelope("ann@b.test", "S", "T", "<p>T</p>", ident="1", unsubscribe="https://shop.test/u/x"))
    mailer.send(Envelope("ann@b.test", "S", "T", "<p>T</p>", ident="2"))
    with_it, without = mailbox.got()
    assert with_it["headers"]["List-Unsubscribe"] == "<https://shop.test/u/x>"
    assert with_it["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "List-Unsubscribe" not in without["headers"]


def test_trouble_is_told_apart(mailbox):
    def send(url: str, to: str) -> None:
        Mailer(url, FROM).send(Envelope(to, "S", "T", "<p>T</p>", ident="1"))

    with pytest.raises(MailRefused):
        send(mailbox.url, "bounce@b.test")
    for url, to in ((mailbox.url, "full@b.test"), ("smtp://127.0.0.1:1", "ann@b.test"), (mailbox.url, "lost@b.test")):
        with pytest.raises(MailUnavailable):
            send(url, to)
    with pytest.raises(MailUnavailable):  # STARTTLS is asked for and the mailbox has none: never in the clear
        send(mailbox.url.replace("smtp://", "smtp+tls://"), "ann@b.test")
    send(mailbox.url, "zoë@b.test")
    assert mailbox.got()[-1]["to"] == ["zoë@b.test"]
