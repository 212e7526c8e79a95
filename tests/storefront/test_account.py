"""From signing up to the end of an account: links work once, and no answer tells whose address is known here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User

from app.services.people import account_deletion, account_link, account_request, account_standing
from app.services.platform import clock
from app.session import engine
from jobs.base import JobRun
from jobs.people.account_link import prune
from models.errors import Conflict
from models.people.account_link import AccountLink, AccountLinkPurpose
from models.people.account_request import AccountRequest, AccountRequestKind
from models.people.account_standing import AccountStanding
from models.people.deletion_request import DeletionState
from models.people.membership import Membership
from models.people.organisation import Organisation
from models.platform.audit_event import SECRET, AuditEvent
from models.platform.mail_message import MailMessage
from tests.factories import commerce, people
from tests.storefront.account_story import NEW, SIGN_UP, older, secret_in, sign_in, signed_up, user_of
from tests.storefront.conftest import Browser


@pytest.fixture
def statements(app) -> Iterator[list[str]]:
    del app
    seen: list[str] = []

    def note(_connection, _cursor, statement, *_rest):
        seen.append(statement)

    sa.event.listen(engine(), "before_cursor_execute", note)
    yield seen
    sa.event.remove(engine(), "before_cursor_execute", note)


# ---- sign-up ----


def test_who_signs_up_confirms_with_link_and_password_and_is_signed_in(visitor, answered, session):
    secret = signed_up(visitor, answered)
    answer = visitor.send("/confirm", {"password": NEW}, seen_on=f"/confirm?link={secret}")
    assert (answer.status_code, answer.location) == (303, "/")
    assert "Ines" in visitor.page("/")
    assert visitor.get("/orders").status_code == 200


def test_following_the_link_confirms_nothing(visitor, answered, session):
    secret = signed_up(visitor, answered)
    for _ in range(2):
        assert visitor.get(f"/confirm?link={secret}").status_code == 200
    user = user_of(session, "ines@pinto.test")
    assert session.get_one(AccountStanding, user.id).confirmed_at is None


def test_the_link_without_the_password_is_not_enough(visitor, answered):
    secret = signed_up(visitor, answered)
    answer = visitor.send("/confirm", {"password": "not the one"}, seen_on=f"/confirm?link={secret}")
    assert answer.status_code == 422
    assert visitor.get("/orders").status_code == 303


def test_who_did_not_confirm_looks_around_and_neither_buys_nor_sells(visitor, answered, told):
    signed_up(visitor, answered)
    assert sign_in(visitor, "ines@pinto.test", NEW).status_code == 303
    assert "not confirmed" in visitor.page("/services")
    for path in ("/orders", "/pro/orders"):
        assert visitor.get(path).location == "/account/confirm"
    assert "Send the link again" in visitor.page("/account/confirm")


def test_the_link_is_sent_again_three_times_an_hour_and_no_more(visitor, answered, session):
    signed_up(visitor, answered)
    sign_in(visitor, "ines@pinto.test", NEW)
    codes = [visitor.send("/account/confirm", seen_on="/account/confirm").status_code for _ in range(3)]
    assert codes == [303, 303, 409]
    links = session.scalars(sa.select(AccountLink)).all()
    assert len(links) == 3


def test_an_owner_is_told_by_mail_and_nothing_of_theirs_changes(visitor, answered, told, session):
    email, before = told.buyer.user.email, told.buyer.user.password
    answer = visitor.send("/sign-up", {**SIGN_UP, "email": email}, seen_on="/sign-up")
    (mail,) = answered()
    assert answer.status_code == 200
    assert (mail.template, mail.to_address) == ("account_exists", email)
    assert "Ines" not in mail.text
    assert user_of(session, email).password == before


@pytest.mark.parametrize(
    ("path", "typed"),
    [("/sign-up", SIGN_UP), ("/password", {"email": ""}), ("/sign-in", {"email": "", "password": "a wrong password"})],
)
def test_no_answer_tells_whose_address_is_known(visitor, told, statements, path, typed):
    def ask(email: str) -> tuple[int, str, list[str]]:
        visitor.send(path, {**typed, "email": "warm@nowhere.test"})
        statements.clear()
        answer = visitor.send(path, {**typed, "email": email})
        text = re.sub(r'name="csrf_token" value="[^"]*"', "", answer.text.replace(email, "…"))
        return answer.status_code, text, [one.split()[0] for one in statements]

    known, unknown = ask(told.buyer.user.email), ask("customer9999@customer.test")
    assert known == unknown


def test_a_request_is_gone_when_it_was_answered_and_its_password_was_never_on_the_trail(visitor, answered, session):
    signed_up(visitor, answered)
    assert session.scalars(sa.select(AccountRequest)).all() == []
    trail = session.scalars(sa.select(AuditEvent).where(AuditEvent.entity == "account_request")).all()
    assert {event.after["password"] for event in trail if event.after and "password" in event.after} == {SECRET}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"email": "no address"}, "like name@example.com"),
        ({"password": "manchester1234"}, "tried first"),
        ({"password": "ines pinto ines"}, "Leave your name"),
        ({"first_name": ""}, "Enter your first name"),
        ({"first_name": "   "}, "Enter your first name"),
        ({"email": "a" * 117 + "@pinto.test.uk"}, "at most 128 characters"),
        ({"email": "\u0130" * 60 + "@pinto.test"}, "at most 128 characters"),
    ],
)
def test_what_cannot_be_taken_is_said_and_nothing_is_lost(visitor, changed, said, session):
    answer = visitor.send("/sign-up", {**SIGN_UP, **changed}, seen_on="/sign-up")
    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="Pinto"' in answer.text
    assert session.scalars(sa.select(AccountRequest)).all() == []


def test_the_longest_names_make_an_account_and_an_organisation_with_a_shorter_one(visitor, answered, session):
    typed = {**SIGN_UP, "first_name": "I" * 64, "last_name": "P" * 64, "email": "i" * 118 + "@pinto.tes"}
    visitor.send("/sign-up", typed, seen_on="/sign-up")
    (mail,) = answered()
    assert (mail.template, len(mail.to_address)) == ("account_confirm", 128)
    user = user_of(session, mail.to_address)
    mine = sa.select(Organisation.name).join(Membership).where(Membership.user_id == user.id)
    assert session.scalars(mine).all() == [f"{'I' * 64} {'P' * 55}"]


@pytest.mark.parametrize("held", [{"email": "a" * 200 + "@pinto.test"}, {"first_name": "  "}])
def test_a_request_that_no_account_can_come_of_goes_without_an_answer(arrange, answered, session, held):
    """Such requests were written before the forms said no, and their jobs would fail for ever."""
    asked = {"email": "ines@pinto.test", "first_name": "Ines", "last_name": "Pinto", "password": "x", **held}
    arrange(lambda work: work.add(AccountRequest(kind=AccountRequestKind.sign_up, **asked)))
    assert answered() == []
    assert session.scalars(sa.select(AccountRequest)).all() == []


def test_what_nothing_could_answer_within_a_week_is_forgotten(app, arrange, session):
    arrange(account_request.forgotten_password, email="ines@pinto.test")

    def left_after(days: int) -> int:
        with clock.moved(timedelta(days=days)):
            prune(JobRun(0, 0, "people.account_link.prune", app.extensions["parts"]))
        session.rollback()
        return len(session.scalars(sa.select(AccountRequest)).all())

    assert [left_after(6), left_after(8)] == [1, 0]


# ---- links ----


def test_a_link_that_was_used_is_over_and_so_is_a_forged_one(visitor, answered, app):
    secret = signed_up(visitor, answered)
    visitor.send("/confirm", {"password": NEW}, seen_on=f"/confirm?link={secret}")
    other = Browser(app.test_client())
    pages = [other.get(f"/confirm?link={one}") for one in (secret, "forged", "")]
    assert {page.status_code for page in pages} == {410}
    texts = {re.sub(r'(name="(csrf_token|next)" value=")[^"]*', "", page.text) for page in pages}
    assert len(texts) == 1
    assert other.send("/confirm", {"link": secret, "password": NEW}).status_code == 410


def test_a_link_is_over_after_its_day(visitor, answered, session):
    secret = signed_up(visitor, answered)
    older(session, timedelta(hours=24))
    assert visitor.get(f"/confirm?link={secret}").status_code == 410


def test_a_link_does_only_what_it_was_made_for(visitor, answered):
    secret = signed_up(visitor, answered)
    assert visitor.get(f"/password/new?link={secret}").status_code == 410


def test_another_persons_link_does_not_confirm_ones_own_account(visitor, answered, stranger, session):
    secret = signed_up(visitor, answered)
    answer = stranger.send("/confirm", {"link": secret, "password": people.PASSWORD})
    assert answer.status_code == 422
    assert session.get_one(AccountStanding, user_of(session, "ines@pinto.test").id).confirmed_at is None


# ---- address ----


def new_address(browser, answered, email: str = "priya@new.test") -> str:
    answer = browser.send("/account/email", {"email": email, "current": people.PASSWORD}, seen_on="/account")
    assert answer.location == "/account"
    (mail,) = answered()
    assert (mail.template, mail.to_address) == ("account_email", email)
    return secret_in(mail)


def test_a_new_address_counts_when_it_was_confirmed_there_and_the_old_one_is_told(
    buyer, visitor, told, answered, session
):
    old = told.buyer.user.email
    secret = new_address(buyer, answered)
    assert sign_in(visitor, "priya@new.test", people.PASSWORD).status_code == 422
    page = f"/account/email/confirm?link={secret}"
    visitor.send("/account/email/confirm", {"password": people.PASSWORD}, seen_on=page)
    assert sign_in(visitor, "priya@new.test", people.PASSWORD).status_code == 303
    mail = session.scalars(sa.select(MailMessage).where(MailMessage.template == "account_email_changed")).one()
    assert mail.to_address == old


def test_who_is_sent_the_link_of_a_strangers_account_gives_it_nothing(buyer, stranger, visitor, answered, session):
    """Somebody typed another person's address in their own account and hopes that they press the button."""
    secret = new_address(buyer, answered)
    page = f"/account/email/confirm?link={secret}"
    for somebody, typed in ((visitor, {}), (visitor, {"password": "not the one"}), (stranger, {"password": ""})):
        answer = somebody.send("/account/email/confirm", typed, seen_on=page)
        assert answer.status_code == 422
        assert "its password" in answer.text
    assert session.scalar(sa.select(sa.func.count()).where(User.email == "priya@new.test")) == 0
    assert "Your password" not in buyer.page(page)
    assert buyer.send("/account/email/confirm", seen_on=page).status_code == 303


def test_the_old_address_takes_the_account_back_and_everybody_is_out(app, buyer, told, answered, session):
    old = told.buyer.user.email
    secret = new_address(buyer, answered)
    buyer.send("/account/email/confirm", seen_on=f"/account/email/confirm?link={secret}")
    mail = session.scalars(sa.select(MailMessage).where(MailMessage.template == "account_email_changed")).one()
    owner = Browser(app.test_client())
    path = f"/account/email/undo?link={secret_in(mail)}"
    answer = owner.send("/account/email/undo", seen_on=path)
    assert answer.location.startswith("/password/new?link=")
    assert buyer.get("/orders").status_code == 303
    owner.send("/password/new", {"password": NEW}, seen_on=answer.location)
    assert sign_in(owner, old, NEW).status_code == 303
    assert owner.get(path).status_code == 410


def test_an_address_that_somebody_has_is_answered_there_and_taken_by_nobody(buyer, told, answered):
    theirs = told.seller.user.email
    answer = buyer.send("/account/email", {"email": theirs, "current": people.PASSWORD})
    (mail,) = answered()
    assert answer.location == "/account"
    assert (mail.template, mail.to_address) == ("account_email_taken", theirs)


def test_nobody_fills_somebody_elses_inbox_by_asking_for_their_address(buyer, told, answered):
    for address, most in ((told.seller.user.email, 1), ("someone@else.test", 5)):
        mails = []
        for _ in range(7):
            buyer.send("/account/email", {"email": address, "current": people.PASSWORD})
            mails += answered()
        assert len(mails) == most, address


def test_an_address_that_was_taken_meanwhile_is_not_taken_twice(buyer, stranger, answered):
    first, second = new_address(buyer, answered), new_address(stranger, answered)
    assert buyer.send("/account/email/confirm", {"link": first}).status_code == 303
    assert stranger.send("/account/email/confirm", {"link": second}).status_code == 410


def test_without_the_password_no_address_is_asked(buyer, answered):
    answer = buyer.send("/account/email", {"email": "priya@new.test", "current": "not the one"})
    assert answer.status_code == 422
    assert answered() == []


# ---- the end ----


def test_a_deletion_is_asked_for_with_the_password_and_taken_back(buyer, told, session):
    answer = buyer.send("/account/delete", {"current": people.PASSWORD}, seen_on="/account/delete")
    assert answer.location == "/account/delete"
    row = account_deletion.waiting(session, told.buyer.user.id)
    assert row.due_at - row.created_at == timedelta(days=14)
    assert "Keep my account" in buyer.page("/account/delete")
    buyer.send("/account/delete/cancel", seen_on="/account/delete")
    session.expire_all()
    assert row.state is DeletionState.withdrawn


def test_an_account_with_an_open_order_is_not_deleted(buyer, told, arrange):
    order = arrange(commerce.paid, told)
    assert f"Order {order.reference} is open" in buyer.page("/account/delete")
    assert buyer.send("/account/delete", {"current": people.PASSWORD}).status_code == 409


# ---- suspended ----


def test_who_is_suspended_is_out_and_told_why_and_signs_in_as_if_the_password_were_wrong(
    buyer, visitor, told, arrange, session
):
    def suspend(work):
        account_standing.suspend(work, work.get_one(User, told.buyer.user.id), reason="Three disputes lost.")

    arrange(suspend)
    assert buyer.get("/orders").status_code == 303
    assert "do not belong together" in sign_in(visitor, told.buyer.user.email, people.PASSWORD).text
    mail = session.scalars(sa.select(MailMessage)).one()
    assert "Three disputes lost." in mail.text
    with pytest.raises(Conflict):
        arrange(suspend)
    arrange(lambda work: account_standing.reactivate(work, work.get_one(User, told.buyer.user.id), reason="Appeal."))
    assert sign_in(visitor, told.buyer.user.email, people.PASSWORD).status_code == 303


# ---- a new browser ----


def test_a_browser_that_was_never_seen_is_told_by_mail_and_a_known_one_is_not(app, buyer, told, session):
    email = told.buyer.user.email
    other = Browser(app.test_client())
    sign_in(other, email, people.PASSWORD)
    (mail,) = session.scalars(sa.select(MailMessage)).all()
    assert (mail.template, mail.to_address) == ("account_new_device", email)
    for browser in (buyer, other):
        browser.send("/sign-out")
        assert sign_in(browser, email, people.PASSWORD).status_code == 303
    session.rollback()
    assert len(session.scalars(sa.select(MailMessage)).all()) == 1


def test_links_are_forgotten_a_month_after_they_ended(buyer, told, arrange, session):
    arrange(account_link.issue, user_id=told.buyer.user.id, purpose=AccountLinkPurpose.password, email="a@b.test")
    with clock.moved(timedelta(days=30)):
        assert arrange(account_link.prune) == 0
    with clock.moved(timedelta(days=30, hours=1, seconds=1)):
        assert arrange(account_link.prune) == 1
