"""The console's quotes: read with their offers and history, moved by nobody there."""

from __future__ import annotations

from tests.factories import commerce
from tests.factories import quote as made
from tests.factories.staff import account, signed_in


def test_support_reads_the_job_and_every_offer_and_has_no_verb(app, session):
    from app.services.commerce import quote_request

    told = commerce.story(session)
    row = made.offered(session, told)
    quote_request.offer(session, row, actor=told.seller.actor, terms=made.terms(told.listing, days=3), after=1)
    session.commit()
    desk = signed_in(app, account(session, "Support agent"))
    assert row.listing.title in desk.get("/console/quotes/list/").text
    page = desk.get(f"/console/quotes/show/{row.id}").text
    for words in (
        made.TEXT,
        "Offer 1",
        "Offer 2",
        "New main switch",
        "£85.50 net",
        "Avon Electrical Testing",
        "revise",
    ):
        assert words in page, words
    assert "/console/quotes/move/" not in page


def test_a_moderator_does_not_read_quotes(app, session):
    desk = signed_in(app, account(session, "Moderator"))
    assert desk.get("/console/quotes/list/").status_code == 403
