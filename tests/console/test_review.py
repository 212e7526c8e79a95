"""The review queue: decided once, on what was read, by somebody who does not belong to the provider."""

from __future__ import annotations

import sqlalchemy as sa

from models.catalogue.listing import Listing, ListingState
from models.moderation.moderation_decision import ModerationDecision
from models.people.membership import Membership, MembershipRole
from tests.factories import catalogue
from tests.factories.staff import account, form, signed_in

WHY = "The words say what is done, where and for how much."


def handed_in(session):
    from app.services.catalogue import listing as verbs

    seller = catalogue.provider(session)
    row = catalogue.draft(session, seller)
    verbs.submit(session, row, actor=seller)
    session.commit()
    return row


def decide(client, row, event="approve", **changes):
    data = form(**{"reason": WHY, "version_read": str(row.version), "policy": "listing.unclear", **changes})
    return client.post(f"/console/review/move/{event}/{row.id}", data=data)


def state(session, row):
    session.expire_all()
    return session.get(Listing, row.id).state


def test_a_moderator_approves_from_the_queue_and_is_led_to_the_next(app, session):
    row = handed_in(session)
    client = signed_in(app, account(session, "Moderator"))
    assert row.title in client.get("/console/review/list/").text
    page = client.get(f"/console/review/show/{row.id}").text
    assert 'data-key="a"' in page
    assert 'data-key="r"' in page
    answer = decide(client, row)
    assert (answer.status_code, answer.location) == (303, "/console/review/next")
    assert state(session, row) is ListingState.live
    assert client.get("/console/review/next").location == "/console/review/list/"


def test_the_second_of_two_moderators_gets_409_and_reads_why(app, session):
    row = handed_in(session)
    first, second = (signed_in(app, account(session, "Moderator")) for _ in range(2))
    read = row.version
    assert decide(first, row).status_code == 303
    answer = decide(second, row, "reject", version_read=str(read))
    assert answer.status_code == 409
    assert "changed after you opened it" in answer.text or "not possible now" in answer.text
    assert session.scalar(sa.select(sa.func.count()).select_from(ModerationDecision)) == 1


def test_a_rejection_without_a_rule_or_a_reason_is_sent_back_with_what_is_missing(app, session):
    row = handed_in(session)
    client = signed_in(app, account(session, "Moderator"))
    answer = decide(client, row, "reject", policy="", reason="too short")
    assert answer.status_code == 422
    assert "Rule is needed." in answer.text
    assert "too short" in answer.text
    assert decide(client, row, "reject", policy="made.up").status_code == 422
    assert state(session, row) is ListingState.in_review


def test_nobody_decides_about_their_own_provider(app, session):
    row = handed_in(session)
    moderator = account(session, "Moderator")
    session.add(Membership(user_id=moderator.id, organisation_id=row.organisation_id, role=MembershipRole.member))
    session.commit()
    assert decide(signed_in(app, moderator), row).status_code == 403
    assert state(session, row) is ListingState.in_review


def test_an_auditor_reads_the_queue_and_has_no_button(app, session):
    row = handed_in(session)
    client = signed_in(app, account(session, "Auditor"))
    assert 'data-key="a"' not in client.get(f"/console/review/show/{row.id}").text
    assert decide(client, row).status_code == 403


def test_a_live_listing_is_suspended_with_a_statement_and_put_back(app, session):
    row = handed_in(session)
    client = signed_in(app, account(session, "Moderator"))
    decide(client, row)
    session.expire_all()
    data = form(policy="listing.unsafe", reason=WHY, version_read=str(row.version))
    assert client.post(f"/console/listings/move/suspend/{row.id}", data=data).status_code == 303
    assert state(session, row) is ListingState.suspended
    data = form(policy="listing.unsafe", reason=WHY, version_read=str(row.version))
    assert client.post(f"/console/listings/move/reinstate/{row.id}", data=data).status_code == 303
    assert state(session, row) is ListingState.live


def test_a_moderator_sees_the_pictures_that_are_decided_about_and_no_stranger_does(app, session):
    from app.services.catalogue import listing as verbs
    from app.services.catalogue import photo
    from tests.factories import pictures

    seller = catalogue.provider(session)
    row = catalogue.draft(session, seller)
    prepared = photo.keep(app.extensions["parts"].storage, pictures.jpeg())
    photo.add(session, row, prepared, alt="A fuse board with its cover off", actor=seller)
    verbs.submit(session, row, actor=seller)
    session.commit()
    client = signed_in(app, account(session, "Moderator"))
    at = f"/console/review/photo/{row.id}/{prepared.digest.hex()}/640.webp"
    page = client.get(f"/console/review/show/{row.id}").text
    assert at in page
    assert 'alt="A fuse board with its cover off"' in page
    assert client.get(at).mimetype == "image/webp"
    assert client.get(at.replace(prepared.digest.hex(), "0" * 64)).status_code == 404
    assert client.get(at.replace("/review/", "/listings/")).status_code == 200
    assert client.get(f"/console/listings/show/{row.id}").status_code == 200
    assert app.test_client().get(at).status_code in {302, 303, 401, 404}
