"""The policy texts, each version at its own address, with the checksum that agreements record."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue

from app.clients.legal_content import LegalText, current_text, text_version
from app.services.platform import clock
from reports.layout.prose import prose
from views.storefront.blueprint import storefront
from views.storefront.guard import public
from views.storefront.words import local

FOOTER_TEXTS = {
    "protected-payment-hold": "How the payment hold works",
    "order-terms": "Order terms",
    "cancellation-information": "Your right to cancel",
    "model-cancellation-form": "Model cancellation form",
}


def text_now(text_id: str) -> LegalText:
    """The version in force today, in the business time zone. Raises LegalTextMissing."""
    return current_text(text_id, on=local(clock.now()).date())


def name_now(text_id: str) -> str:
    """How an agreement records that version. Raises LegalTextMissing."""
    text = text_now(text_id)
    return f"{text.id}@{text.version}"


@storefront.get("/legal/<text_id>")
@public
def legal_text(text_id: str) -> ResponseReturnValue:
    """The version in force today."""
    return _page(text_now(text_id))


@storefront.get("/legal/<text_id>/<version>")
@public
def legal_version(text_id: str, version: str) -> ResponseReturnValue:
    """One version, for ever: contracts link to it."""
    text = text_version(text_id, version)
    return _page(text, version if version != text_now(text_id).version else None)


def _page(text: LegalText, version: str | None = None) -> ResponseReturnValue:
    """`version` is part of the page's one address, unless it is the one in force."""
    return render_template("storefront/legal.html", text=text, body=prose(text.body, heading=2), version=version)
