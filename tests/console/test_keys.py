"""A form of the console that is sent twice does one thing; what was typed is not lost when the answer is no."""

from __future__ import annotations

import re
import threading
from http import HTTPStatus

import pytest

from app import session as sessions
from app.services.platform import idempotency_key
from app.services.platform.idempotency_key import once
from app.unit_of_work import unit_of_work
from models.people.seller import Seller, SellerState
from tests.factories import people
from tests.factories.staff import account, form, signed_in
from views.base import operator

REASON = "Three complaints in a week."


@pytest.fixture
def standing(session):
    party = people.provider(session)
    session.commit()
    return party.seller


@pytest.fixture
def desk(app, session):
    return signed_in(app, account(session, "Operations"))


def restrict(desk, standing, **typed):
    return desk.post(f"/console/sellers/move/restrict/{standing.id}", data={"reason": REASON, **typed})


def keys_on(page: str) -> list[str]:
    return re.findall(r'name="key" value="([^"]*)"', page)


def test_each_form_of_a_record_carries_a_key_of_its_own(desk, standing):
    page = desk.get(f"/console/sellers/show/{standing.id}").text
    keys = keys_on(page)
    assert len(keys) == page.count("/move/")
    assert len(set(keys)) == len(keys)
    assert all(re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", key) for key in keys)


def test_the_same_form_twice_moves_once_and_both_answers_lead_on(desk, standing, session):
    answers = [restrict(desk, standing, key="k") for _ in range(2)]
    assert [one.status_code for one in answers] == [HTTPStatus.SEE_OTHER] * 2
    session.expire_all()
    assert session.get(Seller, standing.id).state is SellerState.restricted


def test_a_form_without_a_key_does_nothing(desk, standing, session):
    answer = restrict(desk, standing)
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "key is missing" in answer.text
    session.expire_all()
    assert session.get(Seller, standing.id).state is SellerState.active


def test_a_refused_form_keeps_its_key_and_what_was_typed(desk, standing):
    answer = desk.post(f"/console/sellers/move/notice_terminate/{standing.id}", data=form(key="k", reason=REASON))
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert REASON in answer.text
    assert "k" in keys_on(answer.text)


def test_the_same_key_with_another_reason_is_refused_and_the_new_words_stay(desk, standing, session):
    restrict(desk, standing, key="k")
    answer = restrict(desk, standing, key="k", reason="Something else entirely.")
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "sent before with other contents" in answer.text
    assert "k" not in keys_on(answer.text)


def test_a_form_whose_first_sending_is_still_at_work_is_told_so(app, desk, standing, session, monkeypatch):
    """It keeps its key, so that the next press finds the answer of the first."""
    monkeypatch.setattr(idempotency_key, "PATIENCE", "200ms")
    started, go_on = threading.Event(), threading.Event()
    desk_user = int(next(iter(desk_users(desk))))

    def first() -> None:
        with app.test_request_context(), sessions.session_scope():
            from flask import g
            from flask_appbuilder.security.sqla.models import User

            g._login_user = sessions.session().get_one(User, desk_user)
            with unit_of_work(operator()) as work:

                def command() -> dict[str, str]:
                    started.set()
                    assert go_on.wait(15)
                    return {}

                once(work, "console.Seller", "k", {"event": "restrict"}, command)

    thread = threading.Thread(target=first)
    thread.start()
    assert started.wait(5)
    try:
        answer = restrict(desk, standing, key="k")
    finally:
        go_on.set()
        thread.join(5)
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "still being done" in answer.text
    assert REASON in answer.text
    assert "k" in keys_on(answer.text)


def desk_users(desk):
    with desk.session_transaction() as kept:
        yield kept["_user_id"]
