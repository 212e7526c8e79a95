"""Photos and documents of a job, for both sides of its quote."""

from __future__ import annotations

from uuid import UUID

from flask.typing import ResponseReturnValue

from app.session import session
from models.actor import ActorKind
from models.commerce.quote_request_file import QuoteRequestFile
from models.errors import NotFound
from views.storefront import files
from views.storefront.blueprint import storefront
from views.storefront.commerce.quote_story import of_side
from views.storefront.guard import customer, provider


@storefront.get("/quotes/<uuid:quote_id>/files/<uuid:quote_file_id>")
@customer
def quote_file(quote_id: UUID, quote_file_id: UUID) -> ResponseReturnValue:
    """As the customer added it."""
    return _file(quote_id, quote_file_id, ActorKind.buyer)


@storefront.get("/pro/quotes/<uuid:quote_id>/files/<uuid:quote_file_id>")
@provider
def pro_quote_file(quote_id: UUID, quote_file_id: UUID) -> ResponseReturnValue:
    """The same for the provider."""
    return _file(quote_id, quote_file_id, ActorKind.seller)


def _file(quote_id: UUID, quote_file_id: UUID, side: ActorKind) -> ResponseReturnValue:
    """Raises NotFound, also for a file of another quote."""
    row = of_side(session(), quote_id, side)
    found = session.get(QuoteRequestFile, quote_file_id)
    if found is None or found.quote_id != row.id:
        raise NotFound
    return files.send(found.stored_file, found.stored_file.original_name or "job")
