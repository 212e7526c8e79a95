"""Puts the API on an application: who asks, every operation, every refusal, and the document about them."""

from __future__ import annotations

from flask import Flask

from app.extensions import csrf
from views.api import openapi, refusals
from views.api.blueprint import api
from views.api.caller import recognise
from views.api.catalogue import listing, seller
from views.api.commerce import checkout, dispute, message, order, refund, review
from views.api.people import access_token, person
from views.api.platform import notification

OPERATIONS = (
    access_token,
    person,
    listing,
    seller,
    checkout,
    order,
    message,
    review,
    dispute,
    refund,
    notification,
    openapi,
)
"""The modules whose operations belong to the blueprint; importing them is what adds them."""


def install(app: Flask) -> None:
    """No form token is asked for: nothing here looks at a cookie, so no other site can speak for somebody's browser."""
    if not api._got_registered_once:  # noqa: SLF001  tests make several applications
        api.before_request(recognise)
        refusals.install()
    csrf.exempt(api)
    app.register_blueprint(api)
