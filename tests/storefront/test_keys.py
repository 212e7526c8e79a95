"""The key of a form: every form that does something has one, and what was typed outlives each answer it can get."""

from __future__ import annotations

import re
import threading

import pytest
import sqlalchemy as sa

from app.services.commerce import order as verbs
from app.services.platform import idempotency_key
from models.platform.transition import Transition
from tests.factories import commerce, pictures

KEY = re.compile(r'name="key" value="([^"]*)"')
UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
WITHOUT = ("/sign-out", "/preferences/theme", "/favourites", "/account/favourites/remove")
"""Forms that may be sent as often as anybody likes."""


@pytest.fixture
def delivered(arrange, told):
    return arrange(commerce.delivered, told)


def forms(page: str) -> list[str]:
    found = re.findall(r'<form[^>]*method="post"[^>]*>.*?</form>', page, re.DOTALL)
    return [one for one in found if not any(f'action="{path}"' in one for path in WITHOUT)]


def ask(browser, order, text, key):
    return browser.send(f"/orders/{order.reference}/request_changes", {"key": key, "reason": text})


def events(session, order):
    session.rollback()
    mine = sa.select(Transition.event).where(Transition.machine == "order", Transition.subject_id == order.id)
    return list(session.scalars(mine.order_by(Transition.id)))


def test_every_form_that_does_something_has_a_key_of_its_own_making(buyer, seller, told, arrange):
    paid, done = arrange(commerce.paid, told), arrange(commerce.delivered, told)
    at = f"/l/{told.listing.slug}"
    begun = buyer.send(f"{at}/order", {}, seen_on=at).location
    mine, theirs = f"/orders/{done.reference}", f"/orders/{paid.reference}/cancel"
    pages = [buyer.page(path) for path in (at, begun, theirs, mine, f"{mine}/problem/new")]
    pages += [seller.page(f"/pro/orders/{paid.reference}"), seller.page(f"/pro/listings/{told.listing.slug}")]
    for page in pages:
        assert forms(page)
        for form in forms(page):
            (key,) = KEY.findall(form)
            assert UUID7.fullmatch(key), form


def test_the_same_form_with_other_words_is_refused_and_the_words_stay(buyer, seller, arrange, delivered, session):
    assert ask(buyer, delivered, "The label is missing.", "k" * 36).status_code == 303
    seller.send(f"/pro/orders/{delivered.reference}/deliver", {"key": "d" * 36, "note": "Labelled", "file": photo()})
    answer = ask(buyer, delivered, "And the cover is scratched.", "k" * 36)
    assert answer.status_code == 422
    assert "sent before with other contents" in answer.text
    assert "And the cover is scratched." in answer.text
    (again,) = {key for form in forms(answer.text) if "request_changes" in form for key in KEY.findall(form)}
    assert again != "k" * 36
    assert events(session, delivered).count("request_changes") == 1
    assert ask(buyer, delivered, "And the cover is scratched.", again).status_code == 303


def test_a_form_that_is_still_being_done_says_so_and_finds_its_answer_later(buyer, delivered, session, monkeypatch):
    monkeypatch.setattr(idempotency_key, "PATIENCE", "200ms")
    started, go_on, real, first = threading.Event(), threading.Event(), verbs.request_changes, []

    def slow(*arguments, **named):
        started.set()
        assert go_on.wait(15)
        return real(*arguments, **named)

    monkeypatch.setattr(verbs, "request_changes", slow)
    words = "The label is missing."
    press = threading.Thread(target=lambda: first.append(ask(buyer, delivered, words, "k" * 36)))
    press.start()
    try:
        assert started.wait(5)
        answer = ask(buyer, delivered, words, "k" * 36)
    finally:
        go_on.set()
        press.join(10)
    assert answer.status_code == 409
    assert "still being done" in answer.text
    assert words in answer.text
    assert "k" * 36 in KEY.findall(answer.text)
    assert first[0].status_code == 303
    assert ask(buyer, delivered, words, "k" * 36).status_code == 303
    assert events(session, delivered).count("request_changes") == 1


def photo():
    from io import BytesIO

    return (BytesIO(pictures.png()), "label.png")
