"""Accounts in the console: who may see and do what, each verb once, each refusal in words, each act on the trail."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User

from app.services.people import account_history, account_link, account_standing, sign_in
from models.people.account_link import AccountLinkPurpose
from models.people.account_standing import AccountStanding
from models.people.sign_in import SignIn, SignInEnd
from models.platform.audit_event import AuditEvent, AuditPersonal
from models.platform.mail_message import MailMessage
from models.types import utc_now
from tests.factories import people
from tests.factories.staff import account, form, signed_in

REASON = "Three payments were taken back."


@pytest.fixture
def ann(arrange):
    return arrange(people.customer, name="Ann Reyes").user


@pytest.fixture
def desk(app, session):
    """A client for each role."""
    return lambda role: signed_in(app, account(session, role))


def press(client, event, user, **typed):
    return client.post(f"/console/people/move/{event}/{user.id}", data=form(**typed))


def unconfirm(arrange, user):
    def undo(work):
        account_standing.of(work, user.id).confirmed_at = None

    arrange(undo)


def mails(session, user):
    session.rollback()
    theirs = sa.select(MailMessage.template).where(MailMessage.user_id == user.id)
    return session.scalars(theirs.order_by(MailMessage.id)).all()


# ---- seeing ----


@pytest.mark.parametrize("role", ["Administrator", "Operations", "Support agent", "Auditor"])
def test_the_record_tells_the_story_to_whoever_may_read_it(desk, arrange, ann, role):
    arrange(lambda work: account_standing.suspend(work, work.get_one(User, ann.id), reason=REASON))
    page = desk(role).get(f"/console/people/show/{ann.id}")
    assert page.status_code == 200
    assert REASON in page.text
    assert "Ann Reyes" in page.text
    assert ("Open again" in page.text) is (role == "Administrator")
    assert ("Latest mails" in page.text) is (role != "Administrator")
    assert ("Audit trail" in page.text) is (role in {"Administrator", "Auditor"})


def test_others_are_turned_away(desk, app, session, ann):
    for role in ("Moderator", "Finance clerk", "Catalogue manager"):
        assert desk(role).get(f"/console/people/show/{ann.id}").status_code == 403
    assert signed_in(app, account(session)).get("/console/people/list/").status_code == 404


def test_the_list_is_searched_and_narrowed(desk, arrange, ann):
    bea = arrange(people.provider, name="Bea Rewires").user
    client = desk("Support agent")

    def listed(query):
        page = client.get(f"/console/people/export/{query}").text
        return (ann.email in page, bea.email in page)

    unconfirm(arrange, ann)
    assert listed("?q=ann.reyes".replace(".", "%20")) == (True, False)
    assert listed(f"?q={bea.email}") == (False, True)
    assert listed("?email=open") == (True, False)
    assert listed("?who=providers") == (False, True)
    assert listed("?who=staff") == (False, False)
    arrange(lambda work: account_standing.suspend(work, work.get_one(User, bea.id), reason=REASON))
    assert listed("?standing=suspended") == (False, True)


def test_a_session_shows_a_network_and_no_address(app, arrange, session, desk, ann):
    def begin(work):
        where = sign_in.Visitor("d", "Mozilla/5.0 (X11; Linux) Firefox/141.0", "203.0.113.77")
        sign_in.begin(work, user_id=ann.id, stamp="s", visitor=where, now=utc_now())

    arrange(begin)
    page = desk("Support agent").get(f"/console/people/show/{ann.id}").text
    assert "Firefox on Linux" in page
    assert "203.0.113.0/24" in page
    assert "203.0.113.77" not in page


# ---- doing ----


def test_an_administrator_suspends_with_reasons_that_are_mailed_and_opens_again(app, desk, session, ann):
    theirs, admin = signed_in(app, ann), desk("Administrator")
    assert press(admin, "suspend", ann, reason="").status_code == 422
    assert press(admin, "suspend", ann, reason=REASON).status_code == 303
    assert theirs.get("/account").status_code in {302, 303}
    again = press(admin, "suspend", ann, reason=REASON)
    assert again.status_code == 409
    assert "suspended already" in again.text
    assert press(admin, "reactivate", ann, reason="It was a mistake.").status_code == 303
    session.rollback()
    assert session.get_one(User, ann.id).active
    assert mails(session, ann) == ["account_suspended", "account_reactivated"]
    told = [(one.verb, one.reason) for one in account_history.of(session, ann.id)]
    assert told[:2] == [("account.reactivate", "It was a mistake."), ("account.suspend", REASON)]
    sealed = session.scalars(sa.select(AuditEvent).where(AuditEvent.verb.like("account.%"))).all()
    assert all(REASON not in f"{one.reason}{one.after}{one.before}" for one in sealed), "a reason names people: aside"
    assert session.scalar(sa.select(sa.func.count()).select_from(AuditPersonal)) >= 2


def test_a_form_sent_twice_does_one_thing(desk, session, ann):
    client, sent = desk("Support agent"), form(reason="They called.")
    for _ in range(2):
        answer = client.post(f"/console/people/move/send_password_link/{ann.id}", data=sent)
        assert answer.status_code == 303
    assert mails(session, ann) == ["account_password_help"]


def test_support_helps_and_does_not_suspend(app, arrange, desk, session, ann):
    client = desk("Support agent")
    assert press(client, "suspend", ann, reason=REASON).status_code == 403
    unconfirm(arrange, ann)
    for _ in range(3):
        assert press(client, "resend_confirmation", ann).status_code == 303
    refused = press(client, "resend_confirmation", ann)
    assert refused.status_code == 409
    assert "Three mails went out in the last hour" in refused.text
    assert press(client, "send_password_link", ann, reason="They called.").status_code == 303
    soon = press(client, "send_password_link", ann, reason="They called again.")
    assert soon.status_code == 409
    assert "last two minutes" in soon.text
    assert mails(session, ann) == ["account_confirm"] * 3 + ["account_password_help"]


def test_what_is_confirmed_is_not_confirmed_again(desk, ann):
    answer = press(desk("Support agent"), "resend_confirmation", ann)
    assert answer.status_code == 409
    assert "confirmed already" in answer.text


def test_sessions_end_one_or_all(app, desk, session, ann):
    one, two, client = signed_in(app, ann), signed_in(app, ann), desk("Support agent")
    first = session.scalars(sa.select(SignIn).where(SignIn.user_id == ann.id).order_by(SignIn.id)).first()
    assert client.post(f"/console/people/end-session/{ann.id}/{first.id}", data=form()).status_code == 303
    assert one.get("/account").status_code in {302, 303}
    assert two.get("/account").status_code == 200
    assert press(client, "end_sessions", ann, reason="They lost the telephone.").status_code == 303
    assert two.get("/account").status_code in {302, 303}
    nobody = press(client, "end_sessions", ann, reason="Once more.")
    assert (nobody.status_code, "Nobody is signed in" in nobody.text) == (409, True)
    session.rollback()
    assert {row.ended_by for row in session.scalars(sa.select(SignIn).where(SignIn.user_id == ann.id))} == {
        SignInEnd.staff
    }


def test_the_session_of_somebody_else_is_not_there(app, desk, session, ann):
    other = account(session)
    theirs = signed_in(app, other)
    row = session.scalars(sa.select(SignIn).where(SignIn.user_id == other.id)).one()
    answer = desk("Support agent").post(f"/console/people/end-session/{ann.id}/{row.id}", data=form())
    assert answer.status_code == 404
    assert theirs.get("/account").status_code == 200


def test_staff_are_read_only_here_and_nobody_suspends_themselves(app, desk, session):
    me = account(session, "Administrator")
    client, colleague = signed_in(app, me), account(session, "Moderator")
    own = press(client, "suspend", me, reason=REASON)
    assert (own.status_code, "This is your own account" in own.text) == (403, True)
    theirs = press(client, "suspend", colleague, reason=REASON)
    assert (theirs.status_code, "under Staff" in theirs.text) == (403, True)
    assert press(client, "send_password_link", colleague, reason="x").status_code == 403
    assert press(client, "end_sessions", colleague, reason="x").status_code == 403
    session.rollback()
    assert session.get_one(User, me.id).active


def test_a_suspended_account_offers_only_its_way_back(desk, arrange, session, ann):
    arrange(lambda work: account_standing.suspend(work, work.get_one(User, ann.id), reason=REASON))
    client = desk("Administrator")
    page = client.get(f"/console/people/show/{ann.id}").text
    assert "Send a password link" not in page
    refused = press(client, "send_password_link", ann, reason="x")
    assert refused.status_code == 409
    assert session.get_one(AccountStanding, ann.id).suspended_at is not None
    assert account_link.made_since(
        session, user_id=ann.id, purpose=AccountLinkPurpose.password, within=account_link.REMEMBERED_FOR
    ) == 0  # fmt: skip


# ---- organisations ----


def test_an_organisation_shows_who_acts_for_it_and_who_is_invited(arrange, desk):
    from app.services.people import invitation
    from models.people.membership import MembershipRole

    firm = arrange(people.business)
    arrange(
        lambda work: invitation.invite(
            work, firm.organisation.id, email="mo@lettings.test", role=MembershipRole.member, user_id=firm.user.id
        )
    )
    page = desk("Support agent").get(f"/console/organisations/show/{firm.organisation.id}").text
    assert f'href="/console/people/show/{firm.user.id}"' in page
    assert "mo@lettings.test" in page
    assert (
        f'href="/console/people/show/{firm.user.id}"'
        not in desk("Moderator").get(f"/console/organisations/show/{firm.organisation.id}").text
    )
