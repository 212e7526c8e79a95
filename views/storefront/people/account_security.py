"""Where one is signed in: browsers and programs, each with a button that ends it."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.services.people import access_token, sign_in
from app.session import session
from app.unit_of_work import unit_of_work
from models.people.sign_in import SignInEnd
from models.types import utc_now
from security import sessions
from views.storefront.blueprint import storefront
from views.storefront.guard import person
from views.storefront.people.person import current_person


@storefront.get("/account/security")
@person
def account_security() -> ResponseReturnValue:
    """One's sessions and tokens that count now."""
    me, now = current_person().user_id or 0, utc_now()
    return render_template(
        "storefront/people/account_security.html",
        sessions=sign_in.list_open(session(), user_id=me, now=now),
        here=sessions.current(),
        tokens=access_token.list_open(session(), user_id=me, now=now),
    )


@storefront.post("/account/security/sessions/<uuid:sign_in_id>/end")
@person
def account_end_session(sign_in_id: UUID) -> ResponseReturnValue:
    """Ends one of one's own. Raises NotFound for anybody else's."""
    with unit_of_work(current_person().themselves()) as work:
        row = sign_in.end_own(work, sign_in_id=sign_in_id, user_id=current_person().user_id or 0, now=utc_now())
        told = row.browser
    flash(f"{told} is signed out.", "success")
    return _back()


@storefront.post("/account/security/sessions/end")
@person
def account_end_sessions() -> ResponseReturnValue:
    """Ends all but the one that asks."""
    with unit_of_work(current_person().themselves()) as work:
        ended = sign_in.end_all(
            work,
            user_id=current_person().user_id or 0,
            by=SignInEnd.revoked,
            now=utc_now(),
            keeping=sessions.current(),
        )
        count = len(ended)
    words = "No other browser was signed in." if not count else f"{count} other sign-in{'s' * (count > 1)} ended."
    flash(words, "success")
    return _back()


@storefront.post("/account/security/tokens/<uuid:token_id>/revoke")
@person
def account_revoke_token(token_id: UUID) -> ResponseReturnValue:
    """Ends one of one's own. Raises NotFound for anybody else's."""
    with unit_of_work(current_person().themselves()) as work:
        access_token.revoke_own(work, token_id=token_id, user_id=current_person().user_id or 0, now=utc_now())
    flash("The token opens nothing any more.", "success")
    return _back()


def _back() -> ResponseReturnValue:
    return redirect(url_for("storefront.account_security"), HTTPStatus.SEE_OTHER)
