"""Puts the shop on an application: blueprint, filters, error pages, and what every template may ask."""

from __future__ import annotations

from typing import Any

from flask import Flask

from views.storefront import errors, home, kit, legal, preferences, sitemap, words
from views.storefront.blueprint import storefront
from views.storefront.catalogue import (
    account_favourite,
    browse,
    favourite,
    listing,
    photo,
    pro_listing,
    pro_photo,
    pro_question,
    question,
    question_report,
    seller_page,
    share_card,
    shared,
)
from views.storefront.commerce import (
    cancellation,
    checkout,
    dispute,
    order,
    order_file,
    order_message,
    payment,
    pro_earnings,
    pro_order,
    pro_quote_request,
    proof,
    quote_file,
    quote_list,
    quote_request,
    review,
    review_board,
    visit_calendar,
)
from views.storefront.people import (
    account_deletion,
    account_details,
    account_organisation,
    account_security,
    holiday,
    invitation,
    password,
    sell,
    setup,
    sign_in,
    sign_up,
)
from views.storefront.people.person import current_person
from views.storefront.platform import notification, notification_preference, unsubscribe
from views.storefront.trader import trader_of

PAGES = (
    home,
    browse,
    listing,
    favourite,
    account_favourite,
    checkout,
    payment,
    pro_earnings,
    order,
    order_file,
    order_message,
    pro_order,
    cancellation,
    dispute,
    proof,
    review,
    review_board,
    quote_list,
    quote_request,
    pro_quote_request,
    quote_file,
    visit_calendar,
    pro_listing,
    photo,
    seller_page,
    share_card,
    sitemap,
    pro_photo,
    question,
    pro_question,
    question_report,
    sign_in,
    sign_up,
    password,
    account_details,
    account_security,
    notification,
    notification_preference,
    unsubscribe,
    sell,
    setup,
    holiday,
    account_organisation,
    invitation,
    account_deletion,
    legal,
    preferences,
    kit,
)
"""The modules whose views belong to the blueprint; importing them is what adds them."""


def _context() -> dict[str, Any]:
    return {
        "person": current_person(),
        "unread": notification.unread,
        "footer_texts": legal.FOOTER_TEXTS,
        "trader_of": trader_of,
        "of_page": shared.of_page,
    }


def install(app: Flask) -> None:
    """Registers the shop. Templates lie in views/templates, static files in views/static."""
    words.install(app)
    errors.install(app)
    app.context_processor(_context)
    app.register_blueprint(storefront)
