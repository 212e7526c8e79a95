"""The end of an account: taken back for 14 days, held by what is open, carried out once; what is left names nobody."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import Role

from app.services.people import (
    account_blocker,
    account_deletion,
    account_history,
    account_standing,
    invitation,
    membership,
    organisation,
    person,
    sign_in,
)
from app.services.platform import audit_event, clock, notification, timer
from app.session import session_scope
from app.unit_of_work import unit_of_work
from models.actor import Actor
from models.errors import Conflict, GuardFailed, IllegalMove, Invalid
from models.people.account_link import AccountLink
from models.people.account_standing import AccountStanding
from models.people.deletion_request import DeletionRequest, DeletionState
from models.people.invitation import Invitation
from models.people.membership import Membership, MembershipRole
from models.people.sign_in import SignIn
from models.platform.audit_event import AuditEvent, AuditPersonal
from models.platform.mail_message import MailMessage
from models.platform.notification import Notification
from models.platform.timer import TimerRow, TimerState
from models.platform.transition import Transition
from models.types import utc_now
from tests.factories import commerce, people, quote
from views.console.people.person_story import DID

LATER = timedelta(days=15)


@pytest.fixture
def ann(session):
    return people.customer(session, name="Ann Reyes", email="ann@reyes.test")


@pytest.fixture
def staff(session):
    return people.operator(session, "Operations")


def asked(session, party):
    return account_deletion.ask_deletion(session, party.user)


def templates(session):
    return session.scalars(sa.select(MailMessage.template).order_by(MailMessage.id)).all()


def fire(session, row):
    mine = sa.select(TimerRow.id).where(TimerRow.subject_id == row.id, TimerRow.state == TimerState.waiting)
    timer.fire(session, session.scalars(mine).one())
    session.refresh(row)


def test_it_is_asked_once_and_answered_within_a_month(session, ann):
    row = asked(session, ann)
    with pytest.raises(Conflict):
        asked(session, ann)
    assert row.due_at - row.created_at == timedelta(days=14)
    assert timedelta(days=28) <= row.answer_by - row.created_at <= timedelta(days=31)


@pytest.mark.parametrize(("day", "then"), [((2027, 1, 31), (2027, 2, 28)), ((2027, 12, 5), (2028, 1, 5))])
def test_a_month_is_a_month_of_the_calendar(day, then):
    assert account_deletion._month_after(datetime(*day, tzinfo=UTC)) == datetime(*then, tzinfo=UTC)


def test_it_is_taken_back_and_may_be_asked_again(session, ann):
    row = asked(session, ann)
    account_deletion.cancel_deletion(session, ann.user, actor=ann.actor)
    assert row.state is DeletionState.withdrawn
    with pytest.raises(Conflict):
        account_deletion.cancel_deletion(session, ann.user, actor=ann.actor)
    assert asked(session, ann).id != row.id


def test_the_clock_carries_it_out_after_the_days_to_think(session, ann):
    row = asked(session, ann)
    fire(session, row)
    assert row.state is DeletionState.waiting
    with clock.moved(LATER):
        fire(session, row)
    assert row.state is DeletionState.completed
    assert templates(session) == ["account_deletion", "account_deleted"]


def test_staff_do_not_cut_the_days_short(session, ann, staff):
    row = asked(session, ann)
    with pytest.raises(GuardFailed, match="take it back until"):
        account_deletion.carry_out(session, row, actor=staff)


def test_what_is_open_keeps_it_waiting_and_is_said(session, staff):
    told = commerce.story(session)
    row = asked(session, told.buyer)
    order = commerce.paid(session, told)
    with clock.moved(LATER):
        with pytest.raises(GuardFailed, match=f"Order {order.reference} is open"):
            account_deletion.carry_out(session, row, actor=staff)
        fire(session, row)
        assert row.state is DeletionState.waiting


def test_a_seller_is_held_by_what_it_is_owed_and_by_selling(session):
    told = commerce.story(session)
    order = commerce.completed(session, told)
    assert account_blocker.of(session, told.buyer.user.id) == []
    found = account_blocker.of(session, told.seller.user.id)
    assert f"Money of {told.seller.organisation} is not settled." in found
    assert f"{told.seller.organisation} sells here." in found
    assert not [text for text in found if order.reference in text]


def test_whoever_shares_a_business_may_go(session):
    firm, other = people.business(session), people.customer(session)
    other_role = Membership(user_id=other.user.id, organisation_id=firm.organisation.id, role=MembershipRole.member)
    session.add(other_role)
    session.flush()
    assert account_blocker.of(session, firm.user.id) == [
        f"{firm.organisation} has members and no other owner who can sign in."
    ]
    other_role.role = MembershipRole.owner
    session.flush()
    assert account_blocker.of(session, firm.user.id) == []


def test_a_refusal_has_reasons_that_are_mailed(session, ann, staff):
    row = asked(session, ann)
    with pytest.raises(Invalid):
        account_deletion.refuse(session, row, actor=staff, reason=" ")
    account_deletion.refuse(session, row, actor=staff, reason="A court asked us to keep it.")
    assert row.state is DeletionState.refused
    mail = session.scalars(sa.select(MailMessage).order_by(MailMessage.id.desc())).first()
    assert "A court asked us to keep it." in mail.text
    assert "complain" in mail.text
    with pytest.raises(IllegalMove):
        account_deletion.carry_out(session, row, actor=staff)


def test_nobody_decides_their_own(session, ann):
    row = asked(session, ann)
    own = Actor.operator(ann.user.id)
    with clock.moved(LATER), pytest.raises(GuardFailed, match="your own account"):
        account_deletion.carry_out(session, row, actor=own)
    with pytest.raises(GuardFailed, match="your own account"):
        account_deletion.refuse(session, row, actor=own, reason="No.")


def test_nothing_that_is_left_names_the_person(session, staff):
    told = commerce.story(session)
    order = commerce.completed(session, told)
    user, total = told.buyer.user, order.total_minor
    address = user.email
    where = sign_in.Visitor("d", "Firefox", "203.0.113.7")
    sign_in.begin(session, user_id=user.id, stamp="s", visitor=where, now=utc_now())
    notification.tell(
        session, "message.new", to=user.id, words={"order": "FX", "who": "Avon", "title": "x"}, link="/orders", key="k"
    )
    firm = people.business(session)
    invitation.invite(session, firm.organisation.id, email=address, role=MembershipRole.member, user_id=firm.user.id)
    row = asked(session, told.buyer)
    with clock.moved(LATER):
        account_deletion.carry_out(session, row, actor=staff)
    session.expire_all()
    party = told.buyer.organisation
    assert (user.get_full_name(), user.email) == ("Deleted person", f"deleted-{user.id}@deleted.invalid")
    assert (user.active, party.name, party.address, party.phone) == (False, "Deleted person", "", "")
    assert "nair" not in party.slug
    assert session.get_one(AccountStanding, user.id).closed_at is not None
    for noun in (SignIn, AccountLink, Notification):
        assert session.scalars(sa.select(noun).where(noun.user_id == user.id)).all() == []
    assert session.scalars(sa.select(Invitation).where(Invitation.email == address)).all() == []
    order = session.get_one(type(order), order.id)
    assert (order.total_minor, order.buyer_organisation_id) == (total, party.id)
    kept = sa.select(AuditPersonal.content).join(AuditEvent, AuditEvent.id == AuditPersonal.audit_id)
    theirs = kept.where(AuditEvent.entity.in_(["ab_user", "sign_in", "account_link", "invitation"]))
    theirs = theirs.where(AuditEvent.entity_id != str(firm.user.id))
    assert not [one for one in session.scalars(theirs) if address in str(one) or "203.0.113.7" in str(one)]
    assert audit_event.personal_faults(session) == []
    again = person.create(session, email=address, password=people.PASSWORD, first_name="Priya", last_name="Nair")
    assert again.id != user.id


def test_an_open_quote_holds_both_and_a_payment_under_way_its_buyer(session):
    told = commerce.story(session)
    quote.offered(session, told)
    commerce.submitted(session, told)
    about = f"A quote about {told.listing.title} is open."
    paying = f"A payment to {told.seller.organisation} is under way."
    assert account_blocker.of(session, told.buyer.user.id) == [about, paying]
    assert about in account_blocker.of(session, told.seller.user.id)


def test_who_became_a_colleague_meanwhile_is_not_deleted_by_the_clock(session, ann):
    row = asked(session, ann)
    ann.user.roles = [session.scalars(sa.select(Role).where(Role.name == "Support agent")).one()]
    session.flush()
    with clock.moved(LATER):
        fire(session, row)
    assert row.state is DeletionState.waiting


def test_a_business_that_nobody_is_left_in_takes_nobody_in(session):
    party = people.business(session)
    sent = invitation.invite(
        session, party.organisation.id, email="new@firm.test", role=MembershipRole.owner, user_id=party.user.id
    )
    row = account_deletion.ask_deletion(session, party.user)
    with clock.moved(LATER):
        fire(session, row)
    assert (row.state, sent.revoked_at is not None) == (DeletionState.completed, True)


# ---- suspended ----


def test_the_clock_ends_no_account_that_is_suspended_and_staff_decide(session, ann, staff):
    row = asked(session, ann)
    account_standing.suspend(session, ann.user, reason="Three payments were taken back.")
    assert account_deletion.in_the_way(session, [ann.user.id]) == {ann.user.id: [account_deletion.SUSPENDED]}
    with clock.moved(LATER):
        fire(session, row)
        assert row.state is DeletionState.waiting
        assert session.get_one(AccountStanding, ann.user.id).suspension_reason == "Three payments were taken back."
        account_deletion.carry_out(session, row, actor=staff)
    assert row.state is DeletionState.completed


def test_who_is_opened_again_is_deleted_by_the_clock(session, ann):
    row = asked(session, ann)
    account_standing.suspend(session, ann.user, reason="Three payments were taken back.")
    account_standing.reactivate(session, ann.user, reason="It was a mistake.")
    with clock.moved(LATER):
        fire(session, row)
    assert row.state is DeletionState.completed


def test_a_suspended_owner_is_no_owner_to_leave_a_business_to(session):
    firm, other = people.business(session), people.customer(session)
    organisation.add_member(session, firm.organisation, other.user, role=MembershipRole.owner)
    account_standing.suspend(session, other.user, reason="Three payments were taken back.")
    assert account_blocker.of(session, firm.user.id) == [
        f"{firm.organisation} has members and no other owner who can sign in."
    ]
    with pytest.raises(Conflict, match="needs an owner"):
        membership.leave(session, firm.organisation.id, user_id=firm.user.id)
    account_standing.reactivate(session, other.user, reason="It was a mistake.")
    assert membership.leave(session, firm.organisation.id, user_id=firm.user.id) == firm.organisation.name


def test_a_deleted_account_is_neither_suspended_nor_opened_again(session, ann, staff):
    row = asked(session, ann)
    with clock.moved(LATER):
        account_deletion.carry_out(session, row, actor=staff)
        for verb in (account_standing.suspend, account_standing.reactivate):
            with pytest.raises(Conflict, match="was deleted"):
                verb(session, ann.user, reason="An old page in a browser.")
    assert not ann.user.active


# ---- words ----


def test_the_reasons_of_a_refusal_lie_aside_and_go_with_the_account(session, ann, staff):
    row, why = asked(session, ann), "Her brother asked us to keep it."
    account_deletion.refuse(session, row, actor=staff, reason=why)
    assert account_deletion.reasons(session, row) == why
    sealed = session.scalars(sa.select(AuditEvent)).all()
    assert not [one for one in sealed if why in f"{one.reason}{one.before}{one.after}"]
    assert not [one for one in session.scalars(sa.select(Transition)) if why in one.reason], "a move is never altered"
    again = asked(session, ann)
    with clock.moved(LATER):
        account_deletion.carry_out(session, again, actor=staff)
    assert account_deletion.reasons(session, row) == ""
    assert not [one for one in session.scalars(sa.select(AuditPersonal.content)) if why in str(one)]
    assert audit_event.personal_faults(session) == []


def test_the_story_of_an_account_tells_what_was_asked_and_answered(session, ann, staff):
    asked(session, ann)
    account_deletion.cancel_deletion(session, ann.user, actor=ann.actor)
    account_deletion.refuse(session, asked(session, ann), actor=staff, reason="A court asked us to keep it.")
    told = {one.verb: one.reason for one in account_history.of(session, ann.user.id)}
    assert told["deletion_request.refuse"] == "A court asked us to keep it."
    assert {"deletion_request.begin", "deletion_request.withdraw"} <= set(told)
    assert set(told) <= set(DID), "the story has no words for one of them"


# ---- at once ----


def test_an_owner_who_leaves_waits_for_another_whose_account_ends(app, arrange, session):
    """Else both look, both see the other, and nobody is left."""

    def shared(work):
        firm, other, third = people.business(work), people.customer(work), people.customer(work)
        organisation.add_member(work, firm.organisation, other.user, role=MembershipRole.owner)
        organisation.add_member(work, firm.organisation, third.user, role=MembershipRole.member)
        row = account_deletion.ask_deletion(work, other.user)
        row.created_at, row.due_at = row.created_at - LATER, row.due_at - LATER
        work.flush()
        return firm.organisation.id, firm.user.id, row.id

    firm_id, owner_id, row_id = arrange(shared)
    ended, said = threading.Event(), []

    def leave() -> None:
        with session_scope(), app.app_context():
            try:
                with unit_of_work(Actor.system("race")) as work:
                    membership.leave(work, firm_id, user_id=owner_id)
                said.append("left")
            except Conflict:
                said.append("stays")
            ended.set()

    leaver = threading.Thread(target=leave)
    with session_scope(), app.app_context(), unit_of_work(Actor.system("race")) as work:
        account_deletion.carry_out(work, work.get_one(DeletionRequest, row_id), actor=Actor.system("race"))
        leaver.start()
        assert not ended.wait(1), "it did not wait"
    leaver.join(20)
    assert said == ["stays"]
