"""The link below a mail: a page with one button, and what mail programs send by themselves (RFC 8058). No sign-in."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from app.extensions import csrf
from app.services.platform import unsubscribe
from app.unit_of_work import unit_of_work
from models.actor import Actor
from views.storefront.blueprint import storefront
from views.storefront.guard import public


@storefront.get("/unsubscribe/<token>")
@public
def ask_unsubscribe(token: str) -> ResponseReturnValue:
    """Asks; looking at a link changes nothing, since mail scanners look at every one."""
    return render_template(
        "storefront/platform/unsubscribe.html", wish=unsubscribe.read(token), token=token, done=False
    )


@storefront.post("/unsubscribe/<token>")
@public
@csrf.exempt
def do_unsubscribe(token: str) -> ResponseReturnValue:
    """The signed link is the right to do it: it comes from a mail program, which has no session and no form."""
    wish = unsubscribe.read(token)
    with unit_of_work(Actor.system("unsubscribe")) as work:
        unsubscribe.end(work, wish)
    return render_template("storefront/platform/unsubscribe.html", wish=wish, token=token, done=True)
